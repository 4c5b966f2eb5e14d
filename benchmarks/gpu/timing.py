"""Time on the device, by its own events, beside the host's.

Work on a GPU is asynchronous: a call returns when its kernels are queued. ``host`` is what the
caller waited, ``device`` what passed on the device between an event before the call and one after
it; where the host is slower than the device, that is the host's time too. On the processor both
are the same.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

LEAST_CALLS = 3  # unless fewer are wanted
WARM_UP = 3  # before recording

Run = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds of one call, medians of several."""

    device: float
    host: float
    fastest: float  # on the device
    slowest: float
    calls: int


def timed(
    run: Run,
    device: torch.device,
    *,
    repeats: int,
    warm_up: int,
    left: Callable[[], float],
) -> Timing:
    """Time calls one behind the other, without waiting between them.

    Fewer than ``repeats`` when the seconds that ``left`` returns would not suffice, three at least.
    """
    started = time.perf_counter()
    for _ in range(warm_up):
        run()
    settle(device)
    each = (time.perf_counter() - started) / max(1, warm_up)
    calls = min(repeats, max(LEAST_CALLS, int(left() / max(each, 1e-6))))
    marks = []
    host = []
    for _ in range(calls):
        before = mark(device)
        began = time.perf_counter()
        run()
        host.append(1000 * (time.perf_counter() - began))
        marks.append((before, mark(device)))
    settle(device)
    spans = [milliseconds(before, after) for before, after in marks]
    return Timing(statistics.median(spans), statistics.median(host), min(spans), max(spans), calls)


def mark(device: torch.device) -> Any:
    """Return an event on the current stream, or the host's clock where there are no streams."""
    if device.type != "cuda":
        return time.perf_counter()
    event = torch.cuda.Event(enable_timing=True)
    event.record()
    return event


def milliseconds(before: Any, after: Any) -> float:
    """Return the time between two marks; both must have passed."""
    if isinstance(before, float):
        return 1000 * float(after - before)
    return float(before.elapsed_time(after))


def settle(device: torch.device) -> None:
    """Wait until the device has done all that was asked of it."""
    if device.type == "cuda":
        torch.cuda.synchronize()


def recorded(run: Run, device: torch.device) -> Run:
    """Return a replay of a call as a CUDA graph: the same kernels without the host's part.

    What the call returned is kept alive with the graph. On the processor, the call itself.
    """
    if device.type != "cuda":
        return run
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(WARM_UP):
            run()
    torch.cuda.current_stream().wait_stream(side)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        kept = run()
    return _Replay(graph, kept)


class _Replay:
    def __init__(self, graph: Any, kept: object) -> None:
        self._graph = graph
        self._kept = kept

    def __call__(self) -> None:
        self._graph.replay()
