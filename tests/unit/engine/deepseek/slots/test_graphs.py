"""Where the step cannot be recorded it is taken as it is, and that is said once."""

from __future__ import annotations

import pytest
import torch

from ocrd.engine.deepseek.slots.graphs import StepGraphs


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU: recording works")
def test_without_recording_the_plain_step_is_taken_and_one_notice_given() -> None:
    notices: list[str] = []
    steps: list[tuple[int, int]] = []

    def step(slots: int, length: int) -> torch.Tensor:
        steps.append((slots, length))
        return torch.full((slots, 3), float(length))

    graphs = StepGraphs(step, notices.append)
    for slots, length in ((2, 64), (2, 64), (4, 128)):
        assert torch.equal(graphs.run(slots, length, "layout"), step(slots, length))
    graphs.clear()
    assert len(notices) == 1
    assert "CUDA graphs are not used" in notices[0]
    assert steps[-2:] == [(4, 128), (4, 128)]


def test_a_lack_of_memory_while_recording_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def short(_: int, __: int) -> torch.Tensor:
        raise torch.OutOfMemoryError("injected")

    graphs = StepGraphs(short, lambda _: None)
    monkeypatch.setattr(graphs, "_warmed", short)
    with pytest.raises(torch.OutOfMemoryError):
        graphs.run(1, 64, "layout")
    monkeypatch.undo()


def test_a_recorded_step_that_disagrees_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    class Replay:
        def replay(self) -> None:
            pass

    def step(slots: int, _: int) -> torch.Tensor:
        return torch.ones((slots, 3))

    notices: list[str] = []
    graphs = StepGraphs(step, notices.append)
    monkeypatch.setattr(graphs, "_warmed", step)
    monkeypatch.setattr(graphs, "_recorded", lambda *_: (Replay(), torch.full((2, 3), 1.5)))
    assert torch.equal(graphs.run(2, 64, "layout"), step(2, 64))
    assert "off by 0.5" in notices[0]


def test_a_recorded_step_that_agrees_is_replayed_and_not_taken_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    replays: list[int] = []

    class Replay:
        def replay(self) -> None:
            replays.append(1)

    steps: list[int] = []

    def step(slots: int, _: int) -> torch.Tensor:
        steps.append(slots)
        return torch.ones((slots, 3))

    graphs = StepGraphs(step, lambda _: None)
    monkeypatch.setattr(graphs, "_warmed", step)
    monkeypatch.setattr(graphs, "_recorded", lambda *_: (Replay(), torch.ones((2, 3))))
    for _ in range(3):
        assert torch.equal(graphs.run(2, 64, "layout"), torch.ones((2, 3)))
    assert len(steps) == 1  # the measure of the recording
    assert len(replays) == 4
    graphs.run(2, 64, "another layout")
    assert len(steps) == 2
