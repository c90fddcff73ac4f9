"""A calendar on the web as an iCalendar file, with what is repeated, moved and cancelled in it.

Repeated events are worked out here, day by day within the days that count: libraries that do it search for the next
occurrence up to the year 9999, which lets one line of a stranger's file (30 February, every second) stop everything.
https://www.rfc-editor.org/rfc/rfc5545
"""

from __future__ import annotations

import calendar
import html
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct
from msgspec.structs import replace

from smbot.messages import say
from smbot.model import Event, Link, Page, Problem, Reading, Site
from smbot.sources import Wants
from smbot.sources.events import PAST, Entry, in_state, reading
from smbot.sources.off import State, called_off, unclear_words

WIKI = "meta:meta"
PAGE = ""
PICK = False
POST = "$title\n\n$when\n$local\n\n$text\n\n$tags"

AHEAD = timedelta(days=60)  # in which repeated events are worked out
MOST_DAYS = 300_000  # that are looked at for the repeated events of one file: about a second
_SHOWN = 180  # characters of what is wrong with an event


def wants(page: str, now: datetime, days: int) -> Wants:  # noqa: ARG001 - one file has it all
    """The file at that address."""
    return Wants(address=page, daily=True)


def read(page: Page, site: Site, source: str, now: datetime) -> Reading:  # noqa: ARG001 - it is on no wiki
    """The events of the file as items, each occurrence of a repeated one by itself."""
    from icalendar import Calendar

    try:
        calendars = Calendar.from_ical(page.text.lstrip("\ufeff\r\n\t "), multiple=True)
    except (ValueError, KeyError, IndexError, AttributeError, TypeError, RecursionError):
        calendars = []
    calendars = [each for each in calendars if each.name == "VCALENDAR"]
    if not calendars:
        return Reading(problems=(Problem(say("source-no-calendar"), say("source-no-calendar-remedy")),))
    reader = _Reader(now)
    entries = [entry for each in calendars for entry in reader.entries(each)]
    found = reading(entries, page, source, now, tongue="en") if entries else Reading(placeholder=True)
    return replace(found, problems=(*found.problems, *dict.fromkeys(reader.problems)))


# --- events ---------------------------------------------------------------------------------------------------------


class _Reader:
    """Reads calendars into entries; what cannot be made out is left out, and said."""

    def __init__(self, now: datetime) -> None:
        self.problems: list[Problem] = []
        self.first, self.last = (now - PAST).date() - timedelta(1), (now + AHEAD).date() + timedelta(1)
        self.days = MOST_DAYS
        self.zone: tzinfo | None = None  # of the whole calendar

    def entries(self, calendar_: Any) -> Iterator[Entry]:
        self.zone = _zone(_text(calendar_, "X-WR-TIMEZONE"))
        off = _text(calendar_, "METHOD").upper() == "CANCEL"
        events = [event for event in calendar_.walk("VEVENT") if _text(event, "CLASS").upper() in ("", "PUBLIC")]
        moved = {(_text(event, "UID"), self._moment(event, "RECURRENCE-ID")) for event in events}
        for event in events:
            try:
                yield from self._event(event, moved, off=off)
            except (ValueError, OverflowError, TypeError, AttributeError) as error:
                self._problem(say("source-event-unreadable", _name(event), str(error)[:_SHOWN]))

    def _event(self, event: Any, moved: set[tuple[str, datetime | None]], *, off: bool) -> Iterator[Entry]:
        start = _value(event, "DTSTART")
        if not isinstance(start, date):  # a datetime is one
            self._problem(say("source-event-no-date", _name(event)))
            return
        uid = _text(event, "UID")
        told = self._told(event, off=off)
        original = self._moment(event, "RECURRENCE-ID")
        if original:
            yield replace(told, event=self._when(event, start), keys=_keys(uid, original))
        elif "RRULE" not in event and "RDATE" not in event:
            yield replace(told, event=self._when(event, start), keys=(uid,) if uid else ())
        else:
            skipped = {self._utc(each) for each in _values(event, "EXDATE")}
            for each in self._starts(event, start):
                at = self._utc(each)
                if at not in skipped and (uid, at) not in moved:
                    yield replace(told, event=self._when(event, each), keys=_keys(uid, at))

    def _told(self, event: Any, *, off: bool) -> Entry:
        """What an event says, whenever it is."""
        summary = " ".join(_text(event, "SUMMARY").split())
        title, cancelled = called_off(summary)
        if not title:
            raise ValueError(say("source-event-no-title"))
        description = _text(event, "DESCRIPTION")
        links = [_text(event, "URL"), *_ADDRESS.findall(_text(event, "LOCATION")), *_ADDRESS.findall(description)]
        cancelled = cancelled or off or _text(event, "STATUS").upper() == "CANCELLED"
        found = tuple(Link(url) for url in dict.fromkeys(links) if url.lower().startswith(("http://", "https://")))
        whenever = Event(datetime.min.replace(tzinfo=UTC))
        told = Entry(title, whenever, _words(description), found, cancelled, problems=tuple(self._doubts(event)))
        return in_state(told, [State(unclear=unclear_words(summary))])

    def _doubts(self, event: Any) -> Iterator[Problem]:
        """That a time has no zone, or one that nobody knows."""
        start, remedy = _value(event, "DTSTART"), say("source-calendar-zone-remedy")
        if not isinstance(start, datetime) or start.tzinfo:
            return
        if zone := _parameter(event, "DTSTART", "TZID"):
            yield Problem(say("source-calendar-zone", _name(event), zone[:_SHOWN], self.zone or "UTC"), remedy)
        elif not self.zone:
            yield Problem(say("source-no-zone", _name(event)), remedy)

    def _when(self, event: Any, start: date) -> Event:
        """The time of the occurrence that begins at `start`, which lasts as long as the event itself."""
        first, end, duration = _value(event, "DTSTART"), _value(event, "DTEND"), _value(event, "DURATION")
        lasts = duration if isinstance(duration, timedelta) else timedelta(0)
        if isinstance(first, date) and isinstance(end, date):
            lasts = self._utc(end) - self._utc(first)
        if isinstance(start, datetime):
            at = self._utc(start)
            return Event(at, at + lasts if lasts > timedelta(0) else None)
        last = start + timedelta(max(lasts.days, 1) - 1)
        return Event(_midnight(start), _midnight(last) if last > start else None, whole_day=True)

    def _starts(self, event: Any, start: date) -> Iterator[date]:
        """When the occurrences that may count begin, as wall clocks show it."""
        found: dict[date, None] = {}
        rule = event.get("RRULE")
        rules = rule if isinstance(rule, list) else [rule] if rule else []
        for each in rules:
            if parsed := _rule(each):
                found |= dict.fromkeys(self._repeated(parsed, start))
            else:
                self._problem(say("source-event-repeated", _name(event)))
        found |= dict.fromkeys([start])
        found |= dict.fromkeys(each for each in _values(event, "RDATE") if type(each) is type(start))
        yield from found

    def _repeated(self, rule: _Rule, start: date) -> Iterator[date]:
        first_day = start.date() if isinstance(start, datetime) else start
        begin = first_day if rule.count else max(first_day, self.first)
        span = (self.last - begin).days + (800 if rule.positions else 0)
        if span > self.days:
            self.problems.append(Problem(say("source-calendar-too-much"), say("source-calendar-too-much-remedy")))
            return
        self.days -= max(0, span)
        for number, day in enumerate(rule.days(first_day, begin, self.last), 1):
            each = datetime.combine(day, start.timetz()) if isinstance(start, datetime) else day
            if (rule.count and number > rule.count) or self._after(each, rule.until):
                return
            if day >= self.first:
                yield each

    def _after(self, each: date, until: date | None) -> bool:
        if isinstance(until, datetime) and isinstance(each, datetime):
            return self._utc(each) > self._utc(until)
        day = each.date() if isinstance(each, datetime) else each
        return bool(until) and day > (until.date() if isinstance(until, datetime) else until or day)

    def _moment(self, event: Any, name: str) -> datetime | None:
        value = _value(event, name)
        try:
            return self._utc(value) if isinstance(value, date) else None
        except OverflowError:
            return None

    def _utc(self, value: date) -> datetime:
        if not isinstance(value, datetime):
            return _midnight(value)
        return (value if value.tzinfo else value.replace(tzinfo=self.zone or UTC)).astimezone(UTC)

    def _problem(self, message: str) -> None:
        self.problems.append(Problem(message, say("source-event-remedy")))


def _name(event: Any) -> str:
    """The beginning of what an event is called, for people who look for it."""
    return (_text(event, "SUMMARY") or _text(event, "UID"))[:60]


def _keys(uid: str, original: datetime) -> tuple[str, ...]:
    return (f"{uid}@{original:%Y-%m-%dT%H:%M}",) if uid else ()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _zone(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name.strip()) if name.strip() else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


# --- properties -----------------------------------------------------------------------------------------------------

_ADDRESS = re.compile(r"https?://[^\s<>\"]{1,2000}[^\s<>\".,;:!?)\]]", re.I)
_LINE_TAG = re.compile(r"<(?:br|/p|/div|/li)\b[^<>]{0,300}>", re.I)
_TAG = re.compile(r"</?[a-z][^<>]{0,2000}>", re.I)


def _text(component: Any, name: str) -> str:
    value = component.get(name, "")
    return str(value[0] if isinstance(value, list) and value else value)


def _value(component: Any, name: str) -> object:
    value = component.get(name)
    value = value[0] if isinstance(value, list) and value else value
    return getattr(value, "dt", None)


def _parameter(component: Any, name: str, parameter: str) -> str:
    value = component.get(name)
    value = value[0] if isinstance(value, list) and value else value
    return str(getattr(value, "params", {}).get(parameter, ""))


def _values(component: Any, name: str) -> list[date]:
    """All dates of a property that may come several times, each with a list; of a period its start."""
    value = component.get(name, [])
    groups = value if isinstance(value, list) else [value]
    found = [getattr(each, "dt", None) for group in groups for each in getattr(group, "dts", [])]
    starts = [each[0] if isinstance(each, tuple) else each for each in found]
    return [each for each in starts if isinstance(each, date)]


def _words(description: str) -> str:
    """A description without the HTML that some calendars put there."""
    if _TAG.search(description):
        description = html.unescape(_TAG.sub("", _LINE_TAG.sub("\n", description)))
    return "\n".join(filter(None, (" ".join(line.split()) for line in description.split("\n"))))


# --- what is repeated -----------------------------------------------------------------------------------------------

_KNOWN = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTH", "BYMONTHDAY", "BYDAY", "BYSETPOS", "WKST"}
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_BYDAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)")


class _Rule(Struct, frozen=True):
    """On which days something is repeated. The first figure in `weekdays` counts in the month or year, 0 is any."""

    frequency: str
    interval: int = 1
    count: int = 0
    until: date | None = None
    months: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()
    weekdays: tuple[tuple[int, int], ...] = ()
    positions: tuple[int, ...] = ()
    week_start: int = 0
    chosen: dict[int, frozenset[date]] = {}

    def days(self, start: date, begin: date, last: date) -> Iterator[date]:
        """The days from `begin` to `last` on which it takes place, having begun at `start`."""
        zero = self._period(start)
        for ordinal in range(begin.toordinal(), last.toordinal() + 1):
            day = date.fromordinal(ordinal)
            due = (self._period(day) - zero) % self.interval == 0 and self._fits(day, start)
            if due and (not self.positions or day in self._chosen(day, start)):
                yield day

    def _period(self, day: date) -> int:
        """The number of the day, week, month or year, as `frequency` counts."""
        if self.frequency == "DAILY":
            return day.toordinal()
        if self.frequency == "WEEKLY":
            return (day.toordinal() - 1 - self.week_start) // 7
        return day.year * 12 + day.month if self.frequency == "MONTHLY" else day.year

    def _fits(self, day: date, start: date) -> bool:
        if self.months and day.month not in self.months:
            return False
        length = calendar.monthrange(day.year, day.month)[1]
        if self.month_days and not {day.day, day.day - length - 1} & self.month_days:
            return False
        if self.weekdays:
            return any(day.weekday() == weekday and self._nth(day, nth, length) for nth, weekday in self.weekdays)
        return bool(self.month_days) or self._like(day, start)

    def _nth(self, day: date, nth: int, length: int) -> bool:
        """Whether it is the nth such weekday of its month, or of its year; from the end where nth is negative."""
        if not nth or self.frequency in ("DAILY", "WEEKLY"):
            return True
        number, length = (day.day, length) if self.frequency == "MONTHLY" or self.months else _of_year(day)
        return nth == (number - 1) // 7 + 1 or -nth == (length - number) // 7 + 1

    def _like(self, day: date, start: date) -> bool:
        """Whether it is such a day as the first was, where the rule does not say which."""
        if self.frequency == "DAILY":
            return True
        if self.frequency == "WEEKLY":
            return day.weekday() == start.weekday()
        same_month = self.frequency == "MONTHLY" or bool(self.months) or day.month == start.month
        return same_month and day.day == start.day

    def _chosen(self, day: date, start: date) -> frozenset[date]:
        """Of the days of its period those at the positions asked for."""
        period = self._period(day)
        if period not in self.chosen:
            reach = {"DAILY": 0, "WEEKLY": 6, "MONTHLY": 30, "YEARLY": 365}[self.frequency]
            ordinals = range(max(1, day.toordinal() - reach), min(date.max.toordinal(), day.toordinal() + reach) + 1)
            near = [each for each in map(date.fromordinal, ordinals) if self._period(each) == period]
            fitting = [each for each in near if self._fits(each, start)]
            indices = [nth - 1 if nth > 0 else nth for nth in self.positions]
            self.chosen[period] = frozenset(fitting[i] for i in indices if -len(fitting) <= i < len(fitting))
        return self.chosen[period]


def _of_year(day: date) -> tuple[int, int]:
    """The number of a day in its year, and the days of that year."""
    return day.timetuple().tm_yday, 366 if calendar.isleap(day.year) else 365


def _rule(recurrence: Any) -> _Rule | None:
    """The rule of an RRULE; None for one with parts that are rare, or meant for every hour or second."""
    try:
        parts = {str(name).upper(): list(values) for name, values in recurrence.items()}
        by_day = [_BYDAY.fullmatch(str(value).upper()) for value in parts.get("BYDAY", [])]
        frequency = str(parts["FREQ"][0]).upper()
        if parts.keys() - _KNOWN or frequency not in _FREQUENCIES or not all(by_day):
            return None
        return _Rule(
            frequency,
            max(1, int(parts.get("INTERVAL", [1])[0])),
            int(parts.get("COUNT", [0])[0]),
            parts.get("UNTIL", [None])[0],
            frozenset(map(int, parts.get("BYMONTH", []))),
            frozenset(map(int, parts.get("BYMONTHDAY", []))),
            tuple((int(found[1] or 0), _WEEKDAYS.index(found[2])) for found in by_day if found),
            tuple(map(int, parts.get("BYSETPOS", []))),
            _WEEKDAYS.index(str(parts.get("WKST", ["MO"])[0]).upper()),
        )
    except (AttributeError, KeyError, IndexError, TypeError, ValueError):
        return None
