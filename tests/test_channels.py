"""The contract of `smbot.channels`, for every network there is: a new one is one more row in STAND_INS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from traceback import format_exception
from typing import Any, Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.mastodon import Fault as MastodonFault
from sandbox.mastodon import Mastodon as MastodonServer
from smbot.channels import NETWORKS, Channel, network
from smbot.channels.mastodon import Mastodon
from smbot.errors import ChannelError
from smbot.model import Deferred, Image, InDoubt, Media, Posted, Refused, Text

NOW = datetime.now(UTC)
TEXT = Text("Vector 2022 arrives on ଓଡ଼ିଆ ଉଇକିପିଡ଼ିଆ: https://www.mediawiki.org/wiki/X", "en")
PICTURE = Media(b"\x89PNG\r\n\x1a\n", "image/png", "A map of India")
CANARY = "canary-7f3a9"

# Before the request was worked on, and after: what may go wrong on any network.
BEFORE = ["reset", "timeout", "half-json", "broken-json", "empty", "redirect", "500", "502-html", "503", "429", "401",
          "403", "404", "408", "422"]  # fmt: skip
AFTER = ["reset", "timeout", "half-json", "broken-json", "empty", "500", "502-html", "503"]


class World(Protocol):
    """What a stand-in offers the contract tests."""

    def channel(self) -> Channel: ...
    def wrong_channel(self) -> Channel: ...
    def gone(self) -> Channel: ...
    def break_once(self, kind: str, when: str, call: str) -> None: ...
    def words(self) -> list[str]: ...
    def say(self, words: str, at: datetime, other: bool = False) -> None: ...


@dataclass
class OnMastodon:
    server: MastodonServer

    def channel(self) -> Channel:
        return Mastodon(self.server.url, "token-of-wikitech", timeout=0.4, patience=0.2, pause=0.01)

    def wrong_channel(self) -> Channel:
        return Mastodon(self.server.url, CANARY, timeout=0.4)

    def gone(self) -> Channel:
        with MastodonServer() as server:
            url = server.url
        return Mastodon(url, CANARY, timeout=0.4)

    def break_once(self, kind: str, when: str, call: str) -> None:
        path = {"post": "/api/v1/statuses$", "upload": "/api/v2/media$", "find": "/statuses$|/source$"}[call]
        self.server.faults.append(MastodonFault(path, kind, when))

    def words(self) -> list[str]:
        return [post["text"] for post in self.server.world.posts("wikitech")]

    def say(self, words: str, at: datetime, other: bool = False) -> None:
        clock, self.server.world.clock = self.server.world.clock, lambda: at
        self.server.world.say("mediawiki" if other else "wikitech", words)
        self.server.world.clock = clock


@contextmanager
def on_mastodon() -> Iterator[World]:
    with MastodonServer() as server:
        yield OnMastodon(server)


STAND_INS: dict[str, Callable[[], Any]] = {"mastodon": on_mastodon}


@pytest.fixture(params=sorted(NETWORKS))
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with STAND_INS[request.param]() as world:
        yield world


@pytest.fixture(params=sorted(NETWORKS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def truth(world: World, outcome: object) -> None:
    """No outcome is a lie, and after a doubt the network can be asked."""
    posted = world.words().count(TEXT.words)
    match outcome:
        case Posted():
            assert posted == 1
        case Refused() | Deferred():
            assert posted == 0
        case InDoubt():
            found = world.channel().find(TEXT, "key", NOW)
            assert (found is not None) == (posted == 1)
        case _:
            pytest.fail(f"not an outcome: {outcome!r}")


# --- posting --------------------------------------------------------------------------------------------------------


def test_a_post_says_where_it_is_and_is_found_again(world: World) -> None:
    outcome = world.channel().post(TEXT, (PICTURE,), "key", NOW)
    assert isinstance(outcome, Posted)
    assert outcome.url.startswith("http")
    assert world.words() == [TEXT.words]
    assert world.channel().find(TEXT, "key", NOW) == outcome


def test_the_same_key_twice_gives_one_post(world: World) -> None:
    first = world.channel().post(TEXT, (), "key", NOW)
    assert world.channel().post(TEXT, (), "key", NOW) == first
    assert world.words() == [TEXT.words]


def test_another_key_is_another_post(world: World) -> None:
    first = world.channel().post(TEXT, (), "key", NOW)
    assert world.channel().post(TEXT, (), "another", NOW) != first


@pytest.mark.parametrize("key", ["tech-news 2026-W47|wikitech", "ନମସ୍କାର\r\nX-Evil: 1", "k" * 5000, " "])
def test_any_key_will_do(world: World, key: str) -> None:
    first = world.channel().post(TEXT, (), key, NOW)
    assert isinstance(first, Posted)
    assert world.channel().post(TEXT, (), key, NOW) == first


@pytest.mark.parametrize("kind", BEFORE)
def test_an_outcome_is_true_when_nothing_was_done(world: World, kind: str) -> None:
    world.break_once(kind, "before", "post")
    outcome = world.channel().post(TEXT, (), "key", NOW)
    assert not isinstance(outcome, Posted)
    truth(world, outcome)


@pytest.mark.parametrize("kind", AFTER)
def test_an_outcome_is_true_when_the_answer_is_lost(world: World, kind: str) -> None:
    world.break_once(kind, "after", "post")
    outcome = world.channel().post(TEXT, (), "key", NOW)
    assert isinstance(outcome, InDoubt | Posted)
    truth(world, outcome)
    assert isinstance(world.channel().find(TEXT, "key", NOW), Posted)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", BEFORE)
def test_trouble_with_a_picture_means_nothing_was_posted(world: World, kind: str, when: str) -> None:
    world.break_once(kind, when, "upload")
    outcome = world.channel().post(TEXT, (PICTURE,), "key", NOW)
    assert isinstance(outcome, Refused | Deferred)
    truth(world, outcome)


FAULTS = st.one_of(
    st.tuples(st.sampled_from([kind for kind in BEFORE if kind != "timeout"]), st.just("before")),
    st.tuples(st.sampled_from([kind for kind in AFTER if kind != "timeout"]), st.just("after")),
)


@pytest.mark.parametrize("name", sorted(NETWORKS))
@settings(max_examples=40, deadline=None)
@given(faults=st.lists(st.tuples(st.sampled_from(["post", "upload", "find"]), FAULTS), max_size=4))
def test_however_often_things_go_wrong_looking_before_sending_again_gives_one_post(
    name: str, faults: list[tuple[str, tuple[str, str]]]
) -> None:
    with STAND_INS[name]() as world:
        for call, (kind, when) in faults:
            world.break_once(kind, when, call)
        while not found(world):
            outcome = world.channel().post(TEXT, (PICTURE,), "key", NOW)
            if isinstance(outcome, Posted):
                break
        assert world.words() == [TEXT.words]


def found(world: World) -> bool:
    """Asked until there is an answer, as the next runs would."""
    while True:
        with suppress(ChannelError):
            return world.channel().find(TEXT, "key", NOW) is not None


def test_a_server_that_is_not_there_defers(world: World) -> None:
    outcome = world.gone().post(TEXT, (PICTURE,), "key", NOW)
    assert isinstance(outcome, Deferred)
    outcome = world.gone().post(TEXT, (), "key", NOW)
    assert isinstance(outcome, Deferred)
    assert NOW < outcome.until <= NOW + timedelta(hours=1)


@pytest.mark.parametrize("call", ["post", "upload"])
def test_a_rate_limit_defers_by_a_minute_to_an_hour(world: World, call: str) -> None:
    world.break_once("429", "before", call)
    outcome = world.channel().post(TEXT, (PICTURE,), "key", NOW)
    assert isinstance(outcome, Deferred)
    assert timedelta(minutes=1) <= outcome.until - NOW <= timedelta(hours=1)


def test_wrong_credentials_are_refused_with_a_remedy_and_without_the_secret(world: World) -> None:
    outcome = world.wrong_channel().post(TEXT, (), "key", NOW)
    assert isinstance(outcome, Refused)
    assert "token" in outcome.reason
    assert CANARY not in repr(outcome)


# --- looking for it -------------------------------------------------------------------------------------------------


def test_words_are_found_in_whatever_form_the_network_kept_them(world: World) -> None:
    words = "Café  \r\n\n e\u0301 ଡ଼ Việt 👩‍👩‍👧 https://example.org/?a=b&c=d <b> & \u200fשלום"
    outcome = world.channel().post(Text(words, "en"), (), "key", NOW)
    assert world.channel().find(Text(words, "en"), "key", NOW) == outcome


def test_the_posts_of_others_and_older_ones_and_other_words_are_not_it(world: World) -> None:
    world.say(TEXT.words, NOW - timedelta(minutes=3))
    world.say(TEXT.words, NOW, other=True)
    world.say(TEXT.words + "!", NOW)
    assert world.channel().find(TEXT, "key", NOW) is None


def test_it_is_found_under_newer_posts_and_with_a_clock_a_little_off(world: World) -> None:
    world.say(TEXT.words, NOW - timedelta(seconds=110))
    for number in range(45):
        world.say(f"Newer {number}", NOW)
    assert isinstance(world.channel().find(TEXT, "key", NOW), Posted)


@pytest.mark.parametrize("kind", [kind for kind in BEFORE if kind != "422"])
def test_what_cannot_be_read_back_is_not_called_absent(world: World, kind: str) -> None:
    world.say(TEXT.words, NOW)
    world.break_once(kind, "before", "find")
    with pytest.raises(ChannelError):
        world.channel().find(TEXT, "key", NOW)


def test_a_server_that_cannot_be_asked_is_an_error(world: World) -> None:
    for ask in (world.gone().limits, world.gone().check, world.wrong_channel().check):
        with pytest.raises(ChannelError) as error:
            ask()
        assert CANARY not in repr(error.value)
        assert CANARY not in "".join(format_exception(error.value))


# --- the module -----------------------------------------------------------------------------------------------------


def test_the_limits_asked_for_are_understood_by_the_rules(world: World, name: str) -> None:
    assert network(name).rules(world.channel().limits()).characters > 0


def test_the_account_is_named(world: World) -> None:
    assert world.channel().check().startswith("@wikitech")


def test_every_network_has_a_stand_in_rules_and_credentials(name: str) -> None:
    assert name in STAND_INS
    module = network(name)
    assert module.rules({}).network.lower() == name
    for suffix, where in module.credentials().items():
        assert suffix.isupper()
        assert where.endswith(".")


@given(st.text())
def test_measuring_never_fails_and_never_goes_down_by_adding_a_word(words: str) -> None:
    for name in NETWORKS:
        measure = network(name).rules({}).measure
        assert 0 <= measure(words) <= measure(words + "\nword")


def test_images_in_a_text_do_not_change_what_is_posted(world: World) -> None:
    text = Text(TEXT.words, "en", (Image("Map.png", "A map of India"),))
    assert isinstance(world.channel().post(text, (PICTURE,), "key", NOW), Posted)
    assert world.words() == [TEXT.words]
