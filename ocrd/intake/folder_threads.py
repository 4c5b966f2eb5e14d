"""The threads that touch one watched folder, so that a hung share holds up nobody else.

No file system call on a watched folder runs on the daemon's main thread: a share whose server is
frozen leaves it in uninterruptible sleep.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")

THREADS = 4  # so that hashing one large file does not hold up filing the small ones
STUCK_SECONDS = 10.0
MOST_TOGETHER = 16  # things that are done at once by one thread
LONG_SECONDS = 0.0005  # that a sync takes, for another thread to cost less


class FolderThreads:
    """A few threads of one folder."""

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix=name)
        self._clock = clock
        self._running: dict[int, float] = {}
        self._numbers = itertools.count()
        self._waiting: dict[Hashable, deque[tuple[Any, asyncio.Future[Any]]]] = {}
        self._gathering: set[asyncio.Task[None]] = set()
        self._helpers = ThreadPoolExecutor(MOST_TOGETHER - 1, thread_name_prefix=f"{name} disk")
        self._took = 0.0  # seconds, one of what was done side by side last

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

    def side_by_side(self, works: Sequence[Callable[[], T]]) -> list[T]:
        """Do what waits for a disk, which serves many that wait together; for one of the threads.

        Where the last ones took less than another thread costs, they are done one after the other.
        None of them may raise.
        """
        others = works[1:] if self._took > LONG_SECONDS else ()
        handed = [self._handed_over(work) for work in others]
        mine = works[: len(works) - len(others)]
        began = self._clock()
        results = [work() for work in mine]
        self._took = (self._clock() - began) / max(1, len(mine))
        # What no thread has begun is done here: none of them may be free, or left.
        late = {
            number: others[number]()
            for number in reversed(range(len(others)))
            if handed[number].cancel()
        }
        return results + [
            late[number] if number in late else future.result()
            for number, future in enumerate(handed)
        ]

    def _handed_over(self, work: Callable[[], T]) -> Future[T]:
        """Hand something to a thread; where there is none for it, it is left to the caller."""
        try:
            return self._helpers.submit(work)
        except RuntimeError:  # at the end, or no further thread can be made
            return Future()

    async def do_together(
        self, work: Callable[[Sequence[T]], Sequence[R | Exception]], one: T
    ) -> R:
        """Run ``work`` on this and on all that came while it ran on others; return its part.

        One thread at a time does it; an exception among what it returns is raised here.
        """
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        if work in self._waiting:
            self._waiting[work].append((one, future))
        else:
            self._waiting[work] = deque([(one, future)])
            task = asyncio.create_task(self._do_all(work))
            self._gathering.add(task)  # the loop alone does not hold on to it
            task.add_done_callback(self._gathering.discard)
        return await future

    async def _do_all(self, work: Callable[[Sequence[T]], Sequence[R | Exception]]) -> None:
        """Run ``work`` until nobody waits for it."""
        waiting = self._waiting[work]
        try:
            while waiting:
                some = [waiting.popleft() for _ in range(min(len(waiting), MOST_TOGETHER))]
                try:
                    outcomes = await self.do(work, [one for one, _ in some])
                except Exception as error:  # noqa: BLE001  (border: the callers get it)
                    outcomes = [error] * len(some)
                except BaseException:
                    waiting.extend(some)
                    raise
                for (_, future), outcome in zip(some, outcomes, strict=True):
                    if future.done():  # given up
                        continue
                    if isinstance(outcome, Exception):
                        future.set_exception(outcome)
                    else:
                        future.set_result(outcome)
        finally:
            del self._waiting[work]
            for _, future in waiting:
                future.cancel()

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
        for executor in (self._executor, self._helpers):
            executor.shutdown(wait=False, cancel_futures=True)
