"""Jobs as one of the DeepSeek-OCR servers has them: the same jobs as at ``/v1/jobs``."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from ocrd import results
from ocrd.choice import Choice
from ocrd.errors import RequestError, UnknownJobError
from ocrd.files import printable
from ocrd.job import Job, JobState
from ocrd.web.door.bringing import Brought
from ocrd.web.door.faults import Answer
from ocrd.web.door.guard import needs
from ocrd.web.door.house import House, TheHouse
from ocrd.web.door.wire import MAX_JOBS, MAX_NUMBER
from ocrd.web.routes.jobs import cancelled, deleted
from ocrd.web.routes.results import Page, page_of

STATUS = {
    JobState.QUEUED: "queued",
    JobState.LEASED: "processing",
    JobState.FILING: "processing",
    JobState.DONE: "completed",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "cancelled",
    JobState.WITHDRAWN: "cancelled",  # its document went away before it was read
}

router = APIRouter(tags=["Direct OCR"])
READ = [Depends(needs("read"))]
Identity = Annotated[str, Path(description="The job_id of an answer.")]


@router.get("/jobs", dependencies=READ)
async def jobs(
    house: TheHouse,
    limit: Annotated[int, Query(ge=1, le=MAX_JOBS)] = 50,
    before: Annotated[int | None, Query(ge=1, le=MAX_NUMBER)] = None,
) -> Response:
    """List the newest jobs; ``next`` is the ``before`` with which it goes on."""
    found, following = await house.jobs(Choice(), before=before, limit=limit)
    return Answer({"jobs": [status_of(job) for job in found], "next": following})


@router.get("/ocr/{job}", dependencies=READ)
async def one(job: Identity, house: TheHouse) -> Response:
    """Return how far a job is."""
    return Answer(status_of(await _job(house, job)))


@router.get("/ocr/{job}/pages/{page}", dependencies=READ)
async def page(job: Identity, page: Page, house: TheHouse) -> Response:
    """Return one page as soon as it is read."""
    found = await _job(house, job)
    read = await page_of(house, found, page)
    text = results.text_of(read, house.mode_of(found))
    return Answer({"job_id": str(found.id), "page_num": page, "markdown": text})


@router.get("/ocr/{job}/result", dependencies=READ)
async def result(job: Identity, house: TheHouse) -> Response:
    """Return all pages of a job that has ended."""
    found = await _job(house, job)
    results.require_finished(found)
    pages: list[dict[str, Any]] = []
    if found.state is JobState.DONE:
        pages = await house.do(found, _pages, found, house.mode_of(found))
    return Answer({**status_of(found), "pages": pages})


@router.post("/ocr/{job}/cancel")
async def cancel(job: Identity, house: TheHouse) -> Response:
    """Stop the work on a job."""
    found = await _job(house, job)
    if found.state.is_final:
        raise RequestError(
            f"Job {found.id} is {STATUS[found.state]} and cannot be cancelled.",
            hint="Delete it if it is not needed.", status=409, code="finished",
        )  # fmt: skip
    await cancelled(house, found.id)
    return Answer({"job_id": str(found.id), "status": "cancelling"})


@router.delete("/ocr/{job}")
async def delete(job: Identity, house: TheHouse) -> Response:
    """Forget a job, its document, and all that came of it."""
    await deleted(house, (await _job(house, job)).id)
    return Answer({"status": "deleted"})


def queued(house: House, brought: Brought) -> Response:
    """Return the answer to a document that became a job."""
    job = brought.job
    body = {"job_id": str(job.id), "filename": _name(job), "status": STATUS[job.state]}
    headers = {"Location": f"{house.settings().api.root_path}/ocr/{job.id}"}
    if not brought.is_new:
        headers["Idempotency-Replayed"] = "true"
    return Answer(body, headers=headers)


def status_of(job: Job) -> dict[str, Any]:
    """Return how far a job is."""
    return {
        "job_id": str(job.id),
        "filename": _name(job),
        "status": STATUS[job.state],
        "total_pages": job.pages or 0,
        "processed_pages": job.pages_done,
        "error": job.message or None if job.state is not JobState.DONE else None,
    }


def _name(job: Job) -> str:
    return printable(job.relpath.rpartition("/")[2])


def _pages(job: Job, mode: str) -> list[dict[str, Any]]:
    return [
        {"page_num": page.number, "markdown": results.text_of(page, mode)}
        for page in results.filed_pages(job)
    ]


async def _job(house: House, identity: str) -> Job:
    """Return the job of a job_id; raise UnknownJobError where there is none."""
    if identity.isascii() and identity.isdigit() and len(identity) <= len(str(MAX_NUMBER)):
        return await house.job(min(int(identity), MAX_NUMBER))
    raise UnknownJobError(f"There is no job {identity[:50]!r}.", hint="GET /jobs lists them.")
