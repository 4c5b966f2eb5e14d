"""The daemon as a process: its log, its directories, its lock, and how it exits."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
from pathlib import Path

from ocrd import files
from ocrd.config import settings as config
from ocrd.config.settings import Settings
from ocrd.daemon import systemd
from ocrd.daemon.configuration import configure_log, require_folders
from ocrd.daemon.daemon import Daemon
from ocrd.errors import (
    EXIT_FAILED,
    EXIT_LEDGER,
    EXIT_OK,
    ConfigError,
    LedgerError,
    LedgerRefusedError,
)
from ocrd.ledger.lock import DaemonLock
from ocrd.log import fields

log = logging.getLogger("ocrd.daemon.daemon")


def run(config_path: Path) -> int:
    """Run the daemon until it is told to stop; return the process's exit code.

    Raises ConfigError (configuration, folders) and LedgerError (state directory).
    """
    systemd.require_support()
    faulthandler.enable()  # systemd's watchdog ends us with SIGABRT: the log then says where
    settings = config.load(config_path)
    configure_log(settings)
    _make_own_directories(settings)
    require_folders(settings, config_path)
    code = EXIT_OK
    is_stuck = False
    with DaemonLock(settings.state_dir):
        try:
            is_stuck = asyncio.run(_main(config_path, settings))
        except LedgerError as error:
            log.critical("%s %s", error.what, error.hint, extra=fields("ledger", code=error.code))
            code = EXIT_LEDGER if isinstance(error, LedgerRefusedError) else EXIT_FAILED
    logging.shutdown()
    if is_stuck:
        os._exit(code)  # a thread hangs in a file system call, and Python would wait for it
    return code


async def _main(config_path: Path, settings: Settings) -> bool:
    daemon = Daemon(config_path, settings)
    await daemon.run()
    return daemon.is_stuck


def _make_own_directories(settings: Settings) -> None:
    for path in (settings.state_dir, settings.temp_dir, settings.socket_path.parent):
        try:
            # What documents say is in there: it is for nobody else, unless it was made so.
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            if files.is_of_disk(error):
                raise files.translate(error, path) from error
            raise ConfigError(
                f"{files.printable(path)} cannot be made: {error.strerror}.",
                hint="Set state_dir (or runtime_dir, temp_dir) to a place that ocrd may write.",
            ) from error
