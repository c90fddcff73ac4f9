"""No replies, no tags, and no two voices saying the same on X."""

from __future__ import annotations

from datetime import timedelta

import pytest

from smbot import compose, deliveries, manners, plan, proposals, review
from smbot.memory import Approval, Memory, Standing
from smbot.model import Candidate, Posted, Rules, Text
from smbot.settings import Account, Settings
from tests.builders import ALICE, NOW, card, delivery, known, snapshot

SUPPORT = ("https://www.mediawiki.org/wiki/Project:Support_desk",)
ON_X = {
    name: Account(name, ("mastodon", "x"), frozenset({ALICE}), mentions=name == "chatty")
    for name in ("mediawiki", "wikitech", "chatty")
}
RULES = {channel: Rules("any", 500, len) for account in ON_X.values() for channel in account.channels}
DESK = Settings(accounts=ON_X, support=SUPPORT)


def problems(text: str, *accounts: str, **more: object) -> list[str]:
    candidate = Candidate(accounts or ("mediawiki",), text, **more)  # type: ignore[arg-type]
    return [str(p) for p in manners.problems(candidate, compose.texts(candidate, ON_X, RULES), DESK)]


@pytest.mark.parametrize(
    "text",
    [
        "@user Please update.",
        "  @user@example.social hi",
        ".@user is right",
        "RT @user: News",
        "Re: @user thanks",
        "re @user thanks",
        "＠user hi",
        "RE: your question, it is fixed.",
        "Re : votre question",
        "Antw: Deine Frage",
        "Replying to the thread: it is fixed.",
        "In reply to your question – it is fixed.",
        "replying to that post, we fixed it",
        "Reply to https://x.com/someone/status/1: it is fixed.",
        "In answer to @user: it is fixed.",
        "In response to your question\n\nIt is fixed.",
        "In response to your request, it is fixed.",
        "In reply to this: it is fixed.",
    ],
)
def test_what_begins_as_a_reply_is_answered_with_where_people_are_helped(text: str) -> None:
    (said,) = problems(text)
    assert said.startswith("Our accounts reply to nobody.")
    assert SUPPORT[0] in said


@pytest.mark.parametrize(
    "text",
    [
        "Re-enabled: the reply tool.",
        "Re:publica begins today.",
        "Reply tool is on.",
        "Reply to comments with the new tool: it is on all wikis now.",
        "Replying to comments is easier: the reply tool is on all wikis.",
        "Replying to the thread is easier now: see the reply tool.",
        "Replying to your mentor is one click now, on all wikis.",
        "In response to the outage of Monday, the servers were moved.",
        "In response to your feedback, the new skin has wider lines.",
        "Response times are down: pages load faster.",
        "In response to the request of the Commons community, the upload limit is now 5 GB.",
        "In response to this request, dark mode has a new colour.",
        "In response to that outage, the servers were moved.",
        "In response to your requests, the new skin has wider lines.",
        "Answering your questions: the office hour is on Friday.",
        "Regarding dark mode: it is on.",
        "Reply to this post with your ideas, and to the survey.",
        "AW: functions on Abstract Wikipedia can be tested.",
        "https://www.mediawiki.org has a new look.",
        "@ the hackathon: see you there.",
    ],
)
def test_what_only_tells_of_replies_is_none(text: str) -> None:
    assert problems(text) == []


@pytest.mark.parametrize(
    ("notes", "link"),
    [
        ("Please reply to https://x.com/someone/status/1", ""),
        ("See https://mastodon.social/@foo/1234. They want an answer!", ""),
        ("As an answer to that", "https://x.com/someone/status/1"),
        ("Bitte antworte auf https://mastodon.social/@foo/1234", ""),
        ("Répondez à https://mastodon.social/@foo/1234", ""),
        ("En réponse à ceci", "https://bsky.app/profile/foo/post/3k2a"),
        ("الرجاء الرد على https://mastodon.social/@foo/1234", ""),
        ("https://mastodon.social/@foo/1234 का उत्तर दें", ""),
        ("https://mastodon.social/@foo/1234 ର ଉତ୍ତର ଦିଅନ୍ତୁ", ""),
    ],
)
def test_a_request_to_answer_a_post_is_seen_from_its_notes(notes: str, link: str) -> None:
    (said,) = problems("You can reset it on the login page.", notes=notes, link=link)
    assert "reply to nobody" in said


@pytest.mark.parametrize(
    ("notes", "link"),
    [
        ("I cannot answer before Monday. See https://example.org.", ""),
        ("I can answer questions.", "https://www.mediawiki.org/wiki/MediaWiki_1.46"),
        ("It was told there, too: https://mastodon.social/@foo/1234", ""),
        ("Our corresponding page.", "https://mastodon.social/@foo/1234"),
        ("It is about our wikis.", "https://x.com/someone/status/1"),
        ("The response was good: https://x.com/wikimedia", ""),
        ("They answered on https://bsky.app/profile/wikimedia.org", "https://www.facebook.com/wikipedia"),
    ],
)
def test_other_notes_ask_for_no_answer(notes: str, link: str) -> None:
    assert problems("A new release.", notes=notes, link=link) == []


def test_a_warning_comes_first_so_it_is_looked_at_too() -> None:
    assert problems("News.", warning="@someone")


def test_words_of_their_own_for_a_network_are_looked_at_too() -> None:
    assert problems("News.", own=(("x", "@someone News."),))


@pytest.mark.parametrize(
    ("text", "tagged"),
    [
        ("Thanks to @someone for this.", ["@someone"]),
        ("By @one@example.social, @two and @one@example.social.", ["@one@example.social", "@two"]),
        ("ଧନ୍ୟବାଦ @ବ୍ୟବହାରକାରୀ", ["@ବ୍ୟବହାରକାରୀ"]),
        ("Said by .@someone and -@other.", ["@someone", "@other"]),
        ("Write to talk@example.org.", []),
        ("See https://example.social/@someone/1 and https://medium.com/@someone.", []),
        ("Meet us @ the hackathon.", []),
        ("Use npm i pkg@1.2.", []),
    ],
)
def test_people_are_named_not_tagged(text: str, tagged: list[str]) -> None:
    assert [said.split("’")[0].lstrip("‘") for said in problems(text)] == tagged


def test_an_account_may_tag_people_where_its_settings_allow_it() -> None:
    assert problems("Thanks to @someone.", "chatty") == []
    assert problems("Thanks to @someone.", "chatty", "wikitech")


def test_two_accounts_never_say_the_same_on_x() -> None:
    (said,) = problems("A new release is out.", "mediawiki", "wikitech")
    assert "X forbids" in said
    assert "reposted by" in said
    assert not problems(
        "A new release is out.", "mediawiki", "wikitech", own=(("wikitech/x", "MediaWiki 1.46 is out."),)
    )
    assert not problems("A new release is out.", "mediawiki", reposted_by=("wikitech",))


def test_white_space_and_case_do_not_make_words_others() -> None:
    own = (("wikitech/x", "A NEW  release is out."),)
    assert problems("A new release is out.", "mediawiki", "wikitech", own=own)


@pytest.mark.parametrize(
    ("id_", "channel", "state", "wrong"),
    [
        ("n2", "wikitech/x", "posted", True),
        ("n2", "wikitech/x", "in doubt", True),
        ("n2", "wikitech/x", "given up", False),
        ("n2", "mediawiki/x", "posted", False),  # the account itself: its network will say
        ("n2", "wikitech/mastodon", "posted", False),
        ("n1", "wikitech/x", "posted", False),
    ],
)
def test_nor_does_one_say_what_the_other_said_before(id_: str, channel: str, state: str, wrong: bool) -> None:
    texts = {"mediawiki/x": Text("A new skin.")}
    before = delivery(id_, channel, state=state, text=Text("A new  Skin."))
    memory = Memory(known={id_: known(end="posted")}, deliveries={before.key: before})
    assert bool([*manners.repeated("n1", texts, memory)]) is wrong


@pytest.mark.parametrize(("days", "wrong"), [(9, True), (300, True), (500, False)])
def test_nor_what_it_said_months_ago(days: int, wrong: bool) -> None:
    before = delivery("n2", "wikitech/x", state="posted", logged="posted", text=Text("A new  Skin."))
    memory = Memory(known={"n2": known(end="posted")}, deliveries={before.key: before})
    for past in (8, days):
        memory = plan.prune(memory, NOW + timedelta(days=past))
    assert not memory.deliveries
    assert bool([*manners.repeated("n1", {"mediawiki/x": Text("A new skin.")}, memory)]) is wrong
    assert not [*manners.repeated("n1", {"wikitech/x": Text("A new skin.")}, memory)]
    assert not [*manners.repeated("n1", {"mediawiki/x": Text("Another skin.")}, memory)]
    assert not [*manners.repeated("n1", {"mediawiki/mastodon": Text("A new skin.")}, memory)]


def test_nor_do_they_say_it_in_the_same_run() -> None:
    made, queue = {}, ""
    for id_, account in (("n1", "mediawiki"), ("n2", "wikitech")):
        queue += (on_page := card(id_, "approved", accounts=account))
        (shown,) = review.read(on_page).values()
        assert shown
        digest = compose.digest(shown.candidate, compose.texts(shown.candidate, ON_X, RULES))
        approval = Approval(ALICE, 5, NOW, digest)
        standing = Standing(status="approved", digest=digest, face=shown.face, approvals=(approval,))
        made[id_] = known(proposal=shown.candidate, standing=standing)
    memory = Memory(known=made)
    seen = snapshot(memory, queue, settings=Settings(accounts=ON_X), rules=RULES)
    due = plan.due(memory, seen)
    assert [d.channel for d in due] == ["mediawiki/mastodon", "mediawiki/x", "wikitech/mastodon"]
    for one in due:
        memory = deliveries.begin(memory, one, "run")
    assert "X forbids" in str(next(p for p in proposals.proposals(memory, seen) if p.id == "n2").problems)


def test_what_was_taken_back_or_only_reposted_another_may_say() -> None:
    usual = {"channel": "wikitech/x", "posts": (Posted("https://x.com/wikitech/status/1", "1"),)}
    back = delivery("n2", state="retracted", logged="retracted", text=Text("A new skin."), **usual)
    repost = delivery("n3", state="posted", logged="posted", text=Text("", repost="mediawiki/x"), **usual)
    out = {back.key: back, repost.key: repost}
    memory = Memory(known={id_: known(end="posted") for id_ in ("n2", "n3")}, deliveries=out)
    memory = plan.prune(memory, NOW + timedelta(days=8))
    assert (memory.deliveries, memory.said) == ({}, {})


def test_a_long_text_full_of_signs_is_read_quickly() -> None:
    assert problems("@a" * 10_000)
    assert problems("reply " * 5_000 + "@x", notes="reply " * 5_000)
