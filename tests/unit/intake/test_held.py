"""What an owner writes into its mark and reads of it, and what lies in the mark's place."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ocrd.errors import FolderWithheldError, OcrdError
from ocrd.intake import mark, silence
from ocrd.intake.held import STILL_SECONDS
from tests.unit.intake.folders import Clock
from tests.unit.intake.owners import (
    OWNER,
    claim,
    foreign,
    is_taken,
    keeping,
    me,
    owner_of,
    state_of,
)

pytestmark = pytest.mark.usefixtures("without_locks")

# An idle folder is left in peace


@pytest.mark.parametrize("keeps", [False, True])
def test_an_idle_folder_is_not_written_however_often_it_is_looked_at(
    tmp_path: Path, clock: Clock, keeps: bool
) -> None:
    mine = claim(tmp_path, me("a"), clock)
    mine.keeping = keeping() if keeps else None
    mine.require()
    before = state_of(tmp_path)
    for _ in range(500):
        clock.now += 10.0
        mine.require()
        mine.keep_up()
        mine.confirm()
    assert state_of(tmp_path) == before


def test_nothing_is_read_of_an_idle_folders_mark_which_would_wake_its_disk(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[int] = []
    pread = os.pread

    def counted(fd: int, length: int, offset: int) -> bytes:
        reads.append(fd)
        return pread(fd, length, offset)

    monkeypatch.setattr(os, "pread", counted)
    mine = claim(tmp_path, me("a"), clock)
    mine.require()
    clock.now += STILL_SECONDS
    mine.require()
    reads.clear()
    for _ in range(50):
        clock.now += 10.0
        mine.require()
        mine.keep_up()
    assert reads == []
    foreign(tmp_path, me("b"))
    assert not is_taken(mine)


def test_a_takeover_right_after_a_write_is_seen_whatever_the_files_times_say(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a file system whose times count in seconds."""
    monkeypatch.setattr(mark, "_state_of", lambda _fd: (1, 1024, 0, 0))
    mine = claim(tmp_path, me("a"), clock)
    mine.require()
    clock.now += STILL_SECONDS - 1
    foreign(tmp_path, me("b"))
    clock.now += 1
    assert not is_taken(mine)


def test_a_takeover_in_the_same_moment_as_a_write_is_known_before_anything_is_filed(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mark, "_state_of", lambda _fd: (1, 1024, 0, 0))
    mine = claim(tmp_path, me("a"), clock)
    mine.require()
    foreign(tmp_path, me("b"))
    with pytest.raises(FolderWithheldError):
        mine.confirm()


def test_an_archive_tells_how_far_it_was_read_and_says_it_once(
    tmp_path: Path, clock: Clock
) -> None:
    mine = claim(tmp_path, me("a"), clock)
    mine.keeping = keeping(serial=4)
    mine.require()
    assert owner_of(tmp_path).serial == 4
    mine.keeping = keeping(serial=9)  # jobs of other folders only
    before = state_of(tmp_path)
    mine.require()
    mine.keep_up()
    assert state_of(tmp_path) == before
    asked: list[int] = []

    def came_after(number: int) -> bool:
        asked.append(number)
        return False

    mine.keeping = replace(keeping(serial=10), came_after=came_after)
    mine.require()
    mine.keep_up()
    assert asked == [9], "what was other folders' is not asked for again"
    mine.keeping = keeping(serial=11, came_after=True)
    mine.keep_up()  # between two scans
    assert owner_of(tmp_path).serial == 11
    before = state_of(tmp_path)
    mine.require()
    mine.keep_up()
    assert state_of(tmp_path) == before


def test_a_new_interval_of_the_scans_is_told_others(tmp_path: Path, clock: Clock) -> None:
    mine = claim(tmp_path, me("a"), clock)
    mine.require()
    assert owner_of(tmp_path).answers == 30
    mine.look_seconds = 600.2
    mine.require()
    assert owner_of(tmp_path).answers == 601
    mine.look_seconds = 0.5
    mine.require()
    assert owner_of(tmp_path).answers == silence.BEAT_SECONDS, "our own thread looks no oftener"


# What has become of the mark


def test_a_folder_whose_mark_was_removed_is_marked_again(tmp_path: Path, clock: Clock) -> None:
    mine = claim(tmp_path, me("a"), clock)
    mine.require()
    (tmp_path / OWNER).unlink()
    with pytest.raises(FolderWithheldError):
        mine.confirm()
    mine.require()
    mine.confirm()
    (tmp_path / OWNER).write_bytes(b"")  # in place: it is still our file
    mine.require()
    assert owner_of(tmp_path).session == "a-1"


def test_an_owner_whose_file_does_not_answer_is_not_sure_of_its_folder(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = claim(tmp_path, me("a"), clock)
    mine.require()

    def fail(*_: object) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "pread", fail)
    clock.now += STILL_SECONDS
    with pytest.raises(OcrdError):
        mine.confirm()
    with pytest.raises(OSError, match="Input/output"):
        mine.require()
    monkeypatch.undo()
    mine.confirm()


@pytest.mark.parametrize(
    "plant",
    [
        lambda place, victim: place.symlink_to(victim),
        lambda place, victim: place.hardlink_to(victim),
        lambda place, _: os.mkfifo(place),
        lambda place, _: place.mkdir(),
        lambda place, _: place.write_bytes(b"\xff" * 100_000),
        lambda place, _: place.write_text('{"ocrd": 1, "beat": {}, "host": ["x"]}'),
        lambda place, _: place.write_text(f'{{"ocrd": 1, "beat": {"9" * 3000}}}'),
        lambda place, _: place.write_text('{"ocrd": 1, "beat": Infinity}'),
        lambda place, _: place.write_text('{"ocrd": 3}'),
    ],
    ids=[
        "symlink", "hard link", "pipe", "folder", "noise", "half", "long number", "no number",
        "later version",
    ],
)  # fmt: skip
def test_what_is_no_owners_mark_is_never_written(
    tmp_path: Path, clock: Clock, plant: Callable[[Path, Path], object]
) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(me("victim", released=True).encode())
    before = victim.read_bytes()
    plant(tmp_path / OWNER, victim)
    planted = (tmp_path / OWNER).lstat()
    mine = claim(tmp_path, me("a"), clock)
    with pytest.raises(FolderWithheldError, match="is not what ocrd writes"):
        mine.require()
    assert victim.read_bytes() == before
    assert (tmp_path / OWNER).lstat() == planted


def test_an_empty_mark_does_not_open_an_archive_that_looks_read(
    tmp_path: Path, clock: Clock
) -> None:
    (tmp_path / OWNER).touch()
    mine = claim(tmp_path, me("a"), clock)
    mine.keeping = keeping(is_known=False, looks_read=True)
    with pytest.raises(FolderWithheldError, match="read again"):
        mine.require()
    mine.keeping = keeping(is_known=False, looks_read=False)
    mine.require()
