"""Where the control socket lies where the configuration does not say it.

A socket's path has room for some hundred bytes. Where state_dir is too long for that, the socket
lies in a folder that is named after state_dir, in the user's runtime directory or in /tmp.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic_core import PydanticCustomError

from ocrd.config.home import SYSTEM_STATE_DIR
from ocrd.config.types import absolute, parse_folder

SYSTEM_RUNTIME_DIR = Path("/run/ocrd")
SOCKET = "ocrd.sock"
SOCKET_PATH_BYTES = 100  # sockaddr_un has room for 107, and a temporary name needs a few
_SESSIONS = Path("/run/user")
_TEMPORARY = Path("/tmp")  # noqa: S108 -- not TMPDIR: clients have to look in the same place
_ROOT = 0


def usual_dir(state_dir: Path) -> Path:
    """Return the socket's folder for a state directory, if its path is short enough."""
    return SYSTEM_RUNTIME_DIR if state_dir == SYSTEM_STATE_DIR else state_dir / "run"


def fits(folder: Path) -> bool:
    """Say whether a socket can be in a folder, by the length of its path."""
    return len(os.fsencode(folder / SOCKET)) <= SOCKET_PATH_BYTES


def makeshift_dir(config: Path, state_dir: object, environ: Mapping[str, str]) -> Path | None:
    """Return our folder for the socket where the usual one is too long; else None.

    ``state_dir`` is as it is written, which may be no path at all. The machine's configuration, in
    /etc, has to name a folder: its service has an environment of its own, and its own /tmp.
    """
    try:
        path = absolute(parse_folder(state_dir))
    except PydanticCustomError:
        return None
    if fits(usual_dir(path)) or config.absolute().is_relative_to("/etc"):
        return None
    return next(_makeshift_dirs(path, environ, os.geteuid()))


def is_makeshift(folder: Path, state_dir: Path) -> bool:
    """Say whether a folder was named after a state directory with too long a path."""
    return not fits(usual_dir(state_dir)) and folder.name.endswith(_name(state_dir))


def makeshifts(state_dir: Path, environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield the folders that a daemon may have taken, of those that nobody else can have made.

    It may have had another environment than ours, or be another user's than we are.
    """
    users = [os.geteuid()]
    if (owner := _owner(state_dir)) not in {None, *users}:
        users.append(int(owner or 0))
    for user in users:
        for folder in _makeshift_dirs(state_dir, environ, user):
            if is_owned(folder, user):
                yield folder


def is_owned(folder: Path, user: int) -> bool:
    """Say whether something is a folder, no link to one, and the user's or root's."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid in {user, _ROOT}


def _makeshift_dirs(state_dir: Path, environ: Mapping[str, str], user: int) -> Iterator[Path]:
    """Yield what is possible for a user, the best first."""
    name = _name(state_dir)
    given = Path(environ.get("XDG_RUNTIME_DIR") or "-")
    for place in dict.fromkeys((given, _SESSIONS / str(user))):
        folder = place / "ocrd" / name
        # A session's own is for its user alone; sudo and su may have left another's there.
        if place.is_absolute() and fits(folder) and place.is_dir() and _owner(place) == user:
            yield folder
    yield _TEMPORARY / f"ocrd-{user}-{name}"


def _name(state_dir: Path) -> str:
    return hashlib.sha256(os.fsencode(state_dir)).hexdigest()[:16]


def _owner(path: Path) -> int | None:
    try:
        return path.stat().st_uid
    except OSError:
        return None
