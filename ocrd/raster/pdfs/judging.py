"""Which of two drawings of a page is read, and what is said of it (pure).

MuPDF's is, unless pdfium's has ink that it lacks, and clearly more of that than the other way
round: MuPDF is the better one on fonts that are not in the file, pdfium on files that are not quite
as they should be. Where MuPDF itself says that it lost something, pdfium's is, unless MuPDF's has
clearly more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ocrd.job import Doubt
from ocrd.raster.pdfs.diagnosis import Gravity, Remark, in_plain_words
from ocrd.raster.pdfs.witness import Difference

_CLEARLY = 2.0  # times as much
_OTHER_LETTERS = 0.2  # of the ink strays, where letters are others; 0.05 where they are the same
_GUESSED = "mapping via"  # MuPDF draws a font that is not in the file, with the letters it knows
_FULLER = "This page was drawn by pdfium, which shows more of it than MuPDF"
_JOINED = "What stands by itself on the other one was added."
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
    lost = remark.gravity >= Gravity.GRAVE and _GUESSED not in remark.words
    if mine > others * (1 / _CLEARLY if lost else _CLEARLY):
        if others:  # which is no content, where MuPDF drew what it had lost
            return Judgement(True, _differing(0.0 if lost else difference.share(others), remark))
        return Judgement(True, warnings=(_told(_FULLER, remark),))
    if mine:
        return Judgement(False, _differing(difference.share(mine), remark))
    if remark.gravity >= Gravity.GRAVE and difference.strayed >= _OTHER_LETTERS:
        return Judgement(lost, _differing(0.0, remark))
    return _of_one(remark) if remark.gravity is Gravity.LOST else _of_agreeing(remark)


def judge_joined(judgement: Judgement, left: float) -> Judgement:
    """Return what is made of a page once what its drawing lacked was put into it.

    ``left`` is the share of that which could not be.
    """
    if left >= 1.0:
        return judgement
    doubts = tuple(
        replace(doubt, share=round(doubt.share * left, 4), message=f"{doubt.message} {_JOINED}")
        for doubt in judgement.doubts
    )
    return replace(judgement, doubts=doubts)


def _of_one(remark: Remark) -> Judgement:
    if remark.gravity < Gravity.GRAVE:
        return _of_agreeing(remark)
    message = _told("A part of the page may not have been drawn", remark)
    return Judgement(doubts=(Doubt("not-drawn", message),))


def _of_agreeing(remark: Remark) -> Judgement:
    if remark.gravity < Gravity.GRAVE:
        return Judgement()
    return Judgement(warnings=(_told(_WRONG, remark),))


def _differing(share: float, remark: Remark) -> tuple[Doubt, ...]:
    message = _told("Two programs draw this page differently; the fuller drawing was read", remark)
    return (Doubt("drawings-differ", message, round(share, 4)),)


def _told(what: str, remark: Remark) -> str:
    return f"{what}: {in_plain_words(remark.words)}." if remark.words else f"{what}."
