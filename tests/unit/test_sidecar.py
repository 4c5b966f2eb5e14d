"""Pages to Markdown, text and JSON."""

import io
import json
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ocrd import sidecar
from ocrd.job import Block, Box, DocumentResult, PageRead, PageStatus

DOCUMENT = DocumentResult(
    source_name="scan.pdf",
    sha256="12e45",
    format="PDF",
    pages=3,
    engine="rapidocr",
    model="PP-OCRv6 small",
    mode="markdown",
    seconds=12.345,
)
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

````
a = ```b
````

<!-- page 2 -->

> **Page 2 could not be read.** The engine \\<gave> up.

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
warnings: []
---

"""

gfm = MarkdownIt("commonmark").enable(["table", "strikethrough"])
# Text as engines give it, rich in what Markdown takes for markup.
markup = st.text(st.sampled_from("#>-+*=_`~|[](){}<>!&;:\\/.01 aB\tx\n\"'$^"), max_size=60)
texts = markup | st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def markdown_of(*pages: PageRead, **options: bool) -> str:
    out = io.BytesIO()
    sidecar.write_markdown(out, DOCUMENT, pages, **options)
    return out.getvalue().decode()


def words(text: str) -> list[str]:
    """Return the words that a reader sees: Unicode's and ours white space are the same to him."""
    return "".join(char if char.isprintable() else " " for char in text).split()


def shown(markdown: str) -> list[str]:
    """Return the words that Markdown shows, failing on any markup but paragraphs."""
    found: list[str] = []
    for token in gfm.parse(markdown):
        assert token.type in {"paragraph_open", "inline", "paragraph_close"}, markdown
        for child in token.children or ():
            assert child.type in {"text", "text_special", "softbreak", "hardbreak"}, markdown
            found.append(child.content or "\n")
    return words("".join(found))


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


@given(texts)
@example("- - -")
@example("a\n===")
@example("a\n---")
@example("a|b\n-|-")
@example("1. a")
@example("[a]: b")
@example("![a](b) [a][b] [[a]]")
@example("\\<b> \\\\*x*")
@example("<!-- page 9 -->")
@example("&amp; &#35;")
@example("    code")
@example("a\\")
@example("a\\\nb")
@example("~~~\n```\n~a~")
@example("_a_ a_b_c __init__")
@example("*\u00a0a*")
def test_model_text_makes_no_markup(text: str) -> None:
    assert shown(sidecar.escape(text)) == words(text)


@given(st.lists(texts, min_size=1, max_size=4), st.sampled_from(["list", "heading", "title"]))
@example(["• [ ] a", "3) b", "- - c", "# d #"], "list")
@example(["# d #", "a ##", "#"], "heading")
def test_model_text_makes_no_markup_in_lists_and_headings(items: list[str], label: str) -> None:
    blocks = tuple(Block(label, text) for text in items)
    markdown = markdown_of(PageRead(1, PageStatus.READ, blocks), page_marks=False)
    kinds = {token.type.split("_")[0] for token in gfm.parse(markdown)}
    assert kinds <= {"bullet", "ordered", "list", "paragraph", "inline", "heading"}, markdown
    inner = [child for token in gfm.parse(markdown) for child in token.children or ()]
    assert {child.type for child in inner} <= {"text", "text_special"}, markdown
    assert all(token.level <= 3 for token in gfm.parse(markdown)), markdown


@given(texts)
def test_model_text_makes_no_page_mark(text: str) -> None:
    blocks = tuple(Block(label, text) for label in ("text", "list", "heading"))
    markdown = markdown_of(PageRead(1, PageStatus.READ, blocks))
    assert [token.type for token in gfm.parse(markdown)].count("html_block") <= 2
    assert markdown.count("\n<!-- page") == 0


@given(st.text(st.characters()), st.lists(st.text(st.characters()), max_size=2))
@example("a: b # c", ["'", '"', "\\"])
@example("\u0085\u2028\x7f\ud800\U0001f600\ufeff", [])
def test_front_matter_is_yaml_of_the_same_values(name: str, warnings: list[str]) -> None:
    document = replace(DOCUMENT, source_name=name, warnings=tuple(warnings))
    facts = yaml.safe_load(sidecar.yaml_header(document).strip("-"))
    expected = [
        "".join("\ufffd" if "\ud800" <= char < "\ue000" else char for char in text)
        for text in (name, *warnings)
    ]
    assert [facts["source"], *facts["warnings"]] == expected
    assert (facts["sha256"], facts["pages"], facts["seconds"]) == ("12e45", 3, 12.3)


def test_json_holds_every_block_with_its_boxes() -> None:
    block = Block("text", "Ärger", (Box(10, 20, 110, 40),), 0.98765)
    page = PageRead(1, PageStatus.READ, (block,), 1000, 2000, 0.36, seconds=1.23456)
    out = io.BytesIO()
    sidecar.write_json(out, DOCUMENT, [page, PAGES[1]])
    body = json.loads(out.getvalue())
    assert (body["source"], body["page_count"], len(body["pages"])) == ("scan.pdf", 3, 2)
    assert body["pages"][0]["blocks"] == [
        {
            "label": "text",
            "page": 1,
            "text": "Ärger",
            "confidence": 0.9877,
            "boxes": [{"pixels": [10, 20, 110, 40], "points": [3.6, 7.2, 39.6, 14.4]}],
        }
    ]
    assert body["pages"][1]["status"] == "failed"
    assert body["pages"][1]["warnings"] == ["The engine <gave> up."]


@pytest.mark.parametrize(
    ("rotation", "points"),
    [
        (0, [10, 20, 30, 60]),
        (90, [20, 70, 60, 90]),
        (180, [70, 140, 90, 180]),
        (270, [140, 10, 180, 30]),
    ],
)
def test_points_are_those_of_the_source_page(rotation: int, points: list[float]) -> None:
    block = Block("text", "a", (Box(10, 20, 30, 60),))
    page = PageRead(1, PageStatus.READ, (block,), 100, 200, 1.0, rotation)
    out = io.BytesIO()
    sidecar.write_json(out, DOCUMENT, [page])
    (box,) = json.loads(out.getvalue())["pages"][0]["blocks"][0]["boxes"]
    assert box == {"pixels": [10, 20, 30, 60], "points": points}


def test_a_document_without_pages_is_whole_json() -> None:
    out = io.BytesIO()
    sidecar.write_json(out, DOCUMENT, [])
    assert json.loads(out.getvalue())["pages"] == []


@given(st.text(st.characters()))
def test_any_text_can_be_written(text: str) -> None:
    page = PageRead(1, PageStatus.READ, (Block("text", text), Block("code", text)))
    failed = PageRead(2, PageStatus.FAILED, warnings=(text,))
    for write in (sidecar.write_markdown, sidecar.write_text, sidecar.write_json):
        out = io.BytesIO()
        write(out, DOCUMENT, [page, failed])
        assert out.getvalue().decode("utf-8").endswith("\n")


class _Nowhere(io.RawIOBase):
    """Takes everything and keeps nothing."""

    def write(self, data: object) -> int:
        return len(data)  # type: ignore[arg-type]


def test_a_book_of_ten_thousand_pages_takes_constant_memory() -> None:
    def book() -> Iterator[PageRead]:
        for number in range(1, 10_001):
            yield PageRead(number, PageStatus.READ, (Block("text", "x" * 2000),))

    for write in (sidecar.write_markdown, sidecar.write_text, sidecar.write_json):
        tracemalloc.start()
        try:
            write(_Nowhere(), DOCUMENT, book())  # type: ignore[arg-type]
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 1_000_000
