"""The library that makes a disk's syncs slow: nobody's is quicker, and those who wait share one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.slow_disk import slowed

SLOW_MS = 100.0
_SYNCS = """
import json, os, sqlite3, sys, threading, time

def seconds(work):
    began = time.perf_counter()
    work()
    return time.perf_counter() - began

def at_once():
    threads = [threading.Thread(target=os.fsync, args=(fd,)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

fd = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
db = sqlite3.connect(sys.argv[1] + ".sqlite3", isolation_level=None)
db.executescript("PRAGMA synchronous = FULL; CREATE TABLE things (name)")
print(json.dumps({
    "fsync": seconds(lambda: os.fsync(fd)),
    "fdatasync": seconds(lambda: os.fdatasync(fd)),
    "commit": seconds(lambda: db.execute("INSERT INTO things VALUES ('one')")),
    "sixteen": seconds(at_once),
}))
"""


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_every_sync_takes_so_long_and_those_at_once_share_it(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _SYNCS, str(tmp_path / "file")],
        env={**os.environ, **slowed(SLOW_MS, tmp_path)},
        check=True, capture_output=True, text=True,
    )  # fmt: skip

    took = json.loads(ran.stdout)
    assert all(seconds >= SLOW_MS / 1000 for seconds in took.values()), took
    assert took["sixteen"] < 10 * SLOW_MS / 1000, took
