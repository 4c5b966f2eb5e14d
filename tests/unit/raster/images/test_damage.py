"""What is wrong inside is noticed, read as far as it goes, and waited for only if it may come."""

from __future__ import annotations

import os
import random
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ocrd.errors import BrokenError, CorruptError, PageError
from ocrd.raster.images import damage
from tests.unit.raster.picturing import drawn, encoded, inspect, lettered, letters_shown

SIZE = (400, 600)


def page(mode: str = "RGB") -> Image.Image:
    """Return letters above and below, and noise between: so each row takes its bytes."""
    noise = np.random.default_rng(7).normal(128, 60, SIZE[::-1])
    made = Image.fromarray(np.clip(noise, 0, 255).astype(np.uint8))
    made.paste(lettered((400, 240)), (0, 0))
    made.paste(lettered((400, 240)), (0, 360))
    return made.convert(mode)


def upper(shown: Image.Image) -> float:
    return letters_shown(shown.crop((0, 0, 400, 240)))


def lower(shown: Image.Image) -> float:
    return letters_shown(shown.crop((0, 360, 400, 600)))


def wrong(content: bytes, count: int = 300, at: float = 0.5) -> bytes:
    """Return a file with so many wrong bytes in its middle."""
    place = int(len(content) * at)
    noise = random.Random(3).randbytes(count)
    return content[:place] + noise + content[place + count :]


def holed(content: bytes, count: int = 8192) -> bytes:
    """Return a file in whose middle a part has not come."""
    place = len(content) // 2 // 4096 * 4096
    return content[:place] + bytes(count) + content[place + count :]


# Format, how it is written, and whether what stands below the damage is read, too.
NOTICED: list[tuple[str, dict[str, Any], bool]] = [
    ("a.png", {}, False), ("a.gif", {"interlace": 0}, False), ("a.jpg", {"quality": 95}, False),
    ("a.tif", {"compression": "tiff_lzw", "strip_size": 8000}, True),
    ("a.tif", {"compression": "tiff_lzw", "strip_size": 1 << 20}, False),
    ("a.avif", {"quality": 95}, False),
]  # fmt: skip


@pytest.mark.parametrize(("name", "save", "is_below_read"), NOTICED)
def test_what_is_wrong_inside_is_read_at_once_as_far_as_it_goes(
    tmp_path: Path, name: str, save: dict[str, Any], is_below_read: bool
) -> None:
    mode = "L" if name == "a.tif" else "RGB"
    (tmp_path / name).write_bytes(wrong(encoded(name, page(mode), **save)))
    assert not inspect(tmp_path / name, awaited=True)["repaired"]
    shown, told = drawn(tmp_path / name, awaited=True)
    assert upper(shown) > 0.9
    assert (lower(shown) > 0.9) == is_below_read
    (doubt,) = told["doubts"]
    assert doubt["code"] == "not-drawn"
    assert doubt["message"].startswith("The file is damaged. ")
    if name in ("a.png", "a.gif"):
        assert doubt["share"] == pytest.approx(0.5, abs=0.1)
        assert "of the page is not there" in doubt["message"]


@pytest.mark.parametrize(("name", "save"), [(name, save) for name, save, _ in NOTICED[:-1]])
def test_a_hole_is_waited_for_and_then_read_around(
    tmp_path: Path, name: str, save: dict[str, Any]
) -> None:
    mode = "L" if name == "a.tif" else "RGB"
    content = holed(encoded(name, page(mode), **save))
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CorruptError, match="not complete") as caught:
        drawn(tmp_path / name, awaited=True)
    assert not isinstance(caught.value, BrokenError)
    shown, told = drawn(tmp_path / name)
    assert upper(shown) > 0.9
    assert [doubt["code"] for doubt in told["doubts"]] == ["not-drawn"]


def test_a_mark_that_no_decoder_knows_costs_a_progressive_jpeg_little(tmp_path: Path) -> None:
    content = bytearray(encoded("a.jpg", page(), quality=95, progressive=True))
    place = int(len(content) * 0.8)
    content[place : place + 2] = b"\xff\xad"
    (tmp_path / "a.jpg").write_bytes(content)
    shown, told = drawn(tmp_path / "a.jpg", awaited=True)
    assert upper(shown) > 0.9
    (doubt,) = told["doubts"]
    assert doubt["message"] == "The file is damaged. A part of the page may be wrong."


@pytest.mark.parametrize("save", [{"quality": 95}, {"lossless": True}])
def test_a_hole_in_a_webp_is_noticed_though_it_decodes(
    tmp_path: Path, save: dict[str, Any]
) -> None:
    source = Image.blend(page("L"), lettered(SIZE), 0.8).convert("RGB")
    (tmp_path / "a.webp").write_bytes(holed(encoded("a.webp", source, **save)))
    with pytest.raises(CorruptError, match="not complete"):
        drawn(tmp_path / "a.webp", awaited=True)
    shown, told = drawn(tmp_path / "a.webp")
    above = np.asarray(shown.convert("L"), np.int16)[:220]
    assert np.abs(above - np.asarray(source.convert("L"), np.int16)[:220]).mean() < 8
    assert told["doubts"][0]["share"] == pytest.approx(0.5, abs=0.15)


@pytest.mark.parametrize(("name", "save"), [(name, save) for name, save, _ in NOTICED])
def test_a_sound_file_is_not_suspected(
    tmp_path: Path, name: str, save: dict[str, Any]
) -> None:
    mode = "L" if name == "a.tif" else "RGB"
    (tmp_path / name).write_bytes(encoded(name, page(mode), **save))
    _, told = drawn(tmp_path / name, awaited=True)
    assert (told["doubts"], told["warnings"]) == ((), ())


@pytest.mark.parametrize("side", [2339, 150])
@pytest.mark.parametrize("restarts", [0, 1, 7])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("size", [(401, 301), (16, 16), (900, 33)])
def test_no_sound_jpeg_is_suspected(
    tmp_path: Path, size: tuple[int, int], subsampling: int, restarts: int, side: int
) -> None:
    for index, image in enumerate((lettered(size), Image.new("L", size, 250))):
        for mode in ("RGB", "L"):
            content = encoded(
                "a.jpg", image.convert(mode), quality=80, restart_marker_blocks=restarts,
                optimize=bool(index), **({"subsampling": subsampling} if mode == "RGB" else {}),
            )  # fmt: skip
            (tmp_path / "a.jpg").write_bytes(content)
            assert drawn(tmp_path / "a.jpg", side=side)[1]["doubts"] == ()


def test_fill_bytes_before_the_end_of_a_jpeg_are_none_of_its_pixels(tmp_path: Path) -> None:
    content = encoded("a.jpg", page(), quality=90)
    (tmp_path / "a.jpg").write_bytes(content[:-2] + b"\xff" * 3 + bytes(4) + content[-2:])
    assert drawn(tmp_path / "a.jpg")[1]["doubts"] == ()


def _chunks(content: bytes) -> list[tuple[bytes, bytes]]:
    at, found = 8, []
    while at < len(content):
        (length,) = struct.unpack_from(">I", content, at)
        found.append((content[at + 4 : at + 8], content[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def png(chunks: list[tuple[bytes, bytes]], wrong_sum: bytes = b"") -> bytes:
    """Return a PNG of these chunks; those of that name have a wrong sum."""
    made = b"\x89PNG\r\n\x1a\n"
    for name, body in chunks:
        summed = zlib.crc32(name + body) ^ (name == wrong_sum)
        made += struct.pack(">I", len(body)) + name + body + struct.pack(">I", summed)
    return made


@pytest.mark.parametrize("name", [b"IDAT", b"IHDR", b"pHYs", b"tEXt"])
def test_a_wrong_sum_over_right_bytes_costs_nothing_but_a_note(tmp_path: Path, name: bytes) -> None:
    chunks = _chunks(encoded("a.png", page(), dpi=(200, 200)))
    chunks.insert(1, (b"tEXt", b"Title\0of no matter"))
    (tmp_path / "a.png").write_bytes(png(chunks, name))
    assert not inspect(tmp_path / "a.png", awaited=True)["repaired"]
    shown, told = drawn(tmp_path / "a.png", awaited=True)
    assert upper(shown) > 0.9
    assert lower(shown) > 0.9
    assert told["doubts"] == ()
    assert told["warnings"] == ("The file is damaged. The picture is there.",)


def test_a_wrong_byte_that_a_png_decodes_with_is_told_of(tmp_path: Path) -> None:
    chunks = _chunks(encoded("a.png", page(), compress_level=0))
    pixels = bytearray(b"".join(body for name, body in chunks if name == b"IDAT"))
    pixels[len(pixels) // 2] ^= 0x40
    whole = [chunk for chunk in chunks if chunk[0] not in (b"IDAT", b"IEND")]
    content = png([*whole, (b"IDAT", bytes(pixels)), (b"IEND", b"")], b"IDAT")
    (tmp_path / "a.png").write_bytes(content)
    shown, told = drawn(tmp_path / "a.png")
    assert lower(shown) > 0.9
    (doubt,) = told["doubts"]
    assert (doubt["share"], doubt["message"]) == (
        0.0, "The file is damaged. A part of the page may be wrong.",
    )  # fmt: skip


def test_a_wrong_length_costs_a_png_what_stands_behind_it_and_no_wait(tmp_path: Path) -> None:
    chunks = _chunks(encoded("a.png", page()))
    pixels = b"".join(body for name, body in chunks if name == b"IDAT")
    parts = [(b"IDAT", pixels[at : at + 9000]) for at in range(0, len(pixels), 9000)]
    whole = [chunk for chunk in chunks if chunk[0] not in (b"IDAT", b"IEND")]
    content = bytearray(png([*whole, *parts, (b"IEND", b"")]))
    place = content.find(b"IDAT", len(content) // 2)
    content[place - 4 : place] = struct.pack(">I", 1 << 30)
    (tmp_path / "a.png").write_bytes(content)
    assert not inspect(tmp_path / "a.png", awaited=True)["repaired"]
    shown, told = drawn(tmp_path / "a.png", awaited=True)
    assert lower(shown) > 0.9, "the chunks are found again"
    assert told["warnings"] == ("The file is damaged. The picture is there.",)


def test_rows_of_a_fax_that_cannot_be_read_are_told_of(tmp_path: Path) -> None:
    fax = lettered((400, 600)).convert("1")
    content = encoded("a.tif", fax, compression="group4", strip_size=1 << 20)
    (tmp_path / "a.tif").write_bytes(wrong(content, 12, 0.3))
    shown, told = drawn(tmp_path / "a.tif", awaited=True)
    (doubt,) = told["doubts"]
    assert 0.4 < doubt["share"] < 0.9
    whole = drawn_of(tmp_path, encoded("b.tif", fax))
    top = (0, 0, 400, int(600 * (0.95 - doubt["share"])))
    assert shown.crop(top).tobytes() == whole.crop(top).tobytes()


def test_of_a_fax_whose_rows_stand_by_themselves_those_alone_are_missing(tmp_path: Path) -> None:
    fax = lettered((400, 600)).convert("1")
    content = bytearray(encoded("a.tif", fax, compression="group3", strip_size=1 << 20))
    content[len(content) // 2 : len(content) // 2 + 6] = b"\x55" * 6
    (tmp_path / "a.tif").write_bytes(content)
    shown, told = drawn(tmp_path / "a.tif", awaited=True)
    assert letters_shown(shown) > 0.9
    assert sum(doubt["share"] for doubt in told["doubts"]) < 0.05


def test_wrong_bytes_that_a_deflated_tiff_decodes_with_are_told_of(tmp_path: Path) -> None:
    content = encoded("a.tif", page("L"), compression="tiff_adobe_deflate", strip_size=1 << 20)
    for count in (1, 8, 100, 1000):
        (tmp_path / "a.tif").write_bytes(wrong(content, count))
        _, told = drawn(tmp_path / "a.tif", awaited=True)
        assert [doubt["code"] for doubt in told["doubts"]] == ["not-drawn"], count
    (tmp_path / "a.tif").write_bytes(content)
    assert drawn(tmp_path / "a.tif")[1]["doubts"] == ()


def drawn_of(folder: Path, content: bytes) -> Image.Image:
    (folder / "whole.tif").write_bytes(content)
    return drawn(folder / "whole.tif")[0]


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "jpeg"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_bad_strip_costs_no_other_one_however_the_page_is_turned(
    tmp_path: Path, compression: str, orientation: int
) -> None:
    content = encoded(
        "a.tif", page("L"), compression=compression, strip_size=8000, tiffinfo={274: orientation}
    )
    (tmp_path / "a.tif").write_bytes(holed(content))
    shown, told = drawn(tmp_path / "a.tif")
    if orientation == 6:
        assert shown.size == (600, 400)
        shown = shown.transpose(Image.Transpose.ROTATE_90)
    assert upper(shown) > 0.9
    assert lower(shown) > 0.9
    assert 0.0 < told["doubts"][0]["share"] < 0.3


def test_a_bad_tile_costs_no_other_one(tmp_path: Path) -> None:
    whole = page("L")
    (tmp_path / "a.tif").write_bytes(tiled(whole, spoiled=4))
    shown, told = drawn(tmp_path / "a.tif")
    assert told["doubts"][0]["share"] == pytest.approx(144 * 208 / (400 * 600), abs=0.001)
    for box in ((0, 0, 400, 208), (0, 416, 400, 600), (0, 208, 144, 416), (288, 208, 400, 416)):
        assert shown.crop(box).tobytes() == whole.crop(box).tobytes()


def tiled(image: Image.Image, spoiled: int) -> bytes:
    """Return a TIFF of tiles of 144 by 208 pixels, deflated, one of which is spoiled."""
    width, height = 144, 208
    tiles = []
    for y in range(0, image.height, height):
        for x in range(0, image.width, width):
            tiles.append(zlib.compress(image.crop((x, y, x + width, y + height)).tobytes()))
    tiles[spoiled] = tiles[spoiled][:40] + b"\xff" * 40 + tiles[spoiled][80:]
    count = len(tiles)
    table = 8 + 2 + 12 * 10 + 4
    places, at = [], table + 8 * count
    for tile in tiles:
        places.append(at)
        at += len(tile)
    entries = [
        (256, 1, image.width), (257, 1, image.height), (258, 1, 8), (259, 1, 8), (262, 1, 1),
        (277, 1, 1), (322, 1, width), (323, 1, height), (324, count, table),
        (325, count, table + 4 * count),
    ]  # fmt: skip
    directory = b"".join(struct.pack("<HHII", tag, 4, number, v) for tag, number, v in entries)
    lists = struct.pack(f"<{2 * count}I", *places, *map(len, tiles))
    head = b"II*\0" + struct.pack("<IH", 8, len(entries))
    return head + directory + bytes(4) + lists + b"".join(tiles)


def test_a_page_of_many_with_a_hole_is_waited_for_and_others_are_not(tmp_path: Path) -> None:
    pages = [page("L"), page("L"), page("L")]
    pages[0].save(
        tmp_path / "a.tif", save_all=True, append_images=pages[1:], compression="tiff_lzw"
    )
    content = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "a.tif").write_bytes(holed(content, 4096))
    assert drawn(tmp_path / "a.tif", 1, awaited=True)[1]["doubts"] == ()
    with pytest.raises(CorruptError, match="not complete"):
        drawn(tmp_path / "a.tif", 2, awaited=True)
    shown, told = drawn(tmp_path / "a.tif", 2)
    assert upper(shown) > 0.9
    assert [doubt["code"] for doubt in told["doubts"]] == ["not-drawn"]


def test_a_page_of_many_of_which_nothing_comes_costs_that_page(tmp_path: Path) -> None:
    single: dict[str, Any] = {"save_all": True, "compression": "tiff_lzw", "strip_size": 1 << 22}
    page("L").save(tmp_path / "a.tif", append_images=[page("L")], **single)
    content = bytearray((tmp_path / "a.tif").read_bytes())
    content[8:4000] = random.Random(1).randbytes(3992)
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(PageError, match="page 1: damaged"):
        drawn(tmp_path / "a.tif", 1, awaited=True)
    assert drawn(tmp_path / "a.tif", 2, awaited=True)[1]["doubts"] == ()


@pytest.mark.parametrize(
    ("name", "save"),
    [("a.webp", {"lossless": True}), ("a.jxl", {"use_container": True}), ("a.png", {})],
)
def test_what_gives_nothing_and_never_will_is_broken_at_once(
    tmp_path: Path, name: str, save: dict[str, Any]
) -> None:
    content = bytearray(encoded(name, lettered((400, 300)).convert("RGB"), **save))
    begin = {"a.webp": 22, "a.jxl": content.find(b"jxlc") + 12}.get(name, content.find(b"IDAT") + 4)
    end = len(content) - 16  # where a PNG has its last chunk
    content[begin:end] = random.Random(5).randbytes(end - begin)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BrokenError, match=rf"{name}: damaged: .*\.") as caught:
        drawn(tmp_path / name, awaited=True)
    assert caught.value.hint


def test_what_libraries_complain_of_is_heard_and_stderr_is_itself_again(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with damage.complaints() as said:
        os.write(2, b"Fax4Decode: Bad code word at line 9 of strip 0 (x 3).\n")
        os.write(2, b"x" * 1_000_000)  # is not waited for
    os.write(2, b"after")
    assert damage.complained("\n".join(said)).startswith("Fax4Decode: Bad code word at line 9")
    assert capfd.readouterr().err == "after"
