"""What is looked for in the prose of a language that has a pack: people, capitals, and whether it is hard to read."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import chain, pairwise
from typing import Any

import regex

from smbot.checks import Capitals, Names, Reading, any_of
from smbot.checks.post import Hit, Post

_USER = regex.compile(r"(?i)(?<!\w)user(?:[ _]talk)?:[^\s\]|/#,;]{1,80}|(?<![\w/.@])@\w[\w-]*(?![\w/-])(?:@[\w.-]*\w)?")
_CAPITALS = regex.compile(r"(?<![\w#@.{/-])\p{Lu}{2,}+s?(?![\w}]|-\d)(?:\s\p{Lu}{2,}+s?(?![\w}]|-\d))*+")
_EXPLAINED_AFTER = regex.compile(r"(\p{Lu}{2,6})s?\s?\((?=[^()]{0,100}\p{Ll})")
_EXPLAINED_BEFORE = regex.compile(r"\((\p{Lu}{2,6})s?\)")
_CAPITALISED = r"\p{Lu}[\p{Ll}\p{M}'’]++(?:-\p{Lu}\p{Ll}++)*+(?![\w])"
_WORD = regex.compile(r"\p{L}[\p{L}\p{M}'’]*")


def people(post: Post, names: Names | None) -> Iterator[Hit]:
    for match in _USER.finditer(post.plain):
        word = match.group().rstrip(".:?!")
        if names is None or not ({word, word.lstrip("@").partition("@")[0].casefold()} & names.things):
            yield Hit(match.start(), "name", "mention", word)
    if names is not None:
        for match in _full_name(names.titles, names.particles).finditer(post.plain):
            at = match.end() - len(_without_starts(match.group("name"), names))
            if match.group("title") or _is_name(post.plain, at, match.end(), names):
                yield Hit(at, "name", "name", match.group()[at - match.end() :])
        for match in _maker(names.makers).finditer(post.plain):
            if _folded(match.group("name")) not in names.things:
                yield Hit(match.start("name"), "name", "name", match.group("name"))


@lru_cache(maxsize=64)
def _full_name(titles: tuple[str, ...], particles: tuple[str, ...]) -> Any:
    """A pattern for words with a capital letter in a row; with a title before it, one is enough."""
    title, particle = ("|".join(map(regex.escape, each)) or r"(?!)" for each in (titles, particles))
    more = rf"(?: (?:(?:{particle}) ){{0,2}}(?:{_CAPITALISED}|\p{{Lu}}\.))"
    titled = rf"(?P<title>{title})\.? (?P<name>{_CAPITALISED}{more}{{0,3}})"
    return regex.compile(rf"(?<![\w@#/.:-])(?:{titled}|(?P<name>{_CAPITALISED}{more}{{1,5}}))")


@lru_cache(maxsize=64)
def _maker(makers: tuple[str, ...]) -> Any:
    """A pattern for one word with a capital letter after what says who made something; not before another one."""
    return regex.compile(rf"(?<!\w)(?i:{any_of(makers)})\s(?P<name>{_CAPITALISED})(?! \p{{Lu}})")


def _folded(name: str) -> str:
    return name.casefold().replace("’", "'").removesuffix("'s")


def _without_starts(name: str, names: Names) -> str:
    while (first := name.partition(" "))[2] and first[0].casefold() in names.starts:
        name = first[2]
    return name


def _is_name(plain: str, start: int, end: int, names: Names) -> bool:
    """Whether these words are a person: by a given name, or by what stands before or after two or three of them."""
    words = _folded(plain[start:end]).split()
    pairs = (f"{one} {other}" for one, other in pairwise(words))
    if len(words) < 2 or not names.things.isdisjoint(chain(words, pairs)):
        return False
    if words[0] in names.given or words[0].partition("-")[0] in names.given:
        return True
    before = plain[max(0, start - 40) : start].casefold().replace(":", " ").split()[-2:]
    after = plain[end : end + 40].casefold().replace(",", " ").split()[:1]
    return len(words) < 4 and bool({" ".join(before), *before[-1:]} & {*names.cues} or {*after} & {*names.verbs})


def capitals(post: Post, rules: Capitals | None) -> Iterator[Hit]:
    """Abbreviations that are neither known nor explained, and words that are shouted."""
    if rules is None:
        return
    explained = set(_explained(post.plain))
    for match in _CAPITALS.finditer(post.plain):
        tokens = [token for token in match.group().split() if token.rstrip("s").casefold() not in rules.known]
        if any(len(token) > 6 or token.casefold() in rules.shouted for token in tokens):
            yield Hit(match.start(), "shouting", "in-capitals", match.group())
            continue
        for token in tokens:
            if (short := token.rstrip("s")) not in explained:
                explained.add(short)
                yield Hit(match.start(), "abbreviation", "abbreviation", short)


def _explained(plain: str) -> Iterator[str]:
    """The abbreviations explained as 'LTS (long-term support)' or 'long-term support (LTS)'."""
    for match in _EXPLAINED_AFTER.finditer(plain):
        yield match.group(1)
    for match in _EXPLAINED_BEFORE.finditer(plain):
        short = match.group(1)
        before = regex.split(r"[\s-]+", plain[max(0, match.start() - 120) : match.start()].casefold())
        if any(word.startswith(short[0].casefold()) for word in before[-len(short) - 3 :]):
            yield short


def reading(post: Post, rules: Reading | None) -> Iterator[Hit]:
    """Sentences that are too long; where there is none, the hardest one of a text that is hard to read."""
    if rules is None:
        return
    ends = (*post.starts[1:], len(post.plain))
    sentences = [(start, _WORD.findall(post.plain[start:end])) for start, end in zip(post.starts, ends, strict=True)]
    sentences = [(start, words) for start, words in sentences if words]
    long = [start for start, words in sentences if len(words) > rules.sentence]
    yield from (Hit(start, "reading", "long-sentence") for start in long)
    if long or sum(len(words) for _, words in sentences) < rules.least:
        return
    if _grade([words for _, words in sentences], rules) > rules.grade:
        hardest = max(sentences, key=lambda sentence: _grade([sentence[1]], rules))
        yield Hit(hardest[0], "reading", "hard-to-read")


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
