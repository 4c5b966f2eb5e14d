"""Pages with what Transformers' generate says of them, and decoders to read the same pages.

The networks are tiny and random, in float32; prompts have the true numbers of image tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import torch

from ocrd.engine.deepseek.slots.decoding import Decoder, Generation, Rules, SlotPlan
from ocrd.engine.deepseek.text import prompts
from ocrd.engine.deepseek.text.prompts import BOS, EOS
from tests import checkpoints, sequential

VOCABULARY = 2000  # the true one is 129,280, which is most of the work of so small a network
KINDS = tuple(checkpoints.ALL_CLASSES)
GROWING = tuple(checkpoints.CLASSES)  # those whose pages need room for all of their text
IMAGE_TOKENS = {
    # tiny, small, base, large, gundam with 1x2, 2x2, 2x3 tiles
    "deepseek-ocr": (73, 111, 273, 421, 493, 693, 903),
    "deepseek-ocr-2": tuple(257 + 144 * tiles for tiles in range(7)),
    # base, gundam with 1x2, 2x3 tiles
    "unlimited-ocr": (273, 493, 903),
}
# A dozen tokens that are said again and again, and an end that comes within sixty tokens on some.
FAVOURED = {**dict.fromkeys(range(10, 22), 5.0), EOS: 3.0}
ROOMY = SlotPlan(budget=16 * 1280, max_slots=8, context=8192, step=64, typical=1280)


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
