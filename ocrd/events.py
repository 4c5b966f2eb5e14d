"""What happens to documents, for those who listen: kept for a while, so that nobody misses any.

An event's id is the daemon's start and a number that grows by one: who was away says the last one
that he has, and gets what came since. Where that is not known any more (another start, or too long
ago) he is told so first, and has to look how things stand.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from ocrd.job import News

KEPT = 20_000  # events that are remembered
LOST = "lost"  # the kind of the event that says that some are not known any more


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a job."""

    number: int  # from 1; 0 of LOST
    kind: str  # of News, or LOST
    job: int
    page: int | None = None
    time: float = field(default_factory=time.time)  # Unix time, seconds


class Events:
    """The daemon's events. All but :meth:`take` belong to the event loop."""

    def __init__(self) -> None:
        self.start = f"{int(time.time() * 1000):x}"
        self._numbers = itertools.count(1)
        self._kept: deque[Event] = deque(maxlen=KEPT)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news = asyncio.Event()
        self.on_event: Callable[[Event], None] = lambda _: None

    def begin(self) -> None:
        """Belong to the running loop from now on."""
        self._loop = asyncio.get_running_loop()

    def take(self, news: Sequence[News]) -> None:
        """Take news from any thread."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            try:
                loop.call_soon_threadsafe(self._add, news)
            except RuntimeError:  # it was closed just now: nobody listens any more
                return

    def _add(self, news: Sequence[News]) -> None:
        for one in news:
            event = Event(next(self._numbers), one.kind, one.job, one.page)
            self._kept.append(event)
            self.on_event(event)
        self._news.set()
        self._news = asyncio.Event()

    def id_of(self, event: Event) -> str:
        """Return the id that an event has for those who come again."""
        return f"{self.start}-{event.number}"

    @property
    def last(self) -> int:
        """Return the number of the last event, 0 before the first."""
        return self._kept[-1].number if self._kept else 0

    def since(self, last_id: str) -> int | None:
        """Return the number behind which to go on, None where that is not known any more."""
        start, _, number = last_id.rpartition("-")
        if start != self.start or not (number.isascii() and number.isdigit()):
            return None
        first = self._kept[0].number if self._kept else 1
        return int(number) if first - 1 <= int(number) <= self.last else None

    def known(self, job: int, after: int) -> list[Event]:
        """Return what happened to a job behind a number, as far as it is remembered."""
        came = itertools.islice(reversed(self._kept), max(self.last - after, 0))
        return [event for event in reversed([*came]) if event.job == job]

    async def follow(
        self, *, job: int | None = None, after: int | None = None
    ) -> AsyncIterator[Event]:
        """Yield the events of a job, or of all, behind a number (those to come, for None)."""
        seen = self.last if after is None else after
        while True:
            news = self._news
            first = self._kept[0].number if self._kept else 1
            if seen < first - 1:
                yield Event(0, LOST, job or 0)
            came = [*itertools.islice(reversed(self._kept), max(self.last - seen, 0))]
            seen = self.last
            for event in reversed(came):
                if job is None or event.job == job:
                    yield event
            await news.wait()

    async def wait(self, job: int, kinds: frozenset[str], *, after: int) -> None:
        """Return once an event of one of these kinds came for the job behind a number."""
        async for event in self.follow(job=job, after=after):
            if event.kind in kinds or event.kind == LOST:
                return
