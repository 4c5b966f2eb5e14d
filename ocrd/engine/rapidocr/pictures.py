"""Where pictures stand on a page: photographs, charts, drawings, logos, stamps.

They are put together from pieces that no page of text has, and from what a caption explains. Rules
and short lines of text that stand with them, axes and labels, are theirs; a line as long as a
sentence's never is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocrd.engine.rapidocr import captioned, pieces, remains, staves
from ocrd.engine.rapidocr.pieces import Picture
from ocrd.engine.rapidocr.remains import Region, Remains
from ocrd.engine.rapidocr.strips import Pixels
from ocrd.job import Box, Line

# In heights of a line, or squares of it, unless they say otherwise.
_SURE = 0.8  # score of a line from which it is one, even where all around is dark
_LEAST = 2.0  # height and width of a picture
_AREA = 6.0  # of a picture
_SIGN, _SOLID = 1.6, 0.4  # height and width of a firm's sign, which is solid for such a share,
_NAME = 1.4  # and height of its name
_DRAWN = 3.0  # height and width of a picture of nothing but strokes
_GAP = 1.2  # between two pieces of one picture,
_PARTS = 0.06  # or in sizes of the larger one
_NEXT = 0.7  # from one line of a paragraph to the next
_PROSE = 9.0  # length from which a line is a sentence's
_DENSE = 0.3  # letters of a sentence, for each of its length
_WORDS = 0.3  # share of a picture that is text, at most,
_SENTENCES = 0.12  # and that lines as long as a sentence's are
_ACROSS, _FULL = 0.8, 3  # share of a frame's width that a line of its text has; so many lines
_COVERED = 0.6  # share of what a caption explains, that pictures are of
_TANGLED = 2.2  # times its width and height, that a drawing's strokes are long
_SPANNED = 0.6  # of its longer side: enough with two rules beside them
_SHADES, _SHAPES = 5.0, 2.0  # solid ink in several shades, in one, that makes a picture
_ROWS, _EVEN, _PAIRED = 4, 0.4, 0.8  # lines; that stand level; share of them in a table
_AXIS = 3.0  # length of a rule that may be an axis, or a side of a frame
_CRUMB = 0.35  # of ink that may be of a picture
_BARS, _LEVEL = 3, 0.3  # of different lengths that begin at one line, give or take
_BESIDE, _BELOW = 1.0, 0.5  # between a picture and a label of it
_TRIES = 4  # times that pictures grow
_CAPTION = re.compile(r"\w{3,12}\.?\s\d+(?:\.\d+)*\s?[.:–-]", re.UNICODE)


def find(pixels: Pixels, lines: Sequence[Line]) -> tuple[Box, ...]:
    """Return the boxes of the pictures of an upright page, in its pixels, from above."""
    page = remains.of(pixels, lines, _SURE)
    some = [
        *pieces.solids(page), *pieces.strokes(page), *pieces.diagrams(page),
        *staves.staves(page), *staves.boards(page),
    ]  # fmt: skip
    if not some and not captioned.captions_of(page):
        return ()
    around = _Around.of(page, some)
    found = around.grown(some)
    drawn = [one.region for one in found if _is_picture(one, page, around)]
    told = [
        one
        for one, is_framed in captioned.named(page, around.running)
        if not (_is_filled(one.region, around) if is_framed else _is_text(one.region, page, around))
        and not _is_covered(one.region, drawn)
    ]
    if told:
        found = around.grown([*found, *told])
    regions = [one.region for one in found]
    shown = [
        one.region
        for one in found
        if _is_picture(one, page, around) and not _is_of_rows(one.region, regions, page)
    ]
    boxes = [page.on_page(region) for region in sorted(shown, key=lambda box: (box[1], box[0]))]
    height, width = pixels.shape[:2]
    return tuple(
        Box(max(0.0, b.x0), max(0.0, b.y0), min(float(width), b.x1), min(float(height), b.y1))
        for b in boxes
    )


@dataclass(frozen=True, slots=True)
class _Around:
    """What stands around pictures: text and rules."""

    height: float  # of a line
    rules: tuple[Region, ...]
    crumbs: tuple[Region, ...]  # small ink that is neither they nor text
    sentences: NDArray[np.int64]  # regions of lines as long as a sentence's
    labels: NDArray[np.int64]  # of other lines, but captions
    loose: NDArray[np.bool_]  # which labels stand above and below no sentence

    @classmethod
    def of(cls, page: Remains, found: Sequence[Picture]) -> _Around:
        """Return what stands on a page."""
        sentences = _sentences(page)
        prose = _sentences(page, but=_CAPTION)  # a label above a caption is not of its sentence
        short = [
            region
            for region, text in page.lines
            if not (_is_long(region, text, page.height) or _CAPTION.match(text))
        ]
        labels = np.array(short, np.int64).reshape(-1, 4)
        a, b = labels[:, None], prose[None]
        down = np.maximum(b[..., 1] - a[..., 3], a[..., 1] - b[..., 3])
        across = np.minimum(a[..., 2], b[..., 2]) - np.maximum(a[..., 0], b[..., 0])
        widths = (labels[:, 2] - labels[:, 0])[:, None]
        bound = (down < _NEXT * page.height) & (across > 0.5 * widths)
        rules = tuple(region for region, _ in pieces.components(page.rules, page.height))
        lines = np.array([region for region, _ in page.lines], np.int64).reshape(-1, 4)
        crumbs = tuple(
            crumb
            for crumb in pieces.crumbs(page, found)
            if not pieces.touches(lines, crumb, _CRUMB * page.height)
        )
        return cls(page.height, rules, crumbs, sentences, labels, ~bound.any(axis=1))

    @property
    def running(self) -> NDArray[np.int64]:
        """The regions of the sentences and of the short lines that they end in."""
        return np.concatenate([self.sentences, self.labels[~self.loose]])

    def held(self, region: Region) -> int:
        """Return how many sentences a region holds for their most part."""
        some = self.sentences
        across = np.minimum(some[:, 2], region[2]) - np.maximum(some[:, 0], region[0])
        down = np.minimum(some[:, 3], region[3]) - np.maximum(some[:, 1], region[1])
        most = (some[:, 3] - some[:, 1]) * (some[:, 2] - some[:, 0]) / 2
        return int((across.clip(0) * down.clip(0) > most).sum())

    def may_be(self, grown: Region, *parts: Region) -> bool:
        """Say whether a region holds no more sentences than its parts do."""
        return self.held(grown) <= sum(map(self.held, parts))

    def grown(self, some: Iterable[Picture]) -> list[Picture]:
        """Return the pieces put together, with the rules and labels that are theirs."""
        found = self.merged(some)
        for _ in range(_TRIES):
            before = [one.region for one in found]
            for one in found:
                self.grow(one)
            found = self.merged(found)
            if [one.region for one in found] == before:
                break
        return found

    def merged(self, some: Iterable[Picture]) -> list[Picture]:
        """Return the pieces, those that touch or nearly do as one."""
        found: list[Picture] = []
        waiting = list(some)
        while waiting:
            one = waiting.pop()
            near = next((other for other in found if self._are_one(one.region, other.region)), None)
            if near is None:
                found.append(one)
                continue
            found.remove(near)
            near.take(one)
            waiting.append(near)
        return found

    def _are_one(self, a: Region, b: Region) -> bool:
        gap = max(
            _GAP * self.height, _PARTS * max(a[2] - a[0], a[3] - a[1], b[2] - b[0], b[3] - b[1])
        )
        return pieces.apart(a, b) <= gap and self.may_be(pieces.around(a, b), a, b)

    def grow(self, one: Picture) -> None:
        """Take in the rules and labels that stand with a picture."""
        others = self.crumbs if one.is_drawn else ()
        if not one.named:  # a rule beside what a caption explains parts it from the text
            others += self.rules
        waiting = [other for other in others if not _is_within(other, one.region)]
        for _ in range(_TRIES):
            near = [
                other for other in waiting if pieces.apart(one.region, other) <= _GAP * self.height
            ]
            before = one.region
            for other in near:
                grown = pieces.around(one.region, other)
                if self.may_be(grown, one.region):
                    one.region = grown
            if one.region == before:
                break
        for label in self.labels[self._belong(one)].tolist():
            grown = pieces.around(one.region, tuple(label))
            if self.may_be(grown, one.region):
                one.region = grown

    def _belong(self, one: Picture) -> NDArray[np.bool_]:
        """Say which labels stand in a picture, or beside or below a drawn one."""
        left, top, right, bottom = one.region
        some = self.labels
        across = np.maximum(left - some[:, 2], some[:, 0] - right)
        down = np.maximum(top - some[:, 3], some[:, 1] - bottom)
        level = np.minimum(bottom, some[:, 3]) - np.maximum(top, some[:, 1])
        beneath = np.minimum(right, some[:, 2]) - np.maximum(left, some[:, 0])
        inside = (across <= 0) & (down <= 0)
        if not one.is_drawn:
            return np.asarray(inside, np.bool_)
        beside = (across <= _BESIDE * self.height) & (level > 0.5 * (some[:, 3] - some[:, 1]))
        below = (down <= _BELOW * self.height) & (beneath > 0.8 * (some[:, 2] - some[:, 0]))
        return np.asarray(inside | ((beside | below) & self.loose), np.bool_)


def _sentences(page: Remains, but: re.Pattern[str] | None = None) -> NDArray[np.int64]:
    """Return the regions of lines as long as a sentence's, without those that begin like that."""
    some = [
        region
        for region, text in page.lines
        if _is_long(region, text, page.height) and not (but and but.match(text))
    ]
    return np.array(some, np.int64).reshape(-1, 4)


def _is_long(region: Region, text: str, height: float) -> bool:
    """Say whether a line is as long as a sentence's: of letters, not of a plot's own lines."""
    length = max(region[2] - region[0], region[3] - region[1])
    return length > _PROSE * height and sum(map(str.isalnum, text)) > _DENSE * length / height


def _is_within(region: Region, other: Region) -> bool:
    return (
        region[0] >= other[0] and region[1] >= other[1]
        and region[2] <= other[2] and region[3] <= other[3]
    )  # fmt: skip


def _is_picture(one: Picture, page: Remains, around: _Around) -> bool:
    if one.ruled:
        return True
    left, top, right, bottom = one.region
    wide, high = right - left, bottom - top
    square = page.height**2
    is_sign = one.shades + one.shapes > _SOLID * wide * high and _is_of_name(one.region, page)
    least, area = (_SIGN, _SIGN**2) if is_sign else (_LEAST, _AREA)
    if min(wide, high) < least * page.height or wide * high < area * square:
        return False
    if one.named:
        return True
    if _is_text(one.region, page, around):
        return False
    tangled = one.strokes / (_TANGLED * (wide + high))
    if one.bound >= 2 or _are_bars(one.bars, page.height):
        return True
    if tangled + one.shades / (_SHADES * square) + one.shapes / (_SHAPES * square) > 1 or is_sign:
        return bool(one.shades or one.shapes) or min(wide, high) > _DRAWN * page.height
    long = [rule for rule in around.rules if _is_within(rule, one.region)]
    ways = [
        [rule for rule in long if rule[end] - rule[start] > _AXIS * page.height]
        for start, end in ((0, 2), (1, 3))
    ]
    # Those of one way alone may be an oval's that a pen drew.
    are_axes = all(ways) or max(map(len, ways)) > 2
    return are_axes and one.strokes > _SPANNED * max(wide, high)


def _is_of_name(region: Region, page: Remains) -> bool:
    """Say whether what is large beside a region is a line, as a firm's name beside its sign."""
    left, top, right, bottom = region
    reach = bottom - top
    return any(
        y1 - y0 > _NAME * page.height
        and max(left - x1, x0 - right) < reach
        and min(bottom, y1) - max(top, y0) > reach / 2
        for (x0, y0, x1, y1), _ in page.lines
    )


def _is_text(region: Region, page: Remains, around: _Around) -> bool:
    """Say whether a region is text for a good part, or sentences for some."""
    left, top, right, bottom = region
    if float(page.read[top:bottom, left:right].mean()) > _WORDS:
        return True
    some = around.sentences
    across = np.minimum(some[:, 2], right) - np.maximum(some[:, 0], left)
    down = np.minimum(some[:, 3], bottom) - np.maximum(some[:, 1], top)
    share = (across.clip(0) * down.clip(0)).sum() / ((right - left) * (bottom - top))
    return bool(share > _SENTENCES)


def _is_filled(region: Region, around: _Around) -> bool:
    """Say whether lines run from one side of a region to the other, as they do in a framed text."""
    some = around.sentences
    left, top, right, bottom = region
    middle = (some[:, 1] + some[:, 3]) / 2
    inside = (top < middle) & (middle < bottom) & (some[:, 0] < right) & (some[:, 2] > left)
    return int((some[inside, 2] - some[inside, 0] > _ACROSS * (right - left)).sum()) >= _FULL


def _is_covered(region: Region, regions: Sequence[Region]) -> bool:
    """Say whether several pictures are a region for its most part: side by side they stay."""
    left, top, right, bottom = region
    parts = []
    for x0, y0, x1, y1 in regions:
        across, down = min(right, x1) - max(left, x0), min(bottom, y1) - max(top, y0)
        if min(across, down) > 0:
            parts.append(across * down)
    return len(parts) > 1 and sum(parts) > _COVERED * (right - left) * (bottom - top)


def _is_of_rows(region: Region, regions: Sequence[Region], page: Remains) -> bool:
    """Say whether lines in a region and lines beside it stand in rows, one for one: in a table.

    Those of another of the regions do not tell: charts beside each other have axes alike.
    """
    some = np.array([line for line, _ in page.lines], np.int64).reshape(-1, 4)
    across, middle = (some[:, 0] + some[:, 2]) / 2, (some[:, 1] + some[:, 3]) / 2

    def within(one: Region) -> NDArray[np.bool_]:
        left, top, right, bottom = one
        return (left <= across) & (across <= right) & (top <= middle) & (middle <= bottom)

    own = within(region)
    free = np.array(~own & (region[1] <= middle) & (middle <= region[3]), np.bool_)
    for other in regions:
        if other != region:
            free &= ~within(other)
    inside = middle[own]
    for beside in (middle[free & (across < region[0])], middle[free & (across > region[2])]):
        if min(len(inside), len(beside)) < _ROWS:
            continue
        level = np.abs(inside[:, None] - beside[None]) < _EVEN * page.height
        if min(level.any(axis=0).mean(), level.any(axis=1).mean()) >= _PAIRED:
            return True
    return False


def _are_bars(some: Sequence[Region], height: float) -> bool:
    """Say whether rectangles begin at one line and end anywhere; cells of a table do not."""
    for base, end in ((3, 1), (1, 3), (0, 2), (2, 0)):
        for own in some:
            on_it = [bar[end] for bar in some if abs(bar[base] - own[base]) < _LEVEL * height]
            if len({round(at / height) for at in on_it}) >= _BARS:
                return True
    return False
