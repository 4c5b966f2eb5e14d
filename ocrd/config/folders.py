"""The folders of a configuration: what may not lie in what, and what the disk says about them."""

from __future__ import annotations

import errno
import os
import pwd
import stat
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeVar

from ocrd import files
from ocrd.config.guarded import why_guarded
from ocrd.files.mounts import mount_of

_SILENCE_SECONDS = 3.0  # after which a file system does not answer

_T = TypeVar("_T")


class _Inbox(Protocol):
    """What is asked of the settings of an inbox."""

    @property
    def path(self) -> Path: ...
    @property
    def done_dir(self) -> Path: ...
    @property
    def failed_dir(self) -> Path: ...
    @property
    def recursive(self) -> bool: ...
    @property
    def source(self) -> str: ...


class _Settings(Protocol):
    """What is asked of the whole settings."""

    @property
    def inbox(self) -> Sequence[_Inbox]: ...
    @property
    def state_dir(self) -> Path: ...
    @property
    def temp_dir(self) -> Path: ...
    @property
    def socket_path(self) -> Path: ...


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two folders that may not be as they are to each other."""

    key: str  # like "inbox[1].done"
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.key}: {self.message}. {self.remedy}"


@dataclass(frozen=True, slots=True)
class Watched:
    """The paths of one inbox, as they are written or with their links followed."""

    name: str  # like "inbox[1]"
    path: Path
    done: Path
    failed: Path
    recursive: bool
    files: bool  # sources leave for done and failed; if not, they stay where they are

    @property
    def places(self) -> tuple[tuple[str, Path], ...]:
        """Return where files go, with the key of each; nothing where sources are kept."""
        return (("done", self.done), ("failed", self.failed)) if self.files else ()

    def watches(self, place: Path) -> bool:
        """Say whether a file put into ``place`` would be taken for a new source."""
        if place == self.path:
            return True
        mine = any(place.is_relative_to(own) for _, own in self.places)
        return self.recursive and place.is_relative_to(self.path) and not mine


def watched(inboxes: Sequence[_Inbox]) -> list[Watched]:
    """Return the paths of the inboxes as they are written."""
    return [
        Watched(
            name=f"inbox[{number}]",
            path=inbox.path,
            done=inbox.done_dir,
            failed=inbox.failed_dir,
            recursive=inbox.recursive,
            files=inbox.source != "keep",
        )
        for number, inbox in enumerate(inboxes)
    ]


def conflicts(folders: Sequence[Watched], own: Sequence[tuple[str, Path]]) -> Iterator[Conflict]:
    """Yield what is wrong between folders, judged by their names alone.

    ``own`` are the directories of the daemon with their keys.
    """
    for number in range(len(folders)):
        yield from conflicts_of(number, folders, own)


def conflicts_of(
    number: int, folders: Sequence[Watched], own: Sequence[tuple[str, Path]]
) -> Iterator[Conflict]:
    """Yield the conflicts that are over if this one of the folders is not watched."""
    folder = folders[number]
    yield from _own_conflicts(folder)
    for other in folders[:number]:
        if folder.path == other.path:
            yield Conflict(
                f"{folder.name}.path",
                f"{folder.path} is watched twice, by {other.name} too",
                "Remove one of the two tables.",
            )
    for other in folders:
        if other is not folder and other.path != folder.path:
            yield from _mutual_conflicts(folder, other)
    for key, place in own:
        yield from _conflicts_with_own(folder, key, place)


def _own_conflicts(folder: Watched) -> Iterator[Conflict]:
    message, remedy = why_guarded(folder.path)
    if message:
        yield Conflict(f"{folder.name}.path", message, remedy)
    for key, place in folder.places:
        if folder.path.is_relative_to(place):
            yield Conflict(
                f"{folder.name}.{key}",
                f"{place} is or holds the watched folder {folder.path}",
                f'Name a folder of its own, for example {key} = "{key}".',
            )
    if folder.places and folder.done == folder.failed:
        yield Conflict(
            f"{folder.name}.failed",
            f"done and failed are the same folder, {folder.done}",
            "Name two different ones.",
        )


def _mutual_conflicts(folder: Watched, other: Watched) -> Iterator[Conflict]:
    if other.recursive and folder.path.is_relative_to(other.path):
        yield Conflict(
            f"{folder.name}.path",
            f"{folder.path} lies in {other.path}, which {other.name} watches with its subfolders",
            f"Keep one of them, or set recursive = false in {other.name}.",
        )
        return
    for key, place in folder.places:
        if other.watches(place):
            yield Conflict(
                f"{folder.name}.{key}",
                f"{place} lies in {other.path}, which {other.name} watches,"
                " so that what was read would be read again",
                f"Name a folder outside of {other.path}.",
            )
        elif folder.recursive and other.path.is_relative_to(place):
            yield Conflict(
                f"{folder.name}.{key}",
                f"{place} holds {other.path}, which {other.name} watches,"
                " so that a mirrored subfolder could end in there",
                "Name a folder that holds no watched one.",
            )


def _conflicts_with_own(folder: Watched, key: str, place: Path) -> Iterator[Conflict]:
    if folder.watches(place):
        yield Conflict(
            key, f"{place} lies in the watched folder {folder.path}", "Name a place outside of it."
        )
    elif key == "state_dir" and folder.path in place.parents:
        yield Conflict(
            f"{folder.name}.path",
            f"{folder.path} holds state_dir, {place}",
            f'Watch a folder beside it, for example "{folder.path / "inbox"}".',
        )
    if key == "state_dir":
        return  # may hold inboxes, as in a folder that has all in one place
    for own_key, path in (("path", folder.path), *folder.places):
        if path.is_relative_to(place):
            yield Conflict(
                f"{folder.name}.{own_key}",
                f"{path} lies in {place}, which ocrd uses for itself",
                f"Name a folder outside of {key}.",
            )


def own_directories(settings: _Settings) -> list[tuple[str, Path]]:
    """Return the daemon's own directories with their keys."""
    return [
        ("state_dir", settings.state_dir),
        ("temp_dir", settings.temp_dir),
        ("runtime_dir", settings.socket_path.parent),
    ]


def followed_own(settings: _Settings) -> list[tuple[str, Path]]:
    """Return where the daemon's own directories are, links followed, with their keys."""
    return [(key, Path(os.path.realpath(path))) for key, path in own_directories(settings)]


# What the disk says


def check_folders(settings: _Settings) -> list[str]:
    """Return what is wrong on disk, each with its remedy; empty if nothing is.

    What is asked for and cannot be done at once: 'check' and 'reload' refuse for it. A start does
    not, because it is not the text that is at fault, and the other folders can be worked on.

    A folder that is absent, or on a file system that does not answer, is no fault: it is offline,
    see :func:`offline_folders`. Nor is what lies in an inbox: it may be a neighbour's doing, which
    must not keep the daemon from the other folders.
    """
    own = own_directories(settings)
    problems = [problem for key, path in own for problem in _check_writable(key, path)]
    folders = watched(settings.inbox)
    real = [folder for folder in ask_each(folders, followed) if folder is not None]
    for found in ask_each(folders, _check_inbox):
        problems += found or []
    if not problems:
        problems += map(str, conflicts(real, followed_own(settings)))
    return problems


def offline_folders(settings: _Settings) -> list[str]:
    """Return which folders cannot be worked on now, each with what can be done about it."""
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
    for problems in ask_each(folders, _in_the_way):
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


def _in_the_way(folder: Watched) -> list[str]:
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
        if key != "path" and place.is_relative_to(folder.path):
            problems += _check_writable(f"{folder.name}.{key}", place)
    return problems


def _is_there(folder: Watched) -> bool:
    try:
        folder.path.stat()
    except OSError as error:
        return error.errno == errno.EACCES  # it is there; check_folders says what is wrong
    return True


def _check_inbox(folder: Watched) -> list[str]:
    """Return what is wrong with a folder that is there."""
    try:
        mode = folder.path.stat().st_mode
    except PermissionError:
        return [f"{folder.name}.path: {folder.path} may not be entered. {_owner_remedy()}"]
    except OSError:
        return []  # offline
    if not stat.S_ISDIR(mode):
        return [f"{folder.name}.path: {folder.path} is not a folder. Name the folder it is in."]
    problems = []
    if not os.access(folder.path, os.R_OK | os.X_OK):
        problems.append(f"{folder.name}.path: {folder.path} is not readable. {_owner_remedy()}")
    if not os.access(folder.path, os.W_OK) and not mount_of(folder.path).read_only:
        problems.append(f"{folder.name}.path: {folder.path} is not writable. {_owner_remedy()}")
        return problems
    for key, place in folder.places:
        if not place.is_relative_to(folder.path):
            problems += _check_writable(f"{folder.name}.{key}", place)
    return problems


def _check_writable(key: str, path: Path) -> list[str]:
    """Return what keeps this user from writing into a folder, or from making it."""
    try:
        nearest = next(folder for folder in (path, *path.parents) if folder.exists())
    except PermissionError as error:
        return [f"{key}: {error.filename or path} may not be entered. {_owner_remedy()}"]
    except OSError:
        return []  # offline: what goes there waits
    if not nearest.is_dir():
        return [f"{key}: {nearest} is not a folder. Name another place."]
    if os.access(nearest, os.W_OK | os.X_OK) or mount_of(nearest).read_only:
        return []  # a file system that is read-only may not stay so: what goes there waits
    if nearest == path:
        return [f"{key}: {path} is not writable. {_owner_remedy()}"]
    return [
        f"{key}: {path} does not exist and cannot be made in {nearest}."
        f" Make it, owned by the user {_user()}, or mount what it is on."
    ]


def _owner_remedy() -> str:
    return f"Give the user {_user()} access to it (chown, chmod or setfacl)."


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
