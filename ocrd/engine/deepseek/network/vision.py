"""Prepared pages through the vision encoder: what the decoder reads in place of image tokens.

Pages are encoded together where their views have the same shapes, a few at a time: SAM's attention
over all patches takes some 400 MB for a view of 1024 pixels and 130 MB for a tile of 768.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from ocrd.engine.deepseek.network.shortage import is_shortage
from ocrd.engine.deepseek.network.staging import staged_pixels
from ocrd.engine.deepseek.network.tower import Tower
from ocrd.engine.deepseek.network.visiongraphs import VisionGraphs

if TYPE_CHECKING:
    from ocrd.engine.deepseek.network.checkpoint import Model
    from ocrd.engine.deepseek.network.preprocessing import PreparedPage

MOST_PAGES = 4  # of one micro-batch
MOST_TILES = 12  # two pages of six: enough rows to fill a GPU, one page alone may have more


def encode(model: Model, pages: Sequence[PreparedPage]) -> list[Tensor]:
    """Return each page's features on the model's device, [tokens, hidden], in the pages' order.

    A micro-batch that the GPU has no memory for is encoded in halves; a page alone that it has no
    memory for raises torch.OutOfMemoryError.
    """
    features: dict[int, Tensor] = {}
    for batch in micro_batches(pages):
        found = _encode_or_halve(model, [pages[number] for number in batch])
        features.update(zip(batch, found, strict=True))
    return [features[number] for number in range(len(pages))]


def micro_batches(pages: Sequence[PreparedPage]) -> Iterator[list[int]]:
    """Yield the pages' numbers in groups of equal sides, none with too many tiles."""
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


def _encode_or_halve(model: Model, pages: Sequence[PreparedPage]) -> list[Tensor]:
    try:
        return _encode_together(model, pages)
    except (RuntimeError, MemoryError) as error:
        if len(pages) == 1 or not is_shortage(error):
            raise
    # Outside the handler, whose traceback holds on to the tensors of the attempt.
    torch.cuda.empty_cache()
    middle = len(pages) // 2
    return _encode_or_halve(model, pages[:middle]) + _encode_or_halve(model, pages[middle:])


def _encode_together(model: Model, pages: Sequence[PreparedPage]) -> list[Tensor]:
    eyes = _eyes_of(model.network)
    counts = [len(page.tiles) for page in pages]
    separator = model.network.model.view_separator[None]
    with torch.inference_mode():
        views = eyes.look(staged_pixels([page.views for page in pages], model.device))
        # Copied by this before the tiles are looked at: what a look returns may be overwritten.
        features = [torch.cat([_rows(model, view, (1, 1)), separator]) for view in views.split(1)]
        if any(counts):
            tiles = eyes.look(staged_pixels([page.tiles for page in pages], model.device))
            features = [
                torch.cat([_rows(model, own, page.grid), whole]) if len(own) else whole
                for page, own, whole in zip(pages, tiles.split(counts), features, strict=True)
            ]
    for page, found in zip(pages, features, strict=True):
        if len(found) != page.tokens:
            raise ValueError(f"{len(found)} features for the {page.tokens} image tokens of a page")
    return features


def _rows(model: Model, seen: Tensor, grid: tuple[int, int]) -> Tensor:
    """Return what was seen of tiles, or of a view, ``[tiles, tokens, width]``, as the page reads.

    DeepSeek-OCR-2 has the tiles one behind the other. The first model has all of their rows across
    the page, each with a newline at its end.
    """
    newline = getattr(model.network.model, "image_newline", None)
    if newline is None:
        return seen.flatten(0, 1)
    columns, rows = grid
    side, width = round(seen.shape[1] ** 0.5), seen.shape[2]
    across = seen.reshape(rows, columns, side, side, width).transpose(1, 2)
    across = across.reshape(rows * side, columns * side, width)
    return torch.cat([across, newline.expand(rows * side, 1, width)], 1).flatten(0, 1)


class _Eyes:
    """A network's tower, and what is recorded of it."""

    def __init__(self, network: Any) -> None:
        self.tower = Tower(network)
        self.weight = network.lm_head.weight.data_ptr()
        on_gpu = self.tower.device.type == "cuda"
        self.graphs = VisionGraphs(self.tower.look, self.tower.device) if on_gpu else None

    def look(self, pixels: Tensor) -> Tensor:
        return self.tower.look(pixels) if self.graphs is None else self.graphs.look(pixels)

    def is_of(self, network: Any) -> bool:
        """Say whether the network is still where it was: it may have been moved."""
        weight, mine = network.lm_head.weight, self.tower
        now = (weight.data_ptr(), weight.device, weight.dtype)
        return bool(now == (self.weight, mine.device, mine.dtype))


_EYES: WeakKeyDictionary[Any, _Eyes] = WeakKeyDictionary()


def _eyes_of(network: Any) -> _Eyes:
    known = _EYES.get(network)
    if known is None or not known.is_of(network):
        known = _EYES[network] = _Eyes(network)
    return known
