"""How the cache is divided into slots: for whom there is room, and when all slots grow longer.

All slots are equally long. They are as many as the plan allows at the length that the longest page
needs, and are divided anew only when that changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ocrd.engine.deepseek.slots.running import Running
from ocrd.engine.deepseek.slots.slotplan import SlotPlan
from ocrd.engine.deepseek.slots.slots import Slots
from ocrd.engine.deepseek.slots.waiting import Page


class Division:
    """The slots as they are laid out now, within a plan that a lack of memory halves."""

    def __init__(self, slots: Slots, running: Running, plan: SlotPlan) -> None:
        self._slots = slots
        self._running = running
        self.plan = plan

    @property
    def length(self) -> int:
        """Return the tokens of a slot, before the first division those that it begins with."""
        return self._slots.cache.length or self.plan.first_length

    def most(self, prompt: Sequence[int]) -> int:
        """Return how many tokens of a page are ever in the cache."""
        window = self._slots.window
        return len(prompt) + window if window else self.plan.context

    def at_first(self, page: Page) -> int:
        """Return what a page that enters needs: all that it ever will, where that is fixed."""
        return page.most if self._slots.window else len(page.prompt) + 1

    def find_room(self, length: int, entering: Iterable[Page]) -> bool:
        """Lay the slots out for one page more, of a length; return False if that cannot be.

        ``entering`` are those for whom room was found already and who are in no slot yet.
        """
        plan, cache = self.plan, self._slots.cache
        others = [self.at_first(page) for page in entering]
        taken = len(self._running) + len(others)
        longest = max(length, self._running.longest + 1, *others)
        wanted = max(cache.length, plan.rounded(longest))
        if taken >= plan.slots_at(wanted) and longest + plan.step <= wanted:
            # Lengthened once for a page that has left: perhaps shorter slots are enough now.
            wanted = plan.rounded(longest + plan.step)
        wanted = max(wanted, plan.first_length)
        if taken >= plan.slots_at(wanted):
            return False
        if wanted != cache.length:
            self.lay_out(wanted)
        return True

    def grow(self, length: int) -> bool:
        """See that slots hold so many tokens; return False if fewer would be left than run."""
        if length <= self._slots.cache.length:
            return True
        wanted = self.plan.rounded(length)
        if len(self._running) > self.plan.slots_at(wanted):
            return False
        self.lay_out(wanted)
        return True

    def lay_out(self, length: int) -> None:
        """Divide the cache into slots of a length; the running pages stay where they are."""
        slots, used = self.plan.slots_at(length), self._running.longest
        self._slots.cache.reserve(self.plan.budget)
        self._slots.cache.lay_out(slots, length, keep=len(self._running), used=used)
