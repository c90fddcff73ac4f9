"""Reposts between our own accounts, and reposts and likes of others: on a real wiki, and stand-in networks."""

from __future__ import annotations

import pytest

from sandbox.people import Person
from sandbox.standin import Fault
from smbot.memory import Memory
from tests.killed import STEPS, Nursery
from tests.world import World

SKIN = "A new skin is the default on many wikis."


def boosts(world: World, account: str = "mediawiki") -> list[str]:
    """What an account has boosted on Mastodon, by the words of the posts."""
    statuses = world.mastodon.world.state.statuses
    return [statuses[s["of"]]["text"] for s in statuses.values() if s["username"] == account and s["of"]]


def states(memory: Memory) -> dict[str, str]:
    """How the deliveries stand, by channel."""
    return {delivery.channel: delivery.state for delivery in memory.deliveries.values()}


@pytest.fixture
def reposting(world: World) -> World:
    """A desk whose news is posted by wikitech and reposted by mediawiki."""
    world.settle(
        "accounts = mediawiki }}\n{{Smbot/source | source = Tech",
        "accounts = wikitech | reposted by = mediawiki }}\n{{Smbot/source | source = Tech",
    )
    return world


def run(world: World, times: int = 3) -> None:
    """As many cycles as a post and its repost take, and one more."""
    for _ in range(times):
        world.publish()


def test_one_approval_covers_the_post_and_its_repost_on_one_card(reposting: World, alice: Person) -> None:
    reposting.collect()
    id_ = reposting.approve(alice, "new skin")
    assert "| reposted by = mediawiki" in reposting.card(id_)
    assert "repost=what '''wikitech''' posts there" in reposting.card(id_)
    reposting.publish()
    assert boosts(reposting) == []
    run(reposting)
    assert [words.split("\n")[0] for words in reposting.posts("wikitech")] == [SKIN]
    assert reposting.posts("mediawiki") == []
    assert [words.split("\n")[0] for words in boosts(reposting)] == [SKIN]
    assert reposting.log().count("| state = posted") == 2


def test_the_repost_waits_for_a_maintainer_of_its_account(reposting: World, alice: Person, bob: Person) -> None:
    reposting.collect()
    id_ = reposting.approve(bob, "new skin")
    run(reposting)
    assert len(reposting.posts("wikitech")) == 1
    assert boosts(reposting) == []
    assert "Still waits for a maintainer of mediawiki" in reposting.note(id_)
    reposting.change(alice, id_, status="approved")
    run(reposting)
    assert len(boosts(reposting)) == 1
    assert len(reposting.posts("wikitech")) == 1


def test_what_is_retracted_takes_its_repost_with_it(reposting: World, alice: Person, bob: Person) -> None:
    reposting.collect()
    id_ = reposting.approve(alice, "new skin")
    run(reposting)
    reposting.change(bob, id_, status="retract")  # who does not maintain the account that reposted
    run(reposting)
    assert reposting.everything() == []
    assert boosts(reposting) == []
    assert set(states(reposting.memory()).values()) == {"retracted"}


def test_what_is_retracted_before_its_repost_is_never_reposted(reposting: World, alice: Person, bob: Person) -> None:
    reposting.settle("account = mediawiki | gap = 0", "account = mediawiki | gap = 0 | slots = Mon 00:00")
    reposting.now = reposting.now.replace(hour=12)
    reposting.collect()
    id_ = reposting.approve(alice, "new skin")
    run(reposting)
    reposting.change(bob, id_, status="retract")
    run(reposting)
    reposting.settle(" | slots = Mon 00:00", "")
    run(reposting)
    assert reposting.everything() == boosts(reposting) == []
    assert states(reposting.memory()) == {"wikitech/mastodon": "retracted"}


def test_a_network_that_fails_delays_only_its_own_repost(reposting: World, alice: Person) -> None:
    x = reposting.join("x")
    reposting.settle(
        "networks = mastodon | maintainers = Alice }}", "networks = mastodon, x | budget = 9 | maintainers = Alice }}"
    )
    reposting.settle(
        "networks = mastodon | maintainers = Alice, Bob }}",
        "networks = mastodon, x | budget = 9 | maintainers = Alice, Bob }}",
    )
    reposting.collect()
    reposting.approve(alice, "new skin")
    reposting.mastodon.faults.append(Fault("/reblog$", "429", "before", "POST"))
    run(reposting)
    assert len(x.server.world.reposts("mediawiki")) == 1
    assert len(x.words("wikitech")) == 1
    assert x.words("mediawiki") == []
    assert boosts(reposting) == []
    reposting.later(hours=7)
    run(reposting)
    assert len(boosts(reposting)) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_answer_that_is_lost_gives_no_second_repost(reposting: World, alice: Person, when: str) -> None:
    reposting.collect()
    reposting.approve(alice, "new skin")
    reposting.mastodon.faults.append(Fault("/reblog$", "reset", when, "POST"))
    run(reposting)
    reposting.later(minutes=40)
    run(reposting)
    assert len(boosts(reposting)) == 1
    assert states(reposting.memory())["mediawiki/mastodon"] == "posted"


def test_a_card_whose_original_was_declined_comes_to_its_end(reposting: World, alice: Person, bob: Person) -> None:
    reposting.collect()
    id_ = reposting.id_of("new skin")
    reposting.change(bob, id_, status="declined")  # for wikitech, which is his
    run(reposting)
    assert reposting.memory().known[id_].end == "declined"
    assert id_ not in reposting.cards()


def test_a_repost_is_never_corrected_to_words(reposting: World, alice: Person) -> None:
    reposting.collect()
    id_ = reposting.approve(alice, "new skin")
    run(reposting)
    reposting.change(alice, id_, accounts="wikitech, mediawiki", reposted_by="", status="correct")
    run(reposting)
    assert len(boosts(reposting)) == 1
    assert set(states(reposting.memory()).values()) == {"posted"}
    assert reposting.posts("mediawiki") == []


@pytest.mark.parametrize("step", [step for step in STEPS if step != "upload"])
def test_a_process_killed_while_reposting_leaves_one_repost(
    reposting: World, alice: Person, bot_environment: dict[str, str], step: str
) -> None:
    reposting.environment = bot_environment | reposting.environment
    reposting.collect()
    reposting.approve(alice, "new skin")
    reposting.publish()  # the original
    with Nursery(reposting.environment, reposting.home) as nursery:
        assert not nursery.survives(step, reposting.now, send=True)
    reposting.later(minutes=6)
    run(reposting)
    assert len(boosts(reposting)) == 1
    assert set(states(reposting.memory()).values()) == {"posted"}
    assert reposting.log().count("| state = posted") == 2


def test_on_facebook_the_repost_is_a_link_to_the_post(reposting: World, alice: Person) -> None:
    page = reposting.join("facebook")
    for people in ("Alice }}", "Alice, Bob }}"):
        reposting.settle(
            f"networks = mastodon | maintainers = {people}", f"networks = facebook | maintainers = {people}"
        )
    reposting.collect()
    id_ = reposting.approve(alice, "new skin")
    run(reposting)
    assert len(page.words("wikitech")) == 1
    original = reposting.memory().deliveries[f"{id_}/wikitech/facebook"]
    (shared,) = page.server.world.posts("mediawiki")
    assert (shared["message"], shared["link"]) == ("", original.url)


def test_where_facebook_takes_no_link_to_itself_a_person_shares_it(reposting: World, alice: Person) -> None:
    page = reposting.join("facebook")
    page.server.world.takes_own_links = False
    for people in ("Alice }}", "Alice, Bob }}"):
        old, new = (f"networks = {name} | maintainers = {people}" for name in ("mastodon", "facebook"))
        reposting.settle(old, new)
    reposting.collect()
    id_ = reposting.approve(alice, "new skin")
    run(reposting)
    assert page.server.world.posts("mediawiki") == []
    assert reposting.memory().deliveries[f"{id_}/mediawiki/facebook"].state == "handed off"
    assert "facebook.com/sharer" in reposting.log()


# --- of others ------------------------------------------------------------------------------------------------------


@pytest.fixture
def stranger(world: World) -> str:
    """The address of a post that is none of ours."""
    address = "https://social.example/@somebody/1"
    world.mastodon.world.abroad[address] = "The docs of our extension are out."
    return address


def test_a_post_of_others_is_reposted_when_it_is_asked_for_and_approved(
    world: World, stranger: str, rita: Person, bob: Person
) -> None:
    world.ask(rita, repost=stranger, accounts="wikitech", notes="It is about our wikis.")
    world.collect()
    (id_,) = [id_ for id_, card in world.cards().items() if card and card.candidate.repost]
    assert "To be done rarely: wikitech did that to others never so far." in world.note(id_)
    run(world)
    assert boosts(world, "wikitech") == []
    world.change(bob, id_, status="approved")
    run(world)
    assert boosts(world, "wikitech") == ["The docs of our extension are out."]
    assert "posted" in world.answers()[0]
    world.ask(rita, repost=f"{stranger}2", accounts="wikitech")
    world.collect()
    assert any("(0 days ago)" in world.note(id_) for id_ in world.cards())


def test_a_post_of_others_is_liked(world: World, stranger: str, rita: Person, bob: Person) -> None:
    world.ask(rita, like=stranger, accounts="wikitech")
    world.collect()
    (id_,) = [id_ for id_, card in world.cards().items() if card and card.candidate.like]
    world.change(bob, id_, status="approved")
    run(world)
    liked = [s for s in world.mastodon.world.state.statuses.values() if s["favourites"] == ["wikitech"]]
    assert [status["text"] for status in liked] == ["The docs of our extension are out."]
    assert f"♥ {stranger}" in world.log()


def test_a_like_that_no_program_may_give_is_handed_to_a_person(world: World, rita: Person, bob: Person) -> None:
    world.join("x")
    world.settle(
        "networks = mastodon | maintainers = Alice, Bob",
        "networks = mastodon, x | budget = 9 | maintainers = Alice, Bob",
    )
    world.ask(rita, like="https://x.com/somebody/status/1234567890123456789", accounts="wikitech")
    world.collect()
    (id_,) = [id_ for id_, card in world.cards().items() if card and card.candidate.like]
    world.change(bob, id_, status="approved")
    run(world)
    assert "https://x.com/intent/like?tweet_id=1234567890123456789" in world.log()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"repost": "somebody's post"}, "is not the address of a post"),
        ({"repost": "https://x.com/somebody/status/1"}, "None of these accounts is on the network"),
        ({"repost": "https://social.example/@a/1", "text": "Look!"}, "has no words"),
        ({"repost": "https://social.example/@a/1", "like": "https://social.example/@a/1"}, "Ask for each by itself"),
        ({"text": "@somebody Yes, see the manual."}, "reply to nobody"),
        ({"text": "News.", "reposted_by": "wikitech"}, "cannot repost what it posts itself"),
        ({"text": "News.", "reposted_by": "nobody"}, "There is no account"),
    ],
)
def test_a_request_that_cannot_be_is_answered_with_the_reason(
    world: World, rita: Person, fields: dict[str, str], said: str
) -> None:
    world.ask(rita, accounts="wikitech", **fields)
    world.collect()
    (answer,) = world.answers()
    assert said in answer
