"""How the OpenAPI document describes what direct routes take: they read it as it comes."""

from __future__ import annotations

from typing import Any

from ocrd.tasks import EVERY_MODE, SIZES

TEXT = {"type": "string"}
FIELDS: dict[str, Any] = {
    "prompt": {**TEXT, "description": "In the words of the models' cards."},
    "mode": {
        **TEXT, "enum": [*SIZES, *EVERY_MODE],
        "description": "A size of DeepSeek-OCR's images, or the task.",
    },
    "size": {**TEXT, "enum": [*SIZES]},
    "target": {**TEXT, "description": "What the task locate looks for."},
    "temperature": {"type": "number"},
    "max_tokens": {"type": "integer"},
    "engine": {**TEXT, "description": "By its name in the configuration."},
    "pages": {**TEXT, "description": 'As in "1-3,7"; all of them by default.'},
}  # fmt: skip
FILE = {"type": "string", "format": "binary"}
PACKED = {**TEXT, "description": "The document in Base64, or a data URL of it."}


def _object(required: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    return {"schema": {"type": "object", "required": [*required], "properties": properties}}


def _body(*, form: Any = None, packed: Any) -> dict[str, Any]:
    content = {"application/json": packed}
    if form is not None:
        content = {"multipart/form-data": form, **content}
    return {"requestBody": {"required": True, "content": content}}


_IN_QUERY = [
    {"name": name, "in": "query", "required": False, "schema": schema}
    for name, schema in FIELDS.items()
]
FORM = _object(("file",), file=FILE, **FIELDS)
JSON = _object(("image_base64",), image_base64=PACKED, **FIELDS)
BATCH = _object(
    ("requests",),
    requests={"type": "array", "maxItems": 100, "items": JSON["schema"]},
)  # fmt: skip
BOXED = _object(
    ("image",),
    image={**TEXT, "description": "The document in Base64, a data URL, or with image_type a URL."},
    image_type={**TEXT, "enum": ["base64", "url"]},
    return_image={"type": "boolean"},
    **FIELDS,
)

WAITING = {
    "name": "wait", "in": "query", "required": False, "schema": {"type": "boolean"},
    "description": "Answer with the text, where the document would else be a job.",
}  # fmt: skip
OF_A_DOCUMENT = {**_body(form=FORM, packed=JSON), "parameters": _IN_QUERY}
OF_OCR = {**_body(form=FORM, packed=JSON), "parameters": [*_IN_QUERY, WAITING]}
OF_BATCH = _body(packed=BATCH)
OF_A_FILE = {
    "requestBody": {
        "required": True,
        "content": {"multipart/form-data": _object(("file",), file=FILE, purpose=TEXT)},
    }
}
