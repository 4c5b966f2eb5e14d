"""Which rows are headings, told by their size, their weight and their words."""

import pytest

from ocrd.job import Typeface
from ocrd.layout import headings
from tests.unit.layout.headingrows import TITLE, of, row, set_in
from tests.unit.printed import line

# Below, the text's type is 10 high and its strokes 2 broad, its lines 30 high, its letters 15 wide.
NORMAL = headings.Body(30, 15, 10, 2)
UNMEASURED = headings.Body(30, 15)

# All of it is told by how types compare: the same in another unit is the same.
UNITS = pytest.mark.parametrize("unit", [1, 1 / 128])


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
        ("Name: ____", "text"),
        ("-help (-h) Print the help", "text"),
        ("--verbose", "text"),
        ("-V, --version", "text"),
        ("What_there_is", "title"),
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
    assert headings.is_larger([first], others, NORMAL) == larger
    assert headings.is_larger(
        [first, set_in("2.4 goes on", size * unit)], others, NORMAL
    ) == larger
    assert not headings.is_larger([first], others[2:], NORMAL)
    assert not headings.is_larger([first], [], NORMAL)


@pytest.mark.parametrize(
    ("text", "count"),
    [("2.1 What", 2), ("A.3.2 What", 3), ("1.2.3.4. What", 4), ("2 What", 0), ("2.1", 0), ("x", 0)],
)
def test_the_parts_of_a_headings_number_are_counted(text: str, count: int) -> None:
    assert headings.parts(text) == count


@pytest.mark.parametrize(
    ("text", "first"),
    [("2.1 What", 2), ("12. What", 12), ("3 What", 3), ("A.3 What", 0), ("1998", 0), ("What", 0)],
)
def test_the_first_number_of_a_heading_is_what_counts(text: str, first: int) -> None:
    assert headings.counts(text) == first


@pytest.mark.parametrize(
    ("text", "size", "height", "apart"),
    [
        # Digits and capitals are taller than small letters: their boxes tell.
        ("022 Umask Road", 14.3, 30, False),
        ("Marsham NR10", 14.3, 29, False),
        ("022 UMASK ROAD", 14.3, 44, True),
        ("Tolls", 15, 30, False),
        ("Tolls", 15, 42, True),
        ("What there is hx", 14.3, 30, True),
    ],
)
def test_few_letters_are_larger_if_their_boxes_are_too(
    text: str, size: float, height: float, apart: bool
) -> None:
    # A letter is 15 wide in the running text; a larger one as much wider.
    width = 15 * len(text) * (1.0 if height < 40 else height / 30)
    one = row(line(text, 200, 300, Typeface(size, 2), height=height, width=width))
    assert headings.is_set_apart(one, NORMAL) == apart
    assert headings.is_hardly_larger([one], NORMAL) == (not apart)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("M. Halloran and T. Breivik", True), ("Klara Vollmer und Jens T. Petersen", True),
        ("Edith Harmer, Paul Weir and Anna Lock", True), ("Edith Harmer1, Paul Weir2*", True),
        ("Ludwig van den Berg & Ana de la Cruz", True), ("E. Harmer", True),
        ("Edith Harmer", False), ("Timber and Stone", False), ("Sources and method", False),
        ("The keepers and their houses", False), ("4. Results", False), ("", False),
    ],
)  # fmt: skip
def test_names_of_people_are_told_by_how_they_are_written(text: str, names: bool) -> None:
    assert headings.are_names(text) == names
