"""Rooms look down only, modules of a room make no circle, each library has one door."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "ocrd"

# On top of ocrd/ lie the words, which everybody may say, and the story.
WORDS = frozenset(
    "job choice tasks pages doubts witness confidence figures errors log loading wording languages"
    " installation turns".split()
)

# Each room, and what it may look down on besides the words. ARCHITECTURE.md draws it.
ROOMS = {
    "markdown": "",
    "files": "",
    "config": "files",
    "layout": "markdown",
    "sidecar": "layout markdown",
    "filing": "files",
    "ledger": "config files",
    "intake": "config files",
    "raster/images": "files",
    "raster/pdfs": "files raster/images",
    "raster": "config files raster/*",
    "engine": "config",
    "engine/rapidocr": "engine",
    "engine/tesseract": "engine engine/rapidocr",
    "engine/remote": "engine engine/deepseek/text",
    "engine/deepseek": "engine engine/rapidocr engine/deepseek/*",
    "engine/deepseek/text": "",
    "engine/deepseek/network": "engine",
    "engine/deepseek/slots": "engine/deepseek/network engine/deepseek/text",
    "story": "config engine files filing intake layout ledger markdown raster sidecar",
    "readiness": "web/door story config engine files raster",
    "schemas": "config",
    "web/door": "story config engine files ledger",
    "web/routes": "web/door story config engine files ledger",
    "web": "web/door web/routes story config engine files ledger",
    "mcp": "web web/door config files",
    "daemon": "story web web/door readiness config engine files intake ledger raster",
    "cli": "story web web/door mcp daemon readiness schemas config engine engine/deepseek/network"
    " files ledger raster",
    "__main__": "cli",
}

# What runs in an engine's worker knows neither the daemon's rooms nor its settings.
WORKER = ("engine/rapidocr", "engine/tesseract", "engine/deepseek", "engine/remote")
BOTH_SIDES = {"engine/protocol", "engine/telling", "engine/visible"}

# Library -> the modules and rooms that may import it.
DOORS = {
    "torch": "engine/deepseek/*",
    "transformers": "engine/deepseek/*",
    "safetensors": "engine/deepseek/*",
    "tokenizers": "engine/deepseek/*",
    "huggingface_hub": "engine/deepseek/network cli",
    "onnxruntime": "engine/rapidocr/networks",
    "rapidocr": "engine/rapidocr/networks engine/rapidocr/weights",
    "pymupdf": "raster/pdfs/mupdf raster/frames raster/faults",
    "pypdfium2": "raster/pdfs/pdfium",
    "pillow_heif": "raster/images/openers",
    "pillow_jxl": "raster/images/openers",
    "httpx2": "engine/remote",
    "PIL": "raster engine/remote engine/rapidocr engine/deepseek/*",
    "watchdog": "intake/watches",
    "sqlite3": "ledger",
    "systemd": "daemon/datagrams",
    "starlette": "web mcp",
    "uvicorn": "web mcp/server",
    "mcp": "mcp/server",
    "h11": "web/door/outgoing web/door/connections",
    "typer": "cli",
    "rich": "cli",
}


@functools.cache
def modules() -> dict[str, Path]:
    """Return every module by its path in the package: ``ledger/jobs``; a room by its own."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found["/".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def room(module: str) -> str:
    """Return the room that a module is in."""
    if module in ROOMS or not module:
        return module or "words"
    folder = module.rpartition("/")[0]
    return folder or ("words" if module in WORDS else "story")


def is_let_in(name: str, wanted: str) -> bool:
    """Say whether a room or module is among those named; ``a/*`` is every room of a house."""
    return any(
        name == one or f"{name}/".startswith(f"{one}/") or (
            one.endswith("/*") and f"{name}/".startswith(one[:-1])
        )
        for one in wanted.split()
    )  # fmt: skip


@functools.cache
def imported(module: str) -> frozenset[str]:
    """Return the full names that a module imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(modules()[module].read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


@functools.cache
def inner(module: str) -> frozenset[str]:
    """Return our own modules that a module imports."""
    found = set()
    for name in imported(module):
        if name == "ocrd" or not name.startswith("ocrd."):
            continue
        path = name.removeprefix("ocrd.").replace(".", "/")
        found.add(path if path in modules() else path.rpartition("/")[0])
    return frozenset(found - {module})


@pytest.mark.parametrize("module", sorted(modules()))
def test_a_room_looks_down_only(module: str) -> None:
    mine = room(module)
    assert mine in ROOMS or mine == "words", f"{mine} is no room: put it into ROOMS"
    for other in inner(module):
        theirs = room(other)
        if theirs not in {mine, "words"}:
            allowed = ROOMS.get(mine, "").split()
            house = [one[:-2] for one in allowed if one.endswith("/*")]
            inside = any(theirs.startswith(f"{one}/") for one in house)
            assert theirs in allowed or inside, f"{module} imports {other}"


def test_no_modules_of_a_room_make_a_circle() -> None:
    try:
        list(TopologicalSorter({module: inner(module) for module in modules()}).static_order())
    except CycleError as error:
        pytest.fail(f"a circle: {' → '.join(error.args[1])}")


@pytest.mark.parametrize(
    "module", sorted(name for name in modules() if name.startswith(WORKER) or "worker" in name)
)
def test_what_runs_in_a_worker_knows_no_settings_and_no_daemon(module: str) -> None:
    for other in inner(module):
        is_shared = room(other) == "words" or other in BOTH_SIDES
        assert is_shared or other.startswith(WORKER), f"{module} imports {other}"


@pytest.mark.parametrize("module", sorted(modules()))
def test_each_library_is_imported_through_its_own_door(module: str) -> None:
    for library in {name.partition(".")[0] for name in imported(module)} & set(DOORS):
        assert is_let_in(module, DOORS[library]), f"{module} imports {library}"


def test_every_room_says_what_it_is_for() -> None:
    for name in ROOMS:
        if name not in {"story", "__main__"}:
            text = ast.get_docstring(ast.parse(modules()[name].read_text())) or ""
            assert len(text) > 40, f"ocrd/{name}/__init__.py says nothing"


def test_unit_tests_lie_in_the_rooms_of_what_they_test() -> None:
    tests = Path(__file__).parent / "unit"
    for path in tests.rglob("test_*.py"):
        folder = str(path.parent.relative_to(tests))
        assert folder == "." or folder in ROOMS, f"{path.name} lies in no room"


def test_the_daemon_process_loads_no_model_runtime_and_no_drawing_library() -> None:
    heavy = ["torch", "onnxruntime", "pymupdf", "numpy", "PIL", "cv2", "rapidocr"]
    program = (
        "import sys, ocrd.daemon.daemon, ocrd.cli;"
        f"print(','.join(name for name in {heavy!r} if name in sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == ""
