"""The forms that schemas are put together from, each with a sentence on what it means."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_MAY_LACK = "x-may-lack"  # marks a field that need not be there; it is in no finished schema


def text(about: str, among: Iterable[str] = ()) -> Schema:
    """Return a text, one of those given where there are any."""
    values = [str(one) for one in among]
    return {"type": "string", "description": about, **({"enum": values} if values else {})}


def count(about: str) -> Schema:
    """Return a whole number from 0."""
    return {"type": "integer", "minimum": 0, "description": about}


def whole(about: str) -> Schema:
    """Return any whole number."""
    return {"type": "integer", "description": about}


def number(about: str) -> Schema:
    """Return any number."""
    return {"type": "number", "description": about}


def switch(about: str) -> Schema:
    """Return true or false."""
    return {"type": "boolean", "description": about}


def several(of: Schema, about: str = "") -> Schema:
    """Return a list."""
    return {"type": "array", "items": of, **({"description": about} if about else {})}


def table(fields: dict[str, Schema], about: str = "") -> Schema:
    """Return an object with these fields; all but those of :func:`maybe` are always there."""
    needed = [name for name, form in fields.items() if not form.get(_MAY_LACK)]
    shown = {
        name: {key: value for key, value in form.items() if key != _MAY_LACK}
        for name, form in fields.items()
    }
    about_it = {"description": about} if about else {}
    return {"type": "object", **about_it, "properties": shown, "required": needed}


def counted(about: str, names: Iterable[str] = ()) -> Schema:
    """Return an object of counts by name."""
    body: Schema = {"type": "object", "description": about}
    known = {str(name): count("") for name in names}
    body["additionalProperties"] = {"type": "integer", "minimum": 0}
    if known:
        body["propertyNames"] = {"enum": list(known)}
    return body


def maybe(form: Schema) -> Schema:
    """Return the form of a field that need not be there."""
    return {**form, _MAY_LACK: True}


def nullable(form: Schema) -> Schema:
    """Return the form with null as a value, too."""
    if "type" in form and isinstance(form["type"], str) and "enum" not in form:
        return {**form, "type": [form["type"], "null"]}
    return {"anyOf": [form, {"type": "null"}], "description": form.get("description", "")}


def document(name: str, title: str, form: Schema) -> Schema:
    """Return the form as a whole schema of its own."""
    return {"$schema": DIALECT, "$id": f"ocrd:{name}", "title": title, **form}
