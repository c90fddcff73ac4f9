"""Telegram, by its stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sandbox.standin import Fault
from sandbox.telegram import Telegram as Server
from smbot.channels.telegram import Telegram
from tests.networks import TIMEOUT

CALLS = {"post": "/sendMessage$", "retract": "/deleteMessage$", "correct": "/editMessageText$"}


@dataclass
class OnTelegram:
    server: Server
    reads_back: bool = False
    sees_absence: bool = False
    finds_words: bool = False

    def channel(self) -> Telegram:
        return Telegram("7000000001:token-of-wikitech", "@wikitech", self.server.url, timeout=TIMEOUT)

    def wrong_channel(self) -> Telegram:
        return Telegram("7000000001:canary-7f3a9", "@wikitech", self.server.url, timeout=TIMEOUT)

    def gone(self) -> Telegram:
        with Server() as server:
            url = server.url
        return Telegram("7000000001:canary-7f3a9", "@wikitech", url, timeout=TIMEOUT)

    def break_once(self, kind: str, when: str, call: str) -> None:
        if call in CALLS:  # nothing is uploaded, and nothing can be read back
            self.server.faults.append(Fault(CALLS[call], kind, when))

    def words(self, account: str = "wikitech") -> list[str]:
        return self.server.words(account)

    def say(self, words: str, at: datetime, other: bool = False) -> None:
        clock, self.server.clock = self.server.clock, lambda: at
        self.server.say(self.server.chat("mediawiki" if other else "wikitech"), words)
        self.server.clock = clock

    def environment(self, account: str) -> dict[str, str]:
        name = f"SMBOT_{account.upper()}_TELEGRAM"
        number = {"wikitech": 7000000001, "mediawiki": 7000000002}[account]
        token = f"{number}:token-of-{account}"
        return {f"{name}_TOKEN": token, f"{name}_CHAT": f"@{account}", f"{name}_URL": self.server.url}


@contextmanager
def serve() -> Iterator[OnTelegram]:
    with Server() as server:
        yield OnTelegram(server)
        assert server.complaints == []
