"""Which damaged files may still become whole ones."""

from __future__ import annotations

import mmap

import pytest

from ocrd.raster.pdfs.wholeness import may_still_grow, start, without_tables
from tests.faults.hostile.pdfs import book

SOUND = book()


def mapped(content: bytes) -> mmap.mmap:
    made = mmap.mmap(-1, len(content))
    made[:] = content
    return made


@pytest.mark.parametrize(
    "behind", [b"", b"\n", b"\r\n\r\n", b"</body></html>", b"\0" * 100, b"\x1a", b"junk " * 5000]
)
def test_a_file_that_has_its_end_is_as_whole_as_it_will_be(behind: bytes) -> None:
    assert not may_still_grow(mapped(SOUND + behind))
    assert not may_still_grow(mapped(SOUND.replace(b"\n", b"\r\n") + behind))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_file_that_lacks_its_end_may_grow(share: float) -> None:
    assert may_still_grow(mapped(SOUND[: round(len(SOUND) * share)]))


@pytest.mark.parametrize(
    "begun",
    [b"\n12 0 obj\n<<", b"\n12 0 ob", b"\n12 0", b"7", b"\nxref\n0 1\n", b"\n" * 9 + b"3 0 obj"],
)
def test_an_update_that_was_begun_may_grow(begun: bytes) -> None:
    assert may_still_grow(mapped(SOUND + begun))


def test_a_file_with_a_hole_may_be_filled() -> None:
    middle = len(SOUND) // 2
    assert may_still_grow(mapped(SOUND[:middle] + bytes(20_000) + SOUND[middle:]))


@pytest.mark.parametrize(("zeros", "grows"), [(8191, False), (8192, True)])
def test_a_hole_is_eight_kilobytes_of_zeros_anywhere(zeros: int, *, grows: bool) -> None:
    assert may_still_grow(mapped(bytes(zeros) + SOUND)) is grows


@pytest.mark.parametrize(("far", "grows"), [(1024, False), (1025, True)])
def test_the_end_mark_counts_near_the_tables_place_alone(far: int, *, grows: bool) -> None:
    ended = b"startxref".ljust(far, b"x") + b"%%EOF"
    assert may_still_grow(mapped(ended)) is grows


@pytest.mark.parametrize(("behind", "grows"), [(4_194_304, True), (4_194_305, False)])
def test_an_update_is_looked_for_in_four_megabytes_behind_the_end(
    behind: int, *, grows: bool
) -> None:
    begun = b"\n7 0 obj "
    assert (
        may_still_grow(mapped(SOUND.rstrip() + b"x" * (behind - len(begun) + 1) + begun)) is grows
    )


@pytest.mark.parametrize("junk", [0, 9, 1000, 1500, 8000, 16_384])
def test_junk_before_the_header_is_looked_past(junk: int) -> None:
    assert start(b"x" * junk + SOUND) == junk


def test_a_header_far_inside_is_none() -> None:
    assert start(b"x" * 16_385 + SOUND) == -1
    assert start(b"no PDF at all") == -1


def test_a_file_ends_before_what_says_where_its_table_is() -> None:
    twice = SOUND + b"5 0 obj\nnull\nendobj\nstartxref\n9\n%%EOF\n"
    assert list(without_tables(mapped(twice))) == [
        twice.rindex(b"startxref"),
        twice.index(b"startxref"),
    ]
    assert list(without_tables(mapped(b"nothing"))) == []
    assert list(without_tables(mapped(b"startxref" * 5))) == [36, 27, 18]
    assert list(without_tables(mapped(b"startxref"))) == [0]
