"""A real IRC server (ngIRCd, unpacked by sandbox/bootstrap) on loopback, behind a proxy that can let things go wrong.

The proxy adds the logging in (SASL) that ngIRCd lacks. Somebody sits in the channel and hears what is said there.
Their passwords are published: they must never leave loopback.
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import socket
import socketserver
import struct
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from sandbox.standin import HTML

NGIRCD = Path(__file__).resolve().parent.parent / ".sandbox" / "ngircd"
CHANNEL, NAME = "#news", "irc.sandbox.test"
PASSWORDS = {"wikitech": "password-of-wikitech", "mediawiki": "password-of-mediawiki"}
SETTINGS = """
[Global]
Name = {name}
Info = sandbox
AdminEMail = nobody@{name}
HelpFile = /dev/null
Listen = 127.0.0.1
Ports = {port}
[Limits]
MaxConnectionsIP = 0
MaxNickLength = 12
MaxPenaltyTime = 0
PingTimeout = 86400
[Options]
DNS = no
Ident = no
PAM = no
"""

# What an IRC server does where a web server answers so: the line of the client at which it happens, the answer, and
# whether it then hangs up. '{nick}' is who asked.
REFUSALS: dict[str, tuple[str, str, bool]] = {
    "401": ("USER", ":{name} 464 {nick} :Password incorrect\r\nERROR :Closing link: bad password\r\n", True),
    "408": ("USER", "ERROR :Closing link: registration timeout\r\n", True),
    "429": ("USER", "ERROR :Closing link: trying to reconnect too fast\r\n", True),
    "429-wait": ("USER", "ERROR :Closing link: trying to reconnect too fast\r\n", True),
    "redirect": ("USER", ":{name} 010 {nick} irc2.test 6697 :Please use this server\r\nERROR :Closing link\r\n", True),
    "404": ("JOIN", ":{name} 403 {nick} {channel} :No such channel\r\n", False),
    "403": ("PRIVMSG", ":{name} 404 {nick} {channel} :Cannot send to channel\r\n", False),
    "422": ("PRIVMSG", ":{name} 417 {nick} :Input line was too long\r\n", False),
}
# What the answer to the words becomes, or what comes instead of it.
SPOILT = {
    "half-json": ":{name} PON",
    "broken-json": "\0\N{REPLACEMENT CHARACTER}:\r\n:\r\n@\r\n \r\n:x\r\n: :\r\n",
    "empty": "",
    "500": "ERROR :Closing link: internal error\r\n",
    "502-html": f"HTTP/1.1 502 Bad Gateway\r\n\r\n{HTML}\r\n",
    "503": "ERROR :Closing link: server going down\r\n",
}


class Irc(socketserver.ThreadingTCPServer):
    """The server, as a context manager; `port` is the proxy's. `faults` are (kind, when) of `sandbox.standin.Fault`."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.port = int(self.server_address[1])
        self.faults: list[tuple[str, str]] = []
        self.heard: list[tuple[str, str]] = []

    def __enter__(self) -> Self:
        self._folder = tempfile.mkdtemp(prefix="smbot-irc-")
        self._start()
        self.witness = Person(self.behind, "witness")
        self.witness.do(f"JOIN {CHANNEL}")
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()
        self.witness.close()
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self._folder)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no news."""

    def _start(self) -> None:
        """Another may take the free port first: then once more."""
        settings = Path(self._folder, "ngircd.conf")
        libraries = ":".join(map(str, NGIRCD.glob("usr/lib/*-linux-gnu*")))
        for _ in range(5):
            self.behind = free_port()
            settings.write_text(SETTINGS.format(name=NAME, port=self.behind))
            self._process = subprocess.Popen(
                [NGIRCD / "usr/sbin/ngircd", "-n", "-f", settings],
                env=os.environ | {"LD_LIBRARY_PATH": libraries},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            while self._process.poll() is None:
                with suppress(OSError), socket.create_connection(("127.0.0.1", self.behind), 1):
                    return
                time.sleep(0.005)
        raise RuntimeError("ngIRCd does not start")

    def said(self, nick: str) -> list[str]:
        """What the witness heard of a nickname in the channel up to now, oldest first."""
        for line in self.witness.do():
            if found := re.match(rf":([^!]+)\S* (?:PRIVMSG|NOTICE) {CHANNEL} :(.*)", line):
                self.heard.append((found[1], found[2]))
        return [words for who, words in self.heard if who.rstrip("_") == nick]

    def take(self, when: str, command: str) -> str:
        """The kind of the fault that strikes at this line of a client, '' for none."""
        for kind, at in self.faults:
            if at == when and command == (REFUSALS[kind][0] if kind in REFUSALS and when == "before" else "PRIVMSG"):
                self.faults.remove((kind, at))
                return kind
        return ""


class Person:
    """Somebody with a nickname on the server."""

    def __init__(self, port: int, nick: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 5)
        self._lines = self._socket.makefile("rb")
        self._socket.sendall(f"NICK {nick}\r\nUSER person 0 * :Person\r\n".encode())
        while b" 001 " not in self._lines.readline():
            pass

    def do(self, *lines: str) -> list[str]:
        """Say lines to the server; all that it said until they were done."""
        self._socket.sendall("".join(f"{line}\r\n" for line in (*lines, "PING :done")).encode())
        answers: list[str] = []
        while not answers or not answers[-1].endswith(":done"):
            answers.append(self._lines.readline().decode().rstrip("\r\n"))
        return answers[:-1]

    def close(self) -> None:
        self._lines.close()
        self._socket.close()


class _Session(socketserver.StreamRequestHandler):
    """One client: its lines go to the server, and the server's to it, but for the fault that strikes."""

    server: Irc
    disable_nagle_algorithm = True

    def handle(self) -> None:
        self.nick, self.spoil, self.secret = "*", "", ""
        self.held: list[bytes] | None = None
        self.behind = socket.create_connection(("127.0.0.1", self.server.behind), 5)
        self.behind.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        back = threading.Thread(target=self.answers, daemon=True)
        back.start()
        try:
            for line in self.rfile:
                if not self.on(line):
                    break
        finally:
            with suppress(OSError):
                self.behind.shutdown(socket.SHUT_RDWR)
            back.join()
            self.behind.close()

    def on(self, line: bytes) -> bool:
        """One line of the client. False: hang up."""
        command, _, rest = line.decode(errors="replace").strip().partition(" ")
        if command == "NICK":
            self.nick = rest
        if command in ("CAP", "AUTHENTICATE"):
            self.log_in(command, rest)
        elif kind := self.server.take("before", command):
            return self.fail(kind)
        elif self.held is not None:
            self.held.append(line)
        else:
            if command == "PRIVMSG":
                self.spoil = self.server.take("after", command)
            self.behind.sendall(line)
        return True

    def log_in(self, command: str, rest: str) -> None:
        """SASL PLAIN; meanwhile the server behind waits."""
        self.held = self.held if self.held is not None else []
        if rest == "PLAIN":
            self.tell("AUTHENTICATE +\r\n")
        elif command == "AUTHENTICATE":
            self.secret += rest if rest != "+" else ""
            if len(rest) == 400:
                return  # there is more to come
            _, nick, password = base64.b64decode(self.secret).decode().split("\0")
            good = PASSWORDS.get(nick) == password
            answer = "903 {nick} :SASL authentication successful" if good else "904 {nick} :SASL authentication failed"
            self.tell(f":{{name}} {answer}\r\n")
        elif rest == "END":
            self.behind.sendall(b"".join(self.held))
            self.held = None
        else:
            self.tell(":{name} CAP * ACK :sasl\r\n" if rest == "REQ :sasl" else ":{name} CAP * NAK :{nick}\r\n")

    def fail(self, kind: str) -> bool:
        if kind == "timeout":
            return bool(self.rfile.read()) and False  # until the client goes
        if kind == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return False
        _, answer, hangs_up = REFUSALS.get(kind) or ("", SPOILT[kind], True)
        self.tell(answer)
        return not hangs_up

    def answers(self) -> None:
        """The lines of the server; the confirmation of words is where the fault 'after' strikes."""
        with suppress(OSError), self.behind.makefile("rb") as lines:
            for line in lines:
                if self.spoil and b" PONG " in line:
                    self.fail_after()
                    return
                self.wfile.write(line)
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)

    def fail_after(self) -> None:
        if self.spoil == "timeout":
            return
        if self.spoil != "reset":
            self.tell(SPOILT[self.spoil])
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.shutdown(socket.SHUT_RD)  # ends `handle`, which closes

    def tell(self, lines: str) -> None:
        with suppress(OSError):
            self.wfile.write(lines.format(name=NAME, nick=self.nick, channel=CHANNEL).encode())


def free_port() -> int:
    """A port of loopback where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def installed() -> bool:
    """Whether there is an IRC server to start."""
    return (NGIRCD / "usr/sbin/ngircd").exists()
