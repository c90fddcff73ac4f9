"""Dates and times as people write them: in English, in figures, or with the months of a language smbot speaks.

    2026-11-20 18:00–19:00 UTC      7 December 2026 at 20:00 CET      Aug. 21, 2024 at 4pm UTC
    15th to 17th March 2026         Dec. 9, 2024 – March 7, 2025      18:00 (UTC+5:30) on Friday, November 20
    2026/11/20, noon UTC            20.11.2026                        Freitag, 20. November 2026, 18:00 Uhr UTC

`leading` finds the day a text begins with, `find` the first day, time or period in it. Nothing here raises, and time
grows with the length of the text. What is written but is no day, such as 30 February, is no date.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from typing import Any, NamedTuple

from msgspec import Struct

from smbot.messages import say, spoken
from smbot.model import Event, Problem
from smbot.sources.clocks import TO, Clock, Times, after, before, unused, zone_of
from smbot.sources.daynames import names, plain

# --- days -----------------------------------------------------------------------------------------------------------

_NAMES = tuple(calendar.month_name)[1:]  # English, as long as nothing sets a locale
_MONTHS = {name[:3].lower(): number for number, name in enumerate(_NAMES, 1)}
_WEEKDAYS = {name[:3].lower(): number for number, name in enumerate(calendar.day_name)}
_MONTH = rf"(?P<month>{'|'.join(_NAMES)}|Sept|{'|'.join(name[:3] for name in _NAMES)})\b\.?"
_A_WEEKDAY = r"(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)"
_WEEKDAY = rf"(?:(?P<weekday>{_A_WEEKDAY})(?:day)?\.?,?\s+)?"
_ITS = rf"\((?P<its>{_A_WEEKDAY})(?:day)?\)"
_ITS_WEEKDAY = rf"(?:,?\s(?:{_ITS}|(?P<of>{_A_WEEKDAY})(?:day)?(?=[,:]|\s(?:\d|at\b|[–—-]))))?"
_NTH = r"(?:st|nd|rd|th)?"
_AND = r"(?:\s{0,3},?\s{0,3}(?:\b(?:and|und|et)\b|&)\s*|\s(?:और|ଓ|ଏବଂ)\s|\sو\s?|\s?/\s?)"
_JOINED = rf"(?:{TO}|(?P<also>{_AND}))"  # '3–5 May' is a period, '3 and 5 May' are two days
_LAST = rf"(?:{_JOINED}(?P<last>\d{{1,2}})(?!\d){_NTH}(?!\s*(?:[:.]\d|[ap]\.?m\b|h\b|UTC|GMT)"
_YEAR = r"(?:[,،]?\s+(?P<year>\d{4})\b(?!\s*(?:UTC|GMT|h(?:rs|ours)?\b)))?"
_FORMS = (
    r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})(?!\d)(?:/(?P<last>\d{1,2})(?![\d/-]))?",
    r"(?P<year>(?:19|20)\d\d)/(?P<month>\d{1,2})/(?P<day>\d{1,2})(?![\w/])",
    rf"(?P<day>\d{{1,2}})\.(?:{_JOINED}(?P<last>\d{{1,2}})\.)? ?(?P<month>\d{{1,2}})\. ?(?P<year>(?:19|20)\d\d)(?!\d)",
    rf"(?P<day>\d{{1,2}}){_NTH}{_LAST}))?\s+(?:of\s+)?{_MONTH}{_YEAR}",
    rf"{_MONTH}\s+(?P<day>\d{{1,2}}){_NTH}\b(?P<list>(?:,\s?\d{{1,2}}{_NTH}\b){{1,9}}(?={_AND}\d))?"
    rf"{_LAST}|\s+(?:of\s+)?(?:{'|'.join(name[:3] for name in _NAMES)})))?{_YEAR}",
)
_DATES = tuple(re.compile(_WEEKDAY + form + _ITS_WEEKDAY, re.I) for form in _FORMS)
_MAYBE = re.compile(rf"(?<![\w/:=?&.+-])(?=\d|{'|'.join(name[:3] for name in (*_NAMES, *calendar.day_name))})", re.I)
_DOTTED = re.compile(r"(?<![\w/:=?&.+-])\d{1,2}\.\s?[^\W\d_]")
_TO_DATE = re.compile(rf"{TO}|/(?=\d{{4}}-\d)", re.I)
_AND_DATE = re.compile(_AND, re.I)
_LISTED = re.compile(r"(?<![\w/:=?&.+-])(?:\d{1,2}(?:st|nd|rd|th|\.)?,\s?){1,9}\Z", re.I)
_BETWEEN = re.compile(r"\b(?:between|zwischen|entre)\s(?:the\s|dem\s|le\s)?\Z", re.I)  # 'and' means 'to'
_SET_APART = re.compile(r"(?:[,،;:|(–—-]|\bon|\bam|\ble|^)\s*\Z", re.I)
_WEEK = re.compile(
    r"(?:\bin\s)?(?:\bthe\s)?\bweek\s(?:of|commencing|beginning|starting)\s(?:on\s)?(?:the\s)?\Z"
    r"|\bWoche\s(?:vom|ab)\s(?:dem\s)?\Z|\bsemaine\sdu\s\Z",
    re.I,
)
_PERIOD = re.compile(rf"(?:{_MONTH},?\s*)?(?P<year>\d{{4}})?:?", re.I)


class Written(NamedTuple):
    """A day as it is written: without a year perhaps, with the last day of '3–5 May', and where it ends in the text.

    Of '3, 4 and 8 May' the day is the first, and `days` are all.
    """

    year: int | None
    month: int
    day: int
    last: int | None
    weekday: int | None
    end: int
    days: tuple[int, ...] = ()


def leading(text: str) -> Written | None:
    """The day `text` begins with, in parentheses or not."""
    start = 1 if text.startswith("(") else 0
    found = _written(text, start)
    if found and text.startswith(")", found.end):
        return found._replace(end=found.end + 1)
    return found


def day_of(written: Written, year: int) -> date | None:
    """The day, of that year unless it names its own; None where there is no such day."""
    try:
        return date(written.year or year, written.month, written.day)
    except ValueError:
        return None


def year_of(title: str, above: int = 0) -> int:
    """The year of 'November 2026' or '2026'; `above` for a month alone, 0 for any other title."""
    found = _PERIOD.fullmatch(title)
    if not found and len(title) < _LONGEST and any(map(str.isdecimal, title)):
        found = _elsewhere().period.fullmatch(title)
    return int(found["year"] or above) if found else 0


def without_separator(text: str) -> str:
    """What follows a date, without what sets it off: ': A talk' is 'A talk'."""
    return re.sub(r"\s*(?:[:–—-]+|[.,،](?=\s))?\s*", "", text, count=1)


def _written(text: str, start: int) -> Written | None:
    if written := _written_in_english(text, start):
        return written
    if any(map(str.isdecimal, text[start : start + _LONGEST])) and (found := _elsewhere().date.match(text, start)):
        return _foreign(found)
    return None


def _written_in_english(text: str, start: int) -> Written | None:
    return next((_parts(found) for form in _DATES if (found := form.match(text, start))), None)


def _parts(found: re.Match[str]) -> Written:
    groups = found.groupdict()
    month, weekday = groups["month"], groups["weekday"] or groups["its"] or groups["of"]
    return _dated(
        groups,
        int(month) if month.isdecimal() else _MONTHS[month[:3].lower()],
        _WEEKDAYS[weekday[:3].lower()] if weekday else None,
        found.end(),
    )


def _foreign(found: Any) -> Written:
    groups = found.groupdict()
    months, weekdays = names(spoken())
    weekday = weekdays[plain(groups["weekday"])] if groups["weekday"] else None
    return _dated(groups, months[plain(groups["month"])], weekday, found.end())


def _dated(groups: Mapping[str, Any], month: int, weekday: int | None, end: int) -> Written:
    year, day, last = groups["year"], int(groups["day"]), groups.get("last")
    found = Written(int(year) if year else None, month, day, int(last) if last else None, weekday, end)
    if not last or not groups.get("also"):
        return found
    return found._replace(last=None, days=(day, *_figures(groups.get("list")), int(last)))


def _figures(text: str | None) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", text or "")))


_LONGEST = 40  # characters of a day as it is written, or of a month with its year


class _Patterns(NamedTuple):
    date: Any
    period: Any


def _elsewhere() -> _Patterns:
    """How days and months are written in other languages than English."""
    return _patterns(spoken())


@cache
def _patterns(language: str) -> _Patterns:
    import regex  # knows the vowel signs of a script as parts of its words

    months, weekdays = ("|".join(map(re.escape, each)) for each in names(language))
    month = rf"(?P<month>{months})(?![\p{{L}}\p{{M}}])[.॰]?"
    year = r"(?P<year>\d{4})(?!\w)(?!\s*(?:UTC|GMT|h|Uhr)\b)"
    weekday = rf"(?:(?P<weekday>{weekdays})(?![\p{{L}}\p{{M}}])[.॰]?[,،]?\s+(?:(?:le|den|dem)\s+)?)?"
    nth = r"(?:\.|er\b)?"
    days = rf"(?P<day>\d{{1,2}}){nth}(?:{_JOINED}(?P<last>\d{{1,2}}){nth})?"
    day_first = rf"{days}\s*(?:de\s+)?{month}(?:[,،]?\s+(?:de\s+)?{year})?"
    month_first = rf"{month}\s+(?P<day>\d{{1,2}})[,،]?\s+{year}"
    apart = r"(?<![\p{L}\p{M}\p{N}/:=?&.+-])"
    return _Patterns(
        regex.compile(rf"{apart}{weekday}(?:{day_first}|{month_first})", regex.I),
        regex.compile(rf"(?:{month},?\s*(?:de\s+)?)?(?P<year>\d{{4}}):?", regex.I),
    )


# --- days, times and periods in a text ------------------------------------------------------------------------------


class Found(Struct, frozen=True):
    """A date in a text: from `begin` to `end` it is written. The end of an event of whole days is its last day."""

    event: Event
    begin: int
    end: int
    problems: tuple[Problem, ...] = ()


def find(text: str, since: datetime, year: int = 0, zone: tzinfo | None = None) -> Found | None:
    """The first date in `text`; None where there is none, or where what is written is no day.

    A day without a year is of `year`, or else the next such day from the day before `since` on: a page tells of
    yesterday as well. A weekday that does not go with it shows that another year is meant, and it is no date. A time
    without a zone is in `zone`, or else taken as UTC, with a problem that says so. A zone that means several leaves
    the day.
    """
    for begin, written in _days(text):
        try:
            return _Finder(text, since, year, zone).found(begin, written)
        except (ValueError, OverflowError):  # no such day, or out of the calendar
            return None
    return None


def _days(text: str) -> Iterator[tuple[int, Written]]:
    """What looks like a day, and where it begins. 'may 5' in the middle of a sentence is none."""
    if _DOTTED.search(text):  # '1. September 18:00' is not September 18
        yield from _foreign_days(text)
    for place in _MAYBE.finditer(text):
        written = _written_in_english(text, place.start())
        if written and _may_be(written) and (written.year or not text[place.start()].islower()):
            yield place.start(), written
    if any(map(str.isdecimal, text)):
        yield from _foreign_days(text)


def _foreign_days(text: str) -> Iterator[tuple[int, Written]]:
    for found in _elsewhere().date.finditer(text):
        if _may_be(written := _foreign(found)):
            yield found.start(), written


def _may_be(written: Written) -> bool:
    return 1 <= written.month <= 12 and 1 <= written.day <= 31


def _next(written: Written, since: datetime) -> date:
    """The next such day from the day before `since` on; 29 February may be eight years away."""
    yesterday = since.date() - timedelta(1)
    days = (day_of(written, yesterday.year + ahead) for ahead in range(9))
    found = next((day for day in days if day and day >= yesterday), None)
    if not found or written.weekday not in (None, found.weekday()):
        raise ValueError("no such day soon")
    return found


_FIGURES = re.compile(r"(?<![\w/.=&?+-])(\d{1,2})([/-])(\d{1,2})\2((?:19|20)\d\d)(?![\w/-])")


def unread(line: str, first: date, last: date) -> str:
    """What stands for a day in a line without any that can be read, if that may be one from `first` to `last`.

    '12/01/2026' is two days, and 31 November is none.
    """
    for begin, written in _days(line):
        if not written.year or day_of(written, 0):
            return ""
        if first.replace(day=1) <= date(written.year, written.month, 1) <= last:
            return line[begin : written.end]
    for found in _FIGURES.finditer(line):
        year, *figures = int(found[4]), int(found[1]), int(found[3])
        days = [day_of(Written(year, month, day, None, None, 0), 0) for month, day in (figures, figures[::-1])]
        if any(day and first <= day <= last for day in days):
            return found[0]
    return ""


class _Finder:
    """Reads on from the first day in a text. Raises ValueError or OverflowError where there is no such date."""

    def __init__(self, text: str, since: datetime, year: int, zone: tzinfo | None) -> None:
        self.text, self.since, self.year, self.usual = text, since, year, zone
        self.problems: list[Problem] = []

    def found(self, begin: int, written: Written) -> Found:
        begin, written, joint = self._listed(begin, written)
        told = self._sound(after(self.text, written.end, zoned=bool(self.usual)))
        end = told[-1].end if told else written.end
        until: tuple[Times, ...] = ()
        second = None if written.last or written.days or (told and told[0].closing) else self._joined(joint, end)
        if second:
            until = self._sound(after(self.text, second.end))
            end = until[-1].end if until else second.end
        others, end = self._others(end)
        first, last = self._period(written, second, *others[:1])
        if not told and not until:
            told = self._sound(before(self.text, begin))
            begin = told[0].begin if told else begin
        last = self._all_days(written, others, first, last, told)
        if week := _WEEK.search(self.text, max(0, begin - _LONGEST), begin):
            begin = week.start()
            last = last or (None if told else first + timedelta(6))
        opening, closing = self._agreed(told, first)
        if second:
            closing = self._agreed(until, last or first)[0]
        return Found(self._event(first, last, opening, closing), begin, end, tuple(self.problems))

    def _listed(self, begin: int, written: Written) -> tuple[int, Written, re.Pattern[str]]:
        """The day with those that are listed before it, '24, 26 and 28 November', and what joins it to its end.

        In 'Room 12, 24 November' none is listed, and 'between 24 and 28 November' is a period.
        """
        near = max(0, begin - _LONGEST)
        if between := _BETWEEN.search(self.text, near, begin):
            if len(written.days) == 2:
                written = written._replace(last=written.days[1], days=())
            return (begin if between.start() else 0), written, _AND_DATE
        found = _LISTED.search(self.text, near, begin)
        if not found or written.weekday is not None:
            return begin, written, _TO_DATE
        listed = _figures(found[0])
        days = (*listed, *(written.days or (written.day,)), *((written.last,) if written.last else ()))
        apart = _SET_APART.search(self.text, max(0, found.start() - _LONGEST), found.start())
        if not (len(listed) > 1 or written.days or apart) or not days[0] or list(days) != sorted(set(days)):
            return begin, written, _TO_DATE
        return found.start(), written._replace(day=days[0], last=None, days=days), _TO_DATE

    def _others(self, end: int) -> tuple[list[Written], int]:
        """The days that follow 'and', and where the last of them ends, with its time."""
        others: list[Written] = []
        while other := self._joined(_AND_DATE, end):
            told = after(self.text, other.end)
            end = told[-1].end if told else other.end
            others.append(other._replace(end=end))
        return others, end

    def _all_days(
        self, written: Written, others: list[Written], first: date, last: date | None, told: tuple[Times, ...]
    ) -> date | None:
        """The last day of a period. Days that are joined by 'and' are one if they are neighbours; else that is said."""
        if written.days and (not last or (told and not told[0].closing)):
            return self._first_only()
        if not others:
            return last
        next_day = day_of(others[0], first.year + (others[0][1:3] < (first.month, first.day)))
        is_next = next_day == first + timedelta(1) and len(others) == 1 and not (told or last)
        return next_day if is_next else self._first_only(last)

    def _first_only(self, last: date | None = None) -> date | None:
        self._problem(say("source-several-days", self._start), say("source-several-days-remedy"))
        return last

    def _sound(self, told: tuple[Times, ...]) -> tuple[Times, ...]:
        """The times; what is written as one and is none is said to be."""
        for times in told:
            if not times.opening:
                written = self.text[times.begin : times.end].rstrip(" ,)")
                self._problem(say("source-no-time", self._start, written), say("source-no-time-remedy"))
        return told

    def _agreed(self, told: tuple[Times, ...], day: date) -> tuple[Clock | None, Clock | None]:
        """When it begins and ends. If that is told in several zones, in the first that is known, or else in UTC."""
        known = [
            (times, zone, _utc(day, times.opening, zone))
            for times in told
            if times.opening and times.zone and (zone := zone_of(times.zone))
        ]
        if len(told) < 2 or not known:
            return told[0][:2] if told else (None, None)
        chosen, _, moment = known[0]
        if any((other - moment) % timedelta(1) for *_, other in known):
            chosen, _, moment = next((each for each in known if each[1] is UTC), known[0])
            self._problem(say("source-times-differ", self._start, f"{moment:%H:%M}"), say("source-times-differ-remedy"))
        return chosen[:2]

    def _joined(self, joint: re.Pattern[str], end: int) -> Written | None:
        """The day that follows 'to', or 'and'."""
        found = joint.match(self.text, end)
        return _written(self.text, found.end()) if found else None

    def _period(
        self, written: Written, second: Written | None, other: Written | None = None
    ) -> tuple[date, date | None]:
        """The first and the last day; a year that is written once counts for both, and for a day that follows 'and'."""
        year, later = self.year, second or other
        if later and later.year and not written.year:
            year = later.year - (written[1:3] > later[1:3])
        first = self._day(written, year) if written.year or year else _next(written, self.since)
        if written.last:
            return first, first.replace(day=written.last)
        if written.days:
            neighbours = written.days == tuple(range(written.day, written.day + len(written.days)))
            return first, first.replace(day=written.days[-1]) if neighbours else None
        if not second:
            return first, None
        return first, self._day(second, first.year + (second[1:3] < (first.month, first.day)))

    def _day(self, written: Written, year: int) -> date:
        day = date(written.year or year, written.month, written.day)
        if written.weekday not in (None, day.weekday()):
            weekday = say(f"weekday-{day.isoweekday()}")
            self._problem(say("source-weekday", self._start, day, weekday), say("source-weekday-remedy"))
        return day

    def _event(self, first: date, last: date | None, opening: Clock | None, closing: Clock | None) -> Event:
        if last and last < first:
            raise ValueError("it ends before it begins")
        name = next((clock.zone for clock in (opening, closing) if clock and clock.zone), "")
        zone = self._zone(name) if opening or closing else None
        if not zone:
            end = datetime.combine(last, time(), UTC) if last and last > first else None
            return Event(datetime.combine(first, time(), UTC), end, whole_day=True)
        if opening and opening.name == "midnight":
            self._problem(say("source-midnight", self._start), say("source-midnight-remedy"))
        start = self._moment(first, opening, zone) if opening else datetime.combine(first, time(), UTC)
        if not closing:
            return Event(start)
        end = self._moment(last or first, closing, (closing.zone and self._zone(closing.zone)) or zone)
        if end == start:
            return Event(start)  # '18:00 UTC – 19:00 CET'
        return Event(start, end if end > start else end + timedelta(1) if not last else None)

    def _zone(self, name: str) -> tzinfo | None:
        """The zone of that name; without a name the usual one."""
        if not name:
            if not self.usual:
                self._problem(say("source-no-zone", self._start), say("source-no-zone-remedy"))
            return self.usual or UTC
        zone = zone_of(name)
        if not zone:
            self._problem(say("source-zone-unknown", self._start, name), say("source-zone-unknown-remedy"))
        return zone

    def _moment(self, day: date, clock: Clock, zone: tzinfo) -> datetime:
        if unused(clock, datetime.combine(day, clock.at, zone)):
            self._problem(say("source-zone-unused", self._start, clock.zone, day), say("source-zone-unused-remedy"))
        return _utc(day, clock, zone)

    @property
    def _start(self) -> str:
        """The first words of the text, for people who look for it."""
        return self.text if len(self.text) <= 60 else self.text[:60] + "…"

    def _problem(self, message: str, remedy: str) -> None:
        problem = Problem(message, remedy)
        if problem not in self.problems:
            self.problems.append(problem)


def _utc(day: date, clock: Clock, zone: tzinfo) -> datetime:
    """The moment at which a clock in that zone shows that time of that day."""
    return (datetime.combine(day, clock.at, zone) + timedelta(clock.tomorrow)).astimezone(UTC)


# --- dates as wikitext ----------------------------------------------------------------------------------------------

_TEMPLATE = re.compile(r"\{\{\s*(?:dts|dtsh|start[ _-]?date|end[ _-]?date|date)\s*\|([^{}]*)\}\}", re.I)
_MICROFORMAT = re.compile(
    r"<(\w+)\b(?=[^<>]{0,300}\bclass\s*=\s*[\"']?[^<>\"']*\b(?:dtstart|dtend|value-title)\b)"
    r"[^<>]{0,300}\s(?:title|datetime)\s*=\s*[\"']([^<>\"']*)[\"'][^<>]{0,300}>(?:[^<>]{0,300}</\1\s*>)?",
    re.I,
)
_SPACES = re.compile(r"[^\S\n]{2,}")
_COMPACT = re.compile(r"\b(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(?:\d\d)?)?(?=Z|\b)")


def spelled(wikitext: str) -> str:
    """Wikitext with its date templates, `{{dts|2026|11|20}}`, and dates in hCalendar as dates one can read.

    Spaces in a row are one, as they are when the page is shown, so that no title takes long to read.
    https://en.wikipedia.org/wiki/Template:Date_table_sorting, https://microformats.org/wiki/hcalendar
    """
    wikitext = _SPACES.sub(" ", wikitext)
    wikitext = _TEMPLATE.sub(lambda found: _arguments(found[1].split("|")), wikitext)
    return _MICROFORMAT.sub(lambda found: _COMPACT.sub(_extended, found[2]), wikitext)


def _arguments(arguments: list[str]) -> str:
    values = [value.strip() for value in arguments if "=" not in value]
    if len(values) < 3 or not all(value.isdecimal() and len(value) < 5 for value in values[:3]):
        return " ".join(values)
    day = "-".join(value.zfill(2) for value in values[:3])
    clock = ":".join(value.zfill(2) for value in values[3:5])
    return f"{day} {clock} {' '.join(values[6:] if len(values) > 6 else values[5:])}".strip()


def _extended(found: re.Match[str]) -> str:
    clock = f"T{found[4]}:{found[5]}" if found[4] else ""
    return f"{found[1]}-{found[2]}-{found[3]}{clock}"
