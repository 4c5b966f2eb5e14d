"""A page's result as one JSON text, for the ledger's checkpoints.

What :func:`to_json` writes, :func:`from_json` reads back equal. The top level has the fields of
PageRead by name, so that the ledger can ask for ``$.status`` and ``$.code`` in SQL. What the
document tells of a block (:mod:`ocrd.layout.document`) is no part of a checkpoint.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from ocrd.errors import LedgerError
from ocrd.job import Block, Box, Cell, Doubt, Opinion, PageRead, PageStatus, Shape


def to_json(page: PageRead) -> str:
    """Return the page as one line of ASCII JSON; raise ValueError if a number is not finite."""
    body: dict[str, Any] = {
        field.name: getattr(page, field.name)
        for field in fields(page)
        if field.name not in {"blocks", "doubts", "unread", "second"}
    }
    body["doubts"] = [[doubt.code, doubt.message, doubt.share] for doubt in page.doubts]
    body["unread"] = [_corners(box) for box in page.unread]
    if (second := page.second) is not None:
        body["second"] = [
            second.engine, second.model, second.status, second.text,
            [[doubt.code, doubt.message, doubt.share] for doubt in second.doubts],
        ]  # fmt: skip
    body["blocks"] = [_block_to_json(block) for block in page.blocks]
    # ASCII: lone surrogates survive. No NaN: SQLite's JSON functions refuse the whole text.
    return json.dumps(body, separators=(",", ":"), allow_nan=False)


def from_json(text: str) -> PageRead:
    """Return the page of its JSON text; raise LedgerError if it is none."""
    try:
        body = json.loads(text)
        return PageRead(
            number=int(body["number"]),
            status=PageStatus(body["status"]),
            blocks=tuple(map(_block_from_json, body.get("blocks", ()))),
            width=int(body.get("width", 0)),
            height=int(body.get("height", 0)),
            points_per_pixel=float(body.get("points_per_pixel", 1.0)),
            rotation=int(body.get("rotation", 0)),
            seconds=float(body.get("seconds", 0.0)),
            warnings=tuple(map(str, body.get("warnings", ()))),
            doubts=tuple(map(_doubt_from_json, body.get("doubts", ()))),
            unread=tuple(map(_box_from_json, body.get("unread", ()))),
            code=str(body.get("code", "")),
            engine=str(body.get("engine", "")),
            model=str(body.get("model", "")),
            confidence=_share(body.get("confidence")),
            least=_share(body.get("least")),
            tokens=int(body.get("tokens", 0)),
            prompt_tokens=int(body.get("prompt_tokens", 0)),
            estimated=bool(body.get("estimated", False)),
            finish=str(body.get("finish", "stop")),
            second=_second_from_json(body["second"]) if "second" in body else None,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise LedgerError(
            f"A page checkpoint cannot be understood ({error!r}): {text[:80]!r}.",
            hint="The ledger is damaged or was written by another version; see 'ocrd check'.",
        ) from error


def _second_from_json(told: list[Any]) -> Opinion:
    engine, model, status, text, doubts = told
    return Opinion(
        str(engine), str(model), PageStatus(status), str(text), tuple(map(_doubt_from_json, doubts))
    )


def _block_to_json(block: Block) -> dict[str, Any]:
    body: dict[str, Any] = {
        "label": block.label,
        "text": block.text,
        "boxes": [_corners(box) for box in block.boxes],
        "confidence": block.confidence,
    }
    if block.table:
        body["table"] = [
            [[cell.text, cell.rows, cell.columns, cell.header] for cell in row]
            for row in block.table
        ]
    if block.rich:
        body["rich"] = True
    if block.doubts:
        body["doubts"] = block.doubts
    if block.lead:
        body["lead"] = block.lead
    if (shape := block.shape) is not None:
        body["shape"] = [
            shape.rows, shape.size, shape.indent, shape.room, shape.measure, shape.hyphens,
            shape.weight,
        ]  # fmt: skip
    return body


def _block_from_json(body: dict[str, Any]) -> Block:
    return Block(
        label=str(body["label"]),
        text=str(body["text"]),
        boxes=tuple(_box_from_json(corners) for corners in body.get("boxes", ())),
        confidence=_share(body.get("confidence")),
        table=tuple(tuple(map(_cell_from_json, row)) for row in body.get("table", ())),
        rich=bool(body.get("rich", False)),
        doubts=tuple(map(str, body.get("doubts", ()))),
        shape=_shape_from_json(body["shape"]) if "shape" in body else None,
        lead=str(body.get("lead", "")),
    )


def _share(value: Any) -> float | None:
    return None if value is None else float(value)


def _shape_from_json(fields: list[Any]) -> Shape:
    rows, size, indent, room, measure, hyphens, *weight = fields  # older ones have no weight
    return Shape(
        int(rows), float(size), float(indent), float(room), float(measure),
        tuple(map(int, hyphens)), *map(float, weight[:1]),
    )  # fmt: skip


def _cell_from_json(fields: list[Any]) -> Cell:
    text, rows, columns, header = fields
    return Cell(str(text), int(rows), int(columns), bool(header))


def _doubt_from_json(fields: list[Any]) -> Doubt:
    code, message, share = fields
    return Doubt(str(code), str(message), float(share))


def _corners(box: Box) -> list[float]:
    return [box.x0, box.y0, box.x1, box.y1]


def _box_from_json(corners: list[float]) -> Box:
    x0, y0, x1, y1 = map(float, corners)
    return Box(x0, y0, x1, y1)


def chosen(total: int, ranges: Sequence[tuple[int, int]]) -> Sequence[int]:
    """Return which of a document's pages, from 1, are in one of the ranges; all for no range."""
    every = range(1, total + 1)
    if not ranges:
        return every
    return [page for page in every if any(first <= page <= last for first, last in ranges)]
