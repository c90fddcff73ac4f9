"""The pages people see, worked out from what is remembered: queue, answers on the request page, posting log.

Every cycle brings the pages in line with the memory. Doing it twice changes nothing, so a run that ended half-way is
finished by the next one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from smbot import compose, gather, intake, plan, postlog, review
from smbot.compose import is_web_address
from smbot.forms import show_time
from smbot.gather import Snapshot
from smbot.memory import (
    DECLINED,
    DEFERRED,
    GIVEN_UP,
    IN_DOUBT,
    POSTED,
    REFUSED,
    SENDING,
    STATUSES,
    Delivery,
    Known,
    Memory,
)
from smbot.model import Page, Problem
from smbot.plan import Proposal
from smbot.templates import address, encode, is_tangled, person

FOREIGN = "smbot did not make this card, or its id stands on the page twice, so nothing happens with it. To have \
something posted, ask on the requests page; to keep the original card, remove this copy."


@dataclass(frozen=True, slots=True)
class Edit:
    """A new text for a page, computed from one revision of it (0 for a page to be made)."""

    title: str
    base: int
    text: str
    summary: str


def queue_edit(memory: Memory, seen: Snapshot, troubles: Sequence[str] = ()) -> Edit | None:
    """The queue page as it shall be, or None when it is so already. `troubles` are those with other pages."""
    status = status_line(memory, seen, troubles)
    if is_tangled(seen.queue.text):
        return None
    if seen.settings.problems:
        return _edit(seen.queue, review.tell(seen.queue.text, status), "The settings need a look")
    open_ = plan.proposals(memory, seen)
    views = {proposal.id: _view(proposal, memory, seen) for proposal in open_}
    ended = [id_ for id_, known in memory.known.items() if known.end or (known.is_request and not known.proposal)]
    text = review.arrange(seen.queue.text, views, ended, status, FOREIGN)
    new = len(views) - sum(proposal.card is not None for proposal in open_)
    summary = f"{len(open_)} waiting" + (f", {new} new" if new else "")
    return _edit(seen.queue, text, summary)


def _edit(page: Page, text: str, summary: str) -> Edit | None:
    return None if text.rstrip() == page.text.rstrip() else Edit(page.title, page.revision, text, summary)


def status_line(memory: Memory, seen: Snapshot, troubles: Sequence[str] = ()) -> str:
    """What maintainers have to know before all cards, as wikitext; '' when all is well."""
    lines = [f"'''Nothing is posted now.''' {_linked(str(problem), seen)}" for problem in plan.stopped(seen)]
    if seen.requests and is_tangled(seen.requests.text):
        lines.append(f"[[{seen.requests.title}]] cannot be read: too many braces or tags on it are never closed.")
    lines += [f"'''A source needs a look.''' {_literal(alarm)}" for alarm in memory.alarms.values()]
    lines += [f"'''A page needs a look.''' {_literal(trouble)}" for trouble in troubles]
    if redirect := _REDIRECT.search(seen.queue.text):
        lines.append(
            f"'''This page is the review queue.''' Somebody made it a redirect: {_literal(redirect[1])} "
            "Remove that line. If the page was moved, only the cards here count, not those in the other place."
        )
    return "<br>".join(lines)


# the first line of a page, whatever its language, or what was that until smbot put its line before it
_REDIRECT = re.compile(r"\A\s*(?:\{\{Smbot/status\n[^\n]*\n?\}\}\s*)?(#[^\W\d]+[ \t]*:?[ \t]*\[\[[^\]\n]{1,255}\]\])")


def _literal(words: str) -> str:
    """Words as wikitext that shows just them, wherever it stands."""
    return re.sub(r"[&<>{}\[\]|~'_=#*:;\n]", lambda found: f"&#{ord(found[0])};", words)


def _linked(words: str, seen: Snapshot) -> str:
    """The same, with the links to the pages of the desk, and no other, as links."""
    wikitext = _literal(words)
    for title in (seen.titles.settings, seen.titles.stop, seen.titles.requests):
        wikitext = wikitext.replace(_literal(f"[[{title}]]"), f"[[{title}]]")
    return wikitext


# --- cards ----------------------------------------------------------------------------------------------------------


def _view(proposal: Proposal, memory: Memory, seen: Snapshot) -> review.View:
    known = proposal.known
    approved = any(plan.verdict(proposal, account, seen).approval for account in proposal.accounts)
    return review.View(
        title=review.heading_words(known.title),
        section=f"{known.source} {known.group}: pick what to post" if known.pick else review.TO_REVIEW,
        candidate=known.proposal or proposal.candidate,
        rewrite=not known.standing.edited and not approved,
        status=plan.needs_status(proposal, memory, seen),
        filled={
            "preview": "".join(_preview(proposal, seen)),
            "image version": file.sha1 if (file := seen.files.get(proposal.candidate.image)) else "",
            "source": _source(known),
            "expires": show_time(known.expires),
            "note": "<br>".join(_notes(proposal, memory, seen)),
        },
    )


def _source(known: Known) -> str:
    if known.is_request:
        who = ", ".join(map(person, known.requesters))
        return f"[[{known.page}|request]] by {who}"
    label = encode(f"{known.source}, {known.group}" if known.group else known.source)
    return f"[{address(known.url)} {label}]" if known.url else label


def _preview(proposal: Proposal, seen: Snapshot) -> Iterator[str]:
    """Each post exactly as it will go out."""
    for channel, text in proposal.texts.items():
        account, network = channel.split("/")
        rules = seen.rules[channel]
        cells = {
            "account": account,
            "network": network,
            "language": encode(text.language),
            "length": str(compose.length(text.words, rules)),
            "limit": str(rules.characters),
            "image": _file_name(text.images[0].file) if text.images else "",
            "alt": encode(text.images[0].alt) if text.images else "",
            "text": encode(text.words),
        }
        yield "{{Smbot/post" + "".join(f"|{name}={value}" for name, value in cells.items() if value) + "}}"


def _file_name(name: str) -> str:
    """The name of a file so that `[[File:…]]` in a template still finds it; what cannot be a name is shown as typed."""
    return encode(name) if re.search(r"[#<>\[\]|{}]", name) else name.replace("&", "&amp;")


def _notes(proposal: Proposal, memory: Memory, seen: Snapshot) -> Iterator[str]:
    """What a maintainer has to know about a card, most pressing first; wikitext."""
    card, known = proposal.card, proposal.known
    for delivery in memory.of(proposal.id):
        yield from _delivery_note(delivery, seen)
    if known.held:
        yield f"Held back: {encode(known.held)}"
    yield from (_say(problem) for problem in proposal.problems)
    if plan.is_late(proposal, seen.now):
        yield "The time in ‘not after’ is over, so it is not posted. Change it, or decline."
    if card and card.status not in (*STATUSES, SENDING, IN_DOUBT, REFUSED):
        yield f"‘{encode(card.status)}’ is no status. Write approved or declined."
    if decision := known.standing.decision:
        yield f"{person(decision.user)} set it to {decision.status}, but is not among the maintainers of its accounts."
    yield from dict.fromkeys(_verdict_notes(proposal, memory, seen))


def _say(problem: Problem) -> str:
    return f"{encode(problem.message)} {encode(problem.remedy)}".strip()


def _name(channel: str, seen: Snapshot) -> str:
    """A channel as people call it, such as 'wikitech on Mastodon'."""
    account, network = channel.split("/")
    return f"{account} on {seen.rules[channel].network if channel in seen.rules else network}"


def _delivery_note(delivery: Delivery, seen: Snapshot) -> Iterator[str]:
    channel = _name(delivery.channel, seen)
    if delivery.state == POSTED:
        yield f"Posted by {channel}: {encode(delivery.url)}".rstrip(": ")
    elif delivery.state == SENDING:
        yield f"Being sent by {channel}."
    elif delivery.state == DEFERRED and delivery.until:
        yield f"{channel} will be tried again at {show_time(delivery.until)}: {encode(delivery.reason)}"
    elif delivery.state == IN_DOUBT:
        yield (
            f"Nobody can say whether {channel} posted it ({encode(delivery.reason)}). Look there, then set ‘status’ to "
            "posted (it is there; give its address in ‘posted link’), again (it is not: send it), or give up."
        )
    elif delivery.state == REFUSED:
        yield f"{channel} refused it: {encode(delivery.reason)} Set ‘status’ to again, or give up."


def _verdict_notes(proposal: Proposal, memory: Memory, seen: Snapshot) -> Iterator[str]:
    missing = []
    for account in proposal.accounts:
        verdict = plan.verdict(proposal, account, seen)
        if verdict.why:
            yield verdict.why
        if verdict.approval is None:
            missing.append(account)
        elif plan.is_early(proposal, seen.now):
            when = show_time(proposal.candidate.not_before)
            yield f"Approved by {person(verdict.approval.user)}; goes out after {when}."
        elif not any(d.channel.startswith(f"{account}/") for d in memory.of(proposal.id)) and plan.is_full(
            account, memory, seen
        ):
            yield f"Approved; {account} has posted enough for today, so it goes out tomorrow."
    if missing and len(missing) < len(proposal.accounts):
        yield f"Still waits for a maintainer of {', '.join(missing)}."
    for account, why in proposal.known.dropped.items():
        yield f"{account}: {encode(why)}."


# --- answers --------------------------------------------------------------------------------------------------------


def requests_edit(memory: Memory, seen: Snapshot) -> Edit | None:
    """The request page with an answer in every request, or None when it is so already."""
    page = seen.requests
    if page is None or not page.exists or seen.settings.problems or is_tangled(page.text):
        return None
    requests = gather.requests(seen, page)
    ids = gather.identify(requests, memory, page)
    known = [id_ if id_ in memory.known else "" for id_ in ids]
    new = page.revision == memory.requests
    answers = [
        _answer(id_, request, memory, seen) if id_ or new else "" for id_, request in zip(known, requests, strict=True)
    ]
    if intake.is_answered(page.text, known, answers):
        return None
    text = intake.mark_unreadable(intake.answer(page.text, known, answers))
    return _edit(page, text, "Answering requests")


def _answer(id_: str, request: intake.Request, memory: Memory, seen: Snapshot) -> str:
    """The answer to one request as wikitext; '' to leave the one it has."""
    known = memory.known.get(id_)
    if known is None:
        limit = seen.settings.requests_per_person
        return _state(
            "not taken",
            f"Who wrote this has {limit} open requests already, or cannot be established. Take out this ‘answer’ line "
            "once one of them is decided.",
        )
    if known.end:
        return _ended(id_, known, memory, seen)
    if known.proposal is None or known.held:
        problems = gather.problems_of(request, seen)
        return _state("problem", "<br>".join(_say(problem) for problem in problems) or encode(known.held))
    links = _links(id_, memory, seen)
    place = f"[[{seen.titles.queue}#{id_}|the review queue]]"
    return _state("queued", f"It waits on {place}." + (f" Posted so far: {links}." if links else ""))


def _ended(id_: str, known: Known, memory: Memory, seen: Snapshot) -> str:
    if known.end == POSTED:
        links = _links(id_, memory, seen)
        return _state("posted", links) if links else ""
    if known.end == DECLINED:
        return _state("declined", "<br>".join(f"{a}: {encode(why)}" for a, why in known.dropped.items()))
    if known.end == GIVEN_UP:
        return _state("not posted", "The network did not take it, and a maintainer gave it up.")
    return _state("expired", "Nobody decided in time, or its time is over. Ask again if it still matters.")


def _links(id_: str, memory: Memory, seen: Snapshot) -> str:
    """Where a candidate was posted, as wikitext links."""
    posted = [d for d in memory.of(id_) if d.state == POSTED]
    named = [(d.url, _name(d.channel, seen)) for d in posted]
    return ", ".join(f"[{address(url)} {name}]" if is_web_address(url) else name for url, name in named)


def _state(state: str, words: str) -> str:
    return f"{{{{Smbot/answer|1={state}|2={words}}}}}"


# --- log ------------------------------------------------------------------------------------------------------------


def unlogged(memory: Memory) -> dict[str, list[Delivery]]:
    """The deliveries whose row does not yet say how they stand, by month."""
    months: dict[str, list[Delivery]] = {}
    for delivery in memory.deliveries.values():
        if delivery.state not in (SENDING, delivery.logged):
            months.setdefault(delivery.month, []).append(delivery)
    return months


def log_edit(page: Page, deliveries: list[Delivery], memory: Memory) -> Edit | None:
    """The log page of a month with the rows of these deliveries, or None when it has them already."""
    rows = {d.key: postlog.row(d, memory.known[d.id]) for d in deliveries if d.id in memory.known}
    return _edit(page, postlog.write(page.text, rows), f"{len(rows)} deliveries")


def logged(memory: Memory, deliveries: list[Delivery]) -> Memory:
    """Remember that the log shows these deliveries as they stand."""
    now = memory.deliveries
    marked = {d.key: replace(now[d.key], logged=d.state) for d in deliveries if d.key in now}
    return replace(memory, deliveries=now | marked)
