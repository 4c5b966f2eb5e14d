"""Which jobs a query means: names in it need not be UTF-8, and no parameter is passed over."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException

from ocrd.choice import Choice
from ocrd.job import JobState
from ocrd.web.door.wire import LONGEST_PATTERN, MAX_JOBS, MAX_NUMBER

UPLOADS = "uploads"  # stands for the folder of what programs bring
USUAL = 50
_STATES = ", ".join(JobState)

# For the OpenAPI document: they are read as below, whatever bytes they hold.
PARAMETERS: list[dict[str, Any]] = [
    {
        "name": name, "in": "query", "required": False, "schema": schema, "description": about,
    }
    for name, schema, about in (
        ("state", {"type": "string", "enum": [*JobState]}, "Only those in this state."),
        ("code", {"type": "string"}, "Only those with this error's code."),
        ("inbox", {"type": "string"}, 'Only those of this folder; "uploads" are what was brought.'),
        (
            "name", {"type": "string", "maxLength": LONGEST_PATTERN},
            "Only those of a name like this, with * and ?.",
        ),
        ("doubtful", {"type": "string"}, "Only those that are done with doubts, or in part."),
        (
            "before", {"type": "integer", "minimum": 1, "maximum": MAX_NUMBER},
            "Only those with lower numbers: the `next` of an answer.",
        ),
        (
            "limit", {"type": "integer", "minimum": 1, "maximum": MAX_JOBS, "default": USUAL},
            "How many at the most.",
        ),
    )
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listing:
    """Which jobs are meant, under which number, and how many at most."""

    choice: Choice
    before: int | None
    limit: int


def listing(query: bytes, uploads: str) -> Listing:
    """Return what a query string asks for; raise HTTPException for what it cannot ask for.

    ``uploads`` is the path of the folder of what programs bring.
    """
    text = query.decode("ascii", "surrogateescape")
    told = {key: values[-1] for key, values in parse_qs(text, errors="surrogateescape").items()}
    known = [str(one["name"]) for one in PARAMETERS]
    if unknown := next((key for key in told if key not in known), None):
        raise refused(f"There is no parameter {unknown[:100]!r}; there are {', '.join(known)}.")
    if len(told.get("name", "")) > LONGEST_PATTERN:
        raise refused(f"The name is longer than {LONGEST_PATTERN} characters.")
    inbox = told.get("inbox", "")
    choice = Choice(
        state=_state(told.get("state")), code=told.get("code", ""),
        inbox=uploads if inbox == UPLOADS else inbox,
        name=told.get("name", ""), doubted=_is_wanted(told.get("doubtful", "no")),
    )  # fmt: skip
    _require_encodable(told)
    before = _number("before", told["before"], MAX_NUMBER) if "before" in told else None
    return Listing(choice, before, _number("limit", told.get("limit", str(USUAL)), MAX_JOBS))


def _is_wanted(text: str) -> bool:
    return text.lower() not in {"no", "false", "0"}


def _require_encodable(told: Mapping[str, str]) -> None:
    try:
        for text in told.values():
            os.fsencode(text)
        told.get("code", "").encode()  # which is of no file
    except UnicodeEncodeError:
        raise refused("The query holds what is no text.") from None


def _state(text: str | None) -> JobState | None:
    if text is None:
        return None
    try:
        return JobState(text)
    except ValueError:
        raise refused(f"No job state is called {text[:100]!r}; there are {_STATES}.") from None


def _number(name: str, text: str, most: int) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 19 and 1 <= int(text) <= most:
        return int(text)
    raise refused(f"The {name} must be a number from 1 to {most}, not {text[:100]!r}.")


def refused(what: str) -> HTTPException:
    """Return the refusal of a query."""
    return HTTPException(HTTPStatus.BAD_REQUEST, what)
