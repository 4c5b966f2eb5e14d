"""Both ways of computing experts give what Transformers' own loop over them gives."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from ocrd.engine.deepseek.network import experts
from ocrd.engine.deepseek.network.layers import Experts, layers_of
from tests import sequential

CPU = torch.device("cpu")
KINDS = ["deepseek-ocr", "deepseek-ocr-2"]


def block(kind: str) -> tuple[Any, Experts]:
    """Return the experts of a layer as Transformers' module and as ours."""
    network = sequential.network(kind, vocabulary=300)
    found = layers_of(network)[1].block
    assert isinstance(found, Experts)
    return network.model.language_model.layers[1].mlp, found


def said(code: str, found: Experts, inputs: torch.Tensor) -> torch.Tensor:
    hidden = torch.zeros_like(inputs)
    if code == experts.DENSE:
        shares = experts.shared_alone(found).expand(len(inputs), -1).contiguous()
        experts.dense(found, inputs, hidden, shares)
    else:
        experts.selected(found, inputs, hidden)
    return hidden


@pytest.mark.parametrize("tokens", [1, 3, 16, 200])
@pytest.mark.parametrize("code", [experts.DENSE, experts.SELECTED])
@pytest.mark.parametrize("kind", KINDS)
def test_experts_give_what_transformers_says(kind: str, code: str, tokens: int) -> None:
    module, found = block(kind)
    inputs = torch.randn((tokens, found.router.shape[1]))
    with torch.no_grad():
        expected = module(inputs[None])[0]
        torch.testing.assert_close(said(code, found, inputs), expected, atol=1e-4, rtol=1e-4)
    assert expected.abs().max() > 0.1


@pytest.mark.parametrize("code", [experts.DENSE, experts.SELECTED])
def test_weights_are_scaled_where_the_router_says_so(code: str) -> None:
    module, found = block("deepseek-ocr-2")
    inputs = torch.randn((5, found.router.shape[1]))
    module.gate.routed_scaling_factor = 2.5
    scaled = Experts(
        found.router, found.gate_up, found.down, found.routed, found.shared, found.chosen, 2.5
    )
    with torch.no_grad():
        expected = module(inputs[None])[0]
        torch.testing.assert_close(said(code, scaled, inputs), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize("wrong", [torch.inf, torch.nan])
@pytest.mark.parametrize("code", [experts.DENSE, experts.SELECTED])
def test_what_an_expert_would_have_made_that_was_not_chosen_does_not_count(
    code: str, wrong: float, dtype: torch.dtype
) -> None:
    _, found = block("deepseek-ocr-2")
    inputs = torch.randn((1, found.router.shape[1]), dtype=dtype)
    chosen, _ = experts.routed(found, inputs)
    others = [number for number in range(found.routed) if number not in chosen]
    gate_up, down = found.gate_up.to(dtype), found.down.to(dtype)
    sound = Experts(found.router, gate_up, down, found.routed, found.shared, found.chosen, 1.0)
    expected = said(code, sound, inputs)
    assert bool(expected.isfinite().all())
    broken = gate_up.clone().view(found.count, -1, gate_up.shape[1])
    broken[others] = wrong
    spoilt = Experts(
        found.router, broken.view_as(gate_up), down, found.routed, found.shared, found.chosen, 1.0
    )
    assert torch.equal(said(code, spoilt, inputs), expected)


def test_an_expert_that_overflows_half_precision_unchosen_costs_nothing() -> None:
    """65,504 is the largest number of float16: the product of two large sums is infinite."""
    _, found = block("deepseek-ocr-2")
    inputs = torch.ones((1, found.router.shape[1]), dtype=torch.float16)
    chosen, _ = experts.routed(found, inputs)
    loud = next(number for number in range(found.routed) if number not in chosen)
    gate_up = found.gate_up.half().view(found.count, -1, inputs.shape[1]).clone()
    gate_up[loud] = 20.0
    made = torch.nn.functional.linear(inputs, gate_up[loud]).chunk(2, -1)
    assert bool((torch.nn.functional.silu(made[0]) * made[1]).isinf().all())
    spoilt = Experts(
        found.router, gate_up.view(-1, inputs.shape[1]), found.down.half(),
        found.routed, found.shared, found.chosen, 1.0,
    )  # fmt: skip
    assert bool(said(experts.DENSE, spoilt, inputs).isfinite().all())


@pytest.mark.parametrize("hits", [[0] * 8, [8], [0, 8], [3, 1, 0, 4]])
def test_without_a_product_of_groups_a_loop_gives_the_same(
    hits: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = torch.randn(sum(hits), 8)
    weights = torch.randn(len(hits), 8, 16)
    ends = torch.tensor(hits).cumsum(0, dtype=torch.int32)
    expected = experts._product(rows, weights, ends)
    monkeypatch.setattr(experts, "_has_groups", lambda *_: False)
    torch.testing.assert_close(experts._product(rows, weights, ends), expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_installed_torch_has_the_product_of_groups(dtype: torch.dtype) -> None:
    experts._has_groups.cache_clear()
    assert experts._has_groups(CPU, dtype)


@pytest.mark.parametrize("error", [RuntimeError("bf16 only"), NotImplementedError()])
def test_a_product_of_groups_that_fails_when_it_is_tried_is_not_used(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    experts._has_groups.cache_clear()
    monkeypatch.setattr(torch.nn.functional, "grouped_mm", fail)
    assert not experts._has_groups(CPU, torch.float32)
    experts._has_groups.cache_clear()


def test_the_choice_is_one_that_there_is() -> None:
    assert experts.choose("auto", CPU) == experts.SELECTED
    assert experts.choose("auto", torch.device("cuda")) == experts.DENSE
    assert {experts.choose(name, CPU) for name in experts.CHOICES} == {"dense", "grouped_mm"}
    with pytest.raises(ValueError, match="dense"):
        experts.choose("fastest", CPU)
