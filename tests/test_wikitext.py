"""Wikitext as plain words and links: the forms found on news pages, and no crash on anything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smbot.model import Link, Site
from smbot.wikitext import WIKIMEDIA, address, clean, plain

META = WIKIMEDIA["meta:meta"]
MEDIAWIKI = WIKIMEDIA["mediawiki:mediawiki"]
TASK = "https://phabricator.wikimedia.org/T400001"

MARKUP = """
    [[ ]] {{ }} {{{ }}} | ''' '' [https://example.org ] <nowiki> </nowiki> <!-- --> <br> <ref> </ref> <div lang="en">
    <translate> </translate> <tvar|a> </> <!--T:1--> <span_class="mw-translate-fuzzy"> </span> </div> File:A.svg mw: #
    ( ) int: PLURAL:1 #time:j &nbsp; &#0; &#127; * ** ; == <section_begin="technews-2026-W47"/> 2026-11-20 a ଓ
"""
KNOWN = """
    plural plural: PLURAL:1 PLURAL:2|a #time: #time:j| phab phab| gerrit tracked ll tl lang int: int:a u user| nowrap
    formatnum: = anchor color color|a color|a|b key_press key_press|a|b {{snd}}
"""
TEMPLATES = [f"{{{{{call}}}}}" for call in KNOWN.split()]
PIECES = [piece.replace("_", " ") for piece in MARKUP.split()] + [" ", "\n", "\n* ", "\n== ", *TEMPLATES]
WIKITEXT = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=30).map("".join)


def words(wikitext: str) -> str:
    return plain(wikitext, META).text


@pytest.mark.parametrize(
    ("wikitext", "expected"),
    [
        ("The '''bold''', ''italic'' and '''''both''''' word", "The bold, italic and both word"),
        ("Call <code>mw.load()</code> now", "Call mw.load() now"),
        ("Write <nowiki>[[links]] like ''this'' &amp; {{that}}</nowiki>", "Write [[links]] like ''this'' & {{that}}"),
        ('<code><nowiki><ref follow="…"></nowiki></code>', '<ref follow="…">'),
        ("10&nbsp;000 &lt;words&gt; &eacute;t&#233;", "10 000 <words> été"),
        ("one<br>two<br />three", "one two three"),
        ("seen<!-- or not --> here<ref name=a>A note.</ref>.", "seen here."),
        ("this <s>was</s><del>were</del> is", "this is"),
        ("a {{!}} b {{=}} c", "a | b = c"),
        ("It speaks {{lang|or|ଓଡ଼ିଆ}}.", "It speaks ଓଡ଼ିଆ."),
        ("Tea with {{u|Jane}} and {{user|Joe}}.", "Tea with Jane and Joe."),
        ("{{PLURAL:1}}{{PLURAL}}{{PLURAL:}}One.", "One."),
        ("{{formatnum:20}} {{PLURAL:20|task|tasks}}, {{PLURAL:1|task|tasks}}", "20 tasks, task"),
        ("from {{#time:j xg|2026-03-03|{{PAGELANGUAGE}}}} on", "from 3 March on"),
        ("use {{tl|Example}} and {{nowrap|1 GB}}", "use {{Example}} and 1 GB"),
        ("The {{anchor|skins}}skin guide is {{Icon|x}} new.{{ref|1}}", "The skin guide is new."),
        ("It {{Clear}} is {{tick}} out.{{efn|A note.}}{{-}}", "It is out."),
        ("A {{·}} b{{snd}}c{{spaced ndash}}d {{--}} e", "A · b – c – d – e"),
        ("An {{color|red|important}} {{font color|red|blue|change}} of the {{abbr|API|interface}}.",
         "An important change of the API."),
        ("Press {{Key press|Ctrl|K}} for {{bdi|it}} {{em|and}} {{tq|more}}.", "Press Ctrl+K for it and more."),
        ("use {{Tl2|Bar}}, {{tlp|Foo|x}} and {{Template link|Baz}}", "use {{Bar}}, {{Foo}} and {{Baz}}"),
        ("Quoi ? Oui : .NET ଓଡ଼ିଆ ।", "Quoi ? Oui : .NET ଓଡ଼ିଆ ।"),
        ("first\n• second", "first\n• second"),
    ],
)  # fmt: skip
def test_markup_leaves_the_words(wikitext: str, expected: str) -> None:
    assert plain(wikitext, META).text == expected
    assert plain(wikitext, META).templates == ()


@pytest.mark.parametrize(
    ("wikitext", "expected"),
    [
        ("It is fixed. [https://a.example] ", "It is fixed."),
        ("It is fixed [https://a.example].", "It is fixed."),
        ("It is fixed ([https://a.example], [https://b.example]).", "It is fixed."),
        ("It is [https://a.example][https://b.example] fixed", "It is fixed"),
        ("[[File:A.svg|15px]] [[File:B.svg|12px]]  It is", "It is"),
        ("Call load() ([https://a.example])", "Call load()"),
        ("It ([https://a.example] now) is", "It (now) is"),
        ("See T1, {{unknown}}.", "See T1."),
        ("See T1, {{unknown}}, and T2", "See T1, and T2"),
        ("It ({{unknown}}, T1) is (T1; {{unknown}})!", "It (T1) is (T1)!"),
        ("{{unknown}}: It is", "It is"),
        ("The logo: [[File:A.svg]].", "The logo."),
        ("It is – {{unknown}}", "It is"),
        ("It [[File:A.svg]]is [[File:A.svg]](really) it", "It is (really) it"),
        ("It,<ref>A</ref> and that.<ref>B</ref> C", "It, and that. C"),
    ],
)
def test_no_gap_stays_where_something_was_taken_out(wikitext: str, expected: str) -> None:
    assert words(wikitext) == expected


@pytest.mark.parametrize(
    ("wikitext", "text", "link"),
    [
        (f"Fixed. [{TASK}]", "Fixed.", Link(TASK)),
        (f"[{TASK} ''Read'' more]", "Read more", Link(TASK, "Read more")),
        (f"See {TASK}.", f"See {TASK}.", Link(TASK, TASK)),
        ("[//a.example/?a=1&amp;b=2 a]", "a", Link("https://a.example/?a=1&b=2", "a")),
        ("[[phab:T400001|read '''more''']]", "read more", Link(TASK, "read more")),
        ("[[phab:T400001]]", "phab:T400001", Link(TASK, "phab:T400001")),
        ("{{phab|T400001}}", "T400001", Link(TASK, "T400001")),
        ("Fixed. {{Tracked|T400001|resolved}}", "Fixed.", Link(TASK)),
        ("{{gerrit|12}}", "gerrit:12", Link("https://gerrit.wikimedia.org/r/12", "gerrit:12")),
        (
            "[[Special:MyLanguage/Tech/News]]",
            "Tech/News",
            Link("https://meta.wikimedia.org/wiki/Tech/News", "Tech/News"),
        ),
        ("[[bug]]s", "bugs", Link("https://meta.wikimedia.org/wiki/bug", "bug")),
        ("[[Tech|[[File:A.svg|20px]]]]", "", Link("https://meta.wikimedia.org/wiki/Tech")),
    ],
)
def test_links_keep_their_words_and_untitled_ones_stay_as_links(wikitext: str, text: str, link: Link) -> None:
    found = plain(wikitext, META)
    assert (found.text, found.links) == (text, (link,))


@pytest.mark.parametrize(
    "wikitext", ["[mailto:a@example.org write]", "[[#Top|up]]", "[[/Sub|below]]", "[[Category:A]]"]
)
def test_what_no_post_can_link_to_is_no_link(wikitext: str) -> None:
    assert plain(wikitext, META).links == ()


def test_pictures_are_known_by_file_name_in_the_namespaces_of_the_wiki() -> None:
    site = Site("https://nl.example/wiki/$1", file_namespaces=frozenset({"Bestand"}))
    found = plain(
        "[[File:Octicons-tools.svg|15px|link=|Geavanceerd]] [[bestand:Octicons-sync.svg]] [[:File:A b.svg|A]]", site
    )
    assert found.files == ("Octicons-tools.svg", "Octicons-sync.svg")
    assert found.text == "A"
    assert found.links == (Link("https://nl.example/wiki/File:A_b.svg", "A"),)


@pytest.mark.parametrize(
    ("wikitext", "expected"),
    [
        ("It is {{version}} and {{CURRENTYEAR}} is the year.", "It is ⟦version?⟧ and ⟦CURRENTYEAR?⟧ is the year."),
        ("{{Extension|Translate}} now supports {{Odia}}.", "⟦Extension?⟧ now supports ⟦Odia?⟧."),
        ("{{Release|1.46}}\n{{Release}} is out.", "⟦Release?⟧ is out."),
        ("It is out. {{Release|1.47}} is not.", "It is out. ⟦Release?⟧ is not."),
        ("Press “{{int:savearticle}}” to save.", "Press “⟦int:savearticle?⟧” to save."),
        ("See [[A|the {{b}} page]].", "See the ⟦b?⟧ page."),
        ("{{Security}} '''MediaWiki''' is out {{stable}}", "MediaWiki is out"),
        ("{{New}} {{Tool}} The tool is out.{{Note|1}} Get{{Here|get}} it.", "The tool is out. Get it."),
        ("{{New}} 1.45 is out – {{star}} Get it ({{details}}).", "1.45 is out – Get it."),
    ],
)
def test_a_template_that_is_missed_in_a_sentence_leaves_its_name(wikitext: str, expected: str) -> None:
    found = plain(wikitext, META)
    assert found.text == expected
    assert len(found.problems) == wikitext.count("{{")


def test_templates_smbot_does_not_know_are_left_out_and_reported() -> None:
    found = plain("The skin is new. {{Example notice|[[A]]}}", META)
    assert (found.text, found.templates, found.links) == ("The skin is new.", ("Example notice",), ())
    assert "{{Example notice}} was left out of “The skin is new.”" in str(found.problems[0])


@pytest.mark.parametrize(
    ("target", "url"),
    [
        ("Tech", "https://meta.wikimedia.org/wiki/Tech"),
        (":Category:Tech  news", "https://meta.wikimedia.org/wiki/Category:Tech_news"),
        ("mw:MediaWiki 1.46/wmf.4", "https://www.mediawiki.org/wiki/MediaWiki_1.46/wmf.4"),
        (":MW : Help:Links", "https://www.mediawiki.org/wiki/Help:Links"),
        ("m:Special:MyLanguage/Tech/News", "https://meta.wikimedia.org/wiki/Tech/News"),
        ("w:en:Beta test", "https://en.wikipedia.org/wiki/en:Beta_test"),
        ("phab:T1#55", "https://phabricator.wikimedia.org/T1#55"),
        ("Tech/News#In depth", "https://meta.wikimedia.org/wiki/Tech/News#In_depth"),
        ("Café & bar? 100%", "https://meta.wikimedia.org/wiki/Caf%C3%A9_%26_bar%3F_100%25"),
        ("User:A (WMF)!", "https://meta.wikimedia.org/wiki/User:A_(WMF)!"),
        ("ଓଡ଼ିଆ", "https://meta.wikimedia.org/wiki/%E0%AC%93%E0%AC%A1%E0%AC%BC%E0%AC%BF%E0%AC%86"),
        ("unknown:Page", "https://meta.wikimedia.org/wiki/unknown:Page"),
        ("#here", ""),
        ("../up", ""),
        ("", ""),
    ],
)
def test_links_resolve_as_on_the_wiki_they_were_read_on(target: str, url: str) -> None:
    assert address(target, META) == url


def test_the_same_link_leads_elsewhere_on_another_wiki() -> None:
    assert address("Tech", MEDIAWIKI) == "https://www.mediawiki.org/wiki/Tech"
    assert (
        address("b:Tech", Site("http://a.example/index.php?title=$1", {"b": "//b.example/$1"}))
        == "https://b.example/Tech"
    )


@pytest.mark.parametrize(
    ("wikitext", "expected"),
    [
        ("<translate>\nA\n</translate>", "A"),
        ("<translate nowrap>A</translate>", "A"),
        ("== A == <!--T:1-->", "== A =="),
        ("<!--T:2-->\nA <!--T:3--> B", "A B"),
        ("[[<tvar|x>mw:A</>|a]]", "[[mw:A|a]]"),
        ('[<tvar name=1>https://a.example</tvar> <tvar name="b c">b</tvar>]', "[https://a.example b]"),
        ("<languages />\nA/{{TRANSLATIONLANGUAGE}}", "A/nl"),
        ("A<!-- \n* hidden -->B<!-- open", "AB"),
        ("<nowiki><!-- shown --></nowiki>", "<nowiki><!-- shown --></nowiki>"),
    ],
)
def test_translate_markup_old_and_new_and_comments_are_cleaned_off(wikitext: str, expected: str) -> None:
    assert clean(wikitext, "nl") == expected


@given(WIKITEXT)
def test_any_wikitext_becomes_tidy_words(wikitext: str) -> None:
    found = plain(clean(wikitext), META)
    assert found.text == found.text.strip()
    assert "  " not in found.text
    assert not set(found.text) & {"\x00", "\x01", "\x02", "\x7f", "\xa0", "\t"}
    assert all(link.url.lower().startswith(("http://", "https://")) for link in found.links)


@given(st.text(), st.text())
def test_any_target_has_an_ascii_address_or_none(target: str, prefix: str) -> None:
    url = address(f"{prefix}:{target}", META)
    assert url.isascii()
    assert url == "" or url.startswith("https://")
    assert not set(url) & set(' <>"[]{}|\\^`')
