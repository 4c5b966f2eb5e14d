"""Continuous batching gives, token for token, what Transformers' generate gives page by page.

The networks are tiny and random, in float32; prompts have the true numbers of image tokens, and
features are random except where a page goes all the way from its pixels.
"""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image, ImageDraw

from ocrd.engine.deepseek.network import checkpoint, preprocessing, vision
from ocrd.engine.deepseek.slots.decoding import Decoder, Rules, SlotPlan
from ocrd.engine.deepseek.slots.slots import Slots
from ocrd.engine.deepseek.text import prompts
from ocrd.engine.deepseek.text.prompts import EOS
from tests import checkpoints, sequential
from tests.books import (
    GROWING,
    KINDS,
    ROOMY,
    Book,
    Saboteur,
    check,
    decoder,
    endless,
    run,
    submit,
)

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("lag", [0, 1])
@pytest.mark.parametrize("slots", [1, 2, 4, 8])
def test_every_page_equals_generate_in_any_order(each_book: Book, slots: int, lag: int) -> None:
    order = random.Random(slots * 2 + lag)
    pages = order.sample(each_book.pages, len(each_book.pages))
    made = decoder(each_book, replace(ROOMY, max_slots=slots), lag=lag)
    generations = []
    for page in pages:  # they arrive while others are on their way
        generations.append(submit(made, page, order.randrange(3), expected=order.randrange(9)))
        for _ in range(order.randrange(12)):
            made.step()
    run(made)
    check(pages, generations)


@pytest.mark.parametrize("seed", range(8))
def test_whatever_happens_beside_it_a_page_equals_generate(each_book: Book, seed: int) -> None:
    """Small budgets, cancellations, failing memory and new pages, in any order."""
    chance = random.Random(seed)
    plan = SlotPlan(
        budget=chance.randint(300, 5000),
        max_slots=chance.randint(1, 6),
        context=8192,
        step=chance.choice([8, 32, 64]),
        typical=chance.choice([32, 128, 1024]),
        few_shapes=chance.random() < 0.5,
    )
    made = decoder(
        each_book,
        plan,
        lag=chance.randint(0, 2),
        ahead=chance.randint(1, 4),
        aside=chance.random() < 0.5,
    )
    slots = made._slots
    # Each failure halves the slots; with one left, it would be some page's own.
    failing = {chance.randint(2, 60) for _ in range((plan.max_slots - 1).bit_length() - 1)}
    slots.decode = Saboteur(slots.decode, failing)  # type: ignore[method-assign]
    pages = chance.sample(each_book.pages, 8)
    generations = []
    for page in pages:
        generations.append(submit(made, page, chance.randrange(2)))
        for _ in range(chance.choice([0, 1, 10])):
            made.step()
        if chance.random() < 0.3:
            chance.choice(generations).cancel()
    run(made)
    made.close()
    for page, generation in zip(pages, generations, strict=True):
        if isinstance(generation.error, MemoryError):
            # A budget for one page only leaves that page alone with its failure.
            assert failing
        elif generation.finished == "cancelled":
            assert generation.tokens == page.expected[: len(generation.tokens)]
        else:
            check([page], [generation])


@pytest.mark.parametrize("kind", GROWING)
def test_slots_grow_and_pages_are_parked_when_the_budget_is_short(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = endless(kind)
    parked, lengths = [], set()
    save = Slots.save

    def noted(self: Slots, slot: int, length: int) -> Any:
        parked.append(length)
        return save(self, slot, length)

    monkeypatch.setattr(Slots, "save", noted)
    pages = book.pages * 2
    plan = SlotPlan(budget=4 * 96, max_slots=4, context=8192, step=16, typical=96)
    made = decoder(book, plan, lag=1)
    generations = [submit(made, page) for page in pages]
    while made.busy:
        made.step()
        lengths.add(made._slots.cache.length)
        assert made._slots.cache.slots * made._slots.cache.length <= plan.budget
    check(pages, generations)
    assert len(parked) >= 2
    assert {96, 112, 128} <= lengths


@pytest.mark.parametrize("kind", GROWING)
def test_a_parked_page_comes_back_though_new_ones_keep_coming(kind: str) -> None:
    book = endless(kind)
    plan = SlotPlan(budget=4 * 96, max_slots=4, context=8192, step=16, typical=96)
    long, short = book.pages[0], book.pages[1]
    made = decoder(book, plan)
    first = submit(made, long, rank=5)
    made.step()
    others = [submit(made, short) for _ in range(4)]
    was_parked = False
    for _ in range(400):
        if first.finished:
            break
        if len(made._pages.waiting) < 3:
            others.append(submit(made, short))  # of better rank, always
        made.step()
        was_parked = was_parked or bool(made._pages.parked)
    assert first.finished and was_parked
    run(made)
    check([long], [first])
    check([short] * len(others), others)


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_from_its_pixels_equals_generate_with_pixels(kind: str, tmp_path: Path) -> None:
    folder = checkpoints.make(tmp_path, kind, favour={EOS: 1.7})
    model = checkpoint.load(kind, str(folder), device="cpu", dtype="float32")
    rule = prompts.repeat_rule(kind)
    rules = Rules(24, rule.ngram, rule.window, exempt=prompts.REPEATABLE)
    spec = preprocessing.view_spec(kind)
    made = Decoder(model.network, lambda pages: vision.encode(model, pages), ROOMY)
    generations, expected = [], []
    for size in ((500, 400), (700, 1500)):
        page = preprocessing.prepare(drawn(size), spec)
        ids = prompts.prompt_ids(
            lambda text: list(model.tokenizer.encode(text, add_special_tokens=False).ids),
            "<image>\nFree OCR.",
            page.tokens,
        )
        generations.append(made.submit(page, ids, rules))
        expected.append(generate_from_pixels(model, page, ids, rules))
    run(made)
    assert [generation.tokens for generation in generations] == expected
    assert expected[0] != expected[1]


def drawn(size: tuple[int, int]) -> Image.Image:
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for line in range(20, size[1], 40):
        draw.text((20, line), f"line {line} of the page", fill="black")
    return image


def generate_from_pixels(model: Any, page: Any, ids: list[int], rules: Rules) -> list[int]:
    inputs: dict[str, Any] = {"pixel_values": torch.from_numpy(preprocessing.VALUES[page.views])}
    if len(page.tiles):
        inputs["pixel_values_local"] = torch.from_numpy(preprocessing.VALUES[page.tiles])
        inputs["num_local_patches"] = [len(page.tiles)]
        if model.kind != "deepseek-ocr-2":
            inputs["patches_grid"] = [list(page.grid)]
    mask = torch.ones((1, len(ids)), dtype=torch.long)
    return sequential.generate(
        model.network,
        rules,
        prompt=len(ids),
        input_ids=torch.tensor([ids]),
        attention_mask=mask,
        **inputs,
    )


@pytest.mark.parametrize("expert_code", ["dense", "gathered", "grouped_mm"])
def test_every_code_for_the_experts_gives_the_same_pages(each_book: Book, expert_code: str) -> None:
    made = decoder(each_book, expert_code=expert_code)
    generations = [submit(made, page) for page in each_book.pages[:5]]
    run(made)
    check(each_book.pages[:5], generations)


def test_a_page_draws_the_same_tokens_whatever_runs_beside_it(book: Book) -> None:
    page = book.pages[0]
    hot = replace(page.rules, temperature=0.7, seed=11)
    alone = decoder(book, replace(ROOMY, max_slots=1))
    first = submit(alone, page, rules=hot)
    run(alone)
    crowded = decoder(book, replace(ROOMY, max_slots=4), lag=1)
    slots = crowded._slots
    slots.decode = Saboteur(slots.decode, {4})  # type: ignore[method-assign]
    generations = [submit(crowded, other) for other in book.pages[1:6]]
    again = submit(crowded, page, rules=hot)
    other_seed = submit(crowded, page, rules=replace(hot, seed=12))
    run(crowded)
    assert again.tokens == first.tokens != page.expected
    assert other_seed.tokens != first.tokens
    check(book.pages[1:6], generations)
