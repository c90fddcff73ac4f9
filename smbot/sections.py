"""The sections of the review queue: what they are called, and the order in which they stand. Pure.

A card stands in the section that says what it waits for, and whose it is. A section that smbot made is known again
whatever language it was given its title in; one of people's own is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache

from smbot.messages import every, say, spoken

_SECTIONS = (
    "queue-decide", "queue-to-review", "queue-to-review-for", "queue-pick", "queue-approved", "queue-posted-of-late",
)  # fmt: skip
"""The messages with the titles of the sections that smbot makes, in the order in which they stand on the page."""

LAST = len(_SECTIONS)
_LONGEST = 1000  # characters of a title that smbot may have made


def to_review(accounts: Sequence[str] = ()) -> str:
    """The title of the section for what waits for the maintainers of these accounts, where the desk has several."""
    return say("queue-to-review-for", ", ".join(accounts)) if accounts else say("queue-to-review")


def to_pick(source: str, group: str) -> str:
    """The title of the section for an issue of which a maintainer picks."""
    return say("queue-pick", source, group)


def to_decide() -> str:
    """The title of the section for what cannot go on before a maintainer has settled it."""
    return say("queue-decide")


def approved() -> str:
    """The title of the section for what will go out by itself."""
    return say("queue-approved")


def posted_of_late() -> str:
    """The title of the section for cards of what is out."""
    return say("queue-posted-of-late")


def title(typed: str) -> str:
    """The title of a section as it would be written now, whatever language smbot gave it its title in."""
    own = _own(typed)
    return own[1] if own else typed


def is_own(typed: str) -> bool:
    """Whether smbot made a section with this title."""
    return rank(typed) < LAST


def rank(typed: str) -> int:
    """Where a section comes among those of smbot; `LAST` for one of people's own."""
    own = _own(typed)
    return own[0] if own else LAST


def _own(typed: str) -> tuple[int, str] | None:
    """Where a section of smbot comes, and its title as it would be written now; None for one of people's own."""
    return _recognised(typed, spoken()) if len(typed) <= _LONGEST else None


@lru_cache(maxsize=256)
def _recognised(typed: str, _language: str) -> tuple[int, str] | None:
    for place, key in enumerate(_SECTIONS):
        for pattern in _patterns(key):
            if found := pattern.fullmatch(typed):
                return place, say(key, *(found[name] for name in sorted(found.groupdict())))
    return None


@cache
def _patterns(key: str) -> tuple[re.Pattern[str], ...]:
    """What a title looks like in each language. No issue has a space in it, so nothing is tried over and over."""
    return tuple(
        re.compile(re.escape(form).replace("\x011", r"(?P<v1>.+)").replace("\x012", r"(?P<v2>\S+)"))
        for form in every(key, "\x011", "\x012")
    )
