"""The sources of things to come: dates in every form, what is moved, cancelled, repeated or hostile."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import process_time

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st
from icalendar import vRecur

from smbot.messages import speaking
from smbot.model import Event, Flag, Page, Reading, Site
from smbot.sources import Wants, calendar_file, events, office_hours, outreach, talks
from smbot.sources.calendar_file import _rule
from smbot.sources.dates import find, spelled
from smbot.wikitext import WIKIMEDIA
from tests.test_wikitext import WIKITEXT

PAGES = Path(__file__).parent / "pages"
META = WIKIMEDIA["meta:meta"]
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
Read = Callable[[Page, Site, str, datetime], Reading]
READERS = [module.read for module in (talks, office_hours, calendar_file, outreach, events)]


def stored(name: str, title: str) -> Page:
    suffix = "" if "." in name else ".wikitext"
    text = (PAGES / f"{name}{suffix}").read_bytes().decode()
    return Page(title, 7, text, "https://wiki.example/7", NOW)


def read(text: str, module: Read = events.read, now: datetime = NOW, title: str = "Events") -> Reading:
    return module(Page(title, 1, text), META, "source", now)


def told(reading: Reading) -> list[tuple[str, str]]:
    """Of each item when it is, and its title; cancelled ones are marked."""
    return [(shown(item.event), item.title + " †" * (Flag.CANCELLED in item.flags)) for item in reading.items]


def shown(event: Event | None) -> str:
    assert event
    form = "%m-%d" if event.whole_day else "%m-%d %H:%M"
    return f"{event.start:{form}}" + (f" to {event.end:{form}}" if event.end else "")


def when(text: str, now: datetime = NOW, year: int = 0) -> str | None:
    found = find(text, now, year)
    return found and f"{found.event.start.year}-{shown(found.event)}"


# --- dates ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("December 07, 2020 at 20:00 UTC", "2020-12-07 20:00"),
        ("Friday 2011-03-18 04:00 UTC Sue Gardner", "2011-03-18 04:00"),
        ("Aug. 21, 2024 at 4pm UTC", "2024-08-21 16:00"),
        ("2026-11-20", "2026-11-20"),
        ("2026-11-20: 10 things", "2026-11-20"),
        ("2026-11-20 (18:00 UTC)", "2026-11-20 18:00"),
        ("2026-11-20T18:00Z", "2026-11-20 18:00"),
        ("2026-11-20T18:00:00+05:30 – 2026-11-20T19:30:00+05:30", "2026-11-20 12:30 to 11-20 14:00"),
        ("2026-11-20 18:00–19:00 UTC: Talk", "2026-11-20 18:00 to 11-20 19:00"),
        ("2026-11-20 18:00 UTC – 2026-11-22 12:00 UTC", "2026-11-20 18:00 to 11-22 12:00"),
        ("7 December 2026 09:00 UTC-10:00 UTC", "2026-12-07 09:00 to 12-07 10:00"),
        ("7 December 2026 22:00–01:00 UTC", "2026-12-07 22:00 to 12-08 01:00"),
        ("7 December 2026, 08:00-09:00 UTC", "2026-12-07 08:00 to 12-07 09:00"),
        ("7 December 2026, 18:00-19:30 (UTC): Talk", "2026-12-07 18:00 to 12-07 19:30"),
        ("7 December 2026, 18:00-19:30 (UTC+1): Talk", "2026-12-07 17:00 to 12-07 18:30"),
        ("7 December 2026, 18:00-19:30 [UTC]", "2026-12-07 18:00 to 12-07 19:30"),
        ("7 December 2026, 18:00 -19:00 UTC", "2026-12-07 18:00 to 12-07 19:00"),
        ("7 December 2026, 18:00 - 19:00 UTC", "2026-12-07 18:00 to 12-07 19:00"),
        ("7 December 2026, 08:00 UTC-10:00 CET", "2026-12-07 08:00 to 12-07 09:00"),
        ("7 December 2026, 0800-0900 UTC", "2026-12-07 08:00 to 12-07 09:00"),
        ("7 December 2026, 6-7pm UTC", "2026-12-07 18:00 to 12-07 19:00"),
        ("7 December 2026, 18.00-19.00 Uhr UTC", "2026-12-07 18:00 to 12-07 19:00"),
        ("7 décembre 2026, 18h-19h UTC", "2026-12-07 18:00 to 12-07 19:00"),
        ("2026-12-07 10:00-12:00 Europe/Berlin", "2026-12-07 09:00 to 12-07 11:00"),
        ("08:00-09:30 CET, 7 December 2026", "2026-12-07 07:00 to 12-07 08:30"),
        ("2026-12-07T18:00-05:00", "2026-12-07 23:00"),
        ("2026-12-07T18:00-19:00 UTC", "2026-12-07 18:00 to 12-07 19:00"),
        ("2026-12-07 18:00:00-05:00", "2026-12-07 23:00"),
        ("2026-12-07 18:00-05:00: Talk", "2026-12-07 23:00"),
        ("2026-12-07 18:00-05:00 / 23:00 UTC: Talk", "2026-12-07 23:00"),
        ("2026-12-07 22:00-02:00 UTC: Talk", "2026-12-07 22:00 to 12-08 02:00"),
        ("2026-12-07 18:00 -0500", "2026-12-07 23:00"),
        ("2026-12-07 18:00+01:00", "2026-12-07 17:00"),
        ("7 December 2026, 10–11 am UTC", "2026-12-07 10:00 to 12-07 11:00"),
        ("7 December 2026, 11–1 pm UTC", "2026-12-07 11:00 to 12-07 13:00"),
        ("7th of December 2026 at 1700hrs UTC", "2026-12-07 17:00"),
        ("8 pm UTC, 7 December 2026", "2026-12-07 20:00"),
        ("20:00 CET on Friday, November 20th, 2026", "2026-11-20 19:00"),
        ("December 31, 2026, 24:00 UTC", "2027-01-01 00:00"),
        ("7 December 2026, 18:00 (UTC+5:30)", "2026-12-07 12:30"),
        ("7 December 2026, 18:00 Asia/Kolkata", "2026-12-07 12:30"),
        ("7 December 2026, 6 pm EST", "2026-12-07 23:00"),
        ("Oct. 1 - Oct 29, 2024", "2024-10-01 to 10-29"),
        ("Dec. 9, 2024 to March 7, 2025", "2024-12-09 to 03-07"),
        ("Dec. 9 to March 7, 2025", "2024-12-09 to 03-07"),
        ("2026-02-10 – 2026-03-01: Mentors", "2026-02-10 to 03-01"),
        ("15th - 17th March, 2024", "2024-03-15 to 03-17"),
        ("May 2–4, 2025", "2025-05-02 to 05-04"),
        ("20 November – 5 pm UTC", "2026-11-20 17:00"),
        ("1 December 2026, noon UTC: Lunch", "2026-12-01 12:00"),
        ("12 noon UTC on 1 December 2026", "2026-12-01 12:00"),
        ("1 December 2026, 18:00–midnight UTC", "2026-12-01 18:00 to 12-02 00:00"),
        ("1 December 2026: Noon prayers at 5", "2026-12-01"),
        ("1 December 2026: 48h hackathon", "2026-12-01"),
        ("01.12.2026 18:00 UTC", "2026-12-01 18:00"),
        ("1. 12. 2026 – 3. 12. 2026", "2026-12-01 to 12-03"),
        ("1.–3.12.2026: Camp", "2026-12-01 to 12-03"),
        ("2026/12/01 at 6 pm UTC", "2026-12-01 18:00"),
        ("२०२६-११-२०", "2026-11-20"),
        ("1. Dezember 2026", "2026-12-01"),
        ("Freitag, 20. November 2026, 18:00 Uhr UTC", "2026-11-20 18:00"),
        ("24 November 2026 18:00 UTC / 19:00 CET: Talk", "2026-11-24 18:00"),
        ("24 November 2026, 18:00 UTC (19:00 CET, 23:30 IST): Talk", "2026-11-24 18:00"),
        ("24 November 2026, 23:30 IST (18:00 UTC): Talk", "2026-11-24 18:00"),
        ("24 November 2026, 18:00–19:00 UTC | 19:00–20:00 CET: Talk", "2026-11-24 18:00 to 11-24 19:00"),
        ("24 November 2026, 10am PST / 6pm UTC: Talk", "2026-11-24 18:00"),
        ("24 November 2026, 6pm PST / 2am UTC: Talk", "2026-11-25 02:00"),
        ("18:00 UTC / 19:00 CET on 24 November 2026", "2026-11-24 18:00"),
        ("24 November 2026, 18:00 UTC – 19:00 CET", "2026-11-24 18:00"),
        ("Dienstag, 24. November 2026, 18:00 Uhr MEZ: Treffen", "2026-11-24 17:00"),
        ("24. Juni 2027, 18:00 Uhr MESZ", "2027-06-24 16:00"),
        ("3 ديسمبر 2026، 18:00 UTC", "2026-12-03 18:00"),
        ("الخميس، 3 ديسمبر، 2026، 18:00 UTC", "2026-12-03 18:00"),
        ("24 and 25 November 2026: Talk", "2026-11-24 to 11-25"),
        ("24, 25 and 26 November 2026: Talk", "2026-11-24 to 11-26"),
        ("24, 25, and 26 November 2026: Talk", "2026-11-24 to 11-26"),
        ("24, 25 November 2026: Talk", "2026-11-24 to 11-25"),
        ("November 24, 25 and 26, 2026: Talk", "2026-11-24 to 11-26"),
        ("Nov 24 & 25, 2026: Talk", "2026-11-24 to 11-25"),
        ("24. und 25. November 2026", "2026-11-24 to 11-25"),
        ("24. und 25.11.2026", "2026-11-24 to 11-25"),
        ("24 et 25 novembre 2026", "2026-11-24 to 11-25"),
        ("24 और 25 नवंबर 2026", "2026-11-24 to 11-25"),
        ("24 و 25 نوفمبر 2026", "2026-11-24 to 11-25"),
        ("୨୪ ଓ ୨୫ ନଭେମ୍ବର ୨୦୨୬", "2026-11-24 to 11-25"),
        ("30 November and 1 December 2026: Talk", "2026-11-30 to 12-01"),
        ("30 November 2026 and 1 December 2026: Talk", "2026-11-30 to 12-01"),
        ("24 and 25 November 2026, 10:00–16:00 UTC: Talk", "2026-11-24 10:00 to 11-25 16:00"),
        ("Room 12, 24 November 2026", "2026-11-24"),
        ("Wikidata turns 13, 14 November 2026", "2026-11-14"),
        ("2026-11-24/26: Conf", "2026-11-24 to 11-26"),
        ("2026-11-24/2026-12-02: Conf", "2026-11-24 to 12-02"),
        ("24 November 2026 (Tuesday) 18:00 UTC: Talk", "2026-11-24 18:00"),
        ("24 November 2026, Tuesday, 18:00 UTC: Talk", "2026-11-24 18:00"),
        ("2026-11-24 (Tue), 18:00 UTC", "2026-11-24 18:00"),
        ("24 November 2026, Sunday School", "2026-11-24"),
        ("24/25 November 2026: Talk", "2026-11-24 to 11-25"),
        ("24./25. November 2026", "2026-11-24 to 11-25"),
        ("24./25.11.2026", "2026-11-24 to 11-25"),
        ("November 24/25, 2026", "2026-11-24 to 11-25"),
        ("7 December 2026, 18:00 UTC+1: Talk", "2026-12-07 17:00"),
        ("7 December 2026, 18:00-19:00 UTC-5: Talk", "2026-12-07 23:00 to 12-08 00:00"),
        ("7 December 2026, 18:00 UTC-5 - 19:00 UTC-5: Talk", "2026-12-07 23:00 to 12-08 00:00"),
        ("7 December 2026, 18:00 (UTC -5): Talk", "2026-12-07 23:00"),
        ("7 December 2026, 18:00 UTC-19:00: Talk", "2026-12-07 18:00 to 12-07 19:00"),
        ("Apply between 24 and 28 November 2026", "2026-11-24 to 11-28"),
        ("Apply between 24 November and December 8, 2026", "2026-11-24 to 12-08"),
        ("Week of 30 November 2026: Y team", "2026-11-30 to 12-06"),
        ("In the week of November 30: Y team", "2026-11-30 to 12-06"),
        ("Week of 30 November – 4 December 2026: Y team", "2026-11-30 to 12-04"),
        ("Fr., 1.–3. Jan. 2027", "2027-01-01 to 01-03"),
        ("1. September 18:00 UTC", "2027-09-01 18:00"),
        ("mardi 1er décembre 2026 à 18h UTC", "2026-12-01 18:00"),
        ("1er au 3 févr. 2027", "2027-02-01 to 02-03"),
        ("१ दिसंबर २०२६", "2026-12-01"),
        ("12 फ़रवरी 2027", "2027-02-12"),
        ("١ ديسمبر ٢٠٢٦", "2026-12-01"),
        ("୧ ଡିସେମ୍ବର ୨୦୨୬", "2026-12-01"),
        ("ଡିସେମ୍ବର 1, 2026", "2026-12-01"),
    ],
)
def test_dates_and_times_in_the_forms_people_use(text: str, expected: str) -> None:
    assert when(text) == expected
    assert find(text, NOW).problems == ()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text",
    [
        "30 February 2026",
        "2026-02-30 – 2026-03-01",
        "32 May 2026",
        "9–5 May x",
        "you may 5 times",
        "31 Dec 9999 23:00 EST",
        "31. Februar 2027",
        "5 जूनागढ़",
        "5 personnes",
    ],
)
def test_what_is_no_day_is_no_date(text: str) -> None:
    assert when(text) in (None, "2027-05-05")


@pytest.mark.parametrize(
    ("text", "year", "expected"),
    [
        ("20 November", 0, "2026-11-20"),
        ("November 19", 0, "2026-11-19"),  # a page tells of yesterday, too
        ("November 18", 0, "2027-11-18"),
        ("November 18", 2025, "2025-11-18"),
        ("29 February", 0, "2028-02-29"),
        ("Friday, November 27", 0, "2026-11-27"),
        ("Thursday, November 27", 0, None),  # it was one in 2025
    ],
)
def test_a_day_without_a_year_is_the_next_such_day(text: str, year: int, expected: str | None) -> None:
    assert when(text, NOW, year) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("28 March 2026 18:00 Europe/Berlin", "2026-03-28 17:00"),
        ("29 March 2026 02:30 Europe/Berlin", "2026-03-29 01:30"),  # the clock skips it
        ("29 March 2026 18:00 Europe/Berlin", "2026-03-29 16:00"),
        ("25 October 2026 02:30 Europe/Berlin", "2026-10-25 00:30"),  # it comes twice: the first
    ],
)
def test_a_time_of_a_place_is_that_of_its_wall_clock(text: str, expected: str) -> None:
    assert when(text) == expected


@pytest.mark.parametrize(
    ("text", "expected", "said"),
    [
        ("7 December 2026 at 18:00", "2026-12-07 18:00", "The time has no zone, and was taken as UTC."),
        ("2026-12-07 08:00-10:00", "2026-12-07 08:00 to 12-07 10:00", "The time has no zone, and was taken as UTC."),
        ("7 December 2026 18:00 -05:00", "2026-12-07 18:00 to 12-08 05:00", "has no zone, and was taken as UTC."),
        ("2026-12-07 18:00-00:00", "2026-12-07 18:00 to 12-08 00:00", "has no zone, and was taken as UTC."),
        ("2026-12-07 18:00-05:15", "2026-12-07 18:00 to 12-08 05:15", "has no zone, and was taken as UTC."),
        ("2026-12-07 02:00-05:00", "2026-12-07 02:00 to 12-07 05:00", "has no zone, and was taken as UTC."),
        ("7 December 2026 18:00 IRC channel", "2026-12-07 18:00", "The time has no zone, and was taken as UTC."),
        ("7 December 2026 18:00 IST", "2026-12-07", "IST names no zone, or more than one."),
        ("7 July 2026 18:00 CET", "2026-07-07 17:00", "CET is not in use on 2026-07-07."),
        ("Monday, 20 November 2026", "2026-11-20", "2026-11-20 is a Friday."),
        ("20 November 2026 (Monday), 18:00 UTC", "2026-11-20 18:00", "2026-11-20 is a Friday."),
        ("7 December 2026, 25:00 UTC", "2026-12-07", "25:00 UTC is no time of day"),
        ("7 December 2026, 18:60: Talk", "2026-12-07", "18:60 is no time of day"),
        ("13 pm UTC, 7 December 2026", "2026-12-07", "13 pm UTC is no time of day"),
        ("7 December 2026, 18:00–25:00 UTC", "2026-12-07", "18:00–25:00 UTC is no time of day"),
        ("7 December 2026, 18:00 UTC / 18:30 CET", "2026-12-07 18:00", "not the same moment; 18:00 UTC was taken."),
        ("7 December 2026, 10am PDT / 6pm UTC", "2026-12-07 18:00", "not the same moment; 18:00 UTC was taken."),
        ("7 December 2026, 18:00 UTC, 20:00 UTC", "2026-12-07 18:00", "not the same moment; 18:00 UTC was taken."),
        ("24 and 28 November 2026, 18:00 UTC", "2026-11-24 18:00", "more than one day; only the first is told."),
        ("24 and 25 November 2026, 18:00 UTC", "2026-11-24 18:00", "more than one day; only the first is told."),
        ("24, 26 and 28 November 2026", "2026-11-24", "more than one day; only the first is told."),
        ("November 24, 26 and 28, 2026", "2026-11-24", "more than one day; only the first is told."),
        ("24 November 2026 and 8 December 2026", "2026-11-24", "more than one day; only the first is told."),
        ("24 November and 8 December 2027", "2027-11-24", "more than one day; only the first is told."),
        ("3–5 May and 10–12 May 2027", "2027-05-03 to 05-05", "more than one day; only the first is told."),
        (
            "24 November 2026, 18:00 UTC and 8 December 2026, 18:00 UTC",
            "2026-11-24 18:00",
            "more than one day; only the first is told.",
        ),
        ("24 November 2026 and 31 November 2026", "2026-11-24", "more than one day; only the first is told."),
        ("7 December 2026, midnight UTC", "2026-12-07 00:00", "24:00 UTC for its end"),
    ],
)
def test_what_is_doubtful_in_a_date_is_said(text: str, expected: str, said: str) -> None:
    found = find(text, NOW)
    assert found
    assert when(text) == expected
    assert said in str(found.problems[0])


@pytest.mark.parametrize(
    ("wikitext", "expected"),
    [
        ("{{dts|2026|11|20}}", "2026-11-20"),
        ("{{dts|20 November 2026}}", "20 November 2026"),
        ("{{Start date|2026|1|5|18|00}}", "2026-01-05 18:00"),
        ('<abbr class="dtstart" title="20261120T1800Z">today</abbr>', "2026-11-20T18:00Z"),
        ('<time datetime="2026-11-20T18:00Z" class="x dtend">now</time>', "2026-11-20T18:00Z"),
    ],
)
def test_date_templates_and_microformats_are_spelled_out(wikitext: str, expected: str) -> None:
    assert spelled(wikitext) == expected


# --- all dated sources ------------------------------------------------------------------------------------------------

HOSTILE = st.lists(
    st.sampled_from(
        [
            *[
                "{|",
                "|}",
                "|-",
                "| ",
                "!",
                "||",
                'rowspan="99"',
                "\n",
                "2026-11-20",
                "18:00",
                "–",
                "UTC",
                "<s>",
                "</s>",
            ],
            *[
                "20 November",
                "=== A ===",
                "* ",
                "cancelled",
                "moved to",
                'class="vevent"',
                "Date",
                "Topic",
                "{{dts|",
                "}}",
            ],
            *[
                "BEGIN:VCALENDAR",
                "END:VCALENDAR",
                "BEGIN:VEVENT",
                "END:VEVENT",
                "DTSTART:20261120T180000Z",
                "SUMMARY:A",
            ],
            *[
                " and ",
                "24, ",
                "/",
                "(19:00 CET)",
                "24 November",
                "week of ",
                "between ",
                "Status",
                "== B ==\n",
                "rescheduled",
            ],
            *["RRULE:FREQ=DAILY", "RRULE:FREQ=MONTHLY;BYDAY=-1MO;BYSETPOS=9", "mentors apply by", "\u200f", "ଓଡ଼ିଆ", " "],
        ]
    )
    | st.text(max_size=4),
    max_size=40,
).map("".join)


@pytest.mark.parametrize("module", [events.read, talks.read])
def test_many_spaces_in_a_title_take_no_time(module: Read) -> None:
    start = process_time()
    assert told(read(f"== a{' ' * 20_000}b{chr(9)}c ==\n2026-11-24, 18:00 UTC", module)) == [("11-24 18:00", "a b c")]
    assert process_time() - start < 1


@pytest.mark.parametrize("module", READERS)
@given(text=WIKITEXT | HOSTILE | HOSTILE.map(lambda text: text.replace(" ", "\r\n")))
def test_any_text_can_be_read_and_all_that_comes_is_dated_and_not_long_over(module: Read, text: str) -> None:
    for timestamp in (None, NOW, datetime.min.replace(tzinfo=UTC)):
        reading = module(Page("A/2026", 1, text, timestamp=timestamp), META, "any", NOW)
        assert reading.items or reading.placeholder or reading.problems
        for item in reading.items:
            assert item.title
            assert item.text
            assert item.event
            assert item.event.over >= NOW - timedelta(1)


@pytest.mark.parametrize("module", [talks, office_hours, outreach, events])
def test_a_page_without_dates_is_an_alarm_unless_it_says_that_nothing_is_planned(module: object) -> None:
    assert read("Something else.", module.read).problems  # type: ignore[attr-defined]
    assert read("There are no upcoming events.", module.read) == Reading(placeholder=True)  # type: ignore[attr-defined]


@pytest.mark.parametrize("module", [talks, office_hours, calendar_file, outreach, events])
def test_what_is_to_come_is_looked_for_every_day(module: object) -> None:
    wants = module.wants(module.PAGE, NOW, 7)  # type: ignore[attr-defined]
    assert wants.daily
    assert wants != Wants()


# --- pages of dates ---------------------------------------------------------------------------------------------------


def test_dated_bullets_in_the_forms_of_a_real_list() -> None:
    reading = events.read(stored("events-satellite", "Events"), META, "events", NOW)
    assert told(reading) == [
        ("01-29 to 01-31", "Wiki Example Hackathon"),
        ("11-30", "Comment contribuer"),
        ("12-15 to 12-17", "Whishathon en Présentiel"),
        ("12-06 to 12-07", "AI Sauna in Helsinki"),
        ("12-15", "Ionian Wikithon - in Corfu, Greece"),
    ]
    assert reading.items[1].links[0].url == "https://meta.wikimedia.org/wiki/Event:Exemple"
    assert reading.items[3].text == "The two-day event invites the community."
    assert reading.items[1].group == "2026-11-30"
    assert reading.items[1].published is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("* 2026-11-20: Talk (cancelled)", ("11-20", "Talk †")),
        ("* Cancelled: 2026-11-20: Talk", ("11-20", "Talk †")),
        ("* 2026-11-20: Talk. Postponed", ("11-20", "Talk †")),
        ("* 2026-11-20: The talk has been canceled due to illness", ("11-20", "The talk †")),
        ("* {{cancelled}} 2026-11-20: Talk", ("11-20", "Talk †")),
        ("* <s>2026-11-20: Talk</s>", ("11-20", "Talk †")),
        ("* {{s|2026-11-20: Talk}}", ("11-20", "Talk †")),
        ("* 2026-11-20: <del>Talk</del> cancelled", ("11-20", "Talk †")),
        ("* 2026-11-20: Talk (postponed to next year)", ("11-20", "Talk †")),
        ("* 2026-11-20: Talk in Puri – CANCELLED due to illness", ("11-20", "Talk in Puri †")),
        ("* 2026-11-20: Talk in Puri CANCELLED due to illness", ("11-20", "Talk in Puri †")),
        ("* 2026-11-20: Talk in Puri – '''cancelled''', see talk page", ("11-20", "Talk in Puri †")),
        ("* 2026-11-20, 18:00 UTC: Talk – postponed, new date TBD", ("11-20 18:00", "Talk †")),
        ("* 2026-11-20, 18:00 UTC: Talk – postponed to next week", ("11-20 18:00", "Talk †")),
        ("* 2026-11-20, 18:00 UTC: '''POSTPONED''' Talk in Puri", ("11-20 18:00", "Talk in Puri †")),
        ("* 2026-11-20, 18:00 UTC: '''Cancelled''' Talk in Puri", ("11-20 18:00", "Talk in Puri †")),
        ("* 2026-11-20, 18:00 UTC – cancelled – Talk in Puri", ("11-20 18:00", "Talk in Puri †")),
        ("* 2026-11-20: Talk postponed", ("11-20", "Talk †")),
        ("* 2026-11-20: Talk cancelled!", ("11-20", "Talk †")),
        ("* 2026-11-20: Talk – now cancelled", ("11-20", "Talk †")),
        ("* 2026-11-20: Talk cancelled due to illness", ("11-20", "Talk †")),
        ("* 2026-11-20: A talk about being cancelled", ("11-20", "A talk about being cancelled")),
        ("* 2026-11-20: Talk (not cancelled)", ("11-20", "Talk (not cancelled)")),
        ("* CANCELLED 2026-11-20: Talk", ("11-20", "Talk †")),
        ("* 2026-11-20: The talk on 20 November has been cancelled", ("11-20", "The talk on 20 November †")),
        ("* 2026-11-20: Talk in Puri will not take place.", ("11-20", "Talk in Puri †")),
        ("* 2026-11-20: Talk in Puri won’t happen, sorry", ("11-20", "Talk in Puri †")),
        ("* 2026-11-20: Talk in Puri cannot be held", ("11-20", "Talk in Puri †")),
        ("* 2026-11-20\n** Talk in Puri cannot be held", ("11-20", "• Talk in Puri †")),
        ("* Fri., 20 Nov. 2026: Talk in Puri cannot be held", ("11-20", "Talk in Puri †")),
        ("* 2026-11-20: Talk – cancelled, the host is ill", ("11-20", "Talk †")),
        ("* 2026-11-20: Talk – cancelled by the board", ("11-20", "Talk †")),
        ("* 2026-11-20: Talk: POSTPONED BY THE BOARD", ("11-20", "Talk †")),
        ("* 2026-11-20: Talk; postponed for now", ("11-20", "Talk †")),
        (
            "* 2026-11-20: Talk on why the 2025 survey was cancelled",
            ("11-20", "Talk on why the 2025 survey was cancelled"),
        ),
        ("* 2026-11-20: Talk about how Flow was called off", ("11-20", "Talk about how Flow was called off")),
        ("* 2026-11-20: Panel on edits that were cancelled", ("11-20", "Panel on edits that were cancelled")),
        ("* 2026-11-20: Talk – cancelled projects", ("11-20", "Talk – cancelled projects")),
        ("* 2026-11-20: Talk: CANCELLED PROJECTS", ("11-20", "Talk: CANCELLED PROJECTS")),
        ("* <s>2026-11-20 18:00 UTC: Talk</s> moved to 2026-11-27 19:00 UTC", ("11-27 19:00", "Talk")),
        ("* <s>2026-11-20: Talk</s> '''Postponed to 2026-11-27, 19:00 UTC'''", ("11-27 19:00", "Talk")),
        ("* <s>2026-11-20</s> moved to 2026-11-27: Talk", ("11-27", "Talk")),
        ("* 2026-11-20: Talk about cancelled subscriptions", ("11-20", "Talk about cancelled subscriptions")),
        ("* <s>2026-11-20</s> 2026-11-27: Talk", ("11-27", "Talk")),
        ("* 2026-11-20 18:00 UTC: Talk (moved to 2026-11-27 19:00 UTC)", ("11-27 19:00", "Talk")),
        ("* 27 November (previously 20 November): Talk", ("11-27", "Talk")),
    ],
)
def test_what_is_cancelled_is_marked_and_what_is_moved_has_its_new_date(text: str, expected: tuple[str, str]) -> None:
    assert told(read(text)) == [expected]


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-24, 16:00 UTC: Talk (moved to 18:00 UTC)",
        "2026-11-24, 16:00 UTC: Talk rescheduled",
        "2026-11-24, 16:00 UTC: Talk. Rescheduled to next month.",
        "2026-11-24, 16:00 UTC: Talk moved to next week",
        "2026-11-24, 16:00 UTC: Talk (moved to 6 pm)",
        "2026-11-24, 16:00 UTC: Talk, moved to the 30th",
        "2026-11-24, 16:00 UTC: Talk – moved to 30.",
        "2026-11-24, 16:00 UTC: How wikis work (rescheduled)",
        "2026-11-24, 16:00 UTC: Our last talk was rescheduled. This one is rescheduled to next month.",
        "2026-11-24, 16:00 UTC: Talk, which was rescheduled to next month",
        "2026-11-24, 16:00 UTC: Talk, postponed by a week",
        "2026-11-24, 16:00 UTC: Talk (postponed by two days)",
        "2026-11-24, 16:00 UTC: The talk was POSTPONED BY A WEEK",
        "2026-11-24, 16:00 UTC: Discussion of the strike, postponed by the board",
        "2026-11-24, 16:00 UTC: Talk, cancelled, was to be in Puri",
        "2026-11-24, 16:00 UTC: The vote, cancelled by the board, will be discussed",
        "2026-11-24, 16:00 UTC: Talk, postponed due to illness, is now in spring",
        "2026-11-24, 16:00 UTC: Talk in Puri will not take place as the house is closed",
        "2026-11-24, 16:00 UTC: Talk in Puri. It may be cancelled.",
    ],
)
def test_what_takes_place_at_another_time_nobody_can_tell_is_held_back_and_that_is_said(line: str) -> None:
    reading = read(f"* {line}")
    assert reading.items == ()
    assert reading.placeholder
    assert "whether it takes place, and when, so it is held back" in str(reading.problems[0])


@pytest.mark.parametrize(
    "line",
    [
        "Talk moved to Berlin",
        "Meetup in Puri (moved to 25 Park Street)",
        "Meetup in Puri. The venue has moved to 12 Main Street.",
        "Meetup in Puri, moved to 5th Avenue",
        "Meetup in Puri. Our last meetup was rescheduled.",
        "How to tell people that a meetup was rescheduled",
        "How the vote was postponed by a week",
        "Data moved to 3 new servers: what we learned",
        "Pages moved to 2.5 namespaces",
        "Editathon. Registration is not needed, and lunch cannot be held.",
        "Moderators meet: the vote, postponed as nobody came, is back",
        "The vote, cancelled by the board, is discussed",
        "The vote, cancelled due to errors, is discussed",
        "The vote (cancelled by the board) is discussed",
        "Session – the wish, postponed for years, is done",
    ],
)
def test_what_only_speaks_of_something_else_that_moved_or_was_called_off_takes_place(line: str) -> None:
    reading = read(f"* 2026-11-24, 16:00 UTC: {line}")
    assert reading.problems == ()
    assert told(reading) == [("11-24 16:00", reading.items[0].title)]
    assert f"{line}.".startswith(f"{reading.items[0].title}.") or reading.items[0].title == line


@pytest.mark.parametrize("line", ["Editathon.\nLunch cannot be held.", "Editathon\n** Lunch cannot be held"])
def test_what_cannot_be_held_below_the_first_sentence_is_something_else(line: str) -> None:
    assert told(read(f"* 2026-11-24: {line}")) == [("11-24", "Editathon")]


def test_a_moved_event_is_known_again_by_its_title() -> None:
    before, after = read("* 2026-11-24: Talk by A").items[0], read("* 2026-11-27: Talk by A (cancelled)").items[0]
    assert (before.identity, before.keys) == (after.identity, after.keys) == ("Talk by A", ())


def test_events_with_the_same_title_are_kept_apart_by_their_days_even_by_those_that_are_over() -> None:
    items = read("* 2026-10-01: Meet up\n* 2026-11-24: Meet up\n* 2026-11-24: Meet up\n* 2026-11-25: Other").items
    assert [item.keys for item in items] == [("meet-up@2026-11-24",), ()]
    twice = read("* 2026-11-24 08:00 UTC: Meet up\n* 2026-11-24 18:00 UTC: Meet up").items
    assert len({item.keys for item in twice}) == 2


def test_a_title_with_a_date_takes_what_stands_below_it() -> None:
    reading = read("== 27 November 2026: Meetup ==\n* At the [[Library]].\n== Else ==\n* No event")
    assert told(reading) == [("11-27", "Meetup")]
    assert reading.items[0].text == "At the Library."


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("24 November 2026 18:00 UTC / 19:00 CET: Lua workshop in Puri", "Lua workshop in Puri"),
        ("24 November 2026, 18:00 UTC (19:00 CET, 23:30 IST): Lua workshop in Puri", "Lua workshop in Puri"),
        ("24 November 2026, 18:00 UTC = 19:00 CET or 10 am PST – Lua workshop", "Lua workshop"),
        ("Lua workshop in Puri, 24 November 2026, 18:00 UTC / 23:30 IST", "Lua workshop in Puri"),
        ("Lua workshop, 18:00 UTC (19:00 CET), 24 November 2026", "Lua workshop"),
        ("24, 25 and 26 November 2026: Lua", "Lua"),
        ("Lua, 24 and 28 November 2026 at 18:00 UTC", "Lua"),
        ("24 November 2026, 17:00 UTC and 8 December 2026, 17:00 UTC: Lua", "Lua"),
        ("2026-11-24/26: Conf", "Conf"),
        ("Week of 30 November 2026: Y team", "Y team"),
        ("24 November 2026 (Tuesday): Lua", "Lua"),
        ("Between 24 and 28 November 2026: Y team", "Y team"),
        ("Y team in the week of 30 November 2026", "Y team"),
        ("24 November 2026, 18:00 UTC (19:00 CET, Berlin): Lua", "(19:00 CET, Berlin): Lua"),
        ("24 November 2026, 18:00 UTC, 3 EST members: Lua", "3 EST members: Lua"),
        ("24 نوفمبر 2026، 18:00 UTC: لقاء ويكيميديا في القاهرة.", "لقاء ويكيميديا في القاهرة"),
        ("لقاء ويكيميديا، 24 نوفمبر 2026، 18:00 UTC", "لقاء ويكيميديا"),
        ("24 نوفمبر 2026، لقاء ويكيميديا", "لقاء ويكيميديا"),
        ("Dienstag, 24. November 2026, 19:00 Uhr MEZ: Treffen", "Treffen"),
    ],
)
def test_a_time_in_several_zones_or_behind_another_comma_is_no_part_of_the_title(line: str, title: str) -> None:
    (item,) = read(f"* {line}").items
    assert item.title == title
    assert item.event
    assert not item.event.whole_day or "18:00" not in line


def test_what_is_no_time_of_day_is_not_taken_for_the_title() -> None:
    reading = read("* 2026-11-27, 25:00 UTC: Beta thing")
    assert told(reading) == [("11-27", "Beta thing")]
    assert [str(problem) for problem in reading.problems] == [
        "“2026-11-27, 25:00 UTC: Beta thing”: 25:00 UTC is no time of day, and was left out. "
        "Write the time such as 18:00 UTC."
    ]


def test_a_line_whose_day_cannot_be_read_is_not_dropped_in_silence() -> None:
    lines = (
        "* 2026-11-27: Talk",
        "* 12/01/2026: Either",
        "* 27-11-2026 18:00 UTC: Or",
        "* 31 November 2026: None",
        "* 2026-12-01: Said twice, 12/01/2026",
        "* 12/25/2024: Long past",
        "* 30 February 2027: Far ahead",
        "* See https://example.org/12/01/2026/x and version 1.2.2026-4",
        "Prose of 12/01/2026",
    )
    reading = read("\n".join(lines))
    assert told(reading) == [("11-27", "Talk"), ("12-01", "Said twice, 12/01/2026")]
    assert [str(problem) for problem in reading.problems] == [
        f"“{line}” was not read: nobody can tell which day {day} is. "
        "Write the day such as 2026-12-01 or 1 December 2026."
        for line, day in [
            ("12/01/2026: Either", "12/01/2026"),
            ("27-11-2026 18:00 UTC: Or", "27-11-2026"),
            ("31 November 2026: None", "31 November 2026"),
        ]
    ]
    alarm, row = read(
        "{|\n! Date !! Topic\n|-\n| 12/01/2026 || Talk\n|-\n| TBA || Talk\n|}", office_hours.read
    ).problems
    assert "no dates" in alarm.message
    assert "12/01/2026 || Talk" in row.message


def unread(reading: Reading) -> list[str]:
    """The lines that are said not to have been read, though they have a day to come."""
    found = (re.match(r"“(.*)” was not read, though it has a day to come", str(each)) for each in reading.problems)
    return [each[1] for each in found if each]


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("* {{Event|date=2026-12-03|title=Lua|speaker=TBA}}", "{{Event|date=2026-12-03|title=Lua|speaker=TBA}}"),
        ("{{Event|date=2026-12-03|title=Meetup|speaker=TBA}}", "{{Event|date=2026-12-03|title=Meetup|speaker=TBA}}"),
        ("{{Event\n| date = 2026-12-03\n| speaker = TBA\n}}", "date = 2026-12-03"),
        ("{|\n|-\n| 3 December 2026 || Workshop, TBA\n|}", "3 December 2026 || Workshop, TBA"),
        ("== Events ==\n3 December 2026, 18:00 UTC\n\nPlace: TBA", "3 December 2026, 18:00 UTC"),
        ("'''3 December 2026''' – Hackathon, TBA", "3 December 2026''' – Hackathon, TBA"),
    ],
)
def test_tba_does_not_hide_what_has_a_day_to_come_and_cannot_be_read(text: str, lost: str) -> None:
    alone, beside = read(text), read(f"* 1 December 2026: Talk\n{text}")
    assert "no dates" in alone.problems[0].message
    assert unread(alone) == unread(beside) == [lost]
    assert told(beside) == [("12-01", "Talk")]


@pytest.mark.parametrize(
    "text",
    [
        "* {{Event|date=2026-10-03|title=Over}}",
        "* {{Event|date=2027-10-03|title=Far ahead}}",
        "* See https://example.org/?date=2026-12-03 and [[File:2026-12-03.jpg]]",
        "== 3 December 2026: Meetup ==\n{{Meetup|date=3 December 2026}}\n* Register until 30 November 2026",
        "The next meetup is planned for 3 December 2026, TBC.",
    ],
)
def test_what_is_over_far_ahead_or_said_in_passing_is_not_said_to_be_unread(text: str) -> None:
    assert unread(read(f"* 1 December 2026: Talk\n{text}")) == []


FURNITURE = [
    "{{Events footer|year=2026|next=2026-12-28}}",
    "{{Userbox|date=2026-12-24}}",
    "{{Office hours nav|2026-12-30}}",
]


@pytest.mark.parametrize("template", FURNITURE)
@pytest.mark.parametrize("module", [events.read, office_hours.read])
def test_a_template_with_a_day_and_no_title_is_said_to_be_unread_only_where_the_page_has_nothing_else(
    template: str, module: Read
) -> None:
    assert unread(read(f"* 2026-12-01: Talk\n{template}", module)) == []
    assert unread(read(template, module)) == [template]


@pytest.mark.parametrize("template", ["{{Event|event name = Meetup|date=2026-12-03}}", "{{Event|date=2026-12-03"])
def test_a_template_with_a_day_that_has_or_may_have_a_title_is_said_to_be_unread(template: str) -> None:
    assert unread(read(f"* 2026-12-01: Talk\n{template}")) == [template]


def test_a_page_on_which_all_is_to_be_announced_has_nothing_to_tell_unless_it_has_a_day_however_far_ahead() -> None:
    assert read("* December 2026 (TBA): Meetup") == Reading(placeholder=True)
    assert read("* {{Event|date=2027-10-03|title=Meetup|speaker=TBA}}").problems


@pytest.mark.parametrize(
    "text",
    [
        "== Hackathon in Puri ==\n3 December 2026, 18:00 UTC\n\nBring a laptop.",
        "=== Hackathon in Puri ===\n\n'''Date:''' 3 December 2026, 18:00 UTC\n=== Later ===\n* Nothing",
        "== December ==\n=== Hackathon in Puri ===\n3 December 2026, 18:00 UTC",
        "== Hackathon in Puri ==\n'''Thursday, 3 December 2026, 18:00 UTC'''\n* Bring a laptop.",
    ],
)
def test_a_day_alone_below_a_title_is_that_of_the_title(text: str) -> None:
    reading = read(text)
    assert told(reading) == [("12-03 18:00", "Hackathon in Puri")]
    assert reading.problems == ()


@pytest.mark.parametrize(
    "text",
    [
        "== Upcoming events ==\n3 December 2026\n\nHackathon in Puri",
        "== Puri ==\n3 December 2026\n\nHackathon\n\n5 December 2026\n\nMeetup",
        "== Puri ==\n3 December 2026: the town is full.",
        "== December ==\n3 December 2026\n\nHackathon",
    ],
)
def test_a_day_below_a_title_that_is_not_clearly_its_own_is_only_said_to_be_unread(text: str) -> None:
    reading = read(text)
    assert told(reading) == []
    assert unread(reading)[0].startswith("3 December 2026")


def test_bullets_below_a_day_are_of_that_day() -> None:
    text = "== 27 November 2026 ==\n* 18:00–19:00 UTC – Office hour\n* Lunch\n== Else ==\n* No event"
    assert told(read(text)) == [("11-27 18:00 to 11-27 19:00", "Office hour"), ("11-27", "Lunch")]


def test_words_in_any_script_stay_whole() -> None:
    reading = read("* 20 November: ଓଡ଼ିଆ ଉଇକିପିଡ଼ିଆ ସଭା। ଆସନ୍ତୁ।\n* 21 November: اجتماع المحررين")
    assert told(reading) == [("11-20", "ଓଡ଼ିଆ ଉଇକିପିଡ଼ିଆ ସଭା"), ("11-21", "اجتماع المحررين")]
    assert reading.items[0].text == "ଆସନ୍ତୁ।"


@pytest.mark.parametrize(
    ("language", "line", "title"),
    [
        ("en", "* Dienstag, 1. Dezember 2026: Treffen", "Treffen"),
        ("en", "* Treffen am 1. Dezember 2026", "Treffen"),
        ("en", "== Dezember 2026 ==\n* 1. Dezember – Treffen", "Treffen"),
        ("en", "* Réunion le 1 décembre 2026", "Réunion"),
        ("es", "* 1 de diciembre de 2026: Reunión", "Reunión"),
    ],
)
def test_dates_are_read_in_each_language_smbot_has_and_in_that_of_the_wiki(
    language: str, line: str, title: str
) -> None:
    with speaking(language):
        assert told(read(line)) == [("12-01", title)]


def test_a_page_with_nothing_but_past_events_is_no_alarm() -> None:
    assert read("* 2020-01-01: Old\n* 2026-11-18: Before yesterday") == Reading(placeholder=True)
    assert told(read("* 2026-11-19: Yesterday")) == [("11-19", "Yesterday")]


def test_a_day_without_a_year_on_an_old_page_is_long_past() -> None:
    page = Page("Events", 1, "* 25 November: Talk", timestamp=datetime(2024, 11, 1, tzinfo=UTC))
    assert events.read(page, META, "events", NOW) == Reading(placeholder=True)


# --- talks ------------------------------------------------------------------------------------------------------------


def test_a_talk_has_its_description_as_text_and_its_stream_as_first_link() -> None:
    reading = talks.read(stored("talks-archive", "Tech talks"), META, "talks", datetime(2020, 12, 1, tzinfo=UTC))
    assert told(reading) == [("12-07 20:00", "Writing PHP unit tests for MediaWiki")]
    item = reading.items[0]
    assert item.text == "This talk covers tooling, tips, and best practices."
    assert [link.url[:34] for link in item.links] == [
        "https://www.youtube.com/watch?v=EX",
        "https://phabricator.wikimedia.org/",
    ]


def test_the_archive_of_talks_is_no_alarm() -> None:
    assert talks.read(stored("talks-archive", "Tech talks"), META, "talks", NOW) == Reading(placeholder=True)


@pytest.mark.parametrize(
    "text",
    [
        "=== <s>Talk</s> ===\nDecember 08, 2026 at 20:00 UTC",
        "=== Talk (cancelled) ===\nDecember 08, 2026 at 20:00 UTC",
        "=== Talk ===\n* '''Date:''' December 08, 2026 at 20:00 UTC\n* '''Status:''' Postponed",
        "=== Talk ===\n* '''Status:''' Cancelled (illness)\n* '''Date and time:''' December 08, 2026 at 20:00 UTC",
        "=== Talk ===\nDecember 08, 2026 at 20:00 UTC (cancelled)",
    ],
)
def test_a_talk_that_is_off_says_so(text: str) -> None:
    assert told(read(text, talks.read)) == [("12-08 20:00", "Talk †")]


@pytest.mark.parametrize(
    "text",
    [
        "=== Talk ===\nDate & time: 7 December 2026, moved to 8 December 2026, 20:00 UTC",
        "=== Talk ===\nWhen: 7 December 2026\nStatus: postponed to 8 December 2026, 20:00 UTC",
    ],
)
def test_a_talk_that_was_moved_has_its_new_date(text: str) -> None:
    assert told(read(text, talks.read)) == [("12-08 20:00", "Talk")]


def test_a_talk_of_which_nobody_can_tell_whether_it_takes_place_is_held_back_and_that_is_said() -> None:
    reading = read("=== Talk ===\nWhen: 7 December 2026\nStatus: will be rescheduled", talks.read)
    assert told(reading) == []
    assert reading.placeholder
    assert "“Talk”: nobody can tell from “will be rescheduled” whether it takes place" in str(reading.problems[0])


def test_a_talk_without_a_day_that_can_be_read_is_not_dropped_in_silence_for_its_slides_are_to_be_announced() -> None:
    reading = read("=== Lua ===\nThe talk is on 7 December 2026 at 18:00 UTC.\n\nSlides: TBA", talks.read)
    assert unread(reading) == ["The talk is on 7 December 2026 at 18:00 UTC."]
    assert told(read("=== Lua ===\nWhen? 7 December 2026, 18:00 UTC", talks.read)) == [("12-07 18:00", "Lua")]
    text = "=== Lua ===\n'''Date and time:''' Monday 7 December 2026, 18:00 UTC\n\nSlides: TBA"
    reading = read(f"== Next ==\nThe next talk is on 7 December 2026.\n{text}", talks.read)
    assert told(reading) == [("12-07 18:00", "Lua")]
    assert reading.problems == ()


# --- office hours -----------------------------------------------------------------------------------------------------


def test_a_table_of_office_hours_is_read_by_its_header() -> None:
    reading = office_hours.read(stored("office-hours-table", "Office hours"), META, "hours", NOW)
    assert told(reading) == [
        ("11-27 04:00", "Sue Example: Informal updates and discussion with Sue"),
        ("11-28 18:00 to 11-28 19:00", "Growth team: New features"),
        ("11-28 20:00", "Language team: Ask us anything"),
        ("11-30 16:00", "Legal team: Licences †"),
        ("12-02 16:00", "ବିଜ୍ଞାନ: ଓଡ଼ିଆ ଉଇକିପିଡ଼ିଆ"),
        ("12-03 16:00", "Growth team: New features"),
    ]
    assert reading.items[0].text == "Bring your questions."
    assert [item.keys for item in reading.items if "Growth" in item.title] == [
        ("growth-team:-new-features@2026-11-28",),
        ("growth-team:-new-features@2026-12-03",),
    ]
    assert ["Example box" in str(problem) for problem in reading.problems] == [True]


def test_office_hours_in_the_hcalendar_microformat() -> None:
    reading = office_hours.read(stored("office-hours-hcalendar", "Office hours"), META, "hours", NOW)
    assert told(reading) == [
        ("12-04 18:00 to 12-04 19:00", "Language office hour"),
        ("12-08 17:00", "Technical office hour"),
        ("12-10 15:30", "Desktop office hour"),
    ]
    assert reading.items[2].links[0].url == "https://meet.example/desktop"


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("", ("11-26 16:00", "Jane: Wishlist")),
        ("postponed to 3 December 2026, 16:00 UTC", ("12-03 16:00", "Jane: Wishlist")),
        ("moved to 3 December at 17:00", ("12-03 17:00", "Jane: Wishlist")),
        ("Moved to 3 December", ("12-03", "Jane: Wishlist")),
        ("moved from 19 November", ("11-26 16:00", "Jane: Wishlist")),
        ("moved to 26 November", ("11-26 16:00", "Jane: Wishlist")),
        ("moved to 26 November, 18:00 UTC", ("11-26 18:00", "Jane: Wishlist")),
        ("postponed", ("11-26 16:00", "Jane: Wishlist †")),
        ("cancelled (illness)", ("11-26 16:00", "Jane: Wishlist †")),
        ("'''Cancelled''' – host is ill", ("11-26 16:00", "Jane: Wishlist †")),
        ("postponed to next week", ("11-26 16:00", "Jane: Wishlist †")),
        ("Jane is ill, cancelled", ("11-26 16:00", "Jane: Wishlist †")),
    ],
)
def test_the_status_of_an_office_hour_says_that_it_is_off_or_moved(state: str, expected: tuple[str, str]) -> None:
    table = "{{|\n! Date !! Time (UTC) !! Host !! Topic !! {}\n|-\n| 2026-11-26 || 16:00 || Jane || Wishlist || {}\n|}}"
    for column in ("Status", "Notes"):
        reading = read(table.format(column, state), office_hours.read)
        assert told(reading) == [expected]
        assert reading.problems == ()


NOTED = "{{|\n! Date !! Time (UTC) !! Topic !! Log\n|-\n| 2026-11-26 || 16:00 || Wishlist || {}\n|}}"


@pytest.mark.parametrize(
    "log", ["notes of the moved wiki", "[[Log moved here]]", "Logs about delayed jobs", "Minutes of old, moved wikis"]
)
def test_a_log_of_an_office_hour_that_speaks_of_what_moved_says_nothing_of_the_hour(log: str) -> None:
    reading = read(NOTED.format(log), office_hours.read)
    assert told(reading) == [("11-26 16:00", "Wishlist")]
    assert reading.problems == ()


@pytest.mark.parametrize(
    "log",
    [
        "postponed by a week",
        "may be moved, see talk page",
        "Delayed",
        "'''Rescheduled'''",
        "Jane is ill, rescheduled",
        "The session might be cancelled",
        "was moved to next month",
    ],
)
def test_an_office_hour_whose_status_leaves_open_when_it_is_is_held_back_and_that_is_said(log: str) -> None:
    reading = read(NOTED.format(log), office_hours.read)
    assert told(reading) == []
    assert "so it is held back" in str(reading.problems[0])


def test_a_date_cell_may_say_that_it_was_moved() -> None:
    table = "{|\n! Date !! Topic\n|-\n| 26 November, moved to 3 December 2026, 16:00 UTC || Wishlist\n|}"
    assert told(read(table, office_hours.read)) == [("12-03 16:00", "Wishlist")]


@pytest.mark.parametrize(
    "table",
    [
        "! Date !! Time !! Topic\n|-\n| 2026-11-24 || 22:00-02:00 || Wikidata",
        "! Date (UTC) !! Topic\n|-\n| 2026-11-24 22:00-02:00 || Wikidata",
    ],
)
def test_a_span_of_time_over_midnight_in_a_table_is_no_offset(table: str) -> None:
    assert told(read(f"{{|\n{table}\n|}}", office_hours.read)) == [("11-24 22:00 to 11-25 02:00", "Wikidata")]


def test_a_time_with_a_plain_hyphen_in_a_table_is_a_span_of_time() -> None:
    table = "{|\n! Date !! Time (UTC) !! Topic\n|-\n| 2026-11-24 || 08:00-09:00 || Wikidata\n|}"
    reading = read(table, office_hours.read)
    assert told(reading) == [("11-24 08:00 to 11-24 09:00", "Wikidata")]
    assert reading.problems == ()


def test_a_row_is_read_without_a_header_and_as_it_stood_in_2011() -> None:
    row = "{|\n| Friday || 2011-03-18 || 04:00 UTC || Sue Gardner || Informal updates\n|}"
    reading = read(row, office_hours.read, datetime(2011, 3, 17, tzinfo=UTC))
    assert told(reading) == [("03-18 04:00", "Sue Gardner Informal updates")]


def test_a_row_or_bullet_of_office_hours_that_cannot_be_read_is_said_to_be_but_not_an_empty_place() -> None:
    table = (
        "{|\n! Date !! Topic !! Notes\n|-\n| 2026-12-01 || Talk ||\n|-\n| {{day|2026-12-08}} || Lua ||"
        "\n|-\n| 2026-12-15 || || free\n|-\n| {{day|2026-12-22}} || ||\n|}\n* {{Hour|date=2026-12-29}}"
    )
    reading = read(table, office_hours.read)
    assert told(reading) == [("12-01", "Talk")]
    assert unread(reading) == ["{{day|2026-12-08}} | Lua | ", "{{Hour|date=2026-12-29}}"]


def test_a_table_without_rows_means_that_nothing_is_planned() -> None:
    assert read("{|\n! Date !! Topic\n|}", office_hours.read) == Reading(placeholder=True)


# --- calendars --------------------------------------------------------------------------------------------------------


def test_a_calendar_is_read_with_what_is_repeated_moved_cancelled_and_left_out() -> None:
    page = stored("calendar-weekly.ics", "https://calendar.example/x.ics")
    reading = calendar_file.read(page, META, "calendar", datetime(2026, 10, 20, tzinfo=UTC))
    assert told(reading) == [
        ("10-22 16:00 to 10-22 17:00", "Office hour"),  # summer time in Berlin
        ("11-06 17:00", "Office hour"),
        ("11-12 17:00", "Office hour †"),
        ("11-01 to 11-03", "Camp"),
        ("11-01 04:30 to 11-01 05:30", "ଓଡ଼ିଆ سلام"),
    ]
    assert [item.keys[0] for item in reading.items[:3]] == [
        "weekly@example@2026-10-22T16:00",
        "weekly@example@2026-11-05T17:00",
        "weekly@example@2026-11-12T17:00",
    ]
    assert reading.items[3].keys == ("camp@example",)
    assert reading.items[0].text == "Ask us.\nMore, at https://b.example/more."
    assert [link.url for link in reading.items[0].links] == [
        "https://meet.example/room",
        "https://a.example/ask",
        "https://b.example/more",
    ]


def ics(*lines: str) -> str:
    return "\r\n".join(("BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:1", *lines, "END:VEVENT", "END:VCALENDAR", ""))


@pytest.mark.parametrize("summary", ["Meetup, postponed by a week", "Meetup (rescheduled)"])
def test_an_event_of_a_calendar_that_may_be_at_another_time_is_held_back_and_said(summary: str) -> None:
    reading = read(ics(f"SUMMARY:{summary}", "DTSTART:20261121T100000Z"), calendar_file.read)
    assert reading.items == ()
    assert "so it is held back" in str(reading.problems[0])


@pytest.mark.parametrize("text", ["", "<html>", "BEGIN:VEVENT\r\nEND:VEVENT", "BEGIN:VCALENDAR"])
def test_a_file_that_is_no_calendar_is_an_alarm(text: str) -> None:
    (problem,) = read(text, calendar_file.read).problems
    assert problem.message == "The file is no calendar that smbot can read."


def test_a_calendar_without_events_to_come_is_no_alarm() -> None:
    assert read("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", calendar_file.read) == Reading(placeholder=True)
    assert read(ics("SUMMARY:A", "DTSTART:20200101T100000Z"), calendar_file.read) == Reading(placeholder=True)


@pytest.mark.parametrize("rule", ["FREQ=SECONDLY", "FREQ=DAILY;BYHOUR=1,2", "FREQ=NEVER", "FREQ=YEARLY;BYYEARDAY=7"])
def test_an_event_repeated_in_an_unknown_way_is_read_once_and_that_is_said(rule: str) -> None:
    reading = read(ics("SUMMARY:A", "DTSTART:20261121T100000Z", f"RRULE:{rule}"), calendar_file.read)
    assert told(reading) == [("11-21 10:00", "A")]
    assert "only its first date" in str(reading.problems[0])


@pytest.mark.parametrize(
    "rule", ["FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;COUNT=999999999", "FREQ=YEARLY;INTERVAL=99999"]
)
def test_a_rule_that_would_be_searched_for_ever_ends_at_once(rule: str) -> None:
    assert read(ics("SUMMARY:A", "DTSTART:00020101T100000Z", f"RRULE:{rule}"), calendar_file.read).items == ()


@pytest.mark.parametrize(
    ("start", "zone", "expected", "said"),
    [
        (
            "DTSTART;TZID=Nowhere/City:20261121T180000",
            "",
            "18:00",
            "“A”: Nowhere/City is no time zone that smbot knows",
        ),
        ("DTSTART;TZID=Nowhere/City:20261121T180000", "Europe/Berlin", "17:00", "taken as that of Europe/Berlin."),
        ("DTSTART:20261121T180000", "", "18:00", "“A”: The time has no zone, and was taken as UTC."),
        ("DTSTART:20261121T180000", "Nowhere", "18:00", "“A”: The time has no zone, and was taken as UTC."),
        ("DTSTART:20261121T180000", "Europe/Berlin", "17:00", ""),
        ("DTSTART;TZID=Europe/Berlin:20261121T180000", "", "17:00", ""),
        ("DTSTART:20261121T180000Z", "", "18:00", ""),
    ],
)
def test_a_time_without_a_zone_that_is_known_is_said_to_be(start: str, zone: str, expected: str, said: str) -> None:
    text = ics("SUMMARY:A", start, "RRULE:FREQ=DAILY;COUNT=2")
    text = text.replace("BEGIN:VEVENT", f"X-WR-TIMEZONE:{zone}\r\nBEGIN:VEVENT", 1) if zone else text
    reading = read(text, calendar_file.read)
    assert [when for when, _ in told(reading)] == [f"11-21 {expected}", f"11-22 {expected}"]
    assert [said in str(problem) for problem in reading.problems] == [True] * bool(said)


def test_a_weekly_meeting_keeps_its_hour_when_the_clocks_change() -> None:
    text = ics("SUMMARY:A", "DTSTART;TZID=Europe/Berlin:20261018T180000", "RRULE:FREQ=WEEKLY;COUNT=3")
    reading = read(text, calendar_file.read, datetime(2026, 10, 18, tzinfo=UTC))
    assert [when for when, _ in told(reading)] == ["10-18 16:00", "10-25 17:00", "11-01 17:00"]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;INTERVAL=3",
        "FREQ=DAILY;BYDAY=MO,FR;BYMONTH=1,5",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=MO",
        "FREQ=WEEKLY;BYMONTH=3",
        "FREQ=MONTHLY",
        "FREQ=MONTHLY;BYDAY=1WE,-1FR",
        "FREQ=MONTHLY;BYMONTHDAY=-1,15",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1,2",
        "FREQ=MONTHLY;INTERVAL=2;BYDAY=FR;BYMONTHDAY=13",
        "FREQ=YEARLY",
        "FREQ=YEARLY;BYMONTH=2,11",
        "FREQ=YEARLY;BYDAY=-1SU,20MO",
        "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3,10",
        "FREQ=YEARLY;BYMONTHDAY=1;BYSETPOS=3",
    ],
)
@pytest.mark.parametrize("start", [date(2024, 1, 31), date(2024, 2, 29), date(2026, 11, 18)])
def test_repeated_days_are_those_that_dateutil_finds(rule: str, start: date) -> None:
    mine = _rule(vRecur.from_ical(rule))
    assert mine
    begin, end = datetime(start.year, start.month, start.day), datetime(2030, 1, 1)  # noqa: DTZ001 - dateutil's way
    every = rrulestr(f"{rule};UNTIL=20300101T000000", dtstart=begin)
    assert list(mine.days(start, start, end.date())) == [each.date() for each in every]


# --- outreach ---------------------------------------------------------------------------------------------------------


def calls(name: str, title: str, now: datetime) -> list[tuple[str, str, str]]:
    reading = outreach.read(stored(name, title), META, "outreach", now)
    return [(shown(item.event), item.section, item.text) for item in reading.items]


def test_the_calls_of_a_round_of_outreachy_are_told_by_their_deadlines() -> None:
    found = calls("outreach-outreachy-29", "Outreachy/Round 29", datetime(2024, 9, 1, tzinfo=UTC))
    assert found == [
        (
            "09-11 16:00",
            "mentors",
            "Sept. 11, 2024 at 4pm UTC: Deadline for mentors to submit project descriptions",
        ),
        ("10-29 16:00", "mentees", "Oct. 29, 2024 at 4pm UTC: Final application deadline"),
    ]


def test_the_year_of_a_timeline_is_that_of_its_round() -> None:
    found = calls("outreach-gsoc-2020", "Google Summer of Code/2020", datetime(2020, 3, 1, tzinfo=UTC))
    assert found == [
        ("03-31", "mentees", "March 31: Student application deadline"),
    ]
    assert calls("outreach-gsoc-2020", "Google Summer of Code/2020", NOW) == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("* '''2026-11-10 – 2026-12-01''': Mentors: propose projects", ("12-01", "mentors")),
        ("Applications for interns are open until January 15", ("01-15", "mentees")),
        ("Applications for interns open! Apply by Jan. 15", ("01-15", "mentees")),
        ("Contributor application period: December 16 – 31", ("12-31", "mentees")),
    ],
)
def test_calls_in_lines_of_other_forms(line: str, expected: tuple[str, str]) -> None:
    reading = read(line, outreach.read, title="Google Summer of Code/2027")
    assert [(shown(item.event), item.section) for item in reading.items] == [expected]
    assert reading.items[0].title.startswith("Google Summer of Code 2027: call for ")


@pytest.mark.parametrize(
    "line",
    [
        "Dec. 1, 2026 at 4pm UTC: Initial applications open",
        "2026-12-01: Contributor application period begins",
        "2026-12-01: Student application period begins",
        "2026-12-01: Proposal submission opens for contributors",
        "2026-12-01: Start of the application phase for contributors",
        "Mentor sign up begins on December 24, 2026",
        "Applications open for interns on January 15",
        "Interns can apply from January 15",
        "2026-12-01: Open call for mentors",
        "2026-12-12 – 2026-12-20: Contribution period",
    ],
)
def test_the_day_on_which_something_opens_is_no_deadline(line: str) -> None:
    page = f"* {line}\n* 2026-12-22 16:00 UTC: Final application deadline"
    assert told(read(page, outreach.read, title="Outreachy/Round 33")) == [
        ("12-22 16:00", "Outreachy Round 33: call for applications")
    ]


def test_a_call_for_the_same_people_until_the_same_day_is_told_once_and_with_its_hour() -> None:
    lines = (
        "* 2026-12-08: Contributor application deadline",
        "* <s>2026-12-08 12:00 UTC: Applications close</s>",
        "* 2026-12-08 18:00 UTC: Applications close",
        "* 2026-12-08: Deadline for mentors to propose projects",
    )
    for page in ("\n".join(lines), "\n".join(lines[::-1])):
        found = told(read(page, outreach.read, title="Google Summer of Code/2027"))
        assert sorted(found) == [
            ("12-08", "Google Summer of Code 2027: call for mentors"),
            ("12-08 18:00", "Google Summer of Code 2027: call for applications"),
        ]


@pytest.mark.parametrize(
    ("month", "rounds"), [((2025, 3), (30, 31)), ((2025, 7), (31, 32)), ((2026, 11), (33, 34)), ((2026, 12), (34, 35))]
)
def test_the_pages_of_this_round_and_the_next_are_read(month: tuple[int, int], rounds: tuple[int, int]) -> None:
    pages = outreach.wants(outreach.PAGE, datetime(*month, 21, tzinfo=UTC), 7).pages
    assert pages == (
        (f"Google Summer of Code/{month[0]}",),
        (f"Google Summer of Code/{month[0] + 1}",),
        *((f"Outreachy/Round {number}",) for number in rounds),
    )
