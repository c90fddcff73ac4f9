"""A page of things to come: dated bullets, or dated titles with what belongs to them below; and what all pages of
dates have in common.

    * 20 November 2026, 18:00 UTC: [[Meetup]]. Bring a laptop.     == 20 November 2026 ==
    * [[Hackathon]] (3–5 May 2026)                                 * 18:00–19:00 UTC – Office hour

A source of dates reads a page into entries, and `reading` makes items of those that are not over. An entry is struck
through or said to be cancelled where it will not take place; what is moved is known again by its title.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo

from msgspec import Struct
from msgspec.structs import replace

from smbot.messages import say
from smbot.model import Event, Flag, Item, Link, Page, Permalink, Problem, Reading, Site
from smbot.sentences import ends
from smbot.sources import Wants, missed
from smbot.sources.dates import Found, find, spelled, without_separator, year_of
from smbot.sources.lines import Line, language, lines, prepared
from smbot.sources.missed import YEAR
from smbot.sources.off import State, Words, put_off, unclear_words, versions, words

WIKI = "meta:meta"
PAGE = ""
PICK = False
POST = "$title\n\n$when\n$local\n\n$text\n\n$tags"

PAST = timedelta(days=1)  # yesterday's are yielded, too, so that nothing seems to vanish


def wants(page: str, now: datetime, days: int) -> Wants:  # noqa: ARG001 - one page has it all
    """The one page there is."""
    return Wants(pages=((page,),), daily=True)


def read(page: Page, site: Site, source: str, now: datetime) -> Reading:
    """The dated bullets and titles of the page as items."""
    since = known(page, now)
    text = headed(spelled(prepared(page)), since)
    reader = _Reader(site, since)
    entries = tuple(reader.entries(text))
    beside = missed.to_come(missed.aside(text, now, alone=not entries), now)
    lost = missed.to_come(reader.missed, now) | missed.lone(beside, (entry.event for entry in entries))
    return reading(entries, page, source, now, text, lost=lost)


# --- entries --------------------------------------------------------------------------------------------------------


class Entry(Struct, frozen=True):
    """Something that has a date on a page. `identity` are the words it is known by, '' for its title.

    Where nobody can tell whether it takes place it is `unsure`, and has a problem that says so.
    """

    title: str
    event: Event
    text: str = ""
    links: tuple[Link, ...] = ()
    cancelled: bool = False
    unsure: bool = False
    section: str = ""
    identity: str = ""
    keys: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def name(self) -> str:
        return self.identity or self.title


def known(page: Page, now: datetime) -> datetime:
    """From when on a day without a year is looked for: when the page was saved it was still to come."""
    return min(now, page.timestamp) if page.timestamp else now


_NOTHING = re.compile(
    r"\b(?:no|none|nothing)\s(?:[\w'-]+\s){0,3}?(?:upcoming|scheduled|planned|announced)\b"
    r"|\bno\s(?:upcoming|further|future|more)\s|\b(?:TBA|TBD|to be (?:announced|determined|confirmed))\b",
    re.I,
)


def reading(
    entries: Sequence[Entry],
    page: Page,
    source: str,
    now: datetime,
    text: str = "",
    problem: Problem | None = None,
    tongue: str = "",
    lost: Mapping[str, date] | None = None,
) -> Reading:
    """The entries from yesterday on as items, however far ahead: what was near may be put off.

    Without any entry `problem` is the alarm, or else that there are no dates, unless `text`, the page, says that
    nothing is planned. What of it looks like a day and cannot be read is a problem. So are the lines that are `lost`,
    with their days: these are to come, and no entry came of them. An entry that shares its name with others of the
    page is kept apart from them by a key with its date; listed twice it is one. What is unsure is no item, so that all
    that is open of it is held back.
    """
    lost = lost or {}
    unclear = (*missed.unclear(text, now), *missed.told(lost, now))
    if not entries:
        alarm = problem or Problem(say("source-no-dates"), say("source-no-dates-remedy"))
        nothing = not unclear and not lost and _NOTHING.search(text)
        return Reading(placeholder=True) if nothing else Reading(problems=(alarm, *unclear))
    once = tuple({(entry.name, entry.event.start): entry for entry in reversed(entries)}.values())[::-1]
    names = Counter(entry.name for entry in once)
    days = Counter((entry.name, entry.event.start.date()) for entry in once)
    left = [entry for entry in once if now - PAST <= entry.event.over]
    common = Item(source, "", "", "", (), Permalink(page.title, page.revision, page.url))
    common = replace(common, language=tongue or language(page))
    items = tuple(
        _item(entry, common, names[entry.name], days[entry.name, entry.event.start.date()])
        for entry in left
        if not entry.unsure
    )
    told = (problem for entry in left for problem in entry.problems)
    problems = tuple(dict.fromkeys((*told, *unclear)))
    return Reading(items, problems, placeholder=not items)


def _item(entry: Entry, common: Item, named: int, that_day: int) -> Item:
    """`named` is how many entries of the page have its name, `that_day` how many of them are on its day."""
    start = entry.event.start
    when = start.isoformat(timespec="minutes") if that_day > 1 else start.date().isoformat()
    apart = (f"{'-'.join(entry.name.casefold().split())}@{when}",)
    return replace(
        common,
        group=start.date().isoformat(),
        section=entry.section,
        text=entry.text or entry.title,
        links=entry.links,
        flags=frozenset({Flag.CANCELLED} if entry.cancelled else ()),
        title=entry.title,
        identity=entry.name,
        keys=entry.keys or (apart if named > 1 else ()),
        event=entry.event,
    )


# --- lines with a date ----------------------------------------------------------------------------------------------

_LETTER = re.compile(r"[^\W\d_]")
_FORMERLY = re.compile(r"\s*\((?:previously|formerly|originally|was|instead of)\b[^()]{0,80}\)", re.I)
_BEFORE_DATE = re.compile(r"(?:[\s(\[,،;:–—-]|\b(?:on|at|from|by|until|for|date|am|ab|vom|le|du)\b){1,9}\Z", re.I)
_SET_OFF = re.compile(r"[\s)\]]*(?:[:;.,،–—|•·-]+\s*|\)\s*|\]\s*|\Z)")


def dated(wikitext: str, site: Site, since: datetime, year: int = 0, zone: tzinfo | None = None) -> Entry | None:
    """A line with a date and other words as an entry; None where one of them is missing."""
    if old := long_past(wikitext, since):
        return old
    for said in versions(wikitext, site):
        if entry := _entry(said, since, year, zone):
            return entry
    return None


def long_past(wikitext: str, since: datetime) -> Entry | None:
    """Something that was years ago, not parsed, as most of a page may be archive. It shows that there are dates."""
    years = {int(year) for year in YEAR.findall(wikitext)}
    if not years or max(years) > since.year - 2:
        return None
    found = find(wikitext, since)
    return Entry(wikitext, found.event) if found and found.event.start.year in years else None


def _entry(said: Words, since: datetime, year: int, zone: tzinfo | None) -> Entry | None:
    text, later = put_off(said.text, since, year, zone)
    if not (found := find(text, since, year, zone)):
        return None
    title, rest = headline(text, found)
    if not _LETTER.search(title):
        return None
    found = later or found
    cancelled = said.cancelled and not later  # of what was moved the old date is struck through
    entry = Entry(title, found.event, rest, said.links, cancelled, problems=(*found.problems, *said.problems))
    return in_state(entry, [State(unclear=unclear_words(text))])


def in_state(entry: Entry, states: Sequence[State]) -> Entry:
    """An entry as its status and notes have it."""
    for state in states:
        later = state.later
        if later and (later.event.start.date() != entry.event.start.date() or not later.event.whole_day):
            return replace(entry, event=later.event, cancelled=False, problems=(*entry.problems, *later.problems))
    unclear = next((state.unclear for state in states if state.unclear), "")
    if any(state.cancelled for state in states) or not unclear or entry.cancelled:
        return replace(entry, cancelled=entry.cancelled or any(state.cancelled for state in states))
    doubt = Problem(say("source-unsure", entry.title, unclear), say("source-unsure-remedy"))
    return replace(entry, unsure=True, problems=(*entry.problems, doubt))


def headline(text: str, found: Found) -> tuple[str, str]:
    """What a line says beside its date: its first sentence, and the rest ('' without any)."""
    first, _, below = text.partition("\n")
    if found.begin >= len(first):
        return without_separator(first), below
    before = _BEFORE_DATE.sub("", first[: found.begin])
    after = _FORMERLY.sub("", text[found.end :], count=1)
    if not _LETTER.search(before):
        return split(without_separator(after.lstrip(" )]|•·")))
    if set_off := _SET_OFF.match(after):
        return before, after[set_off.end() :].strip()
    return split(f"{before} {after.strip()}")


def split(text: str) -> tuple[str, str]:
    """The first sentence of a text, without its full stop, and the rest."""
    first, _, below = text.strip().partition("\n")
    end = next(iter(ends(first)), 0)
    begin, rest = first[:end], "\n".join(filter(None, (first[end:].strip(), below)))
    return (begin.rstrip(".।: ") if rest or begin.endswith((".", "।")) else begin), rest


_HEADED = re.compile(
    r"^(={2,6})[ \t]*(\S.*?)[ \t]*\1[ \t]*\n\s*(?:'*(?:date|when|time|date (?:and|&) time)\s*:'*\s*)?(\d.*|'*\w.*)$",
    re.I | re.M,
)
_ANY_TITLE = re.compile(
    r"(?:(?:upcoming|next|future|past|planned|our|all|the|and|of|events|calendar|dates?|schedule|agenda|timeline"
    r"|meetings|meetups|talks|workshops|activities)\b\W*)+",
    re.I,
)


def headed(text: str, since: datetime) -> str:
    """The text, with each day that stands alone below a title in that title.

    Unless another day stands below it: then nobody can tell what the title is of.
    """

    def joined(found: re.Match[str]) -> str:
        marks, title, line = found[1], found[2], found[3].strip("' ")
        when = find(line, since) if any(map(str.isdecimal, line)) else None
        if not when or _LETTER.search(line[: when.begin] + line[when.end :]):
            return found[0]
        end = text.find("\n=", found.end())
        below = text[found.end() : end if end >= 0 else None]
        if _ANY_TITLE.fullmatch(title) or year_of(title, above=1) or find(title, since) or find(below, since):
            return found[0]
        return f"{marks} {title}, {line} {marks}"

    return _HEADED.sub(joined, text)


class _Reader:
    """Goes down a page, knowing the year, the day or the event it is under."""

    def __init__(self, site: Site, since: datetime) -> None:
        self.site, self.since = site, since
        self.year = 0
        self.day = ""  # as ISO date
        self.level = 0  # of the title with the day or the event
        self.event: Entry | None = None
        self.below: list[Words] = []
        self.missed: list[str] = []  # bullets of which no entry came

    def entries(self, text: str) -> Iterator[Entry]:
        for line in lines(text):
            if line.level:
                yield from self._told()
                self._title(line)
            elif self.event:
                self.below.append(words(line.text, self.site))
            elif line.stale:
                continue
            elif entry := self._bullet(line):
                yield entry
            else:
                self.missed.append(line.text)
        yield from self._told()

    def _title(self, line: Line) -> None:
        self.event = dated(line.text, self.site, self.since, self.year)
        title = words(line.text, self.site).text
        found = None if self.event else find(title, self.since, self.year)
        if self.event or found or line.level <= self.level:
            self.day, self.level = "", 0
        if self.event or found:
            self.level = line.level
        if found:
            self.day = found.event.start.date().isoformat()
        elif not self.day:
            self.year = year_of(title, self.year)

    def _bullet(self, line: Line) -> Entry | None:
        entry = dated(line.text, self.site, self.since, self.year)
        if entry or not self.day:
            return entry
        return dated(f"{self.day} {line.text}", self.site, self.since)

    def _told(self) -> Iterator[Entry]:
        """The event whose title stood above, with what was said below."""
        if self.event:
            below = [self.event.text, *(said.text for said in self.below)]
            links = (*self.event.links, *(link for said in self.below for link in said.links))
            yield replace(self.event, text="\n".join(filter(None, below)), links=links)
        self.event, self.below = None, []
