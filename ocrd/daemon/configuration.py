"""The configuration in force: what has to be true of it, and what of it may change meanwhile."""

from __future__ import annotations

from pathlib import Path

from ocrd import files
from ocrd import log as logs
from ocrd.config import settings as config
from ocrd.config.settings import Settings
from ocrd.daemon import systemd
from ocrd.errors import ConfigError

UNCHANGEABLE = (
    "state_dir", "temp_dir", "socket_path", "control_group", "rasterize", "limits"
)  # fmt: skip


def require_folders(settings: Settings, config_path: Path) -> None:
    """Raise ConfigError where a configured folder cannot be used as it is."""
    problems = config.check_folders(settings)
    if problems:
        remedy = systemd.folder_remedy()
        raise config.refusal(config_path, [*problems, remedy] if remedy else problems)


def require_same(old: Settings, new: Settings, config_path: Path) -> None:
    """Raise ConfigError where something differs that a running daemon cannot change."""
    for name in UNCHANGEABLE:
        if getattr(old, name) != getattr(new, name):
            raise ConfigError(
                f"{files.printable(config_path)}: {name} cannot change while the daemon runs.",
                hint="Restart the daemon to use the new value; the old one is still in force.",
            )


def configure_log(settings: Settings) -> None:
    """Send the daemon's records to where the configuration says."""
    logs.configure(settings.log_format, settings.log_level, journal=systemd.journal())
