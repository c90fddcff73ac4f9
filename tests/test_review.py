"""The queue page: a decision is a revision, and people's words are theirs."""

from __future__ import annotations

import re
import time
import tracemalloc
from collections.abc import Sequence
from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec.structs import replace

from smbot import decisions, messages, review, sections
from smbot.decisions import History
from smbot.memory import IN_DOUBT, Memory, Standing
from smbot.model import Candidate, Page
from smbot.review import View
from smbot.settings import Settings
from smbot.templates import named, parse, raw
from tests.builders import (
    ACCOUNTS,
    ALICE,
    BOB,
    BOT,
    MALLORY,
    NEWS,
    RITA,
    Paper,
    card,
    changed,
    check,
    delivery,
    digest,
    item,
    page,
    proposed,
    reading,
)
from tests.builders import settings as rules

HISTORY = History(BOT, lambda user: user in (ALICE, BOB), digest)


def approved(**more: object) -> tuple[Paper, str]:
    """A desk on which Alice approved the one candidate, and nothing happened since."""
    desk, id_ = proposed(**more)
    desk.change(ALICE, id_, status="approved")
    assert desk.why(id_) is None
    return desk, id_


def fold(*revisions: Page, start: dict[str, Standing] | None = None, last: int = 0) -> dict[str, Standing]:
    return decisions.fold(start or {"n1": Standing()}, last, revisions, HISTORY)


# --- no stranger ever approves --------------------------------------------------------------------------------------

STRANGERS = st.sampled_from([MALLORY, RITA, "", "192.0.2.1", "alice", "Smbot2"])
STATUSES = (
    "approved",
    "approve",
    "Approved!",
    "waiting",
    "declined",
    "again",
    "posted",
    "give up",
    "",
    "in doubt",
    "sent",
)
WRAPS = ("<nowiki>{}</nowiki>", "{{{{x|{}}}}}", "<div>{}</div>", "<!-- {} -->", "{{{{x|\n{}", "{}\n}}}}", "{0}\n{0}")


class Strangers(RuleBasedStateMachine):
    """People who are no maintainers edit the queue as they like while smbot runs; nothing is ever approved."""

    def __init__(self) -> None:
        super().__init__()
        self.desk, self.id = proposed()
        self.start = self.desk.text

    @rule(user=STRANGERS, status=st.sampled_from(STATUSES))
    def set_status(self, user: str, status: str) -> None:
        self.desk.change(user, self.id, status=status)

    @rule(user=STRANGERS, words=st.sampled_from(["Evil words.", "A new skin is the default.", ""]))
    def change_words(self, user: str, words: str) -> None:
        self.desk.change(user, self.id, text=words)

    @rule(user=STRANGERS, name=st.sampled_from(["accounts", "check", "id", "preview", "note", "reason", "not before"]))
    def take_out(self, user: str, name: str) -> None:
        self.desk.edit(user, changed(self.desk.text, self.id, **{name: ""}))

    @rule(user=STRANGERS)
    def sign(self, user: str) -> None:
        self.desk.edit(user, self.desk.text + f"\nApproved. [[User:{ALICE}|{ALICE}]] 12:00, 21 November 2026 (UTC)\n")

    @rule(user=STRANGERS, wrap=st.sampled_from(WRAPS))
    def wrap(self, user: str, wrap: str) -> None:
        self.desk.edit(user, wrap.format(self.desk.text))

    @rule(user=STRANGERS, forged=st.sampled_from(["approved", "waiting"]))
    def add_a_card(self, user: str, forged: str) -> None:
        self.desk.edit(user, self.desk.text + card(self.id, forged, "A new skin is the default."))

    @rule(user=STRANGERS)
    def blank(self, user: str) -> None:
        self.desk.edit(user, "")

    @rule(user=STRANGERS, back=st.integers(1, 4))
    def revert(self, user: str, back: int) -> None:
        self.desk.edit(user, self.desk.queue[-min(back, len(self.desk.queue))].text)

    @rule(user=STRANGERS)
    def be_hidden(self, user: str) -> None:
        self.desk.edit(user, "", text_hidden=True)
        self.desk.edit(user, self.desk.queue[-2].text)

    @rule(user=STRANGERS, status=st.sampled_from(STATUSES))
    def edit_unseen(self, user: str, status: str) -> None:
        self.desk.edit(user, changed(self.desk.text, self.id, status=status), parent=1)

    @rule(user=st.sampled_from([ALICE, BOB]))
    def a_maintainer_writes_beside_the_cards(self, user: str) -> None:
        self.desk.edit(user, self.desk.text + "\nHello.\n")

    @rule()
    def a_maintainer_unwraps(self) -> None:
        text = self.desk.text
        for wrap in WRAPS[:4]:
            before, _, after = wrap.format("$").partition("$")
            text = text.removeprefix(before).removesuffix(after) if text.startswith(before) else text
        self.desk.edit(ALICE, text)

    @rule()
    def smbot_runs(self) -> None:
        self.desk.run()

    @precondition(lambda self: len(self.desk.queue) > 2)
    @rule()
    def smbot_runs_late_twice(self) -> None:
        self.desk.run()
        self.desk.run()

    @invariant()
    def nothing_is_approved(self) -> None:
        assert self.desk.due() == []
        if self.id in self.desk.memory.open():
            assert self.desk.why(self.id) is not None


Strangers.TestCase.settings = settings(max_examples=60, stateful_step_count=12, deadline=None)
TestStrangers = Strangers.TestCase


# --- what an approval holds for -------------------------------------------------------------------------------------


def test_an_approval_by_a_maintainer_holds_before_and_after_smbot_ran() -> None:
    desk, id_ = approved()
    desk.run()
    desk.run()
    assert desk.why(id_) is None
    assert desk.due() == [f"{id_}/mediawiki/mastodon"]


@pytest.mark.parametrize(
    "arguments",
    [
        {"text": "Evil words."},
        {"text mediawiki": "Evil words."},
        {"link": "https://evil.example/"},
        {"link": ""},
        {"accounts": "mediawiki, wikitech"},
        {"accounts": "wikitech"},
        {"image": "A.png", "alt": "A"},
        {"language": "de"},
        {"not before": "2030-01-01"},
        {"not after": "2030-01-01"},
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("user", [MALLORY, BOB, ALICE, ""])
@pytest.mark.parametrize("runs", [0, 2])
def test_any_change_voids_an_approval_and_an_exact_revert_restores_it(
    arguments: dict[str, str], user: str, runs: int
) -> None:
    desk, id_ = approved()
    before = desk.text
    desk.change(user, id_, **arguments)
    for _ in range(runs):
        desk.run()
    why = desk.why(id_)
    assert why
    assert "changed after [[User:Alice|Alice]]" in why
    assert desk.due() == []
    fields = ("text", "text mediawiki", "link", "accounts", "image", "alt", "language", "not before", "not after")
    (template,) = named(parse(before), review.CARD)
    desk.change("Someone else", id_, **{name: raw(template, name) for name in fields})
    for _ in range(runs):
        desk.run()
    assert desk.why(id_) is None


def test_a_changed_note_preview_or_heading_voids_nothing_that_goes_out() -> None:
    desk, id_ = approved()
    desk.change(MALLORY, id_, preview="{{Smbot/post|text=Lies}}", source="Lies", notes="Lies")
    desk.edit(MALLORY, desk.text.replace("=== A new", "=== Lies"))
    assert desk.why(id_) is None


def test_approved_words_survive_blanking_wrapping_and_doubling_once_they_are_back() -> None:
    for vandalism in ("", "<div>{}</div>", "{0}{0}", "<nowiki>{}</nowiki>"):
        desk, id_ = approved()
        before = desk.text
        desk.edit(MALLORY, vandalism.format(before))
        assert desk.due() == []
        desk.edit(RITA, before)
        assert desk.why(id_) is None


def test_a_status_set_out_of_sight_is_nobodys_whoever_brings_the_card_back() -> None:
    for wrap in WRAPS[:4]:
        desk, id_ = proposed()
        before, _, after = wrap.format("$").partition("$")
        desk.edit(MALLORY, before + changed(desk.text, id_, status="approved") + after)
        desk.edit(ALICE, desk.text[len(before) : len(desk.text) - len(after)])
        assert desk.why(id_) == "It cannot be established who approved it."


@pytest.mark.parametrize("back", ["waiting", "hold", "declined", ""])
def test_a_maintainer_who_takes_it_back_is_not_undone_by_a_stranger(back: str) -> None:
    desk, id_ = approved()
    desk.change(ALICE, id_, status=back)
    desk.change(MALLORY, id_, status="approved")
    assert desk.why(id_)
    desk.run()
    assert desk.due() == []


@pytest.mark.parametrize(
    "trick", [{"accounts": "wikitech2"}, {"text": "Evil."}, {"status": "waiting"}, {"status": "x"}]
)
def test_nor_when_a_stranger_prepared_the_card(trick: dict[str, str]) -> None:
    desk, id_ = approved()
    desk.change(MALLORY, id_, **trick)
    desk.change(ALICE, id_, status="no, please wait")
    desk.edit(MALLORY, desk.queue[1].text)
    assert desk.queue[1].user == ALICE
    assert desk.why(id_)


def test_a_stranger_who_sets_the_status_back_only_holds_it_up() -> None:
    desk, id_ = approved()
    desk.change(MALLORY, id_, status="waiting")
    desk.run()
    assert desk.due() == []
    desk.change(ALICE, id_, status="approved")
    assert desk.why(id_) is None


@pytest.mark.parametrize(
    ("revision", "why"),
    [
        ({"user": ""}, "cannot be established"),
        ({"parent": 1}, "cannot be established"),
        ({"timestamp": None}, "changed after somebody"),
        ({"user": BOT}, "changed after somebody"),
        ({"user": "alice"}, "not among the maintainers"),
        ({"user": MALLORY}, "[[User:Mallory|Mallory]] is not among the maintainers of mediawiki."),
        ({"user": BOB}, "[[User:Bob|Bob]] is not among the maintainers of mediawiki."),
    ],
)
def test_who_cannot_be_established_or_is_no_maintainer_approves_nothing(revision: dict[str, object], why: str) -> None:
    desk, id_ = proposed()
    more = {k: v for k, v in revision.items() if k != "user"}
    desk.edit(str(revision.get("user", ALICE)), changed(desk.text, id_, status="approved"), **more)
    said = desk.why(id_)
    assert said
    assert why in said


def test_a_status_that_stood_in_a_hidden_text_was_set_by_nobody() -> None:
    desk, id_ = proposed()
    yes = changed(desk.text, id_, status="approved")
    desk.edit(MALLORY, yes, text_hidden=True)
    desk.edit(ALICE, yes + "\nI only wrote this.\n")
    assert desk.why(id_) == "It cannot be established who approved it."
    desk.run()
    desk.change(ALICE, id_, status="approved")
    assert desk.why(id_) is None


def test_the_first_revision_seen_may_hide_others_before_it() -> None:
    standing = fold(page(card("n1", "approved"), 9, ALICE, parent=8))["n1"]
    assert [approval.user for approval in standing.approvals] == [""]
    standing = fold(page(card("n1", "approved"), 9, ALICE, parent=0))["n1"]
    assert [approval.user for approval in standing.approvals] == [ALICE]


def test_words_changed_by_others_after_smbot_looked_void_an_approval_until_it_looked_again() -> None:
    desk, id_ = proposed()
    desk.change(MALLORY, id_, text="Evil words.")
    desk.change(ALICE, id_, status="approved")
    who = "[[User:Mallory|Mallory]] changed this card just before [[User:Alice|Alice]] approved it."
    assert desk.why(id_) == f"{who} Please look at it again."
    desk.run()
    assert desk.argument(id_, "status") == "waiting"
    assert "Evil words." in desk.argument(id_, "preview")
    desk.change(ALICE, id_, status="approved")
    assert desk.why(id_) is None


def test_a_change_undone_before_the_approval_is_no_change() -> None:
    desk, id_ = proposed()
    before = desk.text
    desk.change(MALLORY, id_, text="Evil words.")
    desk.edit(RITA, before)
    desk.change(ALICE, id_, status="approved")
    assert desk.why(id_) is None


def test_nor_is_a_page_that_was_blanked_and_put_back_however_often_smbot_wrote_elsewhere_on_it() -> None:
    desk, id_ = proposed()
    desk.run()
    before = desk.text
    desk.edit(MALLORY, "")
    desk.edit(RITA, before)
    desk.run()
    for number in range(3):
        desk.edit(BOT, f"{desk.text}\n<!-- {number} -->")
        desk.run()
    desk.change(ALICE, id_, status="approved")
    assert desk.why(id_) is None


def test_a_maintainer_may_change_words_and_approve_them_in_one_edit() -> None:
    desk, id_ = proposed()
    desk.change(ALICE, id_, text="Better words.", status="approved")
    assert desk.why(id_) is None
    desk, id_ = proposed(four_eyes=True)
    desk.change(ALICE, id_, text="Better words.", status="approved")
    assert desk.why(id_) == "[[User:Alice|Alice]] changed the words; another maintainer has to approve them."


@pytest.mark.parametrize(
    ("where", "wikitext"),
    [
        ("far away", ("| check = {}\n", "", "}}}}", "| check = {}\n}}}}")),
        ("blank lines", ("| check", "\n\n\n| check")),
        ("a comment", ("waiting\n", "waiting<!-- \n\n -->\n")),
        ("no status", ("| status = waiting\n", "")),
        ("a second status", ("| accounts", "| status = waiting\n| accounts")),
        ("lines before the sum", ("| check = ", "| check =\n\n\n")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_check_guards_the_status_only_from_the_line_below_it(where: str, wikitext: tuple[str, ...]) -> None:
    """Else an approval of words seen before would merge, without an edit conflict, with words changed meanwhile."""
    desk, id_ = proposed()
    check = desk.argument(id_, "check")
    text = desk.text
    for old, new in zip(wikitext[::2], wikitext[1::2], strict=True):
        old = old.format(check)
        text = text[: text.rindex(old)] + new.format(check) + text[text.rindex(old) + len(old) :]
    desk.edit(MALLORY, text)
    unguarded = desk.text
    assert (review.read(unguarded)[id_] or card).check == ""  # type: ignore[union-attr]
    desk.run()
    assert f"| status = waiting\n| check = {check}\n" in desk.text
    desk.run()
    desk.change(ALICE, id_, status="approved")
    assert desk.why(id_) is None


def test_a_bots_revision_that_swallowed_a_strangers_words_vouches_for_nothing() -> None:
    """MediaWiki merges distant edits: the bot's revision may hold words the bot never saw."""
    desk, id_ = proposed()
    desk.change(MALLORY, id_, text="Evil words.")
    desk.edit(BOT, desk.text + "\n")
    desk.change(ALICE, id_, status="approved")
    assert "just before" in (desk.why(id_) or "")


def forge(desk: Paper, id_: str, **arguments: str) -> None:
    """Change a card as a stranger who works out the `check` that smbot would write."""
    desk.change(MALLORY, id_, **arguments)
    (shown,) = review.read(desk.text).values()
    assert shown
    desk.edit(MALLORY, changed(desk.text, id_, check=check(shown)))


def test_nor_where_the_stranger_wrote_a_true_check() -> None:
    """Anybody can work one out; the bot vouches only for a card that it changed itself."""
    desk, id_ = proposed()
    desk.run()
    forge(desk, id_, text="Evil words.")
    desk.edit(BOT, desk.text + "\n")
    desk.change(ALICE, id_, status="approved")
    assert "just before" in (desk.why(id_) or "")
    desk.run()
    desk.run()
    assert "Evil words." in desk.argument(id_, "preview")
    desk.change(ALICE, id_, status="approved")
    assert desk.why(id_) is None


def test_a_true_check_by_a_stranger_holds_up_but_one_approval() -> None:
    desk, id_ = proposed()
    desk.run()
    forge(desk, id_, notes="Hello.")
    for _ in range(2):
        desk.run()
        desk.run()
        desk.change(ALICE, id_, status="approved")
    assert desk.why(id_) is None


@pytest.mark.parametrize("status", ["approved", "declined", "again", "posted", "give up"])
def test_the_bot_decides_nothing(status: str) -> None:
    desk, id_ = proposed()
    desk.edit(BOT, changed(desk.text, id_, status=status))
    desk.edit(RITA, desk.text + "\n")
    assert desk.due() == []
    _, memory = desk.think()
    standing = memory.known[id_].standing
    assert (standing.approvals, standing.decision) == ((), None)


def test_a_copy_under_another_id_is_told_and_changes_nothing() -> None:
    desk, id_ = approved()
    copy = changed(desk.text, id_, id="n000000000", text="Evil words.")
    desk.edit(MALLORY, f"{desk.text}\n{copy}")
    desk.run()
    assert desk.due() == [f"{id_}/mediawiki/mastodon"]
    assert "smbot did not make this card" in desk.argument("n000000000", "note")


def test_an_id_that_is_there_twice_counts_on_neither_card() -> None:
    desk, id_ = approved()
    desk.edit(MALLORY, desk.text + card(id_, "approved", "Evil words."))
    assert desk.why(id_) == ""
    desk.run()
    assert desk.due() == []
    assert desk.text.count("smbot did not make this card") == 1


def test_of_two_copies_of_a_card_both_keep_the_words_somebody_gave_them() -> None:
    desk, id_ = proposed()
    one, two = (changed(desk.text, id_, text=f"Version {n}.") for n in "12")
    desk.edit(BOB, f"{one}\n{two}")
    for _ in range(2):
        desk.run()
        assert desk.text.count("text = Version 1.") == desk.text.count("text = Version 2.") == 1
    desk.edit(BOB, desk.text[: desk.text.rindex("{{Smbot/candidate")])
    desk.run()
    assert "text = Version 1." in desk.text


def test_own_requests_need_somebody_else() -> None:
    desk = Paper()
    desk.ask(ALICE, "{{Smbot/request|accounts=wikitech|text=Mine.}}")
    desk.run()
    (id_,) = desk.ids
    desk.change(ALICE, id_, status="approved")
    assert (
        desk.why(id_, "wikitech") == "[[User:Alice|Alice]] asked for this post; another maintainer has to approve it."
    )
    desk.change(BOB, id_, status="waiting")
    desk.change(BOB, id_, status="approved")
    assert desk.why(id_, "wikitech") is None
    desk.settings = rules(own_requests=True)
    assert desk.why(id_, "wikitech") is None


def test_an_approval_grows_stale() -> None:
    desk, id_ = approved(approval_days=7)
    desk.now += timedelta(days=7)
    assert desk.why(id_) is None
    desk.now += timedelta(minutes=2)
    assert desk.why(id_) == "The approval by [[User:Alice|Alice]] is more than 7 days old."


def test_each_account_waits_for_its_own_maintainer() -> None:
    desk, id_ = proposed()
    desk.change(RITA, id_, accounts="mediawiki, wikitech")
    desk.run()
    desk.change(BOB, id_, status="approved")
    assert desk.why(id_, "wikitech") is None
    assert desk.due() == [f"{id_}/wikitech/mastodon"]
    assert desk.why(id_) == "[[User:Bob|Bob]] is not among the maintainers of mediawiki."
    desk.run()
    assert "Still waits for a maintainer of mediawiki." in desk.argument(id_, "note")
    desk.change(ALICE, id_, status="approved")
    assert len(desk.due()) == 2


def test_a_maintainer_dropped_from_the_list_approves_nothing_any_more() -> None:
    desk, id_ = approved()
    one = desk.settings.accounts["mediawiki"]
    desk.settings = rules(accounts=desk.settings.accounts | {"mediawiki": replace(one, maintainers=frozenset({BOB}))})
    assert desk.why(id_) == "[[User:Alice|Alice]] is not among the maintainers of mediawiki."


def test_a_network_added_to_the_account_was_not_approved() -> None:
    desk, _ = approved()
    desk.run()
    one = desk.settings.accounts["mediawiki"]
    more = replace(one, networks=("mastodon", "other"))
    desk.settings = rules(accounts=desk.settings.accounts | {"mediawiki": more})
    assert digest(Candidate(("mediawiki",), "a"), desk.settings.accounts) != digest(Candidate(("mediawiki",), "a"))


def with_account(name: str, **changed_: object) -> Settings:
    """The usual settings, with something else in one account."""
    return rules(accounts=ACCOUNTS | {name: replace(ACCOUNTS[name], **changed_)})  # type: ignore[arg-type]


@pytest.mark.parametrize("spoilt", [False, True])
def test_who_gives_a_card_to_an_account_has_not_approved_the_network_it_is_given_before_smbot_draws_it(
    spoilt: bool,
) -> None:
    desk, id_ = proposed()
    desk.run()
    before = desk.text
    if spoilt:
        desk.change(MALLORY, id_, notes="Spoilt.")
        desk.edit(MALLORY, before)
    desk.change(ALICE, id_, accounts="mediawiki, wikitech", status="approved")
    assert desk.why(id_, "wikitech") is None
    desk.settings = with_account("wikitech", networks=("mastodon", "other"))
    for _ in range(2):
        assert "or the settings it follows, changed just before" in (desk.why(id_, "wikitech") or "")
        assert desk.due() == []
        desk.run()
    desk.change(ALICE, id_, status="approved")
    assert len(desk.due()) == 3


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize(
    "other",
    [
        with_account("wikitech", networks=("mastodon", "other")),
        with_account("mediawiki", threads=frozenset({"mastodon"})),
        with_account("mediawiki", hashtags=("#MediaWiki",)),
    ],
    ids=["of another account", "of threads", "of hashtags"],
)
def test_settings_that_change_no_post_of_a_card_void_no_approval(other: Settings, late: bool) -> None:
    desk, id_ = proposed()
    desk.run()
    desk.change(RITA, id_, text="Better words.")
    desk.run()
    desk.run()
    for change in (desk.change, None) if late else (None, desk.change):
        if change:
            change(ALICE, id_, status="approved")
        else:
            desk.settings = other
            if not late:
                desk.run()
                desk.run()
    for _ in range(3):
        assert desk.why(id_) is None
        desk.run()


def test_a_card_is_drawn_anew_in_another_language_and_its_approval_holds() -> None:
    desk, id_ = approved()
    with messages.speaking("de"):
        before = desk.argument(id_, "check")
        assert desk.why(id_) is None
        desk.run()
        desk.run()
        assert desk.why(id_) is None
    assert desk.argument(id_, "check") != before


@pytest.mark.parametrize("away", ["gone", "twice"])
@pytest.mark.parametrize("then", ["declined", "waiting"])
def test_a_maintainer_who_did_not_take_a_card_off_takes_nothing_back(away: str, then: str) -> None:
    desk = Paper()
    desk.news("A new skin is the default.", "Gerrit has a new look and feel today.")
    desk.run()
    desk.run()
    id_, other = desk.id_of("new skin"), desk.id_of("Gerrit")
    desk.change(ALICE, id_, status="approved")
    desk.run()
    before = desk.text
    (one,) = [piece.wikitext for piece in review.apart(before) if piece.id == id_]
    desk.edit(MALLORY, before.replace(one, "" if away == "gone" else one + one))
    desk.change(ALICE, other, status=then, reason="Not now.")
    assert desk.due() == []
    desk.edit(RITA, before)
    assert desk.why(id_) is None
    desk.edit(ALICE, before.replace(one, ""))  # but who takes it off does
    desk.edit(RITA, before)
    assert desk.why(id_)


def test_of_cards_that_smbot_did_not_make_nothing_is_worked_out() -> None:
    assert [*fold(page(card("n1") + card("x1", "approved"), 1, BOT))] == ["n1"]


@pytest.mark.parametrize(("user", "ends"), [(ALICE, "declined"), (MALLORY, ""), (BOB, ""), ("", "")])
def test_only_those_who_maintain_an_account_decline_for_it(user: str, ends: str) -> None:
    desk, id_ = proposed()
    desk.change(user, id_, status="declined", reason="Not now.")
    desk.run()
    assert desk.memory.known[id_].end == ends
    if ends:
        assert review.read(desk.text) == {}
    else:
        assert desk.argument(id_, "status") == "waiting"
        assert "not among the maintainers" in desk.argument(id_, "note")


# --- folding --------------------------------------------------------------------------------------------------------

EDITS = st.tuples(
    st.sampled_from([BOT, ALICE, BOB, MALLORY, ""]),
    st.sampled_from(["waiting", "approved", "declined", "again"]),
    st.sampled_from(["A new skin.", "Other words."]),
    st.sampled_from(["one", "none", "two", "nowiki", "hidden", "gap", "unchecked"]),
)


def revision(number: int, edit: tuple[str, str, str, str]) -> Page:
    user, status, words, how = edit
    one = card("n1", status, words)
    text = {
        "none": "",
        "two": one + one,
        "nowiki": f"<nowiki>{one}</nowiki>",
        "unchecked": changed(one, "n1", check=""),
    }
    return page(
        text.get(how, one), number, user, parent=number - (2 if how == "gap" else 1), text_hidden=how == "hidden"
    )


@given(st.lists(EDITS, max_size=9), st.integers(0, 9))
@settings(max_examples=150, deadline=None)
def test_folding_in_two_parts_is_folding_at_once(edits: list[tuple[str, str, str, str]], cut: int) -> None:
    revisions = [revision(i, edit) for i, edit in enumerate(edits, start=1)]
    known = {"n1": Standing(), "n2": Standing()}
    half = fold(*revisions[:cut], start=known)
    last = revisions[:cut][-1].revision if revisions[:cut] else 0
    assert fold(*revisions[cut:], start=half, last=last) == fold(*revisions, start=known)


@given(st.lists(EDITS, max_size=12))
@settings(max_examples=150, deadline=None)
def test_every_approval_names_the_author_of_its_revision_and_words(edits: list[tuple[str, str, str, str]]) -> None:
    revisions = {r.revision: r for r in (revision(i, edit) for i, edit in enumerate(edits, start=1))}
    for approval in fold(*revisions.values(), start={"n1": Standing()})["n1"].approvals:
        at = revisions[approval.revision]
        shown = review.read(at.text)["n1"]
        assert approval.user in (at.user, "")
        assert approval.user != BOT
        assert shown is not None
        assert (shown.status, digest(shown.candidate)) == ("approved", approval.digest)


@pytest.mark.parametrize("typed", ["approved", "Approved", " APPROVE. ", "approved!", "<nowiki>approved</nowiki>"])
def test_people_may_write_approved_in_their_way(typed: str) -> None:
    (shown,) = review.read(card("n1", typed)).values()
    assert shown is not None
    assert shown.status == "approved"


# --- the page -------------------------------------------------------------------------------------------------------

LEFT = View("A card", sections.to_review(), Candidate(("mediawiki",), "A new skin."), False, "", {"note": "A note."})
AROUND = st.text(st.sampled_from("ab ='*#:\n~!"), max_size=20).map(lambda text: text.replace("==", "="))


def view(words: str, **more: object) -> View:
    return replace(LEFT, title=words, candidate=Candidate(("mediawiki",), words), **more)  # type: ignore[arg-type]


@given(AROUND, AROUND, AROUND, st.integers(0, 3), st.booleans())
@settings(max_examples=150, deadline=None)
def test_arranging_twice_changes_nothing_and_peoples_words_stay(
    top: str, between: str, end: str, new: int, note: bool
) -> None:
    text = f"{top}\n== To review ==\n{between}\n{card('n1')}\n{end}\n== Else ==\n{top}"
    views = {"n1": LEFT} | {f"m{i}": view(f"Words {i}.") for i in range(new)}
    once = review.arrange(text, views, (), "All is well." if note else "", "foreign")
    assert review.arrange(once, views, (), "All is well." if note else "", "foreign") == once
    for words in (top, between, end):
        assert words.strip() in once
    found = review.read(once)
    assert set(found) == set(views)
    assert all(found.values())


@given(AROUND, AROUND, st.integers(1, 4))
@settings(max_examples=100, deadline=None)
def test_cards_that_come_and_go_leave_the_page_as_it_was(top: str, end: str, count: int) -> None:
    start = review.arrange(f"{top}\n== To review ==\n{end}", {"n1": LEFT}, (), "", "")
    text = start
    for _ in range(3):
        views = {
            f"m{i}": view(f"Words {i}.", section=f"Pick {i % 2}" if i % 3 else sections.to_review())
            for i in range(count)
        }
        text = review.arrange(text, {"n1": LEFT} | views, (), "", "")
        assert len(review.read(text)) == count + 1
        text = review.arrange(text, {"n1": LEFT}, views, "", "")
    assert text.rstrip() == start.rstrip()


@pytest.mark.parametrize("count", [0, 1, 300])
def test_any_number_of_cards_is_put_on_the_page_and_taken_off(count: int) -> None:
    views = {f"m{i}": view(f"Words {i}.") for i in range(count)}
    full = review.arrange("Hello.\n", views, (), "", "")
    assert list(review.read(full)) == list(views)
    assert review.read(full) == review.read(full)
    assert review.arrange(full, {}, views, "", "").rstrip() == "Hello."


SECTIONS = (
    sections.to_decide(),
    sections.to_review(["mediawiki"]),
    sections.to_review(["mediawiki", "wikitech"]),
    sections.to_pick("technews", "2026-W47"),
    sections.approved(),
    sections.posted_of_late(),
)


def headings(text: str) -> list[str]:
    return re.findall(r"^== (.*) ==$", text, re.MULTILINE)


@given(st.permutations(SECTIONS), st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_sections_stand_in_their_order_in_whichever_they_are_made(order: Sequence[str], at_once: int) -> None:
    text, views = "Hello.\n\n== Of our own ==\nWords.\n", dict[str, View]()
    for i, section in enumerate(order):
        views[f"m{i}"] = view(f"Words {i}.", section=section)
        if not (i + 1) % at_once:
            text = review.arrange(text, views, (), "", "")
    text = review.arrange(text, views, (), "", "")
    found = headings(text)
    assert found[0] == "Of our own"
    both = [found.index(section) for section in SECTIONS[1:3]]
    assert sorted(both) == [2, 3]  # of the same kind, in the order in which they came
    assert [s for s in found[1:] if s not in SECTIONS[1:3]] == [s for s in SECTIONS if s not in SECTIONS[1:3]]


@pytest.mark.parametrize("there", ["== To review: mediawiki ==", "==À relire : mediawiki==", "== To review =="])
def test_a_card_moves_from_one_section_of_smbots_to_another_and_takes_its_heading_along(there: str) -> None:
    text = f"Hello.\n\n{there}\n\n=== Mine ===\n{card('n1')}\n\n== Of our own ==\n\n=== Ours ===\n{card('n2')}\n"
    views = {id_: replace(LEFT, section=sections.approved()) for id_ in ("n1", "n2")}
    after = review.arrange(text, views, (), "", "")
    assert headings(after) == ["Of our own", "Approved, will be posted"]
    assert after.index("n2") < after.index("Approved, will") < after.index("n1")
    assert after.count("===") == 4
    assert review.arrange(after, views, (), "", "") == after


def section_of(desk: Paper, id_: str) -> str:
    """The title above a card."""
    return headings(desk.text[: desk.text.index(f"| id = {id_}\n")])[-1]


def test_a_card_stands_where_it_is_seen_what_it_waits_for_and_whose_maintainers_it_concerns() -> None:
    desk, id_ = proposed()
    assert section_of(desk, id_) == "To review: mediawiki"
    desk.change(ALICE, id_, accounts="mediawiki, wikitech")
    desk.run()
    assert section_of(desk, id_) == "To review: mediawiki, wikitech"
    desk.change(ALICE, id_, status="approved")
    desk.run()
    assert section_of(desk, id_) == "Approved, will be posted"
    desk.change(RITA, id_, text="Other words.")
    desk.run()
    assert section_of(desk, id_) == "To review: mediawiki, wikitech"
    begun = delivery(id_, state=IN_DOUBT)
    desk.memory = msgspec.structs.replace(desk.memory, deliveries={begun.key: begun})
    desk.run()
    assert headings(desk.text) == ["Needs a decision now"]


def test_where_there_is_one_account_no_heading_names_it() -> None:
    desk, id_ = proposed(accounts={"mediawiki": ACCOUNTS["mediawiki"]})
    assert section_of(desk, id_) == "To review"


def test_the_oldest_news_of_a_page_comes_first() -> None:
    desk = Paper()
    days = [date(2026, 11, day) for day in (20, 12, 17)]
    desk.readings[NEWS.name] = reading(*(item(f"News of {day}.", f"{day}", published=day) for day in days))
    desk.run()
    assert re.findall(r"=== News of (\S+)\. ===", desk.text) == ["2026-11-12", "2026-11-17", "2026-11-20"]


def test_talk_below_a_card_outlives_it() -> None:
    text = review.arrange("== To review ==\n", {"n1": LEFT, "n2": view("Two.")}, (), "", "")
    talk = text.replace("}}\n\n=== Two", "}}\n: I do not like it. ~ Rita\n\n=== Two")
    assert talk != text
    after = review.arrange(talk, {"n2": view("Two.")}, ["n1"], "", "")
    assert "=== A card ===\n: I do not like it. ~ Rita\n\n=== Two. ===" in after


def test_the_line_at_the_top_comes_changes_and_goes() -> None:
    text = "Hello.\n\n== To review ==\n"
    for status in ("One.", "Two.", "Two."):
        text = review.arrange(text, {}, (), status, "")
        assert raw(named(parse(text), review.STATUS_LINE)[0], "1") == status
    assert review.tell(text, "Three.") == text.replace("Two.", "Three.")
    assert review.arrange(text, {}, (), "", "").endswith("\nHello.\n\n== To review ==\n")
    assert "Two." not in review.arrange(text, {}, (), "", "")


@pytest.mark.parametrize(
    "arguments",
    [{"text": "Better words."}, {"notes": "I will ask Bob."}, {"accounts": "MediaWiki"}, {"alt": "A."}, {"link": ""}],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_people_edit_on_a_card_is_never_overwritten(arguments: dict[str, str]) -> None:
    desk, id_ = proposed("A new skin is the default on https://example.org/a now.")
    desk.change(RITA, id_, **arguments)
    desk.run()
    desk.news("A new skin is the default on https://example.org/a today.")
    desk.run()
    desk.run()
    for name, value in arguments.items():
        assert desk.argument(id_, name) == value


def test_words_nobody_touched_follow_the_source() -> None:
    desk, id_ = proposed("A new skni is the default.")
    desk.news("A new skin is the default.")
    desk.run()
    assert desk.argument(id_, "text") == "A new skin is the default."
    assert desk.ids == [id_]


def test_the_fold_keeps_only_what_belongs_to_open_candidates() -> None:
    desk = Paper()
    desk.edit(MALLORY, "".join(card(f"x{i}", "approved") for i in range(50)))
    desk.news("One.")
    desk.run()
    desk.run()
    assert list(desk.memory.known) == desk.ids
    assert len(desk.ids) == 1
    assert desk.memory.known[desk.ids[0]].source == NEWS.name
    assert isinstance(desk.memory, Memory)


# --- very much of it ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("headings", [1, 1000])
def test_headings_of_many_words_are_read_in_time(headings: int) -> None:
    """Twice as many words once took four times as long, for each language."""
    page = f"== {'a ' * (400_000 // headings)}==\n" * headings
    begun = time.process_time()
    assert review.arrange(page, {}, [], "", "x") == page
    assert time.process_time() - begun < 20


def test_of_very_much_that_strangers_wrote_little_is_remembered() -> None:
    words = "\N{FOX FACE}" + "long " * 3_000
    tracemalloc.start()
    try:
        for edit in range(8):
            review.read("\n".join(f"{{{{{review.CARD}\n| id = n{edit}x{i}\n| text = {words}\n}}}}" for i in range(100)))
        now, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert now < 150_000_000
