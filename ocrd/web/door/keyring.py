"""The file of the keys is changed: whole or not at all, synced, its owner and mode as they were."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ocrd import files
from ocrd.errors import KeyFileError
from ocrd.files.users import User
from ocrd.web.door.keys import Key, key_name, read

MODE_OF_ONE, MODE_OF_GROUP = 0o600, 0o640
HEAD = "# Who may ask ocrd over the network: 'ocrd key new NAME' adds a line; see docs/api.md.\n"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a new file is."""

    user: int = -1  # -1 is whoever makes it
    group: int = -1
    mode: int = MODE_OF_ONE


def owner_for(user: User) -> Owner:
    """Return whose a file is that this user's daemon reads: ours, and read by its group."""
    if user.is_me or os.geteuid() != 0:
        return Owner()
    return Owner(0, user.main_group, MODE_OF_GROUP)


def add(path: Path, line: str, owner: Owner) -> None:
    """Add a line; make the file where there is none. Raises KeyFileError."""

    def added(text: str) -> str:
        name = key_name(line)
        if name in {key_name(one) for one in text.splitlines()}:
            raise KeyFileError(
                f"There is a key called {name} already.",
                hint=f"Choose another name, or remove it: ocrd key remove {name}.",
            )
        return (text if not text or text.endswith("\n") else f"{text}\n") + f"{line}\n"

    _change(path, added, owner)


def remove(path: Path, name: str) -> None:
    """Remove the line of a key; raise KeyFileError where there is none."""

    def without(text: str) -> str:
        kept = [line for line in text.splitlines(keepends=True) if key_name(line) != name]
        if len(kept) == len(text.splitlines()):
            raise KeyFileError(
                f"There is no key called {name}.", hint="`ocrd key list` lists them."
            )
        return "".join(kept)

    _change(path, without, None)


def listed(path: Path) -> tuple[Key, ...]:
    """Return the keys of the file; none where there is no file yet. Raises KeyFileError."""
    return read(path) if path.exists() else ()


def _change(path: Path, change: Callable[[str], str], owner: Owner | None) -> None:
    try:
        with _locked(path.parent):
            text, known = _present(path)
            if known is None and owner is None:
                raise KeyFileError(f"There is no file {files.printable(path)}.")
            if known is None:
                text, known = HEAD, owner
            assert known is not None
            _write(path, change(text), known)
    except (OSError, UnicodeDecodeError) as error:
        if isinstance(error, PermissionError):
            raise  # which says how to come by the right
        cause = getattr(error, "strerror", None) or str(error)
        raise KeyFileError(
            f"{files.printable(path)} cannot be changed: {cause}.",
            hint="Is its folder there, and on a disk that has room?",
        ) from error


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let nobody else change a file of the folder by this program meanwhile."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def _present(path: Path) -> tuple[str, Owner | None]:
    try:
        with path.open(encoding="utf-8") as file:
            status = os.fstat(file.fileno())
            return file.read(), Owner(status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode))
    except FileNotFoundError:
        return "", None


def _write(path: Path, text: str, owner: Owner) -> None:
    staged = path.with_name(files.temporary_name())
    fd = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE_OF_ONE)
    try:
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            if (owner.user, owner.group) != (-1, -1):
                os.fchown(fd, owner.user, owner.group)
            os.fchmod(fd, owner.mode)
            file.write(text)
            file.flush()
            os.fsync(fd)
        staged.replace(path)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise
    files.fsync_directory(path.parent)
