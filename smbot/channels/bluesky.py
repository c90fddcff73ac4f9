"""Bluesky: one account of the AT Protocol, on any server of it (PDS).

Where the rules come from:

- a post: https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/feed/post.json and its neighbours
- posting, pictures, cards, replies: https://docs.bsky.app/docs/advanced-guides/posts
- the key of a record: https://atproto.com/specs/tid
- rate limits: https://docs.bsky.app/docs/advanced-guides/rate-limits

A record has a key that its author chooses. Here it follows from the order, and a record is only ever put where there is
none yet (`swapRecord: null`), so that no order can become two posts: for ever, and whoever sends it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smbot.channels import Cannot, Credential, Order, Parcel, richtext
from smbot.channels.wire import LATEST, PAUSE, Answer, server
from smbot.channels.xrpc import STALE, NotSignedInError, Xrpc
from smbot.errors import ChannelError, UsageError
from smbot.messages import say
from smbot.model import Can, Deferred, InDoubt, Media, Outcome, Posted, Refused, Retracted, Rules, Text

if TYPE_CHECKING:
    from smbot.channels.linkcard import Card

HOME = "https://bsky.social"
POST, REPOST, LIKE = "app.bsky.feed.post", "app.bsky.feed.repost", "app.bsky.feed.like"
IMAGE_BYTES, IMAGE_BYTES_NEW = 1_000_000, 2_000_000  # older servers, and those that state their limit
_ADDRESS = re.compile(r"https://bsky\.app/profile/(?P<who>[\w.:-]+)/post/(?P<rkey>[\w.~:-]+)/?", re.ASCII)
_ID = re.compile(r"at://(?P<repo>did:[\w.:%-]+)/(?P<collection>[\w.-]+)/(?P<rkey>[\w.~:-]+) \w+", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{3})?(-[A-Za-z]{4})?(-[A-Za-z]{2}|-\d{3})?(-x-[a-z\d]{1,8})?")


def rules(limits: Mapping[str, Any]) -> Rules:
    """The rules of a server with these limits: https://docs.bsky.app/docs/advanced-guides/posts#post-record-structure"""
    image_bytes = limits.get("image_bytes", IMAGE_BYTES)
    if not isinstance(image_bytes, int) or not 0 < image_bytes <= IMAGE_BYTES_NEW:
        raise ChannelError(say("bluesky-odd-bytes"))
    return Rules(
        network="Bluesky",
        characters=300,
        measure=richtext.graphemes,
        bytes=3000,
        images=4,
        alt_characters=2000,
        image_bytes=image_bytes,
        image_types=("image/jpeg", "image/png", "image/webp"),
        can=frozenset({Can.THREAD, Can.RETRACT, Can.REPOST, Can.LIKE}),
        link_cards=True,
        one_repost=True,
        again=timedelta(days=3650),
    )


def credentials() -> Mapping[str, Credential]:
    """What a channel on Bluesky needs."""
    return {
        "HANDLE": Credential(say("bluesky-credential-handle")),
        "PASSWORD": Credential(say("bluesky-credential-password")),
        "URL": Credential(say("bluesky-credential-url", HOME), optional=True),
        "SESSION": Credential(say("bluesky-credential-session"), optional=True),
    }


def connect(secrets: Mapping[str, str]) -> Bluesky:
    """The channel these credentials open."""
    kept = secrets.get("SESSION", "").strip()
    url = secrets.get("URL", "").strip() or HOME
    return Bluesky(
        url, secrets.get("HANDLE", ""), secrets.get("PASSWORD", ""), kept=Path(kept).expanduser() if kept else None
    )


class Bluesky(Cannot):
    """One account on Bluesky.

    `card` gives what to show of the first link of a post without pictures; usually `smbot.channels.linkcard.fetch`.
    `kept` is the file for the session, `timeout` (seconds) bounds each wait for the server.
    """

    NETWORK = "Bluesky"

    def __init__(
        self,
        url: str,
        handle: str,
        password: str,
        *,
        card: Callable[[str], Card | None] | None = None,
        kept: Path | None = None,
        timeout: float = 30,
    ) -> None:
        if kept and not kept.parent.is_dir():
            raise UsageError(say("bluesky-no-folder"))
        self._xrpc = Xrpc(server(url, "Bluesky"), _usable_handle(handle), _usable_password(password), kept, timeout)
        self._card = card or _fetched

    def limits(self) -> dict[str, Any]:
        """Newer servers take larger pictures, and state how large a file may be."""
        answer = self._xrpc.query("com.atproto.server.describeServer")
        if not answer.ok or not isinstance(answer.get("did"), str):
            raise ChannelError(say("bluesky-no-limits", self._xrpc.say(answer)))
        largest = answer.get("blobUploadLimit")
        return {"image_bytes": min(largest, IMAGE_BYTES_NEW)} if isinstance(largest, int) and largest > 0 else {}

    def pack(self, text: Text, media: tuple[Media, ...], order: Order, now: datetime) -> Parcel | Refused | Deferred:
        """Sign in, upload the pictures, look up whom the words mention and what the link shows: the whole record."""
        try:
            did = self._xrpc.session().did
            record = self._record(text, media, order)
            json.dumps(record, ensure_ascii=False).encode()
        except NotSignedInError as failed:
            return self._not_signed_in(failed.answer, now)
        except _NotTakenError as failed:
            said = say("network-picture-not-taken", self._xrpc.say(failed.answer))
            remedy = say("network-change-post")
            return self._certain(failed.answer, now, said, remedy) or Deferred(said, now + PAUSE)
        except UnicodeError:
            return Refused(say("bluesky-half"))
        return {"repo": did, "rkey": tid(order.planned, order.key), "record": record}

    def post(self, parcel: Parcel, now: datetime) -> Outcome:
        """Put the record where there is none yet."""
        return self._put(parcel, _link(parcel["repo"], parcel["rkey"]), now)

    def find(self, parcel: Parcel, since: datetime) -> Posted | None:  # noqa: ARG002 - the key says which it is
        """Read the record by its key, at the server that holds it."""
        try:
            did = self._xrpc.session().did
        except NotSignedInError as failed:
            raise ChannelError(self._not_signed_in(failed.answer, datetime.now(UTC)).reason) from None
        if did != parcel["repo"]:
            raise ChannelError(say("bluesky-other-account"))
        answer = self._read(parcel["repo"], parcel["record"]["$type"], parcel["rkey"])
        if _is_absent(answer):
            return None
        posted = _posted(answer, _link(parcel["repo"], parcel["rkey"]))
        if not posted:
            raise ChannelError(say("network-not-asked", self.NETWORK, self._xrpc.say(answer)))
        return posted

    def retract(self, id_: str, now: datetime) -> Retracted | Refused | Deferred:
        """Delete the record; the server says yes, too, when there is none."""
        found = _ID.fullmatch(id_)
        if not found:
            return Refused(say("bluesky-no-name"))
        try:
            answer = self._xrpc.call("com.atproto.repo.deleteRecord", found.groupdict())
        except NotSignedInError as failed:
            return self._not_signed_in(failed.answer, now)
        if answer.ok:
            return Retracted()
        said = self._xrpc.say(answer)
        unclear = Deferred(say("bluesky-deleting-unclear", said), now + PAUSE)
        return self._certain(answer, now, say("bluesky-not-deleted", said)) or unclear

    def repost(self, url: str, order: Order, now: datetime) -> Outcome:
        """Repost a post by its address at bsky.app."""
        return self._point(REPOST, url, order, now)

    def like(self, url: str, order: Order, now: datetime) -> Outcome:
        """Like a post by its address at bsky.app."""
        return self._point(LIKE, url, order, now)

    def check(self) -> str:
        """The account's handle, if the account is active."""
        try:
            answer = self._xrpc.query("com.atproto.server.getSession", signed=True)
        except NotSignedInError as failed:
            raise ChannelError(self._not_signed_in(failed.answer, datetime.now(UTC)).reason) from None
        handle = answer.get("handle")
        if not answer.ok or not isinstance(handle, str):
            raise ChannelError(say("network-not-asked", self.NETWORK, self._xrpc.say(answer)))
        if answer.get("active") is False:
            status = answer.get("status")
            inactive = say("bluesky-account-is", handle, status) if status else say("bluesky-account-inactive", handle)
            raise ChannelError(inactive)
        return f"@{handle}"

    # --- the record ---

    def _record(self, text: Text, media: tuple[Media, ...], order: Order) -> dict[str, Any]:
        words = text.warned
        record = {
            "$type": POST,
            "text": words,
            "createdAt": _stamp(order.planned + timedelta(milliseconds=len(order.after))),  # a thread stays in order
            "langs": _languages(text.language),
            "facets": richtext.facets(words, self._did_of),
            "embed": self._pictures(media) if media else self._link_card(words),
            "reply": _reply(order.after),
        }
        return {name: value for name, value in record.items() if value or name == "text"}

    def _pictures(self, media: tuple[Media, ...]) -> dict[str, Any]:
        images = []
        for picture in media:
            image: dict[str, Any] = {"image": self._upload(picture.data, picture.mime), "alt": picture.alt}
            if picture.width > 0 and picture.height > 0:
                image["aspectRatio"] = {"width": picture.width, "height": picture.height}
            images.append(image)
        return {"$type": "app.bsky.embed.images", "images": images}

    def _link_card(self, words: str) -> dict[str, Any] | None:
        """The card of the first link. A card, or a picture on it, that cannot be had is left out."""
        link = richtext.first_link(words)
        card = self._card(link) if link else None
        if not card:
            return None
        external: dict[str, Any] = {"uri": link, "title": card.title or link, "description": card.description}
        if card.image:
            with suppress(_NotTakenError):
                external["thumb"] = self._upload(card.image, card.mime)
        return {"$type": "app.bsky.embed.external", "external": external}

    def _upload(self, data: bytes, mime: str) -> Any:
        answer = self._xrpc.upload(data, mime)
        if not answer.ok or not answer.get("blob", "ref", "$link"):
            raise _NotTakenError(answer)
        return answer.get("blob")

    def _did_of(self, handle: str) -> str | None:
        did = self._xrpc.query("com.atproto.identity.resolveHandle", handle=handle).get("did")
        return did if isinstance(did, str) and did.startswith("did:") else None

    # --- what the server is asked, and what its answers prove ---

    def _put(self, parcel: Parcel, link: str, now: datetime) -> Outcome:
        collection = parcel["record"]["$type"]
        body = {**parcel, "collection": collection, "swapRecord": None}
        try:
            answer = self._xrpc.call("com.atproto.repo.putRecord", body)
            if answer.get("error") == "InvalidSwap":  # the same order was packed and posted before
                answer = self._read(parcel["repo"], collection, parcel["rkey"])
                return _posted(answer, link) or InDoubt(say("bluesky-unread", self._xrpc.say(answer)))
        except NotSignedInError as failed:
            return self._not_signed_in(failed.answer, now)
        doubt = InDoubt(say("network-not-confirmed", self._xrpc.say(answer)))
        return _posted(answer, link) or self._certain(answer, now, remedy=say("network-change-post")) or doubt

    def _read(self, repo: str, collection: str, rkey: str) -> Answer:
        """A record, from the server where it is, or where this one looks it up."""
        return self._xrpc.query("com.atproto.repo.getRecord", repo=repo, collection=collection, rkey=rkey)

    def _point(self, collection: str, url: str, order: Order, now: datetime) -> Outcome:
        """Put a record that says something of another post."""
        found = _ADDRESS.fullmatch(url.strip())
        if not found:
            return Refused(say("bluesky-no-address"))
        try:
            me = self._xrpc.session().did
        except NotSignedInError as failed:
            return self._not_signed_in(failed.answer, now)
        answer = self._read(found["who"], POST, found["rkey"])  # by handle, too: it is looked up there
        subject = {"uri": answer.get("uri"), "cid": answer.get("cid")}
        if not _posted(answer, url):
            said = self._xrpc.say(answer)
            unclear = Deferred(say("bluesky-not-looked-up", said), now + PAUSE)
            return self._certain(answer, now, say("bluesky-no-post-there", said)) or unclear
        record = {"$type": collection, "subject": subject, "createdAt": _stamp(order.planned)}
        return self._put({"repo": me, "rkey": tid(order.planned, order.key), "record": record}, url.strip(), now)

    def _certain(self, answer: Answer, now: datetime, refused: str = "", remedy: str = "") -> Refused | Deferred | None:
        """What this answer proves: nothing was done. None when it proves nothing.

        `refused` is what to say where that is a refusal.
        """
        said = self._xrpc.say(answer)
        if not answer.usable:
            return Refused(say("bluesky-no-request"))
        if not answer.sent:
            return Deferred(say("network-server-unreachable", self._xrpc.host), now + PAUSE)
        if answer.code == 429:
            return Deferred(say("network-slow-down", self.NETWORK), answer.until(now))
        if answer.code in (401, 403) or str(answer.get("error")).startswith(("Account", "Repo", *STALE)):
            return Deferred(say("bluesky-not-allowed", said), now + LATEST)
        if 300 <= answer.code < 400 or answer.code in (404, 405, 501):
            return Deferred(say("bluesky-wrong-server", said), now + LATEST)
        if 400 <= answer.code < 500 and answer.code != 408:
            return Refused(f"{refused or say('network-refused', self.NETWORK, said)} {remedy}".strip())
        return None

    def _not_signed_in(self, answer: Answer, now: datetime) -> Deferred:
        """Why there is no session, and what to do; nothing was asked or done."""
        said = say("bluesky-no-entry", self._xrpc.say(answer))
        if answer.code in (400, 401) and not str(answer.get("error")).startswith("Account"):
            return Deferred(f"{said} {say('bluesky-remedy-password')}", now + LATEST)
        certain = self._certain(answer, now)
        return certain if isinstance(certain, Deferred) else Deferred(said, now + PAUSE)


class _NotTakenError(Exception):
    """A picture was not taken: `answer` says why."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("not taken")
        self.answer = answer


# --- what a record is made of ---------------------------------------------------------------------------------------


def tid(at: datetime, key: str) -> str:
    """The key of a record: a time in microseconds and ten bits, in a base 32 that sorts. https://atproto.com/specs/tid

    Of the time, only the second is `at`; all below comes from `key`. So one order has one key of a record, always, and
    that two orders of the same second share one happens once in a thousand million.
    """
    seconds = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    chance = int.from_bytes(sha256(key.encode(errors="surrogatepass")).digest())
    number = (seconds * 1_000_000 + chance % 1_000_000) << 10 | chance // 1_000_000 % 1024
    return "".join("234567abcdefghijklmnopqrstuvwxyz"[number >> shift & 31] for shift in range(60, -1, -5))


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _languages(language: str) -> list[str]:
    """The language as BCP 47 has it, or what it begins with: https://atproto.com/specs/lexicon#language"""
    fitting = [tag for tag in (language, language.partition("-")[0]) if _LANGUAGE.fullmatch(tag)]
    return fitting[:1]


def _reply(after: tuple[str, ...]) -> dict[str, Any] | None:
    if not after:
        return None
    root, parent = (dict(zip(("uri", "cid"), id_.partition(" ")[::2], strict=True)) for id_ in (after[0], after[-1]))
    return {"root": root, "parent": parent}


def _link(did: str, rkey: str) -> str:
    return f"https://bsky.app/profile/{did}/post/{rkey}"


def _posted(answer: Answer, link: str) -> Posted | None:
    """A record that is there: its address and the digest of its contents, together the name to refer to it by."""
    uri, cid = answer.get("uri"), answer.get("cid")
    if not answer.ok or not isinstance(cid, str) or not cid or not str(uri).startswith("at://"):
        return None
    return Posted(link, f"{uri} {cid}")


def _is_absent(answer: Answer) -> bool:
    """Whether the server says that it has no such record; old ones have no error of their own for that."""
    said = str(answer.get("message"))
    return answer.code == 400 and (
        answer.get("error") == "RecordNotFound" or said.startswith("Could not locate record")
    )


def _fetched(link: str) -> Card | None:
    from smbot.channels import linkcard

    return linkcard.fetch(link)


def _usable_handle(handle: str) -> str:
    handle = handle.strip().removeprefix("@").lower()
    if not re.fullmatch(r"([a-z\d-]+\.)+[a-z][a-z\d-]*|did:[\w.:%-]+", handle, re.ASCII):
        raise UsageError(say("bluesky-bad-handle"))
    return handle


def _usable_password(password: str) -> str:
    if not re.fullmatch(r"[!-~]+", password.strip()):
        raise UsageError(say("bluesky-bad-password"))
    return password.strip()
