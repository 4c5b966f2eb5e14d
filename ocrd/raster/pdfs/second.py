"""A second look at a page that MuPDF has drawn: pdfium draws it too, and the fuller one is kept."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PIL import Image

from ocrd.raster.pdfs.diagnosis import Gravity, Remark
from ocrd.raster.pdfs.joining import joined
from ocrd.raster.pdfs.judging import Judgement, judge, judge_joined
from ocrd.raster.pdfs.mupdf import MuPdf
from ocrd.raster.pdfs.pdfium import Pdfium, PdfiumError
from ocrd.raster.pdfs.witness import (
    FINE,
    Difference,
    Pixels,
    Rectangle,
    compare,
    has_ink,
    lacking,
    small,
    small_size,
    strayed,
)

_SECONDS = 2.0  # that a small drawing may take
_NEAR_A_MARK = 16  # pixels of a small drawing: icons of notes are moved, too


@dataclass(frozen=True, slots=True)
class Seen:
    """What to read of a page, and what is to be said of it."""

    image: Image.Image
    judgement: Judgement
    ink: int = 0  # pixels of a small drawing; 0 where nobody looked
    points_per_pixel: float | None = None  # of a drawing that has other sides than MuPDF's


def seen_once(image: Image.Image, remark: Remark) -> Seen:
    """Judge a page that only MuPDF has drawn."""
    return Seen(image, judge(None, remark))


def seen_twice(
    first: MuPdf, second: Pdfium, number: int, image: Image.Image, remark: Remark, *, hides: bool
) -> Seen:
    """Compare MuPDF's drawing with one by pdfium; if it ``hides`` something, pdfium's is kept.

    What each has alone is put into the one that is kept, as far as it stands by itself. A page that
    pdfium cannot draw is seen once, and so is one that the two do not turn alike (by an angle that
    is none of the four): its ink lies elsewhere. Nothing is missing then, unless MuPDF's has none.
    """
    try:
        if not hides and _is_upright(first.size(number)) != _is_upright(second.size(number)):
            return _of_other_sides(first, second, number, image, remark)
        look = _Look(first, second, number, image)
        difference = look.difference()
        if remark.gravity >= Gravity.GRAVE and not difference.first_lacks:
            difference = replace(difference, strayed=look.strayed())
        judgement = Judgement(second=True) if hides else judge(difference, remark)
        lacks = difference.second_lacks if judgement.second else difference.first_lacks
        if not judgement.second and not lacks:
            return Seen(image, judgement, difference.ink)
        theirs = second.draw(number, image.size, gray=image.mode == "L")
        if hides or not lacks:
            return Seen(theirs, judgement, difference.ink)
        kept, other = (theirs, image) if judgement.second else (image, theirs)
        image, left = joined(kept, other, *look.lacking(second=judgement.second))
    except PdfiumError:
        return seen_once(image, remark)
    return Seen(image, judge_joined(judgement, left), difference.ink)


def _of_other_sides(
    first: MuPdf, second: Pdfium, number: int, image: Image.Image, remark: Remark
) -> Seen:
    """Keep pdfium's drawing, with its own sides, of a page that MuPDF draws empty."""
    width, height = second.size(number)
    theirs = second.draw(number, small_size(width, height), seconds=_SECONDS)
    if has_ink(small(image, small_size(*first.size(number)))) or not has_ink(theirs):
        return seen_once(image, remark)
    scale = max(image.size) / max(width, height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    drawn = second.draw(number, size, gray=image.mode == "L")
    lost = Difference(first_lacks=1, ink=1)
    return Seen(drawn, judge(lost, remark), points_per_pixel=1.0 / scale)


def _is_upright(size: tuple[float, float]) -> bool:
    return size[1] > size[0]


class _Look:
    """Two drawings of one page, made as small as it takes."""

    def __init__(self, first: MuPdf, second: Pdfium, number: int, image: Image.Image) -> None:
        self._first, self._second, self._number, self._image = first, second, number, image
        self._points = first.size(number)

    def difference(self) -> Difference:
        """Return what each of them lacks."""
        size = small_size(*self._points)
        ours, theirs = self._both(size)
        difference = compare(ours, theirs)
        if difference.first_lacks and (aside := self._aside(size)):
            return compare(ours, theirs, aside)
        return difference

    def strayed(self) -> float:
        """Look more closely, whether the letters are the same."""
        fine = small_size(*self._points, FINE)
        return strayed(*self._both(fine if fine < self._image.size else self._image.size))

    def lacking(self, *, second: bool) -> tuple[Pixels, Pixels]:
        """Return which ink MuPDF's drawing lacks, or the second one, and where it has ink."""
        size = small_size(*self._points)
        ours, theirs = self._both(size)
        pair = (theirs, ours) if second else (ours, theirs)
        return lacking(*pair, self._aside(size))

    def _both(self, size: tuple[int, int]) -> tuple[Image.Image, Image.Image]:
        theirs = self._second.draw(self._number, size, seconds=_SECONDS)
        return small(self._image, size), theirs

    def _aside(self, size: tuple[int, int]) -> list[Rectangle]:
        """Return where the programs draw signs of their own, in pixels."""
        x, y = size[0] / self._points[0], size[1] / self._points[1]
        near = _NEAR_A_MARK
        return [
            (x0 * x - near, y0 * y - near, x1 * x + near, y1 * y + near)
            for x0, y0, x1, y1 in self._first.own_marks(self._number)
        ]
