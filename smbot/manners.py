"""What the accounts never do: they answer nobody, tag nobody, and never say the same with two voices on X. Pure.

The operating page: no replies, as the accounts are no support channel. https://www.mediawiki.org/wiki/Social_media
On X, posting the same words from several accounts is platform manipulation:
https://help.x.com/en/rules-and-policies/authenticity
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import reduce

import regex

from smbot import compose
from smbot.memory import DEFERRED, GIVEN_UP, REFUSED, RETRACTED, Memory
from smbot.messages import say
from smbot.model import Candidate, Problem, Text
from smbot.settings import Settings

ONE_VOICE = "x"  # the network on which no two accounts may say the same
_NOT_OUT = (DEFERRED, REFUSED, GIVEN_UP, RETRACTED)

# A name after @, or @name@server as the fediverse writes it; not the @ of an e-mail address or in a web address.
_MENTION = regex.compile(r"(?<!\w[.+=-])(?<![\w@＠/])[@＠]\w[\w.-]{0,100}(?:@[\w-][\w.-]{0,100})?(?<![.-])")
_TO = r"(?:in (?:reply|answer|response)|replying) to"
_MESSAGE = r"(?:thread|post|question|comment|message|tweet|toot|e?-?mail)"
_TELLS = r"(?:is|are|was|were|will|can|has|have|gets?|takes?|works?|becomes?)"
# What begins as an answer: to a name or an address, as an e-mail does, or to a message, before it says anything itself.
_REPLY = regex.compile(
    rf"\s*(?:(?:(?:RT|re|reply to|{_TO})[\s:]+)?\.?[@＠]\w|(?:reply to|{_TO})\s+https?://"
    rf"|(?:re|antw(?:ort)?|rép(?:onse)?)\s?:\s"
    rf"|{_TO}\s+(?:you|(?:this|that)(?!\s*\w)|(?:your|this|that|the)\s+(?:\w+\s+)?{_MESSAGE}"
    r"|your\s+(?:\w+\s+)?request)\b"
    rf"(?:(?!\b{_TELLS}\b)[^.,:!?–—\n]){{0,80}}(?:[,:–—\n]|$))",
    regex.IGNORECASE,
)
# How notes ask for an answer, by language. It is one only where the address of somebody's post is beside them.
_ANSWER = {
    "en": r"repl(?:y|ies|ying)|respon(?:ds?|ding|ses?)|answer(?:s|ing)?(?! (?:\w+ )?questions)",
    "de": r"(?:be)?antwort\w*|erwider\w*",
    "fr": r"répon\w*",
    "ar": r"(?:ال|لل|بال|ك)رد|رد[ًّا]\w*|أجب|أجيبوا|(?:ال)?إجابة|(?:ال)?جواب",
    "hi": r"उत्तर|जवाब",
    "or": r"ଉତ୍ତର|ଜବାବ",
}
_ASKS = regex.compile(rf"\b(?:{'|'.join(_ANSWER.values())})\b", regex.IGNORECASE)
_ADDRESS = regex.compile(r"https?://[^\s<>\[\]\"“”]*[\w/]", regex.IGNORECASE)


def problems(candidate: Candidate, texts: Mapping[str, Text], settings: Settings) -> Iterator[Problem]:
    """Why a candidate cannot be posted by accounts that keep these manners, each with the remedy."""
    words = [*filter(None, (candidate.warning, candidate.text, *(text for _, text in candidate.own)))]
    if any(map(is_reply, words)) or _asks_for_reply(candidate):
        yield Problem(say("problem-reply"), _elsewhere(settings))
    else:
        yield from _mentions(candidate, words, settings)
    on_x = [(channel, _said(text)) for channel, text in texts.items() if channel.endswith(f"/{ONE_VOICE}")]
    said = [words for _, words in on_x if words]
    if len(said) != len(set(said)):
        yield _one_voice(on_x[-1][0])


def repeated(id_: str, texts: Mapping[str, Text], memory: Memory) -> Iterator[Problem]:
    """Why a candidate cannot be posted after what other accounts have posted, for as long as that is remembered."""
    for delivery in memory.deliveries.values():
        account, network = delivery.channel.split("/")
        if network != ONE_VOICE or delivery.id == id_ or (delivery.state in _NOT_OUT and not delivery.posts):
            continue
        for channel, text in texts.items():
            another = channel.split("/") != [account, network]
            if another and channel.endswith(f"/{network}") and "" != _said(text) == _said(delivery.text):
                yield _one_voice(channel)
    for channel, text in texts.items():
        account = channel.split("/")[0]
        if memory.said.get(voice(channel, text), f"{account} ").rpartition(" ")[0] != account:
            yield _one_voice(channel)


def voice(channel: str, text: Text) -> str:
    """A fingerprint of the words that an account says on X; '' on other networks, and for a repost."""
    words = _said(text) if channel.endswith(f"/{ONE_VOICE}") else ""
    return compose.fingerprint(words)[:12] if words else ""


def is_reply(words: str) -> bool:
    """Whether a post of these words would answer somebody, or look as if."""
    return bool(_REPLY.match(words))


def _asks_for_reply(candidate: Candidate) -> bool:
    """Whether its notes want it to be the answer to somebody else's post."""
    if not _ASKS.search(candidate.notes):
        return False
    addresses = (candidate.link, *_ADDRESS.findall(candidate.notes))
    return any(map(compose.network_of, addresses))


def _mentions(candidate: Candidate, words: Iterable[str], settings: Settings) -> Iterator[Problem]:
    if all(settings.accounts[name].mentions for name in candidate.accounts if name in settings.accounts):
        return
    for name in dict.fromkeys(name for text in words for name in _MENTION.findall(text)):
        yield Problem(say("problem-mention", name), say("problem-mention-remedy"))


def _elsewhere(settings: Settings) -> str:
    if not settings.support:
        return say("problem-reply-remedy")
    places = reduce(lambda some, last: say("list-and", some, last), settings.support)
    return f"{say('problem-reply-remedy')} {say('problem-reply-support', places)}"


def _one_voice(channel: str) -> Problem:
    account = channel.split("/")[0]
    return Problem(say("problem-one-voice"), say("problem-one-voice-remedy", channel, account))


def _said(text: Text) -> str:
    """The words as they are compared: X looks past white space and case."""
    return " ".join(" ".join(text.parts).casefold().split())
