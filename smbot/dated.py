"""Things that take place: announced, reminded of, and never told of when it is too late. Pure.

One item with a date becomes several candidates, each with a card and a time of its own: the announcement, a reminder
for each span of time that the settings name, and, should it be moved or cancelled once it was announced, that news.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from smbot.messages import say
from smbot.model import Candidate, Event
from smbot.settings import Feed, Wording

MOVED, CANCELLED = "moved", "cancelled"  # what else is told of something that was announced
REMINDER = "$in: $title\n\n$when\n$local"
_MOVED = "New date: $title\n\n$when\n$local"
_CANCELLED = "Cancelled: $title will not take place on $when."
_IN = re.compile(r"\$in\b")
_BEFORE = re.compile(r"(\d+) (day|hour)s? before")
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Step(Struct, frozen=True):
    """One thing to be told of an item: which ('': the item itself), in which words (see `Wording`), and when."""

    name: str
    templates: Mapping[str, str]
    not_before: datetime | None = None
    not_after: datetime | None = None
    is_change: bool = False  # it tells that the item is another now, or none

    def on(self, candidate: Candidate) -> Candidate:
        """The candidate at the time of this step."""
        return replace(candidate, not_before=self.not_before, not_after=self.not_after)


def steps(event: Event | None, feed: Feed, wording: Wording, post: str, now: datetime) -> Iterator[Step]:
    """What is to be told from `now` on: the item itself, then the reminders that are still to come.

    A reminder has to be told before the next one, or before it is too late. Of a whole day nobody is reminded by the
    hour. `post` is the usual template of the source. In those of reminders `$in` stands for how soon it takes place, so
    that no two of them say the same.
    """
    last = event.over - _MINUTE if event else None
    yield Step("", {"": post, **wording.post}, None, last)
    if event is None or last is None:
        return
    spans = [span for span in feed.remind if not event.whole_day or span >= _DAY]
    ends = [*(event.start - span - _MINUTE for span in spans[1:]), last]
    for span, end in zip(spans, ends, strict=False):  # without spans there is only the end
        at = event.start - span
        if at > now:
            words = {"": REMINDER, **wording.reminder}
            yield Step(
                f"{_span(span)} before",
                {who: _IN.sub(f"Within {_span(span, 'a')}", said) for who, said in words.items()},
                at,
                end,
            )


def moved(event: Event) -> Step:
    """What was announced takes place at another time."""
    return Step(f"{MOVED} {event.start:%Y-%m-%d %H:%M}", {"": _MOVED}, None, event.over - _MINUTE, is_change=True)


def cancelled(event: Event) -> Step:
    """What was announced does not take place."""
    return Step(CANCELLED, {"": _CANCELLED}, None, event.over - _MINUTE, is_change=True)


def _span(span: timedelta, one: str = "1") -> str:
    """A span of whole hours in words; `one` is what a single one is called, '1' or 'a'."""
    number, unit = (span // _DAY, "day") if not span % _DAY else (span // _HOUR, "hour")
    if number > 1:
        return f"{number} {unit}s"
    return f"{'an' if one == 'a' and unit == 'hour' else one} {unit}"


def told(step: str) -> str:
    """The name of a step, for people."""
    if before := _BEFORE.fullmatch(step):
        number = int(before[1])
        return say("card-step-days", number) if before[2] == "day" else say("card-step-hours", number)
    if step == CANCELLED:
        return say("card-step-cancelled")
    return say("card-step-moved", step.removeprefix(f"{MOVED} "))
