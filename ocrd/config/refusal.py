"""Why a configuration is refused: where, which key, what is wrong, and the way out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel

from ocrd.config.alien import alien, shown
from ocrd.config.file import Key
from ocrd.config.syntax import FOLDERS
from ocrd.errors import ConfigError, Fault

_REFERENCE = "docs/configuration.md explains every key."
_SECRET = "passwords"  # noqa: S105 - the key whose values are never shown
_TYPES = {
    "tuple_type": ("must be a list", 'Write it in brackets, for example ["…", "…"].'),
    "model_type": ("must be a table", "Write it as {header} with its keys below."),
    "model_attributes_type": ("must be a table", "Write it as {header} with its keys below."),
    "dict_type": ("must be a table", "Write it as {header} with its keys below."),
    "string_type": ("must be a text", 'Write it in quotes, for example {name} = "…".'),
    "bool_type": ("must be true or false", "Write {name} = true or {name} = false."),
    "bool_parsing": ("must be true or false", "Write {name} = true or {name} = false."),
    "int_type": ("must be a whole number", "Write it without quotes."),
    "int_parsing": ("must be a whole number", "Write digits only."),
    "int_from_float": ("must be a whole number", "Write it without a decimal point."),
}


class Origin(Protocol):
    """Where values come from."""

    def where(self, key: Key) -> tuple[str, int | None]:
        """Return what a key stands in, for a person, and the line where there is one."""
        ...


def several(faults: Sequence[Fault]) -> ConfigError:
    """Return the refusal for faults of one file, told in its order; the environment's come last."""
    ordered = sorted(faults, key=lambda fault: (fault.line is None, fault.line or 0))
    return ConfigError.of(ordered, f"{len(faults)} places need a correction. {_REFERENCE}")


def refusal(path: Path, problems: Sequence[str], remedy: str = "") -> ConfigError:
    """Return the error for the problems that check_folders found, each with its own remedy.

    ``remedy`` is what else may help.
    """
    check = "'ocrd check' shows what is ready and what is not."
    faults = [Fault(f"{path}: {problem}", remedy or check) for problem in problems]
    return ConfigError.of(faults, remedy or check)


def about_inbox(fault: Fault) -> bool:
    """Say whether a fault tells already how a watched folder is written."""
    return "[[inbox]]" in fault.hint


def explain(
    fault: Mapping[str, Any], source: Origin, model: type[BaseModel]
) -> Iterator[Fault]:
    """Yield what pydantic found wrong, with its place, and the remedy."""
    context = fault.get("ctx", {})
    key: Key = tuple(part for part in fault["loc"] if part != "[key]")
    if fault["type"] == "refused":
        for one in context.get("all", (context,)):
            yield _at(key + _parsed(one["key"]), one["message"], one["remedy"], source)
        return
    if fault["type"] == "extra_forbidden":
        message, remedy = alien(key, fault["input"], model)
    elif misbracketed := _brackets(key, fault):
        message, remedy = misbracketed
    elif fault["type"] == "missing":
        message, remedy = "this key is needed", f"Add {key[-1]} = … to the table."
    elif fault["type"] == "literal_error":
        message, remedy = _choices(fault["input"], context["expected"])
    elif fault["type"] == "string_pattern_mismatch":
        message = f"{fault['input']!r} is not a possible name"
        remedy = "Names have lower-case letters, digits, - and _, and begin with a letter."
    else:
        message, remedy = _plain(fault, key)
    yield _at(key, message, remedy, source)


def _at(key: Key, message: str, remedy: str, source: Origin) -> Fault:
    where, line = source.where(key)
    return Fault(f"{where}: {shown(key)}: {message}.", remedy, shown(key), line)


def _brackets(key: Key, fault: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return what is wrong with a table that has too many brackets, or too few."""
    value = fault["input"]
    if key == ("inbox",) and isinstance(value, dict):
        return "its table has one pair of brackets, and needs two", f"Write [[inbox]]. {FOLDERS}"
    if key == ("inbox",) and not isinstance(value, list):
        return "this is no table", f'Write [[inbox]], and path = "…" below it. {FOLDERS}'
    if key and isinstance(value, list) and any(isinstance(one, dict) for one in value):
        name = shown(key)
        return "there is one table of this name", f"Write [{name}], with one pair of brackets."
    if len(key) == 2 and key[0] == "engines" and str(fault["type"]).startswith("model"):
        return (
            "an engine's keys stand below its own name",
            f"Write [engine] for the default engine, or [engines.NAME]; {key[1]} goes below it.",
        )
    return None


def _choices(value: Any, expected: str) -> tuple[str, str]:
    names = re.findall(r"'([^']*)'", expected)
    near = get_close_matches(str(value), names, n=1)
    remedy = "Possible: " + ", ".join(f'"{name}"' for name in names) + "."
    if near:
        remedy = f'Did you mean "{near[0]}"? {remedy}'
    return f"{_written(value)} is not possible", remedy


def _plain(fault: Mapping[str, Any], key: Key) -> tuple[str, str]:
    message, remedy = _TYPES.get(fault["type"], ("", _REFERENCE))
    if not message:
        message = str(fault["msg"]).replace("Input should be", "must be")
        message = message[:1].lower() + message[1:]
    if _SECRET not in key and not isinstance(fault["input"], dict | list):
        message = f"{_written(fault['input'])} {message}"
    name = next((part for part in reversed(key) if isinstance(part, str)), "")
    header = f"[{shown(key)}]" if key and isinstance(key[-1], str) else f"[[{shown(key[:-1])}]]"
    return message, remedy.replace("{header}", header).replace("{name}", name)


def _written(value: Any) -> str:
    """Return a value about as it stands in the file, and not too long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _parsed(key: str) -> Key:
    parts = re.findall(r"[^.\[\]]+", key)
    return tuple(int(part) if part.isdigit() else part for part in parts)
