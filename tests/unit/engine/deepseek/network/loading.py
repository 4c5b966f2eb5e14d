"""Checkpoints loaded, or refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ocrd.engine.deepseek.network import checkpoint
from ocrd.engine.deepseek.network.checkpoint import Model
from ocrd.errors import EngineError

KINDS = ("deepseek-ocr", "deepseek-ocr-2", "unlimited-ocr")
NAME = "someone/some-model"


def load(folder: Path | str, kind: str = "deepseek-ocr", **settings: Any) -> Model:
    return checkpoint.load(kind, str(folder), **{"device": "cpu", **settings})


def refused(folder: Path | str, kind: str = "deepseek-ocr", **settings: Any) -> EngineError:
    with pytest.raises(EngineError) as caught:
        load(folder, kind, **settings)
    assert caught.value.hint
    return caught.value
