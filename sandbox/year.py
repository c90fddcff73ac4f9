"""A year of smbot on one machine: a real wiki and networks whose clocks are simulated, and people with their habits.

    python -m sandbox.year --weeks 52 --seed 1

News comes, is corrected and vanishes; maintainers have office hours and holidays; networks and the wiki are down now
and then; answers get lost; a stranger spoils pages. In the end everything that is on the networks is compared with the
log, with what the maintainers decided, and with the rules of the accounts (`sandbox.year_check`). The exit code is 1
when anything was posted twice or against the rules.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from pathlib import Path

from sandbox import year_check, year_picture
from sandbox.wiki import IGNORED, SandboxError
from sandbox.year_check import Books, Ruling
from sandbox.year_picture import Chart, Voice
from sandbox.year_world import START, Year


def report(year: Year, books: Books) -> Iterator[str]:
    """What came of it, in lines."""
    mind, story = year.memory(), year.story
    weeks = year.span.weeks
    yield f"{weeks} weeks from {year.span.start}, seed {year.seed}: {story.cycles} runs of smbot"
    for house in books.houses:
        own, others = (year_check.by_week(books, year.span.start, weeks, house, reposts=r) for r in (False, True))
        counts = [sum(pair) for pair in zip(own, others, strict=True)]
        reached = sum(count >= house.goal for count in counts)
        waited = [span for _, span in year_check.waits(books, house.name)]
        half, most, all_ = (_hours(year_check.part(waited, share)) for share in (0.5, 0.9, 1))
        yield f"{house.name}: {sum(own)} posts, {sum(others)} reposts; {house.goal} a week in {reached} of {weeks}"
        yield f"  by week: {' '.join(map(str, counts))}"
        yield from short_weeks(year, house.name, house.goal, counts)
        yield f"  from approval to post: median {half}, nine in ten within {most}, all within {all_}"
    kinds = Counter(mind.known[id_].source for id_ in set(books.ids().values()) if id_ in mind.known)
    yield f"posted, by source: {', '.join(f'{count} {source}' for source, count in kinds.most_common())}"
    steps = Counter(known.step.split(" 2")[0] for known in mind.known.values() if known.step and known.end == "posted")
    yield f"of those, steps of what has a date: {', '.join(f'{count} {step}' for step, count in steps.most_common())}"
    keeping = {ruling.id for ruling in books.rulings if ruling.evergreen}
    yield f"evergreen: {len(keeping)} approved, {len(keeping & set(books.ids().values()))} of them posted"
    ends = Counter(known.end or "open" for known in mind.known.values())
    yield f"candidates: {', '.join(f'{count} {end}' for end, count in ends.most_common())}"
    decided = Counter(ruling.status for ruling in books.rulings)
    yield f"maintainers: {', '.join(f'{count} {status}' for status, count in decided.most_common())}"
    yield f"outages: {', '.join(f'{c} of {n}' for n, c in Counter(name for name, *_ in story.outages).items())}"
    yield f"runs that failed: {dict(story.failures) or 'none'}; people found the wiki down {story.late} times"
    deeds = Counter(deed for _, deed in year.stranger.deeds)
    yield f"a stranger: {', '.join(f'{count} {deed}' for deed, count in deeds.most_common()) or 'nothing'}"
    missed = [*misses(year, books)]
    yield f"approved and never posted: {len(missed)}"
    yield from (f"  {line}" for line in missed)


def short_weeks(year: Year, account: str, goal: int, counts: Sequence[int]) -> Iterator[str]:
    """Why an account was not at its goal: what was left for it on the queue when the week was over."""
    left = {stock.week: stock for stock in year.story.stock if stock.account == account}
    for week, count in enumerate(counts):
        if count >= goal:
            continue
        when = f"  week {week + 1} ({year.span.start + timedelta(weeks=week):%d %b}): {count}"
        stock = left.get(week)
        if stock is None:
            yield f"{when}; nobody knows what was left"
        elif not stock.approved:
            yield f"{when}; material lacked: nothing approved was left, {stock.undecided} undecided"
        else:
            why = "somebody had stopped everything" if stock.stopped else "held back"
            yield f"{when}; {why}: {' / '.join(note[-110:] or 'no note' for note in stock.approved)}"


def misses(year: Year, books: Books) -> Iterator[str]:
    """What was approved to the end and is on no network, with the reason."""
    mind, out = year.memory(), set(books.ids().values())
    last: dict[str, Ruling] = {}
    for ruling in books.rulings:
        if ruling.status not in ("again", "posted"):
            last[ruling.id] = ruling
    for id_, ruling in last.items():
        if ruling.status == "approved" and id_ not in out:
            known = mind.known.get(id_)
            states = ", ".join(f"{d.channel} {d.state} {d.reason}" for d in mind.of(id_))
            why = (known.held or known.end or states or "it waits") if known else "forgotten"
            title = known.title if known else ""
            yield f"{id_} {ruling.at:%Y-%m-%d %H:%M} by {ruling.who}: {why} “{title[:50]}”"


def chart(year: Year, books: Books) -> Chart:
    """What the picture shows."""
    start, weeks = year.span.start, year.span.weeks
    voices = []
    for house in books.houses:
        own, others = (year_check.by_week(books, start, weeks, house, reposts=r) for r in (False, True))
        waited: dict[int, list[timedelta]] = {}
        for at, span in year_check.waits(books, house.name):
            waited.setdefault(year_check.week_of(at, start, house.zone), []).append(span)
        hours = [year_check.part(waited[w], 0.5) / timedelta(hours=1) if w in waited else None for w in range(weeks)]
        voices.append(Voice(house.name, own, others, hours, house.goal))
    outages: dict[str, list[tuple[datetime, datetime]]] = {}
    for name, begin, end in year.story.outages:
        outages.setdefault(f"{name} down", []).append((begin, end))
    away = {f"{one.person.name} away": [*map(_whole, one.away)] for one in year.maintainers}
    return Chart(f"smbot, {weeks} simulated weeks (seed {year.seed})", start, voices, outages, away)


def _whole(days: tuple[date, date]) -> tuple[datetime, datetime]:
    begin, end = (datetime.combine(day, clock.min, UTC) for day in days)
    return begin, end + timedelta(days=1)


def _hours(span: timedelta) -> str:
    return f"{span.total_seconds() / 3600:.1f} h"


def simulate(folder: Path, seed: int, weeks: int, start: date = START) -> bool:
    """Let it happen, tell it, draw it; whether everything was as it must be."""
    began = time.monotonic()
    shutil.rmtree(folder, ignore_errors=True)
    with Year(folder, seed, weeks, start) as year:
        for week in year.run():
            if week % 4 == 0 or week == weeks:
                gone = time.monotonic() - began
                print(f"{gone:5.0f} s  week {week}: {len(year.posts())} posts so far", flush=True)
        books = year.books()
        print(*report(year, books), sep="\n")
        wrong = [*year_check.doubles(books), *year_check.outside(books)]
        print(f"doubles: {len(year_check.doubles(books))}; against the rules: {len(year_check.outside(books))}")
        for line in wrong:
            print(f"  {line}")
        picture = folder.with_suffix(".png")
        year_picture.draw(chart(year, books), picture)
        print(f"picture: {picture}")
    return not wrong


def main() -> int:
    """Simulate as many weeks as asked for."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.year", description="A simulated year of smbot.")
    parser.add_argument("--weeks", type=int, default=52)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=date.fromisoformat, default=START, help="the first day, such as 2027-03-05")
    parser.add_argument("--folder", type=Path, default=IGNORED / "year", help="where the wiki is kept")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # or the wiki's server would go on
    try:
        return 0 if simulate(options.folder, options.seed, options.weeks, options.start) else 1
    except SandboxError as error:
        print(f"year: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
