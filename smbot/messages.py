"""What people read, in their language.

The messages lie in `smbot/i18n/`, a file a language, in the form that MediaWiki's translators work with
(https://www.mediawiki.org/wiki/Localisation_file_format): `en.json` has them all, `qqq.json` says what each is for.
`$1` stands for a value, `{{PLURAL:$1|post|posts}}` for the form that goes with a number. Other braces are left to the
wiki: `{{GENDER:$1|…}}` with the name of a user is what MediaWiki makes of it.

Which language is spoken is set around a piece of work, not handed through it: `with speaking("or"): …`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib.resources import files

from babel import Locale, UnknownLocaleError

SOURCE = "en"
"""The language that has all messages."""

_FORMS = ("zero", "one", "two", "few", "many", "other")  # https://cldr.unicode.org/index/cldr-spec/plural-rules
_PLURAL = re.compile(r"\{\{PLURAL:\$([1-9])\|([^{}]*)\}\}")
_VALUE = re.compile(r"\$([1-9])")
_MARK = re.compile(r"⧼([a-z0-9-]+)((?:¦[^⧽]*)?)⧽")

_spoken: ContextVar[str] = ContextVar("language", default=SOURCE)


def say(key: str, *values: object) -> str:
    """The message `key` in the language that is spoken, or one it falls back to, with its values put in.

    Numbers are written in the digits of that language. A value is never looked into. Raises KeyError for a message
    that is not in `en.json`.
    """
    language, text = _found(_spoken.get(), key)

    def form(match: re.Match[str]) -> str:
        forms = match[2].split("|")
        number = int(str(values[int(match[1]) - 1]))
        return forms[min(_form(language, number), len(forms) - 1)]

    def value(match: re.Match[str]) -> str:
        given = values[int(match[1]) - 1]
        return number(given) if isinstance(given, int) else str(given)

    return _VALUE.sub(value, _PLURAL.sub(form, text))


def every(key: str, *values: object) -> frozenset[str]:
    """What a message is in each language: by this is found again what was written when another one was spoken."""
    said = set()
    for language in languages():
        with speaking(language):
            said.add(say(key, *values))
    return frozenset(said)


def number(value: int) -> str:
    """A whole number in the digits of the language that is spoken."""
    return digits(str(value))


def digits(text: str) -> str:
    """A text with its digits as the language that is spoken writes them."""
    return text.translate(_digits(_spoken.get()))


def locale() -> Locale:
    """What Unicode knows of the language that is spoken."""
    return _locale(_spoken.get())


def fill(text: str) -> str:
    """A text with each `⧼key⧽` and `⧼key¦value¦value⧽` in it replaced by that message."""
    return _MARK.sub(lambda mark: say(mark[1], *mark[2].split("¦")[1:]), text)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak a language, such as `or` or `pt-br`, as long as the block lasts."""
    before = _spoken.set(language.lower())
    try:
        yield
    finally:
        _spoken.reset(before)


def speak(language: str) -> None:
    """Speak a language from now on, inside a `speaking` block that ends it."""
    _spoken.set(language.lower())


def spoken() -> str:
    """The code of the language that is spoken."""
    return _spoken.get()


@cache
def languages() -> tuple[str, ...]:
    """The codes of the languages there are messages in."""
    names = (entry.name for entry in files("smbot.i18n").iterdir())
    return tuple(sorted(n.removesuffix(".json") for n in names if n.endswith(".json") and n != "qqq.json"))


@cache
def messages(language: str) -> dict[str, str]:
    """The messages of one language, without what it falls back to; none for a language that has no file."""
    if language not in (*languages(), "qqq"):
        return {}
    found: dict[str, str] = json.loads((files("smbot.i18n") / f"{language}.json").read_text("utf-8"))
    return {key: text for key, text in found.items() if not key.startswith("@")}


def is_right_to_left(language: str) -> bool:
    """Whether a language is written from right to left."""
    return _locale(language).text_direction == "rtl"


@cache
def _found(language: str, key: str) -> tuple[str, str]:
    """The message in the first language that has it: pt-br, pt, en."""
    while language != SOURCE:
        if text := messages(language).get(key):
            return language, text
        language = language.rpartition("-")[0] or SOURCE
    return SOURCE, messages(SOURCE)[key]


@cache
def _form(language: str, number: int) -> int:
    """Which form of a PLURAL goes with a number, from 0: they come in CLDR's order, as far as the language has them."""
    rule = _locale(language).plural_form
    return [form for form in _FORMS if form in rule.tags or form == "other"].index(rule(number))


@cache
def _digits(language: str) -> dict[int, str]:
    return dict(enumerate(_found(language, "digits")[1], start=ord("0")))


@cache
def _locale(language: str) -> Locale:
    """What Unicode knows of a language; of one it does not know, what it knows of English."""
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale.parse(SOURCE)
