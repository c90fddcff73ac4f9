"""Words of people in template arguments: nothing is lost, nothing is changed, nothing hides."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mwparserfromhell.nodes import Template

from smbot.templates import clickable, decode, encode, is_named, is_tangled, kept, named, parse, plain, put, raw

MARKUP = """
    { {{ {{{ } }} }}} [ [[ ] ]] | = ' '' ''' ~~~~ < > & &amp; &#124; &nbsp; -{ }- __TOC__ <nowiki> </nowiki> <nowiki/>
    <!-- --> <div> </div> <ref> <br> {{!}} {{=}} {{T {{T|text= # * : ; - == {| |} |-
    ISBN RFC שלום مرحبا 👩‍🚀 é e\u0301 \u0338 \u0338a a https://example.org/a_b?c=d&e=f [https://a.org
"""
PIECES = MARKUP.split()
ANY = st.lists(st.sampled_from([*PIECES, " ", "\n", "\n* ", "\n\n"]) | st.text(max_size=4), max_size=25).map("".join)
# MediaWiki itself takes NUL and surrogates out of every page, and the bytes CR
PAGES = ANY.map(lambda text: "".join(c for c in text if c not in "\0\r" and not "\ud800" <= c <= "\udfff"))
WORDS = PAGES.map(lambda text: kept(text).strip())
PROPERTY = settings(max_examples=150, deadline=None)


def only(wikitext: str, name: str = "T") -> Template:
    (template,) = named(parse(wikitext), name)
    return template


@PROPERTY
@given(PAGES)
def test_a_page_is_written_as_it_was_read(text: str) -> None:
    assert str(parse(text)) == text


@pytest.mark.parametrize("write", [encode, clickable])
@PROPERTY
@given(WORDS)
@example("a | b = c")
@example("{{a}} [[b]] ~~~~ <nowiki>c</nowiki> &amp; &amp;amp; -{d}-")
@example("# not a list")
@example("* nor this\n* or this\n\n; or = that")
@example("</nowiki>{{evil}}")
@example("''quoted'' '''loudly'''")
@example("שלום | עולם \u200f!")
@example("https://example.org/?a=b&c={{d}}|e")
@example("see https://example.org/?a=b&c=d now")
def test_words_come_out_of_an_argument_as_they_went_in(write: Callable[[str], str], words: str) -> None:
    written = str(only(f"{{{{T\n| text = {write(words)}\n| other = 1\n}}}}"))
    assert kept(written) == written
    assert plain(only(written), "text") == (words, ())
    assert raw(only(written), "other") == "1"


@pytest.mark.parametrize("write", [encode, clickable])
@PROPERTY
@given(PAGES)
@example("\u0338first")
@example("a\r\nb\x0cc e\u0301")
def test_any_words_are_written_as_the_wiki_keeps_them(write: Callable[[str], str], words: str) -> None:
    written = f"''{write(words)}''"
    assert kept(written) == written
    assert plain(only(f"{{{{T|text= {write(words)}}}}}"), "text") == (kept(words).strip(), ())


def test_one_character_alone_makes_another_of_the_end_of_a_tag() -> None:
    made = {
        c for c in map(chr, range(sys.maxunicode + 1)) for s in "<>=" if len(unicodedata.normalize("NFC", s + c)) < 2
    }
    assert made == {"\u0338"}


@PROPERTY
@given(WORDS, st.sampled_from(["{{T}}", "{{T|text=a|z= 1 }}", "{{T\n| a = 1\n| text = old\n\n| z = 2 <!-- x -->\n}}"]))
def test_words_put_into_an_argument_are_read_back_and_change_no_other(words: str, wikitext: str) -> None:
    template = only(wikitext)
    before = {str(p.name): str(p.value) for p in template.params if str(p.name).strip() != "text"}
    put(template, "text", encode(words))
    again = only(str(template))
    assert plain(again, "text") == (words, ())
    assert {str(p.name): str(p.value).rstrip() for p in again.params if str(p.name).strip() != "text"} == {
        name: value.rstrip() for name, value in before.items()
    }


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ("{{T|a=1|text=old|z=2}}", "new", "{{T|a=1|text= new\n|z=2}}"),
        ("{{T\n|  text  =   old  \n|z=2\n}}", "new", "{{T\n|  text  =   new  \n|z=2\n}}"),
        ("{{T\n| a = 1\n| z = 2\n}}", "new", "{{T\n| a = 1\n| text = new\n| z = 2\n}}"),
        ("{{T}}", "new", "{{T\n| text = new\n}}"),
        ("{{T\n| a = 1\n| text = old\n}}", "", "{{T\n| a = 1\n}}"),
        ("{{T\n| text = same\n}}", "same", "{{T\n| text = same\n}}"),
        ("{{T|text=old|text=older}}", "", "{{T}}"),
        ("{{T|one|text=x|two}}", "", "{{T|one|two}}"),
    ],
)
def test_put_changes_nothing_but_its_argument(before: str, value: str, after: str) -> None:
    template = only(before)
    put(template, "text", value, after="a")
    assert str(template).replace("text=new", "text= new") == after.replace("text=new", "text= new")


@PROPERTY
@given(PAGES, WORDS)
def test_putting_twice_is_putting_once(page: str, words: str) -> None:
    for template in named(parse(f"{page}\n{{{{T|a=1}}}}"), "T"):
        put(template, "text", encode(words))
        once = str(template)
        put(template, "text", encode(words))
        assert str(template) == once


@pytest.mark.parametrize(
    "wikitext",
    [
        "<nowiki>{{T}}</nowiki>",
        "<!-- {{T}} -->",
        "{{x|{{T}}}}",
        "{{x|1={{T|a=b}}}}",
        "<div>{{T}}</div>",
        "<noinclude>{{T}}</noinclude>",
        "<pre>{{T}}</pre>",
        "[[File:A.png|{{T}}]]",
        "{{{x|{{T}}}}}",
        "== {{T}} ==",
        "{{T",
        "{T}}",
        "{{T2}}",
        "{{User:T}}",
        "{{T/doc}}",
        "{{subst:T}}",
    ],
)
def test_what_is_not_on_the_page_itself_is_not_found(wikitext: str) -> None:
    assert named(parse(f"a\n{wikitext}\nb"), "T") == []


@pytest.mark.parametrize("name", ["T a", "t a", "T_a", " T  a ", "Template:T a", "template: t_a", "\nT a\n"])
def test_names_are_compared_as_mediawiki_compares_titles(name: str) -> None:
    (template,) = parse(f"{{{{{name}|x=1}}}}").filter_templates()
    assert is_named(template, "T a")


@PROPERTY
@given(PAGES)
def test_a_template_alone_is_what_it_was_on_its_page(page: str) -> None:
    for template in named(parse(page.replace("{{!}}", "{{T|x=1}}")), "T"):
        assert str(only(str(template))) == str(template)


@pytest.mark.parametrize(
    ("wikitext", "words"),
    [
        ("a {{!}} b {{=}} c {{((}}x{{))}}", "a | b = c {{x}}"),
        ("a<!-- hidden --> b", "a b"),
        ("&lt;b&gt; &amp; &#124; &eacute;", "<b> & | é"),
        ("<nowiki>[[a]] &amp;amp; &copy 2026 ''b''</nowiki>", "[[a]] &amp; &copy 2026 ''b''"),
        ("<nowiki/>* a", "* a"),
        ("see https://example.org/a?b=1&amp;c=2", "see https://example.org/a?b=1&c=2"),
        ("  spaces around\n\n", "spaces around"),
        ("it's the 1990's", "it's the 1990's"),
    ],
)
def test_the_words_are_those_a_reader_of_the_page_sees(wikitext: str, words: str) -> None:
    assert plain(only(f"{{{{T|text={wikitext}}}}}"), "text") == (words, ())


@pytest.mark.parametrize(
    "wikitext",
    [
        "''slanted''",
        "'''bold'''",
        "[[Link]]",
        "[[Link|words]]",
        "[https://example.org words]",
        "{{other}}",
        "{{!|x}}",
        "<b>bold</b>",
        "<span style='display:none'>hidden</span>",
        "<ref>note</ref>",
        "a<br>b",
        "{{{1}}}",
    ],
)
def test_markup_in_the_words_is_told_and_never_taken_out(wikitext: str) -> None:
    words, problems = decode(parse(f"before {wikitext} after"))
    assert words == f"before {wikitext} after"
    assert problems
    assert all(problem.remedy for problem in problems)


@pytest.mark.parametrize(
    "words", ["A plain sentence.", "It's 50 % off – “now”", "see https://example.org/a", "नमस्ते 👋"]
)
def test_plain_words_stay_readable_on_the_page(words: str) -> None:
    assert encode(words) == words


@pytest.mark.parametrize("unit", ["{{Smbot/request|text=", "<ref name='", "<a ", "[http://a.b c", "{{a|[[b", "<ref>"])
def test_a_page_that_would_take_minutes_to_parse_is_one_piece_of_text(unit: str) -> None:
    page = unit * 20_000
    assert is_tangled(page)
    assert parse(page).nodes == [page]


def test_a_long_page_that_is_well_formed_is_not_tangled() -> None:
    page = "{{Smbot/request\n| text = a <br> b [https://example.org c]\n}}\n" * 5_000
    assert not is_tangled(page)
