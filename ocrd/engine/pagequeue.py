"""Which page goes to which worker next (pure: no process, no clock).

All workers of an engine share one queue; each has its own pages in flight. Waiting pages are
served by priority; of equal ones, the doors that they came by have their turn, each with its lowest
rank. Suspects, that is pages that were in flight when a worker died, come first and have
a worker to themselves, so that the next death has exactly one possible cause. One worker takes
them, one by one, as long as other pages wait for the others.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ocrd.engine.protocol import Recognise
from ocrd.errors import EngineError, PoisonousPageError, ServersGoneError
from ocrd.job import Recognition
from ocrd.turns import Turns
from ocrd.wording import span

OnText = Callable[[str, bool], None]  # text that was added; True: all text before it is void

RUNAWAY_FACTOR = 10  # progress or not: no page may take more than this many page timeouts


@dataclass(order=True)
class QueuedPage:
    """One page on its way: waiting, in flight, or answered."""

    rank: tuple[int, ...]  # the lowest is served first
    id: int
    request: Recognise = field(compare=False)
    answer: asyncio.Future[Recognition] = field(compare=False)
    kills: int = field(compare=False, default=0)  # workers that it has ended
    door: str = field(compare=False, default="")  # a folder, or all requests
    on_kill: Callable[[int], None] | None = field(compare=False, default=None)
    alone: bool = field(compare=False, default=False)
    sent: float = field(compare=False, default=0.0)  # on the client's clock
    moved: float = field(compare=False, default=0.0)  # last progress, on the client's clock
    count: int = field(compare=False, default=-1)  # the highest progress heard of
    on_text: OnText | None = field(compare=False, default=None)
    has_text: bool = field(compare=False, default=False)  # that on_text was told

    @property
    def is_open(self) -> bool:
        """Say whether somebody still waits for the answer."""
        return not self.answer.done()

    @property
    def has_begun(self) -> bool:
        """Say whether the worker has told that it works on the page."""
        return self.count >= 0

    def hear(self, text: str, *, restart: bool = False) -> None:
        """Pass on text that came of the page, unless it was given up."""
        if self.on_text is None or not self.is_open or not (text or (restart and self.has_text)):
            return
        self.has_text = bool(text) or not restart
        try:
            self.on_text(text, restart)
        except Exception as failure:  # noqa: BLE001 - it belongs to who wants the text
            self.fail(failure)

    def succeed(self, recognition: Recognition) -> None:
        """Answer with the result, unless the page was given up."""
        if self.is_open:
            self.answer.set_result(recognition)

    def fail(self, error: Exception) -> None:
        """Answer with the error, unless the page was given up."""
        if self.is_open:
            self.answer.set_exception(error)


class Flight:
    """The pages in flight at one worker: each has a slot until it is answered."""

    def __init__(self) -> None:
        self.pages: dict[int, QueuedPage] = {}  # by id

    def __len__(self) -> int:
        """Return how many slots are taken."""
        return len(self.pages)

    @property
    def has_suspect(self) -> bool:
        """Say whether a page has the worker to itself."""
        return any(page.alone for page in self.pages.values())

    def has_slot(self, page: QueuedPage, capacity: int, express: int) -> bool:
        """Say whether the page may join; ``express`` slots are for one that outranks all."""
        if len(self) < capacity:
            return True
        return len(self) < capacity + express and all(
            page.rank < other.rank for other in self.pages.values()
        )

    def deadline(self, timeout_seconds: float) -> float:
        """Return when the first page is over its time; infinity without one."""
        return min(
            (
                min(page.moved + timeout_seconds, page.sent + RUNAWAY_FACTOR * timeout_seconds)
                for page in self.pages.values()
            ),
            default=math.inf,
        )

    def excuse(self, seconds: float) -> None:
        """Take a time in which nobody could work off every page's account."""
        for page in self.pages.values():
            page.sent += seconds
            page.moved += seconds

    def refuse_stalled(self, now: float, timeout_seconds: float) -> None:
        """Raise EngineError if a page is over its time."""
        hint = "Raise page_timeout if the machine is only slow."
        for page in self.pages.values():
            if now - page.moved >= timeout_seconds:
                raise EngineError(
                    f"The engine made no progress on a page for {span(timeout_seconds)}.", hint=hint
                )
            limit = RUNAWAY_FACTOR * timeout_seconds
            if now - page.sent >= limit:
                raise EngineError(
                    f"The engine did not finish a page within {span(limit)}.", hint=hint
                )


class PageQueue:
    """The pages that are neither answered nor in flight."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[QueuedPage]] = {}  # heaps, by door; none is empty
        self._suspects: list[QueuedPage] = []  # a heap
        self._turns = Turns()
        self._isolating: Flight | None = None  # of the worker that takes the suspects

    def __len__(self) -> int:
        """Return how many open pages are queued."""
        return sum(page.is_open for page in self._queued())

    def _queued(self) -> Iterator[QueuedPage]:
        yield from self._suspects
        yield from itertools.chain.from_iterable(self._waiting.values())

    def is_empty(self) -> bool:
        """Say whether no open page is queued."""
        self._drop_given_up()
        return not (self._waiting or self._suspects)

    def add(self, page: QueuedPage) -> None:
        """Queue the page: by its rank, or as a suspect if it has ended a worker before."""
        if page.kills:
            self.suspect(page)
            return
        if page.door not in self._waiting:
            self._turns.begin(page.door)
        heapq.heappush(self._waiting.setdefault(page.door, []), page)

    def suspect(self, page: QueuedPage) -> None:
        """Queue the page to run alone."""
        heapq.heappush(self._suspects, page)

    def take(self, flight: Flight, capacity: int, express: int = 0) -> QueuedPage | None:
        """Return the page to send to that worker now; None if there is none or no slot.

        The page is in flight from here on. ``express`` slots beyond the capacity are for pages
        that outrank all that the worker has.
        """
        self._drop_given_up()
        if flight.has_suspect:
            return None
        if self._suspects and self._isolates(flight):
            if flight.pages:
                return None
            page = heapq.heappop(self._suspects)
            page.alone = True
        else:
            first = self._first()
            if first is None or not flight.has_slot(first, capacity, express):
                return None
            page = heapq.heappop(self._waiting[first.door])
            self._turns.take(page.door)
            page.alone = False
        flight.pages[page.id] = page
        return page

    def _first(self) -> QueuedPage | None:
        """Return the page whose turn it is, None where none waits."""
        return min(
            (pages[0] for pages in self._waiting.values() if pages),
            key=lambda page: (page.rank[:1], self._turns.mark(page.door), page),
            default=None,
        )

    def _isolates(self, flight: Flight) -> bool:
        """Say whether the suspects are that worker's turn; of several workers make it one's.

        An empty worker relieves one that has yet to finish other pages first. Where no other page
        waits, every empty worker may take a suspect.
        """
        chosen = self._isolating
        if chosen is None or not (flight.pages or chosen.has_suspect):
            chosen = self._isolating = flight
        return chosen is flight or not (self._waiting or flight.pages)

    def room(self, flight: Flight, capacity: int) -> int:
        """Return how many further pages that worker could have now."""
        if flight.has_suspect or (self._suspects and self._isolating is flight):
            return 0
        return max(capacity - len(flight), 0)

    def release(self, flight: Flight) -> list[QueuedPage]:
        """Return the pages that were in flight and forget them: their worker is gone."""
        pages = list(flight.pages.values())
        flight.pages.clear()
        if self._isolating is flight:
            self._isolating = None
        return pages

    def judge(self, flight: Flight, error: EngineError, max_kills: int | None) -> None:
        """Put the pages whose worker met that error where they belong.

        The only page that the worker had begun is blamed; of several, each is a suspect; one that
        it had not begun is innocent, for the worker was dead when it was sent. Without
        ``max_kills`` nobody is blamed, and all fail with the error.
        """
        pages = self.release(flight)
        begun = [page for page in pages if page.has_begun]
        for page in pages:
            if not page.is_open:
                continue
            if max_kills is None:
                page.fail(error)
            elif isinstance(error, ServersGoneError):
                self.add(page)  # nothing that a page does takes servers away
            elif page.has_begun and len(begun) == 1:
                self._blame(page, error, max_kills)
            elif page.has_begun or page.alone:
                self.suspect(page)
            else:
                self.add(page)

    def _blame(self, page: QueuedPage, error: EngineError, max_kills: int) -> None:
        """Count the worker that the page ended; give the page up if that was the last.

        The count is told first, so that it survives the daemon.
        """
        page.kills += 1
        if page.on_kill is not None:
            try:
                page.on_kill(page.kills)
            except Exception as failure:  # noqa: BLE001 - it belongs to the page's owner
                page.fail(failure)
                return
        if page.kills >= max_kills:
            page.fail(poisonous(page.kills, error.what))
        else:
            self.suspect(page)

    def fail_all(self, error: Exception) -> None:
        """Answer every queued page with the error."""
        for page in self._queued():
            page.fail(error)
        self._waiting.clear()
        self._suspects.clear()

    def _drop_given_up(self) -> None:
        for pages in (*self._waiting.values(), self._suspects):
            while pages and not pages[0].is_open:
                heapq.heappop(pages)
        for door in [door for door, pages in self._waiting.items() if not pages]:
            del self._waiting[door]
        if not self._suspects:
            self._isolating = None


def poisonous(kills: int, cause: str = "") -> PoisonousPageError:
    """Return the error of a page that ended so many workers."""
    times = "once" if kills == 1 else f"{kills} times"
    return PoisonousPageError(
        f"The page ended the engine worker {times}. {cause}".rstrip(),
        hint="Look at the page, or try another engine or a longer page_timeout.",
    )
