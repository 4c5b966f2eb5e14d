"""What a caption says is a picture, whatever it is made of: screenshots, plots, diagrams (pure).

Its ink stands right above the caption, or below one with nothing above, and reaches as far as no
sentence stands in between. What is ruled into cells is a table all the same, and level rules alone
are what surrounds a listing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from ocrd.engine.rapidocr import pieces
from ocrd.engine.rapidocr.pieces import Picture
from ocrd.engine.rapidocr.remains import Region, Remains

# In heights of a line, or squares of it, unless they say otherwise.
_NEAR = 4.5  # from a caption to the first ink of what it explains
_ASIDE = 2.0  # by which that may begin beside the caption's ends
_GAP = 2.0  # from one piece of it to the next
_SMALL = 0.35  # size of a piece
_ROUND = 1.2  # height and width of a piece that is no rule
_ROUNDS, _LARGE = 3, 3.0  # pieces of that size, or one of that, that a picture has
_AROUND, _FIELD, _FIELDS = 0.8, 0.8, 2  # share of a picture; height and width of what is in it
_CELL, _CELLS = 1.0, 4  # of a box, and so many of them in a table,
_RULED, _MOST = 0.65, 0.5  # share of the table that they fill, and that one fills at most
_PART = 0.15  # share of a sentence, in a picture, from which it would be the picture's
_TEXT = 0.08  # share of a table that is text
_READ = 0.5  # share of a line's box that was read well: a line of a picture is not
_INTO = 0.4  # by which ink may reach into the caption's line
_FIGURE = re.compile(
    r"(?:figures?|fig|abbildung|abb|bild|figura|afbeelding|afb|figur|rysunek|plate|plan|map|karte"
    r"|carte|mapa|schema|sch[ée]ma|diagrama?|diagramm|chart|graph|photo|foto|screenshot)"
    r"\.?\s?\d{1,3}(?:[.-]\d{1,3})*(?![.-]?\d)[a-z]?\s?[.:–—-]\s?\S",
    re.IGNORECASE,
)  # fmt: skip


def named(page: Remains, running: NDArray[np.int64]) -> Iterator[tuple[Picture, bool]]:
    """Yield what captions explain, and whether a frame surrounds it.

    ``running`` are the regions of lines that are prose.
    """
    captions = captions_of(page)
    if not captions:
        return
    some = _pieces(page, running)
    well_read = [
        one
        for one in running.tolist()
        if tuple(one) not in captions
        and float(page.read[one[1] : one[3], one[0] : one[2]].mean()) > _READ
    ]
    prose = np.array(well_read, np.int64)
    for caption in captions:
        for is_above in (True, False):
            region = _beside(caption, some, prose.reshape(-1, 4), page.height, is_above=is_above)
            if region is None:
                continue
            inside = some[_within(some, region)]
            if _is_drawn(inside, page.height) and not _is_ruled(page, region):
                yield Picture(region, named=True), _is_framed(region, inside, page.height)
            break


def captions_of(page: Remains) -> list[Region]:
    """Return where the lines lie that begin a figure's caption."""
    return [region for region, text in page.lines if _FIGURE.match(text)]


def _pieces(page: Remains, running: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the regions of the ink that is no text; what sticks out of a line is the line's."""
    ink = (page.ink * (1 - page.text)) | page.runs | page.solid
    least = _SMALL * page.height
    reach = max(3, round(least))
    joined = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    some = [
        part
        for part, _ in pieces.components(np.asarray(joined, np.uint8), least)
        if _size(part) >= _ROUND * page.height or not pieces.touches(running, part, least)
    ]
    return np.array(some, np.int64).reshape(-1, 4)


def _size(part: Region) -> int:
    return max(part[2] - part[0], part[3] - part[1])


def _within(some: NDArray[np.int64], region: Region) -> NDArray[np.bool_]:
    left, top, right, bottom = region
    return np.asarray(
        (some[:, 0] >= left) & (some[:, 1] >= top) & (some[:, 2] <= right) & (some[:, 3] <= bottom),
        np.bool_,
    )


def _beside(
    caption: Region, some: NDArray[np.int64], prose: NDArray[np.int64], height: float, *,
    is_above: bool,
) -> Region | None:  # fmt: skip
    """Return the place of the ink above a caption, or below it."""
    left, top, right, bottom = caption
    into = _INTO * height
    if is_above:
        here, gap = some[some[:, 3] <= top + into], top
        near = gap - here[:, 3] <= _NEAR * height
    else:
        here, gap = some[some[:, 1] >= bottom - into], bottom
        near = here[:, 1] - gap <= _NEAR * height
    is_rule = (here[:, 3] - here[:, 1] < _SMALL * height) & (here[:, 2] - here[:, 0] > height)
    near &= (here[:, 0] < right + _ASIDE * height) & (here[:, 2] > left - _ASIDE * height)
    region: Region | None = None
    waiting: list[Region] = [tuple(part) for part in here[near & ~is_rule].tolist()]
    others: list[Region] = [tuple(part) for part in here[~(near | is_rule)].tolist()]
    rules: list[Region] = [tuple(part) for part in here[is_rule].tolist()]
    while waiting:
        before = region
        rest = []
        for part in waiting:
            grown = part if region is None else pieces.around(region, part)
            between = pieces.around(grown, (left, gap, right, gap))
            if _held(prose, between) > _held(prose, part):
                rest.append(part)
            else:
                region = grown
        if region is None or region == before:
            break
        # A rule as broad as the column parts the picture from the text; an axis is no broader.
        x0, _, x1, _ = region
        own = [rule for rule in rules if x0 - height < rule[0] and rule[2] < x1 + height]
        rules = [rule for rule in rules if rule not in own]
        rest += others + own
        waiting = [part for part in rest if pieces.apart(region, part) <= _GAP * height]
        others = [part for part in rest if pieces.apart(region, part) > _GAP * height]
    return region


def _held(prose: NDArray[np.int64], region: Region) -> int:
    """Return of how many sentences a region holds a part."""
    across = np.minimum(prose[:, 2], region[2]) - np.maximum(prose[:, 0], region[0])
    down = np.minimum(prose[:, 3], region[3]) - np.maximum(prose[:, 1], region[1])
    part = _PART * (prose[:, 3] - prose[:, 1]) * (prose[:, 2] - prose[:, 0])
    return int((across.clip(0) * down.clip(0) > part).sum())


def _is_drawn(inside: NDArray[np.int64], height: float) -> bool:
    """Say whether ink goes both ways: more than level rules."""
    sides = _sides(inside)
    return bool((sides > _LARGE * height).any() or (sides > _ROUND * height).sum() >= _ROUNDS)


def _is_framed(region: Region, inside: NDArray[np.int64], height: float) -> bool:
    """Say whether one piece surrounds a region, and others stand in it: fields, buttons, curves."""
    area = (region[2] - region[0]) * (region[3] - region[1])
    areas = (inside[:, 2] - inside[:, 0]) * (inside[:, 3] - inside[:, 1])
    is_frame = areas > _AROUND * area
    return bool(is_frame.any() and (_sides(inside[~is_frame]) > _FIELD * height).sum() >= _FIELDS)


def _sides(some: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the shorter side of each."""
    return np.asarray(np.minimum(some[:, 2] - some[:, 0], some[:, 3] - some[:, 1]), np.int64)


def _is_ruled(page: Remains, region: Region) -> bool:
    """Say whether rules part a region into cells."""
    left, top, right, bottom = region
    runs = cv2.morphologyEx(
        page.runs[top:bottom, left:right], cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)
    )
    outlines, tree = cv2.findContours(runs, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if tree is None:
        return False
    holes = [
        cv2.contourArea(outline)
        for outline, parent in zip(outlines, tree[0][:, 3].tolist(), strict=True)
        if parent >= 0
    ]
    cells = [hole for hole in holes if hole > _CELL * page.height**2]
    if float(page.read[top:bottom, left:right].mean()) < _TEXT:
        return False  # a plot's lines, that lead the eye
    area = (right - left) * (bottom - top)
    return len(cells) >= _CELLS and sum(cells) > _RULED * area and max(cells) < _MOST * area
