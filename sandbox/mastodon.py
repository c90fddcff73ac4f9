"""A stand-in for Mastodon: a stateful server on loopback that behaves like the real one as far as smbot can tell.

    python -m sandbox.mastodon --port 8081 --state mastodon.json

Its answers are compared with recordings of a real server in tests/test_mastodon_standin.py. Its tokens are published:
it must never leave loopback.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import signal
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from sandbox import timeline
from sandbox.mastodon_world import ACCOUNTS, Account, ApiError, Json, World

HTML = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong once, with the next request whose path matches.

    'before': nothing has happened on the server. 'after': it has, and then the answer is lost or spoilt.
    Kinds: reset, timeout, half-json, broken-json, empty, redirect, an HTTP status such as '500', or '502-html'.
    """

    path: str
    kind: str
    when: str = "before"
    method: str = ""


class Mastodon(ThreadingHTTPServer):
    """The server. A context manager, or `start()` and `stop()`; `world` is what it knows."""

    daemon_threads = True

    def __init__(
        self,
        port: int = 0,
        accounts: tuple[Account, ...] = ACCOUNTS,
        state: Path | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        rate_limit: int = 300,
        processing: int = 0,
    ) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.world = World(self.url, accounts, state, clock, processing)
        self.rate_limit = rate_limit
        self.faults: list[Fault] = []
        self.requests: list[tuple[str, str, str]] = []  # method, path, Idempotency-Key
        self.used: dict[str, tuple[datetime, int]] = {}
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def start(self) -> Mastodon:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def stop(self) -> None:
        self.closing.set()
        self.shutdown()
        self.server_close()

    def __enter__(self) -> Mastodon:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no news."""

    def take_fault(self, method: str, path: str, when: str) -> str:
        with self.world.lock:
            for fault in self.faults:
                if fault.when == when and fault.method in ("", method) and re.search(fault.path, path):
                    self.faults.remove(fault)
                    return fault.kind
        return ""

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


class Handler(BaseHTTPRequestHandler):
    """One request: find the route, do it, answer, or fail as a Fault says."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body leave together
    server: Mastodon

    def respond(self) -> None:
        parts = urlsplit(self.path)
        self.route = parts.path.rstrip("/") or "/"
        self.query = dict(parse_qsl(parts.query))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.requests.append((self.command, self.route, self.headers.get("Idempotency-Key", "")))
        before = self.server.take_fault(self.command, self.route, "before")
        if before:
            return self.fail(before, b"{}")
        status, headers, answer = self.answer(body)
        after = self.server.take_fault(self.command, self.route, "after")
        if after:
            return self.fail(after, answer)
        return self.reply(status, answer, headers)

    do_GET = do_POST = do_PUT = do_DELETE = respond  # noqa: N815 - http.server chooses the names

    def answer(self, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        for method, pattern, scopes, action in ROUTES:
            found = re.fullmatch(pattern, self.route)
            if found and method == self.command:
                return self.act(action, scopes, found.groups(), body)
        return _as_json(404, {"error": "Not Found"}, {})

    def act(
        self, action: Action, scopes: str, names: tuple[str, ...], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        headers: dict[str, str] = {}
        try:
            if scopes == PUBLIC:
                return _answer(action(self, None, *names), headers)
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            headers, over = self.server.count(token)
            if over:
                raise ApiError(429, "Too many requests")
            account = self.server.world.authorise(token, *scopes.split())
            self.form = _form(self.headers.get("Content-Type", ""), body)
            return _answer(action(self, account, *names), headers)
        except ApiError as error:
            return _as_json(error.status, {"error": error.message}, headers)

    def reply(self, status: int, body: bytes, headers: Mapping[str, str], promise: int | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json; charset=utf-8", **headers}.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.send_header("Content-Length", str(len(body) if promise is None else promise))
        self.end_headers()
        self.wfile.write(body)

    def fail(self, kind: str, answer: bytes) -> None:
        self.close_connection = True
        if kind == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        elif kind == "timeout":
            self.server.closing.wait(60)
        elif kind == "half-json":
            self.reply(200, answer[: len(answer) // 2], {}, promise=len(answer))
        elif kind in ("broken-json", "empty"):
            self.reply(200, answer[: len(answer) // 2] if kind == "broken-json" else b"", {})
        elif kind == "redirect":
            self.reply(301, b"", {"Location": f"{self.server.url}/elsewhere"})
        elif kind.endswith("-html"):
            self.reply(int(kind[:3]), HTML.encode(), {"Content-Type": "text/html"})
        else:
            words = {401: "The access token is invalid", 422: "Validation failed: Text can't be blank"}
            message = words.get(int(kind), HTTPStatus(int(kind)).phrase)
            self.reply(int(kind), json.dumps({"error": message}).encode(), {})

    def log_message(self, *_: object) -> None:
        """Quiet: the tests and the demo speak for it."""

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
    ("POST", r"/api/v1/statuses", "write:statuses", Handler.create),
    ("GET", r"/api/v1/statuses/(\d+)", "read:statuses", Handler.read),
    ("GET", r"/api/v1/statuses/(\d+)/source", "read:statuses", Handler.source),
    ("PUT", r"/api/v1/statuses/(\d+)", "write:statuses", Handler.edit),
    ("DELETE", r"/api/v1/statuses/(\d+)", "write:statuses", Handler.delete),
    ("POST", r"/api/v1/statuses/(\d+)/((?:un)?reblog)", "write:statuses", Handler.mark),
    ("POST", r"/api/v1/statuses/(\d+)/((?:un)?favourite)", "write:favourites", Handler.mark),
    ("POST", r"/api/v2/media", "write:media", Handler.upload),
    ("GET", r"/api/v1/media/(\d+)", "write:media", Handler.ready),
    ("PUT", r"/api/v1/media/(\d+)", "write:media", Handler.describe),
    ("GET", r"/api/v1/accounts/verify_credentials", "profile read:accounts", Handler.me),
    ("GET", r"/api/v1/apps/verify_credentials", "", Handler.app),
    ("GET", r"/api/v1/accounts/(\d+)/statuses", "read:statuses", Handler.statuses),
    ("GET", r"/api/v([12])/instance", PUBLIC, Handler.instance),
    ("GET", r"/", PUBLIC, Handler.look),
    ("GET", r"/@(\w+)", PUBLIC, Handler.look),
    ("GET", r"/@(\w+)/(\d+)", PUBLIC, Handler.look),
    ("GET", r"/tags/(.+)", PUBLIC, Handler.tagged),
    ("GET", r"/media/(\d+)", PUBLIC, Handler.picture),
]


def _answer(result: Any, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str], bytes]:
    """A page, a picture, or JSON with an optional status and headers of its own."""
    if isinstance(result, str):
        return 200, {"Content-Type": "text/html; charset=utf-8"}, result.encode()
    if isinstance(result, tuple) and isinstance(result[0], str):
        return 200, {"Content-Type": result[0]}, result[1]
    status, value, *more = result if isinstance(result, tuple) else (200, result)
    return _as_json(status, value, {**headers, **(more[0] if more else {})})


def _as_json(status: int, value: Any, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str], bytes]:
    return status, headers, json.dumps(value, ensure_ascii=False).encode()


def _form(kind: str, body: bytes) -> Json:
    """The fields of a JSON, url-encoded or multipart body; a file is (mime, bytes), `name[]` is a list."""
    if not body:
        return {}
    if kind.startswith("application/json"):
        return dict(json.loads(body))
    pairs = (
        _multipart(kind, body) if kind.startswith("multipart/") else parse_qsl(body.decode(), keep_blank_values=True)
    )
    form: Json = {}
    for name, value in pairs:
        if name.endswith("[]"):
            form.setdefault(name[:-2], []).append(value)
        else:
            form[name] = value
    return form


def _multipart(kind: str, body: bytes) -> list[tuple[str, Any]]:
    boundary = kind.partition("boundary=")[2].strip('"').encode()
    pairs: list[tuple[str, Any]] = []
    for part in body.split(b"--" + boundary)[1:-1]:
        head, _, value = part.removeprefix(b"\r\n").removesuffix(b"\r\n").partition(b"\r\n\r\n")
        headers = head.decode()
        name = re.search(r'name="([^"]*)"', headers)
        mime = re.search(r"content-type: *(\S+)", headers, re.IGNORECASE)
        if name:
            pairs.append((name[1], (mime[1], value) if "filename" in headers and mime else value.decode()))
    return pairs


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
