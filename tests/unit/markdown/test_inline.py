"""A model's Markdown inside one block to tokens."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocrd.markdown.inline import Kind, Token, decoded, joined, mates, tokens

texts = st.text(st.sampled_from("*_~`\\()[]<>/bisup ub&lt;#1\na"), max_size=60)


def kinds(text: str) -> list[tuple[str, str]]:
    return [(token.kind.name, token.text) for token in tokens(text)]


@given(texts)
def test_every_mark_has_its_mate_and_marks_nest(text: str) -> None:
    opened: list[str] = []
    for token in tokens(text):
        if token.kind is Kind.OPEN:
            opened.append(token.text)
        elif token.kind is Kind.CLOSE:
            assert opened.pop() == token.text
    assert not opened


@given(texts)
def test_words_are_never_beside_words(text: str) -> None:
    found = [token.kind for token in tokens(text)]
    assert (Kind.WORDS, Kind.WORDS) not in list(pairwise(found))


def test_a_display_is_found_before_what_is_in_its_line() -> None:
    assert kinds("\\[ a \\text{ if \\(b\\)} \\] \\(c\\)") == [
        ("DISPLAY", "a \\text{ if \\(b\\)}"), ("WORDS", " "), ("MATH", "c"),
    ]  # fmt: skip


def test_an_unclosed_delimiter_gives_way_to_the_next() -> None:
    assert kinds("\\( a \\(b\\)") == [("WORDS", "\\( a "), ("MATH", "b")]


def test_code_takes_no_marks() -> None:
    assert kinds("``a ` **b** \\(c\\)``") == [("CODE", "a ` **b** \\(c\\)")]


def test_marks_deeper_than_any_reader_follows_are_dropped() -> None:
    text = "<b><i><s><sup>" * 5 + "a" + "</sup></s></i></b>" * 5
    assert [kind for kind, _ in kinds(text)].count("OPEN") == 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("&amp;&lt;&#65;&#x42;", "&<AB"),
        ("&copy2; &nosuch; &amp", "&copy2; &nosuch; &amp"),
        ("a&#10;b&#13;c&#8232;d", "a b c d"),
    ],
)
def test_entities_are_decoded_but_make_no_lines(text: str, expected: str) -> None:
    assert decoded(text) == expected


def test_joining_leaves_no_seam_for_markup_to_hide_in() -> None:
    words = [Token(Kind.WORDS, text) for text in ("<", "", "script>")]
    assert joined(words) == [Token(Kind.WORDS, "<script>")]


def test_a_mark_without_a_mate_has_none() -> None:
    found = [Token(Kind.CLOSE, "*"), Token(Kind.OPEN, "**"), Token(Kind.OPEN, "*"),
             Token(Kind.CLOSE, "**")]  # fmt: skip
    assert mates(found) == {1: 3, 3: 1}
