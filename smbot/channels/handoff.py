"""Groups without an API: a person posts there, with the exact words and a link that opens the right place.

Facebook took the API of groups away in April 2024 (https://developers.facebook.com/docs/groups-api/), Messenger and
WhatsApp never had one for groups that people made themselves. So smbot puts a card on the posting log, and counts the
delivery as posted only when a maintainer has written there that it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

from msgspec import Struct

from smbot.channels import Cannot, Channel, Credential, Order, Parcel
from smbot.errors import UsageError
from smbot.messages import say
from smbot.model import Deferred, HandedOff, Media, Outcome, Posted, Refused, Rules, Text

_LONGEST_LINK = 2000  # characters that every browser and phone takes


def _group(url: str, _: str) -> str:
    return url


def _to_whatsapp(url: str, words: str) -> str:
    """A link that holds the words; who opens it picks the group: https://faq.whatsapp.com/5913398998672934."""
    link = f"https://wa.me/?text={quote(words, safe='')}"
    return link if len(link) <= _LONGEST_LINK else url


class ByHand(Struct, frozen=True):
    """One kind of group: a Network whose posts are made by people."""

    key: str  # by which the messages call it
    characters: int
    home: str  # what is opened where no address of the group was given
    link: Callable[[str, str], str] = _group  # from the address of the group and the words

    @property
    def name(self) -> str:
        """Its name for people."""
        return say(f"handoff-name-{self.key}")

    def rules(self, limits: Mapping[str, Any]) -> Rules:  # noqa: ARG002 - nobody can be asked
        """What fits; the API can nothing, since there is none."""
        return Rules(self.name, self.characters, len, by_hand=True)

    def credentials(self) -> Mapping[str, Credential]:
        """Nothing secret: where the group is."""
        return {"URL": Credential(say("handoff-credential-url", self.home), optional=True)}

    def connect(self, secrets: Mapping[str, str]) -> Channel:
        """The group at the address in URL."""
        url = secrets.get("URL", "").strip() or self.home
        try:
            parts = urlsplit(url)
            good = parts.scheme == "https" and parts.hostname
        except ValueError:
            good = False
        if not good:
            raise UsageError(say(f"handoff-bad-url-{self.key}"))
        return Group(self, url)


class Group(Cannot):
    """One group. Nothing here touches a network."""

    def __init__(self, kind: ByHand, url: str) -> None:
        self._kind, self._url = kind, url
        self.NETWORK = kind.name

    def limits(self) -> dict[str, Any]:
        """Nobody can be asked."""
        return {}

    def pack(self, text: Text, media: tuple[Media, ...], order: Order, now: datetime) -> Parcel | Refused | Deferred:  # noqa: ARG002
        """The words, and the link that opens the place."""
        if re.search(r"[\ud800-\udfff]", text.warned):
            return Refused(say("network-half"))
        return {"url": self._kind.link(self._url, text.warned)}

    def post(self, parcel: Parcel, now: datetime) -> Outcome:  # noqa: ARG002
        """Hand it to a person."""
        return HandedOff(parcel["url"], say(f"handoff-how-{self._kind.key}"))

    def find(self, parcel: Parcel, since: datetime) -> Posted | None:  # noqa: ARG002
        """As long as it is not handed off, nobody has posted it."""
        return None

    def check(self) -> str:
        """Where a person will be sent."""
        return say("handoff-by-hand", self._url)


# How much fits is not documented by the vendors; these are far above what anybody posts.
facebook_group = ByHand("facebook-group", 60_000, "https://www.facebook.com/groups/feed/")
messenger_group = ByHand("messenger-group", 20_000, "https://www.messenger.com/")
whatsapp_group = ByHand("whatsapp-group", 60_000, "https://web.whatsapp.com/", _to_whatsapp)
