"""The models that may be asked, as OpenAI's API lists them: an engine by its name, or by its model.

An engine is called what the configuration calls it, what its model is called, and what kind it is;
``default`` is the engine of that name.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from ocrd.errors import RequestError
from ocrd.web.door.asked import default_engine, kind_of
from ocrd.web.door.faults import Answer, Refusal, path_of, speak
from ocrd.web.door.guard import needs
from ocrd.web.door.house import House, TheHouse

PATHS = ("/models", "/chat/completions", "/responses")  # with /v1 before them and without
STARTED = int(time.time())

router = APIRouter(tags=["OpenAI"], dependencies=[Depends(needs("upload"))])

_TYPES = {
    HTTPStatus.UNAUTHORIZED: "authentication_error",
    HTTPStatus.FORBIDDEN: "permission_error",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error",
}
_CODES = {
    "wrong-key": "invalid_api_key", "no-key": "invalid_api_key", "rate": "rate_limit_exceeded",
}  # fmt: skip


def _is_of_openai(request: Request) -> bool:
    path = path_of(request).removeprefix("/v1")
    return any(path == one or path.startswith(f"{one}/") for one in PATHS)


def told(refusal: Refusal) -> dict[str, Any]:
    """Return a refusal in the form of OpenAI's API."""
    kind = _TYPES.get(HTTPStatus(refusal.status)) if refusal.status != 499 else None
    if kind is None:
        kind = "invalid_request_error" if refusal.status < 500 else "server_error"
    return {
        "error": {
            "message": f"{refusal.message} {refusal.hint}".strip(), "type": kind,
            "param": (refusal.body or {}).get("param"),
            "code": _CODES.get(refusal.code, refusal.code),
        }
    }  # fmt: skip


speak(_is_of_openai, told)


@router.get("/v1/models")
@router.get("/models", include_in_schema=False)
async def models(house: TheHouse) -> Response:
    """List what may be named as `model`."""
    return Answer({"object": "list", "data": [_model(*one) for one in _listed(house).items()]})


@router.get("/v1/models/{model:path}")
@router.get("/models/{model:path}", include_in_schema=False)
async def model(model: str, house: TheHouse) -> Response:
    """Say whether a model may be named."""
    return Answer(_model(model, engine_of(house, model)))


def engine_of(house: House, model: str) -> str:
    """Return the engine that a model's name means; raise RequestError for none."""
    if not model:
        return default_engine(house)
    if model in house.engines:
        return model
    first = default_engine(house)
    for engine in sorted(house.engines, key=lambda name: name != first):
        if model.casefold() in {name.casefold() for name in _names(house, engine)}:
            return engine
    raise RequestError(
        f"The model {model[:200]!r} does not exist here.",
        hint=f"There are {', '.join(_listed(house))}.",
        status=HTTPStatus.NOT_FOUND, code="model_not_found",
    )  # fmt: skip


def _listed(house: House) -> dict[str, str]:
    """Return the names that are listed, each with its engine: the default engine's first."""
    first = default_engine(house)
    found: dict[str, str] = {}
    for engine in sorted(house.engines, key=lambda name: (name != first, name)):
        found.setdefault(engine, engine)
        own = next(_names(house, engine), "")
        if own:
            found.setdefault(own, engine)
    return found


def _names(house: House, engine: str) -> Iterator[str]:
    """Yield what an engine's model is called, and what kind it is; no path of ours."""
    settings = house.settings()
    configured = settings.engine if engine == "default" else settings.engines[engine]
    announced = house.engines[engine].announced
    for name in (announced.model if announced else "", configured.model or ""):
        if name:
            yield Path(name).name if Path(name).is_absolute() else name
    yield kind_of(house, engine)
    if announced:
        yield announced.name


def _model(name: str, engine: str) -> dict[str, Any]:
    return {
        "id": name, "object": "model", "created": STARTED, "owned_by": "ocrd", "engine": engine,
    }  # fmt: skip
