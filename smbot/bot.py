"""One desk at work: look, plan, carry out, record. The only module that knows both the wiki and the networks.

    seen   = lookout.look()             everything read in this cycle
    plan   = desk.plan(...)             everything that shall be done, as values: print it, and it is a dry run
    report = desk.carry_out(plan)       memory first, then the networks, then the pages

The order is what makes a crash harmless: what is about to be sent is in the memory before it is sent, and the pages are
brought in line with the memory afterwards, by this run or by the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import cache

from smbot import channels, channels_page, gather, messages, notices, pages, plan, statusdata, statuspage
from smbot.errors import Conflict, Rejected
from smbot.gather import Snapshot, titles
from smbot.lookout import Lookout
from smbot.memory import Memory
from smbot.messages import say
from smbot.mind import PATIENCE, Keeper, Mind
from smbot.overview import overview
from smbot.pages import Edit
from smbot.plan import Plan
from smbot.publicweb import USUAL, Guard
from smbot.report import Report
from smbot.wiki import Wiki

ROUNDS = 5  # how often in a row a cycle is begun anew because a page changed under it, with nothing done


class Desk:
    """One wiki with its accounts. Time is the wiki's, unless a `clock` is given."""

    def __init__(
        self,
        wiki: Wiki,
        home: str,
        environment: Mapping[str, str],
        clock: Callable[[], datetime] | None = None,
        ceiling: int = 10,
        patience: tuple[float, ...] = PATIENCE,
        guard: Guard = USUAL,
    ) -> None:
        self._wiki = wiki
        self._titles = titles(home, wiki.bot)
        self._environment = environment
        self._clock = clock or wiki.now
        self._keeper = Keeper(wiki, self._titles.memory, patience)
        self._channels: dict[str, channels.Channel] = {}
        self._lookout = Lookout(wiki, self._titles, self._channel, self._clock, ceiling, guard)
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
        with messages.speaking(messages.spoken()):
            return self._plan(send=send, report=report)

    def _plan(self, *, send: bool, report: Report | None) -> Plan:
        seen = self._lookout.look(deep=not send)
        decided = _decided(seen)
        after = _think(decided, seen)
        if send and (plan.due(after, seen) or plan.again(after, seen)):
            before, seen = seen, self._lookout.look(deep=True, before=seen)
            after = _think(decided if _decides_the_same(before, seen) else _decided(seen), seen)
            going = (*plan.due(after, seen), *plan.again(after, seen))
            after = plan.settle_decisions(self._lookout.without_void(going, after), seen)
        if report is not None:
            report.problems += [str(problem) for problem in plan.stopped(seen)] + list(after.alarms.values())
            report.problems += [f"{name}: {why}" for name, why in seen.unread.items()]
            report.problems += [str(p) for found in seen.readings.values() for _, r in found for p in r.problems]
        return plan.plan(after, seen, send=send)

    def glance(self) -> Plan:
        """How all stands, by the pages of the desk alone; nothing is to be done."""
        with messages.speaking(messages.spoken()):
            seen = self._lookout.look(deep=False)
            return plan.plan(_think(_decided(seen), seen), seen, send=False)

    def carry_out(self, todo: Plan, report: Report) -> None:
        """Memory, networks, pages: in this order. Raises Conflict when it has to be begun anew."""
        with messages.speaking(todo.seen.language):
            self._carry_out(todo, report)

    def _carry_out(self, todo: Plan, report: Report) -> None:
        mind = Mind(self._keeper, todo.memory, todo.seen.memory_revision)
        if todo.is_news:
            mind.keep(todo.memory)
            report.done += _news(todo)
        seen = todo.seen
        if todo.doubts or todo.tasks or todo.due:
            self._send(mind, todo, report)
            mind.must_be_first()
            seen = self._lookout.look(deep=False, before=seen)
            mind.must_be_first(seen.memory_revision)
            if not seen.settings.problems:  # people went on while it was sent, and lose nothing of that
                mind.memory = plan.settle_decisions(gather.take_decisions(mind.memory, seen), seen)
        self._arrange(mind, seen, report)

    # --- networks ---------------------------------------------------------------------------------------------------

    def _channel(self, name: str) -> channels.Channel:
        if name not in self._channels:
            self._channels[name] = channels.connect(name, self._environment)
        return self._channels[name]

    def _send(self, mind: Mind, todo: Plan, report: Report) -> None:
        from smbot.sending import Dispatch, Doors  # most runs have nothing to send, and start the quicker

        seen = todo.seen

        @cache
        def picture(name: str) -> tuple[bytes, str]:
            return self._wiki.download(seen.files[name]), seen.files[name].mime

        doors = Doors(
            channel=self._channel,
            picture=picture,
            look_again=lambda: self._lookout.look_again(seen),
            clock=self._clock,
            is_stopping=lambda: self.stopping,
            skew=self._wiki.skew,
        )
        Dispatch(mind, todo, doors, report).carry_out(self._keeper.run)

    # --- pages ------------------------------------------------------------------------------------------------------

    def _arrange(self, mind: Mind, seen: Snapshot, report: Report) -> None:
        """Bring log, request page and queue in line with the memory. The queue tells which of them could not be.

        What shows how all that stands comes last.
        """
        troubles: list[str] = []
        logged: dict[str, int] = {}
        rows = pages.unlogged(mind.memory, seen)
        for month, deliveries in rows.items():
            page = self._wiki.read([f"{self._titles.log}/{month}"])[f"{self._titles.log}/{month}"]
            edit = pages.log_edit(page, deliveries, mind.memory, seen)
            if revision := self._save(edit, troubles) if edit else page.revision:
                logged[month] = revision
        if edit := pages.requests_edit(mind.memory, seen):
            self._save(edit, troubles)
        if edit := pages.queue_edit(mind.memory, seen, tuple(troubles)):
            self._save(edit, troubles)
        if notices.is_due(mind.memory, seen):
            self._tell(mind, seen, troubles)
        if logged:
            mind.insist(lambda now: pages.logged(now, rows, logged, seen))
        self._show(mind.memory, seen, troubles)
        report.problems += troubles

    def _show(self, mind: Memory, seen: Snapshot, troubles: list[str]) -> None:
        """Show people and tools how all stands, on the pages that the desk has for it.

        Where somebody changed such a page meanwhile, the next run draws it.
        """
        edits = [channels_page.channels_edit(seen)]
        if seen.status.exists:
            now = overview(mind, seen)
            edits += [statuspage.status_edit(now, mind, seen), statusdata.data_edit(now, seen)]
        for edit in edits:
            with suppress(Conflict):
                if edit:
                    self._save(edit, troubles)

    def _tell(self, mind: Mind, seen: Snapshot, troubles: list[str]) -> None:
        """The message of the week, once: on its page first, and where it is there already, only remembered."""
        page = self._wiki.read([self._titles.talk])[self._titles.talk]
        edit = pages.message_edit(page, self._wiki.last_summary(page.title, seen.bot), mind.memory, seen)
        if edit is None or self._save(edit, troubles):
            mind.insist(lambda now: notices.told(now, seen))

    def _save(self, edit: Edit, troubles: list[str]) -> int:
        """Save a page for people; its revision. One that the wiki refuses (0) holds up no other."""
        try:
            return self._wiki.save(edit.title, edit.text, edit.base, edit.summary)
        except Rejected as error:
            troubles.append(str(error))
            return 0


def _decided(seen: Snapshot) -> Memory:
    """Take in what people decided. With a problem in the settings nobody's word can be trusted."""
    return seen.memory if seen.settings.problems else gather.take_decisions(seen.memory, seen)


def _decides_the_same(one: Snapshot, other: Snapshot) -> bool:
    """Whether people decided the same by both, so that it need not be worked out again."""
    return all(
        getattr(one, name) == getattr(other, name) for name in ("memory", "settings", "rules", "queue", "queue_history")
    )


def _think(decided: Memory, seen: Snapshot) -> Memory:
    """Take in the rest of what was seen; with a problem in the settings, nothing."""
    return decided if seen.settings.problems else plan.settle_decisions(gather.gather(decided, seen), seen)


def _news(todo: Plan) -> list[str]:
    """What a plan adds, in words for the operator."""
    before = todo.seen.memory.known
    new = [known for id_, known in todo.memory.known.items() if id_ not in before]
    ended = [known for id_, known in todo.memory.known.items() if known.end and id_ in before and not before[id_].end]
    words = [say("log-new", len(new))] if new else []
    return words + ([say("log-closed", len(ended))] if ended else [])
