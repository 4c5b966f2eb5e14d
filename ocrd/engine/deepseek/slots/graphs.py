"""The decode step as CUDA graphs: one for each shape, recorded when it first comes.

A graph replays the very kernels of the step over the same memory, without the host's part. Each is
compared with the plain step before it is trusted; if recording fails or the logits disagree, the
plain step is used from then on, and a notice says so.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

import torch
from torch import Tensor

from ocrd.engine.deepseek.slots.shortage import is_shortage

LIMIT = 96  # graphs kept; each holds its kernels' arguments, all share their working memory
TOLERANCE = 2e-2  # of the largest logit: bfloat16 has 8 bits, and its rounding adds up


class StepGraphs:
    """A step's recorded forms, by shape."""

    def __init__(
        self, step: Callable[[int, int], Tensor], on_notice: Callable[[str], None]
    ) -> None:
        self._step = step
        self._on_notice = on_notice
        self._usable = True
        self._graphs: dict[Hashable, tuple[torch.cuda.CUDAGraph, Tensor]] = {}
        self._pool: object = None

    def run(self, slots: int, length: int, layout: Hashable) -> Tensor:
        """Return the logits of a step; ``layout`` tells which memory it works on."""
        key = (slots, length, layout)
        if self._usable and key not in self._graphs:
            self._record(key, slots, length)
        if not self._usable:
            return self._step(slots, length)
        graph, logits = self._graphs[key]
        graph.replay()
        return logits

    def clear(self) -> None:
        """Drop all graphs and the memory that they hold."""
        self._graphs.clear()
        self._pool = None

    def _record(self, key: Hashable, slots: int, length: int) -> None:
        if len(self._graphs) >= LIMIT:
            self.clear()
        try:
            # The step writes the same token at the same place however often it runs.
            expected = self._warmed(slots, length)
            graph, logits = self._recorded(slots, length)
            graph.replay()
            difference = (logits.float() - expected.float()).abs().max()
            if not bool(difference <= TOLERANCE * expected.float().abs().max()):
                raise RuntimeError(f"its logits are off by {float(difference):.3g}")
        except RuntimeError as error:
            if is_shortage(error):
                raise
            self._usable = False
            self.clear()
            self._on_notice(f"CUDA graphs are not used, decoding is slower: {error}")
        else:
            self._graphs[key] = graph, logits

    def _warmed(self, slots: int, length: int) -> Tensor:
        """Run the step aside, so that what libraries set up at first use is not recorded."""
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            self._step(slots, length)
            expected = self._step(slots, length)
        torch.cuda.current_stream().wait_stream(side)
        torch.cuda.synchronize()
        return expected

    def _recorded(self, slots: int, length: int) -> tuple[torch.cuda.CUDAGraph, Tensor]:
        if self._pool is None:
            self._pool = torch.cuda.graph_pool_handle()
        graph = torch.cuda.CUDAGraph()
        # Other threads may use the device meanwhile: only this thread's calls are watched.
        with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
            logits = self._step(slots, length)
        return graph, logits
