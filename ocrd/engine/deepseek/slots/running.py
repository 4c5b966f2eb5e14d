"""The pages that are being decoded: they sit in the first slots, without gaps.

A page enters behind the last one; when one leaves, the last one takes its slot.
"""

from __future__ import annotations

from collections.abc import Iterator

from ocrd.engine.deepseek.slots.slots import Draw, Slots
from ocrd.engine.deepseek.slots.waiting import Page


class Running:
    """Who sits where; what the slots hold moves along."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._pages: list[Page] = []  # by slot

    def __len__(self) -> int:
        return len(self._pages)

    def __iter__(self) -> Iterator[Page]:
        return iter(self.pages)

    @property
    def pages(self) -> list[Page]:
        """Return the pages by slot, in a list of its own: pages may leave meanwhile."""
        return [*self._pages]

    @property
    def longest(self) -> int:
        """Return the tokens of the longest page, 0 without any."""
        return max((page.length for page in self._pages), default=0)

    @property
    def draws(self) -> list[Draw]:
        """Return what the pages with a temperature need for their next token."""
        return [
            Draw(slot, page.rules.temperature, page.rules.seed, page.asked)
            for slot, page in enumerate(self._pages)
            if page.rules.temperature > 0
        ]

    def enter(self, page: Page) -> None:
        """Take a page whose prompt, or whose saved state, is in the next slot."""
        page.slot = len(self._pages)
        self._pages.append(page)

    def park(self, page: Page) -> None:
        """Take a page out of its slot, with what brings it back."""
        assert page.slot is not None
        page.saved = self._slots.save(page.slot, page.length)
        self.leave(page)

    def come_back(self, page: Page) -> None:
        """Take a page that was parked into the next slot."""
        assert page.saved is not None
        self._slots.restore(len(self._pages), page.saved)
        self.enter(page)
        page.saved = None

    def leave(self, page: Page) -> None:
        """Take a page out of its slot and close the gap with the last one."""
        assert page.slot is not None
        last = self._pages.pop()
        if last is not page:
            assert last.slot is not None
            self._slots.move(last.slot, page.slot, last.length)
            self._pages[page.slot] = last
            self._slots.clear(last.slot)
            last.slot = page.slot
        else:
            self._slots.clear(page.slot)
        page.slot = None

    def clear(self) -> None:
        """Forget all pages."""
        self._pages.clear()
