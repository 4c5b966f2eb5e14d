"""How program text is written down: indents, gaps, empty rows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocrd.job import Typeface
from ocrd.layout import codes
from ocrd.layout.sheet import Listing, Sheet
from tests.unit.layout.listings import FIRST, LAST, OTHER, Part, listings, typed
from tests.unit.printed import HEIGHT, TYPED, WIDTH, line


def test_program_text_is_indented_by_its_own_letters() -> None:
    some = [typed("if a == b:"), typed("call(a);", 290), typed("call(b);", 350), typed("end if;")]
    assert listings(*some) == ["if a == b:\n    call(a);\n        call(b);\nend if;"]
    assert listings(*some[1:3]) == ["call(a);\n    call(b);"]


def test_rows_that_begin_askew_are_set_to_whole_letters() -> None:
    starts = (("if a == b:", 233), ("call(a);", 287), ("call(b);", 292), ("end if;", 230))
    some = [typed(text, x) for text, x in starts]
    assert listings(*some) == ["if a == b:\n    call(a);\n    call(b);\nend if;"]


def test_the_leftmost_row_begins_a_program_though_others_fit_its_letters_better() -> None:
    inner = [typed(f"call({name});", 290) for name in "abc"]
    (found,) = listings(typed("if a == b:", 224), *inner)
    assert found == "if a == b:\n    call(a);\n    call(b);\n    call(c);"
    starts = (("if a == b:", 230), ("call(a);", 245), ("call(b);", 260), ("call(c);", 296))
    (found,) = listings(*(typed(text, x) for text, x in starts))
    assert found == "if a == b:\n call(a);\n  call(b);\n    call(c);"


def test_remarks_beside_a_program_are_not_its_margin() -> None:
    some = [[*typed(f"a = {n};"), *typed("# note", 530)] for n in (1, 2)]
    gap = " " * 14
    assert listings(*some) == [f"a = 1;{gap}# note\na = 2;{gap}# note"]


def test_parts_of_a_row_stand_as_far_apart_as_they_did() -> None:
    far: list[Part] = [*typed("a = b;"), *typed("# note", 230 + 20 * 15)]
    assert listings(far, LAST) == ["a = b;" + " " * 14 + "# note\nLast = {2: two};"]
    near: list[Part] = [*typed("a = b; c = d;"), *typed("# note", 230 + 13 * 15)]
    assert listings(near, LAST) == ["a = b; c = d; # note\nLast = {2: two};"]


def test_a_part_far_off_is_not_put_behind_more_than_two_hundred_spaces() -> None:
    narrow = Typeface(4, 1, 5)
    some = [
        *(line("ab = {b: c};", 10, y, narrow, width=60, height=10) for y in (600, 613)),
        line("# note", 1300, 613, narrow, width=30, height=10),
        line("Text " * 30, 10, 300, OTHER),
    ]
    _, found = codes.gathered(Sheet.of(some, WIDTH, HEIGHT).pieces)
    assert isinstance(found.whole, Listing)
    assert found.line == some[0]
    assert found.whole.text == "ab = {b: c};\nab = {b: c};" + " " * 200 + "# note"


@pytest.mark.parametrize(("below", "empty"), [(64, False), (65, True)])
def test_an_empty_row_is_kept_as_one(below: float, empty: bool) -> None:
    (found,) = listings(FIRST, FIRST, LAST, tops=[600, 640, 640 + below])
    assert found.split("\n").count("") == empty


words = st.sampled_from(["a = b;", "}", "call(a, b, c);", "Usage", "words that read like any text"])
faces = st.sampled_from([TYPED, OTHER, Typeface(14, 4, 15)])
places = st.integers(0, 40).map(lambda x: 200.0 + 15 * x)
some_rows = st.lists(st.tuples(places, words, faces).map(lambda part: [part]), max_size=8)


@settings(max_examples=50, deadline=None)
@given(some_rows)
def test_every_line_is_in_one_place_once(some: list[list[Part]]) -> None:
    found = listings(*some)
    typed_words = [text for row in some for _, text, *_ in row]
    for row in "\n".join(found).split("\n"):
        assert not row or row.strip() in typed_words
