"""The fenced blocks of README and docs: each has behind its language the name of who runs it.

A block ``sh desk`` is run in a folder with scans, ``toml config`` is read as a configuration, and
so on: see ``RUNNERS``. The recipes of docs/scanners.md have names of their own, see ``page``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.installation import ROOT

RUNNERS = {
    "desk": "bash in a fresh home with scans: tests/flow/test_documentation.py",
    "daemon": "the same, in the background until it is stopped",
    "jobs": "bash beside a daemon that answers: tests/flow/test_api_uploads.py",
    "assistant": "an assistant's own file: tests/flow/test_mcp.py",
    "direct": "bash beside a daemon that answers: tests/flow/direct/test_kinds.py",
    "openai": "Python beside a daemon that answers: tests/flow/test_api_openai.py",
    "mistral": "the same: tests/flow/test_api_mistral.py",
    "webui": "bash, in the same place",
    "config": "read as a configuration: tests/unit/test_documentation.py",
    "unit": "read by systemd as a unit, or a drop-in of ocrd's: tests/unit/test_documentation.py",
    "make": "CI runs it: .ci/run, tests/unit/cli/test_cli.py",
    "pipx": "a person on a booted Debian: tests/recipes/test_installing.py",
    "uv": "the same",
    "session": "the same, in a session",
    "venv": "its administrator",
    "service": "the administrator of that service",
    "deb": "tests/system/test_package.py",
    "gpu": "needs a GPU or gigabytes: its files and its ocrd commands are there",
    "container": "needs Podman: its files and its ocrd commands are there",
    "elsewhere": "another machine, or a person who answers: its ocrd commands are there",
    "shown": "what a command prints, or a drawing: nothing to run",
}
_BLOCK = re.compile(
    r"^(?P<indent> *)```(?P<language>\w+)?(?: (?P<name>\S+))?\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


class Block(NamedTuple):
    """One fenced block."""

    page: Path
    line: int
    language: str
    name: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    """Return README and the pages of docs."""
    found = sorted((ROOT / "docs").rglob("*.md"))
    return [ROOT / "README.md", *(page for page in found if not page.name.endswith(".in.md"))]


def blocks(*names: str) -> Iterator[Block]:
    """Yield the blocks of all pages, or those of these names."""
    for page in pages():
        text = page.read_text()
        for found in _BLOCK.finditer(text):
            block = Block(
                page,
                text.count("\n", 0, found.start()) + 1,
                found["language"] or "",
                found["name"] or "",
                found["text"],
            )
            if not names or block.name in names:
                yield block
