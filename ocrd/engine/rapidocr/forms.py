"""Which line a tick box belongs to, and how such a line is read: in parts, around its boxes (pure).

A box stands before its line or behind it, in one row with others ("☐ yes ☐ no"), or alone in the
cell of a table. In the text its sign always stands before what it belongs to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ocrd.engine.rapidocr import turning
from ocrd.engine.rapidocr.ticks import Box
from ocrd.job import Point, Quad, Rule

_NEAR = 3.0  # sizes of a box that a line begins or ends beside it at most
_LEVEL = 0.5  # of the lower one of box and line that they have in common
_COVERED = 0.5  # of a line's box that a tick box is: it is no line
_LEAST_PART = 0.3  # heights of a line that a part of it is long, at least
_MARGIN = 0.12  # of a box's size, around it: its outline's shadow


@dataclass(frozen=True, slots=True)
class Form:
    """What the boxes of a page belong to."""

    lines: dict[int, tuple[Box, ...]]  # a line's index: its boxes, from the left
    alone: tuple[Box, ...]
    boxes_only: frozenset[int]  # lines that the detector took boxes for


Part = Box | Quad


def of(quads: Sequence[Quad], boxes: Sequence[Box], rules: Sequence[Rule] = ()) -> Form:
    """Return which of the lines each box belongs to."""
    lying = [index for index, quad in enumerate(quads) if _is_lying(quad)]
    only = frozenset(
        index for index in range(len(quads))
        if any(_share(quads[index], box) >= _COVERED for box in boxes)
    )  # fmt: skip
    lying = [index for index in lying if index not in only]
    walls = [rule for rule in rules if abs(rule.start[0] - rule.end[0]) < 2]
    lines: dict[int, list[Box]] = {}
    alone = []
    first_is_text = _texts_come_first(quads, lying, boxes, walls)
    for box in boxes:
        index = _line_of(box, quads, lying, boxes, walls, prefer_left=first_is_text)
        if index is not None:
            lines.setdefault(index, []).append(box)
        elif _is_one_of_many(box, boxes):
            alone.append(box)
    kept = {
        index: tuple(sorted(some, key=lambda box: box.left))
        for index, some in lines.items()
        if any(_is_one_of_many(box, boxes) or not _is_inside(box, quads[index]) for box in some)
    }
    return Form(kept, tuple(alone), only)


def parts(quad: Quad, boxes: Sequence[Box]) -> list[Part]:
    """Return a line's boxes and the parts of it between them, from the left."""
    width, height = turning.size(quad)
    left = min(quad[0][0], quad[3][0])
    found: list[Part] = []
    reached = 0.0
    for box in boxes:
        margin = _MARGIN * box.size
        start, end = box.left - margin - left, box.right + margin - left
        if start - reached > _LEAST_PART * height:
            found.append(cut(quad, reached / width, min(1.0, start / width)))
        found.append(box)
        reached = max(reached, end)
    if width - reached > _LEAST_PART * height:
        found.append(cut(quad, max(0.0, reached / width), 1.0))
    return found


def in_order(some: Sequence[Part]) -> list[Part]:
    """Return the parts with each box before its text, also where boxes stand behind theirs."""
    if not some or isinstance(some[0], Box) or not isinstance(some[-1], Box):
        return list(some)
    found: list[Part] = []
    for part in some:
        if isinstance(part, Box) and found and not isinstance(found[-1], Box):
            found.insert(len(found) - 1, part)
        else:
            found.append(part)
    return found


def around(quad: Quad, boxes: Sequence[Box]) -> Quad:
    """Return the line's box with its tick boxes in it."""
    a, b, c, d = quad
    left, right = min(box.left for box in boxes), max(box.right for box in boxes)
    return (
        (min(a[0], left), a[1]), (max(b[0], right), b[1]),
        (max(c[0], right), c[1]), (min(d[0], left), d[1]),
    )  # fmt: skip


def corners(box: Box) -> Quad:
    """Return a tick box as a line's box."""
    return (
        (box.left, box.top), (box.right, box.top), (box.right, box.bottom), (box.left, box.bottom)
    )


def cut(quad: Quad, start: float, end: float) -> Quad:
    """Return a part of the line, by shares of its length."""
    a, b, c, d = quad
    return _between(a, b, start), _between(a, b, end), _between(d, c, end), _between(d, c, start)


def _between(start: Point, end: Point, share: float) -> Point:
    return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])


def _is_lying(quad: Quad) -> bool:
    width, height = turning.size(quad)
    return width >= 0.8 * height


def _share(quad: Quad, box: Box) -> float:
    """Return which share of a line's box a tick box takes."""
    xs, ys = [x for x, _ in quad], [y for _, y in quad]
    wide = min(max(xs), box.right) - max(min(xs), box.left)
    high = min(max(ys), box.bottom) - max(min(ys), box.top)
    area = (max(xs) - min(xs)) * (max(ys) - min(ys))
    return max(0.0, wide) * max(0.0, high) / max(area, 1.0)


def _gaps(box: Box, quad: Quad) -> tuple[float, float] | None:
    """Return the white between the box and a line's right end, and its left one, in sizes.

    None where they are not in one row.
    """
    xs = [x for x, _ in quad]
    middle = (box.left + box.right) / 2
    part = min(max((middle - min(xs)) / max(max(xs) - min(xs), 1.0), 0.0), 1.0)
    top = quad[0][1] + part * (quad[1][1] - quad[0][1])
    bottom = quad[3][1] + part * (quad[2][1] - quad[3][1])
    common = min(bottom, box.bottom) - max(top, box.top)
    if common < _LEVEL * min(bottom - top, box.size):
        return None
    return (box.left - max(xs)) / box.size, (min(xs) - box.right) / box.size


def _is_inside(box: Box, quad: Quad) -> bool:
    xs = [x for x, _ in quad]
    return min(xs) <= (box.left + box.right) / 2 <= max(xs) and _gaps(box, quad) is not None


def _line_of(
    box: Box,
    quads: Sequence[Quad],
    lying: Sequence[int],
    boxes: Sequence[Box],
    walls: Sequence[Rule],
    *,
    prefer_left: bool,
) -> int | None:
    """Return the line that the box is in or beside; the one behind it, if both are near."""
    left: tuple[float, int] | None = None
    right: tuple[float, int] | None = None
    for index in lying:
        if _is_inside(box, quads[index]):
            return index
        gaps = _gaps(box, quads[index])
        if gaps is None or not _is_open(box, quads[index], boxes, walls):
            continue
        if -0.5 <= gaps[0] <= _NEAR and (left is None or gaps[0] < left[0]):
            left = gaps[0], index
        if -0.5 <= gaps[1] <= _NEAR and (right is None or gaps[1] < right[0]):
            right = gaps[1], index
    first, second = (left, right) if prefer_left else (right, left)
    chosen = first or second
    return chosen[1] if chosen else None


def _is_open(
    box: Box, quad: Quad, boxes: Sequence[Box], walls: Sequence[Rule]
) -> bool:
    """Say whether neither another box nor a table's rule stands between a box and a line."""
    xs, middle = [x for x, _ in quad], (box.top + box.bottom) / 2
    start, end = (max(xs), box.left) if max(xs) <= box.left + box.size else (box.right, min(xs))
    others = any(
        other is not box and start - 1 <= (other.left + other.right) / 2 <= end + 1
        and other.top < middle < other.bottom
        for other in boxes
    )  # fmt: skip
    return not others and not any(
        start - 2 <= wall.start[0] <= end + 2
        and min(wall.start[1], wall.end[1]) < middle < max(wall.start[1], wall.end[1])
        for wall in walls
    )


def _texts_come_first(
    quads: Sequence[Quad], lying: Sequence[int], boxes: Sequence[Box], walls: Sequence[Rule]
) -> bool:
    """Say whether the page's boxes stand behind what they belong to."""
    before = behind = 0
    for box in boxes:
        near = [
            gaps for index in lying
            if (gaps := _gaps(box, quads[index])) is not None
            and _is_open(box, quads[index], boxes, walls)
        ]  # fmt: skip
        has_left = any(-0.5 <= gap <= _NEAR for gap, _ in near)
        has_right = any(-0.5 <= gap <= _NEAR for _, gap in near)
        before += has_right and not has_left
        behind += has_left and not has_right
    return behind > before


def _is_one_of_many(box: Box, boxes: Sequence[Box]) -> bool:
    return any(
        other is not box and 0.8 <= other.size / box.size <= 1.25 and other.round == box.round
        for other in boxes
    )
