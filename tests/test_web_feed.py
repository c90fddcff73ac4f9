"""Feeds: what blogs really serve becomes items, and what strangers may serve harms nobody."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from subprocess import run
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from smbot.model import Item, Link, Page, Permalink, Reading, Site
from smbot.sources import Source, Wants
from smbot.sources.web_feed import any_feed, technical_blog, text_of

PAGES = Path(__file__).parent / "pages"
ADDRESS = "https://blog.example.org/feed/"
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
SITE = Site("https://wiki.example/wiki/$1")


def read(text: str) -> Reading:
    return any_feed.read(Page(ADDRESS, 7, text), SITE, "blog", NOW)


def stored(name: str) -> tuple[Item, ...]:
    reading = read(text_of((PAGES / f"feed-{name}.xml").read_bytes(), "application/xml"))
    assert reading.problems == ()
    return reading.items


def rss(*entries: str, head: str = "") -> str:
    items = "".join(f"<item>{entry}</item>" for entry in entries)
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Blog</title>{head}{items}</channel></rss>'


def one(entry: str, head: str = "") -> Item:
    reading = read(rss(entry, head=head))
    assert reading.problems == ()
    return reading.items[0]


def problems(text: str) -> list[str]:
    return [problem.message for problem in read(text).problems]


# --- the contract -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("feed", [technical_blog, any_feed])
def test_a_feed_is_one_address_whatever_the_day(feed: Source) -> None:
    assert feed.wants("https://a.example/feed", NOW, 7) == Wants(address="https://a.example/feed")
    assert not feed.PICK


def test_only_the_technical_blog_is_known_by_itself() -> None:
    assert (technical_blog.PAGE, any_feed.PAGE) == ("https://techblog.wikimedia.org/feed/", "")


def test_where_no_feed_is_read_none_of_it_is_loaded() -> None:
    said = "import smbot.sources.web_feed, sys; print('feedparser' in sys.modules)"
    assert run([sys.executable, "-c", said], capture_output=True, text=True, check=True).stdout == "False\n"


# --- what blogs serve -------------------------------------------------------------------------------------------------


def test_a_story_of_wordpress_becomes_an_item() -> None:
    link = "https://techblog.wikimedia.org/2026/11/19/parsoid-reads-it-all/"
    title = "Parsoid reads it all: what we’ve learned from “one parser”"
    assert stored("wordpress")[0] == Item(
        source="blog",
        group="2026-11-19",
        section="",
        text="For ten years, MediaWiki had two parsers. Since last week, there’s only one & it is faster.",
        links=(Link(link, title),),
        permalink=Permalink(ADDRESS, 7, link),
        published=date(2026, 11, 19),
        language="en",
        title=title,
        identity=title,
        keys=("https://techblog.wikimedia.org/?p=4321", link),
    )


def test_excerpts_end_with_a_sentence_and_stories_without_one_begin_with_their_first_paragraph() -> None:
    found = [(item.title, item.text) for item in stored("wordpress")[1:]]
    assert found == [
        ("Toolforge & you: builds for everyone", "Every tool can now be built from its repository."),
        ("A picture book", "Pictures tell what graphs cannot."),
    ]


def test_days_are_those_of_utc() -> None:
    assert [item.group for item in stored("wordpress")] == ["2026-11-19", "2026-10-03", "2026-09-01"]


def test_an_atom_feed_is_read_with_its_relative_links() -> None:
    found = [(item.title, item.text, item.links[0].url, item.published) for item in stored("atom")]
    site, release = "https://blog.example.org/", "Version 2.0.1 is out, e.g. for Debian."
    assert found == [
        ("Less is more", "We took out ten thousand lines.", f"{site}less?a=1&b=2#top", date(2026, 11, 19)),
        ("Why a < b & b > a", "Als a < b, dan niet a.", f"{site}why/", date(2026, 11, 17)),
        (release, f"{release} It mends two bugs.", f"{site}notes/5", date(2026, 11, 16)),
    ]  # fmt: skip
    assert [item.keys[0] for item in stored("atom")[:2]] == [
        "tag:blog.example.org,2026:7",
        "tag:blog.example.org,2026:6",
    ]


def test_an_rdf_feed_is_read_newest_first() -> None:
    found = [(item.title, item.text, item.group, item.language, item.keys) for item in stored("rdf")]
    assert found == [
        ("Danach", "Danach", "2026-11-03", "de", ("https://old.example.org/2",)),
        ("Zuerst", "Der erste Satz. Der zweite.", "2026-11-01", "de", ("https://old.example.org/1",)),
    ]


def test_odia_and_arabic_are_read_as_they_are_written() -> None:
    (odia,), (arabic,) = stored("odia"), stored("arabic")
    assert (odia.language, odia.title) == ("or", "ପୁରୀରେ ଉଇକିପିଡ଼ିଆ ସମ୍ପାଦନା କର୍ମଶାଳା 🎉")
    assert odia.text == "ପୁରୀରେ ଛଅ ଜଣ ନୂଆ ସମ୍ପାଦକ ଯୋଗଦେଲେ। ସେମାନେ କୋଡ଼ିଏଟି ପ୍ରସଙ୍ଗ ଲେଖିଲେ ।"
    assert odia.permalink.url.isascii()
    assert (arabic.language, arabic.title) == ("ar", "هل تعرف «ويكي بيانات»؟")
    assert arabic.text == "هل تعرف ويكي بيانات؟ إنها قاعدة بيانات حرة، يمكن للجميع تحريرها."


# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("AT&amp;T &#38; you", "AT&T & you"),
        ("AT&T &nbsp; caf&eacute; &nosuch; &amp;amp; &amp;#8217;", "AT&T café &nosuch; & ’"),
        ("<![CDATA[<b>Bold</b> &amp; <script>alert(1)</script>brave &#8211; A&B]]>", "Bold & brave – A&B"),
        ("&lt;b&gt;Bold&lt;/b&gt;\n  and\tso <i>on</i>", "Bold and so on"),
        ("\x00Nul\x0b &#0;&#xD800; here\ufffe", "Nul here"),
        ("[[File:X]] {{template}} ~~~~ |x=y", "[[File:X]] {{template}} ~~~~ |x=y"),
    ],
)
def test_a_headline_is_plain_words(written: str, title: str) -> None:
    assert one(f"<title>{written}</title>").title == title


def test_an_entry_without_a_headline_is_known_by_its_first_sentence() -> None:
    item = one("<description>A short note of two sentences. Here is the other.</description>")
    assert (item.title, item.identity) == ("A short note of two sentences.",) * 2
    assert item.text == "A short note of two sentences. Here is the other."


def test_the_trailer_of_wordpress_is_no_summary() -> None:
    trailer = escape('<p>The post <a href="https://b.example/1">News</a> appeared first on <a href="/">Blog</a>.</p>')
    assert one(f"<title>News</title><description>{trailer}</description>").text == "News"


def test_other_elements_of_an_entry_are_not_its_own() -> None:
    other = "<media:title>Photo</media:title><source><title>Other</title></source><image><title>Logo</title></image>"
    item = one(f'<x xmlns:media="http://search.yahoo.com/mrss/">{other}</x><title>Own</title><author>A</author>')
    assert item.title == "Own"


# --- known again ------------------------------------------------------------------------------------------------------


def test_an_entry_is_known_by_its_id_and_by_its_address_without_what_tracks() -> None:
    link = "https://b.example/1?utm_source=rss&amp;page=2&amp;fbclid=x#comments"
    item = one(f'<title>A</title><link>{link}</link><guid isPermaLink="false">42</guid>')
    assert item.keys == ("42", "https://b.example/1?page=2")
    assert item.links[0].url == item.permalink.url == "https://b.example/1?page=2#comments"


def test_entries_of_one_page_are_told_apart_by_the_part_of_it() -> None:
    log = "https://b.example/changes"
    reading = read(
        rss(*(f"<title>{i}</title><link>{log}#v{i}</link>" for i in range(3)), f"<title>All</title><link>{log}</link>")
    )
    assert [item.keys for item in reading.items] == [(f"{log}#v0",), (f"{log}#v1",), (f"{log}#v2",), ()]


def test_the_address_of_the_site_tells_no_entry_apart() -> None:
    item = one("<title>A</title><link>https://b.example/</link><guid>7</guid>", head="<link>https://b.example/</link>")
    assert item.keys == ("7",)


def test_an_id_that_is_no_address_leads_nowhere() -> None:
    assert one("<title>A</title><guid>7</guid>").links == ()
    assert one("<title>A</title><guid>https://b.example/1</guid>").links == (Link("https://b.example/1", "A"),)
    assert one('<title>A</title><guid isPermaLink="false">https://b.example/1</guid>').links == ()


def test_an_entry_that_is_there_twice_is_one_item() -> None:
    reading = read(rss(
        "<title>A</title><guid>1</guid>", "<title>A, corrected</title><guid>1</guid>", "<title>Nameless</title>",
        "<title>B</title><link>https://b.example/b</link><guid>2</guid>", "<title>Nameless</title>",
        "<title>B</title><link>https://b.example/b?utm_source=x</link><guid>3</guid>",
    ))  # fmt: skip
    assert [item.title for item in reading.items] == ["A", "Nameless", "B"]


def test_the_newest_hundred_are_news_in_whatever_order_they_come() -> None:
    days = [date.fromordinal(739_000 + i) for i in range(150)]
    reading = read(rss(*(f"<title>{day}</title><pubDate>{day:%d %b %Y} 12:00 GMT</pubDate>" for day in days)))
    assert [item.title for item in reading.items] == [str(day) for day in reversed(days[50:])]


@pytest.mark.parametrize(
    "said", ["", "soon", "2026-13-45", "31 Feb 2026", "0000-00-00", "9999-12-31T23:59:59-12:00", "1" * 5000]
)
def test_an_entry_without_a_day_stands_under_the_name_of_its_feed(said: str) -> None:
    item = one(f"<title>A</title><pubDate>{said}</pubDate>")
    assert (item.published, item.group) == (None, "Blog")
    assert replace(one("<title>A</title>"), title="") == replace(item, title="")


def test_a_date_that_makes_no_sense_gives_way_to_one_that_does() -> None:
    dates = "<pubDate>soon</pubDate><dc:date xmlns:dc='http://purl.org/dc/elements/1.1/'>2026-11-20</dc:date>"
    assert one(f"<title>A</title>{dates}").published == date(2026, 11, 20)


@pytest.mark.parametrize(
    ("said", "language"),
    [("en-US", "en"), ("pt_BR", "pt"), ("OR", "or"), ("", "en"), ("x-klingon", "en"), ("und", "en"), ("Deutsch", "en")],
)
def test_a_feed_says_its_language(said: str, language: str) -> None:
    assert one("<title>A</title>", head=f"<language>{said}</language>").language == language


# --- what cannot be read ----------------------------------------------------------------------------------------------


def test_a_feed_without_entries_says_so_itself() -> None:
    assert read(rss()) == read('<feed xmlns="http://www.w3.org/2005/Atom"/>') == Reading(placeholder=True)


@pytest.mark.parametrize(
    "page", ["<!DOCTYPE html><html><p>Hi<br></html>", "<html><head/></html>", " <!-- x --><!doctype html>", "<HTML>"]
)
def test_a_web_page_is_no_feed_and_is_told_so(page: str) -> None:
    assert problems(page) == [f"{ADDRESS} is a web page, not a feed."]


@pytest.mark.parametrize(
    "junk", ["", " ", "junk", "{}", "<", "<opml/>", "<rss", "\x00", "<a><rss/></a>", "&&&", "<br/>Warning"]
)
def test_what_is_no_feed_is_told_so(junk: str) -> None:
    reading = read(junk)
    assert (reading.items, reading.placeholder) == ((), False)
    assert [str(problem) for problem in reading.problems] == [
        f"{ADDRESS} is not a feed. Look on the site for the address of its feed; it often ends with /feed/ or .xml."
    ]


def test_of_a_feed_that_breaks_off_the_whole_entries_are_read() -> None:
    whole = rss("<title>A</title>", "<title>B</title>", "<title>C</title><link>https://b.example/c</link>")
    reading = read(whole[: whole.index("example/c")])
    assert [item.title for item in reading.items] == ["A", "B"]
    assert problems(whole[: whole.index("example/c")]) == [
        f"The feed {ADDRESS} is broken in line 1 (no element found); the rest was not read."
    ]


def test_entries_without_a_word_are_an_alarm() -> None:
    assert problems(rss("<link>https://b.example/1</link>", "<title> </title>")) == [
        f"The entries of the feed {ADDRESS} have no words."
    ]


@pytest.mark.parametrize(
    "start",
    ["\ufeff", "\n\n", "<?xml version='1.1' encoding='utf-16'?>", "<!-- rss -->", '<!DOCTYPE rss SYSTEM "x.dtd">'],
)
def test_a_feed_may_begin_in_odd_ways(start: str) -> None:
    assert [item.title for item in read(start + rss("<title>A &eacute;</title>")[21:]).items] == ["A é"]


# --- strangers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "file:///etc/passwd", "http://us:pw@b.example/",
     "mailto:a@b.example", "http://[::1/", "https://b.example\\@c.example/", "http://b ad.example/",
     "https://b.example/" + "x" * 2000],
)  # fmt: skip
def test_only_addresses_of_the_web_are_linked(link: str) -> None:
    item = one(f"<title>A</title><link>{escape(link)}</link>")
    assert (item.links, item.permalink, item.keys) == ((), Permalink(ADDRESS, 7, ""), ())


def test_a_link_breaks_no_page_it_is_written_on() -> None:
    item = one("<title>A</title><link>https://b.example/[x]|{{y}}\"'&lt;z&gt; w</link>")
    assert item.links[0].url == "https://b.example/%5Bx%5D%7C%7B%7By%7D%7D%22'%3Cz%3E%20w"


def test_entities_that_stand_for_more_and_more_are_not_read() -> None:
    laughs = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    text = f'<!DOCTYPE rss [<!ENTITY l0 "ha">{laughs}]>{rss("<title>&l9;</title>")[21:]}'
    assert problems(text) == [f"{ADDRESS} is not read, as it declares entities of its own."]
    outside = f'<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>{rss("<title>&x;</title>")[21:]}'
    assert problems(outside) == [f"{ADDRESS} is not read, as it declares entities of its own."]


def test_a_text_that_is_the_name_of_a_file_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "feed").write_text(rss("<title>Secret</title>"))
    assert read(str(tmp_path / "feed")).items == ()


@pytest.mark.parametrize(
    "entry",
    ["<category>c{}</category>", "<title>{}</title>", "<link>https://b.example/{}</link>", "<a{} xmlns='u{}'/>", "<a>",
     "<item>", "</item><item><title>{}</title>", "<title>&amp;lt;a '", "&{}", "<![CDATA[", "<!--{}",
     "<description>{}<p>"],
)  # fmt: skip
def test_thousands_of_anything_are_read_or_refused(entry: str) -> None:
    many = "".join(entry.replace("{}", str(i)) for i in range(3_000))
    reading = read(rss(f"<title>First</title><guid>1</guid>{many}"))
    assert reading.items or reading.problems
    assert len(reading.items) <= 100


def test_more_than_a_feed_has_is_not_read_in_silence() -> None:
    text = rss(*(f"<title>{i}</title>" for i in range(5_000)))
    reading = read(text)
    assert len(reading.items) == 100
    assert [problem.message for problem in reading.problems] == [
        f"The feed {ADDRESS} has more than 10,000 parts; the rest was not read."
    ]


PIECES = st.sampled_from(
    ["<rss>", "<channel>", "<feed xmlns='http://www.w3.org/2005/Atom'>", "<item>", "<entry>", "<title>", "<link>",
     "<link href='", "<pubDate>", "<updated>", "<content type='xhtml'>", "<summary type=\"html\">", "<description>",
     "</title>", "</item>", "</entry>", "</link>", "</channel>", "</rss>", "</feed>", "</guid>", "<![CDATA[", "]]>",
     "<!--", "-->", "&amp;", "&lt;", "&", "&#", "&#x110000;", "'", '"', ">", "/>", "https://b.example/", "2026-11-20",
     "xml:base='", "xml:lang='en'", "<!DOCTYPE x [", "<?xml ", "\x00", "\ud800", "ଓଡ଼ିଆ", "🎉", " ", "\n",
     "rdf:about='x'", "<rdf:RDF>", "mode='base64'", "<source>", "</source>", "<image>",
     "<language>", "</language>", "<svg>", "<guid>",
     "<title xmlns='x'>"]
)  # fmt: skip


@given(st.lists(PIECES | st.text(max_size=5), max_size=40).map("".join), st.booleans(), st.text(max_size=10))
def test_any_text_yields_items_or_problems_and_never_an_error(text: str, is_inside: bool, address: str) -> None:
    page = Page(address, 7, rss(text) if is_inside else text)
    reading = any_feed.read(page, SITE, "blog", NOW)
    assert reading.items or reading.problems or reading.placeholder
    for item in reading.items:
        assert item.text
        assert item.title
        assert all(link.url.startswith(("http://", "https://")) for link in item.links)


@given(st.binary(), st.text())
def test_any_bytes_are_a_text(body: bytes, kind: str) -> None:
    read(text_of(body, kind))
    read(text_of(b"<rss><channel><item><title>" + body + b"</title></item></channel></rss>", kind))


# --- characters -------------------------------------------------------------------------------------------------------


def said(encoding: str) -> str:
    return f'<?xml version="1.0" encoding="{encoding}"?><rss>é</rss>'


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (said("utf-8").encode(), "text/xml"),
        (said("utf-8").encode("utf-8-sig"), "text/xml; charset=iso-8859-1"),
        (said("utf-16").encode("utf-16"), ""),
        (said("utf-16").encode("utf-16-le"), ""),
        (said("utf-16").encode("utf-16-be"), ""),
        (said("utf-32").encode("utf-32"), ""),
        (said("ISO-8859-1").encode("latin-1"), "application/rss+xml"),
        (said("utf-8").encode("latin-1"), 'text/xml; Charset="ISO-8859-1"'),
        (said("ISO-8859-1").encode(), "text/xml"),
        (said("utf-8").encode(), "text/xml; charset=ISO-8859-1"),
        (said("GBK").encode("gbk"), "text/xml"),
        (said("x").encode("gb18030"), "text/xml; charset=gb2312"),
        (said("unicode_escape").encode(), "text/xml; charset=punycode"),
        (said("zlib").encode(), "text/xml; charset=idna"),
        (b"<rss>\xc3\xa9</rss>", ""),
    ],
)
def test_a_file_is_decoded_as_it_is_meant(body: bytes, kind: str) -> None:
    assert text_of(body, kind).endswith("<rss>é</rss>")


def test_letters_that_make_no_sense_cost_no_others() -> None:
    assert text_of(b"<rss>\xff a</rss>", "text/xml; charset=utf-8") == "<rss>\ufffd a</rss>"
    assert text_of(b"<rss>\x93 a</rss>", "text/xml; charset=iso-8859-1") == "<rss>“ a</rss>"
