"""PDFs of one page or two, written object by object, that are drawn wrong by some program."""

from __future__ import annotations

import contextlib
import os
import zlib
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from ocrd.raster.pdfs.pdf import Pdf
from tests.faults.hostile.pdfs import FONT, Body, book, pdf, stream

WIDE = "/MediaBox[0 0 420 200]"
TOTAL = b"BT /F 20 Tf 20 100 Td (Total 1234.56 EUR) Tj ET"
INVOICE = b"BT /F 20 Tf 20 150 Td (Invoice 4711) Tj ET "
PIXELS = 400_000_000


@contextlib.contextmanager
def opened(content: bytes, path: Path, *passwords: str) -> Iterator[Pdf]:
    """Provide the PDF as a rasterizer's child opens it."""
    path.write_bytes(content)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        document = Pdf(descriptor, list(passwords), page_pixels=PIXELS)
        try:
            yield document
        finally:
            document.close()
    finally:
        os.close(descriptor)


def sheet(
    content: bytes, *, box: str = WIDE, resources: str = FONT, page: str = "", catalog: str = "",
    more: dict[int, Body] | None = None, entries: str = "",
) -> bytes:  # fmt: skip
    """Return a PDF of one page that shows this content."""
    told = f"<</Type/Page/Parent 2 0 R{box}/Resources<<{resources}>>/Contents 4 0 R{page}>>"
    return book(stream(content, entries), page=told, catalog=catalog, more=more)


def form(content: bytes, entries: str = "", resources: str = FONT) -> bytes:
    """Return a form, to be shown by ``Do``."""
    head = f"/Type/XObject/Subtype/Form/BBox[0 0 420 200]/Resources<<{resources}>>"
    return stream(content, head + entries)


def picture(image: Image.Image, entries: str = "") -> bytes:
    """Return a picture (mode 1, L or RGB), to be shown by ``Do``."""
    space = {"1": "Gray", "L": "Gray", "RGB": "RGB"}[image.mode]
    colours = "" if "/ImageMask" in entries else f"/ColorSpace/Device{space}"
    bits = 1 if image.mode == "1" else 8
    head = f"/Type/XObject/Subtype/Image/Width {image.width}/Height {image.height}"
    head += f"{colours}/BitsPerComponent {bits}/Filter/FlateDecode{entries}"
    return stream(zlib.compress(image.tobytes()), head)


def printed(size: tuple[int, int]) -> Image.Image:
    """Return a gray picture of a line of text."""
    image = Image.new("L", size, 255)
    where = size[0] // 10, size[1] // 3
    ImageDraw.Draw(image).text(where, "Total 1234.56 EUR", 0, ImageFont.load_default(40))
    return image


def ink(image: Image.Image) -> int:
    """Return how many pixels are dark."""
    return sum(image.convert("L").histogram()[:128])


def two_pages(first: bytes, second: bytes) -> bytes:
    """Return a PDF of a page with a font and another one without anything."""
    return pdf(
        {
            1: "<</Type/Catalog/Pages 2 0 R>>",
            2: "<</Type/Pages/Kids[3 0 R 5 0 R]/Count 2>>",
            3: f"<</Type/Page/Parent 2 0 R{WIDE}/Resources<<{FONT}>>/Contents 4 0 R>>",
            4: stream(first),
            5: f"<</Type/Page/Parent 2 0 R{WIDE}/Resources<<>>/Contents 6 0 R>>",
            6: second,
        }
    )
