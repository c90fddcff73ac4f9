"""How well the same news is told from other news, on labelled pairs, and what asking costs.

    python bench/alike.py [--misses]

Every pair is judged with the words of the older post whole, and cut to the 80 characters that are remembered of it.
"""

from __future__ import annotations

import random
import string
import sys
import tomllib
from pathlib import Path
from time import process_time
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from smbot.alike import CUT, Archive, Degree, Told  # noqa: E402
from smbot.marks import marks_of  # noqa: E402

PAIRS = ROOT / "tests" / "data" / "alike.toml"
NEW, OLD = 200, 5000


def main() -> None:
    halves = tomllib.loads(PAIRS.read_text(encoding="utf-8"))
    for half, pairs in halves.items():
        for name, cut in (("whole", None), ("cut", CUT)):
            found = [(pair, judged(pair, cut)) for pair in pairs]
            print(f"{half:9} {name:6} {len(pairs)} pairs  {figures(found)}")
            for pair, (degree, why) in found if "--misses" in sys.argv else ():
                if degree != pair["degree"]:
                    print(f"   {pair['degree']} taken for {degree} ({why})\n     {pair['one']}\n     {pair['other']}")
    cost(50, "short")
    cost(250, "long")


def judged(pair: dict[str, Any], cut: int | None = None) -> tuple[str, str]:
    """What one text is found to be to the other, and why."""
    old = Told("old", pair["other"][:cut], marks_of(pair["other"], pair.get("other_links", ())))
    found = Archive([old]).alike(pair["one"], marks_of(pair["one"], pair.get("one_links", ())))
    return (str(found[0].degree), found[0].reason) if found else ("different", "")


def figures(found: list[tuple[dict[str, Any], tuple[str, str]]]) -> str:
    """Precision and recall of 'same', and of 'same or similar'."""
    parts = []
    for name, degrees in (("same", {Degree.SAME}), ("same or similar", {Degree.SAME, Degree.SIMILAR})):
        said = [pair["degree"] in degrees for pair, (degree, _) in found if degree in degrees]
        are = [degree in degrees for pair, (degree, _) in found if pair["degree"] in degrees]
        parts.append(f"{name}: precision {sum(said) / len(said):.3f} recall {sum(are) / len(are):.3f}")
    return "  ".join(parts)


def cost(length: int, name: str) -> None:
    """CPU seconds for taking in what was told, and for asking."""
    chance = random.Random(7)
    starts, middles = ("wi", "me", "ta", "bo", "ka", "lu", "pe", "so"), ("ki", "ra", "lo", "nu", "si", "da", "ment")
    words = [a + b + c for a in starts for b in middles for c in string.ascii_lowercase]

    def text() -> str:
        number = chance.randrange(100_000, 103_000)
        return f"{' '.join(chance.choices(words, k=length // 6))}. (T{number}) MediaWiki 1.{number % 90}.{number % 7}"

    old, new = [text() for _ in range(OLD)], [text() for _ in range(NEW)]
    remembered = [Told(str(i), t, marks_of(t, [f"https://example.org/{i % 900}"])) for i, t in enumerate(old)]
    asked = [(t, marks_of(t, [f"https://example.org/{i}"])) for i, t in enumerate(new)]
    begun = process_time()
    archive = Archive(remembered)
    built = process_time()
    matches = sum(len(archive.alike(*one)) for one in asked)
    print(
        f"{name}: {OLD} told {built - begun:.2f} s, {NEW} asked {process_time() - built:.2f} s CPU, {matches} matches"
    )


if __name__ == "__main__":
    main()
