"""How the desk stands: what the status page tells people, and the data page tells tools. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from smbot import dated, history, plan, planned, proposals, rhythm
from smbot.deliveries import is_out
from smbot.forms import shorten
from smbot.gather import Snapshot
from smbot.history import Out
from smbot.memory import HANDED_OFF, IN_DOUBT, REFUSED, Delivery, Memory, Trouble
from smbot.messages import say
from smbot.model import Problem
from smbot.planned import Coming
from smbot.proposals import Proposal, verdict
from smbot.rhythm import Week


class Voice(Struct, frozen=True):
    """How one account stands.

    `networks` are its posts of this week by channel; `waiting` what its maintainers have to decide on, oldest first,
    without the `picks`, of which nobody has to choose any.
    """

    week: Week
    maintainers: tuple[str, ...]
    networks: Mapping[str, int]
    waiting: tuple[Proposal, ...]
    picks: int

    @property
    def name(self) -> str:
        return self.week.account


class Stuck(Struct, frozen=True):
    """A delivery that goes on only when somebody does something: in doubt, refused, or to be done by hand."""

    delivery: Delivery
    title: str
    people: tuple[str, ...]


class Overview(Struct, frozen=True):
    """All of it. `resting` are the channels that are left alone for a while, `days` the posts by account and day."""

    now: datetime
    stopped: tuple[Problem, ...]
    voices: tuple[Voice, ...]
    coming: tuple[Coming, ...]
    out: tuple[Out, ...]
    days: Mapping[tuple[str, date], int]
    stuck: tuple[Stuck, ...]
    resting: Mapping[str, Trouble]
    alarms: tuple[str, ...]

    @property
    def next(self) -> Coming | None:
        """The approved post that is to go out first."""
        return next((one for one in self.coming if one.approval), None)


def overview(memory: Memory, seen: Snapshot) -> Overview:
    """How the desk stands. With a problem in the settings nobody can say what waits for whom."""
    open_ = proposals.proposals(memory, seen) if not seen.settings.problems else []
    names = seen.settings.accounts if not seen.settings.problems else ()
    return Overview(
        now=seen.now,
        stopped=plan.stopped(seen),
        voices=tuple(_voice(name, open_, memory, seen) for name in names),
        coming=planned.outlook(memory, seen, open_).coming,
        out=tuple(history.posts(memory)),
        days=history.days(memory),
        stuck=tuple(_stuck(memory, seen)),
        resting={channel: t for channel, t in memory.troubles.items() if t.until},
        alarms=tuple(memory.alarms.values()),
    )


def title_of(proposal: Proposal) -> str:
    """What a candidate is recognised by, in a few words; a reminder also by when it reminds."""
    title, step = shorten(proposal.known.title or proposal.candidate.title), proposal.known.step
    return say("status-step", title, dated.told(step)) if step else title


def _voice(name: str, open_: Sequence[Proposal], memory: Memory, seen: Snapshot) -> Voice:
    account = seen.settings.accounts[name]
    undecided = [p for p in open_ if name in p.accounts and not p.known.held and not verdict(p, name, seen).approval]
    waiting = [p for p in undecided if not p.known.pick and not any(d.posts for d in memory.of(p.id))]
    return Voice(
        week=rhythm.week(name, open_, memory, seen),
        maintainers=tuple(sorted(account.maintainers)),
        networks=_this_week(name, memory, seen),
        waiting=tuple(sorted(waiting, key=lambda p: (p.known.since, p.id))),
        picks=sum(p.known.pick for p in undecided),
    )


def _this_week(name: str, memory: Memory, seen: Snapshot) -> dict[str, int]:
    """How many posts each channel of an account has had since Monday in its time zone, or may have."""
    account = seen.settings.accounts[name]
    zone = ZoneInfo(account.rhythm.zone)
    today = seen.now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    found = Counter(
        d.channel for d in memory.deliveries.values() if is_out(d) and d.since.astimezone(zone).date() >= monday
    )
    return {channel: found[channel] for channel in account.channels}


def _stuck(memory: Memory, seen: Snapshot) -> Iterator[Stuck]:
    """What waits for a person, oldest first."""
    waiting = [d for d in memory.deliveries.values() if d.state in (IN_DOUBT, REFUSED, HANDED_OFF)]
    for delivery in sorted(waiting, key=lambda d: (d.waiting_since, d.key)):
        known = memory.known.get(delivery.id)
        account = seen.settings.accounts.get(delivery.channel.split("/")[0])
        people = tuple(sorted(account.maintainers)) if account else ()
        yield Stuck(delivery, shorten((known.title if known else "") or delivery.text.told), people)
