"""Questions to file systems that may never answer, each in a thread of its own.

The threads that asyncio shares are few and waited for at the end: one hung disk would stop all who
use them, and the stop of the daemon.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


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

    threading.Thread(target=run, name="asking", daemon=True).start()
    async with asyncio.timeout(seconds):
        return await answer
