"""Every GPU is asked in a process of its own, which none of them can end for the others."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ocrd.engine.deepseek.network import survey
from ocrd.engine.deepseek.network.survey import Seen, fault_of_capability

# What the module needs of torch, on a machine of four: a good one, one that fails at its sum,
# one that ends the process, one that is full; the last is too old.
TORCH = """
import os, signal, types
__version__ = "9.9"
class OutOfMemoryError(RuntimeError): pass
def device(kind, number): return number
class _One:
    def add_(self, _): return self
    def item(self): return 2
def ones(count, *, device):
    if device == 1: raise RuntimeError("CUDA error: uncorrectable ECC error.\\nMore.")
    if device == 2: os.kill(os.getpid(), signal.SIGSEGV)
    if device == 3: raise OutOfMemoryError("full")
    return _One()
cuda = types.SimpleNamespace(
    device_count=lambda: {count},
    get_device_name=lambda number: f"Card {{number}}",
    get_device_capability=lambda number: (3, 5) if number == 4 else (8, 6),
    get_arch_list=lambda: ["sm_80"],
    mem_get_info=lambda number: (number + 10, 99),
)
"""


def machine(monkeypatch: pytest.MonkeyPatch, folder: Path, text: str) -> None:
    (folder / "torch.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", f"{folder}{os.pathsep}{Path(__file__).parents[5]}")


def test_each_gpu_is_told_whatever_the_others_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    machine(monkeypatch, tmp_path, TORCH.format(count=6))
    assert survey.look() == [
        Seen(0, "Card 0", 10),
        Seen(1, "Card 1", fault="does not work with this torch (9.9):"
             " CUDA error: uncorrectable ECC error"),
        Seen(2, "a GPU", fault="ended the process that asked about it (signal 11)"),
        Seen(3, "Card 3", fault="has no memory free", is_full=True),
        Seen(4, "Card 4", fault="has compute capability 3.5, for which this torch has no code"
             " (it has sm_80)"),
        Seen(5, "Card 5", 15),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["raise ImportError('no')", TORCH.format(count=0), "import os; os._exit(3)"]
)
def test_where_nothing_is_told_nothing_is_known(
    text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    machine(monkeypatch, tmp_path, text)
    assert survey.look() == []


def test_what_others_print_is_not_taken_for_a_gpu() -> None:
    said = 'print("Loading …"); print("[1, 2]"); print(\'{"count": 1}\'); print("7")'
    seen = 'print(\'{"number": 0, "name": "A", "free": 5}\')'
    assert survey.look([sys.executable, "-c", f"{said}; {seen}"]) == [Seen(0, "A", 5)]


@pytest.mark.parametrize(
    ("capability", "codes", "runs"),
    [
        ((8, 6), ["sm_75", "sm_80"], True),
        ((8, 0), ["sm_86"], False),
        ((9, 0), ["sm_80", "sm_86"], False),
        ((9, 0), ["sm_80", "compute_80"], True),
        ((12, 0), ["sm_90", "sm_120"], True),
        ((10, 3), ["sm_100", "sm_120"], True),
        ((7, 0), ["sm_75", "compute_120"], False),
        ((9, 0), ["sm_90a"], True),
        ((10, 3), ["sm_100a"], False),
        ((10, 3), ["sm_100f"], True),
        ((12, 0), ["compute_100f"], False),
        ((12, 1), ["compute_120"], True),
        ((6, 1), ["gfx90a"], True),  # of another maker: nothing is known
        ((6, 1), [], True),
    ],
)
def test_what_torch_has_code_for_runs(
    capability: tuple[int, int], codes: list[str], runs: bool
) -> None:
    assert (fault_of_capability(capability, codes) == "") is runs
