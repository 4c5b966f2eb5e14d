"""What a keeper waits for: that somebody rings, that a task ends, or that the time has passed."""

from __future__ import annotations

import asyncio
import math
from typing import Any


class Bell:
    """Rung by many, heard by one; rung before it is waited for, it is heard at once."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Let whoever waits look again."""
        self._rung.set()

    async def wait(
        self, other: asyncio.Task[Any] | None = None, *, seconds: float = math.inf
    ) -> None:
        """Return when it is rung, the other task ends, or the time has passed."""
        rung = asyncio.create_task(self._rung.wait())
        tasks = {rung} if other is None else {rung, other}
        try:
            await asyncio.wait(
                tasks,
                timeout=None if math.isinf(seconds) else max(seconds, 0.0),
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            rung.cancel()
        self._rung.clear()
