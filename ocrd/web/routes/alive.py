"""Whether the daemon lives, for whoever asks, and whether it can read, for those who may know."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Depends
from starlette.responses import Response

from ocrd.web.door.asked import default_engine
from ocrd.web.door.asking import asker
from ocrd.web.door.faults import Answer
from ocrd.web.door.guard import needs
from ocrd.web.door.house import TheHouse
from ocrd.web.routes.steer import seen

router = APIRouter(tags=["Health"])


@router.get("/health")
async def health(house: TheHouse) -> Response:
    """Say that the daemon lives, and to those who may read how its models are."""
    if "read" not in asker().scopes:
        return Answer({"status": "ok"})
    models = {
        name: {"model": told["model"], "state": told["state"]}
        for name, engine in house.engines.items()
        if (told := engine.status())
    }
    usual = models.get(default_engine(house), {})
    is_loaded = usual.get("state") == "ready"
    return Answer({"status": "ok", "model_loaded": is_loaded, "models": models})


@router.get("/healthz")
@router.get("/livez")
async def healthz() -> Response:
    """Say that the daemon lives."""
    return Answer({"ok": True})


@router.get("/ready", dependencies=[Depends(needs("read"))])
@router.get("/readyz", dependencies=[Depends(needs("read"))])
async def ready(house: TheHouse) -> Response:
    """Say whether documents are read."""
    status = seen(await house.steering.status())
    problems = status["problems"]
    is_ready = status["state"] == "running" and not status["awaited"] and not problems
    code = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
    return Answer(
        {"ready": is_ready, "state": status["state"], "problems": problems}, status_code=code
    )
