"""What a source would propose, from the live wiki or a saved page, without any account and without any desk."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import asdict, replace

from smbot import compose, intake, sources, wording
from smbot.channels import network
from smbot.errors import UsageError
from smbot.gather import titles
from smbot.identity import take_print
from smbot.messages import number, say
from smbot.model import Candidate, Flag, Item, Page, Permalink, Reading, Rules, Text
from smbot.newsstand import Newsstand
from smbot.settings import Account, Feed
from smbot.sources.web_feed import text_of
from smbot.wikitext import WIKIMEDIA

if TYPE_CHECKING:
    from smbot.wiki import Wiki

BOTH = ("mediawiki", "wikitech")
USUAL_ACCOUNTS = {"mediawiki-news": ("mediawiki",), "calls-for-mentors": BOTH, "requests": BOTH}
_NO_NEWS = {Flag.RECURRENT, Flag.CANCELLED}  # what is never proposed

Shown = dict[str, Any]
USUAL_NETWORKS = ("mastodon", "bluesky", "x")  # the networks whose limits differ enough to be worth seeing


class Wish(Struct, frozen=True):
    """What to preview. `file` '-' is standard input; an empty `title`, `wiki` or `accounts` is the usual one.

    `title` is what is read: a page, the beginning of page names, or a web address.
    """

    source: str
    file: str | None
    title: str
    wiki: str
    days: int
    accounts: tuple[str, ...]

    def voices(self) -> dict[str, Account]:
        """The accounts to show, on every network there is."""
        names = self.accounts or USUAL_ACCOUNTS.get(self.source, ("wikitech",))
        return {name: Account(name, USUAL_NETWORKS, frozenset()) for name in names}


def candidates(wish: Wish, wiki: Callable[[str], Wiki], home: str) -> tuple[list[Shown], list[str]]:
    """The candidates as JSON values, and what is wrong with the pages they were read from.

    `wiki` opens a wiki by name. Raises UsageError for a page or file that is not there.
    """
    if wish.source == "requests":
        return _requested(wish, _requests_page(wish, wiki, home))
    readings = [_from_file(wish)] if wish.file else _read(wish, wiki)
    problems = [str(problem) for reading in readings for problem in reading.problems]
    problems += [say("cli-nothing-found") for r in readings if not r.items and not r.problems and not r.placeholder]
    return [_proposed(item, wish) for r in readings for item in r.items if not item.flags & _NO_NEWS], problems


def _proposed(item: Item, wish: Wish) -> Shown:
    id_ = f"n{compose.fingerprint(wish.source + take_print(item.identity or item.text))[:9]}"
    accounts = wish.voices()
    template = sources.source(wish.source).POST
    return _shown(id_, item, wording.propose(item, template, tuple(accounts), accounts, _rules(accounts)), wish)


def _from_file(wish: Wish) -> Reading:
    reader, now = sources.source(wish.source), datetime.now(UTC)
    page = _page_from(wish.file or "", wish.title or reader.PAGE)
    site = WIKIMEDIA.get(wish.wiki or reader.WIKI, WIKIMEDIA["mediawiki:mediawiki"])
    return reader.read(replace(page, created=now), site, wish.source, now)


def _page_from(file: str, title: str) -> Page:
    try:
        body = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        text = text_of(body, "") if body.lstrip().startswith(b"<?xml") else body.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(say("cli-file-unreadable", file, error)) from error
    return Page(title, revision=1, text=text, url="", timestamp=datetime.now(UTC))


def _read(wish: Wish, open_wiki: Callable[[str], Wiki]) -> list[Reading]:
    """What the source yields now, as a desk that never read it would see it."""
    reader, now = sources.source(wish.source), datetime.now(UTC)
    if not (wish.title or reader.PAGE):
        raise UsageError(say("cli-no-usual-page", wish.source))
    wiki = wish.wiki or reader.WIKI
    feed = Feed(wish.source, wish.source, wish.title or reader.PAGE, wiki, ())
    found, unread = Newsstand(open_wiki).read([feed], {}, now, wish.days)
    if unread:
        raise UsageError(unread[wish.source])
    pages = found.get(wish.source, ())
    if not any(page.exists for page, _ in pages):
        raise UsageError(say("cli-no-page-on-wiki", feed.page, wiki))
    return [reading for page, reading in pages if page.exists]


def _requests_page(wish: Wish, open_wiki: Callable[[str], Wiki], home: str) -> Page:
    title = wish.title or titles(home, "").requests
    if wish.file:
        return _page_from(wish.file, title)
    page = open_wiki(wish.wiki).read([title])[title]
    if not page.exists:
        raise UsageError(say("cli-no-page", title))
    return page


def _requested(wish: Wish, page: Page) -> tuple[list[Shown], list[str]]:
    found = []
    for request in intake.read(page, (), 0, page.text, ""):
        item = Item("requests", "", "", request.candidate.text, (), Permalink(page.title, page.revision, page.url))
        shown = _shown(request.id or f"r{request.asked[:9]}", item, request.candidate, wish)
        found.append(shown | {"problems": [str(p) for p in request.problems] + shown["problems"]})
    unreadable = intake.mark_unreadable(page.text).count(f"{{{{{intake.UNREADABLE}}}}}")
    return found, [say("cli-requests-unreadable", unreadable)] if unreadable else []


def _shown(id_: str, item: Item, candidate: Candidate, wish: Wish) -> Shown:
    accounts = wish.voices()
    rules = _rules(accounts)
    texts = compose.texts(candidate, accounts, rules)
    links = [asdict(link) for link in item.links]
    return {
        "id": id_,
        "source": item.source,
        "group": item.group,
        "section": item.section,
        "texts": {channel: "\n---\n".join(text.parts) for channel, text in texts.items()},
        "lengths": {channel: _length(text, rules[channel]) for channel, text in texts.items()},
        "links": links or ([{"url": candidate.link, "label": ""}] if candidate.link else []),
        "flags": sorted(flag.value for flag in item.flags),
        "published": item.published,
        "event": item.event.start if item.event else None,
        "permalink": item.permalink.url,
        "problems": [str(problem) for problem in compose.problems(candidate, accounts, rules)],
    }


def _rules(accounts: Mapping[str, Account]) -> dict[str, Rules]:
    return {channel: network(channel.split("/")[1]).rules({}) for a in accounts.values() for channel in a.channels}


def _length(text: Text, rules: Rules) -> str:
    counts = (compose.length(words, rules, text.warning) for words in text.parts)
    return say("cli-length", " + ".join(map(number, counts)), rules.characters)
