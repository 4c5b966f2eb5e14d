"""The folders of a configuration: what may not lie in what, by their names alone."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ocrd.config.guarded import why_guarded
from ocrd.config.unknown import UnknownValueError, as_far_as_known


class Inbox(Protocol):
    """What is asked of the settings of an inbox."""

    @property
    def path(self) -> Path:
        """The watched folder."""

    @property
    def done_dir(self) -> Path:
        """Where sources go that were read."""

    @property
    def failed_dir(self) -> Path:
        """Where the others go."""

    @property
    def recursive(self) -> bool:
        """Whether subfolders are watched, too."""

    @property
    def source(self) -> str:
        """What happens to a source that was read."""


class Settings(Protocol):
    """What is asked of the whole settings."""

    @property
    def inbox(self) -> Sequence[Inbox]:
        """The watched folders."""

    @property
    def state_dir(self) -> Path:
        """The ledger's place."""

    @property
    def temp_dir(self) -> Path:
        """The place of page images."""

    @property
    def socket_path(self) -> Path:
        """The control socket."""


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


def watched(inboxes: Sequence[Inbox]) -> list[Watched]:
    """Return the paths of the inboxes as they are written, of those whose paths are known."""
    return [
        one
        for number, inbox in enumerate(inboxes)
        for one in as_far_as_known(_watched(f"inbox[{number}]", inbox))
    ]


def _watched(name: str, inbox: Inbox) -> Iterator[Watched]:
    path = inbox.path
    try:
        yield Watched(
            name=name,
            path=path,
            done=inbox.done_dir,
            failed=inbox.failed_dir,
            recursive=inbox.recursive,
            files=inbox.source != "keep",
        )
    except UnknownValueError:  # its own path can be judged, and no more
        yield Watched(name, path, path, path, recursive=False, files=False)


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


def own_directories(settings: Settings) -> list[tuple[str, Path]]:
    """Return the daemon's own directories with their keys, of those that are known."""
    places: dict[str, Callable[[], Path]] = {
        "state_dir": lambda: settings.state_dir,
        "temp_dir": lambda: settings.temp_dir,
        "runtime_dir": lambda: settings.socket_path.parent,
    }
    found = []
    for key, place in places.items():
        with contextlib.suppress(UnknownValueError):
            found.append((key, place()))
    return found
