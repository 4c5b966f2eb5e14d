"""Files that programs leave with us, to name them in later requests.

Each is a folder of its own, with the document and what is known of it: whoever left it, and when. A
file is there whole or not at all, survives restarts, and is its owner's alone. A signature lets an
address be handed on for a while: it is an HMAC-SHA256 (RFC 2104) by a secret that nobody is told.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import re
import secrets
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from ocrd import files
from ocrd.files.privacy import PRIVATE_FOLDER

ROOM = "The folder of uploads in state_dir"  # as clients are told: no path of ours
_DOCUMENT, _ABOUT, _SECRET = "document", "about.json", ".secret"
_NASCENT = ".new-"
_IDENTITY = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NASCENT_SECONDS = 3600.0  # after which an unfinished one is a killed daemon's


@dataclass(frozen=True, slots=True)
class Deposit:
    """One file that was left."""

    identity: str
    path: Path
    name: str  # as its owner told it
    size: int  # bytes
    created: float  # Unix time, seconds
    by: str  # its owner: the name of the key
    purpose: str = ""
    media_type: str = ""
    sha256: str = ""


class Deposits:
    """The folder of what programs leave. Its methods wait for the disk."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._clock = clock

    def add(
        self, received: Path, name: str, by: str, *, purpose: str = "", media_type: str = "",
        sha256: str = "",
    ) -> Deposit:  # fmt: skip
        """Take a received file over; it is gone from where it was. Raises what the disk says."""
        identity = str(uuid.uuid4())
        nascent, place = self._folder / (_NASCENT + identity), self._folder / identity
        try:
            self._folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            nascent.mkdir(mode=PRIVATE_FOLDER)
            size = received.stat().st_size
            deposit = Deposit(
                identity, place / _DOCUMENT, name, size, self._clock(), by, purpose, media_type,
                sha256,
            )  # fmt: skip
            with (nascent / _ABOUT).open("x", encoding="ascii") as about:
                json.dump({**asdict(deposit), "path": None}, about)
                about.flush()
                os.fsync(about.fileno())
            received.rename(nascent / _DOCUMENT)
            files.fsync_directory(nascent)
            nascent.rename(place)
            files.fsync_directory(self._folder)
        except OSError as error:
            shutil.rmtree(nascent, ignore_errors=True)
            raise files.translate(error, ROOM) from error
        return deposit

    def find(self, identity: str, by: str | None = None) -> Deposit | None:
        """Return a file, of an owner if one is told; None where he has no such."""
        if not _IDENTITY.fullmatch(identity):
            return None
        place = self._folder / identity
        try:
            told = json.loads((place / _ABOUT).read_bytes())
            deposit = Deposit(**{**told, "path": place / _DOCUMENT})
        except (OSError, ValueError, TypeError):
            return None
        return deposit if by is None or deposit.by == by else None

    def all(self, by: str) -> list[Deposit]:
        """Return what somebody has left, the newest first."""
        found = (self.find(identity, by) for identity in self._identities())
        return sorted(
            (deposit for deposit in found if deposit), key=lambda one: (-one.created, one.identity)
        )

    def remove(self, deposit: Deposit) -> bool:
        """Remove a file and all that is known of it; say whether it was there still."""
        leaving = self._folder / f"{_NASCENT}{secrets.token_hex(8)}"
        try:
            (self._folder / deposit.identity).rename(leaving)  # of two that try, one can
        except OSError:
            return False
        shutil.rmtree(leaving, ignore_errors=True)
        return True

    def tidy(self, before: float | None) -> None:
        """Remove what was left before a time, and what a killed daemon was taking over."""
        with contextlib.suppress(FileNotFoundError):
            for path in self._folder.glob(f"{_NASCENT}*"):
                with contextlib.suppress(FileNotFoundError):
                    if path.stat().st_mtime < self._clock() - _NASCENT_SECONDS:
                        shutil.rmtree(path, ignore_errors=True)
        if before is None:
            return
        for identity in [*self._identities()]:
            deposit = self.find(identity)
            if deposit is None or deposit.created < before:
                shutil.rmtree(self._folder / identity, ignore_errors=True)

    def _identities(self) -> Iterator[str]:
        with contextlib.suppress(FileNotFoundError):
            for path in self._folder.iterdir():
                if _IDENTITY.fullmatch(path.name):
                    yield path.name

    # Addresses that may be handed on

    def signature(self, identity: str, expires: int) -> str:
        """Return what lets a file be had until a time (Unix, seconds)."""
        message = f"{identity}\n{expires}".encode()
        return hmac.new(self._secret(), message, hashlib.sha256).hexdigest()

    def signed(self, identity: str, expires: int, signature: str) -> Deposit | None:
        """Return the file that a signature is for; None for a wrong one, or one that is over."""
        right = self.signature(identity, expires)
        if not hmac.compare_digest(right.encode(), signature.encode("utf-8", "replace")):
            return None
        return self.find(identity) if self._clock() < expires else None

    def _secret(self) -> bytes:
        """Return the secret, made where there is none yet."""
        path = self._folder / _SECRET
        with contextlib.suppress(FileNotFoundError):
            return path.read_bytes()
        self._folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        nascent = path.with_name(f"{_SECRET}-{secrets.token_hex(8)}")
        descriptor = os.open(nascent, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(secrets.token_bytes(32))
            out.flush()
            os.fsync(out.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(nascent, path)  # never over another: two may make one at the same time
        nascent.unlink()
        return path.read_bytes()
