"""Which ink of a page is a picture, and which is text, a table, a form, a mark, a shadow."""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import pytest

from ocrd.engine.rapidocr import pictures
from ocrd.engine.rapidocr.strips import Pixels
from ocrd.job import Box, Line

WIDE, HIGH = 1240, 1754  # A4 at 150 dpi
ROW = 28
PLACE = Box(300, 500, 900, 900)
BLACK = (0, 0, 0)


def bare(paper: int = 255) -> Pixels:
    return np.full((HIGH, WIDE, 3), paper, np.uint8)


def text(page: Pixels, x: int, y: int, width: int, said: str = "some words of it") -> Line:
    """Print a line: letters as a network sees them, strokes of a letter's size."""
    for left in range(x, x + width - 10, 14):
        if (left - x) % 84 < 70:
            cv2.rectangle(page, (left, y + 8), (left + 8, y + 21), BLACK, 2)
    quad = ((x, y), (x + width, y), (x + width, y + ROW), (x, y + ROW))
    return Line(said, 0.98, quad)


def prose(page: Pixels, top: int = 100, rows: int = 11, left: int = 100) -> list[Line]:
    return [text(page, left, top + 34 * row, 1000) for row in range(rows)]


def photograph(page: Pixels) -> list[Line]:
    chance = np.random.default_rng(1)
    shades = cv2.resize(chance.uniform(0, 200, (8, 12)).astype(np.uint8), (600, 400))
    page[500:900, 300:900] = shades[:, :, None]
    return []


def chart(page: Pixels) -> list[Line]:
    cv2.line(page, (340, 500), (340, 860), BLACK, 2)
    cv2.line(page, (340, 860), (900, 860), BLACK, 2)
    points = [(340 + 40 * step, 700 + round(120 * np.sin(step))) for step in range(15)]
    cv2.polylines(page, [np.array(points)], False, (200, 0, 0), 3)
    labels = [text(page, 300, 500 + 90 * step, 32, f"{40 - 10 * step}") for step in range(4)]
    return labels + [text(page, 400 + 120 * step, 872, 60, f"{2015 + step}") for step in range(4)]


def bars(page: Pixels) -> list[Line]:
    cv2.line(page, (300, 900), (900, 900), BLACK, 2)
    for step, tall in enumerate((200, 380, 120, 300)):
        left = 320 + 150 * step
        cv2.rectangle(page, (left, 900 - tall), (left + 100, 900), (160, 60, 20), -1)
    return []


def logo(page: Pixels) -> list[Line]:
    cv2.ellipse(page, (600, 700), (300, 200), 0, 0, 360, (20, 20, 160), -1)
    return []


def stamp(page: Pixels) -> list[Line]:
    for size in (0, 60):
        cv2.ellipse(page, (600, 700), (300 - size, 200 - size), 0, 0, 360, (160, 20, 20), 4)
    for angle in range(0, 360, 20):
        at = np.radians(angle)
        spot = 600 + int(270 * np.cos(at)), 700 + int(170 * np.sin(at))
        cv2.putText(page, "T", spot, cv2.FONT_HERSHEY_PLAIN, 1.5, (160, 20, 20), 2)
    return [text(page, 560, 690, 90, "4 MAY")]


def diagram(page: Pixels) -> list[Line]:
    lines = []
    for step in range(3):
        top = 500 + 160 * step
        cv2.rectangle(page, (300, top), (900, top + 80), BLACK, 2)
        lines.append(text(page, 480, top + 26, 200))
        if step:
            cv2.line(page, (600, top - 80), (600, top), BLACK, 2)
    return lines


PICTURES = (photograph, chart, bars, logo, stamp, diagram)


@pytest.mark.parametrize("make", PICTURES)
@pytest.mark.parametrize("degrees", [0, 1.2])
def test_a_picture_is_found_where_it_stands(
    make: Callable[[Pixels], list[Line]], degrees: float
) -> None:
    page = bare()
    lines = [*prose(page), *make(page), *prose(page, top=1000)]
    turn = cv2.getRotationMatrix2D((WIDE / 2, HIGH / 2), degrees, 1)
    page = cv2.warpAffine(page, turn, (WIDE, HIGH), borderValue=(255,) * 3)
    (found,) = pictures.find(page, [turned(line, turn) for line in lines])
    corners = [(PLACE.x0, PLACE.y0), (PLACE.x1, PLACE.y0), (PLACE.x1, PLACE.y1),
               (PLACE.x0, PLACE.y1)]  # fmt: skip
    around = cv2.transform(np.array([corners]), turn)[0]
    true = Box(*around.min(axis=0).tolist(), *around.max(axis=0).tolist())
    assert alike(found, true) > 0.75


def turned(line: Line, turn: np.ndarray) -> Line:
    quad = cv2.transform(np.array([line.quad], np.float64), turn)[0]
    return Line(line.text, line.confidence, tuple(map(tuple, quad.tolist())))  # type: ignore[arg-type]


def alike(a: Box, b: Box) -> float:
    across, down = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
    common = max(across, 0) * max(down, 0)
    return common / (a.width * a.height + b.width * b.height - common)


def table(page: Pixels) -> list[Line]:
    for row in range(11):
        cv2.line(page, (300, 500 + 40 * row), (900, 500 + 40 * row), BLACK, 2)
    for column in range(4):
        cv2.line(page, (300 + 200 * column, 500), (300 + 200 * column, 900), BLACK, 2)
    return [
        text(page, 310 + 200 * column, 506 + 40 * row, 150)
        for row in range(10)
        for column in range(3)
    ]


def empty_form(page: Pixels) -> list[Line]:
    for row in range(6):
        cv2.rectangle(page, (400 + 30 * row, 500 + 70 * row), (900, 540 + 70 * row), BLACK, 2)
    for box in range(14):
        cv2.rectangle(page, (300 + 44 * box, 930), (330 + 44 * box, 960), BLACK, 2)
    return [text(page, 150, 506 + 70 * row, 120) for row in range(6)]


def frame(page: Pixels) -> list[Line]:
    cv2.rectangle(page, (80, 490), (1140, 700), BLACK, 3)
    return prose(page, top=510, rows=5)


def field(page: Pixels) -> list[Line]:
    page[490:700, 80:1140] = (225, 235, 220)
    return prose(page, top=510, rows=5)


def shaded(page: Pixels) -> list[Line]:
    """Draw a list on a ground that is not even between its first column and its last."""
    photograph(page)
    page[500:900] = 255 - (255 - page[500:900]) // 3
    return [
        text(page, left, 503 + 36 * row, width)
        for row in range(11)
        for left, width in ((100, 190), (760, 90), (980, 110))
    ]


def bar_code(page: Pixels) -> list[Line]:
    chance, left = np.random.default_rng(2), 300
    while left < 700:
        wide = int(chance.choice([3, 5, 8]))
        page[500:600, left : left + wide] = 0
        left += wide + int(chance.choice([3, 5, 8]))
    return [text(page, 400, 610, 180)]


def ring(page: Pixels) -> list[Line]:
    cv2.ellipse(page, (500, 455), (130, 30), 3, 0, 360, (200, 40, 20), 3)
    return []


def shadow(page: Pixels) -> list[Line]:
    page[:, :90] = np.linspace(20, 250, 90).astype(np.uint8)[None, :, None]
    return []


def band(page: Pixels) -> list[Line]:
    page[600:640, 100:1100] = (120, 60, 20)
    return []


def dirt(page: Pixels) -> list[Line]:
    chance = np.random.default_rng(3)
    for x, y in zip(chance.integers(0, WIDE, 200), chance.integers(0, HIGH, 200), strict=True):
        cv2.circle(page, (int(x), int(y)), int(chance.integers(1, 4)), (60, 60, 60), -1)
    return []


OTHERS = (table, empty_form, frame, field, shaded, bar_code, ring, shadow, band, dirt)


@pytest.mark.parametrize("make", OTHERS)
@pytest.mark.parametrize("grain", [0, 9])
def test_what_is_no_picture_is_none(make: Callable[[Pixels], list[Line]], grain: int) -> None:
    page = bare(245)
    lines = [*prose(page), *make(page), *prose(page, top=1000)]
    assert pictures.find(noisy(page, grain), lines) == ()


def noisy(page: Pixels, grain: int) -> Pixels:
    if not grain:
        return page
    light = np.linspace(0.85, 1, WIDE)[None, :, None]
    grains = np.random.default_rng(4).normal(0, grain, (HIGH, WIDE, 1))
    return np.clip(page * light + grains, 0, 255).astype(np.uint8)


def test_a_picture_is_found_on_grey_paper_in_uneven_light() -> None:
    page = bare(245)
    lines: Sequence[Line] = [*prose(page), *photograph(page)]
    (found,) = pictures.find(noisy(page, 9), lines)
    assert alike(found, PLACE) > 0.8


def test_a_page_that_is_a_photograph_is_one() -> None:
    page = bare()
    photograph(page)
    (found,) = pictures.find(page, [])
    assert alike(found, PLACE) > 0.8


def test_what_a_reader_makes_of_a_photograph_does_not_hide_it() -> None:
    page = bare()
    lines = [*prose(page), *photograph(page)]
    quad = ((340.0, 600.0), (800.0, 600.0), (800.0, 640.0), (340.0, 640.0))
    (found,) = pictures.find(page, [*lines, Line("w~,", 0.55, quad, doubt="uncertain")])
    assert alike(found, PLACE) > 0.8


def test_labels_of_pictures_beside_each_other_make_no_table_of_them() -> None:
    page = bare()
    chance = np.random.default_rng(5)
    lines = prose(page)
    for left in (120, 660):
        shades = cv2.resize(chance.uniform(0, 200, (8, 9)).astype(np.uint8), (440, 400))
        page[500:900, left : left + 440] = shades[:, :, None]
        lines += [text(page, left + 150, 510 + 76 * row, 120) for row in range(5)]
    found = pictures.find(page, [*lines, *prose(page, top=1000)])
    wanted = [Box(120, 500, 560, 900), Box(660, 500, 1100, 900)]
    assert [alike(a, b) > 0.8 for a, b in zip(found, wanted, strict=True)] == [True, True]


def window(page: Pixels) -> list[Line]:
    """Draw a program's window: a bar, fields with words in them, a button."""
    cv2.rectangle(page, (300, 500), (900, 900), BLACK, 2)
    page[502:530, 302:899] = 80
    lines = []
    for row in range(5):
        top = 550 + 54 * row
        lines.append(text(page, 330, top + 4, 100, "Folder"))
        cv2.rectangle(page, (460, top), (860, top + 36), BLACK, 2)
    cv2.rectangle(page, (740, 840), (860, 880), BLACK, 2)
    return lines


def steep_curve(page: Pixels) -> list[Line]:
    """Draw a frame and one thin curve, hardly a stroke more."""
    cv2.rectangle(page, (300, 500), (900, 900), BLACK, 2)
    points = [(300 + 20 * x, round(880 - 340 / (1 + np.exp(15 - x)))) for x in range(31)]
    cv2.polylines(page, [np.array(points)], False, BLACK, 1)
    return []


def pins(page: Pixels) -> list[Line]:
    """Draw arrows at names, and an address below them."""
    for row in range(7):
        for x in (500, 640):
            corners = [[x, 500 + 56 * row], [x + 38, 519 + 56 * row], [x, 538 + 56 * row]]
            cv2.fillPoly(page, [np.array(corners)], BLACK)
    names = [text(page, x, 500 + 56 * row, 70, "GND") for row in range(7) for x in (430, 690)]
    return [*names, text(page, 520, 896, 120, "www.harbour.org")]


def caption(page: Pixels, said: str, top: int = 930) -> list[Line]:
    return [text(page, 420, top, 360, said)]


@pytest.mark.parametrize("make", [window, steep_curve])
@pytest.mark.parametrize("said", ["Figure 2.1: The first page", "Abb. 7: Die erste Seite"])
def test_what_a_caption_explains_is_a_picture(
    make: Callable[[Pixels], list[Line]], said: str
) -> None:
    page = bare()
    lines = [*prose(page), *make(page), *caption(page, said), *prose(page, top=1000)]
    (found,) = pictures.find(page, lines)
    assert alike(found, PLACE) > 0.9


def test_a_label_right_above_the_caption_parts_it_from_no_picture() -> None:
    page = bare()
    lines = [*prose(page), *pins(page), *caption(page, "Figure 1.1: The pins of the ferry")]
    (found,) = pictures.find(page, [*lines, *prose(page, top=1000)])
    assert alike(found, Box(430, 500, 760, 924)) > 0.85


def test_pictures_on_a_ground_that_is_no_rectangle_are_parts_of_it() -> None:
    page = bare()
    corners = [[300, 700], [450, 500], [750, 500], [900, 700], [750, 900], [450, 900]]
    shades = np.linspace(120, 200, WIDE).astype(np.uint8)[None, :, None]
    inside = cv2.fillPoly(np.zeros((HIGH, WIDE), np.uint8), [np.array(corners)], 1)
    page[:] = np.where(inside[:, :, None] > 0, shades, page)
    page[620:780, 500:700] = 255
    cv2.circle(page, (600, 700), 60, BLACK, -1)
    labels = [text(page, x, y, 120, "12") for y in (520, 560, 800, 840) for x in (470, 610)]
    (found,) = pictures.find(page, [*prose(page), *labels, *prose(page, top=1000)])
    assert alike(found, PLACE) > 0.9


def test_a_caption_may_stand_above_its_picture() -> None:
    page = bare()
    lines = [*prose(page, rows=10), *caption(page, "Figure 3: A window", 450), *window(page)]
    (found,) = pictures.find(page, [*lines, *prose(page, top=1000)])
    assert alike(found, PLACE) > 0.9


def test_a_sentence_that_names_a_figure_is_no_caption() -> None:
    page = bare()
    said = "Figure 2.1 shows what the window looks like"
    lines = [*prose(page), *window(page), *caption(page, said), *prose(page, top=1000)]
    assert pictures.find(page, lines) == ()


@pytest.mark.parametrize("make", [table, frame])
def test_a_table_or_a_framed_text_is_none_although_a_figure_s_caption_stands_below(
    make: Callable[[Pixels], list[Line]],
) -> None:
    page = bare()
    lines = [*prose(page), *make(page), *caption(page, "Figure 2: Prices", 910)]
    assert pictures.find(page, lines) == ()


def test_a_rule_as_broad_as_the_column_is_no_part_of_the_picture_above_it() -> None:
    page = bare()
    lines = [*prose(page), *window(page), *caption(page, "Figure 2: A window", 950)]
    cv2.line(page, (100, 925), (1100, 925), BLACK, 2)
    (found,) = pictures.find(page, [*lines, *prose(page, top=1000)])
    assert alike(found, PLACE) > 0.9


def test_two_pictures_with_one_caption_stay_two() -> None:
    page = bare()
    chance = np.random.default_rng(5)
    lines = prose(page)
    for left in (120, 660):
        shades = cv2.resize(chance.uniform(0, 200, (8, 9)).astype(np.uint8), (440, 400))
        page[500:900, left : left + 440] = shades[:, :, None]
    lines += caption(page, "Figure 4: The harbour in spring")
    assert len(pictures.find(page, [*lines, *prose(page, top=1000)])) == 2


def formula(page: Pixels) -> list[Line]:
    """Draw a column of figures in brackets and braces, five lines high."""
    for left, way in ((400, 1), (470, -1), (560, 1), (640, -1)):
        bend = [(left + way * round(12 * (y / 70) ** 2), 570 + y) for y in range(-70, 71, 5)]
        cv2.polylines(page, [np.array(bend)], False, BLACK, 3)
    return [text(page, 425, 506 + 34 * row, 24, "1") for row in range(4)]


def bars_and_grounds(page: Pixels) -> list[Line]:
    """Draw a title's bar right above a shaded text that is narrower."""
    page[500:540, 100:1100] = 60
    page[540:800, 100:700] = 215
    return [text(page, 120, 560 + 34 * row, 300) for row in range(6)]


def oval(page: Pixels) -> list[Line]:
    cv2.ellipse(page, (600, 700), (160, 44), 2, 0, 360, (200, 40, 20), 3)
    return []


@pytest.mark.parametrize("make", [formula, bars_and_grounds, oval])
def test_brackets_grounds_and_a_pen_s_oval_are_no_pictures(
    make: Callable[[Pixels], list[Line]],
) -> None:
    page = bare()
    assert pictures.find(page, [*prose(page), *make(page), *prose(page, top=1000)]) == ()


def test_a_map_on_a_ground_of_its_own_is_found_on_a_text_s_ground() -> None:
    page = bare()
    lines = prose(page)
    page[480:940, 80:1140] = (190, 220, 245)
    page[500:900, 700:1100] = (70, 160, 230)
    rim = [(900 + round(r * np.cos(a)), 700 + round(r * np.sin(a)))
           for a, r in zip(np.arange(0, 6.3, 0.3), [150, 110, 140] * 7, strict=True)]  # fmt: skip
    cv2.fillPoly(page, [np.array(rim)], (120, 240, 250))
    lines += [text(page, 100, 510 + 34 * row, 570) for row in range(11)]
    (found,) = pictures.find(page, [*lines, *prose(page, top=1000)])
    assert alike(found, Box(700, 500, 1100, 900)) > 0.8


def test_a_firm_s_sign_is_found_beside_its_name_and_a_large_initial_is_none() -> None:
    page = bare()
    cv2.circle(page, (140, 140), 30, (160, 60, 20), -1)
    name = Line("Harrington", 0.98, ((190, 115), (500, 115), (500, 165), (190, 165)))
    (found,) = pictures.find(page, [name, *prose(page, top=300)])
    assert alike(found, Box(110, 110, 170, 170)) > 0.7
    assert pictures.find(page, [*prose(page, top=300), text(page, 190, 120, 900)]) == ()
