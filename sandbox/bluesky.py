"""A real Bluesky server on loopback, with a stand-in before it that can break its requests and shows its posts.

    python -m sandbox.bluesky --port 8082 --folder bluesky

The server is the reference PDS of the AT Protocol, run by sandbox/pds/pds.cjs; sandbox/bootstrap gets it where there is
Node. What is in front only passes on: what a post may hold, and what the server says to it, is the real thing. There
is no app view, so nothing here shows a timeline as bsky.app does; the page at / reads the records themselves.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self

import requests

from sandbox.bluesky_page import Shown, page
from sandbox.standin import Answered, Handler, Json, StandIn, as_json

REPOSITORY = Path(__file__).resolve().parent.parent
INSTALLED = REPOSITORY / ".sandbox/pds"
NEEDS = "needs the Bluesky PDS, which sandbox/bootstrap makes where there is Node 18 or later"
POST, REPOST, LIKE = "app.bsky.feed.post", "app.bsky.feed.repost", "app.bsky.feed.like"
ACCOUNTS = ("mediawiki", "wikitech")

# The methods smbot may call, and their parameters: https://docs.bsky.app/docs/category/http-reference
WRITE = {"repo", "collection", "rkey", "validate", "record", "swapRecord", "swapCommit"}
METHODS: dict[tuple[str, str], set[str]] = {
    ("POST", "com.atproto.server.createSession"): {"identifier", "password", "authFactorToken", "allowTakendown"},
    ("POST", "com.atproto.server.refreshSession"): set(),
    ("GET", "com.atproto.server.getSession"): set(),
    ("GET", "com.atproto.server.describeServer"): set(),
    ("GET", "com.atproto.identity.resolveHandle"): {"handle"},
    ("POST", "com.atproto.repo.uploadBlob"): set(),
    ("POST", "com.atproto.repo.putRecord"): WRITE,
    ("POST", "com.atproto.repo.deleteRecord"): {"repo", "collection", "rkey", "swapRecord", "swapCommit"},
    ("GET", "com.atproto.repo.getRecord"): {"repo", "collection", "rkey", "cid"},
}
RECORDS: dict[str, set[str]] = {
    POST: {"$type", "text", "facets", "reply", "embed", "langs", "labels", "tags", "createdAt"},
    REPOST: {"$type", "subject", "createdAt", "via"},
    LIKE: {"$type", "subject", "createdAt", "via"},
}


def is_there() -> bool:
    """Whether the server can be run on this machine."""
    return (INSTALLED / "node_modules").is_dir() and shutil.which("node") is not None


class Pds:
    """The server's process. It ends when this one does."""

    def __init__(self, folder: Path, public_url: str, rate_limits: bool = False) -> None:
        options = {"folder": str(folder.resolve()), "publicUrl": public_url, "rateLimits": rate_limits}
        environment = {"PATH": os.environ["PATH"], "NODE_PATH": str(INSTALLED / "node_modules"), "LOG_ENABLED": "false"}
        self._process = subprocess.Popen(
            ["node", str(REPOSITORY / "sandbox/pds/pds.cjs"), json.dumps(options)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        assert self._process.stdout
        said = self._process.stdout.readline()
        if not said:
            self.stop()
            raise RuntimeError("The Bluesky PDS did not start.")
        self.url = str(json.loads(said)["url"])

    def stop(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            assert stream
            with contextlib.suppress(BrokenPipeError):
                stream.close()
        self._process.wait(10)


@dataclass(frozen=True)
class Account:
    """A voice on the server, and the app password that opens it."""

    name: str
    handle: str
    did: str
    password: str


class Bluesky(StandIn):
    """The server and what is before it. `complaints` are requests that are not as the API has them.

    Without a `folder` it forgets everything at the end.
    """

    def __init__(self, port: int = 0, folder: Path | None = None, rate_limits: bool = False) -> None:
        super().__init__(BlueskyHandler, port)
        self.complaints: list[str] = []
        self._temporary = None if folder else tempfile.TemporaryDirectory(prefix="smbot-pds-")
        self._folder = folder or Path(self._temporary.name if self._temporary else "")
        self.pds = Pds(self._folder / "pds", self.url, rate_limits)

    def start(self) -> Self:
        super().start()
        _ = self.accounts
        return self

    def stop(self) -> None:
        super().stop()
        self.pds.stop()
        if self._temporary:
            self._temporary.cleanup()

    @cached_property
    def accounts(self) -> dict[str, Account]:
        """The accounts by name; made when they are not yet, each with an app password like a person would."""
        file = self._folder / "accounts.json"
        if file.exists():
            return {name: Account(**account) for name, account in json.loads(file.read_text()).items()}
        accounts = {name: self._make(name) for name in ACCOUNTS}
        file.write_text(json.dumps({name: vars(account) for name, account in accounts.items()}))
        return accounts

    def _make(self, name: str) -> Account:
        handle = f"{name}.test"
        main = {"handle": handle, "email": f"{name}@example.org", "password": f"main-password-of-{name}"}
        made = self.ask("com.atproto.server.createAccount", main)
        token = made["accessJwt"]
        password = self.ask("com.atproto.server.createAppPassword", {"name": "smbot"}, token)["password"]
        return Account(name, handle, made["did"], password)

    # --- what happened, for tests and demos ---

    def ask(self, method: str, body: Json | None = None, token: str = "", **parameters: Any) -> Any:
        """Ask the server itself, past faults and checks."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        verb = "GET" if body is None else "POST"
        url = f"{self.pds.url}/xrpc/{method}"
        answer = ask(verb, url, params=parameters, json=body or None, headers=headers)
        if not answer.ok:
            raise RuntimeError(f"{method}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else {}

    def records(self, name: str, collection: str = POST) -> list[Json]:
        """An account's records of one kind, oldest first: uri, cid and value."""
        repo = self.accounts[name].did
        found = self.ask("com.atproto.repo.listRecords", repo=repo, collection=collection, limit=100)["records"]
        return sorted(found, key=lambda record: (record["value"]["createdAt"], record["uri"]))

    def say(self, name: str, words: str, at: str) -> str:
        """Post as a person would, at an ISO time; the address of the record."""
        record = {"$type": POST, "text": words, "createdAt": at}
        body = {"repo": self.accounts[name].did, "collection": POST, "record": record}
        return str(self.ask("com.atproto.repo.createRecord", body, self.token(name))["uri"])

    def forget(self) -> None:
        """Delete all records, faults and complaints."""
        self.faults.clear()
        self.requests.clear()
        self.complaints.clear()
        for name, account in self.accounts.items():
            gone = [
                {
                    "$type": "com.atproto.repo.applyWrites#delete",
                    "collection": kind,
                    "rkey": record["uri"].split("/")[-1],
                }
                for kind in (POST, REPOST, LIKE)
                for record in self.records(name, kind)
            ]
            if gone:
                body = {"repo": account.did, "writes": gone}
                self.ask("com.atproto.repo.applyWrites", body, self.token(name))

    def token(self, name: str) -> str:
        """An access token of a person's own."""
        if name not in self._tokens:
            body = {"identifier": self.accounts[name].handle, "password": f"main-password-of-{name}"}
            self._tokens[name] = self.ask("com.atproto.server.createSession", body)["accessJwt"]
        return self._tokens[name]

    @cached_property
    def _tokens(self) -> dict[str, str]:
        return {}


def ask(verb: str, url: str, **request: Any) -> requests.Response:
    """One request on a connection of its own, whatever proxies this machine may have."""
    with requests.Session() as session:
        session.trust_env = False
        return session.request(verb, url, allow_redirects=False, timeout=30, **request)


class BlueskyHandler(Handler):
    """One request: checked, then passed on as it is."""

    server: Bluesky

    def answer(self) -> Answered:
        if not self.route.startswith("/xrpc/"):
            return self.look()
        self.check(self.route.removeprefix("/xrpc/"))
        passed = {name: value for name in ("Authorization", "Content-Type") if (value := self.headers.get(name))}
        url = self.server.pds.url + self.path
        try:
            answer = ask(self.command, url, headers=passed, data=self.body or None)
        except requests.RequestException:
            return self.error(502)
        kept = ("content-type", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "ratelimit-policy")
        return answer.status_code, {n: v for n, v in answer.headers.items() if n.lower() in kept}, answer.content

    def check(self, method: str) -> None:
        """The real server ignores what it does not know; here it is written down."""
        known = METHODS.get((self.command, method))
        if known is None:
            self.server.complaints.append(f"{self.command} {method} is no method smbot needs")
            return
        sent: Json = dict(self.query)
        if self.headers.get("Content-Type", "").startswith("application/json"):
            sent |= json.loads(self.body)
        record = sent.get("record") or {}
        odd = (sent.keys() - known) | (record.keys() - RECORDS.get(sent.get("collection", ""), set()))
        self.server.complaints.extend(f"{method} knows no {name}" for name in sorted(odd))

    def look(self) -> Answered:
        """The pages for people, at the same places as at bsky.app, and the pictures on them."""
        match self.route.strip("/").split("/"):
            case ["blob", did, cid]:
                url = f"{self.server.pds.url}/xrpc/com.atproto.sync.getBlob"
                answer = ask("GET", url, params={"did": did, "cid": cid})
                return answer.status_code, {"Content-Type": answer.headers["Content-Type"]}, answer.content
            case [""] | ["profile", *_]:
                return self.timeline()
        return self.error(404)

    def timeline(self) -> Answered:
        _, _, who, _, rkey, *_ = [*self.route.split("/"), "", "", "", ""]
        accounts = self.server.accounts
        posts = [
            Shown(account.handle, account.did, record["uri"], record["value"])
            for account in accounts.values()
            if who in ("", account.did, account.handle)
            for record in self.server.records(account.name)
            if rkey in ("", record["uri"].rpartition("/")[2])
        ]
        posts.sort(key=lambda post: str(post.value["createdAt"]), reverse=True)
        shown = page(posts, [account.handle for account in accounts.values()], "Bluesky in the sandbox")
        return 200, {"Content-Type": "text/html; charset=utf-8"}, shown.encode()

    def error(self, status: int) -> Answered:
        names = {400: "InvalidRequest", 401: "AuthMissing", 404: "XRPCNotSupported", 429: "RateLimitExceeded"}
        phrase = HTTPStatus(status).phrase
        return as_json(status, {"error": names.get(status, phrase.title().replace(" ", "")), "message": phrase})

    def wait(self) -> Answered:
        status, _, body = self.error(429)
        return status, {"RateLimit-Limit": "30", "RateLimit-Reset": str(int(time.time()) + 120)}, body

    def fail(self, kind: str, answer: bytes) -> None:
        """Beside the usual troubles, 'ExpiredToken' and other names: an error 400 of this name."""
        if kind[0].isupper():
            self.reply(*as_json(400, {"error": kind, "message": f"{kind}, said the test"}))
        else:
            super().fail(kind, answer)


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.bluesky", description="A Bluesky server on loopback.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--folder", type=Path, help="folder that keeps accounts and posts over a restart")
    arguments = parser.parse_args()
    if not is_there():
        parser.error(NEEDS)
    ended = threading.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: ended.set())
    with Bluesky(arguments.port, arguments.folder) as server:
        print(server.url, flush=True)
        ended.wait()


if __name__ == "__main__":
    main()
