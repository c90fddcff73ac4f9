"""From items to candidates, and from candidates to the exact Text of each channel.

Preview and publishing both come through `texts`, and a decision is bound to `digest`: what is shown is what is sent.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import regex

from smbot.forms import show_time
from smbot.model import Candidate, Image, Item, Problem, Rules, Text
from smbot.settings import Account

LONGEST = 20_000  # characters of words that are looked at closely

# Characters that a reader does not see, or that move what is seen: https://www.unicode.org/reports/tr9/ and tr39.
# Marks that scripts need (ZWJ, ZWNJ, LRM, RLM, variation selectors, emoji tags) are looked at in their context.
_HIDDEN = regex.compile(
    r"[\p{Cc}--[\n]]"  # controls
    r"|[\u202A-\u202E\u2066-\u2069]"  # embeddings, overrides, isolates
    r"|(?<!\p{Extended_Pictographic}[\U000E0020-\U000E007E]{0,32})[\U000E0000-\U000E007F]"  # tags outside a flag
    r"|(?<![[\p{L}\p{M}\p{Extended_Pictographic}\p{Emoji_Modifier}\uFE0F]--[\p{Latin}\p{Greek}\p{Cyrillic}]])[\u200C\u200D]"
    r"|[\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B\u2028\u2029\u2060-\u2065\u206A-\u206F]"
    r"|[\u3164\uFEFF\uFFA0\uFFF0-\uFFFB\p{Co}\p{Cs}]",
    flags=regex.VERSION1,
)
_RIGHT_TO_LEFT = regex.compile(r"[\p{Hebrew}\p{Arabic}\p{Syriac}\p{Thaana}\p{Nko}]")
_DIRECTION_MARKS = regex.compile(r"[\u200E\u200F]")


def from_item(item: Item, accounts: tuple[str, ...]) -> Candidate:
    """The post an item proposes: its words, and its first link that carries words (else its first, else its page)."""
    link = next((link for link in item.links if link.label), next(iter(item.links), None))
    return Candidate(
        accounts=accounts,
        text=item.text,
        link=link.url if link else item.permalink.url,
        language=item.language,
    )


def texts(candidate: Candidate, accounts: Mapping[str, Account]) -> dict[str, Text]:
    """The exact Text for every channel of the candidate's accounts; accounts that do not exist are left out."""
    own = dict(candidate.own)
    images = (Image(candidate.image, candidate.alt),) if candidate.image else ()
    return {
        channel: Text(_with_link(own.get(name, candidate.text), candidate.link), candidate.language, images)
        for name in candidate.accounts
        if name in accounts
        for channel in accounts[name].channels
    }


def _with_link(words: str, link: str) -> str:
    words = unicodedata.normalize("NFC", words)
    there = regex.search(rf"{regex.escape(link)}(?![\w/?#&=%~-]|[.,:;!]\w)", words)  # not just the start of another
    return words if not link or there else f"{words}\n\n{link}".strip()


def digest(candidate: Candidate, texts_: Mapping[str, Text]) -> str:
    """A short fingerprint of everything a decision is about: channels, words, languages, images, alt texts, times."""
    posts = sorted((name, t.words, t.language, [(i.file, i.alt) for i in t.images]) for name, t in texts_.items())
    times = [show_time(candidate.not_before), show_time(candidate.not_after)]
    everything = [posts, sorted(candidate.accounts), times]
    return fingerprint(json.dumps(everything, ensure_ascii=False))


def fingerprint(text: str) -> str:
    """16 hexadecimal digits that stand for `text`."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def problems(candidate: Candidate, accounts: Mapping[str, Account], rules: Mapping[str, Rules]) -> tuple[Problem, ...]:
    """Why a candidate cannot be posted as it stands, each with the remedy; () when it can."""
    return tuple(dict.fromkeys(_problems(candidate, accounts, rules)))


def _problems(candidate: Candidate, accounts: Mapping[str, Account], rules: Mapping[str, Rules]) -> Iterator[Problem]:
    names = ", ".join(sorted(accounts)) or "none yet"
    if not candidate.accounts:
        yield Problem("No account is named.", f"Write one or more in ‘accounts’. There are: {names}.")
    for name in candidate.accounts:
        if name not in accounts:
            yield Problem(f"There is no account ‘{name}’.", f"There are: {names}.")
        elif not accounts[name].channels:
            yield Problem(f"Account {name} is on no network yet.", "An administrator can add one in the settings.")
    for name in dict(candidate.own):
        if name not in candidate.accounts:
            yield Problem(f"There are words for ‘{name}’, which is not among the accounts.", "Name it in ‘accounts’.")
    if candidate.link and not is_web_address(candidate.link):
        yield Problem(f"‘{candidate.link}’ is not a web address.", "Write it in full, beginning with https://.")
    if candidate.not_before and candidate.not_after and candidate.not_after <= candidate.not_before:
        yield Problem("‘not after’ is before ‘not before’.", "Change one of the two.")
    if not regex.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", candidate.language):
        yield Problem(f"‘{candidate.language}’ is not a language code.", "Write one such as en, or, pt-BR.")
    if candidate.image and not candidate.alt:
        yield Problem("The image has no alternative text.", "Say in ‘alt’ what it shows, for those who cannot see it.")
    if candidate.alt and not candidate.image:
        yield Problem("There is an alternative text but no image.", "Name the image in ‘image’, or empty ‘alt’.")
    for channel, text in texts(candidate, accounts).items():
        yield from _unfit(channel, text, rules[channel])


def length(words: str, rules: Rules) -> int:
    """How the network counts these words. What is hopelessly long is not looked at closely: that could take hours."""
    return rules.measure(words) if len(words) <= LONGEST else len(words)


def _unfit(channel: str, text: Text, rules: Rules) -> Iterator[Problem]:
    account = channel.split("/")[0]
    if not text.words:
        yield Problem(f"There are no words for {account}.", "Write them in ‘text’.")
    over = length(text.words, rules) - rules.characters
    if over > 0:
        yield Problem(
            f"The words for {account} on {rules.network} are {over} characters too long (limit {rules.characters}).",
            "Shorten them; nothing is ever cut.",
        )
    for image in text.images:
        if len(image.alt) > rules.alt_characters:
            yield Problem(f"The alternative text is longer than {rules.alt_characters} characters.", "Shorten it.")
        yield from _hidden(image.alt)
    yield from _hidden(text.words)


def _hidden(words: str) -> Iterator[Problem]:
    """Characters that could make the words people see differ from the words that are sent."""
    found = set(_HIDDEN.findall(words))
    if not _RIGHT_TO_LEFT.search(words):
        found |= set(_DIRECTION_MARKS.findall(words))
    if found:
        names = ", ".join(sorted(f"U+{ord(c):04X}" for match in found for c in match))
        yield Problem(f"There are invisible characters in the words ({names}).", "Type the words anew around them.")


def is_web_address(text: str) -> bool:
    """Whether `text` is one complete http(s) address, without a user name, which would look like a host."""
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        return False
    plain = not regex.search(r"[\s<>\"{}|\\^`\[\]\p{Cf}]", text)
    return plain and parts.scheme in ("http", "https") and "." in host and parts.username is None
