"""The language of a desk: its wiki's, or the one its settings name; no other desk and no later run hears of it."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from sandbox.people import Person
from sandbox.wiki import SandboxWiki
from smbot import messages, when
from smbot.messages import say, speaking
from tests.world import SETTINGS, World

GERMAN = {
    "status-on": "'''Es wird gepostet.'''",
    "settings-network-unknown": "Konto $1: Es gibt kein Netzwerk „$2“.",
    "card-run-ended": "Abgebrochen.",
    "log-posted": "gepostet: $1 $2",
}
ARABIC = {"status-on": "'''النشر جارٍ.'''", "digits": "٠١٢٣٤٥٦٧٨٩"}
IN_GERMAN = SETTINGS.replace("{{Smbot/settings}}", "{{Smbot/settings | language = de }}")


@pytest.fixture(autouse=True)
def translated(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """German and Arabic have just these words, whatever has been translated."""
    found = messages.messages
    texts = {"de": GERMAN, "ar": ARABIC}
    monkeypatch.setattr(messages, "messages", lambda code: texts[code] if code in texts else found(code))
    for cached in (messages._found, messages._digits):
        cached.cache_clear()
    yield
    monkeypatch.undo()
    for cached in (messages._found, messages._digits):
        cached.cache_clear()


@pytest.fixture
def world(world: World) -> World:
    """A desk with a status page."""
    world.show_status()
    return world


def status(world: World) -> str:
    return world.admin.get(world.titles.status)


def test_without_a_word_a_desk_speaks_the_language_of_its_wiki(world: World, wiki: SandboxWiki) -> None:
    wiki.configure(wgLanguageCode="ar")
    try:
        world.collect()
        assert ARABIC["status-on"] in status(world)
        assert f"{world.now.day}".translate(str.maketrans("0123456789", ARABIC["digits"])) in status(world)
        assert "<div lang=" not in status(world)
    finally:
        wiki.configure()
    world.collect()
    assert "Posting is on" in status(world)


def test_the_settings_choose_another_language(world: World, alice: Person) -> None:
    world.settle("{{Smbot/settings}}", "{{Smbot/settings | language = de }}")
    world.collect()
    assert GERMAN["status-on"] in status(world)
    assert '<div lang="de" dir="ltr" class="mw-content-ltr">' in status(world)
    world.approve(alice, "Patrolling")
    report = world.publish()
    assert any(line.startswith("gepostet: ") for line in report.done)  # said in the threads that post
    assert messages.spoken() == "en"


def test_what_is_wrong_with_the_settings_is_said_in_the_language_they_name(world: World) -> None:
    world.settle("{{Smbot/settings}}", "{{Smbot/settings | language = de }}")
    world.settle("networks = mastodon", "networks = pigeons")
    report = world.collect()
    assert any("Es gibt kein Netzwerk „pigeons“" in problem for problem in report.problems)
    assert "Es gibt kein Netzwerk" in world.top()


def test_a_language_that_is_none_is_a_problem_and_the_wiki_goes_on_in_its_own(world: World) -> None:
    world.settle("{{Smbot/settings}}", "{{Smbot/settings | language = Klingon! }}")
    report = world.collect()
    assert any("klingon!" in problem for problem in report.problems)
    assert messages.spoken() == "en"


def test_desks_of_one_process_do_not_hear_each_other(world: World, wiki: SandboxWiki, admin: Person) -> None:
    with World(wiki, admin, world.mastodon, f"Project:{secrets.token_hex(4)}") as other:
        other.set_up(IN_GERMAN)
        other.show_status()
        desks = (world.desk(), other.desk())
        for _ in range(2):
            for desk in desks:
                desk.work(send=False)
        assert "Posting is on" in status(world)
        assert GERMAN["status-on"] in status(other)


def test_a_plan_that_is_printed_speaks_its_language_and_nothing_after_it(world: World) -> None:
    world.settle("{{Smbot/settings}}", "{{Smbot/settings | language = de }}")
    with speaking("ar"):
        todo = world.desk().plan(send=False)
        assert (todo.seen.language, messages.spoken()) == ("de", "ar")


def test_a_run_that_fails_leaves_the_language_as_it_was(world: World) -> None:
    world.settle("{{Smbot/settings}}", "{{Smbot/settings | language = de }}")
    heard = []

    def stopped() -> datetime:
        heard.append(messages.spoken())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        world.desk(stopped).work(send=False)
    assert (heard, messages.spoken()) == (["de"], "en")


@pytest.mark.parametrize("language", ["en", "de", "fr", "or", "hi", "ar", "pt-br", "zh-hans", "qqx", "nonsense"])
def test_every_language_has_days_and_times_that_a_wiki_keeps_as_they_are(language: str) -> None:
    at = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)
    with speaking(language):
        for told in (when.moment(at), when.day(at), when.short_day(at), when.month(at), when.short_month(at)):
            assert told
            assert unicodedata.normalize("NFC", told) == told


def test_times_are_in_the_digits_of_the_language() -> None:
    at = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)
    with speaking("en"):
        assert when.moment(at) == "Fri 20 Nov, 14:05 UTC"
    with speaking("ar"):
        assert when.clock(at) == "١٤:٠٥"
        assert say("status-month", when.month(at), 3, 2).startswith("نوفمبر ٢٠٢٦")
