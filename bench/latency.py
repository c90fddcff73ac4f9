"""How long after an approval is saved on the wiki the post is out and on the log, with `smbot run` as it comes.

    python bench/latency.py

First each network alone, then four of them together. The aims: a median of at most 5 s and 90 % within 8 s, and four
networks together at most 1.3 times the slowest of them. (nodejs/bluesky: 17 s, galaxy-social: 45 s.)
"""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from setting import Setting, machine, new_world, script, setting

if TYPE_CHECKING:
    from tests.networks import World as Network
    from tests.world import World

ROUNDS = 10
NETWORKS = ("mastodon", "bluesky", "matrix", "telegram")


def main() -> None:
    from sandbox.bluesky import is_there

    networks = NETWORKS if is_there() else ("mastodon", "x", "matrix", "telegram")
    with setting() as here:
        print(f"approval saved to posted / logged, {ROUNDS} rounds each; {machine(here)}")
        alone = [measure(here, [name]) for name in networks]
        together = measure(here, networks)
        print(f"  four together: {together / max(alone):.2f} times the slowest of them")


def measure(here: Setting, networks: Iterable[str]) -> float:
    """Print how long it takes on some networks; the median until it is logged."""
    world = new_world(here)
    world.settle(
        "networks = mastodon | maintainers = Alice, Bob", f"networks = {', '.join(networks)} | maintainers = Bob"
    )
    joined = [world.join(name) for name in networks if name != "mastodon"]
    here.rita.edit(world.titles.requests, "\n".join(map(REQUEST.format, range(ROUNDS))))
    world.collect()
    with TemporaryDirectory() as folder, world:
        heartbeat = Path(folder, "heartbeat")
        running = script("run", world.environment, "--heartbeat", str(heartbeat))
        try:
            wait_for(heartbeat.exists)
            rounds = [one(world, here, number, joined, "mastodon" in networks) for number in range(ROUNDS)]
        finally:
            running.send_signal(signal.SIGTERM)
            running.communicate(timeout=30)
    out, logged = zip(*rounds, strict=True)
    for what, found in (("posted", out), ("logged", logged)):
        name = ", ".join(networks) if what == "posted" else ""
        print(f"  {name:38} {what} median {median(found):5.2f} s   90 % within {quantiles(found, n=10)[8]:5.2f} s")
    return median(logged)


REQUEST = "{{{{Smbot/request\n| text = Post number {}.\n| accounts = wikitech\n}}}}"


def one(world: World, here: Setting, number: int, joined: list[Network], on_mastodon: bool) -> tuple[float, float]:
    """Approve one post; the seconds until it is out everywhere, and until all of it is on the log."""
    words = f"Post number {number}."
    id_ = world.id_of(words)
    time.sleep(random.uniform(0, 4))  # approvals do not come in step with the bot
    world.change(here.bob, id_, status="approved")
    begun = time.monotonic()
    places: list[Callable[[], list[str]]] = [network.words for network in joined]
    places += [partial(world.posts, "wikitech")] if on_mastodon else []
    out = wait_for(lambda: all(words in place() for place in places)) - begun
    logged = wait_for(lambda: world.log().count(f"| key = {id_}/") == len(places)) - begun
    return out, logged


def wait_for(condition: Callable[[], bool]) -> float:
    """When it came true."""
    deadline = time.monotonic() + 120
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.05)
    return time.monotonic()


if __name__ == "__main__":
    main()
