"""What is planned as an iCalendar file (RFC 5545), for people who want it in a calendar of their own.

The same plan gives the same file, byte for byte; an event keeps its UID for as long as it is planned, so that a
calendar that reads the file again moves it rather than adding another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from smbot import planned, when
from smbot.deliveries import name_of
from smbot.gather import Snapshot
from smbot.messages import say, speaking
from smbot.overview import title_of
from smbot.planned import Coming
from smbot.statusdata import card_url

if TYPE_CHECKING:
    from icalendar import Event

    from smbot.plan import Plan

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")  # that RFC 5545 has no place for


def run(now: Plan) -> str:
    """The calendar of a desk, in its language; `now` is how it stands (`Desk.glance`)."""
    with speaking(now.seen.language):
        return write(planned.outlook(now.memory, now.seen).coming, now.seen)


def write(coming: Iterable[Coming], seen: Snapshot) -> str:
    """An iCalendar file with an event for each post of an account; its lines end as RFC 5545 wants it."""
    from icalendar import Calendar  # a tenth of a second, and no run of smbot needs it

    calendar = Calendar()
    calendar.add("prodid", "-//smbot//smbot//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", say("calendar-name"))
    for one in coming:
        calendar.add_component(_event(one, seen))
    written: bytes = calendar.to_ical()
    return written.decode()


def _event(one: Coming, seen: Snapshot) -> Event:
    from icalendar import Event

    link = card_url(one.proposal, seen)
    event = Event()
    event.add("uid", f"{one.key}@{urlsplit(link).hostname or 'smbot'}")
    event.add("dtstamp", _decided(one))
    event.add("dtstart", one.at.astimezone(UTC).replace(second=0, microsecond=0))
    event.add("summary", _CONTROL.sub("", f"{one.account}: {title_of(one.proposal)}"))
    event.add("description", _CONTROL.sub("", "\n\n".join(_told(one, link, seen))))
    event.add("categories", [one.account])
    event.add("status", "CONFIRMED" if one.approval else "TENTATIVE")
    event.add("transp", "TRANSPARENT")  # it keeps nobody busy
    if link:
        event.add("url", link)
    return event


def _decided(one: Coming) -> datetime:
    """When it came to be as it is: DTSTAMP has to be the same as long as the event is."""
    if one.approval:
        return one.approval.time.astimezone(UTC).replace(microsecond=0)
    return datetime.combine(one.proposal.known.since, time(), UTC)


def _told(one: Coming, link: str, seen: Snapshot) -> Iterable[str]:
    texts = [one.proposal.texts[channel] for channel in one.channels]
    yield from dict.fromkeys("\n\n".join(text.parts) if text.words else text.told for text in texts)
    yield say("calendar-where", ", ".join(name_of(channel, seen) for channel in one.channels))
    if one.approval:
        yield say("calendar-approved", one.approval.user, when.moment(one.approval.time))
    else:
        yield say("calendar-not-approved")
    if link:
        yield link
