"""How finely a page of a PDF is drawn: small print legible, a scan never larger than it is.

Pure, on what MuPDF says of a page. A picture's resolution is believed only where the page is
nothing but pictures; masks count by their own. Whatever else is on it, curves, patterns, glyphs,
notes, may be text of any size: such a page is drawn as finely as any engine reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ocrd.raster.images.pictures import scale_to_fit

FINEST = 400.0 / 72.0  # pixels per point: finer than any engine needs
MOST_PIXELS = 40_000_000  # of a page that is drawn finer than the engine asks for: A0 at 150 dpi
_PICTURES = frozenset({"fill-image", "fill-imgmask"})
_TEXTS = frozenset({"fill-text", "stroke-text"})
_UNSEEN = frozenset({"ignore-text"})
_SCAN_SHARE = 0.8  # of the page is covered by pictures: a scan
_SCAN_SIDE = 400  # pixels, of a scan's longest side at the least; what has fewer is a background
_SCAN_DPI = 100.0  # of a scan whose page has the size that paper had, at the least
_USUAL_POINTS = 842.0  # of a page's longest side: A4
_TYPE_PIXELS = 18.0  # from line to line: what the embedded engine needs to read it
_NOTE_POINTS = 8.0  # type of a note on a plan: where curves or pixels may be text of any size
_MOST_POINTS = 5000.0  # of a page that has such notes, 1.76 m: larger ones are read from afar
_LEAST_POINTS = 6.0  # type that is smaller is given no more pixels for that
_TYPE_SHARE = 0.9  # of a run's height: the type's size
_FEW = 0.05  # of the text may be smaller than what counts as small print

Rectangle = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture on a page, with its mask, as large as the finer of the two."""

    pixels: int
    longest: int  # pixels, of its longest side
    points: float  # square points that it covers
    gray: bool

    @property
    def resolution(self) -> float:
        """Pixels per point; it may lie along the page's axes or across them."""
        return float((self.pixels / self.points) ** 0.5) if self.points > 0 else FINEST


@dataclass(frozen=True, slots=True)
class Content:
    """What is painted on a page, as far as it bears on how finely that is drawn."""

    width: float  # points
    height: float
    painted: Sequence[tuple[str, Rectangle]]  # MuPDF's words for how, and where
    pictures: Sequence[Picture]

    @property
    def kinds(self) -> frozenset[str]:
        """In which ways something is painted."""
        return frozenset(kind for kind, _ in self.painted) - _UNSEEN

    @property
    def is_scan(self) -> bool:
        """Say whether the page is one picture, or several side by side, and nothing else."""
        if not self.pictures or not self.kinds <= _PICTURES:
            return False
        if sum(kind in _PICTURES for kind, _ in self.painted) > len(self.pictures):
            return False  # one in a note or a pattern, of which nothing more is known
        covered = sum(picture.points for picture in self.pictures)
        longest = max(picture.longest for picture in self.pictures)
        return covered >= _SCAN_SHARE * self.width * self.height and longest >= _SCAN_SIDE

    @property
    def is_gray(self) -> bool:
        """Say whether it is a scan without colours."""
        plain = all(picture.gray for picture in self.pictures) and "fill-imgmask" not in self.kinds
        return self.is_scan and plain

    @property
    def smallest_type(self) -> float | None:
        """Size in points of the smallest type that counts; None where there is no text."""
        runs = []
        for kind, (x0, y0, x1, y1) in self.painted:
            if kind in _TEXTS:
                high, wide = sorted((abs(x1 - x0), abs(y1 - y0)))
                if high > 1.0:
                    runs.append((high * _TYPE_SHARE, wide / high))
        few = _FEW * sum(length for _, length in runs)
        for size, length in sorted(runs):
            few -= length
            if few < 0:
                return size
        return None


@dataclass(frozen=True, slots=True)
class Fineness:
    """Pixels per point that a page is drawn with, and those that it would need to be legible."""

    scale: float
    coarse: float  # what the engine asks for: enough for a page of usual size
    wanted: float

    @property
    def is_enough(self) -> bool:
        """Say whether the page's small print is legible so."""
        return self.scale >= 0.8 * self.wanted


def fineness(
    content: Content, longest_side: int, page_pixels: int, *, legible: bool = True
) -> Fineness:
    """Return how finely a page is drawn for an engine that reads images of ``longest_side``.

    If ``legible``, a page that is larger than usual gets more than that side where small print
    wants it: as many pixels a point as one of usual size, at the most, and never more than
    ``page_pixels``, nor than memory lasts for.
    """
    most = max(picture.resolution for picture in content.pictures) if content.is_scan else FINEST
    sides = content.width, content.height
    coarse = scale_to_fit(*sides, longest_side, most=most, legible=legible)
    if not legible:
        return Fineness(coarse, coarse, 0.0)
    usual = longest_side / _USUAL_POINTS
    wanted = min(most, usual, _wanted(content, most))
    room = (min(page_pixels, MOST_PIXELS) / (content.width * content.height)) ** 0.5
    return Fineness(max(coarse, min(wanted, room)), coarse, wanted)


def _wanted(content: Content, most: float) -> float:
    """Return the pixels per point at which the smallest type is legible."""
    if content.is_scan and most * 72.0 < _SCAN_DPI:
        return 0.0  # a page as large as its pixels are many: what a point is, nobody knows
    if (size := content.smallest_type) is not None:
        return _TYPE_PIXELS / max(size, _LEAST_POINTS)
    is_read_nearby = max(content.width, content.height) <= _MOST_POINTS
    return _TYPE_PIXELS / _NOTE_POINTS if is_read_nearby else 0.0
