"""What is written for people is true: commands, options, variables, files."""

import argparse
import os
import re
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from smbot import channels, install
from smbot.cli import HOME
from smbot.options import _parser

REPOSITORY = Path(__file__).resolve().parent.parent
README = (REPOSITORY / "README.md").read_text()
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "jobs.yaml", "user-config.py.sample")
JOB_KEYS = {
    *("name", "command", "image", "schedule", "continuous", "mem", "cpu", "retry", "emails", "wait", "timeout"),
    *("mount", "filelog", "no-filelog", "filelog-stdout", "filelog-stderr", "port", "replicas"),
    *("health-check-script", "health-check-http"),
}


def commands() -> dict[str, argparse.ArgumentParser]:
    """Every command with its parser."""
    (choices,) = [action.choices for action in _parser()._actions if isinstance(action, argparse._SubParsersAction)]
    return dict(choices)


def mentioned(text: str) -> list[str]:
    """The command lines in a text that begin with smbot: in backquotes, as code, or behind a path."""
    return re.findall(r"(?:(?<=`)|(?<=bin/))smbot +[a-z][^`\n\"‘’]*", text)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_that_is_mentioned_exists(document: str) -> None:
    for line in mentioned((REPOSITORY / document).read_text()):
        _, name, *options = line.split()
        assert name in commands(), line
        known = {option for action in commands()[name]._actions for option in action.option_strings}
        assert {option for option in options if option.startswith("-")} <= known, line


def test_every_command_is_in_the_readme_with_its_dry_run() -> None:
    assert {line.split()[1] for line in mentioned(README)} == commands().keys()
    (sentence,) = re.findall(r"[^.]*take `--dry-run`", README)
    can = {name for name, parser in commands().items() if "--dry-run" in parser.format_help()}
    assert set(re.findall(r"smbot (\w+)", sentence)) == can


@pytest.mark.parametrize("option", sorted(set(re.findall(r"`(--[a-z-]+)", README))))
def test_every_option_that_is_mentioned_exists(option: str) -> None:
    assert any(option in parser.format_help() for parser in commands().values())


def variables_of_the_code() -> set[str]:
    """The environment variables that smbot, the sandbox and the bootstrap script read."""
    read = re.compile(r"(?:environ(?:ment)?(?:\.get\(|\[)|getenv\()\s*[\"']([A-Z_]+)[\"']")
    files = [*REPOSITORY.glob("smbot/**/*.py"), *REPOSITORY.glob("scripts/*.py"), *REPOSITORY.glob("sandbox/*.py")]
    found = {name for file in files for name in read.findall(file.read_text())}
    found |= set(re.findall(r"\$\{([A-Z_]+):[-+]", (REPOSITORY / "sandbox/bootstrap").read_text()))
    for network in channels.NETWORKS:
        names = [name for name, _ in channels.variables(f"account/{network}").values()]
        found |= {name.replace("_ACCOUNT_", "_<ACCOUNT>_") for name in names}
    return found - {"PATH"}


def test_every_variable_the_code_reads_is_in_the_readme_and_no_other() -> None:
    assert set(re.findall(r"^\| `([A-Z_<>]+)` \|", README, re.MULTILINE)) == variables_of_the_code()


def test_every_dependency_is_accounted_for() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    names = [re.split(r"[=<>]", dependency)[0] for dependency in project["dependencies"]]
    section = README.partition("It is built on:")[2].partition("\n## ")[0]
    assert sorted(re.findall(r"^\| ([a-z-]+) \| [A-Z]", section, re.MULTILINE)) == sorted(names)


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_every_file_and_target_that_is_mentioned_exists(document: str) -> None:
    text = (REPOSITORY / document).read_text()
    files = set(re.findall(r"\]\(([^)#:]+)\)", text))
    files |= set(re.findall(r"\b((?:smbot|sandbox|tests|scripts|bench|docs)/[\w/. -]*?[\w]\.[a-z]+)\b", text))
    files |= set(re.findall(r"\b((?:smbot|sandbox|tests|scripts|bench)/(?:[a-z]+/)?)(?![\w.])", text))
    missing = {file for file in files if not (REPOSITORY / file).exists()}
    assert missing <= {"smbot/jobs.yaml", "smbot/user-config.py", "smbot/user-config.py.sample"} | {
        "smbot/sources/my_news.py",
        "smbot/channels/mynet.py",
        "tests/networks/mynet.py",
        "tests/test_mynet.py",
    }
    makefile = (REPOSITORY / "Makefile").read_text()
    for target in re.findall(r"(?:`|^    |  )make (\w+)", text, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_pages_that_are_mentioned_are_installed() -> None:
    shipped = install.shipped_pages(HOME)
    assert set(re.findall(rf"`({HOME}/\w+)`", README)) == set(shipped)


def test_the_settings_that_are_mentioned_are_shipped() -> None:
    settings = install.shipped_pages(HOME)[f"{HOME}/Settings"]
    for name in ("approval days", "own requests", "four eyes", "pick days"):
        assert f"`{name}" in README
        assert f"| {name} =" in settings
    assert "Approvals grow old after 14 days" in README
    assert "| approval days = 14" in settings
    assert "leaves the queue after 10 days" in README
    assert "| pick days = 10" in settings


def jobs(text: str) -> list[dict[str, str]]:
    """The jobs in a file that is a plain list of plain mappings, which is all of YAML that it uses."""
    found: list[dict[str, str]] = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("# "):
            continue
        entry = re.fullmatch(r"(- |  )([a-z-]+): (.+)", line)
        assert entry, line
        dash, key, value = entry.groups()
        if dash == "- ":
            found.append({})
        assert key not in found[-1], line
        found[-1][key] = value.strip('"')
    return found


JOBS_YAML = (REPOSITORY / "jobs.yaml").read_text()
BY_THE_CLOCK = "\n".join(line[1:] for line in JOBS_YAML.splitlines() if re.match(r"#(- |  )[a-z]", line))
FOR_EVER = "\n".join(line for line in JOBS_YAML.splitlines() if not line.startswith("#"))


@pytest.mark.parametrize(
    ("text", "names"),
    [(FOR_EVER, ["smbot"]), (BY_THE_CLOCK, ["smbot-collect", "smbot-publish"])],
    ids=["for ever", "by the clock"],
)
def test_both_ways_of_jobs_yaml_have_only_keys_that_toolforge_knows(text: str, names: list[str]) -> None:
    there = jobs(text)
    assert [job["name"] for job in there] == names
    for job in there:
        assert job.keys() <= JOB_KEYS
        assert {"name", "command", "image"} <= job.keys()
        assert ("schedule" in job) != (job.get("continuous") == "true")
        assert re.fullmatch(r"[a-z0-9]([a-z0-9.-]{0,50}[a-z0-9])?", job["name"])
        assert re.fullmatch(r"[\d,*/]+( [\d,*/]+){4}", job.get("schedule", "1 * * * *"))


def test_the_health_check_looks_at_the_file_that_the_job_touches() -> None:
    (job,) = jobs(FOR_EVER)
    (heartbeat,) = re.findall(r"--heartbeat (\S+)", job["command"])
    assert heartbeat in job["health-check-script"]


def test_the_health_check_tells_a_fresh_file_from_an_old_one_and_none(tmp_path: Path) -> None:
    (job,) = jobs(FOR_EVER)
    heartbeat = tmp_path / "healthy"
    script = job["health-check-script"].replace("/tmp/smbot-healthy", str(heartbeat))
    assert os.system(f"({script}) 2>/dev/null") != 0
    heartbeat.touch()
    assert os.system(script) == 0
    os.utime(heartbeat, (0, 0))
    assert os.system(script) != 0


def test_the_sample_of_the_account_is_what_pywikibot_runs() -> None:
    sample = REPOSITORY / "user-config.py.sample"
    names: dict[str, Any] = {"usernames": defaultdict(dict)}
    exec(compile(sample.read_text(), str(sample), "exec"), names)
    assert names["put_throttle"] == 0
    assert names["usernames"][names["family"]][names["mylang"]]
    ignored = (REPOSITORY / ".gitignore").read_text().split()
    assert {"user-config.py", names["password_file"]} <= set(ignored)
