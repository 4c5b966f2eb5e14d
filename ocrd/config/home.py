"""Where a configuration is looked for, and where the state of one lies that does not say it.

A person's configuration has a place in his home for both; the machine's is in /etc and /var/lib.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from pathlib import Path

from ocrd.config.file import CONFIG_VARIABLE
from ocrd.errors import ConfigError

SYSTEM_CONFIG = Path("/etc/ocrd/config.toml")
SYSTEM_STATE_DIR = Path("/var/lib/ocrd")
PERSONS = range(1000, 60_000)  # numbers of users that are people, as login.defs(5) has them


def find_config(explicit: Path | None = None, environ: Mapping[str, str] | None = None) -> Path:
    """Return the configuration file to use; raise ConfigError if there is none."""
    environ = os.environ if environ is None else environ
    if explicit is not None:
        return explicit
    if named := environ.get(CONFIG_VARIABLE):
        return Path(named)
    usual = (own_config(environ), SYSTEM_CONFIG)
    for path in usual:
        if _is_there(path):
            return path
    raise ConfigError(
        f"There is no configuration at {usual[0]} or {usual[1]}.",
        hint=f"Make one with 'ocrd init', or name one with --config or {CONFIG_VARIABLE}.",
    )


def own_config(environ: Mapping[str, str] | None = None) -> Path:
    """Return where a person's own configuration is looked for first."""
    environ = os.environ if environ is None else environ
    if named := environ.get(CONFIG_VARIABLE):
        return Path(named)
    return Path(environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser() / "ocrd/config.toml"


def own_state_dir(environ: Mapping[str, str] | None = None) -> Path:
    """Return where the state of our own configuration lies."""
    environ = os.environ if environ is None else environ
    return Path(environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser() / "ocrd"


def default_state_dir(config: Path | None, environ: Mapping[str, str]) -> Path:
    """Return the state's place of a configuration that names none, whoever asks.

    That is its owner's home where the owner is a person, but for what lies in /etc.
    """
    if config is None or config.absolute().is_relative_to("/etc"):
        return SYSTEM_STATE_DIR
    try:
        owner = config.stat().st_uid
        if owner not in PERSONS or _owns(owner, SYSTEM_STATE_DIR):  # who has set that up so
            return SYSTEM_STATE_DIR
        if owner == os.geteuid():
            return own_state_dir(environ)
        return Path(pwd.getpwuid(owner).pw_dir) / ".local/state/ocrd"
    except (OSError, KeyError, RuntimeError):
        return SYSTEM_STATE_DIR


def _owns(user: int, path: Path) -> bool:
    try:
        return path.stat().st_uid == user
    except OSError:
        return False


def _is_there(path: Path) -> bool:
    """Say whether a file is there, which may not be for us to see."""
    try:
        path.stat()
    except PermissionError:
        return True
    except OSError:
        return False
    return True
