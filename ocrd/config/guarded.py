"""Folders that are nobody's inbox: the system's, a person's home, and all that is above them.

Whoever writes one by mistake would have everything in it taken for a scan.
"""

from __future__ import annotations

import os
from pathlib import Path

_WITH_ALL_BELOW = tuple(
    Path(path)
    for path in (
        *("/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/lost+found"),
        *("/nix", "/proc", "/sbin", "/snap", "/sys", "/usr"),
    )
)
_BELOW_ALL_THE_SAME = (Path("/dev/shm"), Path("/usr/local/share"))  # noqa: S108 -- only compared
_ALONE = frozenset(
    Path(path)
    for path in (
        *("/", "/home", "/media", "/opt", "/root", "/run", "/run/media", "/run/user"),
        *("/var", "/var/backups", "/var/cache", "/var/lib", "/var/local", "/var/log", "/var/mail"),
        *("/var/opt", "/var/spool", "/var/www", "/var/home"),
        *("/tmp", "/var/tmp"),  # noqa: S108 -- only compared
    )
)
_HOMES = (Path("/home"), Path("/var/home"))  # the second is what ostree systems have


def why_guarded(path: Path) -> tuple[str, str]:
    """Return what is wrong with a folder as an inbox, and the way out; both "" for none."""
    if _is_home(path):
        whose = "is a home directory: all that its owner has would be taken for scans"
        return f"{path} {whose}", f'Make a folder for it there, for example "{path / "scans"}".'
    is_system = path in _ALONE or (
        any(path.is_relative_to(one) for one in _WITH_ALL_BELOW)
        and not any(path.is_relative_to(one) and path != one for one in _BELOW_ALL_THE_SAME)
    )
    if is_system:
        return (
            f"{path} is one of the system's own folders",
            'Name one that is made for scans, for example "/srv/scans".',
        )
    return "", ""


def _is_home(path: Path) -> bool:
    if path == Path("/root") or path.parent in _HOMES:
        return True
    own = _own_home()
    return own is not None and path in {own, Path(os.path.realpath(own))} and path != Path("/")


def _own_home() -> Path | None:
    try:
        home = Path.home()
    except RuntimeError:  # a user without an entry, and no HOME
        return None
    return home if home.is_absolute() else None
