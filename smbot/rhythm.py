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
from smbot.memory import Memory
from smbot.model import Text
from smbot.proposals import Proposal, is_late, verdict
from smbot.settings import Account

MANY = 10  # so many cards without a decision are worth a word
SUGGESTED = 3
_WORKING = frozenset(range(5))


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
    today = seen.now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    mine = (d for d in memory.deliveries.values() if d.channel.startswith(f"{account}/") and deliveries.is_out(d))
    first: dict[str, date] = {}  # what another network takes a week later is not another post
    for delivery in sorted(mine, key=lambda d: d.since):
        first.setdefault(delivery.id, delivery.since.astimezone(zone).date())
    posted = sum(day >= monday for day in first.values())
    sunday = monday + timedelta(days=6)
    ready = [p for p in open_ if p.id not in first and _is_coming(p, account, sunday, memory, seen)]
    keeping = sum(p.candidate.evergreen for p in ready)
    return Week(account, voice.goal, posted, len(ready), keeping, _days(voice, today), _days(voice))


def _is_coming(proposal: Proposal, account: str, until: date, memory: Memory, seen: Snapshot) -> bool:
    """Whether it is approved, and will go out somewhere by that day if all goes well."""
    if account not in proposal.accounts or proposal.problems or proposal.known.held or is_late(proposal, seen.now):
        return False
    if not verdict(proposal, account, seen).approval:
        return False
    rhythm = seen.settings.accounts[account].rhythm
    if proposal.known.step:  # a reminder does not wait for a slot
        rhythm = replace(rhythm, slots=())
    at = timing.next_time(rhythm, max(seen.now, proposal.candidate.not_before or seen.now), None)
    if at.astimezone(ZoneInfo(rhythm.zone)).date() > until:
        return False
    mine = ((c, text) for c, text in proposal.texts.items() if c.split("/")[0] == account)
    return any(_may_follow(proposal, channel, text, memory, seen) for channel, text in mine)


def _may_follow(proposal: Proposal, channel: str, text: Text, memory: Memory, seen: Snapshot) -> bool:
    """Whether only time keeps one of its posts back, so that what it reposts is out or coming.

    Nobody knows when a network that would not take it yet will, or whether; it is not counted on.
    """
    if f"{proposal.id}/{channel}" in memory.deliveries:
        return False
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
    if deliveries.is_begun_by(account, proposal.id, memory, seen.now):
        return False
    return not week(account, open_, memory, seen).is_thin


def turn(proposal: Proposal, account: str, memory: Memory, seen: Snapshot) -> tuple[bool, bool]:
    """For sorting what is ready: what cannot wait for another day first, then what is not of the same source again."""
    end = proposal.candidate.not_after
    last = max(
        (d for d in memory.deliveries.values() if d.channel.startswith(f"{account}/") and deliveries.counts(d)),
        key=lambda d: d.since,
        default=None,
    )
    source = memory.known[last.id].source if last and last.id in memory.known else ""
    return not (end and end - seen.now < timedelta(days=1)), source == proposal.known.source


# --- what maintainers should know -----------------------------------------------------------------------------------


def fillers(account: str, open_: Sequence[Proposal], seen: Snapshot) -> list[Proposal]:
    """What could fill a gap, if somebody approves it: first what is to be picked, then what keeps, newest first."""
    free = [p for p in open_ if account in p.accounts and not verdict(p, account, seen).approval and not p.known.held]
    free.sort(key=lambda p: (p.known.pick, p.candidate.evergreen, p.known.since), reverse=True)
    return free[:SUGGESTED]


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
