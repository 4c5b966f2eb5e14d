"""Stage 6: the kernels by name, and when the device has nothing to do.

Whatever is timed here is disturbed by the profiler and only compared within itself; it comes after
all that is timed. Kernels are read from the traces that torch exports, in the form of Chrome's. On
the processor, where there are no kernels, torch's own operations stand in for them.
"""

from __future__ import annotations

import gzip
import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks.gpu import attention, noise, reading
from benchmarks.gpu.rounds import GAP_MS
from benchmarks.gpu.scale import CONTEXT
from benchmarks.gpu.steps import lengths_of, seated
from benchmarks.gpu.workplace import Workplace, first_line
from ocrd.engine.deepseek.network import vision
from ocrd.engine.deepseek.slots.slots import Prompt

KERNELS = 30  # that the table names
SMALL_US = 5.0  # a kernel this short is mostly its own launch
DEVICE_WORK = frozenset({"kernel", "gpu_memcpy", "gpu_memset"})
HOST_WORK = frozenset({"cpu_op"})
NAME_LENGTH = 110
LONGEST_WINDOW = 4.0  # seconds
FILE = "trace.json.gz"


@dataclass(frozen=True, slots=True)
class Kernel:
    """Something that ran, in microseconds."""

    name: str
    start: float
    took: float


def measure(place: Workplace) -> None:
    """Trace single calls, then the engine under load."""
    _trace_calls(place)
    if place.goes_on(3.0 if place.on_gpu else 0.5, "the engine under load"):
        _trace_load(place)


# Single calls


def _trace_calls(place: Workplace) -> None:
    """Report kernels and their time of an image, a prompt, a step; and who computes attention."""
    page = noise.prepared(0, place.scale.tile_counts[-1])
    _trace_call(place, "encode, one page", lambda: vision.encode(place.model, [page]))
    with torch.inference_mode():
        _trace_prefill(place, page)
        _trace_step(place)
        place.tidy()
        _name_attentions(place)


def _trace_prefill(place: Workplace, page: Any) -> None:
    ids = noise.prompt(0, page.tokens)
    slots = seated(place, [2], -(-len(ids) // 512) * 512, "auto", [])
    features = vision.encode(place.model, [page])[0]
    prompts = [Prompt(ids, noise.rules(CONTEXT), noise.places(ids), features)]
    _trace_call(place, "prefill, one page", lambda: slots.prefill(0, prompts))


def _trace_step(place: Workplace) -> None:
    count, length = place.scale.step_shapes[-1][0], place.scale.step_shapes[0][1]
    slots = seated(place, lengths_of(count, *place.scale.prompts), length, "auto", [])
    _trace_call(
        place, f"decode, {count} slots of {length}", lambda: slots.decode(count, count, length)
    )
    one = seated(place, lengths_of(1, *place.scale.prompts), length, "gathered", [])
    _trace_call(place, "decode, one slot, experts gathered", lambda: one.decode(1, 1, length))


def _trace_call(place: Workplace, what: str, run: Callable[[], object]) -> None:
    run()
    run()  # by now all is recorded that is recorded once
    _report_call(place, what, kernels_of(place, run))


def _report_call(place: Workplace, what: str, kernels: Sequence[Kernel]) -> None:
    small = [kernel for kernel in kernels if kernel.took < SMALL_US]
    place.row(
        what=what, kernels=len(kernels), kernel_ms=sum(one.took for one in kernels) / 1000,
        small_kernels=len(small), small_ms=sum(one.took for one in small) / 1000,
        longest=_longest(kernels), most_copied_by=_copying(kernels),
    )  # fmt: skip


def _copying(kernels: Sequence[Kernel]) -> str:
    """Return the kernel that takes longest in all of those that copy by number, and how long."""
    took: Counter[str] = Counter()
    for kernel in kernels:
        if any(word in kernel.name.lower() for word in ("gather", "index")):
            took[kernel.name] += kernel.took  # type: ignore[assignment]
    return "; ".join(f"{us / 1000:.3g} ms {name[:NAME_LENGTH]}" for name, us in took.most_common(1))


def _name_attentions(place: Workplace) -> None:
    """Report which kernel each way of attending is, over one shape."""
    scale = place.scale
    case = attention.case_of(place, scale.attention_slots[-2], scale.attention_lengths[0])
    for name, run in attention.ways(case):
        cells: dict[str, Any] = {"what": f"attention, {name}"}
        try:
            run(0)
            kernels = kernels_of(place, lambda run=run: run(0))  # type: ignore[misc]
        except (RuntimeError, NotImplementedError, TypeError) as error:
            place.row(**cells, fault=first_line(error))
            continue
        place.row(
            **cells, kernels=len(kernels), kernel_ms=sum(one.took for one in kernels) / 1000,
            longest=_longest(kernels),
        )  # fmt: skip


def _longest(kernels: Sequence[Kernel]) -> str:
    return max(kernels, key=lambda one: one.took).name[:NAME_LENGTH] if kernels else ""


# The engine under load


def _trace_load(place: Workplace) -> None:
    """Trace the engine while it reads: kernels alone for the gaps, then all to be looked at."""
    scale = place.scale
    with tempfile.TemporaryDirectory() as folder, reading.engine_of(place) as engine:
        sheets = reading.sheets_of(Path(folder), place, scale.traced_pages)
        engine.use_lanes(scale.thread_counts[-1])
        load = reading.start(engine, sheets)
        try:
            # When the first page has ended, all slots have long been taken.
            spare = 12.0 if place.on_gpu else 1.0
            _until(place, lambda: load.done > 0 or place.left() < spare)
            path = Path(folder) / "window.json"
            _traced(place, path, lambda: _window(place, engine, load), host=False)
            _report_gaps(place, kernels_in(path, place))
            target = place.folder / FILE
            _traced(place, target, lambda: _window(place, engine, load), host=True)
            kernels = kernels_in(target, place)
            _report_kernels(place, kernels)
            place.note(trace=FILE, trace_mb=target.stat().st_size / 1e6)
        finally:
            load.give_up()


def _window(place: Workplace, engine: reading.Unjudged, load: reading.Load) -> None:
    """Wait for some rounds, among which a page ends and another takes its slot."""
    rounds, done = engine.loop.rounds, load.done
    end = time.monotonic() + min(LONGEST_WINDOW, place.left())

    def enough() -> bool:
        late = time.monotonic() > end
        more = engine.loop.rounds - rounds >= place.scale.traced_rounds
        return late or (more and load.done > done) or load.done == len(load.futures)

    _until(place, enough)


def _until(place: Workplace, condition: Callable[[], bool]) -> None:
    while place.left() > 0 and not condition():
        time.sleep(0.002)


def _report_gaps(place: Workplace, kernels: Sequence[Kernel]) -> None:
    busy, whole, gaps = idle_of(kernels)
    late = [gap for gap in gaps if gap > 1000 * GAP_MS]
    place.note(
        window_ms=whole / 1000,
        busy=busy / whole if whole else None,
        gaps_over_50_us=len(late),
        gaps_ms=sum(late) / 1000,
        largest_gap_ms=max(gaps, default=0.0) / 1000,
    )


def _report_kernels(place: Workplace, kernels: Sequence[Kernel]) -> None:
    """Report the kernels that take most of the time."""
    whole = sum(kernel.took for kernel in kernels)
    counts = Counter(kernel.name for kernel in kernels)
    times: Counter[str] = Counter()
    for kernel in kernels:
        times[kernel.name] += kernel.took  # type: ignore[assignment]
    for name, took in times.most_common(KERNELS):
        place.row(
            kernel=name[:NAME_LENGTH], calls=counts[name], ms=took / 1000,
            us_each=took / counts[name], share=took / whole,
        )  # fmt: skip


def idle_of(kernels: Iterable[Kernel]) -> tuple[float, float, list[float]]:
    """Return the busy time, that from first to last, and the gaps; kernels may overlap."""
    busy, gaps = 0.0, []
    first = end = None
    for kernel in sorted(kernels, key=lambda one: one.start):
        if first is None or end is None:
            first = end = kernel.start
        if kernel.start > end:
            gaps.append(kernel.start - end)
            end = kernel.start
        after = max(end, kernel.start + kernel.took)
        busy += after - end
        end = after
    return busy, (end - first if first is not None and end is not None else 0.0), gaps


# Traces


def kernels_of(place: Workplace, run: Callable[[], object]) -> list[Kernel]:
    """Return the kernels of one call."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "call.json"
        _traced(place, path, run, host=False)
        return kernels_in(path, place)


def _traced(place: Workplace, path: Path, run: Callable[[], object], *, host: bool) -> None:
    activities = [ProfilerActivity.CUDA] if place.on_gpu else [ProfilerActivity.CPU]
    options: dict[str, Any] = {}
    if host and place.on_gpu:
        activities.append(ProfilerActivity.CPU)
    if not place.on_gpu:  # where the work is done by the threads themselves
        from torch._C._profiler import _ExperimentalConfig

        options["experimental_config"] = _ExperimentalConfig(profile_all_threads=True)
    with profile(activities=activities, **options) as traced:
        run()
        if place.on_gpu:
            torch.cuda.synchronize()
    traced.export_chrome_trace(str(path))


def kernels_in(path: Path, place: Workplace) -> list[Kernel]:
    """Return the device's work in an exported trace, or the host's where there is no device."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as file:
        events = json.load(file)["traceEvents"]
    wanted = DEVICE_WORK if place.on_gpu else HOST_WORK
    return [
        Kernel(str(event["name"]), float(event["ts"]), float(event.get("dur", 0.0)))
        for event in events
        if event.get("ph") == "X" and event.get("cat") in wanted
    ]
