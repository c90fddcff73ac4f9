"""What smbot itself has to remember, as one JSON page that only the bot can edit: `User:<bot>/Smbot.json`.

The queue, the requests and the log are pages for people; nothing on them is taken for smbot's memory. MediaWiki lets
only the bot's own account (and interface administrators) edit this page, which is what makes it trustworthy:
https://www.mediawiki.org/wiki/Manual:Interface/JavaScript#Personal_scripts
"""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import Struct

from smbot.errors import WikiError
from smbot.messages import say
from smbot.model import Candidate, Event, Posted, Text

# what people set on a card
WAITING, APPROVED, DECLINED = "waiting", "approved", "declined"
AGAIN, POSTED_ALREADY, GIVE_UP = "again", "posted", "give up"
RETRACT, CORRECT = "retract", "correct"
STATUSES = (WAITING, APPROVED, DECLINED, AGAIN, POSTED_ALREADY, GIVE_UP, RETRACT, CORRECT)

# how a delivery stands
SENDING, POSTED, REFUSED, DEFERRED, IN_DOUBT = "sending", "posted", "refused", "deferred", "in doubt"
HANDED_OFF, GIVEN_UP, RETRACTED = "handed off", "given up", "retracted"
FINISHED = (POSTED, GIVEN_UP, RETRACTED)
POST = "post"  # what a delivery is about, beside RETRACT and CORRECT


class Approval(Struct, frozen=True, omit_defaults=True):
    """Somebody set a card to approved, in a revision, over a digest. Whether it counts is worked out from this."""

    user: str
    revision: int
    time: datetime
    digest: str
    disturbed_by: tuple[str, ...] = ()  # others who changed the card after smbot last vouched for what it shows
    image: str = ""  # the version of the image that the card showed, as SHA-1
    void: str = ""  # why it was found, before sending, not to count


class Decision(Struct, frozen=True, omit_defaults=True):
    """Somebody set a card to another status than approved or waiting."""

    status: str
    user: str
    revision: int
    reason: str = ""
    url: str = ""
    digest: str = ""  # of the texts in that revision
    disturbed_by: tuple[str, ...] = ()  # as with an approval


class Standing(Struct, frozen=True, omit_defaults=True):
    """What the history of the queue page says of one card, up to the last revision read."""

    status: str = ""
    by_bot: bool = False  # the status was last set by the bot
    digest: str = ""
    typed: str = ""
    face: str = ""
    check: str = ""  # the `check` it has, which anybody can write
    vouched: str = ""  # the `check` with which the bot last vouched for it
    disturbed_by: tuple[str, ...] = ()
    editors: tuple[str, ...] = ()  # who changed the words since they were proposed
    edited: bool = False  # people changed something they can fill in, so smbot leaves it alone
    approvals: tuple[Approval, ...] = ()
    decision: Decision | None = None


class Known(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An item or request that was proposed once and will never be proposed again.

    `proposal` is kept while the candidate is open. `end` says how it ended: '' while it is open.
    """

    source: str
    page: str
    group: str
    print: str
    since: date
    end: str = ""
    revision: int = 0
    url: str = ""
    title: str = ""
    pick: bool = False
    expires: datetime | None = None
    proposal: Candidate | None = None
    requesters: tuple[str, ...] = ()
    asked: str = ""  # the fingerprint of the request as last read
    taken: int = 0  # the revision of the requests page at which a request was taken in
    held: str = ""  # why it is held back
    missing: bool = False  # its source lists it no longer, though it should
    joined: str = ""  # of what another source has told already, the id of the card that tells it
    keys: tuple[str, ...] = ()  # fingerprints of what stays the same when its words change
    event: Event | None = None  # when it takes place, as last read
    of: str = ""  # of a reminder, the id of what it reminds of
    step: str = ""  # which reminder it is, or what else it tells of a dated thing
    outdated: str = ""  # the digest of words that no longer hold, since it was moved
    also: tuple[tuple[str, str], ...] = ()  # other sources of the same news, with their addresses
    marks: tuple[str, ...] = ()  # by which the same news is recognised in another source
    similar: tuple[tuple[str, str], ...] = ()  # what was posted and is like it, what is open and the same: id, and why
    dropped: dict[str, str] = {}  # accounts a maintainer declined for, with who and why
    standing: Standing = Standing()

    @property
    def is_request(self) -> bool:
        return bool(self.requesters)


class Delivery(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One candidate to one channel: what is sent, on whose word, and what became of it.

    `task` is what is being done: to post, to retract or to correct it. `posts` are the posts of its thread that are
    out, first to last; most often it is one. `parcel` is what the network was last told to publish.
    """

    id: str
    channel: str
    text: Text
    approver: str
    revision: int
    since: datetime  # when sending began
    handed: datetime | None = None  # when a person was asked to delete it
    month: str  # of the log page that holds the row
    run: str = ""  # the process that is sending
    task: str = POST
    state: str = SENDING
    planned: datetime | None = None  # when it was first to be sent
    parcel: dict[str, Any] = {}
    corrected: Text | None = None  # what it shall say instead
    said: str = ""  # on whose word it is retracted or corrected
    posts: tuple[Posted, ...] = ()
    url: str = ""  # where it is, or where a person has to do it
    reason: str = ""
    until: datetime | None = None
    tries: int = 1
    mills: int = 0  # what the post that is being sent costs
    logged: str = ""  # the state that the log shows

    @property
    def key(self) -> str:
        """The identity of the delivery, and its idempotency key."""
        return f"{self.id}/{self.channel}"

    @property
    def waiting_since(self) -> datetime:
        """Since when a person is asked to do something about it."""
        return self.handed or self.since


class Trouble(Struct, frozen=True, omit_defaults=True):
    """How often in a row a channel has failed, why, and until when it is left alone."""

    failures: int
    why: str
    until: datetime | None = None


class Past(Struct, frozen=True, omit_defaults=True):
    """A post, be it that its deliveries are forgotten: what, on which account, when, and where it is.

    Of one that was missed it is until when it was time, and where the news is.
    """

    id: str
    account: str
    title: str
    at: datetime
    url: str = ""


class SourceState(Struct, frozen=True, omit_defaults=True):
    """What a page of a source yielded when it was last read well."""

    revision: int
    items: int
    day: date | None = None  # of what is to be read every day
    etag: str = ""
    modified: str = ""
    unclear: tuple[str, ...] = ()  # what on it could not be made sense of, in sentences for people


class Limits(Struct, frozen=True, omit_defaults=True):
    """What a network said of its limits, and when it was asked."""

    asked: datetime
    values: dict[str, Any] = {}


class Memory(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """All of it. `run` changes with every save, so that two processes never merge: one of them always conflicts."""

    version: int = 1
    run: str = ""
    queue: int = 0  # the revision up to which decisions were worked out
    requests: int = 0
    channels: dict[str, tuple[str, ...]] = {}  # of each account, when decisions were last worked out
    alarms: dict[str, str] = {}
    sources: dict[str, SourceState] = {}
    limits: dict[str, Limits] = {}
    troubles: dict[str, Trouble] = {}  # by channel
    told: str = ""  # the week of the last message to the maintainers
    spent: dict[str, int] = {}  # thousandths of a US dollar, by 'account year-month'
    pointed: dict[str, date] = {}  # when an account last reposted or liked what others posted, by 'account repost'
    logs: dict[str, int] = {}  # the revisions up to which log pages with hand-offs were read, by month
    past: tuple[Past, ...] = ()  # of the last weeks
    missed: tuple[Past, ...] = ()  # what was approved, and not posted while it was time; of the last days
    counts: dict[str, int] = {}  # of what is no longer among the deliveries, for a year: posts by 'account day'
    said: dict[str, str] = {}  # who said it on X, and when, as 'account day', by a fingerprint of the words; as long
    known: dict[str, Known] = {}
    deliveries: dict[str, Delivery] = {}

    def of(self, id_: str) -> list[Delivery]:
        """The deliveries of one candidate."""
        return [delivery for delivery in self.deliveries.values() if delivery.id == id_]

    def open(self) -> dict[str, Known]:
        """The candidates that are not at their end."""
        return {id_: known for id_, known in self.known.items() if not known.end}

    def shown(self) -> dict[str, Known]:
        """The candidates that have a card: the open ones, and those posted of late, which can be taken back."""
        return {id_: known for id_, known in self.known.items() if not known.end or known.proposal}


def load(text: str) -> Memory:
    """Read the memory page; an empty text is a new memory.

    Raises WikiError when it cannot be understood: smbot must not go on as if it remembered nothing.
    """
    if not text.strip():
        return Memory()
    try:
        memory = msgspec.json.decode(text, type=Memory)
    except msgspec.DecodeError as error:
        raise WikiError(say("problem-memory-unreadable", error)) from error
    if memory.version != 1:
        raise WikiError(say("problem-memory-version", memory.version, 1))
    return memory


def dump(memory: Memory) -> str:
    """The memory as JSON on one line: MediaWiki lays it out for readers, and never merges two versions of it.

    Half an emoji, as a network may answer with, becomes a question mark.
    """
    try:
        return msgspec.json.encode(memory).decode()
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(memory), ensure_ascii=False).encode(errors="replace").decode()
