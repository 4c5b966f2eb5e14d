"""The folders of a configuration: may they be worked in, is there room, what lies there.

The rights that count are those of who runs the configuration, who need not be who asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ocrd.config.settings import check_folders, offline_folders, unseen_folders
from ocrd.files import free_bytes
from ocrd.files.mounts import is_network, mount_of
from ocrd.files.space import in_units
from ocrd.readiness.finding import Finding, Verdict

if TYPE_CHECKING:
    from ocrd.config.settings import InboxSettings, Settings
    from ocrd.files.users import User

DONE_FLOOR = 1024**2  # bytes: what is filed is renamed, and its sidecars are small


def findings(
    settings: Settings, user: User, remedy: str = "", made: Sequence[Path] = ()
) -> Iterator[Finding]:
    """Look at one folder after another; ``remedy`` is what else may help where one is shut.

    ``made`` are folders that the service manager makes for the user.
    """
    shut = check_folders(settings, user, made)
    for text in shut:
        yield Finding(Verdict.FAIL, "folders", text, remedy, is_config=True)
    for text in offline_folders(settings, user):
        yield Finding(Verdict.FAIL, "folders", text, remedy)
    for text in unseen_folders(settings, user):
        yield Finding(
            Verdict.WARN, "folders",
            f"{text} is not for you to see, so that nobody knows what {user.name} may do there.",
            "Ask as root: sudo ocrd check.",
        )  # fmt: skip
    for finding in _each(settings):
        # Of a folder that cannot be worked in, nothing is well that lies in there.
        is_shut = any(re.match(rf"{re.escape(finding.subject)}[.:]", text) for text in shut)
        if not (is_shut and finding.verdict is Verdict.OK):
            yield finding


def _each(settings: Settings) -> Iterator[Finding]:
    yield from _state(settings)
    yield from _space("temp_dir", settings.temp_dir, settings.free_space_floor)
    for number, inbox in enumerate(settings.inbox):
        if _is_folder(inbox.path):
            yield from _inbox(number, inbox)


def _state(settings: Settings) -> Iterator[Finding]:
    existing = _nearest(settings.state_dir)
    if is_network(existing):
        yield Finding(
            Verdict.FAIL,
            "state_dir",
            f"{settings.state_dir} is on a network file system ({mount_of(existing).kind}), "
            "where the ledger is not safe.",
            "Set state_dir to a folder on a local disk.",
        )
    else:
        yield from _space("state_dir", settings.state_dir, settings.free_space_floor)


def _space(subject: str, path: Path, floor: int) -> Iterator[Finding]:
    existing = _nearest(path)
    free = free_bytes(existing)
    message = f"{path}: {mount_of(existing).kind}, {in_units(free)} free"
    if free < floor:
        yield Finding(
            Verdict.FAIL,
            subject,
            f"{message}, under the floor of {in_units(floor)}: no document is begun.",
            "Make room, or lower free_space_floor.",
        )
    else:
        yield Finding(Verdict.OK, subject, message)


def _inbox(number: int, inbox: InboxSettings) -> Iterator[Finding]:
    network = is_network(inbox.path) if inbox.network == "auto" else bool(inbox.network)
    message = f"{inbox.path}: {mount_of(inbox.path).kind}"
    if network:
        message += ", a network file system: longer settle time, scanned more often"
    message += _contents(inbox)
    subject = f"inbox[{number}]"
    (floor,) = _space(subject, inbox.done_dir, DONE_FLOOR)
    if inbox.source == "move" and floor.verdict is Verdict.FAIL:
        yield floor
    else:
        yield Finding(Verdict.OK, subject, message)


def _contents(inbox: InboxSettings) -> str:
    """Say what lies in an inbox: how much is to be read, and how much is no document."""
    from ocrd.surveying import survey

    try:
        found = survey(inbox.model_copy(update={"unsupported": "leave"}))
    except OSError:  # said as a folder's fault
        return ""
    total = found.documents + found.strays
    if not total or (inbox.source == "keep" and not found.strays):  # they may have been read
        return ""
    at_least = "at least " if found.is_cut else ""
    lie = f"; {at_least}{total} {'file lies' if total == 1 else 'files lie'} here"
    if not found.strays:
        return f"{lie}, to be read"
    what = "is no document" if found.strays == 1 else "are no documents"
    if inbox.unsupported == "leave":
        what += " and left alone" if found.strays == 1 else ", which are left alone"
    return f"{lie}, {found.strays} {what}"


def _nearest(path: Path) -> Path:
    """Return the path, or the nearest folder above it that exists, as far as we can see."""
    return next(each for each in (path, *path.parents) if _is_there(each))


def _is_there(path: Path) -> bool:
    try:
        path.stat()
    except OSError:
        return False
    return True


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False
