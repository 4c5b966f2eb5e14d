"""What ``ocrd convert`` reads: files, one's own links to files, folders, standard input.

Everything that a person named comes out as an :class:`Original`, in that order, and what cannot be
read as one with its error: the others are read all the same.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ocrd import files
from ocrd.config.tables import JUNK
from ocrd.errors import DocumentError, LinkedError, OcrdError, TooLargeError, UnsupportedError
from ocrd.intake.scan import FORMAT_ENDINGS, KEPT_OUTPUTS, junk

STANDARD = Path("-")
STREAMS = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")  # what a shell makes of <(…)
_MOST_LINKS = 40  # as the kernel's, path_resolution(7)


@dataclass(frozen=True, slots=True)
class Original:
    """One document, as a person named it."""

    shown: Path
    path: Path  # to be opened: its links followed
    below: Path = Path()  # its folder, from the folder that was named
    is_stream: bool = False  # what came through a pipe is in a file of ours
    error: OcrdError | None = None

    @property
    def name(self) -> str:
        """Return what its outputs are named after."""
        return self.path.name if self.is_stream else self.shown.name

    @property
    def folder(self) -> Path:
        """Return where its outputs lie, if nobody says otherwise."""
        return self.shown.parent


@dataclass(slots=True)
class Gathered:
    """What was found."""

    originals: list[Original]
    left: int = 0  # files in folders that are no documents by their names


class Gatherer:
    """Looks for what was named. Nothing is read but streams, which are copied at once."""

    def __init__(
        self, *, recursive: bool, temp_dir: Path, most_bytes: int, standard_input: BinaryIO,
        apart: Path | None = None,
    ) -> None:  # fmt: skip
        """Make one; ``apart`` is the folder of results, which is not looked into."""
        self._recursive = recursive
        self._temp_dir = temp_dir
        self._most_bytes = most_bytes
        self._standard_input = standard_input
        self._apart = apart
        self._is_junk = junk((*JUNK, files.TEMPORARY_GLOB, *KEPT_OUTPUTS))
        self._left = 0

    def gather(self, named: Iterable[Path]) -> Gathered:
        """Return all documents, each once, in the order in which they were named."""
        found: dict[str, Original] = {}
        for path in named:
            for original in self._documents(path):
                found.setdefault(os.path.abspath(original.shown), original)  # noqa: PTH100
        return Gathered(list(found.values()), self._left)

    def _documents(self, path: Path) -> Iterator[Original]:
        if path == STANDARD or str(path).startswith(STREAMS):
            yield self._stream(path)
        elif path.is_dir():
            yield from self._folder(path)
        else:
            yield _file(path)

    def _folder(self, path: Path) -> Iterator[Original]:
        if not self._recursive:
            error = DocumentError(
                f"{files.printable(path)} is a folder.",
                hint="Read all documents in it with -r, or name some of them.",
            )
            yield Original(path, path, error=error)
            return
        before = True
        for original in self._inside(path, Path()):
            before = False
            yield original
        if before:
            error = DocumentError(
                f"{files.printable(path)} holds no document.",
                hint="Documents in folders are known by their endings: name the file itself.",
            )
            yield Original(path, path, error=error)

    def _inside(self, root: Path, below: Path) -> Iterator[Original]:
        """Yield the documents of a folder, then those of its subfolders, each in order of names."""
        try:
            with os.scandir(root / below) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError as error:
            shown = root / below
            yield Original(shown, shown, error=files.translate(error, shown))
            return
        folders = []
        for entry in entries:
            if self._is_junk(entry.name):
                continue
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
            elif entry.name.lower().endswith(FORMAT_ENDINGS) and not entry.is_dir():
                yield _file(root / below / entry.name, below)
            elif entry.is_file(follow_symlinks=False):
                self._left += 1
        for name in folders:
            if self._apart is None or not _is_same(root / below / name, self._apart):
                yield from self._inside(root, below / name)

    def _stream(self, path: Path) -> Original:
        """Copy what comes through a pipe; how long it is shows only at its end."""
        number = path.name if path.name.isdecimal() and path.name != "0" else ""
        copy = self._temp_dir / f"stdin{number}"
        try:
            with copy.open("xb") as out:
                if path == STANDARD:
                    self._copy(self._standard_input, out)
                else:
                    with path.open("rb") as source:
                        self._copy(source, out)
        except OcrdError as error:
            return Original(path, copy, is_stream=True, error=error)
        except OSError as error:
            return Original(path, copy, is_stream=True, error=files.translate(error, path))
        return Original(path, copy, is_stream=True)

    def _copy(self, source: BinaryIO, out: BinaryIO) -> None:
        while chunk := source.read(files.CHUNK_BYTES):
            out.write(chunk)
            if out.tell() > self._most_bytes:
                raise TooLargeError(
                    f"Standard input is larger than {self._most_bytes} bytes.",
                    hint="Split it, or raise limits.file_size.",
                )


def _file(path: Path, below: Path = Path()) -> Original:
    try:
        return Original(path, _followed(path), below)
    except OcrdError as error:
        return Original(path, path, below, error=error)


def _followed(path: Path) -> Path:
    """Return the file that a path leads to, over links of the caller's own and of root's.

    Others' links are not followed: they could show the caller's files under their names. Raises
    the OcrdError of what is no file.
    """
    shown = files.printable(path)
    for _ in range(_MOST_LINKS):
        try:
            status = path.lstat()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise DocumentError(
                f"{shown}: there is no such file.",
                hint="Look at its name, and at the folder that the command is called in.",
            ) from error
        except OSError as error:
            raise files.translate(error, path) from error
        if stat.S_ISREG(status.st_mode):
            return path
        if not stat.S_ISLNK(status.st_mode):
            raise UnsupportedError(
                f"{shown}: not a regular file.",
                hint="Name a file; what comes through a pipe is read as -.",
            )
        if status.st_uid not in {0, os.geteuid()}:
            raise LinkedError(
                f"{shown}: a link of another user, which is not followed.",
                hint="Name the file that it leads to.",
            )
        path = path.parent / os.readlink(path)  # noqa: PTH115 - joined as it is written
    raise DocumentError(f"{shown}: its links lead in a circle.", hint="Name the file itself.")


def _is_same(folder: Path, other: Path) -> bool:
    try:
        return folder.samefile(other)
    except OSError:
        return False
