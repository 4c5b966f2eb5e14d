"""Runs where the real placement puts it, on a machine whose GPUs are told by a file.

Options: those of ``Scripted``, and ``machine``, a JSON file that stands for driver and GPUs: their
``names``, the numbers of those that are ``broken`` (counted, and failing at the first sum), and
``init``, what CUDA says when it cannot begin. It is read at the start and at each page: a page
fails when the GPU below it is gone. Lines read name the device.
"""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from ocrd.engine.deepseek.network import placement
from ocrd.engine.protocol import Hello, Recognise
from ocrd.errors import EngineError
from ocrd.job import Recognition
from tests.engines import Progress, Scripted

log = logging.getLogger("ocrd.engine.gpu")


class Machine:
    """Answers for torch.cuda."""

    def __init__(self, path: Path) -> None:
        told = json.loads(path.read_text())
        self.names: list[str] = told.get("names", [])
        self.broken: list[int] = told.get("broken", [])
        self.init_error: str = told.get("init", "")
        self.seen = 0 if self.init_error else len(self.names)

    def answer(self) -> None:
        torch.version.cuda = "13.0"
        torch.cuda.is_available = lambda: self.seen > 0
        torch.cuda.device_count = lambda: self.seen
        torch.cuda.get_device_name = lambda index: self.names[index]
        torch.cuda.init = self.init
        torch.ones = self.ones
        free = [f"print({1 << number})" for number in range(self.seen)]
        placement.FREE_MEMORY = "\n".join(free)  # the last one has most

    def init(self) -> None:
        raise RuntimeError(self.init_error or "No CUDA GPUs are available")

    def ones(self, count: int, *, device: torch.device) -> torch.Tensor:
        if device.index in self.broken:
            raise RuntimeError("CUDA error: uncorrectable ECC error encountered")
        return torch.zeros(count).fill_(1)


class Gpu(Scripted):
    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__(settings)
        self.path = Path(self.options["machine"])
        Machine(self.path).answer()
        self.device, remarks = placement.device_of(settings["device"], tuple(settings["had_gpus"]))
        for remark in remarks:
            log.warning("%s", remark)

    @property
    def hello(self) -> Hello:
        on_gpu = self.device.type == "cuda"
        gpus = placement.gpus() if on_gpu else ()
        name = f", {gpus[self.device.index]}" if on_gpu else ""
        return replace(super().hello, device=f"{self.device}{name}", gpus=gpus)

    def recognise(self, request: Recognise, progress: Progress) -> Recognition:
        machine = Machine(self.path)
        if self.device.type == "cuda" and (
            self.device.index >= machine.seen or self.device.index in machine.broken
        ):
            raise EngineError("Decoding failed (AcceleratorError: CUDA error: unknown error).")
        return super().recognise(request, progress)

    def answer(self, request: Recognise) -> Recognition:
        answer = super().answer(request)
        return replace(answer, lines=(replace(answer.lines[0], text=f"Read on {self.device}"),))


def load(settings: dict[str, Any]) -> Gpu:
    return Gpu(settings)
