"""Our own datagrams say to systemd, byte by byte, what its library says."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocrd.daemon import datagrams

FIELDS = (b"MESSAGE=letter.pdf: Done.", b"PRIORITY=6", b"OCRD_JOB=7")
LINES = b"MESSAGE=Oh.\nTraceback = \xff\n"


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A socket in the place of the journal's."""
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(path))
        receiver.settimeout(5)
        monkeypatch.setattr(datagrams, "JOURNAL", str(path))
        yield receiver


def parsed(message: bytes) -> list[tuple[bytes, bytes]]:
    """Read a record as the journal does, see its documentation of the native protocol."""
    found = []
    while message:
        line, _, message = message.partition(b"\n")
        if b"=" in line:
            name, _, value = line.partition(b"=")
        else:
            name, length = line, int.from_bytes(message[:8], "little")
            value, end = message[8 : 8 + length], message[8 + length : 9 + length]
            assert end == b"\n"
            message = message[9 + length :]
        found.append((name, value))
    return found


def test_a_record_is_one_datagram(journal: socket.socket) -> None:
    datagrams.send(*FIELDS)
    assert journal.recv(4096) == b"MESSAGE=letter.pdf: Done.\nPRIORITY=6\nOCRD_JOB=7\n"


def test_a_value_of_several_lines_has_its_length_before_it(journal: socket.socket) -> None:
    datagrams.send(b"PRIORITY=3", LINES, b"OCRD_CODE=x=y")
    assert parsed(journal.recv(4096)) == [
        (b"PRIORITY", b"3"), (b"MESSAGE", LINES.partition(b"=")[2]), (b"OCRD_CODE", b"x=y"),
    ]  # fmt: skip


def test_a_record_too_long_for_a_datagram_is_a_sealed_file(journal: socket.socket) -> None:
    long = b"MESSAGE=" + bytes(1 << 22)
    datagrams.send(long, b"PRIORITY=4")
    message, (file,), _, _ = socket.recv_fds(journal, 4096, 1)
    try:
        assert message == b""
        assert stat.S_ISREG(os.fstat(file).st_mode)
        with pytest.raises(OSError, match="not permitted"):
            os.pwrite(file, b"x", 0)
        assert os.pread(file, 1 << 23, 0) == long + b"\nPRIORITY=4\n"
    finally:
        os.close(file)


def test_a_journal_that_is_not_there_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(datagrams, "JOURNAL", str(tmp_path / "none"))
    with pytest.raises(FileNotFoundError):
        datagrams.send(*FIELDS)


def test_an_abstract_socket_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"ocrd-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind("\0" + name)
        receiver.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", "@" + name)
        datagrams.notify("READY=1\nSTATUS=ö")
        assert receiver.recv(4096) == "READY=1\nSTATUS=ö".encode()
