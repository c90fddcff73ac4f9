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
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage
from io import BufferedReader, RawIOBase
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from threading import Thread
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from smbot import __version__

Address = IPv4Address | IPv6Address

REDIRECTS = 3
_ELSEWHERE = (301, 302, 303, 307, 308)
_UNICAST, _NAT64 = IPv6Network("2000::/3"), IPv6Network("64:ff9b::/96")
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
    return address in _UNICAST and address.is_global


def addresses(host: str) -> list[str]:
    """All addresses of a host. The dot keeps a resolver from trying the name inside its own domain."""
    found = socket.getaddrinfo(f"{host}.", None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


@dataclass(frozen=True, slots=True)
class Guard:
    """What may be reached, and how. `authorities` is a file with the certificates trusted, '' for the usual ones."""

    allowed: Callable[[Address], bool] = is_public
    resolve: Callable[[str], Iterable[str]] = addresses
    ports: frozenset[int] = frozenset({80, 443})
    authorities: str = ""


USUAL = Guard()


@dataclass(frozen=True, slots=True)
class Found:
    """What is there, and at which address after all redirects."""

    url: str
    headers: HTTPMessage
    body: bytes


@dataclass(frozen=True, slots=True)
class Errand:
    """Some requests that belong together, and end together at `deadline` (of `time.monotonic`)."""

    deadline: float
    guard: Guard = USUAL

    def get(self, url: str, most: int, kinds: str) -> Found | None:
        """What is there, of its body the first `most` bytes; None when it cannot be had. Never raises.

        `kinds` are the types wanted, as the header Accept has them; the server may give others.
        """
        with suppress(Exception):  # a hostile server may make anything be raised below
            for _ in range(REDIRECTS + 1):
                status, headers, body = self._ask(_Place.of(url, self.guard), most, kinds)
                if status == 200:
                    return Found(url, headers, body)
                onwards = urljoin(
                    url, headers.get("Location", "").encode("latin-1", "replace").decode(errors="replace")
                )
                is_less_safe = url.lower().startswith("https:") and not onwards.lower().startswith("https:")
                if status not in _ELSEWHERE or is_less_safe:
                    return None
                url = onwards
        return None

    def _ask(self, place: _Place, most: int, kinds: str) -> tuple[int, HTTPMessage, bytes]:
        headers = {
            "Host": place.named,
            "User-Agent": f"smbot/{__version__} (link previews)",
            "Accept": kinds,
            "Accept-Encoding": "gzip",
            "Connection": "close",
        }
        with self._connected(place) as line:
            talk = HTTPConnection(place.host, place.port)
            talk.sock = _Line(line, self._left)
            talk.request("GET", place.path, headers=headers)
            answer = talk.getresponse()
            body = answer.read(most) if answer.status == 200 else b""
        return answer.status, answer.headers, _unpacked(body, answer.headers, most)

    def _connected(self, place: _Place) -> socket.socket:
        """A connection to one of the addresses that were checked; with https, to whom the certificate names."""
        found = self._looked_up(place.host)
        for tried, address in enumerate(found):
            with suppress(OSError):
                line = socket.create_connection((str(address), place.port), self._left() / (len(found) - tried))
                return self._secured(line, place.host) if place.scheme == "https" else line
        raise _NotTakenError(place.host)

    def _looked_up(self, host: str) -> list[Address]:
        """The addresses of a host, provided that all of them may be reached. A resolver knows no deadline."""
        found: list[Address] = []

        def look() -> None:
            with suppress(OSError, ValueError):
                found.extend([ip_address(address) for address in self.guard.resolve(host)])

        looking = Thread(target=look, daemon=True)
        looking.start()
        looking.join(self._left())
        if looking.is_alive() or not found or not all(map(self.guard.allowed, found)):
            raise _NotTakenError(host)
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


class _NotTakenError(Exception):
    """This is not to be had, or not to be asked for."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an address leads, taken apart and checked as far as it can be before its host is looked up."""

    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def of(cls, url: str, guard: Guard) -> _Place:
        """Raises _NotTakenError, or ValueError."""
        parts = urlsplit(url)
        usual = {"http": 80, "https": 443}.get(parts.scheme, 0)
        port = usual if parts.port is None else parts.port
        host = (parts.hostname or "").encode("idna").decode().lower()
        is_plain = usual and port in guard.ports and parts.username is None and parts.password is None
        if not is_plain or not _NAME.fullmatch(host) or host.endswith(_INSIDE):
            raise _NotTakenError(url)
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


def _unpacked(body: bytes, headers: HTTPMessage, most: int) -> bytes:
    """A body without its Content-Encoding, and no more of it than `most` bytes."""
    encoding = headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in ("gzip", "x-gzip"):
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body, most)
    if encoding != "identity":
        raise _NotTakenError(encoding)
    return body
