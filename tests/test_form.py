"""Asking for a post in a real browser: with the gadget's form, and without any JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from sandbox.browser import PHONE, Browser
from sandbox.demo import PICTURED, bar_chart
from sandbox.people import Person
from sandbox.wiki import create
from smbot import channels
from smbot.intake import REQUEST
from smbot.templates import named, parse, plain
from tests import gadget
from tests.looks import AXE, HOSTILE, complaints
from tests.world import World

WORDS = "Come to the hackathon: it is online."


@pytest.fixture
def desk(world: World) -> Iterator[World]:
    """A desk whose requests page has the button, and the gadget for everybody."""
    gadget.install(world)
    yield world
    gadget.remove(world)


def ask(page: Page, desk: World) -> Locator:
    """Press the button that asks for a post, once the gadget is there; the form."""
    page.set_default_timeout(15_000)
    page.goto(desk.wiki.page_url(desk.titles.requests))
    page.wait_for_function("mw.loader.getState('oojs-ui-core') === 'ready' && document.querySelector('.smbot-asking')")
    page.locator(".smbot-ask a").click()
    return page.locator(".smbot-asking")


def asked(desk: World) -> dict[str, str]:
    """The words of each argument of the only request."""
    (template,) = named(parse(desk.admin.get(desk.titles.requests)), REQUEST)
    return {name: plain(template, name)[0] for name in (str(p.name).strip() for p in template.params)}


# --- the whole story ------------------------------------------------------------------------------------------------


def test_a_requester_asks_a_maintainer_approves_and_both_see_the_post(
    browser: Browser, desk: World, rita: Person, alice: Person
) -> None:
    with browser.visit(desk.wiki, rita) as page:
        form = ask(page, desk)
        form.get_by_label("Words", exact=True).fill(WORDS)
        form.get_by_label("wikitech").check()
        gadget.press(form, "Ask for this post")
        assert "smbot answers here" in gadget.said(page)
        desk.collect()
        page.reload()
        expect(page.locator("#mw-content-text")).to_contain_text("queued")

        with browser.visit(desk.wiki, alice) as hers:
            hers.goto(desk.wiki.page_url(desk.titles.queue))
            card = gadget.card(hers, desk.id_of("hackathon"))
            gadget.press(card, "Approve")
            assert "Approved" in gadget.said(card)
            desk.publish()
            hers.reload()
            expect(gadget.card(hers, desk.id_of("hackathon")).locator(".smbot-state").first).to_contain_text("posted")

        page.reload()
        assert desk.posts("wikitech") == [WORDS]
        expect(page.get_by_role("link", name="wikitech on Mastodon")).to_be_visible()


def test_without_javascript_the_same_is_done_by_plain_editing(
    browser: Browser, desk: World, rita: Person, alice: Person
) -> None:
    with browser.visit(desk.wiki, rita, javascript=False) as page:
        page.goto(desk.wiki.page_url(desk.titles.requests))
        page.locator(".smbot-ask a").click()
        _type(page, "| text = ", f"| text = {WORDS}")
        _type(page, "| accounts = ", "| accounts = wikitech", save=True)
        desk.collect()
        page.goto(desk.wiki.page_url(desk.titles.requests))
        expect(page.locator("#mw-content-text")).to_contain_text("queued")

        with browser.visit(desk.wiki, alice, javascript=False) as hers:
            hers.goto(desk.wiki.page_url(desk.titles.queue))
            hers.locator("h3", has_text="hackathon").get_by_role("link", name="edit").click()
            _type(hers, "| status = waiting", "| status = approved", save=True)
            desk.publish()

        page.reload()
        assert desk.posts("wikitech") == [WORDS]
        expect(page.get_by_role("link", name="wikitech on Mastodon")).to_be_visible()


def _type(page: Page, old: str, new: str, *, save: bool = False) -> None:
    """Put other words into the wiki's own editor."""
    editor = page.locator("#wpTextbox1")
    text = editor.input_value()
    assert old in text
    editor.fill(text.replace(old, new, 1))
    if save:
        page.locator("#wpSave").click()


def test_who_has_not_chosen_the_gadget_gets_the_form_by_the_button(browser: Browser, desk: World, rita: Person) -> None:
    gadget.offer(desk)
    with browser.visit(desk.wiki, rita) as page:
        page.goto(desk.wiki.page_url(desk.titles.requests))
        page.locator(".smbot-ask a").click()
        form = page.locator(".smbot-asking")
        form.get_by_label("Words", exact=True).fill(WORDS)
        form.get_by_label("wikitech").check()
        expect(page.locator("#wpTextbox1")).to_be_hidden()
        gadget.press(form, "Ask for this post")
        assert "smbot answers here" in gadget.said(page)
    assert asked(desk)["text"] == WORDS


def test_who_likes_wikitext_better_gets_the_editor(browser: Browser, desk: World, rita: Person) -> None:
    gadget.offer(desk)
    with browser.visit(desk.wiki, rita) as page:
        page.goto(desk.wiki.page_url(desk.titles.requests))
        page.locator(".smbot-ask a").click()
        gadget.press(page, "Write it as wikitext instead")
        expect(page.locator("#wpTextbox1")).to_be_visible()


# --- what is saved --------------------------------------------------------------------------------------------------


def test_a_request_from_the_form_is_written_as_by_hand(browser: Browser, desk: World, rita: Person) -> None:
    before = desk.admin.get(desk.titles.requests)
    with browser.visit(desk.wiki, rita) as page:
        form = ask(page, desk)
        form.get_by_label("Words", exact=True).fill(WORDS)
        form.get_by_label("wikitech").check()
        form.get_by_label("Link", exact=True).fill("https://example.org/hackathon")
        form.get_by_label("Not before").fill("2031-02-03T14:05")
        gadget.press(form, "Ask for this post")
        gadget.said(page)
    preload = desk.admin.get("Template:Smbot/request/preload")
    empty = re.search(r"<includeonly>(.*)</includeonly>", preload, re.DOTALL)
    assert empty
    filled = empty[1].replace("text = ", f"text = {WORDS}", 1).replace("accounts = ", "accounts = wikitech", 1)
    filled = filled.replace("link = ", "link = https://example.org/hackathon").replace(
        "before = ", "before = 2031-02-03 14:05"
    )
    assert desk.admin.get(desk.titles.requests) == f"{before}\n\n== {WORDS} ==\n\n{filled}".replace("\r", "")


@pytest.mark.parametrize("words", [HOSTILE, "* [[one|two]] = {{three}} ~~~~\n# <nowiki>four</nowiki> &amp; -{five}-"])
def test_whatever_is_typed_stays_just_that(browser: Browser, desk: World, rita: Person, words: str) -> None:
    desk.settle("networks = mastodon", "networks = whatsapp-group")
    with browser.visit(desk.wiki, rita) as page:
        form = ask(page, desk)
        form.get_by_label("Words", exact=True).fill(words)
        form.get_by_label("wikitech").check()
        expect(form.locator(".smbot-preview .smbot-words")).to_have_text(words)
        form.locator("summary").click()
        form.get_by_label("Notes for the maintainers").fill(words)
        gadget.press(form, "Ask for this post")
        assert "smbot answers here" in gadget.said(page)
        assert page.evaluate("window.pwned") is None
    assert (asked(desk)["text"], asked(desk)["notes"]) == (words, words)


def test_words_are_counted_for_each_network_while_they_are_typed(browser: Browser, desk: World, rita: Person) -> None:
    desk.settle("= wikitech | gap = 0 | networks = mastodon", "= wikitech | gap = 0 | networks = mastodon, bluesky, x")
    with browser.visit(desk.wiki, rita) as page:
        form = ask(page, desk)
        form.get_by_label("wikitech").check()
        words = "日本語 " * 50 + "https://example.org/" + "long" * 50
        form.get_by_label("Words", exact=True).fill(words)
        counts = form.locator(".smbot-counts")
        length = {name: channels.network(name).rules({}).measure(words) for name in ("mastodon", "bluesky", "x")}
        expect(counts).to_contain_text(f"wikitech on Mastodon: {length['mastodon']} of 500")
        expect(counts).to_contain_text(
            f"wikitech on Bluesky: {length['bluesky']} of 300, {length['bluesky'] - 300} too many"
        )
        expect(counts).to_contain_text(f"wikitech on X: {length['x']} of 280, {length['x'] - 280} too many")
        form.get_by_label("Words", exact=True).fill(WORDS)
        expect(counts).to_contain_text(f"wikitech on X: {len(WORDS)} of 280")


def test_a_picture_is_found_on_the_wiki_and_needs_to_be_described(
    browser: Browser, desk: World, rita: Person, tmp_path: Path
) -> None:
    picture = tmp_path / "bars.png"
    picture.write_bytes(bar_chart(PICTURED))
    desk.admin.upload(picture, "Form_patches.png")
    with browser.visit(desk.wiki, rita) as page:
        form = ask(page, desk)
        form.get_by_label("Words", exact=True).fill(WORDS)
        form.get_by_label("wikitech").check()
        gadget.press(form, "Find a picture…")
        form.get_by_label("Search for pictures by name").fill("Form pat")
        gadget.press(form, "Form patches.png")
        expect(form.locator(".smbot-preview img")).to_be_visible()
        gadget.press(form, "Ask for this post")
        assert "Say what the picture shows" in gadget.said(form)
        form.get_by_label("What the picture shows").fill("Bars that grow.")
        gadget.press(form, "Ask for this post")
        expect(page.locator(".smbot-good")).to_be_visible()
    assert (asked(desk)["image"], asked(desk)["alt"]) == ("Form patches.png", "Bars that grow.")
    desk.collect()
    assert "hackathon" in desk.card(desk.id_of("hackathon"))


def test_a_picture_is_found_where_the_wiki_takes_pictures_from(
    browser: Browser, desk: World, rita: Person, tmp_path: Path
) -> None:
    picture = tmp_path / "Bars_of_patches.png"
    picture.write_bytes(bar_chart(PICTURED))
    with create(tmp_path / "commons").serving() as commons:
        commons.import_image(picture)
        commons.run_jobs()
        repository = {"class": "ForeignAPIRepo", "name": "commons", "apibase": commons.api, "fetchDescription": False}
        desk.wiki.configure(wgForeignFileRepos=[repository])
        try:
            with browser.visit(desk.wiki, rita) as page:
                form = ask(page, desk)
                gadget.press(form, "Find a picture…")
                form.get_by_label("Search for pictures by name").fill("patches")
                gadget.press(form, "Bars of patches.png")
                expect(form.get_by_label("Picture", exact=True)).to_have_value("Bars of patches.png")
        finally:
            desk.wiki.configure()


# --- what goes wrong ------------------------------------------------------------------------------------------------


def test_what_has_to_be_put_right_is_said_before_anything_is_saved(browser: Browser, desk: World, rita: Person) -> None:
    before = desk.admin.get(desk.titles.requests)
    with browser.visit(desk.wiki, rita) as page:
        form = ask(page, desk)
        gadget.press(form, "Ask for this post")
        told = gadget.said(form)
        assert "Choose who shall post it." in told
        assert "Write the words." in told
        expect(form.locator(".smbot-bad")).to_be_focused()
        form.get_by_label("Words", exact=True).fill("x" * 512)
        form.get_by_label("wikitech").check()
        form.get_by_label("Link", exact=True).fill("example.org")
        form.get_by_label("Picture", exact=True).fill("Nowhere to be found.png")
        form.get_by_label("Not before").fill("2031-02-03T14:05")
        form.locator("summary").click()
        form.get_by_label("Not after").fill("2031-02-03T14:05")
        gadget.press(form, "Ask for this post")
        problems = form.locator(".smbot-bad li")
        expect(problems).to_have_text(
            [
                "For wikitech on Mastodon it is 25 characters too long.",
                "‘example.org’ is not a web address. Write it in full, beginning with https://.",
                "There is no picture ‘Nowhere to be found.png’ here.",
                "Say what the picture shows, for people who cannot see it.",
                "‘Not after’ has to be later than ‘not before’.",
            ]
        )
    assert desk.admin.get(desk.titles.requests) == before


def test_words_are_not_lost_where_the_wiki_does_not_save_them(browser: Browser, desk: World, rita: Person) -> None:
    with browser.visit(desk.wiki, rita) as page:
        form = ask(page, desk)
        form.get_by_label("Words", exact=True).fill(WORDS)
        form.get_by_label("wikitech").check()
        desk.admin.protect(desk.titles.requests)
        gadget.press(form, "Ask for this post")
        assert "Nothing was saved" in gadget.said(form)
        assert form.get_by_label("Words", exact=True).input_value() == WORDS


def test_who_is_not_logged_in_may_ask_too(browser: Browser, desk: World) -> None:
    with browser.visit(desk.wiki) as page:
        form = ask(page, desk)
        form.get_by_label("Words", exact=True).fill(WORDS)
        form.get_by_label("wikitech").check()
        gadget.press(form, "Ask for this post")
        assert "smbot answers here" in gadget.said(page)
    assert asked(desk)["text"] == WORDS


# --- for everybody, everywhere --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("width", "language", "dark"), [(1100, "en", False), (PHONE, "en", True), (PHONE, "ar", False)]
)
def test_the_form_fits_and_the_checker_of_accessibility_finds_nothing_serious(
    browser: Browser, desk: World, rita: Person, width: int, language: str, dark: bool
) -> None:
    with browser.visit(desk.wiki, rita, width=width, language=language, dark=dark) as page:
        form = ask(page, desk)
        form.locator("textarea").first.fill(WORDS + " x" * 300)
        form.locator("summary").click()
        form.locator("input[type=checkbox]").first.check()
        form.locator(".oo-ui-buttonElement-button").first.click()
        form.locator(".smbot-tools .oo-ui-buttonElement-button").first.click()
        form.locator(".smbot-bad").wait_for()
        wide = form.evaluate(
            "form => [...form.querySelectorAll('*')].filter(each => each.getBoundingClientRect().width > "
            "form.clientWidth).map(each => each.outerHTML.slice(0, 200))"
        )
        assert not wide
        if not AXE.exists():
            pytest.skip("axe-core is not there: sandbox/bootstrap gets it, where npm is")
        assert not complaints(page, ".smbot-asking")
