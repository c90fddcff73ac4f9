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
from smbot.messages import say
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
        "URL": Credential(say("matrix-credential-url")),
        "TOKEN": Credential(say("matrix-credential-token")),
        "ROOM": Credential(say("matrix-credential-room")),
    }


def connect(secrets: Mapping[str, str]) -> Matrix:
    """The channel these credentials open."""
    return Matrix(secrets.get("URL", ""), secrets.get("TOKEN", ""), secrets.get("ROOM", ""))


class Matrix(Cannot):
    """One account in one room. `timeout` (seconds) bounds each wait for the homeserver."""

    NETWORK = "Matrix"

    def __init__(self, url: str, token: str, room: str, *, timeout: float = 30) -> None:
        if not re.fullmatch(r"[!-~]+", token.strip()):
            raise UsageError(say("network-bad-token", "Matrix"))
        # the ids of newer rooms have no server: https://spec.matrix.org/latest/appendices/#room-ids
        if not re.fullmatch(r"!\S{1,254}|#[^\s:]{1,200}:\S{1,200}", room.strip()):
            raise UsageError(say("matrix-bad-room"))
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
            return Refused(say("network-words-only", self.NETWORK))
        if not words.strip() or not _encodable(words):
            return Refused(say("network-half-or-empty"))
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
        return self._certain(answer, now) or InDoubt(say("network-not-confirmed", self._said(answer)))

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
            raise ChannelError(say("matrix-changed-since", unclear))
        return None

    def retract(self, id_: str, now: datetime) -> Retracted | Refused | Deferred:
        """Delete ("redact") the message, its corrections first: afterwards they could not be found any more."""
        room, _, event = id_.partition(" ")
        try:
            names = [*self._corrections(room, event), event]
        except Unknowable as error:
            return Refused(str(error))
        except ChannelError as error:
            return Deferred(f"{say('matrix-not-deleted')} {error}", now + PAUSE)
        for name in names:
            key = sha256(name.encode(errors="replace")).hexdigest()
            answer = self._request("PUT", API + _path("rooms", room, "redact", name, key), json={})
            if not answer.ok:
                return self._certain(answer, now) or Deferred(say("network-unclear", self._said(answer)), now + PAUSE)
        return Retracted()

    def correct(self, id_: str, parcel: Parcel, now: datetime) -> Posted | Refused | Deferred:
        """Replace the words, unless they are there already.

        The homeserver would take an edit of a deleted message, which nobody sees: so it is read first.
        """
        room, _, event = id_.partition(" ")
        there = self._request("GET", API + _path("rooms", room, "event", event))
        if not there.ok:
            return self._certain(there, now) or Deferred(say("matrix-not-changed", self._said(there)), now + PAUSE)
        words = there.get("unsigned", "m.relations", "m.replace", "content", "m.new_content", "body")
        if not there.get("content") or there.get("sender") != parcel["sender"]:
            return Refused(say("matrix-gone"))
        if (words or there.get("content", "body")) != parcel["words"]:
            edit = _message(f"* {parcel['words']}") | {
                "m.new_content": _message(parcel["words"]),
                "m.relates_to": {"rel_type": "m.replace", "event_id": event},
            }
            answer = self._send(room, uuid4().hex, edit)
            if not answer.ok:
                return self._certain(answer, now) or Deferred(say("network-unclear", self._said(answer)), now + PAUSE)
        return _posted(room, event, parcel["sender"])

    def check(self) -> str:
        """The account and its room; whether it is in there, may speak, and is read by everybody."""
        me, room = self._who(), self._room_id()
        with _as_promised():
            if room not in self._ask(f"{API}/joined_rooms")["joined_rooms"]:
                raise ChannelError(say("matrix-not-in-room", me, self._room))
            state = API + _path("rooms", room, "state")
            if self._ask(f"{state}/m.room.encryption", missing={}):
                raise ChannelError(say("matrix-encrypted", self._room))
            levels = self._ask(f"{state}/m.room.power_levels", missing={})
            needed = levels.get("events", {}).get("m.room.message", levels.get("events_default", 0))
            if levels.get("users", {}).get(me, levels.get("users_default", 0)) < needed:
                self._check_creator(f"{state}/m.room.create", me, needed)
        return say("matrix-in-room", me, self._room)

    def _check_creator(self, path: str, me: str, needed: int) -> None:
        """From room version 12 on the creators of a room may do everything, and are in no list of power levels."""
        created = self._ask(f"{path}?format=event", missing={})
        content = created.get("content", {})
        everything = str(content.get("room_version", "1")) not in map(str, range(1, 12))
        if not everything or me not in (created.get("sender"), *content.get("additional_creators", ())):
            raise ChannelError(say("matrix-may-not-speak", me, self._room, needed))

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
        raise ChannelError(say("matrix-more-messages", PAGE * PAGES))

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
        raise Unknowable(say("matrix-more-corrections", PAGE * PAGES))

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
            said = say("network-not-asked", self.NETWORK, self._said(answer))
            raise ChannelError(f"{said} {_remedy(answer)}".strip())
        return dict(answer.body)

    def _request(self, method: str, path: str, **request: Any) -> Answer:
        return self._wire.ask(method, path, headers=self._headers, **request)

    def _certain(self, answer: Answer, now: datetime) -> Refused | Deferred | None:
        """What this answer proves: nothing was done. None when it proves nothing."""
        if not answer.usable:
            return Refused(say("network-no-request-to-server"))
        if not answer.sent:
            return Deferred(say("network-server-unreachable", self._wire.host), now + PAUSE)
        if answer.code == 429:
            return Deferred(say("matrix-slow-down"), _until(answer, now))
        refused = say("matrix-refused", self._said(answer))
        if answer.code in ABOUT_THE_POST:
            return Refused(f"{refused} {say('network-change-post')}")
        if 300 <= answer.code < 500 and answer.code != 408:
            return Deferred(f"{refused} {_remedy(answer)}".strip(), now + PAUSE)
        return None

    def _said(self, answer: Answer) -> str:
        return self._wire.say(answer, ("error",))


@contextmanager
def _as_promised() -> Iterator[None]:
    """An answer of another shape than the specification gives is a failure to ask."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError):
        raise ChannelError(say("matrix-odd-answer")) from None


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
        return say("matrix-remedy-elsewhere")
    if answer.get("errcode") == "M_NOT_FOUND":
        return say("matrix-remedy-room")
    name = {401: "token", 403: "right", 404: "url", 429: "wait"}.get(answer.code, "")
    return say(f"matrix-remedy-{name}") if name else ""
