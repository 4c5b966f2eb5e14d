"""A document that somebody brings to be read later: received, judged, and a job."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from starlette.requests import Request

from ocrd.errors import RequestError
from ocrd.job import Job
from ocrd.ledger.jobs import Ledger
from ocrd.ledger.rows import order_text
from ocrd.web.door.asking import asker
from ocrd.web.door.form import Form
from ocrd.web.door.house import House
from ocrd.web.door.ordering import Wish, wish
from ocrd.web.door.receiving import brought
from ocrd.web.door.sink import Received

LONGEST_PROMISE = 255  # characters of an Idempotency-Key
OF_THE_NAME = "filename"  # the field that names a document which is the body itself


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of a request that brought a document."""

    job: Job
    is_new: bool  # else the same was brought before, under the same Idempotency-Key


async def bring(house: House, request: Request) -> Brought:
    """Take a document in with all that is asked for it, in the query or in the form's fields.

    Raises RequestError, ConfigError, NoRoomError and PromiseError; nothing of it stays then.
    """
    with house.gate.work():
        require_open(house)
        told = list(request.query_params.multi_items())
        if not request.headers.get("content-type", "").startswith("multipart/"):
            judged(house, told)  # before a byte of the document came
        async with brought(request, house.uploads, house.settings().api.max_upload) as form:
            return await kept(house, request, form, [*told, *form.values])


async def kept(
    house: House, request: Request, form: Form, told: Sequence[tuple[str, str]]
) -> Brought:
    """Make a job of the document of a form, with what is asked for it."""
    document = form.document
    asked = judged(house, told)
    promise = promise_of(request)
    digest = _digest(document, asked) if promise else ""
    if promise:
        found = await house.ledger.do(
            lambda ledger: _promised(ledger, promise, digest), patient=False
        )
        if found is not None:
            return Brought(found, is_new=False)
    name = document.name or next((text for key, text in told if key == OF_THE_NAME), "")
    job = await house.uploads.accept(
        document.path, name, asked.order,
        priority=asked.priority, promise=promise, request=digest,
    )  # fmt: skip
    return Brought(job, is_new=True)


def judged(house: House, told: Iterable[tuple[str, str]]) -> Wish:
    """Return what is asked for a document; raise ConfigError and RequestError."""
    asked = [(name, text) for name, text in told if name != OF_THE_NAME]
    return wish(house.settings(), house.uploads.inbox(), asked)


def require_open(house: House) -> None:
    """Raise RequestError once the daemon stops: what comes now might not be taken in."""
    if house.stopping.is_set():
        raise RequestError(
            "The daemon stops.", hint="Ask again when it is back.",
            status=HTTPStatus.SERVICE_UNAVAILABLE, code="stopping",
        )  # fmt: skip


def promise_of(request: Request) -> str:
    """Return a request's Idempotency-Key, apart from those of others; "" for none."""
    told = request.headers.get("idempotency-key", "")
    if len(told) > LONGEST_PROMISE:
        raise RequestError(
            f"The Idempotency-Key is longer than {LONGEST_PROMISE} characters.",
            hint="A UUID does.", code="idempotency",
        )  # fmt: skip
    return f"{asker().owner}\n{told}" if told else ""


def _digest(document: Received, asked: Wish) -> str:
    """Return what tells a request from another: its document, and what is asked for it."""
    parts = (document.sha256, order_text(asked.order), str(asked.priority))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _promised(ledger: Ledger, promise: str, digest: str) -> Job | None:
    number = ledger.kept_promise(promise, digest)
    return None if number is None else ledger.job(number)
