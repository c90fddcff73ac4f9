"""What the sources yielded becomes candidates, each once; also what was changed, moved, cancelled, or is gone. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from smbot import compose, dated, sources
from smbot.compose import fingerprint
from smbot.forms import show_time
from smbot.identity import Trace, recognise, take_print
from smbot.memory import POSTED, RETRACTED, Known, Memory, SourceState
from smbot.messages import say
from smbot.model import Candidate, Event, Flag, Item, Page, Reading
from smbot.settings import Feed, Wording

if TYPE_CHECKING:
    from smbot.alike import Archive, Match, Told
    from smbot.gather import Snapshot

MOST_UNCLEAR = 3  # things of a page that are told of at once; the others are when these are put right
JOINED = "joined"  # how an item ends that another source has told already
_GOES_ON = ("", POSTED, "expired")  # how an announcement may have ended that is still reminded of


def take(memory: Memory, seen: Snapshot, feed: Feed) -> Memory:
    """Take in what one feed yielded. A page that yields nothing without saying why is an alarm, and changes nothing.

    But for what takes place: while nobody can say whether it still does, nothing of it goes out.
    """
    pages = seen.readings[feed.name]
    why = alarm(feed, pages)
    alarms = {name: text for name, text in memory.alarms.items() if name != feed.name}
    well = [one for one in pages if not _is_mute(*one)] if any(page.exists for page, _ in pages) else []
    wanted = (item for _, reading in well for item in reading.items if _is_wanted(item, feed))
    items = sorted(wanted, key=lambda item: item.published or date.max)  # the oldest card comes first
    titles = {page.title for page, _ in well}
    desk = _Desk(memory, seen, feed)
    desk.take(items, titles)
    if why:
        alarms[feed.name] = why
        desk.doubt(titles)
    states = {source_key(feed, page): _state(page, reading, seen) for page, reading in well if page.exists}
    return replace(memory, alarms=alarms, known=desk.known, sources=memory.sources | states)


def source_key(feed: Feed, page: Page) -> str:
    """Under which name the state of a page of a feed is remembered."""
    return f"{feed.name}: {page.title}"


def _state(page: Page, reading: Reading, seen: Snapshot) -> SourceState:
    unclear = tuple(str(problem) for problem in reading.problems[:MOST_UNCLEAR])
    return SourceState(page.revision, len(reading.items), seen.now.date(), page.etag, page.modified, unclear)


def unclear(memory: Memory, seen: Snapshot) -> Iterator[str]:
    """What could not be made sense of on the pages that were read of late, page by page, in words for people."""
    since = (seen.now - seen.settings.days("news")).date()
    for feed in seen.settings.feeds:
        its = f"{feed.name}: "
        for key, state in memory.sources.items():
            if key.startswith(its) and state.unclear and (state.day or date.max) >= since:
                yield say("notice-feed-unclear", feed.name, key.removeprefix(its), " ".join(state.unclear))


def alarm(feed: Feed, pages: Sequence[tuple[Page, Reading]]) -> str:
    """Why a feed that yields nothing needs a look, in words for people; '' where all is well."""
    if not any(page.exists for page, _ in pages):
        return say("notice-feed-missing", feed.name, feed.page)
    for page, reading in pages:
        if _is_mute(page, reading):
            why = " ".join(str(problem) for problem in reading.problems) or say("notice-feed-form")
            return say("notice-feed-empty", feed.name, page.title, why)
    return ""


def _is_mute(page: Page, reading: Reading) -> bool:
    """Whether a page that exists yields nothing, and does not say that there is nothing."""
    return page.exists and not reading.items and not reading.placeholder


def _is_wanted(item: Item, feed: Feed) -> bool:
    words = f"{item.section} {item.title} {item.text}".casefold()
    return Flag.RECURRENT not in item.flags and (not feed.only or any(word in words for word in feed.only))


# --- what is like it ------------------------------------------------------------------------------------------------

LIKE_FOR = timedelta(days=180)  # how long it is remembered what a post was about
MOST_LIKE = 2  # that a card tells of, of what was posted and of what is open


def _words(item: Item) -> str:
    """All that an item says, to be compared."""
    return item.text if item.text.startswith(item.title) else f"{item.title}. {item.text}"


class Likeness:
    """What of `known` is open or was posted of late, for what is new to be compared with."""

    def __init__(self, known: dict[str, Known], now: datetime) -> None:
        self._known, self._now = known, now

    @cached_property
    def _archive(self) -> Archive:
        from smbot import alike  # a twentieth of a second, and most often nothing is new

        return alike.Archive(
            _told(id_, k)
            for id_, k in self._known.items()
            if k.title and k.end in ("", POSTED) and not k.of and self._now.date() - k.since <= LIKE_FOR
        )

    def find(self, words: str, marks: Collection[str]) -> list[Match]:
        """What is like these words, the same news first."""
        return self._archive.alike(words, marks)

    def tell(self, id_: str, found: Iterable[Match]) -> None:
        """Write down for its card what was posted and is like it, and what is open and is the same; there, too."""
        from smbot import alike

        known = self._known
        like: dict[str, str] = {}
        for match in found:
            if match.id != id_ and (known[match.id].end == POSTED or match.degree is alike.Degree.SAME):
                like.setdefault(match.id, match.reason)
        like = dict(self._most(like.items()))
        before = dict(known[id_].similar)  # when its words were others
        for other in known.keys() & (before.keys() | like.keys()):
            rest = (one for one in known[other].similar if one[0] != id_)
            this = () if other not in like or known[other].end else ((id_, like[other]),)
            known[other] = replace(known[other], similar=self._most((*this, *rest)))
        known[id_] = replace(known[id_], similar=tuple(like.items()))
        self._archive.add(_told(id_, known[id_]))

    def _most(self, like: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """What a card tells of: what was posted, which nothing open can hide, then what is open and may go out."""
        known = [(one, k) for one in like if (k := self._known.get(one[0]))]
        posted = (one for one, k in known if k.end == POSTED)
        open_ = (one for one, k in known if not (k.end or k.held))
        return (*islice(posted, MOST_LIKE), *islice(open_, MOST_LIKE))


def _told(id_: str, k: Known) -> Told:
    from smbot import alike

    return alike.Told(id_, k.title, k.marks, k.proposal.text if k.proposal else "")


def vanished(memory: Memory, now: datetime) -> Iterator[str]:
    """The ids of what was announced and is still to come, but is listed nowhere any more. Not if it was cancelled."""
    for id_, k in memory.known.items():
        if k.missing and k.event and now < k.event.over:
            family = [other for other in memory.known.values() if other.of == id_]
            is_told = any(one.end == POSTED for one in (k, *family))
            is_off = any(one.step == dated.CANCELLED for one in family)
            is_listed = any(other.joined == id_ and not other.missing for other in memory.known.values())
            if is_told and not (is_off or is_listed):
                yield id_


def _begin(event: Event | None) -> tuple[object, ...]:
    """What of an event matters to those who have a card of it; its end does not."""
    return (event.start, event.whole_day) if event else ()


def _has_moved(before: Event | None, event: Event | None) -> bool:
    """Whether those who were told of an event know another date. That its day now has a time is no other date."""
    if before and event and before.whole_day and not event.whole_day:
        return before.start.date() != event.start.date()
    return _begin(before) != _begin(event)


class _Desk:
    """The items of one feed on their way into what is `known`."""

    def __init__(self, memory: Memory, seen: Snapshot, feed: Feed) -> None:
        self.known = dict(memory.known)
        self._seen, self._feed = seen, feed
        self._wording = seen.wordings.get(feed.name, Wording())
        self._post = sources.source(feed.kind).POST
        self._likeness = Likeness(self.known, seen.now)
        out = {d.id for d in memory.deliveries.values() if d.posts and d.state != RETRACTED}
        self._out = out | {id_ for id_, k in memory.known.items() if k.end == POSTED}
        self._family: dict[str, list[str]] = {}  # the ids of what else is told of an item, by its id
        self._twins: dict[str, list[str]] = {}  # the same items in other sources
        for id_, k in memory.known.items():
            if k.of:
                self._family.setdefault(k.of, []).append(id_)
            elif k.joined:
                self._twins.setdefault(k.joined, []).append(id_)

    def take(self, items: Sequence[Item], titles: set[str]) -> None:
        """All the items of the pages with these titles."""
        ours = self._ours()
        traces = [self._trace(item) for item in items]
        ids = recognise(traces, {id_: self._remembered(k) for id_, k in ours.items()})
        still_there: set[str] = set()
        for item, trace, found in zip(items, traces, ids, strict=True):
            id_ = found or self._still_open(item, ours) or self._id(item, trace)
            if id_ in self.known and id_ not in still_there:
                self._update(id_, item, trace)
            elif id_ not in self.known and self._is_fresh(item):
                self._take_in(id_, item, trace)
            still_there.add(id_)
        oldest = min((item.group for item in items), default="")
        for id_, k in ours.items():
            counts = self._is_to_come(id_) if k.event else k.group >= oldest  # else the page is only too short
            if k.page in titles and id_ not in still_there and counts:
                self._miss(id_)

    def doubt(self, titles: set[str]) -> None:
        """Only the pages with these titles could be made out: what is to come, and stood on others, is held back."""
        for id_, k in self._ours().items():
            if k.page not in titles and self._is_to_come(id_):
                self._hold(id_, say("card-held-unread", k.page))

    def _ours(self) -> dict[str, Known]:
        """The items of the feed, without what else is told of them."""
        return {id_: k for id_, k in self.known.items() if k.source == self._feed.name and not (k.of or k.is_request)}

    def _is_to_come(self, id_: str) -> bool:
        """Whether an item takes place and is not over, at any of the times that are told of it."""
        events = (self.known[one].event for one in (id_, *self._family.get(id_, ())))
        return any(event and self._seen.now < event.over for event in events)

    def _still_open(self, item: Item, ours: Mapping[str, Known]) -> str:
        """Of what comes again, the card that is open from the last time: it becomes that of this time."""
        again = Flag.AGAIN in item.flags
        return next((id_ for id_, k in ours.items() if again and not k.end and k.page == item.permalink.title), "")

    def _id(self, item: Item, trace: Trace) -> str:
        when = f"{item.event.start}" if item.event else ""  # the same talk a month later is another
        return f"n{fingerprint(self._feed.name + trace.print + ''.join(trace.keys[:1]) + when)[:9]}"

    def _trace(self, item: Item) -> Trace:
        keys = tuple(fingerprint(key)[:8] for key in item.keys)
        return Trace(take_print(item.identity or item.text), item.permalink.title, item.group, keys)

    def _remembered(self, known: Known) -> Trace:
        is_over = known.event is not None and known.event.over < self._seen.now
        return Trace(known.print, known.page, known.group, known.keys, is_over)

    def _is_fresh(self, item: Item) -> bool:
        """A first run does not flood: only the items of the last days are news, only what takes place soon is told."""
        now, settings = self._seen.now, self._seen.settings
        if item.event:
            return now < item.event.over and item.event.start - now <= settings.days("announce")
        return item.published is None or item.published >= (now - settings.days("news")).date()

    # --- new --------------------------------------------------------------------------------------------------------

    def _take_in(self, id_: str, item: Item, trace: Trace) -> None:
        if Flag.CANCELLED in item.flags:
            return
        from smbot import alike
        from smbot.marks import marks_of

        words = _words(item)
        marks = marks_of(words, (link.url for link in item.links))
        found = self._likeness.find(words, marks)
        same = (match.id for match in found if match.degree is alike.Degree.SAME)
        if twin := next((id_ for id_ in same if self._may_join(id_, item)), ""):
            self._join(twin, item)
            self.known[id_] = self._known(item, trace, "", end=JOINED, joined=twin)
            self._twins.setdefault(twin, []).append(id_)
            return
        for step in dated.steps(item.event, self._feed, self._wording, self._post, self._seen.now):
            self._propose(id_, item, trace, step)
        self.known[id_] = replace(self.known[id_], marks=marks)
        self._likeness.tell(id_, found)

    def _may_join(self, id_: str, item: Item) -> bool:
        """Whether a card of another source can tell this, too: nobody has seen to it, and all accounts can."""
        k, settings = self.known[id_], self._seen.settings
        is_open = not (k.end or k.of or k.is_request or k.held or k.standing.edited or k.standing.approvals)
        if not is_open or k.source == self._feed.name or (k.event is None) != (item.event is None) or not k.proposal:
            return False
        if k.pick != (self._feed.name in self._seen.picks):
            return False
        texts = compose.texts(self._joined(k.proposal), settings.accounts, self._seen.rules)
        return set(self._joined(k.proposal).voices) <= {channel.split("/")[0] for channel in texts}

    def _joined(self, proposal: Candidate) -> Candidate:
        """A candidate of another source that the accounts of this one repost."""
        others = (*self._feed.accounts, *self._feed.reposted_by)
        names = dict.fromkeys(name for name in (*proposal.reposted_by, *others) if name not in proposal.accounts)
        return replace(proposal, reposted_by=tuple(names))

    def _propose(self, id_: str, item: Item, trace: Trace, step: dated.Step, serial: int = 0) -> None:
        """One more candidate of an item; `serial` tells those apart that say the same again."""
        which = fingerprint(f"{step.name}{item.event}" + f" {serial}" * bool(serial))[:4]
        id_of_step = f"{id_}-{which}" if step.name else id_
        if id_of_step in self.known:
            return
        pick = self._feed.name in self._seen.picks
        days = self._seen.settings.days("pick" if pick else "queue")
        self.known[id_of_step] = self._known(
            item,
            trace,
            id_ if step.name else "",
            step=step.name,
            pick=pick,
            expires=max(self._seen.now + days, step.not_after or self._seen.now),
            proposal=self._candidate(item, step),
        )
        if step.name:
            self._family.setdefault(id_, []).append(id_of_step)

    def _known(self, item: Item, trace: Trace, of: str, **more: Any) -> Known:
        return Known(
            source=self._feed.name,
            page=trace.page,
            group=trace.group,
            print=trace.print,
            keys=trace.keys if not of else (),
            since=self._seen.now.date(),
            revision=item.permalink.revision,
            url=item.permalink.url,
            title=(item.title or item.text)[:80],
            event=item.event,
            of=of,
            **more,
        )

    def _candidate(self, item: Item, step: dated.Step) -> Candidate:
        from smbot import wording

        feed, settings = self._feed, self._seen.settings
        own = {account: template for account, template in step.templates.items() if account}
        words = wording.propose(item, step.templates[""], feed.accounts, settings.accounts, self._seen.rules, own)
        reposters = feed.reposted_by
        if step.is_change:  # in the same words for all, which no two accounts may say on X
            words, reposters = replace(words, accounts=feed.accounts[:1]), (*feed.accounts[1:], *reposters)
        return replace(step.on(words), reposted_by=reposters, evergreen=feed.evergreen)

    # --- known ------------------------------------------------------------------------------------------------------

    def _update(self, id_: str, item: Item, trace: Trace) -> None:
        """The same item, read again: it keeps its identity, takes its new words, and is held back no longer."""
        before = self.known[id_]
        keys = tuple(dict.fromkeys((*before.keys, *trace.keys)))
        stays = self._is_half_out(id_) and _has_moved(before.event, item.event)
        event = before.event if stays else item.event
        self.known[id_] = replace(before, page=trace.page, group=trace.group, keys=keys, event=event, missing=False)
        if before.joined in self.known:
            self._tell_too(id_, item)
            return
        if Flag.CANCELLED in item.flags:
            self._hold(id_, say("card-held-cancelled"))
            if item.event:
                self._tell(id_, item, trace, dated.cancelled(item.event))
            return
        steps = {s.name: s for s in dated.steps(item.event, self._feed, self._wording, self._post, self._seen.now)}
        family = [id_, *self._family.get(id_, ())]
        for one in family:
            k = self.known[one]
            if k.end:
                continue
            if k.step in steps:
                self._renew(one, item, trace, steps.pop(k.step), before.event)
            elif k.step == dated.CANCELLED:
                self.known[one] = replace(k, held=say("card-held-after-all"))
            elif k.event == item.event:  # a reminder whose time has begun
                self.known[one] = replace(k, held="")
        if item.event and before.event and _begin(item.event) != _begin(before.event):
            self._move(id_, item, trace, before.event)
        self._remind(id_, item, trace, steps.values(), anew=_has_moved(before.event, item.event))

    def _renew(self, id_: str, item: Item, trace: Trace, step: dated.Step, before: Event | None) -> None:
        """An open candidate takes what its item says now. Where people have seen to its words, they have to do it."""
        if self._is_half_out(id_) and _has_moved(self.known[id_].event, item.event):
            self.known[id_] = replace(self.known[id_], held=say("card-held-half-out"))
            return
        known = self.known[id_] = replace(self.known[id_], held="", event=item.event)
        proposal = self._candidate(item, step)
        if known.also and known.proposal:
            proposal = replace(proposal, reposted_by=known.proposal.reposted_by)
        has_moved = _begin(item.event) != _begin(before)
        same = proposal == known.proposal or (known.print == trace.print and not item.links and item.event == before)
        if same:
            return
        seen_to = has_moved and (known.standing.edited or known.standing.approvals)
        self.known[id_] = replace(
            known,
            print=trace.print,
            title=(item.title or item.text)[:80],
            revision=item.permalink.revision,
            url=item.permalink.url,
            proposal=proposal,
            outdated=known.standing.digest if seen_to else "",
        )

    def _is_half_out(self, id_: str) -> bool:
        """Whether it is out on some of its channels only."""
        return id_ in self._out and not self.known[id_].end

    def _move(self, id_: str, item: Item, trace: Trace, before: Event) -> None:
        """What has a new date is told to those who know the old one; what still has the old time waits."""
        assert item.event  # noqa: S101 - for the type checker
        family = self._family.get(id_, ())
        is_being_told = any(not k.end and k.step.startswith(dated.MOVED) for k in map(self.known.__getitem__, family))
        for one in family:
            if self.known[one].event != item.event:
                self._hold(one, say("card-held-moved", show_time(item.event.start)))
        if is_being_told or _has_moved(before, item.event):
            self._tell(id_, item, trace, dated.moved(item.event))

    def _remind(self, id_: str, item: Item, trace: Trace, steps: Iterable[dated.Step], *, anew: bool) -> None:
        """Propose the reminders that there never were; `anew` also those that are over, but none that was declined."""
        ends = {self.known[one].step: self.known[one].end for one in (id_, *self._family.get(id_, ()))}
        for step in steps:
            is_over = bool(step.name) and anew and ends.get(step.name) in (POSTED, "expired")
            if is_over or (step.name not in ends and ends[""] in _GOES_ON):
                self._propose(id_, item, trace, step)

    def _tell(self, id_: str, item: Item, trace: Trace, step: dated.Step) -> None:
        """What became of something that was announced; what was not, needs no such news."""
        family = self._family.get(id_, [])
        changes = [k for one in family if (k := self.known[one]).step.startswith((dated.MOVED, dated.CANCELLED))]
        told = changes and (changes[-1].step, changes[-1].event) == (step.name, item.event)
        if not told and not self._out.isdisjoint((id_, *family)):
            self._propose(id_, item, trace, step, serial=len(changes))

    def _hold(self, id_: str, why: str) -> None:
        """Let nothing open of an item go out."""
        for one in (id_, *self._family.get(id_, ())):
            k = self.known[one]
            if not k.end:
                self.known[one] = replace(k, held=why if k.step != dated.CANCELLED else "")

    # --- gone -------------------------------------------------------------------------------------------------------

    def _miss(self, id_: str) -> None:
        """An item is not listed any more. When no other source tells it, nothing of it goes out."""
        k = self.known[id_]
        self.known[id_] = replace(k, missing=True)
        card = k.joined if k.joined in self.known else id_
        if all(self.known[one].missing for one in (card, *self._twins.get(card, ()))):
            self._hold(card, say("card-held-gone", k.page))

    def _tell_too(self, id_: str, item: Item) -> None:
        """What the card of another source tells is listed here, too, unless it is cancelled or has another date."""
        card = self.known[id_].joined
        if Flag.CANCELLED in item.flags or _has_moved(self.known[card].event, item.event):
            self._miss(id_)
            return
        gone = say("card-held-gone", self.known[id_].page)
        for one in (card, *self._family.get(card, ())):
            if self.known[one].held == gone:
                self.known[one] = replace(self.known[one], held="")

    # --- the same from two sources ----------------------------------------------------------------------------------

    def _join(self, id_: str, item: Item) -> None:
        """Offer the same news from two sources as one candidate, which the accounts of the second repost."""
        k, feed = self.known[id_], self._feed
        label = f"{feed.name}, {item.group}" if item.group else feed.name
        also = (*k.also, (label, item.permalink.url))
        self.known[id_] = replace(k, also=also, proposal=self._joined(k.proposal) if k.proposal else None)
