"""A long page as blocks that can be parsed one by one, so that a change of one card costs the parsing of one card.

Parsing the blocks one after the other gives the nodes that parsing the page gives, if every block is closed: if it
holds no beginning (`{`, `[`, `<`) of something that does not end in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from mwparserfromhell.nodes import Comment, ExternalLink, Heading, HTMLEntity, Node, Tag, Template, Text, Wikilink
from mwparserfromhell.wikicode import Wikicode

_START = re.compile(r"\n(?=\{\{\s*[A-Za-z]|==)")
_OPENING = re.compile(r"[{\[<]")


def cut(text: str) -> list[str]:
    """A page in blocks, cut before the lines that start with a template or a heading."""
    starts = [0, *(found.end() for found in _START.finditer(text)), len(text)]
    return [text[start:end] for start, end in pairwise(starts)]


def is_closed(*codes: Wikicode | None) -> bool:
    """Whether nothing begins in a parsed block, or in a part of one, that could end behind it."""
    return all(_ends(node) for code in codes if code is not None for node in code.nodes)


def _ends(node: Node) -> bool:
    match node:
        case Text():
            return not _OPENING.search(str(node))
        case Template():
            return is_closed(node.name, *_both((p.name, p.value) for p in node.params))
        case Tag():
            return _tag_ends(node)
        case Heading():
            return is_closed(node.title)
        case Wikilink():
            return is_closed(node.title, node.text)
        case ExternalLink():
            return is_closed(node.url, node.title)
        case Comment() | HTMLEntity():
            return True
    return False


def _tag_ends(tag: Tag) -> bool:
    if tag.wiki_markup:
        return str(tag.wiki_markup) in ("*", "#", ":", ";", "----")
    if tag.implicit or tag.invalid or not is_closed(*_both((a.name, a.value) for a in tag.attributes)):
        return False
    return str(tag.tag).lower() == "nowiki" or tag.self_closing or is_closed(tag.contents)


def _both(pairs: Iterable[tuple[Wikicode | None, Wikicode | None]]) -> list[Wikicode | None]:
    return [code for pair in pairs for code in pair]
