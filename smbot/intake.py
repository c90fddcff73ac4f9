"""The request page: what people ask for, who asked, and the answer in its place.

A request is one `{{Smbot/request}}` on the page. smbot adds two arguments to it, `id` and `answer`, and touches nothing
else. Who asked is read from the page history, never from a signature.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace
from mwparserfromhell.nodes import Node, Template
from mwparserfromhell.nodes import Text as TextNode
from mwparserfromhell.wikicode import Wikicode

from smbot import forms, names
from smbot.compose import fingerprint
from smbot.messages import spoken
from smbot.model import Candidate, Page, Problem
from smbot.templates import is_named, named, parse, person, put, raw

REQUEST = names.template("request")
UNREADABLE = names.template("unreadable")
SOURCE = "request"  # what is told as the source of what was asked for
_BEGUN = re.compile(rf"{names.begun('request')}\b")
_SMBOTS_OWN = frozenset({"id", "answer"})
_SAME = 0.5  # a request that shares less than half with an earlier one is another request
_TRIED = 50
CALLED = 3  # who asked together for one post, at most, is notified of an answer
_CALL = '<span class="smbot-call">'  # what people typed never has a tag in it, so this is found again
# Only links may have a `|` in them: what somebody adds behind it, or another argument, is no signature of ours.
_SIGNED = re.compile(rf"\|3={_CALL}(?:\[\[[^\[\]{{}}\n]*\]\]|(?!</span>\}}\}}$)[^|{{}}\n])*+</span>\}}\}}$")


class Request(Struct, frozen=True):
    """One request as it stands; `id` is '' until smbot has seen it, `authors` are those who typed or changed it."""

    id: str
    candidate: Candidate
    problems: tuple[Problem, ...]
    asked: str  # fingerprint of all a person typed
    authors: tuple[str, ...] = ()
    answer: str = ""  # the wikitext of the answer it has
    given: str = ""  # the one it had from smbot, where somebody edited the page since


def read(page: Page, history: Iterable[Page], last: int, before: str, bot: str) -> list[Request]:
    """The requests on the page in order, with their authors since revision `last`, whose text was `before`.

    `history` holds the revisions after that one up to `page`, oldest first. A request that nobody changed since then
    has no authors: who asked for it is remembered already. An author who cannot be established is ''.
    """
    revisions, requests = (*history,), _read(page.text, spoken())
    if not revisions:
        return [*requests]
    trails = _followed(before, last, revisions, bot)
    return [replace(r, authors=t.authors, given=t.given) for r, t in zip(requests, trails, strict=True)]


@lru_cache(maxsize=4)
def _read(wikitext: str, _language: str) -> tuple[Request, ...]:
    """The requests of one revision, without authors; remembered, since a cycle looks at the same page several times.

    Their problems are told in this language, which is the one that is spoken.
    """
    return tuple(
        Request(
            raw(template, "id"),
            *forms.read(template, _SMBOTS_OWN),
            asked=fingerprint(_typed(template)),
            answer=raw(template, "answer"),
        )
        for template in _templates(wikitext)
    )


def _templates(wikitext: str) -> list[Template]:
    return named(_parsed(wikitext), REQUEST)


@lru_cache(maxsize=2)
def _parsed(wikitext: str) -> Wikicode:
    """The page, to be looked at only."""
    return parse(wikitext)


def _typed(template: Template) -> str:
    arguments = ((str(p.name).strip(), str(p.value).strip()) for p in template.params)
    return "\n".join(f"{name}={value}" for name, value in arguments if name not in _SMBOTS_OWN)


class _Trail(Struct, frozen=True):
    """A request in one revision, with those who typed or changed it so far, and the last answer that smbot gave it."""

    id: str
    typed: str
    answer: str
    authors: tuple[str, ...] = ()
    given: str = ""


def _followed(before: str, last: int, history: tuple[Page, ...], bot: str) -> list[_Trail]:
    """The requests of the last revision of `history`, in the order of the page, each followed from `before` on."""
    trails = _given(_trails(before))
    unseen: tuple[str, ...] = ()
    for revision in history:
        if revision.parent != last:
            unseen = ("",)
        last = revision.revision
        if revision.text_hidden:
            unseen = ("",)
            continue
        author = () if revision.user == bot else (revision.user,)
        trails, unseen = _carry_over(trails, list(_trails(revision.text)), unseen + author), ()
        trails = trails if author else _given(trails)
    return trails


def _given(trails: Iterable[_Trail]) -> list[_Trail]:
    """The same, as a revision of smbot's has them: their answers are its own."""
    return [replace(trail, given=trail.answer) for trail in trails]


@lru_cache(maxsize=4)
def _trails(wikitext: str) -> tuple[_Trail, ...]:
    return tuple(
        _Trail(raw(template, "id"), _typed(template), raw(template, "answer")) for template in _templates(wikitext)
    )


def _carry_over(old: list[_Trail], new: list[_Trail], author: tuple[str, ...]) -> list[_Trail]:
    """Give the authors of each old request to what became of it; whoever changed or added one is an author of it."""
    before = _matched(old, new)
    return [_continued(trail, before.get(i), author) for i, trail in enumerate(new)]


def _matched(old: list[_Trail], new: list[_Trail]) -> dict[int, _Trail]:
    """Which old request each new one was before, by its index: surest first, each old one once.

    A request with an id is never taken for one with another id: who swaps the words of two requests has written both.
    """
    found: dict[int, _Trail] = {}
    for before, now in _SIGNS:
        left: dict[object, list[_Trail]] = {}
        taken = {id(trail) for trail in found.values()}
        for trail in old:
            if id(trail) not in taken and before(trail):
                left.setdefault(before(trail), []).append(trail)
        for i, trail in enumerate(new):
            if i not in found and left.get(now(trail)):
                found[i] = left[now(trail)].pop(0)
    return found | _nearest(old, new, found)


_Sign = Callable[[_Trail], object]
_SIGNS: tuple[tuple[_Sign, _Sign], ...] = (
    (lambda trail: (trail.id, trail.typed), lambda trail: (trail.id, trail.typed)),
    (lambda trail: trail.id, lambda trail: trail.id),
    (lambda trail: not trail.id and trail.typed, lambda trail: trail.typed),
)


def _nearest(old: list[_Trail], new: list[_Trail], found: dict[int, _Trail]) -> dict[int, _Trail]:
    """For the changed requests that have no id yet, the one each is most like. Of hundreds only the first are tried."""
    taken = {id(trail) for trail in found.values()}
    left = [trail for trail in old if not trail.id and id(trail) not in taken][:_TRIED]
    nearest: dict[int, _Trail] = {}
    for i, trail in enumerate(new):
        if i in found or trail.id or not left:
            continue
        best = max(left, key=lambda before: _likeness(before.typed, trail.typed))
        if _likeness(best.typed, trail.typed) >= _SAME:
            nearest[i] = best
            left.remove(best)
    return nearest


def _continued(trail: _Trail, before: _Trail | None, author: tuple[str, ...]) -> _Trail:
    """Who takes out the answer to a request that was not taken asks for it, like one who writes it.

    Without an author smbot wrote it.
    """
    authors, given = (before.authors, before.given) if before else ((), "")
    if not (before and before.typed == trail.typed and (trail.id or trail.answer or not before.answer)):
        authors = tuple(dict.fromkeys((*authors, *author)))
    return replace(trail, authors=authors, given=given)


def _likeness(one: str, other: str) -> float:
    """The share of three-letter pieces that the beginnings of two texts have in common."""
    a, b = _pieces(one), _pieces(other)
    return 2 * len(a & b) / (len(a) + len(b))


@lru_cache(maxsize=1024)
def _pieces(text: str) -> frozenset[str]:
    return frozenset(text[i : i + 3] for i in range(max(1, min(len(text), 1000) - 2)))


def is_answered(text: str, ids: list[str], answers: list[str]) -> bool:
    """Whether the page has these ids and answers already, and nothing on it looks unreadable."""
    requests = _read(text, spoken())
    pairs = zip(requests, ids, answers, strict=True)
    there = all(r.id == id_ and wikitext in ("", unsigned(r.answer)) for r, id_, wikitext in pairs)
    return there and len(_BEGUN.findall(text)) == len(requests) and UNREADABLE not in text


def answer(text: str, ids: list[str], answers: list[str], people: Sequence[Sequence[str]]) -> str:
    """The request page with ids and answers (wikitext) written into its requests, all in the order of the page.

    '' leaves a request without an id, or with the answer it has. A new answer calls the `people` who asked. Requests
    that cannot be read are marked.
    """
    given = zip(ids, answers, people, strict=True)
    return _marked(text, lambda template: _answered(template, *next(given)))


def _answered(request: Template, id_: str, answer_: str, people: Sequence[str]) -> str:
    """A request with its id and answer; parsed anew only if it does not have them."""
    answered = not answer_ or unsigned(raw(request, "answer")) == answer_
    if answered and raw(request, "id") == id_:
        return str(request)
    (template,) = named(parse(str(request)), REQUEST)
    put(template, "id", id_)
    if not answered:
        put(template, "answer", _signed(answer_, people))
    return str(template)


def _signed(answer_: str, people: Sequence[str]) -> str:
    """An answer of which these people are notified: a wiki does that for a link to them beside a signature.

    https://www.mediawiki.org/wiki/Help:Notifications/Notification_types#Mentions
    """
    if not people:
        return answer_
    return f"{answer_.removesuffix('}}')}|3={_CALL}{', '.join(map(person, people[:CALLED]))} – ~~~~</span>}}}}"


def unsigned(answer_: str) -> str:
    """An answer as it was worked out, without whom it called and when."""
    return _SIGNED.sub("}}", answer_)


def mark_unreadable(text: str) -> str:
    """The page with `UNREADABLE` in front of every request whose braces do not match, and nowhere else."""
    return _marked(text, str)


def _marked(text: str, written: Callable[[Template], str]) -> str:
    """The page with its requests as they are `written`, in order, and the unreadable ones marked."""
    return "".join(_piece(node, written) for node in _parsed(text).nodes)


def _piece(node: Node, written: Callable[[Template], str]) -> str:
    match node:
        case TextNode():
            return _BEGUN.sub(f"{{{{{UNREADABLE}}}}}\\g<0>", str(node))
        case Template() if is_named(node, REQUEST):
            return written(node)
        case Template() if is_named(node, UNREADABLE):
            return ""
    return str(node)
