"""Which regions of a page are a program, whatever its language, and which are prose."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocrd.job import Box
from ocrd.markdown import programs
from ocrd.markdown.programs import Piece
from tests.unit.markdown.languages import PROGRAMS, PROSE


def column(lines: list[str], top: int = 0, *, each: bool = True) -> list[Piece | None]:
    """Return lines as regions of a page below each other, or as one."""
    if not each:
        return [Piece("\n".join(lines), Box(0, top, 300, top + 16 * len(lines)))]
    found: list[Piece | None] = []
    for number, line in enumerate(lines):
        left = 8 * (len(line) - len(line.lstrip()))
        here = top + 16 * number
        text = line.strip()
        found.append(Piece(text, Box(left, here, left + 8 * len(text), here + 16)))
    return found


@pytest.mark.parametrize("language", PROGRAMS)
def test_a_program_in_one_region_is_one(language: str) -> None:
    pieces = column(PROGRAMS[language].split("\n"), each=False)
    assert list(programs.runs(pieces)) == [(0, 1)]


@pytest.mark.parametrize("language", PROGRAMS)
def test_a_program_of_a_region_a_line_is_one_with_its_indents(language: str) -> None:
    lines = PROGRAMS[language].split("\n")
    pieces = column(lines)
    assert list(programs.runs(pieces)) == [(0, len(lines))]
    assert programs.text([piece for piece in pieces if piece]) == PROGRAMS[language]


@pytest.mark.parametrize("line", PROSE)
def test_a_line_of_prose_is_no_program(line: str) -> None:
    assert list(programs.runs(column([line]))) == []


@given(st.permutations(PROSE))
def test_lines_of_prose_in_any_order_are_no_program(lines: list[str]) -> None:
    assert list(programs.runs(column(lines))) == []
    assert list(programs.runs(column(lines, each=False))) == []


@given(st.sampled_from(sorted(PROGRAMS)), st.lists(st.sampled_from(PROSE), min_size=1, max_size=3))
def test_prose_around_a_program_stays_outside(language: str, prose: list[str]) -> None:
    prose = ["The whole of the program is as follows.", *prose, "That was all of it, in short."]
    lines = PROGRAMS[language].split("\n")
    pieces = column(prose) + column(lines, 16 * len(prose)) + column(
        prose, 16 * (len(prose) + len(lines))
    )  # fmt: skip
    runs = list(programs.runs(pieces))
    inside = {place for start, end in runs for place in range(start, end)}
    assert set(range(len(prose), len(prose) + len(lines))) <= inside
    assert 0 not in inside
    assert not inside & {len(prose) - 1, len(pieces) - 1}


def test_a_long_paragraph_is_no_program_however_it_reads() -> None:
    assert programs.worth("x = f(1); " * 40) == programs.PROSE


@pytest.mark.parametrize(
    ("lines", "worths"),
    [
        (["x=1; # over two", "lines"], [2, 0]),
        (["x=1; # over two", "lines", "lines"], [2, 0, -1]),
        (["# over two", "x=1;"], [1, 2]),
        (["/* all", "few words here", "one */", "x=1;", "few words here"], [1, 1, 1, 2, -2]),
        (["x=1; /* a */", "few words here"], [2, 0]),
        (["'#', '//'", "few words here"], [0, -2]),
    ],
)
def test_comments_are_worth_what_stands_beside_them(lines: list[str], worths: list[int]) -> None:
    assert programs.worths(lines) == worths


@pytest.mark.parametrize(
    ("line", "worth"),
    [
        ("import sympy as sp;", 3), ("def f(x): return x", 3), ("#include <a.h>", 3),
        ("# so it is", 1), ("// so it is", 1), ("x = 5", 1), ("return x", 1), ("import os", 1),
        ("x = 5;", 2), ("x = a[1]", 2), ("x += 5", 2), ("x = f(1)", 2), ('x = "a b c"', 2),
        ("f(x)", 1), ("f(x);", 2), ('f("a b")', 2), ("f(x):", 1), ("a.f(x)", 2), ("print(x)", 2),
        ("int i;", 2), ("i++;", 2), ("std::cout << x;", 2), ("a(1) + 2;", 2), ("a + 2;", 0),
        ("if a:", 1), ("if a > 3:", 2), ("if (so) {", 2), ("if (so)", 0), ("if (and only if)", -1),
        ("else:", 0), ("}", 0),
        ("return x;", 2), ("return x + 1", 2), ("mov eax, 4", 2), ('"a": 1,', 2), ('"a": 1', 1),
        ("SELECT a FROM b", 2), ("WHERE a > 3", 1), ("cd /tmp", 2), ("<div>so it is</div>", 2),
        (".map(f)", 1), ("word", -1), ("two words", -2), ("It ends. So", -2), ("e.g. so", -2),
        ("print(ed) matter", -2), ("\\(x\\) = 1;", -2),
    ],
)  # fmt: skip
def test_what_a_line_is_worth(line: str, worth: int) -> None:
    assert programs.worth(line) == worth


@pytest.mark.parametrize(
    ("lines", "is_program"),
    [
        (["x = 5;"], False),  # a statement alone
        (["import sympy as sp;"], True),
        (["x = 5;", "y = 6;"], True),
        (["# so", "x = 5;"], True),
        (["# so", "# so", "# so"], False),
        (["x = 5", "y = 6", "z = 7"], False),
        (["x = 5;"] * 5 + ["two words"], True),  # one of six
        (["x = 5;"] * 4 + ["two words"], False),
        (["x = 5;", "y = 6;", "one", "two"], True),  # half of them
        (["x = 5;", "y = 6;", "one", "two", "three"], False),
    ],
)
def test_how_many_lines_make_a_program(lines: list[str], is_program: bool) -> None:
    assert bool(list(programs.runs(column(lines, each=False)))) is is_program


@pytest.mark.parametrize(
    ("second", "is_one"),
    [
        (Box(100, 116, 180, 132), True),
        (Box(100, 147, 180, 163), True),  # an empty line between, and not two
        (Box(100, 149, 180, 165), False),
        (Box(100, 109, 180, 125), True),
        (Box(100, 107, 180, 123), False),  # over the first
        (Box(20, 116, 99, 132), False),  # left of it
        (Box(20, 116, 100, 132), False),
        (Box(20, 116, 101, 132), True),
        (Box(243, 116, 300, 132), True),  # far indented, and another column
        (Box(245, 116, 300, 132), False),
    ],
)
def test_a_program_goes_on_below(second: Box, is_one: bool) -> None:
    pieces = [Piece("x=f(1);\ny=2;", Box(100, 84, 180, 116)), Piece("z=f(3);\nq=4;", second)]
    if second.height == 16:
        pieces[1] = Piece("z=f(3);", second)
    joined = list(programs.runs(pieces)) == [(0, 2)]
    assert joined is is_one


def test_regions_without_a_line_are_no_program_and_end_one() -> None:
    box = Box(1, 2, 3, 4)
    for empty in (Piece("", box), Piece("\n", box), Piece(" "), None):
        assert list(programs.runs([empty, empty, Piece("x = f(1);", box), empty])) == []
        pieces = [empty, *column(["x = f(1);", "y = 2;"]), empty, *column(["x = f(1);", "y = 2;"])]
        assert list(programs.runs(pieces)) == [(1, 3), (4, 6)]


def test_what_says_nothing_at_either_end_of_a_program_is_outside() -> None:
    lines = ["a_b", "x = f(1);", "a_b", "y = 2;", "a_b", "a_b"]
    assert list(programs.runs(column(lines))) == [(1, 4)]
    assert list(programs.runs(column(["{", "x = f(1);", "y = 2;", "}"]))) == [(0, 4)]


def test_indents_come_from_places_and_stay_where_there_are_none() -> None:
    lines = ["if (a) {", "b = a &lt;&amp; 1;", "}"]
    assert programs.text([Piece("\n".join(lines))]) == "if (a) {\nb = a <& 1;\n}"
    assert programs.text([Piece("\n \n  x=1;\n\n    y=2;\n", Box(5, 5, 9, 9))]) == (
        "  x=1;\n\n    y=2;"
    )


def test_places_that_are_not_exact_make_no_indents_and_gaps_of_a_line_an_empty_one() -> None:
    def line(left: float, top: float, text: str) -> Piece:
        return Piece(text, Box(left, top, left + 10 * len(text.strip()), top + 16))

    pieces = [line(10, 10, "if (a) {"), line(24, 27, "b=1;"), line(50, 43, "  c=1;"),
              line(30, 75, "d=1;"), line(90, 76, "// so"), line(10, 92, "}")]  # fmt: skip
    assert programs.text(pieces) == "if (a) {\nb=1;\n  c=1;\n\n  d=1;  // so\n}"
    beside = Piece("// so\n// it is", Box(90, 10, 160, 42))
    assert programs.text([line(10, 10, "a=1;"), beside]).startswith("a=1;  // so\n")
    # Of a region of two lines, the height of one counts.
    two = [Piece("a=1;\nb=2;", Box(10, 10, 50, 42)), line(10, 56, "c=3;")]
    assert programs.text(two) == "a=1;\nb=2;\n\nc=3;"


def test_the_box_of_a_program_is_around_all_of_it() -> None:
    boxes = [Box(5, 6, 9, 10), Box(2, 10, 7, 14)]
    assert programs.around([Piece("", box) for box in boxes]) == (Box(2, 6, 9, 14),)
    assert programs.around([Piece("x")]) == ()


@given(
    st.lists(st.text(st.sampled_from("ab1 ;=()[]{}.,#'\"/*<>-_:&|$%\\\t"), max_size=60), max_size=9)
)
def test_any_lines_have_a_worth(lines: list[str]) -> None:
    assert len(programs.worths(lines)) == len(lines)
    text = programs.text([Piece("\n".join(lines))])
    assert "".join(text.split()) == "".join("".join(lines).split())  # no sign is lost


@pytest.mark.parametrize(
    "piece",
    ["a", "a ", "a.", "a, ", "a(", "[", "'", '"', "`", "a b ", "x=", "a::", "a<b>", "->a", "{ ",
     "import a, ", "a[b]", "(a)", "#", "/*", "int a", "$a[", "f(x).", ".a", "\\"],
)  # fmt: skip
def test_time_grows_with_the_length_only(piece: str) -> None:
    """A quadratic step would take minutes for this many."""
    line = (piece * 300)[: programs.MAX_LINE]
    started = time.process_time()
    for _ in range(100):
        programs.worths([line])
    assert time.process_time() - started < 5
    many = [Piece("x = f(1);", Box(0, 16 * at, 90, 16 * at + 16)) for at in range(5000)]
    started = time.process_time()
    assert list(programs.runs(many)) == [(0, 5000)]
    assert time.process_time() - started < 5
