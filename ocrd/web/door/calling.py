"""Whoever asked for it is told of a job's end: a POST to the address that the job names.

What is still to be told is in the ledger, so that a crash or a server that is away loses nothing:
it is tried again, later and later, for some days. The address has to begin as the configuration
lets it, when it is called too; what its host leads to has to be public, unless the configuration
names that very address; no redirect is followed, and what is looked up is what is connected to. All
of it together has a limit of time, and of an answer nothing is taken but its head.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from ocrd.config.api import ApiSettings
from ocrd.errors import OcrdError, RequestError
from ocrd.job import Job
from ocrd.ledger import callbacks
from ocrd.ledger.writer import LedgerWriter
from ocrd.log import fields
from ocrd.web.door.addresses import is_public, parsed
from ocrd.web.door.outgoing import are_all, asked, looked_up
from ocrd.web.door.wire import dumps, job_to_json

log = logging.getLogger("ocrd.web.door.calling")

AT_ONCE = 8  # callbacks under way
SECONDS = 10.0  # for one to be answered: name, connection and the answer's head together
FIRST_DELAY = 5.0  # seconds, doubled at each try
LONGEST_DELAY = 3600.0
MAX_TRIES = 60  # which is some two days
LOOK_SECONDS = 60.0  # between two looks where nothing is due


class Callbacks:
    """Tells of the ends of jobs. One for the whole daemon."""

    def __init__(
        self,
        ledger: LedgerWriter,
        settings: Callable[[], ApiSettings],
        first_delay: float = FIRST_DELAY,
    ) -> None:
        self._ledger = ledger
        self._settings = settings
        self._first_delay = first_delay
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Look whether somebody is to be told; later, where nobody may be called at all."""
        if self._settings().callbacks:
            self._wake.set()

    async def run(self) -> None:
        """Tell whom there is to tell, until cancelled."""
        while True:
            self._wake.clear()
            wait = LOOK_SECONDS
            with contextlib.suppress(OcrdError):  # whoever needs the ledger says what is wrong
                while due := await self._due():
                    await asyncio.gather(*(self._tell(*one) for one in due))
                wait = await self._until_next()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._wake.wait()

    async def _due(self) -> list[tuple[Job, int]]:
        return await self._ledger.do(lambda ledger: callbacks.due(ledger, time.time(), AT_ONCE))

    async def _until_next(self) -> float:
        due = await self._ledger.do(callbacks.next_due)
        return LOOK_SECONDS if due is None else min(max(due - time.time(), 0.05), LOOK_SECONDS)

    async def _tell(self, job: Job, tries: int) -> None:
        try:
            answer = await post(job, self._settings())
        except RequestError as error:  # it may not be called
            await self._give_up(job, error.what)
            return
        except OSError as error:
            answer = str(error) or type(error).__name__
        if not answer:
            about = fields("called-back", job=job.id, url=_shown(job))
            log.info("Told %s of the end of job %d.", _shown(job), job.id, extra=about)
            await self._ledger.do(lambda ledger: callbacks.is_over(ledger, job.id))
        elif tries + 1 >= MAX_TRIES:
            await self._give_up(job, answer)
        else:
            delay = min(self._first_delay * 2.0 ** min(tries, 20), LONGEST_DELAY)
            until = time.time() + delay
            await self._ledger.do(lambda ledger: callbacks.delay(ledger, job.id, until))

    async def _give_up(self, job: Job, why: str) -> None:
        log.warning(
            "%s was not told of the end of job %d: %s", _shown(job), job.id, why,
            extra=fields("not-called-back", job=job.id, url=_shown(job)),
        )  # fmt: skip
        await self._ledger.do(lambda ledger: callbacks.is_over(ledger, job.id))


async def post(job: Job, settings: ApiSettings, seconds: float = SECONDS) -> str:
    """Tell of a job's end; return why that did not come about, "" if it did.

    Raises RequestError for an address that may not be called, OSError and TimeoutError.
    """
    prefix = next((one for one in settings.callbacks if job.order.callback.startswith(one)), "")
    if not prefix:
        raise RequestError(f"{job.order.callback} is not among [api] callbacks any more.")
    url = parsed(job.order.callback, standard_ports=False)
    body = dumps({"job": job_to_json(job)}).encode("ascii")
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": f"ocrd-{job.id}-{job.state.value}",
    }
    try:
        async with asyncio.timeout(seconds):
            addresses = await looked_up(url)
            if not _names_address(prefix) and not are_all(is_public, addresses):
                raise RequestError(
                    f"{url.host} is in this house; [api] callbacks has to name its address."
                )
            async with asked(url, addresses, "POST", headers, body) as answer:
                status = answer.status  # what else it says is nothing to us, and is not taken
    except TimeoutError:
        raise TimeoutError(f"it does not answer within {seconds:g} s") from None
    return "" if 200 <= status < 300 else f"it answers {status}"


def _names_address(prefix: str) -> bool:
    """Say whether a beginning in the configuration names an address itself, or this machine."""
    host = urlsplit(prefix).hostname or ""
    if host == "localhost":
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _shown(job: Job) -> str:
    """Return where a job calls back, for the log: what stands behind ? may be a secret."""
    return job.order.callback.partition("?")[0]
