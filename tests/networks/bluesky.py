"""Bluesky, by a real PDS with a stand-in before it that breaks requests. One a process; each test finds it empty."""

from __future__ import annotations

import atexit
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import pytest

from sandbox.bluesky import NEEDS, is_there
from sandbox.bluesky import Bluesky as Server
from sandbox.standin import Fault
from smbot.channels.bluesky import Bluesky
from tests.networks import TIMEOUT

METHODS = {
    "upload": "uploadBlob",
    "post": "putRecord",
    "find": "getRecord",
    "retract": "deleteRecord",
}


@dataclass
class OnBluesky:
    server: Server
    reads_back: bool = True
    sees_absence: bool = True
    finds_words: bool = False

    def channel(self) -> Bluesky:
        """A real server has real work to do: only where a test lets it hang is it waited for so briefly."""
        hangs = any(fault.kind == "timeout" for fault in self.server.faults)
        account = self.server.accounts["wikitech"]
        timeout = TIMEOUT if hangs else 10
        return Bluesky(self.server.url, account.handle, account.password, card=no_card, timeout=timeout)

    def wrong_channel(self) -> Bluesky:
        return Bluesky(self.server.url, "wikitech.test", "canary-7f3a9", card=no_card, timeout=10)

    def gone(self) -> Bluesky:
        with socket.create_server(("127.0.0.1", 0)) as nobody:
            port = nobody.getsockname()[1]
        return Bluesky(f"http://127.0.0.1:{port}", "wikitech.test", "canary-7f3a9", card=no_card, timeout=TIMEOUT)

    def break_once(self, kind: str, when: str, call: str) -> None:
        self.server.faults.append(Fault(f"repo.{METHODS[call]}$", kind, when))

    def words(self, account: str = "wikitech") -> list[str]:
        return [record["value"]["text"] for record in self.server.records(account)]

    def say(self, words: str, at: datetime, other: bool = False) -> None:
        self.server.say("mediawiki" if other else "wikitech", words, at.isoformat())

    def environment(self, account: str) -> dict[str, str]:
        name, there = f"SMBOT_{account.upper()}_BLUESKY", self.server.accounts[account]
        values = {"URL": self.server.url, "HANDLE": there.handle, "PASSWORD": there.password}
        return {f"{name}_{suffix}": value for suffix, value in values.items()}


def no_card(link: str) -> None:
    """Nothing is fetched from anywhere."""


@cache
def running() -> Server:
    """The server of this process."""
    server = Server().start()
    atexit.register(server.stop)
    return server


@contextmanager
def serve() -> Iterator[OnBluesky]:
    if not is_there():
        pytest.skip(NEEDS)
    running().forget()
    yield OnBluesky(running())
    assert running().complaints == []
