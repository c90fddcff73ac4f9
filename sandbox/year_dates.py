"""What takes place in the simulated year: office hours, technical talks, and the calls of outreach programmes.

Some is moved after it was announced, some is cancelled, and some is just taken off its page while a later one stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random

from sandbox.year_words import THINGS, Dated, Edit, Span, moment, month_after

WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class Meeting:
    """Something on a page of dates, or `gone` from it; `was` is when it was to be before it was moved."""

    name: str
    start: datetime
    was: datetime | None = None
    cancelled: bool = False
    gone: bool = False

    @property
    def told(self) -> Dated:
        return Dated(self.name, None if self.cancelled or self.gone else self.start, listed=not self.gone)


Change = tuple[datetime, Meeting, str]


EARLY = 45  # days ahead: when one is on its page before that of the month before is over


def _changes(meetings: Sequence[Meeting], ahead: int, moved: int, cancelled: int, gone: int) -> Iterator[Change]:
    """What becomes of each meeting, and when; each is put on the page so many days ahead.

    The one after that which is gone is put there early, so that it is the next one of several that goes.
    """
    for place, each in enumerate(meetings):
        yield each.start - timedelta(days=EARLY if place % 12 == gone + 1 else ahead), each, "announced"
        if place % 12 == moved:
            later = replace(each, start=each.start + WEEK, was=each.start)
            yield each.start - timedelta(days=5, hours=3), later, "moved"
        elif place % 12 == cancelled:
            yield each.start - timedelta(days=3, hours=5), replace(each, cancelled=True), "cancelled"
        elif place % 12 == gone:
            yield each.start - timedelta(days=3, hours=5), replace(each, gone=True), "taken off"


def _edits(
    changes: Iterator[Change], span: Span, title: str, drawn: Callable[[Sequence[Meeting], datetime], str]
) -> Iterator[Edit]:
    """The page after each change, as `drawn` from all that was announced by then."""
    start, known = moment(span.start), dict[str, Meeting]()
    yield Edit(start, title, drawn([], start), "as it was at the beginning")
    for at, meeting, why in sorted(changes, key=lambda change: change[0]):
        known[meeting.name] = meeting
        at = max(at, start)
        listed = [each for each in known.values() if not each.gone]
        yield Edit(at, title, drawn(listed, at), why, int(why == "announced"), (meeting.told,))


def _names(random: Random, form: str) -> Iterator[str]:
    """Names of meetings, no two alike."""
    things = [thing.removeprefix("The ") for thing in THINGS]
    random.shuffle(things)
    for number, thing in enumerate(things, 1):
        yield form.format(thing[0].lower() + thing[1:], number)


def _day(month: date, weekday: int, which: int) -> date:
    """Such as the second Wednesday of a month."""
    return month + timedelta(days=(weekday - month.weekday()) % 7 + 7 * (which - 1))


# --- office hours -----------------------------------------------------------------------------------------------------

OFFICE_HOURS = "Office hours"
_HEADER = '! scope="col" | Day\n! scope="col" | Date\n! Time (UTC) !! Who !! Topic(s)\n'


def office_hours(random: Random, span: Span) -> Iterator[Edit]:
    """One each month, on the second Wednesday; the second is gone, the fourth is moved, the seventh cancelled."""
    names = _names(random, "Developer advocacy: Ask us about {} (hour {})")
    meetings = [Meeting(next(names), moment(_day(month, 2, 2), "17:00")) for month in span.months]
    meetings = [each for each in meetings if each.start > moment(span.start)]
    yield from _edits(_changes(meetings, 15, moved=3, cancelled=6, gone=1), span, OFFICE_HOURS, _table)


def _table(meetings: Sequence[Meeting], now: datetime) -> str:
    """https://meta.wikimedia.org/wiki/Office_hours"""
    past = [each for each in meetings if each.start < now - timedelta(days=2)]
    return (
        "Office hours are online chats with staff.\n\n== Upcoming office hours ==\n"
        f'{{| class="wikitable sortable"\n|+ Upcoming\n{_HEADER}'
        f"{''.join(_row(each) for each in meetings if each not in past)}|}}\n\n== Past office hours ==\n"
        f'{{| class="wikitable"\n{_HEADER}{"".join(map(_row, past))}'
        "|-\n| Friday || 2011-03-18 || 04:00 || Sue Gardner || Informal updates and discussion with Sue\n|}\n"
    )


def _row(each: Meeting) -> str:
    who, _, topic = each.name.partition(": ")
    old = f"<s>{each.was:%Y-%m-%d}</s> " if each.was else ""
    style = ' style="text-decoration: line-through;"' if each.cancelled else ""
    day = f"{each.start:%Y-%m-%d}" if old else f"{{{{dts|{each.start:%Y|%m|%d}}}}}"
    return f"|-{style}\n| {each.start:%A} || {old}{day} || {each.start:%H:%M} || {who} || [[Help|{topic}]]\n"


# --- talks ------------------------------------------------------------------------------------------------------------

TALKS = "Tech talks"


def talks(random: Random, span: Span) -> Iterator[Edit]:
    """One each month, on the fourth Thursday, the ninth in American nights.

    The third is moved, the sixth cancelled, the tenth gone.
    """
    names = _names(random, "How {} works (part {})")
    days = [_day(month, 3, 4) for month in span.months]
    meetings = [
        Meeting(next(names), moment(day, "09:00" if place % 12 == 8 else "18:00"))
        for place, day in enumerate(days)
        if day > span.start
    ]
    yield from _edits(_changes(meetings, 16, moved=2, cancelled=5, gone=9), span, TALKS, _headings)


def _headings(meetings: Sequence[Meeting], now: datetime) -> str:  # noqa: ARG001 - past ones stay where they are
    """https://www.mediawiki.org/wiki/Tech_talks"""
    older = Meeting("Writing PHP unit tests for MediaWiki", datetime.fromisoformat("2020-12-07T20:00+00:00"))
    newest = sorted([*meetings, older], key=lambda each: each.start, reverse=True)
    return (
        "<languages />\n<translate>\nTechnical talks are video presentations by and for members of the Wikimedia "
        "technical community.\n== Talks == <!--T:1-->\n" + "\n".join(map(_talk, newest)) + "</translate>\n"
    )


def _talk(each: Meeting) -> str:
    state = "Status: cancelled\n\n" if each.cancelled else ""
    return (
        f"=== {each.name} ===\n{each.start:%B %d, %Y at %H:%M} UTC\n\n{state}"
        f"YouTube video stream: [https://www.youtube.com/watch?v=EXAMPLE{each.start:%m%H} YouTube]\n\nSlides: TBA\n\n"
        "Speaker: Grace Example\n\nTopic Areas: Technology\n\n"
        "Description: This talk covers tooling, tips, and best practices.\n"
    )


# --- outreach ---------------------------------------------------------------------------------------------------------


def outreach(_: Random, span: Span) -> Iterator[Edit]:
    """Google Summer of Code once a year, the deadline of its mentors extended by a week; Outreachy twice."""
    start = moment(span.start)
    for year in range(span.start.year, span.days[-1].year + 1):
        yield from (replace(edit, at=max(edit.at, start)) for edit in _summer_of_code(year))
        for half in (0, 1):
            yield from (replace(edit, at=max(edit.at, start)) for edit in _outreachy(year, half))


def _summer_of_code(year: int) -> Iterator[Edit]:
    title = f"Google Summer of Code/{year}"
    first, extended, last = date(year, 2, 16), date(year, 2, 23), date(year, 3, 31)
    name = f"Google Summer of Code {year}: call for"
    mentees = Dated(f"{name} applications", moment(last), whole_day=True)
    for at, until, why in (
        (moment(date(year - 1, 11, 20)), first, "new"),
        (moment(date(year, 2, 10)), extended, "later"),
    ):
        mentors = Dated(f"{name} mentors", moment(until), whole_day=True)
        yield Edit(at, title, _timeline(f"""\
| January 26 || Mentoring organization application deadline
|-
| {until:%B} {until.day} || Deadline for mentors to submit project ideas
|-
| February 27 || Mentoring organizations announced
|-
| March 16 – March 31 || Contributor application period
|-
| May 4 || Accepted contributors announced
|-
| June 1 to August 24 || Coding period"""), why, 2, (mentors, mentees))  # fmt: skip


def _outreachy(year: int, half: int) -> Iterator[Edit]:
    """The round that begins in May or in December; its dates are from four months before on."""
    number = 34 + 2 * (year - 2027) + half
    month = date(year, 8 if half else 1, 1)
    days = (month + timedelta(days=20), month_after(month, 2) + timedelta(days=4), month_after(month, 3) + 4 * WEEK)
    initial, mentors, final = (moment(day, "16:00") for day in days)
    begins, name = month_after(month, 3), f"Outreachy Round {number}: call for"
    dates = (
        Dated(f"{name} applications", initial),
        Dated(f"{name} mentors", mentors),
        Dated(f"{name} applications", final),
    )
    yield Edit(
        moment(month - timedelta(days=25)),
        f"Outreachy/Round {number}",
        _timeline(f"""\
| {initial:%b. %d, %Y} at 4pm UTC || Initial application deadline
|-
| {mentors - WEEK:%b. %d, %Y} at 4pm UTC || Deadline for communities to sign up to mentor
|-
| {mentors:%b. %d, %Y} at 4pm UTC || Deadline for mentors to submit [https://www.outreachy.org/ project descriptions]
|-
| {begins:%b. %d, %Y} || Contributions are reviewed
|-
| {final:%b. %d, %Y} at 4pm UTC || Final application deadline
|-
| {final + 3 * WEEK:%b. %d, %Y} || Accepted interns are publicly announced"""),
        "new",
        3,
        dates,
    )


def _timeline(rows: str) -> str:
    """https://www.mediawiki.org/wiki/Outreachy"""
    return f'== Program timeline ==\n{{| class="wikitable"\n{rows}\n|}}\n== Steps ==\n* Write to the mentors early.\n'
