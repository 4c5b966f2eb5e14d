"""Stage 2: the decode step of the engine's own slots.

Slots are seated with prompts of staggered lengths through the engine's prefill, and all take their
tokens together: recorded as a graph as the engine does by itself, then plain. The figures of a
round are of all of it but the way of the tokens to the host.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import mean
from typing import Any

import torch

from benchmarks.gpu import noise, timing
from benchmarks.gpu.scale import CONTEXT
from benchmarks.gpu.traffic import Traffic, traffic_of
from benchmarks.gpu.workplace import Workplace, first_line
from ocrd.engine.deepseek.network import experts as codes
from ocrd.engine.deepseek.slots.slotplan import SlotPlan
from ocrd.engine.deepseek.slots.slots import Prompt, Slots

GOLDEN = 0.6180339887  # its multiples spread evenly, however many there are
SPARE_BYTES = 2 << 30


def measure(place: Workplace) -> None:
    """Time steps by shape, with the code for experts that the engine chooses and with each."""
    traffic = traffic_of(place.network)
    place.note(
        always_gb=traffic.always / 1e9, experts_gb=traffic.experts / 1e9, token_bytes=traffic.token
    )
    first = place.scale.step_shapes[0][1]
    with torch.inference_mode():
        for slots, length in place.scale.step_shapes:
            _time(place, traffic, slots, length, experts="auto")
        for code, counts in place.scale.compared_experts:
            for slots in counts:
                _time(place, traffic, slots, first, experts=code)
        for slots in place.scale.plain_slots:
            _time(place, traffic, slots, first, experts="auto", plain=True)


def _time(
    place: Workplace,
    traffic: Traffic,
    count: int,
    length: int,
    *,
    experts: str,
    plain: bool = False,
) -> None:
    """Report the row of one shape."""
    code = "plain" if plain or not place.on_gpu else "graph"
    cells: dict[str, Any] = {
        "slots": count, "length": length, "experts": experts, "code": code,
    }  # fmt: skip
    said = f"{count} slots of {length}, {experts}, {code}"
    if not place.goes_on(1.0, said):
        return
    try:
        place.row(**cells | _figures(place, traffic, count, length, experts, plain=plain))
    except (RuntimeError, MemoryError) as error:
        timing.settle(place.device)  # raises again if it was the device's fault
        place.row(**cells, fault=first_line(error))
    place.tidy()


def _figures(
    place: Workplace, traffic: Traffic, count: int, length: int, experts: str, *, plain: bool
) -> dict[str, Any]:
    _require_room(place, traffic.token * count * length)
    notices: list[str] = []
    prompts = lengths_of(count, *place.scale.prompts)
    slots = seated(place, prompts, length, experts, notices)
    if plain:
        slots.graphs = None
    found = {} if plain or not place.on_gpu else _recording(place, slots, count, length)
    hit: list[int] = []
    with _counted_experts(hit):
        slots.step.take(count, length)  # a graph that is replayed calls nothing of ours
    took = place.timed(lambda: slots.decode(count, count, length), most=5.0)
    seconds = took.device / 1000
    grown = count * (1 + place.scale.warm_up + took.calls // 2)  # half way through
    needed = traffic.step(count, sum(prompts) + grown)
    rate = place.copy_rate()
    found |= {
        "step_ms": took.device, "host_ms": took.host, "fastest_ms": took.fastest,
        "slowest_ms": took.slowest, "tokens_s": count / seconds, "needed_gb": needed / 1e9,
        "mean_filled": mean(prompts),
    }  # fmt: skip
    if rate is not None:
        found["of_copy_rate"] = needed / seconds / rate
    if hit:
        found["experts_hit"] = mean(hit)
    if not plain and place.on_gpu:
        found["graph_ms"] = _graph_alone(place, slots)
    if notices:
        found |= {"code": "plain, not recorded", "notices": "; ".join(notices)}
    return found


def lengths_of(count: int, shortest: int, longest: int) -> list[int]:
    """Return staggered lengths whose mean is the middle, however many there are."""
    spread = longest - shortest
    return [round(shortest + spread * ((0.5 + number * GOLDEN) % 1.0)) for number in range(count)]


def seated(
    place: Workplace, prompts: Sequence[int], length: int, experts: str, notices: list[str]
) -> Slots:
    """Return slots of a length with a page in each, whose prompt has so many tokens."""
    count = len(prompts)
    plan = SlotPlan(
        budget=count * length, max_slots=count, context=CONTEXT, few_shapes=place.on_gpu
    )
    slots = Slots(
        place.network, plan, device=place.device, dtype=place.dtype, expert_code=experts,
        on_notice=notices.append,
    )  # fmt: skip
    slots.cache.lay_out(count, length, keep=0, used=0)
    for slot, tokens in enumerate(prompts):
        slots.prefill(slot, [Prompt(noise.words(1000 + slot, tokens), noise.rules(CONTEXT))])
    timing.settle(place.device)
    return slots


def _recording(place: Workplace, slots: Slots, count: int, length: int) -> dict[str, Any]:
    """Have the engine record its step; return what that took."""
    before = torch.cuda.memory_reserved(place.device)
    started = time.perf_counter()
    slots.decode(count, count, length)
    torch.cuda.synchronize()
    return {
        "record_s": time.perf_counter() - started,
        "record_mb": (torch.cuda.memory_reserved(place.device) - before) / 1e6,
    }


def _graph_alone(place: Workplace, slots: Slots) -> Any:
    """Return the milliseconds of the recorded graph without what the engine does around it."""
    try:
        graph, *_ = [*slots.graphs._graphs.values()][-1]  # type: ignore[union-attr]
        replay = graph.replay
    except (AttributeError, IndexError, TypeError) as error:
        return first_line(error)
    return place.timed(replay, most=3.0).device


@contextmanager
def _counted_experts(hit: list[int]) -> Iterator[None]:
    """Count in each sparse layer how many experts some token chose."""
    likelihoods = codes.likelihoods

    def counted(block: Any, inputs: Any) -> Any:
        found = likelihoods(block, inputs)
        hit.append(len(found.topk(block.chosen).indices.unique()))
        return found

    codes.likelihoods = counted  # type: ignore[assignment]
    try:
        yield
    finally:
        codes.likelihoods = likelihoods


def _require_room(place: Workplace, cache_bytes: int) -> None:
    """Raise MemoryError where the cache would leave no room to work."""
    if not place.on_gpu:
        return
    free, _ = torch.cuda.mem_get_info(place.device)
    if cache_bytes + SPARE_BYTES > free:
        raise MemoryError(f"{cache_bytes / 2**30:.1f} GiB of cache, {free / 2**30:.1f} GiB free")
