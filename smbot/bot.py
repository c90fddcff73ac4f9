"""One desk at work: look, plan, carry out, record. The only module that knows both the wiki and the networks.

    seen   = desk.look()                everything read in this cycle
    plan   = desk.plan(...)             everything that shall be done, as values: print it, and it is a dry run
    report = desk.carry_out(plan)       memory first, then the networks, then the pages

The order is what makes a crash harmless: what is about to be sent is in the memory before it is sent, and the pages are
brought in line with the memory afterwards, by this run or by the next one.
"""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace as put

from smbot import channels, gather, memory, pages, plan, review, settings, sources
from smbot.errors import ChannelError, Conflict, Rejected, UsageError, WikiError
from smbot.gather import Snapshot, Titles
from smbot.memory import Delivery, Limits, Memory
from smbot.model import File, InDoubt, Media, Outcome, Page, Posted, Reading, Rules, Site
from smbot.pages import Edit
from smbot.plan import DONE_WITHIN, Plan
from smbot.wiki import Wiki

ROUNDS = 5  # how often in a row a cycle is begun anew because a page changed under it, with nothing done
LIMITS_LAST = timedelta(days=1)
PATIENCE = (1.0, 2.0, 4.0, 8.0, 16.0)  # seconds between tries to save what became of a post


@dataclass
class Report:
    """What one run did, for its operator: one line a thing, and whether anything needs a person."""

    done: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return "; ".join(self.done) or "nothing new"


def titles(home: str, bot: str) -> Titles:
    """The pages of the desk whose pages lie below `home`; its memory is a page that only the bot can edit."""
    return Titles(
        settings=f"{home}/Settings",
        queue=f"{home}/Queue",
        requests=f"{home}/Requests",
        stop=f"{home}/Run",
        log=f"{home}/Log",
        memory=f"User:{bot}/{home.partition(':')[2] or home}.json",
    )


class Desk:
    """One wiki with its accounts."""

    def __init__(
        self,
        wiki: Wiki,
        home: str,
        environment: Mapping[str, str],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        ceiling: int = 10,
        patience: tuple[float, ...] = PATIENCE,
    ) -> None:
        self._wiki = wiki
        self._titles = titles(home, wiki.bot)
        self._environment = environment
        self._clock = clock
        self._ceiling = ceiling
        self.patience = patience
        self._run = secrets.token_hex(4)
        self._saves = 0
        self._wikis: dict[str, Wiki] = {"": wiki}
        self._sites: dict[str, Site] = {}
        self._channels: dict[str, channels.Channel] = {}
        self.stopping = False  # set from outside: finish the delivery at hand, begin no other

    # --- the three steps --------------------------------------------------------------------------------------------

    def work(self, *, send: bool) -> Report:
        """One cycle: collect, and with `send` publish. Begun anew when a page changed meanwhile.

        Raises WikiError when the wiki cannot be read or written: then nothing was sent that is not in the memory.
        """
        report = Report()
        fruitless = 0
        while True:
            done = len(report.done)
            try:
                self.carry_out(self.plan(send=send, report=report), report)
                report.problems = list(dict.fromkeys(report.problems))
                return report
            except Conflict:
                fruitless = fruitless + 1 if len(report.done) == done else 0
                if fruitless == ROUNDS:
                    raise

    def plan(self, *, send: bool, report: Report | None = None) -> Plan:
        """Read what has to be read, and work out what shall be done."""
        seen = self.look(deep=not send)
        after = _think(seen)
        if send and plan.due(after, seen):
            seen = self.look(deep=True)
            after = _think(seen)
            after = plan.settle_decisions(self._without_void(plan.due(after, seen), after), seen)
        if report is not None:
            report.problems += [str(problem) for problem in plan.stopped(seen)] + list(after.alarms.values())
            report.problems += [f"{name}: {why}" for name, why in seen.unread.items()]
            report.problems += [str(p) for found in seen.readings.values() for _, r in found for p in r.problems]
        return plan.plan(after, seen, send=send)

    def carry_out(self, todo: Plan, report: Report) -> None:
        """Memory, networks, pages: in this order. Raises Conflict when it has to be begun anew."""
        mind = _Mind(self, todo.memory, todo.seen.memory_revision)
        if todo.is_news:
            mind.save()
            report.done += _news(todo)
        for delivery in todo.doubts:
            self._resolve(mind, delivery, report)
        for delivery in todo.due:
            mind.must_be_first()
            if not self.stopping:
                self._deliver(mind, delivery, todo.seen, report)
        seen = todo.seen
        if todo.doubts or todo.due:
            seen = self.look(deep=False)
            mind.must_be_first(seen.memory_revision)
            mind.memory = plan.settle_decisions(mind.memory, seen) if not seen.settings.problems else mind.memory
        self._arrange(mind, seen, report)

    # --- look -------------------------------------------------------------------------------------------------------

    def look(self, *, deep: bool) -> Snapshot:
        """Read the pages of the desk, and when `deep` the sources, the images and the networks' limits too."""
        t = self._titles
        got = self._wiki.read([t.settings, t.memory, t.stop, t.queue, t.requests])
        mind = memory.load(got[t.memory].text)
        rules_page = settings.read(got[t.settings], _kinds(), channels.NETWORKS)
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
        return replace(seen, files=self._files(seen))

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
        choices = {feed.name: sources.source(feed.kind).titles(feed.page, now, days) for feed in feeds}
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
        return tuple((page, reader.read(page, site, feed.name) if page.exists else Reading()) for page in there)

    def _files(self, seen: Snapshot) -> Mapping[str, File]:
        names = {card.candidate.image for card in review.read(seen.queue.text).values() if card}
        names |= {known.proposal.image for known in seen.memory.open().values() if known.proposal}
        if seen.requests and "image" in seen.requests.text:
            names |= {request.candidate.image for request in gather.requests(seen, seen.requests)}
        wanted = sorted(names - {""})
        return self._wiki.files(wanted) if wanted else {}

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

    def _without_void(self, due: Iterable[Delivery], mind: Memory) -> Memory:
        """Just before sending: are those who approved blocked, are the approving revisions hidden?"""
        approvals = [a for id_ in {d.id for d in due} for a in mind.known[id_].standing.approvals if not a.void]
        if not approvals:
            return mind
        blocked = self._wiki.blocked(a.user for a in approvals)
        return plan.void(mind, blocked, self._wiki.hidden(a.revision for a in approvals))

    # --- networks ---------------------------------------------------------------------------------------------------

    def _channel(self, name: str) -> channels.Channel:
        if name not in self._channels:
            self._channels[name] = channels.connect(name, self._environment)
        return self._channels[name]

    def _deliver(self, mind: _Mind, delivery: Delivery, seen: Snapshot, report: Report) -> None:
        """Write, send, write."""
        try:
            channel = self._channel(delivery.channel)
            media = self._media(delivery, seen)
        except (UsageError, WikiError) as error:
            report.problems.append(f"{delivery.channel}: {error}")
            return
        begun = time.monotonic()
        delivery = put(delivery, since=self._clock(), run=self._run)
        mind.keep(plan.begin(mind.memory, delivery, self._run))
        try:
            self._look_again(seen)
            if time.monotonic() - begun > DONE_WITHIN.total_seconds():
                raise WikiError("The wiki is too slow to be sure that it still says so.")
        except WikiError:
            mind.insist(lambda now: plan.forget(now, delivery) if plan.is_begun(now, delivery) else now)
            raise
        outcome = channel.post(delivery.text, media, delivery.key, self._clock())
        if isinstance(outcome, InDoubt):
            outcome = self._looked_for(channel, delivery) or outcome
        self._record(mind, delivery, outcome, report)

    def _looked_for(self, channel: channels.Channel, delivery: Delivery) -> Posted | None:
        """A post of which it is not known whether it went out, if it is seen to be out."""
        try:
            return channel.find(delivery.text, delivery.key, delivery.since)
        except ChannelError:
            return None

    def _record(self, mind: _Mind, delivery: Delivery, outcome: Outcome, report: Report) -> None:
        """Save what became of a delivery. That it is out is true whatever another process has found meanwhile."""

        def change(now: Memory) -> Memory:
            sure = isinstance(outcome, Posted) or plan.is_begun(now, delivery)
            return plan.record(now, delivery, outcome) if sure else now

        mind.insist(change)
        if isinstance(outcome, Posted):
            report.done.append(f"posted {delivery.key} {outcome.url}")
        else:
            after = mind.memory.deliveries.get(delivery.key, delivery)
            report.problems.append(f"{delivery.key}: {after.state}: {outcome.reason}")

    def _resolve(self, mind: _Mind, delivery: Delivery, report: Report) -> None:
        """Ask the network about a delivery that was begun and never finished. Never send it again blindly."""
        try:
            found = self._channel(delivery.channel).find(delivery.text, delivery.key, delivery.since)
        except (ChannelError, UsageError) as error:
            if self._clock() - delivery.since > plan.ASK_FOR:
                self._record(mind, delivery, InDoubt(f"A run ended while sending it; {error}"), report)
            else:
                report.problems.append(f"{delivery.key} was being sent when a run ended; {error}")
            return
        if found:
            self._record(mind, delivery, found, report)
        else:
            mind.insist(lambda now: plan.forget(now, delivery) if plan.is_begun(now, delivery) else now)
            report.done.append(f"{delivery.key} had not gone out; it will")

    def _media(self, delivery: Delivery, seen: Snapshot) -> tuple[Media, ...]:
        limit = seen.rules[delivery.channel].image_bytes
        files = [(seen.files[image.file], image.alt) for image in delivery.text.images]
        return tuple(Media(self._wiki.download(file, limit), file.mime, alt) for file, alt in files)

    def _look_again(self, seen: Snapshot) -> None:
        """The last look before every send. Raises Conflict unless stop page, settings and queue are as planned with."""
        t = self._titles
        now = self._wiki.read([t.stop, t.settings, t.queue])
        for before in (seen.stop, seen.queue):
            if now[before.title].revision != before.revision:
                raise Conflict(f"‘{before.title}’ was changed meanwhile.")
        if self._settings(now[t.settings]) != seen.settings:
            raise Conflict(f"‘{t.settings}’ was changed meanwhile.")

    def _settings(self, page: Page) -> settings.Settings:
        return settings.read(page, _kinds(), channels.NETWORKS)

    # --- pages ------------------------------------------------------------------------------------------------------

    def _arrange(self, mind: _Mind, seen: Snapshot, report: Report) -> None:
        """Bring log, request page and queue in line with the memory. The queue tells which of them could not be."""
        troubles: list[str] = []
        logged: list[Delivery] = []
        for month, deliveries in pages.unlogged(mind.memory).items():
            page = self._wiki.read([f"{self._titles.log}/{month}"])[f"{self._titles.log}/{month}"]
            if self._save(pages.log_edit(page, deliveries, mind.memory), troubles):
                logged += deliveries
        self._save(pages.requests_edit(mind.memory, seen), troubles)
        self._save(pages.queue_edit(mind.memory, seen, tuple(troubles)), troubles)
        report.problems += troubles
        if logged:
            mind.insist(lambda now: pages.logged(now, logged))

    def _save(self, edit: Edit | None, troubles: list[str]) -> bool:
        """Save a page for people, unless it is so already. One that the wiki refuses holds up no other."""
        try:
            if edit:
                self._wiki.save(edit.title, edit.text, edit.base, edit.summary)
        except Rejected as error:
            troubles.append(str(error))
            return False
        return True

    def save_memory(self, mind: Memory, base: int) -> int:
        """Save the memory page if it is still at `base`; the new revision. Raises Conflict."""
        self._saves += 1
        mind = put(mind, run=f"{self._run}-{self._saves}")
        return self._wiki.save(self._titles.memory, memory.dump(mind), base, "smbot remembers")

    def load_memory(self) -> tuple[Memory, int]:
        """The memory as it is on the wiki now, and its revision."""
        page = self._wiki.read([self._titles.memory])[self._titles.memory]
        return memory.load(page.text), page.revision


def _think(seen: Snapshot) -> Memory:
    """Take in what was seen. With a problem in the settings nobody's word can be trusted, so nothing is taken in."""
    if seen.settings.problems:
        return seen.memory
    return plan.settle_decisions(gather.gather(seen.memory, seen), seen)


class _Mind:
    """The memory during one run, with the revision it was last saved at."""

    def __init__(self, desk: Desk, mind: Memory, revision: int) -> None:
        self._desk = desk
        self.memory = mind
        self._revision = revision
        self._overtaken = False

    def must_be_first(self, revision: int = 0) -> None:
        """Raise Conflict when another process saved since it was planned what to do: that has to be planned anew."""
        if self._overtaken or revision not in (0, self._revision):
            raise Conflict("Another process is at work on the same pages.")

    def save(self) -> None:
        """Save it as it is. Raises Conflict when another process saved meanwhile."""
        self._revision = self._desk.save_memory(self.memory, self._revision)

    def keep(self, changed: Memory) -> None:
        """Save a change; only when it is saved, it is so."""
        self._revision = self._desk.save_memory(changed, self._revision)
        self.memory = changed

    def insist(self, change: Callable[[Memory], Memory]) -> None:
        """Save a change to whatever the memory has become meanwhile, trying for a while when the wiki does not take it.

        Raises WikiError when it never does: then the delivery is found as `sending` by a later run.
        """
        waits = iter(self._desk.patience)
        stale = False
        while True:
            try:
                if stale:
                    self.memory, self._revision = self._desk.load_memory()
                self.keep(change(self.memory))
                return
            except Conflict:
                stale = self._overtaken = True
            except WikiError:
                wait = next(waits, None)
                if wait is None:
                    raise
                time.sleep(wait)


def _kinds() -> Mapping[str, tuple[str, str]]:
    return {kind: (sources.source(kind).WIKI, sources.source(kind).PAGE) for kind in sources.SOURCES}


def _rules(rules_page: settings.Settings, mind: Memory) -> dict[str, Rules]:
    """The rules of every channel, by the limits its network last gave."""
    names = [channel for account in rules_page.accounts.values() for channel in account.channels]
    known = {name: mind.limits[name].values if name in mind.limits else {} for name in names}
    return {name: channels.network(name.split("/")[1]).rules(values) for name, values in known.items()}


def _news(todo: Plan) -> list[str]:
    """What a plan adds, in words for the operator."""
    before = todo.seen.memory.known
    new = [known for id_, known in todo.memory.known.items() if id_ not in before]
    ended = [known for id_, known in todo.memory.known.items() if known.end and id_ in before and not before[id_].end]
    words = [f"{len(new)} new"] if new else []
    return words + ([f"{len(ended)} closed"] if ended else [])
