"""Wikimedia Technical Talks: a heading for each talk, its date, and labelled lines.

    === Title ===
    December 07, 2020 at 20:00 UTC
    YouTube video stream: … Speaker: … Description: … Learn more here: …      (each on a line of its own)

https://www.mediawiki.org/wiki/Tech_talks, which has rested since 2020 (https://phabricator.wikimedia.org/T295515).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from msgspec.structs import replace

from smbot.model import Link, Page, Reading, Site
from smbot.sources import Wants, missed
from smbot.sources.dates import find, spelled
from smbot.sources.events import Entry, in_state, known, reading
from smbot.sources.lines import prepared
from smbot.sources.off import State, Words, put_off, state_of, words

WIKI = "mediawiki:mediawiki"
PAGE = "Tech talks"
PICK = False
POST = "$title\n\n$when\n$local\n\n$text\n\n$tags"

_HEADING = re.compile(r"^(={2,6})[ \t]*(\S.*?)[ \t]*\1[ \t]*$", re.M)
_BREAK = re.compile(r"<br\s*/?>\n?|\n", re.I)
_MARK = re.compile(r"^[*#:;\s]+")
_LABEL = re.compile(
    r"(?P<label>(?:youtube |video |live ?){0,3}stream|youtube|video|slides|location|where|irc|notes"
    r"|when|date (?:and|&) time|date|time|status|speakers?|topic areas?|topics?|description|abstract|summary"
    r"|learn more(?: here)?|more info(?:rmation)?)\s*[:?]+\s*",
    re.I,
)
_WHEN = ("when", "date and time", "date & time", "date", "time")
_RANK = (("stream", "youtube", "video"), ("learn", "more"), ("",))  # the most useful link first


def wants(page: str, now: datetime, days: int) -> Wants:  # noqa: ARG001 - one page has it all
    """The one page there is."""
    return Wants(pages=((page,),), daily=True)


def read(page: Page, site: Site, source: str, now: datetime) -> Reading:
    """The talks of the page as items; the text is the description of the talk."""
    text = spelled(prepared(page))
    found: list[Entry] = []
    others: list[str] = []
    for heading, body in _sections(text):
        talk = _talk(heading, body, site, known(page, now))
        found += [talk] if talk else []
        others += [] if talk else body.split("\n")
    lost = missed.lone(missed.to_come(others, now), (talk.event for talk in found))
    return reading(found, page, source, now, text, lost=lost)


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """Each heading with what stands below it."""
    headings = list(_HEADING.finditer(text))
    ends = [heading.start() for heading in headings[1:]] + [len(text)]
    for heading, end in zip(headings, ends, strict=False):
        yield heading[2], text[heading.end() : end]


def _talk(heading: str, body: str, site: Site, since: datetime) -> Entry | None:
    """The talk below a heading, if one of its lines begins with a date or says when it is."""
    title = words(heading, site)
    told = [words(_MARK.sub("", raw), site) for raw in _BREAK.split(body) if raw.strip()]
    labels = [_label(said.text) for said in told]
    for said, (label, rest) in zip(told, labels, strict=True):
        when, later = put_off(rest if label in _WHEN else said.text, since)
        found = find(when, since) if label in ("", *_WHEN) else None
        if found and found.begin <= 1 and title.text:
            event = (later or found).event
            talk = Entry(title.text, event, _description(labels), _links(title, told, labels))
            talk = replace(talk, cancelled=title.cancelled or said.cancelled)
            talk = replace(talk, problems=(*(later or found).problems, *title.problems))
            return in_state(talk, tuple(_states(told, labels, since)))
    return None


def _states(told: list[Words], labels: list[tuple[str, str]], since: datetime) -> Iterator[State]:
    """What the lines that tell the status of a talk, and nothing else, say: 'Status: postponed', 'Cancelled'."""
    for said, (label, rest) in zip(told, labels, strict=True):
        if label == "status" or said.text.lower() in ("", "status"):
            yield state_of(replace(said, text=rest), since)


def _label(text: str) -> tuple[str, str]:
    """The label of a line, lowercase, and what stands after it."""
    found = _LABEL.match(text)
    return (found["label"].lower(), text[found.end() :]) if found else ("", text)


def _description(labels: list[tuple[str, str]]) -> str:
    """What is said after 'Description:', with the lines below up to the next label."""
    told: list[str] = []
    for label, rest in labels:
        if label in ("description", "abstract", "summary"):
            told = [rest]
        elif label and told:
            break
        elif told:
            told.append(rest)
    return "\n".join(filter(None, told))


def _links(title: Words, told: list[Words], labels: list[tuple[str, str]]) -> tuple[Link, ...]:
    """The links of a talk: its stream, where to learn more, then all others."""
    ranked = [(_rank(label), said.links) for said, (label, _) in zip(told, labels, strict=True)]
    ranked.sort(key=lambda pair: pair[0])
    return tuple(dict.fromkeys(link for _, links in [*ranked, (9, title.links)] for link in links))


def _rank(label: str) -> int:
    return next(rank for rank, names in enumerate(_RANK) if any(name in label for name in names))
