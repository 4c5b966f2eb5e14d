"""A halving counts for what it happened to, while it can be thought to happen again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ocrd.engine.deepseek.slots.halving import WEEK_SECONDS, Halving, recalled
from ocrd.engine.deepseek.slots.slotplan import SlotPlan

GIB = 1 << 30
LEFT = Halving("model on card", slots=16, budget=40_000, free=10 * GIB, at=1e9)


def test_it_comes_back_from_what_is_kept_of_it() -> None:
    assert recalled(json.loads(json.dumps(LEFT.as_memo()))) == LEFT


@pytest.mark.parametrize(
    "memo",
    [
        {}, {"of": "x"}, {**LEFT.as_memo(), "slots": "many"}, {**LEFT.as_memo(), "slots": 0},
        {**LEFT.as_memo(), "budget": -1}, {**LEFT.as_memo(), "free": None},
        {**LEFT.as_memo(), "slots": float("inf")},
    ],
)  # fmt: skip
def test_what_tells_of_none_is_none(memo: dict[str, Any]) -> None:
    assert recalled(memo) is None


@pytest.mark.parametrize(
    ("of", "free", "later", "counts"),
    [
        ("model on card", 10 * GIB, 0.0, True),
        ("model on card", 2 * GIB, 3600.0, True),
        ("model on card", 11 * GIB, 3600.0, True),
        ("model on card", 12 * GIB, 3600.0, False),  # the other program has gone
        ("model on card", 10 * GIB, WEEK_SECONDS, False),
        ("model on card", 10 * GIB, -5.0, False),  # the clock was set back: nothing is known
        ("model on another card", 10 * GIB, 0.0, False),
    ],
)
def test_it_counts_for_the_same_with_no_more_memory_and_not_for_ever(
    of: str, free: int, later: float, counts: bool
) -> None:
    assert LEFT.counts(of, free=free, now=LEFT.at + later) is counts


def test_a_plan_keeps_to_what_was_left_and_never_grows_by_it() -> None:
    plan = SlotPlan(budget=64 * 2048, max_slots=64, context=8192)
    kept = LEFT.kept_to(plan)
    assert (kept.max_slots, kept.budget, kept.context) == (16, 40_000, 8192)
    small = SlotPlan(budget=4096, max_slots=2, context=8192)
    assert LEFT.kept_to(small) == small
