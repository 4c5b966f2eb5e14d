"""The thread on which all requests of an engine run, so that any of them ends when it is to.

A request that waits for bytes cannot be ended from another thread where it blocks one; as a task of
a loop it can, at any point: while it connects, before the first byte, in the middle of an answer.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError
from contextlib import AbstractContextManager, nullcontext
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")

# Has its argument called when the page is cancelled, as ``Telling.when_cancelled`` does.
Ending = Callable[[Callable[[], None]], AbstractContextManager[None]]


def never(_: Callable[[], None]) -> AbstractContextManager[None]:
    """Be the Ending of a request that nobody cancels."""
    return nullcontext()


class BrokenOff(Exception):  # noqa: N818 - somebody asked for it
    """The request was ended on our side."""


class Wire:
    """A loop in a thread of its own. Its methods may be called from any other thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wire", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End what is under way, and the thread."""
        asyncio.run_coroutine_threadsafe(_end_all(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def do(self, work: Coroutine[Any, Any, T], ending: Ending = never) -> T:
        """Do the work and return its result; raise BrokenOff once it is ended from our side."""
        return self.listen(lambda _: work, lambda _: None, ending)

    def listen(
        self,
        begin: Callable[[Callable[[str], None]], Coroutine[Any, Any, T]],
        on_piece: Callable[[str], None],
        ending: Ending = never,
    ) -> T:
        """Do work that tells pieces on its way, each of which is handed on in the caller's thread.

        What ``on_piece`` raises ends the work, and is raised here.
        """
        pieces: SimpleQueue[str | None] = SimpleQueue()
        future = asyncio.run_coroutine_threadsafe(begin(pieces.put), self._loop)
        future.add_done_callback(lambda _: pieces.put(None))

        def end() -> None:
            future.cancel()

        try:
            with ending(end):
                while (piece := pieces.get()) is not None:
                    on_piece(piece)
            return future.result()
        except CancelledError:
            raise BrokenOff from None
        finally:
            future.cancel()


async def _end_all() -> None:
    """End all other tasks of the loop; what is closed in it is, on return."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0)
    await asyncio.get_running_loop().shutdown_asyncgens()
