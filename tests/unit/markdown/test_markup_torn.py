"""A model's text that is not in the form: tokens missing or cut off, labels that nobody knows."""

import pytest

from ocrd.markdown import markup
from ocrd.tasks import Task
from tests.unit.markdown.grounded import BOX, EOS, MARKDOWN, read, region, seen


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<|ref|>text<|/ref|>a", [("text", "a", 0)]),
        ("<|ref|>title<|/ref|>\na", [("title", "a", 0)]),
        ("<|ref|>title<|/ref|>", []),
        (f"<|det|>{BOX}<|/det|>a", [("text", "a", 1)]),
        ("<|ref|>image<|/ref|><table><td>a", [("table", "a", 0)]),
        ("<|ref|>ti<|grounding|>tle<|/ref|>a", [("title", "a", 0)]),
        (f"<|ref|>title<|det|>{BOX}<|/det|>a", [("title", "a", 1)]),
        (f"<|ref|>title<|/ref|><|det|>{BOX}a", [("title", "a", 1)]),
        (f"<|ref|>title<|/ref|><|det|>{BOX}<|/det|>a<|det|>{BOX}<|/det|>b",
         [("title", "a", 1), ("text", "b", 1)]),
        (f"<|ref|>title<|/ref|><|det|>{BOX}<|/det|> <|det|>{BOX}<|/det|>b", [("title", "b", 2)]),
        ("<|ref|>title<|/ref|><|det|>5 apples<|/det|>b", [("title", "5 applesb", 0)]),
        ("<|ref|>title<|/ref|><|det|>1998", [("title", "1998", 0)]),
        (f"<|ref|>title<|/ref|><|det|> \n{BOX}a", [("title", "a", 1)]),
    ],
)  # fmt: skip
def test_regions_are_told_though_tokens_are_missing(
    text: str, expected: list[tuple[str, str, int]]
) -> None:
    assert seen(text) == expected
    assert markup.blocks(text, 999, 999, MARKDOWN)[1] == []


@pytest.mark.parametrize(
    ("text", "expected", "warnings"),
    [
        (f"title{BOX}a", [("title", "a", 1)], 0),
        (f" \ttitle {BOX}a", [("title", "a", 1)], 0),
        ("title[ [1, 2, 3, 4] ]a", [("title", "a", 1)], 0),
        (f"title\n{BOX}a", [("text", f"title\n{BOX}a", 0)], 0),
        (f"text[[a]]\ntitle{BOX}b", [("text", "text[[a]]", 0), ("title", "b", 1)], 0),
        (f"table_caption{BOX}a", [("caption", "a", 1)], 0),
        (f"title{BOX}\n5 apples", [("title", "5 apples", 1)], 0),
        ("a\ntext[[1, 2", [("text", "a", 0)], 1),
        ("a\ntext[[", [("text", "a", 0)], 0),
        ("a\ntext[[1, 2]]", [("text", "a", 0)], 1),
        ("a\ntext[[1, 2]] b", [("text", "a\ntext[[1, 2]] b", 0)], 0),
        (f"a\ntext{BOX}", [("text", "a", 0), ("text", "", 1)], 0),
    ],
)
def test_a_label_before_a_box_or_before_the_end_of_a_text_cut_off_begins_a_region(
    text: str, expected: list[tuple[str, str, int]], warnings: int
) -> None:
    assert seen(text) == expected
    assert len(markup.blocks(text, 999, 999, MARKDOWN)[1]) == warnings


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # The label may stand with the places.
        (f"<|det|>title {BOX}<|/det|>a<|det|>image [1, 2, 3, 4]<|/det|>\n<|det|>text{BOX}<|/det|>b",
         [("title", "a", 1), ("figure", "", 1), ("text", "b", 1)]),
        (f"<|ref|>table_caption<|/ref|><|det|>text {BOX}<|/det|>a", [("caption", "a", 1)]),
        # Places cut off, torn, without an end; a token cut off right behind them.
        (f"<|ref|>image<|/ref|><|det|>{BOX}<", [("figure", "", 1)]),
        (f"<|ref|>text<|/ref|><|det|> {BOX}<|/det|>\na", [("text", "a", 1)]),
        (f"<|ref|>text<|/ref|><|det|>{BOX}<|/det|>a <", [("text", "a <", 1)]),
        ("<|ref|>equation<|/ref|><|det|>[0.5, 0.5] \n\n<|ref|>text<|/ref|>a", [("text", "a", 0)]),
        ("<|ref|>text<|/ref|><|det|>[[1, 2 W1x]]<|/det|>a", [("text", "[[1, 2 W1x]]a", 0)]),
        # Captions and tables without a word.
        (f"<|ref|>table_caption<|/ref|><|det|>{BOX}<|/det|>\n \n\n"
         f"<|ref|>table<|/ref|><|det|>{BOX}<|/det|>\n<table><tr><td>a</td></tr></table>",
         [("caption", "", 1), ("table", "a", 1)]),
        # A figure that a model says again and again.
        (f"<|ref|>image<|/ref|><|det|>{BOX}<|/det|>\n" * 5, [("figure", "", 1)]),
        ("", []),
        (" \n", []),
        (EOS, []),
        ("<|ref|><|/ref|><|det|><|/det|>", []),
        ("<|ref|>text<|/ref|><|det|>[[]]<|/det|>", []),
    ],
)  # fmt: skip
def test_what_models_were_seen_to_write(text: str, expected: list[tuple[str, str, int]]) -> None:
    assert seen(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"title{BOX}\na\n\naside_text{BOX}\nb", [("title", "a", 1), ("text", "b", 1)]),
        (f"\n text{BOX}\na\nside_note_box{BOX}\nb", [("text", "a", 1), ("text", "b", 1)]),
        (f"text{BOX}\na\narray{BOX}\nb", [("text", f"a\narray{BOX}\nb", 1)]),
        (f"a\naside_text{BOX}\nb", [("text", f"a\naside_text{BOX}\nb", 0)]),
    ],
)
def test_unknown_labels_without_tokens_count_on_a_page_that_begins_with_a_region(
    text: str, expected: list[tuple[str, str, int]]
) -> None:
    assert seen(text) == expected


@pytest.mark.parametrize(
    ("text", "kept"),
    [("a<", "a<"), ("a<|", "a"), ("a<|r", "a"), ("a<|/det|", "a"), ("a<｜", "a"), ("a|>", "a|>"),
     ("a<|det", "a"), ("a<|dot", "a<|dot")],
)  # fmt: skip
def test_a_token_that_the_end_of_the_text_cuts_off_is_no_text(text: str, kept: str) -> None:
    assert seen(text) == [("text", kept, 0)]


def test_text_before_the_first_region_is_a_block() -> None:
    found = read("Before.\n" + region("text", "[[1, 2, 3, 4]]", "After."))
    assert [(block.text, len(block.boxes)) for block in found] == [("Before.", 0), ("After.", 1)]


def test_words_where_the_label_would_be_are_text() -> None:
    """This is how a page reads that is read line by line."""
    text = region("First line,", "[[1, 2, 3, 4]]") + region("second", "[[1, 5, 3, 9]]")
    assert [(block.label, block.text, len(block.boxes)) for block in read(text)] == [
        ("text", "First line,", 1), ("text", "second", 1),
    ]  # fmt: skip


def test_a_label_that_nobody_knows_is_no_word_of_the_page() -> None:
    (block,) = read(region("aside_text", "[[1, 2, 3, 4]]", "Words."))
    assert (block.label, block.text) == ("text", "Words.")


def test_a_label_in_running_text_is_a_word() -> None:
    text = "We see table[[1,2,3,4]] here\nand text[[a]]\nand\nfootnotes[[1,2,3,4]]"
    assert [block.text for block in read(text)] == [text]


def test_the_bare_form_is_text_where_the_full_one_is_used() -> None:
    found = read(region("text", "[[1, 2, 3, 4]]", "text[[5,6,7,8]]"))
    assert [block.text for block in found] == ["text[[5,6,7,8]]"]


def test_text_without_places_comes_apart_by_its_markdown() -> None:
    text = f"# Title\n\nA *line*.\n\n\n\n- entry{EOS}"
    assert [(block.label, block.text, block.boxes) for block in read(text, Task("text"))] == [
        ("title", "Title", ()), ("text", "A *line*.", ()), ("list", "- entry", ()),
    ]  # fmt: skip


def test_special_tokens_are_no_text() -> None:
    text = f"<|grounding|>a<｜▁pad▁｜><|User|>b{EOS}<|/d"
    assert [block.text for block in read(text)] == ["ab"]
    assert [block.text for block in read("a <|im_start|> b")] == ["a <|im_start|> b"]
