"""Quotation marks that stand on the line, which the network does not have: „ and ‚ (pure).

It says nothing to „, or a comma. But two commas side by side before a word are one by their ink; a
comma before a word that ends in a single quotation mark is the single one by what is around it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

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
