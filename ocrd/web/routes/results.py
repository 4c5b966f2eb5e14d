"""What came of a job: single pages as soon as they are read, and whole results in several forms."""

from __future__ import annotations

from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import PurePath
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from ocrd import results
from ocrd.errors import RequestError
from ocrd.files import printable
from ocrd.job import Job, PageRead
from ocrd.web.door.accepting import accepted
from ocrd.web.door.faults import Answer
from ocrd.web.door.guard import needs
from ocrd.web.door.house import House, TheHouse
from ocrd.web.door.shown import job_path, page_shown
from ocrd.web.door.streaming import INERT, file_response, saved_as, threaded
from ocrd.web.routes.jobs import Number

HIGHEST_PAGE = 10**9
MARKDOWN, PLAIN, JSON, PDF, ZIP = (
    "text/markdown", "text/plain", "application/json", "application/pdf", "application/zip",
)  # fmt: skip
FORMATS = {
    "markdown": MARKDOWN, "md": MARKDOWN, "text": PLAIN, "json": JSON, "overlay": PDF, "pdf": PDF,
    "zip": ZIP,
}  # fmt: skip
Format = Annotated[
    Literal["markdown", "md", "text", "json", "overlay", "pdf", "zip"] | None,
    Query(description="The form; else what Accept asks for, else Markdown."),
]
Page = Annotated[int, Path(ge=1, le=HIGHEST_PAGE)]
_KINDS = {MARKDOWN: results.MARKDOWN, PLAIN: results.MARKDOWN, JSON: results.JSON,
          PDF: results.OVERLAY}  # fmt: skip
_PICTURES = {".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp"}

router = APIRouter(prefix="/v1/jobs/{job}", tags=["Results"], dependencies=[Depends(needs("read"))])


@router.get("/pages/{page}")
async def page(job: Number, page: Page, house: TheHouse, request: Request) -> Response:
    """Return one page as soon as it is read, as JSON or, if Accept asks for text, its text."""
    found = await house.job(job)
    read = await page_of(house, found, page)
    mode = house.mode_of(found)
    if accepted(request, (JSON, MARKDOWN, PLAIN)) == JSON:
        return Answer(page_shown(found, read, mode))
    kind = PLAIN if mode == "text" else MARKDOWN
    return Response(results.text_of(read, mode), media_type=kind, headers=INERT)


@router.get("/result")
async def result(
    job: Number, house: TheHouse, request: Request, format: Format = None  # noqa: A002
) -> Response:
    """Return the whole result: Markdown (or text), JSON, the overlay's PDF, or all of it zipped."""
    found = await house.job(job)
    results.require_finished(found)
    kind = FORMATS[format] if format else accepted(request, (MARKDOWN, PLAIN, JSON, PDF, ZIP))
    if kind == ZIP:
        return _zipped(house, found)
    opened = await house.do(found, results.open_output, found, _KINDS[kind])
    if kind == MARKDOWN and house.mode_of(found) == "text":
        kind = PLAIN
    return file_response(house, found, opened, kind)


@router.get("/assets")
async def assets(job: Number, house: TheHouse) -> Response:
    """List the figures that were cut out of the pages."""
    found = await house.job(job)
    names = await house.do(found, results.figures, found)
    base = f"{job_path(house, found)}/assets"
    return Answer(
        {
            "assets": [
                {"name": printable(name), "url": f"{base}/{quote(name.encode(errors='replace'))}"}
                for name in names
            ]
        }
    )


@router.get("/assets/{name}")
async def asset(job: Number, name: str, house: TheHouse) -> Response:
    """Return one figure."""
    found = await house.job(job)
    opened = await house.do(found, results.open_figure, found, name)
    kind = _PICTURES.get(PurePath(name).suffix.lower(), "application/octet-stream")
    return file_response(house, found, opened, kind)


async def page_of(house: House, job: Job, number: int) -> PageRead:
    """Return a page that is read; raise RequestError where it is not, not yet, or not any more."""
    results.require_wanted(job, number)
    if not job.state.is_final:
        found = await house.ledger.do(lambda ledger: results.read_page(ledger, job, number))
        if found is not None:
            return found
        job = await house.job(job.id)  # it may have ended meanwhile
        if not job.state.is_final:
            raise results.not_yet(f"Page {number} of job {job.id} is not read yet.")
    return await house.do(job, results.filed_page, job, number)


def _zipped(house: House, job: Job) -> Response:
    if not results.kinds(job):
        results.open_output(job, results.MARKDOWN)  # which says why there is none
        raise RequestError("Nothing came of it.", status=HTTPStatus.NOT_FOUND, code="no-result")
    packing = results.packed(job)

    async def pieces() -> AsyncIterator[bytes]:
        try:
            async for piece in threaded(house, job, lambda: next(packing, None)):
                if piece:
                    yield piece
        finally:
            await house.do(job, packing.close)

    name = f"{PurePath(printable(job.relpath)).stem}.zip"
    return StreamingResponse(pieces(), media_type=ZIP, headers={**INERT, **saved_as(name)})
