"""The reviewers' checker: what a tired volunteer should look at twice before approving a post.

The accounts shall 'operate conservatively on social media' (https://www.mediawiki.org/wiki/Social_media). Findings are
advice for the reviewers' eyes; they block nothing. What is looked for is data, in `smbot/checks/`: in a language
without a pack these are links, hashtags, exclamation marks and alternative texts. Time grows linearly with the words.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple
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
_CAPITALS = regex.compile(r"(?<![\w#@.{/-])\p{Lu}{2,}s?(?![\w}(]|-\d)(?:\s\p{Lu}{2,}s?(?![\w}]|-\d))*|(?<![\w#@.{/-])\p{Lu}{2,}s?(?=\()")
_EXPLAINED_AFTER = regex.compile(r"(\p{Lu}{2,6})s?\s?\((?=[^()]{0,100}\p{Ll})")
_EXPLAINED_BEFORE = regex.compile(r"\((\p{Lu}{2,6})s?\)")
_CAPITALISED = r"\p{Lu}[\p{Ll}\p{M}'’]++(?:-\p{Lu}\p{Ll}++)*+(?![\w])"
_WORD = regex.compile(r"\p{L}[\p{L}\p{M}'’]*")
_FILE = regex.compile(r"(?i)(?:[^\n]{0,200}\.(?:jpe?g|png|gif|svg|webp|tiff?|bmp|heic)|file:.*|(?:img|dsc[fn]?|pxl|p)[_-]?\d[\w-]*)")


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
    plain = words
    for at, url in inside:
        plain = plain[:at] + _COVER * len(url) + plain[at + len(url) :]
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
        for match in _full_names(names).finditer(post.plain):
            if name := _name(match, post.plain, names):
                yield _Hit(match.end() - len(name), "name", names.reason, name)
