"""IRC: one line said in one channel, by connecting, speaking, and leaving.

Where the rules come from:

- the protocol: https://modern.ircdocs.horse/ and https://www.rfc-editor.org/rfc/rfc2812
- the length of a line, 512 bytes with all that stands before the words: https://modern.ircdocs.horse/#message-format
- logging in: https://ircv3.net/specs/extensions/sasl-3.1 with https://www.rfc-editor.org/rfc/rfc4616

IRC keeps nothing and gives no receipts, but a server works through the lines of a connection one by one, and says what
it could not deliver. So a PING follows the words: once its PONG is there, without a complaint before it, they are out.
This holds for PRIVMSG. A NOTICE must not be complained about (RFC 2812, 3.3.2): nobody would learn that it was lost.

A message is one line: line breaks become spaces.
"""

from __future__ import annotations

import base64
import re
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

from smbot.channels import Cannot, Credential, Order, Parcel
from smbot.channels.wire import PAUSE
from smbot.errors import ChannelError, Unknowable, UsageError
from smbot.messages import say
from smbot.model import Deferred, InDoubt, Media, Outcome, Posted, Refused, Rules, Text

LINE = 512  # bytes, of which the server takes some for who speaks where
BYTES = 400
LONGEST = 65_536  # bytes without a line break, after which it is no IRC server
PORT = 6697  # https://www.rfc-editor.org/rfc/rfc7194
BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")  # line breaks, and what formats or commands by a control code
WEB = {"irc.libera.chat": "https://web.libera.chat/"}  # networks whose channels can be read in a browser
TOO_LONG, NO_WORDS = "417", "412"  # https://modern.ircdocs.horse/#numerics
NO_ENTRY = ("432", "436", "437", "463", "464", "465", "466", "484")  # to the server, for good or for now
HARMLESS = ("422", "439")  # no message of the day; a moment, please


def rules(limits: Mapping[str, Any]) -> Rules:  # noqa: ARG001 - the same on every server
    """The rules of the protocol."""
    return Rules(network="IRC", characters=BYTES, measure=lambda words: len(_line(words)), bytes=BYTES, images=0)


def credentials() -> Mapping[str, Credential]:
    """What a channel on IRC needs."""
    return {
        "SERVER": Credential(say("irc-credential-server", str(PORT))),
        "NICK": Credential(say("irc-credential-nick")),
        "CHANNEL": Credential(say("irc-credential-channel")),
        "PASSWORD": Credential(say("irc-credential-password"), optional=True),
    }


def connect(secrets: Mapping[str, str]) -> Irc:
    """The channel these credentials open."""
    return Irc(*(secrets.get(name, "") for name in ("SERVER", "NICK", "CHANNEL", "PASSWORD")))


class Irc(Cannot):
    """One nickname in one channel. `timeout` (seconds) bounds each wait for the server."""

    NETWORK = "IRC"

    def __init__(self, server: str, nick: str, channel: str, password: str = "", *, timeout: float = 30) -> None:
        self._host, self._port = _usable_server(server.strip())
        # https://modern.ircdocs.horse/#clients and #channels
        if not re.fullmatch(r"[A-Za-z\[\]\\`_^{|}][\w\[\]\\`^{|}-]{0,29}", nick.strip(), re.ASCII):
            raise UsageError(say("irc-bad-nick"))
        if not re.fullmatch(r"[#&+][^\x00-\x20\x7f,:]{1,63}", channel.strip()):
            raise UsageError(say("irc-bad-channel"))
        if BREAKS.search(password):
            raise UsageError(say("irc-bad-password"))
        self._nick, self._channel, self._password = nick.strip(), channel.strip(), password
        self._timeout = timeout

    def limits(self) -> dict[str, Any]:
        """Nothing: the limits of IRC are the protocol's own."""
        return {}

    def pack(self, text: Text, media: tuple[Media, ...], order: Order, now: datetime) -> Parcel | Refused | Deferred:  # noqa: ARG002
        """The words on one line, a warning before them."""
        line = _line(text.warned)
        if media:
            return Refused(say("network-words-only", self.NETWORK))
        if not line or line != line.encode(errors="ignore").decode():
            return Refused(say("network-half-or-empty"))
        return {"line": line}

    def post(self, parcel: Parcel, now: datetime) -> Outcome:
        """Say it. Until the line is written everything is certain, and after it only the PONG."""
        line, written = _line(parcel["line"]), False
        try:
            with self._in_channel() as talk:
                room = LINE - len(f":{talk.me} PRIVMSG {self._channel} :\r\n".encode())
                if len(line.encode()) > room:
                    return Refused(say("irc-too-long", room))
                written = True
                talk.send(f"PRIVMSG {self._channel} :{line}", "PING :said")
                complaint = self._complaint(talk)
        except _Broken as error:
            reason = self._clean(str(error))
            if written:
                return InDoubt(f"{say('network-not-confirmed', reason)} {say('irc-look-into', self._channel)}")
            return Deferred(say("irc-not-posted", self._host, reason), now + PAUSE)
        if complaint.startswith((TOO_LONG, NO_WORDS)):
            return Refused(say("irc-not-taken", self._clean(complaint)))
        if complaint:
            reason = say("irc-no-message", self._channel, self._clean(complaint), self._nick)
            return Deferred(reason, now + PAUSE)
        web = WEB.get(self._host, "")
        return Posted(url=web and web + quote(self._channel, safe="#"), id="")

    def find(self, parcel: Parcel, since: datetime) -> Posted | None:  # noqa: ARG002
        """Never: IRC keeps nothing."""
        raise Unknowable(say("irc-keeps-nothing", self._channel))

    def check(self) -> str:
        """The nickname and the channel: whether it gets in, finds somebody there, and may speak."""
        try:
            with self._in_channel() as talk:
                talk.send(f"MODE {self._channel}")
                modes = talk.until({"324"}, "modes")[2:3]
        except _Broken as error:
            raise ChannelError(say("network-not-asked", self.NETWORK, self._clean(str(error)))) from None
        nick = talk.me.partition("!")[0]
        rank = next((name for name in talk.names if name.lstrip("~&@%+") == nick), "")
        if "m" in "".join(modes) and not rank.startswith(tuple("~&@%+")):
            raise ChannelError(say("irc-moderated", self._channel, nick))
        if len(talk.names) == 1:
            raise ChannelError(say("irc-nobody", self._channel))
        return say("irc-in-channel", nick, self._channel, self._host)

    @contextmanager
    def _in_channel(self) -> Iterator[_Talk]:
        """A connection that has entered the channel; it is closed afterwards."""
        talk = _Talk(self._host, self._port, self._channel, self._timeout)
        try:
            talk.register(self._nick, self._password)
            talk.join()
            yield talk
            talk.leave()
        finally:
            talk.close()

    def _complaint(self, talk: _Talk) -> str:
        """What the server says against the line, '' if nothing until the PONG."""
        complaint = ""
        for command, words in talk.lines("confirmation"):
            # only what is about the line: a needless "not out" would be sent again
            about_it = command in (TOO_LONG, NO_WORDS) or _names(self._channel, words)
            if about_it and re.fullmatch("[45][0-9]{2}", command):
                complaint = complaint or f"{command} {words[-1]}"
            elif command == "PONG" and words[-1] == "said":
                break
        return complaint

    def _clean(self, words: str) -> str:
        """What a server said, fit for a wiki page."""
        for secret in filter(None, (self._password, _plain(self._nick, self._password))):
            words = words.replace(secret, say("wire-secret"))
        return " ".join(BREAKS.sub(" ", words).split())[:300].rstrip(". ")


class _Broken(Exception):
    """The conversation came to nothing; it says why."""


class _Talk:
    """A conversation with a server, about one channel. `me` is nick!user@host as others see it, `names` who is there.

    What is waited for, `what`, is a part of the names of messages: irc-silent-..., irc-refused-...
    """

    def __init__(self, host: str, port: int, channel: str, timeout: float) -> None:
        self._timeout, self._rest, self._host, self._channel = timeout, b"", host, channel
        self.me, self.names = "", list[str]()
        self._nick = self._other_nick = self._from = ""
        try:
            self._socket = socket.create_connection((host, port), timeout)
            if not _is_here(host):  # only on this machine may words and passwords travel in the clear
                self._socket = ssl.create_default_context().wrap_socket(self._socket, server_hostname=host)
        except (OSError, UnicodeError) as error:  # UnicodeError: no host can be called that
            why = "silent" if not isinstance(error, ssl.SSLError) else "no-tls"
            if isinstance(error, ssl.SSLCertVerificationError):
                why = "certificate"
            raise _Broken(say(f"irc-port-{why}", str(port))) from None

    def register(self, nick: str, password: str) -> None:
        """Log in, and take the nickname, or where somebody else has it, the same with one underscore."""
        self._nick, self._other_nick = nick, f"{nick}_"
        self.send(*(["CAP REQ :sasl"] if password else []), f"NICK {nick}", "USER smbot 0 * :smbot")
        if password:
            self._log_in(nick, password)
        for command, words in self.lines("welcome"):
            if command == "001":
                return
            if command in NO_ENTRY:
                raise _Broken(say("irc-no-entry", nick, words[-1], command))

    def _log_in(self, nick: str, password: str) -> None:
        if self.until({"CAP"}, "abilities")[1:2] != ["ACK"]:
            raise _Broken(say("irc-no-accounts"))
        self.send("AUTHENTICATE PLAIN")
        self.until({"AUTHENTICATE"}, "login")
        secret = _plain(nick, password)
        # in pieces of 400; one that is full is followed by another: https://ircv3.net/specs/extensions/sasl-3.1
        pieces = [secret[start : start + 400] for start in range(0, len(secret) + 1, 400)]
        self.send(*(f"AUTHENTICATE {piece or '+'}" for piece in pieces))
        self.until({"903"}, "password")
        self.send("CAP END")

    def join(self) -> None:
        """Enter the channel; what comes before the end of its list of names tells who is there, and who one is."""
        self.send(f"JOIN {self._channel}")
        for command, words in self.lines("way-in"):
            if command == "JOIN" and _names(self._channel, words):
                self.me = self.me or self._from
            elif command == "353":
                self.names += words[-1].split()
            elif command == "366" and self.me:
                return
            elif _names(self._channel, words) and re.fullmatch("366|[45][0-9]{2}", command):
                raise _Broken(say("irc-no-way-in", self._channel, words[-1], command))

    def until(self, wanted: set[str], what: str) -> list[str]:
        """The words of the first line with one of these commands; a refusal before it ends the conversation."""
        for command, words in self.lines(what):
            if command in wanted:
                break
            if re.fullmatch("4[0-9]{2}|90[24-8]", command) and command not in HARMLESS:
                raise _Broken(say(f"irc-refused-{what}", self._channel, words[-1], command))
        return words

    def send(self, *lines: str) -> None:
        """Write lines, in one go."""
        try:
            self._socket.sendall("".join(f"{BREAKS.sub(' ', line)}\r\n" for line in lines).encode(errors="replace"))
        except OSError:
            raise _Broken(say("irc-broke-off")) from None

    def lines(self, what: str) -> Iterator[tuple[str, list[str]]]:
        """Commands and their words as they come in, while one waits for `what`; never ends without it."""
        patient_until = time.monotonic() + self._timeout
        while True:
            line, found, self._rest = self._rest.partition(b"\n")
            if not found:
                self._rest = line
                self._rest += self._more(patient_until, what)
                continue
            source, command, words = _parsed(line.decode(errors="replace").strip("\r"))
            self._from = source
            if command == "PING":
                self.send(f"PONG :{words[-1]}")
            elif command == "433":
                self._take_other_nick()
            elif command == "ERROR":
                raise _Broken(say("irc-closed", words[-1]))
            elif command:
                yield command, words

    def _take_other_nick(self) -> None:
        if not self._other_nick:
            raise _Broken(say("irc-nick-taken", self._nick, f"{self._nick}_"))
        self.send(f"NICK {self._other_nick}")
        self._other_nick = ""

    def _more(self, patient_until: float, what: str) -> bytes:
        left = patient_until - time.monotonic()
        try:
            self._socket.settimeout(max(left, 0.001))
            data = self._socket.recv(65_536) if left > 0 else b""
        except TimeoutError:
            left, data = 0, b""
        except OSError:
            raise _Broken(say("irc-broke-off")) from None
        if left <= 0:
            raise _Broken(say(f"irc-silent-{what}", self._host, self._channel))
        if not data or len(self._rest) > LONGEST:
            raise _Broken(say("irc-broke-off"))
        return data

    def leave(self) -> None:
        """Say goodbye; whether it is heard does not matter."""
        with suppress(_Broken):
            self.send("QUIT :smbot")

    def close(self) -> None:
        with suppress(OSError):
            self._socket.close()


def _parsed(line: str) -> tuple[str, str, list[str]]:
    """Source, command and words: https://modern.ircdocs.horse/#message-format. The words are never an empty list."""
    if line.startswith("@"):
        line = line.partition(" ")[2]
    source, line = line[1:].split(" ", 1) if line.startswith(":") and " " in line else ("", line)
    middle, colon, last = line.partition(" :")
    words = middle.split() + ([last] if colon else [])
    return source, words[0].upper() if words else "", words[1:] or [""]


def _names(channel: str, words: list[str]) -> bool:
    """Whether a server's words name the channel; it may spell it in other letter cases."""
    return channel.lower() in (word.lower() for word in words)


def _line(words: str) -> str:
    """Words as one line: runs of line breaks and control codes become a space."""
    return " ".join(filter(None, (part.strip() for part in BREAKS.split(words))))


def _plain(nick: str, password: str) -> str:
    return base64.b64encode(f"\0{nick}\0{password}".encode(errors="surrogateescape")).decode() if password else ""


def _is_here(host: str) -> bool:
    return host in ("127.0.0.1", "localhost", "::1")


def _usable_server(server: str) -> tuple[str, int]:
    """Host and port of 'host' or 'host:port'."""
    try:
        parts = urlsplit(f"//{server}")
        host, port = parts.hostname or "", parts.port or PORT
    except ValueError:
        host, port = "", 0
    if not host or re.search(r"[\s/@?#]", server):
        raise UsageError(say("irc-bad-server"))
    return host, port
