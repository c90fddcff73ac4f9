"""When what goes out: the page, the calendar and the answers say what the plan will do."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from msgspec.structs import replace as put

from smbot import plan, planned, review
from smbot.gather import Snapshot
from smbot.memory import POSTED, Approval, Delivery, Known, Memory, Standing, Trouble
from smbot.settings import Account
from smbot.timing import Rhythm, Slot
from tests.builders import ACCOUNTS, ALICE, CHANNEL, card, delivery, digest, known, snapshot
from tests.builders import settings as rules

MONDAY = datetime(2026, 11, 16, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TWICE = Rhythm(slots=(Slot(frozenset(range(5)), time(8)), Slot(frozenset(range(5)), time(17))))
AT_NIGHT = Rhythm(zone="Asia/Kolkata", quiet=(time(22), time(7)), gap=timedelta(minutes=30))
ANY = Rhythm()


def approved(id_: str, account: str = "mediawiki", since: datetime = MONDAY, **more: str) -> tuple[str, Known]:
    """A card that Alice has approved, and what is remembered of it."""
    text = card(id_, "approved", f"The words of {id_}.", **({"accounts": account} | more))
    (shown,) = review.read(text).values()
    assert shown is not None
    approval = Approval(ALICE, 5, since, digest(shown.candidate))
    standing = Standing(status="approved", digest=approval.digest, face=shown.face, approvals=(approval,))
    return text, known(proposal=shown.candidate, standing=standing, title=f"The words of {id_}.", since=since.date())


def desk(
    made: dict[str, tuple[str, Known]], now: datetime = MONDAY, out: tuple[Delivery, ...] = (), **account: Any
) -> tuple[Memory, Snapshot]:
    """A desk with these cards, and with deliveries of others; both accounts have the same rules."""
    memory = Memory(known={id_: k for id_, (_, k) in made.items()}, deliveries={d.key: d for d in out})
    voices: dict[str, Account] = {name: put(voice, **account) for name, voice in ACCOUNTS.items()}
    queue = "\n".join(text for text, _ in made.values())
    return memory, snapshot(memory, queue, now=now, settings=rules(accounts=voices))


def told(memory: Memory, seen: Snapshot) -> list[tuple[str, datetime]]:
    return [(one.id, one.at) for one in planned.outlook(memory, seen).coming if one.approval]


def posted_by_the_plan(memory: Memory, seen: Snapshot, until: datetime) -> list[tuple[str, datetime]]:
    """What really goes out when smbot runs every ten minutes."""
    found, now = [], seen.now
    while now <= until:
        for one in plan.due(memory, put(seen, now=now)):
            out = replace(one, state=POSTED, since=now, url="https://example.org/1")
            memory = replace(memory, deliveries=memory.deliveries | {out.key: out})
            if (one.id, now) not in found:
                found.append((one.id, now))
        now += timedelta(minutes=10)
    return found


@given(
    st.lists(
        st.tuples(
            st.integers(0, 9),  # hours since it was approved
            st.sampled_from(["mediawiki", "wikitech"]),
            st.sampled_from(["", "2026-11-16 12:00", "2026-11-17 23:50"]),  # not before
            st.sampled_from(["", "2026-11-16 13:00", "2026-11-16 17:30", "2026-11-18 00:10"]),  # not after
        ),
        max_size=6,
    ),
    st.sampled_from([ANY, TWICE, AT_NIGHT, Rhythm(gap=timedelta(hours=3))]),
    st.integers(1, 3),
)
@settings(max_examples=25, deadline=None)
def test_what_is_told_is_what_the_plan_does(
    wanted: list[tuple[int, str, str, str]], rhythm: Rhythm, posts_per_day: int
) -> None:
    made = {
        f"n{number}": approved(f"n{number}", account, MONDAY - hours * HOUR, not_before=not_before, not_after=not_after)
        for number, (hours, account, not_before, not_after) in enumerate(wanted)
    }
    memory, seen = desk(made, rhythm=rhythm, posts_per_day=posts_per_day)
    until = MONDAY + 8 * DAY
    assert sorted(t for t in told(memory, seen) if t[1] <= until) == sorted(posted_by_the_plan(memory, seen, until))


def test_each_waits_for_its_own_slot() -> None:
    made = {"a": approved("a", since=MONDAY - HOUR), "b": approved("b"), "c": approved("c", account="wikitech")}
    memory, seen = desk(made, MONDAY + HOUR, rhythm=TWICE)
    at = MONDAY.replace(hour=17)
    assert told(memory, seen) == [("a", at), ("c", at), ("b", at + timedelta(hours=15))]
    assert planned.outlook(memory, seen).first("b") == at + timedelta(hours=15)


def test_what_nobody_approved_has_no_time_but_the_one_that_was_asked_for() -> None:
    waiting = card("w", "waiting", not_before="2026-11-17 14:00")
    (shown,) = review.read(waiting).values()
    assert shown is not None
    made = {"w": (waiting, known(proposal=shown.candidate)), "v": (card("v"), known())}
    memory, seen = desk(made)
    (one,) = planned.outlook(memory, seen).coming
    assert (one.id, one.at, one.approval) == ("w", datetime(2026, 11, 17, 14, tzinfo=UTC), None)
    assert planned.outlook(memory, seen).first("w") is None


def test_a_post_by_several_accounts_comes_at_the_time_of_each() -> None:
    before = delivery("p", CHANNEL, state=POSTED, since=MONDAY - HOUR)
    memory, seen = desk({"a": approved("a", "mediawiki, wikitech")}, out=(before,), rhythm=Rhythm(gap=2 * HOUR))
    found = {one.account: one.at for one in planned.outlook(memory, seen).coming}
    assert found == {"mediawiki": MONDAY + HOUR, "wikitech": MONDAY}
    assert planned.outlook(memory, seen).first("a") == MONDAY


def test_a_channel_that_rests_holds_its_post_back() -> None:
    memory, seen = desk({"a": approved("a")}, rhythm=ANY)
    rests = replace(memory, troubles={CHANNEL: Trouble(3, "no answer", MONDAY + 6 * HOUR)})
    assert told(memory, seen) == [("a", MONDAY)]
    assert told(rests, seen) == [("a", MONDAY + 6 * HOUR)]


def test_a_repost_comes_when_what_it_reposts_is_out() -> None:
    made = {"a": approved("a", reposted_by="wikitech", not_before="2026-11-16 15:00")}
    memory, seen = desk(made, rhythm=ANY)
    found = {one.account: one.at for one in planned.outlook(memory, seen).coming}
    at = datetime(2026, 11, 16, 15, tzinfo=UTC)
    assert found == {"mediawiki": at, "wikitech": at + timedelta(minutes=1)}  # the run after that


def test_a_slot_that_comes_too_early_for_a_repost_is_taken_by_another_post() -> None:
    made = {
        "a": approved("a", "wikitech", MONDAY - 2 * HOUR, reposted_by="mediawiki"),
        "b": approved("b", since=MONDAY - HOUR),
    }
    memory, seen = desk(made, rhythm=Rhythm(slots=(Slot(frozenset(range(5)), time(10)),)))
    turns = planned.outlook(memory, seen).turns
    slot = MONDAY + HOUR
    assert turns == {"a/wikitech": slot, "b/mediawiki": slot, "a/mediawiki": slot + DAY}
    really = posted_by_the_plan(memory, seen, MONDAY + 3 * DAY)
    assert really == [("a", slot), ("b", slot), ("a", slot + DAY)]


@pytest.mark.parametrize("day", range(5))
def test_what_keeps_is_told_for_the_thin_days_of_this_week_one_after_the_other(day: int) -> None:
    made = {f"e{n}": approved(f"e{n}", since=MONDAY - n * HOUR, evergreen="yes") for n in range(5)}
    memory, seen = desk(made, MONDAY + day * DAY, rhythm=Rhythm(gap=HOUR / 2), goal=3)
    sunday = MONDAY + 6 * DAY
    really = posted_by_the_plan(memory, seen, sunday)
    assert len(really) == 3
    assert [(id_, at.date()) for id_, at in told(memory, seen)] == [(id_, at.date()) for id_, at in really]


def test_no_more_is_told_than_the_budget_of_the_month_covers() -> None:
    made = {f"n{n}": approved(f"n{n}", since=MONDAY - n * HOUR) for n in range(5)}
    memory, seen = desk(made, rhythm=Rhythm(gap=HOUR), budget=500, posts_per_day=9)
    costly = replace(seen, rules={name: replace(each, mills=lambda _: 200) for name, each in seen.rules.items()})
    assert told(memory, costly) == [("n4", MONDAY), ("n3", MONDAY + HOUR)]
    assert [d.id for d in plan.due(memory, costly)] == ["n4"]


def test_a_turn_that_comes_too_late_is_known_beforehand() -> None:
    once = Rhythm(slots=(Slot(frozenset({0}), time(10)),))  # a week
    memory, seen = desk({f"n{n}": approved(f"n{n}", since=MONDAY - n * HOUR) for n in range(4)}, rhythm=once)
    ahead = planned.outlook(memory, seen)
    assert ahead.turns == {"n3/mediawiki": MONDAY + HOUR, "n2/mediawiki": MONDAY + HOUR + 7 * DAY}
    assert ahead.vain == dict.fromkeys(("n1/mediawiki", "n0/mediawiki"), MONDAY + HOUR + 14 * DAY)


@pytest.mark.parametrize(
    "more",
    [
        {"not_after": "2026-11-16 09:30"},  # its time is over
        {"not_before": "2027-03-01 10:00"},  # too far ahead to say
        {"not_before": "2026-12-10 10:00"},  # the approval will be stale
    ],
)
def test_what_will_not_go_out_as_it_stands_has_no_time(more: dict[str, str]) -> None:
    memory, seen = desk({"a": approved("a", **more), "b": approved("b")}, MONDAY + HOUR, rhythm=TWICE)
    assert told(memory, seen) == [("b", MONDAY.replace(hour=17))]


def test_with_broken_settings_nothing_is_foretold() -> None:
    from smbot.model import Problem

    memory, seen = desk({"a": approved("a")})
    assert planned.outlook(memory, put(seen, settings=put(seen.settings, problems=(Problem("No."),)))).coming == ()
