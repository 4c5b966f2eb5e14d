"""Signs that the network takes for others: put right by their ink, or marked (pure).

It has no № and few fractions, and hardly knows some signs of currency: it says No, ½, P. Where a
sign stands alone it is sure of what it knows; a fraction's figures are read one by one, and the o
of № is raised and has a bar under it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ocrd.doubts import REPLACEMENT
from ocrd.engine.rapidocr import fractions, quotes
from ocrd.engine.rapidocr.fractions import Fraction
from ocrd.engine.rapidocr.line_pieces import HEIGHT, LinePieces
from ocrd.engine.rapidocr.signs import Seen

Pixels = NDArray[np.uint8]
Read = Callable[[Pixels], str]

_ALONE = 0.8  # probability under which a letter that stands alone is another sign,
_FIGURE_ALONE = 0.6  # or a figure, which may be an l,
_UNIT = 0.98  # or a letter behind a number: it is a unit, or a sign of currency
_SURE = 0.995  # from which a half is one without a look
_FIGURE_BESIDE = 0.95  # or of a figure beside another: it may be a fraction's
_CROSSES, _CROSS = frozenset("xX×"), 0.985  # ornaments are read as crosses, with less than that,
_ORNAMENTS, _ORNAMENT = frozenset("@√=><*"), 0.6  # or as these
_FOREIGN, _LATIN = 0.9, 2  # or as one sign of the far east among so many letters
_OF_FRACTIONS = frozenset("0123456789/%½¼¾²³¹ª°lI|")  # what the network says to their parts
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
    written: Sequence[Seen], pieces: LinePieces, read: Read
) -> list[Seen]:
    """Return a line's characters with those put right, or marked, that are other signs."""
    found: list[Seen] = []
    last: Fraction | None = None
    for index, one in enumerate(written):
        sign = one.character
        if last and sign in _OF_FRACTIONS and last.covers(one.place):
            continue  # one of its figures
        if _may_be_fraction(written, index):
            fraction = fractions.of(pieces, one.place, read)
            if fraction and fraction.sign:
                while found and found[-1].character in _OF_FRACTIONS:
                    if not fraction.covers(found[-1].place):
                        break
                    found.pop()
                last = fraction
                found.append(replace(one, character=fraction.sign))
                continue
            if sign in _HALVES and (fraction or one.score < _HALF):
                sign = REPLACEMENT
        if sign == one.character and _is_another(written, index):
            sign = REPLACEMENT
        if sign == _WIDE_YEN and all(seen.character < _EAST for seen in written if seen != one):
            sign = "¥"
        found.append(one if sign == one.character else replace(one, character=sign))
    return quotes.put_right(_with_thousandths(_with_numbers(found, pieces)), pieces)


def lost_fractions(
    places: Sequence[tuple[float, int]], pieces: LinePieces, read: Read
) -> dict[float, str]:
    """Return what of the places of lost signs are fractions."""
    some = {place: fractions.of(pieces, place, read) for place, _ in places[:_MOST_LOST]}
    return {place: one.sign for place, one in some.items() if one and one.sign}


def _may_be_fraction(written: Sequence[Seen], index: int) -> bool:
    """Say whether a character is one that the network says to fractions, or to a part of one."""
    character, score = written[index].character, written[index].score
    if character in _HALVES or (character in _RAISED_FIGURES and score < _SURE):
        return True
    before, after = (
        written[other].character if 0 <= other < len(written) else " "
        for other in (index - 1, index + 1)
    )
    if character == "/":
        number = "".join(one.character for one in written[max(0, index - 2) : index + 2])
        return any(map(str.isdecimal, number))
    if character == "%":
        return True
    if not character.isdecimal():
        return False
    if score < _FIGURE_BESIDE and (before.isdecimal() or after.isdecimal()):
        return True
    return score < _ALONE and _stands_alone(written, index, _PUNCTUATION)


def _stands_alone(written: Sequence[Seen], index: int, also: str = "") -> bool:
    """Say whether a character has spaces around it, or one of ``also``, in a line with others."""
    beside = [written[other].character for other in (index - 1, index + 1)
              if 0 <= other < len(written)]  # fmt: skip
    return bool(beside) and all(character == " " or character in also for character in beside)


def _is_another(written: Sequence[Seen], index: int) -> bool:
    """Say whether the network is so unsure of a character alone that it is another sign."""
    character, score = written[index].character, written[index].score
    if score >= _CROSS:
        return False
    if character >= _EAST and score < _FOREIGN and _is_only_foreign(written, index):
        return True
    if character in _ALIKE or not _stands_alone(written, index):
        return False
    if character in _CROSSES and _ALONE <= score < _CROSS:
        return not _is_behind_number(written, index)
    if character in _ORNAMENTS:
        return score < _ORNAMENT
    if character.isdecimal():
        return score < _FIGURE_ALONE
    if character.isascii() and character.isalpha() and index >= 2:
        behind_number = written[index - 2].character.isdecimal()
        return score < (_UNIT if behind_number else _ALONE)
    return character in "€£%" and score < _ALONE


def _is_only_foreign(written: Sequence[Seen], index: int) -> bool:
    """Say whether a sign of the far east, or as wide as those, is the only one among letters."""
    others = [one.character for at, one in enumerate(written) if at != index]
    return sum(map(str.isalpha, others)) >= _LATIN and all(one < _EAST for one in others)


def _is_behind_number(written: Sequence[Seen], index: int) -> bool:
    """Say whether a sign between spaces stands behind a number, as "by" and "times" do."""
    return index >= 2 and written[index - 2].character.isdecimal()


def _with_thousandths(written: Sequence[Seen]) -> list[Seen]:
    """Return the characters with ‰ for %o behind a number."""
    found: list[Seen] = []
    for one in written:
        before = "".join(seen.character for seen in found[-3:]).replace(" ", "")
        beside = found[-1].character if found else ""
        if one.character in "oO0" and beside == "%" and before[-2:-1].isdecimal():
            found[-1] = replace(found[-1], character="‰")
        else:
            found.append(one)
    return found


def _with_numbers(written: Sequence[Seen], pieces: LinePieces) -> list[Seen]:
    """Return the characters with № for No that is drawn so."""
    found: list[Seen] = []
    for index, one in enumerate(written):
        if one.character in "oOº°" and found and found[-1].character == "N":
            before, after = written[index - 2 : index - 1], written[index + 1 : index + 2]
            if not any(seen.character.isalnum() for seen in (*before, *after) if index >= 2):
                some = pieces.facts[1:].tolist()
                if _is_raised(some, found[-1].place, one.place):
                    found[-1] = replace(found[-1], character="№")
                    continue
        found.append(one)
    return found


def _is_raised(pieces: Sequence[Sequence[int]], capital: float, small: float) -> bool:
    """Say whether the o at a place stands higher than the N before it, over a bar."""
    high = [piece for piece in pieces if _covers(piece, capital)]
    above = [piece for piece in pieces if _covers(piece, small)]
    if not high:
        return False
    tallest = max(high, key=lambda piece: piece[3])
    letters = [piece for piece in above if piece != tallest]
    least = _BAR * HEIGHT
    bars = [piece for piece in letters if piece[3] <= least and piece[2] >= 2 * piece[3]]
    rings = [piece for piece in letters if piece[3] > least]
    if not rings:
        return False
    ring = max(rings, key=lambda piece: piece[4])
    foot, base = ring[1] + ring[3], tallest[1] + tallest[3]
    is_barred = any(bar[1] >= foot - 1 and bar[2] <= 2 * ring[2] for bar in bars)
    return is_barred and base - foot >= _RAISED * tallest[3]


def _covers(piece: Sequence[int], place: float) -> bool:
    left, _, wide, _, _ = piece
    return left - _NEAR / 2 <= place <= left + wide + _NEAR / 2
