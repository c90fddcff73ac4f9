"""What has to be out by some time waits for no slot, a place is kept for it, and nothing approved is lost silently."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from smbot import notices, plan, planned, proposals, rhythm
from smbot.cards import notes
from smbot.gather import Snapshot
from smbot.memory import DEFERRED, GIVEN_UP, POSTED, REFUSED, Delivery, Memory, Trouble
from smbot.timing import Rhythm, Slot
from tests.builders import CHANNEL, delivery
from tests.test_planned import MONDAY, approved, desk, posted_by_the_plan, told

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MORNINGS = Rhythm(slots=(Slot(frozenset(range(7)), time(8)),))
TODAY, LATER_TODAY = "2026-11-16 12:00", "2026-11-16 20:00"


def out(id_: str, at: datetime) -> Delivery:
    return delivery(id_, CHANNEL, state=POSTED, since=at)


def due(memory: Memory, seen: Snapshot) -> list[str]:
    return [d.id for d in plan.due(memory, seen)]


def note(memory: Memory, seen: Snapshot, id_: str = "a") -> str:
    open_ = proposals.proposals(memory, seen)
    (proposal,) = [p for p in open_ if p.id == id_]
    return "; ".join(notes(proposal, planned.outlook(memory, seen, open_), memory, seen))


def one(out_: tuple[Delivery, ...] = (), now: datetime = MONDAY, **more: Any) -> tuple[Memory, Snapshot]:
    """A desk with one approved card, whose arguments are texts; the rest is how its account is."""
    card = {name: value for name, value in more.items() if isinstance(value, str)}
    return desk({"a": approved("a", **card)}, now, out_, **{k: v for k, v in more.items() if k not in card})


def test_what_the_next_slot_would_miss_waits_for_none() -> None:
    assert due(*one(rhythm=MORNINGS, not_after=TODAY)) == ["a"]
    tomorrow = one(rhythm=MORNINGS, not_after="2026-11-17 08:30")
    assert due(*tomorrow) == []
    assert note(*tomorrow) == "Approved; goes out at 2026-11-17 08:00 UTC, or soon after."


def test_the_gap_is_kept_where_there_is_time_for_it_and_given_up_where_there_is_none() -> None:
    before = out("p", MONDAY - HOUR)
    assert due(*one((before,), rhythm=Rhythm(gap=2 * HOUR), not_after=TODAY)) == []
    assert due(*one((before,), rhythm=Rhythm(gap=5 * HOUR), not_after=TODAY)) == ["a"]


def test_quiet_hours_hold_whatever_is_missed_and_the_card_says_so() -> None:
    memory, seen = one(rhythm=Rhythm(quiet=(time(8), time(15))), not_after=TODAY)
    assert due(memory, seen) == []
    assert note(memory, seen) == (
        "Approved; it cannot go out before its time is over at 2026-11-16 12:00 UTC: "
        "the quiet hours of mediawiki last until 2026-11-16 15:00 UTC. Change ‘not after’, or decline."
    )


def test_a_card_whose_time_is_to_come_says_beforehand_that_it_cannot_go_out_then() -> None:
    times = {"not_before": "2026-11-17 06:00", "not_after": "2026-11-17 06:59"}
    assert "the quiet hours of mediawiki last until" in note(*one(rhythm=Rhythm(quiet=(time(22), time(8))), **times))
    assert "goes out after 2026-11-17 06:00" in note(*one(**times))


def test_a_place_of_the_day_is_kept_for_what_has_to_go_out_today() -> None:
    made = {
        "a": approved("a", since=MONDAY - HOUR),
        "b": approved("b", not_before="2026-11-16 19:00", not_after=LATER_TODAY),
    }
    memory, seen = desk(made, rhythm=Rhythm(), posts_per_day=1)
    assert due(memory, seen) == []
    kept = "mediawiki keeps the rest of its posts of today for what cannot wait, so it goes out"
    assert note(memory, seen) == f"Approved; {kept} at 2026-11-17 00:00 UTC, or soon after."
    assert planned.outlook(memory, seen).turns == {
        "b/mediawiki": datetime(2026, 11, 16, 19, tzinfo=UTC),
        "a/mediawiki": datetime(2026, 11, 17, tzinfo=UTC),
    }
    assert due(*desk(made, rhythm=Rhythm(), posts_per_day=2)) == ["a"]


@pytest.mark.parametrize(
    "times",
    [
        {},
        {"not_before": "2026-11-16 19:00", "not_after": "2026-11-17 09:00"},
        {"not_before": "2026-11-17 01:00", "not_after": "2026-11-17 09:00"},
        {"not_before": "2026-11-16 23:00", "not_after": "2026-11-16 23:30"},
    ],
    ids=["no time", "tomorrow will do", "not today", "in quiet hours"],
)
def test_no_place_is_kept_for_what_can_wait_or_cannot_go_out_today(times: dict[str, str]) -> None:
    made = {"a": approved("a", since=MONDAY - HOUR), "b": approved("b", **times)}
    assert due(*desk(made, rhythm=Rhythm(quiet=(time(22), time(7))), posts_per_day=1)) == ["a"]


def test_a_place_is_kept_while_a_network_has_not_taken_it_and_no_longer() -> None:
    made = {"a": approved("a", since=MONDAY - HOUR), "b": approved("b", not_after=LATER_TODAY)}
    for state, wanted in ((DEFERRED, []), (GIVEN_UP, ["a"])):
        before = delivery("b", CHANNEL, state=state, since=MONDAY - HOUR, until=MONDAY + HOUR)
        assert due(*desk(made, out=(before,), rhythm=Rhythm(), posts_per_day=1)) == wanted


def test_a_place_is_kept_while_one_network_may_still_take_what_another_refused() -> None:
    made = {"a": approved("a", since=MONDAY - HOUR), "b": approved("b", not_after=LATER_TODAY)}
    refused = delivery("b", CHANNEL, state=REFUSED, since=MONDAY - HOUR)
    later = delivery("b", "mediawiki/other", state=DEFERRED, since=MONDAY - HOUR, until=MONDAY + HOUR)
    for out_, wanted in (
        ((refused,), {"b"}),
        ((refused, later), {"b"}),
        ((refused, replace(later, state=REFUSED)), set()),
    ):
        memory, seen = desk(made, out=out_, networks=("mastodon", "other"), posts_per_day=1)
        (proposal,) = [p for p in proposals.proposals(memory, seen) if p.id == "b"]
        assert rhythm.of_today("mediawiki", [(proposal, "mediawiki")], memory, seen) == wanted


def test_no_place_is_kept_for_news_that_cannot_be_read_now() -> None:
    made = {"a": approved("a", since=MONDAY - HOUR), "b": approved("b", not_after=LATER_TODAY)}
    memory, seen = desk(made, rhythm=Rhythm(), posts_per_day=1)
    memory = replace(memory, known=memory.known | {"b": replace(memory.known["b"], source="Broken")})
    assert due(memory, seen) == ["b"]
    assert due(memory, replace(seen, unread=frozenset({"Broken"}))) == ["a"]


def test_a_place_of_today_is_kept_where_those_of_the_days_until_then_do_not_suffice() -> None:
    tomorrow = {f"d{n}": approved(f"d{n}", not_after="2026-11-17 18:00") for n in range(4)}
    older = {f"n{n}": approved(f"n{n}", since=MONDAY - (9 + n) * HOUR) for n in range(3)}
    memory, seen = desk(older | tomorrow, rhythm=Rhythm(gap=HOUR / 2), posts_per_day=3)
    really = posted_by_the_plan(memory, seen, MONDAY + 3 * DAY)
    assert {id_ for id_, _ in really} == {*older, *tomorrow}
    assert sorted(really) == sorted(told(memory, seen))


@pytest.mark.parametrize(("posts_per_day", "lost"), [(1, 2), (2, 0)])
def test_a_card_says_on_the_day_before_that_its_turn_will_come_too_late(posts_per_day: int, lost: int) -> None:
    made = {f"d{n}": approved(f"d{n}", since=MONDAY - n * HOUR, not_after="2026-11-17 18:00") for n in range(4)}
    memory, seen = desk(made, rhythm=Rhythm(), posts_per_day=posts_per_day)
    vain = (
        "Approved; it cannot go out before its time is over at 2026-11-17 18:00 UTC: "
        "others come first, and its turn is only at 2026-11-18 00:00 UTC. Change ‘not after’, or decline."
    )
    assert [id_ for id_ in made if note(memory, seen, id_) == vain] == ["d0", "d1"][:lost]
    assert len(posted_by_the_plan(memory, seen, MONDAY + 3 * DAY)) == 4 - lost


def test_cards_in_a_line_say_when_each_goes_out() -> None:
    made = {f"n{n}": approved(f"n{n}", since=MONDAY - n * HOUR) for n in range(3)}
    memory, seen = desk(made, rhythm=MORNINGS)
    for id_, day in (("n2", 17), ("n1", 18), ("n0", 19)):
        assert note(memory, seen, id_) == f"Approved; goes out at 2026-11-{day} 08:00 UTC, or soon after."
    full = desk(made, MONDAY, (out("p", MONDAY - HOUR),), rhythm=Rhythm(gap=HOUR), posts_per_day=1)
    assert note(*full, "n1") == (
        "Approved; mediawiki has posted enough for today, so it goes out at 2026-11-18 00:00 UTC, or soon after."
    )


def test_a_card_says_beforehand_that_its_approval_will_be_too_old() -> None:
    once = Rhythm(slots=(Slot(frozenset({0}), time(10)),))  # a week
    memory, seen = desk({f"n{n}": approved(f"n{n}", since=MONDAY - n * HOUR) for n in range(3)}, rhythm=once)
    assert note(memory, seen, "n0") == (
        "Approved; others come first, and its turn is only at 2026-11-30 10:00 UTC, when this approval is too old."
    )


def test_nothing_is_promised_of_a_repost_whose_original_will_never_be_out() -> None:
    made = {"a": approved("a", "wikitech", reposted_by="mediawiki")}
    memory, seen = desk(made)
    assert "reposts what wikitech on mastodon posts" in note(memory, seen)
    gone = delivery("a", "wikitech/mastodon", state=GIVEN_UP)
    assert "reposts" not in note(*desk(made, out=(gone,)))


def test_what_cannot_wait_does_not_exceed_the_ceiling_and_the_card_says_why_it_will_not_go_out() -> None:
    full = one((out("p", MONDAY - HOUR),), posts_per_day=1, not_after=LATER_TODAY)
    assert due(*full) == []
    assert "mediawiki has posted enough for today (‘posts per day’ in the settings). Change" in note(*full)
    memory, seen = one((out("p", MONDAY - HOUR),), posts_per_day=5, not_after=LATER_TODAY)
    assert due(memory, replace(seen, ceiling=1)) == []


def test_a_channel_that_rests_for_too_long_is_told_of() -> None:
    memory, seen = one(not_after=TODAY)
    rests = replace(memory, troubles={CHANNEL: Trouble(5, "no answer", MONDAY + 6 * HOUR)})
    assert "rests until 2026-11-16 15:00 UTC. Change ‘not after’" in note(rests, seen)


def test_what_keeps_goes_out_before_its_time_is_over() -> None:
    keeps = {"evergreen": "yes", "goal": 3, "rhythm": Rhythm()}
    assert due(*one(not_after="2026-11-20 12:00", **keeps)) == []
    assert due(*one(not_after=TODAY, **keeps)) == ["a"]


# --- what was missed ------------------------------------------------------------------------------------------------


def after(memory: Memory, seen: Snapshot, now: datetime) -> tuple[Memory, Snapshot]:
    return plan.settle_decisions(memory, replace(seen, now=now)), replace(seen, now=now)


def test_what_was_approved_and_expired_is_told_of_at_the_top_of_the_queue_for_a_week() -> None:
    memory, seen = one(rhythm=Rhythm(quiet=(time(8), time(15))), not_after=TODAY)
    over = after(memory, seen, MONDAY + 4 * HOUR)
    assert over[0].known["a"].end == "expired"
    told = "'''Approved, but not posted by mediawiki before its time was over at 2026-11-16 12:00 UTC.'''"
    assert told in notices.status_line(*over)
    assert "ask for a new post: The words of a." in notices.status_line(*over)
    assert after(*over, MONDAY + 5 * HOUR)[0] == over[0]
    assert "not posted by" in notices.status_line(*after(*over, MONDAY + 7 * DAY))
    assert "not posted by" not in notices.status_line(*after(*over, MONDAY + 8 * DAY))


def test_an_account_that_missed_what_another_posted_is_told_of_too() -> None:
    memory, seen = one((out("a", MONDAY),), accounts="mediawiki, wikitech", not_after=TODAY)
    over, _ = after(memory, seen, MONDAY + 4 * HOUR)
    assert over.known["a"].end == POSTED
    assert [past.account for past in over.missed] == ["wikitech"]


@pytest.mark.parametrize("how", ["posted", "given up", "held", "not approved"])
def test_what_is_out_or_was_settled_or_held_or_never_approved_was_not_missed(how: str) -> None:
    memory, seen = one(not_after=TODAY)
    known = memory.known["a"]
    if how == "held":
        memory = replace(memory, known={"a": replace(known, held="It was cancelled.")})
    elif how == "not approved":
        memory = replace(memory, known={"a": replace(known, standing=replace(known.standing, approvals=()))})
    else:
        settled = delivery("a", CHANNEL, state=how, since=MONDAY)
        memory = replace(memory, deliveries={settled.key: settled})
    assert after(memory, seen, MONDAY + 4 * HOUR)[0].missed == ()
