"""Heads of ruled tables that no rule parts from the first row."""

from collections.abc import Sequence

import pytest

from ocrd.layout import headrows
from ocrd.layout.nets import Net
from ocrd.layout.sheet import Piece, Stroke
from tests.unit.layout.grids import Place, put, ruled
from tests.unit.printed import BOLD

# Two columns; a head at 320 on a fill, rows at 370, 420 and 470 with rules below each.
LEFT, RIGHT = 350, 700
ACROSS = [Stroke(y, 200, 900) for y in (395, 445, 495)]
DOWN = [Stroke(x, 295, 495) for x in (200, 500, 900)]
HEAD: list[Place] = [("Item", LEFT, 320), ("Price", RIGHT, 320)]
VALUES: list[Place] = [
    (text, x, y)
    for y, row in ((370, ("a", "1,00")), (420, ("b", "2,00")), (470, ("c", "3,00")))
    for x, text in zip((LEFT, RIGHT), row, strict=True)
]
ROWS = [["a", "1,00"], ["b", "2,00"], ["c", "3,00"]]


def words(*rows: tuple[str, str], step: float = 50) -> list[Place]:
    """Return rows of words from 320 on."""
    return [
        (text, x, 320 + step * at)
        for at, row in enumerate(rows)
        for x, text in zip((LEFT, RIGHT), row, strict=True)
    ]


def test_a_head_over_values_is_a_row() -> None:
    assert ruled([*HEAD, *VALUES], ACROSS, DOWN) == [["Item", "Price"], *ROWS]


def test_a_head_over_a_single_row_of_values_is_one() -> None:
    down = [Stroke(rule.at, 295, 395) for rule in DOWN]
    across = [Stroke(345, 200, 201), ACROSS[0]]
    assert ruled([*HEAD, *VALUES[:2]], across, down) == [["Item", "Price"], ["a", "1,00"]]


def test_lines_of_a_name_stay_together_above_values() -> None:
    down = [Stroke(rule.at, 255, 495) for rule in DOWN]
    name: list[Place] = [("Price", RIGHT, 280), ("in EUR", RIGHT, 320), ("Item", LEFT, 300)]
    assert ruled([*name, *VALUES], ACROSS, down) == [["Item", "Price in EUR"], *ROWS]


def test_the_lines_of_a_first_row_with_its_value_at_the_last_one_are_no_head() -> None:
    first: list[Place] = [("a thing", LEFT, 320), ("of oak", LEFT, 370), ("1,00", RIGHT, 370)]
    assert ruled([*first, *VALUES[2:]], ACROSS, DOWN) == [["a thing of oak", "1,00"], *ROWS[1:]]


@pytest.mark.parametrize(("words", "is_head"), [(8, True), (9, False)])
def test_a_sentence_over_values_is_no_name(words: int, is_head: bool) -> None:
    said = " ".join("abcdefghi"[:words])
    head: list[Place] = [(said, LEFT, 320), HEAD[1]]
    first = [[said, "Price"], ROWS[0]] if is_head else [[f"{said} a", "Price 1,00"]]
    assert ruled([*head, *VALUES], ACROSS, DOWN) == [*first, *ROWS[1:]]


def test_names_of_fields_above_their_values_are_no_head() -> None:
    """Every field of such a form has both."""
    down = [Stroke(x, 295, 495) for x in (200, 500, 900)]
    across = [Stroke(y, 200, 900) for y in (395, 495)]
    some: list[Place] = [
        ("Age", LEFT, 330), ("Pages", RIGHT, 330), ("41", LEFT, 370), ("12", RIGHT, 370),
        ("Rooms", LEFT, 430), ("Size", RIGHT, 430), ("3", LEFT, 470), ("80", RIGHT, 470),
    ]  # fmt: skip
    assert ruled(some, across, down) == [["Age 41", "Pages 12"], ["Rooms 3", "Size 80"]]


@pytest.mark.parametrize(("y", "is_row"), [(327, True), (330, False)])
def test_words_as_far_apart_as_the_rows_below_are_rows(y: float, is_row: bool) -> None:
    """Of words the distance tells, 0.85 of a step; lines of one cell stand closer."""
    rest = words(("c", "d"), ("e", "f"), ("g", "h"))
    some = [("a", LEFT, y), ("b", RIGHT, y), *((text, x, at + 50) for text, x, at in rest)]
    first = [["a", "b"], ["c", "d"]] if is_row else [["a c", "b d"]]
    assert ruled(some, ACROSS, DOWN) == [*first, ["e", "f"], ["g", "h"]]


def test_bold_words_above_others_are_a_head_though_they_stand_close() -> None:
    head = [put("Item", LEFT, 335, BOLD), put("Use", RIGHT, 335, BOLD)]
    body = words(("c", "d"), ("e", "f"), ("g", "h"))
    some: list[Place | Piece] = [*head, *((text, x, at + 50) for text, x, at in body)]
    assert ruled(some, ACROSS, DOWN) == [["Item", "Use"], ["c", "d"], ["e", "f"], ["g", "h"]]


@pytest.mark.parametrize("starts", [(295, 345), (345, 345), (380, 345)])
def test_rules_between_columns_that_begin_below_the_head_part_its_names(
    starts: Sequence[float],
) -> None:
    down = [
        Stroke(200, starts[0], 495), Stroke(500, starts[1], 495), Stroke(900, starts[0], 495),
    ]  # fmt: skip
    across = [Stroke(345, 200, 900), *ACROSS]
    assert ruled([*HEAD, *VALUES], across, down) == [["Item", "Price"], *ROWS]


def test_names_that_were_read_as_one_are_cut_where_a_rule_begins_below() -> None:
    xs = (200, 500, 800, 1100)
    across = [Stroke(y, 200, 1100) for y in (345, 395, 445)]
    down = [Stroke(x, 345, 445) for x in xs]
    head = [put("Item", 350, 320), put("Price Sum", 800, 320, width=560)]
    rows: list[Place] = [
        (text, x, y)
        for y, row in ((370, ("a", "1,00", "4,00")), (420, ("b", "2,00", "5,00")))
        for x, text in zip((350, 650, 950), row, strict=True)
    ]
    assert ruled([*head, *rows], across, down) == [
        ["Item", "Price", "Sum"], ["a", "1,00", "4,00"], ["b", "2,00", "5,00"],
    ]  # fmt: skip


def test_a_name_over_two_columns_stays_whole_where_other_rules_reach_into_the_head() -> None:
    xs = (200, 500, 800, 1100)
    across = [Stroke(y, 200, 1100) for y in (295, 345, 395, 445)]
    down = [Stroke(x, 345 if x == 800 else 295, 445) for x in xs]
    head = [put("Item", 350, 320), put("Price each", 800, 320, width=300)]
    rows: list[Place] = [
        (text, x, y)
        for y, row in ((370, ("a", "1,00", "4,00")), (420, ("b", "2,00", "5,00")))
        for x, text in zip((350, 650, 950), row, strict=True)
    ]
    found = ruled([*head, *rows], across, down)
    assert found is not None
    assert found[0] == ["Item", "Price each 1x2"]


@pytest.mark.parametrize(("above", "is_head"), [
    ([("Item", LEFT, 320), ("Price", RIGHT, 320)], True),
    ([("Item", LEFT, 280), ("Price", RIGHT, 280)], False),  # too far above the rules
    ([("Item", LEFT, 320)], False),
    ([("12", LEFT, 320), ("13,00", RIGHT, 320)], False),
])  # fmt: skip
def test_names_right_above_the_rules_are_a_head(above: list[Place], is_head: bool) -> None:
    down = [Stroke(x, 345, 495) for x in (200, 500, 900)]
    across = [Stroke(345, 200, 900), *ACROSS]
    head = [[text for text, _, _ in above]] if is_head else []
    assert ruled([*above, *VALUES], across, down) == [*head, *ROWS]


def test_a_rule_below_the_head_that_was_seen_in_part_parts_all_columns() -> None:
    across = [Stroke(345, 200, 520), *ACROSS]
    assert ruled([*HEAD, *VALUES], across, DOWN) == [["Item", "Price"], *ROWS]


@pytest.mark.parametrize("bands", [[], [[]], [[], []]])
def test_a_net_without_text_is_as_it_was(bands: list[Sequence[Sequence[Piece]]]) -> None:
    net = Net((Stroke(100, 0, 9),), (), (100.0,), (0.0, 9.0))
    assert headrows.parted(bands, net) is net
