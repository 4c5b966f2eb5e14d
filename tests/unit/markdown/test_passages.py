"""A model's Markdown to blocks."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocrd.job import Cell
from ocrd.markdown import passages

PIECES = [
    "# ", "## ", "- ", "1. ", "  - ", "```\n", "~~~\n", "```python\n", "```markdown\n", "```",
    "\\[", "\\]", "$$", "<table>", "<tr>", "<td>", "</td>", "</table>", "---\n", "<center>",
    "</center>",
    "\n", "\n\n", " ", "\t", "#", "*", "|",
]  # fmt: skip


def blocks_of(text: str) -> list[tuple[str, str]]:
    return [(block.label, block.text) for block in passages.split(text)]


def test_markdown_comes_apart_by_what_it_says() -> None:
    text = """\
# Title
## Part one
### Deeper
First line
second line

- one
  goes on
  - two
3) three
```python
x = [1]

# no heading
```
\\[ a
+ b \\],
and \\(c\\) more \\[ d \\] here
<table><caption>T</caption><tr><td>1</td><td>2</td></tr></table> after
---
#5 is no heading
"""
    assert blocks_of(text) == [
        ("title", "Title"),
        ("heading", "Part one"),
        ("heading", "Deeper"),
        ("text", "First line\nsecond line"),
        ("list", "- one\ngoes on"),
        ("list", "  - two"),
        ("list", "3) three"),
        ("code", "x = [1]\n\n# no heading"),
        ("equation", "a\n+ b,"),
        ("text", "and \\(c\\) more \\[ d \\] here"),
        ("caption", "T"),
        ("table", "1\t2"),
        ("text", "after"),
        ("text", "#5 is no heading"),
    ]


def test_hashes_are_signs_where_there_are_no_headings() -> None:
    found = passages.split("# One\n## two\n\n- # three", headings=False)
    assert [(block.label, block.text) for block in found] == [
        ("text", "# One\n## two"), ("list", "- # three"),
    ]  # fmt: skip


def test_entries_that_ran_together_are_parted() -> None:
    assert blocks_of("- one thing- Another\n  - third- Fourth\n\none thing- Another") == [
        ("list", "- one thing"), ("list", "- Another"),
        ("list", "  - third"), ("list", "  - Fourth"), ("text", "one thing- Another"),
    ]  # fmt: skip


def test_only_code_is_plain() -> None:
    found = {block.label: block.rich for block in passages.split("a\n\n```\nb\n```\n\n- c")}
    assert found == {"text": True, "code": False, "list": True}


def test_tables_keep_their_cells() -> None:
    (table,) = passages.split("<table><tr><th>a</th><td rowspan=1>b</td></tr></table>")
    assert table.table == ((Cell("a", header=True), Cell("b")),)


def test_a_fence_around_markdown_is_no_code() -> None:
    assert blocks_of("```markdown\n# A\n\n```\nb\n") == [("title", "A"), ("text", "b")]


def test_what_is_cut_off_is_kept() -> None:
    assert blocks_of("```\nx") == [("code", "x")]
    assert blocks_of("\\[ a") == [("equation", "a")]
    assert blocks_of("\\[ a\n\ntext \\[ b \\]") == [("equation", "a"), ("text", "text \\[ b \\]")]
    assert blocks_of("$$ a") == [("text", "$$ a")]
    assert blocks_of("<table><tr><td>a") == [("table", "a")]
    assert blocks_of("<table>only words") == [("caption", "only words")]


def test_centering_is_unwrapped() -> None:
    assert blocks_of("<center>Figure 1</center>") == [("text", "Figure 1")]


@pytest.mark.parametrize(
    ("text", "tex"),
    [
        ("\\[ a \\]", "a"),
        ("$$a$$", "a"),
        ("\\(a\\)", "a"),
        ("$a$", "a"),
        ("a", "a"),
        ("\\(a\\) + \\(b\\)", "\\(a\\) + \\(b\\)"),
        ("$a$ + $b$", "$a$ + $b$"),
        ("\\[", "\\["),
    ],
)
def test_delimiters_go_where_they_enclose_it_all(text: str, tex: str) -> None:
    assert passages.tex_of(text) == tex


@given(st.lists(st.sampled_from(PIECES) | st.integers(100, 999).map("w{} ".format), max_size=30))
def test_no_words_are_lost_or_doubled(pieces: list[str]) -> None:
    # A word right behind a fence is the name of a language.
    text = re.sub(r"([`~]{3,}) ?(?=w\d)", r"\1\n", "".join(pieces))
    kept = " ".join(block.text for block in passages.split(text))
    assert sorted(re.findall(r"w\d+", kept)) == sorted(re.findall(r"w\d+", text))


@given(st.text(max_size=80))
def test_any_text_makes_blocks_that_are_not_empty(text: str) -> None:
    assert all(block.text.strip() for block in passages.split(text))


@pytest.mark.parametrize(
    "piece",
    ["\\[\n", "$$\n", "```\n", "<table>", "- \n", " ", "\n", "$$a ", "<table></table>",
     "```a\n<table>", "\\[\n\n", "\n "],
)  # fmt: skip
def test_time_grows_with_the_length_only(piece: str) -> None:
    """A quadratic step would take minutes for this many."""
    started = time.process_time()
    passages.split(piece * (60_000 // len(piece)))
    assert time.process_time() - started < 10
