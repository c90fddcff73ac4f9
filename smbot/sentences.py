"""Where sentences end, in any script: versions, abbreviations, initials, quotations and brackets end none. Pure."""

from __future__ import annotations

import regex

CLOSE = r"\p{Pe}\p{Pf}\"'“"  # what may stand behind a full stop, inside a set of characters
STOPS = r"\p{SB=STerm}\p{SB=ATerm}…"

# As https://www.unicode.org/reports/tr29/#Sentence_Boundaries, and stricter about points.
_STOP = regex.compile(
    rf"(?P<stop>[{STOPS}]++)(?P<close>(?:[{CLOSE}]++[{STOPS}]*+)*+)(?P<gap>\s*+)(?P<next>[\p{{L}}\p{{M}}]++|\S|$)",
    flags=regex.V1,
)
_LINE_END = regex.compile(r"(?<![\s:：])(?:[^\S\n]*+\n|\s++(?=• ))", flags=regex.V1)
# Scripts that need no space behind their full stops.
_TIGHT = frozenset("。｡！？．।॥")
_LOWER = regex.compile(r"[\p{Ll}--\p{Georgian}]", flags=regex.V1)  # Georgian sentences begin like any of their words

# In brackets and quotation marks no sentence ends, but with them one may.
_QUOTED = regex.compile(r"“[^“”\n]*+”|\"[^\"\n]*+\"|«[^«»\n]*+»|„[^„“”\n]*+[“”]|「[^「」\n]*+」|『[^『』\n]*+』")
_BRACKETED = regex.compile(r"\([^()\n]*+\)|\[[^\[\]\n]*+\]|（[^（）\n]*+）")
_ANY_STOP = regex.compile(rf"[{STOPS}]++")
_INNER = regex.compile(rf"[{STOPS}]++(?!.$)")  # but for the last in front of the closing mark
_FRESH = regex.compile(rf"(?:\n|[{STOPS}][{CLOSE}]{{0,2}}) ?\Z")  # what a bracket that is a sentence comes behind

_BEFORE_WORD = regex.compile(r"[\s(\[“\"'«„/]")
_NUMBERING = regex.compile(rf"(?:\n|• |(?<!\b\p{{L}}{{1,3}})[{STOPS}] )\d{{1,2}}\Z")  # of a list, not 'no. 5'
_NEVER_LAST = regex.compile(
    r"e\.?g|i\.?e|cf|vs|mrs?|m[sx]|dr|prof|rev|hon|approx|ca|resp|incl|excl|z\.b|d\.h|bzw|bijv"
    r"|vgl|p\.ex|mme|mlle|sra|srta|np|tzn|ul",
    flags=regex.I,
)
_BEFORE_NUMBERS = regex.compile(
    r"nos?|nr|p?p|ch|sec|art|vol|fig|ver|v|c|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|ft|abb|bd|kap|tel|стр|рис",
    flags=regex.I,
)
# An abbreviation that may end a sentence, or initials: what then follows decides.
_SELDOM_LAST = regex.compile(r"st|jr|sr|inc|ltd|co|corp|al|mt|dept|(?:\p{L}\p{M}*\.)*\p{L}\p{M}*", flags=regex.I)
_BEGINNING = regex.compile(
    r"The|This|That|These|Those|Its?|S?He|We|You|They|There|An|In|If|When|For|From|As|But|And|Now|Then|Please|See"
    r"|Also|All|Some|Most|Many|After|Before|Since"
)
# Of the languages that write '3. Juli'.
_MONTH = regex.compile(r"Jänner|Februar|J(?:anuar|uni|uli)|März|April|Mai|August|(?:Sept|Nov|Dez)ember|Oktober")


def ends(text: str) -> list[int]:
    """Where the sentences of a text end, in order, the end of the text among them; [] where it has no words.

    Lines and bullets ('• ') end one, too, unless a colon leads over to the next. In doubt there is no end: half a
    sentence does more harm than two in one. What has no full stops is one sentence.
    """
    last = len(text.rstrip())
    return sorted(end for end in {*stops(text), last} if 0 < end <= last)


def stops(text: str) -> set[int]:
    """The same without the end of the text, unless a sentence ends there."""
    masked = _masked(text)
    found = {match.end("close") for match in _STOP.finditer(masked) if _is_end(match)}
    return found | {match.start() for match in _LINE_END.finditer(masked)}


def _masked(text: str) -> str:
    """The text, as long as it is, without the full stops in brackets and quotation marks that end no sentence of it."""

    def hide(found: regex.Match[str]) -> str:
        return "," * len(found[0])

    def quoted(found: regex.Match[str]) -> str:
        return _INNER.sub(hide, found[0])

    def bracketed(found: regex.Match[str]) -> str:
        before = text[max(0, found.start() - 4) : found.start()]
        return (_INNER if not before.strip() or _FRESH.search(before) else _ANY_STOP).sub(hide, found[0])

    return _BRACKETED.sub(bracketed, _QUOTED.sub(quoted, text))


def _is_end(found: regex.Match[str]) -> bool:
    """Whether a full stop, or the like, ends a sentence."""
    stop, gap, next_ = found["stop"], found["gap"], found["next"]
    if not next_ or "\n" in gap:
        return True
    if not gap:
        quoting = found["close"][-1:] in ("」", "』") and next_.startswith("と")  # Japanese: '…', says somebody
        decimal = stop == "．" and next_.isdigit()
        return stop[-1] in _TIGHT and not decimal and not quoting
    if _LOWER.match(next_) or next_ in ",;:":
        return False
    if stop != "." or _ANY_STOP.search(found["close"]):
        return True
    before = found.string[max(0, found.start() - 24) : found.start()]
    return not _NUMBERING.search(f"\n{before}" if found.start() <= 24 else before) and _is_last_word(before, next_)


def _is_last_word(before: str, next_: str) -> bool:
    """Whether the point behind a word is more than that of an abbreviation, an initial or a day of a month."""
    word = _BEFORE_WORD.split(before)[-1]
    if not word or _NEVER_LAST.fullmatch(word):
        return False
    if next_.isdigit() and _BEFORE_NUMBERS.fullmatch(word):
        return False
    if word.isdigit() and _MONTH.fullmatch(next_):
        return False
    return not _SELDOM_LAST.fullmatch(word) or bool(_BEGINNING.fullmatch(next_))
