"""Staves of music and boards of games: even rules that no text is set between (pure)."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from ocrd.engine.rapidocr.pieces import Picture, components
from ocrd.engine.rapidocr.remains import Mask, Remains

# In heights of a line unless they say otherwise.
_LONG = 3.0  # a rule of a stave, or a piece of it
_STAVE = 4  # rules of a stave at least: of chant; of other music five, of tablature six
_CLOSE = 0.9  # from one to the next: no line of text has room
_BOARD = 5  # rules of a board, each way
_FIELD, _LARGE = 0.6, 4.0  # side of a board's field
_THICK = 0.35  # of a rule
_WHOLE = 0.55  # share of its length that a rule is seen of: notes and fingers' numbers break it
_EVEN = 0.2  # share of their median that the ways between rules differ by
_SQUARE = 0.12  # share by which a field is broader than high
_BEYOND = 1.2  # fields by which the rules of a board go beyond them
_TEXT = 0.12  # share of a stave or a board that is text
_MAN = 0.3  # share of a field's side that a piece on it is large


def staves(page: Remains) -> Iterator[Picture]:
    """Yield what rules stand in that are too close for text: staves, small boards, hatching."""
    reach = max(3, round(_CLOSE * page.height))
    joined = cv2.morphologyEx(page.runs, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    for region, _ in components(np.asarray(joined, np.uint8), _LONG * page.height):
        left, top, right, bottom = region
        here = np.s_[top:bottom, left:right]
        if right - left < _LONG * page.height:
            continue
        # Of all ink: the heads of notes break what is long and thin.
        rules = _rules(_level(page.ink[here], _LONG * page.height), page.height)
        for some in _staves(rules, page.height):
            way = float(np.median(np.diff(some)))
            upper = top + max(0, round(some[0] - way))
            lower = min(bottom, top + round(some[-1] + way))
            if float(page.read[upper:lower, left:right].mean()) < _TEXT:
                yield Picture((left, upper, right, lower), ruled=True)


def _staves(rules: NDArray[np.float64], height: float) -> Iterator[NDArray[np.float64]]:
    """Yield the rules of each stave: bars join those of a system."""
    for some in np.split(rules, np.flatnonzero(np.diff(rules) >= _CLOSE * height) + 1):
        if len(some) >= _STAVE and _are_even(np.diff(some)):
            yield some


def boards(page: Remains) -> Iterator[Picture]:
    """Yield what is ruled into square fields alike, some with pieces, hardly one with text."""
    least = _BOARD * _FIELD * page.height
    for region, piece in components(page.runs, least):
        left, top, right, bottom = region
        here = np.s_[top:bottom, left:right]
        if min(right - left, bottom - top) < least or float(page.read[here].mean()) > _TEXT:
            continue
        rows = _rules(_level(page.ink[here], least), page.height)
        columns = _rules(_level(page.ink[here].T, least), page.height)
        if min(len(rows), len(columns)) < _BOARD:
            continue
        ways, across = np.diff(rows), np.diff(columns)
        if not (_are_even(ways) and _are_even(across)):
            continue
        side, broad = float(np.median(ways)), float(np.median(across))
        if not _FIELD * page.height < side < _LARGE * page.height:
            continue
        if abs(broad / side - 1) > _SQUARE:
            continue
        # A table's rules lead to names beside its fields.
        if max(rows[0], bottom - top - rows[-1]) > _BEYOND * side:
            continue
        if max(columns[0], right - left - columns[-1]) > _BEYOND * side:
            continue
        if _has_pieces(page, here, piece, side):
            yield Picture(region, ruled=True)


def _level(ink: Mask, least: float) -> Mask:
    """Return the level runs of ink that are as long as a rule."""
    thick = cv2.dilate(ink, np.ones((2, 2), np.uint8))  # what is left of a slant breaks thin rules
    kernel = np.ones((1, max(3, round(least))), np.uint8)
    return np.asarray(cv2.morphologyEx(thick, cv2.MORPH_OPEN, kernel), np.uint8)


def _rules(level: Mask, height: float) -> NDArray[np.float64]:
    """Return how far down the level rules lie that go through; none where one is a bar."""
    through = level.mean(axis=1) > _WHOLE
    edges = np.flatnonzero(np.diff(np.pad(through, 1).astype(np.int8))).reshape(-1, 2)
    if (edges[:, 1] - edges[:, 0] > _THICK * height + 1).any():
        return np.zeros(0)
    return np.asarray(edges.mean(axis=1), np.float64)


def _are_even(ways: NDArray[np.float64]) -> bool:
    """Say whether ways from one rule to the next are alike."""
    middle = float(np.median(ways)) if len(ways) else 0.0
    return middle > 0 and bool((np.abs(ways - middle) <= max(_EVEN * middle, 1.0)).all())


def _has_pieces(page: Remains, here: tuple[slice, slice], rules: Mask, side: float) -> bool:
    """Say whether anything but rules and text stands on the fields."""
    grown = cv2.dilate(rules, np.ones((3, 3), np.uint8))
    ink = page.ink[here] * (1 - page.read[here]) * (1 - grown)
    return any(
        min(right - left, bottom - top) > _MAN * side
        for (left, top, right, bottom), _ in components(np.asarray(ink, np.uint8), _MAN * side)
    )
