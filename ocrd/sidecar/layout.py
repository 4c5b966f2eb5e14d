"""Layout JSON read back: a page as the document has it, from its line of the file.

What the file does not hold (how a block is set, which engine read the page) is left as nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from ocrd.job import Block, Box, Cell, Doubt, Joint, PageRead, PageStatus, Place

LONGEST_LINE = 64 << 20  # bytes: of a page with more than can stand on one


def pages(file: BinaryIO) -> Iterator[PageRead]:
    """Yield the pages of a layout, one in memory at a time; raise ValueError for what is none."""
    head = file.readline(LONGEST_LINE)
    if not head.endswith(b'"pages":[\n'):
        raise ValueError("it is no layout that we wrote")
    while line := file.readline(LONGEST_LINE):
        text = line.rstrip(b"\n").removesuffix(b",")
        if text == b"]}":
            return
        try:
            yield _page(json.loads(text))
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(f"a page cannot be understood ({error!r})") from error
    raise ValueError("it breaks off")


def _page(body: dict[str, Any]) -> PageRead:
    return PageRead(
        number=int(body["page"]),
        status=PageStatus(body["status"]),
        blocks=tuple(map(_block, body["blocks"])),
        width=int(body["width"]),
        height=int(body["height"]),
        points_per_pixel=float(body["points_per_pixel"]),
        rotation=int(body["rotation"]),
        seconds=float(body["seconds"]),
        warnings=tuple(map(str, body["warnings"])),
        doubts=tuple(
            Doubt(str(one["code"]), str(one["message"]), float(one["share"]))
            for one in body["doubts"]
        ),
        unread=tuple(_box(one) for one in body["unread"]),
        code=str(body["code"]),
        confidence=_share(body.get("confidence")),
        least=_share(body.get("least")),
        tokens=int(body.get("tokens", 0)),
        prompt_tokens=int(body.get("prompt_tokens", 0)),
        estimated=bool(body.get("estimated", False)),
    )


def _block(body: dict[str, Any]) -> Block:
    return Block(
        label=str(body["label"]),
        text=str(body["text"]),
        boxes=tuple(_box(one) for one in body["boxes"]),
        confidence=_share(body["confidence"]),
        table=tuple(
            tuple(
                Cell(str(one["text"]), int(one["rows"]), int(one["columns"]), bool(one["header"]))
                for one in row
            )
            for row in body.get("table", ())
        ),
        rich=bool(body.get("rich", False)),
        doubts=tuple(map(str, body.get("doubts", ()))),
        lead=str(body.get("lead", "")),
        level=int(body.get("level", 0)),
        continued=_joint(body["continued"]) if "continued" in body else None,
        continues=_place(body["continues"]) if "continues" in body else None,
    )


def _joint(body: dict[str, Any]) -> Joint:
    return Joint(
        _place(body), str(body["as"]), str(body.get("by", " ")), int(body.get("repeated", 0)),
        bool(body.get("split", False)),
    )  # fmt: skip


def _place(body: dict[str, Any]) -> Place:
    return Place(int(body["page"]), int(body["block"]))


def _box(body: dict[str, Any]) -> Box:
    x0, y0, x1, y1 = map(float, body["pixels"])
    return Box(x0, y0, x1, y1)


def _share(value: Any) -> float | None:
    return None if value is None else float(value)
