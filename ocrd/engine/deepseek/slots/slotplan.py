"""How many slots of which length a budget of KV cache allows (pure).

A slot holds one page while it is decoded; all slots are equally long. Lengths and, where shapes
must be few, slot counts are rounded up, so that one compiled or captured step serves many rounds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

TYPICAL_LENGTH = 2048  # tokens: 1121 of an image with six tiles, a prompt, a page of text


@dataclass(frozen=True, slots=True)
class SlotPlan:
    """A budget, and what it allows."""

    budget: int  # tokens of KV cache, all slots together
    max_slots: int
    context: int  # tokens of a page, image and prompt included
    step: int = 256  # lengths are multiples of it, or the context
    typical: int = TYPICAL_LENGTH  # what most pages need
    few_shapes: bool = False  # round slot counts up too

    def rounded(self, length: int) -> int:
        """Return the slot length that holds so many tokens."""
        return max(min(-(-length // self.step) * self.step, self.context), length)

    def slots_at(self, length: int) -> int:
        """Return how many slots of a length there may be; one is always worth a try."""
        return max(1, min(self.max_slots, self.budget // length))

    @property
    def first_length(self) -> int:
        """Return the length to begin with: more than is typical if no slot is lost by it."""
        free = self.budget // self.max_slots // self.step * self.step
        return min(self.context, max(self.rounded(self.typical), free))

    def batch(self, running: int, allowed: int) -> int:
        """Return how many slots to decode for so many running pages, of those allowed."""
        if not self.few_shapes:
            return running
        rounded = 1 << (running - 1).bit_length() if running <= 16 else -(-running // 16) * 16
        return min(rounded, allowed)

    def halved(self, length: int) -> SlotPlan:
        """Return the plan with half the slots of a length."""
        slots = max(1, self.slots_at(length) // 2)
        return replace(self, max_slots=slots, budget=slots * length)
