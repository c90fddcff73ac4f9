"""From an item to a good post: the fact first, in whole sentences, with the link that helps its readers most.

Pure, and the same for the same item. People's sentences are not rewritten: what leaves the words are references and
captions, and, where a network has too little room, whole sentences from the end.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import regex
from msgspec.structs import replace

from smbot import compose
from smbot.model import Candidate, Event, Item, Link, Rules, Text
from smbot.sentences import CLOSE, STOPS, ends, stops
from smbot.settings import Account
from smbot.wikilinks import without_my_language

MOST_TAGS = 2
LONGEST = 5000  # characters of a post: of a longer text the first sentences are taken, a longer template is not

# Shows a moment in the time zone of its reader: https://zonestamp.toolforge.org/
_LOCAL_TIME = "https://zonestamp.toolforge.org/{}"
_TASK_PAGE = "https://phabricator.wikimedia.org/{}"
_CHANGE_PAGE = "https://gerrit.wikimedia.org/r/{}"


def propose(
    item: Item,
    template: str,
    speakers: tuple[str, ...],
    accounts: Mapping[str, Account],
    rules: Mapping[str, Rules],
    own: Mapping[str, str] = {},
) -> Candidate:
    """The post that an item proposes for the accounts `speakers`.

    `template` says how, with `$text $title $when $local $date $group $section $tags`; `$$` is a dollar, and any other
    `$word` stays. `own` has the templates of accounts that say it in their own way. `rules` are those of every channel.
    A network with too little room gets words of its own: without hashtags, and with as many sentences as fit. Where not
    even one fits they are left whole, so that the card tells the maintainers.
    """
    title, text = _told(_line(item.title)[:LONGEST]), _told(_beginning(item.text))
    link = _best_link(item, (*title.work, *text.work))
    draft = _Draft(template, item, title.text, text.text, "")
    drafts = {
        name: draft._replace(
            template=own.get(name, template), tags=_tags(item, accounts[name]) if name in accounts else ""
        )
        for name in speakers
    }
    said = {name: draft.words() for name, draft in drafts.items()}
    wanted = {
        channel: _fitted(drafts[name], said[name], link, replace(accounts[name], networks=(network,)), rules[channel])
        for name in speakers
        if name in accounts
        for channel, network in zip(accounts[name].channels, accounts[name].networks, strict=True)
    }
    usual = next((said[name] for name in speakers if name not in own), draft.words())
    return Candidate(speakers, usual, _own(usual, said, wanted), link, language=item.language)


def _own(text: str, said: Mapping[str, str], wanted: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The words of their own that give every channel what it is to have, where all others have `text`.

    `said` is what each account says where there is room. See `Candidate.own` for whose words count.
    """
    own = {name: words for name, words in said.items() if words != text}
    for network in dict.fromkeys(channel.split("/")[1] for channel in wanted):
        there = {channel: words for channel, words in wanted.items() if channel.endswith(f"/{network}")}
        shortened = any(words != said[channel.split("/")[0]] for channel, words in there.items())
        if shortened and len(set(there.values())) == 1:
            own[network] = next(iter(there.values()))
    for channel, words in wanted.items():
        account, network = channel.split("/")
        if words != next((own[name] for name in (channel, network, account) if name in own), text):
            own[channel] = words
    return tuple(own.items())


# --- templates ------------------------------------------------------------------------------------------------------

_PLACE = regex.compile(r"\$(\$|[A-Za-z]+)")
_SPACES = regex.compile(r"[ \t\r\f\v]++")
_GAP = regex.compile(r"\n{3,}")
_GONE = "\x00"  # stands where a placeholder had nothing to say
_LABEL = regex.compile(r"[^\p{L}\p{N}]*+|[^\n]*[:：]\s*")
_APART = r"\s:|·–—\-"  # what may stand between two placeholders
_SEAM = regex.compile(
    rf"^\s*{_GONE}[{_APART}{_GONE}]*"
    rf"|(?<![{_APART}])[{_APART}]*+(?:{_GONE}(?=\s*$|\s*[|·–—])|[(\[]{_GONE}[)\]])"
    rf"|{_GONE}"
)


class _Draft(NamedTuple):
    """How one account says an item."""

    template: str
    item: Item
    title: str
    text: str
    tags: str

    def words(self, text: str | None = None, tags: str | None = None) -> str:
        """The template filled in; with other words for `$text` or `$tags` where they are given.

        Where the template says nothing of this item it is told by its text, or by its title.
        """
        item = self.item
        text = self.text if text is None else text
        values = {
            "text": "" if text == self.title and "$title" in self.template else text,
            "title": self.title,
            "when": _when(item.event) if item.event else "",
            "local": _local(item.event) if item.event else "",
            "date": f"{item.published.day} {item.published:%B %Y}" if item.published else "",
            "group": _line(item.group),
            "section": _line(item.section),
            "tags": self.tags if tags is None else tags,
        }
        words = _fill(self.template, values)
        return words if 0 < len(words) <= 2 * LONGEST else text or self.title

    @property
    def titled(self) -> bool:
        """Whether it says something of the item even without its text."""
        return bool(self.title) and "$title" in self.template


def _fill(template: str, values: Mapping[str, str]) -> str:
    """The template with its values. Lines that they leave empty go, and so does a mere label, such as 'When:'."""

    def marked(found: regex.Match[str]) -> str:
        return found[0] if values.get(found[1], found[0]) else _GONE

    def filled(found: regex.Match[str]) -> str:
        return "$" if found[1] == "$" else values.get(found[1], found[0])

    lines: list[str] = []
    for line in template.split("\n"):
        said = [values[name] for name in _PLACE.findall(line) if name in values]
        left = _PLACE.sub(marked, line)
        if any(said) or not said or not _LABEL.fullmatch(left.replace(_GONE, "")):
            lines.append(_PLACE.sub(filled, _SEAM.sub("", left)))
    return _tidy("\n".join(lines))


def _tidy(words: str) -> str:
    """Single spaces (no-break spaces stay), none at the edges of lines, and at most one empty line."""
    words = unicodedata.normalize("NFC", words)  # as the wiki will store them
    lines = (line.strip() for line in _SPACES.sub(" ", words).split("\n"))
    return _GAP.sub("\n\n", "\n".join(lines)).strip()


def _line(words: str) -> str:
    return " ".join(words.split())


_NIGHT = timedelta(hours=12)  # what ends sooner, be it after midnight, is of one day


def _when(event: Event) -> str:
    """'Friday, 4 December 2026, 18:00 UTC', or only the day; of what takes days also its end: '3–5 December 2026'."""
    start, end = event.start, event.end
    if end is None or end.date() <= start.date() or (not event.whole_day and end - start <= _NIGHT):
        return _day(start) if event.whole_day else _moment(start)
    if not event.whole_day:
        return f"{_moment(start)} – {_moment(end)}"
    last = f"{end.day} {end:%B %Y}"
    if start.year != end.year:
        return f"{start.day} {start:%B %Y} – {last}"
    return f"{start.day}–{last}" if start.month == end.month else f"{start.day} {start:%B} – {last}"


def _moment(at: datetime) -> str:
    return f"{_day(at)}, {at:%H:%M} UTC"


def _day(at: datetime) -> str:
    return f"{at:%A}, {at.day} {at:%B %Y}"


def _local(event: Event) -> str:
    return "" if event.whole_day else _LOCAL_TIME.format(int(event.start.timestamp()))


# --- hashtags -------------------------------------------------------------------------------------------------------

# Scripts without spaces between words, in which a word may begin and end anywhere.
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_HYPHEN = r"[\s_-]?"
_HUMP = regex.compile(r"(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})|(?<=\p{L})(?=\p{N})|_+")


def _tags(item: Item, account: Account) -> str:
    """The hashtags of the account whose words the item has; none that it has as a hashtag already."""
    words = f"{item.title}\n{item.text}"
    fitting = (tag for tag in account.hashtags if _sought(tag).search(words))
    return " ".join([tag for tag in fitting if tag.casefold() not in words.casefold()][:MOST_TAGS])


@lru_cache(maxsize=1024)
def _sought(tag: str) -> regex.Pattern[str]:
    """What to look for in words to know that a hashtag fits: 'tech news' and 'TechNews' for '#TechNews'."""
    parts = map(regex.escape, filter(None, _HUMP.split(tag.lstrip("#"))))
    word = rf"[[\w\p{{M}}#]--[{_UNSPACED}]]"
    return regex.compile(rf"(?<!{word}){_HYPHEN.join(parts)}(?!{word})", flags=regex.V1 | regex.I)


# --- what of the text is news ---------------------------------------------------------------------------------------

_TASK = (
    r"(?:(?:(?:https?://phabricator\.wikimedia\.org/|(?i:phab(?:ricator)?: ?))T\d{1,7}|T\d{3,7})(?:#\d++)?"
    r"|(?:https?://gerrit\.wikimedia\.org/r/|(?i:gerrit(?: change)?[: ] ?))\d{1,8}(?![\w/]))"
)
_WORK_NAME = regex.compile(r"\b(?P<task>T\d+)|(?i:gerrit)\D{1,20}(?P<change>\d+)")
_TASKS = rf"{_TASK}(?:(?: ?[,;&/] ?| and | ){_TASK})*+"
_IN_BRACKETS = rf"[(\[（](?:(?i:see|tasks?|bugs?|phab(?:ricator)?)\b:? ?){{0,3}}{_TASKS}[)\]）](?!\w)"
_BEHIND = rf"(?<=[{STOPS}][{CLOSE}]?)"  # a sentence
_REFERENCE = regex.compile(
    rf"^(?:{_IN_BRACKETS}[ :–—-]*+|{_TASKS}(?::| [–—-]) (?!\p{{Ll}}))"
    rf"|{_BEHIND} ?{_IN_BRACKETS}\.?"
    rf"| ?{_IN_BRACKETS}"
    rf"|(?:{_BEHIND}| [–—-]) {_TASKS}\.?(?= ?(?:\n|$))"
    rf"|{_BEHIND}(?: ?\[\d{{1,3}}\])++(?=\s|$)"  # the footnotes of a rendered page
)
# The captions of the icons of Tech News, where a page was copied without its icons.
_CAPTION = regex.compile(
    r"(?:(?:[(\[](?i:advanced|recurrent) item[)\]]:?|(?:Advanced|Recurrent) item(?::| (?=\p{Lu}\p{Ll}|An? ))) *)++"
)


class _Told(NamedTuple):
    """The words that are news, and the addresses of the tasks and changes that were references in them."""

    text: str
    work: tuple[str, ...]


def _told(words: str) -> _Told:
    """Words without captions and references. A task or change that is part of a sentence stays."""
    words = _tidy(words)
    lead = _CAPTION.match(words)
    work: list[str] = []

    def drop(found: regex.Match[str]) -> str:
        work.extend(_work_page(name["task"], name["change"]) for name in _WORK_NAME.finditer(found[0]))
        return ""

    told = _tidy(_REFERENCE.sub(drop, words[lead.end() :] if lead else words))
    return _Told(told, tuple(work)) if told else _Told(words, ())


def _work_page(task: str | None, change: str | None) -> str:
    return _TASK_PAGE.format(task) if task else _CHANGE_PAGE.format(change)


def _beginning(text: str) -> str:
    """As many whole sentences as a post can ever have."""
    if len(text) <= LONGEST:
        return text
    text = text[:LONGEST]
    return text[: max(stops(text), default=LONGEST)]


# --- the link -------------------------------------------------------------------------------------------------------


class Worth(IntEnum):
    """What a link is to those who read the post, with the reason; the best comes last."""

    BACKGROUND = 0  # explains a word: an article of an encyclopedia, as [[IP address]]; or who did it
    PAGE = 1  # the page where the item was found; tells it again, among other things
    CLOCK = 2  # when it takes place, in the reader's own time
    TASK = 3  # where developers work; hard to read for all others
    ANSWER = 4  # where to discuss it, or notes of it: for those who know it already
    SPECIAL = 5  # a tool that is talked about, without a word on what is new
    FOOTNOTE = 6  # no words lead there
    TOLD_IN_TASK = 7  # a task that the text itself sends its readers to: 'read more'
    NAMESAKE = 8  # a page named like its label: about the thing, less about what is new
    NAMED = 9  # a label that names what is new
    MANUAL = 10  # its manual
    INVITED = 11  # the text itself sends its readers there: 'read more', 'how to join'
    ITSELF = 12  # the address of the item, as a feed has it


_INVITES = regex.compile(
    r"\b(?:(?:read|learn|find out|see|know) (?:more|about|how)|more (?:information|details|about)|details|how to"
    r"|documentation|instructions|guide|lees meer|meer (?:lezen|informatie)|mehr erfahren|weiterlesen|en savoir plus"
    r"|lire la suite|más información|leer más|saib?a mais|ler mais)\b",
    flags=regex.IGNORECASE,
)
_ASKS = regex.compile(r"\b(?:feedback|discuss|comments?|let (?:us|them) know|talk page|ask)\b", flags=regex.IGNORECASE)
_TALK = regex.compile(r"(?:^|.* )talk:", flags=regex.IGNORECASE)
# A page of somebody, in the languages of smbot and some more; what is below it may be news, such as a script.
_PERSON = regex.compile(
    r"(?:User|Benutzer(?:in)?|Utilisat(?:eur|rice)|Usuari[oa]|Gebruiker|Utente|مستخدمة?|सदस्य|ବ୍ୟବହାରକାରୀ)"
    r"(?: talk)?:[^/]++",
    flags=regex.IGNORECASE,
)
_NOTES = regex.compile(r"(?:meeting )?(?:notes|minutes|etherpad)", flags=regex.IGNORECASE)
_WORK = regex.compile(
    r"https?://(?:(?:phabricator|gerrit|bugzilla)\.wikimedia\.org/"
    r"|[^/]++/(?:[^/?#]++/){1,6}(?:issues|pull|commit|merge_requests)/)"
)
_CLOCKS = ("timeanddate.com", "zonestamp.toolforge.org", "time.is")
_ENCYCLOPEDIAS = (".wikipedia.org", ".wiktionary.org")
_ADDED = regex.compile(r"^[^:]*+:| \([^()]*+\)$|s$")
_LANGUAGE = regex.compile(r"^[a-z-]{2,12}:")
_MANUALS = ("Help:", "Manual:", "API:")


def _best_link(item: Item, work: Iterable[str]) -> str:
    """The link of the greatest worth, of several alike the first; '' where there is none at all."""
    links = [*item.links, *map(Link, work)]
    page = regex.sub(r"[?&]oldid=\d+$", "", item.permalink.url)  # as it is when somebody reads the post
    worth = {page: Worth.PAGE} if page else {}
    for link in links:
        if compose.is_web_address(link.url):
            worth[link.url] = max(worth.get(link.url, Worth.BACKGROUND), worth_of(link, item))
    return max(worth, key=lambda url: worth[url], default="")


def worth_of(link: Link, item: Item) -> Worth:
    """What a link of an item is worth. Its address is a web address."""
    parts = urlsplit(link.url)
    host = parts.hostname or ""
    title = without_my_language(unquote(parts.path.partition("/wiki/")[2]).replace("_", " "))
    label = _line(link.label)
    if link.url in item.keys or (label and label == _line(item.title)):
        return Worth.ITSELF
    if _WORK.match(link.url):
        return Worth.TOLD_IN_TASK if _INVITES.search(label) else Worth.TASK
    if not label:
        return Worth.FOOTNOTE
    if host.endswith(_CLOCKS):
        return Worth.CLOCK
    if label == link.url:  # the text itself spells it out
        return _page_worth(title, title, host) if title else Worth.NAMED
    if _INVITES.search(label):
        return Worth.INVITED
    if host.endswith(_ENCYCLOPEDIAS) and _is_glossary(label, title):
        return Worth.BACKGROUND
    return _page_worth(label, title, host)


def _page_worth(label: str, title: str, host: str) -> Worth:
    if label.startswith("Special:") or title.startswith("Special:"):
        return Worth.SPECIAL
    if _PERSON.fullmatch(title):
        return Worth.BACKGROUND
    if _TALK.match(title) or _ASKS.search(label) or _NOTES.fullmatch(label) or host.startswith("etherpad."):
        return Worth.ANSWER
    if title.startswith(_MANUALS) or host.startswith(("doc.", "docs.")):
        return Worth.MANUAL
    return Worth.NAMESAKE if _plain(label) == _plain(title) else Worth.NAMED


def _is_glossary(label: str, title: str) -> bool:
    """Whether it explains a word: an article, called by its name or shortly."""
    title = _LANGUAGE.sub("", title)  # as in [[w:en:CAPTCHA]]
    return ":" not in title and (_plain(label) == _plain(title) or len(label.split()) <= 2)


def _plain(title: str) -> str:
    """A title as it is compared: without namespace, plural and what tells it from others of its name."""
    return _ADDED.sub("", title).casefold().strip()


# --- room -----------------------------------------------------------------------------------------------------------


def _fitted(draft: _Draft, whole: str, link: str, account: Account, rules: Rules) -> str:
    """The words for the one channel of `account`: whole, else as many sentences as fit, else whole after all."""
    (channel,) = account.channels

    def fits(words: str) -> bool:
        candidate = Candidate((account.name,), words, link=link, language=draft.item.language)
        return _fits(compose.texts(candidate, {account.name: account}, {channel: rules})[channel], rules)

    if fits(whole):
        return whole
    return _shortened(draft, fits) or whole


def _fits(text: Text, rules: Rules) -> bool:
    """Whether each post of a thread, of ten at most, has room; the same that `compose.problems` asks for."""
    return len(text.parts) <= compose.MOST_POSTS and all(
        compose.length(words, rules) <= rules.characters
        and (not rules.bytes or len(words.encode("utf-8", "surrogatepass")) <= rules.bytes)
        for words in text.parts
    )


def _shortened(draft: _Draft, fits: Callable[[str], bool]) -> str:
    """As many whole sentences of the text as fit, the rest of the template around them; '' where not even one does.

    A hashtag is worth less than a sentence, and is left out. A title may stand alone.
    """
    places = [*([0] if draft.titled else []), *ends(draft.text)]
    count = bisect_left(places, True, key=lambda end: not fits(draft.words(draft.text[:end], "")))
    return draft.words(draft.text[: places[count - 1]], "") if count else ""
