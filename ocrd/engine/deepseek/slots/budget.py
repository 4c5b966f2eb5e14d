"""How much memory the slots may have: what is free after loading, less what the rest needs.

Encoding a page takes most of the rest, by the attention of its views; it is measured with one full
page before the slots are sized, not guessed. What is left then is theirs for as long as the network
is loaded: a slot that has to be taken back costs its page a wait.
"""

from __future__ import annotations

import os
from typing import Any

import torch

from ocrd.engine.deepseek.network.layers import window_of
from ocrd.engine.deepseek.slots.kvcache import token_bytes
from ocrd.engine.deepseek.slots.slotplan import TYPICAL_LENGTH, SlotPlan

MAX_SLOTS_GPU = 128  # beyond, the roofline of decoding is flat
MAX_SLOTS_CPU = 16
LENGTH_STEP_GPU = 512  # few shapes, each recorded once
LENGTH_STEP_CPU = 64
MIB = 1 << 20
# Kept free where encoding was not measured: two full pages of DeepSeek-OCR-2 by their formula.
UNMEASURED_BYTES = 768 * MIB
# 4,096 tokens of prompts: some 100 kB each, in hidden states, experts and the first, wide layer.
PREFILL_BYTES = 512 * MIB
# A step's scores and their logarithms, twice in float32 and once in half, and the dice: by slot and
# word. They lie in the pool that all recordings share; the rest are activations and workspaces, or
# for the fewest slots copies of experts, 37 MB each.
SCORE_BYTES = 16
STEP_BYTES = 128 * MIB
# Two pages are encoded together where that takes no more than this part of the free memory.
PART_OF_ENCODING = 4
LONG_PROMPT = 4096  # tokens of most images and prompts, of a model whose text is seen in a window


def plan_of(
    network: Any,
    *,
    context: int,
    max_slots: int | None = None,
    memory_share: float = 0.9,
    page_bytes: int | None = None,
) -> SlotPlan:
    """Return how many slots this network can have where it is now, after loading.

    ``memory_share`` is the part of the GPU's free memory that may be used, encoding included;
    ``page_bytes`` what encoding a full page takes for a moment, if that was measured.
    """
    weight = network.lm_head.weight
    on_gpu = weight.is_cuda
    slots = max_slots or (MAX_SLOTS_GPU if on_gpu else MAX_SLOTS_CPU)
    config = network.model.language_model.config
    size = token_bytes(config, weight.dtype)
    window = window_of(config)
    longest = min(context, LONG_PROMPT + window) if window else context
    free = free_bytes(weight.device)
    words = int(network.lm_head.weight.shape[0])
    spendable = max(0, int(free * memory_share) - spare_bytes(free, page_bytes, slots * words))
    # The processor's memory is other programs' too: a quarter, and only what pages usually need.
    budget = (spendable if on_gpu else free // 4) // size
    budget = min(budget, slots * (longest if on_gpu else TYPICAL_LENGTH))
    return SlotPlan(
        budget=max(budget, min(context, TYPICAL_LENGTH)),
        max_slots=slots,
        context=context,
        step=LENGTH_STEP_GPU if on_gpu else LENGTH_STEP_CPU,
        few_shapes=on_gpu,
    )


def spare_bytes(free: int, page_bytes: int | None, scores: int) -> int:
    """Return what is kept from the slots, of so many free bytes; a step gives so many scores.

    Encoding, prefill and a step may come together: they run on streams of their own.
    """
    if page_bytes is None:
        encoding = UNMEASURED_BYTES
    else:
        pages = 2 if 2 * page_bytes <= free // PART_OF_ENCODING else 1
        encoding = pages * page_bytes
    return encoding + PREFILL_BYTES + STEP_BYTES + SCORE_BYTES * scores


def free_bytes(device: torch.device) -> int:
    """Return the free memory of a device, that which torch only keeps in reserve included."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
        return int(torch.cuda.mem_get_info(device)[0])
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
