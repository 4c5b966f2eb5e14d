"""What is wrong with the servers of an engine, found in a process of its own.

That draws pages and speaks HTTP, which neither the daemon nor the command line does.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING

from ocrd.config.engine import REMOTE
from ocrd.readiness.finding import Finding, Verdict

if TYPE_CHECKING:
    from ocrd.config.settings import EngineSettings

PROGRAM = "ocrd.engine.remote.checking"
PAGES = 2  # that each server may be asked to read
EXTRA_SECONDS = 30.0


async def findings(name: str, engine: EngineSettings) -> list[Finding]:
    """Return what is to be said of each server; nothing of an engine that has none."""
    if engine.kind not in REMOTE:
        return []
    limit = EXTRA_SECONDS + PAGES * engine.page_timeout * len(engine.urls)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", PROGRAM,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    table = json.dumps(engine.model_dump(mode="json")).encode()
    try:
        async with asyncio.timeout(limit):
            told, complaint = await process.communicate(table)
        return [_finding(name, one) for one in json.loads(told)]
    except TimeoutError:
        return [Finding(Verdict.FAIL, f"engine {name}", "Its servers were not checked in time.")]
    except ValueError:
        words = " ".join(complaint.decode(errors="replace").split())[-300:]
        return [Finding(Verdict.FAIL, f"engine {name}", f"Its servers were not checked: {words}")]
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _finding(name: str, told: dict[str, str]) -> Finding:
    subject = f"engine {name}"
    where = f"{told['url']}: " if told["url"] else ""
    return Finding(
        Verdict(told["verdict"]), subject, f"{where}{told['message']}", told["remedy"]
    )
