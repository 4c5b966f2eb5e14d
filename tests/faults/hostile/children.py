"""What a rasterizer's children take, watched from outside."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from types import TracebackType
from typing import Self

from ocrd.raster.rasterize import Rasterizer

_EVERY = 0.02  # seconds


def peak_bytes(pid: int) -> int:
    """Return the most that a process has ever had in memory, 0 once it is gone."""
    with contextlib.suppress(OSError, ProcessLookupError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


class Watched:
    """Notes, while it is open, which children there were and the most that any of them took."""

    def __init__(self, raster: Rasterizer) -> None:
        self._raster = raster
        self._peaks: dict[int, int] = {}
        self._task: asyncio.Task[None] | None = None

    @property
    def peak_bytes(self) -> int:
        return max(self._peaks.values(), default=0)

    @property
    def count(self) -> int:
        """How many children there were."""
        return len(self._peaks)

    def look(self) -> None:
        status = self._raster.status()
        for pid in (*status["children"], *status["aside"]):
            self._peaks[pid] = max(self._peaks.get(pid, 0), peak_bytes(pid))

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.look()
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(_EVERY)
