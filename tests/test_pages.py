"""What people see: the truth of the memory, in words that help."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from smbot import cards, deliveries, notices, pages, plan, postlog, review
from smbot.memory import (
    DEFERRED,
    HANDED_OFF,
    IN_DOUBT,
    POSTED,
    REFUSED,
    SENDING,
    Decision,
    Limits,
    Memory,
    Standing,
    Trouble,
)
from smbot.model import Page, Posted, Problem, Rules, Text
from smbot.postlog import Done
from smbot.templates import encode, named, parse, plain, raw
from smbot.timing import Rhythm, Slot
from tests.builders import (
    ACCOUNTS,
    ALICE,
    CHANNEL,
    MALLORY,
    NOW,
    RITA,
    Paper,
    approved,
    card,
    check,
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
    assert plain(post, "text") == (plan.due(memory, seen)[0].text.words, ())
    assert (raw(post, "account"), raw(post, "network"), raw(post, "limit")) == ("mediawiki", "mastodon", "500")
    assert raw(post, "length") == str(len(plain(post, "text")[0]))


@pytest.mark.parametrize(
    ("words", "site"),
    [
        ("Read it: https://www.mediawiki.org/wiki/News, or https://example.org/", "www.mediawiki.org"),
        ("https://ଓଡ଼ିଆ.example/ପୃଷ୍ଠା", "ଓଡ଼ିଆ.example"),
        ("https://user@evil.example/ and nothing else", ""),
        ("https://localhost/", ""),
        ("https://a.b|c=d/", "<nowiki>a.b|c=d</nowiki>"),
        ("No link.", ""),
    ],
)
def test_where_a_network_shows_a_card_of_the_linked_page_the_preview_says_of_which_site(words: str, site: str) -> None:
    rules = Rules("X", 280, len, link_cards=True)
    assert cards._post("mediawiki/x", Text(words), 0, rules)["card"] == site
    assert cards._post("mediawiki/irc", Text(words), 0, Rules("IRC", 280, len))["card"] == ""


def _is_post(words: str) -> bool:
    """A line of hyphens is no words, but parts the posts of a thread."""
    return bool(words) and "---" not in words


@given(st.text(st.sampled_from("|={}[]<>&'~#*: \n-!aש/"), min_size=1, max_size=30).map(str.strip).filter(_is_post))
@settings(max_examples=100, deadline=None)
def test_any_words_are_shown_as_they_would_be_sent_and_the_page_settles(words: str) -> None:
    desk = Paper()
    desk.ask(RITA, request(encode(words)))
    desk.run()
    (id_,) = desk.ids
    (shown,) = review.read(desk.text).values()
    assert shown is not None
    assert shown.candidate.text == words
    assert shown.check == check(shown)
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
        ({"accounts": "mediawiki, wikitech", "text_wikitech": "x" * 501}, "1 character too long"),
        ({"txet": "x"}, "belongs to no field"),
    ):
        memory, text = approved(**more)
        assert said in note(memory, text), said


def test_a_full_day_is_told() -> None:
    memory, text = approved()
    memory = replace(memory, deliveries={f"x{i}/{CHANNEL}": delivery(f"x{i}", state=POSTED) for i in range(3)})
    enough = "mediawiki has posted enough for today, so it goes out at 2026-11-22 00:00 UTC, or soon after."
    assert note(memory, text) == f"Approved; {enough}"


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
    (one,) = plan.due(memory, seen)
    desk.memory = deliveries.record(memory, one, Posted("https://m.example/1", "1"), seen.now)
    desk.run()
    desk.run()
    assert "{{Smbot/answer|1=posted|2=[https://m.example/1 mediawiki on mastodon]}}" in desk.answers()
    assert desk.argument(id_, "status") == "posted"


def test_who_asked_sees_that_it_is_approved_and_when_it_goes_out() -> None:
    desk = Paper()
    desk.ask(RITA, request())
    desk.run()
    (id_,) = desk.ids
    assert "1=queued" in desk.answers()[0]
    desk.change(ALICE, id_, status="approved")
    desk.run()
    assert desk.answers() == ["{{Smbot/answer|1=approved|2=It goes out within minutes.}}"]
    desk.change(ALICE, id_, **{"not before": "2026-11-24 14:00"})
    desk.run()
    assert "1=queued" in desk.answers()[0]
    desk.change(ALICE, id_, status="approved")
    desk.run()
    assert desk.answers() == ["{{Smbot/answer|1=approved|2=It goes out on Tue 24 Nov, 14:00 UTC, if nothing changes.}}"]
    before = len(desk.requests)
    desk.run()
    assert len(desk.requests) == before
    desk.change(RITA, id_, text="Other words.")
    desk.run()
    assert "1=queued" in desk.answers()[0]


def test_who_asked_is_told_that_it_is_approved_also_when_nobody_knows_yet_when_it_goes_out() -> None:
    account = replace(ACCOUNTS["mediawiki"], goal=1, rhythm=Rhythm(slots=(Slot(frozenset({5}), time(9)),)))
    desk = Paper(settings=rules(accounts=ACCOUNTS | {"mediawiki": account}))
    desk.ask(RITA, request(evergreen="yes"))
    desk.run()
    (id_,) = desk.ids
    desk.change(ALICE, id_, status="approved")
    desk.run()
    assert desk.answers() == [
        "{{Smbot/answer|1=approved|2=It goes out when its turn comes. "
        f"[[Desk/Queue#{id_}|Its card]] says what it waits for.}}}}"
    ]


@pytest.mark.parametrize("stop", ["run", "stop"])
def test_the_queue_is_not_written_again_and_again_while_nothing_sends(stop: str) -> None:
    hourly = {name: replace(each, rhythm=Rhythm(gap=timedelta(hours=1))) for name, each in ACCOUNTS.items()}
    desk = Paper(settings=rules(accounts=hourly), stop=stop)
    desk.news("A new skin.", "An old server.", "The oldest wiki.")
    desk.run()
    for id_ in desk.ids:
        desk.change(ALICE, id_, status="approved")
    for _ in range(2):
        desk.run()
    before = len(desk.queue)
    for _ in range(5):
        desk.now += timedelta(minutes=7)
        desk.run()
    assert len(desk.queue) == before


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


# --- what stands at the top, and what is said of what is out --------------------------------------------------------


def top(memory: Memory, **more: object) -> str:
    """What stands at the top of the queue."""
    return notices.status_line(memory, snapshot(memory, **more))


@pytest.mark.parametrize(
    ("until", "said"),
    [(NOW + timedelta(minutes=15), "until 2026-11-21 12:15 UTC"), (NOW, "until it works")],
)
def test_a_channel_that_rests_says_until_when_and_why(until: datetime, said: str) -> None:
    memory = Memory(troubles={CHANNEL: Trouble(4, "The [[server]] is down.", until), "x/y": Trouble(1, "Once.")})
    assert top(memory) == (
        f"{{{{Smbot/notice|1=in doubt|2='''mediawiki on mastodon rests {said}.''' It failed 4 times in a row; its "
        "posts wait. The &#91;&#91;server&#93;&#93; is down.}}"
    )


@pytest.mark.parametrize(
    ("hours", "task", "said"),
    [
        (24, "post", "Waits to be posted by hand since 2026-11-20 12:00 UTC: mediawiki on mastodon"),
        (25, "post", "'''Still waits''' to be posted by hand since 2026-11-20 11:00 UTC"),
        (25, "retract", "'''Still waits''' to be deleted by hand since"),
    ],
)
def test_what_waits_for_a_person_is_said_more_clearly_after_a_day(hours: int, task: str, said: str) -> None:
    one = delivery(state=HANDED_OFF, task=task, since=NOW - timedelta(hours=hours))
    assert said in top(Memory(deliveries={KEY: one}))
    assert f"[[Desk/Log/2026-11#{KEY}|what to do]]" in top(Memory(deliveries={KEY: one}))


def test_what_stops_everything_stands_first_and_what_a_person_does_every_day_is_no_alarm() -> None:
    memory = Memory(deliveries={KEY: delivery(state=HANDED_OFF)}, alarms={"News": "Nothing was found."})
    text = top(memory, stop=page("stop", title="Desk/Run"))
    hues = [raw(notice, "1") for notice in named(parse(text), "Smbot/notice")]
    assert hues == ["stopped", "in doubt", "handed off"]


@pytest.mark.parametrize(
    ("expires", "said"),
    [
        (NOW + timedelta(days=15), ""),
        (NOW + timedelta(days=13), "expire on 2026-12-04"),
        (NOW - timedelta(days=1), "have expired"),
        ("someday", ""),
    ],
)
def test_credentials_that_end_are_announced(expires: datetime | str, said: str) -> None:
    at = expires if isinstance(expires, str) else expires.isoformat()
    assert said in top(Memory(limits={CHANNEL: Limits(NOW, {"expires": at})}))
    assert bool(top(Memory(limits={CHANNEL: Limits(NOW, {"expires": at})}))) is bool(said)
    assert top(Memory(limits={"gone/mastodon": Limits(NOW, {"expires": at})})) == ""


def test_the_row_of_what_waits_for_a_person_is_written_again_where_it_is_gone() -> None:
    one = delivery(state=HANDED_OFF, logged=HANDED_OFF)
    memory = Memory(known={"n1": known()}, deliveries={KEY: one})
    row = page(postlog.write("", {KEY: postlog.row(one, known())}), title="Desk/Log/2026-11")
    assert pages.unlogged(memory, snapshot(memory, logs={"2026-11": row})) == {}
    assert pages.unlogged(memory, snapshot(memory, logs={"2026-11": page("Blanked.")})) == {"2026-11": [one]}


def test_a_word_that_it_is_done_is_left_while_nobodys_word_can_be_judged() -> None:
    one = delivery(state=HANDED_OFF, logged=HANDED_OFF)
    memory = Memory(known={"n1": known()}, deliveries={KEY: one})
    said = {KEY: Done(ALICE, 7)}
    assert pages.unlogged(memory, snapshot(memory, done_by_hand=said)) == {"2026-11": [one]}
    problems = rules(problems=(Problem("Not protected."),))
    assert pages.unlogged(memory, snapshot(memory, done_by_hand=said, settings=problems)) == {}


def test_who_did_what_by_hand_is_looked_for_from_where_it_was_last_looked_for() -> None:
    one = delivery(state=HANDED_OFF)
    memory = Memory(deliveries={KEY: one}, logs={"2026-11": 5})
    seen = snapshot(memory, logs={"2026-11": page("", 8)})
    assert pages.logged(memory, {"2026-11": [one]}, {"2026-11": 12}, seen).logs == {"2026-11": 8}
    assert pages.logged(memory, {"2026-11": [one]}, {"2026-11": 12}, snapshot()).logs == {"2026-11": 12}
    assert pages.logged(Memory(logs={"2026-11": 5}), {"2026-11": []}, {"2026-11": 12}, seen).logs == {}


@pytest.mark.parametrize(
    ("status", "user", "said"),
    [
        ("retract", MALLORY, "[[User:Mallory|Mallory]] set it to retract, but is not among the maintainers"),
        ("correct", MALLORY, "[[User:Mallory|Mallory]] set it to correct, but is not among the maintainers"),
        ("correct", ALICE, "The words were changed since somebody set it to correct."),
        ("retract", ALICE, "what is being sent now is taken back as soon as it is clear"),
    ],
)
def test_a_word_that_was_not_done_says_why(status: str, user: str, said: str) -> None:
    memory, text = approved()
    one = memory.known["n1"]
    decision = Decision(status, user, 9, digest="of other words")
    memory = replace(
        memory,
        known={"n1": replace(one, end="posted", standing=replace(one.standing, decision=decision))},
        deliveries={KEY: delivery(state=POSTED)},
    )
    assert said in note(memory, text)


def test_a_word_that_was_not_done_does_not_stay_the_status_of_a_card() -> None:
    memory, _ = approved()
    one = memory.known["n1"]
    for end, wanted in (("posted", "posted"), ("", "waiting")):
        for status in ("retract", "correct"):
            after = replace(memory, known={"n1": replace(one, end=end, standing=Standing(status=status))})
            text = queue(after, card("n1", status))
            (found,) = named(parse(text), review.CARD)
            assert raw(found, "status") == wanted


@pytest.mark.parametrize("field", ["warning", "alt"])
def test_reviewers_are_told_of_what_stands_beside_the_words_as_of_the_words(field: str) -> None:
    desk, id_ = proposed("A new skin is the default on https://example.org/a now.")
    desk.change(RITA, id_, image="A.png", alt="A map of Odisha with three red dots.", warning="Bright")
    desk.run()
    assert desk.argument(id_, "checks") == ""
    desk.change(
        RITA, id_, **{field: "THE BEST NEWS EVER!!! We love Jane Smith.", "text x": "A new skin is the default."}
    )
    desk.run()
    told = desk.argument(id_, "checks")
    for hint in ("‘THE BEST NEWS EVER’ in capitals", "‘Jane Smith’ looks like"):
        assert told.count(hint) == 1


def test_what_reviewers_are_told_of_hashtags_follows_the_settings() -> None:
    def settle(*hashtags: str) -> None:
        desk.settings = rules(accounts={n: replace(a, hashtags=hashtags) for n, a in ACCOUNTS.items()})

    desk = Paper()
    settle("#MediaWiki")
    desk.news("A new skin #mediawiki #vector is the default.")
    desk.run()
    assert "‘#vector’" in desk.text
    settle("#vector")
    desk.run()
    assert "‘#mediawiki’" in desk.text
    assert "‘#vector’" not in desk.text
    before = desk.text
    desk.run()
    assert desk.text == before
