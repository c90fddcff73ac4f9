"""Small makers of values for the tests of the pure core, and a desk on paper: revisions in a list instead of a wiki."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from smbot import compose, gather, intake, pages, plan, proposals, review
from smbot.gather import Snapshot, Titles
from smbot.memory import Approval, Delivery, Known, Memory, Standing
from smbot.model import Can, Candidate, File, Flag, Item, Link, Page, Permalink, Reading, Rules, Text
from smbot.settings import Account, Feed, Settings
from smbot.templates import encode, named, parse, put, raw

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
BOT, ALICE, BOB, RITA, MALLORY = "Smbot", "Alice", "Bob", "Rita", "Mallory"
ACCOUNTS = {
    "mediawiki": Account("mediawiki", ("mastodon",), frozenset({ALICE})),
    "wikitech": Account("wikitech", ("mastodon",), frozenset({ALICE, BOB})),
}
CHANNEL = "mediawiki/mastodon"
RULES = {
    name: Rules("mastodon", 500, len, can=frozenset({Can.REPOST}))
    for account in ACCOUNTS.values()
    for name in account.channels
}
RULES |= {f"{name}/other": RULES[CHANNEL] for name in ACCOUNTS}
NEWS = Feed("MediaWiki News", "mediawiki-news", "News", "", ("mediawiki",))
TECH = Feed("Tech News", "tech-news", "Tech/News", "", ("wikitech",))
TITLES = Titles(
    "Desk/Settings",
    "Desk/Queue",
    "Desk/Requests",
    "Desk/Run",
    "Desk/Log",
    "User:Smbot/Desk.json",
    "Desk/Wording",
    "Talk:Desk/Queue",
)


def settings(**changed: Any) -> Settings:
    """Settings that say all is well: Alice speaks for both accounts, Bob for wikitech."""
    return Settings(**({"accounts": ACCOUNTS, "feeds": (NEWS, TECH)} | changed))


def page(text: str, revision: int = 1, user: str = RITA, **more: Any) -> Page:
    """A page as it was read."""
    return Page(**({"title": "Desk/Page", "revision": revision, "text": text, "user": user, "timestamp": NOW} | more))


def card(id_: str = "n1", status: str = "waiting", text: str = "A new skin.", /, **more: str) -> str:
    """The wikitext of a card, with a true `check`, as smbot writes it; not_before is for 'not before'."""
    (made,) = named(
        parse(f"{{{{{review.CARD}\n| id = {id_}\n| status = {status}\n| accounts = mediawiki\n}}}}"), review.CARD
    )
    for name, value in {"text": text, **more}.items():
        put(made, name.replace("_", " "), encode(value))
    (shown,) = review.read(str(made)).values()
    assert shown
    put(made, "check", check(shown), after="status")
    return str(made)


def changed(text: str, id_: str, /, **arguments: str) -> str:
    """The page after an ordinary edit of one card or request: arguments as typed, '' takes one away."""
    code = parse(text)
    for template in code.ifilter_templates(recursive=False):
        if raw(template, "id") == id_:
            for name, value in arguments.items():
                put(template, name.replace("_", " "), value)
    return str(code)


def request(text: str = "Come to the hackathon.", accounts: str = "mediawiki", **more: str) -> str:
    """A request as typed by hand."""
    fields = {"accounts": accounts, "text": text, **more}
    return "{{Smbot/request\n" + "".join(f"| {k.replace('_', ' ')} = {v}\n" for k, v in fields.items()) + "}}\n"


def item(text: str, group: str = "2026-11-20", title: str = "News", **more: Any) -> Item:
    """One piece of news."""
    links = (Link("https://example.org/a", "words"),)
    usual = {"links": links, "permalink": Permalink(title, 7, f"https://wiki.test/{title}?oldid=7")}
    day = {"published": date(2026, 11, 20)}
    return Item(NEWS.name, group, "", text, **(usual | day | more))


def reading(*items: Item, title: str = "News", revision: int = 7, **more: Any) -> tuple[tuple[Page, Reading], ...]:
    """What one page of a feed yielded."""
    return ((page("", revision, title=title), Reading(items, **more)),)


def known(**changed_: Any) -> Known:
    """A news item that is open, with its proposal."""
    usual = {"source": NEWS.name, "page": "News", "group": "2026-11-20", "print": "", "since": NOW.date()}
    proposal = Candidate(("mediawiki",), "A new skin.")
    return Known(**(usual | {"title": "A new skin.", "proposal": proposal} | changed_))


def delivery(id_: str = "n1", channel: str = CHANNEL, **changed_: Any) -> Delivery:
    """A delivery in the memory."""
    usual = {"text": Text("A new skin."), "approver": ALICE, "revision": 5, "since": NOW, "month": "2026-11"}
    return Delivery(**({"id": id_, "channel": channel} | usual | changed_))


def digest(candidate: Candidate, accounts: Mapping[str, Account] = ACCOUNTS) -> str:
    """What an approval is bound to."""
    return compose.digest(candidate, compose.texts(candidate, accounts, RULES))


def check(shown: review.Card) -> str:
    """The true `check` of a card by the usual settings."""
    return review.vouch(shown.face, digest(shown.candidate), gather.drawn_by(shown.candidate, settings()))


def snapshot(memory: Memory | None = None, queue: str | Page = "", **changed_: Any) -> Snapshot:
    """All that was read, with nothing wrong anywhere."""
    usual: dict[str, Any] = {
        "now": NOW,
        "bot": BOT,
        "titles": TITLES,
        "settings": settings(),
        "memory": memory or Memory(),
        "memory_revision": 1,
        "queue": page(queue, 10, BOT, title=TITLES.queue) if isinstance(queue, str) else queue,
        "stop": page("run", title=TITLES.stop),
        "rules": RULES,
    }
    return Snapshot(**(usual | changed_))


def approved(id_: str = "n1", user: str = ALICE, **more: Any) -> tuple[Memory, str]:
    """A memory and a queue page on which one card was approved."""
    on_page = card(id_, "approved", **{k: v for k, v in more.items() if isinstance(v, str)})
    shown = review.read(on_page)[id_]
    assert shown is not None
    approval = Approval(user, 5, NOW - timedelta(hours=1), digest(shown.candidate))
    standing = Standing(status="approved", digest=approval.digest, face=shown.face, approvals=(approval,))
    return Memory(known={id_: known(proposal=shown.candidate, standing=standing)}), on_page


def verdict(memory: Memory, seen: Snapshot, id_: str = "n1", account: str = "mediawiki") -> proposals.Verdict:
    """What the plan says of one account of one candidate."""
    (proposal,) = [p for p in proposals.proposals(memory, seen) if p.id == id_]
    return proposals.verdict(proposal, account, seen)


@dataclass
class Paper:
    """A desk on paper: `run` does what one run of smbot does, but for sending; people edit in between."""

    settings: Settings = field(default_factory=settings)
    now: datetime = NOW
    memory: Memory = field(default_factory=Memory)
    queue: list[Page] = field(default_factory=list)
    requests: list[Page] = field(default_factory=list)
    readings: dict[str, tuple[tuple[Page, Reading], ...]] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    picks: frozenset[str] = frozenset({TECH.name})
    stop: str = "run"
    last: int = 100

    def news(self, *texts: str, **more: Any) -> None:
        """Let the news page say just this."""
        self.readings[NEWS.name] = reading(*(item(text, **more) for text in texts), revision=self._next())

    def tech(self, *texts: str, flags: frozenset[Flag] = frozenset()) -> None:
        """Let this week's issue say just this."""
        items = [item(text, "2026-W47", "Tech/News/2026/47", flags=flags) for text in texts]
        self.readings[TECH.name] = reading(*items, title="Tech/News/2026/47", revision=self._next())

    def _next(self) -> int:
        self.last += 1
        return self.last

    def edit(self, user: str, text: str, revisions: list[Page] | None = None, **more: Any) -> None:
        """Somebody saves the queue page (or, given its revisions, the request page)."""
        revisions = self.queue if revisions is None else revisions
        parent = revisions[-1].revision if revisions else 0
        title = TITLES.requests if revisions is self.requests else TITLES.queue
        self.now += timedelta(minutes=1)
        usual = {"title": title, "timestamp": self.now, "parent": parent}
        revisions.append(page(text, self._next(), user, **(usual | more)))

    def ask(self, user: str, text: str, **more: Any) -> None:
        """Somebody saves the request page."""
        self.edit(user, text, self.requests, **more)

    def change(self, user: str, id_: str, /, **arguments: str) -> None:
        """An ordinary edit of one card."""
        self.edit(user, changed(self.text, id_, **arguments))

    @property
    def text(self) -> str:
        """The queue page as it is."""
        return self.queue[-1].text if self.queue else ""

    @property
    def asked(self) -> str:
        """The request page as it is."""
        return self.requests[-1].text if self.requests else ""

    def seen(self) -> Snapshot:
        """All there is to see now."""

        def at(revisions: list[Page], title: str) -> Page:
            return revisions[-1] if revisions else Page(title)

        before = next((p.text for p in self.requests if p.revision == self.memory.requests), "")
        return snapshot(
            self.memory,
            now=self.now,
            settings=self.settings,
            queue=at(self.queue, TITLES.queue),
            queue_history=tuple(p for p in self.queue if p.revision > self.memory.queue),
            requests=at(self.requests, TITLES.requests),
            requests_before=before,
            request_history=tuple(p for p in self.requests if p.revision > self.memory.requests),
            readings=self.readings,
            files=self.files,
            picks=self.picks,
            stop=page(self.stop, title=TITLES.stop),
        )

    def think(self, *, unread: bool = False) -> tuple[Snapshot, Memory]:
        """What a run makes of it; with `unread` one that does not know the history of the requests."""
        seen = self.seen()
        if unread:
            seen = replace(seen, request_history=(), requests_before="")
        return seen, plan.settle_decisions(gather.gather(self.memory, seen), seen)

    def run(self, *, crash: bool = False, unread: bool = False) -> None:
        """One run; with `crash` it ends when the memory is saved and no page is.

        With `unread` it does not know the history of the requests.
        """
        seen, memory = self.think(unread=unread)
        if plan.Plan(seen, memory).is_news:
            self.memory = replace(memory, run=str(self._next()))
        if crash:
            return
        for revisions, edit in (
            (self.queue, pages.queue_edit(memory, seen)),
            (self.requests, pages.requests_edit(memory, seen)),
        ):
            if edit:
                self.edit(BOT, edit.text, revisions)

    def why(self, id_: str, account: str = "mediawiki") -> str | None:
        """Why a candidate is not approved for an account; None when it is."""
        seen, memory = self.think()
        found = verdict(memory, seen, id_, account)
        return None if found.approval else found.why

    def due(self) -> list[str]:
        """The deliveries that would go out now."""
        seen, memory = self.think()
        return [delivery.key for delivery in plan.due(memory, seen)]

    @property
    def ids(self) -> list[str]:
        """The candidates that are open."""
        return list(self.memory.open())

    def id_of(self, words: str) -> str:
        """The id of the card that says so."""
        (found,) = [id_ for id_, c in review.read(self.text).items() if c and words in c.candidate.text]
        return found

    def argument(self, id_: str, name: str) -> str:
        """An argument of a card as it stands on the queue."""
        (found,) = [t for t in named(parse(self.text), review.CARD) if raw(t, "id") == id_]
        return raw(found, name)

    def answers(self) -> list[str]:
        """The answers on the request page."""
        return [intake.unsigned(raw(template, "answer")) for template in named(parse(self.asked), "Smbot/request")]


def proposed(text: str = "A new skin is the default.", **more: Any) -> tuple[Paper, str]:
    """A desk with one candidate on its queue, and its id."""
    desk = Paper(settings=settings(**more))
    desk.news(text)
    desk.run()
    (id_,) = desk.ids
    return desk, id_
