"""The import rule of ARCHITECTURE.md: imports run downward only, and each library has one door."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "ocrd"

# From the bottom up. A module imports from layers below its own, and from its own layer only
# where ALLOWED_BESIDE says so.
LAYERS: tuple[frozenset[str], ...] = (
    frozenset(
        {
            "ocrd", "job", "tasks", "figures", "errors", "log", "pages", "commonmark", "inline",
            "richtext", "engine", "loading",
        }
    ),
    frozenset(
        {
            "config", "config_types", "config_file", "config_folders", "config_refusal",
            "config_tables", "config_engine", "files", "assets", "tables", "isolate", "confine",
            "sandbox", "systemd", "mounts", "asking",
        }
    ),
    frozenset(
        {
            "inbox", "root", "outlets", "scan", "settle", "daemon_lock", "ledger", "ledger_schema",
            "ledger_care", "ledger_copies", "ownership", "archive", "rasterize", "calls",
            "seats", "drawing", "pdf", "pictures", "cutting", "frames", "album", "diagnosis",
            "markup", "passages", "layout", "columns", "gutters", "sheet", "grids", "cells",
            "codes", "headings", "lists", "paragraphs", "running", "joining",
            "sidecar", "layout_json", "filing", "plans", "engine.client", "engine.attendance",
            "engine.pagequeue", "engine.process", "engine.rate", "engine.room", "engine.protocol",
            "engine.worker", "engine.rapidocr", "engine.turning", "engine.upright",
            "engine.lanes", "engine.ink", "engine.recognition", "engine.spelling",
            "engine.spacing", "engine.shades", "engine.overlooked", "engine.weights",
            "engine.deepseek",
        }
    ),
    frozenset(
        {
            "ledger_writer", "folder_threads", "reading", "illustrating", "retrying", "claims",
            "agreement", "rebuilding", "retention", "verdicts",
        }
    ),
    frozenset({"work"}),
    frozenset({"publishing"}),
    frozenset({"pipeline"}),
    frozenset({"dispatch"}),
    frozenset({"standing", "heartbeat", "web", "convert"}),
    frozenset({"daemon"}),
    frozenset({"service"}),
    frozenset({"cli", "__main__"}),
)
ALLOWED_BESIDE = {
    "__main__": {"cli"},
    "log": {"ocrd"},
    "pages": {"job", "errors"},
    "figures": {"job"},
    "errors": {"ocrd"},
    "inline": {"commonmark"},
    "richtext": {"commonmark", "inline"},
    "config": {
        "config_types", "config_file", "config_folders", "config_refusal", "config_tables",
        "config_engine",
    },
    "config_tables": {"config_types"},
    "config_engine": {"config_types"},
    "config_file": {"config_types"},
    "config_folders": {"config_types", "files", "mounts"},
    "config_refusal": {"config_types", "config_file"},
    "sandbox": {"config"},
    "isolate": {"confine"},
    "assets": {"files"},
    "files": {"mounts"},
    "inbox": {"scan", "root", "outlets"},
    "scan": {"settle"},
    "ledger": {"ledger_schema"},
    "ledger_care": {"ledger", "ledger_schema"},
    "ledger_copies": {"ledger", "ledger_care", "ledger_schema"},
    "ownership": {"scan"},
    "archive": {"scan"},
    "claims": {"ledger_writer"},
    "rebuilding": {"claims"},
    "retention": {"ledger_writer"},
    "layout": {
        "columns", "sheet", "paragraphs", "grids", "cells", "codes", "headings", "lists",
        "running", "joining",
    },
    "paragraphs": {"columns", "sheet", "headings", "lists", "joining"},
    "columns": {"gutters", "sheet"},
    "gutters": {"sheet"},
    "grids": {"sheet", "joining"},
    "cells": {"columns", "sheet", "grids"},
    "codes": {"sheet", "grids"},
    "headings": {"columns", "codes"},
    "lists": {"columns"},
    "running": {"sheet", "grids"},
    "markup": {"passages"},
    "sidecar": {"headings", "layout_json"},
    "filing": {"plans"},
    "rasterize": {"seats", "calls"},
    "drawing": {"pictures", "pdf", "cutting", "frames", "diagnosis"},
    "pdf": {"pictures", "diagnosis"},
    "frames": {"album", "cutting", "pictures"},
    "engine.client": {
        "engine.protocol", "engine.attendance", "engine.pagequeue", "engine.rate", "engine.room",
    },
    "engine.attendance": {"engine.protocol", "engine.process", "engine.pagequeue"},
    "engine.pagequeue": {"engine.protocol"},
    "engine.process": {"engine.protocol"},
    "engine.worker": {"engine.protocol"},
    "engine.rapidocr": {
        "engine.protocol", "engine.turning", "engine.lanes", "engine.ink", "engine.recognition",
        "engine.overlooked", "engine.weights",
    },
    "engine.ink": {"engine.turning", "engine.shades"},
    "engine.recognition": {"engine.spelling", "engine.turning"},
    "engine.spelling": {"engine.turning", "engine.spacing"},
    "engine.spacing": {"engine.shades"},
    "engine.overlooked": {"engine.turning"},
    "engine.upright": {"engine.rapidocr", "engine.turning", "engine.lanes"},
    "engine.deepseek": {"engine.protocol", "engine.lanes", "engine.upright"},
    "illustrating": {"reading"},
    "heartbeat": {"standing"},
}
ENGINE_CHILD = {
    "engine.worker", "engine.rapidocr", "engine.turning", "engine.upright", "engine.lanes",
    "engine.ink", "engine.recognition", "engine.spelling", "engine.spacing", "engine.shades",
    "engine.overlooked", "engine.weights", "engine.deepseek",
}  # fmt: skip

WHOLE = ("web", "cli", "files", "engine.deepseek")  # packages that count as one module

# Library -> the modules that may import it.
DOORS = {
    "torch": {"engine.deepseek"},
    "transformers": {"engine.deepseek"},
    "safetensors": {"engine.deepseek"},
    "tokenizers": {"engine.deepseek"},
    "huggingface_hub": {"engine.deepseek", "cli"},
    "onnxruntime": {"engine.rapidocr"},
    "rapidocr": {"engine.rapidocr", "engine.weights"},  # its networks
    "pymupdf": {"drawing", "pdf", "frames"},
    "watchdog": {"inbox"},
    "sqlite3": {"ledger", "ledger_schema", "ledger_care", "ledger_copies"},
    "systemd": {"systemd"},
    "PIL": {
        "drawing", "pdf", "pictures", "cutting", "engine.rapidocr", "engine.turning",
        "engine.upright", "engine.deepseek",
    },
    "starlette": {"web"},
    "uvicorn": {"web"},
    "typer": {"cli"},
    "rich": {"cli"},
}


def modules() -> dict[str, Path]:
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if parts[-1] == "__init__":
            parts = parts[:-1]
        found[".".join(parts)] = path
    return found


def noun(module: str) -> str:
    """Return the name that a module has in LAYERS: web.* is web, cli.* is cli."""
    if not module:
        return "ocrd"
    return next((whole for whole in WHOLE if f"{module}.".startswith(f"{whole}.")), module)


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def inner(names: set[str]) -> set[str]:
    """Return our own modules among the imported names."""
    known = set(modules())
    own = {name.removeprefix("ocrd.") for name in names if name.startswith("ocrd.")}
    found = {name for name in own if name in known}
    # "from ocrd.engine import protocol" names the package too, which is no dependency on it.
    return {noun(name) for name in found}


def level(name: str) -> int:
    for number, layer in enumerate(LAYERS):
        if name in layer:
            return number
    raise AssertionError(f"{name} has no layer: put it into LAYERS and into ARCHITECTURE.md")


@pytest.mark.parametrize("module", sorted(modules()))
def test_imports_run_downward_only(module: str) -> None:
    me = noun(module)
    for other in inner(imported(modules()[module])) - {me}:
        beside = level(other) == level(me) and other in ALLOWED_BESIDE.get(me, set())
        assert level(other) < level(me) or beside, f"{me} imports {other}"


@pytest.mark.parametrize(
    "module", sorted(name for name in modules() if noun(name) in ENGINE_CHILD)
)
def test_engine_children_import_only_the_lowest_layers_and_each_other(module: str) -> None:
    for other in inner(imported(modules()[module])) - ENGINE_CHILD - {"engine.protocol"}:
        assert level(other) <= 1, f"{module} imports {other}"


@pytest.mark.parametrize("module", sorted(modules()))
def test_each_library_is_imported_through_its_own_door(module: str) -> None:
    for name in imported(modules()[module]):
        library = name.split(".")[0]
        if library in DOORS:
            assert noun(module) in DOORS[library], f"{module} imports {library}"


def test_the_daemon_process_loads_no_model_runtime_and_no_drawing_library() -> None:
    heavy = ["torch", "onnxruntime", "pymupdf", "numpy", "PIL", "cv2", "rapidocr"]
    program = (
        "import sys, ocrd, ocrd.daemon, ocrd.cli;"
        f"print(','.join(name for name in {heavy!r} if name in sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == ""
