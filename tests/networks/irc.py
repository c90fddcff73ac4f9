"""IRC, by a real ngIRCd."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import pytest

from sandbox.irc import CHANNEL, PASSWORDS, Person, free_port, installed
from sandbox.irc import Irc as Server
from smbot.channels.irc import Irc
from tests.networks import TIMEOUT


@dataclass
class OnIrc:
    server: Server
    reads_back: bool = False
    sees_absence: bool = False
    finds_words: bool = False

    def channel(self) -> Irc:
        return self._channel("password-of-wikitech", self.server.port)

    def wrong_channel(self) -> Irc:
        return self._channel("canary-7f3a9", self.server.port)

    def gone(self) -> Irc:
        return self._channel("canary-7f3a9", free_port())

    def _channel(self, password: str, port: int) -> Irc:
        return Irc(f"127.0.0.1:{port}", "wikitech", CHANNEL, password, timeout=TIMEOUT)

    def break_once(self, kind: str, when: str, call: str) -> None:
        """On IRC only posting asks the server for anything."""
        if call == "post":
            self.server.faults.append((kind, when))

    def words(self, account: str = "wikitech") -> list[str]:
        return self.server.said(account)

    def say(self, words: str, at: datetime, other: bool = False) -> None:  # noqa: ARG002 - it is always now
        person = Person(self.server.behind, "mediawiki" if other else "wikitech")
        person.do(f"JOIN {CHANNEL}", f"PRIVMSG {CHANNEL} :{words}")
        person.close()

    def environment(self, account: str) -> dict[str, str]:
        values = {
            "SERVER": f"127.0.0.1:{self.server.port}",
            "NICK": account,
            "CHANNEL": CHANNEL,
            "PASSWORD": PASSWORDS[account],
        }
        return {f"SMBOT_{account.upper()}_IRC_{name}": value for name, value in values.items()}


@contextmanager
def serve() -> Iterator[OnIrc]:
    if not installed():
        pytest.skip("there is no ngIRCd: sandbox/bootstrap unpacks it")
    with Server() as server:
        yield OnIrc(server)
