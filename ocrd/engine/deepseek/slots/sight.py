"""Images looked at: at once, or on a thread and a stream of their own while pages are decoded.

On a GPU a page's image takes as long as some ten steps, most of it products that leave no room for
others; but the host's part of it, and that of a step, need not wait for each other. Where there is
one processor for all, both would only disturb each other.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from ocrd.engine.deepseek.slots.waiting import Page

Encode = Callable[[list[Any]], Sequence[Tensor]]


@dataclass(frozen=True, slots=True)
class Seen:
    """Pages that were looked at together, and what came of it."""

    pages: tuple[Page, ...]
    features: Sequence[Tensor] = ()
    error: BaseException | None = None


class Sight(Protocol):
    """Looks at the images of some pages, and then of others."""

    @property
    def busy(self) -> bool:
        """Return whether pages are looked at whose result was not taken yet."""

    @property
    def is_aside(self) -> bool:
        """Return whether other things can be done meanwhile."""

    def begin(self, pages: Sequence[Page]) -> None:
        """Look at some pages; those before must have been taken."""

    def take(self, *, wait: bool) -> Seen | None:
        """Return what was looked at, None if there is nothing yet."""

    def close(self) -> None:
        """Look at nothing any more."""


class AtOnce:
    """Looks when it is asked to."""

    is_aside = False

    def __init__(self, encode: Encode) -> None:
        self._encode = encode
        self._seen: Seen | None = None

    @property
    def busy(self) -> bool:
        """Return whether there is a result to be taken."""
        return self._seen is not None

    def begin(self, pages: Sequence[Page]) -> None:
        """Look at some pages, before this returns."""
        self._seen = _looked(self._encode, tuple(pages), [page.image for page in pages])

    def take(self, *, wait: bool = False) -> Seen | None:
        """Return what was looked at."""
        seen, self._seen = self._seen, None
        return seen

    def close(self) -> None:
        """Do nothing."""


class Aside:
    """Looks on a thread of its own, on a GPU on a stream of its own."""

    is_aside = True

    def __init__(self, encode: Encode, device: torch.device) -> None:
        self._encode = encode
        self._device = device
        self._asked: queue.SimpleQueue[tuple[tuple[Page, ...], list[Any]] | None]
        self._asked = queue.SimpleQueue()
        self._done: queue.SimpleQueue[Seen] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self.busy = False

    def begin(self, pages: Sequence[Page]) -> None:
        """Have some pages looked at."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="sight", daemon=True)
            self._thread.start()
        self.busy = True
        self._asked.put((tuple(pages), [page.image for page in pages]))

    def take(self, *, wait: bool) -> Seen | None:
        """Return what was looked at, None if it is not finished and not to be waited for."""
        if not self.busy:
            return None
        try:
            seen = self._done.get(wait)
        except queue.Empty:
            return None
        self.busy = False
        for features in seen.features:
            if features.is_cuda:  # so that their memory is not reused before we are done with it
                features.record_stream(torch.cuda.current_stream())
        return seen

    def close(self) -> None:
        """End the thread once it has finished what it is at."""
        if self._thread is not None:
            self._asked.put(None)
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        stream = torch.cuda.Stream(self._device) if self._device.type == "cuda" else None
        if stream is not None:
            torch.cuda.set_stream(stream)  # of this thread
        while (asked := self._asked.get()) is not None:
            pages, images = asked
            seen = _looked(self._encode, pages, images)
            if stream is not None:
                seen = self._awaited(seen)
            self._done.put(seen)

    def _awaited(self, seen: Seen) -> Seen:
        """Return what was seen once the device has it.

        It is waited for here: handed over earlier, the next step would have to wait for it.
        """
        try:
            event = torch.cuda.Event(blocking=True)
            event.record()
            event.synchronize()
        except RuntimeError as error:
            return Seen(seen.pages, error=error)
        return seen


def _looked(encode: Encode, pages: tuple[Page, ...], images: list[Any]) -> Seen:
    try:
        with torch.inference_mode():
            return Seen(pages, encode(images))
    except (RuntimeError, MemoryError, ValueError) as error:
        # Without the frames, which hold on to the tensors of the attempt.
        return Seen(pages, error=error.with_traceback(None))
    except BaseException as error:  # noqa: BLE001 - the thread that decodes raises it again
        return Seen(pages, error=error)
