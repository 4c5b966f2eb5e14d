"""What is private is made so, and an existing file or folder loses rights and gains none."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ocrd.files.privacy import PRIVATE_FILE, PRIVATE_FOLDER, make_private, tighten


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_is_for_its_owner_whatever_the_umask_is(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        make_private(tmp_path / "new")
    finally:
        os.umask(before)
    assert mode(tmp_path / "new") == 0o600


def test_a_file_that_is_there_keeps_its_content(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("kept")
    make_private(tmp_path / "old")
    assert (tmp_path / "old").read_text() == "kept"


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [(0o755, 0o700, True), (0o2775, 0o2700, True), (0o500, 0o500, False), (0o700, 0o700, False)],
)
def test_rights_are_taken_and_none_are_given(
    tmp_path: Path, before: int, after: int, *, changed: bool
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    folder.chmod(before)
    assert tighten(folder, PRIVATE_FOLDER) is changed
    assert mode(folder) == after


def test_what_is_not_there_is_passed_over(tmp_path: Path) -> None:
    assert tighten(tmp_path / "none", PRIVATE_FILE) is False


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_is_somebody_elses_stays_as_he_made_it(tmp_path: Path) -> None:
    (tmp_path / "his").touch(0o644)
    os.chown(tmp_path / "his", 12345, 12345)
    assert tighten(tmp_path / "his", PRIVATE_FILE) is False
    assert mode(tmp_path / "his") == 0o644
