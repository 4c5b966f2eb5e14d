"""The JSON forms that travel over the daemon's socket, and that ``--json`` prints.

An error keeps its class over the wire: what the daemon raises, the command line raises again.
Names that are not UTF-8 survive too, since everything is written as ASCII JSON.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Protocol

from ocrd.choice import Choice
from ocrd.doubts import outcome_of
from ocrd.errors import ConfigError, Fault, OcrdError
from ocrd.job import LAST_PAGE, Job, JobState

MAX_JOBS = 10_000  # in one answer, or named in one request
MAX_NUMBER = 2**63 - 1  # of a job
LONGEST_PATTERN = 500  # characters of one for names: what it costs grows with their square


class Outcome(Protocol):
    """What became of one job that was to be taken back."""

    @property
    def job(self) -> Job:
        """The job as it was."""
    @property
    def done(self) -> bool:
        """Whether its document was taken back."""
    @property
    def what(self) -> str:
        """A sentence, for a person."""
    @property
    def new(self) -> int | None:
        """The job that reads it again."""
    @property
    def error(self) -> OcrdError | None:
        """Why it could not be."""


class Finding(Protocol):
    """How one thing stands that was looked at."""

    def to_json(self) -> dict[str, Any]:
        """Return its JSON form."""


def dumps(body: object, *, indent: int | None = None) -> str:
    """Return the body as ASCII JSON, in which lone surrogates of odd file names are legal."""
    return json.dumps(body, ensure_ascii=True, indent=indent, default=str)


def job_to_json(job: Job) -> dict[str, Any]:
    """Return the job as a person or program is shown it: of filing's plan, what it leaves."""
    body = asdict(job)
    plan = body.pop("plan")
    body["outputs"] = [output["path"] for output in plan.get("outputs", ())]
    body.update(body.pop("account"))
    order = body.pop("order")
    body["by"], body["asked"], body["callback"] = order["by"], order["settings"], order["callback"]
    body["asked_pages"] = ranges_text(job.order.pages)
    body["state"] = job.state.value
    body["outcome"] = outcome_of(job)
    return body


def ranges_text(ranges: tuple[tuple[int, int], ...]) -> str:
    """Return ranges of pages as a person writes them; "" for all."""
    return ",".join(_range_text(first, last) for first, last in ranges)


def _range_text(first: int, last: int) -> str:
    if last == first:
        return str(first)
    return f"{first}-" if last >= LAST_PAGE else f"{first}-{last}"


def choice_to_json(choice: Choice) -> dict[str, Any]:
    """Return what a choice says that is not left open."""
    return {key: value for key, value in asdict(choice).items() if value}


def choice_from_json(body: Mapping[str, Any]) -> Choice:
    """Return the choice of its JSON form. Raises ValueError or TypeError for what is none."""
    told = dict(body)
    numbers = told.pop("numbers", ())
    if not isinstance(numbers, list | tuple) or len(numbers) > MAX_JOBS:
        raise TypeError("numbers are no list of jobs")
    if not all(type(one) is int and 0 < one <= MAX_NUMBER for one in numbers):
        raise ValueError("a job's number is a whole one")
    state = JobState(told.pop("state")) if told.get("state") else None
    choice = Choice(numbers=tuple(map(int, numbers)), state=state, **told)
    for text in (choice.inbox, choice.name):
        os.fsencode(text)  # raises for what is no text, or no file can be called
    choice.code.encode()
    if len(choice.name) > LONGEST_PATTERN:
        raise ValueError(f"a pattern has up to {LONGEST_PATTERN} characters")
    if not isinstance(choice.doubted, bool):
        raise TypeError("doubted is neither true nor false")
    return choice


def outcome_to_json(outcome: Outcome) -> dict[str, Any]:
    """Return a job that was to be taken back, as it was, and what became of it."""
    return {
        **job_to_json(outcome.job), "taken_back": outcome.done, "what": outcome.what,
        "new": outcome.new,
    }  # fmt: skip


def error_to_json(error: OcrdError) -> dict[str, Any]:
    """Return the error's own description."""
    body: dict[str, Any] = {"code": error.code, "message": error.what, "hint": error.hint}
    if error.page is not None:
        body["page"] = error.page
    if isinstance(error, ConfigError):
        body["faults"] = [
            {"message": fault.what, "hint": fault.hint, "key": fault.key, "line": fault.line}
            for fault in error.faults
        ]
    return body


def error_from_json(body: Mapping[str, Any]) -> OcrdError:
    """Return the error of its JSON form, of the class that its code names."""
    code = str(body.get("code", ""))
    known = _classes(OcrdError).get(code, OcrdError)
    error = known(
        str(body.get("message", "The daemon gave no reason.")),
        hint=str(body.get("hint", "")),
        page=body.get("page"),
    )
    if isinstance(error, ConfigError) and (faults := body.get("faults")):
        error.faults = tuple(
            Fault(one["message"], one["hint"], one["key"], one["line"]) for one in faults
        )
    return error


def _classes(root: type[OcrdError]) -> dict[str, type[OcrdError]]:
    """Return the class of each code; a subclass without a code of its own does not hide it."""
    found: dict[str, type[OcrdError]] = {root.code: root}
    for child in root.__subclasses__():
        for code, cls in _classes(child).items():
            found.setdefault(code, cls)
    return found
