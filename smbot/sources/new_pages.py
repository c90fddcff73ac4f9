"""Pages that were newly made, each a piece of news of its own: the issues of a newsletter, what is put into a category.

    Technical Community Newsletter/2026/October    ->  October 2026
    Technical Community Newsletter/2026/Q3         ->  third quarter of 2026

What they look like is for their writers to choose, so nothing is relied on but that a page has a name, and somewhere
its first paragraph of prose. https://www.mediawiki.org/wiki/Technical_Community_Newsletter
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

import regex
from msgspec import Struct

from smbot.model import Item, Link, Page, Permalink, Reading, Site
from smbot.sentences import ends
from smbot.sources import Wants
from smbot.sources.lines import language
from smbot.wikilinks import address
from smbot.wikitext import Plain, clean, plain


class NewPages(Struct, frozen=True):
    """A source of the pages in a category, or of those whose names begin alike.

    `in_full` says that the title of an item tells what it belongs to as well, 'Newsletter: October 2026', as the post
    around it does not. With `numbered` a subpage is news only if its name has a figure, such as a year: an
    archive has none.
    """

    POST: str
    PAGE: str = ""
    WIKI: str = "mediawiki:mediawiki"
    PICK: bool = False
    in_full: bool = True
    numbered: bool = False

    def wants(self, page: str, now: datetime, days: int) -> Wants:  # noqa: ARG002 - the caller knows what is new
        """The pages newly made in a category, or below the beginning of page names."""
        return Wants(listing=page)

    def read(self, page: Page, site: Site, source: str, now: datetime) -> Reading:  # noqa: ARG002 - it has a date
        """The page as one item: its name and the first sentences of it. No redirect is news, and no empty page."""
        tongue = language(page)
        text = clean(page.text[:_ENOUGH], tongue)
        if not text.strip() or _REDIRECT.match(text) or (self.numbered and not _is_numbered(page.title)):
            return Reading(placeholder=True)
        belongs, name = _named(page.title, tongue)
        title = f"{belongs}: {name}" if belongs and self.in_full else name
        words, prose = _lead(text, site)
        item = Item(
            source=source,
            group=page.created.date().isoformat() if page.created else "",
            section="",
            text=words or title,
            links=(Link(address(page.title, site) or page.url, title), *prose.links),
            permalink=Permalink(page.title, page.revision, page.url),
            published=page.created.date() if page.created else None,
            language=tongue,
            title=title,
            identity=page.title,
            keys=(page.title,),
        )
        return Reading((item,), prose.problems)


newsletter = NewPages(
    POST="The latest Technical Community Newsletter is out: $title.\n\n$text\n\n$tags",
    PAGE="Technical Community Newsletter/",
    in_full=False,
    numbered=True,
)
any_pages = NewPages(POST="$title\n\n$text\n\n$tags")

_ENOUGH = 30_000  # characters of a page in which its first paragraph is looked for
# '#REDIRECT [[…]]' in any language; a list has a space after its '#', or most often.
_REDIRECT = re.compile(r"\s*#[^\s\[\]:]+\s*:?\s*\[\[")

# --- names ----------------------------------------------------------------------------------------------------------

_YEAR = re.compile(r"(?:19|20)\d\d")
_QUARTER = re.compile(r"(\d{4})[/ -]?Q([1-4])", re.I)
_ORDINALS = ("first", "second", "third", "fourth")


def _is_numbered(title: str) -> bool:
    below = title.partition("/")[2]
    return not below or any(map(str.isdecimal, below))


def _named(title: str, tongue: str) -> tuple[str, str]:
    """What a page belongs to ('' for nothing), and what it is called there, a date in words.

    The name begins with the last part that is a year or a quarter; without any it is the last part.
    """
    parts = [part.strip() for part in title.removesuffix(f"/{tongue}").replace("_", " ").split("/") if part.strip()]
    dated = (i for i in reversed(range(len(parts))) if _YEAR.fullmatch(parts[i]) or _QUARTER.fullmatch(parts[i]))
    begin = next(dated, len(parts) - 1)
    return "/".join(parts[:begin]), _date(parts[begin:], tongue) or title


def _date(parts: list[str], tongue: str) -> str:
    """'2026/October/5' as '5 October 2026'. A number that may be a month, a week or an issue stays: '2026/10'."""
    written = "/".join(parts)
    quarter = _QUARTER.fullmatch(written)
    if quarter and tongue == "en":
        return f"{_ORDINALS[int(quarter[2]) - 1]} quarter of {quarter[1]}"
    spelled = len(parts) > 1 and not any(character.isdigit() for character in parts[1])
    return " ".join(reversed(parts)) if spelled else written


# --- prose ----------------------------------------------------------------------------------------------------------

_NO_PROSE = re.compile(
    r"<(gallery|references|ref|math|pre|score|source|style|syntaxhighlight|templatedata|timeline)\b(?:[^<>/]|/(?!>))*>"
    r".*?(?:</\1\s*>|\Z)"
    r"|<[^<>]*>(?<=/>)|__\w{1,40}?__",
    re.S | re.I,
)
_WRAPPER = re.compile(r"</?(?:big|center|div|font|noinclude|onlyinclude|p|section|small|span|u)\b[^<>]*>", re.I)
_BRACES = re.compile(r"\{\{|\}\}")
_TITLE = re.compile(r"'{2,5}(?!')(?:(?!'').)+'{2,5}\s*:?")  # bold as a whole it is a title, in italics a note
_TABLE = re.compile(r"[:\s]*\{\|")
_TABLE_END = re.compile(r"\s*\|\}(?!\})")
_STOPPED = regex.compile(r"[\p{SB=STerm}\p{SB=ATerm}…][\p{Pe}\p{Pf}\"'“]*+$")
_SHORTEST = 18  # characters; 'Hello, everybody!' does not tell what is in a newsletter
_LONGEST = 2000  # characters of a paragraph that are parsed, as some markup takes time by their square
_TWO = 300  # characters that two sentences may have together


def _lead(text: str, site: Site) -> tuple[str, Plain]:
    """The first whole sentence of prose on a page, or two short ones, and the paragraph they are from; '' without."""
    for paragraph in _paragraphs(text):
        prose = plain(paragraph[:_LONGEST], site)
        if words := _sentences(" ".join(prose.text.split())):
            return words, prose
    return "", Plain("")


def _sentences(words: str) -> str:
    """The first whole sentence, or two; '' where none is worth standing alone."""
    whole = [end for end in ends(words)[:2] if end >= _SHORTEST and _STOPPED.search(words[:end])]
    return words[: next((end for end in reversed(whole) if end <= _TWO), whole[0])] if whole else ""


def _paragraphs(text: str) -> Iterator[str]:
    """What may be prose: neither titles, lists and notes, nor tables, nor templates that stand by themselves."""
    text = _without_boxes(_WRAPPER.sub("", _NO_PROSE.sub("", text)))
    paragraph: list[str] = []
    tables = 0
    for line in (*text.split("\n"), ""):
        tables += bool(_TABLE.match(line))
        if not tables and line[:1] not in ("", *"=*#:;|!-") and not _TITLE.fullmatch(line.strip()):
            paragraph.append(line)
        else:
            if len(words := "\n".join(paragraph)) >= _SHORTEST:
                yield words
            paragraph = []
        tables -= bool(tables and _TABLE_END.match(line))


def _without_boxes(text: str) -> str:
    """The text without templates that have lines of their own; those inside a line may be words."""
    kept: list[str] = []
    depth = begin = end = 0
    for found in _BRACES.finditer(text):
        if found[0] == "{{":
            begin = begin if depth else found.start()
            depth += 1
        elif depth:
            depth -= 1
            if not depth and _stands_alone(text, begin, found.end()):
                kept.append(text[end:begin])
                end = found.end()
    return "".join((*kept, text[end:]))


def _stands_alone(text: str, begin: int, end: int) -> bool:
    return "\n" in text[begin:end] or {text[begin - 1 : begin], text[end : end + 1]} <= {"", "\n"}
