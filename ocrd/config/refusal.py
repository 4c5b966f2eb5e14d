"""Why a configuration is refused: where, which key, what is wrong, and the way out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from ocrd.config.file import ConfigFile, Key
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


def refused(error: ValidationError, source: ConfigFile, model: type[BaseModel]) -> ConfigError:
    """Return all that pydantic found, as a person can mend it."""
    found = [_explain(fault, source, model) for fault in error.errors(include_url=False)]
    return several(found)


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


def _explain(
    fault: Mapping[str, Any], source: ConfigFile, model: type[BaseModel]
) -> Fault:
    """Return what is wrong, with its place, and the remedy."""
    context = fault.get("ctx", {})
    key: Key = tuple(part for part in fault["loc"] if part != "[key]")
    if fault["type"] == "refused":
        key += _parsed(context["key"])
        message, remedy = context["message"], context["remedy"]
    elif fault["type"] == "extra_forbidden":
        message, remedy = "unknown key", _nearest(key, model)
    elif fault["type"] == "missing":
        message, remedy = "this key is needed", f"Add {key[-1]} = … to the table."
    elif fault["type"] == "literal_error":
        message, remedy = _choices(fault["input"], context["expected"])
    elif fault["type"] == "string_pattern_mismatch":
        message = f"{fault['input']!r} is not a possible name"
        remedy = "Names have lower-case letters, digits, - and _, and begin with a letter."
    else:
        message, remedy = _plain(fault, key)
    where, line = source.where(key)
    return Fault(f"{where}: {shown(key)}: {message}.", remedy, shown(key), line)


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
    if _SECRET not in key:
        message = f"{_written(fault['input'])} {message}"
    name = next((part for part in reversed(key) if isinstance(part, str)), "")
    header = f"[{shown(key)}]" if key and isinstance(key[-1], str) else f"[[{shown(key[:-1])}]]"
    return message, remedy.replace("{header}", header).replace("{name}", name)


def _written(value: Any) -> str:
    """Return a value about as it stands in the file, and not too long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}…"


def shown(key: Key) -> str:
    """Return a key as people write it: ``inbox[1].done``."""
    text = ""
    for part in key:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "the whole"


def _parsed(key: str) -> Key:
    parts = re.findall(r"[^.\[\]]+", key)
    return tuple(int(part) if part.isdigit() else part for part in parts)


def _nearest(key: Key, model: type[BaseModel]) -> str:
    """Return the key that was probably meant, or all that are possible there."""
    table: Any = model
    for part in key[:-1]:
        if isinstance(part, str) and isinstance(table, type) and issubclass(table, BaseModel):
            field = table.model_fields.get(part)
            annotation: Any = field.annotation if field else None
            inner = [
                one for one in get_args(annotation)
                if isinstance(one, type) and issubclass(one, BaseModel)
            ]
            table = inner[0] if inner else annotation
    if not (isinstance(table, type) and issubclass(table, BaseModel)):
        return _REFERENCE
    known = list(table.model_fields)
    if near := get_close_matches(str(key[-1]), known, n=1):
        return f"Did you mean {near[0]}?"
    return f"Possible here: {', '.join(known)}."
