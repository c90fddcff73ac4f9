"""X, by its stand-in. Every world checks in the end that no request was made that the specification does not know."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sandbox.standin import Fault
from sandbox.x import API_KEY, API_SECRET
from sandbox.x import X as Server
from smbot.channels.x import X
from tests.networks import TIMEOUT

PATHS = {
    "upload": ("POST", "/2/media/upload$"),
    "post": ("POST", "/2/tweets$"),
    "find": ("GET", "/tweets$"),
    "retract": ("DELETE", "/2/tweets/"),
}


@dataclass
class OnX:
    server: Server
    reads_back: bool = True
    sees_absence: bool = True
    finds_words: bool = True

    def channel(self, username: str = "wikitech", timeout: float = TIMEOUT) -> X:
        account = self.server.world.account(username)
        return X(API_KEY, API_SECRET, account.token, account.secret, url=self.server.url, timeout=timeout)

    def wrong_channel(self) -> X:
        return X(*["canary-7f3a9"] * 4, url=self.server.url, timeout=TIMEOUT)

    def gone(self) -> X:
        with Server() as server:
            url = server.url
        return X(*["canary-7f3a9"] * 4, url=url, timeout=TIMEOUT)

    def break_once(self, kind: str, when: str, call: str) -> None:
        method, path = PATHS[call]
        self.server.faults.append(Fault(path, kind, when, method))

    def words(self, account: str = "wikitech") -> list[str]:
        return [post["text"] for post in self.server.world.posts(account)]

    def say(self, words: str, at: datetime, other: bool = False) -> None:
        self.server.world.say("mediawiki" if other else "wikitech", words, at=at)

    def environment(self, account: str) -> dict[str, str]:
        name, voice = f"SMBOT_{account.upper()}_X", self.server.world.account(account)
        secrets = {"API_KEY": API_KEY, "API_SECRET": API_SECRET, "ACCESS_TOKEN": voice.token}
        secrets |= {"ACCESS_SECRET": voice.secret, "URL": self.server.url}
        return {f"{name}_{suffix}": secret for suffix, secret in secrets.items()}


@contextmanager
def serve() -> Iterator[OnX]:
    with Server() as server:
        yield OnX(server)
        assert server.complaints == []
