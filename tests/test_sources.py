"""The sources: pages in the forms that are in use become items, and what they do not understand is said."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given

from smbot.model import Flag, Item, Page, Permalink, Problem, Reading
from smbot.sources import SOURCES, Wants, mediawiki_news, source, tech_news
from smbot.wikitext import WIKIMEDIA
from tests.test_wikitext import WIKITEXT

PAGES = Path(__file__).parent / "pages"
META = WIKIMEDIA["meta:meta"]
MEDIAWIKI = WIKIMEDIA["mediawiki:mediawiki"]
SAVED = datetime(2026, 11, 20, 9, tzinfo=UTC)
NO_DATES = Problem(
    "The source format changed: the page has no dates that smbot can read.",
    "Put a date such as 2026-11-20 or 20 November 2026 before each piece of news.",
)


def page(name: str, title: str, revision: int = 7) -> Page:
    text = (PAGES / f"{name}.wikitext").read_text(encoding="utf-8")
    return Page(title, revision, text, f"https://wiki.example/{revision}", SAVED)


def issue(name: str, title: str = "User talk:Example") -> Reading:
    return tech_news.read(page(name, title), META, "tech", SAVED)


def news(text: str, timestamp: datetime | None = SAVED) -> Reading:
    return mediawiki_news.read(Page("News", 1, text, timestamp=timestamp), MEDIAWIKI, "news", SAVED)


def texts(reading: Reading) -> list[str]:
    return [item.text for item in reading.items]


def dated(reading: Reading) -> list[tuple[str, str]]:
    return [(item.group, item.text) for item in reading.items]


# --- the contract -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", SOURCES)
def test_every_source_keeps_the_contract(kind: str) -> None:
    module = source(kind)
    assert module.WIKI in WIKIMEDIA
    assert module.wants(module.PAGE or "Some page", SAVED, 7) != Wants()
    assert isinstance(module.POST, str)
    assert module.PICK in (True, False)


@pytest.mark.parametrize("kind", SOURCES)
@given(text=WIKITEXT)
def test_any_page_can_be_read_and_no_item_is_empty(kind: str, text: str) -> None:
    reading = source(kind).read(
        Page("Tech/News/2026/47/nl", 1, text, timestamp=SAVED, created=SAVED), META, "any", SAVED
    )
    assert all(item.text and item.group for item in reading.items)
    assert not (reading.placeholder and reading.items)


@pytest.mark.parametrize("path", sorted(PAGES.glob("tech-news-2*")), ids=lambda path: path.stem)
def test_every_issue_yields_items_without_markup(path: Path) -> None:
    found = issue(path.stem).items
    assert found
    assert not [item.text for item in found if {"[", "{", "'''", "Octicons", "()"} & set(item.text.split())]


# --- Tech News --------------------------------------------------------------------------------------------------------


def test_an_item_says_where_and_when_it_stood() -> None:
    reading = tech_news.read(page("tech-news-2026", "Tech/News/2026/47/en", 12), META, "tech", SAVED)
    assert reading.items[0] == Item(
        source="tech",
        group="2026-W47",
        section="Weekly highlight",
        text="Readers of all wikis can now choose the reading list as their start page. It was a beta feature on ten "
        "wikis before.",
        links=reading.items[0].links,
        permalink=Permalink("Tech/News/2026/47/en", 12, "https://wiki.example/12"),
        published=date(2026, 11, 16),
    )
    assert [(link.url, link.label) for link in reading.items[0].links] == [
        ("https://www.mediawiki.org/wiki/Example_reading_list", "reading list"),
        ("https://en.wikipedia.org/wiki/en:Beta_test", "beta"),
        ("https://phabricator.wikimedia.org/T400020", ""),
    ]


def test_every_bold_line_is_a_section_whatever_its_name() -> None:
    sections = [item.section for item in issue("tech-news-2026").items]
    assert list(dict.fromkeys(sections)) == [
        "Weekly highlight",
        "Updates for editors",
        "Updates for technical contributors",
        "In depth",
        "Meetings and events",
    ]


def test_icons_flag_items_by_the_name_of_the_file_and_stock_lines_are_recurrent() -> None:
    flags = [(item.text.split(".")[0][:32], set(item.flags)) for item in issue("tech-news-2019").items]
    assert flags == [
        ("Some gadgets could not read thei", {Flag.ADVANCED}),
        ("Search was slow on Tuesday", set()),
        ("The new version of MediaWiki wil", {Flag.RECURRENT}),
        ("There will be no Tech News issue", {Flag.RECURRENT}),
        ("You can join the example meeting", {Flag.ADVANCED, Flag.RECURRENT}),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "View all 20 community-submitted tasks that were resolved last week.",
        "Detailed code updates later this week: [[mw:MediaWiki 1.46/wmf.4|MediaWiki]]",
        "There is no new MediaWiki version this week.",
        "There is no new version of MediaWiki this week.",
        "There is no deployment of a new version of MediaWiki on the wikis this week.",
        "There will be no Tech News issue next week.",
        "Because of the holidays the next issue of Tech News will be sent out on 4 January.",
    ],
)
def test_lines_that_come_again_and_again_are_no_news(text: str) -> None:
    reading = tech_news.read(Page("Tech/News/2026/47", 1, f"* {text}"), META, "tech", SAVED)
    assert reading.items[0].flags == {Flag.RECURRENT}


def test_footer_signature_and_discussion_are_cut_off() -> None:
    assert "gadget?" not in " ".join(texts(issue("tech-news-2019")))
    unmarked = page("tech-news-2019", "Tech/News/2019/45").text.replace("<section", "<div")
    assert texts(tech_news.read(Page("Tech/News/2019/45", 1, unmarked), META, "t", SAVED)) == texts(
        issue("tech-news-2019")
    )


def test_replies_under_an_issue_without_marks_or_footer_are_no_news() -> None:
    assert texts(tech_news.read(Page("T", 1, "* News.\n\n: Thanks! ~\n:: Indeed."), META, "t", SAVED)) == ["News."]


def test_translate_markup_leaves_the_same_words_as_the_page_it_generates() -> None:
    source_page, generated = issue("tech-news-2026-source").items, issue("tech-news-2026").items
    assert [item.section for item in source_page] == ["Weekly highlight", "Updates for technical contributors"]
    assert generated[0].text.startswith(source_page[0].text)
    assert source_page[1].text == "Gadgets that call mw.example.load() must name the module."
    assert source_page[1].flags == {Flag.ADVANCED}


def test_of_a_translation_only_what_is_translated_and_up_to_date_is_read() -> None:
    found = issue("tech-news-nl", "Tech/News/2026/46/nl").items
    assert [(item.section, item.text[:16], item.language) for item in found] == [
        ("Wijzigingen later deze week", "Sommige filters ", "nl"),
        ("Wijzigingen later deze week", "Er is geen nieuw", "nl"),
        ("Toekomstige veranderingen", "Lezers kunnen st", "nl"),
    ]
    assert [set(item.flags) for item in found] == [{Flag.ADVANCED}, {Flag.RECURRENT}, set()]


@pytest.mark.parametrize(
    ("title", "text", "language"),
    [
        ("Tech/News/2026/47/or", '<div lang="en">* A', "or"),
        ("Tech/News/2026/47/zh-hans", "* A", "zh-hans"),
        ("User talk:A", '<div class="plainlinks" lang="nl" dir="ltr">\n* A', "nl"),
        ("Tech/News/2026/47", "* A", "en"),
    ],
)
def test_the_language_is_that_of_the_title_or_the_outer_element(title: str, text: str, language: str) -> None:
    reading = tech_news.read(Page(title, 1, text + "\n* B"), META, "tech", SAVED)
    assert {item.language for item in reading.items} == {language}


@pytest.mark.parametrize(
    ("title", "text", "group", "monday"),
    [
        ("Tech/News/2026/47", "* A", "2026-W47", date(2026, 11, 16)),
        ("Tech/News/2025/01/en", "* A", "2025-W01", date(2024, 12, 30)),
        ("User talk:A", '<section begin="technews-2019-W45"/>\n* A', "2019-W45", date(2019, 11, 4)),
        ("User talk:A", "== [[m:Tech/News/2021/5|Tech News: 2021-05]] ==\n* A", "2021-W05", date(2021, 2, 1)),
        ("Tech/News/2026/99", "* A", "Tech/News/2026/99", None),
    ],
)
def test_an_issue_is_named_by_its_week_and_dated_on_its_monday(title: str, text: str, group: str, monday: date) -> None:
    item = tech_news.read(Page(title, 1, text), META, "tech", SAVED).items[0]
    assert (item.group, item.published) == (group, monday)


@pytest.mark.parametrize(
    "text",
    [
        "There is no technical newsletter this week.",
        "There is no '''[[Tech/News|tech news]]''' newsletter this week.",
        "There was no Tech News issue this week!",
        "There will be no issue of Tech News in week 52.",
    ],
)
def test_a_page_that_says_there_is_no_issue_is_a_placeholder(text: str) -> None:
    assert tech_news.read(Page("Tech/News/2026/52", 1, f"{{{{nav}}}}\n{text}"), META, "tech", SAVED) == Reading(
        placeholder=True
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#REDIRECT [[Tech/News/2026/46]]",
        "- The format is new.\n- There will be no Tech News issue next week.",
        "* Some news. There is no technical newsletter this week.",
    ],
)
def test_an_issue_that_cannot_be_read_is_no_placeholder(text: str) -> None:
    assert not tech_news.read(Page("Tech/News/2026/47", 1, text), META, "tech", SAVED).placeholder


def test_a_whole_placeholder_page_yields_nothing_and_says_so() -> None:
    assert issue("tech-news-placeholder", "Tech/News/2026/53/en") == Reading(placeholder=True)


@pytest.mark.parametrize(
    ("now", "days", "expected"),
    [
        (datetime(2026, 11, 20, tzinfo=UTC), 7, ["2026/47"]),
        (datetime(2026, 11, 16, tzinfo=UTC), 7, ["2026/47", "2026/46"]),
        (datetime(2026, 11, 20, tzinfo=UTC), 21, ["2026/47", "2026/46", "2026/45"]),
        (datetime(2024, 12, 31, tzinfo=UTC), 8, ["2025/01", "2024/52"]),
        (datetime(2027, 1, 3, tzinfo=UTC), 6, ["2026/53"]),
        (datetime(2026, 11, 20, tzinfo=UTC), 1, []),
    ],
)
def test_issues_in_the_window_are_read_newest_first_and_none_ahead(
    now: datetime, days: int, expected: list[str]
) -> None:
    assert tech_news.wants("Tech/News", now, days).pages == (
        *((f"Tech/News/{week}/en", f"Tech/News/{week}") for week in expected),
    )


# --- MediaWiki News ---------------------------------------------------------------------------------------------------


def test_news_under_dates_in_translate_markup_old_and_new() -> None:
    reading = mediawiki_news.read(page("mediawiki-news-terms", "News"), MEDIAWIKI, "news", SAVED)
    assert dated(reading) == [
        ("2026-11-18", "MediaWiki 1.45.1 is available. It fixes three problems with uploads."),
        ("2026-11-18", "The Example Charts extension can now draw maps (phab:T400001)."),
        ("2026-11-03", "Registration for the Example Developer Summit is open."),
        (
            "2026-10-05",
            "The documentation of the job queue was rewritten:\n• how to run jobs by hand\n• how to see what failed",
        ),
    ]
    assert [link.url for link in reading.items[1].links] == [
        "https://www.mediawiki.org/wiki/Extension:Example_Charts",
        "https://phabricator.wikimedia.org/T400001",
    ]
    assert reading.problems == ()


def test_news_by_month_takes_the_year_from_the_heading_and_asks_for_missing_days() -> None:
    reading = mediawiki_news.read(page("mediawiki-news-months", "News"), MEDIAWIKI, "news", SAVED)
    assert dated(reading) == [
        (
            "2026-11-20",
            "The Example Toolkit has reached version 2.0. It needs PHP 8.2 or newer.\n"
            "• Toolkit::open() was renamed\n• old settings are converted",
        ),
        ("2026-11-09", "Patches to change 1200001 are welcome; see how to help."),
        ("2025-12-31", "A year of statistics is out."),
    ]
    assert [problem.message for problem in reading.problems] == ["“Work on the new installer goes on.” has no date."]


def test_news_with_the_date_in_each_bullet() -> None:
    reading = mediawiki_news.read(page("mediawiki-news-bold", "News"), MEDIAWIKI, "news", SAVED)
    assert dated(reading) == [
        ("2026-11-19", "The skin guide has a chapter on dark mode."),
        ("2026-11-02", "Extensions written for 1.39 should be upgraded before December."),
        ("2026-09-14", "https://gitlab.wikimedia.org/explore has a new start page."),
    ]
    assert "{{Example notice}}" in str(reading.problems[0])


def test_a_page_without_any_date_is_an_alarm_and_never_silence() -> None:
    reading = mediawiki_news.read(page("mediawiki-news-undated", "News"), MEDIAWIKI, "news", SAVED)
    assert reading == Reading(problems=(NO_DATES,))
    assert news("") == reading
    assert news("{|\n! Day !! News\n|-\n| 2026-11-20 || A table is not read.\n|}") == reading


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (";2026-11-20\n* A", "2026-11-20"),
        ("; 2026-11-20 : A", "2026-11-20"),
        (";20 November 2026\n: A", "2026-11-20"),
        ("== 20 November 2026 ==\n* A", "2026-11-20"),
        ("=== Friday, November 20th, 2026 ===\n* A", "2026-11-20"),
        ("'''20 Nov. 2026'''\n# A", "2026-11-20"),
        ("== 2026 ==\n=== November ===\n* 20 November: A", "2026-11-20"),
        ("=== Nov 2025 ===\n* November 20: A", "2025-11-20"),
        ("* 20 November – A", "2026-11-20"),
        ("* December 24 – A", "2025-12-24"),
        ("* 2026-11-20 A", "2026-11-20"),
        ("* (2026-11-20) A", "2026-11-20"),
        ("* '''{{#dateformat:2026-11-20}}:''' A", "2026-11-20"),
        (":* 20 November 2026 — A", "2026-11-20"),
        ("=== ٢٠ نوفمبر ٢٠٢٦ ===\n* A", "2026-11-20"),
        ("== novembre 2026 ==\n* 20 novembre – A", "2026-11-20"),
        ("* 20.11.2026: A", "2026-11-20"),
    ],
)
def test_dates_in_every_form(text: str, expected: str) -> None:
    assert dated(news(text)) == [(expected, "A")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("== 20 November 2026 ==\nA.", [("2026-11-20", "A.")]),
        ("== 20 November 2026 ==\nA.\n\nIt is [[Foo|so]].\n\n{{Foot\n| x = y\n}}", [("2026-11-20", "A.\nIt is so.")]),
        ("== 20 November 2026 ==\n=== Skins ===\nA.\n=== Bots ===\nB.", [("2026-11-20", "A."), ("2026-11-20", "B.")]),
        ("== 20 November 2026 ==\nThe news of the day:\n* A", [("2026-11-20", "A")]),
        (";2026-11-20\n* A\nOlder news is in the archive since 2009.", [("2026-11-20", "A")]),
        ("; 2026-11-20 : A\nOlder news is in the archive since 2009.", [("2026-11-20", "A")]),
        ("'''20 November 2026:''' A.\n\n'''18 November 2026''' – B.", [("2026-11-20", "A."), ("2026-11-18", "B.")]),
        ("'''20 November 2026:''' A:\n* x\n* 18 November 2026: B", [("2026-11-20", "A:\n• x"), ("2026-11-18", "B")]),
        ("20 November 2026: A.\n\n5 May 2026 was a day.", [("2026-11-20", "A.\n5 May 2026 was a day.")]),
    ],
)  # fmt: skip
def test_what_is_written_below_a_day_without_bullets_is_its_news(text: str, expected: list[tuple[str, str]]) -> None:
    assert dated(news(f"Since 2003 there is news.\n{text}\n== See also ==\nMore.\n[[Category:News]]")) == expected
    assert news(text).problems == ()


@pytest.mark.parametrize(
    "text",
    [
        "</onlyinclude>\n<noinclude>\n[[Category:A|*]]\n[[de:News]] [[fr:News]]\nShown elsewhere.\n</noinclude>",
        "</div>\n<div style='column'>\nEdit this page\n</div>",
        "[[de:News]]\n__NOTOC__ __NOEDITSECTION__\n<references />\n<br clear=all>",
        "<gallery>\nFile:A.png|Caption\n</gallery>",
        '<syntaxhighlight lang="php">\n$wgFoo = 1;\n</syntaxhighlight>',
        "----\n<center>[[News/RSS|Feed]] &bull; [[Project:About|About]]</center>",
        "[[News/Archive|Older]] &bull; [[News/RSS|RSS]]",
        "Older news are in the [[News/Archive|archive]].\n''This page was last updated by the team.''",
        "For older news, see [[News/Archive]].",
        "{|\n| 2026-11-19 || branch cut\n|-\n| rc.0 || 2026-12-01\n|}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("day", ["=== 20 November 2026 ===\n", "'''20 November 2026''' – "])
def test_what_only_furnishes_the_page_is_no_news(day: str, text: str) -> None:
    reading = news(f"{day}A is [[Foo|out]].\n\nIt is new.\n{text}\n")
    assert dated(reading) == [("2026-11-20", "A is out.\nIt is new.")]
    assert [link.label for link in reading.items[0].links] == ["out"]
    assert reading.problems == ()


def test_elements_around_some_of_the_prose_do_not_end_it() -> None:
    text = "=== 20 November 2026 ===\n<div class=x>\nA.</div>\n<gallery>B</gallery>\n<center>C.</center>\nD."
    assert dated(news(text)) == [("2026-11-20", "A.\nC.\nD.")]


@pytest.mark.parametrize(
    "text",
    [
        "This week two things happened:\n* A\n* B",
        "This week two things happened:\n==== Software ====\n* A\n==== People ====\n* B",
        "==== Software ====\nWhat is new:\n===== Skins =====\n* A\n===== Bots =====\n* B",
        "[[News/2026-11-10|« previous]] | [[News/2026-11-30|next »]]\n==== Software ====\n* A\n* B",
        "<div>\n* A\n</div>\n* B\n</div>",
        "{|\n| 2026-11-20 || C\n|}\n* A\n* B",
        "* A\n* B\n== Supported versions ==\n{|\n! Version !! Released !! End of life\n|-\n"
        "| 1.46 || 20 November 2026 || November 2027\n|-\n| 1.45 || 2026-11-02 || 2026-12-31\n|-\n"
        "| 2026-11-02 || A release\n|-\n| 1.43 LTS || 2024-12-21 || 2027-12-31\n|}",
    ],
)
def test_where_a_day_has_bullets_they_are_its_news(text: str) -> None:
    reading = news(f"{{|\n| 2026-11-20\n| [[News/2026/11|November]]\n|}}\n=== 20 November 2026 ===\n{text}")
    assert dated(reading) == [("2026-11-20", "A"), ("2026-11-20", "B")]
    assert reading.problems == ()


def test_a_template_begun_in_a_bullet_is_no_table() -> None:
    text = "=== November 2026 ===\n* 20 November: A is out. {{Note\n| 2026-11-01\n| text\n}}\n"
    assert [item.group for item in news(text).items] == ["2026-11-20"]


def test_a_day_far_ahead_that_has_no_news_yet_is_no_trouble() -> None:
    assert news(";2026-11-20\n* A\n;2027-12-31\n[[File:A.png]]").problems == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("== 20 November 2026 ==\n=== Skins ===\nB.\n=== Bots ===\n* A", "Nothing was read below “Skins”."),
    ],
)
def test_where_nobody_can_tell_what_is_news_that_is_said(text: str, message: str) -> None:
    assert (texts(news(text)), [problem.message for problem in news(text).problems]) == (["A"], [message])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (";2026-11-31\n* B", "“2026-11-31” was not read: nobody can tell which day 2026-11-31 is."),
        (";20/11/2026\n* B", "“20/11/2026” was not read: nobody can tell which day 20/11/2026 is."),
        ("* 20/11/2026: B", "“20/11/2026: B” was not read: nobody can tell which day 20/11/2026 is."),
        ("'''2026-11-31:''' B", "“2026-11-31: B” was not read: nobody can tell which day 2026-11-31 is."),
        (";2026-11-19\n* {{Release|1.45.1}}", "{{Release}} was left out of “2026-11-19”."),
        (";2026-11-19\n{{Release|1.45.1}}", "{{Release}} was left out of “2026-11-19”."),
        ("== 19 November 2026 ==\n[[File:A.png]]", "Nothing was read below “19 November 2026”."),
        (";2026-11-19", "Nothing was read below “2026-11-19”."),
    ],
)  # fmt: skip
def test_recent_news_that_cannot_be_read_is_told_of(text: str, message: str) -> None:
    reading = news(f"{text}\n;2026-11-20\n* A\n;2026-11-12\n* C")
    assert ([item.text for item in reading.items], [p.message for p in reading.problems]) == (["A", "C"], [message])
    assert message in [problem.message for problem in news(text).problems]


@pytest.mark.parametrize(
    "text",
    [
        ";2026-02-31\n* B",
        ";20/11/2009\n* B",
        ";2026-05-19\n* {{Release|1.45.1}}",
        ";2026-05-19\n* A {{Release|1.45.1}}",
        ";2026-05-19",
        "* See how to write a date such as 20/11/2026 in the manual of the page.",
    ],
)
def test_old_news_is_no_wall_of_complaints(text: str) -> None:
    assert news(f"{text}\n;2026-11-20\n* A").problems == ()


def test_a_date_in_the_words_of_dated_news_is_no_date_of_its_own() -> None:
    assert dated(news(";2026-11-20\n* 25 November: the office hour.")) == [
        ("2026-11-20", "25 November: the office hour.")
    ]


def test_headings_below_a_date_are_its_sections_and_others_end_it() -> None:
    reading = news("== 2026-11-20 ==\n=== Skins ===\n* A\n== See also ==\n* B")
    assert [(item.section, item.text) for item in reading.items] == [("Skins", "A")]


@pytest.mark.parametrize("text", ["* 31 February 2026: A", "* 20 Nowember: A", "* 2026: A", "* 20 Mayor 2026: A"])
def test_what_is_no_date_dates_nothing(text: str) -> None:
    assert news(text).problems == (NO_DATES,)


def test_a_day_without_any_year_to_go_by_is_no_date() -> None:
    assert news("* 20 November: A", timestamp=None).problems == (NO_DATES,)


def test_the_news_page_is_one_page() -> None:
    assert mediawiki_news.wants("News", SAVED, 7) == Wants(pages=(("News",),))
