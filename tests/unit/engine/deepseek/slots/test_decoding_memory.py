"""Lack of memory while pages are decoded costs slots, and changes no page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch

from ocrd.engine.deepseek.slots.decoding import plan_of
from ocrd.engine.deepseek.slots.sight import AtOnce
from ocrd.engine.deepseek.slots.slots import Prompt, Round
from tests import sequential
from tests.books import (
    KINDS,
    ROOMY,
    Book,
    Saboteur,
    check,
    decoder,
    run,
    submit,
)

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("lag", [0, 1])
@pytest.mark.parametrize("part", ["run", "scores"])  # of the layers, of the head
def test_out_of_memory_while_decoding_halves_the_slots_and_changes_no_page(
    book: Book, part: str, lag: int
) -> None:
    notices: list[str] = []
    made = decoder(book, lag=lag, on_notice=notices.append)
    language = made._slots.language
    setattr(language, part, Saboteur(getattr(language, part), {15, 30}))
    generations = [submit(made, page) for page in book.pages]
    run(made)
    check(book.pages, generations)
    assert notices == [
        "Out of memory with 8 slots; going on with 4.",
        "Out of memory with 4 slots; going on with 2.",
    ]
    assert made.slots == 2


def test_another_error_is_not_taken_for_a_lack_of_memory(book: Book) -> None:
    made = decoder(book)
    slots = made._slots
    error = RuntimeError("CUDA error: device-side assert triggered")
    slots.decode = Saboteur(slots.decode, {4}, error)  # type: ignore[method-assign]
    submit(made, book.pages[0])
    with pytest.raises(RuntimeError, match="assert"):
        run(made)


def test_out_of_memory_while_encoding_or_feeding_or_allocating_changes_no_page(book: Book) -> None:
    notices: list[str] = []
    made = decoder(book, on_notice=notices.append)
    sight = made._images._sight
    assert isinstance(sight, AtOnce)
    sight._encode = Saboteur(sight._encode, {2})
    slots = made._slots
    slots.prefill = Saboteur(slots.prefill, {3})  # type: ignore[method-assign]
    slots.cache.reserve = Saboteur(slots.cache.reserve, {1})  # type: ignore[method-assign]
    generations = [submit(made, page) for page in book.pages]
    run(made)
    check(book.pages, generations)
    assert len(notices) == 3


def test_a_page_that_finds_no_memory_even_alone_fails_and_the_others_do_not(book: Book) -> None:
    longest = max(book.pages, key=lambda page: len(page.prompt))
    made = decoder(book)
    slots = made._slots
    prefill = slots.prefill

    def choke(first: int, prompts: Sequence[Prompt]) -> Round:
        if any(len(prompt.ids) == len(longest.prompt) for prompt in prompts):
            raise torch.OutOfMemoryError("injected")
        return prefill(first, prompts)

    slots.prefill = choke  # type: ignore[method-assign]
    generations = [submit(made, page) for page in book.pages]
    run(made)
    for page, generation in zip(book.pages, generations, strict=True):
        if len(page.prompt) == len(longest.prompt):
            assert isinstance(generation.error, MemoryError)
        else:
            check([page], [generation])


def test_when_no_page_finds_memory_that_is_nobodys_own_fault(book: Book) -> None:
    made = decoder(book, replace(ROOMY, max_slots=1))
    made._slots.prefill = Saboteur(made._slots.prefill, set(range(99)))  # type: ignore[method-assign]
    for page in book.pages:
        submit(made, page)
    with pytest.raises(MemoryError):
        run(made)


@pytest.mark.parametrize("kind", KINDS)
def test_the_plan_of_a_network_on_the_processor_keeps_to_usual_pages(kind: str) -> None:
    plan = plan_of(sequential.network(kind), context=8192, max_slots=4)
    assert plan.slots_at(plan.first_length) == 4
    assert plan.budget <= 4 * 2048
    assert not plan.few_shapes
