"""What smbot's templates and pages are called on this wiki.

`SMBOT_TEMPLATES` is what the names of all templates begin with, instead of “Smbot/”; with a namespace, such as
“User:Smbot/”, they lie there. `SMBOT_PAGES` gives pages below the home other names: “Queue = Warteschlange, Log =
Protokoll”. Both are read when smbot starts: they cannot change while it runs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import lru_cache

from smbot.errors import UsageError
from smbot.messages import say

PAGES = ("Settings", "Requests", "Queue", "Run", "Log", "Wording", "Status", "Channels")
_TEMPLATE = re.compile(r"^template\s*:\s*", re.IGNORECASE)
_ILLEGAL = re.compile(r"[\x00-\x1f\x7f#<>\[\]|{}]|^[\s/:]|\.\.?/|~~~")  # https://www.mediawiki.org/wiki/Help:Bad_title


def read(environment: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """What the names of templates begin with, and what pages are called. Raises UsageError for what cannot be names."""
    prefix = tidy(environment.get("SMBOT_TEMPLATES", "")) or "Smbot/"
    pages = {name: name for name in PAGES}
    for entry in filter(str.strip, re.split(r"[,;\n]", environment.get("SMBOT_PAGES", ""))):
        ours, _, theirs = (_capital(_spaced(part)) for part in entry.partition("="))
        if ours not in pages or not theirs:
            raise UsageError(say("cli-page-unknown", entry.strip(), ", ".join(PAGES)))
        pages[ours] = theirs
    for name in (prefix, *pages.values()):
        if _ILLEGAL.search(name) or len(name.encode()) > 100:
            raise UsageError(say("cli-bad-name", name))
    if len(set(pages.values())) < len(pages):
        raise UsageError(say("cli-page-twice", ", ".join(pages.values())))
    return prefix, pages


@lru_cache(maxsize=1024)
def tidy(name: str) -> str:
    """The name of a template as MediaWiki writes it, so that two of them can be compared.

    https://www.mediawiki.org/wiki/Manual:Page_title
    """
    name = _TEMPLATE.sub("", _spaced(name))
    namespace, colon, rest = map(str.strip, name.partition(":"))
    return f"{namespace.capitalize()}:{_capital(rest)}" if colon else _capital(name)


def _spaced(name: str) -> str:
    return " ".join(name.replace("_", " ").split())


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def check() -> None:
    """Raise UsageError if the names this process was given cannot be used."""
    read(os.environ)


try:
    _PREFIX, _PAGES = read(os.environ)
except UsageError:  # `check` tells
    _PREFIX, _PAGES = read({})


def template(name: str) -> str:
    """The name of a template, as it is called: 'candidate' gives 'Smbot/candidate'."""
    return _PREFIX + name


def call(name: str, *arguments: str) -> str:
    """The wikitext of a call of a template with these arguments."""
    return f"{{{{{'|'.join((template(name), *arguments))}}}}}"


def template_page(name: str) -> str:
    """The page of a template."""
    return template(name) if ":" in _PREFIX else f"Template:{template(name)}"


def page(name: str) -> str:
    """The name of one of `PAGES` below the home."""
    return _PAGES[name]


def begun(name: str) -> str:
    """A regular expression for the beginning of a call of a template."""
    namespace, colon, called = template(name).rpartition(":")
    either = rf"[{re.escape(called[0].upper() + called[0].lower())}]{re.escape(called[1:])}"
    return rf"\{{\{{\s*(?i:{re.escape(namespace)}){colon}\s*{either}"
