"""The memory during one run, with the revision it was last saved at."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from msgspec import Struct, field
from msgspec.structs import replace

from smbot import memory
from smbot.errors import Conflict, WikiError
from smbot.memory import Memory
from smbot.messages import say
from smbot.wiki import Wiki

Change = Callable[[Memory], Memory]
PATIENCE = (1.0, 2.0, 4.0, 8.0, 16.0)  # seconds between tries to save what became of a post


class Keeper(Struct):
    """Saves the memory page of one desk, each time under another name of this process, so that two never merge."""

    wiki: Wiki
    title: str
    patience: tuple[float, ...] = PATIENCE
    run: str = field(default_factory=lambda: secrets.token_hex(4))
    saves: int = 0

    def save(self, mind: Memory, base: int) -> int:
        """Save the memory page if it is still at `base`; the new revision. Raises Conflict."""
        self.saves += 1
        mind = replace(mind, run=f"{self.run}-{self.saves}")
        return self.wiki.save(self.title, memory.dump(mind), base, say("summary-memory"))

    def load(self) -> tuple[Memory, int]:
        """The memory as it is on the wiki now, and its revision."""
        page = self.wiki.read([self.title])[self.title]
        return memory.load(page.text), page.revision


class Mind:
    """What is remembered now. A change is made by saving it: what could not be saved is not so."""

    def __init__(self, keeper: Keeper, mind: Memory, revision: int) -> None:
        self._keeper = keeper
        self.memory = mind
        self._revision = revision
        self._overtaken = False

    def must_be_first(self, revision: int = 0) -> None:
        """Raise Conflict when another process saved since it was planned what to do: that has to be planned anew."""
        if self._overtaken or revision not in (0, self._revision):
            raise Conflict(say("problem-busy"))

    def keep(self, changed: Memory) -> None:
        """Save a memory. Raises Conflict when another process saved meanwhile."""
        try:
            self._revision = self._keeper.save(changed, self._revision)
        except Conflict:
            self._overtaken = True
            raise
        self.memory = changed

    def insist(self, change: Change) -> None:
        """Save a change to whatever the memory has become meanwhile, trying for a while when the wiki does not take it.

        Raises WikiError when it never does: then the delivery is found as `sending` by a later run.
        """
        waits = iter(self._keeper.patience)
        while True:
            try:
                if self._overtaken:
                    self.memory, self._revision = self._keeper.load()
                changed = change(self.memory)
                if changed != self.memory:
                    self.keep(changed)
                return
            except Conflict:
                continue
            except WikiError:
                wait = next(waits, None)
                if wait is None:
                    raise
                time.sleep(wait)
