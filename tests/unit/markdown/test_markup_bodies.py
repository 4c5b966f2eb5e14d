"""Which region of a model's text has which rows, equation or caption, wherever that stands."""

import pytest

from ocrd.job import Box, Cell
from tests.unit.markdown.grounded import BOX, ROWS, read, region, seen


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
