"""Is this the news that another source told, and is it like something posted before?"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smbot.alike import CUT, HUB, Archive, Degree, Match, Told
from smbot.marks import marks_of

PAIRS: dict[str, list[dict[str, Any]]] = tomllib.loads(
    (Path(__file__).parent / "data" / "alike.toml").read_text(encoding="utf-8")
)
TASK = "https://phabricator.wikimedia.org/T400021"
SENTENCE = "The visual editor keeps a draft on every wiki when the connection of a reader is lost."


def found(one: str, other: str, *, links: tuple[str, ...] = (), cut: int | None = None) -> Match | None:
    """What a text is found to be to an older one with the same links."""
    archive = Archive([Told("old", other[:cut], marks_of(other, links))])
    return next(iter(archive.alike(one, marks_of(one, links))), None)


def degree(one: str, other: str, **more: Any) -> Degree | None:
    match = found(one, other, **more)
    return match and match.degree


# --- labelled pairs -------------------------------------------------------------------------------------------------


def judged(pair: dict[str, Any], cut: int | None) -> str:
    old = Told("old", pair["other"][:cut], marks_of(pair["other"], pair.get("other_links", ())))
    matches = Archive([old]).alike(pair["one"], marks_of(pair["one"], pair.get("one_links", ())))
    return str(matches[0].degree) if matches else "different"


def test_there_are_pairs_of_every_degree() -> None:
    assert sum(map(len, PAIRS.values())) >= 80
    assert all({pair["degree"] for pair in half} == {"same", "similar", "different"} for half in PAIRS.values())


@pytest.mark.parametrize("half", ["tuning", "held_out"])
@pytest.mark.parametrize("cut", [None, CUT])
def test_news_is_merged_only_with_the_same_news_and_nearly_always_then(half: str, cut: int | None) -> None:
    verdicts = [(pair["degree"], judged(pair, cut)) for pair in PAIRS[half]]
    said = [is_ for is_, verdict in verdicts if verdict == "same"]
    assert said.count("same") / len(said) >= 0.97
    assert said.count("same") / sum(is_ == "same" for is_, _ in verdicts) >= 0.85


# --- what is remembered ---------------------------------------------------------------------------------------------

PAGE = "https://www.mediawiki.org/wiki/Reading_list"


@pytest.mark.parametrize(
    "url",
    [
        "http://mediawiki.org/wiki/Reading_list/",
        "https://www.mediawiki.org/wiki/Reading%20list#Now",
        "https://m.mediawiki.org/wiki/reading_list?utm_source=x",
        "https://www.mediawiki.org/wiki/Special:MyLanguage/Reading_list",
        "https://www.mediawiki.org/wiki/Reading_list/pt-br",
        "https://WWW.mediawiki.org/w/index.php?title=Reading_list&oldid=17",
    ],
)
def test_one_page_has_one_mark_however_it_is_linked_to(url: str) -> None:
    assert marks_of("", [url]) == marks_of("", [PAGE]) != ()
    assert marks_of(f"See {url}.") == marks_of("", [PAGE])


def test_a_mobile_wikipedia_is_the_wikipedia() -> None:
    assert marks_of("", ["https://en.m.wikipedia.org/wiki/Draft"]) == marks_of(
        "", ["https://en.wikipedia.org/wiki/Draft"]
    )


def test_other_pages_and_other_languages_of_a_wiki_have_other_marks() -> None:
    urls = [PAGE, PAGE + "s", "https://or.wikipedia.org/wiki/A", "https://en.wikipedia.org/wiki/A", "https://w.wiki/Ab"]
    assert len({marks_of("", [url]) for url in urls}) == len(urls)


def test_tracking_is_left_out_of_an_address_but_not_what_it_asks_for() -> None:
    video = "https://www.youtube.com/watch?v=abc"
    assert marks_of("", [video + "&utm_medium=wiki&fbclid=1"]) == marks_of("", [video])
    assert marks_of("", ["https://www.youtube.com/watch?v=ABC"]) != marks_of("", [video])


@pytest.mark.parametrize(
    "url",
    [
        "https://phabricator.wikimedia.org/",
        "https://phabricator.wikimedia.org/tag/echo/",
        "https://meta.wikimedia.org/wiki/Tech/News",
        "https://meta.wikimedia.org/wiki/Special:MyLanguage/Tech/News/fr",
        "https://www.mediawiki.org/wiki/News",
        "https://en.wikipedia.org/wiki/Main_Page",
        "https://en.wikipedia.org",
        "https://zonestamp.toolforge.org/1795780800",
        "https://us02web.zoom.us/j/1",
        "mailto:someone@example.org",
        "https://[broken",
        "https://example.org:port/x?" + "a&" * 100,
        "",
    ],
)
def test_a_link_that_is_about_everything_or_nothing_is_no_mark(url: str) -> None:
    assert marks_of("", [url]) == ()


def test_tasks_and_releases_are_marks() -> None:
    assert marks_of("Drafts are kept (T400021).") == marks_of("Drafts are kept.", [TASK + "#99"]) == ("T400021",)
    text = "Security: MediaWiki 1.43.6, 1.44.3 and v1.45.1 are out, and 1.46.0-wmf.4 on all wikis."
    kept = [mark for mark in marks_of(text) if not mark.startswith("#")]
    assert kept == ["1.46.0-wmf.4", "mediawiki 1.43.6", "mediawiki 1.44.3", "mediawiki 1.45.1"]
    assert "1.46.0-wmf.4" in marks_of("The new version is 1.46/wmf.4")
    assert "mediawiki 1.46" in marks_of("MediaWiki 1.46.0 is out") + marks_of("MediaWiki 1.46 is out")
    assert "example toolkit 2.0" in marks_of("The Example Toolkit version 2.0 is out")


@pytest.mark.parametrize(
    "text",
    [
        "It needs PHP 8.2 or newer",
        "About 2.5 million edits",
        "Am 20.11.2026",
        "Costs 3.50 €",
        "T20 cricket",
        "AT12345x",
    ],
)
def test_what_is_required_counted_or_dated_is_no_release_and_no_task(text: str) -> None:
    assert [mark for mark in marks_of(text) if not mark.startswith("#")] == []


def test_dates_are_remembered_in_one_form() -> None:
    forms = ("3 December", "December 3rd", "3 Dec.", "2026-12-03", "୩ December", "12月3日")
    assert all("date 12-03" in "".join(marks_of(f"It is on {form}")) for form in forms)


def test_marks_are_few_short_and_sorted_however_much_there_is() -> None:
    text = " ".join(f"T{n} MediaWiki 1.{n}.{n} https://example.org/{n} {n % 28 + 1} May" for n in range(10_000, 12_000))
    kept = marks_of(text, [f"https://example.org/x{n}" for n in range(10_000)])
    assert len(kept) <= 12
    assert list(kept) == sorted(kept)
    assert all(len(mark) < 150 for mark in kept)


# --- the same, or similar -------------------------------------------------------------------------------------------


def test_a_shared_task_and_like_words_are_the_same_news_and_say_so() -> None:
    match = found("When the connection is lost, the visual editor now keeps your draft. T400021", f"{SENTENCE} T400021")
    assert match == Match("old", Degree.SAME, "the same task T400021", match.score if match else 0)


def test_a_shared_task_alone_is_worth_a_word() -> None:
    assert degree("Bots may log in twice. T400021", "Tables have colours. T400021") is Degree.SIMILAR


def test_a_shared_link_alone_is_not() -> None:
    assert degree("Bots may log in twice.", "Tables have colours everywhere.", links=(PAGE,)) is None


def test_a_generic_link_joins_nothing() -> None:
    assert degree("Bots may log in twice.", "Bots are fast.", links=("https://www.mediawiki.org/wiki/News",)) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("MediaWiki 1.45.1 is released", "MediaWiki 1.45.2 is released"),
        ("Tech News 2026-46 is out for all readers of wikis", "Tech News 2026-47 is out for all readers of wikis"),
        ("Read our quarterly October newsletter about tools", "Read our quarterly July newsletter about tools"),
        ("The office hour about tools is on 3 December", "The office hour about tools is on 7 January"),
        ("1.46.0-wmf.4 is on all wikis since Thursday", "1.46.0-wmf.5 is on all wikis since Thursday"),
        ("Outreachy Round 31 is open for new interns", "Outreachy Round 32 is open for new interns"),
        (SENTENCE, "Reminder: " + SENTENCE),
        (SENTENCE, SENTENCE.replace("keeps", "never keeps")),
        (SENTENCE, SENTENCE.replace("draft", "password")),
    ],
)
@pytest.mark.parametrize("links", [(), (PAGE,)])
def test_like_words_with_another_number_or_meaning_are_similar_at_most(one: str, other: str, links: tuple[str]) -> None:
    assert degree(one, other, links=links) is not Degree.SAME
    assert degree(other, one, links=links) is not Degree.SAME


def test_a_copy_edit_is_the_same_news() -> None:
    for edited in (
        SENTENCE.upper(),
        SENTENCE.replace("visual", "vizual"),
        SENTENCE.replace("keeps", "now keeps") + " 🎉",
    ):
        assert degree(edited, SENTENCE) is Degree.SAME


@pytest.mark.parametrize("rest", ["", " It does so since Monday, on phones, too, and " + "x" * 3000])
def test_a_text_is_known_by_its_beginning(rest: str) -> None:
    text = SENTENCE + rest
    assert degree(text, text, cut=CUT) is Degree.SAME


def test_a_beginning_with_other_dates_behind_it_is_not_the_same() -> None:
    text = "Join the technical advice meeting, where volunteer developers can ask for the advice of others, on {}."
    assert degree(text.format("3 December"), text.format("7 January"), cut=CUT) is Degree.SIMILAR
    archive = Archive([Told("old", text.format("7 January")[:CUT])])  # its date is not known at all
    assert archive.alike(text.format("3 December"), ())[0].degree is Degree.SIMILAR


def test_what_begins_alike_and_goes_on_otherwise_is_the_same_only_where_nobody_knows_how_it_went_on() -> None:
    begins = "The Wikimedia Hackathon 2027 will take place in Athens, the capital of Greece, in May. "
    old, new = f"{begins}Registration is open.", f"{begins}Scholarship applications are open."
    marks = marks_of(old)
    assert Archive([Told("a", old[:CUT], marks)]).alike(new, marks)[0].degree is Degree.SAME
    assert Archive([Told("a", old[:CUT], marks, old)]).alike(new, marks)[0].degree is Degree.SIMILAR
    assert Archive([Told("a", new[:CUT], marks, f"New: {new} #Greece")]).alike(new, marks)[0].degree is Degree.SAME


@pytest.mark.parametrize(
    "post",
    [
        "How we wrote the parser tests for MediaWiki 1.45. Last month MediaWiki 1.45 was released.",
        "How we released MediaWiki 1.45",
        "Upgrading our farm to MediaWiki 1.45: lessons learned. We did it when MediaWiki 1.45 was available.",
        "A new REST API for public wikis. MediaWiki 1.45 ships a new REST API, says the release announcement.",
        "MediaWiki 1.45 will be released in June.",
        "MediaWiki 1.45 is out for testing.",
        "MediaWiki 1.45 is out of support.",
        "The upcoming release of MediaWiki 1.45",
        "Since MediaWiki 1.45 has been released, jQuery UI is gone.",
        "Semantic MediaWiki 1.45 has been released.",
    ],
)
@pytest.mark.parametrize("cut", [None, CUT])
def test_what_only_speaks_of_a_release_is_not_the_news_that_it_is_out(post: str, cut: int | None) -> None:
    for release in ("MediaWiki 1.45 has been released.", "We are happy to announce MediaWiki 1.45. Please upgrade."):
        assert degree(post, release, cut=cut) is not Degree.SAME
        assert degree(release, post, cut=cut) is not Degree.SAME


@pytest.mark.parametrize(
    "post",
    [
        "MediaWiki 1.45.1 is out",
        "MediaWiki 1.45.1, 1.44.3, 1.43.6 and 1.39.16 have been released. These are security and maintenance releases.",
        "Today MediaWiki 1.45.1 was released!",
        "MediaWiki 1.45.1 (LTS) is now available",
        "MediaWiki 1.44.3 and 1.45.1 have now been released.",
        "MediaWiki 1.45.1, a security release, is available.",
        "Announcing the release of MediaWiki 1.45.1",
        "Security release: MediaWiki 1.45.1",
        "Sam has released MediaWiki 1.45.1.",
        "MediaWiki 1.45.1 ist erschienen.",
    ],
)
@pytest.mark.parametrize("cut", [None, CUT])
def test_a_release_is_the_same_news_in_whatever_words(post: str, cut: int | None) -> None:
    release = "MediaWiki 1.45.1 and 1.44.3 have been released."
    assert degree(post, release, cut=cut) is degree(release, post, cut=cut) is Degree.SAME


@pytest.mark.parametrize(
    "post",
    [
        "After six months of work, MediaWiki 1.46.0 is out! Thanks to all who helped.",
        "As planned, MediaWiki 1.46.0 was released today.",
        "Six months after 1.45, MediaWiki 1.46.0 has been released.",
        "The next LTS release, MediaWiki 1.46.0, is out.",
        "The next version of MediaWiki has been released: MediaWiki 1.46.0.",
        "MediaWiki 1.46.0 is here: the new release brings many new features.",
        "MediaWiki 1.46.0 can now be downloaded.",
        "Announcing the availability of MediaWiki 1.46.0",
        "Stable MediaWiki 1.46.0 is out. Download it now.",
        "Latest MediaWiki 1.46.0 is out, with many things for editors.",
        "Download MediaWiki 1.46.0, released today.",
        "Nueva MediaWiki 1.46.0 disponible",
        "MediaWiki 1.46.0 ya está disponible para descargar.",
        "MediaWiki 1.46.0 est maintenant disponible.",
        "MediaWiki 1.46.0 ist jetzt für alle verfügbar.",
    ],
)
@pytest.mark.parametrize("cut", [None, CUT])
def test_how_a_sentence_leads_to_a_release_makes_no_other_news_of_it(post: str, cut: int | None) -> None:
    release = "MediaWiki 1.46.0 is now available."
    assert degree(post, release, cut=cut) is degree(release, post, cut=cut) is Degree.SAME


@pytest.mark.parametrize(
    "post",
    [
        "Install MediaWiki 1.46.0 today: it is out.",
        "Once it is tested, MediaWiki 1.46.0 is released.",
        "Wikimedia MediaWiki 1.46.0 is there, with many things for editors.",
    ],
)
def test_where_the_words_leave_it_open_there_is_at_least_a_hint_at_the_same_release(post: str) -> None:
    release = "MediaWiki 1.46.0 is now available."
    assert degree(post, release) is degree(release, post) is Degree.SIMILAR


def test_a_list_of_releases_is_the_same_news_before_and_behind_the_words() -> None:
    one = "Security and maintenance releases are out: MediaWiki 1.46.1, 1.45.3, 1.43.7."
    other = "MediaWiki 1.46.1, 1.45.3 and 1.43.7 have been released. They fix security problems."
    assert degree(one, other) is degree(other, one) is Degree.SAME


def test_that_one_text_has_more_figures_makes_no_other_release_of_it() -> None:
    assert degree("Pywikibot 11.9 has been released.", "Pywikibot 11.9.0 is out") is Degree.SAME


def test_the_best_match_comes_first() -> None:
    told = [
        Told("likely", SENTENCE + " T400021", ("T400021",)),
        Told("other", "Bots are fast."),
        Told("same", SENTENCE),
    ]
    told.append(Told("reminder", "Reminder: " + SENTENCE, marks_of("Reminder: " + SENTENCE)))
    ids = [match.id for match in Archive(told).alike(SENTENCE, ())]
    assert ids == ["likely", "same", "reminder"]


def test_a_mark_that_very_many_posts_have_says_nothing() -> None:
    told = [Told(str(n), f"Tables have {n} colours.", ("T400021",)) for n in range(HUB + 1)]
    assert Archive(told).alike("Bots may log in twice.", ("T400021",)) == []


def test_nothing_is_like_nothing() -> None:
    assert Archive().alike(SENTENCE, marks_of(SENTENCE)) == []
    assert Archive([Told("a", ""), Told("b", "…"), Told("c", "", ())]).alike("", ()) == []


def test_digits_younger_than_this_python_are_read_over() -> None:
    """The package regex knows a newer Unicode than the standard library."""
    words = "Drafts are kept from \U00010d41 May, 2026-\U00010d41\U00010d41-\U00010d41\U00010d41"
    assert Archive([Told("old", words, marks_of(words))]).alike(words, marks_of(words))


@given(st.lists(st.text(max_size=120), max_size=6), st.text(max_size=120))
@settings(max_examples=150, deadline=None)
def test_any_words_can_be_asked_for(told: list[str], words: str) -> None:
    archive = Archive(Told(str(n), text[:CUT], marks_of(text)) for n, text in enumerate(told))
    matches = archive.alike(words, marks_of(words))
    assert all(0 <= match.score <= 1 and match.reason for match in matches)
    assert matches == archive.alike(words, marks_of(words))


@pytest.mark.parametrize(
    "text", ["1." * 60_000, "a" * 120_000, "T1 " * 40_000, "http://" * 20_000, "ก" * 120_000, ", 1" * 40_000]
)
def test_hostile_words_cost_little(text: str) -> None:
    kept = marks_of(text, [text])
    assert len(kept) <= 12
    archive = Archive([Told(str(n), text, kept) for n in range(5)])
    assert len(archive.alike(text, kept)) <= 5
