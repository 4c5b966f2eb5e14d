"""The way out for a person who may not: which group to join, or whom to ask, in one sentence.

What is the service's stays the service's: nobody is told to take it.
"""

from __future__ import annotations

import grp
import os
from pathlib import Path

from ocrd.files.users import READ, User, name_of

STEERING_GROUP = "ocrd-control"  # of the package; see packaging/sysusers.d


def to_steer(socket: Path) -> str:
    """Return how a person comes to be allowed to ask the daemon behind a socket."""
    try:
        group = _name_of_group(socket.stat().st_gid)
    except PermissionError:  # it lies in somebody's own folder
        return to_use(socket)
    except OSError:
        group = STEERING_GROUP
    return f"Those who steer it are in the group {group}: {_join(group)}; or ask as root."


def to_use(path: Path, rights: int = READ) -> str:
    """Return how a person comes to be allowed to do something with a file or folder."""
    me = User.me()
    place, status = _nearest(path)
    owner = name_of(status.st_uid)
    group = _name_of_group(status.st_gid)
    granted = status.st_mode >> 3 & 7
    if rights & ~granted == 0 and status.st_uid != me.number and group != "root":
        return f"{place} is for members of the group {group}: {_join(group)}; or ask as root."
    if status.st_uid == me.number:
        return f"{place} is yours, and shut: chmod u+rwX {place}."
    return f"{place} is for the user {owner} alone: ask as that user, or as root with sudo."


def _join(group: str) -> str:
    """Return how to become a member; who is one already has to log in again."""
    me = User.me()
    try:
        members = grp.getgrnam(group).gr_mem
    except KeyError:
        members = []
    if me.name in members:
        return f"you are one since you last logged in, so log in again, or `newgrp {group}`"
    return f"`sudo adduser {me.name} {group}`, then log in again"


def _nearest(path: Path) -> tuple[Path, os.stat_result]:
    """Return what shuts us out: the path, or the folder above it that we may not enter."""
    for place in (path, *path.parents):
        try:
            return place, place.stat()
        except OSError:
            continue
    return Path("/"), Path("/").stat()


def _name_of_group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
