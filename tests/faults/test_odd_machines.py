"""Machines that the libraries do not run on: the cause is named, documents wait, none is failed."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import LETTER, ROOT, Installation

# As "ocrd", but all that it starts runs on the interpreter of that name.
OCRD_ON = (
    "import sys; sys.executable = sys.argv.pop(1); from ocrd.cli import main; sys.exit(main())"
)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def old_processor(tmp_path: Path) -> Path:
    """An interpreter on a processor without SSSE3, SSE4 and POPCNT, as QEMU's own is."""
    if platform.machine() != "x86_64" or shutil.which("qemu-x86_64") is None:
        pytest.skip("needs an x86-64 machine and Debian's qemu-user")
    # faulthandler prints the crash to the worker's output; QEMU's own core dump is not wanted.
    wrapper = tmp_path / "python-on-qemu64"
    wrapper.write_text(f'#!/bin/sh\nexec qemu-x86_64 -cpu qemu64 "{sys.executable}" "$@"\n')
    wrapper.chmod(0o755)
    return wrapper


def ocrd_on(interpreter: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", OCRD_ON, interpreter, *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
        env={**os.environ, "COLUMNS": "400"},
    )  # fmt: skip


def test_numpy_itself_cannot_be_imported_on_that_processor(old_processor: Path) -> None:
    """Else the tests below would prove nothing."""
    ended = subprocess.run([old_processor, "-c", "import numpy"], capture_output=True)
    assert ended.returncode != 0


def test_check_names_the_processor_and_the_way_out(
    daemon: Installation, old_processor: Path
) -> None:
    daemon.configure('kind = "rapidocr"')
    said = ocrd_on(old_processor, "check", "--config", str(daemon.config)).stdout
    (line,) = [line for line in said.splitlines() if "engine default" in line]
    assert line.startswith("fail")
    assert "this processor lacks instructions that numpy is built with" in line, said
    assert "cpu mode='host-passthrough'" in said


def test_convert_ends_with_the_cause_and_does_not_wait_for_another_processor(
    tmp_path: Path, old_processor: Path
) -> None:
    shutil.copy(LETTER, tmp_path / "one.png")
    shutil.copy(LETTER, tmp_path / "two.png")
    names = [str(tmp_path / name) for name in ("one.png", "two.png")]
    ended = ocrd_on(old_processor, "convert", *names)
    assert ended.returncode == 1
    said = ended.stdout + ended.stderr
    # Pages are drawn before they are read: it is the drawing child that meets it first.
    assert "this processor lacks instructions that numpy is built with" in said
    assert "host-passthrough" in said
    assert "Next start" not in said and "Tried again" not in said


def test_the_journal_says_why_no_page_can_be_drawn_and_nothing_is_touched(
    daemon: Installation, old_processor: Path
) -> None:
    daemon.configure('kind = "rapidocr"')
    daemon.drop(LETTER, "letter.png")
    ended = ocrd_on(old_processor, "run", "--config", str(daemon.config))
    assert ended.returncode != 0
    said = ended.stdout + ended.stderr
    assert "Not started" in said
    assert "this processor lacks instructions that numpy is built with" in said
    assert "host-passthrough" in said
    assert daemon.tree() == ["letter.png"]


@pytest.fixture
def no_library(tmp_path: Path) -> Path:
    """A folder with a package "pymupdf" that is linked against a library that has gone."""
    if shutil.which("gcc") is None:
        pytest.skip("needs a compiler")
    folder = tmp_path / "packages"
    folder.mkdir()
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    for name, source, options in (
        ("libgone.so.7", "int gone(void) { return 7; }", ["-Wl,-soname,libgone.so.7"]),
        (
            f"pymupdf{suffix}",
            "int gone(void); void *PyInit_pymupdf(void) { return (void *)(long)gone(); }",
            ["-L.", "-l:libgone.so.7"],
        ),
    ):
        subprocess.run(
            ["gcc", "-shared", "-fPIC", "-o", name, "-x", "c", "-", "-x", "none", *options],
            cwd=folder, input=source, text=True, check=True,
        )  # fmt: skip
    (folder / "libgone.so.7").unlink()
    return folder


def test_a_shared_library_that_the_drawing_children_lack_is_named(
    tmp_path: Path, no_library: Path
) -> None:
    shutil.copy(LETTER, tmp_path / "one.png")
    ended = subprocess.run(
        [sys.executable, "-m", "ocrd", "convert", tmp_path / "one.png"],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": str(no_library), "COLUMNS": "400"},
    )  # fmt: skip
    assert ended.returncode == 1
    said = ended.stdout + ended.stderr
    assert "libgone.so.7: cannot open shared object file" in said
    assert "apt-file search libgone.so.7" in said
    assert "rasterize.memory" not in said
