"""What is ruled so close, or so square, that no text stands in it: music, boards of games."""

import cv2
import numpy as np
import pytest

from ocrd.engine.rapidocr import pictures
from ocrd.engine.rapidocr.strips import Pixels
from ocrd.job import Box, Line

WIDE, HIGH = 1240, 1754  # A4 at 150 dpi
ROW = 28
BLACK = (0, 0, 0)


def bare() -> Pixels:
    return np.full((HIGH, WIDE, 3), 255, np.uint8)


def text(page: Pixels, x: int, y: int, width: int, said: str = "some words of it") -> Line:
    for left in range(x, x + width - 10, 14):
        if (left - x) % 84 < 70:
            cv2.rectangle(page, (left, y + 8), (left + 8, y + 21), BLACK, 2)
    return Line(said, 0.98, ((x, y), (x + width, y), (x + width, y + ROW), (x, y + ROW)))


def prose(page: Pixels, top: int) -> list[Line]:
    said = "It was the year in which the ferry came late to the harbour again"
    return [text(page, 100, top + 34 * row, 1000, said) for row in range(8)]


def stave(page: Pixels, top: int, rules: int = 5, left: int = 200, right: int = 900) -> Box:
    for rule in range(rules):
        cv2.line(page, (left, top + 12 * rule), (right, top + 12 * rule), BLACK, 1)
    for note, x in enumerate(range(left + 60, right - 40, 60)):
        at = top + 12 * (rules - 1) - 6 * (note % 5)
        cv2.ellipse(page, (x, at), (8, 6), -20, 0, 360, BLACK, -1)
        cv2.line(page, (x + 8, at), (x + 8, at - 36), BLACK, 2)
    return Box(left, top - 12, right, top + 12 * (rules - 1) + 6)


def board(page: Pixels, side: int, fields: int = 8, men: int = 4, at: int = 500) -> Box:
    end = at + side * fields
    for rule in range(fields + 1):
        cv2.line(page, (at, at + side * rule), (end, at + side * rule), BLACK, 1)
        cv2.line(page, (at + side * rule, at), (at + side * rule, end), BLACK, 1)
    for man in range(men):
        middle = (at + side * (2 + man) + side // 2, at + side * (3 + man % 2) + side // 2)
        cv2.circle(page, middle, side // 3, BLACK, -1 if man % 2 else 2)
    return Box(at, at, end, end)


def find(page: Pixels, *lines: Line) -> tuple[Box, ...]:
    return pictures.find(page, [*prose(page, 100), *lines, *prose(page, 1300)])


def covers(found: Box, place: Box) -> bool:
    gap = 20
    return (
        found.x0 < place.x0 + gap and found.y0 < place.y0 + gap
        and found.x1 > place.x1 - gap and found.y1 > place.y1 - gap
    )  # fmt: skip


@pytest.mark.parametrize("rules", [4, 5, 6])
def test_a_stave_is_a_picture(rules: int) -> None:
    page = bare()
    place = stave(page, 700, rules)
    (found,) = find(page)
    assert covers(found, place)
    assert found.height < 2 * place.height


def test_staves_with_words_between_them_are_pictures_and_the_words_are_none() -> None:
    page = bare()
    places = [stave(page, top) for top in (520, 760)]
    words = [text(page, 100, 620 + 34 * row, 1000, "a long sentence of the " * 3) for row in (0, 1)]
    found = find(page, *words)
    assert [covers(one, place) for one, place in zip(found, places, strict=True)] == [True, True]
    assert not any(one.y0 < 640 < one.y1 for one in found)


def test_the_staves_of_a_system_are_found_although_bars_join_them() -> None:
    page = bare()
    upper, lower = stave(page, 600), stave(page, 720)
    for x in (200, 550, 900):
        cv2.line(page, (x, 600), (x, 768), BLACK, 2)
    found = find(page)
    assert all(any(covers(one, place) for one in found) for place in (upper, lower))


@pytest.mark.parametrize("side", [14, 36])
def test_a_board_with_men_on_it_is_a_picture(side: int) -> None:
    page = bare()
    place = board(page, side, fields=18 if side < 20 else 8)
    (found,) = find(page)
    assert covers(found, place)


def test_an_empty_grid_of_squares_is_none() -> None:
    page = bare()
    board(page, 36, men=0)
    assert find(page) == ()


def test_a_table_of_square_fields_beside_its_names_is_none() -> None:
    page = bare()
    board(page, 36, men=3)
    names = []
    for row in range(9):
        cv2.line(page, (300, 500 + 36 * row), (500, 500 + 36 * row), BLACK, 1)
    for row in range(8):
        names.append(text(page, 310, 504 + 36 * row, 150, "A name"))
    cv2.line(page, (300, 500), (300, 788), BLACK, 1)
    assert find(page, *names) == ()


def test_a_table_of_close_rows_is_none() -> None:
    page = bare()
    lines = []
    for row in range(9):
        cv2.line(page, (200, 600 + 24 * row), (900, 600 + 24 * row), BLACK, 1)
    for row in range(8):
        lines += [text(page, x, 598 + 24 * row, 200, "Value") for x in (210, 450, 680)]
    assert find(page, *lines) == ()
