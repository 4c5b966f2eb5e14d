"""OCR of many documents in one request: answered in order, each for itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from ocrd.direct import Question
from ocrd.errors import OcrdError
from ocrd.web.door.asked import answered, while_there
from ocrd.web.door.faults import Answer, refusal_of
from ocrd.web.door.form import Form
from ocrd.web.door.guard import needs
from ocrd.web.door.house import House, TheHouse
from ocrd.web.door.inquiry import inquiry, unpacked, wrong
from ocrd.web.door.jsonbody import json_brought
from ocrd.web.door.sink import Received
from ocrd.web.routes.forms import OF_BATCH
from ocrd.web.routes.readings import remarks, require_read, text_of

MOST = 100  # documents
AT_ONCE = 8  # of one request; the engine's queue deals pages to all who wait

router = APIRouter(tags=["Direct OCR"], dependencies=[Depends(needs("upload"))])


@router.post("/ocr/batch", openapi_extra=OF_BATCH)
async def batch(request: Request, house: TheHouse) -> Response:
    """Read up to 100 documents; what is wrong with one of them is said in its place."""
    with house.gate.work():
        async with _brought(house, request) as documents:
            turns = asyncio.Semaphore(AT_ONCE)

            async def one(document: Received | OcrdError, told: Mapping[str, Any]) -> Any:
                async with turns:
                    return await _result(house, document, told)

            async def every() -> list[Any]:
                async with asyncio.TaskGroup() as group:
                    tasks = [group.create_task(one(*each)) for each in documents]
                return [task.result() for task in tasks]

            return Answer({"results": await while_there(request, every())})


@asynccontextmanager
async def _brought(
    house: House, request: Request
) -> AsyncIterator[list[tuple[Received | OcrdError, dict[str, Any]]]]:
    """Provide the documents, on the disk, with their fields; an error in place of a wrong one."""
    form = Form()
    try:
        async with json_brought(request, house.memory) as body:
            wanted = body.get("requests")
            if not isinstance(wanted, list) or len(wanted) > MOST:
                raise wrong("requests", f"this is no list of up to {MOST}", "Send several lists.")
            found = [await _one(house, form, told) for told in wanted]
            body.clear()
        yield found
    finally:
        await asyncio.to_thread(form.discard)


async def _one(
    house: House, form: Form, told: object
) -> tuple[Received | OcrdError, dict[str, Any]]:
    if not isinstance(told, dict):
        return wrong("requests", "this is no object", 'Write {"image_base64": "…"}.'), {}
    try:
        document = await unpacked(house, told)
    except OcrdError as error:
        return error, {}
    form.documents.append(document)
    return document, told


async def _result(
    house: House, document: Received | OcrdError, told: Mapping[str, Any]
) -> dict[str, Any]:
    try:
        if isinstance(document, OcrdError):
            raise document
        asked, settings = inquiry(house, told), house.settings().api
        question = Question(
            document.path, asked.task, asked.engine, asked.pages, settings.priority,
            settings.max_direct_pages,
        )  # fmt: skip
        answer = await answered(house, question)
        require_read(answer)
        return {"text": await text_of(answer, asked), **remarks(answer)}
    except OcrdError as error:
        refusal = refusal_of(error)
        return {"text": None, "error": {"status": refusal.status, **(refusal.body or {})}}
