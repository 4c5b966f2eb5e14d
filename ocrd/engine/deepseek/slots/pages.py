"""All pages that a decoder has, by how far they are; each ends once, wherever it is."""

from __future__ import annotations

from collections import deque

from ocrd.engine.deepseek.slots.delivery import Delivery
from ocrd.engine.deepseek.slots.running import Running
from ocrd.engine.deepseek.slots.slots import Slots
from ocrd.engine.deepseek.slots.waiting import Page, Waiting


class Pages:
    """The pages on their way. ``arrived`` alone is touched by other threads, which append."""

    def __init__(self, slots: Slots) -> None:
        self.arrived: deque[Page] = deque()
        self.waiting = Waiting()
        self.entering: list[Page] = []  # out of the queue and in no slot yet
        self.parked: list[Page] = []  # the one that comes back first is first
        self.running = Running(slots)
        self.under_way: Delivery[Page] = Delivery()  # their tokens, to the host

    def __bool__(self) -> bool:
        return bool(self.arrived or self.waiting or self.parked or self.running or self.under_way)

    @property
    def idle(self) -> bool:
        """Say whether the device has nothing to do but to look at images."""
        return not (self.running or self.entering or self.under_way)

    def receive(self) -> None:
        """Let those that arrived wait, and end those that nothing can be generated for.

        Pages that were cancelled meanwhile end, too.
        """
        while self.arrived:
            page = self.arrived.popleft()
            if page.due > 0:
                self.waiting.push(page)
            else:
                page.let_image_go()
                page.generation.end("context" if page.rules.max_new_tokens > 0 else "length")
        for page in self._open:
            if page.generation.cancelled:
                self.end(page, "cancelled")

    def park(self, page: Page) -> None:
        """Take a page out of its slot until there is room for it again."""
        self.running.park(page)
        self.parked.append(page)
        self.parked.sort(key=lambda one: one.order)

    def come_back(self, page: Page) -> None:
        """Take a parked page into the next slot."""
        self.running.come_back(page)
        self.parked.remove(page)

    def retreat(self) -> None:
        """Have nobody in a slot or about to be: all wait, or are parked."""
        for page in self.entering:
            self.waiting.push(page)
        self.entering.clear()
        for page in reversed(self.running.pages):
            self.park(page)

    def end(self, page: Page, finished: str, error: BaseException | None = None) -> None:
        """End a page, with what it has by now."""
        if page.slot is not None:
            self.running.leave(page)
        elif page in self.parked:
            self.parked.remove(page)
        elif page.asked == 0:
            self.waiting.remove(page)
        page.saved = page.features = None
        page.let_image_go()
        page.generation.end(finished, error)

    def end_all(self, finished: str, error: BaseException | None = None) -> None:
        """End every page, whatever the slots hold."""
        for page in [*self.arrived, *self._open, *self.under_way.pages]:
            page.let_image_go()
            page.generation.end(finished, error)
        self.arrived.clear()
        self.under_way.clear()
        self.waiting.clear()
        self.entering.clear()
        self.parked.clear()
        self.running.clear()

    @property
    def _open(self) -> list[Page]:
        return [*self.waiting.pages, *self.entering, *self.parked, *self.running.pages]
