"""Work on a GPU recorded as CUDA graphs: replayed, it needs next to nothing of the host.

All that is recorded by one recorder shares its working memory, so the largest comes first; and all
of it is warmed up and recorded on one stream, because each stream has a workspace of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

import torch

T = TypeVar("T")

WARM_UPS = 2  # what libraries set up at first use is not to be recorded

_ONE_AT_A_TIME = threading.Lock()  # a recording begins with what no other one bears


class Recorder:
    """Records on one device; nothing is taken of it before the first recording."""

    def __init__(self) -> None:
        self._pool: Any = None
        self._stream: Any = None

    def record(self, run: Callable[[], T]) -> tuple[Any, T]:
        """Return a graph of what a call does and what the call returned, which a replay rewrites.

        The call is made a few times before, for good: whoever has a state puts it back.
        """
        if self._stream is None:
            self._stream = torch.cuda.Stream()
            self._pool = torch.cuda.graph_pool_handle()
        current = torch.cuda.current_stream()
        self._stream.wait_stream(current)
        with torch.cuda.stream(self._stream):
            for _ in range(WARM_UPS):
                run()
        current.wait_stream(self._stream)
        graph = torch.cuda.CUDAGraph()
        # Other threads may use the device meanwhile: only this thread's calls are watched. But none
        # may wait for all of the device then, as each recording does first.
        with _ONE_AT_A_TIME:
            torch.cuda.synchronize()
            with torch.cuda.graph(
                graph, pool=self._pool, stream=self._stream, capture_error_mode="thread_local"
            ):
                kept = run()
        return graph, kept

    def clear(self) -> None:
        """Forget the working memory, once no graph is left that uses it."""
        self._pool = self._stream = None
