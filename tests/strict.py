"""Holds JSON against the schemas that programs are told of, and admits nothing beside them."""

from __future__ import annotations

import copy
from typing import Any

import jsonschema

from ocrd.schemas.catalogue import catalogue

SCHEMAS = {entry.name: entry.schema for entry in catalogue()}


def fits(name: str, body: Any) -> None:
    """Fail where a form is not as its schema says, or has a field that the schema lacks."""
    validator = jsonschema.Draft202012Validator(_closed(SCHEMAS[name]))
    faults = [
        f"{'/'.join(map(str, fault.absolute_path))}: {fault.message[:300]}"
        for fault in validator.iter_errors(body)
    ]
    assert not faults, f"{name}: {faults}"


def _closed(form: Any) -> Any:
    """Return the schema with every object closed for fields that it does not name."""
    if isinstance(form, list):
        return [_closed(one) for one in form]
    if not isinstance(form, dict):
        return form
    closed = {key: _closed(value) for key, value in copy.copy(form).items()}
    if isinstance(closed.get("properties"), dict) and "type" in closed:
        closed.setdefault("additionalProperties", False)
    return closed
