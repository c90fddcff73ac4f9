"""Language packs: the words, lists and bounds by which the reviewers' checker looks at a post. They are plain data.

`mul.toml` holds what counts in every language; `<code>.toml` what counts in one more. `en.toml` tells how a pack is
written. A phrase in a pack matches whole words in any case; `*` stands for the rest of a word, `-` also for a space.
There are no regular expressions in a pack, so nobody can write one that takes for ever.
"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files
from itertools import chain
from typing import Any

import msgspec
import regex


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Phrases that make a finding of `kind`, and when they do not.

    `cased` are phrases that count only as they are written here, `but` harmless ones that hold a phrase. With `dates`
    a day of a month counts too, unless the sentence has one of `past`. `unless` is what clears the whole post: a
    'link', or one to an 'announcement'. With `beside` the post must have one of these phrases as well. The `reason` is
    a message, without its 'advice-'.
    """

    kind: str
    reason: str
    find: tuple[str, ...] = ()
    cased: tuple[str, ...] = ()
    but: tuple[str, ...] = ()
    dates: bool = False
    past: tuple[str, ...] = ()
    unless: str = ""
    beside: tuple[str, ...] = ()


class Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How people's names are known: `given` names, and what stands before (`cues`, `titles`) or after them (`verbs`).

    After one of the `makers` a single word with a capital letter is a name. `things` are words and phrases that no
    person's name has; `starts` begin a sentence before a name.
    """

    given: frozenset[str] = frozenset()
    cues: tuple[str, ...] = ()
    makers: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    particles: tuple[str, ...] = ()
    things: frozenset[str] = frozenset()
    starts: frozenset[str] = frozenset()


class Capitals(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which words in capitals are `known` abbreviations, and which are plain words, `shouted`."""

    known: frozenset[str] = frozenset()
    shouted: frozenset[str] = frozenset()


class Reading(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A formula of reading ease as its three numbers, and the bounds: words of a sentence, grade, from `least` words.

    Syllables are runs of `vowels`, without `silent` endings.
    """

    sentence: int
    grade: float
    least: int
    by_sentence: float
    by_syllables: float
    constant: float
    vowels: str
    silent: tuple[str, ...] = ()


class Links(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What links lead astray: hosts of shorteners, parameters that track (`*` at the end), and those that are allowed.

    `announcements` are the beginnings of addresses, without https://, where releases are announced to the public.
    """

    shorteners: frozenset[str]
    tracking: tuple[str, ...]
    allowed: frozenset[str]
    announcements: tuple[str, ...]
    most: int


class Pack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of data. `abbreviations` are those whose full stop ends no sentence.

    `months` and `seasons` are parts of a year, and times after one of the `prepositions`.
    """

    rules: tuple[Rule, ...] = ()
    abbreviations: frozenset[str] = frozenset()
    months: tuple[str, ...] = ()
    ordinals: tuple[str, ...] = ()
    prepositions: tuple[str, ...] = ()
    seasons: tuple[str, ...] = ()
    weekdays: tuple[str, ...] = ()
    alt_starts: tuple[str, ...] = ()
    names: Names | None = None
    capitals: Capitals | None = None
    reading: Reading | None = None
    links: Links | None = None


@lru_cache(maxsize=64)
def pack(language: str) -> Pack:
    """The pack of a language code such as 'en' or 'pt-br' (then that of 'pt' will do); an empty one where none is."""
    code = language.casefold().replace("_", "-")
    here = {file.name: file for file in files(__name__).iterdir() if file.name.endswith(".toml")}
    for name in (f"{code}.toml", f"{code.partition('-')[0]}.toml"):
        if name in here:
            return msgspec.convert(tomllib.loads(here[name].read_text(encoding="utf-8")), Pack, strict=False)
    return Pack()


@lru_cache(maxsize=256)
def phrases(*, find: tuple[str, ...], cased: tuple[str, ...] = (), but: tuple[str, ...] = (), more: str = "") -> Any:
    """One pattern for phrases: its group `hit` is what was found, `date` what `more` found; `but` matches neither."""
    loose = [rf"(?i:{each})" for each in (any_of(but), rf"(?P<hit>{any_of(find)})") if find or but]
    parts = [*loose, *([rf"(?P<cased>{any_of(cased)})"] if cased else []), *([rf"(?P<date>{more})"] if more else [])]
    return regex.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)")


@lru_cache(maxsize=256)
def traits(*found: tuple[str, ...]) -> frozenset[tuple[str, tuple[str, ...]]]:
    """Of each phrase the pieces that are always there, as they are in folded words: the longest, and the others.

    A text without all pieces of a phrase has not the phrase: to know so is quicker than to compile the pattern.
    """
    split = (regex.split(r"[*\-\s'’]+", each.casefold()) for each in chain.from_iterable(found))
    pieces = (sorted(each, key=len, reverse=True) for each in split)
    return frozenset((longest, tuple(others)) for longest, *others in pieces)


@lru_cache(maxsize=64)
def dates(of: Pack) -> str:
    """A pattern for a day of a month (before or after its name), a part of a year, a weekday, digits, a year."""
    months, nth, year = any_of(of.months), f"(?:{any_of(of.ordinals)})?", r"20\d\d"
    parts = [
        r"\d{4}-\d\d-\d\d",  # in any language: https://www.iso.org/iso-8601-date-and-time-format.html
        rf"\d{{1,2}}{nth}\.?\s(?:\w{{1,3}}\s)?(?:{months})(?:\.?,?\s{year})?",
        rf"(?:{months})\.?\s\d{{1,2}}{nth}(?:,?\s{year})?",
        rf"(?:{months})\.?\s\d{{4}}",
        rf"(?i:{any_of(of.prepositions)})\s(?:(?:{months}|(?i:{any_of(of.seasons)}))(?:\s(?:\w{{1,3}}\s)?{year})?|{year})",
        any_of(of.weekdays),
        year,
    ]
    return "|".join(parts)


def any_of(phrases_: tuple[str, ...]) -> str:
    """An alternation, longest first, that never matches when there is nothing to match."""
    ordered = sorted(phrases_, key=len, reverse=True)
    return "|".join(_pattern(phrase) for phrase in ordered) or r"(?!)"


def _pattern(phrase: str) -> str:
    escaped = regex.escape(phrase, special_only=True, literal_spaces=True)
    for sign, meaning in (
        (r"\*", r"\w{0,30}"),
        ("-", r"[-‑\s]"),
        ("\\[-‑\\s]", r"[-‑\s]"),
        (" ", r"\s{1,3}"),
        ("'", "['’]"),
    ):
        escaped = escaped.replace(sign, meaning)
    return escaped
