"""Owns one engine worker: starts it, feeds it, watches its progress, ends it, starts it again.

One task, the keeper, owns the worker from its start to its end; ``recognise`` queues a page and
waits for its answer. Invariants:

- every accepted page is answered exactly once: a result, a PageError, or EngineError on ``stop``;
- a slot is taken when a page is sent, and free when the worker answers it or is dead;
- a page is blamed for a worker's end only if it had the worker to itself.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocrd.engine import protocol
from ocrd.engine.pagequeue import PageQueue, QueuedPage, poisonous
from ocrd.engine.process import WorkerProcess
from ocrd.engine.rate import Rate
from ocrd.errors import EngineError, PageError
from ocrd.job import Recognition
from ocrd.log import fields

if TYPE_CHECKING:
    from ocrd.config import EngineSettings

log = logging.getLogger(__name__)

MAX_BACKOFF_SECONDS = 60.0
_CLOSE_SECONDS = 5.0  # for a worker that was told to stop and has nothing to do


class EngineClient:
    """Reads pages with one configured engine."""

    def __init__(
        self,
        name: str,
        settings: EngineSettings,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._settings = settings
        self._clock = clock
        self._ids = itertools.count(1)
        self._queue = PageQueue()
        self._greeters: set[asyncio.Future[protocol.Hello]] = set()
        self._hello: protocol.Hello | None = None  # the last one heard, of any worker
        self._ready: protocol.Hello | None = None  # of the present worker
        self._worker: WorkerProcess | None = None
        self._state = "unloaded"
        self._warm_up = False  # a worker is wanted though there is no page yet
        self._stopping = False
        self._changed = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._failures = 0  # ends in a row, without a page read between them
        self._idle_since = 0.0
        self._restarts = 0
        self._rate = Rate()
        self._last_error = ""

    # What the pipeline calls

    async def hello(self) -> protocol.Hello:
        """Return the engine's announcement; wait as long as the engine cannot start.

        Once it is known it is returned at once, and the worker is loaded meanwhile.
        """
        self._refuse_when_stopping()
        self._warm_up = True
        self._wake()
        if self._hello is not None:
            return self._hello
        greeter: asyncio.Future[protocol.Hello] = asyncio.get_running_loop().create_future()
        self._greeters.add(greeter)
        try:
            return await greeter
        finally:
            self._greeters.discard(greeter)

    async def recognise(
        self,
        path: Path,
        mode: str,
        rank: tuple[int, ...],
        *,
        kills: int = 0,
        on_kill: Callable[[int], None] | None = None,
    ) -> Recognition:
        """Read the page image at ``path``; the lowest ``rank`` is served first.

        ``kills`` says how many workers the page has ended before, ``on_kill`` is told each new
        count. Raise PageError if the engine refuses the page, PoisonousPageError once it has
        ended ``max_kills`` workers, EngineError if ``stop`` is called. Cancelling the task gives
        the page up.
        """
        self._refuse_when_stopping()
        if kills >= self._settings.max_kills:
            raise poisonous(kills)
        number = next(self._ids)
        page = QueuedPage(
            rank=rank,
            id=number,
            request=protocol.Recognise(number, str(path), mode, rank),
            answer=asyncio.get_running_loop().create_future(),
            kills=kills,
            on_kill=on_kill,
        )
        self._queue.add(page)
        self._wake()
        try:
            return await page.answer
        except asyncio.CancelledError:
            self._give_up(page)
            raise

    @property
    def announced(self) -> protocol.Hello | None:
        """What the engine last said of itself, None before its first start."""
        return self._hello

    async def stop(self, timeout: float) -> None:  # noqa: ASYNC109 - the pages' time, not ours
        """Let the pages in flight finish within ``timeout`` seconds, then end the worker.

        Pages not yet sent, and those that do not finish, raise EngineError. On return the worker
        is gone.
        """
        self._stopping = True
        self._fail_waiting(self._stopped())
        self._changed.set()
        if self._keeper is None:
            return
        try:
            await asyncio.wait({self._keeper}, timeout=timeout)
        finally:
            if not self._keeper.done():
                if self._worker is not None:
                    self._worker.kill()
                await asyncio.wait({self._keeper})

    def status(self) -> dict[str, Any]:
        """Return what ``ocrd status`` shows of this engine."""
        now = self._clock()
        silent = [now - page.moved for page in self._queue.in_flight.values()]
        return {
            "name": self.name,
            "kind": self._settings.kind,
            "state": self._state,
            "pid": self._worker.pid if self._worker else None,
            "model": self._hello.model if self._hello else "",
            "capacity": self._hello.capacity if self._hello else 0,
            "in_flight": len(self._queue.in_flight),
            "waiting": len(self._queue),
            "restarts": self._restarts,
            "pages": self._rate.total,
            "pages_per_second": self._rate.per_second(now),
            "silent_seconds": round(max(silent, default=0.0), 1),
            "last_error": self._last_error,
        }

    # The keeper: wait until wanted, run a worker, and again

    def _wake(self) -> None:
        """Let the keeper look again, and start one if there is none."""
        if self._keeper is None or self._keeper.done():
            self._keeper = asyncio.create_task(self._keep(), name=f"engine {self.name}")
            self._keeper.add_done_callback(self._keeper_ended)
        self._changed.set()

    async def _keep(self) -> None:
        """Have a worker whenever one is wanted, until ``stop``."""
        while not self._stopping:
            if not self._is_wanted():
                await self._wait()
                continue
            try:
                await self._run_worker()
            except EngineError as error:
                if not self._stopping:
                    await self._back_off(error)

    def _is_wanted(self) -> bool:
        return self._warm_up or bool(self._greeters) or not self._queue.is_empty()

    async def _run_worker(self) -> None:
        """Run one worker from start to end; raise EngineError unless its end was ours."""
        self._state = "starting"
        self._ready = None
        grace_seconds = 0.0
        worker = self._worker = await WorkerProcess.spawn()
        listening = asyncio.create_task(self._listen(worker))
        try:
            worker.send(protocol.Configure(self._settings.model_dump(mode="json")))
            await self._attend(worker, listening)
            worker.send(protocol.Stop())
            grace_seconds = _CLOSE_SECONDS if self._ready else 0.0
            self._state = "unloaded"
        except EngineError as error:
            worker.kill()
            self._queue.judge(
                self._stopped() if self._stopping else error,
                None if self._stopping else self._settings.max_kills,
            )
            raise
        finally:
            listening.cancel()
            await asyncio.wait({listening})
            if not listening.cancelled():
                listening.exception()  # known already, or of no interest any more
            await worker.close(grace_seconds)
            self._worker = self._ready = None

    async def _attend(self, worker: WorkerProcess, listening: asyncio.Task[None]) -> None:
        """Return when the worker is no longer needed; raise EngineError if it is of no use."""
        started = self._clock()
        while True:
            if listening.done():
                listening.result()
            now = self._clock()
            if self._ready is None:
                due = started + self._settings.start_timeout
                if self._stopping:
                    return
                if now >= due:
                    raise EngineError(
                        f"The engine was not ready within {self._settings.start_timeout:g} s."
                        f"{worker.last_words()}",
                        hint="Raise start_timeout if its model takes longer to load.",
                    )
            else:
                self._feed(worker, self._ready)
                self._queue.refuse_stalled(now, self._settings.page_timeout)
                due = self._due()
                if self._may_end(now):
                    return
            await self._wait(listening, due - now)

    async def _wait(
        self, listening: asyncio.Task[None] | None = None, seconds: float = math.inf
    ) -> None:
        """Wait until anything changes, the connection ends, or the time has passed."""
        changed = asyncio.create_task(self._changed.wait())
        tasks = {changed} if listening is None else {changed, listening}
        try:
            await asyncio.wait(
                tasks,
                timeout=None if math.isinf(seconds) else max(seconds, 0.0),
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            changed.cancel()
        self._changed.clear()

    async def _back_off(self, error: EngineError) -> None:
        """Log the worker's end and wait before the next start, longer each time."""
        self._state = "broken"
        self._failures += 1
        self._restarts += 1
        self._last_error = str(error)
        delay = min(
            self._settings.restart_backoff * 2 ** min(self._failures - 1, 30), MAX_BACKOFF_SECONDS
        )
        log.warning(
            "Engine %s: %s Next start in %g s.", self.name, error, delay,
            extra=fields("engine-ended", engine=self.name, error=error.what, delay=delay),
        )
        until = self._clock() + delay
        while not self._stopping and (left := until - self._clock()) > 0:
            await self._wait(seconds=left)

    def _keeper_ended(self, keeper: asyncio.Task[None]) -> None:
        """Leave nobody waiting, whatever ended the keeper."""
        self._state = "unloaded"
        answer = self._stopped()
        if not keeper.cancelled() and (error := keeper.exception()) is not None:
            log.error("Engine %s: internal error.", self.name, exc_info=error)
            self._last_error = f"Internal error: {error!r}"
            answer = EngineError(f"Engine {self.name} met an internal error ({error!r}).")
        for page in self._queue.release():
            page.fail(answer)
        self._fail_waiting(answer)

    # The pages of the present worker

    def _feed(self, worker: WorkerProcess, hello: protocol.Hello) -> None:
        """Send as many pages as there are slots."""
        self._warm_up = False
        if self._stopping:
            return
        while (page := self._queue.take(hello.capacity, hello.express)) is not None:
            page.sent = page.moved = self._clock()
            page.count = -1
            worker.send(page.request)

    def _due(self) -> float:
        """Return when, on our clock, there is something to do even if nothing happens."""
        due = self._queue.deadline(self._settings.page_timeout)
        if self._settings.idle_unload and self._queue.is_empty():
            due = min(due, self._idle_since + self._settings.idle_unload)
        return due

    def _may_end(self, now: float) -> bool:
        """Say whether the worker is needed no more: told to stop, or idle for long enough."""
        if self._stopping:
            return not self._queue.in_flight
        idle_unload = self._settings.idle_unload
        if not idle_unload or self._is_wanted() or now - self._idle_since < idle_unload:
            return False
        log.info(
            "Engine %s: unloaded, idle for %g s.", self.name, idle_unload,
            extra=fields("engine-unloaded", engine=self.name),
        )
        return True

    async def _listen(self, worker: WorkerProcess) -> None:
        """Take the worker's messages until EngineError tells of its end."""
        while True:
            self._take(await worker.receive())
            self._changed.set()

    def _take(self, message: protocol.FromWorker) -> None:
        """Note one message of the worker; raise EngineError if it makes no sense now."""
        match message:
            case protocol.Fatal():
                raise EngineError(message.message, hint=message.hint)
            case protocol.Hello() if self._ready is None:
                self._greet(message)
            case protocol.Progress(id=number) if number in self._queue.in_flight:
                page = self._queue.in_flight[number]
                if message.count > page.count:
                    page.count = message.count
                    page.moved = self._clock()
            case protocol.Recognised(id=number) if number in self._queue.in_flight:
                self._note_answer()
                self._queue.in_flight.pop(number).succeed(message.recognition)
            case protocol.Refused(id=number) if number in self._queue.in_flight:
                self._note_answer()
                self._queue.in_flight.pop(number).fail(
                    PageError(message.message, hint=message.hint)
                )
            case _:
                raise EngineError(
                    f"The engine worker sent a {type(message).__name__} that nobody asked for.",
                    hint="It is restarted.",
                )

    def _greet(self, hello: protocol.Hello) -> None:
        """Take the announcement of a new worker; raise EngineError if we cannot work with it."""
        protocol.check(hello)
        self._hello = self._ready = hello
        self._idle_since = self._clock()
        self._state = "ready"
        for greeter in self._greeters:
            if not greeter.done():
                greeter.set_result(hello)
        self._greeters.clear()
        log.info(
            "Engine %s: ready, %s, %d at a time.", self.name, hello.model, hello.capacity,
            extra=fields("engine-ready", engine=self.name, model=hello.model),
        )

    def _give_up(self, page: QueuedPage) -> None:
        """Tell the worker that nobody waits for the page; its answer will free the slot."""
        if page.id in self._queue.in_flight and self._worker is not None:
            self._worker.send(protocol.Cancel(page.id))
        self._changed.set()

    # Small things

    def _refuse_when_stopping(self) -> None:
        if self._stopping:
            raise self._stopped()

    def _stopped(self) -> EngineError:
        return EngineError(f"Engine {self.name} was stopped.", hint="The page is read next time.")

    def _fail_waiting(self, error: EngineError) -> None:
        """Answer everybody whose page is not in flight."""
        self._queue.fail_queued(error)
        for greeter in self._greeters:
            if not greeter.done():
                greeter.set_exception(error)
        self._greeters.clear()

    def _note_answer(self) -> None:
        self._idle_since = self._clock()
        self._failures = 0
        self._rate.count(self._idle_since)
