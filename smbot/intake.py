"""The request page: what people ask for, who asked, and the answer in its place.

A request is one `{{Smbot/request}}` on the page. smbot adds two arguments to it, `id` and `answer`, and touches nothing
else. Who asked is read from the page history, never from a signature.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from mwparserfromhell.nodes import Template
from mwparserfromhell.nodes import Text as TextNode

from smbot import forms
from smbot.compose import fingerprint
from smbot.model import Candidate, Page, Problem
from smbot.templates import named, parse, put, raw

REQUEST = "Smbot/request"
UNREADABLE = "Smbot/unreadable"
_BEGUN = re.compile(r"\{\{\s*[Ss]mbot/request\b")
_SMBOTS_OWN = frozenset({"id", "answer"})
_SAME = 0.5  # a request that shares less than half with an earlier one is another request


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it stands; `id` is '' until smbot has seen it, `authors` are those who typed or changed it."""

    id: str
    candidate: Candidate
    problems: tuple[Problem, ...]
    asked: str  # fingerprint of all a person typed
    authors: tuple[str, ...]


def read(page: Page, history: Iterable[Page], last: int, before: str, bot: str) -> list[Request]:
    """The requests on the page in order, with their authors since revision `last`, whose text was `before`.

    `history` holds the revisions after that one up to `page`, oldest first. A request that nobody changed since then
    has no authors: who asked for it is remembered already. An author who cannot be established is ''.
    """
    revisions = (*history,)
    authorship = _authors(before if revisions else page.text, last, revisions, bot)
    return [
        Request(raw(template, "id"), *forms.read(template, _SMBOTS_OWN), typed_print(template), authorship[i])
        for i, template in enumerate(named(parse(page.text), REQUEST))
    ]


def typed_print(template: Template) -> str:
    """A fingerprint of everything a person typed into a request."""
    return fingerprint(_typed(template))


def _typed(template: Template) -> str:
    arguments = ((str(p.name).strip(), str(p.value).strip()) for p in template.params)
    return "\n".join(f"{name}={value}" for name, value in arguments if name not in _SMBOTS_OWN)


@dataclass(frozen=True, slots=True)
class _Trail:
    """A request in one revision, with those who typed or changed it so far."""

    id: str
    typed: str
    authors: tuple[str, ...] = ()


def _authors(before: str, last: int, history: tuple[Page, ...], bot: str) -> list[tuple[str, ...]]:
    """Who typed or changed each request of the last revision of `history`, in the order of the page."""
    trails = _trails(before)
    unseen: tuple[str, ...] = ()
    for revision in history:
        if revision.parent != last:
            unseen = ("",)
        last = revision.revision
        if revision.text_hidden:
            unseen = ("",)
            continue
        author = () if revision.user == bot else (revision.user,)
        trails, unseen = _carry_over(trails, _trails(revision.text), unseen + author), ()
    return [trail.authors for trail in trails]


def _trails(wikitext: str) -> list[_Trail]:
    return [_Trail(raw(template, "id"), _typed(template)) for template in named(parse(wikitext), REQUEST)]


def _carry_over(old: list[_Trail], new: list[_Trail], author: tuple[str, ...]) -> list[_Trail]:
    """Give the authors of each old request to what became of it; whoever changed or added one is an author of it."""
    left = list(old)
    return [_continued(trail, _predecessor(trail, left), author) for trail in new]


def _predecessor(trail: _Trail, left: list[_Trail]) -> _Trail | None:
    """Which of the requests that are `left` this one was before; it is taken out of them."""
    same = next((t for t in left if t.typed == trail.typed), None) or next(
        (t for t in left if t.id and t.id == trail.id), None
    )
    if same is None and not trail.id:
        unnamed = [t for t in left if not t.id]
        nearest = max(unnamed, key=lambda t: _likeness(t.typed, trail.typed), default=None)
        same = nearest if nearest and _likeness(nearest.typed, trail.typed) >= _SAME else None
    if same:
        left.remove(same)
    return same


def _continued(trail: _Trail, before: _Trail | None, author: tuple[str, ...]) -> _Trail:
    if before and before.typed == trail.typed:
        return replace(trail, authors=before.authors)
    return replace(trail, authors=tuple(dict.fromkeys((*(before.authors if before else ()), *author))))


def _likeness(one: str, other: str) -> float:
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() >= _SAME and matcher.quick_ratio() >= _SAME else 0.0


def answer(text: str, ids: list[str], answers: list[str]) -> str:
    """The request page with ids and answers (wikitext) written into its requests, both in the order of the page.

    '' leaves a request without an id, or with the answer it has.
    """
    code = parse(text)
    for template, id_, wikitext in zip(named(code, REQUEST), ids, answers, strict=True):
        put(template, "id", id_)
        if wikitext:
            put(template, "answer", wikitext)
    return str(code)


def mark_unreadable(text: str) -> str:
    """The page with `UNREADABLE` in front of every request whose braces do not match, and nowhere else."""
    code = parse(text)
    for mark in named(code, UNREADABLE):
        code.remove(mark)
    for node in code.nodes:
        if isinstance(node, TextNode):
            node.value = _BEGUN.sub(f"{{{{{UNREADABLE}}}}}\\g<0>", str(node))
    return str(code)
