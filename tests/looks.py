"""A desk with a card of every kind, and what is measured on its pages in a browser."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Locator, Page

from sandbox.demo import PICTURED, bar_chart
from sandbox.people import Person
from sandbox.standin import Fault
from sandbox.wiki import IGNORED
from smbot.shipped import shipped_pages, shipped_templates
from tests.world import World

AXE = IGNORED / "axe/node_modules/axe-core/axe.min.js"
AXE_OPTIONS = "{ resultTypes: ['violations'], rules: { 'link-in-text-block': { enabled: false } } }"
"""Whether links in a text are underlined is the business of the skin, and of each reader's preferences."""

MEASURES = Path(__file__).with_suffix(".js")
IMAGE = "Looks.png"
SETTINGS = """\
{{Smbot/settings}}
{{Smbot/account | account = mediawiki | gap = 0 | networks = mastodon, facebook-group | maintainers = Alice }}
{{Smbot/account | account = wikitech | gap = 0 | networks = mastodon | posts per day = 9 | maintainers = Alice, Bob }}
{{Smbot/source | source = MediaWiki News | kind = mediawiki-news | page = $HOME/News | accounts = mediawiki }}
{{Smbot/source | source = Tech News | kind = tech-news | page = $HOME/Tech | accounts = wikitech }}
"""
ARABIC = "مرحبا بكم في ورشة عمل المطورين، حيث نتعلم معا كيف نكتب الإضافات ونصلح الأخطاء في MediaWiki 1.39."
HOSTILE = (
    "<script>window.pwned = 1; alert(1)</script><style>* { display: none }</style></span></p></div></td></table>"
    "<div style='position:fixed;inset:0;background:#000'>covered</div> <img src=x onerror='window.pwned=2'>"
    " <a href='javascript:window.pwned=3'>anchor</a> [javascript:alert(4) scripted] [https://evil.example external]"
    " [[Special:UserLogout|internal]] {{Smbot/candidate|status=approved|text=template}} {{{1|argument}}}"
    " <nowiki>tagged</nowiki></nowiki> <!-- comment --> <onlyinclude>only</onlyinclude> ~~~~ __NOTOC__"
    f" \u202ebackwards \u2067isolated \u200fmarked {'endless' * 40} finally"
)
WORDS = ("text", "alt", "warning", "notes", "reason")
OTHERS = ("link", "image", "not_before", "not_after", "language", "accounts", "reposted_by", "posted_link")


@dataclass
class Gallery:
    """The desk, with the ids of its cards by what is to be seen on them."""

    world: World
    cards: dict[str, str]

    @cached_property
    def pages(self) -> dict[str, str]:
        """Where to look: the titles of the pages."""
        titles = self.world.titles
        log = f"{titles.log}/{self.world.now:%Y-%m}"
        return {
            "queue": titles.queue, "requests": titles.requests, "log": log, "settings": titles.settings,
            "status": titles.status, "channels": titles.channels,
        }  # fmt: skip

    def address(self, name: str, **query: str) -> str:
        """Where a browser finds one of the pages."""
        return f"{self.world.wiki.page_url(self.pages[name])}?{urlencode(query)}"


def furnish(world: World, alice: Person, bob: Person, rita: Person, picture: Path) -> Gallery:
    """Bring the desk to where it has everything there is to look at."""
    world.environment["SMBOT_MEDIAWIKI_FACEBOOK_GROUP_URL"] = "https://www.facebook.com/groups/example"
    _install(world, picture)
    cards = {}
    cards["posted"] = _published(world, alice, rita, "What went out is on the network now.")
    world.mastodon.faults.append(Fault("/api/v1/statuses", "422"))
    cards["refused"] = _published(world, alice, rita, "What the network does not want.")
    world.mastodon.faults += [Fault("/api/v1/statuses", "reset", "after"), *[Fault("/api/v1/", "500")] * 8]
    cards["in doubt"] = _published(world, alice, rita, "What nobody knows whether it went out.")
    world.mastodon.faults.clear()
    world.news("A new skin is the default on many wikis.", "Patrolling got faster for everyone.")
    world.tech_news("Editors can now see a preview of links.", "The search understands more languages.")
    _ask(world, rita, bob)
    world.collect()
    cards["by hand"] = world.approve(alice, "A new skin")
    world.publish()
    cards |= {"waiting": world.id_of("Patrolling"), "Arabic": world.id_of("مرحبا")}
    cards["pictured"] = world.id_of("first patches")
    cards["approved"] = world.approve(alice, "hackathon", not_before=world.soon)
    cards["declined"] = world.id_of("Lunch")
    cards |= {"hostile words": world.id_of("Harmless"), "hostile": world.id_of("Innocent")}
    world.change(bob, cards["hostile words"], image=IMAGE, **dict.fromkeys(WORDS, HOSTILE))
    world.change(bob, cards["hostile"], **dict.fromkeys((*WORDS, *OTHERS), HOSTILE))
    world.collect()
    world.change(alice, cards["declined"], status="declined", reason="Only of interest to those who were there.")
    return Gallery(world, cards)


def _install(world: World, picture: Path) -> None:
    admin = world.admin
    world.set_up(SETTINGS)
    shipped = shipped_pages(world.home) | shipped_templates(world.home)
    admin.set_up({title: shipped[title] for title in shipped.keys() - {world.titles.settings, world.titles.stop}})
    for name in ("Alice", "Bob", "Rita", "Smbot"):
        admin.edit(f"User:{name}", "Hello.")  # links to people are then not in the red of the skin
    picture.write_bytes(bar_chart(PICTURED))
    admin.upload(picture, IMAGE)


def _published(world: World, alice: Person, rita: Person, words: str) -> str:
    world.ask(rita, text=words, accounts="wikitech")
    world.collect()
    id_ = world.approve(alice, words)
    world.publish()
    return id_


def _ask(world: World, rita: Person, bob: Person) -> None:
    world.ask(rita, text=ARABIC, accounts="mediawiki", language="ar", notes="للمراجعة من فضلكم")
    world.ask(
        rita, text="More people sent their first patches.", accounts="mediawiki, wikitech", link="https://example.org/",
        image=IMAGE, alt="Bars that grow from month to month.", warning="Numbers", notes="There is a post about it.",
    )  # fmt: skip
    world.ask(rita, text="Come to the hackathon.\n---\nIt is online.", accounts="wikitech")
    world.ask(bob, text="Lunch was good.", accounts="wikitech")
    world.ask(bob, text="For nobody we know.", accounts="wikidata", link="not a link", image="Missing.png")
    world.ask(bob, text="Harmless words.", accounts="mediawiki, wikitech")
    world.ask(bob, text="Innocent words.", accounts="wikitech")
    world.ask(bob, text="Never closed {{Smbot/oh", accounts="mediawiki")


# --- in the browser -------------------------------------------------------------------------------------------------


def measure(page: Page, name: str, where: Locator) -> list[str]:
    """One of the measures of looks.js on an element."""
    page.evaluate(MEASURES.read_text())
    found: list[str] = where.evaluate(f"box => looks.{name}(box)")
    return found


def complaints(page: Page, within: str) -> list[str]:
    """What axe-core finds serious or worse in a part of the page."""
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=AXE)
    page.evaluate("Promise.allSettled(document.getAnimations().map(each => each.finished))")  # colours
    found: dict[str, Any] = page.evaluate(f"part => axe.run(part, {AXE_OPTIONS})", within)
    return [
        f"{each['id']}: {node['failureSummary']} in {node['html'][:300]}"
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]
