"""The daemon's one way to the ledger: a thread that commits many callers' steps together.

A caller's step has been made durable when its await returns. Steps that arrive while a commit is
under way share the next one, so that fifty documents a second do not cost fifty times the fsyncs.
A step that raises is undone alone; the others in its commit stand.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from ocrd.errors import OcrdError
from ocrd.ledger import Ledger

T = TypeVar("T")

BATCH = 256  # steps in one commit at the most, to bound how long the first of them waits


@dataclass(frozen=True, slots=True)
class _Step:
    work: Callable[[Ledger], Any]
    future: Future[Any]


class LedgerWriter:
    """Runs steps on the ledger, in the order they came, from any thread or task."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._steps: queue.SimpleQueue[_Step | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Ledger], T]) -> Future[T]:
        """Hand in a step; the future is done once the step is on disk (or has raised)."""
        future: Future[T] = Future()
        self._steps.put(_Step(work, future))
        return future

    async def do(self, work: Callable[[Ledger], T]) -> T:
        """Run a step and wait until it is on disk.

        A cancelled caller does not undo its step: what was handed in will be done.
        """
        return await asyncio.shield(asyncio.wrap_future(self.submit(work)))

    def close(self) -> None:
        """Run what was handed in, then close the ledger."""
        self._steps.put(None)
        self._thread.join()
        self._ledger.close()

    def _run(self) -> None:
        ended = False
        while not ended:
            batch = [self._steps.get()]
            while len(batch) < BATCH and not self._steps.empty():
                batch.append(self._steps.get())
            ended = batch[-1] is None
            self._commit([step for step in batch if step is not None])

    def _commit(self, steps: list[_Step]) -> None:
        outcomes: list[tuple[_Step, Any, BaseException | None]] = []
        try:
            with self._ledger.transaction():
                for step in steps:
                    outcomes.append(self._try(step))
        except OcrdError as error:
            outcomes = [(step, None, error) for step in steps]
        for step, value, failure in outcomes:
            if step.future.cancelled():
                continue
            if failure is None:
                step.future.set_result(value)
            else:
                step.future.set_exception(failure)

    def _try(self, step: _Step) -> tuple[_Step, Any, BaseException | None]:
        try:
            with self._ledger.savepoint():
                return step, step.work(self._ledger), None
        except Exception as error:  # noqa: BLE001  (border: the caller gets it)
            return step, None, error
