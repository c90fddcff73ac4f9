"""A wiki may have its own names for smbot's templates and pages."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from sandbox.browser import Browser
from sandbox.people import Person
from smbot import names
from smbot.errors import UsageError
from smbot.shipped import DEFINITIONS
from smbot.templates import name_of, parse
from tests import gadget
from tests.test_cli import SMBOT, run
from tests.world import World

OURS = {"SMBOT_TEMPLATES": "sozial_/", "SMBOT_PAGES": "Queue = Warteschlange, Requests = Anfragen; Log=ଲଗ୍"}


# --- what can be names ----------------------------------------------------------------------------------------------


def test_without_a_word_everything_has_its_usual_name() -> None:
    assert names.read({}) == ("Smbot/", {name: name for name in names.PAGES})
    assert names.read({"SMBOT_TEMPLATES": " ", "SMBOT_PAGES": ",\n"}) == names.read({})


@pytest.mark.parametrize(
    ("given", "prefix"),
    [
        ("social/", "Social/"),
        ("Template:Social_media ", "Social media"),
        ("User:Smbot/", "User:Smbot/"),
        ("user : smbot/T/", "User:Smbot/T/"),
        ("ଖବର/", "ଖବର/"),
    ],
)
def test_a_name_is_written_as_mediawiki_writes_it(given: str, prefix: str) -> None:
    assert names.read({"SMBOT_TEMPLATES": given})[0] == prefix


@pytest.mark.parametrize("typed", ["user:smbot/T/line", "User : Smbot/T/line", " USER:_smbot/T/line\n"])
def test_templates_in_another_namespace_are_known_as_mediawiki_knows_them(typed: str) -> None:
    (template,) = parse(f"{{{{{typed}|a}}}}").filter_templates()
    assert name_of(template) == "User:Smbot/T/line"


def test_pages_are_renamed_one_by_one() -> None:
    prefix, pages = names.read(OURS)
    assert prefix == "Sozial /"
    assert [pages[name] for name in ("Queue", "Requests", "Log", "Settings")] == [
        "Warteschlange", "Anfragen", "ଲଗ୍", "Settings",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"SMBOT_PAGES": "Warteschlange"}, "Write it as Queue = Other name"),
        ({"SMBOT_PAGES": "Queue ="}, "Write it as Queue = Other name"),
        ({"SMBOT_PAGES": "Line = A"}, "the pages are Settings, Requests, Queue"),
        ({"SMBOT_PAGES": "Queue = Log"}, "the same name"),
        ({"SMBOT_PAGES": "Queue = a|b"}, "‘A|b’ cannot be the name"),
        ({"SMBOT_TEMPLATES": "{{x"}, "cannot be the name"),
        ({"SMBOT_TEMPLATES": "[[A]]"}, "cannot be the name"),
        ({"SMBOT_TEMPLATES": "../"}, "cannot be the name"),
        ({"SMBOT_TEMPLATES": "ଖ" * 40}, "cannot be the name"),
    ],
)
def test_what_cannot_be_names_is_told(given: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        names.read(given)


def test_a_command_with_names_that_cannot_be_says_so_and_does_nothing() -> None:
    code, _, said = run(*SMBOT, "install", "--gadget", SMBOT_TEMPLATES="{{x")
    assert (code, said.startswith("smbot: ‘{{x’ cannot be the name")) == (2, True)


# --- on a wiki ------------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(world: World) -> Iterator[World]:
    yield world
    gadget.remove(world)


def test_the_whole_story_is_told_with_the_names_of_the_wiki(
    desk: World, bot_environment: dict[str, str], browser: Browser, admin: Person, rita: Person, alice: Person
) -> None:
    environment = bot_environment | desk.environment | OURS | {"SMBOT_HOME": f"{desk.home}/Here"}

    def smbot(*arguments: str) -> str:
        code, printed, said = run(*SMBOT, *arguments, **environment)
        assert code == 0, said
        return printed

    here = f"{desk.home}/Here"
    smbot("install")
    shown = smbot("install", "--gadget")
    for part in shown.split("\n\n=== "):
        title, _, text = part.removeprefix("=== ").partition(" ===\n")
        admin.edit(title, text.replace("[", "[default|", 1) if title == DEFINITIONS else text)
    account = "{{Sozial /settings}}\n{{Sozial /account|account=wikitech|networks=mastodon|maintainers=Alice}}"
    admin.edit(f"{here}/Settings", account)
    admin.protect(f"{here}/Settings")
    admin.edit(f"{here}/Run", "run")
    rita.edit(f"{here}/Anfragen", "{{sozial_/request\n| text = Come to the hackathon.\n| accounts = wikitech\n}}")
    smbot("collect")
    queue = admin.get(f"{here}/Warteschlange")
    (id_,) = re.findall(r"\{\{Sozial /candidate\n\| id = (r\w+)", queue)
    assert "{{Sozial /answer|1=queued" in admin.get(f"{here}/Anfragen")
    with browser.visit(desk.wiki, alice) as page:
        page.goto(desk.wiki.page_url(f"{here}/Warteschlange"))
        card = gadget.card(page, id_)
        gadget.press(card, "Approve")
        assert "Approved" in gadget.said(page)
    smbot("publish")
    assert desk.posts("wikitech") == ["Come to the hackathon."]
    assert "1=posted" in admin.get(f"{here}/Anfragen")
    (log,) = [title for title in titles_below(admin, here) if "/ଲଗ୍/" in title]
    assert "{{Sozial /log row" in admin.get(log)
    everything = "".join(admin.get(title) for title in titles_below(admin, here))
    assert "Smbot/" not in everything
    assert "$HOME$" not in everything
    assert "SMBOT_" not in everything


def titles_below(admin: Person, home: str) -> list[str]:
    """The pages below a page of the project namespace."""
    found = admin.query(list="allpages", apnamespace=4, apprefix=f"{home.partition(':')[2]}/", aplimit="max")
    return [page["title"] for page in found["allpages"]]
