"""The configuration's text: the TOML file, the environment over it, and where each value stands.

:class:`ConfigFile` knows nothing of the settings themselves. It hands out plain values, and tells
for each of them which line, or which environment variable, it came from.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from itertools import zip_longest
from pathlib import Path
from typing import Any

from ocrd.config import syntax
from ocrd.errors import ConfigError, Fault
from ocrd.files import rights

ENV_PREFIX = "OCRD_"
CONFIG_VARIABLE = "OCRD_CONFIG"

Key = tuple[str | int, ...]


@dataclass(frozen=True)
class ConfigFile:
    """One configuration as it was written, the environment's overrides included."""

    path: Path | None  # None where there is no file, only the environment
    text: str
    values: dict[str, Any]
    variables: Mapping[Key, str] = field(default_factory=dict)  # key -> environment variable

    def where(self, key: Key) -> tuple[str, int | None]:
        """Return the variable that set the key, or the file with the line nearest to it."""
        ends = range(len(key), 0, -1)
        for outer in (key[:end] for end in ends):
            if outer in self.variables:
                return _variable(self.variables[outer]), None
        for outer in (key[:end] for end in ends):
            if outer in self.lines:
                line = self.lines[outer]
                return f"{self.path}, line {line}", line
            for inner, variable in self.variables.items():
                if inner[: len(outer)] == outer:
                    return _variable(variable), None
            for inner, line in self.lines.items():
                if inner[: len(outer)] == outer:  # the first of several tables
                    return f"{self.path}, line {line}", line
        return ("the built-in configuration" if self.path is None else str(self.path)), None

    @cached_property
    def lines(self) -> dict[Key, int]:
        """The first line of every table and key of the file."""
        return {} if self.path is None else _lines(self.text)


def _variable(name: str) -> str:
    return f"environment variable {name}"


def read(path: Path | None, environ: Mapping[str, str], names: Sequence[str]) -> ConfigFile:
    """Return the file with the environment laid over it; raise ConfigError.

    ``names`` are the keys of the top level: other OCRD_ variables are somebody else's (OCR-D has
    its own), unless they look like a misspelling.
    """
    text = "" if path is None else _read_text(path)
    values = {} if path is None else _parse(path, text)
    variables: dict[Key, str] = {}
    for variable in sorted(environ, key=_natural):
        if variable == CONFIG_VARIABLE or not environ[variable]:
            continue
        if not variable.startswith(ENV_PREFIX) or not _is_ours(variable, names):
            continue
        parts = variable.removeprefix(ENV_PREFIX).lower().split("__")
        key = _place(values, parts, _value(variable, environ[variable]), variable)
        variables[key] = variable
    return ConfigFile(path, text, values, variables)


# The file


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path}: there is no such file.",
            hint="Make one with 'ocrd init', or name another with --config.",
        ) from error
    except IsADirectoryError as error:
        raise ConfigError(
            f"{path}: this is a folder.", hint="Name the file in it, for example config.toml."
        ) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(
            f"{path}, line {line}: this is not UTF-8.", hint="Save the file as UTF-8."
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(
            f"{path}: the file cannot be read: {reason}.",
            hint=(f"{rights.to_use(path)} " if isinstance(error, PermissionError) else "")
            + "The daemon's own user has to be able to read it, too.",
        ) from error


def _parse(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        faults = []
        for found in syntax.faults(text):
            at = f" at column {found.column}" if found.column else ""
            what = f"{path}, line {found.line}: this is not TOML{at}: {found.what}."
            faults.append(Fault(what, found.remedy, line=found.line))
        raise ConfigError.of(faults, f"{len(faults)} lines need a correction.") from error


def _lines(text: str) -> dict[Key, int]:
    """Return the first line of every table and every key of a valid TOML text.

    Each statement is read on its own, with as many lines as it needs to be whole; so strings and
    lists over several lines are no trouble.
    """
    found: dict[Key, int] = {}
    counts: dict[Key, int] = {}
    table: Key = ()
    lines = text.split("\n")
    number = 0
    while number < len(lines):
        start = number
        statement, number = _statement(lines, start)
        keys = _paths(statement)
        if lines[start].lstrip().startswith("["):
            table = _table(keys[-1], lines[start].lstrip().startswith("[["), counts)
            found.setdefault(table, start + 1)
        else:
            for key in keys:
                found.setdefault(table + key, start + 1)
    return found


def _statement(lines: list[str], start: int) -> tuple[dict[str, Any], int]:
    """Return the statement that begins at a line, and the number of the line after it."""
    for end in range(start + 1, len(lines) + 1):
        try:
            return tomllib.loads("\n".join(lines[start:end])), end
        except tomllib.TOMLDecodeError:
            continue
    return {}, len(lines)


def _paths(values: dict[str, Any]) -> list[Key]:
    """Return the keys of nested tables, the outer before the inner."""
    found: list[Key] = []
    for name, value in values.items():
        found.append((name,))
        inner = value[0] if isinstance(value, list) and value else value
        if isinstance(inner, dict):
            found += [(name, *key) for key in _paths(inner)]
    return found


def _table(header: Key, is_list: bool, counts: dict[Key, int]) -> Key:
    """Return the key of a table, with its number where it is one of several."""
    key: Key = ()
    for position, part in enumerate(header):
        key = (*key, part)
        if is_list and position == len(header) - 1:
            counts[key] = counts.get(key, -1) + 1
        if key in counts:
            key = (*key, counts[key])
    return key


# The environment


def _natural(variable: str) -> list[str]:
    return [part.zfill(9) if part.isdigit() else part for part in variable.split("__")]


def _is_ours(variable: str, names: Sequence[str]) -> bool:
    first, *rest = variable.removeprefix(ENV_PREFIX).lower().split("__")
    return first in names or bool(rest) or bool(get_close_matches(first, names, cutoff=0.85))


def _value(variable: str, text: str) -> Any:
    """Return lists and tables from their JSON, and any other value as it is."""
    if text.lstrip()[:1] not in {"[", "{"}:
        return text
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"{_variable(variable)}: this is not JSON: {error}.",
            hint='Write lists like ["md", "json"] and tables like {"kind": "rapidocr"}.',
        ) from error


def _place(values: dict[str, Any], parts: Sequence[str], value: Any, variable: str) -> Key:
    """Put a value at its place among the others; return its key."""
    key: Key = ()
    here: Any = values
    for part, following in zip_longest(parts, parts[1:]):
        step = _index(here, part, variable) if isinstance(here, list) else part
        key = (*key, step)
        inner = value if following is None else _table_at(here, step, following)
        if isinstance(here, list) and step == len(here):
            here.append(inner)
        else:
            here[step] = inner
        here = inner
    return key


def _table_at(here: Any, step: str | int, following: str) -> Any:
    """Return the table or list that is there, or a new one as the next step needs it."""
    try:
        inner = here[step]
    except LookupError:
        inner = None
    if isinstance(inner, dict | list):
        return inner
    return [] if following == "0" else {}


def _index(entries: list[Any], part: str, variable: str) -> int:
    if part.isascii() and part.isdigit() and int(part) <= len(entries):
        return int(part)
    name = variable.lower().removeprefix(ENV_PREFIX.lower()).split("__")[0]
    raise ConfigError(
        f"{_variable(variable)}: {part!r} is no number from 0 to {len(entries)}.",
        hint=f"Entries of {name} are numbered from 0, for example"
        f" {ENV_PREFIX}{name.upper()}__0__PATH for the first.",
    )
