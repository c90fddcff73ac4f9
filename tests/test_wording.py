"""From an item to a good post: the words, the link, the sentences, and what fits where."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from time import process_time
from typing import Any

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from smbot import compose, dated, wording
from smbot.channels import NETWORKS, network
from smbot.model import Can, Candidate, Event, Item, Link, Page, Permalink, Rules, Text
from smbot.sentences import ends
from smbot.settings import Account, Wording, read_wordings
from smbot.shipped import shipped_pages
from smbot.sources import SOURCES, mediawiki_news, source, tech_news
from smbot.wikitext import WIKIMEDIA, plain

PAGES = Path(__file__).parent / "pages"
NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
PERMALINK = Permalink("News", 7, "https://wiki.test/News")
TASK = "https://phabricator.wikimedia.org/T400011"
MEETING = Event(datetime(2026, 12, 4, 18, tzinfo=UTC))
DAY = Event(datetime(2026, 12, 4, tzinfo=UTC), whole_day=True)
TALK = "https://talks.example/7"

MW = WIKIMEDIA["mediawiki:mediawiki"]
ONE = {"one": Account("one", ("mastodon",), frozenset())}
ROOMY = {"one/mastodon": Rules("Mastodon", 500, len)}


def item(text: str = "A new skin is here.", *links: Link, **more: Any) -> Item:
    return Item(**({"source": "s", "group": "2026-W47", "section": "Recent changes", "text": text, "links": links,
                    "permalink": PERMALINK} | more))  # fmt: skip


def said(it: Item, template: str = "$text", *tags: str) -> str:
    """The words for one account with room and these hashtags."""
    accounts = {"one": Account("one", ("mastodon",), frozenset(), hashtags=tags)}
    candidate = wording.propose(it, template, ("one",), accounts, ROOMY)
    assert candidate.own == ()
    return candidate.text


def link(text: str, *links: Link, **more: Any) -> str:
    return wording.propose(item(text, *links, **more), "$text", ("one",), ONE, ROOMY).link


def sentences(text: str) -> list[str]:
    places = [0, *ends(text)]
    return [text[begin:end].strip() for begin, end in pairwise(places)]


# --- templates --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("$text", "A new skin is here."),
        ("$title\n\n$text", "Skins\n\nA new skin is here."),
        ("New on the technical blog: $title", "New on the technical blog: Skins"),
        ("$group, $section, $date", "2026-W47, Recent changes, 20 November 2026"),
        ("$$text costs $$5 or $5, $word, $Text", "$text costs $5 or $5, $word, $Text"),
        ("ନୂଆ: $textଓ", "ନୂଆ: A new skin is here.ଓ"),
        ("  $title  \n\n\n\n$text \n\n", "Skins\n\nA new skin is here."),
    ],
)
def test_a_template_says_how_an_item_is_told(template: str, words: str) -> None:
    assert said(item(title="Skins", published=date(2026, 11, 20)), template) == words


def test_words_of_an_item_are_never_taken_for_placeholders() -> None:
    assert said(item("Pay $title or $$5.", title="No $text"), "$title: $text") == "No $text: Pay $title or $$5."


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("$title\n\n$text", "Text."),
        ("$title\n$when\n$local\n\n$text", "Text."),
        ("$text\n\nWhen: $when\n🗓 $when\n\nRead on.", "Text.\n\nRead on."),
        ("$title – $text", "Text."),
        ("$text · $tags", "Text."),
        ("$text ($date)", "Text."),
        ("$group · $title · $text", "2026-W47 · Text."),
        ("Register now! $tags\n\n$text", "Register now!\n\nText."),
        ("New: $title", "Text."),
        ("", "Text."),
    ],
)
def test_what_an_item_does_not_say_leaves_no_gap(template: str, words: str) -> None:
    assert said(item("Text."), template) == words


def test_a_colon_that_people_wrote_stays_before_a_gap() -> None:
    assert said(item("Look here:"), "$text $tags") == "Look here:"


def test_an_item_of_nothing_but_a_title_is_told_by_it_once() -> None:
    assert said(item("", title="A title")) == "A title"
    assert said(item("A title", title="A title"), "$title\n\n$text") == "A title"
    assert said(item(""), "$text") == ""


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (MEETING, "Friday, 4 December 2026, 18:00 UTC\nhttps://zonestamp.toolforge.org/1796407200"),
        (DAY, "Friday, 4 December 2026"),
        (None, "Office hour"),
    ],
)
def test_an_event_is_told_with_its_time_everywhere(event: Event | None, words: str) -> None:
    assert said(item("", title="Office hour", event=event), "$when\n$local") == words


def shipped() -> dict[str, Wording]:
    """How news is put in words where nobody changed it: by the page that is installed, and without it."""
    page = Page("Wording", 1, shipped_pages("Project:Smbot")["Project:Smbot/Wording"])
    return read_wordings(page) | {kind: Wording({"": source(kind).POST}) for kind in SOURCES}


@pytest.mark.parametrize(("name", "words"), shipped().items())
def test_where_a_time_is_told_a_link_shows_the_time_of_the_reader(name: str, words: Wording) -> None:
    for template in (*words.post.values(), *words.reminder.values(), dated.REMINDER):
        assert "$when" not in template or "$local" in template, name


@pytest.mark.parametrize(("name", "words"), shipped().items())
def test_the_hashtags_of_an_account_are_used_where_nobody_said_otherwise(name: str, words: Wording) -> None:
    news = item("The new skin is here.", title="Skins of October 2026", event=MEETING)
    for template in words.post.values():
        assert said(news, template, "#Skin", "#Skins") == f"{said(news, template)}\n\n#Skin #Skins", name


@pytest.mark.parametrize("words", [shipped()["Newsletter"], shipped()["newsletter"]])
def test_an_issue_of_the_newsletter_is_told_in_a_sentence_whatever_it_is_called(words: Wording) -> None:
    for title in ("October 2026", "third quarter of 2026", "2026/10"):
        told = said(item("", title=title), words.post[""])
        assert told == f"The latest Technical Community Newsletter is out: {title}."


def test_a_story_of_the_blog_is_told_in_a_sentence() -> None:
    story = item("", title="How we test")
    for words in (shipped()["technical-blog"], shipped()["Technical blog"]):
        assert said(story, words.post[""]) == "New on the Wikimedia Technical Blog: How we test"


@pytest.mark.parametrize(
    ("begin", "end", "words"),
    [
        ("2026-12-03", "2026-12-05", "3–5 December 2026"),
        ("2026-11-30", "2026-12-02", "30 November – 2 December 2026"),
        ("2026-12-30", "2027-01-02", "30 December 2026 – 2 January 2027"),
        ("2026-12-04", "2026-12-04", "Friday, 4 December 2026"),
        ("2026-12-04 18:00", "2026-12-04 19:00", "Friday, 4 December 2026, 18:00 UTC"),
        ("2026-12-04 22:00", "2026-12-05 02:00", "Friday, 4 December 2026, 22:00 UTC"),
        (
            "2026-12-04 18:00",
            "2026-12-06 12:00",
            "Friday, 4 December 2026, 18:00 UTC – Sunday, 6 December 2026, 12:00 UTC",
        ),
    ],
)
def test_what_takes_days_is_told_with_its_end(begin: str, end: str, words: str) -> None:
    start, over = (datetime.fromisoformat(at).replace(tzinfo=UTC) for at in (begin, end))
    event = Event(start, over, whole_day=len(begin) == len("2026-12-03"))
    assert said(item("", title="Hackathon", event=event), "$when") == words


# --- hashtags ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "tags", "words"),
    [
        ("The tech news are here.", ("#TechNews", "#Gadgets"), "#TechNews"),
        ("MediaWiki 1.46 is out.", ("#mediawiki", "#Wiki"), "#mediawiki"),
        ("Tech-News for IP addresses in 2026", ("#TechNews", "#IPAddresses", "#Year2026"), "#TechNews #IPAddresses"),
        ("A, B and C", ("#C", "#B", "#A"), "#C #B"),
        ("Wikipedias, not the other", ("#Wikipedia",), ""),
        ("Read #TechNews, the tech news", ("#TechNews",), ""),
        ("维基百科有新的外观", ("#维基百科",), "#维基百科"),
        ("ଓଡ଼ିଆ ଉଇକିପିଡ଼ିଆ", ("#ଓଡ଼ିଆ", "#ଓଡ"), "#ଓଡ଼ିଆ"),
        ("Nothing", (), ""),
    ],
)
def test_hashtags_are_those_of_the_account_whose_words_the_item_has(
    text: str, tags: tuple[str, ...], words: str
) -> None:
    assert said(item(text, title="T"), "$title\n$tags", *tags) == f"T\n{words}".strip()


# --- what of the text is news -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It was fixed (T230521).", "It was fixed."),
        ("It was fixed. (T230521)", "It was fixed."),
        ("It was fixed. (T230521).", "It was fixed."),
        ("It was fixed. T230521", "It was fixed."),
        ("It was fixed. T230521, T230522", "It was fixed."),
        ("It was fixed – T230521", "It was fixed"),
        ("It was fixed [phab:T230521] at last (see task T230521 and T230522), yes.", "It was fixed at last, yes."),
        ("(T230521) The search works.", "The search works."),
        ("(T230521): The search works.", "The search works."),
        ("T230521: The search works.", "The search works."),
        ("T230521, T230522 – The search works.", "The search works."),
        ("It works. (https://phabricator.wikimedia.org/T230521#12)", "It works."),
        ("It works. [1][2] It is new. [3]", "It works. It is new."),
        ("• one (T230521)\n• two. T230522\n• three", "• one\n• two.\n• three"),
        ("新的外观（T230521）。", "新的外观。"),
        ("It is out (phab:T1, gerrit:123)", "It is out"),
        ("It is out (Gerrit change 123 and T230521).", "It is out."),
        ("It is out. https://gerrit.wikimedia.org/r/123", "It is out."),
        ("(Advanced item) Gadgets break.", "Gadgets break."),
        ("Recurrent item Advanced item The new version comes.", "The new version comes."),
        ("[Advanced item]: Gadgets break.", "Gadgets break."),
    ],
)  # fmt: skip
def test_references_and_captions_leave_the_words(text: str, words: str) -> None:
    assert said(item(text)) == words


@pytest.mark.parametrize(
    "text",
    [
        "T230521 is fixed",
        "T230521: fixed",
        "It was fixed. T230521 is another.",
        "This fixes T230521.",
        "Tell the developers at phab:T232688.",
        "See T230521.",
        "The fix (T230521 has more) is here.",
        "It is in gerrit:123 now.",
        "Boeing (T7) lands, says array[1] of [2].",
        "T230521",
        "(T230521)",
        "Advanced item types are here.",
        "10\u00a0000 people came.",
    ],
)
def test_what_is_part_of_a_sentence_stays(text: str) -> None:
    assert said(item(text)) == text


# --- the link ---------------------------------------------------------------------------------------------------------

IP = Link("https://en.wikipedia.org/wiki/IP_address", "IP address")
CAPTCHA = Link("https://en.wikipedia.org/wiki/CAPTCHA", "CAPTCHAs")
TLS = Link("https://en.wikipedia.org/wiki/en:Transport_Layer_Security", "TLS")
CLOCK = Link("https://www.timeanddate.com/worldclock/fixedtime.html?iso=20190821T15", "21 August at 15:00 (UTC)")
REFERENCE = Link(TASK)
LIST = Link("https://phabricator.wikimedia.org/T227843#5344413", "A list of filters")
GERRIT = Link("https://gerrit.wikimedia.org/r/1200001", "change 1200001")
SPECIAL = Link("https://meta.wikimedia.org/wiki/Speciaal:VerwijzingenZoeken", "Special:LinkSearch")
UPDATE = Link("https://meta.wikimedia.org/wiki/Community_Tech/Password_Reset_Update")
MORE_IN_TASK = Link("https://phabricator.wikimedia.org/T230256", "read more")
FEEDBACK = Link("https://www.mediawiki.org/wiki/Talk:Example_drafts", "say how it works for you")
GROUP = Link("https://meta.wikimedia.org/wiki/Abuse_filter_manager", "abuse filter manager")
VOTE = Link("https://meta.wikimedia.org/wiki/Abuse_filter_manager/vote", "vote")
VERSION = Link("https://www.mediawiki.org/wiki/MediaWiki_1.34/wmf.19", "new version")
HELP = Link("https://www.mediawiki.org/wiki/Help:Extension:AdvancedSearch", "advanced search")
JOIN = Link("https://www.mediawiki.org/wiki/Example_Meeting", "how to join")
SPELLED = Link(*2 * ("https://www.mediawiki.org/wiki/API:REST_API",))
WORST_TO_BEST = [CLOCK, REFERENCE, FEEDBACK, SPECIAL, UPDATE, MORE_IN_TASK, GROUP, VOTE, HELP, JOIN]


@pytest.mark.parametrize(("worse", "better"), list(pairwise(WORST_TO_BEST)))
def test_the_most_useful_link_is_taken_wherever_it_stands(worse: Link, better: Link) -> None:
    assert link("Words.", worse, better) == link("Words.", better, worse) == better.url


PERSON = Link("https://www.mediawiki.org/wiki/User:Reedy", "Sam Reed")
BENUTZERIN = Link("https://de.wikipedia.org/wiki/Benutzerin:Jane", "Jane")
MANNERS = Link("https://meta.wikimedia.org/wiki/User_talk:Jane", "talk")


@pytest.mark.parametrize("background", [IP, CAPTCHA, TLS, PERSON, BENUTZERIN, MANNERS])
def test_what_explains_a_word_is_never_what_a_post_leads_to(background: Link) -> None:
    assert link("Words.", background, REFERENCE) == TASK
    assert link("Words.", background) == PERMALINK.url


def test_an_address_that_the_text_spells_out_is_no_footnote() -> None:
    assert link("Words.", FEEDBACK, UPDATE, GROUP, SPELLED) == SPELLED.url
    talk = "https://www.mediawiki.org/wiki/Talk:Example"
    assert link("Words.", Link(talk, talk), UPDATE) == UPDATE.url
    news = plain(
        "Documentation is at https://www.mediawiki.org/wiki/API:REST_API. Feedback: [[Talk:API:REST API]].", MW
    )
    assert link(news.text, *news.links) == SPELLED.url


def test_an_address_outside_a_wiki_that_the_text_spells_out_says_what_is_new() -> None:
    stream = "https://youtu.be/abc"
    assert link("Words.", FEEDBACK, Link(stream, stream), UPDATE) == stream


def test_a_script_below_the_page_of_somebody_may_be_the_news() -> None:
    script = Link("https://meta.wikimedia.org/wiki/User:Jane/Patrol.js", "a script for patrollers")
    assert link("Words.", PERSON, script) == script.url


@pytest.mark.parametrize("place", ["https://etherpad.wikimedia.org/p/topic", "https://docs.example/topic"])
def test_notes_are_for_those_who_know_the_topic_already(place: str) -> None:
    topic = Link("https://meta.wikimedia.org/wiki/Topic", "Topic")
    assert link("Words.", Link(place, "Notes"), topic) == topic.url


def test_an_article_that_explains_a_word_is_better_than_nothing() -> None:
    assert link("Words.", IP, permalink=Permalink("News")) == IP.url


@pytest.mark.parametrize(
    "links", [(VERSION, VOTE), (REFERENCE, LIST), (LIST, GERRIT), (UPDATE, Link("https://a.test/"))]
)
def test_of_links_alike_the_first_is_taken(links: tuple[Link, ...]) -> None:
    assert link("Words.", *links) == links[0].url


def test_a_task_that_left_the_words_is_kept_as_the_link_where_there_is_none_better() -> None:
    assert link("It was fixed (T400011).") == TASK
    assert link("It was fixed (T400011).", UPDATE) == UPDATE.url
    assert link("T400011 is fixed.") == PERMALINK.url
    assert link("It was fixed (gerrit:123).") == "https://gerrit.wikimedia.org/r/123"
    assert link("It was fixed. [1][2]") == PERMALINK.url


def test_without_any_link_a_post_leads_to_the_page_of_the_item_if_that_is_known() -> None:
    assert link("Words.") == PERMALINK.url
    assert link("Words.", permalink=Permalink("News")) == ""


def test_a_link_that_is_no_web_address_is_not_taken() -> None:
    assert link("Words.", Link("https://user@bank.example/", "read more"), Link("https://[", "x")) == PERMALINK.url


def test_an_entry_of_a_feed_leads_to_itself() -> None:
    entry = Link("https://blog.test/entry", "A new post")
    assert link("Words.", JOIN, entry, title="A new post") == entry.url
    assert link("Words.", JOIN, Link("https://blog.test/e"), keys=("https://blog.test/e",)) == "https://blog.test/e"


# --- sentences --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "parts",
    [
        ["MediaWiki 1.45.0-wmf.4 is here.", "It needs PHP 8.2.", "It is 3.5 times as fast."],
        ["Use e.g. Vector or i.e. Minerva, cf. Skins.", "Mr. Smith and Dr. Jones of St. Louis vs. Ms. X agree."],
        ["Gadgets, scripts, etc. are read.", "Gadgets, scripts, etc.", "They are read by approx. 5 people."],
        ["It is in the U.S. Senate now.", "It is in the U.S.", "The Senate met.", "At 5 p.m. UTC J. R. Ray came."],
        ["See https://example.org/a.b?c=d! and more.", "Or https://example.org/wiki/What.", "Yes."],
        ["Recommend tools by July 29.", "The awarded tools come in Dec. 2019.", "It is no. 5.", "It is a no.", "Yes."],
        ["Wait… there is more... really.", "Wait…", "There is more...", "Really."],
        ["He asked “Why? Now?” and left.", "“Why?”", "Nobody knew.", "\"So. Be it.\"", "«Oui. Non.»", "End."],
        ["It works (see Help. There is more.) for all.", "(It does. Really.)", "It (wow!) Works."],
        ["What?!", "No!", "Yes."],
        ["It asks “What?” and “Why?”.", "Read it (e.g.).", "It fits in 5 ft. 3 or so."],
        ["1. First it is done.", "2. Then it works.", "• 3. And then."],
        ["¿Qué hay?", "¡Mucho!", "La Sra. Díaz lo sabe."],
        ["Pourquoi ?", "Parce que M. Dupont l'a dit !", "Voilà."],
        ["It uses .NET and Node.js now.", "Do it."],
        ["Das geht am 3. Juli los.", "Das geht, z.B. Montag, bzw. Dienstag."],
        ["ନୂଆ କର୍ମଶାଳା।", "ସମସ୍ତଙ୍କୁ ସ୍ୱାଗତ!", "यह नया है।", "सबका स्वागत॥", "अब।"],
        ["هل تعرف؟", "نعم أعرف.", "شكرا"],
        ["یہ پہلا ہے۔", "یہ دوسرا ہے۔"],
        ["Քանի՞ հոգի։", "Շատ։"],
        ["ეს არის ახალი.", "ეს არის მეორე."],
        ["Новая тема.", "Она тут."],
    ],
)  # fmt: skip
def test_sentences_end_where_people_end_them(parts: list[str]) -> None:
    assert sentences(" ".join(parts)) == parts


@pytest.mark.parametrize(
    "parts",
    [
        ["维基百科有新的外观。", "请大家看看！", "他说：“新的。外观。”", "好。"],
        ["「はい。」と言った。", "「はい。」", "そうです。", "３．５倍です。"],
        ["यह नया है।", "वह भी।"],
    ],
)
def test_scripts_without_spaces_have_sentences_too(parts: list[str]) -> None:
    assert sentences("".join(parts)) == parts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("A line\nAnother line\n\nThe last", ["A line", "Another line", "The last"]),
        ("The news: • one • two", ["The news: • one", "• two"]),
        ("It was rewritten:\n• how to run\n• how to see", ["It was rewritten:\n• how to run", "• how to see"]),
        ("The end. \n", ["The end."]),
        ("ข้อความ ที่ไม่มีจุด", ["ข้อความ ที่ไม่มีจุด"]),
        ("no stop at all", ["no stop at all"]),
        ("...", ["..."]),
        ("", []),
        (" \n ", []),
    ],
)
def test_lines_and_bullets_end_a_sentence_and_a_colon_does_not(text: str, parts: list[str]) -> None:
    assert sentences(text) == parts


# --- room -------------------------------------------------------------------------------------------------------------

NARROW = {"wide": Account("wide", ("mastodon", "x"), frozenset()), "other": Account("other", ("x",), frozenset())}
NARROW_RULES = {
    "wide/mastodon": Rules("Mastodon", 500, len),
    "wide/x": Rules("X", 60, len, can=frozenset({Can.THREAD})),
    "other/x": Rules("X", 60, len, can=frozenset({Can.THREAD})),
}
LONG = "The first sentence. The second sentence. The third sentence. The fourth."
URL = Permalink("N", 1, "https://n.test/abcdef")


def narrow(
    text: str = LONG,
    template: str = "$text",
    speakers: tuple[str, ...] = ("wide", "other"),
    accounts: Mapping[str, Account] = NARROW,
    own: Mapping[str, str] = {},
    **more: Any,
) -> Candidate:
    return wording.propose(item(text, permalink=URL, **more), template, speakers, accounts, NARROW_RULES, own)


def test_a_network_with_too_little_room_gets_whole_sentences_of_its_own() -> None:
    candidate = narrow()
    assert (candidate.text, candidate.own) == (LONG, (("x", "The first sentence."),))
    assert not compose.problems(candidate, NARROW, NARROW_RULES)


def test_a_first_sentence_that_does_not_fit_is_left_whole_for_the_maintainers() -> None:
    text = f"{'Very ' * 20}long. Short."
    candidate = narrow(text)
    assert (candidate.text, candidate.own) == (text, ())
    assert len(compose.problems(candidate, NARROW, NARROW_RULES)) == 2


def test_a_network_with_threads_needs_no_shortening() -> None:
    accounts = NARROW | {"wide": Account("wide", ("mastodon", "x"), frozenset(), threads=frozenset({"x"}))}
    assert narrow(accounts=accounts).own == (("other/x", "The first sentence."),)
    assert narrow(accounts=accounts, speakers=("wide",)).own == ()


def test_the_rest_of_a_template_stays_around_fewer_sentences() -> None:
    own = narrow(
        "Come in. Bring your own cake, please.", "$title\n\n$text\n\n$date", title="Tea", published=NOW.date()
    ).own
    assert own == (("x", "Tea\n\nCome in.\n\n20 November 2026"),)


def test_a_title_may_stand_alone_and_hashtags_go_before_sentences() -> None:
    tagged = NARROW | {"wide": Account("wide", ("mastodon", "x"), frozenset(), hashtags=("#Second",))}
    assert narrow(f"{'Very ' * 20}long.", "$title\n\n$text", title="Tea").own == (("x", "Tea"),)
    assert narrow("One. The second thing.", "$text $tags", ("wide",), tagged).own == ()
    assert narrow("One is. The second thing right now.", "$text $tags", ("wide",), tagged).own == (
        ("x", "One is. The second thing right now."),
    )


def test_accounts_say_it_in_their_own_way() -> None:
    tagged = {"wide": Account("wide", ("mastodon",), frozenset(), hashtags=("#Skin",)), "other": NARROW["other"]}
    assert narrow("A skin.", "$text $tags", accounts=tagged).own == (("other", "A skin."),)
    candidate = narrow("A skin.", own={"other": "Hear: $text", "nobody": "x"})
    assert (candidate.text, candidate.own) == ("A skin.", (("other", "Hear: A skin."),))
    assert narrow("A skin.", speakers=("other",), own={"other": "Hear: $text"}).own == (("other", "Hear: A skin."),)


def test_accounts_that_say_it_differently_are_shortened_each_for_itself() -> None:
    candidate = narrow(own={"other": "Hear: $text"})
    shown = {channel: text.words for channel, text in compose.texts(candidate, NARROW, NARROW_RULES).items()}
    assert shown == {
        "wide/mastodon": f"{LONG}\n\n{URL.url}",
        "wide/x": f"The first sentence.\n\n{URL.url}",
        "other/x": f"Hear: The first sentence.\n\n{URL.url}",
    }


def test_an_account_named_like_a_network_does_not_speak_for_that_network() -> None:
    accounts = {"x": Account("x", ("mastodon",), frozenset()), "other": Account("other", ("x",), frozenset())}
    rules = {"x/mastodon": Rules("Mastodon", 500, len), "other/x": Rules("X", 500, len)}
    candidate = wording.propose(item("A skin."), "$text", ("other", "x"), accounts, rules, {"x": "Hear: $text"})
    shown = {channel: text.words.split("\n")[0] for channel, text in compose.texts(candidate, accounts, rules).items()}
    assert shown == {"other/x": "A skin.", "x/mastodon": "Hear: A skin."}


def test_an_account_that_is_gone_is_named_all_the_same() -> None:
    candidate = narrow("A skin.", speakers=("gone", "wide"))
    assert (candidate.accounts, candidate.text, candidate.own) == (("gone", "wide"), "A skin.", ())
    assert narrow("A skin.", speakers=()) == Candidate((), "A skin.", link=URL.url)


# --- real forms -------------------------------------------------------------------------------------------------------

EVERYWHERE = {"all": Account("all", tuple(NETWORKS), frozenset())}
ALL_RULES = {f"all/{name}": network(name).rules({}) for name in NETWORKS}
SITE = WIKIMEDIA["meta:meta"]


def proposed(name: str, title: str) -> list[tuple[str, str]]:
    """The words and links of the posts that a page in `tests/pages` proposes, none of which has a problem."""
    page = Page(title, 7, (PAGES / f"{name}.wikitext").read_text(), "https://w.test/page", NOW)
    source = tech_news if name.startswith("tech-news") else mediawiki_news
    items = source.read(page, SITE, "s", NOW).items
    found = [wording.propose(it, source.POST, ("all",), EVERYWHERE, ALL_RULES) for it in items]
    assert not any(compose.problems(candidate, EVERYWHERE, ALL_RULES) for candidate in found)
    return [(candidate.text, candidate.link.removeprefix("https://")) for candidate in found]


def test_tech_news_of_2019_become_posts() -> None:
    assert proposed("tech-news-2019", "Tech/News/2019/45") == [
        (
            "Some gadgets could not read their settings. You can read how to mend them.",
            "phabricator.wikimedia.org/T400010#1234567",
        ),
        ("Search was slow on Tuesday. It has been fixed.", "phabricator.wikimedia.org/T400011"),
        (
            "The new version of MediaWiki will be on test wikis and MediaWiki.org from 5 November (calendar).",
            "www.mediawiki.org/wiki/MediaWiki_1.35/wmf.5",
        ),
        ("There will be no Tech News issue next week.", "w.test/page"),
        (
            "You can join the example meeting on 6 November at 15:00 (UTC). See how to join.",
            "www.mediawiki.org/wiki/Example_Meeting",
        ),
    ]


def test_tech_news_of_2026_become_posts() -> None:
    found = proposed("tech-news-2026", "Tech/News/2026/47")
    assert found[0] == (
        "Readers of all wikis can now choose the reading list as their start page. "
        "It was a beta feature on ten wikis before.",
        "www.mediawiki.org/wiki/Example_reading_list",
    )
    assert [url for _, url in found[1:]] == [
        "meta.wikimedia.org/wiki/Talk:Example_drafts",
        "meta.wikimedia.org/wiki/Tech/News/Recently_resolved_community_tasks",
        "www.mediawiki.org/wiki/Example_migration#Modules_(old)",
        "www.mediawiki.org/wiki/MediaWiki_1.46/wmf.4",
        "diff.wikimedia.org/example",
        "zonestamp.toolforge.org/1795780800",
    ]


def test_news_of_mediawiki_become_posts() -> None:
    found = proposed("mediawiki-news-terms", "News") + proposed("mediawiki-news-months", "News")
    assert found[0][1] == "lists.wikimedia.org/hyperkitty/list/mediawiki-announce@lists.wikimedia.org/thread/EXAMPLE1/"
    assert found[1] == (
        "The Example Charts extension can now draw maps.",
        "meta.wikimedia.org/wiki/Extension:Example_Charts",
    )
    assert (
        found[3][0]
        == "The documentation of the job queue was rewritten:\n• how to run jobs by hand\n• how to see what failed"
    )


def test_an_entry_of_a_feed_and_an_event_become_posts() -> None:
    blog = item("We moved. It took a year.", Link("https://b.test/1", "A new home"), title="A new home")
    candidate = wording.propose(blog, "New on the blog: $title", ("all",), EVERYWHERE, ALL_RULES)
    assert (candidate.text, candidate.link) == ("New on the blog: A new home", "https://b.test/1")
    talk = item("Ask anything.", Link(TALK, "Join"), title="Office hour", event=MEETING, language="or")
    candidate = wording.propose(talk, "$title\n\n$when\n$local\n\n$text", ("all",), EVERYWHERE, ALL_RULES)
    assert candidate.text.startswith("Office hour\n\nFriday, 4 December 2026, 18:00 UTC\nhttps://zonestamp.")
    assert (candidate.link, candidate.language, candidate.own) == (TALK, "or", ())


# --- for all items ----------------------------------------------------------------------------------------------------

PIECES = [
    *("The", "word", "e.g.", "U.S.", "etc.", "done.", "Why?", "“So", "be.”", "(see", "it.)", "…", "!", ":", ")", '"'),
    *("(T230521)", "T230521", "phab:T230521.", "[1]", "1.45.0-wmf.4", "$text", "https://e.test/a.b?c", "a" * 70),
    *("ଓଡ଼ିଆ", "କର୍ମଶାଳା।", "مرحبا؟", "维基。百科", "「", "」", "🎉", "👨‍👩‍👧", "e\u0301"),
    *("• ", "  ", "\u00a0", "\n", "\n\n"),
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join)
TEMPLATES = st.sampled_from(
    ["$text", "$title\n\n$text", "$title: $text", "$text\n\n$when\n$local", "$text $tags", "$$ $x"]
)
LINKS = st.lists(st.sampled_from([*WORST_TO_BEST, IP]), max_size=3)
ITEMS = st.builds(
    lambda text, title, links, event: item(text, *links, title=title, event=event),
    TEXTS, st.sampled_from(["", "A title", "word"]), LINKS, st.sampled_from([None, MEETING, DAY]),
)  # fmt: skip
VOICES = {
    "a": Account("a", ("mastodon", "x", "irc"), frozenset(), hashtags=("#Word", "#Done")),
    "b": Account("b", ("mastodon", "x"), frozenset(), threads=frozenset({"x"})),
}
TIGHT = {
    f"{name}/{net}": Rules(net.title(), room, len, bytes=room if net == "irc" else 0, can=frozenset({Can.THREAD}))
    for name in VOICES
    for net, room in (("mastodon", 300), ("x", 120), ("irc", 150))
}


def signs(words: str) -> list[str]:
    return regex.findall(r"[\w\p{M}\p{So}]+", words)


def in_order(words: list[str], source: list[str]) -> bool:
    rest = iter(source)
    return all(word in rest for word in words)


@given(ITEMS, TEMPLATES, st.sampled_from([{}, {"b": "Hear: $text"}]))
@settings(max_examples=150, deadline=None)
def test_every_word_comes_from_the_item_in_order_and_nothing_is_left_to_chance(
    it: Item, template: str, own: dict[str, str]
) -> None:
    candidate = wording.propose(it, template, ("a", "b"), VOICES, TIGHT, own)
    assert candidate == wording.propose(it, template, ("a", "b"), VOICES, TIGHT, own)
    everything = wording._Draft("$title\n$text\n$when\n$local\n#Word #Done", it, it.title, it.text, "").words()
    for words in (candidate.text, *dict(candidate.own).values()):
        frame = [word for word in signs(words) if word != "Hear" and word != "x"]
        assert in_order(frame, [*signs(it.title), *signs(everything)])
        assert words == wording._tidy(words)
        assert not regex.search(r"\n{3}|[ \t]\n|\n[ \t]|[ ]{2}|^\s|\s$", words)


@given(ITEMS, st.sampled_from(["$text", "$title\n\n$text"]))
@settings(max_examples=150, deadline=None)
def test_every_channel_has_room_for_whole_sentences_or_not_even_for_the_first(it: Item, template: str) -> None:
    candidate = wording.propose(it, template, ("a", "b"), VOICES, TIGHT)
    for channel, text in compose.texts(candidate, VOICES, TIGHT).items():
        forms = [replace(candidate, text=candidate.text[:end], own=()) for end in ends(candidate.text)]
        prefixes = [compose.texts(form, VOICES, TIGHT)[channel] for form in forms]
        if is_too_long(candidate, channel, text):
            assert text == prefixes[-1]
            assert is_too_long(candidate, channel, prefixes[0])
        elif candidate.text:
            longest = max(i for i, prefix in enumerate(prefixes) if not is_too_long(candidate, channel, prefix))
            assert text == prefixes[longest]


def is_too_long(candidate: Candidate, channel: str, text: Text) -> bool:
    problems = compose.problems(candidate, VOICES, TIGHT, {channel: text})
    return any("too long" in problem.message or "more than" in problem.message for problem in problems)


@given(TEXTS)
@settings(max_examples=150, deadline=None)
def test_sentences_are_the_text_and_what_was_told_is_told_the_same_again(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())
    once = said(item(text))
    assert ends(text) == sorted(set(ends(text)))
    assert wording._tidy(once) == once


# --- strangers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "piece",
    [
        *(".", "!", " ", "\n", " \n", "(", "((T1234", '"', "“", "“a.", "T1234 ", "(T1234 ", ". T1234, ", "e.g. ", "• "),
        *("[1]", ": ", "$text", "-", "。", "「", "Advanced item ", "(advanced item)", "x. (y. ", "A. B? "),
    ],
)
def test_a_text_made_to_be_slow_is_not(piece: str) -> None:
    text = piece * (20_000 // len(piece))
    begun = process_time()
    wording.propose(item(text, title=text[:2000]), "$title: $text", ("a",), VOICES, TIGHT)
    assert process_time() - begun < 5


def test_what_strangers_write_without_end_becomes_a_post_that_ends() -> None:
    """Proposals are remembered on one page, which must not outgrow what a wiki takes."""

    def told(text: str, template: str = "$text") -> str:
        return wording.propose(item(text), template, ("one",), ONE, ROOMY).text

    endless = told("Drafts are kept. " * 100_000)
    assert endless.startswith("Drafts are kept. Drafts")
    assert endless.endswith(".")
    assert len(endless) <= wording.LONGEST
    assert len(told("A" * 1_000_000)) <= wording.LONGEST
    assert len(told("Drafts are kept. " * 200, "$text " * 300)) <= 2 * wording.LONGEST
