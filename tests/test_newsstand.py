"""Sources read for real: feeds from a website, newly made pages and dated pages on a wiki, the words a wiki chooses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest

from sandbox.people import Person
from sandbox.standin import Fault
from sandbox.website import Website
from smbot.bot import Desk
from smbot.report import Report
from smbot.wiki import Wiki
from tests.killed import Crossing, Doors
from tests.world import World

FEED = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>Blog</title><link>https://blog.example.org/</link>
<lastBuildDate>{built}</lastBuildDate><language>en-US</language>{entries}</channel></rss>"""
ENTRY = """<item><title>{title}</title><link>https://blog.example.org/{name}/</link>
<guid isPermaLink="false">https://blog.example.org/?p={name}</guid><pubDate>{day:%a, %d %b %Y} 09:00:00 +0000</pubDate>
<description>&lt;p&gt;{title}. More of it is told here.&lt;/p&gt;</description></item>"""


class Blog:
    """A blog on a website of its own, and a desk that reads it."""

    def __init__(self, world: World, site: Website) -> None:
        self.world, self.site = world, site
        self.address = site.address("/feed")
        self.reads("technical-blog", self.address, "reposted by = mediawiki")

    def reads(self, kind: str, page: str, more: str = "") -> None:
        """Let the desk read this and nothing else."""
        text = self.world.admin.get(self.world.titles.settings)
        kept = "\n".join(line for line in text.splitlines() if "Smbot/source" not in line)
        source = (
            f"{{{{Smbot/source | source = Source | kind = {kind} | page = {page} | accounts = wikitech | {more} }}}}"
        )
        self.world.admin.edit(self.world.titles.settings, f"{kept}\n{source}")

    def says(self, *titles: str, built: str = "today", days_ago: int = 0) -> None:
        """Let the feed have entries with these titles."""
        day = self.world.now - timedelta(days=days_ago)
        entries = "".join(ENTRY.format(title=title, name=f"{number}", day=day) for number, title in enumerate(titles))
        self.site.files["/feed"] = FEED.format(entries=entries, built=built)

    def collect(self, desk: Desk | None = None) -> Report:
        """One run, in a process of its own unless a desk is given."""
        return (desk or self.desk()).work(send=False)

    def publish(self) -> Report:
        return self.desk().work(send=True)

    def desk(self) -> Desk:
        world = self.world
        return Desk(Wiki(), world.home, world.environment, lambda: world.now, guard=self.site.guard)

    def words(self) -> list[str]:
        """The words of the cards."""
        return [card.candidate.text for card in self.world.cards().values() if card]


@pytest.fixture
def blog(world: World) -> Iterator[Blog]:
    with Website() as site:
        yield Blog(world, site)


# --- feeds ----------------------------------------------------------------------------------------------------------


def test_a_new_story_on_the_blog_is_posted_by_one_account_and_reposted_by_the_other(blog: Blog, alice: Person) -> None:
    blog.says("Parsoid reads it all")
    blog.collect()
    blog.world.approve(alice, "Parsoid")
    for _ in range(3):
        blog.publish()
    story = "New on the Wikimedia Technical Blog: Parsoid reads it all\n\nhttps://blog.example.org/0/"
    assert blog.world.posts("wikitech") == [story]
    statuses = blog.world.mastodon.world.state.statuses.values()
    assert [s["username"] for s in statuses if s["of"]] == ["mediawiki"]


def test_a_feed_that_did_not_change_is_not_sent_again(blog: Blog) -> None:
    blog.says("Parsoid reads it all")
    for _ in range(2):
        blog.collect()
    before = blog.world.admin.revision_id(blog.world.titles.memory)
    blog.site.requests.clear()
    answers = [blog.collect() for _ in range(2)]
    assert len(blog.site.requests) == 2
    assert [str(report) for report in answers] == ["nothing new"] * 2
    assert blog.world.admin.revision_id(blog.world.titles.memory) == before


def test_a_feed_in_which_only_the_date_of_its_making_changed_changes_nothing(blog: Blog) -> None:
    blog.says("Parsoid reads it all")
    for _ in range(2):
        blog.collect()
    before = blog.world.admin.revision_id(blog.world.titles.memory)
    blog.says("Parsoid reads it all", built="tomorrow")
    assert str(blog.collect()) == "nothing new"
    assert blog.world.admin.revision_id(blog.world.titles.memory) == before


def test_one_process_asks_the_same_site_only_every_ten_minutes(blog: Blog) -> None:
    blog.says("Parsoid reads it all")
    desk = blog.desk()
    for _ in range(4):
        blog.collect(desk)
    assert len(blog.site.requests) == 1
    blog.world.later(minutes=11)
    blog.collect(desk)
    assert len(blog.site.requests) == 2


def test_a_site_that_is_down_is_told_of_and_holds_up_no_other_source(blog: Blog, rita: Person) -> None:
    blog.says("Parsoid reads it all")
    blog.site.faults.append(Fault("/feed", "503"))
    blog.world.ask(rita, text="Come to the hackathon.", accounts="wikitech")
    report = blog.collect()
    assert any("Source: blog.example.org" in problem for problem in report.problems)
    assert blog.words() == ["Come to the hackathon."]
    blog.collect()
    assert "New on the Wikimedia Technical Blog: Parsoid reads it all" in blog.words()


def test_what_could_not_be_read_is_not_taken_for_unchanged_for_ten_minutes(blog: Blog, alice: Person) -> None:
    blog.says("Parsoid reads it all")
    blog.collect()
    blog.world.approve(alice, "Parsoid")
    desk = blog.desk()
    blog.site.faults.append(Fault("/feed", "503"))
    for _ in range(2):
        assert any("Source: " in problem for problem in desk.work(send=True).problems)
        blog.world.later(minutes=4)
    assert blog.world.posts("wikitech") == []
    blog.world.later(minutes=3)
    desk.work(send=True)
    assert len(blog.world.posts("wikitech")) == 1


def test_two_sources_may_read_one_address(blog: Blog) -> None:
    more = f"{{{{Smbot/source | source = Other | kind = feed | page = {blog.address} | accounts = wikitech }}}}"
    blog.world.admin.edit(blog.world.titles.settings, blog.world.admin.get(blog.world.titles.settings) + more)
    blog.says("Parsoid reads it all")
    blog.collect()
    blog.says("Parsoid reads it all", "Codex for all")
    blog.collect()
    assert {known.source for known in blog.world.memory().known.values()} == {"Source", "Other"}  # one of them joined
    assert len(blog.site.requests) == 2


def test_a_page_that_is_no_feed_raises_an_alarm(blog: Blog) -> None:
    blog.site.files["/feed"] = "<html><body>Moved</body></html>"
    blog.collect()
    assert "A source needs a look" in blog.world.top()


def test_an_address_inside_is_never_asked(blog: Blog) -> None:
    blog.reads("feed", "http://127.0.0.1:80/feed")
    report = blog.collect()
    assert any(problem.startswith("Source: ") for problem in report.problems)
    assert blog.site.requests == []


def test_old_entries_are_not_news_and_those_that_drop_off_are_not_withdrawn(blog: Blog) -> None:
    blog.says("Parsoid reads it all", days_ago=10)
    blog.collect()
    (id_,) = blog.world.cards()
    day = blog.world.now
    newer = ENTRY.format(title="Codex for all", name="9", day=day)
    blog.site.files["/feed"] = FEED.format(entries=newer, built="today")
    blog.collect()
    assert "Held back" not in blog.world.note(id_)
    blog.site.files["/feed"] = FEED.format(
        entries=newer + ENTRY.format(title="Much older", name="8", day=day - timedelta(days=40)), built="today"
    )
    blog.collect()
    assert "Much older" not in blog.words()


# --- pages that are made --------------------------------------------------------------------------------------------


def test_each_new_issue_of_a_newsletter_is_one_post(blog: Blog, admin: Person) -> None:
    home = f"{blog.world.home}/Newsletter"
    admin.edit(f"{home}/2026/October", "'''Welcome.''' The parser got faster. Much else happened.")
    blog.reads("newsletter", f"{home}/")
    blog.collect()
    (words,) = blog.words()
    assert "October 2026" in words
    admin.edit(f"{home}/2026/October", "'''Welcome.''' The parser got much faster. Much else happened.")
    blog.world.later(days=1)
    blog.collect()
    assert len(blog.words()) == 1


def test_a_new_page_in_a_category_is_proposed(blog: Blog, admin: Person) -> None:
    blog.reads("new-pages", f"Category:News of {blog.world.home[8:]}")
    assert str(blog.collect()) == "nothing new"
    title = f"{blog.world.home}/ଓଡ଼ିଆ ଖବର"
    admin.edit(title, f"ଓଡ଼ିଆ ଉଇକିପିଡ଼ିଆରେ ନୂଆ ଖବର। [[Category:News of {blog.world.home[8:]}]]")
    blog.world.later(days=1)
    blog.collect()
    (words,) = blog.words()
    assert "ଓଡ଼ିଆ ଖବର" in words


# --- dated things ---------------------------------------------------------------------------------------------------


def test_an_office_hour_is_announced_reminded_of_and_moved_with_the_page(
    blog: Blog, admin: Person, bob: Person
) -> None:
    world = blog.world
    start = (world.now + timedelta(days=5)).replace(hour=18, minute=0, second=0, microsecond=0)

    def table(at: str) -> str:
        return (
            '{| class="wikitable"\n! Date !! Time !! Who !! Topic\n|-\n'
            f"| {at[:10]} || {at[11:]} UTC || Language team || Translation of pages\n|}}"
        )

    admin.edit(f"{world.home}/Office", table(f"{start:%Y-%m-%d %H:%M}"))
    blog.reads("office-hours", f"{world.home}/Office", "remind = day, hour")
    blog.collect()
    assert len(blog.words()) == 3
    (id_,) = [id_ for id_, known in world.memory().known.items() if known.step == "1 hour before"]
    world.change(bob, id_, status="approved")
    blog.publish()
    assert world.posts("wikitech") == []
    later = start + timedelta(days=1)
    admin.edit(f"{world.home}/Office", table(f"{later:%Y-%m-%d %H:%M}"))
    blog.collect()
    assert f"| not before = {later - timedelta(hours=1):%Y-%m-%d %H:%M}" in world.card(id_)
    assert world.note(id_).startswith("It was changed after [[User:Bob|Bob]] approved it.")
    world.now = later - timedelta(minutes=30)
    blog.publish()
    assert world.posts("wikitech") == []
    world.change(bob, id_, status="approved")
    blog.publish()
    (posted,) = world.posts("wikitech")
    assert "Translation of pages" in posted
    assert f"https://zonestamp.toolforge.org/{int(later.timestamp())}" in posted


def test_a_day_at_the_end_of_time_stops_no_source(blog: Blog, admin: Person) -> None:
    day = blog.world.now + timedelta(days=3)
    admin.edit(f"{blog.world.home}/Events", f"* 31 December 9999: Party\n* {day:%Y-%m-%d} 18:00 UTC – Hackathon\n")
    blog.reads("events", f"{blog.world.home}/Events")
    assert not blog.collect().problems
    assert len(blog.words()) == 1


def test_what_is_read_daily_is_read_again_the_next_day_without_having_changed(blog: Blog, admin: Person) -> None:
    day = blog.world.now + timedelta(days=20)
    admin.edit(f"{blog.world.home}/Events", f"* {day:%Y-%m-%d} 18:00 UTC – Hackathon in Tirana\n")
    blog.reads("events", f"{blog.world.home}/Events")
    blog.collect()
    assert blog.words() == []
    blog.world.later(days=7)
    blog.collect()
    assert len(blog.words()) == 1


def test_the_quarterly_promotion_comes_once_a_quarter(blog: Blog, admin: Person, bob: Person) -> None:
    admin.edit(f"{blog.world.home}/Tech News", "Read it.")
    blog.reads("promotion", f"{blog.world.home}/Tech News", "evergreen = yes")
    for _ in range(3):
        blog.collect()
        blog.world.later(days=1)
    (id_,) = blog.world.cards()
    blog.world.change(bob, id_, status="declined")
    blog.collect()
    blog.world.later(days=92)
    blog.collect()
    assert sum(known.source == "Source" for known in blog.world.memory().known.values()) == 2


# --- words and messages ---------------------------------------------------------------------------------------------


def test_maintainers_choose_the_words_on_the_wiki(blog: Blog, bob: Person) -> None:
    wording = "{{Smbot/wording | source = Source | post = Read on our blog: $title }}"
    bob.edit(blog.world.titles.wording, wording)
    blog.says("Parsoid reads it all")
    blog.collect()
    assert blog.words() == ["Read on our blog: Parsoid reads it all"]


def falls_short(world: World) -> None:
    """Let it be a Tuesday on which an account is behind its goal."""
    world.settle("account = wikitech | gap = 0", "account = wikitech | goal = 3 | gap = 0")
    world.later(days=(1 - world.now.weekday()) % 7)


def test_the_maintainers_get_one_message_a_week_of_what_is_missing(blog: Blog, admin: Person) -> None:
    world = blog.world
    falls_short(world)
    blog.says("Parsoid reads it all")
    for _ in range(2):
        blog.collect()
        blog.publish()
    week = world.now.isocalendar()
    talk = admin.get(world.titles.talk)
    assert talk.count(f"== Week {week.week} of {week.year} ==") == 1
    assert "[[User:Alice|Alice]]" in talk
    assert "Parsoid reads it all]]" in talk
    assert "~~~~" not in talk
    world.later(days=7)
    blog.collect()
    assert admin.get(world.titles.talk).count("== Week") == 2


def test_the_message_of_the_week_is_written_once_though_the_run_ended_before_it_was_remembered(
    world: World, admin: Person
) -> None:
    falls_short(world)
    saved: list[str] = []

    def at(crossing: Crossing) -> None:
        if crossing.is_save and not crossing.answered:
            if world.titles.talk in saved and crossing.form["title"] == world.titles.memory:
                raise KeyboardInterrupt
            saved.append(crossing.form["title"])

    with Doors(at), pytest.raises(KeyboardInterrupt):
        world.collect()
    assert not world.memory().told
    world.collect()
    assert world.memory().told
    assert admin.get(world.titles.talk).count("== Week") == 1


def test_who_writes_the_heading_of_the_message_first_does_not_keep_it_from_the_maintainers(
    world: World, admin: Person, mallory: Person
) -> None:
    falls_short(world)
    week = world.now.isocalendar()
    heading = f"== Week {week.week} of {week.year} ==\n"
    mallory.edit(world.titles.talk, f"{heading}All is well.\n")
    world.collect()
    written = admin.get(world.titles.talk)
    assert written.startswith(f"{heading}All is well.\n\n{heading}")
    assert "[[User:Alice|Alice]]" in written


def test_what_could_not_be_understood_is_said_at_the_top_of_the_queue_until_it_is_put_right(
    world: World, admin: Person
) -> None:
    admin.edit(f"{world.home}/News", f"* {world.now:%Y-%m-%d}: {{{{Release|1.45}}}} is out!")
    for _ in range(2):
        world.collect()
        assert "{{Release}} was left out of" in unescape(world.top())
    admin.edit(f"{world.home}/News", f"* {world.now:%Y-%m-%d}: MediaWiki 1.45 is out!")
    world.collect()
    assert "left out" not in world.top()
