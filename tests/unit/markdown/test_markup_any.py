"""Whatever a model writes: no words are lost or doubled, and nothing takes long."""

import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ocrd.job import LABELS
from ocrd.markdown import markup
from ocrd.tasks import Task
from tests.unit.markdown.grounded import EOS, MARKDOWN, page, read

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
@example(["\ntext[[1,2,3,4]]", "\ntext[[1,2,3,4]]", "<table>"], MARKDOWN)
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
