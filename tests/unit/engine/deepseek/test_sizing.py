"""The slots of a start, and what the next start is told of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from ocrd.engine.deepseek import sizing
from ocrd.engine.deepseek.network import fullpage
from ocrd.engine.deepseek.network.checkpoint import Model
from ocrd.engine.deepseek.sizing import Sizing, page_bytes
from ocrd.engine.deepseek.slots import budget
from ocrd.engine.deepseek.slots.halving import WEEK_SECONDS
from ocrd.errors import EngineError
from tests import sequential

KIND = "deepseek-ocr-2"
GIB = 1 << 30
SETTINGS: dict[str, Any] = {
    "max_slots": 8, "context": 8192, "memory_share": 0.9, "max_tiles": None, "memo": {},
}  # fmt: skip
NOW = 1.8e9


@pytest.fixture(scope="module")
def model() -> Model:
    network = sequential.network(KIND, vocabulary=2000)
    return Model(KIND, "tiny", network, None, torch.device("cpu"), torch.float32)


@pytest.fixture(autouse=True)
def _free(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (sizing, budget):
        monkeypatch.setattr(module, "free_bytes", lambda device: 8 * GIB)


def start(model: Model, now: float = NOW, **settings: Any) -> Sizing:
    return Sizing(model, {**SETTINGS, **settings}, None, clock=lambda: now)


def test_a_start_after_a_halving_begins_with_what_was_left_and_says_so(
    model: Model, caplog: pytest.LogCaptureFixture
) -> None:
    first = start(model)
    assert first.plan.max_slots == 8
    assert first.memo(first.plan) == {}, "nothing has happened"
    left = first.plan.halved(first.plan.first_length)
    memo = first.memo(left)
    assert memo
    second = start(model, NOW + 60, memo=memo)
    assert second.plan.max_slots == left.max_slots == 4
    assert second.plan.budget == left.budget
    (said,) = caplog.messages
    assert said.startswith("Begun with 4 slots instead of 8, for which the memory did not last on")
    assert second.memo(second.plan) == {}
    further = second.memo(second.plan.halved(second.plan.first_length))
    assert start(model, NOW + 90, memo=further).plan.max_slots == 2


@pytest.mark.parametrize(
    "change", [{"context": 4096}, {"max_slots": 6}, {"memory_share": 0.5}, {"max_tiles": 2}]
)
def test_another_setting_begins_anew(model: Model, change: dict[str, Any]) -> None:
    first = start(model)
    memo = first.memo(first.plan.halved(first.plan.first_length))
    expected = start(model, **change).plan
    assert start(model, NOW + 60, memo=memo, **change).plan == expected


def test_another_model_begins_anew_and_so_does_a_week(model: Model) -> None:
    first = start(model)
    memo = first.memo(first.plan.halved(first.plan.first_length))
    assert start(replace(model, name="another"), NOW + 60, memo=memo).plan == first.plan
    assert start(model, NOW + WEEK_SECONDS, memo=memo).plan == first.plan


def test_memory_that_others_have_let_go_is_tried(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = start(model)
    memo = first.memo(first.plan.halved(first.plan.first_length))
    for module in (sizing, budget):
        monkeypatch.setattr(module, "free_bytes", lambda device: 16 * GIB)
    assert start(model, NOW + 60, memo=memo).plan.max_slots == 8


def test_a_device_without_room_for_one_full_page_is_refused_with_the_remedy(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    def short(*_: Any) -> int:
        raise RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED")

    monkeypatch.setattr(fullpage, "bytes_of_encoding", short)
    with pytest.raises(EngineError) as caught:
        page_bytes(model, {**SETTINGS, "max_tiles": 4})
    assert caught.value.what == "cpu has no memory left to look at a full page (4 tiles)."
    assert "max_tiles" in caught.value.hint


def test_another_fault_of_the_encoder_is_not_hidden(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> int:
        raise RuntimeError("CUDA error: device-side assert triggered")

    monkeypatch.setattr(fullpage, "bytes_of_encoding", broken)
    with pytest.raises(RuntimeError, match="assert"):
        page_bytes(model, SETTINGS)
