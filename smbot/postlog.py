"""The posting log: one wiki page a month, one row a delivery. For people; smbot itself never believes its words.

What a person has to do by hand is a card there, with `done` and `link` to fill in. Who filled them in is read from the
history of the page: each time smbot writes such a card it leaves them empty, so whoever is seen to fill them did it.
Where somebody took such a card off the page it is put there again.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from mwparserfromhell.nodes import Template

from smbot import intake, names
from smbot.forms import shorten, show_time
from smbot.memory import HANDED_OFF, POST, Delivery, Known
from smbot.messages import say
from smbot.model import Page
from smbot.templates import address, encode, is_named, named, parse, plain, raw

ROW = names.template("log row")
HEAD = names.call("log head") + "\n"


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


def row(delivery: Delivery, known: Known, note: str = "") -> str:
    """One row, from what smbot remembers of a delivery and its candidate."""
    account, network = delivery.channel.split("/")
    waits = delivery.state == HANDED_OFF
    posts = [post.url for post in delivery.posts if post.url]
    whole = "\n\n".join((delivery.text.warned, *delivery.text.rest))
    cells = {
        "key": delivery.key,
        "time": show_time(delivery.since),
        "account": account,
        "network": network,
        "state": delivery.state,
        "text": encode(shorten(delivery.text.told, 120)) if not waits else "",
        "copy": encode(whole) if waits and delivery.task == POST else "",
        "image": encode(delivery.text.images[0].file) if waits and delivery.text.images else "",
        "alt": encode(delivery.text.images[0].alt) if waits and delivery.text.images else "",
        "open": address(delivery.url) if waits else "",
        "post": address(posts[0]) if posts else "",
        "thread": str(len(posts)) if len(posts) > 1 else "",
        "approved by": encode(delivery.approver),
        "approval": str(delivery.revision),
        "asked by": encode(", ".join(known.requesters)),
        "source": encode(say("log-request") if known.source == intake.SOURCE else known.source),
        "source link": address(known.url),
        "reason": encode(delivery.reason),
        "note": note,
    }
    filled = "".join(f"\n| {name} = {value}" for name, value in cells.items() if value)
    return "{{" + ROW + filled + ("\n| done = \n| link = " if waits else "") + "\n}}"


# --- what was done by hand ------------------------------------------------------------------------------------------


class Done(Struct, frozen=True):
    """Somebody said on a card of the log that they did it; `user` is '' where that cannot be established."""

    user: str
    revision: int
    url: str = ""


def done_by_hand(revisions: Iterable[Page], after: int, keys: Iterable[str]) -> dict[str, Done]:
    """Who filled in `done` on the cards with these keys; `revisions` are those since revision `after`.

    What was filled in where a revision is missing or hidden may be anybody's.
    """
    wanted = set(keys)
    found: dict[str, Done] = {}
    for revision in revisions:
        user = revision.user if revision.parent == after else ""
        after = revision.revision if not revision.text_hidden else -1
        if revision.text_hidden:
            continue
        filled = _filled(revision.text, wanted)
        for key in filled.keys() | found.keys():
            if key not in filled:
                found.pop(key, None)
            elif key not in found or filled[key] != found[key].url:
                found[key] = Done(user, revision.revision, filled[key])
    return found


def keys(text: str) -> set[str]:
    """The keys of the rows on a page."""
    return {raw(template, "key") for template in named(parse(text), ROW)}


def _filled(text: str, keys: set[str]) -> dict[str, str]:
    """The cards on a page whose `done` says anything, with their links."""
    rows = [t for t in named(parse(text), ROW) if raw(t, "key") in keys and plain(t, "done")[0]]
    return {raw(t, "key"): plain(t, "link")[0] for t in rows}
