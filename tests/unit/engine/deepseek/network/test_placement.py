"""Number types, attention, and room for the weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ocrd.engine.deepseek.network import hostmemory, placement
from ocrd.engine.deepseek.network.devices import Place
from ocrd.engine.deepseek.network.hostmemory import HostMemory
from ocrd.errors import EngineError
from tests.unit.engine.deepseek.network.loading import NAME, load, refused

pytestmark = pytest.mark.usefixtures("one_thread")

GIB = 1024**3


@pytest.mark.parametrize(("has", "taken"), [(True, torch.bfloat16), (False, torch.float16)])
def test_a_gpu_takes_bfloat16_where_it_has_it(
    has: bool, taken: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    import contextlib

    monkeypatch.setattr(torch.cuda, "device", contextlib.nullcontext)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: has)
    assert placement.dtype_of("auto", torch.device("cuda", 0)) is taken


def test_an_unknown_number_type_is_refused() -> None:
    with pytest.raises(EngineError, match="int4"):
        placement.dtype_of("int4", torch.device("cpu"))


@pytest.mark.parametrize("wanted", ["auto", "sdpa"])
def test_attention_is_as_asked_for_wherever_the_model_runs(wanted: str) -> None:
    assert placement.attention_of(wanted, torch.device("cpu"), torch.float32) == wanted


def test_flash_is_the_kernel_in_torch_and_needs_no_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: (8, 6))
    gpu = torch.device("cuda", 0)
    for dtype in (torch.bfloat16, torch.float16):
        assert placement.attention_of("flash", gpu, dtype) == "flash"


@pytest.mark.parametrize(
    ("device", "dtype", "capability", "why"),
    [
        ("cpu", torch.bfloat16, (9, 0), "needs a GPU"),
        ("cuda", torch.float32, (9, 0), "not in float32"),
        ("cuda", torch.float16, (7, 5), "Ampere"),
    ],
)
def test_flash_that_cannot_be_had_is_refused_with_the_reason(
    device: str,
    dtype: torch.dtype,
    capability: tuple[int, int],
    why: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    with pytest.raises(EngineError, match=why) as caught:
        placement.attention_of("flash", torch.device(device), dtype)
    assert 'attention = "auto"' in caught.value.hint


def test_a_model_that_is_loaded_knows_its_attention(made: Callable[[str, str], Path]) -> None:
    folder = made("deepseek-ocr", "upstream")
    assert load(folder, attention="sdpa").attention == "sdpa"
    assert "needs a GPU" in refused(folder, attention="flash").what


def test_an_unknown_attention_is_refused() -> None:
    with pytest.raises(EngineError, match="ring"):
        placement.attention_of("ring", torch.device("cpu"), torch.float32)


def test_a_model_too_large_for_the_gpu_is_refused_with_both_figures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    free = 8 * GIB
    monkeypatch.setattr(placement, "host_memory", lambda: HostMemory(64 * GIB, 64 * GIB))
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free, 24 * GIB))
    place = Place(torch.device("cuda", 0), "cuda:1", "GPU 1", ("GPU 0", "GPU 1"))
    elements = 3_335_504_128
    placement.require_room(NAME, elements, 0, place, torch.bfloat16)
    free = 4 * GIB
    with pytest.raises(EngineError) as caught:
        placement.require_room(NAME, elements, 0, place, torch.bfloat16)
    assert "needs 6.2 GiB for its weights as bfloat16" in caught.value.what
    assert "cuda:1 (GPU 1) has 4.0 GiB free of 24.0 GiB" in caught.value.what


def test_a_model_too_large_for_the_memory_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, made: Callable[[str, str], Path]
) -> None:
    (tmp_path / "meminfo").write_text("MemTotal:  2097152 kB\nMemAvailable:  524288 kB\n")
    monkeypatch.setattr(hostmemory, "MEMORY", tmp_path / "meminfo")
    error = refused(made("deepseek-ocr", "upstream"))
    assert "memory has 0.5 GiB free of 2.0 GiB." in error.what


EXPERTS = 2_600_000_000  # elements that the makers' files have one by one


@pytest.mark.parametrize(
    ("host", "copied", "passes"),
    [
        (HostMemory(6 * GIB, 8 * GIB), EXPERTS, True),
        (HostMemory(4 * GIB, 8 * GIB), EXPERTS, False),
        (HostMemory(4 * GIB, 8 * GIB, swap=3 * GIB), EXPERTS, True),
        (HostMemory(4 * GIB, 5 * GIB, bound="MemoryMax of ocrd.service"), EXPERTS, False),
        (HostMemory(1 * GIB, 5 * GIB), 0, True),  # all is looked up in the files as it is
    ],
)
def test_weights_that_are_made_anew_for_a_gpu_need_main_memory_to_pass_through(
    host: HostMemory, copied: int, passes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (80 * GIB, 80 * GIB))
    monkeypatch.setattr(placement, "host_memory", lambda: host)
    place = Place(torch.device("cuda", 0), "cuda:0", "GPU 0")
    if passes:
        placement.require_room(NAME, 3_335_504_128, copied, place, torch.bfloat16)
        return
    with pytest.raises(EngineError) as caught:
        placement.require_room(NAME, 3_335_504_128, copied, place, torch.bfloat16)
    what = caught.value.what
    assert "6.2 GiB for its weights as bfloat16, of which 5.3 GiB pass through main memory" in what
    assert "memory has 4.0 GiB free" in what
    assert host.bound in what
    assert ("systemctl" in caught.value.hint) is bool(host.bound)
