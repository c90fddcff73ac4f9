"""A news page as lines: what the readers of wiki pages have in common.

News on wiki pages is bullets under titles, and titles are headings, `;terms` or lines that are wholly bold. A scan of
lines finds them all; only what turns out to be news is then parsed as wikitext.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from smbot.model import Page
from smbot.wikitext import clean

TERM, BOLD = 7, 8  # levels of titles, after those of the headings


class Line(NamedTuple):
    """A title (`level` 1 to 8) or a bullet with the bullets nested in it (`level` 0), as wikitext without its marks.

    `mark` is what it began with: '' that of a line of prose. `stale` says that Translate marks it as untranslated or
    outdated.
    """

    text: str
    mark: str
    level: int = 0
    stale: bool = False


def language(page: Page) -> str:
    """The language of a page: of its title (`…/nl`), else of its outer `<div lang="nl">`, else English."""
    found = re.search(r"/([a-z]{2,3}(?:-[a-z0-9]+)*)$", page.title)
    found = found or re.search(r"<div\b[^<>]*\slang=[\"']?([a-z]{2,3}(?:-[a-z0-9]+)*)\b", page.text)
    return found[1] if found else "en"


def prepared(page: Page) -> str:
    """The text of a page, clean, with what is not in its language (see `Line.stale`) marked for `lines`."""
    tongue = language(page)
    text = clean(page.text, tongue)
    return _marked(text, tongue) if page.title.endswith(f"/{tongue}") else text


_STALE = "\x7f"  # `clean` has taken it out of what people wrote


def _marked(wikitext: str, tongue: str) -> str:
    """Mark each line inside the elements Translate puts around outdated and untranslated units.

    TranslationUnit of the Translate extension writes them: `class="mw-translate-fuzzy"`, and
    `lang="en" dir="ltr" class="mw-content-ltr"` for the source language inside a page of another one.
    """
    outdated = r"[^<>]*\bmw-translate-fuzzy\b"
    untranslated = rf"(?=[^<>]*\slang=\"(?!{re.escape(tongue)}\")[^<>]*\sclass=\"mw-content-(?:ltr|rtl)\""
    pattern = re.compile(
        rf"<(div|span)\b(?:{outdated}|{untranslated}))[^<>]*>((?:(?!<\1\b[^<>]*\bmw-).)*?)</\1\s*>", re.S
    )
    return pattern.sub(lambda match: re.sub(r"(?<=.)$", _STALE, match[2], flags=re.M), wikitext)


_BULLET = re.compile(r"([*#:]+)\s*(.*)", re.S)
_HEADING = re.compile(r"(={1,6})\s*(.+?)\s*\1")
_BOLD = re.compile(r"'{3,5}(?!')((?:(?!''').)+)'{3,5}\s*:?")
_WRAPPER = re.compile(r"</?(?:div|span|big|small|center|u)\b[^<>]*>")
_BLOCK = re.compile(
    r"\s*<(gallery|syntaxhighlight|source|pre|templatedata|timeline)\b(?!.*</\1\s*>)[^<>]*(?<!/)>", re.I
)


def lines(wikitext: str, *, prose: bool = False) -> Iterator[Line]:
    """The titles and bullets of a page in their order; with `prose` also all else that has words, but for tables.

    Nested bullets come on lines of their own, after '• '.
    """
    bullet: list[str] = []
    mark = ""
    rest = _Rest()
    for raw in wikitext.split("\n"):
        found = _BULLET.match(raw)
        if found and bullet and len(found[1]) > len(mark):
            bullet.append(("" if found[1].endswith(":") else "• ") + found[2])
            rest.braces(raw)
            continue
        if bullet:
            yield _bullet(bullet, mark)
        bullet, mark = ([found[2]], found[1]) if found else ([], "")
        if found:
            rest.braces(raw)
        elif title := _title(raw):
            rest = _Rest()
            yield title
        elif prose:
            yield from rest.take(raw)
    if bullet:
        yield _bullet(bullet, mark)


def _bullet(parts: list[str], mark: str) -> Line:
    text = "\n".join(parts)
    return Line(text.replace(_STALE, ""), mark[-1], stale=_STALE in text)


class _Rest:
    """What is between two titles and no bullet: prose, without tables, and templates and elements of many lines."""

    def __init__(self) -> None:
        self.open = 0  # braces of templates
        self.block = ""  # the element of which the end is awaited
        self.is_table = False

    def braces(self, raw: str) -> bool:
        """Count those of a line, and tell whether it is part of a template that takes more than one."""
        was_open, self.open = self.open, max(0, self.open + raw.count("{{") - raw.count("}}"))
        return bool(was_open or self.open)

    def take(self, raw: str) -> Iterator[Line]:
        """The next line, if it is prose."""
        text = raw.replace(_STALE, "").strip()
        if self.block:
            self.block = "" if f"</{self.block}" in text.lower() else self.block
        elif self.braces(raw):
            pass
        elif found := _BLOCK.match(text):
            self.block = found[1].lower()
        elif self.is_table or text.startswith("{|"):
            self.is_table = not text.startswith("|}")
        elif text and text[0] not in "|!":
            yield Line(text, "", stale=_STALE in raw)


def _title(raw: str) -> Line | None:
    text = _WRAPPER.sub("", raw.replace(_STALE, "")).strip()
    if text.startswith(";"):
        return Line(text[1:].strip(), ";", TERM)
    if found := _HEADING.fullmatch(text):
        return Line(found[2], "=", len(found[1]))
    found = _BOLD.fullmatch(text)
    return Line(found[1], "'", BOLD) if found else None
