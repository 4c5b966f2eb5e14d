"""The machine's name for a figure: what it ran on, and when."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path


def describe() -> str:
    """Return processor, cores and memory in one line."""
    facts = Path("/proc/cpuinfo").read_text()
    model = next(
        (line.split(":")[1].strip() for line in facts.splitlines() if "model name" in line),
        platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}"


def heading(title: str) -> None:
    """Print what is measured, where and when."""
    print(f"\n{title}\n  on {describe()}, {time.strftime('%Y-%m-%d')}", flush=True)
