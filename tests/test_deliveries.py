"""The life of a delivery on paper: when it may go out, what becomes of it, what it costs, when a channel rests."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from msgspec.structs import replace as changed

from smbot import deliveries, plan
from smbot.deliveries import (
    FAILURES,
    HAND_FOR,
    LEASE,
    LONGEST_REST,
    REST,
    TRIES,
    begin,
    by_hand,
    dollars,
    forget,
    is_begun,
    is_out_of_hand,
    record,
    retract,
    waits,
    wonder,
)
from smbot.memory import (
    CORRECT,
    DEFERRED,
    GIVEN_UP,
    HANDED_OFF,
    IN_DOUBT,
    POST,
    POSTED,
    REFUSED,
    RETRACT,
    RETRACTED,
    SENDING,
    Delivery,
    Memory,
    Trouble,
)
from smbot.model import Deferred, HandedOff, InDoubt, Outcome, Posted, Refused, Retracted, Text
from smbot.timing import Rhythm, Slot, read_slots
from tests.builders import ACCOUNTS, CHANNEL, NOW, approved, delivery, snapshot
from tests.builders import settings as rules

KEY = f"n1/{CHANNEL}"
OUT = Posted("https://m.example/1", "1")


def due(memory: Memory, queue: str, **more: object) -> list[str]:
    """The keys of the deliveries that go out now."""
    return [d.key for d in plan.due(memory, snapshot(memory, queue, **more))]


def after(*known: Delivery) -> tuple[Memory, str]:
    """An approved candidate of which these deliveries are known."""
    memory, queue = approved()
    return replace(memory, deliveries={d.key: d for d in known}), queue


def remembering(*known: Delivery, **more: object) -> Memory:
    return Memory(deliveries={d.key: d for d in known}, **more)  # type: ignore[arg-type]


def why_not(memory: Memory, id_: str = "n1", mills: int = 0, now: datetime = NOW, **account: object) -> str:
    """Why a delivery of an account that is like this waits."""
    accounts = ACCOUNTS | {"mediawiki": changed(ACCOUNTS["mediawiki"], **account)}  # type: ignore[arg-type]
    wait = waits(id_, CHANNEL, mills, memory, snapshot(memory, now=now, settings=rules(accounts=accounts)))
    return wait.why if wait else ""


# --- being sent, and what becomes of it -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "in_doubt"), [(timedelta(0), False), (LEASE, False), (LEASE + timedelta(seconds=1), True)]
)
def test_what_is_being_sent_belongs_to_its_process_until_the_lease_is_over(age: timedelta, in_doubt: bool) -> None:
    memory, queue = after(delivery(since=NOW - age))
    assert [d.key for d in deliveries.doubts(memory, NOW)] == [KEY] * in_doubt
    assert due(memory, queue) == []


@pytest.mark.parametrize(
    ("outcome", "tries", "state", "reason"),
    [
        (Posted("https://m.example/1", "1"), 1, POSTED, ""),
        (Refused("No."), 1, REFUSED, "No."),
        (InDoubt("Who knows."), 1, IN_DOUBT, "Who knows."),
        (Deferred("Later.", NOW), TRIES - 1, DEFERRED, "Later."),
        (Deferred("Later.", NOW), TRIES, REFUSED, f"Tried {TRIES} times. Later."),
    ],
)
def test_an_outcome_is_written_down(outcome: Outcome, tries: int, state: str, reason: str) -> None:
    one = delivery(tries=tries)
    begun = begin(Memory(), one, "run-1")
    assert (begun.deliveries[KEY].state, begun.deliveries[KEY].run) == (SENDING, "run-1")
    found = record(begun, one, outcome, NOW).deliveries[KEY]
    assert (found.state, found.reason) == (state, reason)


def test_what_never_went_out_is_as_if_it_had_not_been_begun() -> None:
    memory, queue = after()
    one = plan.due(memory, snapshot(memory, queue))[0]
    begun = begin(memory, one, "run-1")
    assert due(begun, queue) == []
    assert due(forget(begun, one, None), queue) == [KEY]


def test_what_has_a_row_on_the_log_keeps_it_when_it_never_went_out() -> None:
    before = delivery(state=DEFERRED, until=NOW, tries=2, logged=DEFERRED)
    memory, queue = after(before)
    one = plan.due(memory, snapshot(memory, queue))[0]
    found = forget(begin(memory, one, "run-1"), one, before)
    assert (found.deliveries[KEY].state, found.deliveries[KEY].tries) == (DEFERRED, 2)
    assert [d.logged for d in plan.due(found, snapshot(found, queue))] == [DEFERRED]


@pytest.mark.parametrize(
    ("posts_per_day", "ceiling", "posted", "left"),
    [(3, 10, 0, 3), (3, 10, 1, 2), (3, 10, 3, 0), (1000, 10, 4, 5), (1000, 2, 0, 2), (3, 0, 0, 0)],
)
@pytest.mark.parametrize("state", [POSTED, SENDING, IN_DOUBT])
def test_an_account_posts_no_more_a_day_than_the_settings_and_the_operator_allow(
    posts_per_day: int, ceiling: int, posted: int, left: int, state: str
) -> None:
    names = [f"n{i}" for i in range(5)]
    pairs = [approved(name) for name in names]
    today = {f"x{i}/{CHANNEL}": delivery(f"x{i}", state=state) for i in range(posted)}
    yesterday = {f"y/{CHANNEL}": delivery("y", state=state, since=NOW - timedelta(hours=13))}
    memory = Memory(known={k: v for m, _ in pairs for k, v in m.known.items()}, deliveries=today | yesterday)
    accounts = ACCOUNTS | {"mediawiki": changed(ACCOUNTS["mediawiki"], posts_per_day=posts_per_day)}
    found = due(memory, "".join(q for _, q in pairs), settings=rules(accounts=accounts), ceiling=ceiling)
    assert len(found) == left


def test_a_process_only_settles_what_stands_as_it_began_it() -> None:
    one = delivery(run="run-1")
    memory = begin(Memory(), one, "run-1")
    assert is_begun(memory, memory.deliveries[KEY])
    for other in (replace(one, run="run-2"), replace(one, since=NOW - LEASE), replace(one, state=POSTED)):
        assert not is_begun(remembering(other), memory.deliveries[KEY])
    assert not is_begun(Memory(), one)


def test_what_nobody_can_say_yet_is_asked_about_again() -> None:
    begun = begin(Memory(), delivery(), "run-1")
    found = wonder(begun, begun.deliveries[KEY], "No answer.", NOW)
    assert (found.deliveries[KEY].state, found.deliveries[KEY].reason) == (SENDING, "No answer.")
    assert deliveries.doubts(found, NOW + LEASE + timedelta(seconds=1)) == [found.deliveries[KEY]]


def test_an_outcome_nobody_has_thought_of_is_a_defect_and_not_a_post() -> None:
    with pytest.raises(TypeError):
        record(Memory(), delivery(), Retracted(), NOW)
    with pytest.raises(TypeError):
        record(Memory(), delivery(task=RETRACT), InDoubt("?"), NOW)


# --- threads --------------------------------------------------------------------------------------------------------

THREAD = Text("One.", rest=("Two.", "Three."))


def test_a_thread_is_posted_when_all_of_its_parts_are() -> None:
    one = delivery(text=THREAD)
    memory = begin(Memory(), one, "run-1")
    for number in (1, 2, 3):
        memory = record(memory, memory.deliveries[KEY], Posted(f"https://m.example/{number}", str(number)), NOW)
        found = memory.deliveries[KEY]
        assert [post.id for post in found.posts] == ["1", "2", "3"][:number]
        assert found.state == (POSTED if number == 3 else DEFERRED)
        assert found.url == "https://m.example/1"
    assert found.reason == ""


def test_the_rest_of_a_thread_is_due_at_once_and_has_all_its_tries() -> None:
    memory, queue = after()
    (one,) = plan.due(memory, snapshot(memory, queue))
    one = replace(one, text=Text(one.text.words, rest=("Two.",)), tries=TRIES)
    found = record(begin(memory, one, "run-1"), one, OUT, NOW).deliveries[KEY]
    assert (found.state, found.until, found.tries) == (DEFERRED, NOW, 0)
    assert found.reason == "1 of the 2 posts of the thread are out"


def test_what_is_forgotten_of_a_thread_is_only_the_part_that_never_went_out() -> None:
    before = delivery(text=THREAD, posts=(OUT,), tries=1, state=DEFERRED)
    assert forget(begin(Memory(), before, "run-1"), before, before).deliveries == {KEY: before}


def test_half_a_thread_counts_for_the_ceiling_and_the_gap() -> None:
    half = {f"x{i}": delivery(f"x{i}", text=THREAD, posts=(OUT,), state=DEFERRED) for i in range(3)}
    memory, queue = after(*half.values())
    assert due(memory, queue) == []


def test_a_doubt_that_was_not_sent_again_after_all_is_the_same_doubt() -> None:
    doubt = delivery(since=NOW - LEASE * 2, planned=NOW - LEASE * 2, run="run-0", tries=2, parcel={"words": "Words."})
    begun = begin(Memory(), replace(doubt, since=NOW, mills=0, tries=3), "run-1")
    assert forget(begun, begun.deliveries[KEY], doubt).deliveries == {KEY: doubt}


# --- rests ----------------------------------------------------------------------------------------------------------

FAILED = (Deferred("Slow.", NOW), InDoubt("Lost."))


def failing(times: int, outcome: Outcome = FAILED[0]) -> Memory:
    memory = Memory()
    for number in range(times):
        one = delivery(f"x{number}")
        memory = record(begin(memory, one, "run-1"), one, outcome, NOW)
    return memory


@pytest.mark.parametrize("outcome", FAILED, ids=["deferred", "in doubt"])
@pytest.mark.parametrize(
    ("failures", "rest"),
    [(1, None), (FAILURES - 1, None), (FAILURES, REST), (FAILURES + 1, REST * 2), (50, LONGEST_REST)],
)
def test_a_channel_rests_the_longer_the_more_often_it_failed_in_a_row(
    failures: int, rest: timedelta | None, outcome: Outcome
) -> None:
    trouble = failing(failures, outcome).troubles[CHANNEL]
    assert trouble == Trouble(failures, outcome.reason, NOW + rest if rest else None)  # type: ignore[union-attr]


def test_it_rests_at_least_as_long_as_its_network_asks() -> None:
    asked = NOW + timedelta(hours=9)
    assert failing(FAILURES, Deferred("Come back later.", asked)).troubles[CHANNEL].until == asked


@pytest.mark.parametrize("outcome", [OUT, Refused("Too long."), HandedOff("https://a.example", "Do it.")])
def test_a_network_that_answers_is_in_no_trouble(outcome: Outcome) -> None:
    one = delivery()
    assert record(failing(50), one, outcome, NOW).troubles == {}


def test_the_trouble_of_one_channel_is_not_that_of_another() -> None:
    one = delivery(channel="wikitech/mastodon")
    assert record(failing(FAILURES), one, OUT, NOW).troubles.keys() == {CHANNEL}
    assert why_not(failing(FAILURES)) == "mediawiki on mastodon rests until 2026-11-21 12:15 UTC."
    seen = snapshot(failing(FAILURES))
    assert waits("n1", "wikitech/mastodon", 0, seen.memory, seen) is None


def test_a_channel_that_has_rested_is_tried_with_one_delivery_first() -> None:
    later = NOW + REST
    memory = failing(FAILURES)
    assert why_not(memory, now=later) == ""
    tried = begin(memory, delivery("n2", since=later), "run-1")
    assert why_not(tried, now=later) == "mediawiki on mastodon is being tried with another post first."
    assert why_not(tried, "n2", now=later) == ""
    well = record(tried, tried.deliveries[f"n2/{CHANNEL}"], OUT, later)
    assert why_not(well, now=later) == ""


# --- money ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spent", "mills", "budget", "is_enough"),
    [
        (0, 0, 0, True),
        (0, 15, 0, False),
        (0, 15, 15, True),
        (1, 15, 15, False),
        (5000, 0, 0, True),
        (4985, 15, 5000, True),
    ],
)
def test_nothing_goes_out_that_the_budget_of_the_month_does_not_cover(
    spent: int, mills: int, budget: int, is_enough: bool
) -> None:
    memory = Memory(spent={"mediawiki 2026-11": spent, "mediawiki 2026-10": 10**6, "wikitech 2026-11": 10**6})
    assert (why_not(memory, mills=mills, budget=budget) == "") is is_enough


@pytest.mark.parametrize(("mills", "shown"), [(0, "$0.00"), (15, "$0.015"), (200, "$0.20"), (5000, "$5.00")])
def test_sums_are_written_as_people_write_them(mills: int, shown: str) -> None:
    assert dollars(mills) == shown


@pytest.mark.parametrize(
    ("outcome", "left"),
    [(OUT, 15), (InDoubt("?"), 15), (Refused("No."), 0), (Deferred("Later.", NOW), 0), (HandedOff("", ""), 0)],
)
def test_what_did_not_go_out_is_given_back(outcome: Outcome, left: int) -> None:
    one = delivery(mills=15)
    begun = begin(Memory(), one, "run-1")
    assert begun.spent == {"mediawiki 2026-11": 15}
    assert record(begun, one, outcome, NOW).spent == {"mediawiki 2026-11": left}
    assert forget(begun, one, None).spent == {"mediawiki 2026-11": 0}


def test_a_new_month_begins_with_nothing_and_old_ones_are_forgotten() -> None:
    memory = begin(Memory(spent={"mediawiki 2026-09": 7, "wikitech 2026-10": 8}), delivery(mills=15), "run-1")
    assert memory.spent == {"wikitech 2026-10": 8, "mediawiki 2026-11": 15}
    december = begin(memory, delivery("n2", mills=1, since=datetime(2026, 12, 1, tzinfo=UTC)), "run-1")
    assert december.spent["mediawiki 2026-12"] == 1


# --- rhythm ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("minutes", "said"), [(29, "goes out at 2026-11-21 12:01 UTC, or soon after."), (30, "")])
def test_the_posts_of_an_account_keep_their_distance(minutes: int, said: str) -> None:
    last = delivery("n2", "mediawiki/other", state=POSTED, since=NOW - timedelta(minutes=minutes))
    assert why_not(remembering(last), rhythm=Rhythm(gap=timedelta(minutes=30))) == said


def test_what_is_out_on_one_network_follows_on_the_others_without_a_gap_but_not_at_night() -> None:
    first = delivery("n1", "mediawiki/other", state=POSTED, since=NOW)
    memory = remembering(first)
    rhythm = Rhythm(gap=timedelta(minutes=30), slots=read_slots("18:00"))
    assert why_not(memory, rhythm=rhythm, posts_per_day=1) == ""
    assert why_not(memory, "n2", rhythm=rhythm) == "goes out at 2026-11-21 18:00 UTC, or soon after."
    quiet = Rhythm(quiet=(time(11), time(13)))
    assert why_not(memory, rhythm=quiet) == "goes out at 2026-11-21 13:00 UTC, or soon after."


@pytest.mark.parametrize(
    ("now", "since", "is_full"),
    [
        (datetime(2026, 11, 21, 18, 29, tzinfo=UTC), datetime(2026, 11, 20, 18, 31, tzinfo=UTC), True),
        (datetime(2026, 11, 21, 18, 30, tzinfo=UTC), datetime(2026, 11, 20, 18, 31, tzinfo=UTC), False),
        (datetime(2026, 11, 21, 18, 29, tzinfo=UTC), datetime(2026, 11, 20, 18, 29, tzinfo=UTC), False),
    ],
)
def test_a_day_is_one_of_the_accounts_time_zone(now: datetime, since: datetime, is_full: bool) -> None:
    memory = remembering(delivery("n2", state=POSTED, since=since))  # in India a day begins at 18:30 UTC
    said = why_not(memory, now=now, posts_per_day=1, rhythm=Rhythm("Asia/Kolkata"))
    enough = "mediawiki has posted enough for today, so it goes out at 2026-11-21 18:30 UTC, or soon after."
    assert (said == enough) is is_full


@pytest.mark.parametrize(
    ("day", "at"),
    [
        (datetime(2027, 3, 27, 12, tzinfo=UTC), "2027-03-28 07:00"),  # the clock is put forward that night
        (datetime(2026, 10, 24, 12, tzinfo=UTC), "2026-10-25 08:00"),  # and back
    ],
)
def test_a_slot_is_at_its_time_of_day_before_and_after_the_clock_is_put_forward_or_back(day: datetime, at: str) -> None:
    rhythm = Rhythm("Europe/Berlin", slots=read_slots("09:00"))
    assert why_not(Memory(), now=day, rhythm=rhythm) == f"goes out at {at} UTC, or soon after."


@given(st.lists(st.integers(0, 4000), max_size=40), st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_however_long_nothing_ran_an_account_never_posts_two_at_once(minutes: list[int], slots: int) -> None:
    """Whatever the times at which smbot runs, posts keep their gap, their slots and their ceiling."""
    rhythm = Rhythm("Asia/Kolkata", read_slots(", ".join(("08:00", "13:30", "20:00")[:slots])), gap=timedelta(hours=1))
    memory, now, sent = Memory(), NOW, []
    for number, wait in enumerate(minutes):
        now += timedelta(minutes=wait)
        if not why_not(memory, f"n{number}", now=now, rhythm=rhythm, posts_per_day=2):
            one = delivery(f"n{number}", since=now)
            memory = record(begin(memory, one, "run-1"), one, OUT, now)
            sent.append(now)
    assert all(later - earlier >= rhythm.gap for earlier, later in pairwise(sent))
    days = [(at + timedelta(hours=5, minutes=30)).date() for at in sent]
    assert all(days.count(day) <= 2 for day in days)
    if slots:
        assert all(days.count(day) <= slots for day in days)


# --- taken back, corrected, done by hand ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "posts", "task", "becomes"),
    [
        (POSTED, (OUT,), RETRACT, DEFERRED),
        (DEFERRED, (OUT,), RETRACT, DEFERRED),
        (REFUSED, (OUT,), RETRACT, DEFERRED),
        (GIVEN_UP, (OUT,), RETRACT, DEFERRED),
        (DEFERRED, (), POST, GIVEN_UP),
        (REFUSED, (), POST, GIVEN_UP),
        (HANDED_OFF, (), POST, GIVEN_UP),
        (GIVEN_UP, (), POST, GIVEN_UP),
        (SENDING, (), POST, SENDING),
        (SENDING, (OUT,), POST, SENDING),
        (IN_DOUBT, (OUT,), POST, IN_DOUBT),
    ],
)
def test_what_is_out_is_to_be_deleted_and_what_is_not_never_goes_out(
    state: str, posts: tuple[Posted, ...], task: str, becomes: str
) -> None:
    found = retract(delivery(state=state, posts=posts), "Alice said so in revision 6", NOW)
    assert (found.task, found.state) == (task, becomes)
    assert bool(found.until) is (task == RETRACT)


def test_what_was_taken_back_stays_so() -> None:
    done = delivery(task=RETRACT, state=RETRACTED, posts=(OUT,))
    assert retract(done, "Alice said so in revision 6", NOW) == done


@pytest.mark.parametrize(
    ("outcome", "tries", "state", "why"),
    [
        (Retracted(), 0, RETRACTED, "Alice said so"),
        (Deferred("Slow.", NOW), 0, DEFERRED, "Slow."),
        (Deferred("Slow.", NOW), TRIES, HANDED_OFF, "Delete it there by hand. Slow."),
        (Refused("Too old."), 0, HANDED_OFF, "Delete it there by hand. Too old."),
    ],
)
def test_what_a_network_does_not_delete_a_person_has_to(outcome: Outcome, tries: int, state: str, why: str) -> None:
    task = delivery(task=RETRACT, state=DEFERRED, posts=(OUT,), until=NOW, tries=tries, said="Alice said so", mills=15)
    after_ = record(remembering(task, spent={"mediawiki 2026-11": 15}), task, outcome, NOW)
    found = after_.deliveries[KEY]
    assert (found.task, found.state, found.reason) == (RETRACT, state, why)
    assert (found.since, found.handed) == (task.since, NOW if state == HANDED_OFF else None), (
        "it was posted when it was"
    )
    assert after_.spent == {"mediawiki 2026-11": 15}, "what was spent is spent"
    assert after_.troubles == {}


@pytest.mark.parametrize(
    ("outcome", "words", "why"),
    [
        (Posted("https://m.example/2", "1"), "New.", "Corrected; Alice said so"),
        (Refused("Too late."), "A new skin.", "Could not be corrected: Too late."),
    ],
)
def test_a_correction_leaves_a_post_that_is_out_and_a_log_to_be_written(outcome: Outcome, words: str, why: str) -> None:
    task = delivery(
        task=CORRECT, state=DEFERRED, posts=(OUT,), corrected=Text("New."), said="Alice said so", logged=POSTED
    )
    found = record(remembering(task), task, outcome, NOW).deliveries[KEY]
    assert (found.task, found.state, found.text.words, found.reason) == (POST, POSTED, words, why)
    assert (found.corrected, found.logged) == (None, "")


def test_tasks_are_done_when_their_time_has_come() -> None:
    one, two = delivery("a", task=RETRACT, state=DEFERRED, until=NOW), delivery("b", task=CORRECT, state=DEFERRED)
    late = delivery("c", task=RETRACT, state=DEFERRED, until=NOW + timedelta(seconds=1))
    post = delivery("d", state=DEFERRED, until=NOW)
    memory = remembering(one, replace(two, until=NOW), late, post, delivery("e", task=RETRACT, state=HANDED_OFF))
    assert [d.id for d in deliveries.tasks(memory, NOW)] == ["a", "b"]
    assert [d.id for d in deliveries.handed_off(memory)] == ["e"]


def test_a_person_has_three_days_to_post_and_as_long_as_it_takes_to_delete() -> None:
    long_ago = NOW - HAND_FOR - timedelta(seconds=1)
    assert is_out_of_hand(delivery(state=HANDED_OFF, since=long_ago), NOW)
    assert not is_out_of_hand(delivery(state=HANDED_OFF, since=NOW - HAND_FOR), NOW)
    assert not is_out_of_hand(delivery(state=HANDED_OFF, task=RETRACT, since=long_ago), NOW)
    assert by_hand(delivery(state=HANDED_OFF, task=RETRACT), "", "by hand").state == RETRACTED


# --- what a maintainer is asked -------------------------------------------------------------------------------------


def test_what_is_in_doubt_is_asked_about_one_at_a_time_and_before_what_was_refused() -> None:
    doubts = [delivery(channel=f"mediawiki/{n}", state=IN_DOUBT) for n in "ab"]
    refused = [delivery(channel=f"mediawiki/{n}", state=REFUSED) for n in "cd"]
    assert deliveries.stuck([delivery(state=POSTED), *refused, *doubts]) == doubts[:1]
    assert deliveries.stuck([delivery(state=POSTED), *refused]) == refused
    assert deliveries.stuck([delivery(state=POSTED)]) == []


@pytest.mark.parametrize(
    ("changed_", "moot"),
    [
        ({"state": "posted", "url": "https://m.example/1"}, False),
        ({"state": "posted", "url": ""}, True),  # a maintainer said so, and not where
        ({"state": "sending"}, False),
        ({"state": "given up"}, True),
        ({"state": "retracted"}, True),
    ],
)
def test_there_is_nothing_to_repost_where_the_original_is_not_or_nobody_knows_its_address(
    changed_: dict[str, str], moot: bool
) -> None:
    original = delivery(channel="wikitech/mastodon", **changed_)
    assert deliveries.is_moot(remembering(original), "n1", Text("", repost="wikitech/mastodon")) is moot


@pytest.mark.parametrize(
    ("state", "since", "waiting"),
    [("posted", 24, False), ("sending", 24, True), ("sending", 0, False), ("in doubt", 1, True)],
)
def test_only_what_is_known_to_be_out_lets_the_other_networks_follow_outside_the_slots(
    state: str, since: int, waiting: bool
) -> None:
    evening = Rhythm(slots=(Slot(frozenset(range(7)), time(20)),))
    account = changed(ACCOUNTS["mediawiki"], networks=("mastodon", "other"), rhythm=evening)
    begun = delivery(state=state, since=NOW - timedelta(hours=since))
    seen = snapshot(settings=rules(accounts={"mediawiki": account}))
    said = waits("n1", "mediawiki/other", 0, Memory(deliveries={begun.key: begun}), seen)
    assert bool(said) is waiting
