"""The contract of `smbot.channels`, for every network that is spoken to: `tests.networks` has a world for each."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from traceback import format_exception
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smbot.channels import NETWORKS, Channel, Order, Parcel, graph, network, telegram, x
from smbot.errors import ChannelError, Unknowable
from smbot.messages import messages
from smbot.model import Can, Deferred, InDoubt, Media, Posted, Refused, Retracted, Rules, Text
from tests.networks import World, serve

NOW = datetime.now(UTC)
WORDS = "Vector 2022 arrives on ଓଡ଼ିଆ ଉଇକିପିଡ଼ିଆ, مرحبًا 👩‍👩‍👧: https://www.mediawiki.org/wiki/X"
CANARY = "canary-7f3a9"
PNG = base64.b64decode(  # one pixel; some servers look into a file to see what it is
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PICTURE = Media(PNG, "image/png", "A map of India", 1, 1)

SPOKEN_TO = sorted(name for name in NETWORKS if not network(name).rules({}).by_hand)
# its check cannot ask: a webhook only posts
ASKS_NOTHING = {"google-chat"}
# its server has no way to say how long to wait
NAMES_NO_WAIT = {"irc"}

# Before the request was worked on, and after: what may go wrong on any network.
BEFORE = ["reset", "timeout", "half-json", "broken-json", "empty", "redirect", "500", "502-html", "503", "429", "401",
          "403", "404", "408", "422"]  # fmt: skip
AFTER = ["reset", "timeout", "half-json", "broken-json", "empty", "500", "502-html", "503"]
# without waiting: that a server is silent, channels notice in one place
AT_ONCE_BEFORE, AT_ONCE_AFTER = ([kind for kind in kinds if kind != "timeout"] for kinds in (BEFORE, AFTER))


def rules(name: str) -> Rules:
    return network(name).rules({})


def that(can: Can) -> list[str]:
    """The networks that let one do this."""
    return [name for name in SPOKEN_TO if can in rules(name).can]


WITH_PICTURES = [name for name in SPOKEN_TO if rules(name).images]
KNOWS_AGAIN = [name for name in SPOKEN_TO if rules(name).again]


@pytest.fixture(params=SPOKEN_TO)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def world(name: str) -> Iterator[World]:
    with serve(name) as world:
        yield world


@pytest.fixture
def channel(world: World) -> Channel:
    return world.channel()


def pack(channel: Channel, words: str = WORDS, *media: Media, key: str = "key", **more: Any) -> Parcel:
    """A parcel as it comes back from the page where it was written down."""
    parcel = channel.pack(Text(words, "en"), media, Order(key, NOW, **more), NOW)
    assert isinstance(parcel, dict), parcel
    return dict(json.loads(json.dumps(parcel)))


def post(channel: Channel, words: str = WORDS, *media: Media, key: str = "key", **more: Any) -> Posted:
    outcome = channel.post(pack(channel, words, *media, key=key, **more), NOW)
    assert isinstance(outcome, Posted), outcome
    return outcome


def tried(channel: Channel, *media: Media) -> object:
    """What becomes of a post, packed and sent."""
    parcel = channel.pack(Text(WORDS, "en"), media, Order("key", NOW), NOW)
    return channel.post(parcel, NOW) if isinstance(parcel, dict) else parcel


def assert_is_true(world: World, channel: Channel, parcel: Parcel, outcome: object) -> None:
    """No outcome is a lie, and after a doubt the network says what it can."""
    posted = world.words().count(WORDS)
    match outcome:
        case Posted():
            assert posted == 1
        case Refused() | Deferred():
            assert posted == 0
        case InDoubt():
            assert_is_known(world, channel, parcel, posted)
        case _:
            pytest.fail(f"not an outcome: {outcome!r}")


def assert_is_known(world: World, channel: Channel, parcel: Parcel, posted: int) -> None:
    if posted and world.reads_back:
        assert isinstance(channel.find(parcel, NOW), Posted)
    elif not posted and world.sees_absence:
        assert channel.find(parcel, NOW) is None
    else:
        with pytest.raises(Unknowable):
            channel.find(parcel, NOW)


# --- posting --------------------------------------------------------------------------------------------------------


def test_a_post_says_where_it_is_and_is_found_again(world: World, channel: Channel) -> None:
    parcel = pack(channel)
    outcome = channel.post(parcel, NOW)
    assert isinstance(outcome, Posted)
    assert outcome.url.startswith("http") or outcome == Posted("", "")
    assert world.words() == [WORDS]
    assert world.words("mediawiki") == []
    if world.reads_back:
        assert world.channel().find(parcel, NOW) == outcome


@pytest.mark.parametrize("name", WITH_PICTURES)
def test_a_picture_goes_with_the_words(world: World, channel: Channel) -> None:
    post(channel, WORDS, PICTURE)
    assert world.words() == [WORDS]


@pytest.mark.parametrize("name", [name for name in SPOKEN_TO if name not in WITH_PICTURES])
def test_a_network_without_pictures_refuses_one(world: World, channel: Channel) -> None:
    assert isinstance(channel.pack(Text(WORDS), (PICTURE,), Order("key", NOW), NOW), Refused)
    assert world.words() == []


def test_a_parcel_is_small_and_holds_no_secret(world: World, channel: Channel) -> None:
    saved = json.dumps(channel.pack(Text(WORDS, "en"), (), Order("key", NOW), NOW))
    assert len(saved) < 2000
    for variable, value in world.environment("wikitech").items():
        assert value not in saved or not re.search("TOKEN|PASSWORD|SECRET|KEY|WEBHOOK", variable)


@pytest.mark.parametrize("name", KNOWS_AGAIN)
def test_the_same_parcel_twice_gives_one_post(world: World, channel: Channel) -> None:
    parcel = pack(channel)
    first = channel.post(parcel, NOW)
    assert isinstance(first, Posted)
    assert world.channel().post(parcel, NOW + timedelta(minutes=1)) == first
    assert world.words() == [WORDS]


@pytest.mark.parametrize("name", KNOWS_AGAIN)
def test_packing_for_the_same_order_again_gives_the_same_post(world: World, channel: Channel) -> None:
    first = post(channel)
    parcel = channel.pack(Text(WORDS, "en"), (), Order("key", NOW), NOW + timedelta(minutes=1))
    assert isinstance(parcel, dict)
    assert channel.post(parcel, NOW + timedelta(minutes=1)) == first
    assert world.words() == [WORDS]


def test_another_key_is_another_post(world: World, channel: Channel) -> None:
    post(channel, "One")
    post(channel, "Two", key="another")
    assert sorted(world.words()) == ["One", "Two"]


@pytest.mark.parametrize("key", ["tech-news 2026-W47|wikitech", "ନମସ୍କାର\r\nX-Evil: 1", "k" * 5000, " "])
def test_any_key_will_do(world: World, channel: Channel, name: str, key: str) -> None:
    parcel = pack(channel, key=key)
    first = channel.post(parcel, NOW)
    assert isinstance(first, Posted)
    if name in KNOWS_AGAIN:
        assert channel.post(parcel, NOW) == first
    assert world.words() == [WORDS]


@pytest.mark.parametrize("kind", BEFORE)
def test_an_outcome_is_true_when_nothing_was_done(world: World, kind: str) -> None:
    world.break_once(kind, "before", "post")
    channel = world.channel()
    parcel = pack(channel)
    outcome = channel.post(parcel, NOW)
    assert not isinstance(outcome, Posted)
    assert_is_true(world, channel, parcel, outcome)


@pytest.mark.parametrize("kind", AFTER)
def test_an_outcome_is_true_when_the_answer_is_lost_and_sending_again_is_harmless(
    world: World, name: str, kind: str
) -> None:
    world.break_once(kind, "after", "post")
    channel = world.channel()
    parcel = pack(channel)
    outcome = channel.post(parcel, NOW)
    assert isinstance(outcome, InDoubt | Posted)
    assert_is_true(world, channel, parcel, outcome)
    if name in KNOWS_AGAIN:
        assert isinstance(channel.post(parcel, NOW), Posted)
    assert world.words() == [WORDS]


@pytest.mark.parametrize("name", WITH_PICTURES)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", AT_ONCE_BEFORE)
def test_trouble_with_a_picture_means_nothing_was_posted(world: World, kind: str, when: str) -> None:
    world.break_once(kind, when, "upload")
    assert isinstance(tried(world.channel(), PICTURE), Refused | Deferred)
    assert world.words() == []


QUICK = st.one_of(
    st.tuples(st.sampled_from(AT_ONCE_BEFORE), st.just("before")),
    st.tuples(st.sampled_from(AT_ONCE_AFTER), st.just("after")),
)


@pytest.mark.parametrize("name", SPOKEN_TO)
def test_however_often_things_go_wrong_looking_before_sending_again_gives_one_post(name: str) -> None:
    with serve(name) as world:
        if not world.sees_absence:
            pytest.skip("it cannot be looked for")

    @settings(max_examples=6 if name == "bluesky" else 25, deadline=None)
    @given(st.lists(st.tuples(st.sampled_from(["post", "upload", "find"]), QUICK), max_size=4))
    def one_post(faults: list[tuple[str, tuple[str, str]]]) -> None:
        with serve(name) as world:
            for call, (kind, when) in faults:
                world.break_once(kind, when, call)
            channel, media = world.channel(), (PICTURE,) if name in WITH_PICTURES else ()
            parcel = packed_at_last(channel, media)
            while not isinstance(channel.post(parcel, NOW), Posted) and not found_at_last(channel, parcel):
                pass
            assert world.words() == [WORDS]

    one_post()


@pytest.mark.parametrize("name", KNOWS_AGAIN)
def test_however_often_things_go_wrong_sending_the_same_parcel_again_gives_one_post(name: str) -> None:
    @settings(max_examples=6 if name == "bluesky" else 25, deadline=None)
    @given(st.lists(QUICK, max_size=4))
    def one_post(faults: list[tuple[str, str]]) -> None:
        with serve(name) as world:
            for kind, when in faults:
                world.break_once(kind, when, "post")
            channel = world.channel()
            parcel = packed_at_last(channel, ())
            while not isinstance(channel.post(parcel, NOW), Posted):
                pass
            assert world.words() == [WORDS]

    one_post()


def packed_at_last(channel: Channel, media: tuple[Media, ...]) -> Parcel:
    """Packed until it is, as the next runs would."""
    while True:
        parcel = channel.pack(Text(WORDS, "en"), media, Order("key", NOW), NOW)
        if isinstance(parcel, dict):
            return parcel


def found_at_last(channel: Channel, parcel: Parcel) -> bool:
    """Asked until there is an answer, as the next runs would."""
    while True:
        with suppress(ChannelError):
            return channel.find(parcel, NOW) is not None


def test_a_server_that_is_not_there_defers(world: World, name: str) -> None:
    for media in [(), (PICTURE,)] if name in WITH_PICTURES else [()]:
        outcome = tried(world.gone(), *media)
        assert isinstance(outcome, Deferred)
        assert NOW < outcome.until <= NOW + timedelta(hours=1)
        assert CANARY not in repr(outcome)


@pytest.mark.parametrize(
    ("name", "call"), [(name, "post") for name in SPOKEN_TO] + [(name, "upload") for name in WITH_PICTURES]
)
def test_a_rate_limit_defers_by_a_minute_to_an_hour(world: World, call: str) -> None:
    world.break_once("429", "before", call)
    outcome = tried(world.channel(), *([PICTURE] if call == "upload" else []))
    assert isinstance(outcome, Deferred)
    assert timedelta(minutes=1) <= outcome.until - NOW <= timedelta(hours=1)


@pytest.mark.parametrize("name", [name for name in SPOKEN_TO if name not in NAMES_NO_WAIT])
def test_a_wait_that_the_server_asks_for_is_kept(world: World, channel: Channel) -> None:
    parcel, now = pack(channel), datetime.now(UTC)
    world.break_once("429-wait", "before", "post")
    outcome = channel.post(parcel, now)
    assert isinstance(outcome, Deferred)
    assert abs(outcome.until - now - timedelta(minutes=2)) < timedelta(seconds=10)


def test_wrong_credentials_defer_with_a_remedy_and_without_the_secret(world: World) -> None:
    channel = world.wrong_channel()
    outcome = tried(channel)
    assert isinstance(outcome, Deferred)
    assert re.search("token|password|key|secret|webhook", outcome.reason, re.IGNORECASE)
    assert CANARY not in repr(outcome)
    assert CANARY not in repr(channel)
    assert world.words() == []


# --- looking for it -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "ନମସ୍କାର, ଓଡ଼ିଆ ଉଇକିପିଡ଼ିଆ",
        "مرحبًا \u200fשלום",
        "👩‍👩‍👧‍👦 🏳️‍🌈 👋🏽 🇮🇳",
        "Tiếng Việt, Cafe\u0301",
        "a < b & c > d \"e\" 'f'",
    ],
)
def test_words_of_any_language_go_out_as_they_are_and_are_found_again(
    world: World, channel: Channel, words: str
) -> None:
    parcel = pack(channel, words)
    outcome = channel.post(parcel, NOW)
    assert world.words() == [words]
    if world.reads_back:
        assert channel.find(parcel, NOW) == outcome


def test_words_are_found_in_whatever_form_the_network_kept_them(world: World, channel: Channel) -> None:
    parcel = pack(channel, "Café  \n\n e\u0301 ଡ଼ Việt 👩‍👩‍👧 https://example.org/?a=b&c=d <b> & \u200fשלום")
    outcome = channel.post(parcel, NOW)
    assert isinstance(outcome, Posted)
    if world.reads_back:
        assert channel.find(parcel, NOW) == outcome


def test_the_words_under_a_warning_are_shown_and_found(world: World, channel: Channel) -> None:
    parcel = channel.pack(Text("The words", "en", warning="A warning"), (), Order("key", NOW), NOW)
    assert isinstance(parcel, dict)
    outcome = channel.post(parcel, NOW)
    assert isinstance(outcome, Posted)
    assert world.words()[-1].endswith("The words")
    if world.reads_back:
        assert channel.find(parcel, NOW) == outcome


def test_the_posts_of_others_and_older_ones_and_other_words_are_not_it(world: World, channel: Channel) -> None:
    parcel = pack(channel)
    world.say(WORDS, NOW - timedelta(minutes=3))
    world.say(WORDS, NOW, other=True)
    world.say(WORDS + "!", NOW)
    assert_is_known(world, channel, parcel, posted=0)


def test_it_is_found_under_newer_posts_and_with_a_clock_a_little_off(world: World, channel: Channel) -> None:
    if not world.reads_back or not world.finds_words:
        pytest.skip("it cannot be looked for, or by its key alone")
    parcel = pack(channel)
    world.say(WORDS, NOW - timedelta(seconds=110))
    for number in range(45):
        world.say(f"Newer {number}", NOW)
    assert isinstance(channel.find(parcel, NOW), Posted)


@pytest.mark.parametrize("kind", BEFORE)
def test_what_cannot_be_read_back_is_not_called_absent(world: World, kind: str) -> None:
    if not world.reads_back:
        pytest.skip("it cannot be looked for")
    parcel = pack(world.channel())
    world.break_once(kind, "before", "find")
    with pytest.raises(ChannelError):
        world.channel().find(parcel, NOW)


# --- afterwards -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", that(Can.THREAD))
def test_the_second_part_of_a_thread_goes_below_the_first(world: World, channel: Channel) -> None:
    first = post(channel, "First")
    second = post(world.channel(), "Second", key="key 2", after=(first.id,))
    post(world.channel(), "Third", key="key 3", after=(first.id, second.id))
    assert sorted(world.words()) == ["First", "Second", "Third"]


@pytest.mark.parametrize("name", that(Can.RETRACT))
def test_a_post_can_be_retracted_and_again(world: World, channel: Channel) -> None:
    stays, goes = post(channel, "Stays"), post(channel, key="another")
    assert channel.retract(goes.id, NOW) == Retracted()
    assert world.words() == ["Stays"]
    assert channel.retract(goes.id, NOW) == Retracted()
    assert channel.retract(stays.id, NOW) == Retracted()
    assert world.words() == []


@pytest.mark.parametrize("name", that(Can.RETRACT))
@pytest.mark.parametrize("kind", AT_ONCE_AFTER)
def test_a_retraction_whose_answer_is_lost_can_be_done_again(world: World, kind: str) -> None:
    posted = post(world.channel())
    world.break_once(kind, "after", "retract")
    channel = world.channel()
    assert isinstance(channel.retract(posted.id, NOW), Retracted | Deferred)
    assert channel.retract(posted.id, NOW) == Retracted()
    assert world.words() == []


@pytest.mark.parametrize("name", that(Can.RETRACT))
@pytest.mark.parametrize("kind", [kind for kind in AT_ONCE_BEFORE if kind != "404"])  # that means: it is not there
def test_a_retraction_that_was_not_done_is_not_called_done(world: World, kind: str) -> None:
    posted = post(world.channel())
    world.break_once(kind, "before", "retract")
    outcome = world.channel().retract(posted.id, NOW)
    assert isinstance(outcome, Refused | Deferred)
    assert outcome.reason
    assert world.words() == [WORDS]


@pytest.mark.parametrize("name", that(Can.CORRECT))
def test_a_post_can_be_corrected_in_place_and_again(world: World, channel: Channel) -> None:
    posted, parcel = post(channel, "Frist"), pack(channel, "First", key="correction")
    for _ in range(2):
        assert channel.correct(posted.id, parcel, NOW) == posted
        assert world.words() == ["First"]


@pytest.mark.parametrize("name", that(Can.CORRECT))
@pytest.mark.parametrize("kind", AT_ONCE_AFTER)
def test_a_correction_whose_answer_is_lost_can_be_done_again(world: World, kind: str) -> None:
    channel = world.channel()
    posted, parcel = post(channel, "Frist"), pack(channel, "First", key="correction")
    world.break_once(kind, "after", "correct")
    assert isinstance(channel.correct(posted.id, parcel, NOW), Posted | Deferred)
    assert channel.correct(posted.id, parcel, NOW) == posted
    assert world.words() == ["First"]


@pytest.mark.parametrize("name", that(Can.CORRECT))
@pytest.mark.parametrize("kind", AT_ONCE_BEFORE)
def test_a_correction_that_was_not_done_is_not_called_done(world: World, kind: str) -> None:
    channel = world.channel()
    posted, parcel = post(channel, "Frist"), pack(channel, "First", key="correction")
    world.break_once(kind, "before", "correct")
    assert isinstance(channel.correct(posted.id, parcel, NOW), Refused | Deferred)
    assert world.words() == ["Frist"]


@pytest.mark.parametrize("name", that(Can.CORRECT))
def test_what_is_gone_cannot_be_corrected(world: World, channel: Channel) -> None:
    posted, parcel = post(channel), pack(channel, "First", key="correction")
    assert channel.retract(posted.id, NOW) == Retracted()
    assert isinstance(channel.correct(posted.id, parcel, NOW), Refused)
    assert world.words() == []


@pytest.mark.parametrize(("name", "act"), [(name, act) for act in (Can.REPOST, Can.LIKE) for name in that(act)])
def test_a_post_can_be_reposted_and_liked_by_its_address_and_again(world: World, channel: Channel, act: Can) -> None:
    posted, order = post(channel), Order(f"{act} key", NOW)
    first = getattr(channel, act)(posted.url, order, NOW)
    assert isinstance(first, Posted)
    assert getattr(world.channel(), act)(posted.url, order, NOW) == first
    assert getattr(channel, act)("https://example.org/not-a-post", order, NOW) != first
    assert world.words() == [WORDS]


def test_what_a_network_cannot_do_is_refused(world: World, channel: Channel, name: str) -> None:
    order, can = Order("key", NOW), rules(name).can
    outcomes = {
        Can.RETRACT: lambda: channel.retract("1", NOW),
        Can.CORRECT: lambda: channel.correct("1", {}, NOW),
        Can.REPOST: lambda: channel.repost("https://example.org/1", order, NOW),
        Can.LIKE: lambda: channel.like("https://example.org/1", order, NOW),
    }
    for act, outcome in outcomes.items():
        if act not in can:
            assert isinstance(outcome(), Refused), act
    assert world.words() == []


# --- the account and its limits -------------------------------------------------------------------------------------


def test_the_limits_asked_for_are_understood_by_the_rules(channel: Channel, name: str) -> None:
    limits = channel.limits()
    assert json.loads(json.dumps(limits)) == limits
    assert network(name).rules(limits).characters > 0


def test_the_account_is_named(channel: Channel) -> None:
    assert "wikitech" in channel.check()


@pytest.mark.parametrize("name", [name for name in SPOKEN_TO if name not in ASKS_NOTHING])
def test_a_server_that_cannot_be_asked_is_an_error_that_keeps_the_secret(world: World) -> None:
    for channel in (world.gone(), world.wrong_channel()):
        with pytest.raises(ChannelError) as error:
            channel.check()
        assert CANARY not in "".join(format_exception(error.value))


def test_limits_that_cannot_be_asked_for_are_an_error_or_the_usual_ones(world: World, channel: Channel) -> None:
    """A network without limits of its own has none to ask for."""
    said = ""
    try:
        assert world.gone().limits() == channel.limits() == {}
    except ChannelError as error:
        said = "".join(format_exception(error))
    assert CANARY not in said


# --- the module -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_every_network_has_a_name_and_says_where_its_credentials_are(name: str) -> None:
    assert rules(name).network
    for suffix, credential in network(name).credentials().items():
        assert re.fullmatch("[A-Z][A-Z_]*", suffix)
        assert credential.hint.endswith(".")


def test_every_remedy_that_a_table_names_is_a_message() -> None:
    of_x = {f"x-remedy-{name}" for name in (*(name for *_, name in x.TROUBLES), *x.REMEDIES.values())}
    of_facebook = {f"graph-remedy-{name}" for name in (*graph.REMEDIES.values(), *graph.STATUSES.values())}
    of_telegram = {f"telegram-remedy-{name}" for name in telegram.REMEDIES.values()}
    assert of_x | of_facebook | of_telegram <= messages("en").keys()


@given(st.text())
def test_measuring_never_fails_and_never_goes_down_by_adding_a_word(words: str) -> None:
    for name in NETWORKS:
        measure = rules(name).measure
        assert 0 <= measure(words) <= measure(words + "\nword")
        assert rules(name).mills(words) >= 0
