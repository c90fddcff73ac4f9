"""How often an account posts, and of what: its goal for the week, what it is short of, and what comes first. Pure.

An account that has a goal is to post several times a week. What keeps (`evergreen`) is held back for the weeks that
would be thin without it; of what is ready, the sources take turns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
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
_ONE_DAY, _SIX_DAYS = timedelta(days=1), timedelta(days=6)


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
    able = [p for p in open_ if p.id not in first and _is_coming(p, account, sunday, memory, seen)]
    able.sort(key=lambda p: p.candidate.evergreen)  # what keeps comes where nothing else does
    ready = list(_with_times(able, account, sunday, memory, seen))
    keeping = sum(p.candidate.evergreen for p in ready)
    return Week(account, voice.goal, posted, len(ready), keeping, _days(voice, today), _days(voice))


def weeks(open_: Sequence[Proposal], memory: Memory, seen: Snapshot) -> dict[str, Week]:
    """The same of every account."""
    return {account: week(account, open_, memory, seen) for account in seen.settings.accounts}


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


def _with_times(
    able: Iterable[Proposal], account: str, until: date, memory: Memory, seen: Snapshot
) -> Iterator[Proposal]:
    """Those of what may go out by a day for which there is a time then: two cannot have the same slot.

    What has a time of its own is not in need of one.
    """
    voice = seen.settings.accounts[account]
    zone, ceiling = ZoneInfo(voice.rhythm.zone), min(voice.posts_per_day, seen.ceiling)
    at, last = seen.now, deliveries.last_post(account, memory, seen)
    day, number = at.astimezone(zone).date(), len(deliveries.of_day(account, memory, seen))
    for proposal in sorted(able, key=lambda p: p.candidate.not_before or seen.now):
        if proposal.known.step or proposal.candidate.not_after:
            yield proposal
            continue
        at = timing.next_time(voice.rhythm, max(at, proposal.candidate.not_before or at), last)
        if (at.astimezone(zone).date(), ceiling) <= (day, number):
            at = timing.next_time(voice.rhythm, deliveries.tomorrow(account, replace(seen, now=at)), last)
        today = at.astimezone(zone).date()
        if today <= until:
            number = number + 1 if day == today else 1
            last, day = at, today
            yield proposal


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
    if deliveries.is_moot(memory, proposal.id, text):
        return False
    return bool(verdict(proposal, text.repost.split("/")[0], seen).approval)


def _days(account: Account, until: date | None = None) -> int:
    """On how many days of a week the account posts, those after `until` left out; without slots, on working days."""
    days = {day for slot in account.rhythm.slots for day in slot.days} or _WORKING
    return sum(until is None or day <= until.weekday() for day in days)


def waits_for_thin_week(proposal: Proposal, this: Week, memory: Memory, seen: Snapshot) -> bool:
    """Whether something that keeps is held back in `this` week of an account, as there is enough else.

    A time that somebody set comes first.
    """
    candidate = proposal.candidate
    if not candidate.evergreen or candidate.not_before or not this.goal:
        return False
    if _presses(proposal, seen):
        return False
    if deliveries.is_begun_by(this.account, proposal.id, memory, seen.now):
        return False
    return not this.is_thin


def thin_from(proposal: Proposal, this: Week, at: datetime, seen: Snapshot) -> datetime | None:
    """From when on, not before `at`, something that keeps is held back no more; None where nobody can say yet.

    So it is with the weeks after this one.
    """
    voice, end = seen.settings.accounts[this.account], proposal.candidate.not_after
    if not voice.goal or (end and end - at < _ONE_DAY):
        return at
    sunday, day = _monday(voice, seen) + _SIX_DAYS, at
    while (today := day.astimezone(ZoneInfo(voice.rhythm.zone)).date()) <= sunday:
        if replace(this, gone=_days(voice, today)).is_thin:
            return day
        day = deliveries.tomorrow(this.account, replace(seen, now=day))
    return end - _ONE_DAY if end else None


def turn(proposal: Proposal, before: str, seen: Snapshot) -> tuple[bool, bool]:
    """For sorting what is ready: what cannot wait for another day first, then what is not of the source `before`."""
    return not _presses(proposal, seen), proposal.known.source == before


def last_source(account: str, memory: Memory) -> str:
    """The source of what an account posted last."""
    mine = (d for d in memory.deliveries.values() if d.channel.startswith(f"{account}/") and deliveries.counts(d))
    last = max(mine, key=lambda d: d.since, default=None)
    return memory.known[last.id].source if last and last.id in memory.known else ""


def _presses(proposal: Proposal, seen: Snapshot) -> bool:
    """Whether it cannot wait for another day, as its time will be over."""
    end = proposal.candidate.not_after
    return end is not None and end - seen.now < _ONE_DAY


# --- what has to go out today ---------------------------------------------------------------------------------------


def dated(open_: Sequence[Proposal], seen: Snapshot) -> list[tuple[Proposal, str]]:
    """What is approved and has to be out by some time, with the account that is to post it."""
    able = [p for p in open_ if p.candidate.not_after and not (p.problems or p.known.held)]
    able = [p for p in able if p.known.source not in seen.unread]
    return [(p, name) for p in able for name in p.accounts if verdict(p, name, seen).approval]


def of_today(account: str, dated_: Sequence[tuple[Proposal, str]], memory: Memory, seen: Snapshot) -> frozenset[str]:
    """For which of the `dated` a place among the posts of this day is kept.

    So it is where no other day will do: either for the one, or as the places of all days until then do not suffice for
    all that have to be out by then.
    """
    voice = seen.settings.accounts[account]
    places = min(voice.posts_per_day, seen.ceiling)
    mine = [p for p, name in dated_ if name == account]
    near = seen.now + timedelta(days=2 + len(mine) // max(places, 1))  # for what is due later there is always a place
    mine = [p for p in mine if (p.candidate.not_after or near) <= near and _is_to_come(p, account, memory, seen)]
    if not mine:
        return frozenset()
    today = seen.now.astimezone(ZoneInfo(voice.rhythm.zone)).date()
    spans = {p.id: _span(p, account, seen) for p in mine}
    no_later = {id_ for id_, (_, end) in spans.items() if end == today}
    others = {id_: span for id_, span in spans.items() if id_ not in no_later}
    no_later |= _without_place(others, today + timedelta(days=1), places)
    return frozenset(id_ for id_ in no_later if spans[id_][0] == today)


def _span(proposal: Proposal, account: str, seen: Snapshot) -> tuple[date, date]:
    """The first and the last day on which it can go out; the last is before the first where there is none."""
    rhythm = seen.settings.accounts[account].rhythm
    zone, rhythm = ZoneInfo(rhythm.zone), timing.Rhythm(rhythm.zone, quiet=rhythm.quiet)
    start = timing.next_time(rhythm, max(seen.now, proposal.candidate.not_before or seen.now), None)
    until = proposal.candidate.not_after or start
    end = until.astimezone(zone).date()
    morning = timing.next_time(rhythm, datetime.combine(end, time(), zone).astimezone(UTC), None)
    if max(morning, start) > until:
        end -= timedelta(days=1)
    return start.astimezone(zone).date(), end


def _without_place(spans: Mapping[str, tuple[date, date]], day: date, places: int) -> set[str]:
    """Those without a place between `day` and their end, when each day takes those whose time is over soonest."""
    left, lost = dict(spans), set[str]()
    while left:
        able = sorted((end, id_) for id_, (start, end) in left.items() if start <= day)
        lost |= {id_ for end, id_ in able if end < day}
        gone = {*lost, *[id_ for end, id_ in able if end >= day][:places]}
        left = {id_: span for id_, span in left.items() if id_ not in gone}
        day = max(day + timedelta(days=1), min((start for start, _ in left.values()), default=day))
    return lost


def kept(dated_: Sequence[tuple[Proposal, str]], memory: Memory, seen: Snapshot) -> dict[str, frozenset[str]]:
    """The same for each account that has such."""
    return {name: of_today(name, dated_, memory, seen) for name in {account for _, account in dated_}}


def _is_to_come(proposal: Proposal, account: str, memory: Memory, seen: Snapshot) -> bool:
    """Whether nothing of it is or may be out by an account, and something will be, if all goes well."""
    before = {d.channel: d for d in memory.of(proposal.id) if d.channel.split("/")[0] == account}
    if any(map(deliveries.counts, before.values())):
        return False
    return any(
        _has_original(proposal, text, memory, seen)
        for channel, text in _texts(proposal, account)
        if channel not in before or before[channel].state == DEFERRED
    )


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
