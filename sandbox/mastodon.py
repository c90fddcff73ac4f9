"""A stand-in for Mastodon: a stateful server on loopback that behaves like the real one as far as smbot can tell.

    python -m sandbox.mastodon --port 8081 --state mastodon.json

Its answers are compared with recordings of a real server in tests/test_mastodon_standin.py. Its tokens are published:
it must never leave loopback.
"""

from __future__ import annotations

import argparse
import base64
import re
import signal
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode

from sandbox import timeline
from sandbox.mastodon_world import ACCOUNTS, Account, World
from sandbox.standin import Answered, ApiError, Handler, Json, StandIn, as_json, form


class Mastodon(StandIn):
    """The server; `world` is what it knows.

    `keys` are the idempotency keys it was given, one a POST; `complaints` is what the API does not know of in what it
    was asked.
    """

    def __init__(
        self,
        port: int = 0,
        accounts: tuple[Account, ...] = ACCOUNTS,
        state: Path | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        rate_limit: int = 300,
        processing: int = 0,
    ) -> None:
        super().__init__(MastodonHandler, port)
        self.world = World(self.url, accounts, state, clock, processing)
        self.rate_limit = rate_limit
        self.keys: list[str] = []
        self.complaints: list[str] = []
        self.used: dict[str, tuple[datetime, int]] = {}

    def count(self, token: str) -> tuple[dict[str, str], bool]:
        """One more request of this token: the headers that tell what is left, and whether it was one too many."""
        now = self.world.clock()
        end = datetime.fromtimestamp((now.timestamp() // 300 + 1) * 300, UTC)
        with self.world.lock:
            until, used = self.used.get(token, (end, 0))
            used = used + 1 if until == end else 1
            self.used[token] = (end, used)
        headers = {
            "X-RateLimit-Limit": str(self.rate_limit),
            "X-RateLimit-Remaining": str(max(0, self.rate_limit - used)),
            "X-RateLimit-Reset": end.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }
        return headers, used > self.rate_limit


class MastodonHandler(Handler):
    """One request: find the route, do it, answer."""

    server: Mastodon

    def do_POST(self) -> None:  # noqa: N802 - http.server chooses the name
        self.server.keys.append(self.headers.get("Idempotency-Key", ""))
        self.respond()

    def answer(self) -> Answered:
        for method, pattern, scopes, action in ROUTES:
            found = re.fullmatch(pattern, self.route)
            if found and method == self.command:
                return self.act(action, scopes, found.groups(), PARAMETERS.get((method, pattern), {}))
        return as_json(404, {"error": "Not Found"})

    def act(self, action: Action, scopes: str, names: tuple[str, ...], known: Mapping[str, str]) -> Answered:
        headers: dict[str, str] = {}
        try:
            if scopes == PUBLIC:
                return _answer(action(self, None, *names), headers)
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            headers, over = self.server.count(token)
            if over:
                raise ApiError(429, "Too many requests")
            account = self.server.world.authorise(token, *scopes.split())
            self.form = form(self.headers.get("Content-Type", ""), self.body)
            self.examine({**self.query, **self.form}, known)
            return _answer(action(self, account, *names), headers)
        except ApiError as error:
            return as_json(error.status, {"error": error.message}, headers)

    def examine(self, sent: Mapping[str, Any], known: Mapping[str, str]) -> None:
        """Complain of what the API does not publish. (The real server overlooks what it does not know.)"""
        odd = [name for name, value in sent.items() if name not in known or not _fits(value, known[name])]
        if odd:
            self.server.complaints.append(f"{self.command} {self.route}: {', '.join(odd)}")
            raise ApiError(422, f"Validation failed: {self.server.complaints[-1]}")

    def error(self, status: int) -> Answered:
        words = {401: "The access token is invalid", 422: "Validation failed: Text can't be blank"}
        return as_json(status, {"error": words.get(status, HTTPStatus(status).phrase)})

    def wait(self) -> Answered:
        reset = (datetime.now(UTC) + timedelta(minutes=2)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return as_json(429, {"error": "Too many requests"}, {"X-RateLimit-Reset": reset})

    # --- the routes ---

    def create(self, account: Account) -> Json:
        return self.server.world.create(account, self.form, self.headers.get("Idempotency-Key", ""))

    def read(self, _: Account, name: str) -> Json:
        self.server.world.status(name)
        return self.server.world.show(name)

    def source(self, account: Account, name: str) -> Json:
        status = self.server.world.own(account, name)
        return {"id": name, "text": status["text"], "spoiler_text": status["spoiler_text"]}

    def edit(self, account: Account, name: str) -> Json:
        return self.server.world.edit(account, name, self.form)

    def delete(self, account: Account, name: str) -> Json:
        return self.server.world.delete(account, name)

    def mark(self, account: Account, name: str, verb: str) -> Json:
        return self.server.world.mark(account, name, verb)

    def upload(self, _: Account) -> tuple[int, Json]:
        return self.server.world.upload(self.form)

    def ready(self, _: Account, name: str) -> tuple[int, Json]:
        return self.server.world.ready(name)

    def describe(self, _: Account, name: str) -> tuple[int, Json]:
        return self.server.world.describe(name, self.form)

    def search(self, _: Account) -> Json:
        return self.server.world.search(self.query)

    def me(self, account: Account) -> Json:
        return self.server.world.show_account(account) | {"source": {"privacy": "public", "language": "en", "note": ""}}

    def app(self, account: Account) -> Json:
        where = ["urn:ietf:wg:oauth:2.0:oob"]
        return {"id": "1", "name": "smbot", "website": None, "scopes": [*account.scopes], "redirect_uris": where}

    def instance(self, _: None, version: str) -> Json:
        return self.server.world.show_instance(int(version))

    def statuses(self, _: Account, number: str) -> tuple[int, list[Json], dict[str, str]]:
        world = self.server.world
        if not 1000 <= int(number) < 1000 + len(world.accounts):
            raise ApiError(404, "Record not found")
        names = world.timeline(world.accounts[int(number) - 1000].username, self.query)
        kept = {key: value for key, value in self.query.items() if key not in ("max_id", "min_id", "since_id")}
        ends = {"next": {"max_id": names[-1]}, "prev": {"min_id": names[0]}} if names else {}
        base = self.server.url + self.route
        link = ", ".join(f'<{base}?{urlencode(kept | end)}>; rel="{rel}"' for rel, end in ends.items())
        return 200, [world.show(name) for name in names], {"Link": link} if link else {}

    def look(self, _: None, username: str = "", name: str = "") -> str:
        world = self.server.world
        names = [account.username for account in world.accounts]
        if username not in ["", *names] or name not in ["", *world.state.statuses]:
            raise ApiError(404, "Record not found")
        shown = [name] if name else world.timeline(username, {"limit": "40"})
        return timeline.page([world.show(n) for n in shown], names, f"@{username}" if username else "Stand-in Mastodon")

    def tagged(self, _: None, tag: str) -> str:
        world, found = self.server.world, re.compile(rf"#{re.escape(unquote(tag))}\b", re.IGNORECASE)
        shown = [world.show(n) for n in world.timeline("", {"limit": "40"}) if found.search(world.status(n)["text"])]
        return timeline.page(shown, [account.username for account in world.accounts], f"#{unquote(tag)}")

    def picture(self, _: None, name: str) -> tuple[str, bytes]:
        if name not in self.server.world.state.media:
            raise ApiError(404, "Record not found")
        media = self.server.world.state.media[name]
        return media["mime"], base64.b64decode(media["data"])


Action = Callable[..., Any]
PUBLIC = "public"
ROUTES: list[tuple[str, str, str, Action]] = [
    ("POST", r"/api/v1/statuses", "write:statuses", MastodonHandler.create),
    ("GET", r"/api/v1/statuses/(\d+)", "read:statuses", MastodonHandler.read),
    ("GET", r"/api/v1/statuses/(\d+)/source", "read:statuses", MastodonHandler.source),
    ("PUT", r"/api/v1/statuses/(\d+)", "write:statuses", MastodonHandler.edit),
    ("DELETE", r"/api/v1/statuses/(\d+)", "write:statuses", MastodonHandler.delete),
    ("POST", r"/api/v1/statuses/(\d+)/((?:un)?reblog)", "write:statuses", MastodonHandler.mark),
    ("POST", r"/api/v1/statuses/(\d+)/((?:un)?favourite)", "write:favourites", MastodonHandler.mark),
    ("POST", r"/api/v2/media", "write:media", MastodonHandler.upload),
    ("GET", r"/api/v1/media/(\d+)", "write:media", MastodonHandler.ready),
    ("PUT", r"/api/v1/media/(\d+)", "write:media", MastodonHandler.describe),
    ("GET", r"/api/v1/accounts/verify_credentials", "profile read:accounts", MastodonHandler.me),
    ("GET", r"/api/v1/apps/verify_credentials", "", MastodonHandler.app),
    ("GET", r"/api/v1/accounts/(\d+)/statuses", "read:statuses", MastodonHandler.statuses),
    ("GET", r"/api/v2/search", "read:search", MastodonHandler.search),
    ("GET", r"/api/v([12])/instance", PUBLIC, MastodonHandler.instance),
    ("GET", r"/", PUBLIC, MastodonHandler.look),
    ("GET", r"/@(\w+)", PUBLIC, MastodonHandler.look),
    ("GET", r"/@(\w+)/(\d+)", PUBLIC, MastodonHandler.look),
    ("GET", r"/tags/(.+)", PUBLIC, MastodonHandler.tagged),
    ("GET", r"/media/(\d+)", PUBLIC, MastodonHandler.picture),
]

# The parameters of those that have some, and of what kind: https://docs.joinmastodon.org/methods/
YES_NO, VISIBILITY, POLICY = "0|1|true|false", "public|unlisted|private|direct", "public|followers|nobody"
NUMBER, TEXT, MANY, FILE = r"\d+", r"(?s:.*)", "list", "file"
_WORDS = {"status": TEXT, "media_ids": MANY, "sensitive": YES_NO, "spoiler_text": TEXT, "language": "[a-zA-Z-]{2,8}"}
_WORDS |= {"poll": MANY, "quote_approval_policy": POLICY}
_ABOUT = {"description": TEXT, "focus": r"-?[\d.]+,-?[\d.]+", "thumbnail": FILE}
_PAGES = {"limit": NUMBER, "max_id": NUMBER, "min_id": NUMBER}
PARAMETERS: dict[tuple[str, str], Mapping[str, str]] = {
    ("POST", r"/api/v1/statuses"): _WORDS
    | {"in_reply_to_id": NUMBER, "visibility": VISIBILITY, "scheduled_at": TEXT, "quoted_status_id": NUMBER},
    ("PUT", r"/api/v1/statuses/(\d+)"): _WORDS | {"media_attributes": MANY},
    ("DELETE", r"/api/v1/statuses/(\d+)"): {"delete_media": YES_NO},
    ("POST", r"/api/v1/statuses/(\d+)/((?:un)?reblog)"): {"visibility": VISIBILITY},
    ("POST", r"/api/v2/media"): _ABOUT | {"file": FILE},
    ("PUT", r"/api/v1/media/(\d+)"): _ABOUT,
    ("GET", r"/api/v1/accounts/(\d+)/statuses"): _PAGES
    | {"since_id": NUMBER, "tagged": TEXT}
    | dict.fromkeys(["exclude_reblogs", "exclude_replies", "only_media", "pinned"], YES_NO),
    ("GET", r"/api/v2/search"): _PAGES
    | {"q": TEXT, "type": "accounts|hashtags|statuses", "account_id": NUMBER, "offset": NUMBER}
    | dict.fromkeys(["resolve", "following", "exclude_unreviewed"], YES_NO),
}


def _fits(value: object, kind: str) -> bool:
    """Whether a value as it came, from a form or from JSON, is of a kind; a word or number is a pattern."""
    if kind == MANY:
        return isinstance(value, list)
    if kind == FILE:
        return isinstance(value, tuple)
    return isinstance(value, str | int) and bool(
        re.fullmatch(kind, str(value).lower() if kind == YES_NO else str(value))
    )


def _answer(result: Any, headers: Mapping[str, str]) -> Answered:
    """A page, a picture, or JSON with an optional status and headers of its own."""
    if isinstance(result, str):
        return 200, {"Content-Type": "text/html; charset=utf-8"}, result.encode()
    if isinstance(result, tuple) and isinstance(result[0], str):
        return 200, {"Content-Type": result[0]}, result[1]
    status, value, *more = result if isinstance(result, tuple) else (200, result)
    return as_json(status, value, {**headers, **(more[0] if more else {})})


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.mastodon", description="A stand-in Mastodon on loopback.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--state", type=Path, help="file that keeps the posts over a restart")
    arguments = parser.parse_args()
    server = Mastodon(arguments.port, state=arguments.state)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(server.url, flush=True)
    with suppress(KeyboardInterrupt):
        server.serve_forever(poll_interval=0.1)
    server.closing.set()
    server.server_close()


if __name__ == "__main__":
    main()
