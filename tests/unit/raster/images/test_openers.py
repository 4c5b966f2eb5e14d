"""Formats of phones and scanners, opened by what they are, in a confined child too."""

# mypy: allow-untyped-calls
# (pillow-heif's functions have no annotations.)

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from ocrd.config.settings import LimitSettings, RasterSettings
from ocrd.errors import CorruptError, OcrdError, TooLargeError, UnsupportedError
from ocrd.files import file_key
from ocrd.raster.images.openers import jpeg_xl_size
from ocrd.raster.rasterize import Rasterizer, Source
from tests.unit.raster.images.test_resolution import TO_STORED
from tests.unit.raster.picturing import (
    draw,
    drawn,
    encoded,
    inspect,
    lettered,
    letters_shown,
)

SIZE = (400, 300)
NAMES = ["a.heic", "a.avif", "a.jp2", "a.jxl", "a.ppm", "a.pgm", "a.pbm", "a.webp"]
FORMATS = {"a.heic": "HEIF", "a.jp2": "JPEG2000", "a.jxl": "JXL"}


def page(name: str) -> Image.Image:
    mode = {"a.pgm": "L", "a.pbm": "1"}.get(name, "RGB")
    return lettered(SIZE).convert(mode)


@pytest.mark.parametrize("name", NAMES)
def test_the_formats_of_phones_and_scanners_are_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "whatever.pdf").write_bytes(encoded(name, page(name)))
    told = inspect(tmp_path / "whatever.pdf")
    assert told["pages"] == 1
    assert not told["repaired"]
    assert told["format"] == FORMATS.get(name, told["format"])
    shown, said = drawn(tmp_path / "whatever.pdf")
    assert shown.size == SIZE
    assert letters_shown(shown) > 0.95
    assert said["warnings"] == ()


async def test_a_confined_child_reads_them_too(tmp_path: Path) -> None:
    settings = RasterSettings(children=1)
    async with Rasterizer(settings, LimitSettings()) as rasterizer:
        for name in NAMES:
            path, into = tmp_path / name, tmp_path / "page.pnm"
            path.write_bytes(encoded(name, page(name).resize((2400, 1800))))
            source = Source(path, file_key(path))
            assert (await rasterizer.inspect(source)).pages == 1
            image = await rasterizer.draw(source, 1, into, 1200)
            assert (image.width, image.height) == (1200, 900)
            assert not image.blank
            with Image.open(into) as shown:
                assert letters_shown(shown.resize(SIZE)) > 0.75, name


@pytest.mark.parametrize("name", ["a.heic", "a.avif", "a.jxl", "a.jp2"])
def test_their_size_is_judged_before_they_are_decoded(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(encoded(name, page(name)))
    with pytest.raises(TooLargeError, match="400 × 300"):
        inspect(tmp_path / name, page_pixels=100_000)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_heic_photo_is_upright_by_its_container_and_not_turned_twice(
    tmp_path: Path, orientation: int
) -> None:
    turn = TO_STORED[orientation]
    stored = page("a.heic") if turn is None else page("a.heic").transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.info["exif"] = exif.tobytes()
    (tmp_path / "a.heic").write_bytes(encoded("a.heic", stored))
    shown = draw(tmp_path / "a.heic")
    assert shown.size == SIZE
    assert letters_shown(shown) > 0.9


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.avif", "a.jp2", "a.jxl"])
def test_other_photos_are_upright(tmp_path: Path, name: str, orientation: int) -> None:
    if name == "a.jp2":
        pytest.skip("JPEG 2000 has no place for it")
    turn = TO_STORED[orientation]
    stored = page(name) if turn is None else page(name).transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(name, stored, exif=exif.tobytes())
    (tmp_path / name).write_bytes(content)
    shown = draw(tmp_path / name)
    if name == "a.jxl":  # the codestream's own orientation counts, and this one has none
        assert shown.size == stored.size
        return
    assert shown.size == SIZE
    assert letters_shown(shown) > 0.9


def test_the_pictures_of_a_heic_file_are_its_pages(tmp_path: Path) -> None:
    made = pillow_heif.HeifFile()
    for ink in (0, 90):
        made.add_from_pillow(lettered(SIZE, ink=ink).convert("RGB"))
    made.add_from_pillow(Image.new("RGB", (640, 480), (200, 30, 30)))
    made.save(tmp_path / "a.heic", quality=90)
    assert inspect(tmp_path / "a.heic")["pages"] == 3
    assert letters_shown(draw(tmp_path / "a.heic", 1)) > 0.9
    assert draw(tmp_path / "a.heic", 3).size == (640, 480)
    assert letters_shown(draw(tmp_path / "a.heic", 2)) > 0.9


@pytest.mark.parametrize("bits", [10, 12])
def test_a_heic_picture_of_more_bits_is_read(tmp_path: Path, bits: int) -> None:
    gray = np.asarray(page("a.heic")).astype("<u2") << 8
    pillow_heif.options.SAVE_HDR_TO_12_BIT = bits == 12
    try:
        made = pillow_heif.from_bytes("RGB;16", SIZE, np.ascontiguousarray(gray).tobytes())
        made.save(tmp_path / "a.heic", quality=90)
    finally:
        pillow_heif.options.SAVE_HDR_TO_12_BIT = False
    shown = draw(tmp_path / "a.heic")
    assert letters_shown(shown) > 0.9
    assert shown.convert("L").getpixel((3, 3)) > 230  # type: ignore[operator]


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "I;16"])
@pytest.mark.parametrize("name", ["a.jp2", "a.jxl"])
def test_other_samples_are_read(tmp_path: Path, name: str, mode: str) -> None:
    image = page(name).convert("L")
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image).astype("<u2") * 16)  # twelve bits of sixteen
    (tmp_path / name).write_bytes(encoded(name, image if mode == "I;16" else image.convert(mode)))
    assert letters_shown(draw(tmp_path / name)) > 0.9


def test_a_bare_jpeg_2000_stream_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.j2k").write_bytes(encoded("a.jp2", page("a.jp2"), no_jp2=True))
    assert letters_shown(draw(tmp_path / "a.j2k")) > 0.9


def test_a_jpeg_within_jpeg_xl_is_read_and_turned(tmp_path: Path) -> None:
    import pillow_jxl  # noqa: F401 -- makes Pillow write the format

    exif = Image.Exif()
    exif[0x0112] = 6
    stored = page("a.jpg").transpose(Image.Transpose.ROTATE_90)
    (tmp_path / "a.jpg").write_bytes(encoded("a.jpg", stored, exif=exif.tobytes(), quality=95))
    with Image.open(tmp_path / "a.jpg") as photo:
        photo.save(tmp_path / "a.jxl", "JXL", lossless_jpeg=True)
    shown = draw(tmp_path / "a.jxl")
    assert shown.size == SIZE
    assert letters_shown(shown) > 0.9


@pytest.mark.parametrize(
    "size", [(8, 8), (256, 256), (257, 100), (1000, 3000), (5000, 9), (400, 300), (640, 480)]
)
@pytest.mark.parametrize("boxed", [False, True])
def test_the_size_of_a_jpeg_xl_picture_is_told_without_decoding_it(
    size: tuple[int, int], boxed: bool
) -> None:
    content = encoded("a.jxl", Image.new("L", size), use_container=boxed, effort=1)
    assert jpeg_xl_size(content[:4096]) == size


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"\xff\x0a", CorruptError),
        (b"\xff\x0a" + bytes(3000), CorruptError),
        (b"\x00\x00\x00\x0cJXL \r\n\x87\n" + bytes(20), CorruptError),
        (struct.pack(">I4s4sI4s4s", 24, b"ftyp", b"heic", 0, b"mif1", b"heic"), CorruptError),
        (struct.pack(">I4s4sI4s4s", 24, b"ftyp", b"avif", 0, b"mif1", b"avif"), CorruptError),
        (b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(40), CorruptError),
        (b"P6 40 30 255\n", CorruptError),
    ],
)
def test_a_header_alone_is_damaged_or_not_complete(
    tmp_path: Path, content: bytes, error: type[OcrdError]
) -> None:
    (tmp_path / "a.bin").write_bytes(content)
    with pytest.raises(error, match="damaged or not complete"):
        drawn(tmp_path / "a.bin")
        inspect(tmp_path / "a.bin")


@pytest.mark.parametrize("junk", [b"\n\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Type: image\r\n\r\n",
                                  b"\0" * 100 + b"x", b"\xef\xbb\xbf" * 1200])  # fmt: skip
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.gif"])
def test_junk_before_a_header_is_looked_past(tmp_path: Path, name: str, junk: bytes) -> None:
    content = encoded(name, lettered(SIZE))
    (tmp_path / name).write_bytes(junk + content)
    assert not inspect(tmp_path / name)["repaired"]
    assert letters_shown(draw(tmp_path / name)) > 0.9
    (tmp_path / name).write_bytes(junk + content[:-40])
    assert inspect(tmp_path / name)["repaired"]


def test_a_file_that_holds_a_preview_is_not_taken_for_the_preview(tmp_path: Path) -> None:
    preview = encoded("a.jpg", lettered((60, 40)))
    content = b"a maker's own format" + preview + bytes(range(1, 256)) * 900
    (tmp_path / "a.raw").write_bytes(content)
    with pytest.raises(UnsupportedError):
        inspect(tmp_path / "a.raw")


def jpeg_of(marker: int, bits: int = 8) -> bytes:
    """Return a JPEG whose frame is of another kind than its coded pixels."""
    content = bytearray(encoded("a.jpg", lettered(SIZE)))
    at = content.find(b"\xff\xc0")
    content[at + 1], content[at + 4] = marker, bits
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (jpeg_of(0xC3), "a lossless JPEG"),
        (jpeg_of(0xC5), "a hierarchical JPEG"),
        (jpeg_of(0xF7), "a JPEG-LS picture"),
        (jpeg_of(0xC1, bits=12), "a JPEG of 12 bits a sample"),
    ],
)
def test_rare_kinds_of_jpeg_are_unsupported_at_once_by_name(
    tmp_path: Path, content: bytes, name: str
) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(UnsupportedError, match=name):
        inspect(tmp_path / "a.jpg")


def test_names_lead_to_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "a.ico").write_bytes(b"\0\0\1\0" + bytes(40))
    with pytest.raises(UnsupportedError, match="Windows icon") as caught:
        inspect(tmp_path / "a.ico")
    assert "HEIC" in caught.value.hint


