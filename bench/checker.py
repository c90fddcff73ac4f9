"""How well and how fast the reviewers' checker finds what it should, over the labelled posts.

    python bench/checker.py

Prints precision and recall for each kind of finding in each half of tests/data/sentences.toml, and times. A post counts
once for each kind, however many findings of it there are. It does not pass or fail by the clock.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from smbot.checker import check

SENTENCES = Path(__file__).parent.parent / "tests" / "data" / "sentences.toml"
YEAR = 2026  # in which the posts are read
ROUNDS = 20


@dataclass
class Score:
    """How often each kind was found rightly, found wrongly, and missed."""

    right: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)

    def precision(self, kinds: Iterable[str]) -> float:
        """Of what was found, the share that was right; 1 where nothing was found."""
        right, wrong = _sum(self.right, kinds), _sum(self.wrong, kinds)
        return right / (right + wrong) if right + wrong else 1.0

    def recall(self, kinds: Iterable[str]) -> float:
        """Of what was to be found, the share that was; 1 where there was nothing."""
        right, missed = _sum(self.right, kinds), _sum(self.missed, kinds)
        return right / (right + missed) if right + missed else 1.0

    @property
    def kinds(self) -> list[str]:
        return sorted({*self.right, *self.wrong, *self.missed})


def _sum(counter: Counter[str], kinds: Iterable[str]) -> int:
    return sum(counter[kind] for kind in kinds)


def posts() -> dict[str, list[dict[str, Any]]]:
    """The labelled posts of each half."""
    return tomllib.loads(SENTENCES.read_text(encoding="utf-8"))


def kinds_found(post: dict[str, Any]) -> set[str]:
    found = check(
        post["words"],
        post.get("language", "en"),
        hashtags=post.get("hashtags", ()),
        alt=post.get("alt", ""),
        links=post.get("links", ()),
        year=YEAR,
    )
    return {finding.kind for finding in found}


def score(half: Iterable[dict[str, Any]]) -> Score:
    """Compare what is found in these posts with their labels."""
    result = Score()
    for post in half:
        found, wanted = kinds_found(post), set(post.get("kinds", ()))
        result.right.update(found & wanted)
        result.wrong.update(found - wanted)
        result.missed.update(wanted - found)
    return result


def table(name: str, half: list[dict[str, Any]]) -> str:
    """The figures of one half for people, a line for each kind."""
    result = score(half)
    neutral = [post for post in half if not post.get("kinds")]
    clean = sum(not kinds_found(post) for post in neutral)
    lines = [f"{name}: {len(half)} posts, {clean} of {len(neutral)} neutral ones without a finding"]
    for label, kinds in [("all", result.kinds), *((kind, [kind]) for kind in result.kinds)]:
        right, wrong, missed = (_sum(each, kinds) for each in (result.right, result.wrong, result.missed))
        shares = f"precision {result.precision(kinds):.2f}   recall {result.recall(kinds):.2f}"
        lines.append(f"  {label:13}{right:4} right {wrong:3} wrong {missed:3} missed   {shares}")
    return "\n".join(lines)


def milliseconds(words: str, language: str = "en") -> float:
    times = []
    for _ in range(ROUNDS):
        start = perf_counter()
        check(words, language)
        times.append(perf_counter() - start)
    return median(times) * 1000


def main() -> None:
    halves = posts()
    for name, half in halves.items():
        print(table(name, half))
    times = sorted(milliseconds(post["words"], post.get("language", "en")) for half in halves.values() for post in half)
    print(f"a post           {median(times):8.2f} ms (median), {times[-1]:.2f} ms (slowest of {len(times)})")
    many = " ".join(post["words"] for post in halves["tune"])
    for length in (5_000, 10_000, 20_000):
        print(f"{length:6} characters{milliseconds((many * 2)[:length]):8.2f} ms")


if __name__ == "__main__":
    main()
