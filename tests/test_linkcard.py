"""Link cards, from real pages on loopback: what they show of a page, in any encoding, and what hostile ones achieve."""

from __future__ import annotations

import time
from collections.abc import Iterator
from http.client import HTTPMessage
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from smbot.channels.linkcard import Card, _decoded, _said, fetch
from tests.test_pictures import SECRET, noise, png, saved, told
from tests.test_publicweb import HTML, Site

ODIA, ARABIC, HEBREW, FAMILY = "ଓଡ଼ିଆ ଉଇକିପିଡ଼ିଆ କ୍ଷ୍ମି", "ويكيبيديا العربية", "ויקיפדיה", "👩‍👩‍👧‍👦 🏳️‍🌈"


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as server:
        yield server


def card(site: Site, page: str | bytes, kind: str = "text/html; charset=utf-8", timeout: float = 5) -> Card | None:
    """The card of this page."""
    site.pages["/page"] = (200, {"Content-Type": kind}, page.encode() if isinstance(page, str) else page)
    return fetch(site.at("/page"), timeout=timeout, guard=site.guard)


def words(site: Site, page: str | bytes, kind: str = "text/html; charset=utf-8") -> tuple[str, str]:
    """Title and description of this page."""
    found = card(site, page, kind)
    assert found is not None
    return found.title, found.description


def og(**said: str) -> str:
    """A page that says this of itself."""
    tags = "".join(f'<meta property="og:{name}" content="{value}">' for name, value in said.items())
    return f"<!doctype html><html><head>{tags}</head><body><p>Words</p></body></html>"


# --- what is shown --------------------------------------------------------------------------------------------------


def test_a_card_shows_title_and_description_of_the_page_asked_for(site: Site) -> None:
    site.pages["/short"] = (301, {"Location": "/page"}, b"")
    site.pages["/page"] = (200, HTML, og(title="Tech News", description="What is new").encode())
    assert fetch(site.at("/short"), guard=site.guard) == Card(site.at("/short"), "Tech News", "What is new")


@pytest.mark.parametrize(
    ("page", "wanted"),
    [
        (og(title="A &amp; B &lt;3", description="C&#39;s"), ("A & B <3", "C's")),
        ("<title>Only a\n  title</title>", ("Only a title", "")),
        ("<TITLE lang=en>Loud</TITLE ><META NAME=Description CONTENT=short>", ("Loud", "short")),
        ("<title>T</title><meta name='og:title' content='O'>", ("O", "")),
        (
            '<title>T</title><meta name="twitter:title" content="W"><meta content="D" name="twitter:description">',
            ("W", "D"),
        ),
        ('<meta property="og:title" content=""><title>T</title><title>U</title>', ("T", "")),
        ('<meta property="og:title" content="A"><meta property="og:title" content="B">', ("A", "")),
        ('<meta property="og:title" content="a > b" />', ("a > b", "")),
        ("<meta property='og:title' content='it is \"so\"'>", ('it is "so"', "")),
        ("<meta\n\tproperty = og:title\n\tcontent = x/y >", ("x/y", "")),
        ('<meta name="description" content="No title here">', ("", "No title here")),
        ("<svg><title>Icon</title></svg><title>T</title>", ("T", "")),
        ('<script>"<title>S</title>"</script><!-- <title>C</title> --><title>T</title>', ("T", "")),
        ("<!--><title>T</title>-->", ("T", "")),
        (f"<title>{ODIA}</title>{og(description=ARABIC)}", (ODIA, ARABIC)),
        (f"<title>{FAMILY} {HEBREW}</title>", (f"{FAMILY} {HEBREW}", "")),
    ],
)
def test_titles_are_found_wherever_pages_put_them(site: Site, page: str, wanted: tuple[str, str]) -> None:
    assert words(site, page) == wanted


def test_what_cannot_be_seen_is_left_out(site: Site) -> None:
    title = "Good\u202enews\u2066\u200b\x00\x1b[31m\u200f\ufeff  tabs\tand\u2028lines"
    assert words(site, f"<title>{title}</title>")[0] == "Goodnews[31m tabs and lines"
    assert card(site, "<title>\u200b\u202e</title>") is None


def test_long_words_are_cut_between_letters(site: Site) -> None:
    title, description = words(site, og(title="କ୍ଷି" * 500, description="e\u0301" * 5000))
    assert (len(title) <= 300, title.rstrip("…")) == (True, "କ୍ଷି" * (len(title) // len("କ୍ଷି")))
    assert (len(description) <= 1000, description.endswith("e\u0301…")) == (True, True)


@pytest.mark.parametrize(
    "page", ["", "<p>No title</p>", "<title> </title>", "<title>never closed", "<!-- <title>x</title>"]
)
def test_a_page_that_says_nothing_of_itself_has_no_card(site: Site, page: str) -> None:
    assert card(site, page) is None


@pytest.mark.parametrize("kind", ["application/pdf", "image/svg+xml", "text/plain", "", "application/json"])
def test_what_is_no_page_has_no_card(site: Site, kind: str) -> None:
    assert card(site, "<title>T</title>", kind) is None


def test_what_is_not_on_the_public_web_has_no_card(site: Site) -> None:
    site.pages["/page"] = (200, HTML, b"<title>T</title>")
    assert fetch(site.at("/page", "127.0.0.1")) is None
    assert fetch(site.at("/page", "127.0.0.1"), guard=site.guard) is None
    assert fetch("file:///etc/hostname") is None
    assert site.seen == []


# --- encodings ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "codec", "title"),
    [
        ("utf-8", "utf-8", ODIA),
        ("UTF8", "utf-8", ARABIC),
        ('"utf-8"', "utf-8", HEBREW),
        ("windows-1256", "windows-1256", ARABIC),
        ("iso-8859-8", "iso-8859-8", HEBREW),
        ("windows-1251", "windows-1251", "Новости"),
        ("KOI8-R", "koi8-r", "Новости"),
        ("ISO-8859-1", "cp1252", "“Café” – 5 €"),
        ("latin1", "cp1252", "Café"),
        ("Shift_JIS", "cp932", "ウィキペディア①"),
        ("euc-jp", "euc-jp", "ウィキペディア"),
        ("gb2312", "gb18030", "维基百科㐀"),
        ("big5", "big5hkscs", "維基百科"),
        ("euc-kr", "cp949", "위키백과"),
    ],
)
def test_titles_are_read_in_the_encoding_they_are_in(site: Site, said: str, codec: str, title: str) -> None:
    assert words(site, f"<title>{title}</title>".encode(codec), f"text/html; charset={said}") == (title, "")
    quoted = said.strip('"')
    for meta in (f"<meta charset={quoted}>", f'<meta http-equiv=Content-Type content="text/html; charset={quoted}">'):
        assert words(site, f"{meta}<title>{title}</title>".encode(codec), "text/html") == (title, "")


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-8"])
def test_a_mark_or_utf_8_is_known_without_being_told(site: Site, codec: str) -> None:
    assert words(site, f"<title>{ODIA}</title>".encode(codec), "text/html") == (ODIA, "")
    if codec != "utf-8":
        assert words(site, f"<title>{ODIA}</title>".encode(codec), "text/html; charset=iso-8859-1") == (ODIA, "")


@pytest.mark.parametrize(
    "said", ["zlib", "punycode", "unicode_escape", "utf-7", "idna", "x" * 99, "utf-8\x00", "hex", "cp999"]
)
def test_an_encoding_that_is_none_is_not_believed(site: Site, said: str) -> None:
    assert words(site, f"<title>{ODIA}</title>", f"text/html; charset={said}") == (ODIA, "")
    assert words(site, f"<meta charset='{said}'><title>{ODIA}</title>", "text/html") == (ODIA, "")


def test_what_is_in_no_encoding_is_shown_as_well_as_can_be(site: Site) -> None:
    assert words(site, b"<title>Caf\xe9</title>", "text/html") == ("Café", "")
    assert words(site, b"<title>Caf\xe9</title>")[0] == "Caf\ufffd"
    cut = f"<title>{ODIA}</title>{'ଓ' * 400_000}".encode()[1:]  # read up to the middle of a letter
    assert words(site, b"<" + cut, "text/html") == (ODIA, "")


# --- pictures -------------------------------------------------------------------------------------------------------


def pictured(site: Site, data: bytes, kind: str = "image/png", path: str = "/a.png") -> Card:
    """The card of a page with this picture."""
    site.pages[path] = (200, {"Content-Type": kind}, data)
    found = card(site, og(title="T", image=path))
    assert found is not None
    assert found.title == "T"
    return found


def test_the_picture_of_a_page_is_made_fit(site: Site) -> None:
    found = pictured(site, saved(noise((1500, 1000)), "JPEG", exif=told(), quality=70))
    assert found.mime == "image/jpeg"
    assert len(found.image) <= 1_000_000
    assert SECRET.encode() not in found.image
    assert max(Image.open(BytesIO(found.image)).size) <= 1200
    assert pictured(site, saved(noise((40, 40), "RGBA"), "WEBP"), "application/octet-stream").mime == "image/png"


@pytest.mark.parametrize(
    "source", ["a.png", "/dir/a.png", "//news.test:{}/dir/a.png", " http://news.test:{}/dir/a.png "]
)
def test_its_address_is_read_as_seen_from_the_page(site: Site, source: str) -> None:
    site.pages["/go"] = (302, {"Location": "/dir/page"}, b"")
    site.pages["/dir/page"] = (200, HTML, og(title="T", image=source.format(site.server_port)).encode())
    site.pages["/dir/a.png"] = (200, {"Content-Type": "image/png"}, saved(noise((40, 40)), "PNG"))
    found = fetch(site.at("/go"), guard=site.guard)
    assert found is not None
    assert found.image


@pytest.mark.parametrize("name", ["og:image:secure_url", "og:image:url", "twitter:image", "twitter:image:src"])
def test_pictures_have_many_names(site: Site, name: str) -> None:
    site.pages["/a.png"] = (200, {"Content-Type": "image/png"}, saved(noise((40, 40)), "PNG"))
    found = card(site, f"<title>T</title><meta name='{name}' content='/a.png'>")
    assert found is not None
    assert found.mime == "image/png"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg/>",
        b"not found",
        png(60_000, 60_000),
        saved(noise((40, 40)), "PNG")[:-900],
        saved(noise((1400, 1300)), "PNG"),
    ],
    ids=["nothing", "svg", "words", "bomb", "half", "over 5 MB"],
)
def test_a_picture_that_cannot_be_used_leaves_the_card_without_one(site: Site, data: bytes) -> None:
    found = pictured(site, data)
    assert (found.image, found.mime) == (b"", "")


@pytest.mark.parametrize(
    "source",
    ["http://inside.test:{}/a.png", "http://127.0.0.1:{}/a.png", "file:///etc/passwd", "data:image/png;base64,AAAA", "http://[",
     "http://news.test:22/a.png", "javascript:alert(1)", "/away"],
)  # fmt: skip
def test_no_picture_is_taken_from_inside(site: Site, source: str) -> None:
    site.names["inside.test"] = ["127.0.0.1", "10.0.0.1"]
    site.pages["/a.png"] = (200, {"Content-Type": "image/png"}, saved(noise((40, 40)), "PNG"))
    site.pages["/away"] = (302, {"Location": f"http://inside.test:{site.server_port}/a.png"}, b"")
    found = card(site, og(title="T", image=source.format(site.server_port)))
    assert found is not None
    assert found.image == b""
    assert "/a.png" not in {path for _, path in site.requests}


def test_a_slow_picture_does_not_hold_up_the_card(site: Site) -> None:
    site.pages["/slow"] = lambda handler: handler.drip(b"HTTP/1.1 200 OK\r\n\r\n" for _ in range(10_000))
    began = time.monotonic()
    found = card(site, og(title="T", image="/slow"), timeout=0.5)
    assert found is not None
    assert (found.title, found.image) == ("T", b"")
    assert time.monotonic() - began < 2


# --- hostile pages --------------------------------------------------------------------------------------------------

ENDLESS = [
    *("<", "<!--", "<!-->", "<meta ", "<meta '", '<meta a="', "<meta a=b ", "<title>", "<title", "</title", "<script>"),
    *("<script></script>", "<svg><", "<![CDATA[", "<?", "&", "&#", "<meta content='&amp;&amp;' name=a>", "<!a", "=\"'"),
    *("<a ", "<meta " + "a" * 8000, "<title></titl", "charset=", "<meta charset ", "\u0301", "\x00", "<style></style"),
]
BROKEN = st.lists(st.sampled_from([*ENDLESS, ">", "'", '"', "-->", "title", "x"])).map("".join).map(str.encode)


@pytest.mark.parametrize("piece", ENDLESS)
def test_no_page_takes_long_to_read(site: Site, piece: str) -> None:
    page = f"<title>T</title><meta name=description content='{'e' * 2000}'>" + piece * (
        1_200_000 // len(piece.encode())
    )
    began = time.process_time()
    assert words(site, page)[0] == "T"
    assert time.process_time() - began < 2
    began = time.process_time()
    card(site, piece * (1_200_000 // len(piece.encode())), "text/html")
    assert time.process_time() - began < 2


def test_of_a_huge_page_the_beginning_counts(site: Site) -> None:
    assert words(site, f"<title>T</title>{'x' * 3_000_000}<meta name=description content=D>") == ("T", "")


@given(st.binary(max_size=300) | BROKEN)
def test_no_page_however_broken_raises(page: bytes) -> None:
    for name, said in _said(_decoded(page, HTTPMessage())).items():
        assert isinstance(name, str)
        assert said.strip()
