"""Is this the item we know? Identity that survives copy-edits, moves and new dates.

Only a short print of each item is kept, for ever: an exact hash of its words, a hash of the numbers in it, and a
bottom-k sketch of its letter trigrams (Broder 1997, https://doi.org/10.1109/SEQUEN.1997.666900), from which the
likeness of two items is estimated in any script.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from msgspec import Struct

SKETCH = 12
ALIKE = 0.5  # a typo leaves about 0.9 of the trigrams, a rewritten half of a sentence about 0.4


class Trace(Struct, frozen=True):
    """What is remembered of an item, and where it was last seen.

    `keys` stay the same when its words change. What `is_over` took place already: the same words again are another.
    """

    print: str
    page: str
    group: str
    keys: tuple[str, ...] = ()
    is_over: bool = False


def take_print(text: str) -> str:
    """The print of an item's words, about 90 characters."""
    words = " ".join(re.findall(r"[^\W_]+(?:[.:/-][^\W_]+)*", unicodedata.normalize("NFKC", text).casefold()))
    numbers = " ".join(sorted(set(re.findall(r"\S*\d\S*", words))))
    trigrams = {words[i : i + 3] for i in range(max(1, len(words) - 2))}
    sketch = sorted(_hash(trigram, 6) for trigram in trigrams)[:SKETCH]
    return f"{_hash(words, 16)}-{_hash(numbers, 4)}-{''.join(sketch)}"


def likeness(one: str, other: str) -> float:
    """How alike two items are, from their prints: an estimate of the share of trigrams they have in common."""
    a, b = _sketch(one), _sketch(other)
    union = sorted(a | b)[:SKETCH]
    return sum(h in a and h in b for h in union) / len(union) if union else 0.0


def recognise(items: Sequence[Trace], known: Mapping[str, Trace]) -> list[str | None]:
    """For each item of one source the id of the known item it is, or None for news.

    A key that both have makes them the same. So do the same words, wherever they stand, unless both have keys and
    another item has the known ones; of several items with these words the one in the old place comes first. Like words
    are the same item when no other item still has the known words, and either the numbers agree (a copy-edit) or the
    place does (a corrected date or version).
    """
    by_key = {key: id_ for id_, trace in known.items() if not trace.is_over for key in trace.keys}
    found = [next((by_key[key] for key in item.keys if key in by_key), None) for item in items]
    taken = set(found)
    by_words = {
        trace.print.split("-")[0]: id_
        for id_, trace in known.items()
        if not trace.is_over and not (trace.keys and id_ in taken)
    }
    in_place = {(print_, known[id_].group) for print_, id_ in by_words.items()}
    first = sorted(enumerate(items), key=lambda one: (one[1].print.split("-")[0], one[1].group) not in in_place)
    for index, item in first:
        if found[index] is None:
            found[index] = by_words.get(item.print.split("-")[0])
            if item.keys and found[index] is not None:
                by_words.pop(item.print.split("-")[0])
    free = {id_: trace for id_, trace in known.items() if id_ not in set(found)}
    pairs = sorted(_pairs(items, found, free), key=lambda pair: -pair[0])
    for _, index, id_ in pairs:
        if found[index] is None and id_ in free:
            found[index] = id_
            del free[id_]
    return found


def _pairs(
    items: Sequence[Trace], found: Sequence[str | None], free: Mapping[str, Trace]
) -> Iterable[tuple[float, int, str]]:
    """The items that are like known ones. Only those are compared whose sketches have enough in common."""
    having: dict[str, list[str]] = {}
    for id_, trace in free.items():
        for piece in () if trace.is_over else _sketch(trace.print):
            having.setdefault(piece, []).append(id_)
    for index, item in enumerate(items):
        if found[index] is not None:
            continue
        shared = Counter(id_ for piece in _sketch(item.print) for id_ in having.get(piece, ()))
        for id_, pieces in shared.items():
            trace = free[id_]
            same_numbers = item.print.split("-")[1] == trace.print.split("-")[1]
            same_place = (item.page, item.group) == (trace.page, trace.group)
            enough = 2 * pieces >= min(len(_sketch(item.print)), len(_sketch(trace.print)), SKETCH) * ALIKE
            if (same_numbers or same_place) and enough and (like := likeness(item.print, trace.print)) >= ALIKE:
                yield like, index, id_


@lru_cache(maxsize=20_000)
def _sketch(print_: str) -> frozenset[str]:
    digits = print_.split("-")[2]
    return frozenset(digits[i : i + 6] for i in range(0, len(digits), 6))


def _hash(text: str, length: int) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()[:length]
