"""When an account may post: slots, quiet hours and gaps, in a time zone of its own. Pure.

Times of day are those of the wall clock there, also on the days when it is put forward or back: a slot that does not
exist that day is met when the clock has been put forward, one that exists twice is met the first time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SLOT_OPEN = timedelta(hours=1)  # how long a slot waits for a run of smbot; then it is lost
_HORIZON = 400  # days
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Slot:
    """A time of day, on some days of the week (0 is Monday), at which an account posts."""

    days: frozenset[int]
    at: time


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The time zone of an account, when it posts (() for any time), when never, and how far apart."""

    zone: str = "UTC"
    slots: tuple[Slot, ...] = ()
    quiet: tuple[time, time] | None = None
    gap: timedelta = timedelta(0)


def next_time(rhythm: Rhythm, now: datetime, last: datetime | None) -> datetime:
    """The first moment, `now` or later, at which the account may post its next candidate, having last posted at `last`.

    Where there is none within a year, that far ahead.
    """
    at = max(now, last + rhythm.gap) if last else now
    for _ in range(_HORIZON):
        later = _after_quiet(rhythm, _in_slot(rhythm, at, last))
        if later == at:
            return at
        at = later
    return max(at, now + timedelta(days=_HORIZON))


def is_possible(rhythm: Rhythm) -> bool:
    """Whether there is any time at which the account may post."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return next_time(rhythm, start, None) < start + timedelta(days=_HORIZON)


def _in_slot(rhythm: Rhythm, at: datetime, last: datetime | None) -> datetime:
    """The first moment from `at` on that lies in a slot in which the account has not posted yet."""
    if not rhythm.slots:
        return at
    for start in _starts(rhythm, at - SLOT_OPEN):
        if start + SLOT_OPEN > at and (last is None or last < start):
            return max(start, at)
    return at + timedelta(days=_HORIZON)


def _starts(rhythm: Rhythm, since: datetime) -> Iterator[datetime]:
    """When the slots of the days from `since` on begin, in order."""
    zone = ZoneInfo(rhythm.zone)
    first = since.astimezone(zone).date() - timedelta(days=1)
    for number in range(_HORIZON):
        day = first + timedelta(days=number)
        yield from sorted(_moment(day, slot.at, zone) for slot in rhythm.slots if day.weekday() in slot.days)


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)


def _after_quiet(rhythm: Rhythm, at: datetime) -> datetime:
    """`at`, or the end of the quiet hours it lies in."""
    if not rhythm.quiet or not _is_quiet(rhythm.quiet, at.astimezone(ZoneInfo(rhythm.zone)).time()):
        return at
    zone = ZoneInfo(rhythm.zone)
    today = at.astimezone(zone).date()
    clocks = (rhythm.quiet[1], rhythm.quiet[1].replace(fold=1))  # where the clock is put back, the hours come twice
    ends = (_moment(today + timedelta(days=n), clock, zone) for n in (0, 1, 2) for clock in clocks)
    return next(end for end in ends if end > at)


def _is_quiet(quiet: tuple[time, time], at: time) -> bool:
    start, end = quiet
    return start <= at < end if start <= end else at >= start or at < end


# --- as people write it ---------------------------------------------------------------------------------------------


def read_slots(text: str) -> tuple[Slot, ...]:
    """Slots as people write them, such as 'Mon-Fri 09:00, 15:30; Sat 11:00'; without days they are on every day.

    Raises ValueError with a sentence for people.
    """
    slots: list[Slot] = []
    for part in filter(None, (part.strip() for part in re.split(r"[;\n]", text))):
        found = re.fullmatch(r"(?:([a-z ,-]+?)\s+)?(\d[\d:,. ]*)", part.lower())
        if not found:
            raise ValueError(f"‘{part}’ is no time to post; write such as Mon-Fri 09:00, 15:30; Sat 11:00.")
        days = _read_days(found[1] or "mon-sun")
        slots += [Slot(days, _read_time(word)) for word in re.split(r"[,\s]+", found[2].strip()) if word]
    return tuple(slots)


def _read_days(text: str) -> frozenset[int]:
    days: set[int] = set()
    for part in filter(None, re.split(r"\s*,\s*|\s+(?!-)(?<!-)", re.sub(r"\s*-\s*", "-", text.strip()))):
        ends = [_read_day(word) for word in part.split("-")]
        days |= {(ends[0] + n) % 7 for n in range((ends[-1] - ends[0]) % 7 + 1)}
    return frozenset(days)


def _read_day(word: str) -> int:
    if word[:3] not in _DAYS:
        raise ValueError(f"‘{word}’ is no day of the week; write Mon, Tue, Wed, Thu, Fri, Sat or Sun.")
    return _DAYS.index(word[:3])


def _read_time(word: str) -> time:
    found = re.fullmatch(r"(\d{1,2})[:.](\d{2})", word)
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        raise ValueError(f"‘{word}’ is no time of day; write such as 09:00.")
    return time(int(found[1]), int(found[2]))


def read_quiet(text: str) -> tuple[time, time] | None:
    """Quiet hours as people write them, such as '22:00-07:00'; None for none. Raises ValueError with a sentence."""
    if not text.strip():
        return None
    ends = [_read_time(word.strip()) for word in re.split(r"[-–]", text.strip())]
    if len(ends) != 2 or ends[0] == ends[1]:
        raise ValueError(f"‘{text.strip()}’ are no quiet hours; write such as 22:00-07:00.")
    return ends[0], ends[1]


def read_zone(text: str) -> str:
    """A time zone by its IANA name; '' is UTC. Raises ValueError with a sentence for people."""
    name = text.strip().replace(" ", "_") or "UTC"
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError; odd names raise the others
        raise ValueError(f"‘{name}’ is no time zone; write one such as Asia/Kolkata.") from None
    return name
