"""Documents that programs bring: a folder of the daemon's own, through the same ledger and queue.

A document is received into ``.incoming``, whole and synced, and given its place and its job then:
after :meth:`Uploads.accept` returns it survives whatever crashes. What a crash leaves behind that
no job knows of is removed at the next start; whoever brought it has had no answer. What becomes of
a document lies in the folder's ``done`` and ``failed`` until its time is over or it is deleted.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import secrets
import shutil
import time
import unicodedata
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ocrd import files
from ocrd.choice import Choice
from ocrd.config.api import ApiSettings, uploads_dir
from ocrd.config.settings import InboxSettings
from ocrd.deposits import ROOM, Deposits
from ocrd.errors import NoRoomError, OcrdError
from ocrd.files.privacy import PRIVATE_FOLDER
from ocrd.files.space import in_units
from ocrd.intake.folder_threads import FolderThreads
from ocrd.job import Candidate, FileKey, Job, Order
from ocrd.ledger.jobs import Ledger
from ocrd.ledger.writer import LedgerWriter
from ocrd.work import Folder

log = logging.getLogger("ocrd.uploads")

INCOMING = ".incoming"
DEPOSITS = ".files"
FIRST_SECONDS = 20.0  # after the start, before what is over its time is looked for
INTERVAL_SECONDS = 600.0
LONGEST_NAME = 120  # bytes of a document's name
LONGEST_TOLD = 600  # characters of a name that are looked at, and its end
LONGEST_END = 16  # bytes of a suffix
_TOKEN = re.compile(r"[0-9a-f]{16}")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\]")
_BATCH = 200  # jobs looked at in one step


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is asked for one document."""

    order: Order
    priority: int
    promise: str
    request: str


class Uploads:
    """The folder of what programs bring."""

    def __init__(
        self, state_dir: Path, ledger: LedgerWriter, settings: ApiSettings, wake: Callable[[], None]
    ) -> None:
        """``wake`` lets the dispatcher look for work."""
        self.path = uploads_dir(state_dir)
        self.settings = settings
        self.deposits = Deposits(self.path / DEPOSITS)
        self._ledger = ledger
        self._wake = wake
        self._threads = FolderThreads("uploads")
        self._used = 0  # bytes, as of the last look and what came since
        self.free_space_floor = 0  # bytes
        self._accepting: set[asyncio.Task[Job]] = set()

    # Its place among the watched folders

    def folder(self) -> Folder:
        """Return the folder as one to read from; nothing scans it."""
        return Folder(
            settings=self.inbox(),
            threads=self._threads,
            is_network=lambda: False,
            forget=lambda _: None,
            is_online=lambda: True,
            doubt=lambda: None,
            require_root=lambda: None,
            left=self._left,
            most_pages=self.settings.max_pages,
        )

    def inbox(self) -> InboxSettings:
        """Return the folder's settings, where a request says nothing else."""
        return folder_of(self.path, self.settings)

    def _left(self, relpath: str) -> None:
        """Remove the folder that a document has left."""
        with contextlib.suppress(OSError):
            (self.path / relpath).parent.rmdir()

    # What comes

    def open(self) -> None:
        """Make the folder ready, and remove what a killed daemon was receiving."""
        for path in (self.path, self.path / INCOMING):
            path.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            path.chmod(PRIVATE_FOLDER)
        for path in (self.path / INCOMING).iterdir():
            _remove(path)
        self._used = self._size()

    def incoming(self) -> Path:
        """Return a new path to receive a document at."""
        return self.path / INCOMING / secrets.token_hex(8)

    def require_room(self, size: int) -> None:
        """Raise NoRoomError where another ``size`` bytes have no place."""
        used = self._used + _size_of(self.path / INCOMING)
        if used + size > self.settings.upload_room:
            raise NoRoomError(
                f"There is no room for {size} bytes more: the documents that were brought and"
                f" their results take {used} of {self.settings.upload_room} (upload_room).",
                hint="Delete jobs that are not needed any more, or come again later.",
            )
        free = files.free_bytes(self.path)
        if free - size < self.free_space_floor:
            raise NoRoomError(
                f"There is no room for {size} bytes more: {in_units(free)} are free, and"
                f" {in_units(self.free_space_floor)} have to stay so (free_space_floor).",
                hint="Make room on the disk of state_dir.",
            )

    @property
    def used(self) -> int:
        """Return how many bytes the documents and their results take, about."""
        return self._used

    def count(self, size: int) -> None:
        """Take note of bytes that came into the folder, or of negative ones that went."""
        self._used = max(0, self._used + size)

    async def accept(
        self,
        received: Path,
        name: str,
        order: Order,
        *,
        priority: int | None = None,
        promise: str = "",
        request: str = "",
    ) -> Job:
        """Take a received document over and return its job; see ``Queue.accept`` for the promise.

        The file is gone from where it was received, whatever happens. Raises PromiseError, and
        OcrdError where the disk or the ledger does not take it.
        """
        chosen = self.settings.priority if priority is None else priority
        work = self._accept(received, name, _Wish(order, chosen, promise, request))
        task = asyncio.ensure_future(work)  # whoever waits for it may be cancelled
        self._accepting.add(task)
        task.add_done_callback(self._accepting.discard)
        return await asyncio.shield(task)

    async def _accept(self, received: Path, name: str, wish: _Wish) -> Job:
        token = secrets.token_hex(8)
        relpath = f"{token}/{safe_name(name)}"
        try:
            key = await self._threads.do(self._place, received, relpath)
            candidate = Candidate(str(self.path), relpath, key)
            job_id = await self._ledger.do(
                lambda ledger: ledger.accept(
                    candidate, wish.priority, time.time(), wish.order, promise=wish.promise,
                    request=wish.request,
                ),
                patient=False,
            )
            job = await self._ledger.do(lambda ledger: ledger.job(job_id))
        except BaseException:
            await self._threads.do(_remove, self.path / token)
            await self._threads.do(_remove, received)
            raise
        assert job is not None
        if job.relpath != relpath:  # it was brought before
            await self._threads.do(_remove, self.path / token)
            return job
        self._used += key.size
        self._wake()
        return job

    def _place(self, received: Path, relpath: str) -> FileKey:
        path = self.path / relpath
        try:
            path.parent.mkdir(mode=PRIVATE_FOLDER)
            os.rename(received, path)  # noqa: PTH104 - never over a file: the folder is new
            files.fsync_directory(path.parent)
            files.fsync_directory(self.path)
        except OSError as error:
            raise files.translate(error, ROOM) from error
        return files.file_key(path)

    # What goes

    def is_ours(self, job: Job) -> bool:
        """Say whether a job's document was brought by a program."""
        return job.inbox == str(self.path)

    async def delete(self, job: Job) -> None:
        """Forget a finished job, and remove its document and all that came of it."""
        is_last = await self._ledger.do(lambda ledger: ledger.delete(job.id), patient=False)
        if is_last:
            freed = await self._threads.do(self._remove_all, job.relpath.partition("/")[0])
            self._used = max(0, self._used - freed)

    def _remove_all(self, token: str) -> int:
        """Remove a document and all that came of it; return how many bytes that were."""
        freed = 0
        for folder in _folders(self.path):
            freed += _size_of(folder / token)
            _remove(folder / token)
        return freed

    async def run(self) -> None:
        """Remove what is over its time, again and again, until cancelled."""
        await asyncio.sleep(FIRST_SECONDS)
        while True:
            with contextlib.suppress(OcrdError):  # said by whoever needs the ledger for a document
                await self.tidy()
            await asyncio.sleep(INTERVAL_SECONDS)

    async def tidy(self) -> None:
        """Remove what is over its time, and what belongs to no job."""
        before = time.time() - self.settings.keep_uploads
        known: set[str] = set()
        present = await self._threads.do(lambda: set(self._tokens()))
        async for job in self._jobs():
            is_over = job.state.is_final and job.finished is not None and job.finished < before
            if self.settings.keep_uploads and is_over:
                await self.delete(job)
            else:
                known.add(job.relpath.partition("/")[0])
        for token in present - known:  # looked for first: what came since has its job by now
            await self._threads.do(self._remove_all, token)
        await self._threads.do(self.deposits.tidy, before if self.settings.keep_uploads else None)
        self._used = await self._threads.do(self._size)

    async def _jobs(self) -> AsyncIterator[Job]:
        choice, before = Choice(inbox=str(self.path)), None
        while True:
            listed = partial(Ledger.listed, choice=choice, before=before, limit=_BATCH)
            jobs, before = await self._ledger.do(listed)
            for job in jobs:
                yield job
            if before is None:
                return

    def _size(self) -> int:
        return _size_of(self.path) - _size_of(self.path / INCOMING)

    def _tokens(self) -> Iterator[str]:
        for folder in _folders(self.path):
            with contextlib.suppress(FileNotFoundError):
                yield from (one.name for one in folder.iterdir() if _TOKEN.fullmatch(one.name))

    def close(self) -> None:
        """Accept no more work."""
        self._threads.close()


def folder_of(path: Path, settings: ApiSettings) -> InboxSettings:
    """Return the settings of the folder of what programs bring."""
    return InboxSettings(
        path=path, recursive=True, outputs=("md", "json"), network=False, mounted=False,
        engine=settings.engine, priority=settings.priority, patience=0.0,
    )  # fmt: skip


def safe_name(name: str) -> str:
    """Return a document's name as a client gave it, fit to be a file's here."""
    text = name.replace("\\", "/").rpartition("/")[2]
    text = text[:LONGEST_TOLD] + text[LONGEST_TOLD:][-LONGEST_END:]
    text = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode())
    text = _UNSAFE.sub("_", text).strip().lstrip(".")
    stem, dot, end = text.rpartition(".")
    if not stem or len(end.encode()) > LONGEST_END:
        stem, dot, end = text, "", ""
    stem = stem.encode()[:LONGEST_NAME].decode("utf-8", "ignore")
    return f"{stem}{dot}{end}" or "document"


def _folders(path: Path) -> tuple[Path, Path, Path]:
    return path, path / "done", path / "failed"


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _size_of(path: Path) -> int:
    """Return how many bytes lie below a folder."""
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118
    return total
