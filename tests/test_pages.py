"""What people see: the truth of the memory, in words that help."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from smbot import pages, postlog, review
from smbot.memory import DEFERRED, IN_DOUBT, POSTED, REFUSED, SENDING, Memory
from smbot.model import Page, Posted, Problem
from smbot.templates import named, parse, plain, raw
from tests.builders import (
    ALICE,
    CHANNEL,
    MALLORY,
    NOW,
    RITA,
    Paper,
    approved,
    delivery,
    known,
    page,
    proposed,
    request,
    snapshot,
)
from tests.builders import settings as rules

KEY = f"n1/{CHANNEL}"


def queue(memory: Memory, text: str = "", **more: object) -> str:
    """The queue page as it shall be."""
    edit = pages.queue_edit(memory, snapshot(memory, text, **more))
    return edit.text if edit else text


def note(memory: Memory, text: str, **more: object) -> str:
    """What is said on the one card."""
    (template,) = named(parse(queue(memory, text, **more)), review.CARD)
    return raw(template, "note")


def test_an_edit_names_the_revision_it_was_computed_from() -> None:
    memory, _ = approved()
    edit = pages.queue_edit(memory, snapshot(memory, "Old.\n"))
    assert edit is not None
    assert (edit.title, edit.base, edit.summary) == ("Desk/Queue", 10, "1 waiting, 1 new")


def test_the_preview_is_the_words_that_are_sent() -> None:
    desk, id_ = proposed("A | b = {{c}} ''d'' ~~~~ <b> &amp; שלום\n* e")
    desk.change(ALICE, id_, status="approved")
    (post,) = [t for t in parse(desk.argument(id_, "preview")).ifilter_templates() if str(t.name) == "Smbot/post"]
    seen, memory = desk.think()
    assert plain(post, "text") == (pages.plan.due(memory, seen)[0].text.words, ())
    assert (raw(post, "account"), raw(post, "network"), raw(post, "limit")) == ("mediawiki", "mastodon", "500")
    assert raw(post, "length") == str(len(plain(post, "text")[0]))


@given(st.text(st.sampled_from("|={}[]<>&'~#*: \n-!aש/"), min_size=1, max_size=30).map(str.strip).filter(bool))
@settings(max_examples=100, deadline=None)
def test_any_words_are_shown_as_they_would_be_sent_and_the_page_settles(words: str) -> None:
    desk, id_ = proposed(words)
    (shown,) = review.cards(parse(desk.text)).values()
    assert shown is not None
    assert shown.candidate.text == words
    assert shown.check == shown.face
    before = desk.text
    desk.run()
    assert desk.text == before
    desk.change(ALICE, id_, status="approved")
    desk.run()
    assert desk.memory.known[id_].standing.approvals


@pytest.mark.parametrize(
    ("state", "more", "said"),
    [
        (POSTED, {"url": "https://m.example/1"}, "Posted by mediawiki on mastodon: https://m.example/1"),
        (POSTED, {}, "Posted by mediawiki on mastodon"),
        (SENDING, {}, "Being sent by mediawiki on mastodon."),
        (DEFERRED, {"until": NOW, "reason": "Slow."}, "will be tried again at 2026-11-21 12:00 UTC: Slow."),
        (IN_DOUBT, {"reason": "It broke."}, "Nobody can say whether mediawiki on mastodon posted it (It broke.)"),
        (
            REFUSED,
            {"reason": "Too long."},
            "mediawiki on mastodon refused it: Too long. Set ‘status’ to again, or give up.",
        ),
    ],
)
def test_a_card_says_what_became_of_its_deliveries(state: str, more: dict[str, object], said: str) -> None:
    memory, text = approved()
    memory = replace(memory, deliveries={KEY: delivery(state=state, **more)})
    assert said in note(memory, text)


def test_a_card_says_what_is_in_the_way() -> None:
    for more, said in (
        ({"not_before": "2026-12-01"}, "Approved by [[User:Alice|Alice]]; goes out after 2026-12-01 00:00."),
        ({"not_after": "2020-01-01"}, "The time in ‘not after’ is over"),
        ({"accounts": "nobody"}, "There is no account ‘nobody’. There are: mediawiki, wikitech."),
        ({"accounts": "mediawiki, wikitech", "text_wikitech": "x" * 501}, "1 characters too long"),
        ({"txet": "x"}, "belongs to no field"),
    ):
        memory, text = approved(**more)
        assert said in note(memory, text), said


def test_a_full_day_is_told() -> None:
    memory, text = approved()
    memory = replace(memory, deliveries={f"x{i}/{CHANNEL}": delivery(f"x{i}", state=POSTED) for i in range(3)})
    assert note(memory, text) == "Approved; mediawiki has posted enough for today, so it goes out tomorrow."


def test_a_word_that_is_no_status_is_told_and_left() -> None:
    desk, id_ = proposed()
    desk.change(MALLORY, id_, status="<nowiki>Mayb|e</nowiki>")
    desk.run()
    assert "is no status. Write approved or declined." in desk.argument(id_, "note")
    assert desk.argument(id_, "status") == "<nowiki>Mayb|e</nowiki>"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"stop": Page("Desk/Run")}, "There is no page [[Desk/Run]]."),
        ({"stop": page("stop", title="Desk/Run")}, "The page [[Desk/Run]] says stop."),
        ({"settings": rules(problems=(Problem("The settings page is not protected."),))}, "is not protected"),
    ],
)
def test_why_nothing_is_posted_stands_at_the_top_of_the_queue(more: dict[str, object], said: str) -> None:
    text = queue(Memory(), "Hello.\n", **more)
    (line,) = named(parse(text), review.STATUS_LINE)
    assert "'''Nothing is posted now.'''" in raw(line, "1")
    assert said in raw(line, "1")
    assert text.endswith("Hello.\n")
    assert queue(Memory(), text, **more) == text


def test_with_broken_settings_no_card_and_no_answer_is_touched() -> None:
    memory, text = approved()
    seen = snapshot(memory, text, settings=rules(problems=(Problem("x"),)), requests=page(request()))
    edit = pages.queue_edit(memory, seen)
    assert edit is not None
    assert edit.text.endswith(text)
    assert pages.requests_edit(memory, seen) is None


@given(st.text(st.sampled_from("|={}[]<>'~a\n"), min_size=1, max_size=15).map(str.strip).filter(bool))
@settings(max_examples=60, deadline=None)
def test_hostile_words_of_a_source_break_no_line_at_the_top(words: str) -> None:
    memory = Memory(alarms={"News": words})
    text = queue(memory, "Hello.\n")
    assert len(named(parse(text), review.STATUS_LINE)) == 1
    assert text.endswith("Hello.\n")
    assert queue(memory, text) == text


def test_a_requester_reads_on_every_stage_what_became_of_it() -> None:
    desk = Paper()
    desk.ask(RITA, request("Come.") + request("[[Markup]]") + "{{Smbot/request\n| text = unbalanced\n")
    desk.run()
    assert [raw(parse(a).filter_templates()[0], "1") for a in desk.answers()] == ["queued", "problem"]
    assert "{{Smbot/unreadable}}{{Smbot/request\n| text = unbalanced" in desk.asked
    id_ = desk.ids[0]
    desk.change(ALICE, id_, status="approved")
    seen, memory = desk.think()
    (one,) = pages.plan.due(memory, seen)
    desk.memory = pages.deliveries.record(memory, one, Posted("https://m.example/1", "1"), seen.now)
    desk.run()
    desk.run()
    assert "{{Smbot/answer|1=posted|2=[https://m.example/1 mediawiki on mastodon]}}" in desk.answers()
    assert desk.argument(id_, "status") == "posted"


def test_only_what_the_log_does_not_show_yet_is_written_and_then_remembered() -> None:
    shown, new, sending = (
        delivery("a", state=POSTED, logged=POSTED),
        delivery("b", state=POSTED, logged=DEFERRED, month="2026-10"),
        delivery("c", state=SENDING),
    )
    memory = Memory(known={i: known() for i in "abc"}, deliveries={d.key: d for d in (shown, new, sending)})
    assert pages.unlogged(memory, snapshot()) == {"2026-10": [new]}
    edit = pages.log_edit(Page("Desk/Log/2026-10"), [new], memory, snapshot())
    assert edit is not None
    assert (edit.base, len(named(parse(edit.text), postlog.ROW))) == (0, 1)
    assert pages.log_edit(page(edit.text, title="Desk/Log/2026-10"), [new], memory, snapshot()) is None
    assert pages.unlogged(pages.logged(memory, {"2026-10": [new]}, {"2026-10": 7}, snapshot()), snapshot()) == {}


def test_what_changed_while_the_log_was_written_is_written_later() -> None:
    before = delivery("a", state=DEFERRED)
    memory = Memory(deliveries={before.key: delivery("a", state=POSTED)})
    after = pages.logged(memory, {before.month: [before]}, {before.month: 7}, snapshot())
    assert after.deliveries[before.key].state == POSTED
    assert pages.unlogged(after, snapshot()) != {}


def test_hundreds_of_cards_stand_still_when_nothing_changes() -> None:
    desk = Paper()
    desk.news(*(f"Piece of news number {i} about {'x' * i}." for i in range(200)))
    desk.run()
    desk.now += timedelta(minutes=1)
    before = desk.text
    desk.run()
    assert desk.text == before
    assert len(desk.ids) == 200
