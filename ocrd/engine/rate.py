"""How many pages a second an engine has read lately (pure)."""

from __future__ import annotations

from collections import deque

WINDOW_SECONDS = 60


class Rate:
    """Counts events by second, over the last minute, in constant memory."""

    def __init__(self) -> None:
        self.total = 0
        self._seconds: deque[tuple[int, int]] = deque(maxlen=WINDOW_SECONDS + 1)

    def count(self, now: float) -> None:
        """Count one event."""
        self.total += 1
        second = int(now)
        if self._seconds and self._seconds[-1][0] == second:
            self._seconds[-1] = (second, self._seconds[-1][1] + 1)
        else:
            self._seconds.append((second, 1))

    def per_second(self, now: float) -> float:
        """Return the mean rate of the last minute."""
        since = int(now) - WINDOW_SECONDS
        events = sum(number for second, number in self._seconds if second > since)
        return round(events / WINDOW_SECONDS, 3)
