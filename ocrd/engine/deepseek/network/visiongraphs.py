"""Looking at views as CUDA graphs: one for each number of views of a shape.

A page is some 1,200 kernels, which the host cannot launch as fast as a GPU runs them. Numbers of
views are few: those between are filled up with white. All recordings share their working memory,
and where a GPU has little of it left there are none; where that does not last for many views, there
are those of fewer.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ocrd.engine.deepseek.network.recording import Recorder
from ocrd.engine.deepseek.network.shortage import is_shortage

COUNTS = (1, 2, 3, 4, 5, 6, 8, 12)  # of views or tiles
SEEN = 2  # times that a shape has come before it is recorded
SPARE_BYTES = 4 << 30  # that have to be free, for the working memory of the largest
TOLERANCE = 2e-2  # of the largest value

log = logging.getLogger(__name__)


class VisionGraphs:
    """A tower's recorded looks, by shape."""

    def __init__(self, look: Callable[[Tensor], Tensor], device: torch.device) -> None:
        self._look = look
        self._device = device
        self._recorder = Recorder()
        self._came: dict[tuple[int, ...], int] = {}
        self._graphs: dict[tuple[int, ...], tuple[Any, Tensor, Tensor]] = {}
        self._too_many: float = math.inf  # pixels that there was no memory for
        self.usable = True

    def look(self, pixels: Tensor) -> Tensor:
        """Return what the tower does of these pixels; it is overwritten by the next of a shape."""
        shape = self._rounded(pixels.shape)
        if shape is None or not self._is_ready(shape):
            return self._look(pixels)
        graph, given, found = self._graphs[shape]
        given[: len(pixels)].copy_(pixels)
        graph.replay()
        return found[: len(pixels)]

    def _rounded(self, shape: Any) -> tuple[int, ...] | None:
        count = next((count for count in COUNTS if count >= shape[0]), None)
        return None if count is None else (count, *shape[1:])

    def _is_ready(self, shape: tuple[int, ...]) -> bool:
        if shape in self._graphs:
            return True
        self._came[shape] = self._came.get(shape, 0) + 1
        is_wanted = self.usable and self._came[shape] >= SEEN and math.prod(shape) < self._too_many
        if not is_wanted or not self._has_room():
            return False
        try:
            self._graphs[shape] = self._recorded(shape)
        except (RuntimeError, MemoryError) as error:
            self._do_without(shape, error)
        return shape in self._graphs

    def _do_without(self, shape: tuple[int, ...], error: BaseException) -> None:
        """Record nothing so large any more where memory was short, else nothing at all."""
        self._recorder = Recorder()  # what a recording leaves that broke off is not built upon
        if is_shortage(error):
            self._too_many = math.prod(shape)
            said = f"{shape[0]} views of {shape[-1]} pixels and more"
        else:
            self.usable = False
            self._graphs.clear()
            said = "Images"
        log.warning("%s are looked at without CUDA graphs, more slowly: %s", said, error)
        error.with_traceback(None)  # its frames hold on to the tensors of the attempt
        torch.cuda.empty_cache()

    def _has_room(self) -> bool:
        return int(torch.cuda.mem_get_info(self._device)[0]) >= SPARE_BYTES

    def _recorded(self, shape: tuple[int, ...]) -> tuple[Any, Tensor, Tensor]:
        """Record a shape and try it on other pixels than it was recorded with."""
        given = torch.full(shape, 255, dtype=torch.uint8, device=self._device)
        graph, found = self._recorder.record(lambda: self._look(given))
        given.random_(0, 256, generator=torch.Generator(self._device).manual_seed(1))
        expected = self._look(given)
        found.fill_(torch.nan)
        graph.replay()
        difference = (found.float() - expected.float()).abs().max()
        if not bool(difference <= TOLERANCE * expected.float().abs().max()):
            raise RuntimeError(f"its features are off by {float(difference):.3g}")
        return graph, given, found
