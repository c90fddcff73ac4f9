"""The review queue: a wiki page of cards. What people decided on it, and how it is kept in shape.

A card is one `{{Smbot/candidate}}` on the page. People fill in `status`, `reason` and the words; smbot fills in the
rest, among it `preview`, the posts exactly as they will go out, and `check`, a fingerprint of all that the card shows.

Who decided is read from the page history, one revision after the other (`fold`). An approval is bound to the digest of
the texts in its revision. `check` stands on the line below `status`: when the words change, smbot changes that line,
and somebody who approves from an older view of the page gets an edit conflict instead of approving unseen words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType

import msgspec
from mwparserfromhell.nodes import Heading, Template
from mwparserfromhell.nodes import Text as TextNode
from mwparserfromhell.wikicode import Wikicode

from smbot import blocks, forms
from smbot.compose import fingerprint
from smbot.memory import (
    AGAIN,
    APPROVED,
    CORRECT,
    DECLINED,
    GIVE_UP,
    POSTED_ALREADY,
    RETRACT,
    WAITING,
    Approval,
    Decision,
    Standing,
)
from smbot.messages import every, say, spoken
from smbot.model import Candidate, Page, Problem
from smbot.templates import encode, named, parse, plain, put, raw

CARD = "Smbot/candidate"
STATUS_LINE = "Smbot/status"
_LONGEST = 20_000  # a longer block of the page is not worth remembering

_SYNONYMS = {
    "": WAITING,
    "approve": APPROVED,
    "decline": DECLINED,
    "rejected": DECLINED,
    "dropped": GIVE_UP,
    "delete": RETRACT,
    "retracted": RETRACT,
}
_PEOPLES_OWN = frozenset({"status", "check", "reason", "posted link"})  # what is not part of a card's face
_FILLED = frozenset(
    {"id", "preview", "image version", "source", "expires", "checks", "note"}
)  # what smbot fills in, and vouches for by `check`
_ARGUMENTS = _PEOPLES_OWN | _FILLED
_HIDDEN = ""  # the name under which revisions count whose author, text or place in the history cannot be established


@dataclass(frozen=True, slots=True)
class Card:
    """One card as it stands in one revision."""

    status: str
    candidate: Candidate
    problems: tuple[Problem, ...]
    typed: str  # fingerprint of all a person can fill in
    face: str  # fingerprint of everything it shows
    check: str  # the face smbot vouched for, as the card says; '' where it is not on the line below the status
    reason: str = ""
    url: str = ""
    image_version: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """What a card shall look like. Without `rewrite`, and with `status` '', what people wrote is left."""

    title: str
    section: str
    candidate: Candidate
    rewrite: bool
    status: str
    filled: Mapping[str, str]  # wikitext of the arguments smbot fills in


# --- reading --------------------------------------------------------------------------------------------------------


def cards(code: Wikicode) -> dict[str, Card | None]:
    """The cards on a page by candidate id; None where an id stands on two cards, so that neither counts."""
    found: dict[str, Card | None] = {}
    for template in named(code, CARD):
        id_ = raw(template, "id")
        found[id_] = None if id_ in found else _remembered_card(str(template), spoken())
    return found


def read(text: str) -> Mapping[str, Card | None]:
    """What `cards(parse(text))` finds, quickly: of a page that changed a little only a little is parsed."""
    return _read(text, spoken())


@lru_cache(maxsize=8)
def _read(text: str, language: str) -> Mapping[str, Card | None]:
    """The cards, with their problems told in this language, which is the one that is spoken."""
    found: dict[str, Card | None] = {}
    for block in blocks.cut(text):
        on_it = _on_block(block, language) if len(block) < _LONGEST else None
        if on_it is None:
            return MappingProxyType(cards(parse(text)))
        for id_, card in on_it:
            found[id_] = None if id_ in found else card
    return MappingProxyType(found)


@lru_cache(maxsize=4096)
def _on_block(block: str, _language: str) -> tuple[tuple[str, Card], ...] | None:
    """The cards on a block of the page; None where it cannot be read without what stands around it."""
    code = parse(block)
    if not blocks.is_closed(code):
        return None
    return tuple((raw(template, "id"), _card(template)) for template in named(code, CARD))


@lru_cache(maxsize=1024)
def _remembered_card(wikitext: str, _language: str) -> Card:
    (template,) = named(parse(wikitext), CARD)
    return _card(template)


def _card(template: Template) -> Card:
    candidate, problems = forms.read(template, _ARGUMENTS)
    status = " ".join(plain(template, "status")[0].lower().replace("_", " ").rstrip(".!").split())
    return Card(
        status=_SYNONYMS.get(status, status),
        candidate=candidate,
        problems=problems,
        typed=_typed(template),
        face=_face(template),
        check=raw(template, "check") if _is_guarded(template) else "",
        image_version=raw(template, "image version"),
        reason=plain(template, "reason")[0],
        url=plain(template, "posted link")[0],
    )


def _face(template: Template) -> str:
    shown = {str(p.name).strip(): str(p.value).strip() for p in template.params}
    return fingerprint(repr(sorted((k, v) for k, v in shown.items() if v and k not in _PEOPLES_OWN)))


def _typed(template: Template) -> str:
    filled = {str(p.name).strip(): str(p.value).strip() for p in template.params}
    return fingerprint(repr(sorted((k, v) for k, v in filled.items() if v and k not in _ARGUMENTS)))


def _is_guarded(template: Template) -> bool:
    """Whether `check` stands right below `status`, so that nobody can change one without having seen the other."""
    for status, check in pairwise(template.params):
        if str(status.name).strip() == "status" and str(check.name).strip() == "check":
            return len([p for p in template.params if str(p.name).strip() in ("status", "check")]) == 2 and (
                f"{str(status.value).lstrip()}|{check.name}={check.value}".rstrip().count("\n") <= 1
            )
    return False


# --- decisions ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class History:
    """How the fold looks at revisions: whose edits are the bot's, who decides, and what a card's texts come to."""

    bot: str
    decides: Callable[[str], bool]
    digest: Callable[[Candidate], str]


def fold(
    standings: Mapping[str, Standing], last: int, revisions: Iterable[Page], history: History
) -> dict[str, Standing]:
    """Work out where every card stands after `revisions` (oldest first), from where it stood after revision `last`.

    Pure and incremental: folding the revisions in two parts gives what folding them at once gives. A card that is not
    on the page, or twice, or in a revision nobody can read, may have been changed there by anybody.
    """
    result = dict(standings)
    for revision in revisions:
        known_author = revision.user if last == revision.parent else _HIDDEN
        last = revision.revision
        shown = {} if revision.text_hidden else read(revision.text)
        for id_ in {**result, **shown}:
            result[id_] = _step(result.get(id_, Standing()), shown.get(id_), revision, known_author, history)
    return result


def _unsettled(standing: Standing) -> Standing:
    """After a revision that does not tell: what stands next on the card was set by nobody we know."""
    return disturbed(msgspec.structs.replace(standing, status="?", by_bot=False), _HIDDEN)


def disturbed(standing: Standing, user: str) -> Standing:
    """Somebody ('' for nobody we know) changed what the card shows, or what it should; until smbot vouches for it."""
    by = tuple(dict.fromkeys((*standing.disturbed_by, user)))
    return msgspec.structs.replace(standing, disturbed_by=by)


def _step(standing: Standing, card: Card | None, revision: Page, user: str, history: History) -> Standing:
    if card is None:
        taken_back = history.decides(user)
        return _unsettled(msgspec.structs.replace(standing, approvals=()) if taken_back else standing)
    if user and user == history.bot:
        return _bots_step(standing, card, history)
    if standing.status == "?":
        user = _HIDDEN
    standing = _words_step(standing, card, user, history)
    if card.status != standing.status:
        standing = _status_step(standing, card, revision, user, history)
    return standing


def _bots_step(standing: Standing, card: Card, history: History) -> Standing:
    """The bot decides nothing. Where its `check` is true of what the card shows, it has vouched for that."""
    vouched = card.check == card.face
    return msgspec.structs.replace(
        standing,
        status=card.status,
        by_bot=standing.by_bot or card.status != standing.status,
        digest=history.digest(card.candidate),
        typed=card.typed,
        face=card.face,
        vouched=card.face if vouched else standing.vouched,
        disturbed_by=() if vouched else standing.disturbed_by,
    )


def _words_step(standing: Standing, card: Card, user: str, history: History) -> Standing:
    if card.face == standing.face:
        return standing
    if card.face == standing.vouched:
        standing = msgspec.structs.replace(standing, disturbed_by=())
    else:
        standing = disturbed(standing, user)
    digest = history.digest(card.candidate)
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


# --- writing --------------------------------------------------------------------------------------------------------


def arrange(text: str, views: Mapping[str, View], ended: Iterable[str], status: str, foreign: str) -> str:
    """The queue page with every card as it shall be: missing ones added, ended ones taken off, `status` at its top.

    Everything else on the page stays as it is, byte for byte. `foreign` is what cards are told that smbot did not make.
    """
    code = parse(text)
    _put_status(code, status)
    ended = set(ended)
    seen: set[str] = set()
    new: dict[str, list[str]] = {}
    for template in named(code, CARD):
        id_ = raw(template, "id")
        if id_ in ended:
            _take_off(code, template)
        elif id_ in views and id_ not in seen:
            fill(template, views[id_])
            if views[id_].section == posted_of_late() != _section_of(code, template):
                new.setdefault(posted_of_late(), []).append(_block(views[id_], str(template)))
                _take_off(code, template)
        else:
            put(template, "note", foreign, after="check")
        seen.add(id_)
    for id_, view in views.items():
        if id_ not in seen:
            new.setdefault(view.section, []).append(_block(view, _new(id_, view)))
    return _with_blocks(code, {section: "\n".join(added) for section, added in new.items()})


def to_review() -> str:
    """The title of the section for new cards."""
    return say("queue-to-review")


def posted_of_late() -> str:
    """The title of the section for cards of what is out."""
    return say("queue-posted-of-late")


def _title(heading: Heading) -> str:
    """The title of a section as it would be written now, whatever language smbot gave it its title in."""
    title = str(heading.title).strip()
    for now, ever in ((to_review(), every("queue-to-review")), (posted_of_late(), every("queue-posted-of-late"))):
        if title in ever:
            return now
    return title


def _block(view: View, card: str) -> str:
    return f"=== {view.title} ===\n{card}\n"


def _section_of(code: Wikicode, template: Template) -> str:
    """The title of the level-2 section in which a card stands."""
    title = ""
    for node in code.nodes:
        if node is template:
            break
        if isinstance(node, Heading) and node.level == 2:
            title = _title(node)
    return title


def tell(text: str, status: str) -> str:
    """The queue page with nothing but the line at its top changed."""
    code = parse(text)
    _put_status(code, status)
    return str(code)


def fill(template: Template, view: View) -> None:
    """Write into a card what smbot fills in; the words only when `view.rewrite`."""
    if view.rewrite:
        forms.write(template, view.candidate)
    if not _is_guarded(template):
        _guard(template)
    if view.status:
        put(template, "status", view.status, after="id")
    for name, wikitext in view.filled.items():
        put(template, name, wikitext)
    put(template, "check", _face(template), after="status")


def _guard(template: Template) -> None:
    """Put `check` right below `status` again; see `_is_guarded`."""
    status = raw(template, "status") or WAITING
    for name in ("status", "check"):
        put(template, name, "")
    put(template, "status", status if "\n" not in status else WAITING, after="id")
    put(template, "check", "?", after="status")


def _new(id_: str, view: View) -> str:
    (template,) = named(parse(f"{{{{{CARD}\n| id = {id_}\n| status = {WAITING}\n}}}}"), CARD)
    fill(template, replace(view, rewrite=True))
    return str(template)


def _put_status(code: Wikicode, status: str) -> None:
    lines = named(code, STATUS_LINE)
    if lines:
        put(lines[0], "1", status)
    elif status:
        code.insert(0, f"{{{{{STATUS_LINE}\n|1= {status}\n}}}}\n")


def _take_off(code: Wikicode, template: Template) -> None:
    """Remove a card, with the headings above it that would have nothing left below them."""
    at = next(i for i, node in enumerate(code.nodes) if node is template)
    del code.nodes[at]
    following = code.nodes[at] if at < len(code.nodes) else None
    if isinstance(following, TextNode):
        following.value = str(following).lstrip("\n")
    while at and (heading := _empty_heading(code, at)) is not None:
        del code.nodes[heading:at]
        at = heading


def _empty_heading(code: Wikicode, at: int) -> int | None:
    """The index of the heading that ends just before `at`, if nothing but space is between it and the next one."""
    before = at
    while before and _is_space(code.nodes[before - 1]):
        before -= 1
    heading = code.nodes[before - 1] if before else None
    if not isinstance(heading, Heading):
        return None
    after = at
    while after < len(code.nodes) and _is_space(code.nodes[after]):
        after += 1
    following = code.nodes[after] if after < len(code.nodes) else None
    closes = following is None or (isinstance(following, Heading) and following.level <= heading.level)
    keep = heading.level == 2 and _title(heading) == to_review()
    return before - 1 if closes and not keep else None


def _is_space(node: object) -> bool:
    return isinstance(node, TextNode) and not str(node).strip()


def _with_blocks(code: Wikicode, blocks_: Mapping[str, str]) -> str:
    """The page with blocks at the end of their level-2 sections; a section it lacks is made at its end."""
    text, ends = str(code), _section_ends(code)
    for section in sorted(blocks_.keys() & ends.keys(), key=ends.__getitem__, reverse=True):
        end = ends[section]
        text = f"{text[:end].rstrip()}\n\n{blocks_[section]}\n{text[end:]}".rstrip("\n") + "\n"
    for section, block in blocks_.items():
        if section not in ends:
            before = f"{text.rstrip()}\n\n" if text.strip() else ""
            text = f"{before}== {section} ==\n\n{block}"
    return text


def _section_ends(code: Wikicode) -> dict[str, int]:
    """Where each level-2 section of a page ends; of sections with the same title, the first."""
    ends: dict[str, int] = {}
    title, at = None, 0
    for node in code.nodes:
        if isinstance(node, Heading) and node.level == 2:
            if title is not None:
                ends.setdefault(title, at)
            title = _title(node)
        at += len(str(node))
    if title is not None:
        ends.setdefault(title, at)
    return ends


def heading_words(text: str) -> str:
    """A short heading for a card: its first words, safe as wikitext."""
    return encode(forms.shorten(text))
