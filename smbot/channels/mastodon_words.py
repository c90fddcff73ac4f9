"""How Mastodon reads words: how long they are, and whether two texts are the same.

- counting: https://docs.joinmastodon.org/user/posting/#text and the server's own
  https://github.com/mastodon/mastodon/blob/main/app/validators/status_length_validator.rb
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import cache

import regex

# A character a host name may hold, a host's last label, and what a path and a query are made of. The server knows the
# list of top-level domains; here every run of Latin letters is one, and one in another script is counted as the longer
# of what it is and what a link costs.
_HOST = r"[^\x00-/:-@\[-`{-\x7f\s\x85\u180e\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]"
_LABEL = rf"{_HOST}(?:(?:[_-]|{_HOST})*{_HOST})?"
_NAME = rf"{_HOST}(?:(?:-|{_HOST})*{_HOST})?"
_TOP = r"(?:xn--[0-9a-z]+|[a-z]{2,63}(?![0-9a-z@+\-])|(?P<unsure>[^\W\d_a-z][\w--_]*(?!@)))"
_IN_PATH = r"[^\s<>()?]"
_PARENS = rf"\((?:{_IN_PATH}+|{_IN_PATH}*\({_IN_PATH}+\){_IN_PATH}*)\)"
_ENDS_PATH = r"""[^\s()?!*"'「」<>;:=,.$%\[\]~&|@]"""
_WIDE = r"\u00a0-\ud7ff\ue000-\ufdcf\ufdf0-\uffef\U00010000-\U0010fffd"
_IN_QUERY = rf"[a-z0-9!?*'();:&=+$/%#\[\]\-_.,~|@\^{_WIDE}]"
_ENDS_QUERY = rf"[a-z0-9_&=\#/\-{_WIDE}]"
_URL = rf"""
    (?<![a-z0-9@＠$\#＃\ufeff\ufffe\uffff])
    https?://
    (?:{_LABEL}\.)*{_NAME}\.{_TOP}
    (?::[0-9]+)?
    (?:/(?:(?:{_IN_PATH}|{_PARENS})*(?:{_ENDS_PATH}|{_PARENS}))?)?
    (?:\?{_IN_QUERY}*{_ENDS_QUERY})?
"""
_ACCENTS = r"\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0300-\u036f\u1e00-\u1eff"
_MENTION = rf"""
    (?<![=/\w])
    (?P<user>(?>@[a-z0-9_]+(?:[.-]+[a-z0-9_]+)*))
    (?>(?:@\w+(?:[.-]+\w+)*)?)
    (?![@＠{_ACCENTS}]|://)
"""
_ENTITY = regex.compile(rf"(?P<url>{_URL})|{_MENTION}", regex.VERBOSE | regex.IGNORECASE | regex.VERSION1)
_GRAPHEME = regex.compile(r"\X")


@cache
def counting(per_url: int) -> Callable[[str], int]:
    """How a server counts on which a link costs `per_url` characters."""

    def shortened(entity: regex.Match[str]) -> str:
        if not entity["url"]:
            return str(entity["user"])
        return "x" * (max(per_url, _graphemes(entity["url"])) if entity["unsure"] else per_url)

    def measure(words: str) -> int:
        """Grapheme clusters, a link counted as `per_url` and @user@host as @user; the server trims the ends."""
        return _graphemes(_ENTITY.sub(shortened, words.strip()))

    return measure


def _graphemes(words: str) -> int:
    return sum(1 for _ in _GRAPHEME.finditer(words))


def comparable(words: str) -> str:
    """Words without what a server may change: the ends of lines, and how accents are written."""
    lines = unicodedata.normalize("NFC", words).splitlines()
    return "\n".join(line.strip() for line in lines).strip()
