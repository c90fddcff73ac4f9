"""A long page as blocks that can be parsed one by one, so that a change of one card costs the parsing of one card.

Parsing the blocks one after the other gives the nodes that parsing the page gives, because every block is closed: it
holds no beginning (`{`, `[`, `<`) of something that does not end in it. Where one does, the page is left in one piece.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from mwparserfromhell.nodes import Comment, ExternalLink, Heading, HTMLEntity, Node, Tag, Template, Text, Wikilink
from mwparserfromhell.wikicode import Wikicode

from smbot.templates import parse

LONGEST = 20_000  # a longer block is not worth remembering

_START = re.compile(r"(?<=\n)(?=\{\{\s*[A-Za-z]|==)")
_OPENING = re.compile(r"[{\[<]")


def split(text: str) -> list[str]:
    """Cut a page before lines that start with a template or a heading; whole where that could change its meaning."""
    blocks = _START.split(text)
    return blocks if all(map(is_closed, blocks)) else [text]


def is_closed(block: str) -> bool:
    """Whether nothing begins in a block that could end behind it."""
    return _remembered(block) if len(block) < LONGEST else _is_closed(parse(block))


@lru_cache(maxsize=4096)
def _remembered(block: str) -> bool:
    return _is_closed(parse(block))


def _is_closed(*codes: Wikicode | None) -> bool:
    return all(_ends(node) for code in codes if code is not None for node in code.nodes)


def _ends(node: Node) -> bool:
    match node:
        case Text():
            return not _OPENING.search(str(node))
        case Template():
            return _is_closed(node.name, *_both((p.name, p.value) for p in node.params))
        case Tag():
            return _tag_ends(node)
        case Heading():
            return _is_closed(node.title)
        case Wikilink():
            return _is_closed(node.title, node.text)
        case ExternalLink():
            return _is_closed(node.url, node.title)
        case Comment() | HTMLEntity():
            return True
    return False


def _tag_ends(tag: Tag) -> bool:
    if tag.wiki_markup:
        return str(tag.wiki_markup) in ("*", "#", ":", ";", "----")
    if tag.implicit or tag.invalid or not _is_closed(*_both((a.name, a.value) for a in tag.attributes)):
        return False
    return str(tag.tag).lower() == "nowiki" or tag.self_closing or _is_closed(tag.contents)


def _both(pairs: Iterable[tuple[Wikicode | None, Wikicode | None]]) -> list[Wikicode | None]:
    return [code for pair in pairs for code in pair]
