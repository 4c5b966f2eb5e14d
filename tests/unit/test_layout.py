"""Recognised lines to blocks.

``tests/resources/lines`` has what the embedded engine said of two of the sample scans.
"""

import json
import math
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocrd import columns, joining, layout
from ocrd.engine.protocol import recognition_from_json
from ocrd.job import Block, Line, Point, Quad, Recognition
from ocrd.sheet import Sheet

LINES = Path(__file__).parents[1] / "resources" / "lines"
WIDTH, HEIGHT = 1600, 2200
LINE, PITCH, LETTER = 30, 38, 15  # pixels


class Setting(NamedTuple):
    """Text set at a place on the page, one line below the other."""

    text: str
    x: float
    y: float
    height: float = LINE
    full: float = 0.0  # every line but a paragraph's last is as wide as this

    def lines(self) -> list[Line]:
        found = []
        rows = self.text.split("\n")
        for index, row in enumerate(rows):
            if not row.strip():
                continue
            text = row.strip()
            x = self.x + (len(row) - len(row.lstrip())) * LETTER
            width = len(text) * LETTER * self.height / LINE
            if self.full and index + 1 < len(rows) and rows[index + 1].strip():
                width = self.x + self.full - x
            y = self.y + index * PITCH * self.height / LINE
            found.append(Line(text, 0.9, quad(x, y, x + width, y + self.height)))
        return found


def quad(x0: float, y0: float, x1: float, y1: float) -> Quad:
    return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def turned(line: Line, degrees: float) -> Line:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))

    def turn(point: Point) -> Point:
        x, y = point[0] - WIDTH / 2, point[1] - HEIGHT / 2
        return x * cos - y * sin + WIDTH / 2, x * sin + y * cos + HEIGHT / 2

    a, b, c, d = map(turn, line.quad)
    return Line(line.text, line.confidence, (a, b, c, d))


def laid_out(*settings: Setting, degrees: float = 0.0) -> list[Block]:
    lines = [turned(line, degrees) for setting in settings for line in setting.lines()]
    return layout.blocks(lines, WIDTH, HEIGHT)


def texts(*settings: Setting, degrees: float = 0.0) -> list[str]:
    return [block.text for block in laid_out(*settings, degrees=degrees)]


def recorded(name: str) -> Recognition:
    body = json.loads((LINES / f"{name}.json").read_text())
    return recognition_from_json(body)


LEFT = Setting(
    "the first of the columns\nbegins at the upper left\nand is read to its lower\n"
    "end before the eye goes\nup to the second column",
    100,
    300,
    full=400,
)
RIGHT = Setting(
    "where another paragraph\nstands that has as many\nrows as the one beside it\n"
    "and is read when that one\nhas been read to its end.",
    600,
    300,
    full=400,
)
BOTH = (
    "the first of the columns begins at the upper left and is read to its lower end before the eye "
    "goes up to the second column where another paragraph stands that has as many rows as the one "
    "beside it and is read when that one has been read to its end."
)


def test_a_page_without_lines_has_no_blocks() -> None:
    assert layout.blocks([], WIDTH, HEIGHT) == []
    assert layout.blocks([Line("  ", 0.5, quad(0, 0, 10, 10))], WIDTH, HEIGHT) == []


@pytest.mark.parametrize("degrees", [0, -3, 3, 8])
def test_columns_are_read_one_after_the_other_on_a_slanted_page_too(degrees: float) -> None:
    assert texts(LEFT, RIGHT, degrees=degrees) == [BOTH]


def test_three_columns_under_a_line_over_all_of_them() -> None:
    head = Setting(
        "A line that goes over all of the columns of the whole page below it, far", 100, 200
    )
    third = Setting(
        "Third of the columns\nwhich is the last one\nof them on this page.", 1100, 300, full=400
    )
    assert texts(third, RIGHT, head, LEFT) == [head.text, BOTH, third.text.replace("\n", " ")]


def test_a_line_across_parts_what_stands_above_from_what_stands_below() -> None:
    across = Setting(
        "Across the page goes a line that belongs to neither of these columns.", 100, 520
    )
    below = [
        Setting(setting.text.replace("the", "a").capitalize(), setting.x, 600, full=400)
        for setting in (LEFT, RIGHT)
    ]
    found = texts(*below, across, RIGHT, LEFT)
    assert found[:2] == [BOTH, across.text]
    assert [text.split()[0] for text in found[2:]] == ["A", "Where"]


def test_a_paragraph_over_two_columns_has_a_box_in_each() -> None:
    (block,) = laid_out(LEFT, RIGHT)
    assert [(box.x0, box.y0) for box in block.boxes] == [(100, 300), (600, 300)]
    assert block.confidence == pytest.approx(0.9)


def test_cells_of_a_table_are_read_row_by_row() -> None:
    names = Setting("Rye flour\nSalt\nYeast\nMilk", 100, 300)
    prices = Setting("31.50\n4.20\n0.90\n2.10", 700, 300)
    assert texts(names, prices) == ["Rye flour\t31.50\nSalt\t4.20\nYeast\t0.90\nMilk\t2.10"]


def test_wide_gaps_in_a_line_of_running_text_are_no_cells() -> None:
    text = Setting("a line that fills this column\n\nanother line that fills it up", 100, 300)
    gaps = [
        Line("and", 0.9, quad(100, 338, 200, 368)),
        Line("wide", 0.9, quad(250, 338, 350, 368)),
        Line("gaps", 0.9, quad(400, 338, 535, 368)),
    ]
    (block,) = layout.blocks([*text.lines(), *gaps], WIDTH, HEIGHT)
    assert block.text == "a line that fills this column and wide gaps another line that fills it up"


@pytest.mark.parametrize(
    "text",
    [
        "The first paragraph goes over\ntwo rows.\n\nThe second one is as long as\nthis.",
        "The first paragraph goes over\ntwo rows.\nThe second one is as long as\nthis.",
        "   The first paragraph goes over\nrows that are quite full anyhow.\n"
        "   The second one is as long as\nthis.",
    ],
    ids=["by a gap", "by a short last row", "by an indent"],
)
def test_paragraphs_are_told_apart(text: str) -> None:
    assert len(texts(Setting(text, 100, 300))) == 2


def test_an_address_keeps_its_lines() -> None:
    address = "Margarethe Olsen\nBakery at the Old Bridge\n14 Mill Lane\nWeststrand"
    body = Setting("a long line under it, so that the page is known to be wide enough", 100, 700)
    assert texts(Setting(address, 100, 300), body) == [address, body.text]


def test_list_entries_stand_alone_and_hang_together() -> None:
    found = laid_out(
        Setting("•First of the entries goes on\n  over two rows\n• Second\n■ Third", 100, 300),
        Setting("3.Who takes it away?\n4. Nobody", 100, 600),
    )
    assert [(block.label, block.text) for block in found] == [
        ("list", "• First of the entries goes on over two rows"),
        ("list", "• Second"),
        ("list", "• Third"),
        ("list", "3. Who takes it away?"),
        ("list", "4. Nobody"),
    ]


def test_large_type_is_a_heading_and_the_largest_a_title() -> None:
    body = "Running text in its usual size\nfills most of the page and is\nset in rows."
    found = laid_out(
        Setting("Title", 100, 100, height=60),
        Setting("A heading", 100, 220, height=42),
        Setting(body, 100, 320),
    )
    assert [block.label for block in found] == ["title", "heading", "text"]


def test_text_that_runs_up_the_page_comes_last() -> None:
    margin = Line("in the margin", 0.9, quad(20, 200, 50, 900))
    found = layout.blocks([margin, *LEFT.lines()], WIDTH, HEIGHT)
    assert found[-1].text == "in the margin"


@pytest.mark.parametrize(
    ("before", "after", "joined"),
    [
        ("the wa-", "ter is", "the water is"),
        ("the wa\u00ad", "ter is", "the water is"),
        ("a self-", "made man", "a self-made man"),
        ("an Anglo-", "Saxon word", "an Anglo-Saxon word"),
        ("Vor-", "und Nachteile", "Vor- und Nachteile"),
        ("by machine-", "encoded text", "by machine-encoded text"),
        ("of tip-", "toeing along", "of tip-toeing along"),
        ("from 2010-", "2012", "from 2010-2012"),
        ("it was so —", "and then", "it was so — and then"),
        ("sleepy—", "if you", "sleepy—if you"),
        ("one", "two", "one two"),
        ("漢字", "かな", "漢字かな"),
    ],
)
def test_rows_are_joined_as_they_were_meant(before: str, after: str, joined: str) -> None:
    vocabulary = frozenset({"tip-toeing", "machine", "encoded"})
    assert joining.join(before, after, vocabulary) == joined


def test_plain_text_has_an_empty_line_between_blocks() -> None:
    assert layout.plain([Block("title", "A"), Block("text", ""), Block("text", "b")]) == "A\n\nb"


def test_a_scanned_newsletter_in_two_columns() -> None:
    page = recorded("newsletter")
    found = layout.blocks(page.lines, page.width, page.height)
    assert [block.label for block in found].count("list") == 3
    beginnings = [block.text[:24] for block in found]
    assert beginnings == [
        "The Harbour Gazette",
        "Notes from the reading r",
        "Paper that nobody could ",
        "For eleven years the har",
        "Last spring the office b",
        "A folder that reads",
        "What changed the work wa",
        "The harbour master was u",
        "What we learned",
        "• Scan first and sort la",
        "• Keep the original, bec",
        "• Look into the folder o",
        "The remaining boxes will",
    ]
    assert found[-1].text.endswith("mornings between nine and twelve.")
    assert len(found[-1].boxes) == 2
    assert {found[0].label, found[2].label, found[8].label} == {"heading"}


def test_a_scanned_letter() -> None:
    page = recorded("letter")
    found = [block.text for block in layout.blocks(page.lines, page.width, page.height)]
    assert found[0] == "Margarethe Olsen\nBakery at the Old Bridge\n14 Mill Lane\nWeststrand"
    assert found[1] == "Weststrand, 3 March"
    assert found[4] == "Dear Mr Berger,"
    assert found[-1] == "page 1 of 2"
    assert [text[:2] for text in found if text[:1].isdigit()] == ["1.", "2.", "3."]


coordinates = st.floats(-100, 3000, allow_nan=False)
points = st.tuples(coordinates, coordinates)
words = st.text(st.sampled_from("ab1.-•–A漢 \u00ad"), min_size=1, max_size=12)
any_lines = st.lists(
    st.builds(Line, words, st.floats(0, 1), st.tuples(points, points, points, points)), max_size=25
)
upright_lines = st.lists(
    st.builds(
        lambda text, x, y, w, h: Line(text, 0.5, quad(x, y, x + w, y + h)),
        words,
        st.integers(0, 1000),
        st.integers(0, 1000),
        st.integers(0, 600),
        st.integers(0, 60),
    ),
    max_size=25,
)


@given(any_lines | upright_lines)
def test_no_text_is_lost_or_doubled(lines: list[Line]) -> None:
    def letters(some: list[str]) -> Counter[str]:
        return Counter(char for text in some for char in text if char.isalnum())

    found = layout.blocks(lines, WIDTH, HEIGHT)
    assert letters([block.text for block in found]) == letters([line.text for line in lines])
    assert all(block.boxes and block.text for block in found)


@given(upright_lines)
def test_the_order_in_which_lines_come_does_not_matter(lines: list[Line]) -> None:
    places = {(line.quad[0][1] + line.quad[3][1], line.quad[0][0]): line for line in lines}
    distinct = list(places.values())
    there = layout.blocks(distinct, WIDTH, HEIGHT)
    assert layout.blocks(distinct[::-1], WIDTH, HEIGHT) == there


@given(upright_lines)
def test_columns_are_numbered_in_reading_order(lines: list[Line]) -> None:
    page = Sheet.of(lines, WIDTH, HEIGHT)
    rows = columns.rows(page.pieces, page.turned)
    assert all(before.column <= after.column for before, after in pairwise(rows))
    assert sum(len(row.pieces) for row in rows) == sum(bool(line.text.strip()) for line in lines)
