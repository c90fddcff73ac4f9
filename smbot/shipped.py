"""What `smbot install` puts on a wiki: templates, pages and the gadget, in the language that is spoken.

In the files `⧼key⧽` stands for a message, `$HOME$` for the home of the desk, and `Smbot/` for what the names of
templates begin with. A wiki without the ParserFunctions extension gets plainer templates where there are some; one
without TemplateData none of what is written for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable

from smbot import messages, names
from smbot.messages import fill, say

ALL = frozenset({"if", "ifeq", "ifexpr", "switch", "<templatedata>", "Gadgets"})
"""The parser functions, tags and extensions that make a difference, as `Wiki.tools` calls them."""

DEFINITIONS = "MediaWiki:Gadgets-definition"
_HOME = "$HOME$"
_PAGE = re.compile(rf"{re.escape(_HOME)}/({'|'.join(names.PAGES)})\b")
_DRAWN = "</includeonly>"  # what follows is about the template, and the same for a plainer one
_DATA = re.compile(r"\n?<templatedata>(.*?)</templatedata>", re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_LOADED = "ResourceLoader|dependencies={}|rights=edit|supportsUrlLoad"
_NEEDED = re.compile(r"// dependencies: *(.+)")
_PLACE = re.compile(r"/\*([A-Z]+)\*/(?:\{\}|'')")
_UNSAFE = re.compile("[<>&~\u2028\u2029]|\\{(?=\\{)|\\[(?=\\[)")


def shipped_templates(home: str, tools: Collection[str] = ALL) -> dict[str, str]:
    """The templates by title, as they shall be on a wiki that has these tools and whose desk is at `home`."""
    found = dict(_wikitexts("templates"))
    if not {"if", "ifeq", "ifexpr", "switch"} <= set(tools):
        found |= {name: text + found[name].partition(_DRAWN)[2] for name, text in _wikitexts("plain")}
    return {names.template_page(name): _filled(text, home, tools) for name, text in sorted(found.items())}


def shipped_pages(home: str) -> dict[str, str]:
    """The first text of the pages below `home`, by title."""
    return {f"{home}/{names.page(name)}": _filled(text, home, ALL) for name, text in sorted(_wikitexts("pages"))}


def _wikitexts(folder: str) -> Iterator[tuple[str, str]]:
    for name, file in _files(files("smbot.onwiki") / folder):
        if name.endswith(".wikitext"):
            yield name.removesuffix(".wikitext"), file.read_text("utf-8").rstrip("\n")


def _files(folder: Traversable, path: str = "") -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _files(entry, f"{path}{entry.name}/")
        else:
            yield path + entry.name, entry


def _filled(text: str, home: str, tools: Collection[str]) -> str:
    def data(match: re.Match[str]) -> str:
        return f"\n<templatedata>{_STRING.sub(_json, match[1])}</templatedata>" if "<templatedata>" in tools else ""

    return _named(fill(_DATA.sub(data, text)), home)


def _named(text: str, home: str) -> str:
    """Wikitext with the names that templates and pages have on this wiki."""
    text = text.replace("Template:Smbot/", names.template_page("")).replace("Smbot/", names.template(""))
    return _PAGE.sub(lambda found: f"{home}/{names.page(found[1])}", text).replace(_HOME, home)


def _json(string: re.Match[str]) -> str:
    """A string of JSON with its messages filled in, whatever signs they hold."""
    if "⧼" not in string[0]:
        return string[0]
    return json.dumps(fill(json.loads(string[0])), ensure_ascii=False).replace("<", "\\u003c")


# --- the gadget -----------------------------------------------------------------------------------------------------


def gadget(home: str) -> dict[str, str]:
    """The pages of the gadget by title; the text for `DEFINITIONS` is the one line that has to stand on that page."""
    folder = files("smbot.onwiki") / "gadget"
    script = (folder / "smbot.js").read_text("utf-8")
    needed = _NEEDED.search(script)
    loaded = _LOADED.format("".join(needed[1].split()) if needed else "mediawiki.util")
    filled = {
        "MESSAGES": _told(),
        "PAGES": {name: f"{home}/{names.page(name)}" for name in names.PAGES},
        "TEMPLATES": names.template(""),
        "STYLES": (folder / "smbot.css").read_text("utf-8"),
    }
    return {
        "MediaWiki:Gadget-smbot": say("gadget-about"),
        "MediaWiki:Gadget-smbot.js": _PLACE.sub(lambda place: _script(filled[place[1]]), script).rstrip("\n"),
        DEFINITIONS: f"* smbot[{loaded}]|smbot.js",
    }


def _told() -> dict[str, dict[str, str]]:
    """The messages of the gadget in every language, by their keys without the prefix."""
    beginning = "gadget-"
    told = {
        language: {
            key.removeprefix(beginning): text
            for key, text in messages.messages(language).items()
            if key.startswith(beginning)
        }
        for language in messages.languages()
    }
    return {language: found for language, found in told.items() if found}


def _script(value: object) -> str:
    """A value as JavaScript that neither ends a script nor is changed by MediaWiki when the page is saved."""
    return _UNSAFE.sub(lambda sign: f"\\u{ord(sign[0]):04x}", json.dumps(value, ensure_ascii=False))
