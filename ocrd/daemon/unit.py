"""The service's unit, as it lies on disk: whom it runs as, and what its sandbox lets it write.

For who judges a configuration while no daemon runs that could be asked. Only what is written is
read, drop-ins included, so that it needs no service manager.
"""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDERS = tuple(
    map(Path, ("/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system",
               "/usr/lib/systemd/system", "/lib/systemd/system"))
)  # fmt: skip -- the first that has a unit counts, see systemd.unit(5)
NAMES = "ocrd*.service"

_HOMES = tuple(map(Path, ("/home", "/root", "/run/user")))
_TEMPORARY = tuple(map(Path, ("/tmp", "/var/tmp")))  # noqa: S108 -- only compared
_SYSTEM = tuple(map(Path, ("/usr", "/boot", "/efi")))
_ETC = (Path("/etc"),)
_TRUE = frozenset({"yes", "true", "1", "on"})


@dataclass(frozen=True, slots=True)
class Unit:
    """What a unit says of its service."""

    name: str
    service: Mapping[str, Sequence[str]]  # the keys of [Service], each with what it is set to

    @property
    def user(self) -> str:
        """Return the name or number of the user that the service runs as."""
        return self._last("User") or "root"

    def runs(self, config: Path) -> bool:
        """Say whether the service runs with this configuration."""
        words = shlex.split(self._last("ExecStart"))
        if "run" not in words:
            return False
        named = [
            after for option, after in itertools.pairwise(words)
            if option in {"-c", "--config"}
        ]  # fmt: skip
        return any(_is_same(Path(one), config) for one in named)

    @property
    def made(self) -> list[Path]:
        """Return the directories that the service manager makes for the service's user."""
        return list(self._directories())

    @property
    def is_alone(self) -> bool:
        """Say whether the service has no network: nobody can ask it over TCP."""
        families = self._words("RestrictAddressFamilies")
        has_inet = not families or families[0].startswith("~") or "AF_INET" in families
        return self._last("PrivateNetwork") in _TRUE or not has_inet

    def shuts(self, path: Path) -> bool:
        """Say whether the sandbox keeps the service from writing into a folder."""
        opened = [*self._paths("ReadWritePaths"), *self._directories()]
        bound = self._bound("BindPaths")
        if _is_below(path, bound):
            return False
        homes, temporary = self._last("ProtectHome"), self._last("PrivateTmp")
        if homes in _TRUE | {"tmpfs", "read-only"} and _is_below(path, _HOMES):
            return homes != "read-only" or not _is_below(path, opened)
        if temporary in _TRUE | {"disconnected"} and _is_below(path, _TEMPORARY):
            return True
        if _is_below(path, opened):
            return False
        shut = {"strict": (Path("/"),), "full": _SYSTEM + _ETC}.get(self._last("ProtectSystem"))
        if shut is None:
            shut = _SYSTEM if self._last("ProtectSystem") in _TRUE else ()
        return _is_below(path, shut)

    def _last(self, key: str) -> str:
        return next(reversed(self.service.get(key, ("",))), "")

    def _paths(self, key: str) -> list[Path]:
        return [Path(word.lstrip("-+")) for word in self._words(key)]

    def _bound(self, key: str) -> list[Path]:
        """Return where the service sees what is bound: after the colon, where there is one."""
        parts = [word.lstrip("-+").split(":") for word in self._words(key)]
        return [Path(part[1] if len(part) > 1 else part[0]) for part in parts]

    def _directories(self) -> Iterator[Path]:
        """Yield the directories that the service manager makes for it."""
        for key, root in (
            ("StateDirectory", "/var/lib"), ("RuntimeDirectory", "/run"),
            ("CacheDirectory", "/var/cache"), ("LogsDirectory", "/var/log"),
        ):  # fmt: skip
            yield from (Path(root, word.split(":")[0]) for word in self._words(key))

    def _words(self, key: str) -> list[str]:
        return [word for line in self.service.get(key, ()) for word in _words(line)]


def unit_of(config: Path, folders: Sequence[Path] = FOLDERS) -> Unit | None:
    """Return the unit whose service runs with this configuration, None where there is none."""
    names = dict.fromkeys(path.name for folder in folders for path in sorted(folder.glob(NAMES)))
    units = (_read(name, folders) for name in names)
    return next((unit for unit in units if unit.runs(config)), None)


def _read(name: str, folders: Sequence[Path]) -> Unit:
    main = next(folder / name for folder in folders if (folder / name).exists())
    later = {
        path.name: path
        for folder in reversed(folders) for path in (folder / f"{name}.d").glob("*.conf")
    }  # fmt: skip
    service: dict[str, list[str]] = {}
    for path in (main, *(later[key] for key in sorted(later))):
        for key, value in _assignments(path):
            if value:
                service.setdefault(key, []).append(value)
            else:
                service.pop(key, None)  # an empty one takes back what was said before
    return Unit(name, service)


def _assignments(path: Path) -> Iterator[tuple[str, str]]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    section = ""
    for line in map(str.strip, text.replace("\\\n", " ").splitlines()):
        if line.startswith("["):
            section = line
        elif section == "[Service]" and "=" in line and line[:1] not in "#;":
            key, _, value = line.partition("=")
            yield key.strip(), value.strip()


def _words(line: str) -> list[str]:
    """Return the words of a value, their quotes and doubled per cents undone."""
    try:
        words = shlex.split(line)
    except ValueError:
        words = line.split()
    return [word.replace("%%", "%") for word in words]


def _is_below(path: Path, places: Sequence[Path]) -> bool:
    return any(path.is_relative_to(place) for place in places)


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one == other or one.samefile(other)
    except OSError:
        return False
