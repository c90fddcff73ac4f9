"""`make demo`, from an empty folder to a posted request and back to silence."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.demo import CHOICES, TITLES, Demo, Issue, bar_chart, written
from sandbox.people import Person
from sandbox.wiki import ADMIN, PASSWORD
from smbot.memory import load


def demo(folder: Path, *options: str) -> str:
    """Run it as `make` does, and return what it printed."""
    command = [sys.executable, "-m", "sandbox.demo", "--folder", str(folder), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Demo, str]]:
    """The demo after its first run, with what that printed."""
    folder = tmp_path_factory.mktemp("demo") / "demo"
    try:
        printed = demo(folder)
        yield Demo(folder), printed
    finally:
        demo(folder, "--stop")


def posts(there: Demo) -> list[str]:
    """The words of everything that was ever posted."""
    state = json.loads((there.folder / "mastodon.json").read_text())
    return sorted(f"{status['username']}: {status['text']}" for status in state["statuses"].values())


def pids(there: Demo) -> list[int]:
    files = (there.folder / file for file in ("wiki/server.pid", "mastodon.pid", "bluesky.pid"))
    return [int(file.read_text()) for file in files if file.exists()]


def open_cards(there: Demo) -> dict[str, Any]:
    """What waits on the queue, by the first words."""
    with Person(there.wiki.api, ADMIN, PASSWORD) as admin:
        mind = load(admin.get(TITLES.memory))
    return {known.title.split()[0]: known for known in mind.open().values() if known.proposal}


def test_it_shows_the_whole_job_and_says_where_to_look(made: tuple[Demo, str]) -> None:
    there, printed = made
    addresses = [
        *(there.wiki.page_url(title) for title in (TITLES.queue, TITLES.requests, TITLES.settings)),
        there.network.url,
        *re.findall(r"^    (http\S+)$", printed, re.MULTILINE),  # each post
    ]
    assert len(addresses) > 8
    for address in addresses:
        assert address in printed
        assert requests.get(address, timeout=30).ok
    assert PASSWORD in printed
    assert [f"{c.who} {c.status}" in printed for c in CHOICES] == [True] * len(CHOICES)


def test_what_was_approved_is_out_and_the_rest_waits_or_is_answered(made: tuple[Demo, str]) -> None:
    there, _ = made
    assert [post.split()[0] for post in posts(there)] == ["mediawiki:"] * 2 + ["wikitech:"] * 3
    waiting = open_cards(there)
    assert "The" in waiting  # among them the one approved for later
    assert len(waiting) > 5
    with Person(there.wiki.api, ADMIN, PASSWORD) as admin:
        answers = admin.get(TITLES.requests)
        assert "goes out after" in admin.get(TITLES.queue)
        log = admin.get(f"{TITLES.log}/{datetime.now(UTC):%Y-%m}")
        assert "| state = handed off" in log
        assert "| done = \n" in log
    for state, times in {"posted": 2, "queued": 2, "approved": 1, "problem": 3, "declined": 1}.items():
        assert answers.count(f"Smbot/answer|1={state}") == times
    assert "{{Smbot/unreadable}}" in answers


def test_running_it_again_makes_nothing_twice(made: tuple[Demo, str]) -> None:
    there, _ = made
    before, waiting = posts(there), set(open_cards(there))
    printed = demo(there.folder)
    assert printed.count("is up already") == len(pids(there))
    assert "smbot collect: nothing new" in printed
    assert "smbot publish: nothing new" in printed
    assert posts(there) == before
    assert set(open_cards(there)) == waiting


def test_the_environment_file_is_all_that_smbot_needs(made: tuple[Demo, str]) -> None:
    there, _ = made
    script = f". {there.env_file} && smbot check"
    bare = {"PATH": "/usr/bin:/bin", "HOME": str(there.folder)}
    done = subprocess.run(["sh", "-c", script], env=bare, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert there.env_file.stat().st_mode & 0o077 == 0


def test_killed_servers_are_started_again_and_stop_ends_them_and_nothing_else(made: tuple[Demo, str]) -> None:
    there, _ = made
    before = posts(there)
    for pid in pids(there):
        os.killpg(pid, signal.SIGKILL)
    assert demo(there.folder).count(" started: ") == len(pids(there))
    assert posts(there) == before
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        assert "stopped" in demo(there.folder, "--stop")
        assert not any(alive(pid) for pid in pids(there))
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()
    assert "was not running" in demo(there.folder, "--stop")


def alive(pid: int) -> bool:
    """Whether a process with this id runs; a dead one that nobody has collected yet does not."""
    with suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_stopping_what_was_never_made_makes_nothing(tmp_path: Path) -> None:
    assert "none" in demo(tmp_path / "nothing", "--stop")
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("today", [date(2026, 1, 1) + timedelta(days=n * 11) for n in range(60)], ids=str)
def test_the_three_issues_are_named_as_tech_news_names_them(today: date) -> None:
    issues = [Issue(today, back) for back in range(3)]
    assert issues[0].monday <= today < issues[0].monday + timedelta(days=7)
    assert len({issue.title for issue in issues}) == 3
    year, week = issues[0].week().split("/")
    assert date.fromisocalendar(int(year), int(week), 1) == issues[0].monday
    assert "$" not in written("tech-news-0", today, issues[0])


def test_the_picture_is_a_png() -> None:
    picture = bar_chart((1, 2, 3))
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert len(picture) < 20_000


def test_every_choice_is_about_a_page_that_is_written() -> None:
    today = date(2026, 11, 21)
    seeds = ("news", "requests-rita", "requests-bob", "tech-news-0")
    text = "".join(written(seed, today, Issue(today, 0)) for seed in seeds)
    assert [choice.words in text for choice in CHOICES] == [True] * len(CHOICES)
