"""`smbot install`: put the templates and the first text of the pages on the wiki, and never over what people wrote.

Templates are updated as long as the words on them are the bot's. The pages of the desk belong to the people of the
wiki from the start: they are created where they are missing, and then left alone.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from importlib.resources import files
from importlib.resources.abc import Traversable

from smbot.errors import Conflict, WikiError
from smbot.gather import titles
from smbot.model import Page
from smbot.sending import Report
from smbot.settings import OPEN_LEVELS
from smbot.wiki import Wiki

PREFIX = "Template:Smbot/"
_HOME = "$HOME$"  # stands for the home of the desk in what is shipped


class Action(StrEnum):
    """What is to be done with one page."""

    CREATE = "create"
    UPDATE = "update"
    SAME = "same"
    CHANGED_BY_PEOPLE = "changed by people"


@dataclass(frozen=True, slots=True)
class Step:
    """One page: what is to be done with it, from which revision, and how what is there differs from what is shipped."""

    title: str
    action: Action
    text: str
    base: int = 0
    diff: str = ""


def shipped_templates(home: str) -> dict[str, str]:
    """The templates by title, as they shall be on a wiki whose desk is at `home`."""
    return {PREFIX + name: text for name, text in _shipped("templates", home)}


def shipped_pages(home: str) -> dict[str, str]:
    """The first text of the pages below `home`, by title."""
    return {f"{home}/{name}": text for name, text in _shipped("pages", home)}


def _shipped(folder: str, home: str) -> Iterator[tuple[str, str]]:
    for name, file in sorted(_wikitexts(files("smbot.onwiki") / folder)):
        yield name, file.read_text(encoding="utf-8").replace(_HOME, home).rstrip("\n")


def _wikitexts(folder: Traversable, path: str = "") -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _wikitexts(entry, f"{path}{entry.name}/")
        elif entry.name.endswith(".wikitext"):
            yield path + entry.name.removesuffix(".wikitext"), entry


def plan(existing: Mapping[str, Page], bot: str, home: str) -> list[Step]:
    """What is to be done with each page, given those that exist, where `user` is who wrote what is there now.

    Templates come first, so that no page lacks one.
    """
    steps = [_template(title, text, existing.get(title), bot) for title, text in shipped_templates(home).items()]
    steps += [_page(title, text, existing.get(title)) for title, text in shipped_pages(home).items()]
    return steps


def _template(title: str, text: str, page: Page | None, bot: str) -> Step:
    if page is None or not page.exists:
        return Step(title, Action.CREATE, text)
    if page.text.rstrip() == text.rstrip():
        return Step(title, Action.SAME, text, page.revision)
    action = Action.UPDATE if bot and page.user == bot else Action.CHANGED_BY_PEOPLE
    return Step(title, action, text, page.revision, _diff(title, page.text, text))


def _page(title: str, text: str, page: Page | None) -> Step:
    exists = page is not None and page.exists
    return Step(title, Action.SAME if exists else Action.CREATE, text, page.revision if page else 0)


def _diff(title: str, there: str, shipped: str) -> str:
    lines = difflib.unified_diff(there.splitlines(), shipped.splitlines(), title, "as shipped", lineterm="", n=1)
    return "\n".join(lines)


def reminders(existing: Mapping[str, Page], home: str) -> list[str]:
    """What only people can do, for as long as it is not done: protect pages, and name maintainers."""
    desk = titles(home, "")
    settings = existing.get(desk.settings, Page(desk.settings))
    found = []
    if settings.protection in OPEN_LEVELS:
        found.append(f"An administrator has to protect {desk.settings}. Nothing is posted before that.")
    if settings.text.rstrip() in ("", shipped_pages(home)[desk.settings]):
        found.append(f"An administrator has to name the maintainers of each account on {desk.settings}.")
    if _unprotected(existing, shipped_templates(home)):
        found.append(
            f"An administrator should protect the templates below {PREFIX}, since what maintainers see on a card is "
            "drawn by them. To update protected ones, lift that while smbot install runs."
        )
    if _unprotected(existing, [desk.stop]):
        found.append(f"Anybody can stop and start posting on {desk.stop}. Protect it if that is not wanted.")
    if _unprotected(existing, [desk.log]):
        found.append(f"Anybody can edit {desk.log} and its months. Protect them if readers are to rely on them.")
    return found


def _unprotected(existing: Mapping[str, Page], wanted: Mapping[str, str] | Sequence[str]) -> bool:
    return any(existing.get(title, Page(title)).protection in OPEN_LEVELS for title in wanted)


@dataclass
class Installed(Report):
    """What an installation did, what went wrong, and what is left to the administrators of the wiki."""

    reminders: list[str] = field(default_factory=list)


def run(wiki: Wiki, home: str, *, dry_run: bool = False) -> Installed:
    """Carry out the plan on a wiki; `done` has a line for each page."""
    report = Installed()
    wanted = [*shipped_templates(home), *shipped_pages(home)]
    existing = {title: _by_writer(page, wiki) for title, page in wiki.read(wanted).items()}
    for step in plan(existing, wiki.bot, home):
        if dry_run or step.action in (Action.SAME, Action.CHANGED_BY_PEOPLE):
            report.done.append(_said(step))
        else:
            _carry_out(step, wiki, report)
    report.reminders = reminders(existing if dry_run else wiki.read(wanted), home)
    return report


def _by_writer(page: Page, wiki: Wiki) -> Page:
    """A template whose `user` is who first wrote just these words: protecting and reverting make revisions, too."""
    if page.user == wiki.bot or not page.title.startswith(PREFIX):
        return page
    return replace(page, user=next((r.user for r in wiki.history(page, 0) if r.text == page.text), page.user))


def _said(step: Step) -> str:
    return f"{step.action}: {step.title}" + (f"\n{step.diff}" if step.diff else "")


def _carry_out(step: Step, wiki: Wiki, report: Report) -> None:
    """Save one page. What goes wrong with it keeps no other from being saved."""
    summary = "smbot install" if step.action is Action.CREATE else "smbot install: a newer version"
    try:
        wiki.save(step.title, step.text, step.base, summary)
    except Conflict:
        report.problems.append(f"{step.title} was edited just now; run smbot install again.")
    except WikiError as error:
        report.problems.append(f"{error} Let the bot edit {step.title}, and run smbot install again.")
    else:
        report.done.append(f"{step.action}d: {step.title}")
