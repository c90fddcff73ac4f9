"""Deliveries on a real wiki: four networks side by side, threads, what is taken back or corrected, budgets, rhythm."""

from __future__ import annotations

import io
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.people import Person
from sandbox.wiki import SandboxWiki
from smbot import postlog
from smbot.bot import Desk
from smbot.deliveries import LEASE, REST
from smbot.doctor import examine
from smbot.errors import WikiError
from smbot.memory import DEFERRED, GIVEN_UP, IN_DOUBT, POSTED, RETRACTED, SENDING, Delivery
from smbot.report import Report
from smbot.templates import named, parse, plain
from smbot.wiki import Wiki
from tests import networks
from tests.killed import Crossing, Doors
from tests.networks.mastodon import OnMastodon
from tests.world import World

NETWORKS = ("mastodon", "x", "telegram", "matrix")
SETTINGS = """\
{{Smbot/settings | four eyes = $EYES | approval days = 30 }}
{{Smbot/account | account = wikitech | networks = $NETWORKS | maintainers = Alice, Bob
 | posts per day = 99 | gap = 0 | budget = 5 | $MORE }}
{{Smbot/account | account = mediawiki | networks = $NETWORKS | maintainers = Alice
 | posts per day = 99 | gap = 0 | budget = 5 }}
"""
HACK = "Come to the hackathon"
EVERYWHERE = {name: [HACK] for name in NETWORKS}
POSTS = ("/api/v1/statuses", "/2/tweets", "/sendMessage", "/send/m.room.message/")


@dataclass
class Stage:
    """A desk on some networks, and the people who use it. All clocks are that of the desk."""

    world: World
    alice: Person
    rita: Person
    on: Mapping[str, networks.World]

    def ask(self, words: str = HACK, accounts: str = "wikitech", **more: str) -> str:
        """A request for a post, taken in; the id of its card."""
        self.world.ask(self.rita, text=words, accounts=accounts, **more)
        self.world.collect()
        return self.world.id_of(words.split("\n")[0])

    def approve(self, words: str = HACK, accounts: str = "wikitech", **more: str) -> str:
        """The same, and approved."""
        id_ = self.ask(words, accounts, **more)
        self.world.change(self.alice, id_, status="approved")
        return id_

    def approve_all(self, *words: str) -> list[str]:
        """Several posts asked for in one edit and approved in another; the ids of their cards."""
        requests = "".join(f"{{{{Smbot/request\n| text = {text}\n| accounts = wikitech\n}}}}\n" for text in words)
        self.rita.edit(self.world.titles.requests, requests)
        self.world.collect()
        queue = self.world.admin.get(self.world.titles.queue)
        self.alice.edit(self.world.titles.queue, queue.replace("| status = waiting\n", "| status = approved\n"))
        return [self.world.id_of(text) for text in words]

    def posted(self, words: str = HACK, accounts: str = "wikitech", **more: str) -> str:
        """The same, and published."""
        id_ = self.approve(words, accounts, **more)
        self.world.publish()
        return id_

    def words(self, account: str = "wikitech") -> dict[str, list[str]]:
        """What can be read on each network."""
        return {name: found for name, on in self.on.items() if (found := on.words(account))}

    def states(self, id_: str) -> dict[str, str]:
        """How the deliveries of a candidate stand, by network."""
        return {d.channel.split("/")[1]: d.state for d in self.world.memory().of(id_)}

    def one(self, id_: str) -> Delivery:
        """Its only delivery."""
        (found,) = self.world.memory().of(id_)
        return found

    def log(self) -> dict[str, dict[str, str]]:
        """The rows of this month's log, by account and network."""
        rows = named(parse(self.world.log()), postlog.ROW)
        cells = [{str(p.name).strip(): plain(row, str(p.name).strip())[0] for p in row.params} for row in rows]
        assert len({row["key"] for row in cells}) == len(cells), "a delivery has two rows"
        return {row["key"].partition("/")[2]: row for row in cells}

    def lease_over(self) -> None:
        self.world.later(seconds=LEASE.total_seconds() + 1)


Make = Callable[..., Stage]


@pytest.fixture
def stage(world: World, alice: Person, rita: Person) -> Make:
    """Set the stage: on which networks, and what else the account's settings say."""

    def make(*names: str, more: str = "", eyes: str = "no") -> Stage:
        settings = SETTINGS.replace("$NETWORKS", ", ".join(names)).replace("$MORE", more).replace("$EYES", eyes)
        world.admin.edit(world.titles.settings, settings)
        on = {name: OnMastodon(world.mastodon) if name == "mastodon" else world.join(name) for name in names}
        for joined in on.values():
            server: Any = joined.server  # type: ignore[attr-defined]
            clocked = getattr(server, "world", server)
            if hasattr(clocked, "clock"):
                clocked.clock = lambda: world.now
        return Stage(world, alice, rita, on)

    return make


def is_post(crossing: Crossing, *, answered: bool) -> bool:
    """Whether a network is told to post, or says that it did."""
    url = str(crossing.request.url).partition("?")[0]
    told = crossing.request.method in ("POST", "PUT") and any(path in url for path in POSTS)
    return told and crossing.answered is answered


# --- side by side ---------------------------------------------------------------------------------------------------


def test_all_networks_are_told_at_the_same_time(stage: Make) -> None:
    on = stage(*NETWORKS)
    id_ = on.approve()
    together = threading.Barrier(len(NETWORKS), timeout=20)

    def at(crossing: Crossing) -> None:
        if is_post(crossing, answered=False):
            together.wait()

    with Doors(at):
        report = on.world.publish()
    assert not report.problems
    assert on.words() == EVERYWHERE
    assert on.states(id_) == dict.fromkeys(NETWORKS, POSTED)
    assert {row["state"] for row in on.log().values()} == {POSTED}
    assert all(row["post"].startswith("http") for row in on.log().values())


def test_what_is_out_is_remembered_while_a_slow_network_is_waited_for(stage: Make) -> None:
    on = stage(*NETWORKS)
    id_ = on.approve()
    publishing = threading.Thread(target=on.world.publish)
    with on.world.mastodon.world.lock:  # it does not answer
        publishing.start()
        deadline = time.monotonic() + 20
        while on.states(id_) != {"mastodon": SENDING, "x": POSTED, "telegram": POSTED, "matrix": POSTED}:
            assert time.monotonic() < deadline, on.states(id_)
    publishing.join(timeout=30)
    assert on.states(id_) == dict.fromkeys(NETWORKS, POSTED)
    assert on.words() == EVERYWHERE


@pytest.mark.parametrize("broken", NETWORKS)
def test_a_network_that_fails_neither_delays_nor_repeats_nor_hides_the_others(stage: Make, broken: str) -> None:
    on = stage(*NETWORKS)
    id_ = on.approve()
    on.on[broken].break_once("401", "before", "post")
    report = on.world.publish()
    well = {name: [HACK] for name in NETWORKS if name != broken}
    assert on.words() == well
    assert [p for p in report.problems if f"{id_}/wikitech/{broken}" in p]
    assert "will be tried again at" in on.world.note(id_)
    assert on.log()[f"wikitech/{broken}"]["state"] == DEFERRED
    on.world.publish()
    assert on.words() == well
    on.world.later(hours=2)
    on.world.publish()
    assert on.words() == EVERYWHERE
    assert {row["state"] for row in on.log().values()} == {POSTED}


def test_credentials_that_are_missing_on_one_network_hold_up_no_other(stage: Make) -> None:
    on = stage(*NETWORKS)
    id_ = on.approve()
    token = on.world.environment.pop("SMBOT_WIKITECH_X_ACCESS_TOKEN")
    report = on.world.publish()
    assert set(on.words()) == {"mastodon", "telegram", "matrix"}
    assert [p for p in report.problems if "SMBOT_WIKITECH_X_ACCESS_TOKEN" in p]
    on.world.environment["SMBOT_WIKITECH_X_ACCESS_TOKEN"] = token
    on.world.publish()
    assert on.words() == EVERYWHERE
    assert on.states(id_) == dict.fromkeys(NETWORKS, POSTED)


def test_two_accounts_with_two_posts_each_on_every_network_come_out_once_each(stage: Make) -> None:
    on = stage(*NETWORKS)
    for words in ("First things", "Second things"):
        on.approve(words, "wikitech, mediawiki", **{"text_mediawiki/x": f"{words} on X"})  # no two say the same on X
    on.on["matrix"].break_once("reset", "after", "post")
    on.on["x"].break_once("500", "after", "post")
    on.world.publish()
    on.lease_over()
    on.world.publish()
    on.world.publish()
    for account in ("wikitech", "mediawiki"):
        found = on.words(account)
        assert {name: sorted(word.removesuffix(" on X") for word in words) for name, words in found.items()} == {
            name: ["First things", "Second things"] for name in NETWORKS
        }
    assert {d.state for d in on.world.memory().deliveries.values()} == {POSTED}


def test_what_nobody_can_ask_is_in_doubt_once_the_lease_is_over(stage: Make) -> None:
    on = stage("telegram", "mastodon")
    id_ = on.approve()
    on.on["telegram"].break_once("reset", "after", "post")
    on.world.publish()
    assert "smbot keeps asking" in on.world.note(id_)
    assert on.states(id_) == {"telegram": SENDING, "mastodon": POSTED}
    on.lease_over()
    on.world.publish()
    assert on.states(id_)["telegram"] == IN_DOUBT
    assert "status = in doubt" in on.world.card(id_)
    on.world.later(days=2)
    on.world.publish()
    assert on.words() == {"telegram": [HACK], "mastodon": [HACK]}
    on.world.change(on.alice, id_, status="posted", posted_link="https://t.me/wikitech/1")
    on.world.publish()
    assert on.states(id_)["telegram"] == POSTED
    assert on.log()["wikitech/telegram"]["post"] == "https://t.me/wikitech/1"


def test_a_doubt_that_is_to_be_sent_again_while_somebody_stops_everything_is_a_doubt_still(stage: Make) -> None:
    on = stage("google-chat")
    id_ = on.approve()
    on.on["google-chat"].break_once("reset", "after", "post")
    on.world.publish()
    on.lease_over()
    before = on.one(id_)
    stopped: list[Crossing] = []

    def stop(crossing: Crossing) -> None:
        if crossing.is_save and crossing.answered and not stopped:
            stopped.append(crossing)
            on.world.admin.edit(on.world.titles.stop, "stop")

    with Doors(stop):
        on.world.publish()
    assert stopped
    assert on.one(id_).planned == before.planned
    assert on.states(id_) == {"google-chat": IN_DOUBT}
    assert on.words() == {"google-chat": [HACK]}


def test_the_doubt_of_a_network_that_was_taken_out_of_the_settings_ends_with_a_question(stage: Make) -> None:
    on = stage("telegram", "mastodon")
    id_ = on.approve()
    on.on["telegram"].break_once("reset", "after", "post")
    on.world.publish()
    on.world.settle("telegram, mastodon", "mastodon")
    on.world.environment = {k: v for k, v in on.world.environment.items() if "TELEGRAM" not in k}
    on.world.later(days=2)
    on.world.publish()
    assert on.states(id_)["telegram"] == IN_DOUBT
    on.world.change(on.alice, id_, status="give up")
    on.world.publish()
    assert on.states(id_)["telegram"] == GIVEN_UP


# --- a channel that keeps failing -----------------------------------------------------------------------------------


def test_a_channel_that_keeps_failing_rests_says_so_and_is_tried_with_one_delivery_afterwards(stage: Make) -> None:
    on = stage("telegram", "mastodon")
    first, second = on.approve_all("First", "Second")
    for _ in range(3):
        on.on["mastodon"].break_once("401", "before", "post")
        on.world.publish()
        on.world.later(minutes=61 if _ < 2 else 1)
    third = on.approve("Third")
    on.world.publish()
    assert sorted(on.words()["telegram"]) == ["First", "Second", "Third"]
    assert "mastodon" not in on.words()
    assert "'''wikitech on Mastodon rests until" in on.world.top()
    assert "It failed 3 times in a row; its posts wait." in on.world.top()
    assert "wikitech on Mastodon rests until" in on.world.note(third)
    trouble = on.world.memory().troubles["wikitech/mastodon"]
    assert trouble.until
    assert trouble.until >= on.world.now + REST - timedelta(minutes=2)
    on.world.now = trouble.until
    on.world.publish()
    assert len(on.words()["mastodon"]) == 1
    on.world.publish()
    assert sorted(on.words()["mastodon"]) == ["First", "Second", "Third"]
    assert "rests" not in on.world.top()
    assert on.states(first) == on.states(second) == {"telegram": POSTED, "mastodon": POSTED}


# --- threads --------------------------------------------------------------------------------------------------------

PARTS = ["One of the wonders.", "Another of the wonders, ଓଡ଼ିଆ ଉଇକି.", "The last of the wonders."]
LONG = "\n---\n".join(PARTS)


def thread(on: Stage) -> list[tuple[str, bool]]:
    """The words of each post on Mastodon, and whether it answers the one before it."""
    posts = on.world.mastodon.world.posts("wikitech")
    before = [None, *(post["id"] for post in posts)]
    return [(p["text"], p["in_reply_to_id"] == b) for p, b in zip(posts, before, strict=False)]


WHOLE = [(part, True) for part in PARTS]


def test_a_thread_goes_out_in_order_each_part_written_down_before_the_next(stage: Make) -> None:
    on = stage("mastodon", "telegram", more="threads = mastodon")
    id_ = on.approve(LONG)
    remembered: list[int] = []

    def at(crossing: Crossing) -> None:
        if is_post(crossing, answered=False) and "statuses" in str(crossing.request.url):
            (delivery,) = [d for d in on.world.memory().of(id_) if d.channel == "wikitech/mastodon"]
            assert delivery.state == SENDING
            remembered.append(len(delivery.posts))

    with Doors(at):
        on.world.publish()
    assert remembered == [0, 1, 2]
    assert thread(on) == WHOLE
    assert on.words()["telegram"] == ["\n\n".join(PARTS)]
    assert on.log()["wikitech/mastodon"]["thread"] == "3"
    assert on.log()["wikitech/mastodon"]["text"] == PARTS[0]


def test_words_too_long_for_one_post_make_a_thread_that_loses_none_of_them(stage: Make) -> None:
    on = stage("mastodon", more="threads = mastodon")
    words = " ".join(f"Sentence number {n} says something of its own." for n in range(30))
    on.posted(words)
    parts = on.words()["mastodon"]
    assert len(parts) > 2
    assert " ".join(parts) == words


@pytest.mark.parametrize("answered", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("part", [1, 2, 3])
def test_a_thread_whose_process_died_is_resumed_and_no_part_is_sent_twice(
    stage: Make, part: int, answered: bool
) -> None:
    on = stage("mastodon", more="threads = mastodon")
    id_ = on.approve(LONG)
    met = 0

    def at(crossing: Crossing) -> None:
        nonlocal met
        met += is_post(crossing, answered=answered)
        if met == part:
            raise KeyboardInterrupt

    with Doors(at), pytest.raises(KeyboardInterrupt):
        on.world.publish()
    on.world.publish()
    assert len(thread(on)) == part - (not answered), "something was sent within the lease"
    on.lease_over()
    on.world.publish()
    on.world.publish()
    assert thread(on) == WHOLE
    assert on.states(id_) == {"mastodon": POSTED}
    assert on.log()["wikitech/mastodon"]["thread"] == "3"


def stuck_after_the_first(on: Stage) -> str:
    """A thread of which one part is out, and the network wants no more for now."""
    id_ = on.approve(LONG)
    met = 0

    def at(crossing: Crossing) -> None:
        nonlocal met
        met += is_post(crossing, answered=False)
        if is_post(crossing, answered=False) and met == 2:
            on.on["mastodon"].break_once("429", "before", "post")

    with Doors(at):
        on.world.publish()
    assert thread(on) == WHOLE[:1]
    assert on.states(id_) == {"mastodon": DEFERRED}
    return id_


def test_words_that_are_out_already_cannot_be_changed_by_the_rest_of_a_thread(stage: Make) -> None:
    on = stage("mastodon", more="threads = mastodon")
    id_ = stuck_after_the_first(on)
    on.world.change(on.alice, id_, text=LONG.replace("One of", "None of"))
    on.world.collect()
    on.world.change(on.alice, id_, status="approved")
    on.world.later(hours=2)
    on.world.publish()
    assert thread(on) == WHOLE[:1]
    assert "The first posts of the thread on wikitech/mastodon are out already, with other words." in on.world.note(id_)
    on.world.change(on.alice, id_, text=LONG.replace("The last", "The very last"))
    on.world.collect()
    on.world.change(on.alice, id_, status="approved")
    on.world.publish()
    assert [words for words, _ in thread(on)] == [*PARTS[:2], "The very last of the wonders."]


def test_a_stop_page_engaged_in_the_middle_of_a_thread_stops_it_there(stage: Make) -> None:
    on = stage("mastodon", more="threads = mastodon")
    id_ = on.approve(LONG)
    met = 0

    def at(crossing: Crossing) -> None:
        nonlocal met
        met += is_post(crossing, answered=True)
        if is_post(crossing, answered=True) and met == 1:
            on.world.admin.edit(on.world.titles.stop, "stop")

    with Doors(at):
        on.world.publish()
    on.world.publish()
    assert thread(on) == WHOLE[:1]
    assert "1 of the 3 posts of the thread are out" in on.world.note(id_)
    on.world.admin.edit(on.world.titles.stop, "run")
    on.world.publish()
    assert thread(on) == WHOLE


# --- taken back -----------------------------------------------------------------------------------------------------


def test_a_maintainer_takes_a_post_back_everywhere_and_a_person_does_the_rest(stage: Make) -> None:
    on = stage(*NETWORKS, "irc")
    id_ = on.posted()
    assert set(on.words()) == {*NETWORKS, "irc"}
    revision = on.world.change(on.alice, id_, status="retract")
    on.world.publish()
    assert set(on.words()) == {"irc"}  # which has no way back
    log = on.log()
    assert {network: log[f"wikitech/{network}"]["state"] for network in NETWORKS} == dict.fromkeys(NETWORKS, RETRACTED)
    assert log["wikitech/mastodon"]["reason"] == f"Alice said so in revision {revision}"
    assert log["wikitech/irc"]["state"] == "handed off"
    assert "Delete it there by hand" in log["wikitech/irc"]["reason"]
    assert "to be deleted by hand" in on.world.top()
    assert "status = retract" in on.world.card(id_)
    on.world.swap(on.alice, "| done = ", "| done = yes", f"{on.world.titles.log}/{on.world.now:%Y-%m}")
    on.world.publish()
    assert on.log()["wikitech/irc"]["state"] == RETRACTED
    assert id_ not in on.world.cards()
    assert "retracted" in on.world.answers()[0]
    assert "by hand" not in on.world.top()
    on.world.later(days=8)
    on.world.publish()
    assert set(on.words()) == {"irc"}


def test_somebody_who_is_no_maintainer_takes_nothing_back(stage: Make, mallory: Person) -> None:
    on = stage("mastodon", "telegram")
    id_ = on.posted()
    on.world.change(mallory, id_, status="retract")
    on.world.publish()
    on.world.publish()
    assert on.words() == {"mastodon": [HACK], "telegram": [HACK]}
    assert "set it to retract, but is not among the maintainers" in on.world.note(id_)
    assert {row["state"] for row in on.log().values()} == {POSTED}


def test_a_maintainer_of_one_account_takes_back_what_that_account_posted(stage: Make, bob: Person) -> None:
    on = stage("mastodon", "telegram")
    id_ = on.posted(HACK, "wikitech, mediawiki")
    on.world.change(bob, id_, status="retract")
    on.world.publish()
    assert on.words("wikitech") == {}
    assert on.words("mediawiki") == {"mastodon": [HACK], "telegram": [HACK]}
    assert id_ in on.world.cards()


def test_what_is_wrong_can_be_taken_back_while_the_stop_page_says_stop(stage: Make) -> None:
    on = stage("mastodon", "telegram")
    id_ = on.posted()
    other = on.approve("Something else")
    on.world.admin.edit(on.world.titles.stop, "stop")
    on.world.change(on.alice, id_, status="retract")
    on.world.publish()
    assert on.words() == {}
    assert on.states(other) == {}
    assert {row["state"] for row in on.log().values()} == {RETRACTED}


def test_a_thread_of_which_a_part_is_out_is_taken_back_and_not_continued(stage: Make) -> None:
    on = stage("mastodon", more="threads = mastodon")
    id_ = stuck_after_the_first(on)
    on.world.change(on.alice, id_, status="retract")
    on.world.later(hours=2)
    on.world.publish()
    on.world.publish()
    assert thread(on) == []
    assert on.log()["wikitech/mastodon"]["state"] == RETRACTED
    assert id_ not in on.world.cards()


def test_taking_back_twice_does_no_harm(stage: Make) -> None:
    on = stage("mastodon", "irc")
    id_ = on.posted()
    for _ in range(2):
        on.world.change(on.alice, id_, status="waiting")
        on.world.change(on.alice, id_, status="retract")
        on.world.publish()
    assert on.states(id_) == {"mastodon": RETRACTED, "irc": "handed off"}
    assert on.words() == {"irc": [HACK]}
    assert len([r for r in on.world.mastodon.requests if r[0] == "DELETE"]) == 1


def test_what_is_taken_back_while_it_is_being_sent_is_deleted_once_that_is_clear(stage: Make) -> None:
    on = stage("mastodon", "telegram")
    id_ = on.approve()
    on.on["mastodon"].break_once("reset", "after", "post")
    on.on["mastodon"].break_once("503", "before", "find")
    on.world.publish()
    assert on.states(id_) == {"mastodon": SENDING, "telegram": POSTED}
    on.world.change(on.alice, id_, status="retract")
    on.world.publish()
    assert on.words() == {"mastodon": [HACK]}
    on.lease_over()
    on.world.publish()
    on.world.publish()
    assert on.words() == {}
    assert on.states(id_) == {"mastodon": RETRACTED, "telegram": RETRACTED}


def test_a_network_that_does_not_delete_now_is_asked_again_later(stage: Make) -> None:
    on = stage("mastodon", "telegram")
    id_ = on.posted()
    on.on["mastodon"].break_once("503", "before", "retract")
    on.world.change(on.alice, id_, status="retract")
    on.world.publish()
    assert on.words() == {"mastodon": [HACK]}
    assert "To be deleted: wikitech on Mastodon" in on.world.note(id_)
    on.world.later(hours=2)
    on.world.publish()
    assert on.words() == {}


# --- corrected ------------------------------------------------------------------------------------------------------

NEW = "Come to the hackathons"


def test_a_correction_changes_the_posts_where_that_can_be_and_says_where_it_cannot(stage: Make) -> None:
    on = stage("mastodon", "telegram", "x")
    id_ = on.posted()
    on.world.change(on.alice, id_, text=NEW)
    on.world.collect()
    assert "wikitech on Mastodon still has the words that were posted" in on.world.note(id_)
    assert "wikitech on X cannot be changed" in on.world.note(id_)
    assert on.words() == {"mastodon": [HACK], "telegram": [HACK], "x": [HACK]}
    on.world.change(on.alice, id_, status="correct")
    report = on.world.publish()
    assert on.words() == {"mastodon": [NEW], "telegram": [NEW], "x": [HACK]}
    assert [done for done in report.done if done.startswith("corrected")]
    assert on.log()["wikitech/mastodon"]["text"] == NEW
    assert on.log()["wikitech/x"]["text"] == HACK
    assert "wikitech on X cannot be changed" in on.world.note(id_)
    assert "still has the words" not in on.world.note(id_)
    assert "status = posted" in on.world.card(id_)


def test_a_whole_thread_is_corrected_in_its_place(stage: Make) -> None:
    on = stage("mastodon", more="threads = mastodon")
    id_ = on.posted(LONG)
    on.world.change(on.alice, id_, text=LONG.replace("wonders", "marvels"))
    on.world.collect()
    on.world.change(on.alice, id_, status="correct")
    on.world.publish()
    assert thread(on) == [(part.replace("wonders", "marvels"), True) for part in PARTS]


def test_somebody_who_is_no_maintainer_corrects_nothing(stage: Make, mallory: Person) -> None:
    on = stage("mastodon", "telegram")
    id_ = on.posted()
    on.world.change(mallory, id_, text="Buy my book", status="correct")
    on.world.publish()
    on.world.publish()
    assert on.words() == {"mastodon": [HACK], "telegram": [HACK]}
    assert "is not among the maintainers" in on.world.note(id_)


@pytest.mark.parametrize("looked", [True, False], ids=["slipped in before", "slipped in after"])
def test_words_that_others_changed_around_a_correction_are_not_posted(
    stage: Make, mallory: Person, looked: bool
) -> None:
    on = stage("mastodon", "telegram")
    id_ = on.posted()
    on.world.change(on.alice, id_, text=NEW)
    on.world.collect()
    if looked:
        on.world.change(mallory, id_, text="Buy my book")
        on.world.change(on.alice, id_, status="correct")
    else:
        on.world.change(on.alice, id_, status="correct")
        on.world.change(mallory, id_, text="Buy my book")
    on.world.publish()
    on.world.publish()
    assert on.words() == {"mastodon": [HACK], "telegram": [HACK]}
    assert "changed since" in on.world.note(id_)


def test_with_four_eyes_another_maintainer_has_to_order_a_correction(stage: Make, bob: Person) -> None:
    on = stage("mastodon", eyes="yes")
    id_ = on.posted()
    on.world.change(on.alice, id_, text=NEW)
    on.world.collect()
    on.world.change(on.alice, id_, status="correct")
    on.world.publish()
    assert on.words() == {"mastodon": [HACK]}
    assert "another maintainer has to" in on.world.note(id_)
    on.world.change(bob, id_, status="correct")
    on.world.publish()
    assert on.words() == {"mastodon": [NEW]}


def test_a_network_that_refuses_a_correction_says_so_on_the_log(stage: Make) -> None:
    on = stage("mastodon", "telegram")
    id_ = on.posted()
    on.world.change(on.alice, id_, text=NEW)
    on.world.collect()
    on.on["mastodon"].break_once("422", "before", "correct")
    on.world.change(on.alice, id_, status="correct")
    on.world.publish()
    assert on.words() == {"mastodon": [HACK], "telegram": [NEW]}
    assert on.log()["wikitech/mastodon"]["state"] == POSTED
    assert "Could not be corrected" in on.log()["wikitech/mastodon"]["reason"]
    assert "Could not be corrected" in on.world.note(id_)


# --- what it costs --------------------------------------------------------------------------------------------------

LINKED = f"{HACK} https://example.org/hack"  # with a link a post on X costs 20 cents


def test_what_a_post_costs_is_shown_and_taken_from_the_budget_of_the_month(stage: Make) -> None:
    on = stage("x", more="budget = 0.21")
    id_ = on.ask(LINKED)
    assert "|cost=$0.20" in on.world.card(id_)
    on.world.change(on.alice, id_, status="approved")
    on.world.publish()
    assert on.words() == {"x": [LINKED]}
    month = f"wikitech {on.world.now:%Y-%m}"
    assert on.world.memory().spent == {month: 200}
    other = on.approve("Plain words")  # 1.5 cents
    on.world.publish()
    assert on.words() == {"x": [LINKED]}
    assert "it costs $0.015, and the budget of wikitech for this month ($0.21) is too small" in on.world.note(other)
    on.world.now = (on.world.now.replace(day=1) + timedelta(days=32)).replace(day=1)
    on.world.publish()
    assert on.words() == {"x": [LINKED, "Plain words"]}
    assert on.world.memory().spent[f"wikitech {on.world.now:%Y-%m}"] == 15


def test_without_a_budget_nothing_goes_out_that_costs_money_and_the_rest_does(stage: Make) -> None:
    on = stage("x", "mastodon", more="budget = 0")
    id_ = on.posted()
    assert on.words() == {"mastodon": [HACK]}
    assert "($0.00) is too small" in on.world.note(id_)


def test_what_did_not_go_out_costs_nothing(stage: Make) -> None:
    on = stage("x")
    on.approve(LINKED)
    on.on["x"].break_once("429", "before", "post")
    on.world.publish()
    month = f"wikitech {on.world.now:%Y-%m}"
    assert on.world.memory().spent.get(month, 0) == 0
    on.world.later(hours=2)
    on.on["x"].break_once("500", "before", "post")
    on.world.publish()
    assert on.words() == {}
    assert sum(on.world.memory().spent.values()) == 200, "what may be out counts until it is clear"
    on.lease_over()
    on.world.publish()
    on.world.publish()
    assert on.words() == {"x": [LINKED]}
    assert sum(on.world.memory().spent.values()) == 200


# --- rhythm ---------------------------------------------------------------------------------------------------------


def test_slots_of_a_time_zone_let_one_post_out_each_and_an_outage_is_not_made_up_for(stage: Make) -> None:
    on = stage("mastodon", more="time zone = Asia/Kolkata | slots = 09:00, 18:00 | gap = 60")
    on.world.now = (on.world.now + timedelta(days=1)).replace(hour=3, minute=0, second=0)  # 08:30 there
    ids = on.approve_all("Post 1", "Post 2", "Post 3", "Post 4")
    on.world.publish()
    assert on.words() == {}
    days = [on.world.now + timedelta(days=number) for number in (0, 0, 1, 1)]
    slots = [f"{day:%Y-%m-%d} {at}" for day, at in zip(days, ("03:30", "12:30", "03:30", "12:30"), strict=True)]
    told = sorted(on.world.note(id_) for id_ in ids)
    assert told == [f"Approved; goes out at {slot} UTC, or soon after." for slot in slots]
    on.world.later(minutes=31)
    for _ in range(3):
        on.world.publish()
    assert len(on.words()["mastodon"]) == 1
    on.world.later(hours=9)  # 18:01
    on.world.publish()
    on.world.publish()
    assert len(on.words()["mastodon"]) == 2
    on.world.later(days=3)  # nothing ran for three days
    on.world.publish()
    on.world.publish()
    assert len(on.words()["mastodon"]) == 3


def test_quiet_hours_hold_everything_back_and_a_gap_keeps_posts_apart(stage: Make) -> None:
    on = stage("mastodon", more="time zone = Europe/Berlin | quiet hours = 22:00-07:00 | gap = 90")
    day = (on.world.now + timedelta(days=1)).date()
    on.world.now = datetime(day.year, day.month, day.day, 2, 0, tzinfo=UTC)  # night there, in winter and in summer
    one, two = on.approve_all("Post 1", "Post 2")
    on.world.publish()
    assert on.words() == {}
    assert "Approved; goes out at" in on.world.note(one)
    on.world.later(hours=5)
    on.world.publish()
    assert len(on.words()["mastodon"]) == 1
    left = two if on.states(one) else one
    assert "Approved; goes out at" in on.world.note(left)
    on.world.later(minutes=89)
    on.world.publish()
    assert len(on.words()["mastodon"]) == 1
    on.world.later(minutes=1)
    on.world.publish()
    assert len(on.words()["mastodon"]) == 2


def test_a_post_whose_time_is_over_before_its_slot_comes_is_not_made_up_for(stage: Make) -> None:
    on = stage("mastodon", more="slots = 09:00 | quiet hours = 10:00-21:00")
    on.world.now = (on.world.now + timedelta(days=1)).replace(hour=11, minute=0)
    on.approve(not_after=f"{on.world.now:%Y-%m-%d} 20:00")
    on.world.publish()
    on.world.later(hours=22, minutes=5)
    on.world.publish()
    on.world.publish()
    assert on.words() == {}
    assert "expired" in on.world.answers()[0]


def test_an_approval_that_grew_stale_while_its_network_was_down_sends_nothing(stage: Make) -> None:
    on = stage("mastodon", "telegram")
    id_ = on.approve()
    on.on["mastodon"].break_once("401", "before", "post")
    on.world.publish()
    assert on.words() == {"telegram": [HACK]}
    on.world.later(days=31)
    on.world.publish()
    on.world.publish()
    assert on.words() == {"telegram": [HACK]}
    assert on.states(id_).get("mastodon") != POSTED


# --- a wiki in trouble ----------------------------------------------------------------------------------------------


def test_a_wiki_that_is_read_only_sends_nothing_and_one_that_becomes_so_loses_nothing(
    stage: Make, wiki: SandboxWiki, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pywikibot

    monkeypatch.setattr(pywikibot.config, "retry_wait", 0)
    on = stage(*NETWORKS)
    id_ = on.approve()
    closed = threading.Event()

    def close_once(crossing: Crossing) -> None:
        if is_post(crossing, answered=True) and not closed.is_set():
            closed.set()
            wiki.configure(wgReadOnly="Moving house")

    def publish() -> Report:
        return Desk(Wiki(), on.world.home, on.world.environment, lambda: on.world.now, patience=()).work(send=True)

    try:
        wiki.configure(wgReadOnly="Moving house")
        with pytest.raises(WikiError):
            publish()
        assert on.words() == {}
        wiki.configure()
        with Doors(close_once), pytest.raises(WikiError):
            publish()
        out = on.words()
        with pytest.raises(WikiError):
            publish()
    finally:
        wiki.configure()
    assert out
    assert {on.states(id_)[network] for network in out} == {SENDING}
    on.lease_over()
    on.world.publish()
    on.world.publish()
    assert on.words() == EVERYWHERE
    assert on.states(id_) == dict.fromkeys(NETWORKS, POSTED) | ({"telegram": IN_DOUBT} if "telegram" in out else {})


# --- secrets --------------------------------------------------------------------------------------------------------


CHATTY = ("urllib3", "oauthlib")
"""Libraries that put addresses and keys into their messages of level DEBUG, which nothing here ever turns on."""


@contextmanager
def everything_logged() -> Iterator[io.StringIO]:
    """All that is logged, down to the last detail."""
    heard = io.StringIO()
    handler, root = logging.StreamHandler(heard), logging.getLogger()
    handler.addFilter(lambda record: record.levelno > logging.DEBUG or record.name.split(".")[0] not in CHATTY)
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield heard
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def all_revisions(world: World, *titles: str) -> str:
    """All that some pages ever said, and the summaries."""
    return str([world.admin.history(title, 500) for title in titles])


PLACES = ("URL", "SERVER", "CHANNEL", "ROOM", "NICK", "CHAT")


def test_no_secret_is_ever_seen_on_the_wiki_in_a_report_or_in_what_is_logged(
    stage: Make, capfd: pytest.CaptureFixture[str]
) -> None:
    on = stage(*NETWORKS, "google-chat", "irc")
    canary = f"canary{secrets.token_hex(6)}"
    right = dict(on.world.environment)
    wrong = {
        name: value if name.endswith(PLACES) and "GOOGLE" not in name else _spoilt(value, canary)
        for name, value in right.items()
    }
    reports: list[object] = []
    with everything_logged() as heard:
        out = on.posted("Words 0", "wikitech, mediawiki", **{"text_mediawiki/x": "Words 0 too"})
        on.world.environment = wrong
        for kind in ("reset", "500", "half-json"):
            for joined in on.on.values():
                joined.break_once(kind, "before", "post")
        on.world.change(on.alice, out, status="retract")
        on.approve("Words 1", "wikitech, mediawiki", **{"text_mediawiki/x": "Words 1 too"})
        for _ in range(2):
            reports.append(on.world.publish())
            on.lease_over()
        reports += examine(on.world.home, wrong)
    t = on.world.titles
    log = f"{t.log}/{on.world.now:%Y-%m}"
    shown = all_revisions(on.world, t.queue, t.requests, t.memory, log)
    assert "Words 0" in shown
    assert len(reports) > 10
    for place in (shown, str(reports) + repr(reports), heard.getvalue(), *capfd.readouterr()):
        assert canary not in place, place[max(0, place.index(canary) - 200) : place.index(canary) + 50]


def _spoilt(secret: str, canary: str) -> str:
    """Credentials of the same form that open nothing."""
    if "?" in secret:  # an address that is a secret
        return f"{secret.partition('?')[0]}?key={canary}&token={canary}"
    head, colon, _ = secret.rpartition(":")
    return f"{head}{colon}{canary}"
