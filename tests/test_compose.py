"""The exact words of each channel, what is wrong with them, and the digest a decision is bound to."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smbot import compose
from smbot.model import Candidate, Image, Link, Text
from smbot.settings import Account
from tests.builders import ACCOUNTS, CHANNEL, NOW, RULES, digest, item

FULL = Candidate(
    ("mediawiki", "wikitech"),
    "Words.",
    (("wikitech", "Other words."),),
    "https://example.org/a",
    "A.png",
    "An A.",
    NOW,
    NOW + timedelta(days=1),
)


def problems(**changed: object) -> list[str]:
    """What is wrong with a candidate that would be fine without these changes."""
    found = compose.problems(replace(FULL, **changed), ACCOUNTS, RULES)  # type: ignore[arg-type]
    assert all(problem.remedy for problem in found)
    return [problem.message for problem in found]


def words(text: str, link: str = "") -> str:
    return compose.texts(Candidate(("mediawiki",), text, link=link), ACCOUNTS)[CHANNEL].words


def test_each_channel_gets_its_words_with_the_link_and_the_image() -> None:
    assert compose.texts(FULL, ACCOUNTS) == {
        "mediawiki/mastodon": Text("Words.\n\nhttps://example.org/a", "en", (Image("A.png", "An A."),)),
        "wikitech/mastodon": Text("Other words.\n\nhttps://example.org/a", "en", (Image("A.png", "An A."),)),
    }
    assert compose.texts(replace(FULL, accounts=("nobody",)), ACCOUNTS) == {}


@pytest.mark.parametrize(
    ("text", "appended"),
    [
        ("See https://example.org/a now", False),
        ("See https://example.org/a.", False),
        ("(https://example.org/a)", False),
        ("See https://example.org/a", False),
        ("See https://example.org/about", True),
        ("See https://example.org/a/b and https://example.org/a.html", True),
        ("See https://example.org/a?b=c", True),
        ("No address", True),
    ],
)
def test_the_link_stands_in_the_words_once(text: str, appended: bool) -> None:
    link = "https://example.org/a"
    assert words(text, link) == (f"{text}\n\n{link}" if appended else text)
    assert words(words(text, link), link) == words(text, link)


def test_a_link_alone_is_a_post_and_words_are_in_one_normal_form() -> None:
    assert words("", "https://example.org/a") == "https://example.org/a"
    assert words("e\u0301") == "é"


CHANGES = {
    "words": {"text": "Words!"},
    "own words": {"own": (("wikitech", "Others."),)},
    "account": {"accounts": ("mediawiki",)},
    "unknown account": {"accounts": ("mediawiki", "wikitech", "nobody")},
    "language": {"language": "de"},
    "image": {"image": "B.png"},
    "no image": {"image": ""},
    "alt": {"alt": "Another A."},
    "not before": {"not_before": NOW - timedelta(minutes=1)},
    "not after": {"not_after": None},
    "link": {"link": "https://example.org/b"},
    "invisible": {"text": "Wo\u200brds."},
}


@pytest.mark.parametrize("changed", CHANGES.values(), ids=CHANGES)
def test_the_digest_changes_with_every_part_of_a_post(changed: dict[str, object]) -> None:
    assert digest(replace(FULL, **changed)) != digest(FULL)  # type: ignore[arg-type]


def test_the_digest_changes_with_the_networks_of_an_account() -> None:
    more = ACCOUNTS | {"mediawiki": Account("mediawiki", ("mastodon", "bluesky"), frozenset({"Alice"}))}
    assert digest(FULL, more) != digest(FULL)


@pytest.mark.parametrize(
    "changed",
    [{"notes": "x"}, {"accounts": ("wikitech", "mediawiki")}, {"not_before": NOW + timedelta(seconds=30)}],
    ids=["notes", "order", "seconds"],
)
def test_the_digest_changes_with_nothing_else(changed: dict[str, object]) -> None:
    assert digest(replace(FULL, **changed)) == digest(FULL)  # type: ignore[arg-type]


@given(st.tuples(st.text(max_size=9), st.text(max_size=9)), st.tuples(st.text(max_size=9), st.text(max_size=9)))
@settings(max_examples=100, deadline=None)
def test_two_posts_share_a_digest_only_when_they_are_the_same(one: tuple[str, str], other: tuple[str, str]) -> None:
    a, b = (Candidate(("mediawiki",), text, image="A.png", alt=alt) for text, alt in (one, other))
    same = compose.texts(a, ACCOUNTS) == compose.texts(b, ACCOUNTS)
    assert (digest(a) == digest(b)) == same


def test_a_good_candidate_has_no_problem() -> None:
    assert problems() == []


def test_too_long_says_by_how_much_and_nothing_is_cut() -> None:
    (said,) = problems(text="x" * 500, link="", own=(("wikitech", "y" * 503),))
    assert said == "The words for wikitech on mastodon are 3 characters too long (limit 500)."
    assert problems(text="x" * 500, link="", own=(("wikitech", "y" * 500),)) == []
    assert len(words("x" * 700)) == 700


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"accounts": ()}, "No account is named."),
        ({"accounts": ("nobody",)}, "There is no account ‘nobody’."),
        ({"accounts": ("mediawiki",)}, "There are words for ‘wikitech’, which is not among the accounts."),
        ({"text": "", "link": ""}, "There are no words for mediawiki."),
        ({"image": ""}, "There is an alternative text but no image."),
        ({"alt": ""}, "The image has no alternative text."),
        ({"alt": "x" * 1501}, "The alternative text is longer than 1500 characters."),
        ({"not_after": NOW}, "‘not after’ is before ‘not before’."),
        ({"language": "English"}, "‘English’ is not a language code."),
        ({"language": "EN"}, "‘EN’ is not a language code."),
        ({"link": "example.org"}, "‘example.org’ is not a web address."),
    ],
)
def test_what_is_wrong_is_told(changed: dict[str, object], message: str) -> None:
    assert message in problems(**changed)


@pytest.mark.parametrize(
    "text",
    [
        "a\u202eb",  # overrides and isolates
        "a\u2066b\u2069",
        "שלום \u202aa",
        "a\u200bb",  # zero width space, joiners between Latin letters
        "a\u200cb",
        "a\u200db",
        "a\u2060b",
        "a\ufeffb",
        "soft\u00adhyphen",
        "a\U000e0041b",  # tags
        "a\U000e007f",
        "a\u0000b",
        "a\tb",
        "a\rb",
        "a\u0085b",
        "a\u2028b",
        "a\u200eb",  # a direction mark where all runs one way
        "\u3164",
        "a\ue000",
        "a\u180eb",
    ],
)
def test_characters_that_hide_or_move_words_are_told(text: str) -> None:
    assert any("invisible" in said for said in problems(text=text))
    assert any("invisible" in said for said in problems(alt=text))


@pytest.mark.parametrize(
    "text",
    [
        "Family 👨‍👩‍👧, astronaut 👩🏽‍🚀, rainbow 🏳️‍🌈, heart ❤️, 1️⃣",
        "Scotland 🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f and 🇩🇪",
        "می‌خواهم",  # ZWNJ in Persian
        "क्‍ष ශ්‍රී",  # ZWJ in Devanagari and Sinhala
        "שלום \u200fMediaWiki\u200f!",
        "مرحبا \u200eMediaWiki",
        "葛\U000e0100",  # an ideographic variant
        "两行\n\nTwo lines – “quoted” … 50 %",
        "ଓଡ଼ିଆ ᱚᱞ ᠮᠣᠩᠭᠣᠯ",
    ],
)
def test_characters_that_scripts_and_emoji_need_are_fine(text: str) -> None:
    assert problems(text=text) == []


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("https://example.org", True),
        ("http://example.org/a?b=c#d", True),
        ("https://de.wikipedia.org/wiki/Ä_(Ö)", True),
        ("https://example.social/@name/1", True),
        ("https://bücher.example", True),
        ("", False),
        ("example.org", False),
        ("//example.org", False),
        ("https://localhost", False),
        ("javascript:alert(1)", False),
        ("data:text/html,a", False),
        ("ftp://example.org", False),
        ("https://example.org and more", False),
        ("https://example.org\n", False),
        ("https://example.org/a|b", False),
        ("https://example.org/]]", False),
        ("https://example.org/{{a}}", False),
        ('https://example.org/"', False),
        ("https://example.org/<b>", False),
        ("https://wikipedia.org@evil.example", False),
        ("https://user:pass@evil.example", False),
        ("https://example.org/\u202egpj", False),
        ("https://example.org\\@evil.example", False),
        ("https://[", False),
    ],
)
def test_a_web_address_is_one_whole_address_that_is_what_it_looks_like(text: str, is_one: bool) -> None:
    assert compose.is_web_address(text) == is_one


def test_an_item_proposes_its_words_and_its_first_link_with_words() -> None:
    bare, worded = Link("https://example.org/1"), Link("https://example.org/2", "words")
    made = [compose.from_item(item("News.", links=links), ("a",)).link for links in ((bare, worded), (bare,), ())]
    assert made == ["https://example.org/2", "https://example.org/1", "https://wiki.test/News?oldid=7"]
    assert compose.from_item(item("News.", language="or"), ("a",)).language == "or"
