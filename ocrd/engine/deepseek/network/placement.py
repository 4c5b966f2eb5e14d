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


def require_room(name: str, elements: int, place: Place, dtype: torch.dtype) -> None:
    """Raise EngineError if weights of so many elements do not fit where they are to lie.

    On their way to a GPU they are in main memory, all at once.
    """
    needed = elements * dtype.itemsize
    on_gpu = place.device.type == "cuda"
    host = host_memory()
    # Swap is slow enough for nothing but to pass through once.
    if host.free + (host.swap if on_gpu else -WORKING_BYTES) < needed:
        raise _no_room(name, needed, dtype, host, on_gpu=on_gpu)
    if not on_gpu:
        return
    free, total = map(int, torch.cuda.mem_get_info(place.device))
    if free < needed + WORKING_BYTES:
        raise EngineError(
            f"{_demand(name, needed, dtype)} and {_gibibytes(WORKING_BYTES)} to work with;"
            f" {place.label} ({place.name}) has {_gibibytes(free)} free of {_gibibytes(total)}.",
            hint="Stop what else uses it, or choose another device.",
        )


def _no_room(
    name: str, needed: int, dtype: torch.dtype, host: HostMemory, *, on_gpu: bool
) -> EngineError:
    working = f" and {_gibibytes(WORKING_BYTES)} to work with"
    use = ", which pass through main memory" if on_gpu else working
    bound = f" ({host.bound})" if host.bound else ""
    if host.bound:
        hint = "Raise that limit: systemctl edit for a unit, --memory for a container."
    elif on_gpu:
        hint = "Stop what else uses it, or add swap."
    else:
        hint = "Stop what else uses it, or choose another device."
    return EngineError(
        f"{_demand(name, needed, dtype)}{use}; memory has {_gibibytes(host.free)} free of"
        f" {_gibibytes(host.total)}{bound}.",
        hint=hint,
    )


def _demand(name: str, needed: int, dtype: torch.dtype) -> str:
    short = str(dtype).removeprefix("torch.")
    return f"{name} needs {_gibibytes(needed)} for its weights as {short}"


def _gibibytes(count: int) -> str:
    return f"{count / 1024**3:.1f} GiB"
