"""Log records with fields: for a person on a terminal, for the journal, or as JSON lines.

Usage: ``log.info("Filed.", extra=fields(event="filed", job=7, inbox=…))``. The message is a
sentence for a person; the fields are for programs and have stable names. So has the event, and
with it the id by which a journal finds all of its kind.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
import uuid
from typing import Any, TextIO

_FIELDS = "ocrd_fields"
# Made once at random; an event's id is the UUID (version 5) of its name in this name space.
MESSAGES = uuid.UUID("0eda9ec9-6364-47b8-861e-ec147bb59f56")


def fields(event: str, **values: Any) -> dict[str, Any]:
    """Return the ``extra`` of a log call: the event's name and its fields."""
    return {_FIELDS: {"event": event, **values}}


def configure(
    log_format: str,
    level: str,
    stream: TextIO = sys.stderr,
    journal: logging.Handler | None = None,
) -> None:
    """Send our records, and what libraries warn of, to ``stream``.

    "auto" is the ``journal`` where there is one, text on a terminal, and JSON elsewhere.
    """
    if log_format == "auto" and journal is not None:
        destination = journal
    else:
        if log_format == "auto":
            log_format = "text" if stream.isatty() else "json"
        destination = logging.StreamHandler(stream)
        destination.setFormatter(JsonLines() if log_format == "json" else HumanLines())
    root = logging.getLogger()
    root.handlers[:] = [destination]
    root.setLevel(logging.WARNING)
    logging.getLogger("ocrd").setLevel(level.upper())


def event_of(record: logging.LogRecord) -> str | None:
    """Return the name of the record's event, None where it has none."""
    event: str | None = getattr(record, _FIELDS, {}).get("event")
    return event


def message_id(event: str) -> str:
    """Return the id of an event's kind, the same in every version, as 32 hexadecimal digits."""
    return uuid.uuid5(MESSAGES, event).hex


def texts(record: logging.LogRecord) -> dict[str, str]:
    """Return the record's fields as text, without those that say nothing."""
    values: dict[str, Any] = getattr(record, _FIELDS, {})
    return {
        name: value if isinstance(value, str) else json.dumps(value, default=str)
        for name, value in values.items()
        if value is not None and value != ""
    }


def sentence(record: logging.LogRecord) -> str:
    """Return the message after the document that it is about, a traceback below if there is one.

    A document is named once: an error's own sentence may begin with its name, too.
    """
    name = getattr(record, _FIELDS, {}).get("document")
    text = f"{name}: {unnamed(name, record.getMessage())}" if name else record.getMessage()
    if record.exc_info:
        text += "\n" + logging.Formatter().formatException(record.exc_info)
    return text


def unnamed(name: str, message: str) -> str:
    """Return a message without the name of a document, where sentences in it begin with that."""
    for known in dict.fromkeys((name, name.rpartition("/")[2])):
        called = re.escape(known)
        message = re.sub(rf"(?<![^\s(]){called}: (\S)", lambda at: at[1].upper(), message)
        message = re.sub(rf"(^|[.!?] ){called} (?=[a-z])", r"\1It ", message)
    return message


def printable(text: str) -> str:
    """Return text that UTF-8 can carry: file names may hold bytes that are none."""
    return text.encode("utf-8", "backslashreplace").decode()


class HumanLines(logging.Formatter):
    """``04:12:01  scans/letter.pdf: done.`` and the level where it is not plain information."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line, a traceback below where there is one."""
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        level = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        return printable(f"{clock}  {level}{sentence(record)}")


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
