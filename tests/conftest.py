"""What tests may ask for. Nothing is started before a test asks: the pure core is tested without a wiki."""

import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sandbox.people import Person
from sandbox.wiki import ADMIN, PASSWORD, SandboxWiki, create
from smbot.cli import sweep_seldom

if TYPE_CHECKING:
    from sandbox.browser import Browser
    from tests.world import World

BOT = "Smbot"


def pytest_configure(config: pytest.Config) -> None:
    """Let a terminated run clean up like an interrupted one, and keep pywikibot away from the developer's own files.

    pywikibot reads its settings when it is first imported, whichever test does that; the fixture `site` gives it the
    sandbox's afterwards (https://www.mediawiki.org/wiki/Manual:Pywikibot/user-config.py).
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = tempfile.mkdtemp(prefix="smbot-pywikibot-")
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    Path(folder, "user-config.py").touch(mode=0o600)
    os.environ["PYWIKIBOT_DIR"] = folder
    os.environ["LC_ALL"] = "C.UTF-8"  # tests read English, whatever the developer does
    sweep_seldom()  # as each command does


LONGEST = (
    *("test_sending.py", "test_attacks.py", "test_gadget.py", "test_exactly_once.py", "test_faults.py"),
    *("test_looks.py", "test_story.py", "test_form.py", "test_channels.py", "test_reposts.py", "test_demo.py"),
    *("test_install.py", "test_wiki.py", "test_cli.py", "test_bluesky.py", "test_status_page.py", "test_year.py"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, so that no worker is left alone with one of them in the end."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


@pytest.fixture(scope="session")
def wiki(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxWiki]:
    """A running MediaWiki for the whole session, with the account of the bot on it."""
    new = create(tmp_path_factory.mktemp("wiki"))
    with new.serving():
        new.user(BOT, groups=["bot"])
        yield new


@pytest.fixture(scope="session")
def pywikibot_dir(wiki: SandboxWiki, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PYWIKIBOT_DIR with which pywikibot is `Smbot` on the sandbox wiki."""
    return wiki.pywikibot_dir(tmp_path_factory.mktemp("pywikibot"), BOT)


@pytest.fixture(scope="session")
def bot_environment(pywikibot_dir: Path) -> dict[str, str]:
    """The environment for a script in a process of its own that runs as `Smbot`."""
    return os.environ | {"PYWIKIBOT_DIR": str(pywikibot_dir)}


@pytest.fixture(scope="session")
def site(pywikibot_dir: Path) -> Iterator[object]:
    """pywikibot in this process, logged in as `Smbot` with its bot password: a `pywikibot.site.APISite`."""
    import pywikibot
    from pywikibot.comms import http

    settings = pywikibot_dir / "user-config.py"
    exec(compile(settings.read_text(), str(settings), "exec"), vars(pywikibot.config))  # as pywikibot itself does
    logged_in = pywikibot.Site()
    logged_in.login()
    yield logged_in
    pywikibot.stopme()
    http.session.close()


@pytest.fixture(scope="session")
def smbot(wiki: SandboxWiki) -> Iterator[Person]:
    """The bot's own account with its main password, for facts about the API that need no pywikibot."""
    with Person(wiki.api, BOT, PASSWORD) as person:
        yield person


@pytest.fixture(scope="session")
def alice(wiki: SandboxWiki) -> Iterator[Person]:
    """A maintainer, once a settings page names her."""
    with wiki.person("Alice") as person:
        yield person


@pytest.fixture(scope="session")
def bob(wiki: SandboxWiki) -> Iterator[Person]:
    """Another maintainer, once a settings page names him."""
    with wiki.person("Bob") as person:
        yield person


@pytest.fixture(scope="session")
def rita(wiki: SandboxWiki) -> Iterator[Person]:
    """A requester."""
    with wiki.person("Rita") as person:
        yield person


@pytest.fixture(scope="session")
def mallory(wiki: SandboxWiki) -> Iterator[Person]:
    """A stranger with an account and bad intentions."""
    with wiki.person("Mallory") as person:
        yield person


@pytest.fixture(scope="session")
def admin(wiki: SandboxWiki) -> Iterator[Person]:
    """An administrator: protects, blocks, hides."""
    with Person(wiki.api, ADMIN, PASSWORD) as person:
        yield person


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """A browser, each visit in which is a fresh one. Not for the whole session, because it keeps an event loop."""
    from sandbox.browser import Browser, find_chromium

    if not find_chromium():
        pytest.skip("there is no Chromium here; sandbox/bootstrap gets one")
    with Browser() as new:
        yield new


@pytest.fixture
def world(
    request: pytest.FixtureRequest,
    wiki: SandboxWiki,
    site: object,
    admin: Person,
    alice: Person,
    bob: Person,
    rita: Person,
    mallory: Person,
) -> Iterator["World"]:
    """A desk of its own for one test, set up and running, with everybody known to the wiki."""
    from sandbox.mastodon import Mastodon
    from tests.world import World

    with Mastodon() as mastodon, World(wiki, admin, mastodon, f"Project:{secrets.token_hex(4)}") as new:
        new.set_up()
        yield new
