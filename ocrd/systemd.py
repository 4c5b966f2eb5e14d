"""What the service manager is told: ready, the present work, stopping. Nothing without systemd."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import cast

from ocrd.errors import ConfigError


def notify_ready() -> None:
    """Say that recovery is done, the folders are watched and the socket answers."""
    _notify("READY=1")


def notify_status(text: str) -> None:
    """Say what is being done; line breaks become spaces, they would begin another message."""
    line = " ".join(text.split()).encode("utf-8", "replace").decode()
    _notify(f"STATUS={line}")


def notify_stopping() -> None:
    """Say that an orderly stop has begun."""
    _notify("STOPPING=1")


def notify_watchdog() -> None:
    """Say that the work makes progress."""
    _notify("WATCHDOG=1")


def require_support() -> None:
    """Raise ConfigError if systemd expects notifications and the extra for them is missing."""
    if os.environ.get("NOTIFY_SOCKET"):
        _load()


def _notify(state: str) -> None:
    if not os.environ.get("NOTIFY_SOCKET"):
        return
    notify = _load()
    # A service manager that does not listen is no reason to stop: nothing is lost without it.
    with contextlib.suppress(OSError):
        notify(state)


def _load() -> Callable[[str], object]:
    try:
        from systemd.daemon import notify
    except ImportError as error:
        raise ConfigError(
            "systemd expects notifications (NOTIFY_SOCKET is set), but systemd-python is missing.",
            hint="Install the extra: pip install 'ocrd-daemon[systemd]'; or use Type=exec.",
        ) from error
    return cast(Callable[[str], object], notify)
