"""Bluesky, against a real server: what fits, what stands where, what its errors prove, and how one stays signed in."""

from __future__ import annotations

import base64
import json
import re
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from traceback import format_exception
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.bluesky import LIKE, NEEDS, REPOST, Account, ask, is_there
from sandbox.bluesky import Bluesky as Server
from sandbox.bluesky_page import marked_up
from sandbox.standin import Answered, Fault, Handler, StandIn, as_json
from smbot.channels import Order, richtext, xrpc
from smbot.channels.bluesky import Bluesky, connect, rules, tid
from smbot.channels.richtext import Kind, spans
from smbot.errors import ChannelError, UsageError
from smbot.model import Can, Deferred, InDoubt, Media, Outcome, Posted, Refused, Retracted, Text
from tests.networks.bluesky import no_card, running

NOW = datetime.now(UTC)
ORDER = Order("tech-news-2026-47/1|wikitech/bluesky", NOW)
PNG = base64.b64decode(  # one pixel; the server looks into a file to see what it is
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
PICTURE = Media(PNG, "image/png", "ଭାରତର ମାନଚିତ୍ର", 1200, 800)
FAMILY = "👩‍👩‍👧‍👦"
TOKEN = re.compile(r"eyJ[\w.-]+")

needs_pds = pytest.mark.skipif(not is_there(), reason=NEEDS)


@dataclass
class Card:
    """What a page says of itself."""

    url: str = "https://www.mediawiki.org/wiki/X"
    title: str = "X - MediaWiki"
    description: str = "About X"
    image: bytes | None = b"\xff\xd8\xff\xe0JFIF"
    mime: str = "image/jpeg"


@pytest.fixture
def server() -> Iterator[Server]:
    if not is_there():
        pytest.skip(NEEDS)
    running().forget()
    yield running()
    assert running().complaints == []


@pytest.fixture
def signed_out() -> None:
    """As in a new process."""
    xrpc._sessions.clear()


def channel(server: Server, name: str = "wikitech", **more: Any) -> Bluesky:
    account = server.accounts[name]
    values: dict[str, Any] = {
        "url": server.url,
        "handle": account.handle,
        "password": account.password,
        "card": no_card,
    } | more
    return Bluesky(timeout=10, **values)


def pack(server: Server, words: str | Text, *media: Media, order: Order = ORDER, **more: Any) -> Any:
    text = words if isinstance(words, Text) else Text(words)
    parcel = channel(server, **more).pack(text, media, order, NOW)
    assert isinstance(parcel, dict), parcel
    assert json.loads(json.dumps(parcel)) == parcel
    return parcel


def post(server: Server, words: str | Text, *media: Media, **more: Any) -> Outcome:
    parcel = pack(server, words, *media, **more)
    return channel(server).post(parcel, NOW)


def stored(server: Server) -> Any:
    """The only post there is, as the server gives it back."""
    (record,) = server.records("wikitech")
    return record["value"]


# --- what counts as what --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("See https://www.mediawiki.org/wiki/X.", "https://www.mediawiki.org/wiki/X"),
        ("(https://en.wikipedia.org/wiki/Mercury_(planet))!", "https://en.wikipedia.org/wiki/Mercury_(planet)"),
        ("“https://a.org/?b=1&c=%20#d”, https://e.org/…", "https://a.org/?b=1&c=%20#d https://e.org/"),
        ("见https://zh.wikipedia.org/wiki/维基。", "https://zh.wikipedia.org/wiki/维基"),
        (
            "詳細はhttps://example.org/a。次は、https://e.org/b、https://e.org/c！",
            "https://example.org/a https://e.org/b https://e.org/c",
        ),
        ("https://or.wikipedia.org/wiki/ଓଡ଼ିଆ।", "https://or.wikipedia.org/wiki/ଓଡ଼ିଆ"),
        ("\u200fראו https://he.wikipedia.org/wiki/ויקי\u200f.", "https://he.wikipedia.org/wiki/ויקי"),
        ("mediawiki.org http:// https://.. xhttps://a.org ftp://a.org", ""),
        ("#wiki, #ଓଡ଼ିଆ! (#विक्षनरी) \u200f#ויקי", "#wiki #ଓଡ଼ିଆ #विक्षनरी #ויקי"),
        ("#ويكي٣ #می\u200cخواهم #维基。", "#ويكي٣ #می\u200cخواهم #维基"),
        (f"#{FAMILY} #wiki_data- #Wiki2026", f"#{FAMILY} #wiki_data #Wiki2026"),
        ("#2026 #1️⃣ # a#b ##x #_ https://a.org/#b", "https://a.org/#b"),
        (f"#{'ଓ' * 64} #{'x' * 65}", f"#{'ଓ' * 64}"),
        (f"#{FAMILY * 25} #{FAMILY * 26}", f"#{FAMILY * 25}"),  # 625 and 650 bytes
        ("@wikitech.test, (@a-b.bsky.social) @Wiki.ORG.", "@wikitech.test @a-b.bsky.social @Wiki.ORG"),
        ("@user @user@mastodon.social me@example.org @a_b.org @1.2 @a..b @user.name@host.org", ""),
    ],
)
def test_links_tags_and_mentions_are_where_people_see_them(words: str, found: str) -> None:
    shown = [words.encode()[span.start : span.end].decode() for span in spans(words)]
    assert shown == found.split()
    assert [span.value for span in spans(words)] == [piece.lstrip("#@") for piece in shown]


PIECES = [*"aଓש #@.()/:ht1_\n\u200f\u200d", "https://", "@a.test", FAMILY]


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_spans_are_in_order_and_between_characters(words: str) -> None:
    data, end = words.encode(), 0
    for span in spans(words):
        assert end <= span.start < span.end <= len(data)
        assert data[span.start : span.end].decode().endswith(span.value)
        end = span.end


def test_a_mention_of_nobody_stays_plain_words() -> None:
    facets = richtext.facets("@a.test and @B.test", {"b.test": "did:plc:b"}.get)
    assert [facet["features"] for facet in facets] == [
        [{"$type": f"app.bsky.richtext.facet#{Kind.MENTION}", "did": "did:plc:b"}]
    ]
    assert facets[0]["index"] == {"byteStart": 12, "byteEnd": 19}


def test_the_rules_are_those_of_a_server_that_says_nothing_else() -> None:
    usual = rules({})
    assert (usual.characters, usual.bytes, usual.images, usual.image_bytes) == (300, 3000, 4, 1_000_000)
    assert usual.can == {Can.THREAD, Can.RETRACT, Can.REPOST, Can.LIKE}
    assert usual.again > timedelta(days=3000)
    assert rules({"image_bytes": 2_000_000}).image_bytes == 2_000_000
    with pytest.raises(ChannelError, match="image_bytes"):
        rules({"image_bytes": "many"})


FIRST, LAST = datetime.fromisoformat("1970-01-02"), datetime.fromisoformat("2255-01-01")


@given(st.datetimes(FIRST, LAST, timezones=st.just(UTC)), st.text())
def test_the_key_of_a_record_is_a_tid_of_its_second(at: datetime, key: str) -> None:
    first = tid(at, key)
    assert re.fullmatch("[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}", first)
    assert tid(at, key) == first
    assert tid(at - timedelta(seconds=1), "another") < first


def test_orders_of_the_same_moment_have_keys_of_their_own() -> None:
    assert len({tid(NOW, f"key {number}") for number in range(1000)}) == 1000


# --- what the server takes ------------------------------------------------------------------------------------------

EDGES = [
    "x" * 300,
    "é" * 300,
    "e\u0301" * 300,
    "ନମସ୍କାର " * 60,
    "क्षत्रिय" * 100,
    "مرحبًا" * 60,
    "שָׁלוֹם" * 75,
    "👋🏽" * 300,
    FAMILY * 120,  # 3,000 bytes
    "🇮🇳" * 300,
    "1️⃣" * 300,
    "維" * 300,
    "Tie\u0302\u0301ng " * 50,
    "a\r\n" * 150,
]


@pytest.mark.parametrize("words", EDGES)
def test_words_at_the_limit_are_taken_as_they_are(server: Server, words: str) -> None:
    usual = rules({})
    assert usual.measure(words) == 300 or len(words.encode()) == 3000
    assert isinstance(post(server, words), Posted)
    assert stored(server)["text"] == words


@pytest.mark.parametrize("words", EDGES)
def test_one_more_is_refused_with_the_servers_reason(server: Server, words: str) -> None:
    outcome = post(server, f"{words}x")
    assert isinstance(outcome, Refused)
    assert re.search(r"\((maximum 300, got 301|maximum 3000, got 3001)\)", outcome.reason)
    assert server.records("wikitech") == []


def test_facets_stand_where_the_server_and_readers_find_them(server: Server) -> None:
    words = f"ଓଡ଼ିଆ {FAMILY} @mediawiki.test, @nobody.test @who.bsky.social #ଓଡ଼ିଆ שלום: https://or.wikipedia.org/wiki/ଓଡ଼ିଆ."
    assert isinstance(post(server, Text(words, "or")), Posted)
    value, did = stored(server), server.accounts["mediawiki"].did
    shown = marked_up(value)
    assert f'<a href="/profile/{did}">@mediawiki.test</a>, @nobody.test @who.bsky.social <a' in shown
    assert ">#ଓଡ଼ିଆ</a> שלום: <a" in shown
    assert '<a href="https://or.wikipedia.org/wiki/ଓଡ଼ିଆ">https://or.wikipedia.org/wiki/ଓଡ଼ିଆ</a>.' in shown
    assert [facet["features"][0].get("tag") for facet in value["facets"]] == [None, "ଓଡ଼ିଆ", None]


@pytest.mark.parametrize(
    ("language", "langs"),
    [("or", ["or"]), ("pt-BR", ["pt-BR"]), ("zh-Hant-TW", ["zh-Hant-TW"]), ("be-x-old", ["be-x-old"]),
     ("zh-classical", ["zh"]), ("simple", None), ("", None), ("no language", None)],
)  # fmt: skip
def test_the_language_is_said_where_it_is_one(server: Server, language: str, langs: list[str] | None) -> None:
    assert isinstance(post(server, Text("ନମସ୍କାର", language)), Posted)
    assert stored(server).get("langs") == langs


def test_pictures_go_out_with_alt_text_and_shape(server: Server) -> None:
    assert isinstance(post(server, "Four", PICTURE, PICTURE, Media(b"GIF89a", "image/gif", ""), PICTURE), Posted)
    images = stored(server)["embed"]["images"]
    assert [image["alt"] for image in images] == [PICTURE.alt, PICTURE.alt, "", PICTURE.alt]
    assert [image.get("aspectRatio") for image in images] == [{"width": 1200, "height": 800}] * 2 + [None] + [
        {"width": 1200, "height": 800}
    ]
    assert images[0]["image"]["mimeType"] == "image/png"


def test_a_picture_of_the_largest_size_is_taken_and_a_larger_one_refused(server: Server) -> None:
    limit = rules(channel(server).limits()).image_bytes
    largest = Media(PICTURE.data.ljust(limit, b"\0"), "image/png", "large")
    assert isinstance(post(server, "Large", largest), Posted)
    outcome = post(server, "Larger", Media(largest.data + b"\0", "image/png", "larger"), order=Order("larger", NOW))
    assert isinstance(outcome, Refused)
    assert "too big" in outcome.reason or "too large" in outcome.reason


def test_a_picture_that_is_gone_until_it_is_posted_is_refused(server: Server) -> None:
    parcel = pack(server, "Gone", PICTURE)
    parcel["record"]["embed"]["images"][0]["image"]["ref"]["$link"] = (
        "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
    )
    outcome = channel(server).post(parcel, NOW)
    assert isinstance(outcome, Refused)
    assert "Could not find blob" in outcome.reason


def test_a_post_without_pictures_shows_a_card_of_its_first_link(server: Server) -> None:
    asked: list[str] = []

    def card(link: str) -> Any:
        asked.append(link)
        return Card()

    words = "https://www.mediawiki.org/wiki/X and https://b.org"
    assert isinstance(channel(server).post(pack(server, words, card=card), NOW), Posted)
    assert asked == ["https://www.mediawiki.org/wiki/X"]
    external = stored(server)["embed"]["external"]
    assert (external["uri"], external["title"], external["description"]) == (asked[0], "X - MediaWiki", "About X")
    assert external["thumb"]["mimeType"] == "image/jpeg"
    pack(server, words, PICTURE, card=card)
    pack(server, "No link", card=card)
    assert len(asked) == 1


@pytest.mark.parametrize("card", [None, Card(title="", description="", image=None), Card()])
def test_a_card_that_cannot_be_had_stops_no_post(server: Server, card: Card | None) -> None:
    server.faults.append(Fault("uploadBlob$", "500"))
    given: Callable[[str], Any] = lambda _: card  # noqa: E731
    assert isinstance(channel(server).post(pack(server, "https://a.org", card=given), NOW), Posted)
    embed = stored(server).get("embed")
    assert embed is None if card is None else "thumb" not in embed["external"]


def test_a_warning_is_the_first_line(server: Server) -> None:
    assert isinstance(post(server, Text("Words", warning="Flashing pictures")), Posted)
    assert stored(server)["text"] == "Flashing pictures\n\nWords"


def test_a_thread_is_a_chain_of_answers_to_its_first_post(server: Server) -> None:
    after: tuple[str, ...] = ()
    for number in range(3):
        outcome = post(server, f"Part {number}", order=Order(f"thread/{number}", NOW, after))
        assert isinstance(outcome, Posted)
        after += (outcome.id,)
    first, second, third = server.records("wikitech")
    assert "reply" not in first["value"]
    assert third["value"]["reply"] == {
        role: {"uri": r["uri"], "cid": r["cid"]} for role, r in (("root", first), ("parent", second))
    }
    assert [r["value"]["text"] for r in (first, second, third)] == ["Part 0", "Part 1", "Part 2"]


def test_words_that_are_half_a_character_are_refused(server: Server) -> None:
    assert isinstance(channel(server).pack(Text("half a pair: \ud83d"), (), ORDER, NOW), Refused)


# --- exactly once ---------------------------------------------------------------------------------------------------


def test_a_parcel_posted_again_is_one_record_however_late(server: Server) -> None:
    parcel = pack(server, "Once")
    first = channel(server).post(parcel, NOW)
    assert isinstance(first, Posted)
    assert first.url == f"https://bsky.app/profile/{parcel['repo']}/post/{parcel['rkey']}"
    assert channel(server).post(parcel, NOW + timedelta(days=3000)) == first
    assert channel(server).find(parcel, NOW) == first
    assert len(server.records("wikitech")) == 1


def test_an_order_packed_again_with_other_words_meets_its_own_post_and_leaves_it_as_it_is(server: Server) -> None:
    first = post(server, "Once")
    again = pack(server, "Once, with a card since", order=Order(ORDER.key, NOW))
    assert channel(server).post(again, NOW) == first
    assert channel(server).find(again, NOW) == first
    assert stored(server)["text"] == "Once"


def test_what_is_there_and_cannot_be_read_stays_in_doubt(server: Server) -> None:
    post(server, "Once")
    server.faults.append(Fault("getRecord$", "500"))
    assert isinstance(channel(server).post(pack(server, "Twice"), NOW), InDoubt)


@pytest.mark.parametrize("kind", ["reset", "half-json", "broken-json", "empty", "500", "502-html", "503"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_is_a_doubt_that_reading_or_posting_again_settles(server: Server, kind: str, when: str) -> None:
    parcel = pack(server, "Once")
    server.faults.append(Fault("putRecord$", kind, when))
    assert isinstance(channel(server).post(parcel, NOW), InDoubt)
    found = channel(server).find(parcel, NOW)
    assert (found is not None) == (when == "after")
    settled = channel(server).post(parcel, NOW)
    assert isinstance(settled, Posted)
    assert found in (None, settled)
    assert len(server.records("wikitech")) == 1


def test_a_deleted_post_is_certainly_not_there(server: Server) -> None:
    parcel = pack(server, "Once")
    outcome = channel(server).post(parcel, NOW)
    assert isinstance(outcome, Posted)
    assert channel(server).retract(outcome.id, NOW) == Retracted()
    assert channel(server).retract(outcome.id, NOW) == Retracted()
    assert channel(server).find(parcel, NOW) is None


@pytest.mark.parametrize("id_", ["", "113", "https://bsky.app/profile/a/post/b", "at://did:plc:x/app.bsky.feed.post/1"])
def test_what_is_no_name_of_a_post_is_left_to_a_person(server: Server, id_: str) -> None:
    assert isinstance(channel(server).retract(id_, NOW), Refused)


@pytest.mark.parametrize("kind", ["reset", "500", "401", "429", "empty", "404"])
def test_a_retraction_that_may_have_failed_is_tried_again(server: Server, kind: str) -> None:
    outcome = post(server, "Once")
    assert isinstance(outcome, Posted)
    server.faults.append(Fault("deleteRecord$", kind))
    assert isinstance(channel(server).retract(outcome.id, NOW), Deferred)
    assert channel(server).retract(outcome.id, NOW) == Retracted()
    assert server.records("wikitech") == []


def test_one_account_cannot_post_or_delete_for_another(server: Server) -> None:
    parcel = pack(server, "Mine")
    outcome = channel(server).post(parcel, NOW)
    assert isinstance(outcome, Posted)
    assert isinstance(channel(server, "mediawiki").post(pack(server, "x", order=Order("x", NOW)), NOW), Deferred)
    assert not isinstance(channel(server, "mediawiki").retract(outcome.id, NOW), Retracted)
    with pytest.raises(ChannelError, match="another account"):
        channel(server, "mediawiki").find(parcel, NOW)
    assert len(server.records("wikitech")) == 1


# --- reposts and likes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["did", "handle"])
@pytest.mark.parametrize("kind", [REPOST, LIKE])
def test_a_post_is_reposted_and_liked_once_by_its_address(server: Server, kind: str, who: str) -> None:
    uri = server.say("mediawiki", "News", NOW.isoformat())
    author, rkey = server.accounts["mediawiki"], uri.rpartition("/")[2]
    url = f"https://bsky.app/profile/{author.did if who == 'did' else author.handle}/post/{rkey}"
    do = channel(server).repost if kind == REPOST else channel(server).like
    first = do(url, ORDER, NOW)
    assert isinstance(first, Posted)
    assert first.url == url
    assert do(url, ORDER, NOW) == first
    (record,) = server.records("wikitech", kind)
    assert record["value"]["subject"]["uri"] == uri
    assert channel(server).retract(first.id, NOW) == Retracted()
    assert server.records("wikitech", kind) == []


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://example.org/1", "not the address"),
        ("https://bsky.app/profile/mediawiki.test", "not the address"),
        ("https://bsky.app/profile/mediawiki.test/post/3kabcdefgh234", "Could not locate record"),
    ],
)
def test_what_is_not_there_is_not_liked(server: Server, url: str, says: str) -> None:
    outcome = channel(server).like(url, ORDER, NOW)
    assert isinstance(outcome, Refused)
    assert says in outcome.reason
    assert server.records("wikitech", LIKE) == []


def test_a_post_of_others_that_cannot_be_looked_up_now_waits(server: Server) -> None:
    outcome = channel(server).like("https://bsky.app/profile/someone.bsky.social/post/3kabcdefgh234", ORDER, NOW)
    assert isinstance(outcome, Deferred)


# --- what an error proves -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "outcome", "says"),
    [
        ("401", Deferred, "does not let this account"),
        ("403", Deferred, "does not let this account"),
        ("AccountTakedown", Deferred, "See https://bsky.app"),
        ("RepoDeactivated", Deferred, "See https://bsky.app"),
        ("404", Deferred, "check that the URL"),
        ("501", Deferred, "check that the URL"),
        ("redirect", Deferred, "check that the URL"),
        ("429-wait", Deferred, "slow down"),
        ("400", Refused, "approve it again"),
        ("413", Refused, "approve it again"),
        ("BlobTooLarge", Refused, "BlobTooLarge, said the test"),
        ("408", InDoubt, "not confirmed"),
        ("500", InDoubt, "not confirmed"),
        ("504", InDoubt, "not confirmed"),
    ],
)
def test_each_answer_to_a_post_has_its_outcome_and_says_why(
    server: Server, kind: str, outcome: type[Outcome], says: str
) -> None:
    parcel = pack(server, "Words")
    server.faults.append(Fault("putRecord$", kind))
    got = channel(server).post(parcel, NOW)
    assert isinstance(got, outcome)
    assert not isinstance(got, Posted)
    assert says in got.reason
    assert not TOKEN.search(got.reason)


def test_the_rate_limit_says_until_when(server: Server) -> None:
    parcel = pack(server, "Words")
    server.faults.append(Fault("putRecord$", "429-wait"))
    got, now = channel(server).post(parcel, NOW), datetime.now(UTC)
    assert isinstance(got, Deferred)
    assert timedelta(seconds=110) < got.until - now < timedelta(seconds=130)


@pytest.mark.parametrize("kind", ["reset", "401", "403", "429", "500", "empty", "broken-json", "404"])
def test_a_picture_that_is_not_taken_defers(server: Server, kind: str) -> None:
    server.faults.append(Fault("uploadBlob$", kind))
    assert isinstance(channel(server).pack(Text("Words"), (PICTURE,), ORDER, NOW), Deferred)


@pytest.mark.parametrize(
    "kind", ["reset", "401", "403", "404", "408", "429", "500", "empty", "broken-json", "redirect", "400"]
)
def test_what_cannot_be_read_is_not_called_absent(server: Server, kind: str) -> None:
    parcel = pack(server, "Words")
    server.faults.append(Fault("getRecord$", kind))
    with pytest.raises(ChannelError):
        channel(server).find(parcel, NOW)


def test_an_account_that_is_deactivated_waits_for_a_person(server: Server, signed_out: None) -> None:
    bluesky, parcel = channel(server, "mediawiki"), pack(server, "Words", name="mediawiki")
    server.ask(
        "com.atproto.server.deactivateAccount", {"deleteAfter": "2099-01-01T00:00:00Z"}, server.token("mediawiki")
    )
    try:
        outcome = bluesky.post(parcel, NOW)
        assert isinstance(outcome, Deferred)
        assert "deactivated" in outcome.reason
        with pytest.raises(ChannelError, match=r"@mediawiki\.test is deactivated"):
            bluesky.check()
    finally:
        server.ask("com.atproto.server.activateAccount", {}, server.token("mediawiki"))
    assert isinstance(bluesky.post(parcel, NOW), Posted)


# --- signing in, and staying so -------------------------------------------------------------------------------------


def asked(server: Server, method: str) -> int:
    return sum(path.endswith(method) for _, path in server.requests)


def test_a_process_signs_in_once(server: Server, signed_out: None) -> None:
    for number in range(3):
        post(server, "Words", order=Order(f"{number}", NOW))
    assert channel(server).check() == "@wikitech.test"
    assert asked(server, "createSession") == 1


@pytest.mark.parametrize("stale", ["ExpiredToken", "InvalidToken"])
def test_a_token_that_expires_is_renewed_and_the_post_goes_out_once(server: Server, stale: str) -> None:
    parcel = pack(server, "Words")
    server.faults.append(Fault("putRecord$", stale))
    assert isinstance(channel(server).post(parcel, NOW), Posted)
    assert (asked(server, "refreshSession"), asked(server, "createSession")) in [(1, 0), (1, 1)]
    assert len(server.records("wikitech")) == 1


def test_a_refresh_token_that_expired_too_means_signing_in_anew(server: Server) -> None:
    parcel = pack(server, "Words")
    server.requests.clear()
    server.faults += [Fault("putRecord$", "ExpiredToken"), Fault("refreshSession$", "ExpiredToken")]
    assert isinstance(channel(server).post(parcel, NOW), Posted)
    assert asked(server, "createSession") == 1


@pytest.mark.parametrize("kind", ["reset", "500", "429", "empty"])
def test_a_token_that_cannot_be_renewed_now_defers(server: Server, kind: str) -> None:
    parcel = pack(server, "Words")
    server.faults += [Fault("putRecord$", "ExpiredToken"), Fault("refreshSession$", kind)]
    assert isinstance(channel(server).post(parcel, NOW), Deferred)
    assert server.records("wikitech") == []
    assert isinstance(channel(server).post(parcel, NOW), Posted)


def test_a_token_that_stays_expired_is_not_tried_for_ever(server: Server) -> None:
    parcel = pack(server, "Words")
    server.faults += [Fault("putRecord$", "ExpiredToken")] * 2
    outcome = channel(server).post(parcel, NOW)
    assert isinstance(outcome, Deferred)


def test_a_file_keeps_the_session_for_the_next_process(server: Server, signed_out: None, tmp_path: Path) -> None:
    kept = tmp_path / "session.json"
    assert channel(server, kept=kept).check() == "@wikitech.test"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [kept]
    xrpc._sessions.clear()
    assert channel(server, kept=kept).check() == "@wikitech.test"
    assert asked(server, "createSession") == 1
    assert server.accounts["wikitech"].password not in kept.read_text()


def test_a_real_token_that_is_no_good_any_more_is_renewed_from_the_file(
    server: Server, signed_out: None, tmp_path: Path
) -> None:
    kept = tmp_path / "session.json"
    channel(server, kept=kept).check()
    spoilt = json.loads(kept.read_text())
    spoilt["access"] = spoilt["access"][:-8] + "AAAAAAAA"
    kept.write_text(json.dumps(spoilt))
    xrpc._sessions.clear()
    assert channel(server, kept=kept).check() == "@wikitech.test"
    assert (asked(server, "refreshSession"), asked(server, "createSession")) == (1, 1)
    assert json.loads(kept.read_text())["access"] not in ("", spoilt["access"])


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"account": 5}', "null", "\ud83d"])
def test_a_file_that_holds_no_session_is_written_anew(
    server: Server, signed_out: None, tmp_path: Path, content: str
) -> None:
    kept = tmp_path / "session.json"
    kept.write_bytes(content.encode(errors="surrogatepass"))
    assert channel(server, kept=kept).check() == "@wikitech.test"
    assert json.loads(kept.read_text())["handle"] == "wikitech.test"


def test_a_session_of_other_credentials_is_not_used(server: Server, signed_out: None, tmp_path: Path) -> None:
    kept = tmp_path / "session.json"
    channel(server, kept=kept).check()
    xrpc._sessions.clear()
    assert channel(server, "mediawiki", kept=kept).check() == "@mediawiki.test"
    with pytest.raises(ChannelError, match="new app password"):
        channel(server, kept=kept, password="wrong").check()


def test_after_signing_in_the_account_is_asked_where_it_lives(server: Server, signed_out: None) -> None:
    class Entryway(Handler):
        """Such as https://bsky.social: it signs in accounts that live elsewhere, by their identity documents."""

        def answer(self) -> Answered:
            if not self.route.endswith("Session"):
                return self.error(404)
            return as_json(200, server.ask(self.route.removeprefix("/xrpc/"), json.loads(self.body)))

    with StandIn(Entryway) as entryway:
        parcel = pack(server, "Words", url=entryway.url)
        bluesky = channel(server, url=entryway.url)
        assert isinstance(bluesky.post(parcel, NOW), Posted)
        assert isinstance(bluesky.find(parcel, NOW), Posted)
        assert {path for _, path in entryway.requests} == {"/xrpc/com.atproto.server.createSession"}


@pytest.mark.parametrize("kind", ["reset", "429", "500", "empty", "half-json", "404", "401", "400", "AccountTakedown"])
def test_trouble_in_signing_in_defers_and_says_so(server: Server, signed_out: None, kind: str) -> None:
    server.faults.append(Fault("createSession$", kind))
    outcome = channel(server).pack(Text("Words"), (), ORDER, NOW)
    assert isinstance(outcome, Deferred)
    assert timedelta(minutes=1) <= outcome.until - NOW <= timedelta(hours=1)
    parcel = pack(server, "Words")
    xrpc._sessions.clear()
    server.faults.append(Fault("createSession$", kind))
    assert isinstance(channel(server).post(parcel, NOW), Deferred)
    assert server.records("wikitech") == []


def test_a_wrong_password_is_told_with_what_to_do_and_without_itself(server: Server, signed_out: None) -> None:
    wrong = channel(server, password="canary-7f3a9")
    outcome = wrong.pack(Text("Words"), (), ORDER, NOW)
    assert isinstance(outcome, Deferred)
    assert "Invalid identifier or password" in outcome.reason
    assert "App passwords" in outcome.reason
    with pytest.raises(ChannelError) as error:
        wrong.check()
    for said in (repr(outcome), repr(wrong), repr(error.value), "".join(format_exception(error.value))):
        assert "canary" not in said


def test_signing_in_too_often_meets_the_real_rate_limit(tmp_path: Path) -> None:
    if not is_there():
        pytest.skip(NEEDS)
    with Server(rate_limits=True) as server, ThreadPoolExecutor(8) as threads:
        account = server.accounts["wikitech"]
        body = {"identifier": account.handle, "password": account.password}
        for done in [threads.submit(server.ask, "com.atproto.server.createSession", body) for _ in range(30)]:
            done.result()
        outcome = channel(server).pack(Text("Words"), (), ORDER, datetime.now(UTC))
        assert isinstance(outcome, Deferred)
        assert "slow down" in outcome.reason
        assert timedelta(minutes=1) <= outcome.until - datetime.now(UTC) <= timedelta(minutes=5)


# --- credentials ----------------------------------------------------------------------------------------------------

GOOD = {"HANDLE": "wikitech.bsky.social", "PASSWORD": "abcd-efgh-ijkl-mnop"}


def test_connecting_touches_no_network_and_trims_what_was_pasted(tmp_path: Path) -> None:
    pasted = {"HANDLE": " @Wikitech.bsky.social\n", "PASSWORD": " abcd-efgh \n", "SESSION": f" {tmp_path}/kept "}
    assert isinstance(connect(pasted), Bluesky)
    assert isinstance(connect(GOOD), Bluesky)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("odd", "says"),
    [
        ({"HANDLE": ""}, "HANDLE"),
        ({"HANDLE": "wikitech"}, "HANDLE"),
        ({"HANDLE": "a b.org"}, "HANDLE"),
        ({"PASSWORD": ""}, "PASSWORD"),
        ({"PASSWORD": "canary canary"}, "PASSWORD"),
        ({"URL": "http://bsky.social"}, "https"),
        ({"URL": "https://bsky.social/xrpc"}, "URL"),
        ({"SESSION": "/no/such/folder/session"}, "SESSION"),
    ],
)
def test_credentials_that_cannot_be_right_are_refused_without_being_shown(odd: dict[str, str], says: str) -> None:
    with pytest.raises(UsageError, match=says) as error:
        connect(GOOD | odd)
    assert "canary" not in str(error.value)


# --- the server of the sandbox --------------------------------------------------------------------------------------


@needs_pds
def test_the_server_keeps_accounts_and_posts_over_a_restart_at_another_address(tmp_path: Path) -> None:
    with Server(folder=tmp_path) as first:
        account: Account = first.accounts["wikitech"]
        assert isinstance(post(first, Text("ନମସ୍କାର #ଓଡ଼ିଆ <b>", "or"), PICTURE), Posted)
    with Server(folder=tmp_path) as again:
        assert again.url != first.url
        assert again.accounts["wikitech"] == account
        assert channel(again).check() == "@wikitech.test"
        assert isinstance(post(again, "On another port", order=Order("again", NOW)), Posted)
        html = ask("GET", again.url).text
        assert 'lang="or" dir="auto">ନମସ୍କାର <a href="/">#ଓଡ଼ିଆ</a> &lt;b&gt;' in html
        assert f"ALT {PICTURE.alt}" in html
