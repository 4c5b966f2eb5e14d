"""What is mounted where, and whether what belongs there is missing.

A folder whose share is not mounted is the empty folder below it: it must not pass for the share.
What belongs there is known from /etc/fstab, and from the mount that was there when the folder was
last seen.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

FSTAB = Path("/etc/fstab")
# Their changes come from elsewhere: no events, stale listings, clocks of another machine.
_NETWORK_TYPES = frozenset(
    "nfs nfs4 cifs smb3 smbfs ncpfs 9p afs ceph coda davfs lustre beegfs gpfs gfs2 ocfs2 orangefs "
    "virtiofs vboxsf prl_fs vmhgfs autofs fuse".split()
)
_LOCAL_FUSE_TYPES = frozenset(
    "fuse.ntfs-3g fuse.exfat fuse.bindfs fuse.mergerfs fuse.unionfs fuse.fuse-overlayfs "
    "fuse.encfs fuse.gocryptfs fuse.cryfs fuse.fuse2fs".split()
)


@dataclass(frozen=True, slots=True)
class Mount:
    """One mounted file system, as /proc/self/mountinfo tells of it."""

    point: str
    kind: str  # its type
    source: str = ""
    read_only: bool = False  # the file system itself, whatever way it is reached


@dataclass(frozen=True, slots=True)
class Seen:
    """The mount that a folder was on, and the folder's inode there."""

    mount: Mount
    inode: int

    def to_json(self) -> str:
        """Return it as ASCII text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Seen:
        """Return what :meth:`to_json` wrote down."""
        body = json.loads(text)
        return cls(Mount(**body["mount"]), body["inode"])


def mount_of(path: Path) -> Mount:
    """Return the mount that holds a path, whether or not the path is there."""
    real = os.path.realpath(path)
    found = Mount("/", "")
    with Path("/proc/self/mountinfo").open(encoding="utf-8", errors="surrogateescape") as lines:
        for line in lines:
            before, _, after = line.partition(" - ")
            point = _unescape(before.split(" ")[4])
            # The last of equals lies on top.
            if _is_within(real, point) and len(point) >= len(found.point):
                kind, source, options = after.split()[:3]
                found = Mount(point, kind, _unescape(source), "ro" in options.split(","))
    return found


def is_network(path: Path) -> bool:
    """Say whether a path is on a file system whose changes can come from another machine."""
    kind = mount_of(path).kind
    return kind in _NETWORK_TYPES or (kind.startswith("fuse.") and kind not in _LOCAL_FUSE_TYPES)


def promised(path: Path, fstab: Path = FSTAB) -> str:
    """Return the deepest place above a path where fstab has something mounted; "" without one."""
    real = os.path.realpath(path)
    found = ""
    try:
        lines = fstab.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    for line in lines:
        fields = line.split()
        if len(fields) < 4 or line.lstrip().startswith("#"):
            continue
        point, options = _unescape(fields[1]).rstrip("/"), fields[3].split(",")
        by_hand = "noauto" in options and "x-systemd.automount" not in options
        if point.startswith("/") and not by_hand and _is_within(real, point):
            found = max(found, point, key=len)
    return found


def missing(path: Path, before: Seen | None, fstab: Path = FSTAB) -> str:
    """Return where something should be mounted that a path is on, but is not; "" if all is well.

    ``before`` is how the folder was last seen. The same folder of the same file system is as good,
    whatever way it is reached: a service's sandbox mounts folders onto themselves.
    """
    point = promised(path, fstab)
    if point and not os.path.ismount(point):
        return point
    if before is None or os.path.ismount(before.mount.point):
        return ""
    now = mount_of(path)
    is_deeper = len(now.point) < len(before.mount.point)
    same = (now.kind, now.source) == (before.mount.kind, before.mount.source)
    if is_deeper and not (same and path.stat().st_ino == before.inode):
        return before.mount.point
    return ""


def seen(path: Path, inode: int) -> Seen | None:
    """Return what is to be remembered of a folder's mount; None where nothing is mounted."""
    mount = mount_of(path)
    return Seen(mount, inode) if mount.point != "/" and os.path.ismount(mount.point) else None


def _is_within(path: str, point: str) -> bool:
    return path == point or path.startswith(point.rstrip("/") + "/")


def _unescape(field: str) -> str:
    for code in ("040", "011", "012"):
        field = field.replace(f"\\{code}", chr(int(code, 8)))
    return field.replace("\\134", "\\")
