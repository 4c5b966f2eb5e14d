"""Announces itself with a version of the protocol that the daemon does not speak."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ocrd.engine.protocol import Hello
from tests.engines import Scripted


class WrongProtocol(Scripted):
    @property
    def hello(self) -> Hello:
        return replace(super().hello, **{"version": 99, **self.options})


def load(settings: dict[str, Any]) -> WrongProtocol:
    return WrongProtocol(settings)
