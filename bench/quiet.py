"""What it costs to find that there is nothing new: one collect and one publish, each in a fresh process.

    python bench/quiet.py

The aim is at most 3 requests to the wiki after login, however much there was before.
"""

from __future__ import annotations

from setting import Cost, Setting, cost, machine, medians, new_world, setting

ROUNDS = 5
CARDS, CLOSED, ISSUES, ROWS = 200, 500, 30, 2000


def quiet(environment: dict[str, str]) -> Cost:
    """Both commands together, when nothing is new."""
    pairs = [(cost("collect", environment), cost("publish", environment)) for _ in range(ROUNDS)]
    return medians(
        [Cost(a.requests + b.requests, a.seconds + b.seconds, max(a.megabytes, b.megabytes)) for a, b in pairs]
    )


def main() -> None:
    with setting() as here:
        print(f"nothing new, medians of {ROUNDS} rounds; {machine(here)}")
        small = new_world(here, blog=True)
        settle(small.environment)
        show("a new desk", quiet(small.environment))
        large = new_world(here, blog=True)
        fill(here, large.home, large.titles.requests, large.titles.log)
        settle(large.environment)
        close(here, large.titles.requests, large.titles.queue, large.environment)
        show(f"{CARDS} open, {CLOSED} closed, {ROWS} rows, {ISSUES} old issues", quiet(large.environment))


def settle(environment: dict[str, str]) -> None:
    """Until nothing is new."""
    for _ in range(3):
        cost("collect", environment)
        cost("publish", environment)


def fill(here: Setting, home: str, requests: str, log: str) -> None:
    """Requests to be declined and to stay open, months of log, old issues."""
    here.rita.edit(requests, "\n".join(map(request, range(CLOSED + CARDS))))
    row = "{{{{Smbot/log row\n| key = n{0}/wikitech/mastodon\n| state = posted\n| text = Old post number {0}\n}}}}\n"
    months = {f"{log}/2025-{month:02}": "".join(row.format(n) for n in range(ROWS // 10)) for month in range(1, 11)}
    issues = {f"{home}/Tech/2025/{week:02}": "* An old issue.\n" for week in range(1, ISSUES + 1)}
    here.wiki.import_pages(months | issues)


def request(number: int) -> str:
    return f"{{{{Smbot/request\n| text = Request number {number} of very many.\n| accounts = wikitech\n}}}}"


def close(here: Setting, requests: str, queue: str, environment: dict[str, str]) -> None:
    """Decline the first of them, in one edit."""
    page = here.admin.get(queue)
    for number in range(CLOSED):
        at = page.index(f"| text = Request number {number} of")
        status = page.rindex("| status = waiting", 0, at)
        page = page[:status] + "| status = declined" + page[status + len("| status = waiting") :]
    here.alice.edit(queue, page)
    settle(environment)
    answers = here.admin.get(requests)
    assert answers.count("1=declined") == CLOSED
    assert answers.count("1=queued") == CARDS


def show(what: str, found: Cost) -> None:
    print(f"  {what:55} {found.requests:4.0f} requests {found.seconds:6.2f} s CPU {found.megabytes:6.0f} MB")


if __name__ == "__main__":
    main()
