"""What of a page's ink is on one of two drawings only, made by programs of different make.

Pure. Both are looked at small. Ink is where brightness changes; whether it does so at the same
places counts, not how much, so that colours, smoothing and letters of another font make no
difference, while a word, a picture or a stamp that one lacks does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

SMALL_SIDE = 1500  # pixels, at most, of what is compared
FINE = 2.0  # times finer: letters are told from each other
_CLEAR, _FAINT = 64, 16  # of 255: a change that is ink; one that may be the same ink, drawn paler
_NEAR = 4  # pixels: letters of another font, and lines that were moved to whole pixels
_PATCH = 4  # pixels, around one: ink that is alone in its patch is a speck
_DENSE, _SPARSE = 36, 24  # pixels of a patch of 81: of letters, of a drawing's strokes and edges
_LINE, _THICK = 15, 5  # pixels: a line is straight so far to both sides, and less thick
_LEAST_STROKES = 200  # no letters, but a signature, a large letter, a picture
_DARK, _BESIDE = 140, 1  # of 255; pixels of a fine drawing
_LEAST = 24  # pixels: half a small letter

Pixels = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Difference:
    """How many pixels of ink each drawing lacks that the other one has, and how many there are."""

    first_lacks: int = 0
    second_lacks: int = 0
    ink: int = 0
    strayed: float = 0.0  # share of all ink that is beside the other's, where that was looked for

    def share(self, lacking: int) -> float:
        """Return what part of all ink is lacking."""
        return lacking / self.ink if self.ink else 0.0


Rectangle = tuple[float, float, float, float]


def has_ink(drawing: Image.Image) -> bool:
    """Say whether there is as much as half a letter on a gray drawing."""
    return int(np.count_nonzero(_changes(np.asarray(drawing)) > _CLEAR)) >= _LEAST


def small_size(width: float, height: float, fine: float = 1.0) -> tuple[int, int]:
    """Return the size at which a page of so many points is compared, ``fine`` times finer."""
    scale = min(1.0, SMALL_SIDE / max(width, height)) * fine
    return max(1, round(width * scale)), max(1, round(height * scale))


def small(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return a drawing as it is compared."""
    return image.convert("L").resize(size, Image.Resampling.BOX, reducing_gap=2.0)


def compare(
    first: Image.Image, second: Image.Image, aside: list[Rectangle] | None = None
) -> Difference:
    """Compare two gray drawings of one size; what lies in ``aside`` may differ as it likes."""
    one, other = _changes(np.asarray(first)), _changes(np.asarray(second))
    ignored = _ignored(one.shape, aside)
    return Difference(
        int(np.count_nonzero(_lacking(one, other, ignored))),
        int(np.count_nonzero(_lacking(other, one, ignored))),
        int(np.count_nonzero((one > _CLEAR) | (other > _CLEAR))),
    )


def lacking(
    first: Image.Image, second: Image.Image, aside: list[Rectangle] | None = None
) -> tuple[Pixels, Pixels]:
    """Return which ink of the second of two such drawings the first lacks, and where it has ink."""
    one, other = _changes(np.asarray(first)), _changes(np.asarray(second))
    return _lacking(one, other, _ignored(one.shape, aside)), one > _CLEAR


def _ignored(shape: tuple[int, ...], aside: list[Rectangle] | None) -> Pixels:
    ignored = np.zeros(shape, bool)
    for x0, y0, x1, y1 in aside or ():
        ignored[max(0, int(y0)) : max(0, int(y1) + 1), max(0, int(x0)) : max(0, int(x1) + 1)] = True
    return ignored


def strayed(first: Image.Image, second: Image.Image) -> float:
    """Return what share of the dark pixels of two fine gray drawings are beside the other's.

    Letters of another font stray a little, other letters in the same places much: a font that one
    of the programs lost is drawn so.
    """
    one, other = np.asarray(first) < _DARK, np.asarray(second) < _DARK
    stray = sum(
        int(np.count_nonzero(a & (_count_around(b, _BESIDE, _BESIDE) == 0)))
        for a, b in ((one, other), (other, one))
    )
    return stray / max(1, int(np.count_nonzero(one)) + int(np.count_nonzero(other)))


def _changes(pixels: Pixels) -> Pixels:
    """Return for each pixel how much brightness changes around it."""
    return _around(pixels, np.maximum) - _around(pixels, np.minimum)


def _around(pixels: Pixels, choose: Any) -> Pixels:
    rows = pixels.copy()
    choose(rows[1:], pixels[:-1], out=rows[1:])
    choose(rows[:-1], pixels[1:], out=rows[:-1])
    both = rows.copy()
    choose(both[:, 1:], rows[:, :-1], out=both[:, 1:])
    choose(both[:, :-1], rows[:, 1:], out=both[:, :-1])
    return both


def _lacking(one: Pixels, other: Pixels, ignored: Pixels) -> Pixels:
    """Return which ink of the other drawing has none of the one near it."""
    nothing = np.zeros(one.shape, bool)
    ink = (other > _CLEAR) & ~ignored
    if not ink.any():
        return nothing
    alone = ink & (_count_around(one > _FAINT, _NEAR, _NEAR) == 0)
    if not alone.any():
        return nothing
    around = _count_around(alone, _PATCH, _PATCH)
    high, wide = _count_around(alone, _PATCH, 0), _count_around(alone, 0, _PATCH)
    letters = alone & (around >= _DENSE) & (np.minimum(high, wide) >= _THICK)
    if np.count_nonzero(letters) >= _LEAST:
        return np.asarray(letters)
    strokes = alone & ~_ruled(alone)
    strokes &= _count_around(strokes, _PATCH, _PATCH) >= _SPARSE
    return np.asarray(strokes) if np.count_nonzero(strokes) >= _LEAST_STROKES else nothing


def _ruled(mask: Pixels) -> Pixels:
    """Return the pixels of hairlines along the page's sides, which one program draws far paler."""
    most = 2 * _LINE - 2  # of such a line's pixels a few may be missing
    lying = (_count_around(mask, 0, _LINE) >= most) & (_count_around(mask, _PATCH, 0) < _THICK)
    standing = (_count_around(mask, _LINE, 0) >= most) & (_count_around(mask, 0, _PATCH) < _THICK)
    ends = (_count_around(lying, 0, _LINE) > 0) & (_count_around(mask, _PATCH, 0) < _THICK)
    tops = (_count_around(standing, _LINE, 0) > 0) & (_count_around(mask, 0, _PATCH) < _THICK)
    ruled: Pixels = ends | tops
    return ruled


def _count_around(mask: Pixels, high: int, wide: int) -> Pixels:
    """Return for each pixel how many are set of those so far above, below and beside it."""
    height, width = mask.shape
    sums = np.zeros((height + 2 * high + 1, width + 2 * wide + 1), np.int32)
    sums[high + 1 : high + 1 + height, wide + 1 : wide + 1 + width] = mask
    sums = sums.cumsum(0).cumsum(1)
    tall, broad = 2 * high + 1, 2 * wide + 1
    upper, lower = sums[:-tall], sums[tall:]
    counts: Pixels = lower[:, broad:] - upper[:, broad:] - lower[:, :-broad] + upper[:, :-broad]
    return counts
