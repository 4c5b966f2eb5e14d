"""The daemon's HTTP interface: a Starlette application over whatever can be steered.

Every answer is JSON. A refusal is ``{"error": {"code", "message", "hint"}}`` with a 4xx status.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ocrd.errors import ConfigError, LedgerError, OcrdError, UnknownJobError
from ocrd.job import Choice, Job, JobState
from ocrd.web.asking import Introducing
from ocrd.web.wire import (
    Finding,
    Outcome,
    choice_from_json,
    dumps,
    error_to_json,
    job_to_json,
    outcome_to_json,
)

MAX_JOBS = 10_000  # in one answer
MAX_NUMBER = 2**63 - 1  # of a job


class Steering(Protocol):
    """What the interface asks of the daemon."""

    async def status(self) -> dict[str, Any]:
        """Return what the daemon is doing."""
        ...

    async def inboxes(self) -> list[dict[str, Any]]:
        """Return each watched folder, with what was passed over in it."""
        ...

    async def reload(self) -> None:
        """Read the configuration again; raise ConfigError and keep the old one if it is bad."""
        ...

    async def check(self, *, with_engine: bool) -> Sequence[Finding]:
        """Try a reload without one; ``with_engine`` lets each engine read a page."""
        ...

    async def stop(self) -> float:
        """Stop in order; return how many seconds that takes at most."""
        ...

    async def pause(self) -> None:
        """Start no further page."""
        ...

    async def resume(self) -> None:
        """Undo pause."""
        ...

    async def cancel(self, job_id: int) -> Job:
        """Cancel the job; raise KeyError where there is none."""
        ...

    async def retry(
        self, choice: Choice, *, read: bool = True, dry: bool = False
    ) -> Sequence[Outcome]:
        """Take the chosen jobs back, see the daemon; raise KeyError for an unknown number."""
        ...

    async def jobs(
        self, choice: Choice, *, before: int | None, limit: int
    ) -> tuple[Sequence[Job], int | None]:
        """Return the latest chosen jobs under a number, newest first, and where to go on."""
        ...

    async def job(self, job_id: int) -> Job:
        """Return one job; raise KeyError where there is none."""
        ...


class Answer(Response):
    """A JSON response that can carry file names which are not UTF-8."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        """Return the body."""
        return dumps(content).encode("ascii")


def application(steering: Steering) -> Starlette:
    """Return the application that steers ``steering``."""
    api = _Api(steering)
    return Starlette(
        routes=[
            Route("/status", api.status, methods=["GET"]),
            Route("/inboxes", api.inboxes, methods=["GET"]),
            Route("/jobs", api.jobs, methods=["GET"]),
            Route("/jobs/retry", api.retry_chosen, methods=["POST"]),
            Route("/jobs/{job:int}", api.job, methods=["GET"]),
            Route("/jobs/{job:int}/retry", api.retry, methods=["POST"]),
            Route("/jobs/{job:int}/cancel", api.cancel, methods=["POST"]),
            Route("/pause", api.pause, methods=["POST"]),
            Route("/resume", api.resume, methods=["POST"]),
            Route("/reload", api.reload, methods=["POST"]),
            Route("/check", api.check, methods=["POST"]),
            Route("/stop", api.stop, methods=["POST"]),
        ],
        middleware=[Middleware(Introducing)],
        exception_handlers={
            OcrdError: _refuse,
            HTTPException: _refuse_request,
            Exception: _internal_error,
        },
    )


class _Api:
    """One method a route."""

    def __init__(self, steering: Steering) -> None:
        self._steering = steering

    async def status(self, _: Request) -> Response:
        return Answer(await self._steering.status())

    async def inboxes(self, _: Request) -> Response:
        return Answer({"inboxes": await self._steering.inboxes()})

    async def jobs(self, request: Request) -> Response:
        choice, before, limit = _listing(request.scope["query_string"])
        jobs, following = await self._steering.jobs(choice, before=before, limit=limit)
        return Answer({"jobs": [job_to_json(job) for job in jobs], "next": following})

    async def job(self, request: Request) -> Response:
        number: int = request.path_params["job"]
        try:
            return _job(await self._steering.job(number))
        except KeyError:
            raise unknown_job(number) from None

    async def retry(self, request: Request) -> Response:
        number: int = request.path_params["job"]
        return await self._retried(Choice(numbers=(number,)), alone=True)

    async def retry_chosen(self, request: Request) -> Response:
        choice, switches = _choice(await request.body())
        return await self._retried(choice, **switches)

    async def _retried(
        self, choice: Choice, *, alone: bool = False, read: bool = True, dry: bool = False
    ) -> Response:
        try:
            outcomes = await self._steering.retry(choice, read=read, dry=dry)
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

    async def cancel(self, request: Request) -> Response:
        number: int = request.path_params["job"]
        try:
            return _job(await self._steering.cancel(number))
        except KeyError:
            raise unknown_job(number) from None

    async def pause(self, _: Request) -> Response:
        await self._steering.pause()
        return Answer(await self._steering.status())

    async def resume(self, _: Request) -> Response:
        await self._steering.resume()
        return Answer(await self._steering.status())

    async def reload(self, _: Request) -> Response:
        await self._steering.reload()
        return Answer(await self._steering.status())

    async def check(self, request: Request) -> Response:
        with_engine = request.query_params.get("engine", "yes") != "no"
        found = await self._steering.check(with_engine=with_engine)
        return Answer({"findings": [finding.to_json() for finding in found]})

    async def stop(self, _: Request) -> Response:
        return Answer({"seconds": await self._steering.stop()})


def unknown_job(number: int) -> UnknownJobError:
    """Return the error for a job number that the ledger does not know."""
    return UnknownJobError(f"There is no job {number}.", hint="`ocrd jobs` lists them.")


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


async def _refuse(_: Request, error: Exception) -> Response:
    assert isinstance(error, OcrdError)
    return Answer({"error": error_to_json(error)}, status_code=_status_code(error))


def _status_code(error: OcrdError) -> HTTPStatus:
    match error:
        case UnknownJobError():
            return HTTPStatus.NOT_FOUND
        case ConfigError():
            return HTTPStatus.UNPROCESSABLE_ENTITY
        case LedgerError():
            return HTTPStatus.INTERNAL_SERVER_ERROR
        case _:
            return HTTPStatus.CONFLICT


async def _refuse_request(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    body = {
        "code": "request",
        "message": error.detail,
        "hint": "The command and the daemon may be of different versions: restart the daemon.",
    }
    return Answer({"error": body}, status_code=error.status_code, headers=error.headers)


async def _internal_error(_: Request, error: Exception) -> Response:
    """Answer an unforeseen exception; Starlette raises it again, so the log has its traceback."""
    body = {
        "code": "internal",
        "message": f"The daemon met an unforeseen error: {error!r}.",
        "hint": "Its log has the details; please report them.",
    }
    return Answer({"error": body}, status_code=HTTPStatus.INTERNAL_SERVER_ERROR)
