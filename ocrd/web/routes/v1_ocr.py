"""The path that two APIs share: the body tells which one is spoken."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from ocrd.web.door.form import Form
from ocrd.web.door.guard import needs
from ocrd.web.door.house import TheHouse
from ocrd.web.door.inquiry import wrong
from ocrd.web.door.jsonbody import json_brought
from ocrd.web.routes import boxed, mistral
from ocrd.web.routes.forms import BOXED

router = APIRouter(tags=["Direct OCR"], dependencies=[Depends(needs("upload"))])

_EITHER = {"anyOf": [BOXED["schema"], mistral.OcrRequest.model_json_schema()]}
OF_BOTH = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": _EITHER}}}
}


@router.post("/v1/ocr", openapi_extra=OF_BOTH)
async def ocr(request: Request, house: TheHouse) -> Response:
    """Read a document: ``image`` as servers for DeepSeek-OCR take it, ``document`` as Mistral's."""
    form = Form()
    try:
        with house.gate.work():
            async with AsyncExitStack() as held:
                body = await held.enter_async_context(json_brought(request, house.memory))
                if "document" in body:
                    return await mistral.ocr(house, request, body, held.aclose)
                if "image" not in body:
                    raise wrong(
                        "image", "there is none, and no document either",
                        'Send {"image": "data:image/png;base64,…"}, or {"document": {…}}.',
                    )  # fmt: skip
                form.documents.append(await boxed.had(house, request, body))
            return await boxed.answer(house, request, form.document, body)
    finally:
        await asyncio.to_thread(form.discard)
