"""What is due, and why the rest is not."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from msgspec.structs import replace as changed

from smbot import plan, proposals
from smbot.deliveries import TRIES
from smbot.gather import Snapshot
from smbot.memory import (
    AGAIN,
    APPROVED,
    DECLINED,
    DEFERRED,
    GIVE_UP,
    GIVEN_UP,
    HANDED_OFF,
    IN_DOUBT,
    POSTED,
    POSTED_ALREADY,
    REFUSED,
    RETRACT,
    SENDING,
    WAITING,
    Approval,
    Decision,
    Delivery,
    Memory,
    Standing,
)
from smbot.model import File, Page, Posted, Problem, Text
from smbot.postlog import Done
from smbot.timing import Rhythm
from tests.builders import (
    ACCOUNTS,
    ALICE,
    BOB,
    BOT,
    CHANNEL,
    MALLORY,
    NOW,
    RITA,
    TITLES,
    approved,
    card,
    delivery,
    page,
    snapshot,
)
from tests.builders import settings as rules
from tests.builders import verdict as verdict_of

KEY = f"n1/{CHANNEL}"
QUIET = Rhythm(quiet=(time(11), time(13)))


def due(memory: Memory, queue: str, **more: object) -> list[str]:
    """The keys of the deliveries that go out now."""
    return [d.key for d in plan.due(memory, snapshot(memory, queue, **more))]


def after(*deliveries: Delivery, **more: str) -> tuple[Memory, str]:
    """An approved candidate of which these deliveries are known."""
    memory, queue = approved(**more)
    return replace(memory, deliveries={d.key: d for d in deliveries}), queue


def decided(memory: Memory, queue: str, user: str, status: str, **more: str) -> Memory:
    """What is remembered after somebody's decision."""
    known = memory.known["n1"]
    decision = Decision(status, user, 6, **more)
    standing = replace(known.standing, decision=decision)
    memory = replace(memory, known={"n1": replace(known, standing=standing)})
    return plan.settle_decisions(memory, snapshot(memory, queue))


# --- stop -----------------------------------------------------------------------------------------------------------


def test_what_is_approved_is_due_with_exactly_the_words_shown() -> None:
    memory, queue = approved(text="A new skin | for all.")
    (one,) = plan.due(memory, snapshot(memory, queue))
    assert (one.key, one.text.words, one.approver, one.revision) == (KEY, "A new skin | for all.", ALICE, 5)
    assert (one.state, one.since, one.month, one.tries) == (SENDING, NOW, "2026-11", 1)


@pytest.mark.parametrize(
    ("stop", "runs"),
    [
        (page("run"), True),
        (page("run\n"), True),
        (page(" run "), True),
        (page("Run"), False),
        (page("run now"), False),
        (page("don't run"), False),
        (page("stop"), False),
        (page(""), False),
        (page("<!-- run -->"), False),
        (page("run<!-- not -->"), False),
        (page("", text_hidden=True), False),
        (Page(TITLES.stop), False),
    ],
)
def test_posting_goes_on_only_while_the_stop_page_is_the_one_word_run(stop: Page, runs: bool) -> None:
    memory, queue = approved()
    assert due(memory, queue, stop=stop) == ([KEY] if runs else [])
    assert bool(plan.stopped(snapshot(memory, stop=stop))) is not runs


def test_with_any_problem_in_the_settings_nothing_is_posted() -> None:
    memory, queue = approved()
    assert due(memory, queue, settings=rules(problems=(Problem("Unprotected."),))) == []


def test_news_of_a_source_that_cannot_be_read_now_waits() -> None:
    memory, queue = approved()
    assert due(memory, queue, unread={"MediaWiki News": "no answer"}) == []


def test_what_is_held_back_or_has_a_problem_is_not_due() -> None:
    memory, queue = approved()
    held = replace(memory, known={"n1": replace(memory.known["n1"], held="Gone.")})
    assert due(held, queue) == []
    assert due(*approved(text_wikitech="Words for nobody.")) == []
    assert due(*approved(image="A.png", alt="A")) == []


# --- time -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("times", "is_due"),
    [
        ({"not_before": "2026-11-21 12:00"}, True),
        ({"not_before": "2026-11-21 12:01"}, False),
        ({"not_after": "2026-11-21 12:00"}, True),
        ({"not_after": "2026-11-21 11:59"}, False),
        ({"not_after": "2026-11-21"}, True),
        ({"not_before": "2026-11-22"}, False),
        ({"not_before": "2026-11-20", "not_after": "2026-11-22"}, True),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_nothing_goes_out_before_or_after_its_time(times: dict[str, str], is_due: bool) -> None:
    memory, queue = approved(**times)
    assert due(memory, queue) == ([KEY] if is_due else [])


def test_a_candidate_ends_when_the_time_its_requester_set_is_over() -> None:
    memory, queue = approved(not_after="2026-11-21 11:59")
    assert plan.settle_decisions(memory, snapshot(memory, queue)).known["n1"].end == "expired"


def test_a_time_in_the_past_written_on_its_card_ends_nothing() -> None:
    memory, _ = approved()
    queue = card("n1", "approved", not_after="2020-01-01")
    after_ = plan.settle_decisions(memory, snapshot(memory, queue))
    assert after_.known["n1"].end == ""
    assert due(after_, queue) == []


def test_a_candidate_ends_when_nobody_decided_until_it_expires() -> None:
    memory, _ = approved()
    queue = card("n1", "waiting")
    memory = replace(memory, known={"n1": replace(memory.known["n1"], expires=NOW)})
    for now, end in ((NOW, ""), (NOW + timedelta(seconds=1), "expired")):
        assert plan.settle_decisions(memory, snapshot(memory, queue, now=now)).known["n1"].end == end


def test_what_was_approved_in_time_waits_for_its_time_as_long_as_the_approval_counts() -> None:
    memory, queue = approved(not_before="2026-11-28")
    memory = replace(memory, known={"n1": replace(memory.known["n1"], expires=NOW)})
    for days, end in ((1, ""), (20, "expired")):
        seen = snapshot(memory, queue, now=NOW + timedelta(days=days))
        assert plan.settle_decisions(memory, seen).known["n1"].end == end


OUT = Posted("https://m.example/1", "1")
HALF = Text("One.", rest=("Two.",))


@pytest.mark.parametrize("how", ["declined", "expired"])
def test_a_thread_that_ends_half_way_keeps_its_card_and_can_be_retracted(how: str) -> None:
    memory, _ = after(delivery(text=HALF, posts=(OUT,), state=DEFERRED, until=NOW + timedelta(hours=1)))
    queue = card("n1", "waiting", "One.")
    memory = replace(memory, known={"n1": replace(memory.known["n1"], expires=NOW - timedelta(seconds=1))})
    ended = decided(memory, queue, ALICE, DECLINED) if how == "declined" else None
    ended = ended or plan.settle_decisions(memory, snapshot(memory, queue))
    assert ended.known["n1"].end == POSTED
    assert ended.known["n1"].proposal
    assert ended.deliveries[KEY].state == GIVEN_UP
    assert "1 of 2 posts are out" in ended.deliveries[KEY].reason
    found = decided(ended, queue, ALICE, RETRACT).deliveries[KEY]
    assert (found.task, found.state) == (RETRACT, DEFERRED)


def test_a_card_cannot_end_a_thread_before_what_is_out_of_it() -> None:
    memory, queue = after(delivery(text=HALF, posts=(OUT,), state=DEFERRED, until=NOW), text="One.")
    (found,) = proposals.proposals(memory, snapshot(memory, queue))
    assert [problem.message for problem in found.problems] == [
        "Of the thread on mediawiki/mastodon more posts are out already than the card has now."
    ]
    assert due(memory, queue) == []


# --- ceilings -------------------------------------------------------------------------------------------------------


def test_the_oldest_approval_goes_first() -> None:
    memory, _ = approved("n1")
    other, _ = approved("n2")
    (approval,) = other.known["n2"].standing.approvals
    older = replace(approval, time=approval.time - timedelta(hours=1))
    standing = replace(other.known["n2"].standing, approvals=(older,))
    memory = replace(memory, known=memory.known | {"n2": replace(other.known["n2"], standing=standing)})
    assert due(memory, card("n1", "approved") + card("n2", "approved")) == [f"n2/{CHANNEL}", KEY]


# --- what was tried -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [SENDING, POSTED, REFUSED, IN_DOUBT, GIVEN_UP])
def test_what_was_begun_is_never_due_again(state: str) -> None:
    memory, queue = after(delivery(state=state, since=NOW - timedelta(days=3)))
    assert due(memory, queue) == []


@pytest.mark.parametrize(("minutes", "is_due"), [(-1, True), (0, True), (1, False)])
def test_what_was_deferred_is_tried_again_in_its_time_as_the_same_delivery(minutes: int, is_due: bool) -> None:
    one = delivery(state=DEFERRED, until=NOW + timedelta(minutes=minutes), tries=3, month="2026-10", logged=DEFERRED)
    memory, queue = after(one)
    found = plan.due(memory, snapshot(memory, queue))
    assert [(d.key, d.tries, d.month, d.logged) for d in found] == [(KEY, 4, "2026-10", DEFERRED)] * is_due


# --- what maintainers resolve ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("stuck", [IN_DOUBT, REFUSED])
@pytest.mark.parametrize(
    ("status", "user", "state"),
    [
        (AGAIN, ALICE, DEFERRED),
        (POSTED_ALREADY, ALICE, POSTED),
        (GIVE_UP, ALICE, GIVEN_UP),
        (DECLINED, ALICE, GIVEN_UP),
        (AGAIN, MALLORY, ""),
        (POSTED_ALREADY, BOB, ""),
        (GIVE_UP, "", ""),
    ],
)
def test_only_a_maintainer_resolves_what_is_stuck(stuck: str, status: str, user: str, state: str) -> None:
    memory, queue = after(delivery(state=stuck, reason="x", tries=TRIES))
    found = decided(memory, queue, user, status, url="https://m.example/2").deliveries[KEY]
    assert found.state == (state or stuck)
    if state:
        assert found.reason == "Alice said so in revision 6"


def test_again_sends_again_on_the_old_approval() -> None:
    memory, _ = after(delivery(state=IN_DOUBT))
    queue = card("n1", "again")
    found = decided(memory, queue, ALICE, AGAIN)
    assert due(found, queue) == [KEY]


def test_a_thread_whose_middle_only_a_person_has_seen_ends_there_and_says_so() -> None:
    text = Text("One.", rest=("Two.", "Three."))
    memory, queue = after(delivery(state=IN_DOUBT, text=text, posts=(Posted("https://m.example/1", "1"),)))
    found = decided(memory, queue, ALICE, POSTED_ALREADY, url="https://m.example/2").deliveries[KEY]
    assert [post.url for post in found.posts] == ["https://m.example/1", "https://m.example/2"]
    assert found.reason == "Alice said so in revision 6; the last 1 of the thread were left out"


def test_a_word_to_retract_is_kept_until_it_is_clear_what_is_out() -> None:
    memory, queue = after(delivery(state=SENDING))
    waiting = decided(memory, queue, ALICE, RETRACT)
    assert waiting.deliveries[KEY].state == SENDING
    assert waiting.known["n1"].standing.decision
    clear = replace(waiting, deliveries={KEY: delivery(state=POSTED, posts=(Posted("https://m.example/1", "1"),))})
    found = plan.settle_decisions(clear, snapshot(clear, queue))
    assert (found.deliveries[KEY].task, found.deliveries[KEY].state) == (RETRACT, DEFERRED)
    assert found.known["n1"].standing.decision is None


@pytest.mark.parametrize(("word", "posts"), [(POSTED_ALREADY, ()), (POSTED_ALREADY, (OUT,)), (GIVE_UP, (OUT,))])
def test_what_was_to_be_retracted_while_it_was_in_doubt_is_retracted_once_it_is_clear(
    word: str, posts: tuple[Posted, ...]
) -> None:
    memory, queue = after(delivery(state=IN_DOUBT, text=HALF, posts=posts))
    doubted = decided(memory, queue, ALICE, RETRACT)
    assert doubted.deliveries[KEY].state == IN_DOUBT
    found = decided(doubted, queue, ALICE, word).deliveries[KEY]
    assert (found.task, found.state) == (RETRACT, DEFERRED)


@pytest.mark.parametrize("state", [IN_DOUBT, REFUSED])
def test_of_an_account_that_is_gone_any_maintainer_says_what_became_of_its_posts(state: str) -> None:
    gone = delivery(channel="gone/mastodon", state=state)
    memory, queue = after(gone)
    assert decided(memory, queue, MALLORY, GIVE_UP).deliveries[gone.key].state == state
    assert decided(memory, queue, ALICE, GIVE_UP).deliveries[gone.key].state == GIVEN_UP


def test_what_was_done_by_hand_and_is_to_be_retracted_is_retracted() -> None:
    memory, queue = after(delivery(state=HANDED_OFF))
    known = memory.known["n1"]
    standing = replace(known.standing, decision=Decision(RETRACT, ALICE, 6))
    memory = replace(memory, known={"n1": replace(known, standing=standing)})
    seen = snapshot(memory, queue, done_by_hand={KEY: Done(ALICE, 7, "https://m.example/1")})
    found = plan.settle_decisions(memory, seen).deliveries[KEY]
    assert (found.task, found.state, found.url) == (RETRACT, DEFERRED, "https://m.example/1")


@pytest.mark.parametrize(
    "why_not",
    [
        {"stop": page("stop")},
        {"unread": {"MediaWiki News": "no answer"}},
        {"settings": rules(accounts=ACCOUNTS | {"mediawiki": changed(ACCOUNTS["mediawiki"], rhythm=QUIET)})},
    ],
)
def test_a_doubt_may_be_sent_again_only_where_it_might_go_out_anew(why_not: dict[str, object]) -> None:
    memory, queue = after(delivery(text=Text("A new skin."), since=NOW - timedelta(hours=1)))
    assert [d.key for d in plan.again(memory, snapshot(memory, queue))] == [KEY]
    assert plan.again(memory, snapshot(memory, queue, **why_not)) == []
    dropped = replace(memory, known={"n1": replace(memory.known["n1"], dropped={"mediawiki": "declined by Bob"})})
    assert plan.again(dropped, snapshot(dropped, queue)) == []


@pytest.mark.parametrize("url", ["javascript:alert(1)", "nowhere", "https://a.example/ }}"])
def test_a_link_to_a_post_that_is_no_address_is_left_out(url: str) -> None:
    memory, queue = after(delivery(state=IN_DOUBT))
    assert decided(memory, queue, ALICE, POSTED_ALREADY, url=url).deliveries[KEY].url == ""


def test_a_decision_changes_nothing_that_is_on_its_way_or_out() -> None:
    for state in (SENDING, POSTED, DEFERRED):
        memory, queue = after(delivery(state=state), delivery("n1", "wikitech/mastodon", state=IN_DOUBT))
        for status in (AGAIN, GIVE_UP, POSTED_ALREADY):
            assert decided(memory, queue, ALICE, status).deliveries[KEY].state == state


@pytest.mark.parametrize(
    ("states", "end"),
    [
        ((POSTED,), "posted"),
        ((GIVEN_UP,), "given up"),
        ((SENDING,), ""),
        ((IN_DOUBT,), ""),
        ((REFUSED,), ""),
        ((DEFERRED,), ""),
        ((), ""),
    ],
)
def test_a_candidate_ends_when_every_channel_is_at_its_end(states: tuple[str, ...], end: str) -> None:
    memory, queue = after(*(delivery(state=state) for state in states))
    assert plan.settle_decisions(memory, snapshot(memory, queue)).known["n1"].end == end


def test_nothing_ends_while_one_of_two_accounts_waits() -> None:
    memory, queue = after(delivery(state=POSTED), accounts="mediawiki, wikitech")
    assert plan.settle_decisions(memory, snapshot(memory, queue)).known["n1"].end == ""
    declined = decided(memory, queue, BOB, DECLINED, reason="No.")
    assert declined.known["n1"].end == "posted"


# --- why not --------------------------------------------------------------------------------------------------------


def flawed(**more: object) -> tuple[Memory, str]:
    """An approval with something wrong about it."""
    memory, queue = approved()
    known = memory.known["n1"]
    (approval,) = known.standing.approvals
    parts = {k: more.pop(k) for k in list(more) if k in Approval.__struct_fields__}
    standing = replace(known.standing, approvals=(replace(approval, **parts),))
    standing = replace(standing, **{k: more.pop(k) for k in list(more) if k in Standing.__struct_fields__})
    return replace(memory, known={"n1": replace(known, standing=standing, **more)}), queue


@pytest.mark.parametrize(
    ("flaw", "seen", "why"),
    [
        ({"user": ""}, {}, "cannot be established who approved"),
        ({"user": MALLORY}, {}, "not among the maintainers of mediawiki"),
        ({"user": BOB}, {}, "not among the maintainers of mediawiki"),
        ({"requesters": (RITA, ALICE)}, {}, "asked for this post"),
        ({"requesters": ("",)}, {}, "cannot be established who asked"),
        ({"editors": (ALICE,)}, {"settings": rules(four_eyes=True)}, "changed the words"),
        ({"disturbed_by": (MALLORY,)}, {}, "[[User:Mallory|Mallory]] changed this card just before"),
        ({"disturbed_by": ("",)}, {}, "This card, or the settings it follows, changed just before"),
        ({"time": NOW - timedelta(days=15)}, {}, "more than 14 days old"),
        ({"void": "[[User:Alice|Alice]] is blocked on this wiki."}, {}, "blocked"),
        ({"digest": "another"}, {}, "changed after [[User:Alice|Alice]] approved it"),
        ({"requesters": (ALICE,)}, {"settings": rules(own_requests=True)}, None),
        ({"requesters": (RITA,)}, {}, None),
        ({"editors": (ALICE,)}, {}, None),
        ({"editors": (BOB,)}, {"settings": rules(four_eyes=True)}, None),
        ({"time": NOW - timedelta(days=14)}, {}, None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_approval_that_does_not_count_says_why_in_a_sentence(
    flaw: dict[str, object], seen: dict[str, object], why: str | None
) -> None:
    memory, queue = flawed(**flaw)
    found = verdict_of(memory, snapshot(memory, queue, **seen))
    assert (found.approval is None) == (why is not None) == bool(found.why)
    if why:
        assert why in found.why
        assert found.why.endswith(".")
        assert due(memory, queue, **seen) == []


def test_plain_waiting_needs_no_reason() -> None:
    memory, _ = approved()
    waiting = replace(memory, known={"n1": replace(memory.known["n1"], standing=Standing())})
    assert verdict_of(waiting, snapshot(waiting, card("n1"))) == proposals.Verdict()
    assert verdict_of(waiting, snapshot(waiting, "")) == proposals.Verdict()


def test_a_queue_too_tangled_to_read_stops_everything_and_is_told() -> None:
    seen = snapshot(Memory())
    (problem,) = plan.stopped(changed(seen, queue=changed(seen.queue, text="{{a|" * 20_000)))
    assert "cannot be read" in problem.message
    assert problem.remedy


def test_an_image_replaced_after_the_approval_voids_it() -> None:
    memory, queue = approved(image="A.png", alt="An A.")
    for hours, is_due in ((-2, True), (0, False)):
        file = File("A.png", "https://wiki.test/A.png", "image/png", 9, NOW + timedelta(hours=hours))
        assert due(memory, queue, files={"A.png": file}) == ([KEY] if is_due else [])


@pytest.mark.parametrize(("mime", "size"), [("image/svg+xml", 9), ("image/png", 10**9)])
def test_an_image_the_network_does_not_take_is_told(mime: str, size: int) -> None:
    memory, queue = approved(image="A.png", alt="An A.")
    file = File("A.png", "https://wiki.test/A.png", mime, size, NOW - timedelta(days=1))
    (one,) = proposals.proposals(memory, snapshot(memory, queue, files={"A.png": file}))
    assert len(one.problems) >= 1
    assert due(memory, queue, files={"A.png": file}) == []


def test_who_is_blocked_or_hidden_approved_nothing_and_never_will_have() -> None:
    memory, queue = approved()
    for found in (plan.void(memory, frozenset({ALICE}), frozenset()), plan.void(memory, frozenset(), frozenset({5}))):
        assert due(found, queue) == []
        assert due(plan.void(found, frozenset(), frozenset()), queue) == []
    assert plan.void(memory, frozenset({BOB}), frozenset({4})) == memory


# --- status ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "is_approved", "state", "wanted"),
    [
        ("waiting", False, "", ""),
        ("waiting", True, "", APPROVED),
        ("approved", True, "", ""),
        ("approved", False, "", WAITING),
        ("declined", False, "", WAITING),
        ("again", False, "", WAITING),
        ("posted", False, "", WAITING),
        ("give up", False, "", WAITING),
        ("in doubt", False, "", WAITING),
        ("refused", False, "", WAITING),
        ("perhaps", False, "", ""),
        ("approved", True, IN_DOUBT, IN_DOUBT),
        ("in doubt", True, IN_DOUBT, ""),
        ("approved", True, REFUSED, REFUSED),
        ("refused", False, REFUSED, ""),
        ("approved", True, DEFERRED, ""),
        ("approved", True, SENDING, ""),
    ],
)
def test_the_status_smbot_sets(status: str, is_approved: bool, state: str, wanted: str) -> None:
    memory, _ = after(*([delivery(state=state)] if state else []))
    known = memory.known["n1"]
    standing = replace(known.standing, by_bot=status != "approved") if is_approved else Standing(status=status)
    memory = replace(memory, known={"n1": replace(known, standing=standing)})
    seen = snapshot(memory, card("n1", status))
    (one,) = proposals.proposals(memory, seen)
    assert plan.needs_status(one, memory, seen) == wanted


def test_a_card_that_is_not_there_yet_waits() -> None:
    memory, _ = approved()
    (one,) = proposals.proposals(memory, snapshot(memory))
    assert plan.needs_status(one, memory, snapshot(memory)) == WAITING


# --- what is worth a save -------------------------------------------------------------------------------------------


def seen_after(*users: str, memory: Memory | None = None) -> Snapshot:
    return snapshot(memory, queue_history=tuple(page("", i, user) for i, user in enumerate(users, 2)))


@pytest.mark.parametrize(
    ("users", "is_news"),
    [((), False), ((BOT,), False), ((ALICE,), True), ((MALLORY,), True), ((BOT, BOT), True), ((BOT, ALICE), True)],
)
def test_the_bots_own_last_edit_is_not_worth_a_save(users: tuple[str, ...], is_news: bool) -> None:
    seen = seen_after(*users)
    after_ = replace(seen.memory, queue=seen.queue_history[-1].revision) if users else seen.memory
    assert plan.Plan(seen, after_).is_news is is_news


def test_but_all_else_is() -> None:
    seen = seen_after(BOT)
    memory, queue = approved()
    assert plan.Plan(seen, memory).is_news
    assert plan.Plan(seen, replace(seen.memory, alarms={"a": "b"})).is_news
    assert plan.plan(memory, snapshot(memory, queue), send=True).due
    assert not plan.plan(memory, snapshot(memory, queue), send=False).due


# --- forgetting -----------------------------------------------------------------------------------------------------

STATES = (SENDING, POSTED, REFUSED, DEFERRED, IN_DOUBT, GIVEN_UP)


@given(
    st.sampled_from(STATES), st.sampled_from(STATES), st.integers(0, 3000), st.sampled_from(["", "posted", "expired"])
)
@settings(max_examples=100, deadline=None)
def test_only_what_is_finished_logged_and_old_is_forgotten_and_what_was_posted_never(
    state: str, logged: str, days: int, end: str
) -> None:
    memory, _ = approved()
    since = NOW - timedelta(days=days)
    known = {"n1": replace(memory.known["n1"], end=end, since=since.date())}
    memory = Memory(known=known, deliveries={KEY: delivery(state=state, logged=logged, since=since)})
    kept = plan.prune(memory, NOW)
    if state not in (POSTED, GIVEN_UP) or logged != state or not end:
        assert kept.deliveries == memory.deliveries
    if end != "expired" or days < 400:
        assert kept.known["n1"].print == known["n1"].print
    assert plan.prune(kept, NOW) == kept


def test_a_time_of_another_zone_counts_as_what_it_is() -> None:
    zone = datetime.fromisoformat("2026-11-21T14:00:00+02:00")
    assert zone == NOW
    memory, queue = approved(not_before="2026-11-21 12:00")
    assert due(memory, queue, now=zone) == [KEY]
    assert due(memory, queue, now=datetime(2026, 11, 21, 11, 59, tzinfo=UTC)) == []
