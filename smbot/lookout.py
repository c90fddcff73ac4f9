"""Reading all that a cycle needs to know: pages, histories, sources, images, limits. A Snapshot comes out.

What did not change since it was remembered is not read again; what cannot be read holds up nothing else.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from msgspec.structs import replace as put

from smbot import channels, deliveries, gather, memory, plan, postlog, review, settings, sources
from smbot.errors import ChannelError, Conflict, UsageError, WikiError
from smbot.gather import Snapshot, Titles
from smbot.memory import Delivery, Limits, Memory
from smbot.model import File, Page, Reading, Rules, Site
from smbot.postlog import Done
from smbot.wiki import Wiki

LIMITS_LAST = timedelta(days=1)


class Lookout:
    """The eyes of one desk. `channel` gives a channel by its name, or raises UsageError."""

    def __init__(
        self,
        wiki: Wiki,
        titles: Titles,
        channel: Callable[[str], channels.Channel],
        clock: Callable[[], datetime],
        ceiling: int,
    ) -> None:
        self._wiki = wiki
        self._titles = titles
        self._channel = channel
        self._clock = clock
        self._ceiling = ceiling
        self._wikis: dict[str, Wiki] = {"": wiki}
        self._sites: dict[str, Site] = {}

    def look(self, *, deep: bool) -> Snapshot:
        """Read the pages of the desk, and when `deep` the sources, the images and the networks' limits too."""
        t = self._titles
        got = self._wiki.read([t.settings, t.memory, t.stop, t.queue, t.requests])
        mind = memory.load(got[t.memory].text)
        rules_page = settings.read(got[t.settings], sources.usual(), channels.NETWORKS)
        if deep:
            mind = self._ask_limits(mind, rules_page)
        seen = Snapshot(
            now=self._clock(),
            bot=self._wiki.bot,
            titles=t,
            settings=rules_page,
            memory=mind,
            memory_revision=got[t.memory].revision,
            queue=got[t.queue],
            stop=got[t.stop],
            rules=_rules(rules_page, mind),
            queue_history=self._wiki.history(got[t.queue], mind.queue) if mind.queue or mind.known else (),
            requests=got[t.requests],
            ceiling=self._ceiling,
        )
        if deep:
            seen = self._look_deeper(seen, got[t.requests])
        return self._look_at_hand_offs(replace(seen, files=self._files(seen)))

    def _look_deeper(self, seen: Snapshot, requests_page: Page) -> Snapshot:
        history = self._wiki.history(requests_page, seen.memory.requests)
        before = ""
        theirs = any(page.user != seen.bot for page in history)  # its own answers make nobody an author
        if theirs and history[0].parent and history[0].parent == seen.memory.requests:
            before = self._wiki.revision(history[0].parent)
        readings, unread = self._read_feeds(seen)
        return replace(
            seen,
            unread=unread,
            request_history=history,
            requests_before=before,
            readings=readings,
            picks=frozenset(f.name for f in seen.settings.feeds if sources.source(f.kind).PICK),
        )

    def _read_feeds(self, seen: Snapshot) -> tuple[dict[str, tuple[tuple[Page, Reading], ...]], dict[str, str]]:
        """What those feeds yield whose pages changed, and why others could not be read, by the names of the feeds.

        The pages of all feeds of one wiki are read at once.
        """
        feeds, now, days = seen.settings.feeds, seen.now, seen.settings.news_days
        choices = {feed.name: sources.source(feed.kind).wants(feed.page, now, days).pages for feed in feeds}
        got: dict[str, dict[str, Page]] = {}
        readings: dict[str, tuple[tuple[Page, Reading], ...]] = {}
        unread: dict[str, str] = {}
        for feed in feeds:
            try:
                if feed.wiki not in got:
                    wanted = itertools.chain(*(c for f in feeds if f.wiki == feed.wiki for c in choices[f.name]))
                    got[feed.wiki] = self._other_wiki(feed.wiki).read(wanted)
                if (read := self._read_feed(feed, choices[feed.name], got[feed.wiki], seen)) is not None:
                    readings[feed.name] = read
            except (WikiError, UsageError) as error:
                unread[feed.name] = str(error)
        return readings, unread

    def _read_feed(
        self, feed: settings.Feed, choices: Iterable[tuple[str, ...]], got: Mapping[str, Page], seen: Snapshot
    ) -> tuple[tuple[Page, Reading], ...] | None:
        """What the pages of a feed yield; None when none of them changed since they were last read."""
        reader = sources.source(feed.kind)
        there = [next((got[t] for t in choice if got[t].exists), got[choice[0]]) for choice in choices]
        remembered = (seen.memory.sources.get(gather.source_key(feed, page)) for page in there)
        if all(
            not page.exists or (state is not None and state.revision == page.revision)
            for page, state in zip(there, remembered, strict=True)
        ) and any(page.exists for page in there):
            return None
        site = self._site(feed.wiki)
        return tuple(
            (page, reader.read(page, site, feed.name, seen.now) if page.exists else Reading()) for page in there
        )

    def _files(self, seen: Snapshot) -> Mapping[str, File]:
        names = {card.candidate.image for card in review.read(seen.queue.text).values() if card}
        names |= {known.proposal.image for known in seen.memory.shown().values() if known.proposal}
        if seen.requests and "image" in seen.requests.text:
            names |= {request.candidate.image for request in gather.requests(seen, seen.requests)}
        wanted = sorted(names - {""})
        return self._wiki.files(wanted) if wanted else {}

    def _look_at_hand_offs(self, seen: Snapshot) -> Snapshot:
        """What people say on the log pages that they did; these are only read while something waits for a person."""
        logs: dict[str, Page] = {}
        found: dict[str, Done] = {}
        waiting = [d for d in deliveries.handed_off(seen.memory) if d.month in seen.memory.logs]
        titles = {f"{self._titles.log}/{d.month}": d.month for d in waiting}
        for title, page in self._wiki.read(titles).items() if titles else ():
            month = titles[title]
            logs[month], after = page, seen.memory.logs[month]
            keys = [d.key for d in waiting if d.month == month]
            found |= postlog.done_by_hand(self._wiki.history(page, after), after, keys)
        return replace(seen, logs=logs, done_by_hand=found)

    def _other_wiki(self, name: str) -> Wiki:
        if name not in self._wikis:
            self._wikis[name] = Wiki(name)
        return self._wikis[name]

    def _site(self, name: str) -> Site:
        if name not in self._sites:
            self._sites[name] = self._other_wiki(name).site()
        return self._sites[name]

    def _ask_limits(self, mind: Memory, rules_page: settings.Settings) -> Memory:
        """Ask each network once a day for its limits; one that cannot be asked keeps those it had."""
        now = self._clock()
        limits = dict(mind.limits)
        for account in rules_page.accounts.values():
            for channel in account.channels:
                old = limits.get(channel)
                if old and now - old.asked < LIMITS_LAST:
                    continue
                try:
                    limits[channel] = Limits(now, self._channel(channel).limits())
                except ChannelError:
                    limits[channel] = Limits(now, old.values if old else {})
                except UsageError:
                    continue
        return mind if limits == mind.limits else put(mind, limits=limits)

    def without_void(self, due: Iterable[Delivery], mind: Memory) -> Memory:
        """Just before sending: are those who approved blocked, are the approving revisions hidden?"""
        approvals = [a for id_ in {d.id for d in due} for a in mind.known[id_].standing.approvals if not a.void]
        if not approvals:
            return mind
        blocked = self._wiki.blocked(a.user for a in approvals)
        return plan.void(mind, blocked, self._wiki.hidden(a.revision for a in approvals))

    def look_again(self, seen: Snapshot) -> None:
        """The last look before every send. Raises Conflict unless stop page, settings and queue are as planned with."""
        t = self._titles
        now = self._wiki.read([t.stop, t.settings, t.queue])
        for before in (seen.stop, seen.queue):
            if now[before.title].revision != before.revision:
                raise Conflict(f"‘{before.title}’ was changed meanwhile.")
        if self._settings(now[t.settings]) != seen.settings:
            raise Conflict(f"‘{t.settings}’ was changed meanwhile.")

    def _settings(self, page: Page) -> settings.Settings:
        return settings.read(page, sources.usual(), channels.NETWORKS)


def _rules(rules_page: settings.Settings, mind: Memory) -> dict[str, Rules]:
    """The rules of every channel, by the limits its network last gave."""
    names = [channel for account in rules_page.accounts.values() for channel in account.channels]
    known = {name: mind.limits[name].values if name in mind.limits else {} for name in names}
    return {name: channels.network(name.split("/")[1]).rules(values) for name, values in known.items()}
