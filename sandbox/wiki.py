"""A real MediaWiki in a folder, served on loopback by PHP's own web server.

A wiki is nothing but a data folder (SQLite files, caches, uploads, a secret): the settings are the same for all and
lie in `sandbox/mediawiki/`. So the installer runs once, into a template folder, and a new wiki is a copy of it.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import requests

from sandbox.people import Person

HERE = Path(__file__).resolve().parent
SETTINGS = HERE / "mediawiki" / "LocalSettings.php"
ROUTER = HERE / "mediawiki" / "router.php"
IGNORED = HERE.parent / ".sandbox"
"""Where everything that is made here goes by default; git ignores it."""

ADMIN = "Admin"
PASSWORD = "sandbox-password"
"""Everybody's password: a sandbox on loopback has nothing to keep."""

BOT_GRANTS = ("basic", "highvolume", "createeditmovepage", "editmyoptions")
"""The fewest grants with which smbot can do its work (https://www.mediawiki.org/wiki/Manual:Bot_passwords).

`highvolume` lets it mark its edits as a bot's. `editmyoptions` is the smallest that lets it edit its own JSON page;
`editmycssjs` would do too, but whoever stole that password could plant a script.
"""

INTERWIKI = {
    "c": "https://commons.wikimedia.org/wiki/$1",
    "commons": "https://commons.wikimedia.org/wiki/$1",
    "d": "https://www.wikidata.org/wiki/$1",
    "gerrit": "https://gerrit.wikimedia.org/r/$1",
    "m": "https://meta.wikimedia.org/wiki/$1",
    "meta": "https://meta.wikimedia.org/wiki/$1",
    "mw": "https://www.mediawiki.org/wiki/$1",
    "phab": "https://phabricator.wikimedia.org/$1",
    "w": "https://en.wikipedia.org/wiki/$1",
    "wikitech": "https://wikitech.wikimedia.org/wiki/$1",
}

_PATIENCE = 30.0
"""Seconds after which a server that neither answers nor ends is an error."""


class SandboxError(Exception):
    """The sandbox cannot be made or run here; the message says what to do."""


def mediawiki_folder() -> Path:
    """The MediaWiki to serve: `$MEDIAWIKI_DIR`, or the distribution's, or the one that `sandbox/bootstrap` unpacked."""
    named = os.environ.get("MEDIAWIKI_DIR")
    places = [Path(named)] if named else [Path("/usr/share/mediawiki"), IGNORED / "mediawiki/usr/share/mediawiki"]
    for place in places:
        if (place / "includes" / "Defines.php").is_file():
            return place
    looked = " or ".join(str(place) for place in places)
    raise SandboxError(
        f"There is no MediaWiki in {looked}. Run sandbox/bootstrap, which gets one (package mediawiki on Debian),"
        " or unpack MediaWiki 1.39 or later and set MEDIAWIKI_DIR to its folder."
    )


class SandboxWiki:
    """One wiki in one folder. Make it with `create`; `SandboxWiki(folder)` opens one that is there already."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.mediawiki = mediawiki_folder()
        self._server: subprocess.Popen[bytes] | None = None

    # -- Addresses

    @property
    def port(self) -> int:
        """The port it is, or was last, served on; 0 before the first start."""
        with contextlib.suppress(FileNotFoundError):
            return int((self.folder / "port").read_text())
        return 0

    @property
    def url(self) -> str:
        """The address of the front page, without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def api(self) -> str:
        """The address of api.php."""
        return f"{self.url}/api.php"

    def page_url(self, title: str) -> str:
        """Where a browser finds a page."""
        return f"{self.url}/wiki/{quote(title.replace(' ', '_'), safe='/:')}"

    # -- Serving

    def start(self, port: int = 0) -> None:
        """Serve the wiki and return when it answers; `port=0` takes the last port if it is free, else any."""
        if self.running:
            raise SandboxError(f"The wiki in {self.folder} is already being served at {self.url}.")
        for chosen in [port] if port else [self.port or _free_port(), _free_port(), _free_port()]:
            (self.folder / "port").write_text(str(chosen))
            self._launch(chosen)
            if self._answers():
                return
        log = (self.folder / "server.log").read_text(errors="replace")[-2000:]
        raise SandboxError(f"PHP's web server did not start for the wiki in {self.folder}. Its last words: {log}")

    def stop(self) -> None:
        """End the server and its workers, whichever process started them, and return when they are gone."""
        if self.running:
            group = int((self.folder / "server.pid").read_text())
            for ending in (signal.SIGTERM, signal.SIGKILL):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(group, ending)
                self._reap()
                if _eventually(lambda: not self.running, patience=5):
                    break
        self._reap()

    @property
    def running(self) -> bool:
        """Whether the server or one of its workers lives.

        They hold a lock, which the kernel gives back when the last of them is gone. So a process id that was
        written down is believed only while it cannot have gone to a stranger's process.
        """
        with (self.folder / "server.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False

    @contextlib.contextmanager
    def serving(self) -> Iterator["SandboxWiki"]:
        """Serve the wiki as long as the block lasts."""
        self.start()
        try:
            yield self
        finally:
            self.stop()

    def _launch(self, port: int) -> None:
        command = [
            *("php", "-d", "opcache.enable_cli=1", "-d", "opcache.validate_timestamps=0", "-d", "memory_limit=512M"),
            *("-d", "zend.enable_gc=0", "-d", "apc.shm_size=128M"),
            *("-d", "upload_max_filesize=32M", "-d", "post_max_size=33M", "-d", "display_errors=0"),
            *("-S", f"127.0.0.1:{port}", "-t", str(self.mediawiki), str(ROUTER)),
        ]
        with (self.folder / "server.lock").open("a") as lock, (self.folder / "server.log").open("wb") as log:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._server = subprocess.Popen(
                command,
                env=self._environment() | {"PHP_CLI_SERVER_WORKERS": "4"},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, pass_fds=[lock.fileno()],
            )  # fmt: skip
        (self.folder / "server.pid").write_text(str(self._server.pid))

    def _answers(self) -> bool:
        """Wait until api.php answers, or the server has ended (another program was quicker to take the port)."""
        server = self._server

        def settled() -> bool:
            with contextlib.suppress(requests.RequestException):
                return requests.get(self.api, {"action": "query", "format": "json"}, timeout=10).ok
            return server is not None and server.poll() is not None

        return _eventually(settled, _PATIENCE) and server is not None and server.poll() is None

    def _reap(self) -> None:
        if self._server is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._server.wait(timeout=5)
                self._server = None

    # -- What the operator of a wiki does

    def configure(self, **settings: object) -> None:
        """Set configuration variables from the next request on, as in `configure(wgReadOnly='Moving house')`.

        What was set before is forgotten; without arguments the wiki is as it was made.
        """
        _replace(self.folder / "settings.json", json.dumps(settings))

    def set_clock(self, now: datetime | None) -> None:
        """Let it be this time on the wiki, to the second, from the next request on until it is set again.

        None gives the wiki the machine's clock back. Set it forward only: a page's history has to be in order.
        """
        if now is None:
            (self.folder / "clock").unlink(missing_ok=True)
        else:
            _replace(self.folder / "clock", f"{now.astimezone(UTC):%Y%m%d%H%M%S}")

    def user(self, name: str, password: str = PASSWORD, groups: Iterable[str] = ()) -> None:
        """Create an account, or give an account that exists this password and these groups too."""
        wanted = [f"--custom-groups={','.join(groups)}"] if groups else []
        self.maintenance("createAndPromote.php", "--force", *wanted, name, password)

    def person(self, name: str, groups: Iterable[str] = ()) -> Person:
        """Create an account and return its owner, logged in."""
        self.user(name, groups=groups)
        return Person(self.api, name, PASSWORD)

    def bot_password(self, user: str, app_id: str = "smbot", grants: Iterable[str] = BOT_GRANTS) -> str:
        """Create a bot password and return it; the name to log in with is `user@app_id`."""
        password = secrets.token_hex(16)  # MediaWiki wants exactly 32 of 0-9a-w
        granted = f"--grants={','.join(grants)}"
        self.maintenance("createBotPassword.php", f"--appid={app_id}", granted, user, password)
        return password

    def import_pages(self, pages: Mapping[str, str], author: str = ADMIN) -> None:
        """Create many pages at once, far quicker than saving them one by one; for pages that do not exist yet."""
        self.maintenance("importDump.php", stdin=_dump(pages, author))

    def import_image(self, path: Path) -> None:
        """Upload a picture under its own file name."""
        with tempfile.TemporaryDirectory() as only:
            shutil.copy(path, only)
            self.maintenance("importImages.php", "--overwrite", f"--user={ADMIN}", only)

    def run_jobs(self) -> None:
        """Do the work MediaWiki put off, such as refreshing the pages that use an edited template."""
        self.maintenance("runJobs.php", "--memory-limit=max")  # thousands of jobs take more than its usual 150 MB

    def maintenance(self, script: str, *arguments: str, stdin: str = "") -> str:
        """Run one of MediaWiki's maintenance scripts on this wiki and return what it printed."""
        command = ["php", str(self.mediawiki / "maintenance" / script), *arguments]
        try:
            return _run(command, self._environment(), stdin)
        finally:  # the server forgets what it has cached
            _replace(self.folder / "epoch", secrets.token_hex(8))

    def pywikibot_dir(self, folder: Path, user: str = "Smbot", app_id: str = "smbot", password: str = "") -> Path:
        """Make `folder` a PYWIKIBOT_DIR for this wiki, with a new bot password unless one is given.

        A dead wiki is reported at once rather than after pywikibot's usual minutes of patience.
        """
        password = password or self.bot_password(user, app_id)
        folder.mkdir(parents=True, exist_ok=True)
        _replace(
            folder / "user-config.py",
            _USER_CONFIG.format(api=self.api, user=user, passwords=folder.resolve() / "user-password.py"),
        )
        _replace(folder / "user-password.py", f"({user!r}, BotPassword({app_id!r}, {password!r}))\n")
        return folder

    def _environment(self) -> dict[str, str]:
        return os.environ | {
            "MW_CONFIG_FILE": str(SETTINGS),
            "MW_INSTALL_PATH": str(self.mediawiki),
            "SANDBOX_WIKI": str(self.folder),
            "SANDBOX_PORT": str(self.port or 80),
        }


def create(folder: Path) -> SandboxWiki:
    """Make a new wiki in `folder`, which must not exist or be empty."""
    shutil.copytree(_template(), folder, dirs_exist_ok=True)
    (folder / "secret").write_text(secrets.token_hex(32))
    return SandboxWiki(folder)


def _template() -> Path:
    """The folder every new wiki is a copy of; installed again when MediaWiki or what is written here has changed."""
    mediawiki = mediawiki_folder()
    marks = hashlib.sha256(str(mediawiki).encode())
    for file in (mediawiki / "includes" / "Defines.php", SETTINGS, Path(__file__)):
        marks.update(file.read_bytes())
    template = IGNORED / f"template-{marks.hexdigest()[:16]}"
    if not template.is_dir():
        IGNORED.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=IGNORED, prefix="install-") as made:
            _install(SandboxWiki(Path(made) / "wiki"))
            with contextlib.suppress(OSError):  # somebody else made it meanwhile: theirs is as good
                (Path(made) / "wiki").rename(template)
    return template


def _install(wiki: SandboxWiki) -> None:
    """Run MediaWiki's installer, which takes no settings file, and then what needs ours."""
    for name in ("data", "cache", "images"):
        (wiki.folder / name).mkdir(parents=True)
    (wiki.folder / "secret").write_text(secrets.token_hex(32))
    _run(
        [
            *("php", str(wiki.mediawiki / "maintenance" / "install.php"), "--with-extensions=no", "--skins=Vector"),
            *("--dbtype=sqlite", "--dbname=wiki", f"--dbpath={wiki.folder}/data", f"--confpath={wiki.folder}"),
            *("--server=http://127.0.0.1", "--scriptpath=", f"--pass={PASSWORD}-for-the-installer"),
            *("Sandbox wiki", ADMIN),
        ],
        dict(os.environ),
    )  # fmt: skip
    (wiki.folder / "LocalSettings.php").unlink()
    with contextlib.closing(sqlite3.connect(wiki.folder / "data" / "wiki.sqlite")) as database, database:
        database.execute("DELETE FROM interwiki")
        rows = [(prefix, url, "", "", 0, 0) for prefix, url in INTERWIKI.items()]
        database.executemany("INSERT INTO interwiki VALUES (?, ?, ?, ?, ?, ?)", rows)
    wiki.maintenance("rebuildLocalisationCache.php", "--lang=en", "--force")
    wiki.user(ADMIN, groups=["sysop", "bureaucrat", "interface-admin"])


def _dump(pages: Mapping[str, str], author: str) -> str:
    """The pages in MediaWiki's export format (https://www.mediawiki.org/wiki/Help:Export)."""
    root = ElementTree.Element("mediawiki", {"xmlns": "http://www.mediawiki.org/xml/export-0.11/", "version": "0.11"})
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for title, text in pages.items():
        page = ElementTree.SubElement(root, "page")
        ElementTree.SubElement(page, "title").text = title
        revision = ElementTree.SubElement(page, "revision")
        ElementTree.SubElement(revision, "timestamp").text = now
        contributor = ElementTree.SubElement(revision, "contributor")
        ElementTree.SubElement(contributor, "username").text = author
        ElementTree.SubElement(revision, "text", {"xml:space": "preserve"}).text = text
    return ElementTree.tostring(root, encoding="unicode")


def _run(command: list[str], environment: dict[str, str], stdin: str = "") -> str:
    try:
        done = subprocess.run(command, env=environment, input=stdin, capture_output=True, text=True, timeout=300)
    except FileNotFoundError as missing:
        raise SandboxError(f"{command[0]} is not installed. Run sandbox/bootstrap.") from missing
    if done.returncode:
        raise SandboxError(f"{Path(command[1]).name} failed: {done.stdout[-1500:]}{done.stderr[-1500:]}")
    return done.stdout


def _replace(file: Path, text: str) -> None:
    """Write a file that only its owner may read, in one step, so that nobody reads a half."""
    descriptor, name = tempfile.mkstemp(dir=file.parent)
    with open(descriptor, "w", encoding="utf-8") as new:
        new.write(text)
    Path(name).replace(file)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _eventually(condition: Callable[[], bool], patience: float) -> bool:
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


_USER_CONFIG = """\
# Made by sandbox/wiki.py for one sandbox wiki.
family = mylang = 'sandbox'
family_files['sandbox'] = '{api}'
usernames['sandbox']['sandbox'] = '{user}'
password_file = '{passwords}'
put_throttle = 0
minthrottle = 0
max_retries = 2
retry_wait = 1
retry_max = 2
socket_timeout = (5, 60)
"""
