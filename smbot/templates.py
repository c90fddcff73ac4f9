"""Words of people inside template arguments: taken out exactly, put in exactly.

A post is plain text, a template argument is wikitext. `decode` gives the plain text a reader of the argument would
understand, and a Problem for everything that could show other words than those sent. `encode` writes any plain text so
that `decode` gives it back and the wiki shows just that.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import quote

import mwparserfromhell
from mwparserfromhell.nodes import Argument, Comment, ExternalLink, HTMLEntity, Tag, Template, Text, Wikilink
from mwparserfromhell.nodes.extras import Parameter
from mwparserfromhell.wikicode import Wikicode

from smbot import names
from smbot.messages import say
from smbot.model import Problem

# https://www.mediawiki.org/wiki/Help:Magic_words#Miscellaneous and the templates many wikis keep beside them
_CHARACTERS = {"!": "|", "=": "=", "((": "{{", "))": "}}", "!!": "||"}

_TANGLED = 30_000_000  # beginnings without an end times characters: about two seconds of parsing
_COSTS = {"brace": 1, "bracket": 1, "tag": 8}  # seen with mwparserfromhell 0.7.2
_BRACKETS = re.compile(
    r"(?P<brace>\{\{)|(?P<BRACE>\}\})|(?P<bracket>\[)|(?P<BRACKET>\])"
    r"|(?P<tag><(?!(?:br|hr|li|d[dt]|t[dhr])\b)[A-Za-z])|(?P<TAG></[A-Za-z]|/>)"
)
_ENTITY = re.compile(r"&(?:#[0-9]+|#[xX][0-9a-fA-F]+|[A-Za-z0-9]+);")  # without its `;` it is none on a wiki

# Web addresses that stand alone, and that MediaWiki makes links of without showing other signs than these.
_LINK = re.compile(r"(?<!\S)https?://[^\s/@|{}\[\]<>'\"~]+(?:/[^\s|{}\[\]<>'\"~]*)?(?!\S)")

# The stroke through a sign (U+0338) makes one character of itself and the `>`, `<` or `=` before it.
_STROKE = "\u0338"
_NOT_PLAIN = re.compile(
    r"[|{}\[\]<>&\x00]|~~~|''|__|://[^\s]*\||^[ \t*#:;=\u0338-]|\n[ \t\n*#:;=-]|-\{|\bRFC |\bPMID |\bISBN "
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def kept(text: str) -> str:
    """A text as MediaWiki keeps it once it is saved; what is not so is never found on a page again.

    https://www.mediawiki.org/wiki/Unicode_normalization_considerations
    """
    text = _CONTROL.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
    return unicodedata.normalize("NFC", text).rstrip(" \t\n")


def parse(wikitext: str) -> Wikicode:
    """Parse a page; `str()` of the result is the page again, byte for byte. A tangled page is one piece of text."""
    if is_tangled(wikitext):
        return Wikicode([Text(wikitext)])
    return mwparserfromhell.parse(wikitext, skip_style_tags=True)


@lru_cache(maxsize=16)
def is_tangled(wikitext: str, most: int = _TANGLED) -> bool:
    """Whether so much is begun and never closed in a text that parsing it takes too long: usually, more than seconds.

    The parser goes back to each beginning that has no end, so its time grows with their number times the length.
    """
    at_worst = wikitext.count("{{") + wikitext.count("[") + wikitext.count("<") * _COSTS["tag"]
    return at_worst * len(wikitext) > most and _unclosed(wikitext) * len(wikitext) > most


def _unclosed(wikitext: str) -> int:
    """How many braces, brackets and tags are begun and not closed, roughly, weighed by what they cost."""
    open_: Counter[str] = Counter()
    for match in _BRACKETS.finditer(wikitext):
        kind = match.lastgroup or ""
        if kind.islower():
            open_[kind] += 1
        elif open_[kind.lower()]:
            open_[kind.lower()] -= 1
    return sum(count * _COSTS[kind] for kind, count in open_.items())


def named(code: Wikicode, name: str) -> list[Template]:
    """The templates called `name` that stand on the page itself: not in another template, a tag or a comment."""
    return [node for node in code.nodes if isinstance(node, Template) and is_named(node, name)]


def is_named(template: Template, name: str) -> bool:
    """Whether a template is called `name`, see `name_of`."""
    return name_of(template) == name


def name_of(template: Template) -> str:
    """What a template is called, as MediaWiki compares titles (first letter, underscores, namespace)."""
    return names.tidy(str(template.name))


def arguments(template: Template) -> dict[str, str]:
    """The wikitext of each argument, without the space around it; of doubled ones the last."""
    return {str(p.name).strip(): str(p.value).strip() for p in template.params}


def raw(template: Template, parameter: str) -> str:
    """The wikitext of an argument, without the space around it; '' when it is not given."""
    given = _given(template, parameter)
    return "" if given is None else str(given).strip()


def plain(template: Template, parameter: str) -> tuple[str, tuple[Problem, ...]]:
    """The words of an argument; see `decode`."""
    given = _given(template, parameter)
    return ("", ()) if given is None else decode(given)


def _given(template: Template, parameter: str) -> Wikicode | None:
    """The value of an argument, of doubled ones the last."""
    return next((p.value for p in reversed(template.params) if str(p.name).strip() == parameter), None)


def put(template: Template, parameter: str, wikitext: str, after: str | None = None) -> None:
    """Set one argument and leave every other byte of the template as it was; '' takes the argument away."""
    if raw(template, parameter) == wikitext and (wikitext or not template.has(parameter)):
        return
    if not wikitext:
        template.remove(parameter)
    elif template.has(parameter):
        value = str(template.get(parameter).value)
        body = value.strip()
        head = value[: len(value) - len(value.lstrip())] or " "
        tail = value[len(value.rstrip()) :] if body else "\n"
        template.get(parameter).value = head + wikitext + (tail or "\n")
    else:
        _insert(template, parameter, wikitext, after)


def _insert(template: Template, parameter: str, wikitext: str, after: str | None) -> None:
    """Add an argument on a line of its own, behind `after` or at the end.

    Built by hand, since mwparserfromhell escapes what it adds, and what is added here is escaped already.
    """
    names = [str(p.name).strip() for p in template.params]
    at = names.index(after) + 1 if after in names else len(template.params)
    previous = template.params[at - 1] if at else None
    if previous is None:
        template.name = str(template.name).rstrip() + "\n"
    elif not str(previous.value).endswith("\n"):
        previous.value = str(previous.value).rstrip(" ") + "\n"
    code = mwparserfromhell.parse
    template.params.insert(at, Parameter(code(f" {parameter} "), code(f" {wikitext}\n", skip_style_tags=True)))


def decode(value: Wikicode) -> tuple[str, tuple[Problem, ...]]:
    """The plain text of a template argument, as a wiki can keep it, and a Problem when there is markup in it.

    nowiki, character entities, `{{!}}` and `{{=}}` are understood; comments are not part of the words.
    """
    pieces = list(_pieces(value))
    markup = list(dict.fromkeys(found for _, found in pieces if found))
    words = kept("".join(piece for piece, _ in pieces)).strip()
    if not markup:
        return words, ()
    return words, (Problem(say("problem-markup", ", ".join(markup)), say("problem-markup-remedy")),)


def _pieces(value: Wikicode) -> Iterator[tuple[str, str]]:
    """Each node as (its words, what to complain about)."""
    for node in value.nodes:
        source = str(node)
        match node:
            case Text():
                styled = re.search(r"''+[^']*(?:''+)?", source)
                yield source, styled.group() if styled else ""
            case HTMLEntity():
                yield html.unescape(source), ""
            case Comment():
                yield "", ""
            case Tag() if str(node.tag).strip().lower() == "nowiki":
                yield _ENTITY.sub(lambda match: html.unescape(match[0]), str(node.contents or "")), ""
            case Tag() if node.wiki_markup and str(node.tag) == "hr":  # a line of hyphens, see smbot.thread
                yield source, ""
            case Template() if str(node.name) in _CHARACTERS and not node.params:
                yield _CHARACTERS[str(node.name)], ""
            case ExternalLink() if not node.brackets:
                yield from (_pieces(node.url))
            case Tag() | Template() | Argument() | ExternalLink() | Wikilink():
                yield source, source if len(source) <= 60 else source[:60] + "…"
            case _:
                yield source, ""


def encode(text: str) -> str:
    """Plain text as a template argument: unchanged where that is safe, in nowiki where it is not."""
    text = kept(text).strip()
    return _nowiki(text) if _NOT_PLAIN.search(text) else text


def clickable(text: str) -> str:
    """Plain text as a template argument, in nowiki but for the web addresses in it: these become links on the wiki."""
    text, found, at = kept(text), [], 0
    for link in _LINK.finditer(text):
        if link[0].isprintable() and not _ENTITY.search(link[0]) and "__" not in link[0]:
            found += [_nowiki(text[at : link.start()]), link[0]]
            at = link.end()
    return "".join((*found, _nowiki(text[at:])))


def _nowiki(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if escaped.startswith(_STROKE):
        escaped = f"&#{ord(_STROKE)};{escaped[1:]}"
    return f"<nowiki>{escaped}</nowiki>" if text else ""


def explain(problem: Problem) -> str:
    """A problem as wikitext."""
    return f"{encode(problem.message)} {encode(problem.remedy)}".strip()


def person(name: str) -> str:
    """A user as a link to their page; “somebody” where the wiki hides who it was."""
    return f"[[User:{name}|{name}]]" if name else say("somebody")


def address(url: str) -> str:
    """A web address that stays a link in `[address label]` and in a template argument."""
    return quote(url, safe="%/:?#@!$&*+,;=()~").replace("__", "_%5F").replace("~~~", "%7E%7E%7E")
