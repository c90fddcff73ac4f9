"""What shall be done: every rule of the product, pure.

`settle_decisions` brings decisions and deadlines to bear on what is remembered; `due` says which deliveries go out now.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from smbot import compose, deliveries, history, manners, news, rhythm
from smbot.gather import Snapshot
from smbot.memory import (
    AGAIN,
    APPROVED,
    CORRECT,
    DECLINED,
    DEFERRED,
    FINISHED,
    GIVE_UP,
    GIVEN_UP,
    HANDED_OFF,
    IN_DOUBT,
    POST,
    POSTED,
    POSTED_ALREADY,
    REFUSED,
    RETRACT,
    RETRACTED,
    SENDING,
    WAITING,
    Approval,
    Decision,
    Delivery,
    Known,
    Memory,
    Past,
    Standing,
)
from smbot.messages import say
from smbot.model import Can, Posted, Problem, Text
from smbot.proposals import Proposal, expires, is_early, is_late, proposals, shown, verdict
from smbot.templates import encode, is_tangled, person

KEEP_DELIVERIES = timedelta(days=7)
KEEP_KNOWN = timedelta(days=400)  # how long what was never posted stays known


class Plan(Struct, frozen=True):
    """All that shall be done in one cycle. Printed, it is a dry run."""

    seen: Snapshot
    memory: Memory
    due: tuple[Delivery, ...] = ()
    doubts: tuple[Delivery, ...] = ()
    tasks: tuple[Delivery, ...] = ()  # posts to be retracted or corrected
    again: frozenset[str] = frozenset()  # the keys of doubts that may be sent once more if their network allows it

    @property
    def is_news(self) -> bool:
        """Whether there is anything worth a save of the memory. The bot's own last edit of a page is not."""
        own = all(
            len(history) <= 1 and all(page.user == self.seen.bot for page in history)
            for history in (self.seen.queue_history, self.seen.request_history)
        )
        if own and not (self.due or self.doubts or self.tasks):
            return _apart_from_history(self.memory) != _apart_from_history(self.seen.memory)
        return self.memory != self.seen.memory


def _apart_from_history(memory: Memory) -> Memory:
    """The memory without what can be read again; that an approval was found not to count cannot."""
    void = {id_: tuple(a for a in k.standing.approvals if a.void) for id_, k in memory.known.items()}
    known = {id_: replace(k, standing=Standing(approvals=void[id_])) for id_, k in memory.known.items()}
    return replace(memory, queue=0, requests=0, known=known)


def plan(memory: Memory, seen: Snapshot, *, send: bool) -> Plan:
    """What shall be done with a memory that has taken in all that was seen."""
    if not send:
        return Plan(seen, memory)
    tasks = deliveries.tasks(memory, seen.now) if not seen.settings.problems else []
    if stopped(seen):
        tasks = [d for d in tasks if d.task == RETRACT]  # what is wrong may be taken back even now
    doubts = tuple(deliveries.doubts(memory, seen.now))
    keys = frozenset(delivery.key for delivery in again(memory, seen))
    return Plan(seen, memory, tuple(due(memory, seen)), doubts, tuple(tasks), keys)


# --- decisions ------------------------------------------------------------------------------------------------------


def settle_decisions(memory: Memory, seen: Snapshot) -> Memory:
    """Apply what maintainers decided, and close what is at its end."""
    memory = _take_by_hand(memory, seen)  # first, so that what somebody has posted can be taken back
    for proposal in shown(memory, seen):
        decision = proposal.known.standing.decision
        if decision:
            memory = _apply(memory, proposal, decision, seen)
    known, settled, missed = dict(memory.known), dict(memory.deliveries), list(memory.missed)
    for id_, k in memory.open().items():
        if not k.proposal and k.expires and seen.now > k.expires:
            known[id_] = replace(k, end="expired", held="", expires=None)
    for proposal in proposals(memory, seen):
        if end := _end(proposal, memory, seen):
            known[proposal.id] = _closed(proposal.known, end)
            missed += _missed(proposal, memory, seen)
            deferred = [d for d in memory.of(proposal.id) if d.state == DEFERRED and d.task == POST]
            settled |= {d.key: replace(d, state=GIVEN_UP, reason=_why_over(d)) for d in deferred}
    return prune(replace(memory, known=known, deliveries=settled, missed=tuple(missed)), seen.now)


def _missed(proposal: Proposal, memory: Memory, seen: Snapshot) -> Iterator[Past]:
    """What accounts have not posted of what is at its end, though it was approved and nothing was wrong with it."""
    if proposal.problems or proposal.known.held:
        return
    for account in _wanted(proposal, seen):
        mine = [text for channel, text in proposal.texts.items() if channel.split("/")[0] == account]
        able = [text for text in mine if not deliveries.is_moot(memory, proposal.id, text)]
        done = any(d.channel.split("/")[0] == account and d.state != DEFERRED for d in memory.of(proposal.id))
        if able and not done and verdict(proposal, account, seen).approval:
            title = proposal.known.title or proposal.candidate.title
            yield Past(proposal.id, account, title, proposal.candidate.not_after or seen.now, proposal.known.url)


def _why_over(delivery: Delivery) -> str:
    if delivery.posts:
        return say("state-time-over-part", len(delivery.posts), len(delivery.text.parts), delivery.reason)
    return say("state-time-over", delivery.reason)


def _closed(known: Known, end: str) -> Known:
    """What is posted keeps its card for some days, so that it can be taken back."""
    if end == POSTED:
        return replace(known, end=end, held="", expires=None)
    return replace(known, end=end, proposal=None, standing=Standing(), held="", expires=None)


def _apply(memory: Memory, proposal: Proposal, decision: Decision, seen: Snapshot) -> Memory:
    """Apply one decision for the accounts its author maintains; then it is done with."""
    mine = [a for a in seen.settings.accounts if seen.settings.maintains(decision.user, a)]
    of_it = memory.of(proposal.id)
    asked = deliveries.stuck(of_it) if decision.status in (AGAIN, POSTED_ALREADY, GIVE_UP) else of_it
    theirs = [d for d in asked if _settles(decision.user, d, seen)]
    if decision.status == RETRACT:  # a repost goes with what it reposts
        gone = {d.channel for d in theirs}
        theirs += [d for d in of_it if d.text.repost in gone and d.channel not in gone]
    open_for = [a for a in proposal.accounts if a in mine] if not proposal.known.end else []
    if not open_for and not theirs:
        return memory
    if decision.status == CORRECT and why_not_corrected(decision, proposal, seen):
        return memory  # its card says why
    known, settled = proposal.known, dict(memory.deliveries)
    if decision.status in (DECLINED, RETRACT):
        known = replace(known, dropped=known.dropped | dict.fromkeys(open_for, _dropped(decision)))
    for delivery in theirs:
        settled[delivery.key] = _resolved(delivery, decision, proposal, seen)
    if decision.status != RETRACT or all(d.state != SENDING for d in theirs):  # else it is not clear yet what is out
        known = replace(known, standing=replace(known.standing, decision=None))
    return replace(memory, deliveries=settled, known=memory.known | {proposal.id: known})


def _dropped(decision: Decision) -> str:
    """Why an account does not post something, in words for its card."""
    user, why = decision.user, decision.reason
    if decision.status == DECLINED:
        return say("state-declined-why", user, why) if why else say("state-declined", user)
    return say("state-retracted-why", user, why) if why else say("state-retracted", user)


def _settles(user: str, delivery: Delivery, seen: Snapshot) -> bool:
    """Whether somebody may say what became of a delivery. That of an account that is gone, any maintainer may."""
    account, accounts = delivery.channel.split("/")[0], seen.settings.accounts
    return any(seen.settings.maintains(user, a) for a in ([account] if account in accounts else accounts))


def _resolved(delivery: Delivery, decision: Decision, proposal: Proposal, seen: Snapshot) -> Delivery:
    said = say("state-said-so", decision.user, str(decision.revision))
    if decision.status == RETRACT:
        return deliveries.retract(delivery, said, seen.now)
    if decision.status == CORRECT:
        return _corrected(delivery, decision, proposal, seen)
    if delivery.state not in (IN_DOUBT, REFUSED):
        return delivery
    after = _settled(delivery, decision, said, seen)
    taken_back = delivery.said and (after.state == POSTED or (after.state == GIVEN_UP and after.posts))
    return deliveries.retract(after, delivery.said, seen.now) if taken_back else after


def _settled(delivery: Delivery, decision: Decision, said: str, seen: Snapshot) -> Delivery:
    """What a maintainer says became of a delivery that was in doubt or refused."""
    if decision.status == AGAIN:
        return replace(delivery, state=DEFERRED, until=seen.now, tries=0, reason=said)
    if decision.status == POSTED_ALREADY:
        url = decision.url if compose.is_web_address(decision.url) else ""
        posts = (*delivery.posts, Posted(url, ""))
        if len(posts) < len(delivery.text.parts):  # nothing can answer a post whose id is not known
            left = len(delivery.text.parts) - len(posts)
            said = say("state-said-so-part", decision.user, str(decision.revision), left)
        return replace(delivery, state=POSTED, url=delivery.url or url, posts=posts, reason=said, parcel={})
    return replace(delivery, state=GIVEN_UP, reason=said, parcel={})


def _corrected(delivery: Delivery, decision: Decision, proposal: Proposal, seen: Snapshot) -> Delivery:
    """A post gets other words on the word of a maintainer about just these words, where its network has edits."""
    text = proposal.texts.get(delivery.channel)
    if text is None or text == delivery.text or (delivery.task, delivery.state) != (POST, POSTED):
        return delivery
    if text.points_at or delivery.text.points_at:
        return delivery
    if Can.CORRECT not in seen.rules[delivery.channel].can or len(text.parts) != len(delivery.posts):
        return delivery
    said = say("state-said-so", decision.user, str(decision.revision))
    return replace(
        delivery, task=CORRECT, state=DEFERRED, corrected=text, until=seen.now, tries=0, said=said, reason=""
    )


def why_not_corrected(decision: Decision, proposal: Proposal, seen: Snapshot) -> str:
    """Why a word to correct does not count, as wikitext; '' when it does."""
    if decision.digest != proposal.digest or decision.disturbed_by:
        return say("card-correct-changed")
    if proposal.problems:
        return encode(str(proposal.problems[0]))
    if seen.settings.four_eyes and decision.user in proposal.known.standing.editors:
        return say("card-correct-own", person(decision.user), decision.user)
    return ""


def _take_by_hand(memory: Memory, seen: Snapshot) -> Memory:
    """What maintainers say on the log page that they did by hand, and what nobody did in time."""
    settled = dict(memory.deliveries)
    for delivery in deliveries.handed_off(memory):
        done = seen.done_by_hand.get(delivery.key)
        if done and _settles(done.user, delivery, seen):
            url = done.url if compose.is_web_address(done.url) else ""
            why = say("state-by-hand", done.user, str(done.revision))
            settled[delivery.key] = deliveries.by_hand(delivery, url, why)
        elif deliveries.is_out_of_hand(delivery, seen.now):
            why = say("state-nobody-posted", deliveries.HAND_FOR.days)
            settled[delivery.key] = replace(delivery, state=GIVEN_UP, reason=why)
    return replace(memory, deliveries=settled)


def _end(proposal: Proposal, memory: Memory, seen: Snapshot) -> str:
    """How a candidate has ended; '' while it is open."""
    of_it = memory.of(proposal.id)
    if any(map(_needs_more, of_it)):
        return ""
    states = {delivery.channel: delivery.state for delivery in of_it}
    best = next((state for state in (POSTED, RETRACTED, GIVEN_UP) if state in states.values()), "")
    best = POSTED if any(d.posts and d.state != RETRACTED for d in of_it) else best  # be it but a part of a thread
    wanted = _wanted(proposal, seen)
    channels = [channel for account in wanted for channel in _channels(proposal, account, seen)]
    moot = {channel for channel, text in proposal.texts.items() if deliveries.is_moot(memory, proposal.id, text)}
    if channels and all(states.get(channel) in FINISHED or channel in moot for channel in channels):
        return best or DECLINED
    asked = proposal.known.proposal  # anybody can write a past time on a card: that holds it back, but ends nothing
    late = asked and asked.not_after and seen.now > asked.not_after
    over = bool(proposal.known.dropped) and not wanted
    until = expires(proposal, seen.settings)
    expired = until is not None and seen.now > until
    if late or over or (expired and not any(verdict(proposal, account, seen).approval for account in wanted)):
        return best if best in (POSTED, RETRACTED) else DECLINED if over else "expired"
    return ""


def _channels(proposal: Proposal, account: str, seen: Snapshot) -> list[str]:
    """Where an account has something to post. One that only reposts has nothing where there is nothing to repost."""
    found = [channel for channel in proposal.texts if channel.split("/")[0] == account]
    return found if account in proposal.candidate.voices else [*seen.settings.accounts[account].channels]


def _needs_more(delivery: Delivery) -> bool:
    to_be_taken_back = delivery.task == RETRACT and delivery.state != RETRACTED
    return to_be_taken_back or delivery.state in (SENDING, IN_DOUBT, REFUSED, HANDED_OFF)


def _wanted(proposal: Proposal, seen: Snapshot) -> list[str]:
    """The accounts that are still to post it; only maintainers can make them fewer."""
    accounts, editors = seen.settings.accounts, proposal.known.standing.editors
    wanted = set(proposal.candidate.voices)
    if proposal.known.proposal and not all(any(seen.settings.maintains(e, a) for a in accounts) for e in editors):
        wanted |= set(proposal.known.proposal.voices)
    return [account for account in accounts if account in wanted and account not in proposal.known.dropped]


def prune(memory: Memory, now: datetime) -> Memory:
    """Forget finished deliveries that are on the log, and, after a long time, what never went out."""
    open_ = memory.open()  # while another channel waits, what is out on this one must stay known
    kept = {
        key: d
        for key, d in memory.deliveries.items()
        if d.id in open_ or d.state not in FINISHED or d.logged != d.state or now - d.since < KEEP_DELIVERIES
    }
    still = {delivery.id for delivery in kept.values()}
    left = {d.id for d in kept.values() if d.state not in (RETRACTED, GIVEN_UP) or (d.posts and d.state == GIVEN_UP)}
    gone = {delivery.id for delivery in kept.values() if delivery.state == RETRACTED} - left
    known = {
        id_: k if not k.end else _faded(replace(k, end=RETRACTED) if id_ in gone else k, id_ in left, id_ in still, now)
        for id_, k in memory.known.items()
        if not k.end or k.end == POSTED or now.date() - k.since < KEEP_KNOWN
    }
    missed = tuple(past for past in memory.missed if now - past.at < KEEP_DELIVERIES)
    return replace(history.keep(memory, kept, now), deliveries=kept, known=known, missed=missed)


def _faded(known: Known, on_card: bool, on_log: bool, now: datetime) -> Known:
    """What has to be remembered of a candidate that is at its end; what was posted is compared with for some months."""
    if not on_card:
        known = replace(known, proposal=None, standing=Standing(), similar=(), also=())
    if not on_log:
        known = replace(known, revision=0, asked="", taken=0)
    if on_log or (known.end == POSTED and now.date() - known.since <= news.LIKE_FOR):
        return known
    return replace(known, title="", url="", marks=())


def void(memory: Memory, blocked: frozenset[str], hidden: frozenset[int]) -> Memory:
    """Take the word of blocked people, and of hidden revisions, out of the approvals; it does not come back."""

    def checked(approval: Approval) -> Approval:
        if approval.revision in hidden:
            return replace(approval, void=say("card-approval-hidden"))
        if approval.user in blocked:
            return replace(approval, void=say("card-approver-blocked", person(approval.user), approval.user))
        return approval

    known = {}
    for id_, k in memory.known.items():
        approvals = tuple(checked(approval) for approval in k.standing.approvals)
        known[id_] = k if k.end else replace(k, standing=replace(k.standing, approvals=approvals))
    return replace(memory, known=known)


# --- what is due ----------------------------------------------------------------------------------------------------


def stopped(seen: Snapshot) -> tuple[Problem, ...]:
    """Why nothing is posted at all; () when the desk is running."""
    problems = seen.settings.problems
    if not seen.stop.exists:
        problems += (Problem(say("problem-no-stop-page", seen.titles.stop), say("problem-no-stop-page-remedy")),)
    elif seen.stop.text.strip() != "run":
        problems += (Problem(say("problem-stopped", seen.titles.stop), say("problem-stopped-remedy")),)
    if is_tangled(seen.queue.text):
        problems += (Problem(say("problem-tangled", seen.titles.queue), say("problem-tangled-remedy")),)
    return problems


def due(memory: Memory, seen: Snapshot) -> list[Delivery]:
    """The deliveries that go out now: the pressing ones first, the sources in turns, then the oldest approval.

    Each uses up its account's time, ceiling and budget, and its words on a network where no two accounts may say them.
    """
    if stopped(seen):
        return []
    open_ = proposals(memory, seen)
    ready = sorted(_ready(open_, memory, seen), key=lambda one: (one.turn, one.since, one.delivery.key))
    places = rhythm.kept(rhythm.dated(open_, seen), memory, seen) if ready else {}
    weeks = rhythm.weeks(open_, memory, seen) if any(one.proposal.candidate.evergreen for one in ready) else {}
    result = []
    for one in ready:
        delivery, account = one.delivery, one.delivery.channel.split("/")[0]
        keeps = one.proposal.candidate.evergreen
        if keeps and rhythm.waits_for_thin_week(one.proposal, weeks[account], memory, seen):
            continue
        kept, end = places.get(account, ()), one.proposal.candidate.not_after
        if any(manners.repeated(delivery.id, {delivery.channel: delivery.text}, memory)):
            continue
        if not deliveries.waits(delivery.id, delivery.channel, delivery.mills, memory, seen, end, kept):
            if keeps and not deliveries.is_begun_by(account, delivery.id, memory, seen.now):
                weeks[account] = replace(weeks[account], posted=weeks[account].posted + 1)
            result.append(delivery)
            memory = deliveries.begin(memory, delivery, "")
    return result


class _Ready(NamedTuple):
    """A delivery that is approved and at its time: since when it is approved, and whose turn it is."""

    proposal: Proposal
    turn: tuple[bool, bool]
    since: datetime
    delivery: Delivery


def _ready(open_: Sequence[Proposal], memory: Memory, seen: Snapshot) -> Iterator[_Ready]:
    before = {account: rhythm.last_source(account, memory) for account in seen.settings.accounts}
    for proposal in open_:
        if _is_held(proposal, seen):
            continue
        for channel, text in proposal.texts.items():
            account = channel.split("/")[0]
            tried = memory.deliveries.get(f"{proposal.id}/{channel}")
            waits = tried and (tried.state != DEFERRED or (tried.until and tried.until > seen.now))
            if waits or account not in proposal.accounts:
                continue
            if text.points_at and not deliveries.original(memory, proposal.id, text):
                continue
            if approval := verdict(proposal, account, seen).approval:
                delivery = _delivery(proposal.id, channel, text, approval, tried, seen)
                yield _Ready(proposal, rhythm.turn(proposal, before[account], seen), approval.time, delivery)


def _is_held(proposal: Proposal, seen: Snapshot) -> bool:
    unread = proposal.known.source in seen.unread  # nobody can say whether the news still stands there
    out_of_time = is_early(proposal, seen.now) or is_late(proposal, seen.now)
    return bool(unread or out_of_time or proposal.problems or proposal.known.held)


def again(memory: Memory, seen: Snapshot) -> list[Delivery]:
    """The doubts that may be sent once more if their network allows it: they have to be as wanted as what is due."""
    doubts = deliveries.doubts(memory, seen.now)
    if not doubts or stopped(seen):
        return []
    open_ = {proposal.id: proposal for proposal in proposals(memory, seen)}
    return [d for d in doubts if d.id in open_ and _is_still_wanted(d, open_[d.id], memory, seen)]


def _is_still_wanted(delivery: Delivery, proposal: Proposal, memory: Memory, seen: Snapshot) -> bool:
    account = delivery.channel.split("/")[0]
    if proposal.texts.get(delivery.channel) != delivery.text or account not in proposal.accounts or delivery.said:
        return False
    at = deliveries.next_time(delivery.id, account, memory, seen, proposal.candidate.not_after)
    if _is_held(proposal, seen) or at > seen.now:
        return False
    return bool(verdict(proposal, account, seen).approval)


def _delivery(
    id_: str, channel: str, text: Text, approval: Approval, before: Delivery | None, seen: Snapshot
) -> Delivery:
    fresh = Delivery(
        id=id_, channel=channel, text=text, approver="", revision=0, since=seen.now, month=f"{seen.now:%Y-%m}", tries=0
    )
    before = before or fresh
    return replace(
        before,
        text=text,
        approver=approval.user,
        revision=approval.revision,
        since=seen.now,
        planned=before.planned or seen.now,
        tries=before.tries + 1,
        mills=sum(compose.costs(text, seen.rules[channel])[len(before.posts) :]),
        reason="",
        until=None,
    )


def needs_status(proposal: Proposal, memory: Memory, seen: Snapshot) -> str:
    """The status smbot has to set on a card; '' to leave it as people set it."""
    if proposal.card is None:
        return POSTED if proposal.known.end else WAITING
    status = proposal.card.status
    if proposal.known.end:
        return "" if status == POSTED or any(map(_is_busy, memory.of(proposal.id))) else POSTED
    if stuck := deliveries.stuck(memory.of(proposal.id)):
        return "" if status == stuck[0].state else stuck[0].state
    verdicts = [verdict(proposal, account, seen) for account in proposal.accounts]
    covered = bool(verdicts) and all(v.approval for v in verdicts) and not proposal.problems
    if covered:
        return "" if status == APPROVED else APPROVED
    if status in (RETRACT, CORRECT):
        return "" if any(map(_is_busy, memory.of(proposal.id))) else WAITING
    known_statuses = (APPROVED, DECLINED, AGAIN, POSTED_ALREADY, GIVE_UP, IN_DOUBT, REFUSED)
    return WAITING if status in known_statuses else ""


def _is_busy(delivery: Delivery) -> bool:
    """Whether it is still to be retracted or corrected."""
    return delivery.task != POST and delivery.state != RETRACTED
