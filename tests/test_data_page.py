"""The data page: what the status page says, for tools, on a page that nobody but the bot can edit."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import requests
from msgspec.structs import replace as put

from sandbox.people import Person, RefusedError
from sandbox.standin import Fault
from smbot import statusdata
from smbot.memory import Trouble
from smbot.model import Page, Problem
from smbot.overview import overview
from tests.builders import TITLES
from tests.builders import settings as rules
from tests.test_status_page import DAY, SATURDAY, desk, made, posted
from tests.world import World

QUEUE = "https://wiki.example.org/index.php?title=Desk/Queue&oldid=7"


def told(*of: Any, **more: Any) -> dict[str, Any]:
    memory, seen = desk(*of, **more)
    return statusdata.data(overview(memory, seen), put(seen, queue=put(seen.queue, url=QUEUE)))


def test_it_says_what_people_read_on_the_status_page() -> None:
    out = (posted("p", "Posted", 1), posted("r", "Oh", 0, "wikitech/bluesky", state="refused", reason="Too long."))
    waiting = ("w", made("w", "Wait", not_after="2026-11-30", accounts="mediawiki, wikitech"))
    found = told(waiting, ("a", made("a", "A hackathon", "approved")), out=out)
    assert (found["version"], found["updated"], found["running"]) == (1, "2026-11-21T12:00Z", True)
    assert found["accounts"]["mediawiki"] == {
        "maintainers": ["Alice"],
        "goal": 3,
        "posted": 1,
        "approved": 0,  # it goes out next week
        "behind": True,
        "networks": {"mastodon": 1},
        "waiting": 1,
        "to pick": 0,
    }
    link = "https://wiki.example.org/index.php?title=Desk/Queue"
    assert found["planned"] == [
        {
            "id": "a",
            "account": "mediawiki",
            "networks": ["mastodon"],
            "at": "2026-11-23T09:00Z",
            "words": "A hackathon",
            "link": f"{link}#a",
            "approved by": "Alice",
        }
    ]
    assert found["posted"] == [
        {
            "id": "p",
            "account": "mediawiki",
            "title": "Posted",
            "at": "2026-11-20T12:00Z",
            "url": "https://example.org/p",
        }
    ]
    assert found["waiting"] == [
        {
            "id": "w",
            "title": "Wait",
            "accounts": ["mediawiki", "wikitech"],
            "since": "2026-11-21",
            "before": "2026-11-30T23:59Z",
            "link": f"{link}#w",
        }
    ]
    assert found["problems"] == [
        {
            "kind": "refused",
            "id": "r",
            "channel": "wikitech/bluesky",
            "title": "Oh",
            "why": "Too long.",
            "people": ["Alice", "Bob"],
        }
    ]
    assert found["days"] == {"mediawiki": {"2026-11-20": 1}}


def test_it_says_why_nothing_is_posted_and_what_rests() -> None:
    troubles = {"wikitech/bluesky": Trouble(3, "no answer", SATURDAY + DAY)}
    found = told(stop=Page(TITLES.stop), troubles=troubles, alarms={"x": "News is gone."})
    assert not found["running"]
    assert "no page [[Desk/Run]]" in found["stopped"][0]
    assert [p["kind"] for p in found["problems"]] == ["resting", "source"]
    assert found["problems"][0]["until"] == "2026-11-22T12:00Z"
    broken = told(settings=rules(problems=(Problem("Oh."),)))
    assert (broken["running"], broken["accounts"], broken["waiting"]) == (False, {}, [])


def test_hundreds_of_everything_stay_within_bounds() -> None:
    waiting = [(f"w{n}", made(f"w{n}", f"Number {n} {'of the many ' * 20}")) for n in range(300)]
    out = tuple(posted(f"p{n}", "Words " * 30, n / 20) for n in range(300))
    found = told(*waiting, out=out)
    assert len(found["waiting"]) == len(found["posted"]) == statusdata.LISTED
    assert found["posted"][0]["id"] == "p0"
    assert found["waiting"][0]["since"] <= found["waiting"][-1]["since"]
    assert len(json.dumps(found)) < 100_000


def test_it_is_another_only_when_something_happened() -> None:
    memory, seen = desk(("a", made("a", "A hackathon", "approved")), out=(posted("p", "Posted", 1),))
    edit = statusdata.data_edit(overview(memory, seen), seen)
    assert edit is not None
    laid_out = json.dumps(json.loads(edit.text), indent=4)  # as MediaWiki does
    later = put(seen, data=Page(edit.title, 7, laid_out), now=SATURDAY + timedelta(hours=5))
    assert statusdata.data_edit(overview(memory, later), later) is None
    monday = put(later, now=SATURDAY + 2 * DAY)
    again = statusdata.data_edit(overview(memory, monday), monday)
    assert again is not None
    assert again.base == 7


@pytest.mark.parametrize("text", ["", "[]", "no JSON"])
def test_whatever_stands_there_is_replaced(text: str) -> None:
    memory, seen = desk()
    assert statusdata.data_edit(overview(memory, seen), put(seen, data=Page("x", 3, text))) is not None


# --- on a wiki ------------------------------------------------------------------------------------------------------


@pytest.fixture
def world(world: World) -> World:
    """A desk with a status page."""
    world.show_status()
    return world


def test_tools_read_it_by_its_address_and_nobody_else_can_write_it(world: World, alice: Person, rita: Person) -> None:
    world.collect()
    world.approve(alice, "Patrolling")
    world.mastodon.faults.append(Fault("/api/v1/statuses", "422"))
    world.publish()
    address = f"{world.wiki.url}/index.php"
    answer = requests.get(address, {"title": world.titles.data, "action": "raw"}, timeout=30)
    found = answer.json()
    assert found["problems"][0]["kind"] == "refused"
    assert found["waiting"][0]["link"].endswith(f"/Queue#{found['waiting'][0]['id']}")
    assert "token-of" not in answer.text
    with pytest.raises(RefusedError):
        rita.edit(world.titles.data, "{}")
