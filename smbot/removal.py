"""`smbot install --remove`: take smbot's pages off the wiki again, and nothing that people wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import field

from smbot.errors import WikiError
from smbot.gather import titles
from smbot.install import Shipment, is_the_bots, is_untouched, look
from smbot.messages import say, speaking
from smbot.report import Report
from smbot.shipped import DEFINITIONS
from smbot.wiki import Wiki


class Removed(Report):
    """What a removal did; `left` are the pages that an administrator may delete, `kept` those people wrote or need."""

    left: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def run(wiki: Wiki, home: str, *, dry_run: bool = False) -> Removed:
    """Take away what nobody has changed and nothing needs: delete it where the bot may, else list it.

    The log, what is waited for, and whatever people wrote stays, with the templates that draw it.
    """
    report, shipment = Removed(), look(wiki, home)
    there = [title for title, page in shipment.existing.items() if page.exists and title != DEFINITIONS]
    gone = _unneeded({title for title in there if _may_go(title, shipment)}, wiki.transcluded(there))
    report.kept = sorted(set(there) - gone)
    if "delete" not in wiki.rights() or dry_run:
        report.left = sorted(gone)
        return report
    with speaking(shipment.language):
        summary = say("install-summary-removed")
    for title in sorted(gone):
        try:
            wiki.delete(title, summary)
        except WikiError as error:
            report.problems.append(str(error))
        else:
            report.done.append(say("install-deleted", title))
    return report


def _may_go(title: str, shipment: Shipment) -> bool:
    page = shipment.there(title)
    if title in shipment.pages:
        return title != titles(shipment.home, "").log and is_untouched(page, shipment)
    return is_the_bots(page, shipment)


def _unneeded(gone: set[str], users: Mapping[str, frozenset[str]]) -> set[str]:
    """Those of the pages that may go on which nothing is that stays."""
    while needed := {title for title in gone if not users.get(title, frozenset()) <= gone}:
        gone = gone - needed
    return gone


def told(removed: Removed) -> Iterator[str]:
    """The lists of a removal, one page a line."""
    for heading, pages in ((say("install-left"), removed.left), (say("install-kept"), removed.kept)):
        if pages:
            yield "\n".join((heading, *pages))
