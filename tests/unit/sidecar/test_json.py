"""Pages to layout JSON."""

import io
import json
from typing import Any

import pytest

from ocrd.job import (
    Block,
    Box,
    Cell,
    Doubt,
    Joint,
    PageRead,
    PageStatus,
    Place,
)
from ocrd.sidecar import json as sidecar_json
from ocrd.sidecar.document import DocumentResult

DOCUMENT = DocumentResult("scan.pdf", "12e45", "PDF", 3, "rapidocr", "small", "markdown", 12.345)
FAILED = PageRead(2, PageStatus.FAILED, warnings=("The engine <gave> up.",), code="page")


def layout_of(*pages: PageRead, assets: str = "") -> dict[str, Any]:
    out = io.BytesIO()
    sidecar_json.write(out, DOCUMENT, pages, assets)
    body: dict[str, Any] = json.loads(out.getvalue())
    return body


def test_json_holds_every_block_with_its_boxes() -> None:
    block = Block("text", "Ärger", (Box(10, 20, 110, 40),), 0.98765)
    body = layout_of(
        PageRead(1, PageStatus.READ, (block,), 1000, 2000, 0.36, seconds=1.23456), FAILED
    )
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


def test_json_tells_how_sure_the_engine_is_and_how_much_it_wrote() -> None:
    page = PageRead(
        1, PageStatus.READ, confidence=0.97, least=0.4, tokens=812, prompt_tokens=273,
        estimated=True,
    )  # fmt: skip
    told, unread = layout_of(page, FAILED)["pages"]
    names = ("confidence", "least", "tokens", "prompt_tokens", "estimated")
    assert [told[name] for name in names] == [0.97, 0.4, 812, 273, True]
    assert [unread[name] for name in names] == [None, None, 0, 0, False]


def test_json_tells_every_doubt_and_where_lines_were_not_read() -> None:
    page = PageRead(
        1, PageStatus.DOUBTFUL, (Block("text", "a", doubts=("signs",)), Block("text", "b")),
        100, 200, 0.5, doubts=(Doubt("unread-lines", "1 of 2 lines", 0.123456),),
        unread=(Box(10, 20, 30, 60),),
    )  # fmt: skip
    body = layout_of(page)
    assert (body["state"], body["doubtful"], body["failed"]) == ("done", [], [])
    (told,) = body["pages"]
    assert told["status"] == "doubtful"
    assert told["doubts"] == [
        {"code": "unread-lines", "message": "1 of 2 lines", "share": 0.1235}
    ]
    assert told["unread"] == [{"pixels": [10, 20, 30, 60], "points": [5, 10, 15, 30]}]
    assert told["blocks"][0]["doubts"] == ["signs"]
    assert "doubts" not in told["blocks"][1]


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
    body = layout_of(PageRead(1, PageStatus.READ, (block,), 100, 200, 1.0, rotation))
    (box,) = body["pages"][0]["blocks"][0]["boxes"]
    assert box == {"pixels": [10, 20, 30, 60], "points": points}


def test_a_document_without_pages_is_whole_json() -> None:
    assert layout_of()["pages"] == []


def test_rich_text_is_given_as_the_model_wrote_it_and_marked() -> None:
    page = PageRead(1, PageStatus.READ, (Block("header", "a *b* \\(c\\)", rich=True),))
    (block,) = layout_of(page)["pages"][0]["blocks"]
    assert (block["label"], block["text"], block["rich"]) == ("header", "a *b* \\(c\\)", True)


def test_tables_have_their_cells() -> None:
    rows = ((Cell("a", rows=2, header=True), Cell("b", columns=3)),)
    page = PageRead(1, PageStatus.READ, (Block("table", "a\tb", table=rows),))
    (block,) = layout_of(page)["pages"][0]["blocks"]
    assert block["table"] == [
        [
            {"text": "a", "rows": 2, "columns": 1, "header": True},
            {"text": "b", "rows": 1, "columns": 3, "header": False},
        ]
    ]


def test_figures_have_the_names_of_their_files_where_they_were_cropped() -> None:
    boxes = (Box(0, 0, 50, 50), Box(50, 50, 90, 90))
    page = PageRead(3, PageStatus.READ, (Block("text", "a"), Block("figure", "", boxes)), 100, 100)
    body = layout_of(page, assets="scan.assets")
    assert body["assets"] == "scan.assets"
    text, figure = body["pages"][0]["blocks"]
    assert figure["figures"] == ["page-003-figure-1.jpg", "page-003-figure-2.jpg"]
    assert "figures" not in text
    uncropped = layout_of(page)
    assert "assets" not in uncropped
    assert "figures" not in uncropped["pages"][0]["blocks"][1]


def test_json_says_what_goes_on_over_the_end_of_a_page_and_how() -> None:
    first = Block("text", "all inter", continues=Place(2, 0))
    second = Block("text", "national", continued=Joint(Place(1, 0), "text", ""))
    rows = Block("table", "a", continued=Joint(Place(1, 3), "table", "\n", 1, is_split=True))
    entry = Block("list", "• a", continued=Joint(Place(1, 4), "list", "\n"))
    pages = layout_of(
        PageRead(1, PageStatus.READ, (first,)), PageRead(2, PageStatus.READ, (second, rows, entry))
    )["pages"]
    assert pages[0]["blocks"][0]["continues"] == {"page": 2, "block": 0}
    assert [block["continued"] for block in pages[1]["blocks"]] == [
        {"page": 1, "block": 0, "as": "text", "by": ""},
        {"page": 1, "block": 3, "as": "table", "repeated": 1, "split": True},
        {"page": 1, "block": 4, "as": "list"},
    ]


def test_json_has_the_level_of_a_heading() -> None:
    blocks = (Block("heading", "1.1 Aim", level=3), Block("heading", "Aim"))
    (page,) = layout_of(PageRead(1, PageStatus.READ, blocks))["pages"]
    assert [block.get("level") for block in page["blocks"]] == [3, None]
