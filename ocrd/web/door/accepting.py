"""Which of several forms a client wants: its Accept header (RFC 9110, 12.5.1)."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from starlette.requests import Request

from ocrd.errors import RequestError

MAX_RANGES = 50  # of one header


def accepted(request: Request, offered: Sequence[str]) -> str:
    """Return the form that is wanted most, the first of equal ones; raise RequestError for none."""
    header = ",".join(request.headers.getlist("accept"))
    if not header.strip():
        return offered[0]
    wanted = [_range(part) for part in header.split(",")[:MAX_RANGES]]
    best = max(offered, key=lambda form: _quality(form, wanted))  # max takes the first
    if _quality(best, wanted) <= 0:
        raise RequestError(
            "None of the forms that Accept asks for are to be had.",
            hint=f"There are {', '.join(offered)}.",
            status=HTTPStatus.NOT_ACCEPTABLE, code="accept",
        )  # fmt: skip
    return best


def _range(part: str) -> tuple[str, float]:
    name, _, parameters = part.partition(";")
    quality = 1.0
    for parameter in parameters.split(";"):
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "q":
            try:
                quality = min(max(float(value), 0.0), 1.0)
            except ValueError:
                quality = 0.0
    return name.strip().lower(), quality


def _quality(form: str, wanted: Sequence[tuple[str, float]]) -> float:
    """Return how much a form is wanted: the range that names it most closely says."""
    for name in (form, f"{form.partition('/')[0]}/*", "*/*"):
        found = [quality for range_, quality in wanted if range_ == name]
        if found:
            return max(found)
    return 0.0
