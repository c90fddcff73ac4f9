"""Feeds of blogs and other sites: RSS 0.9 to 2.0, RSS 1.0 (RDF) and Atom.

https://www.rssboard.org/rss-specification, https://web.resource.org/rss/1.0/spec, https://www.rfc-editor.org/rfc/rfc4287
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit, urlunsplit

from msgspec import Struct

from smbot.htmlwords import excerpt, first_sentence, paragraphs
from smbot.messages import say
from smbot.model import Item, Link, Page, Permalink, Problem, Reading, Site
from smbot.sources import Source, Wants
from smbot.sources.feed_sieve import NoFeedError, Sifted, sift, text_of

__all__ = ["any_feed", "technical_blog", "text_of"]

MOST = 100  # items; a feed is for news


class Feed(Struct, frozen=True):
    """A feed as a source. The page that is read is its text (see `text_of`), titled by its address."""

    PAGE: str
    WIKI: str = "mediawiki:mediawiki"
    PICK: bool = False
    POST: str = "$title\n\n$tags"

    def wants(self, page: str, now: datetime, days: int) -> Wants:  # noqa: ARG002 - a feed holds what it holds
        """The feed itself."""
        return Wants(address=page)

    def read(self, page: Page, site: Site, source: str, now: datetime) -> Reading:  # noqa: ARG002
        """Its newest entries as items, newest first."""
        try:
            sifted = sift(page.text, page.title)
            feed, raw = _parsed(sifted.data, page.title)
        except NoFeedError as error:
            return Reading(problems=(Problem(str(error), say("source-no-feed-remedy")),))
        home = {_address(_said(feed, "link")), _address(page.title)}
        entries = _told_apart([_entry(entry, feed) for entry in raw], home)
        group = " ".join(paragraphs(_said(feed, "title"))) or page.title
        items = tuple(_item(entry, page, source, group) for entry in entries)
        problems = tuple(_problems(page.title, sifted, len(items)))
        return Reading(items, problems, placeholder=not items and not problems)


technical_blog: Source = Feed(
    "https://techblog.wikimedia.org/feed/", POST="New on the Wikimedia Technical Blog: $title\n\n$tags"
)
any_feed: Source = Feed("")


def _problems(address: str, sifted: Sifted, items: int) -> Iterable[Problem]:
    if sifted.trouble:
        yield Problem(sifted.trouble, say("source-feed-trouble-remedy"))
    elif sifted.entries and not items:
        yield Problem(say("source-feed-no-words", address), say("source-feed-no-words-remedy"))


# --- entries ----------------------------------------------------------------------------------------------------------


class _Entry(NamedTuple):
    title: str
    text: str
    id: str
    link: str
    published: date | None
    language: str
    keys: tuple[str, ...] = ()


def _parsed(data: bytes, address: str) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    """A sifted feed by feedparser: the feed and its entries, as plain dicts. Raises NoFeedError.

    A file in memory, as feedparser takes bytes that are the name of a file for that file.
    """
    import feedparser

    headers = {"content-location": address, "content-type": "application/xml; charset=utf-8"}
    try:
        parsed = feedparser.parse(
            io.BytesIO(data), response_headers=headers, resolve_relative_uris=False, sanitize_html=False
        )
        return dict(parsed.feed), [dict(entry) for entry in parsed.entries]
    except Exception as error:  # it says nothing about what it raises
        raise NoFeedError(say("source-feed-unreadable", address)) from error


def _entry(entry: Mapping[str, Any], feed: Mapping[str, Any]) -> _Entry:
    content = next((str(part.get("value", "")) for part in entry.get("content", ())), "")
    text = excerpt(_said(entry, "summary")) or excerpt(content)
    title = " ".join(paragraphs(_said(entry, "title"))) or first_sentence(text)
    day = next((day for key in ("published", "updated", "created") if (day := _day(_said(entry, key)))), None)
    tongues = (entry.get("language"), *(entry.get(f"{key}_detail", {}).get("language") for key in ("title", "summary")))
    language = next((code for said in (*tongues, feed.get("language")) if (code := _language(said))), "en")
    return _Entry(title, text or title, _said(entry, "id").strip(), _address(_said(entry, "link")), day, language)


def _said(values: Mapping[str, Any], key: str) -> str:
    value = values.get(key)
    return value if isinstance(value, str) else ""


def _day(said: str) -> date | None:
    """The day in UTC of a date as Atom or RSS have it; None for what is none.

    feedparser makes days of more than that, also of '2026-13-45', and fills in what is missing by the clock.
    """
    for reader in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            at = reader(said.strip())
            return (at.astimezone(UTC) if at.tzinfo else at).date()
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def _language(said: object) -> str:
    """'en' for 'en-US'; '' for what is no language."""
    found = re.match(r"\s*([a-z]{2,3})(?:[-_]|\s*$)", said, re.I) if isinstance(said, str) else None
    return found[1].lower() if found and found[1].lower() != "und" else ""


def _told_apart(entries: list[_Entry], home: set[str]) -> list[_Entry]:
    """The newest entries that say something, each once and with its keys, newest first.

    An address that several entries share, or that is just the site's, tells nothing apart: it is no key.
    """
    seen: set[tuple[str, ...]] = set()
    kept: list[_Entry] = []
    for entry in sorted(entries, key=lambda entry: entry.published or date.min, reverse=True):
        names = {(entry.id or entry.title,), (_whole(entry.link), entry.title)}
        if entry.title and not names & seen:
            kept.append(entry)
        seen |= names
    shared = Counter(address for entry in kept for address in {entry.link, _whole(entry.link)})
    shared.update(dict.fromkeys({*home, ""}, 2))
    return [entry._replace(keys=_keys(entry, shared)) for entry in kept[:MOST]]


def _keys(entry: _Entry, shared: Mapping[str, int]) -> tuple[str, ...]:
    """Its id, and its address without the part after '#', where that tells entries of one page apart with it."""
    address = next((link for link in (_whole(entry.link), entry.link) if shared[link] == 1), "")
    return tuple(dict.fromkeys(filter(None, (entry.id, address))))


def _item(entry: _Entry, page: Page, source: str, group: str) -> Item:
    return Item(
        source=source,
        group=entry.published.isoformat() if entry.published else group,
        section="",
        text=entry.text,
        links=(Link(entry.link, entry.title),) if entry.link else (),
        permalink=Permalink(page.title, page.revision, entry.link),
        published=entry.published,
        language=entry.language,
        title=entry.title,
        identity=entry.title,
        keys=entry.keys,
    )


# --- addresses --------------------------------------------------------------------------------------------------------

_TRACKING = re.compile(r"(?:utm_\w+|fbclid|gclid|igshid|mc_[ce]id|mkt_tok|ref_src)(?:=|\Z)", re.I)
_HOST = re.compile(r"[^\s@\\\[\]<>\"'{}|^`%]+")
_SAFE = "%/:@!$&'()*+,;=~?#"
_LONGEST = 2000  # characters


def _address(url: str) -> str:
    """An address of the web in percents, without what tracks who follows it; '' for anything else."""
    try:
        parts = urlsplit(url.strip().replace("&amp;", "&"))
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(parts.netloc) or len(url) > _LONGEST:
        return ""
    query = "&".join(part for part in parts.query.split("&") if not _TRACKING.match(part))
    rest = quote(urlunsplit(("", "", parts.path, query, parts.fragment)), safe=_SAFE, errors="replace")
    return f"{parts.scheme}://{parts.netloc.lower()}{rest}"


def _whole(address: str) -> str:
    return address.partition("#")[0]
