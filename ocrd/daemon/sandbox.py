"""What a sandboxed service is allowed: a systemd drop-in made from the configuration (pure).

The unit makes everything read-only, and hides home and temporary directories. The drop-in opens
the folders of the configuration and nothing more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ocrd.errors import ConfigError

if TYPE_CHECKING:
    from ocrd.config.settings import Settings

DROP_IN = Path("/etc/systemd/system/ocrd.service.d/paths.conf")
SYSTEM_SOCKET = Path("/run/ocrd/ocrd.sock")  # as it is in the unit
OPEN = tuple(map(Path, ("/var/lib/ocrd", "/run/ocrd", "/srv/ocrd")))  # by the unit
HOMES = tuple(map(Path, ("/home", "/root", "/run/user")))  # hidden by ProtectHome=
TEMPORARY = tuple(map(Path, ("/tmp", "/var/tmp")))  # noqa: S108 -- hidden by PrivateTmp=


def drop_in(settings: Settings, origin: str) -> str:
    """Return the text of the drop-in; raise ConfigError for a path that a unit cannot name.

    A path that is not there is passed over when the service starts. Home directories stay hidden
    but for the folders that are named, and are not entered: they may stay private.
    """
    from ocrd.config import runtime  # commands start with this module, and without pydantic

    if runtime.is_makeshift(settings.socket_path.parent, settings.state_dir):
        raise ConfigError(
            f"{origin}: {settings.state_dir} is too long a path for a socket below it, and the"
            " service has a /tmp of its own.",
            hint='Set runtime_dir = "/run/ocrd", or a shorter state_dir.',
        )
    written, read = writable(settings), readable(settings)
    lines = [
        f"# Made from {_in_one_line(origin)} by 'ocrd systemd-paths --write'.",
        "# Make it again when a folder changes there.",
        "[Service]",
        *(f"ReadWritePaths=-{_quoted(path)}" for path in written if not _is_hidden(path)),
    ]
    if any(_is_below(path, HOMES) for path in (*written, *read)):
        lines.append("ProtectHome=tmpfs")
    lines += [f"BindPaths=-{_plain(path)}" for path in written if _is_hidden(path)]
    lines += [f"BindReadOnlyPaths=-{_plain(path)}" for path in read]
    if settings.socket_path != SYSTEM_SOCKET:
        lines.append(f'Environment="CONTROL_SOCKET={_escaped(settings.socket_path)}"')
    return "\n".join(lines) + "\n"


def writable(settings: Settings) -> list[Path]:
    """Return the folders that the daemon writes to, without those inside of others.

    A folder inside of another stays in its mount, so that files are renamed between them.
    """
    paths = {settings.state_dir, settings.socket_path.parent}
    if not _is_below(settings.temp_dir, TEMPORARY):  # the service has its own of those
        paths.add(settings.temp_dir)
    for inbox in settings.inbox:
        paths |= {inbox.path, inbox.done_dir, inbox.failed_dir}
    return [path for path in outermost(paths) if not _is_below(path, OPEN)]


def readable(settings: Settings) -> list[Path]:
    """Return the hidden folders that the engines read: models that are named by their folder."""
    models = [engine.model for engine in (settings.engine, *settings.engines.values())]
    paths = [Path(model).expanduser() for model in models if model]
    return outermost(path for path in paths if path.is_absolute() and _is_hidden(path))


def is_shut(path: Path) -> bool:
    """Say whether the unit without a drop-in keeps the service from a folder."""
    return not _is_below(path, OPEN)


def outermost(paths: Iterable[Path]) -> list[Path]:
    """Return the paths that are inside of no other one, in order."""
    kept: list[Path] = []
    for path in sorted(set(paths)):
        if not any(path.is_relative_to(other) for other in kept):
            kept.append(path)
    return kept


def _is_hidden(path: Path) -> bool:
    return _is_below(path, HOMES + TEMPORARY)


def _is_below(path: Path, places: Sequence[Path]) -> bool:
    return any(path.is_relative_to(place) for place in places)


def _quoted(path: Path) -> str:
    """Return a path as ReadWritePaths= takes it, see systemd.syntax(7)."""
    text = _escaped(path)
    return text if re.fullmatch(r"[^\s\"'\\]+", text) else f'"{text}"'


def _escaped(path: Path) -> str:
    """Return a path for between double quotes, its specifiers and escapes undone."""
    text = str(path)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise _unspeakable(path, "which is not UTF-8") from error
    if re.search(r"[\x00-\x1f\x7f]", text):
        raise _unspeakable(path, "which has control characters")
    return re.sub(r'(["\\])', r"\\\1", text.replace("%", "%%"))


def _plain(path: Path) -> str:
    """Return a path as BindPaths= takes it, where a colon has a meaning of its own."""
    if re.search(r"[:\"'\\]", str(path)):
        raise _unspeakable(path, "in which : \" ' \\ have a meaning of their own")
    return _quoted(path)


def _unspeakable(path: Path, why: str) -> ConfigError:
    return ConfigError(
        f"{_in_one_line(str(path))} cannot be named in a unit of systemd, {why}.",
        hint="Rename the folder, or watch it through a link with a plain name.",
    )


def _in_one_line(text: str) -> str:
    return text.encode("unicode_escape").decode() if not text.isprintable() else text
