"""Newly made pages and the quarterly promotion: what they are called, what is told of them, what is no news."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smbot.model import Flag, Item, Link, Page, Permalink, Reading
from smbot.sources import Source, Wants, promotion
from smbot.sources.new_pages import NewPages, any_pages, newsletter
from smbot.wikitext import WIKIMEDIA
from tests.test_wikitext import WIKITEXT

META = WIKIMEDIA["meta:meta"]
MEDIAWIKI = WIKIMEDIA["mediawiki:mediawiki"]
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
MADE = datetime(2026, 11, 18, 23, 59, tzinfo=UTC)
ISSUE = "Technical Community Newsletter/2026/October"

KINDS: tuple[Source, ...] = (newsletter, any_pages, promotion)


def item(text: str, title: str = ISSUE, kind: NewPages = newsletter) -> Item:
    (only,) = kind.read(Page(title, 7, text, "https://wiki.example/7", created=MADE), MEDIAWIKI, "letter", NOW).items
    return only


def told(text: str) -> str:
    """What is told of a page beside its name."""
    found = item(text)
    return "" if found.text == found.title else found.text


# --- what an item is --------------------------------------------------------------------------------------------------


def test_an_issue_is_one_item_that_links_to_its_page() -> None:
    text = "== Welcome ==\nThis quarter [[Help:Toolforge|Toolforge]] grew a lot. It has new servers. There is more."
    assert newsletter.read(Page(ISSUE, 7, text, "https://wiki.example/7", created=MADE), MEDIAWIKI, "tcn", NOW) == (
        Reading(
            (
                Item(
                    source="tcn",
                    group="2026-11-18",
                    section="",
                    text="This quarter Toolforge grew a lot. It has new servers.",
                    links=(
                        Link(f"https://www.mediawiki.org/wiki/{ISSUE.replace(' ', '_')}", "October 2026"),
                        Link("https://www.mediawiki.org/wiki/Help:Toolforge", "Toolforge"),
                    ),
                    permalink=Permalink(ISSUE, 7, "https://wiki.example/7"),
                    published=date(2026, 11, 18),
                    title="October 2026",
                    identity=ISSUE,
                    keys=(ISSUE,),
                ),
            )
        )
    )


def test_a_page_nobody_knows_the_age_of_has_no_date() -> None:
    (only,) = newsletter.read(Page(ISSUE, 7, "We have news for you."), MEDIAWIKI, "letter", NOW).items
    assert (only.group, only.published) == ("", None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n ",
        "<!-- to be written -->",
        "#REDIRECT [[News]]",
        "\n#redirect: [[News]]\n{{R}}",
        "#WEITERLEITUNG [[News]]",
        "#تحويل [[News]]",
        "#পুনর্নির্দেশ [[News]]",
    ],
)
def test_an_empty_page_and_a_redirect_are_no_news_and_no_alarm(text: str) -> None:
    assert newsletter.read(Page(ISSUE, 7, text), MEDIAWIKI, "letter", NOW) == Reading(placeholder=True)


def test_the_source_wants_what_was_newly_made() -> None:
    assert newsletter.wants("Newsletter/", NOW, 14) == Wants(listing="Newsletter/")
    assert any_pages.wants("Category:News", NOW, 14) == Wants(listing="Category:News")
    assert (newsletter.PAGE, any_pages.PAGE) == ("Technical Community Newsletter/", "")


def test_a_page_says_its_language() -> None:
    assert item('<div lang="or" dir="ltr">\nଏହି ମାସରେ ନୂଆ ଖବର ଅଛି।\n</div>').language == "or"
    assert item("Il y a du nouveau sur le wiki.", f"{ISSUE}/fr").language == "fr"


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "short", "full"),
    [
        (ISSUE, "October 2026", "Technical Community Newsletter: October 2026"),
        ("Newsletter/2026/Q3", "third quarter of 2026", "Newsletter: third quarter of 2026"),
        ("Newsletter/2026-Q4", "fourth quarter of 2026", "Newsletter: fourth quarter of 2026"),
        ("Newsletter/2026/October/5", "5 October 2026", "Newsletter: 5 October 2026"),
        ("Newsletter/2026/ଅକ୍ଟୋବର", "ଅକ୍ଟୋବର 2026", "Newsletter: ଅକ୍ଟୋବର 2026"),
        ("Newsletter/2026/10", "2026/10", "Newsletter: 2026/10"),
        ("Newsletter/2026", "2026", "Newsletter: 2026"),
        ("Newsletter/2026-11-20", "2026-11-20", "Newsletter: 2026-11-20"),
        ("Newsletter/Special_issue", "Special issue", "Newsletter: Special issue"),
        ("Growth/Newsletters/27", "27", "Growth/Newsletters: 27"),
        (f"{ISSUE}/fr", "October 2026", "Technical Community Newsletter: October 2026"),
        ("Help:What's new? 🎉", "Help:What's new? 🎉", "Help:What's new? 🎉"),
        ("2026/Q1", "first quarter of 2026", "first quarter of 2026"),
        ("AC/DC", "DC", "AC: DC"),
        ("//", "//", "//"),
    ],
)
def test_a_subpage_is_called_by_what_tells_it_from_its_sisters(title: str, short: str, full: str) -> None:
    found = item("News.", title, NewPages(POST="$title", in_full=False))
    assert (found.title, found.identity) == (short, title)
    assert item("News.", title, any_pages).title == full


@pytest.mark.parametrize("page", ["Archive", "Subscribe/fr", "Special issue"])
def test_what_is_beside_the_issues_of_the_newsletter_is_no_issue(page: str) -> None:
    archive = Page(f"Technical Community Newsletter/{page}", 7, "This is the archive of the newsletter.")
    assert newsletter.read(archive, MEDIAWIKI, "letter", NOW) == Reading(placeholder=True)
    assert any_pages.read(archive, MEDIAWIKI, "letter", NOW).items


def test_the_quarter_of_another_language_stays_as_it_is_written() -> None:
    assert item('<div lang="nl">Er is weer veel nieuws.</div>', "Nieuwsbrief/2026/Q3").title == "2026/Q3"


# --- prose ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "before",
    [
        "",
        "== What is new? ==\n",
        "{{Newsletter nav|prev=July|next=January}}\n",
        "{{Newsletter nav\n| prev = It was July. All was well.\n* x\n\n}}\n",
        "{{DISPLAYTITLE:October}}__NOTOC__ __NOEDITSECTION__\n",
        "<languages/>\n<translate>\n<!--T:1-->\n",
        "[[File:A.png|thumb|A caption is a sentence, too.]]\n",
        ":''This page is about October. For July see [[July]].''\n",
        "''This page is about October. For July see [[July]].''\n",
        "'''The news of this quarter is here.'''\n",
        '{| class="wikitable"\n|-\n| Cells have sentences.\nSome go on below.\n{|\n| b\n|}\nMore of it here.\n|}\n',
        ":{|\n| An indented table is a table.\n|}\n",
        "<gallery>\nA.png|A caption is a sentence, too.\n</gallery>\n",
        "* A list is no prose, it is said.\n# No, it is not at all.\n",
        "----\n← [[July]] | [[Archive]] | [[Subscribe]] →\n\n",
        '<div class="box" style="color:red"><center>\n',
        "Hello, everybody!\n\n",
        "{{Shortcut|TCN}} {{TOC}}\n\n",
        "<!-- Write whole sentences here. -->",
        "<ref name=x /><ref>A footnote is said to be\n\nprose. It is not.</ref>",
        "}} and a bit of that {{ll|x}} }}\n\n",
    ],
    ids=range(21),
)
def test_the_first_prose_is_told_whatever_comes_before_it(before: str) -> None:
    assert told(f"{before}The '''wikis''' have a [[new skin]]. It is dark.\n\nMore.") == (
        "The wikis have a new skin. It is dark."
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One sentence is here. And another is. And a third.", "One sentence is here. And another is."),
        ("Hello! This quarter saw many news. Really.", "Hello! This quarter saw many news."),
        ("Lines of a paragraph\nthat are wrapped go on.\n\nNext.", "Lines of a paragraph that are wrapped go on."),
        ("It is by Dr. Example, e.g. A. B. Example.", "It is by Dr. Example, e.g. A. B. Example."),
        (f"This is short enough. {'So long ' * 40}it is.", "This is short enough."),
        (f"{'So long ' * 60}it is. Short.", f"{'So long ' * 60}it is."),
        ("{{ll|Toolforge}} has new servers now.", "Toolforge has new servers now."),
        ("ଏହି ମାସରେ ନୂଆ ଖବର ଅଛି। ଆହୁରି ଅଛି। ଶେଷ।", "ଏହି ମାସରେ ନୂଆ ଖବର ଅଛି। ଆହୁରି ଅଛି।"),
        ("هذا العدد فيه أخبار كثيرة. هل قرأتها؟ نعم.", "هذا العدد فيه أخبار كثيرة. هل قرأتها؟"),
        ("維基媒體技術社群通訊第三期現已發布。歡迎閱讀！再見。", "維基媒體技術社群通訊第三期現已發布。歡迎閱讀！"),
        ("The party is on Friday! 🎉 Come along. Bye.", "The party is on Friday! 🎉 Come along."),
        ("No full stop, no sentence", ""),
        ("{{Newsletter|year=2026}}", ""),
        ("* Only\n* a list of things.", ""),
        ("Hello, world!", ""),
        ("{| class=x\n| A table without an end is a table.\n\nAll of it is.", ""),
        (f"{'x' * 5000} is a long word. It is.", ""),
        (f"{'{{a|b}} ' * 10_000}\n\nThat far nobody looks for a sentence.", ""),
    ],
)
def test_whole_sentences_are_told_or_none(text: str, expected: str) -> None:
    assert told(text) == expected


def test_a_page_without_prose_is_told_by_its_name() -> None:
    assert item("{{Newsletter}}").text == "October 2026"


def test_what_was_left_out_of_the_sentences_is_said() -> None:
    reading = any_pages.read(Page("News", 7, "There is {{number|5}} new of it all. So it is."), META, "any", NOW)
    assert [problem.message for problem in reading.problems] == [
        "{{number}} was left out of “There is ⟦number?⟧ new of it all. So it is.”."
    ]


TITLES = st.text(min_size=1, max_size=30) | st.lists(
    st.sampled_from(["2026", "Q3", "2026-Q1", "/", "//", "_", " ", "October", "fr", "Help:", ":", "#"]), min_size=1
).map("".join)


@given(WIKITEXT | st.text(), TITLES, st.datetimes(timezones=st.just(UTC)))
def test_any_page_is_read_as_one_item_with_words_or_as_none(text: str, title: str, now: datetime) -> None:
    for kind in KINDS:
        for site in (META, MEDIAWIKI):
            reading = kind.read(Page(title, 1, text, "https://wiki.example/1"), site, "any", now)
            assert len(reading.items) == (not reading.placeholder)
            for found in reading.items:
                assert found.text
                assert found.title


# --- the promotion ----------------------------------------------------------------------------------------------------


def promoted(now: datetime, title: str = "Tech/News") -> Item:
    (only,) = promotion.read(Page(title, 9, "{{any}}", "https://wiki.example/9"), META, "promo", now).items
    return only


def test_the_page_is_promoted_by_its_name() -> None:
    assert promotion.wants("Tech/News", NOW, 14) == Wants(pages=(("Tech/News",),), daily=True)
    assert promoted(NOW) == Item(
        source="promo",
        group="2026-Q4",
        section="",
        text="Tech News",
        links=(Link("https://meta.wikimedia.org/wiki/Tech/News", "Tech News"),),
        permalink=Permalink("Tech/News", 9, "https://wiki.example/9"),
        published=date(2026, 11, 20),
        flags=frozenset({Flag.AGAIN}),
        title="Tech News",
        identity="2026-Q4 Tech/News",
        keys=("Tech/News 2026-Q4",),
    )
    assert promotion.POST.startswith("$title tells in plain words")


@pytest.mark.parametrize(
    ("day", "quarter"),
    [
        ("2026-01-01", "2026-Q1"),
        ("2026-03-31", "2026-Q1"),
        ("2026-04-01", "2026-Q2"),
        ("2026-09-30", "2026-Q3"),
        ("2026-10-01", "2026-Q4"),
        ("2026-12-31", "2026-Q4"),
        ("2027-01-01", "2027-Q1"),
    ],
)
def test_each_quarter_it_is_news_once(day: str, quarter: str) -> None:
    found = promoted(datetime.fromisoformat(f"{day}T12:00+00:00"))
    assert (found.group, found.identity) == (quarter, f"{quarter} Tech/News")


def test_a_translation_is_promoted_by_the_same_name_in_its_language() -> None:
    found = promoted(NOW, "Tech/News/fr")
    assert (found.title, found.language) == ("Tech News", "fr")
