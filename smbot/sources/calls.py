"""Outreach programmes call for mentors and for mentees: one source for each, as not every account tells of both."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from smbot.model import Page, Reading, Site
from smbot.sources import Source, Wants, outreach


class Calls(Struct, frozen=True):
    """The calls of `smbot.sources.outreach` for some people: 'mentors' or 'mentees'."""

    whom: str
    POST: str
    WIKI: str = outreach.WIKI
    PAGE: str = outreach.PAGE
    PICK: bool = outreach.PICK

    def wants(self, page: str, now: datetime, days: int) -> Wants:
        """The pages of this round and the next."""
        return outreach.wants(page, now, days)

    def read(self, page: Page, site: Site, source: str, now: datetime) -> Reading:
        """Only the calls for them; a page that calls only for others says nothing, and that is no alarm."""
        reading = outreach.read(page, site, source, now)
        items = tuple(item for item in reading.items if item.section == self.whom)
        return replace(reading, items=items, placeholder=reading.placeholder or (bool(reading.items) and not items))


mentors: Source = Calls("mentors", "$title\n\nUntil $when.\n$local\n\n$tags")
mentees: Source = Calls("mentees", "$title\n\nUntil $when.\n$local\n\n$tags")
