"""Checkpoints for all the room; torch is imported where it is used, for not every test needs it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="package")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """Return a function that makes each checkpoint once."""
    from tests import checkpoints

    known: dict[tuple[str, str], Path] = {}

    def make(kind: str, layout: str = "upstream") -> Path:
        if (kind, layout) not in known:
            folder = tmp_path_factory.mktemp("checkpoint") / "model"
            known[kind, layout] = checkpoints.make(folder, kind, layout, global_attention=True)
        return known[kind, layout]

    return make


@pytest.fixture
def copied(made: Callable[[str, str], Path], tmp_path: Path) -> Path:
    """Return a checkpoint of the first model, upstream's layout, to be damaged."""
    return Path(shutil.copytree(made("deepseek-ocr", "upstream"), tmp_path / "model"))
