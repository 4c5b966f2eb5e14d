"""What an error means for a document, and how long it waits before it is tried again.

The fate of an error says what kind of fault it is; what becomes of the document depends on what
went before, too: how often it was tried, how long its file has looked incomplete. That is
remembered here, for as long as the daemon runs.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from enum import StrEnum

from ocrd import pages
from ocrd.account import cause
from ocrd.errors import BrokenError, CorruptError, Fate, OcrdError, UnreadablePagesError
from ocrd.job import FileKey

FIRST_DELAY, LONGEST_DELAY = 5.0, 300.0  # seconds, before a transient fault is tried again
LONGEST_LOOK = 15.0  # seconds between two looks at a file that may not be complete yet


class Verdict(StrEnum):
    """What becomes of a document that met an error."""

    STOP = "stop"  # the daemon cannot go on
    WITHDRAW = "withdraw"  # the source is gone or another one: forget the job
    RETRY = "retry"  # later, as often as it takes
    LOOK_AGAIN = "look-again"  # soon: the file may not have arrived whole
    FILE = "file"  # final: to failed/, with what was read


class Verdicts:
    """Judges documents by their errors and by what went before. One for the whole daemon."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._delays: dict[int, float] = {}  # before the next retry
        self._incomplete_since: dict[int, tuple[FileKey, float]] = {}

    def judge(self, error: OcrdError, job_id: int, key: FileKey, patience: float) -> Verdict:
        """Say what becomes of a document; ``patience`` is its folder's, in seconds."""
        match error.fate:
            case Fate.STOP:
                return Verdict.STOP
            case Fate.WITHDRAW:
                return Verdict.WITHDRAW
            case Fate.RETRY | Fate.RESTART_ENGINE:
                return Verdict.RETRY
            case _ if self._may_be_incomplete(error) and not self.is_patience_over(
                job_id, key, patience
            ):
                return Verdict.LOOK_AGAIN
            case _:
                return Verdict.FILE

    @staticmethod
    def _may_be_incomplete(error: OcrdError) -> bool:
        return isinstance(error, CorruptError) and not isinstance(error, BrokenError)

    def is_patience_over(self, job_id: int, key: FileKey, patience: float) -> bool:
        """Say whether a file has looked incomplete for ``patience`` seconds, unchanged.

        The first question about a file begins the time; another key begins it anew.
        """
        now = self._clock()
        before, since = self._incomplete_since.get(job_id, (None, now))
        if before != key:
            since = now
            self._incomplete_since[job_id] = (key, since)
        return now - since >= patience

    def delay_before_retry(self, job_id: int) -> float:
        """Count one more try of a document and return the seconds before it: doubled each time."""
        delay = self._delays.get(job_id, FIRST_DELAY)
        self._delays[job_id] = min(LONGEST_DELAY, 2 * delay)
        return delay

    def forget(self, job_id: int) -> None:
        """Forget a document that is final."""
        self._delays.pop(job_id, None)
        self._incomplete_since.pop(job_id, None)


def delay_before_look(patience: float) -> float:
    """Return the seconds before an incomplete file is looked at again: four looks or more."""
    return min(LONGEST_LOOK, patience / 4)


def most_failures(total: int, tolerance: float) -> int:
    """Return how many of a document's pages may fail."""
    return math.floor(tolerance * total)


def failure(
    name: str, failed: Sequence[tuple[int, str]], total: int, tolerance: float
) -> UnreadablePagesError | None:
    """Return why the document ``name`` of ``total`` pages fails, None if it is done.

    ``failed`` are the numbers and JSON results of the pages that count as not read, in order: those
    that failed, and doubtful ones of which too much gave no text. ``tolerance`` is the share of
    pages that may be among them.
    """
    if len(failed) <= most_failures(total, tolerance):
        return None
    number, result = failed[0]
    first = cause(pages.from_json(result))
    return UnreadablePagesError(
        f"{name}: {len(failed)} of {total} pages could not be read; the first is page {number}:"
        f" {first}",
        hint="Correct the source and run 'ocrd retry', or raise the folder's tolerance.",
        page=number,
    )
