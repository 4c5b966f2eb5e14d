"""The keys of those who may ask over TCP, and what each may do.

A line of the file is ``name: key scopes…``, where the key is written as it is or as
``sha256:<hex>``; scopes are ``read``, ``upload``, ``control``, and ``folder=/path`` for each folder
whose documents it may see (a space in it is ``%20``). A key without scopes has all three; one
without folders sees all. Lines that begin with # and empty ones say nothing.

A plain SHA-256 is enough for keys of 256 random bits, as OWASP's cheat sheet on storage says of
what cannot be guessed; one that a person chose is no key, and short ones are refused.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import stat
import threading
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

from ocrd import files
from ocrd.errors import KeyFileError

SCOPES = ("read", "upload", "control")
PREFIX = "ocrd_"
SHORTEST = 20  # characters of a key that somebody chose himself
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}")
_PLAIN = "/!$&'()*+,;=:@~"  # of a path, what is written as it is; a space is %20
_HASHED = re.compile(r"sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Key:
    """One key, of which nobody keeps the text."""

    name: str
    digest: bytes = field(repr=False)  # SHA-256
    scopes: frozenset[str] = frozenset(SCOPES)
    folders: tuple[str, ...] = ()  # () is all


class Keys:
    """The keys of a file, which is read again when it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, ...] | None = None
        self._keys: tuple[Key, ...] = ()
        self._reading = threading.Lock()

    def find(self, told: str) -> Key | None:
        """Return the key that was told, None for a wrong one; raise KeyFileError."""
        digest = hashlib.sha256(told.encode("utf-8", "surrogatepass")).digest()
        found = None
        for key in self.all():  # all of them, so that the time says nothing of which it is
            if hmac.compare_digest(key.digest, digest):
                found = key
        return found

    @property
    def known(self) -> tuple[Key, ...]:
        """Return the keys as the file had them when it was last looked at."""
        return self._keys

    def all(self) -> tuple[Key, ...]:
        """Return the keys as the file has them now; raise KeyFileError."""
        with self._reading:
            try:
                status = self._path.stat()
            except OSError as error:
                raise _unreadable(self._path, error) from error
            stamp = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
            if stamp != self._stamp:
                self._keys = read(self._path)
                self._stamp = stamp
            return self._keys


def read(path: Path) -> tuple[Key, ...]:
    """Return the keys of a file; raise KeyFileError where it cannot be used."""
    try:
        status = path.stat()
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error
    if status.st_mode & (stat.S_IROTH | stat.S_IWOTH | stat.S_IWGRP):
        raise KeyFileError(
            f"{files.printable(path)} can be read or changed by others than the daemon.",
            hint=f"chmod 640 {files.printable(path)}, with the daemon's group as its group.",
        )
    keys = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            keys.append(_key(line, f"{files.printable(path)}:{number}"))
    names = [key.name for key in keys]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise KeyFileError(
            f"{files.printable(path)} has the name {twice} twice.", hint="Give each key its own."
        )
    return tuple(keys)


def key_name(line: str) -> str:
    """Return the name of a line's key, "" of one that has none."""
    return "" if line.lstrip().startswith("#") else line.partition(":")[0].strip()


def _key(line: str, place: str) -> Key:
    name, colon, rest = line.partition(":")
    words = rest.split()
    if not colon or not _NAME.fullmatch(name.strip()) or not words:
        raise KeyFileError(f"{place} is no key.", hint='Write "name: key", and scopes behind it.')
    told, scopes, folders = words[0], set(), []
    for word in words[1:]:
        if word in SCOPES:
            scopes.add(word)
        elif word.startswith("folder=/"):
            folders.append(os.fsdecode(unquote_to_bytes(word.removeprefix("folder="))))
        else:
            raise KeyFileError(
                f"{place}: {word!r} is no scope.",
                hint=f"There are {', '.join(SCOPES)}, and folder=/the/path.",
            )
    if match := _HASHED.fullmatch(told):
        digest = bytes.fromhex(match[1])
    elif len(told) < SHORTEST:
        raise KeyFileError(
            f"{place}: the key of {name.strip()} is too short.", hint="ocrd key new makes one."
        )
    else:
        digest = hashlib.sha256(told.encode()).digest()
    return Key(name.strip(), digest, frozenset(scopes or SCOPES), tuple(folders))


def made(name: str, scopes: tuple[str, ...], folders: tuple[str, ...]) -> tuple[str, str]:
    """Return a new key, and the line of the file that lets it in without holding it.

    Raises KeyFileError for a name that is none.
    """
    if not _NAME.fullmatch(name):
        raise KeyFileError(
            f"{name!r} is no name of a key.",
            hint="Take letters, digits and _ . @ -, 64 at the most.",
        )
    key = PREFIX + secrets.token_urlsafe(32)
    words = [f"sha256:{hashlib.sha256(key.encode()).hexdigest()}", *scopes]
    words += [f"folder={quote(os.fsencode(folder), safe=_PLAIN)}" for folder in folders]
    return key, f"{name}: {' '.join(words)}"


def _unreadable(path: Path, error: Exception) -> KeyFileError:
    cause = getattr(error, "strerror", None) or str(error)
    return KeyFileError(
        f"The keys in {files.printable(path)} cannot be read: {cause}.",
        hint="Make the file readable for the daemon's user: 'ocrd key new NAME' writes one.",
    )
