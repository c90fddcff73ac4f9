"""What people decided on the cards of the queue: read from the page history, one revision after the other.

An approval is bound to the digest of the texts in its revision. Pure, and incremental.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec
from msgspec import Struct

from smbot.memory import (
    AGAIN,
    APPROVED,
    CORRECT,
    DECLINED,
    GIVE_UP,
    POSTED_ALREADY,
    RETRACT,
    Approval,
    Decision,
    Standing,
)
from smbot.model import Candidate, Page
from smbot.review import Card, read, vouches

_HIDDEN = ""  # the name under which revisions count whose author, text or place in the history cannot be established
_UNKNOWN = "?"  # the status of a card that was not on the page, or that nobody could read


class History(Struct, frozen=True):
    """How the fold looks at revisions: whose edits are the bot's, who decides, and what a card's texts come to.

    `reshaped` are the accounts whose posts were shaped in another way, at some time since the last revision folded.
    """

    bot: str
    decides: Callable[[str], bool]
    digest: Callable[[Candidate], str]
    reshaped: frozenset[str] = frozenset()


def fold(
    standings: Mapping[str, Standing], last: int, revisions: Iterable[Page], history: History
) -> dict[str, Standing]:
    """Work out where these cards stand after `revisions` (oldest first), from where they stood after revision `last`.

    Pure and incremental: folding the revisions in two parts gives what folding them at once gives. A card that is not
    on the page, or twice, or in a revision nobody can read, may have been changed there by anybody.
    """
    result = dict(standings)
    before: Mapping[str, Card | None] = {}
    for revision in revisions:
        known_author = revision.user if last == revision.parent else _HIDDEN
        last = revision.revision
        shown = {} if revision.text_hidden else read(revision.text)
        for id_ in standings:
            card = shown.get(id_)
            if card and card is before.get(id_) and known_author != history.bot:
                continue  # as in the revision before, after which it stands as it does: only the bot vouches again
            result[id_] = _step(result[id_], card, revision, known_author, history)
        before = shown
    return result


def _unsettled(standing: Standing) -> Standing:
    """After a revision that does not tell: what stands next on the card was set by nobody we know."""
    return _disturbed(msgspec.structs.replace(standing, status=_UNKNOWN, by_bot=False), _HIDDEN)


def _disturbed(standing: Standing, user: str) -> Standing:
    """Somebody ('' for nobody we know) changed what the card shows, or what it should; until smbot vouches for it."""
    by = tuple(dict.fromkeys((*standing.disturbed_by, user)))
    return msgspec.structs.replace(standing, disturbed_by=by)


def _step(standing: Standing, card: Card | None, revision: Page, user: str, history: History) -> Standing:
    if card is None:
        taken_back = history.decides(user) and standing.status != _UNKNOWN  # else it was not there before either
        return _unsettled(msgspec.structs.replace(standing, approvals=()) if taken_back else standing)
    if user and user == history.bot:
        return _bots_step(standing, card, history)
    if standing.status == _UNKNOWN:
        user = _HIDDEN
    standing = _words_step(_reshaped(standing, card, history), card, user, history)
    if card.check != standing.check:
        standing = msgspec.structs.replace(standing, check=card.check)
    if card.status != standing.status:
        standing = _status_step(standing, card, revision, user, history)
    return standing


def _bots_step(standing: Standing, card: Card, history: History) -> Standing:
    """The bot decides nothing. Where it wrote a `check` that is true of what the card shows, it has vouched for that.

    Where it is not, the card was drawn by other settings than those of now, or from what somebody had changed: who
    approves it does not see what would be sent.
    """
    digest = history.digest(card.candidate)
    is_own = (card.status, card.check, card.face) != (standing.status, standing.check, standing.face)
    vouched = vouches(card.check, card.face, digest) and (is_own or not standing.disturbed_by)
    if (card.face, digest) != (standing.face, standing.digest):
        standing = _disturbed(standing, _HIDDEN)
    return msgspec.structs.replace(
        standing,
        status=card.status,
        by_bot=standing.by_bot or card.status != standing.status,
        digest=digest,
        typed=card.typed,
        face=card.face,
        check=card.check,
        vouched=card.check if vouched else standing.vouched,
        disturbed_by=() if vouched else standing.disturbed_by,
    )


def _reshaped(standing: Standing, card: Card, history: History) -> Standing:
    """Where settings or limits shape posts of a card anew, it shows others than those to be sent.

    So whoever approves it before smbot has drawn it anew has not seen what they approve. That is also so where somebody
    has given the card to such an account; who has changed nothing, and sees what will be sent, has seen it.
    """
    if history.reshaped.isdisjoint(card.candidate.voices):
        return standing
    if card.face != standing.face:
        return _disturbed(standing, _HIDDEN)
    digest = history.digest(card.candidate)
    same = digest == standing.digest
    return standing if same else msgspec.structs.replace(_disturbed(standing, _HIDDEN), digest=digest)


def _words_step(standing: Standing, card: Card, user: str, history: History) -> Standing:
    if card.face == standing.face:
        again = standing.disturbed_by and vouches(standing.vouched, card.face, history.digest(card.candidate))
        return msgspec.structs.replace(standing, disturbed_by=()) if again else standing
    digest = history.digest(card.candidate)
    if vouches(standing.vouched, card.face, digest):
        standing = msgspec.structs.replace(standing, disturbed_by=())
    else:
        standing = _disturbed(standing, user)
    if digest != standing.digest:
        standing = msgspec.structs.replace(standing, editors=tuple(dict.fromkeys((*standing.editors, user))))
    edited = standing.edited or card.typed != standing.typed
    return msgspec.structs.replace(standing, face=card.face, typed=card.typed, edited=edited, digest=digest)


def _status_step(standing: Standing, card: Card, revision: Page, user: str, history: History) -> Standing:
    withdrawn = standing.status == APPROVED or card.status not in (APPROVED, AGAIN, POSTED_ALREADY, GIVE_UP)
    if withdrawn and history.decides(user):
        standing = msgspec.structs.replace(standing, approvals=())  # a maintainer took it back
    if card.status == APPROVED and revision.timestamp:
        others = tuple(name for name in standing.disturbed_by if name != user)
        approval = Approval(user, revision.revision, revision.timestamp, standing.digest, others, card.image_version)
        earlier = (a for a in standing.approvals if a.user != user and history.decides(a.user))
        standing = msgspec.structs.replace(standing, approvals=(*earlier, approval))
    decision = None
    if card.status in (DECLINED, AGAIN, POSTED_ALREADY, GIVE_UP, RETRACT, CORRECT):
        others = tuple(name for name in standing.disturbed_by if name != user)
        decision = Decision(
            card.status, user, revision.revision, card.reason, card.url, digest=standing.digest, disturbed_by=others
        )
    return msgspec.structs.replace(standing, status=card.status, by_bot=False, decision=decision)


def approvals(standing: Standing, card: Card, digest: str) -> tuple[Approval, ...]:
    """The approvals on record for just what the card says now, while its status does not say otherwise.

    A status that the bot itself has set says nothing: so an exact revert of the words restores the approval.
    """
    stands = card.status in (APPROVED, AGAIN) or standing.by_bot
    return tuple(a for a in standing.approvals if a.digest == digest) if stands else ()
