"""The page that tells readers who speaks where: people write it, and smbot keeps the marked regions in it. Pure.

    <!-- smbot: accounts --> written by smbot <!-- /smbot: accounts -->

What stands outside the regions is never touched. A region that people took out stays out; one whose end is missing, or
that holds the beginning of another, is left alone, since nobody can say where it ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from smbot import names
from smbot.gather import Snapshot
from smbot.messages import say
from smbot.pages import Edit
from smbot.settings import Account
from smbot.templates import address, encode, kept, person

_BEGIN = re.compile(r"<!--\s*smbot:")
_MOST = 50
_REGION = re.compile(
    r"(?P<begin><!--\s*smbot:\s*(?P<name>\w+)\b[^>]*-->)(?P<body>.*?)(?P<end><!--\s*/smbot:\s*(?P=name)\s*-->)",
    re.DOTALL,
)


def channels_edit(seen: Snapshot) -> Edit | None:
    """The page with its regions as they shall be, or None when they are so, or there is no such page."""
    page = seen.channels
    text = page.text if seen.settings.problems else written(page.text, seen)
    return Edit(page.title, page.revision, text, say("channels-summary")) if kept(text) != kept(page.text) else None


def written(text: str, seen: Snapshot) -> str:
    """The page with its regions as they shall be; one on which very many begin is left alone, as it takes too long."""
    if len(_BEGIN.findall(text)) > _MOST:
        return text

    def region(match: re.Match[str]) -> str:
        write = _REGIONS.get(match["name"])
        if write is None or _BEGIN.search(match["body"]):
            return match[0]
        return "\n".join((match["begin"], *write(seen), match["end"]))

    return _REGION.sub(region, text)


def emptied(text: str) -> str:
    """The page with nothing in its regions, as it is when it is made."""
    return _REGION.sub(lambda region: f"{region['begin']}\n{region['end']}", text)


def _accounts(seen: Snapshot) -> Iterator[str]:
    """The voices: where each is, who approves what it says, and how often it speaks."""
    for account in seen.settings.accounts.values():
        networks = ", ".join(names.call("network", network) for network in account.networks)
        people = ", ".join(map(person, sorted(account.maintainers))) or say("channels-nobody")
        yield f"; {account.name}"
        yield f": {say('channels-where', networks)}{''.join(map(_link, account.profiles))}"
        yield f": {say('channels-maintainers', people)}"
        yield f": {_how_often(account)}"


def _link(url: str) -> str:
    return f" [{address(url)} {encode(_without_scheme(url))}]"


def _without_scheme(url: str) -> str:
    return url.partition("://")[2].rstrip("/") or url


def _how_often(account: Account) -> str:
    if account.goal:
        return say("channels-a-week", account.goal, account.posts_per_day)
    return say("channels-a-day", account.posts_per_day)


def _sources(seen: Snapshot) -> Iterator[str]:
    """What is read by itself, and for whom."""
    for feed in seen.settings.feeds:
        name, accounts, others = encode(feed.name), ", ".join(feed.accounts), ", ".join(feed.reposted_by)
        said = say("channels-reposts", name, accounts, others) if others else say("channels-reads", name, accounts)
        yield f"* {said}"
    yield "* " + say("channels-reads-requests", seen.titles.requests)


def _rules(seen: Snapshot) -> Iterator[str]:
    """What the accounts keep to, as the settings have it."""
    rules = seen.settings
    yield "* " + say("channels-rule-approval")
    if not rules.own_requests:
        yield "* " + say("channels-rule-own")
    if rules.four_eyes:
        yield "* " + say("channels-rule-four-eyes")
    places = "".join(map(_link, rules.support))
    yield "* " + (say("channels-rule-replies") + places if places else say("channels-rule-replies-only"))
    yield "* " + say("channels-rule-waits", rules.queue_days)
    yield "* " + say("channels-rule-log", seen.titles.log)


_REGIONS = {"accounts": _accounts, "sources": _sources, "rules": _rules}
