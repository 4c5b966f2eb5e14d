"""A document's facts as a YAML block at the head of its sidecar."""

from __future__ import annotations

from ocrd.sidecar.document import DocumentResult


def yaml_header(document: DocumentResult) -> str:
    """Return the document's facts as a YAML block, every text in quotes."""
    facts: dict[str, str | int | float | list[int] | None] = {
        "source": document.source_name,
        "sha256": document.sha256,
        "pages": document.pages,
        "engine": document.engine,
        "model": document.model,
        "mode": document.mode,
        "seconds": round(document.seconds, 1),
        "state": document.state,
        "confidence": document.confidence,
        "least": document.least,
        "doubtful": list(document.doubtful),
        "failed": list(document.failed),
    }
    rows = [
        f"{name}: {_yaml(value) if isinstance(value, str) else 'null' if value is None else value}"
        for name, value in facts.items()
    ]
    if document.warnings:
        rows += ["warnings:", *(f"  - {_yaml(warning)}" for warning in document.warnings)]
    else:
        rows.append("warnings: []")
    return "\n".join(["---", *rows, "---"])


def _yaml(text: str) -> str:
    """Return the text as a YAML double-quoted scalar (YAML 1.2, section 7.3.1)."""
    return '"' + "".join(map(_yaml_character, text)) + '"'


def _yaml_character(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    code = ord(character)
    if 0xD800 <= code < 0xE000:
        return "\N{REPLACEMENT CHARACTER}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else (
        f"\\U{code:08x}"
    )
