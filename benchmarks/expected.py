"""What a GPU should do with DeepSeek-OCR-2, computed from its data sheet.

``python -m benchmarks.expected`` prints the lines that docs/engines.md has. Nothing of it is
measured. A decode step is bound by what it moves: all weights, for it computes all experts (for one
or two pages the chosen ones are copied together, and moved three times), and keys and values. A
page is bound by its products.
"""

from __future__ import annotations

from dataclasses import dataclass

from ocrd.engine.deepseek.network.experts import TOUCHED
from ocrd.engine.deepseek.slots.budget import MAX_SLOTS_GPU, spare_bytes
from ocrd.engine.deepseek.slots.slotplan import TYPICAL_LENGTH

ALWAYS = 0.69e9  # bytes: attention, the dense layer, shared experts, the head, in bfloat16
EXPERTS = 4.84e9  # bytes of all routed experts
ROUTED, SHARED, CHOSEN = 64, 2, 6  # experts in a layer, and how many of them a token chooses
WEIGHTS = 6.7e9  # bytes
WORDS = 129_280  # of the vocabulary
TOKEN = 61_440  # bytes of a token's keys and values
SEEN = 1530  # tokens of a page halfway through its text
SAID = 800  # tokens of a full page's text
PAGE = 6.7e12  # operations to look at a page of six tiles and to feed it
LOOKING = 6 * 127e6 + 300e6  # bytes that looking at it takes: SAM's biases, and activations
SHARE = 0.9  # memory_share
SLOW = 0.1  # pages a second, below which a page's seconds say more
CONTEXT_BYTES = 0.5e9  # of CUDA itself
COPIED = 0.9 * 0.7  # of the sheet's bandwidth: what copying reaches, and a step's part of that
MULTIPLIED = 0.4  # of the sheet's dense bfloat16 rate


@dataclass(frozen=True, slots=True)
class Card:
    """A GPU's data sheet: GB, GB/s, and 10¹² operations a second, dense, bfloat16 to float32."""

    name: str
    memory: float
    bandwidth: float
    rate: float


CARDS = (
    Card("RTX 4060, 8 GB", 8.6, 272, 60),
    Card("RTX 3060, 12 GB", 12.9, 360, 26),
    Card("RTX 4070, 12 GB", 12.9, 504, 58),
    Card("L4, 24 GB", 24.2, 300, 121),
    Card("RTX 3090, 24 GB", 25.8, 936, 71),
    Card("RTX 4090, 24 GB", 25.8, 1008, 165),
    Card("A100, 80 GB", 85.9, 2039, 312),
    Card("H100, 80 GB", 85.5, 3350, 989),
    Card("H200, 141 GB", 150.1, 4800, 989),
)


def slots_of(card: Card) -> int:
    """Return how many pages of usual length are decoded together; one is always tried."""
    free = int(card.memory * 1e9 - CONTEXT_BYTES - WEIGHTS)
    spare = spare_bytes(free, int(LOOKING), MAX_SLOTS_GPU * WORDS)
    budget = free * SHARE - spare
    return max(1, min(MAX_SLOTS_GPU, int(budget // (TYPICAL_LENGTH * TOKEN))))


def step_seconds(card: Card, slots: int) -> float:
    """Return how long a token for each slot takes."""
    expert = EXPERTS / ROUTED
    gathered = TOUCHED * (CHOSEN + SHARED) * slots
    experts = expert * min(gathered, ROUTED + SHARED)
    read = ALWAYS - expert * SHARED + experts + TOKEN * SEEN * slots
    return read / (card.bandwidth * 1e9 * COPIED)


def pages_a_second(card: Card, slots: int) -> float:
    """Return how many full pages are read in a second."""
    looking = PAGE / (card.rate * 1e12 * MULTIPLIED)
    return 1 / (SAID * step_seconds(card, slots) / slots + looking)


def rows() -> list[str]:
    """Return a line for each card, as docs/engines.md has them."""
    found = []
    for card in CARDS:
        slots = slots_of(card)
        together = "1 page at a time" if slots == 1 else f"{slots} pages together"
        tokens = slots / step_seconds(card, slots)
        pages = pages_a_second(card, slots)
        rate = f"{pages:.1f} pages/s" if pages > SLOW else f"{1 / pages:.0f} s a page"
        found.append(f"- {card.name}: {together}, {tokens:,.0f} tokens/s, {rate}")
    return found


if __name__ == "__main__":
    print("\n".join(rows()))
