"""What can happen to a process at its doors: it is killed, cut off, or overtaken by another one.

Everything smbot does to the world crosses `requests`, pywikibot and the networks alike. `Doors` watches the crossings:
each request before it is sent, and again when its answer came. As a program this is a nursery of processes that are
already logged in; each runs one cycle of a desk and is killed at the crossing it was told:

    $ python -m tests.killed
    {"home": "Project:X", "now": "2026-11-20T12:00:00+00:00", "send": true, "step": 7}
    killed
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.policy import HTTP
from types import TracebackType
from typing import Any, Self

import requests
from requests.adapters import HTTPAdapter

from smbot.memory import SENDING, load

# The requests that publish something, and those that upload a picture for it, on any network.
POSTS = re.compile(
    r"POST .*(/api/v1/statuses|/reblog|/xrpc/com\.atproto\.repo\.putRecord|/2/tweets|/feed|/sendMessage"
    r"|/spaces/\w+/messages)$|PUT .*/send/m\.room\.message/"
)
UPLOADS = re.compile(r"POST .*(/api/v2/media|/xrpc/com\.atproto\.repo\.uploadBlob|/2/media/upload|/photos)$")
CEILING = 1000  # posts a day: what is tested here is not that rule


def form_of(request: requests.PreparedRequest) -> dict[str, str]:
    """The fields of a multipart form; none of another request."""
    kind = str(request.headers.get("Content-Type"))
    if not kind.startswith("multipart/form-data"):
        return {}
    body = request.body if isinstance(request.body, bytes) else str(request.body).encode()
    form = message_from_bytes(f"Content-Type: {kind}\n\n".encode() + body, policy=HTTP)
    return {
        str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True).decode()
        for part in form.iter_parts()
    }


@dataclass(frozen=True)
class Crossing:
    """A request on its way out, or (`answered`) its answer on its way in; counted from 1."""

    number: int
    request: requests.PreparedRequest
    answered: bool

    @property
    def form(self) -> dict[str, str]:
        """What is sent to the wiki to save a page, by field; nothing of any other request."""
        return form_of(self.request) if self.is_wikis else {}

    @property
    def is_save(self) -> bool:
        """Whether a page of the wiki is saved by it."""
        return bool(self.form)

    @property
    def is_post(self) -> bool:
        """Whether a network is told to post by it."""
        return bool(POSTS.search(f"{self.request.method} {self.request.path_url.partition('?')[0]}"))

    @property
    def is_wikis(self) -> bool:
        """Whether it goes to the wiki."""
        return "/api.php" in str(self.request.url)


class Doors:
    """While it lasts, `at` is told of every crossing of this process, except those that `at` makes itself."""

    def __init__(self, at: Callable[[Crossing], None]) -> None:
        self.count = 0
        self._at = at
        self._lock = threading.Lock()  # networks are served side by side
        self._busy = threading.local()

    def __enter__(self) -> Self:
        self._send = HTTPAdapter.send

        def send(adapter: HTTPAdapter, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
            self._cross(request, answered=False)
            answer = self._send(adapter, request, *args, **more)
            try:
                self._cross(request, answered=True)
            except BaseException:
                answer.close()
                raise
            return answer

        HTTPAdapter.send = send  # type: ignore[assignment, method-assign]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        HTTPAdapter.send = self._send  # type: ignore[method-assign]

    def aside(self, what: Callable[[], object]) -> None:
        """Do something in a thread of its own, unwatched: a thread in the midst of its event loop cannot begin one."""

        def unwatched() -> object:
            self._busy.now = True
            return what()

        with ThreadPoolExecutor(1) as other:
            other.submit(unwatched).result()

    def _cross(self, request: requests.PreparedRequest, *, answered: bool) -> None:
        if getattr(self._busy, "now", False):
            return
        with self._lock:
            self.count += 1
            number = self.count
        self._busy.now = True
        try:
            self._at(Crossing(number, request, answered))
        finally:
            self._busy.now = False


STEPS = ("before the row", "after the row", "upload", "before send", "accepted", "before the outcome", "logged")


class At:
    """Whether a crossing is the one at which a step of a delivery begins; a number counts crossings instead.

    The row is the save of the memory that says a delivery is being sent; the outcome is the next save of the memory.
    """

    def __init__(self, step: int | str) -> None:
        self._step = step
        self._row = self._outcome = False

    def __call__(self, crossing: Crossing) -> bool:
        return self._step in (crossing.number, self._name(crossing))

    def _name(self, crossing: Crossing) -> str:
        path = f"{crossing.request.method} {crossing.request.path_url.partition('?')[0]}"
        if not crossing.is_wikis:
            if UPLOADS.search(path):
                return "" if crossing.answered else "upload"
            return ("accepted" if crossing.answered else "before send") if POSTS.search(path) else ""
        form = crossing.form
        if not form.get("title", "").endswith(".json"):
            return ""
        if not self._row and _is_sending(form["text"]):
            self._row = crossing.answered
            return "after the row" if crossing.answered else "before the row"
        if self._row and not self._outcome:
            self._outcome = crossing.answered
            return "logged" if crossing.answered else "before the outcome"
        return ""


def _is_sending(memory: str) -> bool:
    return any(delivery.state == SENDING for delivery in load(memory).deliveries.values())


class Nursery:
    """The program below, seen from the tests."""

    def __init__(self, environment: Mapping[str, str], home: str) -> None:
        self._home = home
        self._program = subprocess.Popen(
            [sys.executable, "-m", "tests.killed"],
            env=dict(environment), text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._program.communicate(timeout=30)

    def survives(self, step: int | str, now: datetime, *, send: bool) -> bool:
        """Run one cycle in a process that is killed at a step; whether it ended before that.

        A step is the number of a crossing, or one of `STEPS`.
        """
        order = {"home": self._home, "now": now.isoformat(), "send": send, "step": step}
        assert self._program.stdin
        assert self._program.stdout
        self._program.stdin.write(json.dumps(order) + "\n")
        self._program.stdin.flush()
        answer = self._program.stdout.readline().strip()
        assert answer in ("killed", "ended"), f"the process failed: {answer}"
        return answer == "ended"


def main() -> None:
    """Log in once; then a process for each line of the input."""
    from pywikibot.comms import http

    from smbot.cli import sweep_seldom
    from smbot.wiki import Wiki

    sweep_seldom()
    Wiki().login()
    http.session.close()  # connections are not for sharing
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if not child:
            _be_killed(order)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.stdout.write({-signal.SIGKILL: "killed", 0: "ended"}.get(status, f"exit code {status}") + "\n")
        sys.stdout.flush()


def _be_killed(order: Mapping[str, Any]) -> None:
    from smbot.bot import Desk
    from smbot.wiki import Wiki

    is_it = At(order["step"])

    def at(crossing: Crossing) -> None:
        if is_it(crossing):
            os.kill(os.getpid(), signal.SIGKILL)

    now = datetime.fromisoformat(order["now"])
    try:
        with Doors(at):
            Desk(Wiki(), order["home"], os.environ, lambda: now, CEILING).work(send=order["send"])
        os._exit(0)
    finally:
        traceback.print_exc()
        os._exit(1)


if __name__ == "__main__":
    main()
