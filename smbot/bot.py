"""One desk at work: look, plan, carry out, record. The only module that knows both the wiki and the networks.

    seen   = lookout.look()             everything read in this cycle
    plan   = desk.plan(...)             everything that shall be done, as values: print it, and it is a dry run
    report = desk.carry_out(plan)       memory first, then the networks, then the pages

The order is what makes a crash harmless: what is about to be sent is in the memory before it is sent, and the pages are
brought in line with the memory afterwards, by this run or by the next one.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from msgspec.structs import replace as put

from smbot import channels, gather, memory, pages, plan
from smbot.errors import ChannelError, Conflict, Rejected, UsageError, WikiError
from smbot.gather import Snapshot, titles
from smbot.lookout import Lookout
from smbot.memory import Delivery, Memory
from smbot.model import InDoubt, Media, Outcome, Posted
from smbot.pages import Edit
from smbot.plan import DONE_WITHIN, Plan
from smbot.wiki import Wiki

ROUNDS = 5  # how often in a row a cycle is begun anew because a page changed under it, with nothing done
PATIENCE = (1.0, 2.0, 4.0, 8.0, 16.0)  # seconds between tries to save what became of a post


@dataclass
class Report:
    """What one run did, for its operator: one line a thing, and whether anything needs a person."""

    done: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return "; ".join(self.done) or "nothing new"


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
        self.patience = patience
        self._run = secrets.token_hex(4)
        self._saves = 0
        self._channels: dict[str, channels.Channel] = {}
        self._lookout = Lookout(wiki, self._titles, self._channel, clock, ceiling)
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
        seen = self._lookout.look(deep=not send)
        after = _think(seen)
        if send and plan.due(after, seen):
            seen = self._lookout.look(deep=True)
            after = _think(seen)
            after = plan.settle_decisions(self._lookout.without_void(plan.due(after, seen), after), seen)
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
            seen = self._lookout.look(deep=False)
            mind.must_be_first(seen.memory_revision)
            mind.memory = plan.settle_decisions(mind.memory, seen) if not seen.settings.problems else mind.memory
        self._arrange(mind, seen, report)

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
            self._lookout.look_again(seen)
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


def _news(todo: Plan) -> list[str]:
    """What a plan adds, in words for the operator."""
    before = todo.seen.memory.known
    new = [known for id_, known in todo.memory.known.items() if id_ not in before]
    ended = [known for id_, known in todo.memory.known.items() if known.end and id_ in before and not before[id_].end]
    words = [f"{len(new)} new"] if new else []
    return words + ([f"{len(ended)} closed"] if ended else [])
