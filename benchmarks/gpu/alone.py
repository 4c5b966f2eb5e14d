"""Stage 7: pages one at a time with Transformers' generate, over the same weights.

That is how a server reads that calls the model page by page. A page of another length is computed
from two measured ones: what it takes until its first token, and for each further one.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from statistics import mean
from typing import Any

from benchmarks.gpu import noise, timing
from benchmarks.gpu.scale import CONTEXT
from benchmarks.gpu.workplace import Workplace
from ocrd.engine.deepseek.network import vision
from ocrd.engine.deepseek.slots.decoding import Decoder, plan_of


def measure(place: Workplace) -> None:
    """Read pages alone and through the decoder, and note how far their tokens agree."""
    tiles = place.scale.tile_counts[-1]
    most = place.scale.tokens_alone
    pages = [noise.prepared(100 + number, tiles) for number in range(place.scale.pages_alone)]
    prompts = [noise.prompt(100 + number, page.tokens) for number, page in enumerate(pages)]
    _read(place, pages[0], prompts[0], 3)  # warm
    firsts: list[float] = []
    each: list[float] = []
    said: list[list[int]] = []
    for number, (page, prompt) in enumerate(zip(pages, prompts, strict=True)):
        if number and not place.goes_on(1.2 * (firsts[-1] + most * each[-1]), f"page {number + 1}"):
            break
        short, _ = _read(place, page, prompt, 1)
        whole, tokens = _read(place, page, prompt, most)
        firsts.append(short)
        each.append((whole - short) / max(1, len(tokens) - 1))
        said.append(tokens)
        place.row(page=number + 1, tokens=len(tokens), first_token_s=short, whole_s=whole)
    place.note(first_token_s=mean(firsts), token_s=mean(each), tokens_s=1 / mean(each))
    place.note(
        page_s=mean(firsts) + (place.scale.page_tokens - 1) * mean(each),
        page_tokens=place.scale.page_tokens,
    )
    notices: list[str] = []
    ours = _together(place, pages[: len(said)], prompts, most, notices)
    agreed = [agreement(a, b) for a, b in zip(said, ours, strict=True)]
    place.note(tokens_agreed=agreed, of_tokens=[len(tokens) for tokens in said])
    if notices:
        place.note(notices="; ".join(notices))


def _read(
    place: Workplace, page: Any, prompt: Sequence[int], tokens: int
) -> tuple[float, list[int]]:
    """Return the seconds of a page, its image encoded too, and its tokens."""
    from tests import sequential

    timing.settle(place.device)
    started = time.perf_counter()
    features = vision.encode(place.model, [page])[0]
    said = sequential.read(place.network, prompt, features, noise.rules(tokens))
    timing.settle(place.device)
    return time.perf_counter() - started, said


def _together(
    place: Workplace,
    pages: Sequence[Any],
    prompts: Sequence[Sequence[int]],
    tokens: int,
    notices: list[str],
) -> list[list[int]]:
    """Return what the engine's decoder says to the same pages."""
    plan = plan_of(place.network, context=CONTEXT, max_slots=len(pages))
    decoder = Decoder(
        place.network, lambda some: vision.encode(place.model, some), plan, on_notice=notices.append
    )
    generations = [
        decoder.submit(page, prompt, noise.rules(tokens))
        for page, prompt in zip(pages, prompts, strict=False)
    ]
    while decoder.busy and place.left() > 0:
        decoder.step()
    decoder.close()
    for generation in generations:
        if generation.error is not None:
            raise generation.error
    return [generation.tokens for generation in generations]


def agreement(one: Sequence[int], other: Sequence[int]) -> int:
    """Return how many tokens two texts have in common before they part."""
    for number, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return number
    return min(len(one), len(other))
