"""The simulated year: its clock, its people, what its checks find, and some weeks of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.people import Person
from sandbox.wiki import ADMIN, PASSWORD, SandboxWiki, create

NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)


# --- the clock of the wiki ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def elsewhen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxWiki]:
    """A wiki of its own, whose clock may be set."""
    with create(tmp_path_factory.mktemp("elsewhen") / "wiki").serving() as wiki:
        yield wiki


@pytest.fixture
def anna(elsewhen: SandboxWiki) -> Iterator[Person]:
    """Somebody who stays logged in while time passes."""
    elsewhen.set_clock(NEW_YEAR)
    with elsewhen.person("Anna") as person:
        yield person


def test_the_wiki_dates_everything_by_the_clock_that_is_set(elsewhen: SandboxWiki, anna: Person) -> None:
    for hours in (0, 9, 24 * 200):
        elsewhen.set_clock(NEW_YEAR + timedelta(hours=hours))
        told = f"{NEW_YEAR + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"
        assert anna.edit("Dated", f"{hours} hours later")["newtimestamp"] == told
        assert anna.history("Dated")[0]["timestamp"] == told
        assert anna._call("GET", action="query", curtimestamp=True)["curtimestamp"] == told
        assert anna.query(list="recentchanges", rcprop="timestamp", rclimit=1)["recentchanges"][0]["timestamp"] == told


def test_nobody_is_logged_out_and_no_token_ends_when_months_pass_at_once(elsewhen: SandboxWiki, anna: Person) -> None:
    anna.edit("Patience", "before")
    elsewhen.set_clock(NEW_YEAR + timedelta(days=300))
    assert anna.edit("Patience", "after", baserevid=anna.revision_id("Patience"))["result"] == "Success"
    assert anna.query(meta="userinfo")["userinfo"]["name"] == "Anna"


def test_bot_passwords_blocks_protection_and_jobs_work_at_another_time(elsewhen: SandboxWiki, anna: Person) -> None:
    elsewhen.user("Machine", groups=["bot"])
    password = elsewhen.bot_password("Machine")
    elsewhen.set_clock(NEW_YEAR + timedelta(days=90))
    with Person(elsewhen.api, ADMIN, PASSWORD) as admin:
        admin.block("Machine")
        assert "blockid" in admin.query(list="users", ususers="Machine", usprop="blockinfo")["users"][0]
        admin.unblock("Machine")
        admin.edit("Kept", "for administrators")
        admin.protect("Kept")
        token = admin.query(meta="tokens", type="login")["tokens"]["logintoken"]
        answer = admin._call("POST", action="login", lgname="Machine@smbot", lgpassword=password, lgtoken=token)
    assert answer["login"]["result"] == "Success"
    elsewhen.run_jobs()
    assert anna.page("Kept", prop="info", inprop="protection")["protection"][0]["level"] == "sysop"


def test_the_machines_clock_comes_back(elsewhen: SandboxWiki, anna: Person) -> None:
    elsewhen.set_clock(None)
    told = datetime.fromisoformat(anna._call("GET", action="query", curtimestamp=True)["curtimestamp"])
    assert abs(told - datetime.now(UTC)) < timedelta(minutes=1)
