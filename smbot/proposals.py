"""What is proposed, and whether it is approved: an open candidate with all that bears on it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta

from msgspec import Struct
from msgspec.structs import replace

from smbot import compose, decisions, manners, pictures, review
from smbot.forms import show_time
from smbot.gather import Composed, Snapshot
from smbot.memory import APPROVED, FINISHED, Approval, Known, Memory
from smbot.messages import say
from smbot.model import Candidate, Problem, Text
from smbot.review import Card
from smbot.settings import Settings
from smbot.templates import person


class Proposal(Struct, frozen=True):
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
        return tuple(a for a in self.candidate.voices if a not in self.known.dropped)


def proposals(memory: Memory, seen: Snapshot) -> list[Proposal]:
    """The open candidates, as the queue page shows them."""
    return [p for p in shown(memory, seen) if not p.known.end]


def shown(memory: Memory, seen: Snapshot) -> list[Proposal]:
    """The candidates that have a card: open ones, and those posted of late."""
    cards = review.read(seen.queue.text)
    return [
        _proposal(id_, known, cards.get(id_), memory, seen) for id_, known in memory.shown().items() if known.proposal
    ]


def _proposal(id_: str, known: Known, card: Card | None, memory: Memory, seen: Snapshot) -> Proposal:
    candidate = card.candidate if card else known.proposal or Candidate()
    if candidate not in seen.composed:  # it is asked for many times in a cycle
        seen.composed[candidate] = _composed(candidate, seen)
    texts, digest, unfit = seen.composed[candidate]
    problems = (card.problems if card else ()) + unfit
    if not known.end:
        problems += tuple(dict.fromkeys(manners.repeated(id_, texts, memory)))
    if known.outdated and known.outdated == digest:
        problems += (_outdated(known),)
    problems += tuple(dict.fromkeys((*_image_problems(texts, seen), *_thread_problems(id_, texts, memory))))
    return Proposal(id_, known, card, candidate, texts, digest, problems)


def _composed(candidate: Candidate, seen: Snapshot) -> Composed:
    """What the words of a candidate come to on the channels it is for."""
    accounts = seen.settings.accounts
    texts = compose.texts(candidate, accounts, seen.rules)
    digest = compose.digest(candidate, texts)
    if candidate.image in seen.files:
        credit = seen.files[candidate.image].credit
        texts = {channel: compose.credited(text, credit) for channel, text in texts.items()}
    problems = compose.problems(candidate, accounts, seen.rules, texts)
    return texts, digest, (*problems, *manners.problems(candidate, texts, seen.settings))


def _outdated(known: Known) -> Problem:
    at = show_time(known.event.start) if known.event else ""
    told = say("problem-moved-to", at) if at else say("problem-moved")
    return Problem(told, say("problem-moved-remedy"))


def redrawn(proposal: Proposal, memory: Memory, seen: Snapshot) -> Proposal:
    """The same, as its card will say it once smbot has written into it what is proposed now."""
    known = proposal.known
    if proposal.card is None or known.proposal is None:
        return proposal
    card = replace(proposal.card, candidate=known.proposal, problems=())
    return _proposal(proposal.id, known, card, memory, seen)


def _image_problems(texts: Mapping[str, Text], seen: Snapshot) -> Iterator[Problem]:
    for channel, text in texts.items():
        for image in text.images:
            file = seen.files.get(image.file)
            if file is None:
                yield Problem(say("problem-no-image", image.file), say("problem-no-image-remedy"))
            elif problem := pictures.problem(file, seen.rules[channel]):
                yield problem


def _thread_problems(id_: str, texts: Mapping[str, Text], memory: Memory) -> Iterator[Problem]:
    """What of a thread is out already cannot be changed by what follows."""
    for channel, text in texts.items():
        before = memory.deliveries.get(f"{id_}/{channel}")
        out = len(before.posts) if before and before.state not in FINISHED else 0
        if before and text.parts[:out] != before.text.parts[:out]:
            yield Problem(say("problem-thread-out", channel), say("problem-thread-out-remedy"))
        elif 0 < len(text.parts) <= out:
            yield Problem(say("problem-thread-shorter", channel), say("problem-thread-shorter-remedy"))


def is_early(proposal: Proposal, now: datetime) -> bool:
    """Whether its time has not come yet."""
    return bool(proposal.candidate.not_before and now < proposal.candidate.not_before)


def expires(proposal: Proposal, settings: Settings) -> datetime | None:
    """Until when its card stays open without a decision; that of what keeps stays longer."""
    known = proposal.known
    if known.expires is None or not proposal.candidate.evergreen:
        return known.expires
    since = datetime.combine(known.since, time(), UTC)
    return max(known.expires, since + settings.days("evergreen"))


def is_late(proposal: Proposal, now: datetime) -> bool:
    """Whether its time is over."""
    return bool(proposal.candidate.not_after and now > proposal.candidate.not_after)


def approval_lasts(candidate: Candidate, settings: Settings) -> timedelta:
    """How long an approval counts. What keeps is held back on purpose, so its approval lasts as long as its card."""
    usual = settings.days("approval")
    return max(usual, settings.days("evergreen")) if candidate.evergreen else usual


# --- decisions ------------------------------------------------------------------------------------------------------


class Verdict(Struct, frozen=True):
    """The approval on which an account may post a candidate, or why there is none ('': nobody decided yet)."""

    approval: Approval | None = None
    why: str = ""


def verdict(proposal: Proposal, account: str, seen: Snapshot) -> Verdict:
    """Law: a decision is a revision. Whatever cannot be established is not approved."""
    if proposal.card is None:
        return Verdict()
    standing = proposal.known.standing
    reasons: list[str] = []
    for approval in reversed(decisions.approvals(standing, proposal.card, proposal.digest)):
        why = _void(approval, proposal, account, seen)
        if not why:
            return Verdict(approval)
        reasons.append(why)
    if reasons:
        return Verdict(why=reasons[0])
    if proposal.card.status == APPROVED or (standing.by_bot and standing.approvals):
        last = standing.approvals[-1] if standing.approvals else None
        user = last.user if last else ""
        return Verdict(why=say("card-changed-after", person(user), user))
    return Verdict()


def _void(approval: Approval, proposal: Proposal, account: str, seen: Snapshot) -> str:
    """Why an approval of just these texts does not count for an account; '' when it does."""
    if approval.void:
        return approval.void
    user, settings = approval.user, seen.settings
    who, others = person(user), ", ".join(map(person, approval.disturbed_by))
    if not user:
        return say("card-approver-unknown")
    if not settings.maintains(user, account):
        return say("card-approver-not-maintainer", who, account, user)
    if "" in proposal.known.requesters and not settings.own_requests:
        return say("card-requester-unknown")
    if user in proposal.known.requesters and not settings.own_requests:
        return say("card-own-request", who, user)
    if settings.four_eyes and user in proposal.known.standing.editors:
        return say("card-own-words", who, user)
    if approval.disturbed_by == ("",):
        return say("card-changed-unseen", who, user)
    if approval.disturbed_by:
        return say("card-changed-before", others, who, user)
    if seen.now - approval.time > (lasting := approval_lasts(proposal.candidate, settings)):
        return say("card-approval-old", who, lasting.days)
    file = seen.files.get(proposal.candidate.image)
    if file and (file.since > approval.time or file.version != approval.image):
        return say("card-image-replaced", who, user)
    return ""
