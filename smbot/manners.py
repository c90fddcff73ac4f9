"""What the accounts never do: they answer nobody, tag nobody, and never say the same with two voices on X. Pure.

The operating page: no replies, as the accounts are no support channel. https://www.mediawiki.org/wiki/Social_media
On X, posting the same words from several accounts is platform manipulation:
https://help.x.com/en/rules-and-policies/authenticity
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import reduce

import regex

from smbot.compose import fingerprint
from smbot.memory import DEFERRED, GIVEN_UP, REFUSED, RETRACTED, Memory
from smbot.messages import say
from smbot.model import Candidate, Problem, Text
from smbot.settings import Settings

ONE_VOICE = "x"  # the network on which no two accounts may say the same
_NOT_OUT = (DEFERRED, REFUSED, GIVEN_UP, RETRACTED)

# A name after @, or @name@server as the fediverse writes it; not the @ of an e-mail address or in a web address.
_MENTION = regex.compile(r"(?<!\w[.+=-])(?<![\w@＠/])[@＠]\w[\w.-]{0,100}(?:@[\w-][\w.-]{0,100})?(?<![.-])")
_REPLY = regex.compile(r"\s*(?:(?:RT|re|reply to|in reply to)[\s:]+)?\.?[@＠]\w", regex.IGNORECASE)
# Somebody else's post, which the request is to answer.
_ASKS = regex.compile(
    r"\b(?:reply|replying|respond|response|answer)\b.{0,200}?https?://(?:\S*?/@\S+/\d|(?:x|twitter|bsky|facebook)\.)",
    regex.IGNORECASE | regex.DOTALL,
)


def problems(candidate: Candidate, texts: Mapping[str, Text], settings: Settings) -> Iterator[Problem]:
    """Why a candidate cannot be posted by accounts that keep these manners, each with the remedy."""
    words = [*filter(None, (candidate.warning, candidate.text, *(text for _, text in candidate.own)))]
    if any(map(is_reply, words)) or _ASKS.search(candidate.notes):
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
    return fingerprint(words)[:12] if words else ""


def is_reply(words: str) -> bool:
    """Whether a post of these words would answer somebody, or look as if."""
    return bool(_REPLY.match(words))


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
