"""What people must not be able to do. Each attack posts nothing wrong, and the page in front of people says why."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from sandbox.people import Person, RefusedError
from smbot import postlog, review
from smbot.errors import Conflict
from smbot.intake import REQUEST
from smbot.report import Report
from smbot.templates import encode, named, parse, plain, raw
from tests.world import SETTINGS, World

EVIL = "Buy my coins now."
SKIN = "A new skin is the default on many wikis."


@pytest.fixture
def id_(world: World) -> str:
    """A candidate of the account mediawiki (maintained by Alice), waiting on the queue."""
    world.collect()
    return world.id_of("new skin")


def nothing_goes_out(world: World, id_: str, *why: str) -> None:
    """Neither this run nor the next one posts, and the card says why all the while."""
    for _ in range(2):
        world.publish()
        assert not world.everything()
        for words in why:
            assert words in world.note(id_)


def only_skin(world: World) -> None:
    """The one post there is, is the one that was approved."""
    world.publish()
    world.publish()
    assert [words.split("\n")[0] for words in world.everything()] == [SKIN]


# --- who approves ---------------------------------------------------------------------------------------------------


def test_a_stranger_cannot_approve(world: World, id_: str, mallory: Person) -> None:
    world.change(mallory, id_, status="approved")
    nothing_goes_out(world, id_, "[[User:Mallory|Mallory]] is not among the maintainers of mediawiki.")


def test_signing_as_a_maintainer_is_no_approval(world: World, id_: str, mallory: Person) -> None:
    world.swap(
        mallory,
        "| status = waiting\n",
        "| status = approved <!-- [[User:Alice|Alice]] 10:00, 1 January 2026 (UTC) -->\n| approver = Alice\n",
    )
    nothing_goes_out(world, id_, "[[User:Mallory|Mallory]] is not among the maintainers", "belongs to no field")


def test_a_maintainer_cannot_approve_for_an_account_of_others(world: World, id_: str, bob: Person) -> None:
    world.change(bob, id_, status="approved")
    nothing_goes_out(world, id_, "[[User:Bob|Bob]] is not among the maintainers of mediawiki.")


def test_nobody_moves_a_card_to_their_own_account_unseen(world: World, id_: str, bob: Person, alice: Person) -> None:
    """Bob may post on wikitech what he likes; on mediawiki he may not, however he writes the list."""
    world.change(bob, id_, accounts="wikitech, mediawiki", status="approved")
    world.publish()
    assert not world.posts("mediawiki")
    assert "[[User:Bob|Bob]] is not among the maintainers of mediawiki." in world.note(id_)


def test_nobody_approves_their_own_request(world: World, alice: Person) -> None:
    world.ask(alice, text="Vote for me", accounts="wikitech")
    world.collect()
    id_ = world.id_of("Vote for me")
    world.change(alice, id_, status="approved")
    nothing_goes_out(world, id_, "[[User:Alice|Alice]] asked for this post; another maintainer has to approve it.")


def test_whoever_rewords_a_request_has_asked_for_it_too(world: World, alice: Person, rita: Person) -> None:
    world.ask(rita, text="Come to the hackathon", accounts="wikitech")
    world.collect()
    world.swap(alice, "Come to the hackathon", "Vote for Alice", world.titles.requests)
    world.collect()
    id_ = world.id_of("Vote for Alice")
    world.change(alice, id_, status="approved")
    nothing_goes_out(world, id_, "[[User:Alice|Alice]] asked for this post")


def test_whoever_rewords_a_request_before_a_run_that_sends_has_asked_for_it_too(
    world: World, alice: Person, bob: Person, rita: Person
) -> None:
    world.ask(rita, text="Come to the hackathon", accounts="wikiteck")
    world.collect()
    world.swap(bob, "= wikiteck", "= wikitech", world.titles.requests)
    world.swap(bob, "Come to the hackathon", "Vote for Bob", world.titles.requests)
    world.ask(alice, text="Another request", accounts="mediawiki")
    world.publish()
    world.collect()
    assert all("1=queued" in answer for answer in world.answers())
    id_ = world.id_of("Vote for Bob")
    world.change(bob, id_, status="approved")
    nothing_goes_out(world, id_, "[[User:Bob|Bob]] asked for this post")


def test_swapping_the_ids_of_two_requests_does_not_change_who_asked(world: World, alice: Person, rita: Person) -> None:
    world.ask(rita, text="Come to the hackathon", accounts="wikitech")
    world.ask(alice, text="Vote for Alice", accounts="wikitech")
    world.collect()
    hers, own = world.id_of("hackathon"), world.id_of("Vote")
    text = world.admin.get(world.titles.requests)
    swapped = text.replace(f"id = {hers}", "id = x").replace(f"id = {own}", f"id = {hers}").replace("= x", f"= {own}")
    alice.edit(world.titles.requests, swapped)
    world.collect()
    for id_ in world.cards():
        if "Vote" in world.card(id_):
            world.change(alice, id_, status="approved")
            assert "Vote" in world.card(id_)
            nothing_goes_out(world, id_, "[[User:Alice|Alice]] asked for this post")


def test_the_bot_itself_approves_nothing(world: World, id_: str, smbot: Person) -> None:
    """Not even where somebody got at the bot's account and put it on the list."""
    world.change(smbot, id_, status="approved")
    world.publish()
    world.publish()
    assert not world.everything()
    assert world.card(id_).count("| status = waiting") == 1


@pytest.mark.parametrize("name", ["Öberg", "Ann Lee", "O'Hara ''the'' \"Bot\"", "A=B", "🦊 Fox", "Doe & Sons!"])
def test_odd_user_names_are_taken_for_what_they_are(world: World, id_: str, name: str) -> None:
    settings = SETTINGS.replace("$HOME", world.home)
    with world.wiki.person(name) as person:
        world.change(person, id_, status="approved")
        nothing_goes_out(world, id_, f"[[User:{name}|{name}]] is not among the maintainers of mediawiki.")
        listed = f"User:{name}".replace(" ", "_") if name == "Ann Lee" else encode(name[:1].lower() + name[1:])
        world.admin.edit(
            world.titles.settings, settings.replace("maintainers = Alice }}", f"maintainers = {listed} }}}}")
        )
        world.change(person, id_, status="approved")
    only_skin(world)
    (row,) = named(parse(world.log()), postlog.ROW)
    assert plain(row, "approved by")[0] == name


@contextmanager
def blocked(admin: Person, *names: str, **how: Any) -> Iterator[None]:
    """These people are blocked as long as the block lasts."""
    try:
        for name in names:
            admin.block(name, **how)
        yield
    finally:
        for name in names:
            admin.unblock(name)


def test_the_approval_of_a_maintainer_who_was_blocked_since_does_not_count(
    world: World, id_: str, alice: Person, admin: Person
) -> None:
    world.change(alice, id_, status="approved")
    world.collect()
    with blocked(admin, "Alice"):
        nothing_goes_out(world, id_, "[[User:Alice|Alice]] is blocked on this wiki.")
    nothing_goes_out(world, id_, "[[User:Alice|Alice]] is blocked on this wiki.")


def test_a_partial_block_is_a_block(world: World, id_: str, alice: Person, admin: Person) -> None:
    world.change(alice, id_, status="approved")
    with blocked(admin, "Alice", partial=True, allowusertalk=True, pagerestrictions=world.titles.queue):
        nothing_goes_out(world, id_, "[[User:Alice|Alice]] is blocked on this wiki.")


def test_of_two_approvals_by_blocked_people_neither_counts(
    world: World, alice: Person, bob: Person, admin: Person
) -> None:
    first, second = "maintainers = Alice }}", "maintainers = Alice, Bob }}"
    world.set_up(SETTINGS.replace(second, "maintainers = Nobody").replace(first, second).replace("Nobody", "Alice }}"))
    world.collect()
    id_ = world.id_of("new skin")
    world.change(bob, id_, status="approved", accounts="mediawiki, wikitech", not_before=world.soon)
    world.collect()
    world.change(alice, id_, status="approved")
    world.collect()
    assert len(world.memory().known[id_].standing.approvals) == 2
    world.later(days=1)
    with blocked(admin, "Alice", "Bob"):
        nothing_goes_out(world, id_, "is blocked on this wiki.")


def test_the_approval_of_a_maintainer_who_was_dropped_since_does_not_count(
    world: World, id_: str, alice: Person
) -> None:
    world.change(alice, id_, status="approved")
    world.collect()
    world.swap(world.admin, "maintainers = Alice }}", "maintainers = Bob }}", world.titles.settings)
    nothing_goes_out(world, id_, "[[User:Alice|Alice]] is not among the maintainers of mediawiki.")


def test_an_approval_grows_stale(world: World, id_: str, alice: Person) -> None:
    soon = f"{world.now.replace(year=world.now.year + 1):%Y-%m-%d %H:%M}"
    world.change(alice, id_, status="approved", not_before=soon)
    world.collect()
    world.later(days=15)
    nothing_goes_out(world, id_, "The approval by [[User:Alice|Alice]] is more than 14 days old.")


# --- which words ----------------------------------------------------------------------------------------------------


def test_words_changed_after_the_approval_are_not_approved(
    world: World, id_: str, alice: Person, mallory: Person
) -> None:
    world.change(alice, id_, status="approved")
    world.change(mallory, id_, text=EVIL)
    nothing_goes_out(world, id_, "It was changed after [[User:Alice|Alice]] approved it. Please look at it again.")


@pytest.mark.parametrize(
    "change",
    [
        {"link": "https://evil.example/"},
        {"accounts": "mediawiki, wikitech"},
        {"not_before": "2020-01-01"},
        {"not_after": "2099-01-01"},
        {"language": "or"},
        {"image": "Example.png", "alt": "A cat"},
        {"text_mediawiki": EVIL},
    ],
    ids=lambda change: next(iter(change)),
)
def test_nothing_that_is_approved_can_be_changed_afterwards(
    world: World, id_: str, alice: Person, mallory: Person, change: dict[str, str]
) -> None:
    world.change(alice, id_, status="approved")
    world.change(mallory, id_, **change)
    nothing_goes_out(world, id_, "changed after [[User:Alice|Alice]] approved it")


def test_words_changed_between_reading_and_approving_are_not_approved(
    world: World, id_: str, alice: Person, mallory: Person
) -> None:
    """Alice reads; Mallory saves; Alice, who looks at a page she loaded anew, sets the status and nothing else."""
    world.change(mallory, id_, text=EVIL)
    world.change(alice, id_, status="approved")
    nothing_goes_out(world, id_, "[[User:Mallory|Mallory]] changed this card just before [[User:Alice|Alice]] approved")
    world.change(alice, id_, status="approved")
    world.publish()
    assert world.everything()[0].startswith(EVIL)  # now she has seen it, in the preview too


def test_a_change_that_mediawiki_merges_under_an_approval_is_not_approved(
    world: World, id_: str, alice: Person, mallory: Person
) -> None:
    read, base = world.admin.get(world.titles.queue), world.admin.revision_id(world.titles.queue)
    world.swap(mallory, f"| text = {SKIN}", f"| text = {EVIL}")
    at = read.index("status = waiting", read.index(id_))
    alice.edit(world.titles.queue, f"{read[:at]}status = approved{read[at + 16 :]}", baserevid=base)
    assert EVIL in world.card(id_)
    assert "status = approved" in world.card(id_)
    nothing_goes_out(world, id_, "[[User:Mallory|Mallory]] changed this card just before [[User:Alice|Alice]] approved")


@pytest.mark.parametrize("away", ["moved", "spaced", "commented", "doubled", "one line"])
def test_nobody_approves_from_a_view_older_than_the_words_smbot_vouched_for(
    world: World, id_: str, alice: Person, mallory: Person, away: str
) -> None:
    """The check on the line below the status makes it an edit conflict, wherever a stranger has put it before."""
    check = next(line for line in world.card(id_).splitlines() if line.startswith("| check"))
    apart = {
        "moved": ("| status = waiting\n", f"\n| text = {SKIN}", f"\n{check}\n| text = {SKIN}"),
        "spaced": (f"| status = waiting\n\n\n\n\n{check}\n", "", ""),
        "commented": (f"| status = waiting<!--\n\n\n\n-->\n{check}\n", "", ""),
        "doubled": (f"| status = waiting\n{check}\n", f"\n| text = {SKIN}", f"\n{check}\n| text = {SKIN}"),
        "one line": (f"| status = waiting {check}\n", "", ""),
    }[away]
    old = world.card(id_)
    new = (
        old.replace(f"| status = waiting\n{check}\n", apart[0]).replace(*apart[1:])
        if apart[1]
        else old.replace(f"| status = waiting\n{check}\n", apart[0])
    )
    world.swap(mallory, old, new)
    world.collect()
    read, base = world.admin.get(world.titles.queue), world.admin.revision_id(world.titles.queue)
    world.swap(mallory, f"| text = {SKIN}", f"| text = {EVIL}")
    world.collect()
    at = read.index("status = waiting", read.index(id_))
    with pytest.raises(RefusedError, match="editconflict"):
        alice.edit(world.titles.queue, f"{read[:at]}status = approved{read[at + 16 :]}", baserevid=base)
    world.publish()
    assert not world.everything()


def test_an_exact_revert_by_anybody_restores_the_approval(
    world: World, id_: str, alice: Person, mallory: Person, rita: Person
) -> None:
    world.change(alice, id_, status="approved")
    approved = world.card(id_)
    world.change(mallory, id_, text=EVIL)
    world.swap(rita, world.card(id_), approved)
    only_skin(world)


def test_an_exact_revert_restores_the_approval_after_smbot_has_seen_the_change(
    world: World, id_: str, alice: Person, mallory: Person, rita: Person
) -> None:
    world.change(alice, id_, status="approved")
    world.change(mallory, id_, text=EVIL)
    nothing_goes_out(world, id_, "changed after")
    world.change(rita, id_, text=SKIN)
    only_skin(world)


@pytest.mark.parametrize("argument", ["preview", "note", "source", "expires", "check"])
def test_what_smbot_fills_in_cannot_be_forged_under_an_approval(
    world: World, id_: str, alice: Person, mallory: Person, argument: str
) -> None:
    """Other words with a preview, a note or a check that make them look harmless."""
    world.change(mallory, id_, text=EVIL, **{argument: f"smbot: {SKIN}"})
    world.change(alice, id_, status="approved")
    nothing_goes_out(world, id_, "[[User:Mallory|Mallory]] changed this card just before [[User:Alice|Alice]] approved")
    assert f"smbot: {SKIN}" not in world.card(id_)


def test_a_check_copied_from_the_harmless_words_vouches_for_nothing(
    world: World, id_: str, alice: Person, mallory: Person
) -> None:
    check = raw(next(iter(named(parse(world.card(id_)), review.CARD))), "check")
    world.change(mallory, id_, text=EVIL)
    world.collect()
    world.change(mallory, id_, text=SKIN + " " + EVIL, check=check)
    world.change(alice, id_, status="approved")
    nothing_goes_out(world, id_, "[[User:Mallory|Mallory]] changed this card just before")


@pytest.mark.parametrize("order", ["settings, approve", "approve, settings", "settings, spoil, revert, approve"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("account = mediawiki | gap = 0 | networks = mastodon", "account = mediawiki | networks = mastodon, irc"),
        ("account = mediawiki | gap = 0", "account = mediawiki | visibility = unlisted"),
    ],
)
def test_an_approval_covers_what_the_card_showed_and_not_what_other_settings_make_of_it(
    world: World, id_: str, alice: Person, mallory: Person, before: str, after: str, order: str
) -> None:
    """Nothing goes out on it but what was shown, in whichever order all that happens between two runs."""
    shown = world.admin.get(world.titles.queue)
    happens = {
        "settings": lambda: world.settle(before, after),
        "spoil": lambda: world.change(mallory, id_, text=EVIL),
        "revert": lambda: mallory.edit(world.titles.queue, shown),
        "approve": lambda: world.change(alice, id_, status="approved"),
    }
    for step in order.split(", "):
        happens[step]()
    nothing_goes_out(world, id_, "just before [[User:Alice|Alice]] approved it. Please look at it again.")
    world.change(alice, id_, status="approved")
    world.publish()
    assert len(world.posts("mediawiki")) == 1


@pytest.mark.parametrize("invisible", ["\u202e", "\u200b", "\u0007"], ids=ascii)
def test_invisible_characters_are_refused_even_to_maintainers(
    world: World, id_: str, alice: Person, invisible: str
) -> None:
    evil = f"{SKIN[:5]}{invisible}{SKIN[5:]}" if invisible != "\u0007" else f"{SKIN[:5]}&#8238;{SKIN[5:]}"
    world.swap(alice, f"| text = {SKIN}", f"| text = {evil}")
    world.change(alice, id_, status="approved")
    nothing_goes_out(world, id_, "There are invisible characters in the words (U+")


def test_invisible_characters_in_a_request_are_answered(world: World, rita: Person) -> None:
    world.ask(rita, text="Pay \u202eeciohc\u202c here", accounts="wikitech", link="https://example.org/\u200bx")
    world.collect()
    assert "invisible characters in the words (U+200B, U+202C, U+202E)" in world.answers()[0]
    assert not [card for card in world.cards().values() if card and "Pay" in card.candidate.text]


def test_words_of_100_kilobytes_are_refused_in_good_time(world: World, id_: str, alice: Person, rita: Person) -> None:
    begun = time.process_time()
    world.change(alice, id_, text="http://" + "a." * 50_000, status="approved")
    world.ask(rita, text="x" * 100_000, accounts="wikitech")
    nothing_goes_out(world, id_, "characters too long (limit 500)")
    world.collect()
    assert "99500 characters too long (limit 500)" in world.answers()[0]
    assert time.process_time() - begun < 10


def test_magic_words_go_out_as_they_were_typed_and_are_never_carried_out(world: World, id_: str, alice: Person) -> None:
    words = "__NOINDEX__ {{PAGENAME}} ~~~~ {{subst:PAGENAME}} [[File:X.png]]"
    world.swap(alice, f"| text = {SKIN}", f"| text = <nowiki>{words}</nowiki>")
    world.collect()
    world.change(alice, id_, status="approved")
    world.publish()
    assert world.everything()[0].startswith(words)


@pytest.mark.parametrize("words", ["{{PAGENAME}}", "[[File:X.png]]", "{{{1|}}}", "<!-- x --><b>y</b>"])
def test_bare_markup_is_refused_since_people_would_see_other_words(
    world: World, id_: str, alice: Person, words: str
) -> None:
    world.swap(alice, f"| text = {SKIN}", f"| text = {words} {SKIN}")
    world.change(alice, id_, status="approved")
    nothing_goes_out(world, id_, "There is wiki markup in the words")


# --- hidden revisions -----------------------------------------------------------------------------------------------


def test_an_approval_by_a_hidden_author_does_not_count(world: World, id_: str, alice: Person, admin: Person) -> None:
    revision = world.change(alice, id_, status="approved")
    admin.hide_revision(revision, "user")
    nothing_goes_out(world, id_, "It cannot be established who approved it.")


def test_an_approval_in_a_revision_whose_text_is_hidden_does_not_count(
    world: World, id_: str, alice: Person, mallory: Person, admin: Person
) -> None:
    revision = world.change(alice, id_, status="approved")
    world.swap(mallory, "== To review ==", "== To review ==\n\nHello.")
    admin.hide_revision(revision, "content")
    nothing_goes_out(world, id_, "It cannot be established who approved it.")


@pytest.mark.parametrize("what", ["user", "content", "user|content|comment"])
def test_an_approval_that_was_hidden_after_smbot_saw_it_does_not_count(
    world: World, id_: str, alice: Person, admin: Person, what: str
) -> None:
    revision = world.change(alice, id_, status="approved", not_before=world.soon)
    world.collect()
    assert "Approved by [[User:Alice|Alice]]" in world.note(id_)
    admin.hide_revision(revision, what)
    world.later(days=1)
    nothing_goes_out(world, id_, "The revision in which it was approved has been hidden.")


# --- forged and broken cards ----------------------------------------------------------------------------------------


def test_a_copy_of_a_card_under_another_id_is_nobodys(world: World, id_: str, mallory: Person, alice: Person) -> None:
    copy = world.card(id_).replace(id_, "n123456789").replace("status = waiting", "status = approved")
    world.swap(mallory, world.card(id_), f"{world.card(id_)}\n\n{copy.replace(SKIN, EVIL)}")
    nothing_goes_out(world, "n123456789", "smbot did not make this card")
    world.change(alice, "n123456789", status="approved", notes="Good.")
    nothing_goes_out(world, "n123456789", "smbot did not make this card")
    assert "status = waiting" in world.card(id_)


@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
def test_of_a_doubled_card_neither_counts(world: World, id_: str, mallory: Person, alice: Person, first: bool) -> None:
    card = world.card(id_)
    copy = card.replace(SKIN, EVIL)
    world.swap(mallory, card, f"{copy}\n\n{card}" if first else f"{card}\n\n{copy}")
    pair = world.admin.get(world.titles.queue).split("\n=== ")[1]
    world.swap(alice, pair, pair.replace("status = waiting", "status = approved"))
    for _ in range(2):
        world.publish()
        assert not world.everything()
        assert "its id stands on the page twice" in world.admin.get(world.titles.queue)


BROKEN = {
    "nested": "{{{{Box|1=\n{card}\n}}}}",
    "nowiki": "<nowiki>\n{card}\n</nowiki>",
    "comment": "<!--\n{card}\n-->",
    "tag": "<div>\n{card}\n</div>",
    "ref": "<ref name=x>\n{card}\n</ref>",
    "pre": "<pre>{card}</pre>",
    "onlyinclude": "<onlyinclude>{card}</onlyinclude>",
    "noinclude": "<noinclude>{card}</noinclude>",
    "link": "[[Talk:X|{card}]]",
    "open end": "",
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_card_inside_something_else_is_no_card_and_comes_back_waiting(
    world: World, id_: str, mallory: Person, alice: Person, how: str
) -> None:
    card = world.card(id_)
    evil = card.replace(SKIN, EVIL)
    evil = evil.removesuffix("}}") if how == "open end" else BROKEN[how].format(card=evil)
    world.swap(mallory, card, evil)
    world.swap(alice, evil, evil.replace("status = waiting", "status = approved"))
    for _ in range(2):
        world.publish()
        assert not world.everything()
    assert f"| text = {SKIN}" in world.card(id_)
    assert "status = waiting" in world.card(id_)


def test_cards_on_a_page_in_the_page_are_no_cards(world: World, id_: str, mallory: Person, alice: Person) -> None:
    evil = world.card(id_).replace(SKIN, EVIL).replace("waiting", "approved")
    alice.edit(f"{world.home}/Queue/More", evil)
    world.swap(mallory, world.card(id_), f"{{{{{world.home}/Queue/More}}}}")
    world.swap(alice, "== To review ==", "== To review ==\n\nLooked at.")
    for _ in range(2):
        world.publish()
        assert not world.everything()
    assert f"| text = {SKIN}" in world.card(id_)


# --- the pages ------------------------------------------------------------------------------------------------------


def vandals_leave_nothing(world: World, ids: set[str]) -> None:
    """The cards are back, all of them waiting, without anything having gone out."""
    world.publish()
    assert not world.everything()
    assert ids <= world.cards().keys()
    assert {card.status for card in world.cards().values() if card} == {"waiting"}


def test_a_blanked_queue_page_is_filled_again(world: World, id_: str, alice: Person, mallory: Person) -> None:
    ids = set(world.cards())
    mallory.edit(world.titles.queue, "")
    vandals_leave_nothing(world, ids)
    world.change(alice, id_, status="approved")
    only_skin(world)


def test_a_deleted_queue_page_is_made_again_and_works(world: World, id_: str, alice: Person, admin: Person) -> None:
    ids = set(world.cards())
    world.change(alice, id_, status="approved")
    admin.delete(world.titles.queue)
    vandals_leave_nothing(world, ids)
    vandals_leave_nothing(world, ids)
    world.change(alice, id_, status="approved")
    only_skin(world)


def test_a_moved_queue_page_is_made_again_where_it_was(world: World, id_: str, alice: Person, mallory: Person) -> None:
    ids = set(world.cards())
    mallory.move(world.titles.queue, f"{world.home}/Elsewhere")
    vandals_leave_nothing(world, ids)
    assert "redirect" not in world.admin.page(world.titles.queue, prop="info")
    assert "redirect" in world.top().lower()
    world.change(alice, id_, status="approved")
    only_skin(world)


def test_a_redirect_in_place_of_the_queue_is_made_a_page_again(
    world: World, id_: str, alice: Person, mallory: Person
) -> None:
    ids = set(world.cards())
    mallory.edit(world.titles.queue, f"#REDIRECT [[{world.titles.requests}]]")
    vandals_leave_nothing(world, ids)
    assert "redirect" not in world.admin.page(world.titles.queue, prop="info")
    assert "redirect" in world.top().lower()
    world.change(alice, id_, status="approved")
    only_skin(world)


def test_a_card_a_stranger_took_away_comes_back(world: World, id_: str, alice: Person, mallory: Person) -> None:
    world.change(alice, id_, status="approved")
    world.swap(mallory, world.card(id_), "")
    world.publish()
    assert not world.everything()
    assert "status = waiting" in world.card(id_)
    only_skin(world)  # the exact words that Alice approved, and nobody else has a say


def test_a_card_a_maintainer_took_away_comes_back_without_its_approval(world: World, id_: str, alice: Person) -> None:
    world.change(alice, id_, status="approved")
    world.swap(alice, world.card(id_), "")
    for _ in range(3):
        world.publish()
        assert not world.everything()
    assert "status = waiting" in world.card(id_)


def test_words_a_maintainer_wrote_are_not_lost_when_the_queue_is_blanked_and_restored(
    world: World, id_: str, alice: Person, mallory: Person, rita: Person
) -> None:
    world.change(alice, id_, text="The new skin is here.")
    world.collect()
    before = world.admin.get(world.titles.queue)
    mallory.edit(world.titles.queue, "nothing to see")
    world.collect()
    rita.edit(world.titles.queue, before)
    world.collect()
    assert "| text = The new skin is here." in world.card(id_)
    world.change(alice, id_, status="approved")
    world.publish()
    world.change(alice, id_, status="approved") if id_ in world.cards() else None
    world.publish()
    assert [words.split("\n")[0] for words in world.everything()] == ["The new skin is here."]


def test_a_forged_row_in_the_log_neither_stops_nor_fakes_a_posting(
    world: World, id_: str, alice: Person, mallory: Person
) -> None:
    forged = (
        f"{{{{{postlog.ROW}\n| key = {id_}/mediawiki/mastodon\n| state = posted\n| post = https://evil.example/\n}}}}"
    )
    other = world.id_of("Patrolling")
    mallory.edit(f"{world.titles.log}/{world.now:%Y-%m}", f"<!-- {{{{{postlog.ROW}}}}} -->\n{forged}\n")
    world.change(alice, id_, status="approved")
    only_skin(world)
    rows = {raw(row, "key"): row for row in named(parse(world.log()), postlog.ROW)}
    assert (
        raw(rows[f"{id_}/mediawiki/mastodon"], "post")
        == world.mastodon.world.show(next(iter(world.mastodon.world.state.statuses)))["url"]
    )
    assert "evil.example" not in world.log()
    world.change(alice, other, status="approved")
    world.publish()
    assert f"{other}/mediawiki/mastodon" in {raw(row, "key") for row in named(parse(world.log()), postlog.ROW)}


@pytest.mark.parametrize(
    "words", ["\u0338Come to the hackathon", "&#824;Come", "o&#776;y", "a&#12;b&#13;c", "&#8232;x"]
)
def test_no_character_keeps_the_desk_from_its_work(world: World, alice: Person, mallory: Person, words: str) -> None:
    world.ask(mallory, text=words, accounts="wikitech")
    for _ in range(3):
        world.collect()
    (id_,) = [id_ for id_, known in world.memory().known.items() if known.is_request]
    assert "\u226f" not in world.card(id_)
    world.change(alice, id_, status="approved")
    world.publish()
    assert len(world.posts("wikitech")) == 1


@pytest.mark.parametrize("field", ["text", "status", "alt", "warning", "reason"])
def test_nor_does_one_on_a_card(world: World, id_: str, mallory: Person, field: str) -> None:
    world.swap(mallory, f"| id = {id_}\n", f"| id = {id_}\n| image = No such.png\n| {field} = \u0338[x]\n")
    for _ in range(2):
        world.publish()
    before = world.admin.get(world.titles.queue)
    world.publish()
    assert world.admin.get(world.titles.queue) == before
    assert "\u226f" not in before


def test_rows_are_never_hidden_in_a_comment_that_a_stranger_left_on_the_log(
    world: World, id_: str, alice: Person, mallory: Person
) -> None:
    mallory.edit(
        f"{world.titles.log}/{world.now:%Y-%m}",
        f"<!-- {{{{{postlog.ROW}}}}} -->\n<nowiki>{{{{{postlog.ROW}}}}}</nowiki>",
    )
    world.change(alice, id_, status="approved")
    only_skin(world)
    assert [raw(row, "key") for row in named(parse(world.log()), postlog.ROW)] == [f"{id_}/mediawiki/mastodon"]


def test_only_the_bot_writes_its_memory(world: World, id_: str, mallory: Person, alice: Person) -> None:
    title = world.titles.memory
    text = mallory.get(title)
    attempts: tuple[Callable[[], Any], ...] = (
        lambda: mallory.edit(title, text.replace("waiting", "approved")),
        lambda: alice.edit(title, "{}"),
        lambda: mallory.move(title, "User:Mallory/x.json"),
        lambda: mallory.edit("User:Smbot/Another home.json", text),
        lambda: mallory.do("changecontentmodel", title=title, model="wikitext"),
    )
    for attempt in attempts:
        with pytest.raises(RefusedError):
            attempt()
    assert mallory.get(title) == text


def test_a_page_moved_into_the_place_of_the_memory_is_refused(world: World, mallory: Person) -> None:
    mallory.edit("User:Mallory/plan.json", "{}")
    with pytest.raises(RefusedError):
        mallory.move("User:Mallory/plan.json", world.titles.memory)


@pytest.mark.parametrize("level", ["all", "autoconfirmed"])
def test_with_an_unprotected_settings_page_nothing_goes_out(
    world: World, id_: str, alice: Person, mallory: Person, admin: Person, level: str
) -> None:
    world.change(alice, id_, status="approved")
    admin.protect(world.titles.settings, level)
    world.swap(mallory, "maintainers = Alice }}", "maintainers = Mallory }}", world.titles.settings)
    world.change(mallory, id_, status="waiting")
    world.change(mallory, id_, status="approved")
    world.publish()
    world.collect()
    assert not world.everything()
    assert "is not protected, so anybody could make themselves a maintainer" in world.top()


def test_what_was_approved_while_the_settings_were_open_does_not_count_once_they_are_closed(
    world: World, id_: str, mallory: Person, admin: Person
) -> None:
    admin.protect(world.titles.settings, "all")
    good = admin.get(world.titles.settings)
    world.swap(mallory, "maintainers = Alice }}", "maintainers = Mallory }}", world.titles.settings)
    world.change(mallory, id_, status="approved")
    world.publish()
    admin.edit(world.titles.settings, good)
    admin.protect(world.titles.settings)
    nothing_goes_out(world, id_, "[[User:Mallory|Mallory]] is not among the maintainers of mediawiki.")
    assert world.top() == "" or "protected" not in world.top()


@pytest.mark.parametrize("words", ["stop", "", "Run"])
def test_unless_the_stop_page_says_just_run_nothing_goes_out(
    world: World, id_: str, alice: Person, admin: Person, words: str
) -> None:
    world.change(alice, id_, status="approved")
    admin.edit(world.titles.stop, words)
    world.publish()
    assert not world.everything()
    assert f"The page [[{world.titles.stop}]] says stop." in world.top()
    admin.edit(world.titles.stop, "run")
    only_skin(world)
    assert "says stop" not in world.top()


def test_without_a_stop_page_nothing_goes_out(world: World, id_: str, alice: Person, admin: Person) -> None:
    world.change(alice, id_, status="approved")
    admin.delete(world.titles.stop)
    world.publish()
    assert not world.everything()
    assert f"There is no page [[{world.titles.stop}]]." in world.top()


@contextmanager
def between_plan_and_send(world: World, id_: str) -> Iterator[None]:
    """What happens in the block happens after a run has planned to send and before it does."""
    desk = world.desk()
    todo = desk.plan(send=True)
    assert [delivery.id for delivery in todo.due] == [id_]
    yield
    with suppress(Conflict):
        desk.carry_out(todo, Report())
    assert not world.everything()
    assert not world.memory().deliveries


def test_a_stop_between_plan_and_send_is_heard(world: World, id_: str, alice: Person, mallory: Person) -> None:
    world.change(alice, id_, status="approved")
    with between_plan_and_send(world, id_):
        mallory.edit(world.titles.stop, "")
    world.publish()
    assert not world.everything()
    assert "says stop" in world.top()


def test_settings_that_change_between_plan_and_send_are_heard(world: World, id_: str, alice: Person) -> None:
    world.change(alice, id_, status="approved")
    with between_plan_and_send(world, id_):
        world.settle("maintainers = Alice }}", "maintainers = Bob }}")
    nothing_goes_out(world, id_, "[[User:Alice|Alice]] is not among the maintainers of mediawiki.")


def test_an_approval_taken_back_between_plan_and_send_is_heard(world: World, id_: str, alice: Person) -> None:
    world.change(alice, id_, status="approved")
    with between_plan_and_send(world, id_):
        world.change(alice, id_, status="waiting")
    nothing_goes_out(world, id_)


# --- floods ---------------------------------------------------------------------------------------------------------


def junk(count: int, words: str) -> str:
    """A page full of requests, no two alike."""
    return "\n".join(f"{{{{{REQUEST}\n| text = {words} {i}\n| accounts = wikitech\n}}}}" for i in range(count))


def test_two_thousand_requests_in_one_edit_are_answered_and_serve_nobody_less(
    world: World, mallory: Person, rita: Person
) -> None:
    mallory.edit(world.titles.requests, junk(2000, "Junk number"))
    world.ask(rita, text="Come to the hackathon", accounts="wikitech")
    begun = time.process_time()
    world.collect()
    assert time.process_time() - begun < 20
    answers = world.answers()
    assert len(answers) == 2001
    assert all(answers)
    assert sum("queued" in answer for answer in answers) == 5 + 1
    assert "queued" in answers[-1]
    assert "has 5 open requests already" in answers[1000]
    assert len([card for card in world.cards().values() if card and "Junk" in card.candidate.text]) == 5


def test_hundreds_of_requests_changed_at_once_cost_no_more(world: World, mallory: Person, rita: Person) -> None:
    mallory.edit(world.titles.requests, junk(600, "Junk number"))
    world.collect()
    begun = time.process_time()
    text = mallory.get(world.titles.requests)
    mallory.edit(world.titles.requests, text.replace("Junk number", "Other trash"))
    world.ask(rita, text="Come to the hackathon", accounts="wikitech")
    world.collect()
    assert time.process_time() - begun < 20
    assert "queued" in world.answers()[-1]
    assert len(world.memory().known) == 2 + 5 + 1


def test_a_request_page_too_full_for_answers_stops_nothing_else(
    world: World, id_: str, alice: Person, mallory: Person
) -> None:
    """2 MB are all that a page holds: https://www.mediawiki.org/wiki/Manual:$wgMaxArticleSize"""
    full = junk(500, "Junk number")
    mallory.edit(world.titles.requests, full + "x" * (2048 * 1024 - len(full.encode())))
    world.change(alice, id_, status="approved")
    report = world.publish()
    assert [words.split("\n")[0] for words in world.everything()] == [SKIN]
    card = world.cards()[id_]
    assert card
    assert card.status == "posted"
    assert any("contenttoobig" in problem for problem in report.problems)
    world.collect()
    assert "Requests’ could not be saved&#58; contenttoobig" in world.top()
    assert "Junk" in world.admin.get(world.titles.queue)
    mallory.edit(world.titles.requests, "Ask here.")
    world.collect()
    assert "contenttoobig" not in world.top()


def test_two_thousand_forged_cards_cost_little_and_queue_nothing(world: World, id_: str, mallory: Person) -> None:
    card = world.card(id_).replace("waiting", "approved")
    forged = "\n".join(card.replace(id_, f"n{i:09}") for i in range(1000))
    world.swap(mallory, "== To review ==\n", f"== To review ==\n{forged}\n")
    begun = time.process_time()
    world.publish()
    assert time.process_time() - begun < 20
    assert not world.everything()
    assert len(world.memory().known) == 2


def test_dates_from_beyond_the_calendar_are_told(world: World, rita: Person) -> None:
    world.ask(rita, text="Come", accounts="wikitech", not_before="9999-99-99", not_after="0000-00-00 00:00")
    world.collect()
    assert "‘not before’ cannot be read as a time" in world.answers()[0]
    assert "‘not after’ cannot be read as a time" in world.answers()[0]
