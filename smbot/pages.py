"""The pages people see, worked out from what is remembered: queue, answers on the request page, posting log.

Every cycle brings the pages in line with the memory. Doing it twice changes nothing, so a run that ended half-way is
finished by the next one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from msgspec.structs import replace

from smbot import compose, deliveries, gather, intake, plan, postlog, proposals, review, rhythm
from smbot.compose import is_web_address
from smbot.forms import shorten, show_time
from smbot.gather import Snapshot
from smbot.memory import (
    CORRECT,
    DECLINED,
    DEFERRED,
    GIVEN_UP,
    HANDED_OFF,
    IN_DOUBT,
    POSTED,
    REFUSED,
    RETRACT,
    RETRACTED,
    SENDING,
    STATUSES,
    WAITING,
    Decision,
    Delivery,
    Known,
    Memory,
    Trouble,
)
from smbot.model import Can, Page, Problem, Rules, Text
from smbot.proposals import Proposal
from smbot.templates import address, encode, is_tangled, person

FOREIGN = "smbot did not make this card, or its id stands on the page twice, so nothing happens with it. To have \
something posted, ask on the requests page; to keep the original card, remove this copy."


REMIND_AFTER = timedelta(days=1)  # that something waits to be done by hand
ANNOUNCE = timedelta(days=14)  # before it happens, that credentials expire


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
    shown = proposals.shown(memory, seen)
    views = {proposal.id: _view(proposal, memory, seen) for proposal in shown}
    ended = [id_ for id_, known in memory.known.items() if id_ not in views and (known.end or known.is_request)]
    text = review.arrange(seen.queue.text, views, ended, status, FOREIGN)
    open_ = [proposal for proposal in shown if not proposal.known.end]
    new = sum(proposal.card is None for proposal in open_)
    summary = f"{len(open_)} waiting" + (f", {new} new" if new else "")
    return _edit(seen.queue, text, summary)


def _edit(page: Page, text: str, summary: str) -> Edit | None:
    return None if text.rstrip() == page.text.rstrip() else Edit(page.title, page.revision, text, summary)


def status_line(memory: Memory, seen: Snapshot, troubles: Sequence[str] = ()) -> str:
    """What maintainers have to know before all cards, as wikitext; '' when all is well."""
    stopping = [f"'''Nothing is posted now.''' {_linked(str(problem), seen)}" for problem in plan.stopped(seen)]
    if redirect := _REDIRECT.search(seen.queue.text):
        stopping.append(
            f"'''This page is the review queue.''' Somebody made it a redirect: {_literal(redirect[1])} "
            "Remove that line. If the page was moved, only the cards here count, not those in the other place."
        )
    failing = [_resting(channel, trouble, seen) for channel, trouble in memory.troubles.items() if trouble.until]
    failing += list(_expiring(memory, seen))
    if seen.requests and is_tangled(seen.requests.text):
        failing.append(f"[[{seen.requests.title}]] cannot be read: too many braces or tags on it are never closed.")
    failing += [f"'''A source needs a look.''' {_literal(alarm)}" for alarm in memory.alarms.values()]
    failing += [f"'''A page needs a look.''' {_literal(trouble)}" for trouble in troubles]
    by_hand = [_by_hand(delivery, seen) for delivery in deliveries.handed_off(memory)]
    short = list(_short(memory, seen)) if not seen.settings.problems else []
    notices = (("stopped", stopping), (IN_DOUBT, failing), (HANDED_OFF, by_hand), (WAITING, short))
    return "".join(f"{{{{Smbot/notice|1={hue}|2={'<br>'.join(lines)}}}}}" for hue, lines in notices if lines)


def _short(memory: Memory, seen: Snapshot) -> Iterator[str]:
    """Which accounts fall short of their goal, and what could fill the gap; whether too much waits for a decision."""
    open_ = proposals.proposals(memory, seen) if any(a.goal for a in seen.settings.accounts.values()) else []
    for name, account in seen.settings.accounts.items():
        week = rhythm.week(name, open_, memory, seen)
        if account.goal and week.is_short:
            could = ", ".join(_to(p, "#") for p in rhythm.fillers(name, open_, seen))
            yield f"{_progress(week)} {f'Could fill the gap: {could}.' if could else 'Nothing waits that could.'}"
    pile = rhythm.pile(open_, seen)
    if pile.is_high(seen.now):
        yield _piled(pile)


def _progress(week: rhythm.Week) -> str:
    return (
        f"'''{week.account} falls short of its goal.''' Of {week.goal} posts this week {week.posted} are out, and "
        f"{week.approved} approved."
    )


def _piled(pile: rhythm.Pile) -> str:
    return f"'''{pile.number} posts wait for a decision''', the oldest since {pile.since}."


def _to(proposal: Proposal, place: str) -> str:
    """A link to a card."""
    return f"[[{place}{proposal.id}|{_literal(shorten(proposal.known.title))}]]"


def message_edit(page: Page, memory: Memory, seen: Snapshot) -> Edit | None:
    """The talk page of the queue with the message of this week; None where it is there, or there is nothing to say."""
    heading = f"== {_week_name(seen.now)} =="
    said = _message(memory, seen)
    if not said or heading in page.text:
        return None
    text = f"{page.text.rstrip()}\n\n{heading}\n{said}".lstrip()
    return Edit(page.title, page.revision, text, f"{_week_name(seen.now)}: what is missing")


def is_message_due(memory: Memory, seen: Snapshot) -> bool:
    """Whether the maintainers have not had their message of this week, and there is something to say.

    It waits for Monday noon in UTC: then it is Monday everywhere.
    """
    is_monday_everywhere = seen.now.weekday() > 0 or seen.now.hour >= 12
    is_new = memory.told != _week_name(seen.now) and is_monday_everywhere
    return is_new and not seen.settings.problems and bool(_message(memory, seen))


def told(memory: Memory, seen: Snapshot) -> Memory:
    """Remember that this week's message is there."""
    return replace(memory, told=_week_name(seen.now))


def _week_name(now: datetime) -> str:
    iso = now.isocalendar()
    return f"Week {iso.week} of {iso.year}"


def _message(memory: Memory, seen: Snapshot) -> str:
    """What maintainers should see to in this week, as wikitext that calls them; '' when all is well."""
    accounts = [account for account in seen.settings.accounts.values() if account.goal]
    open_ = proposals.proposals(memory, seen) if accounts else []
    lines: list[str] = []
    called: set[str] = set()
    for account in accounts:
        week = rhythm.week(account.name, open_, memory, seen)
        if week.is_short:
            called |= account.maintainers
            lines += [
                _progress(week),
                *(f"* {_to(p, f'{seen.titles.queue}#')}" for p in rhythm.fillers(account.name, open_, seen)),
            ]
    pile = rhythm.pile(open_, seen)
    if pile.is_high(seen.now):
        called |= {name for account in accounts for name in account.maintainers}
        lines.append(f"{_piled(pile)} They are on [[{seen.titles.queue}|the queue]].")
    return "\n\n".join([*lines, f"{', '.join(map(person, sorted(called)))} – ~~~~"]) + "\n" if lines else ""


def _resting(channel: str, trouble: Trouble, seen: Snapshot) -> str:
    until = f"until {show_time(trouble.until)} UTC" if trouble.until and trouble.until > seen.now else "until it works"
    return (
        f"'''{_name(channel, seen)} rests {until}.''' It failed {trouble.failures} times in a row; its posts wait. "
        f"{_literal(trouble.why)}"
    )


def _by_hand(delivery: Delivery, seen: Snapshot) -> str:
    """Who reads it may be the person who does it; after a day it is said more clearly."""
    what = "deleted" if delivery.task == RETRACT else "posted"
    place = f"[[{seen.titles.log}/{delivery.month}#{delivery.key}|what to do]]"
    late = "'''Still waits'''" if seen.now - delivery.since > REMIND_AFTER else "Waits"
    return (
        f"{late} to be {what} by hand since {show_time(delivery.since)} UTC: {_name(delivery.channel, seen)} ({place})."
    )


def _expiring(memory: Memory, seen: Snapshot) -> Iterator[str]:
    for channel, limits in memory.limits.items():
        try:
            at = datetime.fromisoformat(str(limits.values.get("expires") or ""))
        except ValueError:
            continue
        if channel in seen.rules and at - seen.now < ANNOUNCE:
            over = "have expired" if at < seen.now else f"expire on {at:%Y-%m-%d}"
            yield f"'''The credentials of {_name(channel, seen)} {over}.''' Its operator has to renew them."


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
    approved = any(proposals.verdict(proposal, account, seen).approval for account in proposal.accounts)
    return review.View(
        title=review.heading_words((known.proposal or proposal.candidate).title),
        section=_section(known),
        candidate=known.proposal or proposal.candidate,
        rewrite=not known.standing.edited and (not approved or bool(known.outdated)) and not known.end,
        status=plan.needs_status(proposal, memory, seen),
        filled={
            "preview": "".join(_preview(proposal, seen)),
            "image version": file.version if (file := seen.files.get(proposal.candidate.image)) else "",
            "source": _source(known),
            "expires": show_time(proposals.expires(proposal, seen.settings)),
            **_checks(proposal, seen),
            "note": "<br>".join(_notes(proposal, memory, seen)),
        },
    )


def _section(known: Known) -> str:
    if known.end:
        return review.POSTED_OF_LATE
    return f"{known.source} {known.group}: pick what to post" if known.pick else review.TO_REVIEW


def _source(known: Known) -> str:
    if known.is_request:
        who = ", ".join(map(person, known.requesters))
        return f"[[{known.page}|request]] by {who}"
    step = f", {known.step}" if known.step else ""
    told = [
        (f"{known.source}, {known.group}{step}" if known.group else f"{known.source}{step}", known.url),
        *known.also,
    ]
    return " · ".join(f"[{address(url)} {encode(label)}]" if url else encode(label) for label, url in told)


def _checks(proposal: Proposal, seen: Snapshot) -> dict[str, str]:
    """What reviewers should look at twice, as a wikitext list; nothing to fill in where the card has it already."""
    known, card = proposal.known, proposal.card
    if known.end:
        return {"checks": ""}
    if card and card.face == known.standing.vouched and card.candidate == (known.proposal or card.candidate):
        return {}
    from smbot import checker  # a tenth of a second, and most often no card is new

    candidate = proposal.candidate
    tags = {
        tag
        for name in proposal.accounts
        if name in seen.settings.accounts
        for tag in seen.settings.accounts[name].hashtags
    }
    look = partial(
        checker.check,
        language=candidate.language,
        hashtags=tags,
        alt=candidate.alt,
        links=(candidate.link,) * bool(candidate.link),
    )
    words = dict.fromkeys(text for text in (candidate.text, *(own for _, own in candidate.own)) if text)
    found = dict.fromkeys(finding for text in words for finding in look(text))
    return {"checks": "\n".join(f"* {encode(f.reason)} ''{encode(f.sentence)}''" for f in found)}


def _preview(proposal: Proposal, seen: Snapshot) -> Iterator[str]:
    """Each post exactly as it will go out."""
    for channel, text in proposal.texts.items():
        for number in range(len(text.parts)):
            cells = _post(channel, text, number, seen.rules[channel])
            yield "{{Smbot/post" + "".join(f"|{name}={value}" for name, value in cells.items() if value) + "}}"


def _post(channel: str, text: Text, number: int, rules: Rules) -> dict[str, str]:
    """One post of a thread, as arguments of the template that draws it."""
    account, network = channel.split("/")
    if text.points_at:
        mills = compose.costs(text, rules)[0]
        act = {"repost": _pointed_at(text.repost), "like": _pointed_at(text.like)}
        return {"account": account, "network": network, "cost": deliveries.dollars(mills) if mills else "", **act}
    words, mills = text.parts[number], compose.costs(text, rules)[number]
    image = text.images[0] if text.images and not number else None
    return {
        "account": account,
        "network": network,
        "language": encode(text.language),
        "length": str(compose.length(words, rules, text.warning)),
        "limit": str(rules.characters),
        "cost": deliveries.dollars(mills) if mills else "",
        "image": _file_name(image.file) if image else "",
        "alt": encode(image.alt) if image else "",
        "warning": encode(text.warning),
        "visibility": text.visibility,
        "text": encode(words),
        "part": f"{number + 1}/{len(text.parts)}" if text.rest else "",
    }


def _pointed_at(post: str) -> str:
    """A post of another account on the same card by the name of that account, any other by its address."""
    return f"what '''{post.split('/')[0]}''' posts there" if post and not is_web_address(post) else encode(post)


def _file_name(name: str) -> str:
    """The name of a file so that `[[File:…]]` in a template still finds it; what cannot be a name is shown as typed."""
    return encode(name) if re.search(r"[#<>\[\]|{}]", name) else name.replace("&", "&amp;")


def _notes(proposal: Proposal, memory: Memory, seen: Snapshot) -> Iterator[str]:
    """What a maintainer has to know about a card, most pressing first; wikitext."""
    card, known = proposal.card, proposal.known
    of_it = memory.of(proposal.id)
    for delivery in of_it:
        yield from _delivery_note(delivery, seen, is_asked=delivery in deliveries.stuck(of_it))
    if decision := known.standing.decision:
        yield from _undone(decision, proposal, seen)
    if known.end:
        yield from _posted_notes(proposal, memory, seen)
        return
    if known.outdated == proposal.digest and not known.standing.edited:  # the card is written anew just now
        yield "It was moved to another time, so it has to be approved again."
        return
    if known.held:
        yield f"Held back: {encode(known.held)}"
    yield from (_say(problem) for problem in proposal.problems)
    if proposals.is_late(proposal, seen.now):
        yield "The time in ‘not after’ is over, so it is not posted. Change it, or decline."
    if card and card.status not in (*STATUSES, SENDING, IN_DOUBT, REFUSED):
        yield f"‘{encode(card.status)}’ is no status. Write approved or declined."
    yield from _rarely(proposal, memory, seen)
    yield from _similar(known, memory)
    yield from dict.fromkeys(_verdict_notes(proposal, memory, seen))


def _similar(known: Known, memory: Memory) -> Iterator[str]:
    """What was posted of late and is like it."""
    for id_, reason in known.similar:
        before = memory.known.get(id_)
        if before:
            what = (
                f"[{address(before.url)} {encode(shorten(before.title))}]"
                if before.url
                else encode(shorten(before.title))
            )
            yield f"Like something posted (proposed on {before.since}): {what} ({encode(reason)})."


def _rarely(proposal: Proposal, memory: Memory, seen: Snapshot) -> Iterator[str]:
    """When its accounts last did what they are to do rarely: repost or like what others posted."""
    act = "repost" if proposal.candidate.repost else "like" if proposal.candidate.like else ""
    for account in proposal.accounts if act else ():
        last = memory.pointed.get(f"{account} {act}")
        when = f"last on {last} ({(seen.now.date() - last).days} days ago)" if last else "never so far"
        yield f"To be done rarely: {account} did that to others {when}."


def _undone(decision: Decision, proposal: Proposal, seen: Snapshot) -> Iterator[str]:
    """Why what somebody set a card to was not done, or not yet."""
    if not any(seen.settings.maintains(decision.user, account) for account in proposal.candidate.voices):
        yield f"{person(decision.user)} set it to {decision.status}, but is not among the maintainers of its accounts."
    elif decision.status == CORRECT:
        yield plan.why_not_corrected(decision, proposal, seen)
    elif decision.status == RETRACT:
        yield f"{person(decision.user)} set it to retract; what is being sent now is taken back as soon as it is clear."


def _posted_notes(proposal: Proposal, memory: Memory, seen: Snapshot) -> Iterator[str]:
    """How what is out differs from what the card says now."""
    yield from (_say(problem) for problem in proposal.problems)
    for delivery in memory.of(proposal.id):
        text = proposal.texts.get(delivery.channel)
        if delivery.state != POSTED or text is None or text == delivery.text:
            continue
        name = _name(delivery.channel, seen)
        pointing = text.points_at or delivery.text.points_at
        can = seen.rules[delivery.channel].can
        if pointing or Can.CORRECT not in can or len(text.parts) != len(delivery.posts):
            yield f"{name} cannot be changed: it keeps the words that were posted, unless you retract it."
        else:
            yield f"{name} still has the words that were posted; a maintainer can set ‘status’ to correct."


def _say(problem: Problem) -> str:
    return f"{encode(problem.message)} {encode(problem.remedy)}".strip()


def _name(channel: str, seen: Snapshot) -> str:
    """A channel as people call it, such as 'wikitech on Mastodon'."""
    account, network = channel.split("/")
    return f"{account} on {seen.rules[channel].network if channel in seen.rules else network}"


_LOOK = (
    "Look there, then set ‘status’ to posted (it is there; give its address in ‘posted link’), again (it is not: send "
    "it), or give up."
)
_LATER = "You are asked about it when the other is settled."


def _delivery_note(delivery: Delivery, seen: Snapshot, *, is_asked: bool) -> Iterator[str]:
    channel, why = _name(delivery.channel, seen), encode(delivery.reason)
    match delivery.task, delivery.state:
        case _, "posted":
            yield f"Posted by {channel}: {encode(delivery.url)}".rstrip(": ") + (f" ({why})" if why else "")
        case "post", "sending":
            asked = " Nobody can say yet whether it is there; smbot keeps asking." if why else ""
            yield f"Being sent by {channel}.{asked} {why}".strip()
        case "post", "deferred":
            yield f"{channel} will be tried again at {show_time(delivery.until or seen.now)} UTC: {why}"
        case task, "deferred":
            yield f"To be {'deleted' if task == RETRACT else 'corrected'}: {channel} ({why or encode(delivery.said)})."
        case _, "retracted":
            yield f"Deleted again from {channel} ({why})."
        case _, "handed off":
            place = f"[[{seen.titles.log}/{delivery.month}#{delivery.key}|the log says what to do]]"
            yield f"A person has to do it: {channel}; {place}."
        case _, "in doubt":
            yield f"Nobody can say whether {channel} posted it ({why}). {_LOOK if is_asked else _LATER}"
        case _, "refused":
            yield f"{channel} refused it: {why} {'Set ‘status’ to again, or give up.' if is_asked else _LATER}"


def _verdict_notes(proposal: Proposal, memory: Memory, seen: Snapshot) -> Iterator[str]:
    missing = []
    for account in proposal.accounts:
        verdict = proposals.verdict(proposal, account, seen)
        if verdict.why:
            yield verdict.why
        if verdict.approval is None:
            missing.append(account)
        elif proposals.is_early(proposal, seen.now):
            when = show_time(proposal.candidate.not_before)
            yield f"Approved by {person(verdict.approval.user)}; goes out after {when}."
        elif not proposal.problems:
            yield from _waiting_notes(proposal, account, memory, seen)
    if missing and len(missing) < len(proposal.accounts):
        yield f"Still waits for a maintainer of {', '.join(missing)}."
    for account, why in proposal.known.dropped.items():
        yield f"{account}: {encode(why)}."


def _waiting_notes(proposal: Proposal, account: str, memory: Memory, seen: Snapshot) -> Iterator[str]:
    """Why what is approved does not go out yet."""
    keeps = proposal.candidate.evergreen
    if keeps and rhythm.waits_for_thin_week(proposal, account, proposals.proposals(memory, seen), memory, seen):
        yield "Approved; it keeps, so it waits for a week with little else."
        return
    for channel, text in proposal.texts.items():
        before = memory.deliveries.get(f"{proposal.id}/{channel}")
        if channel.split("/")[0] == account and (before is None or before.state == DEFERRED):
            mills = sum(compose.costs(text, seen.rules[channel]))
            if text.repost and not deliveries.original(memory, proposal.id, text):
                yield f"Approved; reposts what {_name(text.repost, seen)} posts, once that is out."
            elif why := deliveries.waits(proposal.id, channel, mills, memory, seen):
                yield f"Approved; {why}"


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
    text = intake.answer(page.text, known, answers)
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
    if known.end == RETRACTED:
        return _state("retracted", "It was posted, and deleted again by a maintainer.")
    if known.end == DECLINED:
        return _state("declined", "<br>".join(f"{a}: {encode(why)}" for a, why in known.dropped.items()))
    if known.end == GIVEN_UP:
        return _state("not posted", "The network did not take it, and a maintainer gave it up.")
    return _state("expired", "Nobody decided in time, or its time is over. Ask again if it still matters.")


def _links(id_: str, memory: Memory, seen: Snapshot) -> str:
    """Where a candidate was posted, as wikitext links."""
    posted = [d for d in memory.of(id_) if d.state == POSTED or (d.posts and d.state != RETRACTED)]
    named = [(d.url, _name(d.channel, seen)) for d in posted]
    return ", ".join(f"[{address(url)} {name}]" if is_web_address(url) else name for url, name in named)


def _state(state: str, words: str) -> str:
    return f"{{{{Smbot/answer|1={state}|2={words}}}}}"


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
    return _edit(page, postlog.write(page.text, new), f"{len(new)} deliveries")


def _log_note(delivery: Delivery, seen: Snapshot) -> str:
    done = seen.done_by_hand.get(delivery.key)
    if done is None or delivery.state != HANDED_OFF:
        return ""
    who = person(done.user) if done.user else "Somebody"
    return f"{who} wrote that it is done; that counts when a maintainer of {delivery.channel.split('/')[0]} writes it."


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
