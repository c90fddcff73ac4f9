"""The settings page: everything wrong with it is told at once, and with anything wrong nothing is posted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from smbot import settings
from smbot.settings import Account, Feed, Settings
from tests.builders import page

KINDS = {"tech-news": ("meta:meta", "Tech/News"), "mediawiki-news": ("mediawiki:mediawiki", "News")}
NETWORKS = ("mastodon", "bluesky")
GOOD = """
{{Smbot/settings | four eyes = yes | approval days = 7 }}
{{Smbot/account | account = MediaWiki | networks = Mastodon, bluesky
  | maintainers = alice, User:Bob_B | posts per day = 2 }}
{{Smbot/account | account = wikitech | networks = mastodon | maintainers = Alice }}
{{Smbot/source | source = Tech News | kind = tech-news | accounts = wikitech }}
{{Smbot/source | source = mediawiki-news | page = Project:News | accounts = mediawiki, wikitech }}
"""


def read(text: str, protection: str = "sysop") -> Settings:
    return settings.read(page(text, protection=protection, title="Settings"), KINDS, NETWORKS)


def test_a_good_page_says_who_speaks_who_approves_and_what_is_read() -> None:
    assert read(GOOD) == Settings(
        accounts={
            "mediawiki": Account("mediawiki", ("mastodon", "bluesky"), frozenset({"Alice", "Bob B"}), 2),
            "wikitech": Account("wikitech", ("mastodon",), frozenset({"Alice"}), 3),
        },
        feeds=(
            Feed("Tech News", "tech-news", "Tech/News", "meta:meta", ("wikitech",)),
            Feed("mediawiki-news", "mediawiki-news", "Project:News", "", ("mediawiki", "wikitech")),
        ),
        four_eyes=True,
        approval_days=7,
    )


def test_what_is_not_said_is_as_usual() -> None:
    usual = read("{{Smbot/settings}}{{Smbot/account|account=a|networks=mastodon|maintainers=A}}")
    assert usual == replace(Settings(), accounts=usual.accounts)
    assert (usual.four_eyes, usual.own_requests, usual.requests_per_person) == (False, False, 5)


@pytest.mark.parametrize("level", ["", "user", "autoconfirmed", "extendedconfirmed", "editsemiprotected"])
def test_a_page_that_anybody_can_come_to_edit_is_a_problem(level: str) -> None:
    (problem,) = read(GOOD, level).problems
    assert "not protected" in problem.message


@pytest.mark.parametrize("level", ["sysop", "templateeditor", "interface-admin"])
def test_a_protected_page_is_none(level: str) -> None:
    assert read(GOOD, level).problems == ()


def test_a_page_that_is_not_there_is_a_problem_and_names_nobody() -> None:
    empty = settings.read(page("", 0, title="Settings"), KINDS, NETWORKS)
    assert len(empty.problems) == 1
    assert not empty.accounts


def test_every_problem_is_told_at_once_each_with_its_remedy() -> None:
    found = read(
        "{{Smbot/settings|four eyes=perhaps|approval days=0|news days=many|pick days=1001}}{{Smbot/settings}}"
        "{{Smbot/account|account=not a name|networks=mastodon|maintainers=A}}"
        "{{Smbot/account|account=b|networks=mastodon, myspace|maintainers=}}"
        "{{Smbot/account|account=c|networks=mastodon|maintainers=[[User:Alice]]}}"
        "{{Smbot/account|account=c|networks=mastodon|maintainers=Bob}}"
        "{{Smbot/source|source=x|kind=nothing}}{{Smbot/source|source=tech-news|accounts=b, d}}",
        "",
    )
    said = "\n".join(problem.message for problem in found.problems)
    for part in (
        "not protected",
        "2 {{Smbot/settings}}",
        "‘four eyes’ is ‘perhaps’",
        "‘approval days’ is ‘0’",
        "‘news days’ is ‘many’",
        "‘pick days’ is ‘1001’",
        "‘not a name’",
        "no network ‘myspace’",
        "b has no maintainers",
        "[[User:Alice]]",
        "c is there twice",
        "no kind ‘nothing’",
        "no account ‘d’",
    ):
        assert part in said
    assert all(problem.remedy for problem in found.problems)


@pytest.mark.parametrize(
    "text", ["", "just words", "<nowiki>{{Smbot/account|account=a|maintainers=A}}</nowiki>", "{{Smbot/account"]
)
def test_a_page_without_an_account_is_a_problem(text: str) -> None:
    assert any("no account" in problem.message for problem in read(text).problems)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("alice", "Alice"),
        ("User:alice_b", "Alice b"),
        ("  Alice   B ", "Alice B"),
        ("ßeta", "ßeta"),
        ("élan", "Élan"),
        ("王小明", "王小明"),
        ("O'Brien (WMF)", "O'Brien (WMF)"),
        ("192.0.2.1", "192.0.2.1"),
        ("", ""),
    ],
)
def test_user_names_are_written_as_mediawiki_writes_them(typed: str, name: str) -> None:
    assert settings.user_name(typed) == name


def test_only_those_on_the_list_maintain_and_never_nobody() -> None:
    found = read(GOOD)
    assert found.maintains("Bob B", "mediawiki")
    assert not found.maintains("Bob B", "wikitech")
    assert not found.maintains("alice", "wikitech")
    assert not found.maintains("Alice", "no such account")
    nobody = replace(found, accounts={"a": Account("a", (), frozenset({""}))})
    assert not nobody.maintains("", "a")
