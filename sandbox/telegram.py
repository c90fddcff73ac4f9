"""A stand-in for Telegram: bots, and the channels and groups they are in.

https://core.telegram.org/bots/api says what is imitated; how errors are worded is taken from the source of the real
server, https://github.com/tdlib/telegram-bot-api. The real one passes over a parameter it does not know; here it is
a complaint as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from sandbox.standin import Answered, ApiError, Handler, Json, StandIn, as_json, form

CHARACTERS, DELETABLE, MINUTE = 4096, timedelta(hours=48), timedelta(minutes=1)
# Names and types of the parameters as published for Bot API 10.1.
_PREVIEW = {"is_disabled": bool, "url": str, "prefer_small_media": bool, "prefer_large_media": bool,
            "show_above_text": bool}  # fmt: skip
_REPLY = {"message_id": int, "chat_id": (int, str), "allow_sending_without_reply": bool, "quote": str,
          "quote_parse_mode": str, "quote_entities": list, "quote_position": int, "checklist_task_id": int}  # fmt: skip
_WORDS: Json = {"business_connection_id": str, "chat_id": (int, str), "text": str, "parse_mode": str,
                "entities": list, "link_preview_options": _PREVIEW, "reply_markup": dict}  # fmt: skip
PARAMETERS: dict[str, Json] = {
    "getMe": {},
    "getChat": {"chat_id": (int, str)},
    "getChatMember": {"chat_id": (int, str), "user_id": int},
    "sendMessage": _WORDS | {"message_thread_id": int, "direct_messages_topic_id": int, "disable_notification": bool,
                             "protect_content": bool, "allow_paid_broadcast": bool, "message_effect_id": str,
                             "suggested_post_parameters": dict, "reply_parameters": _REPLY},
    "editMessageText": _WORDS | {"message_id": int, "inline_message_id": str},
    "deleteMessage": {"chat_id": (int, str), "message_id": int},
}  # fmt: skip


@dataclass(frozen=True)
class Bot:
    """A bot and the token that opens it."""

    id: int
    username: str
    token: str


@dataclass
class Chat:
    """A channel, group or person. `members` are the bots in it, as a ChatMember says their rights.

    `permissions` are what everybody may do in a group; `moved_to` is the supergroup a group has become.
    """

    id: int
    type: str
    title: str
    username: str = ""
    members: dict[int, Json] = field(default_factory=dict)
    permissions: Json = field(default_factory=lambda: {"can_send_messages": True})
    moved_to: int = 0
    messages: dict[int, Json] = field(default_factory=dict)
    last: int = 0

    def shown(self) -> Json:
        named = {"username": self.username} if self.username else {}
        return {"id": self.id, "type": self.type, "title": self.title, **named}


BOTS = (
    Bot(7000000001, "wikitech_news_bot", "7000000001:token-of-wikitech"),
    Bot(7000000002, "mediawiki_news_bot", "7000000002:token-of-mediawiki"),
)
POSTS = {"status": "administrator", "can_post_messages": True, "can_delete_messages": False}


def chats() -> list[Chat]:
    """A public channel for each bot, which may post there."""
    return [
        Chat(-1001500000001, "channel", "Wikitech", "wikitech", {BOTS[0].id: dict(POSTS)}),
        Chat(-1001500000002, "channel", "MediaWiki", "mediawiki", {BOTS[1].id: dict(POSTS)}),
    ]


class Telegram(StandIn):
    """The server. `per_minute` messages are taken a minute and chat; `complaints` say what no client should do."""

    def __init__(
        self, port: int = 0, clock: Callable[[], datetime] = lambda: datetime.now(UTC), per_minute: int = 20
    ) -> None:
        super().__init__(TelegramHandler, port)
        self.clock, self.per_minute = clock, per_minute
        self.chats = chats()
        self.complaints: list[str] = []

    def chat(self, username: str) -> Chat:
        return next(chat for chat in self.chats if chat.username == username)

    def words(self, username: str) -> list[str]:
        """What can be read in a chat, oldest first."""
        return [message["text"] for message in self.chat(username).messages.values()]

    def say(self, chat: Chat, words: str, bot: int = 0, **more: Any) -> Json:
        """A message in a chat, by a bot or (0) a person."""
        with self.lock:
            chat.last += 1
            at = int(self.clock().timestamp())
            message = {"message_id": chat.last, "date": at, "text": words.strip(), "bot": bot, **more}
            chat.messages[chat.last] = message
            return message


class TelegramHandler(Handler):
    """One request: which bot, which method, what it may do in the chat."""

    server: Telegram

    def answer(self) -> Answered:
        try:
            with self.server.lock:
                return as_json(200, {"ok": True, "result": self.act()})
        except ApiError as error:
            return failure(error.status, error.message, **error.more)

    def error(self, status: int) -> Answered:
        return failure(status, HTTPStatus(status).phrase)

    def wait(self) -> Answered:
        return failure(429, "Too Many Requests: retry after 120", retry_after=120)

    def act(self) -> Any:
        found = re.fullmatch(r"/bot([^/]+)/(\w+)", self.route)
        if not found:
            raise ApiError(404, "Not Found")
        self.bot = next((bot for bot in BOTS if bot.token == found[1]), None)
        if not self.bot:
            raise ApiError(401, "Unauthorized" if ":" in found[1] else "Unauthorized: invalid token specified")
        if found[2] not in PARAMETERS:
            raise ApiError(404, "Not Found: method not found")
        self.fields = {**self.query, **form(self.headers.get("Content-Type", ""), self.body)}
        self.examine(self.fields, PARAMETERS[found[2]], found[2])
        return getattr(self, found[2])(self.bot)

    def examine(self, fields: Json, published: Json, where: str) -> None:
        """Complain of what is not published, or of another type; the latter is an error as well."""
        for name, value in fields.items():
            kind = published.get(name)
            if kind is None:
                self.server.complaints.append(f"{where}: {name} is unknown")
            elif isinstance(kind, dict) and isinstance(value, dict):
                self.examine(value, kind, f"{where}.{name}")
            elif isinstance(kind, dict) or not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
                self.server.complaints.append(f"{where}: {name} is {value!r}")
                raise ApiError(400, f"Bad Request: can't parse {name}")

    # --- the methods ---

    def getMe(self, bot: Bot) -> Json:  # noqa: N802 - the network chooses the names
        return {"id": bot.id, "is_bot": True, "first_name": bot.username, "username": bot.username}

    def getChat(self, _: Bot) -> Json:  # noqa: N802
        chat = self.place()
        return chat.shown() | ({} if chat.type == "channel" else {"permissions": chat.permissions})

    def getChatMember(self, bot: Bot) -> Json:  # noqa: N802
        chat = self.place()
        if chat.type == "channel" and bot.id not in chat.members:
            raise ApiError(400, "Bad Request: member list is inaccessible")
        return {"user": self.getMe(bot), **chat.members.get(bot.id, {"status": "left"})}

    def sendMessage(self, bot: Bot) -> Json:  # noqa: N802
        chat = self.may_post(bot)
        words = self.words()
        reply = self.fields.get("reply_parameters", {})
        if reply and reply.get("message_id") not in chat.messages and not reply.get("allow_sending_without_reply"):
            raise ApiError(400, "Bad Request: message to be replied not found")
        self.slow_down(chat)
        options = {"link_preview_options": self.fields.get("link_preview_options", {})}
        answered = {"reply_to": reply["message_id"]} if reply else {}
        return self.shown(chat, self.server.say(chat, words, bot.id, **options, **answered))

    def editMessageText(self, bot: Bot) -> Json:  # noqa: N802
        chat = self.may_post(bot)
        message = chat.messages.get(self.fields.get("message_id", 0))
        if not message:
            raise ApiError(400, "Bad Request: message to edit not found")
        if message["bot"] != bot.id:
            raise ApiError(400, "Bad Request: message can't be edited")
        words = self.words().strip()
        if message["text"] == words:
            raise ApiError(
                400,
                "Bad Request: message is not modified: specified new message content and reply markup are exactly the "
                "same as a current content and reply markup of the message",
            )
        message["text"] = words
        return self.shown(chat, message)

    def deleteMessage(self, bot: Bot) -> bool:  # noqa: N802
        chat = self.may_post(bot)
        message = chat.messages.get(self.fields.get("message_id", 0))
        if not message:
            raise ApiError(400, "Bad Request: message to delete not found")
        age = self.server.clock() - datetime.fromtimestamp(message["date"], UTC)
        if not chat.members[bot.id].get("can_delete_messages") and (message["bot"] != bot.id or age > DELETABLE):
            raise ApiError(400, "Bad Request: message can't be deleted for everyone")
        del chat.messages[message["message_id"]]
        return True

    # --- rules of the real server ---

    def place(self) -> Chat:
        """The chat that is meant."""
        name = str(self.fields.get("chat_id", ""))
        for chat in self.server.chats:
            if name == str(chat.id) or (chat.username and name.casefold() == f"@{chat.username}".casefold()):
                return chat
        raise ApiError(400, "Bad Request: chat not found" if name else "Bad Request: chat_id is empty")

    def may_post(self, bot: Bot) -> Chat:
        chat = self.place()
        member = chat.members.get(bot.id, {"status": "left"})
        if chat.moved_to:
            more = {"migrate_to_chat_id": chat.moved_to}
            raise ApiError(400, "Bad Request: group chat was upgraded to a supergroup chat", **more)
        if member["status"] == "kicked":
            raise ApiError(403, f"Forbidden: bot was kicked from the {chat.type} chat")
        if member["status"] == "left":
            raise ApiError(403, f"Forbidden: bot is not a member of the {chat.type} chat")
        if chat.type == "channel" and not member.get("can_post_messages"):
            raise ApiError(400, "Bad Request: need administrator rights in the channel chat")
        everybody = member["status"] == "member" and not chat.permissions["can_send_messages"]
        if everybody or (member["status"] == "restricted" and not member.get("can_send_messages")):
            raise ApiError(400, "Bad Request: not enough rights to send text messages to the chat")
        return chat

    def words(self) -> str:
        words = str(self.fields.get("text", ""))
        if not words.strip():
            raise ApiError(400, "Bad Request: message text is empty")
        if sum(1 + (character > "\uffff") for character in words.strip()) > CHARACTERS:
            raise ApiError(400, "Bad Request: message is too long")
        return words

    def slow_down(self, chat: Chat) -> None:
        """https://core.telegram.org/bots/faq: not more than 20 messages a minute in a group."""
        now = self.server.clock()
        dates = [datetime.fromtimestamp(m["date"], UTC) for m in chat.messages.values() if m["bot"]]
        recent = [at for at in dates if now - at < MINUTE]
        if len(recent) >= self.server.per_minute:
            wait = max(1, int((min(recent) + MINUTE - now).total_seconds()))
            raise ApiError(429, f"Too Many Requests: retry after {wait}", retry_after=wait)

    def shown(self, chat: Chat, message: Json) -> Json:
        return {**{name: message[name] for name in ("message_id", "date", "text")}, "chat": chat.shown()}


def failure(status: int, description: str, **parameters: Any) -> Answered:
    """https://core.telegram.org/bots/api#making-requests"""
    more = {"parameters": parameters} if parameters else {}
    return as_json(status, {"ok": False, "error_code": status, "description": description, **more})
