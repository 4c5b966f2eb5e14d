"""What a budget of KV cache allows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocrd.engine.deepseek.slots.slotplan import SlotPlan

plans = st.builds(
    SlotPlan,
    budget=st.integers(1, 200_000),
    max_slots=st.integers(1, 128),
    context=st.integers(256, 8192),
    step=st.sampled_from([8, 64, 256, 512]),
    typical=st.integers(1, 4096),
    few_shapes=st.booleans(),
)


@pytest.mark.parametrize(
    ("length", "context", "rounded"),
    [
        (1, 8192, 256), (256, 8192, 256), (257, 8192, 512), (8192, 8192, 8192),
        (7937, 8100, 8100),  # a multiple would be more than the context
        (8200, 8100, 8200),
    ],
)  # fmt: skip
def test_lengths_are_multiples_of_256_or_the_context(
    length: int, context: int, rounded: int
) -> None:
    assert SlotPlan(budget=1, max_slots=1, context=context).rounded(length) == rounded


@pytest.mark.parametrize(
    ("length", "slots"), [(1000, 8), (1250, 8), (1251, 7), (5000, 2), (5001, 1), (10_001, 1)]
)
def test_there_are_as_many_slots_as_the_budget_holds(length: int, slots: int) -> None:
    assert SlotPlan(budget=10_000, max_slots=8, context=8192).slots_at(length) == slots


@pytest.mark.parametrize(
    ("max_slots", "context", "first"),
    [
        (64, 8192, 2048),  # 1562 for each, which is less than most pages need
        (20, 8192, 4864),  # 5000 for each
        (10, 8192, 8192),  # 10,000 for each
        (64, 2000, 2000),
        (200, 8192, 2048),
    ],
)
def test_the_first_length_is_2048_or_a_slots_share_of_the_budget(
    max_slots: int, context: int, first: int
) -> None:
    assert SlotPlan(budget=100_000, max_slots=max_slots, context=context).first_length == first


def test_most_pages_need_2048_tokens_whatever_the_step() -> None:
    assert SlotPlan(budget=1, max_slots=1, context=8192, step=1).first_length == 2048


@pytest.mark.parametrize(
    ("max_slots", "length", "slots"), [(8, 1024, 4), (3, 1024, 1), (1, 1024, 1), (8, 2048, 2)]
)
def test_half_the_slots_of_a_length_are_half_of_those_that_there_were(
    max_slots: int, length: int, slots: int
) -> None:
    plan = SlotPlan(budget=8 * 1024, max_slots=max_slots, context=4096)
    assert plan.halved(length) == SlotPlan(slots * length, slots, 4096)
    assert plan == SlotPlan(8 * 1024, max_slots, 4096)


@given(plans, st.integers(1, 8192))
def test_slots_keep_to_the_budget_or_there_is_one(plan: SlotPlan, length: int) -> None:
    slots = plan.slots_at(length)
    assert slots == 1 or slots * length <= plan.budget
    assert 1 <= slots <= plan.max_slots


@given(plans, st.data())
def test_a_rounded_length_holds_what_it_is_for_and_stays_within_the_context(
    plan: SlotPlan, data: st.DataObject
) -> None:
    length = data.draw(st.integers(1, plan.context))
    assert length <= plan.rounded(length) <= min(plan.context, length + plan.step - 1)


@given(plans)
def test_the_first_length_is_typical_and_longer_only_where_that_costs_no_slot(
    plan: SlotPlan,
) -> None:
    typical = min(plan.context, plan.rounded(plan.typical))
    assert typical <= plan.first_length <= plan.context
    if plan.first_length > typical:
        assert plan.slots_at(plan.first_length) == plan.max_slots


@given(plans, st.data())
def test_a_batch_holds_the_running_pages_and_no_more_than_there_are_slots(
    plan: SlotPlan, data: st.DataObject
) -> None:
    allowed = data.draw(st.integers(1, 128))
    running = data.draw(st.integers(1, allowed))
    assert running <= plan.batch(running, allowed) <= allowed


@pytest.mark.parametrize(
    ("running", "batch"),
    [(1, 1), (2, 2), (3, 4), (5, 8), (9, 16), (16, 16), (17, 32), (32, 32), (33, 48), (49, 60),
     (60, 60)],
)  # fmt: skip
def test_where_shapes_must_be_few_batches_are_powers_of_two_or_sixteens(
    running: int, batch: int
) -> None:
    plan = SlotPlan(budget=1, max_slots=60, context=8192)
    assert plan.batch(running, 60) == running
    assert replace(plan, few_shapes=True).batch(running, 60) == batch


def test_few_shapes_are_few() -> None:
    plan = SlotPlan(budget=1, max_slots=128, context=8192, few_shapes=True)
    assert sorted({plan.batch(running, 128) for running in range(1, 129)}) == [
        1, 2, 4, 8, 16, 32, 48, 64, 80, 96, 112, 128,
    ]  # fmt: skip


@given(plans)
def test_halving_again_and_again_leaves_one_slot(plan: SlotPlan) -> None:
    length = plan.first_length
    for _ in range(8):
        halved = plan.halved(length)
        assert halved.slots_at(length) == max(1, plan.slots_at(length) // 2)
        plan = halved
    assert plan.slots_at(length) == 1
