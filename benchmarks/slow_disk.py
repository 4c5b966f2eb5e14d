"""A disk whose syncs take longer than this machine's: a library that is preloaded.

It stands before ``fsync`` and ``fdatasync`` of the C library, so that Python's, SQLite's and
everybody's pass through it; each is done as it is and waits for a flush besides. A process has one
flush at a time, which serves all who wait for it: as a journaling file system's commit does. Files
that are opened with O_SYNC, and ``sync_file_range``, are not slowed; ocrd uses neither.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("slow_syncs.c")


def slowed(milliseconds: float, folder: Path) -> dict[str, str]:
    """Return the environment of processes whose syncs take so much longer.

    The library is built in ``folder``, by the C compiler ``cc``. Raises RuntimeError without one.
    """
    compiler = shutil.which("cc")
    if compiler is None:
        raise RuntimeError("There is no C compiler (cc) to build slow_syncs.c: apt install gcc.")
    library = folder / "slow_syncs.so"
    subprocess.run(
        [compiler, "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-pthread", "-o", str(library),
         str(SOURCE), "-ldl"],
        check=True,
    )  # fmt: skip
    preloaded = f"{library} {os.environ.get('LD_PRELOAD', '')}".strip()
    return {"LD_PRELOAD": preloaded, "SLOW_SYNC_US": str(round(1000 * milliseconds))}
