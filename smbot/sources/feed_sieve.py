"""What of a feed is worth reading, as XML that is well-formed, small and flat.

Feeds are broken in many ways, and anyone may write one. feedparser copes with the first and not with the second: its
time grows with the square of the number of categories or namespaces, and what is not well-formed it reads by regular
expressions that may take for ever. So the text is mended and sifted here before it gets to see it: known elements in
known places, no attributes or texts beyond a length, no entities, all markup inside texts as escaped HTML.
"""

from __future__ import annotations

import codecs
import html.entities
import re
from collections.abc import Mapping
from typing import NamedTuple
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from smbot.messages import say


class NoFeedError(Exception):
    """The text is no feed; says what it is instead."""


class _EnoughError(Exception):
    """More than a feed has."""


class Sifted(NamedTuple):
    """What is left of a feed. `trouble` is what is wrong with the rest, or ''."""

    data: bytes
    entries: int
    trouble: str


def sift(text: str, address: str) -> Sifted:
    """What is worth reading of the feed that is at `address`. Well-formed entries before an error are kept.

    Raises NoFeedError. It and `trouble` name the address, for people.
    """
    sieve, trouble = _Sieve(address), ""
    parser = expat.ParserCreate("utf-8", namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = sieve.start
    parser.EndElementHandler = sieve.end
    parser.CharacterDataHandler = sieve.characters
    parser.EntityDeclHandler = sieve.entity
    try:
        parser.Parse(_mended(text).encode(errors="replace"), True)
    except _EnoughError:
        trouble = say("source-feed-too-much", address, f"{_MOST_PARTS:,}")
    except expat.ExpatError as error:
        if not sieve.path and not sieve.entries:
            raise _no_feed(address, is_page=bool(_HTML.match(text))) from None
        trouble = say("source-feed-broken", address, error.lineno, expat.ErrorString(error.code))
    return Sifted(sieve.written(), sieve.entries, trouble)


def _no_feed(address: str, *, is_page: bool) -> NoFeedError:
    return NoFeedError(say("source-feed-is-page", address) if is_page else say("source-feed-is-none", address))


# --- characters -------------------------------------------------------------------------------------------------------

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
          (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
          (b"<\0?\0", "utf-16-le"), (b"\0<\0?", "utf-16-be"))  # fmt: skip
_IN_KIND = re.compile(r"""charset\s*=\s*["']?([\w.:-]{1,40})""", re.I)
_IN_BODY = re.compile(rb"""\s*<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([\w.:-]{1,40})["']""")
_BYTEWISE = re.compile(r"(?:us-)?ascii|utf-?8|latin-?1|iso-8859-\d{1,2}|(?:windows-|cp)\d{3,4}|koi8-[ru]|tis-620")
_OTHERS = re.compile(
    r"utf-?(?:16|32)(?:le|be)?|gb2312|gbk|gb18030|big5(?:-?hkscs)?|euc-(?:jp|kr)|shift-jis|iso-2022-jp"
)
_MEANT = {"us-ascii": "cp1252", "ascii": "cp1252", "iso-8859-1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252",
          "gb2312": "gb18030", "gbk": "gb18030"}  # fmt: skip


def text_of(body: bytes, kind: str) -> str:
    """The text of an XML file as a server gave it; `kind` is its Content-Type. Never raises.

    A byte order mark counts first, then what the server says, then what the file says, then UTF-8:
    https://www.rfc-editor.org/rfc/rfc7303#section-3. But bytes that make sense as UTF-8 are no older encoding of one
    byte a letter, whatever anybody says: that is the commonest of errors.
    """
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return body.decode(codec, "replace").removeprefix("\ufeff")
    within = _IN_BODY.match(body, 0, 400)
    said = (found[1] if (found := _IN_KIND.search(kind[:200])) else "", within[1].decode() if within else "")
    labels = [label.lower().replace("_", "-") for label in said]
    label = next((label for label in labels if _BYTEWISE.fullmatch(label) or _OTHERS.fullmatch(label)), "utf-8")
    for codec in ("utf-8", label) if _BYTEWISE.fullmatch(label) else (label,):
        try:
            return body.decode(_MEANT.get(codec, codec))
        except (UnicodeDecodeError, LookupError):
            continue
    return body.decode("cp1252" if label != "utf-8" else "utf-8", "replace")


_HTML = re.compile(r"\s*(?:<!--(?:(?!-->).){0,500}-->\s*)?<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)
_DECLARATION = re.compile(r"<\?xml\s[^>]{0,200}\?>")
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Sections and comments first, so that they are left as they are; one that does not end takes what is left.
_REFERENCE = re.compile(
    r"<!\[CDATA\[(?:.*?\]\]>|.*)|<!--(?:.*?-->|.*)|&+(?=&)|&(?:(#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{0,31});)?",
    re.S | re.I,
)


def _mended(text: str) -> str:
    """A text with the commonest errors mended: characters XML has not, references it does not know, bare '&'."""
    text = _ILLEGAL.sub("", text).lstrip("\ufeff \t\r\n")
    return _REFERENCE.sub(_reference, _DECLARATION.sub("", text, count=1) if text.startswith("<?xml") else text)


def _reference(found: re.Match[str]) -> str:
    name = found[1]
    if found[0].startswith("<") or name in ("amp", "lt", "gt", "quot", "apos"):
        return found[0]
    if not name:
        return "&amp;" * len(found[0])
    if name.startswith("#"):
        number = int(name[2:], 16) if name[1] in "xX" else int(name[1:])
        return found[0] if number <= 0x10FFFF and not _ILLEGAL.match(chr(number)) else ""
    letters = html.entities.html5.get(f"{name};")
    return escape(letters) if letters else f"&amp;{name};"


# --- elements ---------------------------------------------------------------------------------------------------------

_ATOM, _XML = "http://www.w3.org/2005/Atom", "http://www.w3.org/XML/1998/namespace"
_RDF, _DC = "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "http://purl.org/dc/elements/1.1/"
_PREFIXES = {_RDF: "rdf:", _DC: "dc:", "http://purl.org/rss/1.0/modules/content/": "content:"}
_CORE = {"", _ATOM, "http://purl.org/atom/ns#", "http://purl.org/rss/1.0/", "http://my.netscape.com/rdf/simple/0.9/"}
_DECLARED = "".join(f' xmlns:{prefix[:-1]}="{uri}"' for uri, prefix in _PREFIXES.items())
_WITHIN: Mapping[str, set[str]] = {
    "": {"rss", "feed", "rdf:rdf"},
    "rss": {"channel", "item"},
    "rdf:rdf": {"channel", "item"},
    "channel": {"item"},
    "feed": {"entry"},
}
_HOLDERS = ("channel", "item", "feed", "entry")
_ENTRIES = ("item", "entry")
_TEXTS = {"title", "description", "summary", "content", "content:encoded"}
_FACTS = {"link", "guid", "id", "pubdate", "published", "updated", "issued", "modified", "created", "language"}
_FACTS |= {"dc:date", "dc:language"}
_ATTRIBUTES = {"rel": "rel", "href": "href", "type": "type"}
_OF_ALL = {f"{_XML} lang": "xml:lang", f"{_XML} base": "xml:base", f"{_RDF} about": "rdf:about"}
_PLAIN, _MARKED = ("", "text", "text/plain"), ("xhtml", "application/xhtml+xml")
_ESCAPED = ("html", "text/html")
_LONGEST_TEXT, _LONGEST_FACT = 20_000, 2000  # characters
_MOST_PARTS = 10_000  # elements; an entry has about seven


def _kept(attributes: Mapping[str, str], names: Mapping[str, str]) -> str:
    known = {name: attributes[long] for long, name in names.items() if long in attributes}
    return "".join(f" {name}={quoteattr(value)}" for name, value in known.items() if len(value) <= _LONGEST_FACT)


class _Leaf:
    """An open element with words. `within` is how many elements are open inside it."""

    def __init__(self, name: str, attributes: Mapping[str, str], is_atom: bool) -> None:
        self.name = name
        self.within = 0
        self._attributes = _kept(attributes, _ATTRIBUTES | _OF_ALL if name == "link" else _OF_ALL)
        kind = attributes.get("type", "").strip().lower()
        self._is_literal = is_atom and kind in (*_PLAIN, *_MARKED)  # '<' is written '&lt;' in the end, as in HTML
        self._is_other = is_atom and name in _TEXTS and kind not in (*_PLAIN, *_MARKED, *_ESCAPED)
        self._may_lead = name == "guid" and attributes.get("isPermaLink", "true").strip().lower() == "true"
        self._words: list[str] = []
        self._length = 0

    def add(self, text: str) -> None:
        if self._length < _LONGEST_TEXT:
            self._length += len(text)
            self._words.append(escape(text) if self._is_literal and self.name in _TEXTS else text)

    def mark(self, tag: str) -> None:
        if self._length < _LONGEST_TEXT:
            self._length += len(tag)
            self._words.append(tag)

    def written(self) -> str:
        """The element with all its markup escaped; '' for a picture, or for a fact too long to be one."""
        words = "".join(self._words).strip()
        if self._is_other or (self.name in _FACTS and len(words) > _LONGEST_FACT):
            return ""
        attributes = self._attributes
        if self.name in ("guid", "id") and not (self._may_lead and words.startswith(("http://", "https://"))):
            attributes += ' isPermaLink="false"'  # feedparser would take it for a link
        return f"<{self.name}{attributes}>{escape(words[:_LONGEST_TEXT])}</{self.name}>"


class _Sieve:
    """Takes the events of expat, and writes down what passes.

    `path` are the open elements that hold others, `leaf` is the open one with words; `skipped` counts the open elements
    of which nothing is kept.
    """

    def __init__(self, address: str) -> None:
        self.path: list[str] = []
        self.entries = 0
        self._address = address
        self._core = set(_CORE)
        self._leaf: _Leaf | None = None
        self._skipped = 0
        self._parts = 0
        self._out: list[str] = []
        self._whole = 0  # how much of `_out` is whole entries

    def entity(self, *_: object) -> None:
        """An entity may stand for any amount of text, and no feed needs one."""
        raise NoFeedError(say("source-feed-entities", self._address))

    def start(self, qualified: str, attributes: dict[str, str]) -> None:
        namespace, _, local = qualified.rpartition(" ")
        if self._skipped:
            self._skipped += 1
        elif self._leaf:
            self._leaf.within += 1
            self._leaf.mark(f"<{local}>")
        else:
            self._open(self._named(namespace, local.lower()), attributes)

    def end(self, qualified: str) -> None:
        if self._skipped:
            self._skipped -= 1
        elif self._leaf and self._leaf.within:
            self._leaf.within -= 1
            self._leaf.mark(f"</{qualified.rpartition(' ')[2]}>")
        elif self._leaf:
            self._out.append(self._leaf.written())
            self._leaf = None
        else:
            self._close()

    def characters(self, text: str) -> None:
        if self._leaf and not self._skipped:
            self._leaf.add(text)

    def written(self) -> bytes:
        """The document. An entry that is still open is broken, and no part of it."""
        if self.path and self.path[-1] in _ENTRIES:
            del self._out[self._whole :]
            self.path.pop()
            self.entries -= 1
        return "".join([*self._out, *(f"</{name}>" for name in reversed(self.path))]).encode()

    def _named(self, namespace: str, local: str) -> str:
        """The name an element has here, '' where it is none of a feed's."""
        if not self.path and local in ("rss", "feed"):
            self._core.add(namespace)
        return f"{_PREFIXES[namespace]}{local}" if namespace in _PREFIXES else local if namespace in self._core else ""

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        parent = self.path[-1] if self.path else ""
        if name in _WITHIN.get(parent, ()):
            self._enter(name, attributes)
        elif not parent:
            raise _no_feed(self._address, is_page=name == "html")
        elif parent in _HOLDERS and name in _TEXTS | _FACTS:
            self._count()
            self._leaf = _Leaf(name, attributes, is_atom="feed" in self.path)
        else:
            self._skipped = 1

    def _enter(self, name: str, attributes: dict[str, str]) -> None:
        self._count()
        if name in _ENTRIES:
            self.entries += 1
            self._whole = len(self._out)
        self._out.append(f"<{name}{'' if self.path else _DECLARED}{_kept(attributes, _OF_ALL)}>")
        self.path.append(name)

    def _count(self) -> None:
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise _EnoughError

    def _close(self) -> None:
        self._out.append(f"</{self.path.pop()}>")
