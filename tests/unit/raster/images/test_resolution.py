"""Pixels that are not square are made so along the right axis, with a unit or without one."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.unit.raster.picturing import drawn, encoded, lettered, letters_shown

TO_STORED = {
    1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
}  # fmt: skip
UPRIGHT = (408, 312)  # of square pixels


def fax(
    orientation: int, x: float, y: float, unit: int | None, page: Image.Image
) -> bytes:
    """Return a TIFF whose stored pixels are ``x`` by ``y`` to a unit, turned as it says."""
    turn = TO_STORED[orientation]
    stored = page if turn is None else page.transpose(turn)
    width, height = stored.size
    finest = max(x, y)
    stored = stored.resize((round(width * x / finest), round(height * y / finest)))
    body = np.asarray(stored).tobytes()
    content = body + b"\0" * (len(body) % 2)
    fields = [
        (256, 4, 1, stored.width), (257, 4, 1, stored.height), (258, 3, 1, 8), (259, 3, 1, 1),
        (262, 3, 1, 1), (273, 4, 1, 8), (274, 3, 1, orientation), (277, 3, 1, 1),
        (278, 4, 1, stored.height), (279, 4, 1, len(body)),
    ]  # fmt: skip
    behind = 8 + len(content) + 2 + 12 * (len(fields) + 2 + (unit is not None)) + 4
    fields += [(282, 5, 1, behind), (283, 5, 1, behind + 8)]
    fields += [] if unit is None else [(296, 3, 1, unit)]
    entries = b"".join(struct.pack("<HHII", *entry) for entry in fields)
    ratios = b"".join(struct.pack("<II", round(value * 1000), 1000) for value in (x, y))
    head = b"II*\0" + struct.pack("<I", 8 + len(content))
    return head + content + struct.pack("<H", len(fields)) + entries + bytes(4) + ratios


@pytest.mark.parametrize("unit", [None, 1, 2, 3])
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("x", "y"), [(204, 102), (102, 204), (204, 204), (408, 204)])
def test_a_fax_is_upright_and_undistorted(
    tmp_path: Path, orientation: int, x: float, y: float, unit: int | None
) -> None:
    inches = 2.54 if unit == 3 else 1.0
    content = fax(orientation, x / inches, y / inches, unit, lettered(UPRIGHT))
    (tmp_path / "a.tif").write_bytes(content)
    page, told = drawn(tmp_path / "a.tif")
    assert abs(page.width - UPRIGHT[0]) <= 2
    assert abs(page.height - UPRIGHT[1]) <= 2
    assert letters_shown(page.resize(UPRIGHT)) > 0.75
    assert 72 / told["points_per_pixel"] == pytest.approx(max(x, y), rel=0.02)


@pytest.mark.parametrize("unit", [None, 1])
def test_a_ratio_without_a_size_stretches_and_says_nothing_of_the_size(
    tmp_path: Path, unit: int | None
) -> None:
    (tmp_path / "a.tif").write_bytes(fax(1, 2, 1, unit, lettered(UPRIGHT)))
    page, told = drawn(tmp_path / "a.tif")
    assert page.size == UPRIGHT
    assert told["points_per_pixel"] == 1.0


@pytest.mark.parametrize(("x", "y"), [(204, 20), (0, 98), (10_000_000, 1)])
def test_a_resolution_that_cannot_be_is_not_followed(tmp_path: Path, x: int, y: int) -> None:
    content = bytearray(fax(1, 204, 204, 2, lettered(UPRIGHT)))
    content[-16:] = struct.pack("<IIII", x, 1, y, 1)
    (tmp_path / "a.tif").write_bytes(content)
    page, told = drawn(tmp_path / "a.tif")
    assert page.size == UPRIGHT
    assert told["points_per_pixel"] == 1.0


@pytest.mark.parametrize("name", ["a.png", "a.jpg"])
def test_photos_are_not_stretched_by_what_their_programs_write(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(encoded(name, lettered(UPRIGHT), dpi=(300, 72)))
    assert drawn(tmp_path / name)[0].size == UPRIGHT
