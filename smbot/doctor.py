"""`smbot check`: everything an operator can get wrong, looked at, with the remedy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from smbot import channels, news, settings, sources
from smbot.errors import SmbotError, UsageError
from smbot.gather import titles
from smbot.memory import load
from smbot.model import Page
from smbot.newsstand import Newsstand
from smbot.notices import ANNOUNCE
from smbot.wiki import Wiki

# What the bot's password has to grant, and what for: https://www.mediawiki.org/wiki/Manual:User_rights
RIGHTS = {
    "edit": "It edits the queue, the requests and the log. Give the bot password ‘Create, edit, and move pages’.",
    "createpage": "It makes a log page each month. Give the bot password ‘Create, edit, and move pages’.",
    "editmyuserjson": "It keeps its memory page. Give the bot password ‘Edit your user preferences and JSON "
    "configuration’.",
    "bot": "It should not flood the recent changes. Give the bot password ‘High-volume (bot) access’ (on "
    "some wikis ‘High-volume editing’), and ask for the bot flag.",
}


SKEW = timedelta(minutes=2)  # between two clocks that are both set right
CARD = ("Template:Smbot/candidate", "Template:Smbot/post")


@dataclass(frozen=True, slots=True)
class Finding:
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
        return [Finding("login", False, str(error), "Look at user-config.py and the bot password it names.")]
    return [Finding("login", True, wiki.bot), *_examine(wiki, home, environment)]


def _examine(wiki: Wiki, home: str, environment: Mapping[str, str]) -> Iterator[Finding]:
    rights = wiki.rights()
    for right, why in RIGHTS.items():
        yield Finding(f"right ‘{right}’", right in rights, "" if right in rights else "missing", why)
    t = titles(home, wiki.bot)
    yield _clock(wiki.skew)
    pages = wiki.read([t.settings, t.queue, t.requests, t.stop, t.memory, t.log, t.wording, *CARD])
    for title in (t.queue, t.requests, t.log):
        yield Finding(f"page ‘{title}’", pages[title].exists, "", "Run: smbot install")
    yield from (_card_template(pages[title]) for title in CARD)
    yield _stop_page(pages[t.stop])
    yield _memory(pages[t.memory])
    kinds = sources.usual()
    rules = settings.read(pages[t.settings], kinds, channels.NETWORKS)
    yield Finding(f"page ‘{t.settings}’", not rules.problems, f"{len(rules.accounts)} accounts")
    yield from (Finding("settings", False, p.message, p.remedy) for p in rules.problems)
    yield from _sources(wiki, rules)
    yield from _wordings(pages[t.wording], rules)
    for account in rules.accounts.values():
        for name, channel in zip(account.networks, account.channels, strict=True):
            yield from _channel(channel, environment)
            if channels.network(name).rules({}).mills("words") and not account.budget:
                said = f"posts on {name} cost money, and {account.name} has no budget"
                yield Finding(
                    f"channel {channel}", False, said, "Write ‘budget = 5’ (US dollars a month) in its settings."
                )


def _sources(wiki: Wiki, rules: settings.Settings) -> Iterator[Finding]:
    """What each source yields now."""
    stand = Newsstand(lambda name: Wiki(name) if name else wiki)
    found, unread = stand.read(rules.feeds, {}, wiki.now(), rules.news_days)
    for feed in rules.feeds:
        pages = found.get(feed.name, ())
        why = unread.get(feed.name) or news.alarm(feed, pages)
        items = sum(len(reading.items) for _, reading in pages)
        remedy = "Correct ‘page’ and ‘kind’ in its settings, or write ‘on = no’ there."
        yield Finding(f"source ‘{feed.name}’", not why, why or f"{items} items", remedy)


def _wordings(page: Page, rules: settings.Settings) -> Iterator[Finding]:
    """Words for sources that are not there are most often a mistyped name."""
    names = {feed.name for feed in rules.feeds}
    for name in settings.read_wordings(page):
        if name not in names:
            said = f"there are words for ‘{name}’, which is no source that is read"
            yield Finding(f"page ‘{page.title}’", True, said)


def _clock(skew: timedelta) -> Finding:
    said = f"{abs(skew).total_seconds():.0f} s {'ahead of' if skew > timedelta(0) else 'behind'} the wiki's"
    return Finding("this machine's clock", abs(skew) < SKEW, said, "Set it by NTP; smbot goes by the wiki's meanwhile.")


def _card_template(page: Page) -> Finding:
    """Maintainers approve what these templates show."""
    said = "" if page.exists else "missing"
    if page.exists and page.protection in settings.OPEN_LEVELS:
        said = "not protected, so anybody could make cards show other words than those sent"
    remedy = "An administrator has to protect it." if page.exists else "Run: smbot install"
    return Finding(f"page ‘{page.title}’", not said, said, remedy)


def _stop_page(page: Page) -> Finding:
    running = page.text.strip() == "run"
    said = "run" if running else "posting is stopped" if page.exists else "missing, so nothing is posted"
    return Finding(f"page ‘{page.title}’", running, said, "Make it the one word: run")


def _memory(page: Page) -> Finding:
    try:
        known = len(load(page.text).known)
    except SmbotError as error:
        return Finding(f"page ‘{page.title}’", False, str(error))
    return Finding(f"page ‘{page.title}’", True, f"{known} items known")


def _channel(channel: str, environment: Mapping[str, str]) -> Iterator[Finding]:
    """What the credentials of a channel open, and until when."""
    what = f"channel {channel}"
    hints = "; ".join(f"{name}: {credential.hint}" for name, credential in channels.variables(channel).values())
    try:
        opened = channels.connect(channel, environment)
        yield Finding(what, True, opened.check())
        yield from _expiry(what, str(opened.limits().get("expires") or ""))
    except UsageError as error:
        yield Finding(what, False, str(error), hints)
    except SmbotError as error:
        yield Finding(what, False, str(error), "Mend it and run smbot check again.")


def _expiry(what: str, expires: str) -> Iterator[Finding]:
    if expires:
        at = datetime.fromisoformat(expires)
        yield Finding(what, at - datetime.now(UTC) > ANNOUNCE, f"its credentials end on {at:%Y-%m-%d}", "Renew them.")
