"""How the daemon is steered and its jobs are taken back: what the command line asks."""

from __future__ import annotations

import json
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ocrd.choice import Choice
from ocrd.errors import RequestError
from ocrd.web.door.asking import asker
from ocrd.web.door.faults import Answer
from ocrd.web.door.guard import needs, needs_all
from ocrd.web.door.house import House, TheHouse, unknown_job
from ocrd.web.door.listing import UPLOADS
from ocrd.web.door.shown import job_shown
from ocrd.web.door.wire import choice_from_json, outcome_to_json
from ocrd.web.routes.jobs import Number

MAX_CHOICE = 1 << 20  # bytes of a choice

router = APIRouter(prefix="/v1", tags=["Steering"])
READ = [Depends(needs("read"))]
CONTROL = [Depends(needs("control"))]
CONTROL_ALL = [*CONTROL, Depends(needs_all)]
_CHOICE = {
    "requestBody": {
        "required": False,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object", "additionalProperties": False,
                    "properties": {
                        "numbers": {"type": "array", "items": {"type": "integer", "minimum": 1}},
                        "state": {"type": "string"}, "code": {"type": "string"},
                        "inbox": {"type": "string"}, "name": {"type": "string"},
                        "doubted": {"type": "boolean"}, "read": {"type": "boolean"},
                        "dry": {"type": "boolean"},
                    },
                }
            }
        },
    }
}  # fmt: skip


@router.get("/status", dependencies=READ)
async def status(house: TheHouse) -> Response:
    """Say what the daemon is doing."""
    return Answer(seen(await house.steering.status()))


@router.get("/inboxes", dependencies=READ)
async def inboxes(house: TheHouse) -> Response:
    """List the watched folders."""
    who = asker()
    found = await house.steering.inboxes()
    return Answer({"inboxes": [one for one in found if who.may_see(one["path"])]})


@router.post("/jobs/retry", dependencies=CONTROL, openapi_extra=_CHOICE)
async def retry_chosen(request: Request, house: TheHouse) -> Response:
    """Read some jobs once more, all that failed where the body names none."""
    choice, switches = _choice(await _small_body(request))
    if choice.inbox == UPLOADS:
        choice = replace(choice, inbox=str(house.uploads.path))
    return await _retried(house, await _visible(house, choice), **switches)


@router.post("/jobs/{job}/retry")
async def retry(job: Number, house: TheHouse) -> Response:
    """Read one job once more."""
    house.require_steering(await house.job(job))
    return await _retried(house, Choice(numbers=(job,)), alone=True)


async def _visible(house: House, choice: Choice) -> Choice | None:
    """Return the choice of those that the asker may see; None where there are none."""
    if not asker().folders:
        return choice
    try:
        planned = await house.steering.retry(choice, dry=True)
    except KeyError as error:
        raise unknown_job(error.args[0]) from None
    numbers = tuple(one.job.id for one in planned if house.may_see(one.job))
    if hidden := next((one for one in choice.numbers if one not in numbers), None):
        raise unknown_job(hidden)
    return replace(choice, numbers=numbers) if numbers else None


async def _retried(
    house: House, choice: Choice | None, *, alone: bool = False, read: bool = True,
    dry: bool = False,
) -> Response:  # fmt: skip
    try:
        outcomes = await house.steering.retry(choice, read=read, dry=dry) if choice else []
    except KeyError as error:
        raise unknown_job(error.args[0]) from None
    refusal = outcomes[0].error if alone and outcomes else None
    if refusal is not None:
        raise refusal
    return Answer(
        {
            "jobs": [job_shown(house, one.job) for one in outcomes if one.done],
            "outcomes": [outcome_to_json(one) for one in outcomes],
        }
    )


@router.post("/pause", dependencies=CONTROL_ALL)
async def pause(house: TheHouse) -> Response:
    """Begin no further document."""
    await house.steering.pause()
    return Answer(await house.steering.status())


@router.post("/resume", dependencies=CONTROL_ALL)
async def resume(house: TheHouse) -> Response:
    """Go on after a pause."""
    await house.steering.resume()
    return Answer(await house.steering.status())


@router.post("/reload", dependencies=CONTROL_ALL)
async def reload(house: TheHouse) -> Response:
    """Read the configuration again."""
    await house.steering.reload()
    return Answer(await house.steering.status())


@router.post("/check", dependencies=CONTROL_ALL)
async def check(house: TheHouse, engine: str = "yes") -> Response:
    """Try the configuration; each engine reads a page, unless ``engine`` is "no"."""
    found = await house.steering.check(with_engine=engine != "no")
    return Answer({"findings": [finding.to_json() for finding in found]})


@router.post("/stop", dependencies=CONTROL_ALL)
async def stop(house: TheHouse) -> Response:
    """Stop in order."""
    return Answer({"seconds": await house.steering.stop()})


def seen(status: dict[str, Any]) -> dict[str, Any]:
    """Return a status without what is of folders that the asker may not see."""
    who = asker()
    if not who.folders:
        return status
    hidden = tuple(
        one["path"] for one in status.get("inboxes", ()) if not who.may_see(one["path"])
    )
    begins = tuple(f"{path}:" for path in hidden)
    return {
        **status,
        "summary": status["state"],
        "config": "",
        "inboxes": [one for one in status["inboxes"] if one["path"] not in hidden],
        "working": [one for one in status["working"] if who.may_see(one["inbox"])],
        "problems": [one for one in status["problems"] if not one.startswith(begins)],
    }


async def _small_body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_CHOICE:
            raise RequestError(
                f"The choice is larger than {MAX_CHOICE} bytes.",
                status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE, code="too-large",
            )  # fmt: skip
    return bytes(body)


def _choice(body: bytes) -> tuple[Choice, dict[str, bool]]:
    """Return which jobs are meant, all that failed for no body, and the switches."""
    try:
        told = json.loads(body or b"{}")
        if not isinstance(told, dict):
            raise TypeError("it is no object")
        switches = {key: bool(told.pop(key)) for key in ("read", "dry") if key in told}
        return choice_from_json(told), switches
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise HTTPException(
            HTTPStatus.BAD_REQUEST, f"Which jobs are meant is not to be understood: {error}."
        ) from None
