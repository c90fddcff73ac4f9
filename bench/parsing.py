"""How long reading Tech News takes, against parsing the same wikitext alone.

    python bench/parsing.py [PAGE.wikitext ...]

Prints figures; it does not pass or fail by the clock. The aim is a ratio of at most 1.5.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import process_time

import mwparserfromhell

from smbot.model import Page
from smbot.sources import tech_news
from smbot.wikitext import WIKIMEDIA

NOW = datetime(2026, 11, 21, tzinfo=UTC)
PAGES = Path(__file__).parent.parent / "tests" / "pages"
ROUNDS = 30


def seconds(work: Callable[[], object]) -> float:
    start = process_time()
    work()
    return process_time() - start


def main() -> None:
    paths = [Path(name) for name in sys.argv[1:]] or sorted(PAGES.glob("tech-news-*.wikitext"))
    site = WIKIMEDIA["meta:meta"]
    pages = [Page("Tech/News", 1, path.read_text(encoding="utf-8")) for path in paths]
    readings, parsings = [], []
    for _ in range(ROUNDS):  # turn by turn, so that both meet the same weather
        readings.append(seconds(lambda: [tech_news.read(page, site, "tech-news", NOW) for page in pages]))
        parsings.append(seconds(lambda: [mwparserfromhell.parse(page.text) for page in pages]))
    reading, parsing = median(readings), median(parsings)
    print(f"{len(pages)} pages, {sum(len(page.text) for page in pages)} characters, median of {ROUNDS} rounds")
    print(f"read as Tech News   {reading * 1000:8.2f} ms")
    print(f"parsed alone        {parsing * 1000:8.2f} ms")
    print(f"ratio               {reading / parsing:8.2f}")


if __name__ == "__main__":
    main()
