"""The contract every source keeps, and the table of the sources there are.

A source is one module here and one row in `SOURCES`. It only reads text it is given: which pages to fetch it says by
their titles, fetching them is the caller's part.
"""

from __future__ import annotations

from datetime import datetime
from importlib import import_module
from typing import Any, Protocol

from smbot.model import Page, Reading, Site

SOURCES = {
    "mediawiki-news": "smbot.sources.mediawiki_news",
    "tech-news": "smbot.sources.tech_news",
}


class Source(Protocol):
    """What a module in this package offers."""

    @property
    def WIKI(self) -> str:  # noqa: N802 - a constant of a module
        """Where it is read unless the operator says otherwise, as pywikibot's `family:code`."""

    @property
    def PAGE(self) -> str:  # noqa: N802
        """The page that is read there, or under which its pages lie."""

    @property
    def PICK(self) -> bool:  # noqa: N802
        """Whether maintainers pick from its items; the items of other sources are each proposed as a post."""

    def titles(self, page: str, now: datetime, days: int) -> list[tuple[str, ...]]:
        """The pages with the news of the last `days` days up to `now`, newest first.

        Each is a tuple of titles, best first: the first that exists is the one to read.
        """

    def read(self, page: Page, site: Site, source: str) -> Reading:
        """The news on an existing page of the wiki `site`, as items of `source` (the operator's name for it). Pure.

        Yielding nothing from a page that is no placeholder means that its form has changed: an alarm for the caller.
        """


def source(kind: str) -> Source:
    """The module of a source in `SOURCES`."""
    module: Any = import_module(SOURCES[kind])
    return module  # type: ignore[no-any-return]


def usual() -> dict[str, tuple[str, str]]:
    """Of every kind of source the wiki and page it is read from unless the settings say otherwise."""
    return {kind: (source(kind).WIKI, source(kind).PAGE) for kind in SOURCES}
