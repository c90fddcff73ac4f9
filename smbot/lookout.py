"""Reading all that a cycle needs to know: pages, histories, sources, images, limits. A Snapshot comes out.

What did not change since it was remembered is not read again; what cannot be read holds up nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache

from msgspec.structs import replace

from smbot import channels, deliveries, gather, memory, messages, plan, postlog, review, settings, sources
from smbot.errors import ChannelError, Conflict, UsageError
from smbot.gather import Snapshot, Titles
from smbot.memory import Delivery, Limits, Memory
from smbot.messages import say
from smbot.model import File, Page, Rules
from smbot.newsstand import Newsstand
from smbot.postlog import Done
from smbot.publicweb import USUAL, Guard
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
        guard: Guard = USUAL,
    ) -> None:
        self._wiki = wiki
        self._titles = titles
        self._channel = channel
        self._clock = clock
        self._ceiling = ceiling
        self._wikis: dict[str, Wiki] = {"": wiki}
        self._newsstand = Newsstand(self._other_wiki, guard)

    def look(self, *, deep: bool, before: Snapshot | None = None) -> Snapshot:
        """Read the pages of the desk, and when `deep` the sources, the images and the networks' limits too.

        What was seen `before` is neither read nor composed again. From then on the language of the desk is spoken.
        """
        t = self._titles
        got = self._wiki.read(
            [t.settings, t.memory, t.stop, t.queue, t.requests, t.wording, t.status, t.data, t.channels]
        )
        rules_page = self._settings(got[t.settings])
        mind = memory.load(got[t.memory].text)
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
            queue_history=self._queue_history(got[t.queue], mind, before),
            requests=got[t.requests],
            ceiling=self._ceiling,
            wordings=settings.read_wordings(got[t.wording]),
            status=got[t.status],
            data=got[t.data],
            channels=got[t.channels],
            language=messages.spoken(),
        )
        if deep or not (rules_page.problems or got[t.requests].user == seen.bot):  # its own answers ask for nothing
            seen = self._look_at_requests(seen, got[t.requests], before)
        if deep:
            seen = self._look_deeper(seen)
        seen = replace(seen, files=self._files(seen))
        if before and all(getattr(before, name) == getattr(seen, name) for name in ("settings", "rules", "files")):
            seen = replace(seen, composed=before.composed)
        return self._look_at_hand_offs(seen)

    def _queue_history(self, queue: Page, mind: Memory, before: Snapshot | None) -> tuple[Page, ...]:
        if before and (before.queue.revision, before.memory.queue) == (queue.revision, mind.queue):
            return before.queue_history
        return self._wiki.history(queue, mind.queue) if mind.queue or mind.known else ()

    def _look_at_requests(self, seen: Snapshot, page: Page, before: Snapshot | None) -> Snapshot:
        """What people did to the requests since they were taken in; where that was just now, what they did `before`."""
        if before and before.requests == page and seen.memory.requests == page.revision:
            return replace(seen, request_history=before.request_history, requests_before=before.requests_before)
        history = self._wiki.history(page, seen.memory.requests)
        text = ""
        theirs = any(page.user != seen.bot for page in history)  # its own answers make nobody an author
        if theirs and history[0].parent and history[0].parent == seen.memory.requests:
            text = self._wiki.revision(history[0].parent)
        return replace(seen, request_history=history, requests_before=text)

    def _look_deeper(self, seen: Snapshot) -> Snapshot:
        days = seen.settings.news_days
        readings, unread = self._newsstand.read(seen.settings.feeds, seen.memory.sources, seen.now, days)
        return replace(
            seen,
            unread=unread,
            readings=readings,
            picks=frozenset(f.name for f in seen.settings.feeds if sources.source(f.kind).PICK),
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
        return mind if limits == mind.limits else replace(mind, limits=limits)

    def without_void(self, due: Iterable[Delivery], mind: Memory) -> Memory:
        """Just before sending: are those who approved blocked, are the approving revisions hidden?"""
        approvals = [a for id_ in {d.id for d in due} for a in mind.known[id_].standing.approvals if not a.void]
        if not approvals:
            return mind
        blocked = self._wiki.blocked(a.user for a in approvals if a.user)
        return plan.void(mind, blocked, self._wiki.hidden(a.revision for a in approvals))

    def look_again(self, seen: Snapshot) -> None:
        """The last look before every send. Raises Conflict unless stop page, settings and queue are as planned with."""
        t = self._titles
        now = self._wiki.read([t.stop, t.settings, t.queue])
        for before in (seen.stop, seen.queue):
            if now[before.title].revision != before.revision:
                raise Conflict(say("log-changed-meanwhile", before.title))
        if self._settings(now[t.settings]) != seen.settings:
            raise Conflict(say("log-changed-meanwhile", t.settings))

    def _settings(self, page: Page) -> settings.Settings:
        """Read the settings in the language of the desk: the one they name, or else the wiki's."""
        messages.speak(page.language or messages.SOURCE)
        found = _read_settings(page, messages.spoken())
        if found.language in ("", page.language):
            return found
        messages.speak(found.language)
        return _read_settings(page, found.language)


@lru_cache(maxsize=4)
def _read_settings(page: Page, _language: str) -> settings.Settings:
    """Settings, with their problems told in this language, which is the one that is spoken."""
    return settings.read(page, sources.usual(), channels.NETWORKS)


def _rules(rules_page: settings.Settings, mind: Memory) -> dict[str, Rules]:
    """The rules of every channel, by the limits its network last gave."""
    names = [channel for account in rules_page.accounts.values() for channel in account.channels]
    known = {name: mind.limits[name].values if name in mind.limits else {} for name in names}
    return {name: channels.network(name.split("/")[1]).rules(values) for name, values in known.items()}
