"""Recorded looks at views: which shapes there are, and that a wrong one is not trusted."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
import torch

from ocrd.engine.deepseek.network.recording import Recorder
from ocrd.engine.deepseek.network.visiongraphs import COUNTS, VisionGraphs

CPU = torch.device("cpu")


def look(pixels: torch.Tensor) -> torch.Tensor:
    return pixels.float().mean((2, 3)) + 1


class Replay:
    def __init__(self, run: Callable[[], torch.Tensor], found: torch.Tensor, does: str) -> None:
        self.run, self.found, self.does = run, found, does
        self.replays = 0

    def replay(self) -> None:
        self.replays += 1
        if self.does in ("right", "short"):
            self.found.copy_(self.run())
        elif self.does == "wrong":
            self.found.copy_(self.run() * 1.5)


@pytest.fixture(name="graphs")
def _graphs(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> VisionGraphs:
    """Return recorded looks where recording works, or does not, as the parameter says."""
    does = getattr(request, "param", "right")
    made = VisionGraphs(look, CPU)
    made.recorded = []  # type: ignore[attr-defined]

    def record(_: Recorder, run: Callable[[], torch.Tensor]) -> Any:
        if does == "broken":
            raise RuntimeError("operation not permitted when stream is capturing")
        if does == "short" and len(run()) > 2:
            raise RuntimeError("capture ended") from torch.OutOfMemoryError("injected")
        made.recorded.append(Replay(run, run(), does))  # type: ignore[attr-defined]
        return made.recorded[-1], made.recorded[-1].found  # type: ignore[attr-defined]

    monkeypatch.setattr(Recorder, "record", record)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (8 << 30, 8 << 30))
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    return made


def pixels(count: int, seed: int = 0, channels: int = 1) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, channels, 4, 4), generator=generator, dtype=torch.uint8)


def test_a_shape_is_recorded_when_it_comes_again_and_then_replayed(graphs: VisionGraphs) -> None:
    for seed in range(4):
        some = pixels(2, seed)
        torch.testing.assert_close(graphs.look(some), look(some))
    (made,) = graphs.recorded  # type: ignore[attr-defined]
    assert made.replays == 4  # once to try it


def test_numbers_between_are_filled_up_and_numbers_beyond_are_not_recorded(
    graphs: VisionGraphs,
) -> None:
    for seed, count in enumerate([7, 8, 7, 9, 12, 11, 10]):
        some = pixels(count, seed)
        found = graphs.look(some)
        assert len(found) == count
        torch.testing.assert_close(found, look(some))
    assert [len(made.found) for made in graphs.recorded] == [8, 12]  # type: ignore[attr-defined]
    for seed in range(3):
        some = pixels(COUNTS[-1] + 1, seed)
        torch.testing.assert_close(graphs.look(some), look(some))
    assert len(graphs.recorded) == 2  # type: ignore[attr-defined]


def test_grey_and_coloured_views_are_shapes_of_their_own(graphs: VisionGraphs) -> None:
    for channels in (1, 3, 1, 3):
        some = pixels(2, channels, channels)
        torch.testing.assert_close(graphs.look(some), look(some))
    assert len(graphs.recorded) == 2  # type: ignore[attr-defined]


@pytest.mark.parametrize("graphs", ["wrong", "empty", "broken"], indirect=True)
def test_where_recording_fails_or_is_wrong_the_plain_way_is_taken_and_that_is_said_once(
    graphs: VisionGraphs, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    for seed in range(4):
        some = pixels(2, seed)
        torch.testing.assert_close(graphs.look(some), look(some))
    assert not graphs.usable and len(caplog.records) == 1
    assert "without CUDA graphs" in caplog.text


@pytest.mark.parametrize("graphs", ["short"], indirect=True)
def test_where_memory_is_short_for_many_views_fewer_are_recorded_still(
    graphs: VisionGraphs, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    for seed, count in enumerate([2, 2, 4, 4, 4, 6, 6, 2, 1, 1]):
        some = pixels(count, seed)
        torch.testing.assert_close(graphs.look(some), look(some))
    assert graphs.usable and len(caplog.records) == 1
    assert "4 views of 4 pixels and more" in caplog.text
    assert [len(made.found) for made in graphs.recorded] == [2, 1]  # type: ignore[attr-defined]


def test_where_little_memory_is_left_nothing_is_recorded(
    graphs: VisionGraphs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (3 << 30, 8 << 30))
    for seed in range(4):
        graphs.look(pixels(2, seed))
    assert graphs.recorded == [] and graphs.usable  # type: ignore[attr-defined]
