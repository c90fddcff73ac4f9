"""Google Chat: what its errors prove, what makes a post safe to repeat, and which words it would show otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from traceback import format_exception
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.google_chat import GoogleChat as Server
from sandbox.google_chat import GoogleChatHandler, failure
from sandbox.standin import Fault, as_json
from smbot.channels import Order, google_chat
from smbot.channels.google_chat import GoogleChat, rules
from smbot.channels.wire import Wire
from smbot.errors import Unknowable, UsageError
from smbot.model import Deferred, InDoubt, Media, Outcome, Posted, Refused, Text

NOW = datetime.now(UTC)
WORDS = "Vector 2022 comes to ଓଡ଼ିଆ ଉଇକିପିଡ଼ିଆ 👋🏽 שלום: https://www.mediawiki.org/wiki/X"
WEBHOOK = "https://chat.googleapis.com/v1/spaces/AAAA/messages?key=K&token=T%3D"


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running
        assert running.complaints == []


def channel(server: Server, webhook: str = "") -> GoogleChat:
    return GoogleChat(webhook or server.webhook("wikitech"), timeout=2)


def pack(words: str = WORDS, key: str = "key", warning: str = "") -> Any:
    found = GoogleChat(WEBHOOK).pack(Text(words, warning=warning), (), Order(key, NOW), NOW)
    assert isinstance(found, dict)
    return found


# --- packing --------------------------------------------------------------------------------------------------------


def test_a_post_may_be_as_many_bytes_as_google_takes(server: Server) -> None:
    words = "ଓ" * 10_666 + "xx"
    assert len(words.encode()) == rules({}).bytes == 32_000
    assert isinstance(channel(server).post(pack(words), NOW), Posted)
    assert server.words("wikitech") == [words]


@pytest.mark.parametrize(
    ("words", "warning", "says"),
    [
        ("ଓ" * 10_667, "", "32,000 bytes"),
        ("x" * 31_999, "Maths", "32,000 bytes"),
        ("", "", "empty"),
        (" \n", "", "empty"),
        ("half: \ud83d", "", "half a character"),
        ("Dear <users/all>", "", "<users/all>"),
        ("Dear <users/123>", "", "<users/123>"),
        ("<https://evil.example/|the wiki>", "", "take the < > out"),
        ("Fine", "<users/all>", "<users/all>"),
    ],
)
def test_words_that_cannot_be_sent_are_refused_before_anything_is(words: str, warning: str, says: str) -> None:
    got = GoogleChat(WEBHOOK).pack(Text(words, warning=warning), (), Order("key", NOW), NOW)
    assert isinstance(got, Refused)
    assert says in got.reason


@pytest.mark.parametrize(
    "words", ["a < b | c > d", "<b>bold</b>", "<https://example.org>", "a <- b", "I <3 wikis | you"]
)
def test_other_angles_are_nothing_to_google(server: Server, words: str) -> None:
    assert isinstance(channel(server).post(pack(words), NOW), Posted)
    assert server.words("wikitech") == [words]


def test_a_picture_is_refused_and_not_left_out_in_silence() -> None:
    picture = (Media(b"GIF89a", "image/gif", "A globe"),)
    got = GoogleChat(WEBHOOK).pack(Text(WORDS), picture, Order("key", NOW), NOW)
    assert isinstance(got, Refused)
    assert "take the picture off" in got.reason
    assert rules({}).images == 0


def test_a_warning_stands_above_the_words() -> None:
    assert pack("Eight legs", warning="Spiders")["words"] == "Spiders\n\nEight legs"


def test_markup_is_that_which_leaves_line_breaks_alone(server: Server) -> None:
    words = "One\nTwo\n\n* three\n    four  \nfive"
    channel(server).post(pack(words), NOW)
    assert server.words("wikitech") == [words]
    assert server.spaces["wikitech"].messages[0]["markup"] == "MARKUP_SYNTAX_CHAT"


# --- posting once ---------------------------------------------------------------------------------------------------


def test_a_post_has_the_address_of_its_message(server: Server) -> None:
    got = channel(server).post(pack(), NOW)
    assert got == Posted("https://chat.google.com/room/wikitech/m0001/m0001", "spaces/wikitech/messages/m0001.m0001")


@pytest.mark.parametrize("kind", ["reset", "half-json", "broken-json", "empty", "500", "502-html", "503"])
def test_after_a_lost_answer_the_same_parcel_finds_the_first_message(server: Server, kind: str) -> None:
    server.faults.append(Fault("/messages$", kind, "after"))
    assert isinstance(channel(server).post(pack(), NOW), InDoubt)
    assert isinstance(channel(server).post(pack(), NOW), Posted)
    assert server.words("wikitech") == [WORDS]
    assert rules({}).again == timedelta(hours=1)


@given(st.text())
def test_every_key_makes_an_id_of_a_request_and_the_same_one_again(key: str) -> None:
    request = pack(key=key)["request"]
    assert str(UUID(request)) == request == pack(key=key)["request"]
    assert request != pack(key=key + "2")["request"]


def test_even_half_a_character_is_a_key() -> None:
    assert UUID(pack(key="\ud83d")["request"])


def test_an_id_another_webhook_used_leaves_a_doubt(server: Server) -> None:
    """The webhook was replaced between two tries: the first may have posted."""
    assert isinstance(channel(server).post(pack(), NOW), Posted)
    server.spaces["wikitech"].tokens = {"new"}
    assert isinstance(channel(server, server.webhook("wikitech", token="new")).post(pack(), NOW), InDoubt)
    assert server.words("wikitech") == [WORDS]


def test_a_webhook_can_never_tell_whether_it_posted() -> None:
    with pytest.raises(Unknowable, match="look for it in the space"):
        GoogleChat(WEBHOOK).find(pack(), NOW)


def test_what_a_webhook_has_no_way_to_do_is_refused() -> None:
    asking, order = GoogleChat(WEBHOOK), Order("key", NOW)
    outcomes = [asking.retract("x", NOW), asking.correct("x", pack(), NOW)]
    outcomes += [asking.repost("https://example.org", order, NOW), asking.like("https://example.org", order, NOW)]
    assert all(isinstance(outcome, Refused) for outcome in outcomes)
    assert rules({}).can == frozenset()


# --- what an error proves -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "outcome", "says"),
    [
        ("400", Refused, "Bad Request"),
        ("401", Deferred, "Make a new webhook"),
        ("403", Deferred, "Make a new webhook"),
        ("404", Deferred, "Make a new webhook"),
        ("413", Refused, "413"),
        ("422", Refused, "422"),
        ("redirect", Deferred, "301"),
        ("429", Deferred, "slow down"),
        ("408", InDoubt, "408"),
        ("409", InDoubt, "409"),
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
    server.faults.append(Fault("/messages$", kind))
    got = channel(server).post(pack(), NOW)
    assert isinstance(got, outcome)
    assert says in getattr(got, "reason", "")
    assert server.words("wikitech") == []


@pytest.mark.parametrize(("key", "token", "space"), [("wrong", "", ""), ("", "wrong", ""), ("", "", "nowhere")])
def test_a_webhook_that_opens_nothing_is_trouble_with_the_account(
    server: Server, key: str, token: str, space: str
) -> None:
    webhook = server.webhook(space or "wikitech", key or server.KEY, token)
    got = channel(server, webhook).post(pack(), NOW)
    assert isinstance(got, Deferred)
    assert "Make a new webhook" in got.reason


def test_a_rate_limit_says_until_when(server: Server) -> None:
    server.per_minute = 1
    assert isinstance(channel(server).post(pack(), NOW), Posted)
    got = channel(server).post(pack(key="two"), NOW)
    assert isinstance(got, Deferred)
    assert got.until == NOW + timedelta(minutes=5)
    server.faults.append(Fault("/messages$", "429-wait"))
    got = channel(server).post(pack(key="two"), NOW)
    assert isinstance(got, Deferred)
    assert got.until == NOW + timedelta(minutes=2)


@pytest.mark.parametrize(
    "body",
    [[], "text", 5, None, {}, {"name": 1}, {"name": "spaces/wikitech"}, {"name": "spaces/other/messages/a.b"},
     {"name": "spaces/wikitech/messages/"}, {"name": "spaces/wikitech/messages/a b"}],
)  # fmt: skip
def test_an_answer_that_names_no_message_leaves_a_doubt(
    server: Server, monkeypatch: pytest.MonkeyPatch, body: object
) -> None:
    monkeypatch.setattr(GoogleChatHandler, "answer", lambda _: as_json(200, body))
    assert isinstance(channel(server).post(pack(), NOW), InDoubt)


# --- credentials ----------------------------------------------------------------------------------------------------


def test_check_names_the_space_and_says_that_it_tried_nothing(server: Server) -> None:
    assert channel(server).check() == "a webhook of spaces/wikitech, which cannot be tried without posting"
    assert server.requests == []


def test_neither_key_nor_token_is_in_any_word_whatever_google_repeats(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = server.webhook("wikitech", "canary-key", "canary-%3D%2B")
    said = f"{webhook} canary-key canary-=+ canary-%3D%2B"
    for status in (400, 401, 429, 500):
        monkeypatch.setattr(GoogleChatHandler, "answer", lambda _, status=status: failure(status, said))
        got = channel(server, webhook).post(pack(), NOW)
        assert "canary" not in repr(got)
    assert "canary" not in repr(channel(server, webhook))


@pytest.mark.parametrize(
    "webhook",
    [
        "",
        "canary",
        "https://chat.googleapis.com/v1/spaces/AAAA/messages",
        "https://chat.googleapis.com/v1/spaces/AAAA/messages?key=canary",
        "https://chat.googleapis.com/v1/spaces/AAAA/messages?key=canary&token=",
        "https://chat.googleapis.com/v1/spaces/AAAA/messages?key=canary&token=canary&threadKey=x",
        "https://chat.googleapis.com/v1/spaces/AAAA/messages?key=canary&token=canary#x",
        "https://chat.googleapis.com/v1/spaces/../messages?key=canary&token=canary",
        "https://chat.googleapis.com/v1/spaces/AAAA?key=canary&token=canary",
        "http://chat.googleapis.com/v1/spaces/AAAA/messages?key=canary&token=canary",
        "https://chat.googleapis.com.evil.example/v1/spaces/AAAA/messages?key=canary&token=canary",
        "https://chat.googleapis.com@evil.example/v1/spaces/AAAA/messages?key=canary&token=canary",
        "https://example.org/v1/spaces/AAAA/messages?key=canary&token=canary",
        "http://u:p@127.0.0.1/v1/spaces/AAAA/messages?key=canary&token=canary",
        "http://127.0.0.1:x/v1/spaces/AAAA/messages?key=canary&token=canary",
        "https://[canary",
    ],
)
def test_an_address_that_is_no_webhook_is_refused_without_being_shown(webhook: str) -> None:
    with pytest.raises(UsageError, match="WEBHOOK") as error:
        google_chat.connect({"WEBHOOK": webhook})
    assert "canary" not in "".join(format_exception(error.value))


def test_connecting_touches_no_network_and_trims_what_was_pasted() -> None:
    assert google_chat.connect({"WEBHOOK": f" {WEBHOOK}\n"}).check().startswith("a webhook of spaces/AAAA")


# --- the stand-in ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("&request_id=1", {"text": "x"}),
        ("", {"text": "x", "images": []}),
        ("", {"text": 5}),
        ("", {"text": "x", "markupSyntax": "NONE"}),
    ],
)
def test_the_stand_in_refuses_what_google_does_not_know(query: str, message: dict[str, Any]) -> None:
    with Server() as server:
        answer = Wire("").ask("POST", server.webhook("wikitech") + query, json=message)
        assert (answer.code, answer.get("error", "status")) == (400, "INVALID_ARGUMENT")
        assert len(server.complaints) == 1
        assert server.words("wikitech") == []
