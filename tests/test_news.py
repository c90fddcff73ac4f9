"""What the sources yield becomes candidates: dated things, the same news from two sources, and goals for the week."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace as put

from smbot import review
from smbot.memory import Memory
from smbot.model import Event, Flag, Item, Link, Permalink, Posted, Reading, Site
from smbot.settings import Feed
from smbot.sources import promotion
from smbot.templates import named, parse, raw
from tests.builders import (
    ALICE,
    BOB,
    MALLORY,
    NOW,
    RITA,
    Paper,
    changed,
    delivery,
    item,
    page,
    reading,
    request,
    settings,
)
from tests.builders import (
    known as news_known,
)

TALKS = Feed("Talks", "events", "Talks", "", ("wikitech",), remind=(timedelta(days=1), timedelta(hours=1)))
BLOG = Feed("Blog", "technical-blog", "https://blog.example/feed", "", ("wikitech",), ("mediawiki",))
START = datetime(2026, 12, 3, 18, tzinfo=UTC)


def talk(start: datetime = START, title: str = "How Parsoid works", **more: Any) -> Item:
    """A talk on the page, at that time."""
    links = more.pop("links", (Link("https://example.org/talk", title),))
    place = Permalink("Talks", 7, "https://wiki.test/Talks?oldid=7")
    text = more.pop("text", title)
    return Item(
        "Talks", f"{start:%Y-%m-%d}", "", text, links, place, title=title, identity=title, event=Event(start), **more
    )


class Talks(Paper):
    """A desk that reads a page of talks."""

    def __init__(self, *items: Item, feed: Feed = TALKS, now: datetime = NOW) -> None:
        super().__init__(settings=settings(feeds=(feed,)), now=now)
        self.say(*items)

    def say(self, *items: Item, placeholder: bool = False) -> None:
        """Let the page have just these."""
        self.readings = {"Talks": reading(*items, title="Talks", revision=self._next(), placeholder=placeholder)}
        self.run()

    def open(self) -> dict[str, str]:
        """What is open, by what it tells of the talk, with its time."""
        shown = {}
        for known in self.memory.open().values():
            assert known.proposal
            times = (known.proposal.not_before, known.proposal.not_after)
            shown[known.step] = " ".join(f"{time:%m-%d %H:%M}" for time in times if time)
        return shown

    def id(self, step: str = "") -> str:
        """The open candidate that tells of it."""
        (found,) = [id_ for id_, known in self.memory.open().items() if known.step == step]
        return found

    def post(self, id_: str) -> None:
        """As if it had gone out."""
        from msgspec.structs import replace

        known = self.memory.known
        self.memory = replace(self.memory, known=known | {id_: replace(known[id_], end="posted", proposal=None)})


def test_a_talk_is_announced_and_reminded_of_each_with_a_card_of_its_own() -> None:
    desk = Talks(talk())
    assert desk.open() == {
        "": "12-03 17:59",
        "1 day before": "12-02 18:00 12-03 16:59",
        "1 hour before": "12-03 17:00 12-03 17:59",
    }
    words = desk.memory.known[desk.id("1 hour before")].proposal
    assert words is not None
    assert words.text.startswith("Within an hour: How Parsoid works")
    assert "3 December 2026, 18:00 UTC" in words.text
    assert f"https://zonestamp.toolforge.org/{int(START.timestamp())}" in words.text


def test_it_is_not_proposed_long_before_nor_when_it_is_over() -> None:
    assert not Talks(talk(NOW + timedelta(days=15))).open()
    assert not Talks(talk(NOW - timedelta(hours=1))).open()
    assert set(Talks(talk(NOW + timedelta(minutes=30))).open()) == {""}


def test_proposing_twice_adds_nothing() -> None:
    desk = Talks(talk())
    before = set(desk.memory.known)
    desk.say(talk())
    desk.say(talk(), talk(NOW + timedelta(days=3), "Another talk"))
    assert before < set(desk.memory.known)
    assert len(desk.memory.known) == 6


def test_a_card_shows_what_it_says_in_the_very_edit_that_changes_it() -> None:
    desk = Paper()
    desk.news("A new skin is the default.")
    desk.run()
    (id_,) = desk.ids
    desk.news("A new skin is the default from today.")
    desk.run()
    assert "from today" in desk.argument(id_, "text")
    assert "from today" in desk.argument(id_, "preview")
    desk.news("An amazing new skin is the default from today.")
    desk.run()
    assert "amazing" in desk.argument(id_, "checks")
    before = desk.text
    desk.run()
    assert desk.text == before


def test_a_moved_talk_moves_the_cards_nobody_has_touched() -> None:
    desk = Talks(talk())
    ids = set(desk.ids)
    desk.say(talk(START + timedelta(days=1)))
    assert set(desk.ids) == ids
    assert desk.open()["1 hour before"] == "12-04 17:00 12-04 17:59"
    assert "4 December 2026" in desk.argument(desk.id(), "text")


def test_an_approval_for_the_old_time_counts_no_more() -> None:
    desk = Talks(talk())
    id_ = desk.id("1 hour before")
    desk.change(ALICE, id_, status="approved")
    desk.run()
    assert desk.why(id_, "wikitech") is None
    desk.say(talk(START + timedelta(days=1)))
    desk.run()
    assert "12-04 17:00" in desk.argument(id_, "not before")
    assert "It was changed after" in str(desk.why(id_, "wikitech"))


def test_a_card_whose_words_people_changed_is_held_until_they_change_the_time_too() -> None:
    desk = Talks(talk())
    id_ = desk.id()
    desk.change(BOB, id_, text="Come and hear how Parsoid works on Thursday.", status="approved")
    desk.run()
    desk.say(talk(START + timedelta(days=1)))
    assert "this card still has the old time" in desk.argument(id_, "note")
    assert desk.due() == []
    desk.change(BOB, id_, text="Come and hear how Parsoid works on Friday.", not_after="2026-12-04 17:59")
    desk.change(BOB, id_, status="waiting")
    desk.change(BOB, id_, status="approved")
    desk.run()
    assert "old time" not in desk.argument(id_, "note")
    assert desk.due() == [f"{id_}/wikitech/mastodon"]


def test_what_was_announced_and_is_moved_is_told_anew_once_somebody_approves() -> None:
    desk = Talks(talk())
    desk.post(desk.id())
    desk.say(talk(START + timedelta(days=1)))
    assert desk.open() == {
        "moved 2026-12-04 18:00": "12-04 17:59",
        "1 day before": "12-03 18:00 12-04 16:59",
        "1 hour before": "12-04 17:00 12-04 17:59",
    }
    assert desk.due() == []
    desk.say(talk(START + timedelta(days=1)))
    assert len(desk.open()) == 3


DAY = Event(datetime(2026, 12, 3, tzinfo=UTC), whole_day=True)


def test_a_day_that_gets_a_time_is_not_told_again_but_reminded_of_by_the_hour() -> None:
    desk = Talks(put(talk(), event=DAY))
    desk.post(desk.id())
    for _ in range(2):
        desk.say(talk())
        assert desk.open() == {
            "1 day before": "12-02 18:00 12-03 16:59",
            "1 hour before": "12-03 17:00 12-03 17:59",
        }


def test_what_waits_takes_the_time_that_its_day_gets() -> None:
    desk = Talks(put(talk(), event=DAY))
    first, reminder = desk.id(), desk.id("1 day before")
    desk.change(ALICE, first, text="Come and hear how Parsoid works.")
    desk.change(ALICE, reminder, status="approved")
    desk.run()
    desk.say(talk())
    assert set(desk.open()) == {"", "1 day before", "1 hour before"}
    assert "this card still has the old time" in desk.argument(first, "note")
    assert "18:00 UTC" in desk.argument(reminder, "text")
    assert "It was changed after" in str(desk.why(reminder, "wikitech"))


def test_a_reminder_that_could_be_told_after_the_start_waits_when_its_day_gets_a_time() -> None:
    desk = Talks(put(talk(), event=DAY))
    reminder = desk.id("1 day before")
    desk.now = START - timedelta(hours=20)
    desk.say(talk())
    assert "It now takes place at 2026-12-03 18:00 UTC." in desk.argument(reminder, "note")


def test_the_news_that_it_was_moved_takes_the_time_that_its_day_gets() -> None:
    desk = Talks(put(talk(), event=DAY))
    desk.post(desk.id())
    later = put(DAY, start=DAY.start + timedelta(days=1))
    desk.say(put(talk(), event=later))
    desk.say(talk(START + timedelta(days=1)))
    moved = {k.step: k.held for k in desk.memory.open().values() if k.step.startswith("moved")}
    assert moved == {
        "moved 2026-12-04 00:00": "It now takes place at 2026-12-04 18:00 UTC.",
        "moved 2026-12-04 18:00": "",
    }


def test_reminders_that_come_into_reach_by_a_later_date_are_proposed() -> None:
    desk = Talks(talk(), now=START - timedelta(hours=5))
    assert set(desk.open()) == {"", "1 hour before"}
    desk.say(talk(START + timedelta(days=7)))
    assert set(desk.open()) == {"", "1 day before", "1 hour before"}


def test_nobody_is_reminded_of_what_was_declined_or_is_told_by_another_source() -> None:
    for end in ("declined", "joined", "retracted"):
        desk = Talks(put(talk(), event=DAY))
        known = {id_: put(k, end=end, proposal=None) for id_, k in desk.memory.known.items()}
        desk.memory = put(desk.memory, known=known)
        desk.say(talk())
        assert desk.open() == {}


def test_a_half_out_announcement_takes_the_time_that_its_day_gets() -> None:
    desk = Talks(put(talk(), event=DAY), feed=TWO)
    half_out(desk, desk.id())
    desk.say(talk())
    assert not desk.memory.known[desk.id()].held
    assert "18:00 UTC" in desk.argument(desk.id(), "text")


TWO = put(TALKS, accounts=("mediawiki", "wikitech"))


def half_out(desk: Talks, id_: str) -> None:
    """As if one of its two accounts had posted it."""
    from msgspec.structs import replace

    out = delivery(id_, "wikitech/mastodon", state="posted", posts=(Posted("https://m.example/1", "1"),))
    desk.memory = replace(desk.memory, deliveries={out.key: out})


def test_what_one_account_has_announced_goes_out_nowhere_else_with_another_date_and_is_told_anew() -> None:
    desk = Talks(talk(), feed=TWO)
    id_ = desk.id()
    desk.change(ALICE, id_, status="approved")
    half_out(desk, id_)
    for _ in range(3):
        desk.say(talk(START + timedelta(days=1)))
    assert desk.memory.known[id_].held.startswith("It was moved")
    assert desk.due() == []
    assert "3 December" in desk.argument(id_, "text")
    assert [step for step in desk.open() if step.startswith("moved")] == ["moved 2026-12-04 18:00"]


def test_what_one_account_has_announced_is_told_when_it_is_cancelled() -> None:
    desk = Talks(talk(), feed=TWO)
    half_out(desk, desk.id())
    desk.say(talk(flags=frozenset({Flag.CANCELLED})))
    assert "cancelled" in desk.open()


def test_of_a_change_one_account_tells_and_the_others_repost() -> None:
    desk = Talks(talk(), feed=TWO)
    desk.post(desk.id())
    desk.say(talk(START + timedelta(days=1)))
    (known,) = [known for known in desk.memory.open().values() if known.step.startswith("moved")]
    assert known.proposal is not None
    assert (known.proposal.accounts, known.proposal.reposted_by) == (("mediawiki",), ("wikitech",))


def test_after_a_reminder_a_later_date_is_reminded_of_again() -> None:
    desk = Talks(talk(), now=START - timedelta(days=2))
    first = desk.id("1 day before")
    desk.post(desk.id())
    desk.post(first)
    desk.say(talk(START + timedelta(days=7)))
    again = desk.id("1 day before")
    assert again != first
    assert desk.open()["1 day before"].startswith("12-09 18:00")


def test_what_was_declined_is_not_proposed_again_when_it_is_moved() -> None:
    desk = Talks(talk())
    for id_ in desk.ids:
        desk.change(BOB, id_, status="declined")
    desk.run()
    desk.say(talk(START + timedelta(days=1)))
    assert desk.open() == {}


def test_a_cancelled_talk_withdraws_its_posts() -> None:
    desk = Talks(talk())
    id_ = desk.id("1 hour before")
    desk.change(ALICE, id_, status="approved")
    desk.say(talk(flags=frozenset({Flag.CANCELLED})))
    assert "It was cancelled." in desk.argument(id_, "note")
    desk.now = START - timedelta(minutes=30)
    assert desk.due() == []
    assert "cancelled" not in desk.open()


def test_what_was_announced_and_is_cancelled_is_told_once_somebody_approves() -> None:
    desk = Talks(talk())
    desk.post(desk.id())
    for _ in range(2):
        desk.say(talk(flags=frozenset({Flag.CANCELLED})))
    (known,) = [known for known in desk.memory.open().values() if known.step == "cancelled"]
    assert known.proposal is not None
    assert known.proposal.text.startswith("Cancelled: How Parsoid works")
    assert not known.held


def test_that_it_is_cancelled_is_not_told_once_it_is_on_again() -> None:
    desk = Talks(talk())
    desk.post(desk.id())
    desk.say(talk(flags=frozenset({Flag.CANCELLED})))
    id_ = desk.id("cancelled")
    desk.change(BOB, id_, status="approved")
    desk.say(talk())
    assert desk.due() == []
    desk.say(talk(flags=frozenset({Flag.CANCELLED})))
    assert desk.due() == [f"{id_}/wikitech/mastodon"]


def test_a_change_and_a_reminder_are_held_only_while_the_page_is_blanked() -> None:
    desk = Talks(talk(), now=START - timedelta(days=2))
    desk.post(desk.id())
    later = talk(START + timedelta(days=1))
    desk.say(later)
    desk.now = START + timedelta(hours=1)  # the reminder of the day before may be told
    desk.say(talk(START + timedelta(days=1), "Another"))
    assert {known.held[:8] for known in desk.memory.open().values() if known.title != "Another"} == {"The news"}
    desk.say(later, talk(START + timedelta(days=1), "Another"))
    assert not any(known.held for known in desk.memory.open().values())


def test_a_talk_that_is_moved_back_is_told_again() -> None:
    desk = Talks(talk())
    desk.post(desk.id())
    for days in (1, 0, 1):
        desk.say(talk(START + timedelta(days=days)))
        (last,) = [id_ for id_, known in desk.memory.open().items() if known.step.startswith("moved")][-1:]
        desk.post(last)
    steps = [known.step for known in desk.memory.known.values() if known.step.startswith("moved")]
    assert [step[6:16] for step in steps] == ["2026-12-04", "2026-12-03", "2026-12-04"]


def test_another_end_is_no_other_date() -> None:
    desk = Talks(talk())
    desk.post(desk.id())
    longer = put(talk(), event=Event(START, START + timedelta(hours=2)))
    desk.say(longer)
    assert not [step for step in desk.open() if step.startswith("moved")]


def test_a_card_takes_the_end_of_what_takes_days() -> None:
    hackathon = put(talk(title="Hackathon", links=()), event=DAY)
    desk = Talks(hackathon)
    desk.say(put(hackathon, event=put(DAY, end=DAY.start + timedelta(days=2))))
    assert "3–5 December 2026" in desk.argument(desk.id(), "text")
    assert "3–5 December 2026" in desk.argument(desk.id("1 day before"), "text")


def test_a_talk_that_is_on_again_goes_on() -> None:
    desk = Talks(talk())
    desk.say(talk(flags=frozenset({Flag.CANCELLED})))
    desk.say(talk())
    assert not any(known.held for known in desk.memory.open().values())


def test_a_talk_taken_off_the_page_is_held_back_with_its_reminders() -> None:
    desk = Talks(talk(), talk(START + timedelta(days=1), "Another"))
    desk.say(talk(START + timedelta(days=1), "Another"), talk(NOW + timedelta(days=1), "Sooner"))
    held = {known.step for known in desk.memory.open().values() if known.held}
    assert held == {"", "1 day before", "1 hour before"}


def test_the_next_talk_is_held_back_when_it_is_taken_off_the_page_and_later_ones_stay() -> None:
    desk = Talks(talk(), talk(START + timedelta(days=1), "Another"))
    desk.say(talk(START + timedelta(days=1), "Another"))
    held = {known.title for known in desk.memory.open().values() if known.held}
    assert held == {"How Parsoid works"}
    desk.say(talk(), talk(START + timedelta(days=1), "Another"))
    assert not any(known.held for known in desk.memory.open().values())


def top(desk: Talks) -> str:
    """What smbot says before all cards."""
    return "".join(raw(template, "1") for template in named(parse(desk.text), review.STATUS_LINE))


def test_that_something_announced_has_left_its_page_is_said_until_it_is_over_or_back() -> None:
    desk = Talks(talk(), feed=put(TALKS, remind=()))
    desk.post(desk.id())
    assert top(desk) == ""
    for _ in range(2):
        desk.say(placeholder=True)
        assert "How Parsoid works was announced, but is no longer on the page ‘Talks’." in top(desk)
    desk.say(talk())
    assert top(desk) == ""
    desk.say(placeholder=True)
    desk.now = START
    desk.say(placeholder=True)
    assert top(desk) == ""


def test_that_something_has_left_its_page_is_not_said_when_nobody_was_told_of_it() -> None:
    desk = Talks(talk())
    desk.say(placeholder=True)
    assert top(desk) == ""


def test_that_something_has_left_its_page_is_not_said_when_it_was_cancelled_before() -> None:
    desk = Talks(talk())
    desk.post(desk.id())
    desk.say(talk(flags=frozenset({Flag.CANCELLED})))
    desk.post(desk.id("cancelled"))
    desk.say(placeholder=True)
    assert top(desk) == ""


def test_that_something_has_left_its_page_is_not_said_of_a_page_that_cannot_be_made_out() -> None:
    desk = Talks(talk())
    desk.post(desk.id())
    desk.say()
    assert "was announced" not in top(desk)


def test_a_talk_that_is_over_may_leave_the_page() -> None:
    desk = Talks(talk(), talk(START + timedelta(days=1), "Another"))
    desk.now = START
    desk.say(talk(START + timedelta(days=1), "Another"))
    assert not any(known.held for known in desk.memory.open().values())


def test_a_talk_that_is_put_off_by_months_is_moved_with_its_reminders() -> None:
    desk = Talks(talk(), talk(START + timedelta(days=1), "Another"))
    (id_,) = [id_ for id_, known in desk.memory.known.items() if known.title != "Another" and not known.step]
    desk.post(id_)
    desk.say(talk(START + timedelta(days=90)), talk(START + timedelta(days=1), "Another"))
    steps = [known.step for known in desk.memory.open().values() if known.title != "Another"]
    assert sorted(steps) == ["1 day before", "1 hour before", "moved 2027-03-03 18:00"]
    assert not any(known.held for known in desk.memory.open().values())


def test_while_the_page_of_talks_cannot_be_made_out_nothing_of_them_goes_out() -> None:
    desk = Talks(talk())
    id_ = desk.id("1 hour before")
    desk.change(ALICE, id_, status="approved")
    desk.say()
    assert "nothing can be made out" in desk.argument(id_, "note")
    desk.now = START - timedelta(minutes=30)
    assert desk.due() == []
    desk.say(talk())
    assert desk.due() == [f"{id_}/wikitech/mastodon"]


def test_a_page_that_cannot_be_made_out_keeps_no_other_page_of_its_source_from_being_read() -> None:
    desk = Talks(talk())
    stub = (page("Soon more.", 8, title="Talks/2027"), Reading())
    later = reading(talk(START + timedelta(days=1)), title="Talks", revision=9)
    desk.readings = {"Talks": (*later, stub)}
    desk.run()
    assert "Talks/2027" in desk.memory.alarms["Talks"]
    assert desk.open()["1 hour before"] == "12-04 17:00 12-04 17:59"
    assert not any(known.held for known in desk.memory.open().values())


def test_what_is_older_than_all_on_the_page_was_archived_not_withdrawn() -> None:
    desk = Paper()
    desk.news("A new skin is the default.", group="2026-11-12", published=date(2026, 11, 12))
    desk.run()
    (id_,) = desk.ids
    desk.news("Patrolling is faster for everyone.", group="2026-11-20")
    desk.run()
    assert not desk.memory.known[id_].held


def test_nobody_is_told_of_it_too_late() -> None:
    desk = Talks(talk())
    ids = desk.ids
    for id_ in ids:
        desk.change(ALICE, id_, status="approved")
    desk.now = START + timedelta(seconds=1)
    assert desk.due() == []
    desk.say(placeholder=True)
    assert {desk.memory.known[id_].end for id_ in ids} == {"expired"}


def test_the_same_talk_next_month_is_another_one() -> None:
    desk = Talks(talk(keys=("a",)))
    first = desk.id()
    desk.now = START + timedelta(days=20)
    desk.say(talk(START + timedelta(days=28), keys=("b",)))
    assert desk.id() != first


@pytest.mark.parametrize("keys", [(), ("same",)])
def test_a_page_that_names_only_the_next_of_many_talks_tells_of_a_new_one(keys: tuple[str, ...]) -> None:
    desk = Talks(talk(keys=keys))
    first = desk.id()
    desk.post(first)
    desk.now = START + timedelta(days=20)
    desk.say(talk(START + timedelta(days=28), keys=keys))
    assert set(desk.open()) == {"", "1 day before", "1 hour before"}
    assert desk.id() != first


def test_the_end_of_time_is_a_day_like_others() -> None:
    assert Event(datetime(9999, 12, 31, tzinfo=UTC), whole_day=True).over


def test_an_entry_that_changes_its_id_or_its_title_is_not_new() -> None:
    desk = Talks(talk(keys=("guid 1", "https://example.org/1")))
    before = set(desk.memory.known)
    desk.say(talk(keys=("guid 2", "https://example.org/1")))
    desk.say(talk(title="How the parser works", keys=("guid 2", "https://example.org/2")))
    desk.say(talk(title="How the parser works", keys=("guid 3", "https://example.org/3")))
    assert set(desk.memory.known) == before


# --- what comes again -----------------------------------------------------------------------------------------------

PROMOTION = Feed("Promotion", "promotion", "Tech/News", "", ("wikitech",), evergreen=True)


def in_quarter(desk: Paper, quarter: date) -> None:
    """Let the desk read the promotion on this day, twice."""
    desk.settings = settings(feeds=(PROMOTION,))
    desk.now = datetime(quarter.year, quarter.month, quarter.day, 9, tzinfo=UTC)
    source = page("Read it.", desk._next(), title="Tech/News", url="https://meta.test/wiki/Tech/News")
    read = promotion.read(source, Site("https://meta.test/wiki/$1"), PROMOTION.name, desk.now)
    desk.readings = {PROMOTION.name: ((source, read),)}
    for _ in range(2):
        desk.run()


def test_the_promotion_that_is_still_open_is_that_of_the_next_quarter() -> None:
    desk = Paper()
    for day in (date(2026, 7, 9), date(2026, 10, 9), date(2027, 1, 1)):
        in_quarter(desk, day)
        (id_,) = desk.memory.known
        assert desk.memory.known[id_].group == f"{day.year}-Q{(day.month + 2) // 3}"
    assert "2027-Q1" in desk.argument(id_, "source")


def test_its_approval_counts_in_the_next_quarter_too() -> None:
    desk = Paper()
    in_quarter(desk, date(2026, 9, 29))
    (id_,) = desk.ids
    desk.change(BOB, id_, status="approved")
    in_quarter(desk, date(2026, 10, 1))
    assert desk.ids == [id_]
    assert desk.why(id_, "wikitech") is None


@pytest.mark.parametrize("how", ["posted", "declined", "expired"])
def test_after_a_promotion_has_ended_there_is_another_in_the_next_quarter_and_not_before(how: str) -> None:
    desk = Paper()
    for day in (date(2026, 7, 9), date(2026, 10, 9)):
        in_quarter(desk, day)
    (id_,) = desk.ids
    desk.memory = put(desk.memory, known={id_: put(desk.memory.known[id_], end=how, proposal=None)})
    in_quarter(desk, date(2026, 12, 31))
    assert not desk.ids
    in_quarter(desk, date(2027, 1, 1))
    assert len(desk.ids) == 1


# --- two sources ----------------------------------------------------------------------------------------------------


def entry(text: str, **more: Any) -> Item:
    """An entry of the blog."""
    place = Permalink(BLOG.page, 9, "https://blog.example/1")
    return item(text, permalink=place, keys=("https://blog.example/1",), **more)


def both(news: str, blog: str, **more: Any) -> Paper:
    """A desk that reads the news first, then the blog."""
    desk = Paper()
    desk.settings = settings(feeds=(*desk.settings.feeds, BLOG))
    desk.news(news)
    desk.run()
    desk.readings = {"Blog": reading(entry(blog, **more), title=BLOG.page, revision=9)}
    desk.run()
    return desk


RELEASE = "MediaWiki 1.46.1 is out, with fixes for translators."


def test_the_same_news_from_two_sources_is_one_candidate_with_both() -> None:
    desk = both(RELEASE, "MediaWiki 1.46.1 is released, with fixes for translators")
    (id_,) = desk.ids
    source = desk.argument(id_, "source")
    assert "MediaWiki News" in source
    assert "[https://blog.example/1 Blog, 2026-11-20]" in source
    (card,) = review.read(desk.text).values()
    assert card is not None
    assert (card.candidate.accounts, card.candidate.reposted_by) == (("mediawiki",), ("wikitech",))
    desk.run()
    assert desk.ids == [id_]
    desk.news(f"{RELEASE} Please update.")
    desk.run()
    (card,) = review.read(desk.text).values()
    assert card is not None
    assert (card.candidate.text, card.candidate.reposted_by) == (f"{RELEASE} Please update.", ("wikitech",))


def test_a_card_with_two_sources_is_held_only_when_both_have_dropped_the_news() -> None:
    desk = both(RELEASE, RELEASE)
    (id_,) = desk.ids

    def blog(*entries: Item) -> None:
        desk.readings = {"Blog": reading(*entries, title=BLOG.page, revision=desk._next())}
        desk.run()

    desk.news("Something else took place.", group="2026-11-19")
    desk.run()
    assert not desk.memory.known[id_].held
    blog(item("Other news.", permalink=Permalink(BLOG.page, 9), keys=("https://blog.example/2",)))
    assert BLOG.page in desk.memory.known[id_].held
    blog(entry(RELEASE))
    assert not desk.memory.known[id_].held
    desk.news(RELEASE)
    desk.run()
    blog(item("Other news.", permalink=Permalink(BLOG.page, 9), keys=("https://blog.example/2",)))
    assert not desk.memory.known[id_].held


ATHENS = "The Wikimedia Hackathon 2027 will take place in Athens, the capital of Greece, in May."


@pytest.mark.parametrize(
    ("news", "blog"),
    [
        ("MediaWiki 1.46 has been released.", "How we wrote the parser tests for MediaWiki 1.46"),
        ("MediaWiki 5.0.0 has been released.", "Semantic MediaWiki 5.0.0 has been released"),
        (f"{ATHENS} Registration is open.", f"{ATHENS} Scholarship applications are open."),
    ],
)
def test_what_tells_something_else_about_the_same_thing_has_a_card_of_its_own(news: str, blog: str) -> None:
    assert len(both(news, blog).ids) == 2


@pytest.mark.parametrize("change", ["cancelled", "moved", "removed"])
def test_a_talk_from_two_sources_is_held_when_one_drops_it_and_the_other_tells_something_else(change: str) -> None:
    calendar = put(TALKS, name="Calendar", kind="calendar", page="https://a.example/x.ics")

    def listed(start: datetime = START, **more: Any) -> Item:
        return put(talk(start, **({"title": RELEASE} | more)), permalink=Permalink(calendar.page, 9), source="Calendar")

    desk = Talks(talk(title=RELEASE))
    desk.settings = settings(feeds=(TALKS, calendar))
    other = listed(START + timedelta(days=3), title="Something quite different")

    def say(*items: Item) -> None:
        desk.readings = {"Calendar": reading(*items, title=calendar.page, revision=desk._next())}
        desk.run()

    say(listed(), other)
    joined = [id_ for id_, known in desk.memory.open().items() if known.title == RELEASE]
    assert len(joined) == 3
    desk.say(placeholder=True)
    assert not any(known.held for known in desk.memory.open().values())
    cancelled, moved = listed(flags=frozenset({Flag.CANCELLED})), listed(START + timedelta(days=1))
    say(*{"cancelled": [cancelled], "moved": [moved], "removed": []}[change], other)
    assert all(desk.memory.known[id_].held for id_ in joined)
    desk.post(joined[0])
    say(*{"cancelled": [cancelled], "moved": [moved], "removed": []}[change], other)
    assert "was announced" in top(desk)
    say(listed(), other)
    assert not any(desk.memory.known[id_].held for id_ in joined)
    assert "was announced" not in top(desk)


@pytest.mark.parametrize("seen_to", ["approved", "edited", "held"])
def test_news_is_not_joined_to_a_card_that_would_not_tell_it(seen_to: str) -> None:
    desk = Paper()
    desk.settings = settings(feeds=(*desk.settings.feeds, BLOG))
    desk.news(RELEASE)
    desk.run()
    (id_,) = desk.ids
    if seen_to == "held":
        desk.news("Something else took place.")
    else:
        desk.change(ALICE, id_, **{"approved": {"status": "approved"}, "edited": {"text": "Other words."}}[seen_to])
    desk.run()
    desk.readings = {"Blog": reading(entry(RELEASE), title=BLOG.page, revision=9)}
    desk.run()
    assert len([known for known in desk.memory.open().values() if known.source == "Blog"]) == 1


@pytest.mark.parametrize(
    "blog", ["MediaWiki 1.46.2 is out, with fixes for translators.", "A hackathon took place in Tirana."]
)
def test_other_news_is_another_candidate(blog: str) -> None:
    assert len(both(RELEASE, blog).ids) == 2


def test_what_is_like_something_posted_of_late_says_so_on_its_card() -> None:
    desk = Talks(talk())
    desk.post(desk.id())
    desk.settings = settings(feeds=(BLOG,))
    desk.readings = {"Blog": reading(entry("How Parsoid works"), title=BLOG.page, revision=9)}
    desk.run()
    (id_,) = [id_ for id_, known in desk.memory.open().items() if known.source == "Blog"]
    assert "Like something posted" in desk.argument(id_, "note")


def test_no_requests_take_what_is_like_something_posted_off_a_card() -> None:
    words = "The new skin with a table of contents is now the default for all readers."
    old = news_known(source="Old", title=words, end="posted", proposal=None, url="https://example.org/old")
    desk = Paper(memory=Memory(known={"nold": old}))
    desk.news(words)
    desk.run()
    (id_,) = desk.ids
    before = desk.argument(id_, "note")
    assert "Like something posted" in before
    desk.ask(MALLORY, request(words) + request(f"{words} Now.") + request(f"{words} Really."))
    desk.run()
    desk.run()
    assert before in desk.argument(id_, "note")
    assert desk.argument(id_, "note").count("still open") == 2
    desk.ask(MALLORY, "")
    desk.run()
    desk.run()
    assert desk.argument(id_, "note") == before


def told_alike(desk: Paper) -> dict[str, str]:
    """What the cards say that something else is open which tells the same, by the first words of each."""
    cards = {id_: card for id_, card in review.read(desk.text).items() if card}
    notes = {card.candidate.text[:9]: desk.argument(id_, "note") for id_, card in cards.items()}
    return {words: note for words, note in notes.items() if "still open" in note}


@pytest.mark.parametrize("seen_to", ["approved", "edited"])
def test_the_same_news_beside_a_card_that_it_cannot_join_is_told_on_both(seen_to: str) -> None:
    desk = Paper()
    desk.settings = settings(feeds=(*desk.settings.feeds, BLOG))
    desk.news(RELEASE)
    desk.run()
    (first,) = desk.ids
    later = f"{NOW + timedelta(days=1):%Y-%m-%d %H:%M}"
    changes = {"approved": {"status": "approved", "not_before": later}, "edited": {"text": "Get 1.46.1."}}
    desk.change(ALICE, first, **changes[seen_to])
    desk.readings = {"Blog": reading(entry(RELEASE), title=BLOG.page, revision=9)}
    desk.run()
    (second,) = set(desk.ids) - {first}
    assert f"[[#{first}|" in desk.argument(second, "note")
    assert f"[[#{second}|" in desk.argument(first, "note")
    assert desk.argument(first, "status").strip() == ("approved" if seen_to == "approved" else "waiting")
    before = desk.text
    desk.run()
    assert desk.text == before


@pytest.mark.parametrize("first", ["news", "request"])
def test_a_request_and_news_that_tell_the_same_say_so_on_both(first: str) -> None:
    desk = Paper()
    for what in (first, "request" if first == "news" else "news"):
        desk.ask(RITA, request(RELEASE)) if what == "request" else desk.news(RELEASE)
        desk.run()
    one, other = desk.ids
    assert f"[[#{other}|" in desk.argument(one, "note")
    assert f"[[#{one}|" in desk.argument(other, "note")


def test_what_tells_the_same_is_no_longer_told_of_once_it_is_declined() -> None:
    desk = Paper()
    desk.ask(RITA, request(RELEASE))
    desk.news(RELEASE)
    desk.run()
    news, asked = desk.ids
    desk.change(ALICE, asked, status="declined", reason="It is news already.")
    desk.run()
    assert desk.ids == [news]
    assert desk.argument(news, "note").strip() == ""


def test_what_told_the_same_and_is_out_is_said_to_be_posted() -> None:
    desk = Paper()
    desk.ask(RITA, request(RELEASE))
    desk.news(RELEASE)
    desk.run()
    news, asked = desk.ids
    known = desk.memory.known
    desk.memory = put(desk.memory, known=known | {asked: put(known[asked], end="posted")})
    desk.run()
    assert "Like something posted" in desk.argument(news, "note")


def test_a_request_that_gets_other_words_is_compared_anew() -> None:
    desk = Paper()
    desk.news(RELEASE)
    desk.ask(RITA, request("A hackathon took place in Tirana."))
    desk.run()
    assert not told_alike(desk)
    for words, alike in ((RELEASE, 2), ("A hackathon took place in Tirana.", 0)):
        asked = next(id_ for id_ in desk.ids if desk.memory.known[id_].is_request)
        desk.ask(RITA, changed(desk.asked, asked, text=words))
        desk.run()
        assert desk.asked.count("{{Smbot/request") == 1
        assert sum("still open" in desk.argument(id_, "note") for id_ in desk.ids) == alike


def test_cards_that_are_only_somewhat_alike_do_not_name_each_other() -> None:
    desk = both(RELEASE, "MediaWiki 1.46.2 is out, with fixes for translators.")
    assert not told_alike(desk)


# --- which items ----------------------------------------------------------------------------------------------------


def test_a_source_may_be_only_about_some_things() -> None:
    feed = Feed("Talks", "events", "Talks", "", ("wikitech",), only=("wikidata", "ଓଡ଼ିଆ"))
    desk = Talks(talk(), talk(title="Wikidata for beginners"), talk(title="ଓଡ଼ିଆ ଉଇକି"), feed=feed)
    assert sorted(known.title for known in desk.memory.open().values()) == ["Wikidata for beginners", "ଓଡ଼ିଆ ଉଇକି"]
