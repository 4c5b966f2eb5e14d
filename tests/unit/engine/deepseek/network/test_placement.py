"""Devices, number types, attention, and room for the weights."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ocrd.engine.deepseek.network import placement
from ocrd.errors import EngineError
from tests.unit.engine.deepseek.network.loading import NAME, refused

pytestmark = pytest.mark.usefixtures("one_thread")

GIB = 1024**3


class Gpus:
    """Stands for torch.cuda: some GPUs with names and free memory."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *free: int) -> None:
        monkeypatch.setattr(torch.version, "cuda", "12.8")
        for name, value in {
            "is_available": lambda: bool(free),
            "device_count": lambda: len(free),
            "get_device_name": lambda device: (
                f"GPU {torch.device('cuda', device).index}"
                if isinstance(device, int)
                else f"GPU {device.index}"
            ),
            "mem_get_info": lambda device: (free[torch.device(device).index], 24 * GIB),
        }.items():
            monkeypatch.setattr(torch.cuda, name, value)


def device_error(wanted: str) -> EngineError:
    with pytest.raises(EngineError) as caught:
        placement.device_of(wanted)
    return caught.value


def test_the_processor_is_taken_where_torch_has_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr(placement, "DRIVER", Path("/no/driver"))
    assert placement.device_of("auto") == (torch.device("cpu"), ())


def test_a_gpu_that_torch_cannot_use_is_remarked_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr(placement, "DRIVER", tmp_path)
    device, (remark,) = placement.device_of("auto")
    assert device == torch.device("cpu")
    assert "although there is an NVIDIA driver: this torch" in remark
    assert "pip install --force-reinstall torch" in remark


def test_a_torch_for_the_processor_is_named_where_a_gpu_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.version, "cuda", None)
    error = device_error("cuda:1")
    assert "built for the processor only" in error.what
    assert "pip install --force-reinstall torch" in error.hint


def test_a_driver_that_is_too_old_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    Gpus(monkeypatch)

    def init() -> None:
        raise RuntimeError("The NVIDIA driver on your system is too old (found version 11040).\nX")

    monkeypatch.setattr(torch.cuda, "init", init)
    error = device_error("cuda")
    assert error.what.endswith("is too old (found version 11040).")
    assert "CUDA 12.8" in error.hint


def test_a_gpu_that_is_not_there_is_named_with_those_that_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Gpus(monkeypatch, GIB, GIB)
    error = device_error("cuda:2")
    assert "There is no cuda:2; this process sees cuda:0 (GPU 0), cuda:1 (GPU 1)" in error.what


def test_a_gpu_that_this_torch_has_no_code_for_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    Gpus(monkeypatch, GIB)

    def ones(*_: object, **__: object) -> torch.Tensor:
        raise RuntimeError("CUDA error: no kernel image is available for execution on the device")

    monkeypatch.setattr(torch, "ones", ones)
    error = device_error("cuda:0")
    assert "no kernel image" in error.what
    assert "GPU 0" in error.what


def test_the_gpu_with_the_most_free_memory_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Gpus(monkeypatch, GIB, 3 * GIB, 2 * GIB)
    monkeypatch.setattr(placement, "FREE_MEMORY", f"print({GIB}, {3 * GIB}, {2 * GIB})")
    monkeypatch.setattr(placement, "_usable", lambda index: torch.device("cuda", index))
    assert placement.device_of("auto") == (torch.device("cuda", 1), ())


@pytest.mark.parametrize("wanted", ["", "gpu", "cuda:", "cuda:x", "mps", "CPU"])
def test_an_unknown_device_is_refused(wanted: str) -> None:
    assert "none that this engine knows" in device_error(wanted).what


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


def test_attention_is_pytorchs_own_unless_set() -> None:
    for wanted in ("auto", "sdpa"):
        assert placement.attention_of(wanted, torch.device("cpu"), torch.float32) == "sdpa"


def test_flash_attention_that_is_not_installed_is_named(
    monkeypatch: pytest.MonkeyPatch, made: Callable[[str, str], Path]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    error = refused(made("deepseek-ocr", "upstream"), attention="flash")
    assert "flash-attn, which is not installed" in error.what
    assert 'attention = "sdpa"' in error.hint


def test_flash_attention_is_for_the_decoder_on_a_gpu_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    gpu = torch.device("cuda", 0)
    assert placement.attention_of("flash", gpu, torch.bfloat16) == {
        "text_config": "flash_attention_2"
    }
    for device, dtype in ((torch.device("cpu"), torch.bfloat16), (gpu, torch.float32)):
        with pytest.raises(EngineError, match="works on a GPU"):
            placement.attention_of("flash", device, dtype)


def test_an_unknown_attention_is_refused() -> None:
    with pytest.raises(EngineError, match="ring"):
        placement.attention_of("ring", torch.device("cpu"), torch.float32)


def test_a_model_too_large_for_the_gpu_is_refused_with_both_figures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Gpus(monkeypatch, 8 * GIB, 4 * GIB)
    elements = 3_335_504_128
    placement.require_room(NAME, elements, torch.device("cuda", 0), torch.bfloat16)
    with pytest.raises(EngineError) as caught:
        placement.require_room(NAME, elements, torch.device("cuda", 1), torch.bfloat16)
    assert "needs 6.2 GiB for its weights as bfloat16" in caught.value.what
    assert "cuda:1 (GPU 1) has 4.0 GiB free of 24.0 GiB" in caught.value.what


def test_a_model_too_large_for_the_memory_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, made: Callable[[str, str], Path]
) -> None:
    (tmp_path / "meminfo").write_text("MemTotal:  2097152 kB\nMemAvailable:  524288 kB\n")
    monkeypatch.setattr(placement, "MEMORY", tmp_path / "meminfo")
    error = refused(made("deepseek-ocr", "upstream"))
    assert "memory has 0.5 GiB free of 2.0 GiB" in error.what
