"""Where a model runs: device, number type, attention, and whether it fits.

A setting that cannot be met is an EngineError with the remedy; only "auto" gives way, and not
where the engine had a GPU before: what that read in minutes would take the processor days.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import torch

from ocrd.errors import EngineError, GpuGoneError

DRIVER = Path("/dev/nvidiactl")  # there where an NVIDIA driver is loaded and may be used
MEMORY = Path("/proc/meminfo")
# Beyond the weights: the vision encoder over a page's tiles, and the KV cache of one page.
WORKING_BYTES = 1024**3

INSTALL_CUDA = (
    "Install PyPI's torch, which is built for CUDA: pip install --force-reinstall torch; or set"
    ' device = "cpu".'
)
WAIT = (
    "The engine waits for it and goes on by itself. nvidia-smi says what the driver sees: after an"
    " upgrade of the driver start the machine anew, after a suspend load its module nvidia_uvm"
    ' again. If there is to be no GPU any more, set device = "cpu" in the engine\'s table.'
)
# In a process of its own: asking a GPU leaves some hundred megabytes on it while the asker lives.
FREE_MEMORY = """
from torch import cuda
for number in range(cuda.device_count()):
    try:
        print(cuda.mem_get_info(number)[0])
    except RuntimeError:
        print(-1)
"""
_DEVICE = re.compile(r"cuda(?::(\d+))?")


class _FullError(EngineError):
    """A GPU is there, and others have its memory."""


def device_of(wanted: str, had_gpus: tuple[str, ...] = ()) -> tuple[torch.device, tuple[str, ...]]:
    """Return the device that a setting means, and what a person should know of the choice.

    "auto" is the GPU with the most free memory of those that work, or the processor where no GPU
    can be used. ``had_gpus`` names those there were when the engine last had one: with them, raise
    GpuGoneError rather than take the processor.
    """
    if wanted == "cpu":
        return torch.device("cpu"), ()
    named = _DEVICE.fullmatch(wanted)
    if named is None and wanted != "auto":
        raise EngineError(
            f'device = "{wanted}" is none that this engine knows.',
            hint='Write "auto", "cpu", "cuda" or "cuda:1".',
        )
    why = _why_no_gpu()
    if why and had_gpus:
        raise _gone(had_gpus, why)
    if named is None:
        return (torch.device("cpu"), (_remark(why),)) if why else _any_gpu(had_gpus)
    if why:
        raise EngineError(f'device = "{wanted}" cannot be used: {why}', hint=_remedy())
    return _usable(int(named.group(1) or 0)), ()


def gpus() -> tuple[str, ...]:
    """Return the names of all GPUs that this process sees."""
    return tuple(map(_name, range(torch.cuda.device_count())))


def _any_gpu(had_gpus: tuple[str, ...]) -> tuple[torch.device, tuple[str, ...]]:
    """Return a GPU that works, of those the one with the most free memory, and what is amiss.

    Raise EngineError where none does, GpuGoneError if one did before.
    """
    faults: list[EngineError] = []
    for index in _roomiest_first():
        try:
            device = _usable(index)
        except EngineError as error:
            faults.append(error)
            continue
        missing = Counter(had_gpus) - Counter(gpus())
        amiss = [f"{name} is gone." for name in missing.elements()]
        amiss += [f"{fault.what.rstrip('.')}." for fault in faults]
        if not amiss:
            return device, ()
        return device, (f"{' '.join(amiss)} The engine runs on {device} ({_name(index)}).",)
    for fault in faults:
        if isinstance(fault, _FullError):
            raise fault
    if had_gpus:
        raise _gone(had_gpus, faults[0].what)
    raise faults[0]


def _gone(had_gpus: tuple[str, ...], why: str) -> GpuGoneError:
    return GpuGoneError(
        f"The GPU that this engine had ({', '.join(had_gpus)}) cannot be used any more:"
        f" {why.rstrip('.')}.",
        hint=WAIT if _is_for_gpus() else INSTALL_CUDA,
    )


def _usable(index: int) -> torch.device:
    """Return a GPU on which a sum was just added up; raise EngineError."""
    count = torch.cuda.device_count()
    if index >= count:
        known = ", ".join(f"cuda:{n} ({_name(n)})" for n in range(count))
        raise EngineError(
            f"There is no cuda:{index}; this process sees {known}.",
            hint="Set device to one of these (CUDA_VISIBLE_DEVICES hides the others).",
        )
    device = torch.device("cuda", index)
    try:
        torch.ones(1, device=device).add_(1).item()
    except torch.OutOfMemoryError as error:
        raise _FullError(
            f"{device} ({_name(index)}) has no memory free.",
            hint="Stop what else uses it, or choose another device.",
        ) from error
    except RuntimeError as error:
        raise EngineError(
            f"{device} ({_name(index)}) does not work with this torch"
            f" ({torch.__version__}): {_first_line(error)}",
            hint="Install a torch whose CUDA build knows this GPU, and a driver for it.",
        ) from error
    return device


def _name(index: int) -> str:
    """Return the GPU's name, which a driver in trouble does not tell."""
    try:
        return str(torch.cuda.get_device_name(index))
    except (RuntimeError, AssertionError):
        return "a GPU"


def _why_no_gpu() -> str:
    """Return why torch can use no GPU, or "" if it can."""
    if not _is_for_gpus():
        return f"this torch ({torch.__version__}) was built for the processor only."
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the same is said below
        if torch.cuda.is_available() and torch.cuda.device_count():
            return ""
        try:
            torch.cuda.init()
        except (RuntimeError, AssertionError) as error:
            return _first_line(error)
    return "there is no GPU, or CUDA_VISIBLE_DEVICES hides it."


def _is_for_gpus() -> bool:
    return torch.version.cuda is not None or torch.version.hip is not None


def _remark(why: str) -> str:
    """Return what is said of the choice of the processor, more of it where a GPU lies idle."""
    if not DRIVER.exists():
        return f'device = "auto" took the processor: {why} device = "cpu" chooses it unasked.'
    return (
        f'device = "auto" took the processor although there is an NVIDIA driver: {why} {_remedy()}'
    )


def _remedy() -> str:
    if not _is_for_gpus():
        return INSTALL_CUDA
    return (
        f"Install a driver for CUDA {torch.version.cuda or torch.version.hip}, which this torch is"
        ' built for, or a torch for an older one; or set device = "cpu".'
    )


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _roomiest_first() -> list[int]:
    """Return the indices of the GPUs, that with the most free memory first."""
    count = torch.cuda.device_count()
    if count == 1:
        return [0]
    asked = subprocess.run([sys.executable, "-c", FREE_MEMORY], capture_output=True, text=True)
    free = [int(number) for number in asked.stdout.split()]
    indices = range(count)
    return sorted(indices, key=lambda index: -free[index]) if len(free) == count else [*indices]


def dtype_of(wanted: str, device: torch.device) -> torch.dtype:
    """Return the type of the weights; "auto" is bfloat16, float16 or float32, as the device can."""
    named = {
        "bfloat16": torch.bfloat16,
        "float16": torch.float16,
        "float32": torch.float32,
    }
    if wanted in named:
        return named[wanted]
    if wanted != "auto":
        raise EngineError(
            f'dtype = "{wanted}" is none that this engine knows.',
            hint=f"Write auto, {', '.join(named)}.",
        )
    if device.type == "cpu":
        return torch.float32
    with torch.cuda.device(device):
        has_bfloat16 = torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.bfloat16 if has_bfloat16 else torch.float16


def attention_of(wanted: str, device: torch.device, dtype: torch.dtype) -> Any:
    """Return what Transformers calls the attention; raise EngineError where it cannot be had.

    FlashAttention is for the decoder alone: SAM adds relative positions, which it does not know.
    """
    if wanted in {"auto", "sdpa"}:
        return "sdpa"
    if wanted != "flash":
        raise EngineError(
            f'attention = "{wanted}" is none that this engine knows.',
            hint='Write "auto", "sdpa" or "flash".',
        )
    if importlib.util.find_spec("flash_attn") is None:
        raise EngineError(
            'attention = "flash" needs the package flash-attn, which is not installed.',
            hint='Set attention = "sdpa", or: pip install flash-attn --no-build-isolation.',
        )
    if device.type != "cuda" or dtype is torch.float32:
        raise EngineError(
            f'attention = "flash" works on a GPU with bfloat16 or float16, not on {device} with'
            f" {dtype}.",
            hint='Set attention = "sdpa".',
        )
    return {"text_config": "flash_attention_2"}


def require_room(name: str, elements: int, device: torch.device, dtype: torch.dtype) -> None:
    """Raise EngineError if weights of so many elements do not fit into the device's free memory."""
    needed = elements * dtype.itemsize
    free, total = _memory(device)
    if free >= needed + WORKING_BYTES:
        return
    what = f"{device} ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else "memory"
    raise EngineError(
        f"{name} needs {_gibibytes(needed)} for its weights as {_short(dtype)} and"
        f" {_gibibytes(WORKING_BYTES)} to work with; {what} has {_gibibytes(free)} free of"
        f" {_gibibytes(total)}.",
        hint="Stop what else uses it, or choose another device.",
    )


def _memory(device: torch.device) -> tuple[int, int]:
    """Return the free and the total bytes of a device."""
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        return int(free), int(total)
    found = dict(line.split(":") for line in MEMORY.read_text().splitlines() if ":" in line)
    free, total = (int(found[key].split()[0]) * 1024 for key in ("MemAvailable", "MemTotal"))
    return free, total


def _short(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _gibibytes(count: int) -> str:
    return f"{count / 1024**3:.1f} GiB"
