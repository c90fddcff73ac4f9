"""The cards on the queue as they shall be: what is on each, and what a maintainer has to know about it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from msgspec.structs import replace

from smbot import compose, dated, deliveries, names, plan, proposals, review, sections
from smbot.compose import is_web_address
from smbot.deliveries import name_of
from smbot.forms import shorten, show_time
from smbot.gather import Snapshot, drawn_by
from smbot.memory import (
    CORRECT,
    DEFERRED,
    IN_DOUBT,
    POSTED,
    REFUSED,
    RETRACT,
    SENDING,
    STATUSES,
    Decision,
    Delivery,
    Known,
    Memory,
)
from smbot.messages import say
from smbot.model import Can, Rules, Text
from smbot.planned import Outlook
from smbot.proposals import Proposal
from smbot.templates import address, clickable, encode, explain, person

_SENT = 500  # characters of what was sent that are quoted


def view(proposal: Proposal, ahead: Outlook, memory: Memory, seen: Snapshot) -> review.View:
    """The card of a candidate; `ahead` is what is to come."""
    known = proposal.known
    approvals = [proposals.verdict(proposal, account, seen).approval for account in proposal.accounts]
    approved = any(approvals)
    rewrite = not known.standing.edited and (not approved or bool(known.outdated)) and not known.end
    changes = rewrite and known.proposal != proposal.candidate
    if changes:  # what it shows and what it says belong together: an approval is of both
        proposal = proposals.redrawn(proposal, memory, seen)
    by = drawn_by(proposal.candidate, seen.settings)
    return review.View(
        title=review.heading_words((known.proposal or proposal.candidate).title),
        section=_section(proposal, memory, seen, approved=approved and all(approvals)),
        candidate=known.proposal or proposal.candidate,
        digest=proposal.digest,
        drawn_by=by,
        rewrite=rewrite,
        status=plan.needs_status(proposal, memory, seen),
        filled={
            "preview": "".join(_preview(proposal, seen)),
            "image version": file.version if (file := seen.files.get(proposal.candidate.image)) else "",
            "source": _source(known),
            "expires": show_time(proposals.expires(proposal, seen.settings)),
            **_checks(proposal, seen, by, changes=changes),
            "note": "<br>".join(notes(proposal, ahead, memory, seen)),
        },
    )


def _section(proposal: Proposal, memory: Memory, seen: Snapshot, *, approved: bool) -> str:
    known, accounts = proposal.known, seen.settings.accounts
    if deliveries.stuck(memory.of(proposal.id)):
        return sections.to_decide()
    if known.end:
        return sections.posted_of_late()
    if approved and not (proposal.problems or known.held):
        return sections.approved()
    if known.pick:
        return sections.to_pick(known.source, known.group)
    asked = [name for name in accounts if name in proposal.candidate.voices]
    return sections.to_review(asked if len(accounts) > 1 else ())


def _source(known: Known) -> str:
    if known.is_request:
        return say("card-request-by", known.page, ", ".join(map(person, known.requesters)))
    step = f", {dated.told(known.step)}" if known.step else ""
    told = [
        (f"{known.source}, {known.group}{step}" if known.group else f"{known.source}{step}", known.url),
        *known.also,
    ]
    return " · ".join(f"[{address(url)} {encode(label)}]" if url else encode(label) for label, url in told)


def _checks(proposal: Proposal, seen: Snapshot, by: str, *, changes: bool) -> dict[str, str]:
    """What reviewers should look at twice, as a wikitext list; nothing to fill in where the card has it already.

    That is so unless its words are about to change, or it is no more as smbot drew it, or was drawn by other settings.
    """
    known, card = proposal.known, proposal.card
    if known.end:
        return {"checks": ""}
    if card and not changes and review.vouch(card.face, proposal.digest, by) == known.standing.vouched:
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
        year=seen.now.year,
    )
    words = dict.fromkeys(text for text in (candidate.text, *(own for _, own in candidate.own)) if text)
    public = ("\n\n".join(filter(None, (candidate.warning, text, candidate.alt))) for text in words)
    found = dict.fromkeys(finding for text in public for finding in look(text))
    return {"checks": "\n".join(f"* {encode(f.reason)} ''{encode(f.sentence)}''" for f in found)}


def _preview(proposal: Proposal, seen: Snapshot) -> Iterator[str]:
    """Each post exactly as it will go out."""
    for channel, text in proposal.texts.items():
        for number in range(len(text.parts)):
            cells = _post(channel, text, number, seen.rules[channel])
            yield names.call("post", *(f"{name}={value}" for name, value in cells.items() if value))


def _post(channel: str, text: Text, number: int, rules: Rules) -> dict[str, str]:
    """One post of a thread, as arguments of the template that draws it."""
    account, network = channel.split("/")
    if text.points_at:
        mills = compose.costs(text, rules)[0]
        act = {"repost": _pointed_at(text.repost), "like": _pointed_at(text.like)}
        return {
            "account": account,
            "network": network,
            "on": encode(rules.network),
            "cost": deliveries.dollars(mills) if mills else "",
            **act,
        }
    words, mills = text.parts[number], compose.costs(text, rules)[number]
    image = text.images[0] if text.images and not number else None
    link = _LINK.search(words)
    return {
        "account": account,
        "network": network,
        "on": encode(rules.network),
        "language": encode(text.language),
        "length": str(compose.length(words, rules, text.warning)),
        "limit": str(rules.characters),
        "cost": deliveries.dollars(mills) if mills else "",
        "image": _file_name(image.file) if image else "",
        "alt": encode(image.alt) if image else "",
        "warning": encode(text.warning),
        "visibility": text.visibility,
        "text": clickable(words),
        "card": encode(link[1]) if link and rules.link_cards and not (image or text.warning) else "",
        "part": f"{number + 1}/{len(text.parts)}" if text.rest else "",
    }


_LINK = re.compile(r"https?://([^\s/:?#@]+\.[^\s/:?#@]+)(?=[/:?#\s]|$)", re.IGNORECASE)


def _pointed_at(post: str) -> str:
    """A post of another account on the same card by the name of that account, any other by its address."""
    return say("card-post-of-account", post.split("/")[0]) if post and not is_web_address(post) else encode(post)


def _file_name(name: str) -> str:
    """The name of a file so that `[[File:…]]` in a template still finds it; what cannot be a name is shown as typed."""
    return encode(name) if re.search(r"[#<>\[\]|{}]", name) else name.replace("&", "&amp;")


def notes(proposal: Proposal, ahead: Outlook, memory: Memory, seen: Snapshot) -> Iterator[str]:
    """What a maintainer has to know about a card, most pressing first; wikitext."""
    card, known = proposal.card, proposal.known
    of_it = memory.of(proposal.id)
    for delivery in of_it:
        is_asked = delivery in deliveries.stuck(of_it)
        yield from _delivery_note(delivery, seen, is_asked=is_asked)
        if is_asked and delivery.state == IN_DOUBT and proposal.texts.get(delivery.channel) != delivery.text:
            sent = " ".join([delivery.text.warned, *delivery.text.rest]) if delivery.text.words else delivery.text.told
            yield say("card-sent-words", encode(shorten(sent, _SENT)))
    if decision := known.standing.decision:
        yield from _undone(decision, proposal, seen)
    if known.end:
        yield from _posted_notes(proposal, memory, seen)
        return
    if known.held:
        yield say("card-held", encode(known.held))
    yield from map(explain, proposal.problems)
    if proposals.is_late(proposal, seen.now):
        yield say("card-late")
    if card and card.status not in (*STATUSES, SENDING, IN_DOUBT, REFUSED):
        yield say("card-no-status", encode(card.status))
    yield from _rarely(proposal, memory, seen)
    yield from _similar(known, memory)
    yield from dict.fromkeys(_verdict_notes(proposal, ahead, memory, seen))


def _similar(known: Known, memory: Memory) -> Iterator[str]:
    """What was posted of late and is like it, and what has a card of its own and is the same."""
    for id_, reason in known.similar:
        other = memory.known.get(id_)
        if other is None or not other.title:  # of what was posted long ago
            continue
        title = encode(shorten(other.title))
        if other.end == POSTED:
            what = f"[{address(other.url)} {title}]" if other.url else title
            yield say("card-similar", other.since, what, encode(reason))
        elif other.proposal and not (other.end or other.held):
            yield say("card-similar-open", id_, title, encode(reason))


def _rarely(proposal: Proposal, memory: Memory, seen: Snapshot) -> Iterator[str]:
    """When its accounts last did what they are to do rarely: repost or like what others posted."""
    act = "repost" if proposal.candidate.repost else "like" if proposal.candidate.like else ""
    for account in proposal.accounts if act else ():
        last = memory.pointed.get(f"{account} {act}")
        if last:
            yield say("card-rarely", account, last, (seen.now.date() - last).days)
        else:
            yield say("card-rarely-never", account)


def _undone(decision: Decision, proposal: Proposal, seen: Snapshot) -> Iterator[str]:
    """Why what somebody set a card to was not done, or not yet."""
    user = decision.user
    if not any(seen.settings.maintains(user, account) for account in proposal.candidate.voices):
        yield say("card-not-maintainer", person(user), decision.status, user)
    elif decision.status == CORRECT:
        yield plan.why_not_corrected(decision, proposal, seen)
    elif decision.status == RETRACT:
        yield say("card-retract-waits", person(user), user)


def _posted_notes(proposal: Proposal, memory: Memory, seen: Snapshot) -> Iterator[str]:
    """How what is out differs from what the card says now."""
    yield from map(explain, proposal.problems)
    for delivery in memory.of(proposal.id):
        text = proposal.texts.get(delivery.channel)
        if delivery.state != POSTED or text is None or text == delivery.text:
            continue
        name = name_of(delivery.channel, seen)
        pointing = text.points_at or delivery.text.points_at
        can = seen.rules[delivery.channel].can
        if pointing or Can.CORRECT not in can or len(text.parts) != len(delivery.posts):
            yield say("card-keeps-words", name)
        else:
            yield say("card-other-words", name)


def _delivery_note(delivery: Delivery, seen: Snapshot, *, is_asked: bool) -> Iterator[str]:
    channel, why = name_of(delivery.channel, seen), encode(delivery.reason)
    match delivery.task, delivery.state:
        case _, "posted":
            yield _posted(channel, encode(delivery.url), why)
        case "post", "sending":
            yield say("card-sending-unclear", channel, why) if why else say("card-sending", channel)
        case "post", "deferred":
            yield say("card-deferred", channel, show_time(delivery.until or seen.now), why)
        case "retract", "deferred":
            yield say("card-to-be-deleted", channel, why or encode(delivery.said))
        case "correct", "deferred":
            yield say("card-to-be-corrected", channel, why or encode(delivery.said))
        case _, "retracted":
            yield say("card-deleted", channel, why)
        case _, "handed off":
            yield say("card-by-hand", channel, f"{seen.titles.log}/{delivery.month}#{delivery.key}")
        case _, "in doubt":
            yield say("card-in-doubt", channel, why) if is_asked else say("card-in-doubt-later", channel, why)
        case _, "refused":
            yield say("card-refused", channel, why) if is_asked else say("card-refused-later", channel, why)


def _posted(channel: str, url: str, why: str) -> str:
    if url:
        return say("card-posted-why", channel, url, why) if why else say("card-posted", channel, url)
    return say("card-posted-nowhere-why", channel, why) if why else say("card-posted-nowhere", channel)


def _verdict_notes(proposal: Proposal, ahead: Outlook, memory: Memory, seen: Snapshot) -> Iterator[str]:
    missing = []
    for account in proposal.accounts:
        verdict = proposals.verdict(proposal, account, seen)
        if verdict.why:
            yield verdict.why
        if verdict.approval is None:
            missing.append(account)
        elif proposals.is_early(proposal, seen.now):
            yield from _early_notes(proposal, account, verdict.approval.user, ahead, memory, seen)
        elif not (proposal.problems or proposals.is_late(proposal, seen.now)):
            yield from _waiting_notes(proposal, account, ahead, memory, seen)
    if missing and len(missing) < len(proposal.accounts):
        yield say("card-still-waits", ", ".join(missing))
    for account, why in proposal.known.dropped.items():
        yield say("card-dropped", account, encode(why))


def _early_notes(
    proposal: Proposal, account: str, user: str, ahead: Outlook, memory: Memory, seen: Snapshot
) -> Iterator[str]:
    """When what is approved for a time goes out, or why it will not."""
    then = replace(seen, now=proposal.candidate.not_before or seen.now)
    vain = [wait.why for _, wait in _waits(proposal, account, Outlook(), memory, then) if wait and wait.is_vain]
    vain = vain or [*_turn_in_vain(proposal, account, ahead)]
    yield from [say("card-approved-but", why) for why in vain]
    if not vain:
        yield say("card-approved-later", person(user), show_time(then.now), user)


def _waiting_notes(proposal: Proposal, account: str, ahead: Outlook, memory: Memory, seen: Snapshot) -> Iterator[str]:
    """Why what is approved does not go out yet."""
    key = f"{proposal.id}/{account}"
    turn = ahead.turns.get(key)
    if key in ahead.keeping and not turn:
        yield say("card-keeps")
        return
    waits = dict(_waits(proposal, account, ahead, memory, seen))
    if not any(wait and wait.is_vain for wait in waits.values()):
        yield from [say("card-approved-but", why) for why in _turn_in_vain(proposal, account, ahead)]
    for channel, wait in waits.items():
        text = proposal.texts[channel]
        if text.repost and not deliveries.original(memory, proposal.id, text):
            if not deliveries.is_moot(memory, proposal.id, text):
                yield say("card-reposts-later", name_of(text.repost, seen))
        elif wait and (wait.is_vain or key not in ahead.vain):
            yield say("card-approved-but", wait.why)
        elif turn and turn > seen.now and f"{proposal.id}/{channel}" not in memory.deliveries:
            yield say("card-approved-but", say("card-waits-time", show_time(turn)))


def _turn_in_vain(proposal: Proposal, account: str, ahead: Outlook) -> Iterator[str]:
    """That its turn only comes when it must not go out any more."""
    end, at = proposal.candidate.not_after, ahead.vain.get(f"{proposal.id}/{account}")
    if at and end and at > end:
        yield say("card-waits-in-vain", show_time(end), say("card-waits-turn-in-vain", show_time(at)))
    elif at:
        yield say("card-waits-turn-stale", show_time(at))


def _waits(
    proposal: Proposal, account: str, ahead: Outlook, memory: Memory, seen: Snapshot
) -> Iterator[tuple[str, deliveries.Wait | None]]:
    """The channels of an account on which it is still to be posted, and what holds it back there."""
    end, kept = proposal.candidate.not_after, ahead.kept.get(account, ())
    turn = ahead.turns.get(f"{proposal.id}/{account}")
    for channel, text in proposal.texts.items():
        before = memory.deliveries.get(f"{proposal.id}/{channel}")
        if channel.split("/")[0] == account and (before is None or before.state == DEFERRED):
            mills = sum(compose.costs(text, seen.rules[channel]))
            yield channel, deliveries.waits(proposal.id, channel, mills, memory, seen, end, kept, turn)
