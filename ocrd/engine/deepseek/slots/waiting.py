"""The pages that wait for a slot, in the order in which they enter."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from ocrd.engine.deepseek.slots.generation import Generation, Rules
from ocrd.engine.deepseek.slots.slots import Saved


@dataclass(slots=True, eq=False)
class Page:
    """A page from its submission to its end."""

    generation: Generation
    rules: Rules
    prompt: Sequence[int]
    image: Any  # PreparedPage, until it is encoded
    due: int  # tokens that it may generate
    order: tuple[Any, ...]  # the smallest enters first; no two are equal
    on_taken: Callable[[], None]
    most: int  # tokens of it in the cache, ever
    features: Tensor | None = None  # of its image, until its prompt is fed
    places: Sequence[int] = ()  # where the image's tokens stand in the prompt, by then
    slot: int | None = None  # while it runs
    length: int = 0  # tokens of it in the cache
    asked: int = 0  # tokens computed so far, those on their way to the host included
    saved: Saved | None = None  # while it is parked

    def let_image_go(self) -> None:
        """Drop the prepared image, once."""
        if self.image is not None:
            self.image = None
            self.on_taken()


class Waiting:
    """A heap of pages."""

    def __init__(self) -> None:
        self._heap: list[tuple[tuple[Any, ...], Page]] = []

    def __len__(self) -> int:
        return len(self._heap)

    def push(self, page: Page) -> None:
        """Let a page wait."""
        heapq.heappush(self._heap, (page.order, page))

    @property
    def first(self) -> Page:
        """Return the page that enters next; there must be one."""
        return self._heap[0][1]

    @property
    def pages(self) -> list[Page]:
        """Return all pages, in no order."""
        return [page for _, page in self._heap]

    def remove(self, page: Page) -> None:
        """Take a page out, wherever it stands."""
        if self._heap and self.first is page:
            heapq.heappop(self._heap)
            return
        self._heap = [entry for entry in self._heap if entry[1] is not page]
        heapq.heapify(self._heap)

    def to_encode(self, ahead: int) -> list[Page]:
        """Return the first pages with an image yet to be encoded: one, or what ``ahead`` leaves."""
        encoded = sum(page.features is not None for _, page in self._heap)
        unread = [entry for entry in self._heap if entry[1].image is not None]
        return [page for _, page in heapq.nsmallest(max(1, ahead - encoded), unread)]

    def clear(self) -> None:
        """Forget all pages."""
        self._heap.clear()
