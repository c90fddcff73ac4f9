"""X: how it counts, what its errors prove, and what is asked of it beyond the contract of all channels."""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from oauthlib.oauth1 import Client

from sandbox.standin import Fault, as_json
from sandbox.x import ACCOUNTS, API_KEY, API_SECRET, Account, World, XHandler
from sandbox.x import X as Server
from smbot import deliveries
from smbot.channels import Order, Parcel, x
from smbot.channels.x import X, rules
from smbot.channels.x_words import as_sent, comparable, mills, weighted_length
from smbot.errors import ChannelError, UsageError
from smbot.model import Can, Deferred, HandedOff, InDoubt, Media, Outcome, Posted, Refused, Retracted, Text
from tests.networks.x import OnX

NOW = datetime.now(UTC)
MINUTE = timedelta(minutes=1)
TEXT = Text("Vector 2022 arrives on ଓଡ଼ିଆ ଉଇକିପିଡ଼ିଆ: https://www.mediawiki.org/wiki/X", "en")
PICTURE = Media(b"\x89PNG\r\n\x1a\n", "image/png", "A map of India, with ଓଡ଼ିଶା marked")
CASES = json.loads((Path(__file__).parent / "pages/twitter-text/weighted.json").read_text("utf-8"))
READER = Account("1003", "reader", access="read")


@pytest.fixture
def world() -> Iterator[OnX]:
    with Server(accounts=(*ACCOUNTS, READER)) as server:
        yield OnX(server)
        assert server.complaints == []


def order(key: str = "key", planned: datetime = NOW, after: tuple[str, ...] = ()) -> Order:
    return Order(key, planned, after)


def packed(channel: X, text: Text = TEXT, media: tuple[Media, ...] = (), of: Order | None = None) -> Parcel:
    parcel = channel.pack(text, media, of or order(), NOW)
    assert isinstance(parcel, dict), parcel
    return json.loads(json.dumps(parcel))  # type: ignore[no-any-return]


def sent(channel: X, text: Text = TEXT, media: tuple[Media, ...] = (), of: Order | None = None) -> Outcome:
    return channel.post(packed(channel, text, media, of), NOW)


def posted(channel: X, text: Text = TEXT, media: tuple[Media, ...] = (), of: Order | None = None) -> Posted:
    outcome = sent(channel, text, media, of)
    assert isinstance(outcome, Posted), outcome
    return outcome


# --- counting -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=[case["description"] for case in CASES])
def test_words_weigh_what_the_conformance_suite_says(case: dict[str, Any]) -> None:
    assert weighted_length(case["text"]) == case["weightedLength"]


@pytest.mark.parametrize(
    ("words", "weight"),
    [
        ("", 0),
        ("ନମସ୍କାର", 7),  # Odia: each code point is one
        ("مرحبًا", 6),
        ("שָׁלוֹם", 7),
        ("đ ơ", 3),
        ("Việt", 5),  # two marks on a letter weigh 2
        ("Vie\u0323\u0302t", 5),  # the same, decomposed
        ("— “quoted”", 10),
        ("…", 2),
        ("维基百科", 8),
        ("👩‍👩‍👧‍👦", 2),  # a family joined by ZWJ
        ("🏳️‍🌈👋🏽🇮🇳", 6),
        ("https://en.wikipedia.org/wiki/A_(b)", 23),
        ("HTTPS://EXAMPLE.ORG/" + "a" * 900, 23),
        ("foo.wiki", 23),  # a bare domain is a link
        ("user@example.org", 16),
        ("https://or.wikipedia.org/wiki/%E0%AC%AA%E0%AD%8D", 23),
        ("https://or.wikipedia.org/wiki/ପ୍ରଧାନ", 23 + 6),  # X ends the link where its letters end
    ],
)
def test_words_of_all_scripts_weigh_what_x_says(words: str, weight: int) -> None:
    assert rules({}).measure(words) == weight


@pytest.mark.parametrize(
    "words", ["half a pair \ud83d", "a.io \udc00", "x" * 3001, "www.example.org " * 400, "a." * 1400]
)
def test_what_cannot_be_counted_counts_as_the_most_it_may_weigh(words: str) -> None:
    assert weighted_length(words) >= 2 * len(words)


@given(st.text())
def test_a_count_is_never_lower_for_more_words(words: str) -> None:
    assert 0 <= weighted_length(words) <= weighted_length(words + "\nword")


@pytest.mark.parametrize(
    "piece", ["(a", "a.", "@a", "a-", "https://", "https://a.org/(", "?.", "\u200d👩", "a.com/", "a.b-", "ଓ."]
)
def test_counting_stays_quick_on_malicious_words(piece: str) -> None:
    started = monotonic()
    for words in (piece * (3000 // len(piece)), piece * 100_000):
        assert weighted_length(words) > 0
        assert mills(words) in (15, 200)
    assert monotonic() - started < 10


@pytest.mark.parametrize(
    ("words", "price"),
    [
        ("Nothing but words…", 15),
        ("Version 1.2.3, e.g. a.b", 15),
        ("user@example.org", 15),
        ("see mediawiki.org", 200),
        ("https://example.org", 200),
        ("https://new.top-level-domain-of-2030", 200),
        ("half a pair of.io \ud83d", 200),
    ],
)
def test_words_with_a_link_cost_more(words: str, price: int) -> None:
    assert rules({}).mills(words) == price


@pytest.mark.parametrize("words", ["Words only", "With foo.wiki", "With https://example.org/a?b=c&d"])
def test_a_post_costs_what_the_rules_say(world: OnX, words: str) -> None:
    channel = world.channel()
    parcel = packed(channel, Text(words))
    world.server.world.credits = 1000
    assert isinstance(channel.post(parcel, NOW), Posted)
    assert world.server.world.credits == 1000 - rules({}).mills(words)


# --- what x makes of words ------------------------------------------------------------------------------------------

PIECES = [
    "https://en.wikipedia.org/wiki/A_(b)?a=b&c=d#e",
    "https://or.wikipedia.org/wiki/ପ୍ରଧାନ",
    "https://or.wikipedia.org/wiki/%E0%AC%AA",
    "foo.wiki",
    "www.example.org/a",
    "http://example.org",
    "@user",
    "#Tag",
    "50%",
    "%41",
    "<b>&amp;",
    "&",
    "e\u0301",
    "ନମସ୍କାର",
    "\u200fשלום",
    "مرحبًا",
    "👩\u200d👧",
    "https://t.co/unknown",
]


@given(
    st.lists(st.sampled_from(PIECES), min_size=1), st.sampled_from([" ", "\n\n\n", ", ", " (", "文"]), st.integers(0, 2)
)
def test_words_are_known_again_whatever_x_made_of_them(pieces: list[str], between: str, pictures: int) -> None:
    words, kept = between.join(pieces), World(ACCOUNTS, lambda: NOW)
    media = {f"{number}": {"used": False} for number in range(pictures)}
    kept.media |= media
    name = kept.say("wikitech", unicodedata.normalize("NFC", words), media=list(media))
    assert comparable(as_sent(kept.show(name, "entities"))) == comparable(words)
    assert comparable(as_sent(kept.show(name, "entities"))) != comparable(words + "!")


# --- packing --------------------------------------------------------------------------------------------------------


def test_pictures_and_their_descriptions_are_there_before_anything_is_posted(world: OnX) -> None:
    parcel = packed(world.channel(), media=(PICTURE, PICTURE))
    assert [world.server.world.media[name]["alt"] for name in parcel["media"]] == [PICTURE.alt] * 2
    assert world.words() == []
    assert set(parcel) == {"text", "media", "after", "planned", "user"}
    assert "secret" not in json.dumps(parcel)


def test_a_picture_without_a_description_is_not_described(world: OnX) -> None:
    packed(world.channel(), media=(Media(b"x", "image/webp", ""),))
    assert ("POST", "/2/media/metadata") not in world.server.requests


def test_a_warning_becomes_the_first_line(world: OnX) -> None:
    posted(world.channel(), Text("Words", warning="Spiders"))
    assert world.words() == ["Spiders\n\nWords"]


def test_words_that_cannot_be_sent_are_refused(world: OnX) -> None:
    assert isinstance(world.channel().pack(Text("half a pair: \ud83d"), (), order(), NOW), Refused)
    assert world.server.requests == []


def test_a_file_that_is_no_picture_is_refused(world: OnX) -> None:
    got = world.channel().pack(TEXT, (Media(b"%PDF", "application/pdf", "A page"),), order(), NOW)
    assert isinstance(got, Refused)
    assert "no picture" in got.reason


def test_a_description_that_fails_packs_nothing(world: OnX) -> None:
    world.server.faults.append(Fault("/2/media/metadata", "503"))
    assert isinstance(world.channel().pack(TEXT, (PICTURE,), order(), NOW), Deferred)


def test_the_account_is_named_once(world: OnX) -> None:
    channel = world.channel()
    packed(channel)
    packed(channel)
    assert world.server.requests == [("GET", "/2/users/me")]


# --- posting --------------------------------------------------------------------------------------------------------


def test_a_post_is_where_its_address_says(world: OnX) -> None:
    outcome = posted(world.channel(), media=(PICTURE,))
    stored = world.server.world.posts("wikitech")[0]
    assert outcome == Posted(f"https://x.com/wikitech/status/{stored['id']}", stored["id"])
    assert len(stored["media"]) == 1


def test_a_thread_answers_its_own_last_part(world: OnX) -> None:
    channel = world.channel()
    first = posted(channel, Text("One"))
    second = posted(channel, Text("Two"), of=order("key 2", after=(first.id,)))
    third = posted(channel, Text("Three"), of=order("key 3", after=(first.id, second.id)))
    parents = [post["parent"] for post in world.server.world.posts("wikitech")]
    assert parents == ["", first.id, second.id]
    assert channel.find(packed(channel, Text("Three")), NOW) == third


def test_an_account_that_may_not_thread_is_told_so(world: OnX) -> None:
    world.server.world.threads = False
    first = posted(world.channel(), Text("One"))
    got = sent(world.channel(), Text("Two"), of=order("key 2", after=(first.id,)))
    assert isinstance(got, Refused)
    assert "cannot thread" in got.reason


def test_a_part_whose_parent_is_not_there_yet_waits(world: OnX) -> None:
    got = sent(world.channel(), of=order("key 2", after=("123",)))
    assert isinstance(got, Deferred)
    assert "not there" in got.reason


def test_words_too_long_are_refused_with_x_own_reason(world: OnX) -> None:
    got = sent(world.channel(), Text("x" * 281))
    assert isinstance(got, Refused)
    assert got.reason == (
        "X refused: Your Tweet text is too long. (HTTP 400). Shorten the post, then approve it again."
    )


def test_words_of_280_are_posted(world: OnX) -> None:
    words = "ଓ" * 234 + " https://example.org/" + "a" * 300 + " ଉଇକିପିଡ଼ିଆ 文😀"
    assert weighted_length(words) <= 280
    posted(world.channel(), Text(words))


# --- the same words again -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("media", [(), (PICTURE,)])
def test_sending_a_parcel_that_is_out_finds_it_instead_of_doubling_it(world: OnX, media: tuple[Media, ...]) -> None:
    channel = world.channel()
    parcel = packed(channel, media=media)
    first = channel.post(parcel, NOW)
    assert isinstance(first, Posted)
    assert channel.post(parcel, NOW + MINUTE) == first
    assert world.words() == [TEXT.words]


def test_words_that_somebody_posted_before_are_refused_with_the_place(world: OnX) -> None:
    world.say(TEXT.words, NOW - timedelta(hours=3))
    got = sent(world.channel())
    assert isinstance(got, Refused)
    assert f"https://x.com/wikitech/status/{world.server.world.posts('wikitech')[0]['id']}" in got.reason


def test_a_duplicate_that_is_not_listed_leaves_a_doubt(world: OnX, monkeypatch: pytest.MonkeyPatch) -> None:
    world.say(TEXT.words, NOW)
    channel = world.channel()
    parcel = packed(channel)
    monkeypatch.setattr(World, "show", lambda *_: {"id": "1", "text": "lag", "created_at": NOW.isoformat()})
    got = channel.post(parcel, NOW)
    assert isinstance(got, InDoubt)
    assert "does not list" in got.reason


def test_a_duplicate_that_cannot_be_looked_up_leaves_a_doubt(world: OnX) -> None:
    world.say(TEXT.words, NOW)
    world.break_once("503", "before", "find")
    got = sent(world.channel())
    assert isinstance(got, InDoubt)
    assert "could not be asked" in got.reason


def test_pictures_kept_too_long_refuse_the_post(world: OnX) -> None:
    channel = world.channel()
    parcel = packed(channel, media=(PICTURE,))
    world.server.world.clock = lambda: NOW + timedelta(hours=25)
    got = channel.post(parcel, NOW)
    assert isinstance(got, Refused)
    assert "for a day" in got.reason


# --- what an error proves -------------------------------------------------------------------------------------------

CREDITS = "Your enrolled account [1] does not have any credits to fulfill this request."
OAUTH1 = "Your client app is not configured with the appropriate oauth1 app permissions for this endpoint."


@pytest.mark.parametrize(
    ("code", "body", "outcome", "says"),
    [
        (400, {"detail": "One or more parameters to your request was invalid."}, Refused, "parameters"),
        (400, {"errors": [{"message": "credits in the words"}]}, Refused, "credits in the words"),
        (401, {"title": "Unauthorized", "detail": "Unauthorized"}, Deferred, "make new keys"),
        (402, {"title": "CreditsDepleted", "detail": CREDITS}, Deferred, "Buy credits"),
        (402, None, Deferred, "Buy credits"),
        (403, {"title": "CreditsDepleted", "detail": CREDITS}, Deferred, "Buy credits"),
        (
            403,
            {"detail": OAUTH1, "type": "https://api.x.com/2/problems/oauth1-permissions"},
            Deferred,
            "Read and write",
        ),
        (403, {"detail": "You are not permitted to perform this action."}, Deferred, "Log in to X"),
        (403, {"detail": "Your account is suspended."}, Deferred, "suspended"),
        (403, {"detail": "You are not allowed to reply to this conversation."}, Refused, "cannot thread"),
        (403, {"detail": "Your Tweet text is too long."}, Refused, "Shorten"),
        (403, None, Deferred, "HTTP 403"),
        (404, {}, Deferred, "HTTP 404"),
        (408, {}, InDoubt, "HTTP 408"),
        (413, None, Refused, "too large"),
        (301, None, Deferred, "HTTP 301"),
        (429, {"detail": "Too Many Requests"}, Deferred, "slow down"),
        (500, {"detail": "Something went wrong"}, InDoubt, "Something went wrong"),
        (503, {"detail": CREDITS}, InDoubt, "credits"),
        (200, {"errors": [{"detail": "Partly"}]}, InDoubt, "Partly"),
        (201, {}, InDoubt, "not confirmed"),
        (201, {"data": {"id": 5, "text": "x"}}, InDoubt, "not confirmed"),
        (201, {"data": {"id": "", "text": "x"}}, InDoubt, "not confirmed"),
        (201, [], InDoubt, "not confirmed"),
        (201, None, InDoubt, "not confirmed"),
        (200, {"data": {"id": "5"}, "errors": [{"detail": "Something else"}]}, Posted, ""),
    ],
)
def test_each_answer_to_a_post_has_its_outcome_and_says_why(
    world: OnX, monkeypatch: pytest.MonkeyPatch, code: int, body: object, outcome: type[Outcome], says: str
) -> None:
    channel = world.channel()
    parcel = packed(channel)
    answer = as_json(code, body) if body is not None else (code, {"Content-Type": "text/html"}, b"<html>")
    monkeypatch.setattr(XHandler, "answer", lambda *_: answer)
    got = channel.post(parcel, NOW)
    assert isinstance(got, outcome)
    if isinstance(got, Refused | Deferred | InDoubt):
        assert says in got.reason
        assert "\n" not in got.reason
    if isinstance(got, Deferred):
        assert NOW < got.until <= NOW + timedelta(hours=1)


def test_a_rate_limit_says_until_when(world: OnX) -> None:
    channel = world.channel()
    parcel = packed(channel)
    world.server.limits["create"] = 0
    world.server.world.clock = lambda: NOW
    got = channel.post(parcel, NOW)
    assert isinstance(got, Deferred)
    assert abs(got.until - (NOW + timedelta(minutes=15))) < timedelta(seconds=1)


def test_without_credits_everything_waits_and_nothing_is_posted(world: OnX) -> None:
    channel = world.channel()
    parcel = packed(channel)
    world.server.world.credits = 100
    got = channel.post(parcel, NOW)
    assert isinstance(got, Deferred)
    assert "Buy credits" in got.reason
    world.server.world.credits = 0
    with pytest.raises(ChannelError, match="Buy credits"):
        channel.check()
    assert world.words() == []


@pytest.mark.parametrize("secret", ["canary-4c1f"])
def test_a_secret_that_x_repeats_is_not_passed_on(world: OnX, monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    told = {"detail": f"no such token: {secret}\n" + "x" * 2000, "title": secret}
    monkeypatch.setattr(XHandler, "answer", lambda *_: as_json(401, told))
    channel = X(secret, secret, secret, secret, url=world.server.url)
    got = channel.pack(TEXT, (), order(), NOW)
    assert isinstance(got, Deferred)
    assert secret not in repr(got)
    assert len(got.reason) < 500
    with pytest.raises(ChannelError) as error:
        channel.check()
    assert secret not in str(error.value)


# --- looking for it -------------------------------------------------------------------------------------------------


def test_a_lost_answer_is_found_by_its_words(world: OnX) -> None:
    channel = world.channel()
    parcel = packed(channel, media=(PICTURE, PICTURE))
    world.break_once("reset", "after", "post")
    assert isinstance(channel.post(parcel, NOW), InDoubt)
    assert isinstance(world.channel().find(parcel, NOW), Posted)


def test_finding_needs_nothing_but_the_parcel(world: OnX) -> None:
    parcel = packed(world.channel())
    world.server.requests.clear()
    assert world.channel().find(parcel, NOW) is None
    assert world.server.requests == [("GET", "/2/users/1001/tweets")]


def test_only_own_posts_with_the_same_words_since_then_are_it(world: OnX) -> None:
    parcel = packed(world.channel())
    world.say(TEXT.words, NOW - timedelta(minutes=3))
    world.say(TEXT.words, NOW, other=True)
    world.say(TEXT.words + "!", NOW)
    name = world.server.world.say("mediawiki", TEXT.words)
    world.channel().repost(f"https://x.com/mediawiki/status/{name}", order(), NOW)
    assert world.channel().find(parcel, NOW) is None


def test_it_is_found_on_a_later_page_and_with_a_clock_a_little_off(world: OnX) -> None:
    parcel = packed(world.channel())
    world.say(TEXT.words, NOW - timedelta(seconds=110))
    for number in range(250):
        world.say(f"Newer {number}", NOW)
    assert isinstance(world.channel().find(parcel, NOW), Posted)


def test_a_post_changed_since_may_be_it_so_its_absence_is_not_certain(world: OnX) -> None:
    parcel = packed(world.channel())
    name = world.server.world.edit(world.server.world.say("wikitech", TEXT.words), "Corrected")
    with pytest.raises(ChannelError, match=f"compare .*{name}"):
        world.channel().find(parcel, NOW)


def test_an_earlier_part_of_the_same_thread_is_not_it_though_it_says_the_same(world: OnX) -> None:
    channel = world.channel()
    parcel = packed(channel, of=order("key 2", after=(posted(channel).id,)))
    assert channel.find(parcel, NOW) is None
    got = channel.post(parcel, NOW)
    assert isinstance(got, InDoubt)
    assert "does not list" in got.reason
    second = world.server.world.say("wikitech", TEXT.words)
    found = channel.find(parcel, NOW)
    assert isinstance(found, Posted)
    assert found.id == second


def test_the_list_has_minutes_to_catch_up_before_what_it_lacks_is_sent_again() -> None:
    """Beside other pictures X may take the same words twice: the list alone has to tell."""
    assert deliveries.LEASE >= 5 * MINUTE


def test_more_posts_than_x_shows_leave_it_unknown(world: OnX, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(x, "PAGE", 5)
    monkeypatch.setattr(x, "PAGES", 2)
    parcel = packed(world.channel())
    for number in range(11):
        world.say(f"Number {number}", NOW)
    with pytest.raises(ChannelError, match="More than 10"):
        world.channel().find(parcel, NOW)


@pytest.mark.parametrize(
    "answer",
    [{}, None, "x", [1], {"data": []}, {"meta": {}}, {"meta": {"result_count": 1}}, {"meta": {"result_count": "0"}},
     {"meta": {"result_count": 1}, "data": [{}]}, {"meta": {"result_count": 2}, "data": [{"id": "1"}]},
     {"meta": {"result_count": 1}, "data": [{"id": "1", "text": "a", "created_at": "soon"}]},
     {"meta": {"result_count": 1}, "data": [{"id": "1", "text": None, "created_at": NOW.isoformat()}]},
     {"meta": {"result_count": 0}, "errors": [{"detail": "Partly"}]}],
)  # fmt: skip
def test_an_answer_that_is_no_list_of_posts_is_not_called_absent(
    world: OnX, monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    parcel = packed(world.channel())
    monkeypatch.setattr(XHandler, "answer", lambda *_: as_json(200, answer))
    with pytest.raises(ChannelError):
        world.channel().find(parcel, NOW)


def test_an_empty_page_is_not_the_end(world: OnX, monkeypatch: pytest.MonkeyPatch) -> None:
    parcel = packed(world.channel())
    post = {"id": "7", "text": TEXT.words, "created_at": NOW.isoformat()}
    empty = as_json(200, {"meta": {"result_count": 0, "next_token": "more"}})
    pages = iter([empty, as_json(200, {"data": [post], "meta": {"result_count": 1}})])
    monkeypatch.setattr(XHandler, "answer", lambda *_: next(pages))
    assert world.channel().find(parcel, NOW) == Posted("https://x.com/wikitech/status/7", "7")


# --- deleting, reposting, liking ------------------------------------------------------------------------------------


def test_a_post_is_deleted_and_deleting_it_again_does_no_harm(world: OnX) -> None:
    channel = world.channel()
    name = posted(channel).id
    assert channel.retract(name, NOW) == Retracted()
    assert world.words() == []
    assert channel.retract(name, NOW) == Retracted()


def test_only_x_itself_says_that_a_post_is_gone(world: OnX, monkeypatch: pytest.MonkeyPatch) -> None:
    name = posted(world.channel()).id
    world.break_once("404", "before", "retract")
    assert isinstance(world.channel().retract(name, NOW), Deferred)
    monkeypatch.setattr(XHandler, "answer", lambda *_: (404, {}, b""))
    assert isinstance(world.channel().retract(name, NOW), Deferred)


@pytest.mark.parametrize("kind", ["reset", "500", "broken-json", "empty", "403", "401", "429-wait"])
def test_a_deletion_that_is_not_confirmed_is_tried_again(world: OnX, kind: str) -> None:
    name = posted(world.channel()).id
    world.break_once(kind, "before", "retract")
    assert isinstance(world.channel().retract(name, NOW), Deferred)


def test_the_posts_of_others_are_for_others_to_delete(world: OnX) -> None:
    got = world.channel().retract(world.server.world.say("mediawiki", "Mine"), NOW)
    assert isinstance(got, Refused)
    assert "as the account that posted it" in got.reason
    assert isinstance(world.channel().retract("../users/me", NOW), Refused)


@pytest.mark.parametrize(
    "form",
    ["https://x.com/mediawiki/status/{}", "https://twitter.com/mediawiki/status/{}?s=20", "http://www.x.com/i/status/{}",
     "https://mobile.twitter.com/i/web/status/{}/photo/1", " https://x.com/mediawiki/status/{}#m"],
)  # fmt: skip
def test_a_post_is_reposted_once_by_any_of_its_addresses_and_taken_back(world: OnX, form: str) -> None:
    name = world.server.world.say("mediawiki", "Something good")
    for _ in range(2):
        got = world.channel().repost(form.format(name), order(), NOW)
        assert isinstance(got, Posted)
    assert world.server.world.reposts("wikitech") == [name]
    assert world.channel().retract(got.id, NOW) == Retracted()
    assert world.channel().retract(got.id, NOW) == Retracted()
    assert world.server.world.reposts("wikitech") == []
    assert world.words("mediawiki") == ["Something good"]


@pytest.mark.parametrize(
    "url", ["", "x", "https://x.com/wikitech", "https://x.com.evil.org/a/status/1", "https://x.com/a/status/1x"]
)
def test_what_is_no_address_of_a_post_is_neither_reposted_nor_liked(world: OnX, url: str) -> None:
    assert isinstance(world.channel().repost(url, order(), NOW), Refused)
    assert isinstance(world.channel().like(url, order(), NOW), Refused)
    assert world.server.requests == []


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [("500", InDoubt), ("reset", InDoubt), ("empty", InDoubt), ("403", Deferred), ("429", Deferred)],
)
def test_a_repost_that_is_not_confirmed_is_in_doubt(world: OnX, kind: str, outcome: type[Outcome]) -> None:
    name = world.server.world.say("mediawiki", "Something good")
    world.server.faults.append(Fault("/retweets$", kind))
    assert isinstance(world.channel().repost(f"https://x.com/mediawiki/status/{name}", order(), NOW), outcome)


def test_a_like_is_handed_to_a_person(world: OnX) -> None:
    got = world.channel().like("https://x.com/mediawiki/status/12", order(), NOW)
    assert isinstance(got, HandedOff)
    assert got.url == "https://x.com/intent/like?tweet_id=12"
    assert Can.LIKE not in rules({}).can


def test_words_are_not_corrected(world: OnX) -> None:
    assert isinstance(world.channel().correct("1", {}, NOW), Refused)


# --- credentials ----------------------------------------------------------------------------------------------------


def test_check_names_the_account(world: OnX) -> None:
    assert world.channel("mediawiki").check() == "@mediawiki"


def test_check_finds_an_app_that_may_only_read(world: OnX) -> None:
    with pytest.raises(ChannelError, match=r"only read as @reader.*Read and write.*new access token"):
        world.channel("reader").check()
    got = sent(world.channel("reader"))
    assert isinstance(got, Deferred)
    assert "Read and write" in got.reason


def test_check_says_what_to_do_about_bad_keys(world: OnX) -> None:
    with pytest.raises(ChannelError, match=r"Unauthorized \(HTTP 401\)\. .*new keys"):
        world.wrong_channel().check()


@pytest.mark.parametrize("missing", x.SECRETS)
@pytest.mark.parametrize("given", ["", " ", "canary canary", "canarý", "canary\ncanary"])
def test_keys_that_cannot_be_one_are_refused_by_name_without_being_shown(missing: str, given: str) -> None:
    secrets = dict.fromkeys(x.SECRETS, "fine") | {missing: given}
    with pytest.raises(UsageError, match=missing) as error:
        x.connect(secrets)
    assert "canar" not in str(error.value)


def test_connecting_touches_no_network_and_trims_what_was_pasted() -> None:
    assert isinstance(x.connect(dict.fromkeys(x.SECRETS, " abc\n") | {"URL": ""}), X)


@pytest.mark.parametrize("url", ["http://example.org", "https://user:pw@example.org", "https://example.org/2"])
def test_an_address_that_bares_the_secrets_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="URL"):
        x.connect(dict.fromkeys(x.SECRETS, "fine") | {"URL": url})


def test_rules_and_credentials_need_no_library() -> None:
    code = (
        "import sys; from smbot.channels import x; x.rules({}); x.credentials(); "
        "x.connect(dict.fromkeys(x.SECRETS, 'a')); "
        "sys.exit(any(m in sys.modules for m in ('requests', 'oauthlib', 'twitter_text')))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[1], check=False).returncode == 0


# --- the stand-in ---------------------------------------------------------------------------------------------------


def ask(server: Server, method: str, path: str, secret: str = "secret-of-wikitech", **more: Any) -> requests.Response:
    client = Client(API_KEY, API_SECRET, ACCOUNTS[0].token, secret)

    def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
        kind = request.headers.get("Content-Type")
        form = (request.body, {"Content-Type": kind}) if kind == "application/x-www-form-urlencoded" else ()
        _, headers, _ = client.sign(request.url, request.method, *form)
        request.headers.update(headers)
        return request

    return requests.request(method, server.url + path, auth=sign, timeout=5, **more)


@pytest.mark.parametrize(
    ("method", "path", "more"),
    [
        ("POST", "/2/tweets", {"json": {"text": "a", "visibility": "public"}}),
        ("POST", "/2/tweets", {"json": {"text": 5}}),
        ("POST", "/2/tweets", {"json": {"text": "a", "media": {"media_ids": []}}}),
        ("POST", "/2/tweets", {"json": {"text": "a", "reply": {"in_reply_to_tweet_id": 5}}}),
        ("POST", "/2/tweets", {"data": {"text": "a"}}),
        ("POST", "/2/media/upload", {"json": {"media": "x", "media_category": "tweet_image"}}),
        ("POST", "/2/media/upload", {"files": {"media": b"x"}}),
        ("POST", "/2/media/metadata", {"json": {"id": "1", "metadata": {"alt_text": {"text": "x" * 1001}}}}),
        ("GET", "/2/users/1001/tweets?max_results=4", {}),
        ("GET", "/2/users/1001/tweets?limit=5", {}),
        ("GET", "/2/users/1001/tweets?tweet.fields=secrets", {}),
        ("GET", "/2/users/me?x=y", {}),
        ("PUT", "/2/tweets/1", {"json": {}}),
    ],
)
def test_the_stand_in_minds_what_the_specification_does_not_know(method: str, path: str, more: dict[str, Any]) -> None:
    with Server() as server:
        assert ask(server, method, path, **more).status_code in (400, 404)
        assert len(server.complaints) == 1
        assert server.world.posts("wikitech") == []


def test_the_stand_in_checks_signatures() -> None:
    with Server() as server:
        assert ask(server, "GET", "/2/users/me").status_code == 200
        assert ask(server, "GET", "/2/users/me", secret="guessed").status_code == 401
        assert requests.get(f"{server.url}/2/users/me", timeout=5).status_code == 401
        assert len(server.complaints) == 1


def test_the_stand_in_takes_no_answers_to_people_who_did_not_ask() -> None:
    with Server() as server:
        name, asked = server.world.say("mediawiki", "Hello"), server.world.say("mediawiki", "Hello @wikitech")
        told = ask(server, "POST", "/2/tweets", json={"text": "a", "reply": {"in_reply_to_tweet_id": name}})
        assert (told.status_code, "not been mentioned" in told.json()["detail"]) == (403, True)
        told = ask(server, "POST", "/2/tweets", json={"text": "a", "reply": {"in_reply_to_tweet_id": asked}})
        assert told.status_code == 201
