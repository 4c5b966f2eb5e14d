"""Regions of a model's text that are the lines of a program."""

import pytest

from ocrd.job import Box
from tests.unit.markdown.grounded import read, region, seen


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
