"""The people of the simulated year. Each acts through the wiki's API, by what stands on the pages before them.

Nothing here knows what smbot plans: maintainers read cards and notices, requesters read answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from mwparserfromhell.nodes import Template

from sandbox.people import Person
from sandbox.year_check import Post, Ruling
from sandbox.year_wishes import Wish
from smbot.templates import decode, encode, named, parse, plain, put, raw

SPAM = "Buy my book!"
CARD, POST, REQUEST = "Smbot/candidate", "Smbot/post", "Smbot/request"
Look = Callable[[str], Sequence[Post] | None]
"""What can be read on a network just now, by its name; None while it is down."""


# --- maintainers ----------------------------------------------------------------------------------------------------


@dataclass
class Maintainer:
    """Comes at office hours, decides on cards, and settles what smbot asks about. `diary` is what they decided."""

    person: Person
    zone: str
    home: str
    look: Look
    random: Random
    hours: tuple[time, ...] = (time(9, 40), time(15, 10))
    away: tuple[tuple[date, date], ...] = ()
    diary: list[Ruling] = field(default_factory=list)
    minds: dict[str, str] = field(default_factory=dict)

    def visits(self, days: Sequence[date]) -> Iterator[datetime]:
        """When they come in: about five times in four working days."""
        for day in days:
            if day.weekday() < 5 and not any(first <= day <= last for first, last in self.away):
                for hour in self.hours:
                    if self.random.random() < 0.63:
                        at = datetime.combine(day, hour, ZoneInfo(self.zone)).astimezone(UTC)
                        yield at + timedelta(minutes=self.random.randint(-25, 25))

    def visit(self, now: datetime) -> None:
        """Look at the queue, and save what was decided in one edit."""
        page = self.person.history(f"{self.home}/Queue", limit=2)
        text = page[0]["slots"]["main"]["content"]
        if page[0]["user"] == "Mallory":  # a blanked or spoilt queue: undo it, and decide next time
            good = page[1]["slots"]["main"]["content"]
            self.person.edit(f"{self.home}/Queue", good, "Undo", baserevid=page[0]["revid"])
            self.diary += self._approved_again(text, good, now)
            return
        if "says stop" in text and self.person.get(f"{self.home}/Run").strip() != "run":
            self.person.edit(f"{self.home}/Run", "run", "Nobody here knows why it was stopped")
        code = parse(text)
        self._heed(text)
        rulings = [ruling for card in named(code, CARD) if (ruling := self._decide(card, now))]
        if rulings:
            self.person.edit(f"{self.home}/Queue", str(code), "Decisions", baserevid=page[0]["revid"])
            self.diary += rulings

    def _approved_again(self, spoilt: str, good: str, now: datetime) -> Iterator[Ruling]:
        """Who puts an approval back that a stranger took away has approved it."""
        was = {raw(card, "id"): raw(card, "status") for card in named(parse(spoilt), CARD)}
        for card in named(parse(good), CARD):
            if raw(card, "status") == "approved" != was.get(raw(card, "id"), "approved"):
                yield self._rule(card, now, "approved")

    def _heed(self, text: str) -> None:
        """Where an account falls short of its goal, the first card that smbot names is good enough after all."""
        for told in _SHORT.findall(text):
            left = [id_ for id_ in _NAMED.findall(told) if self.minds.get(f"{id_} wish") == "leave"]
            self.minds |= {f"{id_} wish": "approved" for id_ in left[:1]}

    def _decide(self, card: Template, now: datetime) -> Ruling | None:
        status, note = raw(card, "status"), raw(card, "note")
        words: tuple[str, str] | None = None
        if status == "in doubt":
            return self._settle(card, now)
        if status == "refused":
            return self._rule(card, now, "again" if self._first(card, "refused") else "give up")
        if status == "posted":
            return (
                self._rule(card, now, "retract")
                if self._mind(card, "out", ("leave",) * 60 + ("retract",)) == "retract"
                else None
            )
        if status == "approved" and "Approved" in note:
            back = self._mind(card, "back", ("leave",) * 40 + ("waiting",)) == "waiting"
            return self._rule(card, now, "waiting") if back else None
        if status != "waiting":
            return None
        if SPAM in raw(card, "text"):
            return self._rule(card, now, "declined", reason="spoilt")
        if re.search(r"is over|Held back|still has the old time", note):
            return self._rule(card, now, "declined", reason="no longer news") if self._first(card, "over") else None
        if "would say the same on X" in note:  # as its remedy says; the posts are looked at next time
            put(card, "text wikitech", encode(f"For developers: {plain(card, 'text')[0]}"))
            return self._rule(card, now, "waiting")
        if note and not _HARMLESS.search(note):
            return None
        wish = self._mind(card, "wish", _WISHES["pick" if "Tech News" in raw(card, "source") else "post"])
        if wish == "declined":
            return self._rule(card, now, "declined", reason="not for these accounts")
        if wish == "edit" and not any(str(p.name).strip().startswith("text ") for p in card.params):
            old = plain(card, "text")[0]
            words = (old, f"News: {old}")
            self.minds[f"{raw(card, 'id')} wish"] = "approved"
            put(card, "text", encode(words[1]))
        return self._rule(card, now, "approved", words) if wish in ("approved", "edit") else None

    def _rule(
        self, card: Template, now: datetime, status: str, words: tuple[str, str] | None = None, reason: str = ""
    ) -> Ruling:
        """Set a card to something; with other `words` those it shows are what is expected to go out."""
        shown = frozenset(
            (account, network, " ".join((text.replace(*words) if words else text).split()))
            for account, network, text in previewed(card)
        )
        put(card, "status", status)
        if reason:
            put(card, "reason", reason)
        begin, end = (_read_time(raw(card, name)) for name in ("not before", "not after"))
        step = _STEP.search(raw(card, "source"))
        keeps = raw(card, "evergreen") == "yes"
        return Ruling(now, self.person.name, raw(card, "id"), status, shown, begin, end, step[1] if step else "", keeps)

    def _settle(self, card: Template, now: datetime) -> Ruling | None:
        """It is in doubt on one network: look there."""
        asked = re.search(r"whether (\w+) on (\w+) posted it.*?Look there", raw(card, "note"))
        if not asked or (there := self.look(asked[2].lower())) is None:
            return None
        account, network = asked[1], asked[2].lower()
        wanted = {" ".join(words.split()) for a, n, words in previewed(card) if (a, n) == (account, network)}
        if sent := re.search(r"What was sent: <bdi>(.*?)</bdi>", re.sub("</?nowiki>", "", raw(card, "note"))):
            wanted = {sent[1]}
        found = [p for p in there if p.account == account and " ".join(p.words.split()) in wanted]
        found = [p for p in found if not p.of or re.search(rf"{re.split('_', p.of)[-1]}\b", raw(card, "note"))]
        if found:
            put(card, "posted link", f"https://{network}.example/{found[0].id}")
        return self._rule(card, now, "posted" if found else "again")

    def _mind(self, card: Template, about: str, choices: Sequence[str]) -> str:
        """What they think of a card, once and for all."""
        return self.minds.setdefault(f"{raw(card, 'id')} {about}", self.random.choice(choices))

    def _first(self, card: Template, about: str) -> bool:
        """Whether they meet this on the card for the first time."""
        name = f"{raw(card, 'id')} {about}"
        first, self.minds[name] = name not in self.minds, "met"
        return first


_SHORT = re.compile(r"\w+ falls short of its goal\.'''.*?(?=<br>|\}\})")
_NAMED = re.compile(r"\[\[#([\w-]+)\|")
_HARMLESS = re.compile(
    r"changed|not among the maintainers|days old|Still waits|set it to|moved to another time|Like something posted"
)
_STEP = re.compile(r", (\d+ (?:day|hour)s? before|moved|cancelled)\b")
_WISHES = {
    "post": ("approved",) * 13 + ("edit",) * 2 + ("declined",) * 2 + ("leave",) * 3,
    "pick": ("approved",) * 3 + ("edit",) + ("declined",) + ("leave",) * 11,
}


def previewed(card: Template) -> list[tuple[str, str, str]]:
    """The posts a card shows: (account, network, words), as a reader sees them; a repost as 'repost of' an account."""
    posts = named(parse(raw(card, "preview")), POST)
    reposts = [(p, re.sub(r"what '''(\w+)''' posts there", r"repost of \1", raw(p, "repost"))) for p in posts]
    return [
        (raw(p, "account"), raw(p, "network"), repost or decode(p.get("text").value)[0])
        for p, repost in reposts
        if repost or p.has("text")
    ]


def _read_time(text: str) -> datetime | None:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC) if text else None


# --- requesters -----------------------------------------------------------------------------------------------------


@dataclass
class Requester:
    """Asks for posts, reads the answers, puts right what was wrong, and tidies up what is done."""

    person: Person
    home: str
    wishes: list[Wish]
    answers: dict[str, str] = field(default_factory=dict)
    """The last answer to each wish: its state and words."""

    def ask(self, wish: Wish) -> None:
        """Add a request at the end of the page."""
        self.person.edit(
            f"{self.home}/Requests", self._page().rstrip() + "\n\n" + _written(wish.name, wish.typed), wish.name
        )

    def read(self, now: datetime) -> bool:
        """Read the answers and act on them; whether anything was changed."""
        text = before = self._page()
        for wish in self.wishes:
            section = _section(text, wish.name)
            if not section:
                continue
            requests = named(parse(section), REQUEST)
            answer = raw(requests[0], "answer") if requests else ""
            self.answers[wish.name] = answer
            state = re.sub(r".*?1=([^|}]*).*", r"\1", answer, flags=re.S)
            if (wish.withdrawn and now >= wish.withdrawn) or state in _DONE:
                text = text.replace(section, "")
            elif state == "problem" and wish.typed != wish.meant:
                text = text.replace(section, _corrected(section, wish))
            elif state == "not taken" and self.waiting(text) < MOST:  # as the answer says
                text = text.replace(section, _asked_anew(section))
        if text != before:
            self.person.edit(f"{self.home}/Requests", text, "After reading the answers")
        return text != before

    def waiting(self, text: str) -> int:
        """How many of the wishes wait on the queue."""
        return sum(
            "queued" in self.answers.get(wish.name, "") and bool(_section(text, wish.name)) for wish in self.wishes
        )

    def _page(self) -> str:
        return self.person.get(f"{self.home}/Requests")


MOST = 5  # open requests that a person may have
_DONE = ("posted", "declined", "expired", "retracted", "not posted")


def _written(name: str, arguments: dict[str, str]) -> str:
    filled = "".join(f"| {argument} = {value}\n" for argument, value in arguments.items())
    return f"== {name} ==\n{{{{{REQUEST}\n{filled}}}}}\n"


def _section(text: str, name: str) -> str:
    found = re.search(rf"^== {re.escape(name)} ==\n.*?(?=^== |\Z)", text, re.M | re.S)
    return found[0] if found else ""


def _corrected(section: str, wish: Wish) -> str:
    code = parse(section)
    (request,) = named(code, REQUEST)
    for name in {**wish.typed, **wish.meant}:
        put(request, name, wish.meant.get(name, ""))
    return str(code)


def _asked_anew(section: str) -> str:
    code = parse(section)
    (request,) = named(code, REQUEST)
    request.remove("answer")
    return str(code)


# --- strangers ------------------------------------------------------------------------------------------------------


@dataclass
class Stranger:
    """Mallory, who has an account and bad intentions. `deeds` is what was done, and when."""

    person: Person
    home: str
    random: Random
    deeds: list[tuple[datetime, str]] = field(default_factory=list)

    def strike(self, now: datetime) -> None:
        """One of the things that strangers do to pages that anybody may edit."""
        title = f"{self.home}/Queue"
        text = self.person.get(title)
        code = parse(text)
        waiting = [card for card in named(code, CARD) if raw(card, "status") == "waiting"]
        approved = [card for card in named(code, CARD) if raw(card, "status") == "approved"]
        deed = self.random.choice(("approve", "approve", "blank", "words", "stop", "news", "settle"))
        if deed == "approve":
            for card in waiting:
                put(card, "status", "approved")
        elif deed == "settle":
            for card in waiting + approved:
                put(card, "status", self.random.choice(("posted", "declined", "again", "give up", "retract")))
        elif deed == "words":
            for card in approved or waiting:
                put(card, "text", SPAM)
                put(card, "status", "approved")
        elif deed == "stop":
            title, code = f"{self.home}/Run", "stop"
        elif deed == "news":
            title, code = "News", "Lol"
        self.person.edit(title, "" if deed == "blank" else str(code), "hello")
        self.deeds.append((now, deed))
