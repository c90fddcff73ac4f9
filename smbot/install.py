"""`smbot install`: put the templates and the first text of the pages on the wiki, and never over what people wrote.

What nobody but the bot has changed is updated: templates and the gadget as long as the words on them are the bot's,
pages of the desk as long as nobody else ever edited them and no card or request is on them. Everything else is kept,
and it is told how it differs.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct, field
from msgspec.structs import replace

from smbot import channels_page, names, settings
from smbot.errors import Conflict, WikiError
from smbot.gather import titles
from smbot.intake import REQUEST
from smbot.messages import SOURCE, say, speaking
from smbot.model import Page
from smbot.report import Report
from smbot.review import CARD, STATUS_LINE
from smbot.settings import OPEN_LEVELS
from smbot.shipped import ALL, DEFINITIONS, gadget, shipped_pages, shipped_templates
from smbot.templates import named, parse, plain, put
from smbot.wiki import Wiki

MAY_ADD_GADGETS = {"editinterface", "editsitecss", "editsitejs"}  # the rights that its pages need
_GADGET = re.compile(r"^\*\s*smbot\s*[\[|].*$", re.MULTILINE)


class Action(StrEnum):
    """What is to be done with one page."""

    CREATE = "create"
    UPDATE = "update"
    SAME = "same"
    CHANGED_BY_PEOPLE = "changed by people"


class Step(Struct, frozen=True):
    """One page: what is to be done with it, from which revision, and how what is there differs from what is shipped."""

    title: str
    action: Action
    text: str
    base: int = 0
    diff: str = ""


class Shipment(Struct, frozen=True):
    """What is shipped to one wiki, in the language of the desk, and what is there already, all by title.

    In `existing`, `user` is who wrote what is there: the bot where nobody else did.
    """

    home: str
    bot: str
    templates: Mapping[str, str]
    pages: Mapping[str, str]
    gadget: Mapping[str, str] = {}
    existing: Mapping[str, Page] = {}
    language: str = SOURCE
    tools: frozenset[str] = ALL

    def there(self, title: str) -> Page:
        """The page as it is."""
        return self.existing.get(title, Page(title))


def plan(shipment: Shipment, *, with_gadget: bool = False) -> list[Step]:
    """What is to be done with each page. Templates come first, so that no page lacks one."""
    steps = [_template(title, text, shipment) for title, text in shipment.templates.items()]
    steps += [_page(title, text, shipment) for title, text in shipment.pages.items()]
    for title, text in shipment.gadget.items() if with_gadget else ():
        steps.append((_definition if title == DEFINITIONS else _template)(title, text, shipment))
    return steps


def _template(title: str, text: str, shipment: Shipment) -> Step:
    page = shipment.there(title)
    if not page.exists:
        return Step(title, Action.CREATE, text)
    if page.text.rstrip() == text.rstrip():
        return Step(title, Action.SAME, text, page.revision)
    action = Action.UPDATE if is_the_bots(page, shipment) else Action.CHANGED_BY_PEOPLE
    return Step(title, action, text, page.revision, _diff(title, page.text, text))


def _page(title: str, text: str, shipment: Shipment) -> Step:
    page = shipment.there(title)
    if not page.exists:
        return Step(title, Action.CREATE, text)
    there, shipped = _as_installed(page.text), _as_installed(text)
    if there == shipped or title == titles(shipment.home, "").status:  # which is drawn anew by every run
        return Step(title, Action.SAME, text, page.revision)
    if is_untouched(page, shipment):
        return Step(title, Action.UPDATE, text, page.revision, _diff(title, there, shipped))
    lacks = _lacks(title, there, shipped)
    return Step(title, Action.CHANGED_BY_PEOPLE if lacks else Action.SAME, text, page.revision, lacks)


def _definition(title: str, line: str, shipment: Shipment) -> Step:
    """One line at the end of a page that belongs to others."""
    page = shipment.there(title)
    if found := _GADGET.search(page.text):
        if found[0] == line:
            return Step(title, Action.SAME, page.text, page.revision)
        return Step(title, Action.CHANGED_BY_PEOPLE, page.text, page.revision, _diff(title, found[0], line))
    text = f"{page.text.rstrip()}\n{line}".lstrip()
    action = Action.UPDATE if page.exists else Action.CREATE
    return Step(title, action, text, page.revision, _diff(title, page.text, text))


def is_the_bots(page: Page, shipment: Shipment) -> bool:
    """Whether the words on a page are the bot's."""
    return bool(shipment.bot) and page.user == shipment.bot


def is_untouched(page: Page, shipment: Shipment) -> bool:
    """Whether a page of the desk is what smbot made of it alone, and nothing on it waits."""
    code = parse(page.text)
    return is_the_bots(page, shipment) and not named(code, CARD) and not named(code, REQUEST)


def _as_installed(text: str) -> str:
    """A page without what the bot keeps up to date on it."""
    code = parse(text)
    for line in named(code, STATUS_LINE):
        put(line, "1", "")
    return channels_page.emptied(str(code).replace(f"{{{{{STATUS_LINE}\n}}}}", f"{{{{{STATUS_LINE}}}}}")).rstrip()


def _diff(title: str, there: str, shipped: str) -> str:
    lines = difflib.unified_diff(there.splitlines(), shipped.splitlines(), title, "as shipped", lineterm="", n=1)
    return "\n".join(lines)


def _lacks(title: str, there: str, shipped: str) -> str:
    """The lines of what is shipped that a page of people has not; what they filled into templates is their own."""
    lines = set(there.splitlines())
    found = [f"+{line}" for line in shipped.splitlines() if line not in lines and not line.startswith(("{{", "|", "}"))]
    return "\n".join([f"--- {title}", "+++ as shipped", *found]) if found else ""


# --- what is left to people -----------------------------------------------------------------------------------------


def reminders(shipment: Shipment) -> list[str]:
    """What only people can do, for as long as it is not done: protect pages, name maintainers, add the gadget."""
    desk = titles(shipment.home, "")
    found = []
    if _unprotected(shipment, [desk.settings]):
        found.append(say("install-protect", desk.settings))
    if not _maintainers(shipment.there(desk.settings)):
        found.append(say("install-maintainers", desk.settings))
    if _unprotected(shipment, [*shipment.templates]):
        found.append(say("install-protect-templates", names.template_page("")))
    if _unprotected(shipment, [desk.stop]):
        found.append(say("install-protect-stop", desk.stop))
    if _unprotected(shipment, [desk.log]):
        found.append(say("install-protect-log", desk.log))
    if not all(_is_there(title, text, shipment) for title, text in shipment.gadget.items()):
        found.append(say("install-gadget") if "Gadgets" in shipment.tools else say("install-no-gadgets"))
    return found


def _unprotected(shipment: Shipment, wanted: Sequence[str]) -> bool:
    return any(shipment.there(title).protection in OPEN_LEVELS for title in wanted)


def _maintainers(page: Page) -> bool:
    return any(plain(account, "maintainers")[0] for account in named(parse(page.text), names.template("account")))


def _is_there(title: str, text: str, shipment: Shipment) -> bool:
    """Whether a page of the gadget is as it is shipped; what the wiki calls it is its own affair."""
    there = shipment.there(title).text
    if title == DEFINITIONS:
        return bool(_GADGET.search(there))
    return there.rstrip() == text.rstrip() or not title.endswith((".css", ".js"))


# --- on a wiki ------------------------------------------------------------------------------------------------------


class Installed(Report):
    """What an installation did, what went wrong, and what is left to the administrators of the wiki."""

    reminders: list[str] = field(default_factory=list)


def run(wiki: Wiki, home: str, *, dry_run: bool = False) -> Installed:
    """Carry out the plan on a wiki; `done` has a line for each page, with the difference where there is one."""
    report, shipment = Installed(), look(wiki, home)
    may = "Gadgets" in shipment.tools and wiki.rights() >= MAY_ADD_GADGETS
    for step in plan(shipment, with_gadget=may):
        if dry_run or step.action in (Action.SAME, Action.CHANGED_BY_PEOPLE):
            report.done.append(_said(step))
        else:
            _carry_out(step, wiki, report, shipment.language)
    now = shipment if dry_run else replace(shipment, existing=wiki.read(shipment.existing))
    report.reminders = reminders(now)
    return report


def look(wiki: Wiki, home: str) -> Shipment:
    """What is shipped to this wiki, and what is there."""
    name, tools = titles(home, "").settings, wiki.tools()
    page = wiki.read([name])[name]
    language = settings.read(page, {}, ()).language or page.language or SOURCE
    with speaking(language):
        templates, pages, gadgets = shipped_templates(home, tools), shipped_pages(home), gadget(home)
    there = wiki.read([*templates, *pages, *gadgets])
    existing = {title: _by_first_writer(page, wiki) for title, page in there.items() if title not in pages}
    writers = wiki.writers([title for title in pages if there[title].exists])
    existing |= {title: _by_all_writers(there[title], writers, wiki.bot) for title in pages}
    return Shipment(home, wiki.bot, templates, pages, gadgets, existing, language, tools)


def _by_first_writer(page: Page, wiki: Wiki) -> Page:
    """A page whose `user` is who first wrote just these words: protecting and reverting make revisions, too."""
    if page.user == wiki.bot or page.title == DEFINITIONS:
        return page
    return replace(page, user=next((r.user for r in wiki.history(page, 0) if r.text == page.text), page.user))


def _by_all_writers(page: Page, writers: Mapping[str, frozenset[str]], bot: str) -> Page:
    """A page whose `user` is the bot only where nobody else ever edited it."""
    return replace(page, user=bot if writers.get(page.title, frozenset()) == frozenset({bot}) else "")


def _said(step: Step) -> str:
    return _with(say(f"install-{step.action.replace(' ', '-')}", step.title), step)


def _with(line: str, step: Step) -> str:
    return f"{line}\n{step.diff}" if step.diff else line


def _carry_out(step: Step, wiki: Wiki, report: Report, language: str) -> None:
    """Save one page. What goes wrong with it keeps no other from being saved."""
    with speaking(language):
        summary = say("install-summary") if step.action is Action.CREATE else say("install-summary-newer")
    try:
        wiki.save(step.title, step.text, step.base, summary)
    except Conflict:
        report.problems.append(say("install-again", step.title))
    except WikiError as error:
        report.problems.append(say("install-not-saved", error, step.title))
    else:
        report.done.append(_with(say(f"install-{step.action}d", step.title), step))
