"""Stage 3: page images through the encoder, and prompts into slots.

Where the host's time is as long as the device's, the host is what is waited for: either it launches
too many kernels, or it stops at a synchronising call, whose number is counted.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from benchmarks.gpu import noise, timing
from benchmarks.gpu.scale import CONTEXT
from benchmarks.gpu.steps import seated
from benchmarks.gpu.workplace import Workplace, first_line
from ocrd.engine.deepseek.network import vision
from ocrd.engine.deepseek.slots.slots import Prompt

SYNC = "synchronizing CUDA operation"  # torch's words in this debug mode
MEGABYTE = 1e6


def measure(place: Workplace) -> None:
    """Time micro-batches of pages, then prompts."""
    for tiles in place.scale.tile_counts:
        for count in place.scale.page_counts:
            if place.goes_on(1.0, f"{count} pages of {tiles} tiles"):
                _time(place, "encode", count, tiles, _encoding(place, count, tiles))
    for count in place.scale.prefill_counts:
        tiles = place.scale.tile_counts[-1]
        if place.goes_on(1.0, f"{count} prompts"):
            with torch.inference_mode():
                _time(place, "prefill", count, tiles, _prefilling(place, count, tiles))


def _time(place: Workplace, what: str, count: int, tiles: int, run: Callable[[], object]) -> None:
    cells: dict[str, Any] = {"what": what, "pages": count, "tiles": tiles}
    try:
        took = place.timed(run, most=4.0, repeats=10)
        cells |= {
            "device_ms_a_page": took.device / count, "host_ms_a_page": took.host / count,
            "device_ms": took.device, "host_ms": took.host,
        }  # fmt: skip
        cells |= _beside(place, run, count)
    except (RuntimeError, MemoryError) as error:
        timing.settle(place.device)  # raises again if it was the device's fault
        cells["fault"] = first_line(error)
    place.row(**cells)
    place.tidy()


def _encoding(place: Workplace, count: int, tiles: int) -> Callable[[], object]:
    pages = [noise.prepared(seed, tiles) for seed in range(count)]
    return lambda: vision.encode(place.model, pages)


def _prefilling(place: Workplace, count: int, tiles: int) -> Callable[[], object]:
    """Return what embeds and feeds the prompts of some pages together, one into each slot."""
    pages = [noise.prepared(seed, tiles) for seed in range(count)]
    features = [vision.encode(place.model, [page])[0] for page in pages]
    prompts = [noise.prompt(seed, page.tokens) for seed, page in enumerate(pages)]
    length = -(-max(map(len, prompts)) // 512) * 512
    slots = seated(place, [2] * count, length, "auto", [])
    rules = noise.rules(CONTEXT)

    packed = [
        Prompt(ids, rules, noise.places(ids), found)
        for ids, found in zip(prompts, features, strict=True)
    ]
    return lambda: slots.prefill(0, packed)


def _beside(place: Workplace, run: Callable[[], object], count: int) -> dict[str, Any]:
    """Return how often a call waits for the device, and the memory that it takes for a while."""
    if not place.on_gpu:
        return {}
    place.tidy()
    before = torch.cuda.memory_allocated(place.device)
    torch.cuda.reset_peak_memory_stats(place.device)
    with counted_syncs() as syncs:
        run()
    torch.cuda.synchronize()
    peak = torch.cuda.max_memory_allocated(place.device) - before
    return {"syncs_a_page": len(syncs) / count, "peak_mb": peak / MEGABYTE}


@contextmanager
def counted_syncs() -> Iterator[list[str]]:
    """Collect where, within, the host has to wait for the device."""
    syncs: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            yield syncs
        finally:
            torch.cuda.set_sync_debug_mode("default")
            syncs += [str(one.message) for one in caught if SYNC in str(one.message)]
