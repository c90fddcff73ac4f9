"""Matrix: notices in one room, by one account, over the client-server API.

Where the rules come from:

- posting: https://spec.matrix.org/latest/client-server-api/#put_matrixclientv3roomsroomidsendeventtypetxnid
- size: https://spec.matrix.org/latest/client-server-api/#size-limits
- transaction ids: https://spec.matrix.org/latest/client-server-api/#transaction-identifiers; for how long is each
  server's choice: Synapse half an hour at least, and a day in its database
- edits: https://spec.matrix.org/latest/client-server-api/#event-replacements
- deleting: https://spec.matrix.org/latest/client-server-api/#redactions
- links: https://spec.matrix.org/latest/appendices/#matrixto-navigation

A picture would be an event of its own, and a post is one event: posts are words only.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from smbot.channels import Cannot, Credential, Order, Parcel
from smbot.channels.wire import PAUSE, Answer, Wire, server, within
from smbot.errors import ChannelError, Unknowable, UsageError
from smbot.model import Can, Deferred, InDoubt, Media, Outcome, Posted, Refused, Retracted, Rules, Text

API = "/_matrix/client/v3"
RELATIONS = "/_matrix/client/v1"  # https://spec.matrix.org/latest/client-server-api/#aggregations-endpoints
BYTES = 30_000  # an event holds 65,536, and a correction carries its words twice
SKEW = timedelta(minutes=2)
PAGE, PAGES = 100, 5  # how far back `find` reads
ABOUT_THE_POST = (400, 413, 422)  # what another post might not meet


def rules(limits: Mapping[str, Any]) -> Rules:  # noqa: ARG001 - the same on every server
    """The rules of the protocol."""
    return Rules(
        network="Matrix",
        characters=20_000,
        measure=len,
        bytes=BYTES,
        images=0,
        can=frozenset({Can.CORRECT, Can.RETRACT}),
        again=timedelta(minutes=30),
    )


def credentials() -> Mapping[str, Credential]:
    """What a channel on Matrix needs."""
    return {
        "URL": Credential(
            "The address of the account's homeserver, such as https://matrix.org "
            "(in Element: All settings > Help & About)."
        ),
        "TOKEN": Credential("In Element, logged in as the account: All settings > Help & About > Access Token."),
        "ROOM": Credential(
            "The room's address, such as #news:matrix.org, or its internal id (Room settings > Advanced). "
            "The account has to be in the room."
        ),
    }


def connect(secrets: Mapping[str, str]) -> Matrix:
    """The channel these credentials open."""
    return Matrix(secrets.get("URL", ""), secrets.get("TOKEN", ""), secrets.get("ROOM", ""))


class Matrix(Cannot):
    """One account in one room. `timeout` (seconds) bounds each wait for the homeserver."""

    NETWORK = "Matrix"

    def __init__(self, url: str, token: str, room: str, *, timeout: float = 30) -> None:
        if not re.fullmatch(r"[!-~]+", token.strip()):
            raise UsageError("The TOKEN of a Matrix channel is missing or has characters no token has.")
        # the ids of newer rooms have no server: https://spec.matrix.org/latest/appendices/#room-ids
        if not re.fullmatch(r"!\S{1,254}|#[^\s:]{1,200}:\S{1,200}", room.strip()):
            raise UsageError("The ROOM of a Matrix channel is like #news:example.org or !id:example.org.")
        self._wire = Wire(server(url, "Matrix"), timeout, [token.strip()])
        self._headers = {"Authorization": f"Bearer {token.strip()}"}
        self._room = room.strip()

    def limits(self) -> dict[str, Any]:
        """Nothing: the limits of Matrix are the protocol's own."""
        return {}

    def pack(self, text: Text, media: tuple[Media, ...], order: Order, now: datetime) -> Parcel | Refused | Deferred:
        """The words, with a warning above them, and where they go: the room's own id, as an address may move."""
        words = text.warned
        if media:
            return Refused("A post on Matrix is words only: take the picture off.")
        if not words.strip() or not _encodable(words):
            return Refused("These words cannot be sent: they are empty or hold half a character.")
        try:
            sender, room = self._who(), self._room_id()
        except ChannelError as error:
            return Deferred(str(error), now + PAUSE)
        key = sha256(order.key.encode(errors="replace")).hexdigest()
        return {"key": key, "words": words, "room": room, "sender": sender}

    def post(self, parcel: Parcel, now: datetime) -> Outcome:
        """Post once: the key is the transaction id, under which the homeserver keeps one event for this device."""
        answer = self._send(parcel["room"], parcel["key"], _message(parcel["words"]))
        event = answer.get("event_id")
        if answer.ok and isinstance(event, str) and event:
            return _posted(parcel["room"], event, parcel["sender"])
        return self._certain(answer, now) or InDoubt(f"Sent, but not confirmed: {self._said(answer)}.")

    def find(self, parcel: Parcel, since: datetime) -> Posted | None:
        """Look through one's own messages, newest first.

        The homeserver shows a message's transaction id to the device that sent it; where it does not, the words tell.
        """
        wanted, unclear = _comparable(parcel["words"]), ""
        with _as_promised():
            for event in self._own_since(parcel, since - SKEW):
                about, words = event.get("unsigned", {}), event["content"].get("body")
                key, found = about.get("transaction_id"), _posted(parcel["room"], event["event_id"], parcel["sender"])
                if key == parcel["key"] or (not key and words and _comparable(words) == wanted):
                    return found
                if not key and (not words or "m.replace" in about.get("m.relations", {})):
                    unclear = found.url
        if unclear:
            raise ChannelError(f"It may have been posted and changed or deleted since: compare {unclear} with it.")
        return None

    def retract(self, id_: str, now: datetime) -> Retracted | Refused | Deferred:
        """Delete ("redact") the message, its corrections first: afterwards they could not be found any more."""
        room, _, event = id_.partition(" ")
        try:
            names = [*self._corrections(room, event), event]
        except Unknowable as error:
            return Refused(str(error))
        except ChannelError as error:
            return Deferred(f"Nothing was deleted. {error}", now + PAUSE)
        for name in names:
            key = sha256(name.encode(errors="replace")).hexdigest()
            answer = self._request("PUT", API + _path("rooms", room, "redact", name, key), json={})
            if not answer.ok:
                return self._certain(answer, now) or Deferred(f"Not confirmed: {self._said(answer)}.", now + PAUSE)
        return Retracted()

    def correct(self, id_: str, parcel: Parcel, now: datetime) -> Posted | Refused | Deferred:
        """Replace the words, unless they are there already.

        The homeserver would take an edit of a deleted message, which nobody sees: so it is read first.
        """
        room, _, event = id_.partition(" ")
        there = self._request("GET", API + _path("rooms", room, "event", event))
        if not there.ok:
            return self._certain(there, now) or Deferred(f"Nothing was changed: {self._said(there)}.", now + PAUSE)
        words = there.get("unsigned", "m.relations", "m.replace", "content", "m.new_content", "body")
        if not there.get("content") or there.get("sender") != parcel["sender"]:
            return Refused("The post cannot be corrected: it has been deleted, or is another account's.")
        if (words or there.get("content", "body")) != parcel["words"]:
            edit = _message(f"* {parcel['words']}") | {
                "m.new_content": _message(parcel["words"]),
                "m.relates_to": {"rel_type": "m.replace", "event_id": event},
            }
            answer = self._send(room, uuid4().hex, edit)
            if not answer.ok:
                return self._certain(answer, now) or Deferred(f"Not confirmed: {self._said(answer)}.", now + PAUSE)
        return _posted(room, event, parcel["sender"])

    def check(self) -> str:
        """The account and its room; whether it is in there, may speak, and is read by everybody."""
        me, room = self._who(), self._room_id()
        with _as_promised():
            if room not in self._ask(f"{API}/joined_rooms")["joined_rooms"]:
                raise ChannelError(f"{me} is not in the room {self._room}: invite it, and let it join.")
            state = API + _path("rooms", room, "state")
            if self._ask(f"{state}/m.room.encryption", missing={}):
                raise ChannelError(f"The room {self._room} is encrypted: choose one that is not, for public news.")
            levels = self._ask(f"{state}/m.room.power_levels", missing={})
            needed = levels.get("events", {}).get("m.room.message", levels.get("events_default", 0))
            if levels.get("users", {}).get(me, levels.get("users_default", 0)) < needed:
                self._check_creator(f"{state}/m.room.create", me, needed)
        return f"{me} in {self._room}"

    def _check_creator(self, path: str, me: str, needed: int) -> None:
        """From room version 12 on the creators of a room may do everything, and are in no list of power levels."""
        created = self._ask(f"{path}?format=event", missing={})
        content = created.get("content", {})
        everything = str(content.get("room_version", "1")) not in map(str, range(1, 12))
        if not everything or me not in (created.get("sender"), *content.get("additional_creators", ())):
            raise ChannelError(f"{me} may not speak in {self._room}: give it the power level {needed} there.")

    # --- asking ---

    def _who(self) -> str:
        with _as_promised():
            return str(self._ask(f"{API}/account/whoami")["user_id"])

    def _room_id(self) -> str:
        if self._room.startswith("!"):
            return self._room
        with _as_promised():
            return str(self._ask(API + _path("directory", "room", self._room))["room_id"])

    def _own_since(self, parcel: Parcel, oldest: datetime) -> Iterator[dict[str, Any]]:
        place, path = "", API + _path("rooms", parcel["room"], "messages")
        wanted = {"types": ["m.room.message"], "senders": [parcel["sender"]]}
        for _ in range(PAGES):
            query = {"dir": "b", "limit": str(PAGE), "filter": json.dumps(wanted)} | ({"from": place} if place else {})
            page = self._ask(path, params=query)
            times = [event["origin_server_ts"] / 1000 for event in page["chunk"]]
            for event, at in zip(page["chunk"], times, strict=True):
                if at >= oldest.timestamp() and event["sender"] == parcel["sender"]:
                    yield event
            place = page.get("end", "")
            if not place or (times and times[-1] < oldest.timestamp()):
                return
        raise ChannelError(f"More than {PAGE * PAGES} newer messages: look for it in the room.")

    def _corrections(self, room: str, event: str) -> list[str]:
        """The names of one's own corrections of a message. Anybody in the room may send what looks like one."""
        me, path = self._who(), f"{RELATIONS}{_path('rooms', room, 'relations', event)}/m.replace"
        names, place = list[str](), ""
        for _ in range(PAGES):
            answer = self._request("GET", path, params={"limit": str(PAGE)} | ({"from": place} if place else {}))
            if answer.code == 404:  # a server that keeps no such list
                return names
            with _as_promised():
                page = self._body(answer)
                names += [str(edit["event_id"]) for edit in page["chunk"] if edit["sender"] == me]
                place = page.get("next_batch", "")
            if not place:
                return names
        raise Unknowable(f"More than {PAGE * PAGES} messages look like corrections of it: delete it in the room.")

    def _send(self, room: str, key: str, content: dict[str, Any]) -> Answer:
        return self._request("PUT", API + _path("rooms", room, "send", "m.room.message", key), json=content)

    def _ask(self, path: str, missing: dict[str, Any] | None = None, **request: Any) -> dict[str, Any]:
        """The answer, or ChannelError; `missing` where the homeserver has no such thing."""
        answer = self._request("GET", path, **request)
        if answer.get("errcode") == "M_NOT_FOUND" and missing is not None:
            return missing
        return self._body(answer)

    def _body(self, answer: Answer) -> dict[str, Any]:
        if not answer.ok:
            raise ChannelError(f"Matrix could not be asked: {self._said(answer)}. {_remedy(answer)}".strip())
        return dict(answer.body)

    def _request(self, method: str, path: str, **request: Any) -> Answer:
        return self._wire.ask(method, path, headers=self._headers, **request)

    def _certain(self, answer: Answer, now: datetime) -> Refused | Deferred | None:
        """What this answer proves: nothing was done. None when it proves nothing."""
        if not answer.usable:
            return Refused("The post could not be put into a request: check its words, and the address of the server.")
        if not answer.sent:
            return Deferred(f"The server {self._wire.host} could not be reached.", now + PAUSE)
        if answer.code == 429:
            return Deferred("The homeserver asks to slow down (rate limit).", _until(answer, now))
        if answer.code in ABOUT_THE_POST:
            return Refused(f"The homeserver refused: {self._said(answer)}. Change the post, then approve it again.")
        if 300 <= answer.code < 500 and answer.code != 408:
            return Deferred(f"The homeserver refused: {self._said(answer)}. {_remedy(answer)}".strip(), now + PAUSE)
        return None

    def _said(self, answer: Answer) -> str:
        return self._wire.say(answer, ("error",))


@contextmanager
def _as_promised() -> Iterator[None]:
    """An answer of another shape than the specification gives is a failure to ask."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError):
        raise ChannelError("Matrix answered something else than its specification promises.") from None


def _message(words: str) -> dict[str, Any]:
    # a notice is what a bot says: https://spec.matrix.org/latest/client-server-api/#mnotice
    return {"msgtype": "m.notice", "body": words}


def _posted(room: str, event: str, sender: str) -> Posted:
    """`via` names a server through which others find the room."""
    place = _path(room, event) + f"?via={quote(sender.partition(':')[2], safe='')}"
    return Posted(url=f"https://matrix.to/#{place}", id=f"{room} {event}")


def _path(*names: str) -> str:
    return "".join(f"/{quote(name, safe='', errors='replace')}" for name in names)


def _encodable(words: str) -> bool:
    try:
        return bool(words.encode())
    except UnicodeEncodeError:
        return False


def _comparable(words: str) -> str:
    lines = unicodedata.normalize("NFC", words).splitlines()
    return "\n".join(line.strip() for line in lines).strip()


def _until(answer: Answer, now: datetime) -> datetime:
    """The header, or the field that came before it."""
    wait = answer.get("retry_after_ms")
    if isinstance(wait, int) and "retry-after" not in answer.headers:
        return within(now + timedelta(milliseconds=min(max(wait, 0), 3_600_000)), now)
    return answer.until(now)


def _remedy(answer: Answer) -> str:
    if 300 <= answer.code < 400:
        return "It sends elsewhere: set the URL of the channel to the homeserver's own address."
    if answer.get("errcode") == "M_NOT_FOUND":
        return "Check the ROOM of the channel."
    return {
        401: "The access token does not work any more: log in anew and set the TOKEN of the channel.",
        403: "The account has to be in the room and may have to be given the right to speak there.",
        404: "Check that the URL of the channel is that of a Matrix homeserver.",
        429: "It asks to slow down (rate limit).",
    }.get(answer.code, "")
