"""The configuration file, for editors: keys, what may stand in them, what they mean.

What is written as docs/configuration.md has it is valid here. Not all that is valid is accepted by
``ocrd check``: what contradicts what is not told here.
"""

from __future__ import annotations

from typing import Any

from ocrd.config.settings import Settings
from ocrd.schemas.forms import Schema


def configuration() -> Schema:
    """Return the schema of the settings."""
    found: Schema = _plain(Settings.model_json_schema())
    found.pop("title", None)
    found.pop("description", None)
    return found


def _plain(form: Any) -> Any:
    """Return the form without the titles that are made from names, and defaults that are none."""
    if isinstance(form, list):
        return [_plain(one) for one in form]
    if not isinstance(form, dict):
        return form
    is_schema = "type" in form or "$ref" in form or "anyOf" in form or "properties" in form
    return {
        key: _plain(value) for key, value in form.items()
        if not (is_schema and key == "title" and isinstance(value, str))
        and not (is_schema and key == "default" and value in (None, {}, []))
    }  # fmt: skip
