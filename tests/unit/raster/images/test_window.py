"""A source's bytes, without what stands before it, and with an end that it lacks."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocrd.raster.images.window import Window

CONTENT = b"0123456789" * 1000


@pytest.fixture
def descriptor(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "a").write_bytes(CONTENT)
    opened = os.open(tmp_path / "a", os.O_RDONLY)
    yield opened
    os.close(opened)


@pytest.mark.parametrize(
    ("start", "end", "suffix"),
    [(0, None, b""), (7, None, b""), (0, None, b"ab"), (7, 5003, b"xyz" * 50), (0, 0, b"a")],
)
def test_a_window_reads_like_a_file_of_that_content(
    descriptor: int, start: int, end: int | None, suffix: bytes
) -> None:
    wanted = CONTENT[start:end] + suffix
    window = io.BufferedReader(Window(descriptor, start, end, suffix), 64)
    assert window.read() == wanted
    for at, count in ((0, 5), (len(wanted) // 2, 300), (max(0, len(wanted) - 3), 10)):
        window.seek(at)
        assert window.read(count) == wanted[at : at + count]
    assert window.seek(-1, os.SEEK_END) == len(wanted) - 1
    assert window.read() == wanted[-1:]


def test_reading_moves_nobody_elses_place(descriptor: int) -> None:
    os.lseek(descriptor, 42, os.SEEK_SET)
    Window(descriptor).read(100)
    assert os.lseek(descriptor, 0, os.SEEK_CUR) == 42


def test_only_a_whole_file_shows_its_descriptor(descriptor: int) -> None:
    assert Window(descriptor).fileno() == descriptor
    for start, end, suffix in ((1, None, b""), (0, 5, b""), (0, None, b"a")):
        changed = Window(descriptor, start, end, suffix)
        with pytest.raises(io.UnsupportedOperation):
            changed.fileno()


def test_there_is_nothing_before_the_beginning(descriptor: int) -> None:
    with pytest.raises(ValueError, match="before"):
        Window(descriptor, 9).seek(-1)
