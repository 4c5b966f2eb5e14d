"""A page that fills every view a model has, and the memory that encoding it takes.

The largest that can come: what is kept free for it is enough for every other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from PIL import Image

from ocrd.engine.deepseek.network import preprocessing
from ocrd.engine.deepseek.network.preprocessing import PreparedPage, ViewSpec

if TYPE_CHECKING:
    from ocrd.engine.deepseek.network.checkpoint import Model

ROUNDING = 1.15  # the allocator's: blocks that are free and fit nothing


def full_page(spec: ViewSpec) -> PreparedPage:
    """Return a page with as many tiles as this model ever looks at."""
    sizes = [(spec.base, spec.base)]
    if spec.crop:
        sides = range(1, spec.max_tiles + 1)
        sizes += [
            (spec.tile * columns, spec.tile * rows)
            for columns in sides
            for rows in sides
            if columns * rows <= spec.max_tiles
        ]
    widest = max(sizes, key=lambda size: _tiles(size, spec))
    grey = Image.linear_gradient("L").resize(widest)
    return preprocessing.prepare(grey, spec)


def _tiles(size: tuple[int, int], spec: ViewSpec) -> tuple[int, int]:
    columns, rows = preprocessing.grid_of(*size, spec)
    return columns * rows, -abs(columns - rows)


def bytes_of_encoding(
    model: Model, page: PreparedPage, encode: Callable[[list[PreparedPage]], object]
) -> int | None:
    """Return the memory that encoding a page takes for a moment; None on the processor.

    Its features are not part of that: what is let go afterwards is. Raises as ``encode`` does,
    torch.OutOfMemoryError where a single page finds no room.
    """
    if model.device.type != "cuda":
        return None
    torch.cuda.synchronize(model.device)
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats(model.device)
    before = torch.cuda.memory_allocated(model.device)
    encode([page])
    torch.cuda.synchronize(model.device)
    return int((torch.cuda.max_memory_allocated(model.device) - before) * ROUNDING)
