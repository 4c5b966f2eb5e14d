"""A recording waits for the whole device, which no other thread's recording bears."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from ocrd.engine.deepseek.network.recording import WARM_UPS, Recorder


@pytest.fixture(name="device")
def _device(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stand for CUDA: note what each thread does, and fail as CUDA does."""
    done: list[str] = []
    capturing = threading.Event()

    def note(what: str) -> None:
        done.append(f"{threading.current_thread().name} {what}")

    def synchronize() -> None:
        note("waits")
        if capturing.is_set():
            raise RuntimeError("operation not permitted when stream is capturing")

    @contextmanager
    def graph(_graph: Any, **_options: Any) -> Any:
        synchronize()
        note("begins")
        capturing.set()
        yield
        capturing.clear()
        note("ends")

    @contextmanager
    def stream(_stream: Any) -> Any:
        yield

    made = SimpleNamespace(wait_stream=lambda _other: None)
    for name, value in {
        "Stream": lambda: made, "current_stream": lambda: made, "stream": stream, "graph": graph,
        "graph_pool_handle": lambda: (0, 1), "CUDAGraph": object, "synchronize": synchronize,
    }.items():  # fmt: skip
        monkeypatch.setattr(torch.cuda, name, value)
    return done


def test_what_is_recorded_was_warmed_up_before(device: list[str]) -> None:
    calls: list[int] = []

    def run() -> str:
        calls.append(len(device))
        return "kept"

    _, kept = Recorder().record(run)
    assert kept == "kept"
    assert len(calls) == WARM_UPS + 1
    before, last = calls[:-1], calls[-1]
    assert before == [0] * WARM_UPS and device[last - 1].endswith("begins")


def test_two_threads_record_one_after_the_other(device: list[str]) -> None:
    inside, second_is_warm = threading.Event(), threading.Event()
    failed: list[BaseException] = []

    def first() -> None:
        if any("begins" in what for what in device):
            inside.set()
            assert second_is_warm.wait(10)

    def second() -> None:
        second_is_warm.set()

    def record(run: Any) -> None:
        try:
            Recorder().record(run)
        except BaseException as error:
            failed.append(error)

    threads = [
        threading.Thread(target=record, args=(run,), name=run.__name__) for run in (first, second)
    ]
    threads[0].start()
    assert inside.wait(10)
    threads[1].start()
    for thread in threads:
        thread.join(10)
    assert failed == []
    assert [what for what in device if "waits" not in what] == [
        "first begins", "first ends", "second begins", "second ends",
    ]  # fmt: skip
    assert device.index("first ends") < device.index("second waits")
