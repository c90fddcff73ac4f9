"""Outreach programmes, Google Summer of Code and Outreachy: when mentors and mentees are called for.

    | Sept. 11, 2024 at 4pm UTC || Deadline for mentors to submit project descriptions
    * '''March 16 – 31''': Contributor application period

Each round has a page with a timeline, as a table, as bullets or as plain lines. Only what somebody outside can still
do by a day is a call: what is announced, reviewed or selected is none, nor what organisations have to do, nor the day
on which something opens.
https://www.mediawiki.org/wiki/Google_Summer_of_Code/2020, https://phabricator.wikimedia.org/T354734
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from string import Template

from msgspec.structs import replace

from smbot.messages import say
from smbot.model import Event, Page, Problem, Reading, Site
from smbot.sources import Wants
from smbot.sources.dates import spelled
from smbot.sources.events import Entry, dated, reading
from smbot.sources.lines import prepared
from smbot.sources.off import words
from smbot.sources.office_hours import tables_of

WIKI = "mediawiki:mediawiki"
PAGE = "Google Summer of Code/$year | Outreachy/Round $round"
PICK = False
POST = "$title\n\n$text\n\n$when\n$local\n\n$tags"

_FIRST, _FIRST_YEAR = 30, 2025  # Outreachy round 30 began in June 2025; two rounds a year, in June and in December
_AHEAD_OF_START = timedelta(days=240)  # of the first dates of a round


def wants(page: str, now: datetime, days: int) -> Wants:  # noqa: ARG001 - a call is told of whenever it is found
    """The pages of this round and the next. `page` has names separated by '|', with $year or $round in them."""
    near = _FIRST + 2 * (now.year - _FIRST_YEAR) + (now.month > 5) + (now.month > 11)
    rounds = ({"year": now.year, "round": near}, {"year": now.year + 1, "round": near + 1})
    names = [name.strip() for name in page.split("|") if name.strip()]
    titles = dict.fromkeys(Template(name).safe_substitute(each) for name in names for each in rounds)
    return Wants(pages=tuple((title,) for title in titles), daily=True)


def read(page: Page, site: Site, source: str, now: datetime) -> Reading:
    """The calls of one round as items; `section` says whom they call, mentors or mentees."""
    text = spelled(prepared(page))
    calls = _one_a_day(_calls(text, page.title, site, _since(page.title, now)))
    no_calls = Problem(say("source-no-calls"), say("source-no-calls-remedy"))
    return reading(calls, page, source, now, text, no_calls)


def _since(title: str, now: datetime) -> datetime:
    """From when on a day without a year is looked for: what is said of a round belongs to the year that leads to it."""
    year, round_ = re.search(r"\b(20\d\d)\b", title), re.search(r"\bround[ _]?(\d{1,3})\b", title, re.I)
    if round_:
        half = int(round_[1]) - _FIRST
        return datetime(_FIRST_YEAR + half // 2, 12 if half % 2 else 6, 1, tzinfo=UTC) - _AHEAD_OF_START
    return datetime(int(year[1]) - 1, 11, 1, tzinfo=UTC) if year else now


# --- what is a call -------------------------------------------------------------------------------------------------

_CALL = re.compile(
    r"\b(?:deadline|appl(?:y|ications?)|propos(?:e|als?)|submi(?:t|ssions?)|sign[ -]?up|calls? for|registration"
    r"|register|ideas?)\b",
    re.I,
)
_NO_CALL = re.compile(
    r"\b(?:announced?|announcements?|select(?:s|ed|ion)?|accept(?:s|ed|ance)?|review(?:s|ed)?|evaluations?|bonding|coding"
    r"|contribution period|organi[sz]ations?|communities|rank(?:s|ed|ing)?|final (?:report|submission)|work product"
    r"|feedback)\b",
    re.I,
)
_ON = r"\s+(?:[a-z]{3,9}\.?,?\s+){0,2}\d\w*"  # a day: 'Friday, 5 December', 'Dec. 5'
_OPENS = re.compile(
    rf"\b(?:open(?:s|ed|ing)?|beg[aiu]n(?:s|ning)?|start(?:s|ed|ing)?|launch(?:es|ed)?|from{_ON})\b", re.I
)
_ENDS = re.compile(rf"\b(?:deadlines?|until|till|clos(?:e[sd]?|ing)|due|ends?|last|by{_ON})\b", re.I)
_MENTORS = re.compile(r"\bmentors?\b|\bproject (?:ideas?|descriptions?)\b|\bpropose projects?\b", re.I)
_MENTEES = re.compile(
    r"\bmentees?\b|\bcontribut(?:ors?|ion)\b|\bintern(?:s|ships?)?\b|\bapplicants?\b|\bapplications?\b|\bapply\b"
    r"|\bstudents?\b|\bcandidates?\b|\bparticipants?\b",
    re.I,
)
_HEADING = re.compile(r"(={1,6})\s*(.+?)\s*\1\s*")
_ROLES = {"mentors": "call for mentors", "mentees": "call for applications"}


def _calls(text: str, title: str, site: Site, since: datetime) -> Iterator[Entry]:
    tables, rest = tables_of(text)
    heading = ""
    for row in (row for table in tables for row in table.rows):
        yield from _call(": ".join(cell.strip() for cell in row), "", title, site, since)
    for raw in rest.split("\n"):
        if found := _HEADING.fullmatch(raw):
            heading = words(found[2], site).text
        elif any(figure.isdecimal() for figure in raw):
            yield from _call(raw.lstrip("*#:; "), heading, title, site, since)


def _call(wikitext: str, heading: str, title: str, site: Site, since: datetime) -> Iterator[Entry]:
    """The line as an entry, if it is a call: on its last day, known by its words without the date."""
    line = dated(wikitext, site, since)
    if not line:
        return
    said = f"{line.title}\n{line.text}"
    if not _CALL.search(said) or _NO_CALL.search(said):
        return
    text = words(wikitext, site).text
    role = _role(said) or _role(heading)
    if not role or _is_opening(text, line.event):
        return
    programme = " ".join(re.split(r"[/_\s]+", title))
    head = f"{programme}: {_ROLES[role]}"
    yield replace(line, title=head, text=text, section=role, identity=f"{head} – {line.title}", event=_end(line.event))


def _role(said: str) -> str:
    """Whom a line calls: who is named first."""
    mentors, mentees = _MENTORS.search(said), _MENTEES.search(said)
    if mentors and mentees:
        return "mentors" if mentors.start() <= mentees.start() else "mentees"
    return "mentors" if mentors else "mentees" if mentees else ""


def _is_opening(text: str, event: Event) -> bool:
    """Whether a line tells only from when on something can be done: that day is no deadline."""
    lasts = event.end and event.end.date() != event.start.date()
    return not lasts and bool(_OPENS.search(text)) and not _ENDS.search(text)


def _one_a_day(calls: Iterable[Entry]) -> tuple[Entry, ...]:
    """Of the calls for the same people until the same day the one that knows most: that it holds, and its hour."""
    found: dict[tuple[str, date], Entry] = {}
    for call in calls:
        key = call.section, call.event.start.date()
        found[key] = min(found.get(key, call), call, key=lambda each: (each.cancelled, each.event.whole_day))
    return tuple(found.values())


def _end(event: Event) -> Event:
    """The last day or moment of a period: until then it can be done."""
    return Event(event.end, None, event.whole_day) if event.end else event
