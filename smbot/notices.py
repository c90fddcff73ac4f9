"""What maintainers are told beside their cards: at the top of the queue, and once a week on its talk page. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from smbot import deliveries, names, news, plan, proposals, rhythm
from smbot.deliveries import name_of
from smbot.forms import shorten, show_time
from smbot.gather import Snapshot
from smbot.memory import HANDED_OFF, IN_DOUBT, RETRACT, WAITING, Delivery, Memory, Past, Trouble
from smbot.messages import every, say
from smbot.overview import title_of
from smbot.proposals import Proposal
from smbot.templates import address, is_tangled, person

REMIND_AFTER = timedelta(days=1)  # that something waits to be done by hand
ANNOUNCE = timedelta(days=14)  # before it happens, that credentials expire


def status_line(memory: Memory, seen: Snapshot, troubles: Sequence[str] = ()) -> str:
    """What maintainers have to know before all cards, as wikitext; '' when all is well."""
    stopping = [say("notice-stopped", linked(str(problem), seen)) for problem in plan.stopped(seen)]
    if redirect := _REDIRECT.search(seen.queue.text):
        stopping.append(say("notice-redirect", literal(redirect[1])))
    failing = [resting(channel, trouble, seen) for channel, trouble in memory.troubles.items() if trouble.until]
    failing += list(expiring(memory, seen))
    if seen.requests and is_tangled(seen.requests.text):
        failing.append(say("problem-tangled", seen.requests.title))
    failing += [say("notice-source", literal(alarm)) for alarm in memory.alarms.values()]
    failing += [say("notice-source", literal(unclear)) for unclear in news.unclear(memory, seen)]
    failing += [_vanished(id_, memory, seen) for id_ in news.vanished(memory, seen.now)]
    failing += [say("notice-page", literal(trouble)) for trouble in troubles]
    failing += [_missed(past) for past in memory.missed]
    by_hand = [_by_hand(delivery, seen) for delivery in deliveries.handed_off(memory)]
    short = list(_short(memory, seen)) if not seen.settings.problems else []
    notices = (("stopped", stopping), (IN_DOUBT, failing), (HANDED_OFF, by_hand), (WAITING, short))
    return "".join(names.call("notice", f"1={hue}", f"2={'<br>'.join(lines)}") for hue, lines in notices if lines)


def _short(memory: Memory, seen: Snapshot) -> Iterator[str]:
    """Which accounts fall short of their goal, and what could fill the gap; where too much waits for a decision."""
    open_ = proposals.proposals(memory, seen)
    for name, account in seen.settings.accounts.items():
        if account.goal and (week := rhythm.week(name, open_, memory, seen)).is_short:
            could = "".join(f"<li>{_to(p, '#')}</li>" for p in rhythm.fillers(name, open_, seen))
            fills = f"{say('notice-could-fill')}<ul>{could}</ul>" if could else say("notice-nothing-fills")
            yield f"{_progress(week)} {fills}"
        if (pile := rhythm.pile(name, open_, seen)).is_high(seen):
            yield _piled(pile)


def _progress(week: rhythm.Week) -> str:
    return say("notice-short", week.account, week.goal, week.posted, week.approved)


def _piled(pile: rhythm.Pile) -> str:
    return say("notice-pile", pile.account, pile.number, pile.since)


def _to(proposal: Proposal, place: str) -> str:
    """A link to a card."""
    return f"[[{place}{proposal.id}|{literal(title_of(proposal))}]]"


# --- once a week ----------------------------------------------------------------------------------------------------


def is_due(memory: Memory, seen: Snapshot) -> bool:
    """Whether the maintainers have not had their message of this week, and there is something to say.

    It waits for Monday noon in UTC: then it is Monday everywhere.
    """
    is_monday_everywhere = seen.now.weekday() > 0 or seen.now.hour >= 12
    is_new = memory.told not in week_names(seen.now) and is_monday_everywhere
    return is_new and not seen.settings.problems and bool(message(memory, seen))


def told(memory: Memory, seen: Snapshot) -> Memory:
    """Remember that this week's message is there."""
    return replace(memory, told=week_name(seen.now))


def week_name(now: datetime) -> str:
    """A week as the messages are headed."""
    iso = now.isocalendar()
    return say("notice-week", iso.week, iso.year)


def week_names(now: datetime) -> frozenset[str]:
    """The same in all languages, one of which was spoken when the message was written."""
    iso = now.isocalendar()
    return every("notice-week", iso.week, iso.year)


def message(memory: Memory, seen: Snapshot) -> str:
    """What maintainers should see to in this week, as wikitext that calls them; '' when all is well."""
    open_ = proposals.proposals(memory, seen)
    lines: list[str] = []
    called: set[str] = set()
    for name, account in seen.settings.accounts.items():
        about = [*_about_week(name, open_, memory, seen), *_about_pile(name, open_, seen)]
        called |= account.maintainers if about else frozenset()
        lines += about
    return "\n\n".join([*lines, f"{', '.join(map(person, sorted(called)))} – ~~~~"]) + "\n" if lines else ""


def _about_week(account: str, open_: Sequence[Proposal], memory: Memory, seen: Snapshot) -> Iterator[str]:
    """How far an account is from its goal, and what could fill the gap."""
    week = rhythm.week(account, open_, memory, seen)
    if seen.settings.accounts[account].goal and week.is_short:
        yield _progress(week)
        yield from (f"* {_to(p, f'{seen.titles.queue}#')}" for p in rhythm.fillers(account, open_, seen))


def _about_pile(account: str, open_: Sequence[Proposal], seen: Snapshot) -> Iterator[str]:
    """What has waited too long for its maintainers."""
    if (pile := rhythm.pile(account, open_, seen)).is_high(seen):
        yield f"{_piled(pile)} {say('notice-on-queue', seen.titles.queue)}"


# --- lines ----------------------------------------------------------------------------------------------------------


def resting(channel: str, trouble: Trouble, seen: Snapshot) -> str:
    """Until when a channel is left alone, and why."""
    name, failures, why = name_of(channel, seen), trouble.failures, literal(trouble.why)
    if trouble.until and trouble.until > seen.now:
        return say("notice-rests", name, show_time(trouble.until), failures, why)
    return say("notice-rests-open", name, failures, why)


def _vanished(id_: str, memory: Memory, seen: Snapshot) -> str:
    """That readers were told of something that its page does not list any more."""
    known = memory.known[id_]
    title = literal(shorten(known.title))
    return say(
        "notice-vanished", f"[[#{id_}|{title}]]" if known.proposal else title, literal(known.page), seen.titles.requests
    )


def _missed(past: Past) -> str:
    """What was approved, and nobody will see."""
    title = literal(shorten(past.title))
    return say(
        "notice-missed", past.account, f"[{address(past.url)} {title}]" if past.url else title, show_time(past.at)
    )


def _by_hand(delivery: Delivery, seen: Snapshot) -> str:
    """Who reads it may be the person who does it; after a day it is said more clearly."""
    place = f"{seen.titles.log}/{delivery.month}#{delivery.key}"
    told = show_time(delivery.waiting_since), name_of(delivery.channel, seen), place
    is_late = seen.now - delivery.waiting_since > REMIND_AFTER
    if delivery.task == RETRACT:
        return say("notice-delete-by-hand-late", *told) if is_late else say("notice-delete-by-hand", *told)
    return say("notice-by-hand-late", *told) if is_late else say("notice-by-hand", *told)


def expiring(memory: Memory, seen: Snapshot) -> Iterator[str]:
    """The channels whose credentials have to be renewed."""
    for channel, limits in memory.limits.items():
        try:
            at = datetime.fromisoformat(str(limits.values.get("expires") or ""))
        except ValueError:
            continue
        if channel in seen.rules and at - seen.now < ANNOUNCE:
            name = name_of(channel, seen)
            yield say("notice-expired", name) if at < seen.now else say("notice-expires", name, f"{at:%Y-%m-%d}")


# the first line of a page, whatever its language, or what was that until smbot put its line before it
_REDIRECT = re.compile(
    rf"\A\s*(?:{names.begun('status')}\n[^\n]*\n?\}}\}}\s*)?(#[^\W\d]+[ \t]*:?[ \t]*\[\[[^\]\n]{{1,255}}\]\])"
)


def literal(words: str) -> str:
    """Words as wikitext that shows just them, wherever it stands."""
    return re.sub(r"[&<>{}\[\]|~'_=#*:;\n]", lambda found: f"&#{ord(found[0])};", words)


def linked(words: str, seen: Snapshot) -> str:
    """The same, with the links to the pages of the desk, and no other, as links."""
    wikitext = literal(words)
    for title in (seen.titles.settings, seen.titles.stop, seen.titles.requests):
        wikitext = wikitext.replace(literal(f"[[{title}]]"), f"[[{title}]]")
    return wikitext
