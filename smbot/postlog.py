"""The posting log: one wiki page a month, one row a delivery. For people; smbot itself never believes it."""

from __future__ import annotations

from mwparserfromhell.nodes import Template

from smbot.forms import shorten, show_time
from smbot.memory import Delivery, Known
from smbot.templates import address, encode, is_named, parse, raw

ROW = "Smbot/log row"
HEAD = "{{Smbot/log head}}\n"


def write(text: str, rows: dict[str, str]) -> str:
    """The page of a month with these rows in it, by key: new ones on top, changed ones in their place."""
    code = parse(text if text.strip() else HEAD)
    parts = [str(node) for node in code.nodes]
    at = {i: node for i, node in enumerate(code.nodes) if isinstance(node, Template) and is_named(node, ROW)}
    there: set[str] = set()
    for i, template in at.items():
        key = raw(template, "key")
        if key in rows:
            parts[i] = "" if key in there else rows[key]
            there.add(key)
    top = min(at, default=len(parts))
    new = "".join(f"{row}\n" for key, row in reversed(rows.items()) if key not in there)
    return "".join((*parts[:top], new, *parts[top:]))


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
        "post": address(delivery.url),
        "remote id": encode(delivery.remote),
        "approved by": encode(delivery.approver),
        "approval": str(delivery.revision),
        "asked by": encode(", ".join(known.requesters)),
        "source": encode(known.source),
        "source link": address(known.url),
        "reason": encode(delivery.reason),
    }
    return "{{" + ROW + "".join(f"\n| {name} = {value}" for name, value in cells.items() if value) + "\n}}"
