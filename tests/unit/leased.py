"""A document that is leased from a real ledger, with its file in a real folder."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ocrd import files
from ocrd.config.settings import EngineSettings, InboxSettings
from ocrd.engine.client import EngineClient
from ocrd.intake.folder_threads import FolderThreads
from ocrd.job import Candidate, Job
from ocrd.ledger.jobs import Ledger
from ocrd.ledger.writer import LedgerWriter
from ocrd.log import event_of
from ocrd.work import Folder, Work


class Desk:
    """A watched folder, and the ledger of the daemon that reads it."""

    def __init__(self, root: Path, **settings: Any) -> None:
        self.inbox = root / "in"
        self.inbox.mkdir()
        self.temp_dir = root / "temp"
        self.temp_dir.mkdir()
        self.ledger = LedgerWriter(Ledger.open(root))
        self.engine = EngineClient("default", EngineSettings())
        self.forgotten: list[str] = []  # relpaths that the scan is to offer again
        self.left: list[str] = []  # relpaths whose documents have gone
        self.doubted = 0  # how often somebody asked whether the folder takes what is filed
        self.is_network = False
        self.root_error: Exception | None = None
        self.folder = Folder(
            settings=InboxSettings(path=self.inbox, **settings),
            threads=FolderThreads("in"),
            is_network=lambda: self.is_network,
            forget=self.forgotten.append,
            left=self.left.append,
            is_online=lambda: True,
            doubt=self._doubt,
            require_root=self._require_root,
        )

    def close(self) -> None:
        self.folder.threads.close()
        self.ledger.close()

    def _doubt(self) -> None:
        self.doubted += 1

    def _require_root(self) -> None:
        if self.root_error is not None:
            raise self.root_error

    async def lease(self, name: str = "a.pdf", content: bytes | None = b"content") -> Work:
        """Have a file found and its job leased; without content, lease what is queued."""
        inbox = str(self.inbox)
        if content is not None:
            (self.inbox / name).write_bytes(content)
            candidate = Candidate(inbox, name, files.file_key(self.inbox / name))
            await self.ledger.do(lambda ledger: ledger.enqueue([candidate], 0, time.time()))
        job = await self.ledger.do(
            lambda ledger: ledger.lease(time.time(), inboxes=[inbox], active=())
        )
        assert job is not None
        return Work(job, self.folder, self.engine)

    async def job(self, work: Work) -> Job:
        """Return the job as the ledger has it now."""
        job = await self.ledger.do(lambda ledger: ledger.job(work.job.id))
        assert job is not None
        return job

    async def again(self, work: Work) -> Work:
        """Return the document as its next lease finds it."""
        return replace(work, job=await self.job(work))


def events(caplog: pytest.LogCaptureFixture) -> list[tuple[str | None, str]]:
    """Return what was logged: each record's event and level."""
    return [(event_of(record), logging.getLevelName(record.levelno)) for record in caplog.records]
