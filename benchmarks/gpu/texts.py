"""Stage 4: texts without images, as servers of language models are measured.

Prompts of 302 tokens and answers of 188 on average, each from half to one and a half of it: the
shape that published figures of this network have. First one text at a time, then many at once.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from statistics import mean
from typing import Any

from benchmarks.gpu import noise, timing
from benchmarks.gpu.scale import CONTEXT
from benchmarks.gpu.workplace import Workplace
from ocrd.engine.deepseek.slots.decoding import Decoder, Generation, Rules, plan_of


@dataclass(frozen=True, slots=True)
class Text:
    """A prompt and how long its answer is."""

    prompt: list[int]
    rules: Rules


@dataclass(slots=True)
class Course:
    """How texts were decoded, as the host saw it."""

    seconds: float = 0.0
    tokens: int = 0
    rounds: int = 0
    done: int = 0
    gaps: list[tuple[float, int]] = field(default_factory=list)  # between tokens, for how many
    paces: list[float] = field(default_factory=list)  # seconds a token after the first, by text


def measure(place: Workplace) -> None:
    """Decode texts alone, then at once, and report a row for each."""
    scale = place.scale
    shape = (scale.text_prompt, scale.text_answer)
    _report(place, "one at a time", texts_of(scale.texts_alone, *shape), at_once=1)
    if place.goes_on(5.0 if place.on_gpu else 0.5, "at once"):
        _report(place, "at once", texts_of(scale.texts, *shape), at_once=scale.texts_at_once)


def texts_of(count: int, prompt: int, answer: int) -> list[Text]:
    """Return texts, each of its own seed and lengths."""
    chance = random.Random(count)
    return [
        Text(
            noise.words(5000 + number, round(prompt * chance.uniform(0.5, 1.5))),
            noise.rules(max(2, round(answer * chance.uniform(0.5, 1.5)))),
        )
        for number in range(count)
    ]


def _report(place: Workplace, name: str, texts: Sequence[Text], *, at_once: int) -> None:
    notices: list[str] = []
    plan = plan_of(place.network, context=CONTEXT, max_slots=at_once)
    decoder = Decoder(place.network, _no_images, plan, on_notice=notices.append)
    # The first ones have the engine record its steps, in every size on the way to none.
    first = decode(place, decoder, texts[:at_once], at_once)
    course = decode(place, decoder, texts, at_once)
    if course.done < len(texts):
        place.shorten(f"{name}: {course.done} of {len(texts)} texts")
    cells: dict[str, Any] = {
        "texts": name,
        "done": course.done,
        "slots": decoder.slots,
        "tokens_s": course.tokens / course.seconds,
        "tpot_ms": 1000 * mean(course.paces) if course.paces else None,
        "itl_median_ms": 1000 * weighted_median(course.gaps),
        "mean_running": (course.tokens - course.done) / max(1, course.rounds),
        "rounds": course.rounds,
        "seconds": course.seconds,
        "first_pass_tokens_s": first.tokens / first.seconds,
    }
    if notices:
        cells["notices"] = "; ".join(notices)
    place.row(**cells)
    decoder.close()
    del decoder
    place.tidy()


def decode(place: Workplace, decoder: Decoder, texts: Sequence[Text], at_once: int) -> Course:
    """Decode texts, never more than ``at_once`` of them together, until all end or time is up."""
    course = Course()
    waiting = [*reversed(texts)]
    running: list[tuple[Generation, list[float]]] = []
    rounds, taken = decoder.rounds, 0
    started = latest = time.perf_counter()
    while (waiting or running) and place.left() > 0:
        while waiting and len(running) < at_once:
            text = waiting.pop()
            running.append((decoder.submit(None, text.prompt, text.rules), []))
        decoder.step()
        now = time.perf_counter()
        there = course.tokens + sum(len(generation.tokens) for generation, _ in running)
        if there > taken:
            course.gaps.append((now - latest, there - taken))
            latest, taken = now, there
        running = _still_running(course, running, now)
    timing.settle(place.device)
    course.seconds = time.perf_counter() - started
    course.tokens += sum(len(generation.tokens) for generation, _ in running)
    course.rounds = decoder.rounds - rounds
    for generation, _ in running:
        generation.cancel()
    return course


def _still_running(
    course: Course, running: list[tuple[Generation, list[float]]], now: float
) -> list[tuple[Generation, list[float]]]:
    """Take the texts that have ended to the course's figures; return the others."""
    left = []
    for generation, first in running:
        if generation.tokens and not first:
            first.append(now)
        if not generation.finished:
            left.append((generation, first))
            continue
        if generation.error is not None:
            raise generation.error
        count = len(generation.tokens)
        course.tokens += count
        course.done += 1
        if count > 1:
            course.paces.append((now - first[0]) / (count - 1))
    return left


def weighted_median(gaps: Sequence[tuple[float, int]]) -> float:
    """Return the gap that half of the tokens had at most."""
    if not gaps:
        return float("nan")
    ordered = sorted(gaps)
    sums = [*accumulate(weight for _, weight in ordered)]
    return next(
        gap for (gap, _), so_far in zip(ordered, sums, strict=True) if 2 * so_far >= sums[-1]
    )


def _no_images(_pages: Sequence[Any]) -> list[Any]:
    raise ValueError("texts have no images")
