"""Prompts one behind the other, as they are fed together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ocrd.engine.deepseek.network.staging import staged
from ocrd.engine.deepseek.slots.generation import Rules


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a page is asked, with its image."""

    ids: Sequence[int]
    rules: Rules
    places: Sequence[int] = ()  # where the image's features go, instead of ids
    features: Tensor | None = None  # [places, width]


@dataclass(frozen=True, slots=True)
class Packed:
    """Prompts on the device; all tensors are of whole numbers."""

    lengths: tuple[int, ...]  # on the host
    ids: Tensor  # [tokens]
    used: Tensor  # [tokens]: position in the prompt, and one
    cached: Tensor  # [tokens]: where keys and values go
    ends: Tensor  # [prompts + 1], int32: 0, and where each prompt ends
    last: Tensor  # [prompts]: the token behind which each page's text begins
    images: Tensor  # where features go


def pack(prompts: Sequence[Prompt], first: int, length: int, device: torch.device) -> Packed:
    """Lay prompts out for slots of a length that follow each other from ``first`` on.

    All goes to the device in one piece, without waiting for it.
    """
    lengths = tuple(len(prompt.ids) for prompt in prompts)
    ends = np.cumsum([0, *lengths])
    positions = np.concatenate([np.arange(count) for count in lengths])
    slots = np.repeat(np.arange(first, first + len(prompts)), lengths)
    parts = (
        np.concatenate([np.asarray(prompt.ids, np.int64) for prompt in prompts]),
        positions + 1,
        slots * length + positions,
        ends,
        ends[1:] - 1,
        np.concatenate(
            [
                np.asarray(prompt.places, np.int64) + start
                for prompt, start in zip(prompts, ends, strict=False)
            ]
        ),
    )
    whole = staged(np.concatenate(parts), device)
    ids, used, cached, on_device, last, images = whole.split([len(part) for part in parts])
    return Packed(lengths, ids, used, cached, on_device.to(torch.int32), last, images)
