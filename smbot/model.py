"""The nouns of smbot: plain values, no I/O.

One word, one meaning: what is called a Candidate here is called a candidate on the wiki pages and in the README.
All datetimes are aware and in UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from hashlib import sha1

from msgspec import Struct

# --- what is read ---------------------------------------------------------------------------------------------------


class Problem(Struct, frozen=True):
    """Something a person can put right: what is wrong, and what to do about it."""

    message: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class Permalink(Struct, frozen=True):
    """Where something stood when it was read: page, revision, and the address of that revision ('' when unknown)."""

    title: str
    revision: int = 0
    url: str = ""


class Link(Struct, frozen=True):
    """An address, and the words that carried it ('' for a footnote-like link without words)."""

    url: str
    label: str = ""


class Page(Struct, frozen=True):
    """A wiki page as it was read. A page that does not exist has revision 0 and no text."""

    title: str
    revision: int = 0
    text: str = ""
    url: str = ""
    timestamp: datetime | None = None
    protection: str = ""  # the level needed to edit it, such as 'sysop'; '' for everybody
    user: str = ""  # who made this revision; '' when hidden
    parent: int = 0  # the revision before it
    text_hidden: bool = False
    created: datetime | None = None  # when its first revision was made, where somebody asked for that
    language: str = ""  # what the wiki says the page is written in
    etag: str = ""  # what a file on the web is to be asked for with, next time
    modified: str = ""

    @property
    def exists(self) -> bool:
        return self.revision > 0


class Site(Struct, frozen=True):
    """What is needed to turn the links of one wiki into addresses.

    `article` and each value of `interwiki` hold `$1` where the title goes, as MediaWiki's siteinfo gives them.
    """

    article: str
    interwiki: Mapping[str, str] = {}
    file_namespaces: frozenset[str] = frozenset({"file", "image"})


class Flag(StrEnum):
    """What a source says of an item beside its words."""

    ADVANCED = "advanced"
    RECURRENT = "recurrent"
    CANCELLED = "cancelled"
    AGAIN = "again"  # what comes again, of which one card is open at most


_LAST_DAY = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)


class Event(Struct, frozen=True, omit_defaults=True):
    """When something takes place, or until when something has to be done; in UTC.

    With `whole_day` only the day is known, and `start` is its midnight.
    """

    start: datetime
    end: datetime | None = None
    whole_day: bool = False

    @property
    def over(self) -> datetime:
        """From when on it is too late to tell of it: its start, or the end of its day."""
        return min(self.start, _LAST_DAY) + timedelta(days=1) if self.whole_day else self.start


class Item(Struct, frozen=True):
    """One piece of news, as plain words.

    `group` is what the source lists it under (a Tech News issue '2026-W47', a date '2026-11-20'), `section` the
    heading above it inside that group ('' without one). `title` is its headline, where it has one beside its words.
    `identity` are the words by which it is known again ('' for `text`), `keys` what stays the same when words change:
    the id of an entry, its address. An item with an `event` is a date, to be announced and reminded of.
    """

    source: str
    group: str
    section: str
    text: str
    links: tuple[Link, ...]
    permalink: Permalink
    published: date | None = None
    flags: frozenset[Flag] = frozenset()
    language: str = "en"
    title: str = ""
    identity: str = ""
    keys: tuple[str, ...] = ()
    event: Event | None = None


class Reading(Struct, frozen=True):
    """What one page of a source yielded.

    `placeholder` is true where the page itself says that there is no news, so that yielding nothing is no alarm.
    """

    items: tuple[Item, ...] = ()
    problems: tuple[Problem, ...] = ()
    placeholder: bool = False


class File(Struct, frozen=True):
    """A picture on the wiki, as it is now. `since` is when this version of it was uploaded, `sha1` names its bytes.

    `credit` is the line its licence asks for, such as 'Jane Doe, CC BY-SA 4.0'; '' where it asks for none.
    """

    name: str
    url: str
    mime: str
    size: int
    since: datetime
    sha1: str = ""
    width: int = 0
    height: int = 0
    credit: str = ""

    @property
    def version(self) -> str:
        """What a card shows of it, so that an approval holds for just this picture with just this credit."""
        credit = sha1(self.credit.encode(), usedforsecurity=False).hexdigest()[:8] if self.credit else ""
        return f"{self.sha1}{credit}"


# --- what is posted -------------------------------------------------------------------------------------------------


class Image(Struct, frozen=True, omit_defaults=True):
    """A picture by its file name on the wiki, with its alternative text."""

    file: str
    alt: str


class Media(Struct, frozen=True):
    """The bytes of a picture that goes out with a post; its size in pixels, 0 when unknown."""

    data: bytes
    mime: str
    alt: str
    width: int = 0
    height: int = 0


class Text(Struct, frozen=True, omit_defaults=True):
    """The exact words for one channel, and the images that go with them.

    `rest` are the further posts of a thread; the images belong to the first. `warning` is shown before the words, and
    hides them where the network can do that. `visibility` counts where the network knows it: public or unlisted.

    What has no words points at another post: `repost` is the address of the post to be reposted, or the channel whose
    post of the same candidate it is; `like` the address of the post to be liked.
    """

    words: str
    language: str = "en"
    images: tuple[Image, ...] = ()
    rest: tuple[str, ...] = ()
    warning: str = ""
    visibility: str = "public"
    repost: str = ""
    like: str = ""

    @property
    def points_at(self) -> str:
        """The post, or the channel whose post, is reposted or liked; '' for a post of its own."""
        return self.repost or self.like

    @property
    def told(self) -> str:
        """What it says, or does, for people who want to recognise it."""
        return f"↻ {self.repost}" if self.repost else f"♥ {self.like}" if self.like else self.words

    @property
    def parts(self) -> tuple[str, ...]:
        """The words of each post of the thread; most often it is one."""
        return (self.words, *self.rest)

    @property
    def warned(self) -> str:
        """The words below their warning, for networks that cannot hide words."""
        return f"{self.warning}\n\n{self.words}" if self.warning else self.words


class Candidate(Struct, frozen=True, omit_defaults=True):
    """A proposed post, as its card on the queue (or its request) says it at one moment.

    `own` holds words of their own for a channel, a network or an account, the nearest of which counts; every other
    channel gets `text`. The link is appended to the words unless they hold it already. `warning` is shown first.
    `reposted_by` are accounts that repost what `accounts` have posted. With `repost` or `like`, the address of a post,
    there are no words. What is `evergreen` keeps, and goes out when there is little else.
    """

    accounts: tuple[str, ...] = ()
    text: str = ""
    own: tuple[tuple[str, str], ...] = ()
    link: str = ""
    image: str = ""
    alt: str = ""
    not_before: datetime | None = None
    not_after: datetime | None = None
    language: str = "en"
    notes: str = ""
    warning: str = ""
    reposted_by: tuple[str, ...] = ()
    repost: str = ""
    like: str = ""
    evergreen: bool = False

    @property
    def title(self) -> str:
        """The first words of it, for people who want to recognise it."""
        words = self.text or next((text for _, text in self.own), "")
        return Text(words, repost=self.repost, like=self.like).told[:80]

    @property
    def voices(self) -> tuple[str, ...]:
        """All accounts that post or repost it."""
        return tuple(dict.fromkeys((*self.accounts, *self.reposted_by)))


def _free(_: str) -> int:
    return 0


class Can(StrEnum):
    """What a network lets one do beside posting."""

    THREAD = "thread"
    CORRECT = "correct"
    RETRACT = "retract"
    REPOST = "repost"
    LIKE = "like"


class Rules(Struct, frozen=True):
    """What fits into one post of a channel, and what can be done with it. All of it is pure.

    `network` is its name for people; `measure` counts words as the network does. `bytes` of UTF-8 have to suffice as
    well (0: there is no such limit). With `plain_links` a link ends there at the first letter of most scripts, unless
    it is written in percents. `image_side` is the longest side in pixels (0: any). `again` is for how long the same
    parcel may be posted once more without ever giving a second post. `mills` is what posting some words costs, in
    thousandths of a US dollar. With `one_repost` reposting a post again makes no second one, ever. A network that is
    `by_hand` has no API: a person posts there. With `link_cards` the first link of a post without pictures is shown as
    a card of the page it leads to.
    """

    network: str
    characters: int
    measure: Callable[[str], int]
    bytes: int = 0
    plain_links: bool = False
    images: int = 4
    alt_characters: int = 1500
    image_bytes: int = 16 * 1024 * 1024
    image_types: tuple[str, ...] = ("image/jpeg", "image/png", "image/gif", "image/webp")
    image_side: int = 0
    can: frozenset[Can] = frozenset()
    again: timedelta = timedelta(0)
    mills: Callable[[str], int] = _free
    one_repost: bool = False
    by_hand: bool = False
    link_cards: bool = False


# --- what became of it ----------------------------------------------------------------------------------------------


class Posted(Struct, frozen=True, omit_defaults=True):
    """It is out. `id` is the network's own name for it: enough to answer it in a thread, to correct or retract it."""

    url: str
    id: str


class Refused(Struct, frozen=True):
    """The network said no, and will say no again: nothing was posted."""

    reason: str


class Deferred(Struct, frozen=True):
    """Nothing was posted; it may be tried again at `until` or later."""

    reason: str
    until: datetime


class InDoubt(Struct, frozen=True):
    """Nobody can say whether it was posted. Not sent again unless the network, or a maintainer, says it is not out."""

    reason: str


class HandedOff(Struct, frozen=True):
    """A person has to do it: `url` opens the place, `how` says what to do there."""

    url: str
    how: str


class Retracted(Struct, frozen=True):
    """It is no longer there: deleted now, or before."""


Outcome = Posted | Refused | Deferred | InDoubt | HandedOff | Retracted
