"""Keys and values of all slots, in one block of memory.

A slot's tokens stand at 0, 1, 2, … of its own row, so that any slot can be filled, moved, parked on
the host and brought back bit for bit. Whatever lies beyond a slot's length is finite: a masked
position has weight zero, and zero times infinity would not be zero.

Where each slot begins is said on the device, too, so that a recorded step goes on when the slots
are laid out anew.
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
    """A block of memory laid out as ``[2 · layers, slots, length, heads, head_dim]``.

    Keys and values of a layer are neighbours. ``flat`` is the whole block, ``[2 · layers, tokens,
    heads, head_dim]``; ``planes`` is its part that is laid out.
    """

    def __init__(self, config: Any, device: torch.device, dtype: torch.dtype, most: int) -> None:
        """Make an empty cache, for ``most`` slots at the most."""
        self.slots = 0
        self.length = 0
        self._planes = 2 * config.num_hidden_layers
        self._token = (config.num_key_value_heads, config.head_dim)
        self._options: dict[str, Any] = {"device": device, "dtype": dtype}
        self.ordinals = torch.arange(most + 1, dtype=torch.int32, device=device)
        self._long_ordinals = torch.arange(most, device=device)
        self.starts = torch.zeros_like(self.ordinals)  # of the slots, and of one behind the last
        self.before = torch.zeros_like(self._long_ordinals)  # each slot: the place before its first
        self.flat = self._empty(0)
        self.planes = self._laid_out(self.flat, 0, 0)

    def reserve(self, tokens: int) -> None:
        """Take the memory for so many tokens, if there is less; the slots' content stays."""
        if self.flat.shape[1] >= tokens:
            return
        used = self.slots * self.length
        flat = self._empty(tokens)
        flat[:, :used] = self.flat[:, :used]
        self.flat = flat
        self.planes = self._laid_out(flat, self.slots, self.length)

    def lay_out(self, slots: int, length: int, *, keep: int, used: int) -> None:
        """Divide the memory anew; the first ``used`` tokens of the first ``keep`` slots stay.

        Raises torch.OutOfMemoryError with the old division still in force.
        """
        self.reserve(slots * length)
        planes = self._laid_out(self.flat, slots, length)
        if keep and used:
            # A copy of the widest plane's part is the only memory needed beside the block.
            spare = torch.empty_like(self.planes[0, :keep, :used])
            for old, new in zip(self.planes, planes, strict=True):
                spare.copy_(old[:keep, :used])
                new[:keep, :used] = spare
        torch.mul(self.ordinals, length, out=self.starts)
        torch.mul(self._long_ordinals, length, out=self.before).sub_(1)
        self.planes, self.slots, self.length = planes, slots, length

    def free(self) -> None:
        """Give the memory back."""
        self.flat = self._empty(0)
        self.slots = self.length = 0
        self.planes = self._laid_out(self.flat, 0, 0)

    def move(self, source: int, target: int, length: int) -> None:
        """Copy a slot's first tokens to another slot."""
        self.planes[:, target, :length] = self.planes[:, source, :length]

    def save(self, slot: int, length: int) -> Tensor:
        """Return a copy of a slot's first tokens, on the host."""
        saved = torch.empty_like(self.planes[:, slot, :length], device="cpu")
        for plane, copy in zip(self.planes, saved, strict=True):
            copy.copy_(plane[slot, :length])
        return saved

    def restore(self, slot: int, saved: Tensor) -> None:
        """Bring a saved copy back, into any slot."""
        for plane, copy in zip(self.planes, saved, strict=True):
            plane[slot, : saved.shape[1]].copy_(copy)

    def _empty(self, tokens: int) -> Tensor:
        return torch.zeros((self._planes, tokens, *self._token), **self._options)

    def _laid_out(self, flat: Tensor, slots: int, length: int) -> Tensor:
        return flat[:, : slots * length].unflatten(1, (slots, length))
