"""Log records with fields: for a person on a terminal, one JSON object a line otherwise.

Usage: ``log.info("Filed.", extra=fields(event="filed", job=7, inbox=…))``. The message is a
sentence for a person; the fields are for programs and have stable names.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import Any, TextIO

_FIELDS = "ocrd_fields"


def fields(event: str, **values: Any) -> dict[str, Any]:
    """Return the ``extra`` of a log call: the event's name and its fields."""
    return {_FIELDS: {"event": event, **values}}


def configure(log_format: str, level: str, stream: TextIO = sys.stderr) -> None:
    """Send our records, and what libraries warn of, to ``stream``.

    "auto" is text on a terminal and JSON elsewhere.
    """
    if log_format == "auto":
        log_format = "text" if stream.isatty() else "json"
    destination = logging.StreamHandler(stream)
    destination.setFormatter(JsonLines() if log_format == "json" else HumanLines())
    root = logging.getLogger()
    root.handlers[:] = [destination]
    root.setLevel(logging.WARNING)
    logging.getLogger("ocrd").setLevel(level.upper())


class HumanLines(logging.Formatter):
    """``04:12:01  scans/letter.pdf: done.`` and the level where it is not plain information."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line, a traceback below where there is one."""
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        level = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        values = getattr(record, _FIELDS, {})
        name = values.get("document")
        subject = f"{name}: " if name else ""
        text = f"{clock}  {level}{subject}{record.getMessage()}"
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return text.encode("utf-8", "backslashreplace").decode()


class JsonLines(logging.Formatter):
    """One JSON object an event: time, level, logger, message, then the event's own fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of ASCII JSON."""
        body: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, _FIELDS, {}),
        }
        if record.exc_info:
            body["traceback"] = self.formatException(record.exc_info)
        return json.dumps(body, default=str)
