"""Where the step cannot be recorded it is taken as it is, and that is said once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from ocrd.engine.deepseek.network.recording import Recorder
from ocrd.engine.deepseek.slots.graphs import StepGraphs
from ocrd.engine.deepseek.slots.step import Round


class Counter:
    """A step whose tokens count on, each slot's by its own; notes how it was taken."""

    vocabulary = 1000

    def __init__(self, *, knows_lengths: bool) -> None:
        self.knows_lengths = knows_lengths
        self.tokens = torch.tensor([3, 14, 15, 92])
        self.layout: Any = "first"
        self.taken: list[tuple[int, int]] = []

    @property
    def state(self) -> tuple[torch.Tensor, ...]:
        return (self.tokens,)

    def take(self, slots: int, length: int, *, hot: bool | None = None) -> Round:
        self.taken.append((slots, length))
        self.tokens[:slots] += 1
        ids = self.tokens[:slots].clone()
        return Round(ids, -ids / 10)


class Replay:
    """Stands for a graph: does on replay what a right recording does, or as it is told."""

    def __init__(self, step: Counter, found: Round, does: Callable[[], Round]) -> None:
        self.step, self.found, self.does = step, found, does
        self.replays = 0

    def replay(self) -> None:
        self.replays += 1
        said = self.does()
        self.found.ids.copy_(said.ids)
        self.found.logprobs.copy_(said.logprobs)


def recorder(step: Counter, made: list[Replay], slots: int, does: Any = None) -> Any:
    """Return a recorder's method that warms up as the real one does, on no GPU."""

    def record(run: Callable[[], Round]) -> tuple[Replay, Round]:
        run()
        found = run()
        made.append(Replay(step, found, does or (lambda: step.take(slots, 0))))
        return made[-1], found

    return record


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU: recording works")
def test_without_recording_the_plain_step_is_taken_and_one_notice_given() -> None:
    notices: list[str] = []
    step = Counter(knows_lengths=True)
    graphs = StepGraphs(step, notices.append)  # type: ignore[arg-type]
    for count in range(1, 4):
        assert graphs.run(2, 64).ids.tolist() == [3 + count, 14 + count]
    assert step.tokens.tolist() == [6, 17, 15, 92]
    assert len(notices) == 1 and "CUDA graphs are not used" in notices[0]


def test_a_lack_of_memory_while_recording_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def short(_: Recorder, run: Callable[[], Round]) -> Any:
        run()
        raise torch.OutOfMemoryError("injected")

    monkeypatch.setattr(Recorder, "record", short)
    step = Counter(knows_lengths=True)
    graphs = StepGraphs(step, pytest.fail)  # type: ignore[arg-type]
    with pytest.raises(torch.OutOfMemoryError):
        graphs.run(2, 64)
    assert step.tokens.tolist() == [3, 14, 15, 92]  # the warm-up is undone
    assert graphs.usable


def test_a_recorded_step_is_replayed_and_not_taken_again(monkeypatch: pytest.MonkeyPatch) -> None:
    step = Counter(knows_lengths=True)
    made: list[Replay] = []
    graphs = StepGraphs(step, pytest.fail)  # type: ignore[arg-type]
    monkeypatch.setattr(graphs._recorder, "record", recorder(step, made, 2))
    graphs.record(2, 64)
    assert step.tokens.tolist() == [3, 14, 15, 92]  # trying it has changed nothing
    for count, length in enumerate((64, 128, 512), 1):  # one for all lengths
        assert graphs.run(2, length).ids.tolist() == [3 + count, 14 + count]
    assert len(made) == 1 and made[0].replays == 4
    step.layout = "second"
    graphs.run(2, 64)
    assert len(made) == 2


def test_a_masked_step_has_a_recording_for_each_length(monkeypatch: pytest.MonkeyPatch) -> None:
    step = Counter(knows_lengths=False)
    made: list[Replay] = []
    graphs = StepGraphs(step, pytest.fail)  # type: ignore[arg-type]
    monkeypatch.setattr(graphs._recorder, "record", recorder(step, made, 2))
    for length in (64, 128, 64):
        graphs.run(2, length)
    assert len(made) == 2


@pytest.mark.parametrize("fault", ["empty", "frozen", "wrong"])
def test_a_recorded_step_that_does_not_what_the_step_does_is_not_trusted(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    notices: list[str] = []
    step = Counter(knows_lengths=True)
    made: list[Replay] = []

    def does() -> Round:
        if fault == "empty":
            return made[-1].found
        ids = torch.tensor([4, 15]) if fault == "frozen" else step.tokens[:2] + 7
        return Round(ids, -ids / 10)

    graphs = StepGraphs(step, notices.append)  # type: ignore[arg-type]
    monkeypatch.setattr(graphs._recorder, "record", recorder(step, made, 2, does))
    assert graphs.run(2, 64).ids.tolist() == [4, 15]
    assert graphs.run(2, 64).ids.tolist() == [5, 16]
    assert len(notices) == 1 and "output 0" in notices[0]
    assert len(made) == 1
