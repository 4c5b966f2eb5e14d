"""The daemon's HTTP interface: one FastAPI application for the socket and for TCP.

The rooms of an answer: ``guard`` lets nobody in who may not, ``receiving`` takes what is brought,
``routes`` ask the ``house``, and ``faults`` says why not.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ocrd import __version__
from ocrd.errors import OcrdError
from ocrd.web.door.faults import Refusal, refuse_ours, refuse_unforeseen, refused
from ocrd.web.door.guard import Guard
from ocrd.web.door.house import House
from ocrd.web.routes import (
    alive,
    batch,
    chat,
    direct,
    files,
    jobs,
    loader,
    models,
    ocr,
    ocr_jobs,
    responses,
    results,
    steer,
    v1_ocr,
    watching,
)

MAX_TOLD = 20  # faults of a request that are told

ROUTERS: tuple[APIRouter, ...] = (
    alive.router, steer.router, jobs.router, results.router, watching.router,
    models.router, chat.router, responses.router, files.router,
    loader.router,
    direct.router, batch.router, ocr.router, ocr_jobs.router, v1_ocr.router,
)  # fmt: skip


def application(house: House) -> FastAPI:
    """Return the application of a daemon."""
    settings = house.settings().api
    middleware = [Middleware(Guard, gate=house.gate), Middleware(_Heads)]
    if settings.origins:  # before the guard: what a browser asks first has no key
        cors = Middleware(
            CORSMiddleware, allow_origins=settings.origins, allow_methods=["*"],
            allow_headers=["*"], expose_headers=["X-Request-Id", "Retry-After"],
        )  # fmt: skip
        middleware.insert(0, cors)
    app = FastAPIOffline(
        title="ocrd", version=__version__,
        description="Scans to Markdown: the warm model, over the queue that the folders share.",
        middleware=middleware,
        exception_handlers={
            OcrdError: refuse_ours,
            RequestValidationError: _refuse_values,
            HTTPException: _refuse_request,
            Exception: refuse_unforeseen,
        },
    )  # fmt: skip
    app.state.house = house
    for router in ROUTERS:
        app.include_router(router)
    return app


class _Heads:
    """Answers HEAD as GET, whose body the server leaves out; events have no end to wait for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "HEAD":
            method = "HEAD" if str(scope["path"]).endswith("/events") else "GET"
            scope = {**scope, "method": method}
        await self._app(scope, receive, send)


async def _refuse_values(request: Request, error: Exception) -> Response:
    """Answer values that are not what a route wants."""
    assert isinstance(error, RequestValidationError)
    faults = [
        f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()[:MAX_TOLD]
    ]
    return refused(
        request,
        Refusal(
            HTTPStatus.UNPROCESSABLE_ENTITY, "values", f"Not understood: {'; '.join(faults)}.",
            "The forms of all requests are at /docs.",
        ),
    )  # fmt: skip


async def _refuse_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    refusal = Refusal(
        error.status_code, "request", str(error.detail),
        "The forms of all requests are at /docs; a command and a daemon of different versions do"
        " not understand each other: restart the daemon then.",
    )  # fmt: skip
    return refused(request, refusal, error.headers)


def openapi(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, as plain values."""
    document: dict[str, Any] = json.loads(json.dumps(app.openapi()))
    return document
