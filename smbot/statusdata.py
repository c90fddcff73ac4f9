"""The data page: what the status page tells people, as JSON for tools. Pure.

It is `User:<bot>/Smbot-status.json`, which only the bot can edit, and is read by anybody with
`index.php?title=User:Smbot/Smbot-status.json&action=raw`. Times are ISO 8601 in UTC; what is unknown is left out.

    version     1; it grows when something changes its meaning, not when something is added
    updated     when this was written: something here is another since then
    running     whether anything is posted; if not, `stopped` says why
    accounts    by name: maintainers, goal, posted and approved this week, networks (posts this week of each),
                waiting and to pick (how many), behind (whether it falls short of its goal)
    planned     what will go out, soonest first: id, account, networks, at, words, link (its card), approved by
                (not there while nobody approved it)
    posted      what is out, newest first: id, account, title, at, url
    waiting     what waits for a decision, oldest first: id, title, accounts, since, before, link (its card)
    problems    what somebody has to do: kind (in doubt, refused, handed off, resting, source), channel, id, title, why,
                until, people (who can help; nobody is named where the operator has to)
    days        posts by account and day, for a year
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from smbot.gather import Snapshot
from smbot.messages import say
from smbot.overview import Overview, Stuck, Voice, title_of
from smbot.pages import Edit
from smbot.planned import Coming
from smbot.proposals import Proposal

VERSION = 1
LISTED = 100  # of each kind


def data_edit(now: Overview, seen: Snapshot) -> Edit | None:
    """The data page as it shall be, or None when nothing on it but its time would be another."""
    told = data(now, seen)
    if _timeless(told) == _timeless(_read(seen.data.text)):
        return None
    text = json.dumps(told, ensure_ascii=False, sort_keys=True, indent="\t")
    return Edit(seen.titles.data, seen.data.revision, text, say("status-summary"))


def _read(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _timeless(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name != "updated"}


def data(now: Overview, seen: Snapshot) -> dict[str, Any]:
    """All that the page says."""
    return {
        "version": VERSION,
        "updated": _time(now.now),
        "running": not now.stopped,
        "stopped": [str(problem) for problem in now.stopped],
        "accounts": {voice.name: _account(voice) for voice in now.voices},
        "planned": [_planned(one, now, seen) for one in now.coming[:LISTED]],
        "posted": [
            _told(o, ("id", "account", "title", "url")) | {"at": _time(o.at)} for o in now.out[: -LISTED - 1 : -1]
        ],
        "waiting": list(_waiting(now, seen))[:LISTED],
        "problems": [*map(_stuck, now.stuck), *_troubles(now)][:LISTED],
        "days": _days(now),
    }


def _told(thing: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name in names if (value := getattr(thing, name)) != ""}


def _account(voice: Voice) -> dict[str, Any]:
    week = voice.week
    return {
        "maintainers": list(voice.maintainers),
        "goal": week.goal,
        "posted": week.posted,
        "approved": week.approved,
        "behind": bool(week.goal) and week.is_short,
        "networks": {channel.split("/")[1]: number for channel, number in voice.networks.items()},
        "waiting": len(voice.waiting),
        "to pick": voice.picks,
    }


def _planned(one: Coming, now: Overview, seen: Snapshot) -> dict[str, Any]:
    texts = one.proposal.texts
    told = {
        "id": one.id,
        "account": one.account,
        "networks": [channel.split("/")[1] for channel in one.channels],
        "words": next((texts[channel].told for channel in one.channels), ""),
        "link": card_url(one.proposal, seen),
    }
    told |= {"at": _time(one.at)} if one.at > now.now else {}
    return told | ({"approved by": one.approval.user} if one.approval else {})


def _waiting(now: Overview, seen: Snapshot) -> Iterator[dict[str, Any]]:
    """What waits for a decision, once for all of its accounts."""
    accounts: dict[str, list[str]] = {}
    found: dict[str, Proposal] = {}
    for voice in now.voices:
        for proposal in voice.waiting:
            found[proposal.id] = proposal
            accounts.setdefault(proposal.id, []).append(voice.name)
    for proposal in sorted(found.values(), key=lambda p: (p.known.since, p.id)):
        before = proposal.candidate.not_after
        told = {
            "id": proposal.id,
            "title": title_of(proposal),
            "accounts": accounts[proposal.id],
            "since": proposal.known.since.isoformat(),
            "link": card_url(proposal, seen),
        }
        yield told | ({"before": _time(before)} if before else {})


def _stuck(one: Stuck) -> dict[str, Any]:
    told = _told(one.delivery, ("id", "channel")) | {"kind": one.delivery.state, "title": one.title}
    return told | {"why": one.delivery.reason, "people": list(one.people)}


def _troubles(now: Overview) -> Iterator[dict[str, Any]]:
    for channel, trouble in now.resting.items():
        told = {"kind": "resting", "channel": channel, "why": trouble.why, "people": []}
        yield told | ({"until": _time(trouble.until)} if trouble.until else {})
    for alarm in now.alarms:
        yield {"kind": "source", "why": alarm, "people": []}


def _days(now: Overview) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (account, day), number in now.days.items():
        found.setdefault(account, {})[day.isoformat()] = number
    return found


def card_url(proposal: Proposal, seen: Snapshot) -> str:
    """The address of a card on the queue as it is now."""
    page = seen.queue.url.partition("oldid=")[0].rstrip("?&")
    return f"{page}#{proposal.id}" if page else ""


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="minutes").replace("+00:00", "Z")
