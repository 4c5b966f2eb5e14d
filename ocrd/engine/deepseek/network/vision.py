"""Prepared pages through the vision encoder: what the decoder reads in place of image tokens.

Pages are encoded together where their views have the same shapes, a few at a time: SAM's attention
over all patches takes some 400 MB for a view of 1024 pixels and 130 MB for a tile of 768.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrd.engine.deepseek.network.checkpoint import Model
    from ocrd.engine.deepseek.network.preprocessing import PreparedPage

MOST_PAGES = 4  # of one micro-batch
MOST_TILES = 12  # two pages of six: enough rows to fill a GPU, one page alone may have more


def encode(model: Model, pages: Sequence[PreparedPage]) -> list[torch.Tensor]:
    """Return each page's features on the model's device, [tokens, hidden], in the pages' order.

    A micro-batch that the GPU has no memory for is encoded in halves; a page alone that it has no
    memory for raises torch.OutOfMemoryError.
    """
    features: dict[int, torch.Tensor] = {}
    for batch in micro_batches(pages):
        found = _encode_or_halve(model, [pages[number] for number in batch])
        features.update(zip(batch, found, strict=True))
    return [features[number] for number in range(len(pages))]


def micro_batches(pages: Sequence[PreparedPage]) -> Iterator[list[int]]:
    """Yield the pages' numbers in groups of equal shapes, none with too many tiles."""
    groups: dict[tuple[int, int], list[int]] = {}
    for number, page in enumerate(pages):
        groups.setdefault((page.views.shape[-1], page.tiles.shape[-1]), []).append(number)
    for group in groups.values():
        batch: list[int] = []
        tiles = 0
        for number in group:
            more = len(pages[number].tiles)
            if batch and (len(batch) == MOST_PAGES or tiles + more > MOST_TILES):
                yield batch
                batch, tiles = [], 0
            batch.append(number)
            tiles += more
        yield batch


def _encode_or_halve(model: Model, pages: Sequence[PreparedPage]) -> list[torch.Tensor]:
    try:
        return _encode_together(model, pages)
    except torch.OutOfMemoryError:
        if len(pages) == 1:
            raise
    # Outside the handler, whose traceback holds on to the tensors of the attempt.
    torch.cuda.empty_cache()
    middle = len(pages) // 2
    return _encode_or_halve(model, pages[:middle]) + _encode_or_halve(model, pages[middle:])


def _encode_together(model: Model, pages: Sequence[PreparedPage]) -> list[torch.Tensor]:
    counts = [len(page.tiles) for page in pages]
    grids: dict[str, Any] = {}
    if model.kind == "deepseek-ocr":  # whose features end every row of the page with a newline
        grids["patches_grid"] = [list(page.grid) for page in pages]
    views = _moved(model, [page.views for page in pages])
    tiles = _moved(model, [page.tiles for page in pages]) if any(counts) else None
    with torch.inference_mode():
        output = model.network.get_image_features(
            views, pixel_values_local=tiles, num_local_patches=counts, **grids
        )
    features: list[torch.Tensor] = output.pooler_output
    for page, found in zip(pages, features, strict=True):
        if len(found) != page.tokens:
            raise ValueError(f"{len(found)} features for the {page.tokens} image tokens of a page")
    return features


def _moved(model: Model, arrays: Sequence[NDArray[np.float32]]) -> torch.Tensor:
    """Return the arrays behind each other on the model's device, in its number type.

    The copy to a GPU starts from pinned memory, so that this thread need not wait for it.
    """
    is_gpu = model.device.type == "cuda"
    count = sum(map(len, arrays))
    shape = (count, *arrays[0].shape[1:])
    staged = torch.empty(shape, dtype=model.dtype, pin_memory=is_gpu)
    start = 0
    for array in arrays:
        staged[start : start + len(array)] = torch.from_numpy(array)
        start += len(array)
    return staged.to(model.device, non_blocking=is_gpu)
