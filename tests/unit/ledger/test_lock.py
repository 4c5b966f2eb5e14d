"""One daemon a state directory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from ocrd.ledger.lock import DaemonLock


def test_a_second_daemon_is_refused_and_told_whose_the_directory_is(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from ocrd.ledger.lock import DaemonLock\n"
        "from ocrd.errors import LedgerError\n"
        f"try: DaemonLock(pathlib.Path({str(tmp_path)!r}))\n"
        "except LedgerError as error: print(error.what)"
    )
    with DaemonLock(tmp_path):
        told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        assert f"process {os.getpid()}" in told.stdout
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert told.stdout == ""
