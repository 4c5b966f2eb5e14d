"""Pages to Markdown and text."""

import io
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from ocrd.job import Block, Doubt, PageRead, PageStatus
from ocrd.sidecar import json
from ocrd.sidecar import text as sidecar
from ocrd.sidecar.header import yaml_header
from tests.unit.sidecar.written import DOCUMENT, gfm, markdown_of, text_of, texts

PAGES = (
    PageRead(
        1,
        PageStatus.READ,
        (
            Block("title", "The Harbour"),
            Block("text", "A word\nand 2 * 3 = 6."),
            Block("heading", "Lists"),
            Block("list", "• one"),
            Block("list", "2. two"),
            Block("list", "☒ three"),
            Block("list", "☐ [four]"),
            Block("code", "a = ```b"),
        ),
    ),
    PageRead(2, PageStatus.FAILED, warnings=("The engine <gave> up.",), code="page"),
    PageRead(3, PageStatus.BLANK),
)
MARKDOWN = """\
<!-- page 1 -->

# The Harbour

A word\x20\x20
and 2 \\* 3 = 6.

## Lists

- one
2. two
- [x] three
- [ ] [four]

````
a = ```b
````

<!-- page 2 -->

> **Page 2 could not be read.** The engine &lt;gave> up.

<!-- page 3 -->

<!-- blank -->
"""
TEXT = """\
<!-- page 1 -->

The Harbour

A word
and 2 * 3 = 6.

Lists

• one

2. two

☒ three

☐ [four]

a = ```b

<!-- page 2 -->

[Page 2 could not be read. The engine <gave> up.]

<!-- page 3 -->
"""
FRONT_MATTER = """\
---
source: "scan.pdf"
sha256: "12e45"
pages: 3
engine: "rapidocr"
model: "PP-OCRv6 small"
mode: "markdown"
seconds: 12.3
state: "done"
confidence: null
least: null
doubtful: []
failed: []
warnings: []
---

"""


def test_markdown_of_a_document() -> None:
    assert markdown_of(*PAGES) == MARKDOWN


def test_text_of_a_document() -> None:
    out = io.BytesIO()
    sidecar.write_text(out, DOCUMENT, PAGES)
    assert out.getvalue().decode() == TEXT


def test_front_matter_comes_first_when_asked_for() -> None:
    assert markdown_of(*PAGES, front_matter=True) == FRONT_MATTER + MARKDOWN


def test_without_page_marks_there_is_text_only() -> None:
    read = MARKDOWN.partition("\n<!-- page 2")[0].removeprefix("<!-- page 1 -->\n\n")
    assert markdown_of(PAGES[0], PAGES[2], page_marks=False) == read


def test_a_page_without_text_says_so() -> None:
    page = PageRead(1, PageStatus.READ)
    assert markdown_of(page) == "<!-- page 1 -->\n\n<!-- no text -->\n"


@given(st.text(st.characters()), st.lists(st.text(st.characters()), max_size=2))
@example("a: b # c", ["'", '"', "\\"])
@example("\u0085\u2028\x7f\ud800\U0001f600\ufeff", [])
def test_front_matter_is_yaml_of_the_same_values(name: str, warnings: list[str]) -> None:
    document = replace(DOCUMENT, source_name=name, warnings=tuple(warnings))
    facts = yaml.safe_load(yaml_header(document).strip("-"))
    expected = [
        "".join("\ufffd" if "\ud800" <= char < "\ue000" else char for char in text)
        for text in (name, *warnings)
    ]
    assert [facts["source"], *facts["warnings"]] == expected
    assert (facts["sha256"], facts["pages"], facts["seconds"]) == ("12e45", 3, 12.3)


class _Nowhere(io.RawIOBase):
    """Takes everything and keeps nothing."""

    def write(self, data: object) -> int:
        return len(data)  # type: ignore[arg-type]


def test_a_book_of_ten_thousand_pages_takes_constant_memory() -> None:
    def book() -> Iterator[PageRead]:
        for number in range(1, 10_001):
            yield PageRead(number, PageStatus.READ, (Block("text", "x" * 2000),))

    for write in (sidecar.write_markdown, sidecar.write_text, json.write):
        tracemalloc.start()
        try:
            write(_Nowhere(), DOCUMENT, book())  # type: ignore[arg-type]
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 1_000_000


def test_a_page_that_cannot_be_trusted_is_noted_and_shown() -> None:
    page = PageRead(
        3, PageStatus.FAILED, (Block("text", "la la"),), warnings=("It repeats itself.",),
        code="doubtful-page",
    )  # fmt: skip
    assert markdown_of(page) == (
        "<!-- page 3 -->\n\n> **Page 3 was not read reliably.** It repeats itself.\n\nla la\n"
    )
    assert text_of(page) == "[Page 3 was not read reliably. It repeats itself.]\n\nla la"


DOUBTFUL = PageRead(
    3, PageStatus.DOUBTFUL, (Block("text", "Dear"),),
    doubts=(Doubt("runaway", "It --> ran\n<!-- on -."), Doubt("no-text", "2 lines are gone")),
)  # fmt: skip


def test_a_doubtful_page_says_so_at_its_start_whatever_the_style() -> None:
    said = "<!-- page 3 is doubtful: It –> ran <!– on -; 2 lines are gone -->\n\nDear\n"
    assert markdown_of(DOUBTFUL) == f"<!-- page 3 -->\n\n{said}"
    assert markdown_of(DOUBTFUL, page_marks=False) == said
    assert text_of(DOUBTFUL) == (
        "[Page 3 is doubtful: It --> ran <!-- on -; 2 lines are gone]\n\nDear"
    )


def test_a_doubtful_page_is_its_text_alone_where_the_doubts_are_told_elsewhere() -> None:
    assert markdown_of(DOUBTFUL, page_marks=False, remarks=False) == "Dear\n"
    assert text_of(DOUBTFUL, remarks=False) == "Dear"
    failed = PageRead(2, PageStatus.FAILED, warnings=("It is torn.",))
    assert "could not be read" in markdown_of(failed, page_marks=False, remarks=False)


def test_a_doubtful_page_without_text_has_one_note() -> None:
    page = PageRead(3, PageStatus.DOUBTFUL, doubts=(Doubt("no-text", "no text came of it"),))
    assert markdown_of(page) == (
        "<!-- page 3 -->\n\n<!-- page 3 is doubtful: no text came of it -->\n"
    )


@given(texts)
@example("-->")
@example("--!>")
@example("a--")
@example("-")
def test_no_doubt_ends_its_comment(message: str) -> None:
    page = replace(DOUBTFUL, doubts=(Doubt("runaway", message),))
    markdown = markdown_of(page, page_marks=False)
    comment, dear = markdown.rsplit("\n\n", 1)
    assert dear == "Dear\n"
    inside = comment.removeprefix("<!--").removesuffix("-->")
    assert "--" not in inside and "\n" not in inside and not inside.endswith("-")
    assert gfm.render(markdown).endswith("-->\n<p>Dear</p>\n")


def test_front_matter_tells_the_state_and_the_pages() -> None:
    document = replace(DOCUMENT, state="partial", doubtful=(2, 3), failed=(3,))
    facts = yaml.safe_load(yaml_header(document).strip("-"))
    assert (facts["state"], facts["doubtful"], facts["failed"]) == ("partial", [2, 3], [3])


def test_front_matter_tells_how_sure_the_engine_is() -> None:
    document = replace(DOCUMENT, confidence=0.9731, least=0.0004)
    facts = yaml.safe_load(yaml_header(document).strip("-"))
    assert (facts["confidence"], facts["least"]) == (0.9731, 0.0004)
