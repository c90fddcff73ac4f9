"""MediaWiki News: one page, newest first, each piece of news under or after its date.

    ;2026-11-20                    === November 2026 ===             * '''20 November 2026''': One thing.
    * One thing.                   * 20 November – One thing.

Which of these forms the page has is for its editors to choose: all are read, mixed ones too.
https://www.mediawiki.org/wiki/News
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from smbot.messages import say
from smbot.model import Item, Page, Permalink, Problem, Reading, Site
from smbot.sources import Wants
from smbot.sources.dates import Written, day_of, leading, without_separator, year_of
from smbot.sources.lines import TERM, Line, language, lines, prepared
from smbot.wikitext import Plain, plain

WIKI = "mediawiki:mediawiki"
PAGE = "News"
PICK = False
POST = "$text\n\n$tags"


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
        return Reading(problems=(Problem(say("source-no-dates"), say("source-no-news-dates-remedy")),))
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
            self.day, self.level, self.section = day, line.level, without_separator(rest)
        elif self.day and line.level > self.level:
            self.section = news.text.rstrip(": ")
        else:
            self.day, self.section = None, ""
            self.year = year_of(news.text, self.year)

    def bullet(self, news: Plain) -> None:
        """News of the day it stands under, or else of the day it begins with."""
        day, rest = (self.day, news.text) if self.day else self._date(news.text)
        if day:
            self._add(day, rest, news)
        elif self.year and news.text:
            undated = say("source-event-no-date", news.text[:60])
            self.problems.append(Problem(undated, say("source-news-no-date-remedy")))

    def _add(self, day: date, rest: str, news: Plain) -> None:
        text = without_separator(rest) if rest != news.text else rest
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
        if not (written := leading(text)):
            return None, text
        day = day_of(written, self.year) if written.year or self.year else _latest(written, self.page.timestamp)
        self.dates += day is not None
        return day, text[written.end :]


def _latest(written: Written, timestamp: datetime | None) -> date | None:
    """The last such day when the page was saved, announcements a month ahead included."""
    if not timestamp:
        return None
    this_year = day_of(written, timestamp.year)
    ahead = this_year and this_year > timestamp.date() + timedelta(31)
    return day_of(written, timestamp.year - 1) if ahead else this_year
