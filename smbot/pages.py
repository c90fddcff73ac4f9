"""The pages people see, worked out from what is remembered: queue, answers on the request page, posting log.

Every cycle brings the pages in line with the memory. Doing it twice changes nothing, so a run that ended half-way is
finished by the next one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from smbot import cards, deliveries, gather, intake, names, notices, plan, planned, postlog, proposals, review
from smbot.compose import is_web_address
from smbot.deliveries import name_of
from smbot.gather import Snapshot
from smbot.memory import DECLINED, GIVEN_UP, HANDED_OFF, POSTED, RETRACTED, SENDING, Delivery, Known, Memory
from smbot.messages import say
from smbot.model import Page
from smbot.planned import Outlook
from smbot.templates import address, encode, explain, is_tangled, kept, person
from smbot.when import moment


class Edit(Struct, frozen=True):
    """A new text for a page, computed from one revision of it (0 for a page to be made)."""

    title: str
    base: int
    text: str
    summary: str


def queue_edit(memory: Memory, seen: Snapshot, troubles: Sequence[str] = ()) -> Edit | None:
    """The queue page as it shall be, or None when it is so already. `troubles` are those with other pages."""
    status = notices.status_line(memory, seen, troubles)
    if is_tangled(seen.queue.text):
        return None
    if seen.settings.problems:
        return _edit(seen.queue, review.tell(seen.queue.text, status), say("summary-settings"))
    shown = proposals.shown(memory, seen)
    open_ = [proposal for proposal in shown if not proposal.known.end]
    ahead = planned.outlook(memory, seen, open_).certain(seen.now)
    if plan.stopped(seen):  # nobody can say when anything goes out
        ahead = replace(ahead, turns={}, vain={})
    views = {proposal.id: cards.view(proposal, ahead, memory, seen) for proposal in shown}
    ended = [id_ for id_, known in memory.known.items() if id_ not in views and (known.end or known.is_request)]
    text = review.arrange(seen.queue.text, views, ended, status, say("card-foreign"))
    new = sum(proposal.card is None for proposal in open_)
    summary = say("summary-queue-new", len(open_), new) if new else say("summary-queue", len(open_))
    return _edit(seen.queue, text, summary)


def _edit(page: Page, text: str, summary: str) -> Edit | None:
    return None if kept(text) == kept(page.text) else Edit(page.title, page.revision, text, summary)


def message_edit(page: Page, summary: str, memory: Memory, seen: Snapshot) -> Edit | None:
    """The talk page of the queue with the message of this week; None where it is there, or there is nothing to say.

    Whether it is there tells the `summary` of smbot's own last edit: the page itself anybody can write.
    """
    said = notices.message(memory, seen)
    if not said or any(name in summary for name in notices.week_names(seen.now)):
        return None
    name = notices.week_name(seen.now)
    text = f"{page.text.rstrip()}\n\n== {name} ==\n{said}".lstrip()
    return Edit(page.title, page.revision, text, say("summary-week", name))


# --- answers --------------------------------------------------------------------------------------------------------


def requests_edit(memory: Memory, seen: Snapshot) -> Edit | None:
    """The request page with an answer in every request, or None when it is so already.

    A new answer calls who asked; one that somebody spoilt, or may have, is put right quietly.
    """
    page = seen.requests
    if page is None or not page.exists or seen.settings.problems or is_tangled(page.text):
        return None
    requests = gather.requests(seen, page)
    ids = gather.identify(requests, memory, page)
    known = [id_ if id_ in memory.known else "" for id_ in ids]
    new = page.revision == memory.requests
    approved = any(memory.known[id_].standing.approvals for id_ in known if id_)
    ahead = planned.outlook(memory, seen).certain(seen.now) if approved and not plan.stopped(seen) else Outlook()
    answers = [
        _answer(id_, request, ahead, memory, seen) if id_ or new else ""
        for id_, request in zip(known, requests, strict=True)
    ]
    if intake.is_answered(page.text, known, answers):
        return None
    is_told = bool(seen.request_history) or page.user == seen.bot  # which answers were given before
    people = [
        memory.known[id_].requesters if id_ and is_told and intake.unsigned(request.given) != answer else ()
        for id_, request, answer in zip(known, requests, answers, strict=True)
    ]
    text = intake.answer(page.text, known, answers, people)
    return _edit(page, text, say("summary-requests"))


def _answer(id_: str, request: intake.Request, ahead: Outlook, memory: Memory, seen: Snapshot) -> str:
    """The answer to one request, given what is to come, as wikitext; '' to leave its own."""
    known = memory.known.get(id_)
    if known is None:
        return _state("not taken", say("answer-not-taken", seen.settings.requests_per_person))
    if known.end:
        return _ended(id_, known, memory, seen)
    if known.proposal is None or known.held:
        why = "<br>".join(map(explain, gather.problems_of(request, seen))) or encode(known.held)
        return _state("problem", why) if why else ""
    place = f"{seen.titles.queue}#{id_}"
    if links := _links(id_, memory, seen):
        return _state("queued", say("answer-queued-posted", place, links))
    if id_ not in ahead.approved:
        return _state("queued", say("answer-queued", place))
    at = ahead.first(id_)
    if at is None:
        return _state("approved", say("answer-approved-waits", place))
    soon = say("answer-approved-now") if at <= seen.now else say("answer-approved", moment(at))
    return _state("approved", soon)


def _ended(id_: str, known: Known, memory: Memory, seen: Snapshot) -> str:
    if known.end == POSTED:
        links = _links(id_, memory, seen)
        return _state("posted", links) if links else ""
    if known.end == RETRACTED:
        return _state("retracted", say("answer-retracted"))
    if known.end == DECLINED:
        lines = (say("answer-declined", account, encode(why)) for account, why in known.dropped.items())
        return _state("declined", "<br>".join(lines))
    if known.end == GIVEN_UP:
        return _state("not posted", say("answer-not-posted"))
    return _state("expired", say("answer-expired"))


def _links(id_: str, memory: Memory, seen: Snapshot) -> str:
    """Where a candidate was posted, as wikitext links."""
    posted = [d for d in memory.of(id_) if d.state == POSTED or (d.posts and d.state != RETRACTED)]
    named = [(d.url, name_of(d.channel, seen)) for d in posted]
    return ", ".join(f"[{address(url)} {name}]" if is_web_address(url) else name for url, name in named)


def _state(state: str, words: str) -> str:
    return names.call("answer", f"1={state}", f"2={words}")


# --- log ------------------------------------------------------------------------------------------------------------


def unlogged(memory: Memory, seen: Snapshot) -> dict[str, list[Delivery]]:
    """The deliveries whose row does not yet say how they stand, by month.

    What waits for a person is written anew where somebody said that they did it whose word does not count, and where
    its row is gone.
    """
    months: dict[str, list[Delivery]] = {}
    on_page = {month: postlog.keys(page.text) for month, page in seen.logs.items()}
    for delivery in memory.deliveries.values():
        not_taken = delivery.key in seen.done_by_hand and not seen.settings.problems
        gone = delivery.key not in on_page.get(delivery.month, {delivery.key})
        again = delivery.state == HANDED_OFF and (not_taken or gone)
        if delivery.state not in (SENDING, delivery.logged) or again:
            months.setdefault(delivery.month, []).append(delivery)
    return months


def log_edit(page: Page, rows: Sequence[Delivery], memory: Memory, seen: Snapshot) -> Edit | None:
    """The log page of a month with the rows of these deliveries, or None when it has them already."""
    new = {d.key: postlog.row(d, memory.known[d.id], _log_note(d, seen)) for d in rows if d.id in memory.known}
    return _edit(page, postlog.write(page.text, new), say("summary-log", len(new)))


def _log_note(delivery: Delivery, seen: Snapshot) -> str:
    done = seen.done_by_hand.get(delivery.key)
    if done is None or delivery.state != HANDED_OFF:
        return ""
    account = delivery.channel.split("/")[0]
    if not done.user:
        return say("log-not-taken-somebody", account)
    return say("log-not-taken", person(done.user), account, done.user)


def logged(
    memory: Memory, rows: Mapping[str, Sequence[Delivery]], revisions: Mapping[str, int], seen: Snapshot
) -> Memory:
    """Remember that the log pages of some months, in these revisions, show their deliveries as they stand.

    Who did what by hand was looked for up to the revision that was `seen`, and is from there on next time.
    """
    now = memory.deliveries
    looked = {month: seen.logs[month].revision if month in seen.logs else new for month, new in revisions.items()}
    done = [d for month in revisions for d in rows[month] if d.key in now]
    return replace(
        memory,
        deliveries=now | {d.key: replace(now[d.key], logged=d.state) for d in done},
        logs={**memory.logs, **looked} if deliveries.handed_off(memory) else {},
    )
