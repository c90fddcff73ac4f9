"""The command line as people and cron jobs meet it: words, exit codes, and that a dry run changes nothing."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.people import Person
from smbot import messages
from smbot.cli import language, main
from smbot.doctor import CARD
from smbot.preview import USUAL_NETWORKS
from smbot.sources import SOURCES, tech_news
from tests.world import World

REPOSITORY = Path(__file__).resolve().parent.parent
PAGES = Path(__file__).parent / "pages"
COMMANDS = ("preview", "install", "collect", "publish", "run", "check", "calendar")
SMBOT = [sys.executable, "-c", "import sys; from smbot.cli import main; sys.exit(main())"]
REQUESTS = """\
{{Smbot/request
| text = Come to the hackathon
| accounts = wikitech
| link = https://example.org/hack
}}
{{Smbot/request
| text = '''Bold'''
| accounts = nobody
}}
"""


def run(*arguments: str, stdin: str = "", cwd: Path = REPOSITORY, **environment: str) -> tuple[int, str, str]:
    """A process of its own: exit code, what it printed, what it complained of. `arguments` begin with the program."""
    done = subprocess.run(
        arguments, input=stdin, capture_output=True, text=True, cwd=cwd, env=os.environ | environment, timeout=120
    )
    return done.returncode, done.stdout, done.stderr


# --- language -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "code"),
    [
        ({}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "de-de"),
        ({"LANG": "pt_BR"}, "pt-br"),
        ({"LANG": "or"}, "or"),
        ({"LANG": "ca_ES.UTF-8@valencia"}, "ca-es"),
        ({"LANG": "C"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "POSIX"}, "en"),
        ({"LANG": "de_DE", "LC_MESSAGES": "fr_FR"}, "fr-fr"),
        ({"LANG": "de_DE", "LC_MESSAGES": "fr_FR", "LC_ALL": "C"}, "en"),
        ({"LANG": "de_DE", "LC_MESSAGES": "", "LC_ALL": ""}, "de-de"),
    ],
)
def test_the_environment_names_the_language(environment: dict[str, str], code: str) -> None:
    assert language(environment) == code


@pytest.fixture
def environment_speaks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Let the environment ask for a language. German has a few words then, whatever has been translated."""
    texts = {"de": {"cli-usage": "Aufruf:", "cli-option-json": "Liste für Maschinen", "cli-problem": "Problem: $1"}}
    found = messages.messages
    monkeypatch.setattr(messages, "messages", lambda code: texts.get(code) or found(code))
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    messages._found.cache_clear()
    yield lambda code: monkeypatch.setenv("LANG", code)
    messages._found.cache_clear()


def test_the_language_of_the_environment_is_spoken_and_english_where_words_are_missing(
    environment_speaks: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    environment_speaks("de_AT.UTF-8")
    with pytest.raises(SystemExit):
        main(["preview", "--help"])
    printed = capsys.readouterr().out
    assert printed.startswith("Aufruf: smbot preview")
    assert "Liste für Maschinen" in printed
    assert "options:" in printed
    assert main(["preview", "mediawiki-news", "--file", str(PAGES / "mediawiki-news-undated.wikitext")]) == 1
    assert capsys.readouterr().err.startswith("Problem: The source format changed")
    environment_speaks("C.UTF-8")
    with pytest.raises(SystemExit):
        main(["preview", "--help"])
    assert capsys.readouterr().out.startswith("usage: smbot preview")


@pytest.mark.parametrize("code", messages.languages())
@pytest.mark.parametrize("arguments", [(), *((command,) for command in COMMANDS)])
def test_help_can_be_printed_in_every_language(
    code: str, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", code)
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--help"])
    assert ended.value.code == 0
    assert "smbot" in capsys.readouterr().out


# --- help and wrong use ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("help_", ["--help", "-help"])
def test_every_command_explains_itself_with_an_example(
    command: str, help_: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, help_])
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert f"examples:\n  smbot {command}" in printed
    assert "pywikibot's global options" in printed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "COMMAND"),
        (["nonsense"], "cannot be 'nonsense'. Choose from 'preview'"),
        (["collect", "--nonsense"], "--nonsense"),
        (["preview"], "source"),
        (["preview", "nothing"], "mediawiki-news"),
        (["preview", "tech-news", "--days", "-3"], "whole number"),
        (["preview", "tech-news", "--file", "/there/is/none"], "/there/is/none cannot be read"),
        (["run", "--every", "0"], "number of seconds"),
        (["run", "--every", "soon"], "number of seconds"),
        (["-simulate", "collect"], "--dry-run"),
        (["collect", "-simulate:edit"], "--dry-run"),
    ],
)
def test_wrong_use_says_what_is_right_and_exits_with_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code: object = main(arguments)
    except SystemExit as ended:
        code = ended.code
    assert code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "smbot: das fehlt: BEFEHL"),
        ("nonsense", "smbot: BEFEHL kann nicht 'nonsense' sein. Zur Wahl stehen 'preview', 'install'"),
        ("collect --nonsense", "smbot: eine Option oder ein Argument „--nonsense“ gibt es hier nicht."),
        ("preview", "smbot preview: das fehlt: source"),
        ("run --every", "smbot run: hinter --every fehlt ein Wert."),
        ("run --every soon", "smbot run: --every: „soon“ ist keine Anzahl von Sekunden"),
    ],
)
def test_wrong_use_is_explained_in_the_language_of_the_environment(
    typed: str, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    with pytest.raises(SystemExit):
        main(typed.split())
    usage, _, told = capsys.readouterr().err.rstrip().rpartition("\n")
    assert usage.startswith("Aufruf: smbot")
    assert told.startswith(said)


@pytest.mark.parametrize("command", ["collect", "publish", "run", "install", "check"])
def test_without_an_account_it_says_which_file_to_copy(command: str, tmp_path: Path) -> None:
    here = {"PYWIKIBOT_DIR": str(tmp_path), "HOME": str(tmp_path), "PYTHONPATH": str(REPOSITORY)}
    code, printed, said = run(*SMBOT, command, cwd=tmp_path, **here)
    assert (code, printed) == (2, "")
    assert "user-config.py.sample" in said


def test_an_option_that_neither_smbot_nor_pywikibot_has_is_named(bot_environment: dict[str, str]) -> None:
    code, _, said = run(*SMBOT, "collect", "-nonsense", **bot_environment)
    assert code == 2
    assert "-nonsense" in said


def test_a_wiki_that_pywikibot_does_not_know_is_wrong_use(bot_environment: dict[str, str]) -> None:
    code, _, said = run(*SMBOT, "collect", "-family:nowhere", **bot_environment)
    assert code == 2
    assert "-family:nowhere" in said
    assert "Traceback" not in said


def test_a_folder_that_is_not_there_is_wrong_use() -> None:
    code, _, said = run(*SMBOT, "collect", "-dir:/there/is/none")
    assert code == 2
    assert "/there/is/none" in said
    assert "Traceback" not in said


# --- preview --------------------------------------------------------------------------------------------------------


def preview(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
    code = main(["preview", *arguments, "--json"])
    captured = capsys.readouterr()
    return code, json.loads(captured.out), captured.err


@pytest.mark.parametrize(
    ("source", "file"), [("tech-news", "tech-news-2026.wikitext"), ("mediawiki-news", "mediawiki-news-terms.wikitext")]
)
def test_a_preview_is_a_list_for_machines(source: str, file: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, items, _ = preview(capsys, source, "--file", str(PAGES / file))
    assert code == 0
    assert items
    assert len({item["id"] for item in items}) == len(items)
    for item in items:
        assert {"id", "source", "section", "texts", "links", "flags"} <= item.keys()
        assert item["source"] == source
        assert all(text for text in item["texts"].values())
        assert all(set(link) == {"url", "label"} for link in item["links"])


def test_a_preview_shows_flags_and_the_accounts_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    file = str(PAGES / "tech-news-2026.wikitext")
    _, items, _ = preview(capsys, "tech-news", "--file", file, "--accounts", "wikitech, mediawiki")
    shown = {f"{account}/{network}" for account in ("wikitech", "mediawiki") for network in USUAL_NETWORKS}
    assert set(items[0]["texts"]) == shown
    assert ["advanced"] in [item["flags"] for item in items]
    assert not any("recurrent" in item["flags"] for item in items)


@pytest.mark.parametrize("source", ["events", "office-hours"])
def test_a_preview_leaves_out_what_is_cancelled(
    source: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file, day = tmp_path / "events.wikitext", f"{datetime.now(UTC) + timedelta(days=9):%Y-%m-%d}"
    file.write_text(f"* {day}: Meetup\n* <s>{day}: Workshop</s> cancelled\n")
    _, items, _ = preview(capsys, source, "--file", str(file))
    assert ["Meetup" in item["texts"]["wikitech/x"] for item in items] == [True]


def test_a_preview_of_requests_names_the_problems_of_each(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "requests.wikitext"
    file.write_text(REQUESTS)
    code, (good, bad), _ = preview(capsys, "requests", "--file", str(file))
    assert code == 0
    assert good["links"] == [{"url": "https://example.org/hack", "label": ""}]
    assert good["problems"] == []
    assert any("markup" in problem for problem in bad["problems"])
    assert any("‘nobody’" in problem for problem in bad["problems"])


def test_a_request_that_cannot_be_read_is_a_problem_too(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "requests.wikitext"
    file.write_text(REQUESTS + "{{Smbot/request | text = {{Oh }\n")
    code, items, said = preview(capsys, "requests", "--file", str(file))
    assert (code, len(items)) == (1, 2)
    assert "braces" in said


@pytest.mark.parametrize("source", ["tech-news", "mediawiki-news"])
def test_a_page_in_an_unknown_form_is_a_problem_and_a_placeholder_is_none(
    source: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "page.wikitext"
    file.write_text("{| class=wikitable\n| All new!\n|}\n")
    code, items, said = preview(capsys, source, "--file", str(file))
    assert (code, items) == (1, [])
    assert said.startswith("problem: ")
    placeholder = str(PAGES / "tech-news-placeholder.wikitext")
    assert preview(capsys, "tech-news", "--file", placeholder) == (0, [], "")


RSS = """<?xml version="1.0"?><rss version="2.0"><channel><title>B</title><link>https://example.org/</link>
<item><title>A story</title><link>https://example.org/1</link></item></channel></rss>"""
ICAL = """BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r
DTSTART:{day:%Y%m%d}T180000Z\r\nSUMMARY:A story\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"""
SAMPLES = {
    "mediawiki-news": ";{day:%Y-%m-%d}\n* A story.",
    "tech-news": "* A story.",
    "promotion": "Read it.",
    "technical-blog": RSS,
    "feed": RSS,
    "newsletter": "A story.",
    "new-pages": "A story.",
    "technical-talks": "=== A story ===\n{day:%B %d, %Y} at 20:00 UTC\n",
    "office-hours": '{{| class="wikitable"\n! Date !! Time !! Topic\n|-\n| {day:%Y-%m-%d} || 18:00 UTC || A story\n|}}',
    "calls-for-mentors": "* {day:%Y-%m-%d}: Deadline for mentors to propose projects",
    "calls-for-mentees": "* {day:%Y-%m-%d}: Contributor applications close",
    "events": "* {day:%Y-%m-%d} 18:00 UTC – A story",
    "calendar": ICAL,
}


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_can_be_previewed(source: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "page"
    file.write_text(SAMPLES[source].format(day=datetime.now(UTC) + timedelta(days=9)), newline="")
    code, (item,), said = preview(capsys, source, "--file", str(file), "--title", "Some page")
    assert (code, said) == (0, "")
    assert {channel.split("/")[1] for channel in item["texts"]} == {"mastodon", "bluesky", "x"}
    assert all(item["texts"].values())
    assert item["problems"] == []


def test_a_preview_of_what_has_no_usual_page_asks_for_one() -> None:
    for source in ("feed", "calendar", "events", "new-pages"):
        code, _, said = run(*SMBOT, "preview", source)
        assert (code, said.count("--title")) == (2, 1)


def test_a_preview_of_a_feed_asks_no_address_inside() -> None:
    code, _, said = run(*SMBOT, "preview", "feed", "--title", "http://127.0.0.1/feed")
    assert code == 2
    assert "no address of the public web" in said


def test_a_preview_reads_standard_input_and_ends_with_one_line() -> None:
    page = (PAGES / "mediawiki-news-terms.wikitext").read_text()
    code, printed, said = run(*SMBOT, "preview", "mediawiki-news", "--file", "-", stdin=page)
    assert (code, said) == (0, "")
    assert printed.splitlines()[-1].startswith("smbot preview: ")
    assert printed.count("smbot preview: ") == 1


# --- the scripts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_there_is_a_script_for_every_command(command: str) -> None:
    name = "ical" if command == "calendar" else command  # a calendar.py would stand before Python's own
    code, printed, said = run(sys.executable, f"scripts/{name}.py", "--help")
    assert (code, said) == (0, "")
    assert f"usage: smbot {command}" in printed


def test_pwb_runs_the_scripts_its_way(bot_environment: dict[str, str]) -> None:
    pwb = str(Path(sys.executable).with_name("pwb"))
    code, printed, said = run(pwb, "-family:sandbox", "scripts/collect", "--help", **bot_environment)
    assert code == 0, said
    assert "usage: smbot collect" in printed


# --- on a wiki ------------------------------------------------------------------------------------------------------

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def smbot(world: World, bot_environment: dict[str, str]) -> Command:
    """Run a command of smbot on the wiki of `world`, where every issue of Tech News says that there is none."""
    for issue, *_ in tech_news.wants(f"{world.home}/Tech", world.now, 14).pages:
        world.admin.edit(issue, "There is no technical newsletter this week.")
    environment = bot_environment | world.environment | {"SMBOT_HOME": world.home}

    def command(*arguments: str, **more: str) -> tuple[int, str, str]:
        return run(*SMBOT, *arguments, **(environment | more))

    return command


def everything(world: World) -> tuple[object, ...]:
    """What a run could change: the newest revision of the whole wiki, and the posts."""
    newest = world.admin.query(list="allrevisions", arvlimit=1, arvprop="ids", arvdir="older")
    posted = [world.posts(account) for account in ("mediawiki", "wikitech")]
    return newest["allrevisions"][0]["revisions"][0]["revid"], posted, world.admin.history(world.titles.queue)


def test_a_dry_run_prints_the_plan_and_changes_nothing(world: World, smbot: Command, alice: Person) -> None:
    before = everything(world)
    code, printed, _ = smbot("collect", "--dry-run")
    assert code == 0
    assert "+| text = Patrolling got faster for everyone." in printed
    assert printed.splitlines()[-1] == "smbot collect: dry run, nothing was changed"
    assert everything(world) == before

    assert smbot("collect")[0] == 0
    world.change(alice, world.id_of("new skin"), status="approved")
    before = everything(world)
    code, printed, _ = smbot("publish", "--dry-run")
    assert code == 0
    assert "would send" in printed
    assert "approved by Alice" in printed
    assert "A new skin is the default" in printed
    assert everything(world) == before

    code, printed, _ = smbot("publish")
    assert (code, world.posts("mediawiki")[0].splitlines()[0]) == (0, "A new skin is the default on many wikis.")
    assert printed.startswith("smbot publish: ")
    assert printed.count("\n") == 1
    assert smbot("publish") == (0, "smbot publish: nothing new\n", "")


def test_a_dry_run_of_install_changes_nothing(world: World, smbot: Command) -> None:
    before = everything(world)
    code, printed, _ = smbot("install", "--dry-run", SMBOT_HOME=f"{world.home}/new")
    assert code == 0
    assert f"create: {world.home}/new/Queue" in printed
    assert "nothing was changed" in printed.splitlines()[-1]
    assert everything(world) == before


def test_the_pages_of_the_gadget_are_printed_without_a_wiki(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["install", "--gadget"]) == 0
    printed = capsys.readouterr().out
    assert "=== MediaWiki:Gadget-smbot.js ===" in printed
    assert printed.rstrip().endswith("|smbot.js")


def test_removing_first_says_what_would_go(world: World, smbot: Command) -> None:
    code, printed, _ = smbot("install", "--remove", "--dry-run")
    assert code == 0
    assert f"\n{world.titles.queue}\n" in printed
    assert world.admin.get(world.titles.queue)


def test_a_stopped_desk_is_a_problem_and_posts_nothing(world: World, smbot: Command, alice: Person) -> None:
    world.collect()
    world.change(alice, world.id_of("new skin"), status="approved")
    world.admin.edit(world.titles.stop, "stop")
    code, printed, said = smbot("publish")
    assert code == 1
    assert printed.splitlines()[-1].endswith("1 problem")
    assert "To go on, make it the one word: run" in said
    assert world.posts("mediawiki") == []


def test_check_finds_nothing_wrong_with_a_good_desk(world: World, smbot: Command) -> None:
    world.admin.edit(world.titles.log, "Log")
    for title in CARD:
        world.admin.edit(title, "{{{preview|}}}")
        world.admin.protect(title)
    code, printed, said = smbot("check")
    assert code == 0, printed + said
    assert "PROBLEM" not in printed
    assert "@wikitech@127.0.0.1" in printed
    assert printed.splitlines()[-1].endswith("0 problems")


def test_check_reads_every_source(world: World, smbot: Command) -> None:
    world.settle("page = $HOME/News".replace("$HOME", world.home), "page = No such page")
    world.admin.edit(world.titles.wording, "{{Smbot/wording | source = MediaWikiNews | post = $text }}")
    code, printed, _ = smbot("check")
    assert code == 1
    assert "PROBLEM  source ‘MediaWiki News’: MediaWiki News: the page ‘No such page’ was not found." in printed
    assert "ok       source ‘Tech News’: " in printed
    assert "words for ‘MediaWikiNews’, which is no source that is read" in printed


def test_check_says_when_anybody_could_change_what_cards_show(world: World, smbot: Command) -> None:
    world.admin.edit(CARD[0], "{{{preview|}}}")
    world.admin.protect(CARD[0], "all")
    code, printed, _ = smbot("check")
    assert code == 1
    assert f"page ‘{CARD[0]}’: not protected" in printed


def test_check_says_what_is_wrong_and_the_remedy(world: World, smbot: Command) -> None:
    world.admin.protect(world.titles.settings, "all")
    world.admin.edit(world.titles.stop, "stop")
    token = "SMBOT_WIKITECH_MASTODON_TOKEN"
    code, printed, _ = smbot("check", SMBOT_MEDIAWIKI_MASTODON_TOKEN="wrong-token-0815", **{token: ""})
    assert code == 1
    assert f"page ‘{world.titles.stop}’: posting is stopped" in printed
    assert "-> Make it the one word: run" in printed
    assert "is not protected" in printed
    assert token in printed
    assert "PROBLEM  channel mediawiki/mastodon" in printed
    assert "wrong-token-0815" not in printed


def test_check_names_the_right_that_a_bot_password_lacks(world: World, smbot: Command, tmp_path: Path) -> None:
    password = world.wiki.bot_password("Smbot", f"few{world.home[-8:]}", ["basic"])
    folder = world.wiki.pywikibot_dir(tmp_path, "Smbot", f"few{world.home[-8:]}", password)
    code, printed, _ = smbot("check", PYWIKIBOT_DIR=str(folder))
    assert code == 1
    assert "PROBLEM  right ‘edit’: missing" in printed
    assert "PROBLEM  right ‘editmyuserjson’: missing" in printed


def test_a_wrong_password_is_a_matter_of_settings(world: World, smbot: Command, tmp_path: Path) -> None:
    folder = world.wiki.pywikibot_dir(tmp_path, "Smbot", password="0" * 32)
    code, _, said = smbot("collect", PYWIKIBOT_DIR=str(folder))
    assert code == 2
    assert "cannot log in" in said
    assert "0" * 32 not in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_run_works_until_it_is_told_to_end(
    world: World, bot_environment: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    environment = bot_environment | world.environment | {"SMBOT_HOME": world.home}
    heartbeat = tmp_path / "healthy"
    command = [*SMBOT, "run", "--every", "0.5", "--heartbeat", str(heartbeat)]
    with subprocess.Popen(command, env=environment, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 30
        while not world.cards() and time.monotonic() < deadline:
            time.sleep(0.2)
        process.send_signal(number)
        printed, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert heartbeat.exists()
    assert printed.splitlines()[-1] == "smbot run: stopped"
