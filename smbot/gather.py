"""From what was read to what is remembered: news and requests become candidates, each once.

Pure: a Snapshot and a Memory go in, a Memory comes out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from smbot import compose, decisions, intake, manners, names, news
from smbot.memory import Known, Memory
from smbot.messages import say, spoken
from smbot.model import Candidate, File, Page, Problem, Reading, Rules, Text
from smbot.postlog import Done
from smbot.settings import Account, Settings, Wording

NO_PAGE = Page("")
Composed = tuple[Mapping[str, Text], str, tuple[Problem, ...]]
"""The texts of a candidate by channel, their digest, and why they cannot be posted."""


class Titles(Struct, frozen=True):
    """The pages of one desk."""

    settings: str
    queue: str
    requests: str
    stop: str
    log: str
    memory: str
    wording: str
    talk: str
    status: str = ""
    data: str = ""
    channels: str = ""


def titles(home: str, bot: str) -> Titles:
    """The pages of the desk whose pages lie below `home`; its memory is a page that only the bot can edit."""
    name = home.partition(":")[2] or home
    queue = f"{home}/{names.page('Queue')}"
    return Titles(
        settings=f"{home}/{names.page('Settings')}",
        queue=queue,
        requests=f"{home}/{names.page('Requests')}",
        stop=f"{home}/{names.page('Run')}",
        log=f"{home}/{names.page('Log')}",
        memory=f"User:{bot}/{name}.json",
        wording=f"{home}/{names.page('Wording')}",
        talk=_talk(queue),
        status=f"{home}/{names.page('Status')}",
        data=f"User:{bot}/{name}-status.json",
        channels=f"{home}/{names.page('Channels')}",
    )


def _talk(title: str) -> str:
    """The talk page of a page, by the names of namespaces that every wiki understands."""
    namespace, colon, name = title.partition(":")
    return f"{namespace} talk:{name}" if colon else f"Talk:{title}"


class Snapshot(Struct, frozen=True):
    """All that was read in one cycle.

    `readings` has, for each feed that was read, its pages with what they yielded (no pages where none exists);
    `queue_history` and `request_history` the revisions since the ones remembered, oldest first.
    """

    now: datetime
    bot: str
    titles: Titles
    settings: Settings
    memory: Memory
    memory_revision: int
    queue: Page
    stop: Page
    rules: Mapping[str, Rules]
    queue_history: tuple[Page, ...] = ()
    requests: Page | None = None
    requests_before: str = ""
    request_history: tuple[Page, ...] = ()
    readings: Mapping[str, tuple[tuple[Page, Reading], ...]] = {}
    unread: Mapping[str, str] = {}  # the feeds that could not be read now, and why
    picks: frozenset[str] = frozenset()  # the feeds whose items are to be picked
    wordings: Mapping[str, Wording] = {}  # how news becomes words, by the names of the feeds
    files: Mapping[str, File] = {}
    logs: Mapping[str, Page] = {}  # the log pages with hand-offs, by month
    done_by_hand: Mapping[str, Done] = {}  # by the keys of deliveries
    status: Page = NO_PAGE
    data: Page = NO_PAGE  # what the status page says, for tools
    channels: Page = NO_PAGE
    language: str = "en"  # that is spoken on the pages of this desk
    ceiling: int = 10  # posts a day and account that no settings page can exceed
    composed: dict[Candidate, Composed] = {}  # see smbot.proposals


def gather(memory: Memory, seen: Snapshot) -> Memory:
    """Take in the history of the queue, unless that is done, the news, and the requests."""
    memory = take_decisions(memory, seen)
    for feed in seen.settings.feeds:
        if feed.name in seen.readings:
            memory = news.take(memory, seen, feed)
    page = seen.requests
    if page is not None and (seen.request_history or _can_be_queued_now(memory, seen, page)):
        memory = _take_requests(memory, seen, page)
    return memory


def take_decisions(memory: Memory, seen: Snapshot) -> Memory:
    """Fold the new revisions of the queue page into what is remembered of each open candidate.

    Where settings or limits shape posts anew, the page as it is tells whose.
    """
    settings = seen.settings
    shapes = {account.name: _shape(account, seen.rules) for account in settings.accounts.values()}
    reshaped = {name for name in memory.channels | shapes if memory.channels.get(name) != shapes.get(name)}
    memory = replace(memory, channels=shapes) if reshaped else memory
    revisions = seen.queue_history
    if not revisions or revisions[-1].revision == memory.queue:
        if not reshaped or seen.queue.revision != memory.queue:
            return memory
        revisions = (seen.queue,)

    def digest(candidate: Candidate) -> str:
        return compose.digest(candidate, compose.texts(candidate, settings.accounts, seen.rules))

    def decides(user: str) -> bool:
        return any(settings.maintains(user, account) for account in settings.accounts)

    history = decisions.History(seen.bot, decides, digest, frozenset(reshaped))
    standings = {id_: known.standing for id_, known in memory.shown().items()}
    after = decisions.fold(standings, memory.queue, revisions, history)
    known = {id_: replace(k, standing=after[id_]) if id_ in standings else k for id_, k in memory.known.items()}
    return replace(memory, queue=revisions[-1].revision, known=known)


def drawn_by(candidate: Candidate, settings: Settings) -> str:
    """All that a card is drawn by beside its words and posts: the language, and the hashtags that are usual."""
    voices = (settings.accounts[name] for name in candidate.voices if name in settings.accounts)
    return " ".join((spoken(), *sorted({tag for account in voices for tag in account.hashtags})))


def _shape(account: Account, rules: Mapping[str, Rules]) -> tuple[str, ...]:
    """All beside the words that makes the posts of an account what they are."""
    limits = (
        f"{channel} {r.characters} {r.bytes} {r.images}"
        for channel, network in zip(account.channels, account.networks, strict=True)
        if network in account.threads and (r := rules[channel])
    )
    return (*account.channels, *sorted(account.threads), account.visibility, *limits)


# --- requests -------------------------------------------------------------------------------------------------------


def _take_requests(memory: Memory, seen: Snapshot, page: Page) -> Memory:
    known = dict(memory.known)
    asked = requests(seen, page)
    ids = identify(asked, memory, page)
    for id_, request in zip(ids, asked, strict=True):
        if id_ in known:
            known[id_] = _asked_again(known[id_], request, seen)
            if id_ != request.id:  # its id could not be written on the page yet
                known[id_] = replace(known[id_], taken=page.revision)
        elif _may_ask(request, known, seen):
            known[id_] = _asked(request, seen, page)
    for id_, k in memory.open().items():
        if k.is_request and id_ not in ids:
            gone = say("card-held-request-gone")
            known[id_] = replace(k, held=gone) if k.proposal else replace(k, end="withdrawn")
    _compare(dict(zip(ids, asked, strict=True)), known, memory, seen.now)
    return replace(memory, known=known, requests=page.revision)


def _can_be_queued_now(memory: Memory, seen: Snapshot, page: Page) -> bool:
    """Whether a request on the unchanged page had a problem that is gone, as the settings were changed.

    Of a page that people changed meanwhile nothing is taken in without its history, which tells who asks.
    """
    if page.revision != memory.requests and (page.user, page.parent) != (seen.bot, memory.requests):
        return False
    had = {id_ for id_, known in memory.open().items() if known.is_request and (known.held or not known.proposal)}
    asked = requests(seen, page) if had else []
    return any(
        id_ in had and not problems_of(request, seen)
        for id_, request in zip(identify(asked, memory, page), asked, strict=True)
    )


def requests(seen: Snapshot, page: Page) -> list[intake.Request]:
    """The requests on the page."""
    return intake.read(page, seen.request_history, seen.memory.requests, seen.requests_before, seen.bot)


def identify(asked: Sequence[intake.Request], memory: Memory, page: Page) -> list[str]:
    """The id of every request on the page: its own, where smbot gave it one; else one derived from what was asked.

    A request whose id is not on the page, because the run that took it in ended before it could write it, or because
    somebody took it out, is found again by its words.
    """
    ids: dict[str, None] = {}
    originals = _originals(asked, memory)
    times: Counter[str] = Counter()
    unwritten: dict[str, list[str]] = {}
    for id_, known in memory.known.items():
        if known.is_request and (not known.end or known.taken == memory.requests) and id_ not in originals:
            unwritten.setdefault(known.asked, []).append(id_)
    for request in asked:
        id_ = request.id if originals.get(request.id) is request else ""
        if not id_ and unwritten.get(request.asked):
            id_ = unwritten[request.asked].pop(0)
        while not id_ or id_ in ids:
            times[request.asked] += 1
            seed = f"{page.title}/{request.asked}/{request.authors}/{page.revision}/{times[request.asked]}"
            id_ = f"r{compose.fingerprint(seed)[:9]}"
        ids[id_] = None
    return list(ids)


def _originals(asked: Sequence[intake.Request], memory: Memory) -> dict[str, intake.Request]:
    """Which request each id stands for: of copies the one with the known words, or the first."""
    found: dict[str, intake.Request] = {}
    for request in asked:
        known = memory.known.get(request.id)
        if known and known.is_request:
            other = found.setdefault(request.id, request)
            if other.asked != known.asked == request.asked:
                found[request.id] = request
    return found


def _may_ask(request: intake.Request, known: Mapping[str, Known], seen: Snapshot) -> bool:
    """Whether it is known who asks, and they have not too many open requests already."""
    if not request.authors or "" in request.authors:
        return False
    open_ = sum(k.is_request and not k.end and k.requesters[0] == request.authors[0] for k in known.values())
    return open_ < seen.settings.requests_per_person


def problems_of(request: intake.Request, seen: Snapshot) -> tuple[Problem, ...]:
    """Why a request cannot be queued as it stands."""
    accounts, candidate = seen.settings.accounts, request.candidate
    problems = request.problems + compose.problems(candidate, accounts, seen.rules)
    problems += (*manners.problems(candidate, compose.texts(candidate, accounts, seen.rules), seen.settings),)
    if request.candidate.not_after and request.candidate.not_after < seen.now:
        problems += (Problem(say("problem-over"), say("problem-over-remedy")),)
    return problems


def _compare(asked: Mapping[str, intake.Request], known: dict[str, Known], memory: Memory, now: datetime) -> None:
    """Note what the requests with new words are like, once all are known."""
    likeness = news.Likeness(known, now)
    before = {id_: k.asked for id_, k in memory.known.items()}
    new = {id_: r.candidate for id_, r in asked.items() if id_ in known and known[id_].asked != before.get(id_)}
    if not new:
        return
    from smbot.marks import marks_of  # see `news.Likeness`

    for id_, candidate in new.items():
        marks = marks_of(candidate.text, (candidate.link,) if candidate.link else ())
        known[id_] = replace(known[id_], marks=marks)
    for id_, candidate in new.items():
        likeness.tell(id_, likeness.find(candidate.text, known[id_].marks))


def _asked(request: intake.Request, seen: Snapshot, page: Page) -> Known:
    fine = not problems_of(request, seen)
    return Known(
        source=intake.SOURCE,
        page=page.title,
        group="",
        print="",
        since=seen.now.date(),
        revision=page.revision,
        url=page.url,
        title=request.candidate.title,
        expires=seen.now + seen.settings.days("queue"),
        proposal=request.candidate if fine else None,
        requesters=request.authors,
        asked=request.asked,
        taken=page.revision,
    )


def _asked_again(known: Known, request: intake.Request, seen: Snapshot) -> Known:
    """A request read again: whoever changed it is a requester too, and its new words are proposed."""
    if known.end:
        return known
    known = replace(known, held="")
    if known.asked != request.asked:
        known = replace(known, requesters=tuple(dict.fromkeys((*known.requesters, *request.authors))))
    if problems_of(request, seen):
        broken = say("card-held-request-broken")
        return replace(known, asked=request.asked, held=broken if known.proposal else "")
    if known.asked == request.asked and known.proposal:
        return known
    return replace(known, asked=request.asked, proposal=request.candidate, title=request.candidate.title)
