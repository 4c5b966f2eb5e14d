"""Questions to file systems that may never answer, each in a thread that nobody else waits for.

The threads that asyncio shares are few and waited for at the end: one hung disk would stop all who
use them, and the stop of the daemon. Here a thread that has its answer takes the next question; a
new one is made where none is free.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_IDLE_SECONDS = 10.0  # after which a thread without a question ends


class _Threads:
    """Threads that each do one thing after the other, as many as there are things to do."""

    def __init__(self) -> None:
        self._free: list[queue.SimpleQueue[Callable[[], None]]] = []  # the last one to be free last
        self._lock = threading.Lock()

    def run(self, work: Callable[[], None]) -> None:
        """Have a free thread do it, or a new one; it must not raise."""
        with self._lock:
            if self._free:
                self._free.pop().put(work)
                return
        threading.Thread(target=self._serve, args=(work,), name="asking", daemon=True).start()

    def _serve(self, work: Callable[[], None]) -> None:
        mine: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        while True:
            work()
            del work  # what it holds
            with self._lock:
                self._free.append(mine)
            try:
                work = mine.get(timeout=_IDLE_SECONDS)
            except queue.Empty:
                with self._lock:
                    if mine in self._free:
                        self._free.remove(mine)
                        return
                work = mine.get()  # it came at this moment


_threads = _Threads()


async def ask(work: Callable[[], T], seconds: float, late: Callable[[], None] = lambda: None) -> T:
    """Return what ``work`` returns; raise TimeoutError after so long, and what it raises.

    ``late`` is called in the loop when it ends after nobody waits any more.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def deliver(value: T | None, error: Exception | None) -> None:
        if answer.done():
            late()
        elif error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(value)  # type: ignore[arg-type]  # None is T's there

    def run() -> None:
        value, error = None, None
        try:
            value = work()
        except Exception as raised:  # noqa: BLE001  (border: the caller gets it)
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(deliver, value, error)

    _threads.run(run)
    async with asyncio.timeout(seconds):
        return await answer
