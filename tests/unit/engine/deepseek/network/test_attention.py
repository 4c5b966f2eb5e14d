"""Attention under a mask, and the choice of the kernel that is told lengths."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from ocrd.engine.deepseek.network import attention
from ocrd.engine.deepseek.network.attention import Masked, Prompts

CONFIG = SimpleNamespace(num_attention_heads=4, num_key_value_heads=2, head_dim=8)


def by_hand(queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Attend ``[heads, size]`` to ``[tokens, key heads, size]``, step by step in float64."""
    groups = queries.shape[0] // keys.shape[1]
    found = []
    for head, query in enumerate(queries.double()):
        key, value = keys[:, head // groups].double(), values[:, head // groups].double()
        found.append((key @ query * query.shape[0] ** -0.5).softmax(0) @ value)
    return torch.stack(found).float()


@pytest.mark.parametrize("key_heads", [4, 2])
def test_each_slot_sees_as_much_as_it_has(key_heads: int) -> None:
    torch.manual_seed(0)
    planes = torch.randn(4, 3, 10, key_heads, 8)
    queries = torch.randn(3, 4, 8)
    used = torch.tensor([1, 10, 4], dtype=torch.int32)
    attend = Masked(planes, used, 10)
    for layer in (0, 1):
        found = attend(layer, queries, queries, queries)
        for slot, count in enumerate(used.tolist()):
            keys, values = planes[2 * layer : 2 * layer + 2, slot, :count]
            torch.testing.assert_close(found[slot], by_hand(queries[slot], keys, values))


@pytest.mark.parametrize("key_heads", [4, 2])
def test_each_token_of_a_prompt_sees_its_own_prompt_up_to_itself(key_heads: int) -> None:
    torch.manual_seed(0)
    lengths = (5, 1, 3)
    queries = torch.randn(9, 4, 8)
    keys, values = torch.randn(2, 9, key_heads, 8)
    found = Prompts(lengths, None)(0, queries, keys, values)
    start = 0
    for length in lengths:
        for token in range(start, start + length):
            seen = slice(start, token + 1)
            expected = by_hand(queries[token], keys[seen], values[seen])
            torch.testing.assert_close(found[token], expected)
        start += length


@pytest.mark.parametrize("way", ["auto", "flash", "sdpa"])
def test_the_processor_is_told_no_lengths(way: str) -> None:
    cpu = torch.device("cpu")
    assert not attention.knows_lengths(way, cpu, torch.bfloat16, CONFIG)
    assert not attention.knows_lengths(way, cpu, torch.float32, CONFIG)


def on_gpu(monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], right: bool) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    monkeypatch.setattr(attention, "is_right", lambda *_: right)


@pytest.mark.parametrize(
    ("way", "dtype", "capability", "right", "told"),
    [
        ("auto", torch.bfloat16, (9, 0), True, True),
        ("flash", torch.float16, (8, 0), True, True),
        ("sdpa", torch.bfloat16, (9, 0), True, False),
        ("auto", torch.float32, (9, 0), True, False),
        ("auto", torch.float16, (7, 5), True, False),
        ("auto", torch.bfloat16, (12, 0), False, False),  # tried, and it is wrong
    ],
)
def test_lengths_are_told_where_a_kernel_takes_them_and_is_right(
    way: str,
    dtype: torch.dtype,
    capability: tuple[int, int],
    right: bool,
    told: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on_gpu(monkeypatch, capability, right)
    assert attention.knows_lengths(way, torch.device("cuda"), dtype, CONFIG) is told


@pytest.mark.parametrize("error", [RuntimeError("no kernel image"), TypeError("no such argument")])
def test_a_kernel_that_fails_when_it_is_tried_is_not_used(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> bool:
        raise error

    on_gpu(monkeypatch, (9, 0), True)
    monkeypatch.setattr(attention, "is_right", fail)
    gpu = torch.device("cuda")
    assert not attention.knows_lengths("auto", gpu, torch.bfloat16, CONFIG)


def test_a_lack_of_memory_is_no_reason_for_another_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> bool:
        raise torch.OutOfMemoryError("injected")

    on_gpu(monkeypatch, (9, 0), True)
    monkeypatch.setattr(attention, "is_right", fail)
    with pytest.raises(torch.OutOfMemoryError):
        attention.knows_lengths("auto", torch.device("cuda"), torch.bfloat16, CONFIG)


def test_an_unknown_way_is_refused() -> None:
    with pytest.raises(ValueError, match="flash"):
        attention.knows_lengths("paged", torch.device("cpu"), torch.float32, CONFIG)


def test_the_installed_torch_has_the_kernel() -> None:
    assert attention.has_kernel()


@pytest.mark.parametrize("factor", [1.0, 1.5])
def test_the_trial_tells_a_right_kernel_from_a_wrong_one(
    factor: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel itself runs on no processor: the mask stands for it here, right and wrong."""

    def told(self: attention.Lengths, layer: int, queries: torch.Tensor, *_: object) -> object:
        slots = len(self._used)
        planes = self._flat.unflatten(1, (slots, -1))
        assert self._starts.tolist() == [number * planes.shape[2] for number in range(slots + 1)]
        return (
            Masked(planes, self._used, planes.shape[2])(layer, queries, queries, queries) * factor
        )

    monkeypatch.setattr(attention.Lengths, "__call__", told)
    found = attention.is_right(torch.device("cpu"), torch.float32, 4, 2, 8)
    assert found is (factor == 1.0)
