"""The review queue: a wiki page of cards. What people decided on it, and how it is kept in shape.

A card is one `{{Smbot/candidate}}` on the page. People fill in `status`, `reason` and the words; smbot fills in the
rest, among it `preview`, the posts exactly as they will go out, and `check`, a fingerprint of all that the card shows
and of the posts it was drawn from.

`check` stands on the line below `status`: when the words change, smbot changes that line, and somebody who approves
from an older view of the page gets an edit conflict instead of approving unseen words. Who decided is read from the
page history, see `smbot.decisions`.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace
from mwparserfromhell.nodes import Heading, Node, Template

from smbot import blocks, forms, names, sections
from smbot.compose import RIGHT_TO_LEFT, fingerprint
from smbot.memory import APPROVED, DECLINED, GIVE_UP, RETRACT, WAITING
from smbot.messages import is_right_to_left, spoken
from smbot.model import Candidate, Problem
from smbot.templates import arguments, encode, name_of, parse, plain, put, raw

CARD = names.template("candidate")
STATUS_LINE = names.template("status")
_LONGEST = 20_000  # a longer block of the page is not worth remembering
_MOST = 3_000_000  # characters of blocks that are remembered: a few times the largest page there can be

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


class Card(Struct, frozen=True):
    """One card as it stands in one revision."""

    status: str
    candidate: Candidate
    problems: tuple[Problem, ...]
    typed: str  # fingerprint of all a person can fill in
    face: str  # fingerprint of everything it shows
    check: str  # what smbot vouched for, see `vouch`; '' where it is not on the line below the status
    reason: str = ""
    url: str = ""
    image_version: str = ""


class Piece(Struct, frozen=True):
    """A part of the page: a heading, a template, or what is between. All of them, joined, are the page."""

    wikitext: str
    level: int = 0  # of a heading
    title: str = ""  # of a heading
    template: str = ""  # its name, for a template
    given: Mapping[str, str] = {}  # the arguments of a card, without the space around them
    card: Card | None = None

    @property
    def id(self) -> str:
        """The id of the candidate that a card is of."""
        return self.given.get("id", "")


class View(Struct, frozen=True):
    """What a card shall look like. Without `rewrite`, and with `status` '', what people wrote is left."""

    title: str
    section: str
    candidate: Candidate
    rewrite: bool
    status: str
    filled: Mapping[str, str]  # wikitext of the arguments smbot fills in
    digest: str = ""  # of the posts it shows
    drawn_by: str = ""  # see `vouch`


# --- reading --------------------------------------------------------------------------------------------------------


def read(text: str) -> Mapping[str, Card | None]:
    """The cards on a page by candidate id; None where an id stands on two cards, so that neither counts."""
    return _read(text, spoken())


# What is remembered is remembered for the language that is spoken, in which a card's problems are told.


@lru_cache(maxsize=3)
def _read(text: str, _language: str) -> Mapping[str, Card | None]:
    found: dict[str, Card | None] = {}
    for piece in pieces(text):
        if piece.card:
            found[piece.id] = None if piece.id in found else piece.card
    return MappingProxyType(found)


def pieces(text: str) -> list[Piece]:
    """A page in pieces, quickly: of one that changed a little only a little is parsed."""
    found: list[Piece] = []
    for block in blocks.cut(text):
        on_it = _blocks[block, spoken()] if len(block) < _LONGEST else None
        if on_it is None:
            return apart(text)
        found += on_it
    return found


class _Blocks(dict[tuple[str, str], tuple[Piece, ...] | None]):
    """The pieces of a block of the page, by the block; None where it cannot be read without what stands around it.

    Strangers can write very much, so what is remembered is counted in characters: when it is too much, it is forgotten.
    """

    _characters = 0

    def __missing__(self, at: tuple[str, str]) -> tuple[Piece, ...] | None:
        block, _language = at
        self._characters += len(block)
        if self._characters > _MOST:
            self.clear()
            self._characters = len(block)
        code = parse(block)
        self[at] = (*map(_piece, code.nodes),) if blocks.is_closed(code) else None
        return self[at]


_blocks = _Blocks()


def apart(text: str) -> list[Piece]:
    """A page in pieces, all of it parsed at once."""
    return [_piece(node) for node in parse(text).nodes]


def _piece(node: Node) -> Piece:
    match node:
        case Heading():
            return Piece(str(node), node.level, str(node.title).strip())
        case Template():
            name = name_of(node)
            return _card(node) if name == CARD else Piece(str(node), template=name)
    return Piece(str(node))


def _card(template: Template) -> Piece:
    given = arguments(template)
    candidate, problems = forms.read(template, _ARGUMENTS)
    status = " ".join(plain(template, "status")[0].lower().replace("_", " ").rstrip(".!").split())
    card = Card(
        status=_SYNONYMS.get(status, status),
        candidate=candidate,
        problems=problems,
        typed=_print({name: value for name, value in given.items() if name not in _ARGUMENTS}),
        face=face(given),
        check=given.get("check", "") if _is_guarded(template) else "",
        image_version=given.get("image version", ""),
        reason=plain(template, "reason")[0],
        url=plain(template, "posted link")[0],
    )
    return Piece(str(template), template=CARD, given=given, card=card)


def face(given: Mapping[str, str]) -> str:
    """A fingerprint of all that a card with these arguments shows, but for what people alone fill in."""
    return _print({name: value for name, value in given.items() if name not in _PEOPLES_OWN})


def vouch(face_: str, digest: str, drawn_by: str) -> str:
    """What smbot writes into a card as its `check`, in two words: that this is what it shows of the posts with this
    digest, and what else it was `drawn_by`.

    So a card that would be sent in another way than it shows is known for that; and what needs to be drawn anew, though
    the posts are the same, is known, too.
    """
    return f"{fingerprint(f'{face_} {digest}')} {fingerprint(drawn_by)[:8]}"


def vouches(check: str, face_: str, digest: str) -> bool:
    """Whether by this `check` smbot vouched for the posts with this digest as they are shown."""
    return check.partition(" ")[0] == vouch(face_, digest, "").partition(" ")[0]


def _print(given: Mapping[str, str]) -> str:
    return fingerprint(repr(sorted((name, value) for name, value in given.items() if value)))


def _is_guarded(template: Template) -> bool:
    """Whether `check` stands right below `status`, so that nobody can change one without having seen the other."""
    for status, check in pairwise(template.params):
        if str(status.name).strip() == "status" and str(check.name).strip() == "check":
            return len([p for p in template.params if str(p.name).strip() in ("status", "check")]) == 2 and (
                f"{str(status.value).lstrip()}|{check.name}={check.value}".rstrip().count("\n") <= 1
            )
    return False


# --- writing --------------------------------------------------------------------------------------------------------


def arrange(text: str, views: Mapping[str, View], ended: Iterable[str], status: str, foreign: str) -> str:
    """The queue page with every card as it shall be: missing ones added, ended ones taken off, `status` at its top.

    Everything else on the page stays as it is, byte for byte. `foreign` is what cards are told that smbot did not make.
    """
    todo, page = deque(_with_status(pieces(text), status)), list[Piece]()
    ended, seen, section = set(ended), set[str](), ""
    times = Counter(piece.id for piece in todo if piece.card)
    new: dict[str, list[str]] = {}
    while todo:
        piece = todo.popleft()
        section = sections.title(piece.title) if piece.level == 2 else section
        if piece.card is None:
            page.append(piece)
            continue
        view = views.get(piece.id) if piece.id not in seen else None
        if view and times[piece.id] > 1:  # somebody has to say which of the two is meant
            view = replace(view, rewrite=False)
        seen.add(piece.id)
        if piece.id in ended:
            _close_up(page, todo)
        elif view is None:
            page.append(_noted(piece, foreign))
        elif view.section != section and (sections.is_own(section) or view.section == sections.posted_of_late()):
            new.setdefault(view.section, []).append(_block(view, _filled(piece, view)))
            _close_up(page, todo)
        else:
            page.append(_filled(piece, view))
    for id_, view in views.items():
        if id_ not in seen:
            new.setdefault(view.section, []).append(_block(view, _new(id_, view)))
    return _with_blocks(page, {section: "\n".join(added) for section, added in new.items()})


def tell(text: str, status: str) -> str:
    """The queue page with nothing but the line at its top changed."""
    return _joined(_with_status(pieces(text), status))


def _joined(page: Iterable[Piece]) -> str:
    return "".join(piece.wikitext for piece in page)


def _block(view: View, card: Piece) -> str:
    return f"=== {view.title} ===\n{card.wikitext}\n"


def _new(id_: str, view: View) -> Piece:
    (piece,) = apart(f"{{{{{CARD}\n| id = {id_}\n| status = {WAITING}\n}}}}")
    return _filled(piece, replace(view, rewrite=True))


def _filled(piece: Piece, view: View) -> Piece:
    """A card with what smbot fills in; the words only when `view.rewrite`. Where all is there, nothing is parsed."""
    if _is_filled(piece, view):
        return piece
    template = _template(piece)
    if view.rewrite:
        forms.write(template, view.candidate)
    if not _is_guarded(template):
        _guard(template)
    if view.status:
        put(template, "status", view.status, after="id")
    for name, wikitext in view.filled.items():
        put(template, name, wikitext)
    put(template, "check", vouch(face(arguments(template)), view.digest, view.drawn_by), after="status")
    return replace(piece, wikitext=str(template))


def _is_filled(piece: Piece, view: View) -> bool:
    card = piece.card
    if (
        card is None
        or card.check != vouch(card.face, view.digest, view.drawn_by)
        or (view.status and piece.given.get("status") != view.status)
    ):
        return False
    if view.rewrite and (card.problems or card.candidate != view.candidate):
        return False
    return all(piece.given.get(name) == (wikitext or None) for name, wikitext in view.filled.items())


def _guard(template: Template) -> None:
    """Put `check` right below `status` again; see `_is_guarded`."""
    status = raw(template, "status") or WAITING
    for name in ("status", "check"):
        put(template, name, "")
    put(template, "status", status if "\n" not in status else WAITING, after="id")
    put(template, "check", "?", after="status")


def _noted(piece: Piece, note: str) -> Piece:
    """A card with nothing but its note changed."""
    template = _template(piece)
    put(template, "note", note, after="check")
    return replace(piece, wikitext=str(template))


def _with_status(page: list[Piece], status: str) -> list[Piece]:
    """A page with a line at its top that says this; where it has such a line, that one says it now."""
    for at, piece in enumerate(page):
        if piece.template == STATUS_LINE:
            line = _template(piece)
            put(line, "1", status)
            return [*page[:at], replace(piece, wikitext=str(line)), *page[at + 1 :]]
    return [*([Piece(f"{{{{{STATUS_LINE}\n|1= {status}\n}}}}\n")] if status else ()), *page]


def _template(piece: Piece) -> Template:
    """A piece, parsed to be changed."""
    (template,) = parse(piece.wikitext).ifilter_templates(recursive=False)
    return template


def _close_up(page: list[Piece], todo: deque[Piece]) -> None:
    """Where a card was taken off, leave no gap, and no heading on the `page` that would have nothing left below it."""
    if todo:
        todo[0] = replace(todo[0], wikitext=todo[0].wikitext.lstrip("\n"))
    following = next((piece for piece in todo if not _is_space(piece)), None)
    while True:
        at = next((i for i in reversed(range(len(page))) if not _is_space(page[i])), None)
        if at is None or not page[at].level:
            return
        if following is not None and not 0 < following.level <= page[at].level:
            return
        del page[at:]


def _is_space(piece: Piece) -> bool:
    return not piece.wikitext.strip()


def _with_blocks(page: Sequence[Piece], blocks_: Mapping[str, str]) -> str:
    """The page with blocks at the end of their level-2 sections; one it lacks is made where it comes in their order."""
    text, places = _joined(page), _places(page)
    added: dict[int, list[str]] = {}
    for section in sorted(blocks_, key=lambda title: (title not in places, sections.rank(title))):
        if section in places:
            added.setdefault(places[section][1], []).append(blocks_[section])
        else:
            later = (
                start
                for title, (start, _) in places.items()
                if sections.rank(section) < sections.rank(title) < sections.LAST
            )
            added.setdefault(min(later, default=len(text)), []).append(f"== {section} ==\n\n{blocks_[section]}")
    for at in sorted(added, reverse=True):
        before = f"{text[:at].rstrip()}\n\n" if text[:at].strip() else ""
        after = "\n".join([*added[at], text[at:]])
        text = before + after.rstrip("\n") + "\n"
    return text


def _places(page: Iterable[Piece]) -> dict[str, tuple[int, int]]:
    """Where each level-2 section of a page begins and ends; of sections with the same title, the first."""
    places: dict[str, tuple[int, int]] = {}
    title, start, at = None, 0, 0
    for piece in page:
        if piece.level == 2:
            if title is not None:
                places.setdefault(title, (start, at))
            title, start = sections.title(piece.title), at
        at += len(piece.wikitext)
    if title is not None:
        places.setdefault(title, (start, at))
    return places


def heading_words(text: str) -> str:
    """A short heading for a card: its first words, safe as wikitext, and kept apart where writing runs both ways."""
    words = encode(forms.shorten(text))
    both_ways = is_right_to_left(spoken()) or RIGHT_TO_LEFT.search(words)
    return f"<bdi>{words}</bdi>" if both_ways else words
