"""Image files made by code, and how they come out of the rasterizer's child."""

# mypy: allow-untyped-calls
# (pillow-heif's functions have no annotations.)

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ocrd.raster import drawing
from ocrd.raster.images import tiffs

FORMATS = {
    ".jpg": "JPEG", ".tif": "TIFF", ".heic": "HEIF", ".jp2": "JPEG2000", ".ppm": "PPM",
    ".pgm": "PPM", ".pbm": "PPM", ".jxl": "JXL",
}  # fmt: skip
LETTERS = "Invoice 4711\nTotal 1234.56 EUR\nPlease pay before\nthe end of March"


def inspect(
    path: Path, page_pixels: int = 400_000_000, *, awaited: bool = False
) -> dict[str, Any]:
    limits = {"file_size": 1 << 32, "pages": 100, "page_pixels": page_pixels}
    with path.open("rb") as file:
        try:
            return drawing.inspect(
                str(path), None, [], descriptors=[file.fileno()], awaited=awaited, **limits
            )
        finally:
            drawing.idle()


def drawn(
    path: Path, page: int = 1, side: int = 2339, page_pixels: int = 10**9, *, awaited: bool = False
) -> tuple[Image.Image, dict[str, Any]]:
    """Return the page, and what is said of it: a PageImage's fields."""
    into = path.with_name("page.pnm")
    with path.open("rb") as file, into.open("wb") as out:
        try:
            told = drawing.draw(
                str(path), None, [], descriptors=[file.fileno(), out.fileno()], page=page,
                into=str(into), longest_side=side, page_pixels=page_pixels, awaited=awaited,
            )  # fmt: skip
        finally:
            drawing.idle()
    assert into.read_bytes()[:2] in (b"P5", b"P6")
    with Image.open(into) as image:
        image.load()
        return image, told


def draw(path: Path, page: int = 1, side: int = 2339, page_pixels: int = 10**9) -> Image.Image:
    return drawn(path, page, side, page_pixels)[0]


def middle(image: Image.Image) -> Any:
    return image.getpixel((image.width // 2, image.height // 2))


def lettered(
    size: tuple[int, int] = (400, 300), ink: int = 0, paper: int = 255, mode: str = "L"
) -> Image.Image:
    """Return a page of a few lines."""
    page = Image.new("L", size, paper)
    font = ImageFont.load_default(size[1] // 10)
    place = size[0] // 12, size[1] // 12
    ImageDraw.Draw(page).multiline_text(place, LETTERS, fill=ink, font=font, spacing=size[1] // 12)
    return page.convert(mode)


def letters_shown(page: Image.Image, *, least: int = 60) -> float:
    """Return how well a drawn page agrees with the letters of :func:`lettered`, 0..1.

    The levels count for nothing as long as letters and paper are ``least`` of 255 apart.
    """
    shown = np.asarray(page.convert("L"), np.float64)
    wanted = np.asarray(lettered(page.size), np.float64)
    inside, outside = shown[wanted < 64], shown[wanted > 250]
    if abs(np.median(inside) - np.median(outside)) < least:
        return 0.0
    agreement = np.corrcoef(shown.ravel(), wanted.ravel())[0, 1]
    return float(abs(agreement))


def encoded(name: str, image: Image.Image, **save: Any) -> bytes:
    """Return the image as a file of the kind that the name's ending says."""
    suffix = Path(name).suffix
    stream = io.BytesIO()
    if suffix == ".heic":
        import pillow_heif

        pillow_heif.register_heif_opener()  # the encoder turns what is to be turned
        image.save(stream, "HEIF", **{"quality": 90, **save})
    elif suffix == ".jxl":
        import pillow_jxl  # noqa: F401 -- makes Pillow write the format

        image.save(stream, "JXL", **save)
    else:
        image.save(stream, FORMATS.get(suffix, suffix[1:].upper()), **save)
    return stream.getvalue()


def tiff(
    samples: NDArray[Any] | bytes, size: tuple[int, int], bits: int, *, kind: int = 1,
    photometric: int = 1, count: int = 1, order: str = "<",
    more: dict[int, tuple[int, ...]] | None = None,
) -> bytes:  # fmt: skip
    """Return a TIFF of one strip; ``kind`` is the samples' format, ``more`` has tags of shorts."""
    content = samples if isinstance(samples, bytes) else samples.tobytes()
    values: dict[int, tuple[str, tuple[int, ...]]] = {
        256: ("I", (size[0],)), 257: ("I", (size[1],)), 258: ("H", (bits,) * count),
        259: ("H", (1,)), 262: ("H", (photometric,)), 273: ("I", (8,)), 277: ("H", (count,)),
        278: ("I", (size[1],)), 279: ("I", (len(content),)), 339: ("H", (kind,) * count),
    }  # fmt: skip
    values |= {tag: ("H", value) for tag, value in (more or {}).items()}
    body = content + b"\0" * (len(content) % 2)
    place = 8 + len(body)
    behind = place + 2 + 12 * len(values) + 4
    entries, extra = b"", b""
    for tag, (shape, numbers) in sorted(values.items()):
        packed = struct.pack(f"{order}{len(numbers)}{shape}", *numbers)
        if len(packed) > 4:
            shown = struct.pack(f"{order}I", behind + len(extra))
            extra += packed
        else:
            shown = packed.ljust(4, b"\0")
        entries += struct.pack(f"{order}HHI", tag, 3 if shape == "H" else 4, len(numbers)) + shown
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", place)
    return head + body + struct.pack(f"{order}H", len(values)) + entries + bytes(4) + extra


def directory_first(image: Image.Image, compression: str) -> bytes:
    """Return a TIFF whose pixels stand at its end: most writers put them first."""
    written = encoded("a.tif", image, compression=compression, strip_size=8000)
    (found,) = tiffs.pages(io.BytesIO(written))
    pieces = [written[at : at + length] for at, length in found.pieces]
    number = len(pieces)
    fields = {
        256: image.width, 257: image.height, 258: 8, 259: found.number(259), 262: 1, 277: 1,
        278: found.number(278), 317: found.number(317, 1),
    }  # fmt: skip
    tables = 8 + 2 + 12 * (len(fields) + 2) + 4
    places, at = [], tables + 8 * number
    for piece in pieces:
        places.append(at)
        at += len(piece)
    entries = {tag: struct.pack("<HHII", tag, 4, 1, value) for tag, value in fields.items()}
    for tag, values, table in (
        (273, places, tables), (279, [len(piece) for piece in pieces], tables + 4 * number),
    ):  # fmt: skip
        entries[tag] = struct.pack("<HHII", tag, 4, number, values[0] if number == 1 else table)
    body = b"".join(entries[tag] for tag in sorted(entries))
    lists = struct.pack(f"<{2 * number}I", *places, *map(len, pieces))
    head = b"II*\0" + struct.pack("<IH", 8, len(entries))
    return head + body + bytes(4) + lists + b"".join(pieces)
