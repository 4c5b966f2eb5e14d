"""A machine with GPUs, as its processes see them; a scripted one that stands for torch.cuda."""

from __future__ import annotations

import os

import pytest
import torch

from ocrd.engine import visible
from ocrd.engine.deepseek.network import devices, survey
from ocrd.engine.deepseek.network.survey import Seen

GIB = 1024**3
ECC = "CUDA error: uncorrectable ECC error encountered"
CODES = ["sm_75", "sm_80", "sm_90", "compute_120"]


class Gpus:
    """Some GPUs with names and free memory, of which a process sees those it is shown."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *free: int) -> None:
        self.free = list(free)
        self.faults: dict[int, Exception] = {}  # of the first sum on each
        self.capabilities: dict[int, tuple[int, int]] = {}
        self.looks = 0
        self.has_begun = False  # CUDA, in this process: then it is too late to hide any
        monkeypatch.setattr(torch.version, "cuda", "12.8")
        monkeypatch.setattr(torch, "ones", self._ones)
        monkeypatch.setattr(devices, "_may_be_several", lambda: len(self._shown()) > 1)
        monkeypatch.setattr(survey, "look", self._look)
        for name, answer in {
            "is_available": lambda: bool(self._shown()),
            "device_count": lambda: len(self._shown()),
            "get_device_name": lambda index: f"GPU {self._shown()[index]}",
            "get_device_capability": lambda index: self._capability(self._shown()[index]),
            "get_arch_list": lambda: CODES,
        }.items():
            monkeypatch.setattr(torch.cuda, name, answer)
        monkeypatch.setattr(
            torch._C, "_cuda_getDeviceCount", lambda: len(self._shown()), raising=False
        )

    def _shown(self) -> list[int]:
        """Return the numbers that the GPUs of this process have on the machine."""
        entries = None if self.has_begun else visible.listed(os.environ)
        every = range(len(self.free))
        if entries is None:
            return [*every]
        return [int(entry) for entry in entries if entry.isdigit() and int(entry) in every]

    def _capability(self, number: int) -> tuple[int, int]:
        return self.capabilities.get(number, (9, 0))

    def _ones(self, count: int, *, device: torch.device) -> torch.Tensor:
        if fault := self.faults.get(self._shown()[device.index]):
            raise fault
        return torch.full((count,), 1.0)

    def _look(self) -> list[Seen]:
        """Answer as the survey does, whose own process is tried elsewhere."""
        self.looks += 1
        found = []
        for number, machine in enumerate(self._shown()):
            fault = survey.fault_of_capability(self._capability(machine), CODES)
            error = self.faults.get(machine)
            if isinstance(error, torch.OutOfMemoryError):
                fault = fault or "has no memory free"
            elif error:
                fault = (
                    fault or f"does not work with this torch (2.13): {str(error).splitlines()[0]}"
                )
            is_full = isinstance(error, torch.OutOfMemoryError)
            free = 0 if fault else self.free[machine]
            found.append(Seen(number, f"GPU {machine}", free, fault, is_full))
        return found
