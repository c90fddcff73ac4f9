"""Mastodon: how it counts, what its errors prove, and what is asked of it beyond the contract of all channels."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from sandbox.mastodon import ROUTES, MastodonHandler
from sandbox.mastodon import Mastodon as Server
from sandbox.mastodon_world import ACCOUNTS, Account
from sandbox.standin import Fault, as_json
from sandbox.timeline import length
from smbot.channels import Order, Parcel, mastodon
from smbot.channels.mastodon import Mastodon, rules
from smbot.errors import ChannelError, UsageError
from smbot.model import Can, Deferred, InDoubt, Media, Outcome, Posted, Refused, Retracted, Text

NOW = datetime.now(UTC)
TEXT = Text("Hello, wiki", "en")
ORDER = Order("key", NOW)
PICTURE = Media(b"GIF89a", "image/gif", "A globe")
STATUS = {"id": "1", "url": "https://example.org/@wikitech/1", "uri": "https://example.org/1"}
measure = rules({}).measure


@pytest.fixture
def server() -> Iterator[Server]:
    limited = Account("limited", "token-of-limited", scopes=("read:statuses", "profile", "write:media"))
    with Server(accounts=(*ACCOUNTS, limited)) as running:
        yield running
        assert running.complaints == []


def channel(server: Server, token: str = "token-of-wikitech") -> Mastodon:
    return Mastodon(server.url, token, timeout=2, patience=0.2, pause=0.01)


def pack(server: Server, text: Text = TEXT, *media: Media, key: str = "key", after: tuple[str, ...] = ()) -> Parcel:
    parcel = channel(server).pack(text, media, Order(key, NOW, after), NOW)
    assert isinstance(parcel, dict)
    return parcel


def post(
    server: Server, text: Text = TEXT, *media: Media, key: str = "key", token: str = "token-of-wikitech"
) -> Outcome:
    there = channel(server, token)
    parcel = there.pack(text, media, Order(key, NOW), NOW)
    return there.post(parcel, NOW) if isinstance(parcel, dict) else parcel


def posted(server: Server, text: Text = TEXT, *media: Media) -> Posted:
    outcome = post(server, text, *media)
    assert isinstance(outcome, Posted)
    return outcome


def find(server: Server, text: Text = TEXT) -> Posted | None:
    return channel(server).find(pack(server, text), NOW)


# --- counting -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("", 0),
        ("Hello", 5),
        ("  trimmed \n", 7),
        ("a\nb", 3),
        ("ନମସ୍କାର", 4),  # Odia: a conjunct is one
        ("ଉଇକିପିଡ଼ିଆ", 6),
        ("क्षत्रिय", 3),
        ("مرحبًا", 5),  # Arabic with a vowel mark
        ("שָׁלוֹם", 4),  # Hebrew with points
        ("Tiếng Việt", 10),
        ("Tie\u0302\u0301ng Vie\u0323\u0302t", 10),  # the same, decomposed
        ("维基百科", 4),
        ("👩‍👩‍👧‍👦", 1),  # a family joined by ZWJ
        ("🏳️‍🌈👋🏽🇮🇳", 3),
        ("1️⃣ e\u0301", 3),
    ],
)
def test_a_character_is_what_people_see_as_one(words: str, count: int) -> None:
    assert measure(words) == count


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("https://a.org", 23),
        ("HTTP://EXAMPLE.ORG/" + "a" * 900, 23),
        ("https://en.wikipedia.org/wiki/A_(b)_(c)", 23),
        ("https://en.wikipedia.org/wiki/A_(b_(c))", 23),
        ("(https://en.wikipedia.org/wiki/A)", 25),
        ("See https://example.org/a.", 4 + 23 + 1),
        ("https://example.org/a, https://example.org/?q=b!", 23 + 2 + 23 + 1),
        ("https://example.org:8080/a?b=c&d=%20#e", 23),
        ("https://or.wikipedia.org/wiki/ପ୍ରଧାନ_ପୃଷ୍ଠା", 23),
        ("https://he.wikipedia.org/wiki/עמוד_ראשי", 23),
        ("https://wikipedia.org中文", 23 + 2),
        ("「https://example.org/a」", 23 + 2),
        ("https://xn--c1avg.xn--j1amh/a", 23),
        ("https://ଉଦାହରଣ.ଭାରତ/", 23),
        ("https://example.org/a\nhttps://example.org/b", 23 + 1 + 23),
        ("www.mediawiki.org", 17),
        ("mediawiki.org/wiki/X", 20),
        ("https://localhost/x", 19),
        ("https://", 8),
        ("https://user@example.org", 24),
        ("ahttps://example.org", 20),
        ("@https://example.org", 20),
        ("https://sub_domain.example.org", 23),
        ("https://under_scores.org", 24),
        ("https://example-.org", 20),
        ("https://example.org-and-on", 26),
        ("ftp://example.org", 17),
    ],
)
def test_a_link_with_its_scheme_counts_as_23_and_nothing_else_is_a_link(words: str, count: int) -> None:
    assert measure(words) == count


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("@user", 5),
        ("@user@example.org", 5),
        ("@user.name@mastodon.example.org!", 11),
        ("Thanks @a@example.org and @b@example.org", len("Thanks @a and @b")),
        ("user@example.org", 16),  # an e-mail address
        ("/@user@example.org", 18),
        ("https://example.org/@user@example.org", 23),
        ("@user@example.org@", 18),
        ("@user@example.org://", 20),
    ],
)
def test_a_mention_counts_without_its_server(words: str, count: int) -> None:
    assert measure(words) == count


def test_a_server_may_reserve_another_number_for_links() -> None:
    assert rules({"characters_per_url": 30}).measure("https://a.org") == 30


PIECES = [
    "https://en.wikipedia.org/wiki/A_(b)",
    "https://example.org",
    "https://example.org/?a=b&c=d#e",
    "www.example.org",
    "@user@example.org",
    "@user",
    "a@b.org",
    "a.b",
    "#Tag",
    "50%",
    "e\u0301",
    "ନମସ୍କାର",
    "שלום",
    "文",
    "\U0001f469\u200d\U0001f467",
]


@given(st.lists(st.sampled_from(PIECES)), st.sampled_from([" ", "\n", ", ", "! ", " (", ") ", ": "]))
def test_the_stand_in_which_counts_on_its_own_agrees(pieces: list[str], between: str) -> None:
    words = between.join(pieces)
    assert measure(words) == length(words.strip())


@pytest.mark.parametrize("piece", ["(a", "a.", "@a", "a-", "@a@b.", "https://", "https://a.org/(", "?."])
def test_counting_stays_quick_on_malicious_words(piece: str) -> None:
    """Twenty thousand of them; a backtracking pattern would not come to an end."""
    assert measure("https://example.org/" + piece * 20_000) > 0


# --- limits ---------------------------------------------------------------------------------------------------------


def test_limits_come_from_the_server_and_make_rules(server: Server) -> None:
    limits = channel(server).limits()
    assert limits == {
        "characters": 500,
        "characters_per_url": 23,
        "images": 4,
        "alt_characters": 1500,
        "image_bytes": 16 * 1024 * 1024,
        "image_types": ["image/jpeg", "image/png", "image/gif", "image/webp"],
    }
    found, usual = rules(limits), rules({})
    assert (found.characters, found.images, found.image_types) == (usual.characters, usual.images, usual.image_types)


@pytest.mark.parametrize(
    "nonsense",
    [{"characters": 0}, {"characters": "500"}, {"characters": True}, {"images": -1}, {"characters_per_url": 10**9},
     {"image_types": "image/png"}, {"image_types": [1]}, {"alt_characters": 1.5}, {"image_bytes": []}],
)  # fmt: skip
def test_limits_that_make_no_sense_are_an_error(nonsense: dict[str, Any]) -> None:
    with pytest.raises(ChannelError, match="no sense"):
        rules(nonsense)


@pytest.mark.parametrize("configuration", [None, {}, {"statuses": [], "media_attachments": {}}, "x"])
def test_an_answer_without_limits_is_an_error(
    server: Server, monkeypatch: pytest.MonkeyPatch, configuration: object
) -> None:
    monkeypatch.setattr(server.world, "show_instance", lambda _: {"configuration": configuration})
    with pytest.raises(ChannelError):
        channel(server).limits()


def test_an_older_server_without_a_limit_for_descriptions_has_the_usual_one(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = server.world.show_instance(2)
    del instance["configuration"]["media_attachments"]["description_limit"]
    monkeypatch.setattr(server.world, "show_instance", lambda _: instance)
    assert channel(server).limits()["alt_characters"] == 1500


# --- what an error proves -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "outcome", "says"),
    [
        ("401", Deferred, "make a new one"),
        ("403", Deferred, "write:statuses"),
        ("404", Refused, "URL"),
        ("410", Refused, "Gone"),
        ("413", Refused, "too large"),
        ("422", Refused, "Text can't be blank"),
        ("redirect", Deferred, "sends elsewhere"),
        ("429", Deferred, "slow down"),
        ("408", InDoubt, "408"),
        ("500", InDoubt, "500"),
        ("502-html", InDoubt, "502"),
        ("503", InDoubt, "503"),
        ("half-json", InDoubt, "could not be read"),
        ("broken-json", InDoubt, "could not be read"),
        ("empty", InDoubt, "could not be read"),
        ("reset", InDoubt, "no answer"),
    ],
)
def test_each_answer_to_a_post_has_its_outcome_and_says_why(
    server: Server, kind: str, outcome: type[Outcome], says: str
) -> None:
    server.faults.append(Fault("/api/v1/statuses$", kind))
    got = post(server)
    assert isinstance(got, outcome)
    assert not isinstance(got, Posted)
    assert says in got.reason


@pytest.mark.parametrize(
    ("step", "error", "outcome"),
    [
        ("connect", ConnectionRefusedError(), Deferred),
        ("connect", TimeoutError(), Deferred),
        ("connect", socket.gaierror(), Deferred),
        ("connect", ssl.SSLCertVerificationError("self-signed"), Deferred),
        ("getresponse", ssl.SSLError("bad record"), InDoubt),
        ("getresponse", TimeoutError(), InDoubt),
        ("getresponse", ConnectionResetError(), InDoubt),
        ("getresponse", RuntimeError("surprise"), InDoubt),
        ("request", BrokenPipeError(), InDoubt),
    ],
)
def test_only_a_connection_that_was_never_made_is_certain(
    server: Server, monkeypatch: pytest.MonkeyPatch, step: str, error: Exception, outcome: type[Outcome]
) -> None:
    def fail(self: urllib3.connection.HTTPConnection, *_: object, **__: object) -> None:
        match step, error:
            case "connect", socket.gaierror():
                raise urllib3.exceptions.NameResolutionError(self.host, self, error)
            case "connect", TimeoutError():
                raise urllib3.exceptions.ConnectTimeoutError(self, "timed out")
            case "connect", ConnectionRefusedError():
                raise urllib3.exceptions.NewConnectionError(self, "refused")
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(urllib3.connection.HTTPConnection, step, fail)
        got = post(server)
    assert isinstance(got, outcome)


@pytest.mark.parametrize(
    ("reset", "wait"),
    [
        (NOW + timedelta(minutes=7), timedelta(minutes=7)),
        (NOW - timedelta(days=1), timedelta(minutes=1)),
        (NOW + timedelta(days=1), timedelta(hours=1)),
        ("nonsense", timedelta(minutes=5)),
        ("", timedelta(minutes=5)),
    ],
)
def test_a_rate_limit_says_until_when_within_bounds(
    server: Server, monkeypatch: pytest.MonkeyPatch, reset: datetime | str, wait: timedelta
) -> None:
    stated = reset if isinstance(reset, str) else reset.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    monkeypatch.setattr(server, "count", lambda _: ({"X-RateLimit-Reset": stated}, True))
    got = post(server)
    assert isinstance(got, Deferred)
    assert got.until == NOW + wait


@pytest.mark.parametrize(
    "headers", [{"X-RateLimit-Reset": "nonsense"}, {"Deprecation": "true"}, {"X-RateLimit-Remaining": "x"}]
)
def test_an_odd_header_does_not_hide_that_it_is_posted(
    server: Server, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    monkeypatch.setattr(server, "count", lambda _: (headers, False))
    assert isinstance(post(server, TEXT, PICTURE), Posted)


@pytest.mark.parametrize(
    "answer",
    [[], "text", 5, None, {}, {"id": "1"}, {"id": None, "url": "https://x", "uri": ""},
     {"id": "1", "url": None, "uri": None}, {"id": "1", "url": {}, "uri": ""}],
)  # fmt: skip
def test_an_answer_that_is_no_status_leaves_a_doubt(
    server: Server, monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    monkeypatch.setattr(server.world, "show", lambda *_: answer)
    assert isinstance(post(server), InDoubt)


@pytest.mark.parametrize(("code", "outcome"), [(200, InDoubt), (301, Deferred), (422, Refused)])
def test_an_answer_that_trickles_in_is_given_up(
    server: Server, monkeypatch: pytest.MonkeyPatch, code: int, outcome: type[Outcome]
) -> None:
    """A byte now and then keeps every single wait short. What the status proves is proven."""

    def trickle(handler: MastodonHandler) -> None:
        handler.send_response(code)
        handler.send_header("Location", "/elsewhere")
        handler.send_header("Content-Length", "200")
        handler.end_headers()
        while not handler.server.closing.wait(0.05):
            handler.wfile.write(b" ")
            handler.wfile.flush()

    parcel = pack(server)
    monkeypatch.setattr(MastodonHandler, "do_POST", trickle)
    started = monotonic()
    assert isinstance(Mastodon(server.url, "token-of-wikitech", timeout=0.2).post(parcel, NOW), outcome)
    assert monotonic() - started < 5


def test_an_endless_answer_is_not_read_whole(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smbot.channels.wire.LARGEST", 1000)
    monkeypatch.setattr(MastodonHandler, "answer", lambda _: as_json(200, {**STATUS, "more": "x" * 1000}))
    got = post(server)
    assert isinstance(got, InDoubt)
    assert "could not be read" in got.reason


@pytest.mark.parametrize("headers", [{}, {"Location": "/elsewhere"}, {"Location": "/\xff"}])
def test_a_redirect_is_no_post_whatever_it_says(
    server: Server, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    monkeypatch.setattr(MastodonHandler, "answer", lambda _: as_json(300, STATUS, headers))
    got = post(server)
    assert isinstance(got, Deferred)
    assert "sends elsewhere" in got.reason


def test_words_the_server_finds_too_long_are_refused_with_its_message(server: Server) -> None:
    got = post(server, Text("x" * 501))
    assert isinstance(got, Refused)
    assert "Text character limit of 500 exceeded" in got.reason


@pytest.mark.parametrize("text", [Text("half a pair: \ud83d"), Text("x", warning="\ud83d"), Text(" \n")])
def test_words_that_cannot_be_sent_are_refused_before_anything_is_asked(server: Server, text: Text) -> None:
    assert isinstance(channel(server).pack(text, (PICTURE,), Order("\ud83d", NOW), NOW), Refused)
    assert server.requests == []


def test_a_token_the_server_repeats_is_not_passed_on(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    token = "canary-4c1f"
    body = b'{"error": "no such token: canary-4c1f \\n ' + b"x" * 2000 + b'"}'
    monkeypatch.setattr(MastodonHandler, "answer", lambda *_: (401, {}, body))
    got = post(server, token=token)
    assert isinstance(got, Deferred)
    assert token not in repr(got)
    assert len(got.reason) < 500
    for ask in (channel(server, token).check, channel(server, token).limits):
        with pytest.raises(ChannelError) as error:
            ask()
        assert token not in str(error.value)
    assert token not in repr(channel(server, token))


# --- posting --------------------------------------------------------------------------------------------------------


def test_the_key_the_language_and_the_pictures_are_sent(server: Server) -> None:
    assert isinstance(post(server, Text("ସମ୍ବାଦ", "or"), PICTURE, PICTURE, key="news-1"), Posted)
    stored = server.world.posts("wikitech")[0]
    assert (stored["text"], stored["language"], stored["visibility"]) == ("ସମ୍ବାଦ", "or", "public")
    assert [server.world.state.media[media]["description"] for media in stored["media"]] == ["A globe"] * 2
    assert server.keys == ["", "", "news-1"]
    assert [path for _, path in server.requests] == ["/api/v2/media"] * 2 + ["/api/v1/statuses"]


def test_a_picture_in_processing_is_waited_for(server: Server) -> None:
    server.world.processing = 3
    assert isinstance(post(server, TEXT, PICTURE), Posted)
    assert server.requests.count(("GET", server.requests[1][1])) == 3


def test_a_picture_that_is_never_ready_defers_and_posts_nothing(server: Server) -> None:
    server.world.processing = 10**6
    got = post(server, TEXT, PICTURE)
    assert isinstance(got, Deferred)
    assert "still being processed" in got.reason
    assert server.world.posts("wikitech") == []


def test_a_file_that_is_no_picture_is_refused(server: Server) -> None:
    got = post(server, TEXT, Media(b"%PDF", "application/pdf", "A page"))
    assert isinstance(got, Refused)
    assert "content type is invalid" in got.reason


def test_a_warning_and_the_visibility_are_sent(server: Server) -> None:
    posted(server, Text("The words", "or", warning="ସାବଧାନ", visibility="unlisted"))
    stored = server.world.posts("wikitech")[0]
    assert (stored["text"], stored["spoiler_text"], stored["visibility"]) == ("The words", "ସାବଧାନ", "unlisted")
    assert stored["sensitive"]


def test_a_visibility_it_does_not_know_is_public(server: Server) -> None:
    posted(server, Text("The words", visibility="everybody"))
    assert server.world.posts("wikitech")[0]["visibility"] == "public"


def test_a_part_of_a_thread_answers_the_part_before(server: Server) -> None:
    first = posted(server)
    second = channel(server).post(pack(server, Text("2"), key="2", after=(first.id,)), NOW)
    assert isinstance(second, Posted)
    channel(server).post(pack(server, Text("3"), key="3", after=(first.id, second.id)), NOW)
    answers = [status["in_reply_to_id"] for status in server.world.posts("wikitech")]
    assert answers == [None, first.id, second.id]


def test_a_part_whose_thread_is_gone_is_refused(server: Server) -> None:
    got = channel(server).post(pack(server, after=("404",)), NOW)
    assert isinstance(got, Refused)
    assert "does not appear to exist" in got.reason


def test_a_picture_that_has_gone_out_already_is_refused(server: Server) -> None:
    parcel = pack(server, TEXT, PICTURE)
    assert isinstance(channel(server).post(parcel, NOW), Posted)
    got = channel(server).post({**parcel, "key": "another"}, NOW)
    assert isinstance(got, Refused)
    assert "already attached" in got.reason


def test_trouble_with_the_account_is_tried_again_in_an_hour(server: Server) -> None:
    assert post(server, token="guessed") == Deferred(
        "The server refused: The access token is invalid (HTTP 401). The access token does not work any more: "
        "make a new one (Preferences > Development).",
        NOW + timedelta(hours=1),
    )


# --- looking for it -------------------------------------------------------------------------------------------------


def test_a_post_changed_since_may_be_it_so_its_absence_is_not_certain(server: Server) -> None:
    name = server.world.say("wikitech", TEXT.words)
    server.world.edit(server.world.account("wikitech"), name, {"status": "Corrected"})
    with pytest.raises(ChannelError, match=f"compare .*{name}"):
        find(server)


@pytest.mark.parametrize("answer", [{}, None, "x", [1], [{}], [{"id": "1", "created_at": "soon"}]])
def test_an_answer_that_is_no_list_of_posts_is_not_called_absent(
    server: Server, monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    server.world.say("wikitech", "Other words")
    routes = [(*route[:3], lambda *_: answer) if "accounts/(" in route[1] else route for route in ROUTES]
    monkeypatch.setattr("sandbox.mastodon.ROUTES", routes)
    with pytest.raises(ChannelError):
        find(server)


def test_more_posts_than_are_read_leave_it_unknown(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mastodon, "PAGE", 2)
    for number in range(7):
        server.world.say("wikitech", f"Number {number}")
    with pytest.raises(ChannelError, match="More than 6"):
        find(server)


def test_words_are_the_same_composed_or_not_and_whatever_the_ends_of_lines(server: Server) -> None:
    server.world.say("wikitech", "Cafe\u0301 \r\n\u0b21\u0b3c")
    assert isinstance(find(server, Text("Caf\u00e9\n\u0b5c\n")), Posted)


def test_boosts_are_not_ones_own_words(server: Server) -> None:
    server.world.mark(server.world.account("wikitech"), server.world.say("mediawiki", TEXT.words), "reblog")
    assert find(server) is None
    assert not any(path.endswith("/source") for _, path in server.requests)


def test_whose_account_it_is_is_asked_once(server: Server) -> None:
    asking, parcel = channel(server), pack(server)
    asking.find(parcel, NOW)
    asking.find(parcel, NOW)
    assert [path for _, path in server.requests].count("/api/v1/accounts/verify_credentials") == 1


def test_an_earlier_part_of_the_same_thread_is_not_it(server: Server) -> None:
    first = posted(server)
    assert channel(server).find(pack(server, key="2", after=(first.id,)), NOW) is None


def test_the_same_words_under_another_warning_are_not_it(server: Server) -> None:
    server.world.say("wikitech", TEXT.words, spoiler_text="Long")
    assert find(server) is None
    assert isinstance(find(server, Text(TEXT.words, warning="Long")), Posted)


# --- afterwards -----------------------------------------------------------------------------------------------------


def test_it_can_do_all_there_is() -> None:
    assert rules({}).can == set(Can)


def test_what_was_never_there_is_retracted_but_what_no_mastodon_says_proves_nothing(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert channel(server).retract("12345", NOW) == Retracted()
    monkeypatch.setattr(MastodonHandler, "answer", lambda *_: (404, {"Content-Type": "text/html"}, b"<h1>404</h1>"))
    assert isinstance(channel(server).retract("12345", NOW), Refused)


def test_the_post_of_another_is_not_touched(server: Server) -> None:
    name = server.world.say("mediawiki", "Release")
    got = channel(server).retract(name, NOW)
    assert isinstance(got, Refused)
    assert "whose token" in got.reason
    assert isinstance(channel(server).correct(name, pack(server), NOW), Refused)
    assert [status["text"] for status in server.world.posts("mediawiki")] == ["Release"]


def test_a_correction_keeps_the_pictures_and_the_language_and_changes_the_warning(server: Server) -> None:
    out = posted(server, Text("ଖବର", "or", warning="Frist"), PICTURE, PICTURE)
    before = dict(server.world.posts("wikitech")[0])
    assert channel(server).correct(out.id, pack(server, Text("ସମ୍ବାଦ", "or", warning="First")), NOW) == out
    after = server.world.posts("wikitech")[0]
    assert (after["text"], after["spoiler_text"]) == ("ସମ୍ବାଦ", "First")
    assert (after["media"], after["language"], len(after["media"])) == (before["media"], "or", 2)
    assert channel(server).correct(out.id, pack(server, Text("ସମ୍ବାଦ", "or")), NOW) == out
    assert server.world.posts("wikitech")[0]["spoiler_text"] == ""


def test_a_correction_made_again_is_no_second_edit(server: Server) -> None:
    out, parcel = posted(server), pack(server, Text("Corrected"))
    channel(server).correct(out.id, parcel, NOW)
    edited = server.world.posts("wikitech")[0]["edited_at"]
    server.world.clock = lambda: NOW + timedelta(minutes=5)
    channel(server).correct(out.id, parcel, NOW)
    assert edited
    assert server.world.posts("wikitech")[0]["edited_at"] == edited


def test_a_correction_too_long_is_refused_and_changes_nothing(server: Server) -> None:
    out = posted(server)
    got = channel(server).correct(out.id, pack(server, Text("x" * 499, warning="xx")), NOW)
    assert isinstance(got, Refused)
    assert "character limit" in got.reason
    assert server.world.posts("wikitech")[0]["text"] == TEXT.words


def test_a_post_of_another_account_or_server_is_boosted_and_liked_once(server: Server) -> None:
    near = f"{server.url}/@mediawiki/{server.world.say('mediawiki', 'Release')}"
    far = "https://elsewhere.example/@release/1"
    server.world.abroad[far] = "Release elsewhere"
    for url in (near, far):
        for _ in range(2):
            boosted, liked = channel(server).repost(url, ORDER, NOW), channel(server).like(url, ORDER, NOW)
            assert isinstance(boosted, Posted)
            assert isinstance(liked, Posted)
            assert boosted.url == liked.url == url
    statuses = server.world.state.statuses.values()
    assert [status["username"] for status in statuses if status["of"]] == ["wikitech"] * 2
    assert [status["favourites"] for status in statuses if status["text"]] == [["wikitech"]] * 2


def test_a_boost_is_retracted_by_its_own_id(server: Server) -> None:
    name = server.world.say("mediawiki", "Release")
    boosted = channel(server).repost(f"{server.url}/@mediawiki/{name}", ORDER, NOW)
    assert isinstance(boosted, Posted)
    assert channel(server).retract(boosted.id, NOW) == Retracted()
    assert list(server.world.state.statuses) == [name]
    assert server.world.state.statuses[name]["reblogs"] == []


def test_a_like_is_taken_back_and_its_post_stays(server: Server) -> None:
    out = posted(server)
    liked = channel(server).like(out.url, ORDER, NOW)
    assert isinstance(liked, Posted)
    for _ in range(2):
        assert channel(server).retract(liked.id, NOW) == Retracted()
        assert server.world.posts("wikitech")[0]["favourites"] == []
    assert channel(server).retract(out.id, NOW) == Retracted()
    assert channel(server).retract(liked.id, NOW) == Retracted()


@pytest.mark.parametrize("url", ["https://elsewhere.example/nothing", "not an address", ""])
def test_an_address_of_no_post_is_refused(server: Server, url: str) -> None:
    for act in (channel(server).repost, channel(server).like):
        got = act(url, ORDER, NOW)
        assert isinstance(got, Refused)
        assert "check it" in got.reason


@pytest.mark.parametrize(
    ("path", "kind", "outcome"),
    [
        ("/search$", "reset", Deferred),
        ("/search$", "500", Deferred),
        ("/search$", "broken-json", Deferred),
        ("/search$", "401", Deferred),
        ("/reblog$", "reset", InDoubt),
        ("/reblog$", "500", InDoubt),
        ("/reblog$", "empty", InDoubt),
        ("/reblog$", "403", Deferred),
        ("/reblog$", "422", Refused),
    ],
)
def test_each_trouble_with_a_boost_has_its_outcome(
    server: Server, path: str, kind: str, outcome: type[Outcome]
) -> None:
    out = posted(server)
    server.faults.append(Fault(path, kind))
    got = channel(server).repost(out.url, ORDER, NOW)
    assert isinstance(got, outcome)
    assert not isinstance(got, Posted)


# --- credentials ----------------------------------------------------------------------------------------------------


def test_check_names_the_account_with_its_server(server: Server) -> None:
    assert channel(server).check() == f"@wikitech@127.0.0.1:{server.server_port}"


def test_check_names_the_scopes_that_are_missing(server: Server) -> None:
    with pytest.raises(ChannelError, match=r"lacks the scopes write:statuses\. .*regenerate"):
        channel(server, "token-of-limited").check()


def test_a_token_that_cannot_boost_or_like_will_do_and_says_what_it_lacks_when_asked_to(server: Server) -> None:
    scopes = ("profile", "read:statuses", "write:statuses", "write:media")
    server.world.accounts = (*ACCOUNTS, Account("plain", "token-of-plain", scopes))
    plain = channel(server, "token-of-plain")
    assert plain.check().startswith("@plain@")
    got = plain.like(f"{server.url}/@wikitech/1", ORDER, NOW)
    assert isinstance(got, Deferred)
    assert "write:favourites read:search" in got.reason


def test_check_says_what_to_do_about_a_bad_token(server: Server) -> None:
    with pytest.raises(ChannelError, match=r"access token is invalid .*make a new one"):
        channel(server, "guessed").check()


@pytest.mark.parametrize(
    "url",
    ["", "example.org", "http://example.org", "https://", "https://user:pw@example.org", "https://example.org/@me",
     "ftp://example.org", "https://[", "https://example.org?x"],
)  # fmt: skip
def test_an_address_that_would_not_work_or_bares_the_token_is_refused_at_once(url: str) -> None:
    with pytest.raises(UsageError, match="URL"):
        mastodon.connect({"URL": url, "TOKEN": "t"})


@pytest.mark.parametrize("token", ["", " ", "canary canary", "canary\ncanary", "canarý"])
def test_a_token_that_cannot_be_one_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(UsageError, match="TOKEN") as error:
        mastodon.connect({"URL": "https://example.org", "TOKEN": token})
    assert "canar" not in str(error.value)


def test_connecting_touches_no_network_and_trims_what_was_pasted() -> None:
    assert isinstance(mastodon.connect({"URL": " https://example.org/ ", "TOKEN": "abc\n"}), Mastodon)


def test_rules_and_credentials_need_no_client_library() -> None:
    code = (
        "import sys; from smbot.channels import network; n = network('mastodon'); n.rules({}).measure('a'); "
        "n.credentials(); sys.exit(any(m in sys.modules for m in ('mastodon', 'requests')))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[1], check=False).returncode == 0
