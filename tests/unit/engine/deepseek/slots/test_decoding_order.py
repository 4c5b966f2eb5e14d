"""Who comes when: by rank, in company, with few rounds lost, and at nobody's cost."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from ocrd.engine.deepseek.slots.decoding import Decoder, Rules
from ocrd.engine.deepseek.slots.slots import Prompt, Slots
from ocrd.engine.deepseek.text.prompts import BOS
from tests.books import ROOMY, Book, Eye, check, decoder, endless, run, submit

pytestmark = pytest.mark.usefixtures("one_thread")


def test_pages_enter_by_rank_then_longest_first_then_as_they_came(book: Book) -> None:
    made = decoder(book, replace(ROOMY, max_slots=1), ahead=1)
    entered: list[int] = []
    wishes = [((2,), 0), ((1,), 0), ((1,), 50), ((1,), 0), ((0, 9), 0)]
    for number, (rank, expected) in enumerate(wishes):
        submit(
            made, book.pages[number], rank, expected=expected,
            on_taken=lambda number=number: entered.append(number),
        )  # fmt: skip
    run(made)
    assert entered == [4, 2, 1, 3, 0]


def test_images_are_encoded_together_but_only_a_few_ahead(book: Book) -> None:
    eye = Eye()
    made = decoder(book, replace(ROOMY, max_slots=2), ahead=4, encode=eye)
    generations = [submit(made, page) for page in book.pages]
    most = 0
    while made.busy:
        made.step()
        most = max(most, sum(page.features is not None for page in made._pages.waiting.pages))
    check(book.pages, generations)
    assert eye.batches == [4, 4, 4, 2]
    assert most <= 3


def test_each_prepared_image_is_let_go_once_whatever_becomes_of_the_page(book: Book) -> None:
    counts = [0] * len(book.pages)
    made = decoder(book, replace(ROOMY, max_slots=2))

    def counted(number: int) -> Callable[[], None]:
        def count() -> None:
            counts[number] += 1

        return count

    generations = [
        submit(made, page, on_taken=counted(number)) for number, page in enumerate(book.pages)
    ]
    for _ in range(6):
        made.step()
    for generation in generations[::3]:
        generation.cancel()
    for _ in range(30):
        made.step()
    made.fail(RuntimeError("the end"))
    assert counts == [1] * len(book.pages)
    assert all(generation.finished for generation in generations)


def test_running_pages_wait_for_no_more_than_the_allowed_prompt_tokens(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    fed: list[list[int]] = [[]]
    calls: list[int] = []
    prefill, decode = Slots.prefill, Slots.decode

    def noted_prefill(self: Slots, first: int, prompts: Sequence[Prompt]) -> Any:
        fed[-1] += [len(prompt.ids) for prompt in prompts]
        calls.append(len(prompts))
        return prefill(self, first, prompts)

    def noted_decode(self: Slots, *arguments: Any) -> Any:
        fed.append([])
        return decode(self, *arguments)

    monkeypatch.setattr(Slots, "prefill", noted_prefill)
    monkeypatch.setattr(Slots, "decode", noted_decode)
    made = decoder(book, prefill_tokens=1500)
    generations = [submit(made, page) for page in book.pages]
    run(made)
    check(book.pages, generations)
    assert all(sum(tokens) <= 1500 for tokens in fed)
    # What is fed between two rounds is fed together.
    assert max(map(len, fed)) == max(calls) > 1
    assert len(calls) == sum(map(bool, fed))


def test_slots_are_refilled_so_that_few_rounds_are_lost() -> None:
    network = endless("deepseek-ocr-2").network
    chance = random.Random(1)
    lengths = [min(600, round(120 * chance.lognormvariate(0, 1))) for _ in range(64)]
    made = Decoder(network, Eye(), replace(ROOMY, max_slots=16, budget=16 * 640, typical=640))
    generations = [
        # What can be known of a page's length beforehand is right within a third or so.
        made.submit(None, [BOS, 5, 6], Rules(length), expected=round(length * guess))
        for length in lengths
        for guess in [chance.uniform(0.67, 1.5)]
    ]
    run(made)
    assert [len(generation.tokens) for generation in generations] == lengths
    ideal = max(-(-sum(lengths) // 16), *lengths)
    assert made.rounds <= 1.15 * ideal
