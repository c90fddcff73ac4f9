"""Getting what is on the public web, over real connections: what is asked, what is never asked, when it ends."""

from __future__ import annotations

import gzip
import re
import shutil
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sandbox.standin import Answered, Handler, StandIn
from smbot import __version__
from smbot.errors import WebError
from smbot.publicweb import Errand, Fetched, Found, Guard, Unchanged, fetch, is_public

HTML = {"Content-Type": "text/html; charset=utf-8"}
PATIENCE = 5.0  # seconds; no test waits for them


class Pages(Handler):
    """Serves `server.pages`: what to answer at a path, or what to do there."""

    server: Site

    def answer(self) -> Answered:
        self.server.seen.append(dict(self.headers))
        page = self.server.pages.get(self.path, (404, HTML, b"Not found"))
        return page if isinstance(page, tuple) else page(self)

    def drip(self, pieces: Iterator[bytes]) -> Answered:
        """Send piece after piece, a little apart, as long as anybody listens."""
        self.close_connection = True
        with suppress(OSError):
            for piece in pieces:
                self.wfile.write(piece)
                self.wfile.flush()
                if self.server.closing.wait(0.02):
                    break
        raise ConnectionAbortedError


class Site(StandIn):
    """A site on loopback, which is known by every name of `guard`."""

    def __init__(self) -> None:
        super().__init__(Pages)
        self.pages: dict[str, Answered | Callable[[Pages], Answered]] = {}
        self.seen: list[dict[str, str]] = []
        self.names = {"news.test": ["127.0.0.1"]}

    @property
    def guard(self) -> Guard:
        """Only 127.0.0.1 is public, and only the names of `names` are known."""
        return Guard(
            allowed=lambda address: str(address) == "127.0.0.1",
            resolve=lambda host: self.names.get(host, []),
            ports=frozenset({self.server_port}),
        )

    def at(self, path: str, host: str = "news.test", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.server_port}{path}"

    def get(self, path: str, most: int = 1000, timeout: float = PATIENCE, guard: Guard | None = None) -> Found | None:
        url = self.at(path) if re.match(r"/(?!/)", path) else path
        return Errand(time.monotonic() + timeout, guard or self.guard).get(url, most, "text/html")


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as server:
        server.pages["/"] = (200, HTML, b"Hello")
        yield server


def forever(piece: bytes) -> Iterator[bytes]:
    while True:
        yield piece


# --- what is asked --------------------------------------------------------------------------------------------------


def test_a_page_is_read_with_its_headers(site: Site) -> None:
    found = site.get("/")
    assert found is not None
    assert (found.url, found.body, found.headers.get_content_type()) == (site.at("/"), b"Hello", "text/html")


def test_nothing_of_ours_travels_along(site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine news.test login us password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    site.pages["/"] = (200, {**HTML, "Set-Cookie": "a=b"}, b"")
    assert site.get("/")
    assert site.get("/")
    for headers in site.seen:
        assert headers.keys() == {"Host", "User-Agent", "Accept", "Accept-Encoding", "Connection"}
        assert headers["Host"] == f"news.test:{site.server_port}"
        assert headers["User-Agent"].startswith("smbot/")


def test_an_address_in_any_script_is_asked_for(site: Site) -> None:
    site.names["xn--bcher-kva.test"] = ["127.0.0.1"]
    site.pages["/wiki/%E0%AC%93%E0%AC%A1%E0%AC%BC%E0%AC%BF%E0%AC%86?a=%C3%BC&b=%20"] = (200, HTML, b"here")
    for path in ("/wiki/ଓଡ଼ିଆ?a=ü&b=%20#part", "/wiki/%E0%AC%93%E0%AC%A1%E0%AC%BC%E0%AC%BF%E0%AC%86?a=%C3%BC&b=%20"):
        assert site.get(site.at(path, "bücher.test"))


def test_only_what_is_there_counts(site: Site) -> None:
    for status in (204, 206, 401, 404, 500):
        site.pages["/x"] = (status, HTML, b"")
        assert site.get("/x") is None


def test_what_nobody_serves_is_not_had(site: Site) -> None:
    guard = replace(site.guard, ports=frozenset({1}))
    assert site.get("http://news.test:1/", guard=guard) is None


def test_another_of_its_addresses_serves_as_well(site: Site) -> None:
    guard = replace(site.guard, allowed=lambda _: True, resolve=lambda _: ["127.0.0.2", "::1", "127.0.0.1"])
    assert site.get("/", guard=guard)


# --- what is never asked --------------------------------------------------------------------------------------------

PUBLIC = ["8.8.8.8", "208.80.154.224", "2620:0:861:ed1a::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"]
NOT_PUBLIC = [
    *("0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("169.254.169.254", "100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.7"),
    *("192.88.99.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *(
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd00:ec2::254",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "3fff::1",
        "3fff:fff:ffff::1",
        "100::1",
    ),
    *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1", "::127.0.0.1", "::a9fe:a9fe", "::ffff:0:7f00:1"),
    *("64:ff9b::127.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::1", "2002:7f00:1::1", "2002:a9fe:a9fe::"),
    *("2001::1", "2001:0:7f00:1::", "4000::1"),
]


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_all_others_are_not_however_they_are_wrapped(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", [*NOT_PUBLIC, "no address", ""])
def test_a_name_that_leads_inside_is_not_asked(site: Site, address: str) -> None:
    for found in ([address], ["8.8.8.8", address], [address, "8.8.8.8"]):
        guard = Guard(resolve=lambda _, found=found: found, ports=frozenset({site.server_port}))
        assert site.get("/", guard=guard) is None
    assert site.seen == []


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost", "LOCALHOST", "localhost.", "news.test.", "news"),
        *("2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "1.2.3.4", "①②⑦.⓪.⓪.①", "127。0。0。1", "0"),
        *("metadata.google.internal", "a.localhost", "printer.local", "router.lan", "nas.home.arpa", "x.localdomain"),
        *(
            "",
            "-a.test",
            "a..test",
            "a b.test",
            "a\\b.test",
            "a%2eb.test",
            f"{'a' * 64}.test",
            "\u202enews.test",
        ),
    ],
)
def test_what_is_no_name_of_the_internet_is_not_even_looked_up(site: Site, host: str) -> None:
    asked: list[str] = []
    guard = replace(site.guard, allowed=lambda _: True, resolve=lambda host: [asked.append(host) or "127.0.0.1"])
    assert site.get(site.at("/", host), guard=guard) is None
    assert asked == []


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://news.test:{}/", "file:///etc/passwd", "gopher://news.test:{}/", "data:text/html,x", "//news.test:{}/"),
        *(
            "http://us@news.test:{}/",
            "http://us:secret@news.test:{}/",
            "http://@news.test:{}/",
            "http://:@news.test:{}/",
        ),
        *(
            "http://news.test/",
            "http://news.test:0/",
            "http://news.test:22/",
            "http://news.test:99999/",
            "http://news.test:x/",
        ),
        *("http:/news.test:{}/", "http:///", "http://[::1/", "", "news.test", "http://x.test\\@news.test:{}/"),
    ],
)
def test_other_schemes_ports_and_names_of_users_are_not_followed(site: Site, url: str) -> None:
    assert site.get(url.format(site.server_port)) is None
    assert site.seen == []


def test_a_name_is_looked_up_once_so_that_it_cannot_turn_inwards(site: Site) -> None:
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])
    assert site.get("/", guard=replace(site.guard, resolve=lambda _: next(answers)))
    assert next(answers) == ["127.0.0.2"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed_three_times(site: Site, status: int) -> None:
    for i in range(4):
        target = f"/{i - 1}" if i else "/ଓଡ଼ିଆ".encode().decode("latin-1")
        site.pages[f"/{i}"] = (status, {"Location": target}, b"")
    site.pages["/%E0%AC%93%E0%AC%A1%E0%AC%BC%E0%AC%BF%E0%AC%86"] = (200, HTML, b"here")
    found = site.get("/2")
    assert found is not None
    assert (found.body, found.url) == (b"here", site.at("/ଓଡ଼ିଆ"))
    assert site.get("/3") is None


@pytest.mark.parametrize(
    "target",
    ["http://inside.test:{}/", "http://both.test:{}/", "//inside.test:{}/", "http://127.0.0.1:{}/", "http://[::1]:{}/",
     "file:///etc/passwd", "http://us:x@news.test:{}/", "http://news.test:22/", "http://unknown.test:{}/", ""],
)  # fmt: skip
def test_no_redirect_leads_inside(site: Site, target: str) -> None:
    site.names |= {"inside.test": ["::ffff:127.0.0.1"], "both.test": ["127.0.0.1", "127.0.0.2"]}
    site.pages["/go"] = (302, {"Location": target.format(site.server_port)} if target else {}, b"")
    assert site.get("/go") is None
    assert {path for _, path in site.requests} == {"/go"}


@given(st.text() | st.from_regex(r"https?://[^\s]{1,40}"))
def test_no_address_however_odd_raises(url: str) -> None:
    assert Errand(time.monotonic() + 1, Guard(resolve=lambda _: [])).get(url, 10, "*/*") is None


# --- when it ends ---------------------------------------------------------------------------------------------------


def timed(site: Site, path: str, most: int = 1000) -> tuple[Found | None, float]:
    """What is had in half a second, and how long that took."""
    began = time.monotonic()
    found = site.get(path, most, timeout=0.5)
    return found, time.monotonic() - began


DRIPS: dict[str, list[bytes]] = {
    "the status": [b"H"],
    "a header": [b"HTTP/1.1 200 OK\r\n", b"X"],
    "headers": [b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"],
    "goings-on": [b"HTTP/1.1 100 Continue\r\n\r\n"],
    "the body": [b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", b"x"],
    "chunks": [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"],
    "the size of a chunk": [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"],
}


@pytest.mark.parametrize("what", DRIPS)
def test_a_server_that_sends_a_little_at_a_time_is_cut_off(site: Site, what: str) -> None:
    first, *rest = DRIPS[what]

    def drip(handler: Pages) -> Answered:
        return handler.drip(piece for pieces in ([first], forever((rest or [first])[0])) for piece in pieces)

    site.pages["/slow"] = drip
    found, took = timed(site, "/slow")
    assert (found, took < 2) == (None, True)


def test_a_server_that_says_nothing_is_cut_off(site: Site) -> None:
    site.pages["/silent"] = lambda handler: handler.drip(forever(b""))
    found, took = timed(site, "/silent")
    assert (found, took < 2) == (None, True)


def test_redirects_share_the_time_there_is(site: Site) -> None:
    def slowly(handler: Pages) -> Answered:
        handler.server.closing.wait(0.3)
        return 302, {"Location": handler.path + "x"}, b""

    site.pages |= dict.fromkeys(("/a", "/ax", "/axx"), slowly)
    found, took = timed(site, "/a")
    assert (found, took < 1) == (None, True)


def test_a_name_that_is_looked_up_for_ever_is_given_up(site: Site) -> None:
    done = Event()

    def resolve(_: str) -> list[str]:
        done.wait(20)
        return []

    began = time.monotonic()
    assert site.get("/", timeout=0.3, guard=replace(site.guard, resolve=resolve)) is None
    assert time.monotonic() - began < 2
    done.set()


def test_of_a_page_without_end_only_the_beginning_is_read(site: Site) -> None:
    sent: list[int] = []

    def endless(handler: Pages) -> Answered:
        def pieces() -> Iterator[bytes]:
            yield b"HTTP/1.1 200 OK\r\n\r\n"
            for piece in forever(b"x" * 100_000):
                sent.append(len(piece))
                yield piece

        return handler.drip(pieces())

    site.pages["/endless"] = endless
    found = site.get("/endless", 1_000_000)
    assert found is not None
    assert found.body == b"x" * 1_000_000
    assert sum(sent) < 20_000_000


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP"])
def test_what_is_packed_is_unpacked_as_far_as_it_was_asked_for(site: Site, encoding: str) -> None:
    bomb = gzip.compress(gzip.compress(bytes(20_000_000)))
    for data, wanted in ((gzip.compress(b"Hello"), b"Hello"), (gzip.compress(bytes(10_000_000)), bytes(100_000))):
        site.pages["/packed"] = (200, {**HTML, "Content-Encoding": encoding}, data)
        found = site.get("/packed", 100_000)
        assert found is not None
        assert found.body == wanted
    site.pages["/packed"] = (200, {**HTML, "Content-Encoding": encoding}, bomb)
    assert len(getattr(site.get("/packed", 100_000), "body", b"")) <= 100_000


@pytest.mark.parametrize(
    "answer", [{"Content-Encoding": "br"}, {"Content-Encoding": "gzip, gzip"}, {"Content-Encoding": "gzip"}]
)
def test_what_cannot_be_unpacked_is_not_taken(site: Site, answer: dict[str, str]) -> None:
    site.pages["/"] = (200, {**HTML, **answer}, b"no gzip")
    assert site.get("/") is None


@pytest.mark.parametrize(
    "said",
    [b"", b"\r\n", b"<html>", b"HTTP/9 200\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n",
     b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200,
     b"HTTP/1.1 200 OK\r\nA: " + b"x" * 70_000, b"HTTP/1.1 302 Found\r\nLocation: http://\xff\xfe\r\n\r\n",
     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"HTTP/1.1 302 F\r\nLocation: http://[\r\n\r\n"],
)  # fmt: skip
def test_what_is_no_answer_raises_nothing(site: Site, said: bytes) -> None:
    site.pages["/"] = lambda handler: handler.drip(iter([said]))
    assert site.get("/") is None


# --- with certificates ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate for news.test and its key."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("certificate")
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=news.test -addext subjectAltName=DNS:news.test"
    )
    made: Any = subprocess.run(
        [*command.split(), "-keyout", "key", "-out", "certificate"], cwd=folder, capture_output=True
    )
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture
def secure(certificate: Path) -> Iterator[Site]:
    with Site() as server:
        server.pages["/"] = (200, HTML, b"Hello")
        server.names["other.test"] = ["127.0.0.1"]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate / "certificate", certificate / "key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        yield server


def test_a_server_has_to_be_who_it_says_it_is(secure: Site, certificate: Path) -> None:
    trusting = replace(secure.guard, authorities=str(certificate / "certificate"))
    found = secure.get(secure.at("/", scheme="https"), guard=trusting)
    assert found is not None
    assert found.body == b"Hello"
    assert secure.get(secure.at("/", "other.test", "https"), guard=trusting) is None
    assert secure.get(secure.at("/", scheme="https")) is None
    assert len(secure.seen) == 1


def test_what_was_safe_does_not_become_unsafe(secure: Site, site: Site, certificate: Path) -> None:
    ports = frozenset({secure.server_port, site.server_port})
    guard = replace(secure.guard, authorities=str(certificate / "certificate"), ports=ports)
    secure.pages["/down"] = (302, {"Location": site.at("/")}, b"")
    site.pages["/up"] = (302, {"Location": secure.at("/", scheme="https")}, b"")
    assert secure.get(secure.at("/down", scheme="https"), guard=guard) is None
    assert site.seen == []
    assert site.get("/up", guard=guard)


def test_a_handshake_that_never_ends_is_cut_off(site: Site) -> None:
    found, took = timed(site, site.at("/", scheme="https"))
    assert (found, took < 2) == (None, True)


# --- feeds and calendars ----------------------------------------------------------------------------------------------

FEED = {"Content-Type": "text/xml; charset=utf-8"}
DAY = "Fri, 20 Nov 2026 09:00:00 GMT"


def fetched(site: Site, path: str = "/feed", **more: Any) -> Fetched | Unchanged:
    url = path if "://" in path else site.at(path)
    return fetch(url, **{"kinds": "text/xml", "timeout": PATIENCE, "guard": site.guard, **more})


def reason(site: Site, path: str = "/feed", **more: Any) -> str:
    with pytest.raises(WebError) as caught:
        fetched(site, path, **more)
    return str(caught.value).replace(f":{site.server_port}", "")


def test_a_feed_is_fetched_with_what_to_ask_for_the_next_time(site: Site) -> None:
    site.pages["/feed"] = (200, {**FEED, "ETag": 'W/"a1"', "Last-Modified": DAY}, b"<rss/>")
    assert fetched(site) == Fetched(site.at("/feed"), b"<rss/>", 'W/"a1"', DAY, "text/xml; charset=utf-8")
    assert site.seen[0]["User-Agent"] == f"smbot/{__version__} (feed reader)"
    assert site.seen[0]["Accept"] == "text/xml"
    assert not {"If-None-Match", "If-Modified-Since"} & site.seen[0].keys()


def test_a_feed_without_news_is_not_sent_again(site: Site) -> None:
    site.pages["/feed"] = (304, {}, b"")
    assert fetched(site, etag='"a1"', modified=DAY) == Unchanged()
    assert (site.seen[0]["If-None-Match"], site.seen[0]["If-Modified-Since"]) == ('"a1"', DAY)
    assert fetched(site, etag='"a1"') == fetched(site, modified=DAY) == Unchanged()
    assert "If-None-Match" not in site.seen[2]


def test_unchanged_since_nothing_is_no_answer(site: Site) -> None:
    site.pages["/feed"] = (304, {}, b"")
    assert reason(site) == "news.test does not give it (HTTP 304)."


@pytest.mark.parametrize("etag", ["a1", '"a1"\r\nX: y', '"a"b"', "*", '"\u0b13"', "\n", '"' + "x" * 600 + '"'])
def test_what_is_no_entity_tag_is_neither_sent_nor_kept(site: Site, etag: str) -> None:
    site.pages["/feed"] = (
        200,
        {**FEED, "ETag": etag.encode("ascii", "ignore").decode().split("\r")[0][:599]},
        b"<rss/>",
    )
    found = fetched(site, etag=etag, modified=f"{DAY}\r\nX: y")
    assert isinstance(found, Fetched)
    assert not {"If-None-Match", "If-Modified-Since", "X"} & site.seen[0].keys()


def test_what_to_ask_with_belongs_to_one_address_and_not_to_where_it_leads(site: Site) -> None:
    site.pages["/old"] = (301, {"Location": "/feed"}, b"")
    site.pages["/feed"] = (200, {**FEED, "ETag": '"a1"', "Last-Modified": DAY}, b"<rss/>")
    assert fetched(site, "/old", etag='"a1"') == Fetched(site.at("/feed"), b"<rss/>", kind="text/xml; charset=utf-8")
    assert ["If-None-Match" in headers for headers in site.seen] == [True, False]


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (401, "news.test wants a password for it (HTTP 401)."),
        (403, "news.test does not let smbot read it (HTTP 403)."),
        (404, "news.test has nothing at this address (HTTP 404)."),
        (410, "news.test says that it is gone for good (HTTP 410)."),
        (500, "news.test has trouble of its own (HTTP 500)."),
        (418, "news.test does not give it (HTTP 418)."),
        (204, "news.test does not give it (HTTP 204)."),
    ],
)
def test_a_feed_that_is_not_to_be_had_comes_with_the_reason(site: Site, status: int, says: str) -> None:
    site.pages["/feed"] = (status, FEED, b"")
    assert reason(site) == says


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("said", "wait"),
    [("120", 120), ("0", 0), ("-5", 0), ("9" * 30, 86_400), ("soon", 0), ("", 0), ("nan", 0), ("inf", 0),
     ("Fri, 20 Nov 2099 09:00:00 GMT", 86_400), ("Fri, 20 Nov 1999 09:00:00 GMT", 0), ("Fri, 99 Nov 2026", 0)],
)  # fmt: skip
def test_a_busy_server_says_how_long_to_leave_it_alone(site: Site, status: int, said: str, wait: float) -> None:
    site.pages["/feed"] = (status, {"Retry-After": said} if said else {}, b"")
    with pytest.raises(WebError) as caught:
        fetched(site)
    assert caught.value.wait == wait
    when = f"in {max(1, round(wait / 60))} minutes" if wait else "later"
    assert str(caught.value) == f"news.test is too busy, and asks to come back {when} (HTTP {status})."


def test_a_feed_that_is_too_large_is_refused_and_not_cut(site: Site) -> None:
    packed = {**FEED, "Content-Encoding": "gzip"}
    noise = bytes(i * i % 251 for i in range(1001))
    site.pages["/feed"] = (200, FEED, b"x" * 1000)
    assert fetched(site, most=1000) == Fetched(site.at("/feed"), b"x" * 1000, kind=FEED["Content-Type"])
    for answer in ((FEED, b"x" * 1001), (packed, gzip.compress(bytes(50_000_000))), (packed, gzip.compress(noise, 0))):
        site.pages["/feed"] = (200, *answer)
        assert reason(site, most=1000) == "What news.test has there is too large: more than 0.001 million bytes."


@pytest.mark.parametrize(
    "said",
    [b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n<rss>",
     b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"<rss/>" * 50, mtime=0)[:-12],
     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n<rss>"],
)  # fmt: skip
def test_half_a_feed_is_none(site: Site, said: bytes) -> None:
    site.pages["/feed"] = lambda handler: handler.drip(iter([said]))
    assert reason(site) == "news.test broke off in the middle."


def test_why_a_server_is_not_reached_is_said(site: Site) -> None:
    names = {"inside.test": ["10.0.0.1"], "examples.test": ["3fff::1"]}
    public = replace(site.guard, resolve=lambda host: names.get(host, []), allowed=is_public)
    assert reason(site, site.at("/", "nobody.test"), guard=public) == "There is no nobody.test on the Internet."
    for host in names:
        assert reason(site, site.at("/", host), guard=public) == f"{host} is not on the public Internet."
    for address in ("file:///etc/passwd", "http://127.0.0.1/", "http://us:secret@news.test/", "news.test", "http://[/"):
        assert reason(site, f"{address}?://").startswith("This is no address of the ")
    closed = replace(site.guard, ports=frozenset({1}))
    assert reason(site, "http://news.test:1/", guard=closed) == "news.test cannot be reached."


def test_a_feed_that_does_not_come_in_time_is_given_up(site: Site) -> None:
    site.pages["/feed"] = lambda handler: handler.drip(forever(b""))
    began = time.monotonic()
    assert reason(site, timeout=0.3) == "news.test did not answer within 0.3 seconds."
    assert time.monotonic() - began < 2


def test_a_feed_that_is_nowhere_in_the_end_says_so(site: Site) -> None:
    site.pages["/feed"] = (302, {"Location": "/feed"}, b"")
    assert reason(site) == "news.test leads from address to address and nowhere."
    site.pages["/feed"] = lambda handler: handler.drip(iter([b"HTTP/9 200\r\n\r\n"]))
    assert reason(site) == "What news.test answered cannot be understood."
    site.pages["/feed"] = (200, {**FEED, "Content-Encoding": "br"}, b"x")
    assert reason(site) == "It comes packed in a way smbot cannot unpack."


def test_a_certificate_that_is_not_in_order_is_the_reason(secure: Site, certificate: Path) -> None:
    trusting = replace(secure.guard, authorities=str(certificate / "certificate"))
    secure.pages["/feed"] = (200, FEED, b"<rss/>")
    assert fetched(secure, secure.at("/feed", scheme="https"), guard=trusting)
    assert reason(secure, secure.at("/feed", scheme="https")).startswith("news.test cannot be trusted: self")
    secure.pages["/down"] = (302, {"Location": "http://news.test/"}, b"")
    down = reason(secure, secure.at("/down", scheme="https"), guard=trusting)
    assert down == "news.test leads on to an address that is not safe."


@given(st.text() | st.from_regex(r"https?://[^\s]{1,40}"), st.text(), st.text())
def test_an_odd_address_is_a_reason_and_no_other_error(url: str, etag: str, modified: str) -> None:
    with pytest.raises(WebError):
        fetch(url, etag=etag, modified=modified, kinds="*/*", timeout=1, guard=Guard(resolve=lambda _: []))
