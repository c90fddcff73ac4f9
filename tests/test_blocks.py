"""A page read block by block is the page read at once."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

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
    *("\n", "{{", "}}", "{{{", "}}}", "{|", "|}", "|-", "[[", "]]", "[", "]", "[http://x.org ", "http://x.org/"),
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
def test_the_cards_of_a_page_are_those_of_its_blocks(text: str) -> None:
    assert dict(review.read(text)) == review.cards(parse(text))


@settings(max_examples=1500, deadline=None)
@given(pages)
def test_the_nodes_of_a_page_are_those_of_its_blocks(text: str) -> None:
    pieces = blocks.split(text)
    assert "".join(pieces) == text
    at_once = [(type(node), str(node)) for node in parse(text).nodes if str(node).strip()]
    one_by_one = [(type(node), str(node)) for piece in pieces for node in parse(piece).nodes if str(node).strip()]
    assert merged(one_by_one) == merged(at_once)


def merged(nodes: list[tuple[type, str]]) -> list[tuple[type, str]]:
    """Neighbouring nodes of one kind as one: where text is cut does not matter."""
    result: list[tuple[type, str]] = []
    for kind, words in nodes:
        words = "".join(words.split())
        if result and result[-1][0] is kind:
            result[-1] = (kind, result[-1][1] + words)
        else:
            result.append((kind, words))
    return result


def test_a_queue_page_is_cut_into_its_cards() -> None:
    assert len(blocks.split("{{Smbot/status}}\n\n== To review ==\n\n" + CARD * 3)) == 5


def test_a_page_with_something_open_stays_in_one_piece() -> None:
    assert blocks.split(CARD + "<nowiki>\n" + CARD) == [CARD + "<nowiki>\n" + CARD]
