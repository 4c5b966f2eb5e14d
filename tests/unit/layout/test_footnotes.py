"""Notes below the text: which rows begin them, and that mark and note are written alike."""

from __future__ import annotations

import pytest

from ocrd.job import Block, Line, Rule, Typeface
from ocrd.layout import layout

TEXT, NOTE = 20.0, 15.0  # sizes of the type


def line(text: str, y: float, size: float = TEXT) -> Line:
    high = 1.6 * size
    x1 = min(900.0, 100.0 + 0.55 * size * len(text))
    quad = ((100.0, y), (x1, y), (x1, y + high), (100.0, y + high))
    return Line(text, 0.99, quad, Typeface(size, size / 7))


def blocks(text: list[str], notes: list[str], *, ruled: bool = True, size: float = NOTE
           ) -> list[Block]:  # fmt: skip
    lines = [line(one, 100 + 40 * index) for index, one in enumerate(text)]
    lines += [line(one, 900 + 28 * index, size) for index, one in enumerate(notes)]
    rules = [Rule((100, 885), (300, 885))] if ruled else []
    return layout.blocks(lines, 1000, 1200, rules)


def notes_of(found: list[Block]) -> list[str]:
    return [block.text for block in found if block.label == "footnote"]


@pytest.mark.parametrize(
    ("marks", "read", "expected"),
    [
        (("¹", "²"), ("¹", "²"), ("¹", "²")),
        (("¹", "²"), ("1 ", "2 "), ("¹", "²")),
        (("⁸", "⁹"), ("8. ", "9. "), ("⁸", "⁹")),
        (("¹⁾", "²⁾"), ("1) ", "2) "), ("¹⁾", "²⁾")),
        (("¹", "²"), ("¹", "'"), ("¹", "²")),
        (("¹", "²"), ("'", "²"), ("¹", "²")),
        (("ᵃ", "ᵇ"), ("a ", "b"), ("ᵃ", "ᵇ")),
        (("*", "†"), ("* ", "†"), ("*", "†")),
        (("[1]", "[2]"), ("[1] ", "[2] "), ("[1]", "[2]")),
        (("(1)", "(2)"), ("(1) ", "(2) "), ("(1)", "(2)")),
    ],
)
def test_notes_begin_with_the_marks_that_the_text_has(
    marks: tuple[str, str], read: tuple[str, str], expected: tuple[str, str]
) -> None:
    text = [
        f"The harbour was deepened twice{marks[0]} before the larger ships came to it, and",
        f"of the old cranes{marks[1]} only one is left, which stands beside the museum.",
    ]
    found = blocks(text, [f"{read[0]}Minutes of the council.", f"{read[1]}The books of 1887."])
    assert notes_of(found) == [
        f"{expected[0]} Minutes of the council.", f"{expected[1]} The books of 1887.",
    ]  # fmt: skip


def test_a_figure_on_the_line_is_raised_where_its_note_is() -> None:
    text = ["The harbour was deepened twice1 before the larger ships of the company came,",
            "and the old cranes² were sold."]  # fmt: skip
    found = blocks(text, ["¹ Minutes of the council.", "² The books of 1887."])
    assert "deepened twice¹ before" in found[0].text
    assert notes_of(found) == ["¹ Minutes of the council.", "² The books of 1887."]


def test_a_note_that_counts_on_from_the_one_above_is_one() -> None:
    text = ["The harbour was deepened twice¹ before the larger ships of the company came,",
            "and the old cranes were sold."]  # fmt: skip
    found = blocks(text, ["¹http://harbour.example/", "2http://cranes.example/"])
    assert notes_of(found) == ["¹ http://harbour.example/", "² http://cranes.example/"]


@pytest.mark.parametrize(
    "text",
    [
        ["An area of 250 m² was sold to the council before the larger ships came to it,",
         "and about 10² men were asked."],
        ["The harbour was deepened twice before the larger ships of the company came,",
         "and the old cranes were sold."],
    ],
)  # fmt: skip
def test_without_a_mark_in_the_text_nothing_is_a_note(text: list[str]) -> None:
    assert notes_of(blocks(text, ["2 Minutes of the council."])) == []


def test_numbered_rows_in_the_size_of_the_text_are_no_notes() -> None:
    text = ["The harbour was deepened twice¹ before the larger ships of the company came,",
            "and the old cranes were sold."]  # fmt: skip
    found = blocks(text, ["1. Open the gates.", "2. Close the gates."], ruled=False, size=TEXT)
    assert notes_of(found) == []
    assert [block.label for block in found[-2:]] == ["list", "list"]


def test_a_note_goes_on_in_its_next_row() -> None:
    text = ["The harbour was deepened twice¹ before the larger ships of the company came,",
            "and the old cranes were sold."]  # fmt: skip
    rows = ["¹ Prices without duty; those of later years include it, as the tables of the board",
            "show in all of their volumes."]  # fmt: skip
    assert notes_of(blocks(text, rows)) == [" ".join(rows)]
