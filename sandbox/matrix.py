"""A stand-in for a Matrix homeserver: a stateful server on loopback that answers as Synapse 1.163 was seen to.

It knows one room (of version 12, whose id has no server in it) with an address, and takes only the parameters of the
requests that https://spec.matrix.org/latest/client-server-api/ gives. Its tokens are published: it must never leave
loopback.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from sandbox.standin import Answered, ApiError, Handler, Json, StandIn, as_json

NAME = "matrix.test"  # of the server, as it stands in the names of its users
ROOM, ALIAS = "!QZ9vNf0dGmA4mXl1XzvbV8sTgdWb1yq0pS3aHjK7c2E", f"#news:{NAME}"
LARGEST = 65_536  # bytes of an event


class Matrix(StandIn):
    """The homeserver. `events` are those of the room, oldest first; `complaints` what was asked wrongly of it."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        super().__init__(MatrixHandler, 0)
        self.clock = clock
        self.complaints: list[str] = []
        self.events: list[Json] = []
        self.keys: dict[tuple[str, ...], str] = {}  # path, user, device -> event
        self.tokens = {f"token-of-{name}": (f"@{name}:{NAME}", f"PHONE_{name}") for name in ("wikitech", "mediawiki")}
        self.joined = {user for user, _ in self.tokens.values()}
        self.levels: Json = {"users": {}, "users_default": 0, "events": {"m.room.name": 50}, "events_default": 0}
        self.creator: Json = {"sender": f"@admin:{NAME}", "content": {"room_version": "12"}}
        self.encryption: Json = {}

    def add(self, user: str, kind: str, content: Json, at: datetime | None = None, **more: Any) -> str:
        """A new event; its name."""
        with self.lock:
            name = f"${len(self.events):03d}-_aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789Ab"
            stamp = int((at or self.clock()).timestamp() * 1000)
            event = {"type": kind, "content": content, "event_id": name, "sender": user, "room_id": ROOM}
            self.events.append(event | {"origin_server_ts": stamp, "unsigned": {"age": 1}} | more)
            return name

    def named(self, name: str) -> Json | None:
        """An event as people see it: deleted, or with its correction beside it."""
        event = next((event for event in self.events if event["event_id"] == name), None)
        if event is None:
            return None
        if any(other.get("redacts") == name for other in self.events):
            return event | {"content": {}}
        edits = [edit for edit in self.edits(name) if edit["content"]]
        return event | ({"unsigned": event["unsigned"] | {"m.relations": {"m.replace": edits[-1]}}} if edits else {})

    def edits(self, name: str) -> list[Json]:
        """The corrections of an event by its own author, oldest first; of a deleted one there are none."""
        with self.lock:
            authors = {event["event_id"]: event["sender"] for event in self.events}
            deleted = {event.get("redacts") for event in self.events}
            return [
                event
                for event in self.events
                if event["content"].get("m.relates_to") == {"rel_type": "m.replace", "event_id": name}
                and event["sender"] == authors.get(name)
                and not {name, event["event_id"]} & deleted
            ]

    def shown(self, user: str) -> list[str]:
        """What people read of a user in the room, oldest first."""
        words = []
        for event in (self.named(event["event_id"]) for event in self.events):
            content = event["content"] if event and event["sender"] == user else {}
            if event and content.get("body") and "m.relates_to" not in content:
                edit = event["unsigned"].get("m.relations", {}).get("m.replace", {}).get("content", {})
                words.append(edit.get("m.new_content", content)["body"])
        return words


class MatrixHandler(Handler):
    """One request: find the route, do it, answer."""

    server: Matrix

    def answer(self) -> Answered:
        for method, pattern, parameters, fields, action in ROUTES:
            found = re.fullmatch(pattern, self.route)
            if found and method == self.command:
                try:
                    self.check(parameters, fields)
                    self.user, self.device = self.authorised()
                    with self.server.lock:
                        return as_json(200, action(self, *map(unquote, found.groups())))
                except ApiError as error:
                    return as_json(error.status, {"errcode": error.more["code"], "error": error.message})
        self.server.complaints.append(f"{self.command} {self.route}")
        return as_json(404, {"errcode": "M_UNRECOGNIZED", "error": "Unrecognized request"})

    def error(self, status: int) -> Answered:
        codes = {401: "M_UNKNOWN_TOKEN", 403: "M_FORBIDDEN", 404: "M_UNRECOGNIZED", 413: "M_TOO_LARGE"}
        if status == 429:
            return as_json(429, {"errcode": "M_LIMIT_EXCEEDED", "error": "Too Many Requests", "retry_after_ms": 4851})
        return as_json(status, {"errcode": codes.get(status, "M_UNKNOWN"), "error": "Something is wrong"})

    def wait(self) -> Answered:
        body = {"errcode": "M_LIMIT_EXCEEDED", "error": "Too Many Requests", "retry_after_ms": 120_000}
        return as_json(429, body, {"Retry-After": "120"})

    def check(self, parameters: set[str], fields: set[str] | None) -> None:
        """Only what the specification knows: a real server overlooks the rest."""
        unknown = set(self.query) - parameters
        self.form: Json = {}
        if fields is None and self.body:
            unknown.add("a body")
        if fields is not None:
            try:
                self.form = json.loads(self.body)
            except ValueError:
                self.complain(400, "M_NOT_JSON", "Content not JSON.")
            if not isinstance(self.form, dict):
                self.complain(400, "M_BAD_JSON", "Content must be a JSON object.")
            unknown |= set(self.form) - fields
        if unknown:
            self.complain(400, "M_BAD_JSON", f"Unknown here: {', '.join(sorted(unknown))}")

    def complain(self, status: int, code: str, message: str) -> None:
        self.server.complaints.append(f"{self.command} {self.route}: {message}")
        raise ApiError(status, message, code=code)

    def authorised(self) -> tuple[str, str]:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.server.tokens:
            raise ApiError(401, "Invalid access token passed.", code="M_UNKNOWN_TOKEN")
        return self.server.tokens[token]

    def inside(self, room: str) -> None:
        if room != ROOM or self.user not in self.server.joined:
            raise ApiError(403, f"User {self.user} not in room {room}", code="M_FORBIDDEN")

    # --- the routes ---

    def whoami(self) -> Json:
        return {"user_id": self.user, "device_id": self.device, "is_guest": False}

    def directory(self, alias: str) -> Json:
        if alias != ALIAS:
            raise ApiError(404, f"Room alias {alias} not found", code="M_NOT_FOUND")
        return {"room_id": ROOM, "servers": [NAME]}

    def rooms(self) -> Json:
        return {"joined_rooms": [ROOM] if self.user in self.server.joined else []}

    def state(self, room: str, kind: str) -> Json:
        self.inside(room)
        created = self.server.creator if self.query.get("format") == "event" else self.server.creator["content"]
        states = {"m.room.power_levels": self.server.levels, "m.room.create": created}
        states["m.room.encryption"] = self.server.encryption
        if not states.get(kind):
            raise ApiError(404, "Event not found.", code="M_NOT_FOUND")
        return states[kind]

    def send(self, room: str, key: str) -> Json:
        self.inside(room)
        if known := self.known():
            return known
        for field in ("body", "msgtype"):
            if not isinstance(self.form.get(field), str):
                self.complain(400, "M_UNKNOWN", f"'{field}' not in content")
        self.speak()
        try:
            size = len(json.dumps(self.form, ensure_ascii=False, separators=(",", ":")).encode())
        except UnicodeEncodeError:
            raise ApiError(500, "Internal server error", code="M_UNKNOWN") from None
        if size > LARGEST - 1000:  # what else an event holds
            raise ApiError(413, "event too large", code="M_TOO_LARGE")
        relation = self.form.get("m.relates_to")
        if relation and not self.server.named(relation["event_id"]):
            raise ApiError(400, "Can't send relation to unknown event", code="M_UNKNOWN")
        return self.remember(self.server.add(self.user, "m.room.message", self.form), key)

    def redact(self, room: str, name: str, key: str) -> Json:
        """Whatever is deleted already, or was never there, may be deleted."""
        self.inside(room)
        if known := self.known():
            return known
        event = self.server.named(name)
        if event and event["sender"] != self.user:
            raise ApiError(403, "You don't have permission to redact events", code="M_FORBIDDEN")
        return self.remember(self.server.add(self.user, "m.room.redaction", {"redacts": name}, redacts=name), key)

    def speak(self) -> None:
        levels = self.server.levels
        needed = levels["events"].get("m.room.message", levels["events_default"])
        level = levels["users"].get(self.user, levels["users_default"])
        if level < needed and self.user != self.server.creator["sender"]:
            message = (
                f"You don't have permission to post that to the room. user_level ({level}) < send_level ({needed})"
            )
            raise ApiError(403, message, code="M_FORBIDDEN")

    def known(self) -> Json:
        name = self.server.keys.get((self.route, self.user, self.device))
        return {"event_id": name} if name else {}

    def remember(self, name: str, key: str) -> Json:
        self.server.keys[self.route, self.user, self.device] = name
        self.server.events[-1] |= {"device": self.device, "key": key}
        return {"event_id": name}

    def seen(self, event: Json | None) -> Json:
        """An event as this device sees it: only to the one that sent it is the transaction id shown."""
        shown = {name: value for name, value in (event or {}).items() if name not in ("device", "key")}
        if event and event.get("device") == self.device:
            shown["unsigned"] = shown["unsigned"] | {"transaction_id": event["key"]}
        return shown

    def event(self, room: str, name: str) -> Json:
        self.inside(room)
        event = self.server.named(name)
        if not event:
            raise ApiError(404, "Event not found.", code="M_NOT_FOUND")
        return self.seen(event)

    def relations(self, room: str, name: str) -> Json:
        self.inside(room)
        if not self.server.named(name):
            raise ApiError(404, "Unknown parent event.", code="M_UNKNOWN")
        return {"chunk": [self.seen(edit) for edit in reversed(self.server.edits(name))]}

    def messages(self, room: str) -> Json:
        self.inside(room)
        wanted = json.loads(self.query.get("filter", "{}"))
        if self.query.get("dir") != "b" or set(wanted) - {"types", "senders"}:
            self.complain(400, "M_INVALID_PARAM", "this stand-in only reads backwards, by types and senders")
        start = int(self.query.get("from", f"t{len(self.server.events)}").removeprefix("t"))
        found = [
            number
            for number, event in enumerate(self.server.events[:start])
            if event["type"] in wanted.get("types", [event["type"]])
            and event["sender"] in wanted.get("senders", [event["sender"]])
        ][-int(self.query.get("limit", "10")) :]
        chunk = [self.seen(self.server.named(self.server.events[number]["event_id"])) for number in reversed(found)]
        return {"chunk": chunk, "start": f"t{start}"} | ({"end": f"t{found[0]}"} if found else {})


_V3 = "/_matrix/client/v3"
_MESSAGE = {"msgtype", "body", "format", "formatted_body", "m.new_content", "m.relates_to", "m.mentions"}
ROUTES: list[tuple[str, str, set[str], set[str] | None, Callable[..., Json]]] = [
    ("GET", f"{_V3}/account/whoami", set(), None, MatrixHandler.whoami),
    ("GET", f"{_V3}/directory/room/([^/]+)", set(), None, MatrixHandler.directory),
    ("GET", f"{_V3}/joined_rooms", set(), None, MatrixHandler.rooms),
    ("GET", f"{_V3}/rooms/([^/]+)/state/([^/]+)", {"format"}, None, MatrixHandler.state),
    ("PUT", f"{_V3}/rooms/([^/]+)/send/m\\.room\\.message/([^/]+)", set(), _MESSAGE, MatrixHandler.send),
    ("PUT", f"{_V3}/rooms/([^/]+)/redact/([^/]+)/([^/]+)", set(), {"reason"}, MatrixHandler.redact),
    ("GET", f"{_V3}/rooms/([^/]+)/event/([^/]+)", set(), None, MatrixHandler.event),
    ("GET", f"{_V3}/rooms/([^/]+)/messages", {"dir", "limit", "from", "to", "filter"}, None, MatrixHandler.messages),
    (
        "GET",
        "/_matrix/client/v1/rooms/([^/]+)/relations/([^/]+)/m\\.replace",
        {"dir", "limit", "from", "to", "recurse"},
        None,
        MatrixHandler.relations,
    ),
]
