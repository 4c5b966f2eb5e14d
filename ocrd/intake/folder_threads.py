"""The threads that touch one watched folder, so that a hung share holds up nobody else.

No file system call on a watched folder runs on the daemon's main thread: a share whose server is
frozen leaves it in uninterruptible sleep.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 4  # so that hashing one large file does not hold up filing the small ones
STUCK_SECONDS = 10.0


class FolderThreads:
    """A few threads of one folder."""

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix=name)
        self._clock = clock
        self._running: dict[int, float] = {}
        self._numbers = itertools.count()

    async def do(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``work`` in one of the threads and wait for it.

        Work that has begun goes on when the caller is cancelled, and is not waited for.
        """

        def timed() -> T:
            number = next(self._numbers)
            self._running[number] = self._clock()
            try:
                return work(*args, **kwargs)
            finally:
                del self._running[number]

        return await asyncio.get_running_loop().run_in_executor(self._executor, timed)

    @property
    def is_stuck(self) -> bool:
        """Say whether a call has been running for longer than a well file system takes."""
        began = min(list(self._running.values()), default=self._clock())
        return self._clock() - began > STUCK_SECONDS

    @property
    def is_busy(self) -> bool:
        """Say whether a call is running."""
        return bool(self._running)

    def close(self) -> None:
        """Accept no more work; what runs is left to end by itself."""
        self._executor.shutdown(wait=False, cancel_futures=True)
