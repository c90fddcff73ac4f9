"""What the stand-ins for networks share: a stateful HTTP server on loopback whose requests can be made to go wrong.

A stand-in is a `StandIn` with a `Handler` of its own: routes, what they do to its state, and its form of an error.
Their secrets are published: they must never leave loopback.
"""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

Json = dict[str, Any]
Answered = tuple[int, Mapping[str, str], bytes]  # status, headers, body
HTML = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong once, with the next request whose path (and method, where given) matches.

    'before': nothing has happened on the server. 'after': it has, and then the answer is lost or spoilt.
    Kinds: reset, timeout, half-json, broken-json, empty, redirect, an HTTP status such as '500', or '502-html';
    '429-wait' is a 429 that says in the network's own form how long to wait.
    """

    path: str
    kind: str
    when: str = "before"
    method: str = ""


class ApiError(Exception):
    """An answer of the API that is not a success."""

    def __init__(self, status: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status, self.message, self.more = status, message, more


class StandIn(ThreadingHTTPServer):
    """The server. A context manager, or `start()` and `stop()`. `requests` keeps (method, path) of all it was asked."""

    daemon_threads = True

    def __init__(self, handler: type[Handler], port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), handler)
        self.lock = threading.RLock()
        self.faults: list[Fault] = []
        self.requests: list[tuple[str, str]] = []
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def start(self) -> Self:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def stop(self) -> None:
        self.closing.set()
        self.shutdown()
        self.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no news."""

    def take_fault(self, method: str, path: str, when: str) -> str:
        with self.lock:
            for fault in self.faults:
                if fault.when == when and fault.method in ("", method) and re.search(fault.path, path):
                    self.faults.remove(fault)
                    return fault.kind
        return ""


class Handler(BaseHTTPRequestHandler):
    """One request: `answer` it, or fail as a Fault says. `route`, `query` and `body` are what was asked."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body leave together
    server: Any

    def answer(self) -> Answered:
        """Do what is asked, and say what comes of it."""
        raise NotImplementedError

    def error(self, status: int) -> Answered:
        """An error in the form of this network."""
        return as_json(status, {"error": HTTPStatus(status).phrase})

    def wait(self) -> Answered:
        """A 429 that says, in the form of this network, to come back in two minutes."""
        return as_json(429, {"error": "Too Many Requests"}, {"Retry-After": "120"})

    def respond(self) -> None:
        parts = urlsplit(self.path)
        self.route = parts.path.rstrip("/") or "/"
        self.query = dict(parse_qsl(parts.query))
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.requests.append((self.command, self.route))
        before = self.server.take_fault(self.command, self.route, "before")
        if before:
            return self.fail(before, b"{}")
        status, headers, answer = self.answer()
        after = self.server.take_fault(self.command, self.route, "after")
        if after:
            return self.fail(after, answer)
        return self.reply(status, headers, answer)

    do_GET = do_POST = do_PUT = do_DELETE = respond  # noqa: N815 - http.server chooses the names

    def reply(self, status: int, headers: Mapping[str, str], body: bytes, promise: int | None = None) -> None:
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
            self.reply(200, {}, answer[: len(answer) // 2], promise=len(answer))
        elif kind in ("broken-json", "empty"):
            self.reply(200, {}, answer[: len(answer) // 2] if kind == "broken-json" else b"")
        elif kind == "redirect":
            self.reply(301, {"Location": f"{self.server.url}/elsewhere"}, b"")
        elif kind.endswith("-html"):
            self.reply(int(kind[:3]), {"Content-Type": "text/html"}, HTML.encode())
        elif kind == "429-wait":
            self.reply(*self.wait())
        else:
            self.reply(*self.error(int(kind)))

    def log_message(self, *_: object) -> None:
        """Quiet: the tests and the demo speak for it."""


def as_json(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Answered:
    """An answer that is JSON."""
    return status, headers or {}, json.dumps(value, ensure_ascii=False).encode()


def form(kind: str, body: bytes) -> Json:
    """The fields of a JSON, url-encoded or multipart body; a file is (mime, bytes), `name[]` is a list."""
    if not body:
        return {}
    if kind.startswith("application/json"):
        return dict(json.loads(body))
    pairs = multipart(kind, body) if kind.startswith("multipart/") else parse_qsl(body.decode(), keep_blank_values=True)
    form: Json = {}
    for name, value in pairs:
        if name.endswith("[]"):
            form.setdefault(name[:-2], []).append(value)
        else:
            form[name] = value
    return form


def multipart(kind: str, body: bytes) -> list[tuple[str, Any]]:
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
