"""Google Chat, by its stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sandbox.google_chat import GoogleChat as Server
from sandbox.standin import Fault
from smbot.channels.google_chat import GoogleChat
from tests.networks import TIMEOUT

CANARY = "canary-7f3a9"


@dataclass
class OnGoogleChat:
    server: Server
    reads_back: bool = False
    sees_absence: bool = False
    finds_words: bool = False

    def channel(self) -> GoogleChat:
        return GoogleChat(self.server.webhook("wikitech"), timeout=TIMEOUT)

    def wrong_channel(self) -> GoogleChat:
        return GoogleChat(self.server.webhook("wikitech", CANARY, CANARY), timeout=TIMEOUT)

    def gone(self) -> GoogleChat:
        with Server() as server:
            webhook = server.webhook("wikitech", CANARY, CANARY)
        return GoogleChat(webhook, timeout=TIMEOUT)

    def break_once(self, kind: str, when: str, call: str) -> None:
        if call == "post":  # a webhook does nothing else
            self.server.faults.append(Fault("/messages$", kind, when))

    def words(self, account: str = "wikitech") -> list[str]:
        return self.server.words(account)

    def say(self, words: str, at: datetime, other: bool = False) -> None:
        clock, self.server.clock = self.server.clock, lambda: at
        self.server.say("mediawiki" if other else "wikitech", words)
        self.server.clock = clock

    def environment(self, account: str) -> dict[str, str]:
        return {f"SMBOT_{account.upper()}_GOOGLE_CHAT_WEBHOOK": self.server.webhook(account)}


@contextmanager
def serve() -> Iterator[OnGoogleChat]:
    with Server() as server:
        yield OnGoogleChat(server)
        assert server.complaints == []
