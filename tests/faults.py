"""The table of `make faults`: how every cell of tests/test_faults.py ended.

    python -m tests.faults FILE

FILE has a line of JSON for each cell: network, step, fault, and how it ended. Exits with 1 where one ended badly, or
where none was tried.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

SETTLED, ASKED, LOST, DOUBLE = "✓", "?", "!", "2"
FAULTS = ("kill -9", "reset", "timeout", "429-wait", "429", "500", "502-html", "401", "403", "half-json")
FAULTS += ("wiki read-only", "edit conflict")
HEADS = ("kill", "reset", "t-out", "429w", "429", "500", "502", "401", "403", "half", "r-only", "confl")
LEGEND = f"""\
{SETTLED} posted once, by itself    {ASKED} posted once, after the card asked a maintainer    · cannot be
{LOST} lost, or never settled   {DOUBLE} posted twice
kill: kill -9; reset: connection reset (after the network accepted: its answer is lost); t-out: time-out; 429w: 429 that
names a wait; 502: with an HTML body; half: half a JSON; r-only: the wiki is read-only; confl: somebody else saves"""


def table(lines: list[tuple[str, str, str, str]]) -> str:
    """The cells in rows of a network and a step, and how often each end was met."""
    ends = {(network, step, fault): end for network, step, fault, end in lines}
    rows = list(dict.fromkeys((network, step) for network, step, _, _ in lines))
    width = max(len(network) for network, _ in rows)
    drawn = [" " * (width + 20) + "".join(f"{head:>7}" for head in HEADS)]
    for network, step in rows:
        marks = "".join(f"{ends.get((network, step, fault), '·'):>7}" for fault in FAULTS)
        drawn.append(f"{network:<{width}}  {step:<18}{marks}")
    count = Counter(ends.values())
    total = (
        f"{len(ends)} cells: {count[SETTLED]} settled by themselves, {count[ASKED]} by a maintainer, "
        f"{count[LOST]} lost, {count[DOUBLE]} doubles"
    )
    return "\n".join([*drawn, "", LEGEND, "", total])


def main() -> int:
    """Print the table of a file."""
    file = Path(sys.argv[1])
    lines = [tuple(json.loads(line)) for line in file.read_text().splitlines()] if file.exists() else []
    if not lines:
        print("No cell was tried.")
        return 1
    order = list(dict.fromkeys(network for network, *_ in lines))
    print(table(sorted(lines, key=lambda line: order.index(line[0]))))
    return int(any(end in (LOST, DOUBLE) for *_, end in lines))


if __name__ == "__main__":
    sys.exit(main())
