"""The pages in a real browser: readable in both themes, on a phone, in both directions, and whatever strangers type."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import Dialog, Page

from sandbox.browser import PHONE, Browser
from sandbox.mastodon import Mastodon
from sandbox.people import Person
from sandbox.wiki import SandboxWiki
from smbot import shipped
from tests.looks import AXE, HOSTILE, Gallery, complaints, furnish, measure
from tests.world import World

CONTENT = "#mw-content-text > .mw-parser-output"
MARKUP = re.compile(r"</?\w+[^>]*>|⧼|'{3}|&\w+;|\$\d")
PAGES = ("queue", "requests", "log", "settings", "status", "channels")
SKINS = pytest.mark.parametrize(("width", "skin"), [(1100, "vector-2022"), (PHONE, "minerva")])


@pytest.fixture(scope="module")
def gallery(
    wiki: SandboxWiki,
    site: object,
    admin: Person,
    alice: Person,
    bob: Person,
    rita: Person,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Gallery]:
    """A desk with a card of every kind."""
    with Mastodon() as mastodon, World(wiki, admin, mastodon, f"Project:{secrets.token_hex(4)}") as world:
        yield furnish(world, alice, bob, rita, tmp_path_factory.mktemp("looks") / "bars.png")


@pytest.mark.parametrize("name", PAGES)
@SKINS
def test_the_checker_of_accessibility_finds_nothing_serious_in_both_themes(
    browser: Browser, wiki: SandboxWiki, gallery: Gallery, name: str, width: int, skin: str
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not there: sandbox/bootstrap gets it, where npm is")
    with browser.visit(wiki, width=width) as page:
        page.goto(gallery.address(name, useskin=skin))
        assert not complaints(page, CONTENT)
        page.emulate_media(color_scheme="dark")
        assert not complaints(page, CONTENT)


@pytest.mark.parametrize("name", PAGES)
def test_on_a_phone_no_page_scrolls_sideways(browser: Browser, wiki: SandboxWiki, gallery: Gallery, name: str) -> None:
    with browser.visit(wiki, width=PHONE) as page:
        page.goto(gallery.address(name, useskin="minerva"))
        assert not measure(page, "overflowing", page.locator(CONTENT))
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE


@SKINS
def test_every_word_on_every_card_can_be_seen(
    browser: Browser, wiki: SandboxWiki, gallery: Gallery, width: int, skin: str
) -> None:
    with browser.visit(wiki, width=width) as page:
        page.goto(gallery.address("queue", useskin=skin))
        for what, id_ in gallery.cards.items():
            card = page.locator(f"#{id_}")
            assert not measure(page, "overflowing", card), what
            assert not measure(page, "hidden", card), what


@pytest.mark.parametrize("name", PAGES)
def test_no_page_shows_what_was_meant_for_machines(
    browser: Browser, wiki: SandboxWiki, gallery: Gallery, name: str
) -> None:
    with browser.visit(wiki) as page:
        page.goto(gallery.address(name))
        for id_ in (gallery.cards["hostile"], gallery.cards["hostile words"]):
            page.evaluate("id => document.getElementById(id)?.remove()", id_)
        assert not MARKUP.findall(page.locator(CONTENT).inner_text())


# --- with the gadget ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def gadget(gallery: Gallery, alice: Person) -> Iterator[None]:
    """Alice has the buttons and the form."""
    for title, text in shipped.gadget(gallery.world.home).items():
        gallery.world.admin.edit(title, text)
    alice.do("options", change="gadget-smbot=1")
    yield
    alice.do("options", change="gadget-smbot=0")


@SKINS
@pytest.mark.usefixtures("gadget")
def test_buttons_and_their_forms_are_accessible_in_both_themes_and_fit(
    browser: Browser, wiki: SandboxWiki, gallery: Gallery, alice: Person, width: int, skin: str
) -> None:
    with browser.visit(wiki, alice, width=width) as page:
        page.goto(gallery.address("queue", useskin=skin))
        page.locator(f"#{gallery.cards['pictured']}").get_by_role("button", name="Edit").click()
        page.locator(f"#{gallery.cards['waiting']}").get_by_role("button", name="Decline").click()
        _check(page)


@SKINS
@pytest.mark.usefixtures("gadget")
def test_the_form_for_requests_is_accessible_in_both_themes_and_fits(
    browser: Browser, wiki: SandboxWiki, gallery: Gallery, alice: Person, width: int, skin: str
) -> None:
    with browser.visit(wiki, alice, width=width) as page:
        page.goto(gallery.address("requests", useskin=skin))
        page.wait_for_load_state("networkidle")
        page.locator(".smbot-ask a").click()
        page.locator("textarea").first.fill("Words for everybody.")
        page.get_by_role("checkbox").first.check(force=True)
        _check(page)


def _check(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    assert not measure(page, "overflowing", page.locator(CONTENT))
    if AXE.exists():
        assert not complaints(page, CONTENT)
        page.emulate_media(color_scheme="dark")
        assert not complaints(page, CONTENT)


# --- from right to left ---------------------------------------------------------------------------------------------


@pytest.fixture
def arabic(wiki: SandboxWiki) -> Iterator[None]:
    """As long as the test lasts, the wiki's own language is Arabic."""
    wiki.configure(wgLanguageCode="ar", wgParserCacheType=0)  # what was drawn in English is drawn again
    yield
    wiki.configure()


@SKINS
@pytest.mark.parametrize("name", PAGES)
@pytest.mark.usefixtures("arabic")
def test_on_a_wiki_from_right_to_left_nothing_leaves_its_frame(
    browser: Browser, wiki: SandboxWiki, gallery: Gallery, name: str, width: int, skin: str
) -> None:
    with browser.visit(wiki, width=width) as page:
        page.goto(gallery.address(name, useskin=skin))
        assert page.locator(CONTENT).evaluate("it => getComputedStyle(it).direction") == "rtl"
        assert not measure(page, "overflowing", page.locator(CONTENT))


def test_readers_from_right_to_left_see_the_cards_as_everybody(
    browser: Browser, wiki: SandboxWiki, gallery: Gallery
) -> None:
    with browser.visit(wiki, language="ar") as page:
        page.goto(gallery.address("queue"))
        assert page.locator("html").get_attribute("dir") == "rtl"
        assert page.locator(CONTENT).evaluate("it => getComputedStyle(it).direction") == "ltr"
        assert not measure(page, "overflowing", page.locator(CONTENT))


def test_words_from_right_to_left_begin_at_the_right_of_their_post(
    browser: Browser, wiki: SandboxWiki, gallery: Gallery
) -> None:
    with browser.visit(wiki) as page:
        page.goto(gallery.address("queue"))
        words = page.locator(f"#{gallery.cards['Arabic']} .smbot-post [lang=ar]").first
        assert words.evaluate("it => getComputedStyle(it).direction") == "rtl"
        assert not measure(page, "reversed", page.locator(f"#{gallery.cards['Arabic']}"))


# --- what strangers type --------------------------------------------------------------------------------------------


def squeezed(words: str) -> str:
    """Words without white space and marks of direction, which browsers report in their own ways."""
    return "".join(sign for sign in words if not sign.isspace() and sign.isprintable())


@pytest.mark.parametrize("what", ["hostile words", "hostile"])
def test_hostile_words_are_shown_and_do_nothing(
    browser: Browser, wiki: SandboxWiki, gallery: Gallery, alice: Person, what: str
) -> None:
    dialogs: list[str] = []

    def hear(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    with browser.visit(wiki, alice) as page:
        page.on("dialog", hear)
        page.goto(gallery.address("queue"))
        card = page.locator(f"#{gallery.cards[what]}")
        times = squeezed(card.inner_text()).count(squeezed(HOSTILE))
        assert times >= {"hostile words": 2 * 3 + 2, "hostile": 2}[what]
        assert {*measure(page, "reversed", card)} <= {*re.findall("[A-Za-z]+", HOSTILE)}  # they keep to themselves
        assert not measure(page, "hidden", page.locator(CONTENT))
        assert not complaints(page, CONTENT)
        assert (
            card.locator("script, style, iframe, form, a[href^='javascript'], a[href*='evil'], [onerror]").count() == 0
        )
        assert not page.evaluate("'pwned' in window")
    assert not dialogs
