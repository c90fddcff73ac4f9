"""What a post is about, as a few short marks that are remembered for comparing it later.

Where it links to, its task and release numbers, and its dates and numbers, whatever words are around them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from itertools import islice
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import regex

from smbot.sentences import ends
from smbot.wikilinks import without_my_language

LONGEST = 2000  # characters of a text that are compared
MARKS = {"task": 4, "release": 4, "link": 3}  # how many of each are remembered of one post, and one of facts
FACTS = 10  # dates and numbers remembered of one post

URL = regex.compile(r"https?://[^\s<>\[\]\"“”]+", regex.I)
_TASK = regex.compile(r"(?<!\w)T\d{4,7}(?!\w)")
_TRACKING = regex.compile(r"utm_\w*|mc_\w*|\w*clid|igshid?|ref|ref_src|source|wprov|si|s|feature")
_GENERIC_HOSTS = {"zonestamp.toolforge.org", "timeanddate.com", "meet.google.com", "zoom.us", "meet.jit.si"}
_GENERIC_TITLES = {
    *("", "main page", "news", "tech", "tech/news", "tech/news/latest", "mediawiki", "download", "social media"),
    *("wikimedia news", "office hours", "irc office hours", "wikipedia"),
}
_LANGUAGE = regex.compile(r"/[a-z]{2,3}(?:-[a-z]{2,8})*$")


def marks_of(text: str, links: Iterable[str] = ()) -> tuple[str, ...]:
    """What to remember of a post for comparing it later: at most 12 short texts, sorted.

    Tasks ('T230521'), releases ('mediawiki 1.45.1', '1.46.0-wmf.4'), hashes of the pages linked to ('l1a2b3c4d'; links
    to front pages, clocks and the like are left out), and one with the dates and numbers ('#date 12-03,time 14:00').
    """
    text = _readable(text)
    places = dict.fromkeys(_place(url) for url in (*islice(links, 50), *islice(URL.findall(text), 50)))
    words = URL.sub(" ", text)
    tasks = dict.fromkeys([place for place in places if _TASK_PLACE.fullmatch(place)] + _TASK.findall(words))
    pages = [f"l{_hash(place)}" for place in places if place and place not in tasks]
    kept = [*islice(tasks, MARKS["task"]), *islice(_releases(words), MARKS["release"]), *pages[: MARKS["link"]]]
    facts = facts_of(words)
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

# How sentences begin in front of a product, in some languages.
_BEGINNINGS = frozenset({
    "today", "yesterday", "meet", "try", "get", "use", "why", "when", "where", "released", "version", "stable",
    "latest", "current", "next", "final", "first", "major", "minor", "official", "download", "install", "update",
    "upgrade", "test", "run", "check", "discover", "grab", "welcome", "hello", "hurray", "finally", "release",
    "releases", "announcement", "security", "maintenance", "wikimedia", "open", "free", "great", "neue", "neues",
    "neuer", "aktuelle", "nueva", "nuevo", "nouvelle", "nouveau", "nuova", "nuovo", "nova", "novo", "nieuwe", "ny",
    "nya",
})  # fmt: skip
_PARTS = {"mediawiki": frozenset({"semantic", "canasta"})}  # all names that a well-known one is part of


def _releases(words: str) -> list[str]:
    """The releases a text speaks of, each once: 'mediawiki 1.45.1'; '1.46.0-wmf.4' has no product but MediaWiki."""
    return list(dict.fromkeys(release for release, _, _ in _versions(words)))


def _versions(words: str) -> Iterator[tuple[str, int, int]]:
    """Each release, where its product is named (once for all of a list), and where its number ends."""
    product, begin, end = "", 0, -1
    for match in _VERSION.finditer(words):
        if end < 0 or not _LISTED.fullmatch(words[end : match.start()][:20]):
            start = max(0, match.start() - 60)
            product, place = _product(words[start : match.start()], match)
            begin = start + place
        end = match.end()
        number = _DOT_ZERO.sub(r"\1", match[1])
        if match[2]:
            base = number if number.count(".") > 1 else f"{number}.0"
            number = f"{base}-{match[2].lower()}.{match[3]}"
        if match[2] and match[2].lower() == "wmf":
            yield number, begin, end
        elif product and not regex.search(r"\.(?:19|20)\d\d$", number):
            yield f"{product} {number}", begin, end


def _product(before: str, version: regex.Match[str]) -> tuple[str, int]:
    """What has that version, and where it is named: the word before it, if it can be a name, or two such words."""
    match = _PRODUCT.search(before)
    if not match or (match[1] or "").casefold() in _NEEDING or match[2].casefold() in SMALL | _NEEDING:
        return "", len(before)
    if match[2].islower() and version[1].count(".") < 2:
        return "", len(before)
    if _is_name(match[1] or "", match[2]):
        return f"{match[1]} {match[2]}".casefold(), match.start(1)
    return match[2].casefold(), match.start(2)


def _is_name(word: str, behind: str) -> bool:
    """Whether a word belongs to the name behind it, as in 'Semantic MediaWiki', and is not just how a text begins."""
    plain = word.casefold()
    if names := _PARTS.get(behind.casefold()):
        return plain in names
    begins = plain in SMALL or plain in MONTHS or plain in _BEGINNINGS or plain.endswith(("ing", "day"))
    return word.istitle() and not begins


_OUT_BEFORE = regex.compile(
    r"\b(?:(?:new|latest|security|maintenance|stable) releases?:?|releases?(?: of|:)|releas(?:es|ed)(?: today)?:?"
    r"|(?:is|are) (?:now )?(?:out|available):|availability of|announc(?:e|es|ed|ing))(?: the)?\s*$",
    regex.I,
)
_OUT_AFTER = regex.compile(
    r"(?:[\s,/&]*(?:and |or )?v?\d[\w.-]*|\s*\([^()]*\)|,[^,.;:!?]{1,60},|\s+for \w+"
    r"|\s+(?:LTS|security|maintenance|and|releases?)\b)*+"
    r"(?:,(?=\s+(?:is|are|was|were|has|have)\b|\s+released today\b))?"
    r"(?:\s+(?:is|are|was|were|has|have|been|now|today|just|also|finally|officially|ist|sind|wurden?|jetzt|est|sont"
    r"|made|für alle|maintenant|désormais|ya|está|están)\b)*+"
    r"\s+(?:released|available|out|here|published|launched|can (?:now |already )?be downloaded"
    r"|veröffentlicht|erschienen|verfügbar|disponibles?)\b"
    r"(?!\s+(?:of|soon|tomorrow|next|for testing)\b)",
    regex.I,
)
_TO_COME = regex.compile(  # in the clause that names the release
    r"\b(?:how|why|what|whether|since|after|before|about|from|(?<!\bas )plan\w*|upcoming|next)\b", regex.I
)
_OPEN = regex.compile(r"\b(?:if|when|once|unless|until|will|soon|not)\b", regex.I)  # anywhere in front of it
_CLAUSE = regex.compile(r"[,;:–—]")


def is_out(words: str, release: str) -> bool:
    """Whether the first sentence says that a release is out, and does not just speak of it or of what is to come."""
    text = _readable(words)
    first = text[: next(iter(ends(text)), 0)]
    return any(
        _is_told(first, begin) and (_OUT_BEFORE.search(first, 0, begin) or _OUT_AFTER.match(first, end))
        for found, begin, end in _versions(first)
        if found == release
    )


def _is_told(sentence: str, begin: int) -> bool:
    """Whether what comes before the name of a release lets the sentence tell of it."""
    clause = max((found.end() for found in _CLAUSE.finditer(sentence, 0, begin)), default=0)
    return not (_OPEN.search(sentence, 0, begin) or _TO_COME.search(sentence, clause, begin))


_MONTH_NAMES = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november"),
    "december",
)
MONTHS = {form: number for number, name in enumerate(_MONTH_NAMES, 1) for form in (name, name[:3])} | {"sept": 9}
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
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
    (_DAY_MONTH, lambda m: tuple(f"date {MONTHS[m[3]]:02}-{int(day):02}" for day in (m[1], m[2]) if day)),
    (_MONTH_DAY, lambda m: (f"date {MONTHS[m[1]]:02}-{int(m[2]):02}",)),
    (_CJK_DAY, lambda m: (f"date {int(m[1]):02}-{int(m[2]):02}",)),
    (_WEEKDAY, lambda m: (f"weekday {m[0]}",)),
    (_ISSUE, lambda m: (f"issue {m[1]}-{m[2]}",)),
    (_TIME, lambda m: (f"hour {m[1]}",)),
    (_NUMBERED, lambda m: (f"{m[1]} {m[2]}",)),
    (_ORDINAL, lambda m: (f"place {m[0]}",)),
    (_YEAR, lambda m: (f"year {m[1]}",)),
    (_BARE_MONTH, lambda m: (f"month {MONTHS[m[1]]}",) if m[1] not in ("may", "mar", "march") else ()),
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


def facts_of(words: str) -> list[str]:
    """The dates and numbers of a text, and whether it reminds of news, changes it or tells the result of it."""
    text = fold(words)
    found = {turn: None for turn, words in _TURN.items() if words.search(text)}
    for form, read in _FORMS:
        for match in form.finditer(text):
            found.update(dict.fromkeys(read(match)))
        text = form.sub(" ", text)
    return sorted(islice(found, FACTS))


# --- words ----------------------------------------------------------------------------------------------------------

# Words that carry little meaning, in some languages.
SMALL = frozenset({
    "a", "an", "the", "and", "or", "of", "to", "in", "on", "at", "for", "from", "with", "by", "as", "into", "about",
    "is", "are", "was", "were", "be", "been", "being", "has", "have", "had", "do", "does", "did", "can", "may",
    "it", "its", "this", "that", "these", "those", "there", "here", "which", "who", "what", "how", "than", "then",
    "i", "you", "your", "we", "our", "us", "they", "their", "he", "she", "if", "so", "also", "just", "please",
    "now", "new", "news", "version", "read", "see", "more", "because", "der", "die", "das", "und", "ist", "sind",
    "ein", "eine", "sie", "le", "la", "les", "de", "des", "du", "un", "une", "et", "est", "que", "el", "los", "las",
    "del", "en", "y", "es", "se",
})  # fmt: skip
_OTHER_DIGIT = regex.compile(r"(?![0-9])\p{Nd}")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")


def _readable(text: str) -> str:
    return unicodedata.normalize("NFKC", text[:LONGEST])


def fold(words: str) -> str:
    """Words as they are compared: no capitals, all digits 0 to 9, no typographic apostrophes, no commas in numbers."""
    text = _readable(words).casefold()
    if not text.isascii():
        text = _OTHER_DIGIT.sub(lambda digit: str(unicodedata.decimal(digit[0], " ")), text.replace("’", "'"))
    return _THOUSANDS.sub("", text)


def _hash(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
