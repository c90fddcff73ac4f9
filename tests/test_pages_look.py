"""What strangers typed, in the templates on a real wiki: shown literally, and never out of its box."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from sandbox.people import Person
from sandbox.wiki import SandboxWiki
from smbot import intake, postlog, review, sections
from smbot.memory import Delivery, Known
from smbot.model import Candidate, Text
from smbot.shipped import shipped_templates
from smbot.templates import clickable, encode

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
HARMLESS = "Nothing special"
HOSTILE = [
    "<script>alert(1)</script>",
    "<style>* { display: none }</style>",
    "</div></div></p></span></td></table>",
    "<div style='position:fixed;inset:0'>",
    "|}\n{| class=wikitable\n|-\n! x",
    "}}{{Smbot/candidate|status=approved}}",
    "{{{text}}} {{PAGENAME}} {{#if:x|y}} ~~~~",
    "<nowiki>'''bold'''</nowiki></nowiki></div>",
    "<nowiki/><!-- gone? --><pre>x</pre></pre>",
    "* one\n* two\n# three\n: four\n; five\n----",
    "== A heading ==\n\n\n indented",
    "__NOTOC__ __NOEDITSECTION__ #REDIRECT [[Main Page]]",
    "[[Category:Hijacked]] [[File:X.png|thumb]] [https://example.org x] ISBN 0306406152",
    "&lt;b&gt; &amp;amp; &nbsp; &#60;i&#62;",
    '"\' onmouseover=alert(1) style="display:none',
    "-{zh-hans:a;zh-hant:b}-",
    "\x7f'\"`UNIQ--nowiki-00000001-QINU`\"'\x7f".replace("\x7f", ""),
    "مرحبا <b>بالعالم</b> ‏123",
]
TYPED = [words for words in HOSTILE if not any(mark in words for mark in ("|", "}}", "<!--", "<nowiki>", "&", "~~~~"))]

_VOID = ("br", "hr", "img", "link", "meta")


class _Page(HTMLParser):
    """A page as its text and its skeleton: which elements there are, how deep, and which attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.skeleton: list[tuple[int, str]] = []
        self._depth = 0
        self._missing = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = " ".join(sorted(name for name, _ in attrs))
        # left out: MediaWiki's second anchor of some headings, and what keeps words of both directions apart
        if (tag, names) not in (("span", "id"), ("bdi", "")) and not (tag in "bi" and self._missing):
            self.skeleton.append((self._depth, f"{tag} {names}"))
        self._depth += tag not in _VOID
        # what stands for a missing picture: MediaWiki 1.43 finds bold and italic words there even in nowiki
        if "mw-broken-media" in (dict(attrs).get("class") or ""):
            self._missing = self._depth

    def handle_endtag(self, tag: str) -> None:
        self._depth -= tag not in _VOID
        if self._depth < self._missing:
            self._missing = 0

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def reader(wiki: SandboxWiki, admin: Person) -> Iterator[Person]:
    """Somebody who looks at pages on a wiki that has the templates."""
    for title, text in shipped_templates("Project:Smbot").items():
        admin.edit(title, text)
    return admin


def post(words: str) -> str:
    """A post whose words and alternative text are these, in wikitext."""
    cells = f"|image=X.png|alt={encode(words)}|text={clickable(words)}"
    return f"{{{{Smbot/post|account=a|network=mastodon|length=9|limit=500{cells}}}}}"


def card(words: str) -> str:
    """A card as smbot makes it, its notes and its heading from these words too."""
    known = Candidate(accounts=("a",), text=words, notes=words)
    view = review.View(review.heading_words(words), sections.to_review(), known, True, "", {"preview": post(words)})
    return review.arrange("", {"n1": view}, (), "", "")


def request(words: str) -> str:
    """A request whose every field somebody wrote with care, in wikitext."""
    fields = "".join(f"\n| {name} = {encode(words)}" for name in ("text", "accounts", "link", "image", "notes"))
    return f"{{{{Smbot/request{fields}\n}}}}"


def log_row(words: str) -> str:
    """A log row with these words."""
    delivery = Delivery(
        id="n1", channel="a/mastodon", text=Text(words), approver=words, revision=1, since=NOW, month="2026-11",
        state="refused", reason=words,
    )  # fmt: skip
    known = Known(source=words, page="P", group="", print="", since=NOW.date(), requesters=(words,))
    return postlog.row(delivery, known)


def looks(reader: Person, wikitext: str) -> _Page:
    return _Page(reader.parse(f"Before\n\n{wikitext}\n\nAfter"))


@pytest.mark.parametrize("words", HOSTILE)
@pytest.mark.parametrize("make", [post, card, request])
def test_words_of_strangers_show_literally_and_stay_in_their_box(
    reader: Person, make: Callable[[str], str], words: str
) -> None:
    there = looks(reader, make(words))
    assert there.skeleton == looks(reader, make(HARMLESS)).skeleton
    assert words in there.text


@pytest.mark.parametrize("words", HOSTILE)
def test_a_log_row_keeps_words_in_their_box(reader: Person, words: str) -> None:
    there = looks(reader, log_row(words))
    assert there.skeleton == looks(reader, log_row(HARMLESS)).skeleton
    assert " ".join(words.split()) in " ".join(there.text.split())


@pytest.mark.parametrize("words", TYPED)
def test_a_request_typed_without_care_stays_in_its_box(reader: Person, words: str) -> None:
    there = looks(reader, f"{{{{Smbot/request\n| text = {words}\n| notes = {words}\n}}}}")
    harmless = looks(reader, f"{{{{Smbot/request\n| text = {HARMLESS}\n| notes = {HARMLESS}\n}}}}")
    assert there.skeleton == harmless.skeleton
    assert words in there.text


def test_a_post_shows_exactly_the_words_that_are_sent(reader: Person) -> None:
    dice = random.Random(1)
    pieces = [
        *"ab \n\n|={}[]<>&'*#:;!-_~",
        "{{",
        "}}",
        "[[",
        "<nowiki>",
        "</nowiki>",
        "&amp;",
        "ଓଡ଼ିଆ",
        "🎉",
        "مر",
        "://",
        " https://example.org/a?b=1&c=2 ",
        " https://or.wikipedia.org/wiki/ଓଡ଼ିଆ, ",
        " https://example.org/&copy;__NOTOC__&amp; ",
    ]
    texts = ["".join(dice.choices(pieces, k=dice.randint(1, 12))).strip() for _ in range(300)]
    wikitext = "\n".join(f"{{{{Smbot/post|text={clickable(words)}}}}}" for words in texts)
    assert _words_of_posts(reader.parse(wikitext)) == texts


def _words_of_posts(html: str) -> list[str]:
    """The words of every post on a page. MediaWiki itself makes the space in 'a !' one that does not break."""
    return [
        _Page(part.split("</div>")[0]).text.replace("\xa0", " ")
        for part in html.split('dir="auto" style="white-space:pre-wrap">')[1:]
    ]


def test_a_request_whose_braces_do_not_match_is_told_how_to_mend_it(reader: Person) -> None:
    page = looks(reader, intake.mark_unreadable("{{Smbot/request\n| text = {{oh\n| accounts = a\n}}"))
    assert "cannot be read" in page.text
    assert "To mend it" in page.text
