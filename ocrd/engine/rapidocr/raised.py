"""Figures and letters that stand raised on their line: marks of notes, powers (pure).

The network says 1 to a raised 1 as to any other, º to a raised 0, ' or nothing to one that is
small. But ink that ends clearly above the feet of the letters around it, with nothing below, is
raised: its figures are written so, and what the network saw no figure in is read by itself. What it
means, a note or a power, is not asked here. Raised letters of a word, as in 1er and 2nd, stay
letters.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ocrd.doubts import REPLACEMENT
from ocrd.engine.rapidocr.line_pieces import HEIGHT, Box, LinePieces
from ocrd.engine.rapidocr.signs import Seen

Pixels = NDArray[np.uint8]
Read = Callable[[Pixels], str]

_LETTER = 0.28  # of the line's height: what is higher may be a letter
_LETTERS = 2  # or more of these that stand on the line tell where it is
_SLIM = 0.36  # times its height that a stroke is broad
_FLAT = 1.45  # times as broad as high is a dash
_ALIKE = 0.08  # by which signs of one mark are off each other, above and below
_STANDS = 0.35  # of the letters stand no lower than the line
_AROUND = 7  # of them, the nearest, tell it at a place
# Of the height of a capital.
_LIFTED = 0.2  # from the letters' feet to those of a raised sign, at least
_OVER = 0.5  # that it may rise above them
_SIZE = (0.26, 0.85)  # that it is high
_FIGURE = 0.42  # that a raised figure is high, at least: an apostrophe is lower,
_BROAD = (0.28, 0.3)  # or broad, and high: an apostrophe is narrower
_ONE = 0.15  # of its height, that one sign is broader than high at most
# That a figure is high and a letter broad, at least, which the network sees only by itself. It
# sees c, 6, 9 or 2 in quotation marks, too, which are lower and narrower.
_SURE_FIGURE, _SURE_LETTER = 0.54, 0.27
_HIGH, _LOW_LETTER = 0.85, 0.58  # that a raised letter is high at most, with a stem or without
_TALL = frozenset("bdfhklitgjpyq")
_TOGETHER = 0.22  # between two signs of a mark
_SHADOW = 0.3  # of a sign's width, that ink below it covers: it is an accent
_NEAR = 4.0  # pixels from a sign to the place of its character
_BESIDE = 16.0  # and to that of its last sign, seen beside its ink
_MOST = 8  # raised signs of a line that are read by themselves
_PAD = 0.35  # of its height, around a sign that is read by itself

RAISES = str.maketrans(
    "0123456789abcdefghijklmnoprstuvwxyz()",
    "⁰¹²³⁴⁵⁶⁷⁸⁹ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ⁽⁾",
)
_LOWERS = {ord(up): low for low, up in zip(
    "0123456789aon", "⁰¹²³⁴⁵⁶⁷⁸⁹ªºⁿ", strict=True)}  # fmt: skip
_FIGURES = frozenset("0123456789⁰¹²³⁴⁵⁶⁷⁸⁹")
_ZEROS = frozenset("oOº°Q")  # what a raised 0 among figures is taken for,
_ONES = frozenset("lIi|!'’‘")  # and a raised 1
_ALIKE_CAPITALS = frozenset("COSUVWXZ")  # what small letters alone are taken for
_LETTERS_OF_NOTES = frozenset("abcdefgh")
_WORD = 8  # characters that tell what stands before a mark
_BETWEEN = ".,;:!?…)]»”’\"'"  # between a word and a mark
_OPENS = ("(", "[")
_BRACKETED = re.compile(r"[(\[](?P<figures>\d*[⁰¹²³⁴⁵⁶⁷⁸⁹]\d*)[)\]]")
_SMALL_SIGNS = frozenset("'’‘`´\"“”-–—~=+•·")
_SPACE = 0.24  # of the height of a capital, between a mark and the next word
_LOW = frozenset(" .,;:_…")  # what is never raised
# What the network says to a raised figure that it does not see as one.
_MISSED = frozenset("'’‘`´^°ºo*|!" + REPLACEMENT)
_SAID = re.compile(r"\d{1,3}\)?")
_SIGNS = re.compile(r"\d{1,3}\)?|[a-hA-H]|[*†‡§¶]{1,3}")


@dataclass(frozen=True, slots=True)
class _Mark:
    """Pieces of ink that stand raised beside each other: where, and of how many signs."""

    left: int
    top: int
    right: int
    bottom: int
    count: int
    is_figure: bool  # of a figure's size
    cap: float  # how high a capital is beside it

    @classmethod
    def of(cls, boxes: Sequence[Box], cap: float) -> _Mark:
        left, top = boxes[0][0], min(box[1] for box in boxes)
        right, bottom = boxes[-1][0] + boxes[-1][2], max(box[1] + box[3] for box in boxes)
        count = sum(max(1, round(wide / high - _ONE)) for _, _, wide, high in boxes)
        high, wide = bottom - top, right - left
        is_figure = high >= _FIGURE * cap or (wide >= _BROAD[0] * cap and high >= _BROAD[1] * cap)
        return cls(left, top, right, bottom, count, is_figure, cap)

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2

    @property
    def is_slim(self) -> bool:
        """Say whether its signs are strokes."""
        return self.right - self.left <= _SLIM * self.count * (self.bottom - self.top)

    def may_be(self, said: str) -> bool:
        """Say whether it is large enough for what it says by itself."""
        if said.isalpha():
            return self.right - self.left >= _SURE_LETTER * self.cap
        is_sign = not any(sign.isdecimal() for sign in said)
        return is_sign or self.bottom - self.top >= _SURE_FIGURE * self.cap

    def is_small(self, letter: str) -> bool:
        """Say whether a letter is smaller than those that stand on the line."""
        return self.bottom - self.top <= (_HIGH if letter in _TALL else _LOW_LETTER) * self.cap


def put_right(written: Sequence[Seen], pieces: LinePieces, read: Read) -> list[Seen]:
    """Return a line's characters, those of raised figures and lone letters as such.

    ``read`` gives the text of a part of the line.
    """
    found = list(written)
    for number, mark in enumerate(_raised(pieces)):
        if number < _MOST:
            found = _with(found, mark, pieces, read)
    return _lowered_in_brackets(found)


def _with(written: list[Seen], mark: _Mark, pieces: LinePieces, read: Read) -> list[Seen]:
    """Return the characters with those that stand at a raised piece of ink."""
    at = _at(written, mark, pieces.boxes)
    text = "".join(written[index].character for index in at)
    first = at[0] if at else bisect_left([one.place for one in written], mark.middle)
    end = first + len(at)
    before, behind = written[:first], written[end:]
    word = "".join(one.character for one in before[-_WORD:])
    next_ = behind[0].character if behind else " "
    if word[-1:].isdecimal() and text in ("4", "7") and _is_level(mark, pieces.boxes):
        return written  # its stem is too thin to be seen
    if "/" in (word[-1:], next_, *text) or word[-1:] in _OPENS or text[:1] in _OPENS:
        return written  # a fraction's figures; in brackets any figure is a mark
    said = _figures(text, is_figure=mark.is_figure)
    may_be_figure = mark.is_figure and set(text) <= _MISSED and len(text) in (0, mark.count)
    if not at and any(
        mark.left - _NEAR <= one.place <= mark.right + _NEAR and one.character != " "
        for one in written
    ):
        return written  # the upper part of a letter that is broken
    if may_be_figure or (len(said or text) < mark.count and set(text) <= _FIGURES | {")", "⁾"}):
        is_quote = word[-1:].isalpha() and next_.isalpha()
        is_quote |= not text and bool(_SMALL_SIGNS & {word[-1:], next_})
        read_again = "" if is_quote else _read(mark, pieces, read)
        wanted = _SAID if text else _SIGNS
        # A straight apostrophe, a piece of a rule are strokes as a 1 is.
        is_stroke = not set(read_again) - {"1", ")"} and (text or mark.is_slim)
        if (
            wanted.fullmatch(read_again) and mark.may_be(read_again)
            and not (is_stroke and set(text) <= _MISSED)
        ):  # fmt: skip
            said = read_again.lower()
    if len(said) > len(text) and _is_again(said, behind, mark):
        behind = behind[1:]
    if not said and len(text) == 1 and mark.is_small(text):
        said = _letter(text, word, next_)
    if said.isalpha() and word.strip() and _is_quoting(before, behind):
        return [*before, Seen("“", mark.middle), *behind]
    if not said and len(text) > 1:  # of a word: no mark
        said = text.translate(_LOWERS)
        return written if not said.isalpha() else [
            *before, *_spread(said, written[first:end], mark), *behind
        ]  # fmt: skip
    if not said:
        return written
    new = _spread(said.translate(RAISES), written[first:end], mark)
    if next_.isalpha() and word.strip() and _gap(mark, pieces) >= _SPACE * mark.cap:
        new.append(Seen(" ", mark.right + 1.0))
    return [*before, *new, *behind]


def _is_quoting(before: Sequence[Seen], behind: Sequence[Seen]) -> bool:
    """Say whether a quotation in „“ is open and nothing closes it: a raised letter does."""
    opened = next((one.character for one in reversed(before) if one.character in "„“”"), "")
    next_ = next((one.character for one in behind if one.character in "„“”"), "„")
    return opened == next_ == "„"


def _gap(mark: _Mark, pieces: LinePieces) -> float:
    """Return how much white there is behind a mark."""
    return min((x for x, *_ in pieces.boxes if x >= mark.right), default=mark.right) - mark.right


def _lowered_in_brackets(written: Sequence[Seen]) -> list[Seen]:
    """Return the characters with figures between brackets as they stand on a line: [1], (2)."""
    text = "".join(one.character for one in written)
    found = list(written)
    for inside in _BRACKETED.finditer(text):
        for index in range(*inside.span("figures")):
            found[index] = replace(found[index], character=text[index].translate(_LOWERS))
    return found


def _at(written: Sequence[Seen], mark: _Mark, boxes: Sequence[Box]) -> list[int]:
    """Return the characters that stand at a raised mark, no more than it has pieces."""
    at = [
        index for index, one in enumerate(written)
        if mark.left - _NEAR <= one.place <= mark.right + _NEAR and one.character not in _LOW
        and not _has_ink_beside(one.place, mark, boxes)
    ]  # fmt: skip
    while len(at) > mark.count:
        ends = {index: abs(written[index].place - mark.middle) for index in (at[0], at[-1])}
        at.remove(max(ends, key=lambda index: ends[index]))
    return at


def _is_level(mark: _Mark, boxes: Sequence[Box]) -> bool:
    """Say whether a mark is no higher up than what stands right before it."""
    tops = [y for x, y, wide, high in sorted(boxes) if x + wide <= mark.left and high > 5]
    return bool(tops) and mark.top >= tops[-1] - _ALIKE * mark.cap


def _has_ink_beside(place: float, mark: _Mark, boxes: Sequence[Box]) -> bool:
    """Say whether a place beside a mark lies on another piece of ink, as high as a letter."""
    return not mark.left <= place <= mark.right and any(
        x <= place <= x + wide and high >= _LETTER * HEIGHT and y + high > mark.bottom
        for x, y, wide, high in boxes
    )


def _is_again(said: str, behind: Sequence[Seen], mark: _Mark) -> bool:
    """Say whether what follows a mark that was read by itself is its last sign once more.

    It was seen a little beside its ink.
    """
    if not behind or behind[0].place > mark.right + _BESIDE:
        return False
    sign, after = behind[0].character, "".join(one.character for one in behind[1:2])
    if sign in _FIGURES:
        return sign == said[-1]
    return sign.lower() == said[-1] and (after in ("", " ") or after.isupper())


def _spread(text: str, old: Sequence[Seen], mark: _Mark) -> list[Seen]:
    """Return the characters of a raised mark, each with its place."""
    if len(text) == len(old):
        return [replace(one, character=sign) for one, sign in zip(old, text, strict=True)]
    step = (mark.right - mark.left) / len(text)
    score = min((one.score for one in old), default=1.0)
    return [
        Seen(sign, mark.left + (index + 0.5) * step, score) for index, sign in enumerate(text)
    ]


def _figures(text: str, *, is_figure: bool) -> str:
    """Return the figures that a raised text is, as they would stand on the line; "" if it is none.

    A closing bracket and commas between may be among them.
    """
    inside = text.rstrip(")⁾")
    if not inside or not any(sign in _FIGURES for sign in inside):
        return ""
    found = ""
    for sign in inside:
        if sign in _FIGURES or sign in ",":
            found += sign.translate(_LOWERS)
        elif is_figure and (sign in _ZEROS or sign in _ONES):
            found += "0" if sign in _ZEROS else "1"
        else:
            return ""
    return found + ")" * (len(text) - len(inside))


def _letter(text: str, word: str, next_: str) -> str:
    """Return the letter that a raised one is as a mark: alone behind a word, or before a note."""
    letter = text.translate(_LOWERS)
    is_first = not word.strip()
    if is_first and letter in _ALIKE_CAPITALS:
        letter = letter.lower()
    if letter not in _LETTERS_OF_NOTES or text == "º":
        return ""
    if is_first:
        return letter if next_ == " " or next_.isupper() or next_.isdecimal() else ""
    if next_.isalnum():
        return ""
    before = word.rstrip(_BETWEEN)
    is_behind_word = before[-3:].isalpha() and before[-2:].islower() and len(before) > 2
    return letter if is_behind_word or (before[-1:].isdecimal() and letter in "bc") else ""


def _raised(pieces: LinePieces) -> Iterator[_Mark]:
    """Yield the raised marks of a line, from the left."""
    boxes = np.array(pieces.boxes, np.float64).reshape(-1, 4)
    if len(boxes) <= _LETTERS:
        return
    x, y, wide, high = boxes.T
    foot = y + high
    tall = (high >= _LETTER * HEIGHT) & (y > 0) & (foot < HEIGHT)  # else a rule's, or cut
    if tall.sum() <= _LETTERS - 1:
        return
    usual = _ground(foot[tall])
    cap = usual - float(np.percentile(y[tall & (foot > usual - _LIFTED * HEIGHT)], 10))
    if cap <= 0:
        return
    some = (
        (foot < usual - 0.5 * _LIFTED * cap) & (high >= _SIZE[0] * cap) & (high <= _SIZE[1] * cap)
        & (wide <= 1.2 * cap) & (wide <= _FLAT * high)
    )  # fmt: skip
    if not some.any():
        return
    standing = tall & ~some & (foot > usual - 0.5 * cap)
    if standing.sum() < _LETTERS:
        return
    lifted: list[int] = []
    for index in np.flatnonzero(some).tolist():
        order = np.argsort(np.abs(x[standing] - x[index]), kind="stable")[:_AROUND]
        ground = _ground(foot[standing][order])
        head = ground - cap
        if not ground - 1.05 * cap <= foot[index] <= ground - _LIFTED * cap:
            continue
        if y[index] < head - _OVER * cap:
            continue
        reach = np.minimum(x + wide, x[index] + wide[index]) - np.maximum(x, x[index])
        below = (reach > _SHADOW * wide[index]) & (foot > foot[index] + 1)
        above = (reach > _SHADOW * np.minimum(wide, wide[index])) & (foot < y[index] + 2)
        below[index] = above[index] = False
        if not below.any() and not (above & (high > 2)).any():
            lifted.append(index)
    lifted = _with_siblings(lifted, boxes, cap)
    yield from _together(sorted(map(tuple, boxes[lifted].astype(int).tolist())), cap)


def _with_siblings(
    lifted: list[int], boxes: NDArray[np.float64], cap: float
) -> list[int]:
    """Return the raised pieces with those right beside them, of their size and as high up."""
    found = list(lifted)
    x, y, wide, high = boxes.T
    for index in found:  # it grows
        gap = np.maximum(x, x[index]) - np.minimum(x + wide, x[index] + wide[index])
        alike = (np.abs(y - y[index]) < _ALIKE * cap) & (
            np.abs(y + high - y[index] - high[index]) < _ALIKE * cap
        )
        beside = np.flatnonzero((gap >= 0) & (gap <= _TOGETHER * cap) & alike).tolist()
        found += [other for other in beside if other not in found]
    return found


def _ground(feet: NDArray[np.float64]) -> float:
    """Return where letters stand, of which some hang below the line."""
    return float(np.sort(feet)[int(_STANDS * (len(feet) - 1))])


def _together(some: Sequence[Box], cap: float) -> Iterator[_Mark]:
    """Yield the marks that boxes make, from the left, those close beside each other one."""
    inside: list[Box] = []
    for box in some:
        if inside and box[0] - inside[-1][0] - inside[-1][2] > _TOGETHER * cap:
            yield _Mark.of(inside, cap)
            inside = []
        inside.append(box)
    if inside:
        yield _Mark.of(inside, cap)


def _read(mark: _Mark, pieces: LinePieces, read: Read) -> str:
    """Return what a raised mark says when it is shown as a line of its own."""
    left, top, right, bottom = mark.left, mark.top, mark.right, mark.bottom
    strip = pieces.strip
    assert pieces.ink is not None
    down, along = strip.shape[0] / HEIGHT, strip.shape[1] / pieces.ink.shape[1]
    pad = _PAD * (bottom - top)
    rows = slice(max(0, int((top - pad / 2) * down)), int((bottom + pad / 2) * down) + 1)
    columns = slice(max(0, int((left - 1) * along)), int((right + 1) * along) + 1)
    cut = strip[rows, columns]
    if not cut.size:
        return ""
    paper = np.percentile(strip.reshape(-1, *strip.shape[2:]), 85, axis=0).astype(np.uint8)
    high, width = cut.shape[:2]
    beside = max(2, round(0.6 * high))
    shown = np.empty((high, width + 2 * beside, *strip.shape[2:]), np.uint8)
    shown[:] = paper
    shown[:, beside : beside + width] = cut
    return read(shown).replace(" ", "").translate(_LOWERS)
