"""The slots have what encoding, prefill and a step leave."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from ocrd.engine.deepseek.slots import budget
from ocrd.engine.deepseek.slots.budget import plan_of, spare_bytes
from tests import checkpoints

GIB = 1 << 30
WORDS = 2000
TOKEN = 2 * checkpoints.LAYERS * checkpoints.HIDDEN * 2  # bytes in bfloat16


def on_a_gpu(monkeypatch: pytest.MonkeyPatch, free: int) -> Any:
    """Return what a plan asks of a network that lies on a GPU with so much memory free."""
    monkeypatch.setattr(budget, "free_bytes", lambda device: free)
    config = checkpoints.config_of("deepseek-ocr-2").text_config
    weight = SimpleNamespace(
        is_cuda=True, device=torch.device("cuda", 0), dtype=torch.bfloat16, shape=(WORDS, 64)
    )
    language = SimpleNamespace(config=config)
    return SimpleNamespace(
        lm_head=SimpleNamespace(weight=weight), model=SimpleNamespace(language_model=language)
    )


@pytest.mark.parametrize(
    ("free", "page", "pages"),
    [
        (80 * GIB, 2 * GIB, 2),
        (8 * GIB, 1 * GIB, 2),
        (8 * GIB, 1 * GIB + 1, 1),  # two of them would take more than a quarter
        (2 * GIB, 3 * GIB, 1),
    ],
)
def test_room_for_what_was_measured_is_kept_for_two_pages_where_that_is_little(
    free: int, page: int, pages: int
) -> None:
    rest = budget.PREFILL_BYTES + budget.STEP_BYTES + 1000 * budget.SCORE_BYTES
    assert spare_bytes(free, page, 1000) == pages * page + rest
    assert spare_bytes(free, None, 1000) == budget.UNMEASURED_BYTES + rest


def test_the_slots_have_the_share_less_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    free, page = 8 * GIB, GIB // 2
    network = on_a_gpu(monkeypatch, free)
    budgets = []
    for page_bytes in (page, 2 * page):
        plan = plan_of(
            network, context=65_536, max_slots=100, memory_share=0.5, page_bytes=page_bytes
        )
        assert plan.budget == (free // 2 - spare_bytes(free, page_bytes, 100 * WORDS)) // TOKEN
        budgets.append(plan.budget)
    assert budgets[1] < budgets[0]


def test_where_nothing_is_left_there_is_one_slot_nevertheless(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan = plan_of(on_a_gpu(monkeypatch, GIB), context=8192, page_bytes=2 * GIB)
    assert plan.slots_at(plan.first_length) == 1


def test_the_free_memory_of_the_processor_is_the_machines() -> None:
    assert 0 < budget.free_bytes(torch.device("cpu")) < 1 << 50
