"""Devices, number types, attention, and room for the weights."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ocrd.engine.deepseek.network import placement
from ocrd.errors import EngineError, GpuGoneError
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


def device_error(wanted: str, had_gpus: tuple[str, ...] = ()) -> EngineError:
    with pytest.raises(EngineError) as caught:
        placement.device_of(wanted, had_gpus)
    return caught.value


def failing_at(monkeypatch: pytest.MonkeyPatch, *broken: int) -> None:
    """Have sums fail on these GPUs, and come out on the others."""

    def ones(count: int, *, device: torch.device) -> torch.Tensor:
        if device.index in broken:
            raise RuntimeError("CUDA error: uncorrectable ECC error encountered\nMore of it.")
        return torch.full((count,), 1.0)

    monkeypatch.setattr(torch, "ones", ones)


def test_the_processor_is_taken_where_torch_has_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr(placement, "DRIVER", Path("/no/driver"))
    device, (remark,) = placement.device_of("auto")
    assert device == torch.device("cpu")
    assert remark.startswith('device = "auto" took the processor: this torch')
    assert 'device = "cpu" chooses it unasked' in remark
    assert placement.device_of("cpu", ("GPU 0",)) == (torch.device("cpu"), ())


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


# A GPU that the engine had


def no_torch_for_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.version, "cuda", None)


def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    Gpus(monkeypatch)


def no_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    Gpus(monkeypatch)

    def init() -> None:
        raise RuntimeError("Found no NVIDIA driver on your system. Please check.")

    monkeypatch.setattr(torch.cuda, "init", init)


def no_device_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    Gpus(monkeypatch, GIB)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.cuda, "init", lambda: None)


def no_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    Gpus(monkeypatch, GIB)
    failing_at(monkeypatch, 0)


def no_sum_and_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    no_sum(monkeypatch)

    def name(device: int) -> str:
        raise RuntimeError("CUDA error: unknown error")

    monkeypatch.setattr(torch.cuda, "get_device_name", name)


def none_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    Gpus(monkeypatch, GIB, GIB)
    monkeypatch.setattr(placement, "FREE_MEMORY", "raise SystemExit(1)")
    failing_at(monkeypatch, 0, 1)


LOSSES: dict[Callable[[pytest.MonkeyPatch], None], str] = {
    no_torch_for_gpus: "was built for the processor only.",
    no_gpu: "no GPU",
    no_driver: "Found no NVIDIA driver on your system. Please check.",
    no_device_counted: "there is no GPU, or CUDA_VISIBLE_DEVICES hides it.",
    no_sum: "CUDA error: uncorrectable ECC error encountered.",
    no_sum_and_no_name: "CUDA error: uncorrectable ECC error encountered.",
    none_of_two: "CUDA error: uncorrectable ECC error encountered.",
}


@pytest.mark.parametrize("lose", LOSSES)
def test_the_processor_is_no_stand_in_for_a_gpu_that_is_gone(
    lose: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(monkeypatch)
    error = device_error("auto", ("NVIDIA H200", "NVIDIA H200"))
    assert isinstance(error, GpuGoneError)
    assert "had (NVIDIA H200, NVIDIA H200) cannot be used any more" in error.what
    if lose is not no_gpu:
        assert error.what.endswith(LOSSES[lose])
    assert 'device = "cpu"' in error.hint


def test_a_named_gpu_that_was_had_is_gone_where_there_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Gpus(monkeypatch)
    assert isinstance(device_error("cuda:1", ("A", "B")), GpuGoneError)
    assert not isinstance(device_error("cuda:1"), GpuGoneError)


@pytest.mark.parametrize("free", [f"print({3 * GIB}, {GIB})", "raise SystemExit(1)", "print(5)"])
def test_of_two_gpus_the_one_that_works_is_taken_and_the_other_named(
    free: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Gpus(monkeypatch, 3 * GIB, GIB)
    monkeypatch.setattr(placement, "FREE_MEMORY", free)
    failing_at(monkeypatch, 0)
    for had in ((), ("GPU 0", "GPU 1")):
        device, (remark,) = placement.device_of("auto", had)
        assert device == torch.device("cuda", 1)
        assert remark.startswith("cuda:0 (GPU 0) does not work")
        assert remark.endswith("ECC error encountered. The engine runs on cuda:1 (GPU 1).")


def test_of_two_equal_gpus_the_one_that_is_left_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    Gpus(monkeypatch, GIB)
    failing_at(monkeypatch)
    device, (remark,) = placement.device_of("auto", ("GPU 0", "GPU 0"))
    assert (device, remark) == (
        torch.device("cuda", 0), "GPU 0 is gone. The engine runs on cuda:0 (GPU 0).",
    )  # fmt: skip
    assert placement.device_of("auto", ("GPU 0",)) == (device, ())
    assert placement.gpus() == ("GPU 0",)


def test_a_gpu_whose_memory_others_have_is_not_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    Gpus(monkeypatch, GIB, GIB)
    monkeypatch.setattr(placement, "FREE_MEMORY", "print(1, 0)")

    def ones(count: int, *, device: torch.device) -> torch.Tensor:
        if device.index:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 MiB.")
        raise RuntimeError("CUDA error: uncorrectable ECC error encountered")

    monkeypatch.setattr(torch, "ones", ones)
    error = device_error("auto", ("GPU 0", "GPU 1"))
    assert not isinstance(error, GpuGoneError)
    assert error.what == "cuda:1 (GPU 1) has no memory free."
    assert "Stop what else uses it" in error.hint


def test_a_gpu_that_never_worked_is_an_error_and_not_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    no_sum(monkeypatch)
    error = device_error("auto")
    assert not isinstance(error, GpuGoneError)
    assert "cuda:0 (GPU 0) does not work with this torch" in error.what


def test_the_free_memory_of_a_gpu_that_fails_does_not_hide_that_of_the_others() -> None:
    stub = (
        "import sys, types\n"
        "torch = types.ModuleType('torch'); sys.modules['torch'] = torch\n"
        "class cuda:\n"
        "    device_count = staticmethod(lambda: 3)\n"
        "    @staticmethod\n"
        "    def mem_get_info(number):\n"
        "        if number == 1: raise RuntimeError('CUDA error')\n"
        "        return (number + 10, 99)\n"
        "torch.cuda = cuda\n"
    )
    asked = subprocess.run(
        [sys.executable, "-c", stub + placement.FREE_MEMORY],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert asked.stdout.split() == ["10", "-1", "12"]


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
