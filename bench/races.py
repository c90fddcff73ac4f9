"""Two publishers at once, two posts to send, many rounds: nothing is sent twice, no row is lost.

python bench/races.py [ROUNDS]
"""

from __future__ import annotations

import sys
import time

from setting import machine, new_world, setting


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    with setting() as here:
        from tests.test_exactly_once import race

        world = new_world(here)
        begun = time.monotonic()
        race(world, here.alice, here.rita, rounds)
        seconds = time.monotonic() - begun
        posts = sum(len(world.posts(account)) for account in ("mediawiki", "wikitech"))
        print(f"{rounds} rounds of two publishers: {posts} posts, each once; {machine(here)}")
        print(f"  {seconds / rounds:.2f} s a round")


if __name__ == "__main__":
    main()
