"""The rule on warnings, in a small project that has it: ours fail, those of others are listed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deprecations import TITLE
from tests.installation import ROOT

LIBRARY = """
import warnings

def deprecated():
    warnings.warn("do not call deprecated()", DeprecationWarning, stacklevel=2)

def calls_it():
    deprecated()
"""
OURS = """
import library

def call():
    library.deprecated()

def call_through():
    library.calls_it()
"""
TESTS = """
import asyncio, gc, threading
import library
from ocrd import ours

def test_our_code_is_warned():
    ours.call()

def test_a_test_is_warned():
    library.deprecated()

def test_a_library_is_warned():
    ours.call_through()
    ours.call_through()

def test_a_library_is_warned_once_more():
    ours.call_through()

def test_a_file_is_left_open():
    open(__file__)
    gc.collect()

def test_a_thread_ends_with_an_exception():
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()

async def forgotten():
    pass

async def test_a_coroutine_is_never_awaited():
    forgotten()
    gc.collect()

def test_an_exception_is_lost():
    class Lost:
        def __del__(self):
            raise ValueError("lost")
    Lost()
    gc.collect()
"""
FAIL = {
    "our_code_is_warned",
    "a_test_is_warned",
    "a_file_is_left_open",
    "a_thread_ends_with_an_exception",
    "a_coroutine_is_never_awaited",
    "an_exception_is_lost",
}
PASS = {"a_library_is_warned", "a_library_is_warned_once_more"}


def test_every_folder_of_tests_is_a_package() -> None:
    """Else its modules have other names, and their warnings are taken for a library's."""
    for path in (ROOT / "tests").rglob("test_*.py"):
        assert (path.parent / "__init__.py").exists(), path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("pyproject.toml", "tests/conftest.py", "tests/deprecations.py"):
        target = tmp_path / name
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / name, target)
    for name, text in {
        "site-packages/library/__init__.py": LIBRARY,
        "ocrd/__init__.py": "",
        "tests/__init__.py": "",
        "tests/unit/__init__.py": "",
        "ocrd/ours.py": OURS,
        "tests/unit/test_all.py": TESTS,
    }.items():
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return tmp_path


@pytest.mark.parametrize("processes", ["0", "2"])
def test_our_warnings_fail_and_those_of_others_are_counted(project: Path, processes: str) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", processes, "-p", "no:cacheprovider", "-rA"],
        cwd=project, env={"PYTHONPATH": str(project / "site-packages"), "PATH": "/usr/bin"},
        capture_output=True, text=True,
    ).stdout  # fmt: skip
    for outcome, names in (("FAILED", FAIL), ("PASSED", PASS)):
        for name in names:
            assert f"{outcome} tests/unit/test_all.py::test_{name}" in said, said
    (_, listed) = said.split(f" {TITLE} ")
    lines = [line.strip() for line in listed.splitlines() if " x " in line]
    assert lines == ["2 x library: DeprecationWarning: do not call deprecated()"], said
