"""What was read while its client waited, as the answers of direct routes tell it."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.requests import Request

from ocrd import rendering
from ocrd.direct import Answer
from ocrd.job import PageStatus
from ocrd.web.door.asked import read
from ocrd.web.door.house import House
from ocrd.web.door.inquiry import Inquiry
from ocrd.web.door.sink import Received
from ocrd.web.routes.transcription import unread


async def reading(house: House, request: Request, document: Received, asked: Inquiry) -> Answer:
    """Read a document while its client waits.

    Raises the OcrdErrors of what cannot be read, RequestError where no page could.
    """
    answer = await read(
        house, request, document, asked.task, engine=asked.engine, pages=asked.pages
    )
    require_read(answer)
    return answer


def require_read(answer: Answer) -> None:
    """Raise RequestError where no page gave text because none could be read."""
    if answer.pages and all(page.status is PageStatus.FAILED for page in answer.pages):
        raise unread(answer.pages[0])


async def text_of(answer: Answer, asked: Inquiry, *, is_alone: bool = False) -> str:
    """Return the text of all pages; if it ``is_alone``, it says itself what is not sure of them."""
    style = rendering.BARE if is_alone else rendering.PURE
    text = await asyncio.to_thread(rendering.markdown, answer.pages, asked.task.mode, style)
    return text.strip("\n")


def usage(answer: Answer) -> dict[str, Any]:
    """Return the tokens that were read and written, ``estimated`` where the engine has none."""
    read_in = sum(page.prompt_tokens for page in answer.pages)
    written = sum(page.tokens for page in answer.pages)
    told: dict[str, Any] = {
        "prompt_tokens": read_in,
        "completion_tokens": written,
        "total_tokens": read_in + written,
    }
    if any(page.estimated for page in answer.pages):
        told["estimated"] = True
    return told


def remarks(answer: Answer) -> dict[str, Any]:
    """Return what is told of a reading beside its text."""
    account = answer.account
    return {
        "engine": answer.engine,
        "model": answer.model,
        "state": answer.state,
        "pages": len(answer.pages),
        "doubtful": account.doubtful,
        "failed": account.unread,
        "doubts": [
            {"page": page.number, "code": doubt.code, "message": doubt.message}
            for page in answer.pages
            for doubt in page.doubts
        ],
        "warnings": list(account.remarks),
        "confidence": account.confidence,
        "least": account.least,
        "finish_reason": _finish(answer),
        "usage": usage(answer),
        "seconds": round(answer.seconds, 3),
    }


def _finish(answer: Answer) -> str:
    return "length" if any(page.finish == "length" for page in answer.pages) else "stop"


def found(answer: Answer) -> list[dict[str, Any]]:
    """Return what was located: its name, its page, and its box in the page's pixels."""
    return [
        {
            "text": block.text,
            "page": page.number,
            "box": [round(corner) for corner in (box.x0, box.y0, box.x1, box.y1)],
            "of": [page.width, page.height],
        }
        for page in answer.pages
        for block in page.blocks
        if block.label == "located"
        for box in block.boxes
    ]
