"""Write docs/programs.md and docs/schemas from ocrd/schemas; with --check, say if they are so."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ocrd.schemas.catalogue import Entry, catalogue

PAGE = Path(__file__).with_name("programs.md")
FRAME = Path(__file__).with_name("programs.in")
WIDTH = 100  # columns
SCHEMAS = Path(__file__).with_name("schemas")
NAMES = {"string": "text", "integer": "number", "boolean": "true, false", "array": "list"}


def main() -> int:
    """Write or check the files; return the exit code."""
    wanted = dict(files())
    if "--check" not in sys.argv[1:]:
        SCHEMAS.mkdir(exist_ok=True)
        for path, text in wanted.items():
            path.write_text(text, encoding="utf-8")
        return 0
    stale = [path.name for path, text in wanted.items() if not _is(path, text)]
    stale += [path.name for path in SCHEMAS.glob("*.json") if path not in wanted]
    if stale:
        sys.stderr.write(f"{', '.join(stale)}: run python docs/generate_programs.py\n")
    return 1 if stale else 0


def files() -> Iterator[tuple[Path, str]]:
    """Yield each file with its text."""
    entries = catalogue()
    for entry in entries:
        body = json.dumps(entry.schema, indent=2, ensure_ascii=False)
        yield SCHEMAS / f"{entry.name}.schema.json", body + "\n"
    by_name = {entry.name: entry for entry in entries}
    parts = FRAME.read_text(encoding="utf-8").split("@@")
    for number in range(1, len(parts), 2):
        parts[number] = "\n".join(section(by_name[parts[number]]))
    yield PAGE, "".join(parts)


def section(entry: Entry) -> Iterator[str]:
    """Yield the fields of one form, then those of the tables inside."""
    yield f"Schema: [{entry.name}](schemas/{entry.name}.schema.json)."
    for path, form in _tables(entry.form, ""):
        inside = f" `{path}`:" if path else ""
        yield ""
        if path:
            yield f"Each of{inside}" if path.endswith("[]") else f"In{inside}"
            yield ""
        for name, field in form["properties"].items():
            yield _entry(name, field, may_lack=name not in form["required"])


def _entry(name: str, field: dict[str, Any], *, may_lack: bool) -> str:
    """Return one field as docs/configuration.md has its keys: a table would be too wide."""
    lacks = "; may be left out" if may_lack else ""
    text = f"**`{name}`** ({_kind(field)}{lacks}): {field.get('description', '')}".rstrip(": ")
    return textwrap.fill(
        text, WIDTH, initial_indent="- ", subsequent_indent="  ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _tables(form: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the tables of a form with their paths, the outer before the inner."""
    form, path = _opened(form, path)
    if "properties" not in form:
        return
    yield path, form
    for name, field in form["properties"].items():
        yield from _tables(field, f"{path}.{name}" if path else name)


def _opened(form: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    """Return what is in a list, or beside null."""
    for one in form.get("anyOf", ()):
        if one.get("type") != "null":
            return _opened(one, path)
    if form.get("type") == "array" and isinstance(form.get("items"), dict):
        return _opened(form["items"], f"{path}[]")
    return form, path


def _kind(field: dict[str, Any]) -> str:
    if "enum" in field:
        return ", ".join(f"`{one}`" for one in field["enum"])
    if "const" in field:
        return f"`{json.dumps(field['const'])}`"
    if "anyOf" in field:
        return " or ".join(_kind(one) for one in field["anyOf"])
    kinds = field["type"] if isinstance(field["type"], list) else [field["type"]]
    told = " or ".join(NAMES.get(kind, kind) for kind in kinds)
    if "array" in kinds and isinstance(field.get("items"), dict):
        inner = field["items"]
        return f"{told} of {_kind(inner)}" if inner.get("type") != "object" else told
    return "object" if told == "object" else told


def _is(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main())
