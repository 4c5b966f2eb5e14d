"""How a model runs on its device: number type, attention, and whether it fits.

A setting that cannot be met is an EngineError with the remedy; only "auto" gives way.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import torch

from ocrd.engine.deepseek.network.devices import Place
from ocrd.errors import EngineError

MEMORY = Path("/proc/meminfo")
# Beyond the weights: the vision encoder over a page's tiles, and the KV cache of one page.
WORKING_BYTES = 1024**3


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


def require_room(name: str, elements: int, place: Place, dtype: torch.dtype) -> None:
    """Raise EngineError if weights of so many elements do not fit into the device's free memory."""
    needed = elements * dtype.itemsize
    free, total = _memory(place.device)
    if free >= needed + WORKING_BYTES:
        return
    what = f"{place.label} ({place.name})" if place.device.type == "cuda" else "memory"
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
