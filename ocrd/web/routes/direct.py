"""OCR with the answer at once, of one document: routes that clients of DeepSeek-OCR servers know.

Whoever goes away takes his pages with him, and nothing of a request stays.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from ocrd.web.door.asked import streamed
from ocrd.web.door.faults import Answer
from ocrd.web.door.guard import needs
from ocrd.web.door.house import House, TheHouse
from ocrd.web.door.inquiry import Inquiry, inquiry, taken, wrong
from ocrd.web.door.live import Live
from ocrd.web.door.sink import Received
from ocrd.web.routes.forms import OF_A_DOCUMENT
from ocrd.web.routes.readings import found, reading, remarks, text_of
from ocrd.web.routes.transcription import Transcript, Transcription, Wanted

USUAL_SIZE = "gundam"  # that other servers answer with where none was told

router = APIRouter(tags=["Direct OCR"], dependencies=[Depends(needs("upload"))])


@router.post("/ocr/file", openapi_extra=OF_A_DOCUMENT)
async def of_file(request: Request, house: TheHouse) -> Response:
    """Read a document; plain text unless the prompt or the mode says otherwise."""
    with house.gate.work():
        async with taken(house, request) as (form, told):
            return await text_answer(
                house, request, form.document, inquiry(house, told), with_mode=False
            )


@router.post("/ocr/free", openapi_extra=OF_A_DOCUMENT)
async def free(request: Request, house: TheHouse) -> Response:
    """Read a document as plain text."""
    with house.gate.work():
        async with taken(house, request) as (form, told):
            return await text_answer(house, request, form.document, inquiry(house, told))


@router.post("/ocr/markdown", openapi_extra=OF_A_DOCUMENT)
async def markdown(request: Request, house: TheHouse) -> Response:
    """Read a document as Markdown."""
    with house.gate.work():
        async with taken(house, request) as (form, told):
            asked = inquiry(house, told, "markdown")
            return await text_answer(house, request, form.document, asked, key="markdown")


@router.post("/ocr/stream", openapi_extra=OF_A_DOCUMENT)
async def stream(request: Request, house: TheHouse) -> Response:
    """Read a document and send its text while it is read, as server-sent events."""
    return live(request, house)


async def text_answer(
    house: House,
    request: Request,
    document: Received,
    asked: Inquiry,
    *,
    key: str = "text",
    with_mode: bool = True,
) -> Response:
    """Read a document and return the answer with its text under ``key``."""
    answer = await reading(house, request, document, asked)
    body: dict[str, Any] = {key: await text_of(answer, asked)}
    if with_mode:
        body["mode"] = asked.told_mode or asked.task.size or USUAL_SIZE
    if asked.task.mode == "locate":
        body["located"] = found(answer)
    return Answer({**body, **remarks(answer)})


def live(request: Request, house: House) -> Response:
    """Return the answer that is sent while the document of a request is read."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[AsyncIterator[str]]:
        with house.gate.work():
            async with taken(house, request) as (form, told):
                asked = inquiry(house, told)
                if asked.pages:
                    raise wrong("pages", "a stream has all of them", "Ask for them one by one.")
                wanted = Wanted([form.document], asked.task, asked.engine, asked.kind)

                def work(tell: Callable[[str], None]) -> Coroutine[Any, Any, Transcript]:
                    return Transcription(house, wanted, tell).read()

                async with streamed(work) as pieces:
                    yield pieces

    return Live(request, opened)
