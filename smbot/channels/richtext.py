"""What is more than plain words in a post on Bluesky: links, hashtags and mentions, and where they stand.

Nothing is linked there by itself: a post comes with its facets, https://docs.bsky.app/docs/advanced-guides/post-richtext,
whose offsets count bytes of UTF-8. What counts as a hashtag or a mention follows Bluesky's own apps:
https://github.com/bluesky-social/atproto/blob/main/packages/api/src/rich-text/detection.ts. No I/O here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any

import regex
from msgspec import Struct

TAG_LENGTH = 64  # https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/richtext/facet.json

_GRAPHEME = regex.compile(r"\X")
_SPAN = regex.compile(
    r"""
    (?<![a-z0-9])  # a bare domain stays plain: nobody can be sure that it is meant as a link
    (?P<link> https?://
      (?: \( (?&in_link)* \) | (?P<in_link> [^\s<>"。、，；：！？\p{Ps}\p{Pe}\p{Pi}\p{Pf}\p{Bidi_Control}] ) )+ )
    |
    (?<! [^\s\p{Ps}\p{Pi}\p{Cf}"'] )
    (?: @ (?P<mention> (?: [a-z0-9-]+ \. )+ [a-z][a-z0-9-]* ) (?! [\w@-] | \.\w )
      | [\#＃] (?P<tag> (?!\ufe0f) [\p{L}\p{M}\p{N}\p{Extended_Pictographic}\p{Emoji_Modifier}\u200c\u200d\ufe0f_-]+ ) )
    """,
    regex.IGNORECASE | regex.VERBOSE | regex.VERSION1,
)
_LINK_END = ".,;:!?'*_~…।॥؟،؛"


class Kind(StrEnum):
    """What a span of words is."""

    LINK = "link"
    TAG = "tag"
    MENTION = "mention"


class Span(Struct, frozen=True):
    """Words that lead somewhere: an address, a tag without its '#', a handle without its '@'.

    They are the bytes from `start` to before `end` of the words in UTF-8.
    """

    kind: Kind
    value: str
    start: int
    end: int


def graphemes(words: str) -> int:
    """How many characters people see: extended grapheme clusters, as the server counts them."""
    return sum(1 for _ in _GRAPHEME.finditer(words))


def spans(words: str) -> Iterator[Span]:
    """All spans, first to last. Raises UnicodeEncodeError where the words cannot be written in UTF-8."""
    at = bytes_before = 0
    for found in _SPAN.finditer(words):
        kind = next(kind for kind in Kind if found[kind] is not None)
        value = _trimmed(kind, found[kind])
        if not value:
            continue
        shown = value if kind is Kind.LINK else words[found.start()] + value
        bytes_before += len(words[at : found.start()].encode())
        at = found.start()
        yield Span(kind, value, bytes_before, bytes_before + len(shown.encode()))


def facets(words: str, did_of: Callable[[str], str | None]) -> list[dict[str, Any]]:
    """The facets of a post. `did_of` gives the account behind a handle; a mention without one stays plain words."""
    found = []
    for span in spans(words):
        feature: dict[str, str | None] = {"$type": f"app.bsky.richtext.facet#{span.kind}"}
        match span.kind:
            case Kind.LINK:
                feature["uri"] = span.value
            case Kind.TAG:
                feature["tag"] = span.value
            case Kind.MENTION:
                feature["did"] = did_of(span.value.lower())
        if None not in feature.values():
            found.append({"index": {"byteStart": span.start, "byteEnd": span.end}, "features": [feature]})
    return found


def first_link(words: str) -> str:
    """The first address in the words, '' without one."""
    return next((span.value for span in spans(words) if span.kind is Kind.LINK), "")


def _trimmed(kind: Kind, value: str) -> str:
    """Without the punctuation of the sentence around it; '' for what is none after all."""
    if kind is Kind.LINK:
        value = value.rstrip(_LINK_END)
        return value if regex.match(r"https?://[\p{L}\p{N}]", value, regex.IGNORECASE) else ""
    if kind is Kind.TAG:
        value = value.rstrip("-_\u200c\u200d")
        says_something = regex.search(r"[^\p{N}\p{M}_-]", value)
        return value if says_something and graphemes(value) <= TAG_LENGTH and len(value.encode()) <= 640 else ""
    return value
