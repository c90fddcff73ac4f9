"""What of a page of dates could not be read, though it seems to have a day to come: people are told of it.

* 12/01/2026: Meetup          * {{Event|date=2026-12-03|title=Meetup}}          | 3 December 2026 || Meetup
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import islice

from smbot.messages import say
from smbot.model import Event, Problem
from smbot.sources.dates import find, unread

YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_MARKS = ("*", "#", ":", ";", "=", "|", "!", "'", " ")  # that bullets, rows and titles begin with
_SOON = timedelta(days=60)
_MOST_UNREAD = 10  # lines that are told of at once; the others are when these are mended


def unclear(text: str, now: datetime) -> tuple[Problem, ...]:
    """One for each bullet, row or title whose date cannot be read, unless that is long past or far ahead."""
    first, last = (now - timedelta(days=1)).date(), (now + _SOON).date()
    years = str(first.year), str(last.year)
    near = (raw for raw in text.split("\n") if raw.startswith(_MARKS) and any(year in raw for year in years))
    found = ((line, day) for raw in near if (day := unread(line := raw.lstrip("".join(_MARKS)), first, last)))
    remedy = say("source-day-unread-remedy")
    return tuple(
        Problem(say("source-day-unread", _start(line), day), remedy) for line, day in islice(found, _MOST_UNREAD)
    )


def told(lines: Mapping[str, date], now: datetime) -> tuple[Problem, ...]:
    """One for each line of which no entry came, unless its day is far ahead."""
    near = ((raw.lstrip("".join(_MARKS)), day) for raw, day in lines.items() if day <= (now + _SOON).date())
    remedy = say("source-line-unread-remedy")
    return tuple(
        Problem(say("source-line-unread", _start(line), day), remedy) for line, day in islice(near, _MOST_UNREAD)
    )


def _start(line: str) -> str:
    """The first words of a line, for people who look for it."""
    line = line.partition("\n")[0]
    return line[:60] + "…" * (len(line) > 60)


_NO_WORDS = re.compile(r"\|\s*[\w .-]{1,30}=|\b(?:https?://|(?:File|Image):)[^\s\]|]+", re.I)


def to_come(raw: Iterable[str], now: datetime) -> dict[str, date]:
    """The lines of wikitext that have a day from today on, in a template as well, with that day."""
    current = (line for line in raw if any(int(year) >= now.year for year in YEAR.findall(line)))
    found = {line: find(_NO_WORDS.sub("| ", line), now) for line in current}
    days = {line: when.event.start.date() for line, when in found.items() if when}
    return {line: day for line, day in days.items() if day >= now.date()}


_WHOLE = re.compile(r"\{\{.*\}\}\s*")
_TITLED = re.compile(r"\|\s*(?:event[ _-]?)?(?:title|name|topic|event|what|subject)\s*=\s*[^\s|{}]", re.I)


def aside(text: str, now: datetime, *, alone: bool) -> Iterator[str]:
    """The lines that are no bullets or titles: rows, templates, and sentences that begin with a day.

    A template without a title may be one to find one's way by: it counts where it is `alone`, without any entry.
    """
    for raw in text.split("\n"):
        if raw.startswith("{{") and not alone and _WHOLE.fullmatch(raw) and not _TITLED.search(raw):
            continue
        if raw.startswith(("|", "!", "{{")):
            yield raw
        elif raw and not raw.startswith(_MARKS[:5]) and YEAR.search(raw, 0, 60):
            found = find(raw.lstrip("' "), now)
            if found and found.begin <= 1:
                yield raw


def lone(missed: Mapping[str, date], events: Iterable[Event]) -> dict[str, date]:
    """The lines whose day none of these has."""
    spans = {(event.start.date(), (event.end or event.start).date()) for event in events}
    return {line: day for line, day in missed.items() if not any(first <= day <= last for first, last in spans)}
