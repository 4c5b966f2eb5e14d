"""A finding: how one thing stands, in a line for a person, with the way out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

from ocrd.errors import ConfigError


class Verdict(StrEnum):
    """How one thing stands."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a check."""

    verdict: Verdict
    subject: str
    message: str
    remedy: str = ""
    is_config: bool = False  # ``run`` or ``reload`` would refuse the configuration for it

    def to_json(self) -> dict[str, Any]:
        """Return its JSON form."""
        return asdict(self)

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Self:
        """Return the finding of its JSON form."""
        return cls(**{**body, "verdict": Verdict(body["verdict"])})


def of_refusal(error: ConfigError) -> list[Finding]:
    """Return a finding for each fault of a refused configuration."""
    return [
        Finding(Verdict.FAIL, "configuration", one.what, one.hint, is_config=True)
        for one in error.faults
    ]


def has_failed(found: Iterable[Finding]) -> bool:
    """Say whether any of them is a failure."""
    return any(finding.verdict is Verdict.FAIL for finding in found)
