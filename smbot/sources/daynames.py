"""The names of months and weekdays in the languages smbot speaks, beside English. What they are, Unicode says.

Read when they are first needed: most pages are in English, and this takes longer than reading one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from babel import Locale, UnknownLocaleError

from smbot.messages import SOURCE, languages

_DOTS = ".॰"


class Names(NamedTuple):
    """Lowercase names without dots, the longest first: months count from 1, weekdays from Monday, 0."""

    months: Mapping[str, int]
    weekdays: Mapping[str, int]


@cache
def names(language: str) -> Names:
    """The names in all languages there are messages in, and in one more."""
    locales = [locale for code in (*languages(), language) if code != SOURCE and (locale := _locale(code))]
    months = {name: number for locale in locales for name, number in _said(locale.months)}
    weekdays = {name: number for locale in locales for name, number in _said(locale.days)}
    return Names(*(dict(sorted(found.items(), key=lambda pair: -len(pair[0]))) for found in (months, weekdays)))


def plain(name: str) -> str:
    """A name as it is looked up."""
    return unicodedata.normalize("NFC", name).lower().rstrip(_DOTS)


def _locale(code: str) -> Locale | None:
    try:
        return Locale.parse(code, sep="-")
    except (UnknownLocaleError, ValueError):
        return None


def _said(calendar: Any) -> Iterator[tuple[str, int]]:
    """Each name, in full and as it is shortened, with its number. `calendar` is what Babel has of months or days."""
    for context in ("format", "stand-alone"):
        for width in ("wide", "abbreviated"):
            for number, name in calendar[context][width].items():
                yield plain(name), number
