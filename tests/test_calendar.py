"""The calendar file: valid, the same for the same plan, and in step with what the plan will do."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar, Event
from msgspec.structs import replace
from msgspec.structs import replace as put

from sandbox.people import Person
from smbot import compose, icalendar_file, planned, review
from smbot.gather import Snapshot
from smbot.memory import Approval, Known, Memory, Standing
from smbot.model import Candidate, Page
from smbot.timing import Rhythm, Slot
from tests.builders import ACCOUNTS, ALICE, RULES, TITLES, card, known, snapshot
from tests.builders import settings as rules
from tests.world import World

SATURDAY = datetime(2026, 11, 21, 12, 0, 30, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
SLOTS = Rhythm(slots=(Slot(frozenset(range(5)), time(9)),))
QUEUE = "https://wiki.example.org/index.php?title=Desk/Queue&oldid=7"
ODIA = "ଓଡ଼ିଆ ଉଇକିପିଡ଼ିଆରେ ନୂଆ ଲେଖାଳିମାନଙ୍କ ପାଇଁ କର୍ମଶାଳା 🎉, ଆସନ୍ତୁ; ଶିଖନ୍ତୁ ଓ ଲେଖନ୍ତୁ"


def desk(*made: tuple[str, str], now: datetime = SATURDAY, **more: str) -> tuple[Memory, Snapshot]:
    """A desk with cards that Alice approved (or, without her, that wait) an hour ago, by their ids and words."""
    status = more.pop("status", "approved")
    queue, open_ = [], {}
    for number, (id_, words) in enumerate(made):
        text = card(id_, status, words, **more)
        (shown,) = review.read(text).values()
        assert shown is not None
        queue.append(text)
        open_[id_] = _known(shown.candidate, shown.face, status, SATURDAY - timedelta(hours=9 - number))
    accounts = {name: put(account, rhythm=SLOTS) for name, account in ACCOUNTS.items()}
    memory = Memory(known=open_)
    page = Page(TITLES.queue, 7, "\n".join(queue), QUEUE, user="Smbot")
    return memory, snapshot(memory, page, now=now, settings=rules(accounts=accounts))


def _known(candidate: Candidate, face: str, status: str, at: datetime) -> Known:
    digest = compose.digest(candidate, compose.texts(candidate, ACCOUNTS, RULES))
    approvals = (Approval(ALICE, 5, at, digest),) if status == "approved" else ()
    standing = Standing(status=status, digest=digest, face=face, approvals=approvals)
    return known(proposal=candidate, standing=standing, title=candidate.title)


def written(memory: Memory, seen: Snapshot) -> str:
    return icalendar_file.write(planned.outlook(memory, seen).coming, seen)


def events(text: str) -> list[Event]:
    return [each for each in Calendar.from_ical(text).walk("VEVENT") if isinstance(each, Event)]


def test_an_event_says_what_goes_out_where_and_on_whose_word() -> None:
    (event,) = events(written(*desk(("n", "A hackathon, in spring"), link="https://example.org/")))
    assert event["SUMMARY"] == "mediawiki: A hackathon, in spring"
    assert event.decoded("DTSTART") == MONDAY
    assert event["UID"] == "n/mediawiki@wiki.example.org"
    assert event["STATUS"] == "CONFIRMED"
    assert event["URL"] == "https://wiki.example.org/index.php?title=Desk/Queue#n"
    for said in ("A hackathon, in spring", "https://example.org/", "mediawiki on mastodon", "Approved by Alice on Sat"):
        assert said in event["DESCRIPTION"]


def test_each_event_is_at_the_moment_that_the_plan_has_for_it() -> None:
    memory, seen = desk(("a", "First"), ("b", "Second"), ("c", "Both"), accounts="mediawiki, wikitech")
    found = {(event["UID"].partition("@")[0], event.decoded("DTSTART")) for event in events(written(memory, seen))}
    assert found == {(one.key, one.at) for one in planned.outlook(memory, seen).coming}
    assert len(found) == 6


def test_what_has_a_time_and_no_approval_is_tentative() -> None:
    (event,) = events(written(*desk(("n", "Perhaps"), status="waiting", not_before="2026-12-01 14:00")))
    assert (event["STATUS"], event.decoded("DTSTART")) == ("TENTATIVE", datetime(2026, 12, 1, 14, tzinfo=UTC))
    assert "Nobody has approved it yet." in event["DESCRIPTION"]


def test_the_same_plan_is_the_same_file_and_a_moved_event_keeps_its_name() -> None:
    before = written(*desk(("n", "A hackathon")))
    assert written(*desk(("n", "A hackathon"), now=SATURDAY + timedelta(hours=5))) == before
    (was,), (now,) = events(before), events(written(*desk(("n", "A hackathon"), not_before="2026-11-25 10:00")))
    assert was["UID"] == now["UID"]
    assert was.decoded("DTSTART") != now.decoded("DTSTART")


def test_a_desk_with_nothing_planned_is_a_calendar_all_the_same() -> None:
    text = written(*desk())
    assert events(text) == []
    assert text.startswith("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:")


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=300) | st.just(ODIA))
@settings(max_examples=100, deadline=None)
def test_any_words_make_a_file_that_calendars_read(words: str) -> None:
    memory, seen = desk(("n", "Words"))
    (one,) = planned.outlook(memory, seen).coming
    named = replace(one.proposal.known, title=words or "-")
    text = icalendar_file.write([put(one, proposal=put(one.proposal, known=named))], seen)
    assert text.endswith("END:VCALENDAR\r\n")
    for line in text.removesuffix("\r\n").split("\r\n"):
        assert len(line.encode()) <= 75
        assert not set(line) & set("\r\n\x00\x08\x0b\x1b")
    (event,) = events(text)
    assert set(event) == {
        *("UID", "DTSTAMP", "DTSTART", "SUMMARY", "DESCRIPTION", "CATEGORIES", "STATUS", "TRANSP", "URL")
    }


def test_words_of_any_script_are_read_back() -> None:
    (event,) = events(written(*desk(("n", ODIA[:55]))))
    assert event["SUMMARY"] == f"mediawiki: {ODIA[:55]}"


# --- on a wiki ------------------------------------------------------------------------------------------------------


@pytest.fixture
def environment(world: World, bot_environment: dict[str, str]) -> dict[str, str]:
    """What a process of its own needs for the desk."""
    return os.environ | world.environment | bot_environment | {"SMBOT_HOME": world.home}


def printed(environment: dict[str, str]) -> tuple[int, bytes, str]:
    command = [sys.executable, "-c", "import sys; from smbot.cli import main; sys.exit(main(['calendar']))"]
    done = subprocess.run(command, capture_output=True, env=environment, timeout=120)
    return done.returncode, done.stdout, done.stderr.decode()


def test_smbot_calendar_prints_it_and_changes_nothing(
    world: World, environment: dict[str, str], alice: Person, rita: Person
) -> None:
    world.ask(rita, text=ODIA, accounts="wikitech", not_before=f"{world.now + timedelta(days=2):%Y-%m-%d} 14:00")
    world.collect()
    world.approve(alice, ODIA)
    before = world.admin.revision_id(world.titles.memory)
    code, out, _ = printed(environment)
    (event,) = events(out.decode())
    assert (code, event["STATUS"]) == (0, "CONFIRMED")
    assert event.decoded("DTSTART").strftime("%H:%M") == "14:00"
    assert ODIA in event["DESCRIPTION"]
    assert event["URL"].startswith(f"{world.wiki.url}/")
    assert world.admin.revision_id(world.titles.memory) == before
    assert printed(environment)[1] == out


def test_with_broken_settings_it_complains(world: World, environment: dict[str, str]) -> None:
    world.settle("networks = mastodon", "networks = pigeons")
    code, out, complaints = printed(environment)
    assert code == 1
    assert events(out.decode()) == []
    assert "pigeons" in complaints
