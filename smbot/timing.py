"""When an account may post: slots, quiet hours and gaps, in a time zone of its own. Pure.

Times of day are those of the wall clock there, also on the days when it is put forward or back: a slot that does not
exist that day is met when the clock has been put forward, one that exists twice is met the first time.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from smbot.messages import say

SLOT_OPEN = timedelta(hours=1)  # how long a slot waits for a run of smbot; then it is lost
_HORIZON = timedelta(days=400)  # a rhythm that lets nothing out for so long is impossible
# What a machine calls a zone and is none, or is another one on the next machine.
_NO_PLACE = re.compile(r"localtime|posixrules|Factory|(posix|right)/.*")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Slot(Struct, frozen=True):
    """A time of day, on some days of the week (0 is Monday), at which an account posts."""

    days: frozenset[int]
    at: time


class Rhythm(Struct, frozen=True):
    """The time zone of an account, when it posts (() for any time), when never, and how far apart."""

    zone: str = "UTC"
    slots: tuple[Slot, ...] = ()
    quiet: tuple[time, time] | None = None
    gap: timedelta = timedelta(0)


def next_time(rhythm: Rhythm, now: datetime, last: datetime | None) -> datetime:
    """The first moment, `now` or later, at which the account may post its next candidate, having last posted at `last`.

    Where there is none within 400 days, a moment later than those.
    """
    at = max(now, last + rhythm.gap) if last else now
    end = at + _HORIZON
    while at < end:
        later = _after_quiet(rhythm, _in_slot(rhythm, at, last))
        if later == at:
            return at
        at = later
    return at


def time_before(until: datetime | None, rhythm: Rhythm, now: datetime, last: datetime | None) -> datetime:
    """The same for what has to be out by `until`: where it would miss that, it waits for no slot, and then for no gap.

    Quiet hours hold for it, too; where they are too long the moment is later than `until`.
    """
    at = next_time(rhythm, now, last)
    if until and at > until:
        at = next_time(replace(rhythm, slots=()), now, last)
    if until and at > until:
        at = next_time(Rhythm(rhythm.zone, quiet=rhythm.quiet), now, None)
    return at


def is_possible(rhythm: Rhythm) -> bool:
    """Whether there is any time at which the account may post."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return next_time(rhythm, start, None) < start + _HORIZON


def _in_slot(rhythm: Rhythm, at: datetime, last: datetime | None) -> datetime:
    """The first moment from `at` on that lies in a slot in which the account has not posted yet."""
    if not rhythm.slots:
        return at
    for start in _starts(rhythm, at - SLOT_OPEN):
        if start + SLOT_OPEN > at and (last is None or last < start):
            return max(start, at)
    return at + _HORIZON


def _starts(rhythm: Rhythm, since: datetime) -> list[datetime]:
    """When the slots of the week from `since` on begin, in order.

    The day before counts: where the clock skips midnight, a slot of its last hour falls into the next day.
    """
    zone = ZoneInfo(rhythm.zone)
    days = [since.astimezone(zone).date() + timedelta(days=number) for number in range(-1, 9)]
    slots = ((day, slot) for day in days for slot in rhythm.slots if day.weekday() in slot.days)
    return sorted(datetime.combine(day, slot.at, zone).astimezone(UTC) for day, slot in slots)


def _after_quiet(rhythm: Rhythm, at: datetime) -> datetime:
    """`at`, or the end of the quiet hours it lies in."""
    zone = ZoneInfo(rhythm.zone)
    while rhythm.quiet and _is_quiet(rhythm.quiet, clock := at.astimezone(zone).time()):
        ahead = timedelta(seconds=_seconds(rhythm.quiet[1]) - _seconds(clock), microseconds=-clock.microsecond)
        at = _unchanged(zone, at, at + ahead % timedelta(days=1))
    return at


def _is_quiet(quiet: tuple[time, time], at: time) -> bool:
    start, end = quiet
    return start <= at < end if start <= end else at >= start or at < end


def _seconds(clock: time) -> int:
    return (clock.hour * 60 + clock.minute) * 60 + clock.second


def _unchanged(zone: ZoneInfo, at: datetime, end: datetime) -> datetime:
    """`end`, or the moment before it at which the clock is put forward or back; both are within a day from `at`."""
    offset = at.astimezone(zone).utcoffset()
    if end.astimezone(zone).utcoffset() == offset:
        return end
    whole = at.replace(microsecond=0)  # clocks are changed on whole seconds

    def is_changed(second: int) -> bool:
        return (whole + timedelta(seconds=second)).astimezone(zone).utcoffset() != offset

    return whole + timedelta(seconds=bisect_left(range(24 * 60 * 60), True, key=is_changed))


# --- as people write it ---------------------------------------------------------------------------------------------


def read_slots(text: str) -> tuple[Slot, ...]:
    """Slots as people write them, such as 'Mon-Fri 09:00, 15:30; Sat 11:00'; without days they are on every day.

    Raises ValueError with a sentence for people.
    """
    slots: list[Slot] = []
    for part in filter(None, (part.strip() for part in re.split(r"[;\n]", text))):
        found = re.fullmatch(r"(?:([^\W\d][^\d]*?)\s+)?(\d[\d:,. ]*)", part)
        if not found:
            raise ValueError(say("settings-slots", part))
        days = _read_days(found[1] or "mon-sun")
        slots += [Slot(days, _read_time(word)) for word in re.split(r"[,\s]+", found[2]) if word]
    return tuple(slots)


def _read_days(text: str) -> frozenset[int]:
    days: set[int] = set()
    for part in filter(None, re.split(r"[,\s]+", re.sub(r"\s*[-–]\s*", "-", text))):
        first, _, last = part.partition("-")
        start, end = _read_day(first), _read_day(last if "-" in part else first)
        days |= {(start + n) % 7 for n in range((end - start) % 7 + 1)}
    return frozenset(days)


def _read_day(word: str) -> int:
    for number, day in enumerate(_DAYS):
        if len(word) > 2 and day.startswith(word.lower()):
            return number
    raise ValueError(say("settings-day", word))


def _read_time(word: str) -> time:
    found = re.fullmatch(r"(\d{1,2})[:.](\d{2})", word)
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        raise ValueError(say("settings-time", word))
    return time(int(found[1]), int(found[2]))


def read_quiet(text: str) -> tuple[time, time] | None:
    """Quiet hours as people write them, such as '22:00-07:00'; None for none. Raises ValueError with a sentence."""
    if not text.strip():
        return None
    ends = re.split(r"\s*[-–]\s*", text.strip())
    if len(ends) == 2 and all(ends):
        start, end = _read_time(ends[0]), _read_time(ends[1])
        if start != end:
            return start, end
    raise ValueError(say("settings-quiet", text.strip()))


def read_zone(text: str) -> str:
    """A time zone by its IANA name; '' is UTC. Raises ValueError with a sentence for people."""
    name = text.strip().replace(" ", "_") or "UTC"
    try:
        if _NO_PLACE.fullmatch(name):
            raise ValueError
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError; odd names raise the others
        raise ValueError(say("settings-zone", name)) from None
    return name
