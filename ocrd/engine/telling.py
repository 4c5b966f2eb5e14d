"""How a worker's page tells the daemon of itself: that it moves on, and its text as it comes.

An engine calls it with a growing count, as any ``progress``, and may tell it text where the request
wants that. Invariants:

- of one request, messages of a kind are PROGRESS_SECONDS or PARTIAL_SECONDS apart at least; text
  that is told meanwhile is held and goes along with what comes next;
- what was told since the last restart is, joined, the text that ``settle`` got.

One thread tells; ``cancel`` may come from any.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ocrd.engine.protocol import Partial, Progress, Recognise

PROGRESS_SECONDS = 0.25
PARTIAL_SECONDS = 0.05
MAX_PIECE = 100_000  # characters in one message, of 12 bytes each at worst

Send = Callable[[Progress | Partial], None]


class Cancelled(Exception):  # noqa: N818 - not an error: the daemon asked for it
    """The page is no longer wanted."""


class Telling:
    """What one page tells."""

    def __init__(
        self, request: Recognise, send: Send, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Tell of a request; ``send`` may be called by the engine's thread at any time."""
        self.wants_text = request.stream
        self._id = request.id
        self._send = send
        self._clock = clock
        self._count = 0  # the highest so far
        self._before = 0  # of it, what earlier parts of the work came to
        self._counted = -PROGRESS_SECONDS  # when that was last told
        self._partial = -PARTIAL_SECONDS
        self._told: list[str] = []  # since the last restart
        self._held = ""
        self._cancelled = False
        self._acts: list[Callable[[], None]] = []  # what a cancelling does
        self._cancelling = threading.Lock()

    def __call__(self, count: int) -> None:
        """Tell that the page moves on; raise Cancelled when it is no longer wanted."""
        if self._cancelled:
            raise Cancelled
        now = self._clock()
        self._count = max(self._count, self._before + count)
        if now - self._counted >= PROGRESS_SECONDS:
            self._counted = now
            self._send(Progress(self._id, self._count))
        self._flush(now)

    def count_on(self) -> None:
        """Have counts begin anew, behind all that was counted so far."""
        self._before = self._count

    # Its text

    def text(self, added: str) -> None:
        """Tell what has been added to the page's text."""
        if self.wants_text and added:
            self._held += added
            self._flush(self._clock())

    def restart(self) -> None:
        """Take back all text that was told: the page is read again."""
        self._held = ""
        if self._told:
            self._told.clear()
            self._send(Partial(self._id, "", restart=True))

    def settle(self, text: str | None = None) -> None:
        """Tell what is held, or what makes ``text`` of all that was told; taken back if need be."""
        if text is not None and self.wants_text:
            said = "".join(self._told)
            if not text.startswith(said):
                self.restart()
                said = ""
            self._held = text[len(said) :]
        self._say()

    def _flush(self, now: float) -> None:
        if self._held and now - self._partial >= PARTIAL_SECONDS:
            self._partial = now
            self._say()

    def _say(self) -> None:
        held, self._held = self._held, ""
        for start in range(0, len(held), MAX_PIECE):
            piece = held[start : start + MAX_PIECE]
            self._told.append(piece)
            self._send(Partial(self._id, piece))

    # Its end

    def cancel(self) -> None:
        """Say that the page is no longer wanted."""
        with self._cancelling:
            self._cancelled = True
            acts = [*self._acts]
        for act in acts:
            act()

    @contextmanager
    def when_cancelled(self, act: Callable[[], None]) -> Iterator[None]:
        """Have ``act`` called as soon as the page is cancelled, from another thread."""
        with self._cancelling:
            self._acts.append(act)
            is_late = self._cancelled
        if is_late:
            act()
        try:
            yield
        finally:
            with self._cancelling:
                self._acts.remove(act)


def teller(progress: Callable[[int], None]) -> Telling:
    """Return what tells of a page, where an engine was given no more than a function that counts.

    That has no daemon behind it: its text is for nobody.
    """
    return progress if isinstance(progress, Telling) else _Counting(progress)


class _Counting(Telling):
    def __init__(self, progress: Callable[[int], None]) -> None:
        super().__init__(Recognise(0, ""), lambda _: None)
        self._progress = progress

    def __call__(self, count: int) -> None:
        super().__call__(count)
        self._progress(self._count)
