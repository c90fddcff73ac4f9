"""What smbot remembers, read back as it was written, or not at all."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from smbot import memory
from smbot.errors import WikiError
from smbot.memory import Approval, Decision, Limits, Memory, SourceState, Standing
from tests.builders import NOW, delivery, known

FULL = Memory(
    run="a-1",
    queue=7,
    requests=8,
    alarms={"News": "nothing was found"},
    sources={"News: News": SourceState(3, 4)},
    limits={"mediawiki/mastodon": Limits(NOW, {"characters": 500, "image_types": ["image/png"]})},
    known={
        "n1": known(
            requesters=("Rita",),
            dropped={"wikitech": "declined by Bob: no"},
            standing=Standing(
                status="approved",
                disturbed_by=("",),
                editors=("Mallory | {{x}}",),
                approvals=(Approval("Alice", 5, NOW, "0123"),),
                decision=Decision("declined", "Bob", 6, "«no» 👎"),
            ),
        )
    },
    deliveries={"n1/mediawiki/mastodon": delivery(until=NOW)},
)


@pytest.mark.parametrize("full", [Memory(), FULL])
def test_the_memory_is_read_back_as_it_was_written(full: Memory) -> None:
    assert memory.load(memory.dump(full)) == full


def test_half_an_emoji_that_a_network_told_is_remembered_as_a_question_mark() -> None:
    told = replace(FULL, deliveries={"n1/mediawiki/mastodon": delivery(reason="No: \ud83d!")})
    expected = replace(FULL, deliveries={"n1/mediawiki/mastodon": delivery(reason="No: ?!")})
    assert memory.load(memory.dump(told)) == expected


def test_the_wiki_may_lay_the_json_out_in_its_own_way() -> None:
    assert memory.load(json.dumps(json.loads(memory.dump(FULL)), indent="\t", ensure_ascii=True)) == FULL


def test_a_page_that_does_not_exist_is_a_new_memory() -> None:
    assert memory.load("") == memory.load(" \n") == Memory()


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "null", '"x"', '{"known": 1}', '{"version": 2}', '{"known": {"n1": {}}}', memory.dump(FULL)[:-9]],
)
def test_what_cannot_be_understood_is_never_taken_for_nothing(text: str) -> None:
    with pytest.raises(WikiError, match="memory page"):
        memory.load(text)


def test_open_candidates_are_those_without_an_end() -> None:
    mind = Memory(known={"a": known(), "b": known(end="posted")}, deliveries={"b/x/y": delivery("b")})
    assert list(mind.open()) == ["a"]
    assert [d.id for d in mind.of("b")] == ["b"]
    assert mind.of("a") == []
