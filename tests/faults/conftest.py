"""A real daemon on real folders, for each fault that is staged against it."""

from __future__ import annotations

from tests.flow.conftest import daemon

__all__ = ["daemon"]
