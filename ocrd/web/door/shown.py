"""Jobs and pages as programs are shown them: what the ledger has, and what of it is to be had."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ocrd import results
from ocrd.job import Job, PageRead
from ocrd.web.door.asking import asker
from ocrd.web.door.house import House
from ocrd.web.door.wire import job_to_json
from ocrd.work import Work


def job_shown(house: House, job: Job) -> dict[str, Any]:
    """Return a job with its speed, what is left of it, and where the rest is."""
    speed = pace(job, house.working().get(job.id))
    body = {**job_to_json(job), **speed, "links": links(house, job)}
    if asker().owner != job.order.by and not asker().is_local:
        body["callback"] = ""  # an address may hold a secret of whoever named it
    return body


def pace(job: Job, work: Work | None) -> dict[str, float | None]:
    """Return how fast a job is read and how long it will be, in seconds; null for not known."""
    rate = work.pages_per_second if work is not None else 0.0
    left = None
    if rate and work is not None and work.pages is not None:
        left = round((work.pages - work.pages_done) / rate, 1)
    if job.state.is_final:
        left = 0.0
    return {"pages_per_second": round(rate, 3) if rate else None, "seconds_left": left}


def links(house: House, job: Job) -> Mapping[str, str]:
    """Return where what belongs to a job is, as paths."""
    base = job_path(house, job)
    found = {"self": base, "events": f"{base}/events"}
    if not job.state.is_final:
        return {**found, "page": f"{base}/pages/{{page}}", "cancel": f"{base}/cancel"}
    known = results.kinds(job)
    if results.JSON in known:
        found["page"] = f"{base}/pages/{{page}}"
        found["json"] = f"{base}/result?format=json"
    if results.MARKDOWN in known:
        found["result"] = f"{base}/result"
    if results.OVERLAY in known:
        found["overlay"] = f"{base}/result?format=overlay"
    if results.ASSETS in known:
        found["assets"] = f"{base}/assets"
    if known:
        found["zip"] = f"{base}/result?format=zip"
    return found


def job_path(house: House, job: Job) -> str:
    """Return where a job is, as a path of the address that clients use."""
    return f"{house.settings().api.root_path}/v1/jobs/{job.id}"


def page_shown(job: Job, page: PageRead, mode: str) -> dict[str, Any]:
    """Return a page: its text, and what is to be said of it."""
    return {
        "job": job.id,
        "page": page.number,
        "status": page.status.value,
        "markdown": results.text_of(page, mode),
        "confidence": page.confidence,
        "least": page.least,
        "tokens": page.tokens,
        "prompt_tokens": page.prompt_tokens,
        "estimated": page.estimated,
        "seconds": round(page.seconds, 3),
        "width": page.width,
        "height": page.height,
        "code": page.code,
        "warnings": list(page.warnings),
        "doubts": [
            {"code": doubt.code, "message": doubt.message, "share": round(doubt.share, 4)}
            for doubt in page.doubts
        ],
    }
