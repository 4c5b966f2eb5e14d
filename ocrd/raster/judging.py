"""Which of two drawings of a page is read, and what is said of it (pure).

MuPDF's is, unless pdfium's has ink that it lacks, and clearly more of that than the other way
round: MuPDF is the better one on fonts that are not in the file, pdfium on files that are not quite
as they should be.
"""

from __future__ import annotations

from dataclasses import dataclass

from ocrd.job import Doubt
from ocrd.raster.diagnosis import Gravity, Remark, in_plain_words
from ocrd.raster.witness import Difference

_CLEARLY = 2.0  # times as much
_LEFT_OUT = "This page was drawn by pdfium, as MuPDF leaves out a part of it"
_WRONG = "Two programs draw the page alike, though something in it is wrong"


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether the second drawing is the one to read; what a person is told of the page."""

    second: bool = False
    doubts: tuple[Doubt, ...] = ()
    warnings: tuple[str, ...] = ()


def judge(difference: Difference | None, remark: Remark) -> Judgement:
    """Judge a page by what its drawings differ in, None where there is but one of them."""
    if difference is None:
        return _of_one(remark)
    mine, others = difference.first_lacks, difference.second_lacks
    if mine > _CLEARLY * others:
        if others:
            return Judgement(True, _differing(difference.share(others), remark))
        return Judgement(True, warnings=(_told(_LEFT_OUT, remark),))
    if mine:
        return Judgement(False, _differing(difference.share(mine), remark))
    return _of_one(remark) if remark.gravity is Gravity.LOST else _of_agreeing(remark)


def _of_one(remark: Remark) -> Judgement:
    if remark.gravity < Gravity.GRAVE:
        return _of_agreeing(remark)
    message = _told("A part of the page may not have been drawn", remark)
    return Judgement(doubts=(Doubt("not-drawn", message),))


def _of_agreeing(remark: Remark) -> Judgement:
    if remark.gravity < Gravity.GRAVE:
        return Judgement()
    return Judgement(
        warnings=(_told("The page was drawn, though something in it is wrong", remark),)
    )


def _differing(share: float, remark: Remark) -> tuple[Doubt, ...]:
    message = _told("Two programs draw this page differently; the fuller drawing was read", remark)
    return (Doubt("drawings-differ", message, round(share, 4)),)


def _told(what: str, remark: Remark) -> str:
    return f"{what}: {in_plain_words(remark.words)}." if remark.words else f"{what}."
