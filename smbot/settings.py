"""The settings page: who speaks with which voice, who may approve, what is read, and the rules.

People write it as templates on one protected wiki page, so that it reads as a table and is changed like any page:

    {{Smbot/settings | four eyes = yes | approval days = 14 }}
    {{Smbot/account | account = wikitech | networks = mastodon | maintainers = Alice, Bob | posts per day = 3 }}
    {{Smbot/source | source = Tech News | kind = tech-news | page = Tech/News | accounts = wikitech }}
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from msgspec import Struct
from mwparserfromhell.nodes import Template

from smbot import names
from smbot.forms import COMMAS, NO, YES, split
from smbot.messages import say
from smbot.model import Page, Problem
from smbot.templates import decode, named, parse, plain, raw
from smbot.timing import Rhythm, is_possible, read_quiet, read_slots, read_zone

# Levels any registered or patient account reaches by itself: https://www.mediawiki.org/wiki/Manual:$wgRestrictionLevels
OPEN_LEVELS = frozenset(
    {"", "user", "autoconfirmed", "extendedconfirmed", "editsemiprotected", "editextendedsemiprotected"}
)

VISIBILITIES = ("public", "unlisted")
GAP = 30  # minutes between the posts of an account
MOST = 1000  # of whatever is counted
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{1,8})*")  # https://www.mediawiki.org/wiki/Manual:Language#Language_code

_Read = TypeVar("_Read")


class Account(Struct, frozen=True):
    """One voice: its networks, the people who may approve for it, and its own ceiling of posts a day.

    `threads` are those of its networks where words too long for one post become a thread. `budget` is what its posts
    may cost in a month, in thousandths of a US dollar. `hashtags` are those it uses, with their `#`. Without
    `mentions` it tags nobody. `goal` is how many posts a week it is to have (0: no goal). `profiles` are the addresses
    under which its readers find it.
    """

    name: str
    networks: tuple[str, ...]
    maintainers: frozenset[str]
    posts_per_day: int = 3
    threads: frozenset[str] = frozenset()
    visibility: str = VISIBILITIES[0]
    rhythm: Rhythm = Rhythm()
    budget: int = 0
    hashtags: tuple[str, ...] = ()
    mentions: bool = False
    goal: int = 0
    profiles: tuple[str, ...] = ()

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels of this account, as 'account/network'."""
        return tuple(f"{self.name}/{network}" for network in self.networks)


class Feed(Struct, frozen=True):
    """One configured source: which reader reads which page of which wiki ('' for the wiki of the desk), for whom.

    `reposted_by` repost what `accounts` have posted. With `only`, only news with one of these words is proposed.
    `remind` is how long before something takes place its reminders go out.
    """

    name: str
    kind: str
    page: str
    wiki: str
    accounts: tuple[str, ...]
    reposted_by: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    remind: tuple[timedelta, ...] = ()
    evergreen: bool = False


class Wording(Struct, frozen=True):
    """How news is put in words, see `smbot.wording`: templates by account, that of '' for all others."""

    post: Mapping[str, str] = {}
    reminder: Mapping[str, str] = {}


class Settings(Struct, frozen=True):
    """Everything the settings page says, with its problems; with any problem nothing is posted.

    `support` are the addresses where people are helped, as the accounts reply to nobody. `language` is the code of the
    language that smbot speaks on the wiki; '' for the content language of the wiki.
    """

    accounts: Mapping[str, Account] = {}
    feeds: tuple[Feed, ...] = ()
    four_eyes: bool = False
    own_requests: bool = False
    approval_days: int = 14
    news_days: int = 14
    pick_days: int = 10
    queue_days: int = 30
    requests_per_person: int = 5
    announce_days: int = 14
    evergreen_days: int = 180
    remind_days: int = 7
    support: tuple[str, ...] = ()
    language: str = ""
    problems: tuple[Problem, ...] = ()

    def maintains(self, user: str, account: str) -> bool:
        """Whether `user` is on the list of maintainers of `account`."""
        return bool(user) and account in self.accounts and user in self.accounts[account].maintainers

    def days(self, name: str) -> timedelta:
        """One of the `…_days` settings as a span of time."""
        return timedelta(days=getattr(self, f"{name}_days"))


def read(page: Page, kinds: Mapping[str, tuple[str, str]], networks: Collection[str]) -> Settings:
    """Read the settings page.

    `kinds` are the readers there are, each with its usual (wiki, page); `networks` the networks there are.
    """
    reader = _Reader()
    if not page.exists:
        missing = Problem(say("settings-missing", page.title), say("settings-missing-remedy"))
        return Settings(problems=(missing,))
    if page.protection in OPEN_LEVELS:
        reader.problem(say("settings-unprotected", page.title), say("settings-unprotected-remedy"))
    code = parse(page.text)
    accounts: dict[str, Account] = {}
    for account in filter(None, (reader.account(t, networks) for t in named(code, names.template("account")))):
        if account.name in accounts:
            reader.problem(
                say("settings-account-twice", account.name), say("settings-account-twice-remedy", names.call("account"))
            )
        accounts[account.name] = account
    if not accounts:
        reader.problem(say("settings-no-account"), say("settings-no-account-remedy", names.call("account")))
    feeds = tuple(feed for t in named(code, names.template("source")) if (feed := reader.feed(t, kinds, accounts)))
    for name in sorted({feed.name for feed in feeds if [f.name for f in feeds].count(feed.name) > 1}):
        reader.problem(say("settings-source-twice", name), say("settings-source-twice-remedy"))
    rules = reader.rules(named(code, names.template("settings")))
    return Settings(accounts=accounts, feeds=feeds, problems=tuple(reader.problems), **rules)


class _Reader:
    """Reads arguments and collects every problem, so that people see all of them at once."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def problem(self, message: str, remedy: str) -> None:
        self.problems.append(Problem(message, remedy))

    def words(self, template: Template, name: str) -> str:
        text, problems = plain(template, name)
        self.problems.extend(problems)
        return text

    def account(self, template: Template, networks: Collection[str]) -> Account | None:
        name = self.words(template, "account").lower()
        if not name.isidentifier():
            self.problem(say("settings-account-name", name), say("settings-account-name-remedy"))
            return None
        wanted = self.names(template, "networks")
        for network in set(wanted) - set(networks):
            there_are = say("settings-network-unknown-remedy", ", ".join(sorted(networks)))
            self.problem(say("settings-network-unknown", name, network), there_are)
        maintainers = self.people(template)
        if not maintainers:
            self.problem(say("settings-no-maintainers", name), say("settings-no-maintainers-remedy"))
        return Account(
            name=name,
            networks=tuple(n for n in wanted if n in networks),
            maintainers=maintainers,
            posts_per_day=self.number(template, "posts per day", 3),
            threads=self.threads(template, name, wanted),
            visibility=self.visibility(template, name),
            rhythm=self.rhythm(template, name),
            budget=self.budget(template, name),
            hashtags=self.hashtags(template, name),
            profiles=_addresses(self.words(template, "profiles")),
            mentions=self.yes(template, "mentions", 0),
            goal=self.number(template, "goal", 0, least=0),
        )

    def hashtags(self, template: Template, account: str) -> tuple[str, ...]:
        """The hashtags of an account, each with one `#`, as people write it or not."""
        wanted = [f"#{word.lstrip('#＃')}" for word in re.split(r"[\s,;]+", self.words(template, "hashtags")) if word]
        for tag in wanted:
            if not re.fullmatch(r"#[^\W_](?:\w|\u200c|\u200d)*", tag):
                self.problem(say("settings-hashtag", account, tag), say("settings-hashtag-remedy"))
        return tuple(dict.fromkeys(tag for tag in wanted if len(tag) > 1))

    def names(self, template: Template, field_name: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name.lower() for name in split(self.words(template, field_name))))

    def people(self, template: Template) -> frozenset[str]:
        """The maintainers: by commas, or one a line with or without bullets, where commas are part of the names."""
        bulleted = raw(template, "maintainers")
        listed = re.sub(r"(?m)^[^\S\n]*[*#]+", "", bulleted)
        text, problems = decode(parse(listed))
        self.problems.extend(problems)
        one_a_line = listed != bulleted or ("\n" in text and not re.search(rf"[{COMMAS}]\s*\n", text))
        names = text.splitlines() if one_a_line else split(text)
        return frozenset(filter(None, map(user_name, names)))

    def threads(self, template: Template, account: str, networks: Collection[str]) -> frozenset[str]:
        wanted = self.names(template, "threads")
        for network in sorted(set(wanted) - set(networks)):
            choice = ", ".join(networks) or say("settings-none-yet")
            self.problem(say("settings-threads", account, network), say("settings-threads-remedy", choice))
        return frozenset(wanted) & frozenset(networks)

    def visibility(self, template: Template, account: str) -> str:
        wanted = self.words(template, "visibility").lower() or VISIBILITIES[0]
        if wanted not in VISIBILITIES:
            self.problem(
                say("settings-account-value", account, "visibility", wanted),
                say("settings-visibility-remedy", *VISIBILITIES),
            )
            return VISIBILITIES[0]
        return wanted

    def rhythm(self, template: Template, account: str) -> Rhythm:
        def read_field(name: str, reader: Callable[[str], _Read], usual: _Read) -> _Read:
            try:
                return reader(self.words(template, name))
            except ValueError as error:
                self.problem(say("settings-unreadable", account, name), str(error))
                return usual

        rhythm = Rhythm(
            zone=read_field("time zone", read_zone, Rhythm().zone),
            slots=read_field("slots", read_slots, ()),
            quiet=read_field("quiet hours", read_quiet, None),
            gap=timedelta(minutes=self.number(template, "gap", GAP, least=0)),
        )
        if not is_possible(rhythm):
            self.problem(say("settings-never", account), say("settings-never-remedy"))
        return rhythm

    def budget(self, template: Template, account: str) -> int:
        """Thousandths of a US dollar a month."""
        wanted = self.words(template, "budget")
        found = re.fullmatch(r"\$?\s*(\d{1,6})(?:\.(\d{1,3}))?", wanted or "0", re.ASCII)
        if not found:
            self.problem(say("settings-account-value", account, "budget", wanted), say("settings-budget-remedy"))
            return 0
        return int(found[1]) * 1000 + int((found[2] or "").ljust(3, "0"))

    def feed(
        self, template: Template, kinds: Mapping[str, tuple[str, str]], accounts: Mapping[str, Account]
    ) -> Feed | None:
        name = self.words(template, "source")
        kind = self.words(template, "kind") or name
        if kind not in kinds:
            there_are = say("settings-kind-unknown-remedy", ", ".join(sorted(kinds)))
            self.problem(say("settings-kind-unknown", name, kind), there_are)
            return None
        wiki, page = kinds[kind]
        if template.has("page"):
            wiki, page = self.words(template, "wiki"), self.words(template, "page")
        if not self.yes(template, "on", 1) and template.has("on"):
            return None
        if not page:
            self.problem(say("settings-no-page", name), say("settings-no-page-remedy"))
        speakers, reposters = (self.names(template, field_name) for field_name in ("accounts", "reposted by"))
        for account in sorted({*speakers, *reposters} - set(accounts)):
            self.problem(say("settings-no-such-account", name, account), say("settings-no-such-account-remedy"))
        return Feed(
            name,
            kind,
            page,
            wiki,
            accounts=tuple(a for a in speakers if a in accounts),
            reposted_by=tuple(a for a in reposters if a in accounts and a not in speakers),
            only=split(self.words(template, "only").casefold()),
            remind=self.spans(template, name),
            evergreen=self.yes(template, "evergreen", 0),
        )

    def spans(self, template: Template, source: str) -> tuple[timedelta, ...]:
        """Spans of time, longest first, such as 'day, 2 hours'."""
        found = []
        for words in split(self.words(template, "remind")):
            span = re.fullmatch(r"(?:(\d{1,3})\s+)?(day|hour)s?", words.lower())
            if not span or not int(span[1] or 1):
                self.problem(say("settings-remind", source, words), say("settings-remind-remedy"))
                continue
            found.append(int(span[1] or 1) * timedelta(**{f"{span[2]}s": 1}))
        return tuple(sorted(set(found), reverse=True))

    def rules(self, templates: list[Template]) -> dict[str, Any]:
        if len(templates) != 1:
            self.problem(
                say("settings-not-one", len(templates), names.call("settings")), say("settings-not-one-remedy")
            )
        rules: dict[str, Any] = {}
        rules["support"] = _addresses(self.words(templates[0], "support")) if templates else ()
        rules["language"] = self.language(templates[0]) if templates else ""
        readers: tuple[tuple[str, Callable[[Template, str, int], int | bool]], ...] = (
            ("four eyes", self.yes),
            ("own requests", self.yes),
            ("approval days", self.number),
            ("news days", self.number),
            ("pick days", self.number),
            ("queue days", self.number),
            ("requests per person", self.number),
            ("announce days", self.number),
            ("evergreen days", self.number),
            ("remind days", self.number),
        )
        for name, read_value in readers:
            field_name = name.replace(" ", "_")
            default: Any = getattr(Settings(), field_name)
            rules[field_name] = read_value(templates[0], name, default) if templates else default
        return rules

    def language(self, template: Template) -> str:
        """The code of a language; one without messages of its own is fine, as there may be some one day."""
        text = self.words(template, "language").lower().replace("_", "-")
        if text and not _LANGUAGE.fullmatch(text):
            self.problem(say("settings-value", "language", text), say("settings-language-remedy"))
            return ""
        return text

    def number(self, template: Template, name: str, default: int, least: int = 1) -> int:
        text = self.words(template, name)
        if not text:
            return default
        if not text.isdecimal() or not least <= int(text) <= MOST:
            self.problem(say("settings-value", name, text), say("settings-number-remedy", least, MOST))
            return default
        return int(text)

    def yes(self, template: Template, name: str, default: int) -> bool:
        text = self.words(template, name).lower()
        if text not in YES | NO:
            self.problem(say("settings-value", name, text), say("settings-yes-remedy"))
            return bool(default)
        return text in YES


def read_wordings(page: Page) -> dict[str, Wording]:
    """The page on which maintainers say how news is put in words, by the names of the sources."""
    found: dict[str, Wording] = {}
    for template in named(parse(page.text), names.template("wording")):
        words: dict[str, dict[str, str]] = {"post": {}, "reminder": {}}
        for name in (str(parameter.name).strip() for parameter in template.params):
            field_name, _, account = name.partition(" ")
            if field_name in words and (text := plain(template, name)[0]):
                words[field_name][account.strip().lower()] = text
        found[plain(template, "source")[0]] = Wording(**words)
    return found


def _addresses(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"https?://\S+", text))


def user_name(text: str) -> str:
    """A user name as MediaWiki writes it: spaces for underscores, a capital first letter, no 'User:' in front."""
    name = " ".join(text.replace("_", " ").removeprefix("User:").removeprefix("[[User:").rstrip("]").split())
    first = name[:1].upper()
    return (first if len(first) == 1 else name[:1]) + name[1:]
