"""A post that recalls, once a quarter, what there is to read: Tech News, unless the settings name another page.

The rules of Wikimedia's technical accounts ask for it: https://www.mediawiki.org/wiki/Social_media
"""

from __future__ import annotations

from datetime import datetime

from smbot.model import Flag, Item, Link, Page, Permalink, Reading, Site
from smbot.sources import Wants
from smbot.sources.lines import language
from smbot.wikilinks import address

WIKI = "meta:meta"
PAGE = "Tech/News"
PICK = False
POST = (
    "$title tells in plain words, every week, what changes in the software of Wikimedia's wikis. "
    "It can be read in many languages, and delivered to your talk page.\n\n$tags"
)


def wants(page: str, now: datetime, days: int) -> Wants:  # noqa: ARG001 - it is the day that makes it news
    """The page that is promoted, every day, as each quarter makes it news again."""
    return Wants(pages=((page,),), daily=True)


def read(page: Page, site: Site, source: str, now: datetime) -> Reading:
    """The page by its name, as the item of this quarter. What is on it does not matter."""
    tongue = language(page)
    words = page.title.removesuffix(f"/{tongue}").replace("/", " ").replace("_", " ").split()
    title = " ".join(words) or page.title
    group = f"{now.year}-Q{(now.month + 2) // 3}"
    item = Item(
        source=source,
        group=group,
        section="",
        text=title,
        links=(Link(address(page.title, site) or page.url, title),),
        permalink=Permalink(page.title, page.revision, page.url),
        published=now.date(),
        flags=frozenset({Flag.AGAIN}),
        language=tongue,
        title=title,
        identity=f"{group} {page.title}",
        keys=(f"{page.title} {group}",),
    )
    return Reading((item,))
