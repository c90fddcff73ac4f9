"""The command line: `smbot COMMAND`, and the same as pywikibot scripts in scripts/.

Exit codes: 0 done, 1 done with problems that need a person, 2 wrong use or settings. The last line sums up.
"""

from __future__ import annotations

import difflib
import gc
import json
import os
import re
import signal
import sys
import traceback
import unicodedata
from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any

from smbot import names
from smbot.errors import SmbotError, UsageError, WikiError
from smbot.messages import SOURCE, say, speaking
from smbot.options import parse

if TYPE_CHECKING:
    from smbot.bot import Desk
    from smbot.plan import Plan
    from smbot.report import Report
    from smbot.wiki import Wiki

HOME = "Project:Smbot"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, in the language of the environment; its exit code."""
    sweep_seldom()
    with speaking(language(os.environ)):
        return _main(list(sys.argv[1:] if arguments is None else arguments))


def sweep_seldom() -> None:
    """Look for garbage seldom: parsing makes many objects that live on, and each look goes through all of them."""
    gc.set_threshold(200_000, 20, 20)


def language(environment: Mapping[str, str]) -> str:
    """The code of the language that the environment asks for, such as 'pt-br' by LANG=pt_BR.UTF-8; else English.

    https://pubs.opengroup.org/onlinepubs/9699919799/basedefs/V1_chap08.html#tag_08_02
    """
    asked = next(filter(None, map(environment.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    code = re.split(r"[.@]", asked)[0].replace("_", "-").lower()
    return SOURCE if code in ("", "c", "posix") else code


def _main(given: list[str]) -> int:
    try:
        options = parse(_without_pywikibots(given))
        return COMMANDS[options.name](options)
    except UsageError as error:
        print(f"smbot: {error}", file=sys.stderr)
        return 2
    except SmbotError as error:
        print(f"smbot: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"smbot: {say('cli-interrupted')}", file=sys.stderr)
        return 1


def _without_pywikibots(arguments: list[str]) -> list[str]:
    """Let pywikibot take its own options, which have one dash and a name; ours have two. Its -help is our --help."""
    if any(argument.startswith("-simulate") for argument in arguments):
        raise UsageError(say("cli-simulate"))
    ours = ["--help" if argument == "-help" else argument for argument in arguments]
    theirs = [argument for argument in ours if _PYWIKIBOTS.fullmatch(argument)]
    if theirs and "--help" not in ours:
        _give_to_pywikibot(theirs)
    return [argument for argument in ours if argument not in theirs]


_PYWIKIBOTS = re.compile(r"-(?:v|[A-Za-z_]{2,})(?::.*)?", re.DOTALL)


def _give_to_pywikibot(options: list[str]) -> None:
    """Let pywikibot read its options. It looks for the wiki they name at once."""
    if any(option.startswith("-dir") for option in options):
        _need_account()
    try:
        unknown = _door().handle_args(options)
    except (ValueError, SystemExit) as error:
        raise UsageError(say("cli-pywikibot-cannot", " ".join(options))) from error
    except OSError as error:
        raise WikiError(say("cli-wiki-unreachable", str(error).rpartition("Caused by ")[2])) from error
    if unknown:
        raise UsageError(say("cli-no-option", unknown[0]))


# --- desk -----------------------------------------------------------------------------------------------------------


def _door() -> ModuleType:
    """The module `smbot.wiki`, imported late since it takes a moment, and looks for user-config.py."""
    try:
        return import_module("smbot.wiki")
    except RuntimeError as error:
        raise UsageError(str(error)) from error


def _wiki() -> Wiki:
    """The wiki of user-config.py, logged in."""
    _need_account()
    wiki: Wiki = _door().Wiki()
    wiki.login()
    return wiki


def _need_account() -> None:
    folder = Path(_door().config.base_dir)
    if not (folder / "user-config.py").is_file():
        raise UsageError(say("cli-no-account", folder))


def _desk() -> Desk:
    from smbot.bot import Desk

    ceiling = _ceiling()
    return Desk(_wiki(), _home(), os.environ, ceiling=ceiling)


def _home() -> str:
    names.check()
    return os.environ.get("SMBOT_HOME", HOME)


def _ceiling() -> int:
    text = os.environ.get("SMBOT_POSTS_PER_DAY", "10")
    if not text.isdecimal():
        raise UsageError(say("cli-posts-per-day", text))
    return int(text)


def _collect(options: Namespace) -> int:
    return _once(options, send=False)


def _publish(options: Namespace) -> int:
    return _once(options, send=True)


def _once(options: Namespace, *, send: bool) -> int:
    desk = _desk()
    if options.dry_run:
        return _tell_plan(options.name, desk, send=send)
    with _stop_on_sigterm(desk):
        return _tell(options.name, desk.work(send=send))


def _tell_plan(name: str, desk: Desk, *, send: bool) -> int:
    """Print what would be done."""
    from smbot.report import Report

    report = Report()
    print(show(desk.plan(send=send, report=report)))
    report.done.append(say("cli-dry-run"))
    return _tell(name, report)


def _tell(name: str, report: Report) -> int:
    _complain(report.problems)
    return _end(name, str(report), report.problems)


def _end(name: str, done: str, problems: Sequence[str]) -> int:
    """Print the last line; the exit code."""
    print(f"smbot {name}: {say('cli-with-problems', done, len(problems)) if problems else done}")
    return 1 if problems else 0


def _complain(problems: Iterable[str]) -> None:
    for problem in problems:
        print(say("cli-problem", problem), file=sys.stderr)


class _stop_on_sigterm:  # noqa: N801 - read as a statement: with _stop_on_sigterm(desk)
    """While it lasts, SIGTERM or Ctrl-C lets the delivery at hand finish and begins no other; Ctrl-C again ends it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def __enter__(self) -> None:
        self._before = {number: signal.signal(number, self._stop) for number in (signal.SIGTERM, signal.SIGINT)}

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        self._desk.stopping = True
        if number == signal.SIGINT:
            signal.signal(number, self._before[signal.SIGINT])


def _run(options: Namespace) -> int:
    """Collect and publish for ever. A job that fails is told and tried again at its next time."""
    import time

    import schedule

    desk = _desk()

    def job(name: str, *, send: bool) -> Callable[[], None]:
        def work() -> None:
            try:
                report = desk.work(send=send)
                if report.done or report.problems:
                    _tell(name, report)
            except SmbotError as error:
                _complain([f"{name}: {error}"])
            except Exception:  # noqa: BLE001 - schedule drops a job that raises
                traceback.print_exc()

        return work

    scheduler = schedule.Scheduler()
    scheduler.every(options.every).seconds.do(job("publish", send=True))
    scheduler.every(options.collect_every).seconds.do(job("collect", send=False))
    print(f"smbot {options.name}: {say('cli-at-work')}", flush=True)
    with _stop_on_sigterm(desk):
        _beat(options.heartbeat)
        scheduler.run_all()
        while not desk.stopping:
            scheduler.run_pending()
            _beat(options.heartbeat)
            time.sleep(0.2)
    print(f"smbot {options.name}: {say('cli-stopped')}")
    return 0


def _beat(heartbeat: str) -> None:
    if heartbeat:
        Path(heartbeat).touch()


def _width(words: str) -> int:
    """How many columns of a terminal words take; a mark on another character takes none."""
    return sum(unicodedata.category(character) not in ("Mn", "Me", "Cf") for character in words)


def _check(options: Namespace) -> int:
    _need_account()
    from smbot.doctor import examine

    findings = examine(_home(), os.environ)
    good, wrong = say("check-ok"), say("check-problem")
    width = max(_width(good), _width(wrong))
    for finding in findings:
        mark = good if finding.ok else wrong
        told = say("check-found", finding.what, finding.said) if finding.said else finding.what
        print(f"{mark}{' ' * (width - _width(mark))}  {told}")
        if not finding.ok and finding.remedy:
            print(f"{' ' * width}  -> {finding.remedy}")
    bad = [finding for finding in findings if not finding.ok]
    print(f"smbot {options.name}: {say('check-done', len(findings), len(bad))}")
    return 1 if bad else 0


def _calendar(options: Namespace) -> int:
    """Print what is planned as an iCalendar file, and nothing else to the standard output."""
    from smbot.icalendar_file import run

    now = _desk().glance()
    problems = [str(problem) for problem in now.seen.settings.problems]
    sys.stdout.buffer.write(run(now).encode())
    _complain(f"{options.name}: {problem}" for problem in problems)
    return 1 if problems else 0


def _install(options: Namespace) -> int:
    if options.gadget:
        from smbot.shipped import gadget

        print("\n\n".join(f"=== {title} ===\n{text}" for title, text in gadget(_home()).items()))
        return 0
    if options.remove:
        return _remove(options)
    from smbot.install import run

    report = run(_wiki(), _home(), dry_run=options.dry_run)
    for line in report.done:
        print(line)
    for line in report.reminders:
        print(say("cli-to-do", line), file=sys.stderr)
    _complain(report.problems)
    counts = len(report.done), len(report.problems)
    done = say("cli-installed-dry", *counts) if options.dry_run else say("cli-installed", *counts)
    print(f"smbot {options.name}: {done}")
    return 1 if report.problems else 0


def _remove(options: Namespace) -> int:
    from smbot import removal

    removed = removal.run(_wiki(), _home(), dry_run=options.dry_run)
    print("\n".join((*removed.done, *removal.told(removed))))
    _complain(removed.problems)
    print(f"smbot {options.name}: {say('cli-removed', len(removed.done), len(removed.left), len(removed.kept))}")
    return 1 if removed.problems else 0


def show(todo: Plan) -> str:
    """A plan in words: what would be saved and sent."""
    from smbot import pages

    lines = [f"{say('cli-would-send', d.key, d.approver)}\n{d.text.told}" for d in todo.due]
    lines += [say("cli-would-ask", d.key) for d in todo.doubts]
    lines += [say(f"cli-would-{d.task}", d.key) for d in todo.tasks]
    with speaking(todo.seen.language):
        edits = (pages.queue_edit(todo.memory, todo.seen), pages.requests_edit(todo.memory, todo.seen))
    for edit in edits:
        if edit:
            before = todo.seen.queue if edit.title == todo.seen.queue.title else todo.seen.requests
            lines += _diff(edit.title, before.text if before else "", edit.text)
    return "\n".join(lines or [say("cli-nothing-to-do")])


def _diff(title: str, before: str, after: str) -> list[str]:
    return list(difflib.unified_diff(before.splitlines(), after.splitlines(), title, title, lineterm="", n=1))


# --- preview --------------------------------------------------------------------------------------------------------


def _preview(options: Namespace) -> int:
    from smbot.preview import Wish, candidates

    wish = Wish(options.source, options.file, options.title, options.wiki, options.days, options.accounts)
    found, problems = candidates(wish, _open, _home())
    _complain(problems)
    if options.json:
        print(json.dumps(found, ensure_ascii=False, indent=2, default=str))
        return 1 if problems else 0
    for candidate in found:
        print(_told(candidate))
    return _end(options.name, say("cli-candidates", len(found)), problems)


def _told(candidate: dict[str, Any]) -> str:
    """A candidate for people to read."""
    lines = [f"[{candidate['id']}] {candidate['source']} {candidate['group']} · {candidate['section']}".rstrip(" ·")]
    for channel, text in candidate["texts"].items():
        lines += [f"  {channel} ({candidate['lengths'][channel]}):", "    " + text.replace("\n", "\n    ")]
    return "\n".join([*lines, *(f"  ! {problem}" for problem in candidate["problems"]), ""])


def _open(name: str) -> Wiki:
    """A wiki to read: the one of user-config.py for ''; no account is needed for the others."""
    if not name:
        _need_account()
    wiki: Wiki = _door().Wiki(name)
    return wiki


# --- commands -------------------------------------------------------------------------------------------------------

COMMANDS: Mapping[str, Callable[[Namespace], int]] = {
    "preview": _preview,
    "install": _install,
    "collect": _collect,
    "publish": _publish,
    "run": _run,
    "check": _check,
    "calendar": _calendar,
}
