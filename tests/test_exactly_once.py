"""Exactly once, whatever happens to a process: it is killed, cut off, overtaken by its double, or told to stop.

The same end is expected of all of it: what was approved went out once and stands on the log once, its card is gone,
and who asked for it has been answered.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import pytest
import requests

from sandbox.people import Person
from sandbox.standin import Fault
from sandbox.wiki import SandboxWiki
from smbot import review
from smbot.bot import Desk
from smbot.deliveries import LEASE
from smbot.errors import WikiError
from smbot.memory import SENDING
from smbot.report import Report
from smbot.templates import named, parse, raw
from smbot.wiki import Wiki
from tests.killed import CEILING, Crossing, Doors, Nursery
from tests.world import World

ROUNDS = int(os.environ.get("SMBOT_RACES", "8"))
STRIDE = 1 if "SMBOT_FAULTS" in os.environ else 3
"""An ordinary run takes one request in three, `make faults` each: they are many, and every one needs a whole run."""
STEPS = (1, *range(2, 100, 2 * STRIDE))
"""Crossings at which a process is killed: before the first request, then when each answer came. Being killed before a
later request is the same: between an answer and the next request nothing changes outside of the process."""
SCRIPTS = Path(__file__).parent.parent / "scripts"
SETTINGS = """\
{{Smbot/settings | requests per person = 1000 }}
{{Smbot/account | account = mediawiki | networks = mastodon | maintainers = Alice | posts per day = 999 | gap = 0 }}
{{Smbot/account | account = wikitech | networks = mastodon | maintainers = Alice, Bob | posts per day = 999 | gap = 0 }}
{{Smbot/source | source = News | kind = mediawiki-news | page = $HOME/News | accounts = mediawiki }}
"""


@pytest.fixture
def live(world: World, bot_environment: dict[str, str]) -> World:
    """A desk with high ceilings, and in its environment all that a script needs."""
    world.set_up(SETTINGS)
    world.collect()
    world.environment |= bot_environment | {"SMBOT_HOME": world.home, "SMBOT_POSTS_PER_DAY": str(CEILING)}
    return world


@pytest.fixture
def busy(live: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The same on one day, its clock and its network's set by the test, with a pywikibot that waits for nothing."""
    import pywikibot

    monkeypatch.setattr(pywikibot.config, "retry_wait", 0)
    live.now = live.now.replace(day=10, hour=6, minute=0)
    live.mastodon.world.clock = lambda: live.now
    return live


# --- what is done in every test -------------------------------------------------------------------------------------


def desk(world: World, *patience: float) -> Desk:
    return Desk(Wiki(), world.home, world.environment, lambda: world.now, CEILING, patience)


def publish(world: World) -> Report:
    return desk(world, 0).work(send=True)


def collect(world: World) -> Report:
    return desk(world, 0).work(send=False)


def words(number: int) -> str:
    return f"Post number {number}."


def ask_for(world: World, rita: Person, numbers: Iterable[int]) -> None:
    """So many requests in one edit, and a collection."""
    page = "\n".join(f"{{{{Smbot/request\n| text = {words(n)}\n| accounts = wikitech\n}}}}" for n in numbers)
    rita.edit(world.titles.requests, page)
    collect(world)


def approve(world: World, alice: Person, *numbers: int) -> dict[str, int]:
    """Approve some of them in one edit; their numbers by their ids."""
    page = world.admin.get(world.titles.queue)
    ids = {card.candidate.text: id_ for id_, card in review.read(page).items() if card}
    for n in numbers:
        page = re.sub(rf"(\| id = {ids[words(n)]}\n\| status = )waiting", r"\1approved", page)
    alice.edit(world.titles.queue, page)
    return {ids[words(n)]: n for n in numbers}


def sent(world: World, id_: str) -> int:
    """How often the network was told to post it."""
    return sum(key.startswith(f"{id_}/") for key in world.mastodon.keys)


def rows(world: World, id_: str) -> list[str]:
    """The states its rows on the log say."""
    return [raw(row, "state") for row in named(parse(world.log()), "Smbot/log row") if id_ in raw(row, "key")]


def assert_posted_once(world: World, approved: dict[str, int]) -> None:
    """All of it is out once, logged once, shown as posted, and answered."""
    log = Counter((raw(row, "key"), raw(row, "state")) for row in named(parse(world.log()), "Smbot/log row"))
    asked = named(parse(world.admin.get(world.titles.requests)), "Smbot/request")
    answers = {raw(request, "text"): raw(request, "answer") for request in asked}
    cards = world.cards()
    for id_, number in approved.items():
        assert world.posts("wikitech").count(words(number)) == 1
        assert sent(world, id_) == 1
        assert [count for (key, _), count in log.items() if id_ in key] == [1]
        assert log[f"{id_}/wikitech/mastodon", "posted"] == 1
        assert cards[id_].status == "posted"
        assert "1=posted" in answers[words(number)]


def assert_collected_once(world: World, news: int, asked: int) -> None:
    """Every news and every request has one card, and every request one id and the answer that it is queued."""
    cards = world.cards()
    assert None not in cards.values(), "an id stands on two cards"
    texts = sorted(card.candidate.text for card in cards.values() if card)
    assert texts == sorted([*FIRST_NEWS, *bullets(news), *(words(n) for n in range(1, asked + 1))])
    assert set(world.memory().open()) == set(cards)
    page = named(parse(world.admin.get(world.titles.requests)), "Smbot/request")
    assert len({raw(request, "id") for request in page}) == len(page) == asked
    assert all("1=queued" in raw(request, "answer") for request in page)


FIRST_NEWS = ("A new skin is the default on many wikis.", "Patrolling got faster for everyone.")  # of `World.set_up`


def bullets(number: int) -> list[str]:
    return [f"The {n}th of the wonders of the wiki opened its {n} doors." for n in range(1, number + 1)]


def ask_once_more(world: World, rita: Person, number: int) -> None:
    """One more request at the end of the page."""
    page = world.admin.get(world.titles.requests)
    rita.edit(
        world.titles.requests, f"{page}\n{{{{Smbot/request\n| text = {words(number)}\n| accounts = wikitech\n}}}}"
    )


# --- killed ---------------------------------------------------------------------------------------------------------


def test_publish_killed_between_any_two_requests_still_posts_logs_and_answers_once(
    busy: World, alice: Person, rita: Person
) -> None:
    with Nursery(busy.environment, busy.home) as nursery:
        for number, step in enumerate(STEPS):
            if number % 5 == 0:
                ask_for(busy, rita, STEPS[number : number + 5])
            approved = approve(busy, alice, step)
            survived = nursery.survives(step, busy.now, send=True)
            busy.later(seconds=LEASE.total_seconds() + 1)
            if "it will" in str(publish(busy)):
                publish(busy)
            assert_posted_once(busy, approved)
            if survived:
                break
    assert survived
    assert step > 30, "fewer requests than write, send, write can do with"


def test_collect_killed_between_any_two_requests_proposes_and_answers_everything_once(
    busy: World, rita: Person
) -> None:
    with Nursery(busy.environment, busy.home) as nursery:
        for run, step in enumerate(STEPS, start=1):
            busy.news(*bullets(run))
            ask_once_more(busy, rita, 2 * run - 1)
            survived = nursery.survives(step, busy.now, send=False)
            ask_once_more(busy, rita, 2 * run)  # perhaps before anybody could write the id of the first on the page
            collect(busy)
            assert_collected_once(busy, run, 2 * run)
            if survived:
                break
    assert survived
    assert step > 8, "fewer requests than a collection can do with"


def test_a_request_whose_id_could_not_be_written_by_two_runs_in_a_row_is_still_one_request(
    busy: World, rita: Person
) -> None:
    def at(crossing: Crossing) -> None:
        if crossing.form.get("title") == busy.titles.requests:
            raise KeyboardInterrupt

    for number in (1, 2):
        ask_once_more(busy, rita, number)
        with Doors(at), pytest.raises(KeyboardInterrupt):
            collect(busy)
    collect(busy)
    assert_collected_once(busy, 0, 2)


# --- overtaken ------------------------------------------------------------------------------------------------------


def while_doing(step: int, what: Callable[[], object], meanwhile: Callable[[], object]) -> bool:
    """Do it, and just before its request number `step` something else; whether there were so many requests."""

    def at(crossing: Crossing) -> None:
        if crossing.number == 2 * step - 1:
            doors.aside(meanwhile)

    with Doors(at) as doors:
        what()
    return doors.count >= 2 * step


def test_publish_overtaken_at_any_request_by_a_whole_other_publish_sends_each_post_once(
    busy: World, alice: Person, rita: Person
) -> None:
    for run, step in enumerate(range(1, 60, STRIDE)):
        if run % 5 == 0:
            ask_for(busy, rita, range(2 * step, 2 * step + 10 * STRIDE))
        approved = approve(busy, alice, 2 * step, 2 * step + 1)
        more = while_doing(step, lambda: publish(busy), lambda: publish(busy))
        assert_posted_once(busy, approved)
        if not more:
            break
    assert step > 15


def test_collect_overtaken_at_any_request_by_a_whole_other_collect_proposes_everything_once(
    busy: World, rita: Person
) -> None:
    for run, step in enumerate(range(1, 30, STRIDE), start=1):
        busy.news(*bullets(run))
        ask_once_more(busy, rita, run)
        more = while_doing(step, lambda: collect(busy), lambda: collect(busy))
        assert_collected_once(busy, run, run)
        if not more:
            break
    assert step > 5


def test_a_request_added_at_any_moment_of_a_collection_is_kept_and_answered_as_those_before_it(
    busy: World, rita: Person
) -> None:
    for run, step in enumerate(range(1, 30, STRIDE), start=1):
        busy.news(*bullets(run))
        ask_once_more(busy, rita, 2 * run - 1)
        more = while_doing(step, lambda: collect(busy), partial(ask_once_more, busy, rita, 2 * run))
        if not more:
            break
        collect(busy)
        assert_collected_once(busy, run, 2 * run)
    assert step > 5


# --- cut off --------------------------------------------------------------------------------------------------------


def lose_answers(first: int, last: float, is_meant: Callable[[Crossing], bool]) -> Doors:
    """Lose the answers to requests of a kind, from the `first` to the `last` of them; they were carried out."""
    met = 0

    def at(crossing: Crossing) -> None:
        nonlocal met
        met += crossing.answered and is_meant(crossing)
        if crossing.answered and is_meant(crossing) and first <= met <= last:
            raise requests.ConnectionError("The answer was lost.")

    return Doors(at)


def test_publish_goes_on_when_the_answer_to_any_save_is_lost(busy: World, alice: Person, rita: Person) -> None:
    ask_for(busy, rita, range(1, 10))
    for save in range(1, 10):
        approved = approve(busy, alice, save)
        with lose_answers(save, save, lambda crossing: crossing.is_save):
            publish(busy)
        assert_posted_once(busy, approved)
    assert save > 5


def test_a_wiki_that_is_gone_from_any_save_on_leaves_what_the_next_run_finishes(
    busy: World, alice: Person, rita: Person
) -> None:
    ask_for(busy, rita, range(1, 10))
    for save in range(1, 10):
        approved = approve(busy, alice, save)
        with contextlib.suppress(WikiError), lose_answers(save, float("inf"), lambda crossing: crossing.is_wikis):
            publish(busy)
        busy.later(seconds=LEASE.total_seconds() + 1)
        publish(busy)
        publish(busy)
        assert_posted_once(busy, approved)
    assert save > 5


def test_a_wiki_made_read_only_after_sending_leaves_the_row_sending_and_the_next_run_finds_the_post(
    busy: World, wiki: SandboxWiki, alice: Person, rita: Person
) -> None:
    ask_for(busy, rita, range(1, 2))
    (id_,) = approve(busy, alice, 1)

    def at(crossing: Crossing) -> None:
        if crossing.is_post and crossing.answered:
            wiki.configure(wgReadOnly="Moving house")

    try:
        with Doors(at), pytest.raises(WikiError, match="could not be saved"):
            publish(busy)
        (delivery,) = busy.memory().of(id_)
        assert delivery.state == SENDING
    finally:
        wiki.configure()
    publish(busy)
    assert sent(busy, id_) == 1, "it was sent again within its lease"
    busy.later(seconds=LEASE.total_seconds() + 1)
    publish(busy)
    assert_posted_once(busy, {id_: 1})


# --- what networks do -----------------------------------------------------------------------------------------------

PROVES_NOTHING = ("reset", "half-json", "broken-json", "empty", "500", "502-html")
REFUSES = ("422",)


def publish_with_a_fault(world: World, alice: Person, number: int, kind: str, when: str) -> str:
    (id_,) = approve(world, alice, number)
    world.mastodon.faults.append(Fault(r"/api/v1/statuses$", kind, when, "POST"))
    publish(world)
    publish(world)
    assert sent(world, id_) == 1, "it was sent again blindly"
    return id_


def test_a_post_whose_confirmation_was_spoilt_is_found_by_reading_back(
    busy: World, alice: Person, rita: Person
) -> None:
    ask_for(busy, rita, range(1, len(PROVES_NOTHING) + 1))
    for number, kind in enumerate(PROVES_NOTHING, start=1):
        assert_posted_once(busy, {publish_with_a_fault(busy, alice, number, kind, "after"): number})


def test_a_post_that_is_not_there_after_an_answer_that_proved_nothing_is_sent_again_by_a_later_run(
    busy: World, alice: Person, rita: Person
) -> None:
    ask_for(busy, rita, range(1, len(PROVES_NOTHING) + 1))
    for number, kind in enumerate(PROVES_NOTHING, start=1):
        id_ = publish_with_a_fault(busy, alice, number, kind, "before")
        assert "smbot keeps asking" in busy.note(id_)
        busy.later(seconds=LEASE.total_seconds() + 1)
        publish(busy)
        publish(busy)
        assert busy.posts("wikitech").count(words(number)) == 1
        assert rows(busy, id_) == ["posted"]


def test_a_post_that_was_refused_waits_with_the_reason_for_a_maintainer_who_has_it_sent_again(
    busy: World, alice: Person, rita: Person
) -> None:
    ask_for(busy, rita, range(1, len(REFUSES) + 1))
    for number, kind in enumerate(REFUSES, start=1):
        id_ = publish_with_a_fault(busy, alice, number, kind, "before")
        state = "refused"
        card = busy.cards()[id_]
        assert card
        assert card.status == state
        assert "‘status’ to" in busy.note(id_)
        assert rows(busy, id_) == [state]
        busy.change(alice, id_, status="again")
        publish(busy)
        assert busy.posts("wikitech").count(words(number)) == 1
        assert rows(busy, id_) == ["posted"]


def test_a_network_that_asks_to_slow_down_is_tried_again_later_and_the_card_says_when(
    busy: World, alice: Person, rita: Person
) -> None:
    ask_for(busy, rita, range(1, 2))
    id_ = publish_with_a_fault(busy, alice, 1, "429", "before")
    assert "will be tried again at" in busy.note(id_)
    assert rows(busy, id_) == ["deferred"]
    busy.later(hours=2)
    publish(busy)
    assert busy.posts("wikitech") == [words(1)]
    assert rows(busy, id_) == ["posted"]


def test_what_is_out_for_one_account_is_not_sent_again_while_another_waits_for_weeks(
    busy: World, rita: Person, bob: Person
) -> None:
    rita.edit(busy.titles.requests, "{{Smbot/request | text = For both. | accounts = wikitech, mediawiki }}")
    collect(busy)
    id_ = busy.id_of("For both.")
    busy.change(bob, id_, status="approved")
    for _ in range(3):
        publish(busy)
        busy.later(days=4)
        collect(busy)
    publish(busy)
    assert sent(busy, id_) == 1
    assert busy.posts("mediawiki") == []


# --- two at once ----------------------------------------------------------------------------------------------------


def at_once(world: World, *commands: str) -> None:
    """Run commands of smbot in processes of their own at the same time; each ends well or says what is the matter."""
    running = [
        subprocess.Popen(
            [sys.executable, str(SCRIPTS / f"{command}.py")],
            env=world.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for command in commands
    ]  # fmt: skip
    for process in running:
        out, err = process.communicate(timeout=60)
        assert process.returncode in (0, 1), out + err
        assert "Traceback" not in err, err


def race(world: World, alice: Person, rita: Person, rounds: int) -> None:
    """So many rounds of two publishers with two posts to send."""
    for number in range(1, 2 * rounds, 2):
        if number % 10 == 1:
            ask_for(world, rita, range(number, number + 10))
        approved = approve(world, alice, number, number + 1)
        at_once(world, "publish", "publish")
        assert_posted_once(world, approved)


def test_two_publishers_at_once_never_post_twice_and_never_lose_a_row(live: World, alice: Person, rita: Person) -> None:
    race(live, alice, rita, ROUNDS)


def test_two_collectors_or_a_collector_and_a_publisher_at_once_double_nothing(
    live: World, alice: Person, rita: Person
) -> None:
    for number, other in enumerate(["collect", "collect", "collect", "publish", "publish", "publish"], start=1):
        live.news(*bullets(number))
        ask_once_more(live, rita, number)
        at_once(live, "collect", other)
        assert_collected_once(live, number, number)
    approved = approve(live, alice, 1, 2, 3)
    ask_once_more(live, rita, number + 1)
    at_once(live, "collect", "publish")
    assert_posted_once(live, approved)


# --- for ever -------------------------------------------------------------------------------------------------------


def until(condition: Callable[[], bool], patience: float = 30) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


@contextlib.contextmanager
def running(world: World, heartbeat: Path) -> Iterator[subprocess.Popen[str]]:
    """`smbot run`, looking once a second."""
    command = [sys.executable, str(SCRIPTS / "run.py"), "--every", "1", "--heartbeat", str(heartbeat)]
    with subprocess.Popen(command, env=world.environment, text=True, stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def test_run_finishes_and_records_the_delivery_at_hand_when_told_to_end(
    live: World, alice: Person, rita: Person, tmp_path: Path
) -> None:
    ask_for(live, rita, range(1, 3))
    with running(live, tmp_path / "heartbeat") as process:
        until((tmp_path / "heartbeat").exists)
        with live.mastodon.world.lock:  # the network takes its time
            first, second = approve(live, alice, 1, 2)
            until(lambda: sent(live, first) + sent(live, second) == 1)
            process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    out, waiting = (first, second) if sent(live, first) else (second, first)
    assert_posted_once(live, {out: 1 if out == first else 2})
    assert sent(live, waiting) == 0


def test_run_outlives_a_wiki_that_is_down_for_a_while(
    live: World, wiki: SandboxWiki, alice: Person, rita: Person, tmp_path: Path
) -> None:
    ask_for(live, rita, range(1, 2))
    heartbeat = tmp_path / "heartbeat"
    with running(live, heartbeat) as process:
        until(heartbeat.exists)
        wiki.stop()
        try:
            before = heartbeat.stat().st_mtime_ns
            until(lambda: heartbeat.stat().st_mtime_ns > before + 2e9)
        finally:
            wiki.start(wiki.port)
        (id_,) = approve(live, alice, 1)
        until(lambda: sent(live, id_) == 1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    assert_posted_once(live, {id_: 1})
