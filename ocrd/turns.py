"""Places dealt in turn to the doors that wait (pure): a folder is a door, and all requests are one.

Start-time fair queueing (Goyal, Vin, Cheng, 1996): a door's mark is how many pages it has had, and
who comes anew starts at the mark of the last one served, so that nobody saves up turns while there
is nothing to read.
"""

from __future__ import annotations


class Turns:
    """Whose turn it is, by what each door has had."""

    def __init__(self) -> None:
        self._marks: dict[str, float] = {}
        self._now = 0.0  # the mark of the last one served

    def begin(self, door: str) -> None:
        """Take note that a door waits which had nothing waiting."""
        self._marks[door] = max(self._marks.get(door, 0), self._now)

    def mark(self, door: str) -> float:
        """Return a door's mark: the lowest has its turn."""
        return self._marks.get(door, self._now)

    def take(self, door: str, pages: float = 1.0) -> None:
        """Take note that a door was served, by what costs as much as so many pages."""
        self._now = self.mark(door)
        self._marks[door] = self._now + pages
