"""The posting log: one wiki page a month, one row a delivery. For people; smbot itself never believes it."""

from __future__ import annotations

from smbot.forms import shorten, show_time
from smbot.memory import Delivery, Known
from smbot.templates import encode, named, parse, raw

ROW = "Smbot/log row"
HEAD = "{{Smbot/log head}}\n"


def write(text: str, rows: dict[str, str]) -> str:
    """The page of a month with these rows in it, by key: new ones on top, changed ones in their place."""
    code = parse(text if text.strip() else HEAD)
    there = {raw(template, "key"): template for template in named(code, ROW)}
    for key, row in rows.items():
        if key in there and str(there[key]) != row:
            code.replace(there[key], row)
    new = "".join(f"{row}\n" for key, row in reversed(rows.items()) if key not in there)
    page = str(code)
    first = min((at for at in (page.find("{{" + ROW),) if at >= 0), default=len(page))
    return page[:first] + new + page[first:]


def row(delivery: Delivery, known: Known) -> str:
    """One row, from what smbot remembers of a delivery and its candidate."""
    account, network = delivery.channel.split("/")
    cells = {
        "key": delivery.key,
        "time": show_time(delivery.since),
        "account": account,
        "network": network,
        "state": delivery.state,
        "text": encode(shorten(delivery.text.words, 120)),
        "post": encode(delivery.url),
        "remote id": encode(delivery.remote),
        "approved by": encode(delivery.approver),
        "approval": str(delivery.revision),
        "asked by": encode(", ".join(known.requesters)),
        "source": encode(known.source),
        "source link": encode(known.url),
        "reason": encode(delivery.reason),
    }
    return "{{" + ROW + "".join(f"\n| {name} = {value}" for name, value in cells.items() if value) + "\n}}"
