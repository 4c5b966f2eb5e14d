"""What the routes ask: the parts of a running daemon that programs may use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ParamSpec, Protocol, TypeVar

from fastapi import Depends
from starlette.requests import Request

from ocrd.choice import Choice, Sight
from ocrd.config.settings import Settings
from ocrd.direct import Direct
from ocrd.engine.client import EngineClient
from ocrd.errors import UnknownJobError
from ocrd.events import Events
from ocrd.job import Job
from ocrd.ledger.writer import LedgerWriter
from ocrd.uploads import Uploads
from ocrd.web.door.asking import asker
from ocrd.web.door.guard import Gate, require
from ocrd.web.door.jsonbody import Memory
from ocrd.web.door.wire import Finding, Outcome
from ocrd.work import Folder, Work

P = ParamSpec("P")
T = TypeVar("T")


class Steering(Protocol):
    """What the interface asks of the daemon."""

    async def status(self) -> dict[str, Any]:
        """Return what the daemon is doing."""
        ...

    async def inboxes(self) -> list[dict[str, Any]]:
        """Return each watched folder, with what was passed over in it."""
        ...

    async def reload(self) -> None:
        """Read the configuration again; raise ConfigError and keep the old one if it is bad."""
        ...

    async def check(self, *, with_engine: bool) -> Sequence[Finding]:
        """Try a reload without one; ``with_engine`` lets each engine read a page."""
        ...

    async def stop(self) -> float:
        """Stop in order; return how many seconds that takes at most."""
        ...

    async def pause(self) -> None:
        """Start no further page."""
        ...

    async def resume(self) -> None:
        """Undo pause."""
        ...

    async def cancel(self, job_id: int) -> Job:
        """Cancel the job; raise KeyError where there is none."""
        ...

    async def retry(
        self, choice: Choice, *, read: bool = True, dry: bool = False
    ) -> Sequence[Outcome]:
        """Take the chosen jobs back, see the daemon; raise KeyError for an unknown number."""
        ...

    async def jobs(
        self, choice: Choice, *, before: int | None, limit: int, sight: Sight | None
    ) -> tuple[Sequence[Job], int | None]:
        """Return the latest chosen jobs under a number, newest first, and where to go on.

        With ``sight``, those of them that it has.
        """
        ...

    async def job(self, job_id: int) -> Job:
        """Return one job; raise KeyError where there is none."""
        ...


@dataclass
class House:
    """The parts of a running daemon."""

    steering: Steering
    settings: Callable[[], Settings]  # those in force
    ledger: LedgerWriter
    uploads: Uploads
    direct: Direct
    events: Events
    engines: Mapping[str, EngineClient]  # by the configuration's names
    gate: Gate
    stopping: asyncio.Event
    memory: Memory = field(default_factory=Memory)
    folder: Callable[[str], Folder | None] = lambda _: None  # by its path
    working: Callable[[], Mapping[int, Work]] = dict  # the documents in work, by job
    is_paused: Callable[[], bool] = bool  # whether nothing new is begun

    async def job(self, number: int) -> Job:
        """Return a job that the asker may see; raise UnknownJobError for any other."""
        try:
            job = await self.steering.job(number)
        except KeyError:
            raise unknown_job(number) from None
        if not self.may_see(job):
            raise unknown_job(number)
        return job

    def may_see(self, job: Job) -> bool:
        """Say whether a job is the asker's to see: all, or of his folders, or brought by him."""
        who = asker()
        if self.uploads.is_ours(job):
            return not who.folders or job.order.by == who.owner
        return who.may_see(job.inbox)

    def require_steering(self, job: Job) -> None:
        """Raise RequestError for one who may not cancel, delete or retry a job.

        His own uploads are his who may bring any; all others are for those who may steer.
        """
        who = asker()
        is_own = self.uploads.is_ours(job) and job.order.by == who.owner
        require("upload" if is_own and "control" not in who.scopes else "control")

    async def jobs(
        self, choice: Choice, *, before: int | None = None, limit: int = 50
    ) -> tuple[list[Job], int | None]:
        """Return the newest jobs that the asker may see, and under which number to go on."""
        who = asker()
        sight = Sight(who.folders, str(self.uploads.path), who.owner) if who.folders else None
        found, following = await self.steering.jobs(
            choice, before=before, limit=limit, sight=sight
        )
        return [*found], following

    async def do(self, job: Job, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do something with a job's files, in the threads of its folder."""
        folder = self.folder(job.inbox)
        if folder is None:  # watched no more
            return await asyncio.to_thread(work, *args, **kwargs)
        return await folder.threads.do(work, *args, **kwargs)

    def mode_of(self, job: Job) -> str:
        """Return what the engine is, or was, asked for."""
        folder = self.folder(job.inbox)
        usual = folder.settings.mode if folder is not None else "markdown"
        return str(job.order.settings.get("mode", usual))


def unknown_job(number: int) -> UnknownJobError:
    """Return the error for a job number that the ledger does not know."""
    return UnknownJobError(f"There is no job {number}.", hint="`ocrd jobs` lists them.")


def _house(request: Request) -> House:
    house: House = request.app.state.house
    return house


TheHouse = Annotated[House, Depends(_house)]
