"""What a page says of itself, for the card below a post: its title, its description, its picture.

The tags are those of https://ogp.me and https://developer.x.com/en/docs/x-for-websites/cards/overview/markup; they are
not read with html.parser, whose time grows with the square of what it is given: a page of a megabyte can be made to
take it minutes.
"""

from __future__ import annotations

import codecs
import html
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from http.client import HTTPMessage
from urllib.parse import urljoin

from msgspec import Struct

from smbot import pictures
from smbot.errors import WikiError
from smbot.model import Media, Rules
from smbot.publicweb import USUAL, Errand, Guard

MOST_HTML, MOST_IMAGE = 1_000_000, 5_000_000  # bytes
_HTML, _IMAGES = ("text/html", "application/xhtml+xml"), "image/jpeg,image/png,image/webp,image/gif"
_SHOWN = Rules("a card", 0, len, image_bytes=1_000_000, image_types=("image/jpeg", "image/png"), image_side=1200)
_TITLE, _DESCRIPTION = 300, 1000  # characters

# The tags that matter, and those within which there are none.
_TAG = re.compile(r"<(!--|(?:script|style|noscript|template|textarea|iframe|svg|title|meta)(?=[\s/>]))", re.IGNORECASE)
_REST = re.compile(r"""(?:[^>"']|"[^"]*"|'[^']*')*+>""")
_ATTRIBUTE = re.compile(r"""([^\s"'>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""")
_LONGEST_TAG, _MOST_TAGS = 20_000, 500
_CHARSET = re.compile(rb"""<meta[^>]{0,300}?charset\s*=\s*["']?\s*([\w:.-]{1,40})""", re.IGNORECASE)
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# Labels that mean another encoding than they name: https://encoding.spec.whatwg.org/#names-and-labels
_MEANT = {"iso-8859-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252", "ascii": "cp1252", "iso-8859-9": "cp1254",
          "gb2312": "gb18030", "gbk": "gb18030", "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932",
          "euc-kr": "cp949", "big5": "big5hkscs", "tis-620": "cp874", "utf8": "utf-8"}  # fmt: skip
_KNOWN = re.compile(r"utf-8|iso-8859-\d{1,2}|windows-\d{3,4}|cp\d{3,4}|koi8-[ru]|euc-jp|gb18030|big5hkscs")


class Card(Struct, frozen=True):
    """What there is to show of the page at `url`. `image` is a JPEG or PNG of at most a million bytes, or nothing."""

    url: str
    title: str
    description: str
    image: bytes = b""
    mime: str = ""


def fetch(url: str, *, timeout: float = 10, guard: Guard = USUAL) -> Card | None:
    """The card of a page, within `timeout` seconds; None where there is none to be had. Never raises."""
    with suppress(Exception):  # no page, however odd, is worth a post
        return _card(url, Errand(time.monotonic() + timeout, guard))
    return None


def _card(url: str, errand: Errand) -> Card | None:
    page = errand.get(url, MOST_HTML, ",".join(_HTML))
    if not page or page.headers.get_content_type() not in _HTML:
        return None
    said = _said(_decoded(page.body, page.headers))
    title = pictures.one_line(_first(said, "og:title", "twitter:title", "<title>"), _TITLE)
    description = pictures.one_line(_first(said, "og:description", "twitter:description", "description"), _DESCRIPTION)
    if not title and not description:
        return None
    source = _first(said, "og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src")
    picture = _picture(errand, page.url, source.strip()) if source else None
    return Card(url, title, description, picture.data, picture.mime) if picture else Card(url, title, description)


def _first(said: Mapping[str, str], *names: str) -> str:
    return next((said[name] for name in names if name in said), "")


def _picture(errand: Errand, page: str, source: str) -> Media | None:
    """The picture of a page; a card without one is a card all the same."""
    with suppress(WikiError, ValueError):
        found = errand.get(urljoin(page, source), MOST_IMAGE, _IMAGES)
        return pictures.fit(found.body, found.headers.get_content_type(), "", _SHOWN) if found else None
    return None


def _decoded(body: bytes, headers: HTTPMessage) -> str:
    """The words of a page, encoded as its byte order mark, its header or its own beginning says."""
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return body.decode(codec, "replace")
    within = _CHARSET.search(body, 0, 4096)
    for label in (headers.get_content_charset(""), within[1].decode(errors="replace") if within else ""):
        name = label.strip().lower().replace("_", "-")
        if _KNOWN.fullmatch(codec := _MEANT.get(name, name)):
            with suppress(LookupError):
                return body.decode(codec, "replace")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        is_cut = error.start >= len(body) - 3  # in the middle of a letter
        return body.decode("utf-8" if is_cut else "cp1252", "replace")


def _said(page: str) -> dict[str, str]:
    """The first content of each <meta>, by its name in lower case, and of '<title>'."""
    found: dict[str, str] = {}
    for name, words in _tags(page):
        if words.strip():
            found.setdefault(name, words)
    return found


def _tags(page: str) -> Iterator[tuple[str, str]]:
    """Each look ahead either finds its end or is the last, so that the time grows with the page and no faster."""
    at = 0
    for _ in range(_MOST_TAGS):
        if not (tag := _TAG.search(page, at)):
            return
        at, name = tag.end(), tag[1].lower()
        if name == "meta":
            if rest := _REST.match(page, at, at + _LONGEST_TAG):
                at = rest.end()
                yield _meta(rest[0])
            continue
        ends = re.compile("-->" if name == "!--" else rf"</{name}(?=[\s/>])", re.IGNORECASE)
        end = ends.search(page, at - 2)  # since <!--> is a whole comment
        if not end:
            return
        if name == "title":
            yield "<title>", html.unescape(page[page.find(">", at) + 1 : end.start()])
        at = end.end()


def _meta(rest: str) -> tuple[str, str]:
    attributes: dict[str, str] = {}
    for found in _ATTRIBUTE.finditer(rest):
        attributes.setdefault(found[1].lower(), html.unescape(found[2] or found[3] or found[4] or ""))
    name = attributes.get("property") or attributes.get("name") or ""
    return name.strip().lower(), attributes.get("content", "")
