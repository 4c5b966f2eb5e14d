"""The places of the rasterizer's children: who uses which, and who is next."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
from collections import OrderedDict
from collections.abc import Iterator
from typing import NamedTuple

from ocrd.raster.child import Limits
from ocrd.raster.isolate import LimitedChild
from ocrd.turns import Turns

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


class _Request(NamedTuple):
    """Somebody who waits for a seat; requests of a door compare by rank, then by age."""

    rank: Rank
    number: int
    door: str
    pages: float
    seat: asyncio.Future[Seat]


class Seats:
    """Who may use which seat, and who is next: by the first of the rank, then door by door."""

    def __init__(self, seats: list[Seat]) -> None:
        self.all = seats
        self._numbers = itertools.count()
        self._turns = Turns()
        self._waiting: dict[str, list[_Request]] = {}  # a heap for each door; none is empty

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return sum(not each.seat.done() for queue in self._waiting.values() for each in queue)

    async def take(
        self, rank: Rank, identity: object, door: str = "", pages: float = 1.0
    ) -> Seat:  # fmt: skip
        """Return a free seat, at best one that knows the document.

        What ``door`` asks for costs as much as drawing so many pages.
        """
        if door not in self._waiting:
            self._turns.begin(door)
        free = [seat for seat in self.all if not seat.busy]
        if free:
            self._turns.take(door, pages)
            seat = next((seat for seat in free if seat.knows(identity)), free[0])
            seat.busy = True
            return seat
        future: asyncio.Future[Seat] = asyncio.get_running_loop().create_future()
        request = _Request(rank, next(self._numbers), door, pages, future)
        heapq.heappush(self._waiting.setdefault(door, []), request)
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.exception() is None:
                self.give_back(future.result())  # it came at the same moment
            raise

    def give_back(self, seat: Seat) -> None:
        """Hand the seat to the one whose turn it is."""
        seat.busy = False
        if (request := self._next()) is not None:
            self._turns.take(request.door, request.pages)
            seat.busy = True
            request.seat.set_result(seat)

    def _next(self) -> _Request | None:
        """Take out the request that is next; those whose askers went away go, too."""
        for door, queue in [*self._waiting.items()]:
            while queue and queue[0].seat.done():
                heapq.heappop(queue)
            if not queue:
                del self._waiting[door]
        if not self._waiting:
            return None
        door = min(self._waiting, key=self._turn)
        request = heapq.heappop(self._waiting[door])
        if not self._waiting[door]:
            del self._waiting[door]
        return request

    def _turn(self, door: str) -> tuple[Rank, float, Rank, int]:
        first = self._waiting[door][0]
        return first.rank[:1], self._turns.mark(door), first.rank, first.number

    async def rest(self) -> None:
        """End the children of the seats that nobody uses."""
        await asyncio.gather(*(seat.end() for seat in self.all if not seat.busy))

    def refuse(self, error: Exception) -> None:
        """Send all who wait away."""
        while (request := self._next()) is not None:
            request.seat.set_exception(error)
