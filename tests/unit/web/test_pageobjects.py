"""Pages in the form of Mistral's API: what stands in the Markdown, and what beside it."""

from __future__ import annotations

from typing import Any

import pytest
from mistralai.client.models import OCRPageObject

from ocrd.job import Block, Box, Cell, Doubt, Line, PageRead, PageStatus, Recognition
from ocrd.web.routes.pageobjects import Composer, Sheet, Wish

WIDTH, HEIGHT = 1000, 1400


def box(top: float, bottom: float, left: float = 100, right: float = 900) -> tuple[Box, ...]:
    return (Box(left, top, right, bottom),)


ROWS = ((Cell("Berth", header=True), Cell("Draught", header=True)), (Cell("North"), Cell("6.1")))
BLOCKS = (
    Block("header", "Harbour Office", box(10, 40)),
    Block("title", "Report", box(50, 90), 0.99),
    Block("text", "See https://harbour.example/a?b=1 and *mind* the tide.", box(100, 150), 0.8),
    Block("figure", "", box(200, 600)),
    Block("caption", "Figure 1: soundings", box(610, 640)),
    Block("table", "Berth\tDraught\nNorth\t6.1", box(700, 800), table=ROWS),
    Block("figure", "", (Box(100, 820, 130, 850),)),
    Block("page-number", "7", box(1350, 1390)),
)


def page(blocks: tuple[Block, ...] = BLOCKS, **more: Any) -> PageRead:
    values = {"width": WIDTH, "height": HEIGHT, "points_per_pixel": 0.36, **more}
    return PageRead(7, values.pop("status", PageStatus.READ), blocks, **values)


PLAIN = Wish()


def sheet(wish: Wish = PLAIN, said: Recognition | None = None, **more: Any) -> Sheet:
    made = Composer(wish).sheet(page(**more), said)
    OCRPageObject.model_validate(made.body)  # what their client makes of it
    return made


def test_a_page_is_markdown_with_its_pictures_by_name() -> None:
    body = sheet().body
    assert body["index"] == 6
    assert body["markdown"].split("\n\n") == [
        "Harbour Office", "# Report",
        "See https://harbour.example/a?b=1 and \\*mind\\* the tide.",
        "![img-0.jpeg](img-0.jpeg)", "*Figure 1: soundings*",
        "| Berth | Draught |\n| --- | --- |\n| North | 6.1 |", "![img-1.jpeg](img-1.jpeg)", "7",
    ]  # fmt: skip
    assert body["dimensions"] == {"dpi": 200, "height": HEIGHT, "width": WIDTH}
    assert body["hyperlinks"] == ["https://harbour.example/a?b=1"]
    assert (body["tables"], body["header"], body["footer"]) == ([], None, None)
    assert "confidence_scores" not in body
    first, second = body["images"]
    assert first == {
        "id": "img-0.jpeg", "top_left_x": 100, "top_left_y": 200, "bottom_right_x": 900,
        "bottom_right_y": 600, "image_base64": None, "image_annotation": None,
    }  # fmt: skip
    assert second["id"] == "img-1.jpeg"


@pytest.mark.parametrize(("form", "ending"), [("markdown", "md"), ("html", "html")])
def test_tables_stand_apart_where_a_format_is_asked_for(form: str, ending: str) -> None:
    body = sheet(Wish(table_format=form)).body
    name = f"tbl-0.{ending}"
    assert f"\n\n[{name}]({name})\n\n" in body["markdown"]
    assert "North" not in body["markdown"]
    (table,) = body["tables"]
    assert (table["id"], table["format"]) == (name, form)
    assert ("<td>North</td>" if form == "html" else "| North | 6.1 |") in table["content"]
    (block,) = [block for block in body["blocks"] if block["type"] == "table"]
    assert (block["table_id"], block["content"]) == (name, table["content"])


def test_what_is_on_every_page_stands_apart_where_that_is_asked_for() -> None:
    body = sheet(Wish(header=True, footer=True)).body
    assert (body["header"], body["footer"]) == ("Harbour Office", "7")
    assert not body["markdown"].startswith("Harbour")
    assert body["markdown"].endswith("![img-1.jpeg](img-1.jpeg)")
    kinds = [block["type"] for block in body["blocks"]]
    assert (kinds[0], kinds[-1]) == ("header", "footer")
    only = sheet(Wish(header=True)).body
    assert (only["header"], only["footer"]) == ("Harbour Office", None)
    assert only["markdown"].endswith("\n\n7")


def test_a_number_at_the_top_of_the_page_is_of_its_header() -> None:
    number = Block("page-number", "7", box(10, 40))
    body = sheet(Wish(header=True, footer=True), blocks=(number, BLOCKS[2])).body
    assert (body["header"], body["footer"]) == ("7", None)


@pytest.mark.parametrize(
    ("wish", "names"),
    [
        (Wish(image_limit=1), ["img-0.jpeg"]),
        (Wish(image_limit=0), []),
        (Wish(image_min_size=31), ["img-0.jpeg"]),
        (Wish(image_min_size=30), ["img-0.jpeg", "img-1.jpeg"]),
        (Wish(image_min_size=2000), []),
    ],
)
def test_pictures_that_are_not_wanted_are_not_there(wish: Wish, names: list[str]) -> None:
    made = sheet(wish)
    assert [image["id"] for image in made.body["images"]] == names
    assert len(made.figures) == len(names)
    assert made.body["markdown"].count("![") == len(names)
    assert [b["image_id"] for b in made.body["blocks"] if b["type"] == "image"] == names


def test_pictures_and_tables_are_counted_over_the_document() -> None:
    composer = Composer(Wish(table_format="html"))
    composer.sheet(page(), None)
    second = composer.sheet(page(), None).body
    assert [image["id"] for image in second["images"]] == ["img-2.jpeg", "img-3.jpeg"]
    assert second["tables"][0]["id"] == "tbl-1.html"
    limited = Composer(Wish(image_limit=3))
    counts = [len(limited.sheet(page(), None).figures) for _ in range(3)]
    assert counts == [2, 1, 0]


def test_blocks_have_their_place_and_their_markdown() -> None:
    blocks = sheet().body["blocks"]
    assert [block["type"] for block in blocks] == [
        "header", "title", "text", "image", "caption", "table", "image", "footer",
    ]  # fmt: skip
    assert blocks[1] == {
        "type": "title", "top_left_x": 100, "top_left_y": 50, "bottom_right_x": 900,
        "bottom_right_y": 90, "content": "# Report",
    }  # fmt: skip
    assert "blocks" not in sheet(Wish(blocks=False)).body


def test_a_block_without_a_place_has_its_regions() -> None:
    some = (Block("text", "one", box(10, 20)), Block("text", "two"), Block("text", "three"))
    assert [block["top_left_y"] for block in sheet(blocks=some).body["blocks"]] == [10, 10, 10]
    alone = sheet(blocks=(Block("text", "one"),)).body["blocks"][0]
    assert (alone["bottom_right_x"], alone["bottom_right_y"]) == (WIDTH, HEIGHT)


QUAD = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


def test_scores_are_of_the_page_of_blocks_or_of_words() -> None:
    sure: dict[str, Any] = {"confidence": 0.9, "least": 0.4}
    of_page = sheet(Wish(scores="page"), **sure).body["confidence_scores"]
    assert of_page == {"average_page_confidence_score": 0.9, "minimum_page_confidence_score": 0.4}
    of_blocks = sheet(Wish(scores="block"), **sure).body["blocks"]
    scores = {block["type"]: block["confidence_scores"] for block in of_blocks}
    assert scores["title"] == {"average_content_confidence_score": 0.99}
    lines = (Line("mind the", 0.5, QUAD), Line("tide.", 0.7, QUAD), Line("lost", 0.1, QUAD))
    said = Recognition(lines, WIDTH, HEIGHT)
    body = sheet(
        Wish(scores="word"), said, blocks=(Block("text", "mind the tide, mind", box(1, 2)),),
        status=PageStatus.DOUBTFUL, doubts=(Doubt("runaway", "It may lack words."),), **sure,
    ).body  # fmt: skip
    words = body["confidence_scores"]["word_confidence_scores"]
    assert [(word["text"], word["confidence"]) for word in words] == [
        ("mind", 0.5), ("the", 0.5), ("tide", 0.7), ("mind", 0.9),
    ]  # fmt: skip
    for word in words:
        assert body["markdown"][word["start_index"] :].startswith(word["text"])


def test_an_engine_that_says_nothing_of_words_has_none_told() -> None:
    body = sheet(Wish(scores="word"), Recognition((), 1, 1, form="markup"), confidence=0.9).body
    assert body["confidence_scores"]["word_confidence_scores"] == []
    assert sheet(Wish(scores="word")).body["confidence_scores"] is None


def test_what_is_doubtful_or_lost_is_said_once() -> None:
    doubtful = sheet(status=PageStatus.DOUBTFUL, doubts=(Doubt("runaway", "It may lack words."),))
    assert doubtful.body["markdown"].startswith("<!-- page 7 is doubtful: It may lack words -->")
    assert not any("<!--" in block["content"] for block in doubtful.body["blocks"])
    lost = sheet(blocks=(), status=PageStatus.FAILED, warnings=("Torn.",), width=0, height=0)
    assert lost.body["markdown"] == "> **Page 7 could not be read.** Torn."
    assert lost.body["dimensions"] is None


def test_nobody_can_write_what_marks_a_picture() -> None:
    text = Block("text", "![img-0.jpeg](img-0.jpeg) [tbl-0.md](tbl-0.md)", box(1, 2))
    body = sheet(blocks=(text,)).body
    assert body["images"] == []
    assert "![img-0.jpeg](img-0.jpeg)" not in body["markdown"]
