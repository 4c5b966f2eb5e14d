"""What the rounds of a running decoder take, and what the driver says of the card meanwhile."""

from __future__ import annotations

import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from statistics import mean
from typing import Any

import torch

from benchmarks.gpu import timing

GAP_MS = 0.05  # a device that has nothing to do for so long has been kept waiting


@dataclass(frozen=True, slots=True)
class Beat:
    """The marks of one round."""

    before: Any
    after: Any
    began: float  # the host's clock
    ended: float


class Rounds:
    """Marks the begin and the end of each round of a decoder, on its stream.

    Within a round the device may idle unseen: what is busy by these marks is so at the most.
    """

    def __init__(self, decoder: Any, device: torch.device) -> None:
        self._step = decoder.step
        self._decoder = decoder
        self._device = device
        self.beats: list[Beat] = []
        decoder.step = self._round

    def _round(self) -> None:
        began = time.perf_counter()
        before = timing.mark(self._device)
        self._step()
        self.beats.append(Beat(before, timing.mark(self._device), began, time.perf_counter()))

    def stop(self) -> None:
        """Leave the decoder as it was."""
        self._decoder.step = self._step

    def figures(self) -> dict[str, Any]:
        """Return what the marks say; the device must be done with all of it."""
        beats = self.beats
        if len(beats) < 2:
            return {}
        spans = [timing.milliseconds(beat.before, beat.after) for beat in beats]
        gaps = [timing.milliseconds(one.after, other.before) for one, other in pairwise(beats)]
        whole = timing.milliseconds(beats[0].before, beats[-1].after)
        late = [gap for gap in gaps if gap > GAP_MS]
        return {
            "rounds": len(beats),
            "round_ms": sorted(spans)[len(spans) // 2],
            "busy_at_most": sum(spans) / whole,
            "gaps_between_rounds": len(late),
            "gap_ms_between_rounds": sum(late),
            "host_round_ms": sorted(1000 * (b.ended - b.began) for b in beats)[len(beats) // 2],
        }


class Gauge:
    """Asks the driver for load, power and clock of the card, four times a second."""

    FIELDS = ("utilization.gpu", "power.draw", "clocks.sm")
    NAMES = ("smi_utilization_pct", "smi_power_w", "smi_clock_mhz")

    def __init__(self, *, wanted: bool) -> None:
        self._process: subprocess.Popen[str] | None = None
        command = [
            "nvidia-smi", f"--query-gpu={','.join(self.FIELDS)}",
            "--format=csv,noheader,nounits", "--id=0", "-lms", "250",
        ]  # fmt: skip
        with suppress(OSError):
            if wanted:
                self._process = subprocess.Popen(
                    command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
                )

    def stop(self) -> dict[str, float]:
        """Return the means."""
        if self._process is None:
            return {}
        self._process.terminate()
        try:
            said, _ = self._process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            said, _ = self._process.communicate()
        return means_of(said)


def means_of(said: str) -> dict[str, float]:
    """Return the mean of each column of what nvidia-smi printed, of whole lines of numbers."""
    rows = []
    for line in said.splitlines():
        with suppress(ValueError):
            cells = [float(cell) for cell in line.split(",")]
            if len(cells) == len(Gauge.NAMES):
                rows.append(cells)
    if not rows:
        return {}
    return dict(zip(Gauge.NAMES, map(mean, zip(*rows, strict=True)), strict=True))
