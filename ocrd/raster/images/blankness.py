"""Is there anything on a page but paper? Judged at full size, by what the page's own noise is.

A page that is taken for blank is never read, so that in doubt it is not: a single pale page number
is content. What is no content: noise and texture of any strength, smooth shadows, a dark band along
an edge (the scanner's lid), specks of dust, punched holes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

Levels = NDArray[np.float32]

_GROUND = 16  # pixels: paper and shadow are judged in squares of this side
_CLEAN_SHARE = 0.25  # of squares, in any part of a page, show its noise alone
_PART = 8  # squares: over these the noise is taken to be the same
_LOCAL_EXCESS = 1.5  # levels: noise beyond that of the page's clean parts may be faint print
_SIGMAS = 5.0  # above the noise is marked
_STEP = 3.5  # levels: what rounding and JPEG make of a smooth page
_MOST = 24.0  # levels: beyond this no noise is seen, whatever the page is like
_GRAIN, _GRAINY_SQUARES = 2.4, 14  # times the noise's energy, in how many squares
_GRAIN_LEVELS = 1.7  # of noise at least: on a quieter page faint print is marked itself
_SIDE = 4  # pixels of a cell, in which marks are joined
_MANY, _MIDDLE = 0.003, 0.1  # of the pixels marked inside these margins: no need to look closely
_STRIPS, _STRIP, _STRIP_EDGE = (1 / 3, 1 / 2, 1 / 5), 2, 2  # from the top; parts; squares of it
_MARK_PIXELS, _MARK_EXTENT = 12, 8  # of the smallest mark that is no dust
_SMALL_EXTENT = 130  # pixels, of marks that are looked at closely
_CORE_SHARE = 0.4  # of a mark's depth
# What JPEG strews is faint, small and loose: levels, pixels, of its box; and there is much of it.
_FAINT, _FAINT_EXTENT, _FAINT_FILL = 12.0, 13, 0.25
_STREWN = 150  # marks
_SPECKS = 40  # so many specks are no dust
_BAND_DEPTH, _BAND_DEEP = 0.06, 0.03  # of that side of the page, of the other one
_BAND_LENGTH, _LOOSE_LENGTH = 0.08, 0.2  # of the side; where it begins away from the edge
_BAND_AWAY, _WHOLE_LENGTH = 0.012, 0.9  # of the page's longest side; of the side, beyond that
_BAND_CLOSED = 0.97  # of the length: between words there is paper
_BULGE = 10.0  # pixels
_HOLE = (0.012, 0.036)  # of the page's longest side: 3.5 to 10 mm of A4
_DISC = (0.66, 0.87)  # of its box: 0.785
_HOLE_MARGIN = 0.1  # of the page's sides, within which holes are punched


def is_blank(image: Image.Image) -> bool:
    """Say whether the page (mode L or RGB) is nothing but paper."""
    if image.mode != "RGB":
        return not has_structure(np.asarray(image, np.float32))
    if has_structure(np.asarray(image.convert("L"), np.float32)):
        return False
    red, green, blue = image.split()
    most = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    least = ImageChops.darker(ImageChops.darker(red, green), blue)
    colour = ImageChops.subtract(most, least)
    return not has_structure(np.asarray(colour, np.float32))


def has_structure(levels: Levels, *, step: float = _STEP, most: float = _MOST) -> bool:
    """Say whether anything stands out of the noise.

    ``step`` is the finest difference that the levels can show, ``most`` what is no noise anywhere.
    """
    if _is_printed(levels, step, most):
        return True
    page = _Page(levels, step, most)
    return page.has_marks() or page.is_grainy()


def _is_printed(levels: Levels, step: float, most: float) -> bool:
    """Say whether some strips of a page alone have as much marked as is enough for all of it.

    A page of text is told so by a fourteenth of its pixels. A strip's noise is not less than it
    would be beside the rest of the page, as far as the quietest squares go by which it is measured.
    """
    height, width = levels.shape
    part, edge = _PART * _GROUND, _STRIP_EDGE * _GROUND
    across, left = int(_MIDDLE * width), int(_MIDDLE * height)
    left = int(_MANY * (height - 2 * left) * (width - 2 * across)) + 1
    for place in _STRIPS:
        top = int(place * height) // part * part
        strip = levels[top : top + _STRIP * part]
        if strip.shape[0] < _STRIP * part:
            return False  # a small page is looked at as a whole
        marked = _Page(strip, step, most).marked[edge:-edge, across : width - across]
        left -= int(np.count_nonzero(marked))
        if left <= 0:
            return True
    return False


class _Page:
    """A page's differences from its paper, and where they are beyond its noise."""

    def __init__(self, levels: Levels, step: float, most: float) -> None:
        height, width = levels.shape
        edges = ((0, -height % _GROUND), (0, -width % _GROUND))
        levels = np.pad(levels, edges, mode="edge")
        tiles = levels.reshape(levels.shape[0] // _GROUND, _GROUND, -1, _GROUND)
        difference = np.abs(_smoothed(levels) - _ground(tiles))
        squares = difference.reshape(tiles.shape)
        beyond = np.clip(_noise(squares) * _SIGMAS, step, most)
        marked = (squares > beyond[:, None, :, None]).reshape(levels.shape)
        self._squares, self._beyond = squares, beyond
        self._explained = np.zeros(beyond.shape, np.bool_)  # squares with a shadow, a hole
        self.difference = difference[:height, :width]
        self.marked = np.ascontiguousarray(marked[:height, :width])
        self.height, self.width = height, width
        # Of a small mark: JPEG makes fainter ones of a gradient, and of noise ones twice as deep.
        is_clean = float(np.median(beyond)) <= step
        self._least = step * (1.3 if is_clean else 2.0)

    def has_marks(self) -> bool:
        """Say whether anything is marked that is no dust, shadow or hole."""
        down, across = int(_MIDDLE * self.height), int(_MIDDLE * self.width)
        middle = self.marked[down : self.height - down, across : self.width - across]
        if middle.mean() > _MANY:
            return True
        specks = 0
        boxes = list(_boxes(self.marked))
        if len(boxes) > _STREWN:
            self._least = max(self._least, _FAINT)
        for box in boxes:
            if self._is_band(box):
                self._explain(box)
                continue
            core = self._core(box) if box.extent <= _SMALL_EXTENT else box
            if core.extent >= _MARK_EXTENT and core.pixels >= _MARK_PIXELS:
                if not self._is_hole(core):
                    return True
                self._explain(box)
            elif core.pixels >= _MARK_PIXELS:
                specks += 1
                if specks > _SPECKS:
                    return True
        return False

    def is_grainy(self) -> bool:
        """Say whether some part is livelier than the page's noise: print as faint as that.

        No dust counts here, whatever its depth, nor what lies along the edges.
        """
        noise = np.maximum(self._beyond / _SIGMAS, _GRAIN_LEVELS)
        energy = np.square(np.minimum(self._squares, self._beyond[:, None, :, None]))
        ratio = energy.mean(axis=(1, 3)) / np.square(noise)
        rows, columns = ratio.shape
        if rows < 8 or columns < 8:
            return False
        ratio[self._explained] = 1.0
        around = ratio[:-2] + ratio[1:-1] + ratio[2:]
        around = (around[:, :-2] + around[:, 1:-1] + around[:, 2:]) / 9
        down, across = max(1, int(0.05 * rows)), max(1, int(0.05 * columns))
        return int((around[down:-down, across:-across] > _GRAIN).sum()) >= _GRAINY_SQUARES

    def _explain(self, box: _Box) -> None:
        top, left = max(0, box.top // _GROUND - 2), max(0, box.left // _GROUND - 2)
        self._explained[top : box.bottom // _GROUND + 3, left : box.right // _GROUND + 3] = True

    def _core(self, box: _Box) -> _Box:
        """Return the part of a mark that is not its blur, nor what JPEG strews around it."""
        seen = self.difference[box.top : box.bottom, box.left : box.right]
        peak = float(seen.max())
        if peak < self._least:
            return _Box(0, 0, 0, 0, 0)
        marked = self.marked[box.top : box.bottom, box.left : box.right]
        is_small = box.extent < _FAINT_EXTENT or box.pixels < 2 * _MARK_PIXELS
        if peak < _FAINT and (is_small or marked.mean() < _FAINT_FILL):
            return _Box(0, 0, 0, 0, 0)
        down, across = np.nonzero(marked & (seen >= _CORE_SHARE * peak))
        return _Box(
            box.left + int(across.min()), box.top + int(down.min()),
            box.left + int(across.max()) + 1, box.top + int(down.max()) + 1, len(down),
        )  # fmt: skip

    def _is_band(self, box: _Box) -> bool:
        """Say whether a mark lies along an edge without a gap: the scanner's lid, the sheet's end.

        What bulges out of it is no shadow.
        """
        seen = self.marked[box.top : box.bottom, box.left : box.right]
        deep = max(_BAND_DEPTH * self.width, _BAND_DEEP * self.height)
        high = max(_BAND_DEPTH * self.height, _BAND_DEEP * self.width)
        if box.right <= deep:
            return self._is_closed(seen, self.height, box.left)
        if box.left >= self.width - deep:
            return self._is_closed(seen[:, ::-1], self.height, self.width - box.right)
        if box.bottom <= high:
            return self._is_closed(seen.T, self.width, box.top)
        if box.top >= self.height - high:
            return self._is_closed(seen[::-1].T, self.width, self.height - box.bottom)
        return False

    def _is_closed(self, seen: NDArray[np.bool_], side: int, away: int) -> bool:
        """Say whether a mark, its rows from an edge inwards, has no gap along it and no bulge.

        ``away`` is how far it begins from the edge. What is no deeper than a speck, at the very
        edge, is no letter however long it is.
        """
        there = np.asarray(seen.any(axis=1))
        if seen.shape[1] <= _MARK_EXTENT and away <= 1:
            return True
        length = max((_BAND_LENGTH if away <= 1 else _LOOSE_LENGTH) * side, 2 * _MARK_EXTENT)
        is_far = away > _BAND_AWAY * max(self.width, self.height)
        if there.size < (_WHOLE_LENGTH * side if is_far else length):
            return False
        if there.mean() < _BAND_CLOSED:
            return False
        rows = np.flatnonzero(there)
        depth = seen.shape[1] - seen[rows, ::-1].argmax(axis=1)
        bulge = depth - np.polyval(np.polyfit(rows, depth, 2), rows)
        return bool(np.convolve(bulge, np.ones(8) / 8, "valid").max(initial=0.0) <= _BULGE)

    def _is_hole(self, box: _Box) -> bool:
        across, down = box.right - box.left, box.bottom - box.top
        least, most = (share * max(self.width, self.height) for share in _HOLE)
        if not (least <= min(across, down) and max(across, down) <= most):
            return False
        filled = box.pixels / (across * down)
        if max(across, down) > 1.2 * min(across, down) or not _DISC[0] <= filled <= _DISC[1]:
            return False
        x, y = (box.left + box.right) / 2 / self.width, (box.top + box.bottom) / 2 / self.height
        return bool(min(x, 1 - x, y, 1 - y) <= _HOLE_MARGIN)


def _smoothed(levels: Levels) -> Levels:
    """Return means of 3 × 3 pixels: noise falls to a third, strokes hardly."""
    padded = np.pad(levels, 1, mode="edge")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    return np.asarray((rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / np.float32(9))


def _ground(tiles: Levels) -> Levels:
    """Return the level of the paper at every pixel."""
    means = tiles.mean(axis=(1, 3), dtype=np.float32)
    rows, columns = means.shape
    padded = np.pad(means, 2, mode="edge")
    across = np.median([padded[:, at : at + columns] for at in range(5)], axis=0)
    ground = np.median([across[at : at + rows] for at in range(5)], axis=0).astype(np.float32)
    size = columns * _GROUND, rows * _GROUND
    return np.asarray(Image.fromarray(ground).resize(size, Image.Resampling.BILINEAR))


def _noise(squares: Levels) -> Levels:
    """Return the noise's standard deviation in each square, whatever is printed there."""
    some = squares[:, ::2, :, ::2].transpose(0, 2, 1, 3)
    rows, columns = some.shape[:2]
    flat = some.reshape(rows, columns, -1)
    # Nine tenths of the pixels lie below 1.645 of it.
    each = np.partition(flat, -7, axis=2)[:, :, -7] / np.float32(1.645)
    page = np.quantile(each, _CLEAN_SHARE)
    padded = np.pad(each, ((0, -rows % _PART), (0, -columns % _PART)), mode="edge")
    parts = padded.reshape(-1, _PART, padded.shape[1] // _PART, _PART).transpose(0, 2, 1, 3)
    clean = np.quantile(parts.reshape(*parts.shape[:2], -1), _CLEAN_SHARE, axis=2)
    noise = clean.repeat(_PART, axis=0).repeat(_PART, axis=1)[:rows, :columns]
    return np.asarray(np.minimum(noise, 1.5 * page + _LOCAL_EXCESS), np.float32)


@dataclass(frozen=True, slots=True)
class _Box:
    """The box of a connected mark, in pixels, and how many of them it has."""

    left: int
    top: int
    right: int
    bottom: int
    pixels: int

    @property
    def extent(self) -> int:
        return max(self.right - self.left, self.bottom - self.top)


def _boxes(marked: NDArray[np.bool_]) -> Iterator[_Box]:
    """Yield what is joined, or nearly so: the letters of a word are one mark."""
    height, width = marked.shape
    edges = ((0, -height % _SIDE), (0, -width % _SIDE))
    cells = np.pad(marked, edges).view(np.uint32) != 0
    cells = np.pad(cells.reshape(-1, _SIDE, cells.shape[1]).any(axis=1), 2)
    row = cells.shape[1]
    around = [down * row + across for down in range(-2, 3) for across in range(-2, 3)]
    left = bytearray(cells.tobytes())
    for start in np.flatnonzero(cells).tolist():
        if not left[start]:
            continue
        left[start] = 0
        found = [start]
        for cell in found:
            for near in around:
                if left[cell + near]:
                    left[cell + near] = 0
                    found.append(cell + near)
        yield _box(marked, np.array(found), row)


def _box(marked: NDArray[np.bool_], found: NDArray[np.int64], row: int) -> _Box:
    """Return the box of joined cells, and what is marked in it: hardly ever another's."""
    down, across = (found // row - 2) * _SIDE, (found % row - 2) * _SIDE
    top, left = int(down.min()), int(across.min())
    seen = marked[top : int(down.max()) + _SIDE, left : int(across.max()) + _SIDE]
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    return _Box(
        left + int(columns[0]), top + int(rows[0]), left + int(columns[-1]) + 1,
        top + int(rows[-1]) + 1, int(np.count_nonzero(seen)),
    )  # fmt: skip
