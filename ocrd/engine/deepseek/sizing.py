"""How many pages are decoded together: from the memory that is free, and from the last start.

What encoding takes is measured first; slots that had to be halved are remembered.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from ocrd.engine.deepseek.network import fullpage, preprocessing, vision
from ocrd.engine.deepseek.network.checkpoint import Model
from ocrd.engine.deepseek.network.shortage import is_shortage
from ocrd.engine.deepseek.slots.budget import free_bytes, plan_of
from ocrd.engine.deepseek.slots.halving import Halving, recalled
from ocrd.engine.deepseek.slots.slotplan import SlotPlan
from ocrd.errors import EngineError

log = logging.getLogger(__name__)


def page_bytes(model: Model, settings: dict[str, Any]) -> int | None:
    """Return the memory that encoding a full page takes, None on the processor.

    Raise EngineError if there is too little for a single one.
    """
    spec = preprocessing.view_spec(model.kind, "", settings["max_tiles"])
    page = fullpage.full_page(spec)
    try:
        return fullpage.bytes_of_encoding(model, page, lambda pages: vision.encode(model, pages))
    except (RuntimeError, MemoryError) as error:
        if not is_shortage(error):
            raise
        where = model.place.label if model.place else str(model.device)
        raise EngineError(
            f"{where} has no memory left to look at a full page ({len(page.tiles)} tiles).",
            hint="Stop what else uses it, set max_tiles lower, or choose another device.",
        ) from error


class Sizing:
    """The slots of one start, and what is to be remembered of them."""

    def __init__(
        self,
        model: Model,
        settings: dict[str, Any],
        encoding: int | None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Plan the slots of a loaded model; ``encoding`` is what :func:`page_bytes` said."""
        self._clock = clock
        self._of = _identity(model, settings)
        self._free = free_bytes(model.device)
        slots = settings["max_slots"]
        self.plan = plan_of(
            model.network,
            context=settings["context"],
            max_slots=None if slots == "auto" else slots,
            memory_share=settings["memory_share"],
            page_bytes=encoding,
        )
        last = recalled(settings.get("memo") or {})
        if last and last.counts(self._of, free=self._free, now=clock()):
            self._keep_to(last)

    def _keep_to(self, last: Halving) -> None:
        kept = last.kept_to(self.plan)
        if kept == self.plan:
            return
        many, few = (plan.slots_at(plan.first_length) for plan in (self.plan, kept))
        log.warning(
            "Begun with %d slots instead of %d, for which the memory did not last on %s.",
            few, many, time.strftime("%Y-%m-%d", time.localtime(last.at)),
        )  # fmt: skip
        self.plan = kept

    def memo(self, plan: SlotPlan) -> dict[str, Any]:
        """Return what the next start is to be told of a plan; nothing if it is that of this one."""
        if (plan.max_slots, plan.budget) == (self.plan.max_slots, self.plan.budget):
            return {}
        return Halving(self._of, plan.max_slots, plan.budget, self._free, self._clock()).as_memo()


def _identity(model: Model, settings: dict[str, Any]) -> str:
    """Return what a halving belongs to: another model, device or setting begins anew."""
    place = model.place
    parts = [model.kind, model.name, str(model.dtype)]
    parts += [place.label, place.name] if place else [str(model.device)]
    parts += [str(settings[key]) for key in ("context", "max_slots", "memory_share", "max_tiles")]
    return " · ".join(parts)
