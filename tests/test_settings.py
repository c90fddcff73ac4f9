"""The settings page: everything wrong with it is told at once, and with anything wrong nothing is posted."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from msgspec.structs import replace

from smbot import settings
from smbot.settings import Account, Feed, Settings
from smbot.timing import Rhythm, Slot
from tests.builders import page

KINDS = {"tech-news": ("meta:meta", "Tech/News"), "mediawiki-news": ("mediawiki:mediawiki", "News")}
NETWORKS = ("mastodon", "bluesky")
USUAL = Rhythm(gap=timedelta(minutes=30))
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
            "mediawiki": Account("mediawiki", ("mastodon", "bluesky"), frozenset({"Alice", "Bob B"}), 2, rhythm=USUAL),
            "wikitech": Account("wikitech", ("mastodon",), frozenset({"Alice"}), 3, rhythm=USUAL),
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
        "{{Smbot/account|account=e|networks=mastodon|maintainers=B|threads=bluesky|visibility=secret|budget=lots|slots=soon|gap=-1}}"
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
        "threads on ‘bluesky’",
        "‘visibility’ is ‘secret’",
        "‘budget’ is ‘lots’",
        "‘slots’ cannot be read",
        "‘gap’ is ‘-1’",
    ):
        assert part in said
    assert all(problem.remedy for problem in found.problems)


@pytest.mark.parametrize(
    ("typed", "code"), [("", ""), ("or", "or"), ("pt-BR", "pt-br"), ("zh_Hant", "zh-hant"), ("be-x-old", "be-x-old")]
)
def test_the_language_is_named_by_its_code(typed: str, code: str) -> None:
    assert read(GOOD).language == ""
    found = read(GOOD.replace("{{Smbot/settings", f"{{{{Smbot/settings|language={typed}", 1))
    assert (found.language, found.problems) == (code, ())


@pytest.mark.parametrize("typed", ["German", "d", "de-", "pt br", "de.UTF-8", "../de", "ଓଡ଼ିଆ"])
def test_what_is_no_code_of_a_language_is_told(typed: str) -> None:
    found = read(GOOD.replace("{{Smbot/settings", f"{{{{Smbot/settings|language={typed}", 1))
    assert found.language == ""
    assert "‘language’ is ‘" in found.problems[0].message
    assert "such as de" in found.problems[0].remedy


def account(arguments: str) -> Account:
    """The account with these arguments beside the usual ones, which are no problem."""
    found = read(
        "{{Smbot/settings}}{{Smbot/account\n| account = a\n| networks = mastodon, bluesky\n| maintainers = A\n"
        f"{arguments}\n}}}}"
    )
    assert found.problems == ()
    return found.accounts["a"]


def account_problem(arguments: str) -> str:
    """The one problem with an account, and its remedy."""
    (problem,) = read(
        f"{{{{Smbot/settings}}}}{{{{Smbot/account|account=a|networks=mastodon|maintainers=A{arguments}}}}}"
    ).problems
    assert problem.remedy
    assert "Account a" in problem.message
    return str(problem)


def test_an_account_posts_in_public_free_of_charge_and_no_threads_unless_it_says_otherwise() -> None:
    for usual in (account(""), account("| threads = \n| visibility = \n| budget = ")):
        assert (usual.threads, usual.visibility, usual.budget) == (frozenset(), "public", 0)
    said = account("| threads = Mastodon, bluesky\n| visibility = Unlisted\n| budget = 5")
    assert (said.threads, said.visibility, said.budget) == (frozenset({"mastodon", "bluesky"}), "unlisted", 5000)


def test_an_account_has_a_rhythm_of_its_own() -> None:
    assert account("| time zone = \n| slots = \n| quiet hours = \n| gap = ").rhythm == USUAL
    said = account("| time zone = Asia/Kolkata\n| slots = Mon 09:00\n| quiet hours = 22:00-07:00\n| gap = 0")
    slots = (Slot(frozenset({0}), time(9)),)
    assert said.rhythm == Rhythm("Asia/Kolkata", slots, (time(22), time(7)), timedelta(0))


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ("|time zone=Mars/Olympus", "Mars/Olympus"),
        ("|slots=now and then", "now and then"),
        ("|quiet hours=at night", "‘quiet hours’"),
        ("|slots=23:00|quiet hours=22:00-07:00", "could never post"),
    ],
)
def test_a_rhythm_that_cannot_be_is_told(arguments: str, part: str) -> None:
    assert part in account_problem(arguments)


@pytest.mark.parametrize(
    ("typed", "mills"),
    [("5", 5000), ("5.00", 5000), ("$5", 5000), ("$ 2.5", 2500), ("0.015", 15), ("0", 0), ("999999", 999_999_000)],
)
def test_a_budget_is_in_dollars(typed: str, mills: int) -> None:
    assert account(f"| budget = {typed}").budget == mills


@pytest.mark.parametrize("typed", ["five", "-5", "5,00", "5 EUR", "0.0001", "1e3", "٥", "$", "1000000", "."])
def test_a_budget_that_cannot_be_read_is_told(typed: str) -> None:
    assert f"‘{typed}’" in account_problem(f"|budget={typed}")


def test_where_and_how_an_account_cannot_post_is_told() -> None:
    assert "‘bluesky’" in account_problem("|threads=mastodon, bluesky")
    assert "public or unlisted" in account_problem("|visibility=friends")


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("alice, Bob; Rita", {"Alice", "Bob", "Rita"}),
        ("Alice,\n  Bob, Rita,\nCarol", {"Alice", "Bob", "Rita", "Carol"}),
        ("\n* Alice, Jr.\n* Bob\n", {"Alice, Jr.", "Bob"}),
        ("\nAlice, Jr.\nUser:Bob; the builder\n\n", {"Alice, Jr.", "Bob; the builder"}),
        ("* Alice, Jr.", {"Alice, Jr."}),
        ("<!-- by commas -->\n* Alice\n# Bob", {"Alice", "Bob"}),
        ("* ଆଲିସ\n* אליס\n", {"ଆଲିସ", "אליס"}),
    ],
)
def test_maintainers_stand_between_commas_or_one_a_line(typed: str, names: set[str]) -> None:
    found = read(f"{{{{Smbot/settings}}}}{{{{Smbot/account|account=a|networks=mastodon|maintainers={typed}}}}}")
    assert found.problems == ()
    assert found.accounts["a"].maintainers == names


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
