"""The configuration in force: what has to be true of it, and what of it may change meanwhile."""

from __future__ import annotations

from pathlib import Path

from ocrd import files
from ocrd import log as logs
from ocrd.config import settings as config
from ocrd.config.settings import Settings
from ocrd.daemon import systemd
from ocrd.errors import ConfigError, Fault, OcrdError

UNCHANGEABLE = ("state_dir", "control_group", "rasterize", "limits")
UNCHANGEABLE_OF_API = ("listen", "root_path", "origins")


def require_folders(settings: Settings, config_path: Path) -> None:
    """Raise ConfigError where a configured folder cannot be used as it is."""
    problems = config.check_folders(settings)
    if problems:
        raise config.refusal(config_path, problems, systemd.folder_remedy())


def require_same(old: Settings, new: Settings, config_path: Path) -> None:
    """Raise ConfigError where something differs that a running daemon cannot change."""
    faults = [
        Fault(
            f"{files.printable(config_path)}: {name} cannot change while the daemon runs.",
            "Restart the daemon to use the new value; the old one is still in force.",
            name,
        )
        for name, value in _unchangeable(new).items() if _unchangeable(old)[name] != value
    ]  # fmt: skip
    if faults:
        raise ConfigError.of(faults, "Restart the daemon to use the new values.")


def _unchangeable(settings: Settings) -> dict[str, object]:
    """Return the values by their keys; what lies in state_dir moves along with it."""
    places = {"temp_dir": settings.temp_dir, "runtime_dir": settings.socket_path.parent}
    home = settings.state_dir
    return {
        **{name: getattr(settings, name) for name in UNCHANGEABLE},
        **{f"api.{name}": getattr(settings.api, name) for name in UNCHANGEABLE_OF_API},
        **{
            key: path.relative_to(home) if path.is_relative_to(home) else path
            for key, path in places.items()
        },
    }


def told_by_one(error: OcrdError) -> list[tuple[str, str]]:
    """Return what the log says of an error, a record each: of a configuration's faults, one."""
    told = error.faults if isinstance(error, ConfigError) else (error,)
    return [(one.what, one.hint) for one in told]


def configure_log(settings: Settings) -> None:
    """Send the daemon's records to where the configuration says."""
    logs.configure(settings.log_format, settings.log_level, journal=systemd.journal())
