"""The sources of the simulated year: MediaWiki News and Tech News as they are written here, and the table of all.

A further source is one more row in `FEEDS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random

from sandbox import year_blog, year_dates
from sandbox.year_words import Edit, Feed, Span, Writer, moment, nothing

# --- MediaWiki News -------------------------------------------------------------------------------------------------

A_WEEK = (0, 1, 1, 2, 2, 2, 3, 3, 4, 4, 5, 5)  # how many pieces of news a week has, each as likely as another
KEPT = timedelta(days=80)  # older news goes to an archive


@dataclass
class _NewsPage:
    """https://www.mediawiki.org/wiki/News: `;date`, then bullets, newest first."""

    bullets: list[tuple[date, str]] = field(default_factory=list)

    def text(self, today: date) -> str:
        parts = ["<!--T:1-->\nNews for everybody who writes, runs or translates MediaWiki. The newest stands on top."]
        for day in sorted({day for day, _ in self.bullets if today - day < KEPT}, reverse=True):
            lines = "\n".join(f"* {bullet}" for when, bullet in reversed(self.bullets) if when == day)
            parts.append(f";{day}\n{lines}")
        return "\n\n".join(parts) + "\n"


def mediawiki_news(random: Random, span: Span) -> Iterator[Edit]:
    """Some news most weeks; one in seven is corrected within two days, one in fifteen taken off again."""
    writer, page = Writer(random, 1000), _NewsPage()
    page.bullets = [(span.start - timedelta(days=back), writer.sentence()) for back in (40, 25, 9)]
    start = datetime.combine(span.start, datetime.min.time(), UTC)
    yield Edit(start, "News", page.text(span.start), "as it was at the beginning", 1)
    for at, change, summary, news in sorted(_news_changes(random, span, writer), key=lambda change: change[0]):
        change(page)
        yield Edit(at, "News", page.text(at.date()), summary, news)


Change = Callable[[_NewsPage], None]


def _news_changes(random: Random, span: Span, writer: Writer) -> Iterator[tuple[datetime, Change, str, int]]:
    for each in year_blog.releases(span):
        day, bullet = each.on_news.date(), each.bullet
        yield each.on_news, lambda page, d=day, b=bullet: page.bullets.append((d, b)), "release", 1
    for week in range(span.weeks):
        for _ in range(random.choice(A_WEEK)):
            day = span.start + timedelta(days=7 * week + random.choice((0, 3, 4, 4, 5, 6, 6)))
            at = datetime(day.year, day.month, day.day, random.randint(8, 19), random.randint(0, 59), tzinfo=UTC)
            words = writer.sentence()
            bullet = f"{words} [[mw:Special:MyLanguage/Example {writer.number}|Read more]]."
            yield at, lambda page, d=day, b=bullet: page.bullets.append((d, b)), "news", 1
            later = at + timedelta(hours=random.randint(1, 48))
            chance = random.random()
            if chance < 0.14:
                better = bullet.replace(" [[", " It is described with pictures. [[")
                yield later, lambda page, old=bullet, new=better: _swap(page, old, new), "corrected", 0
            elif chance < 0.21:
                yield later, lambda page, old=bullet: _swap(page, old, ""), "not true", 0


def _swap(page: _NewsPage, old: str, new: str) -> None:
    page.bullets = [(day, new if bullet == old else bullet) for day, bullet in page.bullets]
    page.bullets = [(day, bullet) for day, bullet in page.bullets if bullet]


# --- Tech News ------------------------------------------------------------------------------------------------------

SECTIONS = ("Weekly highlight", "Updates for editors", "Updates for technical contributors")
PLACEHOLDER = "There is no technical newsletter this week.\n"
ADVANCED = "[[File:Octicons-tools.svg|15px|link=|class=skin-invert|Advanced item]]"
RECURRENT = "[[File:Octicons-sync.svg|12px|link=|class=skin-invert|Recurrent item]]"


def tech_news(random: Random, span: Span) -> Iterator[Edit]:
    """An issue each Monday: written for Translate on Friday, its clean /en page on Monday, now and then corrected."""
    writer = Writer(random, 20_000)
    for monday in span.mondays:
        year, week, _ = monday.isocalendar()
        title = f"Tech/News/{year}/{week:02}"
        friday = datetime(monday.year, monday.month, monday.day, 14, tzinfo=UTC) - timedelta(days=3)
        at = friday + timedelta(days=3, hours=random.randint(0, 5), minutes=random.randint(0, 59))
        if is_pause(monday):
            yield Edit(friday, title, PLACEHOLDER, "no issue")
            continue
        items = [(random.choice(SECTIONS), writer.sentence(), writer.number) for _ in range(random.randint(4, 8))]
        yield Edit(friday, title, _issue(monday, items, translate=True), "for translation")
        if random.random() < 0.3:
            items = [(items[0][0], items[0][1].replace(". ", " from today. ", 1), items[0][2]), *items[1:]]
        yield Edit(at, f"{title}/en", _issue(monday, items, translate=False), "issue", len(items))


def is_pause(monday: date) -> bool:
    """The two weeks around Christmas, and the last two whole ones of August."""
    return (monday.month, monday.day) >= (12, 20) or (monday.month == 8 and monday.day >= 18)


def _issue(monday: date, items: list[tuple[str, str, int]], *, translate: bool) -> str:
    """https://meta.wikimedia.org/wiki/Tech/News/Manual"""
    year, week, _ = monday.isocalendar()

    def unit(words: str) -> str:
        return f"<translate><!--T:{next(units)}--> {words}</translate>" if translate else words

    units = iter(range(1, 99))
    mark = f"technews-{year}-W{week:02}"
    parts = [
        f'<section begin="{mark}"/><div class="plainlinks">\n',
        unit("Latest '''[[m:Special:MyLanguage/Tech/News|tech news]]''' from the Wikimedia technical community."),
    ]
    for section in SECTIONS:
        lines = [
            f"* {unit(words)} [https://phabricator.wikimedia.org/T{300000 + n}]"
            for s, words, n in items
            if s == section
        ]
        if section == SECTIONS[1]:
            lines.append(f"* {RECURRENT} {unit('View all 20 community-submitted tasks that were resolved last week.')}")
        if section == SECTIONS[2]:
            lines = [line.replace("* ", f"* {ADVANCED} ", 1) for line in lines]
            lines.append(f"* {RECURRENT} {unit('Detailed code updates later this week: [[mw:MediaWiki|MediaWiki]]')}")
        parts += [f"\n'''{unit(section)}'''\n", *lines] if lines else []
    parts.append("\n'''''[[m:Special:MyLanguage/Tech/News|Tech news]]''' prepared by [[m:Special:MyLanguage/Tech/News/"
                 "Writers|Tech News writers]]&nbsp;• [[m:Talk:Tech/News|Give feedback]].''")  # fmt: skip
    return "\n".join(parts) + f'\n</div><section end="{mark}"/>\n'


# --- all of them ----------------------------------------------------------------------------------------------------


def _what_is_promoted(_: Random, span: Span) -> Iterator[Edit]:
    """https://meta.wikimedia.org/wiki/Tech/News"""
    yield Edit(moment(span.start), "Tech/News", "'''Tech News''' tells what changes.", "as it was at the beginning")


OUTREACH = "Google Summer of Code/$year {{!}} Outreachy/Round $round"

FEEDS = (  # as smbot ships them in its settings, with the pages on the wiki of the sandbox
    Feed("MediaWiki News", "mediawiki-news", "News", "mediawiki", mediawiki_news),
    Feed("Technical blog", "technical-blog", year_blog.FILE, "wikitech", year_blog.blog, "| reposted by = mediawiki"),
    Feed("Tech News", "tech-news", "Tech/News", "wikitech", tech_news),
    Feed("Tech News, once a quarter", "promotion", "Tech/News", "wikitech", _what_is_promoted, "| evergreen = yes"),
    Feed("Newsletter", "newsletter", year_blog.PREFIX, "wikitech", year_blog.newsletter),
    Feed(
        "Technical talks", "technical-talks", year_dates.TALKS, "wikitech", year_dates.talks,
        "| reposted by = mediawiki | remind = day, hour",
    ),
    Feed(
        "Office hours", "office-hours", year_dates.OFFICE_HOURS, "wikitech", year_dates.office_hours,
        "| remind = day, hour",
    ),
    Feed(
        "Calls for mentors", "calls-for-mentors", OUTREACH, "mediawiki, wikitech", year_dates.outreach,
        "| remind = day",
    ),
    Feed("Calls for mentees", "calls-for-mentees", OUTREACH, "wikitech", nothing, "| remind = day"),
)  # fmt: skip
