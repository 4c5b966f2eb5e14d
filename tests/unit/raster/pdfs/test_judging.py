"""Which drawing is read, and what is said of the page."""

from __future__ import annotations

import pytest

from ocrd.raster.pdfs.diagnosis import Gravity, Remark
from ocrd.raster.pdfs.judging import judge, judge_joined
from ocrd.raster.pdfs.witness import Difference

SILENT = Remark()
ODD = Remark(Gravity.ODD, "ignoring broken ICC profile")
GRAVE = Remark(Gravity.GRAVE, "syntax error in array")
GUESSED = Remark(Gravity.GRAVE, "non-embedded font using identity encoding: X (mapping via )")
LOST = Remark(Gravity.LOST, "cannot decode jbig2 image")


def codes(difference: Difference | None, remark: Remark) -> tuple[bool, list[str], int]:
    judged = judge(difference, remark)
    return judged.second, [doubt.code for doubt in judged.doubts], len(judged.warnings)


@pytest.mark.parametrize(
    ("difference", "remark", "expected"),
    [
        (Difference(0, 0, 900), SILENT, (False, [], 0)),
        (Difference(0, 0, 900), ODD, (False, [], 0)),
        (Difference(0, 0, 900), GRAVE, (False, [], 1)),
        (Difference(0, 0, 900), LOST, (False, ["not-drawn"], 0)),
        (Difference(0, 300, 900), SILENT, (False, [], 0)),
        (Difference(300, 0, 900), SILENT, (True, [], 1)),
        (Difference(300, 0, 900), GRAVE, (True, [], 1)),
        (Difference(300, 100, 900), SILENT, (True, ["drawings-differ"], 0)),
        (Difference(100, 300, 900), SILENT, (False, ["drawings-differ"], 0)),
        (Difference(200, 200, 900), SILENT, (False, ["drawings-differ"], 0)),
        (Difference(200, 300, 900), GRAVE, (True, ["drawings-differ"], 0)),
        (Difference(100, 300, 900), GRAVE, (False, ["drawings-differ"], 0)),
        (Difference(200, 300, 900), GUESSED, (False, ["drawings-differ"], 0)),
        (Difference(220, 100, 900), SILENT, (True, ["drawings-differ"], 0)),
        (Difference(55, 100, 900), GRAVE, (True, ["drawings-differ"], 0)),
        (Difference(45, 100, 900), GRAVE, (False, ["drawings-differ"], 0)),
        (Difference(0, 0, 900, 0.19), GRAVE, (False, [], 1)),
        (Difference(0, 0, 900, 0.2), GRAVE, (True, ["drawings-differ"], 0)),
        (Difference(0, 0, 900, 0.4), GRAVE, (True, ["drawings-differ"], 0)),
        (Difference(0, 90, 900, 0.4), LOST, (True, ["drawings-differ"], 0)),
        (Difference(0, 0, 900, 0.4), GUESSED, (False, ["drawings-differ"], 0)),
        (Difference(0, 0, 900, 0.4), ODD, (False, [], 0)),
        (None, SILENT, (False, [], 0)),
        (None, ODD, (False, [], 0)),
        (None, GRAVE, (False, ["not-drawn"], 0)),
        (None, LOST, (False, ["not-drawn"], 0)),
    ],
)  # fmt: skip
def test_the_fuller_drawing_is_read_and_what_may_be_missing_is_told(
    difference: Difference | None, remark: Remark, expected: tuple[bool, list[str], int]
) -> None:
    assert codes(difference, remark) == expected


def test_what_was_put_into_the_drawing_is_no_loss_and_is_told() -> None:
    judged = judge(Difference(100, 450, 900), SILENT)
    assert judge_joined(judged, 1.0) == judged, "nothing could be"
    (doubt,) = judge_joined(judged, 0.25).doubts
    assert doubt.share == pytest.approx(0.25 * 0.1111, abs=1e-4)
    assert doubt.message.endswith("added.")


def test_a_doubt_tells_how_much_and_why() -> None:
    (doubt,) = judge(Difference(100, 450, 900), GRAVE).doubts
    assert doubt.share == 0.1111
    assert "syntax error in array" in doubt.message
    (doubt,) = judge(Difference(450, 90, 900), SILENT).doubts
    assert doubt.share == pytest.approx(0.1)
    assert judge(Difference(450, 300, 900), GRAVE).doubts[0].share == 0.0, "it drew other letters"
    assert judge(Difference(0, 0, 900, 0.4), GRAVE).doubts[0].share == 0.0
