"""The daemon's one way to the ledger: a thread that commits many callers' steps together.

A caller's step has been made durable when its await returns. Steps that arrive while a commit is
under way share the next one, so that fifty documents a second do not cost fifty times the fsyncs.
A step that raises is undone alone; the others in its commit stand.

While the ledger's disk is full, read-only or failing, steps that write are held and tried again, so
that the work stands where it is and goes on by itself; steps that only look are answered.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from ocrd.errors import LedgerBlockedError, LedgerError, OcrdError
from ocrd.job import News
from ocrd.ledger.jobs import Ledger
from ocrd.log import fields

T = TypeVar("T")

log = logging.getLogger("ocrd.ledger.jobs")

BATCH = 256  # steps in one commit at the most, to bound how long the first of them waits
RETRY_SECONDS = 1.0  # between two tries of the steps that are held


@dataclass(frozen=True, slots=True)
class _Step:
    work: Callable[[Ledger], Any]
    future: Future[Any]
    patient: bool


_Outcome = tuple[_Step, Any, BaseException | None]


class LedgerWriter:
    """Runs steps on the ledger, in the order they came, from any thread or task."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._steps: queue.SimpleQueue[_Step | None] = queue.SimpleQueue()
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
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()  # what was handed in is done: nobody can cancel it
        self._steps.put(_Step(work, future, patient))
        return future

    async def do(self, work: Callable[[Ledger], T], *, patient: bool = True) -> T:
        """Run a step and wait until it is on disk.

        A cancelled caller does not undo its step: what was handed in will be done.
        """
        return await asyncio.wrap_future(self.submit(work, patient=patient))

    def give_up(self) -> None:
        """Hold no steps from now on: those whose disk is full raise LedgerBlockedError."""
        self._is_giving_up = True
        self.submit(lambda _: None)  # so that the thread looks

    def close(self) -> None:
        """Run what was handed in, then close the ledger."""
        self._is_giving_up = True
        self._steps.put(None)
        self._thread.join()
        self._ledger.close()

    def _run(self) -> None:
        ended = False
        while not ended:
            came = self._next_steps()
            ended = bool(came) and came[-1] is None
            self._commit([step for step in came if step is not None])

    def _next_steps(self) -> list[_Step | None]:
        """Wait for steps, not for long where some are held; return those that came."""
        try:
            came = [self._steps.get(timeout=RETRY_SECONDS if self._held else None)]
        except queue.Empty:
            return []
        while len(came) < BATCH and not self._steps.empty():
            came.append(self._steps.get())
        return came

    def _commit(self, came: list[_Step]) -> None:
        steps, self._held = self._held + came, []
        try:
            outcomes = self._together(steps)
        except LedgerBlockedError as error:
            outcomes = self._one_by_one(steps, error)
        except OcrdError as error:
            outcomes = [(step, None, error) for step in steps]
        self._tell_whether_held()
        for step, value, failure in outcomes:
            if failure is None:
                step.future.set_result(value)
            else:
                if isinstance(failure, LedgerError):
                    self.failure = failure
                step.future.set_exception(failure)

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
