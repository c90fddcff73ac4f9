"""Facts about MediaWiki and pywikibot that smbot is built on, each asked of the real software."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.people import Person, RefusedError
from sandbox.wiki import PASSWORD, SandboxError, SandboxWiki, create

LINES = "".join(f"line {number}\n" for number in range(9))
MEMORY = "User:Smbot/memory.json"

_numbers = count(1)


@pytest.fixture
def title() -> str:
    """The title of a page that no other test uses."""
    return f"Fact {next(_numbers)}"


@pytest.fixture
def memory(smbot: Person) -> Iterator[str]:
    """A JSON page of the bot, which holds the numbers from 0 to 8 under the keys k0 to k8."""
    smbot.edit(MEMORY, json.dumps({f"k{number}": number for number in range(9)}))
    yield MEMORY
    smbot.edit(MEMORY, "{}")


@contextmanager
def refused(code: str) -> Iterator[None]:
    """The wiki refuses what the block tries, with this error code."""
    with pytest.raises(RefusedError) as caught:
        yield
    assert caught.value.code == code


def save_twice(person: Person, title: str, before: str, first: str, second: str) -> dict[str, Any]:
    """Save two texts that were both worked out from `before`; return what the second save was answered."""
    seen = person.edit(title, before).get("newrevid") or person.revision_id(title)
    assert "newrevid" in person.edit(title, first, baserevid=seen)
    return person.edit(title, second, baserevid=seen)


# -- Compare and swap (https://www.mediawiki.org/wiki/API:Edit)


def test_a_save_that_states_its_base_conflicts_even_with_the_same_account(smbot: Person, title: str) -> None:
    with refused("editconflict"):
        save_twice(smbot, title, "old\n", "first\n", "second\n")
    assert smbot.get(title) == "first"


def test_a_save_that_states_only_its_time_overwrites_the_same_account_silently(smbot: Person, title: str) -> None:
    seen = smbot.edit(title, "old")
    smbot.edit(title, "first")
    smbot.edit(title, "second", basetimestamp=seen["newtimestamp"], starttimestamp=seen["newtimestamp"])
    assert smbot.get(title) == "second"


def test_edits_of_distant_lines_merge(smbot: Person, title: str) -> None:
    save_twice(smbot, title, LINES, LINES.replace("line 2", "first"), LINES.replace("line 4", "second"))
    assert smbot.get(title).split("\n")[2:5] == ["first", "line 3", "second"]


def test_edits_of_neighbouring_lines_conflict(smbot: Person, title: str) -> None:
    with refused("editconflict"):
        save_twice(smbot, title, LINES, LINES.replace("line 2", "first"), LINES.replace("line 3", "second"))


def test_the_second_of_two_identical_edits_is_told_success_without_a_change(smbot: Person, title: str) -> None:
    """So two runs that write the same claim would both believe they hold it: a claim has to name its run."""
    answer = save_twice(smbot, title, LINES, LINES + "claimed\n", LINES + "claimed\n")
    assert answer["result"] == "Success"
    assert answer["nochange"] is True
    assert "newrevid" not in answer


def test_two_different_claims_in_one_place_conflict(smbot: Person, title: str) -> None:
    with refused("editconflict"):
        save_twice(smbot, title, LINES, LINES + "claimed by run 1\n", LINES + "claimed by run 2\n")


def test_base_revision_zero_does_not_mean_that_the_page_is_new(smbot: Person, title: str) -> None:
    smbot.edit(title, "first", baserevid=0)
    smbot.edit(title, "second", baserevid=0)
    assert smbot.get(title) == "second"


def test_createonly_refuses_a_page_that_exists(smbot: Person, title: str) -> None:
    smbot.edit(title, "first", createonly=True)
    with refused("articleexists"):
        smbot.edit(title, "second", createonly=True)


def test_a_page_deleted_meanwhile_comes_back_unless_nocreate_is_said(smbot: Person, admin: Person, title: str) -> None:
    seen = smbot.edit(title, "text")["newrevid"]
    admin.delete(title)
    with refused("missingtitle"):
        smbot.edit(title, "text again", baserevid=seen, nocreate=True)
    assert smbot.edit(title, "text again", baserevid=seen)["new"] is True


# -- pywikibot (https://doc.wikimedia.org/pywikibot/stable/)


def test_pywikibot_saves_by_compare_and_swap(site: Any, title: str) -> None:
    import pywikibot
    from pywikibot.exceptions import EditConflictError, NoCreateError, PageCreatedConflictError

    def save(text: str, **how: Any) -> None:
        page = pywikibot.Page(site, title)
        page.text = text
        page.save("a test", minor=False, quiet=True, **how)

    with pytest.raises(NoCreateError):
        save("first", nocreate=True)
    save("first", createonly=True)
    with pytest.raises(PageCreatedConflictError):
        save("first", createonly=True)
    seen = pywikibot.Page(site, title).latest_revision_id
    save("second", baserevid=seen, basetimestamp=None, nocreate=True)
    with pytest.raises(EditConflictError):
        save("third", baserevid=seen, basetimestamp=None, nocreate=True)


def test_the_fewest_grants_let_the_bot_do_all_its_work_and_mark_it(site: Any, alice: Person, title: str) -> None:
    import pywikibot

    for each in (title, f"Talk:{title}", "User talk:Alice", "User:Smbot/grants.json"):
        page = pywikibot.Page(site, each)
        page.text = "{}"
        page.save("a test", quiet=True)
    changes = alice.query(list="recentchanges", rcuser="Smbot", rcshow="bot", rcprop="title")["recentchanges"]
    assert {title, f"Talk:{title}", "User talk:Alice", "User:Smbot/grants.json"} <= {each["title"] for each in changes}


def test_a_script_in_its_own_process_is_logged_in_by_its_folder(wiki: SandboxWiki, bot_environment: Any) -> None:
    asked = "import pywikibot; site = pywikibot.Site(); site.login(); print(site.user())"
    done = subprocess.run(
        [sys.executable, "-c", asked], env=bot_environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "Smbot\n"


# -- The memory (https://www.mediawiki.org/wiki/Help:Content_model)


def test_a_json_page_of_the_bot_has_the_json_model_and_strangers_cannot_edit_it(
    memory: str, mallory: Person, admin: Person
) -> None:
    assert mallory.page(memory, prop="info")["contentmodel"] == "json"
    for forbidden in (memory, "User:Smbot/new.json", "User:Smbot/deep/down.json"):
        with refused("customjsonprotected"):
            mallory.edit(forbidden, "{}")
    with refused("customjsonprotected"):
        mallory.move(memory, "User:Mallory/memory.json")
    assert mallory.page(memory, prop="info", inprop="protection")["protection"] == []


def test_every_administrator_can_edit_the_bots_json_page(wiki: SandboxWiki, memory: str, smbot: Person) -> None:
    with wiki.person("Sysop", groups=["sysop"]) as sysop:
        assert sysop.edit(memory, '{"by": "an administrator"}')["result"] == "Success"
    assert smbot.history(memory, limit=1)[0]["user"] == "Sysop"


def test_a_name_that_does_not_end_in_small_json_is_an_ordinary_page(mallory: Person) -> None:
    assert mallory.edit("User:Smbot/memory.JSON", "mine")["contentmodel"] == "wikitext"


def test_a_json_page_refuses_what_is_not_json(memory: str, smbot: Person) -> None:
    with refused("invalid-json-data"):
        smbot.edit(memory, '{"half": ')


def test_mediawiki_lays_json_out_anew_with_tabs(memory: str, smbot: Person) -> None:
    smbot.edit(memory, '{"b": {"c": "\\u0b13/"}, "a": []}')
    assert smbot.get(memory) == '{\n\t"b": {\n\t\t"c": "ଓ/"\n\t},\n\t"a": []\n}'


def test_mediawiki_does_not_keep_big_numbers_exactly(memory: str, smbot: Person) -> None:
    """PHP counts in 64 bits and takes larger numbers for floats: ids belong in strings."""
    smbot.edit(memory, '{"safe": 9223372036854775807, "lost": 12345678901234567890, "float": 1.0}')
    assert smbot.get(memory) == '{\n\t"safe": 9223372036854775807,\n\t"lost": 1.2345678901234567e+19,\n\t"float": 1\n}'


def test_saves_of_distant_json_lines_merge_when_laid_out_as_mediawiki_does(memory: str, smbot: Person) -> None:
    stored = smbot.get(memory)
    save_twice(smbot, memory, stored, stored.replace('"k2": 2', '"k2": 20'), stored.replace('"k6": 6', '"k6": 60'))
    assert json.loads(smbot.get(memory)) == {f"k{n}": n for n in range(9)} | {"k2": 20, "k6": 60}


def test_saves_of_json_on_one_line_always_conflict(memory: str, smbot: Person) -> None:
    old = json.loads(smbot.get(memory))
    with refused("editconflict"):
        save_twice(smbot, memory, json.dumps(old), json.dumps(old | {"k2": 20}), json.dumps(old | {"k6": 60}))


def test_a_merge_of_two_lines_with_one_key_loses_one_of_them(memory: str, smbot: Person) -> None:
    stored = smbot.get(memory)
    first = stored.replace('"k0": 0', '"new": 1,\n\t"k0": 0')
    save_twice(smbot, memory, stored, first, stored.replace('"k8": 8', '"k8": 8,\n\t"new": 2'))
    assert json.loads(smbot.get(memory))["new"] == 2


# -- What vouches for people: protection, blocks, hidden revisions


def test_protection_is_shown(admin: Person, smbot: Person, title: str) -> None:
    admin.edit(title, "settings")
    admin.protect(title)
    shown = smbot.page(title, prop="info", inprop="protection")["protection"]
    assert shown == [{"type": "edit", "level": "sysop", "expiry": "infinity"}]
    with refused("protectedpage"):
        smbot.edit(title, "mine")
    admin.protect(title, "all")
    assert smbot.page(title, prop="info", inprop="protection")["protection"] == []


def test_protection_of_a_page_that_does_not_exist_is_of_another_type(admin: Person, smbot: Person, title: str) -> None:
    admin.protect(title)
    shown = smbot.page(title, prop="info", inprop="protection")["protection"]
    assert shown == [{"type": "create", "level": "sysop", "expiry": "infinity"}]


def test_a_block_is_shown_until_it_is_lifted(admin: Person, mallory: Person, smbot: Person, title: str) -> None:
    def blocked() -> bool:
        return "blockid" in smbot.query(list="users", ususers="Mallory", usprop="blockinfo")["users"][0]

    admin.block("Mallory")
    assert blocked()
    with refused("blocked"):
        mallory.edit(title, "still here")
    admin.unblock("Mallory")
    assert not blocked()


@pytest.mark.parametrize("suppress", [False, True])
def test_what_a_revision_hides_is_marked_and_not_given_to_the_bot(
    admin: Person, alice: Person, smbot: Person, title: str, suppress: bool
) -> None:
    hidden = alice.edit(title, "secret", "rude")["newrevid"]
    alice.edit(title, "public")
    admin.hide_revision(hidden, suppress=suppress)
    revision = smbot.history(title)[1]
    assert revision["userhidden"]
    assert revision["commenthidden"]
    assert revision["sha1hidden"]
    assert revision["slots"]["main"] == {"texthidden": True}
    assert revision.get("suppressed", False) is suppress
    assert not {"user", "comment", "sha1"} & set(revision)


def test_a_hidden_author_leaves_the_text_readable(admin: Person, alice: Person, smbot: Person, title: str) -> None:
    hidden = alice.edit(title, "readable")["newrevid"]
    alice.edit(title, "later")
    admin.hide_revision(hidden, "user")
    revision = smbot.history(title)[1]
    assert revision["userhidden"]
    assert "user" not in revision
    assert revision["slots"]["main"]["content"] == "readable"


# -- Showing words as they are: {{#tag:nowiki|...}} (https://www.mediawiki.org/wiki/Help:Magic_words#Miscellaneous)


@pytest.mark.parametrize(
    ("argument", "html"),
    [
        ("* [[x|y]] ''z''  <b>\n+ #:;", "* [[x|y]] ''z''  &lt;b&gt;\n+ #:;"),
        ("what ?", "what&#160;?"),  # for the reader's eyes only: a space before ? ! : ; % does not break the line
        ("~~~~ &amp; &", "~~~~ &amp; &amp;"),
        ("https://example.org __TOC__", "https://example.org __TOC__"),
        ("a <nowiki>'''b'''</nowiki> c", "a '''b''' c"),  # a nested nowiki protects its words and vanishes
        ("a <nowiki>{{x}}|</nowiki>c", "a {{x}}|c"),
        ("a</nowiki> '''b'''", "a&lt;/nowiki&gt; '''b'''"),
        ("a {{!}} b {{=}} {{SITENAME}}", "a | b = Sandbox wiki"),  # what is expanded first is not protected:
        ("a<!-- b -->c", "ac"),  # comments vanish,
        ("a <pre>b</pre>", "a </p><pre>b</pre>"),  # and other tags of the parser work
        ("  a  ", "a"),  # named arguments lose their outer white space
    ],
)
def test_a_template_shows_its_argument_as_it_is(smbot: Person, argument: str, html: str) -> None:
    smbot.edit("Template:Verbatim", "{{#tag:nowiki|{{{1}}}}}")
    assert f"<p>{html}\n" in smbot.parse(f"{{{{Verbatim|1={argument}}}}}")


def test_a_signature_in_an_argument_is_replaced_when_the_page_is_saved(smbot: Person, title: str) -> None:
    smbot.edit(title, "{{Verbatim|1=~~~ <nowiki>~~~</nowiki>}}")
    assert smbot.get(title) == "{{Verbatim|1=[[User:Smbot|Smbot]] ([[User talk:Smbot|talk]]) <nowiki>~~~</nowiki>}}"


# -- The sandbox itself


def test_what_the_demo_shows_is_installed(wiki: SandboxWiki, alice: Person) -> None:
    extensions = {each["name"] for each in alice.query(meta="siteinfo", siprop="extensions")["extensions"]}
    assert {"Gadgets", "InputBox", "Interwiki", "ParserFunctions", "Scribunto", "TemplateData"} <= extensions
    assert "https://phabricator.wikimedia.org/T1" in alice.parse("[[phab:T1]]")
    assert alice.page("Project:X")["title"] == "Sandbox:X"
    page = requests.get(wiki.page_url("User:Smbot/no such.json"), timeout=30)
    assert "vector-2022" in page.text


def test_pages_are_imported_under_their_author(wiki: SandboxWiki, alice: Person, title: str) -> None:
    wiki.import_pages({title: "=&<nowiki>|</nowiki>  ଓଡ଼ିଆ\n\n\n* x", f"User:Alice/{title}.json": "{}"}, author="Alice")
    assert alice.get(title) == "=&<nowiki>|</nowiki>  ଓଡ଼ିଆ\n\n\n* x"
    assert alice.history(title)[0]["user"] == "Alice"
    assert alice.page(f"User:Alice/{title}.json", prop="info")["contentmodel"] == "json"


def test_pictures_are_imported_uploaded_and_served(
    wiki: SandboxWiki, alice: Person, admin: Person, tmp_path: Path
) -> None:
    picture = tmp_path / "Imported.png"
    shutil.copy(wiki.mediawiki / "resources" / "assets" / "mediawiki.png", picture)
    wiki.import_image(picture)
    alice.upload(picture, "Uploaded.png", "A logo")
    for title in ("File:Imported.png", "File:Uploaded.png"):
        info = alice.page(title, prop="imageinfo", iiprop="url|mime", iiurlwidth=40)["imageinfo"][0]
        for url in (info["url"], info["thumburl"]):
            answer = requests.get(url, timeout=30)
            assert answer.headers["Content-Type"] == "image/png"
            assert answer.content.startswith(b"\x89PNG")


def test_a_setting_holds_from_the_next_request_on(wiki: SandboxWiki, alice: Person, title: str) -> None:
    wiki.configure(wgReadOnly="Moving house")
    try:
        with refused("readonly"):
            alice.edit(title, "text")
    finally:
        wiki.configure()
    assert alice.edit(title, "text")["result"] == "Success"


def test_jobs_refresh_the_pages_that_use_a_template(tmp_path: Path) -> None:
    made = create(tmp_path)  # on the wiki of all tests thousands of jobs may wait
    with made.serving(), made.person("Rita") as rita:
        rita.edit("Template:Used", "old")
        rita.edit("Page", "{{Used}}")
        rita.edit("Template:Used", "[[Category:New]]")
        made.run_jobs()
        categories = rita.page("Page", prop="categories")["categories"]
    assert [each["title"] for each in categories] == ["Category:New"]


def test_a_wiki_keeps_its_pages_and_its_port_when_it_is_stopped_and_started(tmp_path: Path) -> None:
    made = create(tmp_path)
    with made.serving(), made.person("Rita") as rita:
        rita.edit("Kept", "text")
        port = made.port
        with pytest.raises(SandboxError, match="already being served"):
            made.start()
        SandboxWiki(tmp_path).stop()  # as another process would
        assert not made.running
    with made.serving(), Person(made.api, "Rita", PASSWORD) as rita:
        assert made.port == port
        assert rita.get("Kept") == "text"


def test_where_there_is_no_mediawiki_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MEDIAWIKI_DIR", str(tmp_path))
    with pytest.raises(SandboxError, match=r"There is no MediaWiki in .* Run sandbox/bootstrap"):
        create(tmp_path / "wiki")


def test_where_there_is_no_php_it_says_what_to_run(
    monkeypatch: pytest.MonkeyPatch, wiki: SandboxWiki, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxError, match="php is not installed"):
        SandboxWiki(wiki.folder).run_jobs()
