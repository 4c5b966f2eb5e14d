"""Files made and listed, other hands that write them, and file systems that cannot rename."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from ocrd.files import directories

OLD_NS = 1_000_000_000_123_456_789


def make(path: Path, content: bytes = b"content", mtime_ns: int = OLD_NS) -> Path:
    path.write_bytes(content)
    os.utime(path, ns=(mtime_ns, mtime_ns))
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


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
