"""Wikitext read as news: markup out, plain words and links left.

`clean` takes a whole page and drops what is not content; `plain` turns one piece of it (a bullet, a heading) into words
and links. Nothing here raises, whatever people wrote.
"""

from __future__ import annotations

import html
import re
from datetime import date

import mwparserfromhell
from msgspec import Struct
from mwparserfromhell.nodes import Argument, Comment, ExternalLink, Heading, HTMLEntity, Tag, Template, Text, Wikilink
from mwparserfromhell.nodes import Node as _Node
from mwparserfromhell.parser import ParserError
from mwparserfromhell.wikicode import Wikicode

from smbot.messages import say
from smbot.model import Link, Problem, Site
from smbot.templates import is_tangled
from smbot.wikilinks import WIKIMEDIA, address, without_my_language

__all__ = ["WIKIMEDIA", "Plain", "address", "clean", "plain"]

# --- pages ----------------------------------------------------------------------------------------------------------

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f]")
_COMMENT = re.compile(r"(<nowiki>(?:(?!<nowiki>).)*?</nowiki>)|<!--.*?(?:-->|\Z)", re.S | re.I)
# As TranslatablePageParser::cleanupTags and TranslationUnit of the Translate extension take its markup out.
_TRANSLATE = (
    (re.compile(r"<translate(?: nowrap)?>\n?"), ""),
    (re.compile(r"\n?</translate>"), ""),
    (re.compile(r"^(=.*=) <!--T:[^_/\n<>]+-->$", re.M), r"\1"),
    (re.compile(r"<!--T:[^_/\n<>]+-->[\n ]?"), ""),
    (re.compile(r"<tvar\|[^<>]+>((?:(?!<tvar\b).)*?)</>", re.S), r"\1"),
    (
        re.compile(r"<tvar\s+name\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s<>\"']+)\s*>((?:(?!<tvar\b).)*?)</tvar\s*>", re.S),
        r"\1",
    ),
    (re.compile(r"<languages\s*/?>(?:\s*</languages>)?\n?", re.I), ""),
)


def clean(wikitext: str, language: str = "en") -> str:
    """A page without comments and without the markup of the Translate extension, old (`<tvar|x>…</>`) and new.

    To be done before any parsing: the old form is not well-formed, and comments may hide bullets.
    https://www.mediawiki.org/wiki/Help:Extension:Translate/Page_translation_administration
    """
    wikitext = _CONTROL.sub("", wikitext)
    for pattern, replacement in _TRANSLATE:
        wikitext = pattern.sub(replacement, wikitext)
    wikitext = wikitext.replace("{{TRANSLATIONLANGUAGE}}", language)
    return _COMMENT.sub(lambda match: match[1] or "", wikitext)


# --- words ----------------------------------------------------------------------------------------------------------

_TANGLED, _SHOWN = 300_000, 1000  # some hundredths of a second; characters of what is not parsed
_GONE = "\x00"  # stands where something was taken out, until `_tidy` has closed the gap
_LOST = re.compile(r"\x01([^\x01\x02]*)\x02")  # the name of a template that smbot cannot put in words
_FRESH = "\n\x00\x02.!?…:,;–—-•(["  # what a sentence may begin behind, or a list go on
_QUOTE = "“„«\"'"
_STRAY = re.compile(  # what led to something that was taken out before a stop, or at the end of a line
    r"(?<![ ,;:–—-])[ ,;:–—-]*\x00(?= ?[.,;:!?)](?:\W|$))|(?<![ ,;–—-])[ ,;–—-]*\x00$", re.M
)
_DROPPED_TAGS = {"ref", "references", "section", "includeonly", "templatestyles", "gallery", "style"}
_STRUCK_TAGS = {"s", "del", "strike"}
_CHARACTERS = {"!": "|", "=": "=", "(": "{", ")": "}", "((": "{{", "))": "}}", "nbsp": " ", "ndash": "–", "mdash": "—"}
_CHARACTERS |= {"·": " · ", "•": " • ", "--": " – ", "snd": " – ", "spaced ndash": " – ", "spaced en dash": " – "}
_CHARACTERS |= {"pagelanguage": ""}  # only ever an argument
_FUNCTIONS = {"formatnum", "lc", "uc", "lcfirst", "ucfirst", "#dateformat", "#formatdate"}
_FORMATTING = {"nowrap", "nobr", "code", "mono", "kbd", "small", "date", "isodate", "u", "user", "abbr", "bdi", "tq"}
_FORMATTING |= {"em", "strong", "visible anchor", "vanchor"}
# Templates without words: places to link to, notes, ornaments.
_WORDLESS = {
    "anchor",
    "anchors",
    "clear",
    "clr",
    "-",
    "toc",
    "ref",
    "efn",
    "refn",
    "sfn",
    "icon",
    "octicon",
    "tick",
    "done",
}


class Plain(Struct, frozen=True):
    """What `plain` made of a piece of wikitext: words, links in their order, and what was taken out of the words.

    `files` are names such as 'Octicons-tools.svg'; `templates` are those smbot does not know how to put in words. Where
    such a one is missed in the middle of a sentence, its name stands in the words, as in '⟦CURRENTYEAR?⟧'.
    """

    text: str
    links: tuple[Link, ...] = ()
    files: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """One for each template left out, for those who look at the words before they are posted."""
        start = self.text if len(self.text) <= 60 else self.text[:60] + "…"
        remedy = say("source-left-out-remedy")
        return tuple(Problem(say("source-left-out", name, start), remedy) for name in self.templates)


def plain(wikitext: str, site: Site) -> Plain:
    """One piece of wikitext as plain words and links; line breaks stay, all other white space becomes single spaces.

    Untitled links and pictures leave the words, and so do parentheses that held nothing else. What would take long to
    parse, as too much in it is never closed, is left as it is.
    """
    wikitext = _CONTROL.sub("", wikitext)
    if is_tangled(wikitext, _TANGLED):
        return Plain(_tidy(wikitext[:_SHOWN]))
    try:
        code = mwparserfromhell.parse(wikitext)
    except ParserError:  # "indicates a bug" of the parser, says its documentation: better the raw words than none
        return Plain(_tidy(wikitext))
    reader = _Reader(site)
    words = _tidy(reader.words(code))
    return Plain(words, tuple(reader.links), tuple(reader.files), tuple(reader.templates))


def _tidy(words: str) -> str:
    """Close the gaps where something was taken out: white space, parentheses that held nothing else, stray commas."""
    words = _spaced(words)
    if "\x01" in words:
        words = _LOST.sub(lambda found: f"⟦{found[1]}?⟧" if _is_missed(words, *found.span()) else _GONE, words)
    if _GONE in words:
        words = re.sub(r"\([\s,;]*\x00[\s\x00,;]*\)", _GONE, words)
        words = re.sub(r"\x00(?:[ ,;]*\x00)+", _GONE, words)
        words = re.sub(r"(?:^|(?<=\())\x00[ ,;:]*", "", words, flags=re.M)
        words = _STRAY.sub("", words)
        words = re.sub(r" ?\x00(?![\w(\[{“„«\"'‘])|\x00", "", words)
        words = _spaced(words)
    return re.sub(r" (?=[.,](?:\s|$))", "", words)


def _is_missed(words: str, start: int, end: int) -> bool:
    """Whether a sentence has words, or a stop, behind a template as well as words before it; else it is for the eye.

    So is one at the beginning of a sentence that has a capital without it, and one attached to a word as a note.
    """
    before, after = words[max(0, start - 2) : start], words[end : end + 2].strip(" ")[:1]
    last = before.strip(" ")[-1:]
    if not after or after in "\n\x00\x01":
        return False
    if not last or last in _FRESH:
        return after.islower()
    return before.endswith(" ") or last in _QUOTE


def _spaced(words: str) -> str:
    return "\n".join(filter(None, (" ".join(line.split()) for line in words.split("\n"))))


class _Reader:
    """Walks parsed wikitext once; collects links, files and unknown templates on its way."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.file_namespaces = {"file", "image"} | {name.casefold() for name in site.file_namespaces}
        self.links: list[Link] = []
        self.files: list[str] = []
        self.templates: list[str] = []

    def words(self, code: Wikicode | None) -> str:
        return "".join(map(self._node, code.nodes)) if code else ""

    def _node(self, node: _Node) -> str:
        match node:
            case Text():
                return re.sub("'{2,}", "", str(node.value))
            case Wikilink():
                return self._wikilink(node)
            case ExternalLink():
                return self._external(node)
            case Tag():
                return self._tag(node)
            case HTMLEntity():
                return _CONTROL.sub("", html.unescape(str(node)))
            case Template():
                return self._template(node)
            case Argument():
                return self.words(node.default)
            case Heading():
                return self.words(node.title)
            case Comment():
                return _GONE
        return str(node)

    def _wikilink(self, node: Wikilink) -> str:
        target = _tidy(self.words(node.title))
        namespace, colon, name = target.partition(":")
        if colon and namespace.strip().casefold() in self.file_namespaces:
            self.files.append(name.replace("_", " ").strip())
            return _GONE
        if colon and namespace.strip().casefold() == "category":
            return _GONE
        label = _tidy(self.words(node.text)) if node.text else without_my_language(target)
        return self._link(address(target, self.site), label)

    def _external(self, node: ExternalLink) -> str:
        url = _tidy(self.words(node.url))
        url = "https:" + url if url.startswith("//") else url
        label = _tidy(self.words(node.title)) if node.brackets else url
        return self._link(url, label)

    def _link(self, url: str, label: str) -> str:
        if url.lower().startswith(("http://", "https://")):
            self.links.append(Link(url, label))
        return label or _GONE

    def _tag(self, node: Tag) -> str:
        name = str(node.tag).strip().lower()
        if name == "br":
            return " "
        if name in _DROPPED_TAGS or name in _STRUCK_TAGS:
            return _GONE
        if name in ("nowiki", "pre"):
            return _CONTROL.sub("", html.unescape(str(node.contents or "")))
        return self.words(node.contents)

    def _template(self, node: Template) -> str:
        """Templates and parser functions that are words in disguise; all others go, and are reported."""
        name, colon, first = self.words(node.name).partition(":")
        name = " ".join(_tidy(name).split())
        key = name.lower()
        if key in _CHARACTERS:
            return _CHARACTERS[key]
        if key in _WORDLESS:
            return _GONE
        write = _TEMPLATES.get(key)
        if not write and key not in _FUNCTIONS and key not in _FORMATTING:
            self.templates.append(f"int:{' '.join(_tidy(first).split())}" if key == "int" else name)
            return f"\x01{self.templates[-1]}\x02"
        numbered = [self.words(param.value) for param in node.params if str(param.name).strip().isdigit()]
        arguments = [_tidy(argument) for argument in ([first] if colon else []) + numbered] + ["", ""]
        return write(self, arguments) if write else arguments[0]

    def _plural(self, arguments: list[str]) -> str:
        number, *forms = arguments[:-2] or [""]
        return ((forms[:1] if number == "1" else forms[-1:]) or [""])[0]

    def _time(self, arguments: list[str]) -> str:
        try:
            day = date.fromisoformat(arguments[1])
        except ValueError:
            return arguments[1]
        return f"{day.day} {day:%B %Y}" if "Y" in arguments[0] else f"{day.day} {day:%B}"

    def _task(self, arguments: list[str]) -> str:
        return self._link(address(f"phab:{arguments[0]}", self.site), arguments[0])

    def _tracked(self, arguments: list[str]) -> str:
        return self._link(address(f"phab:{arguments[0]}", self.site), "")

    def _change(self, arguments: list[str]) -> str:
        return self._link(address(f"gerrit:{arguments[0]}", self.site), f"gerrit:{arguments[0]}")

    def _localized_link(self, arguments: list[str]) -> str:
        return self._link(address(arguments[0], self.site), arguments[1] or arguments[0])

    def _foreign(self, arguments: list[str]) -> str:
        return arguments[1]

    def _colored(self, arguments: list[str]) -> str:
        return (arguments[1:-2] or [""])[-1]

    def _keys(self, arguments: list[str]) -> str:
        return "+".join(arguments[:-2])

    def _mention(self, arguments: list[str]) -> str:
        return f"{{{{{arguments[0]}}}}}"


_TEMPLATES = {"plural": _Reader._plural, "#time": _Reader._time, "ll": _Reader._localized_link}
_TEMPLATES |= {"phab": _Reader._task, "phabricator": _Reader._task, "gerrit": _Reader._change}
_TEMPLATES |= {"tracked": _Reader._tracked, "lang": _Reader._foreign}
_TEMPLATES |= dict.fromkeys(("color", "colour", "font color", "font colour"), _Reader._colored)
_TEMPLATES |= dict.fromkeys(("key press", "keypress", "key"), _Reader._keys)
_TEMPLATES |= dict.fromkeys(("tl", "tl2", "tlp", "tlx", "template link"), _Reader._mention)
