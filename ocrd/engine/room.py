"""How many pages of all documents may be drawn and in work for one engine (pure but for waiting).

Drawn pages are files: without a bound over all documents, those in flight would fill the disk. A
document always gets its first few pages in, so that one that overtakes need not wait for a book.
Of equal priority, the doors that documents come by have their turn.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from ocrd.turns import Turns

Rank = tuple[int, ...]  # the negative priority first

DRAWN_AHEAD = 2  # pages beyond what the engine has in work
ALWAYS = 2  # pages of a document that need no room: one being drawn, one being read


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """One page that waits to be let in."""

    rank: Rank
    number: int
    document: str
    door: str
    admitted: asyncio.Future[None]


class Room:
    """Room for as many pages as ``limit`` says now; the lowest rank of a door goes first."""

    def __init__(self, limit: Callable[[], int]) -> None:
        self._limit = limit
        self._inside: Counter[str] = Counter()
        self._waiting: list[_Place] = []
        self._numbers = itertools.count()
        self._turns = Turns()

    async def enter(self, document: str, rank: Rank, door: str = "") -> None:
        """Wait until the document may have one page more in work; :meth:`leave` it afterwards."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        place = _Place(rank, next(self._numbers), document, door, future)
        if not any(other.door == door for other in self._waiting):
            self._turns.begin(door)
        self._waiting.append(place)
        self._admit()
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self.leave(document)  # it came at the same moment
            else:
                self._waiting.remove(place)
            raise

    def leave(self, document: str) -> None:
        """Give up the room of one of the document's pages."""
        self._inside[document] -= 1
        self._inside += Counter()  # drops what is zero
        self._admit()

    def _admit(self) -> None:
        while (place := self._next()) is not None:
            self._waiting.remove(place)
            self._turns.take(place.door)
            self._inside[place.document] += 1
            place.admitted.set_result(None)

    def _next(self) -> _Place | None:
        """Return who is to come in now, None where nobody may."""
        has_room = self._inside.total() < self._limit()
        for place in sorted(self._waiting, key=self._turn):
            if place.admitted.done():
                continue  # given up; whoever waited is about to take it out
            if has_room or self._inside[place.document] < ALWAYS:
                return place
        return None

    def _turn(self, place: _Place) -> tuple[Rank, float, Rank, int]:
        return place.rank[:1], self._turns.mark(place.door), place.rank, place.number
