"""Colour profiles that matter are followed; one that is broken costs a warning."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from ocrd.raster.images import profiles
from tests.unit.raster.picturing import draw, drawn, encoded, lettered, letters_shown, middle

SIZE = (400, 300)


def _s15(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def icc(space: bytes, gamma: float) -> bytes:
    """Return a profile (ICC.1:2001-04) of a space of one or three linear lights with a gamma."""
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    tags = {b"wtpt": b"XYZ " + bytes(4) + _s15(0.9642) + _s15(1.0) + _s15(0.8249)}
    if space == b"GRAY":
        tags[b"kTRC"] = curve
    else:
        rows = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7139))
        for letter, row in zip(b"rgb", rows, strict=True):
            name = bytes([letter])
            tags[name + b"XYZ"] = b"XYZ " + bytes(4) + b"".join(map(_s15, row))
            tags[name + b"TRC"] = curve
    text = b"made for a test\0"
    tags[b"desc"] = b"desc" + bytes(4) + struct.pack(">I", len(text)) + text + bytes(78)
    tags[b"cprt"] = b"text" + bytes(4) + text
    table, body, at = b"", b"", 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        content += b"\0" * (-len(content) % 4)  # noqa: PLW2901 -- padded
        table += name + struct.pack(">II", at + len(body), len(content))
        body += content
    head = struct.pack(
        ">I4sI4s4s4s12s4s4sII4sIQ", at + len(body), bytes(4), 0x02400000, b"mntr", space, b"XYZ ",
        bytes(12), b"acsp", bytes(4), 0, 0, bytes(4), 0, 0,
    )  # fmt: skip
    head = head + _s15(0.9642) + _s15(1.0) + _s15(0.8249)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def linear(level: int) -> int:
    """Return what a level of a screen is in linear light."""
    share = level / 255
    light = share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
    return round(255 * light)


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.jpg", "a.webp"])
@pytest.mark.parametrize(("mode", "space"), [("L", b"GRAY"), ("RGB", b"RGB "), ("L", b"RGB ")])
def test_linear_light_is_turned_to_a_screens(
    tmp_path: Path, name: str, mode: str, space: bytes
) -> None:
    if name == "a.webp" and mode == "L":
        pytest.skip("WEBP has no gray")
    page = lettered(SIZE, ink=linear(40), paper=linear(200)).convert(mode)
    content = encoded(name, page, icc_profile=icc(space, 1.0), quality=95)
    (tmp_path / name).write_bytes(content)
    shown = draw(tmp_path / name)
    assert abs(shown.convert("L").getpixel((2, 2)) - 200) < 8  # type: ignore[operator]
    assert letters_shown(shown) > 0.9


@pytest.mark.parametrize("gamma", [1.8, 2.2])
def test_what_no_reader_notices_is_left_as_it_is(tmp_path: Path, gamma: float) -> None:
    page = Image.new("RGB", SIZE, (90, 130, 200))
    (tmp_path / "a.png").write_bytes(encoded("a.png", page, icc_profile=icc(b"RGB ", gamma)))
    red, green, blue = middle(draw(tmp_path / "a.png"))
    assert max(abs(red - 90), abs(green - 130), abs(blue - 200)) <= (0 if gamma == 2.2 else 30)


@pytest.mark.parametrize("profile", [b"no profile at all", icc(b"RGB ", 1.0)[:200], bytes(4000)])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_a_broken_profile_costs_a_warning_and_no_page(
    tmp_path: Path, profile: bytes, mode: str
) -> None:
    inks: dict[str, Any] = {"L": 90, "RGB": (90,) * 3, "CMYK": (0, 0, 0, 165)}
    page = Image.new(mode, SIZE, inks[mode])
    (tmp_path / "a.tif").write_bytes(encoded("a.tif", page, icc_profile=profile))
    shown, told = drawn(tmp_path / "a.tif")
    assert middle(shown) == 90
    assert [profiles.BROKEN.capitalize() + "."] == list(told["warnings"])


def test_a_pngs_own_gamma_is_followed(tmp_path: Path) -> None:
    info = PngImagePlugin.PngInfo()
    info.add(b"gAMA", struct.pack(">I", 100_000))
    page = Image.new("L", SIZE, linear(200))
    (tmp_path / "a.png").write_bytes(encoded("a.png", page, pnginfo=info))
    assert abs(middle(draw(tmp_path / "a.png")) - 200) < 10


def test_ink_with_a_profile_comes_out_as_it_is_printed(tmp_path: Path) -> None:
    profile = _ink_profile()
    page = Image.new("CMYK", SIZE, (0, 0, 0, 0))
    page.paste((0, 0, 0, 255), (100, 100, 300, 200))
    (tmp_path / "a.tif").write_bytes(encoded("a.tif", page, icc_profile=profile))
    shown, told = drawn(tmp_path / "a.tif")
    assert told["warnings"] == ()
    assert min(shown.convert("RGB").getpixel((5, 5))) > 230  # type: ignore[arg-type]
    assert max(shown.convert("RGB").getpixel((200, 150))) < 60  # type: ignore[arg-type]


def _ink_profile() -> bytes:
    """Return a profile of CMYK to Lab with a table of two steps for each ink (lut8Type)."""
    corners = []
    for index in range(16):
        inks = [index >> shift & 1 for shift in (3, 2, 1, 0)]
        light = (1 - inks[3]) * (1 - 0.3 * inks[0]) * (1 - 0.4 * inks[1]) * (1 - 0.1 * inks[2])
        corners.append(bytes([round(255 * light), 128, 128]))
    ramp = bytes(range(256))
    unit = b"".join(_s15(float(row == column)) for row in range(3) for column in range(3))
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + unit + ramp * 4
    table += b"".join(corners) + ramp * 3
    text = b"made for a test\0"
    tags = {
        b"A2B0": table, b"wtpt": b"XYZ " + bytes(4) + _s15(0.9642) + _s15(1.0) + _s15(0.8249),
        b"desc": b"desc" + bytes(4) + struct.pack(">I", len(text)) + text + bytes(78),
        b"cprt": b"text" + bytes(4) + text,
    }  # fmt: skip
    entries, body, at = b"", b"", 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        content += b"\0" * (-len(content) % 4)  # noqa: PLW2901 -- padded
        entries += name + struct.pack(">II", at + len(body), len(content))
        body += content
    head = struct.pack(
        ">I4sI4s4s4s12s4s4sII4sIQ", at + len(body), bytes(4), 0x02400000, b"prtr", b"CMYK", b"Lab ",
        bytes(12), b"acsp", bytes(4), 0, 0, bytes(4), 0, 0,
    )  # fmt: skip
    head += _s15(0.9642) + _s15(1.0) + _s15(0.8249)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + entries + body


def test_lab_is_turned_to_colours(tmp_path: Path) -> None:
    rgb = Image.new("RGB", SIZE, (200, 40, 40))
    made = ImageCms.profileToProfile(
        rgb, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    assert made is not None
    (tmp_path / "a.tif").write_bytes(encoded("a.tif", made))
    found: Any = middle(draw(tmp_path / "a.tif"))
    assert np.abs(np.subtract(found, (200, 40, 40))).max() <= 6


def test_the_profiles_that_these_tests_make_are_sound() -> None:
    for content in (icc(b"GRAY", 1.0), icc(b"RGB ", 2.2), _ink_profile()):
        assert ImageCms.getOpenProfile(io.BytesIO(content)).profile.xcolor_space
