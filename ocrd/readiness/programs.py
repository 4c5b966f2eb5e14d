"""The door for programs: can its keys be read, is its address free, may the service use it."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ocrd.errors import KeyFileError
from ocrd.files.users import READ
from ocrd.readiness.finding import Finding, Verdict
from ocrd.web.door import keys

if TYPE_CHECKING:
    from pathlib import Path

    from ocrd.config.settings import Settings
    from ocrd.files.users import User

MAKE_ONE = "ocrd key new NAME"


def findings(settings: Settings, user: User, answers_at: str = "") -> Iterator[Finding]:
    """Look at the keys and the address; ``answers_at`` is where the daemon itself answers now."""
    api = settings.api
    if api.listen is None or api.address is None:
        return
    if api.keys == "required" and api.api_key_file is not None:
        yield _of_keys(api.api_key_file, user)
    elif api.is_loopback:
        message = f"{api.listen} needs no key: whoever has an account here may ask and steer"
        yield Finding(Verdict.WARN, "keys", message, 'keys = "required" in [api] asks for one.')
    yield _of_address(*api.address, answers_at)


def _of_keys(path: Path, user: User) -> Finding:
    try:
        if not user.may(path, READ):
            return Finding(
                Verdict.FAIL, "keys", f"{path} is not readable for {user.name}.",
                f"chgrp the file to that user's group, and chmod 640 {path}.",
            )  # fmt: skip
        found = keys.read(path)
    except FileNotFoundError:
        message = f"There is no {path}: nobody can ask over TCP."
        return Finding(Verdict.FAIL, "keys", message, MAKE_ONE)
    except PermissionError:
        message = f"{path} is not for you to see, so that nobody knows whether {user.name} can."
        return Finding(Verdict.WARN, "keys", message, "Ask as root: sudo ocrd check.")
    except KeyFileError as error:
        if isinstance(error.__cause__, PermissionError):  # it may be the service's alone
            return Finding(Verdict.OK, "keys", f"{path} is readable for {user.name}")
        return Finding(Verdict.FAIL, "keys", error.what, error.hint)
    if not found:
        return Finding(Verdict.WARN, "keys", f"{path} holds no key.", MAKE_ONE)
    many = "1 key" if len(found) == 1 else f"{len(found)} keys"
    return Finding(Verdict.OK, "keys", f"{path}: {many}")


def _of_address(host: str, port: int, answers_at: str) -> Finding:
    if answers_at and (port == 0 or answers_at.endswith(f":{port}")):
        return Finding(Verdict.OK, "address", f"programs ask at {answers_at}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.create_server((host, port), family=family):
            pass
    except OSError as error:
        message = f"Nobody can be let in at {host}, port {port}: {error.strerror or error}."
        return Finding(Verdict.FAIL, "address", message, way_in(error))
    return Finding(Verdict.OK, "address", f"{host}, port {port}, is free")


def way_in(error: OSError) -> str:
    """Return what lets a daemon listen at an address where it could not."""
    if error.errno in {errno.EAFNOSUPPORT, errno.EPERM}:
        return "The service's sandbox has no network: ocrd service install --drop-in api."
    if error.errno == errno.EACCES:
        return "Choose a port from 1024, and let a reverse proxy have the lower one."
    if error.errno == errno.EADDRINUSE:
        return "Is the port another program's? Set another address as [api] listen."
    return "Set an address of this machine as [api] listen."
