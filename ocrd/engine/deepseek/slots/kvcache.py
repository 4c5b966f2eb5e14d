"""Keys and values of all slots, in one block of memory.

A slot's tokens stand at 0, 1, 2, … of its own row, so that any slot can be filled, moved, parked on
the host and brought back bit for bit. Whatever lies beyond a slot's length is finite: a masked
position has weight zero, and zero times infinity would not be zero.

The two views stand in for a Transformers cache in one forward pass each: only ``update`` and the
size questions that the mask code asks are there.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def token_bytes(config: Any, dtype: torch.dtype) -> int:
    """Return the bytes of one token in the cache of a text configuration."""
    return int(2 * config.num_hidden_layers * _width(config) * dtype.itemsize)


def _width(config: Any) -> int:
    return int(config.num_key_value_heads * config.head_dim)


class SlotCache:
    """A block of memory laid out as ``[2 · layers, slots, heads, length, head_dim]``."""

    def __init__(self, config: Any, device: torch.device, dtype: torch.dtype) -> None:
        self.slots = 0
        self.length = 0
        self._planes = 2 * config.num_hidden_layers
        self._heads = config.num_key_value_heads
        self._width = _width(config)
        self._options: dict[str, Any] = {"device": device, "dtype": dtype}
        self._block = torch.zeros((self._planes, 0), **self._options)
        self.planes: Tensor = self._laid_out(self._block, 0, 0)

    def reserve(self, tokens: int) -> None:
        """Take the memory for so many tokens, if there is less; the slots' content stays."""
        if self._block.shape[1] >= tokens * self._width:
            return
        used = self.slots * self.length * self._width
        block = torch.zeros((self._planes, tokens * self._width), **self._options)
        block[:, :used] = self._block[:, :used]
        self._block = block
        self.planes = self._laid_out(block, self.slots, self.length)

    def lay_out(self, slots: int, length: int, *, keep: int, used: int) -> None:
        """Divide the memory anew; the first ``used`` tokens of the first ``keep`` slots stay.

        Raises torch.OutOfMemoryError with the old division still in force.
        """
        self.reserve(slots * length)
        planes = self._laid_out(self._block, slots, length)
        if keep and used:
            # A copy of the widest plane's part is the only memory needed beside the block.
            spare = torch.empty_like(self.planes[0, :keep, :, :used])
            for old, new in zip(self.planes, planes, strict=True):
                spare.copy_(old[:keep, :, :used])
                new[:keep, :, :used] = spare
        self.planes, self.slots, self.length = planes, slots, length

    def free(self) -> None:
        """Give the memory back."""
        self._block = torch.zeros((self._planes, 0), **self._options)
        self.slots = self.length = 0
        self.planes = self._laid_out(self._block, 0, 0)

    def move(self, source: int, target: int, length: int) -> None:
        """Copy a slot's first tokens to another slot."""
        self.planes[:, target, :, :length] = self.planes[:, source, :, :length]

    def save(self, slot: int, length: int) -> Tensor:
        """Return a copy of a slot's first tokens, on the host."""
        saved = torch.empty_like(self.planes[:, slot, :, :length], device="cpu")
        for plane, copy in zip(self.planes, saved, strict=True):
            copy.copy_(plane[slot, :, :length])
        return saved

    def restore(self, slot: int, saved: Tensor) -> None:
        """Bring a saved copy back, into any slot."""
        for plane, copy in zip(self.planes, saved, strict=True):
            plane[slot, :, : saved.shape[2]].copy_(copy)

    def _laid_out(self, block: Tensor, slots: int, length: int) -> Tensor:
        size = slots * length * self._width
        shape = (self._planes, slots, self._heads, length, self._width // self._heads)
        return block[:, :size].view(shape)


class PrefillView:
    """One slot while a page's prompt is fed: what is new is also all there is."""

    layers = ()  # Transformers asks here for sliding windows
    is_compileable = False

    def __init__(self, cache: SlotCache, slot: int) -> None:
        self._planes = cache.planes
        self._slot = slot

    def update(
        self, keys: Tensor, values: Tensor, layer: int, *_: Any, **__: Any
    ) -> tuple[Tensor, Tensor]:
        """Store ``[1, heads, tokens, head_dim]`` from the slot's beginning on."""
        length = keys.shape[2]
        self._planes[2 * layer, self._slot, :, :length] = keys[0]
        self._planes[2 * layer + 1, self._slot, :, :length] = values[0]
        return keys, values

    def get_seq_length(self, _layer: int = 0) -> int:
        """Return how many tokens came before."""
        return 0

    def get_query_offset(self, _layer: int = 0) -> int:
        """Return the position of the first new token."""
        return 0

    def get_mask_sizes(self, query_length: int, _layer: int = 0) -> tuple[int, int]:
        """Return how many keys are seen and where they begin."""
        return query_length, 0


class DecodeView:
    """The first slots while each takes one token, at a position of its own."""

    layers = ()
    is_compileable = False

    def __init__(self, cache: SlotCache, positions: Tensor, length: int) -> None:
        self._seen = cache.planes[:, : positions.shape[0], :, :length]
        self._rows = torch.arange(positions.shape[0], device=positions.device)
        self._positions = positions

    def update(
        self, keys: Tensor, values: Tensor, layer: int, *_: Any, **__: Any
    ) -> tuple[Tensor, Tensor]:
        """Store ``[slots, heads, 1, head_dim]`` and return the first tokens of these slots."""
        seen_keys, seen_values = self._seen[2 * layer], self._seen[2 * layer + 1]
        seen_keys[self._rows, :, self._positions] = keys[:, :, 0]
        seen_values[self._rows, :, self._positions] = values[:, :, 0]
        return seen_keys, seen_values
