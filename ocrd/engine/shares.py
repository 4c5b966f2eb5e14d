"""How the processes of one engine share the processor (pure, but for what asks the machine).

Python runs one thread of a process at a time. Reading a page with the embedded engine needs that
turn for a sixth of its processor time (networks and images are computed without it), so a process
with more than some four threads at work has them wait for each other, and is no quicker with
sixteen. ``python -m benchmarks.processes`` measures it.
"""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocrd.config.settings import EngineSettings

EMBEDDED = ("rapidocr", "tesseract")  # the kinds that read on the processor, in threads
THREADS_A_PROCESS = 4
MEMORY_A_PROCESS = 2 << 30  # bytes of the machine's memory: one with four pages takes a third


def of(settings: EngineSettings, cores: int, memory: int) -> list[dict[str, int]]:
    """Return for each process of the engine its slots and threads; nothing, where it has all.

    ``cores`` and ``memory``, in bytes, are the machine's. There are never more processes than
    threads or slots.
    """
    if settings.kind not in EMBEDDED:
        return [{}]
    threads = cores if settings.threads == "auto" else settings.threads
    slots = threads if settings.slots == "auto" else settings.slots
    if settings.processes == "auto":
        count = min(math.ceil(threads / THREADS_A_PROCESS), memory // MEMORY_A_PROCESS)
    else:
        count = settings.processes
    count = max(1, min(count, threads, slots))
    if count == 1:
        return [{}]
    return [
        {"slots": _share(slots, number, count), "threads": _share(threads, number, count)}
        for number in range(count)
    ]


def cores() -> int:
    """Return how many cores this process, and so each that it starts, may use."""
    return len(os.sched_getaffinity(0))


def memory() -> int:
    """Return how many bytes of memory the machine has."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _share(total: int, number: int, count: int) -> int:
    return total // count + (number < total % count)
