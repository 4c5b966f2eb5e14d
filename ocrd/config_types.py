"""Durations, sizes and the other small types of the configuration."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

_DURATION_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SIZE_UNITS = {
    "b": 1, "": 1,
    "kb": 1000, "mb": 1000**2, "gb": 1000**3, "tb": 1000**4,
    "kib": 1024, "mib": 1024**2, "gib": 1024**3, "tib": 1024**4,
}  # fmt: skip
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)", re.IGNORECASE)


def parse_duration(value: Any) -> Any:
    """Return seconds for ``"15m"``, ``"1h30m"``, ``"500ms"`` or a number; raise ValueError."""
    if not isinstance(value, str):
        return value
    text = value.strip().lower()
    parts = list(_DURATION_PART.finditer(text))
    if parts and "".join(part.group(0) for part in parts) == text:
        return sum(float(part[1]) * _DURATION_UNITS[part[2]] for part in parts)
    try:
        return float(text)
    except ValueError:
        raise ValueError('not a duration; write "500ms", "30s", "15m", "1h30m" or "2d"') from None


def parse_size(value: Any) -> Any:
    """Return bytes for ``"2GiB"``, ``"500MB"`` or a number; raise ValueError."""
    if not isinstance(value, str):
        return value
    match = _SIZE.fullmatch(value.strip())
    if match and match[2].lower() in _SIZE_UNITS:
        return int(float(match[1]) * _SIZE_UNITS[match[2].lower()])
    raise ValueError('not a size; write "500MB", "2GiB" or a number of bytes')


Duration = Annotated[float, BeforeValidator(parse_duration), Field(ge=0)]
Size = Annotated[int, BeforeValidator(parse_size), Field(ge=0)]
Count = Annotated[int, Field(ge=1, le=1024)]
