"""How often an account posts, and of what: its goal for the week, what it is short of, and what comes first. Pure.

An account that has a goal is to post several times a week. What keeps (`evergreen`) is held back for the weeks that
would be thin without it; of what is ready, the sources take turns.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from smbot import deliveries, timing
from smbot.gather import Snapshot
from smbot.memory import DEFERRED, Memory
from smbot.model import Text
from smbot.proposals import Proposal, is_late, verdict
from smbot.settings import Account

MANY = 10  # so many cards without a decision are worth a word
SUGGESTED = 3
_WORKING = frozenset(range(5))
_SIX_DAYS = timedelta(days=6)


class Week(Struct, frozen=True):
    """How an account stands in this week, which begins on Monday in its time zone.

    `posted` is out or under way, `approved` will follow; of that `keeping` is evergreen. `gone` of its `days` on which
    the account posts have begun.
    """

    account: str
    goal: int
    posted: int
    approved: int
    keeping: int
    gone: int
    days: int

    @property
    def is_short(self) -> bool:
        """Whether it falls behind unless more is approved."""
        return self.posted + self.approved < -(-self.goal * self.gone // self.days)

    @property
    def is_thin(self) -> bool:
        """Whether it is behind without what keeps, so that some of that is to go out; sooner from the middle on."""
        wanted = self.goal * self.gone + (self.days - 1) * (2 * self.gone >= self.days)
        return self.posted + self.approved - self.keeping < wanted // self.days


def week(account: str, open_: Sequence[Proposal], memory: Memory, seen: Snapshot) -> Week:
    """How an account stands, given the open candidates."""
    voice = seen.settings.accounts[account]
    zone = ZoneInfo(voice.rhythm.zone)
    monday, today = _monday(voice, seen), seen.now.astimezone(zone).date()
    mine = (d for d in memory.deliveries.values() if d.channel.startswith(f"{account}/") and deliveries.is_out(d))
    first: dict[str, date] = {}  # what another network takes a week later is not another post
    for delivery in sorted(mine, key=lambda d: d.since):
        first.setdefault(delivery.id, delivery.since.astimezone(zone).date())
    posted = sum(day >= monday for day in first.values())
    sunday = monday + _SIX_DAYS
    ready = [p for p in open_ if p.id not in first and _is_coming(p, account, sunday, memory, seen)]
    keeping = sum(p.candidate.evergreen for p in ready)
    return Week(account, voice.goal, posted, len(ready), keeping, _days(voice, today), _days(voice))


def _monday(voice: Account, seen: Snapshot) -> date:
    """The first day of this week, in the time zone of an account."""
    today = seen.now.astimezone(ZoneInfo(voice.rhythm.zone)).date()
    return today - timedelta(days=today.weekday())


def _is_coming(proposal: Proposal, account: str, until: date, memory: Memory, seen: Snapshot) -> bool:
    """Whether it is approved, and will go out somewhere by that day if all goes well."""
    if account not in proposal.accounts or proposal.problems or proposal.known.held or is_late(proposal, seen.now):
        return False
    if not verdict(proposal, account, seen).approval:
        return False
    return _may_go_out_by(until, proposal, account, seen) and any(
        _may_follow(proposal, channel, text, memory, seen) for channel, text in _texts(proposal, account)
    )


def _may_go_out_by(day: date, proposal: Proposal, account: str, seen: Snapshot) -> bool:
    """Whether the clock lets an account post something by that day, and before its time is over."""
    candidate, rhythm = proposal.candidate, seen.settings.accounts[account].rhythm
    if proposal.known.step:  # a reminder does not wait for a slot
        rhythm = replace(rhythm, slots=())
    start = max(seen.now, candidate.not_before or seen.now)
    at = timing.time_before(candidate.not_after, rhythm, start, None)
    in_time = candidate.not_after is None or at <= candidate.not_after
    return in_time and at.astimezone(ZoneInfo(rhythm.zone)).date() <= day


def _texts(proposal: Proposal, account: str) -> list[tuple[str, Text]]:
    return [(channel, text) for channel, text in proposal.texts.items() if channel.split("/")[0] == account]


def _may_follow(proposal: Proposal, channel: str, text: Text, memory: Memory, seen: Snapshot) -> bool:
    """Whether only time keeps one of its posts back, so that what it reposts is out or coming.

    Nobody knows when a network that would not take it yet will, or whether; it is not counted on.
    """
    if f"{proposal.id}/{channel}" in memory.deliveries:
        return False
    return _has_original(proposal, text, memory, seen)


def _has_original(proposal: Proposal, text: Text, memory: Memory, seen: Snapshot) -> bool:
    """Whether what it reposts, if it does, is out or approved."""
    if not text.repost or deliveries.original(memory, proposal.id, text):
        return True
    return bool(verdict(proposal, text.repost.split("/")[0], seen).approval)


def _days(account: Account, until: date | None = None) -> int:
    """On how many days of a week the account posts, those after `until` left out; without slots, on working days."""
    days = {day for slot in account.rhythm.slots for day in slot.days} or _WORKING
    return sum(until is None or day <= until.weekday() for day in days)


def waits_for_thin_week(
    proposal: Proposal, account: str, open_: Sequence[Proposal], memory: Memory, seen: Snapshot
) -> bool:
    """Whether something that keeps is held back, as there is enough else. A time that somebody set comes first."""
    candidate = proposal.candidate
    if not candidate.evergreen or candidate.not_before or not seen.settings.accounts[account].goal:
        return False
    if _presses(proposal, seen):
        return False
    if deliveries.is_begun_by(account, proposal.id, memory, seen.now):
        return False
    return not week(account, open_, memory, seen).is_thin


def turn(proposal: Proposal, account: str, memory: Memory, seen: Snapshot) -> tuple[bool, bool]:
    """For sorting what is ready: what cannot wait for another day first, then what is not of the same source again."""
    last = max(
        (d for d in memory.deliveries.values() if d.channel.startswith(f"{account}/") and deliveries.counts(d)),
        key=lambda d: d.since,
        default=None,
    )
    source = memory.known[last.id].source if last and last.id in memory.known else ""
    return not _presses(proposal, seen), source == proposal.known.source


def _presses(proposal: Proposal, seen: Snapshot) -> bool:
    """Whether it cannot wait for another day, as its time will be over."""
    end = proposal.candidate.not_after
    return end is not None and end - seen.now < timedelta(days=1)


# --- what has to go out today ---------------------------------------------------------------------------------------


def dated(open_: Sequence[Proposal], seen: Snapshot) -> list[tuple[Proposal, str]]:
    """What is approved and has to be out by some time, with the account that is to post it."""
    able = [p for p in open_ if p.candidate.not_after and not (p.problems or p.known.held)]
    return [(p, name) for p in able for name in p.accounts if verdict(p, name, seen).approval]


def of_today(account: str, dated_: Sequence[tuple[Proposal, str]], memory: Memory, seen: Snapshot) -> frozenset[str]:
    """For which of the `dated` a place among the posts of this day is kept, as no other day will do."""
    mine = [p for p, name in dated_ if name == account]
    return frozenset(p.id for p in mine if _is_of_today(p, account, seen) and _is_to_come(p, account, memory, seen))


def kept(open_: Sequence[Proposal], memory: Memory, seen: Snapshot) -> dict[str, frozenset[str]]:
    """The same for each account that has such."""
    found = dated(open_, seen)
    return {name: of_today(name, found, memory, seen) for name in {account for _, account in found}}


def _is_of_today(proposal: Proposal, account: str, seen: Snapshot) -> bool:
    """Whether it can go out today, and no later day will do."""
    end = proposal.candidate.not_after
    rhythm = seen.settings.accounts[account].rhythm
    rhythm = timing.Rhythm(rhythm.zone, quiet=rhythm.quiet)
    start = max(seen.now, proposal.candidate.not_before or seen.now)
    tomorrow = timing.next_time(rhythm, deliveries.tomorrow(account, seen), None)
    return end is not None and timing.next_time(rhythm, start, None) <= end < tomorrow


def _is_to_come(proposal: Proposal, account: str, memory: Memory, seen: Snapshot) -> bool:
    """Whether nothing of it is or may be out by an account, and something will be, if all goes well."""
    before = [d for d in memory.of(proposal.id) if d.channel.split("/")[0] == account]
    able = any(_has_original(proposal, text, memory, seen) for _, text in _texts(proposal, account))
    return able and all(d.state == DEFERRED and not d.posts for d in before)


# --- what maintainers should know -----------------------------------------------------------------------------------


def fillers(account: str, open_: Sequence[Proposal], seen: Snapshot) -> list[Proposal]:
    """What could fill a gap this week, if somebody approves it: what is to be picked, then what keeps, then the newest.

    Of what takes place there is one, the announcement before a reminder.
    """
    sunday = _monday(seen.settings.accounts[account], seen) + _SIX_DAYS
    free = [
        p
        for p in open_
        if account in p.accounts and not (p.known.held or p.problems) and not verdict(p, account, seen).approval
    ]
    free.sort(key=lambda p: (p.known.pick, p.candidate.evergreen, not p.known.step, p.known.since), reverse=True)
    found: dict[str, Proposal] = {}
    for proposal in free:
        if len(found) == SUGGESTED:
            break
        event = proposal.known.of or proposal.id
        if event not in found and not is_late(proposal, seen.now) and _may_go_out_by(sunday, proposal, account, seen):
            found[event] = proposal
    return list(found.values())


class Pile(Struct, frozen=True):
    """The cards of an account that wait for a decision, without those to pick from, and since when the oldest does."""

    account: str
    number: int
    since: date

    def is_high(self, seen: Snapshot) -> bool:
        """Whether it is worth a word."""
        is_old = seen.now.date() - self.since > seen.settings.days("remind")
        return self.number >= MANY or (self.number > 0 and is_old)


def pile(account: str, open_: Sequence[Proposal], seen: Snapshot) -> Pile:
    """The cards that nobody has decided on yet for an account."""
    undecided = [
        p.known.since
        for p in open_
        if account in p.accounts and not p.known.pick and not verdict(p, account, seen).approval
    ]
    return Pile(account, len(undecided), min(undecided, default=seen.now.date()))
