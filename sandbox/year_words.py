"""What all that is written in the simulated year has in common: edits, the days they are made on, and made-up words.

Everything is worked out from a seed before the year begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random


@dataclass(frozen=True)
class Dated:
    """What a page says of something that takes place: its name, and when it begins (None: it is cancelled).

    What has only a day ends with it. What is not `listed` any more has no start either.
    """

    name: str
    start: datetime | None
    whole_day: bool = False
    listed: bool = True


@dataclass(frozen=True)
class Edit:
    """The text a page has from some time on. A title such as '/feed' is that of a file on the website.

    `news` is how many pieces of news are on it for the first time, `dates` what it newly says of things to come.
    """

    at: datetime
    title: str
    text: str
    summary: str
    news: int = 0
    dates: tuple[Dated, ...] = ()


@dataclass(frozen=True)
class Span:
    """The days that are simulated."""

    start: date
    weeks: int

    @property
    def days(self) -> list[date]:
        return [self.start + timedelta(number) for number in range(7 * self.weeks)]

    @property
    def mondays(self) -> list[date]:
        """The Mondays in it, and the two before."""
        first = self.start - timedelta(self.start.weekday() + 7)
        return [first + timedelta(weeks=number) for number in range(self.weeks + 2)]

    @property
    def months(self) -> list[date]:
        """The first days of the months in it, and of the one after."""
        last = self.days[-1]
        count = 12 * (last.year - self.start.year) + last.month - self.start.month + 2
        return [month_after(self.start.replace(day=1), number) for number in range(count)]


@dataclass(frozen=True)
class Feed:
    """A source as the settings name it, and all that happens to its pages."""

    name: str
    kind: str
    page: str
    accounts: str
    edits: Callable[[Random, Span], Iterator[Edit]]
    more: str = ""  # further arguments of {{Smbot/source}}

    def row(self, website: Callable[[str], str]) -> str:
        """Its row on the settings page; `website` gives the address of a file there."""
        page = website(self.page) if self.page.startswith("/") else self.page
        return (
            f"{{{{Smbot/source | source = {self.name} | kind = {self.kind} | page = {page} "
            f"| accounts = {self.accounts} {self.more}}}}}"
        )


def nothing(_: Random, __: Span) -> Iterator[Edit]:
    """The edits of a source whose pages another source tells of already."""
    yield from ()


def month_after(month: date, number: int) -> date:
    """The first day of the month that comes so many months after another."""
    years, rest = divmod(month.month - 1 + number, 12)
    return date(month.year + years, rest + 1, 1)


def moment(day: date, clock: str = "00:00") -> datetime:
    """A time of a day in UTC."""
    return datetime.combine(day, time.fromisoformat(clock), UTC)


# --- words ----------------------------------------------------------------------------------------------------------

THINGS = (
    """\
The watchlist|The upload wizard|Page previews|The visual editor|Dark mode|The table of contents|Section translation
The language selector|Search on small screens|The recent changes feed|The citation tool|The map editor|The job queue
The new category view|The thumbnail service|Wikitext highlighting|The notification menu|The edit check
The preferences page|The statistics API|The feed of new pages|The event calendar|The template picker|The mentor panel
Talk page subscriptions|The score extension|The gadget manager|The account creation form|The abuse log|The print view
""".replace("\n", "|")
    .strip("|")
    .split("|")
)

CHANGES = (
    """\
loads in half the time|can be used with a keyboard alone|works without JavaScript|keeps its filters after a reload
has a new look|was rewritten in Codex|shows who made the last change|can be turned off for one wiki
understands right-to-left scripts|warns before words are lost|is on all wikis|was moved to new servers
lists results by date|asks fewer questions|has a help page in many languages|remembers the last choice
can be tested on the beta cluster|copes with very long pages|shows its sources|is easier to find on phones
""".replace("\n", "|")
    .strip("|")
    .split("|")
)

OUTCOMES = """\
{} communities asked for it.|It took {} patches.|The first {} wikis have it today.|{} people tested it.
It is the result of {} interviews.|{} open tasks were closed with it.|Volunteers translated {} messages for it.
A bug that {} people had reported is gone.|It was wish number {} of the survey.|{} scripts had to be adapted.
""".replace("\n", "|").strip("|").split("|")  # fmt: skip


class Writer:
    """Makes up news, no two pieces of it alike. Each has a number of its own, as a copy-edit keeps it."""

    def __init__(self, random: Random, first: int) -> None:
        self.random = random
        self.number = first
        self._pairs = [(thing, change) for thing in THINGS for change in CHANGES]
        random.shuffle(self._pairs)

    def sentence(self) -> str:
        """Two sentences of plain words."""
        thing, change = self._pairs.pop()
        self.number += self.random.randint(1, 9)
        return f"{thing} {change}. {self.random.choice(OUTCOMES).format(self.number)}"
