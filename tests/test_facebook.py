"""Facebook: what its errors prove, and what is asked of it beyond the contract of all channels."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.facebook import APP_TOKEN, Page, World, pages
from sandbox.facebook import Facebook as Server
from sandbox.facebook import FacebookHandler as Handler
from sandbox.standin import ApiError, Fault, as_json
from smbot.channels import Order, Parcel, facebook
from smbot.channels.facebook import Facebook, rules
from smbot.channels.graph import SCOPES
from smbot.errors import ChannelError, Unknowable, UsageError
from smbot.model import Can, Deferred, HandedOff, InDoubt, Media, Outcome, Posted, Refused, Retracted, Text
from tests.networks.facebook import OnFacebook

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
TEXT = Text("Vector 2022 arrives on ଓଡ଼ିଆ ଉଇକିପିଡ଼ିଆ: https://www.mediawiki.org/wiki/X", "en")
PICTURE = Media(b"\x89PNG\r\n\x1a\n", "image/png", "A map of India, with ଓଡ଼ିଶା marked")
SECRETS = {"PAGE": "100100", "TOKEN": "fine"}
EARLIER_POST = "https://www.facebook.com/mediawiki/posts/pfbid02abc?ref=1"


@pytest.fixture
def world() -> Iterator[OnFacebook]:
    with Server() as server:
        yield OnFacebook(server)
        assert server.complaints == []


def order(planned: datetime = NOW) -> Order:
    return Order("key", planned)


def packed(channel: Facebook, text: Text = TEXT, *media: Media) -> Parcel:
    parcel = channel.pack(text, media, order(), NOW)
    assert isinstance(parcel, dict), parcel
    return json.loads(json.dumps(parcel))  # type: ignore[no-any-return]


def sent(channel: Facebook, text: Text = TEXT, *media: Media) -> Outcome:
    return channel.post(packed(channel, text, *media), NOW)


def posted(channel: Facebook, text: Text = TEXT, *media: Media) -> Posted:
    outcome = sent(channel, text, *media)
    assert isinstance(outcome, Posted), outcome
    return outcome


def said(code: int, subcode: int = 0, message: str = "It is said why.", **more: Any) -> dict[str, Any]:
    error = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A", **more}
    return {"error": error | ({"error_subcode": subcode} if subcode else {})}


# --- packing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "length"), [("", 0), ("ନମସ୍କାର", 7), ("مرحبًا", 6), ("שָׁלוֹם", 7), ("👩‍👩‍👧", 8), ("\ud83d", 1)]
)
def test_words_are_counted_in_utf_16(words: str, length: int) -> None:
    assert rules({}).measure(words) == length


def test_pictures_are_uploaded_unseen_with_their_descriptions(world: OnFacebook) -> None:
    parcel = packed(world.channel(), TEXT, PICTURE, Media(b"x", "image/jpeg", ""))
    photos = world.server.world.photos
    assert [photos[name]["alt"] for name in parcel["media"]] == [PICTURE.alt, ""]
    assert world.server.world.stored == {}
    assert "token" not in json.dumps(parcel)


def test_pictures_are_attached_in_their_order_and_leave_no_room_for_a_card(world: OnFacebook) -> None:
    channel = world.channel()
    parcel = packed(channel, TEXT, *[PICTURE] * 10)
    assert isinstance(channel.post(parcel, NOW), Posted)
    stored = world.server.world.posts("wikitech")[0]
    assert stored["media"] == parcel["media"]
    assert stored["link"] == ""


@pytest.mark.parametrize("picture", [Media(b"GIF89a", "image/gif", ""), Media(b"x" * 4_200_000, "image/png", "")])
def test_a_file_that_is_no_picture_for_facebook_is_refused_with_its_own_words(
    world: OnFacebook, picture: Media
) -> None:
    channel = Facebook("100100", "token-of-wikitech", url=world.server.url)
    got = channel.pack(TEXT, (picture,), order(), NOW)
    assert isinstance(got, Refused)
    assert "smaller than 4 MB" in got.reason


@pytest.mark.parametrize(
    ("words", "link"),
    [
        ("No link", ""),
        ("One https://a.example/x, two https://b.example", "https://a.example/x"),
        ("(see https://en.wikipedia.org/wiki/A_(b)).", "https://en.wikipedia.org/wiki/A_(b)"),
        ("ଦେଖନ୍ତୁ https://or.wikipedia.org/wiki/ପ୍ରଧାନ।", "https://or.wikipedia.org/wiki/ପ୍ରଧାନ"),
        ("“https://example.org/?a=b&c=d#e”", "https://example.org/?a=b&c=d#e"),
        ("<https://example.org>", "https://example.org"),
        ("https://m.facebook.com/wikipedia then https://example.org", "https://example.org"),
        ("ftp://example.org example.org", ""),
        ("詳細はhttps://example.org/a。次に", "https://example.org/a"),
        ("https://www.facebook.com.evil.example/a", "https://www.facebook.com.evil.example/a"),
        (
            "https://FB.watch/a https://facebook.com:443/a https://a.b.facebook.com. https://e.org:80?q",
            "https://e.org:80?q",
        ),
        (
            "https://www.facebook.com@e.org/ https://a:b@e.org https://localhost/ http://127.0.0.1/ https://.org/ https://℀.org",
            "",
        ),
        ("https://ଉଦାହରଣ.ଭାରତ/ପୃଷ୍ଠା https://example.org", "https://ଉଦାହରଣ.ଭାରତ/ପୃଷ୍ଠା"),
    ],
)
def test_the_first_link_gets_a_card(world: OnFacebook, words: str, link: str) -> None:
    posted(world.channel(), Text(words))
    assert world.server.world.posts("wikitech")[0]["link"] == link


def test_a_warning_comes_first_and_no_card_shows_what_it_hides(world: OnFacebook) -> None:
    posted(world.channel(), Text(TEXT.words, warning="Spiders"))
    stored = world.server.world.posts("wikitech")[0]
    assert stored["message"] == f"Spiders\n\n{TEXT.words}"
    assert stored["link"] == ""


@pytest.mark.parametrize("text", [Text("half a pair: \ud83d"), Text(" \n"), Text("x" * 63_206, warning="Spiders")])
def test_words_that_cannot_be_sent_are_refused_before_anything_is_asked(world: OnFacebook, text: Text) -> None:
    assert isinstance(world.channel().pack(text, (PICTURE,), order(), NOW), Refused)
    assert world.server.requests == []


def test_as_many_words_as_the_rules_let_through_are_posted(world: OnFacebook) -> None:
    posted(world.channel(), Text("😀" * (63_206 // 2)))


# --- posting --------------------------------------------------------------------------------------------------------


def test_a_post_is_where_its_id_leads(world: OnFacebook) -> None:
    outcome = posted(world.channel())
    stored = world.server.world.posts("wikitech")[0]
    assert outcome == Posted(f"https://www.facebook.com/{stored['id']}", stored["id"])


def test_posting_asks_for_nothing_that_could_fail_after_it_is_out(world: OnFacebook) -> None:
    channel = world.channel()
    parcel = packed(channel)
    world.server.requests.clear()
    assert isinstance(channel.post(parcel, NOW), Posted)
    assert world.server.requests == [("POST", "/v26.0/100100/feed")]


OTHER_OBJECT = "Unsupported post request. Object with ID '100100_5' does not exist"
NO_PAGE = "Unsupported post request. Object with ID '100100' does not exist"
PROOF = "API calls from the server require an appsecret_proof argument"


@pytest.mark.parametrize(
    ("status", "body", "outcome", "says"),
    [
        # the limits on calls, whatever else they say
        (400, said(4), Deferred, "slow down"),
        (403, said(17, 2446079), Deferred, "slow down"),
        (400, said(32), Deferred, "slow down"),
        (400, said(613, is_transient=True), Deferred, "slow down"),
        (400, said(80001), Deferred, "slow down"),
        (429, None, Deferred, "slow down"),
        # the token, the rights, the app, the Page
        (400, said(190, 463, "Session has expired."), Deferred, "new Page access token"),
        (401, said(102), Deferred, "new Page access token"),
        (403, said(10), Deferred, "pages_manage_posts"),
        (400, said(200), Deferred, "pages_manage_posts"),
        (400, said(283), Deferred, "pages_manage_posts"),
        (400, said(368, 1390008), Deferred, "look for a notice"),
        (400, said(100, 4854002, "Confirm your identity"), Deferred, "look for a notice"),
        (400, said(100, 33, NO_PAGE), Deferred, "PAGE is the number"),
        (404, said(803), Deferred, "PAGE is the number"),
        (400, said(101), Deferred, "developers.facebook.com"),
        (400, said(2500), Deferred, "URL of the channel"),
        (400, said(100, message=PROOF), Deferred, "Require app secret"),
        (500, said(190), Deferred, "new Page access token"),
        (401, None, Deferred, "HTTP 401"),
        (403, None, Deferred, "HTTP 403"),
        (404, {}, Deferred, "URL of the channel"),
        (301, None, Deferred, "HTTP 301"),
        # the post itself
        (400, said(100, message="(#100) No such thing."), Refused, "No such thing"),
        (400, said(100, 1609005, "Invalid parameter", error_user_msg="The link is broken."), Refused, "link is broken"),
        (200, said(1500), Refused, "It is said why"),
        (400, said(368, 1404102), Refused, "approve it again"),
        (400, said(6000), Refused, "It is said why"),
        (400, None, Refused, "HTTP 400"),
        (413, None, Refused, "HTTP 413"),
        # nobody knows
        (400, said(1), InDoubt, "It is said why"),
        (400, said(2), InDoubt, "It is said why"),
        (500, said(2), InDoubt, "It is said why"),
        (500, said(100), InDoubt, "It is said why"),
        (400, said(2, is_transient=True), InDoubt, "It is said why"),
        (400, said(100, is_transient=True), InDoubt, "It is said why"),
        (400, said(100, 33, OTHER_OBJECT), InDoubt, "not confirmed"),
        (400, said(100, 33, "Unsupported post request."), InDoubt, "not confirmed"),
        (408, None, InDoubt, "HTTP 408"),
        (500, {}, InDoubt, "HTTP 500"),
        (503, None, InDoubt, "HTTP 503"),
        (200, {}, InDoubt, "not confirmed"),
        (200, [], InDoubt, "not confirmed"),
        (200, None, InDoubt, "not confirmed"),
        (200, {"id": 5}, InDoubt, "not confirmed"),
        (200, {"id": "https://evil.example"}, InDoubt, "not confirmed"),
        (200, {"error": "none"}, InDoubt, "not confirmed"),
        (200, {"error": {"code": "190"}}, InDoubt, "not confirmed"),
        # it is out
        (200, {"id": "100100_5", "permalink_url": None}, Posted, ""),
    ],
)
def test_each_answer_to_a_post_has_its_outcome_and_says_why(
    world: OnFacebook,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    body: object,
    outcome: type[Outcome],
    says: str,
) -> None:
    channel = world.channel()
    parcel = packed(channel)
    answer = as_json(status, body) if body is not None else (status, {"Content-Type": "text/html"}, b"<html>")
    monkeypatch.setattr(Handler, "answer", lambda *_: answer)
    got = channel.post(parcel, NOW)
    assert isinstance(got, outcome), got
    if isinstance(got, Refused | Deferred | InDoubt):
        assert says in got.reason
        assert "\n" not in got.reason
    if isinstance(got, Deferred):
        assert NOW < got.until <= NOW + HOUR


@pytest.mark.parametrize(("made", "wait"), [(50, 50), (0.4, 1), (1430, 60)])
def test_a_rate_limit_says_in_how_many_minutes_to_come_back(world: OnFacebook, made: float, wait: int) -> None:
    channel = world.channel()
    parcel = packed(channel)
    started = NOW - timedelta(days=1) + timedelta(minutes=made)
    world.server.limit, world.server.world.clock = 1, lambda: NOW
    world.server.calls["100100"] = [started]
    got = channel.post(parcel, NOW)
    assert isinstance(got, Deferred)
    assert "slow down" in got.reason
    expected = wait if made >= 1 else 5  # where it names no minutes
    assert got.until == NOW + timedelta(minutes=expected)
    assert world.words() == []


@pytest.mark.parametrize(
    "header", ["", "x", "[]", "5", '{"1": [{}]}', '{"1": [{"estimated_time_to_regain_access": "x"}]}']
)
def test_a_header_that_cannot_be_read_is_passed_over(
    world: OnFacebook, monkeypatch: pytest.MonkeyPatch, header: str
) -> None:
    answer = as_json(400, said(80001), {"X-Business-Use-Case-Usage": header})
    monkeypatch.setattr(Handler, "answer", lambda *_: answer)
    got = sent(world.channel())
    assert isinstance(got, Deferred)
    assert got.until == NOW + timedelta(minutes=5)


def test_a_secret_that_facebook_repeats_is_not_passed_on(world: OnFacebook, monkeypatch: pytest.MonkeyPatch) -> None:
    told = said(190, message="Malformed access token canary-4c1f of 1|canary-9d\n" + "x" * 2000)
    monkeypatch.setattr(Handler, "answer", lambda *_: as_json(400, told))
    channel = Facebook("100100", "canary-4c1f", "1|canary-9d", url=world.server.url)
    got = sent(channel)
    assert isinstance(got, Deferred)
    assert "canary" not in got.reason
    assert len(got.reason) < 500
    for ask in (channel.check, channel.limits):
        with pytest.raises(ChannelError) as error:
            ask()
        assert "canary" not in str(error.value)


# --- the same again -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("media", [(), (PICTURE,)])
def test_sending_a_parcel_that_is_out_finds_it_instead_of_doubling_it(
    world: OnFacebook, media: tuple[Media, ...]
) -> None:
    channel = world.channel()
    parcel = packed(channel, TEXT, *media)
    first = channel.post(parcel, NOW)
    assert isinstance(first, Posted)
    assert channel.post(parcel, NOW) == first
    assert world.words() == [TEXT.words]


DUPLICATES = [
    ApiError(400, "Duplicate status message", code=506, subcode=1455006),
    ApiError(400, "Invalid parameter", code=100, subcode=1366051, told="These photos were already posted."),
    ApiError(400, "You've already posted this. Posting the same content repeatedly isn't allowed.", code=368),
    ApiError(400, "The action attempted has been deemed abusive.", code=368, subcode=1404082, told="ଏହା ପୂର୍ବରୁ ଅଛି।"),
]


@pytest.mark.parametrize("error", DUPLICATES)
@pytest.mark.parametrize(
    ("before", "outcome", "says"),
    [
        (timedelta(0), Posted, ""),
        (timedelta(seconds=110), Posted, ""),
        (3 * HOUR, Refused, "https://www.facebook.com/100100_"),
        (100 * HOUR, InDoubt, "does not list it"),
    ],
)
def test_what_is_called_a_duplicate_is_looked_for(
    world: OnFacebook,
    monkeypatch: pytest.MonkeyPatch,
    error: ApiError,
    before: timedelta,
    outcome: type[Outcome],
    says: str,
) -> None:
    def refuse(*_: object) -> None:
        raise error

    channel = world.channel()
    parcel = packed(channel)
    world.say(TEXT.words, NOW - before)
    monkeypatch.setattr(World, "feed", refuse)
    got = channel.post(parcel, NOW)
    assert isinstance(got, outcome)
    assert says in repr(got)
    assert len(world.words()) == 1


def test_a_duplicate_that_cannot_be_looked_up_leaves_a_doubt(world: OnFacebook) -> None:
    channel = world.channel()
    parcel = packed(channel)
    assert isinstance(channel.post(parcel, NOW), Posted)
    world.break_once("503", "before", "find")
    got = channel.post(parcel, NOW)
    assert isinstance(got, InDoubt)
    assert "could not be asked" in got.reason


# --- looking for it -------------------------------------------------------------------------------------------------


def test_a_lost_answer_is_found_by_its_words(world: OnFacebook) -> None:
    channel = world.channel()
    parcel = packed(channel, TEXT, PICTURE)
    world.break_once("reset", "after", "post")
    assert isinstance(channel.post(parcel, NOW), InDoubt)
    assert isinstance(world.channel().find(parcel, NOW), Posted)


def test_a_post_that_is_not_listed_yet_is_never_called_absent(world: OnFacebook) -> None:
    channel = world.channel()
    parcel = packed(channel)
    world.break_once("500", "after", "post")
    world.server.world.lag = HOUR
    assert isinstance(channel.post(parcel, NOW), InDoubt)
    with pytest.raises(Unknowable, match="does not prove its absence"):
        channel.find(parcel, NOW)


def test_only_own_posts_with_the_same_words_since_then_are_it(world: OnFacebook) -> None:
    channel = world.channel()
    parcel = packed(channel)
    world.say(TEXT.words, NOW - timedelta(minutes=3))
    world.say(TEXT.words, NOW, other=True)
    world.say(TEXT.words + "!", NOW)
    assert isinstance(channel.repost(EARLIER_POST, order(), NOW), Posted)
    with pytest.raises(Unknowable):
        channel.find(parcel, NOW)


def test_more_posts_than_are_read_leave_it_open(world: OnFacebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facebook, "PAGE", 5)
    monkeypatch.setattr(facebook, "PAGES", 2)
    parcel = packed(world.channel())
    for number in range(11):
        world.say(f"Number {number}", NOW)
    with pytest.raises(ChannelError, match="More than 10"):
        world.channel().find(parcel, NOW)


def test_an_empty_page_is_not_the_end(world: OnFacebook, monkeypatch: pytest.MonkeyPatch) -> None:
    parcel = packed(world.channel())
    post = {"id": "100100_7", "message": TEXT.words, "created_time": f"{NOW:%Y-%m-%dT%H:%M:%S}+0000"}
    empty = {"data": [], "paging": {"cursors": {"after": "abc"}, "next": "https://graph.facebook.com/…"}}
    pages_ = iter([as_json(200, empty), as_json(200, {"data": [post]})])
    monkeypatch.setattr(Handler, "answer", lambda *_: next(pages_))
    assert world.channel().find(parcel, NOW) == Posted("https://www.facebook.com/100100_7", "100100_7")


CREATED = NOW.isoformat()


@pytest.mark.parametrize(
    "answer",
    [{}, None, "x", [1], {"data": {}}, {"data": "x"}, {"data": [1]}, {"data": [{}]},
     {"data": [{"id": "1", "message": "a", "created_time": "soon"}]},
     {"data": [{"id": "1", "message": None, "created_time": CREATED}]},
     {"data": [{"message": TEXT.words, "created_time": CREATED}]},
     {"data": [{"id": 5, "message": TEXT.words, "created_time": CREATED}]},
     {"data": [{"id": "5/../6", "message": TEXT.words, "created_time": CREATED}]},
     {"data": [{"id": "1", "message": "a", "created_time": "2026-01-01"}]},
     said(1), said(10)],
)  # fmt: skip
def test_an_answer_that_is_no_list_of_posts_is_a_failure_to_ask(
    world: OnFacebook, monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    parcel = packed(world.channel())
    monkeypatch.setattr(Handler, "answer", lambda *_: as_json(200, answer))
    with pytest.raises(ChannelError) as error:
        world.channel().find(parcel, NOW)
    assert not isinstance(error.value, Unknowable)


# --- deleting, changing, reposting, liking --------------------------------------------------------------------------


@pytest.mark.parametrize("id_", ["", "1", "100100", "100100_", "100100_x", "_1", "../100100_1", "100100_1/x", "୧_୨"])
def test_what_is_no_post_is_neither_deleted_nor_changed(world: OnFacebook, id_: str) -> None:
    channel = world.channel()
    parcel = packed(channel)
    assert isinstance(channel.retract(id_, NOW), Refused)
    assert isinstance(channel.correct(id_, parcel, NOW), Refused)
    assert world.server.requests == []


def test_a_post_of_another_page_is_not_called_gone(world: OnFacebook) -> None:
    channel, name = world.channel(), world.server.world.say("mediawiki", "Theirs")
    for got in (channel.retract(name, NOW), channel.correct(name, packed(channel), NOW)):
        assert isinstance(got, Refused)
        assert "a person has to look" in got.reason
    assert world.words("mediawiki") == ["Theirs"]


def test_a_post_that_a_bad_token_cannot_see_is_not_called_gone(world: OnFacebook) -> None:
    channel = world.channel()
    name, parcel = posted(channel).id, packed(channel)
    page = world.server.world.page("wikitech")
    del world.server.world.stored[name]
    page.kind = "USER"
    for got in (channel.retract(name, NOW), channel.correct(name, parcel, NOW)):
        assert isinstance(got, Deferred)
        assert "not the token of a Page" in got.reason
    page.kind = "PAGE"
    assert channel.retract(name, NOW) == Retracted()
    assert isinstance(channel.correct(name, parcel, NOW), Refused)


def test_a_correction_changes_the_words_and_nothing_else(world: OnFacebook) -> None:
    channel = world.channel()
    first = posted(channel, TEXT, PICTURE)
    was = dict(world.server.world.posts("wikitech")[0])
    assert channel.correct(first.id, packed(channel, Text("Better words")), NOW) == first
    assert world.server.world.posts("wikitech") == [was | {"message": "Better words"}]


def test_the_posts_of_people_are_for_people_to_change(world: OnFacebook) -> None:
    channel = world.channel()
    got = channel.correct(world.server.world.say("wikitech", "Mine"), packed(channel), NOW)
    assert isinstance(got, Deferred | Refused)
    assert "another app" in got.reason
    assert world.words() == ["Mine"]


@pytest.mark.parametrize(
    "url",
    [EARLIER_POST, "https://m.facebook.com/story.php?story_fbid=1&id=2", " https://fb.watch/abc/ ",
     "https://www.facebook.com/photo?fbid=1", "https://www.facebook.com/100200_5"],
)  # fmt: skip
def test_a_repost_is_a_post_with_a_link(world: OnFacebook, url: str) -> None:
    channel = world.channel()
    got = channel.repost(url, order(), NOW)
    assert isinstance(got, Posted)
    stored = world.server.world.posts("wikitech")
    assert [(post["link"], post["message"]) for post in stored] == [(url.strip(), "")]
    assert channel.repost(url, order(), NOW) == got
    assert channel.retract(got.id, NOW) == Retracted()


def test_where_facebook_takes_no_links_to_itself_a_person_shares_it(world: OnFacebook) -> None:
    world.server.world.takes_own_links = False
    got = world.channel().repost(EARLIER_POST, order(), NOW)
    assert isinstance(got, HandedOff)
    where = "https%3A%2F%2Fwww.facebook.com%2Fmediawiki%2Fposts%2Fpfbid02abc%3Fref%3D1"
    assert got.url == f"https://www.facebook.com/sharer/sharer.php?u={where}"
    assert world.server.world.posts("wikitech") == []
    posted(world.channel(), Text("Words with https://www.facebook.com/mediawiki in them"))


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [("500", InDoubt), ("reset", InDoubt), ("empty", InDoubt), ("403", Deferred), ("429", Deferred), ("422", Refused)],
)
def test_a_repost_that_is_not_confirmed_is_in_doubt(world: OnFacebook, kind: str, outcome: type[Outcome]) -> None:
    world.server.faults.append(Fault("/feed$", kind))
    assert isinstance(world.channel().repost(EARLIER_POST, order(), NOW), outcome)


def test_a_repost_that_is_out_already_is_found_or_left_in_doubt(world: OnFacebook) -> None:
    channel = world.channel()
    world.break_once("reset", "after", "post")
    assert isinstance(channel.repost(EARLIER_POST, order(), NOW), InDoubt)
    assert isinstance(channel.repost(EARLIER_POST, order(), NOW), Posted)
    world.server.world.lag = HOUR
    assert isinstance(channel.repost(EARLIER_POST, order(), NOW), InDoubt)
    assert len(world.server.world.posts("wikitech")) == 1


@pytest.mark.parametrize(
    "url",
    ["", "x", "https://www.facebook.com/", "https://facebook.com.evil.org/a", "https://evil.org/facebook.com/a",
     "https://x.com/a/status/1", "javascript:alert(1)//facebook.com/a", "https://www.facebook.com/a b"],
)  # fmt: skip
def test_what_is_no_address_of_a_post_is_neither_reposted_nor_liked(world: OnFacebook, url: str) -> None:
    assert isinstance(world.channel().repost(url, order(), NOW), Refused)
    assert isinstance(world.channel().like(url, order(), NOW), Refused)
    assert world.server.requests == []


def test_a_like_is_handed_to_a_person(world: OnFacebook) -> None:
    got = world.channel().like(EARLIER_POST, order(), NOW)
    assert isinstance(got, HandedOff)
    assert got.url == EARLIER_POST
    assert Can.LIKE not in rules({}).can
    assert world.server.requests == []


# --- credentials ----------------------------------------------------------------------------------------------------


SOON, LATER = int((NOW + HOUR).timestamp()), int((NOW + 900 * HOUR).timestamp())


@pytest.fixture
def page(world: OnFacebook) -> Page:
    return world.server.world.page("wikitech")


@pytest.mark.parametrize("app_token", ["", APP_TOKEN])
def test_check_names_the_page_and_posts_nothing(world: OnFacebook, app_token: str) -> None:
    channel = Facebook("100100", "token-of-wikitech", app_token, url=world.server.url)
    assert channel.check() == "wikitech (Page 100100)"
    assert world.server.world.stored == {}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"scopes": ("pages_read_engagement",)}, "lacks pages_manage_posts. Give the token"),
        ({"scopes": ()}, "lacks pages_manage_posts and pages_read_engagement"),
        ({"kind": "USER"}, "not the token of a Page.*new Page access token"),
        ({"id": "100300"}, "another Page.*Check that PAGE"),
        ({"revoked": True}, "not valid: The user has not authorized the app.*new Page access token"),
        ({"ends": 1}, r"Session has expired. \(HTTP 401\).*new Page access token"),
    ],
)
def test_check_finds_what_is_wrong_with_a_token_and_says_what_to_do(
    world: OnFacebook, page: Page, change: dict[str, Any], says: str
) -> None:
    channel = Facebook(page.id, page.token, "" if "ends" in change else APP_TOKEN, url=world.server.url)
    for name, value in change.items():
        setattr(page, name, value)
    with pytest.raises(ChannelError, match=says):
        channel.check()


def test_what_facebook_tells_only_the_app_is_done_without(world: OnFacebook, page: Page) -> None:
    page.has_role, page.ends = False, SOON
    channel = Facebook(page.id, page.token, url=world.server.url)
    assert channel.limits() == {}
    assert channel.check().startswith("wikitech (Page 100100); without APP_TOKEN")
    name = posted(channel).id
    assert [channel.retract(name, NOW), channel.retract(name, NOW)] == [Retracted(), Retracted()]
    assert "expires" in Facebook(page.id, page.token, APP_TOKEN, url=world.server.url).limits()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"scopes": ("pages_manage_posts",)}, "pages_read_engagement permission.*Give the token"),
        ({"kind": "USER"}, "belongs to Rita.*Check that PAGE"),
        ({"id": "100300"}, "belongs to wikitech.*Check that PAGE"),
        ({"ends": 1}, "Session has expired.*new Page access token"),
    ],
)
def test_what_is_wrong_with_a_token_is_found_without_being_told_of_it(
    world: OnFacebook, page: Page, change: dict[str, Any], says: str
) -> None:
    channel = Facebook(page.id, page.token, url=world.server.url)
    for name, value in {"has_role": False, **change}.items():
        setattr(page, name, value)
    with pytest.raises(ChannelError, match=says):
        channel.check()


@pytest.mark.parametrize(
    "answer",
    [{}, [], "x", {"data": []}, {"data": {"is_valid": "yes"}}, {"data": {"is_valid": True}},
     *({"data": {"is_valid": True, "scopes": odd}} for odd in (5, True, " ".join(SCOPES), [SCOPES], [{}], [[]]))],
)  # fmt: skip
def test_an_answer_about_a_token_that_makes_no_sense_is_a_failure_to_ask(
    world: OnFacebook, monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    monkeypatch.setattr(Handler, "answer", lambda *_: as_json(200, answer))
    with pytest.raises(ChannelError):
        world.channel().check()


@pytest.mark.parametrize(
    ("ends", "data_ends", "expires"),
    [(0, 0, 0), (SOON, 0, SOON), (0, LATER, LATER), (SOON, LATER, SOON), (LATER, SOON, SOON)],
    ids=["never", "token", "data", "token first", "data first"],
)
def test_the_limits_say_when_the_token_ends(
    world: OnFacebook, page: Page, ends: int, data_ends: int, expires: int
) -> None:
    page.ends, page.data_ends = ends, data_ends
    limits = world.channel().limits()
    assert limits == ({"expires": datetime.fromtimestamp(expires, UTC).isoformat()} if expires else {})


@pytest.mark.parametrize("ends", ["soon", -1e30, 1e30, [1], float("inf")])
def test_an_end_that_is_no_time_is_a_failure_to_ask(
    world: OnFacebook, monkeypatch: pytest.MonkeyPatch, ends: object
) -> None:
    about = {"data": {"is_valid": True, "expires_at": ends, "data_access_expires_at": 0}}
    monkeypatch.setattr(Handler, "answer", lambda *_: as_json(200, about))
    with pytest.raises(ChannelError):
        world.channel().limits()


@pytest.mark.parametrize(
    ("name", "given"),
    [("PAGE", ""), ("PAGE", "wikipedia"), ("PAGE", "12/feed"), ("PAGE", "୧୨"), ("TOKEN", ""), ("TOKEN", " "),
     ("TOKEN", "canary canary"), ("TOKEN", "canarý"), ("TOKEN", "canary\ncanary"), ("APP_TOKEN", "canary"),
     ("APP_TOKEN", "1|canary canary")],
)  # fmt: skip
def test_credentials_that_cannot_be_one_are_refused_by_name_without_being_shown(name: str, given: str) -> None:
    with pytest.raises(UsageError, match=name) as error:
        facebook.connect(SECRETS | {name: given})
    assert "canar" not in str(error.value)


def test_connecting_touches_no_network_and_trims_what_was_pasted() -> None:
    assert isinstance(facebook.connect({"PAGE": " 12\n", "TOKEN": " abc\n", "APP_TOKEN": "", "URL": ""}), Facebook)


@pytest.mark.parametrize("url", ["http://example.org", "https://user:pw@example.org", "https://example.org/v26.0"])
def test_an_address_that_bares_the_secrets_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="URL"):
        facebook.connect(SECRETS | {"URL": url})


def test_rules_and_credentials_need_no_library() -> None:
    code = (
        "import sys; from smbot.channels import facebook; facebook.rules({}); facebook.credentials(); "
        "facebook.connect({'PAGE': '1', 'TOKEN': 'a'}); sys.exit('requests' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[1], check=False).returncode == 0


# --- the stand-in ---------------------------------------------------------------------------------------------------

TOKEN = {"access_token": "token-of-wikitech"}


@pytest.mark.parametrize(
    ("method", "path", "more"),
    [
        ("POST", "100100/feed", {"data": {"message": "a", "visibility": "public"}}),
        ("POST", "100100/feed", {"data": {"message": "a"}, "params": {"fields": "id"}}),
        ("POST", "100100/feed", {"json": {"message": "a"}}),
        ("POST", "100100/feed", {"data": {"message": "a", "link": "example.org"}}),
        ("POST", "100100/feed", {"data": {"attached_media": "[]"}}),
        ("POST", "100100/feed", {"data": {"attached_media": '[{"media_fbid": 5}]'}}),
        ("POST", "100100/feed", {"data": {"attached_media": "x"}}),
        ("POST", "100100/photos", {"data": {"published": "false"}}),
        ("POST", "100100/photos", {"data": {"published": "true"}, "files": {"source": b"x"}}),
        ("POST", "100100/photos", {"data": {"alt_text_custom": "x" * 1001}, "files": {"source": b"x"}}),
        ("POST", "100100_1", {"data": {"text": "a"}}),
        ("GET", "100100/published_posts", {"params": {"limit": "101"}}),
        ("GET", "100100/published_posts", {"params": {"since": "1"}}),
        ("GET", "100100/published_posts", {"params": {"fields": "secrets"}}),
        ("GET", "debug_token", {"params": {}}),
        ("DELETE", "100100", {}),
    ],
)
def test_the_stand_in_minds_what_meta_does_not_describe(method: str, path: str, more: dict[str, Any]) -> None:
    kind = "params" if method in ("GET", "DELETE") else "json" if "json" in more else "data"
    more = {**more, kind: {**TOKEN, **more.get(kind, {})}}
    with Server() as server:
        told = requests.request(method, f"{server.url}/v26.0/{path}", timeout=5, **more)
        assert told.json()["error"]["code"] in (100, 2500)
        assert len(server.complaints) == 1
        assert server.world.stored == server.world.photos == {}


def test_the_stand_in_opens_a_page_to_its_own_token_alone() -> None:
    with Server(known=pages()) as server:
        for token, code in (("guessed", 190), ("token-of-mediawiki", 100)):
            fields = {"message": "a", "access_token": token}
            told = requests.post(f"{server.url}/v26.0/100100/feed", data=fields, timeout=5)
            assert told.json()["error"]["code"] == code
        assert server.world.stored == {}
