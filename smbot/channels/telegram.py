"""Telegram: a channel or a group, by a bot.

Where the rules come from:

- posting, changing, deleting: https://core.telegram.org/bots/api#sendmessage and its neighbours
- what an error holds: https://core.telegram.org/bots/api#responseparameters
- how its descriptions are worded: https://github.com/tdlib/telegram-bot-api/blob/master/telegram-bot-api/Client.cpp
- rate limits: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this

A bot cannot read what it posted, and Telegram knows no key that makes two requests one: a post in doubt is for a
person to look for. The token is part of every address, so that no address may ever be quoted.

The id of a post is its address without https://t.me/: `wikitech/17`, or `c/1500000001/17` in a chat without a public
name. It names the chat too: were another CHAT set one day, no post of another chat could be deleted by mistake.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from smbot.channels import Cannot, Credential, Order, Parcel
from smbot.channels.wire import PAUSE, Answer, Wire, server, within
from smbot.errors import ChannelError, Unknowable, UsageError
from smbot.messages import say
from smbot.model import Can, Deferred, InDoubt, Media, Outcome, Posted, Refused, Retracted, Rules, Text

API = "https://api.telegram.org"
CHARACTERS = 4096
# Descriptions of a 400 that are about the chat or the bot in it, not about the post.
_OF_THE_CHAT = re.compile(
    r"chat not found|rights|upgraded|deactivated|logged out|peer_id|user_banned|channel_|"
    r"chat_(write|send|admin|restricted|guest)",
    re.IGNORECASE,
)
_ID = re.compile(r"(c/[0-9]+|[A-Za-z]\w+)/[0-9]+", re.ASCII)
REMEDIES = {401: "token", 403: "chat", 404: "address"}  # the messages telegram-remedy-..., by status


def rules(limits: Mapping[str, Any]) -> Rules:  # noqa: ARG001 - they are the same for all
    """The rules of every chat: plain words, whose first link Telegram shows a preview of.

    Bots upload a picture only by posting it, and the words below it may be 1,024 characters: no pictures yet.
    """
    return Rules(
        network="Telegram",
        characters=CHARACTERS,
        measure=_measure,
        images=0,
        link_cards=True,
        can=frozenset({Can.THREAD, Can.CORRECT, Can.RETRACT}),
    )


def _measure(words: str) -> int:
    """UTF-16 code units, as https://core.telegram.org/bots/api#messageentity counts: an emoji is two or more."""
    return len(words.encode("utf-16-le", "surrogatepass")) // 2


def credentials() -> Mapping[str, Credential]:
    """What a channel on Telegram needs."""
    return {
        "TOKEN": Credential(say("telegram-credential-token")),
        "CHAT": Credential(say("telegram-credential-chat")),
        "URL": Credential(say("telegram-credential-url", API), optional=True),
    }


def connect(secrets: Mapping[str, str]) -> Telegram:
    """The channel these credentials open."""
    return Telegram(secrets.get("TOKEN", ""), secrets.get("CHAT", ""), secrets.get("URL", "") or API)


class Telegram(Cannot):
    """A bot in one chat. `timeout` (seconds) bounds each wait for the server."""

    NETWORK = "Telegram"

    def __init__(self, token: str, chat: str, url: str = API, *, timeout: float = 30) -> None:
        token, self._chat = token.strip(), chat.strip()
        if not re.fullmatch(r"[0-9]{1,20}:[A-Za-z0-9_-]{1,100}", token):
            raise UsageError(say("telegram-bad-token"))
        if not re.fullmatch(r"@[A-Za-z]\w{2,63}|-?[0-9]{1,20}", self._chat, re.ASCII):
            raise UsageError(say("telegram-bad-chat"))
        self._wire = Wire(server(url, self.NETWORK), timeout, (token, token.partition(":")[2]))
        self._path = f"/bot{token}/"

    def limits(self) -> dict[str, Any]:
        """Nothing: they are the same for all."""
        return {}

    def pack(self, text: Text, media: tuple[Media, ...], order: Order, now: datetime) -> Parcel | Refused | Deferred:  # noqa: ARG002
        """The words, and which post they answer. A warning stands above them; then the link has no preview."""
        words = text.warned
        if media:
            return Refused(say("network-words-only", self.NETWORK))
        if not words.strip() or any("\ud800" <= character <= "\udfff" for character in words):
            return Refused(say("network-half-or-empty"))
        if _measure(words) > CHARACTERS:
            return Refused(say("network-too-long-with-warning", f"{CHARACTERS:,}"))
        return {"words": words, "preview": not text.warning, "after": order.after[-1] if order.after else ""}

    def post(self, parcel: Parcel, now: datetime) -> Outcome:
        """Post once, and only once: a second request would be a second post."""
        answer = self._ask("sendMessage", chat_id=self._chat, **_words(parcel), **_reply(parcel))
        doubt = InDoubt(say("network-not-confirmed", self._said(answer)))
        return _posted(answer) or self._certain(answer, now) or doubt

    def find(self, parcel: Parcel, since: datetime) -> Posted | None:  # noqa: ARG002
        """Nothing shows a bot the posts of a chat: https://core.telegram.org/bots/api has no method for it."""
        raise Unknowable(say("telegram-shows-nothing"))

    def retract(self, id_: str, now: datetime) -> Retracted | Refused | Deferred:
        """Delete a post; most chats let a bot do that for 48 hours."""
        if not _ID.fullmatch(id_):
            return Refused(say("telegram-no-id"))
        answer = self._ask("deleteMessage", **_place(id_))
        if _yes(answer) or _objects(answer, "message to delete not found"):
            return Retracted()
        if _objects(answer, "can't be deleted"):
            return Refused(say("telegram-too-old"))
        return self._certain(answer, now) or self._unclear(answer, now)

    def correct(self, id_: str, parcel: Parcel, now: datetime) -> Posted | Refused | Deferred:
        """Change the words of a post, which Telegram then marks as edited."""
        if not _ID.fullmatch(id_):
            return Refused(say("telegram-no-id"))
        answer = self._ask("editMessageText", **_place(id_), **_words(parcel))
        if _yes(answer) or _objects(answer, "message is not modified"):
            return Posted(f"https://t.me/{id_}", id_)
        return self._certain(answer, now) or self._unclear(answer, now)

    def check(self) -> str:
        """The chat's name, once it is known that the bot may post there and that its posts will have addresses."""
        bot = self._learn("getMe")
        chat = self._learn("getChat", chat_id=self._chat)
        if chat.get("type") not in ("channel", "supergroup"):
            raise ChannelError(say("telegram-no-addresses"))
        if not _may_post(chat, self._learn("getChatMember", chat_id=self._chat, user_id=bot.get("id"))):
            raise ChannelError(say("telegram-may-not-post", self._wire.clean(str(bot.get("username")))))
        if chat.get("username"):
            return f"@{chat['username']}"
        return self._wire.clean(say("telegram-private", chat.get("title")))

    def _ask(self, method: str, **fields: Any) -> Answer:
        return self._wire.ask("POST", self._path + method, json=fields)

    def _learn(self, method: str, **fields: Any) -> dict[str, Any]:
        """What a reading call found, or ChannelError."""
        answer = self._ask(method, **fields)
        found = answer.get("result")
        if not _yes(answer) or not isinstance(found, dict):
            said = say("network-not-asked", self.NETWORK, self._said(answer))
            raise ChannelError(f"{said} {_remedy(answer)}".strip())
        return found

    def _certain(self, answer: Answer, now: datetime) -> Refused | Deferred | None:
        """What this answer proves: nothing was done. None when it proves nothing."""
        if not answer.sent:
            return Deferred(say("network-server-unreachable", self._wire.host), now + PAUSE)
        if answer.code == 429:
            return Deferred(say("network-slow-down", self.NETWORK), _until(answer, now))
        if not 300 <= answer.code < 500 or answer.code == 408:
            return None
        refused = say("network-refused", self.NETWORK, self._said(answer))
        if answer.code < 400 or answer.code in REMEDIES or _of_the_chat(answer):
            return Deferred(f"{refused} {_remedy(answer)}", now + PAUSE)
        return Refused(refused)

    def _unclear(self, answer: Answer, now: datetime) -> Deferred:
        return Deferred(say("network-unclear", self._said(answer)), now + PAUSE)

    def _said(self, answer: Answer) -> str:
        return self._wire.say(answer, ("description",))


def _words(parcel: Parcel) -> dict[str, Any]:
    return {"text": parcel["words"], "link_preview_options": {"is_disabled": not parcel["preview"]}}


def _reply(parcel: Parcel) -> dict[str, Any]:
    return {"reply_parameters": {"message_id": _place(parcel["after"])["message_id"]}} if parcel["after"] else {}


def _place(id_: str) -> dict[str, Any]:
    """The chat and the number that an id holds."""
    chat, _, number = id_.rpartition("/")
    return {"chat_id": f"-100{chat[2:]}" if chat.startswith("c/") else f"@{chat}", "message_id": int(number)}


def _posted(answer: Answer) -> Posted | None:
    """The post as Telegram names it; None where the answer names none."""
    number, chat, name = (
        answer.get("result", *path) for path in (["message_id"], ["chat", "id"], ["chat", "username"])
    )
    if not _yes(answer) or not isinstance(number, int) or not isinstance(chat, int):
        return None
    id_ = f"{name}/{number}" if name else f"c/{str(chat).removeprefix('-100')}/{number}"
    return Posted(f"https://t.me/{id_}", id_)


def _yes(answer: Answer) -> bool:
    return answer.ok and answer.get("ok") is True


def _objects(answer: Answer, words: str) -> bool:
    """Whether this is what Telegram has against the request."""
    return answer.code == 400 and words in str(answer.get("description"))


def _of_the_chat(answer: Answer) -> bool:
    return answer.code == 400 and _OF_THE_CHAT.search(str(answer.get("description"))) is not None


def _until(answer: Answer, now: datetime) -> datetime:
    seconds = answer.get("parameters", "retry_after")
    return (
        within(now + timedelta(seconds=min(max(seconds, 0), 3600)), now)
        if isinstance(seconds, int)
        else answer.until(now)
    )


def _remedy(answer: Answer) -> str:
    moved = answer.get("parameters", "migrate_to_chat_id")
    if isinstance(moved, int):
        return say("telegram-moved", str(moved))
    if 300 <= answer.code < 400:
        return say("telegram-remedy-elsewhere")
    name = REMEDIES.get(answer.code, "chat" if _of_the_chat(answer) else "")
    return say(f"telegram-remedy-{name}") if name else ""


def _may_post(chat: Mapping[str, Any], member: Mapping[str, Any]) -> bool:
    """https://core.telegram.org/bots/api#chatmember: what each status tells."""
    status, everybody = member.get("status"), chat.get("permissions") or {}
    if chat.get("type") == "channel":
        return status == "administrator" and member.get("can_post_messages") is True
    if status == "restricted":
        return member.get("is_member") is True and member.get("can_send_messages") is True
    return status == "administrator" or (status == "member" and everybody.get("can_send_messages", True) is True)
