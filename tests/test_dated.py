"""What takes place is announced and reminded of in time, and never told of too late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from smbot import dated, sources
from smbot.model import Event, Page
from smbot.settings import Feed, Wording
from smbot.wikitext import WIKIMEDIA
from tests.builders import Paper, settings

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
START = datetime(2026, 12, 3, 18, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def told(
    event: Event | None, now: datetime = NOW, remind: tuple[timedelta, ...] = (DAY, HOUR)
) -> list[tuple[str, str, str]]:
    feed = Feed("Talks", "events", "Talks", "", ("wikitech",), remind=remind)

    def show(time: datetime | None) -> str:
        return f"{time:%m-%d %H:%M}" if time else ""

    steps = dated.steps(event, feed, Wording(), "$text", now)
    return [(step.name, show(step.not_before), show(step.not_after)) for step in steps]


def test_what_has_no_date_is_told_once_at_any_time() -> None:
    assert told(None) == [("", "", "")]


def test_an_event_is_announced_and_reminded_of_and_never_told_of_afterwards() -> None:
    assert told(Event(START)) == [
        ("", "", "12-03 17:59"),
        ("1 day before", "12-02 18:00", "12-03 16:59"),
        ("1 hour before", "12-03 17:00", "12-03 17:59"),
    ]


def test_a_reminder_whose_time_is_over_is_left_out() -> None:
    assert [name for name, *_ in told(Event(START), START - timedelta(hours=5))] == ["", "1 hour before"]
    assert [name for name, *_ in told(Event(START), START - timedelta(minutes=5))] == [""]


def test_of_a_whole_day_nobody_is_reminded_by_the_hour_and_it_may_be_told_all_day() -> None:
    day = Event(datetime(2026, 12, 3, tzinfo=UTC), whole_day=True)
    assert told(day) == [("", "", "12-03 23:59"), ("1 day before", "12-02 00:00", "12-03 23:59")]


@pytest.mark.parametrize(("span", "name"), [(2 * DAY, "2 days"), (36 * HOUR, "36 hours"), (HOUR, "1 hour")])
def test_reminders_are_named_by_their_span(span: timedelta, name: str) -> None:
    assert told(Event(START), remind=(span,))[1][0] == f"{name} before"


def test_the_words_of_the_wiki_come_before_the_usual_ones() -> None:
    feed = Feed("Talks", "events", "Talks", "", (), remind=(DAY,))
    wording = Wording({"": "Talk: $title", "wikitech": "Join: $title"}, {"": "Soon: $title"})
    first, second = dated.steps(Event(START), feed, wording, "$text", NOW)
    assert (first.templates, second.templates) == (dict(wording.post), {"": "Soon: $title"})
    first, second = dated.steps(Event(START), feed, Wording(), "$text", NOW)
    assert (first.templates, second.templates) == ({"": "$text"}, {"": dated.REMINDER.replace("$in", "Within a day")})


def test_no_two_reminders_say_the_same() -> None:
    feed = Feed("Talks", "events", "Talks", "", (), remind=(2 * DAY, DAY, 3 * HOUR, HOUR))
    wording = Wording(reminder={"": "$in: $title, $inside"})
    _, *reminders = dated.steps(Event(START), feed, wording, "$text", NOW)
    assert [step.templates[""].partition(":")[0] for step in reminders] == [
        "Within 2 days",
        "Within a day",
        "Within 3 hours",
        "Within an hour",
    ]
    assert all(step.templates[""].endswith(": $title, $inside") for step in reminders)


# --- from the words of a page to the queue ----------------------------------------------------------------------------


class Desk(Paper):
    """A desk that reads one page of dates."""

    def __init__(self, kind: str, text: str) -> None:
        feed = Feed("Talks", kind, "Talks", "", ("wikitech",), remind=(DAY, HOUR))
        super().__init__(settings=settings(feeds=(feed,)), now=NOW)
        self.kind = kind
        self.say(text)

    def say(self, text: str) -> None:
        """Let the page have this text."""
        found = Page("Talks", self._next(), text, "https://wiki.test/Talks", self.now)
        read = sources.source(self.kind).read(found, WIKIMEDIA["meta:meta"], "Talks", self.now)
        self.readings = {"Talks": ((found, read),)}
        self.run()

    def announce(self) -> None:
        """As if the announcement had gone out."""
        known = self.memory.known
        (first,) = [id_ for id_, one in known.items() if not one.step]
        self.memory = replace(self.memory, known=known | {first: replace(known[first], end="posted", proposal=None)})

    def shown(self) -> dict[str, str]:
        """What is open, by its step: why it is held, or what it says."""
        return {
            known.step: known.held or (known.proposal.text if known.proposal else "")
            for known in self.memory.open().values()
        }


MEETUP = "26 November 2026, 18:00 UTC: Meetup in Puri"


@pytest.mark.parametrize(
    "text",
    [
        f"<s>{MEETUP}</s> moved to 30 November 2026, 18:00 UTC",
        f"<s>{MEETUP}</s> '''Postponed to 30 November 2026, 18:00 UTC'''",
        f"{MEETUP} (moved to 30 November 2026, 18:00 UTC)",
    ],
)
def test_what_was_announced_and_moved_is_told_with_its_new_date_and_not_as_cancelled(text: str) -> None:
    desk = Desk("events", f"* {MEETUP}")
    desk.announce()
    desk.say(f"* {text}")
    assert {step: words.split("\n")[0] for step, words in desk.shown().items()} == {
        "1 day before": "Within a day: Meetup in Puri",
        "1 hour before": "Within an hour: Meetup in Puri",
        "moved 2026-11-30 18:00": "New date: Meetup in Puri",
    }
    assert "Monday, 30 November 2026" in desk.shown()["moved 2026-11-30 18:00"]


@pytest.mark.parametrize(
    "text",
    [
        f"{MEETUP} – CANCELLED due to illness",
        f"{MEETUP} – '''cancelled''', see talk page",
        f"{MEETUP} – postponed, new date TBD",
        "26 November 2026, 18:00 UTC: '''POSTPONED''' Meetup in Puri",
        f"{MEETUP} will not take place.",
    ],
)
def test_what_was_announced_and_is_called_off_in_any_words_is_told_as_cancelled_and_not_proposed_anew(
    text: str,
) -> None:
    desk = Desk("events", f"* {MEETUP}")
    desk.announce()
    desk.say(f"* {text}")
    assert desk.shown() == {
        "1 day before": "It was cancelled.",
        "1 hour before": "It was cancelled.",
        "cancelled": "Cancelled: Meetup in Puri will not take place on Thursday, 26 November 2026, 18:00 UTC.",
    }


def test_a_talk_on_something_that_was_cancelled_is_proposed() -> None:
    desk = Desk("events", "* 26 November 2026: Talk on why the 2025 survey was cancelled")
    assert desk.shown()[""].startswith("Talk on why the 2025 survey was cancelled\n")


HOURS = "{|\n! Date !! Time (UTC) !! Topic !! Status\n|-\n| 2026-11-26 || 16:00 || Wishlist || %s\n|}"


def test_an_office_hour_whose_status_has_a_new_date_is_told_with_it() -> None:
    desk = Desk("office-hours", HOURS % "")
    desk.announce()
    desk.say(HOURS % "postponed to 3 December 2026, 16:00 UTC")
    assert {step: "3 December 2026, 16:00 UTC" in words for step, words in desk.shown().items()} == {
        "1 day before": True,
        "1 hour before": True,
        "moved 2026-12-03 16:00": True,
    }


def test_reminders_of_an_office_hour_that_may_be_moved_are_held_back_until_somebody_says_so() -> None:
    desk = Desk("office-hours", HOURS % "")
    desk.announce()
    desk.say(HOURS % "may be moved, see talk page")
    assert set(desk.shown()) == {"1 day before", "1 hour before"}
    assert all("The news is no longer on the page" in why for why in desk.shown().values())
    desk.say(HOURS % "takes place")
    assert all(why.startswith("Within a") for why in desk.shown().values())
