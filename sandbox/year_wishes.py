"""What people ask for in the simulated year, with their mistakes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from sandbox.year_words import Span, Writer, moment


@dataclass(frozen=True)
class Wish:
    """What somebody asks for at some time: the arguments as first typed, as put right, and when it is taken back."""

    at: datetime
    name: str
    typed: dict[str, str]
    meant: dict[str, str]
    withdrawn: datetime | None = None


def wishes(random: Random, span: Span, first: int) -> list[Wish]:
    """About three in four weeks by one person; a third with a mistake, a tenth withdrawn, a third with times."""
    return [_wish(random, at, writer) for at, writer in _times(random, span, first, 0.75)]


def keepers(random: Random, span: Span, first: int) -> list[Wish]:
    """What keeps, a piece a week: two in three for `mediawiki`, which has fewer sources."""
    found = []
    for number, (at, writer) in enumerate(_times(random, span, first, 1)):
        asked = {"text": f"Did you know? {writer.sentence()}", "accounts": ("mediawiki", "wikitech")[number % 3 // 2]}
        asked |= {"link": f"https://www.mediawiki.org/wiki/Example_{writer.number}", "evergreen": "yes"}
        found.append(Wish(at, f"Wish {writer.number}", asked, asked))
    return found


def _times(random: Random, span: Span, first: int, share: float) -> Iterator[tuple[datetime, Writer]]:
    """A time in so many of the weeks."""
    writer = Writer(random, first)
    for week in range(span.weeks):
        if random.random() <= share:
            day = span.start + timedelta(days=7 * week + random.randint(0, 6))
            yield moment(day, f"{random.randint(6, 21):02}:{random.randint(0, 59):02}"), writer


def _wish(random: Random, at: datetime, writer: Writer) -> Wish:
    words = writer.sentence()
    meant = {"text": words, **random.choice(_voices(words))}
    if random.random() < 0.7:
        meant["link"] = f"https://www.mediawiki.org/wiki/Example_{writer.number}"
    if random.random() < 0.33:
        begin = at + timedelta(days=random.randint(1, 6))
        meant["not before"] = f"{begin:%Y-%m-%d %H:00}"
        if random.random() < 0.6:
            meant["not after"] = f"{begin + timedelta(days=random.randint(1, 5)):%Y-%m-%d %H:00}"
    typed = meant | random.choice(_mistakes(words)) if random.random() < 0.33 else meant
    withdrawn = at + timedelta(hours=random.randint(4, 72)) if random.random() < 0.1 else None
    return Wish(at, f"Wish {writer.number}", typed, meant, withdrawn)


def _voices(words: str) -> tuple[dict[str, str], ...]:
    """Who is to say it. Two accounts may not say the same on X: one reposts the other, or has words of its own."""
    return (
        {"accounts": "mediawiki"},
        {"accounts": "wikitech"},
        {"accounts": "mediawiki", "reposted by": "wikitech"},
        {"accounts": "mediawiki, wikitech", "text wikitech": f"For developers: {words}"},
    )


def _mistakes(words: str) -> tuple[dict[str, str], ...]:
    """Things people type."""
    return (
        {"accounts": "wikitec"},
        {"accounts": ""},
        {"accounts": "mediawiki, wikitech", "reposted by": "", "text wikitech": ""},
        {"text": f"'''New:''' {words}"},
        {"text": f"{words} " + "This matters to everybody. " * 25},
        {"not after": "2026-02-30"},
        {"not before": "next Tuesday"},
        {"link": "www.mediawiki.org"},
    )
