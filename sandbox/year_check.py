"""What must be true of a year of posting, looked for in what is on the networks. Knows nothing of smbot's own code.

Every finding is a sentence; no finding means that the rules were kept.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

OPEN = timedelta(hours=1)  # how long a slot is open
KNOWN_WITHIN = timedelta(hours=12)  # how long it may take until what is moved, cancelled or gone is known
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True)
class House:
    """The rules of one account. `slots` are (days such as 'Mon Tue', 'HH:MM'); `quiet` is ('HH:MM', 'HH:MM') or ()."""

    name: str
    networks: tuple[str, ...]
    maintainers: tuple[str, ...]
    zone: str = "UTC"
    slots: tuple[tuple[str, str], ...] = ()
    quiet: tuple[str, ...] = ()
    gap: timedelta = timedelta(0)
    per_day: int = 3
    goal: int = 3
    approval: timedelta = timedelta(days=14)
    approval_of_evergreen: timedelta = timedelta(days=180)


@dataclass(frozen=True)
class Post:
    """What can be read on a network. A repost is `of` another post's id; its words are 'repost of' and an account."""

    account: str
    network: str
    id: str
    at: datetime
    words: str
    of: str = ""

    def __str__(self) -> str:
        return f"{self.account} on {self.network} at {self.at:%Y-%m-%d %H:%M}: “{self.words[:50]}”"


@dataclass(frozen=True)
class Row:
    """A row of the posting log."""

    key: str
    account: str
    network: str
    state: str
    url: str


@dataclass(frozen=True)
class Ruling:
    """What a maintainer set a card to, and the words it showed them for each (account, network)."""

    at: datetime
    who: str
    id: str
    status: str
    shown: frozenset[tuple[str, str, str]] = frozenset()
    after: datetime | None = None  # the times that stood on the card
    until: datetime | None = None
    step: str = ""  # of something with a date: '1 day before', 'moved', 'cancelled'; '' for the announcement
    evergreen: bool = False


@dataclass(frozen=True)
class Told:
    """What a page said from some time on of something to come; without `start` it is cancelled, or not `listed`."""

    since: datetime
    name: str
    start: datetime | None
    whole_day: bool = False
    listed: bool = True

    @property
    def over(self) -> datetime | None:
        """From when on it is too late to tell of it."""
        return self.start + timedelta(days=1) if self.start and self.whole_day else self.start


@dataclass(frozen=True)
class Books:
    """All that is to be compared."""

    houses: Sequence[House]
    posts: Sequence[Post]
    rows: Sequence[Row]
    rulings: Sequence[Ruling]
    told: Sequence[Told] = ()
    once: Sequence[str] = ()  # what several sources tell, by words that each telling of it has

    def ids(self) -> dict[str, str]:
        """The candidate of each post, by the row of the log that has its address; else its words."""
        return {key(post): next((r.key.split("/")[0] for r in self._rows(post)), post.words) for post in self.posts}

    def _rows(self, post: Post) -> list[Row]:
        same = (r for r in self.rows if (r.account, r.network) == (post.account, post.network))
        return [r for r in same if r.url and _is_of(r.url, post)]

    def original(self, post: Post) -> Post | None:
        """The post that is reposted."""
        return next((p for p in self.posts if p.network == post.network and p.id == post.of), None)


def key(post: Post) -> str:
    return f"{post.account}/{post.network}/{post.id}"


def _is_of(url: str, post: Post) -> bool:
    """Whether an address is that of a post, or of what it reposts: a repost has none of its own."""
    return re.split(r"[/_]", url.rstrip("/"))[-1] == re.split("_", post.of or post.id)[-1]


# --- each exactly once ----------------------------------------------------------------------------------------------

AGAIN = timedelta(weeks=8)  # later than this the same words are no double


def doubles(books: Books) -> list[str]:
    """Posts that are on a network twice, or on the log not exactly once; rows of the log without a post.

    What two sources tell counts as the same, whatever their words. What is promoted once a quarter may be said again.
    """
    seen: dict[tuple[str, str, str], Post] = {}
    found = []
    for post in books.posts:
        place = (post.account, post.network, post.of or " ".join(post.words.split()))
        if place in seen and (post.of or post.at - seen[place].at < AGAIN):
            found.append(f"twice: {post}, and at {seen[place].at:%Y-%m-%d %H:%M}")
        seen[place] = post
        if len(rows := books._rows(post)) != 1:
            found.append(f"on the log {len(rows)} times: {post}")
    posted = [row for row in books.rows if row.state == "posted"]
    for row in posted:
        mine = [post for post in books.posts if (post.account, post.network) == (row.account, row.network)]
        if (there := sum(_is_of(row.url, post) for post in mine)) != 1:
            found.append(f"posted by the log, and {there} times on {row.network}: {row.key} {row.url}")
    for words in books.once:
        tellings = [post for post in books.posts if (first := books.original(post) or post) and words in first.words]
        places = Counter((post.account, post.network) for post in tellings)
        found += [f"told {times} times by {account} on {network}: {words}"
                  for (account, network), times in places.items() if times > 1]  # fmt: skip
    return found


# --- the rules ------------------------------------------------------------------------------------------------------


def outside(books: Books) -> list[str]:
    """Posts against the rules of their account: slots, quiet hours, gap, ceiling, approval; untimely ones."""
    ids = books.ids()
    found = [
        f"{why}: {post}" for post in books.posts if (why := _untimely(post, books) or _misplaced(post, books, ids))
    ]
    steps = {ruling.id for ruling in books.rulings if ruling.step}
    ends = {ruling.id: ruling.until for ruling in books.rulings if ruling.until and ruling.status == "approved"}
    keeping = {ruling.id for ruling in books.rulings if ruling.evergreen and not ruling.after}
    for house in books.houses:
        mine = sorted((post for post in books.posts if post.account == house.name), key=lambda post: post.at)
        found += [f"{why}: {post}" for post, why in _against(house, mine, ids, steps, ends)]
        found += [f"{why}: {post}" for post, why in _needless(house, mine, ids, keeping)]
        found += [
            f"{why}: {post}"
            for post in mine
            if (why := _unapproved(house, post, [r for r in books.rulings if r.id == ids[key(post)]]))
        ]
    known = {house.name for house in books.houses}
    return found + [f"no such account: {post}" for post in books.posts if post.account not in known]


def _against(
    house: House, mine: Sequence[Post], ids: dict[str, str], steps: Container[str], ends: Mapping[str, datetime]
) -> Iterator[tuple[Post, str]]:
    """What the clock says. What is out on one network may follow on another at any time but in quiet hours.

    `steps` are reminders, and news of what is moved or cancelled, which wait for no slot. What would not be out by its
    end waits for no slot either, nor for a gap.
    """
    out: set[str] = set()
    days: dict[object, set[str]] = defaultdict(set)
    for number, post in enumerate(mine):
        id_, here = ids[key(post)], post.at.astimezone(ZoneInfo(house.zone))
        if house.quiet and _is_quiet(house.quiet, here.time()):
            yield post, "in quiet hours"
        if post.network not in house.networks:
            yield post, "not a network of this account"
        others = [other for other in mine[:number] if ids[key(other)] != id_]
        today = days[here.date()]
        if id_ not in out:
            slots = house.slots if id_ not in steps and not _misses_slots(house, post.at, ends.get(id_)) else ()
            if slots and not (slot := slot_of(house, post.at)):
                yield post, "outside the slots"
            elif slots and any(other.at >= slot for other in others):
                yield post, "the second in its slot"
            too_late = others and id_ in ends and others[-1].at + house.gap > ends[id_]
            if others and not too_late and post.at - others[-1].at < house.gap:
                yield post, f"{(post.at - others[-1].at) // timedelta(minutes=1)} minutes after another"
            if len(today - {id_}) >= house.per_day:
                yield post, f"one more than {house.per_day} that day"
        out.add(id_)
        today.add(id_)


def _needless(
    house: House, mine: Sequence[Post], ids: dict[str, str], keeping: Container[str]
) -> Iterator[tuple[Post, str]]:
    """What keeps and went out in a week that was at its goal without it.

    What another network takes a week later is not another post of that week.
    """
    weeks: dict[date, set[str]] = defaultdict(set)
    out: set[str] = set()
    for post in mine:
        id_, day = ids[key(post)], post.at.astimezone(ZoneInfo(house.zone)).date()
        week = weeks[day - timedelta(days=day.weekday())]
        if id_ in keeping and id_ not in out and len(week) >= house.goal:
            yield post, f"it keeps, and the week had {len(week)} already"
        if id_ not in out:
            week.add(id_)
        out.add(id_)


def _misplaced(post: Post, books: Books, ids: dict[str, str]) -> str:
    """Why a repost is not one of what another account had posted of the same candidate."""
    if not post.of:
        return ""
    original = books.original(post)
    if original is None:
        return "a repost of nothing"
    if original.account == post.account or ids[key(original)] != ids[key(post)]:
        return "a repost of something else"
    return "a repost before the post" if post.at < original.at else ""


_WHEN = re.compile(r"[a-z]+day, (\d{1,2} [a-z]+ \d{4})(?:, (\d\d:\d\d) UTC)?", re.I)


def _untimely(post: Post, books: Books) -> str:
    """Why a post tells of something to come at a time that is not its, or too late; '' where it does not."""
    first = books.original(post) if post.of else post
    words = first.words if first else ""
    true = [told for told in books.told if told.name in words and told.since <= post.at]
    if not true:
        return ""
    known_by = post.at - KNOWN_WITHIN
    since = max((told.since for told in true if told.since <= known_by), default=true[0].since)
    maybe = [told for told in true if told.since >= since]
    date_ = _WHEN.search(words)
    day = date_ and datetime.strptime(f"{date_[1]} {date_[2] or '00:00'} +0000", "%d %B %Y %H:%M %z")
    if "Cancelled: " in words:  # also where a maintainer wrote something before it
        is_off = any(told.start is None and told.listed for told in maybe)
        return "" if is_off and any(t.over > post.at for t in true if t.over) else "it was not cancelled, or is over"
    named = [told for told in maybe if told.start and (not day or told.start == day)]
    if not named:
        return "it tells of a time that is not true"
    return "" if any(told.over > post.at for told in named if told.over) else "it tells of what is over"


def slot_of(house: House, at: datetime) -> datetime | None:
    """When the slot began that is open at a time: the minute of the last hour at which the wall clock came to it.

    A time that the clock skips is come to when it is put forward; of one that comes twice the first counts.
    """
    zone = ZoneInfo(house.zone)
    for back in range(int(OPEN.total_seconds() // 60)):
        end = at.replace(second=0, microsecond=0) - timedelta(minutes=back)
        now, before = end.astimezone(zone), (end - timedelta(minutes=1)).astimezone(zone)
        if now.fold:
            continue
        for days, clock in house.slots:
            hit = before.replace(tzinfo=None) < datetime.combine(now.date(), _time(clock)) <= now.replace(tzinfo=None)
            if hit and DAYS[now.weekday()] in days.split():
                return end
    return None


def _misses_slots(house: House, at: datetime, end: datetime | None) -> bool:
    """Whether no slot begins between a time and an end."""
    if end is None or end - at > timedelta(weeks=1):
        return False
    half_hours = (at + n * OPEN / 2 for n in range(1, 2 * 24 * 7) if at + n * OPEN / 2 < end)
    return not any((slot := slot_of(house, then)) and slot > at for then in (*half_hours, end))


def _is_quiet(quiet: Sequence[str], now: time) -> bool:
    start, end = map(_time, quiet)
    return start <= now < end if start <= end else now >= start or now < end


def _time(clock: str) -> time:
    return time.fromisoformat(clock)


def _unapproved(house: House, post: Post, rulings: Iterable[Ruling]) -> str:
    """Why a post had no approval of just these words by a maintainer of its account when it went out; '' if it had."""
    before = [r for r in rulings if r.at <= post.at and r.status not in ("again", "posted")]
    if not before:
        return "nobody approved it"
    last = before[-1]
    if last.status != "approved":
        return f"{last.who} had set it to {last.status}"
    if last.who not in house.maintainers:
        return f"{last.who} does not maintain the account"
    if (post.account, post.network, " ".join(post.words.split())) not in last.shown:
        return f"other words, or another place, than {last.who} approved"
    if post.at - last.at > (house.approval_of_evergreen if last.evergreen else house.approval):
        return f"approved by {last.who} {(post.at - last.at).days} days before"
    if (last.after and post.at < last.after) or (last.until and post.at > last.until):
        return "not at the time that stood on its card"
    return ""


# --- figures --------------------------------------------------------------------------------------------------------


def firsts(books: Books, account: str) -> dict[str, Post]:
    """The first post of each candidate on an account, on whatever network; oldest first."""
    ids, found = books.ids(), {}
    for post in sorted(books.posts, key=lambda post: post.at):
        if post.account == account:
            found.setdefault(ids[key(post)], post)
    return found


def waits(books: Books, account: str) -> list[tuple[datetime, timedelta]]:
    """When each candidate was first out on an account, and how long after its approval and the time on its card.

    What keeps is left out, as it is meant to wait.
    """
    found = []
    for id_, post in firsts(books, account).items():
        approvals = [r for r in books.rulings if r.id == id_ and r.status == "approved" and r.at <= post.at]
        if approvals and not approvals[-1].evergreen:
            found.append((post.at, post.at - max(approvals[-1].at, approvals[-1].after or approvals[-1].at)))
    return found


def part(values: Iterable[timedelta], share: float) -> timedelta:
    """The value below which this share of the values lies; nothing for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else timedelta(0)


def week_of(at: datetime, start: date, zone: str) -> int:
    """The number of the week in which something happened, by the days of a time zone."""
    return (at.astimezone(ZoneInfo(zone)).date() - start).days // 7


def by_week(books: Books, start: date, weeks: int, house: House, *, reposts: bool) -> list[int]:
    """How many different things an account posted, or reposted, in each week."""
    mine = firsts(books, house.name).values()
    counted = Counter(week_of(post.at, start, house.zone) for post in mine if bool(post.of) == reposts)
    return [counted[week] for week in range(weeks)]
