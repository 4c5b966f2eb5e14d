"""A text seen through a window: the same tokens as generate's, in slots that never grow."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from ocrd.engine.deepseek.network.layers import window_of
from ocrd.engine.deepseek.slots import budget
from ocrd.engine.deepseek.slots.budget import plan_of
from ocrd.engine.deepseek.slots.decoding import Rules, SlotPlan
from ocrd.engine.deepseek.slots.slots import Slots
from tests import checkpoints, sequential
from tests.books import (
    ROOMY,
    VOCABULARY,
    Book,
    Saboteur,
    book_of,
    check,
    decoder,
    endless,
    make_page,
    run,
    submit,
)

pytestmark = pytest.mark.usefixtures("one_thread")

KIND = "unlimited-ocr"
WINDOW = checkpoints.WINDOW


@pytest.fixture(name="pages")
def _pages() -> Book:
    """Return pages of which the longest have five windows of text."""
    return endless(KIND)


def test_the_window_counts_for_what_generate_says(pages: Book) -> None:
    page = pages.pages[0]
    config = pages.network.model.language_model.config
    kinds = config.layer_types
    config.layer_types = ["full_attention"] * len(kinds)
    try:
        without = sequential.read(pages.network, page.prompt, page.features, page.rules)
    finally:
        config.layer_types = kinds
    same = sum(a == b for a, b in zip(without, page.expected, strict=True))
    assert without[: WINDOW // 2] == page.expected[: WINDOW // 2]
    assert same < len(page.expected), "what is behind the window would have changed it"


def test_a_slot_is_as_long_as_prompt_and_window_whatever_is_said(
    pages: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Slots, "save", lambda *_: pytest.fail("a page was parked"))
    longest = max(len(page.prompt) for page in pages.pages) + WINDOW
    plan = SlotPlan(budget=2 * longest, max_slots=2, context=32_768, step=1, typical=64)
    made = decoder(pages, plan, lag=1)
    generations = [submit(made, page) for page in pages.pages * 2]
    lengths = set()
    while made.busy:
        made.step()
        lengths.add(made._slots.cache.length)
    check(pages.pages * 2, generations)
    assert max(lengths) == longest
    assert max(len(page.expected) for page in pages.pages) > 5 * WINDOW


def test_a_page_that_was_parked_goes_on_where_its_text_went_round(pages: Book) -> None:
    made = decoder(pages, lag=1)
    language = made._slots.language
    # Beside all ends of the window: before it is full, as it is, after it went round.
    language.run = Saboteur(language.run, {8, 19, 41})  # type: ignore[method-assign]
    generations = [submit(made, page) for page in pages.pages]
    run(made)
    check(pages.pages, generations)


def test_pages_that_move_to_other_slots_stay_what_they_are(pages: Book) -> None:
    long, short = pages.pages[0], pages.pages[1]
    made = decoder(pages, replace(ROOMY, max_slots=4))
    generations = [submit(made, page) for page in (short, short, long, long)]
    run(made)
    check([short, short, long, long], generations)


@pytest.mark.parametrize("limit", [1, 2, WINDOW - 1, WINDOW, WINDOW + 1, 2 * WINDOW + 1])
def test_a_text_that_ends_at_an_edge_of_the_window_is_whole(limit: int, pages: Book) -> None:
    page = make_page(pages.network, 30, Rules(limit), 3)
    made = decoder(pages)
    generation = submit(made, page)
    run(made)
    assert generation.tokens == page.expected
    assert len(page.expected) == limit


def test_where_tokens_stand_and_how_many_are_seen() -> None:
    book = book_of(KIND)
    slots = Slots(
        book.network, SlotPlan(4 * 64, 4, 8192), device=torch.device("cpu"), dtype=torch.float32,
        on_notice=pytest.fail,
    )  # fmt: skip
    slots.cache.lay_out(4, 64, keep=0, used=0)
    step = slots.step
    # The third slot has no page.
    for slot, (used, prompt) in ((0, (11, 10)), (1, (10 + WINDOW, 10)), (3, (11 + WINDOW, 10))):
        step.seat(slot, torch.tensor([5]), torch.tensor([used]), torch.tensor([prompt]))
    fed = step.fed(4, 64)
    assert fed.used.tolist() == [11, 10 + WINDOW, 1, 11 + WINDOW], "by which heads are turned"
    within = (fed.places - torch.arange(4) * 64).tolist()
    assert within == [10, 10 + WINDOW - 1, 0, 10], "the last one takes the oldest one's place"


def test_the_memory_of_a_gpu_goes_to_slots_and_not_to_texts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(budget, "free_bytes", lambda device: 100 << 30)
    network: Any = sequential.network(KIND, vocabulary=VOCABULARY)
    assert window_of(network.model.language_model.config) == WINDOW

    class OnGpu:
        is_cuda, device, dtype = True, torch.device("cuda", 0), torch.bfloat16
        shape = (VOCABULARY, checkpoints.HIDDEN)

    network.lm_head.weight, kept = None, network.lm_head.weight
    del network.lm_head._parameters["weight"]
    network.lm_head.weight = OnGpu()
    plan = plan_of(network, context=32_768, max_slots=8)
    assert (plan.context, plan.budget) == (32_768, 8 * (budget.LONG_PROMPT + WINDOW))
    assert kept is not None
