"""Reads pages with one configured engine: one queue, and a worker process on each of its devices.

On a processor there are several where one does not keep its cores busy (``shares``).
``recognise`` queues a page and waits for its answer; an attendant for each keeps the worker
there. Invariants:

- every accepted page is answered exactly once: a result, a PageError, or EngineError on ``stop``;
- a page of a worker that is dead, or on a device that cannot start, waits for whichever worker has
  a slot first;
- of several workers with a free slot, the one with the smallest share of its slots in use is
  served first, with the lowest rank that waits.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocrd.engine import protocol, shares, standing
from ocrd.engine.attendance import Attendant
from ocrd.engine.pagequeue import OnText, PageQueue, QueuedPage, poisonous
from ocrd.engine.rate import Rate
from ocrd.engine.remembered import Memo, Remembered
from ocrd.engine.room import DRAWN_AHEAD, Room
from ocrd.errors import EngineError, EngineUnusableError, PageError, PoisonousPageError
from ocrd.job import Ink, Recognition

if TYPE_CHECKING:
    from ocrd.config.settings import EngineSettings
    from ocrd.tasks import Task

STATES = ("ready", "starting", "broken", "unloaded")  # an engine's is the first that a worker has


class EngineClient:
    """Reads pages with one configured engine."""

    def __init__(
        self,
        name: str,
        settings: EngineSettings,
        *,
        is_patient: bool = True,
        had_gpus: tuple[str, ...] = (),
        on_gpus: Callable[[tuple[str, ...]], None] = lambda _: None,
        memos: Mapping[str, Memo] | None = None,
        on_memos: Callable[[dict[str, Memo]], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make one; an impatient one refuses pages once a person has to help its engine.

        ``had_gpus`` names the GPUs that the engine had the last time, for which it waits if they
        are gone; ``on_gpus`` is told when a worker runs on others. ``memos`` are what workers
        wanted to be told, by device; ``on_memos`` is told of all when there is a new one.
        """
        self.name = name
        self._is_patient = is_patient
        self._remembered = Remembered(had_gpus, on_gpus, memos, on_memos)
        self._settings = settings
        self._clock = clock
        self._ids = itertools.count(1)
        self._queue = PageQueue()
        employed = partial(Attendant, self, name, settings=settings, queue=self._queue, clock=clock)
        self._attendants = [employed(device) for device in settings.devices] or [
            employed("", share=share, is_spare=number > 0)
            for number, share in enumerate(shares.of(settings, shares.cores(), shares.memory()))
        ]
        self._greeters: set[asyncio.Future[protocol.Hello]] = set()
        self._stopping = False
        self._is_feeding = False  # at the loop's next turn
        self._idle_since = 0.0
        self._rate = Rate()
        self.room = Room(self._pages_in_work)

    # What the pipeline calls

    async def hello(self) -> protocol.Hello:
        """Return the engine's announcement; wait as long as no worker can start.

        Once it is known it is returned at once, and a worker is loaded meanwhile. See
        ``announced`` for its capacity.
        """
        self._refuse_when_hopeless()
        self._refuse_when_stopping()
        self._warm_up()
        self._wake()
        if (known := self.announced) is not None:
            return known
        greeter: asyncio.Future[protocol.Hello] = asyncio.get_running_loop().create_future()
        self._greeters.add(greeter)
        try:
            return await greeter
        finally:
            self._greeters.discard(greeter)

    async def recognise(
        self,
        path: Path,
        task: Task,
        rank: tuple[int, ...],
        *,
        door: str = "",
        ink: Ink | None = None,
        kills: int = 0,
        on_kill: Callable[[int], None] | None = None,
        on_text: OnText | None = None,
        pieces: bool = False,
        document_pages: int = 0,
    ) -> Recognition:
        """Do the task on the page image at ``path``; of a ``door``, the lowest ``rank`` is first.

        ``ink`` is what the image shows of its text, where that was counted. ``kills`` says how many
        workers the page has ended before, ``on_kill`` is told each new count. ``on_text`` is told
        the text as it comes, piece by piece; with True, all pieces before this one are void. It
        must not block, and what it raises is raised here. With ``pieces`` a model's result has each
        token with its probability. ``document_pages`` is for chains. Raise PageError if the engine
        refuses the page, PoisonousPageError once it has ended ``max_kills`` workers, EngineError if
        ``stop`` is called. Cancelling the task gives the page up.
        """
        self._refuse_when_hopeless()
        self._refuse_when_stopping()
        if kills >= self._settings.max_kills:
            raise poisonous(kills)
        number = next(self._ids)
        page = QueuedPage(
            rank=rank,
            id=number,
            request=protocol.Recognise(
                number, str(path), task, rank, ink, stream=on_text is not None, pieces=pieces
            ),
            answer=asyncio.get_running_loop().create_future(),
            kills=kills,
            door=door,
            on_kill=on_kill,
            on_text=on_text,
        )
        self._queue.add(page)
        self._wake()
        self.feed_soon()
        try:
            return await page.answer
        except asyncio.CancelledError:
            for attendant in self._attendants:
                attendant.give_up(page)
                attendant.wake()
            raise

    async def prove(self, path: Path, task: Task, rank: tuple[int, ...]) -> None:
        """Do the task on the image of a page known to be good.

        Raise EngineError if that ends the worker too, or if ``stop`` is called. A refusal is an
        answer: whoever gives one is alive.
        """
        last_chance = self._settings.max_kills - 1
        try:
            await self.recognise(path, task, rank, kills=last_chance)
        except PoisonousPageError as error:
            raise EngineError(
                f"Engine {self.name} ends on a page that is known to be good, too. {error.what}",
                hint="No document is blamed for that. Look at the engine: its memory, its device,"
                " its settings.",
            ) from error
        except PageError:
            pass

    def _pages_in_work(self) -> int:
        """Return how many pages may be drawn and not read yet, over all documents."""
        hello = self.announced
        return DRAWN_AHEAD + (hello.capacity if hello else 1)

    @property
    def announced(self) -> protocol.Hello | None:
        """What the engine says of itself now, None before its first start."""
        return standing.announced(self._attendants)

    @property
    def confidence_floor(self) -> float:
        """Return the mean confidence under which a page is doubtful; 0 asks for none."""
        return self._settings.confidence_floor

    async def stop(self, timeout: float) -> None:  # noqa: ASYNC109 - the pages' time, not ours
        """Let the pages in flight finish within ``timeout`` seconds, then end the workers.

        Pages not yet sent, and those that do not finish, raise EngineError. On return the workers
        are gone.
        """
        self._stopping = True
        self._fail_waiting(self.stopped())
        async with asyncio.TaskGroup() as group:
            for attendant in self._attendants:
                group.create_task(attendant.end(timeout))

    @property
    def failure(self) -> EngineError | None:
        """What keeps the engine from starting, as far as it is known."""
        return next((found for found in self._failures() if found), None)

    @property
    def failing_seconds(self) -> float:
        """Return for how long no worker has come, 0 where one is there or was never missed."""
        since = [one.failures.since for one in self._attendants if one.failures.present is not None]
        return self._clock() - min(since) if since else 0.0

    @property
    def outage(self) -> EngineError | None:
        """What keeps the engine from reading, where that does not pass by itself in a moment."""
        return self.own_outage()

    def own_outage(self) -> EngineError | None:
        """Return what keeps this engine from it, whatever stands behind it."""
        return standing.outage(self._attendants, self._settings.max_kills)

    def status(self) -> dict[str, Any]:
        """Return what ``ocrd status`` shows of this engine and its workers."""
        now = self._clock()
        workers = [attendant.status() for attendant in self._attendants]
        known = self.announced
        silent = [
            now - page.moved
            for attendant in self._attendants
            for page in attendant.flight.pages.values()
        ]
        return {
            "name": self.name,
            "kind": self._settings.kind,
            "state": min((worker["state"] for worker in workers), key=STATES.index),
            "pid": next((worker["pid"] for worker in workers if worker["pid"]), None),
            "model": known.model if known else "",
            "capacity": known.capacity if known else 0,
            "in_flight": sum(worker["in_flight"] for worker in workers),
            "waiting": len(self._queue),
            "restarts": sum(worker["restarts"] for worker in workers),
            "pages": self._rate.total,
            "pages_per_second": self._rate.per_second(now),
            "silent_seconds": round(max(silent, default=0.0), 1),
            "last_error": max(one.failures.last_error for one in self._attendants)[1],
            "last_notice": max(one.notices.last for one in self._attendants)[1],
            "workers": workers,
        }

    # What the attendants ask

    @property
    def is_stopping(self) -> bool:
        """Say whether no further page may be sent."""
        return self._stopping

    def is_wanted(self, attendant: Attendant) -> bool:
        """Say whether the attendant should have a worker: to be warm, or for pages without a slot.

        A worker that is starting is expected to have all its slots, unless it has just failed.
        """
        if attendant.is_warming_up:
            return True
        others = (other for other in self._attendants if other is not attendant)
        return len(self._queue) > sum(map(self._room, others))

    def _room(self, attendant: Attendant) -> int:
        if not attendant.is_hopeful:
            return 0
        hello = attendant.hello or self.announced
        return self._queue.room(attendant.flight, hello.capacity if hello else 1)

    def agree(self, attendant: Attendant, hello: protocol.Hello) -> None:
        """Raise EngineError if another worker announces another model or size of page image."""
        for other in self._attendants:
            known = other.hello
            if other is attendant or not other.is_ready or known is None:
                continue
            if (hello.model, hello.longest_side) != (known.model, known.longest_side):
                raise EngineError(
                    f"The worker on {attendant.device} announces {hello.model} for images of "
                    f"{hello.longest_side} px, the one on {other.device} {known.model} for images "
                    f"of {known.longest_side} px.",
                    hint="All devices of an engine must run the same model.",
                )

    @property
    def remembered(self) -> Remembered:
        """What is known of the engine's last start."""
        return self._remembered

    def greeted(self, ready: protocol.Hello) -> None:
        """Tell those who wait for it that there is an announcement; note the GPUs there are."""
        if ready.gpus:
            self._remembered.note_gpus([attendant.hello for attendant in self._attendants])
        self._idle_since = self._clock()
        hello = self.announced
        assert hello is not None
        for greeter in self._greeters:
            if not greeter.done():
                greeter.set_result(hello)
        self._greeters.clear()

    def feed_soon(self) -> None:
        """Send pages at the loop's next turn, when all that came in this one are queued."""
        if not self._is_feeding:
            self._is_feeding = True
            asyncio.get_running_loop().call_soon(self._feed_now)

    def _feed_now(self) -> None:
        self._is_feeding = False
        self.feed()

    def feed(self) -> None:
        """Send as many pages as there are slots, and call for workers if that is too few."""
        while not self._stopping and self._feed_one():
            pass
        if self._queue.is_empty():
            return
        for attendant in self._attendants:
            if attendant.state in {"broken", "unloaded"} and self.is_wanted(attendant):
                attendant.wake()

    def _feed_one(self) -> bool:
        """Send the first page to the worker with the most room; say whether there was one."""
        ready = [
            (len(attendant.flight) / attendant.hello.capacity, number, attendant, attendant.hello)
            for number, attendant in enumerate(self._attendants)
            if attendant.is_ready and attendant.hello is not None
        ]
        for _, _, attendant, hello in sorted(ready, key=lambda choice: choice[:2]):
            page = self._queue.take(attendant.flight, hello.capacity, hello.express)
            if page is not None:
                attendant.send(page)
                return True
        return False

    def note_answer(self) -> None:
        """Count an answered page; the engine may be idle from now on."""
        self._idle_since = self._clock()
        self._rate.count(self._idle_since)
        self.feed_soon()
        if not self._is_busy():
            self._rouse()

    def note_end(self) -> None:
        """Let every attendant look at what a failed worker left."""
        self._idle_since = self._clock()
        try:
            self._refuse_when_hopeless()
        except EngineUnusableError as error:
            self._stopping = True  # nobody waits for the next start
            self._fail_waiting(error)
        self._rouse()

    def note_quit(self, answer: EngineError) -> None:
        """Answer those who wait if no attendant is left that could."""
        if not any(attendant.is_at_work for attendant in self._attendants):
            self._fail_waiting(answer)

    def idle_until(self) -> float:
        """Return when idle workers are to end; infinity while there are pages."""
        if not self._settings.idle_unload or self._is_busy():
            return math.inf
        return self._idle_since + self._settings.idle_unload

    def stopped(self) -> EngineError:
        """Return the answer to the pages that a stop leaves unread."""
        return EngineError(f"Engine {self.name} was stopped.", hint="The page is read next time.")

    # Small things

    def _is_busy(self) -> bool:
        return not self._queue.is_empty() or any(
            attendant.flight.pages for attendant in self._attendants
        )

    def _warm_up(self) -> None:
        """Want workers before the first page; later one, if none is there or on its way."""
        if self.announced is None:
            for attendant in self._attendants:
                attendant.is_warming_up = not attendant.is_spare
        elif not any(attendant.is_hopeful for attendant in self._attendants):
            min(self._attendants, key=lambda one: one.failures.in_a_row).is_warming_up = True

    def look_again(self) -> None:
        """Have a worker tried, as its back-off allows, though no page waits for it."""
        self._warm_up()
        self._wake()

    def _wake(self) -> None:
        """Let every attendant begin, or look again, that has no worker which takes pages."""
        for attendant in self._attendants:
            if not attendant.is_ready:
                attendant.begin()

    def _rouse(self) -> None:
        for attendant in self._attendants:
            attendant.wake()

    def _failures(self) -> list[EngineError | None]:
        """Return what keeps each device from having a worker."""
        return [attendant.failures.present for attendant in self._attendants]

    def _refuse_when_stopping(self) -> None:
        if self._stopping:
            raise self.stopped()

    def _refuse_when_hopeless(self) -> None:
        failures = self._failures()
        failure = failures[0]
        if self._is_patient or not isinstance(failure, EngineUnusableError):
            return
        if all(isinstance(each, EngineUnusableError) for each in failures):
            raise type(failure)(failure.what, hint=failure.hint)

    def _fail_waiting(self, error: EngineError) -> None:
        """Answer everybody whose page is not in flight."""
        self._queue.fail_all(error)
        for greeter in self._greeters:
            if not greeter.done():
                greeter.set_exception(error)
        self._greeters.clear()
