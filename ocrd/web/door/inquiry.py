"""What a request for an answer at once asks, in the fields of a form, a query or JSON.

The word ``mode`` has two meanings, whose values differ: a size of DeepSeek-OCR's images, as other
servers call it, or one of our tasks.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from starlette.requests import Request

from ocrd.errors import RequestError
from ocrd.tasks import AS_CONFIGURED, EVERY_MODE, LONGEST_PROMPT, SIZES, Decoding, Task
from ocrd.web.door.asked import LINE_KINDS, default_engine, kind_of, task_asked
from ocrd.web.door.form import Form
from ocrd.web.door.house import House
from ocrd.web.door.jsonbody import json_brought
from ocrd.web.door.ordering import ranges
from ocrd.web.door.packed import decoded
from ocrd.web.door.receiving import brought
from ocrd.web.door.sink import Received

LONGEST_FIELD = LONGEST_PROMPT  # characters of a prompt and its like
IN_JSON = ("image_base64", "image")  # fields that hold the document itself


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What is asked for a document."""

    task: Task
    engine: str  # its name in the configuration
    kind: str
    told_mode: str = ""  # as the request says it
    pages: tuple[tuple[int, int], ...] = ()


def inquiry(house: House, told: Mapping[str, Any], default: str = "text") -> Inquiry:
    """Return what the fields ask for; ``default`` is the task where none is named.

    Raises RequestError for values that are none, UnknownEngineError, AlienTaskError.
    """
    engine = text_of(told, "engine") or default_engine(house)
    kind = kind_of(house, engine)
    mode, size = text_of(told, "mode"), text_of(told, "size")
    if mode in SIZES and size in {"", mode}:
        size, task_mode = mode, ""
    elif mode in EVERY_MODE or not mode:
        task_mode = mode
    else:
        raise wrong(
            "mode", f"{mode[:100]!r} is no mode" + (f" beside the size {size[:20]!r}" * bool(size)),
            f"There are the sizes {', '.join(SIZES)} and the tasks {', '.join(EVERY_MODE)}.",
        )  # fmt: skip
    task = task_asked(
        kind, text_of(told, "prompt"), size=size, decoding=_decoding(told), default=default,
        mode=task_mode, target=text_of(told, "target"),
    )  # fmt: skip
    if kind in LINE_KINDS:
        task = replace(task, decoding=AS_CONFIGURED)
    return Inquiry(task, engine, kind, mode, ranges(text_of(told, "pages")))


def _decoding(told: Mapping[str, Any]) -> Decoding:
    tokens = number_of(told, "max_tokens")
    if tokens is not None and tokens != int(tokens):
        raise wrong("max_tokens", "this is no whole number", "Write it as in 8192.")
    return Decoding(
        max_tokens=None if tokens is None else int(tokens),
        temperature=number_of(told, "temperature") or 0.0,
    )


def text_of(told: Mapping[str, Any], name: str) -> str:
    """Return a field that is text, "" where it is missing; raise RequestError for anything else."""
    value = told.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > LONGEST_FIELD:
        raise wrong(name, f"this is no text of up to {LONGEST_FIELD} characters", "Send a string.")
    return value


def number_of(told: Mapping[str, Any], name: str) -> float | None:
    """Return a field that is a number, None where it is missing; raise RequestError otherwise."""
    value = told.get(name)
    if value is None or value == "":
        return None
    try:
        number = float("nan" if isinstance(value, bool) else value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise wrong(name, "this is no number", "Write it as in 0.2.")
    return number


def switch_of(told: Mapping[str, Any], name: str) -> bool:
    """Return a field that is true or false, False where it is missing."""
    value = str(told.get(name) or "false").lower()
    if value not in {"true", "false", "1", "0", "yes", "no"}:
        raise wrong(name, "this is neither true nor false", 'Write "true" or "false".')
    return value in {"true", "1", "yes"}


def wrong(field: str, why: str, remedy: str) -> RequestError:
    """Return the refusal of a field's value."""
    return RequestError(
        f"{field}: {why}.", hint=remedy, status=HTTPStatus.UNPROCESSABLE_ENTITY, code="values"
    )


async def unpacked(house: House, body: dict[str, Any]) -> Received:
    """Write the document that a JSON object holds to the disk; it is taken out of the object."""
    text = next((body.pop(name) for name in IN_JSON if body.get(name)), None)
    if not isinstance(text, str):
        raise wrong(IN_JSON[0], "there is no document", "Send it as Base64.")
    return await decoded(house.uploads, text, house.settings().api.max_upload)


@asynccontextmanager
async def taken(house: House, request: Request) -> AsyncIterator[tuple[Form, dict[str, Any]]]:
    """Provide the document that a request brings, on the disk, and its fields.

    It is a part of a form, the body itself, or Base64 in JSON. What the query says counts where
    the body does not say it.
    """
    limit = house.settings().api.max_upload
    told: dict[str, Any] = dict(request.query_params)
    if not is_json(request):
        async with brought(request, house.uploads, limit) as form:
            yield form, {**told, **form.fields}
        return
    form = Form()
    try:
        async with json_brought(request, house.memory) as body:
            form.documents.append(await unpacked(house, body))
        yield form, {**told, **body}
    finally:
        await asyncio.to_thread(form.discard)


def is_json(request: Request) -> bool:
    """Say whether a request's body is JSON."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")
