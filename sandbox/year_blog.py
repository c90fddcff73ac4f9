"""The technical blog of the simulated year, as WordPress serves it, and the newsletter, a new page each quarter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from html import escape
from random import Random

from sandbox.year_words import Edit, Span, moment, month_after

BLOG = "https://techblog.example.org"
FILE = "/feed"
SHOWN = 10  # entries that a feed has; WordPress's own number
A_WEEK = (0, 0, 1, 1, 1, 2)  # how many stories a week has, each as likely as another

# --- what is told twice -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Release:
    """A release of MediaWiki, of which both MediaWiki News and the blog tell."""

    version: str
    on_news: datetime
    on_blog: datetime

    @property
    def bullet(self) -> str:
        """https://www.mediawiki.org/wiki/News"""
        branch = self.version.rpartition(".")[0]
        return (
            f"[[mw:MediaWiki {branch}|MediaWiki {self.version}]] is released. "
            f"[[mw:Release notes/{branch}|Read the release notes]]."
        )


def releases(span: Span) -> list[Release]:
    """One each quarter, told within hours; now the wiki is first, now the blog."""
    found = []
    for number, month in enumerate(month for month in span.months if month.month % 3 == 1):
        first = moment(month + timedelta(days=8), "06:10")
        times = (first, first + timedelta(minutes=50))
        found.append(Release(f"1.{45 + number}.0", *(times if number % 2 else reversed(times))))
    return found


# --- the blog ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Story:
    """One entry of the feed."""

    number: int
    at: datetime
    title: str
    text: str
    guid: str = ""

    @property
    def link(self) -> str:
        return f"{BLOG}/{self.at:%Y/%m/%d}/story-{self.number}/"

    @property
    def item(self) -> str:
        """https://www.rssboard.org/rss-specification, as WordPress 6.8 writes it."""
        return f"""\
	<item>
		<title>{escape(self.title)}</title>
		<link>{self.link}?utm_source=rss&#038;utm_medium=rss&#038;utm_campaign=story-{self.number}</link>
					<comments>{self.link}#respond</comments>

		<dc:creator><![CDATA[A. Developer]]></dc:creator>
		<pubDate>{self.at:%a, %d %b %Y %H:%M:%S} +0000</pubDate>
				<category><![CDATA[MediaWiki]]></category>
		<guid isPermaLink="false">{self.guid or f"{BLOG}/?p={self.number}"}</guid>

					<description><![CDATA[<p>{self.text} This is how it was done, without [&#8230;]</p>
<p>The post <a href="{self.link}">{escape(self.title)}</a> appeared first on <a href="{BLOG}">Technical Blog</a>.</p>
]]></description>
		<content:encoded><![CDATA[<p>{self.text}</p>]]></content:encoded>
	</item>
"""


_TOPICS = """\
image thumbnails|search for small wikis|fonts of many scripts|the parser|caches around the world|database schemas
accessible dialogs|the edit filter|mobile maps|notifications|page previews|machine translation|bot passwords
statistics without tracking|the deployment train|unit tests|dark colours|citations|short links|music notation
""".replace("\n", "|").strip("|").split("|")  # fmt: skip
_TITLES = (
    "What a thousand bug reports taught us about {}",
    "Five years of {}: a look back",
    "A volunteer rebuilds {}",
    "Inside {}, explained with drawings",
    "The hackathon project that changed {}",
)
_TEXTS = (
    "When Anwar opened the code of {}, he found a comment from 2009.",
    "Nobody had looked at {} for a long time, until a patch broke on a Friday.",
    "We measured {} on slow phones, and did not like what we saw.",
    "Most readers never notice {}, and that is the point.",
)


def _stories(random: Random, span: Span) -> Iterator[Story]:
    """Stories from five weeks before on, with those about releases among them."""
    titles = [(title, topic) for title in _TITLES for topic in _TOPICS]
    random.shuffle(titles)
    number = 4000
    for week in range(-12, span.weeks):
        for _ in range(1 if week < 0 else random.choice(A_WEEK)):
            day = span.start + timedelta(days=7 * week + random.randint(0, 4))
            title, topic = titles.pop()
            number += random.randint(1, 40)
            at = moment(day) + timedelta(minutes=random.randint(8 * 60, 20 * 60))
            yield Story(number, at, title.format(topic), random.choice(_TEXTS).format(topic))
    for each in releases(span):
        number += 50
        text = f"MediaWiki {each.version} is out, with the work of {number} people."
        yield Story(number, each.on_blog, f"MediaWiki {each.version} is released", text)


def blog(random: Random, span: Span) -> Iterator[Edit]:
    """A feed of the ten newest stories: the second gets another title, the fourth another id, the sixth is taken off.

    So does every tenth after them.
    """
    stories = sorted(_stories(random, span), key=lambda story: story.at)
    start = moment(span.start)
    told: list[Story] = [story for story in stories if story.at < start]
    yield Edit(start, FILE, _feed(told), "as it was at the beginning")
    changes: list[tuple[datetime, Story, Story | None, str]] = []
    for place, story in enumerate(story for story in stories if story.at >= start):
        changes.append((story.at, story, story, "story"))
        later = story.at + timedelta(hours=22)
        if place % 10 == 1:
            changes.append((later, story, replace(story, title=f"{story.title}, in short"), "another title"))
        elif place % 10 == 3:
            changes.append((later, story, replace(story, guid=f"{story.link}?new"), "another id"))
        elif place % 10 == 5:
            changes.append((later, story, None, "taken off"))
    for at, story, after, why in sorted(changes, key=lambda change: change[0]):
        told = [each for each in told if each.number != story.number] + ([after] if after else [])
        yield Edit(at, FILE, _feed(told), why, int(why == "story"))


def _feed(told: list[Story]) -> str:
    newest = sorted(told, key=lambda story: story.at, reverse=True)[:SHOWN]
    return f"""\
<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"
	xmlns:content="http://purl.org/rss/1.0/modules/content/"
	xmlns:dc="http://purl.org/dc/elements/1.1/"
	xmlns:atom="http://www.w3.org/2005/Atom">
<channel>
	<title>Technical Blog</title>
	<atom:link href="{BLOG}/feed/" rel="self" type="application/rss+xml" />
	<link>{BLOG}</link>
	<description>Technical stories</description>
	<lastBuildDate>{max(story.at for story in newest):%a, %d %b %Y %H:%M:%S} +0000</lastBuildDate>
	<language>en-US</language>
	<generator>https://wordpress.org/?v=6.8.1</generator>
{"".join(story.item for story in newest)}</channel>
</rss>
"""


# --- the newsletter ---------------------------------------------------------------------------------------------------

PREFIX = "Technical Community Newsletter/"


def newsletter(random: Random, span: Span) -> Iterator[Edit]:
    """A new page in the first month of each quarter, corrected on the next day, and its translation."""
    for month in (month for month in span.months if month.month % 3 == 1):
        title = f"{PREFIX}{month:%Y/%B}"
        at = moment(month + timedelta(days=18), "15:20")
        text = _issue(month, random)
        yield Edit(at, title, text, "new issue", 1)
        yield Edit(
            at + timedelta(hours=20), title, text.replace("their first patch", "their very first patch"), "corrected"
        )
        yield Edit(at + timedelta(hours=30), f"{title}/de", "Willkommen zum neuen Rundbrief, es gibt viel.", "German")


def _issue(month: date, random: Random) -> str:
    until = month_after(month, 3)
    return (
        "{{Technical Community Newsletter/Header}}\n<languages />\n<translate>\n<!--T:1-->\nHello, everybody!\n\n"
        f"== Highlights ==\n<!--T:2-->\nIn the last quarter {random.randint(200, 900)} people sent their first patch. "
        f"The next issue comes in {until:%B}.\n</translate>\n"
    )
