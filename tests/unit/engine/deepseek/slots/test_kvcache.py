"""The memory of the slots: each keeps its own tokens whatever is laid out, moved or parked."""

from __future__ import annotations

import random
from types import SimpleNamespace

import pytest
import torch

from ocrd.engine.deepseek.slots.kvcache import SlotCache, token_bytes
from tests import checkpoints

LAYERS, HEADS, WIDTH = 2, 3, 4
MOST = 8
CONFIG = SimpleNamespace(num_hidden_layers=LAYERS, num_key_value_heads=HEADS, head_dim=WIDTH)


def cache(tokens: int, slots: int, length: int) -> SlotCache:
    made = SlotCache(CONFIG, torch.device("cpu"), torch.float32, MOST)
    made.reserve(tokens)
    made.lay_out(slots, length, keep=0, used=0)
    return made


def fill(made: SlotCache, slot: int, tokens: int) -> torch.Tensor:
    """Write random states where a slot is said to begin; return them, ``[planes, tokens, …]``."""
    kept = torch.randn(2 * LAYERS, tokens, HEADS, WIDTH)
    start = int(made.starts[slot])
    assert start == int(made.before[slot]) + 1
    made.flat[:, start : start + tokens] = kept
    return kept


def holds(made: SlotCache, slot: int, kept: torch.Tensor) -> bool:
    return bool(torch.equal(made.planes[:, slot, : kept.shape[1]], kept))


def test_a_token_of_the_full_model_takes_61440_bytes_in_bfloat16() -> None:
    full = SimpleNamespace(num_hidden_layers=12, num_key_value_heads=10, head_dim=128)
    assert token_bytes(full, torch.bfloat16) == 61_440


@pytest.mark.parametrize("kind", checkpoints.CLASSES)
def test_the_size_of_a_token_is_read_from_both_models_configurations(kind: str) -> None:
    config = checkpoints.config_of(kind).text_config
    made = SlotCache(config, torch.device("cpu"), torch.float32, 2)
    made.lay_out(2, 8, keep=0, used=0)
    assert made.planes.numel() * 4 == token_bytes(config, torch.float32) * 2 * 8


def test_each_slot_begins_where_it_is_said_to_and_one_more_place_is_told() -> None:
    made = cache(64, 4, 16)
    assert made.starts[:5].tolist() == [0, 16, 32, 48, 64]
    assert made.starts.dtype == made.ordinals.dtype == torch.int32
    assert made.before[:4].tolist() == [-1, 15, 31, 47]
    starts, before = made.starts, made.before
    made.lay_out(2, 30, keep=0, used=0)
    assert made.starts is starts and made.before is before  # a recorded step reads these
    assert starts[:3].tolist() == [0, 30, 60]
    assert made.planes.shape == (2 * LAYERS, 2, 30, HEADS, WIDTH)
    assert made.planes.data_ptr() == made.flat.data_ptr()


def test_slots_keep_their_tokens_through_hundreds_of_moves_parkings_and_new_layouts() -> None:
    chance = random.Random(0)
    torch.manual_seed(0)
    made = cache(120, 4, 30)
    pages: list[torch.Tensor] = []
    parked: list[tuple[torch.Tensor, torch.Tensor]] = []
    for _ in range(400):
        move = chance.randrange(4)
        if move == 0 and len(pages) < made.slots:
            pages.append(fill(made, len(pages), chance.randint(1, 14)))
        elif move == 1 and pages:
            slot, last = chance.randrange(len(pages)), len(pages) - 1
            parked.append((made.save(slot, pages[slot].shape[1]), pages[slot]))
            made.move(last, slot, pages[last].shape[1])
            pages[slot] = pages[last]
            pages.pop()
        elif move == 2 and parked and len(pages) < made.slots:
            saved, kept = parked.pop(0)
            made.restore(len(pages), saved)
            pages.append(kept)
        elif move == 3:
            used = max((page.shape[1] for page in pages), default=0)
            slots = chance.randint(max(1, len(pages)), 8)
            made.lay_out(slots, max(15, 120 // slots), keep=len(pages), used=used)
        assert all(holds(made, slot, kept) for slot, kept in enumerate(pages))
    assert made.planes.isfinite().all()


def test_what_was_parked_outlives_the_memory_and_comes_back_bit_for_bit() -> None:
    made = cache(64, 4, 16)
    kept = fill(made, 2, 11)
    saved = made.save(2, 11)
    made.free()
    assert made.planes.numel() == 0
    made.reserve(32)
    made.lay_out(2, 16, keep=0, used=0)
    made.restore(1, saved)
    assert holds(made, 1, kept)


def test_taking_more_memory_keeps_the_slots() -> None:
    made = cache(32, 2, 16)
    kept = [fill(made, slot, 9) for slot in range(2)]
    made.reserve(100)
    made.lay_out(2, 50, keep=2, used=9)
    assert all(holds(made, slot, page) for slot, page in enumerate(kept))
