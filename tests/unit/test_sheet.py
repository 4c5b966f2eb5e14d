"""Lines straightened, and the rules beside them with them."""

import math

import pytest

from ocrd.job import Line, Point, Rule
from ocrd.sheet import Sheet, cut_at, skew
from tests.unit.printed import HEIGHT, WIDTH, line, lying, paragraph, standing


def turned(point: Point, degrees: float) -> Point:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    x, y = point[0] - WIDTH / 2, point[1] - HEIGHT / 2
    return x * cos - y * sin + WIDTH / 2, x * sin + y * cos + HEIGHT / 2


def slanted(line: Line, degrees: float) -> Line:
    a, b, c, d = (turned(corner, degrees) for corner in line.quad)
    return Line(line.text, line.confidence, (a, b, c, d))


@pytest.mark.parametrize("degrees", [-8, 2, 15])
def test_a_slanted_page_is_straightened_with_its_rules(degrees: float) -> None:
    lines = [slanted(one, degrees) for one in paragraph(300)]
    rules = [
        Rule(turned(rule.start, degrees), turned(rule.end, degrees))
        for rule in (lying(500, 200, 1300), standing(700, 300, 900))
    ]
    page = Sheet.of(lines, WIDTH, HEIGHT, rules)
    assert [piece.box.x0 for piece in page.pieces] == pytest.approx([200] * 3)
    assert [piece.box.y0 for piece in page.pieces] == pytest.approx([300, 338, 376])
    ((across,), (down,)) = page.lying, page.standing
    assert (across.at, across.start, across.end) == pytest.approx((500, 200, 1300))
    assert (down.at, down.start, down.end) == pytest.approx((700, 300, 900))


def test_one_slanted_line_does_not_slant_the_page() -> None:
    lines = [*paragraph(300), slanted(line("a stamp that somebody set askew", 600, 900), 12)]
    assert skew(lines) == pytest.approx(0)


def test_text_that_runs_up_the_page_is_no_piece_of_it() -> None:
    margin = Line("in the margin", 0.9, ((20, 900), (20, 200), (50, 200), (50, 900)))
    page = Sheet.of([margin, *paragraph(300)], WIDTH, HEIGHT)
    assert page.turned == (margin,)
    assert len(page.pieces) == 3


def test_a_piece_is_cut_at_the_space_that_is_nearest() -> None:
    (piece,) = Sheet.of([line("left of it right of it", 100, 300)], WIDTH, HEIGHT).pieces
    left, right = cut_at(piece, 100 + 10.5 * 15)
    assert (left.line.text, right.line.text) == ("left of it", "right of it")
    assert left.box.x1 == right.box.x0
    assert cut_at(piece, 1500) == [piece]
