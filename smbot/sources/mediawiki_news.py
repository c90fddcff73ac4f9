"""MediaWiki News: one page, newest first, each piece of news under or after its date.

    ;2026-11-20                    === November 2026 ===             * '''20 November 2026''': One thing.
    * One thing.                   * 20 November – One thing.

Which of these forms the page has is for its editors to choose: all are read, mixed ones too.
https://www.mediawiki.org/wiki/News
"""

from __future__ import annotations

import calendar
import re
from datetime import date, datetime, timedelta

from smbot.model import Item, Page, Permalink, Problem, Reading, Site
from smbot.sources import Wants
from smbot.sources.lines import TERM, Line, language, lines, prepared
from smbot.wikitext import Plain, plain

WIKI = "mediawiki:mediawiki"
PAGE = "News"
PICK = False
POST = "$text"

NO_DATES = Problem(
    "The source format changed: the page has no dates that smbot can read.",
    "Put a date such as 2026-11-20 or 20 November 2026 before each piece of news.",
)


def wants(page: str, now: datetime, days: int) -> Wants:  # noqa: ARG001 - one page has it all
    """The one page there is."""
    return Wants(pages=((page,),))


def read(page: Page, site: Site, source: str, now: datetime) -> Reading:  # noqa: ARG001 - its dates are what they are
    """The dated bullets of the page as items, and a problem for what looks like news without a date."""
    reader = _Reader(page, site, source)
    for line in lines(prepared(page)):
        if line.level:
            reader.title(line)
        elif not line.stale:
            reader.bullet(plain(line.text, site))
    if not reader.dates:
        return Reading(problems=(NO_DATES,))
    return Reading(tuple(reader.items), tuple(reader.problems))


class _Reader:
    """Goes down the page, knowing the date and section it is under."""

    def __init__(self, page: Page, site: Site, source: str) -> None:
        self.page, self.site, self.source = page, site, source
        self.language = language(page)
        self.permalink = Permalink(page.title, page.revision, page.url)
        self.items: list[Item] = []
        self.problems: list[Problem] = []
        self.dates = 0
        self.year = 0  # of the month or year the title above names
        self.day: date | None = None
        self.level = 0  # of the title that gave `day`
        self.section = ""

    def title(self, line: Line) -> None:
        """A title that begins with a date opens a day; a deeper one without is a section of it; any other ends it."""
        news = plain(line.text, self.site)
        day, rest = self._date(news.text)
        if day and line.level == TERM and rest.lstrip().startswith(":"):
            self._add(day, rest, news)
            rest = ""
        if day:
            self.day, self.level, self.section = day, line.level, _without_separator(rest)
        elif self.day and line.level > self.level:
            self.section = news.text.rstrip(": ")
        else:
            self.day, self.section = None, ""
            self._period(news.text)

    def bullet(self, news: Plain) -> None:
        """News of the day it stands under, or else of the day it begins with."""
        day, rest = (self.day, news.text) if self.day else self._date(news.text)
        if day:
            self._add(day, rest, news)
        elif self.year and news.text:
            self.problems.append(Problem(f"“{news.text[:60]}” has no date.", "Put the day before it."))

    def _add(self, day: date, rest: str, news: Plain) -> None:
        text = _without_separator(rest) if rest != news.text else rest
        if not text:
            return
        self.items.append(
            Item(
                source=self.source,
                group=day.isoformat(),
                section=self.section,
                text=text,
                links=news.links,
                permalink=self.permalink,
                published=day,
                language=self.language,
            )
        )
        self.problems += news.problems

    def _date(self, text: str) -> tuple[date | None, str]:
        """The date `text` begins with, and what follows it."""
        for form in _DATES:
            if found := form.match(text):
                day = self._day(found["year"], found["month"], int(found["day"]))
                self.dates += day is not None
                return day, text[found.end() :]
        return None, text

    def _day(self, year: str | None, month: str, day: int) -> date | None:
        number = int(month) if month.isdecimal() else _MONTHS[month[:3].lower()]
        try:
            if year or self.year:
                return date(int(year or self.year), number, day)
            return _latest(number, day, self.page.timestamp)
        except ValueError:
            return None

    def _period(self, title: str) -> None:
        """Remember the year of 'November 2026' or '2026'; a month alone belongs to the year above it."""
        if found := _PERIOD.fullmatch(title):
            self.year = int(found["year"] or self.year)
        else:
            self.year = 0


def _latest(month: int, day: int, timestamp: datetime | None) -> date | None:
    """The last such day when the page was saved, announcements a month ahead included."""
    if not timestamp:
        return None
    this_year = date(timestamp.year, month, day)
    ahead = this_year > timestamp.date() + timedelta(31)
    return date(timestamp.year - 1, month, day) if ahead else this_year


_NAMES = tuple(calendar.month_name)[1:]  # English, as long as nothing sets a locale
_MONTHS = {name[:3].lower(): number for number, name in enumerate(_NAMES, 1)}
_MONTH = rf"(?P<month>{'|'.join(_NAMES)}|Sept|{'|'.join(name[:3] for name in _NAMES)})\b\.?"
_WEEKDAY = r"\(?(?:(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?,?\s+)?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?:,?\s+(?P<year>\d{4})\b)?"
_DATES = tuple(
    re.compile(_WEEKDAY + form + r"\)?", re.I)
    for form in (
        r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})(?!\d)",
        rf"{_DAY}\s+(?:of\s+)?{_MONTH}{_YEAR}",
        rf"{_MONTH}\s+{_DAY}\b{_YEAR}",
    )
)
_PERIOD = re.compile(rf"(?:{_MONTH},?\s*)?(?P<year>\d{{4}})?:?", re.I)


def _without_separator(text: str) -> str:
    return re.sub(r"\s*(?:[:–—-]+|[.,](?=\s))?\s*", "", text, count=1)
