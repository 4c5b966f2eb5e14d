"""What a page's pixels say about its lines beside their text: type size, weight, pitch; rules.

Nothing of this is needed to read a page; the layout takes it as evidence for headings (larger or
bolder type), code (letters of one width) and tables (ruled lines), and does without it where an
engine gives none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from ocrd.engine.rapidocr import leads, turning
from ocrd.engine.rapidocr.shades import quantiles
from ocrd.job import Quad, Rule, Typeface

Pixels = NDArray[np.uint8]
Reals = NDArray[np.float32]

_LOW = re.compile(r"[^\W\dA-ZÀ-Þbdfhijklt_]")  # letters that are all body
_LOW_SHARE = 0.25  # of the letters and digits; with fewer of them the others make the height
_LOW_TO_HIGH = 0.7  # height of a small letter's body, of that of a capital or a digit
_LEAST_CONTRAST = 24  # grey levels between ink and paper
_SPECKS = 4.0  # times what the paper's lighter parts differ by: darker is ink, and no noise,
_DARKEST_SPECK = 0.35  # up to this: where letters fill the line, its lighter parts are ink, too
_STRIP_HEIGHT = 64  # pixels that strips are shrunk to: more shows nothing new
_RULED = 0.8  # share of a row or column that is inked where a rule runs along it
_BAND = 0.4  # share of the fullest rows' ink from which a row belongs to the letters' bodies
_PITCH_LETTERS = 8  # fewer say nothing of their pitch
_PITCHES = (0.9, 1.22)  # of the width over the number of characters, and in which steps:
_PITCH_STEP = 0.25  # of a letter over the whole line
_EVEN = 0.35  # of the mean ink that may stand between letters of one width, see _pitch
_COARSE = 3000  # pixels of the longest side from which every second one is enough to find rules
_DARKER = 12  # grey levels than the paper around
_RULE_LENGTH = 2.0  # heights of a line of text from which a stroke is a rule
_STANDING_LENGTH = 1.2  # the same for strokes that stand: a row of a table is no higher
_RULE_BREADTH = 0.22  # heights of a line of text up to which it is one
_IN_LETTERS = 0.15  # of a line's height, from its edge: rules run there, strokes of letters inside
_SKEWED = math.radians(0.15)  # from here on a rule of some length leaves its row of pixels


def typeface(strip: Pixels, text: str) -> Typeface:
    """Return what a line is set in, from its image lying level and the text that was read on it."""
    return measured(strip, text)[0]


def measured(strip: Pixels, text: str) -> tuple[Typeface, int]:
    """Return what a line is set in, and how many of its first characters are bolder than the rest.

    From its image lying level and the text that was read on it; 0 where none are.
    """
    grey = _grey(strip)
    scale = 1.0
    if grey.shape[0] > _STRIP_HEIGHT:
        scale = grey.shape[0] / _STRIP_HEIGHT
        size = max(1, round(grey.shape[1] / scale)), _STRIP_HEIGHT
        grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA))
    ink = _ink(grey)
    if ink is None:
        return Typeface(), 0
    band = _band(ink)
    body = ink[band]
    size = (band.stop - band.start) * scale
    if len(_LOW.findall(text)) < _LOW_SHARE * sum(map(str.isalnum, text)):
        size *= _LOW_TO_HIGH
    pitch = _pitch(ink, len(text)) * scale
    breadths, lefts = _strokes_of(body)
    weight = float(np.median(breadths)) if len(breadths) else 0.0
    found = Typeface(round(size, 2), round(weight * scale, 3), round(pitch, 3))
    return found, leads.lead(ink, breadths, lefts, text) if not pitch else 0


def _grey(image: Pixels) -> Pixels:
    return image if image.ndim == 2 else np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))


def _ink(grey: Pixels) -> Reals | None:
    """Return how dark each pixel is between paper, 0, and ink, 1; None where there is no ink."""
    dark, middle, paper, light = quantiles(grey, 0.03, 0.5, 0.75, 0.9)
    if light - dark < _LEAST_CONTRAST:
        return None
    if middle - dark < light - middle:  # light letters on dark paper
        ink: Reals = np.clip((grey.astype(np.float32) - dark) / (light - dark), 0, 1)
    else:
        ink = np.clip((paper - grey.astype(np.float32)) / max(paper - dark, 1.0), 0, 1)
        ink[ink < min(_SPECKS * (light - paper) / max(paper - dark, 1.0), _DARKEST_SPECK)] = 0
    # Rules above, below and beside the letters are none of theirs.
    ink[ink.mean(axis=1) > _RULED] = 0
    ink[:, ink.mean(axis=0) > _RULED] = 0
    return ink


def _band(ink: Reals) -> slice:
    """Return the rows of the small letters' bodies, without what rises above or hangs below."""
    rows = ink.sum(axis=1)
    top = float(np.percentile(rows, 90))
    full = np.flatnonzero(rows >= _BAND * top)
    if not len(full):
        return slice(0, ink.shape[0])
    runs = np.split(full, np.flatnonzero(np.diff(full) > 1) + 1)
    fullest = max(runs, key=lambda run: float(rows[run].sum()))
    return slice(int(fullest[0]), int(fullest[-1]) + 1)


def _strokes_of(body: Reals) -> tuple[Reals, NDArray[np.intp]]:
    """Return how broad the strokes are that stand, each row's runs of ink, and where they begin."""
    height, width = body.shape
    solid = np.zeros((height, width + 2), np.bool_)
    solid[:, 1:-1] = body > 0.5
    # From each row's paper to ink and back, in turn; white stands at both of its ends.
    edges = np.flatnonzero(solid[:, 1:] != solid[:, :-1])
    totals = np.zeros((height, width + 1), np.float32)
    np.cumsum(body, axis=1, out=totals[:, 1:])
    rows, left = np.divmod(edges[::2], width + 1)
    right = edges[1::2] - rows * (width + 1)
    # A pixel more on both sides: where ink and paper share a pixel, its part counts.
    breadths = totals[rows, np.minimum(right + 1, width)] - totals[rows, np.maximum(left - 1, 0)]
    return breadths, left


def _pitch(ink: Reals, letters: int) -> float:
    """Return the distance of the letters if all are set equally far apart, else 0.

    The columns are laid over each other at every likely distance. Letters of one width leave
    paper between them at one phase; others fill all phases alike.
    """
    columns = np.flatnonzero(ink.max(axis=0) > 0.3)
    if letters < _PITCH_LETTERS or not len(columns):
        return 0.0
    profile = ink[:, columns[0] : columns[-1] + 1].sum(axis=0)
    width = len(profile)
    rough = width / letters
    if rough < 3:
        return 0.0
    best, best_low = 0.0, 1.0
    mean = float(profile.mean())
    places = np.arange(width)
    weights = profile.astype(np.float64)
    for pitch in rough * np.arange(*_PITCHES, max(0.004, _PITCH_STEP / letters)):
        bins = max(4, min(12, round(pitch)))
        turns = places * (1 / pitch)
        turns -= np.floor(turns)  # a fifth of the time of a remainder
        phases = (turns * bins).astype(np.intp)
        folded = np.bincount(phases, weights, bins) / np.maximum(np.bincount(phases, None, bins), 1)
        low = float(folded.min()) / mean
        if low < best_low:
            best, best_low = float(pitch), low
    return best if best_low < _EVEN else 0.0


def rules(page: Pixels, quads: Sequence[Quad]) -> tuple[Rule, ...]:
    """Return the ruled lines of an upright page, lying and standing ones, in its pixels."""
    if not quads:
        return ()
    grey = _grey(page)
    step = 1 + max(grey.shape) // _COARSE
    if step > 1:  # the darkest of some pixels: thin rules stay
        grey = np.asarray(cv2.erode(grey, np.ones((step, step), np.uint8)))[::step, ::step]
    boxes = np.array(quads, np.float32) / step
    height = median(min(turning.size(quad)) for quad in quads) / step
    slant = slant_of(quads)
    turn = None
    if abs(slant) > _SKEWED:
        rows, columns = grey.shape[:2]
        turn = cv2.getRotationMatrix2D((columns / 2, rows / 2), math.degrees(slant), 1.0)
        grey = np.asarray(
            cv2.warpAffine(grey, turn, (columns, rows), borderMode=cv2.BORDER_REPLICATE)
        )
        boxes = cv2.transform(boxes, turn)
    # Darker than the paper around: shaded cells and uneven light do not count.
    around = 2 * round(height * 0.6) + 1
    mean = cv2.blur(grey, (around, around))
    _, ink = cv2.threshold(cv2.subtract(mean, grey), _DARKER, 255, cv2.THRESH_BINARY)
    ink = np.asarray(ink, np.uint8)
    found = []
    for standing in (False, True):
        strokes = _strokes(ink, height, standing=standing)
        found += [stroke for stroke in strokes if not _in_letters(stroke, boxes)]
    if turn is not None:
        back = cv2.invertAffineTransform(turn)
        found = [_turned(rule, back) for rule in found]
    return tuple(_scaled(rule, step) for rule in found)


def _strokes(ink: Pixels, height: float, *, standing: bool) -> list[Rule]:
    """Return the long thin strokes of one direction."""
    least = max(8, round(height * (_STANDING_LENGTH if standing else _RULE_LENGTH)))
    shape = (1, least) if standing else (least, 1)
    gap = (1, 3) if standing else (3, 1)  # width, height
    closed = cv2.morphologyEx(
        ink, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_RECT, gap)
    )
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, shape)
    strokes = cv2.morphologyEx(closed, cv2.MORPH_OPEN, kernel)
    found = []
    for x, y, width, tall in _outlined(strokes):
        area = cv2.countNonZero(strokes[y : y + tall, x : x + width])
        length, breadth = (tall, width) if standing else (width, tall)
        if area / length > max(4.0, _RULE_BREADTH * height) or breadth > 0.5 * height:
            continue
        middle = (x + width / 2, y + tall / 2)
        if standing:
            found.append(Rule((middle[0], float(y)), (middle[0], float(y + tall))))
        else:
            found.append(Rule((float(x), middle[1]), (float(x + width), middle[1])))
    return found


def _outlined(strokes: Pixels) -> list[tuple[int, int, int, int]]:
    """Return each stroke's left, top, width and height; where there are few, outlines are fast."""
    outlines, tree = cv2.findContours(strokes, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    parents = tree[0][:, 3].tolist() if len(outlines) else []
    return [
        tuple(map(int, cv2.boundingRect(outline)))  # type: ignore[misc]
        for outline, parent in zip(outlines, parents, strict=True)
        if parent < 0  # else it is the edge of a hole
    ]


def _in_letters(rule: Rule, boxes: Reals) -> bool:
    """Say whether the stroke is a row of letters' parts: it begins, ends and lies in their line."""
    left, top = boxes.min(axis=1).T
    right, bottom = boxes.max(axis=1).T
    margin = _IN_LETTERS * (bottom - top)
    (x0, y0), (x1, y1) = rule.start, rule.end
    inside = (left < x0) & (x1 < right) & (top + margin < y0) & (y1 < bottom - margin)
    if x0 == x1:  # a stem, however high, of large type
        inside = (left < x0) & (x1 < right) & (top - margin < y0) & (y1 < bottom + margin)
    return bool(inside.any())


def slant_of(quads: Sequence[Quad]) -> float:
    """Return the angle that long lines have, in radians, clockwise; 0 where they are few."""
    angles = [
        math.atan2(b[1] - a[1], b[0] - a[0])
        for quad in quads
        for a, b in pairwise(quad[:2])
        if turning.size(quad)[0] > 4 * turning.size(quad)[1]
    ]
    return median(angles) if len(angles) >= 3 else 0.0


def _scaled(rule: Rule, step: int) -> Rule:
    (x0, y0), (x1, y1) = rule.start, rule.end
    return Rule((x0 * step, y0 * step), (x1 * step, y1 * step))


def _turned(rule: Rule, matrix: Reals) -> Rule:
    (ax, ay), (bx, by) = (
        (matrix @ np.array([x, y, 1.0])).tolist() for x, y in (rule.start, rule.end)
    )
    return Rule((round(ax, 1), round(ay, 1)), (round(bx, 1), round(by, 1)))
