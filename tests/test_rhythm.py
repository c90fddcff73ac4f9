"""Goals: what an account lacks, what keeps for thin weeks, whose turn it is, and what maintainers are told of it."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from smbot import notices, pages, plan, planned, proposals, review, rhythm
from smbot.cards import notes
from smbot.gather import Snapshot
from smbot.memory import RETRACTED, Approval, Delivery, Memory, Standing
from smbot.model import Candidate, Page, Posted
from smbot.settings import Account
from smbot.timing import Rhythm, Slot
from tests.builders import ACCOUNTS, ALICE, CHANNEL, TITLES, card, delivery, digest, known, snapshot
from tests.builders import settings as rules

MONDAY = datetime(2026, 11, 16, 9, tzinfo=UTC)
FRIDAY = datetime(2026, 11, 20, 9, tzinfo=UTC)
WORKDAYS = Rhythm(slots=(Slot(frozenset(range(5)), time(8)), Slot(frozenset(range(5)), time(17))))


def voice(**changed: Any) -> Account:
    return replace(ACCOUNTS["mediawiki"], **({"goal": 3, "rhythm": Rhythm(gap=timedelta(minutes=30))} | changed))


def desk(
    now: datetime,
    approved: int = 0,
    keeping: int = 0,
    waiting: int = 0,
    posted: tuple[datetime, ...] = (),
    account: Account | None = None,
) -> tuple[Memory, Snapshot]:
    """A desk with so many cards of each kind, and posts of other candidates at those times."""
    account = account or voice()
    queue, open_ = [], {}
    for number in range(approved + keeping + waiting):
        id_, evergreen = f"n{number}", number >= approved
        status = "approved" if number < approved + keeping else "waiting"
        text = card(
            id_,
            status,
            f"News number {number}.",
            **({"evergreen": "yes"} if evergreen and status == "approved" else {}),
        )
        (shown,) = review.read(text).values()
        assert shown is not None
        approval = Approval(ALICE, 5, now - timedelta(hours=number + 1), digest(shown.candidate))
        standing = Standing(
            status=status, digest=approval.digest, face=shown.face, approvals=(approval,) * (status == "approved")
        )
        queue.append(text)
        open_[id_] = known(
            proposal=shown.candidate, standing=standing, title=f"News number {number}.", since=now.date()
        )
    deliveries = {d.key: d for d in (out(f"p{i}", at) for i, at in enumerate(posted))}
    memory = Memory(known=open_, deliveries=deliveries)
    settings = rules(accounts=ACCOUNTS | {"mediawiki": account})
    return memory, snapshot(memory, "\n".join(queue), now=now, settings=settings)


def out(id_: str, at: datetime) -> Delivery:
    return delivery(id_, CHANNEL, state="posted", since=at)


def week(memory: Memory, seen: Snapshot) -> rhythm.Week:
    return rhythm.week("mediawiki", proposals.proposals(memory, seen), memory, seen)


def due(memory: Memory, seen: Snapshot) -> list[str]:
    return [d.id for d in plan.due(memory, seen)]


def test_a_week_counts_what_is_out_and_what_is_approved() -> None:
    found = week(*desk(FRIDAY, approved=1, keeping=1, waiting=4, posted=(FRIDAY - timedelta(days=2),)))
    assert (found.posted, found.approved, found.keeping, found.is_short) == (1, 2, 1, False)


def test_what_was_posted_last_week_is_of_last_week() -> None:
    sunday = MONDAY.replace(hour=0) - timedelta(minutes=1)
    assert week(*desk(MONDAY, posted=(sunday,))).posted == 0
    in_berlin = voice(rhythm=Rhythm(zone="Europe/Berlin"))
    assert week(*desk(MONDAY, posted=(sunday,), account=in_berlin)).posted == 1


@pytest.mark.parametrize("state", ["deferred", "refused", "given up", "in doubt", "posted"])
def test_what_a_network_would_not_take_yet_or_is_out_is_not_still_to_come(state: str) -> None:
    memory, seen = desk(FRIDAY, approved=1)
    assert week(memory, seen).approved == 1
    before = delivery("n0", CHANNEL, state=state, since=FRIDAY - timedelta(days=1))
    assert week(replace(memory, deliveries={before.key: before}), seen).approved == 0


def test_what_another_network_takes_a_week_later_is_not_another_post() -> None:
    memory, seen = desk(FRIDAY, keeping=1, posted=(MONDAY, MONDAY + timedelta(hours=1)))
    sunday = MONDAY - timedelta(days=1)
    late = [out("p9", sunday), delivery("p9", "mediawiki/x", state="posted", since=MONDAY)]
    memory = replace(memory, deliveries=memory.deliveries | {d.key: d for d in late})
    assert week(memory, seen).posted == 2
    assert len(due(memory, seen)) == 1


def test_what_was_taken_back_is_not_of_the_week_and_leaves_room_for_what_keeps() -> None:
    memory, seen = desk(FRIDAY, keeping=1, posted=(MONDAY, MONDAY + timedelta(hours=1), MONDAY + timedelta(hours=2)))
    assert len(due(memory, seen)) == 0
    gone = replace(
        next(iter(memory.deliveries.values())), state=RETRACTED, posts=(Posted("https://example.org/1", "1"),)
    )
    after = replace(memory, deliveries=memory.deliveries | {gone.key: gone})
    assert week(after, seen).posted == 2
    assert len(due(after, seen)) == 1


@pytest.mark.parametrize(
    ("not_before", "coming"),
    [("2026-11-20 13:00", 1), ("2026-11-20 19:00", 0), ("2026-11-24 10:00", 0)],
    ids=["before the last slot", "after it", "next week"],
)
def test_what_may_only_go_out_next_week_does_not_help_this_one(not_before: str, coming: int) -> None:
    memory, seen = desk(FRIDAY, account=voice(rhythm=WORKDAYS))
    text = card("n1", "approved", not_before=not_before)
    (shown,) = review.read(text).values()
    assert shown is not None
    approval = Approval(ALICE, 5, FRIDAY, digest(shown.candidate))
    standing = Standing(status="approved", digest=approval.digest, face=shown.face, approvals=(approval,))
    memory = Memory(known={"n1": known(proposal=shown.candidate, standing=standing)})
    seen = snapshot(memory, text, now=FRIDAY, settings=seen.settings)
    assert week(memory, seen).approved == coming


THRICE = Rhythm(slots=(*WORKDAYS.slots, Slot(frozenset(range(5)), time(12))))
ANYTIME = Rhythm(gap=timedelta(minutes=30))
BY_DAY = [(0, 1, 0), (1, 2, 1), (2, 2, 2), (3, 3, 3), (4, 3, 3), (5, 3, 3), (6, 3, 3)]


@pytest.mark.parametrize(
    ("rhythm", "day", "wanted", "without"),
    [*((ANYTIME, *each) for each in BY_DAY), *((THRICE, *each) for each in BY_DAY[:5])],
)
def test_the_goal_is_spread_over_the_days_that_have_slots_or_else_over_working_days(
    day: int, wanted: int, without: int, rhythm: Rhythm
) -> None:
    """How many are wanted by the end of a day, and how many so that nothing that keeps goes out."""
    morning = MONDAY.replace(hour=6) + timedelta(days=day)
    weeks = [week(*desk(morning, approved=n, account=voice(rhythm=rhythm))) for n in range(4)]
    assert [w.is_short for w in weeks] == [n < wanted for n in range(4)]
    assert [w.is_thin for w in weeks] == [n < without for n in range(4)]


def test_two_approved_posts_do_not_count_for_the_one_slot_that_is_left() -> None:
    friday = week(*desk(FRIDAY, approved=3, account=voice(rhythm=WORKDAYS)))
    assert (friday.approved, friday.is_short) == (1, True)
    thursday = week(*desk(FRIDAY - timedelta(days=1), approved=3, account=voice(rhythm=WORKDAYS)))
    assert (thursday.approved, thursday.is_short) == (3, False)
    full = week(*desk(FRIDAY, approved=9, posted=(FRIDAY,), account=voice(posts_per_day=2)))
    assert (full.posted, full.approved) == (1, 5)


def test_what_keeps_does_not_wait_for_what_finds_no_slot_this_week() -> None:
    memory, seen = desk(FRIDAY - timedelta(hours=1), approved=3, keeping=1, account=voice(rhythm=WORKDAYS))
    assert week(memory, seen).approved == 2


def test_a_repost_of_what_was_declined_does_not_count() -> None:
    text = card("n1", "approved", accounts="wikitech", reposted_by="mediawiki")
    (shown,) = review.read(text).values()
    assert shown is not None
    approval = Approval(ALICE, 5, FRIDAY, digest(shown.candidate))
    standing = Standing(status="approved", digest=approval.digest, face=shown.face, approvals=(approval,))
    for dropped, coming in (({}, 1), ({"wikitech": "declined"}, 0)):
        memory = Memory(known={"n1": known(proposal=shown.candidate, standing=standing, dropped=dropped)})
        settings = rules(accounts=ACCOUNTS | {"mediawiki": voice()})
        assert week(memory, snapshot(memory, text, now=FRIDAY, settings=settings)).approved == coming


def test_what_is_approved_after_the_last_slot_of_the_week_does_not_help_it() -> None:
    saturday = week(*desk(FRIDAY + timedelta(days=1), approved=3, account=voice(rhythm=WORKDAYS)))
    assert (saturday.approved, saturday.is_short) == (0, True)


def test_what_keeps_waits_while_there_is_enough_else() -> None:
    assert due(*desk(FRIDAY, approved=3, keeping=1)) == ["n2"]  # the oldest approval
    memory, seen = desk(FRIDAY, keeping=2, posted=(FRIDAY - timedelta(days=1),) * 3)
    assert due(memory, seen) == []
    assert "Approved; it keeps, so it waits for a week with little else." in note(memory, seen, "n0")


def test_what_keeps_fills_a_thin_week_one_by_one() -> None:
    assert due(*desk(MONDAY, keeping=3)) == []
    assert due(*desk(FRIDAY, keeping=3)) == ["n2"]  # approved first


def test_what_keeps_goes_out_at_once_where_there_is_no_goal() -> None:
    assert due(*desk(MONDAY, keeping=1, account=voice(goal=0))) == ["n0"]


@pytest.mark.parametrize(("evergreen", "days", "open_"), [("yes", 100, True), ("yes", 181, False), ("", 31, False)])
def test_what_keeps_stays_on_the_queue_for_longer(evergreen: str, days: int, open_: bool) -> None:
    text = card("n1", **({"evergreen": evergreen} if evergreen else {}))
    (shown,) = review.read(text).values()
    assert shown is not None
    begun = known(proposal=shown.candidate, since=MONDAY.date(), expires=MONDAY + timedelta(days=30))
    memory = Memory(known={"n1": begun})
    after = plan.settle_decisions(memory, snapshot(memory, text, now=MONDAY + timedelta(days=days)))
    assert bool(after.open()) is open_


@pytest.mark.parametrize(("days", "goes_out"), [(21, True), (175, True), (182, False)])
def test_an_approval_of_what_keeps_lasts_as_long_as_its_card(days: int, goes_out: bool) -> None:
    memory, seen = desk(FRIDAY, keeping=1)
    later = replace(seen, now=FRIDAY + timedelta(days=days))
    assert (due(memory, later) == ["n0"]) is goes_out


def test_that_it_keeps_is_part_of_what_was_approved() -> None:
    memory, seen = desk(FRIDAY, keeping=1, posted=(FRIDAY - timedelta(days=1),) * 3)
    hasty = replace(
        seen, queue=replace(seen.queue, text=seen.queue.text.replace("| evergreen = yes", "| evergreen = "))
    )
    assert due(memory, seen) == due(memory, hasty) == []


def test_the_sources_take_turns_and_what_cannot_wait_comes_first() -> None:
    memory, seen = desk(FRIDAY, approved=3)
    before = out("old", FRIDAY - timedelta(hours=3))
    others = memory.known | {
        "n0": replace(memory.known["n0"], source="Blog"),
        "n2": replace(memory.known["n2"], source="Blog"),
        "old": known(source="MediaWiki News", end="posted", proposal=None),
    }
    memory = replace(memory, known=others, deliveries={before.key: before})
    assert due(memory, seen) == ["n2"]  # not the oldest approval of a Blog, but older than n0
    memory = replace(memory, known=others | {"old": known(source="Blog", end="posted", proposal=None)})
    assert due(memory, seen) == ["n1"]


# --- what maintainers are told --------------------------------------------------------------------------------------


def note(memory: Memory, seen: Snapshot, id_: str) -> str:
    open_ = proposals.proposals(memory, seen)
    (proposal,) = [p for p in open_ if p.id == id_]
    return "; ".join(notes(proposal, planned.outlook(memory, seen, open_), memory, seen))


def test_an_account_behind_its_goal_is_told_of_with_what_could_fill_the_gap() -> None:
    said = notices.status_line(*desk(FRIDAY, approved=1, waiting=5))
    assert "'''mediawiki falls short of its goal.''' Of 3 posts this week 0 are out, and 1 approved." in said
    assert said.count("[[#n") == rhythm.SUGGESTED
    assert "falls short" not in notices.status_line(*desk(FRIDAY, approved=3))
    assert "falls short" not in notices.status_line(*desk(MONDAY, approved=1, waiting=5))
    assert "Nothing waits that could." in notices.status_line(*desk(FRIDAY))


def test_only_what_may_still_go_out_this_week_and_can_be_posted_could_fill_the_gap() -> None:
    def fills(**more: str) -> bool:
        text = card("n1", "waiting", **more)
        (shown,) = review.read(text).values()
        assert shown is not None
        _, seen = desk(FRIDAY)
        memory = Memory(known={"n1": known(proposal=shown.candidate)})
        return "#n1" in notices.status_line(memory, snapshot(memory, text, now=FRIDAY, settings=seen.settings))

    assert fills()
    assert fills(not_before="2026-11-22 10:00")
    assert not fills(not_before="2026-11-23 10:00")
    assert not fills(not_after="2026-11-20 08:00")
    assert not fills(image="None.png")


def test_of_an_event_one_card_could_fill_the_gap_and_a_reminder_is_called_one() -> None:
    memory, seen = desk(FRIDAY, waiting=3)
    first, second, third = (memory.known[f"n{number}"] for number in range(3))
    later = {"since": FRIDAY.date() + timedelta(days=1)}
    memory = replace(
        memory,
        known={
            "n0": first,
            "n1": replace(second, of="n0", step="1 day before", **later),
            "n2": replace(third, of="out", step="1 hour before"),
        },
    )
    said = notices.status_line(memory, seen)
    assert "[[#n0|News number 0.]]" in said
    assert "[[#n1" not in said
    assert "[[#n2|News number 2. (1 hour before)]]" in said


def test_too_many_cards_without_a_decision_are_told_of() -> None:
    assert f"'''mediawiki: {rhythm.MANY} posts wait for a decision'''" in notices.status_line(
        *desk(MONDAY, waiting=rhythm.MANY)
    )
    assert "wait for a decision" not in notices.status_line(*desk(MONDAY, waiting=rhythm.MANY - 1))


def test_without_a_goal_nobody_falls_short_of_it() -> None:
    memory, seen = desk(FRIDAY, waiting=1, account=voice(goal=0))
    assert "waiting" not in notices.status_line(memory, seen)
    assert not notices.is_due(memory, seen)


@pytest.mark.parametrize(("days", "calls"), [(6, False), (7, False), (8, True)])
def test_what_waits_longer_than_the_days_set_calls_the_maintainers_also_without_a_goal(days: int, calls: bool) -> None:
    memory, seen = desk(MONDAY, waiting=1, account=voice(goal=0))
    seen = replace(seen, now=MONDAY + timedelta(days=days, hours=4))
    assert notices.is_due(memory, seen) is calls
    assert ("1 post waits for a decision" in notices.message(memory, seen)) is calls
    assert ("[[User:Alice|Alice]] – ~~~~" in notices.message(memory, seen)) is calls
    assert notices.message(memory, replace(seen, settings=replace(seen.settings, remind_days=1)))


def test_the_message_of_the_week_calls_the_maintainers_once() -> None:
    memory, seen = desk(MONDAY + timedelta(days=1), approved=1, waiting=2)
    assert notices.is_due(memory, seen)
    edit = pages.message_edit(Page(TITLES.talk), "", memory, seen)
    assert edit is not None
    assert edit.text.startswith("== Week 47 of 2026 ==\n")
    assert "[[User:Alice|Alice]] – ~~~~" in edit.text
    assert f"* [[{TITLES.queue}#n1|News number 1.]]" in edit.text
    assert pages.message_edit(Page(TITLES.talk, 1, edit.text), edit.summary, memory, seen) is None
    assert pages.message_edit(Page(TITLES.talk, 1, edit.text), "The message of week 46 of 2026", memory, seen)
    after = notices.told(memory, seen)
    assert not notices.is_due(after, seen)
    assert notices.is_due(after, replace(seen, now=MONDAY + timedelta(days=8)))


def test_there_is_no_message_where_nothing_is_missing() -> None:
    memory, seen = desk(FRIDAY, approved=3)
    assert not notices.is_due(memory, seen)


@pytest.mark.parametrize(("hour", "due_"), [(0, False), (11, False), (12, True)])
def test_the_message_waits_until_it_is_monday_everywhere(hour: int, due_: bool) -> None:
    assert notices.is_due(*desk(MONDAY.replace(hour=hour))) is due_


def test_cards_of_titles_full_of_markup_are_named_safely() -> None:
    memory, seen = desk(FRIDAY, waiting=1)
    odd = known(title="]] '''x''' {{!}} | <b>", proposal=Candidate(("mediawiki",), "A"))
    memory = replace(memory, known={"n0": odd})
    said = notices.status_line(memory, seen)
    assert "<b>" not in said
    assert "'''x" not in said
