"""Is this the news that another source told, and is it like something posted before?

Identity (`identity`) knows one item of one source again; here two texts by different people are compared. Shared marks
(`marks`) and like words make two texts the same news, unless what they say of dates, numbers or versions differs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from enum import StrEnum

import regex
from msgspec import Struct
from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from smbot.marks import MONTHS, SMALL, URL, facts_of, fold, is_out
from smbot.messages import say

CUT = 80  # characters of a text that are remembered; words of just this length are taken for a beginning
MARGIN = 30  # characters by which a beginning may have been shifted
HUB = 20  # a mark that so many posts have says nothing
COMMON = 4  # words that count and both texts have
TYPOS = 8  # words with the same two first letters that are compared letter by letter
PROBES, POSTINGS, CANDIDATES = 8, 100, 12  # rare words looked up, posts looked at for each, posts compared

# likeness in percent, chosen on the first half of tests/data/alike.toml
RELEASE_LIKE, RELATED, VERY_LIKE, SIMILAR_WORDS, ALMOST, SAME_WORDS = 45, 55, 80, 70, 74, 86
# how much of the words that count may be missing in the other text, of the one of which less is missing
MISSING, MISSING_SAME_TIME, MISSING_DAY_ALONE = 0.16, 0.36, 0.15

_KINDS = frozenset({"date", "year", "month", "weekday", "hour", "issue", "round", "week", "number", "place", "task"})


class Degree(StrEnum):
    """How much two texts are alike: the same news, or something like it."""

    SAME = "same"
    SIMILAR = "similar"


class Told(Struct, frozen=True):
    """Something that was told before: its words, or their first 80 characters, and what `marks_of` gave for it.

    `post` is what tells it in full, where that is known.
    """

    id: str
    words: str
    marks: tuple[str, ...] = ()
    post: str = ""


class Match(Struct, frozen=True):
    """What was told before, how much it is alike, why (for people), and the likeness of the words from 0 to 1."""

    id: str
    degree: Degree
    reason: str
    score: float


# --- words ----------------------------------------------------------------------------------------------------------

_NOT = frozenset({"not", "no", "never", "without", "won't", "can't", "cannot"})
_TURNED = _NOT | {"will", "soon"}
_SCRIPTS = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
_UNSPACED = regex.compile(_SCRIPTS)
_LETTER = rf"(?!{_SCRIPTS})[\p{{L}}\p{{M}}\p{{N}}_"
_TOKEN = regex.compile(rf"{_SCRIPTS}\p{{M}}*+|\p{{N}}(?:{_LETTER}.:/-])*+|(?:{_LETTER}'])++")
_ASCII_TOKEN = re.compile(r"\d[\w.:/-]*|[\w']+")
_DIGIT = re.compile(r"\d")
_KANA = regex.compile(r"[\p{Hiragana}ー]+")


def _tokens(folded: str) -> list[str]:
    """Words and numbers; single characters where words are not spaced."""
    found = (_ASCII_TOKEN if folded.isascii() else _TOKEN).findall(folded)
    return [token for raw in found if (token := raw.strip("'.:/-_").removesuffix("'s"))]


def _content(tokens: Iterable[str]) -> Iterator[str]:
    """The tokens that carry meaning; pairs of characters where words are not spaced."""
    before = ""
    for token in tokens:
        unspaced = not token.isascii() and _UNSPACED.match(token)
        if unspaced and before:
            yield before + token
        elif not unspaced and token not in SMALL and token not in MONTHS and not _DIGIT.search(token):
            yield token
        before = token if unspaced else ""


class _Words(Struct, frozen=True):
    """A text taken apart: all its tokens, those that carry meaning, and its facts; and the `text` without addresses.

    Of a beginning there are also the tokens of one that is somewhat shorter, of one that is somewhat longer, and
    what carries meaning in the `whole` of it, or in the post that tells it: nothing if that is not known.
    """

    tokens: tuple[str, ...]
    content: tuple[str, ...]
    facts: frozenset[str]
    text: str
    fewer: tuple[str, ...]
    more: tuple[str, ...]
    whole: tuple[str, ...]
    line: str
    gist: str
    cut: bool


def _taken(words: str, facts: Iterable[str] | None, cut: bool = False, whole: str = "") -> _Words:
    """Take a text apart, or its beginning; its facts are read from it unless they are known."""
    text, whole = (URL.sub(" ", each) if "://" in each else each for each in (words, whole))
    folded = fold(text[:CUT] if cut else text)
    tokens = tuple(_tokens(folded))
    fewer = more = tokens
    if cut:
        tokens = tokens[:-1]  # the last one may be half a word
        fewer, more = (tuple(_tokens(fold(text[: CUT + by]))[:-1]) for by in (-MARGIN, MARGIN))
    content = tuple(_content(tokens))
    return _Words(
        tokens=tokens,
        content=content,
        facts=frozenset(facts_of(folded) if facts is None else facts),
        text=text,
        fewer=fewer,
        more=more,
        whole=tuple(_content(_tokens(fold(whole)))) if cut else content,
        line=" ".join(sorted(tokens)),
        gist=" ".join(content),
        cut=cut,
    )


# --- comparing ------------------------------------------------------------------------------------------------------


class Archive:
    """What was told before, to be asked what a new text is like. Asking takes about the same time however much it is.

    Matches do not depend on what else is in it, except that a mark in more than 20 posts counts for nothing, and that
    of very many posts of the same words only the last are compared.
    """

    def __init__(self, told: Iterable[Told] = ()) -> None:
        self._told: list[Told] = []
        self._taken: list[_Words] = []
        self._by_mark: dict[str, list[int]] = {}
        self._by_word: dict[str, list[int]] = {}
        for one in told:
            self.add(one)

    def add(self, told: Told) -> None:
        """Remember one more."""
        index = len(self._told)
        facts = next((mark[1:].split(",") for mark in told.marks if mark.startswith("#")), None)
        words = _taken(told.words, facts, cut=len(told.words) == CUT, whole=told.post)
        self._told.append(told)
        self._taken.append(words)
        for mark in told.marks:
            if not mark.startswith("#"):
                self._by_mark.setdefault(mark, []).append(index)
        for word in set(words.content):
            self._by_word.setdefault(word, []).append(index)

    def alike(self, words: str, marks: Collection[str]) -> list[Match]:
        """What was told before and is like this text, given in full with its marks; the same news first."""
        whole = _taken(words, None)
        beginning = _taken(words, whole.facts, cut=True, whole=words) if len(words) > CUT else whole
        shared = self._shared(marks)
        candidates = {*shared, *self._with_words(whole.content), *self._with_words(beginning.content)}
        found = []
        for index in candidates:
            told, old = self._told[index], self._taken[index]
            verdict = _judge(beginning if old.cut else whole, old, shared.get(index, ()), marks, told.marks)
            if verdict:
                found.append(Match(told.id, *verdict))
        return sorted(found, key=lambda match: (match.degree is not Degree.SAME, -match.score, match.id))

    def _shared(self, marks: Collection[str]) -> dict[int, list[str]]:
        shared: dict[int, list[str]] = {}
        for mark in sorted(set(marks)):
            posts = self._by_mark.get(mark, [])
            for index in posts if len(posts) <= HUB else ():
                shared.setdefault(index, []).append(mark)
        return shared

    def _with_words(self, content: Sequence[str]) -> list[int]:
        """Posts that have the rarest words of a text, those with most of them first."""
        known = sorted({word for word in content if word in self._by_word}, key=lambda w: (len(self._by_word[w]), w))
        hits = Counter(index for word in known[:PROBES] for index in self._by_word[word][-POSTINGS:])
        return sorted(hits, key=lambda index: (-hits[index], -index))[:CANDIDATES]


class _Likeness(Struct, frozen=True):
    """How near two texts are word by word and how like in what they say, in percent; the words that only one has.

    `missing` is the share of the words that count which the other text lacks, of the one of which less is missing.
    `reworded`: both have words of their own, or one has a word such as 'will'; `replaced`: and in the same places;
    `negated`: one has a word such as 'not'.
    """

    near: float
    like: float
    missing: float
    common: int
    reworded: bool
    replaced: bool
    negated: bool


def _compare(new: _Words, old: _Words, shared: bool) -> _Likeness:
    """Of a beginning it is asked whether its words are in the other text somewhat later, too.

    Texts that begin alike go on otherwise where much of the new one is not in the post that tells the old one.
    """
    near = fuzz.ratio(new.line, old.line, score_cutoff=0 if shared else SIMILAR_WORDS)
    like = fuzz.token_set_ratio(new.gist, old.gist, score_cutoff=0 if shared else VERY_LIKE)
    ours: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()
    extra, lacking = new.content, old.content
    if near >= SIMILAR_WORDS:
        ours, theirs = _left(new.fewer, old.more), _left(old.fewer, new.more)
        if old.cut:
            near = 100 * (1 - len("".join(ours + theirs)) / (len("".join(new.tokens + old.tokens)) or 1))
    if shared or new.facts & old.facts:
        extra, lacking = _left(new.content, old.content), _left(old.content, new.whole)
    rest = _share(_left(new.whole, old.whole), new.whole) if old.cut and old.whole and near >= SAME_WORDS else 0
    goes_on = rest > MISSING
    reworded = bool(ours and theirs) or not _TURNED.isdisjoint(ours + theirs) or goes_on
    return _Likeness(
        near=near,
        like=like,
        missing=rest if goes_on else min(_share(extra, new.content), _share(lacking, old.content)),
        common=len({*new.content} & {*old.content}),
        reworded=reworded,
        replaced=reworded and fuzz.ratio(" ".join(new.tokens), " ".join(old.tokens)) >= ALMOST,
        negated=not _NOT.isdisjoint(extra + lacking),
    )


def _share(words: Sequence[str], of: Sequence[str]) -> float:
    return len("".join(words)) / (len("".join(of)) or 1)


def _left(own: Iterable[str], others: Iterable[str]) -> tuple[str, ...]:
    """The words that count and only one text has, but for typos."""
    ours, theirs = dict.fromkeys(own), dict.fromkeys(others)
    rest: dict[str, list[str]] = {}
    for token in theirs:
        if token not in ours:
            rest.setdefault(token[:2], []).append(token)
    return tuple(
        token
        for token in ours
        if token not in theirs
        and token not in SMALL
        and not _KANA.fullmatch(token)
        and not any(_is_typo(token, other) for other in rest.get(token[:2], [])[:TYPOS])
    )


def _is_typo(one: str, other: str) -> bool:
    """Whether two words with the same two first letters are one word, but for its ending or one letter."""
    short, long = sorted((len(one), len(other)))
    if short < 3 or long - short > 2 or _DIGIT.search(one + other):
        return False
    return (
        one.startswith(other) or other.startswith(one) or (short > 4 and OSA.distance(one, other, score_cutoff=1) < 2)
    )


def _judge(
    new: _Words, old: _Words, shared: Sequence[str], ours: Collection[str], theirs: Collection[str]
) -> tuple[Degree, str, float] | None:
    """How much two texts are alike and why, with the likeness of their words; None if they have little in common."""
    found = _compare(new, old, bool(shared))
    score = round(max(found.near, found.like) / 100, 2)
    reason = _by_marks(new, old, shared, found) or _by_words(new, old, found, _apart(ours, theirs, "link"))
    if reason and not (but := _contradiction(new, old, found, ours, theirs)):
        return Degree.SAME, reason, score
    if not reason:
        reason, but = _somewhat(new, old, shared, found), ""
    return (Degree.SIMILAR, say("alike-but", reason, but) if but else reason, score) if reason else None


def _by_marks(new: _Words, old: _Words, shared: Sequence[str], found: _Likeness) -> str:
    bound = MISSING_SAME_TIME if _same_time(new, old) else MISSING
    enough = found.missing <= bound and found.common >= COMMON and not (found.negated or found.replaced)
    for mark in shared:
        if enough or (found.like >= RELEASE_LIKE and _are_out(mark, new, old)):
            return _named(mark)
    return ""


def _are_out(mark: str, *both: _Words) -> bool:
    """Whether a mark is a release, and both texts tell that it is out."""
    return _kind(mark) not in ("task", "link") and all(is_out(words.text, mark) for words in both)


def _by_words(new: _Words, old: _Words, found: _Likeness, apart: bool) -> str:
    known = not old.cut or (new.facts == old.facts and (old.facts or not apart))
    if found.near >= SAME_WORDS and known and len({*new.content}) >= 4 and not found.reworded:
        return say("alike-same-words")
    alike = found.common >= 3 and found.missing <= MISSING_DAY_ALONE and not found.negated
    return say("alike-same-day") if alike and _same_time(new, old, ("date",)) else ""


def _same_time(new: _Words, old: _Words, kinds: Sequence[str] = ("date", "month", "issue", "round")) -> bool:
    return any(_kind(fact) in kinds for fact in new.facts & old.facts)


def _somewhat(new: _Words, old: _Words, shared: Sequence[str], found: _Likeness) -> str:
    for mark in shared:
        if found.like >= RELATED or _kind(mark) == "task" or _are_out(mark, new, old):
            return _named(mark)
    return (
        say("alike-like-words")
        if found.near >= SIMILAR_WORDS or (found.like >= VERY_LIKE and found.common >= 4)
        else ""
    )


def _contradiction(new: _Words, old: _Words, found: _Likeness, ours: Collection[str], theirs: Collection[str]) -> str:
    """What two texts say of dates, numbers and versions that cannot be of the same news, in words for people."""
    one, other = _by_kind(new.facts), _by_kind(old.facts)
    if one.get("stage") != other.get("stage"):
        return say("alike-another-step")
    for kind in sorted(one.keys() & other.keys()):
        more, less = one[kind] - other[kind], other[kind] - one[kind]
        if more and less and (found.near >= SIMILAR_WORDS or (kind != "number" and not one[kind] & other[kind])):
            return say("alike-another-stage") if kind in ("state", "reach", "when") else _another(kind)
    for kind in sorted(_by_kind(ours).keys() - {"link"}):
        if not kind.startswith("#") and _apart(ours, theirs, kind):  # the facts were looked at
            return _another(kind)
    return ""


def _another(kind: str) -> str:
    """Of what two texts name another, for people; releases are called by what is released."""
    return say(f"alike-another-{kind}") if kind in _KINDS else say("alike-another", kind)


def _apart(ours: Collection[str], theirs: Collection[str], kind: str) -> bool:
    """Whether both have marks of a kind and none in common."""
    one, other = (_by_kind(marks).get(kind) for marks in (ours, theirs))
    return bool(one and other and not one & other)


def _by_kind(said: Iterable[str]) -> dict[str, set[str]]:
    """Marks or facts by what they are about."""
    kinds: dict[str, set[str]] = {}
    for one in said:
        kinds.setdefault(_kind(one), set()).add(one)
    return kinds


def _kind(mark: str) -> str:
    """'task' or 'link'; of a release and of a fact what comes before its number, such as 'mediawiki' or 'date'."""
    if mark[0] == "T":
        return "task"
    return mark.rpartition(" ")[0] or ("link" if mark[0] == "l" else mark[0] if mark[0] == "#" else "release")


def _named(mark: str) -> str:
    """What two posts share, for people."""
    kind = _kind(mark)
    if kind == "link":
        return say("alike-same-link")
    return say("alike-same-task", mark) if kind == "task" else say("alike-same-release", mark)
