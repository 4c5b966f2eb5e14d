"""How other programs write into a hot folder, each as a process of its own.

All of them leave, in the end, a file with the source's bytes at the target.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.installation import ROOT

GAP_SECONDS = 0.4  # shorter than the settle time of the tests
STALL_SECONDS = 3.0  # longer
CHUNKS = 6


def start(kind: str, source: Path, target: Path) -> subprocess.Popen[bytes]:
    """Start one writer."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.labs.writers", kind, str(source), str(target)],
        cwd=ROOT,
    )


def _chunks(content: bytes) -> Iterator[tuple[int, bytes]]:
    step = len(content) // CHUNKS + 1
    for offset in range(0, len(content), step):
        yield offset, content[offset : offset + step]


def page_by_page(content: bytes, target: Path) -> None:
    """A scanner that closes the file after every page."""
    for _, chunk in _chunks(content):
        with target.open("ab") as out:
            out.write(chunk)
        time.sleep(GAP_SECONDS)


def in_bursts(content: bytes, target: Path) -> None:
    """A slow program that keeps the file open."""
    with target.open("wb", buffering=0) as out:
        for _, chunk in _chunks(content):
            out.write(chunk)
            time.sleep(GAP_SECONDS)


def reopening(content: bytes, target: Path) -> None:
    """A scanner that is done, and opens its file again and again to write into its head."""
    target.write_bytes(content)
    for _ in range(CHUNKS):
        time.sleep(GAP_SECONDS)
        with target.open("r+b") as out:
            out.write(content[:64])


def size_first(content: bytes, target: Path) -> None:
    """A copy over Samba or by the Explorer: the size at once, then the content."""
    with target.open("wb") as out:
        os.posix_fallocate(out.fileno(), 0, len(content))
    _fill(content, target)


def hole_first(content: bytes, target: Path) -> None:
    """The same without the blocks."""
    target.touch()
    os.truncate(target, len(content))
    _fill(content, target)


def _fill(content: bytes, target: Path) -> None:
    for offset, chunk in _chunks(content):
        time.sleep(GAP_SECONDS)
        with target.open("r+b") as out:
            out.seek(offset)
            out.write(chunk)


def empty_first(content: bytes, target: Path) -> None:
    """A program that claims its name long before it writes."""
    target.touch()
    time.sleep(STALL_SECONDS)
    target.write_bytes(content)


def stalling(content: bytes, target: Path) -> None:
    """A program that pauses for long with the file open."""
    with target.open("wb", buffering=0) as out:
        out.write(content[: len(content) // 2])
        time.sleep(STALL_SECONDS)
        out.write(content[len(content) // 2 :])


def temporary_name(content: bytes, target: Path, ending: str = ".part") -> None:
    """A download, with a pause in which the file is closed, that is renamed when it is whole."""
    unfinished = target.with_name(target.name + ending)
    unfinished.write_bytes(content[: len(content) // 2])
    time.sleep(STALL_SECONDS)
    with unfinished.open("ab") as out:
        out.write(content[len(content) // 2 :])
    unfinished.rename(target)


def filepart(content: bytes, target: Path) -> None:
    """WinSCP."""
    temporary_name(content, target, ".filepart")


def tilde(content: bytes, target: Path) -> None:
    """An editor's or a copier's working file."""
    temporary_name(content, target, "~")


def dotted(content: bytes, target: Path) -> None:
    """rsync's way, by hand: a hidden name with a random ending."""
    unfinished = target.with_name(f".{target.name}.Xy3bQ1")
    unfinished.write_bytes(content[:1000])
    time.sleep(STALL_SECONDS)
    unfinished.write_bytes(content)
    unfinished.rename(target)


def old_times(content: bytes, target: Path) -> None:
    """A copy that keeps times, which lie in the last century."""
    target.write_bytes(content)
    os.utime(target, (9e8 / 2, 9e8 / 2))


def touchy(content: bytes, target: Path) -> None:
    """A NAS that changes attributes over and over, but nothing of the file."""
    target.write_bytes(content)
    for mode in (0o600, 0o640, 0o644) * 4:
        time.sleep(GAP_SECONDS / 2)
        if not target.exists():  # it was read in spite of that, as it should be
            return
        target.chmod(mode)


def rsync(_content: bytes, target: Path) -> None:
    """The real one, slowly."""
    command = ["rsync", "--bwlimit=100", sys.argv[2], str(target)]
    subprocess.run(command, check=True)


KINDS = (
    page_by_page, in_bursts, reopening, size_first, hole_first, empty_first, stalling,
    temporary_name, filepart, tilde, dotted, old_times, touchy, rsync,
)  # fmt: skip

if __name__ == "__main__":
    kind = next(kind for kind in KINDS if kind.__name__ == sys.argv[1])
    kind(Path(sys.argv[2]).read_bytes(), Path(sys.argv[3]))
