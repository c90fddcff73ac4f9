"""What the benchmarks share: a desk on a real wiki of its own, and the machine they ran on."""

from __future__ import annotations

import json
import os
import platform
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import process_time
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from sandbox.mastodon import Mastodon  # noqa: E402
from sandbox.people import Person  # noqa: E402
from sandbox.website import Website  # noqa: E402
from sandbox.wiki import ADMIN, PASSWORD, SandboxWiki, create  # noqa: E402

if TYPE_CHECKING:
    from tests.world import World

SETTINGS = """\
{{Smbot/settings | requests per person = 1000 }}
{{Smbot/account | account = mediawiki | posts per day = 999 | gap = 0 | networks = mastodon | maintainers = Alice }}
{{Smbot/account | account = wikitech | posts per day = 999 | gap = 0 | networks = mastodon | maintainers = Alice, Bob }}
{{Smbot/source | source = MediaWiki News | kind = mediawiki-news | page = $HOME/News | accounts = mediawiki }}
{{Smbot/source | source = Tech News | kind = tech-news | page = $HOME/Tech | accounts = wikitech }}
{{Smbot/source | source = Promotion | kind = promotion | page = $HOME/Tech News | accounts = wikitech }}
{{Smbot/source | source = Newsletter | kind = newsletter | page = $HOME/Newsletter/ | accounts = wikitech }}
{{Smbot/source | source = Talks | kind = technical-talks | page = $HOME/Talks | accounts = wikitech | remind = day }}
{{Smbot/source | source = Hours | kind = office-hours | page = $HOME/Office | accounts = wikitech | remind = day }}
{{Smbot/source | source = Mentors | kind = calls-for-mentors | page = $HOME/Summer of Code | accounts = mediawiki }}
{{Smbot/source | source = Mentees | kind = calls-for-mentees | page = $HOME/Summer of Code | accounts = wikitech }}
{{Smbot/source | source = Events | kind = events | page = $HOME/Events | accounts = wikitech | remind = day }}
"""
BLOG = """\
{{Smbot/source | source = Blog | kind = technical-blog | page = $BLOG | accounts = wikitech | reposted by = mediawiki }}
"""
FEED = """\
<rss version="2.0"><channel><title>Blog</title><link>https://blog.example.org/</link>
<item><title>Parsoid reads it all</title>
<link>https://blog.example.org/1/</link><pubDate>Mon, 16 Nov 2026 09:00:00 +0000</pubDate></item></channel></rss>
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
    website: Website
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
        website = stack.enter_context(Website())
        website.files["/feed"] = FEED
        site = {"SMBOT_BENCH_SITE": str(website.server_port)}
        compiled = {"PYTHONDONTWRITEBYTECODE": ""}  # as where it is installed: no run compiles what another has
        environment = os.environ | site | compiled | {"PYTHONPATH": str(ROOT), "SMBOT_POSTS_PER_DAY": "1000"}
        yield Setting(wiki, admin, alice, bob, rita, mastodon, website, environment)


def new_world(here: Setting, *, blog: bool = False) -> World:
    """A fresh desk with a source of each kind; with `blog` one on the web, too, to be seen through its guard."""
    import pywikibot

    from tests.world import World

    pywikibot.Site().login()
    world = World(here.wiki, here.admin, here.mastodon, f"Project:{secrets.token_hex(4)}")
    week = world.now.isocalendar()
    here.admin.edit(f"{world.home}/Tech/{week.year}/{week.week:02}", TECH_NEWS.read_text("utf-8"))
    day = f"{world.now + timedelta(days=20):%Y-%m-%d}"
    for name, text in PAGES.items():
        here.admin.edit(f"{world.home}/{name}", text.replace("$DAY", day))
    world.set_up(SETTINGS + BLOG.replace("$BLOG", here.website.address("/feed")) * blog)
    world.environment |= here.environment | {"SMBOT_HOME": world.home}
    return world


PAGES = {
    "Tech News": "Read it.",
    "Newsletter/2026/October": "The parser got faster.",
    "Talks": "=== How Parsoid works ===\n$DAY at 20:00 UTC\n\nSpeaker: Somebody\n",
    "Office": '{| class="wikitable"\n! Date !! Time !! Topic\n|-\n| $DAY || 18:00 UTC || Translation\n|}',
    "Summer of Code": "* $DAY: Deadline for mentors to propose projects\n* $DAY: Contributor applications close\n",
    "Events": "* $DAY 18:00 UTC – Hackathon\n",
}


def machine(here: Setting) -> str:
    """The machine, in one line, with how fast it is at this hour: shared ones vary by half."""
    generator = here.admin.query(meta="siteinfo", siprop="general")["general"]["generator"]
    pace = median(_loop() for _ in range(5))
    python = f"Python {platform.python_version()} (3 million times round a loop in {pace:.2f} s)"
    return f"{os.cpu_count()} cores, {python}, {generator}"


def _loop() -> float:
    begun, total = process_time(), 0
    for number in range(3_000_000):
        total += number * number
    return process_time() - begun


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
        [sys.executable, str(ROOT / "bench" / "one_run.py"), command],
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        check=True,
    )
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def medians(costs: list[Cost]) -> Cost:
    """The median of each figure."""
    return Cost(*(median(getattr(c, name) for c in costs) for name in ("requests", "seconds", "megabytes")))
