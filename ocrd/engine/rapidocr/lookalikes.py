"""Signs that the network takes for others: put right by their ink, or marked (pure).

It has no № and few fractions, and hardly knows some signs of currency: it says No, ½, P. Where a
sign stands alone it is sure of what it knows; a fraction's figures are read one by one, and the o
of № is raised and has a bar under it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ocrd.doubts import REPLACEMENT
from ocrd.engine.rapidocr import fractions, signs
from ocrd.engine.rapidocr.signs import Seen

Pixels = NDArray[np.uint8]
Read = Callable[[Pixels], str]

_ALONE = 0.8  # probability under which a letter that stands alone is another sign,
_FIGURE_ALONE = 0.6  # or a figure, which may be an l,
_UNIT = 0.98  # or a letter behind a number: it is a unit, or a sign of currency
_SURE = 0.995  # from which a half is one without a look
_ALIKE = frozenset("lIOo0|")  # letters that the network is never sure of
_HALVES, _RAISED_FIGURES = frozenset("½¼¾"), frozenset("²³¹")
_HALF = 0.9  # probability under which a half whose figures are not parted is another fraction
_MOST_LOST = 4  # places of a line where lost signs may be fractions
_WIDE_YEN, _EAST = "￥", "\u2e80"  # the network writes the one of the far east
_PUNCTUATION = "(),.;:!?"  # beside a fraction
_NEAR = 10.0  # pixels from a character's place to its ink
_RAISED = 0.1  # of the height of N, that the o of № stands higher
_BAR = 0.14  # of the line's height, up to which the bar under it is high


def put_right(
    written: Sequence[Seen], strip: Pixels, columns: int, read: Read
) -> list[Seen]:
    """Return a line's characters with those put right, or marked, that are other signs."""
    found: list[Seen] = []
    for index, one in enumerate(written):
        sign = one.character
        if _may_be_fraction(written, index):
            fraction = fractions.of(strip, columns, one.place, read)
            if fraction:
                sign = fraction
            elif one.character in _HALVES and (fraction == "" or one.score < _HALF):
                sign = REPLACEMENT
        if sign == one.character and _is_another(written, index):
            sign = REPLACEMENT
        if sign == _WIDE_YEN and all(seen.character < _EAST for seen in written if seen != one):
            sign = "¥"
        is_part = len(sign) == 1 and found and sign == found[-1].character and sign != one.character
        if not (is_part and sign != REPLACEMENT):  # of the fraction before: one of its figures
            found.append(one if sign == one.character else replace(one, character=sign))
    return _with_thousandths(_with_numbers(found, strip, columns))


def lost_fractions(
    places: Sequence[tuple[float, int]], strip: Pixels, columns: int, read: Read
) -> dict[float, str]:
    """Return what of the places of lost signs are fractions."""
    some = {place: fractions.of(strip, columns, place, read) for place, _ in places[:_MOST_LOST]}
    return {place: sign for place, sign in some.items() if sign}


def _may_be_fraction(written: Sequence[Seen], index: int) -> bool:
    """Say whether a character is one that the network says to fractions."""
    character, score = written[index].character, written[index].score
    if character in _HALVES or character in _RAISED_FIGURES:
        return score < _SURE
    if character == "%":
        may_be = not (index >= 2 and written[index - 2].character.isdecimal())
    else:
        may_be = score < _ALONE and character.isdecimal()
    return may_be and _stands_alone(written, index, _PUNCTUATION)


def _stands_alone(written: Sequence[Seen], index: int, also: str = "") -> bool:
    """Say whether a character has spaces around it, or one of ``also``, in a line with others."""
    beside = [written[other].character for other in (index - 1, index + 1)
              if 0 <= other < len(written)]  # fmt: skip
    return bool(beside) and all(character == " " or character in also for character in beside)


def _is_another(written: Sequence[Seen], index: int) -> bool:
    """Say whether the network is so unsure of a character alone that it is another sign."""
    character, score = written[index].character, written[index].score
    if score >= _UNIT or character in _ALIKE or not _stands_alone(written, index):
        return False
    if character.isdecimal():
        return score < _FIGURE_ALONE
    if character.isascii() and character.isalpha() and index >= 2:
        behind_number = written[index - 2].character.isdecimal()
        return score < (_UNIT if behind_number else _ALONE)
    return character in "€£%" and score < _ALONE


def _with_thousandths(written: Sequence[Seen]) -> list[Seen]:
    """Return the characters with ‰ for %o behind a number."""
    found: list[Seen] = []
    for one in written:
        before = "".join(seen.character for seen in found[-3:]).replace(" ", "")
        if one.character in "oO0" and before[-1:] == "%" and before[-2:-1].isdecimal():
            found[-1] = replace(found[-1], character="‰")
        else:
            found.append(one)
    return found


def _with_numbers(written: Sequence[Seen], strip: Pixels, columns: int) -> list[Seen]:
    """Return the characters with № for No that is drawn so."""
    found: list[Seen] = []
    pieces: list[tuple[int, ...]] | None = None
    for index, one in enumerate(written):
        if one.character in "oOº°" and found and found[-1].character == "N":
            before, after = written[index - 2 : index - 1], written[index + 1 : index + 2]
            if not any(seen.character.isalnum() for seen in (*before, *after) if index >= 2):
                pieces = _pieces(strip, columns) if pieces is None else pieces
                if _is_raised(pieces, found[-1].place, one.place):
                    found[-1] = replace(found[-1], character="№")
                    continue
        found.append(one)
    return found


def _pieces(strip: Pixels, columns: int) -> list[tuple[int, ...]]:
    ink = signs.ink_of(strip, columns)
    if ink is None:
        return []
    _, _, facts, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    return [tuple(piece) for piece in facts[1:].tolist()]


def _is_raised(pieces: Sequence[tuple[int, ...]], capital: float, small: float) -> bool:
    """Say whether the o at a place stands higher than the N before it, over a bar."""
    high = [piece for piece in pieces if _covers(piece, capital)]
    above = [piece for piece in pieces if _covers(piece, small)]
    if not high:
        return False
    tallest = max(high, key=lambda piece: piece[3])
    letters = [piece for piece in above if piece != tallest]
    least = _BAR * signs.HEIGHT
    bars = [piece for piece in letters if piece[3] <= least and piece[2] >= 2 * piece[3]]
    rings = [piece for piece in letters if piece[3] > least]
    if not rings:
        return False
    ring = max(rings, key=lambda piece: piece[4])
    foot, base = ring[1] + ring[3], tallest[1] + tallest[3]
    is_barred = any(bar[1] >= foot - 1 and bar[2] <= 2 * ring[2] for bar in bars)
    return is_barred and base - foot >= _RAISED * tallest[3]


def _covers(piece: tuple[int, ...], place: float) -> bool:
    left, _, wide, _, _ = piece
    return left - _NEAR / 2 <= place <= left + wide + _NEAR / 2
