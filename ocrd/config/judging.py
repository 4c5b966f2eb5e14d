"""All that is wrong with a configuration, at once: values, then what contradicts each other.

A value that is refused is taken out, and the rest is judged without it (ocrd/config/unknown.py).
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from ocrd.config.file import ConfigFile, Key
from ocrd.config.refusal import explain
from ocrd.config.unknown import forget, unjudged
from ocrd.errors import Fault

_ROUNDS = 8  # of taking out; what pydantic finds, it finds in one or two
_EVERY = "*"  # all keys of a table
_FOLDER = "/nonexistent/"  # stands for a path that is not known, and is never looked at


def judged(error: ValidationError, source: ConfigFile, model: type[BaseModel]) -> list[Fault]:
    """Return what is wrong with a file that was refused with an error, in no order."""
    found = list(_judged(source, model))
    return found or [
        fault for told in error.errors(include_url=False) for fault in explain(told, source, model)
    ]


def _judged(source: ConfigFile, model: type[BaseModel]) -> Iterator[Fault]:
    values = copy.deepcopy(source.values)
    unknown: set[tuple[Key, str]] = set()  # the key of a table, and a key in it
    settings = None
    for number in range(_ROUNDS):
        try:
            with unjudged():
                settings = model(**values)
            break
        except ValidationError as error:
            for told in _first_hand(error.errors(include_url=False)):
                if number == 0:
                    yield from explain(told, source, model)
                unknown |= _take_out(values, told)
    if settings is not None:
        yield from _contradictions(settings, unknown, source)


def _first_hand(errors: list[Any]) -> Iterator[Any]:
    """Yield errors, but not that a list is too short whose entries are refused."""
    entries = {one["loc"][:-1] for one in errors}
    yield from (one for one in errors if one["type"] != "too_short" or one["loc"] not in entries)


def _contradictions(
    settings: BaseModel, unknown: set[tuple[Key, str]], source: ConfigFile
) -> Iterator[Fault]:
    """Yield what contradicts each other of what is known."""
    tables = dict(_tables(settings))
    _forget(tables, unknown)
    for key, table in tables.items():
        if not hasattr(table, "contradictions"):
            continue
        found = list(table.contradictions())
        if found:  # whose way out may be another kind, which others are judged by
            forget(table, "kind")
        for one in found:
            told = {"type": one.type, "loc": key, "ctx": one.context}
            yield from explain(told, source, type(settings))


def _tables(settings: BaseModel) -> Iterator[tuple[Key, BaseModel]]:
    """Yield each table of the file with its key, the whole last."""
    for name, value in settings:
        if isinstance(value, BaseModel):
            yield (name,), value
        elif isinstance(value, dict):
            yield from (((name, inner), one) for inner, one in value.items())
        elif name == "inbox":
            yield from (((name, number), one) for number, one in enumerate(value))
    yield (), settings


def _forget(tables: dict[Key, BaseModel], unknown: set[tuple[Key, str]]) -> None:
    for place, name in unknown:
        table = tables.get(place)
        if table is None:  # [engines] is the table of tables: who knows what else is in there
            forget(tables[()], str(place[0]))
            continue
        known = type(table).model_fields
        for key in known if name == _EVERY else (name,):
            forget(table, key)
        if name in known or name == _EVERY:
            continue
        if place == ("engine",):  # perhaps a table [engine.NAME], for [engines.NAME]
            forget(tables[()], "engines")
        # Misspelt, or in the wrong table: what it was meant for is not known, nor is its default.
        for key in get_close_matches(name.lower().replace("-", "_"), known, n=3):
            _forget_default(table, key)
        for other in tables.values():
            _forget_default(other, name)


def _forget_default(table: BaseModel, key: str) -> None:
    if key in type(table).model_fields and key not in table.model_fields_set:
        forget(table, key)


def _take_out(values: dict[str, Any], told: Any) -> set[tuple[Key, str]]:
    """Take a value out that is refused; return what is unknown for that."""
    key: Key = tuple(part for part in told["loc"] if part != "[key]")
    if key[:1] == ("inbox",) and len(key) > 1 and isinstance(values["inbox"], list):
        number = int(key[1])
        if len(key) == 2:
            values["inbox"][number] = {"path": f"{_FOLDER}{number}"}
            return {(key, _EVERY)}
        if key[2] == "path":
            values["inbox"][number]["path"] = f"{_FOLDER}{number}"
            return {(key[:2], "path")}
    for end in range(len(key) - 1, -1, -1):
        table = _at(values, key[:end])
        if isinstance(table, dict) and key[end] in table:
            del table[key[end]]
            return {(key[:end], str(key[end]))}
    return set()


def _at(values: Any, key: Key) -> Any:
    """Return what stands at a key, None if nothing does."""
    for part in key:
        try:
            values = values[part]
        except (LookupError, TypeError):
            return None
    return values
