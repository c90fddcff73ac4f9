"""What a run tells its operator."""

from __future__ import annotations

from msgspec import Struct

from smbot.messages import say


class Report(Struct):
    """What one run did, for its operator: one line a thing, and whether anything needs a person."""

    done: list[str] = []
    problems: list[str] = []

    def __str__(self) -> str:
        return "; ".join(self.done) or say("log-nothing-new")
