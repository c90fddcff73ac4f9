"""Is this the item we know?"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as put

from smbot.identity import Trace, likeness, recognise, take_print

SENTENCE = (
    "The new version of MediaWiki will be on test wikis and MediaWiki.org from Tuesday, and on all wikis from Thursday."
)


def seen(text: str, group: str = "2026-11-20") -> Trace:
    return Trace(take_print(text), "News", group)


def found(now: Trace, *before: Trace) -> str | None:
    return recognise([now], {f"n{i}": trace for i, trace in enumerate(before)})[0]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (SENTENCE, SENTENCE.replace("Tuesday", "Tuesdya")),
        (SENTENCE, SENTENCE.upper()),
        (SENTENCE, SENTENCE.replace(",", "") + "!"),
        (SENTENCE, "  " + SENTENCE.replace(" ", "  ")),
        ("MediaWiki 1.46.0-wmf.3 is deployed to all wikis.", "MediaWiki 1.46.0-wmf.3 is now deployed to all wikis."),
        ("नया संस्करण सभी विकियों पर उपलब्ध है।", "नया संस्करण अब सभी विकियों पर उपलब्ध है।"),
    ],
)
def test_a_copy_edit_leaves_an_item_what_it_is(before: str, after: str) -> None:
    assert found(seen(after), seen(before)) == "n0"
    assert found(seen(after, "another day"), seen(before)) == "n0"


def test_a_corrected_number_in_its_place_is_the_same_item() -> None:
    assert found(seen(SENTENCE + " T400001"), seen(SENTENCE + " T400002")) == "n0"


def test_two_releases_that_differ_in_a_number_are_two_items() -> None:
    first = seen("MediaWiki 1.46.0-wmf.3 is deployed to all wikis.", "2026-11-13")
    second = seen("MediaWiki 1.46.0-wmf.4 is deployed to all wikis.", "2026-11-20")
    assert found(second, first) is None
    assert recognise([second, first], {"n0": first}) == [None, "n0"]


def test_on_one_day_too_when_both_are_there() -> None:
    first, second = (seen(f"MediaWiki 1.45.{n} is released.") for n in (1, 2))
    assert recognise([second, first], {"n0": first}) == [None, "n0"]


def test_other_news_is_news() -> None:
    assert found(seen("Patrolling got faster for everyone on small wikis."), seen(SENTENCE)) is None


def test_of_the_same_words_twice_those_in_the_old_place_are_the_known_ones() -> None:
    known = {"n0": seen(SENTENCE, "2026-12-03")}
    now = [put(seen(SENTENCE, day), keys=(day,)) for day in ("2027-03-03", "2026-12-03")]
    assert recognise(now, known) == [None, "n0"]


def test_each_item_is_one_known_item_and_the_likest_wins() -> None:
    known = {"n0": seen(SENTENCE), "n1": seen(SENTENCE + " This is a longer second one, which says more.")}
    now = [seen(SENTENCE + " This is a longer second one, which says a bit more."), seen("So " + SENTENCE)]
    assert recognise(now, known) == ["n1", "n0"]


@given(st.lists(st.text(max_size=40), max_size=6), st.lists(st.text(max_size=40), max_size=6))
@settings(max_examples=150, deadline=None)
def test_any_words_are_recognised_as_themselves(known: list[str], fresh: list[str]) -> None:
    traces = {f"n{i}": seen(text) for i, text in enumerate(known)}
    ids = recognise([seen(text) for text in [*known, *fresh]], traces)
    assert all(id_ is not None for id_ in ids[: len(known)])
    likes = [likeness(take_print(a), take_print(b)) for a in known for b in fresh]
    assert all(0 <= like <= 1 for like in likes)


def test_a_print_is_short_however_long_the_words_are() -> None:
    assert len(take_print("word " * 10_000)) < 120
    assert take_print("") == take_print("…")
