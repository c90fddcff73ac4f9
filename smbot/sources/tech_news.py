"""Tech News, the weekly newsletter on Meta: one page an issue, named after its ISO week.

Bullets under section names that stand alone in bold, between `<section begin="technews-2026-W47"/>` and its end, closed
by a footer. Section names and captions are translated, so nothing but names of files and pages is relied on.
https://meta.wikimedia.org/wiki/Tech/News/Manual
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from smbot.model import Flag, Item, Page, Permalink, Problem, Reading, Site
from smbot.sources import Wants
from smbot.sources.lines import Line, language, lines, prepared
from smbot.wikitext import Plain, plain

WIKI = "meta:meta"
PAGE = "Tech/News"
PICK = True
POST = "$text\n\n$tags"

_ICONS = {"octicons-tools.svg": Flag.ADVANCED, "octicons-sync.svg": Flag.RECURRENT}
_STOCK = re.compile(
    r"view all \S+ community-submitted task|detailed code updates later this week"
    r"|there (?:is|are|was|will be) no (?:new (?:version of )?mediawiki|deployment|tech news)"
    r"|the new version of mediawiki will be on test wikis|.*\bnext issue of tech news will be",
    re.I,
)
_WEEK = r"(?P<year>\d{4})/(?P<week>\d{1,2})"
_IN_TITLE = re.compile(rf"/{_WEEK}(?:/[a-z-]+)?$")
_IN_TEXT = (
    re.compile(r"technews-(?P<year>\d{4})-W?(?P<week>\d{1,2})"),
    re.compile(r"Tech News: (?P<year>\d{4})-W?(?P<week>\d{1,2})"),
)


def wants(page: str, now: datetime, days: int) -> Wants:
    """The issues of the Mondays in the window, newest first; of each the clean `/en` subpage before the page itself.

    An issue goes out on the Monday of its week. Later ones may exist already: they are drafts.
    """
    today = now.date()
    mondays = [today - timedelta(back) for back in range(today.weekday(), days + 1, 7)]
    weeks = [monday.isocalendar() for monday in mondays]
    issues = [f"{page}/{week.year}/{week.week:02}" for week in weeks]
    return Wants(pages=tuple((f"{issue}/en", issue) for issue in issues))


def read(page: Page, site: Site, source: str, now: datetime) -> Reading:  # noqa: ARG001 - the page names its week
    """The bullets of one issue as items."""
    text = _body(prepared(page))
    bullets = list(_bullets(text, site))
    group, monday = _issue(page)
    permalink = Permalink(page.title, page.revision, page.url)
    tongue = language(page)
    items: list[Item] = []
    problems: list[Problem] = []
    for section, line in bullets:
        news = plain(line.text, site)
        if line.stale or not news.text:
            continue
        flags = _flags(news)
        items.append(Item(source, group, section, news.text, news.links, permalink, monday, flags, tongue))
        problems += news.problems
    return Reading(tuple(items), tuple(problems), placeholder=not bullets and _says_no_issue(text, site))


def _issue(page: Page) -> tuple[str, date | None]:
    """The issue's name and Monday: ('2026-W47', date(2026, 11, 16)); the page's title where no week is named."""
    for pattern, text in ((_IN_TITLE, page.title), *((pattern, page.text) for pattern in _IN_TEXT)):
        if found := pattern.search(text):
            try:
                monday = date.fromisocalendar(int(found["year"]), int(found["week"]), 1)
            except ValueError:
                continue
            return f"{found['year']}-W{int(found['week']):02}", monday
    return page.title, None


_MARKED = re.compile(
    r"<section\s+begin\s*=\s*[\"']?(tech[^\"'/>]*?)[\"']?\s*/>(.*?)(?:<section\s+end\s*=\s*[\"']?\1[\"']?\s*/>|\Z)",
    re.S | re.I,
)
_FOOTER = re.compile(r"^(?:<[^<>\n]*>)*''(?:'''\[\[|[^\n]*(?:Tech/News/Writers|Tech ambassadors))", re.M)


def _body(text: str) -> str:
    """What lies between the section marks (without any: on the whole page), up to the footer."""
    marked = _MARKED.search(text)
    return _FOOTER.split(marked[2] if marked else text, maxsplit=1)[0]


def _bullets(text: str, site: Site) -> Iterator[tuple[str, Line]]:
    """Each `*` bullet with the name of its section. Replies under an issue, indented with `:`, are not news."""
    section = ""
    for line in lines(text):
        if line.level:
            section = plain(line.text, site).text.rstrip(": ")
        elif line.mark == "*":
            yield section, line


def _flags(news: Plain) -> frozenset[Flag]:
    flags = {flag for file in news.files if (flag := _ICONS.get(file.lower()))}
    if _STOCK.match(news.text):
        flags.add(Flag.RECURRENT)
    return frozenset(flags)


_NO_ISSUE = re.compile(
    r"\bno (?:new )?(?:tech(?:nical)? )?(?:newsletter|news|issue)\b(?:(?!\bnext\b)[^.\n]){0,60}"
    r"\b(?:this week|week \d+)",
    re.I,
)


def _says_no_issue(text: str, site: Site) -> bool:
    """Whether the page stands in for an issue: 'There is no technical newsletter this week.' is about all it says."""
    return bool(_NO_ISSUE.search(plain(text[:2000], site).text))
