"""The demo: a wiki, a network and their people on this machine, and the main job once from end to end.

    python -m sandbox.demo          make it or start it again, collect, approve, publish; it stays up
    python -m sandbox.demo --stop   end it; what was made stays in .sandbox/demo

Every step looks first whether it is done already, so that it can be run at any time and goes on where it was ended.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shlex
import shutil
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sandbox import bluesky
from sandbox.background import Background, locked
from sandbox.mastodon_world import ACCOUNTS
from sandbox.people import Person, RefusedError
from sandbox.wiki import ADMIN, IGNORED, PASSWORD, SandboxError, SandboxWiki, create
from smbot import gather, memory, review, shipped
from smbot.cli import HOME
from smbot.doctor import CARD
from smbot.forms import shorten
from smbot.templates import named, parse, put, raw

BOT = "Smbot"
SEEDS = Path(__file__).resolve().parent / "pages"
TITLES = gather.titles(HOME, BOT)
IMAGE = "Example first patches.png"
WRITTEN = "Written for the demo"
PEOPLE = {
    "Alice": "Maintainer of the accounts mediawiki, wikitech and odia.",
    "Bob": "Maintainer of the account wikitech.",
    "Rita": "Asks for posts now and then.",
    BOT: "The bot of this demo: [[Project:Smbot/Queue|what waits]], [[Project:Smbot/Log|what it posted]].",
}
GROUP = "https://www.facebook.com/groups/odia.wikimedians.example"
ODIA = """{{Smbot/account
| account = odia
| networks = facebook-group
| maintainers = Alice
}}
"""
SEEDED = {"Office hours": "office-hours", "Google Summer of Code": "outreach", "Tech/News": "tech-news"}
READ_HERE = {
    "mediawiki-news": "News",
    "tech-news": "Tech/News",
    "promotion": "Tech/News",
    "newsletter": "Technical Community Newsletter/",
    "office-hours": "Office hours",
    "calls-for-mentors": "Google Summer of Code",
    "calls-for-mentees": "Google Summer of Code",
}
PICTURED = (14, 16, 15, 19, 23, 22, 27, 31, 36, 39)


@dataclass(frozen=True)
class Choice:
    """What a maintainer does with the card that holds these words."""

    who: str
    words: str
    status: str
    reason: str = ""

    @property
    def summary(self) -> str:
        return f"{self.status}: {self.words}"


CHOICES = (
    Choice("Alice", "Translators can now see a preview", "approved"),
    Choice("Alice", "The results of the developer survey", "approved"),
    Choice("Bob", "sent their first patch", "approved"),
    Choice("Alice", "ଉଇକିପିଡ଼ିଆ ଦିବସ", "approved"),  # for a group that has no API
    Choice("Bob", "Drafts in the visual editor", "approved"),
    Choice("Alice", "The search team answers", "approved"),  # for later: it has a time
    Choice("Alice", "village pump of our wiki", "declined", "Only of interest on that wiki; its own news page fits."),
)


# --- the folder and what runs from it ------------------------------------------------------------------------------


def make_wiki(folder: Path) -> SandboxWiki:
    """The wiki in `folder`, with its people and the bot's password; all of it or nothing."""
    if not folder.exists():
        new = folder.with_name("wiki.new")
        shutil.rmtree(new, ignore_errors=True)
        wiki = create(new)
        for name in PEOPLE:
            wiki.user(name, groups=["bot"] if name == BOT else [])
        (new / "bot-password").write_text(wiki.bot_password(BOT))
        (new / "made-on").write_text(f"{datetime.now(UTC).date()}")
        new.rename(folder)
    return SandboxWiki(folder)


class Demo:
    """Everything in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env_file = folder / "env"
        self.network = Background(folder, "mastodon", "--state", str(folder / "mastodon.json"))
        self.bluesky = Background(folder, "bluesky", "--folder", str(folder / "bluesky"))
        self._begun = time.monotonic()
        self._wiki: SandboxWiki | None = None

    @property
    def wiki(self) -> SandboxWiki:
        self._wiki = self._wiki or make_wiki(self.folder / "wiki")
        return self._wiki

    @property
    def today(self) -> date:
        """The day the demo was made: its pages keep their dates."""
        return date.fromisoformat((self.wiki.folder / "made-on").read_text())

    def say(self, words: str) -> None:
        """Progress, with the seconds since the start."""
        print(f"{time.monotonic() - self._begun:5.1f} s  {words}", flush=True)

    # --- starting and stopping -------------------------------------------------------------------------------------

    def start(self) -> None:
        """Bring wiki and network up where they are not."""
        again = "made" if not (self.folder / "wiki").exists() else "started"
        how = "is up already" if self.wiki.running else again
        if not self.wiki.running:
            self.wiki.start()
        self.say(f"A real MediaWiki {how}: {self.wiki.url}")
        self._serve(self.network, "A stand-in Mastodon", again)
        if bluesky.is_there():
            self._serve(self.bluesky, "A real Bluesky server", again)
        else:
            self.say(f"Bluesky is left out: it {bluesky.NEEDS}")
        password = (self.wiki.folder / "bot-password").read_text()
        self.wiki.pywikibot_dir(self.folder / "pywikibot", BOT, password=password)
        lines = [f"export {name}={shlex.quote(value)}" for name, value in self.environment().items()]
        self.env_file.touch(mode=0o600)
        self.env_file.write_text("\n".join([*lines, f'export PATH={shlex.quote(_programs())}:"$PATH"', ""]))

    def _serve(self, server: Background, what: str, again: str) -> None:
        how = "is up already" if server.running else again
        if not server.running:
            server.start()
        self.say(f"{what} {how}: {server.url}")

    def stop(self) -> bool:
        """End what runs; whether anything did."""
        if not self.folder.exists():
            return False
        there = (self.folder / "wiki").exists() and self.wiki.running
        ran = there or self.network.running or self.bluesky.running
        if there:
            self.wiki.stop()
        self.network.stop()
        self.bluesky.stop()
        return ran

    def environment(self) -> dict[str, str]:
        """What smbot needs to know here."""
        channels = {
            f"SMBOT_{account.username.upper()}_MASTODON_{name}": value
            for account in ACCOUNTS
            for name, value in (("URL", self.network.url), ("TOKEN", account.token))
        }
        channels |= self._bluesky_environment() | {"SMBOT_ODIA_FACEBOOK_GROUP_URL": GROUP}
        return {"PYWIKIBOT_DIR": str(self.folder.resolve() / "pywikibot"), "SMBOT_HOME": HOME, **channels}

    def _bluesky_environment(self) -> dict[str, str]:
        with contextlib.suppress(FileNotFoundError):
            accounts = json.loads((self.folder / "bluesky" / "accounts.json").read_text())
            return {
                f"SMBOT_{name.upper()}_BLUESKY_{suffix}": value
                for name, account in accounts.items()
                for suffix, value in (
                    ("URL", self.bluesky.url),
                    ("HANDLE", account["handle"]),
                    ("PASSWORD", account["password"]),
                    ("SESSION", str(self.folder.resolve() / f"bluesky-session-{name}.json")),
                )
            }
        return {}

    def smbot(self, command: str) -> None:
        """Run one of smbot's commands, and say how it summed up."""
        others = {name: value for name, value in os.environ.items() if not name.startswith(("PYWIKIBOT", "SMBOT_"))}
        done = subprocess.run(
            [f"{_programs()}/smbot", command], cwd=self.folder, env=others | self.environment(),
            capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        if done.returncode > 1 or not done.stdout:
            raise SandboxError(f"smbot {command} failed: {done.stderr[-2000:]}")
        for line in done.stderr.splitlines():
            if line.startswith("problem: "):
                self.say(f"smbot {command}: {line}")
        self.say(_without_list(done.stdout.splitlines()[-1]))

    # --- the pages -------------------------------------------------------------------------------------------------

    def install(self, admin: Person) -> None:
        """Put smbot's pages on the wiki; what draws the cards is protected except while smbot updates it."""
        for title in CARD:
            if "missing" not in admin.page(title):
                admin.protect(title, "all")
        self.smbot("install")
        for title in CARD:
            admin.protect(title, reason="Maintainers approve what this shows")

    def add_gadget(self, people: dict[str, Person]) -> None:
        """Let an administrator put the gadget on the wiki, for the bot may not, and let everybody switch it on."""
        for title, text in shipped.gadget(HOME).items():
            people[ADMIN].edit(title, text, "The gadget of smbot")
        for person in people.values():
            person.do("options", change="gadget-smbot=1")

    def fill_settings(self, admin: Person) -> None:
        """Name the maintainers, read this wiki's own news, and protect the page."""
        text = admin.get(TITLES.settings)
        for people in ("Alice", "Alice, Bob"):
            text = re.sub(r"(maintainers =) <!--.*?-->", rf"\1 {people}", text, count=1)
        for account in ACCOUNTS:
            text = text.replace("| profiles = \n", f"| profiles = {self.network.url}/@{account.username}\n", 1)
        for kind, page in READ_HERE.items():
            text = text.replace(f"| kind = {kind}\n", f"| kind = {kind}\n| page = {page}\n")
        text = text.replace(
            "| kind = technical-blog\n", "| kind = technical-blog\n| on = no\n"
        )  # it is not on this machine
        text = text.replace("| news days = 14", "| news days = 21")
        text = text.replace("| posts per day = 3", "| posts per day = 9").replace("| gap = 30", "| gap = 0")
        text = re.sub(r"\| slots = .*", "| slots = ", text)  # what is approved is posted at once
        if bluesky.is_there():
            text = text.replace("| networks = mastodon\n", "| networks = mastodon, bluesky\n")
        text = text.replace("\n== Sources", f"{ODIA}\n== Sources", 1)
        if "Maintainers and sources" not in _summaries(admin, TITLES.settings):
            admin.edit(TITLES.settings, text, "Maintainers and sources")
            admin.protect(TITLES.settings, reason="So that only administrators name maintainers")

    def seed(self, admin: Person) -> None:
        """Put news on the wiki, and a picture."""
        issues = [Issue(self.today, back) for back in range(3)]
        pages = {issue.title: written(f"tech-news-{issue.back}", self.today, issue) for issue in issues}
        pages |= {title: written(seed, self.today) for title, seed in SEEDED.items()}
        pages |= {f"Technical Community Newsletter/{self.today:%Y/%B}": written("newsletter", self.today)}
        pages |= {"News": written("news", self.today)} | {f"User:{name}": about for name, about in PEOPLE.items()}
        for title, text in pages.items():
            if not admin.revision_id(title):
                admin.edit(title, text, WRITTEN)
        if not admin.revision_id(f"File:{IMAGE}"):
            picture = self.folder / "picture.png"
            picture.write_bytes(bar_chart(PICTURED))
            admin.upload(picture, IMAGE, "First patches per month; drawn for the demo.")
        if "MediaWiki has been installed" in admin.get("Main Page"):
            admin.edit("Main Page", written("main-page", self.today), WRITTEN)

    def ask(self, person: Person, seed: str) -> None:
        """Let somebody ask for their posts, once."""
        if "Asking for posts" not in _summaries(person, TITLES.requests, person.name):
            before = person.get(TITLES.requests).rstrip()
            words = written(seed, self.today)
            person.edit(TITLES.requests, f"{before}\n\n{words}", "Asking for posts")

    def decide(self, people: dict[str, Person]) -> None:
        """Let the maintainers decide on their cards by ordinary edits, once each."""
        for choice in CHOICES:
            maintainer = people[choice.who]
            if choice.summary in _summaries(maintainer, TITLES.queue, choice.who):
                continue
            if text := _with_choice(maintainer.get(TITLES.queue), choice):
                maintainer.edit(TITLES.queue, text, choice.summary)
                self.say(f"{choice.who} {choice.status} “{shorten(choice.words)}…”")

    # --- the whole -------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Make the world where it is missing, and say what is there."""
        self.make()
        with Person(self.wiki.api, ADMIN, PASSWORD) as admin:
            self.tell(admin)

    def make(self) -> None:
        """Make the world where it is missing, then collect, approve, publish."""
        self.start()
        with contextlib.ExitStack() as stack:
            names = (ADMIN, "Alice", "Bob", "Rita")
            people = {name: stack.enter_context(Person(self.wiki.api, name, PASSWORD)) for name in names}
            self.install(people[ADMIN])
            self.add_gadget(people)
            self.fill_settings(people[ADMIN])
            self.seed(people[ADMIN])
            self.ask(people["Rita"], "requests-rita")
            self.ask(people["Bob"], "requests-bob")
            self.say("News, three Tech News issues, requests by Rita and Bob; the settings name maintainers")
            self.smbot("collect")
            self.decide(people)
            self.smbot("publish")
            self.wiki.run_jobs()

    def tell(self, reader: Person) -> None:
        """What happened, where to look, who may log in, and what to try next."""
        mind = memory.load(reader.get(TITLES.memory))
        posted = [d for d in mind.deliveries.values() if d.state == memory.POSTED]
        waiting = sum(known.proposal is not None for known in mind.open().values())
        print(f"\nPosted so far: {len(posted)}. On the queue: {waiting}.")
        for delivery in posted:
            here = delivery.url.replace("https://bsky.app", self.bluesky.url)  # where nobody knows this server
            print(f"  {delivery.channel.partition('/')[0]}: {shorten(delivery.text.words)}\n    {here}")
        url = self.wiki.page_url
        print(f"""
Look at
  queue     {url(TITLES.queue)}
  requests  {url(TITLES.requests)}
  status    {url(TITLES.status)}
  log       {url(f"{TITLES.log}/{datetime.now(UTC):%Y-%m}")}
  channels  {url(TITLES.channels)}
  settings  {url(TITLES.settings)}
  timeline  {self.network.url}{f" (Mastodon), {self.bluesky.url} (Bluesky)" if self.bluesky.running else ""}

On the log there is a post for a group that has no API: a person posts it, and says so there.

Log in ({url("Special:UserLogin")}) as
  Alice  maintainer of all accounts        Rita   asks for posts
  Bob    maintainer of wikitech            Admin  administrator
  Everybody's password is {PASSWORD}

Try next
  1. As Alice, edit a card on the queue: status = approved. Save.
  2. . {_near(self.env_file)}
     smbot publish
  3. Look at the timeline, the log, and the answer on the requests page.
  Or leave ‘smbot run’ on: it posts what is approved within seconds. ‘smbot check’ looks at everything.

It stays up until: {_stop_command(self.folder)}""")
        if datetime.now(UTC).date() - self.today > timedelta(days=7):
            print(f"Its news is from {self.today}. To begin anew, stop it and remove {_near(self.folder)}.")


@dataclass(frozen=True)
class Issue:
    """The issue of Tech News of this week, or of `back` weeks ago."""

    today: date
    back: int

    @property
    def monday(self) -> date:
        return self.today - timedelta(days=self.today.weekday() + 7 * self.back)

    @property
    def title(self) -> str:
        """The newest still has its Translate markup; of the others there is the clean subpage."""
        return f"Tech/News/{self.week()}" + ("/en" if self.back else "")

    def week(self, later: int = 0) -> str:
        """The ISO week in page names, or one some weeks later."""
        iso = (self.monday + timedelta(weeks=later)).isocalendar()
        return f"{iso.year}/{iso.week:02}"


def written(seed: str, today: date, issue: Issue | None = None) -> str:
    """A page of sandbox/pages with its dates filled in, relative to the day the demo was made."""
    text = (SEEDS / f"{seed}.wikitext").read_text(encoding="utf-8").rstrip("\n").replace("$HOME$", HOME)
    if issue:
        year, week = issue.week().split("/")
        names = {"YEAR": year, "WEEK": week, "PREVIOUS": issue.week(-1), "NEXT": issue.week(1)}
        text = re.sub(r"\$(YEAR|WEEK|PREVIOUS|NEXT)\$", lambda found: names[found[1]], text)
    text = re.sub(r"\$ISSUE-(\d)\$", lambda found: Issue(today, int(found[1])).week(), text)
    text = re.sub(r"\$DAY([+-]\d+)\$", lambda found: f"{today + timedelta(int(found[1]))}", text)
    return re.sub(r"\$LONG([+-]\d+)\$", lambda found: _long(today + timedelta(int(found[1]))), text)


def _long(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _with_choice(queue: str, choice: Choice) -> str:
    """The queue page with a decision on one card; '' where no such card waits."""
    code = parse(queue)
    for template in named(code, review.CARD):
        if choice.words in raw(template, "text") and raw(template, "status") == memory.WAITING:
            put(template, "status", choice.status)
            put(template, "reason", choice.reason)
            return str(code)
    return ""


def _summaries(person: Person, title: str, author: str = "") -> set[str]:
    """The summaries of a page's edits, all or those by one person."""
    page = person.page(title, prop="revisions", rvprop="comment", rvlimit=500, rvuser=author or None)
    return {revision.get("comment", "") for revision in page.get("revisions", ())}


def bar_chart(values: tuple[int, ...], width: int = 640, height: int = 320) -> bytes:
    """A picture of bars as a PNG (https://www.w3.org/TR/png-3/)."""
    ground, ink = bytes((248, 249, 250)), bytes((51, 102, 204))
    each, top = width // len(values), max(values) * 1.1
    rows = []
    for y in range(height):
        level = (height - 20 - y) / (height - 20) * top
        bars = ((ground * 12 + (ink if 0 <= level < v else ground) * (each - 24) + ground * 12) for v in values)
        rows.append(b"\0" + b"".join(bars) + ground * (width - each * len(values)))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b""))
    framed = (struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


# --- the command ---------------------------------------------------------------------------------------------------


def _programs() -> str:
    """Where the programs of this virtual environment are."""
    return str(Path(sys.executable).parent)


def _without_list(summary: str) -> str:
    """A summary with the number of posts instead of each; they are listed at the end."""
    head, *parts = re.split(r"(?<=^smbot publish:) |; ", summary)
    others = [part for part in parts if not part.startswith("posted ")]
    posts = len(parts) - len(others)
    return f"{head} {'; '.join([*others, f'{posts} posted'])}" if posts else summary


def _near(path: Path) -> str:
    """A path as it is typed from here."""
    with contextlib.suppress(ValueError):
        return str(path.resolve().relative_to(Path.cwd()))
    return str(path.resolve())


def _stop_command(folder: Path) -> str:
    if folder.resolve() == (IGNORED / "demo").resolve():
        return "make stop"
    return f"python -m sandbox.demo --stop --folder {shlex.quote(_near(folder))}"


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep a second run out of the folder while this one lasts."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        if not locked(lock.fileno()):
            raise SandboxError("Another ‘make demo’ or ‘make stop’ is at work on it. Wait until it has ended.")
        yield


def main() -> int:
    """Make or start the demo, or stop it."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.demo", description="smbot at work on this machine.")
    parser.add_argument("--stop", action="store_true", help="end the demo's wiki and network")
    parser.add_argument(
        "--folder", type=Path, default=IGNORED / "demo", help="where it is kept (default .sandbox/demo)"
    )
    options = parser.parse_args()
    demo = Demo(options.folder)
    try:
        if options.stop and not options.folder.exists():
            print("demo: there is none to stop")
            return 0
        with _alone(options.folder):
            if options.stop:
                print("demo: stopped; ‘make demo’ starts it again" if demo.stop() else "demo: it was not running")
            else:
                demo.run()
    except (SandboxError, RefusedError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
