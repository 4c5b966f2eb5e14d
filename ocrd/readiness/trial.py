"""A page read by an engine, before it is asked to read anybody's: drawn in a real child."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ocrd.config.engine import REMOTE
from ocrd.engine.client import EngineClient
from ocrd.errors import EngineError, OcrdError
from ocrd.raster.rasterize import Rasterizer, Source
from ocrd.readiness.finding import Finding, Verdict
from ocrd.tasks import Task
from ocrd.wording import span

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ocrd.config.settings import EngineSettings, Settings

T = TypeVar("T")
PAGE = "ready.png"  # beside this module
PAGE_SAYS = "engine is ready"
EXTRA_SECONDS = 30.0  # beyond the engine's own limits: children, drawing
FIRST = (-10_000,)  # before every document's page
LOOK_SECONDS = 0.1  # between two looks whether an engine has failed


def used_engines(settings: Settings) -> dict[str, EngineSettings]:
    """Return the engines that an inbox uses, or programs where they may ask, by name."""
    known = {"default": settings.engine, **settings.engines}
    used = dict.fromkeys(inbox.engine or "default" for inbox in settings.inbox)
    for name in list(used):
        behind = (*known[name].fallback, known[name].second_opinion)
        used.update(dict.fromkeys(other for other in behind if other))
    if settings.api.listen is not None:
        used[settings.api.engine or "default"] = None
    return {name: known[name] for name in used}


async def of_new_engine(
    name: str, engine: EngineSettings, settings: Settings, had_gpus: tuple[str, ...] = ()
) -> Finding:
    """Load an engine for the trial, and end it; ``had_gpus`` are those that it had before."""
    client = EngineClient(name, engine, had_gpus=had_gpus)
    try:
        return await of_engine(client, engine, settings)
    finally:
        await client.stop(0.0)


async def of_engine(client: EngineClient, engine: EngineSettings, settings: Settings) -> Finding:
    """Let an engine read a page that is known."""
    subject = f"engine {client.name}"
    limit = engine.start_timeout + engine.page_timeout + EXTRA_SECONDS
    try:
        async with asyncio.timeout(limit):
            return await _read(subject, client, engine, settings)
    except TimeoutError:
        what = str(client.status()["last_error"]) or "It gives no sign of life."
        return Finding(
            Verdict.FAIL,
            subject,
            f"No page was read within {span(limit)}. {what}",
            f"Correct the engine's table in the configuration (kind = {engine.kind!r}).",
        )
    except OcrdError as error:
        return Finding(Verdict.FAIL, subject, error.what, error.hint)


async def _read(
    subject: str, client: EngineClient, engine: EngineSettings, settings: Settings
) -> Finding:
    was_loaded = client.status()["state"] == "ready"
    began = time.monotonic()
    hello = await _unless(lambda: client.failure, client.hello())
    loaded = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ocrd-check-") as place:
        drawn = Path(place, "page.pnm")
        page = Source(Path(__file__).with_name(PAGE), None, ())
        async with Rasterizer(settings.rasterize, settings.limits) as rasterizer:
            await rasterizer.draw(page, 1, drawn, hello.longest_side)
        # Documents would wait for servers that take no page; who checks is told why they do.
        read = await _unless(
            client.own_outage, client.recognise(drawn, Task(hello.modes[0]), FIRST)
        )
    done = time.monotonic()
    text = " ".join(line.text for line in read.lines) or read.markup
    on = f" on {hello.device}" if hello.device else ""
    how = "loaded" if was_loaded else f"loaded in {loaded - began:.1f} s"
    message = (
        f"{hello.name}, {hello.model}{on}: {how}, read a page in {done - loaded:.1f} s,"
        f" {hello.capacity} at a time"
    )
    if engine.kind not in ("module", *REMOTE) and PAGE_SAYS not in text:  # those are scored
        return Finding(
            Verdict.FAIL,
            subject,
            f"{message}, but wrongly: {text[:200]!r}.",
            "Its model files may be damaged: install ocrd again, or run 'ocrd model pull' again.",
        )
    return Finding(Verdict.OK, subject, message)


async def _unless(failure: Callable[[], EngineError | None], answer: Awaitable[T]) -> T:
    """Return an engine's answer; raise EngineError as soon as there is a failure instead."""
    waiting = asyncio.ensure_future(answer)
    try:
        while not waiting.done():
            await asyncio.wait({waiting}, timeout=LOOK_SECONDS)
            error = failure()
            if error is not None and not waiting.done():
                hint = error.hint or "Correct the engine's table in the configuration."
                raise EngineError(error.what, hint=hint)
        return await waiting
    finally:
        waiting.cancel()
