"""Notes of running daemons: which configuration each has, and where it answers.

A daemon leaves its note in the runtime directory of its user, or the machine's, once it answers;
clients find it there without reading a configuration, which may be half edited, or not for them to
read. A note that a killed daemon left behind is of no use: nobody answers on its socket.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from ocrd.files.users import User

SYSTEM_FOLDER = Path("/run/ocrd/daemons")
_OWN = "ocrd/daemons"  # in a user's runtime directory
_ENDING = ".json"
_READABLE, _ENTERABLE = 0o644, 0o755  # who may ask is the socket's to say
_ROOT = 0


@dataclass(frozen=True, slots=True)
class Note:
    """One daemon, as it tells of itself."""

    config: str  # the absolute path of its configuration
    socket: str
    pid: int

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Return the note in a file; None if there is none in it."""
        try:
            told = json.loads(path.read_bytes())
            return cls(str(told["config"]), str(told["socket"]), int(told["pid"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def is_of(self, config: Path) -> bool:
        """Say whether the daemon was started with this configuration."""
        mine = os.path.abspath(config)  # noqa: PTH100 -- a link in it stays: it may lead elsewhere
        if self.config == mine:
            return True
        try:
            return Path(self.config).samefile(mine)
        except OSError:
            return False


def leave(config: Path, socket: Path, environ: Mapping[str, str] = os.environ) -> Path | None:
    """Leave our own note where clients look, and return its path; None where there is no place."""
    note = Note(os.path.abspath(config), str(socket), os.getpid())  # noqa: PTH100 -- as above
    name = hashlib.sha256(os.fsencode(socket)).hexdigest()[:16] + _ENDING
    for folder in _folders(environ):
        path = folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if folder.stat().st_uid == os.geteuid():
                folder.chmod(_ENTERABLE)  # whatever our umask is
            nascent = path.with_suffix(".new")
            nascent.write_text(json.dumps(asdict(note)), encoding="ascii")
            nascent.chmod(_READABLE)
            nascent.rename(path)
        except OSError:
            continue
        _sweep(folder)
        return path
    return None


def _sweep(folder: Path) -> None:
    """Remove the notes of daemons that were killed, where their sockets are gone too."""
    for path in folder.glob(f"*{_ENDING}"):
        note = Note.read(path)
        if note is not None and not os.path.lexists(note.socket) and not _runs(note.pid):
            with contextlib.suppress(OSError):  # another's, or swept by another
                path.unlink()


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True


def take_back(path: Path) -> None:
    """Remove the note that we left, if it is still ours."""
    note = Note.read(path)
    if note is not None and note.pid == os.getpid():
        with contextlib.suppress(OSError):
            path.unlink()


def found(environ: Mapping[str, str] = os.environ) -> Iterator[Note]:
    """Yield the notes that we may trust: in folders of our own, of root or of the service."""
    seen = set()
    for folder in dict.fromkeys(_folders(environ)):
        try:
            is_trusted = folder == SYSTEM_FOLDER or folder.stat().st_uid in {_ROOT, os.geteuid()}
            paths = sorted(folder.glob(f"*{_ENDING}")) if is_trusted else []
        except OSError:
            continue
        for path in paths:
            note = Note.read(path)
            if note is not None and note.socket not in seen:
                seen.add(note.socket)
                yield note


def _folders(environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield where our notes may lie, the best place first."""
    user = User.me().number
    if given := environ.get("XDG_RUNTIME_DIR"):
        yield Path(given, _OWN)
    yield SYSTEM_FOLDER  # of root, and of a service or a container whose own it is
    session = Path(f"/run/user/{user}")
    if session.is_dir():
        yield session / _OWN
    if home := environ.get("HOME"):  # no session, as under cron or in a container
        yield Path(environ.get("XDG_STATE_HOME") or Path(home, ".local/state"), _OWN)
