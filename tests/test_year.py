"""The simulated year: its clock, its people, what its checks find, and some weeks of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from PIL import Image

from sandbox.people import Person
from sandbox.wiki import ADMIN, PASSWORD, SandboxWiki, create
from sandbox.year_check import Books, House, Post, Row, Ruling, Told, by_week, doubles, outside, slot_of, waits
from sandbox.year_news import FEEDS, is_pause
from sandbox.year_picture import Chart, Voice, draw
from sandbox.year_wishes import wishes
from sandbox.year_words import Span
from smbot.model import Flag, Page, Site
from smbot.sources import source

NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)


# --- the clock of the wiki ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def elsewhen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxWiki]:
    """A wiki of its own, whose clock may be set."""
    with create(tmp_path_factory.mktemp("elsewhen") / "wiki").serving() as wiki:
        yield wiki


@pytest.fixture
def anna(elsewhen: SandboxWiki) -> Iterator[Person]:
    """Somebody who stays logged in while time passes."""
    elsewhen.set_clock(NEW_YEAR)
    with elsewhen.person("Anna") as person:
        yield person


def test_the_wiki_dates_everything_by_the_clock_that_is_set(elsewhen: SandboxWiki, anna: Person) -> None:
    for hours in (0, 9, 24 * 200):
        elsewhen.set_clock(NEW_YEAR + timedelta(hours=hours))
        told = f"{NEW_YEAR + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"
        assert anna.edit("Dated", f"{hours} hours later")["newtimestamp"] == told
        assert anna.history("Dated")[0]["timestamp"] == told
        assert anna._call("GET", action="query", curtimestamp=True)["curtimestamp"] == told
        assert anna.query(list="recentchanges", rcprop="timestamp", rclimit=1)["recentchanges"][0]["timestamp"] == told


def test_nobody_is_logged_out_and_no_token_ends_when_months_pass_at_once(elsewhen: SandboxWiki, anna: Person) -> None:
    anna.edit("Patience", "before")
    elsewhen.set_clock(NEW_YEAR + timedelta(days=300))
    assert anna.edit("Patience", "after", baserevid=anna.revision_id("Patience"))["result"] == "Success"
    assert anna.query(meta="userinfo")["userinfo"]["name"] == "Anna"


def test_bot_passwords_blocks_protection_and_jobs_work_at_another_time(elsewhen: SandboxWiki, anna: Person) -> None:
    elsewhen.user("Machine", groups=["bot"])
    password = elsewhen.bot_password("Machine")
    elsewhen.set_clock(NEW_YEAR + timedelta(days=90))
    with Person(elsewhen.api, ADMIN, PASSWORD) as admin:
        admin.block("Machine")
        assert "blockid" in admin.query(list="users", ususers="Machine", usprop="blockinfo")["users"][0]
        admin.unblock("Machine")
        admin.edit("Kept", "for administrators")
        admin.protect("Kept")
        token = admin.query(meta="tokens", type="login")["tokens"]["logintoken"]
        answer = admin._call("POST", action="login", lgname="Machine@smbot", lgpassword=password, lgtoken=token)
    assert answer["login"]["result"] == "Success"
    elsewhen.run_jobs()
    assert anna.page("Kept", prop="info", inprop="protection")["protection"][0]["level"] == "sysop"


def test_the_machines_clock_comes_back(elsewhen: SandboxWiki, anna: Person) -> None:
    elsewhen.set_clock(None)
    told = datetime.fromisoformat(anna._call("GET", action="query", curtimestamp=True)["curtimestamp"])
    assert abs(told - datetime.now(UTC)) < timedelta(minutes=1)


# --- what the checks find -------------------------------------------------------------------------------------------

HOUSE = House(
    "mediawiki", ("mastodon", "x"), ("Anna",), "Europe/Berlin", (("Mon Tue Wed Thu Fri", "09:00"),),
    gap=timedelta(hours=1), per_day=1,
)  # fmt: skip
NIGHTLY = House(
    "wikitech", ("mastodon",), ("Anna", "Bo"), "America/New_York", (), ("22:00", "07:00"), timedelta(hours=1)
)
MONDAY = datetime(2027, 1, 4, 8, 10, tzinfo=UTC)  # ten past nine in Berlin


def posted(at: datetime, number: int = 1, account: str = "mediawiki", network: str = "mastodon") -> Post:
    """News number so and so, on a network."""
    return Post(account, network, f"{number}{network}", at, f"News {number}")


def books(*posts: Post, **changed: object) -> Books:
    """Posts that are on the log, and were approved by Anna an hour before, unless something else is said."""
    rows = [Row(f"n{p.words[5:]}/{p.account}/{p.network}", p.account, p.network, "posted", f"//{p.id}") for p in posts]
    rulings = [
        Ruling(
            p.at - timedelta(hours=1),
            "Anna",
            f"n{p.words[5:]}",
            "approved",
            frozenset({(p.account, p.network, p.words)}),
        )
        for p in posts
    ]
    return replace(Books((HOUSE, NIGHTLY), posts, rows, rulings), **changed)  # type: ignore[arg-type]


def findings(found: Books) -> str:
    return "; ".join(line.split(":")[0] for line in [*doubles(found), *outside(found)])


def test_posts_within_the_rules_are_not_complained_of() -> None:
    tuesday = MONDAY + timedelta(days=1)
    noon = datetime(2027, 1, 4, 17, tzinfo=UTC)
    assert findings(books(posted(MONDAY), posted(tuesday, 2), posted(noon, 3, "wikitech"))) == ""


def test_a_made_up_double_is_found() -> None:
    again = replace(posted(MONDAY + timedelta(days=1)), id="9mastodon")
    assert "twice" in findings(books(posted(MONDAY), again))


def test_what_two_sources_tell_is_told_once() -> None:
    one = replace(posted(MONDAY), words="MediaWiki 1.46.0 is out")
    other = replace(posted(MONDAY + timedelta(days=1), 2), words="MediaWiki 1.46.0 is released")
    assert "told 2 times by mediawiki on mastodon" in findings(books(one, other, once=["MediaWiki 1.46.0"]))
    assert "told" not in findings(books(one, once=["MediaWiki 1.46.0"]))


def test_a_post_that_is_not_on_the_log_and_a_row_without_a_post_are_found() -> None:
    whole = books(posted(MONDAY))
    assert "on the log 0 times" in findings(replace(whole, rows=()))
    assert "on the log 2 times" in findings(replace(whole, rows=(*whole.rows, *whole.rows)))
    assert "posted by the log, and 0 times on mastodon" in findings(replace(whole, posts=()))


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (posted(MONDAY + timedelta(hours=3), 2), "outside the slots"),
        (posted(MONDAY + timedelta(minutes=20), 2), "the second in its slot"),
        (posted(MONDAY + timedelta(minutes=20), 2), "20 minutes after another"),
        (posted(MONDAY + timedelta(minutes=20), 2), "one more than 1 that day"),
        (posted(datetime(2027, 1, 6, 2, tzinfo=UTC), 2, "wikitech"), "nothing"),
        (posted(datetime(2027, 1, 6, 3, tzinfo=UTC), 2, "wikitech"), "in quiet hours"),
        (posted(MONDAY, 2, "elsewhere"), "no such account"),
        (posted(MONDAY, 2, "wikitech", "x"), "not a network of this account"),
    ],
)
def test_a_post_against_the_rules_is_found(second: Post, why: str) -> None:
    assert why in (findings(books(posted(MONDAY), second)) or "nothing")


def test_what_is_out_on_one_network_may_follow_on_another_outside_the_slots() -> None:
    assert findings(books(posted(MONDAY), posted(MONDAY + timedelta(hours=5), 1, network="x"))) == ""


@pytest.mark.parametrize(
    ("ruling", "why"),
    [
        ({"status": "declined"}, "Anna had set it to declined"),
        ({"who": "Mallory"}, "Mallory does not maintain the account"),
        ({"shown": frozenset({("mediawiki", "mastodon", "Other news")})}, "other words, or another place"),
        ({"shown": frozenset({("wikitech", "mastodon", "News 1")})}, "other words, or another place"),
        ({"at": MONDAY - timedelta(days=15)}, "approved by Anna 15 days before"),
        ({"at": MONDAY + timedelta(hours=1)}, "nobody approved it"),
        ({"after": MONDAY + timedelta(hours=1)}, "not at the time that stood on its card"),
    ],
)
def test_a_post_that_nobody_approved_as_it_is_is_found(ruling: dict[str, object], why: str) -> None:
    whole = books(posted(MONDAY))
    changed = replace(whole, rulings=[replace(whole.rulings[0], **ruling)])  # type: ignore[arg-type]
    assert why in findings(changed)


# --- reposts, reminders, and what keeps -----------------------------------------------------------------------------

NOON = datetime(2027, 1, 4, 12, tzinfo=UTC)


def reposted(first: Post, at: datetime) -> Books:
    """A post by wikitech, and its repost by mediawiki, approved on one card."""
    repost = Post("mediawiki", first.network, "r1", at, f"repost of {first.account}", first.id)
    whole = books(first)
    row = Row(f"n{first.words[5:]}/mediawiki/{first.network}", "mediawiki", first.network, "posted", f"//{first.id}")
    shown = whole.rulings[0].shown | {("mediawiki", first.network, repost.words)}
    rulings = [replace(whole.rulings[0], shown=shown)]
    return replace(whole, posts=[*whole.posts, repost], rows=[*whole.rows, row], rulings=rulings)


FIRST = posted(datetime(2027, 1, 3, 15, tzinfo=UTC), 5, "wikitech")


def test_a_repost_after_its_post_is_as_it_should_be() -> None:
    assert findings(reposted(FIRST, MONDAY)) == ""


def test_a_repost_counts_as_a_post_of_the_account_that_reposts() -> None:
    late = reposted(FIRST, NOON)
    assert findings(late) == "outside the slots"
    both = reposted(FIRST, MONDAY)
    another = books(posted(MONDAY + timedelta(minutes=20), 2))
    both = replace(
        both, posts=[*both.posts, *another.posts], rows=[*both.rows, *another.rows],
        rulings=[*both.rulings, *another.rulings],
    )  # fmt: skip
    assert "20 minutes after another" in findings(both)
    assert "one more than 1 that day" in findings(both)


def test_a_repost_of_nothing_of_something_else_or_before_the_post_is_found() -> None:
    good = reposted(FIRST, MONDAY)
    repost = good.posts[1]
    assert "a repost of nothing" in findings(replace(good, posts=[good.posts[0], replace(repost, of="gone")]))
    assert "a repost before the post" in findings(reposted(replace(FIRST, at=MONDAY + timedelta(hours=9)), MONDAY))
    other = posted(FIRST.at - timedelta(days=1), 6, "wikitech")
    wrong = replace(
        good, posts=[other, good.posts[0], replace(repost, of=other.id)], rows=[*good.rows, *books(other).rows]
    )
    assert "a repost of something else" in findings(wrong)


def test_a_post_reposted_twice_is_found() -> None:
    good = reposted(FIRST, MONDAY)
    again = replace(good.posts[1], id="r2", at=MONDAY + timedelta(days=1))
    assert "twice" in findings(replace(good, posts=[*good.posts, again]))


def test_a_reminder_waits_for_no_slot_but_for_the_gap() -> None:
    noon = books(posted(NOON))
    assert findings(noon) == "outside the slots"
    reminder = replace(noon, rulings=[replace(noon.rulings[0], step="1 day before")])
    assert findings(reminder) == ""
    close = books(posted(NOON), posted(NOON + timedelta(minutes=20), 2))
    close = replace(close, rulings=[replace(ruling, step="1 day before") for ruling in close.rulings])
    assert "20 minutes after another" in findings(close)


def test_what_would_miss_its_end_waits_for_no_slot_and_no_gap() -> None:
    noon = books(posted(NOON))
    for hours, wanted in ((2, ""), (48, "outside the slots")):
        ends = [replace(ruling, until=NOON + timedelta(hours=hours)) for ruling in noon.rulings]
        assert findings(replace(noon, rulings=ends)) == wanted
    close = books(posted(NOON, account="wikitech"), posted(NOON + timedelta(minutes=20), 2, "wikitech"))
    for minutes, wanted in ((40, ""), (80, "20 minutes after another")):
        ends = [replace(ruling, until=NOON + timedelta(minutes=minutes)) for ruling in close.rulings]
        assert findings(replace(close, rulings=ends)) == wanted


def test_what_keeps_is_not_posted_in_a_week_that_is_at_its_goal() -> None:
    days = [posted(MONDAY + timedelta(days=day), day + 1) for day in range(4)]
    whole = books(*days)
    assert findings(whole) == ""
    keeps = [replace(ruling, evergreen=ruling.id == "n4") for ruling in whole.rulings]
    assert findings(replace(whole, rulings=keeps)) == "it keeps, and the week had 3 already"
    keeps = [replace(ruling, evergreen=ruling.id == "n3") for ruling in whole.rulings]
    assert findings(replace(whole, rulings=keeps)) == ""


def test_what_another_network_took_a_week_later_does_not_bring_that_week_to_its_goal() -> None:
    friday = posted(MONDAY - timedelta(days=3), 9)
    late = books(friday, posted(MONDAY, 9, network="x"), *(posted(MONDAY + timedelta(days=n), n) for n in (1, 2, 3)))
    keeps = [replace(ruling, evergreen=ruling.id == "n3") for ruling in late.rulings]
    assert findings(replace(late, rulings=keeps)) == ""


TALK = Told(NOON - timedelta(days=9), "Dark mode (part 1)", NOON + timedelta(hours=5))
LATER = Told(NOON - timedelta(days=2), TALK.name, NOON + timedelta(days=7, hours=5))
OFF = Told(NOON - timedelta(days=2), TALK.name, None)
GONE = Told(NOON - timedelta(days=2), TALK.name, None, listed=False)
CALL = Told(NOON - timedelta(days=9), TALK.name, datetime(2027, 1, 4, tzinfo=UTC), whole_day=True)


@pytest.mark.parametrize(
    ("told", "words", "at", "why"),
    [
        ([TALK], "Talk: Dark mode (part 1), Monday, 4 January 2027, 17:00 UTC", NOON, "nothing"),
        ([TALK], "Soon: Dark mode (part 1)", NOON, "nothing"),
        ([TALK], "Soon: Dark mode (part 1)", NOON + timedelta(hours=5), "it tells of what is over"),
        ([TALK], "Talk: Dark mode (part 1), Monday, 4 January 2027, 18:00 UTC", NOON, "a time that is not true"),
        ([TALK, LATER], "Talk: Dark mode (part 1), Monday, 4 January 2027, 17:00 UTC", NOON, "that is not true"),
        ([TALK, LATER], "New: Dark mode (part 1), Monday, 11 January 2027, 17:00 UTC", NOON, "nothing"),
        ([TALK, OFF], "Soon: Dark mode (part 1)", NOON, "a time that is not true"),
        ([TALK, OFF], "Cancelled: Dark mode (part 1) will not take place.", NOON, "nothing"),
        ([TALK], "Cancelled: Dark mode (part 1) will not take place.", NOON, "it was not cancelled"),
        ([TALK, GONE], "Soon: Dark mode (part 1)", NOON - timedelta(days=1, hours=20), "nothing"),
        ([TALK, GONE], "Soon: Dark mode (part 1)", NOON, "a time that is not true"),
        ([TALK, GONE], "Cancelled: Dark mode (part 1) will not take place.", NOON, "it was not cancelled"),
        ([CALL], "Dark mode (part 1). Until Monday, 4 January 2027.", NOON, "nothing"),
        ([CALL], "One more day: Dark mode (part 1)", NOON + timedelta(hours=15), "it tells of what is over"),
    ],
)
def test_what_is_told_of_something_to_come_has_to_be_true_and_in_time(
    told: list[Told], words: str, at: datetime, why: str
) -> None:
    post = replace(posted(at, 1, "wikitech"), words=words)
    assert why in (findings(replace(books(post), told=told)) or "nothing")


def test_a_slot_that_the_clock_skips_opens_when_it_is_put_forward_and_one_that_comes_twice_the_first_time() -> None:
    skipped = replace(HOUSE, slots=(("Sun", "02:30"),))
    forward = datetime(2027, 3, 28, 1, tzinfo=UTC)  # 02:00 becomes 03:00
    back = datetime(2027, 10, 31, 0, 30, tzinfo=UTC)  # the first 02:30
    assert slot_of(skipped, forward + timedelta(minutes=5)) == forward
    assert slot_of(skipped, back + timedelta(minutes=5)) == back
    assert slot_of(skipped, back + timedelta(minutes=65)) is None


def test_waits_and_weeks_count_a_candidate_once() -> None:
    both = books(posted(MONDAY), posted(MONDAY + timedelta(hours=5), 1, network="x"))
    assert waits(both, "mediawiki") == [(MONDAY, timedelta(hours=1))]
    at_its_time = [replace(ruling, after=MONDAY - timedelta(minutes=10)) for ruling in both.rulings]
    assert waits(replace(both, rulings=at_its_time), "mediawiki") == [(MONDAY, timedelta(minutes=10))]
    keeps = [replace(ruling, evergreen=True) for ruling in both.rulings]
    assert waits(replace(both, rulings=keeps), "mediawiki") == []
    assert by_week(both, date(2027, 1, 1), 2, HOUSE, reposts=False) == [1, 0]


# --- what is written ------------------------------------------------------------------------------------------------


def test_every_page_of_the_year_is_in_a_form_that_its_source_reads() -> None:
    for feed in FEEDS:
        for edit in feed.edits(Random(1), Span(date(2027, 1, 1), 52)):
            reading = source(feed.kind).read(
                Page(edit.title, 1, edit.text, timestamp=edit.at), Site("http://wiki/$1"), feed.name, edit.at
            )
            assert reading.items or reading.placeholder, edit
            assert not reading.problems, edit


def test_what_the_pages_say_of_things_to_come_is_what_their_sources_read() -> None:
    for feed in FEEDS:
        for edit in feed.edits(Random(1), Span(date(2027, 1, 4), 52)):
            kinds = [feed.kind, "calls-for-mentees"] if feed.kind == "calls-for-mentors" else [feed.kind]
            for told in edit.dates:
                now = max(edit.at, told.start - timedelta(days=9)) if told.start else edit.at
                page = Page(edit.title, 1, edit.text, timestamp=edit.at)
                readings = [source(kind).read(page, Site("http://wiki/$1"), feed.name, now) for kind in kinds]
                items = [item for reading in readings for item in reading.items if item.title == told.name]
                right = [item for item in items if item.event and told.start in (None, item.event.start)]
                assert bool(right) == told.listed, told
                is_off = told.start is None and told.listed
                assert any(Flag.CANCELLED in item.flags for item in items) == is_off, told


@pytest.mark.parametrize("kind", ["office-hours", "technical-talks"])
def test_once_a_year_the_next_meeting_is_taken_off_its_page_while_a_later_one_stays(kind: str) -> None:
    feed = next(feed for feed in FEEDS if feed.kind == kind)
    edits = [*feed.edits(Random(1), Span(date(2027, 1, 1), 52))]
    gone = next(edit for edit in edits if any(not told.listed for told in edit.dates))
    reading = source(feed.kind).read(
        Page(gone.title, 1, gone.text, timestamp=gone.at), Site("http://wiki/$1"), feed.name, gone.at
    )
    (name,) = [told.name for told in gone.dates]
    first = next(told.start for edit in edits for told in edit.dates if told.name == name)
    assert [item.event.start > first for item in reading.items if item.event and first] == [True]


def test_the_same_seed_makes_the_same_year_and_no_piece_of_news_comes_twice() -> None:
    span = Span(date(2027, 1, 1), 52)
    assert [*map(repr, wishes(Random(5), span, 1))] == [*map(repr, wishes(Random(5), span, 1))]
    tech_news = next(feed for feed in FEEDS if feed.kind == "tech-news")
    issues = [edit for edit in tech_news.edits(Random(5), span) if edit.title.endswith("/en")]
    bullets = [line for edit in issues for line in edit.text.splitlines() if "phabricator" in line]
    assert len(bullets) == len(set(bullets)) == sum(edit.news for edit in issues)
    assert len([monday for monday in span.mondays if monday.year == 2027 and is_pause(monday)]) == 4


def test_the_picture_has_a_column_for_each_week(tmp_path: Path) -> None:
    voice = Voice("mediawiki", [2] * 52, [1] * 52, [None, *[9.0] * 51], 3)
    draw(Chart("A year", date(2027, 1, 1), [voice], {"wiki down": [(MONDAY, MONDAY)]}, {}), tmp_path / "year.png")
    draw(Chart("A week", date(2027, 1, 1), [Voice("a", [0], [0], [None], 0)], {}, {}), tmp_path / "week.png")
    with Image.open(tmp_path / "year.png") as year, Image.open(tmp_path / "week.png") as week:
        assert year.width > week.width > 1000


# --- some weeks of it -----------------------------------------------------------------------------------------------


def test_a_simulated_week_brings_no_double_and_nothing_outside_the_rules(tmp_path: Path) -> None:
    others = {name: value for name, value in os.environ.items() if not name.startswith(("PYWIKIBOT", "SMBOT_"))}
    done = subprocess.run(  # a process of its own: pywikibot knows one wiki of a name in a process
        [sys.executable, "-m", "sandbox.year", "--weeks", "1", "--folder", str(tmp_path / "year")],
        env=others, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "doubles: 0; against the rules: 0" in done.stdout
    assert "mediawiki: 0 posts" not in done.stdout
    assert (tmp_path / "year.png").exists()
