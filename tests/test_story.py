"""The main job, end to end, on a real wiki."""

import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.people import Person
from sandbox.standin import Fault
from smbot import postlog
from smbot.templates import encode, named, parse, plain, raw
from tests.killed import Crossing, Doors
from tests.world import World

SKIN = "A new skin is the default on many wikis."
BOTH = "mediawiki, wikitech"


def first_lines(posts: list[str]) -> list[str]:
    return [words.split("\n")[0] for words in posts]


def rows(world: World) -> list[dict[str, str]]:
    """The rows of this month's log, newest first."""
    return [
        {str(p.name).strip(): plain(row, str(p.name).strip())[0] for p in row.params}
        for row in named(parse(world.log()), postlog.ROW)
    ]


# --- news -----------------------------------------------------------------------------------------------------------


def test_news_is_proposed_approved_posted_once_and_logged(world: World, alice: Person) -> None:
    world.collect()
    id_ = world.id_of("new skin")
    revision = world.change(alice, id_, status="approved")
    world.publish()
    world.publish()
    assert first_lines(world.posts("mediawiki")) == [SKIN]
    (row,) = rows(world)
    assert row["approval"] == str(revision)
    assert row["approved by"] == "Alice"
    assert row["state"] == "posted"
    assert row["post"].startswith(world.mastodon.url)


def test_what_was_posted_keeps_its_card_for_a_week(world: World, alice: Person) -> None:
    world.collect()
    id_ = world.approve(alice, "new skin")
    world.publish()
    section = world.admin.get(world.titles.queue).split("== Posted of late ==")[1]
    assert f"| id = {id_}\n| status = posted\n" in section
    assert world.mastodon.url in world.note(id_)
    world.later(days=6)
    world.publish()
    assert id_ in world.cards()
    world.later(days=2)
    world.publish()
    assert id_ not in world.cards()
    assert "Posted of late" not in world.admin.get(world.titles.queue)
    world.collect()
    assert id_ not in world.cards()
    assert first_lines(world.everything()) == [SKIN]


def test_what_was_posted_is_never_proposed_again(world: World, alice: Person) -> None:
    world.collect()
    id_ = world.approve(alice, "new skin")
    world.publish()
    world.later(days=2)
    world.news("A new  skin is the default on many wikis!", "Something else happened.")
    world.collect()
    assert [i for i, card in world.cards().items() if card and "skin" in card.candidate.text] == [id_]
    assert world.id_of("Something else")


def test_a_first_run_does_not_propose_old_news(world: World) -> None:
    world.collect()
    assert not [card for card in world.cards().values() if card and "old" in card.candidate.text]


def test_a_copy_edit_at_the_source_updates_the_waiting_card(world: World) -> None:
    world.news("A new skin is the defualt on many wikis.")
    world.collect()
    id_ = world.id_of("defualt")
    world.news(SKIN)
    world.collect()
    assert world.id_of("the default") == id_
    assert len(world.cards()) == 1


def test_a_copy_edit_at_the_source_leaves_what_is_approved(world: World, alice: Person) -> None:
    world.news("A new skin is the defualt on many wikis.")
    world.collect()
    id_ = world.approve(alice, "defualt", not_before=world.soon)
    world.collect()
    world.news(SKIN)
    world.collect()
    assert "defualt" in world.card(id_)
    world.later(days=1)
    world.publish()
    assert first_lines(world.posts("mediawiki")) == ["A new skin is the defualt on many wikis."]


def test_words_a_maintainer_changed_are_kept_over_a_copy_edit(world: World, alice: Person) -> None:
    world.news("A new skin is the defualt on many wikis.")
    world.collect()
    id_ = world.id_of("defualt")
    world.change(alice, id_, text="The new skin is here.")
    world.news(SKIN)
    world.collect()
    assert "| text = The new skin is here." in world.card(id_)


def test_removed_news_holds_back_its_approved_candidate_and_comes_back(world: World, alice: Person) -> None:
    world.collect()
    id_ = world.approve(alice, "new skin")
    world.news("Patrolling got faster for everyone.")
    world.publish()
    world.publish()
    assert not world.everything()
    assert f"Held back: The news is no longer on the page ‘{world.home}/News’." in world.note(id_)
    world.news(SKIN, "Patrolling got faster for everyone.")
    world.collect()
    assert "Held back" not in world.note(id_)
    world.publish()
    assert first_lines(world.everything()) == [SKIN]


def test_a_source_without_news_raises_an_alarm_and_loses_nothing(world: World, admin: Person) -> None:
    world.collect()
    before = set(world.cards())
    admin.edit(f"{world.home}/News", "The news moved to another place.")
    report = world.collect()
    assert "A source needs a look" in world.top()
    assert "nothing was found on" in world.top()
    assert report.problems
    assert set(world.cards()) == before
    assert not any("Held back" in world.note(id_) for id_ in before)
    world.news(SKIN, "Patrolling got faster for everyone.")
    world.collect()
    assert "nothing was found on" not in world.top()


# --- Tech News ------------------------------------------------------------------------------------------------------


def test_tech_news_is_grouped_by_issue_and_picked_by_approving(world: World, bob: Person) -> None:
    this = world.tech_news("The visual editor keeps a draft.", "Gadgets must name their module.")
    last = world.tech_news("Maps load faster.", weeks_ago=1)
    world.collect()
    queue = world.admin.get(world.titles.queue)
    for issue, words in ((this, "keeps a draft"), (last, "Maps load")):
        section = queue.split(f"== Tech News {issue}: pick what to post ==")[1].split("\n== ")[0]
        assert words in section
    world.approve(bob, "Maps load")
    world.publish()
    assert first_lines(world.posts("wikitech")) == ["Maps load faster."]
    assert f"Tech News {last}: pick" not in world.admin.get(world.titles.queue)


def test_tech_news_nobody_picked_expires(world: World) -> None:
    world.tech_news("The visual editor keeps a draft.")
    world.collect()
    id_ = world.id_of("keeps a draft")
    world.later(days=9)
    world.publish()
    assert id_ in world.cards()
    world.later(days=2)
    world.publish()
    assert id_ not in world.cards()
    assert "pick what to post" not in world.admin.get(world.titles.queue)
    world.collect()
    assert id_ not in world.cards()
    assert world.id_of("new skin")  # other cards wait longer


# --- requests -------------------------------------------------------------------------------------------------------


def test_a_request_is_answered_in_its_place_from_queued_to_posted(world: World, alice: Person, rita: Person) -> None:
    world.ask(rita, text="Come to the hackathon", accounts="wikitech", link="https://example.org/hack")
    world.collect()
    assert "queued" in world.answers()[0]
    world.approve(alice, "hackathon")
    world.publish()
    assert world.posts("wikitech") == ["Come to the hackathon\n\nhttps://example.org/hack"]
    assert "posted" in world.answers()[0]
    assert world.mastodon.url in world.answers()[0]
    assert rows(world)[0]["asked by"] == "Rita"


def test_who_asked_is_called_once_for_each_new_answer_beside_a_signature(world: World, rita: Person) -> None:
    world.ask(rita, text="Come to the hackathon", accounts="wikitech")
    world.collect()
    written = rita.get(world.titles.requests)
    assert re.search(r"\[\[User:Rita\|Rita\]\] – \[\[User:Smbot\|Smbot\]\].* \(UTC\)</span>\}\}", written)
    world.later(hours=1)
    world.publish()
    world.collect()
    assert rita.get(world.titles.requests) == written


def test_what_maintainers_write_while_a_post_is_on_its_way_is_kept_and_counts(
    world: World, alice: Person, bob: Person
) -> None:
    world.ask(bob, text="Come to the hackathon", accounts="wikitech")
    world.collect()
    hackathon, patrolling = world.id_of("hackathon"), world.id_of("Patrolling")
    world.approve(alice, "new skin")

    def at(crossing: Crossing) -> None:
        if crossing.is_post and not crossing.answered and "Bob's" not in world.card(patrolling):
            doors.aside(
                lambda: world.change(bob, patrolling, text="Bob's better words.", not_before="2030-01-01 10:00")
            )
            doors.aside(lambda: world.change(alice, hackathon, status="approved"))

    with Doors(at) as doors:
        world.publish()
    assert len(world.everything()) == 1
    card = world.cards()[patrolling]
    assert card
    assert card.candidate.text == "Bob's better words."
    assert card.candidate.not_before
    assert "changed" not in world.note(hackathon)
    assert "| status = approved" in world.card(hackathon)
    world.publish()
    assert world.posts("wikitech") == ["Come to the hackathon"]


@pytest.mark.parametrize("run", [World.collect, World.publish])
def test_an_answer_that_somebody_spoilt_is_put_right_and_calls_nobody_again(
    world: World, rita: Person, mallory: Person, run: Callable[[World], object]
) -> None:
    def answer() -> str:
        return rita.get(world.titles.requests).split("| answer = ")[1]

    world.ask(rita, text="Come to the hackathon", accounts="wikitech")
    world.collect()
    assert "queued" in answer()
    for spoilt in ("{{Smbot/answer|1=posted|2=It is out.}}", "{{Smbot/answer|1=declined|2=Go away.}}"):
        world.swap(mallory, answer().split("\n")[0], spoilt, world.titles.requests)
        run(world)
        assert "queued" in answer()
        assert "User:Rita" not in answer()
    for old, new, state in (("wikitech", "wikiteck", "problem"), ("wikiteck", "wikitech", "queued")):
        world.swap(rita, f"= {old}", f"= {new}", world.titles.requests)
        run(world)
        assert state in answer()
        assert "User:Rita" in answer()


def test_who_asked_is_called_when_it_is_posted_though_another_request_came_just_before(
    world: World, alice: Person, rita: Person, bob: Person, mallory: Person
) -> None:
    world.ask(rita, text="Come to the hackathon", accounts="wikitech")
    world.ask(alice, text="Translate the help pages", accounts="wikitech")
    world.collect()
    world.approve(alice, "hackathon")
    spoilt = world.answers()[1]
    assert "queued" in spoilt
    text = rita.get(world.titles.requests)
    signed = text.rpartition("| answer = ")[2].partition("\n")[0]
    mallory.edit(world.titles.requests, text.replace(signed, "{{Smbot/answer|1=posted|2=It is out.}}"))
    world.ask(bob, text="Read the newsletter", accounts="wikitech")
    world.publish()
    answers = rita.get(world.titles.requests).split("| answer = ")[1:]
    assert [re.findall(r"1=(\w+)|call\">\[\[User:(\w+)", answer) for answer in answers] == [
        [("posted", ""), ("", "Rita")],
        [("queued", "")],
        [("queued", ""), ("", "Bob")],
    ]


def test_a_declined_request_is_answered_with_the_reason(world: World, bob: Person, rita: Person) -> None:
    world.ask(rita, text="Buy my book", accounts="wikitech")
    world.collect()
    world.change(bob, world.id_of("my book"), status="declined", reason="This is {{advertising}} | not news")
    world.publish()
    answer = world.answers()[0]
    assert "declined" in answer
    (template,) = named(parse(answer), "Smbot/answer")
    assert "declined by Bob: This is {{advertising}} | not news" in plain(template, "2")[0]
    assert not [card for card in world.cards().values() if card and "my book" in card.candidate.text]
    world.publish()
    assert not world.everything()


def test_a_stranger_cannot_decline(world: World, rita: Person, mallory: Person) -> None:
    world.ask(rita, text="Come to the hackathon", accounts="wikitech")
    world.collect()
    id_ = world.id_of("hackathon")
    world.change(mallory, id_, status="declined", reason="I do not like it")
    world.publish()
    assert "[[User:Mallory|Mallory]] set it to declined, but is not among the maintainers" in world.note(id_)
    assert "queued" in world.answers()[0]


def test_a_problem_is_answered_with_its_remedy_and_gone_once_it_is_solved(world: World, rita: Person) -> None:
    world.ask(rita, text="Come", accounts="wikiteck", link="example.org")
    world.collect()
    assert "There is no account ‘wikiteck’." in world.answers()[0]
    assert "is not a web address" in world.answers()[0]
    world.swap(rita, "wikiteck", "wikitech", world.titles.requests)
    world.swap(rita, "= example.org", "= https://example.org", world.titles.requests)
    world.collect()
    assert "queued" in world.answers()[0]


def test_a_request_for_an_account_to_come_is_queued_when_the_account_has_come(world: World, rita: Person) -> None:
    world.ask(rita, text="Come to the hackathon", accounts="newaccount")
    world.collect()
    assert "There is no account ‘newaccount’." in world.answers()[0]
    account = "{{Smbot/account | account = wikitech"
    world.settle(
        account, f"{{{{Smbot/account | account = newaccount | networks = mastodon | maintainers = Bob }}}}\n{account}"
    )
    world.publish()
    assert "queued" in world.answers()[0]
    world.collect()
    assert "queued" in world.answers()[0]
    assert world.id_of("hackathon")


def test_nothing_a_requester_typed_is_changed(world: World, rita: Person) -> None:
    typed = (
        "{{Smbot/request|accounts=wikitech\n|  TEXT = x |text=<nowiki>{{a|b}}</nowiki> &amp; ''c''\n\n|foo\n}} -- ~~~~"
    )
    world.admin.edit(world.titles.requests, "")
    rita.edit(world.titles.requests, typed)
    before = rita.get(world.titles.requests)
    world.collect()
    (template,) = named(parse(rita.get(world.titles.requests)), "Smbot/request")
    assert raw(template, "answer")
    for name in ("id", "answer"):
        template.remove(name)
    after = str(template)
    assert "".join(after.split()) == "".join(before.split("--")[0].split())


# --- approvals ------------------------------------------------------------------------------------------------------


def test_each_account_goes_out_on_the_word_of_its_own_maintainer(
    world: World, alice: Person, bob: Person, rita: Person
) -> None:
    world.ask(rita, text="Come to the hackathon", accounts=BOTH)
    world.collect()
    id_ = world.approve(bob, "hackathon")
    world.publish()
    assert world.posts("wikitech") == ["Come to the hackathon"]
    assert not world.posts("mediawiki")
    assert "Still waits for a maintainer of mediawiki." in world.note(id_)
    assert "Posted so far" in world.answers()[0]
    world.change(alice, id_, status="approved")
    world.publish()
    assert world.posts("wikitech") == world.posts("mediawiki") == ["Come to the hackathon"]
    assert {row["account"]: row["approved by"] for row in rows(world)} == {"mediawiki": "Alice", "wikitech": "Bob"}


def test_one_maintainer_of_both_accounts_approves_both_at_once(world: World, alice: Person, rita: Person) -> None:
    world.ask(rita, text="Come to the hackathon", accounts=BOTH)
    world.collect()
    world.approve(alice, "hackathon", text_wikitech="Come to the hackathon, coders")
    world.publish()
    assert world.posts("mediawiki") == ["Come to the hackathon"]
    assert world.posts("wikitech") == ["Come to the hackathon, coders"]


def test_declining_for_one_account_leaves_the_other(world: World, alice: Person, bob: Person, rita: Person) -> None:
    world.ask(rita, text="Come to the hackathon", accounts=BOTH)
    world.collect()
    id_ = world.id_of("hackathon")
    world.change(bob, id_, status="declined", reason="Not for us")
    world.publish()
    assert "wikitech: declined by Bob: Not for us" in world.note(id_)
    world.change(alice, id_, status="approved")
    world.publish()
    assert world.posts("mediawiki") == ["Come to the hackathon"]
    assert not world.posts("wikitech")


def test_a_maintainer_who_takes_an_approval_back_in_time_is_heard(world: World, alice: Person) -> None:
    world.collect()
    id_ = world.approve(alice, "new skin", not_before=world.soon)
    world.collect()
    world.change(alice, id_, status="waiting")
    world.later(days=1)
    world.publish()
    world.publish()
    assert not world.everything()


def test_a_network_added_to_an_account_was_not_approved(world: World, alice: Person, rita: Person) -> None:
    """The digest is over the channels: what was approved for one of them is not approved for two."""
    world.settle("networks = mastodon | maintainers = Alice }}", "networks = | maintainers = Alice }}")
    world.ask(rita, text="Come to the hackathon", accounts=BOTH)
    world.collect()
    world.settle("networks = | maintainers = Alice }}", "networks = mastodon | maintainers = Alice }}")
    world.collect()
    id_ = world.approve(alice, "hackathon", not_before=world.soon)
    world.collect()
    assert "Approved by [[User:Alice|Alice]]" in world.note(id_)
    world.settle("networks = mastodon | maintainers = Alice, Bob }}", "networks = | maintainers = Alice, Bob }}")
    world.later(days=1)
    world.publish()
    assert not world.everything()
    assert "It was changed after [[User:Alice|Alice]] approved it." in world.note(id_)


def test_nothing_goes_out_before_or_after_its_time(world: World, alice: Person, rita: Person) -> None:
    world.ask(rita, text="Come tomorrow", accounts="wikitech", not_before=f"{world.now:%Y-%m-%d} 23:58")
    world.ask(rita, text="Come today", accounts="wikitech", not_after=f"{world.now:%Y-%m-%d} 23:58")
    world.now = world.now.replace(hour=12)
    world.collect()
    id_ = world.approve(alice, "tomorrow")
    world.publish()
    assert not world.everything()
    assert f"goes out after {world.now:%Y-%m-%d} 23:58" in world.note(id_)
    world.later(days=1)
    world.publish()
    assert world.posts("wikitech") == ["Come tomorrow"]
    assert "expired" in world.answers()[1]


def test_an_account_posts_no_more_a_day_than_it_may(world: World, alice: Person) -> None:
    world.settle("maintainers = Alice }}", "maintainers = Alice | posts per day = 1 }}")
    world.collect()
    ids = {world.approve(alice, "new skin"), world.approve(alice, "Patrolling")}
    world.publish()
    world.publish()
    assert len(world.everything()) == 1
    (left,) = [id_ for id_ in ids if "status = approved" in world.card(id_)]
    assert "has posted enough for today" in world.note(left)
    world.later(days=1)
    world.publish()
    assert len(world.everything()) == 2


# --- words ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "# a {{x|y}} [[z]] ''q'' <b>&amp;</b> a=b | c || {{{1}}} ~~~~ __TOC__ -{a}- \\n",
        "* ନୂଆ ଉଇକି ଖବର: ଆପଣ {{ଏଠାରେ}} ଅଛନ୍ତି।\n\n: second | line = 2",
        "مرحبا بكم في ويكيبيديا! 12 [[صفحة]]",
        "👩‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿 ❤️ é e\u0301 ﬁ",
        "<nowiki>not nowiki</nowiki> <!-- said --> </nowiki> &lt;",
        "==No heading==\n-- --\n;term : x\n{| table |}",
    ],
    ids=["markup", "odia", "arabic", "emoji", "nowiki", "lines"],
)
def test_any_words_arrive_exactly_as_they_were_approved(world: World, alice: Person, rita: Person, words: str) -> None:
    import unicodedata

    world.ask(rita, text=encode(words), accounts="wikitech")
    world.collect()
    (id_,) = [id_ for id_, card in world.cards().items() if card and "wikitech" in card.candidate.accounts]
    (card,) = named(parse(world.card(id_)), "Smbot/candidate")
    (post,) = named(parse(raw(card, "preview")), "Smbot/post")
    world.change(alice, id_, status="approved")
    world.publish()
    assert world.posts("wikitech") == [unicodedata.normalize("NFC", words.strip())]
    assert plain(post, "text")[0] == world.posts("wikitech")[0]


# --- images ---------------------------------------------------------------------------------------------------------


def picture(folder: Path, red: int) -> Path:
    """A PNG of one pixel: https://www.w3.org/TR/png-3/#5DataRep"""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    path = folder / f"{red}.png"
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixel = zlib.compress(bytes((0, red, 0, 0)))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixel) + chunk(b"IEND", b""))
    return path


@pytest.fixture
def cat(world: World, admin: Person, tmp_path: Path) -> str:
    """The name of an image on the wiki."""
    name = f"Cat {world.home.removeprefix('Project:')}.png"
    admin.upload(picture(tmp_path, 1), name)
    return name


def test_an_image_goes_out_with_its_alternative_text(world: World, alice: Person, rita: Person, cat: str) -> None:
    world.ask(rita, text="Look", accounts="wikitech", image=f"File:{cat}", alt="A cat | on a mat")
    world.collect()
    assert "belongs to no field" in world.answers()[0]
    world.swap(rita, "cat | on", "cat {{!}} on", world.titles.requests)
    world.collect()
    world.approve(alice, "Look")
    world.publish()
    (post,) = world.mastodon.world.posts("wikitech")
    (media,) = post["media"]
    assert world.mastodon.world.state.media[media]["description"] == "A cat | on a mat"


def test_an_image_replaced_after_the_approval_voids_it(
    world: World, alice: Person, rita: Person, admin: Person, cat: str, tmp_path: Path
) -> None:
    world.ask(rita, text="Look", accounts="wikitech", image=cat, alt="A cat")
    world.collect()
    id_ = world.approve(alice, "Look")
    admin.upload(picture(tmp_path, 2), cat)
    world.publish()
    world.publish()
    assert not world.everything()
    assert "The image was replaced since [[User:Alice|Alice]] saw it." in world.note(id_)
    world.change(alice, id_, status="approved")
    world.publish()
    assert world.posts("wikitech") == ["Look"]


def test_an_image_replaced_between_reading_and_approving_is_not_approved(
    world: World, alice: Person, rita: Person, admin: Person, cat: str, tmp_path: Path
) -> None:
    world.ask(rita, text="Look", accounts="wikitech", image=cat, alt="A cat")
    world.collect()
    admin.upload(picture(tmp_path, 2), cat)
    id_ = world.approve(alice, "Look")
    world.publish()
    world.publish()
    assert not world.everything()
    assert "The image was replaced since [[User:Alice|Alice]] saw it." in world.note(id_)


def test_an_image_that_is_not_there_is_a_problem(world: World, rita: Person) -> None:
    world.ask(rita, text="Look", accounts="wikitech", image="No such.png", alt="A cat")
    world.collect()
    world.collect()
    said = world.answers()[0] + "".join(world.note(id_) for id_ in world.cards())
    assert "There is no image ‘No such.png’ on this wiki." in said


# --- settings -------------------------------------------------------------------------------------------------------


def test_while_the_settings_are_open_to_all_the_queue_says_so_and_takes_nothing_in(
    world: World, alice: Person, admin: Person
) -> None:
    world.collect()
    world.approve(alice, "new skin")
    admin.protect(world.titles.settings, "all")
    world.publish()
    assert f"The settings page [[{world.titles.settings}]] is not protected" in world.top()
    assert not world.everything()
    admin.protect(world.titles.settings)
    world.publish()
    assert "not protected" not in world.top()
    assert first_lines(world.everything()) == [SKIN]


# --- networks that do not do as they should -------------------------------------------------------------------------


def fail(world: World, kind: str, when: str = "before", method: str = "POST", path: str = "/api/v1/statuses$") -> None:
    world.mastodon.faults.append(Fault(path, kind, when, method))


@pytest.fixture
def refused(world: World, alice: Person) -> str:
    """A candidate that its network refused."""
    world.collect()
    id_ = world.approve(alice, "new skin")
    fail(world, "422")
    report = world.publish()
    assert report.problems
    assert not world.everything()
    assert "refused it:" in world.note(id_)
    assert "status = refused" in world.card(id_)
    assert rows(world)[0]["state"] == "refused"
    return id_


def test_what_a_network_refused_is_not_tried_again_by_itself(world: World, refused: str) -> None:
    world.publish()
    world.later(days=1)
    world.publish()
    assert not world.everything()
    assert "status = refused" in world.card(refused)


def test_a_maintainer_lets_what_was_refused_be_tried_again(world: World, alice: Person, refused: str) -> None:
    world.change(alice, refused, status="again")
    world.publish()
    world.publish()
    assert first_lines(world.everything()) == [SKIN]
    (row,) = rows(world)
    assert row["state"] == "posted"
    assert "status = posted" in world.card(refused)


def test_a_maintainer_gives_up_what_was_refused(world: World, alice: Person, refused: str) -> None:
    world.change(alice, refused, status="give up")
    world.publish()
    world.publish()
    assert not world.everything()
    assert rows(world)[0]["state"] == "given up"
    assert refused not in world.cards()


def test_a_stranger_lets_nothing_be_tried_again(world: World, mallory: Person, refused: str) -> None:
    world.change(mallory, refused, status="again")
    world.publish()
    world.publish()
    assert not world.everything()
    assert "status = refused" in world.card(refused)


def test_a_rate_limit_defers_and_the_post_goes_out_later(world: World, alice: Person) -> None:
    world.collect()
    id_ = world.approve(alice, "new skin")
    fail(world, "429")
    world.publish()
    assert not world.everything()
    assert "mediawiki on Mastodon will be tried again at" in world.note(id_)
    world.publish()
    assert not world.everything()
    world.later(hours=2)
    world.publish()
    assert first_lines(world.everything()) == [SKIN]


def test_trouble_of_one_account_delays_no_other(world: World, alice: Person, rita: Person) -> None:
    world.ask(rita, text="Come to the hackathon", accounts=BOTH)
    world.collect()
    world.approve(alice, "hackathon")
    fail(world, "429")
    world.publish()
    assert len(world.everything()) == 1
    world.later(hours=2)
    world.publish()
    assert world.posts("mediawiki") == world.posts("wikitech") == ["Come to the hackathon"]


@pytest.fixture
def in_doubt(world: World, alice: Person) -> str:
    """A candidate that went out, whose answer was lost, on a network that cannot be asked for more than a day."""
    world.collect()
    id_ = world.approve(alice, "new skin")
    fail(world, "reset", "after")
    for hours in (0, 1, 24):
        for _ in range(6):
            fail(world, "503", method="GET", path="/api/v1/(accounts|statuses)")
        world.later(hours=hours)
        world.publish()
        assert "in doubt" in world.card(id_) or "smbot keeps asking" in world.note(id_)
        world.mastodon.faults.clear()
    assert len(world.everything()) == 1
    assert "Nobody can say whether mediawiki on Mastodon posted it" in world.note(id_)
    assert "status = in doubt" in world.card(id_)
    return id_


def test_what_is_in_doubt_waits_for_a_maintainer(world: World, in_doubt: str) -> None:
    world.publish()
    world.later(days=3)
    world.publish()
    assert len(world.everything()) == 1
    assert "status = in doubt" in world.card(in_doubt)
    assert rows(world)[0]["state"] == "in doubt"


def test_who_is_asked_is_told_what_was_sent_where_the_card_says_something_else_by_now(
    world: World, bob: Person, in_doubt: str
) -> None:
    assert "What was sent" not in world.note(in_doubt)
    world.change(bob, in_doubt, text="Buy my book!")
    world.publish()
    assert "Nobody can say whether mediawiki on Mastodon posted it" in world.note(in_doubt)
    assert "What was sent: <bdi>A new skin is the default on many wikis. http://" in world.note(in_doubt)


def test_a_maintainer_says_that_it_is_out(world: World, alice: Person, in_doubt: str) -> None:
    (post,) = world.mastodon.world.state.statuses
    url = f"{world.mastodon.url}/@mediawiki/{post}"
    world.change(alice, in_doubt, status="posted", posted_link=url)
    world.publish()
    world.publish()
    assert len(world.everything()) == 1
    assert rows(world)[0]["state"] == "posted"
    assert rows(world)[0]["post"] == url
    assert "status = posted" in world.card(in_doubt)


def test_a_maintainer_says_that_it_is_not_out(world: World, alice: Person, in_doubt: str) -> None:
    world.mastodon.world.state.statuses.clear()
    world.mastodon.world.state.keys.clear()
    world.change(alice, in_doubt, status="again")
    world.publish()
    world.publish()
    assert first_lines(world.everything()) == [SKIN]
    assert rows(world)[0]["state"] == "posted"


def test_a_maintainer_gives_up_what_is_in_doubt(world: World, alice: Person, in_doubt: str) -> None:
    world.change(alice, in_doubt, status="give up")
    world.publish()
    world.publish()
    assert len(world.everything()) == 1
    assert rows(world)[0]["state"] == "given up"
    assert in_doubt not in world.cards()


def test_a_lost_answer_is_found_again_without_a_second_post(world: World, alice: Person) -> None:
    world.collect()
    world.approve(alice, "new skin")
    fail(world, "reset", "after")
    world.publish()
    world.publish()
    assert first_lines(world.everything()) == [SKIN]
    assert rows(world)[0]["state"] == "posted"
