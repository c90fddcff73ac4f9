"""The status page: what it says, how it looks, and that it is saved only when something happened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from msgspec.structs import replace as put
from playwright.sync_api import Page as Tab

from sandbox.browser import PHONE, Browser
from sandbox.people import Person
from sandbox.standin import Fault
from sandbox.wiki import SandboxWiki
from smbot import compose, history, messages, plan, review, statuspage
from smbot.gather import Snapshot
from smbot.memory import Approval, Delivery, Known, Memory, Standing, Trouble
from smbot.model import Page, Problem, Rules, Text
from smbot.overview import overview
from smbot.settings import Account
from smbot.timing import Rhythm, Slot
from tests.builders import ALICE, BOB, CHANNEL, TITLES, card, delivery, known, snapshot
from tests.builders import settings as rules
from tests.looks import AXE, HOSTILE, complaints
from tests.world import World

SATURDAY = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SLOTS = Rhythm(slots=tuple(Slot(frozenset(range(5)), time(hour)) for hour in (9, 15)))
CONTENT = "#mw-content-text"
VOICES = {
    "mediawiki": Account("mediawiki", ("mastodon",), frozenset({ALICE}), rhythm=SLOTS, goal=3),
    "wikitech": Account("wikitech", ("mastodon", "bluesky"), frozenset({ALICE, BOB}), rhythm=SLOTS),
}
RULES = {c: Rules(c.split("/")[1].capitalize(), 500, len) for voice in VOICES.values() for c in voice.channels}


def made(
    id_: str, title: str, status: str = "waiting", since: date = date(2026, 11, 21), **more: str
) -> tuple[str, Known]:
    """A card and what is remembered of it; `status` is Alice's decision."""
    text = card(id_, status, title, **more)
    (shown,) = review.read(text).values()
    assert shown is not None
    digest = compose.digest(shown.candidate, compose.texts(shown.candidate, VOICES, RULES))
    approval = Approval(ALICE, 5, SATURDAY - timedelta(hours=1), digest)
    decided = Standing(status=status, digest=digest, face=shown.face, approvals=(approval,))
    standing = decided if status == "approved" else Standing()
    return text, known(proposal=shown.candidate, standing=standing, title=title, since=since)


def desk(*of: tuple[str, tuple[str, Known]], out: tuple[Delivery, ...] = (), **more: Any) -> tuple[Memory, Snapshot]:
    """A desk with these cards and deliveries."""
    remembered = {name: more.pop(name) for name in ("troubles", "counts", "alarms", "past") if name in more}
    memory = Memory(known={id_: k for id_, (_, k) in of}, deliveries={d.key: d for d in out}, **remembered)
    titles = put(TITLES, status="Project:Desk/Status")
    usual = {"now": SATURDAY, "settings": rules(accounts=VOICES), "rules": RULES, "titles": titles}
    return memory, snapshot(memory, "\n".join(text for _, (text, _) in of), **(usual | more))


def posted(id_: str, title: str, days: float, channel: str = CHANNEL, **more: Any) -> Delivery:
    usual = {"state": "posted", "text": Text(title), "url": f"https://example.org/{id_}"}
    return delivery(id_, channel, since=SATURDAY - days * DAY, **(usual | more))


def drawn(memory: Memory, seen: Snapshot) -> str:
    return statuspage.draw(overview(memory, seen), memory, seen)


def section(text: str, heading: str) -> str:
    """What stands below a heading, named by its message."""
    return text.split(f"== {messages.say(heading)} ==\n")[1].split("\n\n== ")[0]


# --- what it says ---------------------------------------------------------------------------------------------------


def test_it_says_what_was_last_and_what_is_next() -> None:
    out = (posted("p", "A new parser", 2), posted("q", "Older", 3))
    text = drawn(*desk(("n", made("n", "A hackathon", "approved")), out=out))
    assert "'''Posting is on.'''" in text
    assert "Last post: [https://example.org/p <bdi>A new parser</bdi>] by mediawiki, Thu 19 Nov, 12:00 UTC." in text
    assert "Next post: [[Desk/Queue#n|<bdi>A hackathon</bdi>]] by mediawiki, Mon 23 Nov, 09:00 UTC." in text


def test_why_nothing_is_posted_stands_first() -> None:
    text = drawn(*desk(stop=Page(TITLES.stop)))
    assert "Posting is on" not in text
    assert "Nothing is posted now" in text
    assert "[[Desk/Run]]" in text


@pytest.mark.parametrize(
    ("state", "more", "said"),
    [
        ("refused", {"reason": "Too long."}, "wikitech on Bluesky refused [[Desk/Queue#p|<bdi>Oh</bdi>]]: Too long."),
        ("in doubt", {"reason": "Lost."}, "whether wikitech on Bluesky posted [[Desk/Queue#p|<bdi>Oh</bdi>]]: Lost."),
        ("handed off", {}, "[[Desk/Log/2026-11#p/wikitech/bluesky|<bdi>Oh</bdi>]] is to be posted by hand"),
        ("handed off", {"task": "retract"}, "|<bdi>Oh</bdi>]] is to be deleted by hand: wikitech on Bluesky."),
    ],
)
def test_what_failed_names_those_who_can_help(state: str, more: dict[str, str], said: str) -> None:
    failed = posted("p", "Oh", 1, "wikitech/bluesky", state=state, **more)
    needs = section(drawn(*desk(out=(failed,))), "status-heading-needs")
    assert said in needs
    assert "'''Who can help:''' [[User:Alice|Alice]], [[User:Bob|Bob]]" in needs


def test_a_channel_that_rests_and_a_source_that_fails_are_for_the_operator() -> None:
    troubles = {CHANNEL: Trouble(3, "no answer", SATURDAY + DAY)}
    needs = section(drawn(*desk(troubles=troubles, alarms={"x": "News is gone."})), "status-heading-needs")
    assert "rests until 2026-11-22 12:00 UTC" in needs
    assert "News is gone" in needs
    assert needs.count("whoever runs smbot") == 2


def test_each_account_is_measured_by_its_goal_and_each_network_has_its_number() -> None:
    out = (
        *(posted("p", "One", 2, f"wikitech/{network}") for network in ("mastodon", "bluesky")),
        *(posted(f"q{n}", "Two", 1) for n in range(2)),
        posted("old", "Last week", 6),
        posted("gone", "Deleted", 1, state="retracted", posts=()),
    )
    week = section(drawn(*desk(("w", made("w", "Wait")), out=out)), "status-heading-week")
    assert "'''mediawiki'''</span><span>2 of 3 posts" in week
    assert "Mastodon 2<" in week
    assert "'''wikitech'''</span><span>one post<" in week
    assert "Mastodon 1 · Bluesky 1" in week
    assert "One post waits for a decision." in week


def test_what_waits_is_listed_oldest_first_and_what_was_decided_is_not() -> None:
    waiting = [(f"w{n}", made(f"w{n}", f"Number {n}", since=date(2026, 11, 20 - n))) for n in range(3)]
    soon = ("s", made("s", "Soon", not_after="2026-11-23 18:00"))
    picks = [(f"k{n}", made(f"k{n}", "Pick", accounts="wikitech")) for n in range(2)]
    picks = [(id_, (text, replace(k, pick=True))) for id_, (text, k) in picks]
    shown = section(drawn(*desk(*waiting, soon, *picks, ("a", made("a", "Yes", "approved")))), "status-heading-waiting")
    first, second = shown.split("=== wikitech ===")
    titles = ("Number 2", "Number 1", "Number 0", "Soon")
    assert sorted(titles, key=first.index) == list(titles)
    assert "since Sat 21 Nov, needed before Mon 23 Nov, 18:00 UTC" in first
    assert "Yes" not in shown
    assert "Pick" not in shown
    assert "2 pieces of news to pick from" in second


def test_hundreds_that_wait_keep_the_page_small() -> None:
    waiting = [(f"w{n}", made(f"w{n}", f"Number {n} {'of the many ' * 9}")) for n in range(300)]
    shown = section(drawn(*desk(*waiting)), "status-heading-waiting")
    assert shown.count("<li>") == statuspage.LISTED + 1
    assert f"and {300 - statuspage.LISTED} more on [[Desk/Queue|the queue]]" in shown


def test_the_calendar_has_this_week_and_two_before_and_after_it() -> None:
    out = (posted("p", "Posted", 12), posted("o", "Too old", 20))
    days = section(drawn(*desk(("n", made("n", "Planned", "approved")), out=out)), "status-heading-calendar")
    assert days.count("<li") == 35
    assert "Mon 2 Nov" in days
    assert "Sun 6 Dec" in days
    assert ">12:00 [https://example.org/p <bdi>Posted</bdi>] mediawiki<" in days
    assert ">09:00 [[Desk/Queue#n|<bdi>Planned</bdi>]] mediawiki<" in days
    assert "Too old" not in days


def test_what_nobody_approved_is_on_the_calendar_as_such() -> None:
    text = drawn(*desk(("n", made("n", "Perhaps", not_before="2026-11-25 14:00"))))
    assert "14:00 [[Desk/Queue#n|<bdi>Perhaps</bdi>]] mediawiki (not approved)" in text
    assert "3px dashed" in section(text, "status-heading-calendar")


def test_a_post_of_two_accounts_is_one_entry() -> None:
    out = tuple(posted("p", "Both", 1, f"{account}/mastodon") for account in VOICES)
    days = section(drawn(*desk(out=out)), "status-heading-calendar")
    assert days.count("Both") == 1
    assert "mediawiki, wikitech" in days


def test_every_day_of_the_year_is_told_and_every_month_in_a_sentence() -> None:
    counts = {"wikitech 2026-03-02": 2, "mediawiki 2026-03-02": 1, "mediawiki 2026-03-05": 1, "wikitech 2025-01-01": 7}
    year = section(drawn(*desk(out=(posted("p", "Now", 1),), counts=counts)), "status-heading-year")
    assert "5 posts in the last year, day by day." in year
    assert year.count("<span title=") == 52 * 7 + 6
    assert 'title="2 Mar: 3" style="background' in year
    assert '<span title="3 Mar: 0"></span>' in year
    assert "March 2026: 4 posts on 2 days" in year
    assert "November 2026: one post on one day" in year
    assert "[[Desk/Log/2026-03|Mar]]" in year
    assert "[[Desk/Log/2026-04" not in year  # without posts there is no such page


def test_a_whole_year_of_posts_stays_below_sixty_kilobytes() -> None:
    every = {f"wikitech {SATURDAY - n * DAY:%Y-%m-%d}": 1 + n % 4 for n in range(8, 370)}
    out = tuple(posted(f"p{n}", "Words of a post that are as many as a title has", n / 2) for n in range(40))
    waiting = [(f"w{n}", made(f"w{n}", f"{n} words that wait for somebody to read them all")) for n in range(50)]
    for language in ("en", "or"):
        with messages.speaking(language):
            assert len(drawn(*desk(*waiting, out=out, counts=every)).encode()) < 60_000


def test_with_broken_settings_it_still_says_why_and_what_was_posted() -> None:
    broken = rules(accounts={}, problems=(Problem("The settings name no account."),))
    text = drawn(*desk(("n", made("n", "Wait")), out=(posted("p", "Posted", 1),), settings=broken))
    assert "The settings name no account" in text
    assert "Posted" in section(text, "status-heading-calendar")
    assert "This week" not in text


def test_a_wiki_in_another_language_is_told_which_one_this_is() -> None:
    memory, seen = desk(status=Page("Project:Desk/Status", language="en"))
    with messages.speaking("ar"):
        assert '<div lang="ar" dir="rtl" class="mw-content-rtl">' in drawn(memory, seen)
    with messages.speaking("en"):
        assert "lang=" not in drawn(memory, seen)


# --- when it is saved -----------------------------------------------------------------------------------------------


def test_as_time_goes_by_it_is_written_once_a_day() -> None:
    memory, seen = desk(("n", made("n", "Planned", "approved")), out=(posted("p", "Posted", 1),))
    edit = statuspage.status_edit(overview(memory, seen), memory, seen)
    assert edit is not None
    as_saved = put(seen, status=Page(edit.title, 7, edit.text))
    times = [SATURDAY + timedelta(minutes=minutes) for minutes in range(0, 44 * 60, 30)]  # until Monday morning
    written = set()
    for at in times:
        now = put(as_saved, now=at)
        if edit := statuspage.status_edit(overview(memory, now), memory, now):
            written.add(at.date())
            assert edit.base == as_saved.status.revision
            as_saved = put(as_saved, status=Page(edit.title, as_saved.status.revision + 1, edit.text))
    assert written == {date(2026, 11, 22), date(2026, 11, 23)}
    assert as_saved.status.revision == 9


# --- what is remembered ---------------------------------------------------------------------------------------------


def test_what_is_forgotten_counts_once_however_often_and_in_whatever_order_that_happens() -> None:
    on_both = [posted("p", "Both", 8, f"wikitech/{n}", logged="posted") for n in ("mastodon", "bluesky")]
    on_both[1] = replace(on_both[1], since=SATURDAY - 7.5 * DAY)
    gone = posted("r", "Deleted", 9, state="retracted", logged="retracted")
    closed = {id_: known(end="posted", proposal=None, title=id_) for id_ in ("p", "r")}
    memory = Memory(known=closed, deliveries={d.key: d for d in (*on_both, gone)})
    before = history.days(memory)
    for hours in range(0, 72, 6):
        memory = plan.prune(plan.prune(memory, SATURDAY - DAY + timedelta(hours=hours)), SATURDAY)
    assert memory.deliveries == {}
    assert sum(history.days(memory).values()) == sum(before.values()) == 1
    assert [(out.id, out.account) for out in history.posts(memory)] == [("p", "wikitech")]


def test_a_year_later_nothing_is_left_of_it() -> None:
    closed = {"p": known(end="posted", proposal=None)}
    memory = Memory(known=closed, deliveries={CHANNEL: posted("p", "Words", 8, logged="posted")})
    memory = plan.prune(memory, SATURDAY)
    assert history.days(memory) == {("mediawiki", date(2026, 11, 13)): 1}
    later = plan.prune(memory, SATURDAY + 30 * DAY)
    assert (later.past, len(later.counts)) == ((), 1)
    assert not plan.prune(later, SATURDAY + 380 * DAY).counts


# --- on a wiki ------------------------------------------------------------------------------------------------------


@pytest.fixture
def world(world: World) -> World:
    """A desk with a status page."""
    world.show_status()
    return world


def test_it_follows_a_post_from_request_to_network(world: World, alice: Person, rita: Person) -> None:
    world.ask(rita, text="Come to the hackathon", accounts="wikitech")
    world.collect()
    text = world.admin.get(world.titles.status)
    assert f"[[{world.titles.queue}#{world.id_of('hackathon')}|<bdi>Come to the hackathon</bdi>]], since" in text
    world.approve(alice, "hackathon")
    world.publish()
    text = world.admin.get(world.titles.status)
    assert f"Last post: [{world.mastodon.url}/" in text
    assert "one post<" in section(text, "status-heading-week")


def test_it_tells_of_a_network_that_refuses(world: World, alice: Person) -> None:
    world.collect()
    world.approve(alice, "Patrolling")
    world.mastodon.faults.append(Fault("/api/v1/statuses", "422"))
    world.publish()
    needs = section(world.admin.get(world.titles.status), "status-heading-needs")
    assert "mediawiki on Mastodon refused" in needs
    assert "[[User:Alice|Alice]]" in needs


def test_a_quiet_desk_saves_it_no_more(world: World, alice: Person) -> None:
    world.collect()
    world.approve(alice, "Patrolling", not_before=f"{world.now.year + 1}-01-01")
    world.publish()
    world.collect()
    pages = (world.titles.status, world.titles.data)
    before = [world.admin.revision_id(title) for title in pages]
    for _ in range(3):
        world.collect()
        world.publish()
    assert [world.admin.revision_id(title) for title in pages] == before


def test_what_people_write_on_it_is_replaced(world: World, rita: Person) -> None:
    world.collect()
    drawn_ = world.admin.get(world.titles.status)
    rita.edit(world.titles.status, "Nothing works!")
    world.collect()
    assert world.admin.get(world.titles.status).splitlines()[1:3] == drawn_.splitlines()[1:3]


def test_where_the_bot_may_not_write_it_all_else_goes_on(world: World, alice: Person) -> None:
    world.admin.edit(world.titles.status, "Ours.")
    world.admin.protect(world.titles.status)
    world.collect()
    world.approve(alice, "Patrolling")
    report = world.publish()
    assert any(world.titles.status in problem for problem in report.problems)
    assert len(world.everything()) == 1
    assert "posted" in world.log()


# --- in a browser ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shown(wiki: SandboxWiki, admin: Person) -> str:
    """The address of a status page with all there is to see, and with what strangers type."""
    titles = put(
        TITLES,
        **{name: f"Project:Shown/{name.capitalize()}" for name in ("queue", "requests", "log", "settings", "stop")},
    )
    planned = [(f"a{n}", made(f"a{n}", f"Approved {n}: a hackathon that is near", "approved")) for n in range(3)]
    waiting = [(f"w{n}", made(f"w{n}", HOSTILE if n else "مرحبا بكم في ورشة عمل المطورين")) for n in range(3)]
    out = [posted(f"p{n}", f"Posted {n}: what is new on the wikis", n, f"wikitech/{'mastodon'}") for n in range(1, 15)]
    out.append(posted("r", HOSTILE, 0, state="refused", reason=HOSTILE))
    counts = {f"wikitech {SATURDAY - n * DAY:%Y-%m-%d}": 1 + n % 4 for n in range(8, 370, 2)}
    troubles = {"wikitech/bluesky": Trouble(4, HOSTILE, SATURDAY + DAY)}
    memory, seen = desk(*planned, *waiting, out=tuple(out), counts=counts, troubles=troubles, titles=titles)
    for title in (titles.queue, titles.requests, titles.log, titles.settings, "User:Alice", "User:Bob"):
        admin.edit(title, "Here.")
    admin.edit("Project:Shown/Status", drawn(memory, seen))
    return wiki.page_url("Project:Shown/Status")


@pytest.fixture(params=["light", "dark", "phone", "phone, dark"])
def tab(request: pytest.FixtureRequest, browser: Browser, wiki: SandboxWiki, shown: str) -> Iterator[Tab]:
    """The page in a browser: wide and narrow, in both themes."""
    phone = "phone" in request.param
    with browser.visit(wiki, width=PHONE if phone else 1100, dark="dark" in request.param) as page:
        page.goto(f"{shown}?useskin={'minerva' if phone else 'vector-2022'}")
        yield page


def test_the_checker_of_accessibility_finds_nothing_serious(tab: Tab) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not there: sandbox/bootstrap gets it, where npm is")
    assert not complaints(tab, CONTENT)


def test_it_is_read_without_scrolling_sideways_but_for_the_year(tab: Tab) -> None:
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    year = tab.get_by_role("region", name=messages.say("status-year-box"))
    right = year.evaluate("box => box.getBoundingClientRect().right")
    today = year.locator("span[title]").last
    assert today.get_attribute("title") == "21 Nov: 0"
    assert today.evaluate("cell => cell.getBoundingClientRect().right") <= right


def test_what_strangers_typed_is_words_and_nothing_else(tab: Tab) -> None:
    content = tab.locator(CONTENT)
    assert "<script>window.pwned" in content.inner_text()
    assert not tab.evaluate("'pwned' in window")
    assert content.locator("script, style, a[href*='evil'], a[href^='javascript'], [onerror]").count() == 0


def test_on_a_wiki_from_right_to_left_it_runs_so(browser: Browser, wiki: SandboxWiki, shown: str) -> None:
    wiki.configure(wgLanguageCode="ar", wgParserCacheType=0)  # what was drawn in English is drawn again
    try:
        for width, skin in ((1100, "vector-2022"), (PHONE, "minerva")):
            with browser.visit(wiki, width=width) as page:
                page.goto(f"{shown}?useskin={skin}")
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
                cells = page.locator("[role=img] span[title]")
                first, last = (c.evaluate("c => c.getBoundingClientRect().left") for c in (cells.first, cells.last))
                assert last < first
                assert last >= 0
    finally:
        wiki.configure()
