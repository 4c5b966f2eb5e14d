"""Inspect a source and draw its pages, in limited children.

Nothing of a document is decoded in this process. Each request is one page at most, and a child
serves one request at a time: when it dies, what it was doing is to blame and nothing else. Waiting
requests are served by rank, lowest first.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
from collections import OrderedDict
from collections.abc import Coroutine, Iterator
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocrd.errors import (
    CorruptError,
    PageError,
    PoisonousError,
    PoisonousPageError,
    TransientError,
)
from ocrd.files import printable
from ocrd.isolate import ChildDied, ChildError, ChildFault, ChildTimeout, LimitedChild
from ocrd.job import FileKey, PageImage, SourceInfo

if TYPE_CHECKING:
    from ocrd.config import LimitSettings, RasterSettings

MAX_DEATHS = 3  # of children, on one page or one inspection
_CHILD_MODULE = "ocrd.drawing"
_REMEMBERED = 3  # documents that a child keeps open: as many as drawing does

Rank = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read.

    With a ``key``, only that state of it is read; anything else is a SourceChangedError.
    """

    path: Path
    key: FileKey | None = None
    passwords: tuple[str, ...] = field(default=(), repr=False)

    @property
    def identity(self) -> tuple[str, FileKey | None]:
        """What tells this source from another one."""
        return str(self.path), self.key

    def as_arguments(self) -> dict[str, Any]:
        """Return the arguments that the child's functions share."""
        key = list(astuple(self.key)) if self.key else None
        return {"path": str(self.path), "key": key, "passwords": list(self.passwords)}


class Rasterizer:
    """A small pool of drawing children."""

    def __init__(self, settings: RasterSettings, limits: LimitSettings) -> None:
        self._settings = settings
        self._limits = limits
        self._seats = _Seats([_Seat(settings.memory) for _ in range(settings.children)])
        self._calls: set[asyncio.Task[Any]] = set()
        self._closing = False

    async def __aenter__(self) -> Rasterizer:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def start(self) -> None:
        """Start the children, so that the first document need not wait for them.

        Raises TransientError when one does not come up.
        """
        await asyncio.gather(*(self._ready(seat) for seat in self._seats.all))

    async def close(self) -> None:
        """End the children; requests that still run or wait get a TransientError."""
        self._closing = True
        self._seats.refuse(_stopping())
        await asyncio.gather(*(seat.end(kill=seat.busy) for seat in self._seats.all))
        await asyncio.gather(*self._calls, return_exceptions=True)

    def status(self) -> dict[str, Any]:
        """Return what the children do, for a person."""
        return {
            "children": [seat.child.pid for seat in self._seats.all if seat.child],
            "drawing": [seat.child.pid for seat in self._seats.all if seat.child and seat.calling],
            "waiting": self._seats.waiting,
        }

    async def inspect(self, source: Source, *, rank: Rank = ()) -> SourceInfo:
        """Look into a source without drawing it.

        Raises the DocumentError that says what is wrong, PoisonousError if it ended MAX_DEATHS
        children, SourceChangedError, TransientError. Image files of one page are judged by their
        header and their end; whether they decode shows when they are drawn.
        """
        arguments = {
            **source.as_arguments(),
            "file_size": self._limits.file_size,
            "pages": self._limits.pages,
            "page_pixels": self._limits.page_pixels,
        }
        try:
            return SourceInfo(**await self._insist("inspect", source, rank, arguments))
        except _Deadly as error:
            raise PoisonousError(
                f"{printable(source.path.name)}: opening it ended its process {MAX_DEATHS} times: "
                f"{error}.",
                hint="Export or scan the document again.",
            ) from error
        except ChildFault as error:
            raise CorruptError(
                f"{printable(source.path.name)}: cannot be opened: {error}.",
                hint="Export or scan the document again.",
            ) from error

    async def draw(
        self, source: Source, page: int, into: Path, longest_side: int, rank: Rank = ()
    ) -> PageImage:
        """Draw page ``page`` (from 1) into a PGM or PPM file at ``into``.

        Raises PageError for a page that cannot be drawn (PoisonousPageError once it ended
        MAX_DEATHS children), DocumentError where the document is to blame (a damaged image file
        of one page is a CorruptError), SourceChangedError, TransientError (no space for the
        page). Nothing is left at ``into`` then, nor after a cancellation.
        """
        arguments = {
            **source.as_arguments(),
            "page": page,
            "into": str(into),
            "longest_side": longest_side,
            "page_pixels": self._limits.page_pixels,
        }
        name = printable(source.path.name)
        try:
            return PageImage(**await self._insist("draw", source, rank, arguments, into))
        except _Deadly as error:
            raise PoisonousPageError(
                f"{name}, page {page}: drawing it ended its process {MAX_DEATHS} times: {error}.",
                hint="Raise rasterize.memory or rasterize.page_timeout, or export the document "
                "again.",
                page=page,
            ) from error
        except ChildFault as error:
            raise PageError(f"{name}, page {page}: cannot be drawn: {error}.", page=page) from error

    async def _insist(
        self, function: str, source: Source, rank: Rank, arguments: dict[str, Any],
        into: Path | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Call the function until it answers; raise _Deadly after MAX_DEATHS dead children."""
        deaths = 0
        while True:
            seat = await self._seats.take(rank, source.identity)
            call = self._answer(seat, function, source, arguments)
            try:
                answer: dict[str, Any] = await self._to_its_end(call, into)
            except (ChildDied, ChildTimeout) as error:
                _remove(into)
                if self._closing:
                    raise _stopping() from error
                deaths += 1
                if deaths >= MAX_DEATHS:
                    raise _Deadly(str(error)) from error
            else:
                return answer

    async def _to_its_end(self, call: Coroutine[Any, Any, Any], into: Path | None) -> Any:
        """Wait for a call that goes on when we are cancelled: its child needs no replacement."""
        task = asyncio.create_task(call)
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(lambda done: _forget(done, into))
            raise

    async def _answer(
        self, seat: _Seat, function: str, source: Source, arguments: dict[str, Any]
    ) -> Any:
        """Have the seat's child do it; the seat is free when this returns or raises."""
        try:
            child = await self._ready(seat)
            seat.remember(source.identity)
            with seat.in_call():
                answer = await child.call(
                    function, deadline_seconds=self._settings.page_timeout, **arguments
                )
            if seat.documents >= self._settings.recycle:
                await seat.end()
            return answer
        except (ChildDied, ChildTimeout):
            await seat.end(kill=True)
            raise
        finally:
            self._seats.give_back(seat)

    async def _ready(self, seat: _Seat) -> LimitedChild:
        """Return the seat's child, started if need be; raise TransientError if it cannot."""
        if self._closing:
            raise _stopping()
        try:
            return await seat.occupied()
        except (ChildError, OSError) as error:
            raise TransientError(
                f"No process can be started for drawing pages: {error}.",
                hint="Raise rasterize.memory, or free some of the machine's memory.",
            ) from error


class _Deadly(Exception):  # noqa: N818 -- it tells an event
    """Whatever touches this dies."""


def _stopping() -> TransientError:
    return TransientError("The daemon is stopping.")


def _forget(task: asyncio.Task[Any], into: Path | None) -> None:
    """Take note of the end of a call that nobody waits for any more."""
    if not task.cancelled():
        task.exception()
    _remove(into)


def _remove(into: Path | None) -> None:
    if into is not None:
        with contextlib.suppress(OSError):
            into.unlink()


class _Seat:
    """A child's place in the pool: the child may change, the place stays."""

    def __init__(self, memory_bytes: int) -> None:
        self._memory_bytes = memory_bytes
        self.child: LimitedChild | None = None
        self.busy = False
        self.calling = False
        self.documents = 0  # that the child has opened
        self._recent: OrderedDict[object, None] = OrderedDict()

    async def occupied(self) -> LimitedChild:
        """Return the child, a new one if there is none alive."""
        if self.child is None or not self.child.alive:
            await self.end(kill=True)
            child = LimitedChild(_CHILD_MODULE, memory_bytes=self._memory_bytes)
            self.child = child
            await child.start()
        return self.child

    async def end(self, *, kill: bool = False) -> None:
        """End the child."""
        child, self.child = self.child, None
        self.documents = 0
        self._recent.clear()
        if child is not None:
            await (child.kill() if kill else child.close())

    @contextlib.contextmanager
    def in_call(self) -> Iterator[None]:
        """Show that the child is at work."""
        self.calling = True
        try:
            yield
        finally:
            self.calling = False

    def remember(self, identity: object) -> None:
        """Note that the child has this document open now."""
        self.documents += identity not in self._recent
        self._recent[identity] = None
        self._recent.move_to_end(identity)
        while len(self._recent) > _REMEMBERED:
            self._recent.popitem(last=False)

    def knows(self, identity: object) -> bool:
        """Say whether the child has this document open."""
        return identity in self._recent


class _Seats:
    """Who may use which seat, and who is next."""

    def __init__(self, seats: list[_Seat]) -> None:
        self.all = seats
        self._order = itertools.count()
        self._queue: list[tuple[Rank, int, asyncio.Future[_Seat]]] = []

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return sum(not future.done() for _, _, future in self._queue)

    async def take(self, rank: Rank, identity: object) -> _Seat:
        """Return a free seat, at best one that knows the document."""
        free = [seat for seat in self.all if not seat.busy]
        if free:
            seat = next((seat for seat in free if seat.knows(identity)), free[0])
            seat.busy = True
            return seat
        future: asyncio.Future[_Seat] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._queue, (rank, next(self._order), future))
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.exception() is None:
                self.give_back(future.result())  # it came at the same moment
            raise

    def give_back(self, seat: _Seat) -> None:
        """Hand the seat to the next in rank."""
        seat.busy = False
        while self._queue:
            _, _, future = heapq.heappop(self._queue)
            if not future.done():
                seat.busy = True
                future.set_result(seat)
                return

    def refuse(self, error: Exception) -> None:
        """Send all who wait away."""
        while self._queue:
            _, _, future = heapq.heappop(self._queue)
            if not future.done():
                future.set_exception(error)
