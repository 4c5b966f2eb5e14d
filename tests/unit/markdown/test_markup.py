"""Grounded output of a model to blocks."""

import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ocrd.job import LABELS, Block, Box, Cell
from ocrd.markdown import markup
from ocrd.tasks import Task

MARKDOWN = Task()
EOS = "<｜end▁of▁sentence｜>"


def region(label: str, places: str, body: str = "", *, bare: bool = False) -> str:
    if bare:
        return f"{label}{places}\n{body}\n"
    return f"<|ref|>{label}<|/ref|><|det|>{places}<|/det|>\n{body}\n"


def read(text: str, task: Task = MARKDOWN) -> list[Block]:
    return markup.blocks(text, 999, 999, task)[0]


def page(*, bare: bool) -> str:
    parts = [
        region("title", "[[100, 10, 900, 50]]", "# A title", bare=bare),
        region("text", "[[100, 60, 450, 500], [500, 60, 900, 200]]", "Two columns.", bare=bare),
        region("sub_title", "[[100, 510, 900, 520]]", "## 1. Part", bare=bare),
        region("image", "[[100, 530, 900, 600]]", bare=bare),
        region("image_caption", "[[1, 2, 3, 4]]", "<center>Figure 1</center>", bare=bare),
        region("table_caption", "[[1, 2, 3, 5]]", "<center>Table 1</center>", bare=bare),
        region("table", "[[1, 2, 3, 6]]", "<table><tr><td>a</td><td>b</td></tr></table>",
               bare=bare),
        region("table_footnote", "[[1, 2, 3, 7]]", "* p", bare=bare),
        region("equation", "[[1, 2, 3, 8]]", "\\[ x \\coloneqq y \\]", bare=bare),
        region("figure_title", "[[1, 2, 3, 9]]", "Chart", bare=bare),
    ]  # fmt: skip
    return "\n".join(parts) + EOS


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
        ("[[30, 40, 10, 20]]", [Box(10, 20, 30, 40)], []),
        ("[[-5, 1, 2000, 9]]", [Box(0, 1, 999, 9)], []),
        ("[10, 20, 30, 40]", [Box(10, 20, 30, 40)], []),
        ("[[1,2,3,4], [5,5,5,9]]", [Box(1, 2, 3, 4)], ["1 box was unusable."]),
        ("[[1,2,3,4], [5,5,9,5]]", [Box(1, 2, 3, 4)], ["1 box was unusable."]),
        ("[[1, 2, 3, 4]5", [Box(1, 2, 3, 4)], ["1 box was unusable."]),
        ("1, 2, 3, 4", [], ["1 box was unusable."]),
        (" [[1, 2, 3, 4]] ", [Box(1, 2, 3, 4)], []),
        ("[ [1, 2, 3, 4] , [5, 6, 7, 8] ]", [Box(1, 2, 3, 4), Box(5, 6, 7, 8)], []),
        ("[[1,2,3], [1,2,3,4,5], [1,2,3,4]]", [Box(1, 2, 3, 4)], ["2 boxes were unusable."]),
        ("[[1, 2, 3, 4], [5, 6,", [Box(1, 2, 3, 4)], ["1 box was unusable."]),
        (f"[[1, 2, 3, {'9' * 5000}]]", [Box(1, 2, 3, 999)], []),
        ("[[]]", [], ["1 box was unusable."]),
        ("", [], []),
    ],
)
def test_boxes_are_put_right_or_counted(places: str, boxes: list[Box], warnings: list[str]) -> None:
    found, said = markup.blocks(region("text", places, "a"), 999, 999, MARKDOWN)
    assert [(block.text, list(block.boxes)) for block in found] == [("a", boxes)]
    assert said == warnings


def test_a_region_of_several_parts_has_its_boxes_once() -> None:
    body = "One.\n\nTwo.\n- three\n\\[ four \\]"
    found = read(region("text", "[[1, 2, 3, 4]]", body))
    assert [(block.label, bool(block.boxes)) for block in found] == [
        ("text", True), ("text", False), ("list", False), ("equation", False),
    ]  # fmt: skip


def test_a_table_has_the_boxes_and_not_the_words_above_it() -> None:
    body = "<center>Table 1</center>\n<tr><td>a</td></tr>"
    found = read(region("table", "[[1, 2, 3, 4]]", body))
    assert [(block.label, bool(block.boxes)) for block in found] == [
        ("text", False), ("table", True),
    ]  # fmt: skip


def seen(text: str, task: Task = MARKDOWN) -> list[tuple[str, str, int]]:
    """Return label, text and number of boxes of each block."""
    return [(block.label, block.text, len(block.boxes)) for block in read(text, task)]


BOX = "[[1, 2, 3, 4]]"


@pytest.mark.parametrize(
    ("label", "body", "expected"),
    [
        ("text", "", [("text", "", 1)]),
        ("title", "", [("title", "", 1)]),
        ("equation", "", [("equation", "", 1)]),
        ("title", "One\n\nTwo", [("title", "One", 1), ("text", "Two", 0)]),
        ("title", "One\n\n\\[ x \\]", [("title", "One", 1), ("equation", "x", 0)]),
        ("title", "\\[ x \\]\n\nOne", [("equation", "x", 1), ("text", "One", 0)]),
        ("title", "  - one", [("title", "- one", 1)]),
        ("text", "  - one", [("list", "  - one", 1)]),
        ("text", "# One\n\nTwo", [("title", "One", 0), ("text", "Two", 1)]),
        ("text", "# One", [("title", "One", 1)]),
        ("Sub-Title", "One", [("heading", "One", 1)]),
        ("page number", "7", [("page-number", "7", 1)]),
        ("code", "\n  a\n\n# b\n", [("code", "  a\n\n# b", 1)]),
        ("code", " \n", [("code", "", 1)]),
        ("code", "```\na\n```\nb", [("code", "a", 1), ("text", "b", 0)]),
        ("table", "T\n<TABLE><tr><td>a", [("text", "T", 0), ("table", "a", 1)]),
        ("table", "T\n<TH>a", [("text", "T", 0), ("table", "a", 1)]),
        ("image", "<table><td>a</table>\nb", [("figure", "", 1), ("table", "a", 0),
                                              ("text", "b", 0)]),
        ("image", "a\n\nb", [("figure", "a", 1), ("text", "b", 0)]),
        ("First line,", "more", [("text", "First line,", 1), ("text", "more", 0)]),
        ("aside_text", "", [("text", "aside_text", 1)]),
    ],
)  # fmt: skip
def test_a_regions_first_part_or_the_one_it_is_named_for_has_its_label_and_boxes(
    label: str, body: str, expected: list[tuple[str, str, int]]
) -> None:
    assert seen(region(label, BOX, body)) == expected


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
    ("text", "kept"),
    [("a<", "a<"), ("a<|", "a"), ("a<|r", "a"), ("a<|/det|", "a"), ("a<｜", "a"), ("a|>", "a|>"),
     ("a<|det", "a"), ("a<|dot", "a<|dot")],
)  # fmt: skip
def test_a_token_that_the_end_of_the_text_cuts_off_is_no_text(text: str, kept: str) -> None:
    assert seen(text) == [("text", kept, 0)]


def test_every_block_of_a_region_is_a_models_markdown_but_code() -> None:
    """What is rich may hold Markdown and TeX."""
    text = "".join(
        region(label, BOX, body)
        for label, body in [("equation", "x"), ("image", "<table><td>a</table>"), ("title", "")]
    )
    assert all(block.rich for block in read(text))
    assert [block.rich for block in read(region("code", BOX, "a *= b"))] == [False]


def test_a_title_above_a_table_is_none_itself() -> None:
    title, table = read(region("title", BOX, "One\n\n<table><td>a</table>"))
    assert (title.label, title.text, title.table) == ("title", "One", ())
    assert (table.label, table.table) == ("table", ((Cell("a"),),))


def test_a_table_that_is_none_stays_text() -> None:
    (block,) = read(region("table", "[[1, 2, 3, 4]]", "a | b\nc | d"))
    assert (block.label, block.text, block.table) == ("table", "a | b\nc | d", ())


def test_text_in_a_figure_is_kept() -> None:
    assert [(b.label, b.text) for b in read(region("image", "[[1, 2, 3, 4]]", "Axis"))] == [
        ("figure", "Axis")
    ]
    body = "<table><tr><td>1</td></tr></table>"
    found = read(region("image", "[[1, 2, 3, 4]]", body))
    assert [(b.label, bool(b.boxes)) for b in found] == [("figure", True), ("table", False)]


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


PIECES = [
    "<|ref|>", "<|/ref|>", "<|det|>", "<|/det|>", "<|ref|>text<|/ref|>", "<|ref|>table<|/ref|>",
    "<|ref|>image<|/ref|>", "<|ref|>equation<|/ref|>", "<|ref|>title<|/ref|>",
    "<|det|>[[1, 2, 3, 4]]<|/det|>", "[[1, 2, 3, 4]]", "[[1, 2", "]]", ", 5", "[",
    "\ntext[[1,2,3,4]]",
    "\ntable[[", "title", "<table>", "<tr>", "<td>", "</td>", "</table>", "\\[", "\\]", "```\n",
    "<center>", "</center>", "# ", "- ", "\n", "\n\n", " ", EOS, "<|grounding|>", "<｜", "<|",
]  # fmt: skip
WORDS = st.integers(100, 999).map("W{}x".format)
tasks = st.sampled_from([MARKDOWN, Task("text"), Task("prompt", prompt="a")])


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES) | WORDS, max_size=25), tasks)
@example(["<|ref|>", "W100x", "<|det|>", "W101x", "[[1, 2", "<|/det|>", "W102x"], MARKDOWN)
@example(["<|det|>", "[[1, 2, 3, 4]]", "5 W100x"], MARKDOWN)
def test_no_words_are_lost_or_doubled_whatever_the_markup(pieces: list[str], task: Task) -> None:
    text = "".join(pieces)
    # A word right behind a fence is the name of a language.
    text = re.sub(r"([`~]{3,})\s*(?=W\d)", r"\1\n", text)
    kept = " ".join(block.text for block in read(text, task))
    assert sorted(re.findall(r"W\d+x", kept)) == sorted(re.findall(r"W\d+x", text))


@given(st.integers(0, 700), st.booleans())
def test_a_page_cut_off_anywhere_keeps_its_words(length: int, bare: bool) -> None:
    text = page(bare=bare)[:length]
    kept = " ".join(block.text for block in read(text))
    for word in ("Two", "columns.", "Figure", "Chart", "Part"):
        if re.search(rf"{re.escape(word)}(?=\W)", text):
            assert word in kept


@given(
    st.text() | st.lists(st.sampled_from(PIECES), max_size=30).map("".join),
    st.integers(1, 3000),
    st.integers(1, 3000),
    tasks | st.just(Task("locate", target="W1")),
)
def test_any_text_makes_sane_blocks(text: str, width: int, height: int, task: Task) -> None:
    found, warnings = markup.blocks(text, width, height, task)
    assert all(isinstance(warning, str) for warning in warnings)
    for block in found:
        assert block.label in LABELS
        assert block.text.strip() or block.boxes
        for box in block.boxes:
            assert 0 <= box.x0 < box.x1 <= width
            assert 0 <= box.y0 < box.y1 <= height


@pytest.mark.parametrize(
    "piece",
    ["<|ref|>", "<|det|>", "<|det|>[[", "<|ref|>text<|/ref|><|det|>[[1,2,3,4]]<|/det|>", "text[[",
     "\ntext[[1", "\ntext[[1,2,3,4]]", "[", "1, ", "<|", "<｜", "\n", " ", "\n ", "[[1,2,3,4],"],
)  # fmt: skip
def test_time_grows_with_the_length_only(piece: str) -> None:
    """A quadratic step would take minutes for this many."""
    for start in ("", "<|det|>[["):
        text = start + piece * (60_000 // len(piece))
        began = time.process_time()
        read(text)
        assert time.process_time() - began < 10
