"""The form that requests and cards share: template arguments to a Candidate, and back.

Every argument a person can fill in is named here and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from mwparserfromhell.nodes import Template

from smbot.messages import say
from smbot.model import Candidate, Problem
from smbot.templates import decode, encode, plain, put

TIME_FORMATS = (
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d",
    "%d %B %Y %H:%M",
    "%H:%M, %d %B %Y",  # as in a MediaWiki signature
    "%d %B %Y",
)
YES, NO = frozenset({"yes", "true", "on", "1"}), frozenset({"no", "false", "off", "0", ""})

FIELDS = (
    *("accounts", "reposted by", "text", "link", "image", "alt", "warning", "not before", "not after", "language"),
    *("repost", "like", "evergreen", "notes"),
)

_OWN = re.compile(r"^text\s+(\S.*)$")


def read(template: Template, ours: frozenset[str]) -> tuple[Candidate, tuple[Problem, ...]]:
    """What a form says, and everything in it that cannot be used as it stands.

    `ours` are the arguments of the template beside those of the form; any other was not meant to be one.
    """
    problems: list[Problem] = list(_strays(template, ours))
    values = {str(parameter.name).strip(): parameter.value for parameter in template.params}

    def words(name: str) -> str:
        text, found = decode(values[name]) if name in values else ("", ())
        problems.extend(found)
        return text

    def names(field: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name.lower() for name in split(words(field))))

    def time(name: str, *, end_of_day: bool = False) -> datetime | None:
        try:
            return parse_time(words(name), end_of_day=end_of_day)
        except ValueError as error:
            problems.append(Problem(say("problem-time", name, error), say("problem-time-remedy")))
            return None

    if words("evergreen").lower() not in YES | NO:
        problems.append(Problem(say("problem-evergreen", words("evergreen")), say("problem-evergreen-remedy")))
    candidate = Candidate(
        accounts=names("accounts"),
        text=words("text"),
        own=_own_words(values, words),
        link=words("link"),
        image=re.sub(r"^:?(?:file|image)\s*:\s*", "", words("image"), flags=re.IGNORECASE).replace("_", " "),
        alt=words("alt"),
        not_before=time("not before"),
        not_after=time("not after", end_of_day=True),
        language=words("language") or "en",
        notes=words("notes"),
        warning=" ".join(words("warning").split()),
        reposted_by=names("reposted by"),
        repost=words("repost"),
        like=words("like"),
        evergreen=words("evergreen").lower() in YES,
    )
    return candidate, tuple(problems)


def write(template: Template, candidate: Candidate) -> None:
    """Fill the words of `candidate` into a form, leaving what already says so, and people's own notes, untouched."""
    wanted = {
        **{name: "" for name in _names(template) if _place(name)},
        "accounts": ", ".join(candidate.accounts),
        "reposted by": ", ".join(candidate.reposted_by),
        "text": candidate.text,
        **{f"text {place}": text for place, text in candidate.own},
        "link": candidate.link,
        "image": candidate.image,
        "alt": candidate.alt,
        "warning": candidate.warning,
        "not before": show_time(candidate.not_before),
        "not after": show_time(candidate.not_after),
        "language": "" if candidate.language == "en" else candidate.language,
        "repost": candidate.repost,
        "like": candidate.like,
        "evergreen": "yes" if candidate.evergreen else "",
        "notes": candidate.notes,
    }
    for name, words in wanted.items():
        if name == "evergreen" and (plain(template, name)[0].lower() in YES) == bool(words):
            continue
        if plain(template, name)[0] != words and (words or name != "notes"):
            put(template, name, encode(words))


def parse_time(text: str, *, end_of_day: bool = False) -> datetime | None:
    """A time as people write it, in UTC; None for no time. A day without a time is its start, or its last minute.

    Raises ValueError with the text when it is not one of `TIME_FORMATS`, or in a year that nobody means: at the ends of
    the calendar no sum can be done with it.
    """
    cleaned = re.sub(r"\s*\(?\b(?:UTC|GMT|Z)\b\)?\s*$|(?<=\d)Z$", "", " ".join(text.split()), flags=re.IGNORECASE)
    if not cleaned:
        return None
    for form in TIME_FORMATS:
        try:
            time = datetime.strptime(cleaned, form).replace(tzinfo=UTC)
        except ValueError:
            continue
        if not 1900 <= time.year < 3000:
            break
        return time.replace(hour=23, minute=59) if end_of_day and "%H" not in form else time
    raise ValueError(text)


def show_time(time: datetime | None) -> str:
    """A time as it stands on wiki pages; '' for none."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M}" if time else ""


COMMAS = ",;،؛、，；"  # of any script


def split(text: str) -> tuple[str, ...]:
    """A list as people write it: by commas or semicolons of any script, or by lines."""
    return tuple(part.strip() for part in re.split(rf"[{COMMAS}\n]", text) if part.strip())


def _strays(template: Template, ours: frozenset[str]) -> Iterator[Problem]:
    """Arguments nobody asked for: most often the rest of a sentence behind a `|`, which ends an argument."""
    for parameter in template.params:
        name = str(parameter.name).strip()
        if name in FIELDS or name in ours or _place(name):
            continue
        value = " ".join(str(parameter.value).split())
        if not parameter.showkey and not value:
            continue
        stray = f"{name} = {value}" if parameter.showkey else value
        yield Problem(say("problem-stray", shorten(stray)), say("problem-stray-remedy", "{{!}}", "|"))
    names = [f"text {place}" if (place := _place(name)) else name for name in _names(template)]
    for name in sorted({name for name in names if names.count(name) > 1 and (name in FIELDS or _place(name))}):
        yield Problem(say("problem-twice", name), say("problem-twice-remedy"))


def _names(template: Template) -> list[str]:
    return [str(parameter.name).strip() for parameter in template.params]


def _place(field: str) -> str:
    """Which account, network or channel ('account/network') a field ‘text …’ has words for; '' for any other field."""
    own = _OWN.match(field)
    return "/".join(re.findall(r"[^\s/]+", own[1].lower())) if own else ""


def shorten(text: str, length: int = 60) -> str:
    """The first words of a text, on one line, for people who want to recognise it."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length + 1].rsplit(" ", 1)[0][:length] + "…"


def _own_words(names: Iterable[str], words: Callable[[str], str]) -> tuple[tuple[str, str], ...]:
    found = {place: text for name in names if (place := _place(name)) and (text := words(name))}
    return tuple(sorted(found.items()))
