"""A service at work: a scripted engine, a book that takes a while, and what is told of both."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.installation import eventually
from tests.system.service import Service

oldest_only = pytest.mark.parametrize("installed", ["bookworm"], indirect=True)
ON_MACHINE = "/opt/ocrd/source/tests/resources/typewriter.png"
BAD = '[engine]\nkind = "rapidorc"\n'


def scripted(module: str, **options: object) -> str:
    """Return the settings of an engine of tests/engines."""
    table = ", ".join(f"{key} = {json.dumps(value)}" for key, value in options.items())
    return f'kind = "module"\nmodule = "tests.engines.{module}"\noptions = {{ {table} }}'


def begin_the_book(service: Service, book: Path, *, delay: float = 0.3, pages: int = 2) -> None:
    """Start the service, give it the book and wait until some of its pages are read."""
    service.configure(scripted("echo", delay=delay))
    service.start()
    service.drop(book)
    eventually(lambda: pages_done(service) >= pages, what="pages are read")


def pages_done(service: Service) -> int:
    """Return how many pages of a document are read."""
    return max((job["pages_done"] for job in service.client.jobs()["jobs"]), default=0)


def events(service: Service, *matches: str) -> list[str]:
    """Return the events that the journal has since the test began, in their order."""
    records = service.journal(f"--since=@{service.since}", *matches)
    return [record["OCRD_EVENT"] for record in records if "OCRD_EVENT" in record]
