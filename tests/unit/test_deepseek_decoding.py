"""Continuous batching gives, token for token, what Transformers' generate gives page by page.

The networks are tiny and random, in float32; prompts have the true numbers of image tokens, and
features are random except where a page goes all the way from its pixels.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from PIL import Image, ImageDraw

from ocrd.engine.deepseek import checkpoint, preprocessing, prompts, vision
from ocrd.engine.deepseek.decoding import (
    Decoder,
    DecoderThread,
    Generation,
    Rules,
    SlotPlan,
    plan_of,
)
from ocrd.engine.deepseek.prompts import BOS, EOS
from ocrd.engine.deepseek.slots import Slots
from tests import checkpoints, sequential

VOCABULARY = 2000  # the true one is 129,280, which is most of the work of so small a network
KINDS = tuple(checkpoints.CLASSES)
IMAGE_TOKENS = {
    # tiny, small, base, large, gundam with 1x2, 2x2, 2x3 tiles
    "deepseek-ocr": (73, 111, 273, 421, 493, 693, 903),
    "deepseek-ocr-2": tuple(257 + 144 * tiles for tiles in range(7)),
}
# A dozen tokens that are said again and again, and an end that comes within sixty tokens on some.
FAVOURED = {**dict.fromkeys(range(10, 22), 5.0), EOS: 3.0}
ROOMY = SlotPlan(budget=16 * 1280, max_slots=8, context=8192, step=64, typical=1280)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@dataclass(frozen=True)
class Page:
    features: torch.Tensor
    prompt: list[int]
    rules: Rules
    expected: list[int]  # what generate says


@dataclass
class Book:
    kind: str
    network: Any
    pages: list[Page]


def make_page(network: Any, image_tokens: int, rules: Rules, seed: int) -> Page:
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn((image_tokens, checkpoints.HIDDEN), generator=generator)
    text = torch.randint(3, 1000, (5 + seed % 7,), generator=generator).tolist()
    prompt = [BOS, *[sequential.image_of(network)] * image_tokens, *text]
    expected = sequential.read(network, prompt, features, rules)
    return Page(features, prompt, rules, expected)


RULES = (
    Rules(60, ngram=20, window=90, exempt=prompts.REPEATABLE),
    Rules(45, ngram=2, window=200, exempt=tuple(range(0, VOCABULARY, 2))),
    Rules(60, ngram=2, window=24),  # stricter, as a second reading has it
    Rules(50, ngram=3, window=60),
    Rules(9),
)


@cache
def book_of(kind: str) -> Book:
    """Return pages of all image sizes, some ended by themselves, some by their limit."""
    network = sequential.network(kind, FAVOURED, vocabulary=VOCABULARY)
    sizes = IMAGE_TOKENS[kind]
    pages = [
        make_page(network, sizes[number % len(sizes)], RULES[number % len(RULES)], number)
        for number in range(14)
    ]
    limited = sum(len(page.expected) == page.rules.max_new_tokens for page in pages)
    assert 3 <= limited <= 11
    free = [sequential.read(network, page.prompt, page.features, Rules(60)) for page in pages[:9]]
    changed = [
        page.expected != said[: len(page.expected)]
        for page, said in zip(pages[:9], free, strict=True)
    ]
    assert sum(changed) >= 3  # the rules against repetition do change what is said
    return Book(kind, network, pages)


@cache
def endless(kind: str) -> Book:
    """Return pages that only end at their limits: of 9 tokens and of 40 to 90."""
    network = sequential.network(kind, {**FAVOURED, EOS: 0.0}, vocabulary=VOCABULARY)
    limits = (90, 9, 40, 9, 70, 9)
    pages = [
        make_page(network, 20 + 10 * number, Rules(limit, ngram=2, window=90), number)
        for number, limit in enumerate(limits)
    ]
    return Book(kind, network, pages)


@pytest.fixture(params=KINDS)
def each_book(request: pytest.FixtureRequest) -> Book:
    return book_of(request.param)


@pytest.fixture
def book() -> Book:
    return book_of("deepseek-ocr-2")


@dataclass
class Eye:
    """An encoder that hands over features, and notes how many pages came together."""

    batches: list[int] = field(default_factory=list)
    before: Callable[[], None] = lambda: None

    def __call__(self, pages: list[Any]) -> Sequence[torch.Tensor]:
        self.before()
        self.batches.append(len(pages))
        return pages


def decoder(book: Book, plan: SlotPlan = ROOMY, **options: Any) -> Decoder:
    options.setdefault("on_notice", lambda _: None)
    encode = options.pop("encode", Eye())
    return Decoder(book.network, encode, plan, image=VOCABULARY - 1, **options)


def submit(made: Decoder, page: Page, rank: Any = 0, **options: Any) -> Generation:
    rules = options.pop("rules", page.rules)
    return made.submit(page.features, page.prompt, rules, rank, **options)


def run(made: Decoder) -> None:
    for _ in range(20_000):
        if not made.busy:
            return
        made.step()
    raise AssertionError("the decoder never ends")


def check(pages: Sequence[Page], generations: Sequence[Generation]) -> None:
    for page, generation in zip(pages, generations, strict=True):
        assert generation.error is None
        assert generation.tokens == page.expected
        full = len(page.expected) == page.rules.max_new_tokens
        assert generation.finished == ("length" if full else "eos")


class Saboteur:
    """Makes calls fail, by their number; for want of memory if nothing else is said."""

    def __init__(
        self, function: Callable[..., Any], failing: set[int], error: Exception | None = None
    ) -> None:
        self._function = function
        self._failing = failing
        self._error = error or torch.OutOfMemoryError("injected")
        self.calls = 0

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        self.calls += 1
        if self.calls in self._failing:
            raise self._error
        return self._function(*arguments, **options)


# The gate


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
    made = decoder(each_book, plan, lag=chance.randint(0, 2), ahead=chance.randint(1, 4))
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
    for page, generation in zip(pages, generations, strict=True):
        if isinstance(generation.error, MemoryError):
            # A budget for one page only leaves that page alone with its failure.
            assert failing
        elif generation.finished == "cancelled":
            assert generation.tokens == page.expected[: len(generation.tokens)]
        else:
            check([page], [generation])


@pytest.mark.parametrize("kind", KINDS)
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


@pytest.mark.parametrize("kind", KINDS)
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
        if len(made._waiting) < 3:
            others.append(submit(made, short))  # of better rank, always
        made.step()
        was_parked = was_parked or bool(made._parked)
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
    inputs: dict[str, Any] = {"pixel_values": torch.from_numpy(page.views)}
    if len(page.tiles):
        inputs["pixel_values_local"] = torch.from_numpy(page.tiles)
        inputs["num_local_patches"] = [len(page.tiles)]
        if model.kind == "deepseek-ocr":
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


def test_attention_without_fused_kernels_gives_the_same_pages(each_book: Book) -> None:
    config = each_book.network.model.language_model.config
    before = config._attn_implementation
    config._attn_implementation = "eager"
    try:
        made = decoder(each_book, replace(ROOMY, max_slots=4))
        generations = [submit(made, page) for page in each_book.pages[:6]]
        run(made)
    finally:
        config._attn_implementation = before
    check(each_book.pages[:6], generations)


def test_an_attention_that_takes_no_mask_of_ones_own_is_used_for_prompts_only(book: Book) -> None:
    from transformers import AttentionInterface
    from transformers.integrations.sdpa_attention import sdpa_attention_forward
    from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS, sdpa_mask

    queries = []

    def noted(module: Any, query: torch.Tensor, *arguments: Any, **options: Any) -> Any:
        queries.append(query.shape[2])
        return sdpa_attention_forward(module, query, *arguments, **options)

    AttentionInterface.register("noted", noted)
    ALL_MASK_ATTENTION_FUNCTIONS.register("noted", sdpa_mask)
    config = book.network.model.language_model.config
    before = config._attn_implementation
    config._attn_implementation = "noted"
    try:
        made = decoder(book)
        generations = [submit(made, page) for page in book.pages[:3]]
        run(made)
        assert config._attn_implementation == "noted"
    finally:
        config._attn_implementation = before
    check(book.pages[:3], generations)
    assert queries and min(queries) > 1


@pytest.mark.parametrize("expert_code", ["dense_bmm", "grouped_mm", "batched_mm", "eager"])
def test_every_code_for_the_experts_gives_the_same_pages(each_book: Book, expert_code: str) -> None:
    made = decoder(each_book, expert_code=expert_code)
    generations = [submit(made, page) for page in each_book.pages[:5]]
    run(made)
    check(each_book.pages[:5], generations)


# How pages end


def test_the_context_holds_image_prompt_and_text_together(book: Book) -> None:
    room = 12
    page = next(page for page in book.pages if len(page.expected) > room)
    made = decoder(book, replace(ROOMY, context=len(page.prompt) + room))
    generation = submit(made, page)
    run(made)
    assert generation.finished == "context"
    assert generation.tokens == page.expected[:room]


def test_a_prompt_that_fills_the_context_gives_nothing(book: Book) -> None:
    page = book.pages[0]
    made = decoder(book, replace(ROOMY, context=len(page.prompt)))
    taken: list[bool] = []
    generation = submit(made, page, on_taken=lambda: taken.append(True))
    run(made)
    assert (generation.finished, generation.tokens, taken) == ("context", [], [True])


@pytest.mark.parametrize("lag", [0, 1])
@pytest.mark.parametrize("most", [0, 1, 2, 5])
def test_a_page_has_no_more_tokens_than_it_may(book: Book, most: int, lag: int) -> None:
    pages = [page for page in book.pages if len(page.expected) >= 5]
    made = decoder(book, lag=lag)
    generations = [
        submit(made, page, rules=replace(page.rules, max_new_tokens=most)) for page in pages
    ]
    run(made)
    assert [generation.tokens for generation in generations] == [
        page.expected[:most] for page in pages
    ]
    assert {generation.finished for generation in generations} == {"length"}
    rounds = max(0, most - 1)  # the first token comes with the prompt
    assert made.rounds <= rounds + len(pages)


def test_a_page_that_ends_by_itself_at_its_limit_ended_by_itself(book: Book) -> None:
    ended = next(page for page in book.pages if len(page.expected) < page.rules.max_new_tokens)
    made = decoder(book)
    generation = submit(
        made, ended, rules=replace(ended.rules, max_new_tokens=len(ended.expected) + 1)
    )
    run(made)
    assert generation.finished == "eos"
    assert generation.tokens == ended.expected


@pytest.mark.parametrize("lag", [0, 1])
def test_cancelling_one_page_leaves_the_others_untouched(book: Book, lag: int) -> None:
    made = decoder(book, replace(ROOMY, max_slots=4), lag=lag)
    generations = [submit(made, page) for page in book.pages]
    generations[13].cancel()  # while it waits
    for number in (0, 2):
        for _ in range(5):
            made.step()
        generations[number].cancel()  # while it runs
        made.step()
        assert generations[number].finished == "cancelled"
    run(made)
    for number in (0, 2, 13):
        said = generations[number].tokens
        assert generations[number].finished == "cancelled"
        assert said == book.pages[number].expected[: len(said)]
    others = [number for number in range(14) if number not in (0, 2, 13)]
    check([book.pages[n] for n in others], [generations[n] for n in others])


def test_a_page_whose_image_does_not_fit_its_prompt_fails_alone(book: Book) -> None:
    made = decoder(book)
    good, page = submit(made, book.pages[0]), book.pages[1]
    bad = made.submit(page.features[:-1], page.prompt, page.rules)
    run(made)
    check([book.pages[0]], [good])
    assert isinstance(bad.error, ValueError)
    assert bad.finished == "failed"


def test_a_page_that_the_encoder_refuses_fails_alone(book: Book) -> None:
    refused = book.pages[2].features

    def encode(pages: list[Any]) -> list[Any]:
        if any(page is refused for page in pages):
            raise ValueError("no such tiles")
        return pages

    made = decoder(book, encode=encode)
    generations = [submit(made, page) for page in book.pages]
    run(made)
    with pytest.raises(ValueError, match="no such tiles"):
        list(generations[2].follow())
    others = [number for number in range(len(book.pages)) if number != 2]
    check([book.pages[n] for n in others], [generations[n] for n in others])


# Who comes when


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
        most = max(most, sum(page.features is not None for page in made._waiting.pages))
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
    prefill, decode = Slots.prefill, Slots.decode

    def noted_prefill(self: Slots, slot: int, embeddings: torch.Tensor, rules: Rules) -> Any:
        fed[-1].append(embeddings.shape[0])
        return prefill(self, slot, embeddings, rules)

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
    assert max(map(len, fed)) > 1


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


# Temperature


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


# Memory


@pytest.mark.parametrize("lag", [0, 1])
@pytest.mark.parametrize("part", ["layers", "head"])
def test_out_of_memory_while_decoding_halves_the_slots_and_changes_no_page(
    book: Book, part: str, lag: int
) -> None:
    notices: list[str] = []
    made = decoder(book, lag=lag, on_notice=notices.append)
    module = book.network.model.language_model if part == "layers" else book.network.lm_head
    module.forward = Saboteur(module.forward, {25, 40})
    try:
        generations = [submit(made, page) for page in book.pages]
        run(made)
    finally:
        del module.forward
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
    made._encode = Saboteur(made._encode, {2})
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

    def choke(slot: int, embeddings: torch.Tensor, rules: Rules) -> torch.Tensor:
        if embeddings.shape[0] == len(longest.prompt):
            raise torch.OutOfMemoryError("injected")
        return prefill(slot, embeddings, rules)

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


# The thread


@pytest.fixture
def thread(book: Book) -> Iterator[DecoderThread]:
    made = started(book, Eye())
    yield made
    made.close()


def started(book: Book, encode: Eye, **options: Any) -> DecoderThread:
    model = SimpleNamespace(network=book.network)
    return DecoderThread(model, encode, plan=ROOMY, image=VOCABULARY - 1, **options)


def test_pages_are_followed_from_other_threads_token_by_token(
    book: Book, thread: DecoderThread
) -> None:
    heard: dict[int, list[list[int]]] = {}

    def read(number: int) -> None:
        page = book.pages[number]
        generation = thread.submit(page.features, page.prompt, page.rules, (number,))
        heard[number] = list(generation.follow())

    readers = [threading.Thread(target=read, args=(number,)) for number in range(14)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(60)
    for number, page in enumerate(book.pages):
        assert [token for some in heard[number] for token in some] == page.expected
    assert any(len(pieces) > 1 for pieces in heard.values())


def test_a_page_cancelled_from_another_thread_ends(book: Book, thread: DecoderThread) -> None:
    page = book.pages[0]
    generation = thread.submit(page.features, page.prompt, Rules(7000))
    follower = generation.follow()
    said = next(follower)
    generation.cancel()
    said += [token for some in follower for token in some]
    assert generation.finished == "cancelled"
    assert said == generation.tokens


def test_closing_cancels_what_is_open_and_takes_nothing_more(book: Book) -> None:
    made = started(book, Eye())
    page = book.pages[0]
    generations = [made.submit(page.features, page.prompt, Rules(7000)) for _ in range(9)]
    next(generations[0].follow())
    made.close()
    assert {generation.finished for generation in generations} == {"cancelled"}
    with pytest.raises(RuntimeError, match="closed"):
        made.submit(page.features, page.prompt, Rules(5))


def test_a_crash_ends_all_pages_with_its_cause(book: Book) -> None:
    crash = threading.Event()

    def break_down() -> None:
        crash.wait(30)
        raise ZeroDivisionError("of the encoder")

    made = started(book, Eye(before=break_down))
    page = book.pages[0]
    generations = [made.submit(page.features, page.prompt, page.rules) for _ in range(3)]
    crash.set()
    for generation in generations:
        with pytest.raises(ZeroDivisionError):
            list(generation.follow())
        assert generation.finished == "failed"
    with pytest.raises(RuntimeError, match="of the encoder"):
        made.submit(page.features, page.prompt, page.rules)
    made.close()


def test_without_pages_the_thread_takes_no_processor_time(
    book: Book, thread: DecoderThread
) -> None:
    page = book.pages[0]
    generation = thread.submit(page.features, page.prompt, page.rules)
    list(generation.follow())
    assert thread._thread.ident is not None
    clock = time.pthread_getcpuclockid(thread._thread.ident)
    limit = time.monotonic() + 10
    while thread._decoder.busy and time.monotonic() < limit:
        threading.Event().wait(0.01)
    before = time.clock_gettime(clock)
    threading.Event().wait(0.3)  # the length of the measurement
    assert time.clock_gettime(clock) - before < 0.03
