"""What `smbot install` does to a wiki, and what it leaves alone."""

import json
import re
import secrets
from collections.abc import Iterable, Iterator
from html import unescape

import pytest
import requests

from sandbox.people import Person
from sandbox.wiki import SandboxWiki
from smbot import channels, install, messages, removal, settings, shipped, sources, templates
from smbot.gather import titles
from smbot.install import Action, Shipment, Step, plan, reminders, run
from smbot.model import Page
from smbot.names import template_page
from smbot.shipped import gadget, shipped_pages, shipped_templates
from smbot.wiki import Wiki

HOME = "Project:Smbot"
PREFIX = template_page("")
POST = template_page("post")


def there(title: str, text: str, user: str = "Smbot", protection: str = "") -> dict[str, Page]:
    return {title: Page(title, 7, text, user=user, protection=protection)}


def shipment(existing: dict[str, Page], bot: str = "Smbot") -> Shipment:
    return Shipment(HOME, bot, shipped_templates(HOME), shipped_pages(HOME), gadget(HOME), existing)


def step_for(title: str, existing: dict[str, Page], bot: str = "Smbot") -> Step:
    (found,) = [step for step in plan(shipment(existing, bot), with_gadget=True) if step.title == title]
    return found


# --- the plan -------------------------------------------------------------------------------------------------------


def test_everything_is_created_on_an_empty_wiki_and_templates_first() -> None:
    steps = plan(shipment({}))
    assert {step.action for step in steps} == {Action.CREATE}
    assert {step.base for step in steps} == {0}
    assert [step.title.startswith(PREFIX) for step in steps] == sorted(
        (step.title.startswith(PREFIX) for step in steps), reverse=True
    )


def test_a_template_is_updated_from_its_revision_while_the_bot_was_its_last_editor() -> None:
    step = step_for(POST, there(POST, "older"))
    assert (step.action, step.base) == (Action.UPDATE, 7)
    assert "-older" in step.diff


@pytest.mark.parametrize("user", ["Alice", ""])
def test_a_template_that_somebody_else_edited_last_is_kept_and_the_difference_shown(user: str) -> None:
    step = step_for(POST, there(POST, "mine", user))
    assert step.action is Action.CHANGED_BY_PEOPLE
    assert "-mine" in step.diff


def test_without_a_login_nobody_is_taken_for_the_bot() -> None:
    assert step_for(POST, there(POST, "mine", ""), bot="").action is Action.CHANGED_BY_PEOPLE


def test_a_template_that_is_as_shipped_is_left_alone_whoever_made_it_so() -> None:
    text = shipped_templates(HOME)[POST]
    assert step_for(POST, there(POST, text + "\n", "Alice")).action is Action.SAME


QUEUE = f"{HOME}/Queue"
CARD = "{{Smbot/candidate\n| id = n1\n}}"


@pytest.mark.parametrize("title", [t for t in shipped_pages(HOME) if t != f"{HOME}/Status"])
def test_a_page_of_the_desk_is_updated_only_while_nobody_but_the_bot_edited_it(title: str) -> None:
    assert step_for(title, there(title, "older")).action is Action.UPDATE
    step = step_for(title, there(title, "mine", "Alice"))
    assert step.action in (Action.CHANGED_BY_PEOPLE, Action.SAME)
    assert "mine" not in step.diff


def test_the_status_page_is_left_to_the_runs_that_draw_it() -> None:
    assert step_for(f"{HOME}/Status", there(f"{HOME}/Status", "drawn")).action is Action.SAME


@pytest.mark.parametrize("waiting", [CARD, CARD.replace("candidate", "request")])
def test_a_page_on_which_something_waits_is_kept_and_what_it_lacks_is_told(waiting: str) -> None:
    step = step_for(QUEUE, there(QUEUE, f"older\n{waiting}"))
    assert step.action is Action.CHANGED_BY_PEOPLE
    assert "+Each card is a post" in step.diff
    assert "older" not in step.diff


def test_what_the_bot_keeps_up_to_date_on_a_page_is_no_difference() -> None:
    queue = shipped_pages(HOME)[QUEUE].replace("{{Smbot/status}}", "{{Smbot/status\n|1= {{Smbot/notice|1=x|2=y}}\n}}")
    assert step_for(QUEUE, there(QUEUE, queue)).action is Action.SAME
    assert step_for(QUEUE, there(QUEUE, f"{queue}\n=== A ===\n{CARD}", "Alice")).action is Action.SAME
    title = f"{HOME}/Channels"
    channels_ = re.sub("-->\n<!-- /", "-->\n* Smbot wrote this\n<!-- /", shipped_pages(HOME)[title])
    assert channels_ != shipped_pages(HOME)[title]
    assert step_for(title, there(title, channels_)).action is Action.SAME


def test_the_home_is_written_into_everything() -> None:
    shipped = shipped_templates("Wikipedia:News desk") | shipped_pages("Wikipedia:News desk")
    assert not [title for title, text in shipped.items() if "$HOME$" in text or HOME in text]
    assert "[[Wikipedia:News desk/Queue" in shipped["Wikipedia:News desk/Requests"]


def test_every_page_smbot_reads_is_shipped() -> None:
    t = titles(HOME, "Smbot")
    assert set(shipped_pages(HOME)) == {t.settings, t.queue, t.requests, t.stop, t.log, t.wording, t.channels, t.status}
    assert shipped_pages(HOME)[t.stop] == "run"


# --- what the shipped pages say to smbot ----------------------------------------------------------------------------


# The operating page of the technology accounts; technical talks are discontinued, so that source is switched off.
ROUTING = {
    "mediawiki-news": (("mediawiki",), ()),
    "technical-blog": (("wikitech",), ("mediawiki",)),
    "tech-news": (("wikitech",), ()),
    "promotion": (("wikitech",), ()),
    "newsletter": (("wikitech",), ()),
    "office-hours": (("wikitech",), ()),
    "calls-for-mentors": (("mediawiki", "wikitech"), ()),
    "calls-for-mentees": (("wikitech",), ()),
}


def test_the_shipped_wording_is_for_sources_that_are_shipped() -> None:
    t = titles(HOME, "Smbot")
    pages = shipped_pages(HOME)
    named = re.findall(r"\| source = (.+)", pages[t.settings])
    assert set(settings.read_wordings(Page(t.wording, 1, pages[t.wording]))) <= set(named)


def test_the_shipped_settings_lack_nothing_but_protection_and_maintainers() -> None:
    t = titles(HOME, "Smbot")
    kinds = sources.usual()
    text = shipped_pages(HOME)[t.settings]
    open_ = settings.read(Page(t.settings, 1, text), kinds, channels.NETWORKS)
    assert len(open_.problems) == 3
    filled = text.replace("<!-- user names, by commas -->", "Alice, Bob")
    read = settings.read(Page(t.settings, 1, filled, protection="sysop"), kinds, channels.NETWORKS)
    assert not read.problems
    assert read.maintains("Bob", "wikitech")
    assert {feed.kind: (feed.accounts, feed.reposted_by) for feed in read.feeds} == ROUTING
    assert {account.goal for account in read.accounts.values()} == {3}
    assert read.support


def test_the_shipped_rules_are_the_defaults() -> None:
    text = shipped_pages(HOME)[f"{HOME}/Settings"]
    read = settings.read(Page("S", 1, text), {}, channels.NETWORKS)
    for name in ("four_eyes", "own_requests", "approval_days", "news_days", "pick_days", "queue_days"):
        assert getattr(read, name) == getattr(settings.Settings(), name)
    assert read.requests_per_person == settings.Settings().requests_per_person


def test_smbot_finds_its_status_line_on_the_shipped_queue_and_no_card_or_request_anywhere() -> None:
    pages = shipped_pages(HOME)
    assert len(templates.named(templates.parse(pages[f"{HOME}/Queue"]), "Smbot/status")) == 1
    for text in pages.values():
        code = templates.parse(text)
        assert not templates.named(code, "Smbot/candidate") + templates.named(code, "Smbot/request")


# --- what is left to people -----------------------------------------------------------------------------------------


def test_people_are_reminded_of_what_only_they_can_do_until_it_is_done() -> None:
    everything = shipped_templates(HOME) | shipped_pages(HOME)
    fresh = {title: Page(title, 1, text) for title, text in everything.items()}
    told = reminders(shipment(fresh))
    assert any(f"protect {HOME}/Settings" in line for line in told)
    assert any("maintainers" in line for line in told)
    assert any("gadget" in line for line in told)
    done = {title: Page(title, 1, text, protection="sysop") for title, text in (everything | gadget(HOME)).items()}
    done |= there(f"{HOME}/Settings", "{{Smbot/account | maintainers = Alice }}", protection="sysop")
    assert reminders(shipment(done)) == []


# --- on a real wiki -------------------------------------------------------------------------------------------------


@pytest.fixture
def home(wiki: SandboxWiki, site: object) -> str:
    """A new home on a wiki without smbot's templates."""
    wiki.maintenance("deleteBatch.php", stdin="\n".join([*shipped_templates(HOME), *gadget(HOME)]))
    return f"Project:{secrets.token_hex(4)}"


def said(lines: Iterable[str]) -> set[str]:
    return {line.split(":")[0] for line in lines}


def firsts(lines: Iterable[str]) -> set[str]:
    return {line.split("\n")[0] for line in lines}


def test_installing_creates_everything_and_installing_again_changes_nothing(home: str, admin: Person) -> None:
    wanted = shipped_templates(home) | shipped_pages(home)
    dry = run(Wiki(), home, dry_run=True)
    assert said(dry.done) == {"create"}
    assert not admin.revision_id(POST)
    first = run(Wiki(), home)
    assert said(first.done) == {"created"}
    assert {title: admin.get(title) for title in wanted} == wanted
    before = {title: admin.revision_id(title) for title in wanted}
    assert said(run(Wiki(), home).done) == {"same"}
    assert {title: admin.revision_id(title) for title in wanted} == before


def test_what_people_changed_is_kept_and_what_they_did_not_is_updated(
    home: str, admin: Person, mallory: Person, smbot: Person
) -> None:
    run(Wiki(), home)
    mallory.edit(POST, "A nicer post")
    admin.edit(f"{home}/Queue", "Our own queue")
    smbot.edit(f"{PREFIX}answer", "An older version")
    report = run(Wiki(), home)
    assert admin.get(POST) == "A nicer post"
    assert any(line.startswith(f"{Action.CHANGED_BY_PEOPLE}: {POST}\n") for line in report.done)
    assert admin.get(f"{home}/Queue") == "Our own queue"
    assert any("+Each card is a post" in line for line in report.done)
    assert admin.get(f"{PREFIX}answer") == shipped_templates(home)[f"{PREFIX}answer"]
    assert any(line.startswith(f"updated: {PREFIX}answer\n") and "-An older version" in line for line in report.done)


def test_an_edit_made_while_installing_is_not_overwritten(home: str, smbot: Person, mallory: Person) -> None:
    run(Wiki(), home)
    smbot.edit(POST, "An older version")

    class Slow(Wiki):
        def read(self, titles: Iterable[str]) -> dict[str, Page]:
            pages = super().read(titles)
            if POST in pages and pages[POST].text == "An older version":
                mallory.edit(POST, "Quicker than the bot")
            return pages

    report = run(Slow(), home)
    assert mallory.get(POST) == "Quicker than the bot"
    assert any("run smbot install again" in line for line in report.problems)


def test_a_protected_template_keeps_no_other_from_being_updated(home: str, admin: Person, smbot: Person) -> None:
    run(Wiki(), home)
    for name in ("post", "answer"):
        smbot.edit(PREFIX + name, "An older version")
    admin.protect(POST)
    report = run(Wiki(), home)
    assert any(POST in line and "protectedpage" in line for line in report.problems)
    assert f"updated: {PREFIX}answer" in firsts(report.done)


def test_a_template_that_was_only_protected_or_reverted_is_still_the_bots(
    home: str, admin: Person, smbot: Person, mallory: Person
) -> None:
    run(Wiki(), home)
    smbot.edit(POST, "An older version")
    mallory.edit(POST, "Nonsense")
    admin.edit(POST, "An older version")
    admin.protect(POST, "autoconfirmed")
    assert f"updated: {POST}" in firsts(run(Wiki(), home).done)


def test_the_button_opens_a_form_that_smbot_understands(home: str, admin: Person) -> None:
    run(Wiki(), home)
    html = admin.parse(admin.get(f"{home}/Requests"), f"{home}/Requests")
    (address,) = re.findall(r'href="([^"]*section=new[^"]*)"', html)
    edit_window = requests.get(unescape(address), timeout=60).text
    assert "Fill in what you need" in edit_window
    (typed,) = re.findall(r"<textarea[^>]*>(.*?)</textarea>", edit_window, re.S)
    (request,) = templates.named(templates.parse(unescape(typed)), "Smbot/request")
    assert [templates.raw(request, name) for name in ("text", "accounts", "language")] == ["", "", "en"]


# --- in any language, with any extensions ---------------------------------------------------------------------------


@pytest.mark.parametrize("language", messages.languages())
def test_what_is_shipped_is_whole_in_every_language(language: str) -> None:
    with messages.speaking(language):
        texts = shipped_templates(HOME) | shipped_pages(HOME) | shipped_templates(HOME, ())
    for title, text in texts.items():
        assert "⧼" not in text, title
        assert not re.search(r"\$[1-9]", text), title
        for data in re.findall(r"<templatedata>(.*?)</templatedata>", text, re.DOTALL):
            assert json.loads(data)["description"], title


def test_a_message_with_a_quote_does_not_break_what_is_written_for_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped, "fill", lambda text: re.sub("⧼.*?⧽", lambda _: 'a "quote" \\ </templatedata>', text))
    (data,) = re.findall(r"<templatedata>(.*)</templatedata>", shipped_templates(HOME)[POST], re.DOTALL)
    assert json.loads(data)["description"] == 'a "quote" \\ </templatedata>'


def test_the_settings_say_which_language_is_installed(home: str, wiki: SandboxWiki, admin: Person) -> None:
    admin.edit(f"{home}/Settings", "{{Smbot/settings | language = de }}")
    run(Wiki(), home)
    with messages.speaking("de"):
        german = shipped_templates(home)[POST]
    assert admin.get(POST) == german


def test_without_parser_functions_nothing_is_installed_that_needs_them() -> None:
    texts = shipped_templates(HOME, ()) | shipped_pages(HOME)
    assert texts.keys() == (shipped_templates(HOME) | shipped_pages(HOME)).keys()
    assert not [title for title, text in texts.items() if re.search(r"\{\{#(?!tag:)", text)]


@pytest.fixture
def bare(wiki: SandboxWiki) -> Iterator[None]:
    """The wiki without any extension."""
    wiki.configure(sandboxWithout=["Gadgets", "InputBox", "ParserFunctions", "Scribunto", "TemplateData"])
    yield
    wiki.configure()


@pytest.mark.usefixtures("bare")
def test_a_wiki_without_extensions_shows_everything_too(home: str, admin: Person) -> None:
    report = run(Wiki(), home)
    assert any("has no gadgets" in line for line in report.reminders)
    assert not [title for title in shipped_templates(home) if "templatedata" in admin.get(title)]
    filled = "".join(f"|{name}=1{name}1" for name in ("status", "source", "expires", "note", "notes", "checks"))
    post = "{{Smbot/post|account=wikitech|on=Mastodon|length=5|limit=500|text=Words|warning=Spiders}}"
    for wikitext, words in {
        f"{{{{Smbot/candidate{filled}|preview={post}}}}}": ("1status1", "1note1", "Words", "Spiders", "To approve"),
        "{{Smbot/request|text=Please|accounts=wikitech}}": ("Please", "wikitech", "smbot answers here"),
        "{{Smbot/log row|state=posted|account=a|network=x|text=Out|post=https://x.test/1}}": ("posted", "Out", "see"),
        admin.get(f"{home}/Settings"): ("four eyes", "wikitech", "tech-news"),
        admin.get(f"{home}/Queue"): ("run", "Each card is a post"),
    }.items():
        html = admin.parse(wikitext, home)
        assert not re.search(r"\{\{|⧼", html)
        assert not [word for word in words if word not in html]


@pytest.mark.usefixtures("bare")
def test_a_plain_template_hides_labels_of_what_there_is_not_and_never_words(home: str, admin: Person) -> None:
    run(Wiki(), home)
    label = re.compile(r'<span style="display:none"><b>Warning:')
    bare_post = admin.parse("{{Smbot/candidate|id=n|preview={{Smbot/post|text=Words}}}}")
    assert not re.search("'|<i>", bare_post)
    assert label.search(admin.parse("{{Smbot/post|text=Words}}"))
    for words in ("Spiders", "; x", "!important", "/**/", "&#59;"):
        assert not label.search(admin.parse(f"{{{{Smbot/post|text=Words|warning={words}}}}}"))
    for words in ("; position:fixed | x", "'';''", "* none"):
        html = admin.parse(f"{{{{Smbot/post|text=Words|warning={templates.encode(words)}}}}}")
        assert f">{words}<" in unescape(html)
        assert html.count("position:") == words.count("position:")


# --- the gadget -----------------------------------------------------------------------------------------------------


def test_the_gadget_has_the_messages_of_every_language_and_the_home() -> None:
    script = gadget("Project:A</script>~~~~")["MediaWiki:Gadget-smbot.js"]
    (told,) = re.findall(r"var MESSAGES = (.*);", script)
    assert json.loads(told)["en"]["about"] == messages.say("gadget-about")
    assert "/*HOME*/" not in script
    assert "A\\u003c/script\\u003e\\u007e\\u007e" in script


def test_an_interface_administrator_saves_the_gadget_as_it_is_printed(home: str, admin: Person) -> None:
    for title, text in gadget(home).items():
        admin.edit(title, text)
        assert admin.get(title) == text.rstrip()
    assert not any("gadget" in line for line in run(Wiki(), home).reminders)


def test_a_bot_with_the_rights_adds_its_line_to_the_gadgets_of_others(home: str, admin: Person) -> None:
    admin.edit(shipped.DEFINITIONS, "== Ours ==\n* other[ResourceLoader]|other.js")

    class Trusted(Wiki):
        def rights(self) -> frozenset[str]:
            return super().rights() | install.MAY_ADD_GADGETS

    shipment = install.look(Wiki(), home)
    (step,) = [s for s in plan(shipment, with_gadget=True) if s.title == shipped.DEFINITIONS]
    assert step.action is Action.UPDATE
    assert step.text.startswith("== Ours ==\n* other[ResourceLoader]|other.js\n* smbot[ResourceLoader|")
    assert any(shipped.DEFINITIONS in line for line in run(Trusted(), home, dry_run=True).done)


# --- taking it off --------------------------------------------------------------------------------------------------


def test_removing_lists_what_nobody_needs_and_takes_nothing_people_wrote(
    home: str, admin: Person, alice: Person
) -> None:
    run(Wiki(), home)
    alice.edit(f"{home}/Requests", f"{admin.get(f'{home}/Requests')}\n== A ==\n{{{{Smbot/request|text=Please}}}}")
    before = admin.get(f"{home}/Queue")
    removed = removal.run(Wiki(), home)
    assert {f"{home}/Queue", f"{home}/Settings"} <= set(removed.left)
    card = f"{PREFIX}candidate"
    others = Wiki().transcluded([card]).get(card, frozenset()) - {*removed.left}
    assert (card in removed.left) is (not others), "it goes when no page that stays is drawn with it"
    assert {f"{home}/Requests", f"{home}/Log", f"{PREFIX}request", f"{PREFIX}hue"} <= set(removed.kept)
    assert not removed.done
    assert admin.get(f"{home}/Queue") == before
    assert f"\n{home}/Queue\n" in "\n".join(removal.told(removed))


def test_a_bot_that_may_delete_does_and_tells_what_the_wiki_refuses(home: str, admin: Person) -> None:
    run(Wiki(), home)
    refused = f"{home}/Wording"

    class Trusted(Wiki):
        def rights(self) -> frozenset[str]:
            return super().rights() | {"delete"}

        def delete(self, title: str, reason: str) -> None:
            if title == refused:
                super().delete(title, reason)
            admin.delete(title, reason)

    assert not removal.run(Trusted(), home, dry_run=True).done
    removed = removal.run(Trusted(), home)
    assert f"deleted: {home}/Queue" in removed.done
    assert not admin.get(f"{home}/Queue")
    assert admin.get(f"{home}/Log")
    (problem,) = removed.problems
    assert refused in problem
    assert "permission" in problem
    assert admin.get(refused)


def test_a_page_that_somebody_without_an_account_edited_is_theirs(home: str, admin: Person, smbot: Person) -> None:
    smbot.edit(f"{home}/Wording", "Older")
    asked = {"action": "edit", "title": f"{home}/Wording", "appendtext": " words", "token": "+\\"}
    requests.post(admin.api, asked | {"format": "json"}, timeout=60).raise_for_status()
    smbot.edit(f"{home}/Wording", "Older words, kept by the bot")
    assert any(line.startswith(f"changed by people: {home}/Wording\n") for line in run(Wiki(), home).done)
    assert admin.get(f"{home}/Wording") == "Older words, kept by the bot"
