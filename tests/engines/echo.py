"""Answers every page, at once or after ``options.delay``."""

from __future__ import annotations

from typing import Any

from tests.engines import Scripted


class Echo(Scripted):
    pass


def load(settings: dict[str, Any]) -> Echo:
    return Echo(settings)
