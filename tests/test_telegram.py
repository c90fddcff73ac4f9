"""Telegram: what its errors prove, where its posts are, and what a bot may do in a chat."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from traceback import format_exception
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.standin import Fault, as_json
from sandbox.telegram import BOTS, POSTS, Chat, TelegramHandler
from sandbox.telegram import Telegram as Server
from smbot.channels import Order, telegram
from smbot.channels.telegram import Telegram, rules
from smbot.channels.wire import Wire
from smbot.errors import ChannelError, Unknowable, UsageError
from smbot.model import Can, Deferred, InDoubt, Media, Outcome, Posted, Refused, Retracted, Text

NOW = datetime.now(UTC)
ORDER = Order("key", NOW)
WORDS = "Vector 2022 comes to ଓଡ଼ିଆ ଉଇକିପିଡ଼ିଆ 👋🏽 שלום: https://www.mediawiki.org/wiki/X"
TOKEN = BOTS[0].token
BOT = BOTS[0].id
PRIVATE = "-1001500000009"
measure = rules({}).measure


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running
        assert running.complaints == []


def channel(server: Server, chat: str = "@wikitech", token: str = TOKEN) -> Telegram:
    return Telegram(token, chat, server.url, timeout=2)


def pack(words: str, *after: str, warning: str = "") -> Any:
    found = Telegram(TOKEN, "@wikitech").pack(Text(words, warning=warning), (), Order("key", NOW, after), NOW)
    assert isinstance(found, dict)
    return found


def post(server: Server, words: str = WORDS, **more: Any) -> Outcome:
    return channel(server, **more).post(pack(words), NOW)


def group(server: Server, **more: Any) -> Chat:
    """A private supergroup the bot is a member of."""
    made = Chat(int(PRIVATE), "supergroup", "Tech talk", members={BOT: {"status": "member"}}, **more)
    server.chats.append(made)
    return made


# --- counting and packing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "count"),
    [("", 0), ("Hello", 5), ("ନମସ୍କାର", 7), ("مرحبًا", 6), ("שָׁלוֹם", 7), ("维基", 2), ("👋🏽", 4), ("𝔸", 2), ("\ud83d", 1)],
)
def test_length_is_in_utf_16_code_units(words: str, count: int) -> None:
    assert measure(words) == count


@given(st.text())
def test_counting_is_that_of_utf_16(words: str) -> None:
    assert measure(words) == sum(1 + (ord(character) > 0xFFFF) for character in words)


@pytest.mark.parametrize("words", ["x" * 4096, "😀" * 2048])
def test_the_longest_post_there_may_be_is_taken(server: Server, words: str) -> None:
    assert isinstance(post(server, words), Posted)
    assert server.words("wikitech") == [words]


@pytest.mark.parametrize(
    ("words", "warning", "says"),
    [("x" * 4090, "Maths", "4,096"), ("", "", "empty"), (" \n", "", "empty"), ("half: \ud83d", "", "half a character")],
)
def test_words_that_cannot_be_sent_are_refused_before_anything_is(words: str, warning: str, says: str) -> None:
    got = Telegram(TOKEN, "@wikitech").pack(Text(words, warning=warning), (), ORDER, NOW)
    assert isinstance(got, Refused)
    assert says in got.reason


def test_a_picture_is_refused_and_not_left_out_in_silence() -> None:
    got = Telegram(TOKEN, "@wikitech").pack(Text(WORDS), (Media(b"GIF89a", "image/gif", "A globe"),), ORDER, NOW)
    assert isinstance(got, Refused)
    assert "take the picture off" in got.reason
    assert rules({}).images == 0


def test_a_warning_stands_above_the_words_and_hides_the_preview_of_the_link(server: Server) -> None:
    channel(server).post(pack("See https://example.org", warning="Spiders"), NOW)
    channel(server).post(pack("See https://example.org"), NOW)
    warned, plain = server.chat("wikitech").messages.values()
    assert (warned["text"], plain["text"]) == ("Spiders\n\nSee https://example.org", "See https://example.org")
    assert [message["link_preview_options"]["is_disabled"] for message in (warned, plain)] == [True, False]


def test_words_that_look_like_markup_are_sent_as_they_are(server: Server) -> None:
    words = "*a* _b_ <b>c</b> &amp; [d](https://example.org) ||e|| `f` /start @name #tag"
    post(server, words)
    assert server.words("wikitech") == [words]


# --- where a post is ------------------------------------------------------------------------------------------------


def test_a_post_in_a_public_channel_has_an_address_for_everybody(server: Server) -> None:
    assert post(server) == Posted("https://t.me/wikitech/1", "wikitech/1")
    assert post(server, chat="-1001500000001") == Posted("https://t.me/wikitech/2", "wikitech/2")


def test_a_post_in_a_private_group_has_an_address_for_its_members(server: Server) -> None:
    group(server)
    assert post(server, chat=PRIVATE) == Posted("https://t.me/c/1500000009/1", "c/1500000009/1")


def test_a_thread_is_a_chain_of_answers(server: Server) -> None:
    first = post(server)
    assert isinstance(first, Posted)
    second = channel(server).post(pack("Two", first.id), NOW)
    assert isinstance(second, Posted)
    channel(server).post(pack("Three", first.id, second.id), NOW)
    assert [message.get("reply_to") for message in server.chat("wikitech").messages.values()] == [None, 1, 2]


def test_a_part_whose_predecessor_was_deleted_is_refused(server: Server) -> None:
    got = channel(server).post(pack("Two", "wikitech/5"), NOW)
    assert isinstance(got, Refused)
    assert "replied not found" in got.reason


def test_a_bot_can_never_tell_whether_it_posted() -> None:
    with pytest.raises(Unknowable, match="look for it in the chat"):
        Telegram(TOKEN, "@wikitech").find(pack(WORDS), NOW)
    assert not rules({}).again


# --- what an error proves -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "outcome", "says"),
    [
        ("400", Refused, "Bad Request"),
        ("401", Deferred, "@BotFather"),
        ("403", Deferred, "Check CHAT"),
        ("404", Deferred, "Check the token"),
        ("413", Refused, "413"),
        ("422", Refused, "422"),
        ("redirect", Deferred, "check the URL"),
        ("429-wait", Deferred, "slow down"),
        ("408", InDoubt, "408"),
        ("500", InDoubt, "500"),
        ("502-html", InDoubt, "502"),
        ("half-json", InDoubt, "no answer"),
        ("broken-json", InDoubt, "HTTP 200"),
        ("empty", InDoubt, "HTTP 200"),
        ("reset", InDoubt, "no answer"),
    ],
)
def test_each_answer_to_a_post_has_its_outcome_and_says_why(
    server: Server, kind: str, outcome: type[Outcome], says: str
) -> None:
    server.faults.append(Fault("/sendMessage$", kind))
    got = post(server)
    assert isinstance(got, outcome)
    assert not isinstance(got, Posted | Retracted)
    assert says in got.reason
    assert server.words("wikitech") == []


@pytest.mark.parametrize("kind", ["reset", "half-json", "broken-json", "empty", "500", "502-html"])
def test_a_post_whose_answer_is_lost_is_in_doubt(server: Server, kind: str) -> None:
    server.faults.append(Fault("/sendMessage$", kind, "after"))
    assert isinstance(post(server), InDoubt)
    assert server.words("wikitech") == [WORDS]


def member(status: str, **rights: bool) -> dict[str, Any]:
    return {"status": status, **rights}


@pytest.mark.parametrize(
    ("chat", "says"),
    [
        (Chat(int(PRIVATE), "channel", "C", members={BOT: member("administrator")}), "need administrator rights"),
        (Chat(int(PRIVATE), "channel", "C"), "not a member of the channel"),
        (Chat(int(PRIVATE), "supergroup", "G", members={BOT: member("kicked")}), "was kicked"),
        (
            Chat(int(PRIVATE), "supergroup", "G", members={BOT: member("restricted", is_member=True)}),
            "not enough rights",
        ),
        (
            Chat(int(PRIVATE), "supergroup", "G", "", {BOT: member("member")}, {"can_send_messages": False}),
            "not enough rights",
        ),
    ],
)
def test_a_bot_that_may_not_post_there_is_trouble_with_the_account(server: Server, chat: Chat, says: str) -> None:
    server.chats.append(chat)
    got = post(server, chat=PRIVATE)
    assert isinstance(got, Deferred)
    assert says in got.reason
    assert "right to post there" in got.reason
    with pytest.raises(ChannelError, match=r"may not post in CHAT|could not be asked"):
        channel(server, PRIVATE).check()


def test_a_chat_that_is_not_there_is_trouble_with_the_account(server: Server) -> None:
    got = post(server, chat="@nobody")
    assert isinstance(got, Deferred)
    assert "chat not found" in got.reason
    with pytest.raises(ChannelError, match=r"chat not found .*Check CHAT"):
        channel(server, "@nobody").check()


def test_a_group_that_moved_says_where(server: Server) -> None:
    server.chats.append(Chat(-77, "group", "Tech talk", members={BOT: member("member")}, moved_to=int(PRIVATE)))
    got = post(server, chat="-77")
    assert isinstance(got, Deferred)
    assert f"Set CHAT to {PRIVATE}." in got.reason


def test_a_rate_limit_says_until_when(server: Server) -> None:
    server.per_minute = 1
    assert isinstance(post(server), Posted)
    got = post(server, "Two")
    assert isinstance(got, Deferred)
    assert timedelta(minutes=1) <= got.until - NOW <= timedelta(minutes=2)


@pytest.mark.parametrize(
    ("parameters", "wait"),
    [
        ({"retry_after": 420}, timedelta(minutes=7)),
        ({"retry_after": 0}, timedelta(minutes=1)),
        ({"retry_after": 10**12}, timedelta(hours=1)),
        ({"retry_after": -(10**12)}, timedelta(minutes=1)),
        ({"retry_after": "soon"}, timedelta(minutes=5)),
        ({}, timedelta(minutes=5)),
        (None, timedelta(minutes=5)),
    ],
)
def test_a_wait_is_within_bounds(
    server: Server, monkeypatch: pytest.MonkeyPatch, parameters: object, wait: timedelta
) -> None:
    answer = as_json(429, {"ok": False, "error_code": 429, "description": "Slow", "parameters": parameters})
    monkeypatch.setattr(TelegramHandler, "answer", lambda _: answer)
    got = post(server)
    assert isinstance(got, Deferred)
    assert got.until == NOW + wait


@pytest.mark.parametrize(
    "body",
    [[], "text", 5, None, {}, {"ok": True}, {"ok": True, "result": True}, {"ok": False, "result": {"message_id": 1}},
     {"ok": True, "result": {"message_id": "x", "chat": {"id": 1}}}, {"ok": True, "result": {"message_id": 1}},
     {"ok": True, "result": {"message_id": 1, "chat": []}}],
)  # fmt: skip
def test_an_answer_that_names_no_post_leaves_a_doubt(
    server: Server, monkeypatch: pytest.MonkeyPatch, body: object
) -> None:
    monkeypatch.setattr(TelegramHandler, "answer", lambda _: as_json(200, body))
    assert isinstance(post(server), InDoubt)
    with pytest.raises(ChannelError):
        channel(server).check()


# --- taking back and correcting -------------------------------------------------------------------------------------


def test_a_post_is_deleted_once_and_stays_so(server: Server) -> None:
    post(server)
    assert channel(server).retract("wikitech/1", NOW) == Retracted()
    assert channel(server).retract("wikitech/1", NOW) == Retracted()
    assert server.words("wikitech") == []


def test_an_old_post_is_for_a_person_to_delete(server: Server) -> None:
    now, server.clock = server.clock, lambda: datetime.now(UTC) - timedelta(hours=49)
    post(server)
    server.clock = now
    got = channel(server).retract("wikitech/1", NOW)
    assert isinstance(got, Refused)
    assert "an administrator of the chat can" in got.reason


def test_a_corrected_post_has_the_new_words_and_its_address(server: Server) -> None:
    post(server)
    for _ in range(2):
        got = channel(server).correct("wikitech/1", pack("Corrected ଓଡ଼ିଆ"), NOW)
        assert got == Posted("https://t.me/wikitech/1", "wikitech/1")
    assert server.words("wikitech") == ["Corrected ଓଡ଼ିଆ"]


def test_what_is_gone_or_anothers_is_not_corrected(server: Server) -> None:
    server.say(server.chat("wikitech"), "By a person")
    for id_, says in {"wikitech/1": "can't be edited", "wikitech/9": "message to edit not found"}.items():
        got = channel(server).correct(id_, pack("Corrected"), NOW)
        assert isinstance(got, Refused)
        assert says in got.reason


def test_a_post_is_found_in_its_own_chat_when_another_is_set_now(server: Server) -> None:
    group(server)
    old, new = post(server, chat=PRIVATE), post(server)
    assert isinstance(old, Posted)
    assert isinstance(new, Posted)
    assert channel(server).retract(old.id, NOW) == Retracted()
    assert server.words("wikitech") == [WORDS]


@pytest.mark.parametrize("id_", ["", "17", "wikitech", "wikitech/x", "c/1/2/3", "https://t.me/wikitech/1", "a b/1"])
def test_what_names_no_post_touches_nothing(server: Server, id_: str) -> None:
    assert isinstance(channel(server).retract(id_, NOW), Refused)
    assert isinstance(channel(server).correct(id_, pack("Corrected"), NOW), Refused)
    assert server.requests == []


@pytest.mark.parametrize("kind", ["reset", "500", "502-html", "empty", "408", "401", "403", "404", "429-wait"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_whatever_goes_wrong_deleting_or_correcting_is_tried_again(server: Server, kind: str, when: str) -> None:
    post(server)
    server.faults += [Fault("/deleteMessage$", kind, when), Fault("/editMessageText$", kind, when)]
    assert isinstance(channel(server).correct("wikitech/1", pack("Corrected"), NOW), Deferred)
    assert isinstance(channel(server).correct("wikitech/1", pack("Corrected"), NOW), Posted)
    assert isinstance(channel(server).retract("wikitech/1", NOW), Deferred)
    assert channel(server).retract("wikitech/1", NOW) == Retracted()


def test_what_telegram_has_no_way_to_do_is_refused(server: Server) -> None:
    assert isinstance(channel(server).repost("https://t.me/wikitech/1", ORDER, NOW), Refused)
    assert isinstance(channel(server).like("https://t.me/wikitech/1", ORDER, NOW), Refused)
    assert rules({}).can == {Can.THREAD, Can.CORRECT, Can.RETRACT}


# --- credentials ----------------------------------------------------------------------------------------------------


def test_check_names_the_chat(server: Server) -> None:
    assert channel(server).check() == "@wikitech"
    assert channel(server, "-1001500000001").check() == "@wikitech"


def test_check_names_a_private_group_by_its_title(server: Server) -> None:
    group(server)
    assert channel(server, PRIVATE).check() == "Tech talk (private)"


@pytest.mark.parametrize(
    "status", [{"status": "restricted", "is_member": True, "can_send_messages": True}, dict(POSTS)]
)
def test_check_takes_a_bot_that_may_post_for_another_reason(server: Server, status: dict[str, Any]) -> None:
    group(server, permissions={"can_send_messages": False}).members[BOT] = status
    assert channel(server, PRIVATE).check() == "Tech talk (private)"
    assert isinstance(post(server, chat=PRIVATE), Posted)


@pytest.mark.parametrize("kind", ["private", "group"])
def test_check_finds_chats_whose_posts_have_no_address(server: Server, kind: str) -> None:
    server.chats.append(Chat(77, kind, "Somebody", members={BOT: member("member")}))
    with pytest.raises(ChannelError, match=r"no addresses.*Make the group public"):
        channel(server, "77").check()


def test_check_says_what_to_do_about_a_bad_token(server: Server) -> None:
    with pytest.raises(ChannelError, match=r"Unauthorized \(HTTP 401\)\. The token does not work"):
        channel(server, token="7000000001:wrong").check()


def test_the_token_is_in_no_word_whatever_the_server_repeats(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    said = f"no bot {TOKEN} at /bot{TOKEN}/sendMessage, key {TOKEN.partition(':')[2]}" + "x" * 2000
    for status in (400, 401, 404, 500, 301):
        answer = as_json(status, {"ok": False, "description": said})
        monkeypatch.setattr(TelegramHandler, "answer", lambda _, answer=answer: answer)
        asking = channel(server)
        got = [post(server), asking.retract("wikitech/1", NOW), asking.correct("wikitech/1", pack("x"), NOW)]
        assert "token-of" not in repr(got)
        assert max(len(getattr(outcome, "reason", "")) for outcome in got) < 500
        with pytest.raises(ChannelError) as error:
            asking.check()
        assert "token-of" not in "".join(format_exception(error.value))
    assert "token-of" not in repr(channel(server))


@pytest.mark.parametrize("token", ["", " ", "canary", "canary:x", "1:", "1:canary canary", "1:canary/../x", "1:canarý"])
def test_a_token_that_cannot_be_one_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(UsageError, match="TOKEN") as error:
        telegram.connect({"TOKEN": token, "CHAT": "@wikitech"})
    assert "canar" not in str(error.value)


@pytest.mark.parametrize("chat", ["", "wikitech", "@", "@wiki tech", "https://t.me/wikitech", "@wíki", "--1", "1.5"])
def test_a_chat_that_cannot_be_one_is_refused(chat: str) -> None:
    with pytest.raises(UsageError, match="CHAT"):
        telegram.connect({"TOKEN": TOKEN, "CHAT": chat})


def test_connecting_touches_no_network_needs_no_url_and_trims_what_was_pasted() -> None:
    assert isinstance(telegram.connect({"TOKEN": f" {TOKEN}\n", "CHAT": " @wikitech "}), Telegram)
    with pytest.raises(UsageError, match="URL"):
        telegram.connect({"TOKEN": TOKEN, "CHAT": "@wikitech", "URL": "http://example.org"})


# --- the stand-in ---------------------------------------------------------------------------------------------------


def test_the_stand_in_complains_of_what_telegram_does_not_know() -> None:
    with Server() as server:
        asked = [
            Wire(server.url).ask("POST", f"/bot{TOKEN}/{method}", json={"chat_id": "@wikitech", **more})
            for method, more in (
                ("sendMessage", {"text": "One", "idempotency_key": "1"}),
                ("sendMessage", {"text": "Two", "link_preview_options": {"disabled": True}}),
                ("deleteMessage", {"message_id": "1"}),
                ("sendPost", {}),
            )
        ]
        assert [answer.code for answer in asked] == [200, 200, 400, 404]
        assert server.words("wikitech") == ["One", "Two"]
        assert server.complaints == [
            "sendMessage: idempotency_key is unknown",
            "sendMessage.link_preview_options: disabled is unknown",
            "deleteMessage: message_id is '1'",
        ]
