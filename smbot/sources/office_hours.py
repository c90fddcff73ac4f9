"""Office hours on Meta: a table with a row for each, or bullets; with or without the hCalendar microformat.

    {| class="wikitable"
    ! Day !! Date !! Time !! Who !! Topic(s)
    |-
    | Friday || 2011-03-18 || 04:00 UTC || Sue Gardner || Informal updates and discussion with Sue
    |}

Which columns there are, and in what order, is for the page's editors to choose: the words of the header say it.
https://meta.wikimedia.org/wiki/Office_hours, https://microformats.org/wiki/hcalendar
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from smbot.model import Link, Page, Reading, Site
from smbot.sources import Wants, missed
from smbot.sources.dates import find, spelled
from smbot.sources.events import Entry, dated, in_state, known, long_past, reading, split
from smbot.sources.lines import lines, prepared
from smbot.sources.off import Words, put_off, state_of, words

WIKI = "meta:meta"
PAGE = "Office hours"
PICK = False
POST = "Office hours: $title\n\n$when\n$local\n\n$text\n\n$tags"


def wants(page: str, now: datetime, days: int) -> Wants:  # noqa: ARG001 - one page has it all
    """The one page there is."""
    return Wants(pages=((page,),), daily=True)


def read(page: Page, site: Site, source: str, now: datetime) -> Reading:
    """The rows and dated bullets of the page as items."""
    text = spelled(prepared(page))
    since = known(page, now)
    tables, rest = tables_of(text)
    readers = [_Reader(table, site, since) for table in tables]
    entries = [entry for reader in readers for entry in reader.entries()]
    bullets: list[str] = []
    entries += _listed(rest, site, since, bullets)
    rows = (row for reader in readers for row in reader.missed)
    beside = missed.to_come(missed.aside(rest, now, alone=not entries), now)
    lost = missed.to_come((*rows, *bullets), now) | missed.lone(beside, (entry.event for entry in entries))
    if not entries and not lost and any(table.header and not table.rows for table in tables):
        return Reading(placeholder=True)
    return reading(entries, page, source, now, text, lost=lost)


# --- tables ---------------------------------------------------------------------------------------------------------


class Table(Struct):
    """The header cells and the rows of a table, as wikitext. A cell that spans rows stands in each of them."""

    header: list[str] = []
    rows: list[list[str]] = []


MOST_SPANNED = 100  # rows; more are typed wrong, or meant to be a burden
_ATTRIBUTES = re.compile(r"([^\[\]{}|<>]{0,300})\|(?!\|)")
_ROWSPAN = re.compile(r"\browspan\s*=\s*[\"']?\s*(\d{1,3})\b", re.I)
_BRACKETS = re.compile(r"\[\[|\]\]|\{\{|\}\}|\|\||!!")


def tables_of(wikitext: str) -> tuple[list[Table], str]:
    """The tables of a page, and the page without them. What is nested in a table is left out.

    https://www.mediawiki.org/wiki/Help:Tables
    """
    readers: list[_Rows] = []
    rest: list[str] = []
    depth = 0
    for raw in wikitext.split("\n"):
        line = raw.lstrip(" \t:*")
        if line.startswith("{|"):
            depth += 1
            readers += [_Rows()] if depth == 1 else []
        elif depth and line.startswith("|}") and not line.startswith("|}}"):
            depth -= 1
        elif depth == 1:
            readers[-1].line(line)
        elif not depth:
            rest.append(raw)
    return [reader.table() for reader in readers], "\n".join(rest)


class _Rows:
    """Takes the lines of one table."""

    def __init__(self) -> None:
        self.found = Table()
        self.cells: list[str] = []
        self.heads = 0  # how many of the cells are header cells
        self.struck = False
        self.open = 0  # templates that go on on the next line
        self.spans: dict[int, tuple[int, str]] = {}  # column -> rows to come, cell

    def line(self, line: str) -> None:
        if self.open > 0 or not line.startswith(("|", "!")):
            if self.cells:
                self.cells[-1] += f"\n{line}"
        elif line.startswith("|-"):
            self._end()
            self.struck = "line-through" in line
        elif not line.startswith("|+"):
            self._cells(line[1:], head=line.startswith("!"))
        self.open = max(0, self.open + line.count("{{") - line.count("}}"))

    def table(self) -> Table:
        self._end()
        return self.found

    def _cells(self, line: str, *, head: bool) -> None:
        depth, start = 0, 0
        for mark in _BRACKETS.finditer(line):
            if mark[0] in ("[[", "{{"):
                depth += 1
            elif mark[0] in ("]]", "}}"):
                depth = max(0, depth - 1)
            elif not depth and (head or mark[0] == "||"):
                self.cells.append(line[start : mark.start()])
                self.heads += head
                start = mark.end()
        self.cells.append(line[start:])
        self.heads += head

    def _end(self) -> None:
        """The row is complete: its cells, and those of the rows above that reach into it."""
        row: list[str] = []
        for cell in self.cells:
            self._fill(row)
            attributes = _ATTRIBUTES.match(cell)
            content = cell[attributes.end() :] if attributes else cell
            span = _ROWSPAN.search(attributes[1]) if attributes else None
            if span and 1 < int(span[1]) <= MOST_SPANNED:
                self.spans[len(row)] = (int(span[1]) - 1, content)
            struck = self.struck or bool(attributes and "line-through" in attributes[1])
            row.append(f"<s>{content}</s>" if struck else content)
        if self.cells:
            self._fill(row)
            if self.heads == len(self.cells):
                self.found.header = row
            else:
                self.found.rows.append(row)
        self.cells, self.heads, self.struck = [], 0, False

    def _fill(self, row: list[str]) -> None:
        while (column := len(row)) in self.spans:
            left, content = self.spans.pop(column)
            row.append(content)
            if left > 1:
                self.spans[column] = (left - 1, content)


# --- rows -----------------------------------------------------------------------------------------------------------

_COLUMNS = (
    ("date", re.compile(r"dates?\b|when\b|start", re.I)),
    ("time", re.compile(r"times?\b|hours?\b", re.I)),
    ("day", re.compile(r"(?:week)?days?\b", re.I)),
    ("topic", re.compile(r"topics?\b|subject|title|event|what\b|summary|description|office hour|agenda|session", re.I)),
    ("who", re.compile(r"who\b|hosts?\b|speakers?\b|staff|team|guests?\b|names?\b|participants?\b", re.I)),
    ("state", re.compile(r"logs?\b|notes?\b|minutes|status", re.I)),
)
_TELLING = ("date", "time", "day", "topic", "")  # columns that may say that it is off, beside its state


class _Reader:
    """Reads the rows of one table by its columns."""

    def __init__(self, table: Table, site: Site, since: datetime) -> None:
        self.table, self.site, self.since = table, site, since
        self.cells: dict[str, Words] = {}  # what is in many rows is parsed once
        self.roles = [self._role(cell) for cell in table.header]
        self.missed: list[str] = []  # rows of which no entry came, though they have more than an empty place for one
        self.zone = UTC if re.search(r"\b(?:UTC|GMT)\b", " ".join(table.header)) else None

    def entries(self) -> Iterator[Entry]:
        columns = {"date", "time", "day"} & set(self.roles) and {"topic", "who"} & set(self.roles)
        for row in self.table.rows:
            entry = self._entry(row) if columns else dated(" ".join(row), self.site, self.since)
            if entry:
                yield entry
            elif not columns or any(self._words(row[n]).text for n in self._named if n < len(row)):
                self.missed.append(" | ".join(cell.strip() for cell in row))

    @property
    def _named(self) -> list[int]:
        """The columns that say what a row is."""
        return [n for n, role in enumerate(self.roles) if role in ("topic", "who")]

    def _role(self, header: str) -> str:
        text = self._words(header).text
        return next((role for role, pattern in _COLUMNS if pattern.match(text)), "")

    def _words(self, cell: str) -> Words:
        if cell not in self.cells:
            self.cells[cell] = words(cell, self.site)
        return self.cells[cell]

    def _entry(self, row: Sequence[str]) -> Entry | None:
        if old := long_past(" ".join(row), self.since):
            return old
        told = [(role, self._words(cell)) for role, cell in zip(self.roles, row, strict=False)]
        days, times = (
            " ".join(filter(None, (said.text for column in columns for role, said in told if role == column)))
            for columns in (("day", "date"), ("time",))
        )
        when = ", ".join(filter(None, (days, times)))  # '22:00-02:00' in a cell of its own has no offset
        who, topic = (self._joined(told, role) for role in ("who", "topic"))
        when, later = put_off(when, self.since, zone=self.zone)
        found = later or find(when, self.since, zone=self.zone)
        if not found or not (who or topic):
            return None
        title, rest = split(topic)
        name = f"{who}: {title}" if who and title else who or title
        links = tuple(dict.fromkeys(link for column in ("topic", "state", "who", "") for link in _links(told, column)))
        entry = Entry(name, found.event, rest, links, any(said.cancelled for role, said in told if role in _TELLING))
        states = [state_of(said, self.since, self.zone) for role, said in told if role == "state"]
        problems = (*found.problems, *(problem for _, said in told for problem in said.problems))
        return in_state(replace(entry, problems=problems), states)

    def _joined(self, told: list[tuple[str, Words]], role: str) -> str:
        return ". ".join(filter(None, (said.text for column, said in told if column == role)))


def _links(told: list[tuple[str, Words]], column: str) -> Iterator[Link]:
    return (link for role, said in told if role == column for link in said.links)


# --- hCalendar outside tables ---------------------------------------------------------------------------------------

_VEVENT = re.compile(r"<\w+\b[^<>]{0,300}\bclass\s*=\s*[\"']?[^<>\"']{0,99}\bvevent\b[^<>]{0,300}>", re.I)
_SUMMARY = re.compile(
    r"<(\w+)\b[^<>]{0,300}\bclass\s*=\s*[\"']?[^<>\"']{0,99}\bsummary\b[^<>]{0,300}>((?:(?!</\1).){0,1000})</\1",
    re.I | re.S,
)


def _listed(text: str, site: Site, since: datetime, others: list[str]) -> Iterator[Entry]:
    """The dated bullets, and the events in hCalendar that are no bullets; `others` takes the other bullets."""
    for line in lines(text):
        if line.level:
            continue
        if entry := _named(line.text, site, since):
            yield entry
        else:
            others.append(line.text)
    plain = "\n".join(raw for raw in text.split("\n") if not raw.startswith(("*", "#", ":", ";")))
    for block in _VEVENT.split(plain)[1:]:
        if entry := _named(block.strip().partition("\n\n")[0], site, since):
            yield entry


def _named(wikitext: str, site: Site, since: datetime) -> Entry | None:
    """A dated line by its summary in hCalendar, where it has one."""
    entry = dated(wikitext, site, since)
    summary = _SUMMARY.search(wikitext)
    return replace(entry, title=words(summary[2], site).text or entry.title) if entry and summary else entry
