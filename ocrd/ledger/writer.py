"""The daemon's one way to the ledger: a thread that commits many callers' steps together.

A caller's step has been made durable when its await returns. Steps that arrive while a commit is
under way share the next one, so that fifty documents a second do not cost fifty times the fsyncs,
and those who wait in the event loop are woken together. A step that nobody waits for may come with
the next one (``later``). A step that raises is undone alone; the others in its commit stand.

While the ledger's disk is full, read-only or failing, steps that write are held and tried again, so
that the work stands where it is and goes on by itself; steps that only look are answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, NamedTuple, TypeVar

from ocrd.errors import LedgerBlockedError, LedgerError, OcrdError
from ocrd.job import News
from ocrd.ledger.jobs import Ledger
from ocrd.log import fields

T = TypeVar("T")

log = logging.getLogger("ocrd.ledger.jobs")

BATCH = 256  # steps in one commit at the most, to bound how long the first of them waits
RETRY_SECONDS = 1.0  # between two tries of the steps that are held
LATER_SECONDS = 0.5  # that a step waits for another one to come with


class _Step(NamedTuple):
    work: Callable[[Ledger], Any]
    patient: bool
    future: Future[Any] | asyncio.Future[Any] | None  # None where nobody waits
    loop: asyncio.AbstractEventLoop | None = None  # that an asyncio.Future belongs to


_Outcome = tuple[_Step, Any, BaseException | None]


class LedgerWriter:
    """Runs steps on the ledger, in the order they came, from any thread or task."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._steps: deque[_Step | None] = deque()
        self._bell: queue.SimpleQueue[None] = queue.SimpleQueue()  # rung when steps have come
        self._timer: asyncio.TimerHandle | None = None
        self._held: list[_Step] = []
        self._is_giving_up = False
        self.problem = ""  # why steps are held, with the way out
        self.on_news: Callable[[Sequence[News]], None] = lambda _: None  # in the ledger's thread
        self.failure: LedgerError | None = None  # the daemon cannot go on, whoever met it
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Ledger], T], *, patient: bool = True) -> Future[T]:
        """Hand in a step; the future is done once the step is on disk (or has raised).

        One that is not ``patient`` raises LedgerBlockedError where it would be held.
        """
        return self.submit_all([work], patient=patient)[0]

    def submit_all(
        self, works: Sequence[Callable[[Ledger], T]], *, patient: bool = True
    ) -> list[Future[T]]:
        """Hand in steps that share a commit, up to BATCH of them; see :meth:`submit`."""
        futures: list[Future[T]] = []
        for work in works:
            future: Future[T] = Future()
            future.set_running_or_notify_cancel()  # what was handed in is done: it stays so
            futures.append(future)
            self._steps.append(_Step(work, patient, future))
        self._bell.put(None)
        return futures

    async def do(self, work: Callable[[Ledger], T], *, patient: bool = True) -> T:
        """Run a step and wait until it is on disk.

        A cancelled caller does not undo its step: what was handed in will be done.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._steps.append(_Step(work, patient, future, loop))
        self._bell.put(None)
        return await future

    def later(self, work: Callable[[Ledger], object]) -> None:
        """Have a step done with the next one that comes, in their order, or soon without one.

        For the event loop.
        """
        self._steps.append(_Step(work, True, None))
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LATER_SECONDS, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._bell.put(None)

    def give_up(self) -> None:
        """Hold no steps from now on: those whose disk is full raise LedgerBlockedError."""
        self._is_giving_up = True
        self.submit(lambda _: None)  # so that the thread looks

    def close(self) -> None:
        """Run what was handed in, then close the ledger."""
        self._is_giving_up = True
        self._steps.append(None)
        self._bell.put(None)
        self._thread.join()
        self._ledger.close()

    def _run(self) -> None:
        ended = False
        while not ended:
            came = self._next_steps()
            ended = None in came
            self._commit([step for step in came if step is not None])

    def _next_steps(self) -> list[_Step | None]:
        """Wait for steps, not for long where some are held; return those that came."""
        try:
            self._bell.get(timeout=RETRY_SECONDS if self._held else None)
        except queue.Empty:
            return []
        while not self._bell.empty():
            self._bell.get()
        steps = self._steps
        came = [steps.popleft() for _ in range(min(len(steps), BATCH))]
        if steps:
            self._bell.put(None)
        return came

    def _commit(self, came: list[_Step]) -> None:
        steps, self._held = self._held + came, []
        if not steps:
            return  # they came with those before
        try:
            outcomes = self._together(steps)
        except LedgerBlockedError as error:
            outcomes = self._one_by_one(steps, error)
        except OcrdError as error:
            outcomes = [(step, None, error) for step in steps]
        self._tell_whether_held()
        self._tell(outcomes)

    def _tell(self, outcomes: Sequence[_Outcome]) -> None:
        """Give each step's outcome to whoever waits for it; an event loop is woken once."""
        by_loop: dict[asyncio.AbstractEventLoop, list[_Outcome]] = {}
        for outcome in outcomes:
            step, value, failure = outcome
            if isinstance(failure, LedgerError):
                self.failure = failure
            if step.loop is not None:
                by_loop.setdefault(step.loop, []).append(outcome)
            elif isinstance(step.future, Future):
                _settle(step.future, value, failure)
        for loop, some in by_loop.items():
            with contextlib.suppress(RuntimeError):  # it is closed: nobody waits any more
                loop.call_soon_threadsafe(_settle_all, some)

    def _together(self, steps: list[_Step]) -> list[_Outcome]:
        """Run the steps in one transaction; raise LedgerBlockedError if none of them stands."""
        if len(steps) == 1:
            return self._alone(steps[0])
        with self._ledger.transaction():
            outcomes = [self._try(step) for step in steps]
        self._tell_news()
        return outcomes

    def _alone(self, step: _Step) -> list[_Outcome]:
        """Run a step in a transaction of its own, which is undone as a whole if it raises."""
        try:
            with self._ledger.transaction():
                value = step.work(self._ledger)
        except LedgerBlockedError:
            raise
        except Exception as error:  # noqa: BLE001  (border: the caller gets it)
            return [(step, None, error)]
        self._tell_news()
        return [(step, value, None)]

    def _tell_news(self) -> None:
        if self._ledger.news:
            self.on_news(tuple(self._ledger.news))

    def _one_by_one(self, steps: list[_Step], error: LedgerBlockedError) -> list[_Outcome]:
        """Run each step for itself; hold those that cannot be written, in their order."""
        outcomes = []
        for step in steps:
            try:
                outcomes += self._together([step])
            except LedgerBlockedError as blocked:
                error = blocked
                if step.patient and not self._is_giving_up:
                    self._held.append(step)
                else:
                    outcomes.append((step, None, blocked))
            except OcrdError as failure:
                outcomes.append((step, None, failure))
        if self._held and not self.problem:
            log.warning("%s", error, extra=fields("ledger-blocked", code=error.code))
        if self._held:
            self.problem = str(error)
        return outcomes

    def _tell_whether_held(self) -> None:
        if self.problem and not self._held and not self._is_giving_up:
            self.problem = ""
            log.info("The ledger can be written again.", extra=fields("ledger-back"))

    def _try(self, step: _Step) -> _Outcome:
        try:
            with self._ledger.savepoint():
                return step, step.work(self._ledger), None
        except LedgerBlockedError:  # the transaction is lost with it
            raise
        except Exception as error:  # noqa: BLE001  (border: the caller gets it)
            return step, None, error


def _settle_all(outcomes: Sequence[_Outcome]) -> None:
    """Wake those who wait in this event loop, but for those who were cancelled meanwhile."""
    for step, value, failure in outcomes:
        if step.future is not None and not step.future.done():
            _settle(step.future, value, failure)


def _settle(
    future: Future[Any] | asyncio.Future[Any], value: Any, failure: BaseException | None
) -> None:
    if failure is None:
        future.set_result(value)
    else:
        future.set_exception(failure)
