"""Getting what is on the public web, and nothing that is not.

The address comes from people, and this machine may stand where they cannot reach: beside databases, and beside the
service that hands out the credentials of a cloud. So a name is looked up once, here; all of its addresses have to be
public; the connection is made to the very address that was checked; and a redirect begins all of that anew. Whatever
the server does, it ends in time, and no more is read than was asked for. Nothing of ours travels along: no cookies, no
passwords from a .netrc, no proxies.

Which addresses are public: https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry
"""

from __future__ import annotations

import re
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from email.utils import mktime_tz, parsedate_tz
from http.client import HTTPConnection, HTTPMessage, IncompleteRead
from io import BufferedReader, RawIOBase
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from threading import Thread
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from msgspec import Struct

from smbot import __version__
from smbot.errors import WebError
from smbot.messages import say

Address = IPv4Address | IPv6Address

REDIRECTS = 3
_ELSEWHERE = (301, 302, 303, 307, 308)
_UNICAST, _NAT64 = IPv6Network("2000::/3"), IPv6Network("64:ff9b::/96")
_EXAMPLES = IPv6Network("3fff::/20")  # RFC 9637, younger than the tables of ipaddress
_PROTOCOLS = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))  # ipaddress calls some of them global
# A name has letters at its end, so a number in any disguise (0x7f.1, 2130706433) is none.
_NAME = re.compile(r"(?=.{4,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_INSIDE = (".internal", ".local", ".localhost", ".localdomain", ".lan", ".home.arpa", ".onion")


def is_public(address: Address) -> bool:
    """Whether an address is one of the Internet's; one that wraps another is no better than that."""
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast and not any(address in net for net in _PROTOCOLS)
    nat64 = IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None
    if wrapped := address.ipv4_mapped or address.sixtofour or nat64:
        return is_public(wrapped)
    return address in _UNICAST and address not in _EXAMPLES and address.is_global


def addresses(host: str) -> list[str]:
    """All addresses of a host. The dot keeps a resolver from trying the name inside its own domain."""
    found = socket.getaddrinfo(f"{host}.", None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


class Guard(Struct, frozen=True):
    """What may be reached, and how. `authorities` is a file with the certificates trusted, '' for the usual ones."""

    allowed: Callable[[Address], bool] = is_public
    resolve: Callable[[str], Iterable[str]] = addresses
    ports: frozenset[int] = frozenset({80, 443})
    authorities: str = ""


USUAL = Guard()


class Found(Struct, frozen=True):
    """What is there, and at which address after all redirects."""

    url: str
    headers: HTTPMessage
    body: bytes


class Fetched(Struct, frozen=True):
    """A file as it is now, and whole. `kind` is its Content-Type, such as 'text/xml; charset=utf-8', or ''.

    `etag` and `modified` are what to ask with the next time, so that it need not be sent again; '' where the server
    does not say, and after a redirect: there they belong to another address than the one that was asked for.
    """

    url: str
    body: bytes
    etag: str = ""
    modified: str = ""
    kind: str = ""


class Unchanged(Struct, frozen=True):
    """A file is what it was when its `etag` or `modified` was given."""


def fetch(
    url: str,
    *,
    etag: str = "",
    modified: str = "",
    kinds: str,
    most: int = 2_000_000,
    timeout: float = 20,
    guard: Guard = USUAL,
) -> Fetched | Unchanged:
    """The whole of a feed or calendar, of at most `most` bytes, within `timeout` seconds.

    `etag` and `modified` are those of the last time, `kinds` as for `Errand.get`. Raises WebError, which says why it
    cannot be had. https://www.rfc-editor.org/rfc/rfc9110#name-conditional-requests
    """
    errand = Errand(time.monotonic() + timeout, guard, "feed reader")
    conditions = {"If-None-Match": _etag(etag), "If-Modified-Since": _date(modified)}
    conditions = {name: value for name, value in conditions.items() if value}
    try:
        final, answer = errand.follow(url, most + 1, kinds, conditions)
    except WebError:
        raise
    except TimeoutError:
        raise WebError(say("web-slow", _host(url), _figure(timeout))) from None
    except (OSError, IncompleteRead):
        raise WebError(say("web-broke-off", _host(url))) from None
    except Exception as error:  # a hostile server may make anything be raised
        raise WebError(say("web-odd", _host(url))) from error
    if answer.status == 304 and conditions and final == url:
        return Unchanged()
    _require(answer, _host(final), most)
    told = answer.headers if final == url else HTTPMessage()
    kind = answer.headers.get("Content-Type", "")[:200]
    return Fetched(final, answer.body, _etag(told.get("ETag", "")), _date(told.get("Last-Modified", "")), kind)


class _Answer(Struct, frozen=True):
    """An answer, and as much of its body as was wanted. `sent` is how many bytes of it came, as they came."""

    status: int
    headers: HTTPMessage
    body: bytes = b""
    sent: int = 0
    is_whole: bool = True


def _require(answer: _Answer, host: str, most: int) -> None:
    """Raises WebError unless this is a file, and all of it."""
    status = answer.status
    if status in (429, 503):
        if not (wait := _wait(answer.headers)):
            raise WebError(say("web-busy", host, str(status)))
        raise WebError(say("web-busy-until", host, max(1, round(wait / 60)), str(status)), wait)
    if status != 200:
        raise WebError(say(f"web-http-{_REASONS.get(status, 'other')}", host, str(status)))
    if len(answer.body) > most or answer.sent > most:
        raise WebError(say("web-too-large", host, _figure(most / 1_000_000)))
    if not answer.is_whole:
        raise WebError(say("web-broke-off", host))


_REASONS = {
    401: "password",
    403: "forbidden",
    404: "nothing",
    410: "gone",
    451: "legal",
    **dict.fromkeys((500, 502, 504), "trouble"),
}


def _figure(number: float) -> int | str:
    """A number for people, as a whole one where it is one."""
    return int(number) if number == int(number) else f"{number:g}"


def _wait(headers: HTTPMessage) -> float:
    """For how many seconds the server wants to be left alone, a day at most; 0 when it does not say."""
    said = headers.get("Retry-After", "").strip()[:40]
    with suppress(ValueError, TypeError, OverflowError):
        at = parsedate_tz(said)
        return min(max(0.0, mktime_tz(at) - time.time() if at else float(int(said))), 86_400.0)
    return 0.0


def _etag(value: str) -> str:
    """An entity tag as RFC 9110 has them, or ''."""
    return value.strip() if re.fullmatch(r'\s*(W/)?"[!#-~\x80-\xff]{0,500}"\s*', value) else ""


def _date(value: str) -> str:
    return value.strip() if re.fullmatch(r"[\w ,:+-]{1,60}", value, re.ASCII) else ""


def _host(url: str) -> str:
    """The host of an address, for people."""
    with suppress(ValueError):
        if host := (urlsplit(url).hostname or "")[:100]:
            return host
    return say("web-server")


class Errand(Struct, frozen=True):
    """Some requests that belong together, and end together at `deadline` (of `time.monotonic`).

    What they are for, the server is told by `purpose`.
    """

    deadline: float
    guard: Guard = USUAL
    purpose: str = "link previews"

    def get(self, url: str, most: int, kinds: str) -> Found | None:
        """What is there, of its body the first `most` bytes; None when it cannot be had. Never raises.

        `kinds` are the types wanted, as the header Accept has them; the server may give others.
        """
        with suppress(Exception):  # a hostile server may make anything be raised below
            final, answer = self.follow(url, most, kinds)
            return Found(final, answer.headers, answer.body) if answer.status == 200 else None
        return None

    def follow(
        self, url: str, most: int, kinds: str, conditions: Mapping[str, str] | None = None
    ) -> tuple[str, _Answer]:
        """The first answer that is no redirect, and its address. `conditions` are headers for `url` itself only.

        Raises WebError where there is none to be had, TimeoutError, or about anything that odd answers lead to.
        """
        headers = {"Accept": kinds, **(conditions or {})}
        for _ in range(REDIRECTS + 1):
            answer = self._ask(_Place.of(url, self.guard), most, headers)
            if answer.status not in _ELSEWHERE:
                return url, answer
            location = answer.headers.get("Location", "").encode("latin-1", "replace").decode(errors="replace")
            onwards = urljoin(url, location)
            if url.lower().startswith("https:") and not onwards.lower().startswith("https:"):
                raise WebError(say("web-unsafe", _host(url)))
            url, headers = onwards, {"Accept": kinds}
        raise WebError(say("web-nowhere", _host(url)))

    def _ask(self, place: _Place, most: int, asked: Mapping[str, str]) -> _Answer:
        headers = {
            "Host": place.named,
            "User-Agent": f"smbot/{__version__} ({self.purpose})",
            "Accept-Encoding": "gzip",
            "Connection": "close",
            **asked,
        }
        with self._connected(place) as line:
            talk = HTTPConnection(place.host, place.port)
            talk.sock = _Line(line, self._left)
            talk.request("GET", place.path, headers=headers)
            answer = talk.getresponse()
            if answer.status != 200:
                return _Answer(answer.status, answer.headers)
            sent = answer.read(most)
        body, is_whole = _unpacked(sent, answer.headers, most)
        return _Answer(answer.status, answer.headers, body, len(sent), is_whole and not answer.length)

    def _connected(self, place: _Place) -> socket.socket:
        """A connection to one of the addresses that were checked; with https, to whom the certificate names."""
        found = self._looked_up(place.host)
        reason = say("web-unconnected", place.host)
        for tried, address in enumerate(found):
            try:
                line = socket.create_connection((str(address), place.port), self._left() / (len(found) - tried))
                return self._secured(line, place.host) if place.scheme == "https" else line
            except ssl.SSLCertVerificationError as error:
                reason = say("web-untrusted", place.host, error.verify_message)
            except OSError:  # another address may serve
                self._left()
        raise WebError(reason)

    def _looked_up(self, host: str) -> list[Address]:
        """The addresses of a host, provided that all of them may be reached. A resolver knows no deadline."""
        found: list[Address] = []

        def look() -> None:
            with suppress(OSError, ValueError):
                found.extend([ip_address(address) for address in self.guard.resolve(host)])

        looking = Thread(target=look, daemon=True)
        looking.start()
        looking.join(self._left())
        if looking.is_alive():
            raise TimeoutError
        if not found:
            raise WebError(say("web-no-host", host))
        if not all(map(self.guard.allowed, found)):
            raise WebError(say("web-not-public", host))
        return found

    def _secured(self, line: socket.socket, host: str) -> socket.socket:
        from requests.utils import DEFAULT_CA_BUNDLE_PATH

        try:
            line.settimeout(self._left())
            trusting = ssl.create_default_context(cafile=self.guard.authorities or DEFAULT_CA_BUNDLE_PATH)
            return trusting.wrap_socket(line, server_hostname=host)
        except BaseException:
            line.close()
            raise

    def _left(self) -> float:
        """The seconds left. Raises TimeoutError when there are none."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class _Place(Struct, frozen=True):
    """Where an address leads, taken apart and checked as far as it can be before its host is looked up."""

    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def of(cls, url: str, guard: Guard) -> _Place:
        """Raises WebError."""
        try:
            parts = urlsplit(url)
            usual = {"http": 80, "https": 443}.get(parts.scheme, 0)
            port = usual if parts.port is None else parts.port
            host = (parts.hostname or "").encode("idna").decode().lower()
        except ValueError:
            raise WebError(say("web-no-address")) from None
        is_plain = usual and port in guard.ports and parts.username is None and parts.password is None
        if not is_plain or not _NAME.fullmatch(host) or host.endswith(_INSIDE):
            raise WebError(say("web-no-public-address"))
        query = f"?{parts.query}" if parts.query else ""
        return cls(parts.scheme, host, port, quote(f"{parts.path or '/'}{query}", safe="/%:@!$&'()*+,;=~?[]"))

    @property
    def named(self) -> str:
        """The host, as its server is to be told."""
        return self.host if self.port in (80, 443) else f"{self.host}:{self.port}"


class _Line:
    """A connection as http.client uses it, in which every wait ends in time."""

    def __init__(self, line: socket.socket, left: Callable[[], float]) -> None:
        self._line, self._left = line, left

    def sendall(self, data: bytes) -> None:
        self._line.settimeout(self._left())
        self._line.sendall(data)

    def makefile(self, _: str) -> BufferedReader:
        return BufferedReader(_Reading(self._line, self._left))

    def close(self) -> None:
        """Whoever opened the connection closes it."""


class _Reading(RawIOBase):
    def __init__(self, line: socket.socket, left: Callable[[], float]) -> None:
        self._line, self._left = line, left

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._line.settimeout(self._left())
        return self._line.recv_into(buffer)


def _unpacked(body: bytes, headers: HTTPMessage, most: int) -> tuple[bytes, bool]:
    """A body without its Content-Encoding, no more of it than `most` bytes, and whether that is all of it."""
    encoding = headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in ("gzip", "x-gzip"):
        packed = zlib.decompressobj(zlib.MAX_WBITS | 16)
        return packed.decompress(body, most), packed.eof
    if encoding != "identity":
        raise WebError(say("web-packed"))
    return body, True
