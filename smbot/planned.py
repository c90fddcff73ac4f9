"""When what will go out: what is approved, one after the other as the plan will let it, and what else has a time. Pure.

The moments come from the very functions that hold a delivery back in `smbot.plan`, asked again as if what comes before
were out already. So the status page, the calendar file and the answers to requests say what will be done, as far as
nothing else is approved meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from smbot import compose, deliveries, proposals, rhythm
from smbot.gather import Snapshot
from smbot.memory import DEFERRED, POST, POSTED, Approval, Delivery, Memory
from smbot.model import Text
from smbot.proposals import Proposal, is_late, verdict

AHEAD = timedelta(days=60)  # what comes later is not worked out
MOST = 100  # nor more than so many


class Coming(Struct, frozen=True):
    """A post of an account that is to come. Nobody has approved one that has no `approval`: then it only has a time."""

    proposal: Proposal
    account: str
    channels: tuple[str, ...]
    at: datetime
    approval: Approval | None = None

    @property
    def id(self) -> str:
        return self.proposal.id

    @property
    def key(self) -> str:
        """The post by its candidate and its account."""
        return f"{self.id}/{self.account}"


def coming(memory: Memory, seen: Snapshot, open_: Sequence[Proposal] | None = None) -> tuple[Coming, ...]:
    """What will go out, soonest first. What could go out now is there with the time of now.

    `open_` are the open candidates, where they are known already.
    """
    if seen.settings.problems:
        return ()
    open_ = proposals.proposals(memory, seen) if open_ is None else open_
    dated = rhythm.dated(open_, seen)
    found = [*_in_turn(list(_ready(open_, memory, seen)), dated, memory, seen), *_unapproved(open_, seen)]
    return tuple(sorted(found, key=lambda one: (one.at, one.key)))


def times(memory: Memory, seen: Snapshot) -> dict[str, datetime]:
    """When each approved candidate will first go out, by its id."""
    found: dict[str, datetime] = {}
    for one in coming(memory, seen):
        if one.approval:
            found.setdefault(one.id, one.at)
    return found


# --- what is approved -----------------------------------------------------------------------------------------------


class _Ready(Struct, frozen=True):
    """What an account may post from a moment on."""

    proposal: Proposal
    account: str
    channels: tuple[str, ...]
    approval: Approval
    earliest: datetime

    @property
    def key(self) -> str:
        return f"{self.proposal.id}/{self.account}"


def _ready(open_: Sequence[Proposal], memory: Memory, seen: Snapshot) -> Iterator[_Ready]:
    for proposal in open_:
        if _is_held(proposal, seen):
            continue
        for account in _known(proposal, seen):
            approval = verdict(proposal, account, seen).approval
            if approval is None or rhythm.waits_for_thin_week(proposal, account, open_, memory, seen):
                continue
            free = dict(_free(proposal, account, memory, seen))
            if free:
                earliest = max(min(free.values()), proposal.candidate.not_before or seen.now)
                yield _Ready(proposal, account, tuple(free), approval, earliest)


def _known(proposal: Proposal, seen: Snapshot) -> list[str]:
    return [account for account in proposal.accounts if account in seen.settings.accounts]


def _is_held(proposal: Proposal, seen: Snapshot) -> bool:
    unread = proposal.known.source in seen.unread
    return bool(unread or proposal.problems or proposal.known.held or is_late(proposal, seen.now))


def _free(proposal: Proposal, account: str, memory: Memory, seen: Snapshot) -> Iterator[tuple[str, datetime]]:
    """The channels of an account on which it is still to be posted, and from when on that is possible."""
    for channel, text in proposal.texts.items():
        before = memory.deliveries.get(f"{proposal.id}/{channel}")
        if channel.split("/")[0] != account or (before and (before.task, before.state) != (POST, DEFERRED)):
            continue
        if not _is_affordable(channel, text, memory, seen):
            continue
        trouble = memory.troubles.get(channel)
        waits = (before.until if before else None, trouble.until if trouble else None)
        yield channel, max([seen.now, *(until for until in waits if until)])


def _is_affordable(channel: str, text: Text, memory: Memory, seen: Snapshot) -> bool:
    account = channel.split("/")[0]
    mills = sum(compose.costs(text, seen.rules[channel]))
    spent = memory.spent.get(f"{account} {seen.now:%Y-%m}", 0)
    return not mills or spent + mills <= seen.settings.accounts[account].budget


def _in_turn(
    waiting: list[_Ready], dated: Sequence[tuple[Proposal, str]], memory: Memory, seen: Snapshot
) -> Iterator[Coming]:
    """Let out one after the other, as the rhythm of each account allows when all before it are out."""
    line = _Line(memory, dict.fromkeys(seen.settings.accounts, seen.now), seen.now, memory, dated)
    for _ in range(MOST):
        at, _, first = min(_dated(waiting, line, seen), key=lambda one: one[:2], default=(seen.now, (), None))
        if first is None:
            return
        waiting = [one for one in waiting if one is not first]
        if _is_in_time(first, at, seen):
            line.out(first, at)
            yield Coming(first.proposal, first.account, first.channels, at, first.approval)


class _Line(Struct):
    """How far it was worked out who goes when: the memory as it will be, and the `clock` of each account.

    What goes out at the same `moment` is put in order by what was out `before` it, as one run of smbot does it.
    Places are kept for what is `dated`.
    """

    memory: Memory
    clock: dict[str, datetime]
    moment: datetime
    before: Memory
    dated: Sequence[tuple[Proposal, str]]

    def out(self, one: _Ready, at: datetime) -> None:
        if at > self.moment:
            self.moment, self.before = at, self.memory
        self.clock[one.account] = at
        self.memory = _as_posted(one, at, self.memory)


def _dated(
    waiting: Iterable[_Ready], line: _Line, seen: Snapshot
) -> Iterator[tuple[datetime, tuple[object, ...], _Ready]]:
    """Each with the moment at which it would go out if it were next, and its place among those of the same moment."""
    memory, clock = line.memory, line.clock
    found: dict[tuple[object, ...], datetime] = {}
    for one in waiting:
        texts = (one.proposal.texts[channel] for channel in one.channels)
        if all(t.points_at and not deliveries.original(memory, one.proposal.id, t) for t in texts):
            continue  # it reposts what is not out yet
        at = max(one.earliest, clock[one.account])
        begun = deliveries.is_begun_by(one.account, one.proposal.id, memory, at)
        same = (at, one.account, bool(one.proposal.known.step), one.proposal.candidate.not_after, begun)
        if same not in found:
            found[same] = _next_time(one, at, line, seen)
        at = found[same]
        if at <= seen.now + AHEAD:
            out = line.before if at == line.moment else memory
            turn = rhythm.turn(one.proposal, one.account, out, replace(seen, now=at))
            yield at, (turn, one.approval.time, one.key), one


def _next_time(one: _Ready, at: datetime, line: _Line, seen: Snapshot) -> datetime:
    """The first moment from `at` on at which an account may post it."""
    id_, account, memory = one.proposal.id, one.account, line.memory
    while at <= seen.now + AHEAD:
        at = deliveries.next_time(id_, account, memory, replace(seen, now=at), one.proposal.candidate.not_after)
        then = replace(seen, now=at)
        kept = rhythm.of_today(account, line.dated, memory, then)
        begun = deliveries.is_begun_by(account, id_, memory, at)
        if begun or not deliveries.is_full(account, id_, memory, then, kept):
            break
        at = deliveries.tomorrow(account, then)
    return at


def _as_posted(one: _Ready, at: datetime, memory: Memory) -> Memory:
    """The memory as it will be when this is out. Its address is not known yet, but that it has one."""
    out = {}
    for channel in one.channels:
        delivery = Delivery(
            id=one.proposal.id,
            channel=channel,
            text=one.proposal.texts[channel],
            approver=one.approval.user,
            revision=one.approval.revision,
            since=at,
            month=f"{at:%Y-%m}",
            state=POSTED,
            url="https://",
        )
        out[delivery.key] = delivery
    return replace(memory, deliveries=memory.deliveries | out)


def _is_in_time(one: _Ready, at: datetime, seen: Snapshot) -> bool:
    """Whether it may still be posted then: its time is not over, and the approval not stale."""
    stale = at - one.approval.time > proposals.approval_lasts(one.proposal.candidate, seen.settings)
    return not stale and not is_late(one.proposal, at)


# --- what is not ----------------------------------------------------------------------------------------------------


def _unapproved(open_: Sequence[Proposal], seen: Snapshot) -> Iterator[Coming]:
    """What nobody has approved yet, but has a time of its own: reminders, and requests for a day."""
    for proposal in open_:
        at = proposal.candidate.not_before
        if at is None or not seen.now < at <= seen.now + AHEAD or proposal.known.held:
            continue
        for account in _known(proposal, seen):
            if not verdict(proposal, account, seen).approval:
                channels = tuple(c for c in proposal.texts if c.split("/")[0] == account)
                yield Coming(proposal, account, channels, at)
