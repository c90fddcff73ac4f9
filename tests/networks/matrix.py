"""Matrix, by its stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sandbox.matrix import ALIAS, NAME
from sandbox.matrix import Matrix as Server
from sandbox.standin import Fault
from smbot.channels.matrix import Matrix
from tests.networks import TIMEOUT

PATHS = {
    "upload": ("POST", "/upload$"),
    "post": ("PUT", "/send/"),
    "find": ("GET", "/messages$"),
    "retract": ("PUT", "/redact/"),
    "correct": ("PUT", "/send/"),
}


@dataclass
class OnMatrix:
    server: Server
    reads_back: bool = True
    sees_absence: bool = True
    finds_words: bool = True

    def channel(self) -> Matrix:
        return Matrix(self.server.url, "token-of-wikitech", ALIAS, timeout=TIMEOUT)

    def wrong_channel(self) -> Matrix:
        return Matrix(self.server.url, "canary-7f3a9", ALIAS, timeout=TIMEOUT)

    def gone(self) -> Matrix:
        with Server() as server:
            url = server.url
        return Matrix(url, "canary-7f3a9", ALIAS, timeout=TIMEOUT)

    def break_once(self, kind: str, when: str, call: str) -> None:
        method, path = PATHS[call]
        self.server.faults.append(Fault(path, kind, when, method))

    def words(self, account: str = "wikitech") -> list[str]:
        return self.server.shown(f"@{account}:{NAME}")

    def say(self, words: str, at: datetime, other: bool = False) -> None:
        sender = f"@{'mediawiki' if other else 'wikitech'}:{NAME}"
        self.server.add(sender, "m.room.message", {"msgtype": "m.text", "body": words}, at)

    def environment(self, account: str) -> dict[str, str]:
        name = f"SMBOT_{account.upper()}_MATRIX"
        return {f"{name}_URL": self.server.url, f"{name}_TOKEN": f"token-of-{account}", f"{name}_ROOM": ALIAS}


@contextmanager
def serve() -> Iterator[OnMatrix]:
    with Server() as server:
        yield OnMatrix(server)
