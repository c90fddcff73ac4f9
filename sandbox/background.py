"""Servers of the sandbox that go on when the process that started them has ended."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from sandbox.wiki import SandboxError

REPOSITORY = Path(__file__).resolve().parent.parent


class Background:
    """A server of the sandbox as a process of its own. Its lock tells whether it lives, whatever ids say.

    `name` is the module in sandbox/ that serves, and prints its address when it does.
    """

    def __init__(self, folder: Path, name: str, *options: str) -> None:
        self.name = name
        self._options = options
        self._files = folder / name

    @property
    def url(self) -> str:
        with contextlib.suppress(FileNotFoundError):
            return self._files.with_suffix(".url").read_text()
        return ""

    @property
    def running(self) -> bool:
        with self._files.with_suffix(".lock").open("a") as lock:
            return not locked(lock.fileno())

    def start(self) -> None:
        """Serve at the last port if it is free, else at any."""
        for port in (self.url.rpartition(":")[2] or "0", "0"):
            if url := self._launch(port):
                self._files.with_suffix(".url").write_text(url)
                return
        raise SandboxError(f"sandbox.{self.name} did not start; see {self._files.with_suffix('.log')}.")

    def _launch(self, port: str) -> str:
        command = [sys.executable, "-m", f"sandbox.{self.name}", "--port", port, *self._options]
        with self._files.with_suffix(".lock").open("a") as lock, self._files.with_suffix(".log").open("wb") as log:
            fcntl.flock(lock, fcntl.LOCK_EX)
            server = subprocess.Popen(
                command, cwd=REPOSITORY, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True,
                start_new_session=True, pass_fds=[lock.fileno()],
            )  # fmt: skip
        self._files.with_suffix(".pid").write_text(str(server.pid))
        assert server.stdout
        with server.stdout as said:
            return said.readline().strip()

    def stop(self) -> None:
        """End it, whichever process started it, and return when it is gone."""
        for ending in (signal.SIGTERM, signal.SIGKILL):
            if not self.running:
                return
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(self._files.with_suffix(".pid").read_text()), ending)
            deadline = time.monotonic() + 5
            while self.running and time.monotonic() < deadline:
                time.sleep(0.05)


def locked(descriptor: int) -> bool:
    """Take a lock if nobody has it."""
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
