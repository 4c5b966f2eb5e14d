"""The decode step as CUDA graphs: one for each number of slots.

A graph replays the very kernels of the step over the same memory, without the host's part. Each is
tried against the plain step before it is trusted; if recording fails or they disagree, the plain
step is used from then on, and a notice says so.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from ocrd.engine.deepseek.network.recording import Recorder
from ocrd.engine.deepseek.network.shortage import is_shortage
from ocrd.engine.deepseek.slots.freshness import require_fresh
from ocrd.engine.deepseek.slots.step import Round, Step

LIMIT = 96  # graphs kept: those of a masked step are one for each length, too


class StepGraphs:
    """A step's recorded forms, by shape."""

    def __init__(self, step: Step, on_notice: Callable[[str], None]) -> None:
        self._step = step
        self._on_notice = on_notice
        self._recorder = Recorder()
        self._layout: Hashable = None
        self._graphs: dict[tuple[int, int], tuple[Any, Round]] = {}
        self.usable = True

    def run(self, slots: int, length: int) -> Round:
        """Take a step; what it returns is overwritten by the next one of as many slots."""
        if self.usable:
            self.record(slots, length)
        if not self.usable:
            return self._step.take(slots, length)
        graph, found = self._graphs[self._key(slots, length)]
        graph.replay()
        return found

    def record(self, slots: int, length: int) -> None:
        """Record a shape, unless it is recorded already."""
        if self._layout != self._step.layout:
            self.clear()
            self._layout = self._step.layout
        key = self._key(slots, length)
        if key in self._graphs or not self.usable:
            return
        if len(self._graphs) >= LIMIT:
            self.clear()
            self._layout = self._step.layout
        try:
            self._graphs[key] = self._recorded(slots, length)
        except RuntimeError as error:
            if is_shortage(error):
                raise
            self.usable = False
            self.clear()
            self._on_notice(f"CUDA graphs are not used, decoding is slower: {error}")

    def clear(self) -> None:
        """Drop all graphs and the memory that they hold."""
        self._graphs.clear()
        self._recorder.clear()
        self._layout = None

    def _key(self, slots: int, length: int) -> tuple[int, int]:
        return slots, 0 if self._step.knows_lengths else length

    def _recorded(self, slots: int, length: int) -> tuple[Any, Round]:
        step = self._step
        before = [tensor.clone() for tensor in step.state]
        try:
            graph, found = self._recorder.record(lambda: step.take(slots, length, hot=True))
        finally:
            for tensor, value in zip(step.state, before, strict=True):
                tensor.copy_(value)

        def plain() -> tuple[Any, Any]:
            taken = step.take(slots, length, hot=True)
            return taken.ids, taken.logprobs

        require_fresh(
            replay=graph.replay, plain=plain, outputs=(found.ids, found.logprobs),
            state=step.state, move=lambda: step.tokens.add_(1).remainder_(step.vocabulary),
        )  # fmt: skip
        return graph, found
