"""The command line: `smbot COMMAND`, and the same as pywikibot scripts in scripts/.

Exit codes: 0 done, 1 done with problems that need a person, 2 wrong use or settings. The last line sums up.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import re
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any

from smbot import __version__, sources
from smbot.errors import SmbotError, UsageError, WikiError
from smbot.forms import split

if TYPE_CHECKING:
    from smbot.bot import Desk
    from smbot.plan import Plan
    from smbot.sending import Report
    from smbot.wiki import Wiki

HOME = "Project:Smbot"
OPTIONS_OF_PYWIKIBOT = "pywikibot's global options (-dir:, -family:, -lang:, -user: …) go with every command."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        options = _parser().parse_args(_without_pywikibots(given))
        return int(options.command(options))
    except UsageError as error:
        print(f"smbot: {error}", file=sys.stderr)
        return 2
    except SmbotError as error:
        print(f"smbot: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("smbot: interrupted", file=sys.stderr)
        return 1


def _without_pywikibots(arguments: list[str]) -> list[str]:
    """Let pywikibot take its own options, which have one dash and a name; ours have two. Its -help is our --help."""
    if any(argument.startswith("-simulate") for argument in arguments):
        raise UsageError("pywikibot's -simulate pretends that writes succeed. Use --dry-run.")
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
        raise UsageError(f"pywikibot cannot use {' '.join(options)}. Is the name of the wiki right?") from error
    except OSError as error:
        raise WikiError(f"The wiki cannot be reached: {str(error).rpartition('Caused by ')[2]}") from error
    if unknown:
        raise UsageError(f"There is no option {unknown[0]}. See smbot --help.")


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
        raise UsageError(
            f"There is no user-config.py in {folder}. Copy user-config.py.sample to user-config.py and fill it in; "
            "name another folder with -dir: or PYWIKIBOT_DIR."
        )


def _desk() -> Desk:
    from smbot.bot import Desk

    ceiling = _ceiling()
    return Desk(_wiki(), _home(), os.environ, ceiling=ceiling)


def _home() -> str:
    return os.environ.get("SMBOT_HOME", HOME)


def _ceiling() -> int:
    text = os.environ.get("SMBOT_POSTS_PER_DAY", "10")
    if not text.isdecimal():
        raise UsageError(f"SMBOT_POSTS_PER_DAY is ‘{text}’; it has to be a whole number.")
    return int(text)


def _collect(options: argparse.Namespace) -> int:
    return _once(options, send=False)


def _publish(options: argparse.Namespace) -> int:
    return _once(options, send=True)


def _once(options: argparse.Namespace, *, send: bool) -> int:
    desk = _desk()
    if options.dry_run:
        return _tell_plan(options.name, desk, send=send)
    with _stop_on_sigterm(desk):
        return _tell(options.name, desk.work(send=send))


def _tell_plan(name: str, desk: Desk, *, send: bool) -> int:
    """Print what would be done."""
    from smbot.sending import Report

    report = Report()
    print(show(desk.plan(send=send, report=report)))
    report.done.append("dry run, nothing was changed")
    return _tell(name, report)


def _tell(name: str, report: Report) -> int:
    for problem in report.problems:
        print(f"problem: {problem}", file=sys.stderr)
    print(f"smbot {name}: {report}{_problems(report.problems)}")
    return 1 if report.problems else 0


def _count(things: Sequence[object], noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"


def _problems(problems: Sequence[str]) -> str:
    return f"; {_count(problems, 'problem')}" if problems else ""


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


def _run(options: argparse.Namespace) -> int:
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
                print(f"problem: {name}: {error}", file=sys.stderr)
            except Exception:  # noqa: BLE001 - schedule drops a job that raises
                traceback.print_exc()

        return work

    scheduler = schedule.Scheduler()
    scheduler.every(options.every).seconds.do(job("publish", send=True))
    scheduler.every(options.collect_every).seconds.do(job("collect", send=False))
    print(f"smbot {options.name}: at work; SIGTERM or Ctrl-C ends it", flush=True)
    with _stop_on_sigterm(desk):
        _beat(options.heartbeat)
        scheduler.run_all()
        while not desk.stopping:
            scheduler.run_pending()
            _beat(options.heartbeat)
            time.sleep(0.2)
    print(f"smbot {options.name}: stopped")
    return 0


def _beat(heartbeat: str) -> None:
    if heartbeat:
        Path(heartbeat).touch()


def _check(options: argparse.Namespace) -> int:
    _need_account()
    from smbot.doctor import examine

    findings = examine(_home(), os.environ)
    for finding in findings:
        print(
            f"{'ok     ' if finding.ok else 'PROBLEM'}  {finding.what}" + (f": {finding.said}" if finding.said else "")
        )
        if not finding.ok and finding.remedy:
            print(f"         -> {finding.remedy}")
    bad = [finding for finding in findings if not finding.ok]
    print(f"smbot {options.name}: {len(findings)} things looked at, {_count(bad, 'problem')}")
    return 1 if bad else 0


def _install(options: argparse.Namespace) -> int:
    from smbot.install import run

    report = run(_wiki(), _home(), dry_run=options.dry_run)
    for line in report.done:
        print(line)
    for line in report.reminders:
        print(f"to do: {line}", file=sys.stderr)
    for line in report.problems:
        print(f"problem: {line}", file=sys.stderr)
    dry = "; dry run, nothing was changed" if options.dry_run else ""
    print(f"smbot {options.name}: {len(report.done)} pages looked at, {_count(report.problems, 'problem')}{dry}")
    return 1 if report.problems else 0


def show(todo: Plan) -> str:
    """A plan in words: what would be saved and sent."""
    from smbot import pages

    lines = [f"would send {d.key}, approved by {d.approver}:\n{d.text.told}" for d in todo.due]
    lines += [f"would ask the network about {d.key}" for d in todo.doubts]
    lines += [f"would {d.task} {d.key}" for d in todo.tasks]
    for edit in (pages.queue_edit(todo.memory, todo.seen), pages.requests_edit(todo.memory, todo.seen)):
        if edit:
            before = todo.seen.queue if edit.title == todo.seen.queue.title else todo.seen.requests
            lines += _diff(edit.title, before.text if before else "", edit.text)
    return "\n".join(lines or ["nothing to do"])


def _diff(title: str, before: str, after: str) -> list[str]:
    return list(difflib.unified_diff(before.splitlines(), after.splitlines(), title, title, lineterm="", n=1))


# --- preview --------------------------------------------------------------------------------------------------------


def _preview(options: argparse.Namespace) -> int:
    from smbot.preview import Wish, candidates

    wish = Wish(options.source, options.file, options.title, options.wiki, options.days, options.accounts)
    found, problems = candidates(wish, _open, _home())
    for problem in problems:
        print(f"problem: {problem}", file=sys.stderr)
    if options.json:
        print(json.dumps(found, ensure_ascii=False, indent=2, default=str))
        return 1 if problems else 0
    for candidate in found:
        print(_told(candidate))
    print(f"smbot {options.name}: {_count(found, 'candidate')}{_problems(problems)}")
    return 1 if problems else 0


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


# --- options --------------------------------------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("smbot", description=__doc__, epilog=OPTIONS_OF_PYWIKIBOT)
    parser.add_argument("--version", action="version", version=f"smbot {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="name")

    def command(
        name: str, run: Callable[[argparse.Namespace], int], about: str, example: str
    ) -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name,
            help=about,
            description=about,
            epilog=f"examples:\n{example}\n\n{OPTIONS_OF_PYWIKIBOT}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.set_defaults(command=run)
        return sub

    dry = ("-n", "--dry-run")
    does_not = "print what would be done and change nothing"
    sub = command(
        "preview",
        _preview,
        "Print the candidates a source would propose. Needs no account and changes nothing.",
        "  smbot preview mediawiki-news\n  smbot preview tech-news --file issue.wikitext --json\n"
        "  smbot preview feed --title https://example.org/feed",
    )
    sub.add_argument("source", choices=[*sources.SOURCES, "requests"])
    sub.add_argument("--file", help="read this saved wikitext instead of the live wiki (- for standard input)")
    sub.add_argument(
        "--title",
        default="",
        help="what to read: a page, the beginning of page names, a web address; or the title of the file",
    )
    sub.add_argument("--wiki", default="", help="pywikibot's family:code of another wiki")
    sub.add_argument("--days", type=_whole, default=14, help="how far back to look (default 14)")
    sub.add_argument("--accounts", type=split, default=(), help="the accounts to show, by commas")
    sub.add_argument("--json", action="store_true", help="print a list for machines")

    sub = command("install", _install, "Put smbot's pages on the wiki; never over what people changed.",
                  "  smbot install --dry-run\n  smbot install")  # fmt: skip
    sub.add_argument(*dry, action="store_true", help=does_not)
    sub = command("collect", _collect, "Read the sources and the requests, and keep the review queue.",
                  "  smbot collect --dry-run\n  smbot collect")  # fmt: skip
    sub.add_argument(*dry, action="store_true", help=does_not)
    sub = command("publish", _publish, "Post what is approved and due, and write it into the log.",
                  "  smbot publish --dry-run\n  smbot publish")  # fmt: skip
    sub.add_argument(*dry, action="store_true", help=does_not)
    sub = command("run", _run, "Collect and publish, for ever. SIGTERM ends it after the delivery at hand.",
                  "  smbot run\n  smbot run --every 5 --heartbeat /tmp/smbot-healthy")  # fmt: skip
    sub.add_argument("--every", type=_seconds, default=4, help="seconds between looks at the queue (default 4)")
    sub.add_argument("--collect-every", type=_seconds, default=120, help="seconds between collections (default 120)")
    sub.add_argument("--heartbeat", default="", help="a file to touch while all is well, for a health check")
    command(
        "check", _check, "Look at everything an operator can get wrong, and say how to put it right.", "  smbot check"
    )
    return parser


def _seconds(text: str) -> float:
    if not re.fullmatch(r"\d+(\.\d+)?", text) or not 0 < float(text) <= 86400:
        raise argparse.ArgumentTypeError(f"‘{text}’ is not a number of seconds up to 86400")
    return float(text)


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"‘{text}’ is not a whole number")
    return int(text)
