"""Days drawn in plain wikitext: five weeks as a calendar, a year as a map of colours. Pure.

Nothing but inline styles is used, with the colours of MediaWiki's own design where the skin knows them
(https://doc.wikimedia.org/codex/latest/design-tokens/color.html).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby

from msgspec import Struct

from smbot import when
from smbot.messages import number, say

BORDER = "var(--border-color-subtle,#c8ccd1)"
BASE = "var(--background-color-base,#fff)"
GREY = "var(--background-color-neutral,#eaecf0)"
QUIET = "color:var(--color-subtle,#54595d)"
DONE = "var(--border-color-success,#099979)"
TODAY = "var(--border-color-progressive,#36c)"

WEEKS = 53
_CELL, _GAP = 11, 3  # pixels
_LEVELS = ("#36c5", "#36c9", "#36cc", "#36c")  # with less and less of the page shining through
_DAY = timedelta(days=1)
_MOST_A_DAY = 6


def monday(day: date) -> date:
    """The Monday of its week."""
    return day - day.weekday() * _DAY


# --- some weeks -----------------------------------------------------------------------------------------------------


class Entry(Struct, frozen=True):
    """Something on a day of the calendar, as wikitext: done, to come, or (not `sure`) perhaps to come."""

    day: date
    words: str
    done: bool = False
    sure: bool = True


def calendar(entries: Sequence[Entry], today: date, before: int, after: int) -> str:
    """This week and some after it, and up to some before it from the first that has entries.

    On a phone fewer days stand side by side.
    """
    this = monday(today)
    first = max(this - 7 * before * _DAY, min((monday(entry.day) for entry in entries), default=this))
    first, end = min(first, this), this + 7 * (1 + after) * _DAY
    days = [first + number * _DAY for number in range((end - first).days)]
    cells = "".join(_day(day, [e for e in entries if e.day == day], today) for day in days)
    columns = f"repeat(auto-fill,minmax(max(7.6em,(100% - 6 * {_GAP}px) / 7),1fr))"
    grid = f"display:grid;grid-template-columns:{columns};gap:{_GAP}px;list-style:none;margin:.5em 0;padding:0"
    return f'<ul style="{grid};font-size:.85em;line-height:1.35;overflow-wrap:anywhere">{cells}</ul>'


def _day(day: date, entries: Sequence[Entry], today: date) -> str:
    edge = f"2px solid {TODAY}" if day == today else f"1px solid {BORDER}"
    style = f"border:{edge};border-radius:3px;margin:0;padding:.2em .4em;min-width:0"
    name = f"'''{when.day(day)}'''" if day >= today else when.day(day)
    more = len(entries) - _MOST_A_DAY
    lines = [_entry(entry) for entry in entries[:_MOST_A_DAY]]
    lines += [f"<div>{say('status-more', more)}</div>"] if more > 0 else []
    return f'<li style="{style}"><span style="{QUIET}">{name}</span>{"".join(lines)}</li>'


def _entry(entry: Entry) -> str:
    line = f"{'solid' if entry.sure else 'dashed'} {DONE if entry.done else TODAY}"
    return f'<div style="border-inline-start:3px {line};padding-inline-start:.35em;margin:.3em 0">{entry.words}</div>'


# --- a year ---------------------------------------------------------------------------------------------------------


def year(counts: Mapping[date, int], today: date, log: str) -> str:
    """A cell for each day of a year, with more colour for more posts; then the same in words, month by month.

    The names of the months lead to their pages below `log`. Where the map is too wide it scrolls, beginning with today.
    """
    first = monday(today) - 7 * (WEEKS - 1) * _DAY
    days = [first + number * _DAY for number in range((today - first).days + 1)]
    top = max((counts.get(day, 0) for day in days), default=0)
    pitch = _CELL + _GAP
    line = f"{BASE} {_GAP}px,transparent {_GAP}px"
    ruled = f"linear-gradient(90deg,{line}) 0 0/{pitch}px 100%,linear-gradient({line}) 0 0/100% {pitch}px,{GREY}"
    grid = (
        f"display:grid;grid-auto-flow:column;grid-template-rows:repeat(7,{_CELL}px);grid-auto-columns:{_CELL}px;"
        f"gap:{_GAP}px;padding:{_GAP}px;width:max-content"
    )
    total = say("status-year", sum(counts.get(day, 0) for day in days))
    cells = "".join(_cell(day, counts.get(day, 0), top) for day in days)
    drawing = f'<div role="img" aria-label="{total}" style="{grid};background:{ruled}">{cells}</div>'
    box = 'role="region" tabindex="0" style="overflow-x:auto;display:flex;flex-direction:row-reverse;max-width:100%"'
    inner = f'<div style="margin-inline-end:auto">{_months(days, counts, log)}{drawing}</div>'
    return f'{total}\n<div {box} aria-label="{say("status-year-box")}">{inner}</div>\n{_in_words(days, counts)}'


def _cell(day: date, posts: int, top: int) -> str:
    told = f"{when.short_day(day)}: {number(posts)}"
    if not posts:
        return f'<span title="{told}"></span>'
    level = _LEVELS[-(-len(_LEVELS) * posts // max(top, len(_LEVELS))) - 1]
    return f'<span title="{told}" style="background:{level}"></span>'


def _months(days: Sequence[date], counts: Mapping[date, int], log: str) -> str:
    """The names of the months above their weeks; one with posts has a page on the log."""
    logged = {day.replace(day=1) for day in days if counts.get(day)}
    style = f"display:grid;grid-template-columns:repeat({WEEKS},{_CELL}px);gap:{_GAP}px;padding-inline:{_GAP}px"
    names = []
    weeks = groupby(days[::7], key=lambda day: (day + 6 * _DAY).replace(day=1))
    for month, its in weeks:
        span = len(list(its))
        name = when.short_month(month) if span > 2 else ""
        linked = f"[[{log}/{month:%Y-%m}|{name}]]" if name and month in logged else name
        names.append(f'<span style="grid-column:span {span}">{linked}</span>')
    return f'<div style="{style};font-size:.8em;white-space:nowrap">{"".join(names)}</div>'


def _in_words(days: Sequence[date], counts: Mapping[date, int]) -> str:
    """How many posts each month had, newest first."""
    lines = list(_month_by_month(days, counts))
    style = "columns:16em;font-size:.9em;list-style:none;margin:.7em 0;padding:0"
    return f'<ul style="{style}">{"".join(reversed(lines))}</ul>'


def _month_by_month(days: Sequence[date], counts: Mapping[date, int]) -> Iterator[str]:
    for month, its in groupby(days, key=lambda day: day.replace(day=1)):
        posts = [counts.get(day, 0) for day in its]
        if any(posts):
            told = say("status-month", when.month(month), sum(posts), sum(map(bool, posts)))
            yield f'<li style="margin:0 0 .2em">{told}</li>'
