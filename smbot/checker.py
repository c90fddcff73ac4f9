"""The reviewers' checker: what a tired volunteer should look at twice before approving a post.

The accounts shall 'operate conservatively on social media' (https://www.mediawiki.org/wiki/Social_media). Findings are
advice for the reviewers' eyes; they block nothing. What is looked for is data, in `smbot/checks/`: in a language
without a pack these are links, hashtags, exclamation marks and alternative texts. Time grows linearly with the words.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import regex

from smbot.checks import Capitals, Links, Names, Pack, Reading, Rule, dates, pack, phrases

LONGEST = 20_000  # characters of words that are looked at
MOST = 8  # findings: more would not be read
_SHOWN = 140  # characters of a sentence
_COVER = "\ufffc"  # hides an address or code from those who look for words, and is as long
# What must not be missed comes first when there is too much.
_SERIOUS = ("security", "name", "politics", "promise", "tracking")

_URL = regex.compile(r"(?i)https?://[^\s<>\"|{}`]+")
_SHORT_URL = regex.compile(r"(?i)(?<![\w@./:-])(?:[a-z0-9-]{1,63}\.){1,3}[a-z]{2,10}/[\w-]+")
_CODE = regex.compile(r"`[^`\n]{1,200}`|<(code|nowiki)>[^<\n]{1,200}</\1>")
_AFTER = ".,;:!?…'\"”’»]。！？।॥،؛؟"  # marks that end a sentence, not an address
_END = regex.compile(
    r"\n+|(?:[.!?…؟۔]++[)\]\"'”’»]*(?:\s{0,2}[\p{Extended_Pictographic}\p{EMod}\uFE0F\u200D\uFFFC]++)*+(?=\s|$)"
    r"|[。！？।॥]++[」』”]*(?:\s{0,2}[\p{Extended_Pictographic}\uFE0F\u200D\uFFFC]++)*+)"
)
_LOUD = regex.compile(r"(?:!(?![\w=}/\[])|[！❗❕‼⁉])+")
_HASHTAG = regex.compile(r"(?<![\w&/#])[#＃](?=[\w]*\p{L})[\w\u200C\u200D·]+")
_USER = regex.compile(r"(?i)(?<!\w)user(?:[ _]talk)?:[^\s\]|/#,;]{1,80}|(?<![\w/.@])@\w[\w-]*(?![\w/-])(?:@[\w.-]*\w)?")
_CAPITALS = regex.compile(r"(?<![\w#@.{/-])\p{Lu}{2,}+s?(?![\w}]|-\d)(?:\s\p{Lu}{2,}+s?(?![\w}]|-\d))*+")
_EXPLAINED_AFTER = regex.compile(r"(\p{Lu}{2,6})s?\s?\((?=[^()]{0,100}\p{Ll})")
_EXPLAINED_BEFORE = regex.compile(r"\((\p{Lu}{2,6})s?\)")
_CAPITALISED = r"\p{Lu}[\p{Ll}\p{M}'’]++(?:-\p{Lu}\p{Ll}++)*+(?![\w])"
_WORD = regex.compile(r"\p{L}[\p{L}\p{M}'’]*")
_FILE = regex.compile(
    r"(?i)(?:[^\n]{0,200}\.(?:jpe?g|png|gif|svg|webp|tiff?|bmp|heic)|file:.*|(?:img|dsc[fn]?|pxl|p)[_-]?\d[\w-]*)"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at: its `kind` (a stable word), the `reason` with what to do, the `sentence` it is about.

    Reason and sentence hold words of the post, written by strangers: escape them where they are shown.
    """

    kind: str
    reason: str
    sentence: str


class _Hit(NamedTuple):
    """Something found at a place of the words; `reason` is still without the `word`."""

    at: int
    kind: str
    reason: str
    word: str = ""


@dataclass(frozen=True, slots=True)
class _Post:
    """The words; `plain`, the same with addresses and code covered; where its sentences start; its links."""

    words: str
    plain: str
    starts: tuple[int, ...]
    urls: tuple[tuple[int, str], ...]

    def sentence(self, at: int) -> tuple[int, int]:
        """From where to where the sentence goes that has this place."""
        nth = bisect_right(self.starts, at) - 1
        return self.starts[nth], self.starts[nth + 1] if nth + 1 < len(self.starts) else len(self.words)


def check(
    words: str, language: str, *, hashtags: Collection[str] = (), alt: str = "", links: Collection[str] = ()
) -> tuple[Finding, ...]:
    """The findings in a post in this language (a code such as 'en'), in the order of the text, at most `MOST`.

    `hashtags` are those the account uses, `links` the addresses beside those in the words, `alt` the alternative text.
    """
    own, every = pack(language), pack("mul")
    if every.links is None:
        return ()
    post = _post(words[:LONGEST], links, own.abbreviations)
    hits = chain(
        _loud(post, every),
        _hashtags(post, hashtags, every),
        _links(post, every.links),
        _by_rules(post, own, every.links),
        _people(post, own.names, every),
        _capitals(post, own.capitals),
        _reading(post, own.reading),
    )
    found = _gather(post, hits)
    found += [Finding("alt", reason, _shorten(alt, 0)) for reason in _alt(alt, own, every)]
    return _most_important(found)


# --- reading the post -------------------------------------------------------------------------------------------------


def _post(words: str, links: Collection[str], abbreviations: Collection[str]) -> _Post:
    inside = [(m.start(), _trim(m.group())) for m in _URL.finditer(words)]
    plain = _URL.sub(lambda m: _COVER * len(url := _trim(m.group())) + m.group()[len(url) :], words)
    plain = _CODE.sub(lambda m: _COVER * len(m.group()), plain)
    known = {url for _, url in inside}
    beside = [(len(words), url) for url in dict.fromkeys(links) if url not in known]
    return _Post(words, plain, tuple(_sentence_starts(plain, abbreviations)), (*inside, *beside))


def _trim(url: str) -> str:
    """An address without the marks of the sentence around it; a closing bracket stays if it was opened inside."""
    url = url.rstrip(_AFTER)
    while url.endswith(")") and url.count(")") > url.count("("):
        url = url[:-1].rstrip(_AFTER)
    return url


def _sentence_starts(plain: str, abbreviations: Collection[str]) -> Iterator[int]:
    yield 0
    for end in _END.finditer(plain):
        if end.end() < len(plain) and not _goes_on(plain, end.start(), end.end(), abbreviations):
            yield end.end()


def _goes_on(plain: str, stop: int, end: int, abbreviations: Collection[str]) -> bool:
    """Whether a full stop ends no sentence: after an abbreviation or an initial, or before a small letter."""
    if plain[stop:end].strip() != ".":
        return False
    before = (plain[max(0, stop - 20) : stop].split() or [""])[-1].lstrip("([\"'“‘«")
    return (
        before.casefold() in abbreviations
        or (len(before) == 1 and before.isalpha())
        or plain[end : end + 3].strip()[:1].islower()
    )


# --- what is looked for in every language -----------------------------------------------------------------------------


def _loud(post: _Post, every: Pack) -> Iterator[_Hit]:
    return (_Hit(m.start(), "shouting", every.reasons["exclamation"]) for m in _LOUD.finditer(post.plain))


def _hashtags(post: _Post, wanted: Collection[str], every: Pack) -> Iterator[_Hit]:
    known = {_fold(tag.lstrip("#＃")) for tag in wanted}
    for match in _HASHTAG.finditer(post.plain):
        if _fold(match.group()[1:]) not in known:
            yield _Hit(match.start(), "hashtag", every.reasons["hashtag"], match.group())


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _links(post: _Post, rules: Links) -> Iterator[_Hit]:
    for match in _SHORT_URL.finditer(post.plain):
        if _host(match.group().partition("/")[0]) in rules.shorteners:
            yield _Hit(match.start(), "tracking", rules.shortened, match.group())
    for at, url in post.urls:
        yield from _link(at, url, rules)
    addresses = dict.fromkeys(url for _, url in post.urls)
    if len(addresses) > rules.most:
        third = list(addresses)[rules.most]
        yield _Hit(next(at for at, url in post.urls if url == third), "link", rules.many)


def _link(at: int, url: str, rules: Links) -> Iterator[_Hit]:
    try:
        parts = urlsplit(url)
    except ValueError:  # such as brackets that are no address of a machine
        return
    host = _host(parts.netloc)
    if host not in rules.allowed:
        if host in rules.shorteners:
            yield _Hit(at, "tracking", rules.shortened, host)
        for key, _ in parse_qsl(parts.query[:2000], keep_blank_values=True):
            if any(key.startswith(t[:-1]) if t.endswith("*") else key == t for t in rules.tracking):
                yield _Hit(at, "tracking", rules.tracked, key)
                break
    if parts.scheme.lower() == "http":
        yield _Hit(at, "link", rules.insecure, host)
    if not parts.path.strip("/") and not parts.query and not parts.fragment:
        yield _Hit(at, "link", rules.bare, host)


def _host(netloc: str) -> str:
    return netloc.rpartition("@")[2].partition(":")[0].casefold().removeprefix("www.")


def _alt(alt: str, own: Pack, every: Pack) -> Iterator[str]:
    if _FILE.fullmatch(alt.strip()):
        yield every.reasons["alt-file"]
    elif own.alt_starts and phrases(find=own.alt_starts).match(alt.strip()):
        yield own.reasons["alt"]


# --- what is looked for with a pack -----------------------------------------------------------------------------------


def _by_rules(post: _Post, own: Pack, links: Links) -> Iterator[_Hit]:
    clear = {"link"} if post.urls else set()
    addresses = (url.casefold().partition("://")[2] for _, url in post.urls)
    if any(address.startswith(links.announcements) for address in addresses):
        clear.add("announcement")
    for rule in own.rules:
        if rule.unless not in clear and (not rule.beside or _has(rule.beside, post.plain)):
            yield from _by_rule(post, rule, own)


def _by_rule(post: _Post, rule: Rule, own: Pack) -> Iterator[_Hit]:
    pattern = phrases(find=rule.find, cased=rule.cased, but=rule.but, more=dates(own) if rule.dates else "")
    for match in pattern.finditer(post.plain):
        if match.lastgroup is None:
            continue
        if match.lastgroup == "date" and rule.past:
            start, end = post.sentence(match.start())
            if _has(rule.past, post.plain[start:end]):
                continue
        yield _Hit(match.start(), rule.kind, rule.reason, match.group())


def _has(find: tuple[str, ...], text: str) -> bool:
    return phrases(find=find).search(text) is not None


def _people(post: _Post, names: Names | None, every: Pack) -> Iterator[_Hit]:
    for match in _USER.finditer(post.plain):
        word = match.group().rstrip(".:?!")
        if names is None or not ({word, word.lstrip("@").partition("@")[0].casefold()} & names.things):
            yield _Hit(match.start(), "name", every.reasons["mention"], word)
    if names is not None:
        for match in _full_name(names.titles, names.particles).finditer(post.plain):
            at = match.end() - len(_without_starts(match.group("name"), names))
            if match.group("title") or _is_name(post.plain, at, match.end(), names):
                yield _Hit(at, "name", names.reason, match.group()[at - match.end() :])


@lru_cache(maxsize=64)
def _full_name(titles: tuple[str, ...], particles: tuple[str, ...]) -> Any:
    """A pattern for words with a capital letter in a row; with a title before it, one is enough."""
    title, particle = ("|".join(map(regex.escape, each)) or r"(?!)" for each in (titles, particles))
    more = rf"(?: (?:(?:{particle}) ){{0,2}}(?:{_CAPITALISED}|\p{{Lu}}\.))"
    titled = rf"(?P<title>{title})\.? (?P<name>{_CAPITALISED}{more}{{0,3}})"
    return regex.compile(rf"(?<![\w@#/.:-])(?:{titled}|(?P<name>{_CAPITALISED}{more}{{1,5}}))")


def _without_starts(name: str, names: Names) -> str:
    while (first := name.partition(" "))[2] and first[0].casefold() in names.starts:
        name = first[2]
    return name


def _is_name(plain: str, start: int, end: int, names: Names) -> bool:
    """Whether these words are a person: by a given name, or by what stands before or after two or three of them."""
    words = plain[start:end].casefold().replace("’", "'").removesuffix("'s").split()
    pairs = (f"{one} {other}" for one, other in pairwise(words))
    if len(words) < 2 or not names.things.isdisjoint(chain(words, pairs)):
        return False
    if words[0] in names.given or words[0].partition("-")[0] in names.given:
        return True
    before = plain[max(0, start - 40) : start].casefold().replace(":", " ").split()[-2:]
    after = plain[end : end + 40].casefold().split()[:1]
    return len(words) < 4 and bool({" ".join(before), *before[-1:]} & {*names.cues} or {*after} & {*names.verbs})


def _capitals(post: _Post, rules: Capitals | None) -> Iterator[_Hit]:
    """Abbreviations that are neither known nor explained, and words that are shouted."""
    if rules is None:
        return
    explained = set(_explained(post.plain))
    for match in _CAPITALS.finditer(post.plain):
        tokens = [token for token in match.group().split() if token.rstrip("s").casefold() not in rules.known]
        if any(len(token) > 6 or token.casefold() in rules.shouted for token in tokens):
            yield _Hit(match.start(), "shouting", rules.shouting, match.group())
            continue
        for token in tokens:
            if (short := token.rstrip("s")) not in explained:
                explained.add(short)
                yield _Hit(match.start(), "abbreviation", rules.reason, short)


def _explained(plain: str) -> Iterator[str]:
    """The abbreviations explained as 'LTS (long-term support)' or 'long-term support (LTS)'."""
    for match in _EXPLAINED_AFTER.finditer(plain):
        yield match.group(1)
    for match in _EXPLAINED_BEFORE.finditer(plain):
        short = match.group(1)
        before = regex.split(r"[\s-]+", plain[max(0, match.start() - 120) : match.start()].casefold())
        if any(word.startswith(short[0].casefold()) for word in before[-len(short) - 3 :]):
            yield short


def _reading(post: _Post, rules: Reading | None) -> Iterator[_Hit]:
    """Sentences that are too long; where there is none, the hardest one of a text that is hard to read."""
    if rules is None:
        return
    ends = (*post.starts[1:], len(post.plain))
    sentences = [(start, _WORD.findall(post.plain[start:end])) for start, end in zip(post.starts, ends, strict=True)]
    sentences = [(start, words) for start, words in sentences if words]
    long = [start for start, words in sentences if len(words) > rules.sentence]
    yield from (_Hit(start, "reading", rules.long) for start in long)
    if long or sum(len(words) for _, words in sentences) < rules.least:
        return
    if _grade([words for _, words in sentences], rules) > rules.grade:
        hardest = max(sentences, key=lambda sentence: _grade([sentence[1]], rules))
        yield _Hit(hardest[0], "reading", rules.reason)


def _grade(sentences: list[list[str]], rules: Reading) -> float:
    """The school grade a reader needs, such as by Flesch and Kincaid (1975), https://apps.dtic.mil/sti/citations/ADA006655."""
    words = [word for sentence in sentences for word in sentence]
    syllables = sum(_syllables(word.casefold(), rules) for word in words)
    by_length = rules.by_sentence * len(words) / len(sentences)
    return by_length + rules.by_syllables * syllables / len(words) + rules.constant


def _syllables(word: str, rules: Reading) -> int:
    stem = next((word[: -len(end)] for end in rules.silent if word.endswith(end)), word)
    vowels = [letter in rules.vowels for letter in stem]
    return max(1, sum(now and not before for before, now in zip([False, *vowels], vowels, strict=False)))


# --- what is shown ----------------------------------------------------------------------------------------------------


def _gather(post: _Post, hits: Iterable[_Hit]) -> list[Finding]:
    """One finding for all hits in a sentence that have the same reason, in the order of the text."""
    groups: dict[tuple[int, str, str], list[_Hit]] = {}
    for hit in sorted(hits):
        groups.setdefault((post.sentence(hit.at)[0], hit.kind, hit.reason), []).append(hit)
    found = []
    for (start, kind, reason), group in groups.items():
        _, end = post.sentence(start)
        words = list(dict.fromkeys(f"‘{_shorten(hit.word, 0, 40)}’" for hit in group))
        sentence = _shorten(post.words[start:end], group[0].at - start)
        found.append(Finding(kind, reason.replace("{words}", ", ".join(words[:3])), sentence))
    return list(dict.fromkeys(found))


def _shorten(text: str, at: int, room: int = _SHOWN) -> str:
    """The text around a place in it, with … where something is left out; letters keep their marks."""
    if len(text.strip()) <= room:
        return text.strip()
    start = max(0, min(at - room // 3, len(text) - room))
    shown = text[start : start + room]
    shown = regex.sub(r"^[\p{M}\u200C\u200D]+", "", shown) if start else shown
    cut = regex.sub(r"\X$", "", shown) if start + room < len(text) else shown
    return f"{'…' if start else ''}{cut.strip()}{'…' if start + room < len(text) else ''}"


def _most_important(found: list[Finding]) -> tuple[Finding, ...]:
    """At most `MOST`, first one of each kind, the serious kinds first; in the order they were in."""
    seen: Counter[str] = Counter()
    ranked = []
    for nth, finding in enumerate(found):
        ranked.append((seen[finding.kind], finding.kind not in _SERIOUS, nth))
        seen[finding.kind] += 1
    return tuple(found[nth] for nth in sorted(nth for *_, nth in sorted(ranked)[:MOST]))
