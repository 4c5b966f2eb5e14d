"""What the disk says about the folders of a configuration: which are there, who may what there."""

from __future__ import annotations

import errno
import os
import stat
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from ocrd import files
from ocrd.config.folders import Settings, Watched, conflicts, own_directories, watched
from ocrd.files.mounts import mount_of
from ocrd.files.users import ENTER, READ, WRITE, User

_SILENCE_SECONDS = 3.0  # after which a file system does not answer

_T = TypeVar("_T")


def check_folders(
    settings: Settings, user: User | None = None, made: Sequence[Path] = ()
) -> list[str]:
    """Return what is wrong on disk, each with its remedy; empty if nothing is.

    The rights are those of ``user``, who is this process's where none is given; ``made`` are
    folders that the service manager makes for that user.

    What is asked for and cannot be done at once: 'check' and 'reload' refuse for it. A start does
    not, because it is not the text that is at fault, and the other folders can be worked on.

    A folder that is absent, or on a file system that does not answer, is no fault: it is offline,
    see :func:`offline_folders`. Nor is what lies in an inbox: it may be a neighbour's doing, which
    must not keep the daemon from the other folders. Nor what is not for this process to see, see
    :func:`unseen_folders`.
    """
    user = user or User.me()
    own = own_directories(settings)
    problems: list[str] = []
    shut: list[Path] = []
    for key, path in own:
        if any(path.is_relative_to(other) for other in (*shut, *made)):
            continue  # one fault, told once; none, in what is made
        found = _check_writable(key, path, user)
        shut += [path] if found else []
        problems += found
    folders = watched(settings.inbox)
    real = [folder for folder in ask_each(folders, followed) if folder is not None]
    for told in ask_each(folders, partial(_check_inbox, user=user)):
        problems += told or []
    if not problems:
        problems += map(str, conflicts(real, followed_own(settings)))
    return problems


def unseen_folders(settings: Settings, user: User) -> list[str]:
    """Return the keys and paths of which this process cannot see what ``user`` may do there."""
    if user.is_me:
        return []
    places = own_directories(settings)
    for folder in watched(settings.inbox):
        places += [(f"{folder.name}.{key}", path) for key, path in
                   (("path", folder.path), *folder.places)]  # fmt: skip
    return [f"{key}: {path}" for key, path in places if _is_unseen(path, user)]


def offline_folders(settings: Settings, user: User | None = None) -> list[str]:
    """Return which folders cannot be worked on now, each with what can be done about it."""
    user = user or User.me()
    folders = watched(settings.inbox)
    found = []
    for folder, there in zip(folders, ask_each(folders, _is_there), strict=True):
        if there is None:
            found.append(
                f"{folder.name}.path: {folder.path} is on a file system that does not answer."
                " Its files are read once it does; look at the server or the mount."
            )
        elif not there:
            found.append(
                f"{folder.name}.path: {folder.path} is not there."
                " Its files are read once it is; make it, mount it, or correct the path."
            )
    for problems in ask_each(folders, partial(_in_the_way, user=user)):
        found += problems or []
    return found


def ask_each(folders: Sequence[Watched], question: Callable[[Watched], _T]) -> list[_T | None]:
    """Return the answer for each folder; None where its file system does not give one.

    Each folder is asked in a thread of its own, so that a hung share holds up nobody.
    """
    answers: list[_T | None] = [None] * len(folders)

    def ask(number: int) -> None:
        answers[number] = question(folders[number])

    threads = [
        threading.Thread(target=ask, args=(number,), daemon=True, name=folder.name)
        for number, folder in enumerate(folders)
    ]
    for thread in threads:
        thread.start()
    end = time.monotonic() + _SILENCE_SECONDS
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    return list(answers)


def followed(folder: Watched) -> Watched:
    """Return the folder with the paths that its links lead to."""
    return replace(
        folder,
        path=Path(os.path.realpath(folder.path)),
        done=_followed_place(folder, folder.done),
        failed=_followed_place(folder, folder.failed),
    )


def _followed_place(folder: Watched, place: Path) -> Path:
    """Follow the links that are followed in earnest: none below the inbox."""
    if not place.is_relative_to(folder.path):
        return Path(os.path.realpath(place))
    return Path(os.path.realpath(folder.path), place.relative_to(folder.path))


def _in_the_way(folder: Watched, user: User) -> list[str]:
    """Return which folders are links that are not followed, and what is wrong inside the inbox."""
    problems = []
    for key, place in (("path", folder.path), *folder.places):
        try:
            with files.opened_folder(files.Place.of(place, folder.path, place)):
                pass
        except files.LinkInTheWayError as error:
            problems.append(
                f"{folder.name}.{key}: {error.filename}: {error.strerror}."
                " Put a folder in its place, or name the folder that it leads to."
            )
            continue
        except OSError:
            pass
        if key != "path" and place.is_relative_to(folder.path) and _is_open(folder.path, user):
            problems += _check_writable(f"{folder.name}.{key}", place, user)
    return problems


def _is_open(path: Path, user: User) -> bool:
    """Say whether the user may work in an inbox: if not, that is told of the inbox."""
    try:
        return user.may(path, WRITE | ENTER)
    except OSError:
        return False


def _is_there(folder: Watched) -> bool:
    try:
        folder.path.stat()
    except OSError as error:
        return error.errno == errno.EACCES  # it is there; check_folders says what is wrong
    return True


def _check_inbox(folder: Watched, user: User) -> list[str]:
    """Return what is wrong with a folder that is there."""
    try:
        mode = folder.path.stat().st_mode
        may_read, may_write = user.may(folder.path, READ | ENTER), user.may(folder.path, WRITE)
    except PermissionError:
        if not user.is_me:
            return []  # unseen
        return [f"{folder.name}.path: {folder.path} may not be entered. {_owner_remedy(user)}"]
    except OSError:
        return []  # offline
    if not stat.S_ISDIR(mode):
        return [f"{folder.name}.path: {folder.path} is not a folder. Name the folder it is in."]
    problems = []
    if not may_read:
        problems.append(f"{folder.name}.path: {folder.path} is not readable. {_owner_remedy(user)}")
    if not may_write and not mount_of(folder.path).read_only:
        problems.append(f"{folder.name}.path: {folder.path} is not writable. {_owner_remedy(user)}")
        return problems
    for key, place in folder.places:
        if not place.is_relative_to(folder.path):
            problems += _check_writable(f"{folder.name}.{key}", place, user)
    return problems


def _check_writable(key: str, path: Path, user: User) -> list[str]:
    """Return what keeps the user from writing into a folder, or from making it."""
    try:
        nearest, is_seen = _nearest(path)
        is_folder, may_write = nearest.is_dir(), user.may(nearest, WRITE | ENTER)
    except OSError:
        return []  # offline: what goes there waits
    if not is_seen:
        if not user.is_me:
            return []  # it is his, or unseen
        return [f"{key}: {path} may not be entered. {_owner_remedy(user)}"]
    if not is_folder:
        return [f"{key}: {nearest} is not a folder. Name another place."]
    if may_write or mount_of(nearest).read_only:
        return []  # a file system that is read-only may not stay so: what goes there waits
    if nearest == path:
        return [f"{key}: {path} is not writable. {_owner_remedy(user)}"]
    return [
        f"{key}: {path} does not exist and cannot be made in {nearest}."
        f" Make it, owned by the user {user.name}, or mount what it is on."
    ]


def _is_unseen(path: Path, user: User) -> bool:
    """Say whether we cannot see what the user may do at a path; what lies in his own is his."""
    try:
        nearest, is_seen = _nearest(path)
        return not (user.may(nearest, WRITE | ENTER) or is_seen)
    except PermissionError:
        return True
    except OSError:
        return False


def _nearest(path: Path) -> tuple[Path, bool]:
    """Return the path, or the nearest folder above it that we can see, and whether all was seen.

    Raises OSError where a file system does not answer.
    """
    is_seen = True
    for place in (path, *path.parents):
        try:
            place.stat()
        except PermissionError:
            is_seen = False
        except (FileNotFoundError, NotADirectoryError):
            continue
        else:
            return place, is_seen
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))


def _owner_remedy(user: User) -> str:
    return f"Give the user {user.name} access to it (chown, chmod or setfacl)."


def followed_own(settings: Settings) -> list[tuple[str, Path]]:
    """Return where the daemon's own directories are, links followed, with their keys."""
    return [(key, Path(os.path.realpath(path))) for key, path in own_directories(settings)]
