"""HTML as plain words, in time that grows no faster than its length.

html.parser is not used: its time grows with the square of what it is given.
"""

from __future__ import annotations

import html
import re

from smbot.sentences import ends, stops

# Each pattern takes what is left where no end is found, or looks no further than the next '<'.
_UNSHOWN = re.compile(
    r"<!--(?:.*?-->|.*)"
    r"|<(script|style|noscript|template|iframe|svg|figure|object|video|audio)(?=[\s/>])(?:.*?</\1\s*>|.*)",
    re.S | re.I,
)
_TAG = re.compile(
    r"""</?([a-z][\w:-]*+)(?:[^<>"']|"[^"<]*"|'[^'<]*')*+>|<[/!?a-z][^<>]*(?:>|\Z)""",
    re.I,
)
_BLOCK = re.compile(
    r"address|article|aside|blockquote|center|d[dlt]|details|div|footer|h[1-6r]|header|li|main|nav|[ou]l|p|pre|section"
    r"|summary|table|t[dhr]"
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")


def paragraphs(markup: str) -> list[str]:
    """The paragraphs of a piece of HTML as plain words, each on one line; none of them is empty.

    Pictures go, and so do their captions. References that were escaped twice ('&amp;amp;') are read twice.
    """
    markup = _UNSHOWN.sub(" ", " ".join(markup.split()))
    pieces = re.split(r"\n(?: ?\n)+", _TAG.sub(_gap, markup))
    return [words for piece in pieces if (words := _words(piece))]


def _gap(tag: re.Match[str]) -> str:
    name = (tag[1] or "").lower()
    return "\n\n" if _BLOCK.fullmatch(name) else "\n" if name == "br" else ""


def _words(piece: str) -> str:
    words = html.unescape(piece)
    if _REFERENCE.search(words):
        words = html.unescape(words)
    return " ".join(_CONTROL.sub("", words).split())


# --- sentences --------------------------------------------------------------------------------------------------------

_SHORTEST = 20  # characters: 'Dr.' and 'Hello!' are no sentences worth standing alone


def first_sentence(words: str) -> str:
    """The first sentence of some words on one line; all of them where none ends."""
    return words[: next((end for end in ends(words) if end >= _SHORTEST), len(words))]


def whole_sentences(words: str) -> str:
    """Words on one line up to where their last whole sentence ends; '' where none does."""
    return words[: max(stops(words), default=0)]


# --- excerpts ---------------------------------------------------------------------------------------------------------

_APPEARED = re.compile(r"\bThe post .{1,400}? appeared first on .*")
_MORE = r"\(?(?:continue reading|keep reading|read more|read the rest)\b[^.!?]{0,300}"
_CUT_OFF = re.compile(rf"(?:\[\s*(?:…|\.{{3}})\s*\]|…|\.{{3}})\s*(?:{_MORE})?[→»>\s]*\Z", re.I)
_READ_ON = re.compile(rf"(?:(?<=[.!?।۔؟] )|\A){_MORE}\s*\Z", re.I)
_TAIL = 500  # characters in which such an ending is looked for


def excerpt(markup: str) -> str:
    """The first paragraph of a summary, in whole sentences; '' where it says nothing.

    Blogs append 'The post … appeared first on …' (a plugin of WordPress) and 'Continue reading', and cut it with '[…]'.
    """
    for paragraph in paragraphs(markup):
        words = _APPEARED.sub("", paragraph).strip()
        start = max(0, len(words) - _TAIL)
        if cut := _CUT_OFF.search(words, start):
            words = whole_sentences(words[: cut.start()].rstrip())
        elif more := _READ_ON.search(words, start):
            words = words[: more.start()].rstrip()
        if words:
            return words
    return ""
