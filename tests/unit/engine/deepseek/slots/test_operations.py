"""How many kernels a step and a prompt are for the full-size network, and that neither waits."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from benchmarks.gpu.network import full_size
from ocrd.engine.deepseek.network import attention, experts
from ocrd.engine.deepseek.network.layers import layers_of
from ocrd.engine.deepseek.slots.generation import Rules
from ocrd.engine.deepseek.slots.slotplan import SlotPlan
from ocrd.engine.deepseek.slots.slots import Prompt, Slots
from ocrd.engine.deepseek.text import prompts
from tests.operations import Operations

META = torch.device("meta")
SLOTS, LENGTH = 64, 2048
RULES = Rules(9, 20, 90, exempt=prompts.REPEATABLE)


@pytest.fixture(scope="module")
def network() -> Any:
    found = full_size(META)
    layers_of(found)
    return found


def slots_of(network: Any, monkeypatch: pytest.MonkeyPatch, *, told: bool) -> Slots:
    """Return slots as on a GPU, whose attention is told lengths or is not."""
    monkeypatch.setattr(attention, "knows_lengths", lambda *_: told)
    plan = SlotPlan(budget=SLOTS * LENGTH, max_slots=SLOTS, context=8192, few_shapes=True)
    made = Slots(network, plan, device=META, dtype=torch.bfloat16, on_notice=pytest.fail)
    made.cache.lay_out(SLOTS, LENGTH, keep=0, used=0)
    with torch.inference_mode():
        made.step.noise  # noqa: B018 - it takes its memory
        made._ban.seat(0, 15, 256, RULES.exempt)  # as wide as rules are
    return made


def prompt(tokens: int) -> Prompt:
    features = torch.empty((tokens, 1280), dtype=torch.bfloat16, device=META)
    return Prompt(range(tokens + 9), RULES, range(1, tokens + 1), features)


@pytest.mark.parametrize("slots", [1, 2, 4, SLOTS])
@pytest.mark.parametrize("told", [True, False])
def test_a_step_of_the_whole_network_is_few_kernels_and_waits_for_nothing(
    network: Any, told: bool, slots: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = slots_of(network, monkeypatch, told=told)
    with torch.inference_mode(), Operations() as asked:
        found = made.step.take(slots, LENGTH, hot=True)
    assert asked.count <= 250, asked.counts
    assert asked.waits == []
    assert (found.ids.shape, found.ids.dtype) == ((slots,), torch.int64)
    assert (found.logprobs.shape, found.logprobs.dtype) == ((slots,), torch.float32)
    assert ("bmm" in asked.counts) == (slots <= 2)  # experts gathered


def test_a_step_is_few_kernels_where_no_product_widens(
    network: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(experts, "_has_wide_product", lambda *_: False)
    made = slots_of(network, monkeypatch, told=True)
    with torch.inference_mode(), Operations() as asked:
        made.step.take(SLOTS, LENGTH, hot=True)
    assert asked.count <= 250, asked.counts


def test_three_prompts_in_one_piece_are_fewer_kernels_than_one_was_and_wait_for_nothing(
    network: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = slots_of(network, monkeypatch, told=True)
    counts = []
    for pages in (1, 3):
        some = [prompt(1121)] * pages
        with torch.inference_mode(), Operations() as asked:
            made.prefill(0, some)
        assert asked.waits == []
        counts.append(asked.count)
    one, three = counts
    assert one <= 375  # 783 where each was fed by itself through Transformers' layers
    assert three - one <= 25  # what seats two more


def test_the_counter_knows_what_waits() -> None:
    host = torch.ones(3)
    with Operations("cpu") as asked:
        host.sum().item()
        host.nonzero()
        bool(host[0])
    assert len(asked.waits) >= 3
    with Operations() as asked:
        torch.ones(3).to(META)
        torch.zeros(3, device=META).copy_(host)
        torch.zeros(9, device=META)[torch.tensor([1, 2])]
    assert len(asked.waits) == 3


def test_the_counter_leaves_out_what_only_looks() -> None:
    whole = torch.zeros(4, 6, device=META)
    with torch.inference_mode(), Operations() as asked:
        whole.t().unflatten(0, (2, 3))[0].transpose(0, 1).reshape(-1)  # the last one copies
        whole.view(24).reshape(2, 12)
        whole[1].fill_(3)
        torch.nn.functional.rms_norm(whole, (6,))
    assert dict(asked.counts) == {"reshape": 1, "fill_": 1, "rms_norm": 1}
