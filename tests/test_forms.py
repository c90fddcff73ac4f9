"""What people fill in, and what it says."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smbot import forms
from smbot.model import Candidate
from smbot.templates import kept, named, parse

OURS = frozenset({"id", "answer"})


def filled(wikitext: str) -> tuple[Candidate, list[str]]:
    """What a form says, and the messages of its problems."""
    (template,) = named(parse(f"{{{{Form{wikitext}}}}}"), "Form")
    candidate, problems = forms.read(template, OURS)
    assert all(problem.remedy for problem in problems)
    return candidate, [problem.message for problem in problems]


def written(candidate: Candidate, wikitext: str = "") -> str:
    (template,) = named(parse(f"{{{{Form{wikitext}}}}}"), "Form")
    forms.write(template, candidate)
    return str(template)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-25 14:00", (2026, 11, 25, 14, 0)),
        ("2026-11-25T14:00Z", (2026, 11, 25, 14, 0)),
        ("2026-11-25 14:00 UTC", (2026, 11, 25, 14, 0)),
        ("14:00, 25 November 2026 (UTC)", (2026, 11, 25, 14, 0)),
        ("25 November 2026 14:00", (2026, 11, 25, 14, 0)),
        ("25 november 2026", (2026, 11, 25, 0, 0)),
        ("  2026-11-25  ", (2026, 11, 25, 0, 0)),
    ],
)
def test_times_are_read_as_people_write_them_and_are_utc(text: str, time: tuple[int, int, int, int, int]) -> None:
    assert forms.parse_time(text) == datetime(*time, tzinfo=UTC)


def test_a_day_alone_ends_at_its_last_minute() -> None:
    candidate, problems = filled("|not before=2026-11-25|not after=2026-11-25")
    assert problems == []
    assert (forms.show_time(candidate.not_before), forms.show_time(candidate.not_after)) == (
        "2026-11-25 00:00",
        "2026-11-25 23:59",
    )


@pytest.mark.parametrize(
    "text",
    [
        *("tomorrow", "2026-13-01", "25/11/2026", "2026-11-25 14:00 CET", "2026-11-25 25:00"),
        *("0000-00-00", "0001-01-01", "9999-12-31 23:59", "31 December 9999"),
    ],
)
def test_a_time_that_cannot_be_read_is_told_and_means_no_time(text: str) -> None:
    candidate, problems = filled(f"|not before={text}")
    assert candidate.not_before is None
    assert len(problems) == 1
    assert text in problems[0]


@given(st.datetimes(datetime(1900, 1, 1), datetime(2999, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001
@settings(max_examples=50, deadline=None)
def test_a_time_shown_is_read_back_to_the_minute(time: datetime) -> None:
    assert forms.parse_time(forms.show_time(time)) == time.replace(second=0, microsecond=0)


def test_a_form_says_what_it_says() -> None:
    candidate, problems = filled(
        "\n| accounts = MediaWiki, wikitech; wikitech\n| text = Words.\n| text wikitech = Other words.\n"
        "| link = https://example.org/a\n| image = File:A_b.png\n| alt = A b.\n| language = pt-BR\n| notes = Hi\n"
        "| warning = Spiders,\n large ones\n"
    )
    assert problems == []
    assert candidate == Candidate(
        ("mediawiki", "wikitech"),
        "Words.",
        (("wikitech", "Other words."),),
        "https://example.org/a",
        "A b.png",
        "A b.",
        language="pt-BR",
        notes="Hi",
        warning="Spiders, large ones",
    )


@pytest.mark.parametrize(
    ("field", "place"),
    [
        ("text wikitech", "wikitech"),
        ("text Bluesky", "bluesky"),
        ("text wikitech/bluesky", "wikitech/bluesky"),
        ("text wikitech bluesky", "wikitech/bluesky"),
        (" text  Wikitech / bluesky ", "wikitech/bluesky"),
    ],
)
def test_words_of_their_own_are_for_an_account_a_network_or_one_on_the_other(field: str, place: str) -> None:
    assert filled(f"|{field}=Own.") == (Candidate(own=((place, "Own."),)), [])
    assert filled(f"|{field}=") == (Candidate(), [])


@pytest.mark.parametrize(
    ("wikitext", "part"),
    [
        ("|text=Use a|b to pipe", "b to pipe"),
        ("|text=a|txet=b", "txet = b"),
        ("|text=one|text=two", "‘text’ is there twice"),
        ("|accounts=a|accounts=b", "‘accounts’ is there twice"),
        ("|text wikitech=one|text wikitech=two", "‘text wikitech’ is there twice"),
        ("|text a/b=one|text a b=two", "‘text a/b’ is there twice"),
        ("|text / =one", "text / = one"),
        ("|text=see [[a]]", "[[a]]"),
    ],
)
def test_what_belongs_to_no_field_is_told(wikitext: str, part: str) -> None:
    _, problems = filled(wikitext)
    assert len(problems) == 1
    assert part in problems[0]


def test_what_smbot_fills_in_and_empty_arguments_are_no_problem() -> None:
    assert filled("|id=r1|answer={{Smbot/answer|1=a}}||text=a")[1] == []


plain_words = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30).map(kept).map(str.strip)


@given(
    st.builds(
        Candidate,
        accounts=st.lists(st.sampled_from(["mediawiki", "wikitech"]), unique=True).map(tuple),
        text=plain_words,
        own=st.dictionaries(st.sampled_from(["bluesky", "wikitech", "wikitech/bluesky"]), plain_words.filter(bool)).map(
            lambda own: tuple(sorted(own.items()))
        ),
        link=plain_words,
        alt=plain_words,
        not_before=st.none() | st.just(datetime(2026, 1, 1, 5, 30, tzinfo=UTC)),
        language=st.sampled_from(["en", "or"]),
        notes=plain_words,
        warning=plain_words.map(lambda words: " ".join(words.split())),
    )
)
@settings(max_examples=150, deadline=None)
def test_a_candidate_written_into_a_form_is_read_back(candidate: Candidate) -> None:
    again, problems = filled(written(candidate)[len("{{Form") : -2])
    assert (again, problems) == (candidate, [])
    assert written(candidate, written(candidate)[len("{{Form") : -2]) == written(candidate)


def test_writing_leaves_what_already_says_so_and_peoples_notes() -> None:
    before = "\n|accounts=  MediaWiki \n|text= A &amp; b \n| notes = mine\n"
    after = written(Candidate(("mediawiki",), "A & b"), before)
    assert "|text= A &amp; b \n| notes = mine\n" in after


def test_writing_takes_away_words_of_their_own_that_are_no_longer_there() -> None:
    before = "|text=a|text wikitech=old|text wikitech bluesky=b"
    after = written(Candidate(text="a", own=(("wikitech/bluesky", "b"),)), before)
    assert filled(after[len("{{Form") : -2]) == (Candidate(text="a", own=(("wikitech/bluesky", "b"),)), [])
    assert "old" not in after


@pytest.mark.parametrize("line", ["---", "----", "----------"])
def test_a_line_of_hyphens_as_typed_is_part_of_the_words(line: str) -> None:
    assert filled(f"|text = One.\n{line}\nTwo.\n") == (Candidate(text=f"One.\n{line}\nTwo."), [])


@pytest.mark.parametrize(
    ("text", "short"),
    [("short", "short"), ("a\nb", "a b"), ("word " * 20, "word word…"), ("x" * 30, "x" * 10 + "…"), ("", "")],
)
def test_a_heading_is_the_first_words_on_one_line(text: str, short: str) -> None:
    assert forms.shorten(text, 10) == short


@pytest.mark.parametrize("listed", ["a, b", "a;b", "a\nb\n", "a، b", "a؛b", "a、b", "a，b", " , a ,, b,"])
def test_a_list_has_the_commas_of_any_script(listed: str) -> None:
    assert forms.split(listed) == ("a", "b")
