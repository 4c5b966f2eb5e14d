from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from ocrd import files
from ocrd.errors import (
    DiskFullError,
    ShareGoneError,
    SourceChangedError,
    TransientError,
    UnsupportedError,
)
from ocrd.files import Entry, Place, directories, moving

OLD_NS = 1_000_000_000_123_456_789


def make(path: Path, content: bytes = b"content", mtime_ns: int = OLD_NS) -> Path:
    path.write_bytes(content)
    os.utime(path, ns=(mtime_ns, mtime_ns))
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def other_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on another file system than ``tmp_path``."""
    folder = Path(tempfile.mkdtemp(prefix="ocrd-test-", dir="/dev/shm"))
    if folder.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("/dev/shm is on the file system of the temporary folder")
    yield folder
    shutil.rmtree(folder)


@contextlib.contextmanager
def writer(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the file open for writing, and does nothing."""
    code = "import sys; f = open(sys.argv[1], 'ab'); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield process
        process.kill()


def writes(content: bytes) -> Callable[[BinaryIO], object]:
    return lambda out: out.write(content)


def fallback_to_links(monkeypatch: pytest.MonkeyPatch, code: int = errno.EINVAL) -> None:
    """Answer renameat2 as NFS and FUSE do, which need a server to be had for real."""

    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(directories, "rename_flagged", refuse)


def fallback_to_placeholder(monkeypatch: pytest.MonkeyPatch) -> None:
    fallback_to_links(monkeypatch)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)


FALLBACKS = [lambda _: None, fallback_to_links, fallback_to_placeholder]
every_file_system = pytest.mark.parametrize("degrade", FALLBACKS, ids=["flag", "link", "empty"])
Degrade = Callable[[pytest.MonkeyPatch], None]


# Keys and hashes


def test_key_differs_after_any_write(tmp_path: Path) -> None:
    path = make(tmp_path / "a.pdf")
    key = files.file_key(path)
    assert files.file_key(path) == key
    make(path, b"CONTENT", OLD_NS + 1)
    assert files.file_key(path) != key


def test_key_refuses_what_is_no_regular_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.pdf")
    (tmp_path / "link.pdf").symlink_to(make(tmp_path / "real.pdf"))
    (tmp_path / "folder.pdf").mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket.pdf"))
        for name in ("fifo.pdf", "link.pdf", "folder.pdf", "socket.pdf"):
            with pytest.raises(UnsupportedError, match=name):
                files.file_key(tmp_path / name)
    with pytest.raises(UnsupportedError):
        files.file_key(Path("/dev/null"))


def test_key_of_what_is_gone_says_changed(tmp_path: Path) -> None:
    with pytest.raises(SourceChangedError):
        files.file_key(tmp_path / "a.pdf")
    make(tmp_path / "file")
    with pytest.raises(SourceChangedError):
        files.file_key(tmp_path / "file" / "a.pdf")


def test_hash_is_of_the_state_asked_for(tmp_path: Path) -> None:
    path = make(tmp_path / "a.pdf")
    key = files.file_key(path)
    assert files.sha256_of(path, key) == hashlib.sha256(b"content").hexdigest()
    make(path, b"changed")
    os.utime(path, ns=(OLD_NS, OLD_NS + 1))
    with pytest.raises(SourceChangedError, match=r"a\.pdf"):
        files.sha256_of(path, key)


def test_hash_notices_a_change_while_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make(tmp_path / "a.pdf", b"x" * (3 * files.CHUNK_BYTES))
    key = files.file_key(path)
    change_while_reading(monkeypatch, path)
    with pytest.raises(SourceChangedError):
        files.sha256_of(path, key)


def change_while_reading(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """Have another hand append to the file when its first piece has been read."""
    real = os.read
    pieces: list[int] = []

    def read(fd: int, length: int) -> bytes:
        piece = real(fd, length)
        if piece and not pieces:
            pieces.append(len(piece))
            with path.open("ab") as out:
                out.write(b"more")
        return piece

    monkeypatch.setattr(os, "read", read)


# Writers


def test_writer_is_seen_even_if_idle(tmp_path: Path) -> None:
    path = make(tmp_path / "a.pdf")
    assert files.has_writer(path) is False
    with writer(path):
        assert files.has_writer(path) is True
    assert files.has_writer(path) is False


def test_reader_is_no_writer(tmp_path: Path) -> None:
    path = make(tmp_path / "a.pdf")
    with path.open("rb"):
        assert files.has_writer(path) is False


def test_writer_cannot_be_told_of_what_is_not_there(tmp_path: Path) -> None:
    assert files.has_writer(tmp_path / "a.pdf") is None


def test_lease_probe_survives_a_file_opened_at_that_moment(tmp_path: Path) -> None:
    """The kernel sends a signal to the lease's holder; the default one would end the process."""
    path = make(tmp_path / "a.pdf")
    probe = (
        "import sys, pathlib, time; from ocrd import files\n"
        "p = pathlib.Path(sys.argv[1]); end = time.monotonic() + 1.0; seen = set()\n"
        "while time.monotonic() < end: seen.add(files.has_writer(p))\n"
        "print(sorted(map(str, seen)))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", probe, str(path)], stdout=subprocess.PIPE
    ) as child:
        while child.poll() is None:
            path.open("ab").close()
    assert child.returncode == 0


def test_lease_signal_is_one_that_is_ignored(tmp_path: Path) -> None:
    """Held on purpose: the same calls as the probe's, and a writer that comes meanwhile."""
    path = make(tmp_path / "a.pdf")
    fd = os.open(path, os.O_RDONLY)
    try:
        fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        with pytest.raises(BlockingIOError):
            os.open(path, os.O_WRONLY | os.O_NONBLOCK)  # breaks the lease: the signal is sent
    finally:
        os.close(fd)


# Durable writes


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


# Moves


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


def test_snapshot_is_of_one_state_or_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make(tmp_path / "a.pdf", b"x" * (3 * files.CHUNK_BYTES))
    key = files.file_key(source)
    digest = files.snapshot(source, tmp_path / "snapshot", key)
    assert digest == files.sha256_of(tmp_path / "snapshot", None)
    with pytest.raises(FileExistsError):
        files.snapshot(source, tmp_path / "snapshot", key)
    change_while_reading(monkeypatch, source)
    with pytest.raises(SourceChangedError):
        files.snapshot(source, tmp_path / "second", key)
    assert names(tmp_path) == ["a.pdf", "snapshot"]


# Names, errors, file systems


def test_printable_shows_a_name_on_one_line() -> None:
    assert files.printable(os.fsdecode(b"a\xff\n\x1b[31m.pdf")) == "a\\xff\\x0a\\x1b[31m.pdf"
    assert files.printable("fdp.\u202eexe") == "fdp.\\u202eexe"
    assert files.printable("Rechnung ä 日本 👍🏽") == "Rechnung ä 日本 👍🏽"
    files.printable(os.fsdecode(bytes(range(1, 256)))).encode()


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (errno.ENOSPC, DiskFullError),
        (errno.EDQUOT, DiskFullError),
        (errno.ENOENT, ShareGoneError),
        (errno.ESTALE, ShareGoneError),
        (errno.EIO, ShareGoneError),
        (errno.ENOTCONN, ShareGoneError),
        (errno.EHOSTDOWN, ShareGoneError),
        (errno.EACCES, TransientError),
        (errno.EBUSY, TransientError),
    ],
)
def test_translate_names_path_cause_and_way_out(code: int, kind: type[TransientError]) -> None:
    error = files.translate(OSError(code, os.strerror(code)), Path("/srv/a\nb"))
    assert type(error) is kind
    assert "/srv/a\\x0ab" in error.what
    assert os.strerror(code) in error.what
    assert error.hint


def test_free_space_is_counted_and_a_missing_folder_is_no_empty_disk(tmp_path: Path) -> None:
    assert files.free_bytes(tmp_path) > 0
    with pytest.raises(ShareGoneError):
        files.free_bytes(tmp_path / "gone")
