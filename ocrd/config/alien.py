"""A key where it is not known: misspelt, in the wrong table, or a table by another name (pure)."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel

from ocrd.config.file import Key
from ocrd.config.syntax import FOLDERS

_REFERENCE = "docs/configuration.md explains every key."
_TOP = "the top of the file"
# What people call the table of a watched folder.
_FOLDERS = frozenset(
    "inboxes folder folders watch watched input inputs in dir dirs directory directories path paths"
    " scan scans source sources hotfolder hotfolders".split()
)


def alien(key: Key, value: Any, model: type[BaseModel]) -> tuple[str, str]:
    """Return what is wrong with a key that its table does not have, and the way out."""
    name = str(key[-1])
    plain = name.lower().replace("-", "_")
    is_table = isinstance(value, dict) or _is_tables(value)
    if len(key) == 1 and is_table:
        return "unknown table", _table_meant(plain, model)
    here = _table_of(key[:-1], model)
    near = get_close_matches(plain, here, n=1) if here else []
    homes = [header for header, known in _tables(model) if name in known]
    if homes:
        move = _move_to(homes, key)
        also = f" Or did you mean {near[0]}?" if near else ""
        return f"this key belongs to {' or '.join(homes)}", f"{move}{also}"
    if near:
        return "unknown key", f"Did you mean {near[0]}?"
    return "unknown key", f"Possible here: {', '.join(here)}." if here else _REFERENCE


def shown(key: Key) -> str:
    """Return a key as people write it: ``inbox[1].done``."""
    text = ""
    for part in key:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "the whole"


def _move_to(homes: list[str], key: Key) -> str:
    if homes == [_TOP]:
        first = "[[inbox]]" if key[0] == "inbox" else f"[{key[0]}]"
        return f"Move it above the first table: what stands below {first} belongs to that."
    return f"Move it below {' or '.join(home for home in homes if home != _TOP)}."


def _table_meant(name: str, model: type[BaseModel]) -> str:
    known = [header for header, _ in _tables(model) if header != _TOP]
    if name in _FOLDERS:
        return f"Write [[inbox]]. {FOLDERS}"
    names = {header.strip("[]").split(".")[0]: header for header in known}
    if near := get_close_matches(name, names, n=1):
        return f"Did you mean {names[near[0]]}?"
    return f"Possible: {', '.join(known)}."


def _tables(model: type[BaseModel]) -> Iterator[tuple[str, list[str]]]:
    """Yield the tables of the file, each with its keys."""
    inner = {name: _model_of(field.annotation) for name, field in model.model_fields.items()}
    yield _TOP, [name for name, table in inner.items() if table is None]
    for name, table in inner.items():
        if table is not None:
            many = "dict" in str(model.model_fields[name].annotation)
            header = f"[{name}.NAME]" if many else f"[{name}]"
            yield f"[{header}]" if name == "inbox" else header, list(table.model_fields)


def _table_of(key: Key, model: type[BaseModel]) -> list[str]:
    """Return the keys that the table of this key may have, none where nobody knows."""
    table: Any = model
    for part in key:
        if isinstance(part, str) and _is_model(table):
            field = table.model_fields.get(part)
            table = (_model_of(field.annotation) or field.annotation) if field else None
    return list(table.model_fields) if _is_model(table) else []


def _model_of(annotation: Any) -> type[BaseModel] | None:
    """Return the table that a field is, or is several of."""
    if _is_model(annotation):
        found: type[BaseModel] = annotation
        return found
    return next((one for one in get_args(annotation) if _is_model(one)), None)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)
