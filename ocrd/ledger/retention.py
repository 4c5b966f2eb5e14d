"""Retention: finished documents leave the ledger after their time, and their space the disk.

In small steps with rests between them, so that no document waits for it. What is never forgotten
is said in ``care``.
"""

from __future__ import annotations

import asyncio
import logging
import time
from functools import partial

from ocrd.errors import OcrdError
from ocrd.ledger import care
from ocrd.ledger.writer import LedgerWriter

log = logging.getLogger("ocrd.ledger.retention")

FIRST_SECONDS = 30.0  # after the start, which has better things to do
INTERVAL_SECONDS = 3600.0
REST_SECONDS = 0.05  # between two steps


class Retention:
    """Forgets what is over its time, once an hour, until cancelled."""

    def __init__(self, ledger: LedgerWriter, keep_seconds: float) -> None:
        self._ledger = ledger
        self.keep_seconds = keep_seconds  # 0: for ever

    async def run(self) -> None:
        """Forget, give space back, rest."""
        await asyncio.sleep(FIRST_SECONDS)
        while True:
            try:
                await self.tidy()
            except OcrdError as error:  # who needs the ledger for a document says it too
                log.debug("Nothing forgotten for now: %s", error)
            await asyncio.sleep(INTERVAL_SECONDS)

    async def tidy(self) -> None:
        """Forget all that is over its time. Raises LedgerError."""
        place: care.Place | None = care.Place()
        before = time.time() - self.keep_seconds
        while self.keep_seconds and place is not None:
            place = await self._ledger.do(
                partial(care.forget_finished, before=before, place=place)
            )
            await asyncio.sleep(REST_SECONDS)
        is_spare = True
        while is_spare:
            is_spare = await self._ledger.do(care.shrink)
            await asyncio.sleep(REST_SECONDS)
