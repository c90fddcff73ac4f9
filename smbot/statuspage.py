"""The status page: whether the desk works, what it did and will do, and who has to do something. Pure.

It is drawn in plain wikitext with inline styles and needs no template. The same state gives the same page, so that it
is only saved when something happened, and once a day for its calendars.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date
from itertools import groupby

from smbot import when
from smbot.compose import is_web_address
from smbot.daygrid import BORDER, GREY, QUIET, TODAY, Entry, calendar, year
from smbot.deliveries import name_of
from smbot.gather import Snapshot
from smbot.history import Out
from smbot.memory import HANDED_OFF, REFUSED, RETRACT, Memory
from smbot.messages import is_right_to_left, say, spoken
from smbot.model import Page
from smbot.notices import expiring, linked, literal, resting
from smbot.overview import Overview, Stuck, Voice, title_of
from smbot.pages import Edit
from smbot.planned import Coming
from smbot.proposals import Proposal
from smbot.templates import address, kept, person

LISTED = 15  # of what waits for the decision of one account; the rest is on the queue
BEFORE, AFTER = 2, 2  # weeks on the calendar

_STAMP = re.compile(r'(<span id="smbot-updated">)[^<]*')
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_GREEN = "color:var(--color-success,#096450);background:var(--background-color-success-subtle,#dff2eb)"
_RED = "color:var(--color-error,#9f3526);background:var(--background-color-error-subtle,#ffe9e5)"
_AMBER = "var(--border-color-warning,#ab7f2a)"
_PLAIN = "color:var(--color-base,#202122);background:transparent"


def status_edit(now: Overview, memory: Memory, seen: Snapshot) -> Edit | None:
    """The status page as it shall be, or None when nothing on it but its time would be another."""
    text = draw(now, memory, seen)
    if _timeless(text) == _timeless(seen.status.text):
        return None
    return Edit(seen.titles.status, seen.status.revision, text, say("status-summary"))


def _timeless(text: str) -> str:
    return _STAMP.sub(r"\1", text).rstrip()


def draw(now: Overview, memory: Memory, seen: Snapshot) -> str:
    """The wikitext of the page."""
    sections = [
        _state(now, seen),
        _section("needs", _needs(now, memory, seen)),
        _section("week", _voices(now, seen)),
        _section("waiting", _waiting(now, seen)),
        _section("calendar", _calendar(now, seen)),
        _section("year", _year(now, seen)),
    ]
    body = "\n\n".join(filter(None, [_intro(seen), *sections]))
    text = f"__NOEDITSECTION__\n{_in_its_language(body, seen.status)}"
    return kept(_CONTROL.sub("", text))


def _in_its_language(body: str, page: Page) -> str:
    """Marked as what it is, where the wiki takes the page to be in another language."""
    if spoken() == (page.language or spoken()):
        return body
    direction = "rtl" if is_right_to_left(spoken()) else "ltr"
    return f'<div lang="{spoken()}" dir="{direction}" class="mw-content-{direction}">\n{body}\n</div>'


def _section(heading: str, body: str) -> str:
    return f"== {say(f'status-heading-{heading}')} ==\n{body}" if body else ""


def _intro(seen: Snapshot) -> str:
    t = seen.titles
    return f'<div style="{QUIET};font-size:.9em">{say("status-intro", t.queue, t.requests, t.log, t.settings)}</div>'


# --- how it goes ----------------------------------------------------------------------------------------------------


def _state(now: Overview, seen: Snapshot) -> str:
    """Whether anything is posted, what was last and what is next."""
    hue = _RED if now.stopped else _GREEN
    stopped = [say("notice-stopped", linked(str(problem), seen)) for problem in now.stopped]
    head = stopped or [say("status-on")]
    stamp = f'<span id="smbot-updated">{when.moment(now.now)}</span>'
    lines = [*head, *_last(now, seen), *_next(now, seen), say("status-updated", stamp)]
    style = f"{hue};border:1px solid currentColor;border-inline-start-width:5px;padding:.6em .9em;margin:.7em 0"
    inner = "".join(f'<div style="margin:.15em 0">{line}</div>' for line in lines)
    return f'<div style="{style};overflow-wrap:anywhere"><div style="{_PLAIN}">{inner}</div></div>'


def _last(now: Overview, seen: Snapshot) -> Iterator[str]:
    if now.out:
        last = now.out[-1]
        yield say("status-last", _posted(last, seen), last.account, when.moment(last.at))


def _next(now: Overview, seen: Snapshot) -> Iterator[str]:
    one = now.next
    if one is None:
        yield say("status-next-none")
    elif one.at <= now.now:
        yield say("status-next-soon", _card(one.proposal, seen), one.account)
    else:
        yield say("status-next", _card(one.proposal, seen), one.account, when.moment(one.at))


def _card(proposal: Proposal, seen: Snapshot) -> str:
    """A link to a card."""
    return f"[[{seen.titles.queue}#{proposal.id}|{_words(title_of(proposal))}]]"


def _posted(out: Out, seen: Snapshot) -> str:
    """A link to a post, or to its month on the log."""
    if is_web_address(out.url):
        return f"[{address(out.url)} {_words(out.title)}]"
    return f"[[{seen.titles.log}/{out.at.astimezone(UTC):%Y-%m}|{_words(out.title)}]]"


def _words(title: str) -> str:
    """A title that runs in its own direction, and has no other effect."""
    return f"<bdi>{literal(title)}</bdi>"


# --- who has to act -------------------------------------------------------------------------------------------------


def _needs(now: Overview, memory: Memory, seen: Snapshot) -> str:
    lines = [_stuck(one, seen) for one in now.stuck]
    lines += [_by(resting(channel, trouble, seen), ()) for channel, trouble in now.resting.items()]
    lines += [_by(line, ()) for line in expiring(memory, seen)]
    lines += [_by(say("notice-source", literal(alarm)), ()) for alarm in now.alarms]
    if not lines:
        return say("status-no-needs")
    style = f"border:1px solid {BORDER};border-inline-start:5px solid {_AMBER};padding:.4em .9em;margin:.4em 0"
    return "\n".join(f'<div style="{style};overflow-wrap:anywhere">{line}</div>' for line in lines)


def _stuck(one: Stuck, seen: Snapshot) -> str:
    delivery = one.delivery
    name, why = name_of(delivery.channel, seen), literal(delivery.reason)
    card = f"[[{seen.titles.queue}#{delivery.id}|{_words(one.title)}]]"
    row = f"[[{seen.titles.log}/{delivery.month}#{delivery.key}|{_words(one.title)}]]"
    if delivery.state == HANDED_OFF:
        told = say("status-delete-by-hand", row, name) if delivery.task == RETRACT else say("status-by-hand", row, name)
    elif delivery.state == REFUSED:
        told = say("status-refused", card, name, why)
    else:
        told = say("status-in-doubt", card, name, why)
    return _by(told, one.people)


def _by(line: str, people: Sequence[str]) -> str:
    who = say("status-who", ", ".join(map(person, people)), len(people)) if people else say("status-who-operator")
    return f'{line} <span style="white-space:normal">{who}</span>'


# --- accounts -------------------------------------------------------------------------------------------------------


def _voices(now: Overview, seen: Snapshot) -> str:
    """A box for each account: its goal, its networks, what comes next, and who speaks for it."""
    style = "display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,17em),1fr));gap:.7em;margin:.5em 0"
    boxes = "".join(_voice(voice, now, seen) for voice in now.voices)
    return f'<div style="{style}">{boxes}</div>' if boxes else ""


def _voice(voice: Voice, now: Overview, seen: Snapshot) -> str:
    week = voice.week
    counted = say("status-of-goal", week.posted, week.goal) if week.goal else say("status-posts", week.posted)
    head = f"<span>'''{voice.name}'''</span><span>{counted}</span>"
    next_ = next((one for one in now.coming if one.account == voice.name and one.approval), None)
    lines = [_networks(voice, seen), *([_voice_next(next_, now, seen)] if next_ else [])]
    lines += [say("status-undecided", len(voice.waiting))] if voice.waiting else []
    lines += [say("status-behind")] if week.goal and week.is_short else []
    lines.append(say("status-maintainers", ", ".join(map(person, voice.maintainers)), len(voice.maintainers)))
    style = f"border:1px solid {BORDER};border-radius:6px;padding:.6em .9em;min-width:0;overflow-wrap:anywhere"
    flex = "display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 1em"
    body = "".join(f'<div style="font-size:.9em;margin-top:.25em">{line}</div>' for line in lines)
    return f'<div style="{style}"><div style="{flex}">{head}</div>{_bar(week.posted, week.goal)}{body}</div>'


def _bar(posted: int, goal: int) -> str:
    """How far it is to the goal; the number is written above it."""
    if not goal:
        return ""
    share = min(100, 100 * posted // goal)
    full = f"width:{share}%;height:100%;background:{TODAY};border-radius:4px"
    empty = f"height:8px;background:{GREY};border-radius:4px;margin:.35em 0;overflow:hidden"
    return f'<div style="{empty}"><div style="{full}"></div></div>'


def _networks(voice: Voice, seen: Snapshot) -> str:
    rules = seen.rules
    named = ((rules[c].network if c in rules else c.split("/")[1], n) for c, n in voice.networks.items())
    return " · ".join(say("status-network", name, number) for name, number in named)


def _voice_next(one: Coming, now: Overview, seen: Snapshot) -> str:
    at = when.moment(one.at) if one.at > now.now else say("status-soon")
    return say("status-voice-next", _card(one.proposal, seen), at)


# --- decisions ------------------------------------------------------------------------------------------------------


def _waiting(now: Overview, seen: Snapshot) -> str:
    """What waits for a decision, account by account, oldest first."""
    lists = [_undecided(voice, seen) for voice in now.voices if voice.waiting or voice.picks]
    return "\n".join(lists) or ("" if not now.voices else say("status-none-waiting"))


def _undecided(voice: Voice, seen: Snapshot) -> str:
    lines = [_since(proposal, seen) for proposal in voice.waiting[:LISTED]]
    more = len(voice.waiting) - LISTED
    lines += [say("status-more-on-queue", more, seen.titles.queue)] if more > 0 else []
    lines += [say("status-to-pick", voice.picks, seen.titles.queue)] if voice.picks else []
    listed = "".join(f"<li>{line}</li>" for line in lines)
    return f'=== {voice.name} ===\n<ul style="margin:0;margin-inline-start:1.5em;padding:0">{listed}</ul>'


def _since(proposal: Proposal, seen: Snapshot) -> str:
    told = _card(proposal, seen), when.day(proposal.known.since)
    if until := proposal.candidate.not_after:
        return say("status-since-until", *told, when.moment(until))
    return say("status-since", *told)


# --- days -----------------------------------------------------------------------------------------------------------


def _calendar(now: Overview, seen: Snapshot) -> str:
    today = now.now.astimezone(UTC).date()
    out = [_entry_out(list(same), seen) for _, same in groupby(now.out, key=lambda o: (when.clock(o.at), o.id))]
    coming = [
        _entry_coming(list(same), now, seen)
        for _, same in groupby(now.coming, key=lambda one: (one.at, one.id, one.approval is None))
    ]
    return f"{say('status-calendar')}\n{calendar([*out, *coming], today, BEFORE, AFTER)}"


def _entry_out(same: list[Out], seen: Snapshot) -> Entry:
    """One post of one or several accounts at the same time."""
    first, accounts = same[0], ", ".join(sorted({out.account for out in same}))
    words = say("status-entry", when.clock(first.at), _posted(first, seen), accounts)
    return Entry(first.at.astimezone(UTC).date(), words, done=True)


def _entry_coming(same: list[Coming], now: Overview, seen: Snapshot) -> Entry:
    first, accounts = same[0], ", ".join(one.account for one in same)
    at = when.clock(first.at) if first.at > now.now else say("status-soon")
    words = say("status-entry", at, _card(first.proposal, seen), accounts)
    if first.approval is None:
        words = say("status-entry-unapproved", words)
    return Entry(first.at.astimezone(UTC).date(), words, sure=first.approval is not None)


def _year(now: Overview, seen: Snapshot) -> str:
    counts: Counter[date] = Counter()
    for (_, day), number in now.days.items():
        counts[day] += number
    return year(counts, now.now.astimezone(UTC).date(), seen.titles.log) if counts else ""
