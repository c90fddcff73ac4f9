"""The life of a delivery, as it is remembered: begun, then posted, refused, deferred, in doubt, handed off. Pure.

    sending ──> posted            the network said so, or its own list of posts
       │  ╲──> refused            it will not take this post: a maintainer decides
       │  ╲──> deferred           nothing went out, and it is tried again later
       │  ╲──> handed off         a person has to do it, and says so on the log page
       └─(nobody can say)──> asked about for a day, then in doubt: a maintainer decides

A channel that fails again and again is left alone for a while, so that its posts wait instead of being used up.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from smbot import timing
from smbot.forms import show_time
from smbot.memory import (
    DEFERRED,
    GIVEN_UP,
    HANDED_OFF,
    IN_DOUBT,
    POST,
    POSTED,
    REFUSED,
    RETRACT,
    RETRACTED,
    SENDING,
    Delivery,
    Memory,
    Trouble,
)
from smbot.messages import say
from smbot.model import Deferred, HandedOff, InDoubt, Outcome, Posted, Refused, Retracted, Text

if TYPE_CHECKING:
    from smbot.gather import Snapshot

ASK_FOR = timedelta(days=1)  # how long a network is asked about a delivery before a maintainer has to decide
LEASE = timedelta(minutes=5)  # for as long, a delivery that is being sent belongs to the process that began it
DONE_WITHIN = timedelta(minutes=1)  # nothing is sent later than this after it was written down; well within LEASE
TRIES = 8  # deferred more often than this, a maintainer has to decide
HAND_FOR = timedelta(days=3)  # how long a person has to post something by hand
POSTPONED = timedelta(minutes=30)  # until a picture that cannot be used is tried again
FAILURES = 3  # in a row; then a channel rests
REST, LONGEST_REST = timedelta(minutes=15), timedelta(hours=6)  # doubled with every further failure

_MONTH = timedelta(days=31)
_OUT = (POSTED, SENDING, IN_DOUBT, HANDED_OFF)  # it is out, or may be, or somebody is about to post it


# --- what is under way ----------------------------------------------------------------------------------------------


def doubts(memory: Memory, now: datetime) -> list[Delivery]:
    """The deliveries that a process began to send and never finished: their network has to be asked."""
    return [d for d in memory.deliveries.values() if d.state == SENDING and now - d.since > LEASE]


def tasks(memory: Memory, now: datetime) -> list[Delivery]:
    """The posts that shall be retracted or corrected now."""
    return [
        d for d in memory.deliveries.values() if d.task != POST and d.state == DEFERRED and d.until and d.until <= now
    ]


def stuck(of_it: Sequence[Delivery]) -> list[Delivery]:
    """Those of a candidate's deliveries that a maintainer has to settle now, with one word.

    What is in doubt differs from network to network, so that is asked about one at a time; what was refused is not out.
    """
    in_doubt = [d for d in of_it if d.state == IN_DOUBT]
    return in_doubt[:1] or [d for d in of_it if d.state == REFUSED]


def handed_off(memory: Memory) -> list[Delivery]:
    """The deliveries that wait for a person."""
    return [d for d in memory.deliveries.values() if d.state == HANDED_OFF]


def original(memory: Memory, id_: str, text: Text) -> str:
    """The address of what is to be reposted or liked; '' while it is not out."""
    if text.points_at.startswith(("https://", "http://")):
        return text.points_at
    first = memory.deliveries.get(f"{id_}/{text.repost}")
    return first.url if first and (first.task, first.state) == (POST, POSTED) else ""


def is_moot(memory: Memory, id_: str, text: Text) -> bool:
    """Whether there will never be anything to repost, or nobody can say where it is."""
    first = memory.deliveries.get(f"{id_}/{text.repost}")
    if first is None:
        return text.repost.split("/")[0] in memory.known[id_].dropped
    return first.state in (GIVEN_UP, RETRACTED) or (first.state == POSTED and not first.url)


def name_of(channel: str, seen: Snapshot) -> str:
    """A channel as people call it, such as 'wikitech on Mastodon'."""
    account, network = channel.split("/")
    return say("channel-name", account, seen.rules[channel].network if channel in seen.rules else network)


# --- when an account may post ---------------------------------------------------------------------------------------


class Wait(NamedTuple):
    """Why something does not go out now, in words for its card; `is_vain` when its time will be over before it can."""

    why: str
    is_vain: bool = False


def waits(
    id_: str,
    channel: str,
    mills: int,
    memory: Memory,
    seen: Snapshot,
    until: datetime | None = None,
    kept: Collection[str] = (),
    turn: datetime | None = None,
) -> Wait | None:
    """Why an approved delivery does not go out now; None when it does.

    `until` is when its time is over, `kept` are the candidates for which places of this day are kept, `turn` is when it
    goes out, as far as that was worked out.
    """

    def wait(end: datetime, why: str, too_long: str = "") -> Wait:
        if until and end > until:
            return Wait(say("card-waits-in-vain", show_time(until), too_long or why), is_vain=True)
        return Wait(why)

    account = channel.split("/")[0]
    if rest := _rests(id_, channel, memory, seen):
        return wait(*rest)
    budget = seen.settings.accounts[account].budget
    if mills and memory.spent.get(f"{account} {seen.now:%Y-%m}", 0) + mills > budget:
        next_month = (seen.now.replace(day=1, hour=0, minute=0) + _MONTH).replace(day=1)
        return wait(next_month, say("card-waits-budget", dollars(mills), account, dollars(budget)))
    if not is_begun_by(account, id_, memory, seen.now) and is_full(account, id_, memory, seen, kept):
        at = next_time(id_, account, memory, replace(seen, now=tomorrow(account, seen)), until)
        if is_full(account, id_, memory, seen):
            why = say("card-waits-day", account, show_time(turn or at))
            return wait(at, why, say("card-waits-day-in-vain", account))
        return wait(at, say("card-waits-kept", account, show_time(turn or at)))
    at = next_time(id_, account, memory, seen, until)
    if at > seen.now:
        why = say("card-waits-time", show_time(turn or at))
        return wait(at, why, say("card-waits-quiet-in-vain", account, show_time(at)))
    return None


def next_time(id_: str, account: str, memory: Memory, seen: Snapshot, until: datetime | None = None) -> datetime:
    """When the rhythm of an account lets a candidate out. One that is out on another network only heeds quiet hours.

    `until` is when the time of the candidate is over, see `timing.time_before`.
    """
    rhythm = seen.settings.accounts[account].rhythm
    known = memory.known.get(id_)
    if known and known.step:  # a reminder has a time of its own, and does not wait for a slot
        rhythm = replace(rhythm, slots=())
    if is_begun_by(account, id_, memory, seen.now):
        return timing.next_time(timing.Rhythm(rhythm.zone, quiet=rhythm.quiet), seen.now, None)
    return timing.time_before(until, rhythm, seen.now, last_post(account, memory, seen, id_))


def last_post(account: str, memory: Memory, seen: Snapshot, but: str = "") -> datetime | None:
    """When an account last posted a candidate, if it did, leaving out one of them."""
    mine = (d for d in memory.deliveries.values() if d.channel.startswith(f"{account}/") and d.id != but and counts(d))
    times = (min(d.since, seen.now) for d in mine)  # the clock of another process may be a second ahead
    return max(times, default=None)


def is_full(account: str, id_: str, memory: Memory, seen: Snapshot, kept: Collection[str] = ()) -> bool:
    """Whether other candidates fill the account's ceiling for this day.

    So do those for which places are `kept`, unless it is one of them.
    """
    voice, used = seen.settings.accounts[account], of_day(account, memory, seen)
    others = used if id_ in kept else {*used, *kept}
    return len(others - {id_}) >= min(voice.posts_per_day, seen.ceiling)


def of_day(account: str, memory: Memory, seen: Snapshot) -> frozenset[str]:
    """What an account has or may have posted on this day, as its time zone counts days."""
    zone = ZoneInfo(seen.settings.accounts[account].rhythm.zone)
    today = seen.now.astimezone(zone).date()
    mine = (d for d in memory.deliveries.values() if d.channel.startswith(f"{account}/") and counts(d))
    return frozenset(d.id for d in mine if d.since.astimezone(zone).date() == today)


def tomorrow(account: str, seen: Snapshot) -> datetime:
    """When the next day of an account begins."""
    zone = ZoneInfo(seen.settings.accounts[account].rhythm.zone)
    day = seen.now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(day, time(), zone).astimezone(seen.now.tzinfo)


def is_begun_by(account: str, id_: str, memory: Memory, now: datetime) -> bool:
    """Whether it is out on one of the account's networks, or about to be. A doubt is not known to be out."""
    return any(
        d.channel.startswith(f"{account}/")
        and (d.posts or d.state in (POSTED, HANDED_OFF) or (d.state == SENDING and now - d.since <= LEASE))
        for d in memory.of(id_)
    )


def counts(delivery: Delivery) -> bool:
    """Whether it, or a part of its thread, is or may be out."""
    return delivery.state in _OUT or bool(delivery.posts)


def is_out(delivery: Delivery) -> bool:
    """Whether it is or may be out now: what was taken back fills a day, but brings no account nearer to its goal."""
    return counts(delivery) and delivery.state != RETRACTED


def _rests(id_: str, channel: str, memory: Memory, seen: Snapshot) -> tuple[datetime, str] | None:
    """Until when a channel rests, and what to say of it. One that has rested is tried with one delivery first."""
    trouble = memory.troubles.get(channel)
    if trouble is None or trouble.until is None:
        return None
    if trouble.until > seen.now:
        return trouble.until, say("card-waits-rest", name_of(channel, seen), show_time(trouble.until))
    others = (d for d in memory.deliveries.values() if d.channel == channel and d.id != id_ and d.state == SENDING)
    return (seen.now, say("card-waits-first", name_of(channel, seen))) if any(others) else None


def dollars(mills: int) -> str:
    """A sum as people write it."""
    return f"${mills / 1000:.3f}".removesuffix("0")


# --- what becomes of one --------------------------------------------------------------------------------------------


def begin(memory: Memory, delivery: Delivery, run: str) -> Memory:
    """Write down that a delivery is being sent, before it is; what it costs is spent from now on."""
    delivery = replace(delivery, state=SENDING, run=run)
    return replace(_put(memory, delivery), spent=charged(memory, delivery, delivery.mills))


def record(memory: Memory, delivery: Delivery, outcome: Outcome, now: datetime) -> Memory:
    """Write down what became of a delivery."""
    if delivery.task != POST:
        return _put(memory, _after_task(delivery, outcome, now))
    after = _after_post(delivery, outcome, now)
    spent = memory.spent if isinstance(outcome, Posted | InDoubt) else charged(memory, delivery, -delivery.mills)
    troubles = _troubles(memory, delivery, outcome, now)
    return replace(_put(memory, after), spent=spent, troubles=troubles, pointed=_pointed(memory, after, now))


def _pointed(memory: Memory, delivery: Delivery, now: datetime) -> dict[str, date]:
    """When each account last reposted or liked what others posted, which it is to do rarely."""
    text = delivery.text
    if delivery.state not in (POSTED, HANDED_OFF) or not text.points_at.startswith(("https://", "http://")):
        return memory.pointed
    act = "repost" if text.repost else "like"
    return memory.pointed | {f"{delivery.channel.split('/')[0]} {act}": now.date()}


def wonder(memory: Memory, delivery: Delivery, why: str, now: datetime) -> Memory:
    """Write down why it is not known whether a delivery went out; its network will be asked once the lease is over.

    What stays unknown however often it is tried, a maintainer has to settle.
    """
    if delivery.tries >= TRIES:
        return record(memory, delivery, InDoubt(say("state-tried", delivery.tries, why)), now)
    troubles = _troubles(memory, delivery, InDoubt(why), now)
    return replace(_put(memory, replace(delivery, state=SENDING, reason=why)), troubles=troubles)


def _after_post(delivery: Delivery, outcome: Outcome, now: datetime) -> Delivery:
    match outcome:
        case Posted(url):
            posts = (*delivery.posts, outcome)
            url = delivery.url if delivery.posts else url
            if len(posts) < len(delivery.text.parts):
                why = say("state-part-out", len(posts), len(delivery.text.parts))
                return replace(delivery, state=DEFERRED, posts=posts, url=url, until=now, reason=why, tries=0)
            return replace(delivery, state=POSTED, posts=posts, url=url, reason="", parcel={})
        case Deferred(reason, until) if delivery.tries < TRIES:
            return replace(delivery, state=DEFERRED, reason=reason, until=until)
        case Deferred(reason):
            return replace(delivery, state=REFUSED, reason=say("state-tried", delivery.tries, reason))
        case Refused(reason):
            return replace(delivery, state=REFUSED, reason=reason)
        case HandedOff(url, how):
            return replace(delivery, state=HANDED_OFF, url=url, reason=how)
        case InDoubt(reason):
            return replace(delivery, state=IN_DOUBT, reason=reason)
    raise TypeError(outcome)


def _after_task(delivery: Delivery, outcome: Outcome, now: datetime) -> Delivery:
    """What becomes of a post that was to be retracted or corrected; what an API cannot do, a person has to."""
    match outcome:
        case Retracted():
            return replace(delivery, state=RETRACTED, until=None, reason=delivery.said)
        case Posted(url) if delivery.corrected:
            return _as_posted(
                replace(delivery, text=delivery.corrected, url=url), say("state-corrected", delivery.said)
            )
        case Deferred(reason, until) if delivery.tries < TRIES:
            return replace(delivery, state=DEFERRED, until=until, tries=delivery.tries + 1, reason=reason)
        case Deferred(reason) | Refused(reason) if delivery.task == RETRACT:
            return replace(delivery, state=HANDED_OFF, handed=now, reason=say("state-delete-by-hand", reason))
        case Deferred(reason) | Refused(reason):
            return _as_posted(delivery, say("state-not-corrected", reason))
    raise TypeError(outcome)


def _as_posted(delivery: Delivery, why: str) -> Delivery:
    """It was to be corrected, and is out as before; its row on the log is to be written anew."""
    return replace(delivery, task=POST, state=POSTED, corrected=None, until=None, reason=why, logged="")


def is_begun(memory: Memory, delivery: Delivery) -> bool:
    """Whether a delivery stands as it was begun: nobody has settled it since, or begun it anew."""
    now = memory.deliveries.get(delivery.key)
    return now is not None and (now.state, now.run, now.since) == (SENDING, delivery.run, delivery.since)


def postpone(memory: Memory, delivery: Delivery, why: str, now: datetime) -> Memory:
    """Write down that a delivery could not be begun, for a reason that is not its channel's."""
    before = memory.deliveries.get(delivery.key)
    if before and before.state != DEFERRED:  # another process has begun it
        return memory
    return _put(memory, _after_post(delivery, Deferred(why, now + POSTPONED), now))


def absent(memory: Memory, delivery: Delivery, now: datetime) -> Memory:
    """The network was asked: what was begun never went out, so that it can be sent again."""
    after = replace(delivery, state=DEFERRED, until=now, reason=say("state-not-gone-out"), run="", parcel={})
    return replace(_put(memory, after), spent=charged(memory, delivery, -delivery.mills))


def forget(memory: Memory, delivery: Delivery, before: Delivery | None) -> Memory:
    """What was begun was not sent after all. It is as it was `before`: a doubt is a doubt still."""
    others = {key: d for key, d in memory.deliveries.items() if key != delivery.key}
    if before:
        others[delivery.key] = before
    return replace(memory, deliveries=others, spent=charged(memory, delivery, -delivery.mills))


def retract(delivery: Delivery, why: str, now: datetime) -> Delivery:
    """What a maintainer's word to retract makes of a delivery. What may be out has to be cleared up first."""
    if delivery.state in (SENDING, IN_DOUBT):
        return replace(delivery, said=why)
    if delivery.state == RETRACTED:
        return delivery
    if delivery.posts or delivery.state == POSTED:
        return replace(delivery, task=RETRACT, state=DEFERRED, until=now, tries=0, said=why, reason="", corrected=None)
    if delivery.state in (DEFERRED, REFUSED, HANDED_OFF):
        return replace(delivery, state=GIVEN_UP, reason=why)
    return delivery


def by_hand(delivery: Delivery, url: str, why: str) -> Delivery:
    """A person did what was handed off."""
    if delivery.task == RETRACT:
        return replace(delivery, state=RETRACTED, reason=why)
    return replace(delivery, state=POSTED, posts=(Posted(url, ""),), url=url, reason=why)


def is_out_of_hand(delivery: Delivery, now: datetime) -> bool:
    """Whether nobody posted in time what was handed off."""
    return delivery.state == HANDED_OFF and delivery.task == POST and now - delivery.since > HAND_FOR


def _put(memory: Memory, delivery: Delivery) -> Memory:
    return replace(memory, deliveries=memory.deliveries | {delivery.key: delivery})


def charged(memory: Memory, delivery: Delivery, mills: int) -> Mapping[str, int]:
    """What each account has spent, with a cost added or taken back; only this month and the last are of interest."""
    if not mills:
        return memory.spent
    month = f"{delivery.since:%Y-%m}"
    name = f"{delivery.channel.split('/')[0]} {month}"
    kept = {key: sum_ for key, sum_ in memory.spent.items() if key[-7:] >= f"{delivery.since - _MONTH:%Y-%m}"}
    return kept | {name: max(0, kept.get(name, 0) + mills)}


def _troubles(memory: Memory, delivery: Delivery, outcome: Outcome, now: datetime) -> dict[str, Trouble]:
    troubles = dict(memory.troubles)
    before = troubles.pop(delivery.channel, None)
    if isinstance(outcome, Deferred | InDoubt):
        failures = before.failures + 1 if before else 1
        until = None
        if failures >= FAILURES:
            until = now + min(REST * 2 ** min(failures - FAILURES, 10), LONGEST_REST)
            until = max(until, outcome.until) if isinstance(outcome, Deferred) else until
        troubles[delivery.channel] = Trouble(failures, outcome.reason, until)
    return troubles
