"""The contract every network keeps, and the table of the networks there are.

A network is one module here and one row in `NETWORKS`. The modules import their client libraries inside functions,
so that a network nobody configured costs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import reduce
from importlib import import_module
from typing import Any, Protocol

from msgspec import Struct

from smbot.errors import UsageError
from smbot.messages import say
from smbot.model import Deferred, Media, Outcome, Posted, Refused, Retracted, Rules, Text

NETWORKS = {
    "mastodon": "smbot.channels.mastodon",
    "bluesky": "smbot.channels.bluesky",
    "facebook": "smbot.channels.facebook",
    "facebook-group": "smbot.channels.handoff:facebook_group",
    "messenger-group": "smbot.channels.handoff:messenger_group",
    "whatsapp-group": "smbot.channels.handoff:whatsapp_group",
    "google-chat": "smbot.channels.google_chat",
    "telegram": "smbot.channels.telegram",
    "irc": "smbot.channels.irc",
    "matrix": "smbot.channels.matrix",
    "x": "smbot.channels.x",
}

Parcel = dict[str, Any]  # JSON values: all that a network is told to publish, what it refers to already uploaded


class Order(Struct, frozen=True):
    """Which delivery a parcel is for.

    `key` names the post: the delivery, and from the second part of a thread on which part. `planned` is when it was
    first to be sent, the same for every try. `after` are the ids of the earlier parts of its thread, first to last.
    """

    key: str
    planned: datetime
    after: tuple[str, ...] = ()


class Credential(Struct, frozen=True):
    """One environment variable a channel needs: where to get it, in a sentence, and whether one can do without."""

    hint: str
    optional: bool = False


class Channel(Protocol):
    """One account on one network.

    Posting has two steps, so that what will be published is written down before anything is: `pack` does all that may
    fail or take long and shows nothing to anybody; `post` publishes the parcel with one request.
    """

    def limits(self) -> dict[str, Any]:
        """Ask the network for its limits, as JSON values that the module's pure `rules()` understands.

        'expires', an ISO time, says until when the credentials are good, where they end. Raises ChannelError when it
        cannot be asked.
        """

    def pack(self, text: Text, media: tuple[Media, ...], order: Order, now: datetime) -> Parcel | Refused | Deferred:
        """Make a parcel of `text.words`: pictures uploaded, names looked up, everything decided. Never raises.

        Packing for the same order again gives a parcel for the same post, never for a second one, where the network
        can tell them apart.
        """

    def post(self, parcel: Parcel, now: datetime) -> Outcome:
        """Publish once. Never raises: whatever happens is an Outcome, and what cannot be known is InDoubt.

        Refused is for what is wrong with this post; trouble with the account or the server, which another post would
        meet too, is Deferred. Posting the same parcel again within `Rules.again` never gives a second post.
        """

    def find(self, parcel: Parcel, since: datetime) -> Posted | None:
        """Look for an earlier `post` of this parcel, made at or after `since`, by reading back one's own posts.

        None means: the network was asked, and it is certainly not there. Raises ChannelError when that cannot be said
        now, and Unknowable when it can never be said.
        """

    def retract(self, id_: str, now: datetime) -> Retracted | Refused | Deferred:
        """Delete a post by its id. Never raises; doing it again does no harm. Refused: a person has to do it."""

    def correct(self, id_: str, parcel: Parcel, now: datetime) -> Posted | Refused | Deferred:
        """Give a post the words of another parcel. Never raises; doing it again does no harm."""

    def repost(self, url: str, order: Order, now: datetime) -> Outcome:
        """Repost a post, of oneself or others, by its address. Never raises."""

    def like(self, url: str, order: Order, now: datetime) -> Outcome:
        """Like a post by its address. Never raises."""

    def check(self) -> str:
        """Whose account the credentials open, such as '@wikitech@example.social', without posting.

        Raises ChannelError with the remedy when they do not work or lack a right.
        """


class Cannot:
    """What a network has no way to do: the methods of `Channel` for those that lack them."""

    NETWORK: str

    def retract(self, id_: str, now: datetime) -> Retracted | Refused | Deferred:  # noqa: ARG002
        return Refused(say("network-no-deleting", self.NETWORK))

    def correct(self, id_: str, parcel: Parcel, now: datetime) -> Posted | Refused | Deferred:  # noqa: ARG002
        return Refused(say("network-no-changing", self.NETWORK))

    def repost(self, url: str, order: Order, now: datetime) -> Outcome:  # noqa: ARG002
        return Refused(say("network-no-reposts", self.NETWORK))

    def like(self, url: str, order: Order, now: datetime) -> Outcome:  # noqa: ARG002
        return Refused(say("network-no-likes", self.NETWORK))


class Network(Protocol):
    """What a module in this package offers, or the object it names."""

    def rules(self, limits: Mapping[str, Any]) -> Rules:
        """The rules of a channel with these limits, as `Channel.limits` gave them ({} for the usual ones). Pure."""

    def credentials(self) -> Mapping[str, Credential]:
        """The suffixes of the environment variables of a channel."""

    def connect(self, secrets: Mapping[str, str]) -> Channel:
        """A channel with these credentials, by suffix ('' where an optional one is missing). Touches no network.

        Raises UsageError, never quoting a secret, when they cannot be right.
        """


def network(name: str) -> Network:
    """The network of that name in `NETWORKS`: a module, or 'module:attribute'."""
    module, _, attribute = NETWORKS[name].partition(":")
    found: Any = import_module(module)
    return getattr(found, attribute) if attribute else found  # type: ignore[no-any-return]


def variables(channel: str) -> dict[str, tuple[str, Credential]]:
    """The environment variables of a channel 'account/network': suffix -> (name, what it is)."""
    name = re.sub(r"[^A-Z0-9]", "_", f"SMBOT_{channel}".upper())
    found = network(channel.split("/")[1]).credentials()
    return {suffix: (f"{name}_{suffix}", credential) for suffix, credential in found.items()}


def listed(names: Iterable[str]) -> str:
    """Some names in a sentence, at least one: 'A and B'."""
    return reduce(lambda before, name: say("list-and", before, name), names)


def connect(channel: str, environment: Mapping[str, str]) -> Channel:
    """The channel 'account/network' with its credentials from the environment.

    Raises UsageError naming the variables that are missing, never their values.
    """
    wanted = variables(channel)
    missing = [name for name, credential in wanted.values() if not credential.optional and not environment.get(name)]
    if missing:
        raise UsageError(say("network-no-credentials", channel, listed(missing)))
    secrets = {suffix: environment.get(name, "") for suffix, (name, _) in wanted.items()}
    return network(channel.split("/")[1]).connect(secrets)
