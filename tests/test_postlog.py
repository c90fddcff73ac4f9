"""The posting log: newest on top, each delivery once, and what others wrote there changes nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smbot import postlog
from smbot.memory import HANDED_OFF
from smbot.model import Posted, Text
from smbot.postlog import HEAD, ROW, row, write
from smbot.templates import named, parse, plain, raw
from tests.builders import NOW, delivery, known


def rows(text: str) -> list[tuple[str, str]]:
    """Key and state of each row on a page."""
    return [(raw(template, "key"), raw(template, "state")) for template in named(parse(text), ROW)]


def made(id_: str, state: str = "posted") -> dict[str, str]:
    one = delivery(id_, state=state, url="https://m.example/1")
    return {one.key: row(one, known())}


def test_a_row_says_what_went_out_on_whose_word() -> None:
    posts = (Posted("https://m.example/@w/1", "1"),)
    one = delivery(state="posted", url="https://m.example/@w/1", posts=posts, text=Text("Words | more"))
    (template,) = named(parse(row(one, known(requesters=("Rita", "Bob"), url="https://wiki.test/x"))), ROW)
    said = {str(p.name).strip(): plain(template, str(p.name).strip())[0] for p in template.params}
    assert said == {
        "key": "n1/mediawiki/mastodon",
        "time": "2026-11-21 12:00",
        "account": "mediawiki",
        "network": "mastodon",
        "state": "posted",
        "text": "Words | more",
        "post": "https://m.example/@w/1",
        "approved by": "Alice",
        "approval": "5",
        "asked by": "Rita, Bob",
        "source": "MediaWiki News",
        "source link": "https://wiki.test/x",
    }


def test_what_a_person_shall_post_is_all_there_the_warning_first() -> None:
    text = Text("One.", rest=("Two.",), warning="Spiders")
    (found,) = named(parse(row(delivery(state=HANDED_OFF, text=text), known())), ROW)
    assert plain(found, "copy")[0] == "Spiders\n\nOne.\n\nTwo."


def test_the_newest_row_is_on_top_below_the_head() -> None:
    page = write(write("", made("a")), made("b") | made("c"))
    assert page.startswith(HEAD)
    assert [key[0] for key, _ in rows(page)] == ["c", "b", "a"]


def test_a_row_changes_in_its_place_and_writing_twice_changes_nothing() -> None:
    page = write(write("", made("a", "in doubt")), made("b"))
    after = write(page, made("a"))
    assert rows(after) == [("b/mediawiki/mastodon", "posted"), ("a/mediawiki/mastodon", "posted")]
    assert write(after, made("a") | made("b")) == after


def test_what_people_wrote_around_the_rows_stays() -> None:
    page = HEAD + "Note above.\n" + row(delivery("a", state="refused"), known()) + "\nNote below.\n|}\n"
    after = write(page, made("b") | made("a"))
    assert after == page.replace(
        row(delivery("a", state="refused"), known()),
        "".join((*(f"{r}\n" for r in made("b").values()), *made("a").values())),
    )


@pytest.mark.parametrize(
    "forged",
    [
        "{{Smbot/log row|key=a/mediawiki/mastodon|state=posted|post=https://evil.example}}\n",
        "{{Smbot/log row|key=a/mediawiki/mastodon|state=posted}}\n{{smbot/log_row|key=a/mediawiki/mastodon|state=x}}\n",
    ],
)
def test_a_forged_row_is_replaced_by_the_truth(forged: str) -> None:
    after = write(HEAD + forged, made("a", "refused"))
    assert rows(after) == [("a/mediawiki/mastodon", "refused")]
    assert "evil" not in after


@pytest.mark.parametrize(
    "trap",
    [
        "<!-- {{Smbot/log row|key=x}} -->\n",
        "<nowiki>{{Smbot/log row</nowiki>\n",
        "<div>{{Smbot/log row|key=x}}</div>\n",
        "{{x|{{Smbot/log row}}}}\n",
    ],
)
def test_a_row_never_lands_where_nobody_sees_it(trap: str) -> None:
    page = HEAD + trap
    for id_ in "ab":
        page = write(page, made(id_))
    assert [key[0] for key, _ in rows(page)] == ["b", "a"]
    assert trap in page


hostile = st.lists(
    st.sampled_from(["|", "}}", "{{", "=", "\n", "<nowiki>", "</nowiki>", "<!--", "[[", "~~~~", "a", "\n| key = x"])
).map("".join)


@given(hostile, hostile, hostile)
@settings(max_examples=100, deadline=None)
def test_hostile_words_stay_in_their_cell(words: str, reason: str, user: str) -> None:
    one = delivery(state="refused", text=Text(words), reason=reason, approver=user)
    page = write(write("", {one.key: row(one, known(url=words, requesters=(user,)))}), made("b"))
    assert [key for key, _ in rows(page)] == ["b/mediawiki/mastodon", "n1/mediawiki/mastodon"]
    assert plain(named(parse(page), ROW)[1], "reason")[0] == reason.strip()


def test_a_log_of_thousands_takes_one_more_row() -> None:
    page = write("", {key: r for i in range(2000) for key, r in made(f"n{i}").items()})
    after = write(page, made("new"))
    assert len(rows(after)) == 2001
    assert after.endswith(page[len(HEAD) :])


def test_the_time_is_when_sending_began_in_utc() -> None:
    assert "| time = 2026-11-21 11:00" in postlog.row(delivery(since=NOW - timedelta(hours=1)), known())
