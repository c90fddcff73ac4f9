"""The contract every source keeps, and the table of the sources there are.

A source is one module here and one row in `SOURCES`. It only reads text it is given: what to fetch it says by `wants`,
fetching is the caller's part.
"""

from __future__ import annotations

from datetime import datetime
from importlib import import_module
from typing import Any, Protocol

from msgspec import Struct

from smbot.model import Page, Reading, Site

SOURCES = {
    "mediawiki-news": "smbot.sources.mediawiki_news",
    "tech-news": "smbot.sources.tech_news",
    "promotion": "smbot.sources.promotion",
    "technical-blog": "smbot.sources.web_feed:technical_blog",
    "newsletter": "smbot.sources.new_pages:newsletter",
    "technical-talks": "smbot.sources.talks",
    "office-hours": "smbot.sources.office_hours",
    "calls-for-mentors": "smbot.sources.calls:mentors",
    "calls-for-mentees": "smbot.sources.calls:mentees",
    "events": "smbot.sources.events",
    "calendar": "smbot.sources.calendar_file",
    "new-pages": "smbot.sources.new_pages:any_pages",
    "feed": "smbot.sources.web_feed:any_feed",
}


class Wants(Struct, frozen=True):
    """What has to be fetched for a source.

    `pages` are wiki pages, newest first, each a tuple of titles of which the first that exists is read. `listing` is a
    category ('Category:…') or the beginning of page names ('Newsletter/'): once a day the pages newly made there are
    looked for. `address` is a file on the public web. What is `daily` is read again every day, as what it yields
    depends on that.
    """

    pages: tuple[tuple[str, ...], ...] = ()
    listing: str = ""
    address: str = ""
    daily: bool = False


class Source(Protocol):
    """What a module in this package offers."""

    @property
    def WIKI(self) -> str:  # noqa: N802 - a constant of a module
        """Where it is read unless the settings say otherwise, as pywikibot's `family:code`."""

    @property
    def PAGE(self) -> str:  # noqa: N802
        """The page, beginning of page names, or web address that is read; '' where the settings have to say it."""

    @property
    def PICK(self) -> bool:  # noqa: N802
        """Whether maintainers pick from its items; the items of other sources are each proposed as a post."""

    @property
    def POST(self) -> str:  # noqa: N802
        """How an item becomes a post, for `smbot.wording`, unless the wiki says otherwise."""

    def wants(self, page: str, now: datetime, days: int) -> Wants:
        """What has to be fetched to know the news of the last `days` days up to `now`."""

    def read(self, page: Page, site: Site, source: str, now: datetime) -> Reading:
        """The news on an existing page of the wiki `site`, as items of `source` (the operator's name for it). Pure.

        A file from the web comes as a page, too: its title is its address. Yielding nothing from a page that is no
        placeholder means that its form has changed: an alarm for the caller.
        """


def source(kind: str) -> Source:
    """The source of that kind in `SOURCES`: a module, or 'module:attribute'."""
    module, _, attribute = SOURCES[kind].partition(":")
    found: Any = import_module(module)
    return getattr(found, attribute) if attribute else found  # type: ignore[no-any-return]


def usual() -> dict[str, tuple[str, str]]:
    """Of every kind of source the wiki and page it is read from unless the settings say otherwise."""
    return {kind: (source(kind).WIKI, source(kind).PAGE) for kind in SOURCES}
