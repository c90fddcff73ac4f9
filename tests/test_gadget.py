"""The gadget in a real browser: what maintainers decide on the queue with its buttons, and that nothing is lost."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from sandbox.browser import PHONE, Browser
from sandbox.demo import PICTURED, bar_chart
from sandbox.people import Person
from sandbox.standin import Fault
from smbot import channels, review
from smbot.shipped import gadget as shipped_gadget
from smbot.templates import decode, encode, named, parse, put
from smbot.wiki import Wiki
from tests import gadget
from tests.looks import AXE, HOSTILE, complaints
from tests.test_pages_look import HOSTILE as NASTY
from tests.world import World

PIECES = [
    *("{{", "}}", "{{{", "[[", "]]", "<nowiki>", "</nowiki>", "<nowiki/>", "&amp;", "&#124;", "&", "<!--", "-->"),
    *("ଓଡ଼ିଆ", "🎉", "مر", "://", "RFC 1", "éRFC 1", "ISBN ", "-{", "''", "__", "\u2003", "{{!}}", "~~~", "\x85"),
    *"ab \n\n|={}[]<>&'*#:;!-_~\t",
]  # fmt: skip
COUNTED = [
    "",
    "Plain words.",
    "Ünïcode and ଓଡ଼ିଆ ଲେଖା, 日本語のテキスト",
    "A family 👨‍👩‍👧‍👦, a flag 🇮🇳, a hand 👍🏽, a key 1️⃣ and a mark ©",
    "See https://www.mediawiki.org/wiki/Help:Contents?x=1#y, and more.",
    "Two: https://example.org/a and (http://example.com/b).",
    "Thanks @ada@example.social and @bob!",
    "Version 1.46.0-wmf.3 is out, e.g. on test.wikipedia.org today",
    "http://127.0.0.1:8080/wiki/Main_Page is no address for others",
    "مرحبا بكم في ورشة عمل المطورين",
    "Line one\n\nLine two – with “quotes” and an ellipsis…",
]


@pytest.fixture
def desk(world: World) -> Iterator[World]:
    """A desk with two candidates from the news, and the gadget for everybody."""
    gadget.install(world)
    world.collect()
    yield world
    gadget.remove(world)


@pytest.fixture
def tools(browser: Browser, desk: World, alice: Person) -> Iterator[Page]:
    """A page on which the gadget has put its functions into `smbot`."""
    with queue(browser, desk, alice) as page:
        gadget.card(page, desk.id_of("Patrolling"))
        page.evaluate("mw.hook('smbot').add(found => { window.smbot = found; })")
        yield page


class queue(AbstractContextManager[Page]):  # noqa: N801 - it is used like a function
    """The queue as a person has it before them."""

    def __init__(self, browser: Browser, desk: World, person: Person, skin: str = "vector-2022", **how: Any) -> None:
        self._visit = browser.visit(desk.wiki, person, **how)
        self._address = f"{desk.wiki.page_url(desk.titles.queue)}?useskin={skin}"

    def __enter__(self) -> Page:
        page = self._visit.__enter__()
        page.set_default_timeout(15_000)
        page.goto(self._address)
        return page

    def __exit__(self, *error: Any) -> None:
        self._visit.__exit__(*error)


def edits(desk: World) -> list[str]:
    """Who made each edit of the queue, oldest first."""
    wiki = Wiki()
    return [revision.user for revision in wiki.history(wiki.read([desk.titles.queue])[desk.titles.queue], 0)]


def decide(page: Page, id_: str, *labels: str) -> str:
    """Press some buttons of a card, one after the other; what the gadget says in the end."""
    card = gadget.card(page, id_)
    for label in labels:
        gadget.press(card, label)
    return gadget.said(card)


# --- deciding -------------------------------------------------------------------------------------------------------


def test_a_maintainer_approves_with_one_press_and_it_goes_out(browser: Browser, desk: World, alice: Person) -> None:
    id_ = desk.id_of("Patrolling")
    with queue(browser, desk, alice) as page:
        assert "Approved" in decide(page, id_, "Approve")
        assert "approved" in gadget.card(page, id_).locator(".smbot-state").inner_text()
        desk.publish()
        assert "Patrolling" in desk.posts("mediawiki")[0]
        page.reload()
        assert "posted" in gadget.card(page, id_).locator(".smbot-state").inner_text()


def test_a_press_changes_nothing_on_the_page_but_the_status(browser: Browser, desk: World, alice: Person) -> None:
    id_ = desk.id_of("Patrolling")
    before, card = desk.admin.get(desk.titles.queue), desk.card(id_)
    with queue(browser, desk, alice) as page:
        decide(page, id_, "Approve")
    after = before.replace(card, card.replace("status = waiting", "status = approved"))
    assert desk.admin.get(desk.titles.queue) == after != before


def test_an_approval_is_taken_back_without_loading_the_page(browser: Browser, desk: World, alice: Person) -> None:
    id_ = desk.id_of("Patrolling")
    with queue(browser, desk, alice) as page:
        decide(page, id_, "Approve")
        assert "Taken back" in decide(page, id_, "Take back")
    desk.publish()
    assert not desk.everything()


def test_what_is_declined_is_declined_with_its_reason(browser: Browser, desk: World, rita: Person, bob: Person) -> None:
    desk.ask(rita, text="Buy now.", accounts="wikitech")
    desk.collect()
    with queue(browser, desk, bob) as page:
        card = gadget.card(page, desk.id_of("Buy now"))
        gadget.press(card, "Decline…")
        card.get_by_label("Reason").fill("We {{praise}} nothing | ever.")
        gadget.press(card, "Decline")
        assert "Declined" in gadget.said(card)
    desk.collect()
    assert "We {{praise}} nothing | ever." in decode(parse(desk.answers()[0]))[0]


def test_words_are_changed_and_approved_in_one_edit(browser: Browser, desk: World, alice: Person) -> None:
    id_ = desk.id_of("Patrolling")
    before = edits(desk)
    with queue(browser, desk, alice) as page:
        card = gadget.card(page, id_)
        gadget.press(card, "Edit…")
        card.get_by_label("Words", exact=True).fill("Patrolling is <fast> | at last")
        expect(card.locator(".smbot-preview .smbot-words")).to_contain_text("Patrolling is <fast> | at last")
        gadget.press(card, "Save and approve")
        assert "Approved" in gadget.said(card)
    assert edits(desk) == [*before, "Alice"]
    desk.publish()
    assert desk.posts("mediawiki")[0].startswith("Patrolling is <fast> | at last")


def test_words_for_one_network_are_counted_there_and_posted_there(browser: Browser, desk: World, alice: Person) -> None:
    id_ = desk.id_of("Patrolling")
    with queue(browser, desk, alice) as page:
        card = gadget.card(page, id_)
        gadget.press(card, "Edit…")
        card.locator("summary").click()
        card.get_by_label("Other words for one account or network").select_option("mastodon")
        gadget.press(card, "Add")
        card.get_by_label("Other words for mastodon", exact=True).fill("x" * 501)
        expect(card.locator(".smbot-counts")).to_contain_text("too many")
        gadget.press(card, "Save and approve")
        assert "too long" in gadget.said(card)
        card.get_by_label("Other words for mastodon", exact=True).fill("Only for Mastodon.")
        gadget.press(card, "Save and approve")
        expect(card.locator(".smbot-good")).to_contain_text("Approved")
    desk.publish()
    assert desk.posts("mediawiki")[0].startswith("Only for Mastodon.")


def test_several_are_decided_in_one_edit(browser: Browser, desk: World, alice: Person) -> None:
    ids = [desk.id_of("Patrolling"), desk.id_of("A new skin")]
    before = edits(desk)
    with queue(browser, desk, alice) as page:
        for id_ in ids:
            gadget.card(page, id_).get_by_label("Choose").check()
        bar = page.get_by_role("region", name="Decide several cards")
        expect(bar).to_contain_text("2 cards chosen")
        gadget.press(bar, "Approve")
        for id_ in ids:
            expect(gadget.card(page, id_).locator(".smbot-good")).to_contain_text("Approved")
        expect(bar).to_be_hidden()
    assert edits(desk) == [*before, "Alice"]
    desk.publish()
    assert len(desk.posts("mediawiki")) == 2


def test_a_time_is_set_and_approved_in_one_edit(browser: Browser, desk: World, alice: Person) -> None:
    id_ = desk.id_of("Patrolling")
    desk.later(minutes=1)
    with queue(browser, desk, alice) as page:
        card = gadget.card(page, id_)
        gadget.press(card, "Schedule…")
        card.get_by_label("Not before").fill(desk.soon.replace(" ", "T"))
        gadget.press(card, "Save and approve")
        assert "Approved" in gadget.said(card)
    desk.publish()
    assert not desk.everything()
    desk.later(hours=7)
    desk.publish()
    assert len(desk.posts("mediawiki")) == 1


def test_a_pick_from_tech_news_is_approved_like_any_card(browser: Browser, desk: World, alice: Person) -> None:
    desk.tech_news("The search understands more languages.", "Editors see a preview of links.")
    desk.collect()
    with queue(browser, desk, alice) as page:
        decide(page, desk.id_of("preview of links"), "Approve")
    desk.publish()
    assert [post.split("\n")[0] for post in desk.everything()] == ["Editors see a preview of links."]


def test_another_picture_is_approved_only_once_it_was_seen(
    browser: Browser, desk: World, alice: Person, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("pictures") / "bars.png"
    file.write_bytes(bar_chart(PICTURED))
    desk.admin.upload(file, "Bars_of_the_gadget.png")
    id_ = desk.id_of("Patrolling")
    with queue(browser, desk, alice) as page:
        card = gadget.card(page, id_)
        gadget.press(card, "Edit…")
        card.get_by_label("Picture", exact=True).fill("Bars of the gadget.png")
        card.get_by_label("What the picture shows").fill("Bars that grow.")
        gadget.press(card, "Save and approve")
        assert "approve it when smbot has drawn the card anew" in gadget.said(card)
    desk.collect()
    with queue(browser, desk, alice) as page:
        decide(page, id_, "Approve")
    desk.publish()
    assert len(desk.posts("mediawiki")) == 1


# --- what is out, and what is in doubt ------------------------------------------------------------------------------


def test_what_is_posted_is_retracted(browser: Browser, desk: World, alice: Person) -> None:
    id_ = desk.approve(alice, "Patrolling")
    desk.publish()
    with queue(browser, desk, alice) as page:
        assert "deletes" in decide(page, id_, "Retract…", "Delete the posts")
    desk.publish()
    assert not desk.everything()


def test_what_is_posted_is_corrected(browser: Browser, desk: World, alice: Person) -> None:
    id_ = desk.approve(alice, "Patrolling")
    desk.publish()
    with queue(browser, desk, alice) as page:
        card = gadget.card(page, id_)
        gadget.press(card, "Correct…")
        card.get_by_label("Words", exact=True).fill("Patrolling got much faster.")
        gadget.press(card, "Save and correct the posts")
        assert "corrects" in gadget.said(card)
    desk.publish()
    assert desk.posts("mediawiki")[0].startswith("Patrolling got much faster.")


def test_what_is_in_doubt_is_settled_with_the_address(browser: Browser, desk: World, alice: Person) -> None:
    desk.mastodon.faults += [Fault("/api/v1/statuses", "reset", "after"), *[Fault("/api/v1/", "500")] * 8]
    id_ = desk.approve(alice, "Patrolling")
    desk.publish()
    desk.later(days=2)
    desk.publish()
    with queue(browser, desk, alice) as page:
        card = gadget.card(page, id_)
        gadget.press(card, "Settle it…")
        card.get_by_label("Address of the post").fill("https://example.social/@mediawiki/1")
        gadget.press(card, "Save")
        assert "Saved" in gadget.said(card)
    desk.publish()
    assert desk.memory().deliveries[f"{id_}/mediawiki/mastodon"].url == "https://example.social/@mediawiki/1"


def test_what_a_person_has_posted_by_hand_is_marked_as_done(browser: Browser, desk: World, alice: Person) -> None:
    desk.settle("networks = mastodon", "networks = facebook-group")
    desk.collect()
    id_ = desk.approve(alice, "Patrolling")
    desk.publish()
    with browser.visit(desk.wiki, alice) as page:
        page.goto(desk.wiki.page_url(f"{desk.titles.log}/{desk.now:%Y-%m}"))
        row = gadget.card(page, f"{id_}/mediawiki/facebook-group")
        gadget.press(row, "Done…")
        row.get_by_label("Address of the post").fill("https://www.facebook.com/groups/1/posts/2")
        gadget.press(row, "It is done")
        assert "Saved" in gadget.said(row)
    desk.publish()
    delivery = desk.memory().deliveries[f"{id_}/mediawiki/facebook-group"]
    assert (delivery.state, delivery.url) == ("posted", "https://www.facebook.com/groups/1/posts/2")


def test_a_reader_of_the_log_chooses_the_account_and_the_network(
    browser: Browser, desk: World, alice: Person, rita: Person
) -> None:
    desk.settle("networks = mastodon", "networks = mastodon, facebook-group")
    desk.ask(rita, text="Come to the hackathon.", accounts="wikitech")
    desk.collect()
    one = desk.approve(alice, "Patrolling")
    other = desk.approve(alice, "hackathon")
    desk.publish()
    first, second = (
        {n: f"{id_}/{account}/{n}" for n in ("mastodon", "facebook-group")}
        for id_, account in ((one, "mediawiki"), (other, "wikitech"))
    )
    with browser.visit(desk.wiki) as page:
        page.goto(desk.wiki.page_url(f"{desk.titles.log}/{desk.now:%Y-%m}"))

        def choose(what: str, value: str) -> set[str]:
            page.get_by_role("combobox", name=what).click()
            page.get_by_role("option", name=value, exact=True).click()
            return {str(row.get_attribute("id")) for row in page.locator(".smbot-row:visible").all()}

        assert choose("Account", "mediawiki") == {*first.values()}
        assert "2 of 4 posts are shown." in page.locator(".smbot-filter").inner_text()
        assert choose("Network", "Mastodon") == {first["mastodon"]}
        assert choose("Account", "wikitech") == {second["mastodon"]}
        assert choose("Account", "all") == {first["mastodon"], second["mastodon"]}


# --- others at the same time ----------------------------------------------------------------------------------------


def test_of_two_maintainers_at_once_the_second_is_told_and_overwrites_nothing(
    browser: Browser, desk: World, alice: Person, bob: Person
) -> None:
    desk.settle("| maintainers = Alice }}", "| maintainers = Alice, Bob }}")
    id_ = desk.id_of("Patrolling")
    with queue(browser, desk, alice) as first, queue(browser, desk, bob) as second:
        gadget.card(second, id_)
        decide(first, id_, "Decline…", "Decline")
        after_the_first = desk.admin.get(desk.titles.queue)
        told = decide(second, id_, "Approve")
        assert "Alice changed this card" in told
        assert "status = declined" in told
        assert desk.admin.get(desk.titles.queue) == after_the_first


def test_two_windows_of_one_person_do_not_overwrite_each_other(browser: Browser, desk: World, alice: Person) -> None:
    id_ = desk.id_of("Patrolling")
    with queue(browser, desk, alice) as first, queue(browser, desk, alice) as second:
        gadget.card(second, id_)
        decide(first, id_, "Decline…", "Decline")
        assert "Alice changed this card" in decide(second, id_, "Approve")


def test_a_change_of_another_card_keeps_nobody_from_deciding(
    browser: Browser, desk: World, alice: Person, bob: Person
) -> None:
    id_, other = desk.id_of("Patrolling"), desk.id_of("A new skin")
    with queue(browser, desk, alice) as page:
        gadget.card(page, id_)
        desk.change(bob, other, text="A newer skin.")
        assert "Approved" in decide(page, id_, "Approve")
    assert "A newer skin." in desk.card(other)
    assert "status = approved" in desk.card(id_)


def test_words_that_were_changed_unseen_are_not_approved(
    browser: Browser, desk: World, alice: Person, mallory: Person
) -> None:
    id_ = desk.id_of("Patrolling")
    with queue(browser, desk, alice) as page:
        gadget.card(page, id_)
        desk.change(mallory, id_, text="Buy from Mallory.")
        told = decide(page, id_, "Approve")
    assert "Mallory changed this card" in told
    assert "text" in told
    assert "status = waiting" in desk.card(id_)


def test_what_smbot_has_redrawn_is_looked_at_again_before_it_is_approved(
    browser: Browser, desk: World, alice: Person
) -> None:
    id_ = desk.id_of("Patrolling")
    with queue(browser, desk, alice) as page:
        gadget.card(page, id_)
        desk.settle(
            "networks = mastodon | maintainers = Alice }}", "networks = mastodon, bluesky | maintainers = Alice }}"
        )
        desk.collect()
        assert "Smbot changed what this card shows" in decide(page, id_, "Approve")


def test_what_the_wiki_does_not_let_one_save_is_said(browser: Browser, desk: World, alice: Person) -> None:
    with queue(browser, desk, alice) as page:
        gadget.card(page, desk.id_of("Patrolling"))
        desk.admin.protect(desk.titles.queue)
        told = decide(page, desk.id_of("Patrolling"), "Approve")
    assert "Nothing was saved" in told
    assert "protected" in told


def test_a_stranger_sees_cards_without_buttons(browser: Browser, desk: World, mallory: Person) -> None:
    with queue(browser, desk, mallory) as page:
        page.wait_for_function("mw.loader.getState('oojs-ui-core') === 'ready'")
        page.wait_for_load_state("networkidle")
        assert page.locator(".smbot-card").count() == 2
        assert not page.locator(".smbot-tools").count()


# --- words stay words -----------------------------------------------------------------------------------------------


def test_words_are_written_and_read_as_smbot_itself_does(tools: Page) -> None:
    dice = random.Random(1)
    texts = [*NASTY, HOSTILE, *("".join(dice.choices(PIECES, k=dice.randint(1, 9))) for _ in range(3000))]
    encoded: list[str] = tools.evaluate("texts => texts.map(smbot.encode)", texts)
    assert encoded == [encode(text) for text in texts]
    assert tools.evaluate("texts => texts.map(smbot.decode)", encoded) == [text.strip() for text in texts]


def test_arguments_are_put_in_as_smbot_itself_does(tools: Page) -> None:
    dice = random.Random(2)
    cards = ["{{Smbot/candidate}}", "{{Smbot/candidate|id=1|status = waiting|text=a}}"]
    for _ in range(200):
        names = dice.sample(["id", "status", "text", "alt", "not before"], k=3)
        values = [encode("".join(dice.choices(PIECES, k=4))) for _ in names]
        ends = dice.choices([" ", "\n", ""], k=len(names))
        lines = [f"|{n} = {value}{end}" for n, value, end in zip(names, values, ends, strict=True)]
        cards.append("{{ Smbot/candidate\n" + "".join(lines) + "}}")
    wanted = [("status", "approved"), ("text", "<nowiki>{{</nowiki>"), ("alt", ""), ("not before", "2026-11-25 14:00")]
    js = """([cards, wanted]) => cards.map(text => {
        const [card] = smbot.templates(text, 'Smbot/candidate');
        wanted.forEach(([name, value]) => smbot.put(card, name, value));
        return smbot.write(card);
    })"""
    assert tools.evaluate(js, [cards, wanted]) == [_filled(card, wanted) for card in cards]


def _filled(card: str, wanted: list[tuple[str, str]]) -> str:
    (template,) = named(parse(card), review.CARD)
    for name, value in wanted:
        put(template, name, value)
    return str(template)


def test_cards_are_found_among_anything_people_write_around_them(tools: Page) -> None:
    page = "\n".join(
        [
            "{{Smbot/status|1= {{Smbot/notice|a|b}} }} <nowiki>{{Smbot/candidate|id=no}}</nowiki>",
            "<!-- {{Smbot/candidate|id=no}} --> [[Main Page|{{Smbot/candidate|id=no}}]]",
            "{{x|{{Smbot/candidate|id=no}}}}",
            "{{ smbot/candidate | id = 1 | text = <nowiki>}}</nowiki> {{!}} [[a|b]] {{{c|d}}} <!-- }} --> | 2 = x}}",
            "{{never closed {{Template:Smbot/candidate| id = 2 }} {{smbot/candidates|id=no}}",
            *(f"{{{{Smbot/candidate\n| id = n{n}\n| text = {encode(words)}\n}}}}" for n, words in enumerate(NASTY)),
        ]
    )
    found = tools.evaluate(
        """text => smbot.templates(text, 'Smbot/candidate').map(card => [
            text.slice(card.start, card.end) === smbot.write(card),
            card.parts.filter(part => part.name === 'id').pop().value.trim(),
            card.parts.map(part => part.name),
            smbot.decode((card.parts.filter(part => part.name === 'text').pop() || { value: '' }).value)
        ])""",
        page,
    )
    assert all(same for same, *_ in found)
    assert [id_ for _, id_, *_ in found] == ["1", "2", *(f"n{n}" for n in range(len(NASTY)))]
    assert found[0][2] == ["id", "text", "2"]
    assert [words for *_, words in found[2:]] == [words.strip() for words in NASTY]


def test_words_are_counted_as_smbot_itself_counts_them(tools: Page) -> None:
    here: dict[str, list[Any]] = tools.evaluate(
        """texts => Object.fromEntries(Object.entries(smbot.networks).map(
            ([name, [, limit, measure, bytes]]) => [name, [limit, bytes || 0, texts.map(measure)]]
        ))""",
        COUNTED,
    )
    assert here.keys() == channels.NETWORKS.keys()
    for name, (limit, most_bytes, lengths) in here.items():
        rules = channels.network(name).rules({})
        assert limit == rules.characters, name
        if rules.bytes == rules.characters:  # it is bytes that count there
            assert lengths == [len(words.encode()) for words in COUNTED], name
        else:
            assert (most_bytes, lengths) == (rules.bytes, [rules.measure(words) for words in COUNTED]), name


def test_the_words_of_a_hostile_candidate_stay_words_in_the_editor(
    browser: Browser, desk: World, alice: Person, mallory: Person
) -> None:
    id_ = desk.id_of("Patrolling")
    names = ("text", "alt", "warning", "notes", "link", "image", "language", "not_before", "text_mastodon")
    desk.change(mallory, id_, **dict.fromkeys(names, HOSTILE))
    desk.collect()
    before = desk.card(id_)
    with queue(browser, desk, alice) as page:
        card = gadget.card(page, id_)
        gadget.press(card, "Edit…")
        assert card.get_by_label("Words", exact=True).input_value() == HOSTILE
        expect(card.locator(".smbot-preview .smbot-words").last).to_contain_text(
            "<script>window.pwned = 1; alert(1)</script>"
        )
        assert page.evaluate("window.pwned") is None
        assert not page.locator(".smbot-form :is(script, style, iframe)").count()
        gadget.press(card, "Cancel")
        gadget.press(card, "Decline…")
        gadget.press(card, "Decline")
        assert "Declined" in gadget.said(card)
    assert desk.card(id_).count("pwned") == before.count("pwned") > len(names)
    assert "| status = declined" in desk.card(id_)


# --- for everybody, everywhere --------------------------------------------------------------------------------------


def test_a_card_is_declined_with_the_keyboard_alone(browser: Browser, desk: World, alice: Person) -> None:
    id_ = desk.id_of("Patrolling")
    with queue(browser, desk, alice) as page:
        card = gadget.card(page, id_)
        card.get_by_label("Choose").focus()
        for key in ("Tab", "Tab", "Enter"):
            page.keyboard.press(key)
        expect(card.get_by_label("Reason")).to_be_focused()
        page.keyboard.press("Escape")
        expect(card.get_by_role("button", name="Decline…")).to_be_focused()
        page.keyboard.press("Enter")
        expect(card.get_by_label("Reason")).to_be_focused()
        page.keyboard.type("Not for us.")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(card.locator(".smbot-good")).to_be_focused()
        assert card.locator(".smbot-good").get_attribute("role") == "status"
    assert "reason = Not for us." in desk.card(id_)


@pytest.mark.parametrize("language", ["en", "ar"])
def test_on_a_phone_and_from_right_to_left_all_fits_and_works(
    browser: Browser, desk: World, alice: Person, language: str
) -> None:
    id_ = desk.id_of("Patrolling")
    with queue(browser, desk, alice, "minerva", width=PHONE, language=language) as page:
        card = gadget.card(page, id_)
        buttons = card.locator(".smbot-tools").first.get_by_role("button")
        buttons.nth(2).click()
        card.locator("textarea").first.wait_for()
        card.locator("summary").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE
        assert not _sticking_out(card)
        assert page.evaluate("document.documentElement.dir") == ("rtl" if language == "ar" else "ltr")
        card.locator(".smbot-panel").get_by_role("button").last.click()
        buttons.nth(0).click()
        card.locator(".smbot-good").wait_for()
    assert "status = approved" in desk.card(id_)


def _sticking_out(card: Locator) -> list[str]:
    """What of a card is outside of it."""
    found: list[str] = card.evaluate("""card => {
        const box = card.getBoundingClientRect();
        return [...card.querySelectorAll('.smbot-tools *, .smbot-panel *')].filter(each => {
            const own = each.getBoundingClientRect();
            return own.width && (own.left < box.left - 1 || own.right > box.right + 1);
        }).map(each => each.outerHTML.slice(0, 200));
    }""")
    return found


@pytest.mark.parametrize(("width", "dark"), [(1100, False), (PHONE, True)])
def test_the_checker_of_accessibility_finds_nothing_serious_in_the_editor(
    browser: Browser, desk: World, alice: Person, width: int, dark: bool
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not there: sandbox/bootstrap gets it, where npm is")
    id_ = desk.id_of("Patrolling")
    with queue(browser, desk, alice, width=width, dark=dark) as page:
        card = gadget.card(page, id_)
        card.get_by_label("Choose").check()
        gadget.press(card, "Edit…")
        card.locator("summary").click()
        card.get_by_label("What the picture shows").fill("Nothing")
        gadget.press(card, "Find a picture…")
        gadget.press(card, "Save")
        assert "no picture" in gadget.said(card)
        assert not complaints(page, "#mw-content-text")
        assert not complaints(page, ".smbot-several")


def test_the_wiki_changes_nothing_in_the_script_when_it_saves_it(desk: World) -> None:
    pages = shipped_gadget(desk.home)
    assert {title: desk.admin.get(title) for title in pages if "Gadget-" in title} == {
        title: text for title, text in pages.items() if "Gadget-" in title
    }


def test_it_works_as_a_script_of_ones_own(browser: Browser, desk: World, alice: Person) -> None:
    gadget.remove(desk)
    alice.edit("User:Alice/common.js", desk.admin.get(gadget.SCRIPT))
    id_ = desk.id_of("Patrolling")
    with queue(browser, desk, alice) as page:
        assert "Approved" in decide(page, id_, "Approve")
    alice.edit("User:Alice/common.js", "")
    assert "status = approved" in desk.card(id_)


def test_many_cards_all_get_their_buttons(browser: Browser, desk: World, alice: Person) -> None:
    desk.news(*(f"News number {n} of the day." for n in range(25)))
    desk.collect()
    with queue(browser, desk, alice) as page:
        expect(page.get_by_role("button", name="Approve", exact=True)).to_have_count(27)
