"""Mastodon, by its stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sandbox.mastodon import Mastodon as Server
from sandbox.standin import Fault
from smbot.channels.mastodon import Mastodon
from tests.networks import TIMEOUT

PATHS = {
    "upload": ("POST", "/api/v2/media$"),
    "post": ("POST", "/api/v1/statuses$"),
    "find": ("GET", "/statuses$|/source$"),
    "retract": ("DELETE", "/api/v1/statuses/"),
    "correct": ("PUT", "/api/v1/statuses/"),
}


@dataclass
class OnMastodon:
    server: Server
    reads_back: bool = True
    sees_absence: bool = True
    finds_words: bool = True

    def channel(self) -> Mastodon:
        return Mastodon(self.server.url, "token-of-wikitech", timeout=TIMEOUT, patience=0.2, pause=0.01)

    def wrong_channel(self) -> Mastodon:
        return Mastodon(self.server.url, "canary-7f3a9", timeout=TIMEOUT)

    def gone(self) -> Mastodon:
        with Server() as server:
            url = server.url
        return Mastodon(url, "canary-7f3a9", timeout=TIMEOUT)

    def break_once(self, kind: str, when: str, call: str) -> None:
        method, path = PATHS[call]
        self.server.faults.append(Fault(path, kind, when, method))

    def words(self, account: str = "wikitech") -> list[str]:
        return [post["text"] for post in self.server.world.posts(account)]

    def say(self, words: str, at: datetime, other: bool = False) -> None:
        clock, self.server.world.clock = self.server.world.clock, lambda: at
        self.server.world.say("mediawiki" if other else "wikitech", words)
        self.server.world.clock = clock

    def environment(self, account: str) -> dict[str, str]:
        name = f"SMBOT_{account.upper()}_MASTODON"
        return {f"{name}_URL": self.server.url, f"{name}_TOKEN": f"token-of-{account}"}


@contextmanager
def serve() -> Iterator[OnMastodon]:
    with Server() as server:
        yield OnMastodon(server)
        assert server.complaints == []
