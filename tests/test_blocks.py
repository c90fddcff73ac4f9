"""A page read block by block is the page read at once."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mwparserfromhell.nodes import Node

from smbot import blocks, review
from smbot.templates import parse

CARD = (
    "{{Smbot/candidate\n| id = n1\n| status = waiting\n| check = 12\n| text = Words and [https://x.org a link].\n}}\n"
)
PIECES = (
    CARD,
    CARD.replace("n1", "n2"),
    CARD.replace("Words", "<nowiki>{{[[</nowiki>"),
    CARD.replace("| text = ", "| preview = {{Smbot/post|text=a}}{{Smbot/post|text=<nowiki>b|c</nowiki>}}\n| text = "),
    *("\n", "== A ==\n", "==", "{{", "}}", "{{{", "}}}", "{|", "|}", "|-"),
    *("[[", "]]", "[", "]", "[http://x.org ", "http://x.org/"),
    *(
        "<nowiki>",
        "</nowiki>",
        "<nowiki/>",
        "<!--",
        "-->",
        "<div>",
        "</div>",
        "<br>",
        "<li>",
        "<ref name=a/>",
        "<b a='",
    ),
    *(
        "''",
        "'''",
        "== To review ==\n",
        "=== A card ===\n",
        "==",
        "\n*",
        "\n;",
        ":",
        "\n----\n",
        "words",
        "|",
        "=",
        "&lt;",
    ),
    *("{{Smbot/candidate", "| id = n3\n", "| status = approved\n", "{{!}}", "{{Smbot/status}}\n", "<", "{", "-{", "}-"),
)
pages = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


@settings(max_examples=1500, deadline=None)
@given(pages)
def test_the_cards_and_headings_of_a_page_are_those_of_its_blocks(text: str) -> None:
    quickly, at_once = review.pieces(text), review.apart(text)
    assert "".join(piece.wikitext for piece in quickly) == text
    assert [p for p in quickly if p.template or p.level] == [p for p in at_once if p.template or p.level]


@settings(max_examples=1500, deadline=None)
@given(pages)
def test_the_nodes_of_a_page_of_closed_blocks_are_those_of_its_blocks(text: str) -> None:
    pieces = blocks.cut(text)
    assert "".join(pieces) == text
    codes = [parse(piece) for piece in pieces]
    if all(map(blocks.is_closed, codes)):
        assert merged([n for code in codes for n in code.nodes]) == merged(parse(text).nodes)


def merged(nodes: Iterable[Node]) -> list[tuple[type, str]]:
    """Neighbouring nodes of one kind as one, without white space: where text is cut does not matter."""
    result: list[tuple[type, str]] = []
    for node in nodes:
        kind, words = type(node), "".join(str(node).split())
        if result and result[-1][0] is kind:
            result[-1] = (kind, result[-1][1] + words)
        elif words:
            result.append((kind, words))
    return result


def test_a_queue_page_is_cut_into_closed_cards() -> None:
    pieces = blocks.cut("{{Smbot/status}}\n\n== To review ==\n\n" + CARD * 3)
    assert len(pieces) == 5
    assert all(blocks.is_closed(parse(piece)) for piece in pieces)


@pytest.mark.parametrize("opening", ["<nowiki>", "<!--", "{{", "[[", "<div>", "{|", "<li>"])
def test_a_block_in_which_something_begins_is_not_closed(opening: str) -> None:
    assert not blocks.is_closed(parse(CARD + opening + "\n"))
