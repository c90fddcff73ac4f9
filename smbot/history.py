"""What went out: post by post for the last weeks, in numbers for a year. Pure.

A post is one candidate on one account, on however many networks. While its deliveries are remembered they say it all;
when the last of them is forgotten, a line of it is kept for some weeks, and its day counts one more for a year. For as
long it is known who said what on X.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from smbot import manners
from smbot.forms import shorten
from smbot.memory import POSTED, RETRACTED, Delivery, Memory, Past

KEEP_PAST = timedelta(days=22)  # this week and the two before it, in every time zone
KEEP_COUNTS = timedelta(weeks=53)


class Out(Struct, frozen=True):
    """A post that is out: when it first was, and where ('' where nobody knows)."""

    id: str
    account: str
    title: str
    at: datetime
    url: str = ""
    channels: tuple[str, ...] = ()


def is_out(delivery: Delivery) -> bool:
    """Whether it, or a part of its thread, can be read on its network."""
    return delivery.state != RETRACTED and (delivery.state == POSTED or bool(delivery.posts))


def posts(memory: Memory) -> list[Out]:
    """The posts of the last weeks, oldest first."""
    now = _together(memory.deliveries.values(), memory)
    before = [Out(p.id, p.account, p.title, p.at, p.url) for p in memory.past if (p.id, p.account) not in now]
    return sorted((*now.values(), *before), key=lambda out: (out.at, out.account, out.id))


def days(memory: Memory) -> Mapping[tuple[str, date], int]:
    """How many posts each account had on each day of the last year, in UTC; only those with any."""
    found: Counter[tuple[str, date]] = Counter()
    for name, number in memory.counts.items():
        account, _, day = name.rpartition(" ")
        found[account, date.fromisoformat(day)] += number
    for out in _together(memory.deliveries.values(), memory).values():
        found[out.account, out.at.astimezone(UTC).date()] += 1
    return found


def keep(memory: Memory, kept: Mapping[str, Delivery], now: datetime) -> Memory:
    """The memory with what has to stay of the deliveries that are not among those `kept`."""
    still = {_post(delivery) for delivery in kept.values()}
    leaving = [d for key, d in memory.deliveries.items() if key not in kept and _post(d) not in still]
    gone = _together(leaving, memory).values()
    past = (*memory.past, *(Past(o.id, o.account, o.title, o.at, o.url) for o in gone))
    counts = Counter(memory.counts)
    counts.update(f"{o.account} {o.at.astimezone(UTC):%Y-%m-%d}" for o in gone)
    words = {
        manners.voice(d.channel, d.text): f"{d.channel.split('/')[0]} {d.since:%Y-%m-%d}"
        for key, d in memory.deliveries.items()
        if key not in kept and is_out(d)
    }
    first = f"{now - KEEP_COUNTS:%Y-%m-%d}"
    return replace(
        memory,
        past=tuple(p for p in past if now - p.at < KEEP_PAST),
        counts={name: number for name, number in counts.items() if name[-10:] > first},
        said={print_: who for print_, who in (memory.said | words).items() if print_ and who[-10:] > first},
    )


def _post(delivery: Delivery) -> tuple[str, str]:
    return delivery.id, delivery.channel.split("/")[0]


def _together(deliveries: Iterable[Delivery], memory: Memory) -> dict[tuple[str, str], Out]:
    """The posts that these deliveries are of."""
    found: dict[tuple[str, str], list[Delivery]] = {}
    for delivery in deliveries:
        if is_out(delivery):
            found.setdefault(_post(delivery), []).append(delivery)
    return {post: _out(post, of_it, memory) for post, of_it in found.items()}


def _out(post: tuple[str, str], of_it: list[Delivery], memory: Memory) -> Out:
    of_it = sorted(of_it, key=lambda d: (d.since, d.channel))
    id_, account = post
    known = memory.known.get(id_)
    return Out(
        id=id_,
        account=account,
        title=shorten((known.title if known else "") or of_it[0].text.told),
        at=of_it[0].since,
        url=next((d.url for d in of_it if d.url), ""),
        channels=tuple(d.channel for d in of_it),
    )
