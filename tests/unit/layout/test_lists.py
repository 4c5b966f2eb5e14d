"""Lists in lists, and what is still of an entry."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocrd.job import Typeface
from ocrd.layout import layout, lists
from ocrd.layout.columns import Row
from ocrd.layout.sheet import Listing, Sheet
from tests.unit.printed import (
    BOLD,
    HEIGHT,
    PLAIN,
    TYPED,
    WIDTH,
    blocks,
    labelled,
    line,
    lines,
    paragraph,
)


def entries(*rows: tuple[float, str]) -> list[str]:
    """Return the texts of blocks made of one row each, at these places from the left."""
    some = [line(text, x, 900 + 50 * index) for index, (x, text) in enumerate(rows)]
    found = layout.blocks([*paragraph(300), *some], WIDTH, HEIGHT)
    return [block.text for block in found if block.label != "text"]


def test_a_list_in_a_list_is_indented() -> None:
    assert entries(
        (200, "• Outer one"),
        (231, "– Inner one"),
        (228, "– Inner two"),
        (262, "• Innermost"),
        (203, "• Outer two"),
        (230, "– Another inner one"),
    ) == [
        "• Outer one",
        "  • Inner one",
        "  • Inner two",
        "    • Innermost",
        "• Outer two",
        "  • Another inner one",
    ]


def test_steps_with_points_below_them_are_nested() -> None:
    assert entries(
        (200, "1. Take the cover off"),
        (245, "a) with the small key"),
        (245, "b) or with the large one"),
        (200, "2. Put it back"),
    ) == [
        "1. Take the cover off",
        "  a) with the small key",
        "  b) or with the large one",
        "2. Put it back",
    ]


@pytest.mark.parametrize("tens", [200, 215], ids=["in line at the right", "at the left"])
def test_a_number_of_two_figures_is_of_the_same_list(tens: float) -> None:
    found = entries(
        (215, "8. Eight of them"), (215, "9. Nine of them"), (tens, "10. Ten"), (tens, "11. More")
    )
    assert not any(text.startswith(" ") for text in found)


def test_text_within_an_entry_does_not_end_the_list_around_it() -> None:
    found = labelled(
        paragraph(300),
        line("• A description of it, with", 200, 500),
        line("– the kind of fault", 260, 550),
        line("This information is of use.", 225, 600),
        line("– and how to mend it", 260, 650),
        line("After the list the text goes on.", 200, 720),
    )
    assert found[1:] == [
        ("list", "• A description of it, with"),
        ("list", "  • the kind of fault"),
        ("text", "This information is of use."),
        ("list", "  • and how to mend it"),
        ("text", "After the list the text goes on."),
    ]


def test_an_entry_whose_bullet_was_not_read_is_one_among_entries_of_lists_in_it() -> None:
    assert entries(
        (200, "■ Add the first command"),
        (235, "• it stands in a package"),
        (202, "Add the second command"),
        (235, "• and so does this one"),
        (201, "Add the third command"),
        (235, "• as before"),
    )[2:5] == ["• Add the second command", "  • and so does this one", "• Add the third command"]


def test_text_between_two_lists_is_no_entry() -> None:
    assert entries(
        (200, "• One of them"),
        (235, "• Two of them, further in"),
        (200, "The text says what comes now:"),
        (200, "• Three of them"),
    ) == ["• One of them", "  • Two of them, further in", "• Three of them"]


def test_a_list_after_text_at_the_margin_is_a_new_one() -> None:
    found = labelled(
        line("• The first list", 200, 300),
        paragraph(400),
        line("• Another list, further in", 260, 600),
    )
    assert found[-1] == ("list", "• Another list, further in")


def test_an_entry_goes_on_below_a_row_that_is_full_and_ends_in_a_stop() -> None:
    row = "• An entry that says all of this in a row that goes to its end."
    second = line("Then It Says More", 212, 938)
    found = labelled(paragraph(300), line(row, 200, 900, width=1100), second)
    assert found[-1][1].endswith("goes to its end. Then It Says More")


def test_an_entry_in_typed_letters_is_no_program_text() -> None:
    program = lines("for (int i = 0; i < 9; i++) {\n    total += price[i];\n}", 200, 600, TYPED)
    found = blocks(paragraph(300), program, line("• Run dh $@ --with python", 200, 900, TYPED))
    assert [block.label for block in found] == ["text", "code", "list"]


# Below, the first rows of blocks under each other, 30 high and 15 wide for each character, at
# places from the left.
First = tuple[float, str] | tuple[float, str, int]


def firsts(*some: First) -> list[tuple[Row, bool]]:
    """Return rows, with whether each begins an entry: all but those whose text begins with A."""
    found = []
    for index, (x, text, *column) in enumerate(some):
        (piece,) = Sheet.of([line(text, x, 100 + 40 * index)], WIDTH, HEIGHT).pieces
        row = Row((piece,), column[0] if column else 0)
        found.append((row, not text.startswith("A")))
    return found


def levels(*some: First) -> list[int]:
    return lists.levels(firsts(*some))


@pytest.mark.parametrize(
    ("first", "second", "level"),
    [
        ((200, "• one"), (212, "• two"), 0),
        ((200, "• one"), (213, "– two"), 1),
        ((200, "• one"), (212, "10. ten"), 0),
        ((213, "• one"), (200, "– two"), 0),
        ((200, "10. ten"), (215, "9. nine"), 0),
        ((200, "10. ten"), (227, "9. nine"), 0),  # ends as far right as a list in it would not
        ((200, "10. ten"), (228, "9. nine"), 1),
        ((200, "• one"), (227, "a bullet not read"), 0),  # a mark of no width
        ((200, "• one"), (228, "a bullet not read"), 1),
    ],
)
def test_an_entry_whose_mark_stands_clearly_further_right_is_in_a_list_within(
    first: First, second: First, level: int
) -> None:
    assert levels(first, second) == [0, level]


@pytest.mark.parametrize(("x", "after"), [(212, 0), (213, 1), (255, 1)])
def test_text_that_is_indented_for_an_entry_leaves_its_list_open(x: float, after: int) -> None:
    found = levels((200, "• one"), (260, "– in it"), (x, "A text"), (260, "– on it goes"))
    assert found == [0, 1, 0, after]


def test_each_column_has_lists_of_its_own() -> None:
    assert levels((200, "• one"), (700, "• two", 1), (740, "– in it", 1)) == [0, 0, 1]
    assert levels((200, "• one", 3), (240, "– in it", 3)) == [0, 1]


def test_entries_further_left_end_all_lists_further_right() -> None:
    assert levels(
        (200, "• a"), (240, "– b"), (280, "• c"), (320, "– d"), (240, "– e"), (280, "• f")
    ) == [0, 1, 2, 3, 1, 2]  # fmt: skip


marks = st.sampled_from(["•", "–", "1.", "b)", "A"])
some_firsts = st.lists(
    st.tuples(st.integers(10, 40).map(lambda x: 20 * x), marks.map(lambda mark: f"{mark} text")),
    max_size=12,
)


@settings(max_examples=50, deadline=None)
@given(some_firsts)
def test_no_list_is_entered_but_through_the_one_around_it(some: list[First]) -> None:
    found = levels(*some)
    assert len(found) == len(some)
    depth = -1
    for level, (_, is_entry) in zip(found, firsts(*some), strict=True):
        if is_entry:
            assert 0 <= level <= depth + 1
            depth = level
        else:
            assert level == 0


@settings(max_examples=50, deadline=None)
@given(some_firsts, st.integers(-150, 400))
def test_a_page_moved_aside_has_the_same_lists(some: list[First], by: int) -> None:
    moved = [(first[0] + by, first[1]) for first in some]
    assert levels(*some) == levels(*moved)
    assert lists.unmarked(firsts(*some)) == lists.unmarked(firsts(*moved))


def unread(*some: First) -> list[int]:
    return lists.unmarked(firsts(*some))


@pytest.mark.parametrize(
    ("x", "above", "below", "found"),
    [
        (200, 235, 235, True),
        (211, 235, 235, True),
        (212, 235, 235, False),  # where no mark stands
        (188, 235, 235, False),
        (200, 213, 235, True),
        (200, 212, 235, False),  # the entry above it is none of a list in it
        (200, 235, 212, False),
    ],
)
def test_text_where_marks_stand_between_lists_in_it_is_an_entry_without_its_mark(
    x: float, above: float, below: float, found: bool
) -> None:
    some = ((200, "• one"), (above, "– in it"), (x, "A text"), (below, "– in this"))
    assert unread(*some) == [2] * found
    assert unread((200, "A text"), *some) == [3] * found


@pytest.mark.parametrize(
    "around",
    [
        [(235, "A text above"), (200, "A text"), (235, "– in this")],
        [(235, "– in it"), (200, "A text"), (235, "A text below")],
        [(235, "– in it"), (200, "• read"), (235, "– in this")],
        [(235, "– in it"), (200, "A text", 1), (235, "– in this")],
        [(235, "– in it"), (200, "A text"), (235, "– in this", 1)],
        [(235, "– in it"), (200, "A text")],
    ],
)
def test_text_that_is_not_between_entries_of_its_column_is_no_entry(around: list[First]) -> None:
    assert unread((200, "• one"), *around) == []


def test_marks_of_another_column_do_not_count() -> None:
    rest = [(235, "– in it", 1), (200, "A text", 1), (235, "– in this", 1)]
    assert unread((200, "• one"), *rest) == []
    assert unread((200, "• one", 1), *rest) == [2]


def test_program_text_between_entries_is_no_entry() -> None:
    some = firsts((200, "• one"), (235, "– in it"), (200, "A text"), (235, "– in this"))
    (piece,) = some[2][0].pieces
    some[2] = Row((replace(piece, whole=Listing("A text", ())),), 0), False
    assert lists.unmarked(some) == []


@pytest.mark.parametrize(("inner", "found"), [(39, True), (40, False)])
def test_marks_are_looked_for_in_the_forty_blocks_above(inner: int, found: bool) -> None:
    within = [(235, "– in it")] * inner
    assert unread((200, "• one"), *within, (200, "A text"), (235, "–")) == [inner + 1] * found


@pytest.mark.parametrize(
    ("text", "level", "shown"),
    [
        ("■ one", 0, "• one"),
        ("- one", 1, "  • one"),
        ("•one", 2, "    • one"),
        ("3)  three", 0, "3) three"),
        ("(12) twelve", 1, "  (12) twelve"),
        ("b) two", 0, "b) two"),
        ("4.Four", 0, "4. Four"),
        ("its bullet was not read", 1, "  • its bullet was not read"),
        ("☒  Fee enclosed", 1, "  ☒ Fee enclosed"),
        ("☐Copy wanted", 0, "☐ Copy wanted"),
    ],
)
def test_an_entry_is_shown_behind_its_number_or_one_kind_of_bullet(
    text: str, level: int, shown: str
) -> None:
    assert lists.with_plain_mark(text, level) == shown


@pytest.mark.parametrize(
    ("text", "bulleted", "free"),
    [
        ("• one", True, True),
        ("•one", True, True),
        ("- one", True, True),
        ("-one", False, False),
        ("•", False, False),
        ("12. twelve", False, True),
        ("(1) one", False, True),
        ("a) one", False, True),
        ("123. of March", False, False),
        ("1.5 litres", False, False),
        ("☐ Copy wanted", True, True),
        ("☒ Fee enclosed", True, True),
        ("☐ yes ☒ no", False, False),
        ("☐", False, False),
        ("one", False, False),
    ],
)
def test_a_number_begins_an_entry_only_where_it_stands_free(
    text: str, bulleted: bool, free: bool
) -> None:
    assert lists.is_marked(text, free=False) == bulleted
    assert lists.is_marked(text, free=True) == free


SEEMS_LARGE = Typeface(1.3 * PLAIN.size, PLAIN.weight)


@pytest.mark.parametrize(
    ("first", "face", "x", "label"),
    [
        ("(1) The contract begins in July", SEEMS_LARGE, 200, "list"),
        ("(1) The contract begins in July", BOLD, 200, "heading"),
        ("1. The contract begins in July", SEEMS_LARGE, 200, "heading"),  # of another form
        ("(2) The contract begins in July", SEEMS_LARGE, 200, "heading"),
        ("(1) The contract begins in July", SEEMS_LARGE, 230, "heading"),
    ],
)
def test_an_entry_that_seems_larger_is_known_by_the_one_that_counts_on(
    first: str, face: Typeface, x: float, label: str
) -> None:
    some = [
        line(first, x, 900, face),
        line("(2) It ends in June.", 200, 960),
        line("(3) It may go on.", 200, 1020),
    ]
    found = labelled(paragraph(300), *some)
    assert (label, first) in found
    assert ("list", "(3) It may go on.") in found
