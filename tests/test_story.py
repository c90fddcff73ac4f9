"""The main job, end to end, on a real wiki."""

from sandbox.people import Person
from tests.world import World


def test_news_is_proposed_approved_posted_once_and_logged(world: World, alice: Person) -> None:
    world.collect()
    id_ = world.id_of("new skin")
    revision = world.change(alice, id_, status="approved")
    world.publish()
    world.publish()
    assert [post.split("\n")[0] for post in world.posts("mediawiki")] == ["A new skin is the default on many wikis."]
    assert id_ not in world.cards()
    assert f"| approval = {revision}" in world.log()


def test_a_request_is_answered_in_its_place_from_queued_to_posted(world: World, alice: Person, rita: Person) -> None:
    world.ask(rita, text="Come to the hackathon", accounts="wikitech", link="https://example.org/hack")
    world.collect()
    assert "queued" in world.answers()[0]
    world.change(alice, world.id_of("hackathon"), status="approved")
    world.publish()
    assert world.posts("wikitech") == ["Come to the hackathon\n\nhttps://example.org/hack"]
    assert "posted" in world.answers()[0]
    assert world.mastodon.url in world.answers()[0]
