"""Pages with coloured rectangles, and where those are on a drawing of the page."""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pymupdf
from PIL import Image, ImageChops

from ocrd.job import Block, Box, PageImage, PageRead, PageStatus

RED, BLUE = (230, 20, 20), (20, 20, 230)
NEAR = 40  # of 255: what JPEG and edges do to a colour


def make_pdf(
    path: Path, *, rotate: int = 0, unit: float = 1.0, pages: int = 1, **save: Any
) -> Path:
    """Write pages of two rectangles, cropped off their middle, that turn when they are shown."""
    with contextlib.closing(pymupdf.open()) as document:
        for _ in range(pages):
            page = document.new_page(width=600, height=800)
            page.draw_rect((120, 150, 320, 250), fill=[c / 255 for c in RED], color=None)
            page.draw_rect((400, 500, 480, 640), fill=[c / 255 for c in BLUE], color=None)
            page.set_cropbox(pymupdf.Rect(60, 40, 560, 740))
            page.set_rotation(rotate)
            document.xref_set_key(page.xref, "UserUnit", str(unit))
        document.save(path, **save)
    return path


def box_of(colour: tuple[int, int, int], image: Image.Image) -> Box:
    """Return the rectangle that the colour covers."""
    plain = Image.new("RGB", image.size, colour)
    difference = ImageChops.difference(image.convert("RGB"), plain).convert("L")
    found = difference.point(lambda value: 255 * (value < NEAR)).getbbox()
    assert found is not None, f"{colour} is on the page"
    return Box(*map(float, found))


def turned(image: Image.Image, clockwise: int) -> Image.Image:
    """Return what an engine sees that turns the page."""
    return image.rotate(-clockwise, expand=True)


def read(drawn: PageImage, clockwise: int = 0) -> PageRead:
    """Return what an engine would say that turns the drawing and finds both rectangles."""
    with Image.open(drawn.path) as image:
        seen = turned(image, clockwise)
    return PageRead(
        drawn.number,
        PageStatus.READ,
        (
            Block("figure", "", (box_of(RED, seen),)),
            Block("heading", "Blue", (box_of(BLUE, seen),)),
        ),
        width=seen.width,
        height=seen.height,
        points_per_pixel=drawn.points_per_pixel,
        rotation=clockwise,
    )
