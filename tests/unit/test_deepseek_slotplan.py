"""What a budget of KV cache allows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ocrd.engine.deepseek.slotplan import SlotPlan

plans = st.builds(
    SlotPlan,
    budget=st.integers(1, 200_000),
    max_slots=st.integers(1, 128),
    context=st.integers(256, 8192),
    step=st.sampled_from([8, 64, 256, 512]),
    typical=st.integers(1, 4096),
    few_shapes=st.booleans(),
)


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
