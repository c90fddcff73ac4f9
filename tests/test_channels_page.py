"""The page that says who speaks where: smbot keeps its regions, people keep the rest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sandbox.people import Person
from smbot.channels_page import written
from smbot.gather import Snapshot
from smbot.settings import Account, Feed, Settings
from tests.builders import snapshot
from tests.world import World

ACCOUNT = Account(
    "wikitech", ("mastodon", "x"), frozenset({"Bob", "ଆଲିସ"}), goal=3, profiles=("https://wikis.world/@wikitech",)
)
SETTINGS = Settings(accounts={"wikitech": ACCOUNT}, feeds=(Feed("Tech <News>", "tech-news", "", "", ("wikitech",)),))
PAGE = """Hello, people's words.
<!-- smbot: accounts - do not touch -->
old
<!-- /smbot: accounts -->
More of people's words.
<!-- smbot: rules --><!-- /smbot: rules -->
<!--smbot:sources-->
<!--/smbot:sources-->
The end."""


@pytest.fixture
def seen() -> Snapshot:
    return replace(snapshot(), settings=SETTINGS)


def test_the_regions_say_what_the_settings_say_and_the_rest_stays(seen: Snapshot) -> None:
    text = written(PAGE, seen)
    outside = [line for line in PAGE.splitlines() if "people" in line or "end." in line]
    assert [line for line in text.splitlines() if line in outside] == outside
    assert "old" not in text
    assert "[https://wikis.world/@wikitech wikis.world/@wikitech]" in text
    assert "[[User:Bob|Bob]], [[User:ଆଲିସ|ଆଲିସ]]" in text
    assert "3 times a week" in text
    assert "Nobody approves what they asked for themselves." in text
    assert "<News>" not in text.replace("<nowiki>Tech &lt;News&gt;</nowiki>", "")
    assert written(text, seen) == text


@pytest.mark.parametrize(
    "broken",
    [
        "no region at all",
        "<!-- smbot: accounts -->\nits end is missing",
        "<!-- smbot: accounts -->\nmine\n<!-- smbot: rules -->\n<!-- /smbot: accounts -->",
        "<!-- smbot: weather -->\nmine\n<!-- /smbot: weather -->",
        "<!-- /smbot: accounts -->\nmine\n<!-- smbot: accounts -->",
    ],
)
def test_a_region_nobody_can_tell_the_end_of_is_left_alone(broken: str, seen: Snapshot) -> None:
    assert written(broken, seen) == broken


def test_an_account_of_no_maintainers_and_no_settings_at_all_are_said(seen: Snapshot) -> None:
    lonely = replace(seen, settings=Settings(accounts={"a": Account("a", ("x",), frozenset())}, own_requests=True))
    assert "nobody yet" in written(PAGE, lonely)
    assert "asked for themselves" not in written(PAGE, lonely)
    assert "\n; " not in written(PAGE, replace(seen, settings=Settings()))


@given(st.text(alphabet="<!-/ smbot:acunrle>\n|é", max_size=200))
def test_words_outside_of_regions_survive_whatever_they_are(words: str) -> None:
    here = replace(snapshot(), settings=SETTINGS)
    text = written(f"{words}\n<!-- smbot: rules -->\n<!-- /smbot: rules -->", here)
    assert text.startswith(words)


def test_on_a_wiki_it_follows_the_settings_and_people_keep_their_words(world: World, rita: Person) -> None:
    rita.edit(world.titles.channels, PAGE)
    world.collect()
    assert "[[User:Alice|Alice]], [[User:Bob|Bob]]" in rita.get(world.titles.channels)
    rita.edit(world.titles.channels, rita.get(world.titles.channels).replace("The end.", "The very end."))
    world.settle("maintainers = Alice, Bob", "maintainers = Carol")
    world.collect()
    text = rita.get(world.titles.channels)
    assert "[[User:Carol|Carol]]" in text
    assert "User:Bob" not in text
    assert text.endswith("The very end.")
    revision = rita.revision_id(world.titles.channels)
    world.collect()
    assert rita.revision_id(world.titles.channels) == revision


def test_a_page_full_of_beginnings_takes_no_time(seen: Snapshot) -> None:
    text = "<!-- smbot: accounts -->" * 50_000
    assert written(text, seen) == text
