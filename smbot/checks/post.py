"""A post as the checker sees it: what stands at which place of the words, and in which sentence."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator
from typing import NamedTuple

import regex
from msgspec import Struct

_COVER = "\ufffc"  # hides an address or code from those who look for words, and is as long
_URL = regex.compile(r"(?i)https?://[^\s<>\"|{}`]+")
_CODE = regex.compile(r"`[^`\n]{1,200}`|<(code|nowiki)>[^<\n]{1,200}</\1>")
_AFTER = ".,;:!?…'\"”’»]。！？।॥،؛؟"  # marks that end a sentence, not an address
_END = regex.compile(
    r"\n+|(?:[.!?…؟۔]++[)\]\"'”’»]*(?:\s{0,2}[\p{Extended_Pictographic}\p{EMod}\uFE0F\u200D\uFFFC]++)*+(?=\s|$)"
    r"|[。！？।॥]++[」』”]*(?:\s{0,2}[\p{Extended_Pictographic}\uFE0F\u200D\uFFFC]++)*+)"
)


class Hit(NamedTuple):
    """Something found at a place of the words; `reason` is the message about it, without its 'advice-'."""

    at: int
    kind: str
    reason: str
    word: str = ""


class Post(Struct, frozen=True):
    """The words; `plain`, the same with addresses and code covered; where its sentences start; its links.

    `folded` is `plain` without the difference of small and capital letters.
    """

    words: str
    plain: str
    folded: str
    starts: tuple[int, ...]
    urls: tuple[tuple[int, str], ...]

    def sentence(self, at: int) -> tuple[int, int]:
        """From where to where the sentence goes that has this place."""
        nth = bisect_right(self.starts, at) - 1
        return self.starts[nth], self.starts[nth + 1] if nth + 1 < len(self.starts) else len(self.words)


def read(words: str, links: Collection[str], abbreviations: Collection[str]) -> Post:
    """Look at the words, and at the links beside them; `abbreviations` end no sentence."""
    inside = [(m.start(), _trim(m.group())) for m in _URL.finditer(words)]
    plain = _URL.sub(lambda m: _COVER * len(url := _trim(m.group())) + m.group()[len(url) :], words)
    plain = _CODE.sub(lambda m: _COVER * len(m.group()), plain)
    known = {url for _, url in inside}
    beside = [(len(words), url) for url in dict.fromkeys(links) if url not in known]
    return Post(words, plain, plain.casefold(), tuple(_sentence_starts(plain, abbreviations)), (*inside, *beside))


def _trim(url: str) -> str:
    """An address without the marks of the sentence around it; a closing bracket stays if it was opened inside."""
    for _ in range(8):  # brackets and marks in turn; more is no sentence
        url = url.rstrip(_AFTER)
        if not url.endswith(")") or url.count(")") <= url.count("("):
            break
        url = url[:-1]
    return url


def _sentence_starts(plain: str, abbreviations: Collection[str]) -> Iterator[int]:
    yield 0
    for end in _END.finditer(plain):
        if end.end() < len(plain) and not _goes_on(plain, end.start(), end.end(), abbreviations):
            yield end.end()


def _goes_on(plain: str, stop: int, end: int, abbreviations: Collection[str]) -> bool:
    """Whether a full stop ends no sentence: after an abbreviation or an initial, or before a small letter."""
    if plain[stop:end].strip() != ".":
        return False
    before = (plain[max(0, stop - 20) : stop].split() or [""])[-1].lstrip("([\"'“‘«")
    return (
        before.casefold() in abbreviations
        or (len(before) == 1 and before.isalpha())
        or plain[end : end + 3].strip()[:1].islower()
    )
