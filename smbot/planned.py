"""When what will go out: what is approved, one after the other as the plan will let it, and what else has a time. Pure.

The moments come from the very functions that hold a delivery back in `smbot.plan`, asked again as if what comes before
were out already. So the status page, the calendar file and the answers to requests say what will be done, as far as
nothing else is approved meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from smbot import compose, deliveries, proposals, rhythm
from smbot.gather import Snapshot
from smbot.memory import DEFERRED, POST, POSTED, Approval, Delivery, Memory
from smbot.proposals import Proposal, is_late, verdict
from smbot.rhythm import Week

NEXT_RUN, TWO_DAYS = timedelta(minutes=1), timedelta(days=2)
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


class Outlook(Struct, frozen=True):
    """What is `coming`, soonest first; what could go out now is there with the time of now.

    `turns` are the approved posts, by their keys, with when they go out; `vain` those whose turn is only at a time at
    which they must not go out any more, `keeping` those that are held back for a week with little else. `approved` are
    the candidates of all of them, and `kept` those for which each account keeps places of this day.
    """

    coming: tuple[Coming, ...] = ()
    turns: Mapping[str, datetime] = {}
    vain: Mapping[str, datetime] = {}
    keeping: frozenset[str] = frozenset()
    approved: frozenset[str] = frozenset()
    kept: Mapping[str, frozenset[str]] = {}

    def first(self, id_: str) -> datetime | None:
        """When an approved candidate first goes out, as far as that was worked out."""
        return min((at for key, at in self.turns.items() if key.rpartition("/")[0] == id_), default=None)

    def certain(self, now: datetime) -> Outlook:
        """The same without the times that hang on when smbot next posts: of accounts that could do so right now."""
        due = {key.rpartition("/")[2] for key, at in self.turns.items() if at <= now}

        def sure(times: Mapping[str, datetime]) -> dict[str, datetime]:
            return {key: at for key, at in times.items() if at <= now or key.rpartition("/")[2] not in due}

        return replace(self, turns=sure(self.turns), vain=sure(self.vain))


def outlook(memory: Memory, seen: Snapshot, open_: Sequence[Proposal] | None = None) -> Outlook:
    """What will go out. `open_` are the open candidates, where they are known already."""
    if seen.settings.problems:
        return Outlook()
    open_ = proposals.proposals(memory, seen) if open_ is None else open_
    ready = list(_ready(open_, memory, seen))
    weeks = rhythm.weeks(open_, memory, seen) if any(one.keeps for one in ready) else {}
    keeping = (
        one.key
        for one in ready
        if one.keeps and rhythm.waits_for_thin_week(one.proposal, weeks[one.account], memory, seen)
    )
    dated = rhythm.dated(open_, seen)
    turns = list(_in_turn(ready, weeks, dated, memory, seen))
    found = [*(one for one, in_time in turns if in_time), *_unapproved(open_, seen)]
    return Outlook(
        coming=tuple(sorted(found, key=lambda one: (one.at, one.key))),
        turns={one.key: one.at for one, in_time in turns if in_time},
        vain={one.key: one.at for one, in_time in turns if not in_time},
        keeping=frozenset(keeping),
        approved=frozenset(one.proposal.id for one in ready),
        kept=rhythm.kept(dated, memory, seen),
    )


# --- what is approved -----------------------------------------------------------------------------------------------


class _Ready(Struct, frozen=True):
    """What an account may post from a moment on, which may differ by channel, and what that costs.

    One that is `begun` is out on another channel of the account.
    """

    proposal: Proposal
    account: str
    channels: Mapping[str, datetime]
    mills: Mapping[str, int]
    approval: Approval
    begun: bool

    @property
    def key(self) -> str:
        return f"{self.proposal.id}/{self.account}"

    @property
    def keeps(self) -> bool:
        """Whether it may have to wait for a thin week."""
        return self.proposal.candidate.evergreen and not self.proposal.candidate.not_before


def _ready(open_: Sequence[Proposal], memory: Memory, seen: Snapshot) -> Iterator[_Ready]:
    for proposal in open_:
        if _is_held(proposal, seen):
            continue
        for account in _known(proposal, seen):
            approval = verdict(proposal, account, seen).approval
            channels = dict(_free(proposal, account, memory, seen)) if approval else {}
            if approval and channels:
                mills = {c: sum(compose.costs(proposal.texts[c], seen.rules[c])) for c in channels}
                begun = deliveries.is_begun_by(account, proposal.id, memory, seen.now)
                yield _Ready(proposal, account, channels, mills, approval, begun)


def _known(proposal: Proposal, seen: Snapshot) -> list[str]:
    return [account for account in proposal.accounts if account in seen.settings.accounts]


def _is_held(proposal: Proposal, seen: Snapshot) -> bool:
    unread = proposal.known.source in seen.unread
    return bool(unread or proposal.problems or proposal.known.held or is_late(proposal, seen.now))


def _free(proposal: Proposal, account: str, memory: Memory, seen: Snapshot) -> Iterator[tuple[str, datetime]]:
    """The channels of an account on which it is still to be posted, and from when on that is possible."""
    for channel in proposal.texts:
        before = memory.deliveries.get(f"{proposal.id}/{channel}")
        if channel.split("/")[0] != account or (before and (before.task, before.state) != (POST, DEFERRED)):
            continue
        trouble = memory.troubles.get(channel)
        waits = (proposal.candidate.not_before, before.until if before else None, trouble.until if trouble else None)
        yield channel, max([seen.now, *(until for until in waits if until)])


class _Line(Struct):
    """How far it was worked out who goes when: the memory, and the week of each account, as they will be.

    `clock` is how far each account is. What goes out at the same `moment` is put in order by what was out `before` it,
    as one run of smbot does it. Places are kept for what is `dated`.
    """

    memory: Memory
    weeks: dict[str, Week]
    clock: dict[str, datetime]
    moment: datetime
    before: Memory
    dated: Sequence[tuple[Proposal, str]]

    def out(self, one: _Ready, channels: Iterable[str], at: datetime) -> None:
        if at > self.moment:
            self.moment, self.before = at, self.memory
        self.clock[one.account] = at
        if one.keeps and not one.begun:
            self.weeks[one.account] = replace(self.weeks[one.account], posted=self.weeks[one.account].posted + 1)
        for channel in channels:
            self.memory = _as_posted(one, channel, at, self.memory)


def _in_turn(
    waiting: list[_Ready],
    weeks: Mapping[str, Week],
    dated: Sequence[tuple[Proposal, str]],
    memory: Memory,
    seen: Snapshot,
) -> Iterator[tuple[Coming, bool]]:
    """Let out one after the other, as the rhythm of each account allows when all before it are out.

    With each, whether it may still go out then.
    """
    memory = _of_late(memory, {*(one.proposal.id for one in waiting), *(proposal.id for proposal, _ in dated)}, seen)
    clock = dict.fromkeys(seen.settings.accounts, seen.now)
    line = _Line(memory, dict(weeks), clock, seen.now, memory, dated)
    for _ in range(MOST):
        at, _, first, channels = min(
            _dated(waiting, line, seen), key=lambda one: one[:2], default=(seen.now, (), None, ())
        )
        if first is None:
            return
        waiting = [one for one in waiting if one is not first]
        in_time = _is_in_time(first, at, seen)
        if in_time:
            line.out(first, channels, at)
        yield Coming(first.proposal, first.account, channels, at, first.approval), in_time


def _of_late(memory: Memory, ids: Collection[str], seen: Snapshot) -> Memory:
    """The memory with those deliveries alone on which it may depend what these go out after."""
    last = {account: deliveries.last_post(account, memory, seen) for account in seen.settings.accounts}
    near = {
        key: d
        for key, d in memory.deliveries.items()
        if d.id in ids or seen.now - d.since < TWO_DAYS or d.since == last.get(d.channel.split("/")[0])
    }
    return replace(memory, deliveries=near)


def _dated(
    waiting: Iterable[_Ready], line: _Line, seen: Snapshot
) -> Iterator[tuple[datetime, tuple[object, ...], _Ready, tuple[str, ...]]]:
    """Each with the moment at which it would go out if it were next, its place among those of the moment, and where."""
    memory, clock = line.memory, line.clock
    found: dict[tuple[object, ...], datetime] = {}
    kept: dict[tuple[str, datetime], frozenset[str]] = {}
    sources: dict[tuple[str, bool], str] = {}
    for one in waiting:
        able = {channel: at for channel in one.channels if (at := _able(one, channel, memory))}
        if not able:
            continue  # it reposts what is not out yet
        at = max(min(able.values()), clock[one.account])
        end = one.proposal.candidate.not_after
        same = (at, one.account, bool(one.proposal.known.step), one.begun, one.keeps, end and one.key)
        if same not in found:
            found[same] = _next_time(one, at, line, kept, seen)
        at = found[same]
        channels = tuple(_affordable(one, able, at, memory, seen))
        if channels and at < seen.now + AHEAD:
            now = at == line.moment
            if (one.account, now) not in sources:
                sources[one.account, now] = rhythm.last_source(one.account, line.before if now else memory)
            turn = rhythm.turn(one.proposal, sources[one.account, now], replace(seen, now=at))
            yield at, (turn, one.approval.time, one.key), one, channels


def _able(one: _Ready, channel: str, memory: Memory) -> datetime | None:
    """From when on it may be posted on a channel: a repost in the next run after what it reposts is out."""
    text = one.proposal.texts[channel]
    if not text.points_at:
        return one.channels[channel]
    if not deliveries.original(memory, one.proposal.id, text):
        return None
    first = memory.deliveries.get(f"{one.proposal.id}/{text.repost}")
    return max(one.channels[channel], first.since + NEXT_RUN) if first else one.channels[channel]


def _affordable(one: _Ready, channels: Iterable[str], at: datetime, memory: Memory, seen: Snapshot) -> Iterator[str]:
    """Those of its channels for which the budget of the month suffices."""
    budget, spent = seen.settings.accounts[one.account].budget, memory.spent.get(f"{one.account} {at:%Y-%m}", 0)
    for channel in channels:
        mills = one.mills[channel]
        if not mills or spent + mills <= budget:
            spent += mills
            yield channel


def _next_time(
    one: _Ready, at: datetime, line: _Line, kept: dict[tuple[str, datetime], frozenset[str]], seen: Snapshot
) -> datetime:
    """The first moment from `at` on at which an account may post it; one that is too far ahead where there is none.

    `kept` remembers for which candidates places of a day are kept.
    """
    id_, account, memory, end = one.proposal.id, one.account, line.memory, one.proposal.candidate.not_after
    while at < seen.now + AHEAD:
        at = deliveries.next_time(id_, account, memory, replace(seen, now=at), end)
        if one.keeps and not one.begun:
            thin = rhythm.thin_from(one.proposal, line.weeks[account], at, seen) or seen.now + AHEAD
            if thin > at:
                at = thin
                continue
        then = replace(seen, now=at)
        if (account, at) not in kept:
            kept[account, at] = rhythm.of_today(account, line.dated, memory, then)
        if one.begun or not deliveries.is_full(account, id_, memory, then, kept[account, at]):
            break
        at = deliveries.tomorrow(account, then)
    return at


def _as_posted(one: _Ready, channel: str, at: datetime, memory: Memory) -> Memory:
    """The memory as it will be when this is out. Its address is not known yet, but that it has one."""
    out = Delivery(
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
    spent = deliveries.charged(memory, out, one.mills[channel])
    return replace(memory, deliveries=memory.deliveries | {out.key: out}, spent=spent)


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
