"""Days and times as people read them, in the language that is spoken; all are UTC. How they are typed: `forms`."""

from __future__ import annotations

from datetime import UTC, date, datetime

from babel import Locale
from babel.dates import format_skeleton

from smbot.messages import digits, locale, say


def moment(at: datetime) -> str:
    """Such as 'Fri 20 Nov, 14:00 UTC'."""
    return say("calendar-moment", day(at), clock(at))


def clock(at: datetime) -> str:
    """Such as '14:00'."""
    return digits(f"{at.astimezone(UTC):%H:%M}")


def day(at: datetime | date) -> str:
    """Such as 'Fri 20 Nov'."""
    return _said("MMMEd", at)


def short_day(at: date) -> str:
    """Such as '20 Nov'."""
    return _said("MMMd", at)


def month(at: date) -> str:
    """Such as 'November 2026'."""
    return _said("yMMMM", at)


def short_month(at: date) -> str:
    """Such as 'Nov'."""
    return _said("MMM", at)


def _said(skeleton: str, at: datetime | date) -> str:
    then = at.astimezone(UTC) if isinstance(at, datetime) else datetime(at.year, at.month, at.day, tzinfo=UTC)
    return digits(format_skeleton(skeleton, then, locale=_ours()))


def _ours() -> Locale:
    """The locale of the language; English is written as on Wikimedia's wikis, with the day before the month."""
    spoken = locale()
    return Locale("en", "GB") if spoken == Locale("en") else spoken
