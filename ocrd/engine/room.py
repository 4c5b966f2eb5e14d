"""How many pages of all documents may be drawn and in work for one engine (pure but for waiting).

Drawn pages are files: without a bound over all documents, those in flight would fill the disk. A
document always gets its first few pages in, so that one that overtakes need not wait for a book.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable

Rank = tuple[int, ...]
_Place = tuple[Rank, int, str, "asyncio.Future[None]"]

DRAWN_AHEAD = 2  # pages beyond what the engine has in work
ALWAYS = 2  # pages of a document that need no room: one being drawn, one being read


class Room:
    """Room for as many pages as ``limit`` says now; the lowest rank goes first."""

    def __init__(self, limit: Callable[[], int]) -> None:
        self._limit = limit
        self._inside: Counter[str] = Counter()
        self._waiting: list[_Place] = []
        self._numbers = itertools.count()

    async def enter(self, document: str, rank: Rank) -> None:
        """Wait until the document may have one page more in work; :meth:`leave` it afterwards."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        place: _Place = (rank, next(self._numbers), document, future)
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
        for place in sorted(self._waiting):
            _, _, document, future = place
            if future.done():
                continue  # given up; whoever waited is about to take it out
            if self._inside[document] < ALWAYS or self._inside.total() < self._limit():
                self._waiting.remove(place)
                self._inside[document] += 1
                future.set_result(None)
