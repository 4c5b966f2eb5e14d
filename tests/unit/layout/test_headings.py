"""Headings by the type that they are set in, as it was measured."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from ocrd.job import Line, Typeface
from ocrd.layout import headings
from ocrd.layout.columns import Row
from ocrd.layout.sheet import Listing, Piece, Sheet, page_box
from tests.unit.printed import (
    BOLD,
    HEIGHT,
    LARGE,
    PLAIN,
    TYPED,
    WIDTH,
    labelled,
    line,
    lines,
    lying,
    paragraph,
)

TITLE = Typeface(24, 6)


@pytest.mark.parametrize(
    ("text", "face", "label"),
    [
        ("The whole of it", TITLE, "title"),
        ("Larger and bolder", LARGE, "heading"),
        ("2.4 Bold with a number", BOLD, "heading"),
        ("In bold and nothing else", BOLD, "heading"),
        ("As all the others are", PLAIN, "text"),
        ("2.4 Plain with a number", PLAIN, "text"),
        ("A sentence in bold that ends.", BOLD, "text"),
        ("See also what is said there.)", BOLD, "text"),
        ("• an entry in bold", BOLD, "list"),
        ("some_function_name", TYPED, "text"),
        ("12.5", LARGE, "text"),
        ("“Who is there?”", BOLD, "text"),
        ("# Expand the name to a path", BOLD, "text"),
        ('REPLY=( $(compgen "$cur") )', BOLD, "text"),
        ("Sets <name> in [engine]", LARGE, "heading"),
        ("[[source]] and [[sink]]", LARGE, "text"),
        ("C# in a day", LARGE, "heading"),
    ],
)
def test_type_makes_a_heading(text: str, face: Typeface, label: str) -> None:
    found = labelled(paragraph(300), line(text, 200, 480, face), paragraph(580))
    assert [a for a, _ in found] == ["text", label, "text"]


def test_a_heading_over_several_rows_is_one() -> None:
    heading = lines(
        "3.2 Why the heading of this part of the text takes\ntwo rows", 200, 480, LARGE, full=1100
    )
    found = labelled(paragraph(300), heading, paragraph(640))
    assert found[1] == ("heading", "3.2 Why the heading of this part of the text takes two rows")


def test_a_numbered_heading_is_no_list() -> None:
    found = labelled(line("1. Introduction", 200, 300, LARGE), paragraph(400))
    assert found[0] == ("heading", "1. Introduction")


def test_a_number_far_before_a_heading_is_part_of_it() -> None:
    parts = [line("5.3", 200, 480, LARGE), line("What stands here", 330, 480, LARGE)]
    assert ("heading", "5.3 What stands here") in labelled(paragraph(300), parts, paragraph(600))


def test_a_term_in_bold_above_what_explains_it_is_no_heading() -> None:
    found = labelled(paragraph(300), line("PATH", 200, 480, BOLD), paragraph(518, x=300))
    assert [label for label, _ in found] == ["text", "text", "text"]


def test_a_bold_line_close_below_others_is_no_heading() -> None:
    sums = [
        line("Net 2,695.20", 900, 700),
        line("Tax 512.09", 900, 738),
        line("Total 3,207.29 in all", 900, 776, BOLD),
    ]
    assert "heading" not in [label for label, _ in labelled(paragraph(300), sums, paragraph(900))]


def test_the_head_of_a_note_below_a_rule_is_no_heading() -> None:
    note = [line("Note", 200, 480, LARGE), *paragraph(530)]
    assert labelled(paragraph(300), note, rules=[lying(470, 200, 1300)])[1] == ("text", "Note")
    assert labelled(paragraph(300), note)[1] == ("heading", "Note")


@pytest.mark.parametrize(
    "text", ["Table 3.1: What there is", "Figure 7. The house", "Abb. 2: Das Haus"]
)
def test_captions_are_told_by_their_first_word(text: str) -> None:
    assert labelled(paragraph(300), line(text, 500, 480), paragraph(600))[1] == ("caption", text)


def test_text_that_names_a_table_is_no_caption() -> None:
    text = "Table 7 shows what there is."
    assert labelled(paragraph(300), line(text, 200, 480), paragraph(600))[1] == ("text", text)


def test_the_first_heading_is_a_title_where_it_is_the_largest() -> None:
    top = line("Reading the ledgers of a port", 200, 200, Typeface(18, 4.6), height=38)
    found = labelled(
        top, paragraph(300), line("What there is", 200, 480, LARGER), paragraph(530),
        line("What it means", 200, 700, LARGER), paragraph(750),
    )  # fmt: skip
    assert [label for label, _ in found if label != "text"] == ["title", "heading", "heading"]


def test_a_first_heading_like_the_others_is_no_title() -> None:
    found = labelled(
        line("What there was", 200, 200, LARGER), paragraph(250),
        line("What there is", 200, 480, LARGER), paragraph(530),
    )  # fmt: skip
    assert [label for label, _ in found if label != "text"] == ["heading", "heading"]


LARGER = Typeface(14.5, 3.9)


def test_text_below_a_drawing_with_more_letters_in_it_is_no_title() -> None:
    drawing = [line("bla " * 20, 600, 200 + 20 * n, SMALL, width=400, height=18) for n in range(20)]
    head = line("What there is", 200, 1000, LARGE)
    found = labelled(drawing, paragraph(800), head, paragraph(1050))
    assert [label for label, _ in found][-3:] == ["text", "heading", "text"]


SMALL = Typeface(7, 1.2)


def test_a_heading_in_two_rows_is_one_though_its_rows_are_further_apart() -> None:
    rows = ("5.4 How do I set up what is needed to build", "packages of my own?")
    heading = [
        line(row, 200, 480 + 66 * n, TITLE, width=1100 - 500 * n) for n, row in enumerate(rows)
    ]
    found = labelled(paragraph(300), heading, paragraph(640))
    assert found[1] == ("title", " ".join(rows))


@pytest.mark.parametrize(
    "marks",
    [["Chapter 3"], ["CHAPTER", "ELEVEN"], ["Appendix B"], ["Apêndice B"], ["Teil IV"]],
)
def test_a_chapters_mark_and_its_title_are_one_heading(marks: list[str]) -> None:
    rows = [line(mark, 200, 300 + 90 * row, LARGE) for row, mark in enumerate(marks)]
    title = line("What Is Kept", 200, 300 + 90 * len(marks), TITLE)
    found = labelled(rows, title, paragraph(700))
    assert found[0] == ("title", " ".join([*marks, "What Is Kept"]))
    assert [label for label, _ in found] == ["title", "text"]


@pytest.mark.parametrize("first", ["Part of it", "Chapters", "Appendix of maps", "Introduction"])
def test_two_headings_stay_two(first: str) -> None:
    found = labelled(
        line(first, 200, 300, LARGE), line("What Is Kept", 200, 390, LARGE), paragraph(700)
    )
    assert [text for _, text in found][:2] == [first, "What Is Kept"]


def test_a_chapters_mark_above_text_stays_alone() -> None:
    found = labelled(line("Chapter 3", 200, 300, LARGE), paragraph(400))
    assert found[0][1] == "Chapter 3"
    assert found[1][0] == "text"


# Below, the text's type is 10 high and its strokes 2 broad, its lines 30 high, its letters 15 wide.
NORMAL = headings.Body(30, 15, 10, 2)
UNMEASURED = headings.Body(30, 15)


def row(*some: Line) -> Row:
    return Row(Sheet.of(some, WIDTH, HEIGHT).pieces, 0)


def set_in(text: str, size: float, weight: float = 2, pitch: float = 0) -> Row:
    return row(line(text, 200, 300, Typeface(size, weight, pitch)))


# All of it is told by how types compare: the same in another unit is the same.
UNITS = pytest.mark.parametrize("unit", [1, 1 / 128])


def of(characters: int, begin: str = "W") -> str:
    """Return a heading's text of so many characters."""
    return (begin + "hat there is " * 20)[: characters - 1] + "x"


@pytest.mark.parametrize(
    ("text", "size", "label"),
    [
        (of(20), 17, "title"),
        (of(20), 16.9, "heading"),
        ("It ends in a full stop.", 17, "title"),
        ("It ends in a full stop.", 16.9, "text"),
        (of(17), 12.8, "heading"),
        (of(17), 12.7, "text"),
        (of(16), 14, "heading"),  # of few letters, some may just be taller
        (of(16), 13.9, "text"),
        (of(25, "2.4 W"), 12.2, "heading"),
        (of(25, "2.4 W"), 12.1, "text"),
        ("2.4 It ends in a full stop.", 12.2, "heading"),
        (of(100), 13, "heading"),
        (of(101), 13, "text"),
        (of(101, "2.4 W"), 13, "heading"),
        (of(160, "2.4 W"), 13, "heading"),
        (of(161, "2.4 W"), 13, "text"),
        ("Let this = that = there", 14, "heading"),
        ("Let this = that = there", 13.9, "text"),  # program text
        ("Let this = that in there", 13.9, "heading"),
        ("Let [[this] = that", 17, "text"),
        ("Let [[this = that", 17, "title"),
        ("// Let this be that there", 14, "heading"),
        ("// Let this be that there", 13.9, "text"),
    ],
)
def test_larger_type_makes_a_heading(text: str, size: float, label: str) -> None:
    assert headings.label([set_in(text, size)], NORMAL, has_breaks=False) == label


@pytest.mark.parametrize(
    ("text", "size", "weight", "label"),
    [
        (of(9), 10, 2.44, "heading"),
        (of(9), 10, 2.43, "text"),
        (of(8), 10, 2.8, "heading"),  # of a few letters, some may just be bolder
        (of(8), 10, 2.79, "text"),
        (of(8), 13.9, 3.4, "heading"),
        (of(16), 5, 2.44, "heading"),
        (of(101), 10, 3, "text"),
        ("It ends in a full stop.", 12, 3, "text"),
        ("2.4 It ends in a full stop.", 10, 3, "heading"),
    ],
)
def test_bolder_type_makes_a_heading(text: str, size: float, weight: float, label: str) -> None:
    assert headings.label([set_in(text, size, weight)], NORMAL, has_breaks=False) == label


@pytest.mark.parametrize(
    ("text", "size", "weight", "label"),
    [
        (of(9), 16.9, 2, "text"),
        (of(8), 14, 2, "heading"),  # that few may be of one width by chance
        (of(9), 17, 2, "title"),
        (of(20), 10, 3, "heading"),
        (of(25, "2.4 W"), 12.2, 2, "heading"),
        (of(25, "2.4 W"), 12.1, 2, "text"),
    ],
)
@UNITS
def test_typed_letters_make_no_heading_by_their_size(
    text: str, size: float, weight: float, label: str, unit: float
) -> None:
    normal = headings.Body(30, 15, 10 * unit, 2 * unit)
    some = set_in(text, size * unit, weight * unit, 15 * unit)
    assert headings.label([some], normal, has_breaks=False) == label


def test_the_first_row_tells_whether_a_heading_is_typed() -> None:
    typed, plain = set_in("What there is", 14, 2, 15), set_in("and what not", 14)
    assert headings.label([typed, plain], NORMAL, has_breaks=False) == "text"
    assert headings.label([plain, typed], NORMAL, has_breaks=False) == "heading"


@pytest.mark.parametrize(
    ("texts", "label"),
    [
        ([of(20)] * 4, "heading"),
        ([of(10)] * 4, "heading"),
        ([of(10)] * 5, "text"),
        ([of(80, "2.4 W"), of(80)], "text"),  # 161 characters with the space between
        ([of(80, "2.4 W"), of(79)], "heading"),
        ([of(80, "2.4 W"), of(79), of(79)], "heading"),
        ([of(80, "2.4 W"), of(79), of(80)], "text"),
    ],
)
def test_a_heading_is_of_a_few_rows(texts: list[str], label: str) -> None:
    rows = [set_in(text, 13) for text in texts]
    assert headings.label(rows, NORMAL, has_breaks=False) == label


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("ABC", "title"),
        ("AB", "text"),
        ("3 ABC", "title"),
        ("3 AB", "text"),
        ("Part 3", "title"),
        ("3.14", "text"),
        ("abcdefg 1234 6789 12", "title"),  # 7 letters of 20 characters
        ("abcdef7 1234 6789 12", "text"),
        ("What there is,", "text"),
        ("What there is;", "text"),
        ("- What there is", "text"),
        ("-What there is", "title"),
        ("a) What there is", "text"),
        ("„Wer ist da?", "text"),
        ("'What there is", "text"),
    ],
)
def test_no_type_makes_a_heading_of_what_reads_like_none(text: str, label: str) -> None:
    assert headings.label([set_in(text, 20, 5)], NORMAL, has_breaks=False) == label


@pytest.mark.parametrize(
    ("parts", "label"),
    [
        (["5.3", "What there is"], "title"),
        (["What there is", "and what not"], "text"),
        (["5.3", "What there is", "and what not"], "text"),
        (["5.3 What", "there is of it"], "text"),
    ],
)
def test_only_a_number_stands_far_before_a_heading(parts: list[str], label: str) -> None:
    some = [line(text, 200 + 400 * n, 300, TITLE) for n, text in enumerate(parts)]
    assert headings.label([row(*some)], NORMAL, has_breaks=False) == label


@pytest.mark.parametrize(
    ("height", "advance", "text", "label"),
    [
        (170, 15, "What there is", "title"),
        (169, 15, "What there is", "heading"),
        (128, 15, "What there is", "heading"),
        (127, 15, "What there is", "text"),
        (128, 15, "What there is.", "heading"),
        (107, 18.75, "What there is", "heading"),
        (107, 18.5, "What there is", "text"),
        (103, 18.75, "What there is", "text"),  # as high as others
        (107, 18.75, "What there is.", "text"),
        (107, 18.75, "What there is:", "text"),
    ],
)
def test_where_type_was_not_measured_the_boxes_tell(
    height: float, advance: float, text: str, label: str
) -> None:
    def labelled(breaks: bool, normal: headings.Body, face: Typeface) -> str:
        some = row(line(text, 200, 300, face, width=advance * len(text), height=height))
        return headings.label([some], normal, has_breaks=breaks)

    assert labelled(False, headings.Body(100, 15), Typeface()) == label
    assert labelled(False, headings.Body(100, 15, 10, 2), Typeface()) == label
    assert labelled(False, headings.Body(100, 15), Typeface(30, 9)) == label
    with_breaks = "text" if height < 128 else label  # an address, a poem
    assert labelled(True, headings.Body(100, 15), Typeface()) == with_breaks


def test_a_row_that_was_not_measured_leaves_it_to_the_boxes() -> None:
    rows = [set_in("What there is", 20), set_in("and what is not", 0)]
    assert headings.label(rows, NORMAL, has_breaks=False) == "text"
    assert headings.label(rows[:1], NORMAL, has_breaks=False) == "title"


@pytest.mark.parametrize(
    ("characters", "face", "apart", "clearly"),
    [
        (17, Typeface(12.2, 2), True, False),
        (17, Typeface(12.1, 2), False, False),
        (16, Typeface(14, 2), True, False),
        (16, Typeface(13.9, 2), False, False),
        (17, Typeface(17, 2, 15), True, False),
        (17, Typeface(16.9, 2, 15), False, False),  # letters of one width are larger
        (17, Typeface(10.8, 3), True, True),
        (17, Typeface(10.7, 3), True, False),
        (17, Typeface(10.8, 2), False, False),
        (17, Typeface(0, 9), False, False),
    ],
)
@UNITS
def test_a_row_is_set_apart_by_its_size_or_its_weight_and_clearly_by_both(
    characters: int, face: Typeface, apart: bool, clearly: bool, unit: float
) -> None:
    some = set_in(of(characters), face.size * unit, face.weight * unit, face.pitch * unit)
    normal = headings.Body(30, 15, 10 * unit, 2 * unit)
    assert headings.is_set_apart(some, normal) == apart
    assert headings.is_clearly_set_apart(some, normal) == clearly
    assert not headings.is_set_apart(some, UNMEASURED)
    assert not headings.is_clearly_set_apart(some, UNMEASURED)


@pytest.mark.parametrize(
    ("size", "weight", "bold"),
    [(10, 2.44, True), (10, 2.4, False), (20, 3.67, True), (20, 3.6, False), (5, 2.4, False)],
)
@UNITS
def test_type_is_bold_for_its_size(size: float, weight: float, bold: bool, unit: float) -> None:
    some = set_in(of(20), size * unit, weight * unit)
    assert headings.is_bold(some, headings.Body(30, 15, 10 * unit, 2 * unit)) == bold
    assert not headings.is_bold(some, headings.Body(30, 15, 10, 0))
    assert not headings.is_bold(some, headings.Body(30, 15, 0, 2))


@pytest.mark.parametrize(
    ("first", "second", "bold"),
    [
        ((3, "What there"), (3, "is to see"), True),
        ((3, "What there"), (2, "is to see"), False),
        ((2, "What there"), (3, "is to see"), False),
        ((2, "5.3"), (3, "What there is"), True),  # figures do not tell
        ((2, "5.3"), (3, "12.50 9.75"), False),
        ((3, "5.3"), (3, "12.50 9.75"), True),
    ],
)
def test_a_row_is_bold_where_all_its_words_are(
    first: tuple[float, str], second: tuple[float, str], bold: bool
) -> None:
    some = [
        line(text, 200 + 300 * n, 300, Typeface(10, weight))
        for n, (weight, text) in enumerate((first, second))
    ]
    assert headings.is_bold(row(*some), NORMAL) == bold


@pytest.mark.parametrize(
    ("text", "size", "only"),
    [(of(20), 12.1, True), (of(20), 12.2, False), (of(20, "2.4 W"), 12.1, False)],
)
def test_a_bold_heading_of_the_texts_size_is_only_bold(text: str, size: float, only: bool) -> None:
    assert headings.is_only_bold([set_in(text, size, 3)], NORMAL) == only
    rows = [set_in(text, size, 3), set_in("2.4 goes on", size, 3)]
    assert headings.is_only_bold(rows, NORMAL) == only
    assert not headings.is_only_bold([set_in(text, size, 3)], UNMEASURED)


@pytest.mark.parametrize(
    ("text", "size", "larger"),
    [(of(20), 12.2, True), (of(20), 12.1, False), (of(20, "2.4 W"), 20, False)],
)
@UNITS
def test_a_first_heading_is_larger_than_the_others(
    text: str, size: float, larger: bool, unit: float
) -> None:
    sizes: list[list[float]] = [[10], [10, 9], [0]]
    others = [[set_in(of(20), other * unit) for other in some] for some in sizes]
    first = set_in(text, size * unit)
    assert headings.is_larger([first], others) == larger
    assert headings.is_larger([first, set_in("2.4 goes on", size * unit)], others) == larger
    assert not headings.is_larger([first], others[2:])
    assert not headings.is_larger([first], [])


@pytest.mark.parametrize(
    ("text", "count"),
    [("2.1 What", 2), ("A.3.2 What", 3), ("1.2.3.4. What", 4), ("2 What", 0), ("2.1", 0), ("x", 0)],
)
def test_the_parts_of_a_headings_number_are_counted(text: str, count: int) -> None:
    assert headings.parts(text) == count


def test_the_type_of_most_characters_is_the_texts() -> None:
    rows = [
        row(line("x" * 40, 200, 300, Typeface(10, 2), width=400, height=30)),
        row(line("x" * 29, 200, 340, Typeface(20, 5), width=580, height=60)),
        row(line("x" * 10, 200, 400, Typeface(5, 1), width=50, height=20)),
    ]
    assert headings.body(rows) == headings.Body(30, 10, 10, 2)
    # Half of them are enough.
    assert headings.body(rows[:1] + rows[1:] + [rows[1]]).size == 20
    assert headings.body([*rows[:1], row(line("x" * 40, 200, 400, Typeface(20, 5)))]).size == 10
    assert headings.body([*rows, row(line("y" * 400, 200, 400, Typeface()))]).size == 10
    assert headings.body([]) == headings.Body(1, 0.1)


def page(
    text: Sequence[tuple[int, float]],
    drawing: Sequence[tuple[int, float]],
    small: float = 9.9,
    unit: float = 1,
) -> list[Row]:
    """Return rows of the text, of type 12.2 high, and of a drawing, as characters and width."""
    face = Typeface(12.2 * unit, 2)
    wide = [
        row(line("x" * count, 200, 300 + 40 * n, face, width=width))
        for n, (count, width) in enumerate(text)
    ]
    face = Typeface(small * unit, 1)
    return wide + [
        row(line("y" * count, 300, 900 + 30 * n, face, width=width, height=20))
        for n, (count, width) in enumerate(drawing)
    ]


TEXT, DRAWING = [(50, 1000)] * 3, [(40, 500)] * 5


@pytest.mark.parametrize(
    ("rows", "aside"),
    [
        (page(TEXT, DRAWING), True),
        (page([(50, 1000), (50, 601), (50, 601)], DRAWING[:1] + [(40, 300)] * 4), True),
        (page([(50, 1000), (50, 600), (50, 600)], [(40, 300)] * 5), False),
        (page([(50, 1000), (50, 1000), (49, 1000)], DRAWING), False),  # too little text to know
        (page([(75, 1000), (75, 1000)], DRAWING), False),
        (page(TEXT, DRAWING, 10), False),  # no smaller type than the text's
        (page(TEXT, DRAWING, 0), False),
        (page(TEXT, [(40, 501)] * 5), False),  # a column of its own
        (page(TEXT, [(16, 400)] * 12), False),  # words that stand alone
        (page(TEXT, [(17, 400)] * 12), True),
        (page(TEXT, [(50, 500)] * 3), False),  # no more than the text
        (page(TEXT, [(50, 500)] * 2 + [(51, 500)]), True),
    ],
)
def test_the_letters_of_a_drawing_are_none_of_the_text(rows: list[Row], aside: bool) -> None:
    normal = headings.body(rows)
    assert (normal.height == 30) == aside
    if headings.size_of(rows[-1]):
        assert (normal.size == 12.2) == aside


def test_the_letters_of_a_drawing_are_told_by_how_they_compare_with_the_texts() -> None:
    assert headings.body(page(TEXT, DRAWING, unit=1 / 128)).size == 12.2 / 128


def test_what_runs_up_a_drawing_does_not_make_it_wide() -> None:
    upright = line("The height of it all", 1150, 900, Typeface(9.9, 1), width=20, height=300)
    axis = Row((Piece(upright, page_box(upright)),), 1)
    assert headings.body([*page(TEXT, DRAWING), axis]).size == 12.2
    level = row(line("The height of it all", 1150, 900, Typeface(9.9, 1), width=20, height=20))
    assert headings.body([*page(TEXT, DRAWING), level]).size == 9.9


def test_tables_and_program_text_are_none_of_the_text() -> None:
    (piece,) = set_in("x" * 400, 20).pieces
    whole = Row((replace(piece, whole=Listing("x" * 400, ())),), 0)
    assert headings.body([whole, set_in(of(20), 10)]).size == 10
    assert headings.body([whole]).size == 20
    assert headings.body([whole, *page(TEXT, DRAWING[:1])]).size == 12.2


def test_the_size_of_a_row_is_that_of_most_of_its_letters() -> None:
    some = [
        line("x" * 10, 200, 300, Typeface(10, 2)),
        line("x" * 11, 500, 300, Typeface(12, 2)),
        line("x" * 50, 900, 300, Typeface(0, 2)),
    ]
    assert headings.size_of(row(*some)) == 12
    assert headings.size_of(row(*some[:1], *some[2:])) == 10
    assert headings.size_of(row(some[2])) == 0
    parts = line("abcd", 200, 300, width=80), line("ef", 400, 300, width=40)
    assert headings.advance(row(*parts)) == 20
    assert headings.advance(row(line("a", 200, 300, width=40))) == 40
