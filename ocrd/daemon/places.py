"""The daemon's own places: made before anything else, for its user alone.

In ``state_dir`` and ``temp_dir`` is what documents say. The socket's folder holds the socket and
nothing else, whose own mode says who may steer.
"""

from __future__ import annotations

import grp
import logging
import os
import stat
from pathlib import Path

from ocrd import files
from ocrd.config import runtime
from ocrd.config.runtime import SYSTEM_RUNTIME_DIR
from ocrd.config.settings import Settings
from ocrd.daemon import systemd
from ocrd.errors import PlaceError
from ocrd.files.privacy import PRIVATE_FOLDER, tighten
from ocrd.files.rights import STEERING_GROUP
from ocrd.log import fields

log = logging.getLogger("ocrd.daemon.daemon")

_ENTER = stat.S_IXGRP | stat.S_IXOTH


def make_own(settings: Settings) -> None:
    """Make what the daemon cannot run without; raise PlaceError where that cannot be.

    An existing state directory of ours is tightened.
    """
    runtime_dir = settings.socket_path.parent
    for path in (settings.state_dir, runtime_dir):
        try:
            path.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        except OSError as error:
            told = files.translate(error, path)
            hint = f"{told.hint} {systemd.folder_remedy()}".strip()
            raise PlaceError(told.what, hint=hint) from error
    _require_own(runtime_dir)
    if runtime.is_makeshift(runtime_dir, settings.state_dir):
        runtime_dir.chmod(PRIVATE_FOLDER)
    if tighten(settings.state_dir, _private_mode(settings)):
        log.info(
            "%s was open to others, and is for its owner alone now.",
            files.printable(settings.state_dir), extra=fields("tightened"),
        )  # fmt: skip
    if control_group(settings) is not None:
        _let_enter(runtime_dir)


def _require_own(folder: Path) -> None:
    """Raise PlaceError where everybody may make folders, and somebody else has made this one."""
    if not folder.parent.stat().st_mode & stat.S_ISVTX or runtime.is_owned(folder, os.geteuid()):
        return
    raise PlaceError(
        f"{folder}, the control socket's place, is no folder of the daemon's user.",
        hint="Set runtime_dir to another, or let an administrator remove what is there.",
    )


def control_group(settings: Settings) -> str | None:
    """Return the group whose members may steer the daemon; None for the daemon's own."""
    if settings.control_group is not None:
        return settings.control_group
    if settings.socket_path.parent != SYSTEM_RUNTIME_DIR:
        return None
    try:
        return grp.getgrnam(STEERING_GROUP).gr_name
    except KeyError:
        return None


def _private_mode(settings: Settings) -> int:
    """Return what the state directory's mode may be, as people have to pass through it.

    Inboxes and the socket may lie inside; then whoever may enter it now, still may.
    """
    inside = [settings.socket_path]
    for inbox in settings.inbox:
        inside += [inbox.path, inbox.done_dir, inbox.failed_dir]
    if any(path.is_relative_to(settings.state_dir) for path in inside[1:]):
        return 0o777
    is_open = _mode(settings.socket_path.parent) & _ENTER
    if settings.socket_path.is_relative_to(settings.state_dir) and is_open:
        return PRIVATE_FOLDER | is_open
    return PRIVATE_FOLDER


def _let_enter(folder: Path) -> None:
    """Let others pass to the socket, whose mode keeps out whoever may not steer."""
    try:
        folder.chmod(_mode(folder) | _ENTER)
    except OSError:  # not ours: whoever made it has decided that
        return


def _mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return 0
