"""What shall be done: every rule of the product, pure.

`settle_decisions` brings decisions and deadlines to bear on what is remembered; `due` says which deliveries go out
now; `verdict` says of one account of one candidate whether it is approved, and if not, why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec.structs import replace

from smbot import compose, review
from smbot.gather import Snapshot
from smbot.memory import (
    AGAIN,
    APPROVED,
    DECLINED,
    DEFERRED,
    FINISHED,
    GIVE_UP,
    GIVEN_UP,
    IN_DOUBT,
    POSTED,
    POSTED_ALREADY,
    REFUSED,
    SENDING,
    WAITING,
    Approval,
    Decision,
    Delivery,
    Known,
    Memory,
    Standing,
)
from smbot.model import Candidate, Deferred, InDoubt, Outcome, Posted, Problem, Refused, Text
from smbot.review import Card
from smbot.templates import is_tangled, person

ASK_FOR = timedelta(days=1)  # how long a network is asked about a delivery before a maintainer has to decide
LEASE = timedelta(minutes=5)  # for as long, a delivery that is being sent belongs to the process that began it
DONE_WITHIN = timedelta(minutes=1)  # nothing is sent later than this after it was written down; well within LEASE
TRIES = 8  # deferred more often than this, a maintainer has to decide
KEEP_DELIVERIES = timedelta(days=7)
KEEP_KNOWN = timedelta(days=400)  # how long what was never posted stays known


@dataclass(frozen=True, slots=True)
class Plan:
    """All that shall be done in one cycle. Printed, it is a dry run."""

    seen: Snapshot
    memory: Memory
    due: tuple[Delivery, ...] = ()
    doubts: tuple[Delivery, ...] = ()

    @property
    def is_news(self) -> bool:
        """Whether there is anything worth a save of the memory. The bot's own last edit of a page is not."""
        own = all(
            len(history) <= 1 and all(page.user == self.seen.bot for page in history)
            for history in (self.seen.queue_history, self.seen.request_history)
        )
        if own and not self.due and not self.doubts:
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
    return Plan(seen, memory, tuple(due(memory, seen)), tuple(doubts(memory, seen.now)))


@dataclass(frozen=True, slots=True)
class Proposal:
    """An open candidate with all that bears on it: what its card says now, or what was proposed while it has none."""

    id: str
    known: Known
    card: Card | None
    candidate: Candidate
    texts: Mapping[str, Text]
    digest: str
    problems: tuple[Problem, ...]

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts that are still asked to post it."""
        return tuple(a for a in self.candidate.accounts if a not in self.known.dropped)


def proposals(memory: Memory, seen: Snapshot) -> list[Proposal]:
    """The open candidates, as the queue page shows them."""
    shown = review.read(seen.queue.text)
    return [_proposal(id_, known, shown.get(id_), seen) for id_, known in memory.open().items() if known.proposal]


def _proposal(id_: str, known: Known, card: Card | None, seen: Snapshot) -> Proposal:
    candidate = card.candidate if card else known.proposal or Candidate()
    accounts = seen.settings.accounts
    texts = compose.texts(candidate, accounts)
    problems = (card.problems if card else ()) + compose.problems(candidate, accounts, seen.rules)
    problems += tuple(_image_problems(candidate, seen))
    return Proposal(id_, known, card, candidate, texts, compose.digest(candidate, texts), problems)


def _image_problems(candidate: Candidate, seen: Snapshot) -> Iterator[Problem]:
    if not candidate.image:
        return
    file = seen.files.get(candidate.image)
    if file is None:
        yield Problem(f"There is no image ‘{candidate.image}’ on this wiki.", "Upload it, or correct its name.")
        return
    for rules in seen.rules.values():
        if file.mime not in rules.image_types:
            yield Problem(f"{rules.network} takes no {file.mime}.", "Use a PNG or JPEG image.")
        elif file.size > rules.image_bytes:
            yield Problem(f"The image is too large for {rules.network}.", "Use a smaller version.")


# --- decisions ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verdict:
    """The approval on which an account may post a candidate, or why there is none ('': nobody decided yet)."""

    approval: Approval | None = None
    why: str = ""


def verdict(proposal: Proposal, account: str, seen: Snapshot) -> Verdict:
    """Law: a decision is a revision. Whatever cannot be established is not approved."""
    if proposal.card is None:
        return Verdict()
    standing = proposal.known.standing
    reasons: list[str] = []
    for approval in reversed(review.approvals(standing, proposal.card, proposal.digest)):
        why = _void(approval, proposal, account, seen)
        if not why:
            return Verdict(approval)
        reasons.append(why)
    if reasons:
        return Verdict(why=reasons[0])
    if proposal.card.status == APPROVED or (standing.by_bot and standing.approvals):
        last = standing.approvals[-1] if standing.approvals else None
        who = person(last.user if last else "")
        return Verdict(why=f"It was changed after {who} approved it. Please look at it again.")
    return Verdict()


def _void(approval: Approval, proposal: Proposal, account: str, seen: Snapshot) -> str:
    """Why an approval of just these texts does not count for an account; '' when it does."""
    if approval.void:
        return approval.void
    user, settings = approval.user, seen.settings
    who, others = person(user), ", ".join(map(person, approval.disturbed_by))
    if not user:
        return "It cannot be established who approved it."
    if not settings.maintains(user, account):
        return f"{who} is not among the maintainers of {account}."
    if "" in proposal.known.requesters and not settings.own_requests:
        return "It cannot be established who asked for it. Please let it be asked for anew."
    if user in proposal.known.requesters and not settings.own_requests:
        return f"{who} asked for this post; another maintainer has to approve it."
    if settings.four_eyes and user in proposal.known.standing.editors:
        return f"{who} changed the words; another maintainer has to approve them."
    if approval.disturbed_by:
        return f"{others} changed this card just before {who} approved it. Please look at it again."
    if seen.now - approval.time > settings.days("approval"):
        return f"The approval by {who} is more than {settings.approval_days} days old."
    file = seen.files.get(proposal.candidate.image)
    if file and (file.since > approval.time or file.sha1 != approval.image):
        return f"The image was replaced since {who} saw it. Please look at it again."
    return ""


def settle_decisions(memory: Memory, seen: Snapshot) -> Memory:
    """Apply what maintainers decided, and close what is at its end."""
    for proposal in proposals(memory, seen):
        decision = proposal.known.standing.decision
        if decision:
            memory = _apply(memory, proposal, decision, seen)
    known, deliveries = dict(memory.known), dict(memory.deliveries)
    for id_, k in memory.open().items():
        if not k.proposal and k.expires and seen.now > k.expires:
            known[id_] = replace(k, end="expired", held="", expires=None)
    for proposal in proposals(memory, seen):
        if end := _end(proposal, memory, seen):
            known[proposal.id] = replace(
                proposal.known, end=end, proposal=None, standing=Standing(), held="", expires=None
            )
            deferred = [d for d in memory.of(proposal.id) if d.state == DEFERRED]
            deliveries |= {d.key: replace(d, state=GIVEN_UP, reason=f"Its time was over. {d.reason}") for d in deferred}
    return prune(replace(memory, known=known, deliveries=deliveries), seen.now)


def _apply(memory: Memory, proposal: Proposal, decision: Decision, seen: Snapshot) -> Memory:
    """Apply one decision for the accounts its author maintains; then it is done with."""
    mine = [a for a in proposal.accounts if seen.settings.maintains(decision.user, a)]
    if not mine:
        return memory
    known, deliveries = proposal.known, dict(memory.deliveries)
    if decision.status == DECLINED:
        words = f"declined by {decision.user}" + (f": {decision.reason}" if decision.reason else "")
        known = replace(known, dropped=known.dropped | dict.fromkeys(mine, words))
    for delivery in memory.of(proposal.id):
        if delivery.channel.split("/")[0] in mine and delivery.state in (IN_DOUBT, REFUSED):
            deliveries[delivery.key] = _resolved(delivery, decision, seen.now)
    known = replace(known, standing=replace(known.standing, decision=None))
    return replace(memory, known=memory.known | {proposal.id: known}, deliveries=deliveries)


def _resolved(delivery: Delivery, decision: Decision, now: datetime) -> Delivery:
    said = f"{decision.user} said so in revision {decision.revision}"
    if decision.status == AGAIN:
        return replace(delivery, state=DEFERRED, until=now, tries=0, reason=said)
    if decision.status == POSTED_ALREADY:
        url = decision.url if compose.is_web_address(decision.url) else ""
        return replace(delivery, state=POSTED, url=url, reason=said)
    if decision.status in (GIVE_UP, DECLINED):
        return replace(delivery, state=GIVEN_UP, reason=said)
    return delivery


def _end(proposal: Proposal, memory: Memory, seen: Snapshot) -> str:
    """How a candidate has ended; '' while it is open."""
    deliveries = memory.of(proposal.id)
    if any(delivery.state in (SENDING, IN_DOUBT, REFUSED) for delivery in deliveries):
        return ""
    states = {delivery.channel: delivery.state for delivery in deliveries}
    wanted = _wanted(proposal, seen)
    channels = [channel for account in wanted for channel in seen.settings.accounts[account].channels]
    if channels and all(states.get(channel) in FINISHED for channel in channels):
        return POSTED if POSTED in states.values() else GIVEN_UP
    asked = proposal.known.proposal  # anybody can write a past time on a card: that holds it back, but ends nothing
    late = asked and asked.not_after and seen.now > asked.not_after
    over = bool(proposal.known.dropped) and not wanted
    if late or over or (proposal.known.expires and seen.now > proposal.known.expires):
        return POSTED if POSTED in states.values() else DECLINED if over else "expired"
    return ""


def _wanted(proposal: Proposal, seen: Snapshot) -> list[str]:
    """The accounts that are still to post it; only maintainers can make them fewer."""
    accounts, editors = seen.settings.accounts, proposal.known.standing.editors
    wanted = set(proposal.candidate.accounts)
    if proposal.known.proposal and not all(any(seen.settings.maintains(e, a) for a in accounts) for e in editors):
        wanted |= set(proposal.known.proposal.accounts)
    return [account for account in accounts if account in wanted and account not in proposal.known.dropped]


def prune(memory: Memory, now: datetime) -> Memory:
    """Forget finished deliveries that are on the log, and, after a long time, what never went out."""
    open_ = memory.open()  # while another channel waits, what is out on this one must stay known
    deliveries = {
        key: d
        for key, d in memory.deliveries.items()
        if d.id in open_ or d.state not in FINISHED or d.logged != d.state or now - d.since < KEEP_DELIVERIES
    }
    shown = {delivery.id for delivery in deliveries.values()}
    known = {
        id_: k if not k.end or id_ in shown else replace(k, title="", url="", revision=0, asked="", taken=0)
        for id_, k in memory.known.items()
        if not k.end or k.end == POSTED or now.date() - k.since < KEEP_KNOWN
    }
    return replace(memory, deliveries=deliveries, known=known)


def void(memory: Memory, blocked: frozenset[str], hidden: frozenset[int]) -> Memory:
    """Take the word of blocked people, and of hidden revisions, out of the approvals; it does not come back."""

    def checked(approval: Approval) -> Approval:
        if approval.revision in hidden:
            return replace(approval, void="The revision in which it was approved has been hidden.")
        if approval.user in blocked:
            return replace(approval, void=f"{person(approval.user)} is blocked on this wiki.")
        return approval

    known = {}
    for id_, k in memory.known.items():
        approvals = tuple(checked(approval) for approval in k.standing.approvals)
        known[id_] = k if k.end else replace(k, standing=replace(k.standing, approvals=approvals))
    return replace(memory, known=known)


# --- deliveries -----------------------------------------------------------------------------------------------------


def stopped(seen: Snapshot) -> tuple[Problem, ...]:
    """Why nothing is posted at all; () when the desk is running."""
    problems = seen.settings.problems
    if not seen.stop.exists:
        problems += (Problem(f"There is no page [[{seen.titles.stop}]].", "Create it with the one word: run"),)
    elif seen.stop.text.strip() != "run":
        problems += (Problem(f"The page [[{seen.titles.stop}]] says stop.", "To go on, make it the one word: run"),)
    if is_tangled(seen.queue.text):
        tangled = f"[[{seen.titles.queue}]] cannot be read: too many braces or tags on it are never closed."
        problems += (Problem(tangled, "Undo the edit that put them there."),)
    return problems


def doubts(memory: Memory, now: datetime) -> list[Delivery]:
    """The deliveries that a process began to send and never finished: their network has to be asked."""
    return [d for d in memory.deliveries.values() if d.state == SENDING and now - d.since > LEASE]


def due(memory: Memory, seen: Snapshot) -> list[Delivery]:
    """The deliveries that go out now, oldest approval first."""
    if stopped(seen):
        return []
    ready = sorted(_ready(memory, seen), key=lambda pair: (pair[0].time, pair[1].key))
    used = _posts_today(memory, seen.now)
    result = []
    for _, delivery in ready:
        account = delivery.channel.split("/")[0]
        today = used.setdefault(account, set())
        if delivery.id in today or len(today) < _ceiling(account, seen):
            today.add(delivery.id)
            result.append(delivery)
    return result


def _ready(memory: Memory, seen: Snapshot) -> Iterator[tuple[Approval, Delivery]]:
    for proposal in proposals(memory, seen):
        if proposal.known.source in seen.unread:
            continue  # nobody can say whether the news still stands there
        if proposal.problems or proposal.known.held or is_early(proposal, seen.now) or is_late(proposal, seen.now):
            continue
        for channel, text in proposal.texts.items():
            account = channel.split("/")[0]
            before = memory.deliveries.get(f"{proposal.id}/{channel}")
            waits = before and (before.state != DEFERRED or (before.until and before.until > seen.now))
            if waits or account not in proposal.accounts:
                continue
            if approval := verdict(proposal, account, seen).approval:
                yield approval, _delivery(proposal, channel, text, approval, before, seen.now)


def _delivery(
    proposal: Proposal, channel: str, text: Text, approval: Approval, before: Delivery | None, now: datetime
) -> Delivery:
    return Delivery(
        id=proposal.id,
        channel=channel,
        text=text,
        approver=approval.user,
        revision=approval.revision,
        since=now,
        month=before.month if before else f"{now:%Y-%m}",
        tries=before.tries + 1 if before else 1,
        logged=before.logged if before else "",
    )


def is_early(proposal: Proposal, now: datetime) -> bool:
    """Whether its time has not come yet."""
    return bool(proposal.candidate.not_before and now < proposal.candidate.not_before)


def is_late(proposal: Proposal, now: datetime) -> bool:
    """Whether its time is over."""
    return bool(proposal.candidate.not_after and now > proposal.candidate.not_after)


def _ceiling(account: str, seen: Snapshot) -> int:
    return min(seen.settings.accounts[account].posts_per_day, seen.ceiling)


def _posts_today(memory: Memory, now: datetime) -> dict[str, set[str]]:
    """The candidates each account has posted, or may have posted, on this day (UTC)."""
    used: dict[str, set[str]] = {}
    for delivery in memory.deliveries.values():
        if delivery.state in (POSTED, SENDING, IN_DOUBT) and delivery.since.date() == now.date():
            used.setdefault(delivery.channel.split("/")[0], set()).add(delivery.id)
    return used


def is_full(account: str, memory: Memory, seen: Snapshot) -> bool:
    """Whether the account has reached its ceiling for this day."""
    return len(_posts_today(memory, seen.now).get(account, ())) >= _ceiling(account, seen)


def begin(memory: Memory, delivery: Delivery, run: str) -> Memory:
    """Write down that a delivery is being sent, before it is."""
    return replace(memory, deliveries=memory.deliveries | {delivery.key: replace(delivery, state=SENDING, run=run)})


def record(memory: Memory, delivery: Delivery, outcome: Outcome) -> Memory:
    """Write down what became of a delivery."""
    match outcome:
        case Posted(url, id_):
            after = replace(delivery, state=POSTED, url=url, remote=id_, reason="")
        case Deferred(reason, until) if delivery.tries < TRIES:
            after = replace(delivery, state=DEFERRED, reason=reason, until=until)
        case Deferred(reason, _):
            after = replace(delivery, state=REFUSED, reason=f"Tried {delivery.tries} times. {reason}")
        case Refused(reason):
            after = replace(delivery, state=REFUSED, reason=reason)
        case InDoubt(reason):
            after = replace(delivery, state=IN_DOUBT, reason=reason)
    return replace(memory, deliveries=memory.deliveries | {delivery.key: after})


def is_begun(memory: Memory, delivery: Delivery) -> bool:
    """Whether a delivery stands as it was begun: nobody has settled it since, or begun it anew."""
    now = memory.deliveries.get(delivery.key)
    return now is not None and (now.state, now.run, now.since) == (SENDING, delivery.run, delivery.since)


def forget(memory: Memory, delivery: Delivery) -> Memory:
    """The network was asked: what was begun never went out. It is as if it had not been begun."""
    others = {key: d for key, d in memory.deliveries.items() if key != delivery.key}
    if delivery.logged:
        others[delivery.key] = replace(delivery, state=DEFERRED, tries=delivery.tries - 1, run="")
    return replace(memory, deliveries=others)


def needs_status(proposal: Proposal, memory: Memory, seen: Snapshot) -> str:
    """The status smbot has to set on a card; '' to leave it as people set it."""
    if proposal.card is None:
        return WAITING
    status = proposal.card.status
    stuck = [d.state for d in memory.of(proposal.id) if d.state in (IN_DOUBT, REFUSED)]
    if stuck:
        return "" if status == stuck[0] else stuck[0]
    verdicts = [verdict(proposal, account, seen) for account in proposal.accounts]
    covered = bool(verdicts) and all(v.approval for v in verdicts) and not proposal.problems
    if covered:
        return "" if status == APPROVED else APPROVED
    known_statuses = (APPROVED, DECLINED, AGAIN, POSTED_ALREADY, GIVE_UP, IN_DOUBT, REFUSED)
    return WAITING if status in known_statuses else ""
