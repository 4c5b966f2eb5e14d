"""Moves, within a file system and across."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocrd import files
from ocrd.errors import ShareGoneError, SourceChangedError, TransientError
from ocrd.files import Entry, directories, moving
from tests.unit.files.making import (
    OLD_NS,
    Degrade,
    change_while_reading,
    every_file_system,
    fallback_to_placeholder,
    make,
    names,
    writer,
)


@pytest.fixture
def other_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on another file system than ``tmp_path``."""
    folder = Path(tempfile.mkdtemp(prefix="ocrd-test-", dir="/dev/shm"))
    if folder.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("/dev/shm is on the file system of the temporary folder")
    yield folder
    shutil.rmtree(folder)


@every_file_system
def test_move_keeps_content_and_time(
    tmp_path: Path, degrade: Degrade, monkeypatch: pytest.MonkeyPatch
) -> None:
    degrade(monkeypatch)
    source, destination = make(tmp_path / "a.pdf"), tmp_path / "done.pdf"
    files.move(source, destination, files.file_key(source))
    assert destination.read_bytes() == b"content"
    assert destination.stat().st_mtime_ns == OLD_NS
    assert names(tmp_path) == ["done.pdf"]


@every_file_system
def test_move_keeps_both_files_when_names_collide(
    tmp_path: Path, degrade: Degrade, monkeypatch: pytest.MonkeyPatch
) -> None:
    degrade(monkeypatch)
    source, destination = make(tmp_path / "a.pdf", b"new"), make(tmp_path / "b.pdf", b"old")
    with pytest.raises(FileExistsError):
        files.move(source, destination, files.file_key(source))
    assert (source.read_bytes(), destination.read_bytes()) == (b"new", b"old")
    assert names(tmp_path) == ["a.pdf", "b.pdf"]


def test_move_takes_no_name_of_a_source_that_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fallback_to_placeholder(monkeypatch)
    with pytest.raises(FileNotFoundError):
        files.rename_no_replace(tmp_path / "gone.pdf", tmp_path / "b.pdf")
    assert names(tmp_path) == []


@pytest.mark.parametrize("across", [False, True], ids=["within", "across"])
class TestMoveWithinAndAcross:
    @pytest.fixture
    def done(self, across: bool, tmp_path: Path, other_disk: Path) -> Path:
        if across:
            return other_disk
        (tmp_path / "done").mkdir()
        return tmp_path / "done"

    @pytest.fixture
    def inbox(self, tmp_path: Path) -> Path:
        (tmp_path / "inbox").mkdir()
        return tmp_path / "inbox"

    def test_moves_whole(self, inbox: Path, done: Path) -> None:
        source = make(inbox / "a.pdf", os.urandom(3 * files.CHUNK_BYTES + 7))
        source.chmod(0o640)
        content = source.read_bytes()
        files.move(source, done / "a.pdf", files.file_key(source))
        assert (done / "a.pdf").read_bytes() == content
        status = (done / "a.pdf").stat()
        assert (status.st_mtime_ns, status.st_mode & 0o777) == (OLD_NS, 0o640)
        assert (names(inbox), names(done)) == ([], ["a.pdf"])

    def test_moves_names_that_are_no_text(self, inbox: Path, done: Path) -> None:
        name = os.fsdecode(b"scan-\xff\n.pdf")
        source = make(inbox / name)
        files.move(source, done / name, files.file_key(source))
        assert (names(inbox), names(done)) == ([], [name])

    def test_overwrites_nothing(self, inbox: Path, done: Path) -> None:
        source = make(inbox / "a.pdf", b"new")
        make(done / "a.pdf", b"old")
        for resume in (False, True):
            with pytest.raises(FileExistsError):
                files.move(source, done / "a.pdf", files.file_key(source), resume=resume)
        assert (source.read_bytes(), (done / "a.pdf").read_bytes()) == (b"new", b"old")
        assert (names(inbox), names(done)) == (["a.pdf"], ["a.pdf"])

    def test_leaves_a_changed_source(self, inbox: Path, done: Path) -> None:
        source = make(inbox / "a.pdf")
        key = files.file_key(source)
        make(source, b"edited", OLD_NS + 1)
        with pytest.raises(SourceChangedError):
            files.move(source, done / "a.pdf", key)
        assert (names(inbox), names(done)) == (["a.pdf"], [])

    def test_leaves_a_source_that_is_open_for_writing(self, inbox: Path, done: Path) -> None:
        source = make(inbox / "a.pdf")
        key = files.file_key(source)
        with writer(source), pytest.raises(SourceChangedError):
            files.move(source, done / "a.pdf", key)
        assert (names(inbox), names(done)) == (["a.pdf"], [])

    def test_says_when_the_source_is_gone(self, inbox: Path, done: Path) -> None:
        source = make(inbox / "a.pdf")
        key = files.file_key(source)
        source.unlink()
        with pytest.raises(SourceChangedError):
            files.move(source, done / "a.pdf", key)
        assert names(done) == []

    def test_says_when_the_destination_folder_is_gone(self, inbox: Path, done: Path) -> None:
        source = make(inbox / "a.pdf")
        with pytest.raises(ShareGoneError):
            files.move(source, done / "2024" / "a.pdf", files.file_key(source))
        assert names(inbox) == ["a.pdf"]

    def test_never_moves_a_successor_of_the_same_name(
        self, inbox: Path, done: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Another file takes the source's place between the look and the rename."""
        source = make(inbox / "a.pdf")
        key = files.file_key(source)
        real = directories.rename_flagged
        landing = done if done.stat().st_dev == inbox.stat().st_dev else inbox

        def replaced_first(old: Entry, new: Entry) -> None:
            if old.path == source and new.path.parent == landing:
                make(inbox / "next", b"another document", OLD_NS + 5).rename(source)
                monkeypatch.setattr(directories, "rename_flagged", real)
            real(old, new)

        # Across, the dangerous moment is the unlink, after the copy was published.
        monkeypatch.setattr(directories, "rename_flagged", replaced_first)
        with pytest.raises(SourceChangedError):
            files.move(source, done / "a.pdf", key)
        assert source.read_bytes() == b"another document"
        assert (names(inbox), names(done)) == (["a.pdf"], [])

    def test_resumes_a_move_whose_copy_stands(self, inbox: Path, done: Path) -> None:
        source = make(inbox / "a.pdf")
        make(done / "a.pdf", source.read_bytes())
        with pytest.raises(FileExistsError):
            files.move(source, done / "a.pdf", files.file_key(source))
        files.move(source, done / "a.pdf", files.file_key(source), resume=True)
        assert (names(inbox), names(done)) == ([], ["a.pdf"])


def test_move_resumes_between_link_and_unlink(tmp_path: Path) -> None:
    source = make(tmp_path / "a.pdf")
    (tmp_path / "done").mkdir()
    os.link(source, tmp_path / "done" / "a.pdf")
    files.move(source, tmp_path / "done" / "a.pdf", files.file_key(source), resume=True)
    assert (tmp_path / "done" / "a.pdf").read_bytes() == b"content"
    assert not source.exists()


def test_move_onto_itself_keeps_the_file(tmp_path: Path) -> None:
    source = make(tmp_path / "a.pdf")
    (tmp_path / "done").symlink_to(tmp_path)
    for resume in (False, True):
        with pytest.raises(FileExistsError):
            files.move(source, tmp_path / "done" / "a.pdf", files.file_key(source), resume=resume)
    assert source.read_bytes() == b"content"


def test_move_across_notices_a_source_that_changes_during_the_copy(
    tmp_path: Path, other_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make(tmp_path / "a.pdf", b"x" * (3 * files.CHUNK_BYTES))
    key = files.file_key(source)
    change_while_reading(monkeypatch, source)
    with pytest.raises(SourceChangedError):
        files.move(source, other_disk / "a.pdf", key)
    assert names(other_disk) == []
    assert source.read_bytes().endswith(b"xmore")


def test_move_across_takes_its_copy_back_if_the_source_cannot_be_removed(
    tmp_path: Path, other_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make(tmp_path / "a.pdf")
    real = directories.rename_flagged

    def refuse_in_the_inbox(old: Entry, new: Entry) -> None:
        if new.path.parent == tmp_path:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        real(old, new)

    monkeypatch.setattr(directories, "rename_flagged", refuse_in_the_inbox)
    with pytest.raises(TransientError, match="Permission denied"):
        files.move(source, other_disk / "a.pdf", files.file_key(source))
    assert (names(tmp_path), names(other_disk)) == (["a.pdf"], [])


def test_move_across_compares_what_it_reads_back(
    tmp_path: Path, other_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make(tmp_path / "a.pdf", b"x" * 1000)
    real = os.fsync

    def corrupting(fd: int) -> None:
        with contextlib.suppress(OSError):
            os.pwrite(fd, b"?", 500)
        real(fd)

    monkeypatch.setattr(os, "fsync", corrupting)
    with pytest.raises(TransientError, match="differs"):
        files.move(source, other_disk / "a.pdf", files.file_key(source))
    assert (names(tmp_path), names(other_disk)) == (["a.pdf"], [])


def test_remove_unlinks_that_state_only(tmp_path: Path) -> None:
    source = make(tmp_path / "a.pdf")
    key = files.file_key(source)
    make(source, b"edited", OLD_NS + 1)
    with pytest.raises(SourceChangedError):
        files.remove(source, key)
    assert source.read_bytes() == b"edited"
    files.remove(source, files.file_key(source))
    assert names(tmp_path) == []


def test_move_believes_the_file_over_the_answer_of_a_server_asked_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make(tmp_path / "a.pdf")
    real = directories.rename_flagged

    def asked_twice(old: Entry, new: Entry) -> None:
        real(old, new)
        real(old, new)

    monkeypatch.setattr(directories, "rename_flagged", asked_twice)
    files.move(source, tmp_path / "b.pdf", files.file_key(source))
    assert names(tmp_path) == ["b.pdf"]


def test_put_back_finds_a_name_when_its_own_is_taken(tmp_path: Path) -> None:
    make(tmp_path / "a.pdf", b"third")
    make(tmp_path / "a (1).pdf", b"second")
    make(tmp_path / "aside", b"first")
    with files.opened_folder(tmp_path) as folder:
        moving._put_back(folder.entry("aside"), folder.entry("a.pdf"))
    assert names(tmp_path) == ["a (1).pdf", "a (2).pdf", "a.pdf"]
    assert (tmp_path / "a (2).pdf").read_bytes() == b"first"
