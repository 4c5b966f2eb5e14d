"""What the measure of pictures counts as found, and as false."""

from pathlib import Path

import pytest

from benchmarks.quality.pictured import PicturedScan
from benchmarks.quality.pictures import _counted
from ocrd.job import Box

WHOLE = Box(0, 0, 100, 100)
HALVES = (Box(0, 0, 48, 100), Box(52, 0, 100, 100))


@pytest.mark.parametrize(("in_parts", "found"), [(True, 1), (False, 0)])
def test_boxes_side_by_side_are_one_picture_only_where_it_may_be_in_parts(
    in_parts: bool, found: int
) -> None:
    scan = PicturedScan("boards", Path("page.png"), (WHOLE,), in_parts=in_parts)
    counted = _counted(scan, HALVES)
    assert (counted.there, counted.found, counted.false) == (1, found, 0)


def test_a_box_mostly_outside_of_pictures_is_false_and_one_on_what_may_be_either_is_not() -> None:
    either = Box(500, 0, 600, 100)
    scan = PicturedScan("boards", Path("page.png"), (WHOLE,), (either,), in_parts=True)
    counted = _counted(scan, [WHOLE, Box(80, 0, 180, 100), either])
    assert (counted.found, counted.false) == (1, 1)
