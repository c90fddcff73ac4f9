"""MediaWiki News: one page, newest first, each piece of news under or after its date.

    ;2026-11-20                    === November 2026 ===             * '''20 November 2026''': One thing.
    * One thing.                   * 20 November – One thing.

Which of these forms the page has is for its editors to choose: all are read, mixed ones too. Where a day has no
bullets its prose is read.
https://www.mediawiki.org/wiki/News
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from msgspec.structs import replace

from smbot.messages import say
from smbot.model import Item, Page, Permalink, Problem, Reading, Site
from smbot.sources import Wants
from smbot.sources.dates import Written, day_of, leading, unread, without_separator, year_of
from smbot.sources.lines import TERM, Line, language, lines, prepared
from smbot.wikitext import Plain, plain

WIKI = "mediawiki:mediawiki"
PAGE = "News"
PICK = False
POST = "$text\n\n$tags"


def wants(page: str, now: datetime, days: int) -> Wants:  # noqa: ARG001 - one page has it all
    """The one page there is."""
    return Wants(pages=((page,),))


def read(page: Page, site: Site, source: str, now: datetime) -> Reading:
    """The dated bullets of the page as items, and a problem for what looks like news and could not be read.

    Where a day has no bullets, what is written below it is the item: without what only furnishes the page.
    """
    reader = _Reader(page, site, source, now)
    for line in lines(prepared(page), prose=True):
        reader.take(line)
    reader.close()
    if not reader.dates:
        none = Problem(say("source-no-dates"), say("source-no-news-dates-remedy"))
        return Reading(problems=(none, *reader.problems))
    return Reading(tuple(reader.items), tuple(reader.problems))


_RECENT, _AHEAD = timedelta(days=28), timedelta(days=31)  # what is of interest; announcements are dated ahead
_BOLD = "'''"
_PROSE = 9  # the level of a day that a line of prose begins with, after those of titles
_BEGINS = 40  # characters of a line in which it says its day
_SET_OFF = re.compile(r"\s*(?:[:–—-]|\Z)")
_WRAPPER = re.compile(r"<(/?)(?:div|center|table|noinclude|onlyinclude|includeonly)\b[^<>]*(?<!/)>", re.I)
_LAST = re.compile(r"----|<noinclude\b", re.I)  # what comes behind is about the page
_FURNITURE = re.compile(r"(?:(?:</?[a-z][^<>]*>|__[A-Z]+__|\[\[[a-z-]{2,12}:[^\[\]|]*\]\])\s*)+")
_OLDER = re.compile(r"\W*(?:(?:for|see|find|all|the|more)\W+)*(?:older|earlier|previous|past|archived?)\b", re.I)


class _Reader:
    """Goes down the page, knowing the date and section it is under."""

    def __init__(self, page: Page, site: Site, source: str, now: datetime) -> None:
        self.page, self.site, self.source = page, site, source
        self.since, self.until = (now - _RECENT).date(), (now + _AHEAD).date()
        self.language = language(page)
        self.permalink = Permalink(page.title, page.revision, page.url)
        self.items: list[Item] = []
        self.problems: list[Problem] = []
        self.dates = 0
        self.year = 0  # of the month or year the title above names
        self.day: date | None = None
        self.level = 0  # of what gave `day`
        self.heading = ""  # the words that gave it
        self.told = False  # whether anything below it was read, or complained of
        self.section = ""
        self.depth = 0  # of the section below the day, 0 where it has no title
        self.prose: list[Plain] = []  # of the section, as long as it has no bullets
        self.wrappers = 0  # opened in it and not closed
        self.has_bullets = False  # or news in the title itself
        self.has_ended = False  # whether its prose has
        self.sections: list[tuple[int, str, list[Plain]]] = []  # of the day, those of prose: depth, title and lines
        self.by_bullets = False  # whether a section of the day had bullets

    def take(self, line: Line) -> None:
        """The next line of the page."""
        if line.stale:
            self.told = True
        elif line.level:
            self._title(line)
        elif not line.mark:
            self._words(line.text)
        else:
            self._bullet(plain(line.text, self.site))

    def close(self) -> None:
        """The day ends. A recent one that nothing was read of is told of."""
        self._end_section()
        for depth, title, prose in self.sections:
            if self.day and not self.by_bullets:
                self.section = title
                self._add(self.day, *_together(prose))
            elif depth and self._is_late():
                self._unread(title)
        if self._is_late() and not self.told:
            self._unread(self.heading)
        self.day, self.section, self.depth, self.sections, self.by_bullets = None, "", 0, [], False

    def _is_late(self) -> bool:
        return bool(self.day and self.since <= self.day <= self.until)

    def _unread(self, heading: str) -> None:
        self.problems.append(Problem(say("source-news-nothing", heading), say("source-news-nothing-remedy")))

    def _title(self, line: Line) -> None:
        """A title that begins with a date opens a day; a deeper one without is a section of it; any other ends it."""
        news = plain(line.text, self.site)
        day, rest = self._date(news.text)
        if day:
            self._open(day, line.level, news.text)
            if line.level == TERM and rest.lstrip().startswith(":"):
                self._add(day, rest, news)
                self.has_bullets = True
            else:
                self.section = without_separator(rest)
        elif self.day and line.level > self.level:
            self._end_section()
            self.section, self.depth = news.text.rstrip(": "), line.level
        else:
            self.close()
            self.year = year_of(news.text, self.year)
            self._unclear(news.text)

    def _bullet(self, news: Plain) -> None:
        """News of the day it stands under, or else of the day it begins with; part of prose that begins with a day."""
        day, rest = (self.day, news.text) if self.day and self.level < _PROSE else self._date(news.text)
        if not day and self.prose:
            self.prose += [] if _sends_to_archive(news) else [replace(news, text=f"• {news.text}")]
            return
        if self.level == _PROSE and day:
            self.close()
        self.has_bullets = True
        if day := day or self.day:
            self._add(day, rest, news)
        elif not self._unclear(news.text) and self.year and news.text:
            undated = say("source-event-no-date", news.text[:60])
            self.problems.append(Problem(undated, say("source-news-no-date-remedy")))

    def _words(self, raw: str) -> None:
        """Prose, which may begin with a day in bold, or with one that is set off."""
        if _LAST.match(raw):
            self._end_prose()
        text = _WRAPPER.sub("", raw).strip()
        is_bold = text.startswith(_BOLD)
        waits = self.day and not self.has_bullets and not self.has_ended
        self.wrappers += sum(-1 if found[1] else 1 for found in _WRAPPER.finditer(raw))
        if (waits or any(map(str.isdecimal, text[:_BEGINS]))) and not _FURNITURE.fullmatch(text):
            news = plain(text, self.site)
            day, rest = self._date(news.text) if is_bold or not self.day else (None, news.text)
            if day and (is_bold or _SET_OFF.match(rest)):
                self._open(day, _PROSE, news.text)
                self.prose = [replace(news, text=without_separator(rest))]
            elif not waits:
                if is_bold:
                    self._unclear(news.text)
            elif _sends_to_archive(news):
                self._end_prose()
            elif not _is_navigation(news):
                self.prose.append(news)
        if self.wrappers < 0:
            self._end_prose()

    def _end_prose(self) -> None:
        """What is still to come below the day is about the page, unless it has bullets."""
        if self.level == _PROSE:
            self.close()
        self.has_ended = True

    def _open(self, day: date, level: int, heading: str) -> None:
        self.close()
        self.day, self.level, self.heading, self.told = day, level, heading[:60], False

    def _end_section(self) -> None:
        """Its bullets are news, and the prose above them in sections it is part of only leads to them."""
        if self.has_bullets:
            self.by_bullets = True
            while self.sections and self.sections[-1][0] < self.depth:
                self.sections.pop()
        elif any(news.text or news.templates for news in self.prose):
            self.sections.append((self.depth, self.section, self.prose))
        self.prose, self.wrappers, self.has_bullets, self.has_ended = [], 0, False, False

    def _unclear(self, text: str) -> bool:
        """Whether a line begins with what stands for a day of late, and cannot be read; that is told of."""
        day = unread(text[:_BEGINS], self.since, self.until)
        if day:
            short = text[:60] + "…" * (len(text) > 60)
            self.problems.append(Problem(say("source-day-unread", short, day), say("source-day-unread-remedy")))
        return bool(day)

    def _add(self, day: date, rest: str, news: Plain) -> None:
        text = without_separator(rest) if rest != news.text else rest
        if day >= self.since:
            self.problems += news.problems if text else replace(news, text=day.isoformat()).problems
        self.told |= bool(text or news.templates)
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

    def _date(self, text: str) -> tuple[date | None, str]:
        """The date `text` begins with, and what follows it."""
        if not (written := leading(text)):
            return None, text
        day = day_of(written, self.year) if written.year or self.year else _latest(written, self.page.timestamp)
        self.dates += day is not None
        return day, text[written.end :]


def _sends_to_archive(news: Plain) -> bool:
    """Whether a line leads to older news, as in 'Older news are in the archive', and is none."""
    to_archive = any("archiv" in f"{link.url} {link.label}".lower() for link in news.links)
    return to_archive and bool(_OLDER.match(news.text) or not _has_words(news))


def _is_navigation(news: Plain) -> bool:
    """Whether a line is nothing but several links."""
    return len(news.links) > 1 and not _has_words(news)


def _has_words(news: Plain) -> bool:
    """Whether a line begins with more than links."""
    text = news.text[:500]
    for link in news.links:
        text = text.replace(link.label, "", 1)
    return any(map(str.isalnum, text))


def _together(prose: list[Plain]) -> tuple[str, Plain]:
    """The words of lines, and those lines as one."""
    text = "\n".join(filter(None, (news.text for news in prose)))
    links = tuple(link for news in prose for link in news.links)
    return text, Plain(text, links, templates=tuple(name for news in prose for name in news.templates))


def _latest(written: Written, timestamp: datetime | None) -> date | None:
    """The last such day when the page was saved, announcements a month ahead included."""
    if not timestamp:
        return None
    this_year = day_of(written, timestamp.year)
    ahead = this_year and this_year > timestamp.date() + timedelta(31)
    return day_of(written, timestamp.year - 1) if ahead else this_year
