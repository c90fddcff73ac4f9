"""Words as the posts of a thread: where people drew a line, and where one post cannot hold them all.

Pure, and the same for the same words: a preview and what is sent are split alike.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from functools import partial
from operator import itemgetter

import regex

_LINE = regex.compile(r"^[^\S\n]*+-{3,}+[^\S\n]*+$", regex.MULTILINE)

# Where a post may end. Scripts that do without spaces can be parted between two of their signs, and behind a full stop.
_SIGN = r"[\p{Han}\p{Hiragana}\p{Katakana}]"
_CLOSING = r"[\p{Pe}\p{Pf}\"']"
_GAP = regex.compile(
    rf"\s++|(?<=[{_SIGN}、，；：])(?={_SIGN})|(?<=[。｡！？।॥]{_CLOSING}{{0,3}})(?!\s|{_CLOSING}|[。｡！？।॥])",
    flags=regex.VERSION1,
)
# https://www.unicode.org/reports/tr29/#Sentence_Boundaries: terminators, closing signs, and no lower case behind them
_SENTENCE = regex.compile(r"(?<=[\p{SB=STerm}\p{SB=ATerm}…]\p{SB=Close}{0,3})(?!\s*+\p{Ll})", flags=regex.VERSION1)
_NO_BREAK = "\u00a0\u2007\u202f"
_WHOLE = regex.compile(
    r"https?://[^\s<>\"。，、；：！？（）「」『』]++|(?<!\w)[@#＠＃]\w++(?:[@.-]\w++)*+", flags=regex.VERSION1
)
_GRAPHEME = regex.compile(r"\X")

_Place = tuple[int, int]  # where a post may end, and where the next one begins


def drawn(words: str) -> tuple[str, ...]:
    """The posts between lines of nothing but hyphens, three or more; () where there are no words."""
    return tuple(part for piece in _LINE.split(words) if (part := piece.strip()))


def split(words: str, fits: Callable[[int, str], bool], most: int) -> tuple[str, ...]:
    """`words` as posts that fit, each as long as can be: up to a paragraph, else a sentence, else a word.

    `fits` says whether the post of a number, from 0, can have some words. What cannot be parted stays too long, and
    behind `most` posts the rest stays in one piece: nothing is ever lost but the space at the seams.
    """
    places = _places(words)
    parts: list[str] = []
    begin = 0
    while len(parts) < most and not fits(len(parts), words[begin:]):
        place = _last(places, words, begin, partial(fits, len(parts)))
        if place is None:
            break
        parts.append(words[begin : place[0]])
        begin = place[1]
    return (*parts, words[begin:])


def _last(places: tuple[list[_Place], ...], words: str, begin: int, fits: Callable[[str], bool]) -> _Place | None:
    """The last place of the best kind up to which the words from `begin` fit."""
    for kind in places:
        first = bisect_right(kind, begin, key=itemgetter(0))
        after = bisect_left(kind, True, lo=first, key=lambda place: not fits(words[begin : place[0]]))
        if after > first:
            return kind[after - 1]
    return None


def _places(words: str) -> tuple[list[_Place], ...]:
    """Where posts may end, each kind in order: at paragraphs, at lines and sentences, at words, before a last address.

    A post of nothing but an address tells little, so that is for where nothing else helps.
    """
    kinds: tuple[list[_Place], ...] = ([], [], [], [])
    whole = [match.span() for match in _WHOLE.finditer(words)]
    lonely = {start for start, end in whole if end == len(words)}
    for gap in _gaps(words, {at for start, end in whole for at in range(start + 1, end)}):
        if gap.end() in lonely:
            kind = 3
        elif gap[0].count("\n") > 1:
            kind = 0
        else:
            kind = 1 if "\n" in gap[0] or _SENTENCE.match(words, gap.start()) else 2
        kinds[kind].append(gap.span())
    return kinds


def _gaps(words: str, inside: set[int]) -> Iterator[regex.Match[str]]:
    """The gaps that are not `inside` an address or a name, nor inside of what is one sign to a reader."""
    edges = {0, *(grapheme.end() for grapheme in _GRAPHEME.finditer(words))} - inside
    for gap in _GAP.finditer(words):
        breaks = not gap[0] or gap[0].strip(_NO_BREAK)
        if breaks and gap.start() in edges and gap.end() in edges and gap.end() < len(words):
            yield gap
