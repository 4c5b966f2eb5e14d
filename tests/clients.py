"""An EngineClient with scripted engines in real workers, and what tests do with one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from ocrd.config.settings import EngineSettings
from ocrd.engine.client import EngineClient
from ocrd.job import Recognition
from ocrd.tasks import Task

LIMIT_SECONDS = 20.0


@asynccontextmanager
async def engine(
    module: str | None, options: dict[str, Any] | None = None, **settings: Any
) -> AsyncIterator[EngineClient]:
    """Have a client of a scripted engine; None is one of the real kinds, as ``settings`` say."""
    values: dict[str, Any] = {
        "kind": "module",
        "module": module and f"tests.engines.{module}",
        "restart_backoff": 0.01,
        "options": options or {},
        **settings,
    }
    of_client = {
        key: values.pop(key) for key in ("is_patient", "had_gpus", "on_gpus", "memos", "on_memos")
        if key in values
    }
    limit_seconds = values.pop("limit_seconds", LIMIT_SECONDS)
    client = EngineClient("scripted", EngineSettings(**values), **of_client)
    async with asyncio.timeout(limit_seconds):
        try:
            yield client
        finally:
            await client.stop(0)
            assert client.status()["pid"] is None


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - a condition of another process, seen in status
        await asyncio.sleep(0.005)


def page(client: EngineClient, name: str, rank: int = 0, **more: Any) -> asyncio.Task[Recognition]:
    return asyncio.ensure_future(client.recognise(Path(f"/pages/{name}"), Task(), (rank,), **more))


def text(recognition: Recognition) -> str:
    return recognition.lines[0].text
