"""Many deliveries, of which one in twenty meets a fault, while the process is killed now and then.

    python bench/faults.py [DELIVERIES [SEED]]

1,002 deliveries if not said otherwise; 10,000 take 40 minutes. Six networks side by side, on a real wiki. Faults
come at random requests that publish something: the connection is reset before or after the network has read it, the
answer is spoilt, or the network says 429, 500, 502, 401 or 422. A kill is made of an exception: from one random request
of the process on, none leaves it or is answered any more, and a new process begins. What is in doubt or refused after
that is settled by a maintainer who looks at the network.
"""

from __future__ import annotations

import logging
import platform
import random
import re
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

import requests
from setting import Setting, machine, new_world, setting

if TYPE_CHECKING:
    from tests.killed import Crossing
    from tests.networks import World as Network
    from tests.world import World

NETWORKS = ("mastodon", "matrix", "x", "facebook", "telegram", "google-chat")
AT_ONCE = 40  # candidates in a cycle
FAULTS, KILLS = 0.05, 0.001  # of the posts, of the requests
PUBLISHES = re.compile(
    r"/api/v1/statuses$|/2/tweets$|/feed$|/send/m\.room\.message/|/sendMessage$|/v1/spaces/\w+/messages"
)
SPOILT = ("500", "502-html", "half-json", "empty", "429", "429-wait", "401", "422")
REQUEST = "{{{{Smbot/request\n| text = Post number {}.\n| accounts = wikitech\n}}}}"


class Killed(BaseException):
    """The process is no more."""


class Chance:
    """What befalls one process: given to `Doors`, it is told of every request and every answer."""

    def __init__(self, networks: dict[str, Network], luck: random.Random, counts: Counter[str]) -> None:
        self._networks, self._luck, self._counts = networks, luck, counts
        self._dead = False

    def __call__(self, crossing: Crossing) -> None:
        if self._dead or self._luck.random() < KILLS:
            self._counts["kills"] += not self._dead
            self._dead = True
            raise Killed
        if crossing.is_wikis or not PUBLISHES.search(str(crossing.request.url).partition("?")[0]):
            return
        if self._luck.random() < FAULTS / 2:  # each post is met twice, on its way out and when its answer comes
            self._counts["faults"] += 1
            self._break(crossing)

    def _break(self, crossing: Crossing) -> None:
        kind = self._luck.choice(("reset", *SPOILT))
        if crossing.answered or kind == "reset":
            raise requests.ConnectionError("The connection was reset.")
        when = self._luck.choice(("before", "after")) if kind in ("500", "502-html", "half-json", "empty") else "before"
        name = next(n for n, network in self._networks.items() if _address(network) in str(crossing.request.url))
        self._networks[name].break_once(kind, when, "post")


def _address(network: Network) -> str:
    """The part of an address by which a server on loopback is known."""
    values = " ".join(network.environment("wikitech").values())
    found = re.search(r"127\.0\.0\.1:\d+", values)
    assert found
    return found[0]


def main() -> None:
    logging.getLogger("asyncio").setLevel(logging.CRITICAL + 1)  # it tells of every kill
    wanted, seed = ([int(word) for word in sys.argv[1:]] + [1_002, 1][len(sys.argv) - 1 :])[:2]
    with setting() as here:
        world, networks = prepared(here)
        counts: Counter[str] = Counter()
        luck, begun = random.Random(seed), time.monotonic()
        with world:
            candidates = range(wanted // len(NETWORKS))
            for first in candidates[::AT_ONCE]:
                cycle(here, world, networks, candidates[first : first + AT_ONCE], luck, counts)
            report(networks, counts, here, begun, seed)


def prepared(here: Setting) -> tuple[World, dict[str, Network]]:
    """A desk on the networks, none of which limits how much is posted."""
    from tests.networks.mastodon import OnMastodon

    world = new_world(here)
    world.settle("{{Smbot/settings |", "{{Smbot/settings | approval days = 1000 |")  # the time of the desk flies
    world.settle(
        "networks = mastodon | maintainers = Alice, Bob",
        f"networks = {', '.join(NETWORKS)} | budget = 1000 | maintainers = Alice, Bob",
    )
    networks: dict[str, Network] = {"mastodon": OnMastodon(here.mastodon)}
    here.mastodon.world.clock = lambda: world.now  # networks and desk have the same time, which passes quickly
    for name in NETWORKS[1:]:
        server = getattr(joined := world.join(name), "server")  # noqa: B009 - the protocol of the tests does not name it
        networks[name] = joined
        getattr(server, "world", server).clock = lambda: world.now
        if hasattr(server, "per_minute"):
            server.per_minute = 10**9
        if name == "x":
            server.limits = dict.fromkeys(server.limits, 10**9)
        if name == "facebook":
            server.limit = 10**9
    return world, networks


def cycle(
    here: Setting, world: World, networks: dict[str, Network], numbers: range, luck: random.Random, counts: Counter[str]
) -> None:
    """So many candidates from being asked for to being settled on every network."""
    here.rita.edit(world.titles.requests, "\n".join(map(REQUEST.format, numbers)))
    world.collect()
    queue = world.admin.get(world.titles.queue)
    assert queue.count("| status = waiting") >= len(numbers), world.top()
    here.alice.edit(world.titles.queue, re.sub(r"(\| status = )waiting", r"\1approved", queue))
    for run in range(60):
        publish(world, Chance(networks, luck, counts) if run < 4 else None)
        world.later(minutes=20)
        open_ = [id_ for id_, known in world.memory().open().items() if known.proposal]
        if not open_:
            break
        for id_ in open_ if run >= 4 else ():
            settle(here, world, networks, id_, counts)
    else:
        left = Counter(
            (d.channel, d.state, d.reason[:200]) for i in open_ for d in world.memory().of(i) if d.state != "posted"
        )
        raise RuntimeError(f"some deliveries are never settled: {left} {world.memory().troubles} {world.top()}")
    counts["deliveries"] += len(numbers) * len(NETWORKS)
    world.later(days=8)


def publish(world: World, chance: Chance | None) -> None:
    from smbot.bot import Desk
    from smbot.errors import WikiError
    from smbot.wiki import Wiki
    from tests.killed import CEILING, Doors

    desk = Desk(Wiki(), world.home, world.environment, lambda: world.now, CEILING, patience=(0,))
    try:
        with Doors(chance or (lambda _: None)):
            desk.work(send=True)
    except (Killed, WikiError):
        return


def settle(here: Setting, world: World, networks: dict[str, Network], id_: str, counts: Counter[str]) -> None:
    """A maintainer looks at the network and says what is so."""
    from smbot.deliveries import stuck

    memory = world.memory()
    if not (asked := stuck(memory.of(id_))):
        return
    counts["asked"] += len(asked)
    words, name = asked[0].text.words, asked[0].channel.split("/")[1]
    out = words in networks[name].words()
    world.change(here.alice, id_, status="posted" if out and asked[0].state == "in doubt" else "again")


def report(networks: dict[str, Network], counts: Counter[str], here: Setting, begun: float, seed: int) -> None:
    said = ((name, words) for name, network in networks.items() for words in network.words())
    posts = Counter(post for post in said if post[1].startswith("Post number "))
    doubles = sum(times - 1 for times in posts.values())
    lost = counts["deliveries"] - len(posts)
    total, seconds = counts["deliveries"], time.monotonic() - begun
    print(f"{total} deliveries to {', '.join(networks)}; seed {seed}; {machine(here)}, {platform.machine()}")
    print(f"  {counts['faults']} faults, {counts['kills']} kills; {seconds:.0f} s, {total / seconds:.0f} a second")
    print(f"  doubles {doubles}, lost {lost}")
    print(f"  not posted without a human: {counts['asked']}, {100 * counts['asked'] / total:.2f} % of the deliveries")


if __name__ == "__main__":
    main()
