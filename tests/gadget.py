"""The gadget on the sandbox wiki, for one desk, and what people do with it."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

from smbot.shipped import DEFINITIONS, gadget, shipped_pages, shipped_templates
from tests.world import World

SCRIPT = "MediaWiki:Gadget-smbot.js"


def install(world: World) -> None:
    """Give everybody the gadget, and the desk its templates and the page of requests."""
    requests = f"{world.home}/Requests"
    pages_of_it = gadget(world.home)
    pages_of_it[DEFINITIONS] = pages_of_it[DEFINITIONS].replace("[", "[default|", 1)
    pages = {requests: shipped_pages(world.home)[requests]}
    world.admin.set_up(shipped_templates(world.home) | pages | pages_of_it)


def offer(world: World) -> None:
    """Leave the gadget to those who choose it, as smbot installs it."""
    world.admin.edit(DEFINITIONS, gadget(world.home)[DEFINITIONS])


def remove(world: World) -> None:
    """Take the gadget from everybody."""
    world.admin.edit(DEFINITIONS, "-")


def card(page: Page, id_: str) -> Locator:
    """One card of the queue, or row of the log, once it has its buttons."""
    found = page.locator(f'[id="{id_}"]')
    found.locator(".smbot-tools").first.wait_for()
    return found


def press(within: Locator | Page, label: str) -> None:
    """Press a button of the gadget."""
    within.get_by_role("button", name=label, exact=True).click()


def said(within: Locator | Page) -> str:
    """What the gadget says came of it, once that is clear."""
    found = within.locator(".smbot-good, .smbot-bad")
    found.wait_for()
    return found.inner_text()
