"""Quotation marks that the network does not have, or does not see (pure).

To „, which stands on the line, it says nothing, or a comma. But two commas side by side before a
word are one by their ink; a comma before a word that ends in a single quotation mark is the single
one by what is around it. A raised mark it now and then overlooks, at a line's end for the most:
that is told by its ink, and which one by what it ends, or by where it is broad.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ocrd.doubts import REPLACEMENT
from ocrd.engine.rapidocr.line_pieces import HEIGHT, Box, LinePieces
from ocrd.engine.rapidocr.signs import Seen

_LETTER = 0.28  # of the line's height: what is higher is a letter, or a part of one, and stands
_LETTERS = 3  # or more of these on the line that their feet tell
_STAND = 0.2  # of the letters have their feet no lower than the line
_COMMA = (0.09, 0.36)  # of the line's height, that a comma is
_SLENDER = 0.3  # of the line's height, that one is broad at most
_ALIKE = 0.7  # of the higher one of two, that the lower one is
_BELOW = 0.03  # of the line's height, that a comma reaches below the letters' feet,
_BODY = 0.2  # and that it begins above them at most
_TOGETHER = 0.2  # of the line's height, between two commas of a mark
_BEHIND = 0.3  # of white between it and its word at most
_RAISED = 0.5  # of the letters' height, from above, that a raised mark ends in
_PLACE = 14.0  # pixels from where a sign was lost to the pieces of a raised mark
_BOTH = 0.72  # of its height: how broad the two halves of a raised mark are in one piece
_CUT = 4  # pixels from the line's end: of a double mark, half may be beyond it
_BROAD = 1.15  # times as much ink in the upper half of a mark as below: ”, or the other way: “
_WORDS = 4  # letters behind it, where it does not end on its line
_MERGED = (0.9, 2.4)  # of its height: how broad two commas in one piece are
_READ_AS = frozenset(",.'\"”“„‚<" + REPLACEMENT)  # what the network says to one, if anything
_OPENING = frozenset("([{-–—/»›")
_BEFORE_WORDS = frozenset("«‹¿¡…(")
_CLOSED = frozenset("‘'’“\"”")
_SINGLE = frozenset("‘'’")


def put_right(written: Sequence[Seen], pieces: LinePieces) -> list[Seen]:
    """Return a line's characters with its low quotation marks."""
    found = list(written)
    for left, right in _low(pieces.boxes):
        middle = (left + right) / 2
        inside = [one for one in found if left - 4 <= one.place <= right + 4]
        if any(one.character not in _READ_AS and one.character != " " for one in inside):
            continue
        spaces = [one for one in inside if one.character == " " and one.place < middle]
        before = [one for one in found if one.place < left and one not in inside] + spaces
        behind = [one for one in found if one.place >= left and one not in inside]
        last = before[-1].character if before else " "
        if not (last == " " or last in _OPENING) or not _begins_quotation(behind):
            continue
        found = [*before, Seen("„", middle), *behind]
    return _with_single(found)


def _begins_quotation(behind: Sequence[Seen]) -> bool:
    """Say whether what stands behind a mark begins with a word, and may be what is quoted."""
    text = "".join(one.character for one in behind)
    if not text[:1].isalnum() and text[:1] not in _BEFORE_WORDS:
        return False
    if _CLOSED & set(text):
        return True
    return text[:1].isalpha() and sum(map(str.isalpha, text)) >= _WORDS


def _low(boxes: Sequence[Box]) -> Iterator[tuple[float, float]]:
    """Yield left and right of what looks like two commas together before a word."""
    high = HEIGHT
    feet = sorted(y + tall for _, y, _, tall in boxes if tall >= _LETTER * high)
    if len(feet) < _LETTERS:
        return
    foot = feet[int(_STAND * len(feet))]  # some of them hang below
    low = sorted(
        box for box in boxes
        if _COMMA[0] * high <= box[3] <= _COMMA[1] * high
        and box[1] >= foot - _BODY * high and box[1] + box[3] >= foot + _BELOW * high
    )  # fmt: skip
    ends = []
    for one, other in pairwise(low):
        is_pair = (
            max(one[2], other[2]) <= _SLENDER * high
            and min(one[3], other[3]) >= _ALIKE * max(one[3], other[3])
            and abs(one[1] - other[1]) <= 0.06 * high
            and other[0] - one[0] - one[2] <= _TOGETHER * high
        )
        if is_pair:
            ends.append((one[0], other[0] + other[2]))
    ends += [
        (x, x + wide) for x, _, wide, tall in low
        if _MERGED[0] * tall <= wide <= _MERGED[1] * tall and tall >= 1.5 * _COMMA[0] * high
    ]  # fmt: skip
    taken = -1.0
    for left, right in sorted(ends):
        next_ = min((x for x, _, _, _ in boxes if x >= right), default=None)
        if left > taken and next_ is not None and next_ - right <= _BEHIND * high:
            taken = right
            yield left, right


def raised(
    written: Sequence[Seen], places: Sequence[tuple[float, int]], pieces: LinePieces
) -> dict[float, str]:
    """Return which of the places of lost signs have a raised quotation mark, and which."""
    boxes = pieces.boxes
    tall = [(y, y + tall) for _, y, _, tall in boxes if tall >= _LETTER * HEIGHT]
    if len(tall) < _LETTERS:
        return {}
    head = sorted(y for y, _ in tall)[len(tall) // 5]
    foot = sorted(y for _, y in tall)[len(tall) // 2]
    found = {}
    for place, _ in places:
        near = [
            index for index, (x, _, wide, _) in enumerate(boxes)
            if abs(x + wide / 2 - place) <= _PLACE
        ]  # fmt: skip
        marks = [index for index in near if _is_raised(boxes[index], head, foot)]
        if not 1 <= len(marks) <= 2:
            continue
        left = min(boxes[index][0] for index in marks)
        right = max(boxes[index][0] + boxes[index][2] for index in marks)
        others = (boxes[index] for index in near if index not in marks)
        if any(x < right and x + wide > left for x, _, wide, _ in others):
            continue  # the dots of an umlaut, an accent
        sizes = [boxes[index][3] for index in marks]
        if min(sizes) < _ALIKE * max(sizes):
            continue
        before = "".join(one.character for one in written if one.place < place)
        closing = _closing(before)
        is_cut = pieces.ink is not None and right >= pieces.ink.shape[1] - _CUT
        is_double = len(marks) == 2 or boxes[marks[0]][2] >= _BOTH * sizes[0]
        if closing and (is_double or is_cut):
            found[place] = closing
        else:
            shapes = [pieces.shape(index) for index in marks]
            found[place] = _mark(shapes, is_double=is_double)
    return found


def _closing(before: str) -> str:
    """Return the double mark that ends what a line has begun to quote; "" for none."""
    for at, sign in reversed(list(enumerate(before))):
        if sign == "„":
            return "“"
        if sign == "“":
            is_opening = at == 0 or not before[at - 1].isalnum()
            return "”" if is_opening and before[at + 1 : at + 2].isalnum() else ""
        if sign in "”\"":
            return ""
    return ""


def _is_raised(box: Box, head: int, foot: int) -> bool:
    _, y, wide, tall = box
    return (
        _COMMA[0] * HEIGHT <= tall <= _COMMA[1] * HEIGHT
        and wide <= _MERGED[1] * tall
        and y + tall <= head + _RAISED * (foot - head)
    )


def _mark(shapes: Sequence[NDArray[np.bool_]], *, is_double: bool) -> str:
    """Return the mark of such pieces: one is broad at its head, the other at its foot."""
    above = sum(int(shape[: len(shape) // 2].sum()) for shape in shapes)
    below = sum(int(shape[(len(shape) + 1) // 2 :].sum()) for shape in shapes)
    if above > _BROAD * below:
        return "”" if is_double else "’"
    if below > _BROAD * above:
        return "“" if is_double else "‘"
    return '"' if is_double else "'"


def _with_single(written: Sequence[Seen]) -> list[Seen]:
    """Return the characters with ‚ for a comma before a word that ends in a single quote."""
    text = "".join(one.character for one in written)
    found = list(written)
    for index, sign in enumerate(text):
        if sign != "," or not text[index + 1 : index + 2].isalnum():
            continue
        if index and text[index - 1] not in " " and text[index - 1] not in _OPENING:
            continue
        rest = text[index + 1 :]
        end = next(
            (at for at, one in enumerate(rest)
             if one in _SINGLE and not rest[at + 1 : at + 2].isalnum()), None,
        )  # fmt: skip
        if end is not None and "," not in rest[:end] and "‘" not in text[:index]:
            found[index] = Seen("‚", written[index].place, written[index].score)
    return found
