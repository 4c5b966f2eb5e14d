"""The mark that we hold open: what we write into it, and what it says now.

An idle folder's disk is not woken for that: while the file's state is the one that we saw last,
nothing is read of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from ocrd.intake.mark import Mark, State
from ocrd.intake.record import Record, decode

# Coarser than the times of any file system: a write that came later shows in them.
STILL_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class _Known:
    """The file as we saw it last."""

    state: State
    record: Record
    is_sure: bool  # read so long after our last write that any other shows in the state


class Held:
    """One folder's mark, open from the moment that we look whether we may have the folder."""

    def __init__(self, mark: Mark, fd: int, me: Record, clock: Callable[[], float]) -> None:
        """Hold an open file; it is closed by ``close``."""
        self.fd = fd
        self._mark = mark
        self._me = me
        self._clock = clock
        self._wrote = 0.0
        self._known: _Known | None = None

    def write(self, record: Record) -> None:
        """Write what others are to read, and have it on the disk. Raises OSError."""
        os.pwrite(self.fd, record.encode(), 0)
        os.fsync(self.fd)
        self._wrote, self._known = self._clock(), None
        if (state := self._mark.state(self.fd)) is not None:
            self._known = _Known(state, record, is_sure=False)

    def record_if_still(self) -> Record | None:
        """Return what the file said last if it is as it was: nothing is read of a disk then."""
        state = self._mark.state(self.fd)
        if state is None or self._known is None or self._known.state != state:
            return None
        if not self._known.is_sure and self._is_still():
            return None
        return self._known.record

    def record(self) -> Record | None:
        """Return what the file says now; None if it is not at its place any more.

        What is no record is taken for our own, to be written again.
        """
        state = self._mark.state(self.fd)
        content = self._mark.read_anew(self.fd)
        if content is None:
            return None
        record = decode(content) or self._me
        self._known = None if state is None else _Known(state, record, self._is_still())
        return record

    def close(self) -> None:
        """Let the file go, and the lock on it."""
        os.close(self.fd)

    def _is_still(self) -> bool:
        return self._clock() - self._wrote >= STILL_SECONDS
