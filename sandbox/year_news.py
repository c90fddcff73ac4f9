"""What is written on the wiki in the simulated year: news in the real forms, which appears, changes and goes.

Everything here is worked out from a seed before the year begins. A further source is one more row in `FEEDS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random


@dataclass(frozen=True)
class Edit:
    """The text a page has from some time on; `news` is how many pieces of news are on it for the first time."""

    at: datetime
    title: str
    text: str
    summary: str
    news: int = 0


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


@dataclass(frozen=True)
class Feed:
    """A source as the settings name it, and all that happens to its pages."""

    name: str
    kind: str
    page: str
    accounts: str
    edits: Callable[[Random, Span], Iterator[Edit]]
    more: str = ""  # further arguments of {{Smbot/source}}

    @property
    def row(self) -> str:
        """Its row on the settings page."""
        return (
            f"{{{{Smbot/source | source = {self.name} | kind = {self.kind} | page = {self.page} "
            f"| accounts = {self.accounts} {self.more}}}}}"
        )


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


# --- MediaWiki News -------------------------------------------------------------------------------------------------

A_WEEK = (0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5)  # how many pieces of news a week has, each as likely as another
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


FEEDS = (
    Feed("MediaWiki News", "mediawiki-news", "News", "mediawiki", mediawiki_news),
    Feed("Tech News", "tech-news", "Tech/News", "wikitech", tech_news),
)


# --- requests -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wish:
    """What somebody asks for at some time: the arguments as first typed, as put right, and when it is taken back."""

    at: datetime
    name: str
    typed: dict[str, str]
    meant: dict[str, str]
    withdrawn: datetime | None = None


def wishes(random: Random, span: Span, first: int) -> list[Wish]:
    """About three in four weeks by one person; a third with a mistake, a tenth withdrawn, a third with times."""
    writer = Writer(random, first)
    found = []
    for week in range(span.weeks):
        if random.random() > 0.75:
            continue
        day = span.start + timedelta(days=7 * week + random.randint(0, 6))
        at = datetime(day.year, day.month, day.day, random.randint(6, 21), random.randint(0, 59), tzinfo=UTC)
        found.append(_wish(random, at, writer))
    return found


def _wish(random: Random, at: datetime, writer: Writer) -> Wish:
    words = writer.sentence()
    meant = {"text": words, "accounts": random.choice(("mediawiki", "wikitech", "mediawiki, wikitech"))}
    if random.random() < 0.7:
        meant["link"] = f"https://www.mediawiki.org/wiki/Example_{writer.number}"
    if random.random() < 0.33:
        begin = at + timedelta(days=random.randint(1, 6))
        meant["not before"] = f"{begin:%Y-%m-%d %H:00}"
        if random.random() < 0.6:
            meant["not after"] = f"{begin + timedelta(days=random.randint(1, 5)):%Y-%m-%d %H:00}"
    typed = meant | random.choice(_mistakes(words)) if random.random() < 0.33 else meant
    withdrawn = at + timedelta(hours=random.randint(4, 72)) if random.random() < 0.1 else None
    return Wish(at, f"Wish {writer.number}", typed, meant, withdrawn)


def _mistakes(words: str) -> tuple[dict[str, str], ...]:
    """Things people type."""
    return (
        {"accounts": "wikitec"},
        {"accounts": ""},
        {"text": f"'''New:''' {words}"},
        {"text": f"{words} " + "This matters to everybody. " * 25},
        {"not after": "2026-02-30"},
        {"not before": "next Tuesday"},
        {"link": "www.mediawiki.org"},
    )
