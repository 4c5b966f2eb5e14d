"""Pages with music, boards, circuits and labelled drawings, and where these stand.

``figured.toml`` tells the documents and, by hand, the places.
"""

# mypy: allow-untyped-calls
# (PyMuPDF's functions have no annotations.)

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence

import pymupdf
from PIL import Image

from benchmarks.quality.documents import CACHE, HERE, Page, pages, unpacked
from benchmarks.quality.images import scans
from benchmarks.quality.pictured import PicturedScan
from ocrd.job import Box

SET = "figured"


def figured_scans(half: str) -> Iterator[PicturedScan]:
    """Yield the pages of half "a" or "b"."""
    pages(SET)  # fetches the packages
    body = tomllib.loads((HERE / f"{SET}.toml").read_text())
    for figure in body["figures"]:
        if figure["half"] != half:
            continue
        path = unpacked(CACHE / "packages" / figure["package"], figure["file"])
        for number, places in figure["pages"].items():
            page = Page(f"{figure['name']}-{number}", path, int(number), SET, 0, 1e6, False)
            either = figure.get("either", {}).get(number, ())
            for scan in scans([page], ["clean"]):
                with pymupdf.open(path) as document, Image.open(scan.path) as image:
                    scale = image.width / document[page.number - 1].rect.width
                kind = "music, boards, circuits" if places else "(documents, text)"
                yield PicturedScan(
                    kind, scan.path, _boxes(places, scale), _boxes(either, scale), in_parts=True
                )


def _boxes(places: Sequence[Sequence[float]], scale: float) -> tuple[Box, ...]:
    """Return places in points as boxes in pixels."""
    return tuple(Box(*(side * scale for side in place)) for place in places)
