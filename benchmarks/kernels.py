"""How many kernels the engine asks a GPU for, counted anywhere: ``python -m benchmarks.kernels``.

The full-size network of DeepSeek-OCR-2 on meta tensors, where all is dispatched and nothing is
computed. What the host would wait for is counted, too. It says nothing of time: an eager launch
costs the host 5 to 8 µs, a kernel in a recorded graph 1.5 to 2 µs at least, by others' figures.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from benchmarks.gpu.network import full_size
from ocrd.engine.deepseek.network import attention, layers
from ocrd.engine.deepseek.network.tower import Tower
from ocrd.engine.deepseek.slots.generation import Rules
from ocrd.engine.deepseek.slots.slotplan import SlotPlan
from ocrd.engine.deepseek.slots.slots import Prompt, Slots
from ocrd.engine.deepseek.text.prompts import REPEATABLE
from tests.operations import Operations

META = torch.device("meta")
SLOTS, LENGTH = 64, 2048
IMAGE, TEXT = 1121, 9  # tokens of a page with six tiles, and of what is asked
RULES = Rules(800, 20, 90, exempt=REPEATABLE)


def counted(run: Callable[[], object]) -> Operations:
    """Return what a call asks for when it is made again: tables are there by then."""
    asked = Operations()
    with torch.inference_mode():
        run()
        with asked:
            run()
    return asked


def slots_of(network: object, *, told: bool) -> Slots:
    """Return slots as on a GPU, whose attention is told lengths or is not."""
    before = attention.knows_lengths
    attention.knows_lengths = lambda *_: told
    try:
        plan = SlotPlan(SLOTS * LENGTH, SLOTS, 8192, few_shapes=True)
        made = Slots(network, plan, device=META, dtype=torch.bfloat16, on_notice=print)
    finally:
        attention.knows_lengths = before
    made.cache.lay_out(SLOTS, LENGTH, keep=0, used=0)
    return made


def main() -> None:
    """Print a line for each part of a page's way."""
    network = full_size(META)
    layers.layers_of(network)
    features = torch.empty((IMAGE, 1280), dtype=torch.bfloat16, device=META)
    prompt = Prompt(range(IMAGE + TEXT), RULES, range(1, IMAGE + 1), features)
    told, masked, tower = (
        slots_of(network, told=True),
        slots_of(network, told=False),
        Tower(network),
    )
    page = [
        torch.empty((count, 1, side, side), dtype=torch.uint8, device=META)
        for count, side in ((1, 1024), (6, 768))
    ]
    parts: dict[str, Callable[[], object]] = {
        "a decode step, told lengths": lambda: told.step.take(SLOTS, LENGTH, hot=True),
        "the same, one slot": lambda: told.step.take(1, LENGTH, hot=True),
        "a decode step, masked": lambda: masked.step.take(SLOTS, LENGTH, hot=True),
        "the same, one slot masked": lambda: masked.step.take(1, LENGTH, hot=True),
        "one page's prompt": lambda: told.prefill(0, [prompt]),
        "three pages' prompts": lambda: told.prefill(0, [prompt] * 3),
        "a page's image, 6 tiles": lambda: [tower.look(pixels) for pixels in page],
    }
    print(f"{'':30} {'kernels':>8} {'waits':>6}")
    for name, run in parts.items():
        asked = counted(run)
        print(f"{name:30} {asked.count:8} {len(asked.waits):6}")


if __name__ == "__main__":
    main()
