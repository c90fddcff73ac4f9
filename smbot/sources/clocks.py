"""Times of day as people write them, in one time zone or in several, and the names of zones.

18:00–19:30 UTC        6 PM – 8 PM (UTC+5:30)        18h30 CET        noon UTC        18:00 UTC / 19:00 CET
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

TO = r"\s*(?:[–—−-]|\b(?:to|until|till|through|bis|au|à)\b)\s*"

# Hours from UTC, and a place whose clock says when the name is in use. Names that mean several zones have none.
_ZONES = {"Z": (0, ""), "JST": (9, ""), "KST": (9, ""), "EAT": (3, ""), "WAT": (1, ""), "CAT": (2, ""), "MSK": (3, "")}
_ZONES |= {"WET": (0, "Europe/Lisbon"), "WEST": (1, "Europe/Lisbon"), "CET": (1, "Europe/Paris")}
_ZONES |= {"MEZ": (1, "Europe/Paris"), "MESZ": (2, "Europe/Paris")}
_ZONES |= {"CEST": (2, "Europe/Paris"), "EET": (2, "Europe/Athens"), "EEST": (3, "Europe/Athens")}
_ZONES |= {"EST": (-5, "America/New_York"), "EDT": (-4, "America/New_York"), "MST": (-7, "America/Denver")}
_ZONES |= {"MDT": (-6, "America/Denver"), "PST": (-8, "America/Los_Angeles"), "PDT": (-7, "America/Los_Angeles")}
_AMBIGUOUS = ("IST", "BST", "CST", "CDT", "AST", "ADT", "AMT", "ECT", "GST", "PT", "ET", "CT", "MT")
_CONTINENTS = "Africa|America|Antarctica|Asia|Atlantic|Australia|Europe|Indian|Pacific|Etc"
_PLACE = rf"(?:{_CONTINENTS})/[A-Za-z_]{{1,30}}(?:/[A-Za-z_]{{1,30}})?(?:[+-]\d{{1,2}})?"
_CALLED = rf"(?-i:{'|'.join((*_ZONES, *_AMBIGUOUS))})\b"
_NO_ZONE = rf"(?!\s?[(\[]?(?:(?:UTC|GMT)\b|{_CALLED}|{_PLACE}))"
_HOURS = r"(?:1[0-4]|0?\d)(?::?\d\d)?(?!\d|:\d)"
_OFFSET = rf"(?:[+−-]{_HOURS}{_NO_ZONE}|\s[+−-]{_HOURS}(?=\s?[)\]]))"  # 'UTC+5:30', '(UTC +5:30)'
# '18:00-19:00' lasts an hour. It is no offset but after 'T18:00', after seconds, and in '18:00 -0500'.
_BEHIND = r"(?:(?:(?<=T\d\d:\d\d)|(?<=\d:\d\d:\d\d))[−-](?:0\d|1[0-4]):?\d\d|(?<=:\d\d )[−-](?:0\d|1[0-4])\d\d)\b"
_ZONE = rf"(?:UTC|GMT)(?:{_OFFSET})?(?![^\W\d])|{_CALLED}|(?:\+\d{{2}}:?\d{{2}}\b|{_BEHIND}){_NO_ZONE}|{_PLACE}"

# Behind an ISO day it is one, too, where it would end before it begins.
_BEHIND_ISO = r"(?<=\d{4}-\d\d-\d\d) \d\d:\d\d(?P<offset>-(?:0[1-9]|1[0-2]):(?:00|30|45))\b"

_NAMED = {"noon": time(12), "midday": time(12), "midnight": time(0)}


def _clock(number: int) -> str:
    return (
        rf"(?:(?:12 )?(?P<name{number}>{'|'.join(_NAMED)})\b(?=\s*(?:\Z|[^\w\s]|\d|(?:on|to|until)\b|{_ZONE}))"
        rf"|(?P<hour{number}>\d{{1,2}})(?:(?P<sign{number}>[:.h]?)(?P<minute{number}>\d{{2}})(?::\d{{2}}(?:\.\d{{1,6}})?)?)?"
        rf"(?!\d)\s?(?P<half{number}>[ap]\.?m\b\.?)?(?P<hours{number}>\s?(?:h|hrs?|hours|o'clock|Uhr)\b)?)"
        rf"(?:\s?[(\[]?(?P<zone{number}>{_ZONE})[)\]]?)?"
    )


_TIMES = rf"(?P<times>{_clock(1)}(?P<until>(?:{TO}|\s*(?:\band\b|&)\s*)(?!\d{{4}}-){_clock(2)})?)"
_AFTER = rf"(?:[\s,،;:(@|·•–—-]|T(?=\d)|at\b|from\b|um\b|à\b){{0,12}}{_TIMES}\)?"
_ALSO = rf"[\s,،;(\[@|·•/=≈]{{0,4}}(?:(?:or|and|oder|ou)\s)?{_TIMES}\)?"
_BEFORE = rf"(?<![\w:.-]){_TIMES}(?:,?\s+on)?[\s,،]{{0,3}}\Z"
_BEFORE_ALSO = rf"(?<![\w:.-]){_TIMES}[\s,،;(\[|·•/=≈]{{0,4}}(?:(?:or|and|oder|ou)\s)?\Z"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compiled when it is first needed: most runs read no dates, and this takes longer than all else here."""
    return re.compile(pattern, re.I)


class Clock(NamedTuple):
    """A time of day as it is written; `zone` is '' without one."""

    at: time
    tomorrow: bool  # 24:00
    zone: str
    name: str = ""  # 'midnight'


class Times(NamedTuple):
    """When something begins and ends, and from where to where that is written; no `opening` if it is no time of day."""

    opening: Clock | None
    closing: Clock | None
    begin: int
    end: int

    @property
    def zone(self) -> str:
        """Its zone as it is written; '' without one."""
        return next((clock.zone for clock in (self.opening, self.closing) if clock and clock.zone), "")


def after(text: str, place: int, *, zoned: bool = False) -> tuple[Times, ...]:
    """The time that is written behind a day, and the same in other zones: '18:00 UTC (19:00 CET)'.

    Where times without a zone have one all the same, they are `zoned`: then '22:00-02:00' has no offset.
    """
    first = _times(_compiled(_AFTER).match(text, place))
    told = [first if zoned else _with_offset(first, text, place)] if first else []
    while told and told[-1].zone and (more := _in_another_zone(_compiled(_ALSO).match(text, told[-1].end))):
        told.append(more)
    if told and _is_open(text[told[0].end : told[-1].end]):
        del told[1:]
    return tuple(told)


def _with_offset(times: Times, text: str, place: int) -> Times:
    """'2026-11-24 18:00-05:00' has an offset from UTC and no end, '2026-11-24 18:00-19:00' is an hour."""
    opening, closing = times.opening, times.closing
    found = _compiled(_BEHIND_ISO).match(text, place)
    if not found or not opening or not closing or times.zone or closing.at >= opening.at:
        return times
    return times._replace(opening=opening._replace(zone=found["offset"]), closing=None)


def before(text: str, place: int) -> tuple[Times, ...]:
    """The time that is written before a day, and the same in other zones."""
    told = [last] if (last := _search(_BEFORE, text, place)) else []
    while told and told[0].zone and (more := _search(_BEFORE_ALSO, text, told[0].begin)):
        told.insert(0, more)
    return tuple(told)


def _search(pattern: str, text: str, end: int) -> Times | None:
    start = max(0, end - 60)
    found = _compiled(pattern).search(text[start:end])
    times = _in_another_zone(found) if pattern == _BEFORE_ALSO else _times(found)
    return times._replace(begin=times.begin + start, end=times.end + start) if times else None


def _is_open(text: str) -> bool:
    return text.count("(") > text.count(")") or text.count("[") > text.count("]")


def _in_another_zone(found: re.Match[str] | None) -> Times | None:
    """A time that is certainly one, with its zone."""
    times = _times(found)
    if not found or not times or not times.opening or not times.zone:
        return None
    return times if any(found[f"{part}{n}"] for part in ("minute", "half", "hours", "name") for n in (1, 2)) else None


def _times(found: re.Match[str] | None) -> Times | None:
    """The time that was found; None where nothing says that the figures are one.

    A figure alone is a time if something says so: a colon, 'am', 'h' or a zone, of the time it ends as well. What is
    written as a time and is none, such as 25:00, has none.
    """
    if not found:
        return None
    certain = {n: found[f"name{n}"] or found[f"sign{n}"] == ":" or found[f"half{n}"] for n in (1, 2)}
    sure = {n: certain[n] or found[f"sign{n}"] == "h" or found[f"hours{n}"] for n in (1, 2)}
    ranged = bool(found["until"] and (sure[2] or found["zone2"]))
    if not (sure[1] or found["zone1"] or ranged):
        return None
    first = _read_clock(found, 1, found["half2"] or "" if ranged else "")
    second = _read_clock(found, 2, "") if ranged else None
    begin = found.start("times")
    end = found.end() if ranged or not found["until"] else found.start("until")
    if first and (second or not ranged):
        return Times(first, second, begin, end)
    if not (certain[1] or found["zone1"] or found["zone2"]):
        return None  # as for a '48h' hackathon
    return Times(None, None, begin, end)


def _read_clock(found: re.Match[str], number: int, other: str) -> Clock | None:
    if name := found[f"name{number}"]:
        return Clock(_NAMED[name.lower()], False, found[f"zone{number}"] or "", name.lower())
    hour, minute = int(found[f"hour{number}"]), int(found[f"minute{number}"] or 0)
    half = (found[f"half{number}"] or other).lower()[:1]
    if other and not found[f"half{number}"] and half == "p" and hour % 12 > int(found["hour2"]) % 12:
        half = "a"  # 11–1 pm
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour == 24 and minute == 0:
        return Clock(time(0), True, found[f"zone{number}"] or "")
    if hour > 23 or minute > 59:
        return None
    return Clock(time(hour, minute), False, found[f"zone{number}"] or "")


def zone_of(name: str) -> tzinfo | None:
    """The zone of that name; None where it means several, or none."""
    if name.upper() in ("UTC", "GMT", "Z"):
        return UTC
    if name in _ZONES:
        return timezone(timedelta(hours=_ZONES[name][0]), name)
    if found := re.fullmatch(r"(?:UTC|GMT)?\s?([+−-])(\d{1,2}):?(\d{2})?", name, re.I):
        shift = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
        if shift > timedelta(hours=14):
            return None
        return timezone(shift if found[1] == "+" else -shift)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def unused(clock: Clock, local: datetime) -> bool:
    """Whether the name of its zone is not in use where its clock shows that time, such as CET in July."""
    place = _ZONES.get(clock.zone, (0, ""))[1]
    return bool(place) and ZoneInfo(place).utcoffset(local.replace(tzinfo=None)) != local.utcoffset()
