"""A PDF with one JPEG picture a page, written as the pages come, so that none stays in memory."""

from __future__ import annotations

from dataclasses import dataclass
from io import RawIOBase

_FONT = "Helvetica-Bold"  # one of the fourteen that every viewer has (PDF 1.7, section 9.6.2.2)
_CATALOG, _PAGES, _FONT_OBJECT, _FIRST_FREE = 1, 2, 3, 4


@dataclass(frozen=True, slots=True)
class Jpeg:
    """A JPEG file, and what a PDF has to say about it; its sides are in pixels."""

    content: bytes
    width: int
    height: int
    gray: bool


class Album:
    """Appends pages to an open file; nothing is a PDF before ``finish``."""

    def __init__(self, out: RawIOBase) -> None:
        self._out = out
        self._places: dict[int, int] = {}  # object to its offset
        self._next = _FIRST_FREE
        self._pages: list[int] = []
        self._written = 0
        self._write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        self._object(
            f"<</Type/Font/Subtype/Type1/BaseFont/{_FONT}/Encoding/WinAnsiEncoding>>", _FONT_OBJECT
        )

    def add_empty(self, width: float, height: float) -> None:
        """Append a page with nothing on it; its sides are in points."""
        self._page(width, height, "")

    def add(self, width: float, height: float, picture: Jpeg, drawing: str) -> None:
        """Append a page that a picture fills, with ``drawing`` (PDF operators) over it.

        The drawing may use the font Helvetica-Bold by that name.
        """
        number = self._stream(
            f"/Type/XObject/Subtype/Image/Width {picture.width}/Height {picture.height}"
            f"/ColorSpace/{'DeviceGray' if picture.gray else 'DeviceRGB'}"
            "/BitsPerComponent 8/Filter/DCTDecode",
            picture.content,
        )
        shown = f"q {width:.5f} 0 0 {height:.5f} 0 0 cm /Picture Do Q\n{drawing}"
        content = self._stream("", shown.encode("latin-1", "replace"))
        resources = f"/XObject<</Picture {number} 0 R>>/Font<</{_FONT} {_FONT_OBJECT} 0 R>>"
        self._page(width, height, f"/Resources<<{resources}>>/Contents {content} 0 R")

    def finish(self) -> None:
        """Write what makes the pages a document."""
        kids = " ".join(f"{page} 0 R" for page in self._pages)
        self._object(f"<</Type/Pages/Kids[{kids}]/Count {len(self._pages)}>>", _PAGES)
        self._object(f"<</Type/Catalog/Pages {_PAGES} 0 R>>", _CATALOG)
        start = self._written
        lines = [f"xref\n0 {self._next}\n0000000000 65535 f \n"]
        lines += [f"{self._places[number]:010} 00000 n \n" for number in range(1, self._next)]
        lines.append(f"trailer\n<</Size {self._next}/Root {_CATALOG} 0 R>>\n")
        lines.append(f"startxref\n{start}\n%%EOF\n")
        self._write("".join(lines).encode("ascii"))

    def _page(self, width: float, height: float, more: str) -> None:
        box = f"[0 0 {width:.5f} {height:.5f}]"
        self._pages.append(
            self._object(f"<</Type/Page/Parent {_PAGES} 0 R/MediaBox{box}{more}>>")
        )

    def _stream(self, entries: str, content: bytes) -> int:
        number = self._begin()
        self._write(f"<<{entries}/Length {len(content)}>>\nstream\n".encode("ascii"))
        self._write(content)
        self._write(b"\nendstream\nendobj\n")
        return number

    def _object(self, body: str, number: int = 0) -> int:
        number = self._begin(number)
        self._write(f"{body}\nendobj\n".encode("ascii"))
        return number

    def _begin(self, number: int = 0) -> int:
        if not number:
            number, self._next = self._next, self._next + 1
        self._places[number] = self._written
        self._write(f"{number} 0 obj\n".encode("ascii"))
        return number

    def _write(self, content: bytes) -> None:
        self._out.write(content)
        self._written += len(content)
