"""Jobs: a document is brought, watched, cancelled, deleted; those of the folders are seen, too."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from ocrd.errors import RequestError
from ocrd.job import FINAL_STATES, Job
from ocrd.web.door.asked import while_there
from ocrd.web.door.bringing import bring
from ocrd.web.door.faults import Answer
from ocrd.web.door.guard import needs
from ocrd.web.door.house import House, TheHouse, unknown_job
from ocrd.web.door.listing import PARAMETERS, listing
from ocrd.web.door.ordering import ASKABLE, LISTS, OWN
from ocrd.web.door.shown import job_path, job_shown
from ocrd.web.door.wire import MAX_NUMBER, dumps

LONGEST_WAIT = 300.0  # seconds, for a job's end
TURN = 50  # jobs that are listed at a stretch
FILING_SECONDS = 30.0  # for a job that is being filed to end, before it is deleted

router = APIRouter(prefix="/v1/jobs", tags=["Jobs"])
READ = [Depends(needs("read"))]
Number = Annotated[int, Path(ge=1, le=MAX_NUMBER)]
Wait = Annotated[
    float, Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait for the job's end.")
]

_ENDS = frozenset({*(state.value for state in FINAL_STATES), "deleted"})
_ASKED: Mapping[str, Any] = {
    name: {"type": "array", "items": {"type": "string"}} if name in LISTS else {"type": "string"}
    for name in (*ASKABLE, *OWN)
}
_FORM = {
    "multipart/form-data": {
        "schema": {
            "type": "object", "required": ["file"],
            "properties": {"file": {"type": "string", "format": "binary"}, **_ASKED},
        }
    },
    "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
}  # fmt: skip
_FIELDS = [
    {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}
    for name in (*_ASKED, "filename")
] + [
    {"name": "Idempotency-Key", "in": "header", "required": False, "schema": {"type": "string"}},
    {"name": "X-Filename", "in": "header", "required": False, "schema": {"type": "string"}},
]  # fmt: skip


@router.post(
    "", status_code=HTTPStatus.ACCEPTED, dependencies=[Depends(needs("upload"))],
    openapi_extra={"requestBody": {"required": True, "content": _FORM}, "parameters": _FIELDS},
)  # fmt: skip
async def create(request: Request, house: TheHouse) -> Response:
    """Bring a document: as the part ``file`` of a form, or as the body itself."""
    found = await bring(house, request)
    headers = {"Location": job_path(house, found.job)}
    if not found.is_new:
        headers["Idempotency-Replayed"] = "true"
    body = {"job": job_shown(house, found.job)}
    return Answer(body, status_code=HTTPStatus.ACCEPTED, headers=headers)


@router.get("", dependencies=READ, openapi_extra={"parameters": PARAMETERS})
async def jobs(request: Request, house: TheHouse) -> Response:
    """List the newest jobs; ``next`` is where to go on."""
    asked = listing(request.scope["query_string"], str(house.uploads.path))
    found, following = await house.jobs(asked.choice, before=asked.before, limit=asked.limit)
    shown = []
    for number, job in enumerate(found, 1):
        shown.append(dumps(job_shown(house, job)))
        if number % TURN == 0:
            await asyncio.sleep(0)  # thousands take seconds, in which others are answered
    body = f'{{"jobs": [{", ".join(shown)}], "next": {dumps(following)}}}'
    return Response(body, media_type=Answer.media_type)


@router.get("/{job}", dependencies=READ)
async def one(job: Number, house: TheHouse, request: Request, wait: Wait = 0.0) -> Response:
    """Return one job; with ``wait``, when it has ended, or so many seconds are over."""
    found = await house.job(job)
    if wait and not found.state.is_final:
        with house.gate.listen():
            await while_there(request, ended(house, job, wait))
        found = await house.job(job)
    return Answer({"job": job_shown(house, found)})


@router.post("/{job}/cancel")
async def cancel(job: Number, house: TheHouse) -> Response:
    """Stop the work on one job; a folder's document stays in its inbox."""
    return Answer({"job": job_shown(house, await cancelled(house, job))})


@router.delete("/{job}", status_code=HTTPStatus.OK)
async def delete(job: Number, house: TheHouse) -> Response:
    """Forget a job that was brought, its document, and all that came of it."""
    await deleted(house, job)
    return Answer({"deleted": job})


async def cancelled(house: House, number: int) -> Job:
    """Stop the work on a job; return it. Raises RequestError for one who may not."""
    house.require_steering(await house.job(number))
    try:
        return await house.steering.cancel(number)
    except KeyError:
        raise unknown_job(number) from None


async def deleted(house: House, number: int) -> None:
    """Forget a job that was brought; one that is open is cancelled first.

    Raises RequestError for one who may not, for a folder's document, and for one whose filing does
    not end.
    """
    found = await house.job(number)
    house.require_steering(found)
    if not house.uploads.is_ours(found):
        raise RequestError(
            f"Job {number} is of a watched folder, and is not deleted.",
            hint="What finished is forgotten after keep_jobs; its files are the folder's.",
            status=HTTPStatus.CONFLICT, code="not-an-upload",
        )  # fmt: skip
    if not found.state.is_final:
        found = await cancelled(house, number)
        if not found.state.is_final:  # its files are being put in their places
            await ended(house, number, FILING_SECONDS)
            found = await house.job(number)
    if not found.state.is_final:
        raise RequestError(
            f"Job {number} is being finished.", hint="Delete it in a moment.",
            status=HTTPStatus.CONFLICT, code="not-yet", headers={"Retry-After": "5"},
        )  # fmt: skip
    await house.uploads.delete(found)


async def ended(house: House, number: int, seconds: float) -> None:
    """Wait for a job's end, for so long at most, or the daemon's."""
    after = house.events.last
    job = await house.job(number)
    if job.state.is_final:
        return
    waits = {
        asyncio.ensure_future(house.events.wait(number, _ENDS, after=after)),
        asyncio.ensure_future(house.stopping.wait()),
    }
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waits:
            one.cancel()
        await asyncio.wait(waits)
