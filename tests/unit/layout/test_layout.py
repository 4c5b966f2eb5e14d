"""Recognised lines to blocks.

``tests/resources/lines`` has what the embedded engine said of two of the sample scans.
"""

import json
import math
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocrd.engine.protocol import recognition_from_json
from ocrd.job import Block, Box, Cell, Line, Point, Quad, Recognition, Typeface
from ocrd.layout import columns, layout
from ocrd.layout.sheet import Grid, Sheet
from tests.unit.printed import (
    BOLD,
    LARGE,
    TYPED,
    blocks,
    cells,
    labelled,
    line,
    lines,
    lying,
    paragraph,
    piece,
    standing,
)

LINES = Path(__file__).parents[2] / "resources" / "lines"
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


@settings(deadline=None)
@given(any_lines | upright_lines)
def test_no_text_is_lost_or_doubled(lines: list[Line]) -> None:
    def letters(some: list[str]) -> Counter[str]:
        return Counter(char for text in some for char in text if char.isalnum())

    found = layout.blocks(lines, WIDTH, HEIGHT)
    assert letters([block.text for block in found]) == letters([line.text for line in lines])
    assert all(block.boxes and block.text for block in found)


@settings(deadline=None)
@given(upright_lines)
def test_the_order_in_which_lines_come_does_not_matter(lines: list[Line]) -> None:
    places = {(line.quad[0][1] + line.quad[3][1], line.quad[0][0]): line for line in lines}
    distinct = list(places.values())
    there = layout.blocks(distinct, WIDTH, HEIGHT)
    assert layout.blocks(distinct[::-1], WIDTH, HEIGHT) == there


@settings(deadline=None)
@given(upright_lines)
def test_columns_are_numbered_in_reading_order(lines: list[Line]) -> None:
    page = Sheet.of(lines, WIDTH, HEIGHT)
    rows = columns.rows(page.pieces, page.turned)
    assert all(before.column <= after.column for before, after in pairwise(rows))
    assert sum(len(row.pieces) for row in rows) == sum(bool(line.text.strip()) for line in lines)


# Below, lines are 30 pixels tall and the text stands from 200 to 1300.


def test_boxes_are_told_to_a_tenth_of_a_pixel_and_confidence_to_four_places() -> None:
    quads = quad(100.26, 300.34, 400.38, 330.32), quad(100.26, 338, 300, 368)
    some = [Line("twelve signs", 0.123456, quads[0]), Line("four", 0.9, quads[1])]
    (block,) = layout.blocks(some[:1], WIDTH, HEIGHT)
    assert block.boxes == (Box(100.3, 300.3, 400.4, 330.3),)
    assert block.confidence == 0.1235
    (block,) = layout.blocks(some, WIDTH, HEIGHT)
    assert block.confidence == pytest.approx((12 * 0.123456 + 4 * 0.9) / 16, abs=5e-5)


def test_a_piece_is_in_one_table_though_rules_of_two_are_around_it() -> None:
    some = [piece(name, 200, 300 + 40 * n) for n, name in enumerate("abc")]
    first = Grid(Box(200, 300, 300, 370), ((Cell("a"),), (Cell("b"),)), tuple(some[:2]))
    second = Grid(Box(200, 340, 300, 410), ((Cell("b"),), (Cell("c"),)), tuple(some[1:]))
    found = layout._with_tables(some, [(first, frozenset({0, 1})), (second, frozenset({1, 2}))])
    assert [one.whole for one in found] == [first, None]
    assert found[0].line.text == "a\nb"
    assert found[0].line.quad == some[0].line.quad
    assert found[1] == some[2]


def test_a_table_with_rules_and_program_text_are_blocks_of_their_kind() -> None:
    rules = [lying(y, 200, 800) for y in (600, 700, 800)]
    rules += [standing(x, 600, 800) for x in (200, 500, 800)]
    held = [line(text, x, y) for y, x, text in ((630, 220, "a"), (630, 520, "b"), (730, 220, "c"))]
    code = [
        line("for number in numbers:", 200, 900, TYPED),
        line("    print(number);", 200, 938, TYPED),
    ]
    found = blocks(paragraph(300), held, code, paragraph(1100), rules=rules)
    assert [block.label for block in found] == ["text", "table", "code", "text"]
    assert cells(found[1]) == [["a", "b"], ["c", ""]]
    assert found[2].text.startswith("for number in numbers:\n")


@pytest.mark.parametrize(
    ("y", "x", "label"),
    [
        # The paragraph above ends at 406.
        (419.5, 200, "heading"),
        (419, 200, "text"),
        (450, 229.5, "heading"),
        (450, 230, "text"),
    ],
)
def test_what_is_only_bold_is_a_heading_if_it_stands_free_over_text_that_does_not_hang(
    y: float, x: float, label: str
) -> None:
    bold = line("What is in bold here", 200, y, BOLD)
    found = labelled(paragraph(300), bold, paragraph(y + 60, x=x), paragraph(y + 260))
    assert found[1] == (label, "What is in bold here")


def test_a_term_explained_by_what_hangs_below_it_is_none_though_text_follows() -> None:
    bold = line("What is in bold here", 200, 450, BOLD)
    hanging = line("Hangs below and says what it is.", 260, 488)
    assert labelled(paragraph(300), bold, hanging, paragraph(600))[1][0] == "text"


def test_the_first_row_of_a_heading_tells_where_it_stands() -> None:
    """Its second one is set further in, and so are those of the text below it."""
    bold = [
        line(
            "What is in bold here and goes on to the margin at the right",
            200,
            450,
            BOLD,
            width=1100,
        ),
        line("of all of it", 240, 488, BOLD),
    ]
    found = labelled(paragraph(300), bold, paragraph(560, x=235))
    assert [label for label, _ in found] == ["text", "text", "text"]
    hanging = line(
        "This goes on to the margin at the right, and then it hangs", 200, 560, width=1100
    )
    found = labelled(paragraph(300), bold, hanging, line("in the second row.", 240, 598))
    assert [label for label, _ in found] == ["text", "heading", "text"]
    bold[1] = line("of all of it", 200, 488, BOLD, height=34)
    found = labelled(paragraph(300), bold, paragraph(560, x=232))
    assert [label for label, _ in found] == ["text", "text", "text"]


def test_bold_type_at_the_end_of_the_page_is_no_heading_but_at_that_of_a_column() -> None:
    bold = line("What is in bold here", 200, 450, BOLD)
    assert labelled(paragraph(300), bold)[-1] == ("text", "What is in bold here")
    left = lines("Row after row here fills its column\n" * 6, 100, 300, full=600)
    right = lines("Row after row here fills the other\n" * 6, 800, 300, full=600)
    bold = line("What is in bold here", 100, 560, BOLD)
    assert ("heading", "What is in bold here") in labelled(left, bold, right)


@pytest.mark.parametrize(
    ("at", "start", "end", "text", "label"),
    [
        # A line of five letters at 600 ends at 275; the column's text ends at 1300.
        (600, 200, 700, "Notes", "text"),
        (564, 200, 700, "Notes", "heading"),
        (564.1, 200, 700, "Notes", "text"),
        (609, 200, 700, "Notes", "text"),
        (609.1, 200, 700, "Notes", "heading"),
        (600, 274, 700, "Notes", "text"),
        (600, 275, 700, "Notes", "heading"),
        (600, 200, 425, "Notes", "heading"),
        (600, 200, 426, "Notes", "text"),
        (600, 200, 1329, "Notes", "text"),
        (600, 200, 1330, "Notes", "heading"),
        (600, 200, 1200, "Notes on what stands to", "text"),
        (600, 200, 1200, "Notes on what stands too", "heading"),
    ],
)
def test_a_word_in_bold_under_a_short_rule_heads_a_note(
    at: float, start: float, end: float, text: str, label: str
) -> None:
    note = line(text, 200, 600, BOLD)
    found = labelled(paragraph(300), note, paragraph(660), rules=[lying(at, start, end)])
    assert found[1] == (label, text)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Table 2.3 Losses by district", "caption"),
        ("Table 2.3 losses by district", "text"),
        ("Table 2.3 Losses by district.", "text"),
        ("Table 2.3: losses by district.", "caption"),
        ("Figure 7 – losses by district", "caption"),
        # Four rows at most, and the last one tells whether they are a sentence.
        ("Table 2.3 Losses of\nboth of the\ndistricts", "caption"),
        ("Table 2.3 Losses of\nboth of the\ndistricts.", "text"),
        ("Table 2.3 Losses.\nBoth of the\ndistricts", "caption"),
        ("Table 2.3 Losses in\nboth, north. There\nis the south", "caption"),
        ("Table 2.3 Losses of\nboth of the\ndistricts in\none year", "caption"),
        ("Table 2.3 Losses of\nboth of the\ndistricts in\none\nyear", "text"),
    ],
)
def test_a_caption_has_four_rows_at_most_and_is_no_sentence(text: str, label: str) -> None:
    found = labelled(paragraph(300), lines(text, 200, 600, full=1100), paragraph(900))
    assert found[1] == (label, text.replace("\n", " "))


def test_a_row_of_cells_is_no_caption() -> None:
    first = [line("Table 2.3 Losses", 200, 600), line("Table 2.4 Wins", 800, 600)]
    found = labelled(paragraph(300), line("Short.", 200, 500), first, paragraph(900))
    assert [label for label, _ in found] == ["text"] * 4


@pytest.mark.parametrize(("size", "label"), [(20.7, "heading"), (20.8, "title"), (22.2, "title")])
def test_the_first_heading_is_the_title_if_it_is_larger_than_the_others(
    size: float, label: str
) -> None:
    largest = line("What all is about", 200, 300, Typeface(size, 5.5))
    other = line("The first part of it", 200, 700, LARGE)
    found = labelled(largest, paragraph(400), other, paragraph(800))
    assert [one for one, _ in found] == [label, "text", "heading", "text"]


def test_a_large_heading_is_no_title_where_text_stands_above_it_or_no_other_one_below() -> None:
    largest = line("What all is about", 200, 500, Typeface(21, 5.5))
    other = line("The first part of it", 200, 800, LARGE)
    found = labelled(paragraph(300), largest, paragraph(600), other, paragraph(900))
    assert [one for one, _ in found] == ["text", "heading", "text", "heading", "text"]
    assert [one for one, _ in labelled(largest, paragraph(600))] == ["heading", "text"]


@pytest.mark.parametrize(("size", "label"), [(17, "heading"), (23, "title")])
def test_a_chapter_and_its_title_below_are_one_heading(size: float, label: str) -> None:
    chapter = line("Chapter 2", 200, 500, Typeface(size, 5.5))
    name = line("What is in it", 200, 560, LARGE)
    found = labelled(paragraph(150), paragraph(300), chapter, name, paragraph(700))
    assert [one for one, _ in found] == ["text", "text", label, "text"]
    assert found[2][1] == "Chapter 2 What is in it"
    assert len(labelled(paragraph(300), line("2 Parts", 200, 500, LARGE), name)) == 3


def test_entries_are_as_deep_as_their_marks_stand() -> None:
    """Whatever the rows below a mark are indented by."""
    outer = [
        line(
            "• Outer entry that goes on to the margin at the right of it and", 200, 600, width=1100
        ),
        line("then some.", 230, 638),
    ]
    inner = line("– Inner entry.", 250, 676)
    found = labelled(paragraph(300), outer, inner, line("• Last one.", 200, 714), paragraph(900))
    assert [text for label, text in found if label == "list"] == [
        "• Outer entry that goes on to the margin at the right of it and then some.",
        "  • Inner entry.",
        "• Last one.",
    ]


def test_an_entry_whose_mark_was_not_read_is_one_between_those_inside_it() -> None:
    lost = [
        line(
            "Outer entry whose mark was lost, and that goes on to the margin at",
            200,
            676,
            width=1100,
        ),
        line("the right.", 230, 714),
    ]
    found = labelled(
        paragraph(300),
        line("• Outer entry.", 200, 600),
        line("– Inner entry.", 260, 638),
        lost,
        line("– Another one.", 260, 752),
        paragraph(900),
    )
    assert [label for label, _ in found] == ["text", *["list"] * 4, "text"]
    assert found[3][1].startswith("• Outer entry whose mark was lost")


def test_an_entry_with_a_wide_gap_is_no_table() -> None:
    rows = [
        [line("• Rye flour", 200, 600), line("31.50", 800, 600)],
        [line("Salt", 200, 638), line("4.20", 800, 638)],
        [line("Yeast", 200, 676), line("0.90", 800, 676)],
    ]
    found = labelled(paragraph(300), *rows, paragraph(900))
    assert [label for label, _ in found] == ["text", "list", "text"]


def test_rows_that_were_read_in_two_pieces_are_text_and_no_table() -> None:
    rows = [
        [
            line("Text that is set wide", 200, 600 + 38 * n, width=500),
            line("goes on", 720, 600 + 38 * n),
        ]
        for n in range(4)
    ]
    assert [label for label, _ in labelled(paragraph(300), *rows)] == ["text", "text"]


@settings(max_examples=25, deadline=None)
@given(st.integers(-80, 400), st.integers(-30, 900))
def test_text_is_the_same_wherever_it_stands_on_the_page(right: int, down: int) -> None:
    columns = (
        setting._replace(x=setting.x + right, y=setting.y + down) for setting in (RIGHT, LEFT)
    )
    assert texts(*columns) == [BOTH]


some_lines = st.lists(
    st.builds(
        lambda text, x, y, w, h: Line(text, 0.5, quad(x, y, x + w, y + h)),
        words,
        st.integers(0, 1000),
        st.integers(0, 1000),
        st.integers(2, 600),
        st.integers(2, 60),
    ),
    max_size=25,
)


@settings(max_examples=50, deadline=None)
@given(some_lines)
def test_a_page_scanned_at_twice_the_resolution_has_the_same_text(lines: list[Line]) -> None:
    def twice(line: Line) -> Line:
        (x0, y0), (x1, y1) = line.quad[0], line.quad[2]
        return replace(line, quad=quad(2 * x0, 2 * y0, 2 * x1, 2 * y1))

    there, here = (
        layout.blocks(lines, WIDTH, HEIGHT),
        layout.blocks([twice(line) for line in lines], 2 * WIDTH, 2 * HEIGHT),
    )
    assert [(one.label, one.text) for one in here] == [(one.label, one.text) for one in there]
