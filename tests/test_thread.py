"""Words as the posts of a thread: nothing is lost, everything fits, and nothing is parted that belongs together."""

from __future__ import annotations

import re

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from smbot import thread
from smbot.channels import mastodon

MOST = 10
COUNT = mastodon.rules({}).measure


def split(words: str, limit: int, most: int = MOST) -> tuple[str, ...]:
    return thread.split(words, lambda _, part: COUNT(part) <= limit, most)


@pytest.mark.parametrize(
    ("words", "posts"),
    [
        ("one\n---\ntwo", ("one", "two")),
        ("one\n  ------  \n\ntwo\n\n---\nthree\n", ("one", "two", "three")),
        ("---\none\n---\n---\n", ("one",)),
        ("one --- two\n-- \n- - -\n---three", ("one --- two\n-- \n- - -\n---three",)),
        ("one\n–––\n———", ("one\n–––\n———",)),
        ("---", ()),
        ("", ()),
    ],
)
def test_a_line_of_nothing_but_hyphens_begins_another_post(words: str, posts: tuple[str, ...]) -> None:
    assert thread.drawn(words) == posts


@pytest.mark.parametrize(
    ("limit", "words", "posts"),
    [
        (30, "It fits.", ("It fits.",)),
        (30, "A paragraph.\n\nA second one. It is longer.", ("A paragraph.", "A second one. It is longer.")),
        (30, "One is short. Two is short. Three is not.", ("One is short. Two is short.", "Three is not.")),
        (30, "- a line of a list\n- another line of it", ("- a line of a list", "- another line of it")),
        (30, "He asked “Why?” and nobody had an answer. “So!”", ("He asked “Why?” and nobody had", "an answer. “So!”")),
        (30, "Version 1.43 is out, e.g. for all who wait.", ("Version 1.43 is out, e.g. for", "all who wait.")),
        (20, "10\u00a0000 people\u202f! Many\u00a0of them", ("10\u00a0000 people\u202f!", "Many\u00a0of them")),
        (25, "ନୂଆ ସମ୍ପାଦକଙ୍କ ପାଇଁ କର୍ମଶାଳା। ସମସ୍ତଙ୍କୁ ସ୍ୱାଗତ!", ("ନୂଆ ସମ୍ପାଦକଙ୍କ ପାଇଁ କର୍ମଶାଳା।", "ସମସ୍ତଙ୍କୁ ସ୍ୱାଗତ!")),
        (20, "هل تعرف؟ نعم أعرف. شكرا", ("هل تعرف؟ نعم أعرف.", "شكرا")),
        (16, "یہ پہلا جملہ ہے۔ یہ دوسرا ہے۔", ("یہ پہلا جملہ ہے۔", "یہ دوسرا ہے۔")),
        (20, "שלום לכולם. ברוכים הבאים אלינו", ("שלום לכולם.", "ברוכים הבאים אלינו")),
        (22, "Xin chào các bạn! Cuộc họp mở cửa.", ("Xin chào các bạn!", "Cuộc họp mở cửa.")),
        (12, "维基百科有新的外观。请大家看看！", ("维基百科有新的外观。", "请大家看看！")),
        (12, "他说：“新的外观。”请大家看看！", ("他说：“新的外观。”", "请大家看看！")),
        (9, "维基百科有新的外观请大家看看", ("维基百科有新的外观", "请大家看看")),
        (9, "ウィキペディアの新しい外観です", ("ウィキペディアの新", "しい外観です")),
        (4, "👨‍👩‍👧 👩🏽‍🚀 🏳️‍🌈 🇩🇪🇮🇳", ("👨‍👩‍👧 👩🏽‍🚀", "🏳️‍🌈 🇩🇪🇮🇳")),
    ],
)
def test_a_post_ends_with_a_paragraph_else_a_sentence_else_a_word(
    limit: int, words: str, posts: tuple[str, ...]
) -> None:
    assert split(words, limit) == posts


@pytest.mark.parametrize(
    ("limit", "words", "posts"),
    [
        (
            25,
            "See https://example.org/维基百科有新的外观请大家看看",
            ("See", "https://example.org/维基百科有新的外观请大家看看"),
        ),
        (14, "Look: #维基百科有新的外观请大家", ("Look:", "#维基百科有新的外观请大家")),
        (32, "The words.\n\nhttps://example.org/a", ("The", "words.\n\nhttps://example.org/a")),
        (25, "Alone https://example.org/a?b=c.d,e!f", ("Alone", "https://example.org/a?b=c.d,e!f")),
        (27, "One. Two https://a.org/b Three", ("One.", "Two https://a.org/b", "Three")),
    ],
)
def test_an_address_stays_whole_and_is_not_left_alone_at_the_end(
    limit: int, words: str, posts: tuple[str, ...]
) -> None:
    assert split(words, limit) == posts


def test_what_cannot_be_parted_stays_too_long() -> None:
    assert split("x" * 50, 20) == ("x" * 50,)
    assert split("Short. " + "x" * 50 + " rest", 20) == ("Short.", "x" * 50 + " rest")


def test_behind_the_most_posts_the_rest_stays_in_one_piece() -> None:
    parts = split("Word. " * 100, 6, most=3)
    assert parts[:3] == ("Word.",) * 3
    assert len(parts) == 4
    assert " ".join(parts) == ("Word. " * 100)


PIECES = [
    *("a", "word", "longer", "Satz", ".", "!", "?", "…", "”", ",", " ", "  ", "\n", "\n\n", "\u00a0", "-", "---"),
    *(
        "ଓଡ଼ିଆ",
        "କର୍ମଶାଳା।",
        "مرحبا",
        "؟",
        "شكرا۔",
        "שָׁלוֹם",
        "cuộc",
        "họp",
        "维基",
        "百科",
        "。",
        "！",
        "、",
        "「",
        "」",
        "ウィキ",
        "が",
    ),
    *("👨‍👩‍👧", "🏳️‍🌈", "🇩🇪", "👩🏽‍🚀", "1️⃣", "e\u0301", "\u0301", "\u200d", "葛\U000e0100", "क्‍ष"),
    *("https://example.org/a?b=c.d", "https://zh.example.org/维基。", "@Jane_Doe@example.social", "#维基百科"),
]
WORDS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=60).map(lambda pieces: "".join(pieces).strip())


@given(WORDS, st.integers(5, 60))
@settings(max_examples=400, deadline=None)
def test_nothing_is_lost_or_parted_that_belongs_together(words: str, limit: int) -> None:
    parts = split(words, limit)
    edges = {0, *(match.end() for match in regex.finditer(r"\X", words))}
    links = [match.span() for match in re.finditer(r"https?://[\w./?=]+", words)]
    at = 0
    for number, part in enumerate(parts):
        begin = words.index(part, at)
        assert not words[at:begin].strip()
        at = begin + len(part)
        assert part == part.strip() or len(parts) == 1
        assert {begin, at} <= edges
        assert not any(start < place < end for place in (begin, at) for start, end in links)
        assert number == len(parts) - 1 or COUNT(part) <= limit
    assert at == len(words)


@given(
    st.lists(st.sampled_from(["word", "Satz.", "कख", "👨‍👩‍👧", "https://example.org/a"]), max_size=60),
    st.integers(30, 60),
)
@settings(max_examples=200, deadline=None)
def test_ordinary_words_always_fit(pieces: list[str], limit: int) -> None:
    assert all(COUNT(part) <= limit for part in split(" ".join(pieces), limit, most=60))


@given(WORDS)
@settings(max_examples=200, deadline=None)
def test_lines_people_drew_lose_nothing_but_the_lines(words: str) -> None:
    kept = [line for line in words.split("\n") if not re.fullmatch(r"[^\S\n]*-{3,}[^\S\n]*", line)]
    assert "".join("".join(thread.drawn(words)).split()) == "".join("".join(kept).split())
