"""Write docs/configuration.md and config.example.toml from the models in ocrd/config/.

Usage: python docs/generate.py [--check]; with --check nothing is written, and the exit code is 1
where a file is not what the models say.
"""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from ocrd.config.settings import (
    ApiSettings,
    EngineSettings,
    InboxSettings,
    LimitSettings,
    RasterSettings,
    Settings,
)
from ocrd.config.types import format_duration, format_size, parse_count, parse_duration, parse_size

ROOT = Path(__file__).parent.parent
WIDTH = 110  # columns

INTRODUCTION = """\
# Configuration

*Made from `ocrd/config/` by `docs/generate.py`; change it there.*

One TOML file says everything. It is the first of: `--config FILE`, `$OCRD_CONFIG`,
`~/.config/ocrd/config.toml`, `/etc/ocrd/config.toml`. `ocrd init` writes a short one,
[config.example.toml](../config.example.toml) has every key, and `ocrd check` says what is wrong.
Only `path` in `[[inbox]]` is needed.

- **Durations** are written `"500ms"`, `"30s"`, `"15m"`, `"1h30m"` or `"2d"`; a bare number is
  seconds.
- **Sizes** are written `"500MB"` (1000) or `"2GiB"` (1024); a bare number is bytes.
- **Paths** that are relative count from the folder of the configuration file, where nothing else
  is said. `~` is the home folder.
- **The environment** overrides the file: `OCRD_` and the key, with `__` between its parts, as in
  `OCRD_LOG_LEVEL=debug` or `OCRD_ENGINE__KIND=rapidocr`. Inboxes are numbered from 0:
  `OCRD_INBOX__0__PATH=/srv/scans`. Lists and tables are JSON:
  `OCRD_INBOX__0__OUTPUTS='["md", "json"]'`. An empty variable counts as unset.
- **A fault** is refused with the file, the line, the key and the remedy, at the start with exit
  code 78. `ocrd reload` reports it and the old configuration stays in force.
"""

FOLDER_RULES = """\
### Which folders may be where

Sources must not come back as new ones, so these are refused, also when links lead there: the same
inbox twice; an inbox in another that is recursive; `done` or `failed` in a watched folder (a
subfolder of the own inbox is fine), holding the own inbox, or both the same; `state_dir`,
`temp_dir` and `runtime_dir` in a watched folder; anything that is watched or filed in `temp_dir`
or `runtime_dir`. Nor is a folder an inbox that is the system's (`/`, `/etc`, `/usr` and what is in
them, `/var`, `/tmp` and their like), a home directory, or holds `state_dir`: all in it would be
taken for scans. An inbox that does not exist yet is no fault: it is offline, and its files are read
once it is there.
"""


@dataclass(frozen=True)
class Table:
    """One table of the file, as it is documented."""

    header: str  # as in the file; empty for the top level
    model: type[BaseModel]
    introduction: str
    optional: bool = False  # shown in the example as a comment


TABLES = (
    Table("", Settings, "What is set before the first table."),
    Table("[engine]", EngineSettings, "The default engine: what reads the pages."),
    Table(
        "[engines.second]", EngineSettings,
        "Further engines, any number, with the keys of [engine]. An inbox chooses one by its name,"
        " which is second here; default is the name of [engine].",
        optional=True,
    ),
    Table(
        "[rasterize]", RasterSettings,
        "The child processes that open the sources and draw their pages.",
    ),
    Table("[limits]", LimitSettings, "What is refused as too large, with that reason."),
    Table("[api]", ApiSettings, "What programs may ask for, and how they come in; see api.md."),
    Table(
        "[[inbox]]", InboxSettings,
        "A watched folder. Write the table once for each, with the keys below.",
    ),
)  # fmt: skip


def configuration() -> str:
    """Return docs/configuration.md."""
    parts = [INTRODUCTION]
    for table in TABLES:
        if table.optional:
            parts.append(f"## `[engines.NAME]`\n\n{table.introduction}\n")
            continue
        title = f"`{table.header}`" if table.header else "Top level"
        rows = [_entry(name, field) for name, field in keys(table.model)]
        parts.append(f"## {title}\n\n{table.introduction}\n\n" + "\n".join(rows) + "\n")
    return "\n".join([*parts, FOLDER_RULES])


def example() -> str:
    """Return config.example.toml: every key; what is commented out shows its default."""
    lines = [
        "# ocrd: every key there is. A key that is commented out shows its default, or an example",
        "# where it says so. docs/configuration.md explains durations, sizes, paths, environment",
        "# overrides and which folders may be where; 'ocrd init' writes a short file to start",
        "# with, and 'ocrd check' says what is wrong with one.",
    ]
    for table in TABLES:
        if table.header:
            lines += ["", *_comment(table.introduction), f"{'#' * table.optional}{table.header}"]
        for name, field in keys(table.model):
            if table.optional:
                break
            lines += _example_key(name, field)
    return "\n".join(lines) + "\n"


def _example_key(name: str, field: FieldInfo) -> Iterator[str]:
    yield ""
    note = " An example:" if field.examples and _is_unwritable(field) else ""
    yield from _comment((field.description or "") + note)
    lead = "" if field.is_required() else "#"
    yield f"{lead}{name} = {written(field)}"


def keys(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    """Yield the keys of a table that are no tables themselves."""
    tables = {table.header.strip("[]").split(".")[0] for table in TABLES}
    for name, field in model.model_fields.items():
        if model is not Settings or name not in tables:
            yield name, field


def written(field: FieldInfo) -> str:
    """Return the default, or the example that stands in for it, as TOML."""
    default = field.get_default(call_default_factory=True)
    if default is None or default is PydanticUndefined:
        default = (field.examples or [""])[0]
    validators = {getattr(part, "func", None) for part in _metadata(field)}
    if parse_duration in validators and not isinstance(default, str):
        default = format_duration(default)
    if parse_size in validators:
        default = format_size(default)
    if default == {}:
        return "{}"
    if isinstance(default, int) and not isinstance(default, bool):
        return f"{default:_}"
    return json.dumps(default, ensure_ascii=False, default=str)


def _is_unwritable(field: FieldInfo) -> bool:
    """Say whether the shown value is an example and does not mean the default."""
    examples = field.examples or [None]
    return field.default is None and examples[0] not in {"auto", "default"}


def _entry(name: str, field: FieldInfo) -> str:
    """Return a key as an entry of a list, which a terminal shows as well as a browser."""
    default = f"by default `{written(field)}`"
    if field.is_required():
        default = "needed"
    elif _is_unwritable(field):
        default = "unset by default"
    meaning = (field.description or "").replace("<", "&lt;")
    text = f"**`{name}`** ({_type(field)}; {default}): {meaning}"
    return textwrap.fill(
        text, WIDTH, initial_indent="- ", subsequent_indent="  ", break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


def _type(field: FieldInfo) -> str:
    annotation = field.annotation
    if parts := _choices(annotation):
        kind = " or ".join(f'`"{part}"`' for part in parts)
        return f"list of {kind}" if get_origin(annotation) is tuple else kind
    validators = {getattr(part, "func", None) for part in _metadata(field)}
    for validator, name in (
        (parse_duration, "duration"), (parse_size, "size"), (parse_count, 'number or `"auto"`'),
    ):  # fmt: skip
        if validator in validators:
            return name
    text = str(annotation)
    names = {
        "tuple": "list of texts", "dict": "table", "Path": "path", "bool": "true or false",
        "int": "number", "float": "number", "str": "text",
    }  # fmt: skip
    return next(name for part, name in names.items() if part in text)


def _choices(annotation: Any) -> list[str]:
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    if get_origin(annotation) is tuple:
        return _choices(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [choice for part in get_args(annotation) for choice in _choices(part)]
    return []


def _metadata(field: FieldInfo) -> list[Any]:
    """Return the markers of the field's type, those inside of a union included."""
    found = list(field.metadata)
    for part in get_args(field.annotation):
        found += getattr(part, "__metadata__", ())
    return found


def _comment(text: str) -> list[str]:
    return textwrap.wrap(text, 98, initial_indent="# ", subsequent_indent="# ")


def main(arguments: list[str]) -> int:
    """Write the files, or say which are out of date; return the exit code."""
    wanted = {
        ROOT / "docs" / "configuration.md": configuration(),
        ROOT / "config.example.toml": example(),
    }
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    if "--check" not in arguments:
        for path in stale:
            path.write_text(wanted[path])
        return 0
    for path in stale:
        sys.stderr.write(f"{path} is not what ocrd/config/ says: run docs/generate.py\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
