"""Durable writes."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import BinaryIO

import pytest

from ocrd import files
from ocrd.errors import DiskFullError, ShareGoneError
from ocrd.files import Place
from tests.unit.files.making import Degrade, every_file_system, make, names, writes


def test_write_publishes_whole_and_returns_the_hash(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    digest = files.write_durably(path, writes(b"text" * 1_000_000))
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert path.stat().st_size == 4_000_000
    assert names(tmp_path) == ["a.md"]


def test_write_cuts_its_mode_by_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        files.write_durably(tmp_path / "a.md", writes(b"text"))
    finally:
        os.umask(before)
    assert (tmp_path / "a.md").stat().st_mode & 0o777 == 0o640


def test_failed_write_leaves_nothing(tmp_path: Path) -> None:
    def fail(out: BinaryIO) -> None:
        out.write(b"half")
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        files.write_durably(tmp_path / "a.md", fail)
    assert names(tmp_path) == []


def test_write_on_a_full_disk_says_so() -> None:
    with pytest.raises(DiskFullError, match="full"):
        files.fill(os.open("/dev/full", os.O_WRONLY), Path("/dev/full"), writes(b"text"))


@every_file_system
def test_write_overwrites_nothing(
    tmp_path: Path, degrade: Degrade, monkeypatch: pytest.MonkeyPatch
) -> None:
    degrade(monkeypatch)
    path = tmp_path / "a.md"

    def slow(out: BinaryIO) -> None:
        make(path, b"someone else's")
        out.write(b"mine")

    with pytest.raises(FileExistsError):
        files.write_durably(path, slow)
    assert path.read_bytes() == b"someone else's"
    with pytest.raises(FileExistsError):
        files.write_durably(path, writes(b"mine"))
    files.write_durably(path, writes(b"mine"), replace=True)
    assert path.read_bytes() == b"mine"
    assert names(tmp_path) == ["a.md"]


def test_write_into_a_missing_folder_says_share_gone(tmp_path: Path) -> None:
    with pytest.raises(ShareGoneError, match="gone"):
        files.write_durably(tmp_path / "gone" / "a.md", writes(b"text"))


def test_directories_are_made_below_what_is_there(tmp_path: Path) -> None:
    for _ in range(2):
        files.make_directories(Place.below(tmp_path, "a/b/c"), root_too=False)
    assert (tmp_path / "a" / "b" / "c").is_dir()
    share = tmp_path / "unmounted" / "share"
    with pytest.raises(ShareGoneError):
        files.make_directories(Place.below(share, "2024"), root_too=False)
    assert not share.exists()
    files.make_directories(Place.below(share, "2024"))
    assert (share / "2024").is_dir()
    files.make_directories(tmp_path / "x" / "y")
    assert (tmp_path / "x" / "y").is_dir()
    make(tmp_path / "file")
    with pytest.raises(ShareGoneError):
        files.make_directories(tmp_path / "file" / "a")
