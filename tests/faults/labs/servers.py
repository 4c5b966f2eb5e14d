"""Real servers and the mounts of their clients: Samba with rclone, SFTP with sshfs, bindfs."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.faults.labs.disks import need, unmount
from tests.installation import eventually

SFTP_SERVER = Path("/usr/lib/openssh/sftp-server")


@contextmanager
def running(command: Sequence[str | Path], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program in the foreground while the block lasts.

    It has a session of its own: smbd ends its whole process group, wherever that began.
    """
    with log.open("w") as out:
        process = subprocess.Popen(
            [*map(str, command)], stdout=out, stderr=out, start_new_session=True
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def mounted(command: Sequence[str | Path], point: Path, log: Path) -> Iterator[Path]:
    """Run a program that mounts at ``point`` and stays in the foreground."""
    point.mkdir(exist_ok=True)
    with running(command, log) as program:
        try:
            eventually(lambda: os.path.ismount(point) or program.poll() is not None, 20)
            assert program.poll() is None, log.read_text()
            yield point
        finally:
            unmount(point)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class Samba:
    """A real Samba server with one share, for everybody, on a port of its own."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.port = free_port()
        self.folder = folder
        self.config = root / "smb.conf"
        own = "".join(
            f"{kind} directory = {root}\n" for kind in ("lock", "state", "cache", "private")
        )
        self.config.write_text(
            f"[global]\nserver role = standalone\nmap to guest = bad user\nguest account = root\n"
            f"interfaces = 127.0.0.1\nbind interfaces only = yes\nsmb ports = {self.port}\n"
            f"pid directory = {root}\nncalrpc dir = {root}/ncalrpc\nlog level = 1\n"
            f"disable netbios = yes\nload printers = no\nstrict allocate = yes\n{own}"
            f"[scans]\npath = {folder}\nread only = no\nguest ok = yes\nforce user = root\n"
        )

    def put(self, source: Path, name: str) -> None:
        """Have smbclient copy a file into the share, as a scanner does."""
        subprocess.run(
            ["smbclient", "//127.0.0.1/scans", "-N", "-p", str(self.port), "-s", str(self.config),
             "-c", f'put "{source}" "{name}"'],
            check=True, capture_output=True, text=True, timeout=60,
        )  # fmt: skip

    def answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@contextmanager
def samba(root: Path, folder: Path) -> Iterator[Samba]:
    need("smbd", "smbclient")
    root.mkdir(parents=True)
    server = Samba(root, folder)
    command: list[str | Path] = [
        "smbd", "--foreground", "--no-process-group", "-s", server.config, "-l", root,
    ]  # fmt: skip
    with running(command, root / "smbd.log") as process:
        eventually(lambda: server.answers() or process.poll() is not None, 20)
        assert process.poll() is None, (root / "smbd.log").read_text()
        yield server


@contextmanager
def smb_mount(root: Path, point: Path) -> Iterator[Path]:
    """Mount a Samba server's share with rclone; yield the folder behind it."""
    need("rclone", "fusermount3")
    behind = root / "behind"
    behind.mkdir(parents=True)
    with samba(root / "samba", behind) as server:
        command: list[str | Path] = [
            "rclone", "mount", f":smb,host=127.0.0.1,port={server.port},user=guest:scans", point,
            "--config", "/dev/null", "--dir-cache-time", "1s", "--poll-interval", "0",
            "--attr-timeout", "0s", "--vfs-cache-mode", "writes", "--vfs-write-back", "0s",
            "--cache-dir", root / "cache", "--allow-other",
        ]  # fmt: skip
        with mounted(command, point, root / "rclone.log"):
            yield behind


@contextmanager
def sftp_mount(root: Path, point: Path) -> Iterator[Path]:
    """Mount a folder over a real SFTP server with sshfs; yield the folder behind it."""
    need("sshfs", "socat")
    if not SFTP_SERVER.exists():
        pytest.skip("openssh-sftp-server is not installed")
    behind = root / "behind"
    behind.mkdir(parents=True)
    port = free_port()
    listen = ["socat", f"TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork", f"EXEC:{SFTP_SERVER}"]
    with ExitStack() as stack:
        stack.enter_context(running(listen, root / "socat.log"))
        eventually(lambda: not _is_free(port), 10)
        mount: list[str | Path] = [
            "sshfs", "-f", "-o", f"directport={port}", f"127.0.0.1:{behind}", point,
        ]  # fmt: skip
        stack.enter_context(mounted(mount, point, root / "sshfs.log"))
        yield behind


@contextmanager
def bind_mount(root: Path, point: Path) -> Iterator[Path]:
    """Show a folder at another place through FUSE; yield the folder behind it."""
    need("bindfs")
    behind = root / "behind"
    behind.mkdir(parents=True)
    with mounted([shutil.which("bindfs") or "", "-f", behind, point], point, root / "bindfs.log"):
        yield behind


def _is_free(port: int) -> bool:
    with Path("/proc/net/tcp").open() as lines:
        return not any(f":{port:04X} 00000000:0000 0A" in line for line in lines)
