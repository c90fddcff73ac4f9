"""A stand-in for Google Chat: spaces, and the webhooks that post into them.

https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages/create says what is imitated, the
form of errors is https://cloud.google.com/apis/design/errors. How long Google honours a requestId is not published;
here it never ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from sandbox.standin import Answered, ApiError, Handler, Json, StandIn, as_json, form

BYTES = 32_000
QUERY = {"key", "token", "requestId", "threadKey", "messageReplyOption", "messageId"}
MESSAGE = {"text": str, "markupSyntax": str, "thread": dict, "cardsV2": list, "fallbackText": str,
           "accessoryWidgets": list}  # fmt: skip
MARKUP = ("MARKUP_SYNTAX_UNSPECIFIED", "MARKUP_SYNTAX_CHAT", "MARKUP_SYNTAX_MARKDOWN")
STATUS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
          409: "ALREADY_EXISTS", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE"}  # fmt: skip


@dataclass
class Space:
    """A space: its webhooks by token, its messages, and which message each requestId made, with whose token."""

    tokens: set[str]
    messages: list[Json] = field(default_factory=list)
    made: dict[str, tuple[str, str]] = field(default_factory=dict)


class GoogleChat(StandIn):
    """The server. `per_minute` messages are taken a minute and space; `complaints` say what no client should do."""

    KEY = "key-of-the-world"

    def __init__(
        self, port: int = 0, clock: Callable[[], datetime] = lambda: datetime.now(UTC), per_minute: int = 60
    ) -> None:
        super().__init__(GoogleChatHandler, port)
        self.clock, self.per_minute = clock, per_minute
        self.spaces = {name: Space({f"token-of-{name}"}) for name in ("wikitech", "mediawiki")}
        self.complaints: list[str] = []

    def webhook(self, space: str, key: str = KEY, token: str = "") -> str:
        """The address of a webhook, as Chat shows it."""
        return f"{self.url}/v1/spaces/{space}/messages?key={key}&token={token or f'token-of-{space}'}"

    def words(self, space: str) -> list[str]:
        """What can be read in a space, oldest first."""
        return [message["text"] for message in self.spaces[space].messages]

    def say(self, space: str, words: str, markup: str = "") -> Json:
        """A message that starts a thread of its own."""
        with self.lock:
            messages = self.spaces[space].messages
            name = f"m{len(messages) + 1:04}"
            message = {
                "name": f"spaces/{space}/messages/{name}.{name}",
                "text": words,
                "markup": markup,
                "at": self.clock(),
            }
            messages.append(message)
            return message


class GoogleChatHandler(Handler):
    """One request to post."""

    server: GoogleChat

    def answer(self) -> Answered:
        try:
            with self.server.lock:
                return as_json(200, self.create())
        except ApiError as error:
            return failure(error.status, error.message, **error.more)

    def error(self, status: int) -> Answered:
        return failure(status, HTTPStatus(status).phrase)

    def wait(self) -> Answered:
        return failure(429, "Resource has been exhausted (e.g. check quota).", {"Retry-After": "120"})

    def create(self) -> Json:
        found = re.fullmatch(r"/v1/spaces/([\w-]+)/messages", self.route)
        if not found or self.command != "POST":
            raise ApiError(404, "Method not found.")
        space, message = self.authorise(found[1]), self.message()
        key, token = self.query.get("requestId", ""), self.query["token"]
        name, whose = space.made.get(key, ("", token))
        if whose != token:
            raise ApiError(409, "The request ID was used by another user.")
        if not name:
            self.slow_down(space)
            name = str(self.server.say(found[1], message["text"], message.get("markupSyntax", ""))["name"])
        if key:
            space.made[key] = (name, token)
        # to a webhook, what it sent comes back with the two names
        return message | {"name": name, "thread": {"name": name.replace("/messages/", "/threads/").rpartition(".")[0]}}

    # --- rules of the real server ---

    def authorise(self, name: str) -> Space:
        if "key" not in self.query:
            raise ApiError(403, "The request is missing a valid API key.")
        if self.query["key"] != self.server.KEY:
            more = {"reason": "API_KEY_INVALID", "domain": "googleapis.com"}
            raise ApiError(400, "API key not valid. Please pass a valid API key.", **more)
        if name not in self.server.spaces:
            raise ApiError(404, "Requested entity was not found.")
        if self.query.get("token") not in self.server.spaces[name].tokens:
            raise ApiError(401, "Request had invalid authentication credentials.")
        return self.server.spaces[name]

    def message(self) -> Json:
        """The message of the request, if it is one; Google refuses what it does not know."""
        for name in self.query.keys() - QUERY:
            self.complain(f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter.')
        message = form(self.headers.get("Content-Type", ""), self.body)
        for name, value in message.items():
            if name not in MESSAGE:
                self.complain(
                    f"Invalid JSON payload received. Unknown name \"{name}\" at 'message': Cannot find field."
                )
            if not isinstance(value, MESSAGE[name]) or (name == "markupSyntax" and value not in MARKUP):
                self.complain(f"Invalid value at 'message.{name}'.")
        if not message.get("text", "").strip():
            raise ApiError(400, "Message cannot be empty.")
        if len(self.body) > 6 * BYTES or len(message["text"].encode(errors="replace")) > BYTES:
            raise ApiError(400, "Message is too long.")
        return message

    def complain(self, words: str) -> None:
        self.server.complaints.append(words)
        raise ApiError(400, words)

    def slow_down(self, space: Space) -> None:
        """https://developers.google.com/workspace/chat/limits: 60 a minute and space."""
        recent = [m for m in space.messages if self.server.clock() - m["at"] < timedelta(minutes=1)]
        if len(recent) >= self.server.per_minute:
            raise ApiError(429, "Resource has been exhausted (e.g. check quota).")


def failure(status: int, message: str, headers: dict[str, str] | None = None, **info: Any) -> Answered:
    """An error as all of Google's APIs give it."""
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", **info}] if info else []
    error = {"code": status, "message": message, "status": STATUS.get(status, "UNKNOWN")}
    return as_json(status, {"error": error | ({"details": details} if details else {})}, headers)
