"""What a refused request is told: one form, but for the routes of APIs that have their own.

Ours is ``{"error": {"code", "message", "hint"}}``, with ``page`` and ``faults`` where there are
any.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ocrd.errors import (
    AlienTaskError,
    ConfigError,
    DocumentError,
    EngineError,
    KeyFileError,
    LedgerBlockedError,
    LedgerError,
    NoRoomError,
    OcrdError,
    PageError,
    PromiseError,
    RequestError,
    TooLargeError,
    TooManyPagesError,
    TransientError,
    UnknownEngineError,
    UnknownJobError,
)
from ocrd.web.door.asking import asker
from ocrd.web.door.wire import dumps, error_to_json

RETRY_SECONDS = 5  # after which to come again, where nobody knows better

_STATUS: tuple[tuple[type[OcrdError], HTTPStatus], ...] = (  # the first that fits
    (UnknownJobError, HTTPStatus.NOT_FOUND),
    (ConfigError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (PromiseError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (UnknownEngineError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (AlienTaskError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (TooManyPagesError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (TooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (NoRoomError, HTTPStatus.INSUFFICIENT_STORAGE),
    (LedgerBlockedError, HTTPStatus.INSUFFICIENT_STORAGE),
    (LedgerError, HTTPStatus.INTERNAL_SERVER_ERROR),
    (KeyFileError, HTTPStatus.SERVICE_UNAVAILABLE),
    (EngineError, HTTPStatus.SERVICE_UNAVAILABLE),
    (TransientError, HTTPStatus.SERVICE_UNAVAILABLE),
    (DocumentError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (PageError, HTTPStatus.UNPROCESSABLE_ENTITY),
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is refused."""

    status: int
    code: str
    message: str
    hint: str = ""
    body: Mapping[str, Any] | None = None  # ours, with more in it


Form = Callable[[Refusal], dict[str, Any]]
_FORMS: list[tuple[Callable[[Request], bool], Form]] = []


def speak(belongs: Callable[[Request], bool], form: Form) -> None:
    """Let the requests that belong to another API be refused in its own form."""
    _FORMS.append((belongs, form))


def path_of(request: Request) -> str:
    """Return a request's path below the one that a reverse proxy serves us under."""
    path = str(request.scope["path"])
    return path.removeprefix(str(request.scope.get("root_path", "")))


class Answer(Response):
    """A JSON response that can carry file names which are not UTF-8."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        """Return the body."""
        return dumps(content).encode("ascii")


def refusal_of(error: OcrdError) -> Refusal:
    """Return what a request is told of one of our errors."""
    body = error_to_json(error)
    if isinstance(error, RequestError):
        body["code"] = error.told_code
        return Refusal(error.status, error.told_code, error.what, error.hint, body)
    status = next(
        (status for kind, status in _STATUS if isinstance(error, kind)), HTTPStatus.CONFLICT
    )
    return Refusal(status, error.code, error.what, error.hint, body)


def refused(
    request: Request, refusal: Refusal, headers: Mapping[str, str] | None = None
) -> Response:
    """Return the response of a refusal, in the form of the API that was asked."""
    form = next((form for belongs, form in _FORMS if belongs(request)), _ours)
    told = dict(headers or {})
    if refusal.status in {429, 503, 507}:
        told.setdefault("Retry-After", str(RETRY_SECONDS))
    return Answer(form(refusal), status_code=refusal.status, headers=told)


def _ours(refusal: Refusal) -> dict[str, Any]:
    body = refusal.body or {
        "code": refusal.code, "message": refusal.message, "hint": refusal.hint,
    }  # fmt: skip
    return {"error": dict(body)}


async def refuse_ours(request: Request, error: Exception) -> Response:
    """Answer one of our errors."""
    assert isinstance(error, OcrdError)
    headers = error.headers if isinstance(error, RequestError) else None
    return refused(request, refusal_of(error), headers)


async def refuse_unforeseen(request: Request, error: Exception) -> Response:
    """Answer an unforeseen exception; Starlette raises it again, so the log has its traceback."""
    return refused(
        request,
        Refusal(
            HTTPStatus.INTERNAL_SERVER_ERROR, "internal",
            f"The daemon met an unforeseen error: {error!r}." if asker().is_local
            else "The daemon met an unforeseen error.",  # which may name paths of the server
            "Its log has the details; please report them.",
        ),
    )  # fmt: skip
