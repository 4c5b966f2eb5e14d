"""A file system that mirrors a folder and misbehaves as told: slow, failing, or hanging for good.

What is written into the folder from behind shows up without an event, as on a share. A file of
rules, read before each call, says what goes wrong:

    {"delay": 0.05, "hang": ["readdir"], "errors": [["read", "letter.png", 5]]}

Calls are those of FUSE ("*" is all), names are patterns of the last part of the path.
"""

# It hands system calls on, one for one.
# ruff: noqa: PTH101, PTH102, PTH104, PTH106, PTH108, PTH119

from __future__ import annotations

import errno
import fnmatch
import functools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.faults.labs.disks import need, unmount
from tests.installation import ROOT, eventually

Error = tuple[str, str, int]  # call, name, number


class Moody:
    """The file system as the test has it in hand."""

    def __init__(self, behind: Path, point: Path, rules: Path) -> None:
        self.behind = behind
        self.point = point
        self._rules = rules
        self.behave()

    def behave(
        self, *, delay: float = 0.0, hang: Sequence[str] = (), errors: Sequence[Error] = ()
    ) -> None:
        """Replace the rules; without any, all is well."""
        text = json.dumps({"delay": delay, "hang": list(hang), "errors": list(errors)})
        new = self._rules.with_suffix(".new")
        new.write_text(text)
        new.replace(self._rules)


@contextmanager
def moody(root: Path, point: Path, *, links: bool = True) -> Iterator[Moody]:
    """Mount one at ``point``; its folder and rules lie in ``root``."""
    need("fusermount3")
    pytest.importorskip("mfusepy")
    behind, rules = root / "behind", root / "rules.json"
    behind.mkdir(parents=True, exist_ok=True)
    point.mkdir(exist_ok=True)
    file_system = Moody(behind, point, rules)
    log = root / "moody.log"
    with log.open("w") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.labs.moody", behind, point, rules, str(links)],
            cwd=ROOT, stdout=out, stderr=out,
        )  # fmt: skip
    try:
        eventually(lambda: os.path.ismount(point) or server.poll() is not None, 20)
        assert server.poll() is None, log.read_text()
        yield file_system
    finally:
        file_system.behave()
        unmount(point)
        server.terminate()
        server.wait(10)


def serve(behind: str, point: str, rules: str, links: bool) -> None:
    """Be the file system, until it is unmounted."""
    from mfusepy import FUSE, FuseOSError, Operations

    class Mirror(Operations):  # type: ignore[misc]
        use_ns = True

        def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
            status = os.lstat(behind + path)
            names = ("st_mode", "st_ino", "st_nlink", "st_uid", "st_gid", "st_size")
            found: dict[str, Any] = {name: getattr(status, name) for name in names}
            for name in ("st_atime", "st_mtime", "st_ctime"):
                found[name] = getattr(status, f"{name}_ns")
            return found

        def readdir(self, path: str, fh: int) -> list[Any]:
            with os.scandir(behind + path) as entries:
                return [
                    (entry.name, {"st_ino": entry.inode(), "st_mode": entry.stat().st_mode}, 0)
                    for entry in entries
                ]

        def open(self, path: str, flags: int) -> int:
            return os.open(behind + path, flags & ~os.O_NOFOLLOW)

        def create(self, path: str, mode: int, fi: Any = None) -> int:
            return os.open(behind + path, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)

        def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
            return os.pread(fh, size, offset)

        def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
            return os.pwrite(fh, data, offset)

        def truncate(self, path: str, length: int, fh: int | None = None) -> int:
            os.truncate(behind + path, length)
            return 0

        def fsync(self, path: str, datasync: int, fh: int) -> int:
            os.fsync(fh)
            return 0

        def release(self, path: str, fh: int) -> int:
            os.close(fh)
            return 0

        def rename(self, old: str, new: str) -> int:
            os.rename(behind + old, behind + new)
            return 0

        def link(self, target: str, source: str) -> int:
            if not links:
                raise FuseOSError(errno.EPERM)
            os.link(behind + source, behind + target)
            return 0

        def unlink(self, path: str) -> int:
            os.unlink(behind + path)
            return 0

        def mkdir(self, path: str, mode: int) -> int:
            os.mkdir(behind + path, mode)
            return 0

        def rmdir(self, path: str) -> int:
            os.rmdir(behind + path)
            return 0

        def chmod(self, path: str, mode: int) -> int:
            os.chmod(behind + path, mode)
            return 0

        def chown(self, path: str, uid: int, gid: int) -> int:
            os.chown(behind + path, uid, gid)
            return 0

        def utimens(self, path: str, times: Any = None) -> int:
            os.utime(behind + path, ns=times)
            return 0

        def statfs(self, path: str) -> dict[str, int]:
            status = os.statvfs(behind + path)
            return {name: getattr(status, name) for name in dir(status) if name.startswith("f_")}

    def moody_call(op: str, call: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(call)
        def wrapped(self: Mirror, path: str, *arguments: Any) -> Any:
            misbehave(op, path)
            try:
                return call(self, path, *arguments)
            except OSError as error:
                raise FuseOSError(error.errno or errno.EIO) from error

        return wrapped

    for op, call in list(vars(Mirror).items()):
        if callable(call):
            setattr(Mirror, op, moody_call(op, call))

    def misbehave(op: str, path: str) -> None:
        while (rule := json.loads(Path(rules).read_text())) and _is_meant(op, rule["hang"]):
            time.sleep(0.02)  # this is the hanging server
        time.sleep(rule["delay"])
        for call, name, number in rule["errors"]:
            if _is_meant(op, [call]) and fnmatch.fnmatch(os.path.basename(path), name):
                raise FuseOSError(number)

    FUSE(
        Mirror(), point, foreground=True, fsname="moody", subtype="moody", allow_other=True,
        use_ino=True, attr_timeout=0, entry_timeout=0, ac_attr_timeout=0,
    )  # fmt: skip


def _is_meant(op: str, calls: Sequence[str]) -> bool:
    return op in calls or "*" in calls


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4] == "True")
