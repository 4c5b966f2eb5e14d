"""Pictures among the blocks: in the reading order, with the text that stands in them."""

from dataclasses import replace

import pytest

from ocrd.job import Block, Box, Line
from ocrd.layout import layout

WIDE, HIGH = 1000, 1400
LABELS = ("10 kg", "20 kg", "2015", "2020")


def line(text: str, x: float, y: float, width: float = 0, height: float = 20) -> Line:
    right = x + (width or 10 * len(text))
    return Line(text, 0.9, ((x, y), (right, y), (right, y + height), (x, y + height)))


def prose(x: float, y: float, rows: int, width: float = 800) -> list[Line]:
    said = "The harbour was busy and the ferry came late again".ljust(round(width / 10), "s")
    return [line(said, x, y + 26 * row, width) for row in range(rows)]


def read(lines: list[Line], *pictures: Box) -> list[Block]:
    return layout.blocks(lines, WIDE, HIGH, (), pictures)


def labels(blocks: list[Block]) -> list[str]:
    return [block.label for block in blocks]


PICTURE = Box(100, 300, 900, 600)
IN_IT = [
    line(LABELS[0], 110, 320), line(LABELS[1], 110, 420),
    line(LABELS[2], 300, 570), line(LABELS[3], 600, 570),
]  # fmt: skip


def test_a_picture_stands_between_the_paragraphs_above_and_below_it() -> None:
    blocks = read([*prose(100, 100, 5), *prose(100, 700, 5)], PICTURE)
    assert labels(blocks) == ["text", "figure", "text"]
    assert blocks[1].boxes == (PICTURE,)


def test_its_labels_are_its_own_text_row_by_row_and_no_prose() -> None:
    blocks = read([*prose(100, 100, 5), *IN_IT, *prose(100, 700, 5)], PICTURE)
    assert labels(blocks) == ["text", "figure", "text"]
    assert blocks[1].text == "10 kg\n20 kg\n2015   2020"
    assert not any(label in block.text for block in (blocks[0], blocks[2]) for label in LABELS)


def scrap(text: str, x: float, y: float, confidence: float = 0.54) -> Line:
    return replace(line(text, x, y), confidence=confidence)


@pytest.mark.parametrize(
    "piece",
    [scrap("当", 500, 400), scrap("QQ", 500, 400, 0.67), scrap("←□", 500, 400, 0.9)],
    ids=["a chessman", "notes", "a mark"],
)
def test_what_was_read_of_the_drawing_itself_is_no_label(piece: Line) -> None:
    (picture,) = (one for one in read([*IN_IT, piece], PICTURE) if one.label == "figure")
    assert picture.text == "10 kg\n20 kg\n2015   2020"


def test_letters_below_a_board_stay_though_one_is_not_sure() -> None:
    board = [*(line(text, x, 570) for text, x in (("a", 200), ("b", 300), ("d", 500)))]
    (picture,) = read([*board, scrap("c", 400, 570)], PICTURE)
    assert picture.text == "a   b   c   d"


def test_a_tick_stays_where_words_stand_in_the_picture_and_else_is_a_mark_of_it() -> None:
    tick = line("☒", 500, 400)
    (mark,) = read([tick, line("12", 110, 320)], PICTURE)
    (form,) = read([tick, line("Harbour", 110, 320)], PICTURE)
    assert (mark.text, form.text) == ("12", "Harbour\n☒")


def test_its_caption_follows_it() -> None:
    said = line("Figure 3: The harbour in spring", 300, 620)
    blocks = read([*prose(100, 100, 5), said, *prose(100, 700, 5)], PICTURE)
    assert labels(blocks) == ["text", "figure", "caption", "text"]


def test_a_caption_set_to_the_middle_is_none_of_the_prose_right_below_it() -> None:
    said = line("Figure 3: The harbour in spring", 300, 620)
    blocks = read([*prose(100, 100, 5), said, *prose(100, 646, 5)], PICTURE)
    assert labels(blocks) == ["text", "figure", "caption", "text"]
    assert blocks[2].text == said.text


def test_a_caption_above_comes_before_it() -> None:
    said = line("Figure 3: The harbour in spring", 300, 270)
    blocks = read([*prose(100, 100, 5), said, *prose(100, 700, 5)], PICTURE)
    assert labels(blocks) == ["text", "caption", "figure", "text"]


def test_a_picture_in_a_column_stays_in_its_column() -> None:
    left, right = prose(60, 100, 40, 400), [*prose(540, 100, 14, 400), *prose(540, 900, 8, 400)]
    blocks = read([*left, *right], Box(540, 500, 940, 860))
    at = labels(blocks).index("figure")
    assert blocks[at - 1].boxes[0].x0 == 540
    assert blocks[at + 1].boxes[0].y0 == 900


def test_a_picture_right_of_the_next_number_comes_before_it() -> None:
    number = line("1.7", 100, 640, 60, 30)
    two = (Box(200, 300, 480, 600), Box(560, 300, 860, 600))
    blocks = read([*prose(100, 100, 5), number, *prose(100, 700, 5)], *two)
    said = [block.label if block.label == "figure" else block.text[:3] for block in blocks]
    assert said == ["The", "figure", "figure", "1.7", "The"]


def test_a_picture_below_everything_comes_last() -> None:
    assert labels(read(prose(100, 100, 5), PICTURE)) == ["text", "figure"]


def test_a_page_that_is_a_picture_has_nothing_else() -> None:
    (block,) = read([], Box(0, 0, WIDE, HIGH))
    assert (block.label, block.text, block.confidence) == ("figure", "", None)


@pytest.mark.parametrize("pictures", [(PICTURE,), (PICTURE, Box(50, 50, 950, 290)), ()])
def test_no_text_is_lost(pictures: tuple[Box, ...]) -> None:
    lines = [*prose(100, 100, 5), *IN_IT, *prose(100, 700, 5)]
    said = " ".join(block.text for block in read(lines, *pictures))
    for label in LABELS:
        assert said.count(label) == 1
    assert said.count("The harbour was busy") == 10


def test_in_a_mirror_the_picture_is_where_it_is() -> None:
    hebrew = [line("ספריית הכפר פתוחה בכל יום שלישי וחמישי", 300, y, 600) for y in (100, 130, 700)]
    blocks = read(hebrew, PICTURE)
    assert next(block.boxes for block in blocks if block.label == "figure") == (PICTURE,)


def test_a_logo_left_of_a_letter_s_head_comes_before_it() -> None:
    head = [line("Hillside School", 260, 110, 400, 40), line("Beacon Lane, Thornbury", 260, 170)]
    blocks = read(
        [*head, line("9 May 2025", 760, 260), *prose(100, 320, 8)], Box(100, 100, 220, 220)
    )
    assert [block.text.split()[0] for block in blocks if block.text][:2] == ["Hillside", "Beacon"]
    assert labels(blocks)[0] == "figure"


def test_a_picture_left_of_the_lines_that_run_around_it_comes_before_them() -> None:
    around_it = prose(460, 300, 10, 440)
    blocks = read([*prose(100, 100, 6), *around_it, *prose(100, 600, 6)], Box(100, 300, 420, 560))
    at = labels(blocks).index("figure")
    assert blocks[at - 1].boxes[0].y0 == 100
    assert blocks[at + 1].boxes[0].x0 == 460
