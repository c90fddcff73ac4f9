"""How long after an approval is saved on the wiki the post is out and on the log, with `smbot run` as it comes.

    python bench/latency.py

The aim is a median of at most 5 s. (nodejs/bluesky: 17 s, galaxy-social: 45 s.)
"""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from setting import machine, new_world, script, setting

if TYPE_CHECKING:
    from tests.world import World

ROUNDS = 20


def main() -> None:
    with setting() as here, TemporaryDirectory() as folder:
        world = new_world(here)
        text = "{{{{Smbot/request\n| text = Post number {}.\n| accounts = wikitech\n}}}}"
        here.rita.edit(world.titles.requests, "\n".join(map(text.format, range(ROUNDS))))
        world.collect()
        heartbeat = Path(folder, "heartbeat")
        running = script("run", world.environment, "--heartbeat", str(heartbeat))
        try:
            wait_for(heartbeat.exists)
            out, logged = [], []
            for number in range(ROUNDS):
                id_ = world.id_of(f"Post number {number}.")
                time.sleep(random.uniform(0, 4))  # approvals do not come in step with the bot
                world.change(here.alice, id_, status="approved")
                begun = time.monotonic()
                out.append(wait_for(partial(is_out, world, f"Post number {number}.")) - begun)
                logged.append(wait_for(partial(is_logged, world, id_)) - begun)
        finally:
            running.send_signal(signal.SIGTERM)
            running.communicate(timeout=30)
        print(f"approval saved to ..., {ROUNDS} rounds; {machine(here)}")
        for what, found in (("posted", out), ("logged", logged)):
            print(f"  {what:10} median {median(found):5.2f} s   90 % within {quantiles(found, n=10)[8]:5.2f} s")


def is_out(world: World, words: str) -> bool:
    return words in world.posts("wikitech")


def is_logged(world: World, id_: str) -> bool:
    return f"| key = {id_}/" in world.log()


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
