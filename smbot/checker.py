"""The reviewers' checker: what a tired volunteer should look at twice before approving a post.

The accounts shall 'operate conservatively on social media' (https://www.mediawiki.org/wiki/Social_media). Findings are
advice for the reviewers' eyes; they block nothing. What is looked for is data, in `smbot/checks/`: in a language
without a pack these are links, hashtags, exclamation marks and alternative texts. Time grows linearly with the words.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from itertools import chain
from urllib.parse import parse_qsl, urlsplit

import regex
from msgspec import Struct

from smbot.checks import Links, Pack, Rule, dates, pack, phrases, prose, traits
from smbot.checks.post import Hit, Post, read
from smbot.messages import say

LONGEST = 20_000  # characters of words that are looked at
MOST = 8  # findings: more would not be read
_FORESEEN = 10  # years; a greater number is something else, such as pixels
_SHOWN = 140  # characters of a sentence
# What must not be missed comes first when there is too much.
_SERIOUS = ("security", "name", "politics", "promise", "tracking")

_SHORT_URL = regex.compile(r"(?i)(?<![\w@./:-])(?:[a-z0-9-]{1,63}\.){1,3}[a-z]{2,10}/[\w-]+")
_FRONT_PAGE = regex.compile(r"(?i)(?<![\w@./:-])www\.(?:[a-z0-9-]{1,63}\.){1,3}[a-z]{2,10}(?![\w/-]|\.\w)")
_LOUD = regex.compile(r"(?:!(?![\w=}/\[])|[！❗❕‼⁉])+")
_HASHTAG = regex.compile(r"(?<![\w&/#])[#＃](?=[\w]*\p{L})[\w\u200C\u200D·]+")
_YEAR = regex.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_FILE = regex.compile(
    r"(?i)(?:[^\n]{0,200}\.(?:jpe?g|png|gif|svg|webp|tiff?|bmp|heic)|file:.*|(?:img|dsc[fn]?|pxl|p)[_-]?\d[\w-]*)"
)


class Finding(Struct, frozen=True):
    """One thing to look at: its `kind` (a stable word), the `reason` with what to do, the `sentence` it is about.

    The reason is in the language that is spoken, not in that of the post. Reason and sentence hold words of the post,
    written by strangers: escape them where they are shown.
    """

    kind: str
    reason: str
    sentence: str


def check(
    words: str,
    language: str,
    *,
    hashtags: Collection[str] = (),
    alt: str = "",
    links: Collection[str] = (),
    year: int = 0,
) -> tuple[Finding, ...]:
    """The findings in a post in this language (a code such as 'en'), in the order of the text, at most `MOST`.

    `hashtags` are those the account uses, `links` the addresses beside those in the words, `alt` the alternative text.
    The `year` is that of the post: what is said of a later one is to come, and of an earlier one over; 0 for unknown.
    """
    own, every = pack(language), pack("mul")
    if every.links is None:
        return ()
    post = read(words[:LONGEST], links, own.abbreviations)
    hits = chain(
        _loud(post),
        _hashtags(post, hashtags),
        _links(post, every.links),
        _by_rules(post, own, every.links, year),
        prose.people(post, own.names),
        prose.capitals(post, own.capitals),
        prose.reading(post, own.reading),
    )
    found = _gather(post, hits)
    found += [Finding("alt", reason, _shorten(alt, 0)) for reason in _alt(alt, own)]
    return _most_important(found)


# --- what is looked for in every language -----------------------------------------------------------------------------


def _loud(post: Post) -> Iterator[Hit]:
    return (Hit(m.start(), "shouting", "exclamation") for m in _LOUD.finditer(post.plain))


def _hashtags(post: Post, wanted: Collection[str]) -> Iterator[Hit]:
    known = {_fold(tag.lstrip("#＃")) for tag in wanted}
    for match in _HASHTAG.finditer(post.plain):
        if _fold(match.group()[1:]) not in known:
            yield Hit(match.start(), "hashtag", "hashtag", match.group())


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _links(post: Post, rules: Links) -> Iterator[Hit]:
    for match in _SHORT_URL.finditer(post.plain):
        if _host(match.group().partition("/")[0]) in rules.shorteners:
            yield Hit(match.start(), "tracking", "tracking-shortened", match.group())
    for match in _FRONT_PAGE.finditer(post.plain):
        yield Hit(match.start(), "link", "link-to-front-page", match.group())
    for at, url in post.urls:
        yield from _link(at, url, rules)
    addresses = dict.fromkeys(url for _, url in post.urls)
    if len(addresses) > rules.most:
        third = list(addresses)[rules.most]
        yield Hit(next(at for at, url in post.urls if url == third), "link", "link-count")


def _link(at: int, url: str, rules: Links) -> Iterator[Hit]:
    try:
        parts = urlsplit(url)
    except ValueError:  # such as brackets that are no address of a machine
        return
    host = _host(parts.netloc)
    if host not in rules.allowed:
        if host in rules.shorteners:
            yield Hit(at, "tracking", "tracking-shortened", host)
        for key, _ in parse_qsl(parts.query[:2000], keep_blank_values=True):
            if any(key.startswith(t[:-1]) if t.endswith("*") else key == t for t in rules.tracking):
                yield Hit(at, "tracking", "tracking-tag", key)
                break
    if parts.scheme.lower() == "http":
        yield Hit(at, "link", "link-insecure", host)
    if not parts.path.strip("/") and not parts.query and not parts.fragment:
        yield Hit(at, "link", "link-to-front-page", host)


def _host(netloc: str) -> str:
    return netloc.rpartition("@")[2].partition(":")[0].casefold().removeprefix("www.")


def _alt(alt: str, own: Pack) -> Iterator[str]:
    if _FILE.fullmatch(alt.strip()):
        yield say("advice-alt-file")
    elif own.alt_starts and phrases(find=own.alt_starts).match(alt.strip()):
        yield say("advice-alt")


# --- what is looked for with a pack -----------------------------------------------------------------------------------


def _by_rules(post: Post, own: Pack, links: Links, year: int) -> Iterator[Hit]:
    clear = {"link"} if post.urls else set()
    addresses = (url.casefold().partition("://")[2] for _, url in post.urls)
    if any(address.startswith(links.announcements) for address in addresses):
        clear.add("announcement")
    for rule in own.rules:
        if (
            rule.unless not in clear
            and _may_be_in(post, rule, own)
            and (not rule.beside or _has(rule.beside, post.plain))
        ):
            yield from _by_rule(post, rule, own, year)


def _may_be_in(post: Post, rule: Rule, own: Pack) -> bool:
    """Whether it is worth the time to look for what a rule finds."""
    wanted = traits(rule.find, rule.cased, *((own.months, own.weekdays, own.seasons) if rule.dates else ()))
    text = post.folded
    told = any(longest in text and all(piece in text for piece in others) for longest, others in wanted)
    return told or bool(rule.dates and _YEAR.search(post.plain))


def _by_rule(post: Post, rule: Rule, own: Pack, year: int) -> Iterator[Hit]:
    pattern = phrases(find=rule.find, cased=rule.cased, but=rule.but, more=dates(own) if rule.dates else "")

    @lru_cache  # once for each sentence, however many dates it has
    def _tells_past(sentence: tuple[int, int]) -> bool:
        return bool(rule.past) and _has(rule.past, post.plain[slice(*sentence)])

    def _is_past(date: str, sentence: tuple[int, int]) -> bool:
        told = _YEAR.search(date)
        if year and told and int(told.group()) != year:
            return not year < int(told.group()) <= year + _FORESEEN
        return date.isdigit() or _tells_past(sentence)  # a year alone says nothing, but when it is to come

    for match in pattern.finditer(post.plain):
        if match.lastgroup is None:
            continue
        if match.lastgroup == "date" and _is_past(match.group(), post.sentence(match.start())):
            continue
        yield Hit(match.start(), rule.kind, rule.reason, match.group())


def _has(find: tuple[str, ...], text: str) -> bool:
    return phrases(find=find).search(text) is not None


# --- what is shown ----------------------------------------------------------------------------------------------------


def _gather(post: Post, hits: Iterable[Hit]) -> list[Finding]:
    """One finding for all hits in a sentence that have the same reason, in the order of the text."""
    groups: dict[tuple[int, str, str], list[Hit]] = {}
    for hit in sorted(hits):
        groups.setdefault((post.sentence(hit.at)[0], hit.kind, hit.reason), []).append(hit)
    found = []
    for (start, kind, reason), group in groups.items():
        _, end = post.sentence(start)
        words = list(dict.fromkeys(say("advice-quoted", _shorten(hit.word, 0, 40)) for hit in group))
        sentence = _shorten(post.words[start:end], group[0].at - start)
        found.append(Finding(kind, say(f"advice-{reason}", ", ".join(words[:3])), sentence))
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
