"""From what was read to what is remembered: each thing once, for ever."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from smbot import gather
from smbot.memory import Memory, Standing
from smbot.model import Flag, Link, Page, Permalink, Problem, Reading
from tests.builders import (
    ALICE,
    MALLORY,
    NEWS,
    RITA,
    TECH,
    Paper,
    item,
    known,
    page,
    proposed,
    reading,
    request,
    snapshot,
)

SKIN = "A new skin is the default on many wikis."


def news(*items: object, **more: object) -> Paper:
    """A desk that has read these items."""
    desk = Paper()
    desk.readings[NEWS.name] = reading(*items, **more)  # type: ignore[arg-type]
    desk.run()
    return desk


def read(desk: Paper, *items: object, **more: object) -> None:
    """Let the news page say just this now, and run."""
    desk.readings[NEWS.name] = reading(*items, **more)  # type: ignore[arg-type]
    desk.run()


def end(desk: Paper, how: str) -> None:
    """Let all candidates end."""
    ended = {id_: replace(k, end=how, proposal=None) for id_, k in desk.memory.known.items()}
    desk.memory = replace(desk.memory, known=ended)


def test_a_copy_edit_updates_the_candidate_and_makes_no_second_one() -> None:
    desk = news(item("A new skni is the default on many wikis."))
    (id_,) = desk.ids
    read(desk, item(SKIN))
    assert desk.ids == [id_]
    assert desk.argument(id_, "text") == SKIN


@pytest.mark.parametrize(
    "after",
    [
        item(SKIN, links=(Link("https://example.org/b", "words"),)),
        item(SKIN.replace("skin", "Skin")),
        item(SKIN[:-1] + "!"),
    ],
    ids=["link", "capital", "full stop"],
)
def test_a_corrected_link_capital_or_full_stop_is_a_copy_edit_too(after: object) -> None:
    desk = news(item(SKIN))
    (id_,) = desk.ids
    read(desk, after)
    assert desk.ids == [id_]
    proposal = desk.memory.known[id_].proposal
    assert proposal is not None
    assert (proposal.text, proposal.link) == (after.text, after.links[0].url)  # type: ignore[attr-defined]


def test_an_edit_elsewhere_on_the_page_changes_no_candidate() -> None:
    desk = news(item(SKIN, links=()))
    before = desk.text
    read(desk, item(SKIN, links=(), permalink=Permalink("News", 9, "https://wiki.test/News?oldid=9")), revision=9)
    assert desk.text == before


def test_approved_words_are_not_changed_by_a_copy_edit() -> None:
    desk = news(item("A new skni is the default on many wikis."))
    (id_,) = desk.ids
    desk.change(ALICE, id_, status="approved")
    read(desk, item(SKIN))
    assert desk.why(id_) is None
    assert "skni" in desk.argument(id_, "text")


@pytest.mark.parametrize("how", ["posted", "declined", "expired", "given up"])
@pytest.mark.parametrize(
    "again",
    [
        item(SKIN),
        item(SKIN, "2026-11-21"),
        item(SKIN, title="News/Archive"),
        item(f"  {SKIN.upper()} "),
        item(SKIN.replace("many wikis", "many more wikis"), "another heading", title="News/2026"),
    ],
    ids=["same", "re-dated", "moved", "reformatted", "all of it"],
)
def test_what_has_ended_is_never_proposed_again(again: object, how: str) -> None:
    desk = news(item(SKIN))
    end(desk, how)
    read(desk, again)
    desk.now += timedelta(days=300)
    read(desk, again)
    assert desk.ids == []
    assert len(desk.memory.known) == 1


def test_two_releases_that_differ_in_a_number_are_two_candidates() -> None:
    desk = news(item("MediaWiki 1.46.0-wmf.3 is deployed to all wikis.", "2026-11-13"))
    end(desk, "posted")
    read(desk, item("MediaWiki 1.46.0-wmf.4 is deployed to all wikis.", "2026-11-20"))
    assert len(desk.ids) == 1
    assert len(desk.memory.known) == 2


def test_removed_news_holds_its_candidate_back_and_restored_news_lets_it_go() -> None:
    desk = news(item(SKIN), item("Other news of today."))
    id_ = desk.id_of("skin")
    desk.change(ALICE, id_, status="approved")
    desk.run()
    read(desk, item("Other news of today."))
    assert desk.due() == []
    assert desk.argument(id_, "note").startswith("Held back: The news is no longer on the page ‘News’.")
    read(desk, item(SKIN), item("Other news of today."))
    assert desk.due() == [f"{id_}/mediawiki/mastodon"]
    assert desk.argument(id_, "note") == ""


def test_a_page_that_was_not_read_says_nothing_of_its_news() -> None:
    desk = news(item(SKIN))
    (id_,) = desk.ids
    desk.readings = {}
    desk.run()
    desk.tech("Something else.")
    desk.run()
    assert desk.memory.known[id_].held == ""


@pytest.mark.parametrize(
    ("pages", "said"),
    [
        (((page("x", 8, title="News"), Reading()),), "nothing was found on ‘News’. Its form may have changed."),
        (((page("x", 8, title="News"), Reading(problems=(Problem("No dates."),))),), "No dates."),
        (((Page("News"), Reading()),), "the page ‘News’ was not found."),
        ((), "the page ‘News’ was not found."),
    ],
)
def test_nothing_where_there_was_something_is_an_alarm_and_no_state_moves(
    pages: tuple[tuple[Page, Reading], ...], said: str
) -> None:
    desk = news(item(SKIN))
    before = desk.memory
    desk.readings[NEWS.name] = pages
    desk.run()
    assert said in desk.memory.alarms[NEWS.name]
    assert said in desk.text
    assert [replace(k, standing=Standing()) for k in desk.memory.known.values()] == [*before.known.values()]
    assert desk.memory.sources == before.sources
    read(desk, item(SKIN))
    assert desk.memory.alarms == {}
    assert "source needs a look" not in desk.text


def test_a_placeholder_is_no_alarm() -> None:
    desk = news(placeholder=True)
    assert desk.memory.alarms == {}
    assert desk.memory.sources != {}


def test_a_first_run_takes_only_the_news_of_the_last_days() -> None:
    desk = news(item("Old news.", published=date(2026, 11, 6)), item(SKIN, published=date(2026, 11, 7)))
    assert [known.title for known in desk.memory.known.values()] == [SKIN]
    desk.now += timedelta(days=1)
    read(desk, item("Old news.", published=date(2026, 11, 6)), item(SKIN, published=date(2026, 11, 7)))
    assert len(desk.memory.known) == 1


def test_recurrent_items_are_left_out_and_others_are_to_be_picked() -> None:
    desk = Paper()
    desk.readings[TECH.name] = reading(
        item("The train runs.", "2026-W47", "T", flags=frozenset({Flag.RECURRENT})),
        item("A new tool is there.", "2026-W47", "T", flags=frozenset({Flag.ADVANCED})),
        title="T",
    )
    desk.run()
    (one,) = desk.memory.known.values()
    assert one.title == "A new tool is there."
    assert one.pick
    assert "== Tech News 2026-W47: pick what to post ==" in desk.text


def test_an_issue_of_recurrent_items_alone_is_no_alarm() -> None:
    desk = Paper()
    desk.tech("The train runs.", flags=frozenset({Flag.RECURRENT}))
    desk.run()
    assert desk.memory.alarms == {}


@pytest.mark.parametrize(("feed", "days"), [(TECH, 10), (NEWS, 30)])
def test_what_nobody_picks_expires_and_leaves_the_page(feed: object, days: int) -> None:
    desk = Paper()
    (desk.tech if feed is TECH else desk.news)(SKIN)
    desk.run()
    (id_,) = desk.ids
    desk.now += timedelta(days=days, minutes=-5)
    desk.run()
    assert desk.ids == [id_]
    desk.now += timedelta(minutes=10)
    desk.run()
    assert desk.memory.known[id_].end == "expired"
    assert id_ not in desk.text


def test_the_same_words_in_two_sources_are_two_items() -> None:
    desk = Paper()
    desk.news(SKIN)
    desk.tech(SKIN)
    desk.run()
    assert sorted(known.source for known in desk.memory.known.values()) == [NEWS.name, TECH.name]


def test_the_same_words_twice_on_a_page_are_one_item() -> None:
    assert len(news(item(SKIN), item(SKIN, "2026-11-19")).ids) == 1


@pytest.mark.parametrize("runs", [1, 3])
def test_a_run_that_ended_before_it_wrote_the_pages_is_finished_by_the_next(runs: int) -> None:
    desk = Paper()
    desk.news(SKIN)
    desk.ask(RITA, request("Come to the hackathon.") + request("Come to the hackathon.") + request("x" * 600))
    for _ in range(runs):
        desk.run(crash=True)
    ids = desk.ids
    assert len(ids) == 4
    assert desk.text == ""
    desk.run()
    assert desk.ids == ids
    assert [answer.split("|")[1] for answer in desk.answers()] == ["1=queued", "1=queued", "1=problem"]
    assert sum(id_ in desk.asked for id_ in ids) == 3
    before = (desk.text, desk.asked, desk.memory.known)
    desk.run()
    assert (desk.text, desk.asked, {k: v.proposal for k, v in desk.memory.known.items()}) == (
        *before[:2],
        {k: v.proposal for k, v in before[2].items()},
    )


def test_a_request_changed_after_such_an_end_is_still_that_request() -> None:
    desk = Paper()
    desk.ask(RITA, request("Come to the hackathon."))
    desk.run(crash=True)
    ids = desk.ids
    desk.ask(RITA, desk.asked + "\nTalk.\n")
    desk.run()
    assert desk.ids == ids


def test_an_unchanged_world_changes_nothing() -> None:
    desk, _ = proposed()
    desk.ask(RITA, request())
    desk.run()
    desk.run()
    before = (len(desk.queue), len(desk.requests), desk.memory)
    for _ in range(3):
        desk.now += timedelta(minutes=1)
        desk.run()
    assert (len(desk.queue), len(desk.requests), desk.memory) == before


def test_the_queue_history_is_taken_in_up_to_its_last_revision() -> None:
    mind = Memory(known={"n1": known()})
    quiet = gather.take_decisions(mind, snapshot(mind))
    assert gather.take_decisions(quiet, snapshot(quiet)) is quiet
    history = (page("", 10, MALLORY),)
    assert gather.take_decisions(mind, snapshot(mind, queue_history=history)).queue == 10
