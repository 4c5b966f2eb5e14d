from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from ocrd import files
from tests.unit.files.making import OLD_NS, make, names


def test_sweep_takes_what_a_crash_left_and_nothing_in_use(tmp_path: Path) -> None:
    make(tmp_path / ".ocrd-0123456789abcdef.tmp")
    make(tmp_path / "a.pdf")
    swept: list[int] = []

    def sweeping(out: BinaryIO) -> None:
        out.write(b"text")
        swept.append(files.sweep(tmp_path))

    files.write_durably(tmp_path / "a.md", sweeping)
    assert swept == [1]
    assert names(tmp_path) == ["a.md", "a.pdf"]


def test_sweep_takes_a_source_set_aside_only_in_the_state_it_was_in(tmp_path: Path) -> None:
    make(tmp_path / f".ocrd-0123456789abcdef-7-{OLD_NS}.tmp")
    make(tmp_path / f".ocrd-fedcba9876543210-7-{OLD_NS}.tmp", b"a successor")
    assert files.sweep(tmp_path) == 1
    assert names(tmp_path) == [f".ocrd-fedcba9876543210-7-{OLD_NS}.tmp"]
