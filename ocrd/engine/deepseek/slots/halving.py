"""A halving of the slots, remembered: the next start begins where this one ended (pure).

It counts for the same model on the same device with the same settings, as long as no more memory
is free than there was then, and for a week: what took the memory may have gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ocrd.engine.deepseek.slots.slotplan import SlotPlan

WEEK_SECONDS = 7 * 24 * 3600.0
MORE = 1.1  # times the free memory of then: room for a try


@dataclass(frozen=True, slots=True)
class Halving:
    """What was left of a plan when the memory had run out."""

    of: str  # the model, its device and its settings
    slots: int
    budget: int  # tokens, all slots together
    free: int  # bytes there were when the slots were first laid out
    at: float  # seconds since 1970

    def as_memo(self) -> dict[str, Any]:
        """Return what brings it back by :func:`recalled`."""
        return {
            "of": self.of,
            "slots": self.slots,
            "budget": self.budget,
            "free": self.free,
            "at": self.at,
        }

    def counts(self, of: str, *, free: int, now: float) -> bool:
        """Say whether a start with so many free bytes should begin with what was left."""
        is_recent = 0 <= now - self.at < WEEK_SECONDS
        return self.of == of and is_recent and free <= self.free * MORE

    def kept_to(self, plan: SlotPlan) -> SlotPlan:
        """Return the plan with no more slots and tokens than were left."""
        return replace(
            plan,
            max_slots=min(plan.max_slots, self.slots),
            budget=min(plan.budget, self.budget),
        )


def recalled(memo: Mapping[str, Any]) -> Halving | None:
    """Return the halving of a memo; None where that tells of none."""
    try:
        found = Halving(
            of=str(memo["of"]),
            slots=int(memo["slots"]),
            budget=int(memo["budget"]),
            free=int(memo["free"]),
            at=float(memo["at"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    return found if found.slots > 0 and found.budget > 0 else None
