"""When an account may post: slots, quiet hours and gaps, also on the days when clocks are put forward or back."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from time import perf_counter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from smbot.timing import SLOT_OPEN, Rhythm, Slot, is_possible, next_time, read_quiet, read_slots, read_zone

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
EVERY_DAY = frozenset(range(7))
# When clocks are changed there, or any moment where they never are. Lord Howe moves them by half an hour, Nuuk over
# midnight, and Casablanca for Ramadan.
ZONES = {
    "Europe/Berlin": ("2026-03-29T01:00", "2026-10-25T01:00"),
    "America/New_York": ("2026-03-08T07:00", "2026-11-01T06:00"),
    "Australia/Lord_Howe": ("2026-04-04T15:00", "2026-10-03T15:30"),
    "Africa/Casablanca": ("2026-02-15T02:00", "2026-03-22T02:00"),
    "America/Nuuk": ("2026-03-29T01:00", "2026-10-25T01:00"),
    "Asia/Kolkata": ("2026-03-29T01:00",),
    "Asia/Kathmandu": ("2026-03-29T01:00",),
    "UTC": ("2026-03-29T01:00",),
}


def at(text: str, zone: str = "UTC", fold: int = 0) -> datetime:
    """A moment by the wall clock of a zone; with fold=1 the second time it shows that."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def goes_out(rhythm: Rhythm, now: str, last: str = "", fold: int = 0) -> str:
    """What the wall clock shows when the next candidate goes out."""
    found = next_time(rhythm, at(now, rhythm.zone, fold), at(last, rhythm.zone) if last else None)
    assert found.tzinfo is UTC
    return found.astimezone(ZoneInfo(rhythm.zone)).isoformat(timespec="minutes")


# --- any time, and far enough apart ---------------------------------------------------------------------------------


def test_without_a_rhythm_everything_goes_out_at_once() -> None:
    now = at("2026-11-21T08:16:33.5")
    assert next_time(Rhythm(), now, now) == next_time(Rhythm(), now, None) == now


def test_two_candidates_are_as_far_apart_as_the_gap() -> None:
    rhythm = Rhythm(gap=30 * MINUTE)
    assert goes_out(rhythm, "2026-11-21T08:10", last="2026-11-21T08:00") == "2026-11-21T08:30+00:00"
    assert goes_out(rhythm, "2026-11-21T08:30", last="2026-11-21T08:00") == "2026-11-21T08:30+00:00"


def test_a_gap_is_counted_in_time_that_passes_and_not_by_the_clock() -> None:
    rhythm = Rhythm("Europe/Berlin", gap=2 * HOUR)
    assert goes_out(rhythm, "2026-10-25T02:30", last="2026-10-25T02:30") == "2026-10-25T03:30+01:00"


# --- quiet hours ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "out"),
    [
        ("2026-11-21T21:59", "2026-11-21T21:59"),
        ("2026-11-21T22:00", "2026-11-22T07:00"),
        ("2026-11-22T00:00", "2026-11-22T07:00"),
        ("2026-11-22T06:59", "2026-11-22T07:00"),
        ("2026-11-22T07:00", "2026-11-22T07:00"),
    ],
)
def test_quiet_hours_begin_with_their_first_moment_and_end_before_their_last(now: str, out: str) -> None:
    assert goes_out(Rhythm("Asia/Kathmandu", quiet=(time(22), time(7))), now) == f"{out}+05:45"


def test_quiet_hours_end_on_the_second_whatever_the_run_began_at() -> None:
    rhythm = Rhythm(quiet=(time(22), time(7)))
    assert next_time(rhythm, at("2026-11-22T06:59:59.999999"), None) == at("2026-11-22T07:00")


def test_a_gap_that_ends_in_quiet_hours_waits_for_their_end() -> None:
    rhythm = Rhythm(quiet=(time(22), time(7)), gap=HOUR)
    assert goes_out(rhythm, "2026-11-21T21:40", last="2026-11-21T21:30") == "2026-11-22T07:00+00:00"


@pytest.mark.parametrize(
    ("quiet", "now", "fold", "out"),
    [
        # the night of the 29th of March has no 02:00 to 03:00
        ((time(22), time(7)), "2026-03-29T00:00", 0, "2026-03-29T07:00+02:00"),
        ((time(22), time(2, 30)), "2026-03-29T01:59", 0, "2026-03-29T03:00+02:00"),
        ((time(2, 15), time(2, 45)), "2026-03-29T01:59", 0, "2026-03-29T01:59+01:00"),
        # that of the 25th of October has it twice
        ((time(22), time(7)), "2026-10-25T02:30", 0, "2026-10-25T07:00+01:00"),
        ((time(22), time(2, 30)), "2026-10-25T02:29", 0, "2026-10-25T02:30+02:00"),
        ((time(22), time(2, 30)), "2026-10-25T02:29", 1, "2026-10-25T02:30+01:00"),
        ((time(2, 30), time(7)), "2026-10-25T02:30", 0, "2026-10-25T02:00+01:00"),
        ((time(2, 30), time(7)), "2026-10-25T02:30", 1, "2026-10-25T07:00+01:00"),
    ],
)
def test_quiet_hours_are_those_the_clock_shows(quiet: tuple[time, time], now: str, fold: int, out: str) -> None:
    assert goes_out(Rhythm("Europe/Berlin", quiet=quiet), now, fold=fold) == out


@pytest.mark.parametrize(
    ("zone", "ends", "now", "fold", "out"),
    [
        # Lord Howe has 01:30 to 02:00 twice, and the next spring no 02:00 to 02:30
        ("Australia/Lord_Howe", "01:45", "2026-04-05T01:40", 0, "2026-04-05T01:45+11:00"),
        ("Australia/Lord_Howe", "01:45", "2026-04-05T01:50", 0, "2026-04-05T01:50+11:00"),
        ("Australia/Lord_Howe", "01:45", "2026-04-05T01:35", 1, "2026-04-05T01:45+10:30"),
        ("Australia/Lord_Howe", "02:15", "2026-10-04T01:59", 0, "2026-10-04T02:30+11:00"),
        ("America/New_York", "01:30", "2026-11-01T01:10", 0, "2026-11-01T01:30-04:00"),
        ("America/New_York", "01:30", "2026-11-01T01:10", 1, "2026-11-01T01:30-05:00"),
        ("America/New_York", "02:30", "2026-03-08T01:59", 0, "2026-03-08T03:00-04:00"),
        ("Africa/Casablanca", "02:30", "2026-02-15T02:10", 1, "2026-02-15T02:30+00:00"),
    ],
)
def test_quiet_hours_until_a_time_that_comes_twice_or_never(
    zone: str, ends: str, now: str, fold: int, out: str
) -> None:
    assert goes_out(Rhythm(zone, quiet=read_quiet(f"22:00-{ends}")), now, fold=fold) == out


# --- slots ----------------------------------------------------------------------------------------------------------

MORNING = Rhythm("Asia/Kolkata", read_slots("09:00, 15:30"))


@pytest.mark.parametrize(
    ("now", "last", "out"),
    [
        ("2026-11-21T08:00", "", "2026-11-21T09:00"),
        ("2026-11-21T09:40", "", "2026-11-21T09:40"),
        ("2026-11-21T10:00", "", "2026-11-21T15:30"),
        ("2026-11-21T09:40", "2026-11-20T15:31", "2026-11-21T09:40"),
        ("2026-11-21T09:40", "2026-11-21T08:59", "2026-11-21T09:40"),
        ("2026-11-21T09:40", "2026-11-21T09:00", "2026-11-21T15:30"),
        ("2026-11-21T16:00", "2026-11-21T15:35", "2026-11-22T09:00"),
    ],
)
def test_a_slot_lets_one_candidate_out_and_is_open_for_an_hour(now: str, last: str, out: str) -> None:
    assert goes_out(MORNING, now, last) == f"{out}+05:30"


def test_after_three_days_of_outage_nothing_bursts() -> None:
    now, out = at("2026-11-24T09:10", "Asia/Kolkata"), []
    last: datetime | None = at("2026-11-21T09:00", "Asia/Kolkata")
    while len(out) < 3:
        now = last = next_time(MORNING, now, last)
        out.append(now.astimezone(ZoneInfo("Asia/Kolkata")).strftime("%d %H:%M"))
    assert out == ["24 09:10", "24 15:30", "25 09:00"]


def test_slots_may_be_only_on_some_days() -> None:
    rhythm = Rhythm(slots=read_slots("Mon-Fri 09:00; Sat 11:00"))
    assert goes_out(rhythm, "2026-11-20T12:00") == "2026-11-21T11:00+00:00"
    assert goes_out(rhythm, "2026-11-21T12:00") == "2026-11-23T09:00+00:00"


def test_a_slot_that_opens_in_quiet_hours_is_met_at_their_end_if_it_is_still_open() -> None:
    rhythm = Rhythm(slots=read_slots("06:30, 12:00"), quiet=(time(22), time(7)))
    assert goes_out(rhythm, "2026-11-21T05:00") == "2026-11-21T07:00+00:00"
    rhythm = Rhythm(slots=read_slots("06:00, 12:00"), quiet=(time(22), time(7)))
    assert goes_out(rhythm, "2026-11-21T05:00") == "2026-11-21T12:00+00:00"


def test_a_slot_that_the_gap_outlasts_is_lost() -> None:
    rhythm = Rhythm(slots=read_slots("09:00, 10:00, 12:00"), gap=2 * HOUR)
    assert goes_out(rhythm, "2026-11-21T10:00", last="2026-11-21T09:05") == "2026-11-21T12:00+00:00"


@pytest.mark.parametrize(
    ("zone", "slot", "now", "out"),
    [
        ("Europe/Berlin", "02:30", "2026-03-29T00:00", "2026-03-29T03:30+02:00"),
        ("Europe/Berlin", "02:30", "2026-10-25T00:00", "2026-10-25T02:30+02:00"),
        ("Australia/Lord_Howe", "02:15", "2026-10-04T00:00", "2026-10-04T02:45+11:00"),
        ("Africa/Casablanca", "09:00", "2026-02-15T00:00", "2026-02-15T09:00+00:00"),
        ("Africa/Casablanca", "09:00", "2026-03-22T00:00", "2026-03-22T09:00+01:00"),
        ("Africa/Casablanca", "02:30", "2026-02-15T00:00", "2026-02-15T02:30+01:00"),
        ("Africa/Casablanca", "02:30", "2026-03-22T00:00", "2026-03-22T03:30+01:00"),
        ("Australia/Lord_Howe", "01:45", "2026-04-05T00:00", "2026-04-05T01:45+11:00"),
        ("America/New_York", "02:30", "2026-03-08T00:00", "2026-03-08T03:30-04:00"),
        ("America/New_York", "01:30", "2026-11-01T00:00", "2026-11-01T01:30-04:00"),
        ("Asia/Kolkata", "02:30", "2026-03-29T00:00", "2026-03-29T02:30+05:30"),
        ("Asia/Kathmandu", "02:30", "2026-10-25T00:00", "2026-10-25T02:30+05:45"),
        ("America/Nuuk", "23:30", "2026-03-28T20:00", "2026-03-29T00:30-01:00"),
        ("America/Nuuk", "00:10, 23:30", "2026-03-28T20:00", "2026-03-29T00:10-01:00"),
    ],
)
def test_a_slot_on_the_day_the_clock_is_changed_happens_once(zone: str, slot: str, now: str, out: str) -> None:
    assert goes_out(Rhythm(zone, read_slots(slot)), now) == out


def test_a_slot_whose_time_comes_twice_is_not_met_the_second_time() -> None:
    rhythm = Rhythm("Europe/Berlin", read_slots("02:30"))
    assert goes_out(rhythm, "2026-10-25T02:31", last="2026-10-25T02:30", fold=1) == "2026-10-26T02:30+01:00"
    assert goes_out(rhythm, "2026-10-25T02:31", fold=1) == "2026-10-26T02:30+01:00"


# --- what cannot be -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slots", "quiet", "possible"),
    [
        ("", "", True),
        ("", "22:00-07:00", True),
        ("09:00", "22:00-07:00", True),
        ("23:00", "22:00-07:00", False),
        ("Mon 00:00, 05:59; Sun 22:00", "22:00-07:00", False),
        ("06:30", "22:00-07:00", True),
        ("00:00", "00:01-00:00", True),
    ],
)
def test_slots_that_all_lie_in_quiet_hours_are_impossible(slots: str, quiet: str, possible: bool) -> None:
    rhythm = Rhythm("Europe/Berlin", read_slots(slots), read_quiet(quiet))
    assert is_possible(rhythm) is possible


def test_an_impossible_rhythm_gives_a_day_far_ahead_and_soon() -> None:
    now = at("2026-11-21T08:00")
    begun = perf_counter()
    for slots in (read_slots("23:00, 23:10, 23:20, 0:00, 1:00, 2:00, 3:00"), (Slot(frozenset(), time(9)),)):
        assert next_time(Rhythm(slots=slots, quiet=(time(22), time(7))), now, None) >= now + 400 * DAY
    assert perf_counter() - begun < 2


# --- laws -----------------------------------------------------------------------------------------------------------

# often near the change of a clock, where the mistakes are
TIMES = st.one_of(
    st.builds(time, st.integers(0, 3), st.sampled_from((0, 15, 30, 45))),
    st.builds(time, st.integers(0, 23), st.integers(0, 59)),
)
SLOTS = st.lists(st.builds(Slot, st.frozensets(st.integers(0, 6), min_size=1), TIMES), max_size=4).map(tuple)
QUIET = st.none() | st.tuples(TIMES, TIMES).filter(lambda ends: ends[0] != ends[1])
GAPS = st.sampled_from((timedelta(0), 30 * MINUTE, 5 * HOUR, 3 * DAY))
RHYTHMS = st.builds(Rhythm, st.sampled_from(list(ZONES)), SLOTS, QUIET, GAPS)
NEAR = st.timedeltas(-2 * DAY, 2 * DAY) | st.integers(-96, 96).map(lambda quarters: quarters * 15 * MINUTE)


@st.composite
def moments(draw: st.DrawFn) -> tuple[Rhythm, datetime, datetime | None]:
    """A rhythm that is possible, a time near the change of its clock, and when it last posted."""
    rhythm = draw(RHYTHMS)
    assume(is_possible(rhythm))
    now = at(draw(st.sampled_from(ZONES[rhythm.zone]))) + draw(NEAR)
    return rhythm, now, draw(st.none() | NEAR.map(lambda before: now - abs(before)))


def lets_out(rhythm: Rhythm, moment: datetime, last: datetime | None) -> bool:
    """The rules of `next_time` once more, each as plainly as can be."""
    zone = ZoneInfo(rhythm.zone)
    clock = moment.astimezone(zone).time()
    if last and moment < last + rhythm.gap:
        return False
    if rhythm.quiet:
        start, end = rhythm.quiet
        if (start <= clock < end) if start < end else not end <= clock < start:
            return False
    days = [(moment.astimezone(zone) + n * DAY).date() for n in (-2, -1, 0, 1)]
    starts = [datetime.combine(d, s.at, zone) for d in days for s in rhythm.slots if d.weekday() in s.days]
    unused = [start for start in starts if not last or last < start.astimezone(UTC)]
    return not rhythm.slots or any(
        start.astimezone(UTC) <= moment < start.astimezone(UTC) + SLOT_OPEN for start in unused
    )


@settings(max_examples=300, deadline=None)
@given(moments(), st.floats(0, 1))
def test_it_is_the_first_moment_at_which_every_rule_lets_it_out(
    case: tuple[Rhythm, datetime, datetime | None], share: float
) -> None:
    rhythm, now, last = case
    found = next_time(rhythm, now, last)
    assert found >= now
    assert lets_out(rhythm, found, last)
    assert found == now or not lets_out(rhythm, found - timedelta(microseconds=1), last)
    between = now + (found - now) * share
    assert between == found or not lets_out(rhythm, between, last)


@settings(max_examples=200, deadline=None)
@given(moments(), NEAR)
@example((Rhythm("Europe/Berlin", quiet=(time(22), time(2, 30))), at("2026-03-29T00:50"), None), 20 * MINUTE)
def test_asking_later_never_gives_an_earlier_time_and_asking_then_gives_that(
    case: tuple[Rhythm, datetime, datetime | None], later: timedelta
) -> None:
    rhythm, now, last = case
    found = next_time(rhythm, now, last)
    assert next_time(rhythm, found, last) == found
    assert found <= next_time(rhythm, now + abs(later), last)


@settings(max_examples=100, deadline=None)
@given(moments())
def test_a_backlog_goes_out_one_a_slot(case: tuple[Rhythm, datetime, datetime | None]) -> None:
    rhythm, now, last = case
    assume(rhythm.slots)
    used: list[datetime] = []
    for _ in range(4):
        now = last = next_time(rhythm, now, last)
        used.append(now)
    assert used == sorted(set(used))
    assert all(later - earlier >= rhythm.gap for earlier, later in pairwise(used))


# --- as people write it ---------------------------------------------------------------------------------------------

WEEKDAYS = frozenset(range(5))


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("", ()),
        ("09:00", (Slot(EVERY_DAY, time(9)),)),
        ("9.30 17:05", (Slot(EVERY_DAY, time(9, 30)), Slot(EVERY_DAY, time(17, 5)))),
        (
            "Mon-Fri 09:00, 15:30; Sat 11:00",
            (Slot(WEEKDAYS, time(9)), Slot(WEEKDAYS, time(15, 30)), Slot(frozenset({5}), time(11))),
        ),
        ("monday – FRIDAY 09:00\n\n", (Slot(WEEKDAYS, time(9)),)),
        ("Fri-Mon 09:00", (Slot(frozenset({4, 5, 6, 0}), time(9)),)),
        ("Mon, Wed,Fri 09:00", (Slot(frozenset({0, 2, 4}), time(9)),)),
        ("Tues Thurs 0:00;", (Slot(frozenset({1, 3}), time(0)),)),
        ("୦୯:୩୦", (Slot(EVERY_DAY, time(9, 30)),)),
    ],
)
def test_slots_are_read_as_people_write_them(text: str, slots: tuple[Slot, ...]) -> None:
    assert read_slots(text) == slots


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("soon", "‘soon’ is no time to post"),
        ("Mon-Fri", "‘Mon-Fri’ is no time to post"),
        ("Mon 09:00, Sat 11:00", "write such as Mon-Fri 09:00, 15:30; Sat 11:00"),
        ("Mon 9", "‘9’ is no time of day"),
        ("24:00", "‘24:00’ is no time of day"),
        ("09:60", "‘09:60’"),
        ("09:00:00", "‘09:00:00’"),
        ("Wedding 09:00", "‘Wedding’ is no day of the week"),
        ("Mo 09:00", "‘Mo’ is no day"),
        ("Mon-Wed-Fri 09:00", "‘Wed-Fri’ is no day"),
        ("Mon- 09:00", "‘’ is no day"),
        (", 09:00", "no time to post"),
        ("सोम 09:00", "‘सोम’ is no day"),
    ],
)
def test_slots_that_cannot_be_read_say_what_to_write(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_slots(text)


@pytest.mark.parametrize(
    ("text", "quiet"),
    [
        ("", None),
        (" \n", None),
        ("22:00-07:00", (time(22), time(7))),
        ("22:00 – 7:00", (time(22), time(7))),
        ("13:00-14:30", (time(13), time(14, 30))),
    ],
)
def test_quiet_hours_are_read_as_people_write_them(text: str, quiet: tuple[time, time] | None) -> None:
    assert read_quiet(text) == quiet


@pytest.mark.parametrize(
    "text", ["at night", "22:00", "22:00-", "22:00-07:00-09:00", "09:00-09:00", "22-7", "22:00-24:00"]
)
def test_quiet_hours_that_cannot_be_read_say_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match=r"write such as (22:00-07:00|09:00)\.$"):
        read_quiet(text)


@pytest.mark.parametrize(
    ("text", "zone"),
    [("", "UTC"), (" Asia/Kolkata ", "Asia/Kolkata"), ("America/New York", "America/New_York"), ("UTC", "UTC")],
)
def test_a_zone_is_known_by_its_name(text: str, zone: str) -> None:
    assert read_zone(text) == zone


@pytest.mark.parametrize(
    "text",
    [
        "Asia/Kolkatta",
        "Asia",
        "localtime",
        "posixrules",
        "Factory",
        "right/UTC",
        "../../etc/passwd",
        "/etc/passwd",
        "x" * 5000,
        "a\0b",
        "\ud83d",
        "ଭାରତ",
    ],
)
def test_a_zone_nobody_knows_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="is no time zone; write one such as Asia/Kolkata"):
        read_zone(text)


@given(st.text(st.sampled_from("monfrisat 0123456789:.,;-–\n୦²٣")))
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    for read in (read_slots, read_quiet, read_zone):
        with suppress(ValueError):
            read(text)
