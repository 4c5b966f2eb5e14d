"""Keys and hashes of sources, and whether somebody still writes them."""

from __future__ import annotations

import fcntl
import hashlib
import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ocrd import files
from ocrd.errors import LinkedError, SourceChangedError, UnsupportedError
from tests.unit.files.making import OLD_NS, change_while_reading, make, names, writer


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


@pytest.mark.parametrize("writes", [True, False])
def test_key_and_writer_are_told_by_one_look(tmp_path: Path, writes: bool) -> None:
    path = make(tmp_path / "a.pdf")
    with files.entry_of(path) as entry:
        if not writes:
            assert files.key_and_writer(entry) == (files.file_key(path), False)
            return
        with writer(path):
            assert files.key_and_writer(entry) == (files.file_key(path), True)


def test_key_and_writer_are_of_a_regular_file_alone(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(make(tmp_path / "a.pdf"))
    (tmp_path / "folder").mkdir()
    for name, error in (
        ("link", UnsupportedError), ("folder", UnsupportedError), ("gone", SourceChangedError),
    ):  # fmt: skip
        with files.entry_of(tmp_path / name) as entry, pytest.raises(error):
            files.key_and_writer(entry)


def test_a_source_of_our_own_is_hashed_and_one_that_was_lent_is_not(tmp_path: Path) -> None:
    path = make(tmp_path / "a.pdf")
    path.chmod(0o600)
    key = files.file_key(path)
    own = files.sha256_of_own(path, key, network=True)
    assert own == hashlib.sha256(b"content").hexdigest()
    (tmp_path / "b.pdf").hardlink_to(path)
    with pytest.raises(LinkedError):
        files.sha256_of_own(path, key, network=True)
    with pytest.raises(SourceChangedError):
        files.sha256_of_own(path, replace(key, size=key.size + 1), network=True)
