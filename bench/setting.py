"""What the benchmarks share: a desk on a real wiki of its own, and the machine they ran on.

    python bench/setting.py collect

runs one command on the desk of `SMBOT_HOME` and prints what it cost, as JSON: the benchmarks run it in processes of
their own.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import process_time
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from sandbox.mastodon import Mastodon  # noqa: E402
from sandbox.people import Person  # noqa: E402
from sandbox.wiki import ADMIN, PASSWORD, SandboxWiki, create  # noqa: E402

if TYPE_CHECKING:
    from tests.world import World

SETTINGS = """\
{{Smbot/settings | requests per person = 1000 }}
{{Smbot/account | account = mediawiki | posts per day = 999 | gap = 0 | networks = mastodon | maintainers = Alice }}
{{Smbot/account | account = wikitech | posts per day = 999 | gap = 0 | networks = mastodon | maintainers = Alice, Bob }}
{{Smbot/source | source = MediaWiki News | kind = mediawiki-news | page = $HOME/News | accounts = mediawiki }}
{{Smbot/source | source = Tech News | kind = tech-news | page = $HOME/Tech | accounts = wikitech }}
"""
TECH_NEWS = ROOT / "tests" / "pages" / "tech-news-2026.wikitext"


@dataclass(frozen=True)
class Setting:
    """A wiki, the people on it, a network, and the environment for smbot's scripts."""

    wiki: SandboxWiki
    admin: Person
    alice: Person
    bob: Person
    rita: Person
    mastodon: Mastodon
    environment: dict[str, str]


@contextmanager
def setting() -> Iterator[Setting]:
    """A wiki made for this benchmark; pywikibot, imported afterwards, is its bot."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="smbot-bench-")))
        wiki = stack.enter_context(create(folder / "wiki").serving())
        wiki.user("Smbot", groups=["bot"])
        os.environ["PYWIKIBOT_DIR"] = str(wiki.pywikibot_dir(folder / "pywikibot"))
        alice, bob, rita = (stack.enter_context(wiki.person(name)) for name in ("Alice", "Bob", "Rita"))
        admin = stack.enter_context(Person(wiki.api, ADMIN, PASSWORD))
        mastodon = stack.enter_context(Mastodon(rate_limit=1_000_000))
        environment = os.environ | {"PYTHONPATH": str(ROOT), "SMBOT_POSTS_PER_DAY": "1000"}
        yield Setting(wiki, admin, alice, bob, rita, mastodon, environment)


def new_world(here: Setting) -> World:
    """A fresh desk with a feed of each kind."""
    import pywikibot

    from tests.world import World

    pywikibot.Site().login()
    world = World(here.wiki, here.admin, here.mastodon, f"Project:{secrets.token_hex(4)}")
    week = world.now.isocalendar()
    here.admin.edit(f"{world.home}/Tech/{week.year}/{week.week:02}", TECH_NEWS.read_text("utf-8"))
    world.set_up(SETTINGS)
    world.environment |= here.environment | {"SMBOT_HOME": world.home}
    return world


def machine(here: Setting) -> str:
    """The machine, in one line."""
    generator = here.admin.query(meta="siteinfo", siprop="general")["general"]["generator"]
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {generator}"


def script(command: str, environment: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    """One of smbot's commands in a process of its own."""
    return subprocess.Popen(
        [sys.executable, str(ROOT / "scripts" / f"{command}.py"), *arguments],
        env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


@dataclass(frozen=True)
class Cost:
    """What one command cost: requests after login, CPU seconds and peak megabytes of the whole process."""

    requests: int
    seconds: float
    megabytes: float


def cost(command: str, environment: dict[str, str]) -> Cost:
    """Run one command in a fresh process."""
    done = subprocess.run(
        [sys.executable, __file__, command], env=environment, text=True, stdout=subprocess.PIPE, check=True
    )
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def medians(costs: list[Cost]) -> Cost:
    """The median of each figure."""
    return Cost(*(median(getattr(c, name) for c in costs) for name in ("requests", "seconds", "megabytes")))


def main() -> None:
    """Run one command and print what it cost."""
    if len(sys.argv) < 2:
        return
    from smbot.bot import Desk
    from smbot.wiki import Wiki
    from tests.killed import CEILING, Doors

    wiki = Wiki()
    wiki.login()
    with Doors(lambda _: None) as doors:
        Desk(wiki, os.environ["SMBOT_HOME"], os.environ, ceiling=CEILING).work(send=sys.argv[1] == "publish")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"requests": doors.count // 2, "seconds": process_time(), "megabytes": peak}))


if __name__ == "__main__":
    main()
