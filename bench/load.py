"""What a full desk costs the program itself: CPU seconds and peak memory of fresh processes, Python's start included.

    python bench/load.py

200 open candidates, 10,000 log rows, 50 cards changed in 50 revisions, 5 of them by an approval. The aims are 2 s of
CPU for collect and publish together, and 150 MB.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from setting import Cost, Setting, cost, machine, medians, new_world, setting

from smbot.compose import fingerprint
from smbot.identity import take_print
from smbot.memory import Delivery, Known, Memory, dump
from smbot.model import Posted, Text
from smbot.postlog import row

if TYPE_CHECKING:
    from tests.world import World

CARDS, CHANGED, APPROVED, MONTHS, ROWS, REMEMBERED = 200, 50, 5, 40, 250, 5000
ROUNDS = 3  # each on a desk of its own, as a round leaves another desk than it found
WORDS = "Request number {} of very many, in as many words as a post has on the average day, which is about this many."


def main() -> None:
    with setting() as here:
        print(f"{CARDS} cards, {CHANGED} changed in as many revisions, {APPROVED} posted; {MONTHS * ROWS} log rows;")
        print(f"medians of {ROUNDS} rounds; {machine(here)}")
        for remembered in (0, REMEMBERED):
            rounds = [measure(here, new_world(here, blog=True), remembered) for _ in range(ROUNDS)]
            show(remembered, *(medians([*costs]) for costs in zip(*rounds, strict=True)))


def measure(here: Setting, world: World, remembered: int) -> tuple[Cost, Cost]:
    """Fill a desk, change the cards, and tell what the next two commands cost: publish, and then collect."""
    here.rita.edit(world.titles.requests, "\n".join(map(request, range(CARDS))))
    remember_years(world, here, remembered)
    for command in ("collect", "publish", "collect"):
        cost(command, world.environment)
    for number in range(CHANGED):
        id_ = world.id_of(f"Request number {number} of")
        if number < APPROVED:
            world.change(here.alice, id_, status="approved")
        else:
            world.change(here.alice, id_, text=WORDS.format(number) + " Changed.")
    before = len(world.posts("wikitech"))
    publish, collect = cost("publish", world.environment), cost("collect", world.environment)
    assert len(world.posts("wikitech")) == before + APPROVED
    return publish, collect


def show(remembered: int, publish: Cost, collect: Cost) -> None:
    print(f" {remembered} posts remembered")
    for name, found in (("publish", publish), ("collect", collect)):
        print(f"  {name:10} {found.seconds:6.2f} s CPU {found.megabytes:6.0f} MB {found.requests:4.0f} requests")
    print(f"  {'together':10} {publish.seconds + collect.seconds:6.2f} s CPU")


def request(number: int) -> str:
    return f"{{{{Smbot/request\n| text = {WORDS.format(number)}\n| accounts = wikitech\n}}}}"


def remember_years(world: World, here: Setting, remembered: int) -> None:
    """Months of log pages, and the memory of so many of the posts."""
    months, known = {}, {}
    for month in range(MONTHS):
        day = (world.now - timedelta(days=31 * (month + 1))).replace(day=1)
        rows = []
        for number in range(ROWS):
            text = f"News {number} of month {month}: {fingerprint(f'{month}-{number}')} works better now."
            id_ = f"n{fingerprint(text)[:9]}"
            known[id_] = Known(
                source="MediaWiki News", page=f"{world.home}/News", group=f"{day:%Y-%m-%d}", print=take_print(text),
                since=day.date(), end="posted",
            )  # fmt: skip
            rows.append(row(delivery(id_, text, day), known[id_]))
        months[f"{world.titles.log}/{day:%Y-%m}"] = "\n".join(rows)
    here.wiki.import_pages(months)
    keep = dict(list(known.items())[:remembered])
    here.admin.edit(world.titles.memory, dump(Memory(known=keep)))


def delivery(id_: str, text: str, day: datetime) -> Delivery:
    posted = Posted(f"https://example.social/{id_}", "1")
    return Delivery(
        id=id_, channel="mediawiki/mastodon", text=Text(text), approver="Alice", revision=1, since=day,
        month=f"{day:%Y-%m}", state="posted", logged="posted", url=posted.url, posts=(posted,),
    )  # fmt: skip


if __name__ == "__main__":
    main()
