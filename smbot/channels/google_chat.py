"""Google Chat: a space of a Google Workspace, by an incoming webhook.

Where the rules come from:

- the webhook: https://developers.google.com/workspace/chat/quickstart/webhooks
- posting, 32,000 bytes, requestId: https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages/create
- markup: https://developers.google.com/workspace/chat/format-messages
- rate limits: https://developers.google.com/workspace/chat/limits (60 messages a minute and space)
- the form of an error: https://cloud.google.com/apis/design/errors#http_mapping

A webhook can only post: it reads, changes and deletes nothing. What makes a post safe to repeat is its requestId.

Chat knows two markups and no way to have none. The older one is asked for, as it leaves line breaks alone: words in
*asterisks*, _underscores_, ~tildes~ or `backquotes` are shown without the marks, and nothing can escape them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit
from uuid import NAMESPACE_URL, uuid5

from smbot.channels import Cannot, Credential, Order, Parcel
from smbot.channels.wire import PAUSE, Answer, Wire
from smbot.errors import Unknowable, UsageError
from smbot.messages import say
from smbot.model import Deferred, InDoubt, Media, Outcome, Posted, Refused, Rules, Text

BYTES = 32_000
# Google says that a requestId gives one message, and sets no end to that; other APIs of theirs keep such ids an hour.
AGAIN = timedelta(hours=1)
# <users/all> would call everybody in the space, <address|words> would hide the address.
_CALLS_OR_HIDES = re.compile(r"<users/[^<>]*>|<[^<>|\s]+\|[^<>]*>")


def rules(limits: Mapping[str, Any]) -> Rules:  # noqa: ARG001 - they are the same for all
    """The rules of every space: bytes count; the number of characters says the same to people."""
    return Rules(network="Google Chat", characters=BYTES, measure=len, bytes=BYTES, images=0, again=AGAIN)


def credentials() -> Mapping[str, Credential]:
    """What a channel on Google Chat needs."""
    return {"WEBHOOK": Credential(say("google-chat-credential-webhook"))}


def connect(secrets: Mapping[str, str]) -> GoogleChat:
    """The channel this webhook opens."""
    return GoogleChat(secrets.get("WEBHOOK", ""))


class GoogleChat(Cannot):
    """The webhook of one space. `timeout` (seconds) bounds each wait for the server."""

    NETWORK = "Google Chat"

    def __init__(self, webhook: str, *, timeout: float = 30) -> None:
        parts, self._space, self._query = _usable(webhook)
        self._path = parts.path
        secrets = (parts.query, *re.split("[=&]", parts.query), *self._query.values())
        self._wire = Wire(f"{parts.scheme}://{parts.netloc}", timeout, [s for s in secrets if s not in self._query])

    def limits(self) -> dict[str, Any]:
        """Nothing: they are the same for all."""
        return {}

    def pack(self, text: Text, media: tuple[Media, ...], order: Order, now: datetime) -> Parcel | Refused | Deferred:  # noqa: ARG002
        """The words and the id of the request, which is made of `order.key`. A warning stands above the words."""
        words = text.warned
        if media:
            return Refused(say("network-words-only", self.NETWORK))
        if not words.strip() or any("\ud800" <= character <= "\udfff" for character in words):
            return Refused(say("network-half-or-empty"))
        if len(words.encode()) > BYTES:
            return Refused(say("google-chat-too-long", f"{BYTES:,}"))
        if found := _CALLS_OR_HIDES.search(words):
            return Refused(say("google-chat-shows-other", found[0][:80]))
        key = order.key.encode(errors="backslashreplace").decode()
        return {"words": words, "request": str(uuid5(NAMESPACE_URL, key))}

    def post(self, parcel: Parcel, now: datetime) -> Outcome:
        """Post once under the id of the request: Google answers a second time with the first message."""
        query = {**self._query, "requestId": parcel["request"]}
        message = {"text": parcel["words"], "markupSyntax": "MARKUP_SYNTAX_CHAT"}
        answer = self._wire.ask("POST", self._path, params=query, json=message)
        return (
            self._posted(answer)
            or self._certain(answer, now)
            or InDoubt(say("network-not-confirmed", self._said(answer)))
        )

    def find(self, parcel: Parcel, since: datetime) -> Posted | None:  # noqa: ARG002
        """A webhook reads nothing."""
        raise Unknowable(say("google-chat-cannot-read"))

    def check(self) -> str:
        """The space. A webhook cannot be tried without posting, so this asks nobody."""
        return say("google-chat-untried", f"spaces/{self._space}")

    def _posted(self, answer: Answer) -> Posted | None:
        """To a webhook Google answers little more than the name of the message."""
        name = answer.get("name")
        named = (
            re.fullmatch(rf"spaces/{re.escape(self._space)}/messages/([\w.-]+)", name, re.ASCII)
            if isinstance(name, str)
            else None
        )
        if not answer.ok or not named:
            return None
        # a message is named after its thread: spaces/S/messages/THREAD.MESSAGE
        return Posted(f"https://chat.google.com/room/{self._space}/{named[1].replace('.', '/')}", named[0])

    def _certain(self, answer: Answer, now: datetime) -> Refused | Deferred | None:
        """What this answer proves: nothing was posted. None when it proves nothing.

        A 409 proves nothing: the id of the request was used before, perhaps with another webhook.
        """
        if not answer.sent:
            return Deferred(say("network-server-unreachable", self._wire.host), now + PAUSE)
        if answer.code == 429:
            return Deferred(say("network-slow-down", self.NETWORK), answer.until(now))
        if not 300 <= answer.code < 500 or answer.code in (408, 409):
            return None
        refused = say("network-refused", self.NETWORK, self._said(answer))
        if answer.code < 400 or answer.code in (401, 403, 404) or _of_the_webhook(answer):
            return Deferred(f"{refused} {say('google-chat-new-webhook')}", now + PAUSE)
        return Refused(refused)

    def _said(self, answer: Answer) -> str:
        return self._wire.say(answer, ("error", "message"))


def _of_the_webhook(answer: Answer) -> bool:
    """Whether a 400 is about the key in the address: https://cloud.google.com/apis/design/errors#error_info."""
    said = f"{answer.get('error', 'details', 0, 'reason')} {answer.get('error', 'message')}"
    return answer.code == 400 and re.search("API_KEY_INVALID|api key|webhook", said, re.IGNORECASE) is not None


def _usable(webhook: str) -> tuple[SplitResult, str, dict[str, str]]:
    """The address of a webhook in its parts, its space, and what its query says. Raises UsageError, quoting nothing."""
    wrong = UsageError(say("google-chat-bad-webhook"))
    try:
        parts = urlsplit(webhook.strip())
        host, _ = parts.hostname, parts.port
        query = {name: values[0] for name, values in parse_qs(parts.query, strict_parsing=True).items()}
    except ValueError:
        raise wrong from None
    google = (parts.scheme, parts.netloc) == ("https", "chat.googleapis.com")
    here = parts.scheme == "http" and host in ("127.0.0.1", "localhost", "::1") and "@" not in parts.netloc
    space = re.fullmatch(r"/v1/spaces/([\w-]+)/messages", parts.path, re.ASCII)
    if not (google or here) or not space or set(query) != {"key", "token"} or parts.fragment:
        raise wrong
    return parts, space[1], query
