"""Words that say that something does not take place, or on another day than it was to.

    <s>26 November: Meetup</s>          Meetup in Puri – cancelled, see talk page       '''POSTPONED''' Meetup
    Meetup (moved to 30 November)       The meetup has been called off                  Meetup will not take place

They are taken out, so that what is left is known again by its title. A talk on why something was cancelled is none.
Where nobody can tell what is off, 'The strike, postponed by the board', they stay, and are unclear.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo

from msgspec import Struct

from smbot.model import Link, Problem, Site
from smbot.sentences import stops
from smbot.sources.dates import Found, find, leading, without_separator
from smbot.wikitext import Plain, plain

_STRIKE = re.compile(r"\{\{\s*(?:s|strike|del|strikethrough)\s*\|([^{}]*)\}\}", re.I)
_STRUCK = re.compile(r"</?(?:s|del|strike)\b[^<>]{0,300}>", re.I)
_BY_DAYS = r"\sby\s(?:[\w-]{1,20}\s){1,3}(?:minute|hour|day|week|fortnight|month|year)s?\b"  # it is only later
OFF = rf"(?:cancell?ed|postponed|called off)(?!{_BY_DAYS})"
_CAPITALS = rf"(?-i:CANCELL?ED|POSTPONED|CALLED OFF)(?!{_BY_DAYS})"
_TEMPLATE = re.compile(rf"\{{\{{\s*{OFF}\s*(?:\|[^{{}}]*)?\}}\}}", re.I)
_BOLD = re.compile(rf"'{{2,5}}\s*({OFF}\W{{0,2}}?)'{{2,5}}", re.I)  # counts like capitals
_STATE = re.compile(rf"\s{OFF}\W{{0,3}}\Z", re.I)  # of what is struck through
_MOVED = re.compile(r"[\s(\[,،;:–—-]{0,9}\b(?:postponed|moved|rescheduled)\s+(?:to|until)\b[\s:]{0,9}", re.I)


class Words(Struct, frozen=True):
    """A piece of a page in plain words, without those that say it is cancelled or struck through."""

    text: str
    links: tuple[Link, ...]
    cancelled: bool
    problems: tuple[Problem, ...]


def words(wikitext: str, site: Site) -> Words:
    """A piece of wikitext in words. If only part of it is struck through it was corrected: what is left counts."""
    left, *struck = versions(wikitext, site)
    return struck[0] if struck and not left.text else left


def versions(wikitext: str, site: Site) -> Iterator[Words]:
    """What is left when the struck words are gone; then all of it, cancelled."""
    wikitext = _STRIKE.sub(r"<s>\1</s>", wikitext)
    wikitext = _BOLD.sub(lambda found: found[1].upper(), wikitext)
    cancelled = bool(_TEMPLATE.search(wikitext))
    wikitext = _TEMPLATE.sub("", wikitext)
    yield _said(plain(wikitext, site), cancelled=cancelled)
    if _STRUCK.search(wikitext):
        yield _said(plain(_STRUCK.sub("", wikitext), site), cancelled=True)


def _said(news: Plain, *, cancelled: bool) -> Words:
    moved = _MOVED.search(news.text)
    if moved and leading(news.text[moved.end() :]):
        return Words(news.text, news.links, cancelled, news.problems)
    text, off = called_off(_STATE.sub("", news.text) if cancelled else news.text)
    return Words(text, news.links, cancelled or off, news.problems)


# --- in plain words -------------------------------------------------------------------------------------------------

_REASON = r"(?:due|because|owing|to|until|till|see)\b"
_VAGUE = r"(?:as|for|by)\b"  # gives the reason, unless it goes with a title: 'The wish, postponed for years'
_GOES_ON = r".{0,80}?,\s(?:is|are|was|were|has|have|will)\b"  # ', postponed as nobody came, is back'
_IS_BACK = r".{0,80}?,\s(?:is|are)\s(?!now\b|planned|moved|rescheduled|to\b|on\b)"
_FIRST = rf"^\W{{0,9}}{OFF}\b(?=\s*(?:[:–—!.\])-]|\Z))[\s:–—!.\])-]*"
_IN_BRACKETS = rf"\s?[(\[]\s*{OFF}\b[^()\[\]]{{0,80}}[)\]](?!\s(?:is|are)\b)"
_APART = rf"(?:\s{{0,3}}[–—;-]\s{{0,3}}|(?<=[.!?])\s|[:,]?\s(?={_CAPITALS}\b))(?:now\s)?{OFF}\b"
_BEHIND_COMMA = rf"\s{{0,3}}[:,]\s{{0,3}}(?:now\s)?{OFF}\b"
_REST = rf"\s{{0,3}}[:–—,;.!(-].*$|\s{_REASON}.*$"
_LAST = rf"(?:{_APART}|{_BEHIND_COMMA}(?!\s{_VAGUE}|{_GOES_ON}))(?:\W{{0,3}}$|(?P<rest>{_REST}|\s{_VAGUE}.*$))"
_SHOUTED = rf"\b{_CAPITALS}\b(?!\s(?-i:[A-Z]{{3}}))[\s:–—!.\])-]*"
_IS_OFF = rf"(?:is|are|was|were|has been|have been|had to be)\s{OFF}\b"
_AT_LAST = rf"(?<![:,]\s){OFF}\b(?=\W{{0,3}}$|\s(?:due|because|owing)\b)"
_IS_NOT = r"(?:will not|won['’]t|does not|(?P<cannot>cannot))\s(?:take place|happen|be held)\b"
_SAID = rf"\s?\b(?P<said>{_IS_OFF}|{_IS_NOT}(?=\s*(?:[^\s\w]|$|{_REASON}))|{_AT_LAST}).{{0,80}}$"
_CALLED_OFF = re.compile("|".join((_FIRST, _IN_BRACKETS, _LAST, _SHOUTED, _SAID)), re.I | re.M)
_ELSE = re.compile(  # what is off is not what the line is about: 'why the survey was', 'edits that were'
    r"\b(?:why|how|whether|when|if|because|about|what|where|last|previous|earlier)\b"
    r"|\b(?:that|which|who|being|getting|gets?|got|not|never|(?:may|might|could)\sbe)\Z",
    re.I,
)
_CLAUSE = re.compile(r"[.!?:–—]\s")
_LETTER = re.compile(r"[^\W\d_]")
_NEAR = 300  # characters before words that may tell what they are of
_ANY_DAY = datetime(2000, 1, 1, tzinfo=UTC)


def called_off(text: str) -> tuple[str, bool]:
    """A text without the words that say it is cancelled, and whether there were any."""
    left = _CALLED_OFF.sub(_left, text)
    return left.strip(), left != text


_TIME = (  # or a day: '12 Main Street' is none
    r"(?:the\s)?\d{1,2}(?:[:h.]\d\d|\s?[ap]\.?m\b|\s?(?:UTC|GMT|h|Uhr)\b|(?:st|nd|rd|th)?\s*(?:[).,;:!](?!\d)|$))"
)
_SOMETIME = rf"(?:{_TIME}|next\b|later\b|another (?:day|date|time)\b|TB[AD]\b)"
_UNCLEAR = re.compile(
    r"\s?\b(?P<said>(?:(?:(?:has|have|will) be(?:en)?|is|are|was|were)\s)?(?:"
    r"rescheduled\b(?=\s*(?:[.!)\]]|$)|\s(?:to|until|due)\b)"
    rf"|(?:moved|postponed)\s(?:to|until)\s(?={_SOMETIME})|postponed{_BY_DAYS}|(?:may|might|could)\sbe\s{OFF}))"
    rf"|{_BEHIND_COMMA}(?!{_IS_BACK})(?=\s{_VAGUE}|{_GOES_ON})|\b{_IS_NOT}(?=\s{_VAGUE})",
    re.I | re.M,
)
_SET_OFF = re.compile(r"(?:[(\[,;-]|,\swhich)\s*\Z")


def unclear_words(text: str) -> str:
    """Words in a text that say that something takes place at another time, but not on which day; '' without any.

    Nor with those that tell it of something else.
    """
    for found in _UNCLEAR.finditer(text):
        before = text[max(0, found.start() - _NEAR) : found.start()].rpartition("\n")[2]
        if not found["said"] or _SET_OFF.search(before) or not _ELSE.search(_CLAUSE.split(before)[-1]):
            return text[found.start() : found.start() + 60].partition("\n")[0].lstrip(" ,:")
    return ""


class State(Struct, frozen=True):
    """What the status or the notes of something say: that it is off, or takes place at another date, or neither.

    `unclear` are words that speak of it without telling which.
    """

    cancelled: bool = False
    later: Found | None = None
    unclear: str = ""


def state_of(said: Words, since: datetime, zone: tzinfo | None = None) -> State:
    """What these words say of what takes place. That it was moved from another day is no news."""
    later = put_off(said.text, since, zone=zone)[1]
    if later:
        return State(later=later)
    if said.cancelled or _OFF_FIRST.match(said.text):
        return State(cancelled=True)
    return State(unclear=said.text[:60] if _MAYBE_OFF.search(said.text) else "")


_OFF_FIRST = re.compile(rf"\W{{0,9}}{OFF}\b", re.I)
_MAYBE = (
    r"(?:(?:it|(?:the|this|our)\s(?:office hour|hour|session|talk|meeting|meetup|event|call))\s)?"
    r"(?:(?:is|was|has|be|been|may|might|could|will|must|now|probably|perhaps|likely)\s){0,4}"
    r"(?:cancell?ed|postponed|called off|moved|rescheduled|delayed)\b"
)
_MAYBE_OFF = re.compile(  # 'notes of the moved wiki' tell of something else
    rf"^\W{{0,9}}{_MAYBE}(?!\s+from\b)|[.,;!?(–—-]\s{{0,3}}{_MAYBE}(?=\W{{0,3}}$|\s(?:to|until|till|by|due)\b)",
    re.I | re.M,
)


def _left(found: re.Match[str]) -> str:
    """What is left of words that may say that something is cancelled: all of them where they tell of something else."""
    line = found.string.rfind("\n", 0, found.start()) + 1
    before = found.string[line : found.start()]
    if found["cannot"] and (stops(before) or _names(found.string[: min(line, _NEAR)])):
        return found[0]  # 'Editathon. No need to register, and lunch cannot be held.'
    if found["said"]:
        return found[0] if _ELSE.search(_CLAUSE.split(before)[-1]) else ""
    if found["rest"] and not _names(before):
        return f": {without_separator(found['rest'])}"  # '26 November, cancelled: Meetup'
    return ""


def _names(text: str) -> bool:
    """Whether a text has more than a date."""
    found = find(text, _ANY_DAY)
    return bool(_LETTER.search(text[: found.begin] + text[found.end :] if found else text))


def put_off(text: str, since: datetime, year: int = 0, zone: tzinfo | None = None) -> tuple[str, Found | None]:
    """A text without the words that it was moved to another date, and that date."""
    moved = _MOVED.search(text)
    later = find(text[moved.end() :], since, year, zone) if moved else None
    if moved and later and later.begin == 0:
        return f"{text[: moved.start()]}{text[moved.end() + later.end :].lstrip(')]')}", later
    return text, None
