"""How a worker's device has failed so far, and how long is waited before the next try (pure)."""

from __future__ import annotations

import math

from ocrd.errors import EngineError, EngineUnusableError, GpuGoneError

MAX_BACKOFF_SECONDS = 60.0
UNUSABLE_SECONDS = 300.0  # until it is seen whether a person has changed what was in the way
NEVER = -math.inf


class Failures:
    """The ends of workers on one device that were not ours."""

    def __init__(self) -> None:
        self.in_a_row = 0  # without a page read between them
        self.total = 0
        self.last_error = (NEVER, "")  # when, what
        self.present: EngineError | None = None  # the last one, while no worker has come after it
        self.since = NEVER  # when the first of those came after which no worker has come
        self.is_news = False  # whether a person has not been told of the present one

    def note(self, error: EngineError, now: float) -> None:
        """Take note of one more."""
        self.is_news = not (self.is_without_gpu and isinstance(error, GpuGoneError))
        if self.present is None:
            self.since = now
        self.in_a_row += 1
        self.total += 1
        self.last_error = (now, str(error))
        self.present = error

    @property
    def is_without_gpu(self) -> bool:
        """Say whether what is waited for is a GPU."""
        return isinstance(self.present, GpuGoneError)

    def note_start(self) -> None:
        """Take note that a worker is ready."""
        self.present = None

    def note_answer(self) -> None:
        """Take note that a page is read."""
        self.in_a_row = 0

    def delay(self, backoff_seconds: float) -> float:
        """Return for how long to wait before the next start, longer each time.

        A GPU comes back without anybody's help, and is looked for as often as a crash is mended.
        """
        if isinstance(self.present, EngineUnusableError) and not self.is_without_gpu:
            return UNUSABLE_SECONDS
        return min(backoff_seconds * 2.0 ** min(self.in_a_row - 1, 30), MAX_BACKOFF_SECONDS)
