"""Threads that share a machine's cores between pages: the most urgent page's lines go first."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

Rank = tuple[int, ...]  # lowest first


@dataclass(order=True)
class _Run:
    """One piece of work that waits for a lane. Those of one rank go in the order they came."""

    rank: Rank
    number: int
    work: Callable[[], Any] = field(compare=False)
    future: Future[Any] = field(compare=False)


class Lanes:
    """A fixed number of threads, fed by rank."""

    def __init__(self, count: int) -> None:
        self._runs: queue.PriorityQueue[_Run] = queue.PriorityQueue()
        self._numbers = itertools.count()
        for number in range(count):
            threading.Thread(target=self._serve, name=f"lane-{number}", daemon=True).start()

    def submit(
        self, rank: Rank, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> Future[T]:
        """Run ``work`` in a lane once all that waits with a lower rank has had its turn."""
        future: Future[T] = Future()
        run = _Run(rank, next(self._numbers), lambda: work(*args, **kwargs), future)
        self._runs.put(run)
        return future

    def _serve(self) -> None:
        while True:
            run = self._runs.get()
            if not run.future.set_running_or_notify_cancel():
                continue
            try:
                run.future.set_result(run.work())
            except BaseException as error:  # noqa: BLE001 - whoever waits for it gets it
                run.future.set_exception(error)
