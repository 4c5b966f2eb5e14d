"""What only a GPU shows of the whole engine: its memory, before, during and after."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from ocrd.config import EngineSettings
from ocrd.engine.client import EngineClient
from ocrd.tasks import Task
from tests import checkpoints
from tests.installation import LETTER

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")

FREE = "import torch; print(torch.cuda.mem_get_info(0)[0])"
SLACK = 64 << 20  # bytes: what the driver keeps for itself comes and goes


def free_bytes() -> int:
    """Return the GPU's free memory as a process of its own sees it."""
    done = subprocess.run([sys.executable, "-c", FREE], capture_output=True, text=True, check=True)
    return int(done.stdout)


async def test_after_unloading_the_memory_of_the_gpu_is_free(tmp_path: Path) -> None:
    model = checkpoints.make_scripted(tmp_path / "model", "deepseek-ocr-2", "The quay is dry.")
    settings = EngineSettings(
        kind="deepseek-ocr-2", model=str(model), device="cuda:0", idle_unload=1.0
    )
    page = tmp_path / "page.pgm"
    with Image.open(LETTER) as letter:
        letter.convert("L").save(page, "PPM")
    before = free_bytes()
    client = EngineClient("default", settings)
    try:
        read = await client.recognise(page, Task(), ())
        assert "The quay is dry." in read.markup
        assert before - free_bytes() > SLACK, "the model is on the GPU"
        for _ in range(600):
            if client.status()["state"] == "unloaded":
                break
            await asyncio.sleep(0.1)
        assert before - free_bytes() < SLACK
    finally:
        await client.stop(0.0)
