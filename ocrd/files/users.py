"""What a user may do with a path, also one whom we are not: by owner, group, mode and ACL.

For ourselves the kernel is asked. For others its rules are followed (acl(5)) over what we can see;
what lies in a folder that we may not enter cannot be judged, and says so.
"""

from __future__ import annotations

import errno
import os
import pwd
import stat
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Self

READ, WRITE, ENTER = os.R_OK, os.W_OK, os.X_OK

_ACL = "system.posix_acl_access"
_ACL_ENTRY = struct.Struct("<HHI")  # tag, permissions, user or group: linux/posix_acl_xattr.h
_ACL_HEAD_BYTES = 4
_OWNER, _USER, _OWNING_GROUP, _GROUP, _MASK, _OTHER = 1, 2, 4, 8, 16, 32
_NO_ACL = frozenset({errno.ENODATA, errno.EOPNOTSUPP, errno.ENOSYS})


@dataclass(frozen=True, slots=True)
class User:
    """A user of this machine, with all groups that he is in."""

    name: str
    number: int
    groups: frozenset[int]

    @classmethod
    def me(cls) -> Self:
        """Return the user that this process acts as."""
        number = os.geteuid()
        return cls(name_of(number), number, frozenset({os.getegid(), *os.getgroups()}))

    @classmethod
    def named(cls, name: str) -> Self:
        """Return the user of this name, or number; raise KeyError where there is none."""
        entry = pwd.getpwuid(int(name)) if name.isdigit() else pwd.getpwnam(name)
        groups = os.getgrouplist(entry.pw_name, entry.pw_gid)
        return cls(entry.pw_name, entry.pw_uid, frozenset(groups))

    @property
    def main_group(self) -> int:
        """Return the group that the user's own files have; -1 where nobody knows."""
        try:
            return pwd.getpwuid(self.number).pw_gid
        except KeyError:
            return -1

    @property
    def is_me(self) -> bool:
        """Say whether this process acts as the user."""
        return self.number == os.geteuid()

    def may(self, path: Path, rights: int) -> bool:
        """Say whether the user has these rights at a path, links followed.

        Raises OSError where the path is not there; PermissionError where it is not for us to see.
        """
        if self.is_me:
            path.stat()
            return os.access(path, rights, effective_ids=True)
        real = Path(os.path.realpath(path))
        status = real.stat()
        return all(self._has(above, ENTER) for above in real.parents) and self._has(
            real, rights, status
        )

    def _has(self, path: Path, rights: int, status: os.stat_result | None = None) -> bool:
        status = status or path.stat()
        if self.number == 0:  # who needs only some execute bit, where it is no folder
            runnable = stat.S_ISDIR(status.st_mode) or bool(status.st_mode & 0o111)
            return not rights & ENTER or runnable
        return any(rights & ~granted == 0 for granted in self._granted(path, status))

    def _granted(self, path: Path, status: os.stat_result) -> list[int]:
        """Return the rights that one entry grants, for each entry that may be the one."""
        mode = status.st_mode
        if self.number == status.st_uid:
            return [mode >> 6 & 7]
        entries = _entries(path)
        if not entries:
            return [mode >> 3 & 7 if status.st_gid in self.groups else mode & 7]
        mask = next((rights for tag, rights, _ in entries if tag == _MASK), 7)
        named = [rights & mask for tag, rights, who in entries
                 if tag == _USER and who == self.number]  # fmt: skip
        if named:
            return named
        mine = [
            rights & mask for tag, rights, who in entries
            if (tag == _OWNING_GROUP and status.st_gid in self.groups)
            or (tag == _GROUP and who in self.groups)
        ]  # fmt: skip
        return mine or [rights for tag, rights, _ in entries if tag == _OTHER]


def name_of(number: int) -> str:
    """Return a user's name, or number where there is no name."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _entries(path: Path) -> list[tuple[int, int, int]]:
    """Return the entries of a path's ACL, none where it has none beyond its mode."""
    try:
        raw = os.getxattr(path, _ACL)
    except OSError as error:
        if error.errno in _NO_ACL:
            return []
        raise
    return list(_ACL_ENTRY.iter_unpack(raw[_ACL_HEAD_BYTES:]))
