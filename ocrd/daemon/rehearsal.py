"""A reload that is only tried: what the daemon's user, in its sandbox, finds of the configuration.

Nothing is put in force, and no folder is made or written into.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

from ocrd.config import settings as config
from ocrd.config.settings import Settings
from ocrd.daemon import systemd
from ocrd.daemon.configuration import require_same
from ocrd.daemon.wiring import Wiring
from ocrd.errors import ConfigError
from ocrd.files.users import User
from ocrd.readiness import machine, places, programs, servers, trial
from ocrd.readiness.finding import Finding, Verdict, of_refusal


class Rehearsal:
    """Tries the configuration file of a running daemon. One at a time: engines are large."""

    def __init__(self, config_path: Path, wiring: Wiring) -> None:
        self._config_path = config_path
        self._wiring = wiring
        self._trying = asyncio.Lock()
        self.address: Callable[[], str] = lambda: ""  # where programs ask now

    async def findings(self, *, with_engine: bool) -> list[Finding]:
        """Return how everything stands; ``with_engine`` lets each engine read a page."""
        async with self._trying:
            try:
                new = await asyncio.to_thread(config.load, self._config_path)
            except ConfigError as error:
                return of_refusal(error)
            found = await asyncio.to_thread(lambda: list(self._of_folders(new)))
            if with_engine:
                found += await self._of_engines(new)
            return found

    def _of_folders(self, new: Settings) -> Iterator[Finding]:
        is_same = new == self._wiring.settings
        state = "as it is in force" if is_same else "not in force yet: ocrd reload"
        yield Finding(Verdict.OK, "configuration", f"{self._config_path} ({state})")
        try:
            require_same(self._wiring.settings, new, self._config_path)
        except ConfigError as error:  # as good a configuration as any, for the next start
            for fault in error.faults:
                yield Finding(Verdict.WARN, "configuration", fault.what, fault.hint)
        yield from places.findings(new, User.me(), systemd.folder_remedy())
        yield from machine.findings(new)
        yield from programs.findings(new, User.me(), self.address())

    async def _of_engines(self, new: Settings) -> list[Finding]:
        """Ask the engines that run; load those that are new beside them, for this alone."""
        found = []
        for name, engine in trial.used_engines(new).items():
            running = self._wiring.engine_as(name, engine)
            if running is not None:
                found.append(await trial.of_engine(running, engine, new))
            else:
                gpus = self._wiring.gpus_of(name)
                found.append(await trial.of_new_engine(name, engine, new, gpus))
            found += await servers.findings(name, engine)
        return found
