"""The places of the rasterizer's children: who uses which, and who is next."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
from collections import OrderedDict
from collections.abc import Iterator

from ocrd.raster.child import Limits
from ocrd.raster.isolate import LimitedChild

_CHILD_MODULE = "ocrd.raster.drawing"
_REMEMBERED = 3  # documents that a child keeps open: as many as drawing does

Rank = tuple[int, ...]


class Seat:
    """A child's place in the pool: the child may change, the place stays."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.child: LimitedChild | None = None
        self.busy = False
        self.calling = False
        self.documents = 0  # that the child has opened
        self._recent: OrderedDict[object, None] = OrderedDict()

    async def occupied(self) -> LimitedChild:
        """Return the child, a new one if there is none alive."""
        if self.child is None or not self.child.alive:
            await self.end(kill=True)
            child = LimitedChild(_CHILD_MODULE, self._limits)
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


class Seats:
    """Who may use which seat, and who is next."""

    def __init__(self, seats: list[Seat]) -> None:
        self.all = seats
        self._order = itertools.count()
        self._queue: list[tuple[Rank, int, asyncio.Future[Seat]]] = []

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return sum(not future.done() for _, _, future in self._queue)

    async def take(self, rank: Rank, identity: object) -> Seat:
        """Return a free seat, at best one that knows the document."""
        free = [seat for seat in self.all if not seat.busy]
        if free:
            seat = next((seat for seat in free if seat.knows(identity)), free[0])
            seat.busy = True
            return seat
        future: asyncio.Future[Seat] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._queue, (rank, next(self._order), future))
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.exception() is None:
                self.give_back(future.result())  # it came at the same moment
            raise

    def give_back(self, seat: Seat) -> None:
        """Hand the seat to the next in rank."""
        seat.busy = False
        while self._queue:
            _, _, future = heapq.heappop(self._queue)
            if not future.done():
                seat.busy = True
                future.set_result(seat)
                return

    async def rest(self) -> None:
        """End the children of the seats that nobody uses."""
        await asyncio.gather(*(seat.end() for seat in self.all if not seat.busy))

    def refuse(self, error: Exception) -> None:
        """Send all who wait away."""
        while self._queue:
            _, _, future = heapq.heappop(self._queue)
            if not future.done():
                future.set_exception(error)
