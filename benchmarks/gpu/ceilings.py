"""Stage 0: what the machine is, and the two rates that nothing on it can exceed."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from typing import Any

import torch

from benchmarks import machine
from benchmarks.gpu import timing
from benchmarks.gpu.workplace import Workplace, first_line

FIELDS = "name,driver_version,memory.total,memory.used,clocks.sm,clocks.mem,power.limit"
LAUNCHES = 200  # of the smallest kernel, one behind the other


def measure(place: Workplace) -> None:
    """Note versions, device, ceilings and the cost of a launch."""
    place.note(**_versions())
    place.note(machine=machine.describe(), host=platform.platform(), cores=os.cpu_count())
    if place.on_gpu:
        place.note(**_device(place.device), nvidia_smi=_nvidia_smi())
    place.note(copy_gb_s=_copy_rate(place))
    place.note(product_tflop_s=_product_rate(place))
    eager, replayed = _launches(place)
    place.note(launch_host_us=eager, launch_in_graph_us=replayed)
    started = time.perf_counter()
    from ocrd.engine.deepseek import engine  # noqa: F401
    from ocrd.engine.deepseek.network import checkpoint
    from ocrd.engine.deepseek.slots import decoding  # noqa: F401

    place.note(import_engine_seconds=time.perf_counter() - started)
    checkpoint.require_libraries()


def _versions() -> dict[str, Any]:
    import numpy as np
    import PIL

    found = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "numpy": np.__version__,
        "pillow": PIL.__version__,
    }
    started = time.perf_counter()
    try:
        import transformers

        found["transformers"] = transformers.__version__
    except ImportError as error:
        found["transformers"] = first_line(error)
    return found | {"import_transformers_seconds": time.perf_counter() - started}


def _device(device: torch.device) -> dict[str, Any]:
    free, total = torch.cuda.mem_get_info(device)
    known = torch.cuda.get_device_properties(device)
    return {
        "device": torch.cuda.get_device_name(device),
        "capability": ".".join(map(str, torch.cuda.get_device_capability(device))),
        "multiprocessors": known.multi_processor_count,
        "l2_mib": getattr(known, "L2_cache_size", 0) / 2**20,
        "free_gib": free / 2**30,
        "total_gib": total / 2**30,
        "cudnn": torch.backends.cudnn.version(),
        "architectures": torch.cuda.get_arch_list(),
    }


def _nvidia_smi() -> str:
    """Return what the driver says of the card; nothing about it is changed."""
    command = ["nvidia-smi", f"--query-gpu={FIELDS}", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired) as error:
        return first_line(error)
    return f"{FIELDS}: {done.stdout.strip() or done.stderr.strip()}"


def _copy_rate(place: Workplace) -> float:
    """Return gigabytes a second of a large copy, those read and those written."""
    size = place.scale.copied_bytes
    block = torch.randint(0, 256, (size,), dtype=torch.uint8, device=place.device)
    target = torch.empty_like(block)
    took = place.timed(lambda: target.copy_(block), most=2.0)
    return 2 * size / took.device / 1e6


def _product_rate(place: Workplace) -> float:
    """Return TFLOP a second of a large product of random values, in the weights' type."""
    side = place.scale.product_side
    generator = torch.Generator(device=place.device).manual_seed(1)
    left, right = (
        torch.randn((side, side), generator=generator, device=place.device, dtype=place.dtype)
        for _ in range(2)
    )
    took = place.timed(lambda: torch.mm(left, right), most=2.0)
    return 2 * side**3 / took.device / 1e9


def _launches(place: Workplace) -> tuple[float, float]:
    """Return what a tiny kernel costs the host eagerly, and the device in a graph, in µs."""
    one = torch.zeros(1, device=place.device)

    def many() -> None:
        for _ in range(LAUNCHES):
            one.add_(1)

    eager = place.timed(many, most=1.0)
    replayed = place.timed(timing.recorded(many, place.device), most=1.0)
    return 1000 * eager.host / LAUNCHES, 1000 * replayed.device / LAUNCHES
