"""What a worker wants a person to know, on its way to the log.

A log is not filled by an engine that talks, and one that talks without end has run wild.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from typing import Any

from ocrd.errors import EngineError
from ocrd.wording import span

log = logging.getLogger("ocrd.engine.attendance")

NOTICE_SECONDS = 60.0
LOGGED_NOTICES = 20  # within that time
MAX_NOTICES = 1000  # of one worker within that time: it has run wild
NEVER = -math.inf


class Tally:
    """How often something happened within the present stretch of ``NOTICE_SECONDS``."""

    def __init__(self) -> None:
        self._since = NEVER
        self._number = 0

    def count(self, now: float) -> int:
        """Count once more and return the number."""
        if now - self._since >= NOTICE_SECONDS:
            self._since, self._number = now, 0
        self._number += 1
        return self._number


class Notices:
    """The notices on one device, of one worker after another."""

    def __init__(self, title: str, extra: Mapping[str, Any]) -> None:
        """Log them under the title; ``extra`` is what a log record takes."""
        self.last = (NEVER, "")  # when, what
        self._title = title
        self._extra = extra
        self._logged = Tally()
        self._heard = Tally()  # of this worker

    def begin(self) -> None:
        """Take note that there is a new worker."""
        self._heard = Tally()

    def pass_on(self, notice: str, now: float) -> None:
        """Log what the worker says; raise EngineError if that has no end."""
        if self._heard.count(now) > MAX_NOTICES:
            raise EngineError(
                f"The engine worker sent more than {MAX_NOTICES} notices within"
                f" {span(NOTICE_SECONDS)}; the last: {notice[:200]!r}.",
                hint="It is restarted.",
            )
        self.last = (now, notice)
        logged = self._logged.count(now)
        if logged > LOGGED_NOTICES:
            return
        log.warning("Engine %s: %s", self._title, notice, extra=self._extra)
        if logged == LOGGED_NOTICES:
            log.warning(
                "Engine %s: further notices are left out for up to %s.",
                self._title, span(NOTICE_SECONDS), extra=self._extra,
            )  # fmt: skip
