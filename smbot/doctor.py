"""`smbot check`: everything an operator can get wrong, looked at, with the remedy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from smbot import channels, names, news, settings, sources
from smbot.errors import SmbotError, UsageError
from smbot.gather import titles
from smbot.memory import load
from smbot.messages import say
from smbot.model import Page
from smbot.newsstand import Newsstand
from smbot.notices import ANNOUNCE
from smbot.wiki import Wiki

# What the bot's password has to grant: https://www.mediawiki.org/wiki/Manual:User_rights
RIGHTS = ("edit", "createpage", "editmyuserjson", "bot")

OLDEST = (1, 39)  # MediaWiki that smbot is tried on
SKEW = timedelta(minutes=2)  # between two clocks that are both set right
CARD = (names.template_page("candidate"), names.template_page("post"))


class Finding(Struct, frozen=True):
    """One thing that was looked at."""

    what: str
    ok: bool
    said: str = ""
    remedy: str = ""


def examine(home: str, environment: Mapping[str, str]) -> list[Finding]:
    """Look at everything; stops early only where nothing further can be seen."""
    try:
        wiki = Wiki()
        wiki.login()
    except SmbotError as error:
        return [Finding(say("check-login"), False, str(error), say("check-login-remedy"))]
    return [Finding(say("check-login"), True, wiki.bot), *_examine(wiki, home, environment)]


def _examine(wiki: Wiki, home: str, environment: Mapping[str, str]) -> Iterator[Finding]:
    yield _version(wiki.version())
    rights = wiki.rights()
    for right in RIGHTS:
        said = "" if right in rights else say("check-missing")
        yield Finding(say("check-right", right), right in rights, said, say(f"check-right-{right}"))
    t = titles(home, wiki.bot)
    yield _clock(wiki.skew)
    pages = wiki.read([t.settings, t.queue, t.requests, t.stop, t.memory, t.log, t.wording, *CARD])
    for title in (t.queue, t.requests, t.log):
        yield Finding(say("check-page", title), pages[title].exists, "", say("check-install"))
    yield from (_card_template(pages[title]) for title in CARD)
    yield _stop_page(pages[t.stop])
    yield _memory(pages[t.memory])
    kinds = sources.usual()
    rules = settings.read(pages[t.settings], kinds, channels.NETWORKS)
    yield Finding(say("check-page", t.settings), not rules.problems, say("check-accounts", len(rules.accounts)))
    yield from (Finding(say("check-settings"), False, p.message, p.remedy) for p in rules.problems)
    yield from _sources(wiki, rules)
    yield from _wordings(pages[t.wording], rules)
    for account in rules.accounts.values():
        for name, channel in zip(account.networks, account.channels, strict=True):
            yield from _channel(channel, environment)
            if channels.network(name).rules({}).mills("words") and not account.budget:
                said = say("check-no-budget", name, account.name)
                yield Finding(say("check-channel", channel), False, said, say("check-no-budget-remedy"))


def _sources(wiki: Wiki, rules: settings.Settings) -> Iterator[Finding]:
    """What each source yields now."""
    stand = Newsstand(lambda name: Wiki(name) if name else wiki)
    found, unread = stand.read(rules.feeds, {}, wiki.now(), rules.news_days)
    for feed in rules.feeds:
        pages = found.get(feed.name, ())
        why = unread.get(feed.name) or news.alarm(feed, pages)
        items = sum(len(reading.items) for _, reading in pages)
        said = why or say("check-items", items)
        yield Finding(say("check-source", feed.name), not why, said, say("check-source-remedy"))


def _wordings(page: Page, rules: settings.Settings) -> Iterator[Finding]:
    """Words for sources that are not there are most often a mistyped name."""
    names = {feed.name for feed in rules.feeds}
    for name in settings.read_wordings(page):
        if name not in names:
            yield Finding(say("check-page", page.title), True, say("check-no-such-source", name))


def _version(there: tuple[int, ...]) -> Finding:
    said = ".".join(map(str, there))
    return Finding(say("check-mediawiki"), there >= OLDEST, said, say("check-mediawiki-remedy"))


def _clock(skew: timedelta) -> Finding:
    seconds = round(abs(skew).total_seconds())
    said = say("check-clock-ahead", seconds) if skew > timedelta(0) else say("check-clock-behind", seconds)
    return Finding(say("check-clock"), abs(skew) < SKEW, said, say("check-clock-remedy"))


def _card_template(page: Page) -> Finding:
    """Maintainers approve what these templates show."""
    what = say("check-page", page.title)
    if not page.exists:
        return Finding(what, False, say("check-missing"), say("check-install"))
    if page.protection in settings.OPEN_LEVELS:
        return Finding(what, False, say("check-unprotected"), say("check-unprotected-remedy"))
    return Finding(what, True)


def _stop_page(page: Page) -> Finding:
    running = page.text.strip() == "run"
    said = "run" if running else say("check-stopped") if page.exists else say("check-stop-missing")
    return Finding(say("check-page", page.title), running, said, say("check-stopped-remedy"))


def _memory(page: Page) -> Finding:
    try:
        known = len(load(page.text).known)
    except SmbotError as error:
        return Finding(say("check-page", page.title), False, str(error))
    return Finding(say("check-page", page.title), True, say("check-items-known", known))


def _channel(channel: str, environment: Mapping[str, str]) -> Iterator[Finding]:
    """What the credentials of a channel open, and until when."""
    what = say("check-channel", channel)
    hints = "; ".join(f"{name}: {credential.hint}" for name, credential in channels.variables(channel).values())
    try:
        opened = channels.connect(channel, environment)
        yield Finding(what, True, opened.check())
        yield from _expiry(what, str(opened.limits().get("expires") or ""))
    except UsageError as error:
        yield Finding(what, False, str(error), hints)
    except SmbotError as error:
        yield Finding(what, False, str(error), say("check-again"))


def _expiry(what: str, expires: str) -> Iterator[Finding]:
    if expires:
        at = datetime.fromisoformat(expires)
        said = say("check-expires", f"{at:%Y-%m-%d}")
        yield Finding(what, at - datetime.now(UTC) > ANNOUNCE, said, say("check-expires-remedy"))
