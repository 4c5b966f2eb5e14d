"""What SAM and the encoders behind it look up by position: computed once, kept on the device.

Transformers gathers the relative positions of SAM's attention anew for every page, layer and axis,
with an index made on the host, which waits for the device forty-eight times a page; and it resizes
the tables of positions as often. They depend on the side of a view alone.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


def settle(tower: Any) -> None:
    """Have a vision tower of Transformers look positions up in tables that are made once."""
    sam = tower.sam_encoder
    if isinstance(sam.__dict__.get("interpolate_pos_encoding"), _Resized):
        return
    sam.interpolate_pos_encoding = _Resized(sam, sam.interpolate_pos_encoding)
    for layer in sam.layers:
        layer.attn.get_rel_pos = Gathered()
    embeddings = getattr(tower.vision_encoder, "embeddings", None)
    if embeddings is not None:  # CLIP's: its table is resized to what SAM hands over
        embeddings.interpolate_pos_encoding = _Fitted(
            embeddings, embeddings.interpolate_pos_encoding
        )


class Gathered:
    """Relative positions of one attention: ``[query, key, head size]`` for a side of patches."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], Tensor] = {}

    def __call__(self, q_size: int, k_size: int, rel_pos: Tensor) -> Tensor:
        """Return the table for so many patches along an axis, as Transformers computes it."""
        key = (q_size, k_size, rel_pos.data_ptr(), rel_pos.dtype, rel_pos.device)
        if key not in self._known:
            self._known[key] = _gather(q_size, k_size, rel_pos)
        return self._known[key]


def _gather(queries: int, keys: int, table: Tensor) -> Tensor:
    reach = 2 * max(queries, keys) - 1
    rows = functional.interpolate(table.detach().t()[None], size=reach, mode="linear")[0].t()
    stretch, squeeze = max(keys / queries, 1.0), max(queries / keys, 1.0)
    down = torch.arange(queries, device=table.device)[:, None] * stretch
    across = torch.arange(keys, device=table.device)[None] * squeeze
    distances = (down - across) + (keys - 1) * squeeze
    return rows[distances.long()].contiguous()


class _Resized:
    """SAM's absolute positions by the sides of a view in patches."""

    def __init__(self, sam: Any, resize: Any) -> None:
        self._sam = sam
        self._resize = resize
        self._known: dict[tuple[Any, ...], Tensor] = {}

    def __call__(self, height: int, width: int) -> Tensor:
        """Return the positions, as Transformers resizes them."""
        table = self._sam.pos_embed
        key = (height, width, table.data_ptr(), table.dtype, table.device)
        if key not in self._known:
            self._known[key] = self._resize(height, width).detach()
        return self._known[key]


class _Fitted:
    """CLIP's positions by the sides of a view in pixels."""

    def __init__(self, embeddings: Any, resize: Any) -> None:
        self._embeddings = embeddings
        self._resize = resize
        self._known: dict[tuple[Any, ...], Tensor] = {}

    def __call__(self, embeddings: Tensor, height: int, width: int) -> Tensor:
        """Return the positions, as Transformers resizes them."""
        table = self._embeddings.position_embedding.weight
        count = embeddings.shape[1]
        key = (count, height, width, table.data_ptr(), table.dtype, table.device)
        if key not in self._known:
            self._known[key] = self._resize(embeddings, height, width).detach()
        return self._known[key]
