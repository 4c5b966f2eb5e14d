"""The service's files for systemd: the units that come with ocrd, made out to this installation.

What is written bears a mark, and only what bears it is replaced or removed again.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import ocrd
from ocrd.daemon.sandbox import HOMES
from ocrd.errors import ConfigError

MARK = "# Written by 'ocrd service install'. Changes go into 'systemctl edit', not here."
SHIPPED_COMMAND = "/usr/bin/ocrd"
SYSTEM_CONFIG = Path("/etc/ocrd/config.toml")
SHIPPED_USER_CONFIG = "%E/ocrd/config.toml"
OF_PACKAGES = Path("/usr/lib/systemd/system/ocrd.service")
DROP_INS = ("gpu", "network", "on-failure")
_PACKAGE = Path(ocrd.__file__).parent
# In a wheel they lie in the package, in a checkout beside it.
_SHIPPED = {
    "systemd": (_PACKAGE / "units" / "systemd", _PACKAGE.parent / "systemd"),
    "sysusers.conf": (
        _PACKAGE / "units" / "sysusers.conf",
        _PACKAGE.parent / "packaging" / "sysusers.d" / "ocrd.conf",
    ),
    "tmpfiles.conf": (
        _PACKAGE / "units" / "tmpfiles.conf",
        _PACKAGE.parent / "packaging" / "tmpfiles.d" / "ocrd.conf",
    ),
    "config.toml": (
        _PACKAGE / "units" / "config.toml",
        _PACKAGE.parent / "packaging" / "deb" / "config.toml",
    ),
}


@dataclass(frozen=True, slots=True)
class File:
    """A file to write."""

    path: Path
    text: str


def shipped(name: str) -> Path:
    """Return where a file, or the folder of units, lies that comes with ocrd."""
    first, *rest = name.split("/")
    for place in _SHIPPED[first]:
        if (path := place.joinpath(*rest)).exists():
            return path
    raise ConfigError(
        f"{name} is missing in this installation of ocrd.", hint="Install ocrd again."
    )


def command() -> list[str]:
    """Return how this installation is called."""
    script = Path(sysconfig.get_path("scripts")) / "ocrd"
    return [str(script)] if script.exists() else [sys.executable, "-P", "-m", "ocrd"]


def refuse_out_of_reach(called: Sequence[str]) -> None:
    """Raise ConfigError where the sandboxed service could not start this command.

    It sees no home directory, and is a user who owns nothing.
    """
    places = [Path(called[0]), Path(sys.prefix), Path(sys.base_prefix), _PACKAGE]
    for place in dict.fromkeys(found for path in places for found in (path, path.resolve())):
        if any(place.is_relative_to(home) for home in HOMES):
            raise ConfigError(
                f"{place} lies in a home directory, which the service does not see.",
                hint="Install ocrd for all users (docs/install.md), or as a"
                " service of your own: ocrd service install --user.",
            )
        for folder in (place, *place.parents):
            if folder.exists() and not folder.stat().st_mode & 0o001:
                raise ConfigError(
                    f"{folder} is closed to others, so that the service's user cannot start"
                    f" {called[0]}.",
                    hint=f"chmod o+x {folder}, or install ocrd in another place.",
                )


def system_files(called: Sequence[str], config: Path, drop_ins: Sequence[str]) -> Iterator[File]:
    """Yield the files of the system service."""
    units = Path("/etc/systemd/system")
    yield File(Path("/etc/sysusers.d/ocrd.conf"), _marked(shipped("sysusers.conf").read_text()))
    yield File(Path("/etc/tmpfiles.d/ocrd.conf"), _marked(shipped("tmpfiles.conf").read_text()))
    for path in sorted(shipped("systemd").glob("ocrd*.*")):
        text = path.read_text().replace(str(SYSTEM_CONFIG), _word(str(config)))
        yield File(units / path.name, _marked(_called(text, called)))
    for name in drop_ins:
        text = shipped(f"systemd/drop-ins/{name}.conf").read_text()
        yield File(units / "ocrd.service.d" / f"{name}.conf", _marked(text))


def user_file(called: Sequence[str], config: Path) -> File:
    """Return the unit of a person's own service."""
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    text = shipped("systemd/user/ocrd.service").read_text()
    text = _called(text.replace(SHIPPED_USER_CONFIG, _word(str(config))), called)
    return File(home / "systemd" / "user" / "ocrd.service", _marked(text))


def is_ours(path: Path) -> bool:
    """Say whether a file may be replaced or removed: it bears our mark, or is not there."""
    try:
        return path.read_text(errors="replace").startswith(MARK)
    except FileNotFoundError:
        return True


def _marked(text: str) -> str:
    return f"{MARK}\n{text}"


def _called(text: str, called: Sequence[str]) -> str:
    return text.replace(SHIPPED_COMMAND, " ".join(map(_word, called)))


def _word(text: str) -> str:
    """Return a word of a command line as units have it, systemd.service(5)."""
    if any(not character.isprintable() for character in text):
        raise ConfigError(
            f"{text!a} cannot stand in a unit.", hint="Install ocrd in another place."
        )
    text = text.replace("%", "%%").replace("$", "$$")
    if any(character in text for character in " \t\"'\\;"):
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return text
