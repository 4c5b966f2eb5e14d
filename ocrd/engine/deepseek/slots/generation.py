"""One page being decoded: its rules, and the handle by which another thread follows it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

# How many tokens come together, unless they are slow to come: waking sixty threads for each token
# of sixty pages would cost more than the tokens.
STRIDE = 16
PAUSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Rules:
    """How one page is decoded; see ngram for the rule against repetition."""

    max_new_tokens: int
    ngram: int = 0
    window: int = 0
    temperature: float = 0.0  # 0 takes the likeliest token
    seed: int = 0  # of what a temperature above 0 draws
    exempt: tuple[int, ...] = ()


class Generation:
    """A page on its way through the decoder; any thread may follow or cancel it."""

    def __init__(self, on_cancel: Callable[[], None] = lambda: None) -> None:
        self.tokens: list[int] = []  # generated so far, without the end token
        self.logprobs: list[float] = []  # of each, by the network alone
        self.finished = ""  # eos | length | context | cancelled | failed
        self.error: BaseException | None = None
        self.cancelled = False  # asked for; finished says when it is done
        self._told = 0  # tokens that followers have been woken for
        self._told_at = time.monotonic()
        self._pause_seconds = PAUSE_SECONDS
        self._changed = threading.Condition()
        self._on_cancel = on_cancel

    def follow(self) -> Iterator[list[int]]:
        """Yield the tokens as they come, some at a time; raise what ended the page, if anything."""
        seen = 0
        while True:
            with self._changed:
                while not self.finished and self._told <= seen:
                    self._changed.wait()
                fresh, ended = self.tokens[seen:], bool(self.finished)
            if fresh:
                seen += len(fresh)
                yield fresh
            if ended:
                break
        if self.error is not None:
            raise self.error

    def hurry(self, pause_seconds: float) -> None:
        """Wake followers after this time, though few tokens came: somebody reads along."""
        self._pause_seconds = pause_seconds

    def cancel(self) -> None:
        """Ask for the end of this page; the others go on."""
        self.cancelled = True
        self._on_cancel()

    def take(self, token: int, logprob: float = 0.0) -> None:
        """Append a token; for the decoder alone."""
        self.logprobs.append(logprob)
        self.tokens.append(token)
        now = time.monotonic()
        if len(self.tokens) - self._told >= STRIDE or now - self._told_at >= self._pause_seconds:
            with self._changed:
                self._told, self._told_at = len(self.tokens), now
                self._changed.notify_all()

    def end(self, finished: str, error: BaseException | None = None) -> None:
        """Say how it ended; for the decoder alone. The first end counts."""
        with self._changed:
            if not self.finished:
                self.finished, self.error = finished, error
            self._changed.notify_all()
