"""What an assistant may ask: a file's text, the documents, one of them, how the daemon stands."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from ocrd.choice import Choice
from ocrd.errors import OcrdError
from ocrd.job import JobState
from ocrd.mcp.reach import Reach
from ocrd.web.client import Client

LONGEST_SECONDS = 3600.0  # for one document
TURN_SECONDS = 60.0  # of one question whether a job has ended
MOST_DOCUMENTS = 100
_TOLD = ("id", "inbox", "relpath", "state", "outcome", "pages", "pages_done", "message", "hint")
_LONG = frozenset({"too-many-pages"})  # refusals of what is a job then


class Tools:
    """Asks one daemon."""

    def __init__(self, client: Client, reach: Reach) -> None:
        self._client = client
        self._reach = reach

    def read_file(self, path: str, mode: str = "markdown", pages: str = "") -> str:
        """Read a PDF or picture and return its text.

        A long one is a job, which is waited for and removed. Raises OcrdError.
        """
        with self._reach.open(path) as document:
            name = path.rpartition("/")[2]
            wanted = {"pages": pages} if pages else {}
            if not pages:
                try:
                    route = "/ocr/free" if mode == "text" else "/ocr/markdown"
                    told = self._client.bring(route, document, name, seconds=LONGEST_SECONDS)
                    return str(told.get("text", told.get("markdown", "")))
                except OcrdError as error:
                    if getattr(error, "code", "") not in _LONG:
                        raise
                    document.seek(0)
            query = urlencode({"mode": mode, **wanted})
            job = self._client.bring(f"/v1/jobs?{query}", document, name, seconds=LONGEST_SECONDS)
        return self._result_of(int(job["job"]["id"]))

    def _result_of(self, number: int) -> str:
        """Wait for a job of ours, return its text and remove it."""
        turns = int(LONGEST_SECONDS / TURN_SECONDS)
        try:
            for _ in range(turns):
                told = self._client.ask(
                    "GET", f"/v1/jobs/{number}?wait={TURN_SECONDS:.0f}", seconds=TURN_SECONDS + 30
                )["job"]
                if JobState(told["state"]).is_final:
                    break
            return self._client.text(f"/v1/jobs/{number}/result", seconds=TURN_SECONDS)
        finally:
            self._client.ask("DELETE", f"/v1/jobs/{number}", seconds=TURN_SECONDS)

    def list_documents(self, name: str = "", state: str = "", limit: int = 20) -> dict[str, Any]:
        """List the newest documents of the watched folders, or some of them. Raises OcrdError."""
        choice = Choice(name=name, state=JobState(state) if state else None)
        told = self._client.jobs(choice, limit=max(1, min(limit, MOST_DOCUMENTS)))
        return {
            "documents": [{key: job.get(key) for key in _TOLD} for job in told["jobs"]],
            "more": told["next"] is not None,
        }

    def get_document(self, job: int) -> str:
        """Return the text that was read of a document, by its job's number. Raises OcrdError."""
        return self._client.text(f"/v1/jobs/{job}/result", seconds=TURN_SECONDS)

    def status(self) -> dict[str, Any]:
        """Say what the daemon is doing. Raises OcrdError."""
        told = self._client.status()
        return {
            key: told.get(key)
            for key in ("state", "summary", "jobs", "working", "problems", "pages_per_second")
        }
