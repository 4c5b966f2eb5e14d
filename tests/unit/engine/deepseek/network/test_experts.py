"""All ways of computing experts give what Transformers' own loop over them gives."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from benchmarks.gpu.network import full_size
from ocrd.engine.deepseek.network import experts, layers
from ocrd.engine.deepseek.network.layers import Experts, layers_of
from tests import sequential
from tests.operations import Operations

CPU = torch.device("cpu")
KINDS = ["deepseek-ocr", "deepseek-ocr-2"]
CODES = [experts.DENSE, experts.GATHERED, experts.SELECTED]


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
    elif code == experts.GATHERED:
        experts.gathered(found, inputs, hidden, torch.ones(len(inputs), found.shared))
    else:
        experts.selected(found, inputs, hidden)
    return hidden


@pytest.mark.parametrize("tokens", [1, 3, 16, 200])
@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("kind", KINDS)
def test_experts_give_what_transformers_says(kind: str, code: str, tokens: int) -> None:
    module, found = block(kind)
    inputs = torch.randn((tokens, found.router.shape[1]))
    with torch.no_grad():
        expected = module(inputs[None])[0]
        torch.testing.assert_close(said(code, found, inputs), expected, atol=1e-4, rtol=1e-4)
    assert expected.abs().max() > 0.1


@pytest.mark.parametrize("code", CODES)
def test_weights_are_scaled_where_the_router_says_so(code: str) -> None:
    module, found = block("deepseek-ocr-2")
    inputs = torch.randn((5, found.router.shape[1]))
    module.gate.routed_scaling_factor = 2.5
    scaled = replace(found, scaling=2.5)
    with torch.no_grad():
        expected = module(inputs[None])[0]
        torch.testing.assert_close(said(code, scaled, inputs), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize("wrong", [torch.inf, torch.nan])
@pytest.mark.parametrize("code", CODES)
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
    expected = experts._product(ends, rows.dtype)(rows, weights)
    monkeypatch.setattr(experts, "_has_groups", lambda *_: False)
    torch.testing.assert_close(experts._product(ends, rows.dtype)(rows, weights), expected)


@pytest.mark.parametrize(("has_groups", "waits"), [(True, 0), (False, 1)])
def test_a_layer_waits_once_at_most(
    has_groups: bool, waits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, found = block("deepseek-ocr-2")
    monkeypatch.setattr(experts, "_has_groups", lambda *_: has_groups)
    inputs = torch.randn((50, found.router.shape[1]))
    told: list[torch.Tensor] = []
    tolist = torch.Tensor.tolist

    def telling(one: torch.Tensor) -> Any:
        told.append(one)
        return tolist(one)

    monkeypatch.setattr(torch.Tensor, "tolist", telling)
    with Operations("cpu") as asked:
        experts.selected(found, inputs, torch.zeros_like(inputs))
    assert len(told) == waits
    assert asked.waits == []


@pytest.mark.parametrize(
    ("capability", "dtype", "has_kernel"),
    [
        ((8, 0), torch.bfloat16, False), ((8, 9), torch.bfloat16, False),
        ((9, 0), torch.bfloat16, True), ((10, 3), torch.bfloat16, True),
        ((9, 0), torch.float16, False), ((12, 0), torch.bfloat16, False),
    ],
)  # fmt: skip
def test_the_product_of_groups_is_used_where_it_is_a_kernel(
    capability: tuple[int, int],
    dtype: torch.dtype,
    has_kernel: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    assert experts.knows_groups(torch.device("cuda"), dtype) is has_kernel


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
    assert experts.choose("auto", torch.device("cuda")) == experts.AUTO
    for name in CODES:
        assert experts.choose(name, CPU) == experts.choose(name, torch.device("cuda")) == name
    with pytest.raises(ValueError, match="dense"):
        experts.choose("fastest", CPU)


def test_gathering_is_for_those_tokens_whose_experts_are_a_third_of_all() -> None:
    """Copied, their bytes are moved three times: 48 experts' of 66 for two tokens, 72 for three."""
    found = layers_of(full_size("meta"))[1].block
    assert isinstance(found, Experts)
    assert (found.routed, found.shared, found.chosen) == (64, 2, 6)
    assert experts.most_gathered(found) == 2
    codes = [experts.of_tokens(experts.AUTO, found, tokens) for tokens in (1, 2, 3, 128)]
    assert codes == [experts.GATHERED, experts.GATHERED, experts.DENSE, experts.DENSE]
    assert experts.of_tokens(experts.DENSE, found, 1) == experts.DENSE
    assert experts.of_tokens(experts.GATHERED, found, 128) == experts.GATHERED
    assert experts.most_gathered(replace(found, chosen=20, shared=2)) == 0


@pytest.mark.parametrize("tokens", [1, 2])
def test_the_shared_experts_are_gathered_however_sure_the_router_is(tokens: int) -> None:
    """A likelihood of one is as high as that of the shared experts: both are taken."""
    module, found = block("deepseek-ocr-2")
    inputs = torch.randn((tokens, found.router.shape[1]))
    loud = found.router.clone()
    loud[3] = 1e4 * inputs.mean(0) / inputs.mean(0).square().sum()
    sure = replace(found, router=loud)
    assert experts.likelihoods(sure, inputs).max(1).values.tolist() == [1.0] * tokens
    module.gate.weight.data = loud
    with torch.no_grad():
        expected = module(inputs[None])[0]
        found_ = said(experts.GATHERED, sure, inputs)
    torch.testing.assert_close(found_, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_a_router_in_half_precision_says_what_the_wide_one_says(
    dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The processor has no product that widens: what stands for it computes what a GPU's does."""
    multiply = torch.mm

    def widening(rows: torch.Tensor, columns: torch.Tensor, **options: Any) -> torch.Tensor:
        wide = options.pop("out_dtype", rows.dtype)
        return multiply(rows.to(wide), columns.to(wide), **options)

    network = sequential.network("deepseek-ocr-2", vocabulary=300)
    for layer in network.model.language_model.layers[1:]:
        layer.mlp.gate.weight.data = layer.mlp.gate.weight.data.to(dtype).float()
    found = layers_of(network.to(dtype))[1].block
    assert isinstance(found, Experts) and found.narrow_router is not None
    inputs = torch.randn((40, found.router.shape[1]), dtype=dtype)
    assert not experts._has_wide_product(CPU, dtype)
    expected = experts.likelihoods(found, inputs)
    monkeypatch.setattr(experts, "_has_wide_product", lambda *_: True)
    monkeypatch.setattr(torch, "mm", widening)
    torch.testing.assert_close(experts.likelihoods(found, inputs), expected)
    assert expected.dtype is torch.float32


def test_a_router_is_narrowed_only_where_that_changes_nothing() -> None:
    exact = torch.tensor([[1.0, 0.5, -3.0]])
    narrow = layers._narrow(exact, torch.bfloat16)
    assert narrow is not None and narrow.dtype is torch.bfloat16
    assert layers._narrow(exact + 1e-4, torch.bfloat16) is None
    assert layers._narrow(exact, torch.float32) is None
