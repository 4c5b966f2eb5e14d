"""How a model runs on its device: number type, attention, and whether it fits.

A setting that cannot be met is an EngineError with the remedy; only "auto" gives way.
"""

from __future__ import annotations

import torch

from ocrd.engine.deepseek.network import attention
from ocrd.engine.deepseek.network.devices import Place
from ocrd.engine.deepseek.network.hostmemory import HostMemory, host_memory
from ocrd.errors import EngineError

# Beyond the weights: the vision encoder over a page's tiles, and the KV cache of one page.
WORKING_BYTES = 1024**3
PASSING_BYTES = 512 * 1024**2  # in main memory beside weights on their way to a GPU
RAISE = "Raise that limit: systemctl edit for a unit, --memory for a container."
TYPES = {torch.bfloat16: "BF16", torch.float16: "F16", torch.float32: "F32"}  # as files say it


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


def attention_of(wanted: str, device: torch.device, dtype: torch.dtype) -> str:
    """Return the decoder's attention as it was asked for; raise EngineError where it cannot be had.

    "flash" is the kernel in torch that is told how long each page is, which "auto" takes wherever
    there is one. It is for the decoder alone: SAM adds relative positions, which it does not know.
    """
    if wanted not in attention.WAYS:
        raise EngineError(
            f'attention = "{wanted}" is none that this engine knows.',
            hint='Write "auto", "sdpa" or "flash".',
        )
    if wanted == "flash" and (why := attention.why_no_kernel(device, dtype)):
        raise EngineError(
            f'attention = "flash" cannot be had: {why}.',
            hint='Set attention = "auto", which takes it where it can be had, or "sdpa".',
        )
    return wanted


def require_room(name: str, elements: int, copied: int, place: Place, dtype: torch.dtype) -> None:
    """Raise EngineError if weights of so many elements do not fit where they are to lie.

    On their way to a GPU those that are ``copied`` are in main memory, all at once.
    """
    needed = elements * dtype.itemsize
    host = host_memory()
    if place.device.type != "cuda":
        if host.free < needed + WORKING_BYTES:
            raise EngineError(
                f"{_demand(name, needed, dtype)} and {_gibibytes(WORKING_BYTES)} to work with;"
                f" {_there(host)}.",
                hint=RAISE if host.bound else "Stop what else uses it, or choose another device.",
            )
        return
    passing = copied * dtype.itemsize + PASSING_BYTES
    # Swap is slow enough for nothing but to pass through once.
    if host.free + host.swap < passing:
        raise EngineError(
            f"{_demand(name, needed, dtype)}, of which {_gibibytes(passing)} pass through main"
            f" memory; {_there(host)}.",
            hint=RAISE if host.bound else "Stop what else uses it, or add swap.",
        )
    free, total = map(int, torch.cuda.mem_get_info(place.device))
    if free < needed + WORKING_BYTES:
        raise EngineError(
            f"{_demand(name, needed, dtype)} and {_gibibytes(WORKING_BYTES)} to work with;"
            f" {place.label} ({place.name}) has {_gibibytes(free)} free of {_gibibytes(total)}.",
            hint="Stop what else uses it, or choose another device.",
        )


def _there(host: HostMemory) -> str:
    """Return how much main memory there is, and what sets the bound."""
    bound = f" ({host.bound})" if host.bound else ""
    return f"memory has {_gibibytes(host.free)} free of {_gibibytes(host.total)}{bound}"


def _demand(name: str, needed: int, dtype: torch.dtype) -> str:
    short = str(dtype).removeprefix("torch.")
    return f"{name} needs {_gibibytes(needed)} for its weights as {short}"


def _gibibytes(count: int) -> str:
    return f"{count / 1024**3:.1f} GiB"
