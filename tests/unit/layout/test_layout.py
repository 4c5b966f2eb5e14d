"""Lines become paragraphs in reading order."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ocrd.engine.protocol import recognition_from_json
from ocrd.job import Block, Box, Cell, Line, Recognition, Typeface
from ocrd.layout import layout, running
from ocrd.layout.sheet import Grid, Piece, page_box
from tests.unit.layout.typeset import (
    BOTH,
    HEIGHT,
    LEFT,
    RIGHT,
    WIDTH,
    Setting,
    laid_out,
    quad,
    texts,
)
from tests.unit.printed import (
    TYPED,
    blocks,
    cells,
    labelled,
    line,
    lying,
    paragraph,
    piece,
    standing,
)

LINES = Path(__file__).parents[2] / "resources" / "lines"


def recorded(name: str) -> Recognition:
    body = json.loads((LINES / f"{name}.json").read_text())
    return recognition_from_json(body)


def test_a_paragraph_that_begins_in_bold_says_with_which_words() -> None:
    rows = Setting(
        "Scope. This part of the rules holds for\nall boats that come into the harbour,\n"
        "whoever has the wheel at that time.", 200, 300, full=600,
    ).lines()  # fmt: skip
    (plain,) = layout.blocks(rows, WIDTH, HEIGHT)
    assert plain.lead == ""
    for lead, expected in (("Scope.", "Scope."), ("This", ""), ("Scope", "")):
        led = [replace(rows[0], lead=lead), *rows[1:]]
        (block,) = layout.blocks(led, WIDTH, HEIGHT)
        assert (block.label, block.lead) == ("text", expected)
    assert layout.blocks([rows[0], replace(rows[1], lead="all"), rows[2]], WIDTH, HEIGHT) == [plain]


def test_most_of_a_row_is_in_bold_only_if_the_row_is_bolder_than_the_text() -> None:
    rows = Setting(
        "The rules of the harbour hold for all\nboats that come into the harbour, and\n"
        "whoever has the wheel at that time\nhas to know them by heart.", 200, 300, full=600,
    ).lines()  # fmt: skip
    led = replace(rows[0], lead="The rules of the harbour hold for")
    for weight, expected in ((4.0, ""), (5.2, led.lead)):
        faces = [Typeface(18.0, 4.0 if index else weight) for index in range(4)]
        some = [led, *rows[1:]]
        some = [replace(one, typeface=face) for one, face in zip(some, faces, strict=True)]
        blocks = layout.blocks(some, WIDTH, HEIGHT)
        assert blocks[0].lead == expected


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


def doubted(one: Line, doubt: str) -> Line:
    return replace(one, doubt=doubt)


def test_blocks_have_the_doubts_of_their_lines() -> None:
    first, *rest = paragraph(300)
    found = blocks([doubted(first, "struck-out"), *rest], paragraph(900))
    assert [block.doubts for block in found] == [("struck-out",), ()]
    (both,) = blocks([first, doubted(rest[0], "covered"), doubted(rest[1], "uncertain")])
    assert both.doubts == ("uncertain", "covered")


def test_a_table_has_the_doubts_of_its_cells() -> None:
    rules = [*(lying(y, 100, 700) for y in (100, 200, 300)), *(
        standing(x, 100, 300) for x in (100, 400, 700)
    )]  # fmt: skip
    texts = [line(text, x, y) for text, x, y in [
        ("Ware", 120, 130), ("Price", 420, 130), ("Salt", 120, 230), ("1\ufffd", 420, 230),
    ]]  # fmt: skip
    (table,) = blocks(texts, rules=rules)
    assert (table.label, table.doubts) == ("table", ("signs",))
    (sound,) = blocks([*texts[:3], line("12", 420, 230)], rules=rules)
    assert (sound.label, sound.doubts) == ("table", ())


def test_a_running_head_has_its_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    head = doubted(line("A head", 200, 60), "uncertain")
    alone = Piece(head, page_box(head))

    def parted(pieces: Sequence[Piece], *_: object) -> tuple[list[Piece], running.Running]:
        rest = [piece for piece in pieces if piece.line is not head]
        return rest, running.Running((("header", (alone,)),))

    monkeypatch.setattr(running, "part", parted)
    first, second = blocks([head], paragraph(300))
    assert (first.label, first.doubts, second.doubts) == ("header", ("uncertain",), ())


def test_what_was_found_and_not_read_does_not_disturb_the_text() -> None:
    """Neither a guess nor an empty box, wherever it lies, moves or parts what was read."""
    text = paragraph(300)
    top, left = text[1].quad[0][1], text[1].quad[0][0]
    boxes = [line("", left - 150, top, width=900, height=90), line("xq", left + 40, top + 20)]
    some = [doubted(one, "unread") for one in boxes]
    assert blocks(some[0], text, some[1]) == blocks(text)
    assert blocks(some) == []
