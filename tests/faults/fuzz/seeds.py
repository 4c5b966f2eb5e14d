"""Sound documents to change: the sample files, and small ones of every kind that is read."""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pillow_heif
import pillow_jxl  # noqa: F401 -- makes itself known to Pillow
import pymupdf
from PIL import Image, ImageDraw

from tests.faults.hostile import pdfs
from tests.faults.hostile.pictures import animated, apng, saved

pillow_heif.register_heif_opener()

ROOT = Path(__file__).parents[3]
FOLDERS = (ROOT / "tests" / "resources", ROOT / "ocrd" / "samples")


def samples() -> dict[str, bytes]:
    """Return the sample files that a rasterizer reads."""
    kinds = {".pdf", ".png", ".jpg", ".tif"}
    files = (path for folder in FOLDERS for path in sorted(folder.iterdir()))
    return {path.name: path.read_bytes() for path in files if path.suffix in kinds}


def small() -> dict[str, bytes]:
    """Return a small document of every kind."""
    return {**dict(_pictures()), **dict(_pdfs())}


def drawing(mode: str) -> Image.Image:
    image = Image.new("RGB", (160, 200), "white")
    pen = ImageDraw.Draw(image)
    pen.text((10, 10), "A page to change", fill="black")
    pen.ellipse((30, 60, 120, 150), fill=(200, 30, 30))
    return image.convert(mode)


def _pictures() -> Iterator[tuple[str, bytes]]:
    for mode in ("1", "L", "P", "RGB", "RGBA", "I;16"):
        yield f"{mode.replace(';', '-')}.png", saved(drawing("L" if ";" in mode else mode).convert(
            mode), "PNG")  # fmt: skip
    for compression in ("raw", "tiff_lzw", "tiff_deflate", "packbits", "jpeg"):
        yield f"{compression}.tif", saved(drawing("RGB"), "TIFF", compression=compression)
    for compression in ("group3", "group4"):
        yield f"{compression}.tif", saved(drawing("1"), "TIFF", compression=compression)
    pages = [drawing("L"), drawing("RGB"), drawing("1")]
    yield "pages.tif", saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    yield "cmyk.tif", saved(drawing("CMYK"), "TIFF")
    yield "lab.tif", saved(drawing("LAB"), "TIFF")
    exif = Image.Exif()
    exif[0x0112] = 6
    yield "plain.jpg", saved(drawing("RGB"), "JPEG", exif=exif, dpi=(300, 300))
    yield "progressive.jpg", saved(drawing("RGB"), "JPEG", progressive=True)
    yield "cmyk.jpg", saved(drawing("CMYK"), "JPEG")
    yield "lossless.webp", saved(drawing("RGBA"), "WEBP", lossless=True)
    yield "lossy.webp", saved(drawing("RGB"), "WEBP")
    yield "animated.webp", animated("WEBP", 3)
    yield "plain.gif", saved(drawing("P"), "GIF")
    yield "animated.gif", animated("GIF", 3)
    yield "animated.png", apng(3)
    for mode in ("1", "P", "RGB"):
        yield f"{mode}.bmp", saved(drawing(mode), "BMP")
        yield f"{mode}.pnm", saved(drawing("L" if mode == "P" else mode), "PPM")
    yield "phone.avif", saved(drawing("RGBA"), "AVIF", exif=exif.tobytes())
    yield "archive.jp2", saved(drawing("RGB"), "JPEG2000")
    for format_ in ("HEIF", "JXL"):  # both have made themselves known to Pillow
        yield f"phone.{format_.lower()}", saved(drawing("RGB"), format_)


def _pdfs() -> Iterator[tuple[str, bytes]]:
    yield "plain.pdf", pdfs.book()
    yield "actions.pdf", pdfs.active(pdfs.ACTIONS["launch"])
    yield "glyphs.pdf", pdfs.glyph_of_itself()
    yield "pattern.pdf", pdfs.pattern(9, b"0 0 5 5 re f")
    yield "mask.pdf", pdfs.mask_of_itself()
    yield "fax.pdf", _picture_pdf(saved(drawing("1"), "TIFF", compression="group4"))
    yield "jpeg.pdf", _picture_pdf(saved(drawing("RGB"), "JPEG"))
    yield "alpha.pdf", _picture_pdf(saved(drawing("RGBA"), "PNG"))
    yield "written.pdf", _written()
    yield "packed.pdf", _written(garbage=3, deflate=True, use_objstms=1)
    yield "locked.pdf", _written(encryption=pymupdf.PDF_ENCRYPT_AES_256, owner_pw="o")
    yield "secret.pdf", _written(encryption=pymupdf.PDF_ENCRYPT_RC4_128, user_pw="u")


def _picture_pdf(content: bytes) -> bytes:
    with contextlib.closing(pymupdf.open()) as document:
        page = document.new_page(width=200, height=250)
        page.insert_image(page.rect, stream=content)
        return _saved(document)


def _written(**options: Any) -> bytes:
    with contextlib.closing(pymupdf.open()) as document:
        for number in range(3):
            page = document.new_page(width=300, height=200)
            page.insert_text((20, 40), f"Page {number}", fontsize=20)
            page.draw_circle((100, 100), 30, fill=(1, 0, 0))
            page.add_rect_annot((20, 20, 60, 60))
            page.insert_link(
                {"kind": pymupdf.LINK_URI, "from": pymupdf.Rect(0, 0, 9, 9), "uri": "http://x/"}
            )
        return _saved(document, **options)


def _saved(document: Any, **options: Any) -> bytes:
    out = io.BytesIO()
    document.save(out, **options)
    return out.getvalue()
