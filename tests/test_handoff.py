"""What a person has to post: the card on the log with all they need, and whose word counts that it is done."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sandbox.people import Person
from smbot import deliveries, postlog
from smbot.channels import Order, handoff
from smbot.deliveries import HAND_FOR, LEASE
from smbot.errors import UsageError
from smbot.memory import GIVEN_UP, HANDED_OFF, POSTED
from smbot.messages import speaking
from smbot.model import HandedOff, Page, Posted, Refused, Text
from smbot.postlog import Done, done_by_hand
from smbot.templates import encode, named, parse, plain, raw
from tests.builders import ALICE, BOT, MALLORY, NOW, delivery, known, page
from tests.killed import Crossing, Doors
from tests.world import World

SETTINGS = """\
{{Smbot/settings}}
{{Smbot/account | account = wikitech | networks = facebook-group, mastodon | maintainers = Alice, Bob | gap = 0 }}
{{Smbot/account | account = mediawiki | networks = mastodon | maintainers = Alice | gap = 0 }}
"""
GROUP = "https://www.facebook.com/groups/odia.wiki"
WORDS = "ଓଡ଼ିଆ ଉଇକି | {{news}} = ''two''\n\n* a line\n[[and]] ~~~~ שלום 👩‍👩‍👧‍👦"
KEY = "n1/mediawiki/mastodon"


@pytest.fixture
def desk(world: World) -> World:
    """A desk one of whose channels is a group on Facebook."""
    world.admin.edit(world.titles.settings, SETTINGS)
    world.environment["SMBOT_WIKITECH_FACEBOOK_GROUP_URL"] = GROUP
    return world


def hand_off(world: World, alice: Person, rita: Person, words: str = "Come to the hackathon") -> str:
    """A request, approved and published; the id of its card."""
    world.ask(rita, text=encode(words), accounts="wikitech")
    world.collect()
    (id_,) = [id_ for id_, card in world.cards().items() if card and "wikitech" in card.candidate.accounts]
    world.change(alice, id_, status="approved")
    world.publish()
    return id_


def row(world: World) -> dict[str, str]:
    """The one row of the log that is about the group."""
    rows = [r for r in named(parse(world.log()), postlog.ROW) if raw(r, "network") == "facebook-group"]
    (found,) = rows
    return {str(p.name).strip(): plain(found, str(p.name).strip())[0] for p in found.params}


def fill(world: World, person: Person, **cells: str) -> None:
    """Somebody fills in the card on the log, as an ordinary edit of the page."""
    for name, value in cells.items():
        world.swap(person, f"| {name} = \n", f"| {name} = {value}\n", log_title(world))


def log_title(world: World) -> str:
    return f"{world.titles.log}/{world.now:%Y-%m}"


def state(world: World, id_: str) -> str:
    return world.memory().deliveries[f"{id_}/wikitech/facebook-group"].state


# --- from the queue to the group ------------------------------------------------------------------------------------


def test_the_log_says_what_to_do_with_the_exact_words_and_a_link_that_opens_the_place(
    desk: World, alice: Person, rita: Person
) -> None:
    id_ = hand_off(desk, alice, rita, WORDS)
    card = row(desk)
    assert card["copy"] == WORDS
    assert card["open"] == GROUP
    assert card["state"] == HANDED_OFF
    assert (card["done"], card["link"]) == ("", "")
    assert card["reason"] == "Open the Facebook group, paste the words, and post them."
    assert desk.posts("wikitech") == [WORDS]
    assert f"[[{log_title(desk)}#{id_}/wikitech/facebook-group|the log says what to do]]" in desk.note(id_)
    assert "Waits to be posted by hand since" in desk.top()
    desk.publish()
    desk.publish()
    assert row(desk) == card


def test_a_maintainer_who_did_it_says_so_and_it_counts_as_posted(desk: World, alice: Person, rita: Person) -> None:
    id_ = hand_off(desk, alice, rita)
    fill(desk, alice, done="yes", link=f"{GROUP}/posts/1")
    desk.publish()
    card = row(desk)
    assert (card["state"], card["post"]) == (POSTED, f"{GROUP}/posts/1")
    assert card["reason"].startswith("by hand; Alice said so in revision")
    assert "copy" not in card
    assert "by hand" not in desk.top()
    assert "status = posted" in desk.card(id_)
    assert f"{GROUP}/posts/1" in desk.answers()[0]


def test_it_counts_without_a_link_too(desk: World, alice: Person, rita: Person) -> None:
    id_ = hand_off(desk, alice, rita)
    fill(desk, alice, done="I did")
    desk.publish()
    assert state(desk, id_) == POSTED
    assert "posted" in desk.answers()[0]


def test_a_strangers_word_does_not_count_and_is_told(desk: World, alice: Person, rita: Person, mallory: Person) -> None:
    id_ = hand_off(desk, alice, rita)
    fill(desk, mallory, done="yes", link="https://evil.example/")
    desk.publish()
    assert state(desk, id_) == HANDED_OFF
    card = row(desk)
    assert (card["done"], card["link"]) == ("", "")
    assert card["note"] == (
        "[[User:Mallory|Mallory]] wrote that it is done; that counts when a maintainer of wikitech writes it."
    )
    assert "evil" not in desk.log()
    fill(desk, alice, done="yes")
    desk.publish()
    assert state(desk, id_) == POSTED


def test_who_edits_the_log_after_a_stranger_does_not_vouch_for_what_the_stranger_wrote(
    desk: World, alice: Person, rita: Person, mallory: Person
) -> None:
    id_ = hand_off(desk, alice, rita)
    fill(desk, mallory, done="yes")
    desk.admin.edit(log_title(desk), f"{desk.log()}\nA remark.\n")
    alice.edit(log_title(desk), f"{desk.log()}\nAnother remark.\n")
    desk.publish()
    assert state(desk, id_) == HANDED_OFF


def test_a_strangers_word_slipped_in_while_smbot_writes_another_row_is_not_taken_for_a_maintainers(
    desk: World, alice: Person, rita: Person, mallory: Person
) -> None:
    id_ = hand_off(desk, alice, rita)
    desk.ask(rita, text="Something else", accounts="mediawiki")
    desk.collect()
    desk.approve(alice, "Something else")
    slipped = 0

    def at(crossing: Crossing) -> None:
        nonlocal slipped
        about_the_log = f"titles={desk.titles.log}/".replace(":", "%3A").replace("/", "%2F")
        body = str(crossing.request.body) + str(crossing.request.url)
        if not crossing.answered and "action=query" in body and about_the_log in body and desk.posts("mediawiki"):
            slipped += 1
            if slipped == 2:  # the look is over, and the page is read once more to be written
                fill(desk, mallory, done="yes")

    with Doors(at):
        desk.publish()
    assert slipped >= 2
    alice.edit(log_title(desk), f"{desk.log()}\nA remark.\n")
    desk.publish()
    assert state(desk, id_) == HANDED_OFF
    assert "[[User:Mallory|Mallory]] wrote that it is done" in row(desk)["note"]


def test_after_a_day_it_is_said_more_clearly_and_after_three_it_is_given_up(
    desk: World, alice: Person, rita: Person
) -> None:
    id_, log = hand_off(desk, alice, rita), log_title(desk)
    desk.later(hours=25)
    desk.publish()
    assert "'''Still waits''' to be posted by hand" in desk.top()
    desk.later(seconds=HAND_FOR.total_seconds())
    desk.publish()
    assert state(desk, id_) == GIVEN_UP
    assert "by hand" not in desk.top()
    assert "Nobody posted it within 3 days." in desk.admin.get(log)
    assert "posted" in desk.answers()[0], "it is out on the other network"


def test_a_card_somebody_took_off_the_log_is_put_there_again(
    desk: World, alice: Person, rita: Person, mallory: Person
) -> None:
    id_ = hand_off(desk, alice, rita, WORDS)
    before = row(desk)
    mallory.edit(log_title(desk), "Gone.\n")
    desk.publish()
    assert row(desk) == before
    assert "Gone." in desk.log()
    desk.admin.delete(log_title(desk))
    desk.publish()
    assert row(desk) == before
    fill(desk, alice, done="yes")
    desk.publish()
    assert state(desk, id_) == POSTED


def test_a_maintainer_can_take_it_back_before_anybody_posted_it(desk: World, alice: Person, rita: Person) -> None:
    id_ = hand_off(desk, alice, rita)
    desk.change(alice, id_, status="retract")
    desk.publish()
    assert state(desk, id_) == GIVEN_UP
    assert row(desk)["state"] == GIVEN_UP
    assert desk.posts("wikitech") == []
    assert "by hand" not in desk.top()


def test_what_a_person_posted_is_taken_back_by_a_person(desk: World, alice: Person, rita: Person) -> None:
    id_ = hand_off(desk, alice, rita)
    fill(desk, alice, done="yes", link=f"{GROUP}/posts/1")
    desk.publish()
    desk.change(alice, id_, status="retract")
    desk.publish()
    assert "Delete it there by hand" in row(desk)["reason"]
    assert row(desk)["open"] == f"{GROUP}/posts/1"
    fill(desk, alice, done="yes")
    desk.publish()
    assert row(desk)["state"] == "retracted"
    assert id_ not in desk.cards()


@pytest.mark.parametrize("save", [1, 2, 3, 4])
def test_a_process_that_dies_at_any_save_hands_it_off_once(desk: World, alice: Person, rita: Person, save: int) -> None:
    desk.ask(rita, text="Come", accounts="wikitech")
    desk.collect()
    id_ = desk.approve(alice, "Come")
    met = 0

    def at(crossing: Crossing) -> None:
        nonlocal met
        met += crossing.is_save and crossing.answered
        if met == save:
            raise KeyboardInterrupt

    with Doors(at), pytest.raises(KeyboardInterrupt):
        desk.publish()
    desk.later(seconds=LEASE.total_seconds() + 1)
    desk.publish()
    desk.publish()
    assert state(desk, id_) == HANDED_OFF
    assert row(desk)["state"] == HANDED_OFF
    assert desk.posts("wikitech") == ["Come"]


# --- whose word it was, on paper ------------------------------------------------------------------------------------


def on_log(done: str = "", link: str = "") -> str:
    """A log page with one card."""
    return postlog.write("", {KEY: postlog.row(delivery(state=HANDED_OFF), known())}).replace(
        "| done = \n| link = ", f"| done = {done}\n| link = {link}"
    )


def history(*edits: tuple[str, str], **last: object) -> list[Page]:
    """Revisions 11, 12, ... after revision 10, by (user, text)."""
    pages = [page(text, n, user, parent=n - 1) for n, (user, text) in enumerate(edits, 11)]
    return [*pages[:-1], page(edits[-1][1], 10 + len(edits), edits[-1][0], **{"parent": 9 + len(edits), **last})]


@pytest.mark.parametrize(
    ("revisions", "found"),
    [
        ([], {}),
        (history((ALICE, on_log())), {}),
        (history((ALICE, on_log("yes", "https://a.example/1"))), {KEY: Done(ALICE, 11, "https://a.example/1")}),
        (history((MALLORY, on_log("yes")), (ALICE, on_log("yes") + "A remark.")), {KEY: Done(MALLORY, 11)}),
        (history((ALICE, on_log("yes")), (MALLORY, on_log())), {}),
        (
            history((ALICE, on_log("yes", "https://a.example/1")), (MALLORY, on_log("yes", "https://b.example/"))),
            {KEY: Done(MALLORY, 12, "https://b.example/")},
        ),
        (history((MALLORY, on_log("yes")), (BOT, on_log()), (ALICE, on_log("yes"))), {KEY: Done(ALICE, 13)}),
        (history((ALICE, on_log("yes")), (MALLORY, "")), {}),
        (history((ALICE, on_log("yes")), parent=7), {KEY: Done("", 11)}),
    ],
    ids=["nothing", "empty", "done", "remark", "undone", "other link", "emptied", "blanked", "revisions missing"],
)
def test_who_did_it_is_who_filled_in_the_card(revisions: list[Page], found: dict[str, Done]) -> None:
    assert done_by_hand(revisions, 10, [KEY]) == found
    assert done_by_hand(revisions, 10, ["another"]) == {}


def test_what_was_filled_in_by_a_hidden_revision_is_nobodys_word() -> None:
    hidden = page("", 11, "", parent=10, text_hidden=True)
    after = page(on_log("yes"), 12, ALICE, parent=11)
    assert done_by_hand([hidden, after], 10, [KEY]) == {KEY: Done("", 12)}


# --- the channel ----------------------------------------------------------------------------------------------------

AT = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "home"),
    [
        (handoff.facebook_group, "https://www.facebook.com/groups/feed/"),
        (handoff.messenger_group, "https://www.messenger.com/"),
        (handoff.whatsapp_group, "https://wa.me/?text=Come%20%F0%9F%98%80%20%26%20see"),
    ],
    ids=["facebook", "messenger", "whatsapp"],
)
def test_without_an_address_of_the_group_the_place_itself_is_opened(kind: handoff.ByHand, home: str) -> None:
    group = kind.connect({"URL": ""})
    parcel = group.pack(Text("Come 😀 & see"), (), Order("key", AT), AT)
    assert isinstance(parcel, dict)
    outcome = group.post(parcel, AT)
    assert isinstance(outcome, HandedOff)
    assert outcome.url == home
    assert kind.name in outcome.how
    assert group.find(parcel, AT) is None
    assert isinstance(group.retract("1", AT), Refused)
    assert isinstance(group.correct("1", parcel, AT), Refused)
    assert "by hand" in group.check()
    assert kind.rules(group.limits()).by_hand


def test_what_to_do_is_told_in_the_language_that_is_spoken() -> None:
    group = handoff.facebook_group.connect({})
    parcel = group.pack(Text("Come"), (), Order("key", AT), AT)
    assert isinstance(parcel, dict)
    with speaking("de"):
        outcome = group.post(parcel, AT)
        assert handoff.facebook_group.rules({}).network == "Facebook-Gruppe"
    assert isinstance(outcome, HandedOff)
    assert outcome.how.startswith("Die Facebook-Gruppe öffnen")
    assert handoff.facebook_group.rules({}).network == "Facebook group"


def test_words_too_long_for_a_link_open_the_group() -> None:
    group = handoff.whatsapp_group.connect({"URL": "https://chat.whatsapp.com/Abc"})
    parcel = group.pack(Text("ନ" * 1000), (), Order("key", AT), AT)
    assert parcel == {"url": "https://chat.whatsapp.com/Abc"}


@pytest.mark.parametrize("kind", [handoff.facebook_group, handoff.messenger_group, handoff.whatsapp_group])
def test_words_with_half_a_character_are_refused(kind: handoff.ByHand) -> None:
    group = kind.connect({})
    for text in (Text("half a pair: \ud83d"), Text("Words", warning="\ud83d")):
        assert isinstance(group.pack(text, (), Order("key", AT), AT), Refused)


@pytest.mark.parametrize(
    "url",
    ["http://www.facebook.com/groups/x", "javascript:alert(1)", "groups/x", "https://", "https:///groups", "https://[",
     "https://[::x]/", "https://a℀b.org/"],
)  # fmt: skip
def test_an_address_that_is_no_safe_one_is_a_usage_error(url: str) -> None:
    with pytest.raises(UsageError, match="must start with https://"):
        handoff.facebook_group.connect({"URL": url})


def test_what_was_posted_by_hand_has_an_address_and_no_id() -> None:
    done = deliveries.by_hand(delivery(state=HANDED_OFF), "https://a.example/1", "by hand; Alice said so")
    assert done.posts == (Posted("https://a.example/1", ""),)
    assert done.state == POSTED
    assert not deliveries.is_out_of_hand(done, NOW)
