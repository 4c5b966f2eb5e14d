"""Disks that are small, full, over their quota or read-only: real file systems on memory and files.

All of them need root. A test without the right, or without a program, is skipped with the reason.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def need(*programs: str) -> None:
    """Skip the test where it is not root's, or a program is missing."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


def call(*command: str | Path) -> None:
    subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True)


def mount(*arguments: str | Path) -> None:
    """Mount, or skip the test where this machine does not let us."""
    need("mount")
    command = ["mount", *map(str, arguments)]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    if result.returncode:
        pytest.skip(f"{' '.join(command)}: {result.stderr.strip()}")


def unmount(point: Path) -> None:
    """Unmount what is there, even if somebody still has a file open on it."""
    subprocess.run(["umount", "-l", str(point)], check=False, capture_output=True)


@contextmanager
def tmpfs(point: Path, options: str = "size=2m") -> Iterator[Path]:
    """Provide a small file system in memory; ``remount`` changes its options."""
    point.mkdir(parents=True, exist_ok=True)
    mount("-t", "tmpfs", "-o", options, "ocrd-lab", point)
    try:
        yield point
    finally:
        unmount(point)


def remount(point: Path, options: str) -> None:
    call("mount", "-o", f"remount,{options}", point)


@contextmanager
def ext4(point: Path, image: Path, megabytes: int = 8, *format_options: str) -> Iterator[Path]:
    """Provide a small ext4 in a file."""
    need("mkfs.ext4", "losetup")
    image.write_bytes(b"")
    os.truncate(image, megabytes << 20)
    call("mkfs.ext4", "-q", "-F", "-m", "0", *format_options, image)
    point.mkdir(parents=True, exist_ok=True)
    mount("-o", "loop,errors=remount-ro", image, point)
    try:
        yield point
    finally:
        unmount(point)


@contextmanager
def btrfs(point: Path, image: Path) -> Iterator[Path]:
    """Provide a file system that knows quotas, without one yet."""
    need("mkfs.btrfs", "btrfs")
    image.write_bytes(b"")
    os.truncate(image, 128 << 20)
    call("mkfs.btrfs", "-q", image)
    point.mkdir(parents=True, exist_ok=True)
    mount("-o", "loop", image, point)
    try:
        call("btrfs", "quota", "enable", point)
        call("btrfs", "quota", "rescan", "-w", point)
        yield point
    finally:
        unmount(point)


def set_quota(point: Path, limit: str) -> None:
    """Limit what the file system may hold: "2M", or "none"."""
    call("btrfs", "qgroup", "limit", limit, point)


def fill(folder: Path) -> Path:
    """Write until nothing more fits; return the file, which has to go to make room."""
    ballast = folder / ".ballast"
    with ballast.open("ab", buffering=0) as out:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while out.write(bytes(size)):
                    os.fsync(out.fileno())
            except OSError:
                continue
    return ballast


def use_up_inodes(folder: Path) -> Path:
    """Make files until there is no inode left; return their folder, which has to go."""
    crowd = folder / ".crowd"
    crowd.mkdir()
    for number in range(100_000):
        try:
            (crowd / str(number)).touch()
        except OSError:
            return crowd
    raise AssertionError("the file system has inodes without end")


def fail(point: Path) -> None:
    """Have the kernel find an error in an ext4, upon which it allows no more writing."""
    with Path("/proc/self/mountinfo").open() as lines:
        (device,) = [line.split(" - ")[1].split()[1] for line in lines if f" {point} " in line]
    trigger = Path("/sys/fs/ext4", Path(device).name, "trigger_fs_error")
    if not trigger.exists():
        pytest.skip("this kernel makes no errors on request")
    trigger.write_text("1")
