"""What is seen of a model's text."""

from __future__ import annotations

import pytest

from ocrd.engine.deepseek.text.seen import as_read, has_content, visible
from tests.unit.soundpages import grounded


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (grounded("title", "# Tide", 1, 2), "# Tide"),
        ("text[[1, 2, 3, 4], [5, 6, 7, 8]]Tide", "Tide"),
        ("<|det|>text [1, 2, 3, 4]<|/det|>Tide", "Tide"),
        ("<|det|>title [1, 2, 3", ""),
        ("<center>Tide</center>", "Tide"),
        ("a < b and c > d", "a < b and c > d"),
        ("<|ref|>text<|/ref|><|det|>[[1, 2", ""),
        ("Tide<｜end▁of▁sentence｜>", "Tide"),
        ("see [[3]] and [4]", "see   and [4]"),
    ],
)
def test_what_is_visible_is_neither_labels_nor_boxes_nor_tags(text: str, seen: str) -> None:
    assert visible(text) == seen


def test_rows_become_lines_and_cells_tabs() -> None:
    assert as_read("<tr><td>a</td><td>b</td></tr>").split("\n")[1].split("\t") == [
        "", "a", "", "b", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "content"),
    [("....", False), ("0.00", False), ("| - |", False), ("☐", False), ("<td></td>", False),
     ("5", True), ("é", True), ("潮", True), ("[[1, 2, 3, 4]]", True)],
)  # fmt: skip
def test_content_is_a_letter_a_number_or_a_box(text: str, *, content: bool) -> None:
    assert has_content(text) is content
