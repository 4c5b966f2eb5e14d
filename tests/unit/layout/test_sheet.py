"""Lines straightened, and the rules beside them with them."""

import math
from dataclasses import FrozenInstanceError

import pytest

from ocrd.job import Box, Line, Point, Quad, Rule, Typeface
from ocrd.layout.sheet import (
    Grid,
    Listing,
    Sheet,
    Stroke,
    around,
    cut_at,
    is_upright,
    page_box,
    skew,
    straighten,
)
from tests.unit.printed import HEIGHT, WIDTH, line, lying, paragraph, piece, standing


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


@pytest.mark.parametrize(("degrees", "left"), [(19.5, 0), (-19.5, 0), (20.5, 20.5), (-20.5, -20.5)])
def test_lines_slanted_by_more_than_twenty_degrees_are_meant_so(
    degrees: float, left: float
) -> None:
    """What is straightened lies level; what is not keeps its slant, in its ruled lines too."""
    lines = [slanted(one, degrees) for one in paragraph(300)]
    rule = lying(500, 200, 1300)
    slant = Rule(turned(rule.start, degrees), turned(rule.end, degrees))
    (stroke,) = Sheet.of(lines, WIDTH, HEIGHT, [slant]).lying
    length = 1100 * math.cos(math.radians(left))
    assert stroke.end - stroke.start == pytest.approx(length)


def leaning(height: float, count: int = 3) -> list[Line]:
    """Return lines 65 pixels long that lean 16 to 63, with the sides of their boxes upright."""
    quad: Quad = ((0, 0), (63, 16), (63, 16 + height), (0, height))
    return [Line("a line", 0.9, quad)] * count


@pytest.mark.parametrize(("height", "counts"), [(16.2, True), (16.25, False), (17, False)])
def test_a_line_tells_the_slant_if_it_is_longer_than_four_times_its_height(
    height: float, counts: bool
) -> None:
    assert skew(leaning(height)) == (pytest.approx(math.atan2(16, 63)) if counts else 0)


def test_three_lines_tell_the_slant_and_two_do_not() -> None:
    assert skew(leaning(10, count=3)) > 0.2
    assert skew(leaning(10, count=2)) == 0


@pytest.mark.parametrize(
    ("text", "width", "height", "upright"),
    [
        ("abc", 50, 100, False),
        ("abc", 50, 101, True),
        ("abc", 50, 30, False),
        ("ab", 10, 100, False),
        (" ab ", 10, 100, False),
    ],
)
def test_text_of_three_letters_taller_than_twice_its_width_runs_up(
    text: str, width: float, height: float, upright: bool
) -> None:
    assert is_upright(line(text, 100, 100, width=width, height=height)) is upright


def test_a_short_rule_lies_however_low_it_stands() -> None:
    rules = [lying(2000, 200, 400), standing(1500, 200, 400), Rule((100, 500), (150, 550))]
    page = Sheet.of([], WIDTH, HEIGHT, rules)
    assert page.lying == (Stroke(2000, 200, 400), Stroke(525, 100, 150))
    assert page.standing == (Stroke(1500, 200, 400),)


@pytest.mark.parametrize(
    ("quad", "box"),
    [
        # Top and bottom are 300 and 320 pixels long, left and right 30 and 40.
        (((100, 100), (400, 100), (400, 140), (80, 140)), (85, 405)),
        (((80, 100), (400, 100), (400, 140), (100, 140)), (85, 405)),
        (((50, 60), (50, 60), (50, 60), (50, 60)), (49.5, 50.5)),
    ],
)
def test_a_box_is_as_wide_as_its_longer_side(quad: Quad, box: tuple[float, float]) -> None:
    (found,) = straighten([Line("text", 0.9, quad)], WIDTH, HEIGHT)
    assert (found.box.x0, found.box.x1) == pytest.approx(box)


@pytest.mark.parametrize(
    ("quad", "box"),
    [
        (((100, 100), (400, 100), (400, 130), (100, 140)), (100, 135)),
        (((100, 100), (400, 100), (400, 140), (100, 130)), (100, 135)),
        (((50, 60), (50, 60), (50, 60), (50, 60)), (59.5, 60.5)),
    ],
)
def test_a_box_is_as_tall_as_its_sides_in_the_mean(quad: Quad, box: tuple[float, float]) -> None:
    (found,) = straighten([Line("text", 0.9, quad)], WIDTH, HEIGHT)
    assert (found.box.y0, found.box.y1) == pytest.approx(box)


def test_the_middle_of_a_line_is_half_way_down_its_box() -> None:
    assert piece("a line", 100, 300, height=30).middle == 315


@pytest.mark.parametrize(
    ("face", "weight"),
    [
        (Typeface(10, 2), 0.2),
        (Typeface(20, 2), 0.1),
        (Typeface(1, 0.25), 0.25),
        (Typeface(0, 2), 0),
    ],
)
def test_type_is_bold_by_the_breadth_of_its_strokes_to_its_size(
    face: Typeface, weight: float
) -> None:
    assert piece("a line", 100, 300, face).weight == weight


def test_the_box_around_boxes_reaches_from_the_first_to_the_last_of_them() -> None:
    assert around([Box(10, 40, 20, 80), Box(5, 50, 15, 60)]) == Box(5, 40, 20, 80)
    assert page_box(Line("a", 1, ((3, 9), (7, 5), (8, 6), (4, 11)))) == Box(3, 5, 8, 11)


@pytest.mark.parametrize(
    ("text", "x", "parts"),
    [
        # Letters are 10 pixels wide; three of them off, or one in seven, is near.
        ("aaaaa bbbb", 25, 2),
        ("aaaaa bbbb", 24.9, 1),
        ("aaaaa bbbb", 85, 2),
        ("aaaaa bbbb", 85.1, 1),
        ("aaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbb", 145, 2),
        ("aaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbb", 144.9, 1),
        ("aaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbb", 265.1, 1),
        ("aaaaaaaaaa", 5, 1),
        ("", 5, 1),
    ],
)
def test_a_piece_is_cut_only_near_a_space(text: str, x: float, parts: int) -> None:
    assert len(cut_at(piece(text, 0, 300, width=10 * len(text) or 10), x)) == parts


def test_of_two_spaces_the_nearer_one_parts_the_text() -> None:
    whole = piece("aaa bbb ccc", 0, 300, width=110)
    assert [part.line.text for part in cut_at(whole, 54.9)] == ["aaa", "bbb ccc"]
    assert [part.line.text for part in cut_at(whole, 55.1)] == ["aaa bbb", "ccc"]


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (Stroke(1, 2, 3), "at"),
        (Grid(Box(0, 0, 1, 1), (), ()), "rows"),
        (Listing("x = 1", ()), "text"),
        (piece("a line", 100, 300), "box"),
        (Sheet(()), "pieces"),
    ],
)
def test_what_a_page_is_made_of_stays_as_it_was_read(value: object, name: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(value, name, None)


def cells(degrees: float, *, letters: int) -> list[Line]:
    """Return a page of short level boxes in rows that are turned, as detectors find small cells."""
    slope = math.tan(math.radians(degrees))
    found = []
    for row in range(20):
        for column in range(5):
            x, y = 100.0 + 260 * column, 200.0 + 40 * row
            y += slope * x
            quad = ((x, y), (x + 15 * letters, y), (x + 15 * letters, y + 30), (x, y + 30))
            found.append(Line("1234", 0.9, quad))
    return found


@pytest.mark.parametrize("degrees", [-0.9, -0.4, 0.3, 0.7])
def test_a_page_of_short_cells_is_straightened_by_its_rows(degrees: float) -> None:
    pieces = Sheet.of(cells(degrees, letters=4), WIDTH, HEIGHT).pieces
    for row in range(20):
        middles = [piece.middle for piece in pieces[5 * row : 5 * row + 5]]
        assert max(middles) - min(middles) < 6


def test_long_lines_side_by_side_tell_their_slant_themselves() -> None:
    pieces = Sheet.of(cells(0.7, letters=26), WIDTH, HEIGHT).pieces
    assert pieces[4].middle - pieces[0].middle > 10
