"""Image files of every kind, drawn and compared pixel by pixel."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from ocrd.errors import CorruptError, OcrdError, PageError, TooLargeError, UnsupportedError
from ocrd.raster import drawing
from ocrd.raster.images.pictures import scale_to_fit
from tests.unit.raster.picturing import draw, encoded, inspect, middle

SIZE = (50, 40)
TO_STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize(
    ("name", "mode", "ink", "drawn"),
    [
        ("a.png", "L", 77, 77),
        ("a.png", "I;16", 0x8080, 128),
        ("a.tif", "I;16", 0xFFFF, 255),
        ("a.tif", "I;16B", 0x8080, 128),
        ("a.tif", "I", 0x8080, 128),
        ("a.tif", "F", 0.5, 128),
        ("a.png", "I;16", 2048, 128),  # twelve bits in sixteen
        ("a.tif", "CMYK", (0, 255, 255, 0), (255, 0, 0)),
        ("a.jpg", "CMYK", (0, 255, 255, 0), (255, 0, 0)),
        ("a.png", "RGBA", (255, 0, 0, 128), (255, 127, 127)),
        ("a.png", "LA", (0, 0), 255),
        ("a.webp", "RGBA", (0, 0, 0, 0), 255),
        ("a.bmp", "RGB", (10, 20, 200), (10, 20, 200)),
        ("a.gif", "P", 0, 0),
        ("a.png", "1", 1, 255),
        ("a.bmp", "1", 0, 0),
    ],
)
def test_every_colour_model_comes_out_right(
    tmp_path: Path, name: str, mode: str, ink: Any, drawn: Any
) -> None:
    Image.new(mode, SIZE, ink).save(tmp_path / name)
    page = draw(tmp_path / name)
    assert page.size == SIZE
    assert middle(page) == drawn


def test_a_cmyk_jpeg_without_adobes_marker_is_not_inverted(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.new("CMYK", SIZE, (0, 255, 255, 0)).save(path)
    stored = path.read_bytes()
    at = stored.find(b"\xff\xee")
    (length,) = struct.unpack(">H", stored[at + 2 : at + 4])
    path.write_bytes(stored[:at] + stored[at + 2 + length :])
    assert middle(draw(path)) == 0  # the stored bytes 255, 0, 0, 255 are cyan and black now


@pytest.mark.parametrize("mode", ["P", "L", "RGB", "1"])
def test_a_transparent_colour_is_paper(tmp_path: Path, mode: str) -> None:
    image = Image.new(mode, SIZE, 0)
    if mode == "P":
        image.putpalette([9, 9, 9, 10, 20, 200])
        image.paste(1, (0, 0, 20, 40))
    image.save(tmp_path / "a.png", transparency=(0, 0, 0) if mode == "RGB" else 0)
    page = draw(tmp_path / "a.png")
    assert page.getpixel((40, 20)) in (255, (255, 255, 255))
    if mode == "P":
        assert page.getpixel((5, 5)) == (10, 20, 200)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif", "a.webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_followed(tmp_path: Path, name: str, orientation: int) -> None:
    upright = Image.new("RGB", (60, 40), "white")
    ImageDraw.Draw(upright).rectangle((0, 0, 19, 9), fill="red")
    turn = TO_STORED[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = upright if turn is None else upright.transpose(turn)
    stored.save(tmp_path / name, exif=exif, quality=95)
    for side, step in ((60, 1), (30, 2)):
        page = draw(tmp_path / name, side=side)
        assert page.size == (60 // step, 40 // step)
        greens = [page.getpixel((x // step, y // step)) for x, y in ((6, 4), (50, 4), (6, 34))]
        assert [green[1] > 128 for green in greens] == [False, True, True]  # type: ignore[index]


@pytest.mark.parametrize(
    "compression", ["group4", "group3", "tiff_lzw", "jpeg", "packbits", "tiff_deflate"]
)
def test_every_tiff_compression_is_read(tmp_path: Path, compression: str) -> None:
    mode, ink = ("1", 0) if compression.startswith("group") else ("L", 30)
    Image.new(mode, SIZE, ink).save(tmp_path / "a.tif", compression=compression)
    assert middle(draw(tmp_path / "a.tif")) == ink


def test_a_fax_gets_square_pixels(tmp_path: Path) -> None:
    Image.new("1", (1728, 1100), 1).save(tmp_path / "a.tif", compression="group3", dpi=(204, 98))
    assert draw(tmp_path / "a.tif").size == (1728, 2290)


def test_the_pages_of_a_mixed_tiff_are_drawn_in_any_order(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    pages = [Image.new("1", (100, 50), 1), Image.new("RGB", (40, 90), "blue"), Image.new("L", SIZE)]
    pages[0].save(path, save_all=True, append_images=pages[1:])
    assert inspect(path) == {"format": "TIFF", "pages": 3, "repaired": False}
    for number in (3, 1, 2, 2):
        assert draw(path, number).size == pages[number - 1].size
    assert middle(draw(path, 2)) == (0, 0, 255)
    with pytest.raises(PageError, match="no page 4"):
        draw(path, 4)


def test_the_first_frame_of_an_animation_is_the_page(tmp_path: Path) -> None:
    frames = [Image.new("L", SIZE, ink) for ink in (10, 200)]
    for name in ("a.gif", "a.webp", "a.png"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], lossless=True)
        assert inspect(tmp_path / name)["pages"] == 1
        assert middle(draw(tmp_path / name)) == 10


def test_a_progressive_jpeg_is_read(tmp_path: Path) -> None:
    Image.new("L", (900, 600), 99).save(tmp_path / "a.jpg", progressive=True)
    assert middle(draw(tmp_path / "a.jpg", side=300)) == 99


def test_the_content_tells_the_format_and_not_the_name(tmp_path: Path) -> None:
    Image.new("L", SIZE).save(tmp_path / "a.pdf", "PNG")
    assert inspect(tmp_path / "a.pdf")["format"] == "PNG"


def test_half_a_picture_of_a_format_that_has_no_halves_is_corrupt(tmp_path: Path) -> None:
    path = tmp_path / "a.jxl"
    path.write_bytes(encoded("a.jxl", Image.effect_noise((500, 400), 90).convert("RGB")))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(CorruptError, match=r"a\.jxl"):
        draw(path)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.gif", "a.bmp", "a.tif"])
def test_an_image_whose_second_half_has_not_come_is_corrupt_or_doubtful(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    Image.effect_noise((500, 400), 90).save(path)
    half = path.stat().st_size // 2
    path.write_bytes(path.read_bytes()[:half] + bytes(half))
    try:
        assert inspect(path)["repaired"]
        draw(path)
    except CorruptError as error:
        assert name in error.what
    drawing.idle()


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", CorruptError),
        (bytes(5000), CorruptError),
        (b"BM is what my text begins with, and goes on", UnsupportedError),
        (b"PK\x03\x04 and so on", UnsupportedError),
        (bytes(range(7, 250)) * 20, UnsupportedError),
        (b"\x89PNG\r\n\x1a\n", CorruptError),
        (b"\xff\xd8\xff\xe0", CorruptError),
        (b"II*\x00\x08\x00\x00\x00", CorruptError),
    ],
)
def test_what_is_no_image_is_named(
    tmp_path: Path, content: bytes, error: type[OcrdError]
) -> None:
    path = tmp_path / "scan.png"
    path.write_bytes(content)
    with pytest.raises(error, match=r"scan\.png") as caught:
        inspect(path)
    assert caught.value.hint


def test_an_image_over_the_limit_is_refused_by_its_header(tmp_path: Path) -> None:
    Image.new("1", (3000, 3000)).save(tmp_path / "a.png")
    with pytest.raises(TooLargeError, match="3000 × 3000") as caught:
        inspect(tmp_path / "a.png", page_pixels=1_000_000)
    assert "limits.page_pixels" in caught.value.hint


def test_a_huge_jpeg_is_shrunk_by_its_decoder(tmp_path: Path) -> None:
    Image.new("L", (4000, 4000), 99).save(tmp_path / "a.jpg")
    assert inspect(tmp_path / "a.jpg", page_pixels=1_000_000)["pages"] == 1
    assert draw(tmp_path / "a.jpg", side=500, page_pixels=1_000_000).size == (500, 500)


def test_a_huge_image_is_converted_in_bands(tmp_path: Path) -> None:
    image = Image.new("1", (6000, 6001), 1)
    ImageDraw.Draw(image).rectangle((0, 3000, 5999, 6000), fill=0)
    image.save(tmp_path / "a.png")
    page = draw(tmp_path / "a.png", side=1000)
    assert page.size == (1000, 1000)
    assert [page.getpixel((500, y)) for y in (2, 490, 510, 997)] == [255, 255, 0, 0]


def test_a_coloured_image_without_colour_is_drawn_gray(tmp_path: Path) -> None:
    Image.new("RGB", SIZE, (9, 9, 9)).save(tmp_path / "a.png")
    assert draw(tmp_path / "a.png").mode == "L"


def test_scaling_keeps_small_pages_small_and_long_ones_legible() -> None:
    assert scale_to_fit(4000, 2000, 2000, most=1.0) == 0.5
    assert scale_to_fit(400, 200, 2000, most=1.0) == 1.0
    assert scale_to_fit(600, 20000, 2000, most=1.0) == pytest.approx(0.4)  # not 0.1
    assert scale_to_fit(600, 6000, 2000, most=1.0) == pytest.approx(500 / 600)
