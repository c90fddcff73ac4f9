"""From candidates to the exact Text of each channel.

Preview and publishing both come through `texts`, and a decision is bound to `digest`: what is shown is what is sent.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache, partial
from urllib.parse import quote, urlsplit

import regex
from msgspec.structs import replace

from smbot import thread
from smbot.forms import show_time
from smbot.messages import say
from smbot.model import Can, Candidate, Image, Problem, Rules, Text
from smbot.settings import Account

LONGEST = 20_000  # characters of words that are looked at closely
MOST_POSTS = 10  # of one thread
_CREDIT = "\n\n📷 {}"
_CREDIT_ROOM = _CREDIT.format("x" * 80)  # what the first post of a thread leaves for it

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
_ASCII = "".join(map(chr, range(33, 127)))
RIGHT_TO_LEFT = regex.compile(r"[\p{Hebrew}\p{Arabic}\p{Syriac}\p{Thaana}\p{Nko}]")
_DIRECTION_MARKS = regex.compile(r"[\u200E\u200F]")


def texts(candidate: Candidate, accounts: Mapping[str, Account], rules: Mapping[str, Rules]) -> dict[str, Text]:
    """The exact Text for every channel of the candidate's accounts; accounts that do not exist are left out.

    `rules` are those of every channel of `accounts`. A network that takes no pictures gets the words alone.
    """
    own = dict(candidate.own)
    voices = [accounts[name] for name in candidate.accounts if name in accounts]
    found = {
        channel: _text(candidate, own, account, network, rules[channel])
        for account in voices
        for channel, network in zip(account.channels, account.networks, strict=True)
        if not (candidate.repost or candidate.like)
    }
    for account in voices if candidate.repost or candidate.like else ():
        found |= _pointing(candidate, account)
    for name in candidate.reposted_by:
        if name in accounts and name not in candidate.accounts:
            found |= _reposts(candidate, accounts[name], [c for c, text in found.items() if text.words], rules)
    return found


def _pointing(candidate: Candidate, account: Account) -> Iterator[tuple[str, Text]]:
    """The repost or like of somebody's post, on the network it is on."""
    for network in account.networks:
        if network == network_of(candidate.repost):
            yield f"{account.name}/{network}", Text("", candidate.language, repost=candidate.repost)
        elif network == network_of(candidate.like):
            yield f"{account.name}/{network}", Text("", candidate.language, like=candidate.like)


def _reposts(
    candidate: Candidate, account: Account, originals: Iterable[str], rules: Mapping[str, Rules]
) -> Iterator[tuple[str, Text]]:
    """The reposts of what another account has posted, on each network that both are on and that knows reposts."""
    where = {channel.split("/")[1]: channel for channel in reversed([*originals])}
    for channel, network in zip(account.channels, account.networks, strict=True):
        if network in where and Can.REPOST in rules[channel].can:
            yield channel, Text("", candidate.language, repost=where[network])


# Whose addresses are whose; any other may be one of the many servers of the fediverse.
_HOSTS = {"x.com": "x", "twitter.com": "x", "bsky.app": "bluesky", "facebook.com": "facebook"}
# What follows the host in the address of a post, and not in that of a profile, a group or any other page.
_POST = {
    "x": regex.compile(r"/(?:\w+|i/web)/status/\d+(?:/(?:photo|video)/\d+)?"),
    "bluesky": regex.compile(r"/profile/[^/?]+/post/[^/?]+"),
    "facebook": regex.compile(
        r"/(?:groups/)?[^/?]+/(?:posts|permalink|photos|videos)/[^?]*\w"
        r"|/(?:permalink|story)\.php\?(?:.*&)?story_fbid=\w+|/photo(?:\.php|/)?\?(?:.*&)?fbid=\w+"
        r"|/watch/?\?(?:.*&)?v=\w+|/(?:reel|share)/(?:[prv]/)?\w+"
    ),
    # Mastodon, GoToSocial, Pleroma, Misskey, Friendica, Pixelfed, Lemmy, PeerTube
    "mastodon": regex.compile(
        r"/@[^/?]+/(?:(?=\w*\d)\w+|(?:statuses|posts)/\w+)|(?:/ap)?/users/[^/?]+/statuses/\w+"
        r"|/(?:notice|notes|objects|display|w|videos/watch)/[\w-]+|/p/[^/?]+/\d+|/(?:post|comment)/\d+"
    ),
}
_REST = regex.compile(r"/?(?:[?&].*)?")


def network_of(url: str) -> str:
    """The network that a post with this address is on; '' where it is not the address of a post."""
    if not is_web_address(url):
        return ""
    parts = urlsplit(url)
    host = regex.sub(r"^(?:www|m|mobile|mbasic|web)\.", "", parts.hostname or "")
    network = _HOSTS.get(host, "mastodon")
    place = f"{parts.path}?{parts.query}" if parts.query else parts.path
    found = _POST[network].match(place)
    return network if found and _REST.fullmatch(place, found.end()) else ""


def _text(candidate: Candidate, own: Mapping[str, str], account: Account, network: str, rules: Rules) -> Text:
    names = (f"{account.name}/{network}", network, account.name)
    words = next((own[name] for name in names if name in own), candidate.text)
    words = _with_link(words, candidate.link, rules.plain_links)
    images = (Image(candidate.image, candidate.alt),) if candidate.image and rules.images else ()
    warning = unicodedata.normalize("NFC", candidate.warning)
    posts: tuple[str, ...] = (words,)
    if network in account.threads and Can.THREAD in rules.can:
        posts = _posts(words, warning, _CREDIT_ROOM if images else "", rules)
    elif "---" in words:
        posts = ("\n\n".join(thread.drawn(words)),)
    return Text(posts[0], candidate.language, images, posts[1:], warning, account.visibility)


@lru_cache(maxsize=2048)
def _posts(words: str, warning: str, credit: str, rules: Rules) -> tuple[str, ...]:
    """The posts of a thread: as people drew the lines, and each parted further where it is too long.

    Remembered, since a card is looked at in every revision of the page.
    """
    posts: list[str] = []
    for piece in thread.drawn(words):
        if length(piece, rules) > MOST_POSTS * rules.characters or not any(_excess(piece, rules, warning)):
            posts.append(piece)
        else:
            fits = partial(_fits, rules, warning, "" if posts else credit)
            posts += thread.split(piece, fits, MOST_POSTS)
    return tuple(posts) or ("",)


def _fits(rules: Rules, warning: str, credit: str, number: int, words: str) -> bool:
    return not any(_excess(words if number else words + credit, rules, warning))


def credited(text: Text, credit: str) -> Text:
    """The text as it is shown and sent: with the credit line of its picture, such as 'Jane Doe, CC BY-SA 4.0'.

    The digest is taken without it, since it belongs to the picture and not to the words.
    """
    visible = _DIRECTION_MARKS.sub("", _HIDDEN.sub("", " ".join(credit.split())))
    line = unicodedata.normalize("NFC", " ".join(visible.split()))
    if not (line and text.images and text.words):
        return text
    return replace(text, words=text.words + _CREDIT.format(line))


@lru_cache(maxsize=4096)
def _with_link(words: str, link: str, plain: bool) -> str:
    words = unicodedata.normalize("NFC", words)
    there = regex.search(rf"{regex.escape(link)}(?![\w/?#&=%~-]|[.,:;!]\w)", words)  # not just the start of another
    if not link or there:
        return words
    link = quote(link, safe=_ASCII) if plain and is_web_address(link) else link
    return f"{words}\n\n{link}".strip()


def digest(candidate: Candidate, texts_: Mapping[str, Text]) -> str:
    """A short fingerprint of everything a decision is about: channels, all that a Text says, times."""
    posts = sorted((name, *_told(text)) for name, text in texts_.items())
    times = [show_time(candidate.not_before), show_time(candidate.not_after)]
    everything = [posts, sorted(candidate.accounts), times] + ["evergreen"] * candidate.evergreen
    return fingerprint(json.dumps(everything, ensure_ascii=False))


def _told(text: Text) -> Iterator[object]:
    """All that a Text says. What only some posts have is left out of others, whose approvals so outlive an update."""
    yield from (text.words, text.language, [(image.file, image.alt) for image in text.images])
    if text != Text(text.words, text.language, text.images):
        yield from (text.rest, text.warning, text.visibility)
    if text.points_at:
        yield from (text.repost, text.like)


def fingerprint(text: str) -> str:
    """16 hexadecimal digits that stand for `text`."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def problems(
    candidate: Candidate,
    accounts: Mapping[str, Account],
    rules: Mapping[str, Rules],
    shown: Mapping[str, Text] | None = None,
) -> tuple[Problem, ...]:
    """Why a candidate cannot be posted as it stands, each with the remedy; () when it can.

    `shown` are its texts as they would go out, where that is known: with the credit of the picture.
    """
    found = [*_wrong(candidate, accounts)]
    for channel, text in (texts(candidate, accounts, rules) if shown is None else shown).items():
        found += _unfit(accounts[channel.split("/")[0]], channel, text, rules[channel])
    return tuple(dict.fromkeys(found))


def _wrong(candidate: Candidate, accounts: Mapping[str, Account]) -> Iterator[Problem]:
    """What is wrong wherever it is posted."""
    if not candidate.accounts:
        yield Problem(say("problem-unaddressed"), f"{say('problem-unaddressed-remedy')} {_there_are(accounts)}")
    for name in candidate.voices:
        if name not in accounts:
            yield Problem(say("problem-no-account", name), _there_are(accounts))
        elif not accounts[name].channels:
            yield Problem(say("problem-no-network", name), say("problem-no-network-remedy"))
    yield from _nowhere(candidate, accounts)
    if candidate.repost or candidate.like or candidate.reposted_by:
        yield from _pointless(candidate, accounts)
    if candidate.link and not is_web_address(candidate.link):
        yield Problem(say("problem-link", candidate.link), say("problem-address-remedy"))
    if candidate.not_before and candidate.not_after and candidate.not_after <= candidate.not_before:
        yield Problem(say("problem-times"), say("problem-times-remedy"))
    if not regex.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", candidate.language):
        yield Problem(say("problem-language", candidate.language), say("problem-language-remedy"))
    if candidate.image and not candidate.alt:
        yield Problem(say("problem-no-alt"), say("problem-no-alt-remedy"))
    if candidate.alt and not candidate.image:
        yield Problem(say("problem-only-alt"), say("problem-only-alt-remedy"))
    for words in (candidate.alt, candidate.warning):
        yield from _hidden(words)


def _there_are(accounts: Iterable[str]) -> str:
    names = ", ".join(sorted(accounts))
    return say("problem-accounts-there", names) if names else say("problem-accounts-none")


def _nowhere(candidate: Candidate, accounts: Mapping[str, Account]) -> Iterator[Problem]:
    """Words of its own for what is no account, network or channel of this post."""
    voices = [accounts[name] for name in candidate.accounts if name in accounts]
    places = dict.fromkeys(candidate.accounts)
    places |= dict.fromkeys(network for account in voices for network in account.networks)
    channels = {channel for account in voices for channel in account.channels}
    for name, _ in candidate.own:
        if name not in places and name not in channels:
            has = say("problem-nowhere-remedy", ", ".join(places)) if places else say("problem-nowhere-remedy-none")
            yield Problem(say("problem-nowhere", name), has)


def _pointless(candidate: Candidate, accounts: Mapping[str, Account]) -> Iterator[Problem]:
    """What is wrong with reposting or liking a post."""
    for act, url in (("repost", candidate.repost), ("like", candidate.like)):
        network = network_of(url)
        if not url:
            continue
        if not network:
            remedy = say("problem-no-post-remedy") if is_web_address(url) else say("problem-address-remedy")
            yield Problem(say("problem-no-post", url), remedy)
        elif not any(network in accounts[name].networks for name in candidate.accounts if name in accounts):
            yield Problem(say("problem-not-there", url), say("problem-not-there-remedy"))
        if candidate.text or candidate.own or candidate.image:
            yield Problem(say(f"problem-{act}-words"), say("problem-pointing-words-remedy", act))
    if candidate.repost and candidate.like:
        yield Problem(say("problem-repost-and-like"), say("problem-repost-and-like-remedy"))
    for name in set(candidate.reposted_by) & set(candidate.accounts):
        yield Problem(say("problem-repost-own", name), say("problem-repost-own-remedy"))


@lru_cache(maxsize=4096)
def length(words: str, rules: Rules, warning: str = "") -> int:
    """How the network counts a post of these words. What is hopelessly long is not looked at closely."""
    words = Text(words, warning=warning).warned
    return rules.measure(words) if len(words) <= LONGEST else len(words)


def costs(text: Text, rules: Rules) -> list[int]:
    """What each post of a thread costs there, in thousandths of a US dollar."""
    return [rules.mills(replace(text, words=words).warned) for words in text.parts]


def _excess(words: str, rules: Rules, warning: str) -> tuple[int, int]:
    """How many characters and bytes a post is too long; 0 where it is not."""
    warned = Text(words, warning=warning).warned
    size = len(warned.encode("utf-8", "surrogatepass")) if rules.bytes else 0
    return max(0, length(words, rules, warning) - rules.characters), max(0, size - rules.bytes)


def _unfit(account: Account, channel: str, text: Text, rules: Rules) -> Iterator[Problem]:
    network = channel.split("/")[1]
    if not text.words and not text.points_at:
        yield Problem(say("problem-no-words", account.name), say("problem-no-words-remedy"))
    yield from (problem for words in text.parts for problem in (*_hidden(words), *_gaps(words)))
    for image in text.images:
        if len(image.alt) > rules.alt_characters > 0:
            yield Problem(say("problem-alt-long", rules.alt_characters), say("problem-alt-long-remedy"))
    yield from (Problem(message, _shorter(account, network, rules)) for message in _too_long(account.name, text, rules))


def _shorter(account: Account, network: str, rules: Rules) -> str:
    """What to do about words that are too long."""
    remedy = say("problem-long-remedy", network)
    if Can.THREAD not in rules.can:
        return remedy
    has_threads = network in account.threads
    return f"{remedy} {say('problem-long-thread') if has_threads else say('problem-long-no-thread', network)}"


def _too_long(account: str, text: Text, rules: Rules) -> Iterator[str]:
    where = (account, rules.network)
    if len(text.parts) > MOST_POSTS:
        yield say("problem-many-posts", *where, MOST_POSTS)
        return
    for number, part in enumerate(text.parts, 1):
        characters, size = _excess(part, rules, text.warning)
        over, most = (characters, rules.characters) if characters else (size, rules.bytes)
        what = "characters" if characters else "bytes"
        if over and text.rest:
            yield say(f"problem-long-post-{what}", *where, over, most, number)
        elif over:
            yield say(f"problem-long-{what}", *where, over, most)


def _hidden(words: str) -> tuple[Problem, ...]:
    """Characters that could make the words people see differ from the words that are sent."""
    names = ", ".join(_invisible(words))
    return (Problem(say("problem-invisible", names), say("problem-invisible-remedy")),) if names else ()


_GAP = regex.compile(r"⟦[^⟦⟧\n]*\?⟧")  # the brackets alone stand in formulas, too


def _gaps(words: str) -> Iterator[Problem]:
    """What stands for a template of a wiki page that could not be put in words; see `wikitext.Plain`."""
    for gap in _GAP.findall(words):
        yield Problem(say("problem-gap", gap), say("problem-gap-remedy"))


@lru_cache(maxsize=4096)
def _invisible(words: str) -> tuple[str, ...]:
    found = set(_HIDDEN.findall(words))
    if not RIGHT_TO_LEFT.search(words):
        found |= set(_DIRECTION_MARKS.findall(words))
    return tuple(sorted(f"U+{ord(c):04X}" for match in found for c in match))


def is_web_address(text: str) -> bool:
    """Whether `text` is one complete http(s) address, without a user name, which would look like a host."""
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        return False
    plain = not regex.search(r"[\s<>\"{}|\\^`\[\]\p{Cf}]", text)
    return plain and parts.scheme in ("http", "https") and "." in host and parts.username is None
