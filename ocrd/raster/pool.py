"""The pool of drawing children: a call is done, again where a child dies, until one is too much.

A child serves one request at a time: when it dies, what it was doing is to blame and nothing else.
Waiting requests are served by rank, lowest first. A document that once takes long goes behind all
others from then on, and never has more than one child at a time: while there are two, the others
always have one. What a call can do without, it does without as soon as that has cost a child.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from ocrd import loading
from ocrd.errors import ShareGoneError, TransientError
from ocrd.files import printable
from ocrd.files.asking import ask
from ocrd.raster.calls import Call, Source, refuse_unreadable
from ocrd.raster.child import Limits
from ocrd.raster.isolate import ChildDied, ChildError, ChildTimeout, LimitedChild
from ocrd.raster.seats import Rank, Seat, Seats
from ocrd.wording import span

T = TypeVar("T")

REMEMBERED = 1000  # slow documents

_STARTS = 3  # of a child, before it is said that none can be started


class Pool:
    """The children, and what is known of the documents that took them long."""

    def __init__(self, bounds: Limits, *, children: int, recycle: int) -> None:
        """Make room for ``children``; each is replaced after ``recycle`` documents."""
        self._recycle = recycle
        self._seats = Seats([Seat(bounds) for _ in range(children)])
        self._aside = Seats([Seat(bounds)])  # for long work; empty between
        self._slow: OrderedDict[object, int] = OrderedDict()  # and how many pages were deadly
        self._slow_lane = asyncio.Lock()
        self._calls: set[asyncio.Task[Any]] = set()
        self._closing = False

    async def start(self) -> None:
        """Start the children; raise TransientError when one does not come up."""
        await asyncio.gather(*(self._ready(seat) for seat in self._seats.all))

    async def close(self) -> None:
        """End the children; requests that still run or wait get a TransientError."""
        self._closing = True
        for seats in (self._seats, self._aside):
            seats.refuse(_stopping())
            await asyncio.gather(*(seat.end(kill=seat.busy) for seat in seats.all))
        await asyncio.gather(*self._calls, return_exceptions=True)

    def status(self) -> dict[str, Any]:
        """Return what the children do, for a person."""
        return {
            "children": [seat.child.pid for seat in self._seats.all if seat.child],
            "drawing": [seat.child.pid for seat in self._seats.all if seat.child and seat.calling],
            "aside": [seat.child.pid for seat in self._aside.all if seat.child],
            "waiting": self._seats.waiting,
            "slow": len(self._slow),
        }

    def is_slow(self, source: Source) -> bool:
        """Say whether the document once took long."""
        return source.identity in self._slow

    def count_deadly(self, source: Source) -> int:
        """Count one more page of the document that was too much; return how many there are."""
        self._slow[source.identity] = deadly = self._slow.get(source.identity, 0) + 1
        return deadly

    async def do(self, call: Call, rank: Rank) -> Any:
        """Return what a child answers; raise Deadly once as many died of it as are allowed."""
        return await self._insist(call, rank, self._seats)

    async def do_aside(self, call: Call, rank: Rank) -> Any:
        """Do long work in a child of its own, which ends when nobody uses it any more."""
        try:
            return await self._insist(call, rank, self._aside)
        finally:
            await self._aside.rest()

    async def _insist(self, call: Call, rank: Rank, seats: Seats) -> Any:
        deaths = 0
        while True:
            if slow := self.is_slow(call.source):
                call.source.on_slow()
            try:
                async with self._lane(seats, slow=slow):
                    return await self._attempt(seats, call, rank, slow=slow)
            except (ChildDied, ChildTimeout) as error:
                if self._closing:
                    raise _stopping() from error
                took_long = isinstance(error, ChildTimeout)
                spares = error.halfway and bool(call.sparing)
                if spares:
                    call = call.spared()
                if took_long and not slow and call.quick_seconds < call.deadline_seconds:
                    self._remember_slow(call.source)
                    continue
                deaths += 1
                if isinstance(error, ChildTimeout) and error.worked and not spares:
                    raise Deadly(_told(error, call, deaths)) from error
                if deaths >= call.deaths_allowed:
                    await _asked(partial(refuse_unreadable, call.source), call)
                    raise Deadly(_told(error, call, deaths)) from error

    def _lane(self, seats: Seats, *, slow: bool) -> contextlib.AbstractAsyncContextManager[Any]:
        """Let slow documents use one child at a time, where there are more."""
        return self._slow_lane if slow and len(seats.all) > 1 else contextlib.nullcontext()

    def _remember_slow(self, source: Source) -> None:
        self._slow.setdefault(source.identity, 0)
        while len(self._slow) > REMEMBERED:
            self._slow.popitem(last=False)

    async def _attempt(self, seats: Seats, call: Call, rank: Rank, *, slow: bool) -> Any:
        """Have a child do it; nothing of it is left where it does not."""
        if slow:
            rank = (sys.maxsize, *rank)
        else:
            call = replace(call, deadline_seconds=call.quick_seconds)
        source = call.source
        seat = await seats.take(rank, source.identity, source.door, call.pages)
        try:
            return await self._to_its_end(self._answer(seats, seat, call), call)
        except Exception as error:
            if isinstance(error, ChildError):
                error.halfway = call.is_halfway()
            remove_outputs(call)
            raise

    async def _to_its_end(self, answer: Coroutine[Any, Any, Any], call: Call) -> Any:
        """Wait for a call that goes on when we are cancelled: its child needs no replacement."""
        task = asyncio.create_task(answer)
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(lambda done: _forget(done, call))
            raise

    async def _answer(self, seats: Seats, seat: Seat, call: Call) -> Any:
        """Have the seat's child do it; the seat is free when this returns or raises."""
        stack = contextlib.ExitStack()
        try:
            descriptors = await _asked(partial(call.opened, stack), call, stack.close)
            child = await self._ready(seat)
            seat.remember(call.source.identity)
            with seat.in_call():
                answer = await call.on(child, descriptors)
            if seat.documents >= self._recycle:
                await seat.end()
            return answer
        except (ChildDied, ChildTimeout):
            await seat.end(kill=True)
            raise
        except _SilentError:
            stack = contextlib.ExitStack()  # its thread hangs, and closes what it opens
            raise
        finally:
            stack.close()
            seats.give_back(seat)

    async def _ready(self, seat: Seat) -> LimitedChild:
        """Return the seat's child, started if need be; raise TransientError if it cannot."""
        for start in range(1, _STARTS + 1):
            if self._closing:
                raise _stopping()
            try:
                return await seat.occupied()
            except (ChildError, OSError) as error:
                # One that is killed while it starts says nothing of the next.
                if isinstance(error, ChildDied) and start < _STARTS:
                    continue
                raise TransientError(
                    f"No process can be started for drawing pages: {error}.",
                    hint=_way_to_start(str(error)),
                ) from error
        raise AssertionError("the last start returns or raises")


class Deadly(Exception):  # noqa: N818 -- it tells an event
    """Whatever touches this dies; the words go on from "drawing it …"."""


class _SilentError(ShareGoneError):
    """A source's file system did not answer in time."""


def _way_to_start(cause: str) -> str:
    if "SIGILL" in cause:
        return loading.PROCESSOR_HINT
    is_import = "ImportError: " in cause or "ModuleNotFoundError: " in cause
    if is_import and "failed to map" not in cause:  # that is for want of memory
        return loading.of_words(cause, "Install ocrd again: a package of it is not whole.").hint
    return "Raise rasterize.memory, or free some of the machine's memory."


def _told(error: ChildDied | ChildTimeout, call: Call, times: int) -> str:
    again = f", {times} times" if times > 1 else ""
    if isinstance(error, ChildTimeout):
        return f"takes longer than {span(call.deadline_seconds)}{again}"
    return f"ended its process{again}: {error}"


async def _asked(work: Callable[[], T], call: Call, late: Callable[[], None] = lambda: None) -> T:
    """Have the source's file system do something; raise _SilentError if it does not answer."""
    try:
        return await ask(work, call.quick_seconds, late)
    except TimeoutError as error:
        raise _SilentError(
            f"{printable(str(call.source.path))}: its file system does not answer.",
            hint="Check the disk, or the server of the share.",
        ) from error


def _stopping() -> TransientError:
    return TransientError("The daemon is stopping.")


def _forget(task: asyncio.Task[Any], call: Call) -> None:
    """Take note of the end of a call that nobody waits for any more."""
    if not task.cancelled():
        task.exception()
    remove_outputs(call)


def remove_outputs(call: Call) -> None:
    """Remove what the call was to write, as far as it is there."""
    for path in call.outputs:
        if path.is_file():
            with contextlib.suppress(OSError):
                path.unlink()
