"""The request page: who asked is read from the history, and nothing a person typed is changed."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smbot import intake
from smbot.templates import named, parse, put, raw
from tests.builders import ALICE, BOB, BOT, MALLORY, RITA, Paper, changed, page, request
from tests.builders import settings as rules


def authors(*edits: tuple[str, str], before: str = "") -> list[tuple[str, ...]]:
    """Who typed each request on the page after these edits (user, text), in the order of the page."""
    history = [page(text, i, user, parent=i - 1) for i, (user, text) in enumerate(edits, start=2)]
    return [r.authors for r in intake.read(history[-1], history, 1, before, BOT)]


def asked(*edits: tuple[str, str]) -> Paper:
    """A desk after these edits of its request page, with a run after each."""
    desk = Paper()
    for user, text in edits:
        desk.ask(user, text)
        desk.run()
    return desk


def people(desk: Paper) -> dict[str, tuple[str, ...]]:
    """Who asked for each open candidate, by its words."""
    return {k.proposal.text if k.proposal else "": k.requesters for k in desk.memory.open().values()}


A, B = request("Come to the hackathon."), request("Translate the new help pages with us.")
N = A.replace("text", "id = r1\n| text")


# --- who asked ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ([(RITA, A)], [(RITA,)]),
        ([(RITA, A), (BOB, A + B)], [(RITA,), (BOB,)]),
        ([(RITA, A), (BOB, B + A)], [(BOB,), (RITA,)]),
        ([(RITA, A), (BOB, A.replace("hackathon", "Hackathon"))], [(RITA, BOB)]),
        ([(RITA, A), (BOB, "Talk.\n" + A + "More talk.")], [(RITA,)]),
        ([(RITA, A + B), (BOB, B + "\n== Later ==\n" + A)], [(RITA,), (RITA,)]),
        ([(RITA, A), (BOB, A + A)], [(RITA,), (BOB,)]),
        ([(RITA, A), (MALLORY, ""), (BOB, A)], [(BOB,)]),
        ([(RITA, A), (BOT, A.replace("text", "id = r1\n| text"))], [(RITA,)]),
        ([(RITA, A), (BOT, A.replace("hackathon", "Hackathon"))], [(RITA,)]),
        ([(RITA, N), (BOB, N.replace("Come to the hackathon", "No"))], [(RITA, BOB)]),
        ([(RITA, A), (BOB, request("Something wholly different, 2026."))], [(BOB,)]),
        ([(RITA, A), ("", A + B)], [(RITA,), ("",)]),
        ([(RITA, f"<nowiki>{A}</nowiki>"), (BOB, A)], [(BOB,)]),
    ],
    ids=[
        "one",
        "two",
        "above",
        "changed",
        "talk",
        "moved",
        "copied",
        "gone and back",
        "bot",
        "bot merged",
        "by its id",
        "another",
        "hidden",
        "shown",
    ],
)
def test_a_request_is_by_those_who_typed_or_changed_it(
    edits: list[tuple[str, str]], expected: list[tuple[str, ...]]
) -> None:
    assert authors(*edits) == expected


def test_who_asked_before_is_remembered_and_not_asked_again() -> None:
    assert authors((BOB, A + B), before=A) == [(), (BOB,)]
    assert authors((BOB, "a" + A), before=A) == [()]
    assert [r.authors for r in intake.read(page(A), (), 1, "", BOT)] == [()]


def test_after_a_revision_nobody_can_read_an_author_is_unknown() -> None:
    hidden = page("", 2, MALLORY, parent=1, text_hidden=True)
    (found,) = intake.read(page(A, 3, RITA, parent=2), [hidden, page(A, 3, RITA, parent=2)], 1, "", BOT)
    assert found.authors == ("", RITA)
    (found,) = intake.read(page(A, 9, RITA, parent=8), [page(A, 9, RITA, parent=8)], 1, "", BOT)
    assert "" in found.authors


def test_a_request_of_unknown_people_is_not_taken_and_told() -> None:
    desk = asked(("", A))
    assert desk.ids == []
    assert "cannot be established" in desk.answers()[0]


def test_nothing_is_taken_in_while_it_is_not_known_who_changed_the_page() -> None:
    desk = asked((RITA, request("Come to the hackathon.", accounts="mediawikj")))
    (id_,) = desk.ids
    desk.ask(BOB, changed(desk.asked, id_, accounts="mediawiki", text="Bob's own words."))
    desk.ask(ALICE, desk.asked + B)
    desk.run(unread=True)
    assert people(desk) == {"": (RITA,)}
    desk.run(unread=True)  # its own answers do not make it known
    desk.run()
    assert people(desk) == {"Bob's own words.": (RITA, BOB), "Translate the new help pages with us.": (ALICE,)}


def test_a_signature_or_a_forged_argument_names_nobody() -> None:
    desk = asked((ALICE, request("Mine.", notes=f"[[User:{RITA}]]", requesters=RITA, author=RITA)))
    assert people(desk) in ({"": (ALICE,)}, {"Mine.": (ALICE,)})


def test_whoever_changes_a_request_is_a_requester_too() -> None:
    desk = asked((RITA, A))
    desk.ask(ALICE, changed(desk.asked, desk.ids[0], text="Come to the Hackathon!"))
    desk.run()
    assert people(desk) == {"Come to the Hackathon!": (RITA, ALICE)}


def test_who_swaps_the_words_of_two_requests_has_written_both() -> None:
    """Else a maintainer could move their own words under another's name, and approve them."""
    desk = asked((RITA, A + B))
    first, second = desk.ids
    desk.ask(ALICE, desk.asked.replace(f"id = {first}", "@").replace(second, first).replace("@", f"id = {second}"))
    desk.run()
    assert [set(known.requesters) for known in desk.memory.open().values()] == [{RITA, ALICE}, {RITA, ALICE}]


def test_a_request_and_its_exact_revert_leave_the_requesters_as_they_were() -> None:
    desk = asked((RITA, A))
    before = desk.asked
    desk.ask(MALLORY, before.replace("hackathon", "casino"))
    desk.ask(BOB, before)
    desk.run()
    assert people(desk) == {"Come to the hackathon.": (RITA,)}


# --- identity -------------------------------------------------------------------------------------------------------


def test_two_identical_requests_are_two() -> None:
    desk = asked((RITA, A + A))
    assert len(desk.ids) == 2
    assert len(set(desk.answers())) == 2


def test_moving_a_request_changes_nothing() -> None:
    desk = asked((RITA, A + B))
    before = people(desk)
    first, second = (str(t) for t in named(parse(desk.asked), intake.REQUEST))
    desk.ask(BOB, f"== Done ==\n{second}\n\n{first}")
    desk.run()
    assert people(desk) == before
    assert not any(known.held for known in desk.memory.known.values())
    assert desk.asked == f"== Done ==\n{second}\n\n{first}"


@pytest.mark.parametrize("above", [True, False])
@pytest.mark.parametrize("words", ["Come to the hackathon.", "Come to the casino."])
def test_a_copy_with_the_same_id_is_a_request_of_its_own(above: bool, words: str) -> None:
    desk = asked((RITA, A))
    (id_,) = desk.ids
    copy = changed(desk.asked, id_, text=words)
    desk.ask(MALLORY, copy + desk.asked if above else desk.asked + copy)
    desk.run()
    kept, other = desk.memory.open().values()
    assert kept.proposal is not None
    assert kept.proposal.text == "Come to the hackathon."
    assert {kept.requesters, other.requesters} == {(RITA,), (MALLORY,)} or words == "Come to the hackathon."
    assert sorted(raw(t, "id") for t in named(parse(desk.asked), intake.REQUEST)) == sorted(desk.ids)


@pytest.mark.parametrize("id_", ["r000000000", "x | y", "{{id}}", "n1"])
def test_a_forged_id_is_replaced(id_: str) -> None:
    desk = asked((MALLORY, request("Buy this.", id=id_)))
    assert desk.ids
    assert desk.ids[0] != id_
    assert raw(named(parse(desk.asked), intake.REQUEST)[0], "id") == desk.ids[0]


def test_a_request_cannot_take_the_id_of_a_piece_of_news() -> None:
    desk = Paper()
    desk.news("A new skin is the default.")
    desk.run()
    (id_,) = desk.ids
    desk.ask(MALLORY, request("Buy this.", id=id_))
    desk.run()
    assert desk.memory.known[id_].requesters == ()
    assert desk.argument(id_, "text") == "A new skin is the default."
    assert len(desk.ids) == 2


def test_a_request_whose_id_was_taken_out_is_found_by_its_words() -> None:
    desk = asked((RITA, A))
    ids = desk.ids
    desk.ask(BOB, changed(desk.asked, ids[0], id=""))
    desk.run()
    assert desk.ids == ids
    assert raw(named(parse(desk.asked), intake.REQUEST)[0], "id") == ids[0]
    assert people(desk) == {"Come to the hackathon.": (RITA,)}


def test_a_request_taken_off_the_page_is_held_back_until_it_is_back() -> None:
    desk = asked((RITA, A))
    (id_,) = desk.ids
    desk.change(ALICE, id_, status="approved")
    before = desk.asked
    desk.ask(MALLORY, "")
    assert desk.due() == []
    desk.run()
    assert "no longer on the requests page" in desk.argument(id_, "note")
    desk.ask(BOB, before)
    assert desk.due() == [f"{id_}/mediawiki/mastodon"]


# --- answers --------------------------------------------------------------------------------------------------------

TYPED = st.lists(
    st.sampled_from(
        [A, B, "{{Smbot/request}}", "{{Smbot/request|text=a|b}}\n", "{{smbot/request\n| text = x", "}}", "\n"]
    )
    | st.sampled_from(
        [
            f"<nowiki>{A}</nowiki>",
            "</nowiki>",
            "talk [[x]] ~~~~",
            "<!-- ",
            " -->",
            "{{Smbot/request|text=[[a]]|id=\n}}",
            " ",
        ]
    ),
    max_size=8,
).map("".join)


def without_answers(text: str) -> str:
    """A request page without what smbot puts there, and without white space."""
    code = parse(text.replace("{{Smbot/unreadable}}", ""))
    for template in named(code, intake.REQUEST):
        for name in ("id", "answer"):
            put(template, name, "")
    return "".join(str(code).split())


@given(TYPED)
@settings(max_examples=150, deadline=None)
def test_answers_change_nothing_a_person_typed_and_are_given_once(text: str) -> None:
    desk = asked((RITA, text))
    assert without_answers(desk.asked) == without_answers(text)
    answered = desk.asked
    desk.run()
    desk.run()
    assert desk.asked == answered
    assert all(desk.answers())


def test_an_answer_stands_in_its_request_and_the_rest_stays_byte_for_byte() -> None:
    text = "Hello.\n\n{{Smbot/request|accounts=mediawiki|text= Words [[x]] }}\n: Why? ~ Bob\n"
    desk = asked((RITA, text))
    answer = desk.answers()[0]
    assert "wiki markup" in answer
    assert desk.asked.startswith("Hello.\n\n{{Smbot/request|accounts=mediawiki|text= Words [[x]]")
    assert desk.asked.endswith("}}\n: Why? ~ Bob\n")


@given(TYPED)
@settings(max_examples=150, deadline=None)
def test_marks_of_what_cannot_be_read_are_put_once_and_go_away(text: str) -> None:
    once = intake.mark_unreadable(text)
    assert intake.mark_unreadable(once) == once
    assert once.replace("{{Smbot/unreadable}}", "") == text


@pytest.mark.parametrize(
    ("text", "missing"),
    [("{{Smbot/request\n| text = a\n", "}}"), ("{{Smbot/request|text={{a}}", "}}"), ("{{smbot/request| a }", "}")],
)
def test_a_request_whose_braces_do_not_match_is_marked(text: str, missing: str) -> None:
    marked = asked((RITA, A + text)).asked
    assert marked.count("{{Smbot/unreadable}}{{") == 1
    assert "{{Smbot/unreadable}}" not in intake.mark_unreadable(marked.rstrip("\n") + missing)


def test_a_problem_is_told_and_its_correction_is_queued() -> None:
    desk = asked((RITA, request("x" * 600)))
    assert desk.answers()[0].startswith(
        "{{Smbot/answer|1=problem|2=The words for mediawiki on mastodon are 100 characters"
    )
    (id_,) = desk.ids
    desk.ask(RITA, changed(desk.asked, id_, text="Short."))
    desk.run()
    assert desk.answers() == [f"{{{{Smbot/answer|1=queued|2=It waits on [[Desk/Queue#{id_}|the review queue]].}}}}"]
    assert desk.argument(id_, "text") == "Short."


def test_a_time_that_is_over_is_a_problem_not_an_end() -> None:
    desk = asked((RITA, A))
    (id_,) = desk.ids
    desk.ask(MALLORY, changed(desk.asked, id_, not_after="2020-01-01"))
    desk.run()
    assert "The time in ‘not after’ is over." in desk.answers()[0]
    desk.ask(RITA, changed(desk.asked, id_, not_after=""))
    desk.run()
    assert "queued" in desk.answers()[0]


def test_a_declined_request_is_told_by_whom_and_why() -> None:
    desk = asked((RITA, A))
    desk.change(ALICE, desk.ids[0], status="declined", reason="We did {{!}} this <nowiki>{{last}}</nowiki> week.")
    desk.run()
    assert "<nowiki>declined by Alice: We did | this {{last}} week.</nowiki>" in desk.answers()[0]
    assert desk.ids == []


def test_an_answer_that_somebody_may_have_spoilt_calls_nobody() -> None:
    desk = asked((RITA, A))
    assert desk.asked.count("[[User:Rita") == 1
    for unread in (True, False):
        desk.ask(MALLORY, desk.asked.replace(desk.asked.partition("2=It")[2].partition("}}")[0], " SPOILT"))
        desk.run(unread=unread)
        assert "SPOILT" not in desk.asked
        assert "[[User:Rita" not in desk.asked
    desk.change(ALICE, desk.ids[0], status="declined")
    desk.run(unread=True)  # the answer there before is smbot's own
    assert desk.asked.count("[[User:Rita") == 1


# --- many -----------------------------------------------------------------------------------------------------------


def test_thousands_of_requests_take_few_places_and_little_time() -> None:
    desk = Paper()
    began = time.monotonic()
    desk.ask(MALLORY, A + "".join(request(f"Junk {i}") for i in range(2000)))
    desk.run()
    assert len(desk.ids) == 5
    assert [answer[:30] for answer in desk.answers()].count("{{Smbot/answer|1=not taken|2=W") == 1996
    desk.ask(BOB, desk.asked + request("A word from Bob."))
    desk.run()
    assert len(desk.ids) == 6
    assert time.monotonic() - began < 60


def test_thousands_of_requests_changed_at_once_take_little_time() -> None:
    began = time.monotonic()
    before = "".join(request(f"Junk {i} " + "so much junk " * 50) for i in range(1000))
    assert authors((MALLORY, before.replace("junk", "trash")), before=before) == [(MALLORY,)] * 1000
    assert time.monotonic() - began < 30


def test_who_has_too_many_may_ask_again_by_taking_out_the_answer() -> None:
    desk = Paper(settings=rules(requests_per_person=1))
    for edit in (A, A + B):
        desk.ask(RITA, edit)
    desk.run()
    desk.run()
    first, second = desk.answers()
    assert "queued" in first
    assert "not taken" in second
    desk.change(ALICE, desk.ids[0], status="declined")
    desk.run()
    assert desk.ids == []
    untaken = str(named(parse(desk.asked), intake.REQUEST)[1])
    desk.ask(RITA, desk.asked.replace(untaken, B))
    desk.run()
    assert people(desk) == {"Translate the new help pages with us.": (RITA,)}
    assert "queued" in desk.answers()[1]


CALLED = (
    '{{Smbot/answer|1=queued|2=It waits.|3=<span class="smbot-call">'
    "[[User:Rita|Rita]] – [[User:Smbot|Smbot]] 17:14 (UTC)</span>}}"
)


def test_a_signature_is_no_part_of_an_answer_and_nothing_else_passes_for_one() -> None:
    assert intake.unsigned(CALLED) == "{{Smbot/answer|1=queued|2=It waits.}}"
    for forged in ("</span>|1=posted}}", "</span>|2=[https://evil.example posted]}}", "{{x}}</span>}}", "</span>}} }}"):
        answer = CALLED.replace("</span>}}", forged)
        assert intake.unsigned(answer) == answer
    assert intake.unsigned(CALLED.replace("17:14", "[[" * 20_000))
