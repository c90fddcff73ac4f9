"""How long MediaWiki takes to draw the review queue with 500 cards, and how near it comes to its limits.

    python bench/queue_page.py [CARDS [LANGUAGE]]

The page is what smbot makes of that much news for an account on two networks, one card in four with something for a
second look; a real MediaWiki draws it anew each time. Prints figures; it does not pass or fail by the clock. The aim is
less than 2 s for 500 cards.
"""

from __future__ import annotations

import re
import sys
import time
from statistics import median

import requests
from setting import machine, setting

from smbot.gather import titles
from smbot.messages import speaking
from smbot.model import Link, Rules
from smbot.settings import Account
from smbot.shipped import shipped_pages, shipped_templates
from tests.builders import ALICE, RULES, Paper, settings

DESK = titles("Project:Smbot", "Smbot")
ROUNDS = 3
LIMITS = re.compile(
    r"^(CPU time|Real time|Preprocessor|Post|Template arg|Highest exp|Expensive|Unstrip post)[^:]*:.*", re.MULTILINE
)
WORDS = (
    "You can now see a preview of each page before you translate it, and go back to the source with one key: number "
    "{} of the news{}. It's what translators asked for & got, after they had waited for it so very long."
)


def queue(cards: int) -> str:
    """A review queue with so many cards, each with a post on Mastodon and one on Bluesky."""
    RULES["mediawiki/bluesky"] = Rules("Bluesky", 300, len)
    networks = ("mastodon", "bluesky")
    desk = Paper(settings(accounts={"mediawiki": Account("mediawiki", networks, frozenset({ALICE}))}))
    desk.edit(ALICE, shipped_pages("Project:Smbot")[DESK.queue])
    address = "https://www.mediawiki.org/wiki/Help:Extension:Translate/Preview"
    desk.news(*(WORDS.format(i, "" if i % 4 else " of #Odia") for i in range(cards)), links=(Link(address, "preview"),))
    desk.run()
    return desk.text


def main() -> None:
    cards = int(sys.argv[1]) if sys.argv[1:] else 500
    with speaking(sys.argv[2] if sys.argv[2:] else "en"), setting() as here:
        text = queue(cards)
        pages = shipped_templates("Project:Smbot") | {DESK.stop: "run", DESK.queue: text}
        here.wiki.import_pages(pages)
        took, html = [], ""
        for _ in range(ROUNDS):
            begun = time.monotonic()
            asked = {"action": "parse", "title": DESK.queue, "text": text, "prop": "text", "contentmodel": "wikitext"}
            answer = requests.post(here.wiki.api, asked | {"format": "json", "formatversion": "2"}, timeout=600)
            took.append(time.monotonic() - begun)
            html = answer.json()["parse"]["text"]
        print(f"{cards} cards on two networks; {machine(here)}")
        print(f"characters: {len(text):,} of wikitext, {len(html):,} of HTML")
        print(f"drawn in {median(took):.2f} s, median of {ROUNDS}")
        print("\n".join(match[0] for match in LIMITS.finditer(html.partition("NewPP limit report")[2])))


if __name__ == "__main__":
    main()
