"""What only a GPU shows of the whole engine: its memory, before, during and after.

The worker alone is asked wherever torch is; the daemon's client of it, where our settings can be
read, which takes pydantic.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ocrd.engine import protocol
from ocrd.engine.process import WorkerProcess
from ocrd.tasks import Task
from tests import checkpoints
from tests.installation import LETTER, ROOT

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")

KIND = "deepseek-ocr-2"
SAID = "The quay is dry."
FREE = "import torch; print(torch.cuda.mem_get_info(0)[0])"
SLACK = 64 << 20  # bytes: what the driver keeps for itself comes and goes
LOADING_SECONDS = 50.0


def free_bytes() -> int:
    """Return the GPU's free memory as a process of its own sees it."""
    done = subprocess.run([sys.executable, "-c", FREE], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.fixture(name="page")
def _page(tmp_path: Path) -> Path:
    path = tmp_path / "page.pgm"
    with Image.open(LETTER) as letter:
        letter.convert("L").save(path, "PPM")
    return path


def settings_of(model: Path) -> dict[str, Any]:
    return {
        "kind": KIND, "model": str(model), "revision": None, "device": "cuda:0", "dtype": "auto",
        "attention": "auto", "download": False, "max_slots": "auto", "context": 8192,
        "memory_share": 0.9, "turn": False, "max_tiles": None, "max_new_tokens": 0,
    }  # fmt: skip


async def answer(worker: WorkerProcess, kind: type[Any]) -> Any:
    """Return the worker's next message of a kind; notices and progress may come before."""
    async with asyncio.timeout(LOADING_SECONDS):
        while not isinstance(message := await worker.receive(), kind):
            assert isinstance(message, protocol.Notice | protocol.Progress), message
    return message


async def read_and_measure(model: Path, page: Path) -> tuple[str, int]:
    """Return what a worker reads, and the free memory while it is there."""
    worker = await WorkerProcess.spawn()
    try:
        worker.send(protocol.Configure(settings_of(model)))
        await answer(worker, protocol.Hello)
        worker.send(protocol.Recognise(1, str(page), Task()))
        read = await answer(worker, protocol.Recognised)
        return read.recognition.markup, free_bytes()
    finally:
        await worker.close(0.0)


def test_after_the_worker_ends_the_memory_of_the_gpu_is_free(
    tmp_path: Path, page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The worker looks for ocrd where it is installed, or here.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    model = checkpoints.make_scripted(tmp_path / "model", KIND, SAID)
    before = free_bytes()
    text, meanwhile = asyncio.run(read_and_measure(model, page))
    assert SAID in text
    assert before - meanwhile > SLACK, "the model is on the GPU"
    assert before - free_bytes() < SLACK


def test_after_unloading_the_memory_of_the_gpu_is_free(tmp_path: Path, page: Path) -> None:
    pytest.importorskip("pydantic")
    asyncio.run(unload(checkpoints.make_scripted(tmp_path / "model", KIND, SAID), page))


async def unload(model: Path, page: Path) -> None:
    from ocrd.config.settings import EngineSettings
    from ocrd.engine.client import EngineClient

    settings = EngineSettings(kind=KIND, model=str(model), device="cuda:0", idle_unload=1.0)
    before = free_bytes()
    client = EngineClient("default", settings)
    try:
        read = await client.recognise(page, Task(), ())
        assert SAID in read.markup
        assert before - free_bytes() > SLACK, "the model is on the GPU"
        for _ in range(600):
            if client.status()["state"] == "unloaded":
                break
            await asyncio.sleep(0.1)
        assert before - free_bytes() < SLACK
    finally:
        await client.stop(0.0)
