"""Grounded output of a model to blocks."""

import pytest

from ocrd.job import Block, Box, Cell
from ocrd.markdown import markup
from ocrd.tasks import Task
from tests.unit.markdown.grounded import BOX, EOS, MARKDOWN, page, read, region, seen


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


def test_a_page_with_places_that_are_none_says_so_and_keeps_its_words() -> None:
    text = region("text", "[[1200, 281, 465, 302]]", "a") + region("image", "[[0, 9, 0, 5]]")
    found, warnings = markup.blocks(text, 999, 999, MARKDOWN)
    assert [(block.label, block.text, block.boxes) for block in found] == [("text", "a", ())]
    assert warnings == ["2 boxes were unusable."]


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


def test_every_block_of_a_region_is_a_models_markdown_but_code() -> None:
    """What is rich may hold Markdown and TeX."""
    text = "".join(
        region(label, BOX, body)
        for label, body in [("equation", "x"), ("image", "<table><td>a</table>"), ("title", "")]
    )
    assert all(block.rich for block in read(text))
    assert [block.rich for block in read(region("code", BOX, "a *= b"))] == [False]


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
