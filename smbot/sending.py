"""Deliveries carried out, all channels side by side: write, send, write.

Each channel is served by a coroutine of its own, one delivery after the other, so that no network waits for another;
what touches a network runs in a thread. There is one memory and one wiki: what the coroutines want to write down at the
same moment is put into one save.

What makes a crash harmless: a delivery is `sending` in the saved memory before its network is told to publish it, and
whoever finds it so afterwards asks the network first.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from datetime import datetime, timedelta
from functools import partial
from types import EllipsisType
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from smbot import compose, deliveries, pictures
from smbot.channels import Channel, Order
from smbot.deliveries import DONE_WITHIN, is_begun
from smbot.errors import ChannelError, Conflict, SmbotError, Unknowable, WikiError
from smbot.memory import RETRACT, Delivery, Memory
from smbot.messages import say
from smbot.mind import Change, Mind
from smbot.model import Deferred, HandedOff, InDoubt, Media, Outcome, Posted, Refused, Retracted, Rules
from smbot.plan import Plan
from smbot.report import Report


class Doors(Struct, frozen=True):
    """What carrying out deliveries needs of the world."""

    channel: Callable[[str], Channel]  # raises UsageError
    picture: Callable[[str], tuple[bytes, str]]  # its bytes and their type, by its name; raises WikiError
    look_again: Callable[[], None]  # raises WikiError unless all is as it was planned with
    clock: Callable[[], datetime]
    is_stopping: Callable[[], bool]  # begin no further delivery
    skew: timedelta = timedelta(0)  # how far the machine's clock is ahead of the one above


class _Entry(Struct):
    """Something to be written down. A `begun` delivery is only written down if nobody else was at work meanwhile."""

    future: asyncio.Future[Any]
    change: Change | None = None
    begun: Delivery | None = None


class _Begun(Struct):
    """A delivery that is written down as being sent, and what it was before."""

    entry: _Entry
    delivery: Delivery
    before: Delivery | None = None


class Dispatch:
    """Everything one plan wants of the networks."""

    def __init__(self, mind: Mind, todo: Plan, doors: Doors, report: Report) -> None:
        self._mind = mind
        self._todo = todo
        self._rules: Mapping[str, Rules] = todo.seen.rules
        self._doors = doors
        self._report = report
        self._entries: list[_Entry] = []

    def carry_out(self, run: str) -> None:
        """Do it all, as the process `run`.

        Raises Conflict when it has to be planned anew; what was begun until then is settled.
        """
        self._run = run
        asyncio.run(self._serve_all())

    async def _serve_all(self) -> None:
        todo = self._todo
        names = dict.fromkeys(d.channel for d in (*todo.doubts, *todo.tasks, *todo.due))
        with ThreadPoolExecutor(len(names)) as self._threads:
            ends = await asyncio.gather(*map(self._serve, names), return_exceptions=True)
        errors = [end for end in ends if isinstance(end, BaseException)]
        for error in sorted(errors, key=lambda e: isinstance(e, Conflict)):
            raise error

    async def _serve(self, name: str) -> None:
        """One channel: first what is unclear, then what is to be taken back, then what is new."""
        doubts, tasks, due = (
            [d for d in wanted if d.channel == name] for wanted in (self._todo.doubts, self._todo.tasks, self._todo.due)
        )
        try:
            channel = self._doors.channel(name)
        except SmbotError as error:
            self._report.problems.append(f"{name}: {error}")
            for delivery in doubts:
                await self._despair(delivery, str(error))
            return
        for delivery in doubts:
            await self._one(self._resolve(channel, delivery), delivery)
        for delivery in tasks:
            await self._one(self._mend(channel, delivery), delivery)
        for delivery in due:
            if self._doors.is_stopping() or not await self._one(self._deliver(channel, delivery), delivery):
                return  # a network in trouble is left alone until the next run

    async def _one(self, doing: Coroutine[Any, Any, bool | None], delivery: Delivery) -> bool:
        """Whether the next delivery may follow. A defect met with one is no reason to leave the others."""
        try:
            return await doing is not False
        except SmbotError:
            raise
        except Exception as error:  # noqa: BLE001
            self._report.problems.append(say("log-defect", delivery.key, type(error).__name__))
            return True

    # --- a delivery -------------------------------------------------------------------------------------------------

    async def _deliver(self, channel: Channel, delivery: Delivery) -> bool:
        """Send every post of its thread that is not out yet. Whether the network can be given another delivery."""
        if delivery.text.points_at:
            return await self._point(channel, delivery)
        try:
            media = await self._media(delivery) if not delivery.posts else ()
        except WikiError as error:  # the wiki's trouble, not the channel's
            why = str(error)
            self._report.problems.append(f"{delivery.key}: {why}")
            await self._write(lambda now: deliveries.postpone(now, delivery, why, self._doors.clock()))
            return True
        while True:
            words = delivery.text.parts[len(delivery.posts)]
            text = replace(delivery.text, words=words, rest=())
            before = self._mind.memory.deliveries.get(delivery.key)
            parcel = await self._call(channel.pack, text, media, _order(delivery), self._doors.clock())
            if isinstance(parcel, Refused | Deferred):
                await self._settle(replace(delivery, mills=0), parcel, before)
                return isinstance(parcel, Refused)
            mills = compose.costs(text, self._rules[delivery.channel])[0]
            delivery = await self._begin(replace(delivery, parcel=parcel, mills=mills))
            outcome = await self._post(channel, delivery)
            delivery = await self._settle(delivery, outcome)
            if not isinstance(outcome, Posted) or len(delivery.posts) == len(delivery.text.parts):
                return isinstance(outcome, Posted | Refused | HandedOff)
            if self._doors.is_stopping():
                return False
            media = ()

    async def _point(self, channel: Channel, delivery: Delivery) -> bool:
        """Repost or like another post."""
        at = deliveries.original(self._mind.memory, delivery.id, delivery.text)
        delivery = await self._begin(replace(delivery, parcel={"at": at}))
        outcome = await self._post(channel, delivery)
        await self._settle(delivery, outcome)
        return isinstance(outcome, Posted | Refused | HandedOff)

    async def _media(self, delivery: Delivery) -> tuple[Media, ...]:
        """Its pictures, fitted to what the network takes. Raises WikiError."""
        rules = self._rules[delivery.channel]
        files = [(image, *self._doors.picture(image.file)) for image in delivery.text.images]
        return tuple([await self._call(pictures.fit, data, mime, image.alt, rules) for image, data, mime in files])

    async def _post(self, channel: Channel, delivery: Delivery) -> Outcome:
        """Post; and where it is not known whether that worked, look at once."""
        if delivery.text.points_at:
            act = channel.repost if delivery.text.repost else channel.like
            return await self._call(act, delivery.parcel["at"], _order(delivery), self._doors.clock())  # type: ignore[no-any-return]
        outcome: Outcome = await self._call(channel.post, delivery.parcel, self._doors.clock())
        if isinstance(outcome, InDoubt):
            with suppress(ChannelError):
                outcome = await self._find(channel, delivery) or outcome
        return outcome

    async def _find(self, channel: Channel, delivery: Delivery) -> Posted | None:
        """Look for it on the network, whose clock may be like the wiki's or like this machine's.

        Nobody looks for a repost or a like: doing it again tells, and most often makes no second one.
        """
        if delivery.text.points_at:
            raise Unknowable(say("card-not-seen-from-here"))
        since = delivery.since + min(self._doors.skew, timedelta(0))
        found: Posted | None = await self._call(channel.find, delivery.parcel, since)
        return found

    async def _resolve(self, channel: Channel, delivery: Delivery) -> None:
        """Ask the network about a delivery that was begun and never finished. Never send it again blindly."""
        try:
            found = await self._find(channel, delivery)
        except Unknowable as error:
            if self._may_go_again(delivery):
                await self._post_again(channel, delivery)
            else:
                why = delivery.reason or say("card-run-ended")
                await self._settle(delivery, InDoubt(f"{why} {error}"), final=True)
        except ChannelError as error:
            self._report.problems.append(say("log-was-being-sent", delivery.key, error))
            await self._despair(delivery, str(error))
        else:
            if found:
                await self._settle(delivery, found)
            elif self._may_go_again(delivery):
                await self._post_again(channel, delivery)
            else:
                await self._write(partial(self._not_out, delivery))
                self._report.done.append(say("log-had-not-gone-out", delivery.key))

    async def _despair(self, delivery: Delivery, why: str) -> None:
        """Leave it to a maintainer, once its network could not be asked for long enough."""
        if self._doors.clock() - delivery.since > deliveries.ASK_FOR:
            await self._settle(delivery, InDoubt(say("card-run-ended-why", why)), final=True)

    def _not_out(self, delivery: Delivery, now: Memory) -> Memory:
        return deliveries.absent(now, delivery, self._doors.clock()) if is_begun(now, delivery) else now

    def _may_go_again(self, delivery: Delivery) -> bool:
        """Whether its very parcel may be posted once more: it is still approved, and that cannot give a second post."""
        age = self._doors.clock() - (delivery.planned or delivery.since)
        wanted = delivery.key in self._todo.again and delivery.tries < deliveries.TRIES
        rules = self._rules[delivery.channel]
        return wanted and (rules.one_repost if delivery.text.points_at else age < rules.again)

    async def _post_again(self, channel: Channel, delivery: Delivery) -> None:
        delivery = await self._begin(replace(delivery, mills=0, tries=delivery.tries + 1))
        await self._settle(delivery, await self._post(channel, delivery))

    async def _mend(self, channel: Channel, delivery: Delivery) -> None:
        """Retract or correct what is out. Doing either twice does no harm, so it needs no note beforehand."""
        mend = self._retract if delivery.task == RETRACT else self._correct
        outcome = await mend(channel, delivery)

        def change(now: Memory) -> Memory:
            same = now.deliveries.get(delivery.key) == delivery
            return deliveries.record(now, delivery, outcome, self._doors.clock()) if same else now

        await self._write(change)
        self._tell(delivery, outcome)

    async def _retract(self, channel: Channel, delivery: Delivery) -> Outcome:
        outcome: Outcome = Retracted()
        for post in reversed(delivery.posts):
            if not post.id:
                return Refused(say("card-by-person"))
            outcome = await self._call(channel.retract, post.id, self._doors.clock())
            if not isinstance(outcome, Retracted):
                return outcome
        return outcome

    async def _correct(self, channel: Channel, delivery: Delivery) -> Outcome:
        assert delivery.corrected  # noqa: S101 - for the type checker: such a task comes with its words
        outcome: Outcome = Refused(say("card-by-person"))
        for number, (post, words) in enumerate(zip(delivery.posts, delivery.corrected.parts, strict=True)):
            if not post.id:
                return outcome
            text = replace(delivery.corrected, words=words, rest=())
            order = _order(replace(delivery, posts=delivery.posts[:number]))
            parcel = await self._call(channel.pack, text, (), order, self._doors.clock())
            if isinstance(parcel, Refused | Deferred):
                return parcel
            outcome = await self._call(channel.correct, post.id, parcel, self._doors.clock())
            if not isinstance(outcome, Posted):
                return outcome
        return replace(outcome, url=delivery.url, id=delivery.posts[0].id) if isinstance(outcome, Posted) else outcome

    async def _call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Something that touches a network, in a thread."""
        call = partial(copy_context().run, function, *arguments)  # with the language that is spoken
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    # --- writing it down --------------------------------------------------------------------------------------------

    async def _begin(self, delivery: Delivery) -> Delivery:
        """Write down that it is being sent, and look once more whether it still shall be. Raises WikiError if not."""
        entry = _Entry(asyncio.get_running_loop().create_future(), begun=delivery)
        began: Delivery = await self._enter(entry)
        return began

    async def _write(self, change: Change) -> None:
        await self._enter(_Entry(asyncio.get_running_loop().create_future(), change=change))

    async def _settle(
        self,
        delivery: Delivery,
        outcome: Outcome,
        before: Delivery | EllipsisType | None = ...,
        *,
        final: bool = False,
    ) -> Delivery:
        """Write down what became of a delivery, unless somebody settled it since it was begun (or since `before`).

        That it is out is true whatever another process has found meanwhile.
        """

        def change(now: Memory) -> Memory:
            mine = is_begun(now, delivery) if before is ... else now.deliveries.get(delivery.key) == before
            if not mine and not isinstance(outcome, Posted):
                return now
            if isinstance(outcome, InDoubt) and not final:
                return deliveries.wonder(now, delivery, outcome.reason, self._doors.clock())
            return deliveries.record(now, delivery, outcome, self._doors.clock())

        await self._write(change)
        self._tell(delivery, outcome)
        return self._mind.memory.deliveries.get(delivery.key, delivery)

    def _tell(self, delivery: Delivery, outcome: Outcome) -> None:
        match outcome:
            case Posted(url):
                told = delivery.key, url
                self._report.done.append(
                    say("log-corrected", *told) if delivery.corrected else say("log-posted", *told)
                )
            case Retracted():
                self._report.done.append(say("log-retracted", delivery.key))
            case HandedOff():
                self._report.done.append(say("log-handed-off", delivery.key))
            case _:
                after = self._mind.memory.deliveries.get(delivery.key, delivery)
                self._report.problems.append(f"{delivery.key}: {after.state}: {outcome.reason}")

    async def _enter(self, entry: _Entry) -> Any:
        if not self._entries:
            asyncio.get_running_loop().call_soon(self._save)
        self._entries.append(entry)
        return await entry.future

    def _save(self) -> None:
        entries, self._entries = self._entries, []
        try:
            self._save_all(entries)
        except BaseException as error:
            self._fail(
                [entry for entry in entries if not entry.future.done()], error
            )  # whoever waits has to hear of it
            if not isinstance(error, Exception):
                raise

    def _save_all(self, entries: list[_Entry]) -> None:
        """Save all that waits to be written down; then look again, if something is about to be sent."""
        now, started = self._doors.clock(), time.monotonic()
        begun = [_Begun(e, replace(e.begun, since=now, run=self._run)) for e in entries if e.begun]
        settled = [e for e in entries if e.change]

        def settle(mind: Memory) -> Memory:
            for entry in settled:
                mind = entry.change(mind) if entry.change else mind
            return mind

        if not begun:
            return self._insist(settle, settled)
        try:
            self._mind.must_be_first()
            mind = settle(self._mind.memory)
            for one in begun:
                one.before = mind.deliveries.get(one.delivery.key)
                mind = deliveries.begin(mind, one.delivery, self._run)
            self._mind.keep(mind)
        except WikiError as error:
            self._fail([one.entry for one in begun], error)
            return self._insist(settle, settled)
        _fulfil((e, None) for e in settled)
        return self._look_again(begun, started)

    def _look_again(self, begun: list[_Begun], started: float) -> None:
        def forget(mind: Memory) -> Memory:
            for one in begun:
                if is_begun(mind, one.delivery):
                    mind = deliveries.forget(mind, one.delivery, one.before)
            return mind

        try:
            self._doors.look_again()
            if time.monotonic() - started > DONE_WITHIN.total_seconds():
                raise WikiError(say("log-wiki-slow"))
        except WikiError as error:
            self._insist(forget, [])
            self._fail([one.entry for one in begun], error)
        else:
            _fulfil((one.entry, one.delivery) for one in begun)

    def _insist(self, change: Change, entries: list[_Entry]) -> None:
        try:
            self._mind.insist(change)
        except WikiError as error:
            self._fail(entries, error)
        else:
            _fulfil((entry, None) for entry in entries)

    def _fail(self, entries: list[_Entry], error: BaseException) -> None:
        for entry in entries:
            entry.future.set_exception(error)


def _fulfil(results: Any) -> None:
    for entry, result in results:
        entry.future.set_result(result)


def _order(delivery: Delivery) -> Order:
    """Which post of the delivery is next."""
    part = len(delivery.posts)
    key = delivery.key if not part else f"{delivery.key}/{part + 1}"
    return Order(key, delivery.planned or delivery.since, tuple(post.id for post in delivery.posts))
