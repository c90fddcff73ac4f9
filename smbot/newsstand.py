"""What the sources yield now: wiki pages, newly made pages, files on the web. Only what may have changed is read.

The pages of all sources on one wiki are read at once. A source that cannot be read keeps no other from being read.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zlib import crc32

from msgspec.structs import replace

from smbot import sources
from smbot.errors import UsageError, WebError, WikiError
from smbot.memory import SourceState
from smbot.messages import say
from smbot.model import Page, Reading, Site
from smbot.news import source_key
from smbot.publicweb import USUAL, Guard, Unchanged, fetch
from smbot.settings import Feed
from smbot.sources import Wants

if TYPE_CHECKING:
    from smbot.wiki import Wiki

POLL = timedelta(minutes=10)  # a process asks the same server no more often
_KINDS = "application/atom+xml, application/rss+xml, application/rdf+xml, text/calendar, text/xml;q=0.9, */*;q=0.5"

Found = tuple[tuple[Page, Reading], ...]


class Newsstand:
    """Where all sources are read. `wiki` gives a wiki by name; `guard` says what may be reached on the web."""

    def __init__(self, wiki: Callable[[str], Wiki], guard: Guard = USUAL) -> None:
        self._wiki = wiki
        self._guard = guard
        self._sites: dict[str, Site] = {}
        self._said: dict[str, tuple[datetime, Page | WebError | None]] = {}

    def read(
        self, feeds: Iterable[Feed], states: Mapping[str, SourceState], now: datetime, days: int
    ) -> tuple[dict[str, Found], dict[str, str]]:
        """What those feeds yield that changed, and why others could not be read, by the names of the feeds."""
        feeds = tuple(feeds)
        wants = {feed.name: sources.source(feed.kind).wants(feed.page, now, days) for feed in feeds}
        reading = _Reading(self, states, now, days, feeds, wants)
        found: dict[str, Found] = {}
        unread: dict[str, str] = {}
        for feed in feeds:
            try:
                if yields := reading.of(feed):
                    found[feed.name] = yields
            except (WikiError, UsageError, WebError) as error:
                unread[feed.name] = str(error)
            except Exception as error:  # noqa: BLE001 - whatever a page makes of a reader, the others go on
                unread[feed.name] = say("source-defect", type(error).__name__)
        return found, unread

    def wiki(self, name: str) -> Wiki:
        """A wiki to read. Raises UsageError or WikiError."""
        return self._wiki(name)

    def site(self, name: str) -> Site:
        """How the links of a wiki become addresses."""
        if name not in self._sites:
            self._sites[name] = self._wiki(name).site()
        return self._sites[name]

    def get(self, address: str, before: SourceState | None, now: datetime) -> Page | None:
        """A file on the web as a page, its `revision` still to be given; None when it is what it was `before`.

        Raises WebError. For ten minutes the same is said without asking again; several sources may read one address.
        """
        asked, said = self._said.get(address, (None, None))
        if asked is None or now - asked >= POLL or (said is None and before is None):
            try:
                said = self._fetch(address, before, now)
            except WebError as error:
                said = error
            self._said[address] = (now, said)
        if isinstance(said, WebError):
            raise said
        return said

    def _fetch(self, address: str, before: SourceState | None, now: datetime) -> Page | None:
        from smbot.sources.web_feed import text_of

        etag, modified = (before.etag, before.modified) if before else ("", "")
        got = fetch(address, etag=etag, modified=modified, kinds=_KINDS, guard=self._guard)
        if isinstance(got, Unchanged):
            return None
        return Page(address, 1, text_of(got.body, got.kind), address, now, etag=got.etag, modified=got.modified)


class _Reading:
    """One look at all feeds."""

    def __init__(
        self,
        stand: Newsstand,
        states: Mapping[str, SourceState],
        now: datetime,
        days: int,
        feeds: tuple[Feed, ...],
        wants: Mapping[str, Wants],
    ) -> None:
        self._stand, self._states, self._now, self._days = stand, states, now, days
        self._feeds, self._wants = feeds, wants
        self._got: dict[str, dict[str, Page]] = {}

    def of(self, feed: Feed) -> Found | None:
        """What a feed yields; None when nothing of it changed since it was last read."""
        want = self._wants[feed.name]
        if want.address:
            return self._from_web(feed, want)
        if want.listing:
            return self._newly_made(feed, want)
        pages = self._pages(feed, want)
        if all(self._is_known(feed, page) for page in pages) and any(page.exists for page in pages):
            return None
        return self._read(feed, pages)

    def _read(self, feed: Feed, pages: Iterable[Page]) -> Found:
        reader, site = sources.source(feed.kind), self._stand.site(feed.wiki)
        return tuple(
            (page, reader.read(page, site, feed.name, self._now) if page.exists else Reading()) for page in pages
        )

    def _pages(self, feed: Feed, want: Wants) -> list[Page]:
        """Of each choice of titles the first that exists."""
        if feed.wiki not in self._got:
            wanted = (self._wants[other.name].pages for other in self._feeds if other.wiki == feed.wiki)
            self._got[feed.wiki] = self._stand.wiki(feed.wiki).read(itertools.chain(*itertools.chain(*wanted)))
        got = self._got[feed.wiki]
        return [next((got[t] for t in choice if got[t].exists), got[choice[0]]) for choice in want.pages]

    def _newly_made(self, feed: Feed, want: Wants) -> Found | None:
        """What the pages made of late yield that are not known as they are now.

        A listing costs a request, so it is looked at once a day. It stands for a page that says no news by itself.
        """
        listing = Page(want.listing, revision=1)
        state = self._states.get(source_key(feed, listing))
        if state and state.day == self._now.date():
            return None
        wiki = self._stand.wiki(feed.wiki)
        made = wiki.newly_made([want.listing], self._now - timedelta(days=self._days))[want.listing]
        new = [page for page in made if not self._is_known(feed, page)]
        texts = wiki.read(page.title for page in new) if new else {}
        pages = [replace(texts[page.title], created=page.created) for page in new]
        return ((listing, Reading(placeholder=True)), *self._read(feed, pages))

    def _is_known(self, feed: Feed, page: Page) -> bool:
        """Whether it was read as it is now, and today if it is daily. A page that does not exist says nothing new."""
        state = self._states.get(source_key(feed, page))
        if not page.exists:
            return True
        stale = self._wants[feed.name].daily and state is not None and state.day != self._now.date()
        return state is not None and state.revision == page.revision and not stale

    def _from_web(self, feed: Feed, want: Wants) -> Found | None:
        state = self._states.get(source_key(feed, Page(want.address)))
        stale = want.daily and state is not None and state.day != self._now.date()
        page = self._stand.get(want.address, None if stale else state, self._now)
        if page is None:
            return None
        reading = sources.source(feed.kind).read(page, Site(""), feed.name, self._now)
        # what matters is what it yields: the times and counts in a feed change with every visit
        page = replace(page, revision=crc32(repr((reading.items, reading.placeholder)).encode()) or 1)
        return None if self._is_known(feed, page) else ((page, reading),)
