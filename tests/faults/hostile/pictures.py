"""Hostile pictures, and files that pretend to be one."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PIL import Image

from tests.faults.hostile.pdfs import book, squeezed


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def gradient(mode: str = "RGB", size: tuple[int, int] = (300, 400)) -> Image.Image:
    return Image.linear_gradient("L").resize(size).convert(mode)


# PNG


def chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def png(
    width: int, height: int, depth: int, colour: int, *, pixels: bytes | None = None,
    interlaced: int = 0, before: bytes = b"",
) -> bytes:  # fmt: skip
    """Return a PNG of zeros, which the header's sizes alone make large."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    if pixels is None:
        pixels = squeezed((1 + (width * depth * channels + 7) // 8) * height)
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    body = chunk(b"IHDR", header) + before + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def png_text_bomb() -> bytes:
    bombs = b"".join(
        chunk(kind, name + b"\0\0" + squeezed(1 << 30))
        for kind, name in ((b"zTXt", b"Comment"), (b"iCCP", b"profile"))
    )
    return png(100, 100, 8, 2, before=bombs)


def apng(frames: int) -> bytes:
    pages = [gradient("L", (50 + n % 3, 50)) for n in range(frames)]
    return saved(pages[0], "PNG", save_all=True, append_images=pages[1:])


# TIFF

_SHORT, _LONG = 3, 4


def tiff(folders: Sequence[dict[int, int | Sequence[int]]], *, again: bool = False) -> bytes:
    """Return a TIFF of these folders of tags; ``again`` chains the last one to the first."""
    out = bytearray(b"II*\0\0\0\0\0")
    link = 4
    for tags in folders:
        start = len(out)
        struct.pack_into("<I", out, link, start)
        after = start + 2 + 12 * len(tags) + 4
        entries, extra = bytearray(struct.pack("<H", len(tags))), bytearray()
        for tag, value in sorted(tags.items()):
            values = [value] if isinstance(value, int) else list(value)
            where = values[0] if len(values) == 1 else after + len(extra)
            if len(values) > 1:
                extra += struct.pack(f"<{len(values)}I", *values)
            entries += struct.pack("<HHII", tag, _LONG, len(values), where)
        out += entries + bytes(4) + extra
        link = after - 4
    if again:
        struct.pack_into("<I", out, link, 8)
    return bytes(out)


def page(width: int, height: int, **more: int) -> dict[int, int | Sequence[int]]:
    """Return the tags of a gray page of one strip, which is the file's beginning."""
    named = {"compression": 259, "rows": 278, "bits": 258, "samples": 277, "photometric": 262}
    tags: dict[int, int | Sequence[int]] = {
        256: width, 257: height, 258: 8, 259: 1, 262: 1, 273: 0, 277: 1, 278: height,
        279: width * height & 0x7FFFFFFF,
    }  # fmt: skip
    return {**tags, **{named[name]: value for name, value in more.items()}}


def tiff_bomb(width: int, height: int) -> bytes:
    packed = squeezed(width * height * 3)
    tags = {**page(width, height, compression=8, samples=3, photometric=2),
            273: 8, 279: len(packed)}  # fmt: skip
    whole = bytearray(tiff([tags]))
    start = len(whole)
    at = whole.index(struct.pack("<HHI", 273, _LONG, 1)) + 8
    struct.pack_into("<I", whole, at, start)
    return bytes(whole) + packed


def tiff_of_tiles() -> bytes:
    tags = page(30000, 30000)
    for strip in (273, 278, 279):
        del tags[strip]
    many = 30000
    tags |= {322: 16, 323: 16, 324: [8] * many, 325: [0xFFFFFFF0] * many}
    return tiff([tags])


def tiff_of_strips() -> bytes:
    many = 200_000
    return tiff([{**page(100, many, rows=1), 273: [8] * many, 279: [100] * many}])


def tiff_wide(width: int, height: int) -> bytes:
    return tiff([page(width, height)])


def tiff_of_pages(count: int) -> bytes:
    return tiff([page(1, 1)] * count)


def tiff_odd(**more: int) -> bytes:
    return tiff([page(40, 40, **more)]) + bytes(40_000)


# JPEG


def resized_jpeg(width: int, height: int, **options: Any) -> bytes:
    """Return a small JPEG whose header claims other sides."""
    content = bytearray(saved(gradient(), "JPEG", **options))
    marker = b"\xff\xc2" if options.get("progressive") else b"\xff\xc0"
    struct.pack_into(">HH", content, content.index(marker) + 5, height, width)
    return bytes(content)


def many_scans(width: int, height: int, count: int) -> bytes:
    """Return a progressive JPEG that goes over a large picture again and again."""
    content = resized_jpeg(width, height, progressive=True)
    start = content.index(b"\xff\xda", content.index(b"\xff\xda") + 2)
    length = struct.unpack_from(">H", content, start + 2)[0]
    scan = content[start : start + 2 + length] + b"\0"
    return content[:start] + scan * count + b"\xff\xd9"


def jpeg_of_markers() -> bytes:
    whole = saved(gradient(), "JPEG")
    comments = (b"\xff\xe1\xff\xff" + b"Exif\0\0" + b"\xff" * 65527) * 60
    return whole[:2] + comments + whole[2:]


def strange_exif() -> bytes:
    """Have the orientation be a million words, somewhere beyond the file's end."""
    block = b"Exif\0\0II*\0\x08\0\0\0\1\0" + struct.pack("<HHII", 0x0112, 3, 1 << 20, 1 << 30)
    whole = saved(gradient(), "JPEG")
    return whole[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + whole[2:]


# The rest


def gif(width: int, height: int, frames: int = 1) -> bytes:
    picture = b"\x2c" + struct.pack("<HHHHB", 0, 0, width, height, 0)
    picture += b"\x02" + (b"\xff" + b"\x24" * 255) * 4 + b"\0"
    screen = struct.pack("<HHBBB", width, height, 0xF0, 0, 0) + b"\0\0\0\xff\xff\xff"
    return b"GIF89a" + screen + picture * frames + b"\x3b"


def animated(kind: str, frames: int) -> bytes:
    pages = [gradient("RGB", (60, 60)).rotate(n * 7) for n in range(frames)]
    return saved(pages[0], kind, save_all=True, append_images=pages[1:])


def webp(width: int, height: int, content: bytes = bytes(40)) -> bytes:
    """Return a lossless WebP whose header claims these sides."""
    bits = (width - 1) | (height - 1) << 14
    body = b"VP8L" + struct.pack("<I", len(content) + 5) + b"\x2f" + struct.pack("<I", bits)
    body += content + b"\0" * (len(content) + 1 & 1)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def bmp(width: int, height: int, *, bits: int = 24, compression: int = 0) -> bytes:
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + 1000, 0, 0, 54) + info + bytes(1000)


def zip_bomb() -> bytes:
    packed = zlib.compressobj(9, wbits=-15)
    content = packed.compress(bytes(10 << 20)) + packed.flush()
    sizes = struct.pack("<IIIIHH", 0, 0, len(content), 10 << 20, 1, 0)
    return b"PK\3\4\x14\0\0\0\x08\0" + sizes + b"a" + content


BUILDERS: dict[str, Callable[[], bytes]] = {
    "bomb-30000.png": partial(png, 30000, 30000, 8, 2),
    "bomb-bits.png": partial(png, 100_000, 100_000, 1, 0),
    "bomb-under-the-limit.png": partial(png, 20_000, 19_999, 16, 6),
    "bomb-interlaced.png": partial(png, 15_000, 15_000, 8, 2, interlaced=1),
    "bomb-line.png": partial(png, 300_000_000, 1, 8, 0),
    "bomb-column.png": partial(png, 1, 2_000_000_000, 1, 0, pixels=squeezed(1 << 20)),
    "bomb-text.png": png_text_bomb,
    "header-only.png": partial(png, 5000, 5000, 8, 2, pixels=b""),
    "no-sides.png": partial(png, 0, 0, 8, 2, pixels=b""),
    "animated.png": partial(apng, 60),
    "bomb.tif": partial(tiff_bomb, 30000, 30000),
    "bomb-under-the-limit.tif": partial(tiff_bomb, 19_999, 20_000),
    "tiles.tif": tiff_of_tiles,
    "strips.tif": tiff_of_strips,
    "wide.tif": partial(tiff_wide, 0xFFFFFFFF, 1),
    "giant.tif": partial(tiff_wide, 0x7FFFFFFF, 0x7FFFFFFF),
    "pages-5000.tif": partial(tiff_of_pages, 5000),
    "pages-30000.tif": partial(tiff_of_pages, 30000),
    "pages-again.tif": lambda: tiff([page(1, 1)] * 3, again=True),
    "bits-64.tif": partial(tiff_odd, bits=64),
    "samples-999.tif": partial(tiff_odd, samples=999),
    "compression-999.tif": partial(tiff_odd, compression=999),
    "compression-jpeg.tif": partial(tiff_odd, compression=7),
    "photometric-cfa.tif": partial(tiff_odd, photometric=32803),
    "giant.jpg": partial(resized_jpeg, 65500, 65500),
    "giant-progressive.jpg": partial(resized_jpeg, 65500, 65500, progressive=True),
    "scans.jpg": partial(many_scans, 15_000, 15_000, 2000),
    "markers.jpg": jpeg_of_markers,
    "strange-exif.jpg": strange_exif,
    "no-sides.jpg": partial(resized_jpeg, 0, 0),
    "giant.gif": partial(gif, 65535, 65535),
    "frames.gif": partial(gif, 3000, 3000, 2000),
    "animated.gif": partial(animated, "GIF", 60),
    "giant.webp": partial(webp, 16383, 16383),
    "animated.webp": partial(animated, "WEBP", 30),
    "giant.bmp": partial(bmp, 0x7FFFFFFF, 0x7FFFFFFF),
    "upside-down.bmp": partial(bmp, 10, -10),
    "most-negative.bmp": partial(bmp, -0x80000000, -0x80000000),
    "run-length.bmp": partial(bmp, 19_000, 19_000, bits=8, compression=1),
    "bits-7.bmp": partial(bmp, 10, 10, bits=7),
    "zip.pdf": zip_bomb,
    "zip-and-pdf.pdf": lambda: b"PK\3\4" + bytes(100) + book(),
    "jpeg-and-pdf.pdf": lambda: saved(gradient(), "JPEG") + book(),
    "empty.pdf": bytes,
    "zeros.pdf": partial(bytes, 5000),
    "noise.pdf": lambda: squeezed(1 << 20, bytes(range(256)))[2:],
    "one-byte.png": lambda: b"\x89",
}
