"""What a keeper waits for: that somebody rings, that a task ends, or that the time has passed."""

from __future__ import annotations

import asyncio
import math
from typing import Any


class Bell:
    """Rung by many, heard by one; rung before it is waited for, it is heard at once."""

    def __init__(self) -> None:
        self._is_rung = False
        self._waiting: asyncio.Future[None] | None = None

    def ring(self) -> None:
        """Let whoever waits look again."""
        self._is_rung = True
        self._rouse()

    def _rouse(self, _: object = None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def wait(
        self, other: asyncio.Task[Any] | None = None, *, seconds: float = math.inf
    ) -> None:
        """Return when it is rung, the other task ends, or the time has passed."""
        if self._is_rung or (other is not None and other.done()):
            await asyncio.sleep(0)  # whoever is called all the time lets others have their turn
        else:
            await self._wait(other, seconds)
        self._is_rung = False

    async def _wait(self, other: asyncio.Task[Any] | None, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        self._waiting = loop.create_future()
        timer = None if math.isinf(seconds) else loop.call_later(max(seconds, 0.0), self._rouse)
        if other is not None:
            other.add_done_callback(self._rouse)
        try:
            await self._waiting
        finally:
            self._waiting = None
            if timer is not None:
                timer.cancel()
            if other is not None:
                other.remove_done_callback(self._rouse)
