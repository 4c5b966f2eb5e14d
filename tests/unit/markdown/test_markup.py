"""Grounded output of a model to blocks."""

import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ocrd.job import LABELS, Block, Box, Cell
from ocrd.markdown import markup
from ocrd.tasks import Task

MARKDOWN = Task()
EOS = "<｜end▁of▁sentence｜>"


def region(label: str, places: str, body: str = "", *, bare: bool = False) -> str:
    if bare:
        return f"{label}{places}\n{body}\n"
    return f"<|ref|>{label}<|/ref|><|det|>{places}<|/det|>\n{body}\n"


def read(text: str, task: Task = MARKDOWN) -> list[Block]:
    return markup.blocks(text, 999, 999, task)[0]


def page(*, bare: bool) -> str:
    parts = [
        region("title", "[[100, 10, 900, 50]]", "# A title", bare=bare),
        region("text", "[[100, 60, 450, 500], [500, 60, 900, 200]]", "Two columns.", bare=bare),
        region("sub_title", "[[100, 510, 900, 520]]", "## 1. Part", bare=bare),
        region("image", "[[100, 530, 900, 600]]", bare=bare),
        region("image_caption", "[[1, 2, 3, 4]]", "<center>Figure 1</center>", bare=bare),
        region("table_caption", "[[1, 2, 3, 5]]", "<center>Table 1</center>", bare=bare),
        region("table", "[[1, 2, 3, 6]]", "<table><tr><td>a</td><td>b</td></tr></table>",
               bare=bare),
        region("table_footnote", "[[1, 2, 3, 7]]", "* p", bare=bare),
        region("equation", "[[1, 2, 3, 8]]", "\\[ x \\coloneqq y \\]", bare=bare),
        region("figure_title", "[[1, 2, 3, 9]]", "Chart", bare=bare),
    ]  # fmt: skip
    return "\n".join(parts) + EOS


@pytest.mark.parametrize("bare", [False, True])
def test_a_page_in_either_form(bare: bool) -> None:
    found, warnings = markup.blocks(page(bare=bare), 999, 1998, MARKDOWN)
    assert warnings == []
    assert [(block.label, block.text) for block in found] == [
        ("title", "A title"),
        ("text", "Two columns."),
        ("heading", "1. Part"),
        ("figure", ""),
        ("caption", "Figure 1"),
        ("caption", "Table 1"),
        ("table", "a\tb"),
        ("footnote", "* p"),
        ("equation", "x := y"),
        ("caption", "Chart"),
    ]
    assert found[1].boxes == (Box(100, 120, 450, 1000), Box(500, 120, 900, 400))
    assert found[6].table == ((Cell("a"), Cell("b")),)
    assert all(len(block.boxes) == 1 for block in found[2:])
    assert all(block.rich for block in found)


def test_coordinates_are_of_a_grid_over_the_page() -> None:
    (block,) = markup.blocks(region("image", "[[0, 499.5, 999, 999]]"), 2000, 3000, MARKDOWN)[0]
    assert block.boxes == (Box(0, 1500, 2000, 3000),)


@pytest.mark.parametrize(
    ("places", "boxes", "warnings"),
    [
        ("[[30, 40, 10, 20]]", [], ["1 box was unusable."]),  # upside down
        ("[[30, 20, 10, 40]]", [], ["1 box was unusable."]),
        ("[[10, 40, 30, 20]]", [], ["1 box was unusable."]),
        ("[[1200, 281, 465, 302]]", [], ["1 box was unusable."]),
        ("[[-5, 1, 2000, 9]]", [], ["1 box was unusable."]),
        ("[[1, 1, 9, 1010]]", [], ["1 box was unusable."]),  # a line and more past the page
        ("[[-11, 1, 9, 9]]", [], ["1 box was unusable."]),
        ("[[1, 1, 9, 1009]]", [Box(1, 1, 9, 999)], []),
        ("[[-10, -0.5, 9, 9]]", [Box(0, 0, 9, 9)], []),
        ("[[0, 0, 1000, 1000]]", [Box(0, 0, 999, 999)], []),  # what others count to
        ("[[0, 5, 1003, 9]]", [Box(0, 5, 999, 9)], []),
        ("[[1000, 5, 1003, 9]]", [], ["1 box was unusable."]),
        ("[[27, k 400, 310, 431]]", [], ["1 box was unusable."]),
        ("[0.5, 0.5]", [], ["1 box was unusable."]),
        ("[10, 20, 30, 40]", [Box(10, 20, 30, 40)], []),
        ("[[1,2,3,4], [5,5,5,9]]", [Box(1, 2, 3, 4)], ["1 box was unusable."]),
        ("[[1,2,3,4], [5,5,9,5]]", [Box(1, 2, 3, 4)], ["1 box was unusable."]),
        ("[[1, 2, 3, 4]5", [Box(1, 2, 3, 4)], ["1 box was unusable."]),
        ("1, 2, 3, 4", [], ["1 box was unusable."]),
        (" [[1, 2, 3, 4]] ", [Box(1, 2, 3, 4)], []),
        ("[ [1, 2, 3, 4] , [5, 6, 7, 8] ]", [Box(1, 2, 3, 4), Box(5, 6, 7, 8)], []),
        ("[[1,2,3], [1,2,3,4,5], [1,2,3,4]]", [Box(1, 2, 3, 4)], ["2 boxes were unusable."]),
        ("[[1, 2, 3, 4], [5, 6,", [Box(1, 2, 3, 4)], ["1 box was unusable."]),
        (f"[[1, 2, 3, {'9' * 5000}]]", [], ["1 box was unusable."]),
        ("[[]]", [], ["1 box was unusable."]),
        ("", [], []),
    ],
)
def test_boxes_are_put_right_or_counted(places: str, boxes: list[Box], warnings: list[str]) -> None:
    found, said = markup.blocks(region("text", places, "a"), 999, 999, MARKDOWN)
    assert [(block.text, list(block.boxes)) for block in found] == [("a", boxes)]
    assert said == warnings


def test_a_region_of_several_parts_has_its_boxes_once() -> None:
    body = "One.\n\nTwo.\n- three\n\\[ four \\]"
    found = read(region("text", "[[1, 2, 3, 4]]", body))
    assert [(block.label, bool(block.boxes)) for block in found] == [
        ("text", True), ("text", False), ("list", False), ("equation", False),
    ]  # fmt: skip


def test_a_table_has_the_boxes_and_not_the_words_above_it() -> None:
    body = "<center>Table 1</center>\n<tr><td>a</td></tr>"
    found = read(region("table", "[[1, 2, 3, 4]]", body))
    assert [(block.label, bool(block.boxes)) for block in found] == [
        ("text", False), ("table", True),
    ]  # fmt: skip


def seen(text: str, task: Task = MARKDOWN) -> list[tuple[str, str, int]]:
    """Return label, text and number of boxes of each block."""
    return [(block.label, block.text, len(block.boxes)) for block in read(text, task)]


BOX = "[[1, 2, 3, 4]]"


@pytest.mark.parametrize(
    ("label", "body", "expected"),
    [
        ("text", "", [("text", "", 1)]),
        ("title", "", [("title", "", 1)]),
        ("equation", "", [("equation", "", 1)]),
        ("title", "One\n\nTwo", [("title", "One", 1), ("text", "Two", 0)]),
        ("title", "One\n\n\\[ x \\]", [("title", "One", 1), ("equation", "x", 0)]),
        ("title", "\\[ x \\]\n\nOne", [("equation", "x", 1), ("text", "One", 0)]),
        ("title", "  - one", [("title", "- one", 1)]),
        ("text", "  - one", [("list", "  - one", 1)]),
        ("text", "# One\n\nTwo", [("text", "# One", 1), ("text", "Two", 0)]),
        ("text", "# One", [("text", "# One", 1)]),
        ("text", "## One", [("text", "## One", 1)]),
        ("list", "# 1 of 2", [("list", "# 1 of 2", 1)]),
        ("image_caption", "# 3: a", [("caption", "# 3: a", 1)]),
        ("table_footnote", "# p < 0.05", [("footnote", "# p < 0.05", 1)]),
        ("aside_text", "# One", [("text", "# One", 1)]),
        ("title", "## One", [("title", "One", 1)]),
        ("sub_title", "# One", [("heading", "One", 1)]),
        ("sub_title", "One", [("heading", "One", 1)]),
        ("paragraph_title", "# One", [("heading", "One", 1)]),
        ("Sub-Title", "One", [("heading", "One", 1)]),
        ("page number", "7", [("page-number", "7", 1)]),
        ("code", "\n  a\n\n# b\n", [("code", "  a\n\n# b", 1)]),
        ("code", " \n", [("code", "", 1)]),
        ("code", "```\na\n```\nb", [("code", "a", 1), ("text", "b", 0)]),
        ("table", "T\n<TABLE><tr><td>a", [("text", "T", 0), ("table", "a", 1)]),
        ("table", "T\n<TH>a", [("text", "T", 0), ("table", "a", 1)]),
        ("image", "<table><td>a</table>\nb", [("figure", "", 1), ("table", "a", 0),
                                              ("text", "b", 0)]),
        ("image", "a\n\nb", [("figure", "a", 1), ("text", "b", 0)]),
        ("First line,", "more", [("text", "First line,", 1), ("text", "more", 0)]),
        ("aside_text", "", [("text", "aside_text", 1)]),
        ("Title", "", [("text", "Title", 1)]),  # read line by line: a word of the page
        ("Page Number", "", [("text", "Page Number", 1)]),
    ],
)  # fmt: skip
def test_a_regions_first_part_or_the_one_it_is_named_for_has_its_label_and_boxes(
    label: str, body: str, expected: list[tuple[str, str, int]]
) -> None:
    assert seen(region(label, BOX, body)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<|ref|>text<|/ref|>a", [("text", "a", 0)]),
        ("<|ref|>title<|/ref|>\na", [("title", "a", 0)]),
        ("<|ref|>title<|/ref|>", []),
        (f"<|det|>{BOX}<|/det|>a", [("text", "a", 1)]),
        ("<|ref|>image<|/ref|><table><td>a", [("table", "a", 0)]),
        ("<|ref|>ti<|grounding|>tle<|/ref|>a", [("title", "a", 0)]),
        (f"<|ref|>title<|det|>{BOX}<|/det|>a", [("title", "a", 1)]),
        (f"<|ref|>title<|/ref|><|det|>{BOX}a", [("title", "a", 1)]),
        (f"<|ref|>title<|/ref|><|det|>{BOX}<|/det|>a<|det|>{BOX}<|/det|>b",
         [("title", "a", 1), ("text", "b", 1)]),
        (f"<|ref|>title<|/ref|><|det|>{BOX}<|/det|> <|det|>{BOX}<|/det|>b", [("title", "b", 2)]),
        ("<|ref|>title<|/ref|><|det|>5 apples<|/det|>b", [("title", "5 applesb", 0)]),
        ("<|ref|>title<|/ref|><|det|>1998", [("title", "1998", 0)]),
        (f"<|ref|>title<|/ref|><|det|> \n{BOX}a", [("title", "a", 1)]),
    ],
)  # fmt: skip
def test_regions_are_told_though_tokens_are_missing(
    text: str, expected: list[tuple[str, str, int]]
) -> None:
    assert seen(text) == expected
    assert markup.blocks(text, 999, 999, MARKDOWN)[1] == []


@pytest.mark.parametrize(
    ("text", "expected", "warnings"),
    [
        (f"title{BOX}a", [("title", "a", 1)], 0),
        (f" \ttitle {BOX}a", [("title", "a", 1)], 0),
        ("title[ [1, 2, 3, 4] ]a", [("title", "a", 1)], 0),
        (f"title\n{BOX}a", [("text", f"title\n{BOX}a", 0)], 0),
        (f"text[[a]]\ntitle{BOX}b", [("text", "text[[a]]", 0), ("title", "b", 1)], 0),
        (f"table_caption{BOX}a", [("caption", "a", 1)], 0),
        (f"title{BOX}\n5 apples", [("title", "5 apples", 1)], 0),
        ("a\ntext[[1, 2", [("text", "a", 0)], 1),
        ("a\ntext[[", [("text", "a", 0)], 0),
        ("a\ntext[[1, 2]]", [("text", "a", 0)], 1),
        ("a\ntext[[1, 2]] b", [("text", "a\ntext[[1, 2]] b", 0)], 0),
        (f"a\ntext{BOX}", [("text", "a", 0), ("text", "", 1)], 0),
    ],
)
def test_a_label_before_a_box_or_before_the_end_of_a_text_cut_off_begins_a_region(
    text: str, expected: list[tuple[str, str, int]], warnings: int
) -> None:
    assert seen(text) == expected
    assert len(markup.blocks(text, 999, 999, MARKDOWN)[1]) == warnings


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # The label may stand with the places.
        (f"<|det|>title {BOX}<|/det|>a<|det|>image [1, 2, 3, 4]<|/det|>\n<|det|>text{BOX}<|/det|>b",
         [("title", "a", 1), ("figure", "", 1), ("text", "b", 1)]),
        (f"<|ref|>table_caption<|/ref|><|det|>text {BOX}<|/det|>a", [("caption", "a", 1)]),
        # Places cut off, torn, without an end; a token cut off right behind them.
        (f"<|ref|>image<|/ref|><|det|>{BOX}<", [("figure", "", 1)]),
        (f"<|ref|>text<|/ref|><|det|> {BOX}<|/det|>\na", [("text", "a", 1)]),
        (f"<|ref|>text<|/ref|><|det|>{BOX}<|/det|>a <", [("text", "a <", 1)]),
        ("<|ref|>equation<|/ref|><|det|>[0.5, 0.5] \n\n<|ref|>text<|/ref|>a", [("text", "a", 0)]),
        ("<|ref|>text<|/ref|><|det|>[[1, 2 W1x]]<|/det|>a", [("text", "[[1, 2 W1x]]a", 0)]),
        # Captions and tables without a word.
        (f"<|ref|>table_caption<|/ref|><|det|>{BOX}<|/det|>\n \n\n"
         f"<|ref|>table<|/ref|><|det|>{BOX}<|/det|>\n<table><tr><td>a</td></tr></table>",
         [("caption", "", 1), ("table", "a", 1)]),
        # A figure that a model says again and again.
        (f"<|ref|>image<|/ref|><|det|>{BOX}<|/det|>\n" * 5, [("figure", "", 1)]),
        ("", []),
        (" \n", []),
        (EOS, []),
        ("<|ref|><|/ref|><|det|><|/det|>", []),
        ("<|ref|>text<|/ref|><|det|>[[]]<|/det|>", []),
    ],
)  # fmt: skip
def test_what_models_were_seen_to_write(text: str, expected: list[tuple[str, str, int]]) -> None:
    assert seen(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"title{BOX}\na\n\naside_text{BOX}\nb", [("title", "a", 1), ("text", "b", 1)]),
        (f"\n text{BOX}\na\nside_note_box{BOX}\nb", [("text", "a", 1), ("text", "b", 1)]),
        (f"text{BOX}\na\narray{BOX}\nb", [("text", f"a\narray{BOX}\nb", 1)]),
        (f"a\naside_text{BOX}\nb", [("text", f"a\naside_text{BOX}\nb", 0)]),
    ],
)
def test_unknown_labels_without_tokens_count_on_a_page_that_begins_with_a_region(
    text: str, expected: list[tuple[str, str, int]]
) -> None:
    assert seen(text) == expected


ROWS = "<table><tr><td>{}</td></tr></table>"


@pytest.mark.parametrize("bare", [False, True])
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        # The table's place, its caption, and only then its rows.
        ([("table", ""), ("table_caption", f"Table 3\n\n{ROWS.format('a')}"), ("text", "b")],
         [("table", "a", 1), ("caption", "Table 3", 1), ("text", "b", 1)]),
        # The caption itself is empty.
        ([("table", ""), ("table_caption", ROWS.format("a"))],
         [("table", "a", 1), ("caption", "", 1)]),
        ([("table", ""), ("table_footnote", f"note\n\n{ROWS.format('a')}")],
         [("table", "a", 1), ("footnote", "note", 1)]),
        ([("text", "so"), ("equation", ""), ("equation_number", "\\[ x \\]")],
         [("text", "so", 1), ("equation", "x", 1), ("text", "", 1)]),
        ([("table", ""), ("text", ROWS.format("a"))], [("table", "", 1), ("table", "a", 1)]),
        # Several in a row.
        ([("table", ""), ("table_caption", f"1\n\n{ROWS.format('a')}"),
          ("table", ""), ("table_caption", f"2\n\n{ROWS.format('b')}")],
         [("table", "a", 1), ("caption", "1", 1), ("table", "b", 1), ("caption", "2", 1)]),
        ([("table", ""), ("table", ""), ("table_caption", "1\n\n2"),
          ("text", f"{ROWS.format('a')}\n{ROWS.format('b')}\nend")],
         [("table", "a", 1), ("table", "b", 1), ("caption", "1", 1), ("text", "2", 0),
          ("text", "end", 1)]),
        # Its body stands in the next table's region, before that one's.
        ([("table", ""), ("table", f"{ROWS.format('a')}{ROWS.format('b')}")],
         [("table", "a", 1), ("table", "b", 1)]),
        # Nobody's: what has a place of its own is not taken, and what has none is not lost.
        ([("table", ""), ("table", ROWS.format("a"))], [("table", "", 1), ("table", "a", 1)]),
        ([("table", ""), ("image", ROWS.format("a"))],
         [("table", "", 1), ("figure", "", 1), ("table", "a", 0)]),
        ([("text", "a"), ("table_caption", f"1\n\n{ROWS.format('a')}"), ("table", "")],
         [("text", "a", 1), ("caption", "1", 1), ("table", "a", 0), ("table", "", 1)]),
        # Equations, and captions.
        ([("equation", ""), ("text", "so\n\\[ x \\]\nand")],
         [("equation", "x", 1), ("text", "so", 1), ("text", "and", 0)]),
        ([("equation", ""), ("equation", ""), ("text", "so\n\\[ x \\]\n\\[ y \\]")],
         [("equation", "x", 1), ("equation", "y", 1), ("text", "so", 1)]),
        ([("image_caption", ""), ("image", "<center>Figure 1</center>")],
         [("caption", "Figure 1", 1), ("figure", "", 1)]),
        ([("table_caption", ""), ("table", f"<center>Table 1</center>\n{ROWS.format('a')}")],
         [("caption", "Table 1", 1), ("table", "a", 1)]),
        ([("image_caption", ""), ("text", "<center>Figure 1</center>")],
         [("caption", "", 1), ("text", "Figure 1", 1)]),
    ],
)  # fmt: skip
def test_an_empty_region_takes_the_next_body_of_its_kind(
    given: list[tuple[str, str]], expected: list[tuple[str, str, int]], bare: bool
) -> None:
    text = "".join(region(label, BOX, body, bare=bare) for label, body in given)
    assert seen(text) == expected


def test_rows_that_are_given_to_a_table_come_with_its_own_place() -> None:
    first, second = "[[1, 2, 30, 40]]", "[[1, 50, 30, 60]]"
    text = region("table", first) + region("table_caption", second, "T\n" + ROWS.format("a"))
    table, caption = read(text)
    assert (table.table, table.boxes) == (((Cell("a"),),), (Box(1, 2, 30, 40),))
    assert (caption.text, caption.boxes) == ("T", (Box(1, 50, 30, 60),))


def test_a_page_with_places_that_are_none_says_so_and_keeps_its_words() -> None:
    text = region("text", "[[1200, 281, 465, 302]]", "a") + region("image", "[[0, 9, 0, 5]]")
    found, warnings = markup.blocks(text, 999, 999, MARKDOWN)
    assert [(block.label, block.text, block.boxes) for block in found] == [("text", "a", ())]
    assert warnings == ["2 boxes were unusable."]


def listing(*lines: tuple[int, int, str], bare: bool = False, label: str = "text") -> str:
    """Return regions of a line each: left edge, top, text."""
    return "".join(
        region(label, f"[[{left}, {top}, {left + 10 * len(line)}, {top + 16}]]", line, bare=bare)
        for left, top, line in lines
    )


@pytest.mark.parametrize("bare", [False, True])
def test_regions_that_are_lines_of_a_program_are_one_block_with_its_indents(bare: bool) -> None:
    text = listing(
        (100, 80, "Distances are summed up:"),
        (100, 100, "# Initialise:"),
        (100, 116, "import math as ma;"),
        (100, 132, "def d(a,b):"),
        (400, 132, "# of two"),
        (140, 148, "r_a=ma.hypot(a,b**3)*2**a;"),
        (140, 164, "return r_a,-b &lt; 0;"),
        (100, 180, "# Output:"),
        (100, 196, "print(d(1,2));"),
        (100, 212, "The same holds for b) and c)."),
        bare=bare,
    )  # fmt: skip
    found = read(text)
    assert [(block.label, block.rich) for block in found] == [
        ("text", True), ("code", False), ("text", True),
    ]  # fmt: skip
    assert found[1].text == (
        "# Initialise:\nimport math as ma;\ndef d(a,b):  # of two\n"
        "    r_a=ma.hypot(a,b**3)*2**a;\n    return r_a,-b < 0;\n# Output:\nprint(d(1,2));"
    )
    assert found[1].boxes == (Box(100, 100, 480, 212),)


def test_a_comment_alone_is_text_with_its_sign() -> None:
    text = listing((100, 100, "a) Another input."), (150, 120, "# Parameter:"),
                   (100, 300, "It ends."))  # fmt: skip
    assert seen(text) == [
        ("text", "a) Another input.", 1), ("text", "# Parameter:", 1),
        ("text", "It ends.", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "between",
    [
        listing((100, 132, "and then this follows:")),
        listing((100, 132, "b)")),
        listing((100, 132, "Title"), label="sub_title"),
        region("image", "[[100, 132, 300, 148]]"),
        region("equation", "[[100, 132, 300, 148]]", "\\[ x=1; \\]"),
    ],
)
def test_a_program_ends_where_something_else_stands(between: str) -> None:
    above = listing((100, 100, "import numpy as np;"), (100, 116, "x=np.zeros(3);"))
    below = listing((100, 148, "y=np.ones(3);"), (100, 164, "print(y);"))
    labels = [block.label for block in read(above + between + below)]
    assert labels[0] == labels[-1] == "code"
    assert len(labels) == 3
    assert labels[1] != "code"


def test_programs_apart_on_the_page_are_two() -> None:
    top = ((100, 100, "import numpy as np;"), (100, 116, "x=np.zeros(3);"))
    for left, down in ((100, 400), (600, 100), (600, 116)):
        text = listing(*top, (left, down, "y=np.ones(3);"), (left, down + 16, "print(y);"))
        assert [block.label for block in read(text)] == ["code", "code"], (left, down)


def test_a_region_of_several_lines_without_a_usable_place_may_be_a_program() -> None:
    body = "# Parameter:\na=2*b**3;\nprint(a);"
    (block,) = read(region("text", "[[1200, 281, 465, 302]]", body))
    assert (block.label, block.text, block.boxes) == ("code", body, ())


@pytest.mark.parametrize("bare", [False, True])
def test_entries_of_a_list_that_ran_together_are_parted_in_their_region_only(bare: bool) -> None:
    body = "- Many mails come, or financial offers- Shortly after, a caller rings- The user joins."
    text = region("text", BOX, body, bare=bare)
    text += region("text", BOX, "In prose, offers- Shortly after, in x- Y plots.", bare=bare)
    assert seen(text) == [
        ("list", "- Many mails come, or financial offers", 1),
        ("list", "- Shortly after, a caller rings", 0),
        ("list", "- The user joins.", 0),
        ("text", "In prose, offers- Shortly after, in x- Y plots.", 1),
    ]


@pytest.mark.parametrize(
    ("text", "kept"),
    [("a<", "a<"), ("a<|", "a"), ("a<|r", "a"), ("a<|/det|", "a"), ("a<｜", "a"), ("a|>", "a|>"),
     ("a<|det", "a"), ("a<|dot", "a<|dot")],
)  # fmt: skip
def test_a_token_that_the_end_of_the_text_cuts_off_is_no_text(text: str, kept: str) -> None:
    assert seen(text) == [("text", kept, 0)]


def test_every_block_of_a_region_is_a_models_markdown_but_code() -> None:
    """What is rich may hold Markdown and TeX."""
    text = "".join(
        region(label, BOX, body)
        for label, body in [("equation", "x"), ("image", "<table><td>a</table>"), ("title", "")]
    )
    assert all(block.rich for block in read(text))
    assert [block.rich for block in read(region("code", BOX, "a *= b"))] == [False]


def test_a_title_above_a_table_is_none_itself() -> None:
    title, table = read(region("title", BOX, "One\n\n<table><td>a</table>"))
    assert (title.label, title.text, title.table) == ("title", "One", ())
    assert (table.label, table.table) == ("table", ((Cell("a"),),))


def test_a_table_that_is_none_stays_text() -> None:
    (block,) = read(region("table", "[[1, 2, 3, 4]]", "a | b\nc | d"))
    assert (block.label, block.text, block.table) == ("table", "a | b\nc | d", ())


def test_text_in_a_figure_is_kept() -> None:
    assert [(b.label, b.text) for b in read(region("image", "[[1, 2, 3, 4]]", "Axis"))] == [
        ("figure", "Axis")
    ]
    body = "<table><tr><td>1</td></tr></table>"
    found = read(region("image", "[[1, 2, 3, 4]]", body))
    assert [(b.label, bool(b.boxes)) for b in found] == [("figure", True), ("table", False)]


@pytest.mark.parametrize(
    ("body", "blocks"),
    [
        ("\\[ a \\]", [("equation", "a")]),
        ("\\[ a \\] (3)", [("equation", "a"), ("text", "(3)")]),
        ("\\( a \\)", [("equation", "a")]),
        ("a + b", [("equation", "a + b")]),
        ("\\[ a \\eqqcolon b", [("equation", "a =: b")]),
        ("\\[ a \\]\n\n\\[ b \\]", [("equation", "a"), ("equation", "b")]),
    ],
)
def test_equations_lose_their_delimiters(body: str, blocks: list[tuple[str, str]]) -> None:
    found = read(region("equation", "[[1, 2, 3, 4]]", body))
    assert [(block.label, block.text) for block in found] == blocks


def test_text_before_the_first_region_is_a_block() -> None:
    found = read("Before.\n" + region("text", "[[1, 2, 3, 4]]", "After."))
    assert [(block.text, len(block.boxes)) for block in found] == [("Before.", 0), ("After.", 1)]


def test_words_where_the_label_would_be_are_text() -> None:
    """This is how a page reads that is read line by line."""
    text = region("First line,", "[[1, 2, 3, 4]]") + region("second", "[[1, 5, 3, 9]]")
    assert [(block.label, block.text, len(block.boxes)) for block in read(text)] == [
        ("text", "First line,", 1), ("text", "second", 1),
    ]  # fmt: skip


def test_a_label_that_nobody_knows_is_no_word_of_the_page() -> None:
    (block,) = read(region("aside_text", "[[1, 2, 3, 4]]", "Words."))
    assert (block.label, block.text) == ("text", "Words.")


def test_a_label_in_running_text_is_a_word() -> None:
    text = "We see table[[1,2,3,4]] here\nand text[[a]]\nand\nfootnotes[[1,2,3,4]]"
    assert [block.text for block in read(text)] == [text]


def test_the_bare_form_is_text_where_the_full_one_is_used() -> None:
    found = read(region("text", "[[1, 2, 3, 4]]", "text[[5,6,7,8]]"))
    assert [block.text for block in found] == ["text[[5,6,7,8]]"]


def test_text_without_places_comes_apart_by_its_markdown() -> None:
    text = f"# Title\n\nA *line*.\n\n\n\n- entry{EOS}"
    assert [(block.label, block.text, block.boxes) for block in read(text, Task("text"))] == [
        ("title", "Title", ()), ("text", "A *line*.", ()), ("list", "- entry", ()),
    ]  # fmt: skip


def test_special_tokens_are_no_text() -> None:
    text = f"<|grounding|>a<｜▁pad▁｜><|User|>b{EOS}<|/d"
    assert [block.text for block in read(text)] == ["ab"]
    assert [block.text for block in read("a <|im_start|> b")] == ["a <|im_start|> b"]


@pytest.mark.parametrize("bare", [False, True])
def test_what_is_located_is_the_target(bare: bool) -> None:
    task = Task("locate", target="the (red) car")
    text = region("the (red) car", "[[1, 2, 3, 4], [5, 6, 7, 8]]", bare=bare) + EOS
    found, warnings = markup.blocks(text, 999, 999, task)
    assert found == [Block("located", "the (red) car", (Box(1, 2, 3, 4), Box(5, 6, 7, 8)))]
    assert warnings == []


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("", "Nothing was found for 'car'."),
        (region("car", "[[]]"), "Nothing was found for 'car'."),
        ("There is none.", "Nothing was found for 'car'; the model said 'There is none.'."),
        ("<|ref|>None here<|/ref|>", "Nothing was found for 'car'; the model said 'None here'."),
        ("a" * 200, f"Nothing was found for 'car'; the model said '{'a' * 200}'."),
        ("a" * 201, f"Nothing was found for 'car'; the model said '{'a' * 199}…'."),
    ],
)
def test_what_is_not_found_is_said(text: str, warning: str) -> None:
    found, warnings = markup.blocks(text, 999, 999, Task("locate", target="car"))
    assert found == []
    assert warnings[-1] == warning


def test_what_is_located_is_named_as_it_was_asked_for_and_the_rest_is_kept() -> None:
    task = Task("locate", target="car")
    text = "Here:\n" + region("a red car", BOX, "It is red.") + region("car", "[[]]")
    found, warnings = markup.blocks(text, 999, 999, task)
    assert [(block.label, block.text, len(block.boxes)) for block in found] == [
        ("text", "Here:", 0), ("located", "car", 1), ("text", "It is red.", 0),
    ]  # fmt: skip
    assert warnings == ["1 box was unusable."]


PIECES = [
    "<|ref|>", "<|/ref|>", "<|det|>", "<|/det|>", "<|ref|>text<|/ref|>", "<|ref|>table<|/ref|>",
    "<|ref|>image<|/ref|>", "<|ref|>equation<|/ref|>", "<|ref|>title<|/ref|>",
    "<|det|>[[1, 2, 3, 4]]<|/det|>", "[[1, 2, 3, 4]]", "[[1, 2", "]]", ", 5", "[",
    "\ntext[[1,2,3,4]]",
    "\ntable[[", "title", "<table>", "<tr>", "<td>", "</td>", "</table>", "\\[", "\\]", "```\n",
    "<center>", "</center>", "# ", "- ", "\n", "\n\n", " ", EOS, "<|grounding|>", "<｜", "<|",
]  # fmt: skip
WORDS = st.integers(100, 999).map("W{}x".format)
tasks = st.sampled_from([MARKDOWN, Task("text"), Task("prompt", prompt="a")])


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES) | WORDS, max_size=25), tasks)
@example(["<|ref|>", "W100x", "<|det|>", "W101x", "[[1, 2", "<|/det|>", "W102x"], MARKDOWN)
@example(["<|det|>", "[[1, 2, 3, 4]]", "5 W100x"], MARKDOWN)
@example(["\ntext[[1,2,3,4]]", "\ntext[[1,2,3,4]]", "<table>"], MARKDOWN)
def test_no_words_are_lost_or_doubled_whatever_the_markup(pieces: list[str], task: Task) -> None:
    text = "".join(pieces)
    # A word right behind a fence is the name of a language.
    text = re.sub(r"([`~]{3,})\s*(?=W\d)", r"\1\n", text)
    kept = " ".join(block.text for block in read(text, task))
    assert sorted(re.findall(r"W\d+x", kept)) == sorted(re.findall(r"W\d+x", text))


@given(st.integers(0, 700), st.booleans())
def test_a_page_cut_off_anywhere_keeps_its_words(length: int, bare: bool) -> None:
    text = page(bare=bare)[:length]
    kept = " ".join(block.text for block in read(text))
    for word in ("Two", "columns.", "Figure", "Chart", "Part"):
        if re.search(rf"{re.escape(word)}(?=\W)", text):
            assert word in kept


@given(
    st.text() | st.lists(st.sampled_from(PIECES), max_size=30).map("".join),
    st.integers(1, 3000),
    st.integers(1, 3000),
    tasks | st.just(Task("locate", target="W1")),
)
def test_any_text_makes_sane_blocks(text: str, width: int, height: int, task: Task) -> None:
    found, warnings = markup.blocks(text, width, height, task)
    assert all(isinstance(warning, str) for warning in warnings)
    for block in found:
        assert block.label in LABELS
        assert block.text.strip() or block.boxes
        for box in block.boxes:
            assert 0 <= box.x0 < box.x1 <= width
            assert 0 <= box.y0 < box.y1 <= height


@pytest.mark.parametrize(
    "piece",
    ["<|ref|>", "<|det|>", "<|det|>[[", "<|ref|>text<|/ref|><|det|>[[1,2,3,4]]<|/det|>", "text[[",
     "\ntext[[1", "\ntext[[1,2,3,4]]", "[", "1, ", "<|", "<｜", "\n", " ", "\n ", "[[1,2,3,4],"],
)  # fmt: skip
def test_time_grows_with_the_length_only(piece: str) -> None:
    """A quadratic step would take minutes for this many."""
    for start in ("", "<|det|>[["):
        text = start + piece * (60_000 // len(piece))
        began = time.process_time()
        read(text)
        assert time.process_time() - began < 10
