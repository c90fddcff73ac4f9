"""One run of smbot, and what it cost, as JSON: the other benchmarks start it in processes of their own.

    python bench/one_run.py collect|publish

works on the desk of `SMBOT_HOME`; the port of its website is `SMBOT_BENCH_SITE`. It loads little that smbot does not.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path
from time import process_time


def main() -> None:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from smbot.cli import sweep_seldom

    sweep_seldom()
    from sandbox.website import guard_of
    from smbot.bot import Desk
    from smbot.wiki import Wiki
    from tests.killed import CEILING, Doors

    wiki = Wiki()
    wiki.login()
    with Doors(lambda _: None) as doors:
        guard = guard_of(int(os.environ["SMBOT_BENCH_SITE"]))
        Desk(wiki, os.environ["SMBOT_HOME"], os.environ, ceiling=CEILING, guard=guard).work(
            send=sys.argv[1] == "publish"
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"requests": doors.count // 2, "seconds": process_time(), "megabytes": peak}))


if __name__ == "__main__" and len(sys.argv) > 1:
    main()
