"""What maintainers are told beside their cards: at the top of the queue, and once a week on its talk page. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from smbot import deliveries, plan, proposals, rhythm
from smbot.deliveries import name_of
from smbot.forms import shorten, show_time
from smbot.gather import Snapshot
from smbot.memory import HANDED_OFF, IN_DOUBT, RETRACT, WAITING, Delivery, Memory, Trouble
from smbot.proposals import Proposal
from smbot.templates import is_tangled, person

REMIND_AFTER = timedelta(days=1)  # that something waits to be done by hand
ANNOUNCE = timedelta(days=14)  # before it happens, that credentials expire


def status_line(memory: Memory, seen: Snapshot, troubles: Sequence[str] = ()) -> str:
    """What maintainers have to know before all cards, as wikitext; '' when all is well."""
    stopping = [f"'''Nothing is posted now.''' {_linked(str(problem), seen)}" for problem in plan.stopped(seen)]
    if redirect := _REDIRECT.search(seen.queue.text):
        stopping.append(
            f"'''This page is the review queue.''' Somebody made it a redirect: {_literal(redirect[1])} "
            "Remove that line. If the page was moved, only the cards here count, not those in the other place."
        )
    failing = [_resting(channel, trouble, seen) for channel, trouble in memory.troubles.items() if trouble.until]
    failing += list(_expiring(memory, seen))
    if seen.requests and is_tangled(seen.requests.text):
        failing.append(f"[[{seen.requests.title}]] cannot be read: too many braces or tags on it are never closed.")
    failing += [f"'''A source needs a look.''' {_literal(alarm)}" for alarm in memory.alarms.values()]
    failing += [f"'''A page needs a look.''' {_literal(trouble)}" for trouble in troubles]
    by_hand = [_by_hand(delivery, seen) for delivery in deliveries.handed_off(memory)]
    short = list(_short(memory, seen)) if not seen.settings.problems else []
    notices = (("stopped", stopping), (IN_DOUBT, failing), (HANDED_OFF, by_hand), (WAITING, short))
    return "".join(f"{{{{Smbot/notice|1={hue}|2={'<br>'.join(lines)}}}}}" for hue, lines in notices if lines)


def _short(memory: Memory, seen: Snapshot) -> Iterator[str]:
    """Which accounts fall short of their goal, and what could fill the gap; whether too much waits for a decision."""
    open_ = proposals.proposals(memory, seen) if any(a.goal for a in seen.settings.accounts.values()) else []
    for name, account in seen.settings.accounts.items():
        if account.goal and (week := rhythm.week(name, open_, memory, seen)).is_short:
            could = ", ".join(_to(p, "#") for p in rhythm.fillers(name, open_, seen))
            yield f"{_progress(week)} {f'Could fill the gap: {could}.' if could else 'Nothing waits that could.'}"
    pile = rhythm.pile(open_, seen)
    if pile.is_high(seen.now):
        yield _piled(pile)


def _progress(week: rhythm.Week) -> str:
    return (
        f"'''{week.account} falls short of its goal.''' Of {week.goal} posts this week {week.posted} are out, and "
        f"{week.approved} approved."
    )


def _piled(pile: rhythm.Pile) -> str:
    return f"'''{pile.number} posts wait for a decision''', the oldest since {pile.since}."


def _to(proposal: Proposal, place: str) -> str:
    """A link to a card."""
    return f"[[{place}{proposal.id}|{_literal(shorten(proposal.known.title))}]]"


# --- once a week ----------------------------------------------------------------------------------------------------


def is_due(memory: Memory, seen: Snapshot) -> bool:
    """Whether the maintainers have not had their message of this week, and there is something to say.

    It waits for Monday noon in UTC: then it is Monday everywhere.
    """
    is_monday_everywhere = seen.now.weekday() > 0 or seen.now.hour >= 12
    is_new = memory.told != week_name(seen.now) and is_monday_everywhere
    return is_new and not seen.settings.problems and bool(message(memory, seen))


def told(memory: Memory, seen: Snapshot) -> Memory:
    """Remember that this week's message is there."""
    return replace(memory, told=week_name(seen.now))


def week_name(now: datetime) -> str:
    """A week as the messages are headed."""
    iso = now.isocalendar()
    return f"Week {iso.week} of {iso.year}"


def message(memory: Memory, seen: Snapshot) -> str:
    """What maintainers should see to in this week, as wikitext that calls them; '' when all is well."""
    accounts = [account for account in seen.settings.accounts.values() if account.goal]
    open_ = proposals.proposals(memory, seen) if accounts else []
    lines: list[str] = []
    called: set[str] = set()
    for account in accounts:
        week = rhythm.week(account.name, open_, memory, seen)
        if week.is_short:
            called |= account.maintainers
            lines += [
                _progress(week),
                *(f"* {_to(p, f'{seen.titles.queue}#')}" for p in rhythm.fillers(account.name, open_, seen)),
            ]
    pile = rhythm.pile(open_, seen)
    if pile.is_high(seen.now):
        called |= {name for account in accounts for name in account.maintainers}
        lines.append(f"{_piled(pile)} They are on [[{seen.titles.queue}|the queue]].")
    return "\n\n".join([*lines, f"{', '.join(map(person, sorted(called)))} – ~~~~"]) + "\n" if lines else ""


# --- lines ----------------------------------------------------------------------------------------------------------


def _resting(channel: str, trouble: Trouble, seen: Snapshot) -> str:
    until = f"until {show_time(trouble.until)} UTC" if trouble.until and trouble.until > seen.now else "until it works"
    return (
        f"'''{name_of(channel, seen)} rests {until}.''' It failed {trouble.failures} times in a row; its posts wait. "
        f"{_literal(trouble.why)}"
    )


def _by_hand(delivery: Delivery, seen: Snapshot) -> str:
    """Who reads it may be the person who does it; after a day it is said more clearly."""
    what = "deleted" if delivery.task == RETRACT else "posted"
    place = f"[[{seen.titles.log}/{delivery.month}#{delivery.key}|what to do]]"
    late = "'''Still waits'''" if seen.now - delivery.since > REMIND_AFTER else "Waits"
    since = show_time(delivery.since)
    return f"{late} to be {what} by hand since {since} UTC: {name_of(delivery.channel, seen)} ({place})."


def _expiring(memory: Memory, seen: Snapshot) -> Iterator[str]:
    for channel, limits in memory.limits.items():
        try:
            at = datetime.fromisoformat(str(limits.values.get("expires") or ""))
        except ValueError:
            continue
        if channel in seen.rules and at - seen.now < ANNOUNCE:
            over = "have expired" if at < seen.now else f"expire on {at:%Y-%m-%d}"
            yield f"'''The credentials of {name_of(channel, seen)} {over}.''' Its operator has to renew them."


# the first line of a page, whatever its language, or what was that until smbot put its line before it
_REDIRECT = re.compile(r"\A\s*(?:\{\{Smbot/status\n[^\n]*\n?\}\}\s*)?(#[^\W\d]+[ \t]*:?[ \t]*\[\[[^\]\n]{1,255}\]\])")


def _literal(words: str) -> str:
    """Words as wikitext that shows just them, wherever it stands."""
    return re.sub(r"[&<>{}\[\]|~'_=#*:;\n]", lambda found: f"&#{ord(found[0])};", words)


def _linked(words: str, seen: Snapshot) -> str:
    """The same, with the links to the pages of the desk, and no other, as links."""
    wikitext = _literal(words)
    for title in (seen.titles.settings, seen.titles.stop, seen.titles.requests):
        wikitext = wikitext.replace(_literal(f"[[{title}]]"), f"[[{title}]]")
    return wikitext
