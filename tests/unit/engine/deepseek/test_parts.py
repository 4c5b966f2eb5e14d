"""Where a long page is cut, and how what its parts say becomes one page's text."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PIL import Image, ImageDraw, ImageFont

from ocrd.engine.deepseek import parts
from ocrd.engine.deepseek.network.preprocessing import view_spec
from ocrd.job import Ink

SPEC = view_spec("deepseek-ocr-2")
ROW = 80  # pixels from line to line


def strip(length: int = 6000, breadth: int = 480, paper: int = 255) -> Image.Image:
    image = Image.new("L", (breadth, length), paper)
    pen = ImageDraw.Draw(image)
    for top in range(20, length - 40, ROW):
        pen.text((20, top), f"{top} Milk 3,5%", fill=0, font=ImageFont.load_default(40))
    return image


@pytest.mark.parametrize("size", [(2480, 3508), (3508, 2480), (480, 3000), (100, 100), (1, 1)])
@pytest.mark.parametrize("kind", ["deepseek-ocr", "deepseek-ocr-2"])
def test_what_the_views_show_is_not_cut(size: tuple[int, int], kind: str) -> None:
    image = Image.new("L", size, 255)
    assert parts.spans(image, view_spec(kind)) == [(0, max(size))]


@pytest.mark.parametrize("paper", [255, 200])
def test_a_strip_is_cut_between_its_lines(paper: int) -> None:
    spans = parts.spans(strip(paper=paper), SPEC)
    assert len(spans) == 4
    assert [spans[0][0], spans[-1][1]] == [0, 6000]
    for (_, end), (start, _) in pairwise(spans):
        assert end == start
        assert (end - 20) % ROW > 45, "in the white below a line"
    assert all(end - start <= 6 * 480 for start, end in spans)


def test_a_banner_is_cut_across() -> None:
    image = strip().transpose(Image.Transpose.ROTATE_90)
    spans = parts.spans(image, SPEC)
    assert len(spans) == 4
    assert [parts.cropped(image, span).size for span in spans] == [
        (end - start, 480) for start, end in spans
    ]


def test_without_white_rows_it_is_cut_where_least_ink_is() -> None:
    image = Image.new("L", (100, 1300), 255)
    pen = ImageDraw.Draw(image)
    pen.rectangle((48, 0, 52, 1300), fill=0)
    pen.rectangle((20, 0, 55, 630), fill=0)
    pen.rectangle((20, 660, 55, 1300), fill=0)
    cuts = [start for start, _ in parts.spans(image, SPEC)[1:]]
    assert any(630 <= cut <= 661 for cut in cuts)


def test_without_tiles_a_page_is_cut_earlier() -> None:
    image = strip(length=2000)
    assert len(parts.spans(image, view_spec("deepseek-ocr", "base"))) == 2
    assert len(parts.spans(image, view_spec("deepseek-ocr"))) == 1


def test_places_are_those_of_the_whole_page() -> None:
    places = "<|det|>[[0, 0, 999, 999], [100, 333, 200, 666]]<|/det|>"
    text = f"<|ref|>text<|/ref|>{places}\nA [1, 2, 3, 4]"
    joined = parts.joined([text, text], [(0, 1000), (1000, 4000)], (500, 4000))
    first, second = joined.split("\n\n")
    assert "[[0, 0, 999, 249.75], [100, 83.25, 200, 166.5]]" in first
    assert "[[0, 249.75, 999, 999], [100, 499.5, 200, 749.25]]" in second
    assert first.endswith("A [1, 2, 3, 4]"), "what stands on the page is no place"


def test_places_that_stand_with_their_label_are_moved_too() -> None:
    text = "<|det|>text [0, 0, 999, 999]<|/det|>A [1, 2, 3, 4]"
    joined = parts.joined(["", text], [(0, 1000), (1000, 4000)], (500, 4000))
    assert joined == "<|det|>text [0, 249.75, 999, 999]<|/det|>A [1, 2, 3, 4]"


def test_places_without_special_tokens_are_moved_too() -> None:
    text = "text[[0, 0, 999, 999]]\nA [1, 2, 3, 4]"
    (line, words) = parts.joined(["", text], [(0, 500), (500, 1000)], (1000, 100)).split("\n")
    assert line == "text[[499.5, 0, 999, 999]]"
    assert words == "A [1, 2, 3, 4]"


def test_ends_of_parts_are_no_ends_of_the_page_and_empty_parts_are_nothing() -> None:
    end = "<｜end▁of▁sentence｜>"
    spans = [(0, 10), (10, 20), (20, 30)]
    assert parts.joined([f"one{end}", end, "two"], spans, (5, 30)) == "one\n\ntwo"


def test_a_part_holds_as_much_text_as_it_has_ink() -> None:
    ink = Ink(rows=100, characters=2000, share=0.1)
    half = parts.ink_of(ink, 0.1, 0.1, (0, 500), 1000)
    assert half == Ink(50, 1000, 0.1)
    assert parts.ink_of(ink, 0.0, 0.1, (0, 500), 1000) == Ink(0, 0, 0.1)
    assert parts.ink_of(None, 0.1, 0.1, (0, 500), 1000) is None
