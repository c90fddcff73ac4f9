"""Mastodon: one account on one server, by mastodon-py.

Where the rules come from:

- posting and its Idempotency-Key, correcting, deleting, boosts: https://docs.joinmastodon.org/methods/statuses/
- pictures: https://docs.joinmastodon.org/methods/media/
- the address of a post, also of one on another server: https://docs.joinmastodon.org/methods/search/
- limits: https://docs.joinmastodon.org/entities/Instance/#configuration
- rate limits: https://docs.joinmastodon.org/api/rate-limits/
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from smbot.channels import Credential, Order, Parcel
from smbot.channels.mastodon_api import MORE_SCOPES, SCOPES, Api
from smbot.channels.mastodon_words import comparable, counting
from smbot.channels.wire import PAUSE, server
from smbot.errors import ChannelError, UsageError
from smbot.messages import say
from smbot.model import Can, Deferred, InDoubt, Media, Outcome, Posted, Refused, Retracted, Rules, Text

AGAIN = timedelta(minutes=55)  # the server keeps a key for an hour
SKEW = timedelta(minutes=2)
PAGE, PAGES = 40, 3  # how far back `find` reads


# --- limits ---------------------------------------------------------------------------------------------------------

_LIMITS: dict[str, tuple[tuple[str, str], int, int, int]] = {
    # ours: (theirs below 'configuration', default, least, most)
    "characters": (("statuses", "max_characters"), 500, 1, 1_000_000),
    "characters_per_url": (("statuses", "characters_reserved_per_url"), 23, 1, 2_000),
    "images": (("statuses", "max_media_attachments"), 4, 0, 100),
    "alt_characters": (("media_attachments", "description_limit"), 1_500, 1, 1_000_000),
    "image_bytes": (("media_attachments", "image_size_limit"), 16 * 1024 * 1024, 1, 2**40),
}
_IMAGE_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp")


def rules(limits: Mapping[str, Any]) -> Rules:
    """The rules of a server with these limits; what is missing is as on a server nobody changed."""
    checked = _checked(limits)
    return Rules(
        network="Mastodon",
        characters=checked["characters"],
        measure=counting(checked["characters_per_url"]),
        images=checked["images"],
        alt_characters=checked["alt_characters"],
        image_bytes=checked["image_bytes"],
        image_types=tuple(checked["image_types"]),
        can=frozenset(Can),
        link_cards=True,
        one_repost=True,
        again=AGAIN,
    )


def _checked(limits: Mapping[str, Any]) -> dict[str, Any]:
    checked: dict[str, Any] = {name: _bounded(name, limits.get(name)) for name in _LIMITS}
    types = limits.get("image_types") or list(_IMAGE_TYPES)
    if not isinstance(types, list | tuple) or not all(isinstance(mime, str) for mime in types):
        raise ChannelError(say("mastodon-odd-list", "image_types"))
    return {**checked, "image_types": [mime for mime in types if mime.startswith("image/")]}


def _bounded(name: str, value: object) -> int:
    _, default, least, most = _LIMITS[name]
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ChannelError(say("mastodon-odd-number", name, least, most))
    return value


# --- the channel ----------------------------------------------------------------------------------------------------


def credentials() -> Mapping[str, Credential]:
    """What a channel on Mastodon needs."""
    return {
        "URL": Credential(say("mastodon-credential-url")),
        "TOKEN": Credential(say("mastodon-credential-token", " ".join(SCOPES), " ".join(MORE_SCOPES))),
    }


def connect(secrets: Mapping[str, str]) -> Mastodon:
    """The channel these credentials open."""
    return Mastodon(secrets.get("URL", ""), secrets.get("TOKEN", ""))


class Mastodon:
    """One account on one Mastodon server.

    `timeout` (seconds) bounds each wait for the server, `patience` (seconds) the wait for a picture to be processed,
    which is asked about every `pause` seconds.
    """

    def __init__(self, url: str, token: str, *, timeout: float = 30, patience: float = 60, pause: float = 1) -> None:
        if not re.fullmatch(r"[!-~]+", token.strip()):
            raise UsageError(say("network-bad-token", "Mastodon"))
        self._api = Api(server(url, "Mastodon"), token.strip(), timeout)
        self._patience, self._pause = patience, pause
        self._me = ""

    def limits(self) -> dict[str, Any]:
        """What `GET /api/v2/instance` says of lengths and pictures."""
        with _as_promised():
            configuration = self._ask("instance_v2")["configuration"]
            found = {name: configuration[part].get(key) for name, ((part, key), *_) in _LIMITS.items()}
            types = configuration["media_attachments"].get("supported_mime_types")
        return _checked({**found, "image_types": types})

    def pack(self, text: Text, media: tuple[Media, ...], order: Order, now: datetime) -> Parcel | Refused | Deferred:
        """Upload the pictures; the post itself is one request with `order.key`, honoured by the server for an hour."""
        if not text.words.strip() or re.search(r"[\ud800-\udfff]", text.words + text.warning):
            return Refused(say("network-half-or-empty"))
        try:
            pictures = [self._upload(picture) for picture in media]
        except Exception:  # noqa: BLE001 - packing never raises, and nothing is posted by it
            return self._api.certain(now) or Deferred(say("network-picture-not-taken", self._api.said()), now + PAUSE)
        key = order.key
        if not re.fullmatch(r"[!-~]{1,200}", key):
            key = sha256(key.encode(errors="replace")).hexdigest()
        visibility = "unlisted" if text.visibility == "unlisted" else "public"
        shown = {"words": text.words, "warning": text.warning, "language": text.language, "visibility": visibility}
        return {"key": key, **shown, "media": pictures, "after": [*order.after]}

    def post(self, parcel: Parcel, now: datetime) -> Outcome:
        """Post once under the parcel's key."""
        try:
            status = self._api.call(
                "status_post",
                parcel["words"],
                in_reply_to_id=parcel["after"][-1] if parcel["after"] else None,
                media_ids=parcel["media"] or None,
                visibility=parcel["visibility"],
                spoiler_text=parcel["warning"] or None,
                sensitive=bool(parcel["warning"]),  # or the pictures would be shown beside the warning
                language=parcel["language"] or None,
                idempotency_key=parcel["key"],
            )
            return _posted(status)
        except Exception:  # noqa: BLE001 - posting never raises: what is not certain is in doubt
            return self._api.certain(now) or InDoubt(say("network-not-confirmed", self._api.said()))

    def find(self, parcel: Parcel, since: datetime) -> Posted | None:
        """Compare the sources of one's own posts since `since`, newest first."""
        wanted, edited = (comparable(parcel["words"]), comparable(parcel["warning"])), ""
        with _as_promised():
            for status in self._own_since(since.astimezone(UTC) - SKEW):
                if status["id"] in parcel["after"]:
                    continue
                source = self._ask("status_source", status["id"])
                if (comparable(source["text"]), comparable(source["spoiler_text"])) == wanted:
                    return _posted(status)
                edited = edited or (str(status["url"]) if status["edited_at"] else "")
        if edited:
            raise ChannelError(say("network-changed-since", edited))
        return None

    def retract(self, id_: str, now: datetime) -> Retracted | Refused | Deferred:
        """Delete the post or the boost, or take a like back."""
        kind, _, name = id_.rpartition(":")
        try:
            self._api.call("status_unfavourite" if kind else "status_delete", name)
        except Exception:  # noqa: BLE001 - retracting never raises, and may be done again
            if self._api.answer.code == 404:
                return self._missing(name, now)
            unclear = Deferred(say("mastodon-deleting-unclear", self._api.said()), now + PAUSE)
            return self._api.certain(now) or unclear
        return Retracted()

    def correct(self, id_: str, parcel: Parcel, now: datetime) -> Posted | Refused | Deferred:
        """Give the post other words and another warning. Its pictures stay: the server drops those it is not told."""
        try:
            pictures = [picture["id"] for picture in self._api.call("status", id_)["media_attachments"]]
            changed = {"spoiler_text": parcel["warning"], "media_ids": pictures}
            return _posted(self._api.call("status_update", id_, parcel["words"], **changed))
        except Exception:  # noqa: BLE001 - correcting never raises, and may be done again
            return self._api.certain(now) or Deferred(say("mastodon-change-unclear", self._api.said()), now + PAUSE)

    def repost(self, url: str, order: Order, now: datetime) -> Outcome:  # noqa: ARG002 - a post has one boost
        """Boost the post at an address. `id` is the boost's own, `url` the post's: a boost has no page."""
        return self._point("status_reblog", url, now)

    def like(self, url: str, order: Order, now: datetime) -> Outcome:  # noqa: ARG002 - one likes a post once
        """Make the post at an address a favourite."""
        liked = self._point("status_favourite", url, now)
        return Posted(liked.url, f"like:{liked.id}") if isinstance(liked, Posted) else liked

    def check(self) -> str:
        """The account's handle; what its application may do is compared with what is needed.

        `MORE_SCOPES` are not demanded: one can do without boosts and likes.
        """
        with _as_promised():
            account = self._ask("account_verify_credentials")
            handle = f"@{account['acct']}@{urlsplit(account['url']).netloc}"
            granted = set(self._ask("app_verify_credentials").get("scopes") or SCOPES)
        missing = [scope for scope, wider in SCOPES.items() if not granted & {scope, *wider}]
        if missing:
            raise ChannelError(say("mastodon-scopes-missing", handle, " ".join(missing)))
        return handle

    # --- asking ---

    def _upload(self, picture: Media) -> str:
        # https://docs.joinmastodon.org/methods/media/#v2: 202 and no address until it is processed
        patient_until = time.monotonic() + self._patience
        upload = self._api.call("media_post", picture.data, picture.mime, description=picture.alt or None)
        while not upload["url"]:
            if time.monotonic() > patient_until:
                raise TimeoutError
            time.sleep(self._pause)
            upload = self._api.call("media", upload["id"])
        return str(upload["id"])

    def _point(self, method: str, url: str, now: datetime) -> Outcome:
        """Boost or like what a server that has never seen it fetches first."""
        try:
            found = self._api.call("search_v2", url, resolve=True, result_type="statuses", exclude_unreviewed=False)
            ids = [status["id"] for status in found["statuses"]]
        except Exception:  # noqa: BLE001 - it was only looked up
            return self._api.certain(now) or Deferred(say("mastodon-not-looked-up", self._api.said()), now + PAUSE)
        if not ids:
            return Refused(say("mastodon-no-post-there", self._api.wire.host))
        try:
            status = self._api.call(method, ids[0])
            shown = status["reblog"] or status
            return Posted(_posted(shown).url, _posted(status).id)
        except Exception:  # noqa: BLE001 - what is not certain is in doubt
            return self._api.certain(now) or InDoubt(say("network-not-confirmed", self._api.said()))

    def _missing(self, name: str, now: datetime) -> Retracted | Refused | Deferred:
        """What the server's 404 to a deletion means: the post is gone, or it is another account's."""
        try:
            self._api.call("status", name)
        except Exception:  # noqa: BLE001 - it was only looked up
            if self._api.answer.code == 404 and self._api.answer.get("error"):
                return Retracted()
            return self._api.certain(now) or Deferred(say("mastodon-not-looked-up", self._api.said()), now + PAUSE)
        return Refused(say("mastodon-not-ours"))

    def _own_since(self, oldest: datetime) -> Iterator[Any]:
        self._me = self._me or str(self._ask("account_verify_credentials")["id"])
        last = None
        for _ in range(PAGES):
            page = self._ask("account_statuses", self._me, exclude_reblogs=True, limit=PAGE, max_id=last)
            if not isinstance(self._api.answer.body, list):  # mastodon-py takes {} for an empty page
                raise TypeError
            for status in page:
                if status["created_at"] < oldest:
                    return
                yield status
            if not page:
                return
            last = page[-1]["id"]
        raise ChannelError(say("network-more-posts", PAGE * PAGES))

    def _ask(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """The answer of a reading call, or ChannelError. The cause is dropped: it may quote the token."""
        try:
            return self._api.call(method, *args, **kwargs)
        except Exception:  # noqa: BLE001 - mastodon-py lets through whatever a malformed answer provokes
            said, remedy = self._api.said(), self._api.remedy()
        raise ChannelError(f"{say('network-not-asked', 'Mastodon', said)} {remedy}".strip())


@contextmanager
def _as_promised() -> Iterator[None]:
    """An answer of another shape than the API documents is a failure to ask."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError):
        raise ChannelError(say("network-odd-answer", "Mastodon")) from None


def _posted(status: Any) -> Posted:
    url, name = status["url"] or status["uri"], status["id"]
    if not isinstance(url, str) or not url.startswith("http") or not isinstance(name, str | int) or not name:
        raise ValueError("an answer without an address or a name")
    return Posted(url=str(url), id=str(name))
