"""The world of the simulated year: a real wiki and networks whose clocks are simulated, people, weather, and smbot.

All that will happen is put on an agenda beforehand, by a seed; then one thing happens after the other.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import requests

from sandbox import year_check
from sandbox.mastodon import Mastodon
from sandbox.people import Person, RefusedError
from sandbox.standin import StandIn
from sandbox.website import Website
from sandbox.wiki import ADMIN, PASSWORD, create
from sandbox.x import API_KEY, API_SECRET, X
from sandbox.year_blog import releases
from sandbox.year_check import Books, House, Post, Row, Told
from sandbox.year_news import FEEDS
from sandbox.year_people import CARD, Maintainer, Requester, Stranger
from sandbox.year_wishes import keepers, wishes
from sandbox.year_words import Edit, Span
from smbot import memory
from smbot.errors import SmbotError
from smbot.gather import titles
from smbot.templates import named, parse, raw

HOME, BOT = "Project:Social media", "Smbot"
START = date(2027, 1, 4)  # a Monday, so that weeks are those of the goals
PEOPLE = ("Anna", "Nikhil")
HOUSES = (
    House(
        "mediawiki", ("mastodon", "x"), PEOPLE, "Europe/Berlin", gap=timedelta(minutes=60), per_day=2,
        slots=(("Mon Tue Wed Thu Fri", "09:00"), ("Mon Tue Wed Thu Fri", "15:30"), ("Sat", "11:00")),
    ),
    House(
        "wikitech", ("mastodon", "x"), PEOPLE, "America/New_York", gap=timedelta(minutes=90), per_day=3,
        quiet=("22:00", "07:00"),
    ),
)  # fmt: skip
SUMMER = {"Anna": (date(2027, 7, 19), date(2027, 8, 1)), "Nikhil": (date(2027, 7, 26), date(2027, 8, 8))}
CHRISTMAS = {"Anna": (date(2027, 12, 24), date(2027, 12, 31)), "Nikhil": (date(2027, 12, 25), date(2027, 12, 26))}
LOST = "reset"  # how an answer is lost


def settings_page(website: Callable[[str], str]) -> str:
    """The settings page of the year; `website` gives the addresses of files there."""
    rows = [f"{{{{Smbot/settings | approval days = {HOUSES[0].approval.days} }}}}"]
    for house in HOUSES:
        slots = "; ".join(f"{days.replace(' ', ', ')} {clock}" for days, clock in house.slots)
        rows.append(
            f"{{{{Smbot/account | account = {house.name} | networks = {', '.join(house.networks)} "
            f"| maintainers = {', '.join(house.maintainers)} | posts per day = {house.per_day} "
            f"| gap = {house.gap // timedelta(minutes=1)} | time zone = {house.zone} | slots = {slots} "
            f"| quiet hours = {'-'.join(house.quiet)} | goal = {house.goal} | budget = 30 }}}}"
        )
    return "\n".join([*rows, *(feed.row(website) for feed in FEEDS)])


# --- networks -------------------------------------------------------------------------------------------------------


class _Weather(StandIn):
    """A stand-in that is down for hours, or to which something happens just after it has taken a post."""

    down = ""  # how every request fails
    after_post: Callable[[], str] | None = None  # done once; gives how the answer fails

    def take_fault(self, method: str, path: str, when: str) -> str:
        if when == "before" and self.down:
            return self.down
        if when == "after" and method == "POST" and path.endswith(("/statuses", "/tweets")) and self.after_post:
            act, self.after_post = self.after_post, None
            return act()
        return super().take_fault(method, path, when)


class _Mastodon(_Weather, Mastodon):
    pass


class _X(_Weather, X):
    pass


class _Site(_Weather, Website):
    pass


def on_mastodon(server: Mastodon) -> Iterator[Post]:
    """All that can be read on the stand-in Mastodon."""
    statuses = server.world.state.statuses
    for s in statuses.values():
        words = f"repost of {statuses[s['of']]['username']}" if s["of"] else s["text"]
        yield Post(s["username"], "mastodon", s["id"], datetime.fromisoformat(s["created_at"]), words, s["of"])


def on_x(server: X) -> Iterator[Post]:
    """All that can be read on the stand-in X."""
    stored = server.world.stored
    for p in stored.values():
        words = f"repost of {stored[p['of']]['username']}" if p["of"] else p["text"]
        yield Post(p["username"], "x", p["id"], p["at"], words, p["of"])


# --- the year -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stock:
    """What was left for an account at the end of a week: the notes of what was approved and might have gone out.

    `undecided` are the cards that nobody had decided on; `stopped` says that somebody had stopped everything.
    """

    week: int
    account: str
    approved: tuple[str, ...]
    undecided: int
    stopped: bool


@dataclass
class Story:
    """What happened, for the report and the picture."""

    outages: list[tuple[str, datetime, datetime]] = field(default_factory=list)
    cycles: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    late: int = 0  # what people could not do at once, because the wiki was down
    stock: list[Stock] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)


class Year:
    """Everything in it. `now` is what all clocks say."""

    def __init__(self, folder: Path, seed: int, weeks: int, start: date = START) -> None:
        self.span = Span(start, weeks)
        self.start = datetime.combine(start, time(), UTC)
        self.end = self.start + timedelta(weeks=weeks)
        self.now = self.start
        self.seed = seed
        self.story = Story()
        self.wiki = create(folder / "wiki")
        self.folder = folder
        self.networks: dict[str, Any] = {"mastodon": _Mastodon(clock=self.clock), "x": _X(clock=self.clock)}
        self.site = _Site()
        self._agenda: list[tuple[datetime, int, Callable[[], object]]] = []
        self._count = itertools.count()
        self._written: dict[str, str] = {}
        self._opened = contextlib.ExitStack()

    def clock(self) -> datetime:
        return self.now

    def __enter__(self) -> Year:
        with contextlib.ExitStack() as opening:  # what is open is closed again where the rest fails
            opening.enter_context(self.wiki.serving())
            for server in (*self.networks.values(), self.site):
                opening.enter_context(server)
            self._move(self.start - timedelta(days=1))
            self._people()
            self._desk_of_smbot()
            self._opened = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        for person in (self.admin, *(one.person for one in (*self.maintainers, *self.requesters, self.stranger))):
            person.close()
        self._opened.close()

    def _random(self, about: str) -> Random:
        return Random(f"{self.seed} {about}")

    def _people(self) -> None:
        self.admin = Person(self.wiki.api, ADMIN, PASSWORD)

        def look(network: str) -> list[Post] | None:
            return None if self.networks[network].down else [p for p in self.posts() if p.network == network]

        self.maintainers = [
            Maintainer(
                self.wiki.person(name), zone, HOME, look, self._random(name), away=(SUMMER[name], CHRISTMAS[name])
            )
            for name, zone in zip(PEOPLE, ("Europe/Berlin", "Asia/Kolkata"), strict=True)
        ]
        self.requesters = [
            Requester(self.wiki.person(name), HOME, wishes(self._random(name), self.span, first))
            for name, first in (("Rita", 40_000), ("Carlos", 60_000))
        ]
        kept = keepers(self._random("Olu"), self.span, 80_000)
        self.requesters.append(Requester(self.wiki.person("Olu"), HOME, kept))
        self.stranger = Stranger(self.wiki.person("Mallory"), HOME, self._random("Mallory"))

    # --- smbot ------------------------------------------------------------------------------------------------------

    def _desk_of_smbot(self) -> None:
        """The bot's account, the pages of its desk, and pywikibot in this process as that account."""
        self.wiki.user(BOT, groups=["bot"])
        os.environ["PYWIKIBOT_DIR"] = str(self.wiki.pywikibot_dir(self.folder / "pywikibot", BOT))
        from pywikibot import config

        from smbot import install

        config.max_retries, config.retry_wait, config.retry_max = 1, 0, 0
        logging.disable(logging.CRITICAL)  # what pywikibot has to say of a wiki that is down
        wiki = _here()
        wiki.login()
        for title, text in install.shipped_pages(HOME).items():  # nobody looks at cards here, so nothing draws them
            wiki.save(title, text, 0, "smbot install")
        self.titles = titles(HOME, BOT)
        self.admin.edit(self.titles.settings, settings_page(self.site.address), "Who, what and when")
        self.admin.protect(self.titles.settings)
        self._new_process()

    def _new_process(self) -> None:
        from smbot.bot import Desk

        self.desk = Desk(_here(), HOME, self._environment(), self.clock, patience=(), guard=self.site.guard)

    def _environment(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for house in HOUSES:
            voice = self.networks["x"].world.account(house.name)
            secrets = {"API_KEY": API_KEY, "API_SECRET": API_SECRET, "URL": self.networks["x"].url}
            secrets |= {"ACCESS_TOKEN": voice.token, "ACCESS_SECRET": voice.secret}
            found |= {f"SMBOT_{house.name.upper()}_X_{name}": value for name, value in secrets.items()}
            found[f"SMBOT_{house.name.upper()}_MASTODON_URL"] = self.networks["mastodon"].url
            found[f"SMBOT_{house.name.upper()}_MASTODON_TOKEN"] = f"token-of-{house.name}"
        return found

    def cycle(self, *, collect: bool) -> None:
        """One run of the jobs; what they cannot do is told, and left to the next run."""
        for send in (False, True) if collect else (True,):
            self.story.cycles += 1
            try:
                report = self.desk.work(send=send)
            except SmbotError as error:
                self.story.failures[type(error).__name__] += 1
            else:
                self.story.problems.update(report.problems)

    # --- what happens when ------------------------------------------------------------------------------------------

    def at(self, when: datetime, what: Callable[[], object]) -> None:
        """Put something on the agenda; what would be before now is done now."""
        if when < self.end:
            heapq.heappush(self._agenda, (max(when, self.now), next(self._count), what))

    def plan(self) -> None:
        """Write the agenda of the whole year."""
        for feed in FEEDS:
            for edit in feed.edits(self._random(feed.name), self.span):
                self.at(edit.at, lambda edit=edit: self._publish(edit))
                self.story.told += [Told(edit.at, d.name, d.start, d.whole_day, d.listed) for d in edit.dates]
        for one in self.maintainers:
            for when in one.visits(self.span.days):
                self.at(when, lambda one=one: self._visit(one))
        for asker in self.requesters:
            for wish in asker.wishes:
                self.at(wish.at, lambda asker=asker, wish=wish: self._patiently(lambda: asker.ask(wish)))
            for day in self.span.days:
                when = datetime.combine(day, time(18, 30), UTC)
                self.at(when, lambda asker=asker: self._patiently(lambda: asker.read(self.now)))
        self._plan_trouble()
        self._plan_cycles()

    def _plan_cycles(self) -> None:
        """The jobs run three times a day, in the slots, and after a visit. Each Monday it is a new process."""
        random = self._random("jobs")
        for day in self.span.days:
            for hour in range(1, 24, 8):
                when = datetime.combine(day, time(hour), UTC) + timedelta(minutes=random.randint(0, 150))
                self.at(when, lambda: self.cycle(collect=True))
            for house in HOUSES:
                for days, clock in house.slots:
                    if year_check.DAYS[day.weekday()] in days.split():
                        opens = datetime.combine(day, time.fromisoformat(clock), ZoneInfo(house.zone)).astimezone(UTC)
                        self.at(opens + timedelta(minutes=random.randint(1, 50)), lambda: self.cycle(collect=False))
            if day.weekday() == 0:
                self.at(datetime.combine(day, time(3), UTC), self._new_process)
            if day.weekday() == 6:
                self.at(datetime.combine(day, time(21, 30), UTC), lambda: self._patiently(self._take_stock))
        for start in dict.fromkeys(told.start for told in self.story.told if told.start and not told.whole_day):
            for when in (start - before for before in _REMINDERS):
                if when >= self.start:
                    self.at(when, lambda: self.cycle(collect=False))

    def _plan_trouble(self) -> None:
        random = self._random("trouble")
        for name in self.networks:
            for when in self._now_and_then(random, 21):
                how = random.choice(("503", "502-html", "reset", "429-wait"))
                hours = random.choice((2, 5, 12, 30))
                self.at(when, lambda name=name, how=how, hours=hours: self._storm(name, how, hours))
            for when in self._now_and_then(random, 14):
                self.at(when, lambda name=name: self._soon(name, lambda: LOST))
            for when in self._now_and_then(random, 90, first=8):
                self.at(when, lambda name=name: self._soon(name, lambda: self._storm(name, "503", 40) or LOST))
            for when in self._now_and_then(random, 45):
                self.at(when, lambda name=name: self._soon(name, lambda: self._read_only(2) or ""))
        for when in self._now_and_then(random, 28):
            self.at(when, lambda: self._read_only(random.randint(2, 6)))
        for when in self._now_and_then(random, 40):
            self.at(when, lambda: self._wiki_stops(random.randint(1, 4)))
        for when in self._now_and_then(random, 9):
            self.at(when, lambda: self._patiently(self._vandalism))
        for when in self._now_and_then(random, 80, first=4):
            self.at(when, lambda: self._storm("blog", "503", 24))

    def _now_and_then(self, random: Random, days: int, first: int = 0) -> Iterator[datetime]:
        """Times about so many days apart."""
        when = self.start + timedelta(days=first or random.uniform(1, days))
        while when < self.end:
            yield when
            when += timedelta(days=random.uniform(0.4, 1.6) * days)

    # --- trouble ----------------------------------------------------------------------------------------------------

    def _soon(self, name: str, act: Callable[[], str]) -> None:
        """Something happens when the network takes its next post."""
        self.networks[name].after_post = act

    def _storm(self, name: str, how: str, hours: int) -> None:
        server = self.networks.get(name, self.site)
        if not server.down:
            server.down = how
            self._note_outage(name, hours)
            self.at(self.now + timedelta(hours=hours), lambda: setattr(server, "down", ""))

    def _read_only(self, hours: int) -> None:
        self.wiki.configure(wgReadOnly="The servers are being moved.")
        self._note_outage("wiki", hours)
        self.at(self.now + timedelta(hours=hours), self.wiki.configure)

    def _wiki_stops(self, hours: int) -> None:
        if self.wiki.running:
            self.wiki.stop()
            self._note_outage("wiki", hours)
            self.at(self.now + timedelta(hours=hours), self.wiki.start)

    def _note_outage(self, name: str, hours: int) -> None:
        self.story.outages.append((name, self.now, self.now + timedelta(hours=hours)))

    def _vandalism(self) -> None:
        self.stranger.strike(self.now)
        self.at(self.now + timedelta(hours=2), lambda: self._patiently(self._patrol))

    def _patrol(self) -> None:
        if self.admin.get("News") == "Lol":
            self.admin.edit("News", self._written["News"], "Undo")

    # --- people -----------------------------------------------------------------------------------------------------

    def _patiently(self, act: Callable[[], object]) -> None:
        """Somebody who finds the wiki down, or the page just changed, comes again in an hour."""
        try:
            act()
        except (RefusedError, requests.RequestException) as error:
            if isinstance(error, RefusedError) and error.code not in _PASSING:
                raise
            self.story.late += 1
            self.at(self.now + timedelta(hours=1), lambda: self._patiently(act))

    def _publish(self, edit: Edit) -> None:
        if edit.title.startswith("/"):
            self.site.files[edit.title] = edit.text
            return
        self._written[edit.title] = edit.text
        self._patiently(lambda: self.admin.edit(edit.title, self._written[edit.title], edit.summary))

    def _visit(self, one: Maintainer) -> None:
        before = len(one.diary)
        self._patiently(lambda: one.visit(self.now))
        if len(one.diary) > before:
            self.at(self.now + timedelta(minutes=10), lambda: self.cycle(collect=False))

    def _move(self, now: datetime) -> None:
        self.now = now
        self.wiki.set_clock(now)

    def run(self) -> Iterator[int]:
        """Let it all happen; the number of each week that is over."""
        self.plan()
        week = 0
        while self._agenda:
            when, _, what = heapq.heappop(self._agenda)
            while when >= self.start + timedelta(weeks=week + 1):
                week += 1
                yield week
            self._move(when)
            what()
        self._settle()
        yield self.span.weeks

    def _take_stock(self) -> None:
        """What is left on the queue for each account at the end of a week."""
        cards = [*named(parse(self.admin.get(self.titles.queue)), CARD)]
        stopped = self.admin.get(self.titles.stop).strip() != "run"
        for house in HOUSES:
            mine = [c for c in cards if house.name in f"{raw(c, 'accounts')}, {raw(c, 'reposted by')}".split(", ")]
            left = [c for c in mine if f"Posted by {house.name} on" not in raw(c, "note")]
            notes = (raw(c, "note") for c in left if raw(c, "status") == "approved")
            approved = tuple(note for note in notes if "goes out after" not in note and "Held back" not in note)
            undecided = [c for c in left if raw(c, "status") == "waiting" and "Held back" not in raw(c, "note")]
            week = year_check.week_of(self.now, self.span.start, "UTC")
            self.story.stock.append(Stock(week, house.name, approved, len(undecided), stopped))

    def _settle(self) -> None:
        """After the end everything works again, and what was under way is finished, by people where it has to be."""
        for server in (*self.networks.values(), self.site):
            server.down, server.after_post = "", None
        self.wiki.configure()
        if not self.wiki.running:
            self.wiki.start()
        for minutes in (1, 10, 400):
            self._move(self.end + timedelta(minutes=minutes))
            self.cycle(collect=True)
        self._move(self.end + timedelta(hours=10))
        for one in self.maintainers:
            one.visit(self.now)
        self.cycle(collect=True)

    # --- what came of it --------------------------------------------------------------------------------------------

    def posts(self) -> list[Post]:
        """All that can be read on the networks, oldest first."""
        found = [*on_mastodon(self.networks["mastodon"]), *on_x(self.networks["x"])]
        return sorted(found, key=lambda post: post.at)

    def rows(self) -> list[Row]:
        """All rows of the posting log."""
        found = []
        months = sorted({f"{day:%Y-%m}" for day in (*self.span.days, self.end.date())})
        for month in months:
            for t in named(parse(self.admin.get(f"{self.titles.log}/{month}")), "Smbot/log row"):
                url = raw(t, "post")
                found.append(Row(raw(t, "key"), raw(t, "account"), raw(t, "network"), raw(t, "state"), url))
        return found

    def books(self) -> Books:
        """All that is to be compared."""
        once = [f"MediaWiki {release.version}" for release in releases(self.span)]
        rulings = sorted((r for one in self.maintainers for r in one.diary), key=lambda ruling: ruling.at)
        return Books(HOUSES, self.posts(), self.rows(), rulings, self.story.told, once)

    def memory(self) -> memory.Memory:
        """What smbot remembers."""
        return memory.load(self.admin.get(self.titles.memory))


_REMINDERS = (  # when somebody is to be reminded, and once more in case something is down
    *(timedelta(hours=23, minutes=53), timedelta(hours=22)),
    *(timedelta(minutes=56), timedelta(minutes=31), timedelta(minutes=12)),
)
_PASSING = ("readonly", "editconflict")  # what the wiki says of a trouble that passes


def _here() -> Any:
    """The wiki as smbot sees it, on a machine whose clock is the wiki's."""
    from smbot.wiki import Wiki

    class Here(Wiki):
        @property
        def skew(self) -> timedelta:
            return timedelta(0)

        @skew.setter
        def skew(self, _: timedelta) -> None:
            """What the real clock says is of no interest."""

    return Here()
