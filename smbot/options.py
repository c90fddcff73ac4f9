"""What can be typed after `smbot`: its commands with their options, explained in the language that is spoken."""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from smbot import __version__, sources
from smbot.forms import split
from smbot.messages import say

EXAMPLES = {
    "preview": "smbot preview mediawiki-news\nsmbot preview tech-news --file issue.wikitext --json\n"
    "smbot preview feed --title https://example.org/feed",
    "install": "smbot install --dry-run\nsmbot install\nsmbot install --remove --dry-run\nsmbot install --gadget",
    "collect": "smbot collect --dry-run\nsmbot collect",
    "publish": "smbot publish --dry-run\nsmbot publish",
    "run": "smbot run\nsmbot run --every 5 --heartbeat /tmp/smbot-healthy",
    "check": "smbot check",
    "calendar": "smbot calendar > planned.ics",
}
LONGEST = 86_400  # seconds between two looks


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options that were typed; `name` is the command. Where help is asked for, or is needed, the process ends."""
    return _parser().parse_args(arguments)


_WRONG = {  # what argparse says in English only, and the message that says so here
    r"unrecognized arguments: (.*)": "cli-wrong-unknown",
    r"the following arguments are required: (.*)": "cli-wrong-missing",
    r"argument (.*?): invalid choice: (.*) \(choose from (.*)\)": "cli-wrong-choice",
    r"argument (.*?): expected one argument": "cli-wrong-no-value",
    r"argument (.*?): (.*)": "cli-wrong-value",
}


class _Parser(argparse.ArgumentParser):
    """What tells of errors in the language that is spoken."""

    def error(self, message: str) -> NoReturn:
        found = ((re.fullmatch(pattern, message, re.DOTALL), key) for pattern, key in _WRONG.items())
        told = next((say(key, *match.groups()) for match, key in found if match), message)
        self.print_usage(sys.stderr)
        self.exit(2, f"{self.prog}: {told}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        "smbot", description=say("cli-about"), epilog=say("cli-pywikibot"), formatter_class=_Help, add_help=False
    )
    commands = parser.add_subparsers(title=say("cli-arguments"), required=True, metavar=say("cli-command"), dest="name")
    version = _options(parser)
    version("--version", action="version", version=f"smbot {__version__}", help=say("cli-version"))

    def command(name: str) -> argparse.ArgumentParser:
        about, examples = say(f"cli-about-{name}"), textwrap.indent(EXAMPLES[name], "  ")
        return commands.add_parser(
            name,
            help=about,
            description=about,
            epilog=f"{say('cli-examples')}\n{examples}\n\n{say('cli-pywikibot')}",
            formatter_class=_HelpWithExamples,
            add_help=False,
        )

    _preview_options(command("preview"))
    dry = {name: _options(command(name)) for name in ("install", "collect", "publish")}
    for option in dry.values():
        option("-n", "--dry-run", action="store_true", help=say("cli-option-dry-run"))
    dry["install"]("--remove", action="store_true", help=say("cli-option-remove"))
    dry["install"]("--gadget", action="store_true", help=say("cli-option-gadget"))
    option = _options(command("run"))
    option("--every", type=_seconds, default=4, help=say("cli-option-every", 4))
    option("--collect-every", type=_seconds, default=120, help=say("cli-option-collect-every", 120))
    option("--heartbeat", default="", help=say("cli-option-heartbeat"))
    _options(command("check"))
    _options(command("calendar"))
    return parser


def _preview_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument_group(say("cli-arguments")).add_argument("source", choices=[*sources.SOURCES, "requests"])
    option = _options(parser)
    option("--file", help=say("cli-option-file"))
    option("--title", default="", help=say("cli-option-title"))
    option("--wiki", default="", help=say("cli-option-wiki"))
    option("--days", type=_whole, default=14, help=say("cli-option-days", 14))
    option("--accounts", type=split, default=(), help=say("cli-option-accounts"))
    option("--json", action="store_true", help=say("cli-option-json"))


def _options(parser: argparse.ArgumentParser) -> Callable[..., argparse.Action]:
    """What adds options to a parser, --help being there."""
    group = parser.add_argument_group(say("cli-options"))
    group.add_argument("-h", "--help", action="help", help=say("cli-option-help"))
    return group.add_argument


class _Help(argparse.HelpFormatter):
    """Help in the language that is spoken."""

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, f"{say('cli-usage')} " if prefix is None else prefix)


class _HelpWithExamples(_Help, argparse.RawDescriptionHelpFormatter):
    """The same, with examples that keep their lines."""


def _seconds(text: str) -> float:
    if not re.fullmatch(r"\d+(\.\d+)?", text) or not 0 < float(text) <= LONGEST:
        raise argparse.ArgumentTypeError(say("cli-no-seconds", text, LONGEST))
    return float(text)


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(say("cli-no-number", text))
    return int(text)
