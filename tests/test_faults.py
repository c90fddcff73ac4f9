"""Everything that can go wrong while posting: each network, at each step, with each fault. A test a cell.

`make faults` runs all cells and prints them as a table (`python -m tests.faults`); an ordinary run of the tests takes a
slice in which every network, step and fault occurs.

A cell is one approved candidate and one run that meets the fault. Then time passes and runs follow without any. Where
they end with a question, the card has to say so, and a maintainer looks at the network and answers truthfully. In the
end the words are on the network once, the log has one row that says so, and nothing is left open.

Some cells cannot be. A network answers 429 only before it has done anything, and nothing can go wrong with an upload
where nothing is uploaded. IRC is no HTTP: what it is sent cannot be watched from within, so its process is killed at
the steps of the wiki. What is posted by hand meets no network.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest
import requests

from sandbox.demo import bar_chart
from sandbox.mastodon import Mastodon
from sandbox.people import Person
from sandbox.wiki import SandboxWiki
from smbot import review
from smbot.bot import Desk
from smbot.channels import NETWORKS, network
from smbot.deliveries import stuck
from smbot.errors import WikiError
from smbot.memory import HANDED_OFF, IN_DOUBT, POSTED, Delivery
from smbot.templates import named, parse, put, raw
from smbot.wiki import Wiki
from tests import networks
from tests.killed import CEILING, STEPS, At, Crossing, Doors, Nursery
from tests.world import World

WIKIS = ("kill -9", "wiki read-only", "edit conflict")
SAVES = ("reset", "timeout")  # while the memory is saved: before the wiki has read it, or after
BEFORE = ("reset", "timeout", "429", "429-wait", "500", "502-html", "401", "403", "half-json")
AFTER = ("reset", "timeout", "500", "502-html", "half-json")  # 'reset' is an answer that is lost
OF_THE_WIKI = ("before the row", "after the row", "before the outcome", "logged")
SETTINGS = """\
{{{{Smbot/settings | requests per person = 1000 }}}}
{{{{Smbot/account | account = wikitech | networks = {} | maintainers = Alice | posts per day = 999
| gap = 0 | budget = 99 }}}}
"""
REQUEST = "{{{{Smbot/request\n| text = Post number {0}.\n| accounts = wikitech\n| image = {1}\n| alt = {2}\n}}}}"
IMAGE = "Faults.png"
AT_ONCE = 70  # candidates that are asked for in one edit, at most
RUNS = 12
SLICE = 9  # of so many cells an ordinary run takes one


@dataclass(frozen=True)
class Cell:
    """One thing that goes wrong."""

    network: str
    step: str
    fault: str

    @property
    def is_in_the_slice(self) -> bool:
        return not zlib.crc32(f"{self.fault} {self.step} {self.network}".encode()) % SLICE


def cells() -> Iterator[Cell]:
    """All that can be, network by network."""
    for name in NETWORKS:
        rules = network(name).rules({})
        for step in STEPS:
            if step == "upload" and (not rules.images or rules.by_hand):
                continue
            faults = {"upload": BEFORE, "before send": BEFORE, "accepted": AFTER}.get(step, ())
            if not rules.by_hand:
                yield from (Cell(name, step, fault) for fault in faults)
            if step in OF_THE_WIKI or not (rules.by_hand or name == "irc"):
                yield from (Cell(name, step, fault) for fault in WIKIS)
            if step in OF_THE_WIKI:
                yield from (Cell(name, step, fault) for fault in SAVES)


def of_this_run() -> list[Cell]:
    """The cells that are tried."""
    return [cell for cell in cells() if os.environ.get("SMBOT_FAULTS") or cell.is_in_the_slice]


def parameters() -> Iterator[object]:
    """The cells of this run; those of one network belong together, since they share its server."""
    for cell in of_this_run():
        name = f"{cell.network}, {cell.step}, {cell.fault}"
        yield pytest.param(cell, id=name, marks=pytest.mark.xdist_group(cell.network))


# --- the desk of one network ----------------------------------------------------------------------------------------


@dataclass
class Place:
    """A desk on one network with candidates to be approved, one a cell."""

    world: World
    name: str
    network: networks.World | None
    nursery: Nursery
    alice: Person
    rita: Person
    wiki: SandboxWiki
    waiting: dict[str, list[str]] = field(default_factory=dict)
    numbers: int = 0

    def approved(self, image: str) -> tuple[str, str]:
        """Approve one more candidate; its id and its words."""
        if not self.waiting.get(image):
            needed = sum(c.network == self.name and (c.step == "upload") == bool(image) for c in of_this_run())
            first, self.numbers = self.numbers, self.numbers + min(needed, AT_ONCE)
            asked = [REQUEST.format(n, image, "A bar chart." if image else "") for n in range(first, self.numbers)]
            before = self.world.admin.get(self.world.titles.requests)
            self.rita.edit(self.world.titles.requests, "\n".join([before, *asked]))
            self.world.collect()
            self.waiting[image] = [f"Post number {n}." for n in range(first, self.numbers)]
        words = self.waiting[image].pop(0)
        rests = (trouble.until for trouble in self.world.memory().troubles.values() if trouble.until)
        self.world.now = max([self.world.now, *rests])  # after a cell that ended in doubt the channel is left alone
        return self.world.approve(self.alice, words), words

    def publish(self) -> None:
        """One run that meets no fault; channels wait as briefly as the tests can afford."""
        desk = Desk(Wiki(), self.world.home, self.world.environment, lambda: self.world.now, CEILING, (0,))
        if self.network:
            desk._channels[f"wikitech/{self.name}"] = self.network.channel()
        with suppress(WikiError):
            desk.work(send=True)

    def delivery(self, id_: str) -> Delivery | None:
        return next(iter(self.world.memory().of(id_)), None)

    def times(self, words: str) -> int:
        """How often the words are out."""
        return self.network.words().count(words) if self.network else 0


@pytest.fixture(scope="module")
def place_of(
    wiki: SandboxWiki,
    site: object,
    admin: Person,
    alice: Person,
    rita: Person,
    bot_environment: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[str], Place]]:
    """The desk of a network, for all of its cells."""
    import pywikibot

    retries, pywikibot.config.retry_wait = pywikibot.config.retry_wait, 0
    picture = tmp_path_factory.mktemp("faults") / "bars.png"
    picture.write_bytes(bar_chart((1, 2, 3), 60, 40))
    admin.upload(picture, IMAGE)
    with ExitStack() as stack:
        mastodon = stack.enter_context(Mastodon())

        @cache
        def place(name: str) -> Place:
            world = stack.enter_context(World(wiki, admin, mastodon, f"Project:Faults {name}"))
            world.set_up(SETTINGS.format(name))
            joined = None if network(name).rules({}).by_hand else world.join(name)
            if joined and name != "bluesky":
                quicken(getattr(joined, "server", None), world)
            environment = bot_environment | world.environment | {"SMBOT_HOME": world.home}
            nursery = stack.enter_context(Nursery(environment, world.home))
            return Place(world, name, joined, nursery, alice, rita, wiki)

        yield place
    pywikibot.config.retry_wait = retries


def quicken(server: object, world: World) -> None:
    """Give a stand-in the time of the desk, and take its limits away: they are not what is tested here."""
    for thing in (server, getattr(server, "world", None)):
        if hasattr(thing, "clock"):
            thing.clock = lambda: world.now
    for limit in ("per_minute", "limit", "rate_limit"):
        if hasattr(server, limit):
            setattr(server, limit, 10**9)
    if isinstance(limits := getattr(server, "limits", None), dict):
        limits.update(dict.fromkeys(limits, 10**9))


# --- what goes wrong ------------------------------------------------------------------------------------------------


def suffer(place: Place, cell: Cell) -> None:
    """One run that meets the fault of a cell."""
    if cell.fault == "kill -9":
        assert not place.nursery.survives(cell.step, place.world.now, send=True), "it was never at that step"
    elif cell.fault in WIKIS or cell.step in OF_THE_WIKI:
        _wiki_fails(place, cell)
    else:
        assert place.network
        call, when = {"upload": ("upload", "before"), "before send": ("post", "before")}.get(
            cell.step, ("post", "after")
        )
        place.network.break_once(cell.fault, when, call)
        place.publish()


def _wiki_fails(place: Place, cell: Cell) -> None:
    is_it, met = At(cell.step), []

    def at(crossing: Crossing) -> None:
        if not met and is_it(crossing):
            met.append(crossing)
            match cell.fault:
                case "reset":
                    raise requests.ConnectionError
                case "timeout":
                    raise requests.ReadTimeout
                case "wiki read-only":
                    place.wiki.configure(wgReadOnly="Moving house")
                case "edit conflict":
                    _somebody_else_saves(place)

    try:
        with Doors(at):
            place.publish()
    finally:
        place.wiki.configure()
    assert met, "it was never at that step"


def _somebody_else_saves(place: Place) -> None:
    """Another process saves the memory, and a person the queue."""
    world = place.world
    memory = world.memory()
    with suppress(WikiError):
        wiki = Wiki()
        page = wiki.read([world.titles.memory])[world.titles.memory]
        wiki.save(page.title, page.text.replace(memory.run, f"x{memory.run}"), page.revision, "another process")
    queue = world.admin.get(world.titles.queue)
    place.rita.edit(world.titles.queue, f"{queue}\n<!-- Hello. -->")


# --- what becomes of it ---------------------------------------------------------------------------------------------


def settle(place: Place, id_: str, words: str) -> str:
    """Let runs follow, and a maintainer answer what is asked; how it ended: '✓' by itself, or '?' with a maintainer."""
    how = "✓"
    for _ in range(RUNS):
        place.world.later(minutes=20)
        place.publish()
        delivery = place.delivery(id_)
        if delivery and delivery.state == HANDED_OFF:
            _do_by_hand(place, delivery)
        elif delivery and (asked := stuck([delivery])):
            how = "?"
            _answer(place, id_, words, asked[0])
        elif delivery and delivery.state == POSTED and delivery.logged == POSTED:
            return how
    raise AssertionError(f"it is never settled: {place.delivery(id_)}; {place.world.note(id_)}; {place.world.top()}")


def _answer(place: Place, id_: str, words: str, delivery: Delivery) -> None:
    note = place.world.note(id_)
    assert "‘status’ to" in note, note
    card = place.world.cards()[id_]
    assert card
    assert card.status == delivery.state
    out = delivery.state == IN_DOUBT and place.times(words) > 0
    place.world.change(place.alice, id_, status="posted" if out else "again")


def _do_by_hand(place: Place, delivery: Delivery) -> None:
    """A maintainer posts it and says so, once the log says what to do."""
    title = f"{place.world.titles.log}/{delivery.month}"
    code = parse(place.world.admin.get(title))
    for row in named(code, "Smbot/log row"):
        if raw(row, "key") == delivery.key and not raw(row, "done"):
            assert raw(row, "copy").startswith("Post number")
            put(row, "done", "yes")
            place.alice.edit(title, str(code))


@pytest.mark.parametrize("cell", list(parameters()))
def test_whatever_goes_wrong_it_is_posted_once_and_every_question_is_on_the_wiki(
    place_of: Callable[[str], Place], cell: Cell
) -> None:
    place = place_of(cell.network)
    id_, words = place.approved(IMAGE if cell.step == "upload" else "")
    end = "!"
    try:
        suffer(place, cell)
        assert place.times(words) <= 1
        end = settle(place, id_, words)
        assert place.times(words) == (1 if place.network else 0)
        assert _rows(place, id_) == ["posted"]
        card = review.read(place.world.admin.get(place.world.titles.queue))[id_]
        assert card
        assert card.status == "posted"
    except BaseException:
        end = "2" if place.times(words) > 1 else "!"
        raise
    finally:
        _note_down(cell, end)


def _rows(place: Place, id_: str) -> list[str]:
    return [raw(row, "state") for row in named(parse(place.world.log()), "Smbot/log row") if id_ in raw(row, "key")]


def _note_down(cell: Cell, end: str) -> None:
    """For the table."""
    if file := os.environ.get("SMBOT_FAULTS"):
        with Path(file).open("a") as lines:
            lines.write(json.dumps([cell.network, cell.step, cell.fault, end]) + "\n")


def test_the_slice_has_every_network_step_and_fault() -> None:
    for what in ("network", "step", "fault"):
        assert {getattr(c, what) for c in cells() if c.is_in_the_slice} == {getattr(c, what) for c in cells()}
