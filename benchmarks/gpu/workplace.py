"""What a stage finds: the device, the network, the sizes, its time, and where figures go."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from benchmarks.gpu import timing
from benchmarks.gpu.scale import FULL, KIND, TINY

Send = Callable[[dict[str, Any]], None]
DIGITS = 4  # of a figure


class Skipped(Exception):  # noqa: N818 - no error: there is nothing to measure here
    """The stage means nothing on this machine."""


class Workplace:
    """One bench's workplace. Figures are sent as soon as they are known."""

    def __init__(self, *, tiny: bool, folder: Path, send: Send) -> None:
        if not tiny and not torch.cuda.is_available():
            raise RuntimeError("torch sees no CUDA device here; --tiny runs on the processor")
        self.scale = TINY if tiny else FULL
        self.device = torch.device("cpu") if tiny else torch.device("cuda", 0)
        self.dtype = torch.float32 if tiny else torch.bfloat16
        self.folder = folder
        self.known: Mapping[str, Mapping[str, Any]] = {}  # notes of earlier stages, by name
        self.shortened: list[str] = []
        self._send = send
        self._until = 0.0
        if tiny:
            torch.set_num_threads(1)

    @property
    def on_gpu(self) -> bool:
        """Say whether this is a GPU."""
        return bool(self.device.type == "cuda")

    def begin(self, seconds: float, until: float, known: Mapping[str, Mapping[str, Any]]) -> None:
        """Begin a stage that may take so long, but no longer than until then."""
        self._until = min(time.monotonic() + seconds, until)
        self.known = known
        self.shortened = []

    def left(self) -> float:
        """Return the seconds that are left to the stage."""
        return max(0.0, self._until - time.monotonic())

    def goes_on(self, seconds: float, what: str) -> bool:
        """Say whether there is time for something more; if not, remember that it was left out."""
        if self.left() >= seconds:
            return True
        self.shortened.append(what)
        return False

    def shorten(self, what: str) -> None:
        """Remember that something was left out or cut short."""
        self.shortened.append(what)

    def note(self, **figures: Any) -> None:
        """Report figures of the stage."""
        self._send({"notes": {name: short(value) for name, value in figures.items()}})

    def row(self, **cells: Any) -> None:
        """Report a row of the stage's table."""
        self._send({"row": {name: short(value) for name, value in cells.items()}})

    def timed(self, run: timing.Run, *, most: float, repeats: int | None = None) -> timing.Timing:
        """Time calls for ``most`` seconds, or what is left to the stage."""
        return timing.timed(
            run,
            self.device,
            repeats=min(repeats or self.scale.repeats, self.scale.repeats),
            warm_up=self.scale.warm_up,
            left=lambda: min(most, self.left()),
        )

    def copy_rate(self) -> float | None:
        """Return the bytes a second that stage 0 copied, read and written; None if it failed."""
        rate = self.known.get("ceilings", {}).get("copy_gb_s")
        return None if rate is None else float(rate) * 1e9

    def load_network(self) -> None:
        """Make the network, unless it is there, and report how long that took."""
        if "network" in self.__dict__:
            return
        started = time.perf_counter()
        assert self.network is not None
        timing.settle(self.device)
        self.note(network_seconds=time.perf_counter() - started)

    @cached_property
    def network(self) -> Any:
        """The network on its device."""
        from benchmarks.gpu import network

        return network.full_size(self.device) if self.on_gpu else network.tiny(KIND)

    @cached_property
    def model(self) -> Any:
        """The network as the engine has it after loading; its tokens are those of our tests."""
        from ocrd.engine.deepseek.network.checkpoint import Model
        from tests import checkpoints

        tokenizer = checkpoints._tokenizer(checkpoints._vocabulary([]))
        return Model(KIND, "random weights", self.network, tokenizer, self.device, self.dtype)

    def tidy(self) -> None:
        """Let go of what the stage no longer holds; raise RuntimeError if the device is broken."""
        gc.collect()  # slots and their graphs are a cycle
        if self.on_gpu:
            torch.cuda.synchronize()
            torch.cuda.empty_cache()


def short(value: Any) -> Any:
    """Return a figure with as many digits as mean something."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON has no word for it
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, Mapping):
        return {key: short(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [short(one) for one in value]
    return value


def first_line(error: BaseException) -> str:
    """Return what an error is, in one line."""
    said = str(error).strip().splitlines()
    return f"{type(error).__name__}: {said[0]}"[:300] if said else type(error).__name__
