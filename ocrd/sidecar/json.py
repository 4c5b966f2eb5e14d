"""A document's pages to layout JSON: every block with label, text, confidence, page and boxes.

One page a line, written as the pages come. A box is given in pixels of the upright page (``width``,
``height``) and in points of the source's page as a viewer shows it; both count from the top left.
Where one region of the page holds several blocks, the first has the region's boxes and those that
follow have none.

What goes on over the end of a page stays in the blocks of its pages, each with its own boxes: the
earlier one says where it goes on (``continues``), the later one what it goes on from
(``continued``), as a page's number and a place in its ``blocks``, from 0.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, BinaryIO

from ocrd.figures import figures_of
from ocrd.job import Block, Box, PageRead, Place
from ocrd.sidecar.document import DocumentResult

FORMAT_VERSION = 1  # grows when a field changes its meaning; new fields leave it


def write(
    out: BinaryIO, document: DocumentResult, pages: Iterable[PageRead], assets: str = ""
) -> None:
    """Write the layout; ``assets`` is the folder of the cropped figures, "" if there is none."""
    head = {
        "version": FORMAT_VERSION,
        "source": document.source_name,
        "sha256": document.sha256,
        "format": document.format,
        "page_count": document.pages,
        "engine": document.engine,
        "model": document.model,
        "mode": document.mode,
        "seconds": round(document.seconds, 1),
        "state": document.state,
        "confidence": document.confidence,
        "least": document.least,
        "doubtful": list(document.doubtful),
        "failed": list(document.failed),
        "warnings": list(document.warnings),
    }
    if assets:
        head["assets"] = assets
    out.write(_json(head).removesuffix(b"}") + b',"pages":[')
    separator = b"\n"
    for page in pages:
        out.write(separator + _json(_page(page, document, with_figures=bool(assets))))
        separator = b",\n"
    out.write(b"\n]}\n")


def _page(
    page: PageRead, document: DocumentResult, *, with_figures: bool
) -> dict[str, Any]:
    names: dict[int, list[str]] = defaultdict(list)  # of figures, by their block
    for figure in figures_of(page) if with_figures else ():
        names[figure.block].append(figure.name)
    return {
        "page": page.number,
        "status": page.status.value,
        "width": page.width,
        "height": page.height,
        "points_per_pixel": page.points_per_pixel,
        "rotation": page.rotation,
        "seconds": round(page.seconds, 3),
        "warnings": list(page.warnings),
        "code": page.code,
        "confidence": page.confidence,
        "least": page.least,
        "tokens": page.tokens,
        "prompt_tokens": page.prompt_tokens,
        "estimated": page.estimated,
        "doubts": [
            {"code": doubt.code, "message": doubt.message, "share": round(doubt.share, 4)}
            for doubt in page.doubts
        ],
        "unread": [_places(box, page) for box in page.unread],  # lines found, and not read
        **_readers(page, document),
        "blocks": [
            _block(block, page, names.get(number, [])) for number, block in enumerate(page.blocks)
        ],
    }


def _readers(page: PageRead, document: DocumentResult) -> dict[str, Any]:
    """Return who read a page, where that was not who read the document, and a second reading."""
    body: dict[str, Any] = {}
    if page.engine and (page.engine, page.model) != (document.engine, document.model):
        body |= {"engine": page.engine, "model": page.model}
    if (second := page.second) is not None:
        body["second_opinion"] = {
            "engine": second.engine,
            "model": second.model,
            "status": second.status.value,
            "text": second.text,
            "doubts": [
                {"code": doubt.code, "message": doubt.message, "share": round(doubt.share, 4)}
                for doubt in second.doubts
            ],
        }
    return body


def _block(block: Block, page: PageRead, figures: list[str]) -> dict[str, Any]:
    """Return a block's fields; those that say nothing of this one are left out."""
    body: dict[str, Any] = {
        "label": block.label,
        "page": page.number,
        "text": block.text,
        "confidence": None if block.confidence is None else round(block.confidence, 4),
        "boxes": [_places(box, page) for box in block.boxes],
    }
    if block.doubts:
        body["doubts"] = list(block.doubts)  # of its lines, see ocrd.doubts.LINES
    if block.lead:
        body["lead"] = block.lead  # words in bold that its text begins with
    if block.level:
        body["level"] = block.level  # of a heading in its document, from 1
    if block.continues:
        body["continues"] = _place(block.continues)
    if joint := block.continued:
        body["continued"] = {**_place(joint.place), "as": joint.kind}
        if joint.kind == "text":
            body["continued"]["by"] = joint.by  # between both texts, which then are one
        elif joint.kind == "table":
            body["continued"]["repeated"] = joint.repeated  # rows of the earlier one's head
            body["continued"]["split"] = joint.is_split  # the next row goes on from the last one
    if block.rich:
        body["rich"] = True  # the text is Markdown, with TeX between \( \) and \[ \]
    if block.table:
        body["table"] = [
            [
                {
                    "text": cell.text,
                    "rows": cell.rows,
                    "columns": cell.columns,
                    "header": cell.header,
                }
                for cell in row
            ]
            for row in block.table
        ]
    if figures:
        body["figures"] = figures
    return body


def _place(place: Place) -> dict[str, Any]:
    return {"page": place.page, "block": place.block}


def _places(box: Box, page: PageRead) -> dict[str, list[float]]:
    return {"pixels": _corners(box), "points": _corners(_in_points(box, page))}


def _in_points(box: Box, page: PageRead) -> Box:
    """Return the box on the source's page: the engine's turn undone, in points."""
    turned = {
        90: Box(box.y0, page.width - box.x1, box.y1, page.width - box.x0),
        180: Box(
            page.width - box.x1, page.height - box.y1, page.width - box.x0, page.height - box.y0
        ),
        270: Box(page.height - box.y1, box.x0, page.height - box.y0, box.x1),
    }.get(page.rotation, box)
    scale = page.points_per_pixel
    return Box(turned.x0 * scale, turned.y0 * scale, turned.x1 * scale, turned.y1 * scale)


def _corners(box: Box) -> list[float]:
    return [round(value, 1) for value in (box.x0, box.y0, box.x1, box.y1)]


def _json(body: dict[str, Any]) -> bytes:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "replace")  # no file can hold a lone surrogate
