"""The vision tower of a loaded network: views in bytes to what the decoder reads of each.

The modules are those of Transformers; what they ask the host for is computed once and kept, so that
looking at a view waits for nothing and can be recorded.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ocrd.engine.deepseek.network import sam
from ocrd.engine.deepseek.network.preprocessing import VALUES


class Tower:
    """Looks at views of one size at a time."""

    def __init__(self, network: Any) -> None:
        """Take the tower of a loaded network, on its device and in its number type."""
        model = network.model
        weight = network.lm_head.weight
        self.device: torch.device = weight.device
        self.dtype: torch.dtype = weight.dtype
        self._tower = model.vision_tower
        self._projector = model.multi_modal_projector
        self._values = torch.from_numpy(VALUES).to(self.dtype).to(self.device)
        self._masks: dict[tuple[int, int], Tensor] = {}
        self._turns: dict[int, tuple[Tensor, Tensor]] = {}
        self._has_queries = hasattr(self._tower, "query_1024_resolution")
        sam.settle(self._tower)
        for module in self._tower.modules():
            if type(module).__name__.endswith("RMSNorm"):
                module.forward = partial(_normed, module)  # one kernel, where theirs is eight

    def look(self, pixels: Tensor) -> Tensor:
        """Return ``[views, tokens, width]`` of ``pixels [views, channels, side, side]``, uint8."""
        # By numbers of 32 bits: an index in brackets would make 64 of them of each pixel.
        values = self._values.index_select(0, pixels.int().flatten()).view(pixels.shape)
        if values.shape[1] == 1:
            values = values.expand(-1, 3, -1, -1)
        if self._has_queries:
            seen = self._queried(self._tower.sam_encoder(values).last_hidden_state)
        else:
            seen = self._tower(values).last_hidden_state
        found: Tensor = self._projector(seen)
        return found

    def _queried(self, maps: Tensor) -> Tensor:
        """Have DeepSeek-OCR-2's queries ask SAM's ``maps [views, width, rows, columns]``."""
        tower, encoder = self._tower, self._tower.vision_encoder
        hidden = maps.flatten(2).transpose(1, 2)
        views, patches, _ = hidden.shape
        asked = tower.query_768_resolution if patches <= 144 else tower.query_1024_resolution
        queries = asked.weight[None].expand(views, -1, -1)
        hidden = torch.cat([hidden, queries], 1)
        count = hidden.shape[1]
        mask, turns = self._mask(patches, count), self._turned(encoder, hidden)
        for layer in encoder.layers:
            hidden = layer(hidden, attention_mask=mask, position_embeddings=turns)
        found: Tensor = encoder.norm(hidden)[:, patches:]
        return found

    def _mask(self, patches: int, count: int) -> Tensor:
        """Let patches see all patches, and a query these and the queries up to itself."""
        if (patches, count) not in self._masks:
            places = torch.arange(count, device=self.device)
            seen = (places <= places[:, None]) | (places < patches)
            mask = torch.zeros((1, 1, count, count), dtype=self.dtype, device=self.device)
            self._masks[patches, count] = mask.masked_fill_(~seen, -torch.inf)
        return self._masks[patches, count]

    def _turned(self, encoder: Any, hidden: Tensor) -> tuple[Tensor, Tensor]:
        count = hidden.shape[1]
        if count not in self._turns:
            places = torch.arange(count, device=self.device)[None]
            self._turns[count] = encoder.rotary_emb(hidden[:1], places)
        return self._turns[count]


def _normed(module: Any, hidden: Tensor) -> Tensor:
    weight = module.weight
    return functional.rms_norm(hidden, weight.shape, weight, module.variance_epsilon)
