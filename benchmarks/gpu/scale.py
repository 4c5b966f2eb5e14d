"""How large everything is: the real network on a GPU, or a tiny one on the processor."""

from __future__ import annotations

from dataclasses import dataclass

KIND = "deepseek-ocr-2"
CONTEXT = 8192


@dataclass(frozen=True, slots=True)
class Scale:
    """The sizes of all stages."""

    name: str
    # ceilings
    copied_bytes: int
    product_side: int
    # attention: of how many slots of which length, filled so far; the cache's own shape
    attention_slots: tuple[int, ...]
    attention_lengths: tuple[int, ...]
    filled: int
    layers: int
    heads: int
    head_size: int
    # steps
    step_shapes: tuple[tuple[int, int], ...]  # slots and their length
    prompts: tuple[int, int]  # the shortest and the longest
    plain_slots: tuple[int, ...]
    compared_experts: tuple[tuple[str, tuple[int, ...]], ...]  # codes, by numbers of slots
    # encoding
    page_counts: tuple[int, ...]
    tile_counts: tuple[int, ...]  # the last one is a usual page's
    prefill_counts: tuple[int, ...]
    # texts
    texts_alone: int
    texts: int
    texts_at_once: int
    text_prompt: int  # tokens, on average
    text_answer: int
    # reading
    pages: int
    page_tokens: int  # on average
    reading_slots: int
    thread_counts: tuple[int, ...]
    drawn: tuple[int, int]  # width and height of a page
    # trace
    traced_pages: int
    traced_rounds: int
    # alone
    pages_alone: int
    tokens_alone: int
    # calls of a timing, at most, and those before
    repeats: int
    warm_up: int


FULL = Scale(
    name="full",
    copied_bytes=2**31,
    product_side=8192,
    attention_slots=(1, 16, 64, 128),
    attention_lengths=(2048, 4096),
    filled=1530,
    layers=12,
    heads=10,
    head_size=128,
    step_shapes=(
        *((slots, 2048) for slots in (1, 2, 16, 64, 128)),
        *((64, length) for length in (4096, 8192)),
    ),
    prompts=(1270, 1790),
    plain_slots=(1, 64),
    compared_experts=(
        ("dense", (1, 2, 4)),
        ("gathered", (1, 2, 4)),
        ("grouped_mm", (1, 4, 16, 64)),
    ),
    page_counts=(1, 2, 4),
    tile_counts=(0, 2, 6),
    prefill_counts=(1, 4),
    texts_alone=10,
    texts=300,
    texts_at_once=100,
    text_prompt=302,
    text_answer=188,
    pages=128,
    page_tokens=800,
    reading_slots=64,
    thread_counts=(4, 12),
    drawn=(1654, 2339),
    traced_pages=128,
    traced_rounds=20,
    pages_alone=2,
    tokens_alone=200,
    repeats=30,
    warm_up=3,
)

TINY = Scale(
    name="tiny",
    copied_bytes=2**24,
    product_side=256,
    attention_slots=(1, 3),
    attention_lengths=(64, 128),
    filled=40,
    layers=3,
    heads=2,
    head_size=32,
    step_shapes=((1, 64), (3, 64)),
    prompts=(20, 40),
    plain_slots=(3,),
    compared_experts=(("dense", (1,)), ("gathered", (1, 2)), ("grouped_mm", (1,))),
    page_counts=(1,),
    tile_counts=(2, 0),
    prefill_counts=(1, 2),
    texts_alone=2,
    texts=5,
    texts_at_once=3,
    text_prompt=12,
    text_answer=6,
    pages=3,
    page_tokens=6,
    reading_slots=2,
    thread_counts=(1, 2),
    drawn=(400, 600),
    traced_pages=8,
    traced_rounds=2,
    pages_alone=2,
    tokens_alone=4,
    repeats=2,
    warm_up=1,
)
