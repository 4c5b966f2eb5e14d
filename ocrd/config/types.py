"""Tables, durations, sizes and the other small types of the configuration."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from ocrd.config.unknown import Forgetful, are_judged

_DURATION_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_SIZE_UNITS = {
    "tib": 1024**4, "gib": 1024**3, "mib": 1024**2, "kib": 1024,
    "tb": 1000**4, "gb": 1000**3, "mb": 1000**2, "kb": 1000,
    "b": 1, "": 1,
}  # fmt: skip
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*", re.ASCII)
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)", re.ASCII | re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:")
_SHARE = re.compile(r"\\\\|(?:smb|cifs|nfs|ftp|ftps|sftp|ssh|afp|https?|dav|davs)://")
_VARIABLE = re.compile(r"\$\w+|\$\{\w+\}|%\w+%")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Table(Forgetful, BaseModel):
    """A table of the file: frozen, and no key beyond its own."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


def refuse(message: str, remedy: str, key: str = "") -> PydanticCustomError:
    """Return an error for a validator to raise; ``key`` is relative to the validated table."""
    context = {"message": message, "remedy": remedy, "key": key}
    return PydanticCustomError("refused", "{message}", context)


def refuse_all(found: Iterable[PydanticCustomError]) -> None:
    """Raise one error for all that are found; nothing for none, nor where nothing is judged."""
    if not are_judged():
        return
    contexts = [error.context or {} for error in found]
    if contexts:
        raise PydanticCustomError("refused", "{message}", {**contexts[0], "all": contexts})


def parse_duration(value: Any) -> Any:
    """Return seconds for ``"15m"``, ``"1h30m"``, ``"500ms"`` or a number of seconds."""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    text = str(value).strip().lower() if isinstance(value, str) else ""
    parts = list(_DURATION_PART.finditer(text))
    if parts and "".join(part.group(0) for part in parts) == text:
        return sum(float(part[1]) * _DURATION_UNITS[part[2]] for part in parts)
    if re.fullmatch(r"\d+(\.\d+)?", text, re.ASCII):
        return float(text)
    raise refuse(f"{value!r} is not a duration", 'Write "500ms", "30s", "15m", "1h30m" or "2d".')


def parse_size(value: Any) -> Any:
    """Return bytes for ``"2GiB"``, ``"500MB"`` or a whole number of bytes."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match and match[2].lower() in _SIZE_UNITS:
        return int(float(match[1]) * _SIZE_UNITS[match[2].lower()])
    raise refuse(f"{value!r} is not a size", 'Write "500MB", "2GiB" or a number of bytes.')


def format_duration(seconds: float) -> str:
    """Return the shortest text that :func:`parse_duration` reads as ``seconds``."""
    for unit, length in _DURATION_UNITS.items():
        count = seconds / length
        if count >= 1 and math.isclose(count, round(count)):
            return f"{round(count)}{unit}"
    return f"{seconds:g}s"


def format_size(size: int) -> str:
    """Return the shortest text that :func:`parse_size` reads as ``size``."""
    names = {"tib": "TiB", "gib": "GiB", "mib": "MiB", "kib": "KiB", "gb": "GB", "mb": "MB"}
    for unit, name in names.items():
        if size and size % _SIZE_UNITS[unit] == 0:
            return f"{size // _SIZE_UNITS[unit]}{name}"
    return f"{size}B"


def parse_count(value: Any) -> Any:
    """Return a number from 1 to 1024, or "auto"."""
    if value == "auto":
        return value
    text = str(value).strip() if isinstance(value, int | str) else ""
    if not isinstance(value, bool) and text.isascii() and text.isdigit() and 1 <= int(text) <= 1024:
        return int(text)
    raise refuse(f"{value!r} is not possible", 'Write a number from 1 to 1024, or "auto".')


def parse_switch(value: Any) -> Any:
    """Return True, False or "auto"."""
    known = {"true": True, "false": False, "auto": "auto"}
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in known:
        return known[value.lower()]
    raise refuse(f"{value!r} is not possible", 'Write true, false or "auto".')


def none_for_auto(value: Any) -> Any:
    """Return None for "auto", which stands for a default that depends on something."""
    return None if value == "auto" else value


def parse_folder(value: Any) -> Any:
    """Return the path of a folder, its ~ filled in; refuse what can name none."""
    text = os.fspath(value) if isinstance(value, str | Path) else ""
    if isinstance(value, str) and (odd := oddity(value)):
        raise odd
    if isinstance(value, str | Path) and (not text.strip() or _CONTROL.search(text)):
        raise refuse(f"{text!r} names no folder", 'Write for example "/srv/scans".')
    if not isinstance(value, str | Path):
        raise refuse(f"{value!r} is not a path", 'Write it in quotes, for example "/srv/scans".')
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise refuse(f"{text!r}: there is no such home folder", "Write the whole path.") from None


def oddity(text: str) -> PydanticCustomError | None:
    """Return why a text is no path here, though it might be taken for a folder of an odd name."""
    if _DRIVE.match(text):
        return refuse(
            f"{_shown(text)} is a path of Windows",
            'Write a path of this machine, with / between its parts, for example "/srv/scans".',
        )
    if _SHARE.match(text):
        return refuse(
            f"{_shown(text)} is the address of a share",
            "Mount the share first, and write the folder that it is mounted on.",
        )
    if text.startswith("file:"):
        return refuse(f"{_shown(text)} is an address", "Write the path alone, without file://.")
    if odd := next((part for part in text.split("/") if _VARIABLE.fullmatch(part)), ""):
        return refuse(
            f"{odd} is not filled in here",
            "Write the whole path; ~ stands for the home directory.",
        )
    if text.strip() and text != text.strip():
        return refuse(f"{text!a} begins or ends with a space", "Remove it.")
    return None


def _shown(text: str) -> str:
    return ascii(text) if _CONTROL.search(text) else f'"{text}"'


def absolute(path: Path) -> Path:
    """Return the path without ``..``; refuse a relative one."""
    if not path.is_absolute():
        raise refuse(f"{str(path)!r} is relative", "Write the whole path.")
    return Path("/", os.path.normpath(path).lstrip("/"))  # two slashes are another root to Path


# As they may be written, for editors; what they mean is validated by the functions above.
_DURATION_FORM = {
    "anyOf": [
        {"type": "string", "pattern": r"^\s*(\d+(\.\d+)?\s*(ms|s|m|h|d)\s*)+$|^\s*\d+(\.\d+)?\s*$"},
        {"type": "number", "minimum": 0},
    ]
}
_SIZE_FORM = {
    "anyOf": [
        {"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*([KMGTkmgt][Ii]?)?[Bb]?\s*$"},
        {"type": "integer", "minimum": 0},
    ]
}
_COUNT_FORM = {
    "anyOf": [
        {"type": "integer", "minimum": 1, "maximum": 1024},
        {"type": "string", "pattern": r"^(auto|\s*\d{1,4}\s*)$"},
    ]
}
_SWITCH_FORM = {"enum": [True, False, "auto", "true", "false"]}

Duration = Annotated[
    float, BeforeValidator(parse_duration), Field(ge=0), WithJsonSchema(_DURATION_FORM)
]
Size = Annotated[int, BeforeValidator(parse_size), Field(ge=0), WithJsonSchema(_SIZE_FORM)]
Count = Annotated[int | Literal["auto"], BeforeValidator(parse_count), WithJsonSchema(_COUNT_FORM)]
Switch = Annotated[
    bool | Literal["auto"], BeforeValidator(parse_switch), WithJsonSchema(_SWITCH_FORM)
]
Folder = Annotated[
    Path, BeforeValidator(parse_folder), WithJsonSchema({"type": "string", "minLength": 1})
]
AbsoluteFolder = Annotated[Folder, AfterValidator(absolute)]
