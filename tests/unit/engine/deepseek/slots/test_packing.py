"""Prompts that are fed together keep their positions, their slots and their images."""

from __future__ import annotations

import torch

from ocrd.engine.deepseek.slots.generation import Rules
from ocrd.engine.deepseek.slots.packing import Prompt, pack


def test_every_token_knows_its_place() -> None:
    prompts = [
        Prompt([0, 9, 9, 5], Rules(1), places=[1, 2]),
        Prompt([0], Rules(1)),
        Prompt([0, 6, 9], Rules(1), places=[2]),
    ]
    packed = pack(prompts, 2, 10, torch.device("cpu"))
    assert packed.lengths == (4, 1, 3)
    assert packed.ids.tolist() == [0, 9, 9, 5, 0, 0, 6, 9]
    assert packed.used.tolist() == [1, 2, 3, 4, 1, 1, 2, 3]
    assert packed.cached.tolist() == [20, 21, 22, 23, 30, 40, 41, 42]
    assert packed.ends.tolist() == [0, 4, 5, 8] and packed.ends.dtype is torch.int32
    assert packed.last.tolist() == [3, 4, 7]
    assert packed.images.tolist() == [1, 2, 7]


def test_a_prompt_alone_needs_no_image() -> None:
    packed = pack([Prompt([0, 5], Rules(1))], 0, 8, torch.device("cpu"))
    assert packed.images.tolist() == [] and packed.images.dtype is torch.long
    assert packed.cached.tolist() == [0, 1]
