"""How the daemon is steered and its jobs are taken back: what the command line asks."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Path
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ocrd.job import Choice, Job, JobState
from ocrd.web.door.faults import Answer
from ocrd.web.door.guard import needs
from ocrd.web.door.house import House, TheHouse, unknown_job
from ocrd.web.door.wire import choice_from_json, job_to_json, outcome_to_json

MAX_JOBS = 10_000  # in one answer
MAX_NUMBER = 2**63 - 1  # of a job

router = APIRouter(prefix="/v1", tags=["Steering"])
READ = [Depends(needs("read"))]
CONTROL = [Depends(needs("control"))]
Number = Annotated[int, Path(ge=1, le=MAX_NUMBER)]


@router.get("/status", dependencies=READ)
async def status(house: TheHouse) -> Response:
    """Say what the daemon is doing."""
    return Answer(await house.steering.status())


@router.get("/inboxes", dependencies=READ)
async def inboxes(house: TheHouse) -> Response:
    """List the watched folders."""
    return Answer({"inboxes": await house.steering.inboxes()})


@router.get("/jobs", dependencies=READ)
async def jobs(request: Request, house: TheHouse) -> Response:
    """List the newest jobs."""
    choice, before, limit = _listing(request.scope["query_string"])
    found, following = await house.steering.jobs(choice, before=before, limit=limit)
    seen = [job_to_json(job) for job in found if house.may_see(job)]
    return Answer({"jobs": seen, "next": following})


@router.get("/jobs/{job}", dependencies=READ)
async def job(job: Number, house: TheHouse) -> Response:
    """Return one job."""
    return _job(await house.job(job))


@router.post("/jobs/retry", dependencies=CONTROL)
async def retry_chosen(request: Request, house: TheHouse) -> Response:
    """Read some jobs once more."""
    choice, switches = _choice(await request.body())
    return await _retried(house, choice, **switches)


@router.post("/jobs/{job}/retry", dependencies=CONTROL)
async def retry(job: Number, house: TheHouse) -> Response:
    """Read one job once more."""
    await house.job(job)
    return await _retried(house, Choice(numbers=(job,)), alone=True)


async def _retried(
    house: House, choice: Choice, *, alone: bool = False, read: bool = True, dry: bool = False
) -> Response:
    try:
        outcomes = await house.steering.retry(choice, read=read, dry=dry)
    except KeyError as error:
        raise unknown_job(error.args[0]) from None
    refusal = outcomes[0].error if alone and outcomes else None
    if refusal is not None:
        raise refusal
    return Answer(
        {
            "jobs": [job_to_json(one.job) for one in outcomes if one.done],
            "outcomes": [outcome_to_json(one) for one in outcomes],
        }
    )


@router.post("/jobs/{job}/cancel", dependencies=CONTROL)
async def cancel(job: Number, house: TheHouse) -> Response:
    """Cancel one job."""
    await house.job(job)
    try:
        return _job(await house.steering.cancel(job))
    except KeyError:
        raise unknown_job(job) from None


@router.post("/pause", dependencies=CONTROL)
async def pause(house: TheHouse) -> Response:
    """Begin no further document."""
    await house.steering.pause()
    return Answer(await house.steering.status())


@router.post("/resume", dependencies=CONTROL)
async def resume(house: TheHouse) -> Response:
    """Go on after a pause."""
    await house.steering.resume()
    return Answer(await house.steering.status())


@router.post("/reload", dependencies=CONTROL)
async def reload(house: TheHouse) -> Response:
    """Read the configuration again."""
    await house.steering.reload()
    return Answer(await house.steering.status())


@router.post("/check", dependencies=CONTROL)
async def check(request: Request, house: TheHouse) -> Response:
    """Try the configuration."""
    with_engine = request.query_params.get("engine", "yes") != "no"
    found = await house.steering.check(with_engine=with_engine)
    return Answer({"findings": [finding.to_json() for finding in found]})


@router.post("/stop", dependencies=CONTROL)
async def stop(house: TheHouse) -> Response:
    """Stop in order."""
    return Answer({"seconds": await house.steering.stop()})


def _job(job: Job) -> Response:
    return Answer({"job": job_to_json(job)})


def _listing(query: bytes) -> tuple[Choice, int | None, int]:
    """Return which jobs are meant, under which number, and how many at most."""
    told = {
        key: values[-1]
        for key, values in parse_qs(query.decode("ascii"), errors="surrogateescape").items()
    }
    choice = Choice(
        state=_state(told.get("state")), code=told.get("code", ""), inbox=told.get("inbox", ""),
        name=told.get("name", ""), doubted="doubtful" in told,
    )  # fmt: skip
    before = _number("before", told["before"], MAX_NUMBER) if "before" in told else None
    return choice, before, _number("limit", told.get("limit", "50"), MAX_JOBS)


def _state(text: str | None) -> JobState | None:
    if text is None:
        return None
    try:
        return JobState(text)
    except ValueError:
        raise HTTPException(
            HTTPStatus.BAD_REQUEST, f"No job state is called {text!r}; there are {_STATES}."
        ) from None


def _choice(body: bytes) -> tuple[Choice, dict[str, bool]]:
    """Return which jobs are meant, all that failed for no body, and the switches."""
    try:
        told = json.loads(body or b"{}")
        if not isinstance(told, dict):
            raise TypeError("it is no object")
        switches = {key: bool(told.pop(key)) for key in ("read", "dry") if key in told}
        return choice_from_json(told), switches
    except (ValueError, TypeError, AttributeError) as error:
        raise HTTPException(
            HTTPStatus.BAD_REQUEST, f"Which jobs are meant is not to be understood: {error}."
        ) from None


def _number(name: str, text: str, most: int) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= most:
        return int(text)
    raise HTTPException(
        HTTPStatus.BAD_REQUEST, f"The {name} must be a number from 1 to {most}, not {text!r}."
    )


_STATES = ", ".join(JobState)
