"""A website on loopback with files such as feeds and calendars, which answers conditional requests.

https://www.rfc-editor.org/rfc/rfc9110#name-conditional-requests
"""

from __future__ import annotations

from hashlib import sha256

from sandbox.standin import Answered, Handler, StandIn, as_json
from smbot.publicweb import Guard

HOST = "blog.example.org"


def guard_of(port: int) -> Guard:
    """What lets smbot reach a site on loopback, which is no public address, by the name of `HOST`."""
    return Guard(
        allowed=lambda address: address.is_loopback,
        resolve=lambda host: ["127.0.0.1"] if host == HOST else [],
        ports=frozenset({port}),
    )


class _Files(Handler):
    server: Website

    def answer(self) -> Answered:
        body = self.server.files.get(self.route)
        if body is None:
            return as_json(404, {"error": "Not Found"})
        etag = f'"{sha256(body.encode()).hexdigest()[:16]}"'
        headers = {"ETag": etag, "Content-Type": "application/rss+xml; charset=utf-8"}
        if self.headers.get("If-None-Match") == etag:
            return 304, headers, b""
        return 200, headers, body.encode()


class Website(StandIn):
    """Serves the texts of `files`, by path, to those who look through `guard`."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(_Files, port)
        self.files: dict[str, str] = {}

    @property
    def guard(self) -> Guard:
        """What lets smbot reach this site and nothing else."""
        return guard_of(self.server_port)

    def address(self, path: str) -> str:
        """The web address of a file."""
        return f"http://{HOST}:{self.server_port}{path}"
