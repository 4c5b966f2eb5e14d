"""A daemon's parts, wired from a real configuration file to real folders; nothing is leased."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocrd.claims import Claims, this_process
from ocrd.config import settings as config
from ocrd.config.settings import Settings
from ocrd.daemon.control import Control
from ocrd.daemon.dispatch import Dispatcher
from ocrd.daemon.standing import Standing
from ocrd.daemon.wiring import Wiring
from ocrd.ledger.jobs import Ledger
from ocrd.ledger.retention import Retention
from ocrd.ledger.writer import LedgerWriter
from ocrd.pipeline import Pipeline
from ocrd.raster.rasterize import Rasterizer
from tests.engines import ENVIRONMENT

ECHO = 'kind = "module"\nmodule = "tests.engines.echo"\n'


class House:
    """The parts that a reload, a pause and a retry go through."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.is_stopping = False
        self.config = root / "config.toml"
        self.state_dir = root / "state"
        self.state_dir.mkdir()
        settings = self.configure({"in": ""})
        ledger = Ledger.open(self.state_dir)
        me = this_process(ledger, self.state_dir)
        self.ledger = LedgerWriter(ledger)
        self.dispatcher = Dispatcher(
            self.ledger,
            Pipeline(self.ledger, Rasterizer(settings.rasterize, settings.limits), root),
            documents_in_flight=1, free_space_floor=0, watched_space=root,
        )  # fmt: skip
        self.wiring = Wiring(settings, self.ledger, self.dispatcher, Claims(self.ledger, me))
        self.standing = Standing(
            self.dispatcher, self.wiring.engines, self.wiring.folders, self.wiring.inboxes,
            self.ledger,
        )  # fmt: skip
        self.retention = Retention(self.ledger, settings.keep_jobs)
        self.control = Control(
            self.config, self.ledger, self.wiring, self.dispatcher,
            standing=self.standing, retention=self.retention, stop=self._stop,
        )  # fmt: skip

    def _stop(self) -> float:
        self.is_stopping = True
        return 30.0

    def configure(self, folders: dict[str, str], engine: str = ECHO, top: str = "") -> Settings:
        """Write the configuration of these folders, with keys of their own, and load it."""
        text = f'state_dir = "{self.state_dir}"\n{top}\n[engine]\n{engine}\n'
        for name, keys in folders.items():
            (self.root / name).mkdir(exist_ok=True)
            text += f'[[inbox]]\npath = "{self.root / name}"\nsettle = "0s"\n{keys}\n'
        self.config.write_text(text)
        return config.load(self.config)

    async def close(self) -> None:
        await self.wiring.stop_engines(0)
        await self.wiring.disconnect()
        self.ledger.close()


def in_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let workers find the scripted engines."""
    for key, value in ENVIRONMENT.items():
        monkeypatch.setenv(key, value)
