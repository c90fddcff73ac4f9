"""Matrix: what is asked of it beyond the contract of all channels."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import pytest

from sandbox.matrix import ALIAS, NAME, ROOM, ROUTES, MatrixHandler
from sandbox.matrix import Matrix as Server
from sandbox.standin import Fault, as_json
from smbot.channels import Order, Parcel, matrix
from smbot.channels.matrix import Matrix
from smbot.channels.wire import is_unusable, never_left
from smbot.errors import ChannelError, UsageError
from smbot.model import Can, Deferred, InDoubt, Media, Outcome, Posted, Refused, Retracted, Text

NOW = datetime.now(UTC)
WIKITECH = f"@wikitech:{NAME}"
WORDS = "Vector 2022 arrives on ଓଡ଼ିଆ ଉଇକିପିଡ଼ିଆ\n\nمرحبا שלום 👩‍👩‍👧 <b> & e\u0301"


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running
        assert running.complaints == []


def channel(server: Server, name: str = "wikitech", room: str = ALIAS) -> Matrix:
    return Matrix(server.url, f"token-of-{name}", room, timeout=1)


def packed(on: Matrix, words: str = WORDS, key: str = "news-1", **more: Any) -> Parcel:
    parcel = on.pack(Text(words, **more), (), Order(key, NOW), NOW)
    assert isinstance(parcel, dict)
    return parcel


def posted(on: Matrix, words: str = WORDS, key: str = "news-1") -> Posted:
    outcome = on.post(packed(on, words, key), NOW)
    assert isinstance(outcome, Posted)
    return outcome


# --- posting --------------------------------------------------------------------------------------------------------


def test_a_post_is_a_notice_with_a_link_that_others_can_follow(server: Server) -> None:
    outcome = posted(channel(server))
    event = server.events[-1]
    assert event["content"] == {"msgtype": "m.notice", "body": WORDS}
    assert outcome.id == f"{ROOM} {event['event_id']}"
    assert outcome.url == f"https://matrix.to/#/%21{ROOM[1:]}/%24{event['event_id'][1:]}?via={NAME}"


def test_an_address_is_looked_up_and_an_id_is_not(server: Server) -> None:
    assert packed(channel(server))["room"] == packed(channel(server, room=ROOM))["room"] == ROOM
    assert [path for _, path in server.requests if "/directory/" in path] == [
        f"/_matrix/client/v3/directory/room/%23news%3A{NAME}"
    ]


def test_a_parcel_holds_no_secret_and_any_key_fits_into_an_address(server: Server) -> None:
    parcel = packed(channel(server), key="ନମସ୍କାର\r\n/../\ud83d" * 99)
    assert "token" not in repr(parcel)
    assert parcel["key"].isalnum()
    assert isinstance(channel(server).post(parcel, NOW), Posted)


def test_another_account_with_the_same_key_posts_for_itself(server: Server) -> None:
    assert posted(channel(server)) != posted(channel(server, "mediawiki"))


def test_a_warning_stands_above_the_words(server: Server) -> None:
    assert packed(channel(server), "The end", warning="Spoiler")["words"] == "Spoiler\n\nThe end"


@pytest.mark.parametrize("words", ["", " \n", "half a pair: \ud83d"])
def test_words_that_cannot_be_sent_are_refused_before_anything_is_asked(server: Server, words: str) -> None:
    assert isinstance(channel(server).pack(Text(words), (), Order("k", NOW), NOW), Refused)
    assert server.requests == []


def test_a_picture_is_refused_and_not_left_out(server: Server) -> None:
    got = channel(server).pack(Text(WORDS), (Media(b"GIF89a", "image/gif", "A globe"),), Order("k", NOW), NOW)
    assert isinstance(got, Refused)
    assert matrix.rules({}).images == 0


@pytest.mark.parametrize("words", ["x" * 20_000, "ଓ" * 10_000, "👩‍👩‍👧" * 1_600, '"\n' * 7_000])
def test_the_longest_words_fit_and_so_does_their_correction(server: Server, words: str) -> None:
    rules = matrix.rules({})
    assert rules.measure(words) <= rules.characters
    assert len(words.encode()) <= rules.bytes
    there = posted(channel(server))
    assert channel(server).correct(there.id, packed(channel(server), words), NOW) == there


def test_words_too_long_for_the_server_are_refused(server: Server) -> None:
    parcel = packed(channel(server), "x" * 70_000)
    got = channel(server).post(parcel, NOW)
    assert isinstance(got, Refused)
    assert "event too large" in got.reason


# --- what an answer proves ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "outcome", "says"),
    [
        ("400", Refused, "Change the post"),
        ("401", Deferred, "log in anew"),
        ("403", Deferred, "right to speak"),
        ("404", Deferred, "homeserver"),
        ("405", Deferred, "405"),
        ("413", Refused, "Change the post"),
        ("redirect", Deferred, "sends elsewhere"),
        ("408", InDoubt, "408"),
        ("500", InDoubt, "500"),
        ("502-html", InDoubt, "502"),
        ("half-json", InDoubt, "no answer"),
        ("empty", InDoubt, "200"),
        ("reset", InDoubt, "no answer"),
    ],
)
def test_each_answer_to_a_post_has_its_outcome_and_says_why(
    server: Server, kind: str, outcome: type[Outcome], says: str
) -> None:
    parcel = packed(channel(server))
    server.faults.append(Fault("/send/", kind))
    got = channel(server).post(parcel, NOW)
    assert isinstance(got, outcome)
    assert not isinstance(got, Posted | Retracted)
    assert says in getattr(got, "reason", "")


@pytest.mark.parametrize(
    ("body", "headers", "wait"),
    [
        ({"retry_after_ms": 120_000}, {}, timedelta(minutes=2)),
        ({"retry_after_ms": 4851}, {"Retry-After": "180"}, timedelta(minutes=3)),
        ({"retry_after_ms": 10**30}, {}, timedelta(hours=1)),
        ({"retry_after_ms": -(10**30)}, {}, timedelta(minutes=1)),
        ({"retry_after_ms": "soon"}, {}, timedelta(minutes=5)),
        ({}, {}, timedelta(minutes=5)),
        ({}, {"Retry-After": "9" * 400}, timedelta(minutes=5)),
        ({}, {"Retry-After": f"Mon, 01 Jan {'9' * 20} 00:00:00 GMT"}, timedelta(minutes=5)),
    ],
)
def test_a_rate_limit_says_until_when_within_bounds(
    server: Server, monkeypatch: pytest.MonkeyPatch, body: dict[str, Any], headers: dict[str, str], wait: timedelta
) -> None:
    parcel = packed(channel(server))
    monkeypatch.setattr(MatrixHandler, "answer", lambda _: as_json(429, body, headers))
    got = channel(server).post(parcel, NOW)
    assert isinstance(got, Deferred)
    assert got.until == NOW + wait


@pytest.mark.parametrize("code", [200, 301, 403])
def test_an_answer_that_trickles_in_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """A byte now and then keeps every single wait short."""

    def trickle(handler: MatrixHandler) -> None:
        handler.send_response(code)
        handler.send_header("Location", "/elsewhere")
        handler.send_header("Content-Length", "200")
        handler.end_headers()
        while not handler.server.closing.wait(0.05):
            handler.wfile.write(b" ")
            handler.wfile.flush()

    parcel = packed(channel(server))
    monkeypatch.setattr(MatrixHandler, "do_PUT", trickle)
    started = monotonic()
    assert isinstance(Matrix(server.url, "token-of-wikitech", ROOM, timeout=0.2).post(parcel, NOW), InDoubt)
    assert monotonic() - started < 5


def test_a_redirect_to_what_is_no_address_is_trouble_with_the_server(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    parcel = packed(channel(server))
    monkeypatch.setattr(MatrixHandler, "answer", lambda _: (301, {"Location": "/\xff"}, b""))
    got = channel(server).post(parcel, NOW)
    assert isinstance(got, Deferred)
    assert "sends elsewhere" in got.reason


def test_what_cannot_be_read_was_sent_all_the_same() -> None:
    error = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")
    assert not is_unusable(error)
    assert not never_left(error)


def test_a_room_that_cannot_be_found_defers_with_the_remedy(server: Server) -> None:
    got = channel(server, room=f"#nowhere:{NAME}").pack(Text(WORDS), (), Order("k", NOW), NOW)
    assert isinstance(got, Deferred)
    assert "Check the ROOM" in got.reason


# --- looking for it -------------------------------------------------------------------------------------------------


def test_a_post_by_the_same_device_is_told_from_another_with_the_same_words(server: Server) -> None:
    posted(channel(server), key="news-1")
    assert channel(server).find(packed(channel(server), key="news-2"), NOW) is None


def test_a_post_by_another_device_of_the_account_is_known_by_its_words(server: Server) -> None:
    there = posted(channel(server))
    server.tokens["token-of-tablet"] = (WIKITECH, "TABLET")
    assert channel(server, "tablet").find(packed(channel(server), key="any"), NOW) == there


def test_a_deleted_post_is_found_by_its_key_and_leaves_a_doubt_without(server: Server) -> None:
    there = posted(channel(server))
    parcel = packed(channel(server))
    assert channel(server).retract(there.id, NOW) == Retracted()
    assert channel(server).find(parcel, NOW) == there
    server.tokens["token-of-tablet"] = (WIKITECH, "TABLET")
    with pytest.raises(ChannelError, match="changed or deleted"):
        channel(server, "tablet").find(parcel, NOW)


def test_it_is_found_on_a_later_page_and_not_called_absent_when_there_are_too_many(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = posted(channel(server))
    for number in range(12):
        server.add(WIKITECH, "m.room.message", {"msgtype": "m.text", "body": f"Newer {number}"})
    monkeypatch.setattr(matrix, "PAGE", 5)
    assert channel(server).find(packed(channel(server)), NOW) == there
    monkeypatch.setattr(matrix, "PAGES", 2)
    with pytest.raises(ChannelError, match="look for it"):
        channel(server).find(packed(channel(server)), NOW)


@pytest.mark.parametrize(
    "page", [{}, {"chunk": None}, {"chunk": [1]}, {"chunk": [{}]}, {"chunk": [{"origin_server_ts": "soon"}]}]
)
def test_an_answer_that_is_no_list_of_messages_is_not_called_absent(
    server: Server, monkeypatch: pytest.MonkeyPatch, page: dict[str, Any]
) -> None:
    parcel = packed(channel(server))
    monkeypatch.setattr(MatrixHandler, "answer", lambda _: as_json(200, page))
    with pytest.raises(ChannelError, match="something else"):
        channel(server).find(parcel, NOW)


# --- afterwards -----------------------------------------------------------------------------------------------------


def test_a_correction_is_read_instead_of_the_words_and_made_once(server: Server) -> None:
    there = posted(channel(server))
    corrected = packed(channel(server), "Corrected ଓଡ଼ିଆ", "correction")
    assert channel(server).correct(there.id, corrected, NOW) == there
    assert server.shown(WIKITECH) == ["Corrected ଓଡ଼ିଆ"]
    events = len(server.events)
    assert channel(server).correct(there.id, corrected, NOW) == there
    assert len(server.events) == events
    assert channel(server).correct(there.id, packed(channel(server)), NOW) == there
    assert server.shown(WIKITECH) == [WORDS]


def test_what_is_deleted_or_of_another_is_not_corrected(server: Server) -> None:
    there = posted(channel(server))
    other = channel(server, "mediawiki")
    assert isinstance(other.correct(there.id, packed(other, "Mine"), NOW), Refused)
    assert channel(server).retract(there.id, NOW) == Retracted()
    assert isinstance(channel(server).correct(there.id, packed(channel(server), "Late"), NOW), Refused)
    assert server.shown(WIKITECH) == []


def test_a_retraction_takes_the_corrections_along(server: Server) -> None:
    there = posted(channel(server))
    for words in ("First", "Second"):
        assert channel(server).correct(there.id, packed(channel(server), words), NOW) == there
    assert channel(server).retract(there.id, NOW) == Retracted()
    contents = [server.named(event["event_id"]) for event in server.events if event["type"] == "m.room.message"]
    assert [event["content"] for event in contents if event] == [{}, {}, {}]
    assert channel(server).retract(there.id, NOW) == Retracted()


def in_pages(size: int) -> Any:
    """The homeserver's routes, the list of corrections in pages of that size."""

    def paged(handler: MatrixHandler, room: str, name: str) -> dict[str, Any]:
        start = int(handler.query.get("from", "0"))
        chunk = MatrixHandler.relations(handler, room, name)["chunk"]
        more = {"next_batch": str(start + size)} if chunk[start + size :] else {}
        return {"chunk": chunk[start : start + size], **more}

    return [(*route[:4], paged) if "/relations/" in route[1] else route for route in ROUTES]


def test_a_retraction_takes_along_corrections_on_every_page_or_leaves_it_to_a_person(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.matrix.ROUTES", in_pages(2))
    there = posted(channel(server))
    for number in range(5):
        assert channel(server).correct(there.id, packed(channel(server), f"Correction {number}"), NOW) == there
    monkeypatch.setattr(matrix, "PAGES", 2)
    got = channel(server).retract(there.id, NOW)
    assert isinstance(got, Refused)
    assert "delete it in the room" in got.reason
    assert server.shown(WIKITECH) == ["Correction 4"]
    monkeypatch.setattr(matrix, "PAGES", 3)
    assert channel(server).retract(there.id, NOW) == Retracted()
    messages = [server.named(event["event_id"]) for event in server.events if event["type"] == "m.room.message"]
    assert [event["content"] for event in messages if event] == [{}] * 6


def test_what_a_stranger_sends_as_a_correction_does_not_hold_up_a_retraction(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = posted(channel(server))
    forged = {"event_id": "$forged", "sender": f"@mallory:{NAME}"}
    routes = [(*route[:4], lambda *_: {"chunk": [forged]}) if "/relations/" in route[1] else route for route in ROUTES]
    monkeypatch.setattr("sandbox.matrix.ROUTES", routes)
    assert channel(server).retract(there.id, NOW) == Retracted()
    assert not [path for _, path in server.requests if "forged" in path]


@pytest.mark.parametrize(
    "page",
    [[], "x", {}, {"chunk": None}, {"chunk": 5}, {"chunk": {"a": 1}}, {"chunk": [1]}, {"chunk": ["x"]}, {"chunk": [{}]},
     {"chunk": [{"sender": WIKITECH}]}],
)  # fmt: skip
def test_an_answer_that_is_no_list_of_corrections_defers_and_deletes_nothing(
    server: Server, monkeypatch: pytest.MonkeyPatch, page: object
) -> None:
    there = posted(channel(server))
    routes = [(*route[:4], lambda *_: page) if "/relations/" in route[1] else route for route in ROUTES]
    monkeypatch.setattr("sandbox.matrix.ROUTES", routes)
    got = channel(server).retract(there.id, NOW)
    assert isinstance(got, Deferred)
    assert "something else" in got.reason
    assert server.shown(WIKITECH) == [WORDS]


def test_the_post_of_another_is_not_retracted(server: Server) -> None:
    there = posted(channel(server))
    assert isinstance(channel(server, "mediawiki").retract(there.id, NOW), Deferred)
    assert server.shown(WIKITECH) == [WORDS]


def test_what_it_can_do_is_in_its_rules() -> None:
    assert matrix.rules({}).can == {Can.CORRECT, Can.RETRACT}


# --- the account ----------------------------------------------------------------------------------------------------


def test_the_account_and_its_room_are_named(server: Server) -> None:
    assert channel(server).check() == f"{WIKITECH} in {ALIAS}"


def test_an_account_that_is_not_in_the_room_is_told_so(server: Server) -> None:
    parcel = packed(channel(server))
    server.joined.clear()
    with pytest.raises(ChannelError, match="invite it"):
        channel(server).check()
    got = channel(server).post(parcel, NOW)
    assert isinstance(got, Deferred)
    assert "not in room" in got.reason


def test_an_account_that_may_not_speak_is_told_so_unless_it_made_the_room(server: Server) -> None:
    server.levels["events_default"] = 50
    with pytest.raises(ChannelError, match="power level 50"):
        channel(server).check()
    assert isinstance(channel(server).post(packed(channel(server)), NOW), Deferred)
    server.creator["sender"] = WIKITECH
    assert channel(server).check().startswith(WIKITECH)
    server.creator["content"]["room_version"] = "11"  # in which creators are as others
    with pytest.raises(ChannelError, match="power level 50"):
        channel(server).check()
    server.levels["users"][WIKITECH] = 50
    assert channel(server).check().startswith(WIKITECH)


def test_an_encrypted_room_is_not_for_public_news(server: Server) -> None:
    server.encryption = {"algorithm": "m.megolm.v1.aes-sha2"}
    with pytest.raises(ChannelError, match="encrypted"):
        channel(server).check()


@pytest.mark.parametrize(
    ("url", "token", "room"),
    [
        ("http://matrix.org", "t", ROOM),
        ("https://matrix.org/#/room", "t", ROOM),
        ("", "t", ROOM),
        ("https://matrix.org", "", ROOM),
        ("https://matrix.org", "two words", ROOM),
        ("https://matrix.org", "t", ""),
        ("https://matrix.org", "t", "news"),
        ("https://matrix.org", "t", "#news"),
        ("https://matrix.org", "t", "!a b:x"),
    ],
)
def test_credentials_that_cannot_be_right_are_said_to_be_wrong(url: str, token: str, room: str) -> None:
    with pytest.raises(UsageError) as error:
        matrix.connect({"URL": url, "TOKEN": token, "ROOM": room})
    assert "two words" not in str(error.value)
