"""The folders that are watched and the engines that read, as the configuration in force has them.

Each folder has its scan, its threads, its claim and its root; what did not change in a reload goes
on undisturbed. The dispatcher sees a new wiring whole or not at all.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Iterable, Sequence

from ocrd.claims import CLOSE_SECONDS, Claims
from ocrd.config.settings import EngineSettings, InboxSettings, Settings
from ocrd.daemon import sandbox, systemd
from ocrd.daemon.dispatch import Dispatcher
from ocrd.daemon.gpus import KnownGpus
from ocrd.engine.chain import link_all
from ocrd.engine.client import EngineClient
from ocrd.errors import OcrdError
from ocrd.intake.apart import Apart
from ocrd.intake.folder_threads import FolderThreads
from ocrd.intake.inbox import Inbox
from ocrd.intake.ownership import Claim
from ocrd.intake.root import Root
from ocrd.job import Candidate
from ocrd.ledger.writer import LedgerWriter
from ocrd.surveying import judge_of
from ocrd.uploads import Uploads
from ocrd.work import Folder

SCAN_SECONDS = 2.0  # for a scan to end that is under way


class Wiring:
    """What the dispatcher is connected to. Its dictionaries stay the same objects throughout."""

    def __init__(
        self, settings: Settings, ledger: LedgerWriter, dispatcher: Dispatcher, claims: Claims
    ) -> None:
        self.settings = settings
        self._ledger = ledger
        self._dispatcher = dispatcher
        self._claims = claims
        self._apart = Apart(settings)
        self._gpus = KnownGpus(ledger)
        self._threads: dict[str, FolderThreads] = {}  # by folder, over reloads
        self._warming: set[asyncio.Task[None]] = set()
        self.folders: dict[str, Folder] = {}
        self.inboxes: dict[str, Inbox] = {}
        self.engines: dict[str, EngineClient] = {}
        self.uploads = Uploads(settings.state_dir, ledger, settings.api, dispatcher.wake)
        self.uploads.free_space_floor = settings.free_space_floor
        self.warm: list[str] = []  # the engines that are loaded before the first document

    async def recall(self) -> None:
        """Recall what the engines had before this start."""
        await self._gpus.recall()

    def open(self) -> None:
        """Be ready for what programs bring; touches no watched folder."""
        self._make_engines()
        self.uploads.open()

    def connect(self) -> None:
        """Begin to watch, and let the dispatcher see it."""
        self._make_engines()  # where nobody has come in before
        for folder in self.settings.inbox:
            self._open_folder(folder)
        self._publish()

    async def switch_to(self, new: Settings) -> None:
        """Put other settings in force; documents whose engine is gone are queued again."""
        old, self.settings = self.settings, new
        self.uploads.settings = new.api
        self.uploads.free_space_floor = new.free_space_floor
        self._apart = Apart(new)
        engines = _engines_of(new)
        changed = {name for name, one in _engines_of(old).items() if engines.get(name) != one}
        retired = [self.engines.pop(name) for name in changed]
        self._make_engines()
        wanted = {str(folder.path): folder for folder in new.inbox}
        closed = [
            self.inboxes.pop(path) for path, folder in list(self.folders.items())
            if wanted.get(path) != folder.settings
        ]
        for inbox in closed:
            self.folders.pop(str(inbox.settings.path))
        for path, settings in wanted.items():
            if path not in self.folders:
                self._open_folder(settings)
        self._publish()
        self.load_engines()
        await self._dispatcher.recall()
        await asyncio.gather(
            _stopped(closed), *(engine.stop(new.stop_timeout) for engine in retired)
        )
        await _give_back(self._claims.keep_only(wanted))

    def wake(self) -> None:
        """Have every scan look whether it should go on."""
        for inbox in self.inboxes.values():
            inbox.wake()

    async def stop_engines(self, limit_seconds: float) -> None:
        """Let pages in work finish within the limit; end the engines."""
        await asyncio.gather(*(engine.stop(limit_seconds) for engine in self.engines.values()))

    async def disconnect(self) -> None:
        """Watch no more, and let other daemons have the folders."""
        await _stopped(self.inboxes.values())
        await _give_back(self._claims.keep_only(()))
        for threads in self._threads.values():
            threads.close()
        self.uploads.close()

    @property
    def is_stuck(self) -> bool:
        """Say whether a thread still waits for a file system that does not answer."""
        return any(threads.is_busy for threads in self._threads.values())

    # Engines

    def _make_engines(self) -> None:
        for name, engine in _engines_of(self.settings).items():
            if name not in self.engines:
                self.engines[name] = self._gpus.engine(name, engine)
        link_all(self.engines)

    def engine_as(self, name: str, settings: EngineSettings) -> EngineClient | None:
        """Return the engine of this name where it is in force with these very settings."""
        return self.engines[name] if _engines_of(self.settings).get(name) == settings else None

    def gpus_of(self, engine: str) -> tuple[str, ...]:
        """Return the GPUs that an engine had when it last had one."""
        return self._gpus.of(engine)

    def load_engines(self) -> None:
        """Start the engines that are to be warm before the first document."""
        self.warm[:] = [
            name for name, engine in _engines_of(self.settings).items()
            if engine.load == "start" and self._is_used(name)
        ]
        for name in self.warm:
            task = asyncio.create_task(_warm(self.engines[name]), name=f"warm {name}")
            self._warming.add(task)  # the loop alone does not hold on to it
            task.add_done_callback(self._warming.discard)

    def _is_used(self, engine: str) -> bool:
        api = self.settings.api
        is_asked = api.listen is not None and (api.engine or "default") == engine
        return is_asked or any(
            (folder.engine or "default") == engine for folder in self.settings.inbox
        )

    # Folders

    def folder(self, path: str) -> Folder | None:
        """Return a folder by its path, that of what programs bring too; None for no such one."""
        return self._dispatcher.folders.get(path)

    def _open_folder(self, settings: InboxSettings) -> None:
        path = str(settings.path)
        claim = self._claims.of(settings, lambda: self.inboxes[path].wake())
        wake = self._waking()

        def found(candidates: Sequence[Candidate]) -> None:
            """Enqueue; called in the inbox's thread."""
            priority = self.folders[path].settings.priority
            again = self._ledger.submit(
                lambda ledger: ledger.enqueue(candidates, priority, time.time()), patient=False
            ).result()
            for candidate in again:
                inbox.forget(candidate.relpath)
            wake()

        def reopened() -> None:
            """Let what waited for the folder go on; called in the inbox's thread."""
            self._ledger.submit(lambda ledger: ledger.hasten(path), patient=False).result()
            wake()

        def admit() -> None:
            """Raise where the folder is not to be read; called in the inbox's thread."""
            self._apart.require(settings.path)
            claim.require()

        inbox = Inbox(
            settings, found=found, root=self._root_of(settings), reopened=reopened,
            admit=admit,
            confirm=claim.confirm,
            remedy=systemd.folder_remedy() if sandbox.is_shut(settings.path) else "",
            stray=judge_of(settings),
            standing=self._remembered(f"standing {os.fsencode(settings.path).hex()}"),
        )
        self.folders[path] = Folder(
            settings=settings,
            threads=self._threads.setdefault(path, FolderThreads(path)),
            forget=inbox.forget,
            left=inbox.left,
            is_network=lambda: inbox.status().network,
            is_online=lambda: inbox.status().is_open,
            doubt=inbox.doubt,
            require_root=inbox.require_root,
        )
        self.inboxes[path] = inbox
        inbox.start()

    def _waking(self) -> Callable[[], None]:
        """Return what wakes the dispatcher from another thread."""
        loop = asyncio.get_running_loop()

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: we are stopping
                loop.call_soon_threadsafe(self._dispatcher.wake)

        return wake

    def _root_of(self, settings: InboxSettings) -> Root:
        """Return the folder's root, whose mount the ledger remembers."""
        name = f"mount {os.fsencode(settings.path).hex()}"
        return Root(settings, *self._remembered(name))

    def _remembered(self, name: str) -> tuple[Callable[[], str], Callable[[str], None]]:
        """Return what recalls a text from the ledger, and what puts it there."""

        def recall() -> str:
            return self._ledger.submit(lambda ledger: ledger.setting(name)).result() or ""

        def remember(text: str) -> None:
            self._ledger.submit(
                lambda ledger: ledger.set_setting(name, text), patient=False
            ).result()

        return recall, remember

    def _publish(self) -> None:
        brought = {str(self.uploads.path): self.uploads.folder()}
        self._dispatcher.folders = {**self.folders, **brought}
        self._dispatcher.engines = dict(self.engines)
        self._dispatcher.documents_in_flight = self.settings.documents_in_flight
        self._dispatcher.free_space_floor = self.settings.free_space_floor
        self._dispatcher.wake()


def _engines_of(settings: Settings) -> dict[str, EngineSettings]:
    return {"default": settings.engine, **settings.engines}


async def _warm(engine: EngineClient) -> None:
    with contextlib.suppress(OcrdError):  # the client says why, in the log and in status
        await engine.hello()


async def _stopped(inboxes: Iterable[Inbox]) -> None:
    """End the scans of folders, side by side."""
    await asyncio.gather(*(asyncio.to_thread(inbox.stop, SCAN_SECONDS) for inbox in inboxes))


async def _give_back(claims: Sequence[Claim]) -> None:
    """Let other daemons have the folders; one that hangs is left as it is."""
    await asyncio.gather(*(asyncio.to_thread(claim.close, CLOSE_SECONDS) for claim in claims))
