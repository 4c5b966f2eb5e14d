"""The path on which several APIs bring a document: what is asked for tells which one is spoken.

JSON is answered at once. So is any document for which ``mode`` or ``prompt`` is named, or that is
waited for (``wait=true``), or for which Accept asks for text. All others are jobs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from ocrd.web.door.accepting import accepted
from ocrd.web.door.bringing import kept, require_open
from ocrd.web.door.form import Form
from ocrd.web.door.guard import needs
from ocrd.web.door.house import House, TheHouse
from ocrd.web.door.inquiry import inquiry, is_json, switch_of, unpacked, wrong
from ocrd.web.door.inquiry import text_of as told_text
from ocrd.web.door.jsonbody import json_brought
from ocrd.web.door.receiving import brought
from ocrd.web.door.sink import Received
from ocrd.web.routes import boxed
from ocrd.web.routes.direct import live, text_answer
from ocrd.web.routes.forms import OF_OCR
from ocrd.web.routes.ocr_jobs import queued
from ocrd.web.routes.readings import reading, text_of

JSON, PLAIN, MARKDOWN, EVENTS, HTML = (
    "application/json", "text/plain", "text/markdown", "text/event-stream", "text/html",
)  # fmt: skip
AT_ONCE = ("mode", "prompt")  # fields that only an answer at once has
FORMATS = ("text", "markdown")
WAIT = "wait"

router = APIRouter(tags=["Direct OCR"], dependencies=[Depends(needs("upload"))])


@router.post("/ocr", openapi_extra=OF_OCR)
async def ocr(request: Request, house: TheHouse) -> Response:
    """Read a document: at once where that is asked for, else as a job."""
    form_wanted = accepted(request, (JSON, PLAIN, MARKDOWN, EVENTS, HTML))
    if form_wanted == EVENTS:
        return live(request, house)
    with house.gate.work():
        require_open(house)
        if is_json(request):
            return await _of_json(request, house)
        limit = house.settings().api.max_upload
        async with brought(request, house.uploads, limit) as form:
            told = {**request.query_params, **form.fields}
            if form_wanted != JSON:
                return await _as_text(request, house, form.document, told, form_wanted)
            is_waited_for = switch_of(told, WAIT)
            if any(name in told for name in AT_ONCE):
                return await text_answer(house, request, form.document, inquiry(house, told))
            if is_waited_for:
                asked = inquiry(house, told, "markdown")
                return await text_answer(house, request, form.document, asked)
            values = [*request.query_params.multi_items(), *form.values]
            rest = [(name, text) for name, text in values if name != WAIT]
            return queued(house, await kept(house, request, form, rest))


async def _as_text(
    request: Request, house: House, document: Received, told: Mapping[str, Any], wanted: str
) -> Response:
    """Answer with the text alone."""
    asked = inquiry(house, told, "markdown" if wanted == MARKDOWN else "text")
    text = await text_of(await reading(house, request, document, asked), asked, is_alone=True)
    return Response(text + "\n", media_type=MARKDOWN if wanted == MARKDOWN else PLAIN)


async def _of_json(request: Request, house: House) -> Response:
    form = Form()
    try:
        async with json_brought(request, house.memory) as body:
            is_boxed = "image" in body and ("image_type" in body or "return_image" in body)
            form.documents.append(
                await boxed.had(house, request, body) if is_boxed else await unpacked(house, body)
            )
        if is_boxed:
            return await boxed.answer(house, request, form.document, body)
        key = told_text(body, "format") or "text"
        if key not in FORMATS:
            raise wrong("format", f"{key[:20]!r} is none", f"There are {' and '.join(FORMATS)}.")
        asked = inquiry(house, {**request.query_params, **body}, key)
        return await text_answer(house, request, form.document, asked, key=key)
    finally:
        await asyncio.to_thread(form.discard)
