"""Each network as the tests meet it: a server or stand-in that can be looked into, broken, and written to by others.

A network is one module here, of the same name as in `smbot.channels.NETWORKS`, with `serve()`.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from importlib import import_module
from typing import Any, Protocol

from smbot.channels import Channel

TIMEOUT = 0.4  # seconds a channel waits in tests


class World(Protocol):
    """A network with two accounts on it, wikitech and mediawiki."""

    reads_back: bool
    """Whether `find` can find what is there."""
    sees_absence: bool
    """Whether `find` can say for certain that something is not there."""
    finds_words: bool
    """Whether `find` goes by the words where nothing else tells: then it finds what was only said."""

    def channel(self) -> Channel:
        """wikitech's channel, made anew."""

    def wrong_channel(self) -> Channel:
        """A channel whose secrets all hold the word canary-7f3a9, and open nothing."""

    def gone(self) -> Channel:
        """A channel whose server is not there."""

    def break_once(self, kind: str, when: str, call: str) -> None:
        """Let the next request of a call go wrong, as `sandbox.standin.Fault` says.

        `call` is upload, post, find, retract or correct.
        """

    def words(self, account: str = "wikitech") -> list[str]:
        """What can be read now on an account, oldest first, as the network keeps it."""

    def say(self, words: str, at: datetime, other: bool = False) -> None:
        """Something else is posted at that time on the account (or on another)."""

    def environment(self, account: str) -> dict[str, str]:
        """The environment variables of the account's channel on this network."""


def serve(name: str) -> AbstractContextManager[World]:
    """The world of one network."""
    module: Any = import_module(f"tests.networks.{name.replace('-', '_')}")
    return module.serve()  # type: ignore[no-any-return]
