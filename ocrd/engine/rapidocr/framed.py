"""Printed signs in frames, which are no ticks: the letters of answers, numbers, keys (pure).

A frame with ink in it looks like a ticked box. What is drawn there is read: a tick is not legible,
or looks like the letters that people draw as one, and of those a page with other letters in frames
has printed ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ocrd.engine.rapidocr.ticks import Box
from ocrd.engine.rapidocr.turning import Reading
from ocrd.job import Box as Picture
from ocrd.job import Quad

_EDGE = 0.12  # of a frame's size: its outline, and the white along it
_SURE = 0.9  # score from which what is read there was printed,
_LIKELY = 0.6  # or from which it was on a page that has others
_ICON = 2.0  # times as large as a box, a picture at most that is nothing else
_OTHERS = 2  # that many, of different letters
# What ticks, crosses, strokes, dots and rings are read as.
_TICKS = frozenset("xXvVyYlIi1jJ7rLtTfoO0cC")
_ALIKE = frozenset("CKOPSUVWXZ")  # alone, one of these is a small or a capital letter


def to_read(boxes: Sequence[Box]) -> list[int]:
    """Return which of a page's boxes have something in them that may be a sign."""
    return [index for index, box in enumerate(boxes) if box.ticked and not box.round]


def inside(box: Box) -> Quad:
    """Return what is inside the frame, as a line's box."""
    edge = _EDGE * box.size
    left, top, right, bottom = (
        box.left + edge, box.top + edge, box.right - edge, box.bottom - edge
    )  # fmt: skip
    return (left, top), (right, top), (right, bottom), (left, bottom)


def without_icons(boxes: Sequence[Box], shown: Sequence[Picture]) -> list[Box]:
    """Return the boxes without those that are a picture of about their size, as beside a note."""
    return [
        box for box in boxes
        if not any(
            max(one.width, one.height) <= _ICON * box.size
            and one.x0 <= (box.left + box.right) / 2 <= one.x1
            and one.y0 <= (box.top + box.bottom) / 2 <= one.y1
            for one in shown
        )
    ]  # fmt: skip


def told(boxes: Sequence[Box], readings: dict[int, Reading]) -> list[Box]:
    """Return the boxes, those with a printed sign in them as such."""
    read = {
        index: (text.strip(), score)
        for index, (text, score) in readings.items()
        if _is_sign(text.strip()) and score >= _LIKELY
    }
    sure = {
        index: text for index, (text, score) in read.items()
        if score >= _SURE and not _TICKS.intersection(text)
    }  # fmt: skip
    if len(set(sure.values())) >= _OTHERS:
        sure = {index: text for index, (text, _) in read.items()}
    plain = [text for text in sure.values() if text.isalpha() and text not in _ALIKE]
    if plain and all(text.islower() for text in plain):
        sure = {index: text.lower() for index, text in sure.items()}
    return [
        replace(box, ticked=False, sign=sure[index]) if index in sure else box
        for index, box in enumerate(boxes)
    ]


def _is_sign(text: str) -> bool:
    """Say whether this is a letter, or a number of up to two figures."""
    return text.isascii() and (
        (len(text) == 1 and text.isalpha()) or (len(text) <= 2 and text.isdecimal())
    )
