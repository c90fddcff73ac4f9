"""A desk of its own for one test: pages below a fresh home on the sandbox wiki, people, and a stand-in Mastodon."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

from sandbox.mastodon import Mastodon
from sandbox.people import Person
from sandbox.wiki import SandboxWiki
from smbot import gather, memory, review
from smbot.bot import Desk
from smbot.intake import unsigned
from smbot.report import Report
from smbot.templates import encode, named, parse, put, raw
from smbot.wiki import Wiki
from tests import networks

SETTINGS = """\
{{Smbot/settings}}
{{Smbot/account | account = mediawiki | gap = 0 | networks = mastodon | maintainers = Alice }}
{{Smbot/account | account = wikitech | gap = 0 | networks = mastodon | maintainers = Alice, Bob }}
{{Smbot/source | source = MediaWiki News | kind = mediawiki-news | page = $HOME/News | accounts = mediawiki }}
{{Smbot/source | source = Tech News | kind = tech-news | page = $HOME/Tech | accounts = wikitech }}
"""


class World:
    """Everything a scenario needs. `now` is the time the desk believes it is; move it with `later`.

    A context manager: the networks that were joined are left at its end.
    """

    def __init__(self, wiki: SandboxWiki, admin: Person, mastodon: Mastodon, home: str) -> None:
        self.wiki = wiki
        self.admin = admin
        self.mastodon = mastodon
        self.home = home
        self.titles = gather.titles(home, "Smbot")
        self.now = datetime.now(UTC)
        self.environment = {
            f"SMBOT_{account.upper()}_MASTODON_{name}": value
            for account in ("mediawiki", "wikitech")
            for name, value in (("URL", mastodon.url), ("TOKEN", f"token-of-{account}"))
        }

        self._joined = ExitStack()

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        self._joined.close()

    def join(self, name: str) -> networks.World:
        """Let both accounts be on one more network; the settings have to name it."""
        joined = self._joined.enter_context(networks.serve(name))
        for account in ("mediawiki", "wikitech"):
            self.environment |= joined.environment(account)
        return joined

    def set_up(self, settings: str = SETTINGS) -> None:
        """Make the five pages; settings protected, posting running, two news and no request."""
        self.admin.edit(self.titles.settings, settings.replace("$HOME", self.home))
        self.admin.protect(self.titles.settings)
        self.admin.edit(self.titles.stop, "run")
        self.admin.edit(self.titles.queue, "{{Smbot/status}}\n\n== To review ==\n")
        self.admin.edit(self.titles.requests, "Ask here.\n")
        self.news("A new skin is the default on many wikis.", "Patrolling got faster for everyone.")

    def show_status(self) -> None:
        """Let the desk have a status page, as `smbot install` makes one; the next run draws it."""
        self.admin.edit(self.titles.status, "Nothing to see yet.")

    def news(self, *bullets: str) -> None:
        """Let the news page say just this, all of today."""
        body = "\n".join(f"* {bullet}" for bullet in bullets)
        self.admin.edit(f"{self.home}/News", f";{self.now:%Y-%m-%d}\n{body}\n;2019-01-01\n* Something old.\n")

    def tech_news(self, *bullets: str, weeks_ago: int = 0) -> str:
        """Let the Tech News issue of a week say just this; its name, such as 2026-W47."""
        year, week, _ = (self.now - timedelta(weeks=weeks_ago)).isocalendar()
        body = "\n".join(f"* {bullet}" for bullet in bullets)
        name = f"technews-{year}-W{week:02}"
        self.admin.edit(
            f"{self.home}/Tech/{year}/{week:02}",
            f"<section begin=\"{name}\"/>\n'''Updates for editors'''\n{body}\n<section end=\"{name}\"/>",
        )
        return f"{year}-W{week:02}"

    def settle(self, old: str, new: str) -> None:
        """An administrator puts `new` for `old` in the settings."""
        self.swap(self.admin, old, new, self.titles.settings)

    def approve(self, person: Person, words: str, **arguments: str) -> str:
        """Approve the card whose words contain these; its id."""
        id_ = self.id_of(words)
        self.change(person, id_, status="approved", **arguments)
        return id_

    @property
    def soon(self) -> str:
        """A time that has come a day later, as people write it."""
        return f"{self.now + timedelta(hours=6):%Y-%m-%d %H:%M}"

    def later(self, **span: float) -> None:
        """Let time pass, as timedelta counts it."""
        self.now += timedelta(**span)

    def desk(self, clock: Callable[[], datetime] | None = None) -> Desk:
        """A new desk, as a new process would have it."""
        wiki = Wiki()
        return Desk(wiki, self.home, self.environment, clock or (lambda: self.now))

    def collect(self) -> Report:
        """One run of `smbot collect`."""
        return self._work(send=False)

    def publish(self) -> Report:
        """One run of `smbot publish`."""
        return self._work(send=True)

    def _work(self, *, send: bool) -> Report:
        """One run, for which an event loop of its own is begun: that of a browser in this thread rests meanwhile."""
        browsing = asyncio._get_running_loop()
        asyncio._set_running_loop(None)
        try:
            return self.desk().work(send=send)
        finally:
            asyncio._set_running_loop(browsing)

    def cards(self) -> Mapping[str, review.Card | None]:
        """The cards on the queue page."""
        return review.read(self.admin.get(self.titles.queue))

    def id_of(self, words: str) -> str:
        """The id of the card whose words contain these."""
        (found,) = [id_ for id_, card in self.cards().items() if card and words in card.candidate.text]
        return found

    def note(self, id_: str) -> str:
        """What smbot says on a card."""
        (template,) = [t for t in named(parse(self.admin.get(self.titles.queue)), review.CARD) if raw(t, "id") == id_]
        return raw(template, "note")

    def top(self) -> str:
        """What smbot says at the top of the queue page."""
        return "".join(raw(t, "1") for t in named(parse(self.admin.get(self.titles.queue)), review.STATUS_LINE))

    def card(self, id_: str) -> str:
        """The wikitext of one card."""
        (template,) = [t for t in named(parse(self.admin.get(self.titles.queue)), review.CARD) if raw(t, "id") == id_]
        return str(template)

    def swap(self, person: Person, old: str, new: str, title: str = "") -> int:
        """An ordinary edit by a person that puts `new` for `old`, which must be there, on the queue (or `title`)."""
        title = title or self.titles.queue
        text = self.admin.get(title)
        assert old in text
        return int(person.edit(title, text.replace(old, new))["newrevid"])

    def everything(self) -> list[str]:
        """The words of every post on every account."""
        return self.posts("mediawiki") + self.posts("wikitech")

    def change(self, person: Person, id_: str, **arguments: str) -> int:
        """An ordinary edit of one card by a person (not_before for 'not before'); the new revision."""
        text = self.admin.get(self.titles.queue)
        code = parse(text)
        (template,) = [t for t in named(code, review.CARD) if raw(t, "id") == id_]
        for name, value in arguments.items():
            put(template, name.replace("_", " "), encode(value))
        return int(person.edit(self.titles.queue, str(code))["newrevid"])

    def ask(self, person: Person, **arguments: str) -> None:
        """A request added at the end of the page by a person, as typed by hand."""
        fields = "".join(f"| {name.replace('_', ' ')} = {value}\n" for name, value in arguments.items())
        before = self.admin.get(self.titles.requests)
        person.edit(self.titles.requests, f"{before}\n\n== A request ==\n{{{{Smbot/request\n{fields}}}}}\n")

    def answers(self) -> list[str]:
        """The answers on the request page, in its order."""
        code = parse(self.admin.get(self.titles.requests))
        return [unsigned(raw(template, "answer")) for template in named(code, "Smbot/request")]

    def memory(self) -> memory.Memory:
        """What smbot remembers."""
        return memory.load(self.admin.get(self.titles.memory))

    def log(self) -> str:
        """The log page of this month."""
        return self.admin.get(f"{self.titles.log}/{self.now:%Y-%m}")

    def posts(self, account: str) -> list[str]:
        """The words of every post on an account, oldest first."""
        return [post["text"] for post in self.mastodon.world.posts(account)]
