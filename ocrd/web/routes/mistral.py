"""Mistral's ``POST /v1/ocr``: a document by URL or as a file that was left, told page by page.

What a model would have to make up of the text (annotations) is refused. Pictures are cut out page
by page while the answer is sent, so that no more than one page's are in memory.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from ocrd.direct import Answer as Read
from ocrd.errors import OcrdError, RequestError
from ocrd.job import PageStatus
from ocrd.tasks import Task
from ocrd.web.door.asked import kind_of, read, task_asked
from ocrd.web.door.faults import Answer, refusal_of, refused
from ocrd.web.door.form import Form
from ocrd.web.door.house import House
from ocrd.web.door.sink import Received
from ocrd.web.routes import files
from ocrd.web.routes.conversation import Reference, received
from ocrd.web.routes.models import engine_of
from ocrd.web.routes.pageobjects import Composer, Sheet, Wish
from ocrd.web.routes.transcription import unread

OWN_MODELS = "mistral-ocr"  # what clients name that know one server only
MAX_RANGES = 1000
_PART = re.compile(r"\s*(\d{1,9})\s*(?:-\s*(\d{1,9})\s*)?", re.ASCII)
_URLS = ("document_url", "image_url")
_MADE_UP = ("bbox_annotation_format", "document_annotation_format", "document_annotation_prompt")

Ranges = tuple[tuple[int, int], ...]


class OcrRequest(BaseModel):
    """What is asked for a document."""

    model_config = ConfigDict(extra="ignore")

    model: str | None = None
    document: dict[str, Any] = Field(
        description='{"type": "document_url", "document_url": …}, {"type": "image_url", …} or'
        ' {"type": "file", "file_id": …}'
    )
    pages: list[Annotated[int, Field(ge=0, lt=10**9)]] | str | None = Field(
        None, max_length=MAX_RANGES, description='From 0: [0, 1, 7], or "0-5,7".'
    )
    include_image_base64: bool | None = False
    image_limit: Annotated[int, Field(ge=0)] | None = None
    image_min_size: Annotated[int, Field(ge=0)] | None = None
    table_format: Literal["markdown", "html"] | None = None
    extract_header: bool | None = False
    extract_footer: bool | None = False
    include_blocks: bool | None = True
    confidence_scores_granularity: Literal["word", "page", "block"] | None = None

    def wish(self) -> Wish:
        """Return what is asked of the pages."""
        return Wish(
            bool(self.include_image_base64), self.image_limit, self.image_min_size or 0,
            self.table_format, bool(self.extract_header), bool(self.extract_footer),
            bool(self.include_blocks), self.confidence_scores_granularity,
        )  # fmt: skip


class FieldError(RequestError):
    """A field is not what the API says."""

    def __init__(self, field: tuple[int | str, ...], message: str) -> None:
        super().__init__(message, status=HTTPStatus.UNPROCESSABLE_ENTITY, code="values")
        self.field = field


@dataclass(frozen=True, slots=True)
class Asked:
    """What was taken in of a request."""

    document: Received
    task: Task
    engine: str
    ranges: Ranges
    wish: Wish


async def ocr(
    house: House,
    request: Request,
    body: dict[str, Any],
    released: Callable[[], Awaitable[None]] | None = None,
) -> Response:
    """Answer a request whose body names a `document`.

    The body is empty once its document is on the disk; ``released`` is called then.
    """
    try:
        async with AsyncExitStack() as stack:
            form = Form()
            stack.push_async_callback(asyncio.to_thread, form.discard)
            asked = await _taken(house, body, form)
            if released is not None:
                await released()
            return await _answered(house, request, asked, stack)
    except FieldError as error:
        where = ["body", *error.field]
        fault = {"loc": where, "msg": error.what, "type": "value_error"}
        return Answer({"detail": [fault]}, status_code=error.status)
    except OcrdError as error:
        return _refused(request, error)


def _refused(request: Request, error: OcrdError) -> Response:
    """Return the response of an error, in Mistral's form whatever path it has."""
    told = refusal_of(error)
    ours = refused(request, told, getattr(error, "headers", None))
    return Answer(files.told(told), status_code=told.status, headers=_kept(ours.headers))


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() == "retry-after"}


async def _taken(house: House, body: dict[str, Any], form: Form) -> Asked:
    """Take a request in; its document is on the disk then."""
    for field in _MADE_UP:
        if body.get(field) is not None:
            raise FieldError((field,), "Annotations are not made here: the text is read, no more.")
    try:
        asked = OcrRequest.model_validate(body)
    except ValidationError as error:
        fault = error.errors()[0]
        raise FieldError(tuple(fault["loc"]), str(fault["msg"])) from None
    ranges = _ranges(asked.pages)
    name = asked.model or ""
    engine = engine_of(house, "" if name.startswith(OWN_MODELS) else name)
    task = task_asked(kind_of(house, engine))
    reference = _reference(asked.document)
    body.clear()  # the document is in it
    asked.document.clear()
    (document,) = await received(house, [reference], form)
    return Asked(document, task, engine, ranges, asked.wish())


def _reference(document: Mapping[str, Any]) -> Reference:
    """Return what names the document; raise FieldError."""
    name = str(document.get("document_name") or "")[:255]
    for kind in _URLS:
        told = document.get(kind)
        url = told.get("url") if isinstance(told, Mapping) else told
        if isinstance(url, str) and url and document.get("type", kind) == kind:
            return Reference(url=url, name=name)
    identity = document.get("file_id")
    if isinstance(identity, str) and identity and document.get("type", "file") == "file":
        return Reference(identity=identity, name=name)
    raise FieldError(("document",), "There is no document_url, image_url or file_id of its type.")


def _ranges(pages: list[int] | str | None) -> Ranges:
    """Return pages that are told from 0 as ranges from 1; raise FieldError."""
    if pages is None:
        return ()
    if isinstance(pages, list):
        found = [(page + 1, page + 1) for page in pages]
    else:
        parts = [_PART.fullmatch(part) for part in pages.split(",")]
        found = [
            (int(part[1]) + 1, int(part[2] or part[1]) + 1) for part in parts if part is not None
        ]
        if len(found) != len(parts) or any(first > last for first, last in found):
            raise FieldError(("pages",), 'This names no pages; write them from 0, as in "0-5,7".')
    if not found:
        raise FieldError(("pages",), "No page is named.")
    return tuple(sorted(found))


async def _answered(
    house: House, request: Request, asked: Asked, stack: AsyncExitStack
) -> Response:
    found = await read(
        house, request, asked.document, asked.task, engine=asked.engine, pages=asked.ranges
    )
    if all(page.status is PageStatus.FAILED for page in found.pages):
        raise unread(found.pages[0])
    sheets = await asyncio.to_thread(_composed, found, asked.wish)
    rest = {
        "model": found.model or found.engine,
        "usage_info": {
            "pages_processed": len(found.pages), "doc_size_bytes": asked.document.size,
        },
        "document_annotation": None,
    }  # fmt: skip
    if not asked.wish.with_images or not any(sheet.figures for sheet in sheets):
        return Answer({"pages": [sheet.body for sheet in sheets], **rest})
    return Pictured(_pieces(house, asked, sheets, rest), stack.pop_all())


def _composed(found: Read, wish: Wish) -> list[Sheet]:
    composer = Composer(wish)
    return [composer.sheet(page, found.recognitions.get(page.number)) for page in found.pages]


class Pictured(StreamingResponse):
    """An answer that is made while it is sent, and holds its document until then."""

    def __init__(self, pieces: AsyncIterator[bytes], stack: AsyncExitStack) -> None:
        super().__init__(pieces, media_type="application/json")
        self._stack = stack

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; let all go."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._stack.aclose()


async def _pieces(
    house: House, asked: Asked, sheets: list[Sheet], rest: dict[str, Any]
) -> AsyncIterator[bytes]:
    """Provide the answer as JSON, page by page, with the pictures of each."""
    yield b'{"pages": ['
    for number, sheet in enumerate(sheets):
        if sheet.figures:
            await _illustrate(house, asked, sheet)
        yield (", " if number else "").encode() + json.dumps(sheet.body).encode()
        sheet.body.clear()
    yield b"], " + json.dumps(rest).encode().removeprefix(b"{")


async def _illustrate(house: House, asked: Asked, sheet: Sheet) -> None:
    """Give a page its pictures; one that cannot be cut out stays null."""
    try:
        pictures = await house.direct.cut(asked.document.path, sheet.page, sheet.figures)
    except OcrdError:
        return
    for image, picture in zip(sheet.body["images"], pictures, strict=True):
        image["image_base64"] = f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}"
