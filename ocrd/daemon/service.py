"""The daemon as a process: its log, its directories, its lock, and how it exits."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import sys
from pathlib import Path

from ocrd import log as logs
from ocrd.config import settings as config
from ocrd.config.settings import Settings
from ocrd.daemon import places, systemd
from ocrd.daemon.configuration import configure_log, told_by_one
from ocrd.daemon.daemon import Daemon
from ocrd.errors import EXIT_OK, LedgerError, OcrdError, exit_code
from ocrd.ledger.lock import DaemonLock
from ocrd.log import fields

log = logging.getLogger("ocrd.daemon.daemon")


def run(config_path: Path) -> int:
    """Run the daemon until it is told to stop; return the process's exit code.

    A refused start is an event in the log, where that is not a person's terminal: there OcrdError
    is raised. It is a ConfigError for the text of the configuration alone; what is wrong with a
    watched folder is that folder's state, and no refusal.
    """
    faulthandler.enable()  # systemd's watchdog ends us with SIGABRT: the log then says where
    logs.configure("auto", "info", journal=systemd.journal())
    try:
        return _run(config_path)
    except OcrdError as error:
        if sys.stderr.isatty():
            raise
        for what, hint in told_by_one(error):
            log.critical(
                "Not started: %s %s", what, hint, extra=fields("start-refused", code=error.code)
            )
        return exit_code(error)


def _run(config_path: Path) -> int:
    settings = config.load(config_path)
    configure_log(settings)
    places.make_own(settings)
    with DaemonLock(settings.state_dir):
        code, is_stuck = asyncio.run(_main(config_path, settings))
    logging.shutdown()
    if is_stuck:
        os._exit(code)  # a thread hangs in a file system call, and Python would wait for it
    return code


async def _main(config_path: Path, settings: Settings) -> tuple[int, bool]:
    """Return the exit code, and whether a thread hangs."""
    daemon = Daemon(config_path, settings)
    code = EXIT_OK
    try:
        await daemon.run()
    except LedgerError as error:
        if not daemon.has_started:
            raise
        log.critical("%s %s", error.what, error.hint, extra=fields("ledger", code=error.code))
        code = exit_code(error)
    return code, daemon.is_stuck

