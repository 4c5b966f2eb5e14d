"""Attends an engine worker on one device: starts it, watches it, ends it, starts it again.

One task, the keeper, owns the worker from its start to its end. Invariants:

- a slot is taken when a page is sent, and free when the worker answers it or is dead;
- a page is blamed for a worker's end only if it had that worker to itself;
- pages of a dead worker are back in the shared queue before the next is started.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ocrd.engine import protocol
from ocrd.engine.bell import Bell
from ocrd.engine.employer import Employer
from ocrd.engine.failures import Failures
from ocrd.engine.notices import Notices
from ocrd.engine.pagequeue import Flight, PageQueue, QueuedPage
from ocrd.engine.process import WorkerProcess
from ocrd.errors import EngineError, PageError
from ocrd.log import fields
from ocrd.wording import span

if TYPE_CHECKING:
    from ocrd.config.settings import EngineSettings

log = logging.getLogger(__name__)

_TICK_SECONDS = 1.0  # between two looks at the clock while pages are in flight
_FROZEN_SECONDS = 3.0  # that a wait takes longer than it should: more than a busy machine's delay
_CLOSE_SECONDS = 5.0  # for a worker that was told to stop and has nothing to do


class Attendant:
    """One worker, or the wish for one, and the pages that are in flight at it."""

    def __init__(
        self,
        employer: Employer[Attendant],
        name: str,
        device: str,
        *,
        settings: EngineSettings,
        queue: PageQueue,
        clock: Callable[[], float],
        share: Mapping[str, int] = MappingProxyType({}),
        is_spare: bool = False,
    ) -> None:
        """Make one for a device, or for a ``share`` of what the engine may have of the processor.

        A spare one has no worker before pages wait.
        """
        self.device = device  # "" leaves it to the engine's settings
        self.title = f"{name} on {device}" if device else name
        self.is_spare = is_spare
        self._share = share
        self.flight = Flight()
        self.hello: protocol.Hello | None = None  # the last one heard
        self.state = "unloaded"  # then starting, ready, and unloaded or broken again
        self.is_warming_up = False  # a worker is wanted though there is no page yet
        self.failures = Failures()
        self._employer = employer
        self._engine = name
        self._settings = settings
        self._queue = queue
        self._clock = clock
        self._worker: WorkerProcess | None = None
        self.notices = Notices(self.title, self._fields("engine-notice"))
        self._bell = Bell()
        self._keeper: asyncio.Task[None] | None = None

    # What the engine asks of it

    @property
    def is_ready(self) -> bool:
        """Say whether the worker takes pages."""
        return self.state == "ready"

    @property
    def is_hopeful(self) -> bool:
        """Say whether the worker takes pages, or is about to for all we know."""
        return self.is_ready or (self.state == "starting" and not self.failures.in_a_row)

    @property
    def is_at_work(self) -> bool:
        """Say whether there is a keeper, who starts a worker when one is wanted."""
        return self._keeper is not None and not self._keeper.done()

    @property
    def pid(self) -> int | None:
        """The worker's process id."""
        return self._worker.pid if self._worker else None

    def begin(self) -> None:
        """Start the keeper if there is none, and let it look."""
        if not self.is_at_work:
            self._keeper = asyncio.create_task(self._keep(), name=f"engine {self.title}")
            self._keeper.add_done_callback(self._keeper_ended)
        self.wake()

    def wake(self) -> None:
        """Let the keeper look again."""
        self._bell.ring()

    def send(self, page: QueuedPage) -> None:
        """Send a page that was taken for this worker."""
        assert self._worker is not None
        page.sent = page.moved = self._clock()
        page.count = -1
        page.hear("", restart=True)  # what a worker told of it that has ended
        self._worker.send(page.request)
        if not page.is_open:
            self.give_up(page)
        if len(self.flight) == 1:  # the keeper looks at the clock from now on
            self.wake()

    def give_up(self, page: QueuedPage) -> None:
        """Tell the worker, if it has the page, that nobody waits for it.

        The worker's answer will free the slot.
        """
        if page.id in self.flight.pages and self._worker is not None:
            self._worker.send(protocol.Cancel(page.id))

    async def end(self, timeout: float) -> None:  # noqa: ASYNC109 - the pages' time, not ours
        """Let the pages in flight finish within ``timeout`` seconds; end the worker."""
        self.wake()
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
        """Return what ``ocrd status`` shows of this worker."""
        return {
            "device": self.device or (self.hello.device if self.hello else ""),
            "state": self.state,
            "pid": self.pid,
            "capacity": self.hello.capacity if self.hello else 0,
            "in_flight": len(self.flight),
            "restarts": self.failures.total,
            "last_error": self.failures.last_error[1],
        }

    # The keeper: wait until wanted, run a worker, and again

    async def _keep(self) -> None:
        """Have a worker whenever one is wanted, until the engine stops."""
        while not self._employer.is_stopping:
            if not self._employer.is_wanted(self):
                await self._bell.wait()
                continue
            try:
                await self._run_worker()
            except EngineError as error:
                if not self._employer.is_stopping:
                    await self._back_off(error)

    async def _run_worker(self) -> None:
        """Run one worker from start to end; raise EngineError unless its end was ours."""
        self.state = "starting"
        self.notices.begin()
        grace_seconds = 0.0
        listening: asyncio.Task[None] | None = None
        try:
            worker = self._worker = await WorkerProcess.spawn(self.device or self._settings.device)
            listening = asyncio.create_task(self._listen(worker))
            worker.send(protocol.Configure(self._configuration()))
            await self._attend(worker, listening)
            worker.send(protocol.Stop())
            grace_seconds = _CLOSE_SECONDS if self.is_ready else 0.0
        except EngineError as error:
            self._note_failure(error)
            raise
        finally:
            if self.state != "broken":
                self.state = "unloaded"  # first of all: no page may be sent from here on
            if listening is not None:
                await _end(listening)
            if self._worker is not None:
                await self._worker.close(grace_seconds)
            self._worker = None

    def _configuration(self) -> dict[str, Any]:
        """Return the engine's settings as this worker gets them."""
        settings = self._settings.model_dump(mode="json")
        settings["had_gpus"] = [*self._employer.remembered.gpus]
        settings["memo"] = self._employer.remembered.memo_of(self._place)
        device = {"device": self.device} if self.device else {}
        return {**settings, **self._share, **device}

    @property
    def _place(self) -> str:
        return self.device or self._settings.device

    async def _attend(self, worker: WorkerProcess, listening: asyncio.Task[None]) -> None:
        """Return when the worker is no longer needed; raise EngineError if it is of no use."""
        started = self._clock()
        while True:
            if listening.done():
                listening.result()
            now = self._clock()
            if self.is_ready:
                self._employer.feed()
                self.flight.refuse_stalled(now, self._settings.page_timeout)
                if self._may_end(now):
                    return
                due = min(
                    self.flight.deadline(self._settings.page_timeout), self._employer.idle_until()
                )
            else:
                due = started + self._settings.start_timeout
                if self._employer.is_stopping:
                    return
                if now >= due:
                    raise EngineError(
                        f"The engine was not ready within {span(self._settings.start_timeout)}."
                        f"{worker.last_words()}",
                        hint="Raise start_timeout if its model takes longer to load.",
                    )
            slept = await self._wait_watchfully(listening, due - now)
            if not self.is_ready:
                started += slept

    async def _wait_watchfully(self, listening: asyncio.Task[None], seconds: float) -> float:
        """Wait, and return the seconds in which the machine, or we alone, stood still.

        After a frozen control group, a paused virtual machine or a SIGSTOP the clock has gone on,
        but no page could: that is no page's fault.
        """
        before = self._clock()
        if self.flight.pages or not self.is_ready:
            seconds = min(seconds, _TICK_SECONDS)
        await self._bell.wait(listening, seconds=seconds)
        slept = self._clock() - before - max(seconds, 0.0)
        if slept < _FROZEN_SECONDS:
            return 0.0
        self.flight.excuse(slept)
        return slept

    def _may_end(self, now: float) -> bool:
        """Say whether the worker is needed no more: told to stop, or idle for long enough."""
        if self._employer.is_stopping:
            return not self.flight.pages
        if now < self._employer.idle_until():
            return False
        log.info(
            "Engine %s: unloaded, idle for %s.", self.title, span(self._settings.idle_unload),
            extra=self._fields("engine-unloaded"),
        )  # fmt: skip
        return True

    def _note_failure(self, error: EngineError) -> None:
        """End the worker and put its pages where others can take them."""
        if self._worker is not None:
            self._worker.kill()
        self.state = "broken"
        if self._employer.is_stopping:
            self._queue.judge(self.flight, self._employer.stopped(), None)
        else:
            self.failures.note(error, self._clock())
            self._queue.judge(self.flight, error, self._settings.max_kills)
        self._employer.note_end()

    async def _back_off(self, error: EngineError) -> None:
        """Log the worker's end and wait before the next start, longer each time."""
        delay = self.failures.delay(self._settings.restart_backoff)
        about = {"error": error.what, "code": error.code, "delay": delay}
        log.log(
            logging.WARNING if self.failures.is_news else logging.DEBUG,
            "Engine %s: %s Next start in %s.", self.title, error, span(delay),
            extra=self._fields("gpu-gone", **about) if self.failures.is_without_gpu
            else self._fields("engine-ended", **about),
        )  # fmt: skip
        until = self._clock() + delay
        while not self._employer.is_stopping and (left := until - self._clock()) > 0:
            await self._bell.wait(seconds=left)

    def _keeper_ended(self, keeper: asyncio.Task[None]) -> None:
        """Leave nobody waiting, whatever ended the keeper."""
        self.state = "unloaded"
        answer = self._employer.stopped()
        if not keeper.cancelled() and (error := keeper.exception()) is not None:
            log.error("Engine %s: internal error.", self.title, exc_info=error)
            self.failures.last_error = (self._clock(), f"Internal error: {error!r}")
            answer = EngineError(f"Engine {self.title} met an internal error ({error!r}).")
        for page in self._queue.release(self.flight):
            page.fail(answer)
        self._employer.note_quit(answer)

    # What the worker says

    async def _listen(self, worker: WorkerProcess) -> None:
        """Take the worker's messages until EngineError tells of its end.

        The keeper is called where there is something to decide; else he looks now and then.
        """
        while True:
            self._take(await worker.receive())
            if not self.flight.pages:
                self.wake()

    def _take(self, message: protocol.FromWorker) -> None:
        """Note one message of the worker; raise EngineError if it makes no sense now."""
        match message:
            case protocol.Fatal():
                raise message.error()
            case protocol.Notice():
                self.notices.pass_on(message.text, self._clock())
                if message.memo:
                    self._employer.remembered.note_memo(self._place, message.memo)
            case protocol.Hello() if self.state == "starting":
                self._greet(message)
            case protocol.Progress(id=number) if number in self.flight.pages:
                page = self.flight.pages[number]
                if message.count > page.count:
                    page.count = message.count
                    page.moved = self._clock()
            case protocol.Partial(id=number) if self._streams(number):
                page = self.flight.pages[number]
                if message.text:
                    page.moved = self._clock()
                page.hear(message.text, restart=message.restart)
                if not page.is_open:
                    self.give_up(page)
            case protocol.Recognised(id=number) if number in self.flight.pages:
                self.flight.pages.pop(number).succeed(message.recognition)
                self._note_answer()
            case protocol.Refused(id=number) if number in self.flight.pages:
                self.flight.pages.pop(number).fail(PageError(message.message, hint=message.hint))
                self._note_answer()
            case _:
                raise EngineError(
                    f"The engine worker sent a {type(message).__name__} that nobody asked for.",
                    hint="It is restarted.",
                )

    def _streams(self, number: int) -> bool:
        """Say whether a page is in flight whose text is wanted as it comes."""
        return number in self.flight.pages and self.flight.pages[number].request.stream

    def _note_answer(self) -> None:
        self.failures.note_answer()
        self._employer.note_answer()

    def _greet(self, hello: protocol.Hello) -> None:
        """Take the announcement of a new worker; raise EngineError if we cannot work with it."""
        protocol.check(hello)
        self._employer.agree(self, hello)
        self.hello = hello
        if self.failures.is_without_gpu and hello.gpus:
            log.info("Engine %s: its GPU is back.", self.title, extra=self._fields("gpu-back"))
        self.failures.note_start()
        self.state = "ready"
        self.is_warming_up = False
        on = f" on {hello.device}" if hello.device else ""
        log.info(
            "Engine %s: ready, %s%s, %d at a time.", self.title, hello.model, on, hello.capacity,
            extra=self._fields("engine-ready", model=hello.model, on=hello.device),
        )  # fmt: skip
        self._employer.greeted(hello)

    def _fields(self, event: str, **values: Any) -> dict[str, Any]:
        """Return what tells in a log record which worker it is about."""
        return fields(event, engine=self._engine, device=self.device, **values)


async def _end(task: asyncio.Task[None]) -> None:
    """Cancel the task and wait for its end, whatever it has to say."""
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()  # known already, or of no interest any more
