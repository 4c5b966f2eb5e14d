"""Runs where the real placement puts it, on a machine whose GPUs are told by a file.

Options: those of ``Scripted``, and ``machine``, a JSON file that stands for driver and GPUs: their
``names``, the numbers of those that are ``broken`` (counted, and failing at the first sum), and
``init``, what CUDA says when it cannot begin. It is read at the start and at each page: a page
fails when the GPU below it is gone. Lines read name the device, and what this process sees.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from ocrd.engine import visible
from ocrd.engine.deepseek.network import devices, survey
from ocrd.engine.protocol import Hello, Recognise
from ocrd.errors import EngineError
from ocrd.job import Recognition
from tests.engines import Progress, Scripted

log = logging.getLogger("ocrd.engine.gpu")
ECC = "CUDA error: uncorrectable ECC error encountered"


class Machine:
    """Answers for torch.cuda."""

    def __init__(self, path: Path) -> None:
        told = json.loads(path.read_text())
        self.names: list[str] = told.get("names", [])
        self.broken: list[int] = told.get("broken", [])
        self.init_error: str = told.get("init", "")

    @property
    def seen(self) -> list[int]:
        """Return the machine's numbers of the GPUs that this process sees."""
        if self.init_error:
            return []
        every = [*range(len(self.names))]
        entries = visible.listed(os.environ)
        return every if entries is None else [int(e) for e in entries if int(e) in every]

    def answer(self) -> None:
        torch.version.cuda = "13.0"
        torch.cuda.is_available = lambda: bool(self.seen)
        torch.cuda.device_count = lambda: len(self.seen)
        torch.cuda.get_device_name = lambda index: self.names[self.seen[index]]
        torch.cuda.get_device_capability = lambda index: (9, 0)
        torch.cuda.init = self.init
        torch.ones = self.ones
        devices._may_be_several = lambda: len(self.seen) > 1
        survey.look = self.look

    def init(self) -> None:
        raise RuntimeError(self.init_error or "No CUDA GPUs are available")

    def ones(self, count: int, *, device: torch.device) -> torch.Tensor:
        if self.seen[device.index] in self.broken:
            raise RuntimeError(ECC)
        return torch.zeros(count).fill_(1)

    def look(self, command: Sequence[str] = ()) -> list[survey.Seen]:
        """Return all of them; the last one has most memory free."""
        return [
            survey.Seen(number, self.names[at], 1 << at, ECC if at in self.broken else "")
            for number, at in enumerate(self.seen)
        ]


class Gpu(Scripted):
    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__(settings)
        self.path = Path(self.options["machine"])
        Machine(self.path).answer()
        self.place = devices.device_of(settings["device"], tuple(settings["had_gpus"]))
        for remark in self.place.remarks:
            log.warning("%s", remark)

    @property
    def hello(self) -> Hello:
        told = ", ".join(filter(None, (self.place.label, self.place.name)))
        return replace(super().hello, device=told, gpus=self.place.gpus)

    def recognise(self, request: Recognise, progress: Progress) -> Recognition:
        machine = Machine(self.path)
        if self.place.device.type == "cuda" and not set(machine.seen) - set(machine.broken):
            raise EngineError("Decoding failed (AcceleratorError: CUDA error: unknown error).")
        return super().recognise(request, progress)

    def answer(self, request: Recognise) -> Recognition:
        answer = super().answer(request)
        sees = f", sees {len(Machine(self.path).seen)}" if self.options.get("sees") else ""
        text = f"Read on {self.place.label}{sees}"
        return replace(answer, lines=(replace(answer.lines[0], text=text),))


def load(settings: dict[str, Any]) -> Gpu:
    return Gpu(settings)
