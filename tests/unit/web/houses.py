"""A house for tests: what is steered is theirs, the rest is real."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from ocrd.config.settings import Settings, default_settings
from ocrd.direct import Direct
from ocrd.events import Events
from ocrd.ledger.jobs import Ledger
from ocrd.ledger.writer import LedgerWriter
from ocrd.raster.rasterize import Rasterizer
from ocrd.uploads import Uploads
from ocrd.web.door.guard import Gate
from ocrd.web.door.house import House, Steering


def house_of(steering: Steering, state_dir: Path, **api: Any) -> House:
    """Return a house whose engines are none and whose rasterizer is not started."""
    state_dir.mkdir(exist_ok=True)
    known = default_settings({})
    settings: Settings = known.model_copy(update={"state_dir": state_dir})
    if api:
        settings = settings.model_copy(update={"api": settings.api.model_copy(update=api)})
    ledger = LedgerWriter(Ledger.open(state_dir))
    stopping = asyncio.Event()
    rasterizer = Rasterizer(settings.rasterize, settings.limits)
    return House(
        steering=steering,
        settings=lambda: settings,
        ledger=ledger,
        uploads=Uploads(state_dir, ledger, settings.api, lambda: None),
        direct=Direct(rasterizer, {}, state_dir, stopping),
        events=Events(),
        engines={},
        gate=Gate(settings.api),
        stopping=stopping,
    )
