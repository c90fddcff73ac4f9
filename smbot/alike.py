"""Is this the news that another source told, and is it like something posted before?

Identity (`identity`) knows one item of one source again; here two texts by different people are compared. What a post
is about is kept as a few short marks: where it links to, its task and release numbers, and its dates and numbers.
Shared marks and like words make two texts the same news, unless what they say of dates, numbers or versions differs.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from itertools import islice
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import regex
from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from smbot.wikilinks import without_my_language

CUT = 80  # characters of a text that are remembered; words of just this length are taken for a beginning
MARGIN = 30  # characters by which a beginning may have been shifted
LONGEST = 2000  # characters of a text that are compared
MARKS = {"task": 4, "release": 4, "link": 3}  # how many of each are remembered of one post, and one of facts
FACTS = 10  # dates and numbers remembered of one post
HUB = 20  # a mark that so many posts have says nothing
COMMON = 4  # words that count and both texts have
TYPOS = 8  # words with the same two first letters that are compared letter by letter
PROBES, POSTINGS, CANDIDATES = 8, 100, 12  # rare words looked up, posts looked at for each, posts compared

# likeness in percent, chosen on the first half of tests/data/alike.toml
RELEASE_LIKE, RELATED, VERY_LIKE, SIMILAR_WORDS, ALMOST, SAME_WORDS = 45, 55, 80, 70, 74, 86
# how much of the words that count may be missing in the other text, of the one of which less is missing
MISSING, MISSING_SAME_TIME, MISSING_DAY_ALONE = 0.16, 0.36, 0.15


class Degree(StrEnum):
    """How much two texts are alike: the same news, or something like it."""

    SAME = "same"
    SIMILAR = "similar"


@dataclass(frozen=True, slots=True)
class Told:
    """Something that was told before: its words, or their first 80 characters, and what `marks` gave for it."""

    id: str
    words: str
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """What was told before, how much it is alike, why (for people), and the likeness of the words from 0 to 1."""

    id: str
    degree: Degree
    reason: str
    score: float


# --- what is remembered of a post -----------------------------------------------------------------------------------

_URL = regex.compile(r"https?://[^\s<>\[\]\"“”]+", regex.I)
_TASK = regex.compile(r"(?<!\w)T\d{4,7}(?!\w)")
_TRACKING = regex.compile(r"utm_\w*|mc_\w*|\w*clid|igshid?|ref|ref_src|source|wprov|si|s|feature")
_GENERIC_HOSTS = {"zonestamp.toolforge.org", "timeanddate.com", "meet.google.com", "zoom.us", "meet.jit.si"}
_GENERIC_TITLES = {
    *("", "main page", "news", "tech", "tech/news", "tech/news/latest", "mediawiki", "download", "social media"),
    *("wikimedia news", "office hours", "irc office hours", "wikipedia"),
}
_LANGUAGE = regex.compile(r"/[a-z]{2,3}(?:-[a-z]{2,8})*$")


def marks(text: str, links: Iterable[str] = ()) -> tuple[str, ...]:
    """What to remember of a post for comparing it later: at most 12 short texts, sorted.

    Tasks ('T230521'), releases ('mediawiki 1.45.1', '1.46.0-wmf.4'), hashes of the pages linked to ('l1a2b3c4d'; links
    to front pages, clocks and the like are left out), and one with the dates and numbers ('#date 12-03,time 14:00').
    """
    text = _readable(text)
    places = dict.fromkeys(_place(url) for url in (*islice(links, 50), *islice(_URL.findall(text), 50)))
    words = _URL.sub(" ", text)
    tasks = dict.fromkeys([place for place in places if _TASK_PLACE.fullmatch(place)] + _TASK.findall(words))
    pages = [f"l{_hash(place)}" for place in places if place and place not in tasks]
    kept = [*islice(tasks, MARKS["task"]), *islice(_releases(words), MARKS["release"]), *pages[: MARKS["link"]]]
    facts = _facts(words)
    return tuple(sorted({*kept, *(["#" + ",".join(facts)] if facts else [])}))


_TASK_PLACE = regex.compile(r"T\d{1,7}")


def _place(url: str) -> str:
    """Where an address leads, without what does not change that: a task's number, or host and page; '' if generic."""
    try:
        parts = urlsplit(url.strip()[:LONGEST])
        query = parse_qsl(parts.query, max_num_fields=50)
        host = (parts.hostname or "").removeprefix("www.").removeprefix("m.").replace(".m.", ".").rstrip(".")
    except ValueError:
        return ""
    path = unquote(parts.path).rstrip("/.,;:!?)")
    if not host or host in _GENERIC_HOSTS or host.endswith(".zoom.us"):
        return ""
    if path.startswith("/wiki/") or path.endswith("/index.php") or path == "/wiki":
        title = _title(path[6:] if path.startswith("/wiki") else dict(query).get("title", ""))
        return f"{host}/wiki/{title}" if title else ""
    if host == "phabricator.wikimedia.org":
        return path[1:] if _TASK_PLACE.fullmatch(path[1:]) else ""
    rest = urlencode(sorted(pair for pair in query if not _TRACKING.fullmatch(pair[0])))
    return f"{host}{path}?{rest}" if path or rest else ""


def _title(title: str) -> str:
    """The page of a wiki a title stands for, in whatever language; '' if it is about everything."""
    title = _LANGUAGE.sub("", without_my_language(" ".join(title.replace("_", " ").split())))
    generic = title.casefold() in _GENERIC_TITLES or title.casefold().startswith("special:")
    return "" if generic else title[:1].upper() + title[1:]


_VERSION = regex.compile(
    r"(?<![\w.,:/-])v?(\d{1,4}(?:\.\d{1,5}){1,3})(?:[-/ ]?(wmf|rc|alpha|beta)[.-]?(\d{1,3}))?"
    r"(?![\w%€$:]|[.,]\d|\s?(?:million|billion|per ?cent|[%€$]|uhr|utc|[kmgt]b\b|(?:and|or) (?:newer|later)|support))",
    regex.I,
)
_LISTED = re.compile(r"[\s,/&]*(?:and|or)?\s*")
_DOT_ZERO = re.compile(r"^(\d+\.\d+)\.0$")
_PRODUCT = regex.compile(
    r"(?:([\p{L}]+)\s+)?([\p{L}][\p{L}\p{M}\p{N}_+#-]*)\s+(?:versions?\s+|releases?\s+)?$", regex.I
)
_NEEDING = frozenset(
    (
        "need",
        "needs",
        "require",
        "requires",
        "from",
        "than",
        "with",
        "on",
        "under",
        "supports",
        "uses",
        "before",
        "since",
    )
)


def _releases(words: str) -> list[str]:
    """The releases a text speaks of, each once: 'mediawiki 1.45.1'; '1.46.0-wmf.4' has no product but MediaWiki."""
    found: dict[str, None] = {}
    product, end = "", -1
    for match in _VERSION.finditer(words):
        listed = end >= 0 and _LISTED.fullmatch(words[end : match.start()][:20])
        product = product if listed else _product(words[max(0, match.start() - 60) : match.start()], match)
        end = match.end()
        number = _DOT_ZERO.sub(r"\1", match[1])
        if match[2]:
            base = number if number.count(".") > 1 else f"{number}.0"
            number = f"{base}-{match[2].lower()}.{match[3]}"
        if match[2] and match[2].lower() == "wmf":
            found[number] = None
        elif product and not regex.search(r"\.(?:19|20)\d\d$", number):
            found[f"{product} {number}"] = None
    return list(found)


def _product(before: str, version: regex.Match[str]) -> str:
    """What has that version: the word before it, if it can be a name."""
    match = _PRODUCT.search(before)
    if not match or (match[1] or "").casefold() in _NEEDING or match[2].casefold() in _SMALL | _NEEDING:
        return ""
    named = not match[2].islower() or version[1].count(".") > 1
    return match[2].casefold() if named else ""


_MONTH_NAMES = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november"),
    "december",
)
_MONTHS = {form: number for number, name in enumerate(_MONTH_NAMES, 1) for form in (name, name[:3])} | {"sept": 9}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_ISO = regex.compile(r"\b((?:19|20)\d\d)-(\d\d)-(\d\d)\b")
_DAY_MONTH = regex.compile(rf"\b(?:(\d{{1,2}}) ?[-–] ?)?(\d{{1,2}})(?:st|nd|rd|th)?\.? (?:of )?({_MONTH})\b")
_CJK_DAY = regex.compile(r"(\d{1,2}) ?[月월] ?(\d{1,2}) ?[日일]")
_MONTH_DAY = regex.compile(rf"\b({_MONTH})\.? (\d{{1,2}})(?:st|nd|rd|th)?\b(?![:.]?\d)")
_BARE_MONTH = regex.compile(rf"\b({_MONTH})\b")
_ISSUE = regex.compile(r"\b((?:19|20)\d\d)(?:[-/]w?|,? (?:week|issue|no\.?|#) ?)0?(\d{1,2})\b")
_NUMBERED = regex.compile(
    r"\b(round|week|issue|part|phase|stage|group|number|no|episode|session|edition)\W{1,2}(\d{1,4})\b"
)
_ORDINAL = regex.compile(r"\b(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)\b")
_WEEKDAY = regex.compile(r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b")
_TIME = regex.compile(r"\b(\d{1,2}:\d\d)\b")
_YEAR = regex.compile(r"\b((?:19|20)\d\d)\b(?!\.\d)")
_NUMBER = regex.compile(r"(?<![\p{L}\p{N}])\d+(?:\.\d+)*")
_FORMS: tuple[tuple[regex.Pattern[str], Callable[[regex.Match[str]], tuple[str, ...]]], ...] = (
    (_ISO, lambda m: (f"date {m[2]}-{m[3]}", f"year {m[1]}")),
    (_DAY_MONTH, lambda m: tuple(f"date {_MONTHS[m[3]]:02}-{int(day):02}" for day in (m[1], m[2]) if day)),
    (_MONTH_DAY, lambda m: (f"date {_MONTHS[m[1]]:02}-{int(m[2]):02}",)),
    (_CJK_DAY, lambda m: (f"date {int(m[1]):02}-{int(m[2]):02}",)),
    (_WEEKDAY, lambda m: (f"weekday {m[0]}",)),
    (_ISSUE, lambda m: (f"issue {m[1]}-{m[2]}",)),
    (_TIME, lambda m: (f"hour {m[1]}",)),
    (_NUMBERED, lambda m: (f"{m[1]} {m[2]}",)),
    (_ORDINAL, lambda m: (f"place {m[0]}",)),
    (_YEAR, lambda m: (f"year {m[1]}",)),
    (_BARE_MONTH, lambda m: (f"month {_MONTHS[m[1]]}",) if m[1] not in ("may", "mar", "march") else ()),
    (_NUMBER, lambda m: (f"number {m[0][:12]}",)),
)
_SOME = r"(?:\d+|some|few|several|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty)(?: more| small| large)*"
_TURNS = {
    "stage reminder": r"reminder|last (?:call|chance)|tomorrow|starts? (?:now|today|soon)|don't forget|left to",
    "stage change": r"cancell?ed|postponed|rescheduled|delayed|reverted|rolled back|undone|moves? from|moved from",
    "stage result": r"recordings?|recap|results?|winners?|slides|can be (?:watched|edited) (?:now|again)|"
    r"(?:test|study|survey|report) (?:\w+ ){0,4}(?:shows?|found)",
    "stage end": r"end of (?:its )?life|end of support|eol|unsupported|no longer supported",
    "stage trouble": r"broken|breaks|do(?:es)?(?: not|n't) work",
    "state open": r"open|opens",
    "state closed": r"closed|is over|has ended|is done|are done",
    "when this-week": r"this week",
    "when next-week": r"next week",
    "reach some": rf"test wikis|tested on|beta|{_SOME} wik\w+",
    "reach all": r"everyone|everybody|every wik\w+|all (?:other )?(?:wikis|wikipedias|users|readers|editors)",
}
_TURN = {name: regex.compile(rf"\b(?:{words})\b") for name, words in _TURNS.items()}


def _facts(words: str) -> list[str]:
    """The dates and numbers of a text, and whether it reminds of news, changes it or tells the result of it."""
    text = _fold(words)
    found = {turn: None for turn, words in _TURN.items() if words.search(text)}
    for form, read in _FORMS:
        for match in form.finditer(text):
            found.update(dict.fromkeys(read(match)))
        text = form.sub(" ", text)
    return sorted(islice(found, FACTS))


# --- words ----------------------------------------------------------------------------------------------------------

_SMALL = frozenset(
    (
        *(
            "a",
            "an",
            "the",
            "and",
            "or",
            "of",
            "to",
            "in",
            "on",
            "at",
            "for",
            "from",
            "with",
            "by",
            "as",
            "into",
            "about",
        ),
        *("is", "are", "was", "were", "be", "been", "being", "has", "have", "had", "do", "does", "did", "can", "may"),
        *(
            "it",
            "its",
            "this",
            "that",
            "these",
            "those",
            "there",
            "here",
            "which",
            "who",
            "what",
            "how",
            "than",
            "then",
        ),
        *("i", "you", "your", "we", "our", "us", "they", "their", "he", "she", "if", "so", "also", "just", "please"),
        *("now", "new", "news", "version", "read", "see", "more", "because"),
        *(
            "der",
            "die",
            "das",
            "und",
            "ist",
            "sind",
            "ein",
            "eine",
            "sie",
            "le",
            "la",
            "les",
            "de",
            "des",
            "du",
            "un",
            "une",
        ),
        *("et", "est", "que", "el", "los", "las", "del", "en", "y", "es", "se"),
    )
)
_NOT = frozenset({"not", "no", "never", "without", "won't", "can't", "cannot"})
_TURNED = _NOT | {"will", "soon"}
_RELEASED = re.compile(r"\b(?:releas|out\b|available|announc|launch|publi|upgrade|update|veröffentlicht|disponible)")
_SCRIPTS = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
_UNSPACED = regex.compile(_SCRIPTS)
_LETTER = rf"(?!{_SCRIPTS})[\p{{L}}\p{{M}}\p{{N}}_"
_TOKEN = regex.compile(rf"{_SCRIPTS}\p{{M}}*+|\p{{N}}(?:{_LETTER}.:/-])*+|(?:{_LETTER}'])++")
_ASCII_TOKEN = re.compile(r"\d[\w.:/-]*|[\w']+")
_OTHER_DIGIT = regex.compile(r"(?![0-9])\p{Nd}")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_DIGIT = re.compile(r"\d")
_KANA = regex.compile(r"[\p{Hiragana}ー]+")


def _readable(text: str) -> str:
    return unicodedata.normalize("NFKC", text[:LONGEST])


def _fold(words: str) -> str:
    """Words as they are compared: no capitals, all digits 0 to 9, no typographic apostrophes, no commas in numbers."""
    text = _readable(words).casefold()
    if not text.isascii():
        text = _OTHER_DIGIT.sub(lambda digit: str(unicodedata.decimal(digit[0])), text.replace("’", "'"))
    return _THOUSANDS.sub("", text)


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
        elif not unspaced and token not in _SMALL and token not in _MONTHS and not _DIGIT.search(token):
            yield token
        before = token if unspaced else ""


@dataclass(frozen=True, slots=True)
class _Words:
    """A text taken apart: all its tokens, those that carry meaning, and its facts.

    Of a beginning there are also the tokens of one that is somewhat shorter, of one that is somewhat longer, and
    what carries meaning in the `whole` of it.
    """

    tokens: tuple[str, ...]
    content: tuple[str, ...]
    facts: frozenset[str]
    released: bool
    fewer: tuple[str, ...]
    more: tuple[str, ...]
    whole: tuple[str, ...]
    line: str
    gist: str
    cut: bool


def _taken(words: str, facts: Iterable[str] | None, cut: bool = False) -> _Words:
    """Take a text apart, or its beginning; its facts are read from it unless they are known."""
    text = _URL.sub(" ", words) if "://" in words else words
    folded = _fold(text[:CUT] if cut else text)
    tokens = tuple(_tokens(folded))
    fewer = more = tokens
    if cut:
        tokens = tokens[:-1]  # the last one may be half a word
        fewer, more = (tuple(_tokens(_fold(text[: CUT + by]))[:-1]) for by in (-MARGIN, MARGIN))
    content = tuple(_content(tokens))
    return _Words(
        tokens=tokens,
        content=content,
        facts=frozenset(_facts(folded) if facts is None else facts),
        released=bool(_RELEASED.search(folded)),
        fewer=fewer,
        more=more,
        whole=tuple(_content(_tokens(_fold(text)))) if cut else content,
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
        words = _taken(told.words, facts, cut=len(told.words) == CUT)
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
        beginning = _taken(words, whole.facts, cut=True) if len(words) > CUT else whole
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


@dataclass(frozen=True, slots=True)
class _Likeness:
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
    """Of a beginning it is asked whether its words are in the other text somewhat later, too."""
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
    reworded = bool(ours and theirs) or not _TURNED.isdisjoint(ours + theirs)
    return _Likeness(
        near=near,
        like=like,
        missing=min(_share(extra, new.content), _share(lacking, old.content)),
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
        and token not in _SMALL
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
        reason, but = _somewhat(shared, found), ""
    return (Degree.SIMILAR, reason + but, score) if reason else None


def _by_marks(new: _Words, old: _Words, shared: Sequence[str], found: _Likeness) -> str:
    bound = MISSING_SAME_TIME if _same_time(new, old) else MISSING
    enough = found.missing <= bound and found.common >= COMMON and not (found.negated or found.replaced)
    for mark in shared:
        released = _kind(mark) not in ("task", "link") and new.released and old.released
        if enough or (released and found.like >= RELEASE_LIKE):
            return _named(mark)
    return ""


def _by_words(new: _Words, old: _Words, found: _Likeness, apart: bool) -> str:
    known = not old.cut or (new.facts == old.facts and (old.facts or not apart))
    if found.near >= SAME_WORDS and known and len({*new.content}) >= 4 and not found.reworded:
        return "nearly the same words"
    alike = found.common >= 3 and found.missing <= MISSING_DAY_ALONE and not found.negated
    return "like words about the same day" if alike and _same_time(new, old, ("date",)) else ""


def _same_time(new: _Words, old: _Words, kinds: Sequence[str] = ("date", "month", "issue", "round")) -> bool:
    return any(_kind(fact) in kinds for fact in new.facts & old.facts)


def _somewhat(shared: Sequence[str], found: _Likeness) -> str:
    for mark in shared:
        if found.like >= RELATED or _kind(mark) == "task":
            return _named(mark)
    return "like words" if found.near >= SIMILAR_WORDS or (found.like >= VERY_LIKE and found.common >= 4) else ""


def _contradiction(new: _Words, old: _Words, found: _Likeness, ours: Collection[str], theirs: Collection[str]) -> str:
    """What two texts say of dates, numbers and versions that cannot be of the same news, as words to go on with."""
    one, other = _by_kind(new.facts), _by_kind(old.facts)
    if one.get("stage") != other.get("stage"):
        return ", but one is a reminder, a change or a result"
    for kind in sorted(one.keys() & other.keys()):
        more, less = one[kind] - other[kind], other[kind] - one[kind]
        if more and less and (found.near >= SIMILAR_WORDS or (kind != "number" and not one[kind] & other[kind])):
            return ", but at another stage" if kind in ("state", "reach", "when") else f", but another {kind}"
    for kind in sorted(_by_kind(ours).keys() - {"link"}):
        if _apart(ours, theirs, kind):
            return f", but another {kind}"
    return ""


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
        return "the same link"
    return f"the same task {mark}" if kind == "task" else f"the same release {mark}"


def _hash(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
