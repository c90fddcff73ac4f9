"""The contract every network keeps, and the table of the networks there are.

A network is one module here and one row in `NETWORKS`. The modules import their client libraries inside functions,
so that a network nobody configured costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from importlib import import_module
from typing import Any, Protocol

from smbot.errors import UsageError
from smbot.model import Media, Outcome, Posted, Rules, Text

NETWORKS = {"mastodon": "smbot.channels.mastodon"}


class Channel(Protocol):
    """One account on one network."""

    def limits(self) -> dict[str, Any]:
        """Ask the network for its limits, as JSON values that the module's pure `rules()` understands.

        Raises ChannelError when it cannot be asked.
        """

    def post(self, text: Text, media: tuple[Media, ...], key: str, now: datetime) -> Outcome:
        """Send once. Never raises: whatever happens is an Outcome, and what cannot be known is InDoubt.

        `key` names the delivery; calling again with the same key must not post twice where the network can prevent it.
        """

    def find(self, text: Text, key: str, since: datetime) -> Posted | None:
        """Look for an earlier `post` of this text, made at or after `since`, by reading back one's own posts.

        None means: the network was asked, and it is certainly not there. Raises ChannelError when that cannot be said.
        """

    def check(self) -> str:
        """Whose account the credentials open, such as '@wikitech@example.social', without posting.

        Raises ChannelError with the remedy when they do not work or lack a right.
        """


class Network(Protocol):
    """What a module in this package offers."""

    def rules(self, limits: Mapping[str, Any]) -> Rules:
        """The rules of a channel with these limits, as `Channel.limits` gave them ({} for the usual ones). Pure."""

    def credentials(self) -> Mapping[str, str]:
        """The suffixes of the environment variables a channel needs, each with one sentence on where to get it."""

    def connect(self, secrets: Mapping[str, str]) -> Channel:
        """A channel with these credentials, by suffix. Touches no network."""


def network(name: str) -> Network:
    """The module of a network in `NETWORKS`."""
    module: Any = import_module(NETWORKS[name])
    return module  # type: ignore[no-any-return]


def variables(channel: str) -> dict[str, tuple[str, str]]:
    """The environment variables of a channel 'account/network': suffix -> (name, where to get it)."""
    name = f"SMBOT_{channel.replace('/', '_')}".upper()
    return {suffix: (f"{name}_{suffix}", hint) for suffix, hint in network(channel.split("/")[1]).credentials().items()}


def connect(channel: str, environment: Mapping[str, str]) -> Channel:
    """The channel 'account/network' with its credentials from the environment.

    Raises UsageError naming the variables that are missing, never their values.
    """
    names = {suffix: name for suffix, (name, _) in variables(channel).items()}
    missing = [name for name in names.values() if not environment.get(name)]
    if missing:
        raise UsageError(f"There are no credentials for {channel}: set {' and '.join(missing)} in the environment.")
    return network(channel.split("/")[1]).connect({suffix: environment[name] for suffix, name in names.items()})
