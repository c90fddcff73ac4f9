"""The account of Bluesky's AT Protocol, signed in: https://atproto.com/specs/xrpc over `smbot.channels.wire`.

A session is an access token good for two hours and a refresh token good for three months. A new one may be made 30
times in five minutes and 300 times a day (https://docs.bsky.app/docs/advanced-guides/rate-limits), so it is kept as
long as this process lives, and in a file where one is named.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from smbot.channels.wire import Answer, Wire, server
from smbot.errors import UsageError

STALE = ("ExpiredToken", "InvalidToken")  # nothing was done: sign in again, and ask again


class Session(Struct, frozen=True):
    """Who is signed in, at which server the account lives, and the two tokens."""

    did: str
    handle: str
    home: str
    access: str
    refresh: str


class NotSignedInError(Exception):
    """There is no session: `answer` is what came of asking for one. Nothing else was asked."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("not signed in")
        self.answer = answer


_sessions: dict[str, Session] = {}  # of this process, by account


class Xrpc:
    """The methods of a server, called as one account with its app password.

    `kept` is a file that keeps the session between runs; only its owner can read it.
    """

    def __init__(self, url: str, handle: str, password: str, kept: Path | None = None, timeout: float = 30) -> None:
        self._url, self._handle, self._password, self._kept, self._timeout = url, handle, password, kept, timeout
        self._account = sha256("\0".join((url, handle, password)).encode()).hexdigest()
        self._secrets: tuple[str, ...] = (password,)

    def session(self) -> Session:
        """The session there is, or a new one. Raises NotSignedInError."""
        session = _sessions.get(self._account) or self._read()
        return self._keep(session) if session else self._create()

    def query(self, method: str, signed: bool = False, **parameters: str) -> Answer:
        """Ask something, in public or as the account. Raises NotSignedInError only for the latter."""
        if signed:
            return self._signed("GET", method, params=parameters)
        session = _sessions.get(self._account)
        return self._wire(session.home if session else self._url).ask("GET", f"/xrpc/{method}", params=parameters)

    def call(self, method: str, body: dict[str, Any]) -> Answer:
        """Do something as the account. Raises NotSignedInError; then nothing was done."""
        return self._signed("POST", method, json=body)

    def upload(self, data: bytes, mime: str) -> Answer:
        """Give the server a file. Raises NotSignedInError."""
        return self._signed("POST", "com.atproto.repo.uploadBlob", data=data, headers={"Content-Type": mime})

    def say(self, answer: Answer) -> str:
        """What the server said, fit for a wiki page."""
        return self._wire(self._url).say(answer, ("message",), ("error",))

    @property
    def host(self) -> str:
        return self._wire(self._url).host

    def _signed(self, verb: str, method: str, **request: Any) -> Answer:
        session = self.session()
        answer = self._as(session.access, verb, method, session.home, **request)
        if answer.get("error") in STALE:
            session = self._renew(session)
            answer = self._as(session.access, verb, method, session.home, **request)
        return answer

    def _as(self, token: str, verb: str, method: str, home: str, **request: Any) -> Answer:
        headers = {**request.pop("headers", {}), "Authorization": f"Bearer {token}"}
        return self._wire(home).ask(verb, f"/xrpc/{method}", headers=headers, **request)

    def _wire(self, url: str) -> Wire:
        return Wire(url, self._timeout, self._secrets)

    # --- making sessions, and keeping them ---

    def _create(self) -> Session:
        """https://docs.bsky.app/docs/api/com-atproto-server-create-session"""
        body = {"identifier": self._handle, "password": self._password}
        return self._taken(self._wire(self._url).ask("POST", "/xrpc/com.atproto.server.createSession", json=body))

    def _renew(self, session: Session) -> Session:
        """https://docs.bsky.app/docs/api/com-atproto-server-refresh-session; the refresh token changes, too."""
        answer = self._as(session.refresh, "POST", "com.atproto.server.refreshSession", self._url)
        return self._create() if answer.code in (400, 401, 403) else self._taken(answer)

    def _taken(self, answer: Answer) -> Session:
        names = ("did", "handle", "accessJwt", "refreshJwt")
        did, handle, access, refresh = (answer.get(name) for name in names)
        if not answer.ok or not all(isinstance(word, str) and word for word in (did, handle, access, refresh)):
            raise NotSignedInError(answer)
        return self._keep(Session(did, handle, _home(answer.get("didDoc")) or self._url, access, refresh))

    def _keep(self, session: Session) -> Session:
        self._secrets = (self._password, session.access, session.refresh)
        if _sessions.get(self._account) != session:
            _sessions[self._account] = session
            self._write(session)
        return session

    def _read(self) -> Session | None:
        with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
            kept = json.loads(self._kept.read_text("utf-8")) if self._kept else {}
            if kept.pop("account", "") == self._account and all(isinstance(word, str) for word in kept.values()):
                return Session(**kept)
        return None

    def _write(self, session: Session) -> None:
        """Whole or not at all. A session that cannot be kept is made again some day."""
        if not self._kept:
            return
        beside = self._kept.with_name(f".{self._kept.name}.{os.getpid()}")
        with suppress(OSError):
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                json.dump({"account": self._account, **asdict(session)}, file)
            beside.replace(self._kept)


def _home(document: Any) -> str:
    """The server where an account lives, by its identity document; '' when that names none that will do.

    https://atproto.com/specs/did#did-documents
    """
    services = document.get("service") if isinstance(document, dict) else None
    for service in services if isinstance(services, list) else []:
        if isinstance(service, dict) and str(service.get("id")).endswith("#atproto_pds"):
            with suppress(UsageError):
                return server(str(service.get("serviceEndpoint")), "Bluesky")
    return ""
