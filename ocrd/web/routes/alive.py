"""Whether the daemon lives, for whoever asks, and whether it can read, for those who may."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Depends
from starlette.responses import Response

from ocrd.web.door.faults import Answer
from ocrd.web.door.guard import needs
from ocrd.web.door.house import TheHouse

router = APIRouter(tags=["Health"])


@router.get("/health")
async def health() -> Response:
    """Say that the daemon lives."""
    return Answer({"status": "ok"})


@router.get("/healthz")
@router.get("/livez")
async def healthz() -> Response:
    """Say that the daemon lives."""
    return Answer({"ok": True})


@router.get("/ready", dependencies=[Depends(needs("read"))])
@router.get("/readyz", dependencies=[Depends(needs("read"))])
async def ready(house: TheHouse) -> Response:
    """Say whether documents are read."""
    status = await house.steering.status()
    problems = status["problems"]
    is_ready = status["state"] == "running" and not status["awaited"] and not problems
    code = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
    return Answer(
        {"ready": is_ready, "state": status["state"], "problems": problems}, status_code=code
    )
